//! Version 0.2.0, in which lists of records crossed the boundary and the settings were a fixed record. A policy for it knows
//! nothing of calls, of sources and of numbers that rest.
//!
//! **It is not offered the account's own rested numbers**, because the frozen contract leaves no safe way:
//!
//! - `candidates` promises numbers that could be bought, "none that this account owns". A rested number is the
//!   account's, and the list has no mark for it. A policy may rely on the promise: it may drop such a number,
//!   or count its price.
//! - If `owned` hid the number to keep the promise, the policy would refuse as `not-owned` what a user asks for the
//!   same number: to monitor or to delete it. One run reads both, so the answer cannot depend on who asks.
//! - `replace-number` means: buy, move the slot, "then release `number`". Nothing in a plan of this version says that a rest
//!   goes on or that a number is offered again. If the dialer decided that by a `screen` of its own, it would have rules
//!   about numbers, which are the policy's, and a policy that expects the release would be overruled.
//!
//! So a number whose rest ends under such a policy is given back, as its plan said. One that was ready before stays ready,
//! and is the user's to monitor, until a policy for 0.3.0 is active again.

use super::imports::types as newest;
use super::versions::{CallResult, Imports, translate_answers, unreadable};
use super::*;
use crate::settings::{Settings, settings_before_0_3};
pub(super) use bindings::dialguard::reputation::{carrier_lookup, clock, number_inventory};
use bindings::exports::dialguard::reputation::policy as exports;
use std::marker::PhantomData;
use wasmtime::component::{HasData, Linker};

#[allow(missing_docs)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/0.2.0",
        world: "reputation-policy",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

pub(crate) use bindings::dialguard::reputation::types;
pub(crate) use bindings::{ReputationPolicy, ReputationPolicyPre};

translate_answers!();

impl ReputationPolicy {
    pub(super) fn answers(&self) -> &exports::Guest {
        self.dialguard_reputation_policy()
    }
}

/// What a policy asks a run.
pub(super) struct Asked<'a, T>(pub &'a mut T);

pub(super) struct HasAsked<T>(PhantomData<T>);

impl<T: 'static> HasData for HasAsked<T> {
    type Data<'a> = Asked<'a, T>;
}

/// Links this version's imports to a run's.
pub(super) fn add_to_linker<T: Imports>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    ReputationPolicy::add_to_linker::<_, HasAsked<T>>(linker, |run| Asked(run))
}

/// What a call of an import returns.
type Answered<T> = wasmtime::Result<Result<T, types::Error>>;

/// A run's answer in this version's types.
fn answered<N, T>(answer: CallResult<N>, translate: impl FnOnce(N) -> T) -> Answered<T> {
    Ok(answer?.map(translate).map_err(types::Error::from))
}

/// Rows of a table that the dialer returned.
fn rows<R>(rows: Result<impl Iterator<Item = R>, TableFault>) -> Result<Vec<R>, types::Error> {
    rows.map(Iterator::collect).map_err(|fault| unreadable(fault).into())
}

impl<T: Imports> types::Host for Asked<'_, T> {}

impl<T: Imports> clock::Host for Asked<'_, T> {
    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        self.0.now().await
    }
}

