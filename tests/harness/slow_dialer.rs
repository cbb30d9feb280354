//! A dialer that answers late, never or at length, about an account without numbers.

use super::acme::NOW;
use dialguard::clock::FixedClock;
use dialguard::contract::*;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::settings::Settings;
use std::sync::Arc;
use std::time::Duration;

/// A dialer whose every answer takes this long; with none it never answers.
pub fn slow_dialer(answers_after: Option<Duration>) -> Dialer {
    dialer(Slow { answers_after, setting: String::new() })
}

/// A dialer that answers at once, and whose account has a setting of so many bytes.
pub fn wordy_dialer(setting_bytes: usize) -> Dialer {
    dialer(Slow { answers_after: Some(Duration::ZERO), setting: "x".repeat(setting_bytes) })
}

fn dialer(slow: Slow) -> Dialer {
    let slow = Arc::new(slow);
    Dialer { clock: Arc::new(FixedClock(NOW)), carriers: slow.clone(), inventory: slow }
}

struct Slow {
    answers_after: Option<Duration>,
    setting: String,
}

impl Slow {
    async fn answer<T>(&self, answer: T) -> T {
        match self.answers_after {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
        answer
    }
}

#[async_trait::async_trait]
impl CarrierLookup for Slow {
    async fn carriers(&self) -> Vec<Carrier> {
        self.answer(Vec::new()).await
    }

    async fn sources(&self) -> Vec<Source> {
        self.answer(Vec::new()).await
    }

    async fn look_up(&self, _: Vec<PhoneNumber>, _: Vec<SourceId>) -> Result<VerdictTable, Error> {
        self.answer(Ok(VerdictTable::of(Vec::new()))).await
    }
}

#[async_trait::async_trait]
impl NumberInventory for Slow {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        let account = Account {
            id: id.into(),
            revision: 1,
            enabled: true,
            slot_count: 15,
            slot_count_next: 15,
            slots_per_block: 15,
            block_price_cents: 4_900,
            cycle_starts_at: NOW - 1,
            cycle_ends_at: NOW + 1,
            day_starts_at: NOW - 1,
            locked_slots: Vec::new(),
            monitored_count: 0,
            rated_today: 0,
            look_ups_today: 0,
            replacements_today: 0,
            guard_rails: GuardRails::default(),
            settings: Settings::from_iter([("other", self.setting.as_str())]),
        };
        self.answer(Ok(account)).await
    }

    async fn monitored(&self, _: &str, _: PhoneNumber, _: u32) -> Result<MonitoredTable, Error> {
        self.answer(Ok(MonitoredTable::new())).await
    }

    async fn owned(&self, _: &str, _: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.answer(Ok(Vec::new())).await
    }

    async fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<CandidateTable, Error> {
        self.answer(Ok(CandidateTable::new())).await
    }

    async fn flag_events(&self, _: &str, _: Timestamp) -> Result<FlagTable, Error> {
        self.answer(Ok(FlagTable::new())).await
    }
}
