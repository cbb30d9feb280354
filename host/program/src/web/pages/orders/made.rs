//! The replacements that were made, and those that were abandoned: what replaced what, when, why, and what it cost.

use crate::web::Site;
use crate::web::address::orders_path;
use crate::web::auth::Caller;
use crate::web::pages::Failed;
use crate::web::pages::layout::{moment, number_link, shown, told};
use crate::web::pages::picture;
use crate::words::{by_in_words, capital, dollars, reason_in_words};
use chrono::{Datelike, Days, NaiveDate};
use dialguard::calendar::day_starts_at;
use dialguard::contract::ReplacementReason;
use dialguard_dialer::ledger::{AccountProfile, Order, OrderPage, OrderQuery, OrderState, OrdersShown};
use dialguard_dialer::phone::PhoneNumber;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

/// Replacements on a page.
const PER_PAGE: u32 = 50;

/// The filter, as in the query string and in the form. Empty fields do not filter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// `made`, `abandoned` or `all`; those that were made if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    show: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    number: String,
    /// `flagged` or `requested`.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    until: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    before: String,
}

impl Filter {
    /// The ledger's query. The error says which field is invalid.
    fn query(&self, account: &AccountProfile) -> Result<OrderQuery, String> {
        let shown = match self.show.as_str() {
            "" => OrdersShown::Made,
            name => OrdersShown::named(name).ok_or_else(|| format!("{name:?} is not made, abandoned or all"))?,
        };
        let why = match self.why.as_str() {
            "" => None,
            "flagged" => Some(ReplacementReason::Flagged),
            "requested" => Some(ReplacementReason::Requested),
            other => return Err(format!("{other:?} is not flagged or requested")),
        };
        let number = given(&self.number, |text| {
            PhoneNumber::parse(text, account.region).map(PhoneNumber::digits).map_err(|error| error.to_string())
        })?;
        let day = |text: &str| {
            let date = text.parse::<NaiveDate>().ok().filter(|date| (1970..=9998).contains(&date.year()));
            date.ok_or_else(|| format!("{text:?} is not a date such as 2026-03-31"))
        };
        let starts = |date| day_starts_at(date, account.time_zone);
        let next = |date: NaiveDate| date.checked_add_days(Days::new(1)).unwrap_or(date);
        Ok(OrderQuery {
            shown,
            number,
            why,
            since: given(&self.since, |text| day(text).map(starts))?,
            until: given(&self.until, |text| day(text).map(|date| starts(next(date))))?,
            before: given(&self.before, |text| text.parse().map_err(|_| format!("{text:?} is not an order")))?,
            ..OrderQuery::default()
        })
    }

    fn is_empty(&self) -> bool {
        let Filter { show, number, why, since, until, before } = self;
        [show, number, why, since, until, before].iter().all(|field| field.is_empty())
    }

    fn older_than(&self, account: &AccountProfile, before: u64) -> String {
        let filter = Filter { before: before.to_string(), ..self.clone() };
        let pairs = serde_json::to_value(filter).expect("a filter is plain text");
        let pairs = pairs.as_object().into_iter().flatten();
        let texts = pairs.filter_map(|(name, value)| Some((name, value.as_str()?)));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(texts).finish();
        format!("{}?{query}", orders_path(&account.id))
    }
}

fn given<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    let text = text.trim();
    (!text.is_empty()).then(|| read(text)).transpose()
}

/// The part of the page below those in progress.
pub async fn section(
    site: &Site,
    caller: &Caller,
    account: &AccountProfile,
    filter: &Filter,
) -> Result<Markup, Failed> {
    let page = match filter.query(account) {
        Err(why) => Err(why),
        Ok(query) => {
            let (ledger, id) = (site.dialguard().ledger().clone(), account.id.clone());
            Ok(site.lists().run(caller, move |_| ledger.order_page(&id, &query, PER_PAGE)).await??)
        }
    };
    Ok(html! {
        section aria-labelledby="made" {
            h2 #made { "Made" }
            (form(account, filter))
            @match &page {
                Err(why) => p.failed role="alert" { (why) },
                Ok(page) => div data-live="made" { (found(account, filter, page)) },
            }
        }
    })
}

