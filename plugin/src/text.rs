//! Sentences from their pieces. `format!` would take a tenth of the component.

use alloc::string::String;

/// A `String` of these pieces, one after the other: strings and whole numbers.
macro_rules! text {
    ($($piece:expr),+ $(,)?) => {{
        let mut text = alloc::string::String::new();
        $(crate::text::Piece::append(&$piece, &mut text);)+
        text
    }};
}

pub(crate) use text;

/// What a sentence is made of.
pub(crate) trait Piece {
    fn append(&self, text: &mut String);
}

impl Piece for &str {
    fn append(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Piece for String {
    fn append(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Piece for u64 {
    fn append(&self, text: &mut String) {
        if *self >= 10 {
            (self / 10).append(text);
        }
        text.push((b'0' + (self % 10) as u8) as char);
    }
}

impl Piece for u32 {
    fn append(&self, text: &mut String) {
        u64::from(*self).append(text);
    }
}

impl Piece for u16 {
    fn append(&self, text: &mut String) {
        u64::from(*self).append(text);
    }
}

impl Piece for i64 {
    fn append(&self, text: &mut String) {
        if *self < 0 {
            text.push('-');
        }
        self.unsigned_abs().append(text);
    }
}

/// A count, its thousands separated: `20,001`.
pub(crate) fn grouped(count: u64) -> String {
    match count {
        0..1_000 => text![count],
        _ => text![grouped(count / 1_000), ",", count / 100 % 10, count / 10 % 10, count % 10],
    }
}

/// So many of these: `1 number`, `20,001 numbers`.
pub(crate) fn count(count: u64, what: &str) -> String {
    text![grouped(count), " ", what, if count == 1 { "" } else { "s" }]
}

/// US cents as dollars: `$1,234.05`.
pub(crate) fn dollars(cents: u32) -> String {
    text!["$", grouped((cents / 100).into()), ".", cents / 10 % 10, cents % 10]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_written_as_format_would() {
        for number in [0, 7, 10, 13_105_550_100, u64::MAX] {
            assert_eq!(text!["+", number, " is one"], format!("+{number} is one"));
        }
        for value in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(text![value], value.to_string());
        }
        assert_eq!((count(1, "number"), count(20_001, "call")), ("1 number".into(), "20,001 calls".into()));
        assert_eq!((dollars(0), dollars(105), dollars(123_450)), ("$0.00".into(), "$1.05".into(), "$1,234.50".into()));
    }
}
