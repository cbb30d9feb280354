//! Answers in the notation of cases: the expected one, and the policy's.
//!
//! Only what a case states is expected: an omitted field may have any value, and a list must have exactly its elements.

mod difference;

use super::notation::{Name, Numbers, Time, name};
use crate::contract::{self, *};
use crate::policy::Inputs;
use difference::{difference, stated};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// The answer to one call. A policy's answer has every field that applies to its call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Answer {
    /// The call returns this error. If none is stated, it must not return an error.
    pub error: Option<Name<ErrorCode>>,
    pub outcomes: Option<Vec<Outcome>>,
    pub reviews: Option<Vec<Review>>,
    pub suspects: Option<Suspects>,
    pub actions: Option<Vec<Action>>,
    pub notices: Option<Vec<Notice>>,
    pub screenings: Option<Vec<Screening>>,
    pub usage: Option<Usage>,
    pub settings: Option<Vec<Setting>>,
    /// How many numbers were looked up with carriers, counting repeats.
    pub numbers_looked_up: Option<usize>,
    /// The numbers about which each source was asked, by its name, each number once.
    pub asked: Option<BTreeMap<String, Vec<Numbers>>>,
    /// Whether every monitored number keeps its status.
    pub statuses_unchanged: Option<bool>,
}

/// One successful call of `look-up`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct LookUp {
    pub numbers: Vec<PhoneNumber>,
    /// None if every source was asked.
    pub sources: Vec<SourceId>,
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
    evidence_until: Option<Time>,
}

