//! The rating of a number in one check, and how its status follows from its checks.

use crate::contract::*;
use crate::dialer::{Dialer, Run};
use crate::settings::Settings;
use crate::table::SCORE_MAX;
use alloc::vec::Vec;

/// What carriers say about one number in one check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rating {
    /// Of the `answering` carriers, those that flag it.
    pub flagging: u16,
    /// Carriers with a recent enough opinion.
    pub answering: u16,
    /// When the newest of those opinions was formed; 0 if there is none.
    pub evidence_until: Timestamp,
}

impl Rating {
    /// Whether enough carriers have an opinion for the check to count.
    pub fn is_rated(self, settings: &Settings) -> bool {
        u32::from(self.answering) >= settings.rating_carriers_min
    }

    /// Whether more than half of the carriers with an opinion flag the number. A tie is not spam.
    pub fn votes_spam(self) -> bool {
        u32::from(self.flagging) * 2 > u32::from(self.answering)
    }

    /// The status by this check alone, as in a screening.
    pub fn status(self, settings: &Settings) -> Status {
        match self {
            _ if !self.is_rated(settings) => Status::Pending,
            _ if self.votes_spam() => Status::Flagged,
            _ => self.status_unflagged(),
        }
    }

    fn status_unflagged(self) -> Status {
        if self.flagging > 0 { Status::AtRisk } else { Status::Clean }
    }
}

/// Looks up `numbers` (each once) with every source and returns one rating for each, in the order given.
pub fn rate(run: &Run<impl Dialer>, numbers: &[PhoneNumber]) -> Result<Vec<Rating>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let verdicts = run.dialer.look_up(numbers, &[])?;
    Scale::of(&run.settings, run.now).ratings(&verdicts, numbers.len())
}

/// How opinions are counted.
pub struct Scale {
    spam_score_min: u32,
    /// An older opinion does not count.
    oldest: Timestamp,
    now: Timestamp,
}

impl Scale {
    /// The scale of these settings, at this time.
    pub fn of(settings: &Settings, now: Timestamp) -> Self {
        let age_max = u64::from(settings.observation_age_max_hours) * 3_600;
        Scale { spam_score_min: settings.spam_score_min, oldest: now.saturating_sub(age_max), now }
    }

    /// The rating of each row of the table, of which there must be `rows`.
    pub fn ratings(&self, verdicts: &VerdictTable, rows: usize) -> Result<Vec<Rating>, Error> {
        verdicts.check(rows)?;
        let mut ratings = Vec::with_capacity(rows);
        for row in 0..rows {
            let (scores, observed_at) = verdicts.row(row);
            ratings.push(self.rating(scores, observed_at));
        }
        Ok(ratings)
    }

    /// The rating by these carriers' scores, and when each formed its opinion.
    pub fn rating(&self, scores: &[u8], observed_at: &[Timestamp]) -> Rating {
        let mut rating = Rating::default();
        for (score, observed_at) in scores.iter().zip(observed_at) {
            let counts = *score <= SCORE_MAX && *observed_at >= self.oldest;
            rating.answering += u16::from(counts);
            rating.flagging += u16::from(counts && u32::from(*score) >= self.spam_score_min);
            if counts && *observed_at > rating.evidence_until {
                rating.evidence_until = *observed_at;
            }
        }
        rating.evidence_until = rating.evidence_until.min(self.now);
        rating
    }
}

/// A monitored number's review after a check that rated it.
pub fn review(number: &MonitoredNumber, rating: Rating, settings: &Settings) -> Review {
    let (flagging_checks, clearing_checks) = if rating.votes_spam() {
        (flagging_checks(number, rating), 0)
    } else {
        (0, number.clearing_checks.saturating_add(1))
    };
    let flagged = match number.status {
        Status::Flagged => u32::from(clearing_checks) < settings.checks_to_clear,
        _ => u32::from(flagging_checks) >= settings.checks_to_flag,
    };
    Review {
        number: number.number,
        status: if flagged { Status::Flagged } else { rating.status_unflagged() },
        flagging_checks,
        clearing_checks,
        flagging: rating.flagging,
        answering: rating.answering,
        evidence_until: number.evidence_until.max(Some(rating.evidence_until)),
    }
}

