//! Policies: revisions, comparisons, limits, keys.

use super::preview::Failure;
use super::{Actor, E164, SettingsOnActivation, Severity, Status, Time};
use dialguard::contract;
use dialguard::policy::Wasi;
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::ledger::{self, Cause, PolicyState, Revision, RunComparison};
use dialguard_dialer::policies::PolicySettings;
use dialguard_dialer::policies::comparison::Summary;
use serde::Serialize;
use utoipa::ToSchema;

/// A policy as it was installed. Rolling back to an older policy makes a new revision.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyRevision {
    /// Its number.
    revision: u64,
    /// Whether it is the active policy.
    live: bool,
    /// Whether it is compared with every review.
    shadow: bool,
    /// What the policy calls itself.
    name: String,
    /// Its own version.
    #[schema(example = "0.1.0")]
    version: String,
    /// What it does, in a sentence.
    summary: String,
    /// The version of the contract that it speaks.
    #[schema(example = "0.3.0")]
    contract: String,
    /// SHA-256 of the component, in hexadecimal.
    sha256: String,
    /// Size of the component.
    bytes: u64,
    /// Whether it came with the program.
    built_in: bool,
    /// Whether it runs with a stubbed WASI, whose calls do nothing.
    stubbed_wasi: bool,
    made_at: Time,
    /// When it became active; null if it never did.
    activated_at: Option<Time>,
    /// Why it became active.
    cause: Option<Why>,
    /// The earlier revision whose policy this is again.
    restores: Option<u64>,
}

/// Why a revision became active.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Why {
    /// It was the first.
    First,
    /// An operator activated it.
    Operator,
    /// An operator rolled back to it.
    Rollback,
    /// The one before failed several times in a row.
    Faults,
}

impl PolicyRevision {
    pub fn new(revision: &ledger::PolicyRevision, state: &PolicyState) -> Self {
        PolicyRevision {
            live: state.live == Some(revision.revision),
            shadow: state.shadow.as_ref().is_some_and(|shadow| shadow.revision == revision.revision),
            revision: revision.revision,
            name: revision.name.clone(),
            version: revision.version.clone(),
            summary: revision.summary.clone(),
            contract: revision.contract.clone(),
            sha256: revision.sha256.clone(),
            bytes: revision.bytes,
            built_in: revision.built_in,
            stubbed_wasi: revision.wasi == Wasi::Stubbed,
            made_at: Time(revision.made_at),
            activated_at: revision.activated_at.map(Time),
            cause: revision.cause.map(|cause| match cause {
                Cause::First => Why::First,
                Cause::Operator => Why::Operator,
                Cause::Rollback => Why::Rollback,
                Cause::Faults => Why::Faults,
            }),
            restores: revision.restores,
        }
    }
}

/// A run as another policy would have made it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The run.
    run: u64,
    /// The account.
    account: String,
    decided_at: Time,
    /// Numbers and questions that the recorded run did not ask about.
    unknown: u32,
    /// Why it would have done nothing: a fault, an error, or a plan that breaks the ledger.
    failure: Option<String>,
    /// The numbers that it would have treated differently.
    differences: Vec<NumberDifference>,
}

/// A number that another policy would have treated differently.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct NumberDifference {
    number: E164,
    /// What the active policy did.
    live: Treatment,
    /// What the other policy would have done.
    candidate: Treatment,
}

/// What a policy does with a number.
#[derive(Serialize, ToSchema)]
struct Treatment {
    status: Status,
    /// Whether it replaces the number.
    replaced: bool,
    /// The replacement, if known.
    by: Option<E164>,
}

impl Treatment {
    fn new(status: contract::Status, by: Option<contract::PhoneNumber>) -> Self {
        let known = by.filter(|number| *number < PLACEHOLDER_FIRST);
        Treatment { status: status.into(), replaced: by.is_some(), by: known.map(E164::from) }
    }
}

impl From<&RunComparison> for Comparison {
    fn from(compared: &RunComparison) -> Self {
        let comparison = &compared.comparison;
        let differences = comparison.differences.iter().map(|difference| NumberDifference {
            number: difference.number.into(),
            live: Treatment::new(difference.live_status, difference.live_replacement),
            candidate: Treatment::new(difference.candidate_status, difference.candidate_replacement),
        });
        Comparison {
            run: comparison.run,
            account: compared.account.clone(),
            decided_at: Time(compared.decided_at),
            unknown: comparison.unknown,
            failure: comparison.failure.clone(),
            differences: differences.collect(),
        }
    }
}

