//! Comparing policies, and repeating runs.

use super::super::output::{dollars, e164, table};
use super::super::{CommandContext, Done};
use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use clap::Args;
use dialguard::calendar::{day_starts_at, rfc3339};
use dialguard::contract::{Status, Timestamp};
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::ledger::{Difference, RecordedRun, Revision, RunComparison, RunOutcome};
use dialguard_dialer::policies::comparison::{self, Summary};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Shadow {
    /// The revision to compare
    #[arg(required_unless_present = "off")]
    revision: Option<Revision>,
    /// Compare no more
    #[arg(long, conflicts_with = "revision")]
    off: bool,
}

#[derive(Args)]
pub struct Diff {
    /// The revision; without one, the one that is compared now
    revision: Option<Revision>,
    /// Only reviews of this date (UTC) or later
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    #[command(flatten)]
    options: DiffOptions,
}

#[derive(Args)]
pub struct Backtest {
    /// The revision to compare
    revision: Revision,
    /// Reviews of this date (UTC) or later
    #[arg(long, value_name = "DATE")]
    since: NaiveDate,
    #[command(flatten)]
    options: DiffOptions,
}

#[derive(Args)]
struct DiffOptions {
    /// Name every difference, not only their sums
    #[arg(long)]
    each: bool,
    /// What a replacement costs, in US cents
    #[arg(long, value_name = "CENTS", default_value_t = REPLACEMENT_PRICE_CENTS)]
    replacement_cents: u64,
}

#[derive(Args)]
pub struct Replay {
    /// The run, as `events` names it
    run: u64,
    /// Say what this revision would have done instead
    #[arg(long)]
    revision: Option<Revision>,
}

pub fn shadow(context: &CommandContext, Shadow { revision, .. }: Shadow) -> Result<Done> {
    let policies = context.policies(context.ledger()?)?;
    policies.shadow(revision, context.now())?;
    Ok(Done::say(match revision {
        Some(revision) => format!(
            "Every review is compared with what revision {revision} would have done; `dialguard policy diff` sums it up."
        ),
        None => "Reviews are compared with nothing any more.".into(),
    }))
}

pub fn diff(context: &CommandContext, Diff { revision, since, options }: Diff) -> Result<Done> {
    let ledger = context.ledger()?;
    context.policies(ledger.clone())?;
    let shadow = ledger.policy_state()?.shadow.map(|shadow| shadow.revision);
    let revision =
        revision.or(shadow).context("no revision is compared now; name one, or begin with `policy shadow`")?;
    ledger.revision(revision)?;
    let compared = ledger.comparisons(revision, since.map_or(0, start))?;
    Ok(summed_up(context, revision, &compared, &options))
}

pub async fn backtest(context: &CommandContext, Backtest { revision, since, options }: Backtest) -> Result<Done> {
    let policies = context.policies(context.ledger()?)?;
    let style = ProgressStyle::with_template("{spinner} {pos} reviews compared, {per_sec}").expect("a template");
    let progress = ProgressBar::no_length().with_style(style);
    let compared = policies.backtest(revision, start(since), |count| progress.inc(count as u64)).await?;
    progress.finish_and_clear();
    ensure!(
        !compared.is_empty(),
        "no review since {since} is on record; recordings are kept as long as `dialguard policy limits` says"
    );
    Ok(summed_up(context, revision, &compared, &options))
}

fn start(date: NaiveDate) -> Timestamp {
    day_starts_at(date, chrono_tz::UTC)
}

