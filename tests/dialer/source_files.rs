//! Verdict files and the FTC's files as people, spreadsheets and broken downloads leave them: what counts, what does not, and
//! what the operator is told.

use crate::harness::cases::{Case, all_hold};
use crate::harness::policies::reference::reference;
use crate::harness::repository::repository;
use dialguard::calendar::instant_of;
use dialguard::clock::FixedClock;
use dialguard::contract::{PhoneNumber, Request, Status, Timestamp};
use dialguard::settings::Settings;
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{AccountSettings, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile};
use dialguard_dialer::phone::Region;
use dialguard_dialer::sources::ftc::{ComplaintScores, FtcComplaints};
use dialguard_dialer::sources::inquiry::inspect;
use dialguard_dialer::sources::verdicts::VerdictFile;
use dialguard_dialer::sources::{Report, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const NUMBER: PhoneNumber = 13_105_550_101;
/// Monday. Three people complained on Friday, whose complaints are in this day's file.
const NOW: &str = "2026-11-30T15:00:00Z";

/// What the files of verdicts say of the number, most of them.
const BOTH: &[(u64, &str, Option<u8>)] = &[(101, "AT&T", Some(95)), (101, "T-Mobile", Some(95))];

// What is told.
const NOTHING: &str = "has no verdict that can be used";
const FLAWED: &str = "gives no opinion of its day";
const UNSURE: &str = "no readable file of the 7 days up to 2026-11-30";

fn at(time: &str) -> Timestamp {
    instant_of(time).expect("a time")
}

fn input(name: &str) -> PathBuf {
    repository("tests/inputs").join(name)
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, not {expected:?}")),
    }
}

/// Each of the words is in some problem, and there are no problems without words.
fn expect_told(problems: &[String], words: &[&str]) -> Result<(), String> {
    let is_told = words.iter().all(|word| problems.iter().any(|problem| problem.contains(word)));
    match is_told && problems.is_empty() == words.is_empty() {
        true => Ok(()),
        false => Err(format!("told {problems:?}, not {words:?}")),
    }
}

fn scores(report: &Report) -> Vec<(PhoneNumber, &str, Option<u8>)> {
    let answers = report.answers.iter();
    answers.map(|answer| (answer.number, &*report.carriers[usize::from(answer.carrier)], answer.score)).collect()
}

/// A verdict file, the scores in it by number's last digits and carrier, and what is told.
fn verdicts(
    id: &'static str,
    file: &'static str,
    situation: &'static str,
    expected: &'static [(u64, &str, Option<u8>)],
    told: &'static [&str],
) -> Case {
    let check = move || {
        let report = VerdictFile::new(input(file)).check(at(NOW)).map_err(|error| error.to_string())?;
        let expected: Vec<_> =
            expected.iter().map(|(last, carrier, score)| (13_105_550_000 + last, *carrier, *score)).collect();
        expect("scores", scores(&report), expected)?;
        expect_told(&report.problems, told)
    };
    Case { id, situation, check: Box::new(check) }
}

