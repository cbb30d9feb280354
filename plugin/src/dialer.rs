//! What the rules read. They can change nothing through it.

use crate::contract::*;
use crate::settings::Settings;
use crate::table::TableFault;
use alloc::vec::Vec;

/// The most numbers that one call of an import takes or returns.
pub const NUMBERS_PER_CALL_MAX: usize = 10_000;

/// The dialer that embeds the policy: the contract's three imports in one trait.
pub trait Dialer {
    /// `clock.now`
    fn now(&self) -> Timestamp;
    /// `carrier-lookup.sources`
    fn sources(&self) -> Vec<Source>;
    /// `carrier-lookup.look-up`
    fn look_up(&self, numbers: &[PhoneNumber], sources: &[SourceId]) -> Result<VerdictTable, Error>;
    /// `number-inventory.get-account`
    fn account(&self, id: &str) -> Result<Account, Error>;
    /// `number-inventory.monitored`
    fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error>;
    /// `number-inventory.owned`
    fn owned(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error>;
    /// `number-inventory.candidates`
    fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error>;
    /// `number-inventory.flag-events`
    fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error>;
    /// `number-inventory.calls`
    fn calls(&self, id: &str, numbers: &[PhoneNumber], since: Timestamp) -> Result<CallTable, Error>;
    /// `number-inventory.calls-in-all`
    fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error>;
    /// `number-inventory.rested`
    fn rested(&self, id: &str) -> Result<RestedTable, Error>;
}

/// Passes every monitored number of an account to `visit`, page by page, so that memory use stays constant.
pub fn for_each_page(
    dialer: &impl Dialer,
    id: &str,
    mut visit: impl FnMut(&MonitoredTable) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let page = dialer.monitored(id, after, NUMBERS_PER_CALL_MAX as u32)?;
        page.check()?;
        let Some(last) = page.numbers.last() else { return Ok(()) };
        if *last <= after {
            return Err(unavailable("The host's `monitored` returned numbers out of order; fix the host."));
        }
        after = *last;
        visit(&page)?;
        if page.len() < NUMBERS_PER_CALL_MAX {
            return Ok(());
        }
    }
}

/// The account and its settings.
pub fn account(dialer: &impl Dialer, id: &str) -> Result<(Account, Settings), Error> {
    let account = dialer.account(id)?;
    let settings = Settings::read(&account.settings)?;
    Ok((account, settings))
}

/// Slots that are locked at `now`. A slot whose lock has expired counts as free.
pub fn locks_in_force(account: &Account, now: Timestamp) -> impl Iterator<Item = &SlotLock> {
    account.locked_slots.iter().filter(move |lock| lock.until > now)
}

/// Refuses too many numbers, and numbers that are not E.164.
pub fn check_numbers(numbers: &[PhoneNumber]) -> Result<(), Error> {
    if numbers.len() > NUMBERS_PER_CALL_MAX {
        return Err(invalid_request(alloc::format!(
            "{} numbers are too many for one call; ask for at most {NUMBERS_PER_CALL_MAX} at a time.",
            numbers.len()
        )));
    }
    match numbers.iter().find(|number| !(1..=999_999_999_999_999).contains(*number)) {
        Some(number) => Err(invalid_request(alloc::format!(
            "{number} is not an E.164 number; give 1 to 15 digits, country code first."
        ))),
        None => Ok(()),
    }
}

/// An `invalid-request` error that says what to do about it.
pub fn invalid_request(message: impl Into<alloc::string::String>) -> Error {
    Error { code: ErrorCode::InvalidRequest, message: message.into() }
}

/// An `unavailable` error that says what to do about it.
pub fn unavailable(message: &str) -> Error {
    Error { code: ErrorCode::Unavailable, message: message.into() }
}

impl From<TableFault> for Error {
    fn from(fault: TableFault) -> Self {
        unavailable(&alloc::format!("The host's answer cannot be read, because {fault}; fix the host."))
    }
}

/// A plan without actions.
pub fn empty_plan(account: &Account, now: Timestamp) -> Plan {
    Plan {
        account: account.id.clone(),
        based_on: account.revision,
        decided_at: now,
        reviews: ReviewTable::new(),
        suspects: None,
        actions: Vec::new(),
        notices: Vec::new(),
    }
}
