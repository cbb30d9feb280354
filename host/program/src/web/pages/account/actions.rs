//! What users do with numbers: a question that shows what would happen, then the result number by number.
//!
//! The policy decides what would happen: the question shows its answer to the request without applying it. It may ask
//! sources and a provider for it, which may cost, so a question is submitted: no link or address leads to it.

use super::filter::{self, Filter};
use crate::parse::List;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::pages::layout::{Tab, number_link, status_label};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{Surface, count, date, days_until, dollars, e164, refusal, slots, thousands};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use axum_extra::extract::Form;
use dialguard::contract::{
    Action, Answer, Deletion, NUMBER_MAX, NUMBERS_PER_CALL_MAX, Outcome, PhoneNumber, Replacement, Request,
    SlotClosing, SlotId,
};
use dialguard_dialer::dialguard::Completion;
use dialguard_dialer::ledger::{AccountProfile, Order, SLOTS_PER_BLOCK};
use dialguard_dialer::phone::{self, NotAPhoneNumber};
use dialguard_dialer::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Replacements listed one by one, at most. For more numbers the question only says how many.
const REPLACEMENTS_LISTED_MAX: usize = 15;

/// Results listed one by one, at most. If there are more, refused numbers come first.
const RESULTS_LISTED_MAX: usize = 2_000;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/ask", get(asked).post(ask))
        .route("/accounts/{account}/numbers/{number}/ask", get(asked).post(ask_of_one))
        .route("/accounts/{account}/act", get(asked).post(act))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BulkAction {
    Monitor,
    Replace,
    Screen,
    Stop,
    Delete,
}

/// An action and its numbers: the selected ones, or all that match a filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkRequest {
    action: BulkAction,
    #[serde(default)]
    number: List<String, NUMBERS_PER_CALL_MAX>,
    #[serde(default, deserialize_with = "filter::tick")]
    all: String,
    #[serde(default)]
    q: String,
    #[serde(default, deserialize_with = "filter::show")]
    show: String,
    #[serde(default, deserialize_with = "filter::flagged")]
    flagged: String,
    #[serde(default, deserialize_with = "filter::tick")]
    replacing: String,
}

impl BulkRequest {
    fn about(action: BulkAction, number: String) -> Self {
        let [all, q, show, flagged, replacing] = Default::default();
        BulkRequest { action, number: List(vec![number]), all, q, show, flagged, replacing }
    }

    fn filter(&self) -> Filter {
        let BulkRequest { q, show, flagged, replacing, .. } = self;
        let [q, show, flagged, replacing] = [q, show, flagged, replacing].map(String::clone);
        Filter { q, show, flagged, replacing, ..Filter::default() }
    }

    /// In ascending order. Of all that match the filter, only those that the action applies to.
    fn numbers(&self, site: &Site, account: &AccountProfile) -> Result<Vec<PhoneNumber>, Failed> {
        if self.all.is_empty() {
            let selected = self.number.0.iter().map(|text| digits(text, account)).collect::<Result<Vec<_>, _>>()?;
            return if selected.is_empty() { Err(nothing_selected().into()) } else { Ok(selected) };
        }
        let filter = self.filter();
        let query = filter.query(now_of(site, account), 0, u32::MAX);
        let mut matching = site.dialguard().ledger().number_page(&account.id, &query)?.numbers;
        matching.retain(|known| {
            known.is_owned
                && match self.action {
                    BulkAction::Monitor => known.monitored.is_none(),
                    BulkAction::Stop | BulkAction::Replace => known.monitored.is_some(),
                    BulkAction::Screen | BulkAction::Delete => true,
                }
        });
        match matching.is_empty() {
            true => Err(nothing_selected().into()),
            false => Ok(matching.into_iter().map(|known| known.number).collect()),
        }
    }

