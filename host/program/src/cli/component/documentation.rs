//! The contract's manual: its doc comments, with every type resolved and linked to its explanation.

use pulldown_cmark::{Options, Parser, html::push_html};
use std::fmt::Write;
use wit_parser::{
    Docs, Function, Interface, PackageId, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner, World, WorldItem,
    WorldKey,
};

/// The manual as Markdown. Types are in HTML, which Markdown allows, for only that can have links within code.
pub fn markdown(resolve: &Resolve, package: PackageId) -> String {
    let mut manual = Manual { resolve, text: String::new() };
    manual.package(package);
    manual.text
}

/// The same as a page on its own.
pub fn html(markdown: &str) -> String {
    let title = markdown.lines().next().unwrap_or_default().trim_start_matches("# ");
    let mut body = String::new();
    push_html(&mut body, Parser::new_ext(markdown, Options::empty()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <style>body {{ max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif }}</style>\n\
         {body}</html>\n"
    )
}

struct Manual<'a> {
    resolve: &'a Resolve,
    text: String,
}

impl Manual<'_> {
    fn package(&mut self, id: PackageId) {
        let package = &self.resolve.packages[id];
        self.paragraph(&format!("# {}", package.name));
        self.docs(&package.docs);
        for world in package.worlds.values() {
            self.world(&self.resolve.worlds[*world]);
        }
        for interface in package.interfaces.values() {
            self.interface(&self.resolve.interfaces[*interface]);
        }
    }

    fn world(&mut self, world: &World) {
        self.heading(2, "World", &world.name, &world.name);
        self.docs(&world.docs);
        for (verb, items) in [("Imports", &world.imports), ("Exports", &world.exports)] {
            let items: Vec<String> = items.iter().map(|(key, item)| self.world_item(key, item)).collect();
            self.paragraph(&format!("{verb}: {}.", items.join(", ")));
        }
    }

    fn world_item(&self, key: &WorldKey, item: &WorldItem) -> String {
        let WorldItem::Interface { id, .. } = item else { return code(&self.resolve.name_world_key(key)) };
        let name = self.resolve.interfaces[*id].name.as_deref().unwrap_or_default();
        code(&link(name, name))
    }

    fn interface(&mut self, interface: &Interface) {
        let name = interface.name.as_deref().unwrap_or_default();
        self.heading(2, "Interface", name, name);
        self.docs(&interface.docs);
        let resolve = self.resolve;
        for id in interface.types.values().filter(|id| definition(resolve, **id) == **id) {
            self.type_definition(name, &resolve.types[*id]);
        }
        for function in interface.functions.values() {
            self.function(name, function);
        }
    }

    fn type_definition(&mut self, interface: &str, definition: &TypeDef) {
        let name = definition.name.as_deref().unwrap_or_default();
        let kind = match &definition.kind {
            TypeDefKind::Type(_) => "type",
            kind => kind.as_str(),
        };
        self.heading(3, kind, name, &anchor(interface, name));
        if let TypeDefKind::Type(other) = &definition.kind {
            self.paragraph(&code(&format!("type {name} = {}", self.type_name(other))));
        }
        self.docs(&definition.docs);
        self.parts(&definition.kind);
    }

    /// Fields, cases and flags, an entry each.
    fn parts(&mut self, kind: &TypeDefKind) {
        match kind {
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    self.entry(&format!("{}: {}", field.name, self.type_name(&field.ty)), &field.docs);
                }
            }
            TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    let holds = case.ty.map(|holds| format!("({})", self.type_name(&holds))).unwrap_or_default();
                    self.entry(&format!("{}{holds}", case.name), &case.docs);
                }
            }
            TypeDefKind::Enum(cases) => cases.cases.iter().for_each(|case| self.entry(&case.name, &case.docs)),
            TypeDefKind::Flags(flags) => flags.flags.iter().for_each(|flag| self.entry(&flag.name, &flag.docs)),
            _ => return,
        }
        self.text.push('\n');
    }

    fn function(&mut self, interface: &str, function: &Function) {
        self.heading(3, "function", &function.name, &anchor(interface, &function.name));
        let parameters = function.params.iter().map(|param| format!("{}: {}", param.name, self.type_name(&param.ty)));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let result = function.result.map(|result| format!(" -&gt; {}", self.type_name(&result))).unwrap_or_default();
        self.paragraph(&code(&format!("{}: func({parameters}){result}", function.name)));
        self.docs(&function.docs);
    }

    /// A type where it is used: a link if it has a name.
    fn type_name(&self, used: &Type) -> String {
        match used {
            Type::Id(id) => {
                let definition = &self.resolve.types[definition(self.resolve, *id)];
                match (&definition.name, definition.owner) {
                    (Some(name), TypeOwner::Interface(owner)) => {
                        let interface = self.resolve.interfaces[owner].name.as_deref().unwrap_or_default();
                        link(&anchor(interface, name), name)
                    }
                    _ => self.anonymous(&definition.kind),
                }
            }
            plain => format!("{plain:?}").to_lowercase(),
        }
    }

    fn anonymous(&self, kind: &TypeDefKind) -> String {
        let of = |parts: &[Option<Type>]| {
            let parts = parts.iter().map(|part| part.map_or("_".into(), |part| self.type_name(&part)));
            format!("{}&lt;{}&gt;", kind.as_str(), parts.collect::<Vec<String>>().join(", "))
        };
        match kind {
            TypeDefKind::List(item) | TypeDefKind::Option(item) => of(&[Some(*item)]),
            TypeDefKind::Tuple(tuple) => of(&tuple.types.iter().copied().map(Some).collect::<Vec<_>>()),
            TypeDefKind::Result(result) => of(&[result.ok, result.err]),
            other => other.as_str().into(),
        }
    }

    fn heading(&mut self, level: usize, kind: &str, name: &str, anchor: &str) {
        let marks = "#".repeat(level);
        self.paragraph(&format!("<a id=\"{anchor}\"></a>\n\n{marks} {kind} `{name}`"));
    }

    fn docs(&mut self, docs: &Docs) {
        if let Some(text) = &docs.contents {
            self.paragraph(text);
        }
    }

    fn paragraph(&mut self, text: &str) {
        write!(self.text, "{text}\n\n").expect("text grows");
    }

    fn entry(&mut self, what: &str, docs: &Docs) {
        let text = docs.contents.as_deref().unwrap_or_default().replace('\n', "\n  ");
        writeln!(self.text, "- {}: {text}", code(what)).expect("text grows");
    }
}

/// Where a type is explained: `use` makes another name for one that another interface has.
fn definition(resolve: &Resolve, id: TypeId) -> TypeId {
    let TypeDef { kind, name, owner, .. } = &resolve.types[id];
    match kind {
        TypeDefKind::Type(Type::Id(other)) => {
            let defined = &resolve.types[*other];
            let is_used = defined.name == *name && defined.owner != *owner;
            if is_used { definition(resolve, *other) } else { id }
        }
        _ => id,
    }
}

fn anchor(interface: &str, name: &str) -> String {
    format!("{interface}.{name}")
}

fn link(anchor: &str, name: &str) -> String {
    format!("<a href=\"#{anchor}\">{name}</a>")
}

fn code(html: &str) -> String {
    format!("<code>{html}</code>")
}
