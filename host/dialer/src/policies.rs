//! The life of policies: installed, compared, activated, rolled back, while runs continue.
//!
//! The ledger holds which policy is live, so a restart or another process sees it; each run reads one row to notice a
//! change. A run finishes on the policy that it began with.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::policies::Candidate;
//! use dialguard::policy::REFERENCE_POLICY;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let policies = dialguard.policies();
//! assert_eq!(policies.live_revision()?.revision, 1); // the built-in policy
//!
//! // Another component, if only by a note at its end.
//! let mut candidate = Candidate::built_in();
//! candidate.component.extend(b"\0\x05\x04note");
//! assert_ne!(candidate.component, REFERENCE_POLICY);
//! let installed = policies.install(candidate, NOW).await?;
//! assert_eq!((installed.revision, installed.activated_at), (2, None));
//!
//! // It is compared with every review from now on, and decides nothing.
//! policies.shadow(Some(2), NOW)?;
//! dialguard.review("acme").await?;
//! assert_eq!(policies.follow_shadow().await?, 1);
//! let compared = dialguard.ledger().comparisons(2, NOW)?;
//! assert!(compared[0].comparison.differences.is_empty());
//!
//! policies.activate(2, NOW)?;
//! assert_eq!(policies.live_revision()?.revision, 2);
//! assert_eq!(policies.roll_back(NOW)?, 3); // the policy of revision 1 again
//! # Ok(())
//! # }
//! ```

pub mod comparison;
pub mod effect;
pub mod settings_change;
pub mod signature;

mod code;

pub use crate::ledger::PolicySettings;

use crate::ledger::{
    Actor, Cause, Comparison, Ledger, LedgerError, NewPolicy, PolicyRevision, PolicyState, RecordLimits, Revision,
    RunComparison, Shadow, TrustedKey,
};
use crate::policies::comparison::compare;
use crate::policies::settings_change::SettingsChange;
use crate::policies::signature::{PublicKey, SignatureError, verify};
use crate::settings::Declaration;
use code::CodeCache;
use dialguard::contract::{Severity, Timestamp};
use dialguard::inspection::{inspect, one_line};
use dialguard::policy::{InvalidPolicy, Policy, PolicyError, REFERENCE_POLICY, Wasi};
use dialguard::scenarios::{SmokeCheckFailure, smoke_check};
use dialguard::sha256;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinSet, block_in_place};

/// A policy is new until it has made this many good runs; a new one that keeps failing is rolled back automatically.
pub const NEW_UNTIL_RUNS: u64 = 1_000;

/// Policies that stay compiled in memory.
const LOADED_MAX: usize = 8;

/// Runs that are compared at the same time, in addition to those in progress.
const COMPARED_AT_ONCE: usize = 2;

/// Comparisons that are kept in one go.
const COMPARED_TOGETHER: u32 = 64;

/// The same while reviews may come in, which a comparison must not delay for long.
const COMPARED_IN_BETWEEN: u32 = 4;

