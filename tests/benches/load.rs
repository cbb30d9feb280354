//! Whether slow, broken and greedy clients are in the way of others: `cargo bench --bench load`.
//!
//! 200 connections for a minute while 1,000 accounts of 15 numbers fall due: 40 people on pages and 40 programs on the
//! API, who ask once every two seconds each; 40 clients that send a request byte by byte, 40 that send half of one and
//! wait, and 40 that send bodies of 9 MiB. Measures how long the people and programs wait, counted from when a request
//! is due, how late the reviews begin, and the process's memory, in which the clients are included.
//! `-- SECONDS` sets another duration.
//!
//! An account's review time is a minute, so the clock shows a minute for each second that passes, and the schedule looks
//! as often as it would: every 20 seconds of that clock.

use chrono::NaiveTime;
use dialguard::clock::Clock;
use dialguard::contract::{Request, Timestamp};
use dialguard_dialer::Dialguard;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, begin_session, make_token};
use dialguard_dialer::ledger::{AccountSettings, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::Policies;
use dialguard_program::schedule::{Pace, review_time, serve_at};
use dialguard_program::web::{Site, WebSettings, serve};
use reqwest::Client;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const ACCOUNTS: u64 = 1_000;
const NUMBERS_PER_ACCOUNT: u64 = 15;

/// Of each kind of client.
const CLIENTS: u8 = 40;

/// How often a well-behaved client asks.
const ASKS_EVERY: Duration = Duration::from_secs(2);

/// More than any route takes.
const OVERSIZED_BYTES: usize = 9 << 20;

/// 2026-03-02T12:00:00Z
const BEGIN: Timestamp = 1_772_452_800;
const SECONDS_PER_SECOND: u64 = 60;
const PACE: Pace =
    Pace { look_every: Duration::from_millis(20_000 / SECONDS_PER_SECOND), slow_after: Duration::from_secs(60) };

#[tokio::main(worker_threads = 2)]
async fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let clock = Arc::new(QuickClock(AtomicU64::new(BEGIN)));
    let dialguard = set_up(folder.path(), clock.clone(), seconds).await;
    let (session, token) = credentials(&dialguard);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let server = listener.local_addr().expect("it is bound");
    let site = Site::new(dialguard.clone(), WebSettings::default());
    tokio::spawn(serve(listener, site, std::future::pending()));

    let (stop, stopped) = oneshot::channel::<()>();
    let scheduled = dialguard.clone();
    let schedule = tokio::spawn(async move { serve_at(PACE, &scheduled, async { drop(stopped.await) }).await });
    let ticking = tokio::spawn(clock.clone().run());
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let memory = tokio::spawn(sample_memory(end));
    let mut clients = JoinSet::new();
    for place in 0..CLIENTS {
        let client = WellBehaved::new(server, place);
        let offset = ASKS_EVERY / u32::from(CLIENTS) * u32::from(place);
        clients.spawn(client.clone().ask_until(end, offset, "page", PAGES, ("cookie", session.clone())));
        clients.spawn(client.ask_until(end, offset + ASKS_EVERY / 2, "API", ROUTES, ("authorization", token.clone())));
        clients.spawn(repeat_until(end, place, "byte by byte", server, byte_by_byte));
        clients.spawn(repeat_until(end, place, "half a request", server, half_a_request));
        clients.spawn(repeat_until(end, place, "oversized body", server, oversized));
    }
    let tallies = clients.join_all().await;
    let memory = memory.await.expect("memory is read");
    let lateness = lateness(&dialguard);
    ticking.abort();
    let _ = stop.send(());
    schedule.await.expect("the schedule ends").expect("the ledger is readable");

    println!("{} connections for {seconds} s, in milliseconds", 5 * u32::from(CLIENTS));
    println!("{:<32}{:>8}{:>8}{:>8}{:>8}", "", "count", "p50", "p99", "most");
    for kind in ["page", "API"] {
        let of_kind = tallies.iter().filter(|tally| tally.kind == kind);
        tell(kind, of_kind.flat_map(|tally| tally.times.iter().copied()).collect());
    }
    tell("reviews, late by", lateness);
    println!("\nwhat the others saw");
    for kind in ["byte by byte", "half a request", "oversized body"] {
        println!("{kind:<32}{}", outcomes(&tallies, kind));
    }
    println!("\nmemory, MiB: {memory}");
}

/// A minute a second.
struct QuickClock(AtomicU64);

impl Clock for QuickClock {
    fn now(&self) -> Timestamp {
        self.0.load(SeqCst)
    }
}

