//! What a component costs to compile, counted before the compiler begins.
//!
//! Compiling happens on the machine that serves, and a few bytes can stand for gigabytes there: a component that
//! instantiates ten times what instantiates something else ten times, or a function whose thousands of local variables the
//! compiler follows through every branch. So everything is counted as often as the compiler will hold it.

use super::engine::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLES_MAX};
use crate::inspection::InvalidPolicy;
use std::collections::HashMap;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentValType, CoreInstanceTypeKind,
};
use wasmparser::types::TypesRef;
use wasmparser::{
    BlockType, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef,
    CompositeInnerType, Encoding, FuncToValidate, FunctionBody, Instance, Operator, Parser, Payload, ValidPayload,
    Validator, ValidatorResources, WasmFeatures, WasmModuleResources,
};

/// Items of instances, functions and types, each as often as it is instantiated. A policy of Python's interpreter has
/// 12,000, and the compiler holds up to 2 kB for each.
const ITEMS_MAX: u64 = 200_000;

/// Values of one function. The largest function of JavaScript's interpreter has 800,000, and the compiler holds up to 300
/// bytes for each while it compiles the function.
const FUNCTION_VALUES_MAX: u64 = 3_000_000;

/// Values of all functions. JavaScript's interpreter has 17 million, and the compiled code has a few bytes for each.
const VALUES_MAX: u64 = 100_000_000;

/// Checks that the compiler can bear a component that [`inspect`](crate::inspection::inspect) has accepted.
pub(super) fn check(component: &[u8]) -> Result<(), InvalidPolicy> {
    let mut effort = Effort::default();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let valid = validator.payload(&payload)?;
        effort.add(&payload, valid)?;
    }
    Ok(())
}

/// What was counted so far.
#[derive(Default)]
struct Effort {
    /// The parts of the file that are open, outermost first.
    open: Vec<Part>,
    sizes: Sizes,
    modules: u32,
    memories: u32,
    tables: u32,
    values: u64,
}

/// A component or a module.
#[derive(Default)]
struct Part {
    is_module: bool,
    /// Items of all that it instantiates.
    items: u64,
    /// The items of each component by its index; none if it came from outside.
    components: Vec<Option<u64>>,
}

impl Effort {
    fn add(&mut self, payload: &Payload, valid: ValidPayload) -> Result<(), InvalidPolicy> {
        match payload {
            Payload::Version { encoding, .. } => self.begin(*encoding == Encoding::Module)?,
            Payload::MemorySection(section) => add(&mut self.memories, section.count(), MEMORIES_MAX, "memories")?,
            Payload::TableSection(section) => add(&mut self.tables, section.count(), TABLES_MAX, "tables")?,
            _ => {}
        }
        match valid {
            ValidPayload::Func(function, body) => self.add_function(&function, &body)?,
            ValidPayload::End(types) => self.end(types.as_ref())?,
            _ => {}
        }
        self.add_instances(payload)
    }

    fn begin(&mut self, is_module: bool) -> Result<(), InvalidPolicy> {
        self.open.push(Part { is_module, ..Part::default() });
        add(&mut self.modules, u32::from(is_module), CORE_INSTANCES_MAX, "modules")
    }

    fn add_function(
        &mut self,
        function: &FuncToValidate<ValidatorResources>,
        body: &FunctionBody,
    ) -> Result<(), InvalidPolicy> {
        self.values = self.values.saturating_add(values(function, body)?);
        check_max(self.values, VALUES_MAX, "values in all functions")
    }

    /// Ends the innermost part. Checked here already, so that no number grows beyond bounds.
    fn end(&mut self, types: TypesRef) -> Result<(), InvalidPolicy> {
        let Some(part) = self.open.pop() else { return Ok(()) };
        if part.is_module {
            return Ok(());
        }
        let items = part.items.saturating_add(self.sizes.of_indices(types));
        if let Some(outer) = self.open.last_mut() {
            outer.components.push(Some(items));
        }
        check_max(items, ITEMS_MAX, "items, each as often as it is instantiated")
    }

