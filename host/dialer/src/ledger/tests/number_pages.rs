//! Pages of numbers, each compared with a scan of all of them.

use super::*;
use crate::Dialguard;
use crate::policies::Policies;
use dialguard::settings::Settings;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeSet, HashSet};
use tokio::runtime::Runtime;

/// Nine numbers of which seven are monitored, in slots and with times that have another order than their numbers; one
/// was replaced, and one of them and another turned flagged.
fn fixture_of_all_kinds() -> Fixture {
    let fixture = Fixture::new("2026-03-02T09:00:00Z");
    for (slot, place) in (1..).zip([4, 1, 7, 0, 3, 8, 2]) {
        fixture.occupy(NUMBER + place, slot).unwrap();
    }
    for (place, status) in [(4, 3), (1, 1), (7, 1), (0, 2), (3, 3), (8, 0), (2, 1)] {
        let since = to_sql(fixture.now + 60 * (place * place % 7));
        let number = NUMBER + place;
        fixture
            .execute(&format!("UPDATE monitored SET status = {status}, status_since = {since} WHERE number = {number}"))
            .unwrap();
    }
    fixture.execute(&format!("UPDATE numbers SET state = 'released' WHERE number = {}", NUMBER + 9)).unwrap();
    for place in [4, 9] {
        let (now, number) = (fixture.now, NUMBER + place);
        let sql = format!(
            "INSERT INTO events (account, at, kind, number, text, actor)
             VALUES (1, {now}, 'turned-flagged', {number}, '', 1)"
        );
        fixture.execute(&sql).unwrap();
    }
    fixture
}

#[test]
fn a_page_of_numbers_is_part_of_all_that_fit_in_their_order() {
    let fixture = fixture_of_all_kinds();
    let all = fixture.ledger.numbers(ACME).unwrap();
    let orders = [NumberOrder::Number, NumberOrder::Status, NumberOrder::Slot, NumberOrder::Since];
    let standings = [
        None,
        Some(MonitoringFilter::Monitored),
        Some(MonitoringFilter::NotMonitored),
        Some(MonitoringFilter::Status(Status::Clean)),
        Some(MonitoringFilter::Status(Status::Flagged)),
    ];
    for (order, standing) in orders.iter().flat_map(|order| standings.map(|standing| (*order, standing))) {
        for search in
            ["", "0103", "+1310", "+131055501", "+0", "(310) 555-010", "+13105550103131055", "zzz", "0103x", "-", "()"]
        {
            for descending in [false, true] {
                let search = search.to_owned();
                let query = NumberQuery { search, standing, order, descending, ..NumberQuery::default() };
                is_answered_in_pages(&fixture.ledger, ACME, &query, &fitting(&all, &query));
            }
        }
    }
}

#[track_caller]
fn is_answered_in_pages(ledger: &Ledger, id: &str, query: &NumberQuery, fitting: &[KnownNumber]) {
    for (skip, limit) in [(0, 100), (0, 3), (2, 3), (6, 2), (7, 1), (8, 5), (50, 5)] {
        let page = ledger.number_page(id, &NumberQuery { skip, limit, ..query.clone() }).unwrap();
        let expected: Vec<_> = fitting.iter().skip(skip as usize).take(limit as usize).copied().collect();
        assert_eq!(page.numbers, expected, "{query:?}, {limit} after {skip}");
        assert_eq!(page.total as usize, fitting.len(), "{query:?}");
    }
}

