//! Complaints to the US Federal Trade Commission, from a folder of its daily 'DNC Reported Calls' files.
//!
//! The FTC publishes one CSV file a business day at
//! <https://www.ftc.gov/policy-notices/open-government/data-sets/do-not-call-data>, free and without a key. Complaints
//! are unverified, so one is a hint; three in a week reach the default threshold of 80. The scores are settings of the
//! source, [`ComplaintScores`]; these are the defaults:
//!
//! | complaints in the last 7 days | score |
//! |---|---|
//! | 0 | 'no data': most numbers that annoy are never reported |
//! | 1 | 40 |
//! | 2 | 60 |
//! | 3 | 80 |
//! | 4 | 90 |
//! | 5 and more | 100 |
//!
//! A complaint counts for seven times 24 hours from its `Created_Date`, which is in US Eastern time unless it has a zone.
//! Where that is a date alone, it counts from the start of the date until seven times 24 hours after its end. Files have a
//! date in their names (`DNC_Complaint_Numbers_2021-07-08.csv`, or `…_2026-01-09_0.csv`). Days are published late, and some
//! twice: a complaint with the same number and second in two files counts once, while equal rows of one file are separate
//! complaints. Only the number and the second of a row are kept.
//!
//! Files are often opened and saved in other programs, so their rows are read in any form that leaves no doubt (`daily_file`).
//! **A file that could not be read is no verdict.** It gives no opinion of its day, and the report says why, if it has no rows,
//! breaks off in its last one, is not a table, has far fewer rows than the others, or half of its numbers and times cannot be
//! read (in a file of 100 rows or more, a tenth). The complaints in it that can be read count.
//!
//! An opinion is as old as the newest file that is sound: its time is the end of the day in that file's name, US Eastern
//! time, or the lookup if that is earlier. Without a sound file of the last 7 days there is no opinion. While a flawed file
//! of the last 7 days may lack complaints about a number, their count does not fall: the opinion stays that of the last sound
//! day before it, unless the complaints known are as many.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::Source;
//! use dialguard_dialer::sources::ftc::{ComplaintScores, FtcComplaints};
//!
//! let folder = tempfile::tempdir()?;
//! let day = "Company_Phone_Number,Created_Date\n3105550123,2026-01-14 11:30:00\n3105550123,2026-01-14 15:02:10\n";
//! std::fs::write(folder.path().join("DNC_Complaint_Numbers_2026-01-14.csv"), day)?;
//!
//! let ftc = FtcComplaints::new("FTC".into(), folder.path().into(), ComplaintScores::default());
//! let report = ftc.look_up(&[13_105_550_123, 13_105_550_124], 1_768_467_600).await?;
//! assert_eq!([report.answers[0].score, report.answers[1].score], [Some(60), None]);
//! assert_eq!(ftc.summary()?.complaints, 2);
//! # Ok(())
//! # }
//! ```

mod daily_file;
mod folder;

use super::{Answer, Report, Source, SourceError};
use crate::figures::grouped;
use crate::phone::area_code;
use crate::table_file::FileVersion;
use crate::zones::Zone;
use chrono::{DateTime, NaiveDate};
use daily_file::{Complaints, Created};
use dialguard::calendar::day_starts_at;
use dialguard::contract::{PhoneNumber, Timestamp};
use folder::{DailyFile, Folder};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// How long a complaint counts, in days of 24 hours before the lookup.
pub const COMPLAINT_WINDOW_DAYS: u64 = 7;

/// Files named up to this many days before the window are read too: the date in a name is not that of the complaints (in
/// the files seen they are from the day before), and the FTC does not say how much the two may differ.
const NAME_MARGIN_DAYS: u64 = 3;
/// A file must have at least one row for this many in the median of the folder's files. On public holidays there are fewer
/// complaints than on other days, but never so few.
const ROWS_SHARE_MIN: usize = 10;
/// Folders with fewer rows in a file are an excerpt, whose files differ as they may.
const USUAL_ROWS_MIN: usize = 50;
/// Entries of a table of scores, at most.
const SCORES_MAX: usize = 100;

const WINDOW_SECONDS: u64 = COMPLAINT_WINDOW_DAYS * 24 * 60 * 60;
const DOWNLOAD: &str = "https://www.ftc.gov/policy-notices/open-government/data-sets/do-not-call-data";

