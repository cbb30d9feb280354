//! What the services have in common that are asked about numbers for money: settings, a budget a day, answers that stay
//! fresh, and the way to ask.
//!
//! Start at [`Lookups`]. What differs from service to service is [`LookupService`], one file each.
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
use super::{Answer, Report, Source, SourceError};
use crate::http::secret::{Secret, SecretPlace};
use crate::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits};
use crate::ledger::{Ledger, LedgerError, LookupBudget, Opinion, Opinions, SourceKind, SourceProfile};
use crate::prices::dollars_of_micros;
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

/// Numbers, at least, whose price is set aside and whose answers are kept at a time: a write to the disk for each would
/// be slow.
const GROUP_MIN: usize = 40;

/// After so long a run goes on with what has been answered; what is under way is finished for the next run.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(90);

/// How long after that the last answers may take to be kept.
const KEEP_TIME_MAX: Duration = Duration::from_secs(10);

/// Two runs on one date are at most this far apart, but for the odd one around midnight; two daily reviews are further.
const FRESH_HOURS: u32 = 23;

/// A service that answers what carriers show for numbers.
pub trait LookupService: Send + Sync + 'static {
    /// Its name, for people.
    const NAME: &'static str;
    /// Where it is.
    const BASE_URL: &'static str;
    /// Its secrets, as they are called on the command line; where there are several sets, any of them will do.
    const SECRETS: &'static [&'static [&'static str]];
    /// What has to be switched on in the account with it.
    const PRODUCT: &'static str;
    /// Numbers that one request asks about, at most: 1 to 200.
    const NUMBERS_PER_CALL_MAX: usize;
    /// The carriers that it speaks for, each once.
    const CARRIERS: &'static [&'static str];

    /// How it knows who asks, from secrets in the order of [`LookupService::SECRETS`].
    fn credentials(secrets: Vec<Secret>) -> Credentials;

    /// Whether it can know anything of this number.
    fn knows_of(number: PhoneNumber) -> bool;

    /// The request about these numbers, each one that it may know of.
    fn call(numbers: &[PhoneNumber]) -> Call;

    /// What its answer says about them. Parts that are no use are told and cost no other part; an error where nothing is.
    fn read(numbers: &[PhoneNumber], answer: Value, now: Timestamp) -> Result<Reading, ServiceError>;
}

/// What an answer of a service says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The opinions about each number that it answered about.
    pub opinions: Opinions,
    /// What could not be used, in words for the operator.
    pub problems: Vec<String>,
}

/// How a service is asked, as an operator set it up. The ledger keeps it with the source, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LookupSettings {
    /// Where the service is: https, but for this machine.
    pub base_url: String,
    /// Where its secrets are, by what they are called.
    pub secrets: BTreeMap<String, SecretPlace>,
    /// What a lookup costs, in millionths of a US dollar.
    pub price_micros: u64,
    /// What all lookups of a UTC date may cost.
    pub budget_micros: u64,
    /// How long an answer stands before the service is asked again.
    pub fresh_hours: u32,
}

impl LookupSettings {
    /// The service as its service offers it; free, until it is given a price.
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
            .map_err(|error| SourceError(format!("its settings cannot be read ({error}); remove it and add it again")))
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

    /// What the service costs, where its secrets can be read and its URL may be used; an error says what to mend.
    fn inspect<S: LookupService>(&self) -> Result<String, SourceError> {
        self.service::<S>(ServiceLimits::default())?;
        let (price, budget) = (dollars_of_micros(self.price_micros), dollars_of_micros(self.budget_micros));
        Ok(format!("{} at {price} a lookup, of which a day may cost {budget}", S::NAME))
    }

    /// Connects nothing yet; errors say which secret is missing.
    fn service<S: LookupService>(&self, limits: ServiceLimits) -> Result<HttpService, SourceError> {
        let names = S::SECRETS.iter().find(|names| names.iter().all(|name| self.secrets.contains_key(*name)));
        let names = names.ok_or_else(|| SourceError("its secrets are not named; remove it and add it again".into()))?;
        let secrets = names.iter().map(|name| {
            self.secrets[*name].read().map_err(|error| SourceError(format!("its {}: {error}", in_words(name))))
        });
        let credentials = S::credentials(secrets.collect::<Result<_, _>>()?);
        HttpService::new(S::NAME, &self.base_url, credentials, limits).map_err(|error| SourceError(error.to_string()))
    }
}

/// The service that a source in the ledger stands for.
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

