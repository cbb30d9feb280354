//! A policy component: compiled once, and a fresh sandboxed instance for every call.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::contract::Status;
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::settings::default_settings;
//!
//! let policy = Policy::reference(Limits::default()); // or `Policy::compile` with the bytes of another
//! let dialer = small_dialer(default_settings()); // the one in memory that `dialguard::dialer` shows
//!
//! let reviewed = policy.review_account(&dialer, "acme").await?;
//! let statuses: Vec<Status> = reviewed.answer.reviews.iter().map(|review| review.status).collect();
//! assert_eq!(statuses, [Status::Clean, Status::Flagged]);
//! # Ok(())
//! # }
//! ```

mod engine;
mod limits;
mod run;
pub(crate) mod stubbed_wasi;

pub use crate::inspection::InvalidPolicy;
pub use engine::code_compatibility;
pub use limits::{Limits, PolicyFault};
pub use run::Inputs;
pub use stubbed_wasi::Wasi;

use crate::contract::versions::{Instance, Template};
use crate::contract::*;
use crate::dialer::Dialer;
use crate::inspection::{inspect, without_control_characters};
use crate::recording::Recording;
use crate::sha256::sha256;
use engine::PolicyEngine;
pub(crate) use run::Run;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Component;
use wasmtime::{Store, Trap};

/// The reference policy's component, as built from `plugin/`, for the newest version of the contract.
pub const REFERENCE_POLICY: &[u8] = include_bytes!(env!("DIALGUARD_POLICY"));

/// Bytes in the message of an error that a policy answers.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// A policy that can be called any number of times, from any number of tasks at once. Cheap to clone.
///
/// Every call is a run of its own, in a fresh instance that is thrown away after it; dropping the future that a call
/// returns ends the run. Of all policies in a program 256 runs may be under way at once, and further ones wait. Calls
/// that ask the dialer something need a Tokio runtime with its timers enabled, as `#[tokio::main]` makes one.
///
/// ```
/// use dialguard::contract::VERSIONS;
/// use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};
/// use dialguard::sha256;
///
/// let policy = Policy::compile(REFERENCE_POLICY, Limits::default())?;
/// assert_eq!(policy.sha256(), sha256(REFERENCE_POLICY));
/// assert_eq!(policy.contract_version(), VERSIONS[1]);
/// assert_eq!(policy.limits(), Limits::default());
/// # Ok::<(), dialguard::policy::InvalidPolicy>(())
/// ```
#[derive(Clone)]
pub struct Policy {
    template: Arc<Template<Run>>,
    limits: Limits,
    wasi: Wasi,
    sha256: Arc<str>,
    engine: PolicyEngine,
}

/// What a policy answered, and what it had been shown when it did.
///
/// The plan is held against what was shown ([`check`](crate::check)), and whoever keeps the recording can make the
/// run again ([`recording`](crate::recording)).
#[derive(Debug)]
#[non_exhaustive]
pub struct PolicyAnswer<T> {
    /// The policy's answer.
    pub answer: T,
    /// What it read.
    pub inputs: Inputs,
    /// Everything it asked and was answered, to repeat the run.
    pub recording: Recording,
}

impl<T> PolicyAnswer<T> {
    /// The same with another form of the answer.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> PolicyAnswer<U> {
        PolicyAnswer { answer: form(self.answer), inputs: self.inputs, recording: self.recording }
    }
}

/// Why a policy gave no answer.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dialguard::contract::ErrorCode;
/// use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault};
/// use dialguard::settings::default_settings;
///
/// let policy = Policy::reference(Limits::default());
/// let dialer = small_dialer(default_settings());
///
/// // What the inventory answers comes back as the policy's own answer.
/// let Err(PolicyError::Answered(error)) = policy.usage(&dialer, "nobody").await else { panic!("nobody is there") };
/// assert_eq!(error.code, ErrorCode::NoSuchAccount);
///
/// // A policy that wants more than it may have is at fault.
/// let silenced = policy.with_limits(Limits { import_calls_max: 0, ..Limits::default() });
/// let Err(PolicyError::Fault(fault)) = silenced.usage(&dialer, "acme").await else { panic!("it has to ask") };
/// assert_eq!(fault, PolicyFault::TooManyCalls(0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The policy itself answered with an error, its own or one of the dialer's. Its message has no control characters
    /// and at most 2,000 bytes.
    #[error("{}", .0.message)]
    Answered(Error),
    /// The policy is at fault; its run was thrown away.
    #[error("the policy failed and its run was thrown away: {0}")]
    Fault(#[from] PolicyFault),
}

impl Policy {
    /// The policy that comes with this library. Takes as long as [`Policy::compile`].
    pub fn reference(limits: Limits) -> Self {
        Self::compile(REFERENCE_POLICY, limits).expect("the reference policy is a policy")
    }

