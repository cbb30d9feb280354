//! Lookup services against a fake that fails in every way, and against Twilio's own description of its Lookup.

use crate::harness::acme::{DAY, NOW, number};
use crate::harness::services::fault::Fault;
use crate::harness::services::prism::Prism;
use crate::harness::services::source::FakeSource;
use dialguard_dialer::http::secret::{Secret, SecretPlace};
use dialguard_dialer::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits};
use dialguard_dialer::ledger::{Ledger, LookupsSpent, SourceKind, SourceProfile};
use dialguard_dialer::sources::lookups::{LookupService, LookupSettings, Lookups};
use dialguard_dialer::sources::nomorobo::Nomorobo;
use dialguard_dialer::sources::telnyx::Telnyx;
use dialguard_dialer::sources::trustcall::TrustCall;
use dialguard_dialer::sources::{Report, Source};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;

const NUMBER: u64 = number(100);

const SECRET: &str = "hunter2hunter2";

const PRICE_MICROS: u64 = 10_000;

/// A ledger with one source, and the fake that it uses.
struct Fixture {
    fake: FakeSource,
    folder: TempDir,
    ledger: Arc<Ledger>,
    lookups_a_day: u64,
}

impl Fixture {
    async fn new(lookups_a_day: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        let location = String::from("{}");
        ledger.add_source(&SourceProfile { name: "them".into(), kind: SourceKind::Telnyx, location }, 0).unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        Fixture { fake: FakeSource::new().await, folder, ledger, lookups_a_day }
    }

    /// The source as another process would open it.
    fn service<S: LookupService>(&self, limits: ServiceLimits) -> Lookups<S> {
        self.service_on(&self.ledger, limits)
    }

    fn service_on<S: LookupService>(&self, ledger: &Arc<Ledger>, limits: ServiceLimits) -> Lookups<S> {
        let place = SecretPlace::File(self.folder.path().join("secret"));
        let mut settings = LookupSettings::new::<S>(S::SECRETS[0].iter().map(|name| (*name, place.clone())));
        settings.base_url = self.fake.address.clone();
        settings.price_micros = PRICE_MICROS;
        settings.budget_micros = self.lookups_a_day * PRICE_MICROS;
        Lookups::with_limits(ledger.clone(), "them", settings, limits)
    }

    fn spent(&self) -> u64 {
        let LookupsSpent { count, micros } = self.ledger.lookups_spent("them", NOW).unwrap();
        assert_eq!(micros, count * PRICE_MICROS);
        count
    }
}

/// Limits for one short attempt.
fn hasty() -> ServiceLimits {
    ServiceLimits { request_time_max: Duration::from_millis(500), ..single() }
}

/// Limits for one attempt.
fn single() -> ServiceLimits {
    ServiceLimits { attempts_max: 1, failures_max: u32::MAX, ..ServiceLimits::default() }
}

fn scores(report: &Report) -> Vec<(u64, &str, Option<u8>)> {
    let answers = report.answers.iter();
    answers.map(|answer| (answer.number, &*report.carriers[usize::from(answer.carrier)], answer.score)).collect()
}

/// Every fault, a part of the problem, and whether the lookup may have been charged.
const FAULTS: [(Fault, &str, bool); 17] = [
    (Fault::NoAnswer, "no response within 1 second", true),
    (Fault::LateAnswer, "no response within 1 second", true),
    (Fault::TooMany, "rate limit reached", false),
    (Fault::TooManyFor(600), "next attempt in 600 seconds", false),
    (Fault::TooManyUntil(600), "next attempt in 600 seconds", false),
    (Fault::ServerError, "HTTP 500: out of order", true),
    (Fault::Reset, "the connection was lost", true),
    (Fault::HalfABody, "invalid response: truncated JSON", true),
    (Fault::Drip, "no response within 1 second", true),
    (Fault::Html, "invalid response: HTML instead of JSON", true),
    (Fault::AnotherNumber, "invalid response: about a number that was not requested", true),
    (Fault::TenMegabytes, "invalid response: more than 1048576 bytes", true),
    (Fault::Redirect, "invalid response: HTTP 302, a redirect to elsewhere.example", true),
    (Fault::Score900, "invalid response: a ", true),
    (Fault::Status(401), "(file:", false),
    (Fault::Status(403), "lacks permission", false),
    (Fault::Status(422), "HTTP 422, error 20422", true),
];

