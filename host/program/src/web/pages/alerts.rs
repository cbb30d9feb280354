//! An account's alert webhooks and the messages that have not been delivered.

use super::layout::{Tab, moment, told};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount};
use crate::words::count;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use dialguard_dialer::alerts::{AlertSender, WebhookSpec, add_webhook};
use dialguard_dialer::ledger::{AccountProfile, Delivery, DeliveryState, LedgerError, Webhook, WebhookId};
use maud::{Markup, html};
use serde::Deserialize;

/// Undelivered messages shown per webhook, at most.
const SHOWN_MAX: u32 = 50;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/alerts", get(show).post(add))
        .route("/accounts/{account}/alerts/{webhook}/test", post(test))
        .route("/accounts/{account}/alerts/{webhook}/remove", get(ask_to_remove).post(remove))
}

/// The alerts section of the settings page.
pub fn section(account: &str, webhooks: &[Webhook]) -> Markup {
    html! {
        section.panel aria-labelledby="alerts" {
            h2 #alerts { "Alerts" }
            @if webhooks.is_empty() {
                p { "No webhooks yet. Add one to be alerted after a review." }
            } @else {
                p {
                    (count(webhooks.len() as u64, "webhook"))
                    (waiting(webhooks.iter().map(|webhook| webhook.waiting).sum())) "."
                }
            }
            @for webhook in webhooks.iter().filter(|webhook| webhook.paused.is_some()) {
                p.failed { "Webhook " (webhook.id) " is paused." }
            }
            p { a.button href=(alerts_path(account)) { "Manage alerts" } }
        }
    }
}

fn waiting(messages: u64) -> String {
    match messages {
        0 => String::new(),
        messages => format!(", {} waiting to be delivered", count(messages, "message")),
    }
}

async fn show(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Markup, Failed> {
    alerts_page(&site, &of, html! {})
}

#[derive(Deserialize)]
struct NewWebhook {
    url: String,
}

async fn add(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(new): Form<NewWebhook>,
) -> Result<Markup, Failed> {
    let spec = WebhookSpec { account: Some(&of.account.id), url: new.url.trim(), ..WebhookSpec::default() };
    let dialguard = site.acting_as(&of.caller);
    let result = match add_webhook(dialguard.ledger(), &spec, dialguard.now()) {
        Ok((id, secret)) => html! {
            div.panel role="status" {
                p { "Webhook " (id) " added. Copy its signing secret to the receiver now; it is not shown again:" }
                p { code { (secret) } }
            }
        },
        Err(error) => html! { p.failed role="alert" { "Not added: " (error) } },
    };
    alerts_page(&site, &of, result)
}

async fn test(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Path((_, id)): Path<(String, WebhookId)>,
) -> Result<Markup, Failed> {
    let webhook = own(&site, &of, id)?;
    let result = match AlertSender::new(site.acting_as(&of.caller)).test(webhook.id).await {
        Ok(answer) => html! { p.saved role="status" { "Webhook " (id) " accepted the test message: " (answer) "." } },
        Err(error) => {
            html! { p.failed role="alert" { "Webhook " (id) " did not accept the test message: " (error) "." } }
        }
    };
    alerts_page(&site, &of, result)
}

async fn ask_to_remove(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Path((_, id)): Path<(String, WebhookId)>,
) -> Result<Markup, Failed> {
    let webhook = own(&site, &of, id)?;
    let back = alerts_path(&of.account.id);
    let content = html! {
        form.panel.confirm method="post" action={ (back) "/" (id) "/remove" } {
            h1 { "Remove webhook " (id) "?" }
            p { (webhook.url) " will no longer receive alerts; its secret is revoked." }
            @if webhook.waiting > 0 {
                p.failed { (count(webhook.waiting, "waiting message")) " will not be delivered." }
            }
            p.buttons {
                a.button.first href=(back) { "Keep" }
                button.costs { "Remove" }
            }
        }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Settings)), "Alerts", content))
}

async fn remove(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Path((_, id)): Path<(String, WebhookId)>,
) -> Result<Response, Failed> {
    own(&site, &of, id)?;
    let dialguard = site.acting_as(&of.caller);
    dialguard.ledger().remove_webhook(id, dialguard.now())?;
    Ok(Redirect::to(&alerts_path(&of.account.id)).into_response())
}

