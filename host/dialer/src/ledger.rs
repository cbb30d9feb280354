//! The ledger: accounts, numbers, slots, orders and events in an embedded database. All SQL is here.
//!
//! Its functions take and return accounts, plans and orders, never rows. Every change is one transaction: after a crash
//! it is there as a whole or not at all. Several processes may work on one ledger. A plan is applied only to the
//! revision that it was made from, so the slower of two runs is refused and made again.
//!
//! Functions that take an account's id return [`LedgerError::NoSuchAccount`] if there is no such account, those that
//! change an account [`LedgerError::ClockWentBack`] if it was last changed more than five minutes after `now` and
//! [`LedgerError::TimeLeap`] if `now` is more than 45 days past the newest time in the ledger,
//! [`LedgerError::AccountClosed`] if the account is closed, and all of them an error that
//! [is unusable](LedgerError::is_unusable) or [`LedgerError::Database`] if the disk fails. Times are seconds since 1970,
//! below 2^63. [`Dialguard`](crate::Dialguard) makes and applies plans; here you read what came of them.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::ledger::{EventFilter, EventKind};
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
//! assert_eq!((slot, status), (2, dialguard::contract::Status::Flagged));
//!
//! let events = ledger.events("acme", EventFilter { number: None, last: 100 })?;
//! let charged: Vec<i64> = events.iter().filter_map(|event| event.cents).collect();
//! assert_eq!(charged, [4_900]);
//! let of_one = ledger.events("acme", EventFilter { number: Some(13_105_550_123), last: 100 })?;
//! assert!(of_one.iter().any(|event| event.kind == EventKind::TurnedFlagged.name()));
//! # Ok(())
//! # }
//! ```

mod access;
mod accounts;
mod actors;
mod alerts;
mod attention;
mod backup;
mod call_readings;
mod calls;
mod check;
mod events;
mod export;
mod file;
mod mount;
mod numbers;
mod orders;
mod parts;
mod policies;
mod program_events;
mod providers;
mod readers;
mod runs;
mod sources;
mod stop;
mod story;
mod suspects;
mod time;

