//! The daily review: rates every monitored number, and replaces flagged ones if the account has automatic replacement on.

use crate::calls::{Calls, find};
use crate::contract::*;
use crate::dialer::{Dialer, NUMBERS_PER_CALL_MAX, Run};
use crate::lookups::LookUps;
use crate::notices::{Numbers, notice};
use crate::rating::{self, Rating};
use crate::replacing::{self, Replaceable};
use crate::rest;
use crate::settings::Settings;
use crate::text::{count, text};
use alloc::vec::Vec;

/// Plans the daily review of one account.
pub fn review_account(dialer: &impl Dialer, id: &str) -> Result<Plan, Error> {
    let run = Run::new(dialer, id)?;
    let mut plan = run.empty_plan();
    if run.account.enabled {
        let calls = Calls::new(&run)?;
        let mut check = check(&run, &calls)?;
        check.add_notices(&run, &calls, &mut plan.notices);
        for number in &check.used_again {
            plan.actions.push(Action::UseAgain(*number));
        }
        if run.account.guard_rails.auto_replace {
            replacing::replace(&run, &calls, &mut check, &mut plan)?;
        }
        rest::decide(&run, &mut plan.actions)?;
        plan.reviews = check.reviews;
        plan.suspects = Some(check.suspects);
    }
    Ok(plan)
}

/// The result of checking an account's numbers.
#[derive(Default)]
pub struct Check {
    reviews: ReviewTable,
    suspects: SuspectTable,
    /// Numbers rated in this run.
    pub rated: u64,
    unrated: u64,
    left_out: u64,
    /// Numbers that became flagged.
    pub newly_flagged: Numbers,
    newly_clean: Numbers,
    newly_suspect: Numbers,
    /// The first of the numbers that became suspect.
    first_suspect: Option<Suspect>,
    /// Of the suspects that are not flagged, those that became so today.
    pub suspect_since_today: u64,
    used_again: Vec<PhoneNumber>,
    /// Flagged numbers, and suspect ones if the account has them replaced. A replacement is not under way.
    pub replaceable: Vec<Replaceable>,
}

fn check<'a, D: Dialer>(run: &'a Run<'a, D>, calls: &Calls<D>) -> Result<Check, Error> {
    let mut check = Check::default();
    check.reviews.reserve(NUMBERS_PER_CALL_MAX.min(run.account.monitored_count as usize));
    let mut look_ups = LookUps::new(run, calls)?;
    let mut pages = run.pages();
    while let Some(page) = pages.next_page()? {
        let suspects = calls.suspects(&page.numbers)?;
        let mut ratings = look_ups.ask(&page)?;
        for row in 0..page.numbers.len() {
            let number = page.row(row);
            let rating = ratings.next_rating(row);
            let suspect = find(&suspects, number.number);
            if suspect.is_none() && is_uneventful(&number, rating, &run.settings) {
                check.rated += 1;
                check.reviews.push(rating::review(&number, rating, &run.settings));
            } else {
                check.note(run, &page.row(row), rating, suspect);
            }
        }
        check.suspects.extend(suspects);
    }
    check.unrated = look_ups.asked - check.rated;
    check.left_out = look_ups.left_out;
    Ok(check)
}

impl Check {
    fn note(&mut self, run: &Run<impl Dialer>, number: &MonitoredNumber, rating: Rating, suspect: Option<Suspect>) {
        let rated = Some(rating).filter(|rating| rating.is_rated(&run.settings));
        self.rated += u64::from(rated.is_some());
        let mut now = match rated {
            Some(rating) => rating::review(number, rating, &run.settings),
            None => as_before(number),
        };
        if suspect.is_some() && matches!(now.status, Status::Pending | Status::Clean) {
            now.status = Status::AtRisk;
        }
        if rated.is_some() || now.status != number.status {
            self.reviews.push(now);
        }
        self.compare(run, number, now.status, suspect);
        if !number.replacement_pending {
            let spam_vote = rated.filter(|rating| rating.votes_spam());
            self.replaceable.extend(Replaceable::find(run, number, &now, spam_vote, suspect));
        }
    }

    /// Notes what changes for the number.
    fn compare(&mut self, run: &Run<impl Dialer>, number: &MonitoredNumber, status: Status, suspect: Option<Suspect>) {
        let is_flagged = status == Status::Flagged;
        match (number.status == Status::Flagged, is_flagged) {
            (false, true) => self.newly_flagged.add(number.number),
            (true, false) => self.newly_clean.add(number.number),
            _ => {}
        }
        if suspect.is_some() {
            let since = number.suspect_since.unwrap_or(run.now);
            self.suspect_since_today += u64::from(!is_flagged && since >= run.account.day_starts_at);
            if number.suspect_since.is_none() {
                self.newly_suspect.add(number.number);
                self.first_suspect = self.first_suspect.or(suspect);
            }
        }
        let may_rest = is_flagged && run.account.guard_rails.auto_replace && run.settings.rest_when_none;
        if number.resting_since.is_some() && !may_rest {
            self.used_again.push(number.number);
        }
    }

    fn add_notices(&self, run: &Run<impl Dialer>, calls: &Calls<impl Dialer>, notices: &mut Vec<Notice>) {
        notices.extend(self.newly_flagged.notice(
            Severity::Warning,
            "newly-flagged",
            " is now flagged: most carriers rate it as spam.",
            " numbers are now flagged: most carriers rate them as spam.",
        ));
        notices.extend(self.newly_clean.notice(
            Severity::Info,
            "newly-clean",
            " is no longer flagged: most carriers do not rate it as spam.",
            " numbers are no longer flagged: most carriers do not rate them as spam.",
        ));
        if let Some(first) = &self.first_suspect {
            let one = text![" is now suspect: ", calls.reason(first), "."];
            let several = text![
                " numbers are now suspect: fewer of their calls in 3 days were answered than the account's ",
                calls.answer_percent(),
                " %, or more were blocked.",
            ];
            notices.extend(self.newly_suspect.notice(Severity::Warning, "newly-suspect", &one, &several));
        }
        if self.unrated > 0 {
            let why = " could not be rated because too few carriers have a recent opinion; no status changed there.";
            notices.push(notice(Severity::Warning, "unrated", None, text![count(self.unrated, "number"), why]));
        }
        if self.left_out > 0 {
            let why = match run.settings.look_ups_per_day_max {
                0 => " not looked up: the sources have no look-ups left today.".into(),
                most => {
                    text![" not looked up: look-ups-per-day-max is ", most, ", or the sources have no look-ups left."]
                }
            };
            notices.push(notice(Severity::Info, "look-ups-deferred", None, text![count(self.left_out, "number"), why]));
        }
    }
}

/// Whether the number is rated, and was and is in use and not flagged. Most are, so this is what a review's speed depends on.
#[inline(always)]
fn is_uneventful(number: &MonitoredNumber, rating: Rating, settings: &Settings) -> bool {
    number.status != Status::Flagged
        && number.resting_since.is_none()
        && rating.is_rated(settings)
        && !rating.votes_spam()
}

/// The review of a number that was not rated.
fn as_before(number: &MonitoredNumber) -> Review {
    Review {
        number: number.number,
        status: number.status,
        flagging_checks: number.flagging_checks,
        clearing_checks: number.clearing_checks,
        flagging: 0,
        answering: 0,
        evidence_until: number.evidence_until,
    }
}

#[cfg(test)]
mod tests;
