//! Rates numbers by what carriers say now, before they are bought or monitored.

use crate::contract::*;
use crate::dialer::{Dialer, Run, check_numbers};
use crate::numbers::each_once;
use crate::rating::rate;
use alloc::vec::Vec;

/// One screening for each number, in the order given; the account's settings decide what counts as flagging.
pub fn screen(dialer: &impl Dialer, id: &str, numbers: &[PhoneNumber]) -> Result<Vec<Screening>, Error> {
    check_numbers(numbers)?;
    let run = Run::new(dialer, id)?;
    let each_once = each_once(numbers.to_vec());
    let ratings = rate(&run, &each_once)?;
    let mut screenings = Vec::with_capacity(numbers.len());
    for number in numbers {
        let place = each_once.partition_point(|other| other < number);
        let rating = ratings.get(place).copied().unwrap_or_default();
        screenings.push(Screening {
            number: *number,
            status: rating.status(&run.settings),
            flagging: rating.flagging,
            answering: rating.answering,
        });
    }
    Ok(screenings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountModel;

    #[test]
    fn every_number_has_an_answer_in_the_order_given() {
        let mut dialer = AccountModel::new(1);
        dialer.observe(30, &[Some(90), Some(90), Some(0)]);
        dialer.observe(20, &[Some(90), Some(0)]);
        dialer.observe(10, &[Some(0), Some(0)]);
        let answers = screen(&dialer, "acme", &[30, 10, 40, 20, 30]).unwrap();
        let screened: Vec<_> = answers.iter().map(|s| (s.number, s.status, s.flagging, s.answering)).collect();
        assert_eq!(
            screened,
            [
                (30, Status::Flagged, 2, 3),
                (10, Status::Clean, 0, 2),
                (40, Status::Pending, 0, 0),
                (20, Status::AtRisk, 1, 2),
                (30, Status::Flagged, 2, 3),
            ]
        );
        assert_eq!(dialer.numbers_looked_up(), 4, "a repeated number is looked up once");
    }

    #[test]
    fn impossible_numbers_and_too_many_numbers_are_refused() {
        let dialer = AccountModel::new(1);
        for numbers in [&[0][..], &[1_000_000_000_000_000], &[1; 10_001]] {
            assert_eq!(screen(&dialer, "acme", numbers).unwrap_err().code, ErrorCode::InvalidRequest);
        }
        assert!(screen(&dialer, "acme", &[1, 999_999_999_999_999]).is_ok());
        assert_eq!(screen(&dialer, "unknown", &[1]).unwrap_err().code, ErrorCode::NoSuchAccount);
    }
}
