//! One case: an account and the facts around it, a call of the policy, and the expected answer.
//!
//! The files in `tests/cases/` are the same for every language; `README.md` there is their manual.

use super::answer::Answer;
use super::fake_dialer::{Fixture, Import, failure};
use super::notation::{Name, Numbers, Time};
use crate::contract::*;
use crate::settings::default_settings;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One call of a policy with all facts that its dialer has. Read with [`CaseFile::read`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    name: String,
    tier: Tier,
    rule: String,
    #[serde(default = "default_time")]
    now: Time,
    /// The id passed to the call; by default the account's.
    id: Option<String>,
    #[serde(default)]
    account: AccountNotation,
    #[serde(default)]
    monitored: Vec<MonitoredNotation>,
    /// Numbers that the account owns in addition to those it monitors.
    #[serde(default)]
    owned: Vec<Numbers>,
    #[serde(default)]
    candidates: Vec<Numbers>,
    /// The carriers that the host can ask; the first has the id 1.
    #[serde(default = "default_carriers")]
    carriers: Vec<String>,
    #[serde(default)]
    observations: BTreeMap<String, BTreeMap<String, Option<ObservationNotation>>>,
    #[serde(default)]
    flag_events: Vec<FlagEventNotation>,
    /// Imports that fail, and the error of each.
    #[serde(default)]
    failures: BTreeMap<Import, Name<ErrorCode>>,
    call: Call,
    expect: Answer,
}

/// Which policies a case applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tier {
    /// Every policy must pass it, whatever its thresholds.
    Contract,
    /// A rule of Dialguard's own policy; another policy may differ.
    Reference,
}

/// A file of cases about one subject.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct CaseFile {
    /// The subject of the cases.
    pub title: String,
    /// The cases, in reading order.
    pub cases: Vec<Case>,
}

/// The call of the policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Call {
    Describe,
    /// With the settings of the case's account.
    CheckSettings,
    ReviewAccount,
    Decide(RequestNotation),
    Screen(Vec<Numbers>),
    GetUsage,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub(super) enum RequestNotation {
    StartMonitoring(Vec<Numbers>),
    StopMonitoring(Vec<Numbers>),
    DeleteNumbers { numbers: Vec<Numbers>, accept_slot_loss: bool },
    ReplaceNumbers(Vec<Numbers>),
    SetBlocks(u32),
}

/// An account; a case states only the fields that matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct AccountNotation {
    id: AccountId,
    revision: u64,
    enabled: bool,
    slot_count: u32,
    slot_count_next: Option<u32>,
    slots_per_block: u32,
    block_price_cents: u32,
    cycle_starts_at: Time,
    cycle_ends_at: Time,
    day_starts_at: Option<Time>,
    locked_slots: Vec<LockNotation>,
    rated_today: Option<u32>,
    replacements_today: u32,
    #[serde(with = "SettingsNotation")]
    settings: Settings,
}

