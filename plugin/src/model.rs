//! A dialer with one account in memory that applies plans and asserts the ledger's invariants.
//!
//! The tests of the rules run against it. It shares no code with a host, so that each can reveal the other's bugs.

use crate::contract::*;
use crate::{request, review, settings};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::RefCell;

mod imports;

/// Seconds in an hour.
pub const HOUR: u64 = 3_600;
/// Seconds in a day.
pub const DAY: u64 = 24 * HOUR;
/// Seconds in a billing cycle of the model: 30 days.
pub const CYCLE: u64 = 30 * DAY;
/// 2026-01-01T00:00:00Z, when the model's first cycle begins.
pub const FIRST_CYCLE_STARTS_AT: Timestamp = 1_767_225_600;

/// One account, `acme`, with its numbers, their calls, and what carriers say about them. Its days begin at midnight UTC.
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
    /// Numbers that were replaced and rest.
    pub rested: BTreeMap<PhoneNumber, RestedNumber>,
    /// Numbers that have rested and may take another's place.
    pub offered_again: BTreeSet<PhoneNumber>,
    /// What candidates cost, in US cents; nothing if not named here.
    pub prices: BTreeMap<PhoneNumber, u32>,
    /// Where opinions come from, in ascending order of id. None stands for one free source that speaks for every carrier.
    pub sources: Vec<Source>,
    /// Which numbers became flagged, and when.
    pub flag_events: Vec<FlagEvent>,
    /// Replacements ordered but not delivered.
    pub orders: Vec<Replacement>,
    /// Whether orders are delivered at once.
    pub delivers_at_once: bool,
    /// By number and the hour since 1970 in which they were made.
    calls: BTreeMap<(PhoneNumber, u64), NumberCalls>,
    opinions: BTreeMap<PhoneNumber, BTreeMap<CarrierId, CarrierVerdict>>,
    carriers: BTreeSet<CarrierId>,
    look_ups: RefCell<LookUps>,
}

