//! What a component says of itself, read without compiling or running any of it.
//!
//! Good for whoever is handed a component and wants to know what it is before it is compiled: which version of the
//! contract it is for, and whether it wants to reach beyond that.
//!
//! ```
//! use dialguard::inspection::inspect;
//! use dialguard::policy::{REFERENCE_POLICY, Wasi};
//!
//! let inspection = inspect(REFERENCE_POLICY)?;
//! assert_eq!(inspection.contract_spoken(Wasi::None)?, "0.2.0");
//! assert!(inspection.imports.contains(&"dialguard:reputation/carrier-lookup@0.2.0".to_owned()));
//! assert!(inspection.beyond_contract.is_empty());
//!
//! let refused = inspect(b"\x7fELF").unwrap_err();
//! assert!(refused.to_string().ends_with("the file is no WebAssembly"));
//! # Ok::<(), dialguard::inspection::InvalidPolicy>(())
//! ```

mod description;

use crate::contract::VERSIONS;
use crate::policy::stubbed_wasi::{self, Wasi};
use description::Parts;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// What can be seen of a component from outside. Texts are fit for a terminal: control characters are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Version of the contract whose `policy` it exports, spoken here or not: the newest spoken where it exports
    /// several, none where it exports none.
    pub contract: Option<String>,
    /// What it imports, in the order of the file.
    pub imports: Vec<String>,
    /// What it exports, in the order of the file.
    pub exports: Vec<String>,
    /// Of the imports, those that its version of the contract does not have; `instance#function` where a function is
    /// imported from the contract's types, which have none.
    pub beyond_contract: Vec<String>,
    /// Of those beyond the contract, the ones that are WASI's.
    pub wasi: Vec<String>,
    /// What its maker says it does: the section `description` that packaging tools write. Of a policy composed of
    /// several, what the outermost one says, whose answers are the whole's. At most 500 characters.
    pub description: Option<String>,
    /// The maker's version of it: the section `version`, looked for in the same way. At most 500 characters.
    pub version: Option<String>,
    /// The component's size, in bytes.
    pub size: usize,
}

/// Why a file is no policy that this host can run, in a sentence for whoever chose the file.
#[derive(Debug, thiserror::Error)]
#[error("this is no policy component for the contract dialguard:reputation, of which this host speaks {spoken}: {0}",
        spoken = VERSIONS.join(" and "))]
pub struct InvalidPolicy(pub(crate) String);

/// What a policy exports, before the contract's version.
const POLICY: &str = "dialguard:reputation/policy@";

/// Interfaces that a policy may import: the same in all versions so far.
const INTERFACES: [&str; 4] = ["carrier-lookup", "clock", "number-inventory", TYPES];

/// Names of types, and nothing that could be called.
const TYPES: &str = "types";

/// Characters of a text in a custom section that are read.
const TEXT_CHARS_MAX: usize = 500;

/// Looks at a component. Whether this host can run it, [`Inspection::contract_spoken`] says.
///
/// Errors: the bytes are no component. What kind of component it is, is no reason for one.
pub fn inspect(component: &[u8]) -> Result<Inspection, InvalidPolicy> {
    check_header(component)?;
    read(component).map_err(|error| InvalidPolicy(error.to_string()))
}

impl Inspection {
    /// The version of the contract that it is a policy for, where that is one of [`VERSIONS`] and it imports nothing
    /// else that it may not have. `wasi` says what it may.
    ///
    /// Errors: it is for no version, for one that this host does not speak, or it imports more than it may.
    pub fn contract_spoken(&self, wasi: Wasi) -> Result<&'static str, InvalidPolicy> {
        let spoken = VERSIONS.into_iter().find(|version| self.contract.as_deref() == Some(version));
        let refusal = match (spoken, self.contract.as_deref(), &self.beyond_contract[..]) {
            (None, Some(offered), _) => format!("it is one for version {offered}"),
            (None, None, []) => "it exports no dialguard:reputation/policy".into(),
            (Some(spoken), _, []) => return Ok(spoken),
            (Some(spoken), _, beyond) if stubbed_wasi::has_all(beyond) && wasi == Wasi::Stubbed => return Ok(spoken),
            (Some(_), _, [first, ..]) if stubbed_wasi::has_all(&self.beyond_contract) => {
                format!("it imports {first}; install it with --allow-stubbed-wasi if that is meant")
            }
            (_, _, beyond) => format!("it imports {}, beyond the contract", beyond.join(", ")),
        };
        Err(InvalidPolicy(refusal))
    }
}

