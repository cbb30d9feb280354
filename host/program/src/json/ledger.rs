//! What was found about a ledger's file.

use dialguard_dialer::ledger::{self, CheckedRule, RestoredLedger};
use serde::Serialize;

/// What a check found.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LedgerReport {
    /// The file.
    file: String,
    /// The version of its schema.
    schema: usize,
    /// Whether every rule holds.
    sound: bool,
    /// Every rule that was checked.
    rules: Vec<LedgerRule>,
}

/// A rule that was checked.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LedgerRule {
    name: &'static str,
    rule: &'static str,
    holds: bool,
    /// How many things break it.
    broken_count: usize,
    /// The first 20 of them, in words.
    broken: Vec<String>,
}

/// A ledger that was restored.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restored {
    #[serde(flatten)]
    report: LedgerReport,
    /// Where the ledger that was there is now; null if there was none.
    set_aside: Option<String>,
}

impl From<&ledger::LedgerReport> for LedgerReport {
    fn from(report: &ledger::LedgerReport) -> Self {
        LedgerReport {
            file: report.file.display().to_string(),
            schema: report.schema,
            sound: report.is_sound(),
            rules: report.rules.iter().map(LedgerRule::from).collect(),
        }
    }
}

impl From<&CheckedRule> for LedgerRule {
    fn from(checked: &CheckedRule) -> Self {
        let CheckedRule { name, rule, broken, broken_count } = checked;
        LedgerRule { name, rule, holds: *broken_count == 0, broken_count: *broken_count, broken: broken.clone() }
    }
}

impl From<&RestoredLedger> for Restored {
    fn from(restored: &RestoredLedger) -> Self {
        let set_aside = restored.set_aside.as_ref().map(|file| file.display().to_string());
        Restored { report: LedgerReport::from(&restored.report), set_aside }
    }
}
