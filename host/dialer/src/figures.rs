//! Counts as text, their thousands separated. Sums of money are in [`prices`](crate::prices).
//!
//! ```
//! use dialguard_dialer::figures::{count, grouped};
//! assert_eq!(format!("{} of {}", grouped(1_200), count(5_000, "number")), "1,200 of 5,000 numbers");
//! ```

/// A number with its thousands separated.
///
/// ```
/// assert_eq!(dialguard_dialer::figures::grouped(1_234_567), "1,234,567");
/// ```
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// So many of these.
///
/// ```
/// use dialguard_dialer::figures::count;
/// assert_eq!((count(1, "number").as_str(), count(5_000, "number").as_str()), ("1 number", "5,000 numbers"));
/// ```
pub fn count(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(count)) }
}
