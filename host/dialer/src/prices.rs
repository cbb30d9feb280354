//! What blocks and replacements cost, and money as text.
//!
//! ```
//! use dialguard_dialer::prices::{dollars, price_cents};
//! assert_eq!(dollars(price_cents(3)), "$147.00");
//! ```

use crate::figures::grouped;

/// The price of a block for a billing cycle, in US cents: $49.00.
pub const BLOCK_PRICE_CENTS: u32 = 4_900;

/// The price of a replacement, in US cents: $4.00.
pub const REPLACEMENT_PRICE_CENTS: u64 = 400;

/// The price of so many blocks for a billing cycle, in US cents.
///
/// ```
/// assert_eq!(dialguard_dialer::prices::price_cents(3), 14_700);
/// ```
pub fn price_cents(blocks: u32) -> u64 {
    u64::from(blocks) * u64::from(BLOCK_PRICE_CENTS)
}

/// US cents as dollars.
///
/// ```
/// use dialguard_dialer::prices::dollars;
/// assert_eq!((dollars(4_905).as_str(), dollars(123_456_705).as_str()), ("$49.05", "$1,234,567.05"));
/// ```
pub fn dollars(cents: u64) -> String {
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// US cents that may be negative, as dollars.
///
/// ```
/// use dialguard_dialer::prices::signed_dollars;
/// assert_eq!((signed_dollars(4_900).as_str(), signed_dollars(-4_900).as_str()), ("$49.00", "-$49.00"));
/// ```
pub fn signed_dollars(cents: i64) -> String {
    format!("{}{}", if cents < 0 { "-" } else { "" }, dollars(cents.unsigned_abs()))
}

/// Millionths of a US dollar as dollars, with two decimals or as many as it takes.
///
/// ```
/// use dialguard_dialer::prices::dollars_of_micros;
/// assert_eq!(dollars_of_micros(4_500), "$0.0045");
/// assert_eq!(dollars_of_micros(1_234_500_000), "$1,234.50");
/// ```
pub fn dollars_of_micros(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, format!("{:06}", micros % 1_000_000));
    let decimals = rest.trim_end_matches('0');
    format!("${}.{decimals:0<2}", grouped(whole))
}

/// US cents from dollars as users write them, a million dollars at most. The error says how.
///
/// ```
/// use dialguard_dialer::prices::cents;
/// assert_eq!((cents("10"), cents("$12.50")), (Ok(1_000), Ok(1_250)));
/// assert!(cents("1.5").is_err());
/// ```
pub fn cents(dollars: &str) -> Result<u32, String> {
    let text = dollars.trim().trim_start_matches('$');
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let is_plain =
        part.len() == 2 && [whole, part].iter().all(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match (whole.parse::<u32>(), part.parse::<u32>()) {
        (Ok(whole @ 0..=1_000_000), Ok(part)) if is_plain => Ok(whole * 100 + part),
        _ => Err("give dollars from 0 to 1000000, such as 10 or 12.50".into()),
    }
}
