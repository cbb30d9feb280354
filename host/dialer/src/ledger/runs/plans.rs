//! Applying a plan: the whole of it in one transaction, and only to the revision it was made from.

use crate::figures::{count, grouped};
use crate::ledger::accounts::days::{self, Day};
use crate::ledger::accounts::rated_days::{self, RATE_PAST_DAYS, SourceAnswers, day_number};
use crate::ledger::accounts::slots::{lock, occupy};
use crate::ledger::accounts::{
    self, AccountChange, AccountProfile, ChangePrice, ChargeCause, charge, open, profile, touch,
};
use crate::ledger::actors::{Actor, Change};
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::{Message, ReviewSummary};
use crate::ledger::calls;
use crate::ledger::events::{EventKind, append, append_notice};
use crate::ledger::numbers::change_state;
use crate::ledger::numbers::status::status_to_sql;
use crate::ledger::orders::{intend, rest, try_at_once};
use crate::ledger::policies::Revision;
use crate::ledger::runs::answers::{CarrierAnswer, newest_scores};
use crate::ledger::runs::evidence::counted_before_in_words;
use crate::ledger::runs::proposals;
use crate::ledger::runs::recordings::RunOutcome;
use crate::ledger::runs::records::{self, PackedRecord, RecordLimits};
use crate::ledger::suspects;
use crate::ledger::{Ledger, LedgerError, Result, SLOTS_PER_BLOCK, from_sql, to_sql};
use crate::phone::e164;
use dialguard::check::{Purpose, check, check_decision};
use dialguard::contract::*;
use dialguard::policy::Inputs;
use dialguard::policy::Limits;
use dialguard::recording::{Call, Recording};
use rusqlite::{Transaction, params};
use std::collections::{HashMap, HashSet};

/// Bytes of a policy's notices that an account has room for on a local date: four plans' worth. They are events for good,
/// and a user may have any number of runs made.
const NOTICED_BYTES_A_DAY_MAX: u64 = 1 << 20;

/// What a notice takes besides its texts, in the table of events and its indexes.
const NOTICE_ROW_BYTES: u64 = 100;

/// Problems of one kind that a run records in words; the sources' own list has one more, which counts what it left out.
const PROBLEMS_MAX: usize = 21;

/// Characters of a problem that are recorded.
const PROBLEM_CHARACTERS_MAX: usize = 500;

/// What a run leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord<'a> {
    /// SHA-256 of the policy.
    pub policy: &'a str,
    /// The policy's revision; none for a policy of the program's own.
    pub revision: Option<Revision>,
    /// The version of the contract that the policy spoke.
    pub contract: &'a str,
    /// What the policy was allowed.
    pub limits: Limits,
    /// How much of the account's runs stays on record.
    pub kept: RecordLimits,
    /// What the run was for, and what the policy answered.
    pub outcome: &'a RunOutcome,
    /// Everything it read.
    pub inputs: &'a Inputs,
    /// Every call to its imports.
    pub recording: &'a Recording,
    /// What the carriers answered.
    pub answers: &'a [CarrierAnswer],
    /// How many numbers each source was asked about, and how many it scored.
    pub by_source: &'a [SourceAnswers],
    /// What went wrong at the sources, in words.
    pub problems: &'a [String],
    /// What went wrong when the provider's numbers were searched, in words.
    pub provider_problems: &'a [String],
    /// Numbers that were not rated because an earlier check has counted their observations.
    pub counted_before: usize,
}

/// A plan that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedRun {
    /// The run's id.
    pub run: u64,
    /// It counts as the review of its local date: the first that rated numbers, or that was due and had none to rate.
    /// Another on the same date is extra.
    pub daily: bool,
}

impl Ledger {
    /// Checks a plan against the ledger's invariants and applies it, the whole or nothing of it.
    ///
    /// Errors, and then nothing was changed: [`LedgerError::Plan`] if it breaks an invariant, [`LedgerError::Stale`] if
    /// the account has changed since the plan was made, which is a reason to make the run again.
    pub fn apply(&self, id: &str, record: RunRecord) -> Result<AppliedRun> {
        let run = CheckedRun::new(id, record)?;
        self.change(|transaction| {
            let account = run.open(transaction, id)?;
            run.apply(transaction, &account)
        })
    }