impl<T: Imports> carrier_lookup::Host for Asked<'_, T> {
    async fn carriers(&mut self) -> wasmtime::Result<Vec<carrier_lookup::Carrier>> {
        let carriers = self.0.carriers().await?;
        Ok(carriers.into_iter().map(|Carrier { id, name }| carrier_lookup::Carrier { id, name }).collect())
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>) -> Answered<Vec<types::Observation>> {
        match self.0.look_up(numbers.clone(), Vec::new()).await? {
            Ok(verdicts) => Ok(rows(verdicts.rows(numbers.len())).map(|groups| {
                let observed = numbers.iter().zip(groups).map(|(number, group)| observations(*number, group));
                observed.flatten().collect()
            })),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

fn observations(
    number: PhoneNumber,
    verdicts: impl Iterator<Item = CarrierVerdict>,
) -> impl Iterator<Item = types::Observation> {
    verdicts.map(move |CarrierVerdict { carrier, score, observed_at }| types::Observation {
        number,
        carrier,
        spam_score: score,
        observed_at,
    })
}

impl<T: Imports> number_inventory::Host for Asked<'_, T> {
    async fn get_account(&mut self, id: AccountId) -> Answered<types::Account> {
        answered(self.0.account(id).await, types::Account::from)
    }

    async fn monitored(
        &mut self,
        id: AccountId,
        after: PhoneNumber,
        limit: u32,
    ) -> Answered<Vec<types::MonitoredNumber>> {
        let page = self.0.monitored(id, after, limit).await?;
        Ok(page
            .map_err(types::Error::from)
            .and_then(|page| rows(page.rows().map(|r| r.map(types::MonitoredNumber::from)))))
    }

    async fn owned(&mut self, id: AccountId, numbers: Vec<PhoneNumber>) -> Answered<Vec<PhoneNumber>> {
        answered(self.0.owned(id, numbers).await, |owned| owned)
    }

    /// Without those that the account owns: this version promises none.
    async fn candidates(&mut self, id: AccountId, like: PhoneNumber, limit: u32) -> Answered<Vec<PhoneNumber>> {
        let offered = self.0.candidates(id, like, limit).await?;
        Ok(offered.map_err(types::Error::from).and_then(|offered| {
            rows(
                offered.rows().map(|rows| rows.filter(|candidate| !candidate.rested).map(|candidate| candidate.number)),
            )
        }))
    }

    async fn flag_events(&mut self, id: AccountId, since: Timestamp) -> Answered<Vec<number_inventory::FlagEvent>> {
        let events = self.0.flag_events(id, since).await?;
        let translated = |FlagEvent { number, at }| number_inventory::FlagEvent { number, at };
        Ok(events.map_err(types::Error::from).and_then(|events| rows(events.rows().map(|rows| rows.map(translated)))))
    }
}

impl From<MonitoredNumber> for types::MonitoredNumber {
    fn from(number: MonitoredNumber) -> Self {
        types::MonitoredNumber {
            number: number.number,
            slot: number.slot,
            status: number.status.into(),
            status_since: number.status_since,
            monitored_since: number.monitored_since,
            flagging_checks: number.flagging_checks,
            clearing_checks: number.clearing_checks,
            last_rated_at: number.last_rated_at,
            replacement_pending: number.replacement_pending,
        }
    }
}

impl From<Account> for types::Account {
    fn from(account: Account) -> Self {
        let settings = settings(account.guard_rails, &account.settings);
        let Account {
            id,
            revision,
            enabled,
            slot_count,
            slot_count_next,
            slots_per_block,
            block_price_cents,
            cycle_starts_at,
            cycle_ends_at,
            day_starts_at,
            locked_slots,
            monitored_count,
            rated_today,
            look_ups_today: _,
            replacements_today,
            guard_rails: _,
            settings: _,
        } = account;
        let lock = |SlotLock { slot, until }| types::SlotLock { slot, until };
        types::Account {
            id,
            revision,
            enabled,
            slot_count,
            slot_count_next,
            slots_per_block,
            block_price_cents,
            cycle_starts_at,
            cycle_ends_at,
            day_starts_at,
            locked_slots: locked_slots.into_iter().map(lock).collect(),
            monitored_count,
            rated_today,
            replacements_today,
            settings,
        }
    }
}

/// This version's record. What it does not name is passed as `other`.
pub(super) fn settings(guard_rails: GuardRails, settings: &Settings) -> types::Settings {
    let declared = settings_before_0_3();
    let value = |name: &str| {
        let setting = declared.iter().find(|setting| setting.name == name);
        setting.expect("it is declared").value_in(settings)
    };
    let byte = |name| u8::try_from(value(name)).expect("its range is that of a byte");
    let short = |name| u16::try_from(value(name)).expect("its range is that of 16 bits");
    let other = settings.undeclared(&declared).map(|(name, value)| (name.to_owned(), value.to_owned()));
    types::Settings {
        spam_score_min: byte("spam-score-min"),
        rating_carriers_min: byte("rating-carriers-min"),
        checks_to_flag: byte("checks-to-flag"),
        checks_to_clear: byte("checks-to-clear"),
        observation_age_max_hours: short("observation-age-max-hours"),
        auto_replace: guard_rails.auto_replace,
        replacements_per_day_max: guard_rails.replacements_per_day_max,
        new_number_grace_days: short("new-number-grace-days"),
        mass_flag_percent: byte("mass-flag-percent"),
        other: other.collect(),
    }
}

impl From<Status> for types::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => types::Status::Pending,
            Status::Clean => types::Status::Clean,
            Status::AtRisk => types::Status::AtRisk,
            Status::Flagged => types::Status::Flagged,
        }
    }
}

