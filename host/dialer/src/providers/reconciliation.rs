//! Comparing the numbers at a provider with the ledger.
//!
//! | at the provider | in the ledger | finding |
//! |---|---|---|
//! | owned | unknown | [`Finding::UnknownHere`] |
//! | not owned | owned, and bought there | [`Finding::MissingThere`] |
//! | owned | released | [`Finding::StillThere`] |
//! | owned | given back to the provider | [`Finding::BackThere`]; no action, because someone else bought it |
//! | either | its purchase, replacement or release is in progress | [`Finding::UnderWay`]; no action |
//! | owned | owned, or a candidate | none |
//!
//! Comparing changes nothing.
//!
//! ```
//! use dialguard_dialer::ledger::{HeldNumber, NumberState};
//! use dialguard_dialer::providers::reconciliation::{Finding, compare};
//!
//! let held = |number, state| HeldNumber {
//!     number, account: "acme".into(), state, is_monitored: false, is_under_way: false, is_bought_there: true,
//!     is_given_back: false,
//! };
//! let here = [held(13_105_550_100, NumberState::Owned), held(13_105_550_101, NumberState::Released)];
//! let differences = compare(&[13_105_550_101, 13_105_550_102], &here);
//! let differences: Vec<_> = differences.iter().map(|difference| (difference.number, difference.finding)).collect();
//! assert_eq!(differences, [
//!     (13_105_550_100, Finding::MissingThere),
//!     (13_105_550_101, Finding::StillThere),
//!     (13_105_550_102, Finding::UnknownHere),
//! ]);
//! ```

use crate::ledger::{HeldNumber, ImportOutcome, ImportedAs, Ledger, LedgerError, NumberState};
use crate::providers::{Provider, ProviderError};
use dialguard::contract::{PhoneNumber, Timestamp};
use std::collections::BTreeMap;

/// A number on which the provider and the ledger differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The number.
    pub number: PhoneNumber,
    /// The account that has or had it; none if the ledger does not know it.
    pub account: Option<String>,
    /// How they differ.
    pub finding: Finding,
}

/// How a provider and the ledger differ on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The provider has it, and the ledger does not know it.
    UnknownHere,
    /// It was bought from the provider and is owned in the ledger, but the provider does not have it.
    MissingThere,
    /// It is released in the ledger, but the provider still has it.
    StillThere,
    /// It was given back to the provider, and the provider's account has it again: another system may use it.
    BackThere,
    /// A purchase, replacement or release of it is in progress.
    UnderWay,
}

impl Finding {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Finding::UnknownHere => "unknown-here",
            Finding::MissingThere => "missing-there",
            Finding::StillThere => "still-there",
            Finding::BackThere => "back-there",
            Finding::UnderWay => "under-way",
        }
    }
}

/// A number, and whether its difference was resolved; an error says why not.
pub type Resolution = (PhoneNumber, Result<(), String>);

/// All differences, in ascending order of numbers. `there` must be in ascending order.
pub fn compare(there: &[PhoneNumber], here: &[HeldNumber]) -> Vec<Difference> {
    let here: BTreeMap<PhoneNumber, &HeldNumber> = here.iter().map(|held| (held.number, held)).collect();
    let is_there = |number: &PhoneNumber| there.binary_search(number).is_ok();
    let known = here.values().filter_map(|held| {
        let finding = finding(held, is_there(&held.number))?;
        Some(Difference { number: held.number, account: Some(held.account.clone()), finding })
    });
    let unknown = there.iter().filter(|number| !here.contains_key(number));
    let unknown = unknown.map(|number| Difference { number: *number, account: None, finding: Finding::UnknownHere });
    let mut differences: Vec<_> = known.chain(unknown).collect();
    differences.sort_unstable_by_key(|difference| difference.number);
    differences
}

fn finding(held: &HeldNumber, is_there: bool) -> Option<Finding> {
    if held.is_under_way {
        // Not a difference if the provider is not involved.
        return (is_there || held.is_bought_there).then_some(Finding::UnderWay);
    }
    match held.state {
        NumberState::Released if held.is_given_back => is_there.then_some(Finding::BackThere),
        NumberState::Released => is_there.then_some(Finding::StillThere),
        NumberState::Owned => (held.is_bought_there && !is_there).then_some(Finding::MissingThere),
        NumberState::Candidate | NumberState::Ordered => None,
    }
}

