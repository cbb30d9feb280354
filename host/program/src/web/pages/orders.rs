//! Replacements under way: how far each is, what holds it up, and the two things that a person can do about it.

use super::account::{address, link};
use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::{Caller, OfAccount, Operate, Read, now_of};
use crate::web::pages::layout::moment;
use crate::web::problem::Problem;
use crate::words::{count, dollars, e164, kind_name};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use dialguard::contract::Timestamp;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, Order, OrderState, Spending};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/orders", get(show))
        .route("/accounts/{account}/orders/{order}/retry", post(retry))
        .route("/accounts/{account}/orders/{order}/abandon", post(abandon))
}

/// Where they are found.
pub fn orders_of(account: &str) -> String {
    address(account) + "/orders"
}

async fn show(State(site): State<Site>, of: OfAccount<Read>) -> Result<Markup, Failed> {
    whole(&site, &of.caller, &of.account, html! {})
}

async fn retry(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, id)): Path<(String, u64)>,
) -> Result<Response, Failed> {
    site.dialguard().ledger().order_of(&of.account.id, id)?;
    let tried = site.dialguard().retry_order(id).await;
    answered(&site, &of, tried.map(|order| tried_in_words(&order)))
}

async fn abandon(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, id)): Path<(String, u64)>,
) -> Result<Response, Failed> {
    let order = site.dialguard().ledger().order_of(&of.account.id, id)?;
    let over = site.dialguard().abandon_order(id).await;
    let words = || format!("Given up: {} keeps slot {}, and nothing was bought.", e164(order.number), order.slot);
    answered(&site, &of, over.map(|()| words()))
}

/// The page again, with what came of it above.
fn answered<E: Into<Problem>>(
    site: &Site,
    of: &OfAccount<Operate>,
    outcome: Result<String, E>,
) -> Result<Response, Failed> {
    let (status, told) = match outcome {
        Ok(words) => (StatusCode::OK, html! { p.saved role="status" { (words) } }),
        Err(error) => {
            let problem = error.into();
            (problem.status(), html! { p.panel.failed role="alert" { (problem.detail) } })
        }
    };
    Ok((status, whole(site, &of.caller, &of.account, told)?).into_response())
}

fn tried_in_words(order: &Order) -> String {
    match order.state {
        OrderState::Swapped | OrderState::Done => {
            format!("{} has taken slot {} from {}.", e164(order.replacement), order.slot, e164(order.number))
        }
        OrderState::Abandoned => format!("{} could not be had; the policy was asked again.", e164(order.replacement)),
        _ => match &order.hold {
            Some(hold) => format!("Tried, and it is still held up: {}", hold.problem),
            None => "Tried; it goes on by itself.".into(),
        },
    }
}

fn whole(site: &Site, caller: &Caller, account: &AccountProfile, told: Markup) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let now = now_of(site, account);
    let orders = ledger.open_orders(&account.id)?;
    let may_act = caller.grant.role >= Role::Operate;
    let (resting, under_way): (Vec<_>, Vec<_>) = orders.iter().partition(|order| rests(order));
    let content = html! {
        h1 { "Replacements" }
        (told)
        (spent(account, &ledger.spending(&account.id, now)?))
        div data-live="orders" {
            section.panel aria-labelledby="under-way" {
                h2 #under-way { "Under way" }
                @if under_way.is_empty() { p.quiet { "No replacement is under way." } }
                @else { (under_way_list(account, &under_way, may_act, now)) }
            }
            @if !resting.is_empty() {
                section.panel aria-labelledby="resting" {
                    h2 #resting { "Resting" }
                    p { "Replaced numbers that are kept for a while before they are given back. Importing one again keeps it." }
                    (resting_list(account, &resting))
                }
            }
        }
    };
    Ok(page(caller, Some((account, Tab::Orders)), "Replacements", content))
}

/// Whether its old number has nothing to wait for but the end of its rest.
fn rests(order: &Order) -> bool {
    order.state == OrderState::Swapped && order.hold.is_none()
}

fn spent(account: &AccountProfile, spending: &Spending) -> Markup {
    let buying = &account.buying;
    html! {
        section.panel aria-label="What numbers cost" data-live="spent" {
            p {
                @match &buying.provider {
                    Some(provider) => { "Numbers are on hand, or bought from " strong { (provider) } ". " },
                    None => "Replacements are numbers on hand. ",
                }
                "Each replacement costs " (dollars(REPLACEMENT_PRICE_CENTS)) " besides the number."
            }
            @if buying.provider.is_some() {
                p {
                    "Spent on numbers: " strong { (dollars(spending.day_cents)) } " of " (dollars(buying.day_cents_max.into()))
                    " today, " strong { (dollars(spending.cycle_cents)) } " of " (dollars(buying.cycle_cents_max.into()))
                    " in this billing cycle."
                }
            }
            p.quiet { a href={ (address(&account.id)) "/settings#buying" } { "Where numbers are bought" } " is a setting." }
        }
    }
}

fn under_way_list(account: &AccountProfile, orders: &[&Order], may_act: bool, now: Timestamp) -> Markup {
    html! {
        ul.orders {
            @for order in orders {
                li {
                    p {
                        (link(&account.id, order.number)) " → " strong { (e164(order.replacement)) }
                        span.quiet {
                            " in slot " (order.slot) ", "
                            @match order.price_cents { Some(cents) => (dollars(cents.into())), None => "on hand" }
                        }
                    }
                    (stands(account, order, now))
                    @if may_act { (choices(account, order)) }
                }
            }
        }
    }
}

fn stands(account: &AccountProfile, order: &Order, now: Timestamp) -> Markup {
    html! {
        p {
            @match order.state {
                OrderState::Abandoned => "Given up; the policy is asked again.",
                OrderState::Swapped => "Replaced; the old number is not given back yet.",
                state => { (kind_name(state.name())) " since " (moment(order.state_since, account.time_zone)) "." },
            }
        }
        @if let Some(hold) = &order.hold {
            p.failed[hold.is_stuck] { @if hold.is_stuck { strong { "Stuck: " } } (hold.problem) }
            p.quiet {
                "Held up since " (moment(hold.since, account.time_zone)) ", tried " (count(order.tries.into(), "time")) ", "
                @if order.next_try_at > now { "again at " (moment(order.next_try_at, account.time_zone)) "." }
                @else { "again with the next run." }
            }
        }
    }
}

/// Giving up is offered only where it can be: until something may have been bought.
fn choices(account: &AccountProfile, order: &Order) -> Markup {
    let path = format!("{}/{}", orders_of(&account.id), order.id);
    html! {
        @if order.state != OrderState::Abandoned {
            form method="post" action={ (path) "/retry" } {
                button aria-label={ "Try " (e164(order.number)) " now" } { "Try now" }
                @if order.state <= OrderState::Ordering {
                    " "
                    button formaction={ (path) "/abandon" } aria-label={ "Give up replacing " (e164(order.number)) } { "Give up" }
                }
            }
        }
    }
}

fn resting_list(account: &AccountProfile, orders: &[&Order]) -> Markup {
    html! {
        ul.orders {
            @for order in orders {
                li {
                    p {
                        (link(&account.id, order.number)) " made way for " (link(&account.id, order.replacement))
                        span.quiet { " in slot " (order.slot) }
                    }
                    @if let Some(until) = order.rests_until { p { "Given back on " (moment(until, account.time_zone)) "." } }
                }
            }
        }
    }
}
