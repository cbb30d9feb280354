//! What a policy decides: answers, actions and notices.

use super::{E164, Time};
use dialguard::contract;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer for one number. Everything but `accepted` changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Done.
    Accepted,
    /// The reputation add-on is off.
    AddOnOff,
    /// The account does not own this number.
    NotOwned,
    /// The number already has a slot.
    AlreadyMonitored,
    /// The number has no slot.
    NotMonitored,
    /// Every slot is occupied, locked, or cancelled from the next cycle on.
    NoFreeSlot,
    /// Deleting would leave the slot unusable for the rest of the cycle; replacing would keep it.
    SlotWouldLock,
    /// No candidate is rated by enough carriers and flagged by none.
    NoCleanCandidate,
    /// A replacement for it is already in progress.
    ReplacementPending,
    /// More numbers are monitored than that many blocks hold.
    SlotsInUse,
}

impl From<contract::Answer> for Answer {
    fn from(answer: contract::Answer) -> Self {
        match answer {
            contract::Answer::Accepted => Answer::Accepted,
            contract::Answer::AddOnOff => Answer::AddOnOff,
            contract::Answer::NotOwned => Answer::NotOwned,
            contract::Answer::AlreadyMonitored => Answer::AlreadyMonitored,
            contract::Answer::NotMonitored => Answer::NotMonitored,
            contract::Answer::NoFreeSlot => Answer::NoFreeSlot,
            contract::Answer::SlotWouldLock => Answer::SlotWouldLock,
            contract::Answer::NoCleanCandidate => Answer::NoCleanCandidate,
            contract::Answer::ReplacementPending => Answer::ReplacementPending,
            contract::Answer::SlotsInUse => Answer::SlotsInUse,
        }
    }
}

/// An action of a run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// A number gets a slot and is monitored from now on.
    OccupySlot { number: E164, slot: u32 },
    /// A number leaves its slot, which stays locked.
    LockSlot { number: E164, slot: u32, until: Time },
    /// A number leaves the account.
    ReleaseNumber { number: E164 },
    /// Another number takes a number's slot.
    ReplaceNumber {
        number: E164,
        replacement: E164,
        slot: u32,
        /// Who requested it: the review, or a user or program.
        why: ReplacementReason,
        /// Why this number is replaced, and why by that one.
        because: String,
    },
    /// The account has this many blocks from then on.
    SetBlocks { blocks: u32, starting: Time },
    /// A flagged number is not used, because no clean one can take its place; it keeps its slot.
    StopUsing { number: E164 },
    /// The number is used again.
    UseAgain { number: E164 },
    /// A number has rested and may take another's place.
    OfferAgain { number: E164 },
    /// A number has rested and rests once more.
    RestOn { number: E164 },
    /// A number has rested and goes back to its provider.
    GiveBack { number: E164 },
}

/// Who requested a replacement.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacementReason {
    /// The review, because the account replaces flagged numbers automatically.
    Flagged,
    /// A user or a program.
    Requested,
}

impl From<contract::ReplacementReason> for ReplacementReason {
    fn from(why: contract::ReplacementReason) -> Self {
        match why {
            contract::ReplacementReason::Flagged => ReplacementReason::Flagged,
            contract::ReplacementReason::Requested => ReplacementReason::Requested,
        }
    }
}

impl From<&contract::Action> for Action {
    fn from(action: &contract::Action) -> Self {
        match action {
            contract::Action::OccupySlot(it) => Action::OccupySlot { number: it.number.into(), slot: it.slot },
            contract::Action::LockSlot(it) => {
                Action::LockSlot { number: it.number.into(), slot: it.slot, until: Time(it.until) }
            }
            contract::Action::ReleaseNumber(number) => Action::ReleaseNumber { number: (*number).into() },
            contract::Action::ReplaceNumber(it) => Action::ReplaceNumber {
                number: it.number.into(),
                replacement: it.replacement.into(),
                slot: it.slot,
                why: it.why.into(),
                because: it.because.clone(),
            },
            contract::Action::SetBlocks(it) => Action::SetBlocks { blocks: it.blocks, starting: Time(it.starting) },
            contract::Action::StopUsing(number) => Action::StopUsing { number: (*number).into() },
            contract::Action::UseAgain(number) => Action::UseAgain { number: (*number).into() },
            contract::Action::OfferAgain(number) => Action::OfferAgain { number: (*number).into() },
            contract::Action::RestOn(number) => Action::RestOn { number: (*number).into() },
            contract::Action::GiveBack(number) => Action::GiveBack { number: (*number).into() },
        }
    }
}

/// Something worth knowing that changes nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    severity: Severity,
    /// Name of the kind, in kebab-case. The contract lists them; a policy may add others.
    #[schema(example = "newly-flagged")]
    kind: String,
    /// The number it is about; null if it is about several or about the account.
    number: Option<E164>,
    /// One sentence in English.
    text: String,
}

/// How much something matters.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look today.
    Warning,
    /// Worth a look now.
    Alert,
}

impl From<contract::Severity> for Severity {
    fn from(severity: contract::Severity) -> Self {
        match severity {
            contract::Severity::Info => Severity::Info,
            contract::Severity::Warning => Severity::Warning,
            contract::Severity::Alert => Severity::Alert,
        }
    }
}

impl From<&contract::Notice> for Notice {
    fn from(notice: &contract::Notice) -> Self {
        let severity = notice.severity.into();
        let number = notice.number.map(E164::from);
        Notice { severity, kind: notice.kind.clone(), number, text: notice.text.clone() }
    }
}
