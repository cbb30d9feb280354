//! Questions that cost nothing: neither sources nor a provider are asked.
//!
//! A policy may ask carriers about numbers whatever it is asked itself. A user who only looks at an account must not pay for
//! that, nor must a page that a browser opens by itself.

use super::run::Run;
use crate::sources::inquiry::Inquiry;
use dialguard::contract::{Carrier, Error, PhoneNumber, Source, SourceId, VerdictTable};
use dialguard::dialer::CarrierLookup;
use std::sync::Arc;

/// The carriers, of which none answers.
struct Unasked(Arc<Inquiry>);

#[async_trait::async_trait]
impl CarrierLookup for Unasked {
    async fn carriers(&self) -> Vec<Carrier> {
        self.0.carriers().await
    }

    async fn sources(&self) -> Vec<Source> {
        self.0.sources().await
    }

    async fn look_up(&self, _: Vec<PhoneNumber>, _: Vec<SourceId>) -> Result<VerdictTable, Error> {
        Err(Error::unavailable("no carrier is asked for this question"))
    }
}

impl Run {
    /// The same run, for a question that costs nothing.
    pub fn asking_nobody(mut self) -> Self {
        self.dialer.carriers = Arc::new(Unasked(self.inquiry.clone()));
        self.inventory = Arc::new(self.inventory.without_offers());
        self.dialer.inventory = self.inventory.clone();
        self.offers = None;
        self
    }
}