/// A folder of the FTC's files, its score for the number if it has an opinion, and what is told when it is added and looked up.
fn complaints(
    id: &'static str,
    folder: &'static str,
    situation: &'static str,
    score: Option<u8>,
    told: &'static [&str],
) -> Case {
    let check = move || {
        let source = FtcComplaints::new("FTC".into(), input(folder), ComplaintScores::default());
        let report = wait_for(source.look_up(&[NUMBER], at(NOW))).map_err(|error| error.to_string())?;
        expect("score", report.answers.first().and_then(|answer| answer.score), score)?;
        expect_told(&report.problems, told)?;
        let location = input(folder).to_string_lossy().into_owned();
        let added = inspect(&SourceProfile { name: "FTC".into(), kind: SourceKind::Ftc, location }, at(NOW));
        let lines: Vec<String> = added.map_err(|error| error.to_string())?.lines().skip(1).map(str::to_owned).collect();
        expect_told(&lines, told)
    };
    Case { id, situation, check: Box::new(check) }
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

#[test]
fn verdict_files_from_the_world_are_read() {
    all_hold(&[
        verdicts(
            "V02",
            "V02-pandas-floats.jsonl",
            "JSON lines with scores as floats",
            &[(101, "AT&T", Some(95)), (101, "T-Mobile", Some(90)), (102, "AT&T", None)],
            &[],
        ),
        verdicts(
            "V03",
            "V03-pandas-array.json",
            "one JSON array, not lines",
            &[(101, "AT&T", Some(95)), (101, "T-Mobile", Some(90))],
            &[],
        ),
        verdicts("V05", "V05-header-case.csv", "header with capitals", BOTH, &[]),
        verdicts("V06b", "V06b-semicolon.csv", "semicolons", &[(101, "AT&T", Some(95))], &[]),
        verdicts(
            "V08",
            "V08-excel-dates.csv",
            "Excel has rewritten the times",
            &[],
            &[
                NOTHING,
                "row 2, column observed_at: \"11/30/2026 5:00\"",
                "row 3, column observed_at: \"46356.2083333333\"",
            ],
        ),
        verdicts(
            "V10",
            "V10-naive-isoformat.csv",
            "times without a zone",
            &[],
            &[
                NOTHING,
                "row 2, column observed_at: \"2026-11-30T05:00:00\" has no time zone",
                "row 3, column observed_at",
            ],
        ),
        verdicts("V13", "V13-cp1252-label.csv", "a label in a Windows code page", BOTH, &[]),
        verdicts(
            "V14",
            "V14-java-double-number.csv",
            "numbers as 3.1055501E9",
            &[],
            &[NOTHING, "row 2, column number: \"3.1055501E9\"", "row 3, column number"],
        ),
        verdicts(
            "V15",
            "V15-letter-O.csv",
            "O typed for 0",
            &[],
            &[NOTHING, "row 2, column number: \"31O5550101\"", "row 3, column number"],
        ),
        verdicts("X13", "X13.csv", "a header alone", &[], &[NOTHING]),
    ]);
}

#[test]
fn complaint_files_from_the_world_are_read() {
    all_hold(&[
        complaints("F01", "F01-cp1252-city", "a byte in the city that is no UTF-8", Some(80), &[]),
        complaints(
            "F02",
            "F02-html-as-csv",
            "a 404 page was saved as the day's file",
            None,
            &["is a web page", UNSURE],
        ),
        complaints("F03", "F03-misaligned", "a date in the phone column", Some(80), &[]),
        complaints("F03b", "F03b-comma-in-city", "a comma without quotes shifts the columns", Some(80), &[]),
        complaints("F04b", "F04b-iso-dates", "times as 2026-11-27T09:00:00Z", Some(80), &[]),
        complaints("F04c", "F04c-date-only", "dates without a time", Some(80), &[]),
        complaints("F09", "F09-lower-case-name", "a file name in lower case", Some(80), &[]),
        complaints("F10", "F10-suffix", "_0 in the name", Some(80), &[]),
        complaints("F11", "F11-dashed", "numbers with dashes", Some(80), &[]),
        complaints("F11b", "F11b-e164", "numbers as +1…", Some(80), &[]),
        complaints(
            "F12",
            "F12-excel-scientific",
            "opened and saved in Excel: 3.10555E+09",
            None,
            &[FLAWED, "3.10555E+09", UNSURE],
        ),
        complaints("F13", "F13-excel-saved", "opened and saved in Excel: 11/27/2026 9:00", Some(80), &[]),
        complaints("F15", "F15-extra-column", "one more column", Some(80), &[]),
        complaints("F17", "F17-utf16", "UTF-16", Some(80), &[]),
        complaints("F18", "F18-truncated", "the download broke off", None, &[FLAWED, "it breaks off in row", UNSURE]),
        complaints("X11", "X11-ftc-cr", "CR line ends", Some(80), &[]),
        complaints(
            "X12",
            "X12-ftc-mixed",
            "Friday's file is sound, Monday's is empty but for its header",
            Some(80),
            &["DNC_Complaint_Numbers_2026-11-30.csv gives no opinion of its day: it has a header and no rows"],
        ),
    ]);
}

/// An account that monitors one number, with one source.
struct World {
    folder: TempDir,
    ledger: Arc<Ledger>,
}

impl World {
    async fn new(kind: SourceKind, location: &Path, number: PhoneNumber, time: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the ledger");
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).expect("a ledger"));
        let world = World { folder, ledger };
        let new = NewAccount {
            id: "acme".into(),
            blocks: 1,
            time_zone: dialguard_dialer::zones::Zone::utc(),
            region: Region::US,
            review_at: chrono::NaiveTime::MIN,
            settings: AccountSettings {
                values: Settings::from_iter([("rating-carriers-min", "1")]),
                ..AccountSettings::default()
            },
        };
        world.dialguard(time).add_account(&new).await.expect("an account");
        world.ledger.import_numbers("acme", &[number], ImportedAs::Owned, at(time)).expect("a number");
        let location = location.to_string_lossy().into_owned();
        world.ledger.add_source(&SourceProfile { name: "them".into(), kind, location }, 0).expect("a source");
        let request = Request::StartMonitoring(vec![number]);
        world.dialguard(time).decide("acme", &request).await.expect("the number is monitored");
        world
    }

    fn dialguard(&self, time: &str) -> Dialguard {
        Dialguard::new(self.ledger.clone(), reference(), Arc::new(FixedClock(at(time))))
    }

    /// The number's status after a review, and what the review tells.
    async fn review(&self, time: &str) -> (Status, Vec<String>) {
        let outcome = self.dialguard(time).review("acme").await.expect("a review");
        let numbers = self.ledger.numbers("acme").expect("the account's numbers");
        assert!(self.folder.path().exists());
        (numbers[0].monitored.expect("a monitored number").1, outcome.problems)
    }
}