    /// The same for a check, which spends nothing: the plan's replacements are proposed and not made.
    pub(crate) fn apply_check(&self, id: &str, record: RunRecord) -> Result<AppliedRun> {
        let run = CheckedRun { proposes: true, ..CheckedRun::new(id, record)? };
        self.change(|transaction| {
            let account = run.open(transaction, id)?;
            run.apply(transaction, &account)
        })
    }

    /// Changes an account whose number of blocks changes too: `record` is the run in which the policy accepted them. Both
    /// are done, or neither. Errors as [`Ledger::apply`] and [`Ledger::change_account`].
    pub(crate) fn change_account_and_blocks(
        &self,
        id: &str,
        change: &AccountChange,
        record: RunRecord,
    ) -> Result<Option<AppliedRun>> {
        let run = CheckedRun::new(id, record)?;
        self.change(|transaction| {
            let account = run.open(transaction, id)?;
            run.change_account(transaction, account, change)
        })
    }

    /// What [`Ledger::change_account_and_blocks`] would charge. It is made and taken back.
    pub(crate) fn price_of_change_and_blocks(
        &self,
        id: &str,
        change: &AccountChange,
        record: RunRecord,
    ) -> Result<ChangePrice> {
        let run = CheckedRun::new(id, record)?;
        self.try_change(|transaction| {
            let account = run.open(transaction, id)?;
            accounts::price_of(transaction, &account, |transaction| {
                run.change_account(transaction, account.clone(), change).map(drop)
            })
        })
    }
}

/// A run whose plan was checked, packed for the record.
struct CheckedRun<'a> {
    record: RunRecord<'a>,
    purpose: Purpose<'a>,
    packed: PackedRecord,
    /// Its replacements are left to a user.
    proposes: bool,
}

impl<'a> CheckedRun<'a> {
    fn new(id: &str, record: RunRecord<'a>) -> Result<Self> {
        let purpose = match record.outcome {
            RunOutcome::Review(plan) => {
                check(id, Purpose::Review, plan, record.inputs, &EventKind::NAMES)?;
                Purpose::Review
            }
            RunOutcome::Request(request, decision) => {
                check_decision(id, request, decision, record.inputs, &EventKind::NAMES)?;
                Purpose::Request(request)
            }
        };
        let packed = PackedRecord::of(&record);
        Ok(CheckedRun { record, purpose, packed, proposes: false })
    }

    /// The account, in the revision that the plan was made from; else [`LedgerError::Stale`].
    fn open(&self, transaction: &Change, id: &str) -> Result<AccountProfile> {
        let plan = self.record.outcome.plan();
        // The plan was made for the billing cycle of its time, which begins now at the latest.
        let (account, now) = open(transaction, id, plan.decided_at)?;
        if account.revision != plan.based_on || now != plan.decided_at {
            return Err(LedgerError::Stale(id.to_owned()));
        }
        Ok(account)
    }

    /// Blocks change while the add-on is on: after it is switched on, and before it is switched off.
    fn change_account(
        &self,
        transaction: &Change,
        account: AccountProfile,
        change: &AccountChange,
    ) -> Result<Option<AppliedRun>> {
        let now = self.record.outcome.plan().decided_at;
        if change.enabled == Some(false) {
            let applied = self.apply_unless_idle(transaction, &account)?;
            accounts::change(transaction, &account, change, now)?;
            return Ok(applied);
        }
        let account = accounts::give_up_blocks(transaction, account, change, now)?;
        accounts::change(transaction, &account, change, now)?;
        self.apply_unless_idle(transaction, &profile(transaction, &account.id)?)
    }

    /// A plan that does nothing leaves no run behind.
    fn apply_unless_idle(&self, transaction: &Change, account: &AccountProfile) -> Result<Option<AppliedRun>> {
        let plan = self.record.outcome.plan();
        let is_idle = plan.actions.is_empty() && plan.notices.is_empty();
        if is_idle { Ok(None) } else { self.apply(transaction, account).map(Some) }
    }

