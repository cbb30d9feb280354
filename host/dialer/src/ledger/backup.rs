//! Copies of the ledger: made while it is in use, and put back.
//!
//! A copy is made with SQLite's backup API in one read of the database: it shows one moment, changes of other processes
//! pass meanwhile, and how far it is can be shown, which `VACUUM INTO` cannot. It is one file, complete without a -wal
//! file, and gets its name only after it was checked.

use crate::ledger::check::{LedgerReport, report};
use crate::ledger::file::{self, Access, Turn};
use crate::ledger::{FILE_NAME, Ledger, LedgerError, Result};
use chrono::DateTime;
use dialguard::contract::Timestamp;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages that are copied between two reports of progress.
const STEP_PAGES: i32 = 1_000;

/// How a copy is put back.
#[derive(Debug, Clone, Copy, Default)]
pub struct RestoreOptions {
    /// If there is a ledger in the folder, set it aside.
    pub replace: bool,
    /// Take a copy although the -wal file with its latest changes is missing.
    pub without_wal: bool,
}

/// A ledger that was put back.
#[derive(Debug, Clone)]
pub struct RestoredLedger {
    /// What was checked before it took its place.
    pub report: LedgerReport,
    /// Where the ledger that was there is now; none if there was none.
    pub set_aside: Option<PathBuf>,
}

impl Ledger {
    /// Writes a copy of the ledger in `dir` to a new file, and checks it. Others can use the ledger meanwhile; it is not
    /// upgraded. `progress` is called with the pages copied and all pages.
    ///
    /// Errors: [`LedgerError::Refused`] if the file exists, [`LedgerError::Damaged`] if the ledger is, or another that
    /// [is unusable](LedgerError::is_unusable). There is no file then.
    pub fn back_up(dir: &Path, to: &Path, progress: impl FnMut(u32, u32)) -> Result<LedgerReport> {
        let path = dir.join(FILE_NAME);
        if !file::is_there(&path) {
            return Err(LedgerError::NoLedger(dir.to_owned()));
        }
        let exists = || LedgerError::Refused(format!("{} exists already", to.display()));
        if file::is_there(to) {
            return Err(exists());
        }
        let source = {
            let _turn = Turn::wait(&path)?;
            file::look_at(&path)?;
            let has_wal = file::has_wal(&path);
            let (_, source) = file::open_to_read(&path)?;
            file::refuse_incomplete(&source, &path, has_wal)?;
            source
        };
        let unfinished = file::new_file(to)?;
        let copied = copy(&source, (&path, &unfinished), progress).and_then(|copy| checked(&copy, &path));
        let report = copied.inspect_err(|_| discard(&unfinished))?;
        // Not a rename, which would replace a file that was made meanwhile.
        let named = fs::hard_link(&unfinished, to);
        discard(&unfinished);
        match named {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
            named => named.and_then(|()| file::sync(file::folder_of(to))).map_err(|error| file::unusable(to, &error)),
        }?;
        Ok(LedgerReport { file: to.to_owned(), ..report })
    }

    /// Puts a copy in place as the ledger in `dir`, after it was checked and upgraded. A ledger that is there is set
    /// aside under another name, with the time `now`. At any moment, even if the program is killed, the old or the new
    /// one is in place.
    ///
    /// Errors, and then nothing was changed: [`LedgerError::LedgerExists`] unless it is to be replaced,
    /// [`LedgerError::InUse`] if a process uses it, [`LedgerError::Incomplete`] if the copy lacks its -wal file,
    /// [`LedgerError::Damaged`] if the copy is, [`LedgerError::NotACopy`] if it is none, or another that
    /// [is unusable](LedgerError::is_unusable).
    pub fn restore(
        dir: &Path,
        from: &Path,
        options: RestoreOptions,
        now: Timestamp,
        progress: impl FnMut(u32, u32),
    ) -> Result<RestoredLedger> {
        if !file::is_there(from) {
            return Err(LedgerError::Refused(format!("{} does not exist", from.display())));
        }
        file::look_at_copy(from)?;
        file::make_folder(dir)?;
        let path = dir.join(FILE_NAME);
        let _turn = Turn::wait(&path)?;
        let is_there = file::is_there(&path) || file::is_there(&file::beside(&path, "-wal"));
        if is_there && !options.replace {
            return Err(LedgerError::LedgerExists(dir.to_owned()));
        }
        if is_there && is_used(&path) {
            return Err(LedgerError::InUse(dir.to_owned()));
        }
        let new = file::new_file(&path)?;
        let prepared = prepare(from, &new, options, progress);
        let report = prepared.inspect_err(|_| discard(&new))?;
        let set_aside = if is_there { Some(set_aside(&path, now)?) } else { None };
        fs::rename(&new, &path).and_then(|()| file::sync(dir)).map_err(|error| file::unusable(&path, &error))?;
        Ok(RestoredLedger { report, set_aside })
    }
}

