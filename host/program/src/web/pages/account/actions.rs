//! What can be done with numbers: a question that tells in figures what would come of it, and what came of it, number by
//! number.
//!
//! What would happen is the policy's to say: the question is its answer to the request, which nobody applies yet.

use super::address;
use super::filter::Filter;
use super::table::link;
use crate::web::Site;
use crate::web::caller::{OfAccount, Operate, now_of};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{Surface, count, date, days_until, dollars, e164, refusal, slots, thousands};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum_extra::extract::{Form, Query};
use dialguard::contract::{Action, Answer, Deletion, Outcome, PhoneNumber, Replacement, Request, SlotClosing, SlotId};
use dialguard_dialer::dialguard::BulkOutcome;
use dialguard_dialer::ledger::{AccountProfile, Order, SLOTS_PER_BLOCK};
use dialguard_dialer::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Of more numbers than this nobody wants to know which one would replace which.
const REPLACEMENTS_TRIED_MAX: usize = 15;

/// Numbers of which it is told one by one what became of them. Of more, those that were refused come first.
const TOLD_MAX: usize = 2_000;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/ask", get(ask).post(act))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Monitor,
    Replace,
    Screen,
    Stop,
    Delete,
}

/// What somebody wants done, and with which numbers: those named, or all that a filter lets through.
#[derive(Debug, Deserialize)]
struct Wanted {
    action: Deed,
    #[serde(default)]
    number: Vec<String>,
    #[serde(default)]
    all: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    flagged: String,
    #[serde(default)]
    replacing: String,
}

impl Wanted {
    fn filter(&self) -> Filter {
        let Wanted { q, show, flagged, replacing, .. } = self;
        let [q, show, flagged, replacing] = [q, show, flagged, replacing].map(String::clone);
        Filter { q, show, flagged, replacing, ..Filter::default() }
    }

    /// In ascending order. Of all that match, those are meant with which it can be done.
    fn numbers(&self, site: &Site, account: &AccountProfile) -> Result<Vec<PhoneNumber>, Failed> {
        if self.all.is_empty() {
            let named = self.number.iter().map(|text| digits(text)).collect::<Result<Vec<_>, _>>()?;
            return if named.is_empty() { Err(nothing_selected().into()) } else { Ok(named) };
        }
        let query = self.filter().query(now_of(site, account), 0, u32::MAX);
        let mut matching = site.dialguard().ledger().number_page(&account.id, &query)?.numbers;
        matching.retain(|known| {
            known.is_owned
                && match self.action {
                    Deed::Monitor => known.monitored.is_none(),
                    Deed::Stop | Deed::Replace => known.monitored.is_some(),
                    Deed::Screen | Deed::Delete => true,
                }
        });
        match matching.is_empty() {
            true => Err(nothing_selected().into()),
            false => Ok(matching.into_iter().map(|known| known.number).collect()),
        }
    }

