//! One run of a policy from the inside: what it may read, what it was shown, and what it used up.

use crate::contract::{self, imports, *};
use crate::dialer::Dialer;
use crate::policy::{Limits, PolicyFault};
use std::collections::BTreeSet;
use wasmtime::{ResourceLimiter, StoreLimits, UpdateDeadline};

/// What a policy was shown during a run. A plan is checked against it: at the revision it was made from, this is how
/// the account stands.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The clock's answer, where it was asked.
    pub now: Option<Timestamp>,
    /// The account, where it was asked for.
    pub account: Option<Account>,
    /// Monitored numbers, in ascending order.
    pub monitored: Vec<MonitoredNumber>,
    /// Numbers that the account owns, of those asked about.
    pub owned: BTreeSet<PhoneNumber>,
    /// Numbers offered as candidates.
    pub offered: BTreeSet<PhoneNumber>,
}

/// The state of one run's store: it lives as long as the run and no longer.
pub(crate) struct Run {
    dialer: Option<Dialer>,
    limits: Limits,
    ticks_left: u32,
    look_ups_left: u32,
    import_calls_left: u32,
    tables: StoreLimits,
    pub(crate) shown: Shown,
}

impl Run {
    pub(crate) fn new(dialer: Option<Dialer>, limits: Limits, ticks: u32) -> Self {
        Run {
            dialer,
            limits,
            ticks_left: ticks,
            look_ups_left: limits.look_ups_max,
            import_calls_left: limits.import_calls_max,
            tables: wasmtime::StoreLimitsBuilder::new().table_elements(10_000).build(),
            shown: Shown::default(),
        }
    }

    /// Called where a tick of the epoch found the policy computing: its own time counts, the network's does not.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        if self.ticks_left == 0 {
            return Err(PolicyFault::OutOfTime(self.limits.compute_time_max).into());
        }
        self.ticks_left -= 1;
        Ok(UpdateDeadline::Yield(1))
    }

    /// The dialer, where this run has one and the policy has not flooded it.
    fn dialer(&mut self) -> wasmtime::Result<Dialer> {
        self.import_calls_left =
            self.import_calls_left.checked_sub(1).ok_or(PolicyFault::TooManyCalls(self.limits.import_calls_max))?;
        Ok(self.dialer.clone().ok_or(PolicyFault::UnexpectedImport)?)
    }

    /// What the dialer answers in time. A dialer that hangs must not hang the run with it.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = || Error::unavailable("The dialer did not answer in time; try again later.");
        tokio::time::timeout(self.limits.import_time_max, answer).await.unwrap_or_else(|_| Err(late()))
    }
}

impl ResourceLimiter for Run {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.memory_bytes_max {
            return Err(PolicyFault::OutOfMemory(self.limits.memory_bytes_max).into());
        }
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.tables.table_growing(current, desired, maximum)
    }
}

impl imports::types::Host for Run {}

impl imports::clock::Host for Run {
    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        let dialer = self.dialer()?;
        Ok(*self.shown.now.get_or_insert_with(|| dialer.clock.now()))
    }
}

impl imports::carrier_lookup::Host for Run {
    async fn carriers(&mut self) -> wasmtime::Result<Vec<Carrier>> {
        Ok(self.dialer()?.carriers.carriers().await)
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>) -> wasmtime::Result<Result<Vec<Observation>, Error>> {
        let dialer = self.dialer()?;
        if let Err(error) = check_numbers(&numbers) {
            return Ok(Err(error));
        }
        match self.look_ups_left.checked_sub(numbers.len() as u32) {
            Some(left) => self.look_ups_left = left,
            None => return Ok(Err(over_budget(self.limits.look_ups_max))),
        }
        Ok(self.in_time(dialer.carriers.look_up(numbers)).await)
    }
}

impl imports::number_inventory::Host for Run {
    async fn get_account(&mut self, id: AccountId) -> wasmtime::Result<Result<Account, Error>> {
        let dialer = self.dialer()?;
        let answer = self.in_time(dialer.inventory.account(&id)).await;
        if let Ok(account) = &answer {
            self.shown.account = Some(account.clone());
        }
        Ok(answer)
    }

    async fn monitored(
        &mut self,
        id: AccountId,
        after: PhoneNumber,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<MonitoredNumber>, Error>> {
        let dialer = self.dialer()?;
        let answer = self.in_time(dialer.inventory.monitored(&id, after, in_range(limit))).await;
        if let Ok(page) = &answer {
            // A policy may read the same page twice; what it was shown stays in ascending order, each number once.
            let known = self.shown.monitored.partition_point(|number| number.number <= after);
            if known == self.shown.monitored.len() {
                self.shown.monitored.extend_from_slice(page);
            }
        }
        Ok(answer)
    }

    async fn owned(
        &mut self,
        id: AccountId,
        numbers: Vec<PhoneNumber>,
    ) -> wasmtime::Result<Result<Vec<PhoneNumber>, Error>> {
        let dialer = self.dialer()?;
        if let Err(error) = check_numbers(&numbers) {
            return Ok(Err(error));
        }
        let answer = self.in_time(dialer.inventory.owned(&id, numbers)).await;
        if let Ok(owned) = &answer {
            self.shown.owned.extend(owned);
        }
        Ok(answer)
    }

    async fn candidates(
        &mut self,
        id: AccountId,
        like: PhoneNumber,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<PhoneNumber>, Error>> {
        let dialer = self.dialer()?;
        let answer = self.in_time(dialer.inventory.candidates(&id, like, in_range(limit))).await;
        if let Ok(offered) = &answer {
            self.shown.offered.extend(offered);
        }
        Ok(answer)
    }

    async fn flag_events(
        &mut self,
        id: AccountId,
        since: Timestamp,
    ) -> wasmtime::Result<Result<Vec<FlagEvent>, Error>> {
        let dialer = self.dialer()?;
        Ok(self.in_time(dialer.inventory.flag_events(&id, since)).await)
    }
}

fn in_range(limit: u32) -> u32 {
    limit.clamp(1, contract::NUMBERS_PER_CALL_MAX as u32)
}

fn check_numbers(numbers: &[PhoneNumber]) -> Result<(), Error> {
    let message = if numbers.len() > contract::NUMBERS_PER_CALL_MAX {
        format!("{} numbers are too many for one call; ask for at most 10,000 at a time.", numbers.len())
    } else if let Some(number) = numbers.iter().find(|number| !(1..=999_999_999_999_999).contains(*number)) {
        format!("{number} cannot be an E.164 number; give 1 to 15 digits, country code first.")
    } else {
        return Ok(());
    };
    Err(Error { code: ErrorCode::InvalidRequest, message })
}

fn over_budget(look_ups_max: u32) -> Error {
    let message = format!("This run may look up {look_ups_max} numbers and no more; ask about fewer.");
    Error { code: ErrorCode::OverBudget, message }
}
