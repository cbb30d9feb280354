//! Whether a ledger is sound: what SQLite can tell of its file, and every invariant that SQL can express.
//!
//! The database's constraints keep the ledger sound while it is changed. This finds what they cannot: a disk that lost
//! or changed pages, a file that was edited by hand or copied without its -wal file, and mistakes of an older version.

use crate::ledger::file::{self, SCHEMAS, Turn};
use crate::ledger::{FILE_NAME, Ledger, LedgerError, Result};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Broken rows that are named, for each rule.
const NAMED_MAX: usize = 20;

/// What a check found.
#[derive(Debug, Clone)]
pub struct LedgerReport {
    /// The file.
    pub file: PathBuf,
    /// The version of its schema.
    pub schema: usize,
    /// Every rule, in the order in which they were checked. A file of an older version is only checked for damage: its
    /// invariants hold once it has been upgraded.
    pub rules: Vec<CheckedRule>,
}

/// A rule that was checked.
#[derive(Debug, Clone)]
pub struct CheckedRule {
    /// Its name.
    pub name: &'static str,
    /// What must hold.
    pub rule: &'static str,
    /// What breaks it, in words: the first 20.
    pub broken: Vec<String>,
    /// How many things break it.
    pub broken_count: usize,
}

impl LedgerReport {
    /// Whether every rule holds.
    pub fn is_sound(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &CheckedRule> {
        self.rules.iter().filter(|rule| rule.broken_count > 0)
    }

    /// What makes the file unusable, in words: damage, or changes that are missing. Rules about what it says do not.
    pub(super) fn damage(&self) -> Option<String> {
        let rule = self.broken().find(|rule| [INTEGRITY.0, FOREIGN_KEYS.0].contains(&rule.name))?;
        Some(format!("{}: {}", rule.name, rule.broken.join("; ")))
    }
}

impl Ledger {
    /// Checks the ledger in the folder `dir`, or a copy of one in the file `dir`, without changing it. Others can use it
    /// meanwhile. Errors: one that [is unusable](LedgerError::is_unusable), if it cannot even be read.
    pub fn check(dir: &Path) -> Result<LedgerReport> {
        let (path, is_ledger) = if dir.is_dir() { (dir.join(FILE_NAME), true) } else { (dir.to_owned(), false) };
        if !file::is_there(&path) {
            return Err(LedgerError::NoLedger(dir.to_owned()));
        }
        let (has_wal, opened) = if is_ledger {
            let _turn = Turn::wait(&path)?;
            file::look_at(&path)?;
            (file::has_wal(&path), file::open_to_read(&path).map(|(_, reader)| reader))
        } else {
            (file::has_wal(&path), file::open_copy(&path))
        };
        match opened {
            Ok(connection) => report(&connection, &path, has_wal),
            Err(LedgerError::Damaged { why, .. }) => {
                let rules = vec![CheckedRule::new(INTEGRITY, vec![why])];
                Ok(LedgerReport { file: path, schema: 0, rules })
            }
            Err(error) => Err(error),
        }
    }
}

/// Checks what this connection reads.
pub(super) fn report(connection: &Connection, path: &Path, has_wal: bool) -> Result<LedgerReport> {
    let schema = file::schema_of(connection, path)?;
    let is_complete = has_wal || !file::is_in_use(connection).map_err(|error| file::explain(path, error))?;
    let missing = if is_complete { Vec::new() } else { vec!["the -wal file is missing".to_owned()] };
    let mut rules = vec![
        CheckedRule::new(COMPLETE, missing),
        CheckedRule::new(INTEGRITY, integrity(connection)),
        CheckedRule::of(connection, FOREIGN_KEYS, BROKEN_REFERENCES),
    ];
    if schema == SCHEMAS.len() {
        rules.push(CheckedRule::new(CONSTRAINTS, changed_constraints(connection, path)?));
        rules.extend(INVARIANTS.iter().map(|(name, rule, sql)| CheckedRule::of(connection, (name, rule), sql)));
    }
    Ok(LedgerReport { file: path.to_owned(), schema, rules })
}

impl CheckedRule {
    fn new((name, rule): Rule, broken: Vec<String>) -> Self {
        let broken_count = broken.len();
        CheckedRule { name, rule, broken, broken_count }
    }

