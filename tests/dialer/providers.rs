//! Providers of numbers against a fake that fails in every way, before or after it carried out a request, and against
//! Twilio's own description of its API.

use crate::harness::acme::number;
use crate::harness::services::fault::Fault;
use crate::harness::services::prism::Prism;
use crate::harness::services::provider::Deed::{
    self, Account, Configure, Look, Order, Orders, Release, Reserve, Search,
};
use crate::harness::services::provider::When::{self, After, Before};
use crate::harness::services::provider::{ACCOUNT_SID, FakeProvider, TOKEN};
use axum::http::StatusCode;
use dialguard_dialer::http::ServiceLimits;
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use dialguard_dialer::providers::{
    Offer, OfferPrice, Provider, ProviderError, ProviderSettings, PurchaseStatus, Reservation, SearchArea,
    open_provider_within,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;

const OLD: u64 = number(100);

const NEW: u64 = number(101);

const OFFERED: u64 = number(102);

const REFERENCE: &str = "dialguard-7";

/// The fake, and providers that use it.
struct Shop {
    fake: FakeProvider,
    kind: ProviderKind,
    folder: TempDir,
}

impl Shop {
    /// The account owns two numbers, and one is on offer.
    async fn new(kind: ProviderKind) -> Self {
        let fake = FakeProvider::new().await;
        fake.has(
            OLD,
            json!({"friendly_name": "Sales", "customer_reference": "Sales", "voice_url": "https://a.example/"}),
        );
        fake.has(NEW, json!({"friendly_name": "(310) 555-0101", "voice_url": ""}));
        fake.offers([OFFERED]);
        Shop { fake, kind, folder: tempfile::tempdir().unwrap() }
    }

    /// A provider as another process would open it.
    fn provider(&self, limits: ServiceLimits) -> Arc<dyn Provider> {
        let profile = self.fake.profile("shop", self.kind, self.folder.path());
        open_provider_within(&profile, limits).unwrap()
    }

    /// With other settings.
    fn provider_with(&self, change: impl FnOnce(&mut ProviderSettings)) -> Arc<dyn Provider> {
        let mut profile = self.fake.profile("shop", self.kind, self.folder.path());
        let mut settings = ProviderSettings::from_json(&profile.settings).unwrap();
        change(&mut settings);
        profile.settings = settings.to_json();
        open_provider_within(&profile, ServiceLimits::default()).unwrap()
    }

    fn patient(&self) -> Arc<dyn Provider> {
        self.provider(ServiceLimits::default())
    }
}

/// Limits for one attempt.
fn single() -> ServiceLimits {
    ServiceLimits { attempts_max: 1, failures_max: u32::MAX, ..ServiceLimits::default() }
}

/// A call of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Search,
    Reserve,
    Has,
    Order,
    PurchaseStatus,
    CarryOver,
    Release,
    Owned,
    Test,
}

impl Call {
    async fn make(self, provider: &dyn Provider) -> Result<(), ProviderError> {
        match self {
            Call::Search => provider.search(SearchArea::AreaCode(310), 10).await.map(drop),
            Call::Reserve => provider.reserve(OFFERED).await.map(drop),
            Call::Order => provider.order(OFFERED, REFERENCE).await.map(drop),
            Call::PurchaseStatus => provider.purchase_status(OFFERED, REFERENCE).await.map(drop),
            Call::CarryOver => provider.carry_over(OLD, NEW).await.map(drop),
            Call::Release => provider.release(OLD).await,
            Call::Owned => provider.owned().await.map(drop),
            Call::Test => provider.test().await.map(drop),
            Call::Has => provider.has(OFFERED).await.map(drop),
        }
    }
}

