//! The numbers of an account: those it owns and those it could take.

pub(in crate::ledger) mod by_revision;
pub(in crate::ledger) mod candidates;
pub(in crate::ledger) mod history;
pub(in crate::ledger) mod page;
pub(in crate::ledger) mod pool;
pub(in crate::ledger) mod status;
pub(in crate::ledger) mod view;

use crate::figures::count;
use crate::ledger::accounts::rated_days::PastDays;
use crate::ledger::accounts::{AccountProfile, open, profile, touch};
use crate::ledger::actors::Change;
use crate::ledger::events::{EventKind, append};
use crate::ledger::numbers::status::status_from_sql;
use crate::ledger::orders::has_released;
use crate::ledger::orders::rest::{end_by_import, is_being_returned, is_resting};
use crate::ledger::suspects::{SUSPICION, Suspicion, suspicion};
use crate::ledger::{Ledger, LedgerError, Result, from_sql, never_back, stop, time, to_sql};
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, SlotId, Status, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::HashSet;

/// Numbers and candidates that an account has at a time, at most.
pub const NUMBERS_OF_ACCOUNT_MAX: u64 = 1_000_000;

/// What numbers are imported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedAs {
    /// Numbers that the account owns.
    Owned,
    /// Numbers on hand that could take another's place.
    Candidate,
}

/// The outcome for one number of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The account has it from now on.
    Imported,
    /// The account had it before.
    KnownBefore,
    /// Another account has it, as its own or as a candidate.
    OtherAccounts,
    /// It was replaced and rests. Only the account that it rests in can import it, not as a candidate, and not while it
    /// is being given back.
    Resting,
    /// It cannot be a candidate: the account owns it, has ordered it, or has released it.
    NoCandidate,
}

impl ImportOutcome {
    /// Why the number was refused, to follow the number in a sentence; none if the account has it.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            ImportOutcome::Imported | ImportOutcome::KnownBefore => None,
            ImportOutcome::OtherAccounts => Some("belongs to another account"),
            ImportOutcome::Resting => Some("was replaced, and rests"),
            ImportOutcome::NoCandidate => Some("cannot be a candidate: the account owns it or has released it"),
        }
    }
}

/// A number that an account owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Its slot, its status, and since when it has that status; none if it is not monitored.
    pub monitored: Option<(SlotId, Status, Timestamp)>,
    /// Since when the dialer does not use it, because it is flagged and there is no clean one in its place; none if it
    /// is in use, or not monitored.
    pub resting_since: Option<Timestamp>,
    /// Since when it may take another's place, because it has rested; none if it may not.
    pub ready_since: Option<Timestamp>,
    /// Its replacement is in progress.
    pub replacement_pending: bool,
    /// Its suspicion, if it is suspect.
    pub suspect: Option<Suspicion>,
    /// Since when it is monitored; none if it is not.
    pub monitored_since: Option<Timestamp>,
    /// When it was last rated; none if it never was since it is monitored.
    pub last_rated_at: Option<Timestamp>,
    /// The first instant of the day that this rating counts for.
    pub rated_day: Option<Timestamp>,
    /// How it was rated on each of the latest local dates.
    pub past_days: PastDays,
    /// Whether the account still owns it; false only in a query that includes numbers that have left.
    pub is_owned: bool,
}

impl Ledger {
    /// Imports numbers into an account; returns the outcome for each, in the order given. They must be E.164, as
    /// [`PhoneNumber::parse`](crate::phone::PhoneNumber::parse) makes them. A number that another account released is
    /// free. Many are imported in parts, see [`Ledger::import_numbers_while`]. Refuses more numbers than
    /// [`NUMBERS_OF_ACCOUNT_MAX`].
    pub fn import_numbers(
        &self,
        id: &str,
        numbers: &[PhoneNumber],
        imported_as: ImportedAs,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        self.import_numbers_while(id, numbers, imported_as, now, |_| true)
    }

