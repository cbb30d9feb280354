//! One daily file: its complaints, and whether it can be trusted to have all of its day's.
//!
//! Rows are read in every form that leaves no doubt, because files pass through spreadsheets and scripts before they get
//! here. A file that is damaged, broken off or written in another way is flawed: its readable complaints count, but it says
//! nothing about the numbers that it does not name.

use super::new_york;
use crate::figures::grouped;
use crate::phone::{self, Region, area_code, nanp_number};
use crate::table_file::{RowError, RowProblems, Table, read_file};
use crate::written_time::{WrittenTime, at_offset, iso_date};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use dialguard::calendar::TIME_MAX;
use dialguard::contract::{PhoneNumber, Timestamp};
use std::path::Path;

/// The columns that are read. The others describe the consumer or are not needed.
const COLUMNS: [&str; 2] = ["Company_Phone_Number", "Created_Date"];

/// A file is flawed if half of its numbers and times cannot be read; one of so many rows, if a tenth cannot be. In the FTC's
/// own files one in 60 is an impossible number: consumers report what a spoofed caller displayed.
const LONG_FILE_ROWS: usize = 100;

/// How long before the day of its file a complaint may be, if the form of its date has to be recognized by that. Read in
/// the wrong order of day and month, a date is off by 27 days or more.
const DAYS_BEFORE_FILE_MAX: i64 = 14;

/// When a complaint was made, at the earliest and at the latest. The two differ if only the date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Created {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The complaints in one file.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    pub(super) file_name: String,
    /// Number and time of each complaint, in ascending order.
    by_number: Vec<(PhoneNumber, Created)>,
    /// The numbers of complaints whose time cannot be read, in ascending order.
    undated: Vec<PhoneNumber>,
    /// All rows below the header.
    pub(super) rows: usize,
    pub(super) rows_without_number: usize,
    pub(super) rows_with_impossible_number: usize,
    rows_unreadable: usize,
    example: Option<String>,
    /// Why the file may lack complaints of its day, as the end of a sentence.
    pub(super) flaw: Option<String>,
    pub(super) problems: Vec<String>,
}

impl Complaints {
    /// Reads the file of this day. An error is a sentence for the operator; it means that nothing in the file can be used.
    pub(super) fn read(path: &Path, day: NaiveDate) -> Result<Self, String> {
        let bytes = read_file(path).map_err(|error| {
            format!("{} cannot be read: {error}; make it readable or download it again", path.display())
        })?;
        Complaints::of(path, day, &bytes).map_err(|problem| format!("{} {problem}; download it again", path.display()))
    }

    fn of(path: &Path, day: NaiveDate, bytes: &[u8]) -> Result<Self, String> {
        let table = Table::read(bytes).map_err(|error| error.to_string())?;
        let mut rows = table.rows();
        let columns = rows.header(COLUMNS)?;
        let mut complaints = Complaints::default();
        let mut problems = RowProblems::of(path);
        let mut cut_row = None;
        for row in rows {
            complaints.rows += 1;
            cut_row = columns.is_short(&row).then_some(row.line);
            let added = columns.leading_of(&row).and_then(|fields| complaints.add(fields, day));
            added.unwrap_or_else(|error| {
                complaints.rows_unreadable += 1;
                complaints.example.get_or_insert_with(|| format!("row {}{error}", row.line));
                problems.add(row.line, error);
            });
        }
        complaints.by_number.sort_unstable();
        complaints.undated.sort_unstable();
        let cut_row = cut_row.filter(|_| !table.text().ends_with(['\n', '\r']));
        complaints.file_name = problems.file_name().to_owned();
        complaints.flaw = complaints.flaw(cut_row);
        // One example says enough about a file in another form.
        complaints.problems = if complaints.flaw.is_none() { problems.into_sentences() } else { Vec::new() };
        Ok(complaints)
    }

    /// From fields in the order of [`COLUMNS`].
    fn add(&mut self, [number, created_at]: [&str; 2], day: NaiveDate) -> Result<(), RowError> {
        if number.is_empty() {
            self.rows_without_number += 1;
            return Ok(());
        }
        let number = match complained_about(number) {
            Ok(number) => number,
            Err(why) => {
                self.rows_with_impossible_number += 1;
                self.example.get_or_insert_with(|| format!("{} {why}", COLUMNS[0]));
                return Ok(());
            }
        };
        match created(created_at, day) {
            Some(created) => self.by_number.push((number, created)),
            None => {
                self.undated.push(number);
                let what = format!("{created_at:?} is not a time like 2021-07-07 00:01:15; download the file again");
                return Err(RowError::Column(COLUMNS[1], what));
            }
        }
        Ok(())
    }

