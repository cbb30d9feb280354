//! Replacements that automatic replacement would make, and that a check left to a user: checking spends nothing. The
//! plan stays on record as the policy made it; the event `replacements-proposed` says that they were not made.

use crate::figures::{self, grouped};
use crate::ledger::accounts::AccountProfile;
use crate::ledger::accounts::days::Day;
use crate::ledger::actors::Change;
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Ledger, Result, to_sql};
use crate::phone::e164;
use crate::prices::{REPLACEMENT_PRICE_CENTS, dollars};
use dialguard::contract::{Action, PhoneNumber, Plan, Replacement, Timestamp};
use rusqlite::{Transaction, params};

/// Proposals that the event lists; the others are counted.
const LISTED_MAX: usize = 50;

/// A plan's replacements.
pub(crate) fn replacements(plan: &Plan) -> impl Iterator<Item = &Replacement> {
    plan.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some(replacement),
        _ => None,
    })
}

/// What is proposed, in words; nothing if nothing is.
fn in_words(plan: &Plan) -> Option<String> {
    let pair = |it: &Replacement| format!("{} by {}", e164(it.number), e164(it.replacement));
    let count = replacements(plan).count();
    let mut pairs: Vec<_> = replacements(plan).take(LISTED_MAX).map(pair).collect();
    if count > pairs.len() {
        pairs.push(format!("and {} more", grouped((count - pairs.len()) as u64)));
    }
    let fee = dollars(count as u64 * REPLACEMENT_PRICE_CENTS);
    let numbers = figures::count(count as u64, "number");
    let waits = "A user or the next daily review decides";
    (count > 0)
        .then(|| format!("Automatic replacement would replace {numbers} for {fee}: {}. {waits}.", pairs.join(", ")))
}

/// Records what a run proposes.
pub(super) fn note(transaction: &Change, account: &AccountProfile, run: i64, plan: &Plan) -> Result<()> {
    let Some(text) = in_words(plan) else { return Ok(()) };
    append(transaction, account.key, plan.decided_at, Some(run), EventKind::ReplacementsProposed, None, &text)
}

/// Whether the run left its replacements to a user.
pub(super) fn were_proposed(transaction: &Transaction, account: i64, run: i64) -> Result<bool> {
    let mut statement = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind = ?2 AND run = ?3)")?;
    Ok(statement.query_row(params![account, EventKind::ReplacementsProposed.name(), run], |row| row.get(0))?)
}

/// Whether a check before the day's review has left replacements to it, and it was not made yet.
pub(in crate::ledger) fn wait_for_review(
    transaction: &Transaction,
    account: &AccountProfile,
    day: &Day,
) -> Result<bool> {
    if !account.settings.guard_rails.auto_replace {
        return Ok(false);
    }
    let mut proposed = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind = ?2 AND at >= ?3 AND at < ?4)",
    )?;
    let (kind, begins, due) =
        (EventKind::ReplacementsProposed.name(), to_sql(day.starts_at), to_sql(day.review_due_at));
    let is_proposed: bool = proposed.query_row(params![account.key, kind, begins, due], |row| row.get(0))?;
    Ok(is_proposed && !has_acted(transaction, account, day)?)
}

/// Whether a review that makes its replacements was made since the day's review was due.
pub(in crate::ledger) fn has_acted(transaction: &Transaction, account: &AccountProfile, day: &Day) -> Result<bool> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (
             SELECT 1 FROM runs
              WHERE kind = 'review' AND decided_at >= ?3 AND decided_at < ?4 AND account = ?1
                AND NOT EXISTS (SELECT 1 FROM events
                                 WHERE events.account = ?1 AND events.kind = ?2 AND events.run = runs.id))",
    )?;
    let (due, ends) = (to_sql(day.review_due_at), to_sql(day.ends_at));
    Ok(statement
        .query_row(params![account.key, EventKind::ReplacementsProposed.name(), due, ends], |row| row.get(0))?)
}

impl Ledger {
    /// Whether the day of that time has recorded the plan's proposals.
    pub(crate) fn are_proposed(&self, account: &AccountProfile, plan: &Plan, now: Timestamp) -> Result<bool> {
        let Some(text) = in_words(plan) else { return Ok(true) };
        let day = account.day(now);
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind = ?2 AND at >= ?3 AND text = ?4)",
            )?;
            let kind = EventKind::ReplacementsProposed.name();
            Ok(statement.query_row(params![account.key, kind, to_sql(day.starts_at), text], |row| row.get(0))?)
        })
    }

    /// Whether the account's day waits for its review because a check before it left replacements to it.
    pub(crate) fn replacements_wait(&self, account: &AccountProfile, now: Timestamp) -> Result<bool> {
        let day = account.day(now);
        self.read(|transaction| Ok(day.review_due_at <= now && wait_for_review(transaction, account, &day)?))
    }

    /// Of these numbers, those that the account does not have on hand, in ascending order: they would be bought.
    pub(crate) fn to_be_bought(&self, account: &AccountProfile, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM numbers WHERE number = ?1 AND account = ?2 AND state <> 'released')",
            )?;
            let mut bought = Vec::new();
            for number in numbers {
                let is_on_hand: bool = statement.query_row(params![to_sql(*number), account.key], |row| row.get(0))?;
                bought.extend((!is_on_hand).then_some(*number));
            }
            bought.sort_unstable();
            Ok(bought)
        })
    }

    /// How many of these numbers were bought by the account, by the provider that sold them, in the order of the names.
    pub(crate) fn bought_at(
        &self,
        account: &AccountProfile,
        numbers: &[PhoneNumber],
    ) -> Result<std::collections::BTreeMap<String, usize>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT provider FROM orders
                  WHERE replacement = ?1 AND account = ?2 AND price_cents IS NOT NULL AND provider IS NOT NULL
                    AND (state <> 'abandoned' OR spent_on IS NOT NULL)
                  ORDER BY id DESC LIMIT 1",
            )?;
            let mut counts = std::collections::BTreeMap::new();
            for number in numbers {
                let mut rows = statement.query(params![to_sql(*number), account.key])?;
                if let Some(row) = rows.next()? {
                    *counts.entry(row.get(0)?).or_default() += 1;
                }
            }
            Ok(counts)
        })
    }
}
