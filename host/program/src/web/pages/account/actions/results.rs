//! The result of an action: counted, then what was refused by reason, then what was done.

use super::{BulkAction, BulkRequest};
use crate::web::address::orders_path;
use crate::web::pages::layout::{number_link, told};
use crate::words::{Surface, count, e164, summary_in_words, why_not_in_words};
use dialguard::contract::{Action, PhoneNumber, SlotId};
use dialguard_dialer::dialguard::Summary;
use dialguard_dialer::ledger::{AccountProfile, Order};
use dialguard_dialer::table_file::csv_of;
use maud::{Markup, html};
use std::collections::HashMap;

/// Numbers of one group that are listed, at most; the file has all.
pub const LISTED_MAX: usize = 200;

/// Groups with so many numbers are open at first.
const OPEN_MAX: usize = 15;

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

    /// What was done with a number.
    fn done(&self, action: BulkAction, number: PhoneNumber) -> String {
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
            BulkAction::Replace => match self.orders.get(&number) {
                Some(order) => format!("replaced by {} in slot {}", e164(order.replacement), order.slot),
                None => "replaced".into(),
            },
            BulkAction::Screen => String::new(),
        }
    }
}

/// The result of a request.
pub struct BulkResult<'a> {
    pub account: &'a AccountProfile,
    pub request: &'a BulkRequest,
    pub summary: &'a Summary,
    pub changes: &'a Changes<'a>,
    pub problems: &'a [String],
    pub surface: Surface,
}

impl BulkResult<'_> {
    /// Numbers that are not done, under way and done, each with what is said of it.
    fn groups(&self) -> Vec<Group<'_>> {
        let Summary { done, under_way, not_done } = self.summary;
        let refused = not_done.iter().map(|group| {
            let title = why_not_in_words(group.why, self.surface);
            Group { class: "failed", title, numbers: &group.numbers, of_each: None }
        });
        let under_way = Group { class: "under-way", title: "under way".into(), numbers: under_way, of_each: None };
        let of_each: OfEach = Box::new(|number| self.changes.done(self.request.action, number));
        let done = Group { class: "done", title: "done".into(), numbers: done, of_each: Some(of_each) };
        refused.chain([under_way, done]).filter(|group| !group.numbers.is_empty()).collect()
    }

    /// Whether some numbers are not listed.
    pub fn is_long(&self) -> bool {
        self.groups().iter().any(|group| group.numbers.len() > LISTED_MAX)
    }

    /// Each number with its result, as CSV.
    pub fn file(&self) -> Vec<u8> {
        let header = ["number", "result", "detail"].map(str::to_owned);
        let rows = self.groups().into_iter().flat_map(|group| {
            let row = move |number: &PhoneNumber| {
                let detail = group.of_each.as_ref().map_or_else(|| group.title.clone(), |of_each| of_each(*number));
                let result = if group.class == "failed" { "not-done" } else { group.class };
                [e164(*number), result.to_owned(), detail]
            };
            group.numbers.iter().map(row).collect::<Vec<_>>()
        });
        csv_of(std::iter::once(header).chain(rows))
    }

    /// `file` has all of it.
    pub fn render(&self, file: Option<&str>) -> Markup {
        html! {
            section.panel.results data-dialog data-changed {
                h1 { (summary_in_words(self.summary)) }
                @if !self.summary.under_way.is_empty() {
                    p { "What is under way is carried out meanwhile: " a href={ (orders_path(&self.account.id)) } { "Replacements" } " shows its progress." }
                }
                @for group in self.groups() { (group.render(&self.account.id)) }
                @if let Some(file) = file { p { a href=(file) download { "Download the result for each number" } } }
                @for problem in self.problems { p.warning { (told(problem)) } }
                p { a.button.first href=(self.request.filter().path(&self.account.id, "")) data-close { "Back to numbers" } }
            }
        }
    }
}

type OfEach<'a> = Box<dyn Fn(PhoneNumber) -> String + 'a>;

/// Numbers with the same result, as one line that opens.
struct Group<'a> {
    class: &'static str,
    title: String,
    numbers: &'a [PhoneNumber],
    /// What is said of each number, if that differs.
    of_each: Option<OfEach<'a>>,
}

impl Group<'_> {
    fn render(&self, account: &str) -> Markup {
        let numbers = self.numbers.len();
        html! {
            details.group open[numbers <= OPEN_MAX] {
                summary { (count(numbers as u64, "number")) " " span class=(self.class) { @if self.class == "failed" { "not done: " } (self.title) } }
                ul.listed {
                    @for number in self.numbers.iter().take(LISTED_MAX) {
                        li { (number_link(account, *number)) @if let Some(of_each) = &self.of_each { " " (told(&of_each(*number))) } }
                    }
                }
                (unlisted(numbers))
            }
        }
    }
}

/// How many numbers of a group are not listed.
pub fn unlisted(numbers: usize) -> Markup {
    let more = numbers.saturating_sub(LISTED_MAX) as u64;
    html! { @if more > 0 { p.quiet { "And " (count(more, "more number")) ", which the file has." } } }
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
        assert_eq!(changes.done(BulkAction::Monitor, 13_105_550_100), "monitored in slot 3");
        assert_eq!(changes.done(BulkAction::Stop, 13_105_550_102), "no longer monitored; slot 8 is locked");
        assert_eq!(changes.done(BulkAction::Delete, 13_105_550_101), "deleted; slot 7 is locked");
        assert_eq!(changes.done(BulkAction::Delete, 13_105_550_103), "deleted");
    }
}
