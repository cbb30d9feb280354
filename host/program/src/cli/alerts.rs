//! `dialguard alerts …`: webhooks, which receive messages about what happens.

use super::output::table;
use super::serve::{log_to_stderr, stop_signal, stopped};
use super::{CommandContext, Done};
use crate::json::{Delivery, DeliveryRound, NewWebhook, TestedWebhook, Webhook};
use crate::words::{count, thousands};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard_dialer::alerts::{AlertSender, DeliveryCounts, WebhookSpec, add_webhook};
use dialguard_dialer::ledger::{self, DeliveryState, WebhookId};

#[derive(Subcommand)]
pub enum AlertsCommand {
    /// Add a webhook and show its secret once
    Add(Add),
    /// List the webhooks
    List {
        /// Only those of this account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
    },
    /// Remove a webhook and the messages waiting for it
    Remove {
        /// Its ID, from `dialguard alerts list`
        webhook: WebhookId,
    },
    /// Send a test message now; if the receiver accepts it, a pause ends
    Test {
        /// Its ID, from `dialguard alerts list`
        webhook: WebhookId,
    },
    /// List the messages that are waiting or were abandoned
    Deliveries {
        /// Only those of this webhook
        webhook: Option<WebhookId>,
        /// Also those delivered in the past 35 days
        #[arg(long)]
        all: bool,
        /// How many of the latest to list
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        last: u32,
    },
    /// Deliver messages as they become due, until stopped (`dialguard serve` does this too)
    Deliver {
        /// Deliver what is due now and exit
        #[arg(long)]
        once: bool,
    },
}

#[derive(Args)]
pub struct Add {
    /// Where to send messages: an https address
    url: String,
    /// Only messages about this account [default: every account, and messages about none]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Allow an address of this machine or of a private network, and plain http
    #[arg(long)]
    allow_private: bool,
    /// The dashboard's address, for links in messages
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
    let spec = WebhookSpec {
        account: new.account.as_deref(),
        url: &new.url,
        allow_private: new.allow_private,
        page_address: new.page_address.as_deref(),
    };
    let (webhook, secret) = add_webhook(&*context.ledger()?, &spec, context.now())?;
    let text = || {
        format!(
            "{secret}\nThis secret is shown only once; the receiver checks signatures with it. Webhook {webhook} receives \
             messages from now on.\nNext: dialguard alerts test {webhook}"
        )
    };
    Ok(Done::show(context.json, || NewWebhook { id: webhook, secret: secret.clone() }, text))
}

fn list(context: &CommandContext, account: Option<&str>) -> Result<Done> {
    let webhooks = context.ledger()?.webhooks(account)?;
    let rows = webhooks.iter().map(|webhook| {
        let state = webhook.paused.as_ref().map_or("on".into(), |(at, _)| format!("paused at {}", rfc3339(*at)));
        let account = webhook.account.clone().unwrap_or("every account".into());
        [webhook.id.to_string(), account, webhook.url.clone(), state, webhook.waiting.to_string()]
    });
    let header = ["ID", "ACCOUNT", "URL", "STATE", "WAITING"].map(str::to_owned);
    Ok(Done::show(context.json, || webhooks.iter().map(Webhook::from).collect::<Vec<_>>(), || table(header, rows)))
}

fn remove(context: &CommandContext, webhook: WebhookId) -> Result<Done> {
    let lost = context.ledger()?.remove_webhook(webhook, context.now())?;
    Ok(Done::say(match lost {
        0 => format!("Webhook {webhook} is removed."),
        lost => format!("Webhook {webhook} is removed, and {} with it.", count(lost, "waiting message")),
    }))
}

async fn test(context: &CommandContext, webhook: WebhookId) -> Result<Done> {
    let answered = AlertSender::new(context.dialguard()?).test(webhook).await?;
    Ok(Done::show(
        context.json,
        || TestedWebhook { answered: answered.clone() },
        || format!("Webhook {webhook} accepted the test: {answered}."),
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
    Ok(Done::show(context.json, || deliveries.iter().map(Delivery::from).collect::<Vec<_>>(), || table(header, rows)))
}

/// Its state, and since or until when.
fn state(delivery: &ledger::Delivery) -> (&'static str, String) {
    match delivery.state {
        DeliveryState::Waiting(at) => ("waiting", rfc3339(at)),
        DeliveryState::Delivered(at) => ("delivered", rfc3339(at)),
        DeliveryState::Abandoned(at) => ("abandoned", rfc3339(at)),
    }
}

async fn deliver(context: &CommandContext, once: bool) -> Result<Done> {
    ensure!(
        once || context.at.is_none(),
        "--at sets the clock for one command, but `deliver` runs until stopped; add --once"
    );
    log_to_stderr();
    let courier = AlertSender::new(context.dialguard()?);
    if !once {
        courier.keep_delivering(stopped(stop_signal())).await;
        return Ok(Done::say(""));
    }
    let sent = courier.deliver_due().await?;
    let text = || {
        let DeliveryCounts { delivered, failed, abandoned, paused, .. } = &sent;
        format!(
            "{} delivered, {} to be retried, {} abandoned; {} paused.",
            count((*delivered).into(), "message"),
            thousands((*failed).into()),
            thousands((*abandoned).into()),
            count((*paused).into(), "webhook"),
        )
    };
    Ok(Done::show(context.json, || DeliveryRound::from(&sent), text))
}
