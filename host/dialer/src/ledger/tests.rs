//! The database's own constraints, tested with SQL that no plan leads to, and the ledger's steps after a crash.

mod actors;
mod attention;
mod billing;
mod bounds;
mod calls;
mod number_pages;
mod records;
mod rest;

use super::file::SCHEMAS;
use super::*;
use crate::phone::Region;
use crate::zones::Zone;
use chrono::NaiveTime;
use dialguard::calendar::rfc3339;
use dialguard::contract::*;
use dialguard::policy::Inputs;
use dialguard::policy::Limits;
use dialguard::recording::Recording;
use rusqlite::params;
use rusqlite_migration::{M, Migrations};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::LazyLock;

/// A time in RFC 3339.
fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).expect("the test gives a time").timestamp() as Timestamp
}

const ACME: &str = "acme";
const NUMBER: PhoneNumber = 13_105_550_100;

struct Fixture {
    ledger: Arc<Ledger>,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

impl Fixture {
    /// An account with one block in New York, which owns ten numbers from `NUMBER` on and has three candidates.
    fn new(now: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).expect("the ledger can be made"));
        let new = NewAccount {
            id: ACME.into(),
            blocks: 1,
            time_zone: "America/New_York".parse().unwrap(),
            region: Region::US,
            review_at: NaiveTime::MIN,
            settings: AccountSettings::default(),
        };
        let now = at(now);
        ledger.add_account(&new, now).unwrap();
        let numbers: Vec<_> = (NUMBER..NUMBER + 10).collect();
        ledger.import_numbers(ACME, &numbers, ImportedAs::Owned, now).unwrap();
        ledger.import_numbers(ACME, &[NUMBER + 50, NUMBER + 51], ImportedAs::Candidate, now).unwrap();
        Fixture { ledger, now, _folder: folder }
    }

    fn execute(&self, sql: &str) -> Result<usize> {
        self.ledger.change(|transaction| Ok(transaction.execute(sql, [])?))
    }

    fn occupy(&self, number: PhoneNumber, slot: SlotId) -> Result<()> {
        self.ledger.change(|transaction| {
            let account = accounts::profile(transaction, ACME)?;
            accounts::slots::occupy(transaction, account.key, number, slot, self.now)
        })
    }

    /// Applies a plan whose inputs have all that it needs.
    async fn apply(&self, request: &Request, action: Action) -> Result<AppliedRun> {
        let (made, inputs) = self.planned(request, action).await?;
        self.ledger.apply(ACME, record(&made, &inputs))
    }

    async fn planned(&self, request: &Request, action: Action) -> Result<(RunOutcome, Inputs)> {
        use dialguard::dialer::NumberInventory;
        let (account, now) = self.ledger.account_at(ACME, self.now)?;
        let based_on = account.revision;
        let view = AccountView::new(self.ledger.clone(), account, now);
        let mut inputs = Inputs::default();
        inputs.now = Some(now);
        inputs.account = Some(view.account(ACME).await.unwrap());
        inputs.monitored = vec![view.monitored(ACME, 0, 10_000).await.unwrap().into()];
        inputs.owned = view.owned(ACME, (NUMBER..NUMBER + 60).collect()).await.unwrap().into_iter().collect();
        let offered = view.candidates(ACME, NUMBER, 100).await.unwrap();
        inputs.offered = offered.rows().unwrap().map(|candidate| (candidate.number, candidate.rested)).collect();
        let plan = Plan {
            account: ACME.into(),
            based_on,
            decided_at: now,
            reviews: ReviewTable::new(),
            suspects: None,
            actions: vec![action],
            notices: vec![],
        };
        let accepted = Outcome { answer: Answer::Accepted, until: None };
        Ok((RunOutcome::Request(request.clone(), Decision { plan, outcomes: vec![accepted] }), inputs))
    }

    fn carriers_call_clean(&self, number: PhoneNumber) {
        let file = self.ledger.folder().join("verdicts.csv");
        let row = |carrier| format!("+{number},{carrier},5,,{}\n", rfc3339(self.now));
        std::fs::write(&file, format!("number,carrier,score,label,observed_at\n{}{}{}", row("A"), row("B"), row("C")))
            .unwrap();
        let location = file.to_string_lossy().into_owned();
        let source = SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location };
        self.ledger.add_source(&source, 0).unwrap();
    }

    fn charges(&self) -> Vec<(String, i64)> {
        let events = self.ledger.events(ACME, EventFilter { number: None, last: 1_000 }).unwrap();
        events.into_iter().filter_map(|event| Some((rfc3339(event.at), event.cents?))).collect()
    }
}

/// A run of a test policy with an empty recording.
fn record<'a>(outcome: &'a RunOutcome, inputs: &'a Inputs) -> RunRecord<'a> {
    static NOTHING: LazyLock<Recording> = LazyLock::new(Recording::default);
    RunRecord {
        policy: "test",
        revision: None,
        contract: "0.2.0",
        limits: Limits::default(),
        kept: RecordLimits::default(),
        outcome,
        inputs,
        recording: &NOTHING,
        answers: &[],
        by_source: &[],
        problems: &[],
        provider_problems: &[],
        counted_before: 0,
    }
}

fn error<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("the ledger lets that happen").to_string()
}

#[test]
fn the_database_refuses_what_no_plan_may_do() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    fixture.occupy(NUMBER, 1).unwrap();
    assert!(error(fixture.occupy(NUMBER + 1, 1)).contains("UNIQUE"), "two numbers in one slot");
    assert!(error(fixture.occupy(NUMBER, 2)).contains("UNIQUE"), "one number in two slots");
    assert!(error(fixture.occupy(NUMBER + 50, 2)).contains("not the account's"), "a candidate");
    assert!(error(fixture.occupy(99, 2)).contains("not the account's"), "a stranger");
    let lock = |slot| format!("INSERT INTO slot_locks SELECT key, {slot}, 9999999999, 1 FROM accounts");
    assert!(error(fixture.execute(&lock(1))).contains("the slot is occupied"));
    fixture.execute(&lock(2)).unwrap();
    assert!(error(fixture.occupy(NUMBER + 1, 2)).contains("the slot is locked"));
    assert!(error(fixture.execute("UPDATE numbers SET state = 'released'")).contains("the number is monitored"));
    assert!(error(fixture.execute("UPDATE events SET text = ''")).contains("only appended"));
    assert!(error(fixture.execute("DELETE FROM events")).contains("only appended"));
    let charge = |cause| {
        format!(
            "INSERT INTO events (account, at, kind, cents, text, cause, actor)
             SELECT key, 0, 'charged', 4900, '', {cause}, 1 FROM accounts"
        )
    };
    assert!(error(fixture.execute(&charge("'cycle 0'"))).contains("UNIQUE"), "the first cycle's blocks, twice");
    assert!(error(fixture.execute(&charge("NULL"))).contains("blocks are charged with their cause"));
    fixture.execute(&charge("'cycle 1'")).unwrap();
    (3..=9).for_each(|slot| fixture.occupy(NUMBER + slot, slot as SlotId).unwrap());
    (10..=15).for_each(|slot| assert_eq!(fixture.execute(&lock(slot)).unwrap(), 1));
    assert!(error(fixture.execute(&lock(16))).contains("CHECK"), "more slots in use than bought");
}

