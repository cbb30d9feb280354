//! The program itself, which buys from a fake of Twilio and of Telnyx, and is killed while it does.

use crate::harness::numbers::When::{self, After, Before};
use crate::harness::numbers::{Deed, FakeNumbers};
use crate::harness::vendor::Fault;
use crate::harness::{DAY, Dialer, each, number};
use dialguard::ledger::SupplierKind::{self, Telnyx, Twilio};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An account that monitors numbers from +13105550100 on, all of which the vendor has, and others on sale from 0150 on.
pub async fn desk(kind: SupplierKind, monitored: u64, options: &str) -> (Dialer, FakeNumbers) {
    let fake = FakeNumbers::new().await;
    for last in 100..100 + monitored {
        fake.has(13_105_550_000 + last, json!({"friendly_name": "Sales", "customer_reference": "Sales"}));
    }
    fake.offers((150..190).map(|last| 13_105_550_000 + last));
    let dialer = Dialer::monitoring(monitored, "");
    let clean: Vec<_> = (150..190).map(|last| (last, "ooo")).collect();
    dialer.carriers_say(&clean);
    let folder = dialer.path("");
    dialer.run(&format!("inventory add shop {}", fake.options(kind, &folder))).exits(0);
    dialer.run(&format!("account set acme --inventory shop --day-cap 100 --cycle-cap 100 {options}")).exits(0);
    (dialer, fake)
}

fn kinds(orders: &Value, field: &str) -> Vec<String> {
    each(orders, field).iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
}

/// Each replacement is killed at another of its requests, and the schedule finishes what that left.
async fn killed_at_every_request(kind: SupplierKind) {
    const NUMBERS: u64 = 15;
    let (dialer, fake) = desk(kind, NUMBERS, "--rest-days 0").await;
    dialer.run(&format!("replace acme {}", number(100))).exits(0);
    let requests = fake.requests();
    let searches = requests.iter().filter(|deed| **deed == Deed::Search).count();
    let kill = |last_digits, nth, when| {
        fake.never_answers(nth, when);
        let ended = dialer.kill_when(&format!("replace acme {}", number(last_digits)), || fake.is_waited_for());
        assert!(ended.is_none(), "it was not killed at request {nth} of {requests:?}");
    };
    kill(101, searches, After);
    assert_eq!(dialer.json("orders"), json!([]), "nothing is begun while the candidates are gathered");
    let moments = moments_to_kill_at(searches, &requests);
    assert!((10..NUMBERS as usize).contains(&moments.len()), "a number for each moment in {requests:?}");
    for (last_digits, (nth, when)) in (101..).zip(&moments) {
        kill(last_digits, *nth, *when);
        let moment = format!("it was killed {when:?} request {nth} of {requests:?}");
        assert_nothing_is_lost(&dialer, &fake, NUMBERS);
        assert_eq!(each(&dialer.json("orders"), "number"), [number(last_digits)], "it is under way: {moment}");
        fake.works();
        dialer.pass(3_600);
        dialer.run("serve --once").exits(0);
        assert_nothing_is_lost(&dialer, &fake, NUMBERS);
        assert_eq!(dialer.json("orders"), json!([]), "it is finished: {moment}");
        assert_eq!(dialer.standing(last_digits), "gone", "it is replaced: {moment}");
    }
    let replaced = dialer.events("replaced").len();
    assert_eq!(replaced, 1 + moments.len());
    assert_eq!((fake.purchases().len(), fake.releases().len()), (replaced, replaced));
    let owned: Vec<_> = each(&dialer.json("numbers list acme"), "number");
    assert_eq!(fake.owned().iter().map(|number| json!(format!("+{number}"))).collect::<Vec<_>>(), owned);
}

/// Which of the requests after the searches are never answered: each that changes something, before it is done and after,
/// and each look, which is the same before and after.
fn moments_to_kill_at(searches: usize, requests: &[Deed]) -> Vec<(usize, When)> {
    let whens = |nth: usize| match requests[nth - 1] {
        Deed::Look => &[Before][..],
        _ => &[Before, After],
    };
    (searches + 1..=requests.len()).flat_map(|nth| whens(nth).iter().map(move |when| (nth, *when))).collect()
}