    /// The query has a row of text for everything that breaks the rule.
    fn of(connection: &Connection, rule: Rule, sql: &str) -> Self {
        let mut checked = CheckedRule::new(rule, Vec::new());
        let read = connection.prepare(sql).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                checked.broken_count += 1;
                if checked.broken.len() < NAMED_MAX {
                    checked.broken.push(row.get(0)?);
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            checked.broken_count += 1;
            checked.broken.push(format!("it cannot be checked: {error}"));
        }
        checked
    }
}

/// What SQLite itself finds: pages, indexes, types, and the constraints `CHECK`, `UNIQUE` and `NOT NULL` of each row.
fn integrity(connection: &Connection) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match read() {
        Ok(lines) if lines == ["ok"] => Vec::new(),
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    }
}

/// Tables, indexes, triggers and views that differ from those of a new ledger.
fn changed_constraints(connection: &Connection, path: &Path) -> Result<Vec<String>> {
    let explain = |error| file::explain(path, error);
    let mut new = Connection::open_in_memory().map_err(explain)?;
    file::upgrade(&mut new, path)?;
    let (expected, found) = (constraints(&new).map_err(explain)?, constraints(connection).map_err(explain)?);
    let missing = expected.iter().filter_map(|(name, sql)| match found.get(name) {
        Some(other) if other == sql => None,
        Some(_) => Some(format!("{name} was changed")),
        None => Some(format!("{name} is missing")),
    });
    let added = found.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("{name} was added"));
    Ok(missing.chain(added).collect())
}