fn replace(number: u64, replacement: u64, slot: SlotId) -> Action {
    let because = "Requested by a user.".into();
    Action::ReplaceNumber(Replacement { number, replacement, slot, why: ReplacementReason::Requested, because })
}

#[tokio::test]
async fn a_number_is_replaced_once_and_replaces_one() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    for slot in 1..=2 {
        fixture.occupy(NUMBER + u64::from(slot), slot).unwrap();
    }
    let order = |number: u64, replacement: u64, slot: SlotId| {
        let request = Request::ReplaceNumbers(vec![NUMBER + number]);
        (request, replace(NUMBER + number, NUMBER + replacement, slot))
    };
    let (request, action) = order(1, 50, 1);
    fixture.apply(&request, action).await.unwrap();
    let (request, again) = order(1, 51, 1);
    assert!(error(fixture.apply(&request, again).await).contains("already being replaced"));
    let (request, taken) = order(2, 50, 2);
    assert!(error(fixture.apply(&request, taken).await).contains("was not offered"));
    let by_hand = "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at)
                   SELECT account, run, number, 1, slot, why, state, 0 FROM orders";
    assert!(error(fixture.execute(by_hand)).contains("UNIQUE"));
}

/// Each step of a replacement is taken by a process that then dies; the next one continues.
#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_continues_after_a_crash_at_every_step() {
    let policy = dialguard::policy::Policy::reference(Limits::default());
    for steps_before_the_crash in 0..=2 {
        let fixture = Fixture::new("2026-01-15T12:00:00Z");
        fixture.carriers_call_clean(NUMBER + 50);
        fixture.occupy(NUMBER, 7).unwrap();
        fixture.apply(&Request::ReplaceNumbers(vec![NUMBER]), replace(NUMBER, NUMBER + 50, 7)).await.unwrap();
        let order = fixture.ledger.open_orders(ACME).unwrap().remove(0);
        let claim = || fixture.ledger.claim(order.id, fixture.now).unwrap();
        let basis = fixture.ledger.basis(ACME).unwrap();
        type Step<'a> = &'a dyn Fn(&Ledger, &ClaimedOrder, Timestamp) -> Result<bool>;
        let swap: Step = &|ledger, claimed, now| ledger.swap(claimed, basis, now);
        let mut taken = Vec::new();
        for step in &[&Ledger::acquired, swap][..steps_before_the_crash] {
            let claimed = claim().expect("no other process has it");
            assert!(step(&fixture.ledger, &claimed, fixture.now).unwrap());
            taken.push((*step, claimed));
        }
        let clock = Arc::new(dialguard::clock::FixedClock(fixture.now));
        let dialguard = crate::Dialguard::new(fixture.ledger.clone(), policy.clone(), clock);
        dialguard.fulfilment().carry_out(ACME).await.unwrap();
        // A step that another process has taken meanwhile is not taken again.
        taken.iter().for_each(|(step, claimed)| assert!(!step(&fixture.ledger, claimed, fixture.now).unwrap()));

        let numbers = fixture.ledger.numbers(ACME).unwrap();
        let monitored: Vec<_> = numbers.iter().filter_map(|known| Some((known.number, known.monitored?.0))).collect();
        assert_eq!(monitored, [(NUMBER + 50, 7)], "after {steps_before_the_crash} steps");
        assert!(numbers.iter().all(|known| known.number != NUMBER), "the old number left the account");
        let orders = fixture.ledger.open_orders(ACME).unwrap();
        let rests: Vec<_> = orders.iter().map(|order| (order.number, order.is_resting())).collect();
        assert_eq!(rests, [(NUMBER, true)]);
        assert_eq!(fixture.ledger.candidate_count(ACME).unwrap(), 1);
        let charged: Vec<_> = fixture.charges().into_iter().map(|(_, cents)| cents).collect();
        assert_eq!(charged, [4_900, 400], "the replacement is charged, once");
    }
}

/// The last guard before a slot moves, whatever the program does.
#[tokio::test]
async fn the_database_refuses_a_swap_without_grounds() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    fixture.occupy(NUMBER, 7).unwrap();
    fixture.apply(&Request::ReplaceNumbers(vec![NUMBER]), replace(NUMBER, NUMBER + 50, 7)).await.unwrap();
    for sql in [
        "UPDATE numbers SET state = 'owned' WHERE state = 'ordered'",
        "DELETE FROM monitored",
        "INSERT INTO monitored (account, number, slot, status, status_since, monitored_since, flagging_checks,
                                clearing_checks)
         SELECT account, replacement, slot, 0, 0, 0, 0, 0 FROM orders",
        "UPDATE orders SET state = 'acquired'",
        "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at)
         SELECT account, run, 2, 3, 9, 'flagged', 'intended', 0 FROM orders",
        // Another replacement counts on the day on which its slot moved, which is not the day it was planned.
        "UPDATE orders SET swapped_at = 1000 WHERE number = 2",
    ] {
        fixture.execute(sql).unwrap();
    }
    let swap = |day: u64| {
        let of_this = "WHERE state = 'acquired'";
        format!("UPDATE orders SET state = 'swapped', swapped_at = {}, swap_day_starts_at = {day} {of_this}", day + 9)
    };
    let settings = |name: &str, value: &str| {
        format!("UPDATE accounts SET settings = json_set(settings, '$.{name}', json('{value}')), enabled = 1")
    };
    assert!(
        error(fixture.execute("UPDATE orders SET state = 'swapped' WHERE state = 'acquired'")).contains("its time")
    );
    fixture.execute("UPDATE accounts SET enabled = 0").unwrap();
    assert!(error(fixture.execute(&swap(900))).contains("the add-on is off"));
    fixture.execute(&settings("auto_replace", "false")).unwrap();
    fixture.execute("UPDATE orders SET why = 'flagged'").unwrap();
    assert!(error(fixture.execute(&swap(900))).contains("automatic replacement is off"));
    fixture.execute(&settings("auto_replace", "true")).unwrap();
    fixture.execute(&settings("replacements_per_day_max", "1")).unwrap();
    assert!(error(fixture.execute(&swap(900))).contains("the limit on a day's automatic replacements"));
    fixture.execute(&swap(1_100)).unwrap();
}