/// Every kind of request of every call.
const CALLS: [(ProviderKind, Call, Deed); 22] = [
    (Twilio, Call::Search, Search),
    (Twilio, Call::Has, Look),
    (Twilio, Call::Order, Order),
    (Twilio, Call::PurchaseStatus, Look),
    (Twilio, Call::CarryOver, Look),
    (Twilio, Call::CarryOver, Configure),
    (Twilio, Call::Release, Look),
    (Twilio, Call::Release, Release),
    (Twilio, Call::Owned, Look),
    (Twilio, Call::Test, Look),
    (Telnyx, Call::Search, Search),
    (Telnyx, Call::Reserve, Reserve),
    (Telnyx, Call::Has, Look),
    (Telnyx, Call::Order, Order),
    (Telnyx, Call::PurchaseStatus, Look),
    (Telnyx, Call::PurchaseStatus, Orders),
    (Telnyx, Call::CarryOver, Look),
    (Telnyx, Call::CarryOver, Configure),
    (Telnyx, Call::Release, Look),
    (Telnyx, Call::Release, Release),
    (Telnyx, Call::Owned, Look),
    (Telnyx, Call::Test, Look),
];

/// Every fault and when it comes.
const FAULTS: [(Fault, When); 27] = [
    (Fault::NoAnswer, Before),
    (Fault::NoAnswer, After),
    (Fault::LateAnswer, After),
    (Fault::TooMany, Before),
    (Fault::TooManyFor(600), Before),
    (Fault::TooManyUntil(600), Before),
    (Fault::ServerError, Before),
    (Fault::ServerError, After),
    (Fault::Reset, Before),
    (Fault::Reset, After),
    (Fault::HalfABody, After),
    (Fault::Twice, After),
    (Fault::Drip, Before),
    (Fault::Drip, After),
    (Fault::Html, Before),
    (Fault::Html, After),
    (Fault::HtmlUnavailable, After),
    (Fault::AnotherNumber, After),
    (Fault::TenMegabytes, After),
    (Fault::Redirect, Before),
    (Fault::Status(401), Before),
    (Fault::Status(402), Before),
    (Fault::Status(403), Before),
    (Fault::Status(404), Before),
    (Fault::Status(408), After),
    (Fault::Status(422), Before),
    (Fault::Status(503), After),
];

/// Whether the fault shows that nothing was done.
fn shows_nothing_was_done(fault: Fault) -> bool {
    match fault {
        Fault::TooMany | Fault::TooManyFor(_) | Fault::TooManyUntil(_) => true,
        Fault::Status(status) => !matches!(status, 408 | 503),
        _ => false,
    }
}

/// Whether the call succeeds despite the fault: the response is empty or does not matter.
fn is_harmless(kind: ProviderKind, call: Call, deed: Deed, (fault, when): (Fault, When)) -> bool {
    // The response to Twilio's DELETE is empty.
    let is_empty = kind == Twilio && deed == Release && when == After;
    match fault {
        Fault::HalfABody | Fault::Twice | Fault::Reset | Fault::Drip => is_empty,
        // Only a purchase must be of the number requested; lists may have others.
        Fault::AnotherNumber => !matches!(deed, Order) && (call, deed) != (Call::CarryOver, Look),
        // Refused settings are reported.
        Fault::Status(422) => (call, deed) == (Call::CarryOver, Configure),
        _ => false,
    }
}