    /// Adds what the innermost part instantiates. Numbers components as the format does: imports, aliases and exports each
    /// add one, in the order of the file.
    fn add_instances(&mut self, payload: &Payload) -> Result<(), InvalidPolicy> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    if let ComponentTypeRef::Component(_) = import?.ty {
                        self.push_component(None);
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    match alias? {
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.push_component(None);
                        }
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            self.push_component(self.component(count, index));
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        self.push_component(self.component(0, export.index));
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate { component_index, args } = instance? {
                        let Some(items) = self.component(0, component_index) else {
                            return Err(InvalidPolicy::new("it instantiates a component that it gets from elsewhere"));
                        };
                        self.add_items(items.saturating_add(args.len() as u64));
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { args, .. } = instance? {
                        self.add_items(args.len() as u64);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The items of a component, by its index in the part that is this many parts further out.
    fn component(&self, outwards: u32, index: u32) -> Option<u64> {
        let part = self.open.iter().rev().nth(outwards as usize)?;
        part.components.get(index as usize).copied().flatten()
    }

    fn push_component(&mut self, items: Option<u64>) {
        if let Some(part) = self.open.last_mut() {
            part.components.push(items);
        }
    }

    fn add_items(&mut self, items: u64) {
        if let Some(part) = self.open.last_mut() {
            part.items = part.items.saturating_add(items);
        }
    }
}

fn add(all: &mut u32, more: u32, all_max: u32, what: &str) -> Result<(), InvalidPolicy> {
    *all = all.saturating_add(more);
    check_max(u64::from(*all), u64::from(all_max), what)
}

fn check_max(count: u64, count_max: u64, what: &str) -> Result<(), InvalidPolicy> {
    if count <= count_max {
        return Ok(());
    }
    Err(InvalidPolicy::new(format!("it is too large to compile: more than {count_max} {what}")))
}

/// The values that the compiler makes of a function: one for each instruction, parameter and result, and one for each local
/// variable wherever branches may meet.
fn values(function: &FuncToValidate<ValidatorResources>, body: &FunctionBody) -> Result<u64, InvalidPolicy> {
    let module = &function.resources;
    let mut variables = arity(module, function.ty);
    for locals in body.get_locals_reader()? {
        variables += u64::from(locals?.0);
    }
    let mut all = variables;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (branches, passed) = match operators.read()? {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                // Any branch may be to this block, and pass that many values.
                if let BlockType::FuncType(index) = blockty {
                    variables += arity(module, index);
                }
                (1, 0)
            }
            Operator::Else | Operator::End | Operator::Br { .. } | Operator::BrIf { .. } | Operator::Return => (1, 0),
            Operator::BrTable { targets } => (1 + u64::from(targets.len()), 0),
            Operator::Call { function_index } => {
                (0, module.type_index_of_function(function_index).map_or(0, |index| arity(module, index)))
            }
            Operator::CallIndirect { type_index, .. } => (0, arity(module, type_index)),
            _ => (0, 0),
        };
        all = all.saturating_add(branches * variables + passed + 1);
        check_max(all, FUNCTION_VALUES_MAX, "values in one function")?;
    }
    Ok(all)
}

/// The parameters and results of a function type; none if there is no such type, which the compiler refuses.
fn arity(module: &ValidatorResources, type_index: u32) -> u64 {
    match module.sub_type_at(type_index).map(|ty| &ty.composite_type.inner) {
        Some(CompositeInnerType::Func(ty)) => (ty.params().len() + ty.results().len()) as u64,
        _ => 0,
    }
}

/// The sizes of types with everything in them. Each type is looked at once, whatever contains it.
#[derive(Default)]
struct Sizes(HashMap<ComponentAnyTypeId, u64>);

impl Sizes {
    /// The size of everything that a component has an index for.
    fn of_indices(&mut self, types: TypesRef) -> u64 {
        let instances = (0..types.component_instance_count()).map(|index| types.component_instance_at(index));
        let functions = (0..types.component_function_count()).map(|index| types.component_function_at(index));
        let indices = instances.map(ComponentAnyTypeId::Instance).chain(functions.map(ComponentAnyTypeId::Func));
        let sizes = indices.map(|id| self.of(types, id));
        let core_instances =
            (0..types.core_instance_count()).map(|index| match &types[types.core_instance_at(index)].kind {
                CoreInstanceTypeKind::Exports(exports) => 1 + exports.len() as u64,
                CoreInstanceTypeKind::Instantiated(_) => 1,
            });
        let plain = [types.function_count(), types.component_type_count(), types.module_count()];
        sizes.chain(core_instances).chain(plain.map(u64::from)).fold(0, u64::saturating_add)
    }