pub use access::invites::{Invite, Inviter};
pub use access::keyed_requests::{KEYS_KEPT_SECONDS, KeyState, KeyedRequest, StoredAnswer};
pub use access::sessions::Session;
pub use access::{Accounts, GRANTED_ACCOUNTS_MAX, Grant, NAME_BYTES_MAX, Role, SecretHash, Token, User};
pub use accounts::bill::{Bill, REASON_BYTES_MAX, is_reason};
pub use accounts::billing::{BillLine, BillLineKind, BillPlace, Billing, Cycle};
pub use accounts::buying::{Areas, Buying, CAP_CENTS_MAX, NO_PROVIDER, Spending};
pub use accounts::checks::sources::{SourceHealth, SourceState};
pub use accounts::checks::{Checks, Freshness, GRACE_SECONDS, MarkCounts, Trouble};
pub use accounts::closing::Closing;
pub use accounts::days::{Day, RatingAges};
pub use accounts::rated_days::{PastDays, RATED_DAYS, RatedDay, RatedDays, SourceAnswers, SourceDay, SourceDays};
pub(crate) use accounts::settings::ensure_fits;
pub use accounts::settings::{
    AccountSettings, OTHER_SETTINGS_MAX, SETTING_NAME_BYTES_MAX, SETTING_VALUE_BYTES_MAX, SETTINGS_BYTES_MAX,
};
pub use accounts::setup::SetupState;
pub(crate) use accounts::totals::Totals;
pub use accounts::{ACCOUNT_ID_BYTES_MAX, AccountChange, AccountProfile, ChangePrice, NewAccount};
pub use actors::{Actor, ActorKind, Party};
pub use alerts::deliveries::{Delivery, DeliveryState};
pub(crate) use alerts::message::Message;
pub(crate) use alerts::sending::{Attempt, ClaimedDelivery};
pub use alerts::webhooks::{NewWebhook, URL_BYTES_MAX, Webhook, WebhookId};
pub use attention::{AccountFigures, UNREAD_COUNTED_MAX};
pub use backup::{RestoreOptions, RestoredLedger};
pub use call_readings::CallReading;
pub(crate) use call_readings::LoggedAccount;
pub use calls::{
    CALLS_KEPT_DAYS, CALLS_OF_HOUR_MAX, CallCounts, CallDay, CallHour, CallOutcome, ImpossibleCounts, NumberTotals,
    hour_of,
};
pub use check::{CheckedRule, LedgerReport};
pub use events::{Event, EventFilter, EventKind, EventPage, EventQuery};
pub use export::{RecordedNumber, RunAnswers, RunRatings};
pub use numbers::candidates::Candidate;
pub use numbers::history::{NumberCheck, NumberHistory, PastReplacement};
pub use numbers::page::{MonitoringFilter, NumberOrder, NumberPage, NumberQuery};
pub use numbers::pool::{Pool, PoolStanding, PooledNumber, Saving};
pub use numbers::view::AccountView;
pub(crate) use numbers::view::closest_first;
pub use numbers::{ImportOutcome, ImportedAs, KnownNumber, NUMBERS_OF_ACCOUNT_MAX};
pub(crate) use orders::grounds::{Basis, UnderWay};
pub use orders::page::{OrderPage, OrderQuery, OrdersShown};
pub(crate) use orders::{Abandonment, ClaimedOrder, Earmark, Obstacle};
pub use orders::{Hold, Order, OrderState};
pub use policies::comparisons::{Comparison, Difference, RunComparison};
pub use policies::{
    Cause, NewPolicy, PolicyEvent, PolicyRevision, PolicySettings, PolicyState, Revision, Shadow, TrustedKey,
};
pub use program_events::{ProgramEvent, ProgramEventPage, ProgramEventQuery, ProgramSubject};
pub use providers::{HeldNumber, NumberState, ProviderKind, ProviderProfile};
pub use runs::answers::{CarrierAnswer, LatestAnswers};
pub use runs::evidence::counted_before_in_words;
pub(crate) use runs::evidence::newest_score;
pub use runs::plans::{AppliedRun, RunRecord, rated_count};
pub(crate) use runs::plans::{looked_up, offered_cents};
pub(crate) use runs::proposals::replacements;
pub use runs::recordings::{RecordedRun, RunOutcome};
pub use runs::records::RecordLimits;
pub use runs::{RecordingState, RunKind, RunProfile};
pub(crate) use sources::NumberedSource;
pub use sources::carriers::CarrierAlias;
pub(crate) use sources::carriers::{CARRIER_CHARACTERS_MAX, carrier_key};
pub(crate) use sources::lookups::LookupBudget;
pub use sources::lookups::{LookupsSpent, Opinion, Opinions};
pub use sources::{SourceKind, SourceProfile};
pub use stop::Stop;
pub use story::{ReviewFigures, STEPS_TOLD_MAX, StoryEntry, StoryPage, Subject};
pub use suspects::Suspicion;
pub use time::{LEAP_DAYS_MAX, Leap, LedgerTime};

use crate::aside::Aside;
use actors::Change;
use dialguard::calendar::NaiveDate;
use dialguard::check::PlanFault;
use dialguard::contract::Timestamp;
use file::{BUSY_TIME_MAX, OpenFile};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Slots in a block that an account buys.
pub const SLOTS_PER_BLOCK: u32 = 15;

const FILE_NAME: &str = "dialguard.db";

/// An open ledger. Share it between tasks; calls block for as long as the disk takes.
///
/// Its changes are recorded as those of the system's user who runs the program, or of the actor it is
/// [acting as](Ledger::acting_as).
pub struct Ledger {
    open: Arc<OpenLedger>,
    /// None if it only reads.
    actor: Option<Actor>,
}

