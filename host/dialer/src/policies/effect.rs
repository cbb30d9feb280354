//! What other settings would have done: an account's reviews on record, made again by the live policy.
//!
//! A comparison of policies starts each review from the account as the live policy left it. This instead follows every
//! number from one review to the next as the other settings would have left it: a threshold that is lower by ten points
//! flags a number on its second day, and that day's review depends on the first.
//!
//! What was not asked then cannot be known now: a number that was in fact replaced is not followed further, and a
//! replacement that only the other settings would have made is a placeholder that stays clean.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! dialguard.review("acme").await?; // +13105550123 is called spam, and a second check would replace it
//!
//! let mut settings = dialguard.ledger().account("acme")?.settings;
//! settings.values.set("checks-to-replace", "1");
//! let effect = dialguard.effect_of_settings("acme", &settings, NOW - 30 * DAY).await?;
//! assert_eq!((effect.reviews, effect.numbers), (1, 2));
//! assert_eq!((effect.flagged.as_it_was, effect.flagged.with_these), (1, 1));
//! assert_eq!((effect.replaced.as_it_was, effect.replaced.with_these), (0, 1));
//! assert_eq!(effect.differences[0].number, 13_105_550_123);
//! # Ok(())
//! # }
//! ```

use crate::ledger::{AccountSettings, Ledger, LedgerError, RecordedRun, RunOutcome, rated_count};
use crate::policies::comparison::{ReplayOutcome, replay};
use dialguard::contract::*;
use dialguard::policy::Policy;
use dialguard::recording::{Call, Recording};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::{Instant, timeout_at};

/// How many days back to look by default.
pub const EFFECT_DAYS: u64 = 30;

/// Reviews that are made again, at most: 30 days with a few extra ones on each.
const REVIEWS_MAX: u32 = 100;

/// How long that may take before the answer is given for the days until then.
const TIME_MAX: Duration = Duration::from_secs(20);

/// What other settings would have done in the reviews on record, compared with what was done. Numbers count once each.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    /// Reviews that were made again.
    pub reviews: u32,
    /// When the first of them was made; none if none is on record.
    pub since: Option<Timestamp>,
    /// When the last of them was made.
    pub until: Option<Timestamp>,
    /// Whether these are all reviews on record, rather than those that could be made again in time.
    pub is_whole: bool,
    /// Numbers that were monitored in any of them.
    pub numbers: u32,
    /// Numbers that turned flagged.
    pub flagged: Tally,
    /// Numbers that were flagged and turned back.
    pub cleared: Tally,
    /// Numbers that were replaced automatically.
    pub replaced: Tally,
    /// Numbers with a different outcome, in ascending order.
    pub differences: Vec<NumberEffect>,
    /// Numbers and questions that were not on record, and were answered with placeholders.
    pub unknown: u64,
    /// Reviews in which the policy would have failed, and why.
    pub failures: Vec<(u64, String)>,
}

/// How many numbers something happened to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// In fact.
    pub as_it_was: u32,
    /// With the other settings.
    pub with_these: u32,
    /// Of both, those to which it would have happened in an earlier review.
    pub sooner: u32,
    /// Of both, those to which it would have happened in a later review.
    pub later: u32,
}

/// What happened to a number, and what would have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberEffect {
    /// The number.
    pub number: PhoneNumber,
    /// In fact.
    pub as_it_was: Fate,
    /// With the other settings.
    pub with_these: Fate,
}

/// When something first happened to a number in the reviews that were looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    /// It turned flagged.
    pub flagged_at: Option<Timestamp>,
    /// It was flagged and turned back.
    pub cleared_at: Option<Timestamp>,
    /// It was replaced automatically.
    pub replaced_at: Option<Timestamp>,
}

impl Effect {
    /// How much more replacements at this price would have cost, in US cents; negative if less.
    pub fn cents(&self, replacement_cents: u64) -> i64 {
        (i64::from(self.replaced.with_these) - i64::from(self.replaced.as_it_was)) * replacement_cents as i64
    }
}