    fn apply(&self, transaction: &Change, account: &AccountProfile) -> Result<AppliedRun> {
        let CheckedRun { record, purpose, packed, proposes } = self;
        let plan = record.outcome.plan();
        let now = plan.decided_at;
        let rates_since = record.inputs.account.as_ref().expect("the plan was checked").day_starts_at;
        let day = days::day_of_run(transaction, account, now, rates_since)?;
        let is_review = matches!(purpose, Purpose::Review);
        let daily = is_review && day.starts_at == rates_since && is_daily(transaction, account, &day, plan)?;
        let run = begin(transaction, account, (&day, daily), *purpose, record)?;
        // What a user asked for is the user's; in a review the policy decides, for the one that has the review made.
        let policy = Actor::policy(record.revision).acting_for(transaction.actor()?);
        let transaction =
            &if is_review { transaction.by(policy) } else { transaction.by(transaction.actor()?.clone()) };
        apply_reviews(transaction, account, (&day, run), record)?;
        let newly_suspect = match &plan.suspects {
            Some(suspects) => suspects::replace(transaction, (account.key, run), suspects, now)?,
            None => Vec::new(),
        };
        let offered_cents = offered_cents(plan, record.recording);
        for action in plan.actions.iter().filter(|action| !proposes || !matches!(action, Action::ReplaceNumber(_))) {
            apply_action(transaction, account, run, action, (&offered_cents, now))?;
        }
        if *proposes {
            proposals::note(transaction, account, run, plan)?;
        }
        charge(transaction, account, now, blocks_bought(plan, account), ChargeCause::Run(run))?;
        append_notices(transaction, account, run, plan)?;
        append_problems(transaction, account, run, (EventKind::CarrierProblem, record.problems), now)?;
        append_problems(transaction, account, run, (EventKind::ProviderProblem, record.provider_problems), now)?;
        note_counted_before(transaction, account, run, record)?;
        records::keep(transaction, account.key, (run, daily), now, record.kept, packed)?;
        calls::forget(transaction, account.key, now)?;
        touch(transaction, account.key, now)?;
        if let RunOutcome::Review(plan) = record.outcome {
            days::note_look_ups(transaction, account, day.starts_at, looked_up(record.recording))?;
            days::note_try(transaction, account, rates_since, now)?;
            rated_days::note_answers(transaction, account, &day, record.by_source)?;
            // Orders whose grounds are gone end.
            try_at_once(transaction, account.key)?;
            tell(transaction, account, run, (&day, daily), (plan, *proposes), record)?;
            if !newly_suspect.is_empty() {
                let message = || Message::number_suspect(&day.date.to_string(), run, &newly_suspect);
                enqueue(transaction, Some(account), Some(run), now, message)?;
            }
        }
        Ok(AppliedRun { run: crate::ledger::from_sql(run), daily })
    }
}

/// Whether a review counts as the one of its day. One that could rate nothing does not, nor one that came too early.
fn is_daily(transaction: &Transaction, account: &AccountProfile, day: &Day, plan: &Plan) -> Result<bool> {
    let is_due = day.review_due_at <= plan.decided_at;
    let counts = rated_count(plan) > 0 || is_due && days::missing(transaction, account, day)? == 0;
    Ok(account.enabled && counts && !days::has_daily_review(transaction, account, day)?)
}

fn begin(
    transaction: &Change,
    account: &AccountProfile,
    (day, daily): (&Day, bool),
    purpose: Purpose,
    record: &RunRecord,
) -> Result<i64> {
    let plan = record.outcome.plan();
    let kind = if matches!(purpose, Purpose::Review) { "review" } else { "request" };
    transaction
        .prepare_cached(
            "INSERT INTO runs (account, kind, daily, local_date, decided_at, based_on, policy, revision, contract,
                 host_version, day, actor, rated, monitored)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            account.key,
            kind,
            daily,
            day.date.to_string(),
            to_sql(plan.decided_at),
            to_sql(plan.based_on),
            record.policy,
            record.revision.map(to_sql),
            record.contract,
            env!("CARGO_PKG_VERSION"),
            to_sql(day.starts_at),
            transaction.actor_key()?,
            rated_count(plan),
            account.occupied
        ])?;
    Ok(transaction.last_insert_rowid())
}