/// What such a source costs; an error says why it cannot be asked.
pub(crate) fn inspect_service(profile: &SourceProfile) -> Result<String, SourceError> {
    let settings = LookupSettings::from_location(&profile.location)?;
    match profile.kind {
        SourceKind::TrustCall => settings.inspect::<TrustCall>(),
        SourceKind::Telnyx => settings.inspect::<Telnyx>(),
        SourceKind::Nomorobo => settings.inspect::<Nomorobo>(),
        SourceKind::Ftc | SourceKind::Verdicts | SourceKind::Simulated => Err(no_service()),
    }
}

fn no_service() -> SourceError {
    SourceError("it is no service of a service".into())
}

/// What went wrong, in words, and for how many numbers.
type Problems = BTreeMap<String, usize>;

/// A source that asks a service. Cheap to clone.
pub struct Lookups<S> {
    inside: Arc<Inside>,
    service: PhantomData<fn() -> S>,
}

struct Inside {
    source: String,
    ledger: Arc<Ledger>,
    settings: LookupSettings,
    limits: ServiceLimits,
    service: OnceLock<HttpService>,
    rest_noted: AtomicBool,
}

impl<S> Clone for Lookups<S> {
    fn clone(&self) -> Self {
        Lookups { inside: self.inside.clone(), service: PhantomData }
    }
}

impl<S: LookupService> Lookups<S> {
    /// The service that the source of this name in the ledger stands for.
    pub fn new(ledger: Arc<Ledger>, source: &str, settings: LookupSettings) -> Self {
        Self::with_limits(ledger, source, settings, ServiceLimits::default())
    }

    /// The same, asked within other limits.
    pub fn with_limits(ledger: Arc<Ledger>, source: &str, settings: LookupSettings, limits: ServiceLimits) -> Self {
        let inside = Inside {
            source: source.to_owned(),
            ledger,
            settings,
            limits,
            service: OnceLock::new(),
            rest_noted: AtomicBool::new(false),
        };
        Lookups { inside: Arc::new(inside), service: PhantomData }
    }

    /// The service, once its secrets can be read.
    fn service(&self) -> Result<&HttpService, SourceError> {
        let Inside { service, settings, limits, .. } = &*self.inside;
        if service.get().is_none() {
            let _ = service.set(settings.service::<S>(limits.clone())?);
        }
        Ok(service.get().expect("it has just been set"))
    }

    /// Asks about numbers of which no answer is known, group by group, and gathers what comes in time.
    async fn ask(&self, numbers: Vec<PhoneNumber>, now: Timestamp) -> Result<Heard, SourceError> {
        let run = Arc::new(Refusal::default());
        let until = Instant::now() + ANSWER_TIME_MAX;
        let group = S::NUMBERS_PER_CALL_MAX.max(GROUP_MIN);
        let groups_max = self.inside.limits.concurrent_max.div_ceil(group / S::NUMBERS_PER_CALL_MAX);
        let mut waiting = numbers.chunks(group);
        let mut groups = JoinSet::new();
        let mut heard = Heard::default();
        loop {
            while groups.len() < groups_max && Instant::now() < until {
                let Some(group) = waiting.next() else { break };
                let (lookups, group, run) = (self.clone(), group.to_vec(), run.clone());
                groups.spawn(async move { lookups.ask_group(group, run, now).await });
            }
            match tokio::time::timeout_at(until, groups.join_next()).await {
                Ok(Some(group)) => {
                    heard.add(group.map_err(|error| SourceError(format!("it failed inside: {error}")))??)
                }
                Ok(None) => break,
                Err(_) => {
                    groups.detach_all();
                    break;
                }
            }
        }
        let late = numbers.len().saturating_sub(heard.numbers);
        if late > 0 {
            let time = ANSWER_TIME_MAX.as_secs();
            heard.tell(format!("no answer within {time} seconds; the next run goes on from there"), late);
        }
        Ok(heard)
    }