/// What all that act on an open ledger share.
struct OpenLedger {
    file: OpenFile,
    /// None if the ledger lies in a folder that cannot be written.
    writer: Option<Mutex<Connection>>,
    readers: readers::Readers,
    /// Where policies' questions are answered.
    policy_readers: Aside,
    /// Whether a change has noted in the file that it is in use.
    is_noted: AtomicBool,
    pages: numbers::page::Pages,
}

/// Why the ledger refused. Messages state the fact; the caller adds what to do next.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account.
    #[error("no account {0:?}")]
    NoSuchAccount(String),
    /// There is no such webhook.
    #[error("no webhook {0}")]
    NoSuchWebhook(WebhookId),
    /// The account has no such order.
    #[error("this account has no order {0}")]
    NoSuchOrder(u64),
    /// The account has no such billing cycle, or it is not known.
    #[error("account {account:?} has no billing cycle {cycle}")]
    NoSuchCycle {
        /// The account.
        account: String,
        /// The index.
        cycle: u32,
    },
    /// There is no such order, or it is finished or abandoned.
    #[error("no order {0} is in progress")]
    NoOpenOrder(u64),
    /// There is no such provider.
    #[error("no provider {0:?}")]
    NoSuchProvider(String),
    /// There is no such source.
    #[error("no source {0:?}")]
    NoSuchSource(String),
    /// The carrier alias does not exist.
    #[error("no alias {0:?} of a carrier")]
    NoSuchAlias(String),
    /// There is no such user.
    #[error("no user {0:?}")]
    NoSuchUser(String),
    /// The user has no such session.
    #[error("no session {0:?}")]
    NoSuchSession(String),
    /// There is no such invite.
    #[error("no invite {0}")]
    NoSuchInvite(u64),
    /// A link by which somebody becomes a user was used, has expired or was replaced or revoked.
    #[error("this link no longer works: it was used, has expired, or was replaced or revoked")]
    LinkGone,
    /// There is no such token.
    #[error("no token {0:?}")]
    NoSuchToken(String),
    /// No key of that name is trusted.
    #[error("no trusted key {0:?}")]
    NoSuchKey(String),
    /// The policy has no such revision.
    #[error("no revision {0} of the policy")]
    NoSuchRevision(Revision),
    /// There is no such run.
    #[error("no run {0}")]
    NoSuchRun(u64),
    /// The run's recording has been deleted: it is older than recordings are kept.
    #[error("the recording of run {0} is no longer kept")]
    RunExpired(u64),
    /// The run's recording was larger than recordings may be, and was not kept.
    #[error("the recording of run {0} was too large to keep")]
    RecordingTooLarge(u64),
    /// The run's recording was deleted before its time, because the account's records took more room than it has.
    #[error("the recording of run {0} made room for newer ones")]
    RecordingMadeRoom(u64),
    /// The account is closed: it can only be read and credited.
    #[error("account {account} was closed on {closed_on}")]
    AccountClosed {
        /// The account.
        account: String,
        /// The local date.
        closed_on: NaiveDate,
    },
    /// The ledger [acts as](Ledger::acting_as) nobody, so that nobody could be named as the one who did it.
    #[error("nobody is named as the one who makes this change")]
    NoActor,
    /// The account cannot be closed while numbers may be bought or given back for these orders.
    #[error("account {account} cannot be closed yet: {}", orders::closing::held_up_in_words(.orders))]
    ClosingHeldUp {
        /// The account.
        account: String,
        /// The ids of the orders.
        orders: Vec<u64>,
    },
    /// There is an account of that id already.
    #[error("account {0:?} already exists")]
    AccountExists(String),
    /// There is a provider of that name already.
    #[error("provider {0:?} already exists")]
    ProviderExists(String),
    /// There is a source of that name already.
    #[error("source {0:?} already exists")]
    SourceExists(String),
    /// There is a user of that name already.
    #[error("user {0:?} already exists")]
    UserExists(String),
    /// There is a token of that name already.
    #[error("token {0:?} already exists")]
    TokenExists(String),
    /// The key, or another of that name, is trusted already.
    #[error("a key is already trusted as {0:?}")]
    KeyExists(String),
    /// An account buys from the provider, or numbers were bought from it.
    #[error("provider {0:?} is in use: accounts buy from it, or numbers were bought from it")]
    ProviderInUse(String),
    /// Another provider cannot be chosen while replacements from this one are in progress.
    #[error("replacements from {provider} are in progress")]
    ReplacementsInProgress {
        /// The account.
        account: String,
        /// Its provider.
        provider: String,
    },
    /// Calls are not read from the log of the account's provider, or it has none.
    #[error("{}", match .0 {
        Some(provider) => format!("calls are not read from {provider}"),
        None => "the account has no provider whose log of calls could be read".into(),
    })]
    CallsNotRead(Option<String>),
    /// The number of blocks changes only by a policy's plan.
    #[error("the number of blocks changes only by a policy's plan")]
    BlocksWithoutPlan,
    /// The account changed since the plan was made.
    #[error("account {0:?} changed while its plan was made")]
    Stale(String),
    /// The time of the change is before what the ledger has recorded already.
    #[error("the time is {now}, but account {account:?} was last changed at {changed_at}")]
    ClockWentBack {
        /// The account.
        account: String,
        /// The time of the change.
        now: String,
        /// When the account was last changed.
        changed_at: String,
    },
    /// The time of the change is a leap past the newest one in the ledger, and no user has accepted it.
    #[error("{0}")]
    TimeLeap(Box<Leap>),
    /// The policy's plan may not be applied.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// The settings that only some policies know are too many or too long.
    #[error(
        "an account has at most {OTHER_SETTINGS_MAX} values of settings, with names of 1 to {SETTING_NAME_BYTES_MAX} bytes, \
         values of at most {SETTING_VALUE_BYTES_MAX} bytes and {SETTINGS_BYTES_MAX} bytes in all"
    )]
    SettingsTooLarge,
    /// A value is out of range, or a limit is reached; says which.
    #[error("{0}")]
    Refused(String),
    /// There is no ledger in the folder.
    #[error("no ledger in {}", .0.display())]
    NoLedger(PathBuf),
    /// There is a ledger in the folder already.
    #[error("there is a ledger in {} already", .0.display())]
    LedgerExists(PathBuf),
    /// A process has the ledger open.
    #[error("the ledger in {} is in use", .0.display())]
    InUse(PathBuf),
    /// The ledger's format is newer than this program.
    #[error("{} was written by a newer version of Dialguard", .0.display())]
    NewerLedger(PathBuf),
    /// Another program holds the ledger.
    #[error("{} has been locked by another program for more than {} seconds", .0.display(), BUSY_TIME_MAX.as_secs())]
    Locked(PathBuf),
    /// The file is not a ledger.
    #[error("{} is not a Dialguard database", .0.display())]
    NotALedger(PathBuf),
    /// The file is not a copy of a ledger.
    #[error("{} is not a copy of a Dialguard database", .0.display())]
    NotACopy(PathBuf),
    /// The file was a ledger once.
    #[error("{} is damaged: {why}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What shows it.
        why: String,
    },
    /// The file was copied while the ledger was in use, without its -wal file.
    #[error("{} was copied while it was in use, and its latest changes are in a -wal file that is missing", .0.display())]
    Incomplete(PathBuf),
    /// The file cannot be opened, or not for writing.
    #[error("{} cannot be opened for writing", .0.display())]
    NotWritable(PathBuf),
    /// The ledger's folder or disk cannot be written, so nothing can be changed.
    #[error("the folder {} is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// The disk of this file is full.
    #[error("the disk is full: {} cannot be written", .0.display())]
    DiskFull(PathBuf),
    /// The ledger's folder or file cannot be used; says why.
    #[error("{0}")]
    Unusable(String),
    /// A long change was stopped between its parts. Those before are done.
    #[error("stopped after {done} of {all}, which are done: {why}")]
    Stopped {
        /// How many of its items are done.
        done: usize,
        /// How many it has.
        all: usize,
        /// Why it was stopped.
        #[source]
        why: Box<LedgerError>,
    },
    /// Nobody waits for the result any more: see [`Stop`].
    #[error("stopped: nobody waits for the result any more")]
    NotWanted,
    /// The database failed. For display only: which library's error this is may change.
    #[error("the ledger's database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

