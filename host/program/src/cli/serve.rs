//! `dialguard serve`: the schedule, alerts, the dashboard and the API.

use super::review::review_these;
use super::terminal::Log;
use super::{CommandContext, Done};
use crate::schedule::{self, FINISH_TIME_MAX, ReviewMode, STEP_TIME_MAX};
use crate::web::{self, Demo, Site, TrustedProxy, WebSettings};
use crate::words::count;
use anyhow::{Context, Result, ensure};
use clap::Args;
use dialguard::policy;
use dialguard_dialer::Dialguard;
use dialguard_dialer::alerts::AlertSender;
use dialguard_dialer::ledger::{Actor, Ledger, LedgerError};
use dialguard_dialer::zones;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The default address of the dashboard and the API, reachable from this machine only.
pub const LISTEN: &str = "127.0.0.1:3425";

#[derive(Args)]
pub struct Serve {
    /// Review the accounts that are due now and exit
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    dashboard: DashboardOptions,
}

#[derive(Args)]
pub struct DashboardOptions {
    /// Address of the dashboard and the API; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = LISTEN)]
    listen: SocketAddr,
    /// Browsers connect by https, through a proxy: restricts cookies to https
    #[arg(long)]
    https: bool,
    /// Address or network of a proxy in front, whose `X-Forwarded-For` or `Forwarded` says who its clients are; may be
    /// repeated
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<TrustedProxy>,
    /// Review only; serve neither dashboard nor API
    #[arg(long, conflicts_with_all = ["listen", "https", "trusted_proxy"])]
    no_page: bool,
}

