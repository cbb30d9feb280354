//! The table of an account's numbers, a page at a time.

use super::address;
use super::filter::{Filter, ROWS};
use super::head::icon;
use crate::web::Site;
use crate::web::caller::{OfAccount, Read, now_of};
use crate::web::pages::layout::moment;
use crate::words::{e164, thousands};
use dialguard::contract::{Carrier, PhoneNumber};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, CarrierAnswer, KnownNumber, LatestAnswers, LedgerError, NumberPage};
use maud::{Markup, html};

/// How far back the table looks for what a carrier said of a number: whoever was silent for a week gave no answer.
const ANSWERS_SECONDS: u64 = 7 * 86_400;

/// What can be asked for, in the order of the menus: what the address calls it, and what people do.
pub const ACTIONS: [(&str, &str); 5] = [
    ("monitor", "Monitor"),
    ("replace", "Replace"),
    ("screen", "Screen"),
    ("stop", "Stop monitoring"),
    ("delete", "Delete"),
];

pub fn table(site: &Site, of: &OfAccount<Read>, filter: &Filter) -> Result<Markup, LedgerError> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let now = now_of(site, account);
    let page = ledger.number_page(&account.id, &filter.query(now, (filter.page() - 1) * ROWS, ROWS))?;
    let monitored = page.numbers.iter().filter(|known| known.monitored.is_some()).map(|known| known.number);
    let since = now.saturating_sub(ANSWERS_SECONDS);
    let answers = ledger.latest_answers_since(&account.id, &monitored.collect::<Vec<_>>(), since)?;
    let rows = Rows { account, carriers: ledger.carriers()?, answers, may_act: of.caller.grant.role >= Role::Operate };
    Ok(html! {
        section #numbers aria-labelledby="numbers-title" {
            div.above {
                h2 #numbers-title { "Numbers" }
                p.files {
                    @if rows.may_act { a href={ (address(&account.id)) "/import" } { "Import CSV" } }
                    a href=(filter.address(&account.id, "/numbers.csv")) download { "Export CSV" }
                }
            }
            (finder(account, filter))
            @if page.numbers.is_empty() { (nothing(account, filter)) } @else { (rows.form(filter, &page)) }
            (pager(account, filter, page.total))
        }
    })
}

