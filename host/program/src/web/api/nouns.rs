//! The contract's nouns as JSON: its names in kebab-case, numbers as E.164, times as RFC 3339.

use dialguard::calendar::rfc3339;
use dialguard::contract;
use dialguard_dialer::phone::{PhoneNumber, Region, e164};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A phone number, such as `+13105550100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct E164(PhoneNumber);

impl E164 {
    /// The contract's integer.
    pub fn digits(self) -> contract::PhoneNumber {
        self.0.digits()
    }
}

impl From<contract::PhoneNumber> for E164 {
    fn from(digits: contract::PhoneNumber) -> Self {
        E164(e164(digits))
    }
}

impl TryFrom<String> for E164 {
    type Error = String;

    /// Programs write a number in one way.
    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if digits.is_none_or(|digits| digits.is_empty() || digits.len() > 15) {
            return Err(format!("{text:?} is no E.164 number; write it like +13105550123"));
        }
        PhoneNumber::parse(&text, Region::US).map(E164).map_err(|error| error.to_string())
    }
}

impl PartialSchema for E164 {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\+[1-9][0-9]{0,14}$"));
        text.description(Some("A phone number as E.164")).examples(["+13105550100"]).into()
    }
}

impl ToSchema for E164 {
    fn name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }
}

/// An instant, such as `2026-03-01T14:00:00Z`; whole seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(pub contract::Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = chrono::DateTime::parse_from_rfc3339(&text);
        let time =
            read.map_err(|error| format!("{text:?} is no time ({error}); write it like 2026-03-01T14:00:00Z"))?;
        // Nothing happened before 1970.
        Ok(Time(u64::try_from(time.timestamp()).unwrap_or(0)))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let text = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
        text.description(Some("An instant in RFC 3339")).examples(["2026-03-01T14:00:00Z"]).into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

/// Where a monitored number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Monitored, and not yet rated by enough carriers.
    Pending,
    /// No carrier flags it.
    Clean,
    /// A carrier flags it, though not most of them, or not for long enough to be sure.
    AtRisk,
    /// Most carriers flag it, confirmed.
    Flagged,
}

impl From<contract::Status> for Status {
    fn from(status: contract::Status) -> Self {
        match status {
            contract::Status::Pending => Status::Pending,
            contract::Status::Clean => Status::Clean,
            contract::Status::AtRisk => Status::AtRisk,
            contract::Status::Flagged => Status::Flagged,
        }
    }
}

impl From<Status> for contract::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => contract::Status::Pending,
            Status::Clean => contract::Status::Clean,
            Status::AtRisk => contract::Status::AtRisk,
            Status::Flagged => contract::Status::Flagged,
        }
    }
}

/// What becomes of a wish for one number. Everything but `accepted` changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is done.
    Accepted,
    /// The account's reputation add-on is off.
    AddOnOff,
    /// The account does not own this number.
    NotOwned,
    /// Has a slot already.
    AlreadyMonitored,
    /// Has no slot.
    NotMonitored,
    /// Every slot is occupied, locked, or given up from the next cycle on.
    NoFreeSlot,
    /// Deleting would leave the slot unusable for the rest of the cycle; replacing would keep it.
    SlotWouldLock,
    /// No number on offer is rated by enough carriers and flagged by none.
    NoCleanCandidate,
    /// A replacement for it is under way already.
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

/// How an account wants its numbers treated. The ranges and defaults are those of the built-in policy; the policy that
/// decides checks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// A carrier flags a number from this spam score up: 1 to 100, default 80.
    pub spam_score_min: u8,
    /// A check rates a number only where at least this many carriers have an opinion: 1 to 255, default 2.
    pub rating_carriers_min: u8,
    /// Daily checks in a row that must call a number spam before it is flagged: 1 to 30, default 2.
    pub checks_to_flag: u8,
    /// Daily checks in a row that must not before a flagged number is not: 1 to 30, default 2.
    pub checks_to_clear: u8,
    /// An observation older than this many hours does not count: 1 to 8,760, default 48.
    pub observation_age_max_hours: u16,
    /// Replace flagged numbers without asking; off unless a person turned it on.
    pub auto_replace: bool,
    /// Automatic replacements in one local date, at most: 0 to 1,000, default 3.
    pub replacements_per_day_max: u16,
    /// A number monitored for fewer days than this is never replaced automatically: 0 to 365, default 0.
    pub new_number_grace_days: u16,
    /// Where this share of ten or more numbers turns flagged on one local date, in percent, none is replaced on it:
    /// 1 to 100, default 30.
    pub mass_flag_percent: u8,
    /// Settings that only some policies know, by name.
    pub other: BTreeMap<String, String>,
}

impl From<&contract::Settings> for Settings {
    fn from(settings: &contract::Settings) -> Self {
        Settings {
            spam_score_min: settings.spam_score_min,
            rating_carriers_min: settings.rating_carriers_min,
            checks_to_flag: settings.checks_to_flag,
            checks_to_clear: settings.checks_to_clear,
            observation_age_max_hours: settings.observation_age_max_hours,
            auto_replace: settings.auto_replace,
            replacements_per_day_max: settings.replacements_per_day_max,
            new_number_grace_days: settings.new_number_grace_days,
            mass_flag_percent: settings.mass_flag_percent,
            other: settings.other.iter().cloned().collect(),
        }
    }
}

/// Settings that are to change; those that are missing stay as they are. The policy that decides checks them.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SettingsChange {
    /// A carrier flags a number from this spam score up: 1 to 100, default 80.
    #[schema(example = 80)]
    spam_score_min: Option<u8>,
    /// A check rates a number only where at least this many carriers have an opinion: 1 to 255, default 2.
    #[schema(example = 2)]
    rating_carriers_min: Option<u8>,
    /// Daily checks in a row that must call a number spam before it is flagged: 1 to 30, default 2.
    #[schema(example = 2)]
    checks_to_flag: Option<u8>,
    /// Daily checks in a row that must not before a flagged number is not: 1 to 30, default 2.
    #[schema(example = 2)]
    checks_to_clear: Option<u8>,
    /// An observation older than this many hours does not count: 1 to 8,760, default 48.
    #[schema(example = 48)]
    observation_age_max_hours: Option<u16>,
    /// Replace flagged numbers without asking; off unless a person turned it on.
    #[schema(example = true)]
    auto_replace: Option<bool>,
    /// Automatic replacements in one local date, at most: 0 to 1,000, default 3.
    #[schema(example = 3)]
    replacements_per_day_max: Option<u16>,
    /// A number monitored for fewer days than this is never replaced automatically: 0 to 365, default 0.
    #[schema(example = 0)]
    new_number_grace_days: Option<u16>,
    /// Where this share of ten or more numbers turns flagged on one local date, in percent, none is replaced on it:
    /// 1 to 100, default 30.
    #[schema(example = 30)]
    mass_flag_percent: Option<u8>,
    /// Settings that only some policies know, by name; those named are set and the others stay.
    #[serde(default, deserialize_with = "short_names_and_values")]
    other: BTreeMap<String, String>,
}

/// A policy reads them in every run.
fn short_names_and_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let other = BTreeMap::<String, String>::deserialize(deserializer)?;
    let fits = |(name, value): (&String, &String)| (1..=100).contains(&name.len()) && value.len() <= 1_000;
    if other.len() > 100 || !other.iter().all(fits) {
        return Err(serde::de::Error::custom(
            "other: give 100 settings at most, with names of 1 to 100 and values of 0 to 1000 bytes",
        ));
    }
    Ok(other)
}

impl SettingsChange {
    /// The settings as they are after this.
    pub fn applied_to(self, before: &contract::Settings) -> contract::Settings {
        let mut settings = contract::Settings {
            spam_score_min: self.spam_score_min.unwrap_or(before.spam_score_min),
            rating_carriers_min: self.rating_carriers_min.unwrap_or(before.rating_carriers_min),
            checks_to_flag: self.checks_to_flag.unwrap_or(before.checks_to_flag),
            checks_to_clear: self.checks_to_clear.unwrap_or(before.checks_to_clear),
            observation_age_max_hours: self.observation_age_max_hours.unwrap_or(before.observation_age_max_hours),
            auto_replace: self.auto_replace.unwrap_or(before.auto_replace),
            replacements_per_day_max: self.replacements_per_day_max.unwrap_or(before.replacements_per_day_max),
            new_number_grace_days: self.new_number_grace_days.unwrap_or(before.new_number_grace_days),
            mass_flag_percent: self.mass_flag_percent.unwrap_or(before.mass_flag_percent),
            other: before.other.clone(),
        };
        for (name, value) in self.other {
            settings.other.retain(|(known, _)| *known != name);
            settings.other.push((name, value));
        }
        settings
    }
}

/// Something that a run does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// A number is monitored from now on.
    OccupySlot { number: E164, slot: u32 },
    /// A number leaves its slot, which stays locked.
    LockSlot { number: E164, slot: u32, until: Time },
    /// A number leaves the account.
    ReleaseNumber { number: E164 },
    /// A number makes way for another, which takes its slot.
    ReplaceNumber {
        number: E164,
        replacement: E164,
        slot: u32,
        /// Who wanted it: the review, or a person.
        why: ReplacementReason,
        /// Why that number goes and why this one comes, in words.
        because: String,
    },
    /// The account has so many blocks from then on.
    SetBlocks { blocks: u32, starting: Time },
}

/// Who wanted a replacement.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacementReason {
    /// The review, as the account's settings tell it to.
    Flagged,
    /// A person or a program.
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
        }
    }
}

/// What a person should know, though nothing is to be done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    severity: Severity,
    /// Kebab-case name of the kind; the contract has the list, and a policy may add others.
    #[schema(example = "newly-flagged")]
    kind: String,
    /// The number it is about; none where it is about several or the account.
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

impl From<&contract::Notice> for Notice {
    fn from(notice: &contract::Notice) -> Self {
        let severity = match notice.severity {
            contract::Severity::Info => Severity::Info,
            contract::Severity::Warning => Severity::Warning,
            contract::Severity::Alert => Severity::Alert,
        };
        let number = notice.number.map(E164::from);
        Notice { severity, kind: notice.kind.clone(), number, text: notice.text.clone() }
    }
}
