//! The state of one run: what the policy may read, what it has read, and what it has used.

use super::Wasi;
use super::limits::{Limits, MEMORY_BYTES_MAX, PolicyFault};
use super::stubbed_wasi::{self, StubbedWasi};
use super::time::{Asked, RunTime};
use crate::contract::versions::{CallResult, Imports, unreadable};
use crate::contract::{self, *};
use crate::dialer::Dialer;
use crate::recording::{Call, Recording};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::Linker;
use wasmtime::{Engine, ResourceLimiter, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

/// Entries in one table of a component: functions called indirectly. Python's interpreter has about 10,000.
pub(crate) const TABLE_ENTRIES_MAX: usize = 20_000;

/// Bytes that a number takes in a set, its share of a half-empty node included.
const SET_ENTRY_BYTES: usize = 24;

/// What a policy read during a run. [`check`](crate::check::check) checks a plan against it: at the revision that the plan
/// is based on, this is the state of the account.
///
/// Every [`PolicyAnswer`](crate::policy::PolicyAnswer) contains its inputs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// The clock's answer, if the policy asked.
    pub now: Option<Timestamp>,
    /// The account, if the policy read it.
    pub account: Option<Account>,
    /// The monitored numbers read, in ascending order, page by page. Each page is a table.
    pub monitored: Vec<Arc<MonitoredTable>>,
    /// Of the numbers asked about, those that the account owns.
    pub owned: BTreeSet<PhoneNumber>,
    /// Numbers offered as candidates, and whether each is one of the account's own that has rested.
    pub offered: BTreeMap<PhoneNumber, bool>,
    /// Numbers that rest, and the rests that each has ended.
    pub rested: BTreeMap<PhoneNumber, u8>,
}

impl Inputs {
    /// The monitored numbers read, in ascending order.
    pub fn monitored(&self) -> impl Iterator<Item = MonitoredNumber> + Clone + '_ {
        self.monitored.iter().flat_map(|page| page.rows().expect("pages are checked when they are read"))
    }

    /// How many monitored numbers were read.
    pub fn monitored_count(&self) -> usize {
        self.monitored.iter().map(|page| page.len()).sum()
    }
}

/// The state in one run's store; it lives as long as the run.
pub(crate) struct Run {
    /// The dialer and the account of the run; none for functions that must not call any import.
    subject: Option<(Dialer, AccountId)>,
    limits: Limits,
    time: RunTime,
    lookups_left: u32,
    import_calls_left: u32,
    held_bytes_left: u64,
    wasi: Option<StubbedWasi>,
    declared: Arc<[Setting]>,
    /// The ids of the sources, once they are known.
    sources: Option<BTreeSet<SourceId>>,
    /// Bytes of all the policy's memories, which never shrink.
    pub(crate) memory_bytes: usize,
    pub(crate) inputs: Inputs,
    pub(crate) recording: Recording,
}

impl Run {
    /// `declared` are the policy's settings.
    pub(crate) fn new(
        subject: Option<(Dialer, AccountId)>,
        declared: Arc<[Setting]>,
        limits: Limits,
        wasi: Wasi,
    ) -> Self {
        let mut inputs = Inputs::default();
        let wasi = (wasi == Wasi::Stubbed).then(|| {
            // WASI's clock and the contract's show the same time. Without a dialer it is 1970.
            inputs.now = subject.as_ref().map(|(dialer, _)| dialer.clock.now());
            StubbedWasi::new(inputs.now.unwrap_or_default())
        });
        Run {
            subject,
            limits,
            time: RunTime::new(&limits),
            lookups_left: limits.lookups_max,
            import_calls_left: limits.import_calls_max,
            held_bytes_left: limits.held_bytes_max,
            wasi,
            declared,
            sources: None,
            memory_bytes: 0,
            inputs,
            recording: Recording::default(),
        }
    }

    /// The imports of a run other than the contract's.
    pub(crate) fn linker(engine: &Engine, wasi: Wasi) -> wasmtime::Result<Linker<Run>> {
        let mut linker = Linker::new(engine);
        if wasi == Wasi::Stubbed {
            stubbed_wasi::add_to_linker(&mut linker, Run::wasi)?;
        }
        Ok(linker)
    }

