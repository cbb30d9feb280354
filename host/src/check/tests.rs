//! Plans that a hostile or broken policy could return, each with one fault.

mod random_plans;

use super::*;
use crate::settings::Settings;
use std::sync::Arc;

const NOW: Timestamp = 1_000_000;
const CYCLE_ENDS_AT: Timestamp = 2_000_000;

/// Number 1 is monitored and flagged in slot 1, number 2 clean in slot 2; slot 3 is locked; 4 is owned, 5 rests, and 6 is
/// offered again after its rest; 9 and 10 are offered.
fn inputs() -> Inputs {
    let account = Account {
        id: "acme".into(),
        revision: 7,
        enabled: true,
        slot_count: 15,
        slot_count_next: 15,
        slots_per_block: 15,
        block_price_cents: 4_900,
        cycle_starts_at: 0,
        cycle_ends_at: CYCLE_ENDS_AT,
        day_starts_at: 950_000,
        locked_slots: vec![SlotLock { slot: 3, until: CYCLE_ENDS_AT }],
        monitored_count: 2,
        rated_today: 0,
        look_ups_today: 0,
        replacements_today: 0,
        guard_rails: GuardRails { auto_replace: true, replacements_per_day_max: 1 },
        settings: Settings::default(),
    };
    Inputs {
        now: Some(NOW),
        account: Some(account),
        monitored: pages(&[monitored(1, 1, Status::Flagged), monitored(2, 2, Status::Clean)]),
        owned: [4, 5, 6].into(),
        offered: [(6, true), (9, false), (10, false)].into(),
        rested: [(5, 0)].into(),
    }
}

fn monitored(number: PhoneNumber, slot: SlotId, status: Status) -> MonitoredNumber {
    MonitoredNumber {
        number,
        slot,
        status,
        status_since: 900_000,
        monitored_since: 900_000,
        flagging_checks: 0,
        clearing_checks: 0,
        last_rated_at: Some(900_000),
        evidence_until: Some(900_000),
        suspect_since: None,
        resting_since: None,
        replacement_pending: false,
    }
}

/// All numbers on one page.
fn pages(numbers: &[MonitoredNumber]) -> Vec<Arc<MonitoredTable>> {
    vec![Arc::new(numbers.iter().copied().collect())]
}

fn plan(reviews: Vec<Review>, actions: Vec<Action>) -> Plan {
    let reviews = reviews.into_iter().collect();
    Plan { account: "acme".into(), based_on: 7, decided_at: NOW, reviews, suspects: None, actions, notices: vec![] }
}

fn review(number: PhoneNumber) -> Review {
    Review {
        number,
        status: Status::Clean,
        flagging_checks: 0,
        clearing_checks: 1,
        flagging: 0,
        answering: 2,
        evidence_until: Some(NOW),
    }
}

fn suspect(number: PhoneNumber) -> Suspect {
    Suspect { number, attempts: 100, answered: 5, blocked: 0 }
}

fn suspecting(suspects: &[Suspect], reviews: Vec<Review>, actions: Vec<Action>) -> Plan {
    Plan { suspects: Some(suspects.iter().copied().collect()), ..plan(reviews, actions) }
}

fn replace(number: PhoneNumber, replacement: PhoneNumber, slot: SlotId) -> Action {
    replace_because(number, replacement, slot, ReplacementReason::Flagged, "Flagged by 2 of 2 carriers.")
}

fn replace_because(
    number: PhoneNumber,
    replacement: PhoneNumber,
    slot: SlotId,
    why: ReplacementReason,
    because: &str,
) -> Action {
    Action::ReplaceNumber(Replacement { number, replacement, slot, why, because: because.into() })
}

fn occupy(number: PhoneNumber, slot: SlotId) -> Action {
    Action::OccupySlot(Occupancy { number, slot })
}

fn lock(number: PhoneNumber, slot: SlotId, until: Timestamp, why: ClosingReason) -> Action {
    Action::LockSlot(SlotClosing { number, slot, until, why })
}

