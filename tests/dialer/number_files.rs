//! Files of numbers as people and telephony systems export them: the numbers that are read, and the rows that are refused.

use crate::harness::cases::{Case, all_hold};
use crate::harness::repository::repository;
use dialguard_dialer::number_file::{NumberFile, NumberFileError, ReadOptions, refused_rows};
use dialguard_dialer::phone::Region;

/// `+13105550101` and the numbers after it.
fn numbers(last_digits: std::ops::RangeInclusive<u64>) -> Vec<String> {
    last_digits.map(|last| format!("+1310555{last:04}")).collect()
}

fn two() -> Vec<String> {
    numbers(101..=102)
}

fn read(bytes: &[u8]) -> Result<NumberFile, NumberFileError> {
    NumberFile::read(bytes, &ReadOptions::new(Region::US), |_, _| true)
}

fn numbers_in(file: &NumberFile) -> Vec<String> {
    file.numbers.iter().map(|(_, number)| number.to_string()).collect()
}

/// A file that has to give these numbers, in this order, and these refused rows with these words.
fn case(
    id: &'static str,
    file: &'static str,
    situation: &'static str,
    expected: Vec<String>,
    refused: &'static [(u64, &str)],
) -> Case {
    let check = move || {
        let bytes = std::fs::read(repository("tests/inputs").join(file)).map_err(|error| error.to_string())?;
        let read = read(&bytes).map_err(|error| error.to_string())?;
        let numbers = numbers_in(&read);
        if numbers != expected {
            return Err(format!("read {numbers:?}, not {expected:?}; refused {:?}", read.bad_rows));
        }
        let fits = |(bad, (row, words)): (&dialguard_dialer::number_file::BadRow, &(u64, &str))| {
            bad.row == *row && bad.why.contains(words)
        };
        match read.bad_rows.len() == refused.len() && read.bad_rows.iter().zip(refused).all(fits) {
            true => Ok(()),
            false => Err(format!("refused {:?}, not {refused:?}", read.bad_rows)),
        }
    };
    Case { id, situation, check: Box::new(check) }
}

