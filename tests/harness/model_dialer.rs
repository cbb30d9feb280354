//! The reference policy's own model of an account, as a dialer for the component: the same facts for both sides.
//!
//! The component's types are generated a second time for the host, so this mostly converts between equal types.

use dialguard::contract as host;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::settings::Settings;
use dialguard_policy::Dialer as _;
use dialguard_policy::contract as policy;
use dialguard_policy::model::AccountModel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A model behind the host's three traits. The next call sees any change of the model.
#[derive(Clone)]
pub struct ModelDialer(Arc<Mutex<AccountModel>>);

impl ModelDialer {
    pub fn new(model: AccountModel) -> Self {
        ModelDialer(Arc::new(Mutex::new(model)))
    }

    pub fn model(&self) -> MutexGuard<'_, AccountModel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn dialer(&self) -> Dialer {
        let now = self.model().now;
        Dialer {
            clock: Arc::new(dialguard::clock::FixedClock(now)),
            carriers: Arc::new(self.clone()),
            inventory: Arc::new(self.clone()),
        }
    }
}

#[async_trait::async_trait]
impl CarrierLookup for ModelDialer {
    async fn carriers(&self) -> Vec<host::Carrier> {
        Vec::new()
    }

    async fn sources(&self) -> Vec<host::Source> {
        self.model().sources().into_iter().map(source).collect()
    }

    async fn look_up(&self, numbers: Vec<u64>, sources: Vec<u16>) -> Result<host::VerdictTable, host::Error> {
        self.model().look_up(&numbers, &sources).map(verdicts).map_err(error)
    }
}

#[async_trait::async_trait]
impl NumberInventory for ModelDialer {
    async fn account(&self, id: &str) -> Result<host::Account, host::Error> {
        self.model().account(id).map(account).map_err(error)
    }

    async fn monitored(&self, id: &str, after: u64, limit: u32) -> Result<host::MonitoredTable, host::Error> {
        self.model().monitored(id, after, limit).map(monitored).map_err(error)
    }

    async fn owned(&self, id: &str, numbers: Vec<u64>) -> Result<Vec<u64>, host::Error> {
        self.model().owned(id, &numbers).map_err(error)
    }

    async fn candidates(&self, id: &str, like: u64, limit: u32) -> Result<host::CandidateTable, host::Error> {
        self.model().candidates(id, like, limit).map(candidates).map_err(error)
    }

    async fn flag_events(&self, id: &str, since: u64) -> Result<host::FlagTable, host::Error> {
        self.model().flag_events(id, since).map(flag_events).map_err(error)
    }

    async fn calls(&self, id: &str, numbers: Vec<u64>, since: u64) -> Result<host::CallTable, host::Error> {
        self.model().calls(id, &numbers, since).map(calls).map_err(error)
    }

    async fn calls_in_all(&self, id: &str, since: u64) -> Result<host::CallTotals, host::Error> {
        self.model().calls_in_all(id, since).map(call_totals).map_err(error)
    }

    async fn rested(&self, id: &str) -> Result<host::RestedTable, host::Error> {
        self.model().rested(id).map(rested).map_err(error)
    }
}

/// Functions that convert a record of the policy's contract into the host's, whose fields have the same names and types.
macro_rules! same_fields {
    ($($convert:ident: $record:ident { $($field:ident),+ $(,)? })+) => {$(
        pub fn $convert(policy::$record { $($field),+ }: policy::$record) -> host::$record {
            host::$record { $($field),+ }
        }
    )+};
}

same_fields! {
    source: Source { id, name, price, look_ups_left, carriers }
    verdicts: VerdictTable { carriers, scores, observed_at }
    monitored: MonitoredTable {
        numbers, slots, statuses, status_since, monitored_since, flagging_checks, clearing_checks, last_rated_at,
        evidence_until, suspect_since, resting_since, replacement_pending,
    }
    candidates: CandidateTable { numbers, price_cents, rested }
    flag_events: FlagTable { numbers, at }
    calls: CallTable { attempts, answered, short, blocked }
    call_totals: CallTotals { attempts, answered, short, blocked }
    rested: RestedTable { numbers, resting_since, rests }
    slot_lock: SlotLock { slot, until }
    guard_rails: GuardRails { auto_replace, replacements_per_day_max }
    deletion: Deletion { numbers, accept_slot_loss }
}

pub fn account(account: policy::Account) -> host::Account {
    host::Account {
        locked_slots: account.locked_slots.into_iter().map(slot_lock).collect(),
        id: account.id,
        revision: account.revision,
        enabled: account.enabled,
        slot_count: account.slot_count,
        slot_count_next: account.slot_count_next,
        slots_per_block: account.slots_per_block,
        block_price_cents: account.block_price_cents,
        cycle_starts_at: account.cycle_starts_at,
        cycle_ends_at: account.cycle_ends_at,
        day_starts_at: account.day_starts_at,
        monitored_count: account.monitored_count,
        rated_today: account.rated_today,
        look_ups_today: account.look_ups_today,
        replacements_today: account.replacements_today,
        guard_rails: guard_rails(account.guard_rails),
        settings: settings(&account.settings),
    }
}

/// The settings by name, as text, from values in the order of the declaration.
fn settings(values: &[i64]) -> Settings {
    let text = |(setting, value): (policy::Setting, &i64)| {
        let text = match setting.kind {
            policy::SettingKind::Switch(_) => if *value == 0 { "off" } else { "on" }.to_owned(),
            _ => value.to_string(),
        };
        (setting.name, text)
    };
    dialguard_policy::settings::declaration().into_iter().zip(values).map(text).collect()
}

fn error(error: policy::Error) -> host::Error {
    let code = match error.code {
        policy::ErrorCode::NoSuchAccount => host::ErrorCode::NoSuchAccount,
        policy::ErrorCode::Unavailable => host::ErrorCode::Unavailable,
        policy::ErrorCode::OverBudget => host::ErrorCode::OverBudget,
        policy::ErrorCode::InvalidSettings => host::ErrorCode::InvalidSettings,
        policy::ErrorCode::InvalidRequest => host::ErrorCode::InvalidRequest,
    };
    host::Error { code, message: error.message }
}

pub fn request(request: &policy::Request) -> host::Request {
    match request.clone() {
        policy::Request::StartMonitoring(numbers) => host::Request::StartMonitoring(numbers),
        policy::Request::StopMonitoring(numbers) => host::Request::StopMonitoring(numbers),
        policy::Request::DeleteNumbers(it) => host::Request::DeleteNumbers(deletion(it)),
        policy::Request::ReplaceNumbers(numbers) => host::Request::ReplaceNumbers(numbers),
        policy::Request::SetBlocks(blocks) => host::Request::SetBlocks(blocks),
    }
}
