//! The daily review: rates every monitored number, and replaces flagged ones if the account has automatic replacement on.

use crate::contract::*;
use crate::dialer::{self, Dialer, empty_plan, for_each_page};
use crate::rating::{self, Rating};
use crate::replacement::CandidateSearch;
use crate::settings::Settings;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// With fewer numbers rated on a date, their share does not indicate a carrier's error.
const MASS_FLAG_NUMBERS_MIN: usize = 10;

const SECONDS_PER_DAY: u64 = 86_400;

/// Plans the daily review of one account.
pub fn review_account(dialer: &impl Dialer, id: &str) -> Result<Plan, Error> {
    let (account, settings) = dialer::account(dialer, id)?;
    let now = dialer.now();
    let mut plan = empty_plan(&account, now);
    if account.enabled {
        let check = check(dialer, &account, &settings, now)?;
        plan.notices.extend(check.notices());
        if account.guard_rails.auto_replace {
            replace_flagged(dialer, &account, &settings, &check, &mut plan)?;
        }
        plan.reviews = check.reviews;
    }
    Ok(plan)
}

/// The result of checking an account's numbers.
#[derive(Default)]
struct Check {
    reviews: ReviewTable,
    unrated: usize,
    newly_flagged: Vec<PhoneNumber>,
    newly_clean: Vec<PhoneNumber>,
    /// Flagged after this check, and without a pending replacement.
    flagged: Vec<Flagged>,
}

struct Flagged {
    since: Timestamp,
    number: PhoneNumber,
    slot: SlotId,
    monitored_since: Timestamp,
    /// The rating in this review, if it is spam in this review too.
    spam_vote: Option<Rating>,
}

fn check(dialer: &impl Dialer, account: &Account, settings: &Settings, now: Timestamp) -> Result<Check, Error> {
    let mut check = Check::default();
    for_each_page(dialer, &account.id, |page| {
        let is_due = |number: &MonitoredNumber| number.last_rated_at.is_none_or(|at| at < account.day_starts_at);
        let rows = page.rows()?;
        let due: Vec<PhoneNumber> = rows.clone().filter(is_due).map(|number| number.number).collect();
        let mut ratings = rating::rate(dialer, settings, now, &due)?.into_iter();
        for number in rows {
            let rating = if is_due(&number) { ratings.next() } else { None };
            let rated = rating.filter(|rating| rating.is_rated(settings));
            check.unrated += usize::from(rating.is_some() && rated.is_none());
            let review = rated.map(|rating| rating::review(&number, rating, settings));
            check.note(&number, review, rated.filter(|rating| rating.votes_spam()), now);
        }
        Ok(())
    })?;
    // Numbers flagged longest come first.
    check.flagged.sort_unstable_by_key(|flagged| (flagged.since, flagged.number));
    Ok(check)
}

impl Check {
    fn note(&mut self, number: &MonitoredNumber, review: Option<Review>, spam_vote: Option<Rating>, now: Timestamp) {
        let was_flagged = number.status == Status::Flagged;
        let is_flagged = review.map_or(was_flagged, |review| review.status == Status::Flagged);
        match (was_flagged, is_flagged) {
            (false, true) => self.newly_flagged.push(number.number),
            (true, false) => self.newly_clean.push(number.number),
            _ => {}
        }
        if is_flagged && !number.replacement_pending {
            self.flagged.push(Flagged {
                since: if was_flagged { number.status_since } else { now },
                number: number.number,
                slot: number.slot,
                monitored_since: number.monitored_since,
                spam_vote,
            });
        }
        self.reviews.extend(review);
    }

    fn notices(&self) -> impl Iterator<Item = Notice> {
        let newly_flagged = about(
            &self.newly_flagged,
            ["is now flagged: most carriers rate it", "are now flagged: most carriers rate them"],
        )
        .map(|(number, text)| notice(Severity::Warning, "newly-flagged", number, text));
        let newly_clean = about(
            &self.newly_clean,
            [
                "is no longer flagged: most carriers do not rate it",
                "are no longer flagged: most carriers do not rate them",
            ],
        )
        .map(|(number, text)| notice(Severity::Info, "newly-clean", number, text));
        let unrated = (self.unrated > 0).then(|| {
            let text = format!(
                "{} could not be rated because too few carriers have a recent opinion; no status changed there.",
                count(self.unrated, "number"),
            );
            notice(Severity::Warning, "unrated", None, text)
        });
        [newly_flagged, newly_clean, unrated].into_iter().flatten()
    }
}

