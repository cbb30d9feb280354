//! Providers of phone numbers. Each is one file behind [`Provider`].
//!
//! Only [`Provider::order`] spends money, and only on the number it names. Errors distinguish what may have been carried
//! out from what certainly was not, so that a buyer can check before ordering again:
//!
//! ```
//! use dialguard_dialer::providers::ProviderError;
//!
//! let lost = ProviderError::Lost("no answer within 10 seconds".into());
//! assert!(!lost.is_without_effect());
//! assert!(ProviderError::NoLongerAvailable("error 21422".into()).is_without_effect());
//! ```

pub mod reconciliation;

mod api;
mod call_log;
mod delivery;
mod offers;
mod opened;
mod price;
mod refusal;
mod settings;
mod telnyx;
mod twilio;

pub use call_log::{CallLog, LoggedCall};
pub(crate) use offers::Offers;
pub use opened::Providers;
pub use price::{NUMBER_CENTS_MAX, Offer, OfferPrice};
pub use settings::ProviderSettings;

use crate::http::ServiceLimits;
use crate::ledger::{ProviderKind, ProviderProfile};
use crate::phone::{area_code, is_us};
use dialguard::contract::{PhoneNumber, Timestamp};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use telnyx::TelnyxNumbers;
use twilio::TwilioNumbers;

/// Opens the provider that a profile in the ledger describes. Sends nothing yet. Open it once and share it, because limits,
/// pace and circuit breaker hold for all its users together.
///
/// Errors: [`ProviderError::Settings`], [`ProviderError::Credentials`].
pub fn open_provider(profile: &ProviderProfile) -> Result<Arc<dyn Provider>, ProviderError> {
    open_provider_within(profile, ServiceLimits::default())
}

/// The same with other limits.
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

/// What a provider answers to requests that cost nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tryout {
    /// The numbers that its account owns.
    pub owned: usize,
    /// What its account cannot do, as sentences.
    pub limits: Vec<String>,
}

/// Opens a provider and sends requests that cost nothing, to see whether it works.
pub async fn try_out(profile: &ProviderProfile, now: Timestamp) -> Result<Tryout, ProviderError> {
    let provider = open_provider(profile)?;
    let owned = provider.owned().await?.len();
    let mut limits = provider.test().await?;
    if ProviderSettings::from_json(&profile.settings).is_ok_and(|settings| settings.calls) {
        let hour = now.saturating_sub(3_600)..now;
        limits
            .extend(provider.calls(hour).await.err().map(|error| format!("its log of calls cannot be read: {error}")));
    }
    Ok(Tryout { owned, limits })
}

/// A provider of phone numbers, used through one account with it.
#[async_trait::async_trait]
pub trait Provider: Send + Sync {
    /// Numbers on offer in an area, at most `limit` (1 to 1,000), in any order, each once. Leaves out what the provider offers
    /// instead of what was requested ("best effort").
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<Offer>, ProviderError>;

    /// What a number costs now, if it is on offer. None if it is not, such as one that is reserved already.
    async fn price(&self, _number: PhoneNumber) -> Result<Option<OfferPrice>, ProviderError> {
        Ok(Some(OfferPrice::Flat))
    }

    /// Reserves a number for a while, so that no one else can buy it. Repeating it is not an error.
    async fn reserve(&self, number: PhoneNumber) -> Result<Reservation, ProviderError>;

    /// Whether the account has this number already, bought by any system, or has it on order. Such a number is not for sale.
    async fn has(&self, number: PhoneNumber) -> Result<bool, ProviderError>;

    /// Buys exactly this number, which the account must not have. `reference` is chosen by the buyer and marks what is
    /// bought: at most 64 letters, digits and hyphens, the same for every attempt of one purchase, and of no other.
    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError>;

