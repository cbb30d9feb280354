//! Bills of cycles, present and past: they are what the ledger charged, whatever happened.

use super::*;
use crate::ledger::actors::Change;
use crate::prices::REPLACEMENT_PRICE_CENTS;
use proptest::prelude::*;

/// What happens to an account, by and by.
#[derive(Debug, Clone)]
enum Step {
    /// So many hours pass.
    Wait(u64),
    /// The add-on is switched.
    Switch(bool),
    /// A number is replaced: by one that was bought for so many cents, or by one on hand.
    Replace(Option<u32>),
    /// So many percent of what may be credited are.
    Credit(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..900_u64).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Switch),
        3 => prop::option::of(1..300_u32).prop_map(Step::Replace),
        1 => (1..60_u64).prop_map(Step::Credit),
    ]
}

/// An account whose steps are taken at their times.
struct Story {
    fixture: Fixture,
    now: Timestamp,
    orders: u64,
}

impl Story {
    fn new() -> Self {
        let fixture = Fixture::new("2026-01-15T12:00:00Z");
        fixture
            .execute("INSERT INTO providers (name, kind, price_cents, settings) VALUES ('shop', 'twilio', 115, '{}');")
            .unwrap();
        fixture
            .execute(
                "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
                 VALUES (5, 1, 'review', 1, '2026-01-15', 100, 0, 'abc')",
            )
            .unwrap();
        let now = fixture.now;
        Story { fixture, now, orders: 0 }
    }

    fn take(&mut self, step: &Step) {
        let ledger = &self.fixture.ledger;
        match step {
            Step::Wait(hours) => {
                self.now += hours * 3_600;
                ledger.accept_time(self.now).unwrap();
            }
            Step::Switch(enabled) => {
                let change = AccountChange { enabled: Some(*enabled), ..AccountChange::default() };
                ledger.change_account(ACME, &change, self.now).unwrap();
            }
            Step::Replace(price) => self.replace(*price),
            Step::Credit(percent) => {
                let left: i64 = self.fixture.charges().iter().map(|(_, cents)| cents).sum();
                // Refused if nothing is left.
                drop(ledger.credit(ACME, left as u64 * percent / 100, "A mistake", self.now));
            }
        }
    }

    /// As the ledger leaves an order that was bought, swapped and finished.
    fn replace(&mut self, price: Option<u32>) {
        self.orders += 1;
        let (id, now) = (self.orders, to_sql(self.now));
        let order = |transaction: &Change| {
            let (account, _) = accounts::open(transaction, ACME, self.now)?;
            let (cycle, day) = (to_sql(account.cycle_starts_at), to_sql(account.day(self.now).starts_at));
            transaction.execute(
                "INSERT INTO orders (id, account, run, number, replacement, slot, why, state, intended_at, provider, price_cents)
                 VALUES (?1, 1, 5, ?1, 1000 + ?1, 1, 'requested', 'intended', ?2, iif(?3 IS NULL, NULL, 'shop'), ?3)",
                params![to_sql(id), now, price],
            )?;
            if price.is_some() {
                transaction.execute("UPDATE accounts SET day_cents_max = 1000000, cycle_cents_max = 1000000", [])?;
                transaction.execute(
                    "UPDATE orders SET state = 'acquired', sent_at = ?2, spent_on = '2026-01-15', spent_day = ?3,
                            spent_cycle = ?4 WHERE id = ?1",
                    params![to_sql(id), now, day, cycle],
                )?;
            }
            transaction.execute("UPDATE orders SET state = 'abandoned' WHERE id = ?1", [to_sql(id)])?;
            transaction.execute(
                "INSERT INTO events (account, at, kind, number, cents, text, order_id, actor)
                 VALUES (1, ?2, 'replacement-charged', ?1, ?3, 'It was replaced.', ?1, 1)",
                params![to_sql(id), now, to_sql(REPLACEMENT_PRICE_CENTS)],
            )?;
            accounts::touch(transaction, account.key, self.now)
        };
        self.fixture.ledger.change(order).unwrap();
    }

    fn bill(&self, cycle: Option<u32>) -> Billing {
        self.fixture.ledger.billing(ACME, cycle, self.now).unwrap()
    }