    /// The same for as long as `go_on` returns true, which is called with the number of outcomes so far. Each part is
    /// one transaction of a fraction of a second, and others can make changes in between. What has been imported stays:
    /// importing the same numbers again imports the rest.
    ///
    /// Fails with [`LedgerError::Stopped`] if any part has been imported before the failure.
    pub fn import_numbers_while(
        &self,
        id: &str,
        numbers: &[PhoneNumber],
        imported_as: ImportedAs,
        now: Timestamp,
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Result<Vec<ImportOutcome>> {
        self.change_in_parts(
            numbers,
            |transaction, part| {
                // A change that passed in between may be later than the import began.
                let now = if part.is_first() { now } else { now.max(profile(transaction, id)?.changed_at) };
                let (account, now) = open(transaction, id, now)?;
                let import = |number: &PhoneNumber| import(transaction, &account, *number, imported_as, now);
                let outcomes = part.items().map(import).collect::<Result<Vec<_>>>()?;
                let imported = outcomes.iter().filter(|outcome| **outcome == ImportOutcome::Imported).count();
                if imported > 0 {
                    ensure_room_for(transaction, &account, 0)?;
                    let what = if imported_as == ImportedAs::Candidate { "candidate" } else { "number" };
                    let text = format!("{} imported.", count(imported as u64, what));
                    append(transaction, account.key, now, None, EventKind::NumbersImported, None, &text)?;
                    touch(transaction, account.key, now)?;
                }
                Ok(outcomes)
            },
            &mut go_on,
        )
    }

    /// The outcomes that [`Ledger::import_numbers`] would return now, and its errors. Nothing is changed.
    pub fn preview_import(
        &self,
        id: &str,
        numbers: &[PhoneNumber],
        imported_as: ImportedAs,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            account.ensure_open()?;
            let now = never_back(id, now, account.changed_at)?;
            time::check(transaction, now)?;
            let mut imported = HashSet::new();
            let outcome = |number: &PhoneNumber| match imported.contains(number) {
                true => Ok(ImportOutcome::KnownBefore),
                false => {
                    stop::check()?;
                    let outcome = ImportClass::of(transaction, &account, *number, imported_as, now)?.outcome();
                    if outcome == ImportOutcome::Imported {
                        imported.insert(*number);
                    }
                    Ok(outcome)
                }
            };
            let outcomes = numbers.iter().map(outcome).collect::<Result<_>>()?;
            ensure_room_for(transaction, &account, imported.len())?;
            Ok(outcomes)
        })
    }

    /// The numbers that an account owns, in ascending order, with their slots.
    pub fn numbers(&self, id: &str) -> Result<Vec<KnownNumber>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT numbers.number, slot, status, status_since,
                        EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.number = numbers.number),
                        1, resting_since, ready_since, {RATING}, {SUSPICION}
                   FROM numbers LEFT JOIN monitored ON monitored.number = numbers.number
                        LEFT JOIN suspects ON suspects.number = numbers.number
                  WHERE numbers.account = ?1 AND numbers.state = 'owned' ORDER BY numbers.number"
            ))?;
            let numbers = statement.query_map([account.key], known_number)?;
            Ok(numbers.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Refuses more numbers than an account may have.
fn ensure_room_for(transaction: &Transaction, account: &AccountProfile, more: usize) -> Result<()> {
    let count: i64 = transaction
        .prepare_cached("SELECT count(*) FROM numbers WHERE account = ?1 AND state IN ('owned', 'candidate')")?
        .query_row([account.key], |row| row.get(0))?;
    if from_sql(count) + more as u64 <= NUMBERS_OF_ACCOUNT_MAX {
        return Ok(());
    }
    let message = format!("an account has at most {NUMBERS_OF_ACCOUNT_MAX} numbers and candidates");
    Err(LedgerError::Refused(message))
}

/// The columns of a number's rating, in a query of `numbers` that joins `monitored`.
pub(super) const RATING: &str = "monitored.monitored_since AS monitored_since, monitored.last_rated_at AS last_rated_at, \
                                 monitored.rated_day AS rated_day, \
                                 ifnull(monitored.past_days, numbers.past_days) AS past_days, \
                                 ifnull(monitored.past_days_until, numbers.past_days_until) AS past_days_until";

/// From number, slot, status, since when it has that, whether its replacement is under way, whether it is owned, since when
/// it is not in use, since when it is ready, [`RATING`] and [`SUSPICION`].
pub(super) fn known_number(row: &Row) -> rusqlite::Result<KnownNumber> {
    let slot: Option<SlotId> = row.get(1)?;
    let monitored = match slot {
        Some(slot) => Some((slot, status_from_sql(row.get(2)?), from_sql(row.get(3)?))),
        None => None,
    };
    let time = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(from_sql));
    let of_rating = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(from_sql));
    Ok(KnownNumber {
        number: from_sql(row.get(0)?),
        monitored,
        resting_since: time(6)?,
        ready_since: time(7)?,
        replacement_pending: row.get(4)?,
        suspect: suspicion(row)?,
        monitored_since: of_rating("monitored_since")?,
        last_rated_at: of_rating("last_rated_at")?,
        rated_day: of_rating("rated_day")?,
        past_days: PastDays::of(row)?,
        is_owned: row.get(5)?,
    })
}

