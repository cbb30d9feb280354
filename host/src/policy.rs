//! A policy component: compiled once, then run in a fresh sandboxed instance for every call.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//!
//! let policy = Policy::reference(Limits::default()); // or `Policy::compile` with another component's bytes
//! let dialer = small_dialer(GuardRails::default()); // the in-memory dialer shown in `dialguard::dialer`
//!
//! let reviewed = policy.review_account(&dialer, "acme").await?;
//! let statuses: Vec<Status> = reviewed.answer.reviews.rows()?.map(|review| review.status).collect();
//! assert_eq!(statuses, [Status::Clean, Status::Flagged]);
//! # Ok(())
//! # }
//! ```

mod effort;
mod engine;
mod limits;
mod run;
mod stubbed_wasi;
mod time;

pub use crate::inspection::{InvalidPolicy, Wasi};
pub use engine::code_compatibility;
pub use limits::{Limits, PolicyFault};
pub use run::Inputs;

use crate::contract::versions::{Instance, Template};
use crate::contract::*;
use crate::dialer::Dialer;
use crate::inspection::{inspect, one_line, without_control_characters};
use crate::recording::Recording;
use crate::settings::Settings;
use crate::sha256::sha256;
use engine::PolicyEngine;
pub(crate) use run::Run;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Component;
use wasmtime::{Store, Trap};

/// The reference policy's component, as built from `plugin/`, for the newest version of the contract.
pub const REFERENCE_POLICY: &[u8] = include_bytes!(env!("DIALGUARD_POLICY"));

/// The most bytes in the message of an error that a policy returns.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// A policy that can be called any number of times, from any number of tasks at once. Cheap to clone.
///
/// Every call is one run in a fresh instance, which is discarded afterwards; dropping the future that a call returns ends
/// the run. At most 256 runs of all policies in a program are active at once; further ones wait. Calls that read from the
/// dialer need a Tokio runtime with timers enabled, such as the one `#[tokio::main]` creates.
///
/// ```
/// use dialguard::contract::VERSIONS;
/// use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};
/// use dialguard::sha256;
///
/// let policy = Policy::compile(REFERENCE_POLICY, Limits::default())?;
/// assert_eq!(policy.sha256(), sha256(REFERENCE_POLICY));
/// assert_eq!(policy.contract_version(), VERSIONS[2]);
/// assert_eq!(policy.limits(), Limits::default());
/// # Ok::<(), dialguard::policy::InvalidPolicy>(())
/// ```
#[derive(Clone)]
pub struct Policy {
    template: Arc<Template<Run>>,
    limits: Limits,
    wasi: Wasi,
    sha256: Arc<str>,
    declared: Arc<[Setting]>,
    engine: PolicyEngine,
}

/// A policy's answer with the inputs that it was made from and the recording of its run.
///
/// [`check`](crate::check) checks a plan against the inputs, and a stored recording lets you repeat the run
/// ([`recording`](crate::recording)).
#[derive(Debug)]
#[non_exhaustive]
pub struct PolicyAnswer<T> {
    /// The policy's answer.
    pub answer: T,
    /// What the policy read.
    pub inputs: Inputs,
    /// Every import call and its answer, to repeat the run.
    pub recording: Recording,
}

impl<T> PolicyAnswer<T> {
    /// Converts the answer and keeps the rest.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> PolicyAnswer<U> {
        PolicyAnswer { answer: convert(self.answer), inputs: self.inputs, recording: self.recording }
    }
}

/// Why a call of a policy failed.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault};
///
/// let policy = Policy::reference(Limits::default());
/// let dialer = small_dialer(GuardRails::default());
///
/// // An error of the inventory comes back as the policy's answer.
/// let Err(PolicyError::Answered(error)) = policy.usage(&dialer, "unknown").await else { panic!("no such account") };
/// assert_eq!(error.code, ErrorCode::NoSuchAccount);
///
/// // A policy that exceeds a limit is at fault.
/// let limited = policy.with_limits(Limits { import_calls_max: 0, ..Limits::default() });
/// let Err(PolicyError::Fault(fault)) = limited.usage(&dialer, "acme").await else { panic!("it calls imports") };
/// assert_eq!(fault, PolicyFault::TooManyCalls(0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The policy returned an error, its own or one of the dialer's. The message has no control characters and at most
    /// 2,000 bytes.
    #[error("{}", .0.message)]
    Answered(Error),
    /// The policy is at fault; its run was discarded.
    #[error("the policy failed and its run was discarded: {0}")]
    Fault(#[from] PolicyFault),
    /// The run took longer than [`Limits::run_time_max`], and more than half of that time it waited for
    /// [`CarrierLookup`](crate::dialer::CarrierLookup), not counting the first tenth of a second of each call. It was
    /// discarded; the policy is not at fault.
    #[error("the sources were too slow: the run was discarded after {0:?}")]
    SourcesTooSlow(Duration),
}

