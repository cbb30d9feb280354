//! The dashboard and the API of a dialer, served in this process at the dialer's time.

use super::dialer::Dialer;
use dialguard::clock::Clock;
use dialguard::policy::Policy;
use dialguard_dialer::Dialguard;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, make_token};
use dialguard_dialer::policies::Policies;
use dialguard_program::web::{Site, WebSettings, serve};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::net::TcpListener;

/// Serves until it is dropped.
pub struct Server {
    pub dialer: Dialer,
    pub dialguard: Dialguard,
    pub address: String,
    now: Arc<SetClock>,
    client: Client,
    settings: WebSettings,
    policy: Option<Policy>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// A client of the dashboard or the API.
pub struct Visitor<'a> {
    server: &'a Server,
    header: (&'static str, String),
}

struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

impl Server {
    /// Serves this dialer's ledger.
    pub async fn new(dialer: Dialer) -> Self {
        Server::with(dialer, WebSettings::default(), None).await
    }

    /// The same with these settings, and with this policy in place of the ledger's.
    pub async fn with(dialer: Dialer, settings: WebSettings, policy: Option<Policy>) -> Self {
        let now = Arc::new(SetClock(AtomicU64::new(dialer.now())));
        let (dialguard, address, serving) = begin(&dialer, now.clone(), settings.clone(), policy.clone()).await;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        Server { dialer, dialguard, address, now, client, settings, policy, serving }
    }

    /// Stops the program and starts it again.
    pub async fn restart(&mut self) {
        self.serving.abort();
        (self.dialguard, self.address, self.serving) =
            begin(&self.dialer, self.now.clone(), self.settings.clone(), self.policy.clone()).await;
    }

    /// Advances the time of the server and the dialer.
    pub fn pass(&self, seconds: u64) {
        self.dialer.pass(seconds);
        self.now.0.store(self.dialer.now(), SeqCst);
    }

    /// Without credentials.
    pub fn stranger(&self) -> Visitor<'_> {
        Visitor { server: self, header: ("x-nobody", "1".into()) }
    }

    /// A token of a program, over every account.
    pub fn token(&self, role: Role) -> String {
        let visitor = self.program(role, &[]);
        visitor.header.1.trim_start_matches("Bearer ").to_owned()
    }

    /// A program with a token for these accounts; an empty list means every account.
    pub fn program(&self, role: Role, accounts: &[&str]) -> Visitor<'_> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let name = format!("program-{}", MADE.fetch_add(1, SeqCst));
        let token = make_token(self.dialguard.ledger(), &name, grant(role, accounts), self.dialguard.now(), None);
        Visitor { server: self, header: ("authorization", format!("Bearer {}", token.expect("a token"))) }
    }

    /// A signed-in user.
    pub fn user(&self, role: Role, accounts: &[&str]) -> Visitor<'_> {
        Visitor { server: self, header: ("cookie", format!("dialguard_session={}", self.session(role, accounts))) }
    }

    /// The session cookie's value of such a user.
    pub fn session(&self, role: Role, accounts: &[&str]) -> String {
        static ADDED: AtomicU64 = AtomicU64::new(0);
        let name = format!("user-{}", ADDED.fetch_add(1, SeqCst));
        let (ledger, now) = (self.dialguard.ledger(), self.dialguard.now());
        add_user(ledger, &name, PASSWORD, grant(role, accounts), now).expect("a user");
        dialguard_dialer::access::begin_session(ledger, &name, now).expect("a session")
    }
}

async fn begin(
    dialer: &Dialer,
    now: Arc<SetClock>,
    settings: WebSettings,
    policy: Option<Policy>,
) -> (Dialguard, String, tokio::task::JoinHandle<std::io::Result<()>>) {
    let ledger = Arc::new(dialer.ledger());
    let of_ledger = || Policies::open(ledger.clone(), dialer.now()).expect("a policy decides");
    let policies = policy.map_or_else(of_ledger, Policies::from);
    let dialguard = Dialguard::new(ledger, policies, now);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let site = Site::new(dialguard.clone(), settings);
    (dialguard, address, tokio::spawn(serve(listener, site, std::future::pending())))
}

/// Every user's password.
pub const PASSWORD: &str = "a password of some words";

fn grant(role: Role, accounts: &[&str]) -> Grant {
    let ids = accounts.iter().map(|id| (*id).to_owned());
    Grant { role, accounts: if accounts.is_empty() { Accounts::All } else { Accounts::Only(ids.collect()) } }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Visitor<'_> {
    /// A request by this visitor, not sent yet.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server
            .client
            .request(method, format!("{}{path}", self.server.address))
            .header(self.header.0, &self.header.1)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("the server answers")
    }

    /// The page at this path, which must exist.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("a body")
    }

    /// Submits a form of a page.
    pub async fn send(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.request(Method::POST, path).form(form).send().await.expect("the server answers")
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.expect("the server answers")
    }

    /// The JSON answer; the request must succeed.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }
}
