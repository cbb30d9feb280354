//! The ledger's file: many processes at a first start, files that cannot be used, backups, and folders and disks that cannot
//! be written.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, Outcome, e164};
use dialguard::calendar::rfc3339;
use dialguard_dialer::ledger::{ImportedAs, Ledger};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const FILE: &str = "ledger/dialguard.db";

/// Starts all these commands before it waits for any of them.
#[track_caller]
fn all_at_once(dialer: &Dialer, lines: impl IntoIterator<Item = String>) -> Vec<Outcome> {
    let started = lines.into_iter().map(|line| {
        let mut command = dialer.command(&line.split(' ').collect::<Vec<_>>());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        (line, child)
    });
    let started: Vec<_> = started.collect();
    let ended = started
        .into_iter()
        .map(|(line, child)| Outcome::new(line, child.wait_with_output().expect("the program ends")).exits(0));
    ended.collect()
}

/// The figures of the operator's guide.
#[test]
fn a_day_of_fifteen_numbers_leaves_two_kilobytes() {
    let dialer = Dialer::monitoring(15, "");
    let review = || {
        dialer.pass(DAY);
        dialer
            .carriers_say(&(100..115).map(|last| (last, if last == 100 { "xxx" } else { "ooo" })).collect::<Vec<_>>());
        dialer.run("review acme").exits(0);
    };
    let used = || {
        let ledger = Connection::open(dialer.path(FILE)).expect("the database");
        let figure = |sql: &str| ledger.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a figure");
        (figure("PRAGMA page_count") * figure("PRAGMA page_size"), figure("SELECT sum(bytes) FROM records"))
    };
    review();
    let (before, recorded_before) = used();
    (0..12).for_each(|_| review());
    let (after, recorded) = used();
    let (day, recorded_a_day) = ((after - before) / 12, (recorded - recorded_before) / 12);
    assert!(recorded_a_day < 1_500, "{recorded_a_day} bytes of recordings and answers a day");
    assert!(day < 5_000, "{day} bytes a day, in whole pages");
}

#[test]
fn many_processes_start_at_once_in_a_new_folder() {
    for _ in 0..3 {
        let dialer = Dialer::new();
        // Of all commands that make a ledger, one that compiles no policy.
        all_at_once(&dialer, (0..6).map(|place| format!("sources add s{place} --simulated {place}")));
        let sources = dialer.ledger().sources().expect("the sources are read");
        let names: Vec<_> = sources.into_iter().map(|source| source.name).collect();
        assert_eq!(names, ["s0", "s1", "s2", "s3", "s4", "s5"]);
        dialer.run("ledger check").exits(0);
    }
}

/// Case D03: each import waits for the others' turns.
#[test]
fn many_imports_at_once_all_succeed() {
    let dialer = Dialer::with_account("");
    for part in 0..12 {
        let rows: Vec<String> = (0..500).map(|last| e164(part * 500 + last)).collect();
        dialer.file(&format!("{part}.csv"), rows.join("\n"));
    }
    all_at_once(&dialer, (0..12).map(|part| format!("numbers import acme {part}.csv --at {}", rfc3339(dialer.now()))));
    assert_eq!(dialer.ledger().numbers("acme").expect("the numbers are read").len(), 6_000);
}

/// Case D01: as a backup by another program keeps it locked. The import may start before or after the lock is gone.
#[test]
fn an_import_waits_for_another_programs_lock() {
    let dialer = Dialer::with_account("");
    dialer.file("one.csv", e164(100));
    let mut other = Connection::open(dialer.path(FILE)).expect("the database opens");
    let lock = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("the lock");
    let now = rfc3339(dialer.now());
    let mut import = dialer.command(&["numbers", "import", "acme", "one.csv", "--at", &now]);
    let import = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    drop(lock);
    let outcome = Outcome::new("numbers import".into(), import.wait_with_output().expect("it ends"));
    outcome.exits(0).says(&["1 number imported"]);
}