    /// Compiles a component that implements the world `reputation-policy`, in any of the [`VERSIONS`] of the contract,
    /// and imports nothing besides.
    ///
    /// Takes a tenth of a second or so; a compiled policy serves for as long as the program runs. It is instantiated
    /// once, within its limits and with nothing to import: the types of its exports are compared only then.
    ///
    /// Errors: the bytes are no component; it is for none of the [`VERSIONS`]; it imports something else; it cannot be
    /// compiled or instantiated within the engine's bounds or `limits`. Whether it decides well is not looked at:
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
    /// assert!(refused.contains("make it a component with `wasm-tools component new`"));
    /// # Ok::<(), dialguard::policy::InvalidPolicy>(())
    /// ```
    pub fn compile(component: &[u8], limits: Limits) -> Result<Self, InvalidPolicy> {
        Self::compile_with(component, limits, Wasi::None)
    }

    /// The same for a policy that the operator allowed to import a WASI in which there is nothing: some languages'
    /// runtimes bring one along. Errors are those of [`Policy::compile`].
    pub fn compile_with(component: &[u8], limits: Limits, wasi: Wasi) -> Result<Self, InvalidPolicy> {
        let refused = |error: wasmtime::Error| InvalidPolicy(format!("{error:#}"));
        let version = inspect(component)?.contract_spoken(wasi)?;
        let compiled = Component::from_binary(PolicyEngine::shared().wasm(), component).map_err(refused)?;
        let policy = Self::link(&compiled, version, sha256(component).into(), limits, wasi)?;
        policy.try_out().map_err(|fault| InvalidPolicy(fault.to_string()))?;
        Ok(policy)
    }