/// The price of an abandoned order is free, and a replacement counts on the day on which its slot moved.
#[test]
fn a_ledger_of_the_eleventh_schema_is_upgraded() {
    let (folder, eleventh) = ledger_of_schema(10);
    eleventh.execute_batch(SCHEMAS[10]).unwrap();
    eleventh
        .execute_batch(
            "PRAGMA user_version = 11;
             INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
             VALUES (5, 1, 'review', 1, '2026-01-15', 100, 2, 'abc');
             INSERT INTO providers VALUES ('them', 'twilio', 115, '{}');
             INSERT INTO numbers VALUES (13105550100, 1, 'released', 100, 0), (13105550150, 1, 'owned', 100, 0);
             INSERT INTO monitored VALUES (1, 13105550150, 7, 1, 100, 100, 0, 0, 100);
             INSERT INTO orders (id, account, run, number, replacement, slot, why, state, intended_at, state_since, provider, price_cents)
             VALUES (1, 1, 5, 13105550101, 13105550151, 8, 'flagged', 'intended', 100, 100, 'them', 115),
                    (2, 1, 5, 13105550100, 13105550150, 7, 'flagged', 'intended', 100, 300, 'them', 115);
             UPDATE orders SET state = 'ordering', spent_on = '2026-01-15', spent_cycle = 0;
             UPDATE orders SET state = 'abandoned' WHERE id = 1;
             UPDATE orders SET state = 'swapped', rests_until = 400 WHERE id = 2;
             INSERT INTO events (account, at, run, kind, number, text) VALUES (1, 250, 5, 'replaced', 13105550100, 'Replaced.');",
        )
        .unwrap();
    drop(eleventh);

    let ledger = Ledger::open(folder.path()).unwrap();
    let spent = ledger.spending(ACME, 300).unwrap();
    assert_eq!((spent.day_cents, spent.cycle_cents), (115, 115), "the swapped one's, on its day and in its cycle");
    let swapped_at = |order: u64| -> Option<i64> {
        let sql = "SELECT swapped_at FROM orders WHERE id = ?1";
        ledger.read(|transaction| Ok(transaction.query_row(sql, [to_sql(order)], |row| row.get(0))?)).unwrap()
    };
    assert_eq!([1, 2].map(swapped_at), [None, Some(250)]);
}

#[test]
fn an_account_with_too_many_blocks_is_refused() {
    let fixture = Fixture::new("2026-01-31T17:00:00Z");
    let new = |blocks| NewAccount {
        id: format!("{blocks}"),
        blocks,
        time_zone: Zone::utc(),
        region: Region::US,
        review_at: NaiveTime::MIN,
        settings: AccountSettings::default(),
    };
    fixture.ledger.add_account(&new(BLOCKS_MAX), fixture.now).unwrap();
    for blocks in [BLOCKS_MAX + 1, u32::MAX] {
        let refused = fixture.ledger.add_account(&new(blocks), fixture.now).unwrap_err().to_string();
        assert!(refused.contains("too many: an account has 0 to 100,000"), "{refused}");
    }
}

#[tokio::test]
async fn blocks_are_charged_when_they_begin_to_count() {
    let fixture = Fixture::new("2026-01-31T17:00:00Z");
    let blocks = |blocks, starting| Action::SetBlocks(BlockChange { blocks, starting });
    fixture.apply(&Request::SetBlocks(3), blocks(3, fixture.now)).await.unwrap();
    let cycle_ends_at = at("2026-02-28T05:00:00Z");
    fixture.apply(&Request::SetBlocks(2), blocks(2, cycle_ends_at)).await.unwrap();
    let before = fixture.ledger.account(ACME).unwrap();
    assert_eq!((before.slot_count, before.slot_count_next, before.cycle_ends_at), (45, 30, cycle_ends_at));
    let in_april = at("2026-04-02T12:00:00Z");
    let (seen, _) = fixture.ledger.account_at(ACME, in_april).unwrap();
    assert_eq!((seen.slot_count, seen.cycle_starts_at), (30, at("2026-03-31T04:00:00Z")));
    assert_eq!(fixture.charges().len(), 2, "looking at an account charges nothing");
    let leap = fixture.ledger.accept_time(in_april).unwrap().expect("two months are more than an outage explains");
    assert_eq!((leap.accounts, leap.charges, leap.cents), (1, 2, 2 * 9_800));
    assert_eq!(fixture.charges().len(), 2, "accepting a time charges nothing either");
    let review_at = NaiveTime::from_hms_opt(7, 0, 0);
    fixture.ledger.change_account(ACME, &AccountChange { review_at, ..AccountChange::default() }, in_april).unwrap();
    let charges: Vec<_> = fixture.charges();
    let expected = [
        ("2026-01-31T17:00:00Z", 4_900),
        ("2026-01-31T17:00:00Z", 9_800),
        // Midnight in New York, on the last day of February and the 31st of March
        ("2026-02-28T05:00:00Z", 9_800),
        ("2026-03-31T04:00:00Z", 9_800),
    ];
    assert_eq!(charges, expected.map(|(at, cents)| (at.to_owned(), cents)));
    assert_eq!(fixture.ledger.account(ACME).unwrap().slot_count, 30);
}

#[test]
fn the_add_on_is_charged_once_a_cycle_however_often_it_is_switched() {
    let fixture = Fixture::new("2026-01-10T12:00:00Z");
    let switch = |enabled, now: &str| {
        let change = AccountChange { enabled: Some(enabled), ..AccountChange::default() };
        fixture.ledger.change_account(ACME, &change, at(now)).unwrap();
    };
    switch(false, "2026-01-11T12:00:00Z");
    switch(true, "2026-01-12T12:00:00Z");
    assert_eq!(fixture.charges().len(), 1, "this cycle was charged when the account was added");
    switch(false, "2026-01-13T12:00:00Z");
    switch(true, "2026-02-20T12:00:00Z");
    switch(false, "2026-02-21T12:00:00Z");
    switch(true, "2026-02-22T12:00:00Z");
    assert_eq!(fixture.charges()[1..], [("2026-02-20T12:00:00Z".to_owned(), 4_900)]);
}

