//! What the policy reads of the account in memory.

use super::{AccountModel, HOUR};
use crate::contract::*;
use crate::dialer::Dialer;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

impl Dialer for AccountModel {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn sources(&self) -> Vec<Source> {
        let look_ups = self.look_ups.borrow();
        let asked = |source: &Source| look_ups.of_source.get(&source.id).copied().unwrap_or_default();
        let left = |source: &Source| source.look_ups_left.map(|left| left.saturating_sub(asked(source)));
        self.sources.iter().map(|source| Source { look_ups_left: left(source), ..source.clone() }).collect()
    }

    /// A source that has fewer look-ups left answers about the first numbers.
    fn look_up(&self, numbers: &[PhoneNumber], sources: &[SourceId]) -> Result<VerdictTable, Error> {
        let known = self.sources();
        let asked: Vec<_> = known.iter().filter(|source| sources.is_empty() || sources.contains(&source.id)).collect();
        assert!(sources.is_empty() || sources.len() == asked.len(), "an unknown source is asked, or one twice");
        let mut look_ups = self.look_ups.borrow_mut();
        look_ups.numbers.extend(numbers);
        asked.iter().for_each(|source| *look_ups.of_source.entry(source.id).or_default() += numbers.len() as u32);
        let answers = |place: u32, carrier: &CarrierId| {
            let mut speakers = asked.iter().filter(|source| source.look_ups_left.is_none_or(|left| place < left));
            known.is_empty() || speakers.any(|source| source.carriers.contains(carrier))
        };
        let mut table = VerdictTable::of(self.carriers.iter().copied().collect());
        for (place, number) in (0..).zip(numbers) {
            let opinions = self.opinions.get(number).into_iter().flat_map(BTreeMap::values);
            table.push(opinions.filter(|verdict| answers(place, &verdict.carrier)).copied());
        }
        Ok(table)
    }

    fn account(&self, id: &str) -> Result<Account, Error> {
        self.check_id(id)?;
        Ok(self.account.clone())
    }

    fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        self.check_id(id)?;
        Ok(self.monitored.range(after + 1..).take(limit as usize).map(|(_, number)| *number).collect())
    }

    fn owned(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
        self.check_id(id)?;
        let numbers: BTreeSet<_> = numbers.iter().copied().collect();
        Ok(self.owned.intersection(&numbers).copied().collect())
    }

    fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        self.check_id(id)?;
        let digits = alloc::format!("{like}");
        let shared = |number: PhoneNumber| {
            let other = alloc::format!("{number}");
            digits.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
        };
        let price_cents = |number| self.prices.get(number).copied().unwrap_or_default();
        let rested =
            self.offered_again.iter().map(|number| Candidate { number: *number, price_cents: 0, rested: true });
        let offered = self.offered.iter().map(|number| Candidate {
            number: *number,
            price_cents: price_cents(number),
            rested: false,
        });
        let mut candidates: Vec<_> = rested.chain(offered).collect();
        candidates
            .sort_by_key(|one| (core::cmp::Reverse((shared(one.number), one.rested)), one.price_cents, one.number));
        Ok(candidates.into_iter().take(limit as usize).collect())
    }

    fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        self.check_id(id)?;
        Ok(self.flag_events.iter().filter(|event| event.at >= since).copied().collect())
    }

    fn calls(&self, id: &str, numbers: &[PhoneNumber], since: Timestamp) -> Result<CallTable, Error> {
        self.check_id(id)?;
        let of_number = |number: &PhoneNumber| {
            let mut all = NumberCalls { attempts: 0, answered: 0, short: 0, blocked: 0 };
            for (_, calls) in self.calls.range((*number, since / HOUR)..=(*number, u64::MAX)) {
                all.attempts += calls.attempts;
                all.answered += calls.answered;
                all.blocked += calls.blocked;
            }
            all
        };
        Ok(numbers.iter().map(of_number).collect())
    }

    fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        self.check_id(id)?;
        let mut totals = CallTotals { attempts: 0, answered: 0, short: 0, blocked: 0 };
        for ((_, hour), calls) in &self.calls {
            if *hour >= since / HOUR {
                totals.attempts += u64::from(calls.attempts);
                totals.answered += u64::from(calls.answered);
                totals.blocked += u64::from(calls.blocked);
            }
        }
        Ok(totals)
    }

    fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        self.check_id(id)?;
        let mut rested: Vec<_> = self.rested.values().copied().collect();
        rested.sort_by_key(|rested| (rested.resting_since, rested.number));
        Ok(rested.into_iter().collect())
    }
}
