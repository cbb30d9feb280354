//! The contract's types, as generated from the newest version in `wit/`, whose comments are their manual.
//!
//! Older versions are translated into these in `contract/`, and nothing else knows that there are several.

mod v0_1;
pub(crate) mod versions;

#[allow(missing_docs)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/0.2.0",
        world: "reputation-policy",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
    });
}

pub use bindings::dialguard::reputation::carrier_lookup::Carrier;
pub use bindings::dialguard::reputation::number_inventory::FlagEvent;
pub use bindings::dialguard::reputation::types::{
    Account, AccountId, Action, BlockChange, CarrierId, ClosingReason, Error, ErrorCode, MonitoredNumber, Notice,
    Observation, Occupancy, PhoneNumber, Plan, Replacement, ReplacementReason, Review, Settings, Severity, SlotClosing,
    SlotId, SlotLock, Status, Timestamp,
};
pub use bindings::exports::dialguard::reputation::policy::{
    Answer, Decision, Deletion, Description, Outcome, Request, Screening, Usage,
};

pub(crate) use bindings::dialguard::reputation as imports;

/// The versions of the contract that this host speaks, oldest first: each a folder of `wit/`.
pub const VERSIONS: [&str; 2] = ["0.1.0", "0.2.0"];

/// Numbers that one call to an import takes or answers, at most.
pub const NUMBERS_PER_CALL_MAX: usize = 10_000;

/// The highest E.164 number: 15 digits.
pub const NUMBER_MAX: PhoneNumber = 999_999_999_999_999;

/// Blocks that an account may have, at most.
pub const BLOCKS_MAX: u32 = 100_000;

impl Error {
    /// Something that may succeed later; `message` says what to do about it.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Error { code: ErrorCode::Unavailable, message: message.into() }
    }

    /// The host has no account of that id.
    pub fn no_such_account(id: &str) -> Self {
        Error { code: ErrorCode::NoSuchAccount, message: format!("There is no account {id:?}.") }
    }
}
