//! Files of calls as telephony systems export them: the hours that are read, and the rows that are refused.

use crate::harness::cases::{Case, all_hold};
use crate::harness::repository::repository;
use dialguard::calendar::rfc3339;
use dialguard::contract::CallTotals;
use dialguard_dialer::call_file::{BadRow, CallFile, CallFileError, ReadOptions, refused_rows};
use dialguard_dialer::ledger::CallHour;
use dialguard_dialer::phone::Region;

/// The account and its files are in Los Angeles, eight hours behind UTC in February.
fn options() -> ReadOptions {
    let zone = "America/Los_Angeles".parse().expect("a zone");
    ReadOptions { region: Region::US, account_zone: zone, file_zone: zone }
}

fn read(bytes: &[u8]) -> Result<CallFile, CallFileError> {
    CallFile::read(bytes, &options(), |_, _| true)
}

/// The last digits of the number, the hour in UTC, then calls made, answered, short and blocked: `0101 27T17 4/1/0/2`.
fn noted(hour: &CallHour) -> String {
    let CallTotals { attempts, answered, short, blocked } = hour.calls.into();
    let at = rfc3339(hour.hour);
    format!("{:04} {} {attempts}/{answered}/{short}/{blocked}", hour.number % 10_000, &at[8..13])
}

