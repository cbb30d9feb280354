//! How an account's numbers were rated lately.

use chrono::NaiveDate;
use dialguard_dialer::ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// How an account's numbers were rated on each of the past 30 local dates, and what its sources answered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RatedDays {
    /// The oldest first, today's last.
    days: Vec<RatedDay>,
    /// Every source that was asked, by name.
    sources: Vec<SourceDays>,
}

/// A local date, and the numbers that were rated on it. Where nothing was rated, all of them are 0.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct RatedDay {
    #[schema(value_type = String, format = Date, example = "2026-03-31")]
    date: NaiveDate,
    /// Numbers that were rated clean.
    clean: u32,
    /// Numbers that were rated at risk.
    at_risk: u32,
    /// Numbers that were rated flagged, before any of them was replaced.
    flagged: u32,
    /// Monitored numbers that were not rated, though others were.
    not_rated: u32,
}

/// What a source answered.
#[derive(Serialize, ToSchema)]
struct SourceDays {
    source: String,
    /// The local dates on which it was asked, the oldest first.
    days: Vec<SourceDay>,
}

/// What a source answered on a local date, in the check of that date that asked about the most numbers.
#[derive(Serialize, ToSchema)]
struct SourceDay {
    #[schema(value_type = String, format = Date, example = "2026-03-31")]
    date: NaiveDate,
    /// Numbers that it was asked about.
    asked: u64,
    /// Those of them that it scored.
    answered: u64,
}

impl From<&ledger::RatedDays> for RatedDays {
    fn from(ledger::RatedDays { days, sources }: &ledger::RatedDays) -> Self {
        RatedDays {
            days: days.iter().map(RatedDay::from).collect(),
            sources: sources.iter().map(SourceDays::from).collect(),
        }
    }
}

impl From<&ledger::RatedDay> for RatedDay {
    fn from(day: &ledger::RatedDay) -> Self {
        let ledger::RatedDay { date, clean, at_risk, flagged, not_rated } = *day;
        RatedDay { date, clean, at_risk, flagged, not_rated }
    }
}

impl From<&ledger::SourceDays> for SourceDays {
    fn from(ledger::SourceDays { source, days }: &ledger::SourceDays) -> Self {
        let day = |&ledger::SourceDay { date, asked, answered }: &_| SourceDay { date, asked, answered };
        SourceDays { source: source.clone(), days: days.iter().map(day).collect() }
    }
}