/// Records the policy's notices, as many as the account's day has room for. The others are counted once.
fn append_notices(transaction: &Change, account: &AccountProfile, run: i64, plan: &Plan) -> Result<()> {
    if plan.notices.is_empty() {
        return Ok(());
    }
    let (now, day) = (plan.decided_at, to_sql(account.day(plan.decided_at).starts_at));
    let before: i64 = transaction
        .prepare_cached("SELECT iif(noticed_day = ?2, noticed_bytes, 0) FROM accounts WHERE key = ?1")?
        .query_row(params![account.key, day], |row| row.get(0))?;
    let before = from_sql(before);
    let mut noticed = before;
    let fits = |notice: &&Notice| {
        noticed += NOTICE_ROW_BYTES + (notice.kind.len() + notice.text.len()) as u64;
        noticed <= NOTICED_BYTES_A_DAY_MAX
    };
    let recorded = plan.notices.iter().take_while(fits).count();
    for notice in &plan.notices[..recorded] {
        append_notice(transaction, account.key, now, run, notice)?;
    }
    transaction
        .prepare_cached("UPDATE accounts SET noticed_day = ?2, noticed_bytes = ?3 WHERE key = ?1")?
        .execute(params![account.key, day, to_sql(noticed)])?;
    let dropped = plan.notices.len() - recorded;
    let is_said = before > NOTICED_BYTES_A_DAY_MAX;
    if dropped == 0 || is_said {
        return Ok(());
    }
    let text = format!(
        "{dropped} notices of the policy, and all others of this day, are not recorded: a day has room for 1 MiB."
    );
    append(transaction, account.key, now, Some(run), EventKind::NoticesDropped, None, &text)
}

/// Records what went wrong as one event, a problem a line: the first in words and the others as a count.
fn append_problems(
    transaction: &Change,
    account: &AccountProfile,
    run: i64,
    (kind, problems): (EventKind, &[String]),
    now: Timestamp,
) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let (listed, others) = problems.split_at(problems.len().min(PROBLEMS_MAX));
    let on_a_line = |problem: &String| {
        let characters = problem.chars().take(PROBLEM_CHARACTERS_MAX);
        characters.map(|character| if character.is_control() { ' ' } else { character }).collect::<String>()
    };
    let mut lines: Vec<String> = listed.iter().map(on_a_line).collect();
    if !others.is_empty() {
        lines.push(format!("And {} more problems.", grouped(others.len() as u64)));
    }
    append(transaction, account.key, now, Some(run), kind, None, &lines.join("\n"))
}

/// Queues an alert about a review, if it is news.
fn tell(
    transaction: &Change,
    account: &AccountProfile,
    run: i64,
    (day, daily): (&Day, bool),
    (plan, proposes): (&Plan, bool),
    record: &RunRecord,
) -> Result<()> {
    let now = plan.decided_at;
    let local_date = day.date.to_string();
    let review =
        ReviewSummary { plan, inputs: record.inputs, problems: record.problems, run, daily, proposes, local_date };
    if !review.is_news() {
        return Ok(());
    }
    enqueue(transaction, Some(account), Some(run), now, || Message::review_completed(&review))
}

/// How many numbers a plan rates. A suspect that could not be rated has a review too, which only says where it stands.
pub fn rated_count(plan: &Plan) -> u32 {
    plan.reviews.answering.iter().filter(|answering| **answering > 0).count() as u32
}

/// The check has seen to it that reviews ascend and that each is of a number shown as monitored.
fn apply_reviews(
    transaction: &Change,
    account: &AccountProfile,
    (day, run): (&Day, i64),
    record: &RunRecord,
) -> Result<()> {
    let (plan, inputs) = (record.outcome.plan(), record.inputs);
    if plan.reviews.is_empty() {
        return Ok(());
    }
    let mut rate = transaction.prepare_cached(&format!(
        "UPDATE monitored SET flagging_checks = ?3, clearing_checks = ?4, last_rated_at = ?5, rated_day = ?6,
                evidence_until = coalesce(max(evidence_until, ?7), ?7, evidence_until), {RATE_PAST_DAYS}
          WHERE account = ?1 AND number = ?2"
    ))?;
    // Separate, for the few that turn: the database updates the index of every column named, changed or not.
    let mut turn = transaction
        .prepare_cached("UPDATE monitored SET status = ?3, status_since = ?4 WHERE account = ?1 AND number = ?2")?;
    let (now, date) = (plan.decided_at, day_number(day.date));
    let evidence = newest_scores(record.answers);
    let mut monitored = inputs.monitored();
    for review in plan.reviews.rows().expect("the plan was checked") {
        let before = monitored.find(|number| number.number == review.number).expect("the plan was checked");
        let (key, number, now) = (account.key, to_sql(review.number), to_sql(now));
        if review.answering > 0 {
            let evidence_until = evidence.get(&review.number).map(|at| to_sql(*at));
            let (checks, rated_day) = ((review.flagging_checks, review.clearing_checks), to_sql(day.starts_at));
            let status = status_to_sql(review.status);
            let columns = params![key, number, checks.0, checks.1, now, rated_day, evidence_until, date, status];
            let updated = rate.execute(columns)?;
            assert_eq!(updated, 1, "{} is no longer monitored, though the account did not change", e164(review.number));
        }
        if before.status != review.status {
            turn.execute(params![key, number, status_to_sql(review.status), now])?;
            tell_status(transaction, key, run, before.status, &review, plan.decided_at)?;
        }
    }
    let rated = account.rated_since(day.starts_at) + rated_count(plan);
    transaction
        .prepare_cached("UPDATE accounts SET rated_day = ?2, rated_count = ?3 WHERE key = ?1")?
        .execute(params![account.key, to_sql(day.starts_at), rated])?;
    rated_days::note_ratings(transaction, account, day, plan)
}

