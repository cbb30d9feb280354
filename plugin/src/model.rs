//! A dialer with one account in memory that applies plans and asserts the ledger's invariants.
//!
//! The tests of the rules run against it. It shares no code with a host, so that each can reveal the other's bugs.

use crate::contract::*;
use crate::dialer::Dialer;
use crate::{request, review};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::Cell;

/// Seconds in an hour.
pub const HOUR: u64 = 3_600;
/// Seconds in a day.
pub const DAY: u64 = 24 * HOUR;
/// Seconds in a billing cycle of the model: 30 days.
pub const CYCLE: u64 = 30 * DAY;
/// 2026-01-01T00:00:00Z, when the model's first cycle begins.
pub const FIRST_CYCLE_STARTS_AT: Timestamp = 1_767_225_600;

/// One account, `acme`, with its numbers and the carriers' observations. Its days begin at midnight UTC.
#[derive(Debug, Clone)]
pub struct AccountModel {
    /// The answer of `clock.now`.
    pub now: Timestamp,
    /// The answer of `number-inventory.get-account`.
    pub account: Account,
    /// The account's monitored numbers.
    pub monitored: BTreeMap<PhoneNumber, MonitoredNumber>,
    /// Every number of the account, monitored or not.
    pub owned: BTreeSet<PhoneNumber>,
    /// Numbers that could be bought.
    pub offered: BTreeSet<PhoneNumber>,
    /// Numbers that the account no longer has.
    pub released: BTreeSet<PhoneNumber>,
    /// Which numbers became flagged, and when.
    pub flag_events: Vec<FlagEvent>,
    /// Replacements ordered but not delivered.
    pub orders: Vec<Replacement>,
    /// Whether orders are delivered at once.
    pub delivers_at_once: bool,
    observations: BTreeMap<PhoneNumber, Vec<Observation>>,
    numbers_looked_up: Cell<usize>,
}

/// The defaults that `wit/0.2.0/types.wit` names.
pub fn default_settings() -> Settings {
    Settings {
        spam_score_min: 80,
        rating_carriers_min: 2,
        checks_to_flag: 2,
        checks_to_clear: 2,
        observation_age_max_hours: 48,
        auto_replace: false,
        replacements_per_day_max: 3,
        new_number_grace_days: 0,
        mass_flag_percent: 30,
        other: Vec::new(),
    }
}

impl AccountModel {
    /// An account with the add-on on and `blocks` blocks, at 09:00 on its first day.
    pub fn new(blocks: u32) -> Self {
        AccountModel {
            now: FIRST_CYCLE_STARTS_AT + 9 * HOUR,
            account: Account {
                id: "acme".into(),
                revision: 1,
                enabled: true,
                slot_count: blocks * 15,
                slot_count_next: blocks * 15,
                slots_per_block: 15,
                block_price_cents: 4_900,
                cycle_starts_at: FIRST_CYCLE_STARTS_AT,
                cycle_ends_at: FIRST_CYCLE_STARTS_AT + CYCLE,
                day_starts_at: FIRST_CYCLE_STARTS_AT,
                locked_slots: Vec::new(),
                monitored_count: 0,
                rated_today: 0,
                replacements_today: 0,
                settings: default_settings(),
            },
            monitored: BTreeMap::new(),
            owned: BTreeSet::new(),
            offered: BTreeSet::new(),
            released: BTreeSet::new(),
            flag_events: Vec::new(),
            orders: Vec::new(),
            delivers_at_once: true,
            observations: BTreeMap::new(),
            numbers_looked_up: Cell::new(0),
        }
    }

    /// Adds numbers to the account.
    pub fn own(&mut self, numbers: &[PhoneNumber]) {
        self.owned.extend(numbers);
    }

    /// Adds numbers to the account and monitors them in the lowest free slots.
    pub fn own_and_monitor(&mut self, numbers: &[PhoneNumber]) {
        self.own(numbers);
        let decision = self.request(Request::StartMonitoring(numbers.to_vec()));
        assert!(decision.outcomes.iter().all(|outcome| outcome.answer == Answer::Accepted), "no slot for {numbers:?}");
    }

    /// Offers the number as a candidate.
    pub fn offer(&mut self, number: PhoneNumber) {
        self.offered.insert(number);
    }

    /// Replaces the number's observations by these scores of carriers 0, 1, 2, …, as of now; none means 'no data'.
    pub fn observe(&mut self, number: PhoneNumber, scores: &[Option<u8>]) {
        self.observations.remove(&number);
        for (carrier, score) in scores.iter().enumerate() {
            self.observe_at(carrier as CarrierId, number, *score, self.now);
        }
    }

