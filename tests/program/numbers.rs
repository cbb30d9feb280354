//! Numbers come and go: what one account releases or withdraws, another can take.

use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A dialer with the accounts `acme`, which monitors 0100 and 0101, and `other`.
fn two_accounts() -> Dialer {
    let dialer = Dialer::monitoring(2, "");
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    for last in [100, 140] {
        dialer.file(&format!("{last}.csv"), e164(last));
    }
    dialer
}

fn owned(dialer: &Dialer, account: &str) -> Vec<Value> {
    dialer.field_of_each(&format!("numbers list {account}"), "number").into_iter().map(|number| json!(number)).collect()
}

#[test]
fn a_released_number_is_free_for_another_account() {
    let dialer = two_accounts();
    dialer.run("numbers import other 100.csv").exits(3).says(&["belongs to another account"]);
    dialer.run(&format!("delete acme {} --accept-slot-loss", e164(100))).exits(0);
    dialer.run("numbers import other 100.csv").exits(0).says(&["1 number imported"]);
    assert_eq!((owned(&dialer, "acme"), owned(&dialer, "other")), (vec![json!(e164(101))], vec![json!(e164(100))]));
    dialer.run(&format!("monitor other {}", e164(100))).exits(0);

    dialer.run("numbers import acme 100.csv").exits(3).says(&["belongs to another account"]);
    dialer.run(&format!("delete other {} --accept-slot-loss", e164(100))).exits(0);
    dialer.run("numbers import acme 100.csv --candidates").exits(3).says(&["cannot be a candidate"]);
    dialer.run("numbers import acme 100.csv").exits(0);
    assert_eq!(dialer.json("usage acme")["locked"], 1, "the slot stays locked until the cycle ends");
}

#[test]
fn candidates_are_listed_and_can_be_withdrawn_for_another_account() {
    let dialer = two_accounts();
    dialer.import([140, 141], "--candidates");
    let listed = dialer.json("numbers candidates acme");
    assert_eq!(each(&listed, "number"), [json!(e164(140)), json!(e164(141))]);
    dialer.run("numbers candidates acme").exits(0).says(&[&e164(140), "2026-"]);
    dialer.run("numbers import other 140.csv --candidates").exits(3).says(&["belongs to another account"]);

    let both = format!("numbers withdraw acme {} {}", e164(140), e164(101));
    dialer.run(&both).exits(3).says(&["withdrawn", "not a candidate"]);
    assert_eq!(dialer.field_of_each("numbers candidates acme", "number"), [e164(141)]);
    assert_eq!(owned(&dialer, "acme"), [json!(e164(100)), json!(e164(101))], "an account's own numbers stay");
    assert_eq!(dialer.events("candidates-withdrawn")[0]["text"], "1 candidate withdrawn.");
    dialer.run("numbers import other 140.csv --candidates").exits(0);
    assert_eq!(dialer.field_of_each("numbers candidates other", "number"), [e164(140)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_are_listed_and_withdrawn_by_api_and_on_the_dashboard() {
    let dialer = two_accounts();
    dialer.import([140, 141, 142], "--candidates");
    let server = Server::new(dialer).await;
    let program = server.program(Role::Operate, &["acme"]);
    let api = |method, path: &str| program.request(method, &format!("/api/v1/accounts/acme/candidates{path}")).send();
    let listed: Value = api(Method::GET, "?limit=2").await.unwrap().json().await.unwrap();
    assert_eq!(each(&listed["items"], "number"), [json!(e164(140)), json!(e164(141))]);
    let rest = format!("?limit=2&after={}", listed["next"].as_str().expect("a next part"));
    let rest: Value = api(Method::GET, &rest).await.unwrap().json().await.unwrap();
    assert_eq!((each(&rest["items"], "number"), &rest["next"]), (vec![json!(e164(142))], &Value::Null));

    let path = format!("/{}", e164(140).replace('+', "%2B"));
    assert_eq!(api(Method::DELETE, &path).await.unwrap().status(), StatusCode::NO_CONTENT);
    let again = api(Method::DELETE, &path).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert!(again.text().await.unwrap().contains("is not a candidate"));

    let user = server.user(Role::Operate, &["acme"]);
    let page = user.page("/accounts/acme/candidates").await;
    assert!(page.contains("2 candidates on hand") && page.contains(&e164(141)), "{page}");
    let action = format!("/accounts/acme/candidates/{}/withdraw", e164(141).trim_start_matches('+'));
    assert!(page.contains(&action), "{page}");
    user.send(&action, &[]).await;
    let page = user.page("/accounts/acme/candidates").await;
    assert!(page.contains("1 candidate on hand") && !page.contains(&e164(141)), "{page}");
}

/// The provider would sell its number to anyone, and must not take it from the account that uses it.
#[tokio::test(flavor = "multi_thread")]
async fn reconcile_does_not_give_back_what_another_account_uses() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 30").await;
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    dialer.file("100.csv", e164(100));
    dialer.run("numbers import acme 100.csv --dry-run").exits(0).says(&["1 number would be imported"]);
    dialer.run("numbers import other 100.csv --dry-run").exits(3).says(&["was replaced, and rests"]);
    dialer.run("numbers import other 100.csv").exits(3).says(&["was replaced, and rests"]);
    dialer.run(&format!("delete acme {} --accept-slot-loss", e164(101))).exits(0);
    dialer.file("101.csv", e164(101));
    dialer.run("numbers import other 101.csv").exits(0);
    dialer.run("reconcile shop --apply release").exits(0);
    assert_eq!(fake.releases(), Vec::<u64>::new(), "0100 rests, and 0101 is the other account's");
}
