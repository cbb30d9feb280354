//! An account's replacements a page at a time: those in progress, those that were made, and those that were abandoned.

use crate::ledger::accounts::profile;
use crate::ledger::orders::{Order, orders, reason_name};
use crate::ledger::{Ledger, Result, asked_to_sql};
use dialguard::contract::{PhoneNumber, ReplacementReason, Timestamp};
use rusqlite::params;

/// Which of an account's orders are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OrdersShown {
    /// In progress, or its old number rests, or the policy will be asked for another candidate.
    #[default]
    Open,
    /// The slot has moved.
    Made,
    /// Ended, and the slot did not move.
    Abandoned,
    /// All of them.
    All,
}

impl OrdersShown {
    /// Every choice.
    pub const ALL: [OrdersShown; 4] = [OrdersShown::Open, OrdersShown::Made, OrdersShown::Abandoned, OrdersShown::All];

    /// Its name, as in queries and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            OrdersShown::Open => "open",
            OrdersShown::Made => "made",
            OrdersShown::Abandoned => "abandoned",
            OrdersShown::All => "all",
        }
    }

    /// The choice of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shown| shown.name() == name)
    }

    fn condition(self) -> &'static str {
        match self {
            OrdersShown::Open => "(state NOT IN ('done', 'abandoned') OR ask_again = 1)",
            OrdersShown::Made => "swapped_at IS NOT NULL",
            OrdersShown::Abandoned => "state = 'abandoned'",
            OrdersShown::All => "TRUE",
        }
    }
}

/// Which orders to find; a field that is none matches all.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderQuery {
    /// By how far they are.
    pub shown: OrdersShown,
    /// Only those in which this number is replaced, or replaces another.
    pub number: Option<PhoneNumber>,
    /// Only those made for this reason.
    pub why: Option<ReplacementReason>,
    /// Only those whose slot moved, or that were decided, at this time or later.
    pub since: Option<Timestamp>,
    /// Only those before this time.
    pub until: Option<Timestamp>,
    /// Only those before this order.
    pub before: Option<u64>,
    /// Only those after this order.
    pub after: Option<u64>,
    /// The oldest first, not the newest.
    pub oldest_first: bool,
}

/// A page of orders, in the order of the query.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// The orders.
    pub orders: Vec<Order>,
    /// The [`OrderQuery::before`], or [`OrderQuery::after`] if the oldest come first, of the next page; none on the
    /// last.
    pub next: Option<u64>,
}

impl Ledger {
    /// The account's orders, at most `limit`, the newest first unless [`OrderQuery::oldest_first`].
    pub fn order_page(&self, id: &str, query: &OrderQuery, limit: u32) -> Result<OrderPage> {
        let OrderQuery { shown, number, why, since, until, before, after, oldest_first } = *query;
        let direction = if oldest_first { "ASC" } else { "DESC" };
        let page = format!(
            "orders.id IN (
                 SELECT id FROM orders
                  WHERE account = ?1 AND {} AND (?2 IS NULL OR ?2 IN (number, replacement)) AND (?3 IS NULL OR why = ?3)
                    AND (?4 IS NULL OR ifnull(swapped_at, intended_at) >= ?4)
                    AND (?5 IS NULL OR ifnull(swapped_at, intended_at) < ?5)
                    AND (?6 IS NULL OR id < ?6) AND (?7 IS NULL OR id > ?7)
                  ORDER BY id {direction} LIMIT ?8)",
            shown.condition()
        );
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let asked = |value: Option<u64>| value.map(asked_to_sql);
            let parameters = params![
                account.key,
                asked(number),
                why.map(reason_name),
                asked(since),
                asked(until),
                asked(before),
                asked(after),
                i64::from(limit) + 1
            ];
            let mut found = orders(transaction, &page, parameters)?;
            if !oldest_first {
                found.reverse();
            }
            let is_more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| is_more).map(|order| order.id);
            Ok(OrderPage { orders: found, next })
        })
    }
}