    /// Sets one carrier's score of the number, as of `observed_at`.
    pub fn observe_at(&mut self, carrier: CarrierId, number: PhoneNumber, spam_score: Option<u8>, observed_at: u64) {
        let group = self.observations.entry(number).or_default();
        group.retain(|observation| observation.carrier != carrier);
        group.push(Observation { number, carrier, spam_score, observed_at });
    }

    /// Removes all observations.
    pub fn forget_observations(&mut self) {
        self.observations.clear();
    }

    /// How many numbers have been looked up, counting repeats.
    pub fn numbers_looked_up(&self) -> usize {
        self.numbers_looked_up.get()
    }

    /// Runs the daily review and applies its plan.
    pub fn review(&mut self) -> Plan {
        let plan = review::review_account(self, "acme").expect("the model's account can be reviewed");
        self.apply(&plan);
        plan
    }

    /// Makes a request and applies what is accepted.
    pub fn request(&mut self, request: Request) -> Decision {
        let decision = request::decide(self, "acme", request).expect("the model's account accepts requests");
        self.apply(&decision.plan);
        decision
    }

    /// Lets time pass, so that dates change and cycles end.
    pub fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        let account = &mut self.account;
        let day_starts_at = self.now - self.now % DAY;
        if day_starts_at > account.day_starts_at {
            account.day_starts_at = day_starts_at;
            account.rated_today = 0;
            account.replacements_today = 0;
        }
        while account.cycle_ends_at <= self.now {
            account.cycle_starts_at = account.cycle_ends_at;
            account.cycle_ends_at += CYCLE;
            account.slot_count = account.slot_count_next;
            account.locked_slots.clear();
        }
        account.revision += 1;
        self.assert_invariants();
    }

    /// Applies a plan as a host would, and asserts that it is valid.
    pub fn apply(&mut self, plan: &Plan) {
        assert_eq!(plan.account, self.account.id);
        assert_eq!(plan.based_on, self.account.revision, "a plan is applied only to the revision it is based on");
        assert_eq!(plan.decided_at, self.now);
        for review in &plan.reviews {
            self.apply_review(review);
        }
        for action in &plan.actions {
            self.apply_action(action);
        }
        self.account.monitored_count = self.monitored.len() as u32;
        self.account.revision += 1;
        self.assert_invariants();
        if self.delivers_at_once {
            self.deliver();
        }
    }

    fn apply_review(&mut self, review: &Review) {
        let now = self.now;
        let number = self.monitored.get_mut(&review.number).expect("only a monitored number is reviewed");
        assert!(
            number.last_rated_at.is_none_or(|at| at < self.account.day_starts_at),
            "a number is rated once per date"
        );
        if review.status != number.status {
            if review.status == Status::Flagged {
                self.flag_events.push(FlagEvent { number: review.number, at: now });
            }
            number.status = review.status;
            number.status_since = now;
        }
        number.flagging_checks = review.flagging_checks;
        number.clearing_checks = review.clearing_checks;
        number.last_rated_at = Some(now);
        self.account.rated_today += 1;
    }

    fn apply_action(&mut self, action: &Action) {
        match action {
            Action::OccupySlot(Occupancy { number, slot }) => {
                assert!(self.owned.contains(number) && !self.monitored.contains_key(number));
                assert!((1..=self.account.slot_count).contains(slot) && !self.is_taken(*slot));
                self.occupy(*number, *slot);
            }
            Action::LockSlot(closing) => {
                let left = self.monitored.remove(&closing.number).expect("only a monitored number's slot is locked");
                assert_eq!((left.slot, left.replacement_pending), (closing.slot, false));
                assert_eq!(closing.until, self.account.cycle_ends_at);
                self.account.locked_slots.push(SlotLock { slot: closing.slot, until: closing.until });
                self.account.locked_slots.sort_by_key(|lock| lock.slot);
            }
            Action::ReleaseNumber(number) => {
                assert!(!self.monitored.contains_key(number) && self.owned.remove(number));
                self.released.insert(*number);
            }
            Action::ReplaceNumber(replacement) => {
                let old = self.monitored.get_mut(&replacement.number).expect("only a monitored number is replaced");
                assert_eq!((old.slot, old.replacement_pending), (replacement.slot, false));
                assert!(self.offered.remove(&replacement.replacement), "a replacement is a candidate, used once");
                old.replacement_pending = true;
                if replacement.why == ReplacementReason::Flagged {
                    assert!(self.account.settings.auto_replace && old.status == Status::Flagged);
                    self.account.replacements_today += 1;
                    assert!(
                        self.account.replacements_today <= u32::from(self.account.settings.replacements_per_day_max)
                    );
                }
                self.orders.push(replacement.clone());
            }
            Action::SetBlocks(BlockChange { blocks, starting }) => {
                let slots = blocks * self.account.slots_per_block;
                self.account.slot_count_next = slots;
                if slots > self.account.slot_count {
                    assert_eq!(*starting, self.now);
                    self.account.slot_count = slots;
                } else {
                    assert_eq!(*starting, self.account.cycle_ends_at);
                }
            }
        }
    }

    /// Delivers every order: the new number takes the slot and starts pending, the old one leaves the account.
    pub fn deliver(&mut self) {
        for order in core::mem::take(&mut self.orders) {
            let old = self
                .monitored
                .remove(&order.number)
                .expect("a number keeps its slot until its replacement is delivered");
            self.owned.remove(&order.number);
            self.released.insert(order.number);
            self.owned.insert(order.replacement);
            self.occupy(order.replacement, old.slot);
            self.account.revision += 1;
        }
        self.assert_invariants();
    }

    fn occupy(&mut self, number: PhoneNumber, slot: SlotId) {
        self.account.locked_slots.retain(|lock| lock.slot != slot);
        let occupied = MonitoredNumber {
            number,
            slot,
            status: Status::Pending,
            status_since: self.now,
            monitored_since: self.now,
            flagging_checks: 0,
            clearing_checks: 0,
            last_rated_at: None,
            replacement_pending: false,
        };
        self.monitored.insert(number, occupied);
    }

    fn is_taken(&self, slot: SlotId) -> bool {
        self.monitored.values().any(|number| number.slot == slot)
            || self.account.locked_slots.iter().any(|lock| lock.slot == slot && lock.until > self.now)
    }

    fn assert_invariants(&self) {
        let mut slots: Vec<_> = self.monitored.values().map(|number| number.slot).collect();
        let locked = self.account.locked_slots.iter().filter(|lock| lock.until > self.now);
        slots.extend(locked.map(|lock| lock.slot));
        let in_use = slots.len();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots.len(), in_use, "a slot is occupied by one number or locked");
        assert!(in_use <= self.account.slot_count as usize, "more slots in use than the account has");
        assert!(
            self.monitored.len() <= self.account.slot_count_next as usize,
            "more monitored than the next cycle's slots"
        );
        assert!(self.monitored.keys().all(|number| self.owned.contains(number)), "a monitored number is owned");
        assert!(self.released.is_disjoint(&self.owned), "a released number stays released");
    }

    fn check_id(&self, id: &str) -> Result<(), Error> {
        if id == self.account.id {
            return Ok(());
        }
        Err(Error { code: ErrorCode::NoSuchAccount, message: alloc::format!("There is no account {id}.") })
    }
}