fn assert_nothing_is_lost(dialer: &Dialer, fake: &FakeNumbers, numbers: u64) {
    let bought = fake.purchases();
    assert_eq!(bought.iter().collect::<BTreeSet<_>>().len(), bought.len(), "nothing is bought twice");
    assert!(bought.len() <= dialer.events("replacement-intended").len(), "nothing is bought without an intent");
    assert_eq!(dialer.json("usage acme")["occupied"], numbers, "no slot is lost");
    for released in fake.releases() {
        let replaced = dialer.events("replaced");
        let came = replaced.iter().any(|event| event["number"] == format!("+{released}"));
        assert!(came, "+{released} was given back before its slot moved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_killed_while_it_buys_from_twilio() {
    killed_at_every_request(Twilio).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_killed_while_it_buys_from_telnyx() {
    killed_at_every_request(Telnyx).await;
}

/// What a person sees who is short of funds, and what he can do.
#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_order_is_listed_tried_again_and_given_up() {
    let (dialer, fake) = desk(Twilio, 3, "--rest-days 1").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    let (first, second) = (number(100), number(101));
    dialer
        .run(&format!("replace acme {first} {second}"))
        .exits(0)
        .says(&["its replacement is under way", "orders acme"]);
    dialer.run("orders").exits(0).says(&["stuck", "orders retry 1", "orders give-up 1", "on hand"][..3]);
    let orders = dialer.json("orders acme");
    assert_eq!(each(&orders, "stuck"), [true, true]);
    assert_eq!(kinds(&orders, "state"), ["intended", "intended"], "nothing was bought, so it begins anew");
    assert_eq!(dialer.events("order-stuck").len(), 2);
    dialer.run("orders give-up 2").exits(0).says(&["nothing was bought"]);
    dialer.run("orders retry 1").exits(3).says(&["stuck"]);
    fake.works();
    dialer.run("orders retry 1").exits(0).says(&["replaced", "rests until"]);
    assert_eq!((fake.purchases().len(), dialer.standing(101)), (1, "2 pending".into()));
    dialer.run("orders give-up 1").exits(1).says(&["is the account's already"]);
    dialer.run("orders give-up 2").exits(1).says(&["is over"]);
    dialer.run("orders retry 9").exits(1).says(&["no order 9", "dialguard orders"]);
    dialer.run("orders nobody").exits(1).says(&["no account", "account list"]);
    dialer.run("account show acme").exits(0).says(&["bought from shop", "$1.15 of $100.00 today", "rest 1 day"]);
    assert_eq!(dialer.json("account show acme")["charged-in-cycle-cents"], 4_900 + 400);
    dialer.run("account set acme --inventory none").exits(0);
    dialer.pass(DAY);
    dialer.run("serve --once").exits(0);
    assert_eq!(fake.releases(), [13_105_550_100], "what rests is given back all the same");
    dialer.run("inventory remove shop").exits(1).says(&["in use"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_bought_with_is_refused_before_anything_is_changed() {
    let (dialer, _fake) = desk(Twilio, 1, "").await;
    let before = dialer.json("account list");
    for (options, words) in [
        ("--inventory nowhere", "inventory list"),
        ("--areas 31", "no area code"),
        ("--areas 310,,213", "no area code"),
        ("--rest-days 366", "366"),
        ("--day-cap ten", "such as 10 or 12.50"),
        ("--day-cap 1.5", "such as 10 or 12.50"),
        ("--cycle-cap=-1", "such as 10 or 12.50"),
    ] {
        let ran = dialer.run(&format!("account set acme --review-at 07:00 {options}"));
        assert!(matches!(ran.code, Some(1 | 2)), "{options}");
        ran.says(&[words]);
        assert_eq!(dialer.json("account list"), before, "{options}");
    }
}
