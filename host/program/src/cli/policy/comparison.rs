//! Comparing policies, and repeating runs.

use super::super::output::{dollars, e164, table};
use super::super::{CommandContext, Done};
use super::life::settings_in_words;
use crate::json::{ComparisonSummary, SettingsOnActivation};
use crate::words::{count, thousands};
use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use clap::Args;
use dialguard::calendar::{day_starts_at, rfc3339};
use dialguard::contract::{Status, Timestamp};
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::ledger::{Difference, RecordedRun, Revision, RunComparison, RunOutcome};
use dialguard_dialer::policies::comparison::{self, Summary};
use dialguard_dialer::policies::settings_change::SettingsChange;
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

#[derive(Args)]
pub struct Shadow {
    /// The revision to compare
    #[arg(required_unless_present = "off")]
    revision: Option<Revision>,
    /// Stop comparing
    #[arg(long, conflicts_with = "revision")]
    off: bool,
}

#[derive(Args)]
pub struct Diff {
    /// The revision [default: the shadow revision]
    revision: Option<Revision>,
    /// Only reviews on this date (UTC) or later
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    #[command(flatten)]
    options: DiffOptions,
}

#[derive(Args)]
pub struct Backtest {
    /// The revision to compare
    revision: Revision,
    /// Reviews on this date (UTC) or later
    #[arg(long, value_name = "DATE")]
    since: NaiveDate,
    #[command(flatten)]
    options: DiffOptions,
}

#[derive(Args)]
struct DiffOptions {
    /// List every difference, not only the totals
    #[arg(long)]
    each: bool,
    /// Price of a replacement, in US cents
    #[arg(long, value_name = "CENTS", default_value_t = REPLACEMENT_PRICE_CENTS)]
    replacement_cents: u64,
}

#[derive(Args)]
pub struct Replay {
    /// The run, from `dialguard events`
    run: u64,
    /// Show what this revision would have done instead
    #[arg(long)]
    revision: Option<Revision>,
}

pub fn shadow(context: &CommandContext, Shadow { revision, .. }: Shadow) -> Result<Done> {
    let policies = context.policies(context.ledger()?)?;
    policies.shadow(revision, context.now())?;
    Ok(Done::say(match revision {
        Some(revision) => format!(
            "Every review is now compared with what revision {revision} would have done. `dialguard policy diff` shows the result."
        ),
        None => "Stopped comparing reviews.".into(),
    }))
}

pub fn diff(context: &CommandContext, Diff { revision, since, options }: Diff) -> Result<Done> {
    let ledger = context.ledger()?;
    let policies = context.policies(ledger.clone())?;
    let shadow = ledger.policy_state()?.shadow.map(|shadow| shadow.revision);
    let revision = revision
        .or(shadow)
        .context("there is no shadow revision; give a revision, or start with `dialguard policy shadow`")?;
    ledger.revision(revision)?;
    let since = since.map_or(0, start);
    let compared = ledger.comparisons(revision, since)?;
    let settings = policies.settings_change(revision).ok();
    Ok(summed_up(context, revision, settings.as_ref(), &compared, ledger.reviews_not_recorded(since)?, &options))
}

pub async fn backtest(context: &CommandContext, Backtest { revision, since, options }: Backtest) -> Result<Done> {
    let ledger = context.ledger()?;
    let policies = context.policies(ledger.clone())?;
    let style = ProgressStyle::with_template("{spinner} {pos} reviews compared, {per_sec}").expect("a valid template");
    let progress = ProgressBar::no_length().with_style(style);
    let compared = policies.backtest(revision, start(since), |count| progress.inc(count as u64)).await?;
    progress.finish_and_clear();
    ensure!(
        !compared.is_empty(),
        "no review since {since} is on record; `dialguard policy limits` shows how long recordings are kept"
    );
    Ok(summed_up(context, revision, None, &compared, ledger.reviews_not_recorded(start(since))?, &options))
}

fn start(date: NaiveDate) -> Timestamp {
    day_starts_at(date, chrono::Utc)
}