    fn flaw(&self, cut_row: Option<u64>) -> Option<String> {
        let unreadable = self.rows_unreadable + self.rows_with_impossible_number;
        let with_number = self.rows - self.rows_without_number;
        if let Some(line) = cut_row {
            return Some(format!("it breaks off in row {line}"));
        }
        if self.rows == 0 {
            return Some("it has a header and no rows".into());
        }
        let are_most = unreadable > 0 && unreadable * 2 >= with_number;
        if are_most || (with_number >= LONG_FILE_ROWS && unreadable * 10 > with_number) {
            let example = self.example.as_deref().unwrap_or_default();
            let [unreadable, with_number] = [unreadable, with_number].map(|rows| grouped(rows as u64));
            return Some(format!(
                "{unreadable} of its {with_number} numbers and times cannot be read, such as {example}"
            ));
        }
        let [without, rows] = [self.rows_without_number, self.rows].map(|rows| grouped(rows as u64));
        (with_number * 2 < self.rows).then(|| format!("{without} of its {rows} rows have no number"))
    }

    /// How many of its rows are complaints that can count towards a score.
    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// The complaints about a number, in ascending order.
    pub(super) fn about(&self, number: PhoneNumber) -> &[(PhoneNumber, Created)] {
        let start = self.by_number.partition_point(|(other, _)| *other < number);
        let length = self.by_number[start..].partition_point(|(other, _)| *other == number);
        &self.by_number[start..start + length]
    }

    /// Whether a complaint about the number has no readable time.
    pub(super) fn has_undated(&self, number: PhoneNumber) -> bool {
        self.undated.binary_search(&number).is_ok()
    }
}

/// A number of the North American plan, which alone the FTC receives complaints about.
fn complained_about(text: &str) -> Result<PhoneNumber, String> {
    if let Some(number) = nanp_number(text) {
        return Ok(number);
    }
    let number = phone::PhoneNumber::parse(text, Region::US).map_err(|error| error.to_string())?;
    let number = Some(number.digits()).filter(|number| area_code(*number).is_some());
    number.ok_or_else(|| format!("{text:?} is not a number of the North American plan"))
}

/// When a complaint in the file of this day was made: US Eastern time unless a zone is written.
///
/// A date alone means all of its day. Month and day may be in the American order, or the month a name, if the date then lies
/// in the two weeks up to the file's.
fn created(text: &str, day: NaiveDate) -> Option<Created> {
    let WrittenTime { date, time, offset } = WrittenTime::read(text)?;
    let date = iso_date(date).or_else(|| american_date(date).filter(|date| is_shortly_before(*date, day)))?;
    let exactly = |at| Created { from: at, until: at };
    match (time, offset) {
        (Some(time), Some(offset)) => at_offset(date.and_time(time), offset).map(exactly),
        (Some(time), None) => eastern_to_utc(date.and_time(time)).map(exactly),
        (None, _) => {
            let from = eastern_to_utc(date.and_time(NaiveTime::MIN))?;
            Some(Created { from, until: eastern_to_utc(date.succ_opt()?.and_time(NaiveTime::MIN))? - 1 })
        }
    }
}

fn is_shortly_before(date: NaiveDate, day: NaiveDate) -> bool {
    (0..=DAYS_BEFORE_FILE_MAX).contains(&(day - date).num_days())
}

/// `11/27/2026`, `11/27/26`, `27-Nov-2026`, `Nov 27, 2026` and their like.
fn american_date(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['/', '-', ' ', ',', '.']).filter(|part| !part.is_empty()).collect();
    let [first, second, year] = parts.try_into().ok()?;
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (2, year) => 2000 + year,
        (4, year) => year,
        _ => return None,
    };
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| (1..=2).contains(&part.len()));
    let (month, day) = match (month_named(first), month_named(second)) {
        (Some(month), _) => (month, number(second)?),
        (_, Some(month)) => (month, number(first)?),
        _ => (number(first)?, number(second)?),
    };
    NaiveDate::from_ymd_opt(year, month, day)
}

fn month_named(text: &str) -> Option<u32> {
    text.parse::<chrono::Month>().ok().map(|month| month.number_from_month())
}

