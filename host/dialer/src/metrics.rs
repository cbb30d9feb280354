//! What this process did, counted for Prometheus.
//!
//! No metric has an account's id as a label: there may be thousands, each a series of its own, and a monitoring system need
//! not know a dialer's customers. An account's events say what happened to it.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! dialguard.review("acme").await?;
//! assert!(dialguard.figures()?.contains("dialguard_reviews_total{outcome=\"made\"} 1\n"));
//! # Ok(())
//! # }
//! ```

use crate::ledger::Totals;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE as MEDIA_TYPE;

/// Every count. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inside>);

struct Inside {
    registry: Registry,
    totals: Arc<Mutex<Option<Totals>>>,
    reviews: Family<Outcome, Counter>,
    review_seconds: Histogram,
    numbers_rated: Counter,
    lookups: Family<Lookup, Counter>,
    source_failures: Family<Source, Counter>,
    replacements: Counter,
    policy_faults: Counter,
    deliveries: Family<Outcome, Counter>,
    requests: Family<Answered, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lookup {
    carrier: String,
    answer: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("dialguard");
        let totals = Arc::<Mutex<Option<Totals>>>::default();
        registry.register_collector(Box::new(Figures(totals.clone())));
        let inside = Inside {
            totals,
            reviews: register(&mut registry, "reviews", "Reviews, by whether they were made", Family::default()),
            review_seconds: register(
                &mut registry,
                "review_seconds",
                "How long a review took that was made",
                Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
            ),
            numbers_rated: register(&mut registry, "numbers_rated", "Numbers that reviews rated", Counter::default()),
            lookups: register(
                &mut registry,
                "lookups",
                "Numbers that carriers were asked about, by carrier and whether it had a score, no data, or no answer",
                Family::default(),
            ),
            source_failures: register(
                &mut registry,
                "source_failures",
                "Batches to which a source of verdicts did not answer at all",
                Family::default(),
            ),
            replacements: register(
                &mut registry,
                "replacements",
                "Replacements that were carried out",
                Counter::default(),
            ),
            policy_faults: register(
                &mut registry,
                "policy_faults",
                "Runs that a policy was to blame for losing",
                Counter::default(),
            ),
            deliveries: register(
                &mut registry,
                "deliveries",
                "Tries to deliver a message to a webhook, by what came of them",
                Family::default(),
            ),
            requests: register(
                &mut registry,
                "http_requests",
                "Requests answered, by route, method and status",
                Family::default(),
            ),
            request_seconds: register(
                &mut registry,
                "http_request_seconds",
                "How long a request took to its answer's first byte",
                Family::new_with_constructor(request_seconds as fn() -> Histogram),
            ),
            registry,
        };
        // Counts that may stay at zero for long are there from the start, so that their first rise is seen as one.
        for outcome in ["made", "failed"] {
            drop(inside.reviews.get_or_create(&Outcome { outcome }));
        }
        for outcome in ["delivered", "failed", "abandoned"] {
            drop(inside.deliveries.get_or_create(&Outcome { outcome }));
        }
        Metrics(Arc::new(inside))
    }
}

fn register<M: prometheus_client::registry::Metric + Clone>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn request_seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0])
}

impl Metrics {
    /// All of it as Prometheus reads it.
    pub(crate) fn encode(&self, totals: Totals) -> String {
        *self.0.totals.lock() = Some(totals);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry).expect("text grows");
        text
    }

    pub(crate) fn review_made(&self, rated: usize, took: Duration) {
        self.0.reviews.get_or_create(&Outcome { outcome: "made" }).inc();
        self.0.review_seconds.observe(took.as_secs_f64());
        self.0.numbers_rated.inc_by(rated as u64);
    }

    pub(crate) fn review_failed(&self) {
        self.0.reviews.get_or_create(&Outcome { outcome: "failed" }).inc();
    }

    pub(crate) fn replaced(&self, count: usize) {
        self.0.replacements.inc_by(count as u64);
    }

    pub(crate) fn policy_fault(&self) {
        self.0.policy_faults.inc();
    }

    /// What carriers answered about `asked` numbers: of each those with a score and those without data.
    pub(crate) fn looked_up<'a>(&self, asked: usize, answers: impl Iterator<Item = (&'a str, (u64, u64))>) {
        for (carrier, (scores, no_data)) in answers {
            let no_answer = (asked as u64).saturating_sub(scores + no_data);
            for (answer, count) in [("score", scores), ("no-data", no_data), ("none", no_answer)] {
                self.0.lookups.get_or_create(&Lookup { carrier: carrier.into(), answer }).inc_by(count);
            }
        }
    }

    pub(crate) fn source_failed(&self, source: &str) {
        self.0.source_failures.get_or_create(&Source { source: source.into() }).inc();
    }

    pub(crate) fn tried_delivery(&self, outcome: &'static str) {
        self.0.deliveries.get_or_create(&Outcome { outcome }).inc();
    }

    /// An HTTP request was answered.
    pub fn answered(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        self.0.requests.get_or_create(&Answered { route: route.into(), method, status }).inc();
        self.0.request_seconds.get_or_create(&Route { route: route.into(), method }).observe(took.as_secs_f64());
    }
}

/// What was counted in the ledger for this request.
struct Figures(Arc<Mutex<Option<Totals>>>);

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Some(totals) = self.0.lock().clone() else { return Ok(()) };
        let waiting = totals.waiting;
        let mut gauge = |name: &str, help: &str, label: Option<&'static str>, figures: &[(&'static str, u64)]| {
            let mut described = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            let Some(label) = label else { return ConstGauge::new(figures[0].1 as i64).encode(described) };
            figures.iter().try_for_each(|(value, figure)| {
                ConstGauge::new(*figure as i64).encode(described.encode_family(&[(label, *value)])?)
            })
        };
        let by_status: Vec<_> = totals.monitored.iter().map(|(status, count)| (status.name(), *count)).collect();
        let (on, off) = totals.accounts;
        gauge("accounts", "Accounts, by whether the add-on is on.", Some("add_on"), &[("on", on), ("off", off)])?;
        gauge("monitored_numbers", "Monitored numbers, by status.", Some("status"), &by_status)?;
        gauge("policy_revision", "The revision of the policy that decides.", None, &[("", totals.revision)])?;
        gauge("deliveries_waiting", "Messages to webhooks that wait.", None, &[("", waiting.messages)])?;
        let webhooks = [("on", waiting.webhooks - waiting.paused_webhooks), ("paused", waiting.paused_webhooks)];
        gauge("webhooks", "Webhooks, by whether they are paused.", Some("state"), &webhooks)
    }
}