    /// What has to be sent along for the same numbers.
    fn hidden(&self) -> Markup {
        html! {
            @if self.all.is_empty() {
                @for number in &self.number { input type="hidden" name="number" value=(number); }
            } @else {
                input type="hidden" name="all" value="1";
                @for (name, value) in self.filter().which() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

/// Digits of E.164, with or without a `+`.
fn digits(text: &str) -> Result<PhoneNumber, Problem> {
    let number = text.trim().trim_start_matches('+').parse().ok();
    number.filter(|number| (1..=dialguard::contract::NUMBER_MAX).contains(number)).ok_or_else(|| {
        let detail = format!("{text:?} is no phone number; write it like +13105550123");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })
}

fn nothing_selected() -> Problem {
    let detail = "No number was selected that this can be done with. Go back and select some.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

impl Deed {
    /// What the policy is asked; screening changes nothing and is no request. That a slot is lost was told by then.
    fn request(self, numbers: Vec<PhoneNumber>) -> Option<Request> {
        match self {
            Deed::Monitor => Some(Request::StartMonitoring(numbers)),
            Deed::Stop => Some(Request::StopMonitoring(numbers)),
            Deed::Replace => Some(Request::ReplaceNumbers(numbers)),
            Deed::Delete => Some(Request::DeleteNumbers(Deletion { numbers, accept_slot_loss: true })),
            Deed::Screen => None,
        }
    }
}

async fn ask(State(site): State<Site>, of: OfAccount<Operate>, Query(wanted): Query<Wanted>) -> Result<Markup, Failed> {
    let numbers = tokio::task::block_in_place(|| wanted.numbers(&site, &of.account))?;
    let question = Question { site: &site, account: &of.account, wanted: &wanted, numbers: &numbers };
    let (title, content) = match wanted.action {
        Deed::Monitor => question.monitor().await?,
        Deed::Replace => question.replace().await?,
        Deed::Screen => question.screen(),
        Deed::Stop | Deed::Delete => question.abandon().await?,
    };
    Ok(page(
        &of.caller,
        Some((&of.account, Tab::Numbers)),
        &title,
        html! { section.panel.question data-dialog { (content) } },
    ))
}

/// What would come of a request.
#[derive(Default)]
struct Tried {
    actions: Vec<Action>,
    refused: Vec<(PhoneNumber, Outcome)>,
    problems: Vec<String>,
}

impl Tried {
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
    wanted: &'a Wanted,
    numbers: &'a [PhoneNumber],
}

type Asked = Result<(String, Markup), Failed>;

impl Question<'_> {
    async fn try_out(&self, deed: Deed, numbers: &[PhoneNumber]) -> Result<Tried, Failed> {
        let Some(request) = deed.request(numbers.to_vec()) else { return Ok(Tried::default()) };
        let bulk = self.site.dialguard().try_decide_all(&self.account.id, &request).await?;
        let outcomes = numbers.iter().copied().zip(bulk.outcomes);
        let refused = outcomes.filter(|(_, outcome)| outcome.answer != Answer::Accepted).collect();
        Ok(Tried { actions: bulk.actions, refused, problems: bulk.problems })
    }

    async fn monitor(&self) -> Asked {
        let tried = self.try_out(Deed::Monitor, self.numbers).await?;
        let slots: Vec<SlotId> = tried
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::OccupySlot(occupancy) => Some(occupancy.slot),
                _ => None,
            })
            .collect();
        let title = format!("Monitor {}?", self.them());
        let (taken, used) = (slots.len() as u64, u64::from(self.account.occupied));
        let content = html! {
            h1 { (title) }
            @if taken > 0 {
                p {
                    (count(taken, "number")) " would take " (self::slots(&slots)) ": "
                    (thousands(used + taken)) " of " (thousands(self.account.slot_count.into())) " in use then. "
                    "Nothing is charged besides the blocks you have."
                }
                p.quiet { "A number that is stopped or deleted leaves its slot locked until the billing cycle ends." }
            }
            (self.refused(&tried))
            (self.choices(&[("monitor", "Monitor", "first")].map(|choice| (choice, taken > 0))))
        };
        Ok((title, content))
    }

    async fn replace(&self) -> Asked {
        let tried = self.try_out(Deed::Replace, self.numbers).await?;
        let replacements = tried.replacements();
        let title = format!("Replace {}?", self.them());
        let content = html! {
            h1 { (title) }
            (self.replacing(&replacements))
            @if !replacements.is_empty() { (self.price(replacements.len() as u64)?) }
            (self.refused(&tried))
            (self.choices(&[("replace", "Replace", "first")].map(|choice| (choice, !replacements.is_empty()))))
        };
        Ok((title, content))
    }

    /// What replacing so many costs, before the click.
    fn price(&self, count: u64) -> Result<Markup, Failed> {
        let each = dollars(REPLACEMENT_PRICE_CENTS);
        let buying = &self.account.buying;
        let price_cents = match &buying.provider {
            Some(name) => Some((name, self.site.dialguard().ledger().provider(name)?.price_cents)),
            None => None,
        };
        Ok(html! {
            p {
                strong { (dollars(count * REPLACEMENT_PRICE_CENTS)) } " is charged"
                @if count > 1 { ", " (each) " for each replacement" }
                "; slots stay in use."
                @if let Some((name, cents)) = price_cents {
                    " What is not on hand is bought from " (name) " for " (dollars(cents.into())) " a number, within the \
                     account's caps of " (dollars(buying.day_cents_max.into())) " a day and "
                    (dollars(buying.cycle_cents_max.into())) " a billing cycle."
                }
            }
            p.quiet {
                "The old numbers leave the account for good"
                @if price_cents.is_some() { ", and are given back after " (buying.rest_days) " days" }
                "."
            }
        })
    }

    /// Stopping and deleting lock slots, which replacing does not.
    async fn abandon(&self) -> Asked {
        let deed = self.wanted.action;
        let (verb, doing) = if deed == Deed::Delete { ("Delete", "Deleting") } else { ("Stop monitoring", "Stopping") };
        let tried = self.try_out(deed, self.numbers).await?;
        let closings = tried.closings();
        let monitored: Vec<_> = closings.iter().map(|closing| closing.number).collect();
        let instead = match monitored.len() {
            1..=REPLACEMENTS_TRIED_MAX => self.try_out(Deed::Replace, &monitored).await?,
            _ => Tried::default(),
        };
        let replacements = instead.replacements();
        let may_replace = !replacements.is_empty() || monitored.len() > REPLACEMENTS_TRIED_MAX;
        let title = format!("{verb} {}?", self.them());
        let lost: Vec<SlotId> = closings.iter().map(|closing| closing.slot).collect();
        let loses = if lost.is_empty() { verb.to_owned() } else { format!("{verb} and lock {}", slots(&lost)) };
        let value = if deed == Deed::Delete { "delete" } else { "stop" };
        let content = html! {
            h1 { (title) }
            @if let Some(first) = closings.first() {
                p.warning { (self.loss(doing, &lost, first.until)) }
                (self.replacing(&replacements))
                @if !replacements.is_empty() { p { "Replacing costs " (dollars(replacements.len() as u64 * REPLACEMENT_PRICE_CENTS)) "." } }
                @if !may_replace { p { "No candidate is rated clean that could replace it: " a href={ (address(&self.account.id)) "/import" } { "import candidates" } " to keep the slot." } }
            } @else if tried.actions.is_empty() {
                p { "Nothing would be done." }
            } @else {
                p { "No slot is lost: none of these numbers is monitored. They leave the account." }
            }
            (self.refused(&tried))
            (self.choices(&[
                (("replace", "Replace instead", "first"), may_replace && !lost.is_empty()),
                ((value, loses.as_str(), "costs"), !tried.actions.is_empty()),
            ]))
        };
        Ok((title, content))
    }

    /// `Deleting locks slot 7 until 1 December, 8 days of a $49.00 block; replacing keeps it.`
    fn loss(&self, doing: &str, lost: &[SlotId], until: u64) -> String {
        let now = now_of(self.site, self.account);
        let (zone, price) = (self.account.time_zone, dollars(BLOCK_PRICE_CENTS.into()));
        let (ends, days) = (date(until, zone, now), count(days_until(until, now), "day"));
        match lost {
            [_] => {
                format!("{doing} locks {} until {ends}, {days} of a {price} block; replacing keeps it.", slots(lost))
            }
            _ => format!(
                "{doing} locks {} until {ends}: {days} of {} of the {SLOTS_PER_BLOCK} that a {price} block has; replacing \
                 keeps them.",
                slots(lost),
                thousands(lost.len() as u64)
            ),
        }
    }

    fn replacing(&self, replacements: &[&Replacement]) -> Markup {
        html! {
            @if replacements.len() > REPLACEMENTS_TRIED_MAX {
                p { (count(replacements.len() as u64, "number")) " would be replaced by clean ones." }
            } @else if !replacements.is_empty() {
                ul.replacing {
                    @for it in replacements {
                        li { strong { (e164(it.number)) } " would make way for " strong { (e164(it.replacement)) } " in slot " (it.slot) ". " span.quiet { (it.because) } }
                    }
                }
            }
        }
    }

    fn screen(&self) -> (String, Markup) {
        let title = format!("Screen {}?", self.them());
        let content = html! {
            h1 { (title) }
            p { "Every carrier is asked now how " (self.them()) " would show. Nothing of the account changes; a carrier may charge for being asked." }
            (self.choices(&[(("screen", "Screen", "first"), true)]))
        };
        (title, content)
    }

    /// Who would be refused and why; where they are many, how many for each reason.
    fn refused(&self, tried: &Tried) -> Markup {
        let (zone, now) = (self.account.time_zone, now_of(self.site, self.account));
        let mut reasons: BTreeMap<String, Vec<PhoneNumber>> = BTreeMap::new();
        for (number, outcome) in &tried.refused {
            reasons.entry(refusal(outcome, Surface::Dashboard { zone, now })).or_default().push(*number);
        }
        html! {
            @if !reasons.is_empty() {
                p { "Not done would be:" }
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
            @for problem in &tried.problems { p.warning { (problem) } }
        }
    }

    fn them(&self) -> String {
        match self.numbers {
            [only] => e164(*only),
            many => count(many.len() as u64, "number"),
        }
    }

    /// What can be chosen: what it is called in the address, in words, how it looks, and whether there is a point in it.
    fn choices(&self, choices: &[((&str, &str, &str), bool)]) -> Markup {
        html! {
            form.choices method="post" action={ (address(&self.account.id)) "/ask" } data-do {
                (self.wanted.hidden())
                @for ((value, words, class), _) in choices.iter().filter(|(_, makes_sense)| *makes_sense) {
                    button class=(class) name="action" value=(value) { (words) }
                }
                a.button.back href=(self.wanted.filter().address(&self.account.id, "")) data-close { "Cancel" }
            }
        }
    }
}

/// What became of one number.
struct Told {
    number: PhoneNumber,
    is_done: bool,
    words: String,
}

async fn act(State(site): State<Site>, of: OfAccount<Operate>, Form(wanted): Form<Wanted>) -> Result<Markup, Failed> {
    let (account, deed) = (&of.account, wanted.action);
    let numbers = tokio::task::block_in_place(|| wanted.numbers(&site, account))?;
    let (told, problems) = match deed.request(numbers.clone()) {
        Some(request) => {
            let bulk = site.dialguard().decide_all(&account.id, &request).await?;
            let done = Done::new(deed, &bulk);
            let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) };
            let told = numbers.iter().zip(&bulk.outcomes).map(|(number, outcome)| {
                let is_done = outcome.answer == Answer::Accepted;
                let words = match is_done {
                    true => done.in_words(*number),
                    false => refusal(outcome, surface),
                };
                Told { number: *number, is_done, words }
            });
            (told.collect(), bulk.problems)
        }
        None => {
            let (screenings, problems) = site.dialguard().screen_all(&account.id, &numbers).await?;
            let told = screenings.iter().map(|it| Told {
                number: it.number,
                is_done: true,
                words: format!("{}: {} of {} carriers flag it", it.status.name(), it.flagging, it.answering),
            });
            (told.collect(), problems)
        }
    };
    let content = results(account, &wanted, told, &problems);
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Done", content))
}

/// What was done, by number.
struct Done<'a> {
    deed: Deed,
    slots: HashMap<PhoneNumber, SlotId>,
    replaced: HashMap<PhoneNumber, &'a Order>,
}

