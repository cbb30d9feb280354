//! Three days of the dialer, and what happens when something fails: a clear error, and nothing half-done.

use crate::*;
use dialguard::settings::default_settings;

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
        let standing =
            dialer.monitored.values().map(|number| format!("+{} {}", number.number, status_name(number.status)));
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
    silent
        .observations
        .values_mut()
        .for_each(|observations| observations.retain(|observation| observation.carrier != 3));
    tell_failure("one carrier of three", policy, silent, "acme").await;
    tell_failure("the account is unknown", policy, dialer, "nobody").await;
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

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Clean => "clean",
        Status::AtRisk => "at-risk",
        Status::Flagged => "flagged",
    }
}

/// The same policy, as if it were made for a version of the contract that does not exist.
fn of_another_version(component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let found: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"@0.2.0")).collect();
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
        replacement_pending: false,
    }
}

fn acme() -> SmallDialer {
    let names = ["AT&T (Hiya)", "T-Mobile (First Orion)", "Verizon (TNS)"];
    let taken_on = |number, slot| (number, taken_on(number, slot, MIDNIGHT - DAY));
    SmallDialer {
        now: MIDNIGHT,
        carriers: (1..).zip(names).map(|(id, name)| Carrier { id, name: name.into() }).collect(),
        observations: BTreeMap::new(),
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
            replacements_today: 0,
            settings: Settings { auto_replace: true, ..default_settings() },
        },
        monitored: BTreeMap::from([taken_on(GOOD, 1), taken_on(BAD, 2)]),
        owned: BTreeSet::from([GOOD, BAD]),
        candidates: BTreeSet::from([SPARE]),
        flag_events: vec![],
        failures: BTreeMap::new(),
    }
}

impl SmallDialer {
    /// Nine in the morning; two of three carriers flag the bad number.
    fn begin_day(&mut self, day: u64) {
        let midnight = MIDNIGHT + day * DAY;
        self.now = midnight + 9 * DAY / 24;
        let account = self.account.clone();
        self.account = Account { day_starts_at: midnight, rated_today: 0, replacements_today: 0, ..account };
        let observation = |number, carrier| Observation {
            number,
            carrier,
            spam_score: Some(if number == BAD && carrier < 3 { 95 } else { 5 }),
            observed_at: self.now,
        };
        self.observations = [GOOD, BAD, SPARE]
            .map(|number| (number, vec![observation(number, 1), observation(number, 2), observation(number, 3)]))
            .into();
    }

    /// A dialer with the facts of a conformance case.
    pub fn of_case(fixture: &Fixture) -> Self {
        SmallDialer {
            now: fixture.now,
            carriers: fixture.carriers.clone(),
            observations: fixture.observations.clone(),
            account: fixture.account.clone(),
            monitored: fixture.monitored.iter().map(|number| (number.number, *number)).collect(),
            owned: fixture.owned.clone(),
            candidates: fixture.candidates.clone(),
            flag_events: fixture.flag_events.clone(),
            failures: fixture.failures.clone(),
        }
    }
}