/// The settings of the source, as an operator set them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FtcSettings {
    /// The folder of the FTC's daily files.
    pub folder: PathBuf,
    /// What complaints score.
    pub complaint_scores: ComplaintScores,
}

impl FtcSettings {
    /// Reads what [`FtcSettings::location`] wrote, or a folder alone, which has the default scores.
    ///
    /// ```
    /// use dialguard_dialer::sources::ftc::FtcSettings;
    ///
    /// let mut settings = FtcSettings::from_location("/srv/ftc")?;
    /// assert_eq!(settings.complaint_scores.to_string(), "40,60,80,90,100");
    /// assert_eq!(settings.location(), "/srv/ftc");
    /// settings.complaint_scores = "80,100".parse()?;
    /// assert_eq!(FtcSettings::from_location(&settings.location())?, settings);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_location(location: &str) -> Result<Self, SourceError> {
        if !location.starts_with('{') {
            return Ok(FtcSettings { folder: location.into(), complaint_scores: ComplaintScores::default() });
        }
        serde_json::from_str(location)
            .map_err(|error| SourceError::Settings(format!("its settings cannot be read ({error})")))
    }

    /// The settings as a source's location in the ledger.
    pub fn location(&self) -> String {
        match self.complaint_scores == ComplaintScores::default() {
            true => self.folder.to_string_lossy().into_owned(),
            false => serde_json::to_string(self).expect("plain values are JSON"),
        }
    }
}

/// The spam scores of 1, 2, 3 and more complaints in the window; the last is also that of more. No complaint has no score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct ComplaintScores(Vec<u8>);

impl ComplaintScores {
    /// The score for a number of complaints.
    pub fn of(&self, complaints: u32) -> Option<u8> {
        let place = usize::try_from(complaints).unwrap_or(usize::MAX).min(self.0.len());
        place.checked_sub(1).map(|place| self.0[place])
    }
}

impl Default for ComplaintScores {
    /// Three complaints reach the default threshold of 80.
    fn default() -> Self {
        ComplaintScores(vec![40, 60, 80, 90, 100])
    }
}

impl TryFrom<Vec<u8>> for ComplaintScores {
    type Error = String;

    fn try_from(scores: Vec<u8>) -> Result<Self, String> {
        let is_usable =
            (1..=SCORES_MAX).contains(&scores.len()) && scores.is_sorted() && scores.iter().all(|s| *s <= 100);
        is_usable.then_some(ComplaintScores(scores)).ok_or_else(|| {
            format!(
                "complaint scores are 1 to {SCORES_MAX} whole numbers from 0 to 100 that never fall, such as 40,60,80"
            )
        })
    }
}

impl From<ComplaintScores> for Vec<u8> {
    fn from(scores: ComplaintScores) -> Self {
        scores.0
    }
}

impl FromStr for ComplaintScores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What is not a score becomes one that is refused, in the same words.
        let scores = text.split(',').map(|score| score.trim().parse().unwrap_or(u8::MAX));
        ComplaintScores::try_from(scores.collect::<Vec<_>>())
    }
}

impl Display for ComplaintScores {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        let scores: Vec<_> = self.0.iter().map(u8::to_string).collect();
        formatter.write_str(&scores.join(","))
    }
}

/// A folder of the FTC's daily files.
#[derive(Debug)]
pub struct FtcComplaints {
    name: Arc<str>,
    dir: PathBuf,
    scores: ComplaintScores,
    /// The files of the last lookup, so that reviews of a thousand accounts in a row read them once.
    files_read: Mutex<HashMap<PathBuf, (FileVersion, Arc<Complaints>)>>,
}

/// The contents of all files of a folder, for the operator who adds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderSummary {
    /// Readable files.
    pub files: usize,
    /// Rows that can count towards a score. A row in two files is counted twice.
    pub complaints: usize,
    /// Rows without a number, which a complaint need not have.
    pub rows_without_number: usize,
    /// Rows whose number is not possible in the North American Numbering Plan, such as 7 or 14 digits.
    pub rows_with_impossible_number: usize,
    /// The newest date in the name of a readable file.
    pub newest: Option<NaiveDate>,
}

impl FtcComplaints {
    /// A source called `name` that reads the files in `dir`, but no folders in it. `dir` need not exist yet.
    pub fn new(name: Arc<str>, dir: PathBuf, scores: ComplaintScores) -> Self {
        FtcComplaints { name, dir, scores, files_read: Mutex::default() }
    }

