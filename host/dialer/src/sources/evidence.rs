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

use crate::ledger::{AccountProfile, Ledger, LedgerError, newest_score};
use crate::sources::inquiry::Inquiry;
use dialguard::contract::{Carrier, CarrierVerdict, Error, PhoneNumber, Source, SourceId, Timestamp, VerdictTable};
use dialguard::dialer::CarrierLookup;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The lookups of a review.
pub(crate) struct NewEvidence {
    inquiry: Arc<Inquiry>,
    ledger: Arc<Ledger>,
    account: AccountProfile,
    rates_since: Timestamp,
    counted_before: Mutex<BTreeSet<PhoneNumber>>,
}

impl NewEvidence {
    /// The lookups of a review of this account, which rates numbers that have no rating for a day that began at
    /// `rates_since` or later.
    pub fn new(inquiry: Arc<Inquiry>, ledger: Arc<Ledger>, account: AccountProfile, rates_since: Timestamp) -> Self {
        NewEvidence { inquiry, ledger, account, rates_since, counted_before: Mutex::default() }
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

    async fn sources(&self) -> Vec<Source> {
        self.inquiry.sources().await
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let unavailable = |error: LedgerError| Error::unavailable(error.to_string());
        let counted = self.ledger.evidence(&self.account, &numbers, self.rates_since).await.map_err(unavailable)?;
        let mut verdicts = self.inquiry.look_up(numbers.clone(), sources).await?;
        let rows = verdicts.rows(numbers.len()).expect("an inquiry answers a table");
        let is_old = |(number, row)| counted.get(number).is_some_and(|until| is_counted(row, *until));
        let old: Vec<bool> = numbers.iter().zip(rows).map(is_old).collect();
        for (place, number) in numbers.iter().enumerate().filter(|(place, _)| old[*place]) {
            verdicts.clear_row(place);
            self.counted_before.lock().insert(*number);
        }
        Ok(verdicts)
    }
}

/// Whether the row has scores, and none that is newer than those of the last check.
fn is_counted(row: impl Iterator<Item = CarrierVerdict>, until: Timestamp) -> bool {
    newest_score(row.map(|verdict| (verdict.score, verdict.observed_at))).is_some_and(|newest| newest <= until)
}