#[test]
fn files_from_the_world_are_read() {
    let area_codes = |file: &str| {
        let text = std::fs::read_to_string(repository("tests/inputs").join(file)).unwrap();
        text.lines().skip(1).map(|line| format!("+1{}", line.replace(['(', ')', ' ', '-'], ""))).collect::<Vec<_>>()
    };
    let none = Vec::new;
    let text = |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
    all_hold(&[
        case("N01", "N01-twilio-cli.tsv", "tabs, a column Phone Number", two(), &[]),
        case("N02b", "N02b-twilio-camel.csv", "a column phoneNumber", two(), &[]),
        case("N04", "N04-fusionpbx.csv", "destination_number, without a +", two(), &[]),
        case("N05", "N05-sangoma-did.csv", "a column did", two(), &[]),
        case("N07", "N07-hiya-template.csv", "the country in a column of its own", two(), &[]),
        case("N08", "N08-plum-ani.csv", "a column ANI", two(), &[]),
        case("N09", "N09-headerless-two-columns.csv", "number and description without a header", two(), &[]),
        case("N11", "N11-semicolon-headerless.csv", "semicolons without a header", two(), &[]),
        case("N12", "N12-unicode-text-utf16.txt", "UTF-16 with tabs", two(), &[]),
        case("N13", "N13-utf8-bom.csv", "a byte-order mark", two(), &[]),
        case("N14", "N14-cp1252-endash.csv", "en dashes in a Windows code page", two(), &[]),
        case("N16", "N16-mac-cr.csv", "lines that end in CR", numbers(101..=103), &[]),
        case("N17", "N17-quoted-newline.csv", "a quoted name with a line break", two(), &[]),
        case("N18", "N18-quoted-newline-number.csv", "a quoted note that goes on with a number", two(), &[]),
        case("N19", "N19-sep-line.csv", "a first line sep=,", two(), &[]),
        case(
            "N20",
            "N20-scientific-lossy.csv",
            "digits lost to scientific notation",
            none(),
            &[(2, "scientific notation"), (3, "scientific notation")],
        ),
        case("N21", "N21-xlsx2csv.csv", "scientific notation with every digit", two(), &[]),
        case("N23", "N23-float.csv", "floats", two(), &[]),
        case("N26", "N26-formula-guards.csv", "guards against formulas", numbers(101..=103), &[]),
        case("N27", "N27-plus-lost.csv", "the + dropped", two(), &[]),
        case("N28", "N28-invisible.csv", "invisible marks", numbers(101..=109), &[]),
        case("N29b", "N29b-nbsp-rows.csv", "no-break spaces", numbers(101..=103), &[]),
        case("N31", "N31-tel-uri.csv", "tel: addresses", numbers(101..=104), &[]),
        case("N31b", "N31b-sip-callto.csv", "sip: and bracketed tel:", two(), &[]),
        case("N33", "N33-empty-ext.csv", "ext. with nothing after it", numbers(101..=103), &[]),
        case(
            "N34",
            "N34-letters-for-digits.csv",
            "letters typed for digits",
            none(),
            &[(2, "letters"), (3, "letters"), (4, "letters"), (5, "letters"), (6, "letters")],
        ),
        case("N35", "N35-emails.csv", "e-mail addresses", none(), &[(2, "letters"), (3, "letters"), (4, "letters")]),
        case("N36", "N36-name-first.csv", "names first, no header", two(), &[]),
        case("N38", "N38-spaces-dashes.csv", "spaces, dashes, brackets, slashes", numbers(101..=109), &[]),
        case(
            "N39",
            "N39-plus-in-brackets.csv",
            "a + after a bracket or a dot",
            text(&["+5016236848", "+442079460958", "+442079460959", "+13105550101"]),
            &[],
        ),
        case(
            "N40",
            "N40-plus-without-country.csv",
            "a + before ten digits",
            none(),
            &[
                (2, "country code"),
                (3, "country code"),
                (4, "country code"),
                (5, "country code"),
                (6, "country code"),
                (7, "country code"),
                (8, "country code"),
                (9, "country code"),
            ],
        ),
        case(
            "N44",
            "N44-new-area-codes.csv",
            "area codes of the last ten years",
            area_codes("N44-new-area-codes.csv"),
            &[],
        ),
        case("N45", "N45-toll-free.csv", "toll-free codes", area_codes("N45-toll-free.csv"), &[]),
        case("N46", "N46-fictitious.csv", "555 numbers", area_codes("N46-fictitious.csv"), &[]),
        case("N48", "N48-headerless.csv", "no header", numbers(101..=103), &[]),
        case("N49", "N49-empty-first-row.csv", "empty rows before the header", two(), &[]),
        case("N51", "N51-all-quoted.csv", "everything quoted", two(), &[]),
        case("N52", "N52-ordinal-number-column.csv", "a column Number that only counts", two(), &[]),
        case("N54", "N54-full-width.csv", "digits of other scripts", numbers(101..=103), &[]),
        case("N55", "N55-trailing-spaces.csv", "trailing spaces and tabs", two(), &[]),
        case("N56", "N56-vanity.csv", "vanity numbers", none(), &[(2, "vanity"), (3, "vanity")]),
        case("N58", "N58-phone-hash.csv", "a column Phone #", numbers(101..=101), &[]),
    ]);
}

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// The same kinds in other files.
#[test]
fn their_siblings_are_read() {
    let scenarios: [(&str, &[u8], &[&str], usize); 36] = [
        (
            "VICIdial's lists: phone_code and phone_number",
            b"vendor_lead_code,phone_code,phone_number\n1,1,3105550101\n2,44,2079460958\n",
            &["+13105550101", "+442079460958"],
            0,
        ),
        (
            "a calling code before a number that has it already",
            b"Country Code,Phone\n1,13105550101\n+44,442079460958\nUnited States,310-555-0102\n",
            &["+13105550101", "+442079460958", "+13105550102"],
            0,
        ),
        ("a country that the number is not of", b"country,phone\nGB,+13105550101\nAtlantis,3105550102\n", &[], 2),
        ("Yeastar's DID Pattern", b"Name,DID Pattern,Outbound Caller ID\nA,3105550101,\n", &["+13105550101"], 0),
        (
            "FreePBX's extension column holds the DID",
            b"cidnum,extension,description\n,13105550101,West\n,13105550102,East\n",
            &["+13105550101", "+13105550102"],
            0,
        ),
        ("Bandwidth's FullNumber", b"FullNumber;City;Tier\n3105550101;Reno;0\n", &["+13105550101"], 0),
        ("Telnyx's export", b"id,phone_number,status\n1293384261075731499,+13105550101,active\n", &["+13105550101"], 0),
        (
            "Twilio's FriendlyName holds a number too",
            b"Sid,FriendlyName,PhoneNumber\nPNa,(310) 555-0199,+13105550101\n",
            &["+13105550101"],
            0,
        ),
        (
            "a title above the header",
            b"Phone numbers\nas of November\nName,Phone\nAnn,3105550101\n",
            &["+13105550101"],
            0,
        ),
        (
            "unknown names, numbers in the third column",
            b"a,b,c\nx,1,3105550101\ny,2,3105550102\n",
            &["+13105550101", "+13105550102"],
            0,
        ),
        (
            "names of people that look like no header",
            b"mobile,310-555-O101\noffice,310-555-0102\n",
            &["+13105550102"],
            1,
        ),
        ("a header in other words and a bad first row", b"Line to use\n31O5550101\n3105550102\n", &["+13105550102"], 1),
        (
            "numbers in one line",
            b"+13105550101, +13105550102, +13105550103",
            &["+13105550101", "+13105550102", "+13105550103"],
            0,
        ),
        (
            "a typing error among numbers in one line",
            b"+13105550101, +1310555012, +13105550103",
            &["+13105550101", "+13105550103"],
            1,
        ),
        (
            "numbers in lines of different length",
            b"3105550101\n3105550102, 3105550103\n",
            &["+13105550101", "+13105550102", "+13105550103"],
            0,
        ),
        ("numbers with bars between", b"3105550101|3105550102", &["+13105550101", "+13105550102"], 0),
        ("several numbers in a cell", b"number\n\"3105550101, 3105550102\"\n3105550103\n", &["+13105550103"], 1),
        ("several numbers with spaces between", b"+13105550101 +13105550102", &[], 1),
        ("one typing error and nothing else", b"31O5550101", &[], 1),
        (
            "several numbers in a line below a header",
            b"number\n3105550101, 3105550102\n3105550103\n",
            &["+13105550103"],
            1,
        ),
        ("UTF-16 without a mark", &utf_16("did\n3105550101", u16::to_le_bytes), &["+13105550101"], 0),
        ("UTF-16, big end first", &utf_16("\u{FEFF}did\n3105550101", u16::to_be_bytes), &["+13105550101"], 0),
        (
            "a country unknown here beside a whole number",
            b"country,phone\nAtlantis,+13105550101\n",
            &["+13105550101"],
            0,
        ),
        (
            "a semicolon hint with empty lines",
            b"\r\nsep=;\r\nname;number\r\n\"a;b\";3105550101\r\n",
            &["+13105550101"],
            0,
        ),
        ("bars", b"number|name\n3105550101|a,b\n3105550102|c\n", &["+13105550101", "+13105550102"], 0),
        (
            "an open quote in a note",
            b"number,note\n3105550101,\"5 inch\n3105550102,x\n3105550103,y\n",
            &["+13105550102", "+13105550103"],
            1,
        ),
        (
            "an open quote that a later row closes",
            b"number,note\n3105550101,\"a\n3105550102,b\n3105550103,\"c\"\n",
            &["+13105550102", "+13105550103"],
            1,
        ),
        ("CR CR LF", b"number\r\r\n3105550101\r\r\n", &["+13105550101"], 0),
        ("no line end at the end", b"number\n3105550101", &["+13105550101"], 0),
        ("a row that is too short", b"name,number\nAnn\nBen,3105550101\n", &["+13105550101"], 1),
        ("area codes and exchanges that cannot be", b"number\n1235550101\n9115550101\n3101550101\n", &[], 3),
        ("a stray + in an address", b"number\ntel:+3105550101\n", &[], 1),
        (
            "a column with numbers named in another language",
            b"Rufnummer;Name\n+13105550101;West\n",
            &["+13105550101"],
            0,
        ),
        (
            "dates and amounts beside the numbers",
            b"date,amount,caller\n2026-11-30,1000.50,3105550101\n2026-11-29,12.00,3105550102\n",
            &["+13105550101", "+13105550102"],
            0,
        ),
        (
            "a time stamp of ten digits beside the numbers",
            b"Created,Phone\n1764500000,3105550101\n",
            &["+13105550101"],
            0,
        ),
        (
            "a column of account numbers before the phones",
            b"Account Number,Telephone\n2125550177,3105550101\n",
            &["+13105550101"],
            0,
        ),
    ];
    for (situation, bytes, expected, refused) in scenarios {
        let file = read(bytes);
        let (numbers, bad) =
            file.as_ref().map_or((Vec::new(), Vec::new()), |file| (numbers_in(file), file.bad_rows.clone()));
        assert_eq!(
            (Vec::from_iter(numbers.iter().map(String::as_str)), bad.len()),
            (expected.to_vec(), refused),
            "{situation}: {file:?}"
        );
    }
}

