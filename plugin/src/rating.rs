//! The rating of a number in one check, and how its status follows from its checks.

use crate::contract::*;
use crate::dialer::{Dialer, unavailable};
use alloc::vec::Vec;

/// What carriers say about one number in one check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rating {
    /// Of the `answering` carriers, those that flag it.
    pub flagging: u16,
    /// Carriers with a recent enough opinion.
    pub answering: u16,
}

impl Rating {
    /// Whether enough carriers have an opinion for the check to count.
    pub fn is_rated(self, settings: &Settings) -> bool {
        self.answering >= u16::from(settings.rating_carriers_min)
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

/// Looks up `numbers` (each once) with the carriers and returns one rating for each, in the order given.
pub fn rate(
    dialer: &impl Dialer,
    settings: &Settings,
    now: Timestamp,
    numbers: &[PhoneNumber],
) -> Result<Vec<Rating>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let observations = dialer.look_up(numbers)?;
    let oldest = now.saturating_sub(u64::from(settings.observation_age_max_hours) * 3_600);
    let mut rest = observations.as_slice();
    let ratings = numbers
        .iter()
        .map(|number| {
            let count = rest.iter().take_while(|observation| observation.number == *number).count();
            let (group, others) = rest.split_at(count);
            rest = others;
            rate_group(group, settings.spam_score_min, oldest)
        })
        .collect();
    // Otherwise a host that returns numbers out of order would leave them unrated for ever without a visible reason.
    if rest.is_empty() {
        Ok(ratings)
    } else {
        Err(unavailable("The host's `look-up` returned numbers out of order; fix the host."))
    }
}

fn rate_group(group: &[Observation], spam_score_min: u8, oldest: Timestamp) -> Rating {
    let mut rating = Rating::default();
    for observation in group.iter().filter(|observation| observation.observed_at >= oldest) {
        if let Some(score) = observation.spam_score {
            rating.answering = rating.answering.saturating_add(1);
            if score >= spam_score_min {
                rating.flagging = rating.flagging.saturating_add(1);
            }
        }
    }
    rating
}

/// A monitored number's review after a check that rated it.
pub fn review(number: &MonitoredNumber, rating: Rating, settings: &Settings) -> Review {
    let (flagging_checks, clearing_checks) = if rating.votes_spam() {
        (number.flagging_checks.saturating_add(1), 0)
    } else {
        (0, number.clearing_checks.saturating_add(1))
    };
    let flagged = match number.status {
        Status::Flagged => clearing_checks < settings.checks_to_clear,
        _ => flagging_checks >= settings.checks_to_flag,
    };
    Review {
        number: number.number,
        status: if flagged { Status::Flagged } else { rating.status_unflagged() },
        flagging_checks,
        clearing_checks,
        flagging: rating.flagging,
        answering: rating.answering,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountModel, DAY, HOUR, default_settings};
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
            let rating = rate(&dialer, &default_settings(), dialer.now, &[NUMBER]).unwrap()[0];
            assert_eq!(rating, Rating { flagging, answering }, "{what}");
            assert_eq!(rating.status(&default_settings()), status, "{what}");
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
            dialer.account.settings.checks_to_flag = checks_to_flag;
            dialer.account.settings.checks_to_clear = checks_to_clear;
            dialer.own_and_monitor(&[NUMBER]);
            let mut statuses = String::new();
            for vote in votes.chars() {
                dialer.forget_observations();
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
    fn a_host_that_returns_numbers_out_of_order_gets_an_error() {
        struct Shuffled(AccountModel);
        impl Dialer for Shuffled {
            fn look_up(&self, numbers: &[PhoneNumber]) -> Result<Vec<Observation>, Error> {
                let mut observations = self.0.look_up(numbers)?;
                observations.reverse();
                Ok(observations)
            }
            fn now(&self) -> Timestamp {
                self.0.now()
            }
            fn account(&self, id: &str) -> Result<Account, Error> {
                self.0.account(id)
            }
            fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
                self.0.monitored(id, after, limit)
            }
            fn owned(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
                self.0.owned(id, numbers)
            }
            fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
                self.0.candidates(id, like, limit)
            }
            fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
                self.0.flag_events(id, since)
            }
        }
        let mut dialer = AccountModel::new(1);
        dialer.observe(1, &[Some(0)]);
        dialer.observe(2, &[Some(0)]);
        let error = rate(&Shuffled(dialer), &default_settings(), 0, &[1, 2]).unwrap_err();
        assert_eq!(error.code, ErrorCode::Unavailable);
    }
}
