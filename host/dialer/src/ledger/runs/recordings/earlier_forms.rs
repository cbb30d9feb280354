//! Recordings that were packed while contract 0.2.0 was the newest: lists of records, and settings as a fixed record. They are
//! read as what they are in today's types, so that a policy of then, or one of today, can run on them.

use super::verdicts;
use crate::ledger::runs::answers::CarrierAnswer;
use crate::ledger::runs::recordings::{RunOutcome, numbers_of};
use dialguard::contract::*;
use dialguard::recording::{Call, Recording};
use dialguard::settings::Settings;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The fields of a packed recording, without the limits. Postcard writes no names, so their order is the form.
#[derive(Serialize, Deserialize)]
pub(super) struct PackedBefore {
    outcome: OutcomeBefore,
    calls: Vec<PackedCallBefore>,
}

#[derive(Serialize, Deserialize)]
enum PackedCallBefore {
    Whole(CallBefore),
    LookUp(Vec<i64>, usize),
}

#[derive(Serialize, Deserialize)]
pub(super) enum OutcomeBefore {
    Review(PlanBefore),
    Request(Request, DecisionBefore),
}

#[derive(Serialize, Deserialize)]
pub(super) struct DecisionBefore {
    plan: PlanBefore,
    outcomes: Vec<Outcome>,
}

/// Its actions are the first five of today's.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanBefore {
    account: AccountId,
    based_on: u64,
    decided_at: Timestamp,
    reviews: Vec<ReviewBefore>,
    actions: Vec<Action>,
    notices: Vec<Notice>,
}

#[derive(Serialize, Deserialize)]
struct ReviewBefore {
    number: PhoneNumber,
    status: Status,
    flagging_checks: u8,
    clearing_checks: u8,
    flagging: u16,
    answering: u16,
}

#[derive(Serialize, Deserialize)]
enum CallBefore {
    Now(Timestamp),
    Carriers(Vec<Carrier>),
    LookUp(Vec<PhoneNumber>, Result<Vec<ObservationBefore>, Error>),
    Account(Result<AccountBefore, Error>),
    Monitored(PhoneNumber, u32, Result<Vec<MonitoredBefore>, Error>),
    Owned(Vec<PhoneNumber>, Result<Vec<PhoneNumber>, Error>),
    Candidates(PhoneNumber, u32, Result<Vec<PhoneNumber>, Error>),
    FlagEvents(Timestamp, Result<Vec<FlagEventBefore>, Error>),
}

