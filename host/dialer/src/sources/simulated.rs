//! A simulated carrier, for demos and tests.
//!
//! It has no state and uses no random numbers: the same seed, number and time always get the same answer. A number's
//! week is spam or not for all simulated carriers alike (about 1 week in 25 is), so carriers of different seeds mostly
//! agree; each of them is wrong about 1 week in 10.
//!
//! | of 1,000 | the carrier's answer |
//! |---|---|
//! | 2 days of a number | nothing |
//! | 5 days of a number | 'no data' |
//! | the rest | 0 to 35 for a good week; 85 to 100 and "Spam Likely" for a bad one |

use super::{Answer, Report, Source, SourceError};
use dialguard::contract::{PhoneNumber, Timestamp};
use std::sync::Arc;

const DAY_SECONDS: u64 = 24 * 60 * 60;
const WEEK_SECONDS: u64 = 7 * DAY_SECONDS;
const BAD_WEEKS_PERCENT: u64 = 4;
const MISTAKEN_WEEKS_PERCENT: u64 = 10;
const DAYS_PER_SILENCE: u64 = 500;
const DAYS_PER_NO_DATA: u64 = 200;

/// A simulated carrier. Two with the same seed give the same answers.
#[derive(Debug)]
pub struct SimulatedCarrier {
    name: Arc<str>,
    seed: u64,
    spam_label: Arc<str>,
}

impl SimulatedCarrier {
    /// A carrier called `name`, whose mistakes and gaps follow from `seed`; any seed will do.
    pub fn new(name: Arc<str>, seed: u64) -> Self {
        SimulatedCarrier { name, seed: mix(seed), spam_label: "Spam Likely".into() }
    }

    fn answer(&self, number: PhoneNumber, now: Timestamp) -> Option<Answer> {
        let day = mix(self.seed ^ mix(number) ^ (now / DAY_SECONDS));
        if day.is_multiple_of(DAYS_PER_SILENCE) {
            return None;
        }
        // The upper half of the bits is independent of the lower half, which has just been used.
        let is_no_data = (day >> 32).is_multiple_of(DAYS_PER_NO_DATA);
        let (score, label) = if is_no_data { (None, None) } else { self.verdict(week_of(number, now)) };
        Some(Answer { number, carrier: 0, score, label, observed_at: now })
    }

    fn verdict(&self, week: u64) -> (Option<u8>, Option<Arc<str>>) {
        let opinion = mix(self.seed ^ week);
        let is_mistaken = opinion % 100 < MISTAKEN_WEEKS_PERCENT;
        let spread = opinion >> 32;
        match is_bad(week) != is_mistaken {
            true => (Some(85 + (spread % 16) as u8), Some(self.spam_label.clone())),
            false => (Some((spread % 36) as u8), None),
        }
    }
}

#[async_trait::async_trait]
impl Source for SimulatedCarrier {
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let answers = numbers.iter().filter_map(|number| self.answer(*number, now)).collect();
        Ok(Report { carriers: vec![self.name.clone()], answers, problems: Vec::new() })
    }
}

/// A hash of this week of this number, the same for every carrier.
///
/// Each number's weeks begin at its own hour. Otherwise all numbers would turn flagged in the same second, which no
/// real carrier does and a policy rightly treats as a fault.
fn week_of(number: PhoneNumber, now: Timestamp) -> u64 {
    let own = mix(number);
    mix(own ^ (now.saturating_add(own % WEEK_SECONDS) / WEEK_SECONDS))
}

fn is_bad(week: u64) -> bool {
    week % 100 < BAD_WEEKS_PERCENT
}

