//! A small dialer with a Dialguard policy embedded: one account, its numbers and carriers, in memory.
//!
//! ```sh
//! cargo run --example dialer -- days POLICY.wasm          # three days, and what happens when something fails
//! cargo run --example dialer -- conformance POLICY.wasm   # asks it every case, and prints the report as JSON
//! ```

mod days;

use anyhow::{Context, Result, bail, ensure};
use dialguard::check::{Purpose, check};
use dialguard::clock::FixedClock;
use dialguard::contract::*;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::policy::{Limits, Policy};
use dialguard::scenarios::{Fixture, HourOfCalls, Import, check_embedding};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The facts a policy reads. Replace them with your database and your carriers.
#[derive(Clone, PartialEq)]
struct SmallDialer {
    now: Timestamp,
    carriers: Vec<Carrier>,
    sources: Vec<Source>,
    verdicts: BTreeMap<PhoneNumber, Vec<CarrierVerdict>>,
    account: Account,
    monitored: BTreeMap<PhoneNumber, MonitoredNumber>,
    owned: BTreeSet<PhoneNumber>,
    candidates: BTreeMap<PhoneNumber, Candidate>,
    rested: BTreeMap<PhoneNumber, RestedNumber>,
    flag_events: Vec<FlagEvent>,
    calls: Vec<HourOfCalls>,
    failures: BTreeMap<Import, Error>,
}

impl SmallDialer {
    /// A policy's inputs: one snapshot, because all reads of a run must agree.
    fn as_of_now(&self) -> Dialer {
        let state = Arc::new(self.clone());
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: state.clone(), inventory: state }
    }

    /// The daily review: the policy plans it, the host checks the plan, and the dialer applies it.
    async fn review(&mut self, policy: &Policy, account: &str) -> Result<Plan> {
        let reviewed = policy.review_account(&self.as_of_now(), account).await?;
        check(account, Purpose::Review, &reviewed.answer, &reviewed.inputs, &[])?;
        self.apply(&reviewed.answer)?;
        Ok(reviewed.answer)
    }

    /// All or nothing: the last line replaces the state with the result of the whole plan.
    fn apply(&mut self, plan: &Plan) -> Result<()> {
        ensure!(plan.based_on == self.account.revision, "the account changed while it was reviewed; review it again");
        let mut next = self.clone();
        plan.reviews.rows()?.try_for_each(|review| next.rate(&review))?;
        if let Some(suspects) = &plan.suspects {
            next.suspect(suspects.rows()?.map(|suspect| suspect.number).collect());
        }
        plan.actions.iter().try_for_each(|action| next.act(action))?;
        next.account.revision += 1;
        *self = next;
        Ok(())
    }

    /// A row without carriers is about a suspect number that was not rated.
    fn rate(&mut self, review: &Review) -> Result<()> {
        let number = self.monitored.get_mut(&review.number).context("a number that is not monitored")?;
        if number.status != review.status {
            (number.status, number.status_since) = (review.status, self.now);
            let flagged = Some(review.number).filter(|_| review.status == Status::Flagged);
            self.flag_events.extend(flagged.map(|number| FlagEvent { number, at: self.now }));
        }
        (number.flagging_checks, number.clearing_checks) = (review.flagging_checks, review.clearing_checks);
        number.evidence_until = review.evidence_until;
        if review.answering > 0 {
            number.last_rated_at = Some(self.now);
            self.account.rated_today += 1;
            self.account.look_ups_today += 1;
        }
        Ok(())
    }

    /// All others are suspect no longer.
    fn suspect(&mut self, suspects: BTreeSet<PhoneNumber>) {
        for number in self.monitored.values_mut() {
            let since = number.suspect_since.unwrap_or(self.now);
            number.suspect_since = suspects.contains(&number.number).then_some(since);
        }
    }

    fn act(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::ReplaceNumber(Replacement { number, replacement, .. }) => {
                let slot = self.monitored.remove(number).context("a number that is not monitored")?.slot;
                self.monitored.insert(*replacement, days::taken_on(*replacement, slot, self.now));
                self.rested.insert(*number, RestedNumber { number: *number, resting_since: self.now, rests: 0 });
                self.owned.insert(*replacement);
                self.candidates.remove(replacement);
                self.account.replacements_today += 1;
            }
            Action::StopUsing(number) => self.monitored(number)?.resting_since = Some(self.now),
            Action::UseAgain(number) => self.monitored(number)?.resting_since = None,
            Action::RestOn(number) => {
                let rested = self.rested.get_mut(number).context("a number that does not rest")?;
                (rested.resting_since, rested.rests) = (self.now, rested.rests + 1);
            }
            Action::OfferAgain(number) => {
                self.rested.remove(number).context("a number that does not rest")?;
                self.candidates.insert(*number, Candidate { number: *number, price_cents: 0, rested: true });
            }
            Action::GiveBack(number) => {
                self.rested.remove(number).context("a number that does not rest")?;
                self.owned.remove(number);
            }
            Action::OccupySlot(_) | Action::LockSlot(_) | Action::ReleaseNumber(_) | Action::SetBlocks(_) => {
                bail!("a review does not do what only a user may request")
            }
        }
        Ok(())
    }

    fn monitored(&mut self, number: &PhoneNumber) -> Result<&mut MonitoredNumber> {
        self.monitored.get_mut(number).context("a number that is not monitored")
    }

    fn hours(&self, since: Timestamp) -> impl Iterator<Item = &HourOfCalls> {
        self.calls.iter().filter(move |hour| hour.at >= since)
    }

    fn ask(&self, import: Import, account: Option<&str>) -> Result<&Self, Error> {
        match (self.failures.get(&import), account) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Some(id)) if id != self.account.id => Err(Error::no_such_account(id)),
            (None, _) => Ok(self),
        }
    }
}

