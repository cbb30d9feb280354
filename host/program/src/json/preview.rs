//! What other settings would have done.

use super::{E164, Time};
use dialguard_dialer::policies::effect::{self, Effect};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use serde::Serialize;

/// What other settings would have done in the reviews on record.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SettingsPreview {
    reviews: u32,
    since: Option<Time>,
    until: Option<Time>,
    /// Whether every review on record was repeated, not only those within the time limit.
    whole: bool,
    numbers: u32,
    flagged: Tally,
    cleared: Tally,
    replaced: Tally,
    cents: i64,
    unknown: u64,
    failures: Vec<Failure>,
    differences: Vec<Difference>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Tally {
    as_it_was: u32,
    with_these: u32,
    sooner: u32,
    later: u32,
}

/// A run that would have failed.
#[derive(Serialize)]
pub struct Failure {
    pub run: u64,
    pub why: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Difference {
    number: E164,
    as_it_was: Fate,
    with_these: Fate,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Fate {
    flagged_at: Option<Time>,
    cleared_at: Option<Time>,
    replaced_at: Option<Time>,
}

impl From<&effect::Tally> for Tally {
    fn from(tally: &effect::Tally) -> Self {
        Tally { as_it_was: tally.as_it_was, with_these: tally.with_these, sooner: tally.sooner, later: tally.later }
    }
}

impl From<&effect::Fate> for Fate {
    fn from(fate: &effect::Fate) -> Self {
        Fate {
            flagged_at: fate.flagged_at.map(Time),
            cleared_at: fate.cleared_at.map(Time),
            replaced_at: fate.replaced_at.map(Time),
        }
    }
}

impl From<&Effect> for SettingsPreview {
    fn from(effect: &Effect) -> Self {
        let failure = |(run, why): &(u64, String)| Failure { run: *run, why: why.clone() };
        let differences = effect.differences.iter().map(|difference| Difference {
            number: difference.number.into(),
            as_it_was: Fate::from(&difference.as_it_was),
            with_these: Fate::from(&difference.with_these),
        });
        SettingsPreview {
            reviews: effect.reviews,
            since: effect.since.map(Time),
            until: effect.until.map(Time),
            whole: effect.is_whole,
            numbers: effect.numbers,
            flagged: Tally::from(&effect.flagged),
            cleared: Tally::from(&effect.cleared),
            replaced: Tally::from(&effect.replaced),
            cents: effect.cents(REPLACEMENT_PRICE_CENTS),
            unknown: effect.unknown,
            failures: effect.failures.iter().map(failure).collect(),
            differences: differences.collect(),
        }
    }
}
