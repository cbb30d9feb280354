//! Numbers on offer and what each costs when it is bought.

use crate::prices::dollars;
use dialguard::contract::PhoneNumber;
use serde_json::Value;

/// The most that a number may cost, in US cents: $100.00.
pub const NUMBER_CENTS_MAX: u32 = 10_000;

/// A number on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The number.
    pub number: PhoneNumber,
    /// What it costs.
    pub price: OfferPrice,
}

/// What a number on offer costs: all that is due when it is bought, its first month included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferPrice {
    /// The provider states no price of its own: the one in its profile counts.
    Flat,
    /// So many US cents, from 1 to 10,000.
    Cents(u32),
    /// It is not bought at the price that the provider states; says why.
    Refused(String),
}

impl Offer {
    /// A number at the price in the provider's profile.
    pub fn flat(number: PhoneNumber) -> Self {
        Offer { number, price: OfferPrice::Flat }
    }
}

impl OfferPrice {
    /// The sum of the amounts that a provider states, as decimals such as `1.15`, rounded up to a cent. A missing amount is
    /// none; without any, the provider states no price.
    pub fn stated(amounts: &[&Value], currency: &Value) -> Self {
        let stated: Vec<_> = amounts.iter().filter(|amount| !amount.is_null()).collect();
        if stated.is_empty() {
            return OfferPrice::Flat;
        }
        match currency.as_str() {
            Some(currency) if currency.eq_ignore_ascii_case("USD") => {}
            Some(currency) => return OfferPrice::refused(format!("the price is in {currency}, not in US dollars")),
            None => return OfferPrice::refused("the price has no currency".into()),
        }
        let Some(micros) = stated.into_iter().map(|amount| micros(amount)).sum::<Option<u64>>() else {
            return OfferPrice::refused("the price is not an amount".into());
        };
        // Candidates that cost nothing are those on hand.
        match micros.div_ceil(10_000).max(1) {
            cents @ ..=10_000 => OfferPrice::Cents(cents as u32),
            cents => OfferPrice::refused(format!(
                "the price is {}, and a number may cost {} at most",
                dollars(cents),
                dollars(NUMBER_CENTS_MAX.into())
            )),
        }
    }

    fn refused(why: String) -> Self {
        // What a provider writes may be long.
        OfferPrice::Refused(why.chars().filter(|character| !character.is_control()).take(200).collect())
    }
}

/// Millionths in a decimal, rounded up; none if it is not one.
fn micros(amount: &Value) -> Option<u64> {
    let text = match amount {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let is_decimal = (1..=9).contains(&whole.len()) && [whole, part].iter().all(|digits| is_digits(digits));
    if !is_decimal {
        return None;
    }
    let (six, rest) = part.split_at(part.len().min(6));
    let more = u64::from(rest.bytes().any(|digit| digit != b'0'));
    Some(whole.parse::<u64>().ok()? * 1_000_000 + format!("{six:0<6}").parse::<u64>().ok()? + more)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Upfront, monthly, currency, and what the number costs.
    #[test]
    fn a_price_is_what_is_due_at_once_in_whole_us_cents() {
        let refused = |why: &str| OfferPrice::Refused(why.into());
        let rows = [
            (json!("0.00"), json!("1.00"), json!("USD"), OfferPrice::Cents(100)),
            (json!("1.00000"), json!("0.15"), json!("usd"), OfferPrice::Cents(115)),
            (json!(null), json!("1.001"), json!("USD"), OfferPrice::Cents(101)),
            (json!(1), json!(0.5), json!("USD"), OfferPrice::Cents(150)),
            (json!("0"), json!("0.0"), json!("USD"), OfferPrice::Cents(1)),
            (json!("50.00"), json!("50.00"), json!("USD"), OfferPrice::Cents(10_000)),
            (json!(null), json!(null), json!(null), OfferPrice::Flat),
            (json!("1.00"), json!("1.00"), json!("EUR"), refused("the price is in EUR, not in US dollars")),
            (json!("1.00"), json!("1.00"), json!(null), refused("the price has no currency")),
            (json!("1.00"), json!("free"), json!("USD"), refused("the price is not an amount")),
            (json!("1.00"), json!("-1.00"), json!("USD"), refused("the price is not an amount")),
            (json!("1e3"), json!("1.00"), json!("USD"), refused("the price is not an amount")),
            (
                json!("99.99"),
                json!("1.00"),
                json!("USD"),
                refused("the price is $100.99, and a number may cost $100.00 at most"),
            ),
        ];
        for (upfront, monthly, currency, expected) in rows {
            assert_eq!(
                OfferPrice::stated(&[&upfront, &monthly], &currency),
                expected,
                "{upfront} {monthly} {currency}"
            );
        }
    }
}