/// The same by a scan of all numbers.
fn fitting(all: &[KnownNumber], query: &NumberQuery) -> Vec<KnownNumber> {
    let digits: String = query.search.chars().filter(char::is_ascii_digit).collect();
    let is_empty = digits.is_empty() && !query.search.is_empty() || query.search.contains(char::is_alphabetic);
    let is_found = |number: u64| match query.search.starts_with('+') {
        _ if is_empty => false,
        true => number.to_string().starts_with(&digits),
        false => number.to_string().contains(&digits),
    };
    let stands = |known: &KnownNumber| match query.standing {
        None => true,
        Some(MonitoringFilter::NotMonitored) => known.monitored.is_none(),
        Some(MonitoringFilter::Monitored) => known.monitored.is_some(),
        Some(MonitoringFilter::InUse) => known.monitored.is_some() && known.resting_since.is_none(),
        Some(MonitoringFilter::OutOfUse) => known.resting_since.is_some(),
        Some(MonitoringFilter::Ready) => known.ready_since.is_some(),
        Some(MonitoringFilter::Status(wanted)) => known.monitored.is_some_and(|(_, status, _)| status == wanted),
    };
    let (mut fitting, mut last): (Vec<_>, Vec<_>) = all
        .iter()
        .copied()
        .filter(|known| is_found(known.number) && stands(known))
        .partition(|known| query.order == NumberOrder::Number || known.monitored.is_some());
    fitting.sort_by_key(|known| {
        let (slot, status, since) = known.monitored.unwrap_or((0, Status::Pending, 0));
        let key = match query.order {
            NumberOrder::Number => 0,
            NumberOrder::Status => u64::from(numbers::status::status_to_sql(status)),
            NumberOrder::Slot => u64::from(slot),
            NumberOrder::Since => since,
        };
        (key, known.number)
    });
    if query.descending {
        fitting.reverse();
    }
    fitting.append(&mut last);
    fitting
}

#[test]
fn a_number_that_turned_flagged_is_found_even_if_it_left_the_account() {
    let fixture = fixture_of_all_kinds();
    let query =
        |since, standing| NumberQuery { flagged_since: Some(since), standing, limit: 9, ..NumberQuery::default() };
    let found = |query| {
        let page = fixture.ledger.number_page(ACME, &query).unwrap();
        let numbers: Vec<_> = page.numbers.iter().map(|known| (known.number - NUMBER, known.is_owned)).collect();
        assert_eq!(page.total as usize, numbers.len());
        numbers
    };
    assert_eq!(found(query(fixture.now, None)), [(4, true), (9, false)]);
    assert_eq!(found(query(fixture.now, Some(MonitoringFilter::NotMonitored))), [(9, false)]);
    assert_eq!(found(query(fixture.now + 1, None)), []);
    let above = NumberQuery { above: Some(NUMBER + 4), ..query(fixture.now, None) };
    assert_eq!(found(above), [(9, false)]);
}

/// A change of an account.
#[derive(Debug, Clone)]
enum Step {
    Start(Vec<Index>),
    Stop(Index),
    Delete(Index),
    Replace(Index),
    BringBack(Index),
    Days(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => prop::collection::vec(any::<Index>(), 1..20).prop_map(Step::Start),
        1 => any::<Index>().prop_map(Step::Stop),
        1 => any::<Index>().prop_map(Step::Delete),
        1 => any::<Index>().prop_map(Step::Replace),
        1 => any::<Index>().prop_map(Step::BringBack),
        3 => (1..6_u8).prop_map(Step::Days),
    ]
}

/// Two processes on one ledger; one changes it, and both have read it before.
struct TwoProcesses {
    dialguard: Dialguard,
    elsewhere: Ledger,
    runtime: Runtime,
    now: Timestamp,
    accounts: u64,
    _folder: tempfile::TempDir,
}