    /// The stubbed WASI of a run. It is linked only if the run has one.
    fn wasi(&mut self) -> &mut StubbedWasi {
        self.wasi.as_mut().expect("WASI is linked only if the run has one")
    }

    /// Called when a tick of the epoch interrupts the policy.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.time.pause()?;
        Ok(UpdateDeadline::Yield(1))
    }

    /// The dialer, if this run has one and the policy has calls left.
    fn dialer(&mut self) -> wasmtime::Result<Dialer> {
        self.import_calls_left =
            self.import_calls_left.checked_sub(1).ok_or(PolicyFault::TooManyCalls(self.limits.import_calls_max))?;
        let (dialer, _) = self.subject.as_ref().ok_or(PolicyFault::UnexpectedImport)?;
        Ok(dialer.clone())
    }

    /// Records a call. Recorded answers are held until the run ends, so their bytes are limited.
    fn record(&mut self, call: Call) -> wasmtime::Result<()> {
        self.hold(call.bytes())?;
        self.recording.calls.push(call);
        Ok(())
    }

    /// Counts memory that is held until the run ends.
    fn hold(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let too_much = PolicyFault::HoldsTooMuch(self.limits.held_bytes_max);
        self.held_bytes_left = self.held_bytes_left.checked_sub(bytes as u64).ok_or(too_much)?;
        Ok(())
    }

    /// Waits for the dialer's answer; none if it is late. A dialer that hangs must not hang the run.
    async fn in_time<T>(&mut self, asked: Asked, answer: impl Future<Output = T>) -> wasmtime::Result<Option<T>> {
        let begun = self.time.pause()?;
        let answer = tokio::time::timeout_at(self.time.answer_due(begun), answer).await.ok();
        self.time.go_on(asked, begun)?;
        Ok(answer)
    }

    /// Waits for the inventory's answer about the account of this run and records it as `call`. A run reads only its own
    /// account, whatever the dialer would return for another.
    async fn in_account<T: Clone>(
        &mut self,
        id: &str,
        answer: impl Future<Output = Result<T, Error>>,
        call: impl FnOnce(Result<T, Error>) -> Call,
    ) -> wasmtime::Result<Result<T, Error>> {
        if self.subject.as_ref().is_none_or(|(_, own)| own != id) {
            let message = "A run can read only its own account; pass the id that the call was given.".into();
            return Ok(Err(Error { code: ErrorCode::NoSuchAccount, message }));
        }
        let answer = self.in_time(Asked::Inventory, answer).await?.unwrap_or_else(too_late);
        self.record(call(answer.clone()))?;
        Ok(answer)
    }
}

fn too_late<T>() -> Result<T, Error> {
    Err(Error::unavailable("The dialer did not answer in time; try again later."))
}

impl ResourceLimiter for Run {
    /// A policy composed of several has several memories, and one limit for all of them together.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Growth beyond the module's own maximum fails, so it does not count.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let bytes = self.memory_bytes.saturating_add(desired - current);
        let bytes_max = self.limits.memory_bytes_max.min(MEMORY_BYTES_MAX);
        if bytes > bytes_max {
            return Err(PolicyFault::OutOfMemory(bytes_max).into());
        }
        self.memory_bytes = bytes;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES_MAX)
    }
}

impl WasiView for Run {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi().view()
    }
}

