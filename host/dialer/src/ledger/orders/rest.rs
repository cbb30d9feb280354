//! What becomes of a number that was replaced: it rests, and then it is offered again, rests on, or is given back.
//!
//! A number rests as long as its order is swapped. When the rest is over, the policy decides. One of a contract before 0.3
//! knows no rests: then the dialer gives the number back. A number that is offered again is ready: the account owns it, and
//! it may take another's place until it is monitored, deleted, or taken by an order.
//!
//! Without a provider a number rests as others do. Giving it back then means that it leaves the account, and a person
//! releases it wherever it is rented.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::accounts::settings::AccountSettings;
use crate::ledger::actors::Change;
use crate::ledger::events::EventKind;
use crate::ledger::orders::{Order, append_step, cause, finish, orders};
use crate::ledger::{LedgerError, Result, from_sql, to_sql};
use crate::phone::e164;
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, RestedNumber, RestedTable, Timestamp};
use rusqlite::{Transaction, params};

/// The setting of policies that says how many days a number rests. The dialer reads it to say until when.
const REST_DAYS: &str = "rest-days";

/// How many days a number rests unless that is set.
const REST_DAYS_UNLESS_SET: u16 = 30;

const REST_DAYS_MAX: u16 = 365;

/// Numbers that the contract's table of resting numbers has, at most.
const RESTED_MAX: usize = 10_000;

/// Seconds for which a number of the account rests, by what is set for it.
pub(super) fn rest_seconds(set: Option<&str>) -> u64 {
    let days = set.and_then(|text| text.parse().ok()).filter(|days| *days <= REST_DAYS_MAX);
    u64::from(days.unwrap_or(REST_DAYS_UNLESS_SET)) * 86_400
}

/// Until when a number rests that began then, as long as the account's settings stay as they are.
pub(in crate::ledger) fn rests_until(since: Timestamp, settings: &AccountSettings) -> Timestamp {
    since + rest_seconds(settings.values.get(REST_DAYS))
}

/// The old number begins to rest at its provider; returns until when.
pub(super) fn begin(
    transaction: &Change,
    account: &AccountProfile,
    order: &Order,
    now: Timestamp,
) -> Result<Timestamp> {
    transaction
        .prepare_cached("UPDATE orders SET resting_since = ?2, state_since = ?2 WHERE id = ?1")?
        .execute([to_sql(order.id), to_sql(now)])?;
    let until = rests_until(now, &account.settings);
    if until > now {
        let (run, _) = cause(transaction, order)?;
        let text = format!("{} left the account, and rests until {}.", e164(order.number), rfc3339(until));
        append_step(transaction, (account, order), run, EventKind::Resting, order.number, &text, now)?;
    }
    Ok(until)
}