    /// The size of a type. Not by recursion, for types may be nested deeply.
    fn of(&mut self, types: TypesRef, wanted: ComponentAnyTypeId) -> u64 {
        let mut open = vec![wanted];
        while let Some(id) = open.pop() {
            if self.0.contains_key(&id) {
                continue;
            }
            let parts = Parts::of(types, id);
            let unknown: Vec<_> = parts.types.iter().copied().filter(|part| !self.0.contains_key(part)).collect();
            if unknown.is_empty() {
                let size = parts.types.iter().fold(parts.plain, |size, part| size.saturating_add(self.0[part]));
                self.0.insert(id, size);
            } else {
                open.push(id);
                open.extend(unknown);
            }
        }
        self.0[&wanted]
    }
}

/// What a type consists of: the type itself and plain parts, and other types.
struct Parts {
    plain: u64,
    types: Vec<ComponentAnyTypeId>,
}

impl Parts {
    fn of(types: TypesRef, id: ComponentAnyTypeId) -> Parts {
        let mut parts = Parts { plain: 1, types: Vec::new() };
        match id {
            ComponentAnyTypeId::Resource(_) => {}
            ComponentAnyTypeId::Defined(id) => parts.add_defined(&types[id]),
            ComponentAnyTypeId::Func(id) => {
                let function = &types[id];
                parts.add_values(function.params.iter().map(|(_, value)| value).chain(&function.result));
            }
            ComponentAnyTypeId::Instance(id) => {
                types[id].exports.values().for_each(|item| parts.add_item(types, &item.ty));
            }
            ComponentAnyTypeId::Component(id) => {
                let component = &types[id];
                component.imports.values().chain(component.exports.values()).for_each(|item| {
                    parts.add_item(types, &item.ty);
                });
            }
        }
        parts
    }

    fn add_defined(&mut self, ty: &ComponentDefinedType) {
        use ComponentDefinedType::*;
        match ty {
            Primitive(_) | Own(_) | Borrow(_) => {}
            Record(record) => self.add_values(record.fields.values()),
            Variant(variant) => {
                self.plain += variant.cases.len() as u64;
                self.add_values(variant.cases.values().filter_map(|case| case.ty.as_ref()));
            }
            Tuple(tuple) => self.add_values(&tuple.types),
            Flags(names) | Enum(names) => self.plain += names.len() as u64,
            List { element, .. } | FixedLengthList { element, .. } | Option { ty: element, .. } => {
                self.add_values([element]);
            }
            Map { key, value, .. } => self.add_values([key, value]),
            Result { ok, err, .. } => self.add_values(ok.iter().chain(err)),
            Future { ty, .. } | Stream { ty, .. } => self.add_values(ty),
        }
    }

    fn add_values<'a>(&mut self, values: impl IntoIterator<Item = &'a ComponentValType>) {
        for value in values {
            match value {
                ComponentValType::Primitive(_) => self.plain += 1,
                ComponentValType::Type(id) => self.types.push(ComponentAnyTypeId::Defined(*id)),
            }
        }
    }

    fn add_item(&mut self, types: TypesRef, ty: &ComponentEntityType) {
        match ty {
            ComponentEntityType::Module(id) => {
                let module = &types[*id];
                self.plain += 1 + (module.imports.len() + module.exports.len()) as u64;
            }
            ComponentEntityType::Func(id) => self.types.push(ComponentAnyTypeId::Func(*id)),
            ComponentEntityType::Value(value) => self.add_values([value]),
            ComponentEntityType::Type { referenced, .. } => self.types.push(*referenced),
            ComponentEntityType::Instance(id) => self.types.push(ComponentAnyTypeId::Instance(*id)),
            ComponentEntityType::Component(id) => self.types.push(ComponentAnyTypeId::Component(*id)),
        }
    }
}