/// One upgrades it, the others wait.
#[test]
fn many_processes_start_at_once_after_an_upgrade() {
    let settings = settings_of_an_account();
    for _ in 0..3 {
        let dialer = Dialer::new();
        dialer.file("ledger/note", "makes the folder");
        let first = rusqlite::Connection::open(dialer.path(FILE)).expect("the database is made");
        first
            .execute_batch(include_str!("../../host/dialer/src/ledger/schema/01-accounts-numbers-and-runs.sql"))
            .expect("the first schema");
        first.pragma_update(None, "user_version", 1).expect("the version is set");
        first
            .execute(
                "INSERT INTO accounts VALUES (1, 'acme', 'UTC', 'US', '06:00', '2026-03-01', 1, ?1, 3, 100, 15, 15, 0,
                     0, 1771113600, 0, 0, '', 0)",
                [&settings],
            )
            .expect("an account");
        drop(first);
        for listed in all_at_once(&dialer, vec!["account list --json".to_owned(); 6]) {
            assert_eq!(listed.json()[0]["id"], "acme");
        }
        dialer.run("ledger check").exits(0);
    }
}

fn settings_of_an_account() -> String {
    let dialer = Dialer::with_account("");
    let database = rusqlite::Connection::open(dialer.path(FILE)).expect("the database opens");
    database.query_row("SELECT settings FROM accounts", [], |row| row.get(0)).expect("the settings are read")
}

/// What lies in the ledger's place, and words of the error. No command changes it, or takes it for a new ledger.
#[test]
fn a_file_that_is_damaged_or_of_another_kind_says_so() {
    let good = {
        let dialer = Dialer::monitoring(2, "");
        fs::read(dialer.path(FILE)).expect("the file is read")
    };
    let other_application = {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("other.db");
        let other = rusqlite::Connection::open(&file).expect("a database is made");
        other.execute_batch("CREATE TABLE songs (title TEXT); PRAGMA user_version = 3").expect("a table is made");
        drop(other);
        fs::read(file).expect("the file is read")
    };
    let damaged = |why: &str| format!("dialguard.db is damaged: {why}");
    let scenarios: [(&str, Option<&[u8]>, String); 5] = [
        ("dialguard.db", Some(b""), damaged("it is empty")),
        ("dialguard.db", Some(&good[..good.len() / 2]), damaged("")),
        ("dialguard.db", Some(&other_application), "dialguard.db is not a Dialguard database".into()),
        ("dialguard.db-wal", Some(b"changes of a file that was removed"), damaged("it is missing, but its -wal file")),
        ("dialguard.db", None, "dialguard.db is not a Dialguard database".into()),
    ];
    for (name, content, words) in scenarios {
        let dialer = Dialer::new();
        let file = format!("ledger/{name}");
        match content {
            Some(content) => dialer.file(&file, content),
            None => fs::create_dir_all(dialer.path(&file)).expect("a folder in its place"),
        }
        dialer.run("account add acme --blocks 1 --time-zone UTC").exits(1).says(&[&words]);
        if name == "dialguard.db" {
            dialer.run("account list").exits(1).says(&[&words]);
            dialer.run("ledger backup copy.db").exits(1).says(&[&words]);
        }
        assert!(!dialer.path("copy.db").exists());
        if let Some(content) = content {
            assert!(fs::read(dialer.path(&file)).expect("the file is read") == content, "{words}: it was changed");
        }
        dialer.run("ledger check").exits(1);
    }
}

