//! What the latest check of each number rested on.

use crate::figures::count;
use dialguard::contract::Timestamp;

/// When the newest of the observations with a score was made. 'No data' is not evidence.
pub(crate) fn newest_score(observations: impl Iterator<Item = (Option<u8>, Timestamp)>) -> Option<Timestamp> {
    observations.filter(|(score, _)| score.is_some()).map(|(_, observed_at)| observed_at).max()
}

/// What to say about numbers without a new observation; nothing if there are none.
///
/// ```
/// use dialguard_dialer::ledger::counted_before_in_words;
/// let words = counted_before_in_words(1).ok_or("a sentence")?;
/// assert_eq!(words, "1 number was not rated: its observations were counted in an earlier check.");
/// assert_eq!(counted_before_in_words(0), None);
/// # Ok::<(), &str>(())
/// ```
pub fn counted_before_in_words(numbers: usize) -> Option<String> {
    match numbers {
        0 => None,
        1 => Some("1 number was not rated: its observations were counted in an earlier check.".into()),
        _ => Some(format!(
            "{} were not rated: their observations were counted in an earlier check.",
            count(numbers as u64, "number")
        )),
    }
}
