//! Automatic replacement: which numbers are due for it, and what holds it back.

use crate::calls::Calls;
use crate::contract::*;
use crate::dialer::{Dialer, Run, SECONDS_PER_DAY};
use crate::notices::{Numbers, notice};
use crate::numbers::sort_by_key;
use crate::rating::Rating;
use crate::replacement::CandidateSearch;
use crate::review::Check;
use crate::text::{count, text};
use alloc::string::String;

/// With fewer numbers rated on a date, their share does not indicate a carrier's error.
const MASS_FLAG_NUMBERS_MIN: u64 = 10;

/// A number that automatic replacement is for, sooner or later.
#[derive(Debug, Clone, Copy)]
pub struct Replaceable {
    number: PhoneNumber,
    slot: SlotId,
    monitored_since: Timestamp,
    is_resting: bool,
    is_flagged: bool,
    /// Since when it is flagged, or else suspect.
    since: Timestamp,
    why: Why,
}

#[derive(Debug, Clone, Copy)]
enum Why {
    /// Most carriers flag it, and enough checks in a row have found that. The rating is that of this review, if most
    /// carriers flag it in this review too.
    Carriers(Option<Rating>),
    /// Its calls fare badly.
    Calls(Suspect),
    /// Most carriers flag it, but too few checks have found that.
    TooFewChecks,
}

impl Replaceable {
    /// A number that is flagged after this review, or suspect if the account has suspects replaced.
    pub fn find(
        run: &Run<impl Dialer>,
        number: &MonitoredNumber,
        review: &Review,
        spam_vote: Option<Rating>,
        suspect: Option<Suspect>,
    ) -> Option<Self> {
        let is_flagged = review.status == Status::Flagged;
        let why = match suspect {
            _ if is_flagged && u32::from(review.flagging_checks) >= run.settings.checks_to_replace => {
                Why::Carriers(spam_vote)
            }
            Some(suspect) if run.settings.replace_on_calls => Why::Calls(suspect),
            _ if is_flagged => Why::TooFewChecks,
            _ => return None,
        };
        let before = match number.status {
            Status::Flagged if is_flagged => Some(number.status_since),
            _ if is_flagged => None,
            _ => number.suspect_since,
        };
        Some(Replaceable {
            number: number.number,
            slot: number.slot,
            monitored_since: number.monitored_since,
            is_resting: number.resting_since.is_some(),
            is_flagged,
            since: before.unwrap_or(run.now),
            why,
        })
    }

    fn reason(&self, calls: &Calls<impl Dialer>) -> String {
        match self.why {
            Why::Carriers(Some(rating)) => {
                text!["Flagged by ", rating.flagging, " of ", rating.answering, " carriers"]
            }
            Why::Calls(suspect) => text!["Suspect: ", calls.reason(&suspect)],
            // It is replaced even if it was not rated today.
            Why::Carriers(None) | Why::TooFewChecks => "Flagged since an earlier review".into(),
        }
    }
}

