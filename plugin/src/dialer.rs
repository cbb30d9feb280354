//! What the rules read. They can change nothing through it.

use crate::contract::*;
use crate::settings::Settings;
use crate::table::TableFault;
use crate::text::text;
use alloc::string::String;
use alloc::vec::Vec;

/// The most numbers that one call of an import takes or returns.
pub const NUMBERS_PER_CALL_MAX: usize = 10_000;

/// Seconds in a day.
pub const SECONDS_PER_DAY: u64 = 86_400;

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

/// One call of the policy: the dialer that made it, the account that it is about, and the time.
pub struct Run<'a, D> {
    /// The dialer that called.
    pub dialer: &'a D,
    /// The account that it asked about.
    pub account: Account,
    /// The account's settings, in range.
    pub settings: Settings,
    /// The time of the run.
    pub now: Timestamp,
}

impl<'a, D: Dialer> Run<'a, D> {
    /// Reads the account, its settings and the time.
    pub fn new(dialer: &'a D, id: &str) -> Result<Self, Error> {
        let account = dialer.account(id)?;
        let settings = Settings::read(&account.settings)?;
        Ok(Run { dialer, account, settings, now: dialer.now() })
    }

    /// Every monitored number, page by page, so that memory use stays constant.
    pub fn pages(&self) -> Pages<'_, D> {
        Pages { dialer: self.dialer, id: &self.account.id, after: 0, is_last: false }
    }

    /// Slots that are locked now. A slot whose lock has expired counts as free.
    pub fn locks_in_force(&self) -> impl Iterator<Item = &SlotLock> {
        self.account.locked_slots.iter().filter(|lock| lock.until > self.now)
    }

    /// A plan without actions.
    pub fn empty_plan(&self) -> Plan {
        Plan {
            account: self.account.id.clone(),
            based_on: self.account.revision,
            decided_at: self.now,
            reviews: ReviewTable::new(),
            suspects: None,
            actions: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// An account's monitored numbers, in pages.
pub struct Pages<'a, D> {
    dialer: &'a D,
    id: &'a str,
    after: PhoneNumber,
    is_last: bool,
}

impl<D: Dialer> Pages<'_, D> {
    /// The next page; none after the last.
    pub fn next_page(&mut self) -> Result<Option<MonitoredTable>, Error> {
        if self.is_last {
            return Ok(None);
        }
        let page = self.dialer.monitored(self.id, self.after, NUMBERS_PER_CALL_MAX as u32)?;
        page.check()?;
        let Some(last) = page.numbers.last() else { return Ok(None) };
        if *last <= self.after {
            return Err(unavailable("The host's `monitored` returned numbers out of order; fix the host.".into()));
        }
        self.after = *last;
        self.is_last = page.numbers.len() < NUMBERS_PER_CALL_MAX;
        Ok(Some(page))
    }
}

/// Refuses too many numbers, and numbers that are not E.164.
pub fn check_numbers(numbers: &[PhoneNumber]) -> Result<(), Error> {
    let count = numbers.len();
    if count > NUMBERS_PER_CALL_MAX {
        let most = NUMBERS_PER_CALL_MAX as u64;
        return Err(invalid_request(text![
            count as u64,
            " numbers are too many for one call; ask for at most ",
            most,
            " at a time."
        ]));
    }
    match numbers.iter().find(|number| !(1..=999_999_999_999_999).contains(*number)) {
        Some(number) => {
            let why = " is not an E.164 number; give 1 to 15 digits, country code first.";
            Err(invalid_request(text![*number, why]))
        }
        None => Ok(()),
    }
}

/// An `invalid-request` error that says what to do about it.
pub fn invalid_request(message: String) -> Error {
    Error { code: ErrorCode::InvalidRequest, message }
}

/// An `unavailable` error that says what to do about it.
pub fn unavailable(message: String) -> Error {
    Error { code: ErrorCode::Unavailable, message }
}

impl From<TableFault> for Error {
    fn from(fault: TableFault) -> Self {
        unavailable(text![
            "The column `",
            fault.column,
            "` of the host's ",
            fault.table,
            " has another length than the first, or a value that does not exist; fix the host."
        ])
    }
}
