//! A fake of the providers Twilio and Telnyx at one address. It sells, configures and releases numbers, with faults on
//! request before or after it carries out a request.
//!
//! It listens on this machine: [`FakeProvider::profile`] connects the library, [`FakeProvider::options`] the command line.

use super::fault::{Fault, spoilt};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dialguard::calendar::{rfc3339, utc};
use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{ProviderKind, ProviderProfile};
use dialguard_dialer::phone::e164;
use dialguard_dialer::providers::ProviderSettings;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;

pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "hunter2hunter2";

/// The price of a number: $1.15.
pub const PRICE_CENTS: u32 = 115;

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Numbers on offer.
    Search,
    /// One number on offer, for its price.
    Price,
    /// Telnyx's reservation of a number.
    Reserve,
    /// A purchase.
    Order,
    /// The owned numbers, or one of them.
    Look,
    /// The status of Telnyx's orders.
    Orders,
    /// A change to an owned number's settings.
    Configure,
    /// A release of a number.
    Release,
    /// Twilio's prices of numbers.
    Prices,
    /// The log of calls.
    Calls,
    /// The account itself.
    Account,
}

/// Whether a fault comes before a request is carried out, so that it never is, or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// A call in the provider's log, as both write them.
#[derive(Debug, Clone, Copy)]
pub struct FakeCall {
    pub from: &'static str,
    pub began_at: u64,
    pub ended: Ended,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Answered for so many seconds.
    Answered(u32),
    NobodyAnswered,
    /// An analytics engine refused it. Twilio does not tell.
    Blocked,
    StillRings,
    /// It came in.
    Incoming,
    /// The provider does not say when it began.
    Garbled,
}

/// Both providers at one address.
pub struct FakeProvider {
    pub address: String,
    inside: Arc<Mutex<Inside>>,
    serving: tokio::task::JoinHandle<io::Result<()>>,
}

#[derive(Default)]
struct Inside {
    offered: BTreeSet<u64>,
    best_efforts: BTreeSet<u64>,
    /// Telnyx's `cost_information` of numbers.
    costs: BTreeMap<u64, Value>,
    /// Twilio's prices of numbers in the United States.
    prices: Value,
    calls: Vec<FakeCall>,
    /// Requests of a kind that are carried out before they fail.
    faultless: HashMap<Deed, u32>,
    /// Numbers that the account owns, with their settings. Excludes numbers that are ordered but not delivered yet.
    owned: BTreeMap<u64, Map<String, Value>>,
    reserved: BTreeSet<u64>,
    orders: Vec<Order>,
    purchases: Vec<u64>,
    releases: Vec<u64>,
    requests: Vec<Deed>,
    /// The place in `requests` of the one that gets no response.
    unanswered: Option<(usize, When)>,
    faults: HashMap<Deed, (Fault, When, u32)>,
    /// How often the status of a Telnyx order is read before it succeeds.
    looks_before_delivery: u32,
    numbers_a_page: usize,
    never_takes: BTreeSet<String>,
    credit: f64,
    /// The code and the message with which the purchase of a number is refused.
    refused: BTreeMap<u64, (u16, String)>,
    /// Numbers that another system of the same account buys at the moment they are ordered, with its settings.
    snatched: BTreeMap<u64, Map<String, Value>>,
    /// Whether Twilio's purchase of a number that the account has changes its settings and succeeds.
    buys_again: bool,
    /// Fields of Twilio's account.
    account: Map<String, Value>,
    has_no_address: bool,
    has_no_bundle: bool,
    /// Twilio sells this number whatever is ordered.
    sold_instead: Option<u64>,
}

/// A Telnyx order.
struct Order {
    number: u64,
    reference: String,
    /// As Telnyx writes them: the order's, and that of its number.
    status: String,
    number_status: Map<String, Value>,
    looks_left: u32,
}

