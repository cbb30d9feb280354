//! Replacements: those in progress, what holds them up and what users can do about it, and those that were made.

mod made;

use super::form::EndQuestion;
use super::layout::{Tab, moment, number_link, shown, told};
use super::{Failed, page, picture};
use crate::web::Site;
use crate::web::address::{account_path, orders_path};
use crate::web::auth::{Caller, OfAccount, Operate, Read, now_of};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{
    OTHER_AREA, abandoning_in_words, after_last_rest, by_in_words, count, dollars, e164, kind_name, readable, thousands,
};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use dialguard::contract::Timestamp;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, Order, OrderState, Spending};
use dialguard_dialer::phone::is_other_area;
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use made::Filter;
use maud::{Markup, html};

/// Orders listed in each part of the page, at most; those that need a person come first.
const LISTED_MAX: usize = 100;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/orders", get(show))
        .route("/accounts/{account}/orders/{order}/retry", post(retry))
        .route("/accounts/{account}/orders/{order}/abandon", get(ask_to_abandon).post(abandon))
}

async fn show(State(site): State<Site>, of: OfAccount<Read>, Query(filter): Query<Filter>) -> Result<Markup, Failed> {
    orders_page(&site, &of.caller, &of.account, &filter, html! {}).await
}

async fn retry(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, id)): Path<(String, u64)>,
) -> Result<Response, Failed> {
    site.dialguard().ledger().order_of(&of.account.id, id)?;
    let outcome = site.acting_as(&of.caller).retry_order(id).await;
    page_with_result(&site, &of, outcome.map(|order| retry_result(&order))).await
}

async fn ask_to_abandon(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, id)): Path<(String, u64)>,
) -> Result<Markup, Failed> {
    let (account, order) = (&of.account, site.dialguard().ledger().order_of(&of.account.id, id)?);
    let (number, back) = (e164(order.number), orders_path(&account.id));
    let content = html! { p { (told(&abandoning_in_words(&order))) } };
    let (title, action) = (format!("Abandon replacing {number}?"), format!("{back}/{id}/abandon"));
    let question = EndQuestion { title, content, action, back: &back, keep: "Go on replacing it", end: "Abandon" };
    Ok(page(&of.caller, Some((account, Tab::Orders)), "Replacements", question.render()))
}

async fn abandon(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, id)): Path<(String, u64)>,
) -> Result<Response, Failed> {
    let order = site.dialguard().ledger().order_of(&of.account.id, id)?;
    let outcome = site.acting_as(&of.caller).abandon_order(id).await;
    let text = || format!("Abandoned: {} keeps slot {}. Nothing was bought.", e164(order.number), order.slot);
    page_with_result(&site, &of, outcome.map(|()| text())).await
}

/// The page again, with the result of what the user did at the top.
async fn page_with_result<E: Into<Problem>>(
    site: &Site,
    of: &OfAccount<Operate>,
    outcome: Result<String, E>,
) -> Result<Response, Failed> {
    let (status, result) = match outcome {
        Ok(text) => (StatusCode::OK, html! { p.saved role="status" { (told(&text)) } }),
        Err(error) => {
            let problem = error.into();
            (problem.status(), html! { p.panel.failed role="alert" { (told(&problem.detail)) } })
        }
    };
    let page = orders_page(site, &of.caller, &of.account, &Filter::default(), result).await?;
    Ok((status, page).into_response())
}

fn retry_result(order: &Order) -> String {
    match order.state {
        OrderState::Swapped | OrderState::Done => {
            format!("{} replaced {} in slot {}.", e164(order.replacement), e164(order.number), order.slot)
        }
        OrderState::Abandoned => {
            format!(
                "Abandoned: {} was not replaced by {}; Activity says why.",
                e164(order.number),
                e164(order.replacement)
            )
        }
        _ => match &order.hold {
            Some(hold) => format!("Still on hold: {}", hold.problem),
            None => "In progress; it will continue automatically.".into(),
        },
    }
}

async fn orders_page(
    site: &Site,
    caller: &Caller,
    account: &AccountProfile,
    filter: &Filter,
    result: Markup,
) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let now = now_of(site, account);
    let orders = ledger.open_orders(&account.id)?;
    let may_act = caller.grant.role >= Role::Operate;
    let made = made::section(site, caller, account, filter).await?;
    let (resting, mut in_progress): (Vec<_>, Vec<_>) = orders.iter().partition(|order| is_resting(order));
    in_progress.sort_by_key(|order| !order.hold.as_ref().is_some_and(|hold| hold.is_stuck));
    let content = html! {
        h1 { "Replacements" }
        (result)
        (cost(account, &ledger.spending(&account.id, now)?))
        div data-live="orders" {
            section.panel aria-labelledby="in-progress" {
                h2 #in-progress { "In progress" @if in_progress.len() > 1 { ": " (thousands(in_progress.len() as u64)) } }
                @if in_progress.is_empty() { p.quiet { "No replacements in progress." } }
                @else { (order_list(account, &in_progress, may_act, now)) }
            }
            @if !resting.is_empty() {
                section.panel aria-labelledby="resting" {
                    h2 #resting { "Resting" }
                    p {
                        "Replaced numbers rest, and keep taking calls back. A clean one is then ready to replace another; others rest on \
                         or " (after_last_rest(account)) ". To keep one, import it again."
                    }
                    (resting_list(account, &resting))
                }
            }
        }
        (made)
    };
    Ok(page(caller, Some((account, Tab::Orders)), "Replacements", content))
}

