//! `dialguard policy limits`

use super::super::{CommandContext, Done};
use anyhow::Result;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use dialguard_dialer::policies::PolicySettings;
use serde_json::{Value, json};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// What is not named stays as it is; without any, the limits are shown.
#[derive(Args)]
pub struct LimitsChange {
    /// Milliseconds that a run may compute, waiting for the dialer not counted
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(10..=600_000))]
    compute_ms_max: Option<u64>,
    /// MiB of memory that a run may have
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=256))]
    memory_mib_max: Option<u64>,
    /// MiB that one call may hand over
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_024))]
    answer_mib_max: Option<u64>,
    /// Numbers that a run may look up
    #[arg(long, value_name = "N")]
    lookups_max: Option<u32>,
    /// Calls to imports that a run may make
    #[arg(long, value_name = "N")]
    import_calls_max: Option<u32>,
    /// Items that imports may answer in a run
    #[arg(long, value_name = "N")]
    answer_items_max: Option<u64>,
    /// Seconds that the dialer may take for one import call
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600))]
    import_seconds_max: Option<u64>,
    /// MiB that a component may have to be installed
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_024))]
    component_mib_max: Option<u64>,
    /// Seconds that compiling one may take
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=3_600))]
    compile_seconds_max: Option<u64>,
    /// Faults in a row after which a new policy is given up for the one before
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000))]
    faults_in_a_row_max: Option<u32>,
    /// Days for which runs stay on record, to be repeated and compared
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=3_650))]
    recordings_kept_days: Option<u32>,
}

pub fn limits(context: &CommandContext, change: LimitsChange) -> Result<Done> {
    let ledger = context.new_ledger()?;
    context.policies(ledger.clone())?;
    let before = ledger.policy_state()?.settings;
    let after = change.of(before);
    if after != before {
        ledger.set_policy_settings(&after, context.now())?;
    }
    Ok(Done::show(context.json, || settings_json(&after), || in_words(&after)))
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
        set(&mut limits.memory_bytes_max, self.memory_mib_max.map(|mib| (mib * MIB) as usize));
        set(&mut limits.answer_bytes_max, self.answer_mib_max.map(|mib| (mib * MIB) as usize));
        set(&mut limits.lookups_max, self.lookups_max);
        set(&mut limits.import_calls_max, self.import_calls_max);
        set(&mut limits.answer_items_max, self.answer_items_max);
        set(&mut limits.import_time_max, self.import_seconds_max.map(Duration::from_secs));
        set(&mut settings.component_bytes_max, self.component_mib_max.map(|mib| mib * MIB));
        set(&mut settings.compile_time_max, self.compile_seconds_max.map(Duration::from_secs));
        set(&mut settings.faults_in_a_row_max, self.faults_in_a_row_max);
        set(&mut settings.recordings_kept_days, self.recordings_kept_days);
        settings
    }
}

fn settings_json(settings: &PolicySettings) -> Value {
    let limits = &settings.limits;
    json!({
        "compute-ms-max": limits.compute_time_max.as_millis() as u64,
        "memory-mib-max": limits.memory_bytes_max as u64 / MIB,
        "answer-mib-max": limits.answer_bytes_max as u64 / MIB,
        "look-ups-max": limits.lookups_max,
        "import-calls-max": limits.import_calls_max,
        "answer-items-max": limits.answer_items_max,
        "import-seconds-max": limits.import_time_max.as_secs(),
        "component-mib-max": settings.component_bytes_max / MIB,
        "compile-seconds-max": settings.compile_time_max.as_secs(),
        "faults-in-a-row-max": settings.faults_in_a_row_max,
        "recordings-kept-days": settings.recordings_kept_days,
    })
}

/// One setting a line, by the name of its option.
fn in_words(settings: &PolicySettings) -> String {
    let values = settings_json(settings);
    values.as_object().into_iter().flatten().map(|(name, value)| format!("--{name:<22} {value}\n")).collect()
}