#[test]
fn the_database_refuses_more_credits_than_charges() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let credit = |cents: i64| {
        fixture.execute(&format!(
            "INSERT INTO events (account, at, kind, cents, text, actor)
             SELECT key, 0, 'credited', {cents}, '', 1 FROM accounts"
        ))
    };
    assert!(error(credit(-4_901)).contains("more would be credited than was charged"));
    for cents in [0, 4_900] {
        assert!(error(credit(cents)).contains("only a credit is negative"), "{cents}");
    }
    let negative = "INSERT INTO events (account, at, kind, cents, text, cause, actor)
                    SELECT key, 0, 'charged', -1, '', 'cycle 9', 1 FROM accounts";
    assert!(error(fixture.execute(negative)).contains("only a credit is negative"));
    credit(-4_900).unwrap();
    assert!(error(credit(-1)).contains("more would be credited than was charged"));
}

#[test]
fn time_only_passes_and_what_was_accepted_stays_on_record() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    assert!(error(fixture.execute("UPDATE ledger_time SET newest_at = newest_at - 1")).contains("does not go back"));
    fixture.ledger.accept_time(at("2027-01-15T12:00:00Z")).unwrap().expect("a leap");
    assert_eq!(fixture.ledger.accept_time(at("2027-01-15T12:00:00Z")).unwrap(), None, "accepted already");
    for sql in ["UPDATE accepted_leaps SET accepted_at = 1", "DELETE FROM accepted_leaps"] {
        assert!(error(fixture.execute(sql)).contains("only appended"), "{sql}");
    }
}

#[tokio::test]
async fn a_change_whose_blocks_were_decided_at_an_earlier_revision_is_refused_whole() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let more = Action::SetBlocks(BlockChange { blocks: 2, starting: fixture.now });
    let (made, inputs) = fixture.planned(&Request::SetBlocks(2), more).await.unwrap();
    let review_at = NaiveTime::from_hms_opt(7, 0, 0);
    let change = AccountChange { blocks: Some(2), review_at, ..AccountChange::default() };
    let apply = || fixture.ledger.change_account_and_blocks(ACME, &change, record(&made, &inputs));

    let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
    fixture.ledger.change_account(ACME, &off, fixture.now).unwrap();
    assert!(matches!(apply(), Err(LedgerError::Stale(_))));
    let account = fixture.ledger.account(ACME).unwrap();
    assert_eq!((account.blocks(), account.review_at, fixture.charges().len()), (1, NaiveTime::MIN, 1));
    assert!(error(fixture.ledger.change_account(ACME, &change, fixture.now)).contains("only by a policy's plan"));
}

#[tokio::test]
async fn a_plan_is_applied_once_and_to_no_other_revision() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let (account, now) = fixture.ledger.account_at(ACME, fixture.now).unwrap();
    let view = AccountView::new(fixture.ledger.clone(), account.clone(), now);
    let mut inputs = Inputs::default();
    inputs.now = Some(now);
    inputs.account = Some(dialguard::dialer::NumberInventory::account(&view, ACME).await.unwrap());
    let plan = Plan {
        account: ACME.into(),
        based_on: account.revision,
        decided_at: now,
        reviews: ReviewTable::new(),
        suspects: None,
        actions: vec![],
        notices: vec![],
    };
    let made = RunOutcome::Review(plan);
    let apply = || fixture.ledger.apply(ACME, record(&made, &inputs));
    assert!(apply().unwrap().daily);
    assert!(matches!(apply(), Err(LedgerError::Stale(_))));
    let moved_on = dialguard::dialer::NumberInventory::monitored(&view, ACME, 0, 10).await;
    assert_eq!(moved_on.unwrap_err().code, ErrorCode::Unavailable);
}

#[test]
fn a_clock_that_goes_back_is_refused_unless_by_a_little() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    assert!(error(fixture.ledger.account_at(ACME, at("2026-01-15T11:00:00Z"))).contains("was last changed at"));
    let (_, now) = fixture.ledger.account_at(ACME, at("2026-01-15T11:58:00Z")).unwrap();
    assert_eq!(now, fixture.now, "time stands still until the clock has caught up");
}

/// Which policy was live is history: revisions only rise, and rows are only appended.
#[test]
fn activations_and_policy_events_are_only_appended() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let new = |sha256| NewPolicy {
        sha256,
        component: b"a component",
        signature: None,
        name: "a-policy",
        version: "1.0.0",
        summary: "Decides.",
        contract: "0.2.0",
        built_in: false,
        wasi: dialguard::policy::Wasi::None,
    };
    fixture.ledger.install_first_policy(&new("first"), fixture.now).unwrap();
    fixture.ledger.install_first_policy(&new("second"), fixture.now).unwrap();
    assert_eq!(fixture.ledger.revisions().unwrap().len(), 1, "there was a first one already");
    let second = fixture.ledger.install_policy(&new("second"), fixture.now).unwrap();
    let third = fixture.ledger.install_policy(&new("third"), fixture.now).unwrap();
    assert_eq!(fixture.ledger.activate(third, Cause::Operator, fixture.now, "").unwrap(), third);
    assert_eq!(
        fixture.ledger.activate(second, Cause::Operator, fixture.now, "").unwrap(),
        4,
        "older than the one that decides"
    );
    let good: Vec<_> = fixture.ledger.last_good_revisions().unwrap().iter().map(|good| good.revision).collect();
    assert_eq!(good, [3, 1]);

    // Revision 3 was rolled back meanwhile: revision 4 is not touched because of it.
    fixture.ledger.abandon(third, 1, fixture.now, "").unwrap();
    assert_eq!(fixture.ledger.policy_state().unwrap().live, Some(4));
    fixture.ledger.abandon(4, third, fixture.now, "").unwrap();
    assert_eq!(fixture.ledger.policy_state().unwrap().live, Some(5));
    let good: Vec<_> = fixture.ledger.last_good_revisions().unwrap().iter().map(|good| good.revision).collect();
    assert_eq!(good, [1], "a policy that was rolled back for its faults is not good");

    let activate =
        |revision, replaces| format!("INSERT INTO activations VALUES ({revision}, {replaces}, 0, 'operator')");
    assert!(error(fixture.execute(&activate(2, "5"))).contains("revisions only rise"));
    fixture.execute("INSERT INTO revisions (policy, made_at) VALUES ('first', 0)").unwrap();
    assert!(error(fixture.execute(&activate(6, "4"))).contains("each replacing the one before"));
    assert!(error(fixture.execute(&activate(6, "NULL"))).contains("each replacing the one before"));
    for table in ["activations", "program_events"] {
        assert!(error(fixture.execute(&format!("UPDATE {table} SET at = 1"))).contains("only appended"));
        assert!(error(fixture.execute(&format!("DELETE FROM {table}"))).contains("only appended"));
    }
}