fn constraints(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection
        .prepare("SELECT type || ' ' || name, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

type Rule = (&'static str, &'static str);

const COMPLETE: Rule = ("complete", "The file is whole without the -wal file of another folder");
const INTEGRITY: Rule = ("integrity", "The file is a whole database whose rows fit their tables and indexes");
const FOREIGN_KEYS: Rule = ("foreign-keys", "Whatever a row refers to is there");
const CONSTRAINTS: Rule = ("constraints", "The tables and the constraints that guard them are those of this version");

const BROKEN_REFERENCES: &str =
    "SELECT \"table\" || ' ' || ifnull(rowid, '') || ' refers to ' || parent || ', which is missing'
                                   FROM pragma_foreign_key_check";

/// The invariants in host/ARCHITECTURE.md that SQL can express: name, rule, and a query for what breaks it.
const INVARIANTS: &[(&str, &str, &str)] = &[
    (
        "slots-counted",
        "An account counts the slots that are occupied and locked",
        "SELECT id || ': counts ' || occupied || ' occupied and ' || locked || ' locked, has ' || monitored || ' and ' || locks
           FROM (SELECT id, occupied, locked, (SELECT count(*) FROM monitored WHERE account = key) AS monitored,
                        (SELECT count(*) FROM slot_locks WHERE account = key) AS locks FROM accounts)
          WHERE (occupied, locked) <> (monitored, locks)",
    ),
    (
        "statuses-counted",
        "The monitored numbers of an account are counted by status",
        "SELECT id || ': counts ' || ifnull(counted.numbers, 0) || ' numbers of status ' || status || ', has '
                   || ifnull(found.numbers, 0)
           FROM (SELECT * FROM status_counts WHERE numbers > 0) AS counted
                FULL JOIN (SELECT account, status, count(*) AS numbers FROM monitored GROUP BY 1, 2) AS found
                     USING (account, status) JOIN accounts ON key = account
          WHERE counted.numbers IS NOT found.numbers",
    ),
    (
        "ratings-counted",
        "An account's days count no more ratings than its checks have made",
        "SELECT id || ': ' || date || ' counts ' || (clean + at_risk + flagged) || ' ratings, its checks made ' || ifnull(rated, 0)
           FROM rated_days
                LEFT JOIN (SELECT account, local_date AS date, sum(rated) AS rated, count(*) - count(rated) AS unknown
                             FROM runs WHERE kind = 'review' GROUP BY account, local_date) AS made USING (account, date)
                JOIN accounts ON key = account
          WHERE ifnull(unknown, 0) = 0 AND clean + at_risk + flagged > ifnull(rated, 0)",
    ),
    (
        "records-counted",
        "An account counts the bytes that its runs have on record",
        "SELECT id || ': counts ' || recorded_bytes || ' bytes on record, has ' || bytes
           FROM (SELECT id, recorded_bytes,
                        ifnull((SELECT sum(bytes) FROM records WHERE account = key), 0) AS bytes FROM accounts)
          WHERE recorded_bytes <> bytes",
    ),
    (
        "calls-counted",
        "The calls of an account's hour are the sum of its numbers' calls",
        "SELECT id || ': the sums of hour ' || hour || ' are not those of its numbers'
           FROM (SELECT account, hour, count(*) AS numbers, sum(attempts) AS attempts, sum(answered) AS answered,
                        sum(short) AS short, sum(blocked) AS blocked FROM calls GROUP BY account, hour) AS of_numbers
                FULL JOIN call_hours USING (account, hour) JOIN accounts ON key = account
          WHERE (of_numbers.numbers, of_numbers.attempts, of_numbers.answered, of_numbers.short, of_numbers.blocked)
                IS NOT (call_hours.numbers, call_hours.attempts, call_hours.answered, call_hours.short, call_hours.blocked)",
    ),
    (
        "slots-bought",
        "Occupied and locked slots never exceed the slots bought",
        "SELECT id || ': ' || occupied || ' occupied and ' || locked || ' locked of ' || slot_count
           FROM accounts WHERE occupied + locked > slot_count",
    ),
    (
        "slot-used-once",
        "A slot is free, occupied by one number, or locked",
        "SELECT id || ': slot ' || slot || ' is occupied and locked'
           FROM monitored JOIN slot_locks USING (account, slot) JOIN accounts ON key = account
         UNION ALL
         SELECT id || ': slot ' || slot || ' has ' || count(*) || ' numbers'
           FROM monitored JOIN accounts ON key = account GROUP BY account, slot HAVING count(*) > 1",
    ),
    (
        "monitored-is-owned",
        "A monitored number is owned by the account that has its slot",
        "SELECT '+' || monitored.number || ' is monitored and ' || ifnull(state, 'unknown')
           FROM monitored LEFT JOIN numbers ON numbers.number = monitored.number AND numbers.account = monitored.account
          WHERE state IS NOT 'owned' OR is_monitored <> 1
         UNION ALL
         SELECT '+' || number || ' has no slot' FROM numbers
          WHERE is_monitored = 1 AND NOT EXISTS (SELECT 1 FROM monitored WHERE monitored.number = numbers.number)",
    ),
    (
        "monitored-by-choice",
        "A number is monitored only if a person selected it, or the number it replaced",
        "SELECT '+' || number || ' has slot ' || slot || ', and no event says why' FROM monitored
          WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.account = monitored.account
                               AND events.number = monitored.number AND kind = 'monitoring-started')
            AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.account = monitored.account
                               AND replacement = monitored.number AND state IN ('swapped', 'done'))",
    ),
    (
        "replaced-once",
        "A number is replaced once by each order, and never without one",
        "SELECT 'order ' || id || ' is ' || state || ', and +' || number || ' was replaced ' || times || ' times'
           FROM (SELECT id, state, number, (SELECT count(*) FROM events
                         WHERE events.account = orders.account AND events.number = orders.number
                           AND events.run = orders.run AND kind = 'replaced') AS times FROM orders)
          WHERE times <> (state IN ('swapped', 'done'))
         UNION ALL
         SELECT '+' || number || ' was replaced without an order (event ' || id || ')' FROM events
          WHERE kind = 'replaced' AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.number = events.number
                                                     AND orders.account = events.account AND orders.run = events.run)",
    ),
    (
        "rests-in-one-place",
        "A number that rests has left its account in one order, and has no slot",
        "SELECT 'order ' || orders.id || ': +' || orders.number || ' rests and is ' || ifnull(numbers.state, 'unknown')
           FROM orders LEFT JOIN numbers ON numbers.number = orders.number AND numbers.account = orders.account
          WHERE orders.state = 'swapped' AND (numbers.state IS NOT 'released' OR is_monitored <> 0)
         UNION ALL
         SELECT '+' || number || ' rests ' || count(*) || ' times' FROM orders
          WHERE state = 'swapped' GROUP BY number HAVING count(*) > 1
         UNION ALL
         SELECT 'order ' || id || ' does not say since when its number rests' FROM orders
          WHERE state = 'swapped' AND resting_since IS NULL",
    ),
    (
        "ready-has-rested",
        "A number is ready to replace another only if it was offered again after a rest",
        "SELECT '+' || number || ' is ready, and no event says why' FROM numbers
          WHERE ready_since IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM events WHERE events.account = numbers.account
                               AND events.number = numbers.number AND kind = 'offered-again')
         UNION ALL
         SELECT 'order ' || id || ' buys +' || replacement || ', which the account has' FROM orders
          WHERE has_rested = 1 AND price_cents IS NOT NULL",
    ),
    (
        "slot-kept-for-successor",
        "Until its successor has its slot, a number that is being replaced keeps it",
        "SELECT 'order ' || id || ' is ' || state || ', and +' || number || ' does not have slot ' || slot FROM orders
          WHERE state NOT IN ('swapped', 'done', 'abandoned')
            AND NOT EXISTS (SELECT 1 FROM monitored WHERE monitored.account = orders.account
                               AND monitored.number = orders.number AND monitored.slot = orders.slot)",
    ),
    (
        "ordered-is-kept",
        "A number on order belongs to the order's account, and is owned once it was acquired",
        "SELECT 'order ' || orders.id || ' is ' || orders.state || ', and +' || replacement || ' ' || ifnull(numbers.state, 'unknown')
           FROM orders LEFT JOIN numbers ON numbers.number = replacement AND numbers.account = orders.account
          WHERE orders.state IN ('intended', 'reserved', 'screened', 'ordering') AND numbers.state IS NOT 'ordered'
             OR orders.state IN ('acquired', 'carried-over') AND numbers.state IS NOT 'owned'",
    ),
    (
        "replacement-charged-once",
        "A replacement is charged once, after its number has the slot",
        "SELECT 'event ' || events.id || ' charges order ' || order_id || ', which is ' || ifnull(state, 'unknown')
           FROM events LEFT JOIN orders ON orders.id = order_id AND orders.account = events.account
          WHERE kind = 'replacement-charged' AND order_id IS NOT NULL AND ifnull(state, '') NOT IN ('swapped', 'done')
         UNION ALL
         SELECT 'order ' || order_id || ' is charged ' || count(*) || ' times'
           FROM events WHERE kind = 'replacement-charged' AND order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1",
    ),
    (
        "one-daily-review",
        "An account has one daily review for each local date",
        "SELECT id || ': ' || count(*) || ' on ' || local_date FROM (SELECT account, local_date, day FROM runs WHERE daily = 1)
           JOIN accounts ON key = account GROUP BY account, day HAVING count(*) > 1",
    ),
    (
        "one-plan-a-revision",
        "A plan is applied only to the revision it was made from",
        "SELECT 'run ' || runs.id || ' is based on revision ' || based_on || ' of ' || accounts.id || ', which is at ' || accounts.revision
           FROM runs JOIN accounts ON key = account WHERE based_on >= accounts.revision
         UNION ALL
         SELECT accounts.id || ': ' || count(*) || ' runs on revision ' || based_on
           FROM runs JOIN accounts ON key = account GROUP BY account, based_on HAVING count(*) > 1",
    ),
    (
        "closed-is-over",
        "After an account was closed nothing is charged, ordered, reviewed or owned, and its orders are over",
        "SELECT id || ': is on, or has slots in use or bought' FROM accounts
          WHERE closed_at IS NOT NULL AND (enabled OR slot_count_next > 0 OR occupied > 0 OR locked > 0)
         UNION ALL
         SELECT accounts.id || ': event ' || events.id || ' charges it after it was closed'
           FROM accounts JOIN events ON account = key
          WHERE kind IN ('charged', 'replacement-charged') AND at > closed_at
         UNION ALL
         SELECT accounts.id || ': order ' || orders.id || ' is ' || state FROM accounts JOIN orders ON account = key
          WHERE closed_at IS NOT NULL
            AND (intended_at > closed_at OR state NOT IN ('done', 'abandoned') OR ask_again = 1)
         UNION ALL
         SELECT accounts.id || ': run ' || runs.id || ' was made after it was closed'
           FROM accounts JOIN runs ON account = key WHERE decided_at > closed_at
         UNION ALL
         SELECT id || ': +' || number || ' is ' || state FROM accounts JOIN numbers ON account = key
          WHERE closed_at IS NOT NULL AND state <> 'released'",
    ),
    (
        "one-live-policy",
        "Each policy that became live replaced the one before, which is older",
        "SELECT 'revision ' || revision || ' replaced ' || ifnull(replaces, 'none') || ', not ' || ifnull(before, 'none')
           FROM (SELECT revision, replaces, lag(revision) OVER (ORDER BY revision) AS before FROM activations)
          WHERE replaces IS NOT before",
    ),
    (
        "events-kept",
        "Events are only appended: none is missing",
        "SELECT 'events ' || (before + 1) || ' to ' || (id - 1) || ' are missing'
           FROM (SELECT id, ifnull(lag(id) OVER (ORDER BY id), 0) AS before FROM events) WHERE id <> before + 1
         UNION ALL
         SELECT 'events after ' || ifnull((SELECT max(id) FROM events), 0) || ' are missing'
           FROM sqlite_sequence WHERE name = 'events' AND seq <> ifnull((SELECT max(id) FROM events), 0)",
    ),
    (
        "program-events-kept",
        "Events outside accounts are only appended: none is missing",
        "SELECT 'events outside accounts ' || (before + 1) || ' to ' || (id - 1) || ' are missing'
           FROM (SELECT id, ifnull(lag(id) OVER (ORDER BY id), 0) AS before FROM program_events) WHERE id <> before + 1",
    ),
];