impl LedgerError {
    /// Whether the ledger's folder or file cannot be used, whatever is asked of it.
    pub fn is_unusable(&self) -> bool {
        use LedgerError::{
            Damaged, DiskFull, Incomplete, Locked, NewerLedger, NoLedger, NotACopy, NotALedger, NotWritable, ReadOnly,
            Stopped, Unusable,
        };
        match self {
            NoLedger(_) | NewerLedger(_) | Locked(_) | NotACopy(_) | NotALedger(_) | Damaged { .. } | Incomplete(_) => {
                true
            }
            NotWritable(_) | ReadOnly(_) | DiskFull(_) | Unusable(_) => true,
            Stopped { why, .. } => why.is_unusable(),
            _ => false,
        }
    }

    /// Whether the ledger works, but its state does not allow the request.
    pub fn is_refusal(&self) -> bool {
        !self.is_unusable() && !matches!(self, LedgerError::Plan(_) | LedgerError::NoActor | LedgerError::Database(_))
    }
}

/// A result of the ledger.
pub type Result<T> = std::result::Result<T, LedgerError>;

impl Ledger {
    /// Whether there is a ledger in `dir`.
    pub fn is_in(dir: &Path) -> bool {
        file::is_there(&dir.join(FILE_NAME))
    }

    /// Opens the existing ledger in `dir`. If the folder cannot be written, it can still be read. Errors:
    /// [`LedgerError::NoLedger`], or another that [is unusable](LedgerError::is_unusable).
    pub fn open(dir: &Path) -> Result<Self> {
        if !Self::is_in(dir) {
            return Err(LedgerError::NoLedger(dir.to_owned()));
        }
        let (file, writer) = OpenFile::open(dir.join(FILE_NAME))?;
        let open = OpenLedger {
            file,
            writer: writer.map(Mutex::new),
            readers: readers::Readers::default(),
            policy_readers: Aside::new(processors()),
            is_noted: AtomicBool::default(),
            pages: numbers::page::Pages::default(),
        };
        Ok(Ledger { open: Arc::new(open), actor: Some(Actor::system_user()) })
    }

