//! `dialguard serve`: the schedule, alerts, the page and the API.

use super::review::review_these;
use super::{CommandContext, Done};
use crate::schedule::{self, Manner};
use crate::web::{self, Site, WebSettings};
use anyhow::{Context, Result, ensure};
use clap::Args;
use dialguard::policy;
use dialguard_dialer::Dialguard;
use dialguard_dialer::alerts::AlertSender;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Where the page and the API are unless told otherwise: only for this machine.
pub const LISTEN: &str = "127.0.0.1:3425";

#[derive(Args)]
pub struct Serve {
    /// Review the accounts that are due now, and stop
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    page: PageOptions,
}

#[derive(Args)]
pub struct PageOptions {
    /// Where the page and the API are served; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = LISTEN)]
    listen: SocketAddr,
    /// Browsers reach it by https, through a proxy: cookies then take no other way
    #[arg(long)]
    https: bool,
    /// Review only, and serve no page and no API
    #[arg(long, conflicts_with_all = ["listen", "https"])]
    no_page: bool,
}

pub async fn serve(context: &CommandContext, Serve { once, page }: Serve) -> Result<Done> {
    ensure!(once || context.at.is_none(), "--at sets the clock for one command and serve runs for days; add --once");
    log_to_stderr();
    let dialguard = context.dialguard()?;
    if once {
        return serve_once(&dialguard).await;
    }
    tracing::info!("watching {} accounts; Ctrl-C ends it", dialguard.ledger().accounts()?.len());
    tell_of_policies(&dialguard)?;
    let stop = stop_signal();
    let serving = match page.no_page {
        true => None,
        false => Some(open(&dialguard, &page, None, stop.clone()).await?),
    };
    let alerting = {
        let (courier, stop) = (AlertSender::new(dialguard.clone()), stop.clone());
        tokio::spawn(async move { courier.keep_delivering(stopped(stop)).await })
    };
    schedule::serve(&dialguard, stopped(stop)).await?;
    alerting.await?;
    if let Some(serving) = serving {
        serving.await??;
    }
    tracing::info!("stopped; every review begun was finished");
    Ok(Done::say(""))
}

/// Opens the page and the API. `person` is signed in by the link that is told.
pub async fn open(
    dialguard: &Dialguard,
    page: &PageOptions,
    person: Option<&str>,
    stop: watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<std::io::Result<()>>> {
    let listener = TcpListener::bind(page.listen).await.with_context(|| {
        format!("the page cannot be served at {}; give another --listen, or --no-page for none", page.listen)
    })?;
    let mut settings = WebSettings::default();
    settings.is_https = page.https;
    let site = Site::new(dialguard.clone(), settings);
    let address = format!("http://{}", listener.local_addr()?);
    match person {
        Some(person) => tracing::info!("the page: {address}{}", site.sign_in_path(person)?),
        None if dialguard.ledger().users()?.is_empty() => {
            tracing::info!("the page: {address}, where nobody can sign in yet; `dialguard users add` adds somebody");
        }
        None => tracing::info!("the page: {address}"),
    }
    if !page.listen.ip().is_loopback() && !page.https {
        tracing::warn!(
            "passwords and tokens cross the network as they are; put a proxy with https before it, and add --https"
        );
    }
    Ok(tokio::spawn(web::serve(listener, site, stopped(stop))))
}

/// Logs what happens while the program serves.
pub fn log_to_stderr() {
    let levels = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(levels).with_writer(std::io::stderr).init();
}

/// A program that was upgraded goes on by the policy that decides, and says that it brought another.
fn tell_of_policies(dialguard: &Dialguard) -> Result<()> {
    let live = dialguard.policies().live_revision()?;
    tracing::info!("revision {} of the policy decides: {} {}", live.revision, live.name, live.version);
    let built_in = dialguard::sha256(policy::REFERENCE_POLICY);
    if !dialguard.ledger().revisions()?.iter().any(|revision| revision.sha256 == built_in) {
        tracing::info!("this program brings another policy; `dialguard policy install --built-in` makes it a revision");
    }
    Ok(())
}

async fn serve_once(dialguard: &Dialguard) -> Result<Done> {
    schedule::resume_all(dialguard).await?;
    let due = schedule::due_accounts(dialguard, dialguard.now())?;
    let (reviewed, failed) = review_these(dialguard, due, Manner::OnceADate).await;
    AlertSender::new(dialguard.clone()).deliver_due().await?;
    Ok(Done::say(format!("{} accounts reviewed.", reviewed.len())).failed_for(failed))
}

/// True once the program is asked to stop: by Ctrl-C, or by the service manager's SIGTERM.
pub fn stop_signal() -> watch::Receiver<bool> {
    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_stop().await;
        tell.send_replace(true);
    });
    stop
}

/// Ready once it is true.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            return;
        }
    }
    let _ = interrupted.await;
}