    /// The present status of a purchase, for an order that is pending or whose response was lost. A number counts as
    /// bought only if it, or the provider's order for it, has this reference.
    async fn purchase_status(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError>;

    /// Copies the name and the settings for voice and messages from the number `from` to the number `to`, both owned.
    /// Returns what could not be copied, as sentences. Idempotent.
    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError>;

    /// Releases a number. A number that is not owned is not an error.
    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError>;

    /// Every owned number, in ascending order.
    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError>;

    /// The calls that began in this span, which is of whole hours: all that are over, from any number of the account. An
    /// error if the provider does not tell all of them.
    async fn calls(&self, _span: Range<Timestamp>) -> Result<CallLog, ProviderError> {
        Err(ProviderError::Refused("this provider has no log of calls".into()))
    }

    /// The hours of calls that are best asked for at a time, from 1 to 24.
    fn hours_of_calls_at_a_time(&self) -> u64 {
        24
    }

    /// Sends requests that cost nothing, to see whether this account can use the provider. Returns what it cannot do, as
    /// sentences.
    async fn test(&self) -> Result<Vec<String>, ProviderError>;
}

/// Where to search for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchArea {
    /// An area code of the North American Numbering Plan, 200 to 999.
    AreaCode(u16),
    /// Anywhere in the United States.
    Anywhere,
}

impl SearchArea {
    /// Whether a number is in the area.
    fn contains(self, number: PhoneNumber) -> bool {
        let is_in = match self {
            SearchArea::AreaCode(code) => area_code(number) == Some(code),
            SearchArea::Anywhere => true,
        };
        is_in && is_us(number)
    }
}

/// The outcome of reserving a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The number is reserved for long enough to order it.
    Reserved,
    /// The provider has no reservations: the first order gets the number.
    NotOffered,
}

/// The status of a purchase at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseStatus {
    /// The provider has no such order, and the account does not have the number.
    Unknown,
    /// The provider is working on it.
    Pending,
    /// The provider works on it only after a user has acted; says what to do.
    NeedsUser(String),
    /// This purchase brought the number.
    Owned,
    /// The account has the number, but not from this purchase.
    OwnedOtherwise,
    /// The order is over at the provider, and does not bring the number; says why.
    Failed(String),
}

/// Why a provider did not carry out a request. Never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The number was sold to someone else. Nothing happened; choose another number.
    #[error("the number is no longer available ({0})")]
    NoLongerAvailable(String),
    /// The provider does not sell this number to this account. Nothing happened. Another number may be sold, unless the
    /// reason holds for all of them.
    #[error("{0}")]
    NumberRefused(String),
    /// Nothing happened, and repeating the request will not help until an operator acts, such as by adding funds.
    #[error("{0}")]
    Refused(String),
    /// The same, because a secret cannot be read or the provider does not accept it. A running program reads secrets when
    /// it opens the provider.
    #[error("{0}")]
    Credentials(String),
    /// The same, because the provider's settings in the ledger cannot be used and must be changed.
    #[error("{0}")]
    Settings(String),
    /// Nothing happened; the same request may succeed later.
    #[error("{words}")]
    Later {
        /// Why.
        words: String,
        /// How long to wait at least, if known.
        wait: Option<Duration>,
    },
    /// No usable response arrived. The request may have been carried out; check before repeating it.
    #[error("{0}")]
    Lost(String),
}

impl ProviderError {
    /// Whether the provider has certainly done nothing.
    pub fn is_without_effect(&self) -> bool {
        !matches!(self, ProviderError::Lost(_))
    }

    /// Whether it is about this number, so that another may be bought.
    pub fn is_of_number(&self) -> bool {
        matches!(self, ProviderError::NoLongerAvailable(_) | ProviderError::NumberRefused(_))
    }

    /// Whether repeating the request will not help until an operator acts.
    pub fn needs_operator(&self) -> bool {
        matches!(self, ProviderError::Refused(_) | ProviderError::Credentials(_) | ProviderError::Settings(_))
    }
}
