//! The ledger's providers, each opened once and shared.

use crate::ledger::{Ledger, ProviderProfile};
use crate::providers::{Provider, ProviderError, open_provider};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

type OpenProvider = (ProviderProfile, Arc<dyn Provider>);

/// The ledger's providers. Cheap to clone; a provider whose profile changes is opened again.
#[derive(Clone)]
pub struct Providers {
    ledger: Arc<Ledger>,
    open: Arc<Mutex<Vec<OpenProvider>>>,
    /// Providers that replace the ledger's of the same name.
    given: Arc<HashMap<String, Arc<dyn Provider>>>,
}

impl Providers {
    /// The ledger's providers.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Providers { ledger, open: Arc::default(), given: Arc::default() }
    }

    /// The same, with `provider` in place of the ledger's of this name.
    pub fn with(&self, name: &str, provider: Arc<dyn Provider>) -> Self {
        let mut given = HashMap::clone(&self.given);
        given.insert(name.to_owned(), provider);
        Providers { given: Arc::new(given), ..self.clone() }
    }

    /// The provider of this name.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Provider>, ProviderError> {
        if let Some(given) = self.given.get(name) {
            return Ok(given.clone());
        }
        let profile = self.ledger.provider(name).map_err(|error| ProviderError::Settings(error.to_string()))?;
        let mut open = self.open.lock();
        if let Some((_, provider)) = open.iter().find(|(known, _)| *known == profile) {
            return Ok(provider.clone());
        }
        let provider = open_provider(&profile)?;
        open.retain(|(known, _)| known.name != profile.name);
        open.push((profile, provider.clone()));
        Ok(provider)
    }
}