/// Copies a file beside the place it will have, upgrades the copy and checks it.
fn prepare(from: &Path, new: &Path, options: RestoreOptions, progress: impl FnMut(u32, u32)) -> Result<LedgerReport> {
    let has_wal = file::has_wal(from);
    let source = file::open_copy(from)?;
    if !options.without_wal {
        file::refuse_incomplete(&source, from, has_wal)?;
    }
    let mut copy = copy(&source, (from, new), progress)?;
    file::upgrade(&mut copy, new)?;
    checked(&copy, from)
}

/// Copies a database to an empty file, where it is complete without a -wal file.
fn copy(source: &Connection, (from, to): (&Path, &Path), mut progress: impl FnMut(u32, u32)) -> Result<Connection> {
    let mut target = file::connect(to, Access::Write).map_err(|error| file::explain(to, error))?;
    let copied = copy_pages(source, &mut target, &mut progress).and_then(|()| {
        target.pragma_update(None, "journal_mode", "DELETE")?;
        file::note_complete(&target)
    });
    match copied {
        Ok(()) => Ok(target),
        Err(error) => {
            let is_of_source = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt);
            Err(file::explain(if is_of_source { from } else { to }, error))
        }
    }
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    progress: &mut impl FnMut(u32, u32),
) -> rusqlite::Result<()> {
    // One read from the first to the last page: the copy shows one moment, and no change makes it begin again.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let backup = Backup::new(&moment, target)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let all = backup.progress();
        progress((all.pagecount - all.remaining).unsigned_abs(), all.pagecount.unsigned_abs());
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// The report about a copy, unless it is damaged; `of` is what it is a copy of.
fn checked(copy: &Connection, of: &Path) -> Result<LedgerReport> {
    let report = report(copy, of, false)?;
    match report.damage() {
        Some(why) => Err(file::damaged(of, &why)),
        None => Ok(report),
    }
}

/// Whether any process has the ledger open, of whatever version or program. If none has, and it is not damaged, all its
/// changes are in the one file afterwards.
fn is_used(path: &Path) -> bool {
    if !file::is_unused(file::folder_of(path)) {
        return true;
    }
    let probe = file::connect(path, Access::Write).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "journal_mode", "DELETE")
    });
    probe.is_err_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy))
}

/// Keeps what is there under another name too, so that the new file can take its place at once. Returns that name.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf> {
    let time = DateTime::from_timestamp(now.cast_signed(), 0).unwrap_or_default().format("%Y-%m-%dT%H%M%SZ");
    let names = (1..).map(|place| if place == 1 { format!(".{time}") } else { format!(".{time}-{place}") });
    let mut names = names.map(|ending| file::beside(path, &ending));
    let aside = names.find(|name| !file::is_there(name)).expect("there are more names than files");
    let failed = |error| file::unusable(&aside, &error);
    for ending in ["-wal", "-shm", "-journal"] {
        let part = file::beside(path, ending);
        if file::is_there(&part) {
            fs::rename(&part, file::beside(&aside, ending)).map_err(failed)?;
        }
    }
    if file::is_there(path) {
        // Some disks have no second names, and a folder cannot have one.
        fs::hard_link(path, &aside).or_else(|_| fs::rename(path, &aside)).map_err(failed)?;
    }
    Ok(aside)
}

fn discard(file: &Path) {
    for left_over in [file.to_owned(), file::beside(file, "-journal"), file::beside(file, "-wal")] {
        let _ = fs::remove_file(left_over);
    }
}