#[test]
fn the_column_can_be_named_and_others_with_numbers_are_told() {
    let bytes = b"Main phone,Forward to,Name\n3105550101,3105550201,Ann\n3105550102,3105550202,Ben\n";
    let with = |column: Option<&str>| {
        let options = ReadOptions { column: column.map(str::to_owned), ..ReadOptions::new(Region::US) };
        NumberFile::read(bytes, &options, |_, _| true)
    };
    let recognized = with(None).unwrap();
    assert_eq!(
        (recognized.column(), recognized.other_columns.as_slice()),
        (Some("Main phone"), &["Forward to".to_owned()][..])
    );
    assert_eq!(numbers_in(&recognized), two());
    for column in ["Forward to", "forward_to", "2"] {
        let named = with(Some(column)).unwrap();
        assert_eq!((named.column(), numbers_in(&named)), (Some("Forward to"), numbers(201..=202)), "{column}");
    }
    for column in ["Backward to", "0", "4", ""] {
        let error = with(Some(column)).unwrap_err();
        assert!(matches!(error, NumberFileError::NoSuchColumn { .. }), "{column}: {error}");
        assert!(error.to_string().ends_with("it has Main phone, Forward to, Name"), "{error}");
    }
    let titled = b"Phone numbers\nName,DID\nA,3105550101\n";
    let options = ReadOptions { column: Some("Fone".into()), ..ReadOptions::new(Region::US) };
    let error = NumberFile::read(titled, &options, |_, _| true).unwrap_err().to_string();
    assert_eq!(error, "the file has no column \"Fone\"; it has Name, DID");
    let headerless = NumberFile::read(
        b"West,3105550101\n",
        &ReadOptions { column: Some("2".into()), ..ReadOptions::new(Region::US) },
        |_, _| true,
    );
    assert_eq!(numbers_in(&headerless.unwrap()), numbers(101..=101));
}

