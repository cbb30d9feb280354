//! An account's numbers a page at a time: searched, filtered and sorted by the database.
//!
//! Monitored numbers come first and the others last, by number, unless all are sorted by number. So each order is that
//! of an index, and no page needs to sort 100,000 numbers. Totals are counted once per revision of the account, and a
//! page is searched from the nearer end.

use crate::ledger::accounts::profile;
use crate::ledger::numbers::by_revision::ByRevision;
use crate::ledger::numbers::status::status_to_sql;
use crate::ledger::numbers::{KnownNumber, RATING, known_number};
use crate::ledger::suspects::SUSPICION;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::{PhoneNumber, Status, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};
use std::sync::Arc;

/// Which of an account's numbers are wanted, in which order, and which part of those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberQuery {
    /// Digits anywhere in the number, or from its start with a `+` before them. Blanks and what else people put between
    /// digits do not count. Letters are in no number, so a text with letters finds none; only an empty one finds all.
    pub search: String,
    /// Whether and how they are monitored; none does not care.
    pub standing: Option<MonitoringFilter>,
    /// Only those that turned flagged then or later. Those among them are wanted too that have left the account since.
    pub flagged_since: Option<Timestamp>,
    /// Only suspect ones.
    pub suspect: bool,
    /// Only those whose replacement is under way.
    pub replacement_pending: bool,
    /// Only those above this one, to page through all of them by number.
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
pub enum MonitoringFilter {
    /// It has no slot.
    NotMonitored,
    /// It has a slot.
    Monitored,
    /// It has a slot, and this status.
    Status(Status),
    /// It has a slot, and the dialer uses it.
    InUse,
    /// It has a slot, and the dialer does not use it for now.
    OutOfUse,
    /// It has no slot, has rested, and may take another's place.
    Ready,
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

/// Digits of the longest number in E.164.
const DIGITS_MAX: usize = 15;

/// A part of an account's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
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
            let account = profile(transaction, id)?;
            let mut query = query.clone();
            if let Some(since) = &mut query.flagged_since {
                *since = first_flagged(transaction, account.key, *since)?;
            }
            let (mut page, mut skip) = (NumberPage { numbers: Vec::new(), total: 0 }, query.skip);
            for list in lists(&query, account.key) {
                let found = self.few(transaction, &list, &query, account.revision)?;
                let count = match &found {
                    Some(found) => found.len() as u32,
                    None => self.count(transaction, &list, &query, account.revision)?,
                };
                let limit = (query.limit - page.numbers.len() as u32).min(count.saturating_sub(skip));
                if limit > 0 {
                    page.numbers.extend(match &found {
                        Some(found) => list.these(transaction, &found[skip as usize..][..limit as usize])?,
                        None => list.part(transaction, skip, limit, count)?,
                    });
                }
                page.total += count;
                skip = skip.saturating_sub(count);
            }
            Ok(page)
        })
    }

    /// The numbers of a list that only a scan finds, if they are few.
    fn few(&self, transaction: &Transaction, list: &List, query: &NumberQuery, revision: u64) -> Result<Few> {
        match list.is_found_by_looking && is_asked_again(query) {
            true => self.open.pages.found.answer(&list.in_words(), revision, || list.few(transaction)),
            false => Ok(None),
        }
    }

    fn count(&self, transaction: &Transaction, list: &List, query: &NumberQuery, revision: u64) -> Result<u32> {
        match is_asked_again(query) {
            true => self.open.pages.counts.answer(&list.in_words(), revision, || list.count(transaction)),
            false => list.count(transaction),
        }
    }
}

/// What is known of pages that were read.
pub(in crate::ledger) struct Pages {
    counts: ByRevision<u32>,
    found: ByRevision<Few>,
}

impl Default for Pages {
    fn default() -> Self {
        // A count takes a few hundred bytes, a list of ids up to 80,000.
        Pages { counts: ByRevision::new(10_000), found: ByRevision::new(100) }
    }
}

/// Numbers in their order; none if they are too many to be kept. With so many, a page is found soon.
type Few = Option<Arc<[i64]>>;

/// Tests have less to look through.
const FEW_MAX: usize = if cfg!(test) { 4 } else { 10_000 };

/// Open replacements are few and change without a new revision, and there are as many starts of pages as numbers, so
/// their counts are not worth keeping.
fn is_asked_again(query: &NumberQuery) -> bool {
    !query.replacement_pending && query.above.is_none()
}

/// When the first number turned flagged then or later. A query since a moment ago has the same answer as
/// before until one of them is too old.
fn first_flagged(transaction: &Transaction, account: i64, since: Timestamp) -> Result<Timestamp> {
    let sql = "SELECT min(at) FROM events WHERE account = ?1 AND kind = 'turned-flagged' AND at >= ?2";
    let first: Option<i64> = transaction.prepare_cached(sql)?.query_row([account, to_sql(since)], |row| row.get(0))?;
    Ok(first.map_or(i64::MAX as u64, from_sql))
}