/// The copy shows one moment while another process goes on, and is whole without other files.
#[test]
fn a_backup_is_made_while_the_ledger_is_in_use() {
    let dialer = Dialer::monitoring(3, "");
    let in_use = dialer.ledger();
    in_use.import_numbers("acme", &[13_105_550_180], ImportedAs::Owned, dialer.now()).expect("a number is imported");
    let before = dialer.json("numbers list acme");

    let answer = dialer.json("ledger backup copies.db");
    assert_eq!((&answer["file"], &answer["sound"]), (&"copies.db".into(), &true.into()));
    dialer.run("ledger backup copies.db").exits(1).says(&["copies.db exists already"]);
    dialer.run("ledger backup missing/copy.db").exits(1).says(&["missing/copy.db"]);
    in_use.import_numbers("acme", &[13_105_550_181], ImportedAs::Owned, dialer.now()).expect("a number is imported");

    dialer.run("ledger check copies.db").exits(0).says(&["ok integrity", "ok slots-counted", "ok events-kept"]);
    assert_eq!(names_in(&dialer.path(".")), ["copies.db", "ledger", "numbers.csv", "verdicts.csv"]);
    let restored = Dialer::new();
    let copy = dialer.path("copies.db").display().to_string();
    restored.run(&format!("ledger restore {copy}")).exits(0).says(&["is the ledger in"]);
    assert_eq!(restored.json("numbers list acme"), before);
    assert_eq!(restored.json("numbers list acme").as_array().map(Vec::len), Some(4));
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is read");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Nothing that was there is lost, and nothing is changed unless the copy is good and the ledger unused.
#[test]
fn a_backup_is_restored_only_where_it_may_be() {
    let dialer = Dialer::monitoring(2, "");
    dialer.run("ledger backup copy.db").exits(0);
    dialer.import([190], "");
    let newer = dialer.everything();

    dialer.run("ledger restore copy.db").exits(1).says(&["there is a ledger in", "--replace"]);
    dialer.run("ledger restore nowhere.db").exits(1).says(&["nowhere.db does not exist"]);
    // What to do is about the backup, not about the ledger's folder.
    dialer.file("notes.db", "no database".repeat(100));
    std::fs::create_dir(dialer.path("folder.db")).expect("a folder");
    for line in ["ledger restore notes.db --replace", "ledger restore folder.db --replace", "ledger check notes.db"] {
        let refused =
            dialer.run(line).exits(1).says(&["is not a copy of a Dialguard database", "dialguard ledger backup"]);
        assert!(!refused.stderr.contains("--data"), "{}", refused.stderr);
    }
    let refused = dialer.run("ledger check nowhere.db").exits(1).says(&["nowhere.db does not exist"]);
    assert!(!refused.stderr.contains("--data"), "{}", refused.stderr);
    let in_use = dialer.ledger();
    dialer.run("ledger restore copy.db --replace").exits(1).says(&["is in use", "dialguard serve"]);
    drop(in_use);
    // Of another program, or of a version that takes no lock.
    let other = rusqlite::Connection::open(dialer.path(FILE)).expect("the database opens");
    other.query_row("SELECT count(*) FROM accounts", [], |_| Ok(())).expect("it is read");
    let reading = other.unchecked_transaction().expect("a transaction");
    reading.query_row("SELECT count(*) FROM accounts", [], |_| Ok(())).expect("it is read");
    dialer.run("ledger restore copy.db --replace").exits(1).says(&["is in use"]);
    drop(reading);
    drop(other);
    let copy = fs::read(dialer.path("copy.db")).expect("the copy is read");
    dialer.file("half.db", &copy[..copy.len() / 2]);
    dialer.run("ledger restore half.db --replace").exits(1).says(&["half.db is damaged"]);
    assert_eq!(dialer.everything(), newer, "nothing of this changed anything");

    let restored = dialer.json("ledger restore copy.db --replace");
    assert_eq!(dialer.json("numbers list acme").as_array().map(Vec::len), Some(2));
    let set_aside = restored["set-aside"].as_str().expect("the ledger before").to_owned();
    dialer.run(&format!("ledger restore {set_aside} --replace")).exits(0);
    assert_eq!(dialer.everything(), newer, "what was set aside is whole");
}

/// A damaged ledger is set aside like any other.
#[test]
fn a_backup_takes_the_place_of_a_damaged_ledger() {
    let dialer = Dialer::monitoring(2, "");
    dialer.run("ledger backup copy.db").exits(0);
    let good = dialer.everything();
    dialer.file(FILE, "");
    dialer.run("account list").exits(1).says(&["is damaged", "dialguard ledger restore"]);
    let set_aside = dialer.json("ledger restore copy.db --replace")["set-aside"].clone();
    assert_eq!(fs::read(set_aside.as_str().expect("the ledger before")).expect("it is read"), b"");
    assert_eq!(dialer.everything(), good);
}

#[test]
fn a_check_names_what_is_broken() {
    let dialer = Dialer::monitoring(2, "");
    let database = rusqlite::Connection::open(dialer.path(FILE)).expect("the database opens");
    database.execute_batch("DROP TRIGGER caps_hold; UPDATE accounts SET occupied = 1").expect("it is broken");
    drop(database);
    dialer.run("ledger check").exits(1).says(&[
        "BROKEN constraints",
        "trigger caps_hold is missing",
        "BROKEN slots-counted",
        "acme: counts 1 occupied and 0 locked, has 2 and 0",
        "ok integrity",
    ]);
    let report = dialer.run("ledger check --json").exits(1).json();
    let rules = report["rules"].as_array().expect("a list").iter();
    let broken: Vec<&Value> = rules.filter(|rule| rule["holds"] == false).map(|rule| &rule["name"]).collect();
    assert_eq!(broken, ["constraints", "slots-counted"]);
    dialer.run("ledger backup broken.db").exits(3).says(&["slots-counted is broken"]);
}

/// A copy of the file alone says that it lacks changes, as long as any process used the ledger when it was taken.
#[test]
fn a_copy_without_its_wal_file_is_recognized() {
    let dialer = Dialer::monitoring(2, "");
    let copy_to = |name: &str, endings: &[&str]| {
        let copied = Dialer::new();
        for ending in endings {
            let content = fs::read(dialer.path(&format!("{FILE}{ending}"))).expect("the file is read");
            copied.file(&format!("{name}/dialguard.db{ending}"), content);
        }
        copied
    };
    let complete = copy_to("ledger", &[""]);
    assert_eq!(complete.everything(), dialer.everything(), "it is not in use");

    let in_use = dialer.ledger();
    for number in [13_105_550_180, 13_105_550_181] {
        in_use.import_numbers("acme", &[number], ImportedAs::Owned, dialer.now()).expect("a number is imported");
    }
    let whole = copy_to("ledger", &["", "-wal"]);
    assert_eq!(whole.everything(), dialer.everything());
    let alone = copy_to("ledger", &[""]);
    alone.run("account list").exits(1).says(&["was copied while it was in use", "--without-wal"]);
    alone.run("ledger check").exits(1).says(&["BROKEN complete"]);
    let alone = copy_to("elsewhere", &[""]);
    alone.run("ledger restore elsewhere/dialguard.db").exits(1).says(&["--without-wal"]);
    alone.run("ledger restore elsewhere/dialguard.db --without-wal").exits(0);
    let numbers = alone.field_of_each("numbers list acme", "number");
    assert!(!numbers.contains(&e164(181).into()), "the latest change is missing: {numbers:?}");
    assert_eq!(names_in(&alone.path("elsewhere")), ["dialguard.db"]);

    drop(in_use);
    assert_eq!(copy_to("ledger", &[""]).everything(), dialer.everything(), "the last process has closed it");
}

#[cfg(unix)]
#[test]
fn only_the_user_who_runs_it_may_read_the_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let dialer = Dialer::new();
    dialer.run("account add acme --blocks 1 --time-zone UTC").exits(0);
    dialer.run("ledger backup copy.db").exits(0);
    let in_use = dialer.ledger();
    in_use.import_numbers("acme", &[13_105_550_180], ImportedAs::Owned, dialer.now()).expect("a number is imported");
    assert_eq!(mode(&dialer.path("ledger")), 0o700);
    for file in [FILE, "ledger/dialguard.db-wal", "ledger/dialguard.db-shm", "ledger/dialguard.lock", "copy.db"] {
        assert_eq!(mode(&dialer.path(file)), 0o600, "{file}");
    }
    assert_eq!(first_lines_of_serve(&dialer).matches("other users").count(), 0);

    let set = |path: &str, mode| fs::set_permissions(dialer.path(path), fs::Permissions::from_mode(mode)).expect("set");
    set("ledger", 0o755);
    assert_eq!(first_lines_of_serve(&dialer).matches("other users").count(), 0, "they may enter, and read nothing");
    set(FILE, 0o644);
    let said = first_lines_of_serve(&dialer);
    assert!(said.contains("other users of this machine can read or change") && said.contains("dialguard.db"), "{said}");
}

