//! Closing an account. What it has ends in one transaction: its numbers leave it, its orders are abandoned, and nothing is
//! charged for it any more. Its history stays and can be read.

use crate::ledger::accounts::bill::{Bill, bill};
use crate::ledger::accounts::days;
use crate::ledger::accounts::{AccountProfile, charged_in_all, open, profile, touch};
use crate::ledger::actors::Change;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::{EventKind, append};
use crate::ledger::orders::{Order, closing as orders};
use crate::ledger::{Ledger, LedgerError, Result, to_sql};
use crate::prices::{dollars, price_cents};
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use rusqlite::params;

/// What closing an account does, in figures.
#[derive(Debug, Clone)]
pub struct Closing {
    /// When it is closed.
    pub at: Timestamp,
    /// Monitored numbers, which are no longer checked.
    pub monitored: u32,
    /// Slots that are locked until the billing cycle ends.
    pub locked: u32,
    /// Numbers that the account owns and that leave it: monitored or not, and those bought for orders in progress. Their
    /// provider keeps them.
    pub owned: u32,
    /// Replaced numbers that rest at their provider, and are not given back.
    pub resting: u32,
    /// Candidates that are withdrawn.
    pub candidates: u32,
    /// Replacements in progress that are abandoned.
    pub abandoned: Vec<Order>,
    /// Orders for which a number may have been bought, or which a process is working on. While there is one, the account
    /// is not closed.
    pub held_up_by: Vec<Order>,
    /// What closing charges, in US cents: billing cycles that have begun and were not recorded yet.
    pub charged_now_cents: u64,
    /// The bill of the current billing cycle, including that.
    pub bill: Bill,
    /// When that cycle ends. Nothing more is charged, in it or after it.
    pub cycle_ends_at: Timestamp,
    /// What the next cycle would have cost, in US cents.
    pub next_cents: u64,
}

impl Closing {
    /// What the numbers of abandoned orders would have cost, in US cents. Nothing of it was spent.
    pub fn unspent_cents(&self) -> u64 {
        let unbought = self.abandoned.iter().filter(|order| order.is_before_buying());
        unbought.filter_map(|order| order.price_cents).map(u64::from).sum()
    }

    /// What is set aside for orders that hold it up, in US cents.
    pub fn set_aside_cents(&self) -> u64 {
        let sent = self.held_up_by.iter().filter(|order| !order.is_before_buying() && order.is_under_way());
        sent.filter_map(|order| order.price_cents).map(u64::from).sum()
    }

    /// What was done, in words.
    pub(in crate::ledger) fn text(&self) -> String {
        format!(
            "Account closed. Numbers that left it: {} ({} monitored); candidates withdrawn: {}; replacements abandoned: {}. \
             Charged in this billing cycle, which ends at {}: {}. Nothing more is charged.",
            self.owned,
            self.monitored,
            self.candidates,
            self.abandoned.len(),
            rfc3339(self.cycle_ends_at),
            dollars(self.bill.charged_cents),
        )
    }
}

impl Ledger {
    /// What [`Ledger::close_account`] would do; nothing is changed. Orders that would hold it up are listed and no error.
    pub fn try_close_account(&self, id: &str, now: Timestamp) -> Result<Closing> {
        self.try_change(|transaction| Ok(prepare(transaction, id, now)?.1))
    }

    /// Closes an account; none if it was closed before. Its numbers are free, and any account can import them: nothing is
    /// released at a provider. Errors: [`LedgerError::ClosingHeldUp`] while a number may be bought or given back for one
    /// of its orders.
    pub fn close_account(&self, id: &str, now: Timestamp) -> Result<Option<Closing>> {
        self.change(|transaction| {
            if profile(transaction, id)?.closed_at.is_some() {
                return Ok(None);
            }
            let (account, closing) = prepare(transaction, id, now)?;
            if !closing.held_up_by.is_empty() {
                let orders = closing.held_up_by.iter().map(|order| order.id).collect();
                return Err(LedgerError::ClosingHeldUp { account: account.id, orders });
            }
            close(transaction, &account, &closing)?;
            Ok(Some(closing))
        })
    }
}

