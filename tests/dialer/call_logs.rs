//! How calls went, read from the logs of providers: whole hours, each once, whatever happens in between.

use crate::harness::acme::{DAY, NOW, number};
use crate::harness::policies::reference::reference;
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Ended::{Answered, Blocked, Garbled, Incoming, NobodyAnswered, StillRings};
use crate::harness::services::provider::When::Before;
use crate::harness::services::provider::{Deed, Ended, FakeCall, FakeProvider};
use dialguard::calendar::NaiveTime;
use dialguard::clock::FixedClock;
use dialguard::contract::Request;
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::ReadCalls;
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use dialguard_dialer::ledger::{AccountChange, AccountSettings, Buying, ImportedAs, Ledger, NewAccount};
use dialguard_dialer::phone::Region;
use dialguard_dialer::providers::ProviderSettings;
use dialguard_dialer::zones::Zone;
use std::sync::Arc;
use tempfile::TempDir;

const HOUR: u64 = 3_600;
const ONE: &str = "+13105550100";
const TWO: &str = "+13105550101";

/// Accounts with 0100, 0101 and so on at a provider whose log is read.
struct Fixture {
    fake: FakeProvider,
    dialguard: Dialguard,
    _folder: TempDir,
}

impl Fixture {
    /// The account `acme` has 0100 and 0101, and its review is due at 6:00.
    async fn new(kind: ProviderKind, zone: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        let fake = FakeProvider::new().await;
        let mut profile = fake.profile("them", kind, folder.path());
        let settings = ProviderSettings::from_json(&profile.settings).unwrap();
        profile.settings = ProviderSettings { calls: true, ..settings }.to_json();
        ledger.add_provider(&profile, 0).unwrap();
        let dialguard = Dialguard::new(ledger, reference(), Arc::new(FixedClock(NOW)));
        let fixture = Fixture { fake, dialguard, _folder: folder };
        fixture.add_account("acme", zone, &[number(100), number(101)]).await;
        fixture
    }

    async fn add_account(&self, id: &str, zone: &str, numbers: &[u64]) {
        let zone: Zone = zone.parse().expect("a time zone");
        let new = NewAccount {
            id: id.into(),
            blocks: 1,
            time_zone: zone,
            region: Region::US,
            review_at: NaiveTime::from_hms_opt(6, 0, 0).unwrap(),
            settings: AccountSettings::default(),
        };
        self.dialguard.add_account(&new).await.unwrap();
        let ledger = self.dialguard.ledger();
        ledger.import_numbers(id, numbers, ImportedAs::Owned, NOW).unwrap();
        let buying = Buying { provider: Some("them".into()), ..Buying::default() };
        ledger.change_account(id, &AccountChange { buying: Some(buying), ..AccountChange::default() }, NOW).unwrap();
    }

    fn logs(&self, calls: &[(&'static str, u64, Ended)]) {
        self.fake.logs(calls.iter().map(|(from, began_at, ended)| FakeCall {
            from,
            began_at: *began_at,
            ended: *ended,
        }));
    }

    /// Reads three days up to now.
    async fn read(&self, now: u64) -> ReadCalls {
        self.dialguard.at(now).read_calls("acme", 3).await.unwrap()
    }

    /// Attempts, answered, short and blocked calls of a number of the account since then.
    fn called(&self, id: &str, last: u64, since: u64) -> [u64; 4] {
        let sums = self.dialguard.ledger().call_sums(id, &[number(last)], since).unwrap();
        [sums[0].attempts, sums[0].answered, sums[0].short, sums[0].blocked]
    }

    fn asked(&self) -> usize {
        self.fake.requests().iter().filter(|deed| **deed == Deed::Calls).count()
    }
}

/// The figures of a reading: new, changed and known hours.
fn counts(read: &ReadCalls) -> [usize; 3] {
    [read.new, read.changed, read.known]
}

/// The log has more pages than one: three calls each.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_summed_to_whole_hours_and_reading_again_changes_nothing() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "UTC").await;
        let seven = NOW - 2 * HOUR;
        fixture.logs(&[
            (ONE, seven, Answered(30)),
            (ONE, seven + 1, Answered(6)),
            (ONE, seven + 2, NobodyAnswered),
            (ONE, seven + 3, Blocked),
            (TWO, seven + HOUR, Answered(30)),
            (ONE, NOW - 2 * DAY, Answered(30)),
            (ONE, NOW - 4 * DAY, Answered(30)),
            ("+12125550177", seven, Answered(30)),
            ("client:bob", seven, Answered(30)),
            (ONE, seven, Incoming),
        ]);
        let read = fixture.read(NOW).await;
        assert_eq!((counts(&read), read.others, &read.problem), ([3, 0, 0], 2, &None), "{kind:?}");
        assert_eq!(read.read_until, Some(NOW));
        // Twilio's log does not tell which calls were blocked.
        let blocked = u64::from(kind == Telnyx);
        assert_eq!(fixture.called("acme", 100, seven), [4, 2, 1, blocked], "{kind:?}");
        assert_eq!(fixture.called("acme", 101, seven), [1, 1, 0, 0]);
        assert_eq!(fixture.called("acme", 100, NOW - 3 * DAY)[0], 5, "three days back");
        assert_eq!(counts(&fixture.read(NOW).await), [0, 0, 3], "{kind:?}");
    }
}

