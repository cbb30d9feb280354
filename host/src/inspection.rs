//! What a component is, read from its bytes without compiling or running it.
//!
//! Shows which version of the contract a component is for and whether it imports anything beyond the contract, before you
//! decide to compile it.
//!
//! ```
//! use dialguard::inspection::inspect;
//! use dialguard::policy::{REFERENCE_POLICY, Wasi};
//!
//! let inspection = inspect(REFERENCE_POLICY)?;
//! assert_eq!(inspection.contract_spoken(Wasi::None)?, "0.3.0");
//! assert!(inspection.imports.contains(&"dialguard:reputation/carrier-lookup@0.3.0".to_owned()));
//! assert!(inspection.beyond_contract.is_empty());
//!
//! let refused = inspect(b"\x7fELF").unwrap_err();
//! assert!(refused.to_string().ends_with("the file is not WebAssembly"));
//! # Ok::<(), dialguard::inspection::InvalidPolicy>(())
//! ```

mod description;

use crate::contract::VERSIONS;
use description::Parts;
use std::panic::catch_unwind;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// The WASI that a policy may import in addition to the contract's imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wasi {
    /// None: a policy that imports WASI is refused.
    None,
    /// Stubbed (deny-all) WASI: no files, environment or network; output is discarded, clocks always show the run's time,
    /// and random numbers are the same in every run. For a policy that the operator allows to import it.
    Stubbed,
}

/// The packages of stubbed WASI.
const STUBBED_WASI_PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// What a component's bytes show. Each text is one line, in which control characters are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The version of the contract whose `policy` it exports, supported here or not; the newest supported one if it
    /// exports several; none if it exports none.
    pub contract: Option<String>,
    /// Its imports, in the order of the file.
    pub imports: Vec<String>,
    /// Its exports, in the order of the file.
    pub exports: Vec<String>,
    /// Imports that its version of the contract does not have; `instance#function` for a function imported from the
    /// contract's types, which have no functions.
    pub beyond_contract: Vec<String>,
    /// The imports beyond the contract that are WASI's.
    pub wasi: Vec<String>,
    /// The maker's description: the section `description` that packaging tools write. For a policy composed of several it
    /// is the outermost policy's. At most 500 characters.
    pub description: Option<String>,
    /// The maker's version: the section `version`, found in the same way. At most 500 characters.
    pub version: Option<String>,
    /// The component's size, in bytes.
    pub size: usize,
}

/// Why this host cannot run a file as a policy, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("not a policy component for the contract dialguard:reputation {supported}: {reason}",
        supported = supported_in_words())]
pub struct InvalidPolicy {
    reason: String,
    needs_stubbed_wasi: bool,
}

/// `0.1.0, 0.2.0 or 0.3.0`.
fn supported_in_words() -> String {
    let (newest, older) = VERSIONS.split_last().expect("there are versions");
    format!("{} or {newest}", older.join(", "))
}

impl InvalidPolicy {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        InvalidPolicy { reason: reason.into(), needs_stubbed_wasi: false }
    }

    /// Whether the file is a policy that would run with [`Wasi::Stubbed`], if the operator allows that.
    pub fn needs_stubbed_wasi(&self) -> bool {
        self.needs_stubbed_wasi
    }
}

impl From<BinaryReaderError> for InvalidPolicy {
    fn from(error: BinaryReaderError) -> Self {
        InvalidPolicy::new(error.to_string())
    }
}

/// The name of a policy's export, up to the contract's version.
const POLICY: &str = "dialguard:reputation/policy@";

/// Interfaces that a policy may import; the same in all versions so far.
const INTERFACES: [&str; 4] = ["carrier-lookup", "clock", "number-inventory", TYPES];

/// The interface of types, which has no functions.
const TYPES: &str = "types";

/// The most characters kept of a text in a custom section.
const TEXT_CHARS_MAX: usize = 500;

/// Components and modules in one another. Composing tools add a level or two for each policy; the parser's time grows with
/// the square of them.
const DEPTH_MAX: usize = 32;

/// Types of instances and components in one another, for which the parser recurses.
const TYPE_DEPTH_MAX: usize = 64;

/// Names that an error lists.
const NAMES_LISTED: usize = 5;

/// Inspects a component. [`Inspection::contract_spoken`] says whether this host can run it.
///
/// Errors: the bytes are not a component. Any kind of component can be inspected, policy or not.
pub fn inspect(component: &[u8]) -> Result<Inspection, InvalidPolicy> {
    check_header(component)?;
    // The parser panics at types of which each contains the one before, a hundred deep.
    catch_unwind(|| read(component)).unwrap_or_else(|_| Err(InvalidPolicy::new("its types are nested too deeply")))
}

impl Inspection {
    /// The version of the contract that this policy is for, if it is one of [`VERSIONS`] and the policy imports nothing
    /// beyond the contract and the given WASI.
    ///
    /// Errors: it is for no version, for one that this host does not support, or it imports more than allowed.
    pub fn contract_spoken(&self, wasi: Wasi) -> Result<&'static str, InvalidPolicy> {
        let spoken = VERSIONS.into_iter().find(|version| self.contract.as_deref() == Some(version));
        let reason = match (spoken, self.contract.as_deref(), &self.beyond_contract[..]) {
            (None, Some(offered), _) => format!("it is for version {offered}"),
            (None, None, []) => "it does not export dialguard:reputation/policy".into(),
            (Some(spoken), _, []) => return Ok(spoken),
            (Some(spoken), _, beyond) if stubbed_wasi_has_all(beyond) && wasi == Wasi::Stubbed => return Ok(spoken),
            (Some(_), _, [first, ..]) if stubbed_wasi_has_all(&self.beyond_contract) => {
                let reason = format!("it imports {first}, which only stubbed WASI provides");
                return Err(InvalidPolicy { reason, needs_stubbed_wasi: true });
            }
            (_, _, beyond) => format!("it imports {}, beyond the contract", listed(beyond)),
        };
        Err(InvalidPolicy::new(reason))
    }
}