    /// Reads every dated file of the folder, however old, and leaves out unreadable ones. An error means that the folder
    /// cannot be listed.
    pub fn summary(&self) -> Result<FolderSummary, SourceError> {
        let mut summary = FolderSummary::default();
        for file in self.list()?.files {
            if let Ok(complaints) = Complaints::read(&file.path, file.date) {
                summary.files += 1;
                summary.complaints += complaints.len();
                summary.rows_without_number += complaints.rows_without_number;
                summary.rows_with_impossible_number += complaints.rows_with_impossible_number;
                summary.newest = summary.newest.max(Some(file.date));
            }
        }
        Ok(summary)
    }

    /// What is wrong with the files that a lookup at the time `now` reads, as sentences for the operator.
    pub fn problems(&self, now: Timestamp) -> Result<Vec<String>, SourceError> {
        Ok(self.report(&[], now)?.problems)
    }

    fn list(&self) -> Result<Folder, SourceError> {
        Folder::list(&self.dir).map_err(|error| {
            let problem =
                format!("cannot be read: {error}; it must be a folder of the FTC's daily files from {DOWNLOAD}");
            SourceError::File { path: self.dir.clone(), problem }
        })
    }

    /// The files of the days up to `today`, and what is wrong with whole files.
    fn read(&self, files: &[&DailyFile], today: NaiveDate, problems: &mut Vec<String>) -> RecentFiles {
        let mut files_read = self.files_read.lock();
        // Rebuilt from what this lookup uses, so that memory does not grow with the days.
        let known = std::mem::take(&mut *files_read);
        let mut recent = RecentFiles { today, readable: Vec::new(), sound: BTreeSet::new(), flawed: BTreeSet::new() };
        for file in files {
            match file.read(known.get(&file.path)) {
                Ok((version, complaints)) => {
                    recent.readable.push((file.date, complaints.clone()));
                    files_read.insert(file.path.clone(), (version, complaints));
                }
                Err(problem) => {
                    recent.flawed.insert(file.date);
                    problems.push(problem);
                }
            }
        }
        recent.judge(problems);
        recent
    }

    /// What the files say about these numbers at the time `now`. Problems with whole files come first.
    fn report(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let today = eastern_date(now)?;
        let folder = self.list()?;
        let age_days_max = COMPLAINT_WINDOW_DAYS + NAME_MARGIN_DAYS;
        let recent: Vec<&DailyFile> =
            folder.files.iter().filter(|file| is_recent(file.date, today, age_days_max)).collect();
        let mut report = Report { carriers: vec![self.name.clone()], ..Report::default() };
        let files = self.read(&recent, today, &mut report.problems);
        match files.sound.last().filter(|date| is_recent(**date, today, COMPLAINT_WINDOW_DAYS)) {
            // The FTC receives complaints about NANP numbers only.
            Some(newest) => {
                let numbers = numbers.iter().filter(|number| area_code(**number).is_some());
                report.answers = numbers.map(|number| self.opinion(&files, *number, *newest, now)).collect();
            }
            None => {
                let newest_named = folder.files.iter().map(|file| file.date).max();
                report.problems.push(self.no_fresh_file(newest_named, today));
            }
        }
        report.problems.extend(folder.problems);
        report.problems.extend(files.readable.iter().flat_map(|(_, complaints)| complaints.problems.iter().cloned()));
        Ok(report)
    }

    /// What is known of a number. If complaints about it may be missing, their count must not seem to fall: then the opinion is
    /// that of the last day before the gap.
    fn opinion(&self, files: &RecentFiles, number: PhoneNumber, newest: NaiveDate, now: Timestamp) -> Answer {
        let as_of = |day| end_of_day(day).map_or(now, |end| end.min(now));
        let known = count(&files.readable, number, now);
        let day_before_gap = files.last_day_before_gap(number);
        match day_before_gap.map(|day| (count(&files.readable, number, as_of(day)), day)) {
            Some((before, day)) if before > known => self.answer(number, before, as_of(day)),
            _ => self.answer(number, known, as_of(newest)),
        }
    }

    fn answer(&self, number: PhoneNumber, complaints: u32, observed_at: Timestamp) -> Answer {
        let label = match complaints {
            0 => None,
            1 => Some(format!("1 complaint in {COMPLAINT_WINDOW_DAYS} days to the FTC").into()),
            many => Some(format!("{many} complaints in {COMPLAINT_WINDOW_DAYS} days to the FTC").into()),
        };
        Answer { number, carrier: 0, score: self.scores.of(complaints), label, observed_at }
    }