fn summed_up(
    context: &CommandContext,
    revision: Revision,
    settings: Option<&SettingsChange>,
    compared: &[RunComparison],
    not_recorded: u64,
    options: &DiffOptions,
) -> Done {
    let summary = Summary { not_recorded, ..Summary::of(compared) };
    let cents = |replacements: usize| replacements as u64 * options.replacement_cents;
    let (more, fewer) = (cents(summary.replaced_more.len()), cents(summary.replaced_less.len()));
    Done::show(
        context.json,
        || {
            let each = options.each.then_some(compared);
            let settings = settings.map(|change| SettingsOnActivation::new(revision, change));
            ComparisonSummary::new(revision, &summary, more as i64 - fewer as i64, each, settings)
        },
        || {
            let figure = |count: usize| thousands(count as u64);
            let mut text = format!(
                "Revision {revision} on {}, {} of them identical\n\
                 flagged sooner           {} numbers\n\
                 flagged later or never   {}\n\
                 rated differently        {}\n\
                 would replace            {} that the active policy kept\n\
                 would keep               {} that the active policy replaced\n\
                 other replacement        {}\n\
                 cost                     {} more, {} less, for replacements at {} each\n",
                count(summary.reviews as u64, "review"),
                figure(summary.reviews_alike),
                figure(summary.flagged_sooner.len()),
                figure(summary.flagged_later.len()),
                figure(summary.rated_differently.len()),
                figure(summary.replaced_more.len()),
                figure(summary.replaced_less.len()),
                figure(summary.replaced_by_another.len()),
                dollars(more),
                dollars(fewer),
                dollars(options.replacement_cents),
            );
            if summary.unknown > 0 {
                text += &format!(
                    "beyond the record        {} questions, answered as well as the record allows\n",
                    thousands(summary.unknown)
                );
            }
            if not_recorded > 0 {
                text += &format!(
                    "not compared             {}, whose recordings were too large or made room for newer ones\n",
                    count(not_recorded, "review")
                );
            }
            for (run, why) in summary.failures.iter().take(10) {
                text += &format!("! run {run} would have failed: {why}\n");
            }
            if summary.failures.len() > 10 {
                text += &format!("! and {} more runs would have failed\n", figure(summary.failures.len() - 10));
            }
            if options.each {
                let rows = each(compared).map(|(compared, difference)| {
                    let (live, candidate) = sides(difference);
                    let run = compared.comparison.run.to_string();
                    [
                        run,
                        rfc3339(compared.decided_at),
                        compared.account.clone(),
                        e164(difference.number).to_string(),
                        live,
                        candidate,
                    ]
                });
                text += &table(["RUN", "AT", "ACCOUNT", "NUMBER", "ACTIVE", "CANDIDATE"].map(str::to_owned), rows);
            }
            text + &settings.map_or(String::new(), |change| settings_in_words(revision, change))
        },
    )
}

fn each(compared: &[RunComparison]) -> impl Iterator<Item = (&RunComparison, &Difference)> {
    compared.iter().flat_map(|run| run.comparison.differences.iter().map(move |difference| (run, difference)))
}

/// What the active policy did, and what the candidate would have done.
fn sides(difference: &Difference) -> (String, String) {
    let side = |status: Status, replacement: Option<u64>| match replacement {
        None => status.name().to_owned(),
        Some(PLACEHOLDER_FIRST..) => format!("{}, replaced", status.name()),
        Some(number) => format!("{}, replaced by {}", status.name(), e164(number)),
    };
    (
        side(difference.live_status, difference.live_replacement),
        side(difference.candidate_status, difference.candidate_replacement),
    )
}

pub async fn replay(context: &CommandContext, Replay { run, revision }: Replay) -> Result<Done> {
    let ledger = context.ledger()?;
    let policies = context.policies(ledger.clone())?;
    let recorded = ledger.recorded_run(run)?;
    match revision {
        None => {
            let policy = policies.policy_of(&recorded.policy)?;
            let replayed = comparison::replay(&recorded, &policy).await;
            let made = replayed.outcome.context("the run is on record, but failed when it was replayed")?;
            Ok(repeated(context, &recorded, &made))
        }
        Some(revision) => {
            let policy = policies.policy(revision)?;
            let comparison = comparison::compare(&recorded, &policy).await;
            let (account, decided_at) = (recorded.account, recorded.decided_at);
            let options = DiffOptions { each: true, replacement_cents: REPLACEMENT_PRICE_CENTS };
            Ok(summed_up(context, revision, None, &[RunComparison { account, decided_at, comparison }], 0, &options))
        }
    }
}

fn repeated(context: &CommandContext, run: &RecordedRun, made: &RunOutcome) -> Done {
    let (recorded, again) = (run.outcome.to_bytes(), made.to_bytes());
    let same = recorded == again;
    let plan = run.outcome.plan();
    let revision = run.revision.map_or("–".to_owned(), |revision| revision.to_string());
    let done = Done::show(
        context.json,
        || {
            json!({
                "run": run.run,
                "account": run.account,
                "decided-at": rfc3339(run.decided_at),
                "revision": run.revision,
                "policy": run.policy,
                "contract": run.contract,
                "host": run.host_version,
                "calls": run.recording.calls.len(),
                "plan-bytes": recorded.len(),
                "plan-sha256": dialguard::sha256(&again),
                "same": same,
            })
        },
        || {
            format!(
                "Run {}: {} at {}, revision {revision} (contract {}, Dialguard {}), {} calls answered from the record\n\
                 {}, {}, {}; {}\n",
                run.run,
                run.account,
                rfc3339(run.decided_at),
                run.contract,
                run.host_version,
                thousands(run.recording.calls.len() as u64),
                count(plan.reviews.len() as u64, "review"),
                count(plan.actions.len() as u64, "action"),
                count(plan.notices.len() as u64, "notice"),
                if same {
                    format!("the plan is the same, byte for byte ({} bytes)", thousands(again.len() as u64))
                } else {
                    format!(
                        "THE PLAN DIFFERS: {} bytes on record, {} now",
                        thousands(recorded.len() as u64),
                        thousands(again.len() as u64)
                    )
                }
            )
        },
    );
    if same { done } else { done.failed_for(vec![format!("run {}: the replay made another plan", run.run)]) }
}
