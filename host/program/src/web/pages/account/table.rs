//! The table of an account's numbers, one page at a time.

use super::filter::{Filter, ROWS};
use super::legend::{panel, question_mark};
use super::mark::Mark;
use crate::web::Site;
use crate::web::address::{account_path, number_path};
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::pages::layout::{moment, number_link, shown};
use crate::web::pages::picture;
use crate::words::{count, readable, spam_score_min, thousands};
use chrono::NaiveDate;
use dialguard::contract::{Carrier, PhoneNumber, Timestamp};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, CarrierAnswer, KnownNumber, LatestAnswers, NumberPage};
use dialguard_dialer::policies::PoliciesError;
use maud::{Markup, html};

/// A carrier's answers older than a week are not shown.
const ANSWERS_SECONDS: u64 = 7 * 86_400;

/// What users can do with numbers, in the order of the menus: the field's value and the label.
pub const ACTIONS: [(&str, &str); 5] = [
    ("monitor", "Monitor"),
    ("replace", "Replace"),
    ("screen", "Screen"),
    ("stop", "Stop monitoring"),
    ("delete", "Delete"),
];

/// Which numbers to show: the field's value and the label.
const SHOWN: [(&str, &str); 10] = [
    ("", "all numbers"),
    ("monitored", "monitored"),
    ("not-monitored", "not monitored"),
    ("flagged", "flagged"),
    ("at-risk", "at risk"),
    ("clean", "clean"),
    ("pending", "pending"),
    ("suspect", "suspect"),
    ("resting", "out of use"),
    ("ready", "ready to replace others"),
];

/// When they became flagged.
const FLAGGED: [(&str, &str); 3] = [("", "any time"), ("day", "in the past 24 hours"), ("week", "in the past 7 days")];

/// Whether the action can do anything with the number.
pub fn applies(action: &str, number: &KnownNumber) -> bool {
    match action {
        "monitor" => number.monitored.is_none(),
        "stop" | "replace" => number.monitored.is_some(),
        _ => true,
    }
}

pub fn table(site: &Site, of: &OfAccount<Read>, filter: &Filter) -> Result<Markup, PoliciesError> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let now = now_of(site, account);
    let page = ledger.number_page(&account.id, &filter.query(now, (filter.page() - 1) * ROWS, ROWS))?;
    let monitored = page.numbers.iter().filter(|known| known.monitored.is_some()).map(|known| known.number);
    let since = now.saturating_sub(ANSWERS_SECONDS);
    let answers = ledger.latest_answers_since(&account.id, &monitored.collect::<Vec<_>>(), since)?;
    let live = site.dialguard().policies().live()?;
    let spam_score_min = spam_score_min(&live, account);
    let (today, may_act) = (account.day(now).date, of.may(Role::Operate));
    let rows = Rows { account, now, today, spam_score_min, carriers: ledger.carriers()?, answers, may_act };
    Ok(html! {
        section #numbers aria-labelledby="numbers-title" data-found=(found(filter, page.total)) {
            div.above {
                h1 #numbers-title { "Numbers" }
                a.to-account href="#beside" { "Slots, bill and checks" }
                p.files data-commands="Numbers" {
                    @if rows.may_act {
                        a href={ (account_path(&account.id)) "/import" } { "Import CSV" }
                        a href={ (account_path(&account.id)) "/calls" } { "Import calls" }
                        a href={ (account_path(&account.id)) "/screen" } { "Screen numbers" }
                    }
                    a href=(filter.path(&account.id, "/numbers.csv")) download { "Export CSV" }
                }
            }
            (finder(account, filter))
            @if filter.is_any() { (filters(account, filter, page.total)) }
            // For the menus of the rows: a form inside the form of the table is none.
            @if rows.may_act { form #ask-of-one method="post" data-ask {} }
            @if page.numbers.is_empty() { (empty(account, filter, rows.may_act)) } @else { (rows.form(filter, &page)) (panel(&live, account)) }
            (pager(account, filter, page.total))
        }
    })
}