/// A ledger of an older version, with an account and nothing else.
fn ledger_of_schema(schema: usize) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut ledger = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    Migrations::from_iter(SCHEMAS[..schema].iter().copied().map(M::up)).to_latest(&mut ledger).unwrap();
    let settings = r#"{"spam_score_min":80,"rating_carriers_min":2,"checks_to_flag":2,"checks_to_clear":2,
        "observation_age_max_hours":48,"auto_replace":false,"replacements_per_day_max":3,"new_number_grace_days":0,
        "mass_flag_percent":30,"other":[]}"#;
    ledger
        .execute(
            "INSERT INTO accounts (key, id, time_zone, region, review_at, added_on, enabled, settings, revision, changed_at,
                 slot_count, slot_count_next, cycle_index, cycle_starts_at, cycle_ends_at)
             VALUES (1, 'acme', 'UTC', 'US', '06:00', '2026-01-15', 1, ?1, 3, 100, 15, 15, 0, 0, 1771113600)",
            [settings],
        )
        .unwrap();
    (folder, ledger)
}

/// Runs from before policies had revisions stay as they were, and cannot be repeated.
#[test]
fn a_ledger_of_the_first_schema_is_upgraded() {
    let (folder, first) = ledger_of_schema(1);
    first.execute("INSERT INTO runs VALUES (1, 1, 'review', 1, '2026-01-15', 100, 2, 'abc')", []).unwrap();
    first.execute("INSERT INTO events VALUES (1, 1, 100, 1, 'unrated', NULL, NULL, 'Nobody answered.')", []).unwrap();
    first.execute("INSERT INTO sources VALUES ('made up', 'simulated', '7')", []).unwrap();
    drop(first);

    let ledger = Ledger::open(folder.path()).unwrap();
    let source = SourceProfile { name: "made up".into(), kind: SourceKind::Simulated, location: "7".into() };
    assert_eq!(ledger.sources().unwrap(), [source]);
    assert_eq!(ledger.account(ACME).unwrap().revision, 3);
    assert_eq!(ledger.time_at(100).unwrap().newest_at, Some(100), "the time of its latest change");
    let events = ledger.events(ACME, EventFilter { number: None, last: 10 }).unwrap();
    assert_eq!((events[0].policy.as_deref(), events[0].revision), (Some("abc"), None));
    assert!(error(ledger.recorded_run(1)).contains("no longer kept"));
    assert_eq!(ledger.policy_state().unwrap().live, None);
}

/// Settings had fixed places; now they have names, those of closed accounts too. What was a default is not stored.
#[test]
fn settings_have_names_after_an_upgrade() {
    let (folder, before) = ledger_of_schema(22);
    let changed = r#"{"spam_score_min":70,"rating_carriers_min":2,"checks_to_flag":3,"checks_to_clear":2,
        "observation_age_max_hours":96,"auto_replace":true,"replacements_per_day_max":9,"new_number_grace_days":7,
        "mass_flag_percent":30,"other":[["quiet-hours","22-6"],["greeting","good \"day\""]]}"#;
    before
        .execute(
            "INSERT INTO accounts (key, id, time_zone, region, review_at, added_on, enabled, settings, revision, changed_at,
                 slot_count, slot_count_next, cycle_index, cycle_starts_at, cycle_ends_at)
             VALUES (2, 'gone', 'UTC', 'US', '06:00', '2026-01-15', 0, ?1, 3, 100, 0, 0, 0, 0, 1771113600)",
            [changed],
        )
        .unwrap();
    before.execute("UPDATE accounts SET closed_at = 100 WHERE key = 2", []).unwrap();
    drop(before);

    let ledger = Ledger::open(folder.path()).unwrap();
    assert_eq!(ledger.account(ACME).unwrap().settings, AccountSettings::default());
    let gone = ledger.account("gone").unwrap();
    assert_eq!(gone.closed_at, Some(100));
    let guard_rails = GuardRails { auto_replace: true, replacements_per_day_max: 9 };
    let values = [
        ("checks-to-flag", "3"),
        ("greeting", "good \"day\""),
        ("new-number-grace-days", "7"),
        ("observation-age-max-hours", "96"),
        ("quiet-hours", "22-6"),
        ("spam-score-min", "70"),
    ];
    assert_eq!(gone.settings, AccountSettings { guard_rails, values: values.into_iter().collect() });
    drop(ledger);
    let upgraded = Connection::open(folder.path().join(FILE_NAME)).unwrap();
    let change = upgraded.execute("UPDATE accounts SET settings = '{}' WHERE key = 2", []);
    assert!(change.unwrap_err().to_string().contains("the account is closed"), "as before");
}

/// Answers from before they were stored in parts are still found, and slots are known.
#[test]
fn a_ledger_of_the_eighth_schema_is_upgraded() {
    let (folder, eighth) = ledger_of_schema(8);
    let numbers = [NUMBER, NUMBER + 1, NUMBER + 2];
    for number in numbers {
        eighth.execute("INSERT INTO numbers VALUES (?1, 1, 'owned', 100)", [to_sql(number)]).unwrap();
    }
    eighth.execute("INSERT INTO monitored VALUES (1, ?1, 7, 1, 100, 100, 0, 0, 100)", [to_sql(NUMBER + 1)]).unwrap();
    eighth
        .execute(
            "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
             VALUES (5, 1, 'review', 1, '2026-01-15', 100, 2, 'abc')",
            [],
        )
        .unwrap();
    let heard =
        CarrierAnswer { number: NUMBER + 1, carrier: 1, score: Some(7), label: Some("Spam".into()), observed_at: 90 };
    let body = runs::answers::pack(std::slice::from_ref(&heard));
    eighth.execute("INSERT INTO answers VALUES (5, 1, 100, ?1)", [body]).unwrap();
    drop(eighth);

    let ledger = Ledger::open(folder.path()).unwrap();
    let known = ledger.latest_answers(ACME, &numbers).unwrap();
    assert_eq!(known, LatestAnswers::from([(NUMBER + 1, vec![heard])]));
    let without_a_slot =
        NumberQuery { standing: Some(MonitoringFilter::NotMonitored), limit: 9, ..NumberQuery::default() };
    let page = ledger.number_page(ACME, &without_a_slot).unwrap();
    assert_eq!(page.numbers.iter().map(|known| known.number).collect::<Vec<_>>(), [NUMBER, NUMBER + 2]);
}