/// Says once a local date that numbers were not rated because an earlier check has counted their observations.
fn note_counted_before(transaction: &Change, account: &AccountProfile, run: i64, record: &RunRecord) -> Result<()> {
    let Some(text) = counted_before_in_words(record.counted_before) else { return Ok(()) };
    let (kind, now) = (EventKind::NoNewObservations, record.outcome.plan().decided_at);
    let today = account.day(now).starts_at;
    let is_noted: bool = transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind = ?2 AND at >= ?3 AND text = ?4)",
        )?
        .query_row(params![account.key, kind.name(), to_sql(today), text], |row| row.get(0))?;
    if is_noted { Ok(()) } else { append(transaction, account.key, now, Some(run), kind, None, &text) }
}

/// A number's first check that finds nothing is not recorded; every other change of status is.
fn tell_status(
    transaction: &Change,
    account: i64,
    run: i64,
    before: Status,
    review: &Review,
    now: Timestamp,
) -> Result<()> {
    let (kind, turned) = match (before, review.status) {
        (Status::Pending, Status::Clean) => return Ok(()),
        (_, Status::Clean) => (EventKind::TurnedClean, "clean"),
        (_, Status::AtRisk) => (EventKind::TurnedAtRisk, "at-risk"),
        (_, Status::Flagged) => (EventKind::TurnedFlagged, "flagged"),
        (_, Status::Pending) => unreachable!("the plan was checked"),
    };
    let why = match (review.flagging, review.answering) {
        (_, 0) => "its calls fare badly".to_owned(),
        (flagging, answering) => format!("{flagging} of {answering} carriers flag it"),
    };
    let text = format!("{} turned {turned}: {why}.", e164(review.number));
    append(transaction, account, now, Some(run), kind, Some(review.number), &text)
}

fn apply_action(
    transaction: &Change,
    account: &AccountProfile,
    run: i64,
    action: &Action,
    (offered_cents, now): (&HashMap<PhoneNumber, u32>, Timestamp),
) -> Result<()> {
    let tell = |kind, number, text: String| append(transaction, account.key, now, Some(run), kind, number, &text);
    match action {
        Action::OccupySlot(Occupancy { number, slot }) => {
            occupy(transaction, account.key, *number, *slot, now)?;
            tell(
                EventKind::MonitoringStarted,
                Some(*number),
                format!("{} is monitored in slot {slot}, as requested.", e164(*number)),
            )
        }
        Action::LockSlot(closing) => {
            lock(transaction, account.key, closing)?;
            let why = match closing.why {
                ClosingReason::MonitoringStopped => "monitoring was to stop",
                ClosingReason::NumberDeleted => "the number was to be deleted",
            };
            let until = dialguard::calendar::rfc3339(closing.until);
            let text =
                format!("{} left slot {}, which is locked until {until}: {why}.", e164(closing.number), closing.slot);
            tell(EventKind::SlotLocked, Some(closing.number), text)
        }
        Action::ReleaseNumber(number) => {
            change_state(transaction, account.key, *number, ("owned", "released"), now)?;
            tell(EventKind::Released, Some(*number), format!("{} left the account, as requested.", e164(*number)))
        }
        Action::ReplaceNumber(replacement) => {
            let cents = offered_cents.get(&replacement.replacement).copied();
            intend(transaction, (account, run), replacement, cents, now)
        }
        Action::SetBlocks(change) => set_blocks(transaction, account, change)
            .and_then(|()| tell(EventKind::BlocksChanged, None, blocks_in_words(account, change))),
        Action::StopUsing(number) => set_in_use(transaction, (account, run), *number, false, now),
        Action::UseAgain(number) => set_in_use(transaction, (account, run), *number, true, now),
        Action::OfferAgain(number) => rest::offer_again(transaction, (account, run), *number, now),
        Action::RestOn(number) => rest::rest_on(transaction, (account, run), *number, now),
        Action::GiveBack(number) => rest::give_back(transaction, (account, run), *number, now),
    }
}