impl Dialer for AccountModel {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn look_up(&self, numbers: &[PhoneNumber]) -> Result<Vec<Observation>, Error> {
        self.numbers_looked_up.set(self.numbers_looked_up.get() + numbers.len());
        Ok(numbers.iter().filter_map(|number| self.observations.get(number)).flatten().copied().collect())
    }

    fn account(&self, id: &str) -> Result<Account, Error> {
        self.check_id(id)?;
        Ok(self.account.clone())
    }

    fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        self.check_id(id)?;
        Ok(self.monitored.range(after + 1..).take(limit as usize).map(|(_, number)| *number).collect())
    }

    fn owned(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
        self.check_id(id)?;
        let numbers: BTreeSet<_> = numbers.iter().copied().collect();
        Ok(self.owned.intersection(&numbers).copied().collect())
    }

    fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        self.check_id(id)?;
        let digits = alloc::format!("{like}");
        let shared = |number: &PhoneNumber| {
            let other = alloc::format!("{number}");
            digits.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
        };
        let mut offered: Vec<_> = self.offered.iter().copied().collect();
        offered.sort_by_key(|number| (core::cmp::Reverse(shared(number)), *number));
        offered.truncate(limit as usize);
        Ok(offered)
    }

    fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        self.check_id(id)?;
        Ok(self.flag_events.iter().filter(|event| event.at >= since).copied().collect())
    }
}
