//! Reviews under way in this process, for people to follow.

use crate::ledger::AccountProfile;
use crate::sources::inquiry::Inquiry;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Numbers that carriers were asked about and have answered, at most [`Progress::of`].
    pub asked: u32,
    /// Numbers that the account monitors. Those that were rated on this date already are not asked about.
    pub of: u32,
}

/// Of each account the review that began last. A review only counts on; nothing is told until somebody asks.
#[derive(Clone, Default)]
pub(super) struct Reviews(Arc<Mutex<HashMap<String, Review>>>);

struct Review {
    asking: Arc<Inquiry>,
    of: u32,
}

/// A review that is under way until this is dropped.
pub(super) struct Begun {
    reviews: Reviews,
    id: String,
    asking: Arc<Inquiry>,
}

impl Reviews {
    pub(super) fn begin(&self, account: &AccountProfile, asking: Arc<Inquiry>) -> Begun {
        let (id, of) = (account.id.clone(), account.occupied);
        self.0.lock().insert(id.clone(), Review { asking: asking.clone(), of });
        Begun { reviews: self.clone(), id, asking }
    }

    pub(super) fn progress(&self, id: &str) -> Option<Progress> {
        let reviews = self.0.lock();
        let Review { asking, of } = reviews.get(id)?;
        // Candidates are asked about too, once the account's own numbers are.
        Some(Progress { asked: asking.numbers_asked().min(*of), of: *of })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut reviews = self.reviews.0.lock();
        if reviews.get(&self.id).is_some_and(|review| Arc::ptr_eq(&review.asking, &self.asking)) {
            reviews.remove(&self.id);
        }
    }
}