fn verdict(result: Result<(), PlanFault>) -> String {
    result.map_or_else(|fault| fault.to_string(), |()| "fine".into())
}

#[test]
fn a_review_rates_and_replaces_and_nothing_else() {
    let mut again = plan(vec![review(1)], vec![]);
    again.based_on = 6;
    let mut foreign = plan(vec![], vec![]);
    foreign.account = "other".into();
    let mut late = plan(vec![], vec![]);
    late.decided_at = NOW + 1;
    let mut loud = plan(vec![], vec![]);
    let notice = Notice { severity: Severity::Info, kind: "x".into(), number: None, text: "y".repeat(2_001) };
    loud.notices = vec![notice];
    let torn = Review { flagging: 3, ..review(1) };
    let early = Review { evidence_until: Some(NOW + 1), ..review(1) };
    let unrated = Review { answering: 0, status: Status::AtRisk, ..review(1) };
    let mut uneven = plan(vec![review(1), review(2)], vec![]);
    uneven.reviews.answering.pop();
    let impossible = Suspect { answered: 101, ..suspect(1) };
    let pending = Review { status: Status::Pending, ..review(1) };
    let scenarios: Vec<(Plan, &str)> = vec![
        (plan(vec![], vec![]), "fine"),
        (plan(vec![review(1), review(2)], vec![replace(1, 9, 1)]), "neither flagged nor suspect"),
        (plan(vec![review(2)], vec![replace(1, 9, 1)]), "fine"),
        (again, "revision 6"),
        (foreign, "account \"other\""),
        (late, "not the time of the run"),
        (loud, "2000 bytes"),
        (plan(vec![review(2), review(1)], vec![]), "out of order"),
        (plan(vec![review(1), review(1)], vec![]), "out of order"),
        (plan(vec![review(4)], vec![]), "not monitored"),
        (plan(vec![torn], vec![]), "3 of 2"),
        (plan(vec![pending], vec![]), "as pending"),
        (plan(vec![early], vec![]), "not known yet"),
        (plan(vec![unrated], vec![]), "0 of 0 carriers"),
        (uneven, "the column answering of its review-table has another length than the first"),
        (suspecting(&[suspect(1)], vec![unrated], vec![]), "fine"),
        (suspecting(&[suspect(2)], vec![unrated], vec![]), "0 of 0 carriers"),
        (suspecting(&[suspect(2), suspect(1)], vec![], vec![]), "out of order"),
        (suspecting(&[suspect(4)], vec![], vec![]), "not monitored"),
        (suspecting(&[impossible], vec![], vec![]), "101 answered and 0 blocked of 100"),
        (suspecting(&[suspect(2)], vec![], vec![replace(2, 9, 2)]), "fine"),
        (plan(vec![], vec![replace(2, 9, 2)]), "neither flagged nor suspect"),
        (plan(vec![], vec![replace(1, 9, 2)]), "does not occupy slot 2"),
        (plan(vec![], vec![replace(1, 8, 1)]), "was not offered"),
        (plan(vec![], vec![replace(1, 9, 1), replace(1, 10, 1)]), "more numbers than the account allows"),
        (plan(vec![], vec![occupy(4, 4)]), "without a request"),
        (plan(vec![], vec![lock(1, 1, CYCLE_ENDS_AT, ClosingReason::MonitoringStopped)]), "without a request"),
        (plan(vec![], vec![Action::ReleaseNumber(4)]), "without a request"),
        (plan(vec![], vec![Action::SetBlocks(BlockChange { blocks: 9, starting: NOW })]), "9 blocks without a request"),
        (plan(vec![], vec![replace(1, 6, 1)]), "fine"),
        (plan(vec![], vec![Action::StopUsing(1)]), "fine"),
        (plan(vec![], vec![Action::StopUsing(1), Action::StopUsing(1)]), "out of use already"),
        (plan(vec![], vec![Action::StopUsing(2)]), "neither flagged nor suspect"),
        (plan(vec![], vec![Action::StopUsing(1), Action::UseAgain(1)]), "both takes +1 out of use and uses it again"),
        (plan(vec![], vec![Action::StopUsing(1), replace(1, 9, 1)]), "it takes +1 out of use and replaces it"),
        (plan(vec![], vec![Action::StopUsing(4)]), "not monitored"),
        (plan(vec![], vec![replace(1, 9, 1), Action::StopUsing(1)]), "being replaced"),
        (plan(vec![], vec![Action::UseAgain(1)]), "which is in use"),
        (plan(vec![], vec![Action::OfferAgain(5)]), "fine"),
        (plan(vec![], vec![Action::RestOn(5)]), "fine"),
        (plan(vec![], vec![Action::GiveBack(5)]), "fine"),
        (plan(vec![], vec![Action::OfferAgain(5), Action::GiveBack(5)]), "decided about twice"),
        (plan(vec![], vec![Action::GiveBack(4)]), "+4 does not rest"),
        (plan(vec![], vec![Action::GiveBack(6)]), "+6 does not rest"),
    ];
    for (plan, expected) in scenarios {
        let verdict = verdict(check("acme", Purpose::Review, &plan, &inputs(), &[]));
        assert!(verdict.contains(expected), "{plan:?}: {verdict}, not {expected}");
    }
}

