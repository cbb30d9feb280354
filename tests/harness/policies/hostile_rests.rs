//! Plans that a hostile policy for version 0.3.0 of the contract can make about rests, numbers that are not used, and suspects,
//! and that the ledger refuses. The same plans fail the conformance check.
//!
//! The account monitors +1 310 555 0100 to 0103 in slots 1 to 4 of 15; 0100 is flagged, and 0102 is flagged and out of use. It
//! owns 0104 and 0105. 0110 rests, and so does 0111, which has ended 255 rests. It is offered 0190 and 0191. Another
//! account monitors 0150, and 0160 rests in it. It replaces automatically.

use super::hostile::{component_around, parse};
use crate::harness::acme::{NOW, number};
use dialguard::contract::{Deletion, Request};
use dialguard::policy::REFERENCE_POLICY;

const SKELETON: &str = include_str!("../../policies/hostile/tables.wat");

/// One plan. Unless it is for a request, it rates 0100 as flagged and calls it suspect before anything else.
#[derive(Debug, Clone)]
pub struct HostileRest {
    /// What the plan is for; none is a review.
    pub request: Option<Request>,
    /// What it does, in WAT.
    pub does: String,
    /// What is wrong with it.
    pub refusal: &'static str,
    /// When the policy makes it.
    pub at: u64,
}

/// One policy that makes each of these plans at its time, because compiling a policy takes longer than any of them.
pub fn policy_of(plans: &[HostileRest]) -> Vec<u8> {
    let of = |is_request: bool| -> String {
        let plans = plans.iter().filter(|plan| plan.request.is_some() == is_request);
        let at_its_time = |HostileRest { at, does, .. }: &HostileRest| {
            format!("(if (i64.eq (global.get $now) (i64.const {at})) (then {does}))\n")
        };
        plans.map(at_its_time).collect()
    };
    returning_tables(&of(false), &of(true))
}

/// A policy that does this in each review, and that with each request.
pub fn returning_tables(review: &str, decision: &str) -> Vec<u8> {
    let module = SKELETON.replace("{does}", review).replace("{decides}", decision);
    component_around(REFERENCE_POLICY, &parse(&module))
}

/// What the plans below are made of.
const WORDS: [(&str, &str); 2] =
    [("LOOK", "(call $look-around (local.get $id) (local.get $id-len))"), ("#", "i64.const 1310555")];