impl FakeProvider {
    /// A fake without numbers.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let inside = Inside { numbers_a_page: 3, credit: 100.0, ..Inside::default() };
        let inside = Arc::new(Mutex::new(inside));
        let app = Router::new().fallback(answer).with_state(inside.clone());
        let serving = tokio::spawn(async { axum::serve(listener, app).await });
        FakeProvider { address, inside, serving }
    }

    /// Offers these numbers from now on.
    pub fn offers(&self, numbers: impl IntoIterator<Item = u64>) {
        self.inside().offered.extend(numbers);
    }

    /// Offers these instead of what is requested.
    pub fn offers_as_best_efforts(&self, numbers: impl IntoIterator<Item = u64>) {
        self.inside().best_efforts.extend(numbers);
    }

    /// Telnyx states what a number costs.
    pub fn costs(&self, number: u64, cost: Value) {
        self.inside().costs.insert(number, cost);
    }

    /// Twilio states what numbers cost.
    pub fn prices_are(&self, prices: Value) {
        self.inside().prices = prices;
    }

    /// Another customer buys the number.
    pub fn sells_elsewhere(&self, number: u64) {
        self.inside().offered.remove(&number);
    }

    /// The account owns the number, with these settings.
    pub fn has(&self, number: u64, settings: Value) {
        let settings = settings.as_object().expect("settings are an object").clone();
        self.inside().owned.insert(number, settings);
    }

    /// The account loses the number.
    pub fn loses(&self, number: u64) {
        self.inside().owned.remove(&number);
    }

    /// The owned numbers, in ascending order.
    pub fn owned(&self) -> Vec<u64> {
        self.inside().owned.keys().copied().collect()
    }

    /// The settings of an owned number.
    pub fn settings(&self, number: u64) -> Value {
        Value::Object(self.inside().owned[&number].clone())
    }

    /// Every purchase, in order. A released number can be bought again.
    pub fn purchases(&self) -> Vec<u64> {
        self.inside().purchases.clone()
    }

    /// Every released number, in order.
    pub fn releases(&self) -> Vec<u64> {
        self.inside().releases.clone()
    }

    /// The kind of each request.
    pub fn requests(&self) -> Vec<Deed> {
        self.inside().requests.clone()
    }

    /// The next request of this kind fails.
    pub fn fails_once(&self, deed: Deed, fault: Fault, when: When) {
        self.inside().faults.insert(deed, (fault, when, 1));
    }

    /// The first so many requests of this kind are carried out, and the others fail.
    pub fn fails_after(&self, requests: u32, deed: Deed, fault: Fault) {
        self.inside().faultless.insert(deed, requests);
        self.fails(deed, fault, When::Before);
    }

    /// The account made these calls, or got them.
    pub fn logs(&self, calls: impl IntoIterator<Item = FakeCall>) {
        self.inside().calls.extend(calls);
    }

    /// Calls that rang have ended like this.
    pub fn calls_end(&self, ended: Ended) {
        let mut inside = self.inside();
        inside.calls.iter_mut().filter(|call| call.ended == Ended::StillRings).for_each(|call| call.ended = ended);
    }

    /// Requests of this kind fail from now on.
    pub fn fails(&self, deed: Deed, fault: Fault, when: When) {
        self.inside().faults.insert(deed, (fault, when, u32::MAX));
    }

    /// The `nth` request from now on gets no response, and is carried out or not.
    pub fn never_answers(&self, nth: usize, when: When) {
        let mut inside = self.inside();
        inside.unanswered = Some((inside.requests.len() + nth, when));
    }

    /// Whether the request without a response has arrived.
    pub fn is_waited_for(&self) -> bool {
        let inside = self.inside();
        inside.unanswered.is_some_and(|(place, _)| inside.requests.len() >= place)
    }

    /// Works again.
    pub fn works(&self) {
        let mut inside = self.inside();
        inside.faults.clear();
        inside.faultless.clear();
        inside.unanswered = None;
    }

    /// Telnyx orders stay pending until their status was read this often.
    pub fn delivers_after(&self, looks: u32) {
        self.inside().looks_before_delivery = looks;
    }

    /// Pending Telnyx orders fail.
    pub fn gives_up_orders(&self) {
        self.orders_are("failure", json!({"status": "failure"}));
    }

    /// Telnyx orders that are not delivered have this status from now on, and their numbers have these fields.
    pub fn orders_are(&self, status: &str, number_status: Value) {
        let mut inside = self.inside();
        let owned: BTreeSet<u64> = inside.owned.keys().copied().collect();
        for order in inside.orders.iter_mut().filter(|order| !owned.contains(&order.number)) {
            order.status = status.into();
            order.number_status = number_status.as_object().expect("fields").clone();
        }
    }

    /// Telnyx no longer knows any order.
    pub fn forgets_orders(&self) {
        self.inside().orders.clear();
    }

    /// Telnyx's orders are for another number than the one ordered.
    pub fn mixes_up_orders(&self, number: u64) {
        self.inside().orders.iter_mut().for_each(|order| order.number = number);
    }

    /// The purchase of this number is refused with this code.
    pub fn refuses(&self, number: u64, status: u16, code: &str) {
        self.inside().refused.insert(number, (status, code.into()));
    }

    /// No purchase is refused any more.
    pub fn refuses_nothing(&self) {
        self.inside().refused.clear();
    }

    /// Another system of the same account buys the number at the moment it is ordered, and gives it these settings.
    pub fn is_snatched(&self, number: u64, settings: Value) {
        self.inside().snatched.insert(number, settings.as_object().expect("settings").clone());
    }

    /// Twilio's purchase of a number that the account has changes its settings and succeeds.
    pub fn buys_again(&self) {
        self.inside().buys_again = true;
    }

    /// A field of Twilio's account.
    pub fn account_is(&self, field: &str, value: &str) {
        self.inside().account.insert(field.into(), json!(value));
    }

    pub fn has_no_address(&self) {
        self.inside().has_no_address = true;
    }

    pub fn has_no_bundle(&self) {
        self.inside().has_no_bundle = true;
    }

    /// Twilio sells this number whatever is ordered, or again what is.
    pub fn sells_instead(&self, number: Option<u64>) {
        self.inside().sold_instead = number;
    }

    /// Ignores a field when settings are changed.
    pub fn never_takes(&self, field: &str) {
        self.inside().never_takes.insert(field.into());
    }

    /// Sets the account's credit with Telnyx, in dollars.
    pub fn has_credit(&self, dollars: f64) {
        self.inside().credit = dollars;
    }

    /// The fake as a provider's profile. Writes its secrets to files in `folder`.
    pub fn profile(&self, name: &str, kind: ProviderKind, folder: &Path) -> ProviderProfile {
        let secrets = ProviderSettings::secrets_of(kind)[0].iter().map(|secret| {
            let text = if *secret == "account-sid" { ACCOUNT_SID } else { TOKEN };
            (*secret, SecretPlace::File(secret_file(folder, secret, text)))
        });
        let mut settings = ProviderSettings::new(kind, secrets);
        settings.base_url = self.base_url(kind);
        ProviderProfile { name: name.into(), kind, price_cents: PRICE_CENTS, settings: settings.to_json() }
    }

    /// The fake as options of `providers add NAME`. Writes its secrets to files in `folder`.
    pub fn options(&self, kind: ProviderKind, folder: &Path) -> String {
        let secrets = ProviderSettings::secrets_of(kind)[0].iter().map(|secret| {
            let text = if *secret == "account-sid" { ACCOUNT_SID } else { TOKEN };
            format!(" --{secret} file:{}", secret_file(folder, secret, text).display())
        });
        let (kind_name, secrets, url) = (kind.name(), secrets.collect::<String>(), self.base_url(kind));
        format!("--{kind_name}{secrets} --price-cents {PRICE_CENTS} --base-url {url}")
    }

    fn base_url(&self, kind: ProviderKind) -> String {
        match kind {
            ProviderKind::Twilio => format!("{}/2010-04-01", self.address),
            ProviderKind::Telnyx => format!("{}/v2", self.address),
        }
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn secret_file(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the secret is written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("the secret is one");
    path
}

/// A parsed request.
struct ProviderRequest {
    method: String,
    path: Vec<String>,
    query: HashMap<String, String>,
    form: HashMap<String, String>,
    json: Value,
}

async fn answer(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a request's body");
    let url = Url::parse("http://fake/").and_then(|base| base.join(&head.uri.to_string())).expect("a path and a query");
    let asked = ProviderRequest {
        method: head.method.to_string(),
        path: url.path_segments().expect("a path").map(|segment| segment.replace("%2B", "+")).collect(),
        query: url.query_pairs().into_owned().collect(),
        form: url::form_urlencoded::parse(&body).into_owned().collect(),
        json: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let (fault, status, whole) = {
        let mut inside = inside.lock().unwrap();
        let deed = asked.deed();
        inside.requests.push(deed);
        let fault = inside.unanswered().map(|when| (Fault::NoAnswer, when)).or_else(|| inside.fault(deed));
        match fault {
            Some((fault, When::Before)) => (Some(fault), 200, json!({})),
            _ if !is_let_in(&head.headers) => (None, 401, json!({"code": 20003, "message": "Authenticate"})),
            fault => {
                let (status, body) = inside.carry_out(&asked);
                (fault.map(|(fault, _)| fault), status, body)
            }
        }
    };
    let whole = match (&whole, fault) {
        (Value::Null, _) => String::new(),
        (body, Some(Fault::AnotherNumber)) => about_another(&body.to_string()),
        (body, _) => body.to_string(),
    };
    spoilt(fault, StatusCode::from_u16(status).expect("a status"), whole, &head.headers).await
}

fn is_let_in(headers: &HeaderMap) -> bool {
    // Basic authentication with the account and the token.
    let basic = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjpodW50ZXIyaHVudGVyMg==";
    headers.get("authorization").is_some_and(|value| value == basic || value == &format!("Bearer {TOKEN}"))
}

/// The response with another number in place of the requested one.
fn about_another(body: &str) -> String {
    let mut parts = body.split("\"+1");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "\"+12125550100" + &part[10..])
}

impl ProviderRequest {
    fn is(&self, method: &str, last: &str) -> bool {
        self.method == method && self.path.last().is_some_and(|segment| segment.trim_end_matches(".json") == last)
    }

    fn deed(&self) -> Deed {
        let has = |segment: &str| self.path.iter().any(|part| part.trim_end_matches(".json") == segment);
        match self.method.as_str() {
            "DELETE" => Deed::Release,
            "PATCH" => Deed::Configure,
            "POST" if has("number_reservations") => Deed::Reserve,
            "POST" if self.is("POST", "number_orders") || self.is("POST", "IncomingPhoneNumbers") => Deed::Order,
            "POST" => Deed::Configure,
            _ if has("Countries") => Deed::Prices,
            _ if has("Calls") || has("detail_records") => Deed::Calls,
            _ if self.query.contains_key("filter[phone_number][ends_with]") => Deed::Price,
            _ if has("AvailablePhoneNumbers") || has("available_phone_numbers") => Deed::Search,
            _ if has("number_orders") => Deed::Orders,
            _ if has("number_reservations") => Deed::Reserve,
            _ if has("IncomingPhoneNumbers") || has("phone_numbers") => Deed::Look,
            _ => Deed::Account,
        }
    }

    /// The number whose id is at this place in the path.
    fn number_in_path(&self, place: usize) -> u64 {
        let id = self.path[place].trim_end_matches(".json").trim_start_matches("PN");
        let is_sid = id.len() == 32;
        u64::from_str_radix(id, if is_sid { 16 } else { 10 }).expect("an id that the fake gave out")
    }
}

impl Inside {
    /// If the last request gets no response: whether it is carried out.
    fn unanswered(&self) -> Option<When> {
        let (place, when) = self.unanswered?;
        (self.requests.len() == place).then_some(when)
    }

    fn fault(&mut self, deed: Deed) -> Option<(Fault, When)> {
        if let Some(left) = self.faultless.get_mut(&deed).filter(|left| **left > 0) {
            *left -= 1;
            return None;
        }
        let (fault, when, times) = self.faults.get_mut(&deed)?;
        let fault = (*fault, *when);
        *times -= u32::from(*times != u32::MAX);
        if *times == 0 {
            self.faults.remove(&deed);
        }
        Some(fault)
    }

    fn carry_out(&mut self, asked: &ProviderRequest) -> (u16, Value) {
        match asked.path[0].as_str() {
            "2010-04-01" => self.twilio(asked),
            _ if asked.is("GET", "Bundles") => {
                let bundles: Vec<_> = (!self.has_no_bundle).then(|| json!({"sid": "BU1"})).into_iter().collect();
                (200, json!({"results": bundles}))
            }
            _ if asked.deed() == Deed::Prices => (200, self.prices.clone()),
            _ => self.telnyx(asked),
        }
    }

    fn twilio(&mut self, asked: &ProviderRequest) -> (u16, Value) {
        assert_eq!(asked.path[2].trim_end_matches(".json"), ACCOUNT_SID, "another account");
        match asked.deed() {
            Deed::Search => {
                let offers: Vec<_> = self
                    .on_offer(asked.query.get("AreaCode"))
                    .map(|(number, _)| {
                        json!({
                            "phone_number": e164(number), "capabilities": {"voice": true, "SMS": true, "MMS": false},
                        })
                    })
                    .collect();
                self.twilio_page(asked, "available_phone_numbers", offers)
            }
            Deed::Calls => {
                // Only the dates of the filters count.
                let day = |name: &str| asked.query.get(name).expect("a filter")[..10].to_owned();
                let (since, before) = (day("StartTime>"), day("StartTime<"));
                let is_there = |call: &&FakeCall| {
                    (since.clone()..before.clone()).contains(&rfc3339(call.began_at)[..10].to_owned())
                };
                let calls = self.calls.iter().filter(is_there).enumerate().map(|(place, call)| call.of_twilio(place));
                self.twilio_page(asked, "calls", calls.collect())
            }
            Deed::Look => {
                // A part of a number is a pattern.
                let wanted = asked.query.get("PhoneNumber").map_or("", |number| number.trim_start_matches('+'));
                let found = self.owned.iter().filter(|(number, _)| number.to_string().contains(wanted));
                let name = asked.query.get("FriendlyName");
                let found = found.filter(|(_, settings)| {
                    name.is_none_or(|name| settings.get("friendly_name") == Some(&json!(name)))
                });
                let found = found.map(|(number, settings)| twilio_number(*number, settings)).collect();
                self.twilio_page(asked, "incoming_phone_numbers", found)
            }
            Deed::Order => {
                assert!(!asked.form.contains_key("AreaCode"), "an order by area code buys an arbitrary number");
                let number = digits(&asked.form["PhoneNumber"]);
                if let Some((status, code)) = self.refused.get(&number) {
                    let code: u32 = code.parse().expect("a code");
                    return (*status, json!({"code": code, "message": "refused", "status": status}));
                }
                let number = self.sold_instead.unwrap_or(number);
                self.snatch(number);
                let settings = asked.form.iter().filter(|(name, _)| *name != "PhoneNumber");
                let settings: Vec<_> = settings.map(|(name, value)| (snake(name), json!(value))).collect();
                let is_bought = self.buy(number) || self.buys_again && self.owned.contains_key(&number);
                if !is_bought {
                    return (400, json!({"code": 21422, "message": "PhoneNumber is not available", "status": 400}));
                }
                self.configure(number, settings);
                (201, twilio_number(number, &self.owned[&number]))
            }
            Deed::Configure => {
                let number = asked.number_in_path(4);
                let fields: Vec<_> = asked.form.iter().map(|(name, value)| (snake(name), json!(value))).collect();
                match self.configure(number, fields) {
                    true => (200, twilio_number(number, &self.owned[&number])),
                    false => (404, json!({"code": 20404, "message": "not found"})),
                }
            }
            Deed::Release => match self.give_back(asked.number_in_path(4)) {
                true => (204, Value::Null),
                false => (404, json!({"code": 20404, "message": "not found"})),
            },
            _ if asked.is("GET", "Addresses") => {
                let addresses: Vec<_> = (!self.has_no_address).then(|| json!({"sid": "AD1"})).into_iter().collect();
                self.twilio_page(asked, "addresses", addresses)
            }
            _ if asked.is("GET", "Balance") => {
                (200, json!({"account_sid": ACCOUNT_SID, "balance": format!("{:.2}", self.credit), "currency": "USD"}))
            }
            _ => {
                let mut account = json!({"sid": ACCOUNT_SID, "status": "active", "type": "Full"});
                account.as_object_mut().expect("an object").extend(self.account.clone());
                (200, account)
            }
        }
    }

    /// One page of the items, and the URL of the next.
    fn twilio_page(&self, asked: &ProviderRequest, name: &str, items: Vec<Value>) -> (u16, Value) {
        let page: usize = asked.query.get("Page").map_or(0, |page| page.parse().expect("a page"));
        let size = asked.query.get("PageSize").map_or(50, |size| size.parse().expect("a size"));
        let size = self.numbers_a_page.min(size);
        let more = (page + 1) * size < items.len();
        let filter = asked.query.iter().filter(|(name, _)| *name != "Page");
        let filter: String = filter.map(|(name, value)| format!("&{name}={}", value.replace('+', "%2B"))).collect();
        let path = format!("/{}?Page={}{filter}", asked.path.join("/"), page + 1);
        let items: Vec<_> = items.into_iter().skip(page * size).take(size).collect();
        (200, json!({name: items, "page": page, "next_page_uri": more.then_some(path)}))
    }

    fn telnyx(&mut self, asked: &ProviderRequest) -> (u16, Value) {
        let filter = |name: &str| asked.query.get(&format!("filter[{name}]")).cloned();
        let refused = |status, code: &str, title: &str| (status, json!({"errors": [{"code": code, "title": title}]}));
        match asked.deed() {
            Deed::Search | Deed::Price => {
                let limit = filter("limit").map_or(100, |limit| limit.parse().expect("a limit"));
                let area = filter("national_destination_code");
                let ending = filter("phone_number][ends_with").unwrap_or_default();
                let offers = self.on_offer(area.as_ref()).filter(|(number, _)| !self.reserved.contains(number));
                let offers = offers.filter(|(number, _)| number.to_string().ends_with(&ending));
                let offers = offers.take(limit).map(|(number, best_effort)| {
                    json!({
                        "phone_number": e164(number), "best_effort": best_effort, "reservable": true,
                        "cost_information": self.costs.get(&number),
                        "features": [{"name": "voice"}, {"name": "sms"}],
                    })
                });
                (200, json!({"data": offers.collect::<Vec<_>>()}))
            }
            Deed::Reserve if asked.method == "POST" => {
                let number = digits(asked.json["phone_numbers"][0]["phone_number"].as_str().expect("a number"));
                let is_free = self.offered.contains(&number) && self.reserved.insert(number);
                match is_free {
                    true => (200, json!({"data": reservation(number)})),
                    false => refused(422, "85001", "Phone numbers not available"),
                }
            }
            Deed::Reserve => {
                telnyx_page(asked, self.reserved.iter().map(|number| reservation(*number)).collect(), usize::MAX)
            }
            Deed::Order => {
                let number = digits(asked.json["phone_numbers"][0]["phone_number"].as_str().expect("a number"));
                if let Some((status, code)) = self.refused.get(&number) {
                    return refused(*status, code, "refused");
                }
                self.snatch(number);
                if !self.offered.remove(&number) {
                    return refused(409, "85001", "Phone numbers not available");
                }
                let reference = asked.json["customer_reference"].as_str().expect("a reference").to_owned();
                self.purchases.push(number);
                let looks_left = self.looks_before_delivery;
                let number_status = json!({"status": "pending"}).as_object().expect("an object").clone();
                self.orders.push(Order { number, reference, status: "pending".into(), number_status, looks_left });
                self.deliver();
                (200, json!({"data": self.orders.last().expect("it is ordered").json()}))
            }
            Deed::Orders => {
                self.orders.iter_mut().for_each(|order| order.looks_left = order.looks_left.saturating_sub(1));
                self.deliver();
                let reference = filter("customer_reference");
                let orders = self
                    .orders
                    .iter()
                    .filter(|order| reference.as_ref().is_none_or(|reference| order.reference == *reference));
                telnyx_page(asked, orders.map(Order::json).collect(), self.numbers_a_page)
            }
            Deed::Look => {
                // Only digits find something.
                let wanted = filter("phone_number").unwrap_or_default();
                let found = self.owned.iter().filter(|(number, _)| number.to_string().contains(&wanted));
                telnyx_page(
                    asked,
                    found.map(|(number, settings)| telnyx_number(*number, settings)).collect(),
                    self.numbers_a_page,
                )
            }
            Deed::Configure => {
                let number = asked.number_in_path(2);
                let fields = asked.json.as_object().expect("settings").clone();
                match self.configure(number, fields) {
                    true => (200, json!({"data": telnyx_number(number, &self.owned[&number])})),
                    false => refused(404, "10005", "Resource not found"),
                }
            }
            Deed::Release => match self.give_back(asked.number_in_path(2)) {
                true => (200, json!({"data": {"status": "deleted"}})),
                false => refused(404, "10005", "Resource not found"),
            },
            Deed::Calls => {
                assert_eq!(filter("record_type").as_deref(), Some("sip-trunking"));
                let (since, until) =
                    (filter("started_at][gte").expect("since"), filter("started_at][lt").expect("until"));
                let is_there = |call: &&FakeCall| (since.clone()..until.clone()).contains(&rfc3339(call.began_at));
                let mut calls: Vec<_> = self.calls.iter().filter(is_there).copied().collect();
                calls.sort_by_key(|call| std::cmp::Reverse(call.began_at));
                let calls = calls.iter().enumerate().map(|(place, call)| call.of_telnyx(place));
                telnyx_page(asked, calls.collect(), self.numbers_a_page)
            }
            Deed::Account | Deed::Prices => {
                (200, json!({"data": {"available_credit": format!("{:.2}", self.credit), "currency": "USD"}}))
            }
        }
    }

    /// The offers in an area, and whether each is a best effort.
    fn on_offer(&self, area: Option<&String>) -> impl Iterator<Item = (u64, bool)> {
        let is_there = move |number: &&u64| area.is_none_or(|area| number.to_string()[1..].starts_with(area.as_str()));
        let exact = self.offered.iter().filter(is_there).map(|number| (*number, false));
        exact.chain(self.best_efforts.iter().map(|number| (*number, true)))
    }

    fn buy(&mut self, number: u64) -> bool {
        let is_free = self.offered.remove(&number);
        if is_free {
            self.purchases.push(number);
            self.owned.insert(number, fresh(number));
        }
        is_free
    }

    /// Delivers the orders that were read often enough.
    fn deliver(&mut self) {
        for order in self.orders.iter_mut().filter(|order| order.status == "pending" && order.looks_left == 0) {
            order.status = "success".into();
            order.number_status.insert("status".into(), json!("success"));
            self.owned.insert(order.number, Map::new());
        }
    }

    /// Another system of the same account buys the number, if it was to.
    fn snatch(&mut self, number: u64) {
        if let Some(settings) = self.snatched.remove(&number) {
            self.offered.remove(&number);
            self.owned.insert(number, settings);
        }
    }

    fn configure(&mut self, number: u64, fields: impl IntoIterator<Item = (String, Value)>) -> bool {
        let Some(settings) = self.owned.get_mut(&number) else { return false };
        settings.extend(fields.into_iter().filter(|(field, _)| !self.never_takes.contains(field)));
        true
    }

    /// Releases a number, which is on offer again.
    fn give_back(&mut self, number: u64) -> bool {
        let was_owned = self.owned.remove(&number).is_some();
        if was_owned {
            self.releases.push(number);
            self.offered.insert(number);
        }
        was_owned
    }
}

impl FakeCall {
    fn of_twilio(&self, place: usize) -> Value {
        let (status, seconds) = match self.ended {
            Ended::Answered(seconds) => ("completed", seconds),
            Ended::NobodyAnswered => ("no-answer", 0),
            Ended::Blocked => ("failed", 0),
            Ended::StillRings => ("ringing", 0),
            Ended::Incoming | Ended::Garbled => ("completed", 60),
        };
        let direction = if self.ended == Ended::Incoming { "inbound" } else { "outbound-api" };
        let began_at = if self.ended == Ended::Garbled { "soon".into() } else { utc(self.began_at).to_rfc2822() };
        json!({
            "sid": format!("CA{place:032x}"), "from": self.from, "to": "+12125550100", "direction": direction,
            "status": status, "duration": seconds.to_string(), "start_time": began_at, "date_created": null,
        })
    }

    fn of_telnyx(&self, place: usize) -> Value {
        let (cause, seconds) = match self.ended {
            Ended::Answered(seconds) => ("NORMAL_CLEARING", seconds),
            Ended::NobodyAnswered => ("NO_ANSWER", 0),
            Ended::Blocked => ("CALL_REJECTED", 0),
            Ended::StillRings => ("", 0),
            Ended::Incoming | Ended::Garbled => ("NORMAL_CLEARING", 60),
        };
        let direction = if self.ended == Ended::Incoming { "inbound" } else { "outbound" };
        let code = if self.ended == Ended::Blocked { "608" } else { "" };
        let is_over = self.ended != Ended::StillRings;
        let began_at = rfc3339(self.began_at);
        json!({
            "record_type": "sip-trunking", "id": place.to_string(), "cli": self.from, "cld": "+12125550100",
            "direction": direction, "started_at": if self.ended == Ended::Garbled { "soon" } else { &began_at },
            "answered_at": (seconds > 0).then_some(&began_at), "finished_at": is_over.then_some(&began_at),
            "call_sec": seconds, "billed_sec": 60, "hangup_cause": cause, "sip_response_code": code,
        })
    }
}

impl Order {
    fn json(&self) -> Value {
        let mut number = self.number_status.clone();
        number.insert("phone_number".into(), json!(e164(self.number)));
        json!({
            "id": format!("order-{}", self.number), "status": self.status, "customer_reference": self.reference,
            "phone_numbers": [number],
        })
    }
}

fn reservation(number: u64) -> Value {
    json!({"id": format!("reservation-{number}"), "status": "success", "phone_numbers": [{"phone_number": e164(number)}]})
}

fn telnyx_page(asked: &ProviderRequest, items: Vec<Value>, numbers_a_page: usize) -> (u16, Value) {
    let number =
        |name: &str, default: usize| asked.query.get(name).map_or(default, |text| text.parse().expect("a number"));
    let size = number("page[size]", 20).min(numbers_a_page);
    let page = number("page[number]", 1);
    let (results, pages) = (items.len(), items.len().div_ceil(size));
    let items: Vec<_> = items.into_iter().skip((page - 1) * size).take(size).collect();
    (200, json!({"data": items, "meta": {"page_number": page, "total_pages": pages, "total_results": results}}))
}

/// Twilio's settings of a new number.
fn fresh(number: u64) -> Map<String, Value> {
    let digits = number.to_string();
    let name = format!("({}) {}-{}", &digits[1..4], &digits[4..7], &digits[7..]);
    let welcome = "https://demo.twilio.com/welcome/voice/";
    json!({"friendly_name": name, "voice_url": welcome, "voice_method": "POST"}).as_object().expect("an object").clone()
}

fn twilio_number(number: u64, settings: &Map<String, Value>) -> Value {
    let mut body = json!({
        "sid": format!("PN{number:032x}"), "account_sid": ACCOUNT_SID, "phone_number": e164(number),
        "capabilities": {"voice": true, "sms": true, "mms": false},
    });
    body.as_object_mut().expect("an object").extend(settings.clone());
    body
}

fn telnyx_number(number: u64, settings: &Map<String, Value>) -> Value {
    let mut body = json!({
        "id": number.to_string(), "phone_number": e164(number), "status": "active", "connection_id": null, "tags": [],
        "customer_reference": null, "messaging_profile_id": null,
    });
    body.as_object_mut().expect("an object").extend(settings.clone());
    body
}

fn digits(e164: &str) -> u64 {
    e164.trim_start_matches('+').parse().expect("digits")
}

/// `VoiceUrl` as `voice_url`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
