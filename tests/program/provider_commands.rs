//! Providers on the command line: adding, testing and reconciling them.

use crate::harness::acme::number;
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Deed::{Look, Release};
use crate::harness::services::provider::FakeProvider;
use crate::harness::services::provider::TOKEN;
use crate::harness::services::provider::When::{After, Before};
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A dialer, and the fake provider it buys from.
struct Fixture {
    fake: FakeProvider,
    dialer: Dialer,
}

impl Fixture {
    async fn new(settings: &str) -> Self {
        Fixture { fake: FakeProvider::new().await, dialer: Dialer::with_account(settings) }
    }

    /// With a provider called `shop`.
    async fn with(kind: ProviderKind, settings: &str) -> Self {
        let fixture = Fixture::new(settings).await;
        fixture.run(&format!("providers add shop {}", fixture.options(kind))).exits(0);
        fixture
    }

    fn options(&self, kind: ProviderKind) -> String {
        self.fake.options(kind, &self.dialer.path("."))
    }

    fn run(&self, line: &str) -> Outcome {
        let ran = self.dialer.run(line);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "{line}");
        ran
    }

    /// The number and kind of each difference that `reconcile` finds.
    fn differences(&self) -> Vec<(String, String)> {
        let found = self.dialer.json("reconcile shop");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let differences = found["differences"].as_array().expect("a list");
        differences.iter().map(|found| (text(&found["number"]), text(&found["finding"]))).collect()
    }
}