/// Whether its old number rests, and nothing is wrong.
fn is_resting(order: &Order) -> bool {
    order.is_resting() && order.hold.is_none()
}

fn cost(account: &AccountProfile, spending: &Spending) -> Markup {
    let buying = &account.buying;
    html! {
        section.panel aria-label="Cost" data-live="cost" {
            p {
                "Each replacement costs " (dollars(REPLACEMENT_PRICE_CENTS))
                @match &buying.provider {
                    Some(provider) => { ", plus the price of the number if none is on hand and it is bought from " strong { (provider) } "." },
                    None => ". Replacements come from the numbers on hand.",
                }
            }
            @if buying.provider.is_some() {
                p {
                    "Spent on numbers: " strong { (dollars(spending.day_cents)) } " of " (dollars(buying.day_cents_max.into()))
                    " today, " strong { (dollars(spending.cycle_cents)) } " of " (dollars(buying.cycle_cents_max.into()))
                    " in this billing cycle."
                }
            }
            p {
                a href={ (account_path(&account.id)) "/candidates" } { "Candidates" } " · "
                a href={ (account_path(&account.id)) "/billing" } { "Billing" } " · "
                a href={ (account_path(&account.id)) "/settings#buying" } { "Number provider settings" }
            }
        }
    }
}

fn order_list(account: &AccountProfile, orders: &[&Order], may_act: bool, now: Timestamp) -> Markup {
    html! {
        ul.orders {
            @for order in orders.iter().take(LISTED_MAX) {
                li data-row={ "order-" (order.id) } {
                    p {
                        (number_link(&account.id, order.number)) " → " strong { (shown(order.replacement)) }
                        span.quiet {
                            " in slot " (order.slot) ", "
                            @if is_other_area(order.number, order.replacement) { (OTHER_AREA) ", " }
                            @match order.price_cents {
                                Some(cents) => (dollars(cents.into())),
                                None if order.has_rested => "one of your own",
                                None => "on hand",
                            }
                            ", " (by_in_words(order.asked_by.as_ref()))
                        }
                    }
                    (picture::steps(order))
                    (status(account, order, now))
                    @if may_act { (actions(account, order)) }
                }
            }
        }
        (unlisted(orders.len()))
    }
}

fn unlisted(orders: usize) -> Markup {
    let more = orders.saturating_sub(LISTED_MAX) as u64;
    html! { @if more > 0 { p.quiet { "And " (thousands(more)) " more." } } }
}

fn status(account: &AccountProfile, order: &Order, now: Timestamp) -> Markup {
    html! {
        p {
            @match order.state {
                OrderState::Abandoned => "Abandoned; the policy will be asked for another candidate.",
                OrderState::Swapped => "Replaced; the old number is not released yet.",
                state => { (kind_name(state.name())) " since " (moment(order.state_since, account.time_zone)) "." },
            }
        }
        @if let Some(hold) = &order.hold {
            p.failed[hold.is_stuck] { @if hold.is_stuck { strong { "Stuck: " } } (told(&hold.problem)) }
            p.quiet {
                "On hold since " (moment(hold.since, account.time_zone)) ", " (count(order.tries.into(), "attempt")) ". Next attempt "
                @if order.next_try_at > now { (moment(order.next_try_at, account.time_zone)) "." }
                @else { "with the next run." }
            }
        }
    }
}

/// An order can be abandoned until a number may have been bought.
fn actions(account: &AccountProfile, order: &Order) -> Markup {
    let path = format!("{}/{}", orders_path(&account.id), order.id);
    html! {
        @if order.state != OrderState::Abandoned {
            form.buttons method="post" action={ (path) "/retry" } {
                button aria-label={ "Retry replacing " (readable(order.number)) } { "Retry now" }
                @if order.state <= OrderState::Ordering {
                    a.button href={ (path) "/abandon" } aria-label={ "Abandon replacing " (readable(order.number)) } { "Abandon…" }
                }
            }
        }
    }
}

fn resting_list(account: &AccountProfile, orders: &[&Order]) -> Markup {
    html! {
        ul.orders {
            @for order in orders.iter().take(LISTED_MAX) {
                li data-row={ "resting-" (order.id) } {
                    p {
                        (number_link(&account.id, order.number)) ", replaced by " (number_link(&account.id, order.replacement))
                        span.quiet {
                            " in slot " (order.slot)
                            @if is_other_area(order.number, order.replacement) { ", " (OTHER_AREA) }
                            ", " (by_in_words(order.asked_by.as_ref()))
                        }
                    }
                    (picture::steps(order))
                    @if let Some(until) = order.rests_until { p { "Rests until " (moment(until, account.time_zone)) "." } }
                }
            }
        }
        (unlisted(orders.len()))
    }
}
