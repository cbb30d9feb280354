//! How well an account is watched.

use super::Time;
use super::source::SourceKind;
use crate::words::{Surface, source_in_words, trouble_in_words};
use dialguard_dialer::ledger::{self, SourceState, Trouble};
use serde::Serialize;
use utoipa::ToSchema;

/// When an account's numbers were last checked, when they are next, and which sources answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Checks {
    /// When a monitored number was last rated; null if none was.
    last_at: Option<Time>,
    /// When the next check is due, which is the present if one is due; null while the add-on is off.
    next_at: Option<Time>,
    /// Monitored numbers.
    monitored: u32,
    /// Those with a rating of the latest check that is due.
    current: u32,
    /// Those with an older rating.
    stale: u32,
    /// Those whose first check is under way.
    checking: u32,
    /// What keeps numbers from being rated; null if nothing does.
    trouble: Option<TroubleFound>,
    /// Every source, by name.
    sources: Vec<SourceHealth>,
}

/// What keeps numbers from being rated.
#[derive(Serialize, ToSchema)]
struct TroubleFound {
    kind: TroubleKind,
    /// The same in a sentence.
    #[schema(example = "Not checked since 2026-11-24T11:00:00Z: no source answers.")]
    text: String,
}

/// What keeps numbers from being rated.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum TroubleKind {
    /// There is no source.
    NoSource,
    /// No source answers.
    NoAnswer,
    /// The check was not made: nothing runs the schedule.
    NotMade,
    /// Too few carriers have a recent opinion.
    TooFewOpinions,
    /// Some numbers were rated, and at least a tenth was not.
    PartlyRated,
}

impl From<Trouble> for TroubleKind {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoSource => TroubleKind::NoSource,
            Trouble::NoAnswer { .. } => TroubleKind::NoAnswer,
            Trouble::NotMade => TroubleKind::NotMade,
            Trouble::TooFewOpinions => TroubleKind::TooFewOpinions,
            Trouble::PartlyRated => TroubleKind::PartlyRated,
        }
    }
}

/// How a source does for an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SourceHealth {
    name: String,
    kind: SourceKind,
    state: SourceHealthState,
    /// The same in words.
    #[schema(example = "answered, 12 of 12 numbers rated")]
    text: String,
    /// Monitored numbers that its carriers have scored for the latest check that is due.
    rated: u32,
    /// When it last answered; null unless it answered when it was last asked.
    answered_at: Option<Time>,
    /// Since when it fails; null if it does not.
    failed_since: Option<Time>,
    /// After repeated failures it is not called before this time; null if it is called.
    circuit_open_until: Option<Time>,
}

/// What came of asking a source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum SourceHealthState {
    /// It answered.
    Answered,
    /// It failed.
    Failed,
    /// It has an opinion on none of the numbers, or was not asked yet.
    Silent,
}

impl SourceHealth {
    fn new(source: &ledger::SourceHealth, monitored: u32, surface: Surface) -> Self {
        let (state, answered_at, failed_since) = match &source.state {
            SourceState::Silent => (SourceHealthState::Silent, None, None),
            SourceState::Answered { at } => (SourceHealthState::Answered, Some(Time(*at)), None),
            SourceState::Failed { since, .. } => (SourceHealthState::Failed, None, Some(Time(*since))),
        };
        SourceHealth {
            name: source.name.clone(),
            kind: source.kind.into(),
            state,
            text: source_in_words(source, monitored, surface),
            rated: source.rated,
            answered_at,
            failed_since,
            circuit_open_until: source.circuit_open_until.map(Time),
        }
    }
}

impl From<&ledger::Checks> for Checks {
    fn from(checks: &ledger::Checks) -> Self {
        let ledger::Checks { marks, next_at, sources, trouble } = checks;
        let found = |trouble| TroubleFound {
            kind: TroubleKind::from(trouble),
            text: trouble_in_words(trouble, marks, Surface::Api),
        };
        Checks {
            last_at: marks.last_rated_at.map(Time),
            next_at: next_at.map(Time),
            monitored: marks.monitored,
            current: marks.current,
            stale: marks.stale,
            checking: marks.checking,
            trouble: trouble.map(found),
            sources: sources.iter().map(|source| SourceHealth::new(source, marks.monitored, Surface::Api)).collect(),
        }
    }
}