/// Half an hour is never stored as a whole one. What rings, or is written down late, counts in the next reading.
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_is_not_over_waits_and_late_records_count() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "UTC").await;
        fixture.logs(&[(ONE, NOW - HOUR, Answered(30)), (ONE, NOW - 1, StillRings), (ONE, NOW + 60, Answered(30))]);
        let read = fixture.read(NOW + 1_800).await;
        assert_eq!((counts(&read), read.read_until), ([1, 0, 0], Some(NOW)), "{kind:?}");
        assert_eq!(fixture.called("acme", 100, NOW - HOUR)[0], 1, "neither what rings nor the present hour");
        fixture.fake.calls_end(Answered(90));
        fixture.logs(&[(ONE, NOW - HOUR + 5, NobodyAnswered)]);
        assert_eq!(counts(&fixture.read(NOW + HOUR).await), [1, 1, 0], "{kind:?}");
        assert_eq!(fixture.called("acme", 100, NOW - HOUR), [4, 3, 0, 0], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_begin_by_the_clock_of_the_account() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "Asia/Kolkata").await;
        // 5:00 to 6:00 in India, on both sides of midnight UTC.
        let five = NOW - 9 * HOUR - 1_800;
        fixture.logs(&[
            (ONE, five - 1, NobodyAnswered),
            (ONE, five, Answered(30)),
            (ONE, five + HOUR - 1, Answered(3)),
        ]);
        let read = fixture.read(NOW).await;
        assert_eq!((counts(&read), read.read_until), ([2, 0, 0], Some(NOW - 1_800)), "{kind:?}");
        assert_eq!(fixture.called("acme", 100, five), [2, 2, 1, 0], "{kind:?}");
    }
}

/// The answers end in the middle after so many requests. Hours that were read whole stay, and the next reading brings the
/// rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_was_read_in_part_is_not_stored() {
    let (evening, morning) = (NOW - 12 * HOUR, NOW - HOUR);
    let calls: Vec<_> = (0..7).flat_map(|of| [evening + of, morning + of].map(|at| (ONE, at, Answered(30)))).collect();
    for (kind, steps) in [(Twilio, 1), (Telnyx, 3)] {
        let whole = Fixture::new(kind, "UTC").await;
        whole.logs(&calls);
        whole.dialguard.read_calls("acme", 1).await.unwrap();
        for answered in (0..whole.asked() as u32).step_by(steps) {
            let fixture = Fixture::new(kind, "UTC").await;
            fixture.logs(&calls);
            fixture.fake.fails_after(answered, Deed::Calls, Fault::HalfABody);
            let read = fixture.dialguard.read_calls("acme", 1).await.unwrap();
            let problem = read.problem.expect("it ended early");
            assert!(problem.starts_with("them: calls could not be read: invalid response"), "{problem}");
            let [all, late] = [evening, morning].map(|since| fixture.called("acme", 100, since)[0]);
            assert!([(0, 0), (7, 0)].contains(&(all, late)), "{kind:?}, {answered} requests: {all}, {late}");
            assert!(read.read_until.is_none_or(|until| until < NOW), "{kind:?}, {answered} requests");
            let known = fixture.dialguard.ledger().call_reading("acme").unwrap();
            assert_eq!(known.problem, Some(problem));
            fixture.fake.works();
            let again = fixture.read(NOW).await;
            assert_eq!((again.problem, again.read_until), (None, Some(NOW)));
            assert_eq!(fixture.called("acme", 100, evening), [14, 14, 0, 0], "{kind:?}");
            assert_eq!(fixture.dialguard.ledger().call_reading("acme").unwrap().problem, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_for_unless_it_is_long() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "UTC").await;
        fixture.logs(&[(ONE, NOW - HOUR, Answered(30))]);
        fixture.fake.fails_once(Deed::Calls, Fault::TooManyFor(0), Before);
        assert_eq!(counts(&fixture.read(NOW).await), [1, 0, 0], "{kind:?}");
        fixture.fake.fails_after(1, Deed::Calls, Fault::TooManyFor(600));
        let problem = fixture.read(NOW).await.problem.expect("it ended early");
        assert!(problem.contains("rate limit reached"), "{kind:?}: {problem}");
    }
}