    /// Opens the ledger in `dir`, and creates both if they are missing, for the user who runs the program only. A ledger
    /// of an older version is upgraded, by one process while the others wait. Errors: one that
    /// [is unusable](LedgerError::is_unusable).
    pub fn open_or_create(dir: &Path) -> Result<Self> {
        if !Self::is_in(dir) {
            file::make(dir)?;
        }
        Self::open(dir)
    }

    /// A folder or file of the ledger that other users of the machine may read or change; none if they cannot.
    pub fn open_to_others(&self) -> Option<PathBuf> {
        file::open_to_others(&self.open.file.path)
    }

    /// The type of the network file system that the ledger is on, such as `nfs4`, on which several processes or a crash
    /// can damage it; none for a local one, or if the system does not tell.
    pub fn network_file_system(&self) -> Option<String> {
        mount::network_file_system(self.folder())
    }

    /// Whether nothing can be changed, because its folder or disk cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.open.writer.is_none()
    }

    /// The folder that the ledger lies in.
    pub(crate) fn folder(&self) -> &Path {
        self.open.file.path.parent().expect("the ledger's file lies in a folder")
    }

    /// Changes the ledger: all of what `change` does, or nothing if it fails.
    fn change<T>(&self, change: impl FnOnce(&Change) -> Result<T>) -> Result<T> {
        self.change_with(&mut *self.writer()?, change).map_err(|error| self.explain(error))
    }

    fn writer(&self) -> Result<MutexGuard<'_, Connection>> {
        let writer = self.open.writer.as_ref().ok_or_else(|| LedgerError::ReadOnly(self.folder().to_owned()))?;
        Ok(writer.lock())
    }

    fn change_with<T>(&self, writer: &mut Connection, change: impl FnOnce(&Change) -> Result<T>) -> Result<T> {
        // Immediate: to wait for the other process before reading, not to fail after it.
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = change(&Change::new(&transaction, self.actor.clone()))?;
        let is_note_new = !self.open.is_noted.load(SeqCst) && file::note_in_use(&transaction)?;
        transaction.commit()?;
        if is_note_new {
            file::write_note(writer)?;
        }
        self.open.is_noted.store(true, SeqCst);
        Ok(done)
    }

    /// What `change` would do: it is made and taken back.
    fn try_change<T>(&self, change: impl FnOnce(&Change) -> Result<T>) -> Result<T> {
        let mut writer = self.writer()?;
        let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(LedgerError::from);
        let tried = begun.and_then(|transaction| {
            // Nothing of it stays on record, so anybody may ask.
            let actor = self.actor.clone().or_else(|| Some(Actor::schedule()));
            let tried = stop::watch(&transaction).and_then(|_watched| change(&Change::new(&transaction, actor)));
            transaction.rollback()?;
            tried
        });
        tried.map_err(|error| self.explain(error))
    }

    /// Reads the ledger after its latest change.
    fn read<T>(&self, read: impl FnOnce(&rusqlite::Transaction) -> Result<T>) -> Result<T> {
        let mut reader =
            self.open.readers.take(|| self.open.file.connect()).map_err(|error| self.explain(error.into()))?;
        let answer = reader.transaction().map_err(LedgerError::from).and_then(|transaction| {
            let _watched = stop::watch(&transaction)?;
            read(&transaction)
        });
        answer.map_err(|error| self.explain(error))
    }

    /// Reads the ledger for a policy, away from the threads that serve everybody: a policy asks as often as it likes.
    async fn read_for_policy<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&rusqlite::Transaction) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ledger = self.clone();
        self.open.policy_readers.run(move || ledger.read(read)).await
    }

    /// Says of a failure of the database where and, if it is known, why it failed.
    fn explain(&self, error: LedgerError) -> LedgerError {
        match error {
            LedgerError::Database(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
            {
                LedgerError::NotWanted
            }
            LedgerError::Database(error) => file::explain(&self.open.file.path, error),
            other => other,
        }
    }
}

