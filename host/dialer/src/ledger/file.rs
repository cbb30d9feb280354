//! The ledger's file: who may open it, how it is made and upgraded, and what is wrong with it if it cannot be used.
//!
//! One process at a time opens, upgrades, closes or replaces the file, for as long as it locks the file
//! `dialguard.lock`. Each process that has the ledger open shares a lock on the folder, so that the last one notices.
//! Both are the system's advisory locks, which end with the process. The database itself is never opened except
//! through SQLite: closing it otherwise would end SQLite's own locks.

use crate::ledger::accounts::rated_days;
use crate::ledger::{FILE_NAME, LedgerError, OpenLedger, Result};
use rusqlite::{Connection, OpenFlags, Transaction};
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a change waits for another process that holds the ledger.
pub(super) const BUSY_TIME_MAX: Duration = Duration::from_secs(10);

/// How often it looks whether the ledger is free. Long changes pause for longer than this between their parts.
pub(super) const BUSY_LOOK_EVERY: Duration = Duration::from_millis(5);

const LOCK_NAME: &str = "dialguard.lock";

/// Each upgrades the one before.
pub(super) const SCHEMAS: &[&str] = &[
    include_str!("schema/01-accounts-numbers-and-runs.sql"),
    include_str!("schema/02-policies-and-recordings.sql"),
    include_str!("schema/03-users-and-tokens.sql"),
    include_str!("schema/04-alerts.sql"),
    include_str!("schema/05-keyed-requests.sql"),
    include_str!("schema/06-number-pages.sql"),
    include_str!("schema/07-events-by-kind.sql"),
    include_str!("schema/08-lookup-services.sql"),
    include_str!("schema/09-answer-parts.sql"),
    include_str!("schema/10-providers.sql"),
    include_str!("schema/11-orders-that-buy.sql"),
    include_str!("schema/12-grounds-of-orders.sql"),
    include_str!("schema/13-time-and-credits.sql"),
    include_str!("schema/14-causes-evidence-and-aliases.sql"),
    include_str!("schema/15-days.sql"),
    include_str!("schema/16-complete-files.sql"),
    include_str!("schema/17-numbers-come-and-go.sql"),
    include_str!("schema/18-closed-accounts.sql"),
    include_str!("schema/19-confirmed-orders.sql"),
    include_str!("schema/20-planned-days.sql"),
    include_str!("schema/21-bytes-on-record.sql"),
    include_str!("schema/22-calls.sql"),
    include_str!("schema/23-settings-of-policies.sql"),
    include_str!("schema/24-rest-pool-and-look-ups.sql"),
    include_str!("schema/25-actors.sql"),
    include_str!("schema/26-links-and-sessions.sql"),
    include_str!("schema/27-attention-and-billing.sql"),
    include_str!("schema/28-calls-from-logs.sql"),
    include_str!("schema/29-rated-days.sql"),
    include_str!("schema/30-program-events.sql"),
];

/// A file that is open.
pub(super) struct OpenFile {
    pub path: PathBuf,
    access: Access,
    /// The folder, with a lock shared by all that have the ledger open; none where folders cannot be locked.
    presence: Option<File>,
}

/// How connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To read and to write.
    Write,
    /// To read, in a folder that cannot be written.
    Read,
    /// To read a file that no process changes, without the files that share it between processes.
    ReadAlone,
}

impl OpenFile {
    /// Opens the file, and upgrades an older one. The connection is none if it can only be read.
    pub fn open(path: PathBuf) -> Result<(Self, Option<Connection>)> {
        let _turn = Turn::wait(&path)?;
        look_at(&path)?;
        let has_wal = has_wal(&path);
        let presence = presence(&path);
        match open_to_write(&path, has_wal) {
            Ok(writer) => Ok((OpenFile { path, access: Access::Write, presence }, Some(writer))),
            Err(LedgerError::NotWritable(_)) => {
                let (access, reader) = open_to_read(&path)?;
                refuse_incomplete(&reader, &path, has_wal)?;
                if schema_of(&reader, &path)? < SCHEMAS.len() {
                    let why = "is of an older version, and cannot be upgraded in a read-only folder";
                    return Err(LedgerError::Unusable(format!("{} {why}", path.display())));
                }
                Ok((OpenFile { path, access, presence }, None))
            }
            Err(error) => Err(error),
        }
    }

    /// One more connection, to read.
    pub fn connect(&self) -> rusqlite::Result<Connection> {
        connect(&self.path, self.access)
    }

