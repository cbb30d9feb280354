//! `dialguard doctor`: whether what Dialguard depends on is as it should be.

use super::{CommandContext, Done};
use crate::json::{Checkup, Finding};
use crate::words::{concern_in_words, count, remedy, time_in_words};
use anyhow::{Error, Result};
use dialguard_dialer::attention::{Concern, of_program};
use dialguard_dialer::ledger::{Ledger, LedgerError};
use dialguard_dialer::providers::open_provider;
use dialguard_dialer::sources::inquiry::inspect;
use dialguard_dialer::sources::lookups::reach;
use dialguard_dialer::zones;
use std::path::Path;
use std::sync::Arc;

/// Free room below which a disk is called nearly full, in bytes.
const FREE_BYTES_MIN: u64 = 1 << 30;

impl Finding {
    fn of(check: &'static str, found: Result<String, (String, Option<String>)>) -> Self {
        match found {
            Ok(text) => Finding { check, ok: true, text, remedy: None },
            Err((text, remedy)) => Finding { check, ok: false, text, remedy },
        }
    }

    fn of_concern(check: &'static str, concern: &Concern) -> Self {
        let remedy = remedy(concern).command.map(str::to_owned);
        Finding { check, ok: false, text: concern_in_words(concern), remedy }
    }
}

pub async fn doctor(context: &CommandContext) -> Result<Done> {
    if !context.has_ledger() {
        return Err(LedgerError::NoLedger(context.data.clone()).into());
    }
    let mut checks = vec![ledger_file(&context.data)];
    checks.extend(disk(&context.data));
    match context.ledger() {
        Ok(ledger) => checks.extend(inside(context, &ledger).await?),
        Err(error) => checks.push(failed("ledger", &error)),
    }
    let report = Checkup { healthy: checks.iter().all(|check| check.ok), checks };
    let healthy = report.healthy;
    let text = || report.checks.iter().map(line).collect();
    Ok(Done::show(context.json, || &report, text).needs_attention_if(!healthy))
}

fn line(finding: &Finding) -> String {
    let mark = if finding.ok { "ok " } else { "!  " };
    let remedy = finding.remedy.as_ref().map_or(String::new(), |step| format!("   {step}\n"));
    format!("{mark}{}: {}\n{remedy}", finding.check, finding.text.trim_end())
}

fn failed(check: &'static str, error: &Error) -> Finding {
    Finding::of(check, Err((format!("{error:#}"), super::hint(error).map(|hint| hint.to_string()))))
}

/// All that can be asked once the ledger is open.
async fn inside(context: &CommandContext, ledger: &Arc<Ledger>) -> Result<Vec<Finding>> {
    let mut checks = vec![folder(ledger), clock(context, ledger)?];
    checks.push(Finding::of("time zones", Ok(format!("data {}", zones::database()))));
    let concerns = of_program(ledger, context.now())?;
    checks.extend(policy(context, ledger, &concerns));
    checks.extend(sources(context, ledger, &concerns).await?);
    checks.extend(providers(ledger).await?);
    checks.push(webhooks(ledger)?);
    Ok(checks)
}

fn ledger_file(folder: &Path) -> Finding {
    let found = match Ledger::check(folder) {
        Ok(report) if report.is_sound() => Ok(format!("sound, {} hold", count(report.rules.len() as u64, "rule"))),
        Ok(report) => {
            let broken: Vec<_> = report.broken().map(|rule| rule.name).collect();
            let text = format!("broken: {}", broken.join(", "));
            Err((text, Some("`dialguard ledger check` shows the rows; `dialguard ledger restore` takes a copy".into())))
        }
        Err(error) => return failed("ledger", &error.into()),
    };
    Finding::of("ledger", found)
}

/// Where the system tells how much room there is.
fn disk(folder: &Path) -> Option<Finding> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder).ok()?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let text = format!("{:.1} GiB free", free as f64 / f64::from(1 << 30));
        let found = match free >= FREE_BYTES_MIN {
            true => Ok(text),
            false => Err((text, Some("make room: a ledger whose disk is full cannot be changed".into()))),
        };
        Some(Finding::of("disk", found))
    }
    #[cfg(not(unix))]
    {
        let _ = (folder, FREE_BYTES_MIN);
        None
    }
}

