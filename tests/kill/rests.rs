//! The program, killed at the steps that follow a replacement: the rest ends, the number is offered again, rests on, is given
//! back or takes another's place, and flagged numbers are not used meanwhile.

use super::crashes::assert_sound;
use super::purchases::moments_to_kill_at;
use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::killing::{Moments, kill_when};
use crate::harness::services::provider::FakeProvider;
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use dialguard_dialer::ledger::{EventFilter, Ledger};
use serde_json::{Value, json};
use std::time::Instant;

/// A number rests for a day, is still flagged, and is given back. Each time, another request gets no answer.
async fn killed_while_it_gives_back(kind: ProviderKind) {
    const NUMBERS: u64 = 6;
    let (dialer, fake) = buying_dialer(kind, NUMBERS, "--rest-days 1 --rests-max 0").await;
    let rests = |last_digits: u64| {
        dialer.run(&format!("replace acme {}", e164(last_digits))).exits(0);
        dialer.pass(DAY);
        let flagged = (100..100 + NUMBERS).map(|last| (last, "xxx"));
        dialer.carriers_say(&flagged.chain((150..190).map(|last| (last, "ooo"))).collect::<Vec<_>>());
    };
    rests(100);
    let before = fake.requests().len();
    dialer.run("review acme").exits(0);
    let requests = fake.requests().split_off(before);
    assert_given_back(&dialer, &fake, 100);
    let moments = moments_to_kill_at(0, &requests);
    assert!((2..NUMBERS as usize).contains(&moments.len()), "a number for each moment in {requests:?}");
    for (last_digits, (nth, when)) in (101..).zip(moments) {
        rests(last_digits);
        fake.never_answers(nth, when);
        let ended = kill_when(&dialer, "review acme", || fake.is_waited_for());
        let moment = format!("{kind:?}: it was killed {when:?} request {nth} of {requests:?}");
        assert!(ended.is_none(), "not {moment}");
        assert_sound(&dialer);
        assert_eq!(each(&dialer.json("numbers pool acme")["numbers"], "state"), ["given-back"], "{moment}");
        fake.works();
        dialer.pass(3_600);
        dialer.run("serve --once").exits(0);
        assert_given_back(&dialer, &fake, last_digits);
    }
}

/// Decided once, and carried out once: nothing of it is left to do.
#[track_caller]
fn assert_given_back(dialer: &Dialer, fake: &FakeProvider, last_digits: u64) {
    assert_sound(dialer);
    assert_eq!(dialer.json("orders"), json!([]));
    let released: Vec<_> = fake.releases().iter().map(|number| format!("+{number}")).collect();
    let numbers: Vec<_> = (100..=last_digits).map(e164).collect();
    assert_eq!(released, numbers);
    for kind in ["rest-ended", "released"] {
        assert_eq!(each(&dialer.events(kind).into(), "number"), numbers, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_killed_while_it_gives_numbers_back() {
    killed_while_it_gives_back(Twilio).await;
    killed_while_it_gives_back(Telnyx).await;
}

/// What the steps of rests leave behind.
const KINDS: [&str; 9] = [
    "offered-again",
    "rest-continued",
    "rest-ended",
    "released",
    "number-resting",
    "number-in-use",
    "resting",
    "replaced",
    "replacement-charged",
];

/// An account with few candidates on hand: its own numbers must replace others again.
fn short_of_numbers() -> Dialer {
    let dialer = Dialer::monitoring(
        12,
        "--auto-replace on --checks-to-replace 1 --replacements-per-day-max 100 --mass-flag-percent 100 \
         --new-number-grace-days 0 --rest-days 1 --rests-max 1 --rest-when-none on",
    );
    dialer.import(150..153, "--candidates");
    dialer
}

/// The next day. Other numbers are flagged every second day, and 0102 always is.
fn next_day(dialer: &Dialer, day: u64) {
    dialer.pass(DAY);
    let numbers = (100..112).chain(150..153);
    let marks = |last: u64| if last == 102 || (last + day / 2).is_multiple_of(3) { "xxx" } else { "ooo" };
    dialer.carriers_say(&numbers.map(|last| (last, marks(last))).collect::<Vec<_>>());
}

/// Events of these kinds: which number, and what is said of it.
fn steps(ledger: &Ledger) -> Vec<(String, Option<u64>, String)> {
    let events = ledger.events("acme", EventFilter { number: None, last: u32::MAX }).expect("the events are read");
    let events = events.into_iter().filter(|event| KINDS.contains(&event.kind.as_str()));
    let mut steps: Vec<_> = events.map(|event| (event.kind, event.number, event.text)).collect();
    steps.sort();
    steps
}

/// Further reviews on the same date. Numbers that were offered again take others' places, then those are rated.
fn finish(dialer: &Dialer) {
    (0..3).for_each(|_| drop(dialer.run("review acme").exits(0)));
    assert_sound(dialer);
}

fn state(dialer: &Dialer) -> [Value; 2] {
    ["numbers list acme", "numbers pool acme"].map(|line| dialer.json(line))
}

/// One dialer is killed every day, at any moment and after a step is on disk; another has the same days in peace. In the end
/// both have taken the same steps, each once.
#[test]
fn a_killed_rest_ends_as_one_that_was_not_killed() {
    let (killed, peaceful) = (short_of_numbers(), short_of_numbers());
    let ledger = killed.ledger();
    let mut moments = None;
    for day in 0..6 {
        next_day(&peaceful, day);
        let begun = Instant::now();
        peaceful.run("review acme").exits(0);
        let moments = moments.get_or_insert(Moments::within(begun.elapsed()));
        finish(&peaceful);

        next_day(&killed, day);
        moments.kill(&killed, "review acme");
        assert_sound(&killed);
        let enough = steps(&ledger).len() + 1 + day as usize;
        kill_when(&killed, "review acme", || steps(&ledger).len() >= enough);
        assert_sound(&killed);
        finish(&killed);
        assert_eq!(steps(&ledger), steps(&peaceful.ledger()), "on day {day}");
        assert_eq!(state(&killed), state(&peaceful), "on day {day}");
    }
    let taken = steps(&ledger);
    for kind in KINDS {
        assert!(taken.iter().any(|(step, ..)| step == kind), "there was no {kind} to kill");
    }
}
