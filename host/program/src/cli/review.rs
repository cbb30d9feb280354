//! `review`, `usage`, `checks`, `days` and `events`.

use super::consent::{Consent, Question, agrees};
use super::output::{dollars, e164, problems_in_words, table};
use super::terminal::tell;
use super::{CommandContext, Done, hint};
use crate::json::{Checks, Event, ProgramEvent, RatedDays, Review, Usage};
use crate::schedule::{self, ReviewMode};
use crate::words::{
    REPLACEMENTS_LISTED_MAX, answered_in_words, by_in_words, check_in_words, checks_in_words, count, day_in_words,
    headline, rated_days_in_rows, replacement_in_words, sentence, signed_dollars, thousands, time_of_day, time_of_step,
};
use anyhow::Result;
use clap::Args;
use dialguard::calendar::{NaiveDate, rfc3339};
use dialguard::contract::{self, Action, Request};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::{Completion, DialguardError, ReplacementCost, ReviewOutcome, count_to_type};
use dialguard_dialer::ledger::{
    self, EventFilter, EventQuery, Ledger, MarkCounts, ProgramEventQuery, StoryEntry, Subject,
};
use dialguard_dialer::ledger::{counted_before_in_words, rated_count};
use dialguard_dialer::phone::PhoneNumber;
use dialguard_dialer::prices::price_cents;
use dialguard_dialer::zones::Zone;
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Args)]
pub struct OneAccount {
    /// The account
    id: String,
}

#[derive(Args)]
pub struct ReviewOptions {
    /// The accounts [default: all with the add-on on]
    ids: Vec<String>,
    /// Only check: replace nothing, and list what automatic replacement would replace
    #[arg(long, conflicts_with = "yes")]
    check: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Args)]
pub struct EventOptions {
    /// The account [default: what happened outside accounts: to users, tokens, sources, policies and the like]
    id: Option<String>,
    /// Only events of this number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, requires = "id")]
    number: Option<String>,
    /// How many of the latest to list; without --json, events that belong together count as one
    #[arg(long, value_name = "N", default_value_t = 100)]
    last: u32,
}

pub async fn review(context: &CommandContext, ReviewOptions { ids, check, consent }: ReviewOptions) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let ids = if ids.is_empty() {
        dialguard.ledger().accounts()?.into_iter().filter(|account| account.enabled).map(|account| account.id).collect()
    } else {
        // An unknown account is an error before any review runs.
        ids.iter().try_for_each(|id| dialguard.ledger().account(id).map(|_| ()))?;
        ids
    };
    let mode = match consent {
        Consent { dry_run: true, .. } => ReviewMode::DryRun,
        _ if check || consent.asks() => ReviewMode::Check,
        _ => ReviewMode::Again,
    };
    let (mut reviewed, mut failed) = review_these(&dialguard, ids.clone(), mode).await;
    let place = |id: &String| ids.iter().position(|asked| asked == id);
    reviewed.sort_by_key(|(id, _)| place(id));
    failed.sort();
    if mode == ReviewMode::Check && !check && agrees_to_proposals(&reviewed)? {
        make_proposals(&dialguard, &mut reviewed).await?;
    }
    let done = Done::show(
        context.json,
        || reviewed.iter().map(|(id, reviewed)| Review::new(id, reviewed)).collect::<Vec<_>>(),
        || reviewed.iter().map(|(id, review)| review_in_words(id, review, mode)).collect(),
    );
    Ok(done.failed_for(failed))
}

