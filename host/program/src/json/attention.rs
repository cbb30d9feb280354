//! What needs a person.

use crate::words::{Surface, concern_in_words, remedy};
use dialguard_dialer::attention::{AccountAttention, Concern};
use serde::Serialize;
use utoipa::ToSchema;

/// What needs a person and is about no single account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Attention {
    /// Whether there is anything.
    needs_attention: bool,
    items: Vec<AttentionItem>,
}

impl Attention {
    pub fn new(concerns: &[Concern], surface: Surface) -> Self {
        Attention { needs_attention: !concerns.is_empty(), items: items(concerns, surface) }
    }
}

/// An account at a glance, and what in it needs a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AttentionOfAccount {
    /// The account.
    #[schema(example = "acme")]
    account: String,
    /// Whether anything in it needs a person.
    needs_attention: bool,
    /// Monitored numbers not yet rated.
    pending: u32,
    /// Monitored numbers that no carrier flags.
    clean: u32,
    /// Monitored numbers that some carrier flags.
    at_risk: u32,
    /// Monitored numbers that most carriers flag.
    flagged: u32,
    /// Monitored numbers that are suspect for how their calls went.
    suspect: u32,
    /// Replacements that go no further without a person.
    stuck_orders: u32,
    /// Sources that had problems in the account's latest review.
    failing_sources: usize,
    /// Messages to the account's webhooks of which at least one try failed, and that wait for the next.
    undelivered_messages: u32,
    items: Vec<AttentionItem>,
}

impl AttentionOfAccount {
    pub fn new(id: &str, attention: &AccountAttention, surface: Surface) -> Self {
        let figures = attention.figures;
        AttentionOfAccount {
            account: id.to_owned(),
            needs_attention: !attention.concerns.is_empty(),
            pending: figures.pending,
            clean: figures.clean,
            at_risk: figures.at_risk,
            flagged: figures.flagged,
            suspect: figures.suspect,
            stuck_orders: figures.stuck_orders,
            failing_sources: attention.failing_sources(),
            undelivered_messages: figures.undelivered,
            items: items(&attention.concerns, surface),
        }
    }
}

/// What `dialguard status` prints: the program, and the accounts.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StatusReport {
    /// Whether anything needs a person.
    needs_attention: bool,
    /// What is about no single account.
    items: Vec<AttentionItem>,
    accounts: Vec<AttentionOfAccount>,
}

impl StatusReport {
    pub fn new(program: &[Concern], accounts: &[(String, AccountAttention)], surface: Surface) -> Self {
        let accounts: Vec<_> = accounts.iter().map(|(id, one)| AttentionOfAccount::new(id, one, surface)).collect();
        let needs_attention = !program.is_empty() || accounts.iter().any(|account| account.needs_attention);
        StatusReport { needs_attention, items: items(program, surface), accounts }
    }
}

/// Something that needs a person. It is gone once its cause is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AttentionItem {
    /// What it is. Later versions may have more kinds.
    #[schema(example = "orders-stuck")]
    kind: &'static str,
    /// How many things it is about.
    count: u32,
    /// In words.
    text: String,
    /// What to do about it.
    remedy: Option<&'static str>,
}

fn items(concerns: &[Concern], surface: Surface) -> Vec<AttentionItem> {
    let item = |concern: &Concern| AttentionItem {
        kind: concern.kind(),
        count: concern.count(),
        text: concern_in_words(concern),
        remedy: remedy(concern).on(surface),
    };
    concerns.iter().map(item).collect()
}
