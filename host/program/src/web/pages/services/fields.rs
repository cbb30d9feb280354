//! The fields of sources and providers, under the names of the command line.

use crate::parse::{FieldError, WrittenService};
use crate::web::pages::form::{EndQuestion, TextField};
use crate::words::capital;
use maud::{Markup, html};
use serde::Deserialize;

/// The kind of what is to be added; empty while it is chosen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindQuery {
    #[serde(default)]
    pub kind: String,
}

/// A field, its label and its hint.
pub type Described = (&'static str, String, &'static str);

/// The places of a service's secrets: of several sets, one is needed.
pub fn secrets(sets: &'static [&'static [&'static str]]) -> Vec<Described> {
    let mut names: Vec<&'static str> = Vec::new();
    for name in sets.iter().copied().flatten().copied() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let hint = match sets.len() {
        1 => "Where it is, never the secret itself: env:NAME or file:PATH on the server.",
        _ => "Where it is, never the secret itself: env:NAME or file:PATH on the server. One set is enough.",
    };
    names.into_iter().map(|name| (name, label(name), hint)).collect()
}

fn label(name: &str) -> String {
    let words = name.replace('-', " ").replace("api ", "API ").replace(" sid", " SID");
    capital(&words)
}

/// As they were written, or as `stored` has them where nothing was written.
pub fn render(
    fields: &[Described],
    written: &WrittenService,
    stored: impl Fn(&str) -> String,
    error: Option<&FieldError>,
) -> Markup {
    html! {
        @for (name, label, hint) in fields {
            @let text = written.text(name);
            @let value = if text.is_empty() && error.is_none() { stored(name) } else { text.to_owned() };
            (TextField { name, label, value: &value, hint, required: false, ..TextField::default() }.render(error))
        }
    }
}

/// The question before a service at this path is removed; `content` says what follows.
pub fn removal(name: &str, path: &str, content: Markup) -> Markup {
    let (title, action) = (format!("Remove {name}?"), format!("{path}/remove"));
    EndQuestion { title, content, action, back: path, keep: "Keep", end: "Remove" }.render()
}
