//! The facts of a case: as it states them, and in full.

use super::*;
use crate::scenarios::fake_dialer::{HourOfCalls, failure};
use crate::settings::Settings;
use serde_json::Value;
use std::collections::BTreeSet;

/// An account; a case states only the fields that matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AccountNotation {
    pub id: AccountId,
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
    look_ups_today: u32,
    replacements_today: u32,
    guard_rails: GuardRailsNotation,
    pub settings: Given,
}

/// Settings by name, with values as JSON has them: a boolean, a whole number, or the name of a choice.
pub(in crate::scenarios) type Given = BTreeMap<String, Value>;

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
            look_ups_today: 0,
            replacements_today: 0,
            guard_rails: GuardRailsNotation::default(),
            settings: Given::new(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockNotation {
    slot: SlotId,
    until: Time,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct GuardRailsNotation {
    auto_replace: bool,
    replacements_per_day_max: Option<u16>,
}

/// A monitored number, or a range of them in consecutive slots.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct MonitoredNotation {
    number: Numbers,
    slot: Option<SlotId>,
    status: Option<Name<Status>>,
    status_since: Option<Time>,
    monitored_since: Option<Time>,
    flagging_checks: Option<u8>,
    clearing_checks: Option<u8>,
    last_rated_at: Option<Time>,
    evidence_until: Option<Time>,
    suspect_since: Option<Time>,
    resting_since: Option<Time>,
    #[serde(default)]
    replacement_pending: bool,
}

/// A number alone is free and not one of the account's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum CandidateNotation {
    Free(Numbers),
    InFull(CandidateInFull),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CandidateInFull {
    number: Numbers,
    #[serde(default)]
    price_cents: u32,
    #[serde(default)]
    rested: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RestedNotation {
    number: Numbers,
    resting_since: Option<Time>,
    #[serde(default)]
    rests: u8,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SourceNotation {
    name: String,
    #[serde(default)]
    price: u32,
    look_ups_left: Option<u32>,
    /// By default all of them.
    carriers: Option<Vec<String>>,
}

/// What carriers say, by number or range, then by carrier; none for 'no data'.
pub(super) type Observations = BTreeMap<String, BTreeMap<String, Option<ObservationNotation>>>;

/// A score alone counts as observed at the case's time.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum ObservationNotation {
    Score(u8),
    Dated(DatedObservation),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DatedObservation {
    spam_score: u8,
    observed_at: Time,
}

/// Calls from a number in one hour, or from each number of a range.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsNotation {
    number: Numbers,
    at: Option<Time>,
    attempts: u32,
    answered: u32,
    #[serde(default)]
    short: u32,
    #[serde(default)]
    blocked: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlagEventNotation {
    number: Numbers,
    at: Time,
}

const DAY: u64 = 86_400;

/// 2026-01-01T00:00:00Z, the default start of an account's cycle.
const JANUARY_2026: Timestamp = 1_767_225_600;

/// 15 January 2026, 09:00 UTC.
pub(super) fn default_time() -> Time {
    Time(JANUARY_2026 + 14 * DAY + 9 * 3_600)
}

pub(super) fn default_carriers() -> Vec<String> {
    ["carrier 1", "carrier 2", "carrier 3"].map(String::from).to_vec()
}

impl Case {
    pub(super) fn ensure_sound(&self) -> Result<(), serde_json::Error> {
        use serde::de::Error;
        let refused = |what: String| serde_json::Error::custom(format!("case {:?}: {what}", self.name));
        let of_sources = self.sources.iter().flatten().flat_map(|source| source.carriers.iter().flatten());
        let named = self.observations.values().flat_map(BTreeMap::keys).chain(of_sources);
        if let Some(unknown) = named.into_iter().find(|name| !self.carriers.contains(name)) {
            return Err(refused(format!("{unknown:?} is not one of its carriers")));
        }
        if !VERSIONS.contains(&self.since.as_str()) {
            return Err(refused(format!("there is no version {:?} of the contract", self.since)));
        }
        let is_plain = |value: &Value| value.is_boolean() || value.is_i64() || value.is_string();
        if let Some((name, _)) = self.account.settings.iter().find(|(_, value)| !is_plain(value)) {
            return Err(refused(format!("its setting {name:?} is no boolean, no whole number and no name")));
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
    pub(in crate::scenarios) fn fixture(&self) -> Fixture {
        let (monitored, candidates, rested) = (self.monitored(), self.candidates(), self.rested());
        let its_own = candidates.iter().filter(|candidate| candidate.rested).map(|candidate| candidate.number);
        let owned = Numbers::of_all(&self.owned).into_iter().chain(monitored.iter().map(|number| number.number));
        let carriers = (1..).zip(&self.carriers).map(|(id, name)| Carrier { id, name: name.clone() });
        let events = self.flag_events.iter();
        Fixture {
            now: self.now.0,
            account: self.account(&monitored),
            owned: owned.chain(its_own).chain(rested.iter().map(|number| number.number)).collect(),
            monitored,
            candidates,
            rested,
            carriers: carriers.collect(),
            sources: self.sources(),
            verdicts: self.verdicts(),
            calls: self.calls(),
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
        let unless_stated = GuardRails::default();
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
            look_ups_today: given.look_ups_today,
            replacements_today: given.replacements_today,
            guard_rails: GuardRails {
                auto_replace: given.guard_rails.auto_replace,
                replacements_per_day_max: given
                    .guard_rails
                    .replacements_per_day_max
                    .unwrap_or(unless_stated.replacements_per_day_max),
            },
            settings: settings(&given.settings),
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

    /// In ascending order of number.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for given in &self.candidates {
            let (numbers, price_cents, rested) = match given {
                CandidateNotation::Free(numbers) => (numbers, 0, false),
                CandidateNotation::InFull(given) => (&given.number, given.price_cents, given.rested),
            };
            candidates.extend(numbers.each().map(|number| Candidate { number, price_cents, rested }));
        }
        candidates.sort_unstable_by_key(|candidate| candidate.number);
        candidates
    }

    /// Longest first.
    fn rested(&self) -> Vec<RestedNumber> {
        let mut rested = Vec::new();
        for RestedNotation { number, resting_since, rests } in &self.rested {
            let resting_since = resting_since.map_or(self.now.0 - 30 * DAY, |time| time.0);
            rested.extend(number.each().map(|number| RestedNumber { number, resting_since, rests: *rests }));
        }
        rested.sort_by_key(|number| (number.resting_since, number.number));
        rested
    }

    fn sources(&self) -> Vec<Source> {
        let everywhere = SourceNotation { name: "source".into(), price: 0, look_ups_left: None, carriers: None };
        let one = if self.carriers.is_empty() { Vec::new() } else { vec![everywhere] };
        let sources = (1..).zip(self.sources.as_ref().unwrap_or(&one));
        let source = |(id, given): (SourceId, &SourceNotation)| Source {
            id,
            name: given.name.clone(),
            price: given.price,
            look_ups_left: given.look_ups_left,
            carriers: self.ids(given.carriers.as_ref().unwrap_or(&self.carriers)),
        };
        sources.map(source).collect()
    }

    /// The ids of these carriers, in ascending order.
    fn ids(&self, carriers: &[String]) -> Vec<CarrierId> {
        (1..).zip(&self.carriers).filter(|(_, name)| carriers.contains(name)).map(|(id, _)| id).collect()
    }

    fn verdicts(&self) -> BTreeMap<PhoneNumber, Vec<CarrierVerdict>> {
        let mut verdicts = BTreeMap::<_, Vec<_>>::new();
        for (range, carriers) in &self.observations {
            for number in read_range(range).expect("a sound case has readable ranges").each() {
                verdicts.entry(number).or_default().extend(carriers.iter().map(|(name, given)| {
                    let (score, at) = match given {
                        None => (None, Time(0)),
                        Some(ObservationNotation::Score(score)) => (Some(*score), self.now),
                        Some(ObservationNotation::Dated(dated)) => (Some(dated.spam_score), dated.observed_at),
                    };
                    let carrier = self.ids(std::slice::from_ref(name))[0];
                    CarrierVerdict { carrier, score, observed_at: at.0 }
                }));
            }
        }
        verdicts
    }

    /// In ascending order of number, then of time.
    fn calls(&self) -> Vec<HourOfCalls> {
        let mut hours = Vec::new();
        for given in &self.calls {
            let CallsNotation { number, at, attempts, answered, short, blocked } = *given;
            let at = at.map_or(self.now.0 - DAY, |time| time.0);
            let calls = NumberCalls { attempts, answered, short, blocked };
            hours.extend(number.each().map(|number| HourOfCalls { number, at, calls }));
        }
        hours.sort_by_key(|hour| (hour.number, hour.at));
        hours
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
        let last_rated_at = (!never_rated).then(|| self.last_rated_at.map_or(now - DAY, |time| time.0));
        MonitoredNumber {
            number,
            slot,
            status,
            status_since: self.status_since.map_or(monitored_since, |time| time.0),
            monitored_since,
            flagging_checks: self.flagging_checks.unwrap_or(flagging_checks),
            clearing_checks: self.clearing_checks.unwrap_or(clearing_checks),
            last_rated_at,
            evidence_until: self.evidence_until.map(|time| time.0).or(last_rated_at),
            suspect_since: self.suspect_since.map(|time| time.0),
            resting_since: self.resting_since.map(|time| time.0),
            replacement_pending: self.replacement_pending,
        }
    }
}

/// As a host stores them.
pub(in crate::scenarios) fn settings(given: &Given) -> Settings {
    let text = |value: &Value| match value {
        Value::Bool(on) => if *on { "on" } else { "off" }.into(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    given.iter().map(|(name, value)| (name.as_str(), text(value))).collect()
}

fn read_range(range: &str) -> Result<Numbers, serde_json::Error> {
    serde_json::from_value(range.into())
}
