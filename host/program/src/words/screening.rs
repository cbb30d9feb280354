//! What screening numbers asks and costs, in words, and how its results are grouped.

use super::{count, thousands};
use dialguard::contract::Status;
use dialguard_dialer::dialguard::{ScreeningCost, SourceCost};
use dialguard_dialer::prices::dollars_of_micros;

/// The groups of screened numbers, from those to buy to those of which nothing is known.
pub const SCREENED_GROUPS: [(Status, &str); 4] =
    [(Status::Clean, "clean"), (Status::AtRisk, "at risk"), (Status::Flagged, "flagged"), (Status::Pending, "unknown")];

/// What the whole costs: `120 numbers are looked up, for at most $1.20.`
pub fn screening_cost_in_words(cost: &ScreeningCost) -> String {
    let looked_up = match cost.numbers {
        1 => "1 number is looked up".to_owned(),
        many => format!("{} are looked up", count(many as u64, "number")),
    };
    match cost.micros() {
        0 => format!("{looked_up}, at no charge."),
        micros => format!("{looked_up}, for at most {}.", dollars_of_micros(micros)),
    }
}

/// What one source is asked, and what it charges: `96 numbers at $0.01, $0.96`.
pub fn asked_in_words(asked: &SourceCost) -> String {
    let numbers = count(asked.within_budget as u64, "number");
    let charged = match asked.price_micros {
        0 => format!("{numbers}, at no charge"),
        price => format!("{numbers} at {}, {}", dollars_of_micros(price), dollars_of_micros(asked.micros())),
    };
    match asked.asked - asked.within_budget {
        0 => charged,
        beyond => format!("{charged}; its budget of the day does not cover {} more", thousands(beyond as u64)),
    }
}