impl TwoProcesses {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        for seed in 1..=2 {
            let (name, location) = (format!("carrier-{seed}"), seed.to_string());
            ledger.add_source(&SourceProfile { name, kind: SourceKind::Simulated, location }, 0).unwrap();
        }
        let now = at("2026-03-02T09:00:00Z");
        let policies = Policies::open(ledger.clone(), now).unwrap();
        let dialguard = Dialguard::new(ledger, policies, Arc::new(dialguard::clock::FixedClock(now)));
        let elsewhere = Ledger::open(folder.path()).unwrap();
        TwoProcesses { dialguard, elsewhere, runtime: Runtime::new().unwrap(), now, accounts: 0, _folder: folder }
    }

    /// An account of its own with forty numbers of two countries, as many slots, and candidates.
    fn account(&mut self) -> (String, Vec<PhoneNumber>) {
        self.accounts += 1;
        let id = format!("acme-{}", self.accounts);
        let settings = AccountSettings {
            guard_rails: GuardRails { auto_replace: true, ..GuardRails::default() },
            values: Settings::from_iter([("checks-to-replace", "1")]),
        };
        let new = NewAccount {
            id: id.clone(),
            blocks: 3,
            time_zone: Zone::utc(),
            region: Region::US,
            review_at: NaiveTime::MIN,
            settings,
        };
        let ledger = self.dialguard.ledger();
        ledger.add_account(&new, self.now).unwrap();
        let first = |country: u64| country + 100 * self.accounts;
        let (us, gb) = (first(13_105_550_000), first(442_071_230_000));
        let numbers: Vec<PhoneNumber> = (us..us + 30).chain(gb..gb + 10).collect();
        ledger.import_numbers(&id, &numbers, ImportedAs::Owned, self.now).unwrap();
        let candidates: Vec<PhoneNumber> = (us + 50..us + 60).collect();
        ledger.import_numbers(&id, &candidates, ImportedAs::Candidate, self.now).unwrap();
        (id, numbers)
    }

    fn take(&mut self, id: &str, numbers: &[PhoneNumber], step: &Step) {
        let chosen = |index: &Index| vec![*index.get(numbers)];
        let request = match step {
            Step::Start(these) => {
                let these: BTreeSet<PhoneNumber> = these.iter().map(|index| *index.get(numbers)).collect();
                Request::StartMonitoring(these.into_iter().collect())
            }
            Step::Stop(this) => Request::StopMonitoring(chosen(this)),
            Step::Delete(this) => Request::DeleteNumbers(Deletion { numbers: chosen(this), accept_slot_loss: true }),
            Step::Replace(this) => Request::ReplaceNumbers(chosen(this)),
            Step::BringBack(this) => {
                self.elsewhere.import_numbers(id, &chosen(this), ImportedAs::Owned, self.now).unwrap();
                return;
            }
            Step::Days(days) => {
                self.now += u64::from(*days) * 86_400;
                self.runtime.block_on(self.dialguard.at(self.now).review(id)).unwrap();
                return;
            }
        };
        self.ask(id, &request);
    }

    fn ask(&mut self, id: &str, request: &Request) {
        self.now += 60;
        self.runtime.block_on(self.dialguard.at(self.now).decide(id, request)).unwrap();
    }

    fn are_right(&self, id: &str) {
        for ledger in [self.dialguard.ledger(), &self.elsewhere] {
            let all = ledger.numbers(id).unwrap();
            for query in queries() {
                is_answered_in_pages(ledger, id, &query, &fitting(&all, &query));
            }
            self.flagged_are_right(ledger, id, &all);
            carriers_are_right(ledger, id, &all);
        }
    }

    /// Those that turned flagged in the past three days, by the account's events.
    fn flagged_are_right(&self, ledger: &Ledger, id: &str, all: &[KnownNumber]) {
        let since = self.now - 3 * 86_400;
        let events = ledger.events(id, EventFilter { number: None, last: u32::MAX }).unwrap();
        let turned = events.into_iter().filter(|event| event.kind == "turned-flagged" && event.at >= since);
        let turned: BTreeSet<PhoneNumber> = turned.filter_map(|event| event.number).collect();
        let query = NumberQuery { flagged_since: Some(since), limit: 100, ..NumberQuery::default() };
        let page = ledger.number_page(id, &query).unwrap();
        assert_eq!(page.numbers.iter().map(|known| known.number).collect::<BTreeSet<_>>(), turned);
        assert_eq!(page.total as usize, turned.len());
        let owned: HashSet<PhoneNumber> = all.iter().map(|known| known.number).collect();
        assert!(page.numbers.iter().all(|known| known.is_owned == owned.contains(&known.number)));
    }
}

fn queries() -> impl Iterator<Item = NumberQuery> {
    let orders = [NumberOrder::Number, NumberOrder::Status, NumberOrder::Slot];
    let standings = [
        None,
        Some(MonitoringFilter::NotMonitored),
        Some(MonitoringFilter::Monitored),
        Some(MonitoringFilter::Status(Status::Clean)),
    ];
    let wanted = orders.into_iter().flat_map(move |order| standings.map(|standing| (order, standing)));
    wanted.flat_map(|(order, standing)| {
        ["", "+1", "+442", "7"].map(|search| NumberQuery {
            search: search.into(),
            standing,
            order,
            descending: search == "+1",
            ..NumberQuery::default()
        })
    })
}