/// What has been looked up.
#[derive(Debug, Clone, Default)]
struct LookUps {
    /// Numbers, as often as each was.
    numbers: Vec<PhoneNumber>,
    /// Numbers asked of each source on this date.
    of_source: BTreeMap<SourceId, u32>,
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
                look_ups_today: 0,
                replacements_today: 0,
                guard_rails: GuardRails { auto_replace: false, replacements_per_day_max: 3 },
                settings: settings::defaults(),
            },
            monitored: BTreeMap::new(),
            owned: BTreeSet::new(),
            offered: BTreeSet::new(),
            released: BTreeSet::new(),
            rested: BTreeMap::new(),
            offered_again: BTreeSet::new(),
            prices: BTreeMap::new(),
            sources: Vec::new(),
            flag_events: Vec::new(),
            orders: Vec::new(),
            delivers_at_once: true,
            calls: BTreeMap::new(),
            opinions: BTreeMap::new(),
            carriers: BTreeSet::new(),
            look_ups: RefCell::default(),
        }
    }

    /// Sets one of the policy's settings, by its name.
    pub fn set(&mut self, setting: &str, value: i64) {
        self.account.settings[settings::place(setting)] = value;
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

    /// Adds a number that was replaced, rests since then, and has ended this many rests before.
    pub fn rest(&mut self, number: PhoneNumber, resting_since: Timestamp, rests: u8) {
        self.rested.insert(number, RestedNumber { number, resting_since, rests });
    }

    /// Adds calls from the number, made in the current hour. None of the answered ones was short.
    pub fn call(&mut self, number: PhoneNumber, attempts: u32, answered: u32, blocked: u32) {
        let none = NumberCalls { attempts: 0, answered: 0, short: 0, blocked: 0 };
        let calls = self.calls.entry((number, self.now / HOUR)).or_insert(none);
        calls.attempts += attempts;
        calls.answered += answered;
        calls.blocked += blocked;
    }

    /// Replaces the opinions about the number by these scores of carriers 0, 1, 2, …, as of now; none means 'no data'.
    pub fn observe(&mut self, number: PhoneNumber, scores: &[Option<u8>]) {
        self.opinions.remove(&number);
        for (carrier, score) in scores.iter().enumerate() {
            self.observe_at(carrier as CarrierId, number, *score, self.now);
        }
    }

    /// Sets one carrier's score of the number, as of `observed_at`.
    pub fn observe_at(&mut self, carrier: CarrierId, number: PhoneNumber, score: Option<u8>, observed_at: Timestamp) {
        self.carriers.insert(carrier);
        let verdict = CarrierVerdict { carrier, score, observed_at };
        self.opinions.entry(number).or_default().insert(carrier, verdict);
    }

    /// Removes what carriers say about every number.
    pub fn forget_opinions(&mut self) {
        self.opinions.clear();
    }

    /// Adds a source that speaks for these carriers.
    pub fn add_source(&mut self, price: u32, look_ups_left: Option<u32>, carriers: &[CarrierId]) {
        let id = self.sources.len() as SourceId + 1;
        let name = alloc::format!("source {id}");
        self.sources.push(Source { id, name, price, look_ups_left, carriers: carriers.to_vec() });
    }

    /// How many numbers have been looked up, counting repeats.
    pub fn numbers_looked_up(&self) -> usize {
        self.look_ups.borrow().numbers.len()
    }

    /// The numbers looked up since the last call of this, in the order asked.
    pub fn take_look_ups(&self) -> Vec<PhoneNumber> {
        core::mem::take(&mut self.look_ups.borrow_mut().numbers)
    }

    /// How many numbers each source has been asked about on this date, in ascending order of id.
    pub fn asked_of_sources(&self) -> Vec<u32> {
        let asked = &self.look_ups.borrow().of_source;
        self.sources.iter().map(|source| asked.get(&source.id).copied().unwrap_or_default()).collect()
    }

    /// Runs the daily review and applies its plan.
    pub fn review(&mut self) -> Plan {
        let before = self.numbers_looked_up();
        let plan = review::review_account(self, "acme").expect("the model's account can be reviewed");
        self.account.look_ups_today += (self.numbers_looked_up() - before) as u32;
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
            account.look_ups_today = 0;
            account.replacements_today = 0;
            self.look_ups.borrow_mut().of_source.clear();
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
        let reviews = plan.reviews.rows().expect("a table");
        assert!(plan.reviews.numbers.is_sorted_by(|one, next| one < next), "reviews are in ascending order");
        reviews.for_each(|review| self.apply_review(&review, plan.suspects.as_ref()));
        if let Some(suspects) = &plan.suspects {
            self.apply_suspects(suspects);
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

    fn apply_review(&mut self, review: &Review, suspects: Option<&SuspectTable>) {
        let now = self.now;
        let number = self.monitored.get_mut(&review.number).expect("only a monitored number is reviewed");
        assert_ne!(review.status, Status::Pending, "a reviewed number has a status");
        assert!(review.evidence_until >= number.evidence_until, "evidence only becomes newer");
        if review.answering == 0 {
            assert!(
                suspects.is_some_and(|suspects| suspects.numbers.contains(&review.number)),
                "unrated for no reason"
            );
            assert_ne!(review.status, number.status, "a row that changes nothing");
        } else {
            let rated_before_today = number.last_rated_at.is_none_or(|at| at < self.account.day_starts_at);
            assert!(rated_before_today, "a number is rated once per date");
            number.last_rated_at = Some(now);
            self.account.rated_today += 1;
        }
        if review.status != number.status {
            if review.status == Status::Flagged {
                self.flag_events.push(FlagEvent { number: review.number, at: now });
            }
            number.status = review.status;
            number.status_since = now;
        }
        number.flagging_checks = review.flagging_checks;
        number.clearing_checks = review.clearing_checks;
        number.evidence_until = review.evidence_until;
    }

    fn apply_suspects(&mut self, suspects: &SuspectTable) {
        let rows = suspects.rows().expect("a table");
        assert!(suspects.numbers.is_sorted_by(|one, next| one < next), "suspects are in ascending order");
        let before: BTreeMap<_, _> = self.monitored.values().map(|n| (n.number, n.suspect_since)).collect();
        self.monitored.values_mut().for_each(|number| number.suspect_since = None);
        for suspect in rows {
            let number = self.monitored.get_mut(&suspect.number).expect("only a monitored number is suspect");
            assert!(suspect.attempts > 0 && matches!(number.status, Status::AtRisk | Status::Flagged));
            number.suspect_since = before[&suspect.number].or(Some(self.now));
        }
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
                let chosen = replacement.replacement;
                let was_offered = self.offered.remove(&chosen) || self.offered_again.remove(&chosen);
                assert!(was_offered, "a replacement is a candidate, used once");
                assert!((1..=500).contains(&replacement.because.len()));
                old.replacement_pending = true;
                if replacement.why == ReplacementReason::Flagged {
                    let guard_rails = self.account.guard_rails;
                    assert!(guard_rails.auto_replace);
                    assert!(old.status == Status::Flagged || old.suspect_since.is_some());
                    self.account.replacements_today += 1;
                    assert!(self.account.replacements_today <= u32::from(guard_rails.replacements_per_day_max));
                }
                self.orders.push(replacement.clone());
            }
            Action::StopUsing(number) => {
                let number = self.monitored.get_mut(number).expect("a monitored number is taken out of use");
                assert!(self.account.guard_rails.auto_replace && number.status == Status::Flagged);
                assert!(number.resting_since.is_none() && !number.replacement_pending);
                number.resting_since = Some(self.now);
            }
            Action::UseAgain(number) => {
                let number = self.monitored.get_mut(number).expect("a monitored number is used again");
                assert!(number.resting_since.take().is_some(), "it was in use");
            }
            Action::OfferAgain(number) => {
                assert!(self.rested.remove(number).is_some(), "only a number that rests is offered again");
                self.offered_again.insert(*number);
            }
            Action::RestOn(number) => {
                let rested = self.rested.get_mut(number).expect("only a number that rests rests on");
                *rested = RestedNumber { number: *number, resting_since: self.now, rests: rested.rests + 1 };
            }
            Action::GiveBack(number) => {
                assert!(self.rested.remove(number).is_some(), "only a number that rests is given back");
                self.released.insert(*number);
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

    /// Delivers every order: the new number takes the slot and starts pending, the old one rests.
    pub fn deliver(&mut self) {
        for order in core::mem::take(&mut self.orders) {
            let old = self
                .monitored
                .remove(&order.number)
                .expect("a number keeps its slot until its replacement is delivered");
            self.owned.remove(&order.number);
            self.rest(order.number, self.now, 0);
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
            evidence_until: None,
            suspect_since: None,
            resting_since: None,
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
        let is_elsewhere = |number| self.owned.contains(number) || self.released.contains(number);
        let rest_or_rested = self.rested.keys().chain(&self.offered_again);
        assert!(
            !rest_or_rested.clone().any(is_elsewhere),
            "a number that was replaced is neither in use nor given back"
        );
    }

    fn check_id(&self, id: &str) -> Result<(), Error> {
        if id == self.account.id {
            return Ok(());
        }
        Err(Error { code: ErrorCode::NoSuchAccount, message: alloc::format!("There is no account {id}.") })
    }
}