/// All of them.
pub fn hostile_rests() -> Vec<HostileRest> {
    let numbers = |last: &[u64]| last.iter().map(|last| number(*last)).collect::<Vec<_>>();
    let start = |last: &[u64]| Some(Request::StartMonitoring(numbers(last)));
    let stop = |last: &[u64]| Some(Request::StopMonitoring(numbers(last)));
    let replace = |last: &[u64]| Some(Request::ReplaceNumbers(numbers(last)));
    let delete =
        |last: &[u64]| Some(Request::DeleteNumbers(Deletion { numbers: numbers(last), accept_slot_loss: true }));
    let plans: Vec<(Option<Request>, &str, &str)> = vec![
        // Rests
        (None, "(call $offer-again (#0110))", "+13105550110 does not rest"),
        (None, "LOOK (call $give-back (#0104))", "+13105550104 does not rest"),
        (None, "LOOK (call $give-back (#0100))", "+13105550100 does not rest"),
        (None, "LOOK (call $rest-on (#0190))", "+13105550190 does not rest"),
        (None, "LOOK (call $offer-again (#0160))", "+13105550160 does not rest"),
        (None, "LOOK (call $give-back (#0160))", "+13105550160 does not rest"),
        (None, "LOOK (call $offer-again (i64.const -1))", "does not rest"),
        (None, "LOOK (call $offer-again (#0110)) (call $offer-again (#0110))", "or is decided about twice"),
        (None, "LOOK (call $rest-on (#0110)) (call $rest-on (#0110))", "or is decided about twice"),
        (None, "LOOK (call $offer-again (#0110)) (call $give-back (#0110))", "or is decided about twice"),
        (None, "LOOK (call $give-back (#0110)) (call $rest-on (#0110))", "or is decided about twice"),
        (None, "LOOK (call $rest-on (#0111))", "it lets +13105550111 rest on, which has ended 255 rests"),
        (None, "LOOK (call $replace (#0100) (#0110) (i32.const 1))", "+13105550110 was not offered, or is used twice"),
        (
            None,
            "LOOK (call $offer-again (#0110)) (call $replace (#0100) (#0110) (i32.const 1))",
            "+13105550110 was not offered, or is used twice",
        ),
        (start(&[110]), "LOOK (call $occupy (#0110) (i32.const 9))", "the account does not own +13105550110"),
        (delete(&[110]), "LOOK (drop (call $act (i32.const 2) (#0110)))", "the account does not own +13105550110"),
        // Use
        (None, "(call $stop-using (#0104))", "it takes +13105550104 out of use, which is not monitored"),
        (None, "(call $stop-using (#0150))", "it takes +13105550150 out of use, which is not monitored"),
        (None, "LOOK (call $stop-using (#0110))", "it takes +13105550110 out of use, which is not monitored"),
        (None, "(call $stop-using (#0101))", "it takes +13105550101 out of use, which is neither flagged nor suspect"),
        (None, "(call $stop-using (#0102))", "+13105550102 is out of use already"),
        (None, "(call $stop-using (#0100)) (call $stop-using (#0100))", "+13105550100 is out of use already"),
        (None, "(call $use-again (#0100))", "it uses +13105550100 again, which is in use"),
        (None, "(call $use-again (#0104))", "it uses +13105550104 again, which is in use"),
        (None, "LOOK (call $use-again (#0110))", "it uses +13105550110 again, which is in use"),
        (None, "(call $use-again (#0102)) (call $use-again (#0102))", "it uses +13105550102 again, which is in use"),
        (
            None,
            "(call $stop-using (#0100)) (call $use-again (#0100))",
            "it both takes +13105550100 out of use and uses it",
        ),
        (
            None,
            "(call $use-again (#0102)) (call $stop-using (#0102))",
            "it both takes +13105550102 out of use and uses it",
        ),
        (
            None,
            "LOOK (call $stop-using (#0100)) (call $replace (#0100) (#0190) (i32.const 1))",
            "it takes +13105550100 out of use and replaces it",
        ),
        (
            None,
            "LOOK (call $replace (#0100) (#0190) (i32.const 1)) (call $stop-using (#0100))",
            "it takes +13105550100 out of use, which is not monitored or is being replaced",
        ),
        // Suspects
        (None, "(call $suspect (global.get $several) (i32.const 2))", "+13105550100 suspect, which is out of order"),
        (
            None,
            "(call $suspect (i32.add (global.get $several) (i32.const 16)) (i32.const 1))",
            "it calls +13105550150 suspect, which is out of order or not monitored",
        ),
        (
            None,
            "(call $column (global.get $suspects.attempts) (global.get $zeros) (i32.const 1))",
            "it counts 1 answered and 0 blocked of 0 calls from +13105550100",
        ),
        (
            None,
            "(call $column (global.get $suspects.blocked) (global.get $several) (i32.const 1))",
            "blocked of 100 calls from +13105550100",
        ),
        (
            None,
            "(i32.store8 (global.get $has-suspects) (i32.const 0))
             (call $column (global.get $reviews.flagging) (global.get $zeros) (i32.const 1))
             (call $column (global.get $reviews.answering) (global.get $zeros) (i32.const 1))",
            "it counts 0 of 0 carriers as flagging +13105550100",
        ),
        (
            None,
            "(i64.store (global.get $time) (i64.const 9000000000))",
            "it rates +13105550100 by what is not known yet",
        ),
        // In the wrong kind of run
        (start(&[104]), "LOOK (call $offer-again (#0110))", "about the rest of +13105550110 without a request"),
        (start(&[104]), "LOOK (call $rest-on (#0110))", "about the rest of +13105550110 without a request"),
        (delete(&[110]), "LOOK (call $give-back (#0110))", "about the rest of +13105550110 without a request"),
        (delete(&[104]), "LOOK (call $give-back (#0104))", "about the rest of +13105550104 without a request"),
        (replace(&[100]), "LOOK (call $offer-again (#0110))", "about the rest of +13105550110 without a request"),
        (stop(&[100]), "(call $stop-using (#0100))", "it takes a number out of use automatically"),
        (replace(&[100]), "(call $stop-using (#0100))", "it takes a number out of use automatically"),
        (start(&[102]), "(call $use-again (#0102))", "it uses +13105550102 again without a request"),
        (stop(&[100]), "(call $suspect (global.get $number) (i32.const 1))", "it looks at calls without a request"),
        (
            Some(Request::SetBlocks(2)),
            "LOOK (call $give-back (#0110)) (i32.store offset=4 (global.get $decision.outcomes) (i32.const 1))",
            "about the rest of +13105550110 without a request",
        ),
    ];
    let timed = |((request, does, refusal), at)| HostileRest { request, does: spelled_out(does), refusal, at };
    plans.into_iter().zip(NOW + 1..).map(timed).collect()
}

fn spelled_out(does: &str) -> String {
    WORDS.iter().fold(does.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}