/// Both have the provider, each its own numbers and its own clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_once_for_all_of_its_accounts() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "UTC").await;
        fixture.add_account("other", "Asia/Kolkata", &[number(200)]).await;
        let ledger = fixture.dialguard.ledger();
        fixture.logs(&[(ONE, NOW - HOUR, Answered(30)), ("+13105550200", NOW - 2 * HOUR, NobodyAnswered)]);
        let read = fixture.read(NOW).await;
        assert_eq!((counts(&read), read.others), ([1, 0, 0], 0), "{kind:?}");
        assert_eq!(fixture.called("other", 200, NOW - DAY), [1, 0, 0, 0], "{kind:?}");
        assert_eq!(ledger.call_reading("other").unwrap().read_until, Some(NOW - 1_800));
        let asked = fixture.asked();
        // Both reviews are due. The log has been read for them.
        for id in ["acme", "other"] {
            fixture.dialguard.review_once(id).await.unwrap();
        }
        assert_eq!(fixture.asked(), asked, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_review_reads_calls_first_and_is_made_without_them_if_need_be() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::new(kind, "UTC").await;
        let monitor = Request::StartMonitoring(vec![number(100)]);
        fixture.dialguard.decide("acme", &monitor).await.unwrap();
        fixture.logs(&[
            (ONE, NOW - HOUR, Answered(30)),
            (ONE, NOW, NobodyAnswered),
            (ONE, NOW + 20 * HOUR, Answered(30)),
        ]);
        let reviewed = fixture.dialguard.review_once("acme").await.unwrap().expect("it is due");
        assert_eq!(reviewed.problems, Vec::<String>::new(), "{kind:?}");
        assert_eq!(fixture.called("acme", 100, NOW - DAY)[0], 1, "{kind:?}");
        // A try after a quarter of an hour does not read them again, and the next day's review does.
        let asked = fixture.asked();
        fixture.dialguard.at(NOW + 900).review_once("acme").await.unwrap();
        assert_eq!(fixture.asked(), asked, "{kind:?}");
        let next_day = fixture.dialguard.at(NOW + DAY);
        fixture.fake.fails(Deed::Calls, Fault::Status(503), Before);
        let reviewed = next_day.review_once("acme").await.unwrap().expect("it is due");
        assert!(reviewed.problems.iter().any(|words| words.contains("calls could not be read")), "{reviewed:?}");
        fixture.fake.works();
        let reviewed = fixture.dialguard.at(NOW + 2 * DAY).review_once("acme").await.unwrap().expect("it is due");
        assert_eq!(reviewed.problems, Vec::<String>::new(), "{kind:?}");
        assert_eq!(fixture.called("acme", 100, NOW - DAY)[0], 3, "{kind:?}: the day that failed is not lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_where_it_is_off_and_what_cannot_be_told_is_counted() {
    let fixture = Fixture::new(Twilio, "UTC").await;
    fixture.logs(&[(ONE, NOW - HOUR, Garbled), (ONE, NOW - HOUR, Answered(30))]);
    let read = fixture.read(NOW).await;
    assert_eq!((counts(&read), read.unreadable), ([1, 0, 0], 1));
    let ledger = fixture.dialguard.ledger();
    let mut profile = ledger.provider("them").unwrap();
    let settings = ProviderSettings::from_json(&profile.settings).unwrap();
    profile.settings = ProviderSettings { calls: false, ..settings }.to_json();
    ledger.change_provider(&profile, 0).unwrap();
    let asked = fixture.asked();
    let next_day = fixture.dialguard.at(NOW + DAY);
    next_day.review_once("acme").await.unwrap();
    let refused = next_day.read_calls("acme", 3).await.unwrap_err().to_string();
    assert_eq!((refused.as_str(), fixture.asked()), ("calls are not read from them", asked));
    let none = AccountChange { buying: Some(Buying::default()), ..AccountChange::default() };
    ledger.change_account("acme", &none, NOW + DAY).unwrap();
    let refused = next_day.read_calls("acme", 3).await.unwrap_err().to_string();
    assert_eq!(refused, "the account has no provider whose log of calls could be read");
}
