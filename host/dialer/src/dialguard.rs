//! The reference dialer: gather, decide, apply.
//!
//! The CLI, the schedule and the server all go through here. A run reads the account at one revision, the policy
//! decides from its inputs, and the ledger checks and applies the plan. If the account changed meanwhile, the run is
//! repeated.
//!
//! It blocks the thread for the ledger's disk when it begins a run and applies its plan, and so needs Tokio's
//! multi-threaded runtime. What a policy asks in between is answered in other threads, as many at a time as there are
//! processors.
//!
//! A whole dialer, whose `small_dialguard` the examples of the modules around it use too:
//!
//! ```
#![doc = include_str!("dialguard/example.rs")]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let folder = tempfile::tempdir()?;
//!     let dialguard = small_dialguard(folder.path()).await?;
//!
//!     let first = dialguard.review("acme").await?;
//!     assert!(first.replaced.is_empty(), "a replacement waits for a second check");
//!
//!     // One observation counts in one check, so the next check needs a newer one.
//!     let next_day = VERDICTS.replace("2026-01-15", "2026-01-16");
//!     std::fs::write(folder.path().join("verdicts.csv"), next_day)?;
//!     let second = dialguard.at(NOW + DAY).review("acme").await?;
//!     assert_eq!(second.replaced[0].replacement, 13_105_550_199);
//!     Ok(())
//! }
//! ```

mod account_change;
mod calls;
mod grounds;
mod inventory;
mod preview;
mod progress;
mod replacements;
mod requests;
mod review;
mod run;
mod screening;
mod summary;
mod unasked;

pub use account_change::{ChangeOutcome, ChangePreview};
pub use calls::{CALL_DAYS_READ, ReadCalls};
pub use preview::{
    PlannedReplacement, Preview, ReplacementCost, UNTYPED_CENTS_MAX, UNTYPED_NUMBERS_MAX, count_to_type, slots_cents,
};
pub use progress::Progress;
pub use requests::{BulkOutcome, Completion, RequestOutcome, Screened};
pub use review::{ReviewOutcome, Turned};
pub use screening::{ScreeningCost, SourceCost};
pub use summary::{NotDone, Summary, WhyNot};

use crate::fulfilment::FulfilmentError;
use crate::ledger::{Actor, Ledger, LedgerError};
use crate::metrics::Metrics;
use crate::policies::{Policies, PoliciesError};
use crate::providers::{Provider, ProviderError, Providers};
use crate::sources::inquiry::Sources;
use calls::Readings;
use dialguard::clock::{Clock, FixedClock};
use dialguard::contract::Timestamp;
use dialguard::policy::PolicyError;
use progress::Reviews;
use std::sync::Arc;
use tokio::sync::watch;

/// A dialer with a ledger, sources, providers and a policy. Cheap to clone.
#[derive(Clone)]
pub struct Dialguard {
    ledger: Arc<Ledger>,
    policies: Policies,
    sources: Sources,
    providers: Providers,
    clock: Arc<dyn Clock>,
    reviews: Reviews,
    readings: Readings,
    stop: Arc<watch::Sender<bool>>,
}

/// Why Dialguard refused a request.
#[derive(Debug, thiserror::Error)]
pub enum DialguardError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The policy refused or failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The live policy could not be determined.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// An order could not be carried out, or cannot be abandoned.
    #[error(transparent)]
    Fulfilment(FulfilmentError),
    /// The program is stopping: see [`Dialguard::stop`].
    #[error("the program is stopping, and nothing was changed")]
    Stopped,
    /// An invariant was broken, and nothing was changed.
    #[error("internal error, and nothing was changed; please report this: {0}")]
    Internal(String),
}

impl From<FulfilmentError> for DialguardError {
    fn from(error: FulfilmentError) -> Self {
        match error {
            FulfilmentError::Ledger(error) => DialguardError::Ledger(error),
            other => DialguardError::Fulfilment(other),
        }
    }
}

type Result<T> = std::result::Result<T, DialguardError>;

impl Dialguard {
    /// A dialer on this ledger, whose policies are the ledger's ([`Policies::open`]) or one that the program brings
    /// along, a [`Policy`](dialguard::policy::Policy).
    pub fn new(ledger: Arc<Ledger>, policies: impl Into<Policies>, clock: Arc<dyn Clock>) -> Self {
        Dialguard {
            sources: Sources::new(ledger.clone()),
            providers: Providers::new(ledger.clone()),
            ledger,
            policies: policies.into(),
            clock,
            reviews: Reviews::default(),
            readings: Readings::default(),
            stop: Arc::new(watch::Sender::new(false)),
        }
    }

    /// The same dialer at another time, in seconds since 1970, at which its clock stands still.
    pub fn at(&self, now: Timestamp) -> Self {
        Dialguard { clock: Arc::new(FixedClock(now)), ..self.clone() }
    }

    /// The same dialer, whose changes are recorded as this actor's; as nobody's, it refuses those that are recorded. A new
    /// dialer acts as its ledger does: as the system's user who runs the program.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard_dialer::ledger::{Actor, EventQuery};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let ann = Actor::user("ann", NOW);
    /// dialguard.acting_as(ann.clone()).decide("acme", &Request::StopMonitoring(vec![13_105_550_100])).await?;
    ///
    /// let newest = dialguard.ledger().event_page("acme", &EventQuery::default(), 1)?.events.remove(0);
    /// assert_eq!((newest.kind.as_str(), newest.actor), ("slot-locked", Some(ann)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn acting_as(&self, actor: impl Into<Option<Actor>>) -> Self {
        let actor = actor.into();
        Dialguard {
            policies: self.policies.acting_as(actor.clone()),
            ledger: Arc::new(self.ledger.acting_as(actor)),
            ..self.clone()
        }
    }

    /// The same dialer with this provider in place of the one of that name in the ledger; for tests, and for providers
    /// that this library does not know.
    pub fn with_provider(&self, name: &str, provider: Arc<dyn Provider>) -> Self {
        Dialguard { providers: self.providers.with(name, provider), ..self.clone() }
    }

    /// The provider of that name. [`ProviderError::Settings`] if there is no such provider or its settings cannot be
    /// used.
    pub fn provider(&self, name: &str) -> std::result::Result<Arc<dyn Provider>, ProviderError> {
        self.providers.named(name)
    }

    /// Ends what this dialer and its clones are doing, because the program stops. Runs are dropped, with nothing of them
    /// applied, and orders are taken no further than the step they are at. From now on runs and questions are refused with
    /// [`DialguardError::Stopped`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Does this unless the dialer is stopped first.
    async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut stop = self.stop.subscribe();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Err(DialguardError::Stopped),
            done = work => done,
        }
    }

    /// The ledger, to read from.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Its policies: to install others, compare and activate them.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What this process has done and the state of the ledger, as Prometheus metrics (text format 0.0.4).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// dialguard.review("acme").await?;
    /// let figures = dialguard.figures()?;
    /// assert!(figures.contains("dialguard_reviews_total{outcome=\"made\"} 1\n"));
    /// assert!(figures.contains("dialguard_monitored_numbers{status=\"flagged\"} 1\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn figures(&self) -> Result<String> {
        let totals = tokio::task::block_in_place(|| self.ledger.totals())?;
        Ok(self.metrics().encode(totals))
    }

    /// What this process counts.
    pub fn metrics(&self) -> &Metrics {
        self.sources.metrics()
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
