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
use dialguard::scenarios::{Fixture, Import, check_embedding};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The facts a policy reads. Replace them with your database and your carriers.
#[derive(Clone, PartialEq)]
struct SmallDialer {
    now: Timestamp,
    carriers: Vec<Carrier>,
    observations: BTreeMap<PhoneNumber, Vec<Observation>>,
    account: Account,
    monitored: BTreeMap<PhoneNumber, MonitoredNumber>,
    owned: BTreeSet<PhoneNumber>,
    candidates: BTreeSet<PhoneNumber>,
    flag_events: Vec<FlagEvent>,
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
        for review in &plan.reviews {
            let number = next.monitored.get_mut(&review.number).context("a number that is not monitored")?;
            if number.status != review.status {
                (number.status, number.status_since) = (review.status, self.now);
                let flagged = Some(review.number).filter(|_| review.status == Status::Flagged);
                next.flag_events.extend(flagged.map(|number| FlagEvent { number, at: self.now }));
            }
            (number.flagging_checks, number.clearing_checks) = (review.flagging_checks, review.clearing_checks);
            number.last_rated_at = Some(self.now);
        }
        for action in &plan.actions {
            let Action::ReplaceNumber(replacement) = action else {
                bail!("a review replaces numbers and does no more")
            };
            let (gone, new) = (replacement.number, replacement.replacement);
            let slot = next.monitored.remove(&gone).context("a number that is not monitored")?.slot;
            next.monitored.insert(new, days::taken_on(new, slot, self.now));
            next.owned.remove(&gone);
            next.owned.insert(new);
            next.candidates.remove(&new);
            next.account.replacements_today += 1;
        }
        next.account.rated_today += plan.reviews.len() as u32;
        next.account.revision += 1;
        *self = next;
        Ok(())
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
    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        let observations = &self.ask(Import::LookUp, None)?.observations;
        Ok(numbers.iter().filter_map(|number| observations.get(number)).flatten().copied().collect())
    }
}

#[dialguard::async_trait]
impl NumberInventory for SmallDialer {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        Ok(self.ask(Import::GetAccount, Some(id))?.account.clone())
    }
    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        let above = self.ask(Import::Monitored, Some(id))?.monitored.range(after + 1..);
        Ok(above.map(|(_, number)| *number).take(limit as usize).collect())
    }
    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        Ok(self.ask(Import::Owned, Some(id))?.owned.intersection(&numbers.into_iter().collect()).copied().collect())
    }
    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        let mut closest: Vec<_> = self.ask(Import::Candidates, Some(id))?.candidates.iter().copied().collect();
        closest.sort_by_cached_key(|number| Reverse(digits_shared(*number, like)));
        closest.truncate(limit as usize);
        Ok(closest)
    }
    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        let events = self.ask(Import::FlagEvents, Some(id))?.flag_events.iter();
        Ok(events.filter(|event| event.at >= since).copied().collect())
    }
}

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