/// The latest answers are those of the last run with answers about a number.
fn carriers_are_right(ledger: &Ledger, id: &str, all: &[KnownNumber]) {
    let numbers: Vec<PhoneNumber> = all.iter().map(|known| known.number).collect();
    let mut expected = LatestAnswers::new();
    let every_run = |transaction: &rusqlite::Transaction| {
        let account = accounts::profile(transaction, id)?.key;
        let mut statement = transaction.prepare("SELECT run FROM answers WHERE account = ?1 ORDER BY run")?;
        let runs = statement.query_map([account], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        runs.into_iter().map(|run| runs::answers::of_run(transaction, run)).collect::<Result<Vec<_>>>()
    };
    for heard in ledger.read(every_run).unwrap() {
        let mut of_run = LatestAnswers::new();
        heard.into_iter().for_each(|answer| of_run.entry(answer.number).or_default().push(answer));
        expected.extend(of_run);
    }
    expected.retain(|number, _| numbers.contains(number));
    assert_eq!(ledger.latest_answers(id, &numbers).unwrap(), expected);
}

/// After any change of an account, by either process, and any number of earlier reads.
#[test]
fn pages_are_right_after_every_step_of_any_history() {
    let fixture = std::cell::RefCell::new(TwoProcesses::new());
    let mut runner = TestRunner::new(Config { cases: 6, ..Config::default() });
    let histories = prop::collection::vec(step(), 1..15);
    let right = runner.run(&histories, |history| {
        let (id, numbers) = fixture.borrow_mut().account();
        let half = Request::StartMonitoring(numbers.iter().step_by(2).copied().collect());
        fixture.borrow_mut().ask(&id, &half);
        fixture.borrow().are_right(&id);
        for step in &history {
            fixture.borrow_mut().take(&id, &numbers, step);
            fixture.borrow().are_right(&id);
        }
        Ok(())
    });
    right.unwrap();
}

/// A run's answers are stored in many parts, with those about candidates between the others.
#[test]
fn answers_are_found_in_every_part() {
    let fixture = Fixture::new("2026-03-02T09:00:00Z");
    let answer =
        |number, carrier, score| CarrierAnswer { number, carrier, score: Some(score), label: None, observed_at: 1 };
    let of_three = |number: PhoneNumber, score| (1..=3).map(move |carrier| answer(number, carrier, score));
    let heard: Vec<_> = (0..1_000).flat_map(|place| of_three(2 * place + 1, 10)).chain(of_three(500, 20)).collect();
    let later: Vec<_> = of_three(7, 30).chain(of_three(1_999, 30)).collect();
    let keep = |transaction: &rusqlite::Transaction, run: i64, heard: &[CarrierAnswer]| {
        transaction.execute(
            "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
             VALUES (?1, 1, 'review', 0, '', ?1, ?1, '')",
            [run],
        )?;
        let parts = runs::answers::AnswerParts::pack(heard, u64::MAX).expect("there is room");
        runs::answers::keep(transaction, 1, run, 1, &parts)
    };
    fixture.ledger.change(|transaction| keep(transaction, 1, &heard)).unwrap();
    fixture.ledger.change(|transaction| keep(transaction, 2, &later)).unwrap();

    let known = fixture.ledger.latest_answers(ACME, &[1, 7, 500, 501, 1_023, 1_999, 2_000]).unwrap();
    let scores = |number: PhoneNumber| {
        let answers = known.get(&number)?;
        assert!(answers.iter().map(|answer| answer.carrier).eq(1..=3));
        answers[0].score
    };
    let expected = [(1, 10), (7, 30), (500, 20), (501, 10), (1_023, 10), (1_999, 30)];
    expected.iter().for_each(|(number, score)| assert_eq!(scores(*number), Some(*score), "{number}"));
    assert_eq!(scores(2_000), None);
    let of_run = fixture.ledger.read(|transaction| runs::answers::of_run(transaction, 1)).unwrap();
    assert_eq!(of_run, heard, "all of it in the order in which it was heard");
}