/// Three spellings were three carriers. They are one afterwards, ids are not reused, and recordings keep theirs.
#[test]
fn carriers_that_are_the_same_are_one_after_an_upgrade() {
    let (folder, tenth) = ledger_of_schema(10);
    let owned = "INSERT INTO numbers (number, account, state, since) VALUES (?1, 1, 'owned', 100)";
    tenth.execute(owned, [to_sql(NUMBER)]).unwrap();
    tenth.execute("INSERT INTO carriers (name) VALUES ('at&t'), ('Hiya'), ('AT&T'), ('Verizon'), ('ATT')", []).unwrap();
    for run in [5, 6] {
        let insert = "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
                      VALUES (?1, 1, 'review', 0, '2026-01-15', 100, ?1, 'abc')";
        tenth.execute(insert, [run]).unwrap();
        tenth.execute("INSERT INTO answers VALUES (?1, 1, 100)", [run]).unwrap();
    }
    let answer = |carrier, score, observed_at| CarrierAnswer {
        number: NUMBER,
        carrier,
        score: Some(score),
        label: None,
        observed_at,
    };
    let heard = [answer(1, 10, 90), answer(2, 20, 80), answer(3, 30, 95), answer(5, 50, 70)];
    for (run, heard) in [(5, &heard[..]), (6, &[answer(5, 55, 96)])] {
        let part = "INSERT INTO answer_parts (run, part, first, last, body) VALUES (?1, 0, ?2, ?2, ?3)";
        tenth.execute(part, params![run, to_sql(NUMBER), runs::answers::pack(heard)]).unwrap();
    }
    drop(tenth);

    let ledger = Ledger::open(folder.path()).unwrap();
    let listed =
        || ledger.carriers().unwrap().into_iter().map(|carrier| (carrier.id, carrier.name)).collect::<Vec<_>>();
    let [att, hiya, verizon] = [(1, "at&t".to_owned()), (2, "Hiya".to_owned()), (4, "Verizon".to_owned())];
    assert_eq!(listed(), [att.clone(), hiya.clone(), verizon.clone()]);
    let history = ledger.number_history(ACME, NUMBER).unwrap().expect("the number is known");
    let shown: Vec<_> = history.checks.into_iter().map(|check| check.answers).collect();
    assert_eq!(
        shown,
        [vec![answer(1, 30, 95), answer(2, 20, 80)], vec![answer(1, 55, 96)]],
        "the newest of one carrier"
    );
    let recorded = ledger.read(|transaction| runs::answers::of_run(transaction, 5)).unwrap();
    assert_eq!(recorded, heard, "a recording is what it was");

    let named = ["A.T.T.", "Nomorobo", "VERIZON wireless", "nomorobo"].map(Arc::from);
    let ids = ledger.carriers_named(&named).unwrap().into_iter().map(|carrier| carrier.id).collect::<Vec<_>>();
    assert_eq!(ids, [1, 6, 4, 6], "ids of other spellings are not reused");
    let alias = |alias: &str, carrier: &str| CarrierAlias { alias: alias.into(), carrier: carrier.into() };
    ledger.set_carrier_alias(&alias("hiya", "ATT Mobility"), 0).unwrap();
    assert_eq!(listed(), [att.clone(), verizon.clone(), (6, "Nomorobo".into())]);
    let latest = ledger.latest_answers(ACME, &[NUMBER]).unwrap();
    assert_eq!(latest[&NUMBER], [answer(1, 55, 96)]);
    for (name, carrier) in [("AT&T", "att"), ("AT&T", "Hiya"), ("AT&T", "AT&T Mobility"), ("", "AT&T"), ("x", " ")] {
        assert!(ledger.set_carrier_alias(&alias(name, carrier), 0).unwrap_err().is_refusal(), "{name} {carrier}");
    }
    ledger.remove_carrier_alias("HIYA", 0).unwrap();
    assert_eq!(listed(), [att, hiya, verizon, (6, "Nomorobo".into())]);
    assert!(error(ledger.remove_carrier_alias("HIYA", 0)).contains("no alias \"HIYA\""));
}

/// What was charged before causes were recorded stays, and what is charged from now on has one.
#[test]
fn charges_before_causes_are_kept() {
    let (folder, tenth) = ledger_of_schema(10);
    let charge =
        "INSERT INTO events (account, at, kind, cents, text) VALUES (1, 50, 'charged', 4900, '$49.00 for 1 block.')";
    tenth.execute(charge, []).unwrap();
    tenth.execute(charge, []).unwrap();
    drop(tenth);
    let ledger = Ledger::open(folder.path()).unwrap();
    let change = AccountChange { region: Some(Region::US), ..AccountChange::default() };
    let next_cycle = 1_771_113_600;
    ledger.accept_time(next_cycle).unwrap();
    ledger.change_account(ACME, &change, next_cycle).unwrap();
    let events = ledger.events(ACME, EventFilter { number: None, last: 10 }).unwrap();
    assert_eq!(events.iter().filter_map(|event| event.cents).collect::<Vec<_>>(), [4_900, 4_900, 4_900]);
    let without_cause =
        "INSERT INTO events (account, at, kind, cents, text, actor) VALUES (1, 50, 'charged', 4900, '', 1)";
    assert!(
        error(ledger.change(|transaction| Ok(transaction.execute(without_cause, [])?))).contains("with their cause")
    );
}

/// What was rated, reviewed and spent on the day of the upgrade still counts on it.
#[test]
fn a_ledger_whose_days_were_dates_is_upgraded() {
    let (folder, dates) = ledger_of_schema(11);
    let reviewed_at = at("2026-01-15T06:00:00Z");
    let sql = format!(
        "UPDATE accounts SET changed_at = {reviewed_at}, rated_on = '2026-01-15', rated_count = 2;
         INSERT INTO providers VALUES ('them', 'telnyx', 115, '{{}}');
         INSERT INTO numbers (number, account, state, since) VALUES ({NUMBER}, 1, 'owned', 100);
         INSERT INTO monitored (account, number, slot, status, status_since, monitored_since, flagging_checks,
             clearing_checks, last_rated_at)
         VALUES (1, {NUMBER}, 1, 1, 100, 100, 0, 0, {reviewed_at});
         INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
         VALUES (5, 1, 'review', 1, '2026-01-15', {reviewed_at}, 2, 'abc');
         INSERT INTO orders (id, account, run, number, replacement, slot, why, state, intended_at, provider, price_cents)
         VALUES (1, 1, 5, 1, 2, 2, 'requested', 'intended', {reviewed_at}, 'them', 115);
         UPDATE orders SET state = 'ordering', spent_on = '2026-01-15', spent_cycle = 0, sent_at = {reviewed_at};"
    );
    dates.execute_batch(&sql).unwrap();
    drop(dates);

    let ledger = Ledger::open(folder.path()).unwrap();
    let account = ledger.account(ACME).unwrap();
    let (noon, tomorrow) = (at("2026-01-15T12:00:00Z"), at("2026-01-16T06:00:00Z"));
    assert_eq!(account.rated_since(account.day(noon).starts_at), 2);
    assert!(!ledger.is_check_due(&account, noon).unwrap());
    assert_eq!(ledger.spending(ACME, noon).unwrap().day_cents, 115);

    ledger.close_days(ACME, tomorrow).unwrap();
    let account = ledger.account(ACME).unwrap();
    assert_eq!(account.rated_since(account.day(tomorrow).starts_at), 0);
    assert!(ledger.is_check_due(&account, tomorrow).unwrap());
    assert_eq!(ledger.spending(ACME, tomorrow).unwrap().day_cents, 0);
    assert!(ledger.events(ACME, EventFilter { number: None, last: 10 }).unwrap().is_empty(), "no day was missed");
}