/// Imports the numbers that the ledger does not know into an account, as not monitored.
pub fn import(
    ledger: &Ledger,
    account: &str,
    differences: &[Difference],
    now: Timestamp,
) -> Result<Vec<Resolution>, LedgerError> {
    let unknown = differences.iter().filter(|difference| difference.finding == Finding::UnknownHere);
    let numbers: Vec<_> = unknown.map(|difference| difference.number).collect();
    let outcomes = ledger.import_numbers(account, &numbers, ImportedAs::Owned, now)?;
    let resolution = |outcome| match outcome {
        ImportOutcome::Imported | ImportOutcome::KnownBefore => Ok(()),
        ImportOutcome::OtherAccounts => Err("another account has it by now; reconcile again".to_owned()),
        ImportOutcome::Resting => Err("it rests until it is given back".to_owned()),
        ImportOutcome::NoCandidate => Err("its state has changed; reconcile again".to_owned()),
    };
    Ok(numbers.into_iter().zip(outcomes.into_iter().map(resolution)).collect())
}

/// Releases at the provider the numbers that are released in the ledger. Each is checked again first, and skipped if it is
/// owned, monitored or in progress by now.
pub async fn release(
    ledger: &Ledger,
    provider: (&str, &dyn Provider),
    differences: &[Difference],
    now: Timestamp,
) -> Result<Vec<Resolution>, LedgerError> {
    let (name, provider) = provider;
    let mut resolutions = Vec::new();
    for difference in differences.iter().filter(|difference| difference.finding == Finding::StillThere) {
        let number = difference.number;
        if !is_still_released(ledger, name, number)? {
            resolutions.push((number, Err("it is no longer released in the ledger; reconcile again".to_owned())));
            continue;
        }
        let released = provider.release(number).await;
        if released.is_ok() {
            ledger.given_back(number, name, now)?;
        }
        resolutions.push((number, released.map_err(|error| in_words(&error))));
    }
    Ok(resolutions)
}

fn is_still_released(ledger: &Ledger, provider: &str, number: PhoneNumber) -> Result<bool, LedgerError> {
    let held = ledger.held_number(provider, number)?;
    Ok(held.is_some_and(|held| finding(&held, true) == Some(Finding::StillThere) && !held.is_monitored))
}

fn in_words(error: &ProviderError) -> String {
    match error.is_without_effect() {
        true => error.to_string(),
        false => format!("{error}; it may have been released: reconcile again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: PhoneNumber = 13_105_550_100;

    /// State in the ledger, whether it is in progress, bought from the provider, owned there; and the finding.
    #[test]
    fn every_case_of_the_table() {
        use NumberState::{Candidate, Ordered, Owned, Released};
        let cases = [
            (Owned, false, true, true, None),
            (Owned, false, true, false, Some(Finding::MissingThere)),
            (Owned, false, false, true, None),
            (Owned, false, false, false, None),
            (Owned, true, true, false, Some(Finding::UnderWay)),
            (Owned, true, false, false, None),
            (Released, false, true, true, Some(Finding::StillThere)),
            (Released, false, false, true, Some(Finding::StillThere)),
            (Released, false, true, false, None),
            (Released, true, true, true, Some(Finding::UnderWay)),
            (Ordered, true, false, true, Some(Finding::UnderWay)),
            (Candidate, false, false, true, None),
            (Candidate, false, false, false, None),
        ];
        for (state, is_under_way, is_bought_there, is_there, expected) in cases {
            let held = HeldNumber {
                number: NUMBER,
                account: "acme".into(),
                state,
                is_monitored: false,
                is_under_way,
                is_bought_there,
                is_given_back: false,
            };
            let there = if is_there { vec![NUMBER] } else { vec![] };
            let findings: Vec<_> = compare(&there, &[held]).iter().map(|difference| difference.finding).collect();
            assert_eq!(findings, Vec::from_iter(expected), "{state:?} {is_under_way} {is_bought_there} {is_there}");
        }
        assert_eq!(compare(&[NUMBER], &[])[0].finding, Finding::UnknownHere);
        let given_back = HeldNumber {
            number: NUMBER,
            account: "acme".into(),
            state: Released,
            is_monitored: false,
            is_under_way: false,
            is_bought_there: true,
            is_given_back: true,
        };
        assert_eq!(compare(&[NUMBER], &[given_back])[0].finding, Finding::BackThere);
    }
}
