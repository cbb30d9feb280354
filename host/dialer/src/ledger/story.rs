//! An account's events as people tell them: what belongs together is one entry, which has the events as its steps.
//!
//! A replacement is one entry from its plan to its swap, whatever happened in between. A run is one: a review, or a request
//! of many numbers. So are events of a kind that happened to many numbers at once. Everything else is an entry of its own.
//! An entry stands where its newest event does. Reviews that left no event are entries too.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::actors::{ACTOR_COLUMNS, Actor, actor_from_row, join_actors};
use crate::ledger::events::{Event, EventKind, EventQuery, events_of_order, events_page, latest_of_kinds};
use crate::ledger::orders::{Order, orders};
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use chrono::NaiveDate;
use dialguard::contract::{ReplacementReason, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Steps of an entry that are told, at most: the newest. The others are counted.
pub const STEPS_TOLD_MAX: usize = 100;

/// Reviews without an event that a page has, at most.
const QUIET_REVIEWS_MAX: u32 = 100;

/// Events that are read at a time.
const READ_AT_A_TIME: u32 = 500;

/// What happened to an account, in entries.
#[derive(Debug, Clone, Default)]
pub struct StoryPage {
    /// The newest first.
    pub entries: Vec<StoryEntry>,
    /// The [`EventQuery::before`] of the next page; none on the last.
    pub next: Option<u64>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct StoryEntry {
    /// What it is about.
    pub subject: Subject,
    /// When it ended.
    pub at: Timestamp,
    /// Who did it, or asked for it; none if that was not recorded.
    pub actor: Option<Actor>,
    /// Its events, oldest first; the newest of them if they are very many.
    pub steps: Vec<Event>,
    /// How many of each kind it has, untold ones included.
    pub counts: BTreeMap<String, u64>,
    /// What it charged or, if negative, credited, in US cents.
    pub cents: Option<i64>,
}

impl StoryEntry {
    /// Steps that are not told.
    pub fn untold(&self) -> u64 {
        let all: u64 = self.counts.values().sum();
        all.saturating_sub(self.steps.len() as u64)
    }

    fn review(&self) -> Option<&ReviewFigures> {
        match &self.subject {
            Subject::Review(review) => Some(review),
            _ => None,
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A replacement, and how far it is now.
    Replacement(Box<Order>),
    /// A review.
    Review(ReviewFigures),
    /// A request of a user or program, with several events.
    Request,
    /// Events of one kind, at once.
    Alike,
    /// One event.
    Single,
}

/// A review in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewFigures {
    /// The run.
    pub run: u64,
    /// It is the one of its local date; otherwise an extra one.
    pub is_daily: bool,
    /// The local date that it counts for.
    pub local_date: NaiveDate,
    /// Numbers that it rated, and how many were monitored; none of a review of an earlier version.
    pub rated: Option<(u32, u32)>,
    /// Replacements that it planned.
    pub replacements: u32,
}

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Order(u64),
    Run(u64),
    Alike(Timestamp, String, Option<Actor>),
    Single(u64),
}

impl Ledger {
    /// A page of what happened to the account, at most so many entries, the newest first. A query finds the entries that
    /// have a matching event: a replacement has all its steps then, and other entries those that match.
    pub fn story_page(&self, id: &str, query: &EventQuery, limit: u32) -> Result<StoryPage> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut page = Telling::new(transaction, &account, query, limit as usize).tell()?;
            if is_about_everything(query) {
                add_quiet_reviews(transaction, &account, query, &mut page)?;
            }
            Ok(page)
        })
    }
}

fn is_about_everything(query: &EventQuery) -> bool {
    let EventQuery { kind, number, run, revision, money, .. } = query;
    kind.is_none() && number.is_none() && run.is_none() && revision.is_none() && !money
}

/// A page that is being put together, from its newest event on.
struct Telling<'a> {
    transaction: &'a Transaction<'a>,
    account: &'a AccountProfile,
    query: &'a EventQuery,
    limit: usize,
    /// In the order in which they were found.
    entries: Vec<(Key, Gathered)>,
    places: HashMap<Key, usize>,
    /// Those whose newest event is on a page before.
    told_before: HashSet<Key>,
    /// The steps of each replacement that was met.
    replacements: HashMap<u64, Vec<Event>>,
    /// When each run that was met was made.
    runs: HashMap<u64, Timestamp>,
}