/// The wanted numbers, as successive lists.
fn lists(query: &NumberQuery, account: i64) -> Vec<List> {
    let lists = match query.standing {
        None if query.order == NumberOrder::Number => vec![List::of_all(query, account)],
        None => vec![List::of_monitored(query, account), List::of_others(query, account)],
        Some(MonitoringFilter::NotMonitored | MonitoringFilter::Ready) => vec![List::of_others(query, account)],
        Some(
            MonitoringFilter::Monitored
            | MonitoringFilter::Status(_)
            | MonitoringFilter::InUse
            | MonitoringFilter::OutOfUse,
        ) => {
            vec![List::of_monitored(query, account)]
        }
    };
    match Search::of(&query.search) {
        Search::Everything => lists,
        Search::Nothing => Vec::new(),
        Search::Anywhere(digits) => lists.into_iter().map(|list| list.with(&digits)).collect(),
        Search::Start(digits) => lists.into_iter().flat_map(|list| list.from(&digits)).collect(),
    }
}

/// What is looked for in numbers.
enum Search {
    Everything,
    Nothing,
    Anywhere(String),
    Start(String),
}

impl Search {
    fn of(text: &str) -> Self {
        let text = text.trim();
        let is_between = |c: char| c.is_whitespace() || "+-().,/·'‐‑‒–—−".contains(c) || is_invisible(c);
        if !text.chars().all(|c| c.is_ascii_digit() || is_between(c)) {
            return Search::Nothing;
        }
        // One digit more than a number can have fits none, however many follow.
        let digits: String = text.chars().filter(char::is_ascii_digit).take(DIGITS_MAX + 1).collect();
        let is_start = text.trim_start_matches(is_invisible).trim_start_matches(['(', ' ']).starts_with('+');
        match digits.is_empty() {
            true if text.is_empty() || text == "+" => Search::Everything,
            true => Search::Nothing,
            false if is_start => Search::Start(digits),
            false => Search::Anywhere(digits),
        }
    }
}

/// Marks of the direction of text, and blanks without width: they come with what is copied from a page.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Numbers of one table, in the order of one of its indexes.
#[derive(Clone)]
struct List {
    table: &'static str,
    conditions: Vec<&'static str>,
    values: Vec<Value>,
    /// Columns before the number.
    order: &'static str,
    is_descending: bool,
    /// Whether each number of the table must be read.
    is_found_by_looking: bool,
}

