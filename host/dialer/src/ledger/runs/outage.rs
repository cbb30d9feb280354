//! After an outage: which local dates had no review, and what was charged meanwhile.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::accounts::charged_cycles::ChargedCycles;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Result, from_sql};
use dialguard::calendar::NaiveDate;
use dialguard::contract::Timestamp;
use rusqlite::Transaction;

/// Local dates without a review while numbers were to be reviewed, and the billing cycles that were charged meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outage {
    pub first_date: NaiveDate,
    pub last_date: NaiveDate,
    pub charged: ChargedCycles,
}

impl Outage {
    pub fn dates(&self) -> u64 {
        (self.last_date - self.first_date).num_days().unsigned_abs() + 1
    }

    /// In words.
    pub fn text(&self) -> String {
        let Outage { first_date, last_date, charged } = self;
        match self.dates() {
            1 => format!("Not reviewed on {first_date}. {}", charged.text()),
            dates => format!("Not reviewed on {dates} dates, {first_date} to {last_date}. {}", charged.text()),
        }
    }
}

/// Records the dates that had no review before the one at `now`, and tells webhooks.
pub(super) fn tell(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<()> {
    let Some(outage) = outage(transaction, account, now)? else { return Ok(()) };
    append(transaction, account.key, now, None, EventKind::ReviewsMissed, None, &outage.text())?;
    enqueue(transaction, Some(account), None, now, || Message::reviews_missed(&outage))
}

/// None if no whole date was missed, or nothing was to be reviewed.
fn outage(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<Option<Outage>> {
    let Some(since) = reviewed_or_begun(transaction, account)?.filter(|_| account.enabled) else { return Ok(None) };
    let (before, today) = (account.local_date(since), account.local_date(now));
    let (Some(first_date), Some(last_date)) = (before.succ_opt(), today.pred_opt()) else { return Ok(None) };
    if first_date > last_date {
        return Ok(None);
    }
    let charged = ChargedCycles::between(transaction, account, since, now)?;
    Ok(Some(Outage { first_date, last_date, charged }))
}

/// From when on reviews were missing: the latest one, or when the first number was monitored or the add-on switched on,
/// whichever is last. Instants, so that a change of the time zone neither adds a date nor loses one.
fn reviewed_or_begun(transaction: &Transaction, account: &AccountProfile) -> Result<Option<Timestamp>> {
    let mut statement = transaction.prepare_cached(
        "SELECT (SELECT min(monitored_since) FROM monitored WHERE account = key), on_since,
                ifnull((SELECT decided_at FROM runs WHERE account = key AND kind = 'review' ORDER BY based_on DESC LIMIT 1), 0)
           FROM accounts WHERE key = ?1",
    )?;
    let (monitored_since, on_since, reviewed_at): (Option<i64>, i64, i64) =
        statement.query_row([account.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(monitored_since.map(|since| from_sql(since.max(on_since).max(reviewed_at))))
}
