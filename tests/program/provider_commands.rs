//! Providers as the program adds, tests and reconciles them.

use crate::harness::acme::number;
use crate::harness::desk::{Dialer, Outcome, e164, each};
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Deed::{Look, Release};
use crate::harness::services::provider::FakeProvider;
use crate::harness::services::provider::TOKEN;
use crate::harness::services::provider::When::{After, Before};
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A dialer at its desk, and the fake that it buys from.
struct Desk {
    fake: FakeProvider,
    dialer: Dialer,
}

impl Desk {
    async fn new(settings: &str) -> Self {
        Desk { fake: FakeProvider::new().await, dialer: Dialer::with_account(settings) }
    }

    /// With a provider called `shop`.
    async fn with(kind: ProviderKind, settings: &str) -> Self {
        let desk = Desk::new(settings).await;
        desk.run(&format!("providers add shop {}", desk.options(kind))).exits(0);
        desk
    }

    fn options(&self, kind: ProviderKind) -> String {
        self.fake.options(kind, &self.dialer.path("."))
    }

    fn run(&self, line: &str) -> Outcome {
        let ran = self.dialer.run(line);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "{line}");
        ran
    }

    /// Number and difference of each that `reconcile` finds.
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
        let desk = Desk::with(kind, "").await;
        let listed = desk.dialer.json("providers list");
        assert_eq!((&listed[0]["name"], &listed[0]["kind"]), (&json!("shop"), &json!(kind.name())));
        assert_eq!((&listed[0]["price-cents"], &listed[0]["settings"]["texts"]), (&json!(115), &json!(false)));
        desk.run("providers list").says(&["shop", "$1.15", &desk.fake.address]);
        let again = format!("providers add shop {}", desk.options(kind));
        desk.run(&again).exits(1).says(&["already", "providers change"]);

        desk.run("providers change shop --price-cents 200 --texts on").exits(0);
        let listed = desk.dialer.json("providers list");
        assert_eq!((&listed[0]["price-cents"], &listed[0]["settings"]["texts"]), (&json!(200), &json!(true)));
        desk.run("providers change shop").exits(1).says(&["give something to change"]);
        desk.run("providers change shop --base-url http://example.com").exits(1).says(&["unencrypted", "not changed"]);
        desk.run("providers change other --texts on").exits(1).says(&["no provider", "providers list"]);
        assert_eq!(desk.dialer.json("providers list"), listed);

        desk.run("account set acme --provider shop").exits(0);
        desk.run("providers remove shop").exits(1).says(&["in use"]);
        desk.run("account set acme --provider none").exits(0);
        desk.run("providers remove shop").exits(0);
        desk.run("providers remove shop").exits(1).says(&["no provider"]);
        desk.run("providers list").exits(0).says(&["providers add"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_to_buy_from_a_provider_is_said_when_it_is_added() {
    let desk = Desk::new("").await;
    let said = |options: &str, code: i32, words: &[&str]| {
        desk.run(&format!("providers add shop {options}")).exits(code).says(words);
        assert_eq!(desk.dialer.json("providers list"), json!([]), "{options}");
    };
    desk.dialer.file("secret", "hunter2");
    std::fs::set_permissions(desk.dialer.path("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    said("--telnyx --api-key file:secret", 1, &["--price-cents"]);
    said("--telnyx --price-cents 100", 1, &["Telnyx takes --api-key env:NAME"]);
    said("--twilio --api-key file:secret --price-cents 100", 1, &["--account-sid env:NAME --auth-token env:NAME, or"]);
    said(
        "--twilio --account-sid file:secret --auth-token file:secret --price-cents 1",
        1,
        &["AC and 32 hexadecimal digits"],
    );
    said("--telnyx --api-key env:NOT_SET --price-cents 100", 1, &["its api key", "NOT_SET is not set"]);
    said("--telnyx --api-key file:secret --price-cents 100 --base-url http://example.com", 1, &["unencrypted"]);
    said("--telnyx --api-key file:secret --price-cents 0", 2, &["1..=10000"]);
    said("--telnyx --api-key file:secret --price-cents 1.5", 2, &["invalid"]);
    said("--telnyx --api-key hunter2 --price-cents 100", 2, &["env:NAME or file:PATH"]);
    said("--telnyx --twilio --api-key file:secret --price-cents 100", 2, &["cannot be used with"]);
    said("--api-key file:secret --price-cents 100", 2, &["--twilio"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_says_whether_a_provider_lets_us_in_and_what_to_mend() {
    for kind in [Twilio, Telnyx] {
        let desk = Desk::with(kind, "").await;
        desk.fake.has(number(100), json!({}));
        desk.run("providers test shop").exits(0).says(&["shop works", "you own 1 number there"]);
        assert_eq!(desk.dialer.json("providers test shop"), json!({"name": "shop", "works": true, "numbers": 1}));
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
            desk.fake.fails(Look, fault, Before);
            desk.run("providers test shop").exits(1).says(words);
        }
        desk.fake.works();
        // The secret itself is wrong, at a provider that looks at it.
        let name = if kind == Twilio { "auth-token" } else { "api-key" };
        desk.dialer.file(name, "letmein");
        desk.run("providers test shop").exits(1).says(&["error 20003", secret]);
        desk.run("providers test nobody").exits(1).says(&["no provider"]);
        desk.run("providers change shop --base-url https://nowhere.invalid/v2").exits(0);
        desk.run("providers test shop").exits(1).says(&["nowhere.invalid could not be reached"]);
    }
    let desk = Desk::with(Telnyx, "").await;
    desk.fake.has_credit(0.0);
    desk.run("providers test shop").exits(1).says(&["no credit", "add funds to the account with Telnyx"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_has_is_held_against_the_database_and_nothing_is_changed_unasked() {
    for kind in [Twilio, Telnyx] {
        let desk = Desk::with(kind, "").await;
        desk.dialer.import(100..104, "");
        desk.run("monitor acme +13105550100").exits(0);
        (100..104).for_each(|last| desk.fake.has(number(last), json!({})));
        assert_eq!(desk.differences(), []);
        desk.run("reconcile shop").exits(0).says(&["agree on 4 numbers"]);

        desk.run("delete acme +13105550103").exits(0); // it is given up here, and nobody has told the provider
        desk.fake.has(number(150), json!({}));
        let expected = differences(&[(103, "still-there"), (150, "unknown-here")]);
        let before = desk.dialer.everything();
        assert_eq!((desk.differences(), desk.differences()), (expected.clone(), expected));
        desk.run("reconcile shop").exits(0).says(&["+13105550150", "--apply import", "--apply release"]);
        assert_eq!((desk.dialer.everything(), desk.fake.releases()), (before, vec![]), "{kind:?}");

        desk.run("reconcile shop --apply import").exits(0).says(&["+13105550150", "done"]);
        assert_eq!((desk.dialer.standing(150), desk.differences()), ("–".into(), differences(&[(103, "still-there")])));
        desk.run("reconcile shop --apply release").exits(0).says(&["+13105550103", "done"]);
        assert_eq!((desk.differences(), desk.fake.releases()), (vec![], vec![number(103)]), "{kind:?}");
        let told = each(&Value::Array(desk.dialer.events("released")), "text");
        assert!(told[1].as_str().unwrap().ends_with("was given back to shop."), "{told:?}");
        assert_eq!(desk.dialer.standing(100), "1 pending");
        desk.run("reconcile shop --account acme").exits(1).says(&["--apply import"]);
        desk.run("reconcile other").exits(1).says(&["no provider"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_given_back_is_named_and_the_rest_is_done() {
    let desk = Desk::with(Telnyx, "").await;
    desk.dialer.import(100..103, "");
    (100..103).for_each(|last| desk.fake.has(number(last), json!({})));
    desk.run("delete acme +13105550100 +13105550101").exits(0);
    desk.fake.fails_once(Release, Fault::ServerError, After);
    let ran = desk.run("reconcile shop --apply release --json").exits(3).json();
    let of = |at: usize| (&ran["differences"][at]["number"], &ran["differences"][at]["done"]);
    assert_eq!(of(0), (&json!("+13105550100"), &json!(false)));
    assert_eq!(of(1), (&json!("+13105550101"), &json!(true)));
    assert!(ran["differences"][0]["why-not"].as_str().unwrap().contains("reconcile again"), "{ran}");
    // It was carried out after all.
    assert_eq!(desk.differences(), []);
    assert_eq!(desk.fake.releases(), [number(100), number(101)]);

    desk.fake.fails(Look, Fault::ServerError, Before);
    desk.run("reconcile shop").exits(1).says(&["shop did not list its numbers"]);
    desk.fake.works();
    desk.run("account add other --blocks 1 --time-zone UTC").exits(0);
    desk.run("reconcile shop --apply import").exits(1).says(&["--account"]);
}

/// A replacement that was bought, until the provider has lost it; and the number that it replaced, which rests.
#[tokio::test(flavor = "multi_thread")]
async fn what_rests_is_under_way_and_what_was_bought_and_is_gone_is_missing() {
    for kind in [Twilio, Telnyx] {
        let desk = Desk::with(kind, "").await;
        desk.run("account set acme --provider shop --rest-days 30").exits(0);
        desk.dialer.import(100..101, "");
        desk.fake.has(number(100), json!({"friendly_name": "Sales", "customer_reference": "Sales"}));
        desk.fake.offers([number(102)]);
        desk.run("monitor acme --all").exits(0);
        desk.dialer.carriers_say(&[(100, "xxx"), (102, "ooo")]);
        desk.run("replace acme +13105550100").exits(0);
        assert_eq!(
            (desk.fake.purchases(), desk.fake.owned()),
            (vec![number(102)], vec![number(100), number(102)]),
            "{kind:?}"
        );
        assert_eq!(desk.differences(), differences(&[(100, "under-way")]), "{kind:?}");
        desk.run("reconcile shop --apply release").exits(0);
        desk.run("reconcile shop --apply import").exits(0);
        assert_eq!((desk.fake.releases(), desk.dialer.standing(100)), (vec![], "gone".into()), "{kind:?}");

        desk.fake.loses(number(102));
        assert_eq!(desk.differences(), differences(&[(100, "under-way"), (102, "missing-there")]), "{kind:?}");
    }
}
