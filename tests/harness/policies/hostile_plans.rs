//! Every kind of plan that a hostile policy can make and the ledger refuses. The same plans fail the conformance check.
//!
//! The account monitors +1 310 555 0100 to 0103 in slots 1 to 4 of 15, owns 0104 and 0105, and is offered 0190 and 0191.
//! It replaces automatically.

use super::hostile::Hostile;
use crate::harness::acme::number;
use dialguard::contract::{Deletion, Request};

/// One plan.
#[derive(Debug, Clone)]
pub struct HostilePlan {
    /// What the plan is for; none is a review.
    pub request: Option<Request>,
    /// What it does, in WAT.
    pub actions: &'static str,
    /// What is wrong with it.
    pub refusal: &'static str,
}

impl HostilePlan {
    /// A policy that makes this plan, whatever it is asked.
    pub fn policy(&self) -> Hostile {
        match self.request {
            None => Hostile::review(self.actions),
            Some(_) => Hostile::decide(self.actions),
        }
    }
}

/// What the plans below are made of.
const WORDS: [(&str, &str); 8] = [
    ("LOOK", "(call $look-around (local.get $id) (local.get $id-len))"),
    ("RATE", "(call $rate (i64.const 13105550100) (i32.const 3))"),
    ("GOING", "(i64.const 13105550100) (i64.const 13105550190) (i32.const 1)"),
    ("CYCLE-END", "(i64.load offset=56 (global.get $account))"),
    ("NOW", "(call $now)"),
    ("AS-REQUESTED", "call $replace-as-requested"),
    ("ONCE", "(call $answer-once)"),
    ("REFUSE", "(call $refuse)"),
];