/// Opens the account and counts what closing it ends.
fn prepare(transaction: &Change, id: &str, now: Timestamp) -> Result<(AccountProfile, Closing)> {
    let charged_before = charged_in_all(transaction, profile(transaction, id)?.key)?;
    let (account, now) = open(transaction, id, now)?;
    let (owned, candidates): (u32, u32) = transaction.query_row(
        "SELECT count(*) FILTER (WHERE state = 'owned'), count(*) FILTER (WHERE state = 'candidate')
           FROM numbers WHERE account = ?1",
        [account.key],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let held_up_by = orders::held_up_by(transaction, &account, now)?;
    let (mut abandoned, mut resting) = orders::open(transaction, &account)?;
    for ends in [&mut abandoned, &mut resting] {
        ends.retain(|order| !held_up_by.contains(order));
    }
    // Those on order come back first.
    let on_order = |has_rested| {
        let is_so = |order: &&Order| !order.is_bought() && order.is_before_buying() && order.has_rested == has_rested;
        abandoned.iter().filter(is_so).count() as u32
    };
    let closing = Closing {
        at: now,
        monitored: account.occupied,
        locked: account.locked,
        owned: owned + on_order(true),
        resting: resting.len() as u32,
        candidates: candidates + on_order(false),
        abandoned,
        held_up_by,
        charged_now_cents: charged_in_all(transaction, account.key)? - charged_before,
        bill: bill(transaction, &account, account.cycle_starts_at)?,
        cycle_ends_at: account.cycle_ends_at,
        next_cents: if account.enabled { price_cents(account.blocks_next()) } else { 0 },
    };
    Ok((account, closing))
}

fn close(transaction: &Change, account: &AccountProfile, closing: &Closing) -> Result<()> {
    let now = closing.at;
    // A late check is not made any more.
    days::close(transaction, &mut account.clone(), now, true)?;
    orders::end_all(transaction, account, now)?;
    release_numbers(transaction, account, closing)?;
    append(transaction, account.key, now, None, EventKind::AccountClosed, None, &closing.text())?;
    enqueue(transaction, Some(account), None, now, || Message::account_closed(closing))?;
    touch(transaction, account.key, now)?;
    // No provider either: one that only closed accounts would buy from can be removed.
    transaction.execute(
        "UPDATE accounts SET enabled = 0, slot_count_next = 0, provider = NULL, closed_at = ?2 WHERE key = ?1",
        params![account.key, to_sql(now)],
    )?;
    Ok(())
}

/// All of the account's numbers are free, and so are its slots.
fn release_numbers(transaction: &Change, account: &AccountProfile, closing: &Closing) -> Result<()> {
    let now = to_sql(closing.at);
    transaction.execute(
        "INSERT INTO events (account, at, kind, actor, number, text)
         SELECT ?1, ?2, ?3, ?4, numbers.number,
                '+' || numbers.number || ' left ' || ifnull('slot ' || slot || ' and ', '') || 'the account, which was closed.'
           FROM numbers LEFT JOIN monitored ON monitored.number = numbers.number
          WHERE numbers.account = ?1 AND state = 'owned' ORDER BY numbers.number",
        params![account.key, now, EventKind::Released.name(), transaction.actor_key()?],
    )?;
    transaction.execute("DELETE FROM monitored WHERE account = ?1", [account.key])?;
    transaction.execute("DELETE FROM slot_locks WHERE account = ?1", [account.key])?;
    transaction.execute(
        "UPDATE numbers SET state = 'released', since = ?2, ready_since = NULL WHERE account = ?1 AND state <> 'released'",
        params![account.key, now],
    )?;
    if closing.candidates == 0 {
        return Ok(());
    }
    let text = format!(
        "{} {} withdrawn.",
        closing.candidates,
        if closing.candidates == 1 { "candidate" } else { "candidates" }
    );
    append(transaction, account.key, closing.at, None, EventKind::CandidatesWithdrawn, None, &text)
}
