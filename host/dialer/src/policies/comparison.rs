//! What another policy would have done: a run on record, made again.
//!
//! A candidate gets the inputs that the live policy got and nothing else; its plan is checked and never applied. Each
//! comparison starts from the account as the live policy left it.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::policies::comparison::{Summary, compare, replay};
//! use dialguard_dialer::ledger::RunComparison;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let applied = dialguard.review("acme").await?.applied.ok_or("it was no dry run")?;
//! let recorded = dialguard.ledger().recorded_run(applied.run)?;
//! let policy = dialguard.policies().policy(1)?;
//!
//! let replayed = replay(&recorded, &policy).await;
//! assert_eq!(replayed.outcome?.to_bytes(), recorded.outcome.to_bytes());
//! assert_eq!((replayed.unknown, replayed.objection), (0, None));
//!
//! let comparison = compare(&recorded, &policy).await;
//! let compared = RunComparison { account: "acme".into(), decided_at: NOW, comparison };
//! assert_eq!(Summary::of(&[compared]).reviews_alike, 1);
//! # Ok(())
//! # }
//! ```

use crate::ledger::{Comparison, Difference, EventKind, RecordedRun, RunComparison, RunOutcome};
use dialguard::check::{Purpose, check, check_decision};
use dialguard::contract::*;
use dialguard::policy::{Limits, Policy, PolicyError};
use dialguard::recording::{Call, Replay};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A run made again.
#[derive(Debug)]
pub struct ReplayOutcome {
    /// What was answered this time.
    pub outcome: Result<RunOutcome, PolicyError>,
    /// Numbers and questions that were not on record: 0 if the policy is the recorded one.
    pub unknown: u32,
    /// What is wrong with the plan, in words; none if it could be applied.
    pub objection: Option<String>,
}

/// How long a run made again may take: its inputs are in memory, so that it waits for nothing.
const REPLAY_TIME_MAX: Duration = Duration::from_secs(60);

/// Makes a run on record again, by the same policy or by another, within a minute.
pub async fn replay(run: &RecordedRun, policy: &Policy) -> ReplayOutcome {
    let policy = policy.with_limits(Limits { run_time_max: REPLAY_TIME_MAX, ..run.limits });
    let record = Replay::new(run.recording.clone(), run.decided_at);
    let (dialer, id) = (record.dialer(), &run.account);
    let (outcome, objection) = match &run.outcome {
        RunOutcome::Review(_) => match policy.review_account(&dialer, id).await {
            Ok(answered) => {
                let objection = check(id, Purpose::Review, &answered.answer, &answered.inputs, &EventKind::NAMES).err();
                (Ok(RunOutcome::Review(answered.answer)), objection)
            }
            Err(error) => (Err(error), None),
        },
        RunOutcome::Request(request, _) => match policy.decide(&dialer, id, request).await {
            Ok(answered) => {
                let decision = answered.answer;
                let objection = check_decision(id, request, &decision, &answered.inputs, &EventKind::NAMES).err();
                (Ok(RunOutcome::Request(request.clone(), decision)), objection)
            }
            Err(error) => (Err(error), None),
        },
    };
    ReplayOutcome { outcome, unknown: record.unknown(), objection: objection.map(|fault| fault.to_string()) }
}

/// What `candidate` would have done in a run, number by number where it differs.
pub async fn compare(run: &RecordedRun, candidate: &Policy) -> Comparison {
    let ReplayOutcome { outcome, unknown, objection } = replay(run, candidate).await;
    let (failure, differences) = match (outcome, objection) {
        (Ok(outcome), None) => (None, differences(run, run.outcome.plan(), outcome.plan())),
        (Ok(_), Some(objection)) => (Some(objection), Vec::new()),
        (Err(error), _) => (Some(error.to_string()), Vec::new()),
    };
    Comparison { run: run.run, unknown, failure, differences }
}