fn import(
    transaction: &Change,
    account: &AccountProfile,
    number: PhoneNumber,
    imported_as: ImportedAs,
    now: Timestamp,
) -> Result<ImportOutcome> {
    match ImportClass::of(transaction, account, number, imported_as, now)? {
        ImportClass::No(outcome) => return Ok(outcome),
        ImportClass::FromRest => end_by_import(transaction, account, number, now)?,
        ImportClass::Free => {}
    }
    let state = if imported_as == ImportedAs::Owned { "owned" } else { "candidate" };
    transaction
        .prepare_cached(
            "INSERT INTO numbers (number, account, state, since) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (number) DO UPDATE
                SET account = excluded.account, state = excluded.state, since = excluded.since",
        )?
        .execute(params![to_sql(number), account.key, state, to_sql(now)])?;
    Ok(ImportOutcome::Imported)
}

/// What an import makes of a number.
enum ImportClass {
    /// The account takes it.
    Free,
    /// The account takes it back, and it rests no longer.
    FromRest,
    /// The account has it already, or cannot have it.
    No(ImportOutcome),
}

impl ImportClass {
    fn of(
        transaction: &Transaction,
        account: &AccountProfile,
        number: PhoneNumber,
        imported_as: ImportedAs,
        now: Timestamp,
    ) -> Result<Self> {
        use ImportOutcome::{KnownBefore, NoCandidate, OtherAccounts, Resting};
        let known: Option<(i64, String)> = transaction
            .prepare_cached("SELECT account, state FROM numbers WHERE number = ?1")?
            .query_row([to_sql(number)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let is_ours = known.as_ref().is_some_and(|(owner, _)| *owner == account.key);
        let state = known.as_ref().map(|(_, state)| state.as_str());
        Ok(match (state, imported_as) {
            (None, ImportedAs::Owned) => ImportClass::Free,
            (None | Some("released"), ImportedAs::Candidate) if has_released(transaction, account.key, number)? => {
                ImportClass::No(NoCandidate)
            }
            (None, ImportedAs::Candidate) => ImportClass::Free,
            (Some("released"), _) if !is_ours => match is_resting(transaction, number)? {
                true => ImportClass::No(Resting),
                false => ImportClass::Free,
            },
            // One that rests becomes a candidate by its rest alone, however often a file of candidates is imported.
            (Some("released"), ImportedAs::Candidate) if is_resting(transaction, number)? => ImportClass::No(Resting),
            // A number that a user brings back, or bought elsewhere, is the account's again.
            (Some("released"), _) => match is_being_returned(transaction, account.key, number, now)? {
                true => ImportClass::No(Resting),
                false => ImportClass::FromRest,
            },
            _ if !is_ours => ImportClass::No(OtherAccounts),
            (Some("owned" | "ordered"), ImportedAs::Owned) | (Some("candidate"), ImportedAs::Candidate) => {
                ImportClass::No(KnownBefore)
            }
            (Some(_), ImportedAs::Candidate) => ImportClass::No(NoCandidate),
            (Some(_), ImportedAs::Owned) => ImportClass::Free,
        })
    }

    fn outcome(self) -> ImportOutcome {
        match self {
            ImportClass::Free | ImportClass::FromRest => ImportOutcome::Imported,
            ImportClass::No(outcome) => outcome,
        }
    }
}

/// Moves a number of the account from one state to another; it must be in the first.
pub(super) fn change_state(
    transaction: &Transaction,
    account: i64,
    number: PhoneNumber,
    (from, to): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    let changed = transaction
        .prepare_cached(
            "UPDATE numbers SET state = ?4, since = ?5, ready_since = NULL
              WHERE number = ?2 AND account = ?1 AND state = ?3",
        )?
        .execute(params![account, to_sql(number), from, to, to_sql(now)])?;
    assert_eq!(changed, 1, "{} is no longer {from}, though the account did not change", e164(number));
    Ok(())
}