#[derive(Default)]
struct Gathered {
    at: Timestamp,
    /// Newest first.
    steps: Vec<Event>,
    counts: BTreeMap<String, u64>,
    cents: Option<i64>,
}

impl Gathered {
    fn add(&mut self, event: Event) {
        self.at = self.at.max(event.at);
        *self.counts.entry(event.kind.clone()).or_default() += 1;
        self.cents = self.cents.into_iter().chain(event.cents).reduce(|sum, cents| sum + cents);
        if self.steps.len() < STEPS_TOLD_MAX {
            self.steps.push(event);
        }
    }
}

impl<'a> Telling<'a> {
    fn new(transaction: &'a Transaction<'a>, account: &'a AccountProfile, query: &'a EventQuery, limit: usize) -> Self {
        Telling {
            transaction,
            account,
            query,
            limit,
            entries: Vec::new(),
            places: HashMap::new(),
            told_before: HashSet::new(),
            replacements: HashMap::new(),
            runs: HashMap::new(),
        }
    }

    fn tell(mut self) -> Result<StoryPage> {
        let next = self.gather()?;
        let entries = std::mem::take(&mut self.entries);
        let entries = entries.into_iter().map(|(key, gathered)| self.entry(key, gathered)).collect::<Result<_>>()?;
        Ok(StoryPage { entries, next })
    }

    /// Reads events until the page is full, and then those of the run that its last entry began. Returns where the next
    /// page begins.
    fn gather(&mut self) -> Result<Option<u64>> {
        let (mut before, mut next) = (self.query.before, None);
        loop {
            let query = EventQuery { before, oldest_first: false, ..self.query.clone() };
            let page = events_page(self.transaction, self.account.key, &query, READ_AT_A_TIME)?;
            for event in page.events {
                let key = self.key_of(&event)?;
                if let Some(place) = self.places.get(&key) {
                    self.entries[*place].1.add(event);
                } else if next.is_none() && self.is_told_before(&key, &event)? {
                    self.told_before.insert(key);
                } else if next.is_none() && self.entries.len() < self.limit {
                    self.places.insert(key.clone(), self.entries.len());
                    self.entries.push((key, Gathered::default()));
                    self.entries.last_mut().expect("it was just added").1.add(event);
                } else {
                    next = next.or(Some(event.id + 1));
                    let is_of_open_run = event.run.is_some_and(|run| self.places.contains_key(&Key::Run(run)));
                    if !is_of_open_run {
                        return Ok(next);
                    }
                }
            }
            match page.next {
                Some(oldest) => before = Some(oldest),
                None => return Ok(next),
            }
        }
    }

    fn key_of(&mut self, event: &Event) -> Result<Key> {
        if let Some(order) = event.order
            && self.steps_of(order)?.iter().any(|step| step.id == event.id)
        {
            return Ok(Key::Order(order));
        }
        // What comes of a run later, such as a number that is given back, is no part of it.
        if let Some(run) = event.run
            && self.made_at(run)? == event.at
        {
            return Ok(Key::Run(run));
        }
        Ok(match event.number {
            Some(_) if event.cents.is_none() => Key::Alike(event.at, event.kind.clone(), event.actor.clone()),
            _ => Key::Single(event.id),
        })
    }

    fn made_at(&mut self, run: u64) -> Result<Timestamp> {
        if let Some(made_at) = self.runs.get(&run) {
            return Ok(*made_at);
        }
        let mut statement = self.transaction.prepare_cached("SELECT decided_at FROM runs WHERE id = ?1")?;
        let made_at = statement.query_row([to_sql(run)], |row| row.get(0).map(from_sql))?;
        self.runs.insert(run, made_at);
        Ok(made_at)
    }