impl QuickClock {
    async fn run(self: Arc<Self>) {
        let begun = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_secs(1) / SECONDS_PER_SECOND as u32).await;
            let passed = begun.elapsed().as_secs_f64() * SECONDS_PER_SECOND as f64;
            self.0.store(BEGIN + passed as u64, SeqCst);
        }
    }
}

/// Accounts whose reviews fall due one after the other while the clients ask.
async fn set_up(folder: &Path, clock: Arc<QuickClock>, seconds: u64) -> Dialguard {
    let ledger = Arc::new(Ledger::open_or_create(folder).expect("the ledger can be made"));
    for seed in 1..=3 {
        let name = format!("carrier-{seed}");
        let source = SourceProfile { name, kind: SourceKind::Simulated, location: seed.to_string() };
        ledger.add_source(&source, 0).expect("the source can be added");
    }
    let policies = Policies::open(ledger.clone(), BEGIN).expect("the reference policy is live");
    let dialguard = Dialguard::new(ledger, policies, clock.clone());
    // The day before, so that today's review is all that is due.
    clock.0.store(BEGIN - 86_400, SeqCst);
    for account in 0..ACCOUNTS {
        add_account(&dialguard, account, seconds).await;
    }
    clock.0.store(BEGIN, SeqCst);
    dialguard
}

async fn add_account(dialguard: &Dialguard, account: u64, seconds: u64) {
    let id = format!("account-{account}");
    // The last few seconds are left for what is late.
    let minute = account * seconds.saturating_sub(5).max(1) / ACCOUNTS + 1;
    let new = NewAccount {
        id: id.clone(),
        blocks: NUMBERS_PER_ACCOUNT.div_ceil(15) as u32,
        time_zone: "UTC".parse().expect("a time zone"),
        region: Region::US,
        review_at: NaiveTime::from_hms_opt(12 + (minute / 60) as u32, (minute % 60) as u32, 0).expect("a time of day"),
        settings: AccountSettings::default(),
    };
    dialguard.add_account(&new).await.expect("the account can be added");
    let first = 12_000_000_000 + account * NUMBERS_PER_ACCOUNT;
    let numbers: Vec<u64> = (first..first + NUMBERS_PER_ACCOUNT).collect();
    let ledger = dialguard.ledger();
    ledger.import_numbers(&id, &numbers, ImportedAs::Owned, dialguard.now()).expect("the numbers can be imported");
    dialguard.decide(&id, &Request::StartMonitoring(numbers)).await.expect("monitoring can start");
    dialguard.review(&id).await.expect("the numbers are checked");
}

/// A cookie for the pages and a header for the API.
fn credentials(dialguard: &Dialguard) -> (String, String) {
    let (ledger, now) = (dialguard.ledger(), dialguard.now());
    let grant = || Grant { role: Role::Read, accounts: Accounts::All };
    add_user(ledger, "ann", "a password of some words", grant(), now).expect("a user");
    let session = begin_session(ledger, "ann", now).expect("a session");
    let token = make_token(ledger, "bench", grant(), now, None).expect("a token");
    (format!("dialguard_session={session}"), format!("Bearer {token}"))
}

/// What one client saw.
struct Tally {
    kind: &'static str,
    times: Vec<Duration>,
    outcomes: BTreeMap<String, u32>,
}

impl Tally {
    fn new(kind: &'static str) -> Self {
        Tally { kind, times: Vec::new(), outcomes: BTreeMap::new() }
    }
}

/// What people and programs ask for. `ID` is replaced by an account.
const PAGES: &[&str] =
    &["/", "/accounts/ID", "/accounts/ID?show=flagged", "/accounts/ID/activity", "/accounts/ID/settings"];
const ROUTES: &[&str] =
    &["/api/v1/accounts/ID", "/api/v1/accounts/ID/numbers", "/api/v1/accounts/ID/usage", "/api/v1/accounts/ID/events"];

#[derive(Clone)]
struct WellBehaved {
    server: SocketAddr,
    place: u8,
    client: Client,
}

impl WellBehaved {
    fn new(server: SocketAddr, place: u8) -> Self {
        let client = Client::builder().no_proxy().local_address(address(2, place)).build().expect("a client");
        WellBehaved { server, place, client }
    }

    /// Asks whether answers come or not, so that the time behind an earlier request counts too.
    async fn ask_until(
        self,
        end: Instant,
        offset: Duration,
        kind: &'static str,
        paths: &'static [&'static str],
        header: (&'static str, String),
    ) -> Tally {
        let mut tally = Tally::new(kind);
        let mut due = Instant::now() + offset;
        for turn in 0.. {
            due += ASKS_EVERY;
            if due > end {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            let account =
                format!("account-{}", (turn * usize::from(CLIENTS) + usize::from(self.place)) % ACCOUNTS as usize);
            let path = paths[(turn + usize::from(self.place)) % paths.len()].replace("ID", &account);
            let asked = self.client.get(format!("http://{}{path}", self.server)).header(header.0, &header.1);
            let answer = asked.send().await.expect("the server answers");
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            answer.bytes().await.expect("a whole answer");
            tally.times.push(due.elapsed());
        }
        tally
    }
}

/// One address for each kind of client and place, as on a network.
fn address(kind: u8, place: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, kind, place + 1).into()
}