/// Refuses another row in a table that has so many already.
fn ensure_room(transaction: &rusqlite::Transaction, table: &'static str, max: u64) -> Result<()> {
    let count: i64 = transaction.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    if from_sql(count) < max {
        return Ok(());
    }
    let things = table.replace('_', " ");
    Err(LedgerError::Refused(format!("there are {max} {things} already, which is the maximum")))
}

/// Refuses a text that is empty or longer than so many bytes; `what` says which text.
fn ensure_length(what: &str, text: &str, bytes_max: usize) -> Result<()> {
    match (1..=bytes_max).contains(&text.len()) {
        true => Ok(()),
        false => Err(LedgerError::Refused(format!("{what}: give 1 to {bytes_max} bytes"))),
    }
}

/// Of the machine. As many of policies' questions are answered at the same time.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Timestamps and numbers are below 2^63, so that SQLite's integers hold them.
fn to_sql(value: u64) -> i64 {
    i64::try_from(value).expect("timestamps and E.164 numbers are below 2^63")
}

/// A value from outside, which may be beyond anything in the ledger.
fn asked_to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The inverse of [`to_sql`]. No column of the schema holds a negative value, but the cents of a credit.
fn from_sql(value: i64) -> u64 {
    u64::try_from(value).expect("the ledger keeps no negative timestamps or numbers")
}

/// The later of the two if the clock went back by less than five minutes, as clocks do when they are set. A larger step
/// back is a mistake that would break the ledger's order.
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