#[test]
fn automatic_replacement_needs_the_setting_and_room_under_the_cap() {
    let plan = plan(vec![], vec![replace(1, 9, 1)]);
    let refused = |change: fn(&mut Account)| {
        let mut inputs = inputs();
        change(inputs.account.as_mut().unwrap());
        verdict(check("acme", Purpose::Review, &plan, &inputs, &[]))
    };
    assert!(refused(|account| account.guard_rails.auto_replace = false).contains("has turned off"));
    assert!(refused(|account| account.replacements_today = 1).contains("in a day"));
    assert!(refused(|account| account.enabled = false).contains("add-on is off"));
    let mut own = inputs();
    own.owned.insert(9);
    assert!(verdict(check("acme", Purpose::Review, &plan, &own, &[])).contains("one of the account's own numbers"));
    let twice = Plan { actions: vec![replace(1, 9, 1), replace(1, 10, 1)], ..plan.clone() };
    let mut roomy = inputs();
    roomy.account.as_mut().unwrap().guard_rails.replacements_per_day_max = 5;
    assert!(verdict(check("acme", Purpose::Review, &twice, &roomy, &[])).contains("already being replaced"));
}

/// Notices are kept for good. The policies in this repository make at most one for each replacement of a day, of which there
/// are 1,000, each of less than 150 bytes.
#[test]
fn the_notices_of_a_plan_are_counted_and_their_bytes_too() {
    let checked = |count: usize, text_bytes: usize| {
        let notice =
            Notice { severity: Severity::Info, kind: "kind".into(), number: None, text: "y".repeat(text_bytes) };
        let plan = Plan { notices: vec![notice; count], ..plan(vec![], vec![]) };
        verdict(check("acme", Purpose::Review, &plan, &inputs(), &[]))
    };
    assert_eq!(checked(1_000, 150), "fine");
    assert_eq!(checked(131, 1_996), "fine");
    assert!(checked(132, 1_996).contains("its notices have 264000 bytes, more than 262144"), "{}", checked(132, 1_996));
    assert_eq!(checked(2_000, 1), "fine");
    assert!(checked(2_001, 1).contains("it has 2001 notices, more than 2000"), "{}", checked(2_001, 1));
}

/// A fault is an event for good and goes into the log.
#[test]
fn a_fault_quotes_little_of_the_plan() {
    let endless = "\u{1}".repeat(1 << 20);
    let foreign = Plan { account: endless.clone(), ..plan(vec![], vec![]) };
    let notice = Notice { severity: Severity::Info, kind: "\u{1}".repeat(2_000), number: None, text: "y".into() };
    let odd = Plan { notices: vec![notice], ..plan(vec![], vec![]) };
    for plan in [foreign, odd] {
        let verdict = verdict(check("acme", Purpose::Review, &plan, &inputs(), &[]));
        assert!(verdict.len() < 2_000 && !verdict.contains("\\u{1}"), "{} bytes: {verdict:.200}", verdict.len());
    }
}

