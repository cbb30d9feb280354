//! `dialguard policy limits`

use super::super::{CommandContext, Done};
use crate::json::PolicyLimits;
use anyhow::Result;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use dialguard_dialer::policies::PolicySettings;
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// What is not given stays as it is; without options, the limits are shown.
#[derive(Args)]
pub struct LimitsChange {
    /// CPU time of a run in milliseconds, not counting waits for the dialer
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(10..=600_000))]
    compute_ms_max: Option<u64>,
    /// Seconds from the beginning of a run to its end
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600))]
    run_seconds_max: Option<u64>,
    /// Memory of a run in MiB
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=256))]
    memory_mib_max: Option<u64>,
    /// Size of one call's data in MiB
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_024))]
    answer_mib_max: Option<u64>,
    /// Numbers a run may look up
    #[arg(long, value_name = "N")]
    lookups_max: Option<u32>,
    /// Import calls a run may make
    #[arg(long, value_name = "N")]
    import_calls_max: Option<u32>,
    /// MiB that imports may return in a run
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=65_536))]
    held_mib_max: Option<u64>,
    /// Seconds the dialer may take for one import call
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600))]
    import_seconds_max: Option<u64>,
    /// Size of a component in MiB
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_024))]
    component_mib_max: Option<u64>,
    /// Seconds for compiling a component
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600))]
    compile_seconds_max: Option<u64>,
    /// Consecutive faults after which a new policy is rolled back
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000))]
    faults_in_a_row_max: Option<u32>,
    /// Days runs stay on record, for replays and comparisons
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=3_650))]
    recordings_kept_days: Option<u32>,
    /// MiB of one recording; a larger one is not kept
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(0..=256))]
    recording_mib_max: Option<u64>,
    /// MiB of recordings and carriers' answers of an account; the oldest make room
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_048_576))]
    recordings_mib_max: Option<u64>,
}

pub fn limits(context: &CommandContext, change: LimitsChange) -> Result<Done> {
    let ledger = context.new_ledger()?;
    context.policies(ledger.clone())?;
    let before = ledger.policy_state()?.settings;
    let after = change.of(before);
    if after != before {
        ledger.set_policy_settings(&after, context.now())?;
    }
    Ok(Done::show(context.json, || PolicyLimits::from(&after), || in_words(&after)))
}

impl LimitsChange {
    fn of(self, mut settings: PolicySettings) -> PolicySettings {
        fn set<T>(setting: &mut T, change: Option<T>) {
            if let Some(change) = change {
                *setting = change;
            }
        }
        let limits = &mut settings.limits;
        set(&mut limits.compute_time_max, self.compute_ms_max.map(Duration::from_millis));
        set(&mut limits.run_time_max, self.run_seconds_max.map(Duration::from_secs));
        set(&mut limits.memory_bytes_max, self.memory_mib_max.map(|mib| (mib * MIB) as usize));
        set(&mut limits.answer_bytes_max, self.answer_mib_max.map(|mib| (mib * MIB) as usize));
        set(&mut limits.lookups_max, self.lookups_max);
        set(&mut limits.import_calls_max, self.import_calls_max);
        set(&mut limits.held_bytes_max, self.held_mib_max.map(|mib| mib * MIB));
        set(&mut limits.import_time_max, self.import_seconds_max.map(Duration::from_secs));
        set(&mut settings.component_bytes_max, self.component_mib_max.map(|mib| mib * MIB));
        set(&mut settings.compile_time_max, self.compile_seconds_max.map(Duration::from_secs));
        set(&mut settings.faults_in_a_row_max, self.faults_in_a_row_max);
        set(&mut settings.recordings_kept_days, self.recordings_kept_days);
        set(&mut settings.recording_bytes_max, self.recording_mib_max.map(|mib| mib * MIB));
        set(&mut settings.recordings_bytes_max, self.recordings_mib_max.map(|mib| mib * MIB));
        settings
    }
}

/// One limit a line, by its option.
fn in_words(settings: &PolicySettings) -> String {
    let values = serde_json::to_value(PolicyLimits::from(settings)).unwrap_or_default();
    values.as_object().into_iter().flatten().map(|(name, value)| format!("--{name:<22} {value}\n")).collect()
}
