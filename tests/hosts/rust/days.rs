//! Three days of the dialer, and what happens when something fails: a clear error, and nothing half-done.

use crate::*;
use dialguard::settings::Settings;

const DAY: Timestamp = 24 * 60 * 60;
const MIDNIGHT: Timestamp = 1_772_323_200; // 2026-03-01T00:00:00Z
const GOOD: PhoneNumber = 13_105_550_100;
const BAD: PhoneNumber = 13_105_550_101;
const SPARE: PhoneNumber = 13_105_550_141;

pub async fn tell(policy: &Policy, component: &[u8]) -> Result<()> {
    let mut dialer = acme();
    for day in 0..3 {
        dialer.begin_day(day);
        let plan = dialer.review(policy, "acme").await?;
        let standing = dialer.monitored.values().map(|number| format!("+{} {}", number.number, number.status.name()));
        println!("Day {}: {}", day + 1, standing.collect::<Vec<_>>().join(", "));
        for action in plan.actions {
            if let Action::ReplaceNumber(replacement) = action {
                println!("       +{} replaced: {}", replacement.number, replacement.because);
            }
        }
    }
    dialer.begin_day(3);
    println!("\nWhere something fails:");
    let failing = |import, message: &str| {
        let failures = BTreeMap::from([(import, Error::unavailable(message))]);
        SmallDialer { failures, ..dialer.clone() }
    };
    let no_inventory = failing(Import::Monitored, "The database is down; try again later.");
    tell_failure("the inventory", policy, no_inventory, "acme").await;
    let no_carrier = failing(Import::LookUp, "No carrier answered in time; try again later.");
    tell_failure("every carrier", policy, no_carrier, "acme").await;
    let mut silent = dialer.clone();
    silent.verdicts.values_mut().for_each(|verdicts| verdicts.retain(|verdict| verdict.carrier != 3));
    tell_failure("one carrier of three", policy, silent, "acme").await;
    tell_failure("the account is unknown", policy, dialer.clone(), "nobody").await;
    tell_broken_table(policy, dialer).await?;
    match Policy::compile(&of_another_version(component), Limits::default()) {
        Ok(_) => bail!("a component of another version was taken"),
        Err(refused) => println!("  the component is of another version: {refused}"),
    }
    Ok(())
}

async fn tell_failure(what: &str, policy: &Policy, mut dialer: SmallDialer, account: &str) {
    let before = dialer.clone();
    match dialer.review(policy, account).await {
        Ok(plan) => println!("  {what}: {} numbers rated all the same", plan.reviews.len()),
        Err(error) => {
            assert!(dialer == before, "nothing half-done");
            println!("  {what}: {error} Nothing was changed.");
        }
    }
}

/// As if a policy had left out the last value of a column. The sandbox refuses such a table by itself.
async fn tell_broken_table(policy: &Policy, mut dialer: SmallDialer) -> Result<()> {
    let before = dialer.clone();
    let mut plan = policy.review_account(&dialer.as_of_now(), "acme").await?.answer;
    plan.reviews.flagging.pop();
    let refused = dialer.apply(&plan).expect_err("a short column");
    assert!(dialer == before, "nothing half-done");
    println!("  a table has a short column: {refused}. Nothing was changed.");
    Ok(())
}

/// The same policy, as if it were made for a version of the contract that does not exist.
fn of_another_version(component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let found: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"@0.3.0")).collect();
    found.iter().for_each(|at| bytes[*at..][..6].copy_from_slice(b"@0.9.0"));
    bytes
}

/// A newly monitored number, not rated yet.
pub fn taken_on(number: PhoneNumber, slot: u32, now: Timestamp) -> MonitoredNumber {
    MonitoredNumber {
        number,
        slot,
        status: Status::Pending,
        status_since: now,
        monitored_since: now,
        flagging_checks: 0,
        clearing_checks: 0,
        last_rated_at: None,
        evidence_until: None,
        suspect_since: None,
        resting_since: None,
        replacement_pending: false,
    }
}

fn acme() -> SmallDialer {
    let names = ["AT&T (Hiya)", "T-Mobile (First Orion)", "Verizon (TNS)"];
    let taken_on = |number, slot| (number, taken_on(number, slot, MIDNIGHT - DAY));
    SmallDialer {
        now: MIDNIGHT,
        carriers: (1..).zip(names).map(|(id, name)| Carrier { id, name: name.into() }).collect(),
        sources: vec![Source {
            id: 1,
            name: "a reputation service".into(),
            price: 150,
            look_ups_left: None,
            carriers: vec![1, 2, 3],
        }],
        verdicts: BTreeMap::new(),
        account: Account {
            id: "acme".into(),
            revision: 1,
            enabled: true,
            slot_count: 15,
            slot_count_next: 15,
            slots_per_block: 15,
            block_price_cents: 4_900,
            cycle_starts_at: MIDNIGHT,
            cycle_ends_at: MIDNIGHT + 31 * DAY,
            day_starts_at: MIDNIGHT,
            locked_slots: vec![],
            monitored_count: 2,
            rated_today: 0,
            look_ups_today: 0,
            replacements_today: 0,
            guard_rails: GuardRails { auto_replace: true, ..GuardRails::default() },
            // All others as the policy declares them.
            settings: Settings::from_iter([("checks-to-replace", "2")]),
        },
        monitored: BTreeMap::from([taken_on(GOOD, 1), taken_on(BAD, 2)]),
        owned: BTreeSet::from([GOOD, BAD]),
        candidates: BTreeMap::from([(SPARE, Candidate { number: SPARE, price_cents: 115, rested: false })]),
        rested: BTreeMap::new(),
        flag_events: vec![],
        calls: vec![],
        failures: BTreeMap::new(),
    }
}

impl SmallDialer {
    /// Nine in the morning; two of three carriers flag the bad number.
    fn begin_day(&mut self, day: u64) {
        let midnight = MIDNIGHT + day * DAY;
        self.now = midnight + 9 * DAY / 24;
        let account = self.account.clone();
        self.account =
            Account { day_starts_at: midnight, rated_today: 0, look_ups_today: 0, replacements_today: 0, ..account };
        let verdict = |number, carrier| CarrierVerdict {
            carrier,
            score: Some(if number == BAD && carrier < 3 { 95 } else { 5 }),
            observed_at: self.now,
        };
        self.verdicts = [GOOD, BAD, SPARE]
            .map(|number| (number, [1, 2, 3].map(|carrier| verdict(number, carrier)).to_vec()))
            .into();
    }

    /// A dialer with the facts of a conformance case.
    pub fn of_case(fixture: &Fixture) -> Self {
        SmallDialer {
            now: fixture.now,
            carriers: fixture.carriers.clone(),
            sources: fixture.sources.clone(),
            verdicts: fixture.verdicts.clone(),
            account: fixture.account.clone(),
            monitored: fixture.monitored.iter().map(|number| (number.number, *number)).collect(),
            owned: fixture.owned.clone(),
            candidates: fixture.candidates.iter().map(|candidate| (candidate.number, *candidate)).collect(),
            rested: fixture.rested.iter().map(|number| (number.number, *number)).collect(),
            flag_events: fixture.flag_events.clone(),
            calls: fixture.calls.clone(),
            failures: fixture.failures.clone(),
        }
    }
}
