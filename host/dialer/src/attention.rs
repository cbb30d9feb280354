//! What needs a person: of an account, and of the program as a whole.
//!
//! The dashboard's badges and its strip, the API and `dialguard status` show this one model. It is made of facts in the
//! ledger that are cheap to read, and asks nobody.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::attention::{Concern, of_account, of_program};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! dialguard.review("acme").await?;
//! let acme = of_account(dialguard.ledger(), "acme")?;
//! assert_eq!((acme.figures.clean, acme.figures.flagged), (1, 1));
//! assert_eq!(acme.concerns, []);
//! # Ok(())
//! # }
//! ```

use crate::ledger::{AccountFigures, AccountProfile, Leap, Ledger, Result, Revision};
use dialguard::contract::Timestamp;
use std::path::PathBuf;

/// An account in figures, and what in it needs a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountAttention {
    /// The figures.
    pub figures: AccountFigures,
    /// What needs a person; nothing of a closed account.
    pub concerns: Vec<Concern>,
}

impl AccountAttention {
    /// How many sources fail for the account.
    pub fn failing_sources(&self) -> usize {
        let failing = self.concerns.iter().map(|concern| match concern {
            Concern::SourcesFailing { sources, .. } => sources.len(),
            _ => 0,
        });
        failing.sum()
    }
}

/// Something that needs a person. It goes away by itself once its cause is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Flagged numbers that cannot be replaced: there is no candidate, or the latest review found none that is clean.
    FlaggedWithoutCandidate {
        /// How many numbers.
        numbers: u32,
    },
    /// Flagged numbers that nothing replaces, because automatic replacement is off.
    FlaggedNotReplaced {
        /// How many numbers.
        numbers: u32,
    },
    /// Replacements that go no further without a person.
    OrdersStuck {
        /// How many.
        orders: u32,
    },
    /// Sources that do not answer: they failed when they were last asked, or are not called for a while.
    SourcesFailing {
        /// Their names.
        sources: Vec<String>,
        /// One of the problems, in words.
        problem: String,
    },
    /// Numbers are monitored, and there is no source of verdicts.
    NoSource,
    /// Webhooks that are sent nothing, because they said that they want no more.
    WebhooksPaused {
        /// How many.
        webhooks: u32,
    },
    /// Messages that no webhook has accepted yet, after at least one try.
    MessagesUndelivered {
        /// How many.
        messages: u32,
    },
    /// Time is held until a user confirms it.
    ClockLeap(Box<Leap>),
    /// The policy was rolled back because it kept failing, and nobody has activated another since.
    PolicyRolledBack {
        /// The revision that failed.
        failed: Revision,
        /// The live one.
        live: Revision,
    },
    /// The policy failed in its latest runs.
    PolicyFailing {
        /// The live revision.
        live: Revision,
        /// How often in a row.
        faults: u32,
    },
    /// Other users of the machine can read or change the ledger.
    LedgerOpenToOthers(PathBuf),
    /// The ledger is on a network file system of this type, where it is not safe.
    LedgerOnNetwork(String),
}

impl Concern {
    /// Its name, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Concern::FlaggedWithoutCandidate { .. } => "flagged-without-candidate",
            Concern::FlaggedNotReplaced { .. } => "flagged-not-replaced",
            Concern::OrdersStuck { .. } => "orders-stuck",
            Concern::SourcesFailing { .. } => "sources-failing",
            Concern::NoSource => "no-source",
            Concern::WebhooksPaused { .. } => "webhooks-paused",
            Concern::MessagesUndelivered { .. } => "messages-undelivered",
            Concern::ClockLeap(_) => "clock-leap",
            Concern::PolicyRolledBack { .. } => "policy-rolled-back",
            Concern::PolicyFailing { .. } => "policy-failing",
            Concern::LedgerOpenToOthers(_) => "ledger-open-to-others",
            Concern::LedgerOnNetwork(_) => "ledger-on-network",
        }
    }

    /// How many things it is about.
    pub fn count(&self) -> u32 {
        match self {
            Concern::FlaggedWithoutCandidate { numbers } | Concern::FlaggedNotReplaced { numbers } => *numbers,
            Concern::OrdersStuck { orders } => *orders,
            Concern::SourcesFailing { sources, .. } => sources.len() as u32,
            Concern::WebhooksPaused { webhooks } => *webhooks,
            Concern::MessagesUndelivered { messages } => *messages,
            Concern::PolicyFailing { faults, .. } => *faults,
            _ => 1,
        }
    }

    /// Whether only those who are responsible for every account are told: it is about the machine, or about webhooks
    /// for every account.
    pub fn is_of_machine(&self) -> bool {
        matches!(
            self,
            Concern::LedgerOpenToOthers(_)
                | Concern::LedgerOnNetwork(_)
                | Concern::WebhooksPaused { .. }
                | Concern::MessagesUndelivered { .. }
        )
    }
}

