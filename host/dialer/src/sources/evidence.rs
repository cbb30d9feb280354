//! Evidence counts once: a further check of a number needs an observation newer than those of its last check.
//!
//! A policy rates what it is given, and its contract does not say which observations the last check was given. So a review
//! gives it the observations of a monitored number only if at least one with a score is newer. Otherwise it gives none for
//! that number: an answer that was counted already is not a new answer. The number keeps its status, is not rated on that
//! date, and is asked about again by the next review. Candidates and screenings are not affected.
//!
//! One newer observation is enough for all of a number's observations to count again, because carriers form their
//! opinions at different times, and `observation-age-max-hours` says how long one may speak for its carrier. The time of the
//! last check would be the wrong measure: a source that is always a day late would never be newer.

use crate::ledger::{AccountProfile, Ledger, LedgerError};
use crate::sources::inquiry::Inquiry;
use dialguard::calendar::day_starts_at;
use dialguard::contract::{Carrier, Error, Observation, PhoneNumber, Timestamp};
use dialguard::dialer::CarrierLookup;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The lookups of a review.
pub(crate) struct NewEvidence {
    inquiry: Arc<Inquiry>,
    ledger: Arc<Ledger>,
    account: AccountProfile,
    day_starts_at: Timestamp,
    counted_before: Mutex<BTreeSet<PhoneNumber>>,
}

impl NewEvidence {
    /// The lookups of a review of this account at the time `now`.
    pub fn new(inquiry: Arc<Inquiry>, ledger: Arc<Ledger>, account: AccountProfile, now: Timestamp) -> Self {
        let day_starts_at = day_starts_at(account.local_date(now), account.time_zone);
        NewEvidence { inquiry, ledger, account, day_starts_at, counted_before: Mutex::default() }
    }

    /// How many numbers had no new observation.
    pub fn counted_before(&self) -> usize {
        self.counted_before.lock().len()
    }
}

#[async_trait::async_trait]
impl CarrierLookup for NewEvidence {
    async fn carriers(&self) -> Vec<Carrier> {
        self.inquiry.carriers().await
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        let unavailable = |error: LedgerError| Error::unavailable(error.to_string());
        let counted = self.ledger.evidence(&self.account, &numbers, self.day_starts_at).map_err(unavailable)?;
        let observations = self.inquiry.look_up(numbers).await?;
        let mut given = Vec::with_capacity(observations.len());
        for group in observations.chunk_by(|one, next| one.number == next.number) {
            let number = group[0].number;
            match counted.get(&number).is_some_and(|until| is_counted(group, *until)) {
                true => drop(self.counted_before.lock().insert(number)),
                false => given.extend_from_slice(group),
            }
        }
        Ok(given)
    }
}

/// Whether the group has scores, and none that is newer than those of the last check.
fn is_counted(group: &[Observation], until: Timestamp) -> bool {
    newest_score(group.iter().map(|observation| (observation.spam_score, observation.observed_at)))
        .is_some_and(|newest| newest <= until)
}

/// When the newest of the observations with a score was made. 'No data' is no evidence.
pub(crate) fn newest_score(observations: impl Iterator<Item = (Option<u8>, Timestamp)>) -> Option<Timestamp> {
    observations.filter(|(score, _)| score.is_some()).map(|(_, observed_at)| observed_at).max()
}

/// What to say about numbers without a new observation; nothing if there are none.
///
/// ```
/// use dialguard_dialer::sources::evidence::counted_before_in_words;
/// let words = counted_before_in_words(1).ok_or("a sentence")?;
/// assert_eq!(words, "1 number was not rated: its observations were counted in an earlier check.");
/// assert_eq!(counted_before_in_words(0), None);
/// # Ok::<(), &str>(())
/// ```
pub fn counted_before_in_words(numbers: usize) -> Option<String> {
    match numbers {
        0 => None,
        1 => Some("1 number was not rated: its observations were counted in an earlier check.".into()),
        _ => Some(format!("{numbers} numbers were not rated: their observations were counted in an earlier check.")),
    }
}
