//! Phone numbers as people read them. Programs, files and commands have E.164.

use super::{area_code, e164};
use dialguard::contract::PhoneNumber;
use phonenumber::Mode;

/// Digits of an E.164 number, at least and at most, in a text.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A number as people read it: `(310) 555-0123` in North America, in its country's usual international form elsewhere.
///
/// ```
/// use dialguard_dialer::phone::readable;
/// assert_eq!(readable(13_105_550_123), "(310) 555-0123");
/// assert_eq!(readable(442_079_460_018), "+44 20 7946 0018");
/// ```
pub fn readable(number: PhoneNumber) -> String {
    match area_code(number) {
        Some(area) => format!("({area}) {:03}-{:04}", number / 10_000 % 1_000, number % 10_000),
        None => {
            let written = e164(number).to_string();
            let international =
                |number: phonenumber::PhoneNumber| number.format().mode(Mode::International).to_string();
            phonenumber::parse(None, &written).map(international).unwrap_or(written)
        }
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Anything between the numbers.
    Words(&'a str),
    /// A number that the text has in E.164.
    Number(PhoneNumber),
}

/// Splits a text at the numbers that it has in E.164, as events and messages do.
///
/// ```
/// use dialguard_dialer::phone::{Part, split_at_numbers};
/// let parts: Vec<_> = split_at_numbers("+13105550123 turned flagged.").collect();
/// assert_eq!(parts, [Part::Number(13_105_550_123), Part::Words(" turned flagged.")]);
/// ```
pub fn split_at_numbers(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    let mut found = None;
    std::iter::from_fn(move || {
        if let Some(number) = found.take() {
            return Some(Part::Number(number));
        }
        if rest.is_empty() {
            return None;
        }
        let Some((before, number, after)) = first_number(rest) else {
            return Some(Part::Words(std::mem::take(&mut rest)));
        };
        rest = after;
        if before.is_empty() {
            return Some(Part::Number(number));
        }
        found = Some(number);
        Some(Part::Words(before))
    })
}

/// The first number in a text, between what is before and after it.
fn first_number(text: &str) -> Option<(&str, PhoneNumber, &str)> {
    text.match_indices('+').find_map(|(start, _)| {
        let (before, from) = (&text[..start], &text[start + 1..]);
        let length = from.bytes().take_while(u8::is_ascii_digit).count();
        let after = &from[length..];
        let is_inside_a_word = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        let number = from[..length].parse().ok().filter(|_| DIGITS.contains(&length) && !is_inside_a_word)?;
        Some((before, number, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_their_country_writes_them() {
        for (number, read) in [
            (13_105_550_107, "(310) 555-0107"),
            (18_005_550_100, "(800) 555-0100"),
            (14_165_550_100, "(416) 555-0100"),
            (18_765_550_001, "(876) 555-0001"),
            (442_079_460_018, "+44 20 7946 0018"),
            (33_142_685_300, "+33 1 42 68 53 00"),
            (4_930_901_820, "+49 30 901820"),
            (61_255_501_234, "+61 2 5550 1234"),
            (999, "+999"),
        ] {
            assert_eq!(readable(number), read);
        }
    }

    #[test]
    fn numbers_are_found_in_a_text_and_nothing_else_is_taken_for_one() {
        let read = |text: &str| -> String {
            split_at_numbers(text)
                .map(|part| match part {
                    Part::Words(words) => words.into(),
                    Part::Number(number) => format!("[{number}]"),
                })
                .collect()
        };
        for (text, parts) in [
            ("", ""),
            ("no number", "no number"),
            ("+13105550107", "[13105550107]"),
            ("+13105550107 by +442079460018.", "[13105550107] by [442079460018]."),
            ("(+13105550107)", "([13105550107])"),
            ("+13105550107: clean, +13105550108", "[13105550107]: clean, [13105550108]"),
            ("+1310", "+1310"),
            ("1+13105550107", "1+13105550107"),
            ("+13105550107x", "+13105550107x"),
            ("+1310555010712345678", "+1310555010712345678"),
            ("é+13105550107, ü", "é+13105550107, ü"),
            ("2026-03-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
            ("+ +13105550107 +", "+ [13105550107] +"),
        ] {
            assert_eq!(read(text), parts, "{text}");
        }
    }
}
