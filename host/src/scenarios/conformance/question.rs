//! A case as one line of JSON: all facts of its fixture and the call, with the contract's names.

use crate::contract::*;
use crate::scenarios::case::{Call, Case, Given};
use crate::scenarios::fake_dialer::{Fixture, HourOfCalls};
use crate::scenarios::notation::{Numbers, name};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The call that a dialer should make of its policy, and the facts to make it with.
pub(super) fn question(case: &Case, fixture: &Fixture) -> Value {
    json!({
        "case": case.name(),
        "now": digits(fixture.now),
        "carriers": each(&fixture.carriers, |carrier| json!({ "id": carrier.id, "name": carrier.name })),
        "sources": each(&fixture.sources, source),
        "verdicts": verdicts(fixture),
        "account": account(&fixture.account, case.settings()),
        "monitored": columns(&fixture.monitored.iter().copied().collect::<MonitoredTable>()),
        "owned": each(&fixture.owned, |number| digits(*number)),
        "candidates": columns(&fixture.candidates.iter().copied().collect::<CandidateTable>()),
        "rested": columns(&fixture.rested.iter().copied().collect::<RestedTable>()),
        "flag-events": columns(&fixture.flag_events.iter().copied().collect::<FlagTable>()),
        "calls": calls(&fixture.calls),
        "failures": fixture.failures.iter().map(|(import, failure)| (import, error(failure))).collect::<BTreeMap<_, _>>(),
        "call": call(case),
    })
}

/// The contract's function and its arguments in order; settings are given by name.
fn call(case: &Case) -> Value {
    let id = case.id();
    let (function, arguments) = match case.call() {
        Call::Describe => ("describe", json!([])),
        Call::CheckSettings => ("check-settings", json!([case.settings()])),
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

fn account(account: &Account, settings: &Given) -> Value {
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
        "look-ups-today": account.look_ups_today,
        "replacements-today": account.replacements_today,
        "guard-rails": {
            "auto-replace": account.guard_rails.auto_replace,
            "replacements-per-day-max": account.guard_rails.replacements_per_day_max,
        },
        "settings": settings,
    })
}

fn source(source: &Source) -> Value {
    json!({
        "id": source.id,
        "name": source.name,
        "price": source.price,
        "look-ups-left": source.look_ups_left,
        "carriers": source.carriers,
    })
}

/// The numbers that carriers know, and their verdicts: a row for each.
fn verdicts(fixture: &Fixture) -> Value {
    let mut table = VerdictTable::of(fixture.carriers.iter().map(|carrier| carrier.id).collect());
    fixture.verdicts.values().for_each(|verdicts| table.push(verdicts.iter().copied()));
    let mut columns = columns(&table);
    columns["numbers"] = each(fixture.verdicts.keys(), |number| digits(*number));
    columns
}

fn calls(hours: &[HourOfCalls]) -> Value {
    let table: CallTable = hours.iter().map(|hour| hour.calls).collect();
    let mut columns = columns(&table);
    columns["numbers"] = each(hours, |hour| digits(hour.number));
    columns["at"] = each(hours, |hour| digits(hour.at));
    columns
}

/// A table with the contract's names.
fn columns<T: Serialize>(table: &T) -> Value {
    let Ok(Value::Object(columns)) = serde_json::to_value(table) else {
        unreachable!("a table is a struct of lists of integers")
    };
    let written = columns.into_iter().map(|(name, mut column)| {
        if HAVE_64_BITS.contains(&name.as_str()) {
            column.as_array_mut().into_iter().flatten().for_each(|value| *value = value.to_string().into());
        }
        (name.replace('_', "-"), column)
    });
    Value::Object(written.collect())
}

/// The columns of tables whose values are numbers or times.
const HAVE_64_BITS: [&str; 9] = [
    "numbers",
    "status_since",
    "monitored_since",
    "last_rated_at",
    "evidence_until",
    "suspect_since",
    "resting_since",
    "at",
    "observed_at",
];

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
    use crate::settings::Settings;

    /// Ensures that no field of the contract is missing from a line or misnamed.
    #[test]
    fn a_line_reads_back_as_the_facts_of_its_case() {
        for case in case_files().iter().flat_map(|file| &file.cases) {
            let fixture = case.fixture();
            let mut line = question(case, &fixture);
            line["account"]["settings"] = json!({});
            let account = Account { settings: Settings::default(), ..fixture.account.clone() };
            assert_eq!(read::<Account>(line["account"].take()).unwrap(), account, "{}", case.name());
            assert_eq!(read::<Vec<Carrier>>(line["carriers"].take()).unwrap(), fixture.carriers);
            assert_eq!(read::<Vec<Source>>(line["sources"].take()).unwrap(), fixture.sources);
            let monitored: MonitoredTable = read(line["monitored"].take()).unwrap();
            assert!(monitored.rows().unwrap().eq(fixture.monitored));
            assert!(read::<CandidateTable>(line["candidates"].take()).unwrap().rows().unwrap().eq(fixture.candidates));
            assert!(read::<RestedTable>(line["rested"].take()).unwrap().rows().unwrap().eq(fixture.rested));
            assert!(read::<FlagTable>(line["flag-events"].take()).unwrap().rows().unwrap().eq(fixture.flag_events));
            let calls: CallTable = read(line["calls"].take()).unwrap();
            assert!(calls.rows().unwrap().eq(fixture.calls.iter().map(|hour| hour.calls)));
            let verdicts: VerdictTable = read(line["verdicts"].take()).unwrap();
            let said = verdicts.rows(fixture.verdicts.len()).unwrap();
            for (said, expected) in said.zip(fixture.verdicts.values()) {
                let mut expected = expected.clone();
                expected.sort_by_key(|verdict| verdict.carrier);
                assert!(said.eq(expected), "{}", case.name());
            }
            if let Call::Decide(given) = case.call() {
                assert_eq!(read::<Request>(line["call"]["arguments"][1].take()).unwrap(), given.request());
            }
        }
    }
}
