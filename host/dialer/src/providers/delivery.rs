//! What becomes of a number in a Telnyx order.
//!
//! The order and each of its numbers have a state, and they differ: an order may be pending although its only number has
//! failed, or a success without its number. The number's state counts, and the order's only where the number has none.
//! Versions of the API write states differently (`failure`, `failed`; `canceled`, `cancelled`) and under different names
//! (`status`, `phone_number_status`, `requirements_status`). So every field of a state is read, and words are known by
//! their stems.

use super::api::number_in;
use dialguard::contract::PhoneNumber;
use serde_json::Value;

/// How far a number of an order is. Later ones bring more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// The order is for other numbers.
    OtherNumber,
    /// It does not come any more.
    Over,
    /// It comes once a user has given information, such as an address.
    NeedsUser,
    /// Telnyx works on it, or says what is not known here.
    Working,
    /// The order has brought it.
    Done,
}

/// Stems of the words for what does not come any more.
const OVER: [&str; 9] = ["fail", "declin", "cancel", "delet", "reject", "expir", "abort", "unavailable", "ported-out"];

/// Words for a request to a user.
const NEEDS_USER: [&str; 4] =
    ["requirement-info-pending", "requirement-info-exception", "action-required", "info-required"];

const DONE: [&str; 8] =
    ["success", "successful", "succeeded", "complete", "completed", "active", "emergency-only", "port-out-pending"];

/// What a state says; none if it says nothing of a delivery.
pub fn of_status(status: &str) -> Option<Delivery> {
    let status = status.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let is = |words: &[&str]| words.contains(&&*status);
    Some(match () {
        () if is(&NEEDS_USER) => Delivery::NeedsUser,
        () if is(&DONE) => Delivery::Done,
        // Such as `cancel-pending`: it may still come.
        () if status.ends_with("pending") => Delivery::Working,
        () if OVER.iter().any(|stem| status.contains(stem)) => Delivery::Over,
        () if status.contains("review") || status.contains("progress") || status.contains("process") => {
            Delivery::Working
        }
        () => return None,
    })
}

/// What becomes of this number in an order.
pub fn of_order(order: &Value, number: PhoneNumber) -> Delivery {
    let numbers = order["phone_numbers"].as_array().map_or(&[][..], Vec::as_slice);
    let whole = states(order, |name| !is_about_requirements(name)).last().copied();
    let Some(ours) = numbers.iter().find(|item| number_in(&item["phone_number"]) == Some(number)) else {
        // A buyer orders one number at a time, so an order without numbers is for this one.
        return if numbers.is_empty() { whole.unwrap_or(Delivery::Working) } else { Delivery::OtherNumber };
    };
    let own = states(ours, |name| !is_about_requirements(name));
    let required = states(ours, is_about_requirements);
    let says = |delivery| own.contains(&delivery);
    match () {
        () if says(Delivery::Over) => Delivery::Over,
        () if says(Delivery::Done) => Delivery::Done,
        () if required.contains(&Delivery::Over) || whole == Some(Delivery::Over) => Delivery::Over,
        () if says(Delivery::NeedsUser) || required.contains(&Delivery::NeedsUser) => Delivery::NeedsUser,
        () if says(Delivery::Working) => Delivery::Working,
        () => whole.unwrap_or(Delivery::Working),
    }
}

/// What the fields of a state say.
fn states(item: &Value, is_wanted: impl Fn(&str) -> bool) -> Vec<Delivery> {
    let fields = item.as_object().into_iter().flatten();
    let states = fields.filter(|(name, _)| (name.ends_with("status") || *name == "state") && is_wanted(name));
    states.filter_map(|(_, value)| of_status(value.as_str()?)).collect()
}

fn is_about_requirements(name: &str) -> bool {
    name.starts_with("requirement")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NUMBER: PhoneNumber = 13_105_550_123;

    /// The order's state, the number's fields, and what becomes of the number.
    #[test]
    fn the_state_of_the_number_counts() {
        let rows = [
            ("success", json!({"status": "success"}), Delivery::Done),
            ("pending", json!({"status": "success"}), Delivery::Done),
            ("pending", json!({"status": "pending"}), Delivery::Working),
            ("success", json!({"status": "pending"}), Delivery::Working),
            ("success", json!({"status": "failure"}), Delivery::Over),
            ("pending", json!({"status": "failure"}), Delivery::Over),
            ("failed", json!({"status": "failed"}), Delivery::Over),
            ("pending", json!({"status": "Declined"}), Delivery::Over),
            ("pending", json!({"phone_number_status": "purchase_failed"}), Delivery::Over),
            ("pending", json!({"status": "pending", "requirements_status": "cancelled"}), Delivery::Over),
            ("canceled", json!({"status": "pending"}), Delivery::Over),
            ("deleted", json!({}), Delivery::Over),
            ("pending", json!({"status": "cancel-pending"}), Delivery::Working),
            ("success", json!({"status": "requirement-info-pending"}), Delivery::NeedsUser),
            (
                "pending",
                json!({"status": "pending", "requirements_status": "requirement-info-exception"}),
                Delivery::NeedsUser,
            ),
            ("pending", json!({"status": "requirement-info-under-review"}), Delivery::Working),
            ("pending", json!({"status": "success", "requirements_status": "approved"}), Delivery::Done),
            ("success", json!({}), Delivery::Done),
            ("shipped", json!({"status": "shipped"}), Delivery::Working),
        ];
        for (whole, mut fields, expected) in rows {
            fields["phone_number"] = json!("+13105550123");
            let order = json!({"status": whole, "phone_numbers": [fields]});
            assert_eq!(of_order(&order, NUMBER), expected, "{order}");
        }
    }

    #[test]
    fn an_order_for_another_number_does_not_bring_this_one() {
        let other =
            json!({"status": "success", "phone_numbers": [{"phone_number": "+13105550124", "status": "success"}]});
        assert_eq!(of_order(&other, NUMBER), Delivery::OtherNumber);
        for (status, expected) in [("success", Delivery::Done), ("cancelled", Delivery::Over)] {
            assert_eq!(of_order(&json!({"status": status, "phone_numbers": []}), NUMBER), expected);
            assert_eq!(of_order(&json!({ "status": status }), NUMBER), expected);
        }
    }
}