/// Comparisons of many runs, summed up.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ComparisonSummary {
    revision: u64,
    reviews: usize,
    reviews_alike: usize,
    flagged_sooner: usize,
    flagged_later: usize,
    otherwise_rated: usize,
    replaced_more: usize,
    replaced_less: usize,
    replaced_by_another: usize,
    cents: i64,
    unknown: u64,
    /// Reviews that could not be compared, because their recordings were too large or made room for newer ones.
    not_recorded: u64,
    failures: Vec<Failure>,
    /// The runs with a difference; null unless requested.
    runs: Option<Vec<Comparison>>,
    /// What activating it would do to settings; null where runs alone are compared.
    settings: Option<SettingsOnActivation>,
}

impl ComparisonSummary {
    /// `runs` are the comparisons to list.
    pub fn new(
        revision: Revision,
        summary: &Summary,
        cents: i64,
        runs: Option<&[RunComparison]>,
        settings: Option<SettingsOnActivation>,
    ) -> Self {
        let failure = |(run, why): &(u64, String)| Failure { run: *run, why: why.clone() };
        let differing = |compared: &&RunComparison| !compared.comparison.differences.is_empty();
        ComparisonSummary {
            revision,
            reviews: summary.reviews,
            reviews_alike: summary.reviews_alike,
            flagged_sooner: summary.flagged_sooner.len(),
            flagged_later: summary.flagged_later.len(),
            otherwise_rated: summary.rated_differently.len(),
            replaced_more: summary.replaced_more.len(),
            replaced_less: summary.replaced_less.len(),
            replaced_by_another: summary.replaced_by_another.len(),
            cents,
            unknown: summary.unknown,
            not_recorded: summary.not_recorded,
            failures: summary.failures.iter().map(failure).collect(),
            runs: runs.map(|runs| runs.iter().filter(differing).map(Comparison::from).collect()),
            settings,
        }
    }
}

/// Something that happened to policies.
#[derive(Serialize)]
pub struct PolicyEvent {
    id: u64,
    at: Time,
    revision: Option<u64>,
    severity: Severity,
    kind: String,
    text: String,
    /// Who did it.
    actor: Actor,
}

impl From<&ledger::PolicyEvent> for PolicyEvent {
    fn from(event: &ledger::PolicyEvent) -> Self {
        PolicyEvent {
            id: event.id,
            at: Time(event.at),
            revision: event.revision,
            severity: event.severity.into(),
            kind: event.kind.to_string(),
            text: event.text.clone(),
            actor: Actor::from(event.actor.as_ref()),
        }
    }
}

/// What a policy may use, when it is abandoned, and how long runs stay on record.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyLimits {
    compute_ms_max: u64,
    run_seconds_max: u64,
    memory_mib_max: u64,
    answer_mib_max: u64,
    lookups_max: u32,
    import_calls_max: u32,
    held_mib_max: u64,
    import_seconds_max: u64,
    component_mib_max: u64,
    compile_seconds_max: u64,
    faults_in_a_row_max: u32,
    recordings_kept_days: u32,
    recording_mib_max: u64,
    recordings_mib_max: u64,
}

const MIB: u64 = 1 << 20;

impl From<&PolicySettings> for PolicyLimits {
    fn from(settings: &PolicySettings) -> Self {
        let limits = &settings.limits;
        PolicyLimits {
            compute_ms_max: limits.compute_time_max.as_millis() as u64,
            run_seconds_max: limits.run_time_max.as_secs(),
            memory_mib_max: limits.memory_bytes_max as u64 / MIB,
            answer_mib_max: limits.answer_bytes_max as u64 / MIB,
            lookups_max: limits.lookups_max,
            import_calls_max: limits.import_calls_max,
            held_mib_max: limits.held_bytes_max / MIB,
            import_seconds_max: limits.import_time_max.as_secs(),
            component_mib_max: settings.component_bytes_max / MIB,
            compile_seconds_max: settings.compile_time_max.as_secs(),
            faults_in_a_row_max: settings.faults_in_a_row_max,
            recordings_kept_days: settings.recordings_kept_days,
            recording_mib_max: settings.recording_bytes_max / MIB,
            recordings_mib_max: settings.recordings_bytes_max / MIB,
        }
    }
}

/// A key whose signatures are trusted.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrustedKey {
    name: String,
    id: String,
    trusted_at: Time,
    pem: String,
}

impl From<&ledger::TrustedKey> for TrustedKey {
    fn from(key: &ledger::TrustedKey) -> Self {
        TrustedKey {
            name: key.name.clone(),
            id: key.id.clone(),
            trusted_at: Time(key.trusted_at),
            pem: key.pem.clone(),
        }
    }
}
