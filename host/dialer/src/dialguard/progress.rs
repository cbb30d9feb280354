//! Reviews under way in this process, for users to follow.

use crate::ledger::AccountProfile;
use crate::sources::inquiry::Inquiry;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Numbers that sources have answered about, at most [`Progress::of`].
    pub asked: u32,
    /// Numbers that the account monitors. Sources are not asked about those already rated on this date.
    pub of: u32,
}

/// The latest review of each account. A review only counts; its progress is computed when a caller asks for it.
#[derive(Clone, Default)]
pub(super) struct Reviews(Arc<Mutex<HashMap<String, Review>>>);

struct Review {
    inquiry: Arc<Inquiry>,
    of: u32,
}

/// A review that is under way until this is dropped.
pub(super) struct ReviewGuard {
    reviews: Reviews,
    id: String,
    inquiry: Arc<Inquiry>,
}

impl Reviews {
    pub(super) fn begin(&self, account: &AccountProfile, inquiry: Arc<Inquiry>) -> ReviewGuard {
        let (id, of) = (account.id.clone(), account.occupied);
        self.0.lock().insert(id.clone(), Review { inquiry: inquiry.clone(), of });
        ReviewGuard { reviews: self.clone(), id, inquiry }
    }

    pub(super) fn progress(&self, id: &str) -> Option<Progress> {
        let reviews = self.0.lock();
        let Review { inquiry, of } = reviews.get(id)?;
        // Candidates are asked about too, once the account's own numbers are.
        Some(Progress { asked: inquiry.numbers_asked().min(*of), of: *of })
    }
}

impl Drop for ReviewGuard {
    fn drop(&mut self) {
        let mut reviews = self.reviews.0.lock();
        if reviews.get(&self.id).is_some_and(|review| Arc::ptr_eq(&review.inquiry, &self.inquiry)) {
            reviews.remove(&self.id);
        }
    }
}