/// Makes the account's reviews since then again, by this policy and with these settings.
pub(crate) async fn effect_of(
    ledger: &Ledger,
    policy: &Policy,
    id: &str,
    settings: &AccountSettings,
    since: Timestamp,
) -> Result<Effect, LedgerError> {
    let until = Instant::now() + TIME_MAX;
    let (runs, is_all) = ledger.recorded_reviews_of(id, since, REVIEWS_MAX)?;
    let mut course = Course::new(settings);
    for run in &runs {
        let run = block_in_place(|| ledger.recorded_run(*run))?;
        if !course.go_through(run, policy, until).await {
            return Ok(course.effect(false));
        }
    }
    Ok(course.effect(is_all))
}

/// The account on its way through the reviews, as the other settings would have left it.
struct Course<'a> {
    settings: &'a AccountSettings,
    numbers: BTreeMap<PhoneNumber, NumberCourse>,
    flag_events: Vec<FlagEvent>,
    today: Today,
    effect: Effect,
}

/// A number's actual course and its course in the preview.
struct NumberCourse {
    standing: MonitoredNumber,
    as_it_was: Fate,
    with_these: Fate,
}

/// What would have been done on the account's present local date.
#[derive(Default)]
struct Today {
    starts_at: Timestamp,
    rated: u32,
    replaced: u32,
}

impl<'a> Course<'a> {
    fn new(settings: &'a AccountSettings) -> Self {
        let (numbers, flag_events) = (BTreeMap::new(), Vec::new());
        Course { settings, numbers, flag_events, today: Today::default(), effect: Effect::default() }
    }

    /// Makes the run again and goes on from it; returns false, and counts nothing of it, if that takes too long.
    async fn go_through(&mut self, mut run: RecordedRun, policy: &Policy, until: Instant) -> bool {
        self.meet_numbers(&run);
        let before = monitored(&run.recording).map(|number| (number.number, number.status)).collect();
        self.replace_settings(&mut run.recording);
        let Ok(replayed) = timeout_at(until, replay(&run, policy)).await else { return false };
        let ReplayOutcome { outcome, unknown, objection } = replayed;
        self.note_what_was(run.outcome.plan(), &before, run.proposes);
        self.effect.reviews += 1;
        self.effect.since.get_or_insert(run.decided_at);
        self.effect.until = Some(run.decided_at);
        self.effect.unknown += u64::from(unknown);
        match (outcome, objection) {
            (Ok(RunOutcome::Review(plan)), None) => self.go_on(&plan, run.proposes),
            (Ok(_), objection) => self.effect.failures.push((run.run, objection.unwrap_or_default())),
            (Err(error), _) => self.effect.failures.push((run.run, error.to_string())),
        }
        true
    }

    /// Adds numbers not seen before.
    fn meet_numbers(&mut self, run: &RecordedRun) {
        for number in monitored(&run.recording) {
            let followed = self.numbers.entry(number.number).or_insert_with(|| NumberCourse::new(number));
            if followed.standing.monitored_since != number.monitored_since {
                // It left and came back: it starts again.
                followed.standing = number;
            }
        }
    }

    /// What was done with each number, which had this status before. What a check only proposes is not done.
    fn note_what_was(&mut self, plan: &Plan, before: &BTreeMap<PhoneNumber, Status>, proposes: bool) {
        for review in plan.reviews.rows().into_iter().flatten() {
            if let (Some(before), Some(followed)) = (before.get(&review.number), self.numbers.get_mut(&review.number)) {
                followed.as_it_was.turn(*before, review.status, plan.decided_at);
            }
        }
        for number in replaced(plan).filter(|_| !proposes) {
            if let Some(followed) = self.numbers.get_mut(&number) {
                followed.as_it_was.replaced_at.get_or_insert(plan.decided_at);
            }
        }
    }

    /// The run gets an account that has had these settings all along.
    fn replace_settings(&mut self, recording: &mut Recording) {
        // Which flags there had been before is for this course to say.
        recording.calls.retain(|call| !matches!(call, Call::FlagEvents(..)));
        for call in &mut recording.calls {
            match call {
                Call::Account(Ok(account)) => self.change(account),
                Call::Monitored(_, _, Ok(page)) => {
                    let standing = |number: MonitoredNumber| {
                        let standing = self.numbers[&number.number].standing;
                        let replacement_pending = standing.replacement_pending | number.replacement_pending;
                        MonitoredNumber { slot: number.slot, replacement_pending, ..standing }
                    };
                    *page = Arc::new(page.rows().into_iter().flatten().map(standing).collect());
                }
                _ => {}
            }
        }
        recording.calls.push(Call::FlagEvents(0, Ok(self.flag_events.iter().copied().collect())));
    }