    /// A policy from the code that [`Policy::to_code`] gave for it: in a millisecond, where compiling takes a hundred.
    /// `version` is its contract's, one of [`VERSIONS`]; `sha256` is its component's.
    ///
    /// Errors: the code is for another engine ([`code_compatibility`]), or not for a policy of that contract.
    ///
    /// # Safety
    ///
    /// The bytes must be exactly what [`Policy::to_code`] returned. They are machine code: whoever can change them acts as
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
        let compiled = compiled.map_err(|error| InvalidPolicy(format!("{error:#}")))?;
        Self::link(&compiled, version, sha256.into(), limits, wasi)
    }

    /// A policy of a component that was compiled in the shared engine; `version` is its contract's.
    fn link(
        compiled: &Component,
        version: &str,
        sha256: Arc<str>,
        limits: Limits,
        wasi: Wasi,
    ) -> Result<Self, InvalidPolicy> {
        let refused = |error: wasmtime::Error| InvalidPolicy(format!("{error:#}"));
        let engine = PolicyEngine::shared();
        let linker = Run::linker(engine.wasm(), wasi).map_err(refused)?;
        let template = Arc::new(Template::new(version, linker, compiled).map_err(refused)?);
        Ok(Policy { template, limits, wasi, sha256, engine })
    }

    /// The same policy under other limits. Nothing is compiled again.
    pub fn with_limits(&self, limits: Limits) -> Self {
        Policy { limits, ..self.clone() }
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Its compiled code, for [`Policy::from_code`] in a process with the same [`code_compatibility`].
    ///
    /// Errors: the code does not fit into memory.
    pub fn to_code(&self) -> Result<Vec<u8>, InvalidPolicy> {
        self.template.component().serialize().map_err(|error| InvalidPolicy(format!("{error:#}")))
    }

    /// SHA-256 of the component's bytes, in 64 lowercase hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The version of the contract that it was made for, one of [`VERSIONS`].
    pub fn contract_version(&self) -> &'static str {
        self.template.version()
    }

    /// Who this policy is, in its own words. Only ever fails by a [`PolicyFault`].
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
        Ok(answer.map_err(|error| self.blame(error))?)
    }

    /// Whether an account may have these settings. `Ok` where it may.
    ///
    /// Errors: `invalid-settings`, whose message says which setting and its range; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::ErrorCode;
    /// use dialguard::policy::{Limits, Policy, PolicyError};
    /// use dialguard::settings::default_settings;
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let mut settings = default_settings();
    /// policy.check_settings(&settings).await?;
    ///
    /// settings.checks_to_flag = 0;
    /// let Err(PolicyError::Answered(error)) = policy.check_settings(&settings).await else { panic!("out of range") };
    /// assert_eq!(error.code, ErrorCode::InvalidSettings);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check_settings(&self, settings: &Settings) -> Result<(), PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.check_settings(&mut run.store, settings).await;
        self.answered(answer, run).map(|answered| answered.answer)
    }

    /// Plans the daily review of one account: rates the numbers that are due, and replaces flagged ones where the account
    /// has that turned on. Nothing is changed; hold the plan against [`check`](crate::check::check) and apply it, all of
    /// it or nothing.
    ///
    /// Errors: those of the dialer (`no-such-account`, `unavailable`), `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Action;
    /// use dialguard::policy::{Limits, Policy};
    /// use dialguard::settings::default_settings;
    ///
    /// let mut settings = default_settings();
    /// settings.auto_replace = true;
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let plan = policy.review_account(&small_dialer(settings), "acme").await?.answer;
    /// assert_eq!(plan.reviews.len(), 2);
    /// let [Action::ReplaceNumber(replacement)] = &plan.actions[..] else { panic!("one number is flagged") };
    /// assert_eq!((replacement.number, replacement.replacement), (13_105_550_123, 13_105_550_199));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn review_account(&self, dialer: &Dialer, id: &str) -> Result<PolicyAnswer<Plan>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.review_account(&mut run.store, &id.to_owned()).await;
        self.answered(answer, run)
    }

    /// Answers a person's request: one outcome for each number asked about, in the order asked, and a plan for what is
    /// accepted of it. Nothing is changed; hold it against [`check_decision`](crate::check::check_decision).
    ///
    /// Errors: those of the dialer, `invalid-request` (more than 10,000 numbers, or one that is no E.164),
    /// `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::{Action, Answer, Occupancy, Request};
    /// use dialguard::policy::{Limits, Policy};
    /// use dialguard::settings::default_settings;
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let request = Request::StartMonitoring(vec![13_105_550_150, 13_105_550_100, 442_079_460_958]);
    /// let decision = policy.decide(&small_dialer(default_settings()), "acme", &request).await?.answer;
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
        self.answered(answer, run)
    }

    /// Says how these numbers, at most 10,000, stand with the carriers right now: one answer for each, in the order
    /// asked. They need not be the account's, whose settings say when a carrier flags.
    ///
    /// Errors: those of the dialer, `invalid-request`, `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Status;
    /// use dialguard::policy::{Limits, Policy};
    /// use dialguard::settings::default_settings;
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let numbers = [13_105_550_199, 13_105_550_123];
    /// let screenings = policy.screen(&small_dialer(default_settings()), "acme", &numbers).await?;
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
        let answer = self.answered(answer, run)?.answer;
        if !answer.iter().map(|screening| &screening.number).eq(numbers) {
            return Err(PolicyFault::Trapped("it did not answer every number in the order asked".into()).into());
        }
        Ok(answer)
    }

    /// Counts the account's slots and numbers, as at the top of a dialer's page.
    ///
    /// Errors: those of the dialer, `invalid-settings`; a fault of the policy.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::policy::{Limits, Policy};
    /// use dialguard::settings::default_settings;
    ///
    /// let policy = Policy::reference(Limits::default());
    /// let usage = policy.usage(&small_dialer(default_settings()), "acme").await?;
    /// assert_eq!((usage.occupied, usage.clean, usage.at_risk, usage.flagged), (2, 1, 1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn usage(&self, dialer: &Dialer, id: &str) -> Result<Usage, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.usage(&mut run.store, &id.to_owned()).await;
        Ok(self.answered(answer, run)?.answer)
    }

    /// A fresh instance in a store of its own. Dropping it ends the run, whatever state it is in.
    async fn begin(&self, asked: Option<(Dialer, AccountId)>) -> Result<Sandbox, PolicyFault> {
        let place = self.engine.place().await;
        let mut store = Store::new(self.engine.wasm(), Run::new(asked, self.limits, self.wasi));
        store.limiter(|run| run);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        let policy = self.template.instantiate(&mut store).await.map_err(|error| self.blame(error))?;
        Ok(Sandbox { policy, store, _place: place })
    }

    /// Instantiates it for nobody. There is nothing to wait for but its own start function, so this needs no runtime.
    fn try_out(&self) -> Result<(), PolicyFault> {
        let mut trial = std::pin::pin!(self.begin(None));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(begun) = trial.as_mut().poll(&mut context) {
                return begun.map(|_| ());
            }
        }
    }

    fn answered<T>(
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

    /// Everything that ends a run from within is the policy's fault; this says which.
    fn blame(&self, error: wasmtime::Error) -> PolicyFault {
        if let Some(fault) = error.downcast_ref::<PolicyFault>() {
            return fault.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(trap) => PolicyFault::Trapped(trap.to_string()),
            // The error's type is private to wasmtime; a hostile policy in tests/ sees to it that its words stay.
            None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => {
                PolicyFault::TooLarge(self.limits.answer_bytes_max)
            }
            None => PolicyFault::Trapped(format!("{error:#}")),
        }
    }
}

/// One run of a policy. The store goes before the place that it holds in the engine's pool.
struct Sandbox {
    policy: Instance,
    store: Store<Run>,
    _place: OwnedSemaphorePermit,
}