/// Twelve days of files, each there from its day on, whose times change from the second day on. The statuses of daily reviews.
async fn statuses_while_the_form_changes(rewritten: impl Fn(&str) -> String) -> Vec<(Status, bool)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(input("F20b-form-changes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 12);
    let folder = tempfile::tempdir().unwrap();
    let mut world = None;
    let mut statuses = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let date = &name["DNC_Complaint_Numbers_".len()..][..10];
        std::fs::write(folder.path().join(name), rewritten(&std::fs::read_to_string(file).unwrap())).unwrap();
        let time = format!("{date}T20:00:00Z");
        if world.is_none() {
            world = Some(World::new(SourceKind::Ftc, folder.path(), NUMBER, &time).await);
        }
        let (status, problems) = world.as_ref().unwrap().review(&time).await;
        statuses.push((status, problems.is_empty()));
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_take_no_silence_for_clean() {
    // V07: one carrier of three flags, however its name is written.
    let world = World::new(SourceKind::Verdicts, &input("V07-carrier-variants.csv"), NUMBER, NOW).await;
    let (status, problems) = world.review(NOW).await;
    assert!(status != Status::Flagged && status != Status::Pending, "V07: {status:?}");
    assert_eq!((problems, world.ledger.carriers().unwrap().len()), (vec![], 3), "V07");

    // X13: a header alone. X13b: an empty file. F19: the newest file is six days old, older than any opinion that counts.
    let unrated = [
        ("X13", SourceKind::Verdicts, "X13.csv", NUMBER, "has no verdict that can be used"),
        ("X13b", SourceKind::Verdicts, "X13b.csv", NUMBER, "X13b.csv is empty"),
        ("F19", SourceKind::Ftc, "F19-one-old-file", 12_125_550_177, ""),
        ("F18", SourceKind::Ftc, "F18-truncated", NUMBER, "breaks off"),
    ];
    for (id, kind, file, number, told) in unrated {
        let (status, problems) = World::new(kind, &input(file), number, NOW).await.review(NOW).await;
        assert_eq!(status, Status::Pending, "{id}");
        assert!(told.is_empty() || problems.iter().any(|problem| problem.contains(told)), "{id}: {problems:?}");
    }
}

/// F20b, as it is and with unreadable times.
#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_number_never_turns_clean_on_rows_that_cannot_be_read() {
    let as_they_are = statuses_while_the_form_changes(str::to_owned).await;
    assert!(as_they_are.iter().all(|seen| *seen == (Status::Flagged, true)), "{as_they_are:?}");
    let unreadable = statuses_while_the_form_changes(|rows| {
        rows.lines()
            .map(|row| if row.contains("/2026") { row.replace('/', "~") } else { row.into() } + "\r\n")
            .collect()
    });
    let unreadable = unreadable.await;
    assert!(unreadable.iter().all(|(status, _)| *status == Status::Flagged), "{unreadable:?}");
    assert!(unreadable[1..].iter().all(|(_, is_silent)| !is_silent), "told on each day: {unreadable:?}");
}