#[derive(Serialize, Deserialize)]
struct ObservationBefore {
    number: PhoneNumber,
    carrier: CarrierId,
    spam_score: Option<u8>,
    observed_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct AccountBefore {
    id: AccountId,
    revision: u64,
    enabled: bool,
    slot_count: u32,
    slot_count_next: u32,
    slots_per_block: u32,
    block_price_cents: u32,
    cycle_starts_at: Timestamp,
    cycle_ends_at: Timestamp,
    day_starts_at: Timestamp,
    locked_slots: Vec<SlotLock>,
    monitored_count: u32,
    rated_today: u32,
    replacements_today: u32,
    settings: SettingsBefore,
}

#[derive(Serialize, Deserialize)]
struct SettingsBefore {
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

#[derive(Serialize, Deserialize)]
struct MonitoredBefore {
    number: PhoneNumber,
    slot: SlotId,
    status: Status,
    status_since: Timestamp,
    monitored_since: Timestamp,
    flagging_checks: u8,
    clearing_checks: u8,
    last_rated_at: Option<Timestamp>,
    replacement_pending: bool,
}

#[derive(Serialize, Deserialize)]
struct FlagEventBefore {
    number: PhoneNumber,
    at: Timestamp,
}

/// The outcome and the recording of a run whose carriers gave these answers.
pub(super) fn unpack(bytes: &[u8], answers: &[CarrierAnswer]) -> Option<(RunOutcome, Recording)> {
    let PackedBefore { outcome, calls } = postcard::from_bytes(bytes).ok()?;
    let mut left = answers;
    let calls: Option<Vec<Call>> = calls.into_iter().map(|call| unpack_call(call, &mut left)).collect();
    Some((outcome.into(), Recording::from(calls?)))
}

/// The outcome alone.
pub(super) fn outcome(bytes: &[u8]) -> Option<RunOutcome> {
    postcard::take_from_bytes::<OutcomeBefore>(bytes).ok().map(|(outcome, _)| outcome.into())
}

fn unpack_call(call: PackedCallBefore, answers: &mut &[CarrierAnswer]) -> Option<Call> {
    match call {
        PackedCallBefore::Whole(call) => Some(call.into()),
        PackedCallBefore::LookUp(differences, count) => {
            let (these, rest) = answers.split_at_checked(count)?;
            *answers = rest;
            let numbers = numbers_of(differences);
            let verdicts = verdicts(&numbers, these);
            Some(Call::LookUp(numbers, Vec::new(), Ok(verdicts.into())))
        }
    }
}

impl From<OutcomeBefore> for RunOutcome {
    fn from(outcome: OutcomeBefore) -> Self {
        match outcome {
            OutcomeBefore::Review(plan) => RunOutcome::Review(plan.into()),
            OutcomeBefore::Request(request, DecisionBefore { plan, outcomes }) => {
                RunOutcome::Request(request, Decision { plan: plan.into(), outcomes })
            }
        }
    }
}

impl From<PlanBefore> for Plan {
    fn from(PlanBefore { account, based_on, decided_at, reviews, actions, notices }: PlanBefore) -> Self {
        let review = |review: ReviewBefore| Review {
            number: review.number,
            status: review.status,
            flagging_checks: review.flagging_checks,
            clearing_checks: review.clearing_checks,
            flagging: review.flagging,
            answering: review.answering,
            evidence_until: None,
        };
        let reviews = reviews.into_iter().map(review).collect();
        Plan { account, based_on, decided_at, reviews, suspects: None, actions, notices }
    }
}

impl From<CallBefore> for Call {
    fn from(call: CallBefore) -> Self {
        match call {
            CallBefore::Now(now) => Call::Now(now),
            CallBefore::Carriers(carriers) => Call::Carriers(carriers),
            CallBefore::LookUp(numbers, answer) => {
                let answer = answer.map(|observations| {
                    let answers: Vec<CarrierAnswer> = observations.into_iter().map(CarrierAnswer::from).collect();
                    verdicts(&numbers, &answers)
                });
                Call::LookUp(numbers, Vec::new(), answer.map(Arc::new))
            }
            CallBefore::Account(answer) => Call::Account(answer.map(Account::from)),
            CallBefore::Monitored(after, limit, answer) => {
                let page = |page: Vec<MonitoredBefore>| page.into_iter().map(MonitoredNumber::from).collect();
                Call::Monitored(after, limit, answer.map(page).map(Arc::new))
            }
            CallBefore::Owned(numbers, answer) => Call::Owned(numbers, answer),
            CallBefore::Candidates(like, limit, answer) => {
                let candidate = |number| Candidate { number, price_cents: 0, rested: false };
                Call::Candidates(like, limit, answer.map(|offered| offered.into_iter().map(candidate).collect()))
            }
            CallBefore::FlagEvents(since, answer) => {
                let event = |FlagEventBefore { number, at }| FlagEvent { number, at };
                Call::FlagEvents(since, answer.map(|events| events.into_iter().map(event).collect()))
            }
        }
    }
}

impl From<ObservationBefore> for CarrierAnswer {
    fn from(ObservationBefore { number, carrier, spam_score, observed_at }: ObservationBefore) -> Self {
        CarrierAnswer { number, carrier, score: spam_score, label: None, observed_at }
    }
}

impl From<MonitoredBefore> for MonitoredNumber {
    fn from(number: MonitoredBefore) -> Self {
        MonitoredNumber {
            number: number.number,
            slot: number.slot,
            status: number.status,
            status_since: number.status_since,
            monitored_since: number.monitored_since,
            flagging_checks: number.flagging_checks,
            clearing_checks: number.clearing_checks,
            last_rated_at: number.last_rated_at,
            evidence_until: None,
            suspect_since: None,
            resting_since: None,
            replacement_pending: number.replacement_pending,
        }
    }
}

impl From<AccountBefore> for Account {
    fn from(account: AccountBefore) -> Self {
        let SettingsBefore { auto_replace, replacements_per_day_max, .. } = account.settings;
        Account {
            id: account.id,
            revision: account.revision,
            enabled: account.enabled,
            slot_count: account.slot_count,
            slot_count_next: account.slot_count_next,
            slots_per_block: account.slots_per_block,
            block_price_cents: account.block_price_cents,
            cycle_starts_at: account.cycle_starts_at,
            cycle_ends_at: account.cycle_ends_at,
            day_starts_at: account.day_starts_at,
            locked_slots: account.locked_slots,
            monitored_count: account.monitored_count,
            rated_today: account.rated_today,
            look_ups_today: 0,
            replacements_today: account.replacements_today,
            guard_rails: GuardRails { auto_replace, replacements_per_day_max },
            settings: account.settings.into(),
        }
    }
}

impl From<SettingsBefore> for Settings {
    fn from(before: SettingsBefore) -> Self {
        let named = [
            ("spam-score-min", before.spam_score_min.into()),
            ("rating-carriers-min", before.rating_carriers_min.into()),
            ("checks-to-flag", before.checks_to_flag.into()),
            ("checks-to-clear", before.checks_to_clear.into()),
            ("observation-age-max-hours", before.observation_age_max_hours),
            ("new-number-grace-days", before.new_number_grace_days),
            ("mass-flag-percent", u16::from(before.mass_flag_percent)),
        ];
        let named = named.map(|(name, value): (&str, u16)| (name.to_owned(), value.to_string()));
        before.other.into_iter().chain(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FIRST_FORM, SECOND_FORM, unpack};
    use super::*;
    use dialguard::policy::Limits;
    use std::time::Duration;

    const SPAM: PhoneNumber = 13_105_550_123;

    fn made_before() -> PackedBefore {
        let review = ReviewBefore {
            number: SPAM,
            status: Status::Flagged,
            flagging_checks: 2,
            clearing_checks: 0,
            flagging: 2,
            answering: 2,
        };
        let plan = PlanBefore {
            account: "acme".into(),
            based_on: 7,
            decided_at: 90,
            reviews: vec![review],
            actions: vec![Action::ReleaseNumber(SPAM)],
            notices: vec![],
        };
        let settings = SettingsBefore {
            spam_score_min: 80,
            rating_carriers_min: 2,
            checks_to_flag: 3,
            checks_to_clear: 2,
            observation_age_max_hours: 48,
            auto_replace: true,
            replacements_per_day_max: 5,
            new_number_grace_days: 0,
            mass_flag_percent: 30,
            other: vec![("quiet-hours".into(), "22-6".into())],
        };
        let account = AccountBefore {
            id: "acme".into(),
            revision: 7,
            enabled: true,
            slot_count: 15,
            slot_count_next: 15,
            slots_per_block: 15,
            block_price_cents: 4_900,
            cycle_starts_at: 1,
            cycle_ends_at: 100,
            day_starts_at: 80,
            locked_slots: vec![SlotLock { slot: 2, until: 100 }],
            monitored_count: 1,
            rated_today: 0,
            replacements_today: 1,
            settings,
        };
        let monitored = MonitoredBefore {
            number: SPAM,
            slot: 1,
            status: Status::AtRisk,
            status_since: 5,
            monitored_since: 4,
            flagging_checks: 1,
            clearing_checks: 0,
            last_rated_at: Some(6),
            replacement_pending: false,
        };
        let observation = ObservationBefore { number: SPAM, carrier: 3, spam_score: None, observed_at: 88 };
        let calls = [
            CallBefore::Now(90),
            CallBefore::Account(Ok(account)),
            CallBefore::Monitored(0, 10_000, Ok(vec![monitored])),
            CallBefore::LookUp(vec![SPAM], Ok(vec![observation])),
            CallBefore::Candidates(SPAM, 4, Ok(vec![SPAM + 1])),
            CallBefore::FlagEvents(80, Ok(vec![FlagEventBefore { number: SPAM, at: 85 }])),
            CallBefore::Owned(vec![SPAM], Err(Error::unavailable("later"))),
        ];
        let whole = calls.into_iter().map(PackedCallBefore::Whole);
        let calls = whole.chain([PackedCallBefore::LookUp(vec![SPAM as i64], 1)]).collect();
        PackedBefore { outcome: OutcomeBefore::Review(plan), calls }
    }

    fn body(form: u8, bytes: &[u8]) -> Vec<u8> {
        [&[form], &lz4_flex::block::compress_prepend_size(bytes)[..]].concat()
    }

    fn answer() -> CarrierAnswer {
        CarrierAnswer { number: SPAM, carrier: 9, score: Some(95), label: None, observed_at: 89 }
    }

    #[test]
    fn a_recording_of_contract_0_2_is_read_with_all_that_it_says() {
        let limits = Limits { lookups_max: 12, ..Limits::default() };
        let bytes = postcard::to_stdvec(&(serde_json::to_string(&limits).unwrap(), made_before())).unwrap();
        let (read_limits, outcome, recording) = unpack(&body(SECOND_FORM, &bytes), vec![answer()]).expect("it is one");
        assert_eq!(read_limits, limits);
        let plan = outcome.plan();
        let review = plan.reviews.rows().expect("a table").next().expect("one review");
        assert_eq!((review.status, review.flagging_checks, review.answering), (Status::Flagged, 2, 2));
        assert_eq!(plan.actions, [Action::ReleaseNumber(SPAM)]);
        let [_, Call::Account(Ok(account)), Call::Monitored(0, 10_000, Ok(page)), rest @ ..] = &recording.calls[..]
        else {
            panic!("{recording:?}")
        };
        assert_eq!(account.guard_rails, GuardRails { auto_replace: true, replacements_per_day_max: 5 });
        let set = |name: &str| account.settings.get(name);
        assert_eq!((set("checks-to-flag"), set("quiet-hours")), (Some("3"), Some("22-6")));
        assert_eq!((page.len(), page.rows().unwrap().next().unwrap().last_rated_at), (1, Some(6)));
        let no_data = VerdictTable { carriers: vec![3], scores: vec![NO_DATA], observed_at: vec![0] };
        assert_eq!(rest[0], Call::LookUp(vec![SPAM], vec![], Ok(no_data.into())));
        let heard = VerdictTable { carriers: vec![9], scores: vec![95], observed_at: vec![89] };
        assert_eq!(rest.last(), Some(&Call::LookUp(vec![SPAM], vec![], Ok(heard.into()))));
    }

    /// Its limits had one field that they have no more.
    #[test]
    fn a_recording_of_the_first_form_is_read() {
        let day = (Duration::from_secs(5), 128_usize << 20, 64_usize << 20, 12_u32, 30_000_u32, 77_u64);
        let before = (day, Duration::from_secs(120), made_before());
        let bytes = postcard::to_stdvec(&before).unwrap();
        let (limits, outcome, _) = unpack(&body(FIRST_FORM, &bytes), vec![answer()]).expect("it is one");
        assert_eq!(limits, Limits { lookups_max: 12, ..Limits::default() });
        assert_eq!(outcome.plan().reviews.len(), 1);
    }
}
