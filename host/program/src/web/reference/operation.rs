//! One call of the API, or one message to webhooks, as the reference shows it.

use super::example::{example_of, resolved};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

/// An operation of the document.
pub struct Operation<'d> {
    path: &'d str,
    method: &'d str,
    content: &'d Value,
}

/// Those below `paths` or `webhooks`.
pub fn operations<'d>(document: &'d Value, below: &str) -> Vec<Operation<'d>> {
    let items = document[below].as_object().into_iter().flatten();
    let all = items.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten().filter(|(method, _)| METHODS.contains(&method.as_str()));
        methods.map(move |(method, content)| Operation { path, method, content })
    });
    all.collect()
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl<'d> Operation<'d> {
    pub fn id(&self) -> &'d str {
        self.content["operationId"].as_str().unwrap_or(self.path)
    }

    pub fn path(&self) -> &'d str {
        self.path
    }

    pub fn tag(&self) -> &'d str {
        self.content["tags"][0].as_str().unwrap_or_default()
    }

    pub fn summary(&self) -> &'d str {
        self.content["summary"].as_str().unwrap_or(self.path)
    }

    /// A call: what to send, what comes back, and a command that makes it.
    pub fn called(&self, document: &Value, server: &str) -> Markup {
        let body = &self.content["requestBody"]["content"];
        html! {
            section.call.panel id=(self.id()) aria-label=(self.summary()) {
                h3 { span.method { (self.method.to_ascii_uppercase()) } " " code { (self.path) } }
                p { strong { (self.summary()) } }
                p { (text(self.content["description"].as_str().unwrap_or_default())) }
                (parameters(self.content, document))
                @for (media_type, body) in body.as_object().into_iter().flatten() {
                    (fields(&format!("Body, {media_type}"), &body["schema"], document))
                }
                @for (status, answer) in self.content["responses"].as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2')) {
                    p { strong { (status) } " " (text(answer["description"].as_str().unwrap_or_default())) }
                    @for (media_type, body) in answer["content"].as_object().into_iter().flatten() {
                        (fields(&format!("Answer, {media_type}"), &body["schema"], document))
                    }
                }
                pre tabindex="0" { code { (self.curl(document, server)) } }
            }
        }
    }

    /// A message: what arrives.
    pub fn received(&self, document: &Value) -> Markup {
        let schema = &self.content["requestBody"]["content"]["application/json"]["schema"];
        html! {
            section.call.panel id=(self.id()) aria-label=(self.path) {
                h3 { code { (self.path) } }
                p { (text(self.content["description"].as_str().unwrap_or(self.summary()))) }
                (fields("Data", &resolved(schema, document)["properties"]["data"], document))
            }
        }
    }

    /// A command that makes the call with the examples of its parameters and fields.
    fn curl(&self, document: &Value, server: &str) -> String {
        let mut path = self.path.to_owned();
        let mut query = Vec::new();
        for parameter in all_parameters(self.content, document) {
            let name = parameter["name"].as_str().unwrap_or_default();
            let value = match example_of(parameter, document) {
                Value::String(text) => text,
                value => value.to_string(),
            };
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &value),
                Some("query") if parameter["required"] == true => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let method = match self.method {
            "get" => String::new(),
            method => format!(" -X {}", method.to_ascii_uppercase()),
        };
        let bodies = self.content["requestBody"]["content"].as_object();
        let body = match bodies.and_then(|bodies| bodies.iter().next()) {
            Some((kind, body)) if kind == "application/json" => {
                format!(
                    " \\\n     --json '{}'",
                    example_of(&body["schema"], document).to_string().replace('\'', r"'\''")
                )
            }
            Some((kind, _)) => format!(" \\\n     -H 'Content-Type: {kind}' --data-binary @file"),
            None => String::new(),
        };
        format!("curl --fail{method} '{server}{path}{query}' -H \"Authorization: Bearer $TOKEN\"{body}")
    }
}

fn all_parameters<'d>(operation: &'d Value, document: &'d Value) -> impl Iterator<Item = &'d Value> {
    operation["parameters"].as_array().into_iter().flatten().map(|parameter| resolved(parameter, document))
}

fn parameters(operation: &Value, document: &Value) -> Markup {
    let known: Vec<_> = all_parameters(operation, document).collect();
    html! {
        @if !known.is_empty() {
            div.wide { table {
                caption { "Parameters" }
                tbody {
                    @for parameter in known {
                        tr {
                            th scope="row" { code { (parameter["name"].as_str().unwrap_or_default()) } @if parameter["required"] == true { span.quiet { " required" } } }
                            td { (parameter["in"].as_str().unwrap_or_default()) }
                            td { (type_of(&parameter["schema"], document)) }
                            td { (text(parameter["description"].as_str().unwrap_or_default())) }
                        }
                    }
                }
            } }
        }
    }
}

/// The fields of an object, or of the elements of a list.
fn fields(title: &str, schema: &Value, document: &Value) -> Markup {
    let schema = resolved(schema, document);
    let object = if schema["items"].is_object() { resolved(&schema["items"], document) } else { schema };
    let required: Vec<_> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    html! {
        @if let Some(properties) = object["properties"].as_object() {
            details {
                summary { (title) }
                div.wide { table {
                    tbody {
                        @for (name, property) in properties {
                            tr {
                                th scope="row" { code { (name) } @if required.contains(&name.as_str()) { span.quiet { " required" } } }
                                td { (type_of(property, document)) }
                                td { (text(described(property, document))) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// A property's own description, or its type's.
fn described<'d>(property: &'d Value, document: &'d Value) -> &'d str {
    property["description"]
        .as_str()
        .or_else(|| resolved(property, document)["description"].as_str())
        .unwrap_or_default()
}

/// The type in words: `integer, 1 to 1000`, `one of read, operate`, `list of text`.
fn type_of(schema: &Value, document: &Value) -> String {
    let schema = resolved(schema, document);
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<_> =
            choices.iter().map(|choice| choice.as_str().map_or(choice.to_string(), str::to_owned)).collect();
        return format!("one of {}", choices.join(", "));
    }
    if let Some(all) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let kinds: Vec<_> = all.iter().map(|one| type_of(one, document)).collect();
        return kinds.join(" or ");
    }
    let names = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let names = names.iter().map(|name| match *name {
        "string" => "text".to_owned(),
        "array" => format!("list of {}", type_of(&schema["items"], document)),
        name => name.to_owned(),
    });
    let range = match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null) => String::new(),
        (min, Value::Null) => format!(", {min} or more"),
        (Value::Null, max) => format!(", {max} at most"),
        (min, max) => format!(", {min} to {max}"),
    };
    names.collect::<Vec<_>>().join(" or ") + &range
}

/// A text of the document, which may have code and emphasis in Markdown. Its HTML is escaped.
pub fn text(markdown: &str) -> Markup {
    use pulldown_cmark::{Event, Parser, html::push_html};
    let inert = Parser::new(markdown).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        event => event,
    });
    let mut rendered = String::new();
    push_html(&mut rendered, inert);
    // One paragraph stands in a cell or a paragraph of the page.
    let paragraphs = rendered.trim().replace("</p>\n<p>", "<br>");
    PreEscaped(paragraphs.replace("<p>", "").replace("</p>", ""))
}