/// How long a comparison waits for a moment without a run, before it takes its turn anyway.
const IDLE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Why something could not be done with a policy.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The component is not a policy for this host.
    #[error(transparent)]
    InvalidPolicy(#[from] InvalidPolicy),
    /// No trusted key signed it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It cannot be asked for its name and version.
    #[error("the policy's name and version could not be read: {0}")]
    Metadata(#[from] PolicyError),
    /// It failed the smoke check.
    #[error(transparent)]
    SmokeCheck(#[from] SmokeCheckFailure),
    /// The component is larger than policies may be.
    #[error("the component has {bytes} bytes, and a policy may have {bytes_max}")]
    TooLarge {
        /// Bytes of the component.
        bytes: u64,
        /// Bytes that a policy may have.
        bytes_max: u64,
    },
    /// Compiling the component took longer than it may.
    #[error("compiling it takes longer than {0:?}")]
    CompileTimeout(Duration),
    /// It cannot be done as things are; says why.
    #[error("{0}")]
    Refused(String),
}

type Result<T> = std::result::Result<T, PoliciesError>;

/// The policies of a dialer. Cheap to clone.
#[derive(Clone)]
pub struct Policies {
    source: Source,
    /// Who changes them; none if they are only read.
    actor: Option<Actor>,
}

#[derive(Clone)]
enum Source {
    /// A policy of the program's own, for as long as it runs.
    Fixed(Arc<Live>),
    Installed(Arc<Installed>),
}

struct Installed {
    ledger: Arc<Ledger>,
    code: CodeCache,
    /// None until it is first needed: even with a policy that cannot be loaded, an operator can go back to another.
    live: Mutex<Option<Arc<Live>>>,
    /// Held while a newly activated policy is loaded; other runs do not wait for it.
    loading: Mutex<()>,
    /// Compiled and ready, the one used last at the end.
    loaded: Mutex<Vec<Policy>>,
    reviewed: Notify,
    /// Runs in progress.
    under_way: watch::Sender<usize>,
}

/// The live policy.
pub struct Live {
    /// Its revision; none for a policy of the program's own.
    pub revision: Option<Revision>,
    /// The policy.
    pub policy: Policy,
    /// What accounts can set while it is live.
    pub declaration: Declaration,
    state: PolicyState,
}

impl Live {
    fn new(revision: Option<Revision>, policy: Policy, state: PolicyState) -> Self {
        Live { revision, declaration: Declaration::of(&policy), policy, state }
    }

    /// How much of its runs stays on record.
    pub(crate) fn kept(&self) -> RecordLimits {
        self.state.settings.kept()
    }
}

impl From<Policy> for Policies {
    fn from(policy: Policy) -> Self {
        let settings = PolicySettings { limits: policy.limits(), ..PolicySettings::default() };
        let state = PolicyState { change: 0, live: None, shadow: None, settings };
        Policies { source: Source::Fixed(Arc::new(Live::new(None, policy, state))), actor: None }
    }
}

impl Policies {
    /// The policies of a ledger. If it has none, the built-in policy is live from `now` on.
    pub fn open(ledger: Arc<Ledger>, now: Timestamp) -> Result<Self> {
        if ledger.policy_state()?.live.is_none() {
            install_built_in(&ledger, now)?;
        }
        let actor = ledger.actor().cloned();
        // What is done with a policy that keeps failing, no user does.
        let ledger = Arc::new(ledger.acting_as(Actor::schedule()));
        let installed = Installed {
            code: CodeCache::new(ledger.clone()),
            ledger,
            live: Mutex::default(),
            loading: Mutex::default(),
            loaded: Mutex::default(),
            reviewed: Notify::new(),
            under_way: watch::Sender::new(0),
        };
        Ok(Policies { source: Source::Installed(Arc::new(installed)), actor })
    }

    /// The same policies, changed by this actor, or only read.
    #[must_use]
    pub fn acting_as(&self, actor: Option<Actor>) -> Self {
        Policies { source: self.source.clone(), actor }
    }

    /// The policy for a run that begins now, even if another process has just activated it.
    pub fn live(&self) -> Result<Arc<Live>> {
        let installed = match &self.source {
            Source::Fixed(live) => return Ok(live.clone()),
            Source::Installed(installed) => installed,
        };
        let change = installed.ledger.policy_change()?;
        let live = installed.live.lock().clone();
        match live {
            None => block_in_place(|| {
                let _loading = installed.loading.lock();
                installed.begin()
            }),
            Some(live) if live.state.change == change => Ok(live),
            Some(live) => match installed.loading.try_lock() {
                Some(_loading) => block_in_place(|| installed.go_on(live)),
                None => Ok(live),
            },
        }
    }

    /// Verifies, compiles and checks a policy, and stores it as a new revision, which is not live yet.
    ///
    /// Errors, and then nothing is stored: it is larger than allowed; keys are trusted and none of them signed it; it
    /// is not a policy for this host, or takes too long to compile; it fails the smoke check.
    pub async fn install(&self, new: Candidate, now: Timestamp) -> Result<PolicyRevision> {
        let installed = self.installed()?;
        let settings = installed.ledger.policy_state()?.settings;
        let Candidate { component, signature, wasi } = new;
        check_size(&component, &settings)?;
        let built_in = component == REFERENCE_POLICY;
        if !built_in {
            verify(&trusted_keys(&installed.ledger)?, &component, signature.as_deref())?;
        }
        let component: Arc<[u8]> = component.into();
        let sha256 = sha256(&component);
        let policy = installed.code.compile(component.clone(), &sha256, wasi, &settings).await?;
        let description = policy.describe().await?;
        smoke_check(&policy).await?;
        let revision = installed.ledger.acting_as(self.actor.clone()).install_policy(
            &NewPolicy {
                sha256: &sha256,
                component: &component,
                signature: signature.as_deref(),
                name: &one_line(&description.name),
                version: &one_line(&description.version),
                summary: &one_line(&description.summary),
                contract: policy.contract_version(),
                built_in,
                wasi,
            },
            now,
        )?;
        installed.code.keep(&policy);
        installed.put_loaded(policy);
        Ok(installed.ledger.revision(revision)?)
    }

    /// Activates this revision's policy. Returns the live revision: a new one if that policy was live before. Errors:
    /// no such revision; it is not trusted, or cannot be loaded.
    pub fn activate(&self, revision: Revision, now: Timestamp) -> Result<Revision> {
        let wanted = self.installed()?.ledger.revision(revision)?;
        self.switch_to(&wanted, Cause::Operator, now, &format!("Revision {revision} was activated by an operator."))
    }

    /// What activating this revision would do to the settings of open accounts. Errors: no such revision; it cannot be
    /// loaded.
    pub fn settings_change(&self, revision: Revision) -> Result<SettingsChange> {
        let installed = self.installed()?;
        let (live, wanted) = (self.live()?, self.policy(revision)?);
        let mut accounts = installed.ledger.accounts()?;
        accounts.retain(|account| account.closed_at.is_none());
        Ok(SettingsChange::between(&live.declaration, &Declaration::of(&wanted), &accounts))
    }

    /// The revision that [`Policies::roll_back`] goes back to.
    pub fn last_good_revision(&self) -> Result<PolicyRevision> {
        let before = self.installed()?.ledger.last_good_revisions()?.into_iter().next();
        before.ok_or_else(|| PoliciesError::Refused("no other policy was live before".into()))
    }

    /// Goes back to the policy that was live before this one; returns the new revision. Errors if
    /// there is none to go back to.
    pub fn roll_back(&self, now: Timestamp) -> Result<Revision> {
        let before = self.last_good_revision()?;
        let why = format!("An operator went back to the policy of revision {}.", before.revision);
        self.switch_to(&before, Cause::Rollback, now, &why)
    }

    fn switch_to(&self, wanted: &PolicyRevision, cause: Cause, now: Timestamp, why: &str) -> Result<Revision> {
        let installed = self.installed()?;
        installed.ensure_trusted(wanted)?;
        // Loaded before it is live: no run waits for a compiler.
        installed.load(&wanted.sha256)?;
        let activated = installed.ledger.acting_as(self.actor.clone()).activate(wanted.revision, cause, now, why)?;
        self.live()?;
        Ok(activated)
    }

    /// Compares this candidate with every review from now on; none stops that. Errors: no such revision; it is not
    /// trusted, cannot be loaded, or is the live policy.
    pub fn shadow(&self, candidate: Option<Revision>, now: Timestamp) -> Result<()> {
        let installed = self.installed()?;
        if let Some(revision) = candidate {
            let wanted = installed.ledger.revision(revision)?;
            installed.ensure_trusted(&wanted)?;
            if self.live_revision()?.sha256 == wanted.sha256 {
                let message = format!("revision {revision} is the live policy, so there is nothing to compare");
                return Err(PoliciesError::Refused(message));
            }
            installed.load(&wanted.sha256)?;
        }
        Ok(installed.ledger.acting_as(self.actor.clone()).set_shadow(candidate, now)?)
    }

    /// The live revision.
    pub fn live_revision(&self) -> Result<PolicyRevision> {
        let installed = self.installed()?;
        let live = installed.ledger.policy_state()?.live.expect("the built-in policy is installed if there was none");
        Ok(installed.ledger.revision(live)?)
    }

    /// The policy of a revision, compiled.
    pub fn policy(&self, revision: Revision) -> Result<Policy> {
        let installed = self.installed()?;
        let wanted = installed.ledger.revision(revision)?;
        installed.load(&wanted.sha256)
    }

    /// The policy with this SHA-256, as runs on record name it.
    pub fn policy_of(&self, sha256: &str) -> Result<Policy> {
        match &self.source {
            Source::Fixed(live) if live.policy.sha256() == sha256 => Ok(live.policy.clone()),
            Source::Fixed(_) => {
                Err(PoliciesError::Refused("another policy made that run, and it is not available here".into()))
            }
            Source::Installed(installed) => installed.load(sha256),
        }
    }

    /// Trusts a key. From the first one on, only signed policies can be installed.
    pub fn trust(&self, name: &str, key: &PublicKey, now: Timestamp) -> Result<TrustedKey> {
        let key = TrustedKey { id: key.id(), name: name.to_owned(), pem: key.to_pem(), trusted_at: now };
        self.installed()?.ledger.acting_as(self.actor.clone()).trust(&key)?;
        Ok(key)
    }

    /// Whether a trusted key signed this revision's policy, or no key is trusted at all; the built-in policy is trusted
    /// as the program is.
    pub fn is_trusted(&self, revision: &PolicyRevision) -> Result<bool> {
        match self.installed()?.ensure_trusted(revision) {
            Ok(()) => Ok(true),
            Err(PoliciesError::Signature(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Records that the policy failed in a run of this account that was to be applied. A new policy that keeps failing, and
    /// not for a single account among several, is rolled back to the last good one, once: that is an alert, and needs no
    /// operator.
    pub(crate) fn note_fault(&self, ledger: &Ledger, live: &Live, id: &str, now: Timestamp, fault: &str) -> Result<()> {
        let text = match live.revision {
            Some(revision) => format!("Revision {revision} of the policy failed in this run: {fault}."),
            None => format!("The policy failed in this run: {fault}."),
        };
        let faulted = ledger.note_fault(live.revision, id, now, &text)?;
        let (Source::Installed(installed), Some(revision)) = (&self.source, live.revision) else { return Ok(()) };
        let settings = live.state.settings;
        let is_new = faulted.live && faulted.good_runs < NEW_UNTIL_RUNS;
        if is_new && faulted.is_persistent(settings.faults_in_a_row_max) {
            installed.abandon(revision, faulted.in_a_row, now, fault)?;
        }
        Ok(())
    }

    /// A review was made, which the shadow policy can be compared with.
    pub fn note_review(&self) {
        if let Source::Installed(installed) = &self.source {
            installed.reviewed.notify_one();
        }
    }

    /// A run begins, and lasts until the returned guard is dropped.
    pub(crate) fn begin_run(&self) -> RunGuard {
        let Source::Installed(installed) = &self.source else { return RunGuard(None) };
        installed.under_way.send_modify(|runs| *runs += 1);
        RunGuard(Some(installed.clone()))
    }

    /// Compares the candidate with every review that it has not been compared with; returns how many.
    pub async fn follow_shadow(&self) -> Result<usize> {
        let mut compared = 0;
        loop {
            match self.follow_a_little(COMPARED_TOGETHER).await? {
                0 => return Ok(compared),
                more => compared += more,
            }
        }
    }

    /// Compares reviews as they are made, until dropped. Runs come first: it uses the time between them.
    pub async fn keep_following(&self) {
        let Source::Installed(installed) = &self.source else { return std::future::pending().await };
        let mut under_way = installed.under_way.subscribe();
        loop {
            let _ = tokio::time::timeout(IDLE_WAIT_MAX, under_way.wait_for(|runs| *runs == 0)).await;
            match self.follow_a_little(COMPARED_IN_BETWEEN).await {
                Ok(0) => installed.reviewed.notified().await,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!("the candidate was not compared: {error}");
                    installed.reviewed.notified().await;
                }
            }
        }
    }

    async fn follow_a_little(&self, count: u32) -> Result<usize> {
        let Source::Installed(installed) = &self.source else { return Ok(0) };
        let Some(Shadow { revision, since_run }) = installed.ledger.policy_state()?.shadow else { return Ok(0) };
        let after = since_run.max(installed.ledger.compared_until(revision)?);
        let runs = installed.ledger.recorded_reviews(after, 0, count)?;
        installed.compare(revision, runs).await
    }

    /// What a candidate would have done in every review since then that is on record. `on_compared` is called after
    /// each batch with its size.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard_dialer::policies::comparison::Summary;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// dialguard.review("acme").await?;
    ///
    /// let mut done = 0;
    /// let compared = dialguard.policies().backtest(1, NOW, |more| done += more).await?;
    /// let summary = Summary::of(&compared);
    /// assert_eq!((done, summary.reviews, summary.reviews_alike), (1, 1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backtest(
        &self,
        candidate: Revision,
        since: Timestamp,
        mut on_compared: impl FnMut(usize),
    ) -> Result<Vec<RunComparison>> {
        let installed = self.installed()?;
        installed.ensure_trusted(&installed.ledger.revision(candidate)?)?;
        let mut after = 0;
        loop {
            let runs = installed.ledger.recorded_reviews(after, since, COMPARED_TOGETHER)?;
            let Some(last) = runs.last() else { return Ok(installed.ledger.comparisons(candidate, since)?) };
            after = *last;
            on_compared(installed.compare(candidate, runs).await?);
        }
    }

    fn installed(&self) -> Result<&Arc<Installed>> {
        match &self.source {
            Source::Installed(installed) => Ok(installed),
            Source::Fixed(_) => {
                Err(PoliciesError::Refused("this program has its own policy, and none can be installed".into()))
            }
        }
    }
}

/// A component to install.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// The content of its signature file.
    pub signature: Option<Vec<u8>>,
    /// What it may import in addition to the contract.
    pub wasi: Wasi,
}

impl Candidate {
    /// The policy that comes with this library.
    pub fn built_in() -> Self {
        Candidate { component: REFERENCE_POLICY.to_vec(), signature: None, wasi: Wasi::None }
    }
}

impl Installed {
    /// The first run of this process: if the live policy cannot be loaded, there is no earlier one to continue with.
    fn begin(&self) -> Result<Arc<Live>> {
        let mut live = self.live.lock();
        if let Some(live) = &*live {
            return Ok(live.clone());
        }
        let loaded = Arc::new(self.load_live(self.ledger.policy_state()?)?);
        *live = Some(loaded.clone());
        Ok(loaded)
    }

    /// Loads a newly activated policy. If that fails, runs continue with the policy before: an operator is alerted, and
    /// no run fails.
    fn go_on(&self, before: Arc<Live>) -> Result<Arc<Live>> {
        // Read again under the lock: what was read before may be older than what is loaded.
        let state = self.ledger.policy_state()?;
        let revision = state.live.unwrap_or_default();
        let live = self.load_live(state.clone()).unwrap_or_else(|error| {
            tracing::error!("revision {revision} of the policy cannot be loaded, the one before goes on: {error}");
            Live::new(before.revision, before.policy.clone(), state)
        });
        if live.revision != before.revision {
            tracing::info!("revision {revision} of the policy decides");
        }
        let live = Arc::new(live);
        *self.live.lock() = Some(live.clone());
        Ok(live)
    }

    fn load_live(&self, state: PolicyState) -> Result<Live> {
        let revision = state.live.ok_or_else(|| PoliciesError::Refused("no policy is live".into()))?;
        let sha256 = self.ledger.revision(revision)?.sha256;
        let policy = self.load(&sha256)?.with_limits(state.settings.limits);
        Ok(Live::new(Some(revision), policy, state))
    }

    /// A policy from memory, from compiled code, or compiled from its component.
    fn load(&self, sha256: &str) -> Result<Policy> {
        let known = self.loaded.lock().iter().find(|policy| policy.sha256() == sha256).cloned();
        let policy = match known {
            Some(policy) => policy,
            None => self.code.load(sha256, &self.ledger.policy_state()?.settings)?,
        };
        self.put_loaded(policy.clone());
        Ok(policy)
    }

    fn put_loaded(&self, policy: Policy) {
        let mut loaded = self.loaded.lock();
        loaded.retain(|known| known.sha256() != policy.sha256());
        loaded.push(policy);
        if loaded.len() > LOADED_MAX {
            loaded.remove(0);
        }
    }

    /// A key may have been trusted after a policy was installed.
    fn ensure_trusted(&self, revision: &PolicyRevision) -> Result<()> {
        let trusted = trusted_keys(&self.ledger)?;
        if revision.built_in || trusted.is_empty() {
            return Ok(());
        }
        let (component, signature) = self.ledger.component(&revision.sha256)?;
        verify(&trusted, &component, signature.as_deref())?;
        Ok(())
    }

    fn abandon(&self, failed: Revision, in_a_row: u32, now: Timestamp, fault: &str) -> Result<()> {
        for good in self.ledger.last_good_revisions()? {
            if self.ensure_trusted(&good).is_err() || self.load(&good.sha256).is_err() {
                continue;
            }
            let why = format!(
                "Revision {failed} failed {in_a_row} times in a row and was rolled back to the policy of revision {}; \
                 its last fault: {fault}",
                good.revision
            );
            tracing::error!("{why}");
            self.ledger.abandon(failed, good.revision, now, &why)?;
            return Ok(());
        }
        let text = format!("Revision {failed} failed {in_a_row} times in a row, and there is no policy to go back to.");
        tracing::error!("{text}");
        Ok(self.ledger.tell_of_policy(now, Some(failed), Severity::Alert, "failing", &text)?)
    }

    /// Compares these runs with what a candidate would have done, and keeps the differences; returns how many.
    async fn compare(&self, candidate: Revision, runs: Vec<u64>) -> Result<usize> {
        let policy = self.load(&self.ledger.revision(candidate)?.sha256)?;
        let mut waiting = runs.into_iter();
        let mut under_way = JoinSet::new();
        let mut comparisons = Vec::new();
        loop {
            while under_way.len() < COMPARED_AT_ONCE {
                let Some(run) = waiting.next() else { break };
                let (ledger, policy) = (self.ledger.clone(), policy.clone());
                under_way.spawn(async move {
                    let run = block_in_place(|| ledger.recorded_run(run))?;
                    Ok(compare(&run, &policy).await)
                });
            }
            match under_way.join_next().await {
                Some(Ok(Ok(comparison))) => comparisons.push(comparison),
                Some(Ok(Err(error))) => return Err(error),
                Some(Err(error)) => {
                    return Err(PoliciesError::Refused(format!("internal error in a comparison: {error}")));
                }
                None => break,
            }
        }
        comparisons.sort_by_key(|comparison: &Comparison| comparison.run);
        block_in_place(|| self.ledger.keep_comparisons(candidate, &comparisons))?;
        Ok(comparisons.len())
    }
}

/// A run that is being made.
pub(crate) struct RunGuard(Option<Arc<Installed>>);

impl Drop for RunGuard {
    fn drop(&mut self) {
        if let Some(installed) = &self.0 {
            installed.under_way.send_modify(|runs| *runs -= 1);
        }
    }
}

/// The keys whose signatures count in a ledger, by the operator's names for them.
pub fn trusted_keys(ledger: &Ledger) -> Result<Vec<(String, PublicKey)>> {
    let keys = ledger.trusted_keys()?;
    keys.into_iter().map(|key| Ok((key.name, PublicKey::from_pem(&key.pem)?))).collect()
}

/// The policy that comes with this library. Its description is known without running it.
fn install_built_in(ledger: &Ledger, now: Timestamp) -> Result<()> {
    let inspection = inspect(REFERENCE_POLICY)?;
    let policy = NewPolicy {
        sha256: &sha256(REFERENCE_POLICY),
        component: REFERENCE_POLICY,
        signature: None,
        name: "dialguard-reference",
        version: env!("CARGO_PKG_VERSION"),
        summary: inspection.description.as_deref().unwrap_or_default(),
        contract: inspection.contract.as_deref().unwrap_or_default(),
        built_in: true,
        wasi: Wasi::None,
    };
    Ok(ledger.install_first_policy(&policy, now)?)
}

fn check_size(component: &[u8], settings: &PolicySettings) -> Result<()> {
    if component.len() as u64 > settings.component_bytes_max {
        return Err(PoliciesError::TooLarge { bytes: component.len() as u64, bytes_max: settings.component_bytes_max });
    }
    Ok(())
}