/// The account's figures, and what in it needs a person.
pub fn of_account(ledger: &Ledger, id: &str) -> Result<AccountAttention> {
    let (account, figures) = (ledger.account(id)?, ledger.account_figures(id)?);
    let mut concerns = Vec::new();
    if account.closed_at.is_none() {
        concerns.extend(flagged(&account, &figures));
        if figures.stuck_orders > 0 {
            concerns.push(Concern::OrdersStuck { orders: figures.stuck_orders });
        }
        if account.enabled {
            concerns.extend(failing_sources(ledger, id)?);
        }
        concerns.extend(webhooks(figures.paused_webhooks, figures.undelivered));
    }
    Ok(AccountAttention { figures, concerns })
}

/// What needs a person and is about no single account.
pub fn of_program(ledger: &Ledger, now: Timestamp) -> Result<Vec<Concern>> {
    let mut concerns = Vec::new();
    concerns.extend(ledger.time_at(now)?.leap.map(|leap| Concern::ClockLeap(Box::new(leap))));
    concerns.extend(policy(ledger)?);
    concerns.extend(open_circuits(ledger, now)?);
    if ledger.lacks_sources()? {
        concerns.push(Concern::NoSource);
    }
    let health = ledger.webhook_health()?;
    concerns.extend(webhooks(health.paused, health.undelivered));
    concerns.extend(ledger.open_to_others().map(Concern::LedgerOpenToOthers));
    concerns.extend(ledger.network_file_system().map(Concern::LedgerOnNetwork));
    Ok(concerns)
}

/// One concern, however many numbers are flagged. While the add-on is off nothing is checked, and they may long be
/// clean.
fn flagged(account: &AccountProfile, figures: &AccountFigures) -> Option<Concern> {
    let numbers = figures.flagged_waiting;
    if numbers == 0 || !account.enabled {
        return None;
    }
    let is_automatic = account.settings.guard_rails.auto_replace;
    if !figures.has_candidates || figures.found_no_candidate {
        return Some(Concern::FlaggedWithoutCandidate { numbers });
    }
    (!is_automatic).then_some(Concern::FlaggedNotReplaced { numbers })
}

fn failing_sources(ledger: &Ledger, id: &str) -> Result<Option<Concern>> {
    let failing = ledger.failing_sources(id)?;
    let Some((name, why)) = failing.first() else { return Ok(None) };
    let problem = format!("{name}: {why}");
    Ok(Some(Concern::SourcesFailing { sources: failing.into_iter().map(|(name, _)| name).collect(), problem }))
}

fn open_circuits(ledger: &Ledger, now: Timestamp) -> Result<Option<Concern>> {
    let open = ledger.open_circuits(now)?;
    let Some((name, until)) = open.first() else { return Ok(None) };
    let until = dialguard::calendar::rfc3339(*until);
    let problem = format!("{name}: not called until {until}, after repeated failures");
    Ok(Some(Concern::SourcesFailing { sources: open.into_iter().map(|(name, _)| name).collect(), problem }))
}

fn policy(ledger: &Ledger) -> Result<Option<Concern>> {
    let Some(policy) = ledger.policy_health()? else { return Ok(None) };
    let live = policy.live;
    if policy.faults > 0 {
        return Ok(Some(Concern::PolicyFailing { live, faults: policy.faults }));
    }
    Ok(policy.rolled_back.map(|failed| Concern::PolicyRolledBack { failed, live }))
}

fn webhooks(webhooks: u32, messages: u32) -> impl Iterator<Item = Concern> {
    let paused = (webhooks > 0).then_some(Concern::WebhooksPaused { webhooks });
    let undelivered = (messages > 0).then_some(Concern::MessagesUndelivered { messages });
    paused.into_iter().chain(undelivered)
}