/// The first of these names, and how many more there are.
fn listed(names: &[String]) -> String {
    match names.split_at_checked(NAMES_LISTED) {
        Some((first, more @ [_, ..])) => format!("{} and {} more", first.join(", "), more.len()),
        _ => names.join(", "),
    }
}

/// Whether stubbed WASI has all of these imports.
fn stubbed_wasi_has_all(imports: &[String]) -> bool {
    let has =
        |name: &String| STUBBED_WASI_PACKAGES.iter().any(|package| name.starts_with(package)) && name.contains("@0.2.");
    imports.iter().all(has)
}

/// Recognises files that are not components at all.
fn check_header(file: &[u8]) -> Result<(), InvalidPolicy> {
    const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
    let misfit = match file {
        [] => "the file is empty",
        _ if file.starts_with(CORE_MODULE) => {
            "it is a core module, not a component; convert it with `wasm-tools component new`"
        }
        _ if !file.starts_with(b"\0asm") => "the file is not WebAssembly",
        _ => return Ok(()),
    };
    Err(InvalidPolicy::new(misfit))
}

/// Reads all sections in one pass. Function bodies and features that the engine does not support are left to the compiler.
fn read(component: &[u8]) -> Result<Inspection, InvalidPolicy> {
    let mut found = Inspection { size: component.len(), ..Inspection::default() };
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let (mut parts, mut types) = (Parts::default(), None);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        check_depth(&payload, parts.depth(), component)?;
        if let ValidPayload::End(of_the_part) = validator.payload(&payload)? {
            types = Some(of_the_part);
        }
        parts.visit(&payload)?;
        match payload {
            Payload::ComponentImportSection(section) if parts.depth() == 1 => {
                for import in section {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if parts.depth() == 1 => {
                for export in section {
                    found.add_export(export?.name.name);
                }
            }
            _ => {}
        }
    }
    // The part that ends last is the outermost component.
    let types = types.expect("a pass without an error reaches the end");
    found.compare_imports(&types);
    let metadata = parts.metadata();
    (found.description, found.version) = (metadata.description, metadata.version);
    Ok(found)
}

/// Refuses what is nested so deeply that parsing it would exhaust the stack or take for ever.
fn check_depth(payload: &Payload, depth: usize, component: &[u8]) -> Result<(), InvalidPolicy> {
    match payload {
        Payload::Version { .. } if depth >= DEPTH_MAX => {
            Err(InvalidPolicy::new(format!("its components are nested more than {DEPTH_MAX} deep")))
        }
        Payload::ComponentTypeSection(section) if types_in_types(&component[section.range()]) > TYPE_DEPTH_MAX => {
            Err(InvalidPolicy::new(format!("its types are nested more than {TYPE_DEPTH_MAX} deep")))
        }
        _ => Ok(()),
    }
}

/// At most as many types of a section are within another: each begins with these two bytes, a declaration of a type that is
/// a component's or an instance's.
fn types_in_types(section: &[u8]) -> usize {
    section.windows(2).filter(|pair| matches!(pair, [0x01, 0x41 | 0x42])).count()
}

impl Inspection {
    fn add_export(&mut self, name: &str) {
        self.exports.push(one_line(name));
        let Some(version) = name.strip_prefix(POLICY) else { return };
        let rank = |version: &str| VERSIONS.iter().position(|spoken| *spoken == version);
        if self.contract.as_deref().is_none_or(|known| rank(known) < rank(version)) {
            self.contract = Some(one_line(version));
        }
    }

    fn compare_imports(&mut self, types: &Types) {
        let imports = std::mem::take(&mut self.imports);
        self.beyond_contract = imports.iter().flat_map(|name| self.beyond(name, types)).collect();
        self.wasi = self.beyond_contract.iter().filter(|name| name.starts_with("wasi:")).cloned().collect();
        self.imports = imports.iter().map(|name| one_line(name)).collect();
    }

    /// The part of an import that is not the contract's: nothing, its functions, or all of it.
    fn beyond(&self, name: &str, types: &Types) -> Vec<String> {
        match self.interface(name) {
            Some(TYPES) => functions(name, types),
            Some(_) => Vec::new(),
            None => vec![one_line(name)],
        }
    }

    /// The contract's interface with this name, in the version of the policy's export, or in any supported version if it
    /// has no such export.
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
            called.map(|(function, _)| one_line(&format!("{name}#{function}"))).collect()
        }
        _ => vec![one_line(name)],
    }
}

/// Makes one short line of untrusted text: at most 500 characters, none of them a control character. What prints it still
/// has to see to marks that change the direction of text and the like.
pub fn one_line(text: &str) -> String {
    without_control_characters(&text.chars().take(TEXT_CHARS_MAX).collect::<String>())
}

/// Replaces control characters, line breaks among them.
pub(crate) fn without_control_characters(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