/// Whether a user wants what automatic replacement would do; without proposals, there is nothing to want.
fn agrees_to_proposals(checked: &[(String, ReviewOutcome)]) -> Result<bool> {
    let proposed: Vec<_> = checked.iter().flat_map(|(_, checked)| checked.proposed.iter().cloned()).collect();
    if proposed.is_empty() {
        return Ok(false);
    }
    let cost = ReplacementCost::of(&proposed);
    let listed = proposed.iter().take(REPLACEMENTS_LISTED_MAX).map(|it| format!("{}\n", replacement_in_words(it)));
    let unlisted = proposed.len().saturating_sub(REPLACEMENTS_LISTED_MAX) as u64;
    let mut told = listed.collect::<String>();
    if unlisted > 0 {
        told += &format!("and {} more\n", thousands(unlisted));
    }
    told += &format!("{}\n", cost_in_words(&cost));
    let act = format!("replace {}", count(proposed.len() as u64, "number"));
    agrees(&Question { told, act, count: count_to_type(proposed.len(), cost.total_cents()) })
}

/// Makes the replacements that checks proposed.
async fn make_proposals(dialguard: &Dialguard, checked: &mut [(String, ReviewOutcome)]) -> Result<()> {
    for (id, checked) in checked.iter_mut().filter(|(_, checked)| !checked.proposed.is_empty()) {
        let numbers = checked.proposed.drain(..).map(|planned| planned.replacement.number).collect();
        let made = dialguard.decide_all(id, &Request::ReplaceNumbers(numbers)).await?;
        checked.replaced.extend(made.replaced);
        checked.orders.extend(made.orders);
        checked.problems.extend(made.problems);
    }
    Ok(())
}

/// The reviews that succeeded, and why the others failed.
pub async fn review_these(
    dialguard: &Dialguard,
    ids: Vec<String>,
    mode: ReviewMode,
) -> (Vec<(String, ReviewOutcome)>, Vec<String>) {
    let progress = progress_bar(ids.len());
    let (mut reviewed, mut failed) = (Vec::new(), Vec::new());
    schedule::review_all(dialguard, ids, mode, std::future::pending(), |id, outcome| {
        progress.inc(1);
        match outcome {
            Ok(review) => reviewed.extend(review.map(|review| (id.to_owned(), review))),
            Err(error) => failed.push(failure(id, error)),
        }
    })
    .await;
    progress.finish_and_clear();
    // The shadow policy runs after the reviews, so that it cannot delay or fail any of them.
    if let Err(error) = dialguard.policies().follow_shadow().await {
        tell(format_args!("warning: the reviews were not compared with the shadow policy: {error}\n"));
    }
    (reviewed, failed)
}

/// Why an account was not reviewed, and what to do about it.
fn failure(id: &str, error: DialguardError) -> String {
    let error = anyhow::Error::from(error);
    match hint(&error) {
        Some(hint) => format!("{id}: {error}\nhint: {hint}"),
        None => format!("{id}: {error}"),
    }
}

fn progress_bar(length: usize) -> ProgressBar {
    if length < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} accounts reviewed, {eta} to go");
    ProgressBar::new(length as u64).with_style(style.expect("a valid template"))
}

pub async fn usage(context: &CommandContext, OneAccount { id }: OneAccount) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let usage = dialguard.usage(&id).await?;
    let marks = dialguard.ledger().mark_counts(&id, dialguard.now())?;
    let in_words = usage_in_words(&dialguard, &id, (&usage, &marks))?;
    Ok(Done::show(context.json, || Usage::new(&usage, &marks), || in_words))
}

pub fn checks(context: &CommandContext, OneAccount { id }: &OneAccount) -> Result<Done> {
    let (ledger, now) = (context.ledger()?, context.now());
    let now = now.max(ledger.account(id)?.changed_at);
    let checks = ledger.checks(id, now)?;
    Ok(Done::show(context.json, || Checks::from(&checks), || checks_in_words(&checks, now)))
}

pub fn days(context: &CommandContext, OneAccount { id }: &OneAccount) -> Result<Done> {
    let ledger = context.ledger()?;
    let account = ledger.account(id)?;
    let now = context.now().max(account.changed_at);
    let rated = ledger.rated_days(id, now)?;
    Ok(Done::show(context.json, || RatedDays::from(&rated), || days_in_words(&rated, account.day(now).date)))
}

