//! Sources that charge for each lookup over HTTP: settings, a daily budget, and answers that stay fresh.
//!
//! Start at [`Lookups`]. What differs between services is a [`LookupService`], one file each.
//!
//! ```
//! use dialguard_dialer::sources::lookups::LookupSettings;
//! use dialguard_dialer::sources::telnyx::Telnyx;
//!
//! let mut settings = LookupSettings::new::<Telnyx>([("api-key", "env:TELNYX_API_KEY".parse()?)]);
//! settings.price_micros = 2_000; // $0.002 a number
//! settings.budget_micros = 5_000_000; // and $5 a day in all
//! assert_eq!(settings.base_url, "https://api.telnyx.com/v2");
//! assert_eq!(settings.fresh_hours, 23); // a second run on the same day costs nothing
//! assert_eq!(LookupSettings::from_location(&settings.location())?, settings);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::nomorobo::Nomorobo;
use super::telnyx::Telnyx;
use super::trustcall::TrustCall;
use super::{Answer, Report, Source, SourceError, is_ahead};
use crate::figures::count;
use crate::http::causes::causes;
use crate::http::client::client;
use crate::http::secret::{Secret, SecretPlace};
use crate::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits};
use crate::ledger::{Ledger, LedgerError, LookupBudget, Opinion, Opinions, SourceKind, SourceProfile};
use crate::phone::e164;
use crate::prices::dollars_of_micros;
use dialguard::calendar::{instant_of, rfc3339};
use dialguard::contract::{PhoneNumber, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The smallest group of numbers whose price is reserved, and whose answers are stored, in one transaction. One
/// transaction a number would be slow.
const GROUP_MIN: usize = 40;

/// How long a run waits for answers. Requests still in flight then are finished for the next run.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(90);

/// How long storing the last answers may take after that.
const STORE_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a service may take to answer at all.
const REACH_TIME_MAX: Duration = Duration::from_secs(10);

/// Default freshness. Runs on one date are closer together than this, with rare exceptions around midnight; two daily
/// reviews are further apart.
const FRESH_HOURS: u32 = 23;

/// A service that knows carriers' verdicts on numbers.
pub trait LookupService: Send + Sync + 'static {
    /// Its display name.
    const NAME: &'static str;
    /// Its default base URL.
    const BASE_URL: &'static str;
    /// The names of its secrets, as on the command line. Of several sets, one is needed.
    const SECRETS: &'static [&'static [&'static str]];
    /// The product that must be enabled in the account with it.
    const PRODUCT: &'static str;
    /// Numbers a request, at most: 1 to 200.
    const NUMBERS_PER_CALL_MAX: usize;
    /// The carriers whose verdicts it has, each once.
    const CARRIERS: &'static [&'static str];

    /// Its credentials, from secrets in the order of [`LookupService::SECRETS`].
    fn credentials(secrets: Vec<Secret>) -> Credentials;

    /// Whether it can have a verdict on this number.
    fn covers(number: PhoneNumber) -> bool;

    /// The request about these numbers, all of them covered.
    fn call(numbers: &[PhoneNumber]) -> Call;

    /// Interprets the response to that request. Unusable parts become problems and cost no other part. An error if no part
    /// is usable.
    fn read(numbers: &[PhoneNumber], response: Value, now: Timestamp) -> Result<LookupReport, ServiceError>;
}

/// The contents of a service's response.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LookupReport {
    /// The opinions on each number in the response.
    pub opinions: Opinions,
    /// What could not be used, as sentences for the operator.
    pub problems: Vec<String>,
}

/// A service's settings, as an operator set them. The ledger stores them with the source, without the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LookupSettings {
    /// Its base URL: https, unless it is on this machine.
    pub base_url: String,
    /// Where its secrets are, by name.
    pub secrets: BTreeMap<String, SecretPlace>,
    /// The price of a lookup, in millionths of a US dollar.
    pub price_micros: u64,
    /// The most that the lookups of a UTC date may cost, in millionths of a US dollar.
    pub budget_micros: u64,
    /// How long an answer is used before the number is looked up again.
    pub fresh_hours: u32,
}

