//! Rows of exported tables that no other answer has.

use super::number::Number;
use super::review::Rating;
use super::{E164, Time};
use dialguard::contract::{CarrierId, Review, Timestamp};
use dialguard_dialer::ledger::{self, AccountProfile, RecordedNumber, RunAnswers, RunRatings};
use serde::Serialize;
use std::collections::HashMap;

/// A number that the account has, or had last.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExportedNumber {
    #[serde(flatten)]
    number: Number,
    /// `candidate`, `ordered`, `owned` or `released`.
    state: &'static str,
    /// Since when it has that state.
    since: Time,
    monitored_since: Option<Time>,
    /// The provider that it was bought from; null if it was imported.
    bought_from: Option<String>,
}

impl ExportedNumber {
    /// A number of this account, at this time.
    pub fn new(recorded: &RecordedNumber, account: &AccountProfile, now: Timestamp) -> Self {
        ExportedNumber {
            number: Number::new(&recorded.known, account, now),
            state: recorded.state.name(),
            since: Time(recorded.since),
            monitored_since: recorded.known.monitored_since.map(Time),
            bought_from: recorded.bought_from.clone(),
        }
    }
}

/// How a review rated a number.
#[derive(Serialize)]
pub struct ExportedRating {
    run: u64,
    at: Time,
    #[serde(flatten)]
    rating: Rating,
}

impl ExportedRating {
    pub fn new(of: &RunRatings, review: &Review) -> Self {
        ExportedRating { run: of.run, at: Time(of.at), rating: Rating::from(review) }
    }
}

/// What a carrier answered about a number in a run.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExportedAnswer {
    run: u64,
    at: Time,
    number: E164,
    /// As its source named it.
    carrier: String,
    /// 0 (clean) to 100 (certain spam); null is 'no data'.
    score: Option<u8>,
    label: Option<String>,
    observed_at: Time,
}

impl ExportedAnswer {
    pub fn new(of: &RunAnswers, answer: &ledger::CarrierAnswer, carriers: &HashMap<CarrierId, String>) -> Self {
        ExportedAnswer {
            run: of.run,
            at: Time(of.at),
            number: answer.number.into(),
            carrier: carriers.get(&answer.carrier).cloned().unwrap_or_default(),
            score: answer.score,
            label: answer.label.as_deref().map(str::to_owned),
            observed_at: Time(answer.observed_at),
        }
    }
}