/// In November, the first of the repeated hour. In March, a time in the skipped hour is an hour later.
fn eastern_to_utc(local: NaiveDateTime) -> Option<Timestamp> {
    let exact = new_york().from_local_datetime(&local).earliest();
    let skipped = || new_york().from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?).earliest();
    Timestamp::try_from(exact.or_else(skipped)?.timestamp()).ok().filter(|at| *at <= TIME_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::random_files::{cases, file, names};
    use dialguard::calendar::rfc3339;
    use proptest::prelude::*;

    const FILE_OF: &str = "2026-11-30";

    fn when(text: &str, file_of: &str) -> Option<String> {
        let created = created(text, file_of.parse().unwrap())?;
        let (from, until) = (rfc3339(created.from), rfc3339(created.until));
        Some(if from == until { from } else { format!("{from} to {until}") })
    }

    fn read(rows: &str) -> Complaints {
        let header = "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City\r\n";
        let bytes = format!("{header}{rows}");
        Complaints::of(Path::new("d.csv"), FILE_OF.parse().unwrap(), bytes.as_bytes()).unwrap()
    }

    #[test]
    fn times_without_a_zone_are_us_eastern_in_summer_and_winter() {
        let scenarios = [
            ("2021-07-07 00:01:15", Some("2021-07-07T04:01:15Z")),
            ("2021-01-07 00:01:15", Some("2021-01-07T05:01:15Z")),
            ("2021-11-07 01:30:00", Some("2021-11-07T05:30:00Z")),
            ("2021-03-14 02:30:00", Some("2021-03-14T07:30:00Z")),
            ("1969-07-07 00:00:00", None),
            ("2021-02-30 00:00:00", None),
            ("+262142-12-31 23:59:59", None),
            ("", None),
        ];
        for (text, expected) in scenarios {
            assert_eq!(when(text, FILE_OF).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_in_any_form_that_leaves_no_doubt() {
        for text in [
            "2026-11-27 09:00:00",
            "2026-11-27 09:00",
            "2026-11-27 9:00:00 AM",
            "2026-11-27T09:00:00",
            "2026-11-27T14:00:00Z",
            "2026-11-27 09:00:00-05:00",
            "2026-11-27T14:00:00.000+0000",
            "2026/11/27 09:00:00",
            "11/27/2026 9:00",
            "11/27/2026 09:00:00 AM",
            "11/27/26 9:00",
            "11-27-2026 09:00",
            "27-Nov-2026 09:00:00",
            "27-NOV-26 09:00:00",
            "Nov 27, 2026 9:00 AM",
            "Nov 27 2026  9:00AM",
            "November 27, 2026, 9:00 AM",
        ] {
            assert_eq!(when(text, FILE_OF).as_deref(), Some("2026-11-27T14:00:00Z"), "{text}");
        }
        let whole_day = Some("2026-11-27T05:00:00Z to 2026-11-28T04:59:59Z");
        for text in ["2026-11-27", "11/27/2026", "11/27/26", "27-Nov-26"] {
            assert_eq!(when(text, FILE_OF).as_deref(), whole_day, "{text}");
        }
    }

    /// The day first, a wrong century, a serial number: nothing is guessed.
    #[test]
    fn times_in_doubt_are_refused() {
        let scenarios = [
            ("13/11/2026 09:00", "2026-11-30"),
            ("27/11/2026 09:00", "2026-11-30"),
            ("12/11/2026 09:00", "2026-11-13"),
            ("01/12/2026 09:00", "2026-12-02"),
            ("11/10/2026 09:00", "2026-11-30"),
            ("11/27/2016 09:00", "2026-11-30"),
            ("12/01/2026 09:00", "2026-11-30"),
            ("46353.375", "2026-11-30"),
            ("1795788000", "2026-11-30"),
            ("20261127", "2026-11-30"),
            ("2026-11-27 09:00:00 EST", "2026-11-30"),
            ("3105550101", "2026-11-30"),
        ];
        for (text, file_of) in scenarios {
            assert_eq!(when(text, file_of), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_any_form_that_leaves_no_doubt() {
        for text in ["3105550101", "13105550101", "+13105550101", "310-555-0101", "(310) 555-0101", "3105550101.0"] {
            assert_eq!(complained_about(text), Ok(13_105_550_101), "{text}");
        }
        for text in
            ["3.10555E+09", "3.1055501E9", "31O5550101", "+442079460958", "9999999", "951677xxxx", "15012902256#1"]
        {
            assert!(complained_about(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_flawed_if_complaints_of_its_day_may_be_missing() {
        let good = "3105550101,2026-11-27 09:00:00,2026-11-27 09:00:00,Reno\r\n";
        let [scientific, unnamed, shifted] =
            ["3.10555E+09", "", "2026-11-27 09:00:00"].map(|number| good.replace("3105550101", number));
        let day_first = good.replace("2026-11-27", "27/11/2026");
        let city = good.replace("Reno", "Acme, Inc");
        let quote = good.replace("Reno", "\"Reno");
        let (cut, cut_city) = (good[..40].to_owned(), good[..good.len() - 3].to_owned());
        let scenarios: [(&str, &[&String], usize, Option<&str>); 16] = [
            ("sound", &[], 3, None),
            ("a header alone", &[], 0, Some("a header and no rows")),
            (
                "numbers in scientific notation",
                &[&scientific, &scientific],
                0,
                Some("2 of its 2 numbers and times cannot be read, such as"),
            ),
            ("a third unreadable, as in a short excerpt", &[&scientific], 2, None),
            ("half of them", &[&scientific, &scientific], 2, Some("2 of its 4")),
            ("a tenth of many", &[&scientific; 10], 90, None),
            ("more than a tenth of many", &[&scientific; 11], 90, Some("11 of its 101")),
            (
                "the day first",
                &[&day_first],
                0,
                Some("row 2, column Created_Date: \"27/11/2026 09:00:00\" is not a time"),
            ),
            ("shifted", &[&shifted], 3, None),
            ("few without a number", &[&unnamed, &unnamed], 2, None),
            ("most without a number", &[&unnamed, &unnamed], 1, Some("2 of its 3 rows have no number")),
            ("a comma in the city", &[&city, &city], 0, None),
            ("a quote in the city", &[&quote, &quote], 0, None),
            ("cut in a row", &[&cut], 3, Some("breaks off in row 5")),
            ("cut at the end", &[&cut_city], 3, None),
            ("nothing else", &[&cut], 0, Some("breaks off in row 2")),
        ];
        for (name, others, good_rows, flaw) in scenarios {
            let rows = good.repeat(good_rows) + &others.iter().map(|row| row.as_str()).collect::<String>();
            let complaints = read(&rows);
            match (&complaints.flaw, flaw) {
                (Some(found), Some(expected)) => assert!(found.contains(expected), "{name}: {found}"),
                (found, expected) => assert_eq!(found.as_deref(), expected, "{name}"),
            }
        }
        let read = read(&city.repeat(3));
        assert_eq!((read.len(), read.about(13_105_550_101).len()), (3, 3));
    }

    const STARTS: [&str; 4] = [
        "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City\r\n",
        "company-phone-number;created-date\n",
        "id\tCreated Date\tCompany Phone Number\r",
        "",
    ];
    const PIECES: [&str; 14] = [
        "3105550101,2026-11-27 09:00:00,2026-11-27 09:00:00,Reno\r\n",
        "3105550101;2026-11-27T09:00:00Z\n",
        "7\t11/27/2026 9:00\t310-555-0101\r",
        "+1 (310) 555-0101",
        "３１０５５５０１０１",
        "3.10555E+09",
        "3.105550101E9",
        "3105550101.0",
        "31O5550101",
        "2026-11-27",
        "27/11/2026 09:00",
        "Nov 27, 2026 9:00 AM",
        "\"Acme, Inc\"",
        "Company_Phone_Number,Created_Date\n",
    ];

    proptest! {
        #![proptest_config(cases(1_000))]

        /// Every complaint is about a number in the file; nothing panics, and what is kept is no longer than the file.
        #[test]
        fn random_files_give_no_complaint_that_is_not_in_them(bytes in file(&STARTS, &PIECES)) {
            if let Ok(complaints) = Complaints::of(Path::new("d.csv"), FILE_OF.parse().unwrap(), &bytes) {
                for number in complaints.by_number.iter().map(|(number, _)| *number).chain(complaints.undated.iter().copied()) {
                    prop_assert!(names(&bytes, number), "{number} of {:?}", String::from_utf8_lossy(&bytes));
                }
                let problems: usize = complaints.problems.iter().map(String::len).sum();
                prop_assert!(complaints.by_number.len() + complaints.undated.len() <= bytes.len() / 10);
                prop_assert!(complaints.rows <= bytes.len() && problems <= 22 * 1_300);
            }
        }
    }
}
