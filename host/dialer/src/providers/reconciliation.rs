//! What a provider has of this host's numbers, held against what the ledger says.
//!
//! | there | here | finding |
//! |---|---|---|
//! | owned | unknown | [`Finding::UnknownHere`] |
//! | not owned | owned, and bought there | [`Finding::MissingThere`] |
//! | owned | released | [`Finding::StillThere`] |
//! | either | its purchase, replacement or release is under way | [`Finding::UnderWay`]; nothing is done about it |
//! | owned | owned, or a candidate | none |
//!
//! Nothing is changed by comparing.
//!
//! ```
//! use dialguard_dialer::ledger::{HeldNumber, NumberState};
//! use dialguard_dialer::providers::reconciliation::{Finding, compare};
//!
//! let held = |number, state| HeldNumber {
//!     number, account: "acme".into(), state, is_monitored: false, is_under_way: false, is_bought_there: true,
//! };
//! let here = [held(13_105_550_100, NumberState::Owned), held(13_105_550_101, NumberState::Released)];
//! let found = compare(&[13_105_550_101, 13_105_550_102], &here);
//! let found: Vec<_> = found.iter().map(|found| (found.number, found.finding)).collect();
//! assert_eq!(found, [
//!     (13_105_550_100, Finding::MissingThere),
//!     (13_105_550_101, Finding::StillThere),
//!     (13_105_550_102, Finding::UnknownHere),
//! ]);
//! ```

use crate::ledger::{HeldNumber, ImportOutcome, ImportedAs, Ledger, LedgerError, NumberState};
use crate::providers::{Provider, ProviderError};
use dialguard::contract::{PhoneNumber, Timestamp};
use std::collections::BTreeMap;

/// A number of which the provider and the ledger say different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The number.
    pub number: PhoneNumber,
    /// The account that has it here, or had it; none where it is unknown here.
    pub account: Option<String>,
    /// What is different.
    pub finding: Finding,
}

/// How a provider and the ledger differ about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The provider has it, and this host has never heard of it.
    UnknownHere,
    /// It was bought there and is owned here, and the provider does not have it.
    MissingThere,
    /// It was released here, and the provider still has it.
    StillThere,
    /// A purchase, replacement or release of it is under way.
    UnderWay,
}

impl Finding {
    /// Its name, as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Finding::UnknownHere => "unknown-here",
            Finding::MissingThere => "missing-there",
            Finding::StillThere => "still-there",
            Finding::UnderWay => "under-way",
        }
    }
}

/// What became of a number that something was to be done about; an error says why nothing was done.
pub type Applied = (PhoneNumber, Result<(), String>);

/// Everything in which the two differ, in ascending order of numbers. `there` has to be in ascending order.
pub fn compare(there: &[PhoneNumber], here: &[HeldNumber]) -> Vec<Found> {
    let here: BTreeMap<PhoneNumber, &HeldNumber> = here.iter().map(|held| (held.number, held)).collect();
    let is_there = |number: &PhoneNumber| there.binary_search(number).is_ok();
    let known = here.values().filter_map(|held| {
        let finding = finding(held, is_there(&held.number))?;
        Some(Found { number: held.number, account: Some(held.account.clone()), finding })
    });
    let unknown = there.iter().filter(|number| !here.contains_key(number));
    let unknown = unknown.map(|number| Found { number: *number, account: None, finding: Finding::UnknownHere });
    let mut found: Vec<_> = known.chain(unknown).collect();
    found.sort_unstable_by_key(|found| found.number);
    found
}

fn finding(held: &HeldNumber, is_there: bool) -> Option<Finding> {
    if held.is_under_way {
        // Not worth a word where the provider has nothing to do with it.
        return (is_there || held.is_bought_there).then_some(Finding::UnderWay);
    }
    match held.state {
        NumberState::Released => is_there.then_some(Finding::StillThere),
        NumberState::Owned => (held.is_bought_there && !is_there).then_some(Finding::MissingThere),
        NumberState::Candidate | NumberState::Ordered => None,
    }
}

/// Takes the numbers that are unknown here into an account, as not monitored.
pub fn import(ledger: &Ledger, account: &str, found: &[Found], now: Timestamp) -> Result<Vec<Applied>, LedgerError> {
    let unknown = found.iter().filter(|found| found.finding == Finding::UnknownHere);
    let numbers: Vec<_> = unknown.map(|found| found.number).collect();
    let outcomes = ledger.import_numbers(account, &numbers, ImportedAs::Owned, now)?;
    let said = |outcome| match outcome {
        ImportOutcome::Imported | ImportOutcome::KnownBefore => Ok(()),
        ImportOutcome::OtherAccounts => Err("another account has it meanwhile; reconcile again".to_owned()),
        ImportOutcome::NoCandidate => Err("it has another state meanwhile; reconcile again".to_owned()),
    };
    Ok(numbers.into_iter().zip(outcomes.into_iter().map(said)).collect())
}

/// Gives back the numbers that were released here and are still there. Each is looked up in the ledger once more before:
/// one that is owned here, monitored or under way meanwhile is left alone.
pub async fn release(
    ledger: &Ledger,
    provider: (&str, &dyn Provider),
    found: &[Found],
    now: Timestamp,
) -> Result<Vec<Applied>, LedgerError> {
    let (name, provider) = provider;
    let mut applied = Vec::new();
    for found in found.iter().filter(|found| found.finding == Finding::StillThere) {
        let number = found.number;
        if !is_to_be_given_back(ledger, name, number)? {
            applied.push((number, Err("it is no longer released here; reconcile again".to_owned())));
            continue;
        }
        let released = provider.release(number).await;
        if released.is_ok() {
            ledger.given_back(number, name, now)?;
        }
        applied.push((number, released.map_err(|error| in_words(&error))));
    }
    Ok(applied)
}

fn is_to_be_given_back(ledger: &Ledger, provider: &str, number: PhoneNumber) -> Result<bool, LedgerError> {
    let held = ledger.held_number(provider, number)?;
    Ok(held.is_some_and(|held| held.state == NumberState::Released && !held.is_monitored && !held.is_under_way))
}

fn in_words(error: &ProviderError) -> String {
    match error.is_without_effect() {
        true => error.to_string(),
        false => format!("{error}; it may be given back already: reconcile again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: PhoneNumber = 13_105_550_100;

    /// State here, whether it is under way, whether it was bought there, whether it is there; and what is found.
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
            };
            let there = if is_there { vec![NUMBER] } else { vec![] };
            let found: Vec<_> = compare(&there, &[held]).iter().map(|found| found.finding).collect();
            assert_eq!(found, Vec::from_iter(expected), "{state:?} {is_under_way} {is_bought_there} {is_there}");
        }
        assert_eq!(compare(&[NUMBER], &[])[0].finding, Finding::UnknownHere);
    }
}