/// What `serve` says until it watches the accounts.
fn first_lines_of_serve(dialer: &Dialer) -> String {
    use std::io::{BufRead, BufReader};
    let mut serve = dialer.command(&["serve", "--no-page"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(serve.stderr.take().expect("its errors")).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines {
        said += &line;
        if line.contains("watching") {
            break;
        }
    }
    serve.kill().and_then(|()| serve.wait()).expect("it is stopped");
    said
}

/// Runs a shell script as the root of a user namespace, which may mount; none if the system has none.
fn where_it_may_mount(dialer: &Dialer, script: &str) -> Option<Outcome> {
    let may = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may.is_ok_and(|tried| tried.status.success()) {
        println!("not tried: `unshare -Urm` with a mount is not allowed here");
        return None;
    }
    let mut command = dialer.command(&[]);
    let program = command.get_program().to_owned();
    command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script]).env("DIALGUARD", program).env("DIALGUARD_DATA", dialer.path("ledger"));
    let output = command.current_dir(dialer.path(".")).output().expect("the script starts");
    Some(Outcome::new(script.to_owned(), output))
}

/// Of a disk that is mounted read-only: closed, in use by another process, and after a crash.
#[test]
fn a_read_only_folder_can_be_read_and_says_why_it_is_not_changed() {
    const MOUNT: &str = "mount --bind ledger ledger && mount -o remount,ro,bind ledger &&";
    let dialer = Dialer::monitoring(2, "");
    let read = |dialer: &Dialer| {
        let script = format!("{MOUNT} $DIALGUARD numbers list acme --json --at {}", rfc3339(dialer.now()));
        where_it_may_mount(dialer, &script).map(|listed| listed.exits(0).json())
    };
    let Some(listed) = read(&dialer) else { return };
    assert_eq!(listed, dialer.json("numbers list acme"));
    for change in
        ["numbers import acme numbers.csv", "account add b --blocks 1 --time-zone UTC", "unmonitor acme +13105550100"]
    {
        let script = format!("{MOUNT} $DIALGUARD {change} --at {}", rfc3339(dialer.now()));
        let refused = where_it_may_mount(&dialer, &script).expect("it may mount");
        refused.exits(1).says(&["ledger is read-only", "mounted read-only"]);
    }
    let script = format!("{MOUNT} $DIALGUARD ledger check && $DIALGUARD ledger backup copy.db");
    where_it_may_mount(&dialer, &script).expect("it may mount").exits(0);
    dialer.run("ledger check copy.db").exits(0);

    let in_use = dialer.ledger();
    in_use.import_numbers("acme", &[13_105_550_180], ImportedAs::Owned, dialer.now()).expect("a number is imported");
    let listed = read(&dialer).expect("it may mount");
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "what another process has just changed is seen");

    let crashed = Dialer::new();
    for ending in ["", "-wal"] {
        crashed
            .file(&format!("{FILE}{ending}"), fs::read(dialer.path(&format!("{FILE}{ending}"))).expect("it is read"));
    }
    let script = format!("{MOUNT} $DIALGUARD account list");
    let refused = where_it_may_mount(&crashed, &script).expect("it may mount");
    refused.exits(1).says(&["has changes in its -wal file, which cannot be read in a read-only folder"]);
}

