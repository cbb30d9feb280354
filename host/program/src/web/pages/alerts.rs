//! Alerts of an account: its webhooks, what waits to be told, and what went wrong.

use super::account::address;
use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::{Administer, OfAccount};
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use dialguard::calendar::rfc3339;
use dialguard_dialer::alerts::{AlertSender, WebhookRequest, add_webhook};
use dialguard_dialer::ledger::{Delivery, DeliveryState, LedgerError, Webhook, WebhookId};
use maud::{Markup, html};
use serde::Deserialize;

/// Messages that are shown, at most: those that wait or were given up.
const SHOWN_MAX: u32 = 50;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/alerts", get(show).post(add))
        .route("/accounts/{account}/alerts/{webhook}/test", post(test))
        .route("/accounts/{account}/alerts/{webhook}/remove", get(ask_to_remove).post(remove))
}

/// What the settings page has about alerts.
pub fn section(account: &str, webhooks: &[Webhook]) -> Markup {
    html! {
        section.panel aria-labelledby="alerts" {
            h2 #alerts { "Alerts" }
            @match webhooks {
                [] => p { "Nobody is told when a review finds something." },
                [one] => p { "One webhook is told when a review finds something" (waiting(one.waiting)) "." },
                all => p {
                    (all.len()) " webhooks are told when a review finds something"
                    (waiting(all.iter().map(|webhook| webhook.waiting).sum())) "."
                },
            }
            @for webhook in webhooks.iter().filter(|webhook| webhook.paused.is_some()) {
                p.failed { "Webhook " (webhook.id) " is paused." }
            }
            p { a.button href=(alerts_of(account)) { "Change alerts" } }
        }
    }
}

fn waiting(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => "; 1 message waits".into(),
        count => format!("; {count} messages wait"),
    }
}

async fn show(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Markup, Failed> {
    whole(&site, &of, html! {})
}

#[derive(Deserialize)]
struct New {
    url: String,
}

async fn add(State(site): State<Site>, of: OfAccount<Administer>, Form(new): Form<New>) -> Result<Markup, Failed> {
    let wish = WebhookRequest { account: Some(&of.account.id), url: new.url.trim(), ..WebhookRequest::default() };
    let told = match add_webhook(site.dialguard().ledger(), &wish, site.dialguard().now()) {
        Ok((id, secret)) => html! {
            div.panel role="status" {
                p { "Webhook " (id) " was added. Its secret is shown this once; give it to the receiver:" }
                p { code { (secret) } }
            }
        },
        Err(error) => html! { p.failed role="alert" { "Not added: " (error) } },
    };
    whole(&site, &of, told)
}

async fn test(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Path((_, id)): Path<(String, WebhookId)>,
) -> Result<Markup, Failed> {
    let webhook = own(&site, &of, id)?;
    let told = match AlertSender::new(site.dialguard().clone()).test(webhook.id).await {
        Ok(answered) => html! { p role="status" { "Webhook " (id) " took the test: " (answered) "." } },
        Err(error) => html! { p.failed role="alert" { "Webhook " (id) " did not take the test: " (error) "." } },
    };
    whole(&site, &of, told)
}

async fn ask_to_remove(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Path((_, id)): Path<(String, WebhookId)>,
) -> Result<Markup, Failed> {
    let webhook = own(&site, &of, id)?;
    let back = alerts_of(&of.account.id);
    let content = html! {
        h1 { "Remove webhook " (id) "?" }
        p { (webhook.url) " is told nothing any more, and its secret is worth nothing." }
        @match webhook.waiting {
            0 => {},
            1 => p.failed { "1 message that waits to be delivered there is lost." },
            count => p.failed { (count) " messages that wait to be delivered there are lost." },
        }
        form method="post" action={ (back) "/" (id) "/remove" } {
            a.button.first href=(back) { "Keep it" }
            " "
            button.costs { "Remove it" }
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
    site.dialguard().ledger().remove_webhook(id, site.dialguard().now())?;
    Ok(Redirect::to(&alerts_of(&of.account.id)).into_response())
}

fn alerts_of(account: &str) -> String {
    address(account) + "/alerts"
}

/// One of the account's own webhooks: any other is as if there were none.
fn own(site: &Site, of: &OfAccount<Administer>, id: WebhookId) -> Result<Webhook, Failed> {
    let webhook = site.dialguard().ledger().webhook(id)?;
    if webhook.account.as_ref() == Some(&of.account.id) {
        Ok(webhook)
    } else {
        Err(LedgerError::NoSuchWebhook(id).into())
    }
}

fn whole(site: &Site, of: &OfAccount<Administer>, told: Markup) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), of.account.id.as_str());
    let webhooks = ledger.webhooks(Some(account))?;
    let mut undelivered = Vec::new();
    for webhook in &webhooks {
        undelivered.extend(ledger.deliveries(Some(webhook.id), true, SHOWN_MAX)?);
    }
    let content = html! {
        h1 { "Alerts" }
        (told)
        p {
            "After a review that turned numbers flagged or clean, replaced some, or found something amiss, a signed \
             message goes to each of these. A receiver that is down gets it later, for three days."
        }
        @if !webhooks.is_empty() { div.wide { (table(account, &webhooks)) } }
        h2 { "Add a webhook" }
        form.panel method="post" action=(alerts_of(account)) {
            label { "Address"
                input name="url" type="url" required maxlength="2048" placeholder="https://dialer.example/alerts"; }
            p { button.first { "Add webhook" } }
        }
        @if !undelivered.is_empty() {
            h2 { "Not delivered" }
            div.wide { (waiting_table(&undelivered)) }
        }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Settings)), "Alerts", content))
}

fn table(account: &str, webhooks: &[Webhook]) -> Markup {
    html! {
        table {
            thead { tr { th { "Webhook" } th { "Address" } th { "State" } th.figure { "Waiting" } th { "Do" } } }
            tbody {
                @for webhook in webhooks {
                    @let path = format!("{}/{}", alerts_of(account), webhook.id);
                    tr {
                        td { (webhook.id) }
                        td { (webhook.url) }
                        td {
                            @match &webhook.paused {
                                None => "on",
                                Some((at, because)) => span.failed { "paused at " (rfc3339(*at)) ": " (because) },
                            }
                        }
                        td.figure { (webhook.waiting) }
                        td {
                            form method="post" action={ (path) "/test" } {
                                button aria-label={ "Send a test to webhook " (webhook.id) } { "Test" }
                                " "
                                a.button href={ (path) "/remove" } aria-label={ "Remove webhook " (webhook.id) } { "Remove …" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn waiting_table(undelivered: &[Delivery]) -> Markup {
    html! {
        table {
            thead { tr { th { "Webhook" } th { "Message" } th { "Made at" } th { "State" } th { "Last problem" } } }
            tbody {
                @for delivery in undelivered {
                    tr {
                        td { (delivery.webhook) }
                        td { (delivery.kind) br; span.quiet { (delivery.id) } }
                        td { (rfc3339(delivery.made_at)) }
                        td { (state_in_words(delivery)) }
                        td { (delivery.last_problem.as_deref().unwrap_or("–")) }
                    }
                }
            }
        }
    }
}

fn state_in_words(delivery: &Delivery) -> String {
    match delivery.state {
        DeliveryState::Waiting(at) => format!("tried {} times, again from {}", delivery.tries, rfc3339(at)),
        DeliveryState::Delivered(at) => format!("delivered at {}", rfc3339(at)),
        DeliveryState::Abandoned(at) => format!("given up at {} after {} tries", rfc3339(at), delivery.tries),
    }
}