/// Adds replacements to a review's plan, or notices that say why a number is not replaced.
fn replace_flagged(
    dialer: &impl Dialer,
    account: &Account,
    settings: &Settings,
    check: &Check,
    plan: &mut Plan,
) -> Result<(), Error> {
    let now = plan.decided_at;
    if check.flagged.is_empty() {
        return Ok(());
    }
    if let Some(held) = mass_flag_held(dialer, account, settings, check)? {
        plan.notices.push(held);
        return Ok(());
    }
    let grace_seconds = u64::from(settings.new_number_grace_days) * SECONDS_PER_DAY;
    let (due, in_grace): (Vec<&Flagged>, Vec<&Flagged>) =
        check.flagged.iter().partition(|flagged| now.saturating_sub(flagged.monitored_since) >= grace_seconds);
    let allowed_today =
        u32::from(account.guard_rails.replacements_per_day_max).saturating_sub(account.replacements_today);
    let (chosen, over_cap) = due.split_at(due.len().min(allowed_today as usize));

    let mut search = CandidateSearch::new(dialer, account, settings, now);
    for flagged in chosen {
        match search.closest_clean(flagged.number)? {
            Some(successor) => plan.actions.push(Action::ReplaceNumber(Replacement {
                number: flagged.number,
                replacement: successor.candidate.number,
                slot: flagged.slot,
                why: ReplacementReason::Flagged,
                because: successor.because(&flagged.reason()),
            })),
            None => plan.notices.push(notice(
                Severity::Warning,
                "no-clean-candidate",
                Some(flagged.number),
                format!(
                    "+{} is flagged but was not replaced: no candidate is rated clean; import more candidates.",
                    flagged.number
                ),
            )),
        }
    }
    let deferred = [
        (over_cap.len(), format!("replacements-per-day-max is {}", account.guard_rails.replacements_per_day_max)),
        (in_grace.len(), format!("new-number-grace-days is {}", settings.new_number_grace_days)),
    ];
    plan.notices.extend(deferred.into_iter().filter(|(waiting, _)| *waiting > 0).map(|(waiting, why)| {
        let text = format!("{} not replaced today: {why}.", count(waiting, "flagged number"));
        notice(Severity::Info, "replacement-deferred", None, text)
    }));
    Ok(())
}

impl Flagged {
    /// A flagged number is replaced even if it was not rated today or carriers begin to clear it.
    fn reason(&self) -> String {
        match self.spam_vote {
            Some(rating) => format!("Flagged by {} of {} carriers", rating.flagging, rating.answering),
            None => String::from("Flagged since an earlier review"),
        }
    }
}

/// If many numbers become flagged on one date, a carrier's error is more likely, and replacing them all would be expensive.
fn mass_flag_held(
    dialer: &impl Dialer,
    account: &Account,
    settings: &Settings,
    check: &Check,
) -> Result<Option<Notice>, Error> {
    let rated = account.rated_today as usize + check.reviews.len();
    if rated < MASS_FLAG_NUMBERS_MIN {
        return Ok(None);
    }
    let turned_before = dialer.flag_events(&account.id, account.day_starts_at)?.len();
    let turned = turned_before + check.newly_flagged.len();
    let percent = settings.mass_flag_percent as usize;
    Ok((turned * 100 >= rated * percent).then(|| {
        let text = format!(
            "{turned} of {rated} numbers rated today became flagged, {percent} % or more: a carrier's error is more \
             likely, so none is replaced automatically today."
        );
        notice(Severity::Alert, "mass-flag-held", None, text)
    }))
}

fn notice(severity: Severity, kind: &str, number: Option<PhoneNumber>, text: String) -> Notice {
    Notice { severity, kind: kind.into(), number, text }
}

/// A sentence about one number or several, and the number if it is only one.
fn about(numbers: &[PhoneNumber], [one, several]: [&str; 2]) -> Option<(Option<PhoneNumber>, String)> {
    match numbers {
        [] => None,
        [number] => Some((Some(*number), format!("+{number} {one} as spam."))),
        _ => Some((None, format!("{} numbers {several} as spam.", numbers.len()))),
    }
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests;