/// A disk of 2 MB, with the ledger on it.
#[test]
fn a_full_disk_is_named_and_loses_nothing() {
    const DISK: &str = "cp -r ledger copy && mount -t tmpfs -o size=2m tmpfs ledger && cp -r copy/. ledger &&";
    let dialer = Dialer::with_account("");
    let rows: String = (0..60_000).map(|last| e164(last) + "\n").collect();
    dialer.file("many.csv", format!("number\n{rows}"));
    dialer.run("component --output policy.wasm").exits(0);
    let script = format!(
        "{DISK} rm -rf ledger/compiled; $DIALGUARD numbers import acme many.csv --at 2026-03-01T09:00:00Z; code=$?
         rm -f ledger/dialguard.lock; $DIALGUARD ledger check ; exit $code"
    );
    let Some(full) = where_it_may_mount(&dialer, &script) else { return };
    full.exits(1).says(&["the disk is full", "dialguard.db cannot be written", "free some space", "ok integrity"]);

    let others = "mkdir small && mount -t tmpfs -o size=64k tmpfs small && $DIALGUARD";
    for command in ["component --output small/policy.wasm", "man small", "ledger backup small/copy.db"] {
        let script = format!("rm -rf small; {others} {command}; code=$?; ls small >&2; exit $code");
        let full = where_it_may_mount(&dialer, &script).expect("it may mount").exits(1).says(&["small", "full"]);
        assert!(!full.stderr.contains("copy.db\n") && !full.stderr.contains("policy.wasm\n"), "{}", full.stderr);
    }
}