/// One round of splitmix64 (Steele, Lea and Flood 2014): every bit of the answer depends on every bit of `state`.
///
/// Written here, because the standard library's hash may change between Rust versions and with it every demo, and a
/// crate of random numbers would be a dependency for five lines.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: Timestamp = 1_770_000_000;

    async fn ask(seed: u64, numbers: impl Iterator<Item = u64>, now: Timestamp) -> Vec<Answer> {
        let numbers: Vec<PhoneNumber> = numbers.map(|index| 13_105_550_000 + index).collect();
        let report = SimulatedCarrier::new("Hiya".into(), seed).look_up(&numbers, now).await.unwrap();
        assert_eq!((report.carriers, report.problems), (vec!["Hiya".into()], vec![]));
        report.answers
    }

    fn per_1000(part: usize, whole: usize) -> usize {
        (part * 1000 + whole / 2) / whole
    }

    #[tokio::test]
    async fn an_answer_follows_from_seed_number_and_time_alone() {
        let asked_together = ask(7, 0..500, MONDAY).await;
        let asked_backwards = ask(7, (0..500).rev(), MONDAY).await;
        let asked_with_others: Vec<Answer> = ask(7, 0..900, MONDAY).await;
        assert!(asked_together.iter().rev().eq(&asked_backwards));
        assert_eq!(asked_together, asked_with_others[..asked_together.len()]);
        assert_ne!(asked_together, ask(8, 0..500, MONDAY).await);
    }

    #[tokio::test]
    async fn answers_come_as_often_as_the_table_says() {
        const ASKED: usize = 200_000;
        let answers = ask(1, 0..ASKED as u64, MONDAY).await;
        let spam = answers.iter().filter(|answer| answer.score >= Some(85)).count();
        let no_data = answers.iter().filter(|answer| answer.score.is_none()).count();
        assert_eq!(per_1000(ASKED - answers.len(), ASKED), 2);
        assert_eq!(per_1000(no_data, ASKED), 5);
        // 4 % bad and recognised by 90 %, 96 % good and mistaken for bad by 10 %: 132 of 1,000.
        assert!((128..=136).contains(&per_1000(spam, ASKED)), "{spam}");
    }

    #[tokio::test]
    async fn scores_labels_and_times_are_those_of_a_handset() {
        for answer in ask(1, 0..20_000, MONDAY).await {
            match answer.score {
                Some(85..=100) => assert_eq!(answer.label.as_deref(), Some("Spam Likely")),
                Some(0..=35) | None => assert_eq!(answer.label, None),
                Some(score) => panic!("{score} is neither good nor bad"),
            }
            assert_eq!((answer.carrier, answer.observed_at), (0, MONDAY));
        }
    }

    #[tokio::test]
    async fn carriers_of_different_seeds_mostly_agree() {
        let carriers = [ask(1, 0..50_000, MONDAY).await, ask(2, 0..50_000, MONDAY).await];
        let spam = carriers.map(|answers| {
            let verdicts = answers.iter().filter_map(|answer| Some((answer.number, answer.score? >= 85)));
            verdicts.collect::<std::collections::HashMap<_, _>>()
        });
        let both: Vec<bool> =
            spam[0].iter().filter_map(|(number, is_spam)| Some(spam[1].get(number)? == is_spam)).collect();
        let agreeing = both.iter().filter(|agree| **agree).count();
        // Both right, 81 %, or both mistaken, 1 %.
        assert!((810..=830).contains(&per_1000(agreeing, both.len())), "{agreeing}");
    }

    #[tokio::test]
    async fn numbers_turn_once_a_week_and_not_all_on_the_same_day() {
        let mut turned_on_day = [0; 7];
        for number in 0..2000 {
            let weeks: Vec<u64> = (0..8).map(|day| week_of(number, MONDAY + day * DAY_SECONDS)).collect();
            let turns: Vec<usize> = (0..7).filter(|day| weeks[*day] != weeks[*day + 1]).collect();
            assert_eq!(turns.len(), 1, "number {number}");
            turned_on_day[turns[0]] += 1;
        }
        assert!(turned_on_day.iter().all(|numbers| *numbers > 200), "{turned_on_day:?}");
    }

    #[tokio::test]
    async fn no_time_or_number_is_too_large() {
        let carrier = SimulatedCarrier::new("Hiya".into(), u64::MAX);
        assert_eq!(carrier.look_up(&[0, u64::MAX], u64::MAX).await.unwrap().carriers.len(), 1);
    }
}
