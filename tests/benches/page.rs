//! How quickly the page of a 100,000-number account answers at 50 requests a second.
//!
//! `cargo bench --bench page` sends requests for a minute, whether answers come or not, so the time a request waits behind
//! another one counts too. `-- SECONDS` sets another duration. The requests are those of real users: the first page,
//! other pages in every order, searches and filters. The server's clock advances meanwhile, so the week that is shown
//! moves, and the figures at the head of the page are recounted once a minute.

#[path = "../harness"]
mod harness {
    pub mod acme;
    #[expect(dead_code, reason = "the suites use the rest")]
    pub mod dialer;
    #[expect(dead_code, reason = "the suites use the rest")]
    pub mod server;
}

use dialguard::contract::{NUMBERS_PER_CALL_MAX, Request};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ImportedAs;
use harness::acme::DAY;
use harness::dialer::Dialer;
use harness::server::Server;
use reqwest::Client;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const NUMBERS: u64 = 100_000;
const MONITORED: u64 = 80_000;
const FIRST: u64 = 13_000_000_000;
const REQUESTS_PER_SECOND: u32 = 50;

/// Requested in turn. `NEW` is replaced by digits that were not searched for before.
const ASKED: [(&str, &str); 12] = [
    ("the first page", ""),
    ("the middle page", "?page=1000"),
    ("the last page", "?page=2000"),
    ("by status", "?sort=status&down=1"),
    ("by slot, in the middle", "?sort=slot&page=800"),
    ("by when", "?sort=since&page=3"),
    ("a search anywhere", "?q=777"),
    ("a new search", "?q=NEW"),
    ("a search from the start", "?q=%2B1300009"),
    ("flagged", "?show=flagged"),
    ("not monitored, the last page", "?show=not-monitored&page=399"),
    ("turned flagged this week", "?flagged=week"),
];

#[tokio::main]
async fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let server = scene().await;
    let cookie = format!("dialguard_session={}", server.session(Role::Operate, &[]));
    let visitor = Arc::new(Visitor { address: server.address.clone(), cookie, client: Client::new() });
    for (_, query) in ASKED {
        visitor.ask(&query.replace("NEW", "999"), Instant::now()).await;
    }
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for place in 0..seconds * REQUESTS_PER_SECOND {
        let due = begun + Duration::from_secs(1) / REQUESTS_PER_SECOND * place;
        tokio::time::sleep_until(due.into()).await;
        if place.is_multiple_of(REQUESTS_PER_SECOND) {
            server.pass(1);
        }
        let (visitor, kind) = (visitor.clone(), place as usize % ASKED.len());
        let query = ASKED[kind].1.replace("NEW", &format!("{:03}", place % 1_000));
        asking.spawn(async move { (kind, visitor.ask(&query, due).await) });
    }
    let taken = asking.join_all().await;
    println!("{REQUESTS_PER_SECOND} requests a second for {seconds} s, {NUMBERS} numbers, in milliseconds");
    println!("{:<32}{:>8}{:>8}{:>8}", "", "p50", "p99", "most");
    tell("all", taken.iter().map(|(_, time)| *time));
    for (place, (what, _)) in ASKED.iter().enumerate() {
        tell(what, taken.iter().filter(|(kind, _)| *kind == place).map(|(_, time)| *time));
    }
}

/// A user with the page open.
struct Visitor {
    address: String,
    cookie: String,
    client: Client,
}

impl Visitor {
    /// The time from when the request was due to its answer.
    async fn ask(&self, query: &str, due: Instant) -> Duration {
        let asked = self.client.get(format!("{}/accounts/acme{query}", self.address)).header("cookie", &self.cookie);
        let answer = asked.send().await.expect("the server answers");
        assert!(answer.status().is_success(), "{query}: {}", answer.status());
        let page = answer.text().await.expect("a page");
        assert!(page.contains("+1300"), "{query}: no number");
        due.elapsed()
    }
}

/// 100,000 numbers, of which four fifths are monitored and were reviewed on three days, and one fifth is not.
async fn scene() -> Server {
    let dialer = Dialer::new();
    dialer.run(&format!("account add acme --blocks {} --time-zone UTC", MONITORED.div_ceil(15))).exits(0);
    for seed in 1..=3 {
        dialer.run(&format!("sources add carrier-{seed} --simulated {seed}")).exits(0);
    }
    let numbers: Vec<u64> = (FIRST..FIRST + NUMBERS).collect();
    dialer.ledger().import_numbers("acme", &numbers, ImportedAs::Owned, dialer.now()).expect("numbers are imported");
    let server = Server::new(dialer).await;
    for batch in numbers[..MONITORED as usize].chunks(NUMBERS_PER_CALL_MAX) {
        let request = Request::StartMonitoring(batch.to_vec());
        server.dialguard.decide("acme", &request).await.expect("monitoring starts");
    }
    for _ in 0..3 {
        server.pass(DAY);
        server.dialguard.review("acme").await.expect("a review");
    }
    server
}

fn tell(what: &str, taken: impl Iterator<Item = Duration>) {
    let mut taken: Vec<f64> = taken.map(|time| time.as_secs_f64() * 1_000.0).collect();
    taken.sort_by(f64::total_cmp);
    let part = |of_hundred: usize| taken[(taken.len() * of_hundred / 100).min(taken.len() - 1)];
    println!("{what:<32}{:>8.1}{:>8.1}{:>8.1}", part(50), part(99), part(100));
}
