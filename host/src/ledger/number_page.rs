//! An account's numbers a page at a time: searched, filtered and sorted by the database.
//!
//! Monitored numbers come first and the others last, by number, unless all are sorted by number. So each order is that
//! of an index, and no page has to sort 100,000 numbers.

use super::accounts::profile;
use super::inventory::status_to_sql;
use super::numbers::{KnownNumber, known_number};
use super::{Ledger, Result, to_sql};
use crate::contract::{PhoneNumber, Status, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};

/// Which of an account's numbers are wanted, in which order, and which part of those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberQuery {
    /// What is in the number: digits anywhere, or from its start where a `+` stands before them. What else people write
    /// into numbers does not count, and without a digit every number is meant.
    pub search: String,
    /// Whether and how they are monitored; none does not care.
    pub standing: Option<Standing>,
    /// Only those that turned flagged then or later. Those among them are wanted too that have left the account since.
    pub flagged_since: Option<Timestamp>,
    /// Only those whose replacement is under way.
    pub replacement_pending: bool,
    /// Only those above this one, for whoever goes through all of them by number.
    pub above: Option<PhoneNumber>,
    /// By what they are sorted.
    pub order: NumberOrder,
    /// The other way round. Numbers without a slot stay last.
    pub descending: bool,
    /// So many are left out from the start.
    pub skip: u32,
    /// At most so many are answered.
    pub limit: u32,
}

/// Whether and how a number is monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has no slot.
    NotMonitored,
    /// It has a slot.
    Monitored,
    /// It has a slot, and this status.
    Status(Status),
}

/// What numbers are sorted by; those alike by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NumberOrder {
    /// The number, as an integer.
    #[default]
    Number,
    /// The status: pending, clean, at-risk, flagged.
    Status,
    /// The slot.
    Slot,
    /// Since when it has its status.
    Since,
}

/// A part of an account's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberPage {
    /// As many as were wanted, or all that were left.
    pub numbers: Vec<KnownNumber>,
    /// How many there are in all that the query is about.
    pub total: u32,
}

impl Ledger {
    /// Part of the account's numbers.
    pub fn number_page(&self, id: &str, query: &NumberQuery) -> Result<NumberPage> {
        self.read(|transaction| {
            let account = profile(transaction, id)?.key;
            let (lists, total) = match query.standing {
                None if query.order == NumberOrder::Number => {
                    let all = List::of_all(query, account);
                    let total = all.count(transaction)?;
                    (vec![all], total)
                }
                None => {
                    let lists = vec![List::of_monitored(query, account), List::of_others(query, account)];
                    (lists, List::of_all(query, account).count(transaction)?)
                }
                Some(Standing::NotMonitored) => {
                    // Counted as a difference: looking for each of 100,000 numbers whether it has a slot takes longer.
                    let all = List::of_all(query, account).count(transaction)?;
                    let monitored = List::of_monitored(query, account).count(transaction)?;
                    (vec![List::of_others(query, account)], all - monitored)
                }
                Some(Standing::Monitored | Standing::Status(_)) => {
                    let monitored = List::of_monitored(query, account);
                    let total = monitored.count(transaction)?;
                    (vec![monitored], total)
                }
            };
            Ok(NumberPage { numbers: part(transaction, &lists, query)?, total })
        })
    }
}

/// What is wanted of lists that stand one after the other.
fn part(transaction: &Transaction, lists: &[List], query: &NumberQuery) -> Result<Vec<KnownNumber>> {
    let mut numbers = Vec::new();
    let mut skip = query.skip;
    for list in lists {
        let before = numbers.len();
        numbers.extend(list.part(transaction, skip, query.limit - before as u32)?);
        if numbers.len() as u32 == query.limit {
            break;
        }
        let is_passed_over = numbers.len() == before;
        skip = if is_passed_over { skip.saturating_sub(list.count(transaction)?) } else { 0 };
    }
    Ok(numbers)
}