    fn change(&mut self, account: &mut Account) {
        if self.effect.reviews == 0 {
            let (rated, replaced) = (account.rated_today, account.replacements_today);
            self.today = Today { starts_at: account.day_starts_at, rated, replaced };
        } else if self.today.starts_at != account.day_starts_at {
            self.today = Today { starts_at: account.day_starts_at, rated: 0, replaced: 0 };
        }
        account.guard_rails = self.settings.guard_rails;
        account.settings = self.settings.values.clone();
        (account.rated_today, account.replacements_today) = (self.today.rated, self.today.replaced);
    }

    /// Does what the plan would have done.
    fn go_on(&mut self, plan: &Plan, proposes: bool) {
        self.today.rated += rated_count(plan);
        for review in plan.reviews.rows().into_iter().flatten() {
            let Some(followed) = self.numbers.get_mut(&review.number) else { continue };
            let before = followed.standing.status;
            if before != Status::Flagged && review.status == Status::Flagged {
                self.flag_events.push(FlagEvent { number: review.number, at: plan.decided_at });
            }
            // One that would be gone has no further turns.
            if followed.with_these.replaced_at.is_none() {
                followed.with_these.turn(before, review.status, plan.decided_at);
            }
            rate(&mut followed.standing, &review, plan.decided_at);
        }
        for number in replaced(plan).filter(|_| !proposes) {
            self.today.replaced += 1;
            if let Some(followed) = self.numbers.get_mut(&number) {
                followed.with_these.replaced_at.get_or_insert(plan.decided_at);
                // It would be another number from here on; the one on record is not replaced twice.
                followed.standing.replacement_pending = true;
            }
        }
    }

    fn effect(self, is_whole: bool) -> Effect {
        let mut effect = Effect { is_whole, numbers: self.numbers.len() as u32, ..self.effect };
        for (number, NumberCourse { as_it_was, with_these, .. }) in self.numbers {
            effect.flagged.count(as_it_was.flagged_at, with_these.flagged_at);
            effect.cleared.count(as_it_was.cleared_at, with_these.cleared_at);
            effect.replaced.count(as_it_was.replaced_at, with_these.replaced_at);
            if as_it_was != with_these {
                effect.differences.push(NumberEffect { number, as_it_was, with_these });
            }
        }
        effect
    }
}

impl NumberCourse {
    fn new(standing: MonitoredNumber) -> Self {
        NumberCourse { standing, as_it_was: Fate::default(), with_these: Fate::default() }
    }
}

impl Fate {
    fn turn(&mut self, before: Status, after: Status, at: Timestamp) {
        match (before == Status::Flagged, after == Status::Flagged) {
            (false, true) => self.flagged_at.get_or_insert(at),
            (true, false) => self.cleared_at.get_or_insert(at),
            _ => return,
        };
    }
}

impl Tally {
    fn count(&mut self, as_it_was: Option<Timestamp>, with_these: Option<Timestamp>) {
        self.as_it_was += u32::from(as_it_was.is_some());
        self.with_these += u32::from(with_these.is_some());
        if let (Some(was), Some(with)) = (as_it_was, with_these) {
            self.sooner += u32::from(with < was);
            self.later += u32::from(with > was);
        }
    }
}

fn rate(number: &mut MonitoredNumber, review: &Review, at: Timestamp) {
    if number.status != review.status {
        (number.status, number.status_since) = (review.status, at);
    }
    (number.flagging_checks, number.clearing_checks) = (review.flagging_checks, review.clearing_checks);
    number.evidence_until = review.evidence_until.max(number.evidence_until);
    if review.answering > 0 {
        number.last_rated_at = Some(at);
    }
}

/// Every monitored number that the run read of, as it stood before it.
fn monitored(recording: &Recording) -> impl Iterator<Item = MonitoredNumber> + '_ {
    let pages = recording.calls.iter().filter_map(|call| match call {
        Call::Monitored(_, _, Ok(page)) => Some(page),
        _ => None,
    });
    pages.flat_map(|page| page.rows().into_iter().flatten())
}

fn replaced(plan: &Plan) -> impl Iterator<Item = PhoneNumber> {
    plan.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some(replacement.number),
        _ => None,
    })
}
