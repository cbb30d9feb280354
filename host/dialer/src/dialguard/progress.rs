//! Reviews under way in this process, for users to follow.

use crate::sources::inquiry::Inquiry;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Numbers that sources have answered about, at most [`Progress::of`].
    pub asked: u32,
    /// Numbers that the review is to rate: those not rated on its date yet.
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
    pub(super) fn begin(&self, id: &str, of: u32, inquiry: Arc<Inquiry>) -> ReviewGuard {
        self.0.lock().insert(id.to_owned(), Review { inquiry: inquiry.clone(), of });
        ReviewGuard { reviews: self.clone(), id: id.to_owned(), inquiry }
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