/// Numbers of one table, in the order of one of its indexes.
struct List {
    table: &'static str,
    conditions: Vec<&'static str>,
    values: Vec<Value>,
    /// Columns before the number.
    order: &'static str,
    direction: &'static str,
}

impl List {
    /// Every number that the account owns, and where it is asked for those that it owned once.
    fn of_all(query: &NumberQuery, account: i64) -> Self {
        let mut list = List::of("numbers", query, account);
        list.conditions.push(match query.flagged_since {
            None => "state = 'owned'",
            Some(_) => "state IN ('owned', 'released')",
        });
        list
    }

    fn of_monitored(query: &NumberQuery, account: i64) -> Self {
        let mut list = List::of("monitored", query, account);
        list.order = match query.order {
            NumberOrder::Number => "",
            NumberOrder::Status => "status",
            NumberOrder::Slot => "slot",
            NumberOrder::Since => "status_since",
        };
        if let Some(Standing::Status(status)) = query.standing {
            list.also("status = ?", i64::from(status_to_sql(status)));
        }
        list
    }

    /// Those of all that are not monitored.
    fn of_others(query: &NumberQuery, account: i64) -> Self {
        let mut list = List::of_all(query, account);
        list.conditions.push("NOT EXISTS (SELECT 1 FROM monitored WHERE monitored.number = numbers.number)");
        if query.order != NumberOrder::Number {
            list.direction = "ASC";
        }
        list
    }

    fn of(table: &'static str, query: &NumberQuery, account: i64) -> Self {
        let direction = if query.descending { "DESC" } else { "ASC" };
        let mut list = List { table, conditions: Vec::new(), values: Vec::new(), order: "", direction };
        list.also("account = ?", account);
        let digits: String = query.search.chars().filter(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            let from_its_start = query.search.trim_start().starts_with('+');
            list.also(if from_its_start { "instr(number, ?) = 1" } else { "instr(number, ?)" }, digits);
        }
        if let Some(since) = query.flagged_since {
            list.also(
                "number IN (SELECT number FROM events WHERE account = ?1 AND kind = 'turned-flagged' AND at >= ?)",
                to_sql(since),
            );
        }
        if query.replacement_pending {
            list.conditions
                .push("number IN (SELECT number FROM orders WHERE state NOT IN ('swapped', 'done', 'given-up'))");
        }
        if let Some(above) = query.above {
            list.also("number > ?", i64::try_from(above).unwrap_or(i64::MAX));
        }
        list
    }

    fn also(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    fn count(&self, transaction: &Transaction) -> Result<u32> {
        let List { table, values, .. } = self;
        let sql = format!("SELECT count(*) FROM {table} WHERE {}", self.conditions.join(" AND "));
        Ok(transaction.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?)
    }

    fn part(&self, transaction: &Transaction, skip: u32, limit: u32) -> Result<Vec<KnownNumber>> {
        let List { table, order, direction, .. } = self;
        let before = if order.is_empty() { String::new() } else { format!("{order} {direction}, ") };
        // The page is found in an index alone, and only its own rows are looked up in the other tables.
        let sql = format!(
            "SELECT page.number, slot, status, status_since,
                    EXISTS (SELECT 1 FROM orders WHERE orders.number = page.number
                              AND orders.state NOT IN ('swapped', 'done', 'given-up')),
                    state = 'owned'
               FROM (SELECT number FROM {table} WHERE {} ORDER BY {before} number {direction} LIMIT ? OFFSET ?) AS page
                    JOIN numbers ON numbers.number = page.number
                    LEFT JOIN monitored ON monitored.number = page.number
              ORDER BY {before} page.number {direction}",
            self.conditions.join(" AND ")
        );
        let part = [Value::from(i64::from(limit)), Value::from(i64::from(skip))];
        let mut statement = transaction.prepare_cached(&sql)?;
        let numbers = statement.query_map(params_from_iter(self.values.iter().chain(&part)), known_number)?;
        Ok(numbers.collect::<rusqlite::Result<_>>()?)
    }
}
