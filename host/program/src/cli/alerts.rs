//! `dialguard alerts …`: who is told of what reviews find.

use super::output::table;
use super::serve::{log_to_stderr, stop_signal, stopped};
use super::{CommandContext, Done};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard_dialer::alerts::{AlertSender, DeliveryCounts, WebhookRequest, add_webhook};
use dialguard_dialer::ledger::{Delivery, DeliveryState, Webhook, WebhookId};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum AlertsCommand {
    /// Add a webhook, and show its secret this once
    Add(Add),
    /// List the webhooks
    List {
        /// Only those of this account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
    },
    /// Remove a webhook; what waits to be told there is lost
    Remove {
        /// Its number, as `list` shows it
        webhook: WebhookId,
    },
    /// Send a test message now, and say what was answered; one that is taken ends a pause
    Test {
        /// Its number, as `list` shows it
        webhook: WebhookId,
    },
    /// List the messages that wait or were given up
    Deliveries {
        /// Only those of this webhook
        webhook: Option<WebhookId>,
        /// Those that were delivered in the past 35 days as well
        #[arg(long)]
        all: bool,
        /// The latest so many
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        last: u32,
    },
    /// Deliver messages as they become due, as `serve` does too, until stopped
    Deliver {
        /// Deliver what is due now, and stop
        #[arg(long)]
        once: bool,
    },
}

#[derive(Args)]
pub struct Add {
    /// Where messages go: an https address
    url: String,
    /// Only what concerns this account; else every one, and what concerns no single one
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The address may be of this machine or a private network, and plain http
    #[arg(long)]
    allow_private: bool,
    /// Where people reach the page, for links in messages
    #[arg(long, value_name = "URL")]
    page_address: Option<String>,
}

pub async fn run(context: &CommandContext, command: AlertsCommand) -> Result<Done> {
    match command {
        AlertsCommand::Add(new) => add(context, &new),
        AlertsCommand::List { account } => list(context, account.as_deref()),
        AlertsCommand::Remove { webhook } => remove(context, webhook),
        AlertsCommand::Test { webhook } => test(context, webhook).await,
        AlertsCommand::Deliveries { webhook, all, last } => deliveries(context, webhook, all, last),
        AlertsCommand::Deliver { once } => deliver(context, once).await,
    }
}

fn add(context: &CommandContext, new: &Add) -> Result<Done> {
    let wish = WebhookRequest {
        account: new.account.as_deref(),
        url: &new.url,
        allow_private: new.allow_private,
        page_address: new.page_address.as_deref(),
    };
    let (webhook, secret) = add_webhook(&*context.ledger()?, &wish, context.now())?;
    let text = || {
        format!(
            "{secret}\nIt is shown this once; the receiver checks signatures by it. Webhook {webhook} is told from now on; \
             `dialguard alerts test {webhook}` tries it."
        )
    };
    Ok(Done::show(context.json, || json!({"id": webhook, "secret": secret}), text))
}

fn list(context: &CommandContext, account: Option<&str>) -> Result<Done> {
    let webhooks = context.ledger()?.webhooks(account)?;
    let value = |webhook: &Webhook| {
        let (paused_at, because) = webhook.paused.as_ref().map(|(at, because)| (rfc3339(*at), because)).unzip();
        json!({"id": webhook.id, "account": webhook.account, "url": webhook.url, "allow-private": webhook.allow_private,
               "page-address": webhook.page_address, "since": rfc3339(webhook.since), "paused-at": paused_at,
               "paused-because": because, "waiting": webhook.waiting})
    };
    let rows = webhooks.iter().map(|webhook| {
        let state = webhook.paused.as_ref().map_or("on".into(), |(at, _)| format!("paused at {}", rfc3339(*at)));
        let account = webhook.account.clone().unwrap_or("every account".into());
        [webhook.id.to_string(), account, webhook.url.clone(), state, webhook.waiting.to_string()]
    });
    let header = ["ID", "ACCOUNT", "URL", "STATE", "WAITING"].map(str::to_owned);
    Ok(Done::show(context.json, || webhooks.iter().map(value).collect(), || table(header, rows)))
}

fn remove(context: &CommandContext, webhook: WebhookId) -> Result<Done> {
    let lost = context.ledger()?.remove_webhook(webhook, context.now())?;
    Ok(Done::say(match lost {
        0 => format!("Webhook {webhook} is told nothing any more."),
        lost => format!("Webhook {webhook} is told nothing any more; {lost} messages that waited are lost."),
    }))
}

async fn test(context: &CommandContext, webhook: WebhookId) -> Result<Done> {
    let answered = AlertSender::new(context.dialguard()?).test(webhook).await?;
    Ok(Done::show(
        context.json,
        || json!({"answered": answered}),
        || format!("Webhook {webhook} took the test: {answered}."),
    ))
}

fn deliveries(context: &CommandContext, webhook: Option<WebhookId>, all: bool, last: u32) -> Result<Done> {
    let ledger = context.ledger()?;
    webhook.map(|webhook| ledger.webhook(webhook)).transpose()?;
    let deliveries = ledger.deliveries(webhook, !all, last)?;
    let rows = deliveries.iter().map(|delivery| {
        let (state, at) = state(delivery);
        let problem = delivery.last_problem.clone().unwrap_or_default();
        let account = delivery.account.clone().unwrap_or("–".into());
        let (webhook, tries) = (delivery.webhook.to_string(), delivery.tries.to_string());
        [webhook, delivery.kind.clone(), account, rfc3339(delivery.made_at), format!("{state} {at}"), tries, problem]
    });
    let header = ["WEBHOOK", "MESSAGE", "ACCOUNT", "MADE AT", "STATE", "TRIES", "LAST PROBLEM"].map(str::to_owned);
    Ok(Done::show(context.json, || deliveries.iter().map(delivery_json).collect(), || table(header, rows)))
}

fn delivery_json(delivery: &Delivery) -> Value {
    let (state, at) = state(delivery);
    json!({"id": delivery.id, "webhook": delivery.webhook, "account": delivery.account, "run": delivery.run,
           "type": delivery.kind, "made-at": rfc3339(delivery.made_at), "state": state, "at": at,
           "tries": delivery.tries, "last-problem": delivery.last_problem})
}

/// How it stands, and since or until when.
fn state(delivery: &Delivery) -> (&'static str, String) {
    match delivery.state {
        DeliveryState::Waiting(at) => ("waiting", rfc3339(at)),
        DeliveryState::Delivered(at) => ("delivered", rfc3339(at)),
        DeliveryState::Abandoned(at) => ("abandoned", rfc3339(at)),
    }
}

async fn deliver(context: &CommandContext, once: bool) -> Result<Done> {
    ensure!(once || context.at.is_none(), "--at sets the clock for one command and deliver runs for days; add --once");
    log_to_stderr();
    let courier = AlertSender::new(context.dialguard()?);
    if !once {
        courier.keep_delivering(stopped(stop_signal())).await;
        return Ok(Done::say(""));
    }
    let DeliveryCounts { delivered, failed, abandoned, paused, .. } = courier.deliver_due().await?;
    let text = format!(
        "{delivered} messages delivered; of {failed} webhooks the next waits for another try, {abandoned} messages were \
         given up, {paused} webhooks paused."
    );
    let value = || json!({"delivered": delivered, "failed": failed, "abandoned": abandoned, "paused": paused});
    Ok(Done::show(context.json, value, || text))
}
