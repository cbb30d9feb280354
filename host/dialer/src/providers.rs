//! Where numbers are bought: each provider is one file behind [`Provider`].
//!
//! Money is spent in one place only, [`Provider::order`], and only for a number that was named. What may have been carried
//! out is told apart from what certainly was not, so that whoever buys can look before he tries again:
//!
//! ```
//! use dialguard_dialer::providers::ProviderError;
//!
//! let lost = ProviderError::Lost("no answer within 10 seconds".into());
//! assert!(!lost.is_without_effect());
//! assert!(ProviderError::NoLongerAvailable("error 21422".into()).is_without_effect());
//! ```

mod offers;
mod opened;
pub mod reconciliation;

mod api;
mod settings;
mod telnyx;
mod twilio;

pub(crate) use offers::Offers;
pub use opened::Providers;
pub use settings::ProviderSettings;

use crate::http::ServiceLimits;
use crate::ledger::ProviderKind;
use crate::ledger::ProviderProfile;
use crate::phone;
use dialguard::contract::PhoneNumber;
use std::sync::Arc;
use std::time::Duration;
use telnyx::TelnyxNumbers;
use twilio::TwilioNumbers;

/// The provider that a profile in the ledger describes. Nothing is sent yet. Open it once and share it: it counts what is
/// under way, keeps to the provider's pace and leaves it alone where it fails.
///
/// [`ProviderError::Refused`] where its settings or its secrets cannot be used; says what to mend.
pub fn open_provider(profile: &ProviderProfile) -> Result<Arc<dyn Provider>, ProviderError> {
    open_provider_within(profile, ServiceLimits::default())
}

/// The same, asked within other limits.
pub fn open_provider_within(
    profile: &ProviderProfile,
    limits: ServiceLimits,
) -> Result<Arc<dyn Provider>, ProviderError> {
    let settings = ProviderSettings::from_json(&profile.settings)?;
    Ok(match profile.kind {
        ProviderKind::Twilio => Arc::new(TwilioNumbers::open(&settings, limits)?),
        ProviderKind::Telnyx => Arc::new(TelnyxNumbers::open(&settings, limits)?),
    })
}

/// A provider of phone numbers, for one account with it.
#[async_trait::async_trait]
pub trait Provider: Send + Sync {
    /// Numbers on offer in an area, at most `limit` (1 to 1,000), in any order, each once. What the provider offers in place
    /// of what was asked for ("best effort") is left out.
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<PhoneNumber>, ProviderError>;

    /// Holds a number for a while, so that nobody else buys it. Asking twice is no error.
    async fn reserve(&self, number: PhoneNumber) -> Result<Reservation, ProviderError>;

    /// Buys exactly this number. `reference` is the buyer's own, of at most 64 letters, digits and hyphens, the same for
    /// every attempt of one purchase.
    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<Standing, ProviderError>;

    /// What became of an order, looked up anew; for one whose answer was lost or that takes a while.
    async fn standing(&self, number: PhoneNumber, reference: &str) -> Result<Standing, ProviderError>;

    /// Gives the number `to` the name and the settings for voice and messages of `from`, both owned. Answers what could
    /// not be carried over, in words. Doing it twice does no harm.
    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError>;

    /// Gives a number back. One that is not owned (any more) is no error.
    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError>;

    /// Every number owned, in ascending order.
    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError>;

    /// Asks for something that costs nothing, to see whether the provider lets this account in. An error says what to mend.
    async fn test(&self) -> Result<(), ProviderError>;
}

/// Where to look for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchArea {
    /// An area code of the North American numbering plan, 200 to 999.
    AreaCode(u16),
    /// Anywhere in the United States.
    Anywhere,
}

impl SearchArea {
    /// Whether a number lies there.
    fn holds(self, number: PhoneNumber) -> bool {
        let is_in = match self {
            SearchArea::AreaCode(code) => phone::area_code(number) == Some(code),
            SearchArea::Anywhere => true,
        };
        is_in && phone::is_us(number)
    }
}

/// Whether a number is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// For long enough to order it.
    Held,
    /// The provider has no reservations: who orders first has it.
    NotOffered,
}

/// How an order stands with the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It knows of no such order, and the number is not owned.
    Unknown,
    /// It is working on it.
    Pending,
    /// The number is owned.
    Owned,
    /// It was given up by the provider, and nothing was charged.
    Failed,
}

/// Why a provider did not do something. The words say what to look at and never hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Somebody else has the number; take another one. Nothing happened.
    #[error("the number is no longer available ({0})")]
    NoLongerAvailable(String),
    /// Nothing happened, and nothing will until a person mends something: credentials, funds, settings.
    #[error("{0}")]
    Refused(String),
    /// Nothing happened; it may go well later.
    #[error("{words}")]
    Later {
        /// Why.
        words: String,
        /// How long to leave it alone, where that is known.
        wait: Option<Duration>,
    },
    /// No usable answer came. It may have been carried out: look before trying again.
    #[error("{0}")]
    Lost(String),
}

impl ProviderError {
    /// Whether the provider has certainly done nothing.
    pub fn is_without_effect(&self) -> bool {
        !matches!(self, ProviderError::Lost(_))
    }
}
