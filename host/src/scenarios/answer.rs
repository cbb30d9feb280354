//! Answers in the notation of cases: the expected one, and the policy's.
//!
//! Only what a case states is expected: an omitted field may have any value, and a list must have exactly its elements.

use super::notation::{Name, Numbers, Time, name};
use crate::contract::{self, *};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The answer to one call. A policy's answer has every field that applies to its call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Answer {
    /// The call returns this error. If none is stated, it must not return an error.
    pub error: Option<Name<ErrorCode>>,
    pub outcomes: Option<Vec<Outcome>>,
    pub reviews: Option<Vec<Review>>,
    pub actions: Option<Vec<Action>>,
    pub notices: Option<Vec<Notice>>,
    pub screenings: Option<Vec<Screening>>,
    pub usage: Option<Usage>,
    /// How many numbers were looked up with carriers, counting repeats.
    pub numbers_looked_up: Option<usize>,
    /// Whether every monitored number keeps its status.
    pub statuses_unchanged: Option<bool>,
    /// Whether the call refuses the account's settings if and only if `check-settings` does.
    pub settings_as_checked: Option<bool>,
}

/// `"accepted"`, or with an `until`, or repeated some number of `times`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, from = "OutcomeNotation")]
pub(super) struct Outcome {
    answer: Name<contract::Answer>,
    until: Option<Until>,
    #[serde(skip)]
    times: usize,
}

/// An instant, or null if there must be none.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Until(Option<Time>);

