//! What a policy sees of sources, and what an account sees of its look-ups.

use crate::dialer::scene::Scene;
use crate::harness::acme::{DAY, NOW, number};
use crate::harness::policies::reference::reference;
use dialguard::calendar::rfc3339;
use dialguard::contract::SourceId;
use dialguard::dialer::CarrierLookup;
use dialguard_dialer::ledger::{AccountChange, Ledger, SourceKind, SourceProfile};
use dialguard_dialer::sources::costs::LookUpCosts;
use dialguard_dialer::sources::inquiry::Sources;
use dialguard_dialer::sources::lookups::LookupSettings;
use dialguard_dialer::sources::telnyx::Telnyx;
use std::sync::Arc;
use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
    ledger: Arc<Ledger>,
    sources: Sources,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        Fixture { sources: Sources::new(ledger.clone()), ledger, folder }
    }

    /// A file in which these carriers call one number clean.
    fn add_file(&self, name: &str, carriers: &[&str]) {
        let row = |carrier: &&str| format!("+{},{carrier},5,,{}\n", number(100), rfc3339(NOW));
        let path = self.folder.path().join(format!("{name}.csv"));
        let rows: String = carriers.iter().map(row).collect();
        std::fs::write(&path, format!("number,carrier,score,label,observed_at\n{rows}")).unwrap();
        self.add(name, SourceKind::Verdicts, path.to_string_lossy().into_owned());
    }

    fn add_service(&self, name: &str, price_micros: u64, budget_micros: u64) {
        let settings = LookupSettings {
            price_micros,
            budget_micros,
            ..LookupSettings::new::<Telnyx>([("api-key", "env:NOT_SET_ANYWHERE".parse().unwrap())])
        };
        self.add(name, SourceKind::Telnyx, settings.location());
    }

    fn add(&self, name: &str, kind: SourceKind, location: String) {
        self.ledger.add_source(&SourceProfile { name: name.into(), kind, location }, 0).unwrap();
    }

    /// Each source's id, name, price, look-ups left, and the names of its carriers.
    async fn sources(&self) -> Vec<(SourceId, String, u32, Option<u32>, Vec<String>)> {
        let inquiry = self.sources.inquiry(NOW);
        let carriers = inquiry.carriers().await;
        let name = |id: &u16| carriers.iter().find(|carrier| carrier.id == *id).unwrap().name.clone();
        let seen = inquiry.sources().await.into_iter().map(|source| {
            let carriers = source.carriers.iter().map(name).collect();
            (source.id, source.name, source.price, source.look_ups_left, carriers)
        });
        seen.collect()
    }

    /// The names of the carriers that these sources have answers of.
    async fn asked(&self, sources: &[SourceId]) -> Vec<String> {
        let inquiry = self.sources.inquiry(NOW);
        let verdicts = inquiry.look_up(vec![number(100)], sources.to_vec()).await.unwrap();
        let carriers = inquiry.carriers().await;
        let mut names: Vec<_> =
            carriers.into_iter().filter(|it| verdicts.carriers.contains(&it.id)).map(|it| it.name).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_asks_the_sources_that_it_names_and_learns_which_carriers_they_speak_for() {
    let fixture = Fixture::new();
    fixture.add_file("second", &["B", "C"]);
    fixture.add_file("first", &["A", "b"]);
    assert_eq!(fixture.sources().await, [(1, "second".into(), 0, None, vec![]), (2, "first".into(), 0, None, vec![]),]);
    assert_eq!(fixture.asked(&[2]).await, ["A", "b"]);
    assert_eq!(fixture.asked(&[1]).await, ["C", "b"]);
    assert_eq!(fixture.asked(&[1, 2]).await, ["A", "C", "b"]);
    assert_eq!(fixture.asked(&[]).await, ["A", "C", "b"], "none named: every source");
    let carriers: Vec<_> = fixture.sources().await.into_iter().map(|source| source.4).collect();
    assert_eq!(carriers, [["b", "C"], ["A", "b"]]);
}

/// A recording names sources by their ids.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_keeps_its_id_and_no_other_ever_gets_it() {
    let fixture = Fixture::new();
    let ids = async || fixture.sources().await.into_iter().map(|source| (source.0, source.1)).collect::<Vec<_>>();
    fixture.add_file("a", &["A"]);
    fixture.add_file("b", &["B"]);
    fixture.asked(&[]).await;
    fixture.ledger.remove_source("b", 0).unwrap();
    fixture.add_file("c", &["C"]);
    assert_eq!(ids().await, [(1, "a".into()), (3, "c".into())]);
    fixture.add_file("b", &["D"]);
    assert_eq!(ids().await, [(1, "a".into()), (2, "b".into()), (3, "c".into())]);
    assert_eq!(fixture.sources().await[1].4, Vec::<String>::new(), "what it said before it was removed is forgotten");
}

/// Prices are in hundredths of a cent: $0.10 is 1,000.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_sees_prices_and_what_is_left_of_budgets() {
    let fixture = Fixture::new();
    fixture.add_service("dear", 100_000, 1_550_000);
    fixture.add_service("cheap", 50, 1_000);
    fixture.add_service("free", 0, 0);
    let terms: Vec<_> = fixture.sources().await.into_iter().map(|source| (source.1, source.2, source.3)).collect();
    let expected = [("dear".into(), 1_000, Some(15)), ("cheap".into(), 1, Some(20)), ("free".into(), 0, None)];
    assert_eq!(terms, expected);
}

/// Four monitored numbers are looked up with two free carriers in one file; a service that is down would cost $0.10 each.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_sees_how_old_its_ratings_are_and_what_daily_look_ups_would_cost() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let ledger = dialguard.ledger();
    let off = AccountChange {
        settings: Some({
            let mut settings = ledger.account("acme").unwrap().settings;
            settings.guard_rails.auto_replace = false;
            settings
        }),
        ..AccountChange::default()
    };
    dialguard.change_account("acme", &off).await.unwrap();
    let costs = |now| LookUpCosts::of(ledger, "acme", now).unwrap();
    let before = costs(NOW);
    assert_eq!((before.ages.never_rated, before.ages.oldest_rated_at, before.ages.looked_up_today), (4, None, 0));
    assert_eq!(before.number_micros, 0, "a file costs nothing");

    dialguard.review("acme").await.unwrap();
    let location = LookupSettings {
        price_micros: 100_000,
        budget_micros: 400_000,
        ..LookupSettings::new::<Telnyx>([("api-key", "env:NOT_SET_ANYWHERE".parse().unwrap())])
    }
    .location();
    ledger.add_source(&SourceProfile { name: "them".into(), kind: SourceKind::Telnyx, location }, 0).unwrap();
    let after = costs(NOW);
    assert_eq!((after.ages.never_rated, after.ages.oldest_rated_at), (0, Some(NOW)));
    assert_eq!(after.ages.looked_up_today, 4, "each monitored number once");
    assert_eq!((after.day_micros(), after.month_micros()), (400_000, 12_000_000), "$0.40 a day, $12.00 in 30 days");
    assert_eq!(costs(NOW + DAY).ages.looked_up_today, 0, "the next day has its own");
}
