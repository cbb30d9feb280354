//! Compiled code of policies, in files beside the ledger.
//!
//! Compiled code is machine code, which a program runs without a sandbox. So a file is loaded only if its SHA-256 is
//! the one that the ledger recorded when this host wrote it, for this policy and this engine; any other file is
//! compiled again from the component and overwritten. Who may write to the ledger's folder may act as the host anyway,
//! so keep that folder to the user who runs it.

use super::{PoliciesError, PolicySettings, Result};
use crate::ledger::Ledger;
use dialguard::policy::{Policy, Wasi, code_compatibility};
use dialguard::sha256;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The folder of compiled code.
pub(super) struct CodeCache {
    ledger: Arc<Ledger>,
    folder: PathBuf,
    engine: String,
    /// One component is compiled at a time: a compiler that takes too long cannot be interrupted, and is waited for.
    compilers: Arc<Semaphore>,
}

impl CodeCache {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        let folder = ledger.folder().join("compiled");
        CodeCache { ledger, folder, engine: code_compatibility(), compilers: Arc::new(Semaphore::new(1)) }
    }

    /// A policy from its compiled code, or from its component if no code may be loaded.
    pub(super) fn load(&self, policy: &str, settings: &PolicySettings) -> Result<Policy> {
        let (contract, wasi) = self.ledger.contract_and_wasi(policy)?;
        if let Some(code) = self.code(policy)? {
            // SAFETY: the bytes are those that `keep` wrote, or their hash would be another.
            let loaded = unsafe { Policy::from_code(&code, &contract, policy, settings.limits, wasi) };
            if let Ok(policy) = loaded {
                return Ok(policy);
            }
        }
        let (component, _) = self.ledger.component(policy)?;
        if sha256(&component) != policy {
            return Err(PoliciesError::Refused(format!("the component of policy {policy} is damaged in the ledger")));
        }
        let compiled = Policy::compile_with(&component, settings.limits, wasi)?;
        self.keep(&compiled);
        Ok(compiled)
    }

    /// Compiles exactly the bytes that were hashed, in its own thread and with a time limit. It waits as long at most for
    /// a policy that is being compiled already.
    pub(super) async fn compile(
        &self,
        component: Arc<[u8]>,
        policy: &str,
        wasi: Wasi,
        settings: &PolicySettings,
    ) -> Result<Policy> {
        debug_assert_eq!(sha256(&component), policy);
        let limits = settings.limits;
        let busy = |_| PoliciesError::Refused("another policy is still being compiled".into());
        let permit = timeout(settings.compile_time_max, self.compilers.clone().acquire_owned()).await.map_err(busy)?;
        let (answer, compiled) = tokio::sync::oneshot::channel();
        // Not a task of the runtime: that would keep a program that stopped waiting from ending.
        std::thread::spawn(move || {
            let _permit = permit;
            drop(answer.send(Policy::compile_with(&component, limits, wasi)));
        });
        match timeout(settings.compile_time_max, compiled).await {
            Ok(Ok(compiled)) => Ok(compiled?),
            Ok(Err(_)) => Err(PoliciesError::Refused("the compiler failed".into())),
            Err(_) => Err(PoliciesError::CompileTimeout(settings.compile_time_max)),
        }
    }

    /// Keeps a policy's compiled code. The ledger knows of it first, so that nothing is left to be trusted that the
    /// ledger does not know.
    pub(super) fn keep(&self, policy: &Policy) {
        let written = policy.to_code().map_err(|error| error.to_string()).and_then(|code| {
            let sha256 = sha256(&code);
            self.ledger.set_compiled_code(policy.sha256(), &self.engine, &sha256).map_err(|error| error.to_string())?;
            write(&self.folder, &self.path(policy.sha256()), &code).map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            tracing::warn!("compiled code is not kept, and will be compiled again: {error}");
        }
    }

    /// Code that this host wrote; none if there is no file, or another one.
    fn code(&self, policy: &str) -> Result<Option<Vec<u8>>> {
        let Some(expected) = self.ledger.compiled_code(policy, &self.engine)? else { return Ok(None) };
        let path = self.path(policy);
        match std::fs::read(&path) {
            Ok(code) if sha256(&code) == expected => Ok(Some(code)),
            Ok(_) => {
                tracing::warn!("{} is not what this host wrote, and is compiled again", path.display());
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    fn path(&self, policy: &str) -> PathBuf {
        self.folder.join(format!("{policy}-{}.cwasm", self.engine))
    }
}

/// The whole file or none of it.
fn write(folder: &Path, path: &Path, code: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(code)?;
    file.persist(path)?;
    Ok(())
}