/// The account's numbers that rest and about which nothing is decided, longest first.
pub(in crate::ledger) fn rested(transaction: &Transaction, account: i64, now: Timestamp) -> Result<RestedTable> {
    let mut statement = transaction.prepare_cached(
        "SELECT number, resting_since, rests FROM orders
          WHERE account = ?1 AND state = 'swapped' AND gives_back = 0 AND leased_until <= ?2
          ORDER BY resting_since, number LIMIT ?3",
    )?;
    let numbers = statement.query_map(params![account, to_sql(now), RESTED_MAX as i64], |row| {
        Ok(RestedNumber { number: from_sql(row.get(0)?), resting_since: from_sql(row.get(1)?), rests: row.get(2)? })
    })?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

/// The number has rested, and may take another's place from now on.
pub(in crate::ledger) fn offer_again(
    transaction: &Change,
    (account, run): (&AccountProfile, i64),
    number: PhoneNumber,
    now: Timestamp,
) -> Result<()> {
    let order = resting(transaction, account, number, now)?;
    finish(transaction, &order, now)?;
    let taken_back = transaction
        .prepare_cached(
            "UPDATE numbers SET state = 'owned', since = ?3, ready_since = ?3
              WHERE number = ?1 AND account = ?2 AND state = 'released'",
        )?
        .execute(params![to_sql(number), account.key, to_sql(now)])?;
    assert_eq!(taken_back, 1, "{} does not rest, though its order says so", e164(number));
    let text = format!("{} has rested {}, and may replace another number.", e164(number), in_days(&order, now));
    append_step(transaction, (account, &order), Some(run), EventKind::OfferedAgain, number, &text, now)
}

/// The number has rested, and rests once more.
pub(in crate::ledger) fn rest_on(
    transaction: &Change,
    (account, run): (&AccountProfile, i64),
    number: PhoneNumber,
    now: Timestamp,
) -> Result<()> {
    let order = resting(transaction, account, number, now)?;
    transaction
        .prepare_cached("UPDATE orders SET resting_since = ?2, rests = rests + 1 WHERE id = ?1")?
        .execute([to_sql(order.id), to_sql(now)])?;
    let until = rests_until(now, &account.settings);
    let (rested, until) = (in_days(&order, now), rfc3339(until));
    let text = format!("{} has rested {rested}, and rests once more, until {until}.", e164(number));
    append_step(transaction, (account, &order), Some(run), EventKind::RestContinued, number, &text, now)
}

/// The number has rested, and goes back to its provider, or leaves the account if it has none.
pub(in crate::ledger) fn give_back(
    transaction: &Change,
    (account, run): (&AccountProfile, i64),
    number: PhoneNumber,
    now: Timestamp,
) -> Result<()> {
    let order = resting(transaction, account, number, now)?;
    transaction
        .prepare_cached("UPDATE orders SET gives_back = 1, next_try_at = 0 WHERE id = ?1")?
        .execute([to_sql(order.id)])?;
    let gone = match &order.provider {
        Some(provider) => format!("is given back to {provider}"),
        None => "leaves the account".into(),
    };
    let text = format!("{} has rested {}, and {gone}.", e164(number), in_days(&order, now));
    append_step(transaction, (account, &order), Some(run), EventKind::RestEnded, number, &text, now)
}

/// The order after which the number rests. The run is made again if the number rests no longer, or is being given back at
/// this moment.
fn resting(transaction: &Transaction, account: &AccountProfile, number: PhoneNumber, now: Timestamp) -> Result<Order> {
    let rests = "account = ?1 AND number = ?2 AND state = 'swapped' AND gives_back = 0 AND leased_until <= ?3";
    let found = orders(transaction, rests, params![account.key, to_sql(number), to_sql(now)])?.pop();
    found.ok_or_else(|| LedgerError::Stale(account.id.clone()))
}

fn in_days(order: &Order, now: Timestamp) -> String {
    match now.saturating_sub(order.resting_since.unwrap_or(now)) / 86_400 {
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

/// Whether the number was replaced and has neither been offered again nor given back yet.
pub(in crate::ledger) fn is_resting(transaction: &Transaction, number: PhoneNumber) -> Result<bool> {
    let mut statement =
        transaction.prepare_cached("SELECT EXISTS (SELECT 1 FROM orders WHERE number = ?1 AND state = 'swapped')")?;
    Ok(statement.query_row([to_sql(number)], |row| row.get(0))?)
}

/// Whether a number that rests in the account is being given back to its provider right now.
pub(in crate::ledger) fn is_being_returned(
    transaction: &Transaction,
    account: i64,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<bool> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM orders
                         WHERE account = ?1 AND number = ?2 AND state = 'swapped'
                           AND lease IS NOT NULL AND leased_until > ?3)",
    )?;
    Ok(statement.query_row(params![account, to_sql(number), to_sql(now)], |row| row.get(0))?)
}

/// Ends a number's rest because it is imported again: it is not given back. If it is replaced again, it rests again,
/// for the whole time. It must not [be given back right now](is_being_returned).
pub(in crate::ledger) fn end_by_import(
    transaction: &Change,
    account: &AccountProfile,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<()> {
    let resting =
        orders(transaction, "account = ?1 AND number = ?2 AND state = 'swapped'", [account.key, to_sql(number)])?;
    for order in resting {
        finish(transaction, &order, now)?;
        tell_kept(transaction, account, &order, now)?;
    }
    Ok(())
}

pub(super) fn tell_kept(transaction: &Change, account: &AccountProfile, order: &Order, now: Timestamp) -> Result<()> {
    let kept = match &order.provider {
        Some(provider) => format!("is not given back to {provider}"),
        None => "does not leave the account".into(),
    };
    let text = format!("{} was imported again and {kept}.", e164(order.number));
    append_step(transaction, (account, order), None, EventKind::NumberKept, order.number, &text, now)
}
