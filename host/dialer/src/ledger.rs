//! The ledger: accounts, numbers, slots, orders and events in an embedded database. The only place with SQL.
//!
//! Its functions speak of accounts, plans and orders, never of rows. Every change is one transaction: it is there as
//! a whole after a crash, or not at all. Two processes may work on one ledger; a plan is applied only to the
//! revision that it was made from, so the slower of two runs is refused and made again.
//!
//! Functions that take an account's id answer [`LedgerError::NoSuchAccount`] where there is none, those that change one
//! [`LedgerError::ClockWentBack`] where its last change lies more than five minutes after `now`, and all of them
//! [`LedgerError::Unusable`] or [`LedgerError::Database`] where the disk fails. Times are seconds since 1970, below 2^63.
//! Plans are best made and applied by [`Dialguard`](crate::Dialguard); here one reads what came of them.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::ledger::EventFilter;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! dialguard.review("acme").await?;
//!
//! let ledger = Ledger::open(folder.path())?; // as another process would
//! let account = ledger.account("acme")?;
//! assert_eq!((account.slot_count, account.occupied, account.locked), (15, 2, 0));
//!
//! let (slot, status, _since) = ledger.numbers("acme")?[1].monitored.ok_or("it is monitored")?;
//! assert_eq!((slot, status), (2, dialguard::contract::Status::AtRisk));
//!
//! let events = ledger.events("acme", EventFilter { number: None, last: 100 })?;
//! let charged: Vec<u64> = events.iter().filter_map(|event| event.cents).collect();
//! assert_eq!(charged, [4_900]);
//! let of_one = ledger.events("acme", EventFilter { number: Some(13_105_550_123), last: 1 })?;
//! assert_eq!(of_one[0].kind, "turned-at-risk");
//! # Ok(())
//! # }
//! ```

mod access;
mod accounts;
mod alerts;
mod events;
mod numbers;
mod orders;
mod policies;
mod providers;
mod runs;
mod sources;

pub use access::keyed_requests::{KEYS_KEPT_SECONDS, KeptAnswer, KeyedRequest, Known};
pub use access::{SecretHash, Token, User};
pub use accounts::buying::{Areas, Buying, CAP_CENTS_MAX, NO_PROVIDER, REST_DAYS_MAX, Spending};
pub(crate) use accounts::totals::Totals;
pub use accounts::{AccountChange, AccountProfile, NewAccount};
pub use alerts::deliveries::{Delivery, DeliveryState};
pub(crate) use alerts::sending::{Claimed, Tried};
pub use alerts::webhooks::{NewWebhook, Webhook, WebhookId};
pub(crate) use events::LEDGER_KINDS;
pub use events::{Event, EventFilter, EventPage, EventQuery};
pub use numbers::history::{NumberCheck, NumberHistory, PastReplacement};
pub use numbers::page::{NumberOrder, NumberPage, NumberQuery, Standing};
pub use numbers::view::AccountView;
pub use numbers::{ImportOutcome, ImportedAs, KnownNumber};
pub(crate) use orders::{ClaimedOrder, Held, SetAside, no_open_order};
pub use orders::{Hold, Order, OrderState};
pub use policies::comparisons::{Compared, Comparison, Difference};
pub use policies::{Cause, NewPolicy, PolicyEvent, PolicyRevision, PolicyState, Revision, Shadow, TrustedKey};
pub use providers::{HeldNumber, NumberState, ProviderKind, ProviderProfile};
pub use runs::answers::{CarrierAnswer, KnownAnswer};
pub use runs::plans::{Applied, RunRecord};
pub use runs::recordings::{Made, RecordedRun};
pub use runs::{RunKind, RunProfile};
pub(crate) use sources::lookups::LookupBudget;
pub use sources::lookups::{LookupsSpent, Opinion, Opinions};
pub use sources::{SourceKind, SourceProfile};

use dialguard::check::PlanFault;
use dialguard::contract::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Slots in a block that an account buys.
pub const SLOTS_PER_BLOCK: u32 = 15;

/// What a block costs for a billing cycle, in US cents: $49.00.
pub const BLOCK_PRICE_CENTS: u32 = 4_900;