impl List {
    /// Every number that the account owns, and on request those that it once owned.
    fn of_all(query: &NumberQuery, account: i64) -> Self {
        let mut list = List::of("numbers", query, account);
        list.conditions.push(match query.flagged_since {
            None => "state = 'owned'",
            Some(_) => "+state IN ('owned', 'released')",
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
        match query.standing {
            Some(MonitoringFilter::Status(status)) => list.also("status = ?", i64::from(status_to_sql(status))),
            Some(MonitoringFilter::InUse) => list.conditions.push("resting_since IS NULL"),
            Some(MonitoringFilter::OutOfUse) => list.conditions.push("resting_since IS NOT NULL"),
            _ => {}
        }
        list
    }

    /// Those of all that are not monitored.
    fn of_others(query: &NumberQuery, account: i64) -> Self {
        let mut list = List::of_all(query, account);
        list.conditions.push("is_monitored = 0");
        if query.standing == Some(MonitoringFilter::Ready) {
            list.conditions.push("ready_since IS NOT NULL");
        }
        list.is_descending &= query.order == NumberOrder::Number;
        list
    }

    fn of(table: &'static str, query: &NumberQuery, account: i64) -> Self {
        let is_descending = query.descending;
        let mut list = List {
            table,
            conditions: Vec::new(),
            values: Vec::new(),
            order: "",
            is_descending,
            is_found_by_looking: false,
        };
        // Few numbers turned flagged: the `+` looks up each of them, instead of going through an index of all numbers.
        let looks_each_up = table == "numbers" && query.flagged_since.is_some();
        list.also(if looks_each_up { "+account = ?" } else { "account = ?" }, account);
        if let Some(since) = query.flagged_since {
            list.also(
                "number IN (SELECT number FROM events WHERE account = ?1 AND kind = 'turned-flagged' AND at >= ?)",
                to_sql(since),
            );
        }
        if query.suspect {
            list.conditions.push("number IN (SELECT number FROM suspects WHERE account = ?1)");
        }
        if query.replacement_pending {
            list.conditions.push("number IN (SELECT number FROM replacements_under_way)");
        }
        if let Some(above) = query.above {
            list.also("number > ?", asked_to_sql(above));
        }
        list
    }

    fn also(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    /// Those that have these digits somewhere.
    fn with(mut self, digits: &str) -> Self {
        self.look_for("instr(number, ?)", digits);
        self
    }

    /// Those that begin with these digits. In the order of numbers they are a range for each length that numbers have.
    fn from(mut self, digits: &str) -> Vec<Self> {
        if !self.order.is_empty() {
            self.look_for("instr(number, ?) = 1", digits);
            return vec![self];
        }
        let digits = digits.parse::<i64>().ok().filter(|_| digits.len() <= DIGITS_MAX && !digits.starts_with('0'));
        let mut ranges = Vec::new();
        let mut range = digits.map(|digits| (digits, digits));
        while let Some((first, last)) = range.filter(|(first, _)| *first < 10_i64.pow(DIGITS_MAX as u32)) {
            let mut list = self.clone();
            list.also("number >= ?", first);
            list.also("number <= ?", last);
            ranges.push(list);
            range = Some((first * 10, last * 10 + 9));
        }
        if self.is_descending {
            ranges.reverse();
        }
        ranges
    }

    fn look_for(&mut self, condition: &'static str, digits: &str) {
        self.also(condition, digits.to_owned());
        self.is_found_by_looking = true;
    }

    /// What it is a list of and in which order, the account included.
    fn in_words(&self) -> String {
        let List { table, values, order, is_descending, .. } = self;
        format!("{table} {} {values:?} {order} {is_descending}", self.conditions.join(" AND "))
    }

    fn count(&self, transaction: &Transaction) -> Result<u32> {
        let List { table, values, .. } = self;
        let sql = format!("SELECT count(*) FROM {table} WHERE {}", self.conditions.join(" AND "));
        Ok(transaction.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?)
    }

    /// All of them, if they are few.
    fn few(&self, transaction: &Transaction) -> Result<Few> {
        let sql = format!("{} LIMIT {}", self.in_order(self.is_descending), FEW_MAX + 1);
        let mut statement = transaction.prepare_cached(&sql)?;
        let numbers = statement.query_map(params_from_iter(&self.values), |row| row.get(0))?;
        let numbers: Vec<i64> = numbers.collect::<rusqlite::Result<_>>()?;
        Ok((numbers.len() <= FEW_MAX).then(|| numbers.into()))
    }

    /// So many after those that are left out, of `count` in all. They are looked for from the nearer end.
    fn part(&self, transaction: &Transaction, skip: u32, limit: u32, count: u32) -> Result<Vec<KnownNumber>> {
        let after = count - skip - limit;
        let (skip, from_the_end) = if after < skip { (after, true) } else { (skip, false) };
        // The page is found in an index alone, and only its own rows are looked up in the other tables.
        let page = format!("{} LIMIT ? OFFSET ?", self.in_order(self.is_descending ^ from_the_end));
        let part = [Value::from(i64::from(limit)), Value::from(i64::from(skip))];
        self.known(transaction, &page, self.values.iter().chain(&part))
    }

    fn these(&self, transaction: &Transaction, numbers: &[i64]) -> Result<Vec<KnownNumber>> {
        let numbers = Value::from(serde_json::to_string(numbers).expect("numbers are plain values"));
        self.known(transaction, "SELECT value AS number FROM json_each(?)", [&numbers])
    }

    /// What is known of a page's numbers.
    fn known<'a>(
        &self,
        transaction: &Transaction,
        page: &str,
        values: impl IntoIterator<Item = &'a Value>,
    ) -> Result<Vec<KnownNumber>> {
        let sql = format!(
            "SELECT page.number, slot, status, status_since,
                    EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.number = page.number),
                    state = 'owned', resting_since, ready_since, {RATING}, {SUSPICION}
               FROM ({page}) AS page
                    JOIN numbers ON numbers.number = page.number
                    LEFT JOIN monitored ON monitored.number = page.number
                    LEFT JOIN suspects ON suspects.number = page.number
              ORDER BY {}",
            self.columns("page.number", self.is_descending)
        );
        let mut statement = transaction.prepare_cached(&sql)?;
        let numbers = statement.query_map(params_from_iter(values), known_number)?;
        Ok(numbers.collect::<rusqlite::Result<_>>()?)
    }

    fn in_order(&self, is_descending: bool) -> String {
        let (conditions, columns) = (self.conditions.join(" AND "), self.columns("number", is_descending));
        format!("SELECT number FROM {} WHERE {conditions} ORDER BY {columns}", self.table)
    }

    /// By what they are sorted.
    fn columns(&self, number: &str, is_descending: bool) -> String {
        let direction = if is_descending { "DESC" } else { "ASC" };
        match self.order {
            "" => format!("{number} {direction}"),
            order => format!("{order} {direction}, {number} {direction}"),
        }
    }
}
