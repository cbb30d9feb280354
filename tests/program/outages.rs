//! After an outage, one event and one message an account say which dates had no review, and what was charged meanwhile.

use crate::harness::acme::DAY;
use crate::harness::dialer::Dialer;
use serde_json::{Value, json};

/// The texts of the account's events about missed dates.
fn missed(dialer: &Dialer) -> Vec<Value> {
    dialer.events("reviews-missed").into_iter().map(|event| event["text"].clone()).collect()
}

/// The messages about them that wait for the webhook.
fn messages(dialer: &Dialer) -> usize {
    let deliveries = dialer.json("alerts deliveries");
    deliveries.as_array().expect("a list").iter().filter(|delivery| delivery["type"] == "reviews.missed").count()
}

fn review(dialer: &Dialer) {
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    dialer.run("review acme").exits(0);
}

/// From 3 March to 1 June: 28 dates of March, 30 of April and 31 of May, and three cycles.
#[test]
fn three_months_down_are_89_dates_and_three_cycles() {
    let dialer = Dialer::monitoring(2, "");
    dialer.run_arguments(&["alerts", "add", "http://127.0.0.1:9/", "--allow-private"]).exits(0);
    dialer.it_is("2026-03-03T09:00:00Z");
    review(&dialer);
    dialer.it_is("2026-06-01T09:00:00Z");
    dialer.run("clock accept").exits(0);
    review(&dialer);
    let expected = "On 89 dates from 2026-03-04 to 2026-05-31, up to 2 numbers were not rated. Charged meanwhile: $147.00 \
                    for the billing cycles from 2026-04-01, 2026-05-01 and 2026-06-01.";
    assert_eq!(missed(&dialer)[1..], [json!(expected)]);
    assert_eq!(messages(&dialer), 2);
    review(&dialer);
    assert_eq!((missed(&dialer).len(), messages(&dialer)), (2, 2), "said once");
    dialer.pass(DAY);
    review(&dialer);
    assert_eq!(missed(&dialer).len(), 2, "the day after, nothing was missed");
}

#[test]
fn one_missed_date_is_told_without_a_charge() {
    let dialer = Dialer::monitoring(2, "");
    review(&dialer);
    dialer.pass(2 * DAY);
    review(&dialer);
    let expected = "On 2026-03-02, 2 numbers were not rated.";
    assert_eq!(missed(&dialer), [json!(expected)]);
}

/// A cycle that a user's change has charged before the review is reported by the review all the same.
#[test]
fn a_change_before_the_review_hides_no_charge() {
    let dialer = Dialer::monitoring(2, "");
    dialer.it_is("2026-03-30T09:00:00Z");
    review(&dialer);
    dialer.it_is("2026-04-03T08:00:00Z");
    dialer.run("account set acme --blocks 2").exits(0);
    dialer.it_is("2026-04-03T09:00:00Z");
    review(&dialer);
    let expected = "On 3 dates from 2026-03-31 to 2026-04-02, up to 2 numbers were not rated. Charged meanwhile: $49.00 \
                    for the billing cycle from 2026-04-01.";
    assert_eq!(missed(&dialer)[1..], [json!(expected)]);
}

#[test]
fn dates_on_which_nothing_was_to_be_reviewed_were_not_missed() {
    let dialer = Dialer::with_account("");
    dialer.import([100, 101], "");
    review(&dialer);
    dialer.pass(10 * DAY);
    // Nothing was monitored until now.
    dialer.run("monitor acme --all").exits(0);
    review(&dialer);
    dialer.run("account set acme --add-on off").exits(0);
    dialer.pass(10 * DAY);
    dialer.run("account set acme --add-on on").exits(0);
    review(&dialer);
    // A move to the other side of the world and back: days are instants.
    for zone in ["Pacific/Auckland", "America/Los_Angeles", "UTC"] {
        dialer.pass(DAY);
        dialer.run(&format!("account set acme --time-zone {zone}")).exits(0);
        review(&dialer);
    }
    assert_eq!(missed(&dialer), [json!(null); 0]);
}