impl DashboardOptions {
    /// Whether only this machine reaches the dashboard.
    pub fn is_of_this_machine(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

pub async fn serve(context: &CommandContext, Serve { once, dashboard }: Serve) -> Result<Done> {
    ensure!(
        once || context.at.is_none(),
        "--at sets the clock for one command, but `serve` runs until stopped; add --once"
    );
    log_to_stderr();
    if once {
        return serve_once(&context.dialguard()?.acting_as(Actor::schedule())).await;
    }
    // Without a page nobody could set up what is missing.
    let ledger = if dashboard.no_page { context.ledger()? } else { context.new_ledger()? };
    // What the server does by itself, it does when it is due, whoever started it.
    let dialguard = context.dialguard_on(ledger)?.acting_as(Actor::schedule());
    warn_of_place(dialguard.ledger());
    let accounts = dialguard.ledger().accounts()?.into_iter().filter(|account| account.closed_at.is_none()).count();
    tracing::info!("watching {accounts} accounts; press Ctrl-C to stop");
    log_policies(&dialguard)?;
    tracing::info!("time zone data: {}", zones::database());
    let stop = stop_signal();
    let serving = match dashboard.no_page {
        true => None,
        false => Some(open(&dialguard, &dashboard, None, stop.clone()).await?),
    };
    let alerting = {
        let (courier, stop) = (AlertSender::new(dialguard.clone()), stop.clone());
        tokio::spawn(async move { courier.keep_delivering(stopped(stop)).await })
    };
    let reviewing = async { Ok(schedule::serve(&dialguard, stopped(stop.clone())).await?) };
    tokio::try_join!(reviewing, finish(&dialguard, stop.clone(), alerting, serving))?;
    tracing::info!("stopped");
    Ok(Done::say(""))
}

/// Once the program is stopped, waits for messages and requests in progress as long as the schedule waits for reviews.
async fn finish(
    dialguard: &Dialguard,
    stop: watch::Receiver<bool>,
    alerting: JoinHandle<()>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
) -> Result<()> {
    stopped(stop).await;
    let mut ending = pin!(async {
        alerting.await?;
        match serving {
            Some(serving) => Ok(serving.await??),
            None => Ok(()),
        }
    });
    if let Ok(ended) = timeout(FINISH_TIME_MAX, &mut ending).await {
        return ended;
    }
    dialguard.stop();
    timeout(STEP_TIME_MAX, ending).await.unwrap_or_else(|_| {
        tracing::warn!("messages or requests were still in progress, and were cut off");
        Ok(())
    })
}

/// Opens the dashboard and the API, and logs the link that leads in: for the first user, or for a visitor of the demo.
pub async fn open(
    dialguard: &Dialguard,
    dashboard: &DashboardOptions,
    demo: Option<Demo>,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<std::io::Result<()>>> {
    let listener = TcpListener::bind(dashboard.listen).await.with_context(|| {
        format!("cannot serve the dashboard at {}; give another --listen, or --no-page", dashboard.listen)
    })?;
    let settings = WebSettings {
        is_https: dashboard.https,
        trusted_proxies: dashboard.trusted_proxy.clone().into(),
        ..WebSettings::default()
    };
    let address = format!("http://{}", listener.local_addr()?);
    let site = match demo {
        Some(demo) => Site::of_demo(dialguard.clone(), settings, demo)?,
        None => Site::new(dialguard.clone(), settings),
    };
    match site.link()? {
        Some(path) if site.is_demo() => tracing::info!("dashboard: {address}{path} (works until the demo is stopped)"),
        Some(path) => tracing::info!("dashboard: {address}{path} (adds the first user; works until there is one)"),
        None => tracing::info!("dashboard: {address}"),
    }
    if !dashboard.listen.ip().is_loopback() && !dashboard.https {
        tracing::warn!(
            "passwords and tokens cross the network unencrypted; put an https proxy in front, and add --https"
        );
    }
    Ok(tokio::spawn(web::serve(listener, site, stopped(stop))))
}

/// Logs what happens while the program serves.
pub fn log_to_stderr() {
    let levels = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(levels).with_writer(|| Log).init();
}

/// An upgraded program keeps the active policy, and says that it comes with another.
fn log_policies(dialguard: &Dialguard) -> Result<()> {
    let live = dialguard.policies().live_revision()?;
    tracing::info!("active policy: revision {}, {} {}", live.revision, live.name, live.version);
    let built_in = dialguard::sha256(policy::REFERENCE_POLICY);
    if !dialguard.ledger().revisions()?.iter().any(|revision| revision.sha256 == built_in) {
        tracing::info!("this program comes with another policy; `dialguard policy install --built-in` installs it");
    }
    Ok(())
}

/// The ledger has the keys that sign messages, and its folder machine code; and its log needs a local file system.
fn warn_of_place(ledger: &Ledger) {
    if let Some(path) = ledger.open_to_others() {
        tracing::warn!(
            "other users of this machine can read or change {}; `chmod -R go= FOLDER` keeps the ledger's folder private",
            path.display()
        );
    }
    if let Some(kind) = ledger.network_file_system() {
        tracing::warn!(
            "the ledger is on a network file system ({kind}), where its write-ahead log is not safe; keep it on a local disk \
             and copy it with `dialguard ledger backup`"
        );
    }
}

async fn serve_once(dialguard: &Dialguard) -> Result<Done> {
    if let Some((leap, _)) = dialguard.ledger().pass_time(dialguard.now())? {
        AlertSender::new(dialguard.clone()).deliver_due().await?;
        return Err(LedgerError::TimeLeap(Box::new(leap)).into());
    }
    schedule::resume_all(dialguard).await?;
    schedule::close_days(dialguard)?;
    let due = schedule::due_accounts(dialguard, dialguard.now())?;
    let (reviewed, failed) = review_these(dialguard, due, ReviewMode::OncePerDate).await;
    AlertSender::new(dialguard.clone()).deliver_due().await?;
    Ok(Done::say(format!("{} reviewed.", count(reviewed.len() as u64, "account"))).failed_for(failed))
}

/// True once the program is asked to stop: by Ctrl-C, or by the service manager's SIGTERM. If it is asked once more it ends
/// at once, as if it were killed, which loses nothing either.
pub fn stop_signal() -> watch::Receiver<bool> {
    let (sender, stop) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_stop().await;
        sender.send_replace(true);
        asked_to_stop().await;
        tracing::warn!("asked to stop again, and stopped at once");
        std::process::exit(1);
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