/// The suspects from now on, or that the run did not look at calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Suspects {
    Are(Vec<Suspect>),
    AsBefore(AsBefore),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AsBefore {
    AsBefore,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspect {
    number: Numbers,
    attempts: Option<u32>,
    answered: Option<u32>,
    blocked: Option<u32>,
}

/// A declared setting without its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    name: String,
    switch: Option<Switch>,
    integer: Option<Integer>,
    choice: Option<Choice>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    default: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Integer {
    min: i64,
    max: i64,
    default: i64,
    unit: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    names: Vec<String>,
    default: u32,
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
    StopUsing(Numbers),
    UseAgain(Numbers),
    OfferAgain(Numbers),
    RestOn(Numbers),
    GiveBack(Numbers),
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
    suspect: Option<u32>,
    resting: Option<u32>,
    flagged_past_day: Option<u32>,
    flagged_past_week: Option<u32>,
}

impl Answer {
    /// The first difference between the expected answer and `got`, in words.
    pub fn difference(&self, got: &Answer) -> Option<String> {
        if let (None, Some(error)) = (self.error, got.error) {
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
        self.suspects = self.suspects.map(Suspects::one_by_one);
        self.asked = self.asked.map(|asked| asked.into_iter().map(|(name, numbers)| (name, each(numbers))).collect());
        self.screenings = self.screenings.map(|screenings| screenings.iter().flat_map(Screening::one_by_one).collect());
        self
    }

    /// An error.
    pub fn of_error(code: ErrorCode) -> Self {
        Answer { error: Some(Name(code)), ..Answer::default() }
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

    /// The answer of `describe`.
    pub fn of_description(description: &Description) -> Self {
        Answer { settings: Some(description.settings.iter().map(Setting::from).collect()), ..Answer::default() }
    }

    /// A plan for numbers that had these statuses before. Its tables were checked.
    pub fn of_plan(plan: &Plan, inputs: &Inputs) -> Self {
        let before: BTreeMap<_, _> = inputs.monitored().map(|number| (number.number, number.status)).collect();
        let reviews: Vec<_> = plan.reviews.rows().into_iter().flatten().collect();
        let suspects = plan.suspects.as_ref().map(|suspects| suspects.rows().into_iter().flatten());
        let unchanged = reviews.iter().all(|review| before.get(&review.number) == Some(&review.status));
        Answer {
            reviews: Some(reviews.iter().map(Review::from).collect()),
            suspects: Some(match suspects {
                Some(suspects) => Suspects::Are(suspects.map(Suspect::from).collect()),
                None => Suspects::AsBefore(AsBefore::AsBefore),
            }),
            actions: Some(plan.actions.iter().map(Action::from).collect()),
            notices: Some(plan.notices.iter().map(Notice::from).collect()),
            statuses_unchanged: Some(unchanged),
            ..Answer::default()
        }
    }

    /// A decision about numbers that had these statuses before.
    pub fn of_decision(decision: &Decision, inputs: &Inputs) -> Self {
        let outcomes = decision.outcomes.iter().map(|outcome| Outcome {
            answer: Name(outcome.answer),
            until: Some(Until(outcome.until.map(Time))),
            times: 1,
        });
        Answer { outcomes: Some(outcomes.collect()), ..Answer::of_plan(&decision.plan, inputs) }
    }

    /// The same with what was looked up at these sources.
    pub fn with_look_ups(self, look_ups: &[LookUp], sources: &[Source]) -> Self {
        let asked = sources.iter().map(|source| {
            let of_it = look_ups.iter().filter(|it| it.sources.is_empty() || it.sources.contains(&source.id));
            let numbers: BTreeSet<_> = of_it.flat_map(|it| &it.numbers).copied().collect();
            (source.name.clone(), numbers.into_iter().map(Numbers::from).collect())
        });
        Answer {
            numbers_looked_up: Some(look_ups.iter().map(|look_up| look_up.numbers.len()).sum()),
            asked: Some(asked.collect()),
            ..self
        }
    }
}

/// Every number of ranges, in ascending order.
fn each(ranges: Vec<Numbers>) -> Vec<Numbers> {
    let numbers: BTreeSet<_> = Numbers::of_all(&ranges).into_iter().collect();
    numbers.into_iter().map(Numbers::from).collect()
}

impl Suspects {
    fn one_by_one(self) -> Self {
        match self {
            Suspects::Are(suspects) => Suspects::Are(suspects.iter().flat_map(Suspect::one_by_one).collect()),
            as_before => as_before,
        }
    }
}

impl Suspect {
    fn one_by_one(&self) -> impl Iterator<Item = Suspect> {
        self.number.each().map(|number| Suspect { number: number.into(), ..self.clone() })
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
            Action::StopUsing(numbers) => numbers.each().map(|n| Action::StopUsing(n.into())).collect(),
            Action::UseAgain(numbers) => numbers.each().map(|n| Action::UseAgain(n.into())).collect(),
            Action::OfferAgain(numbers) => numbers.each().map(|n| Action::OfferAgain(n.into())).collect(),
            Action::RestOn(numbers) => numbers.each().map(|n| Action::RestOn(n.into())).collect(),
            Action::GiveBack(numbers) => numbers.each().map(|n| Action::GiveBack(n.into())).collect(),
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
            evidence_until: review.evidence_until.map(Time),
        }
    }
}

impl From<contract::Suspect> for Suspect {
    fn from(contract::Suspect { number, attempts, answered, blocked }: contract::Suspect) -> Self {
        let (attempts, answered, blocked) = (Some(attempts), Some(answered), Some(blocked));
        Suspect { number: number.into(), attempts, answered, blocked }
    }
}

impl From<&contract::Setting> for Setting {
    fn from(contract::Setting { name, kind, .. }: &contract::Setting) -> Self {
        let none = Setting { name: name.clone(), switch: None, integer: None, choice: None };
        match kind.clone() {
            SettingKind::Switch(SwitchSetting { default }) => Setting { switch: Some(Switch { default }), ..none },
            SettingKind::Integer(IntegerSetting { min, max, default, unit }) => {
                Setting { integer: Some(Integer { min, max, default, unit }), ..none }
            }
            SettingKind::Choice(ChoiceSetting { names, default }) => {
                Setting { choice: Some(Choice { names, default }), ..none }
            }
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
            contract::Action::StopUsing(number) => Action::StopUsing((*number).into()),
            contract::Action::UseAgain(number) => Action::UseAgain((*number).into()),
            contract::Action::OfferAgain(number) => Action::OfferAgain((*number).into()),
            contract::Action::RestOn(number) => Action::RestOn((*number).into()),
            contract::Action::GiveBack(number) => Action::GiveBack((*number).into()),
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
            suspect: Some(usage.suspect),
            resting: Some(usage.resting),
            flagged_past_day: Some(usage.flagged_past_day),
            flagged_past_week: Some(usage.flagged_past_week),
        }
    }
}
