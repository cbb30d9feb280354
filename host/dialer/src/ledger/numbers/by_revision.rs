//! Results of scanning all of an account's numbers, cached while they are valid: for 100,000 numbers, a scan takes
//! longer than everything else about a page of fifty.
//!
//! Every change of an account's numbers increments its revision in the same transaction. So a result for the revision
//! that a transaction reads is correct, whichever process made the last change.

use crate::ledger::Result;
use parking_lot::Mutex;
use std::collections::HashMap;

/// The latest answers to at most so many questions, each with the account's revision that it is for.
pub(in crate::ledger) struct ByRevision<T> {
    answers_max: usize,
    answers: Mutex<HashMap<String, (u64, T)>>,
}

impl<T: Clone> ByRevision<T> {
    pub fn new(answers_max: usize) -> Self {
        ByRevision { answers_max, answers: Mutex::default() }
    }

    /// The answer at this revision to a question, which must name the account too.
    pub fn answer(&self, question: &str, revision: u64, find_out: impl FnOnce() -> Result<T>) -> Result<T> {
        let kept = self.answers.lock().get(question).cloned();
        if let Some((of, answer)) = kept
            && of == revision
        {
            return Ok(answer);
        }
        let answer = find_out()?;
        let mut answers = self.answers.lock();
        if answers.len() >= self.answers_max {
            answers.clear();
        }
        answers.insert(question.to_owned(), (revision, answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_out_once_a_revision_and_no_more_are_kept_than_fit() {
        let counts = ByRevision::new(10);
        assert_eq!(counts.answer("clean", 1, || Ok(5)).unwrap(), 5);
        assert_eq!(counts.answer("clean", 1, || Ok(9)).unwrap(), 5, "it was counted already");
        assert_eq!(counts.answer("flagged", 1, || Ok(2)).unwrap(), 2);
        assert_eq!(counts.answer("clean", 2, || Ok(4)).unwrap(), 4, "the account has changed");
        assert_eq!(counts.answer("clean", 1, || Ok(5)).unwrap(), 5, "another reader is still at the revision before");
        for question in 0..25 {
            counts.answer(&question.to_string(), 1, || Ok(0)).unwrap();
        }
        assert!(counts.answers.lock().len() <= 10);
    }
}