impl Default for AccountNotation {
    fn default() -> Self {
        AccountNotation {
            id: "acme".into(),
            revision: 7,
            enabled: true,
            slot_count: 15,
            slot_count_next: None,
            slots_per_block: 15,
            block_price_cents: 4_900,
            cycle_starts_at: Time(JANUARY_2026),
            cycle_ends_at: Time(JANUARY_2026 + 31 * DAY),
            day_starts_at: None,
            locked_slots: Vec::new(),
            rated_today: None,
            replacements_today: 0,
            settings: default_settings(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockNotation {
    slot: SlotId,
    until: Time,
}

#[derive(Deserialize)]
#[serde(remote = "Settings", default = "default_settings", rename_all = "kebab-case", deny_unknown_fields)]
struct SettingsNotation {
    spam_score_min: u8,
    rating_carriers_min: u8,
    checks_to_flag: u8,
    checks_to_clear: u8,
    observation_age_max_hours: u16,
    auto_replace: bool,
    replacements_per_day_max: u16,
    new_number_grace_days: u16,
    mass_flag_percent: u8,
    other: Vec<(String, String)>,
}

/// A monitored number, or a range of them in consecutive slots.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MonitoredNotation {
    number: Numbers,
    slot: Option<SlotId>,
    status: Option<Name<Status>>,
    status_since: Option<Time>,
    monitored_since: Option<Time>,
    flagging_checks: Option<u8>,
    clearing_checks: Option<u8>,
    last_rated_at: Option<Time>,
    #[serde(default)]
    replacement_pending: bool,
}

/// A score alone counts as observed at the case's time.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum ObservationNotation {
    Score(u8),
    Dated(DatedObservation),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DatedObservation {
    spam_score: Option<u8>,
    observed_at: Time,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagEventNotation {
    number: Numbers,
    at: Time,
}

const DAY: u64 = 86_400;

/// 2026-01-01T00:00:00Z, the default start of an account's cycle.
const JANUARY_2026: Timestamp = 1_767_225_600;

/// 15 January 2026, 09:00 UTC.
fn default_time() -> Time {
    Time(JANUARY_2026 + 14 * DAY + 9 * 3_600)
}

fn default_carriers() -> Vec<String> {
    ["carrier 1", "carrier 2", "carrier 3"].map(String::from).to_vec()
}

impl CaseFile {
    /// Reads a file of cases from its text. Errors: the text is not such JSON, or a case states something impossible, such
    /// as an unknown field or carrier, or a number in two slots.
    ///
    /// ```
    /// use dialguard::scenarios::CaseFile;
    ///
    /// let text = r#"{"title": "description", "cases": [
    ///   {"name": "describes itself", "tier": "contract", "rule": "A policy describes itself.", "call": "describe", "expect": {}}
    /// ]}"#;
    /// assert_eq!(CaseFile::read(text)?.cases[0].name(), "describes itself");
    /// assert!(CaseFile::read(&text.replace("describe", "guess")).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let file: CaseFile = serde_json::from_str(text)?;
        file.cases.iter().try_for_each(Case::ensure_sound)?;
        Ok(file)
    }
}

impl Case {
    /// Its unique name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which policies it applies to.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// The rule that it checks, in a sentence.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The expected answer.
    pub(super) fn expect(&self) -> &Answer {
        &self.expect
    }

    /// The account id passed to the call.
    pub(super) fn id(&self) -> &str {
        self.id.as_ref().unwrap_or(&self.account.id)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.account.settings
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    fn ensure_sound(&self) -> Result<(), serde_json::Error> {
        use serde::de::Error;
        let refused = |what: String| serde_json::Error::custom(format!("case {:?}: {what}", self.name));
        let named = self.observations.values().flat_map(BTreeMap::keys);
        if let Some(unknown) = named.into_iter().find(|name| !self.carriers.contains(name)) {
            return Err(refused(format!("{unknown:?} is not one of its carriers")));
        }
        for range in self.observations.keys() {
            read_range(range).map_err(|error| refused(error.to_string()))?;
        }
        let monitored = self.monitored();
        let numbers: BTreeSet<_> = monitored.iter().map(|number| number.number).collect();
        let slots: BTreeSet<_> = monitored.iter().map(|number| number.slot).collect();
        if numbers.len().min(slots.len()) < monitored.len() {
            return Err(refused("a number or a slot appears twice".into()));
        }
        Ok(())
    }

    /// The account and facts that the case states.
    pub(super) fn fixture(&self) -> Fixture {
        let monitored = self.monitored();
        let owned = Numbers::of_all(&self.owned).into_iter().chain(monitored.iter().map(|number| number.number));
        let carriers = (1..).zip(&self.carriers).map(|(id, name)| Carrier { id, name: name.clone() });
        let events = self.flag_events.iter();
        Fixture {
            now: self.now.0,
            account: self.account(&monitored),
            owned: owned.collect(),
            monitored,
            candidates: Numbers::of_all(&self.candidates).into_iter().collect(),
            carriers: carriers.collect(),
            observations: self.observations(),
            flag_events: events
                .flat_map(|event| event.number.each().map(|number| FlagEvent { number, at: event.at.0 }))
                .collect(),
            failures: self.failures.iter().map(|(import, code)| (*import, failure(code.0))).collect(),
        }
    }

    fn account(&self, monitored: &[MonitoredNumber]) -> Account {
        let given = &self.account;
        let day_starts_at = given.day_starts_at.map_or(self.now.0 - self.now.0 % DAY, |time| time.0);
        let rated_today = monitored.iter().filter(|number| number.last_rated_at.is_some_and(|at| at >= day_starts_at));
        let locks = given.locked_slots.iter();
        Account {
            id: given.id.clone(),
            revision: given.revision,
            enabled: given.enabled,
            slot_count: given.slot_count,
            slot_count_next: given.slot_count_next.unwrap_or(given.slot_count),
            slots_per_block: given.slots_per_block,
            block_price_cents: given.block_price_cents,
            cycle_starts_at: given.cycle_starts_at.0,
            cycle_ends_at: given.cycle_ends_at.0,
            day_starts_at,
            locked_slots: locks.map(|lock| SlotLock { slot: lock.slot, until: lock.until.0 }).collect(),
            monitored_count: monitored.len() as u32,
            rated_today: given.rated_today.unwrap_or_else(|| rated_today.count() as u32),
            replacements_today: given.replacements_today,
            settings: given.settings.clone(),
        }
    }

    /// In ascending order of number.
    fn monitored(&self) -> Vec<MonitoredNumber> {
        let mut monitored = Vec::new();
        let mut slot_next = 1;
        for given in &self.monitored {
            for (number, slot) in given.number.each().zip(given.slot.unwrap_or(slot_next)..) {
                monitored.push(given.monitored(number, slot, self.now.0));
                slot_next = slot + 1;
            }
        }
        monitored.sort_unstable_by_key(|number| number.number);
        monitored
    }

    fn observations(&self) -> BTreeMap<PhoneNumber, Vec<Observation>> {
        let mut observations = BTreeMap::<_, Vec<_>>::new();
        for (range, carriers) in &self.observations {
            let numbers = read_range(range).expect("a sound case has readable ranges");
            for (number, (carrier, given)) in
                numbers.each().flat_map(|number| carriers.iter().map(move |carrier| (number, carrier)))
            {
                let (spam_score, observed_at) = match given {
                    None => (None, self.now),
                    Some(ObservationNotation::Score(score)) => (Some(*score), self.now),
                    Some(ObservationNotation::Dated(dated)) => (dated.spam_score, dated.observed_at),
                };
                let place = self.carriers.iter().position(|name| name == carrier);
                let carrier = place.expect("a sound case names its carriers") as CarrierId + 1;
                let observation = Observation { number, carrier, spam_score, observed_at: observed_at.0 };
                observations.entry(number).or_default().push(observation);
            }
        }
        observations
    }
}

impl MonitoredNotation {
    fn monitored(&self, number: PhoneNumber, slot: SlotId, now: Timestamp) -> MonitoredNumber {
        let status = self.status.map_or(Status::Clean, |status| status.0);
        let monitored_since = self.monitored_since.map_or(now - 10 * DAY, |time| time.0);
        let (flagging_checks, clearing_checks) = match status {
            Status::Pending => (0, 0),
            Status::Clean | Status::AtRisk => (0, 2),
            Status::Flagged => (2, 0),
        };
        let never_rated = status == Status::Pending && self.last_rated_at.is_none();
        MonitoredNumber {
            number,
            slot,
            status,
            status_since: self.status_since.map_or(monitored_since, |time| time.0),
            monitored_since,
            flagging_checks: self.flagging_checks.unwrap_or(flagging_checks),
            clearing_checks: self.clearing_checks.unwrap_or(clearing_checks),
            last_rated_at: (!never_rated).then(|| self.last_rated_at.map_or(now - DAY, |time| time.0)),
            replacement_pending: self.replacement_pending,
        }
    }
}

impl RequestNotation {
    pub(super) fn request(&self) -> Request {
        match self {
            RequestNotation::StartMonitoring(numbers) => Request::StartMonitoring(Numbers::of_all(numbers)),
            RequestNotation::StopMonitoring(numbers) => Request::StopMonitoring(Numbers::of_all(numbers)),
            RequestNotation::DeleteNumbers { numbers, accept_slot_loss } => Request::DeleteNumbers(Deletion {
                numbers: Numbers::of_all(numbers),
                accept_slot_loss: *accept_slot_loss,
            }),
            RequestNotation::ReplaceNumbers(numbers) => Request::ReplaceNumbers(Numbers::of_all(numbers)),
            RequestNotation::SetBlocks(blocks) => Request::SetBlocks(*blocks),
        }
    }
}

fn read_range(range: &str) -> Result<Numbers, serde_json::Error> {
    serde_json::from_value(range.into())
}
