//! A case as one line of JSON: all facts of its fixture and the call, with the contract's names.

use crate::contract::*;
use crate::scenarios::case::{Call, Case};
use crate::scenarios::fake_dialer::Fixture;
use crate::scenarios::notation::{Numbers, name};
use crate::settings::settings_by_name;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The call that a dialer should make of its policy, and the facts to make it with.
pub(super) fn question(case: &Case, fixture: &Fixture, call: &Call) -> Value {
    json!({
        "case": case.name(),
        "now": digits(fixture.now),
        "carriers": each(&fixture.carriers, |carrier| json!({ "id": carrier.id, "name": carrier.name })),
        "observations": each(fixture.observations.values().flatten(), observation),
        "account": account(&fixture.account),
        "monitored": each(&fixture.monitored, monitored),
        "owned": each(&fixture.owned, |number| digits(*number)),
        "candidates": each(&fixture.candidates, |number| digits(*number)),
        "flag-events": each(&fixture.flag_events, |event| json!({ "number": digits(event.number), "at": digits(event.at) })),
        "failures": fixture.failures.iter().map(|(import, failure)| (import, error(failure))).collect::<BTreeMap<_, _>>(),
        "call": self::call(case.id(), call, case.settings()),
    })
}

/// The contract's function and its arguments in order.
fn call(id: &str, call: &Call, settings_checked: &Settings) -> Value {
    let (function, arguments) = match call {
        Call::Describe => ("describe", json!([])),
        Call::CheckSettings => ("check-settings", json!([settings_by_name(settings_checked)])),
        Call::ReviewAccount => ("review-account", json!([id])),
        Call::Decide(given) => ("decide", json!([id, request(&given.request())])),
        Call::Screen(numbers) => ("screen", json!([id, each(&Numbers::of_all(numbers), |number| digits(*number))])),
        Call::GetUsage => ("get-usage", json!([id])),
    };
    json!({ "function": function, "arguments": arguments })
}

fn request(request: &Request) -> Value {
    let all = |numbers: &[PhoneNumber]| each(numbers, |number| digits(*number));
    match request {
        Request::StartMonitoring(numbers) => json!({ "start-monitoring": all(numbers) }),
        Request::StopMonitoring(numbers) => json!({ "stop-monitoring": all(numbers) }),
        Request::DeleteNumbers(Deletion { numbers, accept_slot_loss }) => {
            json!({ "delete-numbers": { "numbers": all(numbers), "accept-slot-loss": accept_slot_loss } })
        }
        Request::ReplaceNumbers(numbers) => json!({ "replace-numbers": all(numbers) }),
        Request::SetBlocks(blocks) => json!({ "set-blocks": blocks }),
    }
}

fn account(account: &Account) -> Value {
    let lock = |lock: &SlotLock| json!({ "slot": lock.slot, "until": digits(lock.until) });
    json!({
        "id": account.id,
        "revision": digits(account.revision),
        "enabled": account.enabled,
        "slot-count": account.slot_count,
        "slot-count-next": account.slot_count_next,
        "slots-per-block": account.slots_per_block,
        "block-price-cents": account.block_price_cents,
        "cycle-starts-at": digits(account.cycle_starts_at),
        "cycle-ends-at": digits(account.cycle_ends_at),
        "day-starts-at": digits(account.day_starts_at),
        "locked-slots": each(&account.locked_slots, lock),
        "monitored-count": account.monitored_count,
        "rated-today": account.rated_today,
        "replacements-today": account.replacements_today,
        "settings": settings_by_name(&account.settings),
    })
}

fn monitored(number: &MonitoredNumber) -> Value {
    json!({
        "number": digits(number.number),
        "slot": number.slot,
        "status": name(&number.status),
        "status-since": digits(number.status_since),
        "monitored-since": digits(number.monitored_since),
        "flagging-checks": number.flagging_checks,
        "clearing-checks": number.clearing_checks,
        "last-rated-at": number.last_rated_at.map(digits),
        "replacement-pending": number.replacement_pending,
    })
}

fn observation(observation: &Observation) -> Value {
    json!({
        "number": digits(observation.number),
        "carrier": observation.carrier,
        "spam-score": observation.spam_score,
        "observed-at": digits(observation.observed_at),
    })
}

fn error(error: &Error) -> Value {
    json!({ "code": name(&error.code), "message": error.message })
}

/// 64-bit integers as text, because JavaScript's numbers cannot hold all of them.
fn digits(value: u64) -> Value {
    value.to_string().into()
}

fn each<'a, T: 'a>(values: impl IntoIterator<Item = &'a T>, write: impl Fn(&T) -> Value) -> Value {
    values.into_iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reply::read;
    use super::*;
    use crate::scenarios::case_files;

    /// Ensures that no field of the contract is missing from a line or misnamed.
    #[test]
    fn a_line_reads_back_as_the_facts_of_its_case() {
        for case in case_files().iter().flat_map(|file| &file.cases) {
            let fixture = case.fixture();
            let mut line = question(case, &fixture, case.call());
            assert_eq!(read::<Account>(line["account"].take()).unwrap(), fixture.account, "{}", case.name());
            assert_eq!(read::<Vec<Carrier>>(line["carriers"].take()).unwrap(), fixture.carriers);
            assert_eq!(read::<Vec<MonitoredNumber>>(line["monitored"].take()).unwrap(), fixture.monitored);
            assert_eq!(read::<Vec<FlagEvent>>(line["flag-events"].take()).unwrap(), fixture.flag_events);
            let observations: Vec<_> = fixture.observations.values().flatten().copied().collect();
            assert_eq!(read::<Vec<Observation>>(line["observations"].take()).unwrap(), observations);
            if let Call::Decide(given) = case.call() {
                assert_eq!(read::<Request>(line["call"]["arguments"][1].take()).unwrap(), given.request());
            }
        }
    }
}