    /// Every line of a bill, read a few at a time.
    fn lines(&self, cycle: u32) -> Vec<BillLine> {
        let mut lines: Vec<BillLine> = Vec::new();
        loop {
            let after = lines.last().map(|line| line.place);
            let page = self.fixture.ledger.bill_lines(ACME, Some(cycle), after, 3, self.now).unwrap();
            if page.is_empty() {
                return lines;
            }
            lines.extend(page);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Every event counts in one cycle, the lines of a cycle are its sums, and the present bill is the one of the head.
    #[test]
    fn bills_add_up_to_what_the_ledger_charged(steps in prop::collection::vec(step(), 1..24)) {
        let mut story = Story::new();
        steps.iter().for_each(|step| story.take(step));
        let ledger = &story.fixture.ledger;
        let cycles = ledger.cycles(ACME, usize::MAX, story.now).unwrap();
        let indexes: Vec<u32> = cycles.iter().map(|cycle| cycle.index).collect();
        prop_assert_eq!(&indexes, &(0..cycles.len() as u32).collect::<Vec<_>>(), "each cycle is known");
        prop_assert!(cycles.windows(2).all(|two| two[0].ends_at == two[1].starts_at && !two[0].is_present));

        let bills: Vec<Billing> = indexes.iter().map(|index| story.bill(Some(*index))).collect();
        for bill in &bills {
            let lines = story.lines(bill.cycle.index);
            let sum = |kind: BillLineKind| lines.iter().filter(|line| line.kind == kind).map(|line| line.cents).sum::<i64>();
            prop_assert_eq!(sum(BillLineKind::Blocks), bill.blocks_cents as i64);
            prop_assert_eq!(sum(BillLineKind::Replacement), bill.replacements_cents as i64);
            prop_assert_eq!(sum(BillLineKind::Number), bill.numbers_cents as i64);
            prop_assert_eq!(-sum(BillLineKind::Credit), bill.credited_cents as i64);
            prop_assert_eq!(lines.iter().map(|line| line.cents).sum::<i64>(), bill.total_cents());
            prop_assert!(lines.windows(2).all(|two| two[0].place < two[1].place));
            prop_assert_eq!(bill.before, bill.cycle.index.checked_sub(1));
        }
        let recorded: i64 = story.fixture.charges().iter().map(|(_, cents)| cents).sum();
        let due: u64 = cycles.iter().map(|cycle| cycle.due_cents).sum();
        prop_assert_eq!(bills.iter().map(Billing::balance_cents).sum::<i64>(), recorded + due as i64);

        let (present, head) = (story.bill(None), ledger.bill(ACME, story.now).unwrap());
        prop_assert_eq!(&present, bills.last().unwrap());
        prop_assert_eq!(present.charged_cents(), head.charged_cents);
        prop_assert_eq!((present.cycle.due_cents, present.credited_cents), (head.due_cents, head.credited_cents));
    }
}

#[test]
fn a_cycle_that_is_not_there_has_no_bill() {
    let story = Story::new();
    let ledger = &story.fixture.ledger;
    assert!(matches!(ledger.billing(ACME, Some(1), story.now), Err(LedgerError::NoSuchCycle { cycle: 1, .. })));
    assert_eq!(ledger.billing(ACME, Some(1), story.now + 31 * 86_400).unwrap().cycle.due_cents, 4_900);
    assert!(matches!(ledger.billing("other", None, story.now), Err(LedgerError::NoSuchAccount(_))));
}

#[test]
fn a_cycle_that_began_since_the_last_change_comes_after_one_that_did_too() {
    let story = Story::new();
    let bill = story.fixture.ledger.billing(ACME, None, story.now + 62 * 86_400).unwrap();
    assert_eq!((bill.cycle.index, bill.before, bill.cycle.due_cents), (2, Some(1), 4_900));
}

#[test]
fn a_place_in_a_bill_is_read_as_it_is_written() {
    for text in ["1768467600-0-15", "0-1-0"] {
        assert_eq!(text.parse::<BillPlace>().unwrap().to_string(), text);
    }
    for text in ["", "1", "1-2-3", "1-0", "1-0--3", "99999999999999999999-0-1", "9223372036854775808-0-1", "x-0-1"] {
        assert!(text.parse::<BillPlace>().is_err(), "{text}");
    }
}

/// Charges of a ledger that recorded no cycles count in the cycle that they name, and others in the one before.
#[test]
fn a_ledger_from_before_cycles_were_recorded_is_upgraded() {
    let (folder, before) = ledger_of_schema(24);
    before
        .execute_batch(
            "INSERT INTO events (account, at, kind, text) VALUES (1, 1000, 'account-added', '');
             INSERT INTO events (account, at, kind, cents, text, cause) VALUES
                 (1, 1000, 'charged', 4900, 'first', 'cycle 0'), (1, 9000, 'charged', 9800, 'third', 'cycle 2');
             INSERT INTO events (account, at, kind, cents, text) VALUES (1, 5000, 'credited', -100, 'in between');
             UPDATE accounts SET settings = '{\"auto_replace\":false,\"replacements_per_day_max\":3,\"values\":{}}',
                    cycle_index = 3, cycle_starts_at = 20000, cycle_ends_at = 30000;",
        )
        .unwrap();
    drop(before);
    let ledger = Ledger::open(folder.path()).unwrap();
    let cycles = ledger.cycles(ACME, 10, 25_000).unwrap();
    let spans: Vec<_> = cycles.iter().map(|cycle| (cycle.index, cycle.starts_at, cycle.ends_at)).collect();
    assert_eq!(spans, [(0, 1_000, 9_000), (2, 9_000, 20_000), (3, 20_000, cycles[2].ends_at)]);
    let balances = [0, 2, 3].map(|index| ledger.billing(ACME, Some(index), 25_000).unwrap().balance_cents());
    assert_eq!(balances, [4_800, 9_800, 0]);
}