fn summed_up(context: &CommandContext, revision: Revision, compared: &[RunComparison], options: &DiffOptions) -> Done {
    let summary = Summary::of(compared);
    let cents = |replacements: usize| replacements as u64 * options.replacement_cents;
    let (more, fewer) = (cents(summary.replaced_more.len()), cents(summary.replaced_less.len()));
    Done::show(
        context.json,
        || {
            json!({
                "revision": revision,
                "reviews": summary.reviews,
                "reviews-alike": summary.reviews_alike,
                "flagged-sooner": summary.flagged_sooner.len(),
                "flagged-later": summary.flagged_later.len(),
                "otherwise-rated": summary.rated_differently.len(),
                "replaced-more": summary.replaced_more.len(),
                "replaced-less": summary.replaced_less.len(),
                "replaced-by-another": summary.replaced_by_another.len(),
                "cents": more as i64 - fewer as i64,
                "unknown": summary.unknown,
                "failures": summary.failures.iter().map(|(run, why)| json!({"run": run, "why": why})).collect::<Vec<_>>(),
                "differences": if options.each { Value::from_iter(each(compared).map(each_json)) } else { Value::Null },
            })
        },
        || {
            let mut text = format!(
                "Revision {revision} on {} reviews, {} of them just the same\n\
                 flagged sooner           {} numbers\n\
                 flagged later, or not    {}\n\
                 rated otherwise          {}\n\
                 replaced, though kept    {}\n\
                 kept, though replaced    {}\n\
                 replaced by another      {}\n\
                 dollars                  {} more, {} less for replacements at {} each\n",
                summary.reviews,
                summary.reviews_alike,
                summary.flagged_sooner.len(),
                summary.flagged_later.len(),
                summary.rated_differently.len(),
                summary.replaced_more.len(),
                summary.replaced_less.len(),
                summary.replaced_by_another.len(),
                dollars(more),
                dollars(fewer),
                dollars(options.replacement_cents),
            );
            if summary.unknown > 0 {
                text +=
                    &format!("asked beyond the record  {} times, answered as best the record could\n", summary.unknown);
            }
            for (run, why) in summary.failures.iter().take(10) {
                text += &format!("! run {run}: it would have done nothing: {why}\n");
            }
            if summary.failures.len() > 10 {
                text +=
                    &format!("! and {} more runs in which it would have done nothing\n", summary.failures.len() - 10);
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
                text += &table(["RUN", "AT", "ACCOUNT", "NUMBER", "LIVE", "CANDIDATE"].map(str::to_owned), rows);
            }
            text
        },
    )
}

fn each(compared: &[RunComparison]) -> impl Iterator<Item = (&RunComparison, &Difference)> {
    compared.iter().flat_map(|run| run.comparison.differences.iter().map(move |difference| (run, difference)))
}

fn each_json((compared, difference): (&RunComparison, &Difference)) -> Value {
    let by = |replacement: Option<u64>| replacement.filter(|number| *number < PLACEHOLDER_FIRST).map(e164);
    json!({
        "run": compared.comparison.run,
        "account": compared.account,
        "number": e164(difference.number),
        "live": {
            "status": difference.live_status.name(),
            "replaced": difference.live_replacement.is_some(),
            "by": by(difference.live_replacement),
        },
        "candidate": {
            "status": difference.candidate_status.name(),
            "replaced": difference.candidate_replacement.is_some(),
            "by": by(difference.candidate_replacement),
        },
    })
}

/// What the live policy did, and what the candidate would have done.
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
            let made = replayed.outcome.context("the run is on record, and failed when it was made again")?;
            Ok(repeated(context, &recorded, &made))
        }
        Some(revision) => {
            let policy = policies.policy(revision)?;
            let comparison = comparison::compare(&recorded, &policy).await;
            let (account, decided_at) = (recorded.account, recorded.decided_at);
            let options = DiffOptions { each: true, replacement_cents: REPLACEMENT_PRICE_CENTS };
            Ok(summed_up(context, revision, &[RunComparison { account, decided_at, comparison }], &options))
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
                 {} reviews, {} actions, {} notices; {}\n",
                run.run,
                run.account,
                rfc3339(run.decided_at),
                run.contract,
                run.host_version,
                run.recording.calls.len(),
                plan.reviews.len(),
                plan.actions.len(),
                plan.notices.len(),
                if same {
                    format!("the plan is the same, byte for byte ({} bytes)", again.len())
                } else {
                    format!("THE PLAN IS ANOTHER: {} bytes on record, {} now", recorded.len(), again.len())
                }
            )
        },
    );
    if same { done } else { done.failed_for(vec![format!("run {}: made again it comes to another plan", run.run)]) }
}