#[dialguard::async_trait]
impl CarrierLookup for SmallDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.clone()
    }
    async fn sources(&self) -> Vec<Source> {
        self.sources.clone()
    }
    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let known = self.ask(Import::LookUp, None)?;
        let asked = known.sources.iter().filter(|source| sources.is_empty() || sources.contains(&source.id));
        let carriers: BTreeSet<_> = asked.flat_map(|source| &source.carriers).copied().collect();
        let mut table = VerdictTable::of(carriers.into_iter().collect());
        for number in numbers {
            table.push(known.verdicts.get(&number).into_iter().flatten().copied());
        }
        Ok(table)
    }
}

#[dialguard::async_trait]
impl NumberInventory for SmallDialer {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        Ok(self.ask(Import::GetAccount, Some(id))?.account.clone())
    }
    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        let above = self.ask(Import::Monitored, Some(id))?.monitored.range(after + 1..);
        Ok(above.map(|(_, number)| *number).take(limit as usize).collect())
    }
    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        Ok(self.ask(Import::Owned, Some(id))?.owned.intersection(&numbers.into_iter().collect()).copied().collect())
    }
    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        let mut closest: Vec<_> = self.ask(Import::Candidates, Some(id))?.candidates.values().copied().collect();
        closest.sort_by_cached_key(|candidate| {
            let Candidate { number, price_cents, rested } = *candidate;
            (Reverse(digits_shared(number, like)), !rested, price_cents, number)
        });
        Ok(closest.into_iter().take(limit as usize).collect())
    }
    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        let events = self.ask(Import::FlagEvents, Some(id))?.flag_events.iter();
        Ok(events.filter(|event| event.at >= since).copied().collect())
    }
    async fn calls(&self, id: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        let known = self.ask(Import::Calls, Some(id))?;
        if known.calls.is_empty() {
            return Ok(CallTable::new()); // This dialer does not know how calls went.
        }
        let mut sums = BTreeMap::<PhoneNumber, NumberCalls>::new();
        for HourOfCalls { number, calls, .. } in known.hours(since) {
            let sum = sums.entry(*number).or_insert(NO_CALLS);
            sum.attempts += calls.attempts;
            sum.answered += calls.answered;
            sum.short += calls.short;
            sum.blocked += calls.blocked;
        }
        Ok(numbers.iter().map(|number| sums.get(number).copied().unwrap_or(NO_CALLS)).collect())
    }
    async fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        let known = self.ask(Import::CallsInAll, Some(id))?;
        let sum = |part: fn(&NumberCalls) -> u32| known.hours(since).map(|hour| u64::from(part(&hour.calls))).sum();
        let [attempts, answered] = [sum(|calls| calls.attempts), sum(|calls| calls.answered)];
        let [short, blocked] = [sum(|calls| calls.short), sum(|calls| calls.blocked)];
        Ok(CallTotals { attempts, answered, short, blocked })
    }
    async fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        let mut longest: Vec<_> = self.ask(Import::Rested, Some(id))?.rested.values().copied().collect();
        longest.sort_by_key(|number| number.resting_since);
        Ok(longest.into_iter().collect())
    }
}

const NO_CALLS: NumberCalls = NumberCalls { attempts: 0, answered: 0, short: 0, blocked: 0 };

/// How many leading digits two numbers have in common.
fn digits_shared(one: PhoneNumber, other: PhoneNumber) -> usize {
    one.to_string().bytes().zip(other.to_string().bytes()).take_while(|(one, other)| one == other).count()
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, file] = &arguments[..] else { bail!("say `days POLICY.wasm` or `conformance POLICY.wasm`") };
    let component = std::fs::read(file).with_context(|| format!("{file} cannot be read"))?;
    let policy = Policy::compile(&component, Limits::default())?;
    match command.as_str() {
        "days" => days::tell(&policy, &component).await,
        "conformance" => conformance(&policy).await,
        _ => bail!("there is no command {command}; say `days` or `conformance`"),
    }
}

async fn conformance(policy: &Policy) -> Result<()> {
    let report = check_embedding(policy, |fixture| SmallDialer::of_case(&fixture).as_of_now()).await;
    println!("{}", serde_json::to_string(&report)?);
    ensure!(report.passed(), "{report}");
    Ok(())
}