    /// Sets the price of some numbers aside, asks about them, keeps the answers, and gives back what was not asked.
    async fn ask_group(
        &self,
        numbers: Vec<PhoneNumber>,
        refusal: Arc<Refusal>,
        now: Timestamp,
    ) -> Result<Heard, SourceError> {
        let Inside { source, ledger, settings, limits, .. } = &*self.inside;
        let budget = settings.budget();
        let granted = ledger.reserve_lookups(source, budget, numbers.len() as u64, now).map_err(unkept)? as usize;
        let mut heard = Heard { numbers: numbers.len(), ..Heard::default() };
        if granted < numbers.len() {
            heard.tell(self.over_budget(), numbers.len() - granted);
        }
        let mut waiting = numbers[..granted].chunks(S::NUMBERS_PER_CALL_MAX);
        let mut calls = JoinSet::new();
        loop {
            while calls.len() < limits.concurrent_max {
                let Some(numbers) = waiting.next() else { break };
                let (lookups, numbers, refusal) = (self.clone(), numbers.to_vec(), refusal.clone());
                calls.spawn(async move { lookups.ask_once_granted(&numbers, &refusal, now).await });
            }
            let Some(call) = calls.join_next().await else { break };
            heard.add(call.map_err(|error| SourceError(format!("it failed inside: {error}")))?);
        }
        ledger
            .settle_lookups(source, budget, heard.unasked, &heard.opinions, settings.fresh_seconds(), now)
            .map_err(unkept)?;
        Ok(heard)
    }

    /// One request, whose price has been set aside. Another attempt costs again where the first may have been answered.
    async fn ask_once_granted(&self, numbers: &[PhoneNumber], refusal: &Refusal, now: Timestamp) -> Heard {
        let Inside { source, ledger, settings, service, .. } = &*self.inside;
        let service = service.get().expect("groups are asked of a service that is there");
        let (call, price) = (S::call(numbers), numbers.len() as u64);
        // Whether the price is set aside and certainly not spent.
        let in_hand = AtomicBool::new(true);
        let attempt = || async {
            if let Some(error) = refusal.told() {
                return Err(error);
            }
            in_hand.store(false, SeqCst);
            let outcome = service.read_once(&call, |answered| S::read(numbers, answered.body, now)).await;
            in_hand.store(outcome.as_ref().is_err_and(is_free), SeqCst);
            outcome
        };
        let may_repeat = |_: &ServiceError| {
            if !in_hand.load(SeqCst) {
                let granted = ledger.reserve_lookups(source, settings.budget(), price, now).unwrap_or_default();
                in_hand.store(granted == price, SeqCst);
                if granted < price {
                    let (none, fresh) = (Opinions::new(), settings.fresh_seconds());
                    let _ = ledger.settle_lookups(source, settings.budget(), granted, &none, fresh, now);
                }
            }
            in_hand.load(SeqCst)
        };
        let outcome: Result<Reading, ServiceError> = service.retry(may_repeat, attempt).await;
        let mut heard = Heard { numbers: numbers.len(), ..Heard::default() };
        heard.unasked = if in_hand.load(SeqCst) { price } else { 0 };
        match outcome {
            Ok(reading) => {
                heard.opinions = reading.opinions;
                reading.problems.into_iter().for_each(|problem| heard.tell(problem, 1));
            }
            Err(error) if S::NUMBERS_PER_CALL_MAX == 1 && is_unknown(&error) => {
                heard.opinions = numbers.iter().map(|number| (*number, Vec::new())).collect();
            }
            Err(error) => {
                refusal.note(&error);
                heard.tell(self.explained(&error), numbers.len());
            }
        }
        heard
    }

    /// An error and what to mend.
    fn explained(&self, error: &ServiceError) -> String {
        let settings = &self.inside.settings;
        match error {
            ServiceError::Refused { status: 401, .. } => {
                let named = |(name, place): (&String, &SecretPlace)| format!("{} ({place})", in_words(name));
                let secrets = settings.secrets.iter().map(named).collect::<Vec<_>>().join(" and ");
                format!("{error}; it does not know who asks: see that its {secrets} is right, and restart what runs")
            }
            ServiceError::Refused { status: 403, .. } => {
                format!("{error}; this account may not ask: have {} switched on", S::PRODUCT)
            }
            ServiceError::Refused { status: 402, .. } => format!("{error}; pay into the account with {}", S::NAME),
            ServiceError::Refused { status: 404, .. } => {
                format!("{error}; there is no such service at {}: look at its base URL", settings.base_url)
            }
            _ => error.to_string(),
        }
    }

    fn over_budget(&self) -> String {
        format!(
            "its budget of {} a day does not cover another lookup at {}; it is asked again tomorrow (UTC), or once it is \
             added again with more",
            dollars_of_micros(self.inside.settings.budget_micros),
            dollars_of_micros(self.inside.settings.price_micros)
        )
    }