    /// The events of a replacement, from its plan to its swap, oldest first. What becomes of the old number is another
    /// story.
    fn steps_of(&mut self, order: u64) -> Result<&[Event]> {
        if !self.replacements.contains_key(&order) {
            let mut steps = events_of_order(self.transaction, order)?;
            if let Some(swapped_at) =
                steps.iter().find(|step| step.kind == EventKind::Replaced.name()).map(|step| step.at)
            {
                steps.retain(|step| step.at <= swapped_at);
            }
            self.replacements.insert(order, steps);
        }
        Ok(&self.replacements[&order])
    }

    /// Whether the page before has the entry of this event, which is the newest of it on this page.
    fn is_told_before(&mut self, key: &Key, event: &Event) -> Result<bool> {
        if self.told_before.contains(key) {
            return Ok(true);
        }
        let Some(before) = self.query.before else { return Ok(false) };
        match key {
            Key::Order(order) => {
                let query = self.query;
                Ok(self.steps_of(*order)?.iter().any(|step| step.id >= before && fits(query, step)))
            }
            Key::Run(_) | Key::Alike(..) => {
                // What belongs together so was recorded together, with at most replacements in between.
                let newer =
                    EventQuery { before: None, after: Some(before - 1), oldest_first: true, ..self.query.clone() };
                let newer = events_page(self.transaction, self.account.key, &newer, READ_AT_A_TIME)?.events;
                for newer in newer.iter().take_while(|newer| newer.run == event.run && newer.at == event.at) {
                    if self.key_of(newer)? == *key {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Key::Single(_) => Ok(false),
        }
    }

    fn entry(&mut self, key: Key, mut gathered: Gathered) -> Result<StoryEntry> {
        gathered.steps.reverse();
        match key {
            Key::Order(order) => self.replacement(order, gathered),
            Key::Run(run) => run_entry(self.transaction, run, gathered),
            Key::Alike(..) if gathered.steps.len() > 1 => Ok(plain(Subject::Alike, gathered)),
            Key::Alike(..) | Key::Single(_) => Ok(plain(Subject::Single, gathered)),
        }
    }

    fn replacement(&mut self, order: u64, found: Gathered) -> Result<StoryEntry> {
        let mut gathered = Gathered::default();
        self.steps_of(order)?.iter().cloned().for_each(|step| gathered.add(step));
        let Some(order) = orders(self.transaction, "orders.id = ?1", [to_sql(order)])?.pop() else {
            return Ok(plain(Subject::Alike, found));
        };
        if let (ReplacementReason::Flagged, Some(first)) = (order.why, gathered.steps.first()) {
            let kinds = [EventKind::TurnedFlagged, EventKind::NumberSuspect];
            let turned = latest_of_kinds(self.transaction, self.account.key, order.number, &kinds, first.id)?;
            gathered.steps.splice(..0, turned);
        }
        // It stands where its newest matching event does.
        gathered.at = found.at;
        let actor = order.asked_by.clone();
        let subject = Subject::Replacement(Box::new(order));
        Ok(StoryEntry { actor, ..plain(subject, gathered) })
    }
}

/// Whether the query, but for where its page begins, finds the event.
fn fits(query: &EventQuery, event: &Event) -> bool {
    let EventQuery { kind, number, since, until, run, revision, before: _, after, money, oldest_first: _ } = query;
    kind.as_ref().is_none_or(|kind| *kind == event.kind)
        && number.is_none_or(|number| Some(number) == event.number)
        && since.is_none_or(|since| event.at >= since)
        && until.is_none_or(|until| event.at < until)
        && run.is_none_or(|run| Some(run) == event.run)
        && revision.is_none_or(|revision| Some(revision) == event.revision)
        && after.is_none_or(|after| event.id > after)
        && (!money || event.cents.is_some())
}

fn plain(subject: Subject, gathered: Gathered) -> StoryEntry {
    let Gathered { at, steps, counts, cents } = gathered;
    StoryEntry { subject, at, actor: steps.last().and_then(|step| step.actor.clone()), steps, counts, cents }
}

fn run_entry(transaction: &Transaction, run: u64, gathered: Gathered) -> Result<StoryEntry> {
    let told = transaction
        .prepare_cached(&format!("{} WHERE runs.id = ?1", select_review()))?
        .query_row([to_sql(run)], review_from_row)
        .optional()?;
    Ok(match told {
        Some((Some(review), _, started_by)) => {
            StoryEntry { actor: started_by, ..plain(Subject::Review(review), gathered) }
        }
        _ if gathered.steps.len() > 1 => plain(Subject::Request, gathered),
        _ => plain(Subject::Single, gathered),
    })
}

/// Adds the reviews that left no event, where they were made.
fn add_quiet_reviews(
    transaction: &Transaction,
    account: &AccountProfile,
    query: &EventQuery,
    page: &mut StoryPage,
) -> Result<()> {
    let told: HashSet<u64> = page.entries.iter().filter_map(|entry| entry.review()).map(|it| it.run).collect();
    // Pages are cut at events: a page has the reviews from the time of its lower cut on, and before that of its upper one.
    let [from, to] = [page.next, query.before].map(|cut| cut.map(|cut| time_of_cut(transaction, account, cut)));
    let (from, to) = (from.transpose()?.flatten(), to.transpose()?.flatten());
    let mut statement = transaction.prepare_cached(&format!(
        "{} WHERE runs.account = ?1 AND runs.kind = 'review' AND daily = 1 AND decided_at >= max(?2, ?4)
             AND decided_at < min(?3, ?5) ORDER BY runs.id DESC LIMIT ?6",
        select_review()
    ))?;
    let range = params![
        account.key,
        from.map_or(0, to_sql),
        to.map_or(i64::MAX, to_sql),
        query.since.map_or(0, asked_to_sql),
        query.until.map_or(i64::MAX, asked_to_sql),
        QUIET_REVIEWS_MAX
    ];
    for found in statement.query_map(range, review_from_row)? {
        let (Some(review), at, actor) = found? else { continue };
        let is_on_next_page = || match page.next.filter(|_| from == Some(at)) {
            Some(cut) => has_events_below(transaction, account, review.run, at, cut),
            None => Ok(false),
        };
        if !told.contains(&review.run) && !is_on_next_page()? {
            let quiet = plain(Subject::Review(review), Gathered { at, ..Gathered::default() });
            page.entries.push(StoryEntry { actor, ..quiet });
        }
    }
    // Stable, so that entries of one time stay in their order.
    page.entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(())
}

/// When the event happened before which a page is cut.
fn time_of_cut(transaction: &Transaction, account: &AccountProfile, cut: u64) -> Result<Option<Timestamp>> {
    let mut statement =
        transaction.prepare_cached("SELECT at FROM events WHERE account = ?1 AND id >= ?2 ORDER BY id LIMIT 1")?;
    let at = statement.query_row(params![account.key, asked_to_sql(cut)], |row| row.get(0)).optional()?;
    Ok(at.map(from_sql))
}

/// Whether a run made at the time of the cut has its own events below it.
fn has_events_below(
    transaction: &Transaction,
    account: &AccountProfile,
    run: u64,
    at: Timestamp,
    cut: u64,
) -> Result<bool> {
    let below = EventQuery { before: Some(cut), ..EventQuery::default() };
    let events = events_page(transaction, account.key, &below, READ_AT_A_TIME)?.events;
    let mut of_then = events.iter().take_while(|event| event.at >= at);
    Ok(of_then.any(|event| event.run == Some(run) && event.order.is_none()))
}

fn select_review() -> String {
    format!(
        "SELECT runs.id, runs.kind, daily, local_date, decided_at, rated, monitored,
                (SELECT count(*) FROM orders WHERE orders.account = runs.account AND orders.run = runs.id), {ACTOR_COLUMNS}
           FROM runs {}",
        join_actors("runs")
    )
}

/// A review, if the run is one; when it was made; and who had it made.
fn review_from_row(row: &Row) -> rusqlite::Result<(Option<ReviewFigures>, Timestamp, Option<Actor>)> {
    let is_review = row.get_ref(1)?.as_str()? == "review";
    let review = ReviewFigures {
        run: from_sql(row.get(0)?),
        is_daily: row.get(2)?,
        local_date: row.get_ref(3)?.as_str()?.parse().expect("runs have dates"),
        rated: row.get::<_, Option<u32>>(5)?.zip(row.get(6)?),
        replacements: row.get(7)?,
    };
    Ok((is_review.then_some(review), from_sql(row.get(4)?), actor_from_row(row, 8)?))
}