/// A script that reads the output learns that it is not all there.
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let dialer = Dialer::monitoring(1, "");
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = dialer.command(&["numbers", "list", "acme"]).stdout(full).output().expect("the program starts");
    Outcome::new("numbers list acme > /dev/full".into(), output).exits(1).says(&["its output cannot be written"]);
}

/// Ctrl-C in the middle of an import: it says how far it came, and the same command imports the rest.
#[cfg(unix)]
#[test]
fn an_import_that_is_stopped_says_what_it_did() {
    const NUMBERS: u64 = 3_000;
    let dialer = Dialer::with_account("");
    // Each row takes so long that the import has many parts on any machine.
    let database = Connection::open(dialer.path("ledger/dialguard.db")).expect("the ledger's file");
    let slow = "CREATE TRIGGER slow AFTER INSERT ON numbers BEGIN
                    SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
                                          SELECT i FROM n);
                END";
    database.execute_batch(slow).expect("a trigger");
    let rows: String = (0..NUMBERS).map(|last| e164(last) + "\n").collect();
    dialer.file("many.csv", format!("number\n{rows}"));
    let now = "2026-03-01T09:00:00Z";
    let mut command = dialer.command(&["numbers", "import", "acme", "many.csv", "--json", "--at", now]);
    let import = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let ledger = dialer.ledger();
    while imported(&ledger) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let stopped = Command::new("kill").args(["-INT", &import.id().to_string()]).status();
    assert!(stopped.expect("kill starts").success());
    let output = import.wait_with_output().expect("the program ends");
    let import = Outcome::new("numbers import".into(), output);
    let said = import.exits(3).json();
    let (done, row) =
        (said["imported"].as_u64().expect("a count"), said["stopped-before-row"].as_u64().expect("a row"));
    assert_eq!((imported(&ledger), row), (done, done + 2), "the first row is the header");
    assert!(done < NUMBERS);

    database.execute_batch("DROP TRIGGER slow").expect("the trigger goes");
    drop(database);
    let rest = dialer.json("numbers import acme many.csv");
    assert_eq!((&rest["imported"], &rest["known-before"]), (&(NUMBERS - done).into(), &done.into()));
    assert_eq!((imported(&ledger), &rest["stopped-before-row"]), (NUMBERS, &Value::Null));
    dialer.run("ledger check").exits(0);
}

fn imported(ledger: &Ledger) -> u64 {
    ledger.numbers("acme").expect("the numbers are read").len() as u64
}