    /// Has the ledger know whether the service is left alone, for who lists the sources from another process.
    fn note_rest(&self, now: Timestamp) -> Result<(), LedgerError> {
        let Inside { source, ledger, service, rest_noted, .. } = &*self.inside;
        let rest = service.get().and_then(HttpService::resting);
        if rest.is_some() != rest_noted.swap(rest.is_some(), SeqCst) {
            ledger.note_rest(source, rest.map(|rest| now + rest.as_secs()))?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl<S: LookupService> Source for Lookups<S> {
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let Inside { source, ledger, settings, .. } = &*self.inside;
        let mut asked: Vec<PhoneNumber> = numbers.iter().copied().filter(|number| S::knows_of(*number)).collect();
        let since = now.saturating_sub(settings.fresh_seconds());
        let mut opinions = ledger.fresh_answers(source, &asked, since, now).map_err(unkept)?;
        asked.retain(|number| !opinions.contains_key(number));
        if asked.is_empty() {
            return Ok(report::<S>(opinions, Vec::new()));
        }
        self.service()?;
        let heard = self.ask(asked, now).await?;
        self.note_rest(now).map_err(unkept)?;
        opinions.extend(heard.opinions);
        let problems = heard.problems.into_iter().map(|(problem, numbers)| match numbers {
            1 => problem,
            numbers => format!("{problem} ({numbers} numbers)"),
        });
        Ok(report::<S>(opinions, problems.collect()))
    }

    fn time_max(&self) -> Duration {
        ANSWER_TIME_MAX + KEEP_TIME_MAX
    }

    /// Within the budget of the day, as every lookup.
    async fn test(&self, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        self.service()?;
        if !S::knows_of(number) {
            return Err(SourceError(format!("{} knows no numbers like +{number}; give another one", S::NAME)));
        }
        let heard = self.ask_group(vec![number], Arc::default(), now).await?;
        match heard.problems.into_keys().next() {
            Some(problem) => Err(SourceError(problem)),
            None => Ok(report::<S>(heard.opinions, Vec::new())),
        }
    }
}

/// What came of asking about some numbers.
#[derive(Default)]
struct Heard {
    numbers: usize,
    opinions: Opinions,
    problems: Problems,
    /// Lookups set aside that were certainly not made.
    unasked: u64,
}

impl Heard {
    fn tell(&mut self, problem: String, numbers: usize) {
        *self.problems.entry(problem).or_default() += numbers;
    }

    fn add(&mut self, other: Heard) {
        self.numbers += other.numbers;
        self.unasked += other.unasked;
        self.opinions.extend(other.opinions);
        other.problems.into_iter().for_each(|(problem, numbers)| self.tell(problem, numbers));
    }
}

/// Why a run asks no more: whom a service does not let in, it lets in no more with the next request.
#[derive(Default)]
struct Refusal(Mutex<Option<ServiceError>>);

impl Refusal {
    fn told(&self) -> Option<ServiceError> {
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

/// Whether a lookup that failed like this certainly costs nothing.
fn is_free(error: &ServiceError) -> bool {
    match error {
        ServiceError::Refused { status, .. } => matches!(status, 401..=403),
        error => error.is_without_effect(),
    }
}

/// Whether the service itself says that it does not know the number; at a wrong URL nobody says so with a code.
fn is_unknown(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Refused { status: 404, code: Some(_), .. })
}

fn in_words(secret: &str) -> String {
    secret.replace('-', " ")
}

fn unkept(error: LedgerError) -> SourceError {
    SourceError(error.to_string())
}

/// Characters of a handset's label, at most; the longest known has 17.
const LABEL_CHARACTERS_MAX: usize = 64;

/// Whether an answer names another number than the one it was asked about, in E.164.
pub(super) fn about_another(named: &Value, asked: PhoneNumber) -> bool {
    !named.is_null() && *named != format!("+{asked}")
}

/// What a handset shows: short and fit to be shown, else nothing.
pub(super) fn label(said: &Value) -> Option<String> {
    let said = said.as_str()?.trim();
    let is_fit = !said.is_empty() && said.chars().count() <= LABEL_CHARACTERS_MAX && !said.contains(char::is_control);
    is_fit.then(|| said.to_owned())
}

/// When an opinion was formed, as a service says it; the time of asking where it does not. Nothing is from tomorrow.
pub(super) fn observed_at(said: &Value, now: Timestamp) -> Result<Timestamp, ServiceError> {
    let Some(said) = said.as_str() else { return Ok(now) };
    let time = chrono::DateTime::parse_from_rfc3339(said).ok().and_then(|time| u64::try_from(time.timestamp()).ok());
    let time = time.ok_or_else(|| ServiceError::Nonsense("a time that is not RFC 3339".into()))?;
    Ok(time.min(now))
}
