//! Which number replaces another.

use crate::contract::*;
use crate::dialer::{Dialer, NUMBERS_PER_CALL_MAX, Run};
use crate::numbers::NumberMap;
use crate::rating::rate;
use crate::text::{dollars, text};
use alloc::string::String;
use alloc::vec::Vec;

/// Candidates screened first, because a dialer may pay for each. If none of them is clean, four times as many follow.
const SCREENED_AT_FIRST: u32 = 4;

/// Searches for clean candidates. One search serves a whole plan: it screens and returns each candidate at most once.
pub struct CandidateSearch<'a, D> {
    run: &'a Run<'a, D>,
    /// How many carriers have an opinion about each candidate that was screened; 0 if one of them flags it, if they are too
    /// few, or if the candidate was taken.
    screened: NumberMap,
    taken_count: u32,
    is_exhausted: bool,
}

/// A clean number that replaces another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Successor {
    /// The number, and what it costs.
    pub candidate: Candidate,
    /// The carriers with an opinion about it; none of them flags it.
    pub answering: u32,
}

impl Successor {
    /// The replacement of a number by this one, with the reason for the account's history.
    pub fn replaces(&self, number: PhoneNumber, slot: SlotId, why: ReplacementReason, reason: &str) -> Action {
        let Successor { candidate: Candidate { number: replacement, price_cents, rested }, answering } = *self;
        let price = match price_cents {
            _ if rested => ", and the account's own after a rest".into(),
            0 => String::new(),
            cents => text![", for ", dollars(cents)],
        };
        let because = text![
            reason,
            "; +",
            replacement,
            " is the closest candidate that none of ",
            answering,
            " carriers flags",
            price,
            ".",
        ];
        Action::ReplaceNumber(Replacement { number, replacement, slot, why, because })
    }
}

impl<'a, D: Dialer> CandidateSearch<'a, D> {
    /// Creates a search without any screened or taken candidates.
    pub fn new(run: &'a Run<'a, D>) -> Self {
        Self { run, screened: NumberMap::default(), taken_count: 0, is_exhausted: false }
    }

    /// Whether all candidates have been screened and none is left that is clean, so that asking again is useless.
    pub fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Takes the closest candidate that is rated and that no carrier flags, if there is one.
    pub fn closest_clean(&mut self, like: PhoneNumber) -> Result<Option<Successor>, Error> {
        let most = NUMBERS_PER_CALL_MAX as u32;
        let mut limit = SCREENED_AT_FIRST + self.taken_count;
        while !self.is_exhausted {
            limit = limit.min(most);
            let offered = self.run.dialer.candidates(&self.run.account.id, like, limit)?;
            offered.check()?;
            self.screen(&offered.numbers)?;
            for (place, number) in offered.numbers.iter().enumerate() {
                let answering = self.screened.get(*number).unwrap_or_default();
                if answering > 0 {
                    self.screened.insert(*number, 0);
                    self.taken_count += 1;
                    return Ok(Some(Successor { candidate: offered.row(place), answering }));
                }
            }
            self.is_exhausted = (offered.numbers.len() as u32) < limit;
            if limit == most {
                break;
            }
            limit *= 4;
        }
        Ok(None)
    }

    fn screen(&mut self, offered: &[PhoneNumber]) -> Result<(), Error> {
        let mut unknown = Vec::new();
        for number in offered {
            if self.screened.get(*number).is_none() {
                unknown.push(*number);
            }
        }
        for (number, rating) in unknown.iter().zip(rate(self.run, &unknown)?) {
            let is_clean = rating.status(&self.run.settings) == Status::Clean;
            self.screened.insert(*number, if is_clean { rating.answering.into() } else { 0 });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountModel;

    /// Name, number to replace, candidates, the clean ones among them, and the successors in the order taken.
    #[test]
    fn the_closest_clean_candidate_is_taken_and_never_twice() {
        type Numbers = &'static [PhoneNumber];
        let scenarios: [(&str, PhoneNumber, Numbers, Numbers, Numbers); 7] = [
            ("no candidates", 13_105_550_100, &[], &[], &[]),
            ("no clean candidates", 13_105_550_100, &[13_105_550_101], &[], &[]),
            (
                "the same area code first",
                13_105_550_100,
                &[12_125_550_100, 13_109_990_000],
                &[12_125_550_100, 13_109_990_000],
                &[13_109_990_000, 12_125_550_100],
            ),
            (
                "more leading digits first",
                13_105_550_100,
                &[13_105_000_000, 13_105_550_199, 13_105_559_999],
                &[13_105_000_000, 13_105_550_199, 13_105_559_999],
                &[13_105_550_199, 13_105_559_999, 13_105_000_000],
            ),
            (
                "then the lower number, on either side",
                13_105_550_105,
                &[13_105_550_109, 13_105_550_101],
                &[13_105_550_109, 13_105_550_101],
                &[13_105_550_101, 13_105_550_109],
            ),
            (
                "a flagged candidate is skipped",
                13_105_550_100,
                &[13_105_550_101, 13_105_550_102],
                &[13_105_550_102],
                &[13_105_550_102],
            ),
            (
                "numbers of another length share digits from the left",
                442_071_234_567,
                &[13_105_550_100, 442_079_999],
                &[13_105_550_100, 442_079_999],
                &[442_079_999, 13_105_550_100],
            ),
        ];
        for (what, like, offered, clean, expected) in scenarios {
            let mut dialer = AccountModel::new(1);
            for number in offered {
                dialer.offer(*number);
                let score = if clean.contains(number) { 0 } else { 90 };
                dialer.observe(*number, &[Some(score), Some(0), Some(0)]);
            }
            let run = Run::new(&dialer, "acme").unwrap();
            let mut search = CandidateSearch::new(&run);
            let mut chosen = Vec::new();
            while let Some(found) = search.closest_clean(like).unwrap() {
                assert_eq!(found.answering, 3, "{what}");
                chosen.push(found.candidate.number);
            }
            assert_eq!(chosen, expected, "{what}");
        }
    }

    #[test]
    fn a_candidate_that_too_few_carriers_rate_is_not_taken() {
        let mut dialer = AccountModel::new(1);
        dialer.offer(13_105_550_101);
        dialer.observe(13_105_550_101, &[Some(0)]);
        let run = Run::new(&dialer, "acme").unwrap();
        let mut search = CandidateSearch::new(&run);
        assert_eq!(search.closest_clean(13_105_550_100), Ok(None));
    }

    #[test]
    fn the_search_reaches_the_last_candidate_and_screens_none_twice() {
        let mut dialer = AccountModel::new(1);
        for number in 13_105_550_000..13_105_550_300 {
            dialer.offer(number);
            dialer.observe(number, &[Some(90), Some(90)]);
        }
        dialer.offer(19_995_550_000);
        dialer.observe(19_995_550_000, &[Some(0), Some(0)]);
        let run = Run::new(&dialer, "acme").unwrap();
        let mut search = CandidateSearch::new(&run);
        let found = search.closest_clean(13_105_550_400).unwrap().unwrap();
        assert_eq!((found.candidate.number, found.answering), (19_995_550_000, 2));
        assert_eq!(search.closest_clean(13_105_550_400), Ok(None));
        assert_eq!(dialer.numbers_looked_up(), 301);
    }
}
