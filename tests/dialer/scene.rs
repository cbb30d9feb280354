//! A ledger with two accounts, for tests with several policies.

use crate::harness::acme::{NOW, number};
use crate::harness::policies::reference::reference;
use dialguard::calendar::rfc3339;
use dialguard::clock::FixedClock;
use dialguard::contract::*;
use dialguard::policy::Policy;
use dialguard::settings::Settings;
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{
    AccountSettings, EventFilter, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::zones::Zone;
use std::fmt::Write;
use std::sync::Arc;
use tempfile::TempDir;

/// The numbers of the account `acme` end in 0 to 5, those of `other` in 50 to 53, and candidates in 90 and 91.
pub const ACME: PhoneNumber = number(100);

/// Two accounts that monitor four numbers each in slots 1 to 4 and replace automatically. All carriers flag `acme`'s
/// first, so a correct review replaces that one by its closest candidate.
pub struct Scene {
    folder: TempDir,
    ledger: Arc<Ledger>,
}

impl Scene {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the ledger");
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).expect("a ledger"));
        let scene = Scene { folder, ledger };
        scene.carriers_flag(ACME);
        scene.add_account("acme", (ACME..ACME + 6).collect()).await;
        scene.add_account("other", (ACME + 50..ACME + 54).collect()).await;
        let candidates = [ACME + 90, ACME + 91];
        scene.ledger.import_numbers("acme", &candidates, ImportedAs::Candidate, NOW).expect("candidates are imported");
        scene
    }

    async fn add_account(&self, id: &str, numbers: Vec<PhoneNumber>) {
        let settings = AccountSettings {
            guard_rails: GuardRails { auto_replace: true, ..GuardRails::default() },
            values: Settings::from_iter([("checks-to-replace", "1")]),
        };
        let new = NewAccount {
            id: id.into(),
            blocks: 1,
            time_zone: Zone::utc(),
            region: Region::US,
            review_at: chrono::NaiveTime::MIN,
            settings,
        };
        let reference = self.dialguard(reference());
        reference.add_account(&new).await.expect("an account");
        self.ledger.import_numbers(id, &numbers, ImportedAs::Owned, NOW).expect("numbers");
        let request = Request::StartMonitoring(numbers[..4].to_vec());
        reference.decide(id, &request).await.expect("four numbers are monitored");
    }

    fn carriers_flag(&self, flagged: PhoneNumber) {
        let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
        for number in ACME..ACME + 100 {
            for carrier in ["A", "B"] {
                let score = if number == flagged { 95 } else { 5 };
                writeln!(rows, "+{number},{carrier},{score},,{}", rfc3339(NOW)).expect("text grows");
            }
        }
        let path = self.folder.path().join("verdicts.csv");
        std::fs::write(&path, rows).expect("the verdict file is written");
        let location = path.to_str().expect("a path of text").to_owned();
        let source = SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location };
        self.ledger.add_source(&source, 0).expect("a source");
    }

    /// A dialer on the scene's ledger.
    pub fn dialguard(&self, policy: Policy) -> Dialguard {
        Dialguard::new(self.ledger.clone(), policy, Arc::new(FixedClock(NOW)))
    }

    /// Everything that an account was charged, in US cents.
    pub fn charged_cents(&self, id: &str) -> u64 {
        self.ledger.charged_cents(id, 0).expect("charges")
    }

    /// Runs SQL on the ledger's database directly.
    pub fn execute(&self, sql: &str) {
        let path = self.folder.path().join("dialguard.db");
        let database = rusqlite::Connection::open(path).expect("the ledger's database");
        database.execute_batch(sql).expect(sql);
    }

    /// The size of the ledger, what it has not written back to its file included.
    pub fn ledger_bytes(&self) -> i64 {
        self.figure("PRAGMA page_count") * self.figure("PRAGMA page_size")
    }

    /// The number that a query finds.
    pub fn figure(&self, sql: &str) -> i64 {
        let database = rusqlite::Connection::open(self.folder.path().join("dialguard.db")).expect("the database");
        database.query_row(sql, [], |row| row.get(0)).expect("a figure")
    }

    /// The events of failed policies, oldest first.
    pub fn faults(&self) -> Vec<String> {
        let everything = EventFilter { number: None, last: u32::MAX };
        let events = self.ledger.events("acme", everything).expect("events");
        events.into_iter().filter(|event| event.kind == "policy-failed").map(|event| event.text).collect()
    }

    /// Everything in the ledger as text, but its events of failed policies.
    pub fn snapshot(&self) -> String {
        let ledger = &self.ledger;
        let mut text = format!("{:#?}", ledger.accounts().expect("accounts"));
        for id in ["acme", "other"] {
            let everything = EventFilter { number: None, last: u32::MAX };
            let mut events = ledger.events(id, everything).expect("events");
            events.retain(|event| event.kind != "policy-failed");
            let numbers = ledger.numbers(id).expect("numbers");
            let candidates = ledger.candidate_count(id).expect("candidates");
            let orders = ledger.open_orders(id).expect("orders");
            let locks = ledger.locked_slots(id).expect("locks");
            write!(text, "{events:#?} {numbers:#?} {candidates} {orders:#?} {locks:#?}").expect("text grows");
        }
        text
    }
}