/// Digits in the place of a column's name are a number in doubt: no row is lost as a header.
#[test]
fn a_first_row_in_doubt_is_no_header() {
    for (bytes, column) in
        [(&b"12\n3105550101\n"[..], None), (b"12\n3105550101\n", Some("1")), (b"Ann,555-01\nBen,3105550101\n", None)]
    {
        let options = ReadOptions { column: column.map(str::to_owned), ..ReadOptions::new(Region::US) };
        let file = NumberFile::read(bytes, &options, |_, _| true).unwrap();
        assert_eq!((numbers_in(&file), file.bad_rows.len()), (numbers(101..=101), 1), "{file:?}");
    }
    let named = read(b"Ann,Line2\nBen,3105550101\n").unwrap();
    assert_eq!((named.column(), named.bad_rows.len()), (Some("Line2"), 0));
}

#[test]
fn what_has_no_numbers_is_refused_as_a_whole() {
    let scenarios: [(&[u8], &str); 8] = [
        (b"", "the file is empty"),
        (b"\n,,\n \n", "the file is empty"),
        (b"PK\x03\x04 a workbook", "the file is a workbook"),
        (b"<!DOCTYPE html><html>", "the file is a web page"),
        (b"%PDF-1.7", "the file is not text"),
        (b"[{\"number\": \"+13105550101\"}]", "the file is JSON"),
        (b"Ann\nBen\n", "row 1 and those after it have no column of phone numbers"),
        (b"\nid,total\n1,2\n", "row 2 and those after it have no column of phone numbers"),
    ];
    for (bytes, expected) in scenarios {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{bytes:?}: {error}");
    }
}

#[test]
fn refused_rows_are_a_file_that_can_be_corrected_and_imported() {
    let bytes = b"Name;Phone;Note\nAnn;31O5550101;=1+1\nBen;3105550102;\nCem;555;x\n";
    let file = read(bytes).unwrap();
    let refused = refused_rows(bytes, &ReadOptions::new(Region::US), &file.bad_rows).unwrap();
    let text = String::from_utf8(refused).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0], "Name,Phone,Note,reason");
    assert!(lines[1].starts_with("Ann,31O5550101,'=1+1,") && lines[1].contains("letters"), "{text}");
    assert!(lines[2].starts_with("Cem,555,x,") && lines[2].contains("3 digits after +1"), "{text}");
    let corrected = text.replace("31O5550101", "3105550101").replace("Cem,555", "Cem,310-555-0103");
    assert_eq!(numbers_in(&read(corrected.as_bytes()).unwrap()), ["+13105550101", "+13105550103"]);
}