    /// Form fields that select the same numbers.
    fn hidden_fields(&self) -> Markup {
        html! {
            @if self.all.is_empty() {
                @for number in &self.number.0 { input type="hidden" name="number" value=(number); }
            } @else {
                input type="hidden" name="all" value="1";
                @for (name, value) in self.filter().selection() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

/// A number as the page's forms send it: E.164, with or without its `+`. A number of the ledger is not parsed again.
fn digits(text: &str, account: &AccountProfile) -> Result<PhoneNumber, Problem> {
    let sent = text.trim().trim_start_matches('+').parse().ok();
    let sent = sent.filter(|number| (1..=NUMBER_MAX).contains(number)).map(Ok);
    let typed = || phone::PhoneNumber::parse(text, account.region).map(phone::PhoneNumber::digits);
    let refused = |error: NotAPhoneNumber| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    sent.unwrap_or_else(typed).map_err(refused)
}

fn nothing_selected() -> Problem {
    let detail = "This action applies to none of the selected numbers. Go back and select others.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

impl BulkAction {
    /// The request to the policy; screening changes nothing and has none. The question has shown which slots are lost.
    fn request(self, numbers: Vec<PhoneNumber>) -> Option<Request> {
        match self {
            BulkAction::Monitor => Some(Request::StartMonitoring(numbers)),
            BulkAction::Stop => Some(Request::StopMonitoring(numbers)),
            BulkAction::Replace => Some(Request::ReplaceNumbers(numbers)),
            BulkAction::Delete => Some(Request::DeleteNumbers(Deletion { numbers, accept_slot_loss: true })),
            BulkAction::Screen => None,
        }
    }
}

/// Opening the address of a question or a result, which is not submitted again, shows the numbers.
async fn asked(of: OfAccount<Read>) -> Redirect {
    Redirect::to(&account_path(&of.account.id))
}

async fn ask(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Form(request): Form<BulkRequest>,
) -> Result<Markup, Failed> {
    question(&site, &of, &request).await
}

#[derive(Deserialize)]
struct NumberPath {
    number: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionForm {
    action: BulkAction,
}

/// The question about one number.
async fn ask_of_one(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(NumberPath { number }): Path<NumberPath>,
    Form(ActionForm { action }): Form<ActionForm>,
) -> Result<Markup, Failed> {
    question(&site, &of, &BulkRequest::about(action, number)).await
}

async fn question(site: &Site, of: &OfAccount<Operate>, request: &BulkRequest) -> Result<Markup, Failed> {
    let numbers = tokio::task::block_in_place(|| request.numbers(site, &of.account))?;
    let question = Question { site, account: &of.account, request, numbers: &numbers };
    let (title, content) = match request.action {
        BulkAction::Monitor => question.monitor().await?,
        BulkAction::Replace => question.replace().await?,
        BulkAction::Screen => question.screen(),
        BulkAction::Stop | BulkAction::Delete => question.stop_or_delete().await?,
    };
    Ok(page(
        &of.caller,
        Some((&of.account, Tab::Numbers)),
        &title,
        html! { section.panel.question data-dialog { (content) } },
    ))
}

/// What a request would do.
#[derive(Default)]
struct Preview {
    actions: Vec<Action>,
    refused: Vec<(PhoneNumber, Outcome)>,
    problems: Vec<String>,
}

impl Preview {
    fn closings(&self) -> Vec<&SlotClosing> {
        fn closing(action: &Action) -> Option<&SlotClosing> {
            if let Action::LockSlot(closing) = action { Some(closing) } else { None }
        }
        self.actions.iter().filter_map(closing).collect()
    }

    fn replacements(&self) -> Vec<&Replacement> {
        fn replacement(action: &Action) -> Option<&Replacement> {
            if let Action::ReplaceNumber(replacement) = action { Some(replacement) } else { None }
        }
        self.actions.iter().filter_map(replacement).collect()
    }
}

struct Question<'a> {
    site: &'a Site,
    account: &'a AccountProfile,
    request: &'a BulkRequest,
    numbers: &'a [PhoneNumber],
}

/// A question's title and content.
type Dialog = Result<(String, Markup), Failed>;

impl Question<'_> {
    async fn preview(&self, action: BulkAction, numbers: &[PhoneNumber]) -> Result<Preview, Failed> {
        let Some(request) = action.request(numbers.to_vec()) else { return Ok(Preview::default()) };
        let bulk = self.site.dialguard().try_decide_all(&self.account.id, &request).await?;
        let outcomes = numbers.iter().copied().zip(bulk.outcomes);
        let refused = outcomes.filter(|(_, outcome)| outcome.answer != Answer::Accepted).collect();
        Ok(Preview { actions: bulk.actions, refused, problems: bulk.problems })
    }

    async fn monitor(&self) -> Dialog {
        let preview = self.preview(BulkAction::Monitor, self.numbers).await?;
        let slots: Vec<SlotId> = preview
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::OccupySlot(occupancy) => Some(occupancy.slot),
                _ => None,
            })
            .collect();
        let title = format!("Monitor {}?", self.subject());
        let (taken, used) = (slots.len() as u64, u64::from(self.account.occupied));
        let content = html! {
            h1 { (title) }
            @if taken > 0 {
                p {
                    (count(taken, "number")) " will use " (self::slots(&slots)) ". "
                    (thousands(used + taken)) " of " (thousands(self.account.slot_count.into())) " slots will then be in use. "
                    "There is no extra charge. " (if taken == 1 { "It is" } else { "They are" }) " checked at once."
                }
                p.quiet { "If you later stop monitoring a number or delete it, its slot stays locked until the billing cycle ends." }
            }
            (self.refused(&preview))
            (self.choices(&[("monitor", "Monitor", "first")].map(|choice| (choice, taken > 0))))
        };
        Ok((title, content))
    }

    async fn replace(&self) -> Dialog {
        let preview = self.preview(BulkAction::Replace, self.numbers).await?;
        let replacements = preview.replacements();
        let title = format!("Replace {}?", self.subject());
        let content = html! {
            h1 { (title) }
            (self.replacement_list(&replacements))
            @if !replacements.is_empty() { (self.price(replacements.len() as u64)?) }
            (self.refused(&preview))
            (self.choices(&[("replace", "Replace", "first")].map(|choice| (choice, !replacements.is_empty()))))
        };
        Ok((title, content))
    }

    /// What the replacements will cost.
    fn price(&self, count: u64) -> Result<Markup, Failed> {
        let each = dollars(REPLACEMENT_PRICE_CENTS);
        let buying = &self.account.buying;
        let price_cents = match &buying.provider {
            Some(name) => Some((name, self.site.dialguard().ledger().provider(name)?.price_cents)),
            None => None,
        };
        Ok(html! {
            p {
                strong { (dollars(count * REPLACEMENT_PRICE_CENTS)) } " will be charged"
                @if count > 1 { ", " (each) " per replacement" }
                ". Slots stay in use."
                @if let Some((name, cents)) = price_cents {
                    " Numbers that are not on hand are bought from " (name) " for " (dollars(cents.into())) " each, within the \
                     account's caps of " (dollars(buying.day_cents_max.into())) " a day and "
                    (dollars(buying.cycle_cents_max.into())) " per billing cycle."
                }
            }
            p.quiet { "The old numbers rest. Once they are clean again they can replace others." }
        })
    }

    /// Stopping and deleting lock slots; replacing does not, so it is offered first.
    async fn stop_or_delete(&self) -> Dialog {
        let action = self.request.action;
        let is_deletion = action == BulkAction::Delete;
        let (verb, doing) = if is_deletion { ("Delete", "Deleting") } else { ("Stop monitoring", "Stopping") };
        let preview = self.preview(action, self.numbers).await?;
        let closings = preview.closings();
        let monitored: Vec<_> = closings.iter().map(|closing| closing.number).collect();
        let alternative = match monitored.len() {
            1..=REPLACEMENTS_LISTED_MAX => self.preview(BulkAction::Replace, &monitored).await?,
            _ => Preview::default(),
        };
        let replacements = alternative.replacements();
        let may_replace = !replacements.is_empty() || monitored.len() > REPLACEMENTS_LISTED_MAX;
        let title = format!("{verb} {}?", self.subject());
        let lost: Vec<SlotId> = closings.iter().map(|closing| closing.slot).collect();
        let label = if lost.is_empty() { verb.to_owned() } else { format!("{verb} and lock {}", slots(&lost)) };
        let value = if is_deletion { "delete" } else { "stop" };
        let content = html! {
            h1 { (title) }
            @if let Some(first) = closings.first() {
                p.warning { (self.loss(doing, &lost, first.until)) }
                (self.replacement_list(&replacements))
                @if !replacements.is_empty() { p { "Replacing costs " (dollars(replacements.len() as u64 * REPLACEMENT_PRICE_CENTS)) "." } }
                @if !may_replace { p { "No clean candidate is available. To keep the slot, " a href={ (account_path(&self.account.id)) "/import" } { "import candidates" } "." } }
            } @else if preview.actions.is_empty() {
                p { "There is nothing to do." }
            } @else {
                p { "No slot is affected: none of these numbers is monitored. They leave the account." }
            }
            (self.refused(&preview))
            (self.choices(&[
                (("replace", "Replace instead", "first"), may_replace && !lost.is_empty()),
                ((value, label.as_str(), "costs"), !preview.actions.is_empty()),
            ]))
        };
        Ok((title, content))
    }

    /// `Deleting locks slot 7 until 1 December (8 days of a $49.00 block). Replacing keeps it.`
    fn loss(&self, doing: &str, lost: &[SlotId], until: u64) -> String {
        let now = now_of(self.site, self.account);
        let (zone, price) = (self.account.time_zone, dollars(BLOCK_PRICE_CENTS.into()));
        let (ends, days) = (date(until, zone, now), count(days_until(until, now), "day"));
        match lost {
            [_] => {
                format!("{doing} locks {} until {ends} ({days} of a {price} block). Replacing keeps it.", slots(lost))
            }
            _ => format!(
                "{doing} locks {} until {ends} ({days}). A block of {SLOTS_PER_BLOCK} slots costs {price}. Replacing keeps \
                 them.",
                slots(lost)
            ),
        }
    }

    fn replacement_list(&self, replacements: &[&Replacement]) -> Markup {
        html! {
            @if replacements.len() > REPLACEMENTS_LISTED_MAX {
                p { (count(replacements.len() as u64, "number")) " will be replaced by clean ones." }
            } @else if !replacements.is_empty() {
                ul.replacing {
                    @for it in replacements {
                        li { strong { (e164(it.replacement)) } " will replace " strong { (e164(it.number)) } " in slot " (it.slot) ". " span.quiet { (it.because) } }
                    }
                }
            }
        }
    }

    fn screen(&self) -> (String, Markup) {
        let title = format!("Screen {}?", self.subject());
        let content = html! {
            h1 { (title) }
            p { "Every carrier is asked about " (self.subject()) " now. The account does not change. Carriers may charge for lookups." }
            (self.choices(&[(("screen", "Screen", "first"), true)]))
        };
        (title, content)
    }

    /// The numbers that would be refused, by reason; more than three are only counted.
    fn refused(&self, preview: &Preview) -> Markup {
        let (zone, now) = (self.account.time_zone, now_of(self.site, self.account));
        let mut reasons: BTreeMap<String, Vec<PhoneNumber>> = BTreeMap::new();
        for (number, outcome) in &preview.refused {
            reasons.entry(refusal(outcome, Surface::Dashboard { zone, now })).or_default().push(*number);
        }
        html! {
            @if !reasons.is_empty() {
                p { "Would be refused:" }
                ul {
                    @for (reason, numbers) in &reasons {
                        li {
                            @if numbers.len() <= 3 { (numbers.iter().map(|number| e164(*number)).collect::<Vec<_>>().join(", ")) }
                            @else { (count(numbers.len() as u64, "number")) }
                            ": " (reason)
                        }
                    }
                }
            }
            @for problem in &preview.problems { p.warning { (problem) } }
        }
    }

    /// The number, or how many.
    fn subject(&self) -> String {
        match self.numbers {
            [only] => e164(*only),
            many => count(many.len() as u64, "number"),
        }
    }

    /// The buttons: each an action's name, label and style, and whether it would do anything.
    fn choices(&self, choices: &[((&str, &str, &str), bool)]) -> Markup {
        html! {
            form.choices method="post" action={ (account_path(&self.account.id)) "/act" } data-do {
                (self.request.hidden_fields())
                @for ((value, label, class), _) in choices.iter().filter(|(_, is_useful)| *is_useful) {
                    button class=(class) name="action" value=(value) { (label) }
                }
                a.button.back href=(self.request.filter().path(&self.account.id, "")) data-close { "Cancel" }
            }
        }
    }
}

/// The result for one number.
struct NumberResult {
    number: PhoneNumber,
    completion: Completion,
    text: String,
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

async fn act(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Form(request): Form<BulkRequest>,
) -> Result<Markup, Failed> {
    let (account, action) = (&of.account, request.action);
    let numbers = tokio::task::block_in_place(|| request.numbers(&site, account))?;
    let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) };
    let (results, problems) = match action.request(numbers.clone()) {
        Some(request) => {
            let bulk = site.acting_as(&of.caller).decide_all(&account.id, &request).await?;
            let has_added = action == BulkAction::Monitor && !bulk.actions.is_empty();
            if has_added || !bulk.replaced.is_empty() {
                site.check_added(&of.caller, &account.id);
            }
            let changes = Changes::of(&bulk.actions, &bulk.orders);
            let results = numbers.iter().zip(bulk.completions(&numbers)).enumerate();
            let results = results.map(|(place, (number, completion))| {
                let text = match (bulk.outcomes.get(place), completion) {
                    (None, _) => "not asked about".into(),
                    (Some(outcome), Completion::NotDone) if outcome.answer != Answer::Accepted => {
                        refusal(outcome, surface)
                    }
                    (Some(_), completion) => changes.of_number(action, *number, completion),
                };
                NumberResult { number: *number, completion, text }
            });
            (results.collect(), bulk.problems)
        }
        None => {
            let (screened, problems) = site.dialguard().screen_all(&account.id, &numbers).await?;
            let results = screened.iter().map(|it| NumberResult {
                number: it.number,
                completion: Completion::Done,
                text: format!("{}: {} of {} carriers flag it", status_label(it.status), it.flagging, it.answering),
            });
            (results.collect(), problems)
        }
    };
    let content = result_table(account, &request, results, &problems);
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Result", content))
}

/// What a decision changed, by number: a batch has thousands of numbers and as many changes.
struct Changes<'a> {
    occupied: HashMap<PhoneNumber, SlotId>,
    locked: HashMap<PhoneNumber, SlotId>,
    orders: HashMap<PhoneNumber, &'a Order>,
}

impl<'a> Changes<'a> {
    fn of(actions: &[Action], orders: &'a [Order]) -> Self {
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

    fn of_number(&self, action: BulkAction, number: PhoneNumber, completion: Completion) -> String {
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

fn result_table(
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
                        tr { td { (number_link(&account.id, it.number)) } td class=(it.class()) { @if it.class() == "failed" { "not done: " } (it.text) } }
                    }
                }
            } }
            @if unlisted > 0 { p.quiet { "And " (thousands(unlisted)) " more." } }
            @for problem in problems { p.warning { (problem) } }
            p { a.button.first href=(request.filter().path(&account.id, "")) data-close { "Back to numbers" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::contract::{ClosingReason, Occupancy};

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
