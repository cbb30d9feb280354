//! The program, killed at every request while it buys from fakes of Twilio and Telnyx.

use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::killing::kill_when;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use crate::harness::services::provider::When::{self, After, Before};
use crate::harness::services::provider::{Deed, FakeProvider};
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use serde_json::json;
use std::collections::BTreeSet;

/// Each replacement is killed at a different request, and the schedule finishes it.
async fn killed_at_every_request(kind: ProviderKind) {
    const NUMBERS: u64 = 15;
    let (dialer, fake) = buying_dialer(kind, NUMBERS, "--rest-days 0").await;
    // Under a policy that knows no rests, a number is given back in the same breath.
    dialer.file("policy.wasm", SECOND_CONTRACT);
    dialer.run("policy install policy.wasm").exits(0);
    dialer.run("policy activate 2").exits(0);
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    let requests = fake.requests();
    let searches = requests.iter().filter(|deed| **deed == Deed::Search).count();
    let kill = |last_digits, nth, when| {
        fake.never_answers(nth, when);
        let ended = kill_when(&dialer, &format!("replace acme {}", e164(last_digits)), || fake.is_waited_for());
        assert!(ended.is_none(), "it was not killed at request {nth} of {requests:?}");
    };
    kill(101, searches, After);
    assert_eq!(dialer.json("orders"), json!([]), "nothing is begun while the candidates are gathered");
    let moments = moments_to_kill_at(searches, &requests);
    assert!((8..NUMBERS as usize).contains(&moments.len()), "a number for each moment in {requests:?}");
    for (last_digits, (nth, when)) in (101..).zip(&moments) {
        kill(last_digits, *nth, *when);
        let moment = format!("it was killed {when:?} request {nth} of {requests:?}");
        assert_nothing_is_lost(&dialer, &fake, NUMBERS);
        assert_eq!(each(&dialer.json("orders"), "number"), [e164(last_digits)], "it is under way: {moment}");
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

/// The requests after the searches that are never answered: each change, before and after it is carried out, and each
/// read, for which before and after are the same. Several looks in a row are one.
pub fn moments_to_kill_at(searches: usize, requests: &[Deed]) -> Vec<(usize, When)> {
    let is_repeated = |nth: usize| nth > 1 && requests[nth - 2..nth] == [Deed::Look, Deed::Look];
    let whens = |nth: usize| match requests[nth - 1] {
        Deed::Look if is_repeated(nth) => &[][..],
        Deed::Look | Deed::Price => &[Before],
        _ => &[Before, After],
    };
    (searches + 1..=requests.len()).flat_map(|nth| whens(nth).iter().map(move |when| (nth, *when))).collect()
}

fn assert_nothing_is_lost(dialer: &Dialer, fake: &FakeProvider, numbers: u64) {
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