impl Policy {
    /// The policy built into this library. Takes as long as [`Policy::compile`].
    pub fn reference(limits: Limits) -> Self {
        Self::compile(REFERENCE_POLICY, limits).expect("the reference policy is valid")
    }

    /// Compiles a component that implements the world `reputation-policy` in any of the [`VERSIONS`] of the contract and
    /// imports nothing else.
    ///
    /// Takes about a tenth of a second; a compiled policy lasts as long as the program. It is instantiated once, within
    /// its limits and without calling any import, because only instantiation compares the types of its exports.
    ///
    /// Errors: the bytes are not a component; it is for none of the [`VERSIONS`]; it imports something else; it cannot be
    /// compiled or instantiated within the engine's bounds or `limits`. Its decisions are not checked here:
    /// [`scenarios::smoke_check`](crate::scenarios::smoke_check) does that.
    ///
    /// ```
    /// use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};
    ///
    /// let file = REFERENCE_POLICY.to_vec(); // std::fs::read("policy.wasm")?
    /// let policy = Policy::compile(&file, Limits::default())?;
    ///
    /// let core_module = b"\0asm\x01\0\0\0";
    /// let refused = Policy::compile(core_module, Limits::default()).err().unwrap().to_string();
    /// assert!(refused.contains("convert it with `wasm-tools component new`"));
    /// # Ok::<(), dialguard::policy::InvalidPolicy>(())
    /// ```
    pub fn compile(component: &[u8], limits: Limits) -> Result<Self, InvalidPolicy> {
        Self::compile_with(component, limits, Wasi::None)
    }

    /// Like [`Policy::compile`], for a policy that the operator allows to import stubbed (deny-all) WASI, which the
    /// runtimes of some languages need. Errors are those of [`Policy::compile`].
    pub fn compile_with(component: &[u8], limits: Limits, wasi: Wasi) -> Result<Self, InvalidPolicy> {
        let refused = |error: wasmtime::Error| InvalidPolicy::new(format!("{error:#}"));
        let version = inspect(component)?.contract_spoken(wasi)?;
        effort::check(component)?;
        let compiled = Component::from_binary(PolicyEngine::shared().wasm(), component).map_err(refused)?;
        Self::link(&compiled, version, sha256(component).into(), limits, wasi)
    }

    /// Loads a policy from the code that [`Policy::to_code`] returned, in a millisecond; compiling takes a hundred.
    /// `version` is the contract's version, one of [`VERSIONS`]; `sha256` is the component's hash.
    ///
    /// Errors: the code is for another engine ([`code_compatibility`]), or not for a policy of that version.
    ///
    /// # Safety
    ///
    /// The bytes must be exactly what [`Policy::to_code`] returned. They are machine code: anyone who can change them controls
    /// this process.
    pub unsafe fn from_code(
        code: &[u8],
        version: &str,
        sha256: &str,
        limits: Limits,
        wasi: Wasi,
    ) -> Result<Self, InvalidPolicy> {
        // SAFETY: the caller vouches for the bytes; wasmtime checks that they fit this engine.
        let compiled = unsafe { Component::deserialize(PolicyEngine::shared().wasm(), code) };
        let compiled = compiled.map_err(|error| InvalidPolicy::new(format!("{error:#}")))?;
        Self::link(&compiled, version, sha256.into(), limits, wasi)
    }

    /// Makes a policy from a component compiled in the shared engine, and asks it for its settings; `version` is the
    /// contract's version.
    fn link(
        compiled: &Component,
        version: &str,
        sha256: Arc<str>,
        limits: Limits,
        wasi: Wasi,
    ) -> Result<Self, InvalidPolicy> {
        let refused = |error: wasmtime::Error| InvalidPolicy::new(format!("{error:#}"));
        let engine = PolicyEngine::shared();
        let linker = Run::linker(engine.wasm(), wasi).map_err(refused)?;
        let template = Arc::new(Template::new(version, linker, compiled).map_err(refused)?);
        let mut policy = Policy { template, limits, wasi, sha256, declared: Arc::default(), engine };
        policy.declared = policy.try_out()?.settings.into();
        Ok(policy)
    }

    /// The same policy with other limits, without compiling it again.
    pub fn with_limits(&self, limits: Limits) -> Self {
        Policy { limits, ..self.clone() }
    }

    /// The limits of each run.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The compiled code, for [`Policy::from_code`] in a process with the same [`code_compatibility`].
    ///
    /// Errors: the code does not fit into memory.
    pub fn to_code(&self) -> Result<Vec<u8>, InvalidPolicy> {
        self.template.component().serialize().map_err(|error| InvalidPolicy::new(format!("{error:#}")))
    }