fn folder(ledger: &Ledger) -> Finding {
    if ledger.is_read_only() {
        let remedy = "give the user who runs Dialguard the folder: `chown -R USER FOLDER`";
        return Finding::of("folder", Err(("it can only be read".into(), Some(remedy.into()))));
    }
    let others = ledger.open_to_others().map(Concern::LedgerOpenToOthers);
    match others.or_else(|| ledger.network_file_system().map(Concern::LedgerOnNetwork)) {
        Some(concern) => Finding::of_concern("folder", &concern),
        None => Finding::of("folder", Ok("private, and on a local file system".into())),
    }
}

fn clock(context: &CommandContext, ledger: &Ledger) -> Result<Finding> {
    let time = ledger.time_at(context.now())?;
    Ok(match &time.leap {
        Some(leap) => Finding::of_concern("clock", &Concern::ClockLeap(Box::new(leap.clone()))),
        None => Finding::of("clock", Ok(time_in_words(&time))),
    })
}

/// The live policy, which is loaded for it.
fn policy(context: &CommandContext, ledger: &Arc<Ledger>, concerns: &[Concern]) -> Vec<Finding> {
    let is_of_policy =
        |concern: &&Concern| matches!(concern, Concern::PolicyRolledBack { .. } | Concern::PolicyFailing { .. });
    let mut found: Vec<_> =
        concerns.iter().filter(is_of_policy).map(|concern| Finding::of_concern("policy", concern)).collect();
    let loaded = context.policies(ledger.clone()).and_then(|policies| {
        policies.live()?;
        Ok(policies.live_revision()?)
    });
    found.push(match loaded {
        Ok(live) => Finding::of("policy", Ok(format!("revision {}, {} {}", live.revision, live.name, live.version))),
        Err(error) => failed("policy", &error),
    });
    found
}

async fn sources(context: &CommandContext, ledger: &Ledger, concerns: &[Concern]) -> Result<Vec<Finding>> {
    let is_of_sources = |concern: &&Concern| matches!(concern, Concern::NoSource | Concern::SourcesFailing { .. });
    let mut found: Vec<_> =
        concerns.iter().filter(is_of_sources).map(|concern| Finding::of_concern("sources", concern)).collect();
    for source in ledger.sources()? {
        let outcome = match inspect(&source, context.now()) {
            Ok(holds) => reach(&source).await.map(|()| holds),
            Err(error) => Err(error),
        };
        let remedy = format!("`dialguard sources test {} NUMBER` asks it about a number", source.name);
        let said = |text: String| format!("{}: {text}", source.name);
        found.push(Finding::of("source", outcome.map(said).map_err(|error| (said(error.to_string()), Some(remedy)))));
    }
    Ok(found)
}

async fn providers(ledger: &Ledger) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for profile in ledger.providers()? {
        let tested = match open_provider(&profile) {
            Ok(provider) => provider.test().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let said = |text: String| format!("{}: {text}", profile.name);
        let works = |limits: Vec<String>| match &limits[..] {
            [] => "works".to_owned(),
            limits => format!("works; {}", limits.join("; ")),
        };
        let remedy = format!("`dialguard providers set {}` changes its secrets and its address", profile.name);
        found.push(Finding::of("provider", tested.map(works).map(said).map_err(|why| (said(why), Some(remedy)))));
    }
    Ok(found)
}

/// Of every account, and for every account.
fn webhooks(ledger: &Ledger) -> Result<Finding> {
    let webhooks = ledger.webhooks(None)?;
    let paused: Vec<_> = webhooks.iter().filter(|one| one.paused.is_some()).map(|one| one.id.to_string()).collect();
    let waiting: u64 = webhooks.iter().map(|webhook| webhook.waiting).sum();
    let text = format!(
        "{}, {} paused, {} waiting",
        count(webhooks.len() as u64, "webhook"),
        paused.len(),
        count(waiting, "message")
    );
    let found = match &paused[..] {
        [] => Ok(text),
        ids => Err((text, Some(format!("`dialguard alerts test ID` resumes it: {}", ids.join(", "))))),
    };
    Ok(Finding::of("webhooks", found))
}