impl Imports for Run {
    fn declared(&self) -> &[Setting] {
        &self.declared
    }

    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        let dialer = self.dialer()?;
        if let Some(now) = self.inputs.now {
            return Ok(now);
        }
        let now = dialer.clock.now();
        self.inputs.now = Some(now);
        self.record(Call::Now(now))?;
        Ok(now)
    }

    async fn carriers(&mut self) -> wasmtime::Result<Vec<Carrier>> {
        let dialer = self.dialer()?;
        let carriers = self.in_time(Asked::Sources, dialer.carriers.carriers()).await?.unwrap_or_default();
        self.record(Call::Carriers(carriers.clone()))?;
        Ok(carriers)
    }

    async fn sources(&mut self) -> wasmtime::Result<Vec<Source>> {
        let dialer = self.dialer()?;
        let sources = self.in_time(Asked::Sources, dialer.carriers.sources()).await?.unwrap_or_default();
        self.sources = Some(sources.iter().map(|source| source.id).collect());
        self.record(Call::Sources(sources.clone()))?;
        Ok(sources)
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> CallResult<Arc<VerdictTable>> {
        let dialer = self.dialer()?;
        let check = check_numbers(&numbers)
            .and_then(|()| check_each_once("number", &numbers))
            .and_then(|()| self.check_sources(&sources))
            .and_then(|()| check_each_once("source", &sources));
        if let Err(error) = check {
            return Ok(Err(error));
        }
        match self.lookups_left.checked_sub(numbers.len() as u32) {
            Some(left) => self.lookups_left = left,
            None => return Ok(Err(over_budget(self.limits.lookups_max))),
        }
        let rows = numbers.len();
        let asked = dialer.carriers.look_up(numbers.clone(), sources.clone());
        let answer = self.in_time(Asked::Sources, asked).await?.unwrap_or_else(too_late);
        let answer = answer.and_then(|verdicts| readable(verdicts.check(rows), Arc::new(verdicts)));
        self.record(Call::LookUp(numbers, sources, answer.clone()))?;
        Ok(answer)
    }

    async fn account(&mut self, id: AccountId) -> CallResult<Account> {
        let dialer = self.dialer()?;
        let answer = self.in_account(&id, dialer.inventory.account(&id), Call::Account).await?;
        if let Ok(account) = &answer {
            self.inputs.account = Some(account.clone());
        }
        Ok(answer)
    }

    async fn monitored(&mut self, id: AccountId, after: PhoneNumber, limit: u32) -> CallResult<Arc<MonitoredTable>> {
        let dialer = self.dialer()?;
        let limit = in_range(limit);
        let read = async {
            let page = dialer.inventory.monitored(&id, after, limit).await?;
            readable(page.check(), Arc::new(page))
        };
        let answer = self.in_account(&id, read, |answer| Call::Monitored(after, limit, answer)).await?;
        if let Ok(page) = &answer {
            // A policy may read the same page twice; the inputs stay in ascending order, each number once.
            let last = self.inputs.monitored.iter().rev().find_map(|page| page.numbers.last());
            if last.is_none_or(|last| *last <= after) {
                self.inputs.monitored.push(page.clone());
            }
        }
        Ok(answer)
    }

    async fn owned(&mut self, id: AccountId, numbers: Vec<PhoneNumber>) -> CallResult<Vec<PhoneNumber>> {
        let dialer = self.dialer()?;
        if let Err(error) = check_numbers(&numbers) {
            return Ok(Err(error));
        }
        let call = |answer| Call::Owned(numbers.clone(), answer);
        let answer = self.in_account(&id, dialer.inventory.owned(&id, numbers.clone()), call).await?;
        if let Ok(owned) = &answer {
            let before = self.inputs.owned.len();
            self.inputs.owned.extend(owned);
            self.hold((self.inputs.owned.len() - before) * SET_ENTRY_BYTES)?;
        }
        Ok(answer)
    }

    async fn candidates(&mut self, id: AccountId, like: PhoneNumber, limit: u32) -> CallResult<CandidateTable> {
        let dialer = self.dialer()?;
        let limit = in_range(limit);
        let read = async {
            let offered = dialer.inventory.candidates(&id, like, limit).await?;
            readable(offered.check(), offered)
        };
        let answer = self.in_account(&id, read, |answer| Call::Candidates(like, limit, answer)).await?;
        if let Ok(offered) = &answer {
            let before = self.inputs.offered.len();
            let rows = offered.rows().expect("it was checked");
            self.inputs.offered.extend(rows.map(|candidate| (candidate.number, candidate.rested)));
            self.hold((self.inputs.offered.len() - before) * SET_ENTRY_BYTES)?;
        }
        Ok(answer)
    }

    async fn flag_events(&mut self, id: AccountId, since: Timestamp) -> CallResult<FlagTable> {
        let dialer = self.dialer()?;
        let since = storable(since);
        let read = async {
            let events = dialer.inventory.flag_events(&id, since).await?;
            readable(events.check(), events)
        };
        self.in_account(&id, read, |answer| Call::FlagEvents(since, answer)).await
    }

    async fn calls(&mut self, id: AccountId, numbers: Vec<PhoneNumber>, since: Timestamp) -> CallResult<CallTable> {
        let dialer = self.dialer()?;
        if let Err(error) = check_numbers(&numbers) {
            return Ok(Err(error));
        }
        let since = storable(since);
        let read = async {
            let calls = dialer.inventory.calls(&id, numbers.clone(), since).await?;
            let rows = calls.len();
            if rows != 0 && rows != numbers.len() {
                return Err(Error::unavailable(format!("The dialer returned calls of {rows} numbers.")));
            }
            readable(calls.check(), calls)
        };
        self.in_account(&id, read, |answer| Call::Calls(numbers.clone(), since, answer)).await
    }

    async fn calls_in_all(&mut self, id: AccountId, since: Timestamp) -> CallResult<CallTotals> {
        let dialer = self.dialer()?;
        let since = storable(since);
        let read = dialer.inventory.calls_in_all(&id, since);
        self.in_account(&id, read, |answer| Call::CallsInAll(since, answer)).await
    }

    async fn rested(&mut self, id: AccountId) -> CallResult<RestedTable> {
        let dialer = self.dialer()?;
        let read = async {
            let rested = dialer.inventory.rested(&id).await?;
            readable(rested.check(), rested)
        };
        let answer = self.in_account(&id, read, Call::Rested).await?;
        if let Ok(rested) = &answer {
            self.hold(rested.len() * SET_ENTRY_BYTES)?;
            self.inputs.rested.extend(rested.rows().expect("it was checked").map(|row| (row.number, row.rests)));
        }
        Ok(answer)
    }
}