impl From<types::Status> for Status {
    fn from(status: types::Status) -> Self {
        match status {
            types::Status::Pending => Status::Pending,
            types::Status::Clean => Status::Clean,
            types::Status::AtRisk => Status::AtRisk,
            types::Status::Flagged => Status::Flagged,
        }
    }
}

impl From<Error> for types::Error {
    fn from(Error { code, message }: Error) -> Self {
        let code = match code {
            ErrorCode::NoSuchAccount => types::ErrorCode::NoSuchAccount,
            ErrorCode::Unavailable => types::ErrorCode::Unavailable,
            ErrorCode::OverBudget => types::ErrorCode::OverBudget,
            ErrorCode::InvalidSettings => types::ErrorCode::InvalidSettings,
            ErrorCode::InvalidRequest => types::ErrorCode::InvalidRequest,
        };
        types::Error { code, message }
    }
}

impl From<types::Error> for Error {
    fn from(types::Error { code, message }: types::Error) -> Self {
        let code = match code {
            types::ErrorCode::NoSuchAccount => ErrorCode::NoSuchAccount,
            types::ErrorCode::Unavailable => ErrorCode::Unavailable,
            types::ErrorCode::OverBudget => ErrorCode::OverBudget,
            types::ErrorCode::InvalidSettings => ErrorCode::InvalidSettings,
            types::ErrorCode::InvalidRequest => ErrorCode::InvalidRequest,
        };
        Error { code, message }
    }
}

impl From<types::Plan> for Plan {
    fn from(types::Plan { account, based_on, decided_at, reviews, actions, notices }: types::Plan) -> Self {
        Plan {
            account,
            based_on,
            decided_at,
            reviews: reviews.into_iter().map(Review::from).collect(),
            suspects: None,
            actions: actions.into_iter().map(Action::from).collect(),
            notices: notices.into_iter().map(Notice::from).collect(),
        }
    }
}

impl From<types::Review> for Review {
    fn from(review: types::Review) -> Self {
        Review {
            number: review.number,
            status: review.status.into(),
            flagging_checks: review.flagging_checks,
            clearing_checks: review.clearing_checks,
            flagging: review.flagging,
            answering: review.answering,
            evidence_until: None,
        }
    }
}

impl From<types::Action> for Action {
    fn from(action: types::Action) -> Self {
        match action {
            types::Action::OccupySlot(types::Occupancy { number, slot }) => {
                Action::OccupySlot(Occupancy { number, slot })
            }
            types::Action::LockSlot(types::SlotClosing { number, slot, until, why }) => {
                let why = match why {
                    types::ClosingReason::MonitoringStopped => ClosingReason::MonitoringStopped,
                    types::ClosingReason::NumberDeleted => ClosingReason::NumberDeleted,
                };
                Action::LockSlot(SlotClosing { number, slot, until, why })
            }
            types::Action::ReleaseNumber(number) => Action::ReleaseNumber(number),
            types::Action::ReplaceNumber(types::Replacement { number, replacement, slot, why, because }) => {
                let why = match why {
                    types::ReplacementReason::Flagged => ReplacementReason::Flagged,
                    types::ReplacementReason::Requested => ReplacementReason::Requested,
                };
                Action::ReplaceNumber(newest::Replacement { number, replacement, slot, why, because })
            }
            types::Action::SetBlocks(types::BlockChange { blocks, starting }) => {
                Action::SetBlocks(BlockChange { blocks, starting })
            }
        }
    }
}

impl From<types::Notice> for Notice {
    fn from(types::Notice { severity, kind, number, text }: types::Notice) -> Self {
        let severity = match severity {
            types::Severity::Info => Severity::Info,
            types::Severity::Warning => Severity::Warning,
            types::Severity::Alert => Severity::Alert,
        };
        Notice { severity, kind, number, text }
    }
}
