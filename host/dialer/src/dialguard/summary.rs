//! What came of a request of any number of numbers, counted, and grouped by the reason why something was not done. The
//! dashboard, the command line and the API show the same summary.

use super::{BulkOutcome, Completion};
use dialguard::contract::{Answer, Outcome, PhoneNumber};

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Numbers for which it is done, in the order of the request.
    pub done: Vec<PhoneNumber>,
    /// Numbers for which it is accepted and not complete.
    pub under_way: Vec<PhoneNumber>,
    /// Numbers for which it is not done, by reason; the reason with the most numbers first.
    pub not_done: Vec<NotDone>,
}

/// Numbers for which a request is not done, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// The reason.
    pub why: WhyNot,
    /// The numbers, in the order of the request.
    pub numbers: Vec<PhoneNumber>,
}

/// Why a request is not done for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// The policy refused it.
    Refused(Outcome),
    /// It was accepted, and its order was abandoned.
    Abandoned,
    /// An earlier part of the request failed, so the policy was not asked.
    NotAsked,
}

impl Summary {
    /// What came of the request for these numbers.
    ///
    /// ```
    /// use dialguard::contract::{Answer, Outcome};
    /// use dialguard_dialer::dialguard::{BulkOutcome, Summary};
    ///
    /// let answers = [Answer::Accepted, Answer::NotOwned, Answer::AlreadyMonitored, Answer::NotOwned];
    /// let outcomes = answers.map(|answer| Outcome { answer, until: None }).to_vec();
    /// let summary = Summary::of(&[1, 2, 3, 4], &BulkOutcome { outcomes, ..BulkOutcome::default() });
    /// assert_eq!((summary.done, summary.not_done.len()), (vec![1], 2));
    /// assert_eq!(summary.not_done[0].numbers, [2, 4]);
    /// ```
    pub fn of(numbers: &[PhoneNumber], outcome: &BulkOutcome) -> Self {
        let mut summary = Summary::default();
        let completions = outcome.completions(numbers);
        for (place, (number, completion)) in numbers.iter().zip(completions).enumerate() {
            match completion {
                Completion::Done => summary.done.push(*number),
                Completion::UnderWay(_) => summary.under_way.push(*number),
                Completion::NotDone => summary.add(*number, WhyNot::of(outcome.outcomes.get(place))),
            }
        }
        summary.not_done.sort_by_key(|group| std::cmp::Reverse(group.numbers.len()));
        summary
    }

    /// There are as many reasons as answers, and the time that an answer names is one of the account's.
    fn add(&mut self, number: PhoneNumber, why: WhyNot) {
        match self.not_done.iter_mut().find(|group| group.why == why) {
            Some(group) => group.numbers.push(number),
            None => self.not_done.push(NotDone { why, numbers: vec![number] }),
        }
    }

    /// How many numbers it is not done for.
    pub fn not_done_count(&self) -> usize {
        self.not_done.iter().map(|group| group.numbers.len()).sum()
    }
}

impl WhyNot {
    fn of(outcome: Option<&Outcome>) -> Self {
        match outcome {
            None => WhyNot::NotAsked,
            Some(outcome) if outcome.answer == Answer::Accepted => WhyNot::Abandoned,
            Some(outcome) => WhyNot::Refused(*outcome),
        }
    }
}