/// A file that has to give these hours, in this order, this many calls that came in, and these refused rows.
fn case(
    id: &'static str,
    file: &'static str,
    situation: &'static str,
    expected: (&'static [&str], usize),
    refused: &'static [(u64, &str)],
) -> Case {
    let check = move || {
        let bytes = std::fs::read(repository("tests/inputs").join(file)).map_err(|error| error.to_string())?;
        let read = read(&bytes).map_err(|error| error.to_string())?;
        let hours: Vec<String> = read.hours.iter().map(noted).collect();
        if hours != expected.0 || read.incoming_rows != expected.1 {
            return Err(format!("read {hours:?} and {} that came in; refused {:?}", read.incoming_rows, read.bad_rows));
        }
        let fits = |(bad, (row, words)): (&BadRow, &(u64, &str))| bad.row == *row && bad.why.contains(words);
        match read.bad_rows.len() == refused.len() && read.bad_rows.iter().zip(refused).all(fits) {
            true => Ok(()),
            false => Err(format!("refused {:?}, not {refused:?}", read.bad_rows)),
        }
    };
    Case { id, situation, check: Box::new(check) }
}

#[test]
fn call_files_from_the_world_are_read() {
    all_hold(&[
        case(
            "C01",
            "C01-freepbx-cdr.csv",
            "outbound_cnum called, an incoming call has none, billsec is without ringing",
            (&["0101 27T17 3/2/1/0", "0102 27T18 1/0/0/0"], 1),
            &[],
        ),
        case(
            "C02",
            "C02-asterisk-master.csv",
            "a call counts in the hour in which it began",
            (&["0101 28T07 1/1/0/0", "0101 28T08 1/0/0/0"], 0),
            &[],
        ),
        case(
            "C03",
            "C03-vicidial-dial-log.tsv",
            "603 'Network Blocked' and 608 are blocked, 603 'Decline' is a person",
            (&["0101 27T17 4/1/0/2"], 0),
            &[],
        ),
        case("C04", "C04-fusionpbx-cdr.csv", "causes of FreeSWITCH, one call in", (&["0101 27T17 3/1/0/0"], 1), &[]),
        case("C05", "C05-twilio-calls.json", "a page of Twilio's API", (&["0101 27T17 2/1/1/0"], 1), &[]),
        case(
            "C06",
            "C06-hours.csv",
            "a report below a title; the later row of an hour counts",
            (&["0101 27T17 42/13/3/1", "0101 27T18 38/11/2/0"], 0),
            &[(6, "more calls are answered than made")],
        ),
        case(
            "C07",
            "C07-hours.jsonl",
            "a report as JSON lines, without columns that are not known",
            (&["0101 27T17 40/12/0/0", "0102 27T17 7/1/1/2"], 0),
            &[(3, "\"yesterday\" is not a time"), (4, "EOF while parsing")],
        ),
        case(
            "C08",
            "C08-utf16-calls.txt",
            "UTF-16, a duration with colons, a call that is not over",
            (&["0101 27T17 1/1/0/0"], 0),
            &[(3, "import it when it is over")],
        ),
    ]);
}

#[test]
fn a_file_without_a_column_says_which() {
    for (content, why) in [
        ("", "the file is empty"),
        (
            "number,hour,answered\n",
            "no column of how a call ended, such as disposition, status or sip_code; it has number, hour",
        ),
        ("dst,calldate,disposition\n", "no column of the number that called, such as number, src or from; it has dst"),
        ("src,dst,disposition\n", "no column of when a call began, such as calldate or start_time"),
        ("number,attempts,answered\n", "no column of the hour, such as hour"),
        ("number,hour,attempts\n", "no column of answered calls"),
        ("[]", "the file is empty"),
        ("{\"src\": 1}", "no column of when a call began"),
        ("PK\x03\x04", "is a workbook"),
    ] {
        let error = read(content.as_bytes()).expect_err(content).to_string();
        assert!(error.contains(why), "{content:?}: {error}");
    }
}

#[test]
fn refused_rows_of_a_table_and_of_json_become_a_table() {
    let csv = b"src,calldate,disposition\n310-555-O101,2026-02-27 09:00:00,ANSWERED\n3105550102,,BUSY\n";
    let refused = read(csv).unwrap().bad_rows;
    let rows = String::from_utf8(refused_rows(csv, &refused).unwrap()).unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "src,calldate,disposition,reason"));
    let corrected = rows.replace("O101", "0101").replace("3105550102,,", "3105550102,2026-02-27 09:00:00,");
    let hours: Vec<String> = read(corrected.as_bytes()).unwrap().hours.iter().map(noted).collect();
    assert_eq!(hours, ["0101 27T17 1/1/0/0", "0102 27T17 1/0/0/0"]);

    let json = b"{\"from\": \"+13105550101\", \"time\": \"2026-02-27 09:00\", \"status\": \"busy\"}\n\
                 {\"from\": \"+13105550102\", \"time\": \"soon\", \"status\": \"busy\", \"price\": null}\n";
    let refused = read(json).unwrap().bad_rows;
    let rows = String::from_utf8(refused_rows(json, &refused).unwrap()).unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "from,time,status,price,reason"));
    assert!(lines[1].starts_with("'+13105550102,soon,busy,,"), "{rows}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    /// Each row of a file of single calls is one call, or came in, or is refused; none is lost and none counts twice.
    #[test]
    fn no_call_is_lost_or_made_up(rows in proptest::collection::vec(call_row(), 0..30)) {
        let text = format!("src,direction,calldate,disposition,billsec\n{}", rows.join("\n"));
        let file = read(text.as_bytes()).expect("it has a header");
        let attempts: u64 = file.hours.iter().map(|hour| CallTotals::from(hour.calls).attempts).sum();
        let accounted = attempts as usize + file.incoming_rows + file.bad_rows.len();
        // A row without any value is no row.
        proptest::prop_assert_eq!(accounted, rows.iter().filter(|row| *row != "\"\",,,,").count());
        proptest::prop_assert!(file.hours.windows(2).all(|two| (two[0].number, two[0].hour) < (two[1].number, two[1].hour)));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"number,hour,attempts,answered\n", &bytes[..]].concat());
        let _ = read(&[b"{\"from\": \"", &bytes[..]].concat());
    }
}

fn call_row() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::Strategy;
    use proptest::sample::select;
    let numbers = select(vec!["13105550101", "\"West\" <13105550102>", "201", "", "310-555-O101"]);
    let directions = select(vec!["outbound", "inbound", "", "out"]);
    let times =
        select(vec!["2026-02-27 09:00:00", "2026-02-27T17:59:59Z", "2026-03-08 02:30:00", "1772236798", "9", ""]);
    let outcomes = select(vec!["ANSWERED", "NO ANSWER", "603+", "608", "SALE", "", "queued"]);
    let seconds = select(vec!["0", "6", "7.5", "0:01:00", "", "x"]);
    let fields = (numbers, directions, times, outcomes, seconds);
    fields.prop_map(|(number, direction, time, outcome, seconds)| {
        format!("\"{}\",{direction},{time},{outcome},{seconds}", number.replace('"', "\"\""))
    })
}
