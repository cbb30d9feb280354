//! How many numbers there are of a kind, counted once for every revision of an account: going through 100,000 numbers
//! takes longer than all else about a page of fifty.
//!
//! Whatever changes an account's numbers makes a new revision of it in the same transaction. So a count that was made
//! of the revision that a transaction reads is right, whichever process made the change.

use super::Result;
use crate::lock::lock;
use std::collections::HashMap;
use std::sync::Mutex;

/// Counts that are kept, at most; they are a few hundred bytes each.
const KEPT_MAX: usize = 10_000;

/// The latest count of each kind, by what was counted, with the account's revision that it is true of.
#[derive(Default)]
pub(super) struct Counts(Mutex<HashMap<String, (u64, u32)>>);

impl Counts {
    /// So many there are of `what` at this revision, which has to name the account as well.
    pub fn of(&self, what: &str, revision: u64, count: impl FnOnce() -> Result<u32>) -> Result<u32> {
        let kept = lock(&self.0).get(what).copied();
        if let Some((of, count)) = kept
            && of == revision
        {
            return Ok(count);
        }
        let count = count()?;
        let mut kept = lock(&self.0);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(what.to_owned(), (revision, count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_made_once_a_revision_and_no_more_are_kept_than_fit() {
        let counts = Counts::default();
        assert_eq!(counts.of("clean", 1, || Ok(5)).unwrap(), 5);
        assert_eq!(counts.of("clean", 1, || Ok(9)).unwrap(), 5, "it was counted already");
        assert_eq!(counts.of("flagged", 1, || Ok(2)).unwrap(), 2);
        assert_eq!(counts.of("clean", 2, || Ok(4)).unwrap(), 4, "the account has changed");
        assert_eq!(counts.of("clean", 1, || Ok(5)).unwrap(), 5, "somebody reads the revision before still");
        for what in 0..2 * KEPT_MAX {
            counts.of(&what.to_string(), 1, || Ok(0)).unwrap();
        }
        assert!(lock(&counts.0).len() <= KEPT_MAX);
    }
}