/// Consecutive spam votes, this one included. The same opinions on another date are no further evidence, so such a vote
/// does not count again.
fn flagging_checks(number: &MonitoredNumber, rating: Rating) -> u8 {
    if Some(rating.evidence_until) > number.evidence_until {
        number.flagging_checks.saturating_add(1)
    } else {
        number.flagging_checks.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountModel, DAY, HOUR};
    use crate::settings;
    use Status::*;

    const NUMBER: PhoneNumber = 13_105_550_100;

    /// The carriers' scores with their age, and the resulting screening with default settings.
    #[test]
    fn two_recent_opinions_rate_a_number_and_a_majority_flags_it() {
        /// Score or no data, and age in hours, of each carrier that answered.
        type Answers = &'static [(Option<u8>, u64)];
        let scenarios: [(&str, Answers, Status, u16, u16); 14] = [
            ("no answers", &[], Pending, 0, 0),
            ("one opinion is too few", &[(Some(99), 1)], Pending, 1, 1),
            ("no data means no opinion", &[(Some(99), 1), (None, 1)], Pending, 1, 1),
            ("two clean opinions", &[(Some(0), 1), (Some(10), 1)], Clean, 0, 2),
            ("79 is not flagged", &[(Some(79), 1), (Some(79), 1)], Clean, 0, 2),
            ("80 is", &[(Some(80), 1), (Some(80), 1)], Flagged, 2, 2),
            ("one of two is not more than half", &[(Some(99), 1), (Some(0), 1)], AtRisk, 1, 2),
            ("one of three", &[(Some(99), 1), (Some(0), 1), (Some(0), 1)], AtRisk, 1, 3),
            ("two of three", &[(Some(99), 1), (Some(0), 1), (Some(80), 1)], Flagged, 2, 3),
            ("two of four", &[(Some(99), 1), (Some(0), 1), (Some(80), 1), (Some(0), 1)], AtRisk, 2, 4),
            ("no data does not dilute the vote", &[(Some(99), 1), (Some(99), 1), (None, 1), (None, 1)], Flagged, 2, 2),
            ("48 hours old still counts", &[(Some(99), 48), (Some(99), 48)], Flagged, 2, 2),
            ("49 hours old does not", &[(Some(99), 49), (Some(99), 1)], Pending, 1, 1),
            ("a stale opinion does not outvote", &[(Some(0), 49), (Some(99), 1), (Some(85), 2)], Flagged, 2, 2),
        ];
        for (what, answers, status, flagging, answering) in scenarios {
            let mut dialer = AccountModel::new(1);
            for (carrier, (score, hours)) in answers.iter().enumerate() {
                dialer.observe_at(carrier as u16, NUMBER, *score, dialer.now - hours * HOUR);
            }
            let run = Run::new(&dialer, "acme").unwrap();
            let rating = rate(&run, &[NUMBER]).unwrap()[0];
            assert_eq!((rating.flagging, rating.answering), (flagging, answering), "{what}");
            assert_eq!(rating.status(&run.settings), status, "{what}");
        }
    }

    /// Votes on consecutive days (`s` most carriers flag, `t` a tie, `c` none flags, `-` too few answer) and the status
    /// after each (P pending, C clean, A at-risk, F flagged).
    #[test]
    fn status_follows_from_checks_on_consecutive_days() {
        let scenarios = [
            // checks to flag, to clear, votes, status after each
            (2, 2, "c", "C"),
            (2, 2, "t", "A"),
            (2, 2, "-", "P"),
            (2, 2, "s", "A"),
            (2, 2, "ss", "AF"),
            (2, 2, "scs", "ACA"),
            (2, 2, "sts", "AAA"),
            (2, 2, "s-s", "AAF"),
            (2, 2, "ss-", "AFF"),
            (2, 2, "ssc", "AFF"),
            (2, 2, "sscc", "AFFC"),
            (2, 2, "ssct", "AFFA"),
            (2, 2, "sstt", "AFFA"),
            (2, 2, "ssc-c", "AFFFC"),
            (2, 2, "sscsc", "AFFFF"),
            (2, 2, "sscscc", "AFFFFC"),
            (2, 2, "ssccss", "AFFCAF"),
            (1, 1, "scs", "FCF"),
            (1, 1, "st", "FA"),
            (3, 1, "sss", "AAF"),
            (1, 3, "sccc", "FFFC"),
        ];
        for (checks_to_flag, checks_to_clear, votes, expected) in scenarios {
            let mut dialer = AccountModel::new(1);
            dialer.set("checks-to-flag", checks_to_flag);
            dialer.set("checks-to-clear", checks_to_clear);
            dialer.own_and_monitor(&[NUMBER]);
            let mut statuses = String::new();
            for vote in votes.chars() {
                dialer.forget_opinions();
                match vote {
                    's' => dialer.observe(NUMBER, &[Some(90), Some(90), Some(0)]),
                    't' => dialer.observe(NUMBER, &[Some(90), Some(0)]),
                    'c' => dialer.observe(NUMBER, &[Some(0), Some(0)]),
                    _ => dialer.observe(NUMBER, &[Some(99)]),
                }
                dialer.review();
                statuses.push(match dialer.monitored[&NUMBER].status {
                    Pending => 'P',
                    Clean => 'C',
                    AtRisk => 'A',
                    Flagged => 'F',
                });
                dialer.pass(DAY);
            }
            assert_eq!(statuses, expected, "{votes} with {checks_to_flag} to flag and {checks_to_clear} to clear");
        }
    }

    #[test]
    fn a_host_whose_table_lacks_a_row_gets_an_error() {
        let verdicts = VerdictTable { carriers: [1].into(), scores: [0].into(), observed_at: [0].into() };
        let settings = Settings::read(&settings::defaults()).unwrap();
        let scale = Scale::of(&settings, 0);
        assert_eq!(scale.ratings(&verdicts, 1).unwrap().len(), 1);
        assert_eq!(scale.ratings(&verdicts, 2).unwrap_err().code, ErrorCode::Unavailable);
    }
}
