//! Random files for the tests of the readers: pieces of good files, in any order, in several encodings.

use crate::phone::decimal_digit;
use crate::table_file::Table;
use dialguard::contract::PhoneNumber;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

/// So many cases, or as many as the environment's `PROPTEST_CASES` says.
pub(super) fn cases(usual: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// A file that begins with one of `starts` and goes on with `pieces`, among bytes and characters of any kind.
pub(super) fn file(starts: &'static [&'static str], pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    const SIGNS: [&str; 24] = [
        ",", ";", "\t", "|", "\n", "\r\n", "\r", "\"", "\"\"", " ", "\u{A0}", "\u{200E}", "–", "\u{FEFF}", "\0", "{",
        "}", "[", "]", ":", "-", "+", "\\", "\u{FFFD}",
    ];
    let piece = prop_oneof![
        8 => select(pieces).prop_map(str::to_owned),
        6 => select(&SIGNS[..]).prop_map(str::to_owned),
        1 => "[0-9]{1,16}",
        1 => "\\PC{0,6}",
    ];
    let text = (select(starts), proptest::collection::vec(piece, 0..40))
        .prop_map(|(start, pieces)| start.to_owned() + &pieces.concat());
    (text, 0..8, any::<u16>(), any::<u8>())
        .prop_map(|(text, encoding, at, byte)| encoded(&text, encoding, at.into(), byte))
}

fn encoded(text: &str, encoding: i32, at: usize, byte: u8) -> Vec<u8> {
    match encoding {
        0 => [vec![0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
        1 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        2 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        3 => {
            let mut bytes = text.as_bytes().to_vec();
            let place = at % (bytes.len() + 1);
            bytes.insert(place, byte);
            bytes
        }
        4 => text.as_bytes()[..at % (text.len() + 1)].to_vec(),
        _ => text.as_bytes().to_vec(),
    }
}

/// Whether the last digits of the number are in the file, in their order and with no other digit between them. Other signs may
/// be between them, and other digits than ASCII's may stand for them.
pub(super) fn names(bytes: &[u8], number: PhoneNumber) -> bool {
    let table = Table::read(bytes).expect("a file with numbers is a table");
    let digits: String = table.text().chars().filter_map(ascii_digit).collect();
    let number = number.to_string();
    digits.contains(&number[number.len().saturating_sub(10)..])
        || (!number.starts_with('1') && digits.contains(&number[number.len().saturating_sub(6)..]))
}

fn ascii_digit(character: char) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '\u{FF10}'..='\u{FF19}' => char::from_digit(u32::from(character) - 0xFF10, 10),
        other => decimal_digit(other),
    }
}
