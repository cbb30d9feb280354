//! The figures at the head of an account's page, as the policy counts them.
//!
//! Counting goes through every monitored number. So the figures are kept until the account or the policy changes, or a
//! minute passes; who asks meanwhile waits for one count rather than making another.

use dialguard::contract::Usage;
use dialguard_dialer::dialguard::{Dialguard, DialguardError};
use dialguard_dialer::ledger::AccountProfile;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Accounts whose figures are kept, at most.
const KEPT_MAX: usize = 1_000;

/// The latest figures of each account.
#[derive(Default)]
pub struct Figures(Mutex<HashMap<String, Arc<Kept>>>);

type Kept = tokio::sync::Mutex<Option<(AsOf, Usage)>>;

/// What figures are true of.
#[derive(PartialEq, Eq)]
struct AsOf {
    account: u64,
    policy: String,
    minute: u64,
}

impl Figures {
    /// The account's figures, no older than a minute.
    pub async fn of(&self, dialguard: &Dialguard, account: &AccountProfile) -> Result<Usage, DialguardError> {
        let policy = dialguard.policies().live()?.policy.sha256().to_owned();
        let as_of = AsOf { account: account.revision, policy, minute: dialguard.now() / 60 };
        let kept = self.kept(&account.id);
        let mut kept = kept.lock().await;
        match &*kept {
            Some((known, usage)) if *known == as_of => Ok(*usage),
            _ => {
                let usage = dialguard.usage(&account.id).await?;
                *kept = Some((as_of, usage));
                Ok(usage)
            }
        }
    }

    fn kept(&self, id: &str) -> Arc<Kept> {
        let mut all = self.0.lock();
        if all.len() >= KEPT_MAX && !all.contains_key(id) {
            all.clear();
        }
        all.entry(id.to_owned()).or_default().clone()
    }
}