    fn no_fresh_file(&self, newest: Option<NaiveDate>, today: NaiveDate) -> String {
        let newest = newest.map_or("the folder has none".into(), |date| format!("the newest is of {date}"));
        format!(
            "no readable file of the {COMPLAINT_WINDOW_DAYS} days up to {today} in {} ({newest}); download the missing \
             days from {DOWNLOAD} into it",
            self.dir.display()
        )
    }
}

#[async_trait::async_trait]
impl Source for FtcComplaints {
    /// Reads files in the calling thread: a few milliseconds each, once a day.
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        self.report(numbers, now)
    }
}

/// The files that may have complaints in the window.
struct RecentFiles {
    today: NaiveDate,
    readable: Vec<(NaiveDate, Arc<Complaints>)>,
    /// Days with a file that can be trusted to have all of its complaints.
    sound: BTreeSet<NaiveDate>,
    /// Days with other files only.
    flawed: BTreeSet<NaiveDate>,
}

impl RecentFiles {
    /// Tells sound files from flawed ones.
    fn judge(&mut self, problems: &mut Vec<String>) {
        let mut rows: Vec<usize> =
            self.readable.iter().filter(|(_, file)| file.flaw.is_none()).map(|(_, file)| file.rows).collect();
        rows.sort_unstable();
        for (date, file) in &self.readable {
            match file.flaw.clone().or_else(|| too_few(file.rows, &rows)) {
                None => drop(self.sound.insert(*date)),
                Some(why) => {
                    self.flawed.insert(*date);
                    let name = &file.file_name;
                    problems.push(format!("{name} gives no opinion of its day: {why}; download it again"));
                }
            }
        }
        // A day may have been downloaded again under another name.
        self.flawed.retain(|date| !self.sound.contains(date));
    }

    /// The newest sound day before the first one in the window that may lack complaints about this number.
    fn last_day_before_gap(&self, number: PhoneNumber) -> Option<NaiveDate> {
        let undated = self.readable.iter().filter(|(_, file)| file.has_undated(number)).map(|(date, _)| *date);
        let gaps = self.flawed.iter().copied().chain(undated);
        let gap = gaps.filter(|date| is_recent(*date, self.today, COMPLAINT_WINDOW_DAYS)).min()?;
        self.sound.range(..gap).next_back().copied()
    }
}

/// Whether a file has so few rows that it must be incomplete, and why. `all` are the rows of the sound files, ascending.
fn too_few(rows: usize, all: &[usize]) -> Option<String> {
    let usual = all[all.len() / 2];
    let [has, others] = [rows, usual].map(|rows| grouped(rows as u64));
    (usual >= USUAL_ROWS_MIN && rows * ROWS_SHARE_MIN < usual)
        .then(|| format!("it has {has} rows, and the files of other days about {others}"))
}

/// Complaints about `number` in the window that ends at `now`, inclusive.
fn count(files: &[(NaiveDate, Arc<Complaints>)], number: PhoneNumber, now: Timestamp) -> u32 {
    let mut most_in_one_file: BTreeMap<Created, usize> = BTreeMap::new();
    for (_, complaints) in files {
        for same_time in complaints.about(number).chunk_by(|a, b| a == b) {
            let (_, created) = same_time[0];
            let most = most_in_one_file.entry(created).or_default();
            *most = same_time.len().max(*most);
        }
    }
    let in_window = |created: &Created| created.from <= now && now.saturating_sub(created.until) < WINDOW_SECONDS;
    let counted =
        most_in_one_file.iter().filter(|(created, _)| in_window(created)).map(|(_, most)| most).sum::<usize>();
    u32::try_from(counted).unwrap_or(u32::MAX)
}

fn new_york() -> Zone {
    "America/New_York".parse().expect("every database has New York")
}

fn end_of_day(date: NaiveDate) -> Option<Timestamp> {
    date.succ_opt().map(|next| day_starts_at(next, new_york()))
}

fn eastern_date(now: Timestamp) -> Result<NaiveDate, SourceError> {
    let utc = i64::try_from(now).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let utc =
        utc.ok_or_else(|| SourceError::Unavailable(format!("{now} s is outside the calendar; check the clock")))?;
    Ok(utc.with_timezone(&new_york()).date_naive())
}

