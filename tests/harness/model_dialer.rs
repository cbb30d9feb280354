//! The reference policy's own model of an account, as a dialer for the component: the same facts for both sides.
//!
//! The component's types are generated a second time for the host, so this mostly converts between equal types.

use dialguard::contract as host;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
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

    async fn look_up(&self, numbers: Vec<u64>) -> Result<Vec<host::Observation>, host::Error> {
        let observations = self.model().look_up(&numbers).map_err(error)?;
        Ok(observations.iter().map(observation).collect())
    }
}

#[async_trait::async_trait]
impl NumberInventory for ModelDialer {
    async fn account(&self, id: &str) -> Result<host::Account, host::Error> {
        self.model().account(id).map(account).map_err(error)
    }

    async fn monitored(&self, id: &str, after: u64, limit: u32) -> Result<Vec<host::MonitoredNumber>, host::Error> {
        let numbers = self.model().monitored(id, after, limit).map_err(error)?;
        Ok(numbers.iter().map(monitored).collect())
    }

    async fn owned(&self, id: &str, numbers: Vec<u64>) -> Result<Vec<u64>, host::Error> {
        self.model().owned(id, &numbers).map_err(error)
    }

    async fn candidates(&self, id: &str, like: u64, limit: u32) -> Result<Vec<u64>, host::Error> {
        self.model().candidates(id, like, limit).map_err(error)
    }

    async fn flag_events(&self, id: &str, since: u64) -> Result<Vec<host::FlagEvent>, host::Error> {
        let events = self.model().flag_events(id, since).map_err(error)?;
        Ok(events.iter().map(|event| host::FlagEvent { number: event.number, at: event.at }).collect())
    }
}

pub fn observation(observation: &policy::Observation) -> host::Observation {
    host::Observation {
        number: observation.number,
        carrier: observation.carrier,
        spam_score: observation.spam_score,
        observed_at: observation.observed_at,
    }
}

pub fn monitored(number: &policy::MonitoredNumber) -> host::MonitoredNumber {
    host::MonitoredNumber {
        number: number.number,
        slot: number.slot,
        status: status(number.status),
        status_since: number.status_since,
        monitored_since: number.monitored_since,
        flagging_checks: number.flagging_checks,
        clearing_checks: number.clearing_checks,
        last_rated_at: number.last_rated_at,
        replacement_pending: number.replacement_pending,
    }
}

fn status(status: policy::Status) -> host::Status {
    match status {
        policy::Status::Pending => host::Status::Pending,
        policy::Status::Clean => host::Status::Clean,
        policy::Status::AtRisk => host::Status::AtRisk,
        policy::Status::Flagged => host::Status::Flagged,
    }
}

pub fn account(account: policy::Account) -> host::Account {
    let locks = account.locked_slots.iter();
    host::Account {
        locked_slots: locks.map(|lock| host::SlotLock { slot: lock.slot, until: lock.until }).collect(),
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
        replacements_today: account.replacements_today,
        settings: settings(account.settings),
    }
}

fn settings(settings: policy::Settings) -> host::Settings {
    host::Settings {
        spam_score_min: settings.spam_score_min,
        rating_carriers_min: settings.rating_carriers_min,
        checks_to_flag: settings.checks_to_flag,
        checks_to_clear: settings.checks_to_clear,
        observation_age_max_hours: settings.observation_age_max_hours,
        auto_replace: settings.auto_replace,
        replacements_per_day_max: settings.replacements_per_day_max,
        new_number_grace_days: settings.new_number_grace_days,
        mass_flag_percent: settings.mass_flag_percent,
        other: settings.other,
    }
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
    match request {
        policy::Request::StartMonitoring(numbers) => host::Request::StartMonitoring(numbers.clone()),
        policy::Request::StopMonitoring(numbers) => host::Request::StopMonitoring(numbers.clone()),
        policy::Request::DeleteNumbers(deletion) => host::Request::DeleteNumbers(host::Deletion {
            numbers: deletion.numbers.clone(),
            accept_slot_loss: deletion.accept_slot_loss,
        }),
        policy::Request::ReplaceNumbers(numbers) => host::Request::ReplaceNumbers(numbers.clone()),
        policy::Request::SetBlocks(blocks) => host::Request::SetBlocks(*blocks),
    }
}