impl LookupSettings {
    /// The default settings, with a price of zero.
    pub fn new<S: LookupService>(secrets: impl IntoIterator<Item = (&'static str, SecretPlace)>) -> Self {
        LookupSettings {
            base_url: S::BASE_URL.into(),
            secrets: secrets.into_iter().map(|(name, place)| (name.to_owned(), place)).collect(),
            price_micros: 0,
            budget_micros: 0,
            fresh_hours: FRESH_HOURS,
        }
    }

    /// Reads what [`LookupSettings::location`] wrote.
    pub fn from_location(location: &str) -> Result<Self, SourceError> {
        serde_json::from_str(location)
            .map_err(|error| SourceError::Settings(format!("its settings cannot be read ({error})")))
    }

    /// The settings as a source's location in the ledger.
    pub fn location(&self) -> String {
        serde_json::to_string(self).expect("plain values are JSON")
    }

    fn budget(&self) -> LookupBudget {
        LookupBudget { price_micros: self.price_micros, budget_micros: self.budget_micros }
    }

    fn fresh_seconds(&self) -> u64 {
        u64::from(self.fresh_hours) * 60 * 60
    }

    /// The service's price, if its secrets can be read and its URL can be used.
    fn inspect<S: LookupService>(&self) -> Result<String, SourceError> {
        self.service::<S>(ServiceLimits::default())?;
        let (price, budget) = (dollars_of_micros(self.price_micros), dollars_of_micros(self.budget_micros));
        Ok(format!("{} at {price} a lookup, at most {budget} a day", S::NAME))
    }

    /// A client that has sent nothing yet. Errors name the secret that is missing.
    fn service<S: LookupService>(&self, limits: ServiceLimits) -> Result<HttpService, SourceError> {
        let names = S::SECRETS.iter().find(|names| names.iter().all(|name| self.secrets.contains_key(*name)));
        let names =
            names.ok_or_else(|| SourceError::Settings("its settings name no complete set of secrets".into()))?;
        let secrets = names.iter().map(|name| {
            self.secrets[*name]
                .read()
                .map_err(|error| SourceError::Credentials(format!("its {}: {error}", in_words(name))))
        });
        let credentials = S::credentials(secrets.collect::<Result<_, _>>()?);
        HttpService::new(S::NAME, &self.base_url, credentials, limits)
            .map_err(|error| SourceError::Settings(error.to_string()))
    }
}

/// Opens the service of a source in the ledger.
pub(crate) fn open_service(ledger: &Arc<Ledger>, profile: &SourceProfile) -> Result<Arc<dyn Source>, SourceError> {
    let settings = LookupSettings::from_location(&profile.location)?;
    let (ledger, name) = (ledger.clone(), profile.name.as_str());
    Ok(match profile.kind {
        SourceKind::TrustCall => Arc::new(Lookups::<TrustCall>::new(ledger, name, settings)),
        SourceKind::Telnyx => Arc::new(Lookups::<Telnyx>::new(ledger, name, settings)),
        SourceKind::Nomorobo => Arc::new(Lookups::<Nomorobo>::new(ledger, name, settings)),
        SourceKind::Ftc | SourceKind::Verdicts | SourceKind::Simulated => return Err(no_service()),
    })
}

/// Describes such a source by its price.
pub(crate) fn inspect_service(profile: &SourceProfile) -> Result<String, SourceError> {
    let settings = LookupSettings::from_location(&profile.location)?;
    match profile.kind {
        SourceKind::TrustCall => settings.inspect::<TrustCall>(),
        SourceKind::Telnyx => settings.inspect::<Telnyx>(),
        SourceKind::Nomorobo => settings.inspect::<Nomorobo>(),
        SourceKind::Ftc | SourceKind::Verdicts | SourceKind::Simulated => Err(no_service()),
    }
}

/// Whether the service of a source answers at all, whatever it says to a question that costs nothing. A source that is no
/// service needs no answer.
pub async fn reach(profile: &SourceProfile) -> Result<(), SourceError> {
    let Ok(LookupSettings { base_url, .. }) = LookupSettings::from_location(&profile.location) else { return Ok(()) };
    let unavailable = |why| SourceError::Unavailable(format!("{base_url} cannot be reached: {why}"));
    let client = client(|builder| builder.timeout(REACH_TIME_MAX)).map_err(unavailable)?;
    client.head(&base_url).send().await.map(drop).map_err(|error| unavailable(causes(&error)))
}

/// Millionths of a dollar in a hundredth of a cent, in which the contract has prices.
const MICROS_PER_PRICE: u64 = 100;

/// What looking up one number costs, in hundredths of a cent, and how many numbers the budget of the day still covers; none
/// if there is no limit. A file costs nothing. Answers that are still fresh cost nothing either, and are not counted here.
pub(crate) fn terms(ledger: &Ledger, profile: &SourceProfile, now: Timestamp) -> (u32, Option<u32>) {
    match look_up_budget(profile) {
        Some(LookupBudget { price_micros: price, budget_micros }) if price > 0 => {
            // A budget that cannot be read is not spent.
            let spent = ledger.lookups_spent(&profile.name, now).map_or(u64::MAX, |spent| spent.micros);
            let left = budget_micros.saturating_sub(spent) / price;
            let price = price.div_ceil(MICROS_PER_PRICE);
            (price.try_into().unwrap_or(u32::MAX), Some(left.try_into().unwrap_or(u32::MAX)))
        }
        _ => (0, None),
    }
}

/// The price and the budget of a source that charges for look-ups; none for files, and if its settings cannot be read.
pub(crate) fn look_up_budget(profile: &SourceProfile) -> Option<LookupBudget> {
    match profile.kind {
        SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo => {
            Some(LookupSettings::from_location(&profile.location).ok()?.budget())
        }
        SourceKind::Ftc | SourceKind::Verdicts | SourceKind::Simulated => None,
    }
}

fn no_service() -> SourceError {
    SourceError::Settings("it is not a lookup service".into())
}

/// What went wrong, as sentences, and for how many numbers.
type Problems = BTreeMap<String, usize>;

/// A source behind a lookup service. Cheap to clone.
pub struct Lookups<S> {
    inner: Arc<Inner>,
    service: PhantomData<fn() -> S>,
}

struct Inner {
    source: String,
    ledger: Arc<Ledger>,
    settings: LookupSettings,
    limits: ServiceLimits,
    service: OnceLock<HttpService>,
    circuit_open_noted: AtomicBool,
}

impl<S> Clone for Lookups<S> {
    fn clone(&self) -> Self {
        Lookups { inner: self.inner.clone(), service: PhantomData }
    }
}

impl<S: LookupService> Lookups<S> {
    /// The ledger's source of this name.
    pub fn new(ledger: Arc<Ledger>, source: &str, settings: LookupSettings) -> Self {
        Self::with_limits(ledger, source, settings, ServiceLimits::default())
    }