/// Opens one connection after the other from an address of its own, and counts how they end.
async fn repeat_until<Ended: Future<Output = std::io::Result<String>>>(
    end: Instant,
    place: u8,
    kind: &'static str,
    server: SocketAddr,
    send: impl Fn(TcpStream) -> Ended,
) -> Tally {
    let mut tally = Tally::new(kind);
    while Instant::now() < end {
        let sent = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::new(address(3 + kind.len() as u8, place), 0))?;
            send(socket.connect(server).await?).await
        };
        let outcome = match tokio::time::timeout_at(end.into(), sent).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => "connection closed".into(),
            Err(_) => "still open at the end".into(),
        };
        *tally.outcomes.entry(outcome).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tally
}

async fn byte_by_byte(mut server: TcpStream) -> std::io::Result<String> {
    for byte in b"GET / HTTP/1.1\r\nhost: slow.example\r\nx-padding: ".iter().chain(std::iter::repeat(&b'x')) {
        server.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok("sent".into())
}

async fn half_a_request(mut server: TcpStream) -> std::io::Result<String> {
    let head = "POST /sign-in HTTP/1.1\r\nhost: half.example\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 100\r\n\r\nname=";
    server.write_all(head.as_bytes()).await?;
    status(server).await
}

async fn oversized(mut server: TcpStream) -> std::io::Result<String> {
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nhost: big.example\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {OVERSIZED_BYTES}\r\n\r\n"
    );
    server.write_all(head.as_bytes()).await?;
    let piece = vec![b'x'; 64 << 10];
    for _ in 0..OVERSIZED_BYTES / piece.len() {
        // Refused before it is read: the answer may be there although the rest cannot be sent.
        if server.write_all(&piece).await.is_err() {
            break;
        }
    }
    status(server).await
}

/// The status of the answer, such as 413.
async fn status(mut server: TcpStream) -> std::io::Result<String> {
    let mut head = [0; 12];
    server.read_exact(&mut head).await?;
    Ok(String::from_utf8_lossy(&head[9..]).into_owned())
}

/// How late each account's review of the day began.
fn lateness(dialguard: &Dialguard) -> Vec<Duration> {
    let ledger = dialguard.ledger();
    let accounts = ledger.accounts().expect("the accounts are read");
    let late = accounts.iter().filter_map(|account| {
        let due = review_time(account, BEGIN);
        let runs = ledger.runs(&account.id, 0, 100).expect("the runs are read");
        let begun = runs.iter().map(|run| run.decided_at).find(|at| *at >= due)?;
        Some(Duration::from_millis((begun - due) * 1_000 / SECONDS_PER_SECOND))
    });
    let late: Vec<_> = late.collect();
    println!("{} of {ACCOUNTS} accounts were reviewed", late.len());
    late
}

/// At the quarters of the time, and the most.
async fn sample_memory(end: Instant) -> String {
    let begun = Instant::now();
    let quarter = end.saturating_duration_since(begun) / 4;
    let mut samples = vec![format!("{} at the beginning", resident())];
    for place in 1..=4 {
        tokio::time::sleep_until((begun + quarter * place).into()).await;
        samples.push(format!("{} after {:.0} s", resident(), (quarter * place).as_secs_f64()));
    }
    samples.join(", ")
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    resident.and_then(|kib| kib.trim().parse::<u64>().ok()).map_or("unknown".into(), |kib| (kib >> 10).to_string())
}

fn outcomes(tallies: &[Tally], kind: &str) -> String {
    let mut all: BTreeMap<&str, u32> = BTreeMap::new();
    for (outcome, count) in tallies.iter().filter(|tally| tally.kind == kind).flat_map(|tally| &tally.outcomes) {
        *all.entry(outcome).or_default() += count;
    }
    all.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
}

fn tell(what: &str, mut taken: Vec<Duration>) {
    taken.sort_unstable();
    let part = |of_hundred: usize| {
        let place = (taken.len() * of_hundred / 100).min(taken.len().saturating_sub(1));
        taken.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
    };
    println!("{what:<32}{:>8}{:>8.1}{:>8.1}{:>8.1}", taken.len(), part(50), part(99), part(100));
}
