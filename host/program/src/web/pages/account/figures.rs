//! The figures on an account's page, as the policy counts them, and what they rest on.
//!
//! Counting visits every monitored number, so the figures are cached until the account or the policy changes or a minute
//! passes. Concurrent requests wait for one count instead of each starting their own.

use dialguard::contract::Usage;
use dialguard_dialer::dialguard::{Dialguard, DialguardError};
use dialguard_dialer::ledger::{AccountProfile, Checks, SourceProfile};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Accounts with cached figures, at most.
const CACHED_MAX: usize = 1_000;

/// The latest figures of each account.
#[derive(Default)]
pub struct Figures(Mutex<HashMap<String, Arc<CachedUsage>>>);

type CachedUsage = tokio::sync::Mutex<Option<(Key, Usage, Arc<Checks>)>>;

/// What the figures depend on.
#[derive(PartialEq, Eq)]
struct Key {
    account_revision: u64,
    policy: String,
    /// Adding one is no change of the account.
    sources: Vec<SourceProfile>,
    minute: u64,
}

impl Figures {
    /// The account's figures, no older than a minute.
    pub async fn of(
        &self,
        dialguard: &Dialguard,
        account: &AccountProfile,
    ) -> Result<(Usage, Arc<Checks>), DialguardError> {
        let policy = dialguard.policies().live()?.policy.sha256().to_owned();
        let now = dialguard.now().max(account.changed_at);
        let sources = dialguard.ledger().sources()?;
        let key = Key { account_revision: account.revision, policy, sources, minute: now / 60 };
        let cached = self.cached(&account.id);
        let mut cached = cached.lock().await;
        match &*cached {
            Some((known, usage, checks)) if *known == key => Ok((*usage, checks.clone())),
            _ => {
                let usage = dialguard.usage(&account.id).await?;
                let checks = tokio::task::block_in_place(|| dialguard.ledger().checks(&account.id, now))?;
                let checks = Arc::new(checks);
                *cached = Some((key, usage, checks.clone()));
                Ok((usage, checks))
            }
        }
    }

    fn cached(&self, id: &str) -> Arc<CachedUsage> {
        let mut all = self.0.lock();
        if all.len() >= CACHED_MAX && !all.contains_key(id) {
            all.clear();
        }
        all.entry(id.to_owned()).or_default().clone()
    }
}