fn found(account: &AccountProfile, filter: &Filter, page: &OrderPage) -> Markup {
    html! {
        @if page.orders.is_empty() {
            p.quiet { @if filter.is_empty() { "No replacement was made yet." } @else { "No such replacements." } }
        } @else {
            div.wide role="region" aria-label="Replacements" tabindex="0" { (table(account, &page.orders)) }
        }
        @if let Some(next) = page.next {
            p.pager { a.button rel="next" href=(filter.older_than(account, next)) { "Older" } }
        }
    }
}

fn form(account: &AccountProfile, filter: &Filter) -> Markup {
    let choice =
        |name: &str, shown: &str, chosen: &str| html! { option value=(name) selected[name == chosen] { (shown) } };
    html! {
        form.filter.panel method="get" action=(orders_path(&account.id)) {
            label { "Show" select name="show" {
                (choice("", "made", &filter.show)) (choice("abandoned", "abandoned", &filter.show)) (choice("all", "all", &filter.show))
            } }
            label { "Number" input name="number" value=(filter.number) placeholder="old or new"; }
            label { "Why" select name="why" {
                (choice("", "any", &filter.why)) (choice("flagged", "automatic", &filter.why)) (choice("requested", "on request", &filter.why))
            } }
            label { "From" input type="date" name="since" value=(filter.since); }
            label { "To" input type="date" name="until" value=(filter.until); }
            div.buttons {
                button { "Filter" }
                @if !filter.is_empty() { a.button href=(orders_path(&account.id)) { "Clear" } }
            }
        }
    }
}

fn table(account: &AccountProfile, orders: &[Order]) -> Markup {
    html! {
        table {
            thead { tr { th { "When" } th { "Replaced" } th { "By" } th.figure { "Slot" } th { "Who and why" } th.figure { "Cost" } } }
            tbody {
                @for order in orders {
                    tr data-row={ "made-" (order.id) } {
                        td { (moment(order.swapped_at.unwrap_or(order.intended_at), account.time_zone)) }
                        td { (number_link(&account.id, order.number)) }
                        td { (number_link(&account.id, order.replacement)) br; span.quiet { (origin(order)) } }
                        td.figure { (order.slot) }
                        td { strong { (capital(reason_in_words(order.why))) } ", " (by_in_words(order.asked_by.as_ref())) br; (told(&order.because)) (picture::steps(order)) (state(order)) }
                        td.figure { (cost(order)) }
                    }
                }
            }
        }
        p.quiet { "A replacement costs its charge, and the price of a number that was bought." }
    }
}

/// Where the new number came from.
fn origin(order: &Order) -> String {
    match (&order.provider, order.price_cents) {
        (Some(provider), Some(_)) => format!("from {provider}"),
        _ if order.has_rested => "your own, after a rest".into(),
        _ => "on hand".into(),
    }
}

/// Only where it says something that a made replacement does not.
fn state(order: &Order) -> Markup {
    html! {
        @match order.state {
            OrderState::Abandoned => { span.failed { "Abandoned: " (shown(order.number)) " kept its slot." } },
            OrderState::Swapped if order.gives_back => { span.quiet { (shown(order.number)) " is being given back." } },
            OrderState::Swapped => { span.quiet { (shown(order.number)) " rests." } },
            OrderState::Done => "",
            _ => { span.quiet { "In progress." } },
        }
    }
}

/// Charged by Dialguard, and spent on the number.
fn cost(order: &Order) -> Markup {
    let spent = u64::from(order.spent_cents.unwrap_or_default());
    html! {
        @match order.charged_cents {
            None if spent == 0 => "–",
            charged => {
                (dollars(charged.unwrap_or_default() + spent))
                @if spent > 0 { br; span.quiet { (dollars(spent)) " for the number" } }
            },
        }
    }
}