/// Adds replacements to a review's plan, or notices that say why a number is not replaced. The numbers that are flagged
/// longest come first, and after them those that are only suspect.
pub fn replace(
    run: &Run<impl Dialer>,
    calls: &Calls<impl Dialer>,
    check: &mut Check,
    plan: &mut Plan,
) -> Result<(), Error> {
    if check.replaceable.is_empty() {
        return Ok(());
    }
    if let Some(held) = mass_flag_held(run, check)? {
        plan.notices.push(held);
        return Ok(());
    }
    sort_by_key(&mut check.replaceable, |one| (!one.is_flagged, one.since, one.number));
    let cap = u32::from(run.account.guard_rails.replacements_per_day_max);
    let mut allowed = cap.saturating_sub(run.account.replacements_today);
    let grace_seconds = u64::from(run.settings.new_number_grace_days) * SECONDS_PER_DAY;
    let (mut over_cap, mut in_grace, mut too_few_checks) = (0, 0, 0);
    let mut without_candidate = WithoutCandidate::default();
    let mut search = CandidateSearch::new(run);
    for one in &check.replaceable {
        if matches!(one.why, Why::TooFewChecks) {
            too_few_checks += 1;
            continue;
        }
        if run.now.saturating_sub(one.monitored_since) < grace_seconds {
            in_grace += 1;
            continue;
        }
        // Where no candidate is left, the cap is not what those beyond it wait for.
        if allowed == 0 && !search.is_exhausted() {
            over_cap += 1;
            continue;
        }
        allowed = allowed.saturating_sub(1);
        if let Some(successor) = search.closest_clean(one.number)? {
            let reason = one.reason(calls);
            plan.actions.push(successor.replaces(one.number, one.slot, ReplacementReason::Flagged, &reason));
            continue;
        }
        without_candidate.add(one);
        if search.is_exhausted() && run.settings.rest_when_none && one.is_flagged && !one.is_resting {
            plan.actions.push(Action::StopUsing(one.number));
        }
    }
    plan.notices.extend(without_candidate.notice());
    defer(over_cap, "replacements-per-day-max", cap, plan);
    defer(in_grace, "new-number-grace-days", run.settings.new_number_grace_days, plan);
    defer(too_few_checks, "checks-to-replace", run.settings.checks_to_replace, plan);
    Ok(())
}

/// Adds a notice about numbers that wait because of a setting.
fn defer(waiting: u64, setting: &str, value: u32, plan: &mut Plan) {
    if waiting > 0 {
        let text = text![count(waiting, "number"), " not replaced today: ", setting, " is ", value, "."];
        plan.notices.push(notice(Severity::Info, "replacement-deferred", None, text));
    }
}

/// Numbers that were not replaced because no candidate is rated clean.
#[derive(Default)]
struct WithoutCandidate {
    numbers: Numbers,
    suspect: u64,
}

impl WithoutCandidate {
    fn add(&mut self, one: &Replaceable) {
        self.numbers.add(one.number);
        self.suspect += u64::from(!one.is_flagged);
    }

    /// One notice, however many they are: they wait for the same thing.
    fn notice(&self) -> Option<Notice> {
        let why = " not replaced: no candidate is rated clean; import more candidates.";
        let what = match self.suspect {
            0 => "flagged",
            suspect if suspect == self.numbers.count => "suspect",
            _ => "flagged or suspect",
        };
        let (one, several) = (text![" is ", what, " but was", why], text![" ", what, " numbers were", why]);
        self.numbers.notice(Severity::Warning, "no-clean-candidate", &one, &several)
    }
}

/// If many numbers become flagged on one date, a carrier's error is more likely, and replacing them all would be expensive.
/// Where suspect numbers are replaced too, they count likewise.
fn mass_flag_held(run: &Run<impl Dialer>, check: &Check) -> Result<Option<Notice>, Error> {
    let rated = u64::from(run.account.rated_today) + check.rated;
    if rated < MASS_FLAG_NUMBERS_MIN {
        return Ok(None);
    }
    let before = run.dialer.flag_events(&run.account.id, run.account.day_starts_at)?.numbers.len() as u64;
    let mut turned = before + check.newly_flagged.count;
    let mut what = " numbers rated today became flagged, ";
    if run.settings.replace_on_calls {
        turned += check.suspect_since_today;
        what = " numbers rated today became flagged or suspect, ";
    }
    let percent = run.settings.mass_flag_percent;
    if turned * 100 < rated * u64::from(percent) {
        return Ok(None);
    }
    let text = text![
        turned,
        " of ",
        rated,
        what,
        percent,
        " % or more: a carrier's error is more likely, so none is replaced automatically today.",
    ];
    Ok(Some(notice(Severity::Alert, "mass-flag-held", None, text)))
}

#[cfg(test)]
mod tests;
