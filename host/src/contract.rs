//! The contract's types, generated from the newest version in `wit/`, whose comments are their manual.
//!
//! `contract/` translates older versions into these types; no other module knows that there are several.
//!
//! Numbers are the digits of E.164 as an integer, times are whole seconds since 1970, and money is whole US cents; every
//! type and field states its unit and range. A dialer mostly reads these types. Here is a plan as a dashboard might word
//! it.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//!
//! fn in_words(plan: &Plan) -> Vec<String> {
//!     plan.actions
//!         .iter()
//!         .map(|action| match action {
//!             Action::OccupySlot(it) => format!("+{} takes slot {}", it.number, it.slot),
//!             Action::LockSlot(it) => format!("slot {} is locked until {}", it.slot, it.until),
//!             Action::ReleaseNumber(number) => format!("+{number} is released"),
//!             Action::ReplaceNumber(it) => format!("+{} is replaced by +{}: {}", it.number, it.replacement, it.because),
//!             Action::SetBlocks(it) => format!("{} blocks from {}", it.blocks, it.starting),
//!             Action::StopUsing(number) => format!("+{number} is not used for now"),
//!             Action::UseAgain(number) => format!("+{number} is used again"),
//!             Action::OfferAgain(number) => format!("+{number} has rested and may replace others"),
//!             Action::RestOn(number) => format!("+{number} rests on"),
//!             Action::GiveBack(number) => format!("+{number} goes back to its provider"),
//!         })
//!         .collect()
//! }
//!
//! let policy = Policy::reference(Limits::default());
//! let plan = policy.review_account(&small_dialer(AUTO_REPLACE), "acme").await?.answer;
//! assert!(in_words(&plan)[0].starts_with("+13105550123 is replaced by +13105550199: Flagged by 2 of 2 carriers;"));
//! # Ok(())
//! # }
//! ```

mod account;
#[path = "../../plugin/src/table.rs"]
mod table;
mod v0_1;
mod v0_2;
mod v0_3;
pub(crate) mod versions;

#[allow(missing_docs)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/0.3.0",
        world: "reputation-policy",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
    });
}

pub use account::Account;
pub use bindings::dialguard::reputation::carrier_lookup::{Carrier, Source};
pub use bindings::dialguard::reputation::number_inventory::{CallTotals, FlagTable};
pub use bindings::dialguard::reputation::types::{
    AccountId, Action, BlockChange, CallTable, CandidateTable, CarrierId, ChoiceSetting, ClosingReason, Error,
    ErrorCode, GuardRails, IntegerSetting, MonitoredTable, Notice, Occupancy, PhoneNumber, Plan, Replacement,
    ReplacementReason, RestedTable, ReviewTable, Setting, SettingKind, Severity, SlotClosing, SlotId, SlotLock,
    SourceId, Status, StatusCode, SuspectTable, SwitchSetting, Timestamp, VerdictTable,
};
pub use bindings::exports::dialguard::reputation::policy::{
    Answer, Decision, Deletion, Description, Outcome, Request, Screening, Usage,
};
pub use table::{
    Candidate, CarrierVerdict, FlagEvent, MonitoredNumber, NO_ANSWER, NO_DATA, NumberCalls, RestedNumber, Review,
    Suspect, TableFault,
};

pub(crate) use bindings::dialguard::reputation as imports;

/// The versions of the contract that this host supports, oldest first; each is a folder of `wit/`.
pub const VERSIONS: [&str; 3] = ["0.1.0", "0.2.0", "0.3.0"];

/// The most numbers that one call of an import takes or returns.
pub const NUMBERS_PER_CALL_MAX: usize = 10_000;

/// The highest E.164 number: 15 digits.
pub const NUMBER_MAX: PhoneNumber = 999_999_999_999_999;

/// The most blocks that an account may have.
pub const BLOCKS_MAX: u32 = 100_000;

impl Answer {
    /// All answers.
    pub const ALL: [Answer; 10] = [
        Answer::Accepted,
        Answer::AddOnOff,
        Answer::NotOwned,
        Answer::AlreadyMonitored,
        Answer::NotMonitored,
        Answer::NoFreeSlot,
        Answer::SlotWouldLock,
        Answer::NoCleanCandidate,
        Answer::ReplacementPending,
        Answer::SlotsInUse,
    ];
}

impl Status {
    /// Every status, in the contract's order.
    pub const ALL: [Status; 4] = [Status::Pending, Status::Clean, Status::AtRisk, Status::Flagged];

    /// Its name in the contract.
    ///
    /// ```
    /// use dialguard::contract::Status;
    ///
    /// assert_eq!(Status::ALL.map(Status::name), ["pending", "clean", "at-risk", "flagged"]);
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Clean => "clean",
            Status::AtRisk => "at-risk",
            Status::Flagged => "flagged",
        }
    }
}

impl Severity {
    /// Its name in the contract.
    ///
    /// ```
    /// assert_eq!(dialguard::contract::Severity::Warning.name(), "warning");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Alert => "alert",
        }
    }
}

impl Error {
    /// An error that may pass; `message` says what to do about it, in one English sentence. For a dialer that cannot reach
    /// its carriers or inventory: the policy returns the error and plans nothing.
    ///
    /// ```
    /// use dialguard::contract::{Error, ErrorCode};
    ///
    /// let error = Error::unavailable("The number inventory does not respond; try again in a minute.");
    /// assert_eq!(error.code, ErrorCode::Unavailable);
    /// ```
    pub fn unavailable(message: impl Into<String>) -> Self {
        Error { code: ErrorCode::Unavailable, message: message.into() }
    }

    /// The dialer has no account with that id.
    ///
    /// ```
    /// use dialguard::contract::{Error, ErrorCode};
    ///
    /// let error = Error::no_such_account("acme");
    /// assert_eq!(error.code, ErrorCode::NoSuchAccount);
    /// assert_eq!(error.message, "There is no account \"acme\".");
    /// ```
    pub fn no_such_account(id: &str) -> Self {
        Error { code: ErrorCode::NoSuchAccount, message: format!("There is no account {id:?}.") }
    }
}
