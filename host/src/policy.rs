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

use crate::contract::versions::{Instance, Template};
use crate::contract::*;
use crate::dialer::Dialer;
pub use crate::empty_wasi::Wasi;
use crate::engine::PolicyEngine;
pub use crate::engine::digest;
pub use crate::inspection::NotAPolicy;
use crate::inspection::{inspect, without_control_characters};
pub use crate::limits::{Limits, PolicyFault};
use crate::recording::Recording;
use crate::run::{Run, Shown};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Component;
use wasmtime::{Store, Trap};

/// The reference policy's component, as built from `plugin/`.
pub const REFERENCE_POLICY: &[u8] = include_bytes!(env!("DIALGUARD_POLICY"));

/// Bytes in the message of an error that a policy answers.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// A policy that can be called any number of times, from any number of tasks at once. Cheap to clone.
#[derive(Clone)]
pub struct Policy {
    template: Arc<Template<Run>>,
    limits: Limits,
    wasi: Wasi,
    digest: Arc<str>,
    engine: PolicyEngine,
}

/// What a policy answered, and what it had been shown when it did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered<T> {
    /// The policy's answer.
    pub answer: T,
    /// What it read.
    pub shown: Shown,
    /// Everything it asked and was answered, to repeat the run.
    pub recording: Recording,
}

impl<T> Answered<T> {
    /// The same with another form of the answer.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Answered<U> {
        Answered { answer: form(self.answer), shown: self.shown, recording: self.recording }
    }
}

/// Why a policy gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The policy itself answered with an error, its own or one of the dialer's.
    #[error("{}", .0.message)]
    Answered(Error),
    /// The policy is at fault; its run was thrown away.
    #[error("the policy failed and its run was thrown away: {0}")]
    Fault(#[from] PolicyFault),
}

impl Policy {
    /// The policy that comes with this library.
    pub fn reference(limits: Limits) -> Self {
        Self::compile(REFERENCE_POLICY, limits).expect("the reference policy is a policy")
    }

    /// Compiles a component that implements the world `reputation-policy`, in any of the [`VERSIONS`] of the contract,
    /// and imports nothing besides.
    ///
    /// Takes a tenth of a second or so; a compiled policy serves for as long as the program runs. It is instantiated
    /// once, within its limits and with nothing to import: the types of its exports are compared only then.
    pub fn compile(component: &[u8], limits: Limits) -> Result<Self, NotAPolicy> {
        Self::compile_with(component, limits, Wasi::None)
    }

    /// The same for a policy that the operator allowed to import a WASI in which there is nothing.
    pub fn compile_with(component: &[u8], limits: Limits, wasi: Wasi) -> Result<Self, NotAPolicy> {
        let refused = |error: wasmtime::Error| NotAPolicy(format!("{error:#}"));
        let version = inspect(component)?.contract_spoken(wasi)?;
        let compiled = Component::from_binary(PolicyEngine::shared().wasm(), component).map_err(refused)?;
        let policy = Self::link(&compiled, version, digest(component).into(), limits, wasi)?;
        policy.try_out().map_err(|fault| NotAPolicy(fault.to_string()))?;
        Ok(policy)
    }

    /// A policy of a component that was compiled in the shared engine; `version` is the contract's, one of
    /// [`VERSIONS`].
    pub(crate) fn link(
        compiled: &Component,
        version: &str,
        digest: Arc<str>,
        limits: Limits,
        wasi: Wasi,
    ) -> Result<Self, NotAPolicy> {
        let refused = |error: wasmtime::Error| NotAPolicy(format!("{error:#}"));
        let engine = PolicyEngine::shared();
        let linker = Run::linker(engine.wasm(), wasi).map_err(refused)?;
        let template = Arc::new(Template::new(version, linker, compiled).map_err(refused)?);
        Ok(Policy { template, limits, wasi, digest, engine })
    }

    /// The same policy under other limits.
    pub fn with_limits(&self, limits: Limits) -> Self {
        Policy { limits, ..self.clone() }
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Its compiled code, for this engine.
    #[cfg(feature = "ledger")]
    pub(crate) fn to_code(&self) -> wasmtime::Result<Vec<u8>> {
        self.template.component().serialize()
    }

    /// SHA-256 of the component's bytes, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The version of the contract that it was made for, one of [`VERSIONS`].
    pub fn contract_version(&self) -> &'static str {
        self.template.version()
    }

    /// Who this policy is.
    pub async fn describe(&self) -> Result<Description, PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.describe(&mut run.store).await;
        Ok(answer.map_err(|error| self.blame(error))?)
    }

    /// Whether an account may have these settings.
    pub async fn check_settings(&self, settings: &Settings) -> Result<(), PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.check_settings(&mut run.store, settings).await;
        self.answered(answer, run).map(|answered| answered.answer)
    }

    /// Plans the daily review of one account.
    pub async fn review_account(&self, dialer: &Dialer, id: &str) -> Result<Answered<Plan>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.review_account(&mut run.store, &id.to_owned()).await;
        self.answered(answer, run)
    }

    /// Answers a person's request.
    pub async fn decide(
        &self,
        dialer: &Dialer,
        id: &str,
        request: &Request,
    ) -> Result<Answered<Decision>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.decide(&mut run.store, &id.to_owned(), request).await;
        self.answered(answer, run)
    }

    /// Says how these numbers stand right now, one answer for each, in the order asked.
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

    /// Counts the account's slots and numbers.
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
    ) -> Result<Answered<T>, PolicyError> {
        match answer.map_err(|error| self.blame(error))? {
            Ok(answer) => {
                let Run { shown, recording, .. } = run.store.into_data();
                Ok(Answered { answer, shown, recording })
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