/// Where two plans for the same run rate or replace a number differently.
pub fn differences(run: &RecordedRun, live: &Plan, candidate: &Plan) -> Vec<Difference> {
    let before = run.recording.calls.iter().filter_map(|call| match call {
        Call::Monitored(_, _, Ok(page)) => Some(page),
        _ => None,
    });
    let before = before.flat_map(|page| page.rows().into_iter().flatten());
    let before: BTreeMap<PhoneNumber, Status> = before.map(|number| (number.number, number.status)).collect();
    let (mut live, mut candidate) = (Outcome::of(live), Outcome::of(candidate));
    let differences = before.into_iter().map(|(number, status)| Difference {
        number,
        live_status: live.statuses.remove(&number).unwrap_or(status),
        candidate_status: candidate.statuses.remove(&number).unwrap_or(status),
        live_replacement: live.replacements.remove(&number),
        candidate_replacement: candidate.replacements.remove(&number),
    });
    differences
        .filter(|difference| {
            difference.live_status != difference.candidate_status
                || difference.live_replacement != difference.candidate_replacement
        })
        .collect()
}

/// What a candidate would have done differently over many runs. Numbers count once each.
#[derive(Debug, Default)]
pub struct Summary {
    /// Reviews that were compared.
    pub reviews: usize,
    /// Of them, those in which the candidate would have done just the same.
    pub reviews_alike: usize,
    /// Flagged by the candidate in a review in which the live policy did not.
    pub flagged_sooner: Numbers,
    /// Flagged by the live policy in a review in which the candidate would not have.
    pub flagged_later: Numbers,
    /// Of another status in any other way.
    pub rated_differently: Numbers,
    /// Replaced by the candidate in a review in which the live policy kept them.
    pub replaced_more: Numbers,
    /// Replaced by the live policy in a review in which the candidate would have kept them.
    pub replaced_less: Numbers,
    /// Replaced by both, by different numbers.
    pub replaced_by_another: Numbers,
    /// Numbers and questions that were not on record.
    pub unknown: u64,
    /// Reviews that could not be compared, because their recordings were too large or made room for newer ones.
    pub not_recorded: u64,
    /// Runs in which the candidate would have done nothing, and why.
    pub failures: Vec<(u64, String)>,
}

/// Numbers with their accounts.
pub type Numbers = BTreeSet<(AccountId, PhoneNumber)>;

impl Summary {
    /// Sums up comparisons.
    pub fn of(compared: &[RunComparison]) -> Self {
        let mut summary = Summary::default();
        for RunComparison { account, comparison, .. } in compared {
            summary.reviews += 1;
            summary.unknown += u64::from(comparison.unknown);
            match &comparison.failure {
                Some(failure) => summary.failures.push((comparison.run, failure.clone())),
                None => summary.reviews_alike += usize::from(comparison.differences.is_empty()),
            }
            for difference in &comparison.differences {
                summary.add(account, difference);
            }
        }
        // Replaced once by the live policy and once by the candidate is one replacement, on another day.
        let both: Numbers = summary.replaced_more.intersection(&summary.replaced_less).cloned().collect();
        summary.replaced_more.retain(|number| !both.contains(number));
        summary.replaced_less.retain(|number| !both.contains(number));
        summary
    }

    fn add(&mut self, account: &str, difference: &Difference) {
        let number = (account.to_owned(), difference.number);
        let rated = match (difference.live_status, difference.candidate_status) {
            (live, candidate) if live == candidate => None,
            (_, Status::Flagged) => Some(&mut self.flagged_sooner),
            (Status::Flagged, _) => Some(&mut self.flagged_later),
            _ => Some(&mut self.rated_differently),
        };
        rated.map(|numbers| numbers.insert(number.clone()));
        let replaced = match (difference.live_replacement, difference.candidate_replacement) {
            (live, candidate) if live == candidate => None,
            (None, _) => Some(&mut self.replaced_more),
            (_, None) => Some(&mut self.replaced_less),
            _ => Some(&mut self.replaced_by_another),
        };
        replaced.map(|numbers| numbers.insert(number));
    }
}

/// A plan by number.
struct Outcome {
    statuses: BTreeMap<PhoneNumber, Status>,
    replacements: BTreeMap<PhoneNumber, PhoneNumber>,
}

impl Outcome {
    fn of(plan: &Plan) -> Self {
        let replacements = plan.actions.iter().filter_map(|action| match action {
            Action::ReplaceNumber(replacement) => Some((replacement.number, replacement.replacement)),
            _ => None,
        });
        Outcome {
            statuses: plan.reviews.rows().into_iter().flatten().map(|review| (review.number, review.status)).collect(),
            replacements: replacements.collect(),
        }
    }
}