impl<'a> Done<'a> {
    fn new(deed: Deed, bulk: &'a BulkOutcome) -> Self {
        let slots = bulk.actions.iter().filter_map(|action| match action {
            Action::OccupySlot(occupancy) => Some((occupancy.number, occupancy.slot)),
            Action::LockSlot(closing) => Some((closing.number, closing.slot)),
            _ => None,
        });
        let replaced = bulk.replaced.iter().map(|order| (order.number, order));
        Done { deed, slots: slots.collect(), replaced: replaced.collect() }
    }

    fn in_words(&self, number: PhoneNumber) -> String {
        let locked = |done: &str| match self.slots.get(&number) {
            Some(slot) => format!("{done}; slot {slot} is locked"),
            None => done.to_owned(),
        };
        match self.deed {
            Deed::Monitor => match self.slots.get(&number) {
                Some(slot) => format!("monitored in slot {slot}"),
                None => "monitored".into(),
            },
            Deed::Stop => locked("no longer monitored"),
            Deed::Delete => locked("deleted"),
            Deed::Replace => match self.replaced.get(&number) {
                Some(order) => format!("replaced by {} in slot {}", e164(order.replacement), order.slot),
                None => "its replacement is under way".into(),
            },
            Deed::Screen => String::new(),
        }
    }
}

fn results(account: &AccountProfile, wanted: &Wanted, mut told: Vec<Told>, problems: &[String]) -> Markup {
    let refused = told.iter().filter(|it| !it.is_done).count();
    let done = told.len() - refused;
    // In the order asked, unless there are too many to be read.
    if told.len() > TOLD_MAX {
        told.sort_by_key(|it| it.is_done);
    }
    let untold = told.len().saturating_sub(TOLD_MAX);
    html! {
        section.panel.results data-dialog data-changed {
            h1 { (thousands(done as u64)) " done" @if refused > 0 { ", " (thousands(refused as u64)) " refused" } }
            div.wide { table {
                thead { tr { th { "Number" } th { "What became of it" } } }
                tbody {
                    @for it in told.iter().take(TOLD_MAX) {
                        tr { td { (link(&account.id, it.number)) } td class=(if it.is_done { "done" } else { "failed" }) { @if !it.is_done { "refused: " } (it.words) } }
                    }
                }
            } }
            @if untold > 0 { p.quiet { "And " (count(untold as u64, "number")) " more." } }
            @for problem in problems { p.warning { (problem) } }
            p { a.button.first href=(wanted.filter().address(&account.id, "")) data-close { "Back to the numbers" } }
        }
    }
}