async fn fails_as_it_should(kind: ProviderKind, call: Call, deed: Deed, fault: Fault, when: When) {
    let context = format!("{kind:?} {call:?}, at {deed:?}: {fault:?} {when:?}");
    let shop = Shop::new(kind).await;
    let is_slow = matches!(fault, Fault::NoAnswer | Fault::LateAnswer | Fault::Drip);
    let limits =
        if is_slow { ServiceLimits { request_time_max: Duration::from_secs(3), ..single() } } else { single() };
    shop.fake.fails_once(deed, fault, when);
    let outcome = call.make(&*shop.provider(limits)).await;
    if !is_harmless(kind, call, deed, (fault, when)) {
        let error = outcome.expect_err(&context);
        let changes = matches!(deed, Order | Configure | Release);
        assert_eq!(error.is_without_effect(), !changes || shows_nothing_was_done(fault), "{context}: {error:?}");
        for secret in [TOKEN, ACCOUNT_SID, "QUMwMTIz", "aHVudGVy"] {
            assert!(!error.to_string().contains(secret), "{context}: {error}");
        }
    }
    // A buyer who checks before repeating the order gets the number once.
    shop.fake.works();
    let provider = shop.patient();
    if call == Call::Order {
        let status = provider.purchase_status(OFFERED, REFERENCE).await.expect(&context);
        let is_done = when == After && !shows_nothing_was_done(fault);
        assert_eq!(status, if is_done { PurchaseStatus::Owned } else { PurchaseStatus::Unknown }, "{context}");
        if status == PurchaseStatus::Unknown {
            assert_eq!(provider.order(OFFERED, REFERENCE).await.expect(&context), PurchaseStatus::Owned, "{context}");
        }
        assert_eq!(shop.fake.purchases(), [OFFERED], "{context}");
    } else {
        call.make(&*provider).await.unwrap_or_else(|error| panic!("{context}, and then {error}"));
        assert!(shop.fake.purchases().is_empty(), "{context}");
        assert_eq!(shop.fake.releases(), if call == Call::Release { vec![OLD] } else { vec![] }, "{context}");
    }
    if call == Call::CarryOver {
        let name = if kind == Twilio { "friendly_name" } else { "customer_reference" };
        assert_eq!(shop.fake.settings(NEW)[name], "Sales", "{context}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_buys_twice_or_counts_as_success() {
    let mut cases = CALLS.iter().flat_map(|call| FAULTS.iter().map(move |fault| (*call, *fault)));
    let mut running = JoinSet::new();
    loop {
        while running.len() < 24 {
            let Some(((kind, call, deed), (fault, when))) = cases.next() else { break };
            running.spawn(fails_as_it_should(kind, call, deed, fault, when));
        }
        let Some(ended) = running.join_next().await else { break };
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_repeated_only_if_it_certainly_failed() {
    for kind in [Twilio, Telnyx] {
        for (fault, when, requests) in [
            (Fault::ServerError, Before, 1),
            (Fault::ServerError, After, 1),
            (Fault::Reset, After, 1),
            (Fault::Html, After, 1),
            (Fault::TooMany, Before, 2),
            (Fault::TooManyFor(0), Before, 2),
        ] {
            let shop = Shop::new(kind).await;
            shop.fake.fails_once(Order, fault, when);
            let outcome = shop.patient().order(OFFERED, REFERENCE).await;
            let asked = shop.fake.requests().iter().filter(|deed| **deed == Order).count();
            assert_eq!((asked, outcome.is_ok()), (requests, requests == 2), "{kind:?} {fault:?}: {outcome:?}");
            assert_eq!(shop.fake.purchases().len(), usize::from(requests == 2 || when == After), "{kind:?} {fault:?}");
        }
    }
}

/// The status was checked too early, so the order is sent again. The buyer, who knows that it was sent before, looks it up.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_succeeded_late_does_not_count_as_sold_elsewhere() {
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        shop.fake.fails_once(Order, Fault::Reset, After);
        let provider = shop.provider(single());
        assert!(matches!(provider.order(OFFERED, REFERENCE).await, Err(ProviderError::Lost(_))), "{kind:?}");
        let error = provider.order(OFFERED, REFERENCE).await.unwrap_err();
        assert!(matches!(error, ProviderError::NoLongerAvailable(_)), "{kind:?}: {error:?}");
        assert_eq!(provider.purchase_status(OFFERED, REFERENCE).await, Ok(PurchaseStatus::Owned), "{kind:?}");
        assert_eq!(shop.fake.purchases(), [OFFERED], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_sold_elsewhere_is_no_longer_available() {
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        let provider = shop.patient();
        shop.fake.sells_elsewhere(OFFERED);
        let error = provider.order(OFFERED, REFERENCE).await.unwrap_err();
        assert!(matches!(error, ProviderError::NoLongerAvailable(_)), "{kind:?}: {error:?}");
        assert_eq!(provider.purchase_status(OFFERED, REFERENCE).await, Ok(PurchaseStatus::Unknown), "{kind:?}");
        if kind == Telnyx {
            let error = provider.reserve(OFFERED).await.unwrap_err();
            assert!(matches!(error, ProviderError::NoLongerAvailable(_)), "{error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_reserved_if_the_provider_can() {
    let shop = Shop::new(Telnyx).await;
    let provider = shop.patient();
    for _ in 0..2 {
        assert_eq!(provider.reserve(OFFERED).await, Ok(Reservation::Reserved));
    }
    assert_eq!(provider.search(SearchArea::AreaCode(310), 10).await, Ok(vec![]), "a reserved number is not on offer");
    assert_eq!(provider.price(OFFERED).await, Ok(None));
    assert_eq!(Shop::new(Twilio).await.patient().reserve(OFFERED).await, Ok(Reservation::NotOffered));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_at_telnyx_may_take_a_while_or_fail() {
    let shop = Shop::new(Telnyx).await;
    let provider = shop.patient();
    let status = async || provider.purchase_status(OFFERED, REFERENCE).await.unwrap();
    shop.fake.delivers_after(3);
    assert_eq!(provider.order(OFFERED, REFERENCE).await, Ok(PurchaseStatus::Pending));
    assert_eq!((status().await, status().await), (PurchaseStatus::Pending, PurchaseStatus::Pending));
    // Another reference is another purchase.
    assert_eq!(provider.purchase_status(OFFERED, "dialguard-8").await, Ok(PurchaseStatus::Unknown));
    assert_eq!(status().await, PurchaseStatus::Owned);

    let shop = Shop::new(Telnyx).await;
    let provider = shop.patient();
    shop.fake.delivers_after(100);
    provider.order(OFFERED, REFERENCE).await.unwrap();
    shop.fake.gives_up_orders();
    let is_over =
        async |number| matches!(provider.purchase_status(number, REFERENCE).await, Ok(PurchaseStatus::Failed(_)));
    assert!(is_over(OFFERED).await);
    // The order came with another number.
    assert!(is_over(OFFERED + 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn best_effort_results_and_numbers_outside_the_area_are_not_offered() {
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        // The fake sends three to a page, whatever is requested.
        shop.fake.offers(OFFERED..OFFERED + 8);
        shop.fake.offers([12_125_550_100, 14_165_550_100, 1_310_555]);
        shop.fake.offers_as_best_efforts([12_135_550_100, 442_079_460_958]);
        let provider = shop.patient();
        let search = async |area, limit| -> Vec<u64> {
            provider.search(area, limit).await.unwrap().into_iter().map(|offer| offer.number).collect()
        };
        let here: Vec<u64> = (OFFERED..OFFERED + 8).collect();
        assert_eq!(search(SearchArea::AreaCode(310), 100).await, here, "{kind:?}");
        let some = search(SearchArea::AreaCode(310), 5).await; // one of five offers is not a number
        assert!(here.starts_with(&some) && (4..=5).contains(&some.len()), "{kind:?}: {some:?}");
        assert_eq!(search(SearchArea::AreaCode(212), 5).await, [12_125_550_100], "{kind:?}");
        assert_eq!(search(SearchArea::AreaCode(907), 5).await, Vec::<u64>::new(), "{kind:?}");
        // Toronto is not in the United States. Twilio does not mark best efforts.
        let mut anywhere = search(SearchArea::Anywhere, 100).await;
        anywhere.retain(|number| *number != 12_135_550_100 || kind == Telnyx);
        assert_eq!(anywhere, [&[12_125_550_100], &here[..]].concat(), "{kind:?}");
    }
}

/// What the provider states of 0102, and what it costs by that.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_offered_at_the_price_that_the_provider_states() {
    let dollars = |upfront: &str, monthly: &str, currency: &str| json!({"upfront_cost": upfront, "monthly_cost": monthly, "currency": currency});
    let in_euros = OfferPrice::Refused("the price is in EUR, not in US dollars".into());
    for (cost, expected) in [
        (json!(null), OfferPrice::Flat),
        (dollars("0.50", "1.00", "USD"), OfferPrice::Cents(150)),
        (dollars("0.00", "1.00", "EUR"), in_euros.clone()),
    ] {
        let shop = Shop::new(Telnyx).await;
        shop.fake.costs(OFFERED, cost.clone());
        let offer = Offer { number: OFFERED, price: expected.clone() };
        assert_eq!(shop.patient().search(SearchArea::AreaCode(310), 10).await, Ok(vec![offer]), "{cost}");
        assert_eq!(shop.patient().price(OFFERED).await, Ok(Some(expected)), "{cost}");
    }
    // Twilio's price is read where that is switched on, and is one for all local numbers of the country.
    let prices = |kind: &str, currency: &str| {
        let price = json!({"number_type": kind, "base_price": "1.00", "current_price": "0.95"});
        json!({"country": "United States", "iso_country": "US", "phone_number_prices": [price], "price_unit": currency})
    };
    let unstated = OfferPrice::Refused("Twilio states no price of local numbers".into());
    for (reads, prices, expected) in [
        (None, prices("local", "USD"), OfferPrice::Flat),
        (Some(true), prices("local", "USD"), OfferPrice::Cents(95)),
        (Some(true), prices("local", "EUR"), in_euros),
        (Some(true), prices("toll free", "USD"), unstated),
    ] {
        let shop = Shop::new(Twilio).await;
        shop.fake.prices_are(prices);
        let provider = shop.provider_with(|settings| settings.read_prices = reads);
        let offer = Offer { number: OFFERED, price: expected.clone() };
        assert_eq!(provider.search(SearchArea::AreaCode(310), 10).await, Ok(vec![offer]), "{reads:?}");
        assert_eq!(provider.price(OFFERED).await, Ok(Some(expected)), "{reads:?}");
        assert_eq!(shop.fake.requests().contains(&Deed::Prices), reads.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_owned_numbers_is_read() {
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        let mut numbers: Vec<u64> = (OLD..OLD + 30).collect();
        numbers.iter().for_each(|number| shop.fake.has(*number, json!({})));
        shop.fake.has(310_555, json!({})); // not a possible number
        assert_eq!(shop.patient().owned().await.as_ref(), Ok(&numbers), "{kind:?}");
        // One number is found among many.
        shop.patient().release(OLD + 17).await.unwrap();
        numbers.remove(17);
        assert_eq!(shop.patient().owned().await, Ok(numbers), "{kind:?}");
        assert_eq!(shop.fake.releases(), [OLD + 17]);
        shop.patient().release(OLD + 17).await.unwrap();
        assert_eq!(shop.fake.releases(), [OLD + 17], "{kind:?}: it was released already");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twilios_names_and_settings_are_copied_and_the_rest_is_reported() {
    let shop = Shop::new(Twilio).await;
    let application = "AP0123456789abcdef0123456789abcdef";
    let settings = json!({
        "friendly_name": "Sales, west", "voice_url": "https://dialer.example/voice", "voice_method": "GET",
        "voice_application_sid": application, "sms_url": "https://dialer.example/sms",
        "status_callback": "https://dialer.example/status",
    });
    shop.fake.has(OLD, settings.clone());
    shop.fake.has(NEW, json!({"friendly_name": "(310) 555-0101", "voice_url": "https://demo.twilio.com/"}));
    for _ in 0..2 {
        assert_eq!(shop.patient().carry_over(OLD, NEW).await, Ok(vec![]));
        assert_eq!(shop.fake.settings(NEW), settings);
    }
    let changes = shop.fake.requests().iter().filter(|deed| **deed == Configure).count();
    assert_eq!(changes, 1, "the second time there is nothing to change");

    shop.fake.has(OLD, json!({"voice_url": "https://other.example/", "emergency_address_sid": "AD1"}));
    shop.fake.has(NEW, json!({"sms_url": "https://demo.twilio.com/"}));
    shop.fake.never_takes("voice_url");
    let left_out = shop.patient().carry_over(OLD, NEW).await.unwrap();
    let expected = [
        "voice url: Twilio did not accept it",
        "sms url: +13105550100 has none, and +13105550101 keeps its own; clear it in Twilio's console",
        "emergency address sid: set it in Twilio's console",
    ];
    assert_eq!(left_out, expected);
    // A number that is not owned has no settings to copy, and gets none.
    let left_out = shop.patient().carry_over(OLD + 50, NEW).await.unwrap();
    assert!(left_out.len() == 1 && left_out[0].starts_with("all settings: +13105550150"), "{left_out:?}");
    assert!(matches!(shop.patient().carry_over(OLD, OLD + 50).await, Err(ProviderError::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn telnyxs_names_and_settings_are_copied_and_the_rest_is_reported() {
    let shop = Shop::new(Telnyx).await;
    let settings = json!({
        "connection_id": "1293384261075731499", "tags": ["west"], "customer_reference": "Sales",
        "messaging_profile_id": "abc85f64-5717-4562-b3fc-2c9600000000",
    });
    shop.fake.has(OLD, settings.clone());
    shop.fake.has(NEW, json!({"tags": []}));
    for _ in 0..2 {
        assert_eq!(shop.patient().carry_over(OLD, NEW).await, Ok(vec![]));
        assert_eq!(shop.fake.settings(NEW), settings);
    }
    shop.fake.has(OLD, json!({"connection_id": "2", "call_recording_enabled": true}));
    shop.fake.never_takes("connection_id");
    let left_out = shop.patient().carry_over(OLD, NEW).await.unwrap();
    assert_eq!(
        left_out,
        ["connection id: Telnyx did not accept it", "call recording enabled: set it in Telnyx's portal"]
    );
}

/// One refused field costs no other.
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_refused_together_are_tried_one_by_one() {
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        shop.fake.has(OLD, json!({
            "friendly_name": "Sales", "voice_url": "https://a.example/", "customer_reference": "Sales", "connection_id": "1",
        }));
        shop.fake.fails_once(Configure, Fault::Status(422), Before);
        assert_eq!(shop.patient().carry_over(OLD, NEW).await, Ok(vec![]), "{kind:?}");
        shop.fake.has(NEW, json!({}));
        shop.fake.fails(Configure, Fault::Status(422), Before);
        let left_out = shop.patient().carry_over(OLD, NEW).await.unwrap();
        assert!(
            left_out.len() == 2 && left_out.iter().all(|words| words.contains("HTTP 422")),
            "{kind:?}: {left_out:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_finds_an_account_that_cannot_buy() {
    let shop = Shop::new(Telnyx).await;
    assert_eq!(shop.patient().test().await, Ok(vec![]));
    shop.fake.has_credit(-0.5);
    let error = shop.patient().test().await.unwrap_err().to_string();
    assert!(error.contains("no credit (-0.50)") && error.contains("add funds"), "{error}");
    // A key that may not read the balance may still buy.
    for kind in [Twilio, Telnyx] {
        let shop = Shop::new(kind).await;
        shop.fake.fails(Account, Fault::Status(403), Before);
        shop.patient().test().await.unwrap();
    }
}

/// Our requests against Twilio's own description of its API. Prism responds with its examples, which are about one number;
/// the relay puts the requested number in its place.
#[tokio::test(flavor = "multi_thread")]
async fn requests_to_twilio_follow_its_description() {
    let Some(prism) = Prism::serve_with_its_examples("twilio_api_v2010.json") else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let relay = Relay::to(&prism.address).await;
    let shop = Shop::new(Twilio).await;
    let mut profile = shop.fake.profile("shop", Twilio, shop.folder.path());
    let mut settings = ProviderSettings::from_json(&profile.settings).unwrap();
    settings.base_url = format!("{}/2010-04-01", relay.address);
    settings.texts = true;
    profile.settings = settings.to_json();
    let provider = open_provider_within(&profile, single()).unwrap();

    // The example's number does not support texts.
    assert_eq!(provider.search(SearchArea::AreaCode(808), 10).await, Ok(vec![]));
    settings.texts = false;
    profile.settings = settings.to_json();
    let provider = open_provider_within(&profile, single()).unwrap();
    assert_eq!(provider.search(SearchArea::AreaCode(808), 10).await, Ok(vec![Offer::flat(18_089_251_571)]));
    assert_eq!(provider.search(SearchArea::Anywhere, 1_000).await, Ok(vec![Offer::flat(18_089_251_571)]));
    assert_eq!(provider.order(OFFERED, REFERENCE).await, Ok(PurchaseStatus::Owned));
    assert_eq!(provider.purchase_status(OFFERED, REFERENCE).await, Ok(PurchaseStatus::Owned));
    let left_out = provider.carry_over(OLD, NEW).await.unwrap();
    assert!(left_out.iter().all(|words| !words.contains("HTTP")), "{left_out:?}");
    assert_eq!(provider.release(OLD).await, Ok(()));
    assert_eq!(provider.owned().await, Ok(vec![18_089_255_327]));
    assert_eq!(provider.test().await, Ok(vec![]));

    let answered = relay.answered();
    for request in ["GET 200", "POST 201", "POST 200", "DELETE 204"] {
        assert!(answered.iter().any(|answered| answered == request), "{request}: {answered:?}");
    }
    assert!(answered.iter().all(|answered| answered.contains(" 20")), "{answered:?}");
    // Prism does refuse a request that breaks the description.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let broken = format!("{}/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json?PageSize=0", prism.address);
    let refused = client.get(broken).basic_auth(ACCOUNT_SID, Some(TOKEN)).send().await.unwrap();
    assert_eq!(refused.status(), 422);
}

/// Forwards requests unchanged, and puts the requested number into the responses.
struct Relay {
    address: String,
    answered: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    async fn to(prism: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answered = Arc::<Mutex<Vec<String>>>::default();
        let (prism, answers) = (prism.to_owned(), answered.clone());
        let pass_on = async move |request: axum::extract::Request| {
            let (head, body) = request.into_parts();
            // The API of regulatory compliance has a description of its own.
            if head.uri.path().starts_with("/v2/") {
                return (StatusCode::OK, json!({"results": [{"sid": "BU1"}]}).to_string());
            }
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            let asked = format!("{} {}", head.uri, String::from_utf8_lossy(&body));
            let mut headers = head.headers.clone();
            headers.remove("host");
            let passed =
                client.request(head.method.clone(), format!("{prism}{}", head.uri)).headers(headers).body(body);
            let answer = passed.send().await.expect("Prism answers");
            let status = answer.status();
            answers.lock().unwrap().push(format!("{} {}", head.method, status.as_u16()));
            (status, about(&asked, &answer.text().await.expect("a body")))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, axum::Router::new().fallback(pass_on)).await });
        Relay { address, answered }
    }

    /// The method and status of every request.
    fn answered(&self) -> Vec<String> {
        self.answered.lock().unwrap().clone()
    }
}

/// The example with the requested number; the old number has other settings than the example.
fn about(asked: &str, answer: &str) -> String {
    let Some(place) = asked.find("PhoneNumber=%2B") else { return answer.to_owned() };
    let number: String = asked[place + 15..].chars().take_while(char::is_ascii_digit).collect();
    let mut body: Value = serde_json::from_str(answer).expect("JSON");
    let fields = match body.get_mut("incoming_phone_numbers") {
        Some(numbers) => &mut numbers[0],
        None => &mut body,
    };
    fields["phone_number"] = json!(format!("+{number}"));
    if number == OLD.to_string() {
        fields["friendly_name"] = json!("Sales, west");
        fields["trunk_sid"] = json!(null);
        fields["voice_application_sid"] = json!("AP0123456789abcdef0123456789abcdef");
        fields["voice_caller_id_lookup"] = json!(true);
        fields["voice_receive_mode"] = json!("voice");
        for place in ["voice_url", "voice_fallback_url", "sms_url", "sms_fallback_url", "status_callback"] {
            fields[place] = json!(format!("https://dialer.example/{place}?of=us"));
        }
        for method in ["voice_method", "voice_fallback_method", "sms_method", "sms_fallback_method"] {
            fields[method] = json!("GET");
        }
    } else if let Some(fields) = fields.as_object_mut() {
        fields.retain(|field, _| matches!(field.as_str(), "phone_number" | "sid"));
    }
    body.to_string()
}