/// The last guard: a number is rated once for a day, and for no day before.
#[test]
fn the_database_refuses_a_second_rating_for_a_day() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    fixture.occupy(NUMBER, 1).unwrap();
    let rate = |day: u64| fixture.execute(&format!("UPDATE monitored SET rated_day = {day}"));
    rate(200).unwrap();
    assert!(error(rate(200)).contains("has been rated for this day"));
    assert!(error(rate(100)).contains("has been rated for this day"));
    rate(300).unwrap();
}

#[test]
fn providers_are_kept_by_name() {
    let fixture = Fixture::new("2026-01-15T09:00:00Z");
    let ledger = &fixture.ledger;
    let profile = |name: &str, price_cents| ProviderProfile {
        name: name.into(),
        kind: ProviderKind::Telnyx,
        price_cents,
        settings: "{}".into(),
    };
    ledger.add_provider(&profile("main", 100), 0).unwrap();
    ledger.add_provider(&ProviderProfile { kind: ProviderKind::Twilio, ..profile("again", 115) }, 0).unwrap();
    assert!(matches!(ledger.add_provider(&profile("main", 1), 0), Err(LedgerError::ProviderExists(_))));
    for price_cents in [0, 10_001] {
        assert!(matches!(ledger.add_provider(&profile("other", price_cents), 0), Err(LedgerError::Refused(_))));
    }
    ledger.change_provider(&profile("main", 200), 0).unwrap();
    assert_eq!(ledger.provider("main").unwrap(), profile("main", 200));
    // The kind of a provider cannot be changed.
    assert!(matches!(ledger.change_provider(&profile("again", 200), 0), Err(LedgerError::NoSuchProvider(_))));
    let names = || ledger.providers().unwrap().into_iter().map(|provider| provider.name).collect::<Vec<_>>();
    assert_eq!(names(), ["again", "main"]);
    ledger.remove_provider("again", 0).unwrap();
    assert_eq!(names(), ["main"]);
    for refused in [ledger.remove_provider("again", 0), ledger.provider("again").map(drop)] {
        assert!(matches!(refused, Err(LedgerError::NoSuchProvider(_))));
    }
}

/// A provider that is referred to cannot be removed.
#[test]
fn a_provider_in_use_stays() {
    let fixture = Fixture::new("2026-01-15T09:00:00Z");
    let profile =
        ProviderProfile { name: "main".into(), kind: ProviderKind::Twilio, price_cents: 115, settings: "{}".into() };
    fixture.ledger.add_provider(&profile, 0).unwrap();
    fixture.execute("CREATE TABLE buyers (provider TEXT REFERENCES providers (name)) STRICT").unwrap();
    fixture.execute("INSERT INTO buyers VALUES ('main')").unwrap();
    assert!(fixture.ledger.remove_provider("main", 0).unwrap_err().to_string().contains("in use"));
    assert_eq!(fixture.ledger.provider("main").unwrap(), profile);
}

/// Between two parts of a long import, others change the ledger, and the import can be stopped. Importing again imports
/// the rest, and every number once.
#[test]
fn a_long_import_lets_other_changes_pass_and_can_be_repeated() {
    let fixture = Fixture::new("2026-01-15T09:00:00Z");
    let other = Ledger::open(fixture._folder.path()).unwrap();
    // More than one part has time for.
    let numbers: Vec<_> = (0..100_000).map(|place| 14_155_550_000 + place).collect();
    let (mut passed, later) = (0, fixture.now + 60);
    let outcomes = fixture.ledger.import_numbers_while(ACME, &numbers, ImportedAs::Owned, fixture.now, |_| {
        passed += 1;
        let change = AccountChange { review_at: NaiveTime::from_hms_opt(7, passed, 0), ..AccountChange::default() };
        other.change_account(ACME, &change, later).unwrap();
        passed < 2
    });
    let outcomes = outcomes.unwrap();
    assert_eq!(passed, 2);
    assert!(outcomes.len() < numbers.len(), "it was stopped");
    assert!(outcomes.iter().all(|outcome| *outcome == ImportOutcome::Imported));
    assert_eq!(other.numbers(ACME).unwrap().len(), 10 + outcomes.len(), "what was imported stays");

    let more = &numbers[..outcomes.len() + 5];
    let again = fixture.ledger.import_numbers(ACME, more, ImportedAs::Owned, later).unwrap();
    let imported = again.iter().filter(|outcome| **outcome == ImportOutcome::Imported).count();
    assert_eq!(imported, 5, "the rest is imported, and nothing twice");
    assert_eq!(other.numbers(ACME).unwrap().len(), 10 + more.len());
    let events = other.events(ACME, EventFilter { number: None, last: 100 }).unwrap();
    let said: Vec<_> =
        events.iter().filter(|event| event.kind == "numbers-imported").map(|event| &event.text).collect();
    assert_eq!(said.len(), 5, "each part says what it imported: {said:?}");
}

/// A part that fails says what the parts before have done.
#[test]
fn a_long_import_that_fails_says_what_is_done() {
    let fixture = Fixture::new("2026-01-15T09:00:00Z");
    let numbers: Vec<_> = (0..100_000).map(|place| 14_155_550_000 + place).collect();
    let before = Cell::new(0);
    let failed = fixture.ledger.import_numbers_while(ACME, &numbers, ImportedAs::Owned, fixture.now, |done| {
        before.set(done);
        fill_the_disk(&fixture.ledger);
        true
    });
    let Err(LedgerError::Stopped { done, all, why }) = failed else { panic!("it fails: {failed:?}") };
    assert_eq!((done, all), (before.get(), 100_000));
    assert!(matches!(*why, LedgerError::DiskFull(_)), "{why:?}");
    assert_eq!(fixture.ledger.numbers(ACME).unwrap().len(), 10 + done, "no part of the failed part is left");
}