fn days_in_words(rated: &ledger::RatedDays, today: NaiveDate) -> String {
    let header = ["DATE", "CLEAN", "AT RISK", "FLAGGED", "NOT RATED"];
    let mut text = table(header.map(str::to_owned), rated_days_in_rows(&rated.days));
    for days in &rated.sources {
        if let Some(answered) = answered_in_words(days, today) {
            text += &format!("{} answered {answered}\n", days.source);
        }
    }
    text
}

/// As JSON, every event is one; otherwise what belongs together is.
pub async fn events(context: &CommandContext, EventOptions { id, number, last }: EventOptions) -> Result<Done> {
    let ledger = context.ledger()?;
    let Some(id) = id else { return program_events(context, &ledger, last) };
    let account = ledger.account(&id)?;
    let number = number.map(|text| PhoneNumber::parse(&text, account.region)).transpose()?.map(PhoneNumber::digits);
    if context.json {
        let events = ledger.events(&id, EventFilter { number, last })?;
        return Ok(Done::show(true, || events.iter().map(Event::from).collect::<Vec<_>>(), String::new));
    }
    let page = ledger.story_page(&id, &EventQuery { number, ..EventQuery::default() }, last)?;
    Ok(Done::say(story_in_words(&page.entries, account.time_zone)))
}

/// What happened outside accounts, the oldest first, below its date (UTC).
fn program_events(context: &CommandContext, ledger: &Ledger, last: u32) -> Result<Done> {
    let mut events = ledger.program_events(&ProgramEventQuery::default(), last)?.events;
    events.reverse();
    let in_words = || {
        let day = |event: &ledger::ProgramEvent| day_in_words(event.at, Zone::utc());
        let days = events.chunk_by(|one, next| day(one) == day(next)).map(|events| {
            let lines = events.iter().map(|event| {
                let (when, by) = (time_of_day(event.at, Zone::utc()), by_in_words(event.actor.as_ref()));
                format!("{when}  {}, {by}\n", event.text.trim_end_matches('.'))
            });
            format!("{} (UTC)\n{}", day(&events[0]), lines.collect::<String>())
        });
        days.collect::<Vec<_>>().join("\n")
    };
    Ok(Done::show(context.json, || events.iter().map(ProgramEvent::from).collect::<Vec<_>>(), in_words))
}

/// The oldest entry first, below its local date, and its steps below it.
fn story_in_words(entries: &[StoryEntry], zone: Zone) -> String {
    let (mut text, mut day) = (String::new(), String::new());
    for entry in entries.iter().rev() {
        let its_day = day_in_words(entry.at, zone);
        if its_day != day {
            text += &format!("{}{its_day}\n", if day.is_empty() { "" } else { "\n" });
            day = its_day;
        }
        let cents = entry.cents.map_or(String::new(), |cents| format!(" ({})", signed_dollars(cents)));
        let (when, by) = (time_of_day(entry.at, zone), by_in_words(entry.actor.as_ref()));
        text += &format!("{when}  {}{cents}, {by}\n", headline(entry, zone).trim_end_matches('.'));
        if !matches!(entry.subject, Subject::Single) {
            let untold = entry.untold();
            text += &if untold > 0 {
                format!("         … and {} before these\n", count(untold, "step"))
            } else {
                String::new()
            };
            for step in &entry.steps {
                let told = sentence(step, zone).replace('\n', "\n           ");
                text += &format!("         {} {told}\n", time_of_step(step.at, entry.at, zone));
            }
        }
    }
    text
}