/// What so many blocks cost for a billing cycle, in US cents.
///
/// ```
/// assert_eq!(dialguard_dialer::ledger::price_cents(3), 14_700);
/// ```
pub fn price_cents(blocks: u32) -> u64 {
    u64::from(blocks) * u64::from(BLOCK_PRICE_CENTS)
}

/// US cents as people write them.
///
/// ```
/// assert_eq!(dialguard_dialer::ledger::dollars(4_905), "$49.05");
/// ```
pub fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// US cents from dollars as people write them, a million at most. The error says how.
///
/// ```
/// use dialguard_dialer::ledger::cents;
/// assert_eq!((cents("10"), cents("$12.50")), (Ok(1_000), Ok(1_250)));
/// assert!(cents("1.5").is_err());
/// ```
pub fn cents(dollars: &str) -> std::result::Result<u32, String> {
    let text = dollars.trim().trim_start_matches('$');
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let is_plain =
        part.len() == 2 && [whole, part].iter().all(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match (whole.parse::<u32>(), part.parse::<u32>()) {
        (Ok(whole @ 0..=1_000_000), Ok(part)) if is_plain => Ok(whole * 100 + part),
        _ => Err("give dollars from 0 to 1000000, such as 10 or 12.50".into()),
    }
}

/// How long another process may hold the ledger before a change gives up.
const BUSY_TIME_MAX: Duration = Duration::from_secs(10);

const FILE_NAME: &str = "dialguard.db";

/// An open ledger. Share it between tasks; calls block for as long as the disk takes.
pub struct Ledger {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    pages: numbers::page::Pages,
}

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account.
    #[error("there is no account {0:?}; `dialguard account list` shows those there are")]
    NoSuchAccount(String),
    /// There is no such webhook.
    #[error("there is no webhook {0}; `dialguard alerts list` shows those there are")]
    NoSuchWebhook(WebhookId),
    /// The account has no such order.
    #[error("there is no order {0} of this account; `dialguard orders` shows those under way")]
    NoSuchOrder(u64),
    /// The account changed since the plan was made.
    #[error("account {0:?} changed while its plan was made; try again")]
    Stale(String),
    /// The time of the change lies before what the ledger has recorded already.
    #[error("the clock says {now}, but account {account:?} was changed at {changed_at} already; give a later --at")]
    ClockWentBack {
        /// The account.
        account: String,
        /// What the clock says.
        now: String,
        /// When the account was last changed.
        changed_at: String,
    },
    /// The policy's plan may not be applied.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// What was asked cannot be; says why.
    #[error("{0}")]
    Refused(String),
    /// The ledger's folder or file cannot be used; says why and what to do.
    #[error("{0}")]
    Unusable(String),
    /// The database failed. To show: which library's error this is may change.
    #[error("the ledger's database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// What the ledger answers.
pub type Result<T> = std::result::Result<T, LedgerError>;

impl Ledger {
    /// Whether there is a ledger in `dir`.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(FILE_NAME).is_file()
    }

    /// Opens the ledger in `dir`, which has to be there already. Errors: [`LedgerError::Unusable`], which says why.
    pub fn open(dir: &Path) -> Result<Self> {
        if !Self::is_in(dir) {
            return Err(LedgerError::Unusable(format!(
                "there is no ledger in {}; add the first account with `dialguard account add`, or name another folder \
                 with --data",
                dir.display()
            )));
        }
        Self::open_file(dir.join(FILE_NAME))
    }

    /// Opens the ledger in `dir`, and makes both where they are missing. A ledger of an older Dialguard is brought up to
    /// date. Errors: [`LedgerError::Unusable`], which says why.
    pub fn open_or_create(dir: &Path) -> Result<Self> {
        let unusable = |error| LedgerError::Unusable(format!("the folder {} cannot be made: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(unusable)?;
        Self::open_file(dir.join(FILE_NAME))
    }

    fn open_file(path: PathBuf) -> Result<Self> {
        let mut writer = connect(&path).map_err(|error| explain(&path, error))?;
        migrate(&mut writer, &path)?;
        Ok(Ledger {
            path,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            pages: numbers::page::Pages::default(),
        })
    }

    /// The folder that the ledger lies in.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().expect("the ledger's file lies in a folder")
    }

    /// Changes the ledger: all of what `change` does, or nothing where it fails.
    fn change<T>(&self, change: impl FnOnce(&rusqlite::Transaction) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        // Immediate: to wait for the other process before reading, not to fail after it.
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| explain(&self.path, error))?;
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Reads the ledger as it stands after the latest change.
    fn read<T>(&self, read: impl FnOnce(&rusqlite::Transaction) -> Result<T>) -> Result<T> {
        let idle = self.readers.lock().pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => connect(&self.path).map_err(|error| explain(&self.path, error))?,
        };
        let answer = reader.transaction().map_err(LedgerError::from).and_then(|transaction| read(&transaction));
        self.readers.lock().push(reader);
        answer
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIME_MAX)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Money and slots: what was answered as done is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Each brings the one before up to date.
const SCHEMAS: &[&str] = &[
    include_str!("ledger/schema/01-accounts-numbers-and-runs.sql"),
    include_str!("ledger/schema/02-policies-and-recordings.sql"),
    include_str!("ledger/schema/03-users-and-tokens.sql"),
    include_str!("ledger/schema/04-alerts.sql"),
    include_str!("ledger/schema/05-keyed-requests.sql"),
    include_str!("ledger/schema/06-number-pages.sql"),
    include_str!("ledger/schema/07-events-by-kind.sql"),
    include_str!("ledger/schema/08-lookup-services.sql"),
    include_str!("ledger/schema/09-answer-parts.sql"),
    include_str!("ledger/schema/10-providers.sql"),
    include_str!("ledger/schema/11-orders-that-buy.sql"),
];

fn migrate(writer: &mut Connection, path: &Path) -> Result<()> {
    use rusqlite_migration::Error::MigrationDefinition;
    let migrations = Migrations::from_iter(SCHEMAS.iter().copied().map(M::up));
    migrations.to_latest(writer).map_err(|error| match error {
        MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => LedgerError::Unusable(format!(
            "{} was written by a newer Dialguard; use that one, or another folder with --data",
            path.display()
        )),
        rusqlite_migration::Error::RusqliteError { err, .. } => explain(path, err),
        other => LedgerError::Unusable(format!("{} cannot be brought up to date: {other}", path.display())),
    })
}

/// Says what a user can do about a database that cannot be used.
fn explain(path: &Path, error: rusqlite::Error) -> LedgerError {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, NotADatabase, ReadOnly};
    let path = path.display();
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => LedgerError::Unusable(format!(
            "{path} is locked by another program, for more than {} seconds now; close it and try again",
            BUSY_TIME_MAX.as_secs()
        )),
        Some(NotADatabase) => {
            LedgerError::Unusable(format!("{path} is no Dialguard database; name another folder with --data"))
        }
        Some(CannotOpen | ReadOnly) => {
            LedgerError::Unusable(format!("{path} cannot be opened for writing; check who may write there"))
        }
        _ => LedgerError::Database(error),
    }
}

/// Timestamps and numbers are below 2^63, so that SQLite's integers hold them.
fn to_sql(value: u64) -> i64 {
    i64::try_from(value).expect("timestamps and E.164 numbers are below 2^63")
}

/// What somebody asks for, which may be beyond anything that the ledger has.
fn asked_to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The other way round. The schema has no column in which a negative one is kept.
fn from_sql(value: i64) -> u64 {
    u64::try_from(value).expect("the ledger keeps no negative timestamps or numbers")
}

/// The later of the two where the clock went back by less than five minutes, as clocks do that are set; a larger
/// step back is a mistake that would tear the ledger's order.
fn never_back(account: &str, now: Timestamp, changed_at: Timestamp) -> Result<Timestamp> {
    const CLOCK_STEP_MAX: u64 = 300;
    if now + CLOCK_STEP_MAX < changed_at {
        return Err(LedgerError::ClockWentBack {
            account: account.to_owned(),
            now: dialguard::calendar::rfc3339(now),
            changed_at: dialguard::calendar::rfc3339(changed_at),
        });
    }
    Ok(now.max(changed_at))
}

#[cfg(test)]
mod tests;