fn finder(account: &AccountProfile, filter: &Filter) -> Markup {
    let option =
        |value: &str, chosen: &str, label: &str| html! { option value=(value) selected[value == chosen] { (label) } };
    html! {
        form.finder role="search" method="get" action=(account_path(&account.id)) {
            label.search { span.unseen { "Search" }
                input type="search" name="q" value=(filter.q) placeholder="Digits, or +1310… for a prefix" inputmode="tel" autocomplete="off" aria-keyshortcuts="/" data-commands="Numbers";
            }
            label { span.unseen { "Show" }
                select name="show" {
                    @for (value, label) in SHOWN {
                        (option(value, &filter.show, label))
                    }
                }
            }
            label { span.unseen { "Became flagged" }
                select name="flagged" {
                    @for (value, label) in FLAGGED {
                        (option(value, &filter.flagged, &format!("became flagged {label}")))
                    }
                }
            }
            label.tick { input type="checkbox" name="replacing" value="1" checked[!filter.replacing.is_empty()]; span { "Being replaced" } }
            @for (name, value) in [("sort", &filter.sort), ("down", &filter.down)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button { "Search" }
            // The script says here how many numbers it found.
            span.unseen role="status" {}
        }
    }
}

/// How many numbers match, for those who do not see the table change.
fn found(filter: &Filter, total: u32) -> String {
    match (filter.is_any(), total) {
        (false, _) => count(total.into(), "number"),
        (true, 1) => "1 number matches".into(),
        (true, _) => format!("{} match", count(total.into(), "number")),
    }
}

/// The filters that are on, each with a link that takes it away.
fn filters(account: &AccountProfile, filter: &Filter, total: u32) -> Markup {
    let label = |options: &[(&str, &'static str)], chosen: &str| {
        options.iter().find(|(value, _)| *value == chosen).map_or("", |(_, label)| label)
    };
    let in_words = |name: &str, value: &str| match name {
        "q" => format!("“{value}”"),
        "show" => label(&SHOWN, value).into(),
        "flagged" => format!("became flagged {}", label(&FLAGGED, value)),
        _ => "being replaced".into(),
    };
    html! {
        p.filters data-commands="Numbers" {
            strong { (found(filter, total)) ":" }
            @for (name, value) in filter.selection() {
                @if !value.is_empty() {
                    a.filter-on href=(filter.without(name).path(&account.id, "")) title="Take this filter away" {
                        span.unseen { "Take away: " } (in_words(name, value)) span aria-hidden="true" { " ×" }
                    }
                }
            }
            a href=(filter.cleared().path(&account.id, "")) { "Clear filters" }
        }
    }
}

fn empty(account: &AccountProfile, filter: &Filter, may_act: bool) -> Markup {
    html! {
        p.panel {
            @if filter.is_any() {
                "No numbers match. " a href=(account_path(&account.id)) { "Show all numbers" }
            } @else {
                "No numbers yet."
                @if may_act { " " a href={ (account_path(&account.id)) "/import" } { "Import numbers" } }
            }
        }
    }
}

fn pager(account: &AccountProfile, filter: &Filter, total: u32) -> Markup {
    let (page, last) = (filter.page(), total.div_ceil(ROWS).max(1));
    let first_row = (page - 1) * ROWS + 1;
    let step = |to: u32, label: &str, rel: &str| html! { a.button href=(filter.at_page(&account.id, to)) rel=(rel) { (label) } };
    html! {
        nav.pager aria-label="Pages" {
            @if page > 1 { (step(1, "First", "first")) (step((page - 1).min(last), "Previous", "prev")) }
            span {
                @if total == 0 || first_row > total { "0" } @else { (thousands(first_row.into())) "–" (thousands((page * ROWS).min(total).into())) }
                " of " (thousands(total.into()))
            }
            @if page < last { (step(page + 1, "Next", "next")) (step(last, "Last", "last")) }
        }
    }
}

struct Rows<'a> {
    account: &'a AccountProfile,
    now: Timestamp,
    today: NaiveDate,
    spam_score_min: Option<u8>,
    carriers: Vec<Carrier>,
    answers: LatestAnswers,
    may_act: bool,
}

impl Rows<'_> {
    /// The table, inside the form that submits the selected numbers with an action.
    fn form(&self, filter: &Filter, page: &NumberPage) -> Markup {
        html! {
            form #bulk method="post" action={ (account_path(&self.account.id)) "/ask" } data-ask data-live="numbers" {
                @if self.may_act { (self.bulk(filter, page)) }
                table.numbers {
                    thead { tr {
                        @if self.may_act { th.select { input #select-page type="checkbox" aria-label="Select all on this page" hidden; } }
                        (self.heading(filter, "number", "Number", ""))
                        (self.heading(filter, "status", "Reputation", ""))
                        (self.heading(filter, "slot", "Slot", "figure"))
                        (self.heading(filter, "since", "Status since", "since"))
                        @if self.may_act { th.menu { span.unseen { "Actions" } } }
                    } }
                    tbody { @for known in &page.numbers { (self.row(known)) } }
                }
            }
        }
    }

    fn heading(&self, filter: &Filter, sort: &str, label: &str, class: &str) -> Markup {
        let (is_sorted, is_down) = (filter.sorts_by(sort), !filter.down.is_empty());
        let direction = if is_down { "descending" } else { "ascending" };
        html! {
            th class=(class) aria-sort=[is_sorted.then_some(direction)] {
                @let link = html! { a href=(filter.sorted_by(&self.account.id, sort)) {
                    (label)
                    @if is_sorted { span aria-hidden="true" { @if is_down { " ↓" } @else { " ↑" } } }
                } };
                @if sort == "status" { div.standing { span { (link) " " (question_mark()) } span.past-title { (picture::PAST_DAYS_TITLE) } } }
                @else { (link) }
            }
        }
    }

    fn bulk(&self, filter: &Filter, page: &NumberPage) -> Markup {
        html! {
            div.bulk role="group" aria-label="Actions for selected numbers" data-commands="Selected numbers" {
                span #selected role="status" { "Selected numbers:" }
                @for (action, label) in ACTIONS { button name="action" value=(action) { (label) } }
                @if page.total as usize > page.numbers.len() {
                    label.tick { input type="checkbox" name="all" value="1"; span {
                        "All " (thousands(page.total.into())) @if filter.is_any() { " matching" } " numbers" } }
                }
                button.clear type="reset" { "Clear selection" }
                @for (name, value) in filter.selection() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
            }
        }
    }

    fn row(&self, known: &KnownNumber) -> Markup {
        let number = readable(known.number);
        html! {
            tr data-row=(known.number) {
                @if self.may_act {
                    td.select { @if known.is_owned { input type="checkbox" name="number" value=(known.number) aria-label={ "Select " (number) }; } }
                }
                td { (number_link(&self.account.id, known.number)) }
                td { div.standing {
                    div { (self.reputation(known)) @if known.suspect.is_some() { " " span.quiet { "suspect" } } }
                    (picture::past_days(&known.past_days, self.today))
                } }
                td.figure { @if let Some((slot, ..)) = known.monitored { (slot) } @else { "–" } }
                td.since { @if let Some((.., since)) = known.monitored { (moment(since, self.account.time_zone)) } }
                @if self.may_act { td.menu { @if known.is_owned { (self.menu(known)) } } }
            }
        }
    }

    /// A shield, or a dash if the number is not monitored.
    fn reputation(&self, known: &KnownNumber) -> Markup {
        let Some(mark) = Mark::of(self.account, known, self.now) else {
            return html! { span.quiet {
                @if known.ready_since.is_some() { "ready to replace others" }
                @else if known.is_owned { "– " span.unseen { "not monitored" } }
                @else { "no longer in this account" }
            } };
        };
        let card = format!("carriers-{}", known.number);
        html! {
            button type="button" class=(mark.class) popovertarget=(card) aria-label={ (mark.words()) ": carrier answers for " (readable(known.number)) } {
                (mark.content())
            }
            @if known.replacement_pending { span.quiet { " being replaced" } }
            @if known.resting_since.is_some() { span.quiet { " out of use" } }
            div.carrier-card popover id=(card) { (self.card(known.number)) }
        }
    }

    fn card(&self, number: PhoneNumber) -> Markup {
        let answers = self.answers.get(&number).map_or(&[][..], Vec::as_slice);
        carrier_card(&shown(number), &self.carriers, answers, self.account, self.spam_score_min)
    }

    fn menu(&self, known: &KnownNumber) -> Markup {
        html! {
            details.actions {
                summary aria-label={ "Actions for " (readable(known.number)) } { "⋯" }
                ul data-commands=(readable(known.number)) {
                    @for (action, label) in ACTIONS.iter().filter(|(action, _)| applies(action, known)) {
                        li { button form="ask-of-one" formaction={ (number_path(&self.account.id, known.number)) "/ask" } name="action" value=(action) { (label) } }
                    }
                }
            }
        }
    }
}

/// One row per carrier with its answer about a number, also for carriers that did not answer.
pub fn carrier_card(
    title: &Markup,
    carriers: &[Carrier],
    answers: &[CarrierAnswer],
    account: &AccountProfile,
    spam_score_min: Option<u8>,
) -> Markup {
    html! {
        table {
            caption { (title) }
            thead { tr { th { "Carrier" } th { "Call label" } th.figure { "Score" } th { "Checked" } } }
            tbody {
                @for carrier in carriers {
                    tr {
                        th scope="row" { (carrier.name) }
                        @match answers.iter().find(|answer| answer.carrier == carrier.id) {
                            Some(answer) => (cells(answer, account, spam_score_min)),
                            None => td.quiet colspan="3" { "no answer" },
                        }
                    }
                }
                @if carriers.is_empty() { tr { td colspan="4" { "No carriers yet." } } }
            }
        }
    }
}

fn cells(answer: &CarrierAnswer, account: &AccountProfile, spam_score_min: Option<u8>) -> Markup {
    let is_spam = answer.score.zip(spam_score_min).is_some_and(|(score, min)| score >= min);
    html! {
        td { @match (&answer.label, is_spam) {
            (Some(label), _) if !label.is_empty() => (label),
            (_, true) => "spam",
            _ => span.quiet { "none" },
        } }
        td.figure { @match answer.score { Some(score) => { @if is_spam { span.flags { "✖ " } } (score) }, None => span.quiet { "no data" } } }
        td { (moment(answer.observed_at, account.time_zone)) }
    }
}
