//! The result of an action, number by number.

use super::{BulkAction, BulkRequest};
use crate::web::pages::layout::{number_link, told};
use crate::words::{e164, thousands};
use dialguard::contract::{Action, PhoneNumber, SlotId};
use dialguard_dialer::dialguard::Completion;
use dialguard_dialer::ledger::{AccountProfile, Order};
use maud::{Markup, html};
use std::collections::HashMap;

/// Results listed one by one, at most. If there are more, refused numbers come first.
const RESULTS_LISTED_MAX: usize = 2_000;

/// The result for one number.
pub struct NumberResult {
    pub number: PhoneNumber,
    pub completion: Completion,
    pub text: String,
}

impl NumberResult {
    fn class(&self) -> &'static str {
        match self.completion {
            Completion::Done => "done",
            Completion::NotDone => "failed",
            Completion::UnderWay(_) => "under-way",
        }
    }
}

/// What a decision changed, by number: a batch has thousands of numbers and as many changes.
pub struct Changes<'a> {
    occupied: HashMap<PhoneNumber, SlotId>,
    locked: HashMap<PhoneNumber, SlotId>,
    orders: HashMap<PhoneNumber, &'a Order>,
}

impl<'a> Changes<'a> {
    pub fn of(actions: &[Action], orders: &'a [Order]) -> Self {
        let mut changes = Changes {
            occupied: HashMap::new(),
            locked: HashMap::new(),
            orders: orders.iter().map(|order| (order.number, order)).collect(),
        };
        for action in actions {
            match action {
                Action::OccupySlot(it) => drop(changes.occupied.insert(it.number, it.slot)),
                Action::LockSlot(it) => drop(changes.locked.insert(it.number, it.slot)),
                _ => {}
            }
        }
        changes
    }

    pub fn of_number(&self, action: BulkAction, number: PhoneNumber, completion: Completion) -> String {
        match action {
            BulkAction::Monitor => match self.occupied.get(&number) {
                Some(slot) => format!("monitored in slot {slot}"),
                None => "monitored".into(),
            },
            BulkAction::Stop | BulkAction::Delete => {
                let done = if action == BulkAction::Delete { "deleted" } else { "no longer monitored" };
                match self.locked.get(&number) {
                    Some(slot) => format!("{done}; slot {slot} is locked"),
                    None => done.into(),
                }
            }
            BulkAction::Replace => match (completion, self.orders.get(&number)) {
                (Completion::Done, Some(order)) => {
                    format!("replaced by {} in slot {}", e164(order.replacement), order.slot)
                }
                (Completion::NotDone, _) => "not replaced; its order was abandoned, and Activity says why".into(),
                _ => "replacement under way; see Replacements".into(),
            },
            BulkAction::Screen => String::new(),
        }
    }
}

pub fn result_table(
    account: &AccountProfile,
    request: &BulkRequest,
    mut results: Vec<NumberResult>,
    problems: &[String],
) -> Markup {
    let count_of = |class| results.iter().filter(|it| it.class() == class).count() as u64;
    let [done, not_done, under_way] = ["done", "failed", "under-way"].map(count_of);
    if results.len() > RESULTS_LISTED_MAX {
        results.sort_by_key(|it| it.completion == Completion::Done);
    }
    let unlisted = results.len().saturating_sub(RESULTS_LISTED_MAX) as u64;
    html! {
        section.panel.results data-dialog data-changed {
            h1 {
                (thousands(done)) " done"
                @if under_way > 0 { ", " (thousands(under_way)) " under way" }
                @if not_done > 0 { ", " (thousands(not_done)) " not done" }
            }
            div.wide { table {
                thead { tr { th { "Number" } th { "Result" } } }
                tbody {
                    @for it in results.iter().take(RESULTS_LISTED_MAX) {
                        tr { td { (number_link(&account.id, it.number)) } td class=(it.class()) { @if it.class() == "failed" { "not done: " } (told(&it.text)) } }
                    }
                }
            } }
            @if unlisted > 0 { p.quiet { "And " (thousands(unlisted)) " more." } }
            @for problem in problems { p.warning { (told(problem)) } }
            p { a.button.first href=(request.filter().path(&account.id, "")) data-close { "Back to numbers" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::contract::{ClosingReason, Occupancy, SlotClosing};

    #[test]
    fn each_number_gets_its_own_change() {
        let closing = |number, slot| {
            Action::LockSlot(SlotClosing { slot, number, until: 9, why: ClosingReason::MonitoringStopped })
        };
        let actions = [
            Action::OccupySlot(Occupancy { slot: 3, number: 13_105_550_100 }),
            closing(13_105_550_101, 7),
            closing(13_105_550_102, 8),
        ];
        let changes = Changes::of(&actions, &[]);
        let text = |action, number| changes.of_number(action, number, Completion::Done);
        assert_eq!(text(BulkAction::Monitor, 13_105_550_100), "monitored in slot 3");
        assert_eq!(text(BulkAction::Stop, 13_105_550_102), "no longer monitored; slot 8 is locked");
        assert_eq!(text(BulkAction::Delete, 13_105_550_101), "deleted; slot 7 is locked");
        assert_eq!(text(BulkAction::Delete, 13_105_550_103), "deleted");
        let under_way = changes.of_number(BulkAction::Replace, 13_105_550_103, Completion::UnderWay(7));
        assert_eq!(under_way, "replacement under way; see Replacements");
    }
}