async fn no_fault_gives_an_opinion<S: LookupService>() {
    for (fault, words, is_paid) in FAULTS {
        let fixture = Fixture::new(100).await;
        fixture.fake.fails(fault);
        let is_slow = matches!(fault, Fault::NoAnswer | Fault::LateAnswer | Fault::Drip);
        let limits = if is_slow { hasty() } else { single() };
        let report = fixture.service::<S>(limits).look_up(&[NUMBER, NUMBER + 1], NOW).await.unwrap();
        let context = format!("{} and {fault:?}: {:?}", S::NAME, report.problems);
        assert_eq!(report.answers, [], "{context}");
        assert!(report.problems.iter().any(|problem| problem.contains(words)), "{context}");
        assert!(!report.problems.iter().any(|problem| problem.contains(SECRET)), "{context}");
        assert_eq!(fixture.spent(), if is_paid { 2 } else { 0 }, "{context}");
        // No fault is stored as an answer.
        fixture.fake.fails(None);
        let report = fixture.service::<S>(single()).look_up(&[NUMBER, NUMBER + 1], NOW).await.unwrap();
        assert_eq!((report.answers.len(), report.problems), (2 * S::CARRIERS.len(), vec![]), "{context}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_trustcall_gives_an_opinion() {
    no_fault_gives_an_opinion::<TrustCall>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_telnyx_gives_an_opinion() {
    no_fault_gives_an_opinion::<Telnyx>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_nomorobo_gives_an_opinion() {
    no_fault_gives_an_opinion::<Nomorobo>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_fault_is_retried_and_each_lookup_that_may_be_charged_is_counted() {
    let scenarios = [
        (Fault::ServerError, 2),
        (Fault::Reset, 2),
        (Fault::TooMany, 1),
        (Fault::TooManyFor(0), 1),
        (Fault::TooManyUntil(1), 1),
    ];
    for (fault, lookups) in scenarios {
        let fixture = Fixture::new(100).await;
        fixture.fake.fails_once(&[fault]);
        let report = fixture.service::<Telnyx>(ServiceLimits::default()).look_up(&[NUMBER + 1], NOW).await.unwrap();
        assert_eq!(scores(&report), [(NUMBER + 1, "Hiya", Some(95))], "{fault:?}: {:?}", report.problems);
        assert_eq!((fixture.fake.requests(), fixture.spent()), (2, lookups), "{fault:?}");
    }
    let fixture = Fixture::new(1).await;
    fixture.fake.fails_once(&[Fault::ServerError]);
    let report = fixture.service::<Telnyx>(ServiceLimits::default()).look_up(&[NUMBER + 1], NOW).await.unwrap();
    assert_eq!(
        (report.answers.len(), fixture.fake.requests(), fixture.spent()),
        (0, 1, 1),
        "no budget for another attempt"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_may_have_been_carried_out_is_not_repeated() {
    let call = |method: fn(&[&str]) -> Call| method(&["PhoneNumbers", "+13105550101"]);
    let (get, post, delete) = (call(Call::get), call(Call::post), call(Call::delete));
    let scenarios = [
        (&get, Fault::ServerError, 2),
        (&get, Fault::Reset, 2),
        (&get, Fault::Html, 1),
        (&post, Fault::ServerError, 1),
        (&post, Fault::Reset, 1),
        (&post, Fault::Html, 1),
        (&post, Fault::TooMany, 2),
        (&post, Fault::Status(404), 1),
        (&delete, Fault::ServerError, 1),
        (&delete, Fault::TooManyFor(0), 2),
    ];
    for (call, fault, requests) in scenarios {
        let fake = FakeSource::new().await;
        fake.fails_once(&[fault]);
        let bearer = Credentials::Bearer(Secret::new(SECRET.into()));
        let service = HttpService::new("them", &fake.address, bearer, ServiceLimits::default()).unwrap();
        let outcome = service.send(call).await;
        assert_eq!((fake.requests(), outcome.is_ok()), (requests, requests == 2), "{call:?} {fault:?}");
        if let Err(error) = outcome {
            let is_refused = matches!(error, ServiceError::Refused { status: 404, .. });
            assert_eq!(error.is_without_effect(), is_refused, "{fault:?}");
        }
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bearer = Credentials::Bearer(Secret::new(SECRET.into()));
    let service = HttpService::new("them", &format!("http://{closed}"), bearer, ServiceLimits::default()).unwrap();
    let error = service.send(&post).await.unwrap_err();
    assert!(matches!(error, ServiceError::NotSent(_)) && error.is_without_effect(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicated_response_is_invalid() {
    let fixture = Fixture::new(100).await;
    fixture.fake.fails(Fault::Twice);
    let report = fixture.service::<Nomorobo>(single()).look_up(&[NUMBER], NOW).await.unwrap();
    assert!(report.answers.is_empty() && report.problems[0].contains("invalid response"), "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn trustcall_gets_batches_of_200_numbers_of_the_united_states() {
    let fixture = Fixture::new(1_000).await;
    let numbers: Vec<u64> = (NUMBER..NUMBER + 450).chain([442_079_460_958, 14_165_550_100]).collect();
    let report = fixture.service::<TrustCall>(single()).look_up(&numbers, NOW).await.unwrap();
    let mut batches: Vec<_> = fixture.fake.asked().iter().map(Vec::len).collect();
    batches.sort();
    assert_eq!((batches, fixture.spent()), (vec![50, 200, 200], 450));
    assert_eq!((report.answers.len(), report.problems), (450 * 5, vec![]));
    let of_one: Vec<_> = report.answers.iter().filter(|answer| answer.number == NUMBER + 1).collect();
    assert!(of_one.len() == 5 && of_one.iter().all(|answer| answer.score == Some(100) && answer.observed_at == NOW));
}

#[tokio::test(flavor = "multi_thread")]
async fn few_requests_are_in_flight_at_a_time() {
    let fixture = Fixture::new(1_000).await;
    let numbers: Vec<u64> = (NUMBER..NUMBER + 100).collect();
    let limits = ServiceLimits { concurrent_max: 4, ..single() };
    let report = fixture.service::<Nomorobo>(limits).look_up(&numbers, NOW).await.unwrap();
    assert_eq!((report.answers.len(), fixture.fake.requests()), (100, 100));
    assert!((2..=4).contains(&fixture.fake.most_under_way()), "{}", fixture.fake.most_under_way());
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_failures_open_the_circuit_and_a_refused_account_ends_the_run() {
    let fixture = Fixture::new(1_000).await;
    fixture.fake.fails(Fault::Score900);
    let numbers: Vec<u64> = (NUMBER..NUMBER + 100).collect();
    let service = fixture.service::<Telnyx>(ServiceLimits::default());
    let report = service.look_up(&numbers, NOW).await.unwrap();
    let asked = fixture.fake.requests();
    assert!((5..5 + 8).contains(&asked), "{asked}"); // five in a row, and those in flight with them
    assert!(report.problems.iter().any(|problem| problem.contains("circuit open")), "{:?}", report.problems);
    assert_eq!(fixture.spent(), asked as u64);
    assert!(fixture.ledger.circuit_open_until("them", NOW).unwrap() > Some(NOW));
    service.look_up(&numbers, NOW).await.unwrap();
    assert_eq!((fixture.fake.requests(), fixture.spent()), (asked, asked as u64));

    let fixture = Fixture::new(1_000).await;
    fixture.fake.fails(Fault::Status(401));
    fixture.service::<Telnyx>(ServiceLimits::default()).look_up(&numbers, NOW).await.unwrap();
    assert!(fixture.fake.requests() <= 8 && fixture.spent() == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_day_holds_for_fifty_lookups_at_once() {
    let fixture = Fixture::new(100).await;
    let other = Arc::new(Ledger::open(fixture.folder.path()).unwrap());
    let mut asking = JoinSet::new();
    for task in 0..50 {
        let ledger = if task % 2 == 0 { &fixture.ledger } else { &other };
        let service = fixture.service_on::<Telnyx>(ledger, single());
        let numbers: Vec<u64> = (NUMBER + task * 10..NUMBER + task * 10 + 10).collect();
        asking.spawn(async move { service.look_up(&numbers, NOW).await.unwrap() });
    }
    let reports = asking.join_all().await;
    assert_eq!((fixture.fake.requests(), fixture.spent()), (100, 100));
    assert_eq!(reports.iter().map(|report| report.answers.len()).sum::<usize>(), 100);
    let refused =
        reports.iter().filter(|report| report.problems.iter().any(|problem| problem.contains("the budget of $1.00")));
    assert_eq!(refused.count(), 40);
    // The next date has its own budget.
    let report = fixture.service::<Telnyx>(single()).look_up(&[NUMBER + 9_000], NOW + DAY).await.unwrap();
    assert_eq!(report.answers.len(), 1);
}

/// A policy names the most important numbers first, whatever they are, and ten groups are asked at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_budget_that_covers_some_numbers_covers_the_first_in_the_order_asked() {
    async fn covered<S: LookupService>(numbers: &[u64], covers: usize) {
        let fixture = Fixture::new(covers as u64).await;
        let report = fixture.service::<S>(single()).look_up(numbers, NOW).await.unwrap();
        let answered: BTreeSet<u64> = report.answers.iter().map(|answer| answer.number).collect();
        assert_eq!(answered, numbers[..covers].iter().copied().collect(), "{}", S::NAME);
        assert_eq!(fixture.spent(), covers as u64);
    }
    let numbers: Vec<u64> = (0..600).map(|place| NUMBER + place * 7_919 % 600).collect();
    for covers in [1, 39, 40, 130, 599] {
        covered::<Telnyx>(&numbers, covers).await;
        covered::<TrustCall>(&numbers, covers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stays_fresh_as_long_as_the_settings_say() {
    let fixture = Fixture::new(100).await;
    let ask =
        async |at| fixture.service::<Telnyx>(single()).look_up(&[NUMBER, NUMBER + 1], at).await.unwrap().answers.len();
    for (hours, requests) in [(0, 2), (1, 2), (22, 2), (23, 4), (24, 4), (47, 6)] {
        assert_eq!((ask(NOW + hours * 3_600).await, fixture.fake.requests()), (2, requests), "after {hours} hours");
    }
    // An unknown number is an answer too.
    fixture.fake.fails(Fault::Status(404));
    for _ in 0..2 {
        let report = fixture.service::<Telnyx>(single()).look_up(&[NUMBER + 2], NOW).await.unwrap();
        assert_eq!((report.answers, report.problems, fixture.fake.requests()), (vec![], vec![], 7));
    }
}

/// Twilio's own description of Lookup v1. Prism responds with its example, so that number must be requested.
#[tokio::test(flavor = "multi_thread")]
async fn requests_to_twilio_lookup_follow_its_description() {
    let Some(prism) = Prism::serve("twilio_lookups_v1.json") else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fixture = Fixture::new(100).await;
    let place = SecretPlace::File(fixture.folder.path().join("secret"));
    let mut settings = LookupSettings::new::<Nomorobo>([("account-sid", place.clone()), ("auth-token", place)]);
    settings.base_url = choosing_the_example(&prism.address, "fetchAddonsNomorobo").await + "/v1";
    let service = Lookups::<Nomorobo>::with_limits(fixture.ledger.clone(), "them", settings, single());
    let report = service.look_up(&[19_892_008_374], NOW).await.unwrap();
    assert_eq!(scores(&report), [(19_892_008_374, "Nomorobo", Some(100))], "{:?}", report.problems);
    // Prism does refuse a request that breaks the description.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = client.get(format!("{}/v1/PhoneNumbers/1", prism.address)).send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

/// Forwards requests with the header that tells Prism which example to send.
async fn choosing_the_example(prism: &str, example: &'static str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let prism = prism.to_owned();
    let pass_on = async move |request: axum::extract::Request| {
        let url = format!("{prism}{}", request.uri());
        let passed = client.get(url).headers(request.headers().clone()).header("prefer", format!("example={example}"));
        let answer = passed.send().await.expect("Prism answers");
        (answer.status(), answer.text().await.expect("a body"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, axum::Router::new().fallback(pass_on)).await });
    address
}