fn finder(account: &AccountProfile, filter: &Filter) -> Markup {
    let option =
        |value: &str, chosen: &str, words: &str| html! { option value=(value) selected[value == chosen] { (words) } };
    html! {
        form.finder role="search" method="get" action=(address(&account.id)) {
            label.search { span { "Search" }
                input type="search" name="q" value=(filter.q) placeholder="Digits, or +1310… for a start" inputmode="tel" autocomplete="off";
            }
            label { span { "Show" }
                select name="show" {
                    @for (value, words) in [("", "all numbers"), ("monitored", "monitored"), ("not-monitored", "not monitored"),
                        ("flagged", "flagged"), ("at-risk", "at-risk"), ("clean", "clean"), ("pending", "pending")] {
                        (option(value, &filter.show, words))
                    }
                }
            }
            label { span { "Turned flagged" }
                select name="flagged" {
                    @for (value, words) in [("", "whenever"), ("day", "in the past 24 hours"), ("week", "in the past 7 days")] {
                        (option(value, &filter.flagged, words))
                    }
                }
            }
            label.tick { input type="checkbox" name="replacing" value="1" checked[!filter.replacing.is_empty()]; span { "Being replaced" } }
            @for (name, value) in [("sort", &filter.sort), ("down", &filter.down)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button { "Find" }
        }
    }
}

fn nothing(account: &AccountProfile, filter: &Filter) -> Markup {
    html! {
        p.panel {
            @if filter.is_any() {
                "No number is like that. " a href=(address(&account.id)) { "Show all numbers" }
            } @else {
                "There are no numbers yet. " a href={ (address(&account.id)) "/import" } { "Import them from a CSV file" } "."
            }
        }
    }
}

fn pager(account: &AccountProfile, filter: &Filter, total: u32) -> Markup {
    let (page, last) = (filter.page(), total.div_ceil(ROWS).max(1));
    let first_row = (page - 1) * ROWS + 1;
    let step = |to: u32, words: &str, rel: &str| html! { a.button href=(filter.at_page(&account.id, to)) rel=(rel) { (words) } };
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
    carriers: Vec<Carrier>,
    answers: LatestAnswers,
    may_act: bool,
}

impl Rows<'_> {
    /// The table, in the form that asks for something to be done with what is selected.
    fn form(&self, filter: &Filter, page: &NumberPage) -> Markup {
        html! {
            form #bulk method="get" action={ (address(&self.account.id)) "/ask" } data-ask data-live="numbers" {
                @if self.may_act { (self.bulk(filter, page)) }
                table.numbers {
                    thead { tr {
                        @if self.may_act { th.select { input #select-page type="checkbox" aria-label="Select all on this page" hidden; } }
                        (self.heading(filter, "number", "Number", ""))
                        (self.heading(filter, "status", "Reputation", ""))
                        (self.heading(filter, "slot", "Slot", "figure"))
                        (self.heading(filter, "since", "Since", "since"))
                        @if self.may_act { th.menu { span.unseen { "Actions" } } }
                    } }
                    tbody { @for known in &page.numbers { (self.row(known)) } }
                }
            }
        }
    }

    fn heading(&self, filter: &Filter, sort: &str, words: &str, class: &str) -> Markup {
        let (is_sorted, is_down) = (filter.sorts_by(sort), !filter.down.is_empty());
        let way = if is_down { "descending" } else { "ascending" };
        html! {
            th class=(class) aria-sort=[is_sorted.then_some(way)] {
                a href=(filter.sorted_by(&self.account.id, sort)) {
                    (words)
                    @if is_sorted { span aria-hidden="true" { @if is_down { " ↓" } @else { " ↑" } } }
                }
            }
        }
    }

    fn bulk(&self, filter: &Filter, page: &NumberPage) -> Markup {
        html! {
            div.bulk role="group" aria-label="With the selected numbers" {
                span #selected role="status" { "With the selected:" }
                @for (action, words) in ACTIONS { button name="action" value=(action) { (words) } }
                @if page.total as usize > page.numbers.len() {
                    label.tick { input type="checkbox" name="all" value="1"; span {
                        "all " (thousands(page.total.into())) @if filter.is_any() { " that match" } } }
                }
                @for (name, value) in filter.which() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
            }
        }
    }

    fn row(&self, known: &KnownNumber) -> Markup {
        let number = e164(known.number);
        html! {
            tr {
                @if self.may_act {
                    td.select { @if known.is_owned { input type="checkbox" name="number" value=(known.number) aria-label={ "Select " (number) }; } }
                }
                td { a.number href={ (address(&self.account.id)) "/numbers/" (number) } { (number) } }
                td { (self.reputation(known)) }
                td.figure { @if let Some((slot, ..)) = known.monitored { (slot) } @else { "–" } }
                td.since { @if let Some((.., since)) = known.monitored { (moment(since, self.account.time_zone)) } }
                @if self.may_act { td.menu { @if known.is_owned { (self.menu(known)) } } }
            }
        }
    }

    /// A shield, or a dash where nobody looks after the number.
    fn reputation(&self, known: &KnownNumber) -> Markup {
        let Some((_, status, _)) = known.monitored else {
            return html! { span.quiet { @if known.is_owned { "– " span.unseen { "not monitored" } } @else { "left the account" } } };
        };
        let (status, says) = (status.name(), format!("says-{}", known.number));
        html! {
            button type="button" class={ "mark " (status) } popovertarget=(says) aria-label={ (status) ": what carriers say of " (e164(known.number)) } {
                (icon(status)) span { (status) }
            }
            @if known.replacement_pending { span.quiet { " being replaced" } }
            div.says popover id=(says) { (self.carriers_say(known.number)) }
        }
    }

    fn carriers_say(&self, number: PhoneNumber) -> Markup {
        let answers = self.answers.get(&number).map_or(&[][..], Vec::as_slice);
        says(&e164(number), &self.carriers, answers, self.account)
    }

    fn menu(&self, known: &KnownNumber) -> Markup {
        let is_monitored = known.monitored.is_some();
        let fits = |action: &str| match action {
            "monitor" => !is_monitored,
            "stop" | "replace" => is_monitored,
            _ => true,
        };
        html! {
            details.actions {
                summary aria-label={ "Actions for " (e164(known.number)) } { "⋯" }
                ul {
                    @for (action, words) in ACTIONS.iter().filter(|(action, _)| fits(action)) {
                        li { a href={ (address(&self.account.id)) "/ask?action=" (action) "&number=" (known.number) } data-ask { (words) } }
                    }
                }
            }
        }
    }
}

/// What each carrier says of a number: a row each, those that said nothing among them.
pub fn says(title: &str, carriers: &[Carrier], answers: &[CarrierAnswer], account: &AccountProfile) -> Markup {
    html! {
        table {
            caption { (title) }
            thead { tr { th { "Carrier" } th { "A handset shows" } th.figure { "Score" } th { "Asked" } } }
            tbody {
                @for carrier in carriers {
                    tr {
                        th scope="row" { (carrier.name) }
                        @match answers.iter().find(|answer| answer.carrier == carrier.id) {
                            Some(answer) => (said(answer, account)),
                            None => td.quiet colspan="3" { "no answer" },
                        }
                    }
                }
                @if carriers.is_empty() { tr { td colspan="4" { "No carrier has been asked yet." } } }
            }
        }
    }
}

fn said(answer: &CarrierAnswer, account: &AccountProfile) -> Markup {
    let flags = answer.score.is_some_and(|score| score >= account.settings.spam_score_min);
    html! {
        td { @match (&answer.label, flags) {
            (Some(label), _) if !label.is_empty() => (label),
            (_, true) => "spam",
            _ => span.quiet { "nothing" },
        } }
        td.figure { @match answer.score { Some(score) => { @if flags { span.flags { "✖ " } } (score) }, None => span.quiet { "no data" } } }
        td { (moment(answer.observed_at, account.time_zone)) }
    }
}

/// Of whom it is told what was done: a number of this account, as a link to its own page.
pub fn link(id: &str, number: PhoneNumber) -> Markup {
    html! { a.number href={ (address(id)) "/numbers/" (e164(number)) } { (e164(number)) } }
}
