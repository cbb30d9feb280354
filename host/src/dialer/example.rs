use dialguard::async_trait;
use dialguard::clock::FixedClock;
use dialguard::contract::*;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::settings::Settings;
use std::sync::Arc;

/// 15 January 2026, 09:00 UTC.
const NOW: Timestamp = 1_768_467_600;

const DAY: Timestamp = 24 * 60 * 60;

/// A dialer in memory with one account, `acme`. It monitors +13105550100 and +13105550123, also owns +13105550150, and can
/// buy +13105550199. Both carriers rate +13105550123 as spam, as they did yesterday.
struct SmallDialer {
    guard_rails: GuardRails,
}

/// Guard rails with automatic replacement on.
const AUTO_REPLACE: GuardRails = GuardRails { auto_replace: true, replacements_per_day_max: 3 };

/// The dialer as a policy sees it, at a fixed time.
fn small_dialer(guard_rails: GuardRails) -> Dialer {
    let dialer = Arc::new(SmallDialer { guard_rails });
    Dialer { clock: Arc::new(FixedClock(NOW)), carriers: dialer.clone(), inventory: dialer }
}

#[async_trait]
impl CarrierLookup for SmallDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        vec![Carrier { id: 1, name: "AT&T".into() }, Carrier { id: 2, name: "T-Mobile".into() }]
    }

    async fn sources(&self) -> Vec<Source> {
        // One service, which speaks for both carriers and is free.
        vec![Source { id: 1, name: "labels".into(), price: 0, look_ups_left: None, carriers: vec![1, 2] }]
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, _: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let mut verdicts = VerdictTable::of(vec![1, 2]);
        for number in numbers {
            let score = Some(if number == 13_105_550_123 { 95 } else { 5 });
            verdicts.push([1, 2].map(|carrier| CarrierVerdict { carrier, score, observed_at: NOW }));
        }
        Ok(verdicts)
    }
}

#[async_trait]
impl NumberInventory for SmallDialer {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        if id != "acme" {
            return Err(Error::no_such_account(id));
        }
        Ok(Account {
            id: id.into(),
            revision: 7,
            enabled: true,
            slot_count: 15,
            slot_count_next: 15,
            slots_per_block: 15,
            block_price_cents: 4_900,
            cycle_starts_at: NOW - 10 * DAY,
            cycle_ends_at: NOW + 20 * DAY,
            day_starts_at: NOW - NOW % DAY,
            locked_slots: vec![],
            monitored_count: 2,
            rated_today: 0,
            look_ups_today: 0,
            replacements_today: 0,
            guard_rails: self.guard_rails,
            settings: Settings::default(), // nobody has set any, so the policy's defaults count
        })
    }

    async fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        let number = |number, slot, status, flagging_checks, clearing_checks| MonitoredNumber {
            number,
            slot,
            status,
            status_since: NOW - DAY,
            monitored_since: NOW - 9 * DAY,
            flagging_checks,
            clearing_checks,
            last_rated_at: Some(NOW - DAY),
            evidence_until: Some(NOW - DAY),
            suspect_since: None,
            resting_since: None,
            replacement_pending: false,
        };
        let numbers = [
            number(13_105_550_100, 1, Status::Clean, 0, 9),
            number(13_105_550_123, 2, Status::Flagged, 1, 0), // after a second day of spam it is to be replaced
        ];
        Ok(numbers.into_iter().filter(|number| number.number > after).take(limit as usize).collect())
    }

    async fn owned(&self, _: &str, mut numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        numbers.retain(|number| [13_105_550_100, 13_105_550_123, 13_105_550_150].contains(number));
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    async fn candidates(&self, _: &str, _: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        let on_hand = Candidate { number: 13_105_550_199, price_cents: 0, rested: false };
        Ok([on_hand].into_iter().take(limit as usize).collect())
    }

    async fn flag_events(&self, _: &str, _: Timestamp) -> Result<FlagTable, Error> {
        Ok([FlagEvent { number: 13_105_550_123, at: NOW - DAY }].into_iter().collect())
    }
}