#[test]
fn a_notice_cannot_have_a_reserved_kind() {
    let notice = |kind: &str| Notice { severity: Severity::Info, kind: kind.into(), number: None, text: "$49.".into() };
    let plan = |kind| Plan { notices: vec![notice(kind)], ..plan(vec![], vec![]) };
    let checked = |kind| verdict(check("acme", Purpose::Review, &plan(kind), &inputs(), &["charged", "released"]));
    assert!(checked("charged").contains("\"charged\" is reserved for"), "{}", checked("charged"));
    assert!(checked("released").contains("\"released\" is reserved for"), "{}", checked("released"));
    assert_eq!(checked("charged-twice"), "fine");
}

#[test]
fn a_replacement_has_a_reason_in_one_short_line() {
    let scenarios = [
        ("x".repeat(500), "fine"),
        ("x".repeat(501), "more than 500 bytes"),
        ("é".repeat(251), "more than 500 bytes"),
        (String::new(), "gives no reason for replacing +1"),
        (" ".into(), "gives no reason for replacing +1"),
        ("Flagged.\n+1 is fine.".into(), "control characters"),
        ("\u{1b}[2J".into(), "control characters"),
    ];
    for (because, expected) in scenarios {
        let plan = plan(vec![], vec![replace_because(1, 9, 1, ReplacementReason::Flagged, &because)]);
        let verdict = verdict(check("acme", Purpose::Review, &plan, &inputs(), &[]));
        assert!(verdict.contains(expected), "{because:?}: {verdict}, not {expected}");
    }
}

#[test]
fn a_number_rated_today_is_not_rated_again() {
    let mut inputs = inputs();
    let rated = MonitoredNumber { last_rated_at: Some(950_000), ..monitored(1, 1, Status::Flagged) };
    inputs.monitored = pages(&[rated, monitored(2, 2, Status::Clean)]);
    let verdict = verdict(check("acme", Purpose::Review, &plan(vec![review(1)], vec![]), &inputs, &[]));
    assert!(verdict.contains("twice on one date"), "{verdict}");
}