fn is_recent(date: NaiveDate, today: NaiveDate, age_days_max: u64) -> bool {
    u64::try_from((today - date).num_days()).is_ok_and(|age_days| age_days <= age_days_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const NUMBER: PhoneNumber = 13_152_328_257;
    const HEADER: &str = "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,\
                          Consumer_Area_Code,Subject,Recorded_Message_Or_Robocall";
    const DAY: &str = "DNC_Complaint_Numbers_2021-07-08.csv";

    /// A short excerpt, as messy as the FTC's files.
    const EXCERPT: &str = "\
4703352559,2021-07-07 00:01:15,2021-07-06 11:48:00,,California,510,No Subject Provided,\r
3152328257,2021-07-07 00:01:41,2021-07-06 18:17:00,\"Clinton, Downtown\",Illinois,217,Warranties  & protection plans,Y\r
70611454600144,2021-07-07 00:01:49,2021-07-06 11:45:00,,California,510,No Subject Provided,\r
,2021-07-07 00:02:00,2021-07-06 11:45:00,,California,510,Other,N\r
3152328257,2021-07-07 08:17:40,2021-07-06 13:07:00,Poquoson,Virginia,757,Other,Y\r
3152328257,2021-07-07 08:17:40,2021-07-06 13:07:00,Poquoson,Virginia,757,Other,Y\r
951677xxxx,2021-07-07 08:20:00,2021-07-06 13:07:00,,California,951,Other,Y\r
9999999,2021-07-07 08:30:00,2021-07-06 13:07:00,,California,951,Other,Y\r
15135550142,2021-07-07 23:59:59,2021-07-06 13:07:00,,Ohio,513,Other,N\r
";

    /// A temporary folder with files of these names and rows, and a source that reads it.
    fn source(files: &[(&str, String)]) -> (tempfile::TempDir, FtcComplaints) {
        let dir = tempfile::tempdir().unwrap();
        for (name, rows) in files {
            std::fs::write(dir.path().join(name), format!("{HEADER}\r\n{rows}")).unwrap();
        }
        let source = FtcComplaints::new("FTC".into(), dir.path().into(), ComplaintScores::default());
        (dir, source)
    }

    fn row(number: &str, created: &str) -> String {
        format!("{number},{created},2021-07-06 13:07:00,Poquoson,Virginia,757,Other,Y\r\n")
    }

    fn utc(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp() as Timestamp
    }

    #[test]
    fn three_complaints_in_a_week_reach_the_default_threshold() {
        let scores = ComplaintScores::default();
        let scenarios = [(1, 40), (2, 60), (3, 80), (4, 90), (5, 100), (42, 100), (u32::MAX, 100)];
        for (complaints, expected) in scenarios {
            assert_eq!(scores.of(complaints), Some(expected), "{complaints} complaints");
        }
        assert_eq!(scores.of(0), None, "no complaint is no data");
    }

    #[test]
    fn other_scores_are_a_rising_list() {
        let scores: ComplaintScores = "0, 50,50".parse().unwrap();
        assert_eq!(
            [0, 1, 2, 3, 4].map(|complaints| scores.of(complaints)),
            [None, Some(0), Some(50), Some(50), Some(50)]
        );
        for text in ["", "40,", "60,40", "101", "-1", "forty", "300", "4.5", &["1"; 101].join(",")] {
            let refusal = text.parse::<ComplaintScores>().unwrap_err();
            assert!(refusal.contains("whole numbers from 0 to 100 that never fall"), "{text}: {refusal}");
        }
        assert!(FtcSettings::from_location(r#"{"folder": "/srv", "complaint-scores": [60, 40]}"#).is_err());
    }

    #[tokio::test]
    async fn a_messy_file_is_read() {
        let (_dir, source) = source(&[(DAY, EXCERPT.into())]);
        let now = utc("2021-07-09T12:00:00Z");
        let report = source.look_up(&[NUMBER, 14_703_352_559, 15_135_550_142, 13_105_550_123], now).await.unwrap();
        let midnight = utc("2021-07-09T04:00:00Z");
        let answer = |number, score, label: Option<&str>| Answer {
            number,
            carrier: 0,
            score,
            label: label.map(Arc::from),
            observed_at: midnight,
        };
        let expected = Report {
            carriers: vec!["FTC".into()],
            answers: vec![
                answer(NUMBER, Some(80), Some("3 complaints in 7 days to the FTC")),
                answer(14_703_352_559, Some(40), Some("1 complaint in 7 days to the FTC")),
                answer(15_135_550_142, Some(40), Some("1 complaint in 7 days to the FTC")),
                answer(13_105_550_123, None, None),
            ],
            problems: vec![],
        };
        assert_eq!(report, expected);
        let expected = FolderSummary {
            files: 1,
            complaints: 5,
            rows_without_number: 1,
            rows_with_impossible_number: 3,
            newest: NaiveDate::from_ymd_opt(2021, 7, 8),
        };
        assert_eq!(source.summary().unwrap(), expected);
    }

    #[tokio::test]
    async fn complaints_count_for_seven_days_and_once_however_often_published() {
        const AGAIN: &str = "DNC_Complaint_Numbers_2021-07-08_0.csv";
        const LATER: &str = "DNC_Complaint_Numbers_2021-07-09_2026-01-09_0.csv";
        let noon_of_the_9th = "2021-07-09T16:00:00Z";
        type Scenario<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])], &'a str, Option<u8>);
        let scenarios: [Scenario; 12] = [
            ("three in one file", &[(DAY, &["07 09:00:00", "07 09:00:01", "07 23:59:59"])], noon_of_the_9th, Some(80)),
            (
                "identical rows of one file are two",
                &[(DAY, &["07 09:00:00", "07 09:00:00"])],
                noon_of_the_9th,
                Some(60),
            ),
            (
                "the same in two files is one",
                &[(DAY, &["07 09:00:00"]), (AGAIN, &["07 09:00:00"])],
                noon_of_the_9th,
                Some(40),
            ),
            (
                "two in one file, one of them also in another, are two",
                &[(DAY, &["07 09:00:00", "07 09:00:00"]), (LATER, &["07 09:00:00"])],
                noon_of_the_9th,
                Some(60),
            ),
            (
                "different ones of two files add up",
                &[(DAY, &["07 09:00:00"]), (LATER, &["08 09:00:00"])],
                noon_of_the_9th,
                Some(60),
            ),
            ("exactly seven days ago is too old", &[(DAY, &["02 12:00:00"])], noon_of_the_9th, None),
            ("a second later counts", &[(DAY, &["02 12:00:01"])], noon_of_the_9th, Some(40)),
            ("this second counts", &[(LATER, &["09 12:00:00"])], noon_of_the_9th, Some(40)),
            ("the next second does not", &[(LATER, &["09 12:00:01"])], noon_of_the_9th, None),
            (
                "the evening in Washington is tomorrow in UTC",
                &[(DAY, &["07 22:00:00"])],
                "2021-07-08T05:00:00Z",
                Some(40),
            ),
            ("a complaint in the future", &[(DAY, &["08 22:00:00"])], "2021-07-09T01:59:59Z", None),
            (
                "tomorrow's file is not read",
                &[(DAY, &["01 01:00:00"]), (LATER, &["07 09:00:00"])],
                "2021-07-09T03:59:59Z",
                None,
            ),
        ];
        for (name, files, now, expected) in scenarios {
            let rows =
                |times: &[&str]| times.iter().map(|time| row("3152328257", &format!("2021-07-{time}"))).collect();
            let files: Vec<(&str, String)> = files.iter().map(|(file, times)| (*file, rows(times))).collect();
            let report = source(&files).1.look_up(&[NUMBER], utc(now)).await.unwrap();
            assert_eq!(report.answers[0].score, expected, "{name}");
            assert_eq!(report.problems, Vec::<String>::new(), "{name}");
        }
    }

    #[tokio::test]
    async fn an_opinion_is_as_old_as_the_newest_file_and_ends_after_a_week() {
        let scenarios = [
            ("2021-07-09T04:00:01Z", Ok("2021-07-09T04:00:00Z")),
            ("2021-07-08T20:00:00Z", Ok("2021-07-08T20:00:00Z")),
            ("2021-07-16T03:59:59Z", Ok("2021-07-09T04:00:00Z")),
            ("2021-07-16T04:00:00Z", Err("7 days up to 2021-07-16")),
            ("2021-07-08T03:59:59Z", Err("7 days up to 2021-07-07")),
        ];
        for (now, expected) in scenarios {
            let report = source(&[(DAY, EXCERPT.into())])
                .1
                .look_up(&[NUMBER, 12_125_550_100, 442_079_460_958], utc(now))
                .await
                .unwrap();
            match expected {
                Ok(observed_at) => {
                    assert_eq!(report.answers.len(), 2, "{now}: the FTC has no opinion on a British number");
                    assert!(report.answers.iter().all(|answer| answer.observed_at == utc(observed_at)), "{now}");
                }
                Err(problem) => {
                    assert_eq!(
                        (report.answers.len(), report.problems.len(), report.carriers.len()),
                        (0, 1, 1),
                        "{now}"
                    );
                    assert!(report.problems[0].contains(problem), "{}", report.problems[0]);
                    assert!(report.problems[0].contains("the newest is of 2021-07-08"), "{}", report.problems[0]);
                    assert!(report.problems[0].contains("download the missing days from https://www.ftc.gov/"));
                }
            }
        }
    }

    #[tokio::test]
    async fn problems_of_a_folder_name_the_file_and_cost_no_other_row() {
        let broken = [
            row("3152328257", "2021-07-07 09:00:00"),
            row("3152328257", "7 July"),
            "\"3152328257,2021-07-07 09:00:00\r\n".into(),
            "3152328257,2021-07-07 10:00:00\r\n".into(),
            row("3152328257", "2021-07-07 11:00:00"),
            row("3152328257", "2021-07-07 12:00:00"),
        ];
        let (dir, source) = source(&[(DAY, broken.concat()), (".DS_Store", String::new())]);
        std::fs::create_dir(dir.path().join("2020")).unwrap();
        let write = |name: &str, content: &[u8]| std::fs::write(dir.path().join(name), content).unwrap();
        write("complaints.csv", b"");
        write("DNC_2021-07-08.csv.part", b"");
        write("DNC_2021-07-06.csv", b"Company_Phone_Number,Violation_Date\r\n");
        let latin =
            format!("{HEADER}\n{}", row("3152328257", "2021-07-07 13:00:00")).replace("Poquoson", "Poquos\u{f3}n");
        write("DNC_2021-07-07.csv", &latin.chars().map(|c| c as u8).collect::<Vec<u8>>());
        let cut = format!("{HEADER}\n{}3152328257\n", row("3152328257", "2021-07-04 13:00:00").repeat(4));
        write("DNC_2021-07-05.csv", cut.replace("3152328257\n", "3152328257,2021-07-04 13:00:00\n").as_bytes());
        let report = source.look_up(&[NUMBER], utc("2021-07-09T12:00:00Z")).await.unwrap();
        assert_eq!(report.answers[0].label.as_deref(), Some("8 complaints in 7 days to the FTC"));
        let expected = [
            "DNC_2021-07-06.csv has no column Created_Date",
            "DNC_Complaint_Numbers_2021-07-08.csv gives no opinion of its day: 3 of its 6 numbers and times cannot be read, \
             such as row 3, column Created_Date: \"7 July\" is not a time",
            "DNC_2021-07-08.csv.part is ignored",
            "complaints.csv is ignored",
            "DNC_2021-07-05.csv row 6: 2 fields, but the header has 8",
        ];
        assert_eq!(report.problems.len(), expected.len(), "{:#?}", report.problems);
        for (problem, expected) in report.problems.iter().zip(expected) {
            assert!(problem.contains(expected), "{problem}");
        }
    }

    /// Four people a day complain, and from the third day on most rows are in a form that cannot be read.
    #[tokio::test]
    async fn a_count_does_not_fall_because_of_rows_that_cannot_be_read() {
        let (dir, source) = source(&[]);
        let write = |day: u32, rows: String| {
            let name = dir.path().join(format!("DNC_Complaint_Numbers_2021-07-{day:02}.csv"));
            std::fs::write(name, format!("{HEADER}\r\n{rows}")).unwrap();
        };
        let good = |day: u32, number: &str, times: u32| {
            (0..times).map(|hour| row(number, &format!("2021-07-{day:02} {:02}:00:00", 8 + hour))).collect::<String>()
        };
        let look_up = async |day: u32| {
            let now = utc(&format!("2021-07-{day:02}T20:00:00Z"));
            let report = source.look_up(&[NUMBER], now).await.unwrap();
            let seen = report.answers.first().map(|answer| (answer.score, answer.observed_at));
            (seen, report.problems.len())
        };
        let end = |day: u32| utc(&format!("2021-07-{day:02}T04:00:00Z"));
        write(1, good(1, "3152328257", 3));
        write(2, good(2, "3152328257", 4));
        assert_eq!(look_up(2).await, (Some((Some(100), utc("2021-07-02T20:00:00Z"))), 0));
        let other = |day: u32| good(day, "2125550100", 1) + &row("3152328257", "the 3rd of July").repeat(4);
        (3..=8).for_each(|day| write(day, other(day)));
        for (day, problems) in [(3, 1), (7, 5), (8, 6)] {
            let (seen, told) = look_up(day).await;
            assert_eq!(
                (seen, told),
                (Some((Some(100), end(3))), problems),
                "{day}: the opinion of the 2nd, until the 3rd begins"
            );
        }
        // Sound files again: nothing is known of the days between, and two complaints are a lower bound.
        write(9, good(9, "3152328257", 2));
        assert_eq!(look_up(9).await.0, Some((Some(100), end(3))));
        write(10, good(10, "3152328257", 6));
        assert_eq!(look_up(10).await.0, Some((Some(100), utc("2021-07-10T20:00:00Z"))), "as many are known again");
    }

    #[tokio::test]
    async fn a_file_with_far_fewer_rows_than_usual_gives_no_opinion_of_its_day() {
        let hundred = |day: &str| row("2125550100", &format!("2021-07-{day} 09:00:00")).repeat(100);
        let scenarios = [(100, 0), (10, 0), (9, 1), (1, 1), (0, 1)];
        for (rows, problems) in scenarios {
            let few = row("3152328257", "2021-07-08 09:00:00").repeat(rows);
            let files = [(DAY, hundred("07")), ("DNC_2021-07-07.csv", hundred("06")), ("DNC_2021-07-09.csv", few)];
            let report = source(&files).1.look_up(&[NUMBER], utc("2021-07-09T20:00:00Z")).await.unwrap();
            let newest = if problems == 0 { "2021-07-09T20:00:00Z" } else { "2021-07-09T04:00:00Z" };
            assert_eq!((report.problems.len(), report.answers[0].observed_at), (problems, utc(newest)), "{rows} rows");
        }
    }

    #[tokio::test]
    async fn a_missing_folder_is_an_error_and_an_empty_one_a_problem() {
        let source = FtcComplaints::new("FTC".into(), "/nowhere/at/all".into(), ComplaintScores::default());
        for error in [source.summary().unwrap_err(), source.look_up(&[NUMBER], 0).await.unwrap_err()] {
            assert!(
                matches!(&error, SourceError::File { path, .. } if path == Path::new("/nowhere/at/all")),
                "{error:?}"
            );
            assert!(error.to_string().starts_with("/nowhere/at/all cannot be read: "), "{error}");
        }
        let (dir, source) = self::source(&[]);
        assert_eq!(source.summary().unwrap(), FolderSummary::default());
        let report = source.look_up(&[NUMBER], utc("2021-07-09T12:00:00Z")).await.unwrap();
        assert!(report.problems[0].contains("(the folder has none)"), "{:?}", report.problems);
        assert!(report.problems[0].contains(&*dir.path().to_string_lossy()), "{:?}", report.problems);
        assert!(source.look_up(&[NUMBER], u64::MAX).await.is_err());
    }

    #[tokio::test]
    async fn a_file_is_read_again_only_when_it_has_changed() {
        let one_complaint = row("3152328257", "2021-07-07 09:00:00");
        let (dir, source) = source(&[(DAY, one_complaint.clone())]);
        let path = dir.path().join(DAY);
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let other_number = row("3152328258", "2021-07-07 09:00:00");
        let scenarios = [
            ("nothing changed", &one_complaint, written, Some(40)),
            ("other content, same time and length", &other_number, written, Some(40)),
            ("other content, later", &other_number, written + std::time::Duration::from_secs(1), None),
        ];
        for (name, rows, modified, expected) in scenarios {
            std::fs::write(&path, format!("{HEADER}\r\n{rows}")).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
            let report = source.look_up(&[NUMBER], utc("2021-07-09T12:00:00Z")).await.unwrap();
            assert_eq!(report.answers[0].score, expected, "{name}");
        }
        source.look_up(&[NUMBER], utc("2022-07-09T12:00:00Z")).await.unwrap();
        assert!(source.files_read.lock().is_empty(), "files of another year are forgotten");
    }
}
