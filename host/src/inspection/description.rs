//! The sections `description` and `version` of a component, which may be composed of several.
//!
//! A component's own sections count first. Composing tools write none; then those of the inner component whose `policy` it
//! exports count, and last those of its modules, where compilers put such sections.

use super::{POLICY, TEXT_CHARS_MAX, one_line};
use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Payload,
};

/// The maker's description and version of a component.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    pub description: Option<String>,
    pub version: Option<String>,
}

impl Metadata {
    fn read(&mut self, section: &str, text: &[u8]) {
        let field = match section {
            "description" => &mut self.description,
            "version" => &mut self.version,
            _ => return,
        };
        let start = text.get(..4 * TEXT_CHARS_MAX).unwrap_or(text);
        *field = Some(one_line(&String::from_utf8_lossy(start)));
    }

    fn or(self, other: Metadata) -> Metadata {
        Metadata { description: self.description.or(other.description), version: self.version.or(other.version) }
    }
}

/// The parts of a file that are open at one point of a pass over it, outermost first, and at the end the outermost part's
/// metadata.
#[derive(Default)]
pub(super) struct Parts {
    open: Vec<Part>,
    metadata: Metadata,
}

/// A component or a module.
#[derive(Default)]
struct Part {
    is_module: bool,
    own: Metadata,
    modules: Metadata,
    /// Each component's metadata by its index; empty for imported ones.
    components: Vec<Metadata>,
    /// The component of each instance by its index, if known.
    instances: Vec<Option<usize>>,
    /// The component whose instance is exported as the policy.
    policy: Option<usize>,
}

impl Parts {
    /// The current depth; 1 in the outermost component.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn metadata(self) -> Metadata {
        self.metadata
    }

    /// Visits the next section of a file that is valid so far.
    pub(super) fn visit(&mut self, payload: &Payload) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push(Part { is_module: *encoding == Encoding::Module, ..Part::default() });
                return Ok(());
            }
            Payload::End(_) => {
                self.leave();
                return Ok(());
            }
            _ => {}
        }
        self.open.last_mut().map_or(Ok(()), |part| part.visit(payload))
    }

    fn leave(&mut self) {
        let Some(part) = self.open.pop() else { return };
        let (is_module, metadata) = (part.is_module, part.metadata());
        match self.open.last_mut() {
            None => self.metadata = metadata,
            Some(outer) if is_module => outer.modules = metadata.or(std::mem::take(&mut outer.modules)),
            Some(outer) => outer.components.push(metadata),
        }
    }
}

impl Part {
    fn metadata(self) -> Metadata {
        let Part { own, modules, components, policy, .. } = self;
        let exported = policy.and_then(|index| components.into_iter().nth(index)).unwrap_or_default();
        own.or(exported).or(modules)
    }

    /// Numbers components and instances as the format does: imports, instances, aliases and exports each add one, in the
    /// order of the file.
    fn visit(&mut self, payload: &Payload) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::CustomSection(section) => self.own.read(section.name(), section.data()),
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    match import?.ty {
                        ComponentTypeRef::Component(_) => self.components.push(Metadata::default()),
                        ComponentTypeRef::Instance(_) => self.instances.push(None),
                        _ => {}
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    self.instances.push(match instance? {
                        ComponentInstance::Instantiate { component_index, .. } => Some(component_index as usize),
                        ComponentInstance::FromExports(_) => None,
                    });
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.alias(&alias?);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    self.export(export.name.name, export.kind, export.index as usize);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias) {
        match *alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Instance, instance_index, .. } => {
                self.instances.push(self.component_of(instance_index as usize));
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, .. } => {
                self.components.push(Metadata::default());
            }
            _ => {}
        }
    }

    fn export(&mut self, name: &str, kind: ComponentExternalKind, index: usize) {
        match kind {
            ComponentExternalKind::Instance => {
                let component = self.component_of(index);
                self.instances.push(component);
                if name.starts_with(POLICY) {
                    self.policy = component;
                }
            }
            ComponentExternalKind::Component => {
                self.components.push(self.components.get(index).cloned().unwrap_or_default());
            }
            _ => {}
        }
    }

    fn component_of(&self, instance: usize) -> Option<usize> {
        self.instances.get(instance).copied().flatten()
    }
}