/// All of them.
pub fn hostile_plans() -> Vec<HostilePlan> {
    let start = |last: &[u64]| Some(Request::StartMonitoring(last.iter().map(|last| number(100 + last)).collect()));
    let stop = |last: &[u64]| Some(Request::StopMonitoring(last.iter().map(|last| number(100 + last)).collect()));
    let replace = |last: &[u64]| Some(Request::ReplaceNumbers(last.iter().map(|last| number(100 + last)).collect()));
    let delete = |last: u64, accept_slot_loss| {
        Some(Request::DeleteNumbers(Deletion { numbers: vec![number(100 + last)], accept_slot_loss }))
    };
    let blocks = |blocks| Some(Request::SetBlocks(blocks));
    let plans: Vec<(Option<Request>, &str, &str)> = vec![
        // What it is about
        (None, "(i32.store8 (local.get $id) (i32.const 0x7a))", "it is for account \"zcme\""),
        (None, "(i64.store (global.get $plan.revision) (i64.const 1))", "it is based on revision 1"),
        (None, "(i64.store (global.get $plan.decided-at) (i64.const 5))", "its time 5 is not the time of the run"),
        // Reviews
        (None, "RATE", "not monitored"),
        (None, "LOOK (call $rate (i64.const 13105550150) (i32.const 3))", "not monitored"),
        (
            None,
            "LOOK (call $rate (i64.const 13105550100) (i32.const 1)) (call $rate (i64.const 13105550100) (i32.const 1))",
            "out of order",
        ),
        (None, "LOOK RATE (i32.store16 offset=12 (global.get $reviews) (i32.const 3))", "it counts 3 of 2 carriers"),
        (None, "LOOK (call $rate (i64.const 13105550100) (i32.const 0))", "it rates +13105550100 as pending"),
        (stop(&[0]), "LOOK RATE", "it reviews numbers without a request"),
        // Actions that a review must not take
        (
            None,
            "LOOK (call $occupy (i64.const 13105550104) (i32.const 5))",
            "to monitor +13105550104 without a request",
        ),
        (None, "LOOK (call $lock (i64.const 13105550100) (i32.const 1) (i64.const 1))", "without a request"),
        (None, "LOOK (call $release (i64.const 13105550105))", "without a request"),
        (None, "LOOK (call $set-blocks (i32.const 2) NOW)", "it sets 2 blocks without a request"),
        // Automatic replacement
        (
            None,
            "LOOK (call $rate (i64.const 13105550101) (i32.const 3))
             (call $replace (i64.const 13105550101) (i64.const 13105550105) (i32.const 2))",
            "+13105550105 was not offered",
        ),
        (
            None,
            "LOOK (call $rate (i64.const 13105550101) (i32.const 3)) (call $rate (i64.const 13105550102) (i32.const 3))
             (call $replace (i64.const 13105550101) (i64.const 13105550190) (i32.const 2))
             (call $replace (i64.const 13105550102) (i64.const 13105550190) (i32.const 3))",
            "or is used twice",
        ),
        (
            None,
            "LOOK RATE (call $replace GOING) (call $replace (i64.const 13105550100) (i64.const 13105550191) (i32.const 1))",
            "+13105550100 is already being replaced",
        ),
        (
            None,
            "LOOK (call $replace (i64.const 13105550101) (i64.const 13105550190) (i32.const 2))",
            "neither flagged nor suspect",
        ),
        (
            None,
            "LOOK RATE (call $replace (i64.const 13105550100) (i64.const 13105550190) (i32.const 2))",
            "+13105550100 does not occupy slot 2",
        ),
        (None, "LOOK RATE (AS-REQUESTED GOING)", "it replaces +13105550100 without a request"),
        (
            None,
            "LOOK RATE (call $replace-because GOING (global.get $reason) (i32.const 0))",
            "it gives no reason for replacing +13105550100",
        ),
        (
            None,
            "LOOK RATE (call $replace-because GOING (global.get $zeros) (i32.const 19))",
            "its reason for replacing +13105550100 contains control characters",
        ),
        (
            None,
            "LOOK RATE (memory.fill (global.get $scratch) (i32.const 0x78) (i32.const 501))
             (call $replace-because GOING (global.get $scratch) (i32.const 501))",
            "its reason for replacing +13105550100 has more than 500 bytes",
        ),
        // Requests to start
        (
            start(&[4, 5]),
            "LOOK (call $occupy (i64.const 13105550104) (i32.const 5)) (call $occupy (i64.const 13105550105) (i32.const 5))",
            "slot 5 is occupied or locked",
        ),
        (
            start(&[4]),
            "LOOK (call $occupy (i64.const 13105550104) (i32.const 5)) (call $occupy (i64.const 13105550104) (i32.const 6))",
            "+13105550104 already has a slot",
        ),
        (start(&[4]), "LOOK (call $occupy (i64.const 13105550104) (i32.const 1))", "slot 1 is occupied or locked"),
        (start(&[4]), "(call $occupy (i64.const 13105550104) (i32.const 1))", "without reading every monitored number"),
        (start(&[4]), "LOOK (call $occupy (i64.const 13105550104) (i32.const 16))", "slot 16 does not exist"),
        (start(&[99]), "LOOK (call $occupy (i64.const 13105550199) (i32.const 5))", "the account does not own"),
        (start(&[50]), "LOOK (call $occupy (i64.const 13105550150) (i32.const 5))", "the account does not own"),
        (start(&[4]), "LOOK (call $occupy (i64.const 13105550105) (i32.const 5))", "+13105550105 without a request"),
        (start(&[4]), "LOOK", "it accepts +13105550104, and no action is about it"),
        (start(&[4, 4]), "LOOK (call $occupy (i64.const 13105550104) (i32.const 5))", "it accepts +13105550104 twice"),
        (
            start(&[4]),
            "LOOK (call $occupy (i64.const 13105550104) (i32.const 5)) REFUSE",
            "it has an action for +13105550104, which it does not accept",
        ),
        // Requests to stop and to delete
        (
            stop(&[0]),
            "LOOK (call $lock (i64.const 13105550100) (i32.const 1) (i64.const 1))",
            "it locks slot 1 until 1, which is not the end of the cycle",
        ),
        (
            stop(&[0]),
            "LOOK (call $lock-to-delete (i64.const 13105550100) (i32.const 1) CYCLE-END)",
            "it locks the slot of +13105550100 without a request",
        ),
        (stop(&[0]), "LOOK", "it accepts +13105550100, and no action is about it"),
        (
            stop(&[0, 0]),
            "LOOK (call $lock (i64.const 13105550100) (i32.const 1) CYCLE-END)",
            "it accepts +13105550100 twice",
        ),
        (
            stop(&[0]),
            "LOOK (call $lock (i64.const 13105550100) (i32.const 1) CYCLE-END) REFUSE",
            "it has an action for +13105550100, which it does not accept",
        ),
        (
            stop(&[0]),
            "(i32.store offset=4 (global.get $decision.outcomes) (i32.const 3))",
            "it has 3 answers for 1 questions",
        ),
        (delete(0, true), "(call $release (i64.const 13105550100))", "without reading every monitored number"),
        (delete(0, true), "LOOK (call $release (i64.const 13105550100))", "still has its slot"),
        (
            delete(0, true),
            "LOOK (call $lock-to-delete (i64.const 13105550100) (i32.const 1) CYCLE-END)",
            "it locks the slot of +13105550100 for a deletion, and does not release it",
        ),
        (
            delete(0, false),
            "LOOK (call $lock-to-delete (i64.const 13105550100) (i32.const 1) CYCLE-END)
             (call $release (i64.const 13105550100))",
            "it locks the slot of +13105550100 without a request",
        ),
        (
            delete(4, false),
            "LOOK (call $release (i64.const 13105550104)) (call $release (i64.const 13105550104))",
            "the account does not own +13105550104",
        ),
        (delete(4, false), "LOOK", "it accepts +13105550104, and no action is about it"),
        // Requests to replace
        (replace(&[0]), "LOOK (call $replace GOING)", "automatically, which the account has turned off"),
        (replace(&[1]), "LOOK (AS-REQUESTED GOING)", "it replaces +13105550100 without a request"),
        (
            replace(&[0]),
            "LOOK (AS-REQUESTED GOING) (AS-REQUESTED (i64.const 13105550100) (i64.const 13105550191) (i32.const 1))",
            "+13105550100 is already being replaced",
        ),
        (replace(&[0]), "LOOK", "it accepts +13105550100, and no action is about it"),
        // Requests for blocks
        (
            blocks(7),
            "ONCE (call $set-blocks (i32.const 7) NOW) (call $set-blocks (i32.const 7) NOW)
             (call $set-blocks (i32.const 7) NOW)",
            "it sets 7 blocks more than once",
        ),
        (blocks(7), "ONCE (call $set-blocks (i32.const 8) NOW)", "it sets 8 blocks without a request"),
        (blocks(7), "ONCE (call $set-blocks (i32.const 7) CYCLE-END)", "it changes blocks at"),
        (blocks(0), "ONCE (call $set-blocks (i32.const 0) CYCLE-END)", "it removes slots that are in use"),
        (blocks(7), "ONCE", "it accepts 7 blocks, and no action sets them"),
        (blocks(7), "ONCE (call $set-blocks (i32.const 7) NOW) REFUSE", "it sets 7 blocks, which it does not accept"),
        (blocks(100_001), "ONCE (call $set-blocks (i32.const 100001) NOW)", "100001 blocks are more than 100000"),
    ];
    plans
        .into_iter()
        .map(|(request, actions, refusal)| HostilePlan { request, actions: spelled_out(actions), refusal })
        .collect()
}

fn spelled_out(actions: &str) -> &'static str {
    WORDS.iter().fold(actions.to_owned(), |text, (word, meaning)| text.replace(word, meaning)).leak()
}