#[test]
fn a_request_does_what_was_requested_and_nothing_else() {
    let stopped = |number, slot, until| lock(number, slot, until, ClosingReason::MonitoringStopped);
    let start = |numbers: &[u64]| Request::StartMonitoring(numbers.to_vec());
    let stop = |numbers: &[u64]| Request::StopMonitoring(numbers.to_vec());
    let delete = |numbers: &[u64], accept_slot_loss| {
        Request::DeleteNumbers(Deletion { numbers: numbers.to_vec(), accept_slot_loss })
    };
    let deleted = |number, slot| lock(number, slot, CYCLE_ENDS_AT, ClosingReason::NumberDeleted);
    let blocks = |blocks, starting| Action::SetBlocks(BlockChange { blocks, starting });
    let requested = || replace_because(2, 9, 2, ReplacementReason::Requested, "Requested by a user.");
    let scenarios: Vec<(Request, Vec<Action>, &str)> = vec![
        (start(&[4]), vec![occupy(4, 4)], "fine"),
        (start(&[4]), vec![occupy(4, 1)], "occupied or locked"),
        (start(&[4]), vec![occupy(4, 3)], "occupied or locked"),
        (start(&[4]), vec![occupy(4, 0)], "slot 0 does not exist"),
        (start(&[4]), vec![occupy(4, 16)], "slot 16 does not exist"),
        (start(&[4]), vec![occupy(4, 4), occupy(4, 5)], "already has a slot"),
        (start(&[1]), vec![occupy(1, 4)], "already has a slot"),
        (start(&[8]), vec![occupy(8, 4)], "does not own"),
        (start(&[5]), vec![occupy(4, 4)], "without a request"),
        (start(&[4]), vec![stopped(1, 1, CYCLE_ENDS_AT)], "without a request"),
        (stop(&[1]), vec![stopped(1, 1, CYCLE_ENDS_AT)], "fine"),
        (stop(&[1]), vec![stopped(1, 1, NOW - 1)], "not the end of the cycle"),
        (stop(&[1]), vec![stopped(1, 2, CYCLE_ENDS_AT)], "does not occupy slot 2"),
        (stop(&[1]), vec![stopped(1, 1, CYCLE_ENDS_AT), stopped(1, 1, CYCLE_ENDS_AT)], "does not occupy"),
        (stop(&[1]), vec![stopped(1, 1, CYCLE_ENDS_AT), Action::ReleaseNumber(1)], "without a request"),
        (stop(&[1]), vec![deleted(1, 1)], "without a request"),
        (delete(&[1], true), vec![deleted(1, 1), Action::ReleaseNumber(1)], "fine"),
        (delete(&[1], false), vec![deleted(1, 1), Action::ReleaseNumber(1)], "without a request"),
        (delete(&[1], true), vec![Action::ReleaseNumber(1)], "still has its slot"),
        (delete(&[4], false), vec![Action::ReleaseNumber(4)], "fine"),
        (delete(&[4], false), vec![Action::ReleaseNumber(4), Action::ReleaseNumber(4)], "does not own"),
        (Request::ReplaceNumbers(vec![2]), vec![requested()], "fine"),
        (Request::ReplaceNumbers(vec![1]), vec![requested()], "without a request"),
        (Request::ReplaceNumbers(vec![2]), vec![replace(2, 9, 2)], "has turned off"),
        (Request::SetBlocks(2), vec![blocks(2, NOW)], "fine"),
        (Request::SetBlocks(2), vec![blocks(3, NOW)], "without a request"),
        (Request::SetBlocks(2), vec![blocks(2, CYCLE_ENDS_AT)], "it changes blocks at"),
        (Request::SetBlocks(0), vec![blocks(0, CYCLE_ENDS_AT)], "in use"),
        (Request::SetBlocks(u32::MAX), vec![blocks(u32::MAX, NOW)], "more than 100000"),
        (Request::SetBlocks(2), vec![blocks(2, NOW), blocks(2, NOW), blocks(2, NOW)], "sets 2 blocks more than once"),
        (delete(&[1], true), vec![deleted(1, 1)], "locks the slot of +1 for a deletion, and does not release it"),
        (Request::ReplaceNumbers(vec![2]), vec![requested(), requested()], "already being replaced"),
        (stop(&[1]), vec![Action::StopUsing(1)], "has turned off"),
        (stop(&[5]), vec![Action::GiveBack(5)], "without a request"),
    ];
    for (request, actions, expected) in scenarios {
        let plan = plan(vec![], actions);
        let verdict = verdict(check("acme", Purpose::Request(&request), &plan, &inputs(), &[]));
        assert!(verdict.contains(expected), "{request:?} {:?}: {verdict}, not {expected}", plan.actions);
    }
}

