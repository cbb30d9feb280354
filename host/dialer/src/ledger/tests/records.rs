//! What runs leave on record, which is forgotten by its age and by its bytes.

use super::*;
use crate::ledger::alerts::sending::Attempt;
use dialguard::dialer::NumberInventory;
use dialguard::recording::Call;

const DAY: u64 = 86_400;

/// Numbers that do not pack: 8 bytes each in memory, 7 on disk.
fn numbers_at_random(count: usize, seed: u64) -> Vec<PhoneNumber> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        100_000_000_000_000 + (state >> 16) % 100_000_000_000_000
    };
    (0..count).map(|_| next()).collect()
}

/// A policy that asks so often, each time about 10,000 other numbers, which of them the account owns.
fn asked_what_is_owned(times: u64) -> Recording {
    let calls: Vec<Call> = (0..times).map(|seed| Call::Owned(numbers_at_random(10_000, seed), Ok(vec![]))).collect();
    Recording::from(calls)
}

impl Fixture {
    /// Applies a review, or a request, that does nothing but leave this recording.
    async fn leave(&self, is_review: bool, recording: &Recording, kept: RecordLimits) -> u64 {
        let (account, now) = self.ledger.account_at(ACME, self.now).unwrap();
        let based_on = account.revision;
        let view = AccountView::new(self.ledger.clone(), account, now);
        let mut inputs = Inputs::default();
        inputs.now = Some(now);
        inputs.account = Some(view.account(ACME).await.unwrap());
        let (reviews, suspects, actions, notices) = (ReviewTable::new(), None, vec![], vec![]);
        let plan = Plan { account: ACME.into(), based_on, decided_at: now, reviews, suspects, actions, notices };
        let outcome = match is_review {
            true => RunOutcome::Review(plan),
            false => RunOutcome::Request(Request::StopMonitoring(vec![]), Decision { plan, outcomes: vec![] }),
        };
        let run = RunRecord { recording, kept, ..record(&outcome, &inputs) };
        self.ledger.apply(ACME, run).unwrap().run
    }

    fn recordings(&self) -> Vec<(u64, RecordingState)> {
        self.ledger.runs(ACME, 0, 100).unwrap().into_iter().map(|run| (run.id, run.recording)).collect()
    }

    /// The bytes of everything on record, and what the account counts.
    fn bytes_on_record(&self) -> (i64, i64) {
        let sum =
            |sql: &str| self.ledger.read(|transaction| Ok(transaction.query_row(sql, [], |row| row.get(0))?)).unwrap();
        let stored = sum("SELECT ifnull((SELECT sum(length(body)) FROM recordings), 0)
                  + ifnull((SELECT sum(length(body)) FROM answer_parts), 0)");
        (stored, sum("SELECT recorded_bytes FROM accounts"))
    }
}

/// 200 questions about 10,000 numbers each left 14 MB for 35 days, and 1,590 left 119 MB.
#[tokio::test]
async fn a_recording_that_is_too_large_is_not_kept_and_its_run_says_so() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let run = fixture.leave(true, &asked_what_is_owned(200), RecordLimits::default()).await;
    assert_eq!(fixture.recordings(), [(run, RecordingState::TooLarge)]);
    assert_eq!(error(fixture.ledger.recorded_run(run)), "the recording of run 1 was too large to keep");
    assert_eq!(fixture.bytes_on_record(), (0, 0));
    let run = fixture.leave(true, &asked_what_is_owned(10), RecordLimits::default()).await;
    assert_eq!(fixture.recordings()[1], (run, RecordingState::Kept));
    assert_eq!(fixture.ledger.recorded_run(run).unwrap().recording.calls.len(), 10);
}

/// However often a user has runs made, an account's records have the room that they have.
#[tokio::test]
async fn records_make_room_for_newer_ones_those_of_daily_reviews_last() {
    use RecordingState::{Kept, MadeRoom};
    let mut fixture = Fixture::new("2026-01-15T12:00:00Z");
    // Room for three and a half of 70 kB.
    let kept = RecordLimits { account_bytes_max: 250_000, ..RecordLimits::default() };
    let daily = fixture.leave(true, &asked_what_is_owned(1), kept).await;
    let mut requests = Vec::new();
    for _ in 0..3 {
        requests.push(fixture.leave(false, &asked_what_is_owned(1), kept).await);
    }
    let states = |fixture: &Fixture| fixture.recordings().into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    assert_eq!(states(&fixture), [Kept, MadeRoom, Kept, Kept], "the oldest request goes first");
    assert_eq!(error(fixture.ledger.recorded_run(requests[0])), "the recording of run 2 made room for newer ones");
    fixture.now += DAY;
    fixture.leave(true, &asked_what_is_owned(1), kept).await;
    fixture.now += DAY;
    fixture.leave(true, &asked_what_is_owned(1), kept).await;
    assert_eq!(states(&fixture), [Kept, MadeRoom, MadeRoom, MadeRoom, Kept, Kept], "daily reviews stay");
    fixture.now += DAY;
    fixture.leave(true, &asked_what_is_owned(1), kept).await;
    assert_eq!(states(&fixture)[4..], [Kept, Kept, Kept]);
    assert_eq!(error(fixture.ledger.recorded_run(daily)), "the recording of run 1 made room for newer ones");
    let (stored, counted) = fixture.bytes_on_record();
    assert!(stored == counted && (200_000..=250_000).contains(&stored), "{stored} bytes are stored, {counted} counted");
}