impl Serialize for Until {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => time.serialize(serializer),
            None => serializer.serialize_str("none"),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OutcomeNotation {
    Answer(Name<contract::Answer>),
    InFull(OutcomeInFull),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeInFull {
    answer: Name<contract::Answer>,
    #[serde(default, deserialize_with = "until")]
    until: Option<Until>,
    #[serde(default = "once")]
    times: usize,
}

/// Null has a meaning here, unlike an omitted field.
fn until<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Until>, D::Error> {
    Until::deserialize(deserializer).map(Some)
}

fn once() -> usize {
    1
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Review {
    number: Numbers,
    status: Option<Name<Status>>,
    flagging_checks: Option<u8>,
    clearing_checks: Option<u8>,
    flagging: Option<u16>,
    answering: Option<u16>,
}

/// An action without its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub(super) enum Action {
    OccupySlot { number: Numbers, slot: SlotId },
    LockSlot { number: Numbers, slot: SlotId, until: Time, why: Name<ClosingReason> },
    ReleaseNumber(Numbers),
    ReplaceNumber { number: Numbers, replacement: Numbers, slot: SlotId, why: Name<ReplacementReason> },
    SetBlocks { blocks: u32, starting: Time },
}

/// A notice's kind, or more of it except its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, from = "NoticeNotation")]
pub(super) struct Notice {
    kind: String,
    severity: Option<Name<Severity>>,
    number: Option<Numbers>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NoticeNotation {
    Kind(String),
    InFull(NoticeInFull),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeInFull {
    kind: String,
    severity: Option<Name<Severity>>,
    number: Option<Numbers>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Screening {
    number: Numbers,
    status: Option<Name<Status>>,
    flagging: Option<u16>,
    answering: Option<u16>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Usage {
    slots: Option<u32>,
    occupied: Option<u32>,
    locked: Option<u32>,
    pending: Option<u32>,
    clean: Option<u32>,
    at_risk: Option<u32>,
    flagged: Option<u32>,
    flagged_past_day: Option<u32>,
    flagged_past_week: Option<u32>,
}

impl Answer {
    /// The first difference between the expected answer and `got`, in words.
    pub fn difference(&self, got: &Answer) -> Option<String> {
        if let (None, None, Some(error)) = (self.error, self.settings_as_checked, got.error) {
            return Some(format!("expected an answer, got the error {:?}", name(&error.0)));
        }
        let value = |answer| stated(serde_json::to_value(answer).expect("an answer can be written as JSON"));
        difference("", &value(&self.clone().one_by_one()), &value(got))
    }

    /// Writes out every range and repetition.
    fn one_by_one(mut self) -> Self {
        let repeated = |outcome: Outcome| vec![outcome.clone(); outcome.times];
        self.outcomes = self.outcomes.map(|outcomes| outcomes.into_iter().flat_map(repeated).collect());
        self.reviews = self.reviews.map(|reviews| reviews.iter().flat_map(Review::one_by_one).collect());
        self.actions = self.actions.map(|actions| actions.iter().flat_map(Action::one_by_one).collect());
        self.screenings = self.screenings.map(|screenings| screenings.iter().flat_map(Screening::one_by_one).collect());
        self
    }

    /// An error.
    pub fn of_error(code: ErrorCode) -> Self {
        Answer { error: Some(Name(code)), ..Answer::default() }
    }

    /// Whether it is this error.
    pub fn is_error(&self, code: ErrorCode) -> bool {
        self.error == Some(Name(code))
    }

    /// Whether it refuses the settings.
    pub fn refuses_settings(&self) -> bool {
        self.is_error(ErrorCode::InvalidSettings)
    }

    /// `an answer`, or the error's name.
    pub fn in_a_word(&self) -> String {
        self.error.map_or("an answer".into(), |error| format!("the error {}", name(&error.0)))
    }

    /// The answer of `screen`.
    pub fn of_screenings(screenings: &[contract::Screening]) -> Self {
        Answer { screenings: Some(screenings.iter().map(Screening::from).collect()), ..Answer::default() }
    }

    /// The answer of `get-usage`.
    pub fn of_usage(usage: &contract::Usage) -> Self {
        Answer { usage: Some(Usage::from(usage)), ..Answer::default() }
    }

    /// A plan for numbers that had these statuses before.
    pub fn of_plan(plan: &Plan, monitored: &[MonitoredNumber]) -> Self {
        let is_unchanged = |review: &contract::Review| {
            let place = monitored.binary_search_by_key(&review.number, |number| number.number);
            place.is_ok_and(|place| monitored[place].status == review.status)
        };
        Answer {
            reviews: Some(plan.reviews.iter().map(Review::from).collect()),
            actions: Some(plan.actions.iter().map(Action::from).collect()),
            notices: Some(plan.notices.iter().map(Notice::from).collect()),
            statuses_unchanged: Some(plan.reviews.iter().all(is_unchanged)),
            ..Answer::default()
        }
    }

    /// A decision about numbers that had these statuses before.
    pub fn of_decision(decision: &Decision, monitored: &[MonitoredNumber]) -> Self {
        let outcomes = decision.outcomes.iter().map(|outcome| Outcome {
            answer: Name(outcome.answer),
            until: Some(Until(outcome.until.map(Time))),
            times: 1,
        });
        Answer { outcomes: Some(outcomes.collect()), ..Answer::of_plan(&decision.plan, monitored) }
    }
}

/// The value without the fields that are left open.
fn stated(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, field)| !field.is_null());
            Value::Object(fields.map(|(name, field)| (name, stated(field))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(stated).collect()),
        value => value,
    }
}

/// The first place where `got` differs. An object may have more fields than expected; a list may not be longer.
fn difference(place: &str, expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(key, expected)| {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            difference(&place, expected, got.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(expected), Value::Array(got)) => {
            let pairs = expected.iter().zip(got).enumerate();
            let first = pairs
                .into_iter()
                .find_map(|(index, (expected, got))| difference(&format!("{place}[{index}]"), expected, got));
            let lengths = || format!("{place}: expected {} of them, got {}", expected.len(), got.len());
            let surplus = || match (expected.get(got.len()), got.get(expected.len())) {
                (Some(missing), _) => format!("; {} is missing", shortened(missing)),
                (_, Some(surplus)) => format!("; {} is not expected", shortened(surplus)),
                (None, None) => String::new(),
            };
            first.or_else(|| (expected.len() != got.len()).then(|| lengths() + &surplus()))
        }
        _ if expected == got => None,
        _ => Some(format!("{place}: expected {}, got {}", shortened(expected), shortened(got))),
    }
}

/// The beginning of a value as JSON.
fn shortened(value: &Value) -> String {
    const LETTERS_MAX: usize = 300;
    let text = if value.is_null() { "none".to_owned() } else { value.to_string() };
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Review {
    fn one_by_one(&self) -> impl Iterator<Item = Review> {
        self.number.each().map(|number| Review { number: number.into(), ..self.clone() })
    }
}

impl Screening {
    fn one_by_one(&self) -> impl Iterator<Item = Screening> {
        self.number.each().map(|number| Screening { number: number.into(), ..self.clone() })
    }
}

impl Action {
    /// A range of numbers occupies consecutive slots.
    fn one_by_one(&self) -> Vec<Action> {
        match self {
            Action::OccupySlot { number, slot } => {
                number.each().zip(*slot..).map(|(n, slot)| Action::OccupySlot { number: n.into(), slot }).collect()
            }
            Action::ReleaseNumber(numbers) => numbers.each().map(|n| Action::ReleaseNumber(n.into())).collect(),
            one => vec![one.clone()],
        }
    }
}

impl From<OutcomeNotation> for Outcome {
    fn from(notation: OutcomeNotation) -> Self {
        match notation {
            OutcomeNotation::Answer(answer) => Outcome { answer, until: None, times: 1 },
            OutcomeNotation::InFull(OutcomeInFull { answer, until, times }) => Outcome { answer, until, times },
        }
    }
}

impl From<NoticeNotation> for Notice {
    fn from(notation: NoticeNotation) -> Self {
        match notation {
            NoticeNotation::Kind(kind) => Notice { kind, severity: None, number: None },
            NoticeNotation::InFull(NoticeInFull { kind, severity, number }) => Notice { kind, severity, number },
        }
    }
}

impl From<&contract::Review> for Review {
    fn from(review: &contract::Review) -> Self {
        Review {
            number: review.number.into(),
            status: Some(Name(review.status)),
            flagging_checks: Some(review.flagging_checks),
            clearing_checks: Some(review.clearing_checks),
            flagging: Some(review.flagging),
            answering: Some(review.answering),
        }
    }
}

impl From<&contract::Action> for Action {
    fn from(action: &contract::Action) -> Self {
        match action {
            contract::Action::OccupySlot(occupancy) => {
                Action::OccupySlot { number: occupancy.number.into(), slot: occupancy.slot }
            }
            contract::Action::LockSlot(closing) => Action::LockSlot {
                number: closing.number.into(),
                slot: closing.slot,
                until: Time(closing.until),
                why: Name(closing.why),
            },
            contract::Action::ReleaseNumber(number) => Action::ReleaseNumber((*number).into()),
            contract::Action::ReplaceNumber(replacement) => Action::ReplaceNumber {
                number: replacement.number.into(),
                replacement: replacement.replacement.into(),
                slot: replacement.slot,
                why: Name(replacement.why),
            },
            contract::Action::SetBlocks(change) => {
                Action::SetBlocks { blocks: change.blocks, starting: Time(change.starting) }
            }
        }
    }
}

impl From<&contract::Notice> for Notice {
    fn from(notice: &contract::Notice) -> Self {
        Notice {
            kind: notice.kind.clone(),
            severity: Some(Name(notice.severity)),
            number: notice.number.map(Numbers::from),
        }
    }
}

impl From<&contract::Screening> for Screening {
    fn from(screening: &contract::Screening) -> Self {
        Screening {
            number: screening.number.into(),
            status: Some(Name(screening.status)),
            flagging: Some(screening.flagging),
            answering: Some(screening.answering),
        }
    }
}

impl From<&contract::Usage> for Usage {
    fn from(usage: &contract::Usage) -> Self {
        Usage {
            slots: Some(usage.slots),
            occupied: Some(usage.occupied),
            locked: Some(usage.locked),
            pending: Some(usage.pending),
            clean: Some(usage.clean),
            at_risk: Some(usage.at_risk),
            flagged: Some(usage.flagged),
            flagged_past_day: Some(usage.flagged_past_day),
            flagged_past_week: Some(usage.flagged_past_week),
        }
    }
}