    /// The same with other limits.
    pub fn with_limits(ledger: Arc<Ledger>, source: &str, settings: LookupSettings, limits: ServiceLimits) -> Self {
        let inner = Inner {
            source: source.to_owned(),
            ledger,
            settings,
            limits,
            service: OnceLock::new(),
            circuit_open_noted: AtomicBool::new(false),
        };
        Lookups { inner: Arc::new(inner), service: PhantomData }
    }

    /// The client, opened once its secrets can be read.
    fn service(&self) -> Result<&HttpService, SourceError> {
        let Inner { service, settings, limits, .. } = &*self.inner;
        if service.get().is_none() {
            let _ = service.set(settings.service::<S>(limits.clone())?);
        }
        Ok(service.get().expect("it has just been set"))
    }

    /// Looks up numbers without a fresh answer, group by group, and collects the answers that arrive in time. Prices are
    /// reserved in the order of the numbers, so that a budget that covers some of them covers the first.
    async fn ask(&self, numbers: Vec<PhoneNumber>, now: Timestamp) -> Result<LookupOutcome, SourceError> {
        let refusal = Arc::new(AccountRefusal::default());
        let until = Instant::now() + ANSWER_TIME_MAX;
        let group = S::NUMBERS_PER_CALL_MAX.max(GROUP_MIN);
        let groups_max = self.inner.limits.concurrent_max.div_ceil(group / S::NUMBERS_PER_CALL_MAX);
        let mut waiting = numbers.chunks(group);
        let mut groups = JoinSet::new();
        let mut outcome = LookupOutcome::default();
        loop {
            while groups.len() < groups_max && Instant::now() < until {
                let Some(group) = waiting.next() else { break };
                let granted = self.reserve(group, now)?;
                let (lookups, group, refusal) = (self.clone(), group.to_vec(), refusal.clone());
                groups.spawn(async move { lookups.ask_group(group, granted, refusal, now).await });
            }
            match tokio::time::timeout_at(until, groups.join_next()).await {
                Ok(Some(group)) => outcome.add(group.map_err(internal)??),
                Ok(None) => break,
                Err(_) => {
                    groups.detach_all();
                    break;
                }
            }
        }
        let late = numbers.len().saturating_sub(outcome.numbers);
        if late > 0 {
            let time = ANSWER_TIME_MAX.as_secs();
            outcome.note(format!("no answer within {time} seconds; the next run continues from there"), late);
        }
        Ok(outcome)
    }