#[tokio::test]
async fn records_that_are_too_old_are_forgotten_and_not_counted() {
    let mut fixture = Fixture::new("2026-01-15T12:00:00Z");
    let run = fixture.leave(true, &asked_what_is_owned(1), RecordLimits::default()).await;
    fixture.now += 36 * DAY;
    fixture.leave(true, &Recording::default(), RecordLimits::default()).await;
    assert_eq!(fixture.recordings()[0], (run, RecordingState::Expired));
    assert_eq!(error(fixture.ledger.recorded_run(run)), "the recording of run 1 is no longer kept");
    let (stored, counted) = fixture.bytes_on_record();
    assert!(stored == counted && stored < 1_000, "{stored} bytes are stored, {counted} counted");
}

/// A receiver may be down for days, while reviews of a thousand accounts go on.
#[test]
fn messages_that_wait_for_a_webhook_have_room_for_64_mib() {
    use alerts::deliveries::{DeliveryState, enqueue};
    use alerts::message::Message;
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let url = "https://receiver.example/";
    let webhook = NewWebhook { account: None, url, key: &[7; 32], allow_private: false, page_address: None };
    let webhook = fixture.ledger.add_webhook(&webhook, fixture.now).unwrap();
    let text = "x".repeat(1 << 20);
    for _ in 0..70 {
        let message = || Message::policy("test", None, &text);
        let queued = fixture.ledger.change(|transaction| {
            let account = accounts::profile(transaction, ACME)?;
            enqueue(transaction, Some(&account), None, fixture.now, message)
        });
        queued.unwrap();
    }
    let messages = fixture.ledger.deliveries(Some(webhook), false, 100).unwrap();
    let waiting = |message: &&Delivery| matches!(message.state, DeliveryState::Waiting(_));
    assert_eq!(messages.iter().filter(waiting).count(), 63);
    assert!(messages[..7].iter().all(|message| matches!(message.state, DeliveryState::Abandoned(_))), "the oldest");
    let events = fixture.ledger.events(ACME, EventFilter { number: None, last: 100 }).unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "alert-abandoned").count(), 7);
    // A message that was delivered needs its body no more.
    let claimed = fixture.ledger.claim_delivery(webhook, "one", fixture.now).unwrap().unwrap();
    fixture.ledger.settle_delivery(&claimed, &Attempt::Delivered, fixture.now).unwrap();
    let figures = fixture.ledger.read(|transaction| {
        Ok(transaction.query_row(
            "SELECT sum(octet_length(body)), (SELECT waiting_bytes FROM webhooks) FROM deliveries",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?)
    });
    let (stored, counted) = figures.unwrap();
    assert!(
        stored == counted && (62 << 20..63 << 20).contains(&stored),
        "{stored} bytes are stored, {counted} counted"
    );
}

/// The keys stay known, so that no request is executed again.
#[test]
fn answers_to_a_callers_requests_with_keys_have_room_for_64_mib() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let asked = |place: u64| KeyedRequest { caller: "dialer".into(), key: format!("{place:03}"), request: [7; 32] };
    for place in 0..70 {
        let now = fixture.now + place;
        assert_eq!(fixture.ledger.begin_keyed_request(&asked(place), now).unwrap(), KeyState::New);
        let answer = StoredAnswer { status: 200, location: None, body: Some(vec![7; 1 << 20]) };
        fixture.ledger.keep_answer(&asked(place), &answer).unwrap();
    }
    let kept = |place: u64| match fixture.ledger.begin_keyed_request(&asked(place), fixture.now + 70).unwrap() {
        KeyState::Done(answer) => answer.body.is_some(),
        other => panic!("{other:?}"),
    };
    assert_eq!((0..70).filter(|place| kept(*place)).collect::<Vec<u64>>(), (6..70).collect::<Vec<u64>>());
    // A day later all of it is forgotten.
    let tomorrow = fixture.now + 2 * DAY;
    fixture.ledger.begin_keyed_request(&asked(999), tomorrow).unwrap();
    let callers = fixture.ledger.read(|transaction| {
        Ok(transaction.query_row("SELECT caller, bytes FROM keyed_callers", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?)
    });
    assert_eq!(callers.unwrap(), ("dialer".to_owned(), 0));
}

/// What was on record before records were counted in bytes is counted too.
#[test]
fn a_ledger_of_the_twentieth_schema_is_upgraded() {
    let (folder, before) = ledger_of_schema(20);
    let run = "INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy)
               VALUES (5, 1, 'review', 1, '2026-01-15', 100, 2, 'abc')";
    let recorded = "INSERT INTO recordings VALUES (5, 1, 100, x'010203')";
    let answers = "INSERT INTO answers VALUES (5, 1, 100); INSERT INTO answer_parts VALUES (5, 0, 1, 2, x'0405')";
    before.execute_batch(&format!("{run}; {recorded}; {answers}")).unwrap();
    drop(before);
    let ledger = Ledger::open(folder.path()).unwrap();
    let counted: i64 = ledger
        .read(|transaction| Ok(transaction.query_row("SELECT recorded_bytes FROM accounts", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(counted, 5);
}
