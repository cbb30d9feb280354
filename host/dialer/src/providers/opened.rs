//! The ledger's providers, each opened once.

use crate::ledger::{Ledger, ProviderProfile};
use crate::providers::{Provider, ProviderError, open_provider};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

type OpenProvider = (ProviderProfile, Arc<dyn Provider>);

/// Every provider that the ledger names. Cheap to clone; one that is changed meanwhile is opened anew.
#[derive(Clone)]
pub struct Providers {
    ledger: Arc<Ledger>,
    open: Arc<Mutex<Vec<OpenProvider>>>,
    /// Those that the program brought along, in place of what the ledger says.
    given: Arc<HashMap<String, Arc<dyn Provider>>>,
}

impl Providers {
    /// The ledger's providers.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Providers { ledger, open: Arc::default(), given: Arc::default() }
    }

    /// The same with this one in place of the one of that name.
    pub fn with(&self, name: &str, provider: Arc<dyn Provider>) -> Self {
        let mut given = HashMap::clone(&self.given);
        given.insert(name.to_owned(), provider);
        Providers { given: Arc::new(given), ..self.clone() }
    }

    /// The provider of that name; [`ProviderError::Refused`] where there is none, or it cannot be used as it is set up.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Provider>, ProviderError> {
        if let Some(given) = self.given.get(name) {
            return Ok(given.clone());
        }
        let profile = self.ledger.provider(name).map_err(|error| ProviderError::Refused(error.to_string()))?;
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