    /// SHA-256 of the component's bytes, as 64 lowercase hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The version of the contract that the policy was made for, one of [`VERSIONS`].
    pub fn contract_version(&self) -> &'static str {
        self.template.version()
    }

    /// The settings that the policy understands, in the order of its declaration, as it listed them when it was compiled or
    /// loaded. A policy for an older version of the contract understands those that were fixed in it.
    ///
    /// ```
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// assert_eq!(policy.settings()[0].name, "spam-score-min");
    /// assert_eq!(policy.settings()[0].default_value(), 80);
    /// ```
    pub fn settings(&self) -> &[Setting] {
        &self.declared
    }

    /// Whether the policy listed its settings itself. Policies for older versions of the contract may know settings besides
    /// the fixed ones, and are given every value that is set.
    pub fn declares_settings(&self) -> bool {
        !matches!(self.contract_version(), "0.1.0" | "0.2.0")
    }

    /// The policy's description of itself. The only possible error is a [`PolicyFault`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let description = Policy::reference(Limits::default()).describe().await?;
    /// assert_eq!(description.name, "dialguard-reference");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn describe(&self) -> Result<Description, PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.describe(&mut run.store).await;
        answer.map_err(|error| self.blame(error))
    }

    /// Checks settings for an account: that each one that the policy declares is in range, and that the policy accepts them
    /// together. What it does not declare may be anything. `guard_rails` matter to policies for older versions of the
    /// contract.
    ///
    /// Errors: `invalid-settings`, whose message names the setting and its range; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy, PolicyError};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let mut settings = Settings::default();
    /// policy.check_settings(GuardRails::default(), &settings).await?;
    ///
    /// settings.set("checks-to-flag", "0");
    /// let checked = policy.check_settings(GuardRails::default(), &settings).await;
    /// let Err(PolicyError::Answered(error)) = checked else { panic!("out of range") };
    /// assert_eq!(error.code, ErrorCode::InvalidSettings);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check_settings(&self, guard_rails: GuardRails, settings: &Settings) -> Result<(), PolicyError> {
        for setting in self.settings() {
            if let Some(Err(why)) = settings.get(&setting.name).map(|text| setting.parse(text)) {
                let message = format!("{}: {why}.", setting.name);
                return Err(PolicyError::Answered(Error { code: ErrorCode::InvalidSettings, message }));
            }
        }
        let mut run = self.begin(None).await?;
        let answer = run.policy.check_settings(&mut run.store, &self.declared, guard_rails, settings).await;
        self.finish(answer, run).map(|finished| finished.answer)
    }

    /// Plans the daily review of one account: rates the numbers that are due, and replaces flagged ones if the account has
    /// automatic replacement on. Changes nothing: check the plan with [`check`](crate::check::check), then apply all of it
    /// or none.
    ///
    /// Errors: those of the dialer (`no-such-account`, `unavailable`), `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let plan = policy.review_account(&small_dialer(AUTO_REPLACE), "acme").await?.answer;
    /// assert_eq!(plan.reviews.len(), 2);
    /// let [Action::ReplaceNumber(replacement)] = &plan.actions[..] else { panic!("one number is flagged") };
    /// assert_eq!((replacement.number, replacement.replacement), (13_105_550_123, 13_105_550_199));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn review_account(&self, dialer: &Dialer, id: &str) -> Result<PolicyAnswer<Plan>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.review_account(&mut run.store, &id.to_owned()).await;
        self.finish(answer, run)
    }

    /// Answers a user's request: one outcome for each number, in the order of the request, and a plan for the accepted
    /// part. Changes nothing: check the decision with [`check_decision`](crate::check::check_decision), then apply its plan.
    ///
    /// Errors: those of the dialer, `invalid-request` (more than 10,000 numbers, or one that is not E.164),
    /// `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let request = Request::StartMonitoring(vec![13_105_550_150, 13_105_550_100, 442_079_460_958]);
    /// let decision = policy.decide(&small_dialer(GuardRails::default()), "acme", &request).await?.answer;
    ///
    /// let answers: Vec<Answer> = decision.outcomes.iter().map(|outcome| outcome.answer).collect();
    /// assert_eq!(answers, [Answer::Accepted, Answer::AlreadyMonitored, Answer::NotOwned]);
    /// assert_eq!(decision.plan.actions, [Action::OccupySlot(Occupancy { number: 13_105_550_150, slot: 3 })]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn decide(
        &self,
        dialer: &Dialer,
        id: &str,
        request: &Request,
    ) -> Result<PolicyAnswer<Decision>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.decide(&mut run.store, &id.to_owned(), request).await;
        self.finish(answer, run)
    }

    /// Rates up to 10,000 numbers by what carriers say right now: one screening for each, in the order given. The numbers
    /// need not belong to the account; its settings decide what counts as flagging.
    ///
    /// Errors: those of the dialer, `invalid-request`, `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let numbers = [13_105_550_199, 13_105_550_123];
    /// let screenings = policy.screen(&small_dialer(GuardRails::default()), "acme", &numbers).await?;
    /// assert_eq!(screenings[0].status, Status::Clean);
    /// assert_eq!((screenings[1].status, screenings[1].flagging, screenings[1].answering), (Status::Flagged, 2, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn screen(
        &self,
        dialer: &Dialer,
        id: &str,
        numbers: &[PhoneNumber],
    ) -> Result<Vec<Screening>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.screen(&mut run.store, &id.to_owned(), numbers).await;
        let answer = self.finish(answer, run)?.answer;
        if !answer.iter().map(|screening| &screening.number).eq(numbers) {
            return Err(PolicyFault::Trapped("it did not answer every number in the order given".into()).into());
        }
        Ok(answer)
    }

    /// Counts the account's slots and numbers, for the summary on a dialer's dashboard.
    ///
    /// Errors: those of the dialer, `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let usage = policy.usage(&small_dialer(GuardRails::default()), "acme").await?;
    /// assert_eq!((usage.occupied, usage.clean, usage.at_risk, usage.flagged), (2, 1, 0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn usage(&self, dialer: &Dialer, id: &str) -> Result<Usage, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.usage(&mut run.store, &id.to_owned()).await;
        Ok(self.finish(answer, run)?.answer)
    }

    /// Starts a run: a fresh instance in its own store. Dropping it ends the run at any point.
    async fn begin(&self, subject: Option<(Dialer, AccountId)>) -> Result<Sandbox, PolicyError> {
        let permit = self.engine.permit().await;
        let mut store =
            Store::new(self.engine.wasm(), Run::new(subject, self.declared.clone(), self.limits, self.wasi));
        store.limiter(|run| run);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        let policy = self.template.instantiate(&mut store).await.map_err(|error| self.blame(error))?;
        Ok(Sandbox { policy, store, _permit: permit })
    }

    /// Asks the policy to describe itself. This waits for nothing but the policy, so it needs no runtime.
    fn try_out(&self) -> Result<Description, InvalidPolicy> {
        let mut trial = std::pin::pin!(self.describe());
        let mut context = Context::from_waker(Waker::noop());
        let described = loop {
            if let Poll::Ready(described) = trial.as_mut().poll(&mut context) {
                break described;
            }
        };
        described.map_err(|error| match error {
            PolicyError::Fault(fault) => InvalidPolicy::new(fault.to_string()),
            other => InvalidPolicy::new(other.to_string()),
        })
    }

    fn finish<T>(
        &self,
        answer: wasmtime::Result<Result<T, Error>>,
        run: Sandbox,
    ) -> Result<PolicyAnswer<T>, PolicyError> {
        match answer.map_err(|error| self.blame(error))? {
            Ok(answer) => {
                let Run { inputs, recording, .. } = run.store.into_data();
                Ok(PolicyAnswer { answer, inputs, recording })
            }
            Err(error) if error.message.len() > MESSAGE_BYTES_MAX => {
                Err(PolicyFault::TooLarge(MESSAGE_BYTES_MAX).into())
            }
            Err(Error { code, message }) => {
                Err(PolicyError::Answered(Error { code, message: without_control_characters(&message) }))
            }
        }
    }

    /// Why a run was ended from inside.
    fn blame(&self, error: wasmtime::Error) -> PolicyError {
        match error.downcast::<PolicyError>() {
            Ok(error) => error,
            Err(other) => self.fault(other).into(),
        }
    }

    /// Maps whatever else ended a run from inside to the policy's fault.
    fn fault(&self, error: wasmtime::Error) -> PolicyFault {
        if let Some(fault) = error.downcast_ref::<PolicyFault>() {
            return fault.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(trap) => PolicyFault::Trapped(trap.to_string()),
            // wasmtime's error type is private; a test with a hostile policy notices if its wording changes.
            None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => {
                PolicyFault::TooLarge(self.limits.answer_bytes_max)
            }
            // It may quote names that the policy's author chose.
            None => PolicyFault::Trapped(one_line(&format!("{error:#}"))),
        }
    }
}

/// One run of a policy. The store is dropped before the permit for its slot in the engine's pool.
struct Sandbox {
    policy: Instance,
    store: Store<Run>,
    _permit: OwnedSemaphorePermit,
}
