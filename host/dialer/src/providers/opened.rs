//! The ledger's suppliers, each opened once.

use crate::ledger::{Ledger, SupplierProfile};
use crate::providers::{Supplier, SupplierError, open_supplier};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

type OpenSupplier = (SupplierProfile, Arc<dyn Supplier>);

/// Every supplier that the ledger names. Cheap to clone; one that is changed meanwhile is opened anew.
#[derive(Clone)]
pub(crate) struct Suppliers {
    ledger: Arc<Ledger>,
    open: Arc<Mutex<Vec<OpenSupplier>>>,
    /// Those that the program brought along, in place of what the ledger says.
    given: Arc<HashMap<String, Arc<dyn Supplier>>>,
}

impl Suppliers {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Suppliers { ledger, open: Arc::default(), given: Arc::default() }
    }

    /// The same with this one in place of the one of that name.
    pub fn with(&self, name: &str, supplier: Arc<dyn Supplier>) -> Self {
        let mut given = HashMap::clone(&self.given);
        given.insert(name.to_owned(), supplier);
        Suppliers { given: Arc::new(given), ..self.clone() }
    }

    /// The supplier of that name; [`SupplierError::Refused`] where there is none, or it cannot be used as it is set up.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Supplier>, SupplierError> {
        if let Some(given) = self.given.get(name) {
            return Ok(given.clone());
        }
        let profile = self.ledger.supplier(name).map_err(|error| SupplierError::Refused(error.to_string()))?;
        let mut open = self.open.lock();
        if let Some((_, supplier)) = open.iter().find(|(known, _)| *known == profile) {
            return Ok(supplier.clone());
        }
        let supplier = open_supplier(&profile)?;
        open.retain(|(known, _)| known.name != profile.name);
        open.push((profile, supplier.clone()));
        Ok(supplier)
    }
}