fn differences(expected: &[(u64, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(last, finding)| (e164(*last), (*finding).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_added_changed_listed_and_removed() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::with(kind, "").await;
        let listed = fixture.dialer.json("providers list");
        assert_eq!((&listed[0]["name"], &listed[0]["kind"]), (&json!("shop"), &json!(kind.name())));
        assert_eq!((&listed[0]["price-cents"], &listed[0]["settings"]["texts"]), (&json!(115), &json!(false)));
        fixture.run("providers list").says(&["shop", "$1.15", &fixture.fake.address]);
        let again = format!("providers add shop {}", fixture.options(kind));
        fixture.run(&again).exits(1).says(&["already", "providers change"]);

        fixture.run("providers change shop --price-cents 200 --texts on").exits(0);
        let listed = fixture.dialer.json("providers list");
        assert_eq!((&listed[0]["price-cents"], &listed[0]["settings"]["texts"]), (&json!(200), &json!(true)));
        fixture.run("providers change shop").exits(1).says(&["give something to change"]);
        fixture
            .run("providers change shop --base-url http://example.com")
            .exits(1)
            .says(&["unencrypted", "not changed"]);
        fixture.run("providers change other --texts on").exits(1).says(&["no provider", "providers list"]);
        assert_eq!(fixture.dialer.json("providers list"), listed);

        fixture.run("account set acme --provider shop").exits(0);
        fixture.run("providers remove shop").exits(1).says(&["in use"]);
        fixture.run("account set acme --provider none").exits(0);
        fixture.run("providers remove shop").exits(0);
        fixture.run("providers remove shop").exits(1).says(&["no provider"]);
        fixture.run("providers list").exits(0).says(&["providers add"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_a_provider_names_missing_settings() {
    let fixture = Fixture::new("").await;
    let fails_with = |options: &str, code: i32, words: &[&str]| {
        fixture.run(&format!("providers add shop {options}")).exits(code).says(words);
        assert_eq!(fixture.dialer.json("providers list"), json!([]), "{options}");
    };
    fixture.dialer.file("secret", "hunter2");
    std::fs::set_permissions(fixture.dialer.path("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    fails_with("--telnyx --api-key file:secret", 1, &["--price-cents"]);
    fails_with("--telnyx --price-cents 100", 1, &["--api-key", "Telnyx takes api-key"]);
    fails_with("--twilio --api-key file:secret --price-cents 100", 1, &["account-sid and auth-token, or"]);
    fails_with(
        "--twilio --account-sid file:secret --auth-token file:secret --price-cents 1",
        1,
        &["AC and 32 hexadecimal digits"],
    );
    fails_with("--telnyx --api-key env:NOT_SET --price-cents 100", 1, &["its api key", "NOT_SET is not set"]);
    fails_with("--telnyx --api-key file:secret --price-cents 100 --base-url http://example.com", 1, &["unencrypted"]);
    fails_with("--telnyx --api-key file:secret --price-cents 0", 2, &["1..=10000"]);
    fails_with("--telnyx --api-key file:secret --price-cents 1.5", 2, &["invalid"]);
    fails_with("--telnyx --api-key hunter2 --price-cents 100", 2, &["env:NAME or file:PATH"]);
    fails_with("--telnyx --twilio --api-key file:secret --price-cents 100", 2, &["cannot be used with"]);
    fails_with("--api-key file:secret --price-cents 100", 2, &["--twilio"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_test_says_whether_a_provider_works_and_what_to_fix() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::with(kind, "").await;
        fixture.fake.has(number(100), json!({}));
        fixture.run("providers test shop").exits(0).says(&["shop works", "you own 1 number there"]);
        assert_eq!(fixture.dialer.json("providers test shop"), json!({"name": "shop", "works": true, "numbers": 1}));
        let secret = if kind == Twilio { "auth token (file:" } else { "api key (file:" };
        let scenarios: [(Fault, &[&str]); 7] = [
            (Fault::Status(401), &["shop does not work", "authentication failed", secret]),
            (Fault::Status(402), &["add funds to the account"]),
            (Fault::Status(403), &["permissions"]),
            (Fault::Status(404), &["check the base URL"]),
            (Fault::TooManyFor(600), &["next attempt in 600 seconds"]),
            (Fault::Redirect, &["redirect to elsewhere.example", "base URL"]),
            (Fault::Html, &["HTML instead of JSON", "proxy"]),
        ];
        for (fault, words) in scenarios {
            fixture.fake.fails(Look, fault, Before);
            fixture.run("providers test shop").exits(1).says(words);
        }
        fixture.fake.works();
        // The secret is wrong, and the provider checks it.
        let name = if kind == Twilio { "auth-token" } else { "api-key" };
        fixture.dialer.file(name, "letmein");
        fixture.run("providers test shop").exits(1).says(&["error 20003", secret]);
        fixture.run("providers test nobody").exits(1).says(&["no provider"]);
        fixture.run("providers change shop --base-url https://nowhere.invalid/v2").exits(0);
        fixture.run("providers test shop").exits(1).says(&["nowhere.invalid could not be reached"]);
    }
    let fixture = Fixture::with(Telnyx, "").await;
    fixture.fake.has_credit(0.0);
    fixture.run("providers test shop").exits(1).says(&["no credit", "add funds to the account with Telnyx"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reconcile_compares_the_providers_numbers_and_changes_nothing_by_default() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::with(kind, "").await;
        fixture.dialer.import(100..104, "");
        fixture.run("monitor acme +13105550100").exits(0);
        (100..104).for_each(|last| fixture.fake.has(number(last), json!({})));
        assert_eq!(fixture.differences(), []);
        fixture.run("reconcile shop").exits(0).says(&["agree on 4 numbers"]);

        fixture.run("delete acme +13105550103").exits(0); // deleted here, but still owned at the provider
        fixture.fake.has(number(150), json!({}));
        let expected = differences(&[(103, "still-there"), (150, "unknown-here")]);
        let before = fixture.dialer.everything();
        assert_eq!((fixture.differences(), fixture.differences()), (expected.clone(), expected));
        fixture.run("reconcile shop").exits(0).says(&["+13105550150", "--apply import", "--apply release"]);
        assert_eq!((fixture.dialer.everything(), fixture.fake.releases()), (before, vec![]), "{kind:?}");

        fixture.run("reconcile shop --apply import").exits(0).says(&["+13105550150", "done"]);
        assert_eq!(
            (fixture.dialer.standing(150), fixture.differences()),
            ("–".into(), differences(&[(103, "still-there")]))
        );
        fixture.run("reconcile shop --apply release").exits(0).says(&["+13105550103", "done"]);
        assert_eq!((fixture.differences(), fixture.fake.releases()), (vec![], vec![number(103)]), "{kind:?}");
        // Another system of the provider account buys it. It is not ours to release.
        fixture.fake.has(number(103), json!({"friendly_name": "Front desk"}));
        assert_eq!(fixture.differences(), differences(&[(103, "back-there")]), "{kind:?}");
        fixture.run("reconcile shop --apply release").exits(0);
        assert_eq!(fixture.fake.releases(), [number(103)], "{kind:?}");
        fixture.fake.loses(number(103));
        let released = each(&Value::Array(fixture.dialer.events("released")), "text");
        assert!(released[1].as_str().unwrap().ends_with("was given back to shop."), "{released:?}");
        assert_eq!(fixture.dialer.standing(100), "1 pending");
        fixture.run("reconcile shop --account acme").exits(1).says(&["--apply import"]);
        fixture.run("reconcile other").exits(1).says(&["no provider"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_release_is_named_and_the_others_are_carried_out() {
    let fixture = Fixture::with(Telnyx, "").await;
    fixture.dialer.import(100..103, "");
    (100..103).for_each(|last| fixture.fake.has(number(last), json!({})));
    fixture.run("delete acme +13105550100 +13105550101").exits(0);
    fixture.fake.fails_once(Release, Fault::ServerError, After);
    let ran = fixture.run("reconcile shop --apply release --json").exits(3).json();
    let of = |at: usize| (&ran["differences"][at]["number"], &ran["differences"][at]["done"]);
    assert_eq!(of(0), (&json!("+13105550100"), &json!(false)));
    assert_eq!(of(1), (&json!("+13105550101"), &json!(true)));
    assert!(ran["differences"][0]["why-not"].as_str().unwrap().contains("reconcile again"), "{ran}");
    // It was carried out after all.
    assert_eq!(fixture.differences(), []);
    assert_eq!(fixture.fake.releases(), [number(100), number(101)]);

    fixture.fake.fails(Look, Fault::ServerError, Before);
    fixture.run("reconcile shop").exits(1).says(&["shop did not list its numbers"]);
    fixture.fake.works();
    fixture.run("account add other --blocks 1 --time-zone UTC").exits(0);
    fixture.run("reconcile shop --apply import").exits(1).says(&["--account"]);
}

/// A bought replacement that the provider loses, and the replaced number, which rests.
#[tokio::test(flavor = "multi_thread")]
async fn resting_numbers_are_expected_and_bought_numbers_that_are_gone_are_missing() {
    for kind in [Twilio, Telnyx] {
        let fixture = Fixture::with(kind, "").await;
        fixture.run("account set acme --provider shop --rest-days 30").exits(0);
        fixture.dialer.import(100..101, "");
        fixture.fake.has(number(100), json!({"friendly_name": "Sales", "customer_reference": "Sales"}));
        fixture.fake.offers([number(102)]);
        fixture.run("monitor acme --all").exits(0);
        fixture.dialer.carriers_say(&[(100, "xxx"), (102, "ooo")]);
        fixture.run("replace acme +13105550100").exits(0);
        assert_eq!(
            (fixture.fake.purchases(), fixture.fake.owned()),
            (vec![number(102)], vec![number(100), number(102)]),
            "{kind:?}"
        );
        assert_eq!(fixture.differences(), differences(&[(100, "under-way")]), "{kind:?}");
        fixture.run("reconcile shop --apply release").exits(0);
        fixture.run("reconcile shop --apply import").exits(0);
        assert_eq!((fixture.fake.releases(), fixture.dialer.standing(100)), (vec![], "gone".into()), "{kind:?}");

        fixture.fake.loses(number(102));
        assert_eq!(fixture.differences(), differences(&[(100, "under-way"), (102, "missing-there")]), "{kind:?}");
    }
}