impl Run {
    /// Refuses sources that the policy did not learn of.
    fn check_sources(&self, sources: &[SourceId]) -> Result<(), Error> {
        let is_known = |source: &SourceId| self.sources.as_ref().is_some_and(|known| known.contains(source));
        match sources.iter().find(|source| !is_known(source)) {
            Some(source) => {
                let message = format!("There is no source {source}; name those that `sources` answered.");
                Err(Error { code: ErrorCode::InvalidRequest, message })
            }
            None => Ok(()),
        }
    }
}

/// The dialer's table, if it is a valid one.
fn readable<T>(check: Result<(), TableFault>, table: T) -> Result<T, Error> {
    check.map(|()| table).map_err(unreadable)
}

/// Dialers store times as signed integers, so nothing is later than the largest of those.
fn storable(since: Timestamp) -> Timestamp {
    since.min(i64::MAX as Timestamp)
}

fn in_range(limit: u32) -> u32 {
    limit.clamp(1, contract::NUMBERS_PER_CALL_MAX as u32)
}

fn check_numbers(numbers: &[PhoneNumber]) -> Result<(), Error> {
    let message = if numbers.len() > contract::NUMBERS_PER_CALL_MAX {
        format!("{} numbers are too many for one call; ask for at most 10,000 at a time.", numbers.len())
    } else if let Some(number) = numbers.iter().find(|number| !(1..=NUMBER_MAX).contains(*number)) {
        format!("{number} is not an E.164 number; give 1 to 15 digits, country code first.")
    } else {
        return Ok(());
    };
    Err(Error { code: ErrorCode::InvalidRequest, message })
}

/// What is asked twice would be paid for twice.
fn check_each_once<Id: Copy + Ord + fmt::Display>(what: &str, ids: &[Id]) -> Result<(), Error> {
    if ids.is_sorted_by(|before, after| before < after) {
        return Ok(());
    }
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => {
            let message = format!("The {what} {} is there twice; name each {what} once.", two[0]);
            Err(Error { code: ErrorCode::InvalidRequest, message })
        }
        None => Ok(()),
    }
}

fn over_budget(lookups_max: u32) -> Error {
    let message = format!("This run may look up at most {lookups_max} numbers; ask about fewer.");
    Error { code: ErrorCode::OverBudget, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_source_named_twice_is_refused_by_name() {
        for (ids, message) in [
            (&[][..], None),
            (&[1, 2, 3], None),
            (&[3, 1, 2], None),
            (&[1, 1], Some("The source 1 is there twice; name each source once.")),
            (&[3, 1, 3], Some("The source 3 is there twice; name each source once.")),
        ] {
            let refused = check_each_once("source", ids).err().map(|error| error.message);
            assert_eq!(refused.as_deref(), message, "{ids:?}");
        }
    }
}