/// The dialer uses a monitored number from now on, or does not. Its slot and its status stay.
fn set_in_use(
    transaction: &Change,
    (account, run): (&AccountProfile, i64),
    number: PhoneNumber,
    is_in_use: bool,
    now: Timestamp,
) -> Result<()> {
    let resting_since = (!is_in_use).then_some(to_sql(now));
    let slot: SlotId = transaction
        .prepare_cached(
            "UPDATE monitored SET resting_since = ?3
              WHERE account = ?1 AND number = ?2 AND (resting_since IS NULL) = (?3 IS NOT NULL) RETURNING slot",
        )?
        .query_row(params![account.key, to_sql(number), resting_since], |row| row.get(0))?;
    let (kind, text) = match is_in_use {
        true => (EventKind::NumberInUse, format!("{} is used again.", e164(number))),
        false => {
            let text = format!("{} is out of use: no clean number can take its place.", e164(number));
            (EventKind::NumberResting, text)
        }
    };
    append(transaction, account.key, now, Some(run), kind, Some(number), &text)?;
    enqueue(transaction, Some(account), Some(run), now, || Message::number_in_use(number, slot, is_in_use, &text))
}

/// What the plan's new numbers cost, as they were offered to the policy: a plan states no prices.
pub(crate) fn offered_cents(plan: &Plan, recording: &Recording) -> HashMap<PhoneNumber, u32> {
    let successors: HashSet<PhoneNumber> = plan
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::ReplaceNumber(replacement) => Some(replacement.replacement),
            _ => None,
        })
        .collect();
    let offered = recording.calls.iter().filter_map(|call| match call {
        Call::Candidates(_, _, Ok(offered)) if !successors.is_empty() => offered.rows().ok(),
        _ => None,
    });
    let bought = offered.flatten().filter(|candidate| candidate.price_cents > 0);
    bought
        .filter(|candidate| successors.contains(&candidate.number))
        .map(|candidate| (candidate.number, candidate.price_cents))
        .collect()
}

/// Numbers that a run looked up, as often as each was.
pub(crate) fn looked_up(recording: &Recording) -> u32 {
    let numbers = recording.calls.iter().map(|call| match call {
        Call::LookUp(numbers, _, Ok(_)) => numbers.len(),
        _ => 0,
    });
    numbers.sum::<usize>().try_into().unwrap_or(u32::MAX)
}

fn set_blocks(transaction: &Transaction, account: &AccountProfile, change: &BlockChange) -> Result<()> {
    transaction.execute(
        "UPDATE accounts SET slot_count = max(slot_count, ?2), slot_count_next = ?2 WHERE key = ?1",
        params![account.key, change.blocks * SLOTS_PER_BLOCK],
    )?;
    Ok(())
}

/// Blocks beyond those the account had before the plan. Computed once for the whole plan, whatever its actions are.
fn blocks_bought(plan: &Plan, account: &AccountProfile) -> u32 {
    let set = plan.actions.iter().filter_map(|action| match action {
        Action::SetBlocks(change) => Some(change.blocks),
        _ => None,
    });
    set.max().unwrap_or(0).saturating_sub(account.slot_count / SLOTS_PER_BLOCK)
}

fn blocks_in_words(account: &AccountProfile, change: &BlockChange) -> String {
    format!(
        "{} instead of {} from {} on, as requested.",
        count(change.blocks.into(), "block"),
        grouped(account.blocks().into()),
        dialguard::calendar::rfc3339(change.starting)
    )
}