fn review_in_words(id: &str, review: &ReviewOutcome, mode: ReviewMode) -> String {
    let plan = &review.plan;
    let changed = match (review.applied, mode == ReviewMode::DryRun) {
        (Some(_), _) => "",
        (None, true) => "; dry run: nothing was changed",
        (None, false) => "; nothing new since the last review, and nothing was changed",
    };
    let rated = count(rated_count(plan).into(), "number");
    let mut text = format!("{id}: {rated} rated at {}{changed}\n", rfc3339(plan.decided_at));
    if mode == ReviewMode::Check {
        text.push_str(&format!("  {}\n", check_in_words(review)));
    }
    for notice in &plan.notices {
        text.push_str(&format!("  {}: {}\n", notice.severity.name(), notice.text));
    }
    for action in &plan.actions {
        if let Action::ReplaceNumber(replacement) = action {
            let (old, new) = (e164(replacement.number), e164(replacement.replacement));
            let order = review.orders.iter().find(|order| order.number == replacement.number);
            match order.map(Completion::from) {
                None => text += &format!("  {old} would be replaced by {new} in slot {}\n", replacement.slot),
                Some(Completion::Done) => {}
                Some(Completion::UnderWay(order)) => {
                    text += &format!(
                        "  {old} is being replaced: order {order}; `dialguard orders {id}` shows its progress\n"
                    )
                }
                Some(Completion::NotDone) => {
                    text += &format!("  {old} was not replaced; `dialguard events {id}` says why\n")
                }
            }
        }
    }
    for order in &review.replaced {
        let (old, new) = (e164(order.number), e164(order.replacement));
        text.push_str(&format!("  {old} replaced by {new} in slot {}\n", order.slot));
    }
    if !review.proposed.is_empty() {
        text.push_str(&format!("  {}\n", proposed_in_words(id, review)));
    }
    if let Some(words) = counted_before_in_words(review.counted_before) {
        text.push_str(&format!("  {words}\n"));
    }
    text + &problems_in_words(&review.problems)
}

/// What a check leaves to a user.
fn proposed_in_words(id: &str, review: &ReviewOutcome) -> String {
    let (cost, several) = (ReplacementCost::of(&review.proposed), review.proposed.len() > 1);
    let them = if several { "them" } else { "it" };
    format!("{}; `dialguard replace {id} NUMBER` makes {them}, and else the daily review", cost_in_words(&cost))
}

/// `3 replacements for $12.00, and $2.30 for numbers that are bought`.
fn cost_in_words(cost: &ReplacementCost) -> String {
    let replacements = count(cost.replacements as u64, "replacement");
    let bought = match cost.number_cents {
        0 => String::new(),
        cents => format!(", and {} for numbers that are bought", dollars(cents)),
    };
    format!("Automatic replacement: {replacements} for {}{bought}", dollars(cost.fee_cents))
}

/// The figures at the head of the dashboard, in lines.
pub fn usage_in_words(
    dialguard: &Dialguard,
    id: &str,
    (usage, marks): (&contract::Usage, &MarkCounts),
) -> Result<String> {
    let ledger: &Ledger = dialguard.ledger();
    let (account, now) = ledger.account_at(id, dialguard.now())?;
    let price = price_cents(account.blocks());
    let locked = match ledger.locked_slots(id)?.iter().find(|lock| lock.until > now) {
        Some(lock) => format!(", {} locked until {}", thousands(usage.locked.into()), rfc3339(lock.until)),
        None => String::new(),
    };
    let stale = match marks.stale_clean {
        0 => String::new(),
        stale => format!(" ({} of them stale)", thousands(stale.into())),
    };
    let figure = |numbers: u32| thousands(numbers.into());
    Ok(format!(
        "{} of {} slots used{locked}; {} a month, cycle ends at {}\n\
         {} clean{stale}, {} at-risk, {} flagged, {} pending; {} suspect; turned flagged: {} in the past 24 hours, {} in the past \
         7 days\n",
        figure(usage.occupied),
        figure(usage.slots),
        dollars(price),
        rfc3339(account.cycle_ends_at),
        figure(usage.clean),
        figure(usage.at_risk),
        figure(usage.flagged),
        figure(usage.pending),
        figure(usage.suspect),
        figure(usage.flagged_past_day),
        figure(usage.flagged_past_week),
    ))
}