/// One row of very many fields, and very many rows of one: neither multiplies with the other.
#[test]
fn a_file_that_is_wide_and_long_is_read_in_proportion_to_its_size() {
    let wide = format!("number{}\n{}", ",".repeat(200_000), "x\n".repeat(100_000));
    let file = read(wide.as_bytes()).unwrap();
    assert!(file.columns.len() <= 16_384 && file.first_rows.iter().all(|read| read.fields.len() <= 50));
    let rows = refused_rows(wide.as_bytes(), &ReadOptions::new(Region::US), &file.bad_rows).unwrap();
    assert_eq!((file.bad_rows.len(), rows.iter().filter(|byte| **byte == b'\n').count()), (100_000, 100_001));
    assert!(rows.len() < 100 * wide.len());
    let list = "3105550101,".repeat(50_000) + "31055501,31055502";
    let file = read(list.as_bytes()).unwrap();
    let rows = refused_rows(list.as_bytes(), &ReadOptions::new(Region::US), &file.bad_rows).unwrap();
    assert_eq!((file.place, file.bad_rows.len()), (None, 2));
    let rows = String::from_utf8(rows).unwrap();
    let numbers: Vec<_> = rows.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(numbers, ["number", "31055501", "31055502"]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    /// A number that is read is in the file: its digits stand there in this order, the country code aside.
    #[test]
    fn no_number_is_made_up(bytes in files()) {
        if let Ok(file) = read(&bytes) {
            let text: String = bytes.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
            for number in numbers_in(&file) {
                let national = number.trim_start_matches("+1").trim_start_matches('+');
                proptest::prop_assert!(text.contains(national), "{number} is not in {:?}", String::from_utf8_lossy(&bytes));
            }
            proptest::prop_assert!(file.numbers.len() + file.bad_rows.len() <= bytes.len());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}

/// Files made of the parts that files are made of, in any order.
fn files() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    const PARTS: [&[u8]; 26] = [
        b"number",
        b"Phone #",
        b"country code",
        b"sep=;",
        b",",
        b";",
        b"\t",
        b"|",
        b"\n",
        b"\r\n",
        b"\r",
        b"\"",
        b"\"\"",
        b"3105550101",
        b"+1 310-555-0102",
        b"1.3105550103E10",
        b"+442079460958",
        b"31O5550104",
        b"tel:+13105550105",
        b" ext. 5",
        b"\xFF\xFE",
        b"\0",
        b"\x96",
        "\u{202D}".as_bytes(),
        b"44",
        b"West",
    ];
    use proptest::strategy::Strategy;
    proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..40).prop_map(|parts| parts.concat())
}

#[test]
fn a_file_beyond_its_bounds_is_refused_before_its_numbers_are_read() {
    let options = ReadOptions::new(Region::US);
    let read = |text: &str| {
        let mut rows = 0;
        let file = NumberFile::read(text.as_bytes(), &options, |_, _| {
            rows += 1;
            true
        });
        (file.unwrap_err(), rows)
    };
    assert_eq!(read(&"1\n".repeat(1_000_001)), (NumberFileError::TooLarge, 0));
    assert_eq!(read(&"1,".repeat(4 << 20)), (NumberFileError::TooLarge, 0));
    assert_eq!(read(&",".repeat(8 << 20)), (NumberFileError::TooLarge, 0));
}

#[test]
fn a_file_is_read_for_as_long_as_somebody_waits() {
    let file = format!("number\n{}", "+13105550123\n".repeat(100));
    let mut rows = 0;
    let read = NumberFile::read(file.as_bytes(), &ReadOptions::new(Region::US), |_, _| {
        rows += 1;
        rows < 10
    });
    assert_eq!((read.unwrap_err(), rows), (NumberFileError::Stopped, 10));
}

#[test]
fn an_error_names_the_first_columns_of_a_wide_file() {
    let names: Vec<String> = (0..50_000).map(|i| format!("c{i}")).collect();
    let file = format!("{}\n{}", names.join(","), "+13105550123,".repeat(50_000));
    let options = ReadOptions { column: Some("Fone".into()), ..ReadOptions::new(Region::US) };
    let error = NumberFile::read(file.as_bytes(), &options, |_, _| true).unwrap_err().to_string();
    assert!(error.ends_with("c18, c19 and 16,364 more") && error.len() < 300, "{error}");
}