    /// Closes the last connection of this process. The last process notes that the file is complete without its -wal.
    pub fn close(&self, writer: Connection) {
        let _turn = Turn::wait(&self.path);
        let is_last = self.presence.as_ref().is_some_and(|folder| folder.try_lock().is_ok());
        if is_last && let Err(error) = note_complete(&writer) {
            // The -wal file stays then, and says as much.
            tracing::debug!("{} is not noted as complete: {error}", self.path.display());
        }
    }
}

impl Access {
    fn flags(self) -> OpenFlags {
        let access = match self {
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::ReadAlone => OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        };
        access | OpenFlags::SQLITE_OPEN_NO_MUTEX
    }
}

/// The right to open, upgrade, close or replace a ledger's file, which one process has at a time.
pub(super) struct Turn {
    _lock: Option<File>,
}

impl Turn {
    /// Waits for it, which takes as long as another process upgrades the ledger. In a folder that cannot be written
    /// there is nothing to take turns in.
    pub fn wait(path: &Path) -> Result<Self> {
        let lock = path.with_file_name(LOCK_NAME);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        private(&mut options);
        let opened = options.open(&lock).or_else(|error| match is_read_only(&error) {
            true => File::open(&lock).map_err(|_| error),
            false => Err(error),
        });
        match opened.and_then(|lock| lock.lock().map(|()| lock)) {
            Ok(lock) => Ok(Turn { _lock: Some(lock) }),
            Err(error) if is_read_only(&error) => Ok(Turn { _lock: None }),
            // The folder is missing, or its disk has no locks.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::Unsupported) => {
                Ok(Turn { _lock: None })
            }
            Err(error) => Err(unusable(&lock, &error)),
        }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Makes the folder and an empty ledger in it, unless there is one.
pub(super) fn make(folder: &Path) -> Result<()> {
    make_folder(folder)?;
    let path = folder.join(FILE_NAME);
    let _turn = Turn::wait(&path)?;
    if is_there(&path) {
        return Ok(());
    }
    // Changes without the file that they belong to: SQLite would add them to whatever takes its place.
    if has_wal(&path) {
        return Err(damaged(&path, "it is missing, but its -wal file is there"));
    }
    let new = new_file(&path)?;
    make_schema(&new)?;
    fs::rename(&new, &path).and_then(|()| sync(folder)).map_err(|error| unusable(&path, &error))
}

/// Makes a folder that only its owner may enter, unless it is there.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => LedgerError::DiskFull(folder.to_owned()),
        _ => LedgerError::Unusable(format!("the folder {} cannot be created: {error}", folder.display())),
    })
}

