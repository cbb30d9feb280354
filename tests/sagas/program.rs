//! The program itself, which buys from a fake of Twilio and of Telnyx, and is killed while it does.

use crate::harness::numbers::When::{After, Before};
use crate::harness::numbers::{Deed, FakeNumbers};
use crate::harness::vendor::Fault;
use crate::harness::{DAY, Dialer, each, moments, number};
use dialguard::ledger::SupplierKind::{self, Telnyx, Twilio};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

/// An account that monitors numbers from +13105550100 on, all of which the vendor has, and others on sale from 0150 on.
async fn desk(kind: SupplierKind, monitored: u64, options: &str) -> (Dialer, FakeNumbers) {
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

/// Each replacement is killed at another moment, and the next one goes on with what it left.
async fn killed_at_any_moment(kind: SupplierKind) {
    const NUMBERS: u64 = 14;
    let (dialer, fake) = desk(kind, NUMBERS, "--rest-days 0").await;
    let begun = Instant::now();
    dialer.run(&format!("replace acme {}", number(100))).exits(0);
    let whole = begun.elapsed();
    let mut killed = 0;
    for (place, moment) in (1..NUMBERS).zip(moments(whole)) {
        dialer.pass(180);
        match place % 4 {
            0 => fake.fails_once(Deed::Order, Fault::Reset, After),
            1 => fake.fails_once(Deed::Release, Fault::ServerError, After),
            2 => fake.delivers_after(2),
            _ => fake.fails_once(Deed::Order, Fault::Reset, Before),
        }
        let ended = dialer.kill_after(&format!("replace acme {}", number(100 + place)), whole.mul_f64(0.3) + moment);
        killed += u32::from(ended.is_none());
        assert_nothing_is_lost(&dialer, &fake, NUMBERS);
    }
    assert!(killed > 2, "every command ended before it was killed: {killed} within {whole:?}");
    fake.works();
    for _ in 0..4 {
        dialer.pass(3_600);
        dialer.run("serve --once").exits(0);
        assert_nothing_is_lost(&dialer, &fake, NUMBERS);
    }
    assert_eq!(dialer.json("orders"), json!([]), "what was begun is finished");
    let replaced = dialer.events("replaced").len();
    assert_eq!((fake.purchases().len(), fake.releases().len()), (replaced, replaced), "{killed} were killed");
    let owned: Vec<_> = each(&dialer.json("numbers list acme"), "number");
    assert_eq!(fake.owned().iter().map(|number| json!(format!("+{number}"))).collect::<Vec<_>>(), owned);
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
    killed_at_any_moment(Twilio).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_killed_while_it_buys_from_telnyx() {
    killed_at_any_moment(Telnyx).await;
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
