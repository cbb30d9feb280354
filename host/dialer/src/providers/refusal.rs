//! What a provider's refusal of a purchase is about: the number, or the account.
//!
//! A refusal of the account ends with an operator: no other number would be sold. A refusal of the number ends with
//! another number. Some reasons hold for one number or for all of them, such as a missing address; these and unknown codes
//! count as the number's, and the buyer tries a few others before it calls the account to blame.
//!
//! Sources: Twilio's error dictionary (`twilio.com/docs/api/errors`) and its changelog; Telnyx's API error codes
//! (`developers.telnyx.com/development/api-fundamentals/api-errors`); how HTTP uses 402, 403 and 404. Twilio's 21404 and
//! 21615 are from public reports. Twilio's 21632, 21650 and 21651, and of Telnyx 10038, 20012 to 20017, 20100 and 85000 on,
//! were not confirmed in the dictionaries; taken wrongly, they cost a try with another number.

use crate::ledger::ProviderKind::{self, Telnyx, Twilio};

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The number is sold, or is none. Another one may be bought.
    Unavailable,
    /// The number, or a kind of numbers. Another one may be bought.
    Number,
    /// The account, for whatever number.
    Account,
}

use Refusal::{Account, Number, Unavailable};

const ADDRESS: Option<&str> =
    Some("a number of this kind needs an address in the account: add an address in the provider's console");
const BUNDLE: Option<&str> = Some(
    "a number of this kind needs an approved regulatory bundle: add one in the provider's console, under Regulatory Compliance",
);
const FUNDS: Option<&str> = Some("add funds to the account with the provider");
const INACTIVE: Option<&str> =
    Some("the account is suspended, closed or blocked: see its balance and notices in the provider's console");
const TRIAL: Option<&str> = Some("a trial account may have one number: upgrade the account with the provider");
const LEVEL: Option<&str> =
    Some("the account's level does not allow it: verify or upgrade the account with the provider");

/// Codes with their own meaning, each with what to do.
const CODES: &[(ProviderKind, &[&str], Refusal, Option<&str>)] = &[
    // Invalid, and not available.
    (Twilio, &["21421", "21422"], Unavailable, None),
    (Twilio, &["21613", "21615", "21628", "21631"], Number, ADDRESS),
    // A number that is new to Twilio, where the account takes none of those.
    (Twilio, &["21632"], Number, None),
    (Twilio, &["21649", "21650", "21651"], Number, BUNDLE),
    // The last one: may buy no long codes for now.
    (Twilio, &["10001", "20005", "90010", "22300"], Account, INACTIVE),
    (Twilio, &["10002", "21404"], Account, TRIAL),
    // Invalid, not written as E.164, not searched for recently, and not available.
    (Telnyx, &["10002", "10016", "85000", "85001"], Unavailable, None),
    // Inactive.
    (Telnyx, &["10001"], Number, None),
    (Telnyx, &["20100"], Account, FUNDS),
    (Telnyx, &["20012", "20013"], Account, INACTIVE),
    (Telnyx, &["10038", "10039", "20014", "20015", "20016", "20017"], Account, LEVEL),
    (Telnyx, &["10009", "10010"], Account, None),
];

/// What a refusal with a status of 4xx is about, and what to do if the code says it.
pub fn refusal(kind: ProviderKind, status: u16, code: Option<&str>) -> (Refusal, Option<&'static str>) {
    let code = code.unwrap_or_default();
    if let Some((.., refusal, advice)) = CODES.iter().find(|(of, codes, ..)| *of == kind && codes.contains(&code)) {
        return (*refusal, *advice);
    }
    // Twilio numbers its errors of a purchase from 21000; Telnyx and Twilio those of keys and accounts from 20000.
    let refusal = match status {
        409 if kind == Telnyx => Unavailable,
        402 => Account,
        401 | 403 | 404 if kind == Telnyx || !code.starts_with("21") => Account,
        _ if code.starts_with("20") && code.len() == 5 => Account,
        _ => Number,
    };
    (refusal, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_or_a_status_says_what_a_refusal_is_about() {
        let rows = [
            (Twilio, 400, "21422", Unavailable),
            (Twilio, 400, "21631", Number),
            (Twilio, 403, "21649", Number),
            (Twilio, 400, "21699", Number),
            (Twilio, 400, "", Number),
            (Twilio, 403, "", Account),
            (Twilio, 400, "20001", Account),
            (Twilio, 400, "21404", Account),
            (Twilio, 402, "21999", Account),
            (Telnyx, 409, "", Unavailable),
            (Telnyx, 422, "85001", Unavailable),
            (Telnyx, 422, "10027", Number),
            (Telnyx, 403, "20014", Account),
            (Telnyx, 422, "20999", Account),
            (Telnyx, 403, "10038", Account),
        ];
        for (kind, status, code, expected) in rows {
            assert_eq!(refusal(kind, status, Some(code)).0, expected, "{kind:?} {status} {code}");
        }
    }

    #[test]
    fn a_code_has_one_meaning() {
        for kind in [Twilio, Telnyx] {
            let codes = CODES.iter().filter(|(of, ..)| *of == kind).flat_map(|(_, codes, ..)| codes.iter());
            let mut codes: Vec<_> = codes.collect();
            let all = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), all, "{kind:?}");
        }
    }
}