/// The database may take no more pages than it has.
fn fill_the_disk(ledger: &Ledger) {
    let writer = ledger.open.writer.as_ref().unwrap().lock();
    let pages: u32 = writer.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    writer.pragma_update(None, "max_page_count", pages).unwrap();
}

#[test]
fn a_full_disk_is_called_that_and_changes_nothing() {
    let fixture = Fixture::new("2026-01-15T09:00:00Z");
    fill_the_disk(&fixture.ledger);
    let numbers: Vec<_> = (0..20_000).map(|place| 14_155_550_000 + place).collect();
    let full = fixture.ledger.import_numbers(ACME, &numbers, ImportedAs::Owned, fixture.now).unwrap_err();
    let full = if let LedgerError::Stopped { why, .. } = full { *why } else { full };
    assert!(full.is_unusable());
    let file = fixture._folder.path().join(FILE_NAME);
    assert_eq!(full.to_string(), format!("the disk is full: {} cannot be written", file.display()));
    fixture.ledger.account(ACME).unwrap();
}

/// What no constraint lets happen, done behind their back, and the rule that finds it.
#[test]
fn a_check_finds_every_broken_invariant_and_says_where() {
    const MONITORED: &str = "INSERT INTO monitored (account, number, slot, status, status_since, monitored_since,
                                                    flagging_checks, clearing_checks)
                             VALUES (1, 13105550100, 7, 1, 0, 0, 0, 0)";
    const ORDER: &str = "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
                         VALUES (5, 1, 'review', 1, '2026-01-15', 100, 0, 'abc');
                         INSERT INTO orders (id, account, run, number, replacement, slot, why, state, intended_at)
                         VALUES (9, 1, 5, 13105550100, 13105550150, 7, 'requested', 'intended', 100);";
    let charge = "INSERT INTO events (account, at, kind, cents, text, order_id, actor)
                  VALUES (1, 100, 'replacement-charged', 400, '', 9, 1);";
    let scenarios: [(&str, String, &str); 22] = [
        ("slots-counted", "UPDATE accounts SET occupied = 3".into(), "acme: counts 3 occupied"),
        (
            "statuses-counted",
            format!("{MONITORED}; UPDATE status_counts SET numbers = 4"),
            "acme: counts 4 numbers of status 1, has 1",
        ),
        (
            "ratings-counted",
            "INSERT INTO rated_days VALUES (1, '2026-01-15', 1, 0, 0, 1)".into(),
            "acme: 2026-01-15 counts 1 ratings, its checks made 0",
        ),
        ("records-counted", "UPDATE accounts SET recorded_bytes = 7".into(), "acme: counts 7 bytes on record, has 0"),
        (
            "calls-counted",
            "INSERT INTO calls VALUES (1, 13105550100, 3600, 2, 1, 0, 0); UPDATE call_hours SET answered = 2".into(),
            "acme: the sums of hour 3600 are not those of its numbers",
        ),
        ("slots-bought", "UPDATE accounts SET occupied = 16".into(), "acme: 16 occupied and 0 locked of 15"),
        (
            "slot-used-once",
            format!("DROP TRIGGER lock_a_slot; {MONITORED}; INSERT INTO slot_locks VALUES (1, 7, 9, 13105550101)"),
            "acme: slot 7 is occupied and locked",
        ),
        ("constraints", "DROP TRIGGER caps_hold".into(), "trigger caps_hold is missing"),
        (
            "monitored-is-owned",
            format!("{MONITORED}; UPDATE numbers SET is_monitored = 0"),
            "+13105550100 is monitored and owned",
        ),
        ("monitored-is-owned", "UPDATE numbers SET is_monitored = 1 WHERE number = 13105550101".into(), "has no slot"),
        ("monitored-by-choice", MONITORED.into(), "+13105550100 has slot 7, and no event says why"),
        (
            "replaced-once",
            "INSERT INTO events (account, at, kind, number, text, actor) VALUES (1, 100, 'replaced', 13105550100, '', 1)"
                .into(),
            "+13105550100 was replaced without an order",
        ),
        (
            "rests-in-one-place",
            format!(
                "{ORDER} DROP TRIGGER successor_first; DROP TRIGGER grounds_hold; UPDATE orders SET state = 'swapped'"
            ),
            "order 9: +13105550100 rests and is owned",
        ),
        (
            "ready-has-rested",
            "UPDATE numbers SET ready_since = 100 WHERE number = 13105550100".into(),
            "+13105550100 is ready, and no event says why",
        ),
        (
            "ready-has-rested",
            format!("{ORDER} UPDATE orders SET has_rested = 1, price_cents = 115"),
            "order 9 buys +13105550150, which the account has",
        ),
        ("slot-kept-for-successor", ORDER.into(), "order 9 is intended, and +13105550100 does not have slot 7"),
        ("ordered-is-kept", ORDER.into(), "order 9 is intended, and +13105550150 candidate"),
        ("replacement-charged-once", format!("{ORDER} {charge}"), "charges order 9, which is intended"),
        ("one-plan-a-revision", format!("{ORDER} UPDATE runs SET based_on = 99"), "is based on revision 99 of acme"),
        (
            "events-kept",
            "DROP TRIGGER events_are_not_lost; DELETE FROM events WHERE id = 2".into(),
            "events 2 to 2 are missing",
        ),
        (
            "events-kept",
            "DROP TRIGGER events_are_not_lost; DELETE FROM events WHERE id = (SELECT max(id) FROM events)".into(),
            "are missing",
        ),
        (
            "foreign-keys",
            "INSERT INTO answers (run, account, decided_at) VALUES (77, 1, 0)".into(),
            "refers to runs, which is missing",
        ),
    ];
    for (rule, sql, words) in scenarios {
        let fixture = Fixture::new("2026-01-15T09:00:00Z");
        let folder = fixture._folder.path();
        assert!(Ledger::check(folder).unwrap().is_sound());
        let database = Connection::open(folder.join(FILE_NAME)).unwrap();
        database.pragma_update(None, "foreign_keys", false).unwrap();
        database.pragma_update(None, "ignore_check_constraints", true).unwrap();
        database.execute_batch(&sql).unwrap();
        let report = Ledger::check(folder).unwrap();
        let broken: Vec<_> = report.broken().map(|broken| (broken.name, &broken.broken)).collect();
        let found = broken.iter().any(|(name, rows)| *name == rule && rows.iter().any(|row| row.contains(words)));
        assert!(found, "{rule} does not say {words:?}: {broken:?}");
    }
}