fn alerts_path(account: &str) -> String {
    account_path(account) + "/alerts"
}

/// The account's own webhook. One of another account gets the same answer as one that does not exist.
fn own(site: &Site, of: &OfAccount<Administer>, id: WebhookId) -> Result<Webhook, Failed> {
    let webhook = site.dialguard().ledger().webhook(id)?;
    if webhook.account.as_ref() == Some(&of.account.id) {
        Ok(webhook)
    } else {
        Err(LedgerError::NoSuchWebhook(id).into())
    }
}

/// The page, with the result of what the user did at the top.
fn alerts_page(site: &Site, of: &OfAccount<Administer>, result: Markup) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let webhooks = ledger.webhooks(Some(&account.id))?;
    let mut undelivered = Vec::new();
    for webhook in &webhooks {
        undelivered.extend(ledger.deliveries(Some(webhook.id), true, SHOWN_MAX)?);
    }
    let content = html! {
        h1 { "Alerts" }
        (result)
        p {
            "When a review flags, clears or replaces numbers, or runs into a problem, each webhook receives a signed \
             message. Failed deliveries are retried for three days."
        }
        @if !webhooks.is_empty() { div.wide { (webhook_table(account, &webhooks)) } }
        h2 { "Add a webhook" }
        form.panel method="post" action=(alerts_path(&account.id)) {
            label { "URL"
                input name="url" type="url" required maxlength="2048" placeholder="https://dialer.example/alerts"; }
            p { button.first { "Add webhook" } }
        }
        @if !undelivered.is_empty() {
            h2 { "Undelivered messages" }
            div.wide { (message_table(account, &undelivered)) }
        }
        p { a href={ (account_path(&account.id)) "/settings#alerts" } { "Back to settings" } }
    };
    Ok(page(&of.caller, Some((account, Tab::Settings)), "Alerts", content))
}

fn webhook_table(account: &AccountProfile, webhooks: &[Webhook]) -> Markup {
    html! {
        table {
            thead { tr { th { "Webhook" } th { "URL" } th { "State" } th.figure { "Waiting" } th { "Actions" } } }
            tbody {
                @for webhook in webhooks {
                    @let path = format!("{}/{}", alerts_path(&account.id), webhook.id);
                    tr {
                        td { (webhook.id) }
                        td { (webhook.url) }
                        td {
                            @match &webhook.paused {
                                None => "active",
                                Some((at, because)) => span.failed { "paused since " (moment(*at, account.time_zone)) ": " (told(because)) },
                            }
                        }
                        td.figure { (webhook.waiting) }
                        td {
                            form.buttons method="post" action={ (path) "/test" } {
                                button aria-label={ "Send a test message to webhook " (webhook.id) } { "Test" }
                                a.button href={ (path) "/remove" } aria-label={ "Remove webhook " (webhook.id) } { "Remove…" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn message_table(account: &AccountProfile, undelivered: &[Delivery]) -> Markup {
    html! {
        table {
            thead { tr { th { "Webhook" } th { "Message" } th { "Created" } th { "State" } th { "Last error" } } }
            tbody {
                @for delivery in undelivered {
                    tr {
                        td { (delivery.webhook) }
                        td { (delivery.kind) br; span.quiet { (delivery.id) } }
                        td { (moment(delivery.made_at, account.time_zone)) }
                        td { (state(account, delivery)) }
                        td { (delivery.last_problem.as_deref().unwrap_or("–")) }
                    }
                }
            }
        }
    }
}

fn state(account: &AccountProfile, delivery: &Delivery) -> Markup {
    let tries = count(delivery.tries.into(), "attempt");
    html! {
        @match delivery.state {
            DeliveryState::Waiting(at) => { (tries) ", next " (moment(at, account.time_zone)) },
            DeliveryState::Delivered(at) => { "delivered " (moment(at, account.time_zone)) },
            DeliveryState::Abandoned(at) => { "abandoned " (moment(at, account.time_zone)) " after " (tries) },
        }
    }
}