    /// Reserves the price of numbers, and returns how many of them the day's budget covers.
    fn reserve(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<usize, SourceError> {
        let Inner { source, ledger, settings, .. } = &*self.inner;
        Ok(ledger.reserve_lookups(source, settings.budget(), numbers.len() as u64, now)? as usize)
    }

    /// Looks up the first numbers, whose price is reserved, stores the answers, and returns the price of those not looked up.
    async fn ask_group(
        &self,
        numbers: Vec<PhoneNumber>,
        granted: usize,
        refusal: Arc<AccountRefusal>,
        now: Timestamp,
    ) -> Result<LookupOutcome, SourceError> {
        let Inner { source, ledger, settings, limits, .. } = &*self.inner;
        let budget = settings.budget();
        let mut outcome = LookupOutcome { numbers: numbers.len(), ..LookupOutcome::default() };
        if granted < numbers.len() {
            outcome.note(self.over_budget(), numbers.len() - granted);
        }
        let mut waiting = numbers[..granted].chunks(S::NUMBERS_PER_CALL_MAX);
        let mut calls = JoinSet::new();
        loop {
            while calls.len() < limits.concurrent_max {
                let Some(numbers) = waiting.next() else { break };
                let (lookups, numbers, refusal) = (self.clone(), numbers.to_vec(), refusal.clone());
                calls.spawn(async move { lookups.ask_once_reserved(&numbers, &refusal, now).await });
            }
            let Some(call) = calls.join_next().await else { break };
            outcome.add(call.map_err(internal)?);
        }
        ledger.settle_lookups(source, budget, outcome.unspent, &outcome.opinions, settings.fresh_seconds(), now)?;
        Ok(outcome)
    }

    /// One request, whose price is reserved. A further attempt is charged too, unless the one before certainly was not.
    async fn ask_once_reserved(
        &self,
        numbers: &[PhoneNumber],
        refusal: &AccountRefusal,
        now: Timestamp,
    ) -> LookupOutcome {
        let Inner { source, ledger, settings, service, .. } = &*self.inner;
        let service = service.get().expect("the service is opened before numbers are looked up");
        let (call, price) = (S::call(numbers), numbers.len() as u64);
        // Whether the price is reserved and certainly not spent.
        let is_reserved = AtomicBool::new(true);
        let attempt = || async {
            if let Some(error) = refusal.error() {
                return Err(error);
            }
            is_reserved.store(false, SeqCst);
            let report = service.read_once(&call, |response| S::read(numbers, response.body, now)).await;
            is_reserved.store(report.as_ref().is_err_and(is_free), SeqCst);
            report
        };
        let may_repeat = |_: &ServiceError| {
            if !is_reserved.load(SeqCst) {
                let granted = ledger.reserve_lookups(source, settings.budget(), price, now).unwrap_or_default();
                is_reserved.store(granted == price, SeqCst);
                if granted < price {
                    let (none, fresh) = (Opinions::new(), settings.fresh_seconds());
                    let _ = ledger.settle_lookups(source, settings.budget(), granted, &none, fresh, now);
                }
            }
            is_reserved.load(SeqCst)
        };
        let report: Result<LookupReport, ServiceError> = service.retry(may_repeat, attempt).await;
        let mut outcome = LookupOutcome { numbers: numbers.len(), ..LookupOutcome::default() };
        outcome.unspent = if is_reserved.load(SeqCst) { price } else { 0 };
        match report {
            Ok(report) => {
                outcome.opinions = report.opinions;
                report.problems.into_iter().for_each(|problem| outcome.note(problem, 1));
            }
            Err(error) if S::NUMBERS_PER_CALL_MAX == 1 && is_unknown(&error) => {
                outcome.opinions = numbers.iter().map(|number| (*number, Vec::new())).collect();
            }
            Err(error) => {
                refusal.note(&error);
                outcome.rejects_credentials |= matches!(error, ServiceError::Refused { status: 401, .. });
                outcome.note(self.explained(&error), numbers.len());
            }
        }
        outcome
    }

    /// An error, and what to check about it with the service.
    fn explained(&self, error: &ServiceError) -> String {
        let settings = &self.inner.settings;
        match error {
            ServiceError::Refused { status: 401, .. } => {
                let named = |(name, place): (&String, &SecretPlace)| format!("{} ({place})", in_words(name));
                let secrets = settings.secrets.iter().map(named).collect::<Vec<_>>().join(" and ");
                format!("{error}; authentication failed: check its {secrets}")
            }
            ServiceError::Refused { status: 403, .. } => {
                format!("{error}; the account lacks permission: enable {}", S::PRODUCT)
            }
            ServiceError::Refused { status: 402, .. } => format!("{error}; add funds to the account with {}", S::NAME),
            ServiceError::Refused { status: 404, .. } => {
                format!("{error}; nothing at {}: check the base URL", settings.base_url)
            }
            _ => error.to_string(),
        }
    }

    fn over_budget(&self) -> String {
        format!(
            "the budget of {} a day does not cover another lookup at {}; lookups resume tomorrow (UTC)",
            dollars_of_micros(self.inner.settings.budget_micros),
            dollars_of_micros(self.inner.settings.price_micros)
        )
    }

    /// Stores in the ledger whether the circuit is open, so that other processes can show it.
    fn note_circuit(&self, now: Timestamp) -> Result<(), LedgerError> {
        let Inner { source, ledger, service, circuit_open_noted, .. } = &*self.inner;
        let open_for = service.get().and_then(HttpService::circuit_open_for);
        if open_for.is_some() != circuit_open_noted.swap(open_for.is_some(), SeqCst) {
            ledger.note_open_circuit(source, open_for.map(|time| now + time.as_secs()))?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl<S: LookupService> Source for Lookups<S> {
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let Inner { source, ledger, settings, .. } = &*self.inner;
        let mut asked: Vec<PhoneNumber> = numbers.iter().copied().filter(|number| S::covers(*number)).collect();
        let since = now.saturating_sub(settings.fresh_seconds());
        let mut opinions = ledger.fresh_answers(source, &asked, since, now)?;
        asked.retain(|number| !opinions.contains_key(number));
        if asked.is_empty() {
            return Ok(report::<S>(opinions, Vec::new()));
        }
        self.service()?;
        let outcome = self.ask(asked, now).await?;
        self.note_circuit(now)?;
        opinions.extend(outcome.opinions);
        let problems = outcome.problems.into_iter().map(|(problem, numbers)| match numbers {
            1 => problem,
            numbers => format!("{problem} ({})", count(numbers as u64, "number")),
        });
        Ok(report::<S>(opinions, problems.collect()))
    }

    fn time_max(&self) -> Duration {
        ANSWER_TIME_MAX + STORE_TIME_MAX
    }

    /// Counts in the daily budget like every lookup.
    async fn test(&self, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        self.service()?;
        if !S::covers(number) {
            return Err(SourceError::Unavailable(format!("{} does not cover numbers like {}", S::NAME, e164(number))));
        }
        let granted = self.reserve(&[number], now)?;
        let outcome = self.ask_group(vec![number], granted, Arc::default(), now).await?;
        match outcome.problems.into_keys().next() {
            Some(problem) if outcome.rejects_credentials => Err(SourceError::Credentials(problem)),
            Some(problem) => Err(SourceError::Unavailable(problem)),
            None => Ok(report::<S>(outcome.opinions, Vec::new())),
        }
    }
}

/// The outcome of looking up some numbers.
#[derive(Default)]
struct LookupOutcome {
    numbers: usize,
    opinions: Opinions,
    problems: Problems,
    /// Reserved lookups that were certainly not charged.
    unspent: u64,
    rejects_credentials: bool,
}

impl LookupOutcome {
    fn note(&mut self, problem: String, numbers: usize) {
        *self.problems.entry(problem).or_default() += numbers;
    }

    fn add(&mut self, other: LookupOutcome) {
        self.numbers += other.numbers;
        self.unspent += other.unspent;
        self.rejects_credentials |= other.rejects_credentials;
        self.opinions.extend(other.opinions);
        other.problems.into_iter().for_each(|(problem, numbers)| self.note(problem, numbers));
    }
}

/// Why a run sends no more requests: a service that refuses an account refuses its next request too.
#[derive(Default)]
struct AccountRefusal(Mutex<Option<ServiceError>>);

impl AccountRefusal {
    fn error(&self) -> Option<ServiceError> {
        self.0.lock().clone()
    }

    fn note(&self, error: &ServiceError) {
        if matches!(error, ServiceError::Refused { status: 401..=403, .. }) {
            *self.0.lock() = Some(error.clone());
        }
    }
}

fn report<S: LookupService>(opinions: Opinions, problems: Vec<String>) -> Report {
    let place = |carrier: &str| S::CARRIERS.iter().position(|known| *known == carrier);
    let mut answers = Vec::new();
    for (number, opinions) in opinions {
        for Opinion { carrier, score, label, observed_at } in opinions {
            let Some(carrier) = place(&carrier) else { continue };
            let label = label.map(Arc::from);
            answers.push(Answer { number, carrier: carrier as u16, score, label, observed_at });
        }
    }
    answers.sort_unstable_by_key(|answer| (answer.number, answer.carrier));
    Report { carriers: S::CARRIERS.iter().map(|carrier| (*carrier).into()).collect(), answers, problems }
}

/// Whether a lookup with this error is certainly not charged.
fn is_free(error: &ServiceError) -> bool {
    match error {
        ServiceError::Refused { status, .. } => matches!(status, 401..=403),
        error => error.is_without_effect(),
    }
}

/// Whether the service itself does not know the number. A wrong URL is a 404 without a code.
fn is_unknown(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Refused { status: 404, code: Some(_), .. })
}

fn in_words(secret: &str) -> String {
    secret.replace('-', " ")
}

fn internal(error: tokio::task::JoinError) -> SourceError {
    SourceError::Unavailable(format!("internal error: {error}"))
}

/// The longest call label taken; the longest known has 17 characters.
const LABEL_CHARACTERS_MAX: usize = 64;

/// Whether a response names, in E.164, another number than the one requested.
pub(super) fn about_another(named: &Value, asked: PhoneNumber) -> bool {
    !named.is_null() && *named != e164(asked).to_string()
}

/// The call label, if it is short and printable.
pub(super) fn label(value: &Value) -> Option<String> {
    let label = value.as_str()?.trim();
    let is_printable =
        !label.is_empty() && label.chars().count() <= LABEL_CHARACTERS_MAX && !label.contains(char::is_control);
    is_printable.then(|| label.to_owned())
}

/// When an opinion was formed: as the service says, or the time of the lookup. Not in the future, but for a few minutes by
/// which clocks differ.
pub(super) fn observed_at(value: &Value, now: Timestamp) -> Result<Timestamp, ServiceError> {
    let Some(text) = value.as_str() else { return Ok(now) };
    let time = instant_of(text).ok_or_else(|| ServiceError::InvalidResponse("a time that is not RFC 3339".into()))?;
    match is_ahead(time, now) {
        true => Err(ServiceError::InvalidResponse(format!("an opinion of {}, which is in the future", rfc3339(time)))),
        false => Ok(time),
    }
}
