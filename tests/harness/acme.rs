//! The account `acme` of every suite: its first moment and its numbers.

/// Nine in the morning, UTC, of 1 March 2026.
pub const NOW: u64 = 1_772_355_600;

pub const DAY: u64 = 24 * 60 * 60;

/// +1 310 555 and the last four digits.
pub const fn number(last_digits: u64) -> u64 {
    13_105_550_000 + last_digits
}