/// The account has 15 slots, one block.
#[test]
fn a_decision_does_what_it_accepts_and_nothing_else() {
    use Answer::*;
    let start = |numbers: &[u64]| Request::StartMonitoring(numbers.to_vec());
    let stop = |numbers: &[u64]| Request::StopMonitoring(numbers.to_vec());
    let delete =
        |numbers: &[u64]| Request::DeleteNumbers(Deletion { numbers: numbers.to_vec(), accept_slot_loss: true });
    let replaced = || replace_because(2, 9, 2, ReplacementReason::Requested, "Requested by a user.");
    let stopped = || lock(1, 1, CYCLE_ENDS_AT, ClosingReason::MonitoringStopped);
    let released = || [lock(1, 1, CYCLE_ENDS_AT, ClosingReason::NumberDeleted), Action::ReleaseNumber(1)];
    let blocks = |blocks, starting| Action::SetBlocks(BlockChange { blocks, starting });
    let scenarios: Vec<(Request, &[Answer], Vec<Action>, &str)> = vec![
        (stop(&[5, 6]), &[NotOwned, NotOwned], vec![], "fine"),
        (stop(&[5, 6]), &[NotOwned], vec![], "1 answers for 2"),
        (stop(&[5, 6]), &[NotOwned, NotOwned, NotOwned], vec![], "3 answers for 2"),
        (start(&[4]), &[Accepted], vec![occupy(4, 4)], "fine"),
        (start(&[4]), &[Accepted], vec![], "accepts +4, and no action is about it"),
        (start(&[4]), &[NotOwned], vec![occupy(4, 4)], "an action for +4, which it does not accept"),
        (start(&[4, 4]), &[Accepted, AlreadyMonitored], vec![occupy(4, 4)], "fine"),
        (start(&[4, 4]), &[Accepted, Accepted], vec![occupy(4, 4)], "accepts +4 twice"),
        (stop(&[1, 1]), &[Accepted, NotMonitored], vec![stopped()], "fine"),
        (stop(&[1, 1]), &[Accepted, Accepted], vec![stopped()], "accepts +1 twice"),
        (stop(&[1]), &[Accepted], vec![], "accepts +1, and no action is about it"),
        (stop(&[1, 2]), &[NotMonitored, Accepted], vec![stopped()], "accepts +2, and no action is about it"),
        (delete(&[1, 1]), &[Accepted, NotOwned], released().into(), "fine"),
        (delete(&[1]), &[Accepted], vec![], "accepts +1, and no action is about it"),
        (delete(&[1]), &[SlotWouldLock], released().into(), "an action for +1, which it does not accept"),
        (Request::ReplaceNumbers(vec![2, 2]), &[Accepted, ReplacementPending], vec![replaced()], "fine"),
        (Request::ReplaceNumbers(vec![2]), &[Accepted], vec![], "accepts +2, and no action is about it"),
        (Request::ReplaceNumbers(vec![2]), &[NoCleanCandidate], vec![replaced()], "which it does not accept"),
        (Request::SetBlocks(1), &[Accepted], vec![], "fine"),
        (Request::SetBlocks(1), &[Accepted], vec![blocks(1, CYCLE_ENDS_AT)], "fine"),
        (Request::SetBlocks(2), &[Accepted], vec![blocks(2, NOW)], "fine"),
        (Request::SetBlocks(2), &[Accepted], vec![], "accepts 2 blocks, and no action sets them"),
        (Request::SetBlocks(2), &[AddOnOff], vec![blocks(2, NOW)], "sets 2 blocks, which it does not accept"),
        (Request::SetBlocks(2), &[Accepted], vec![blocks(2, NOW); 3], "sets 2 blocks more than once"),
    ];
    for (request, answers, actions, expected) in scenarios {
        let outcomes = answers.iter().map(|answer| Outcome { answer: *answer, until: None }).collect();
        let decision = Decision { plan: plan(vec![], actions), outcomes };
        let verdict = verdict(check_decision("acme", &request, &decision, &inputs(), &[]));
        assert!(verdict.contains(expected), "{request:?} {decision:?}: {verdict}, not {expected}");
    }
}

/// Fewer blocks from the next cycle on: the account still has 30 slots, and asks for two blocks again.
#[test]
fn blocks_that_were_to_end_are_kept_by_an_action() {
    let mut inputs = inputs();
    let account = inputs.account.as_mut().unwrap();
    (account.slot_count, account.slot_count_next) = (30, 15);
    let outcomes = vec![Outcome { answer: Answer::Accepted, until: None }];
    let keep = Action::SetBlocks(BlockChange { blocks: 2, starting: CYCLE_ENDS_AT });
    for (actions, expected) in [(vec![keep], "fine"), (vec![], "accepts 2 blocks, and no action sets them")] {
        let decision = Decision { plan: plan(vec![], actions), outcomes: outcomes.clone() };
        let verdict = verdict(check_decision("acme", &Request::SetBlocks(2), &decision, &inputs, &[]));
        assert!(verdict.contains(expected), "{verdict}, not {expected}");
    }
}

#[test]
fn a_plan_made_without_reading_the_account_is_refused() {
    let verdict = verdict(check("acme", Purpose::Review, &plan(vec![], vec![]), &Inputs::default(), &[]));
    assert!(verdict.contains("without reading the account"), "{verdict}");
}