/// What a file is that is no component at all, in words that help whoever chose it.
fn check_header(file: &[u8]) -> Result<(), InvalidPolicy> {
    const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
    let misfit = match file {
        [] => "the file is empty",
        _ if file.starts_with(CORE_MODULE) => {
            "it is a core module; make it a component with `wasm-tools component new`"
        }
        _ if !file.starts_with(b"\0asm") => "the file is no WebAssembly",
        _ => return Ok(()),
    };
    Err(InvalidPolicy(misfit.into()))
}

/// One walk over all sections. Function bodies are left to the compiler, and so is what the engine does not support.
fn read(component: &[u8]) -> Result<Inspection, BinaryReaderError> {
    let mut found = Inspection { size: component.len(), ..Inspection::default() };
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let (mut parts, mut types) = (Parts::default(), None);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        if let ValidPayload::End(of_the_part) = validator.payload(&payload)? {
            types = Some(of_the_part);
        }
        parts.pass(&payload)?;
        match payload {
            Payload::ComponentImportSection(section) if parts.depth() == 1 => {
                for import in section {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if parts.depth() == 1 => {
                for export in section {
                    found.exports(export?.name.name);
                }
            }
            _ => {}
        }
    }
    // The part that ends last is the component itself.
    let types = types.expect("a walk without an error ends");
    found.compare_imports(&types);
    let told = parts.told();
    (found.description, found.version) = (told.description, told.version);
    Ok(found)
}

impl Inspection {
    fn exports(&mut self, name: &str) {
        self.exports.push(for_terminal(name));
        let Some(version) = name.strip_prefix(POLICY) else { return };
        let rank = |version: &str| VERSIONS.iter().position(|spoken| *spoken == version);
        if self.contract.as_deref().is_none_or(|known| rank(known) < rank(version)) {
            self.contract = Some(for_terminal(version));
        }
    }

    fn compare_imports(&mut self, types: &Types) {
        let imports = std::mem::take(&mut self.imports);
        self.beyond_contract = imports.iter().flat_map(|name| self.beyond(name, types)).collect();
        self.wasi = self.beyond_contract.iter().filter(|name| name.starts_with("wasi:")).cloned().collect();
        self.imports = imports.iter().map(|name| for_terminal(name)).collect();
    }

    /// What of an import is not the contract's: nothing, the functions in it, or all of it.
    fn beyond(&self, name: &str, types: &Types) -> Vec<String> {
        match self.interface(name) {
            Some(TYPES) => functions(name, types),
            Some(_) => Vec::new(),
            None => vec![for_terminal(name)],
        }
    }

    /// Which of the contract's interfaces a name stands for, in the version of the export; in any spoken one where
    /// there is no export.
    fn interface(&self, name: &str) -> Option<&'static str> {
        let (interface, version) = name.strip_prefix("dialguard:reputation/")?.split_once('@')?;
        let own_version = match &self.contract {
            Some(contract) => contract == version,
            None => VERSIONS.contains(&version),
        };
        INTERFACES.into_iter().find(|known| own_version && *known == interface)
    }
}

fn functions(name: &str, types: &Types) -> Vec<String> {
    let types = types.as_ref();
    match types.component_item_for_import(name).map(|item| item.ty) {
        Some(ComponentEntityType::Instance(instance)) => {
            let exports = types[instance].exports.iter();
            let called = exports.filter(|(_, item)| !matches!(item.ty, ComponentEntityType::Type { .. }));
            called.map(|(function, _)| for_terminal(&format!("{name}#{function}"))).collect()
        }
        _ => vec![for_terminal(name)],
    }
}

/// A stranger's text, fit for a terminal: no control characters, and no novel.
pub fn for_terminal(text: &str) -> String {
    without_control_characters(text).chars().take(TEXT_CHARS_MAX).collect()
}

/// The text as it was, but for the control characters, with which a stranger could draw on a terminal.
pub(crate) fn without_control_characters(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