/// An empty file, for the ledger that is to take its place. Under another name, because a file that is not complete yet
/// looks like a damaged one.
pub(super) fn new_file(path: &Path) -> Result<PathBuf> {
    let new = beside(path, ".new");
    for left_over in [new.clone(), beside(&new, "-journal"), beside(&new, "-wal"), beside(&new, "-shm")] {
        let _ = fs::remove_file(left_over);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(&new) {
        Ok(_) => Ok(new),
        Err(error) if is_read_only(&error) => Err(LedgerError::ReadOnly(folder_of(path).to_owned())),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn make_schema(path: &Path) -> Result<()> {
    let mut connection = connect(path, Access::Write).map_err(|error| explain(path, error))?;
    upgrade(&mut connection, path)?;
    share(&connection).map_err(|error| explain(path, error))
}

/// Puts a renamed file's new name on disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A file that only its owner may read.
pub(super) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

/// What of a ledger other users of the machine may read or change.
pub(super) fn open_to_others(path: &Path) -> Option<PathBuf> {
    let folder = folder_of(path);
    let may = |path: &Path, bits: u32| mode(path).is_some_and(|mode| mode & bits != 0);
    if may(folder, 0o022) {
        return Some(folder.to_owned());
    }
    if !may(folder, 0o011) {
        return None;
    }
    let files = [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")];
    files.into_iter().find(|file| may(file, 0o066))
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|about| std::os::unix::fs::PermissionsExt::mode(&about.permissions()))
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Whether anything has that name, even a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The file of that name with an ending, such as `-wal`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What shows from outside that the file cannot be used.
pub(super) fn look_at(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(about) if !about.is_file() => Err(LedgerError::NotALedger(path.to_owned())),
        Ok(about) if about.len() == 0 => Err(damaged(path, "it is empty")),
        Ok(_) => Ok(()),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn open_to_write(path: &Path, has_wal: bool) -> Result<Connection> {
    let mut writer = connect(path, Access::Write).map_err(|error| explain(path, error))?;
    let is_read_only = writer.is_readonly("main").map_err(|error| explain(path, error))?;
    if is_read_only {
        return Err(LedgerError::NotWritable(path.to_owned()));
    }
    schema_of(&writer, path)?;
    refuse_incomplete(&writer, path, has_wal)?;
    upgrade(&mut writer, path)?;
    share(&writer).map_err(|error| explain(path, error))?;
    Ok(writer)
}

/// Opens the ledger to read it, whether or not its folder can be written.
pub(super) fn open_to_read(path: &Path) -> Result<(Access, Connection)> {
    match read(path, Access::Read) {
        // SQLite cannot make the file -shm, by which processes share the -wal file.
        Err(LedgerError::NotWritable(_)) => match fs::metadata(beside(path, "-wal")) {
            Ok(about) if about.len() > 0 => {
                let why = "has changes in its -wal file, which cannot be read in a read-only folder";
                Err(LedgerError::Unusable(format!("{} {why}", path.display())))
            }
            _ => Ok((Access::ReadAlone, read(path, Access::ReadAlone)?)),
        },
        read => Ok((Access::Read, read?)),
    }
}

/// Opens a copy of a ledger to read it, and leaves no other files beside it.
pub(super) fn open_copy(path: &Path) -> Result<Connection> {
    look_at_copy(path)?;
    let reader =
        if has_wal(path) { open_to_read(path).map(|(_, reader)| reader) } else { read(path, Access::ReadAlone) };
    reader.map_err(of_copy)
}

/// The same as [`look_at`], of a copy.
pub(super) fn look_at_copy(path: &Path) -> Result<()> {
    look_at(path).map_err(of_copy)
}

fn of_copy(error: LedgerError) -> LedgerError {
    match error {
        LedgerError::NotALedger(path) => LedgerError::NotACopy(path),
        other => other,
    }
}

fn read(path: &Path, access: Access) -> Result<Connection> {
    let reader = connect(path, access).map_err(|error| explain(path, error))?;
    schema_of(&reader, path)?;
    Ok(reader)
}

/// Whether a -wal file is beside it. To be asked before the file is opened, which makes one.
pub(super) fn has_wal(path: &Path) -> bool {
    is_there(&beside(path, "-wal"))
}

/// A file that was copied while the ledger was in use, without the -wal file that has its latest changes.
pub(super) fn refuse_incomplete(connection: &Connection, path: &Path, has_wal: bool) -> Result<()> {
    match has_wal || !is_in_use(connection).map_err(|error| explain(path, error))? {
        true => Ok(()),
        false => Err(LedgerError::Incomplete(path.to_owned())),
    }
}

/// Whether the file says that changes may be in its -wal file.
pub(super) fn is_in_use(connection: &Connection) -> rusqlite::Result<bool> {
    let has_state = connection.table_exists(None, "file_state")?;
    Ok(has_state && connection.query_row("SELECT is_in_use FROM file_state", [], |row| row.get(0))?)
}

/// Notes in the change's own transaction that the file is in use. Returns whether that is new.
pub(super) fn note_in_use(transaction: &Connection) -> rusqlite::Result<bool> {
    let noted = transaction.prepare_cached("UPDATE file_state SET is_in_use = 1 WHERE is_in_use = 0")?.execute([])?;
    Ok(noted == 1)
}

/// Moves the note from the -wal file to the file itself, as far as readers of older states let it.
pub(super) fn write_note(writer: &Connection) -> rusqlite::Result<()> {
    writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Notes that everything will be in the file itself when this connection is closed.
pub(super) fn note_complete(writer: &Connection) -> rusqlite::Result<()> {
    if !is_in_use(writer)? {
        return Ok(());
    }
    // Another program that is in the way keeps the -wal file.
    writer.busy_timeout(Duration::ZERO)?;
    writer.execute("UPDATE file_state SET is_in_use = 0", []).map(drop)
}

/// The number of upgrades that the ledger has had. Errors: it is not a ledger, or of a newer version.
pub(super) fn schema_of(connection: &Connection, path: &Path) -> Result<usize> {
    let read = || -> rusqlite::Result<(usize, bool)> {
        let schema: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let mut has_tables = true;
        for table in ["accounts", "numbers", "runs", "events"] {
            has_tables &= connection.table_exists(None, table)?;
        }
        Ok((usize::try_from(schema).unwrap_or(0), has_tables))
    };
    match read().map_err(|error| explain(path, error))? {
        (0, _) | (_, false) => Err(LedgerError::NotALedger(path.to_owned())),
        (schema, true) if schema > SCHEMAS.len() => Err(LedgerError::NewerLedger(path.to_owned())),
        (schema, true) => Ok(schema),
    }
}

/// Connects to a file, which must exist.
pub(super) fn connect(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    let connection = match access {
        Access::ReadAlone => Connection::open_with_flags(unchanging(path), access.flags())?,
        Access::Read | Access::Write => Connection::open_with_flags(path, access.flags())?,
    };
    // Not SQLite's own way of waiting, whose pauses of up to 100 ms a busy process hardly ever leaves free.
    connection.busy_handler(Some(|looks| {
        std::thread::sleep(BUSY_LOOK_EVERY);
        BUSY_LOOK_EVERY * looks.unsigned_abs() < BUSY_TIME_MAX
    }))?;
    // Money and slots: anything reported as done must be on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The URI of a file that does not change while it is read.
fn unchanging(path: &Path) -> String {
    use std::fmt::Write;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            other => write!(uri, "%{other:02x}").expect("text grows"),
        }
    }
    uri + "?immutable=1"
}

/// Lets processes read while one writes. A ledger is shared like this from the start, and a restored one again.
fn share(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")
}

/// Upgrades a file to the newest schema.
pub(super) fn upgrade(writer: &mut Connection, path: &Path) -> Result<()> {
    use rusqlite_migration::Error::MigrationDefinition;
    let migrations = Migrations::from_iter((1..).zip(SCHEMAS).map(|(version, sql)| migration(version, sql)));
    migrations.to_latest(writer).map_err(|error| match error {
        MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => LedgerError::NewerLedger(path.to_owned()),
        rusqlite_migration::Error::RusqliteError { err, .. } => explain(path, err),
        other => LedgerError::Unusable(format!("{} cannot be upgraded: {other}", path.display())),
    })
}

/// What upgrades to a version. What SQL cannot read is filled in by the program.
fn migration(version: usize, sql: &'static str) -> M<'static> {
    match version {
        29 => M::up_with_hook(sql, |transaction: &Transaction| Ok(rated_days::fill(transaction)?)),
        _ => M::up(sql),
    }
}

/// The folder, locked as long as the ledger is open; none where that is not possible.
fn presence(path: &Path) -> Option<File> {
    let folder = File::open(folder_of(path)).ok()?;
    folder.lock_shared().ok().map(|()| folder)
}

/// Whether no process has the ledger in this folder open, as far as it is of this version.
pub(super) fn is_unused(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|folder| !matches!(folder.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

pub(super) fn damaged(path: &Path, why: &str) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), why: why.to_owned() }
}

pub(super) fn unusable(path: &Path, error: &io::Error) -> LedgerError {
    match error.kind() {
        io::ErrorKind::StorageFull => LedgerError::DiskFull(path.to_owned()),
        io::ErrorKind::ReadOnlyFilesystem => LedgerError::ReadOnly(folder_of(path).to_owned()),
        _ => LedgerError::Unusable(format!("{}: {error}", path.display())),
    }
}

/// Why a database cannot be used.
pub(super) fn explain(path: &Path, error: rusqlite::Error) -> LedgerError {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, PermissionDenied, ReadOnly,
        SystemIoFailure,
    };
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => LedgerError::Locked(path.to_owned()),
        Some(NotADatabase) => LedgerError::NotALedger(path.to_owned()),
        Some(CannotOpen | ReadOnly | PermissionDenied) => LedgerError::NotWritable(path.to_owned()),
        Some(DatabaseCorrupt) => damaged(path, &error.to_string()),
        Some(DiskFull) => LedgerError::DiskFull(path.to_owned()),
        Some(SystemIoFailure) => LedgerError::Unusable(format!("the disk failed at {}: {error}", path.display())),
        _ => LedgerError::Database(error),
    }
}

impl Drop for OpenLedger {
    fn drop(&mut self) {
        self.readers.close();
        if let Some(writer) = self.writer.take() {
            self.file.close(writer.into_inner());
        }
    }
}
