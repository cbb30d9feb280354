//! The rows of a JSON file: one array, objects one a line or one after the other, or an object around an array.
//!
//! Numbers are taken as they are written, so that no digit is lost in a floating-point value.

use super::{RowError, column_key, lines};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Lists and objects around the rows, at most: what is nested more deeply is no table, and would exhaust the stack.
const DEPTH_MAX: u8 = 8;

/// Calls `take` with each row and the line that it begins on. An object with a field that `is_column` is a row; any other
/// may be around the rows.
pub(crate) fn each_row<'t>(
    text: &'t str,
    is_column: fn(&str) -> bool,
    mut take: impl FnMut(u64, Result<Fields<'t>, RowError>),
) {
    match documents(text) {
        Some(documents) => {
            let mut place = Place { text, line: 1, bytes: 0 };
            documents
                .into_iter()
                .for_each(|document| rows_in(document, is_column, 0, &mut |at, row| take(place.line_of(at), row)));
        }
        None => {
            for (line, text) in
                lines(text).filter(|(_, line)| !line.trim_matches([' ', '\t', '[', ']', ',']).is_empty())
            {
                match document_in(text) {
                    Ok(document) => rows_in(document, is_column, 0, &mut |_, row| take(line, row)),
                    Err(error) => take(line, Err(error)),
                }
            }
        }
    }
}

/// The whole text, if it is JSON from start to end: one value, or several with blanks between them.
fn documents(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().ok()
}

/// One line of a text that is damaged elsewhere. It may be a line of an array.
fn document_in(line: &str) -> Result<&RawValue, RowError> {
    let line = line.trim();
    let element = line.trim_start_matches(['[', ' ']).trim_end_matches([',', ']', ' ']);
    serde_json::from_str(line)
        .or_else(|error| serde_json::from_str(element).map_err(|_| error))
        .map_err(|error| RowError::Row(format!("{error}; write one JSON object a line, such as {{\"number\": …}}")))
}

type Take<'f, 't> = &'f mut dyn FnMut(&'t str, Result<Fields<'t>, RowError>);

/// Calls `take` with each row of a value and the row's text.
fn rows_in<'t>(value: &'t RawValue, is_column: fn(&str) -> bool, depth: u8, take: Take<'_, 't>) {
    let text = value.get();
    if depth > DEPTH_MAX {
        return take(
            text,
            Err(RowError::Row(format!("nested more than {DEPTH_MAX} times; write one array of objects"))),
        );
    }
    let broken = |error: serde_json::Error| RowError::Row(error.to_string());
    match text.as_bytes()[0] {
        b'[' => match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(elements) if elements.iter().all(|element| element.get().starts_with(['{', '['])) => {
                elements.into_iter().for_each(|element| rows_in(element, is_column, depth + 1, take));
            }
            Ok(_) => {
                take(text, Err(RowError::Row("a list without names; write objects, such as {\"number\": …}".into())))
            }
            Err(error) => take(text, Err(broken(error))),
        },
        b'{' => match serde_json::from_str::<Fields>(text) {
            Ok(fields) => match fields.wrapped(is_column) {
                Some(rows) => rows_in(rows, is_column, depth + 1, take),
                None => take(text, Ok(fields)),
            },
            Err(error) => take(text, Err(broken(error))),
        },
        _ => take(text, Err(RowError::Row(format!("{text} is not an object; write one such as {{\"number\": …}}")))),
    }
}

/// The fields of an object in their order; unlike a map it keeps two of one name.
pub(crate) struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Fields<'t> {
    /// The rows, if this is an object around them, such as `{"verdicts": […]}`: its only list.
    fn wrapped(&self, is_column: fn(&str) -> bool) -> Option<&'t RawValue> {
        let mut lists = self.0.iter().filter(|(_, value)| value.get().starts_with('['));
        let only = lists.next().filter(|_| lists.next().is_none());
        only.filter(|_| !self.0.iter().any(|(name, _)| is_column(name))).map(|(_, value)| *value)
    }

    /// The names, in their order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The text of a field; empty if it is null or missing. A number is its digits as they are written.
    pub(crate) fn text(&self, column: &'static str, may_be_number: bool) -> Result<Cow<'t, str>, RowError> {
        let key = column_key(column);
        let mut found = self.0.iter().filter(|(name, _)| column_key(name) == key).map(|(_, value)| value.get());
        let Some(value) = found.next() else { return Ok("".into()) };
        if found.next().is_some() {
            return Err(RowError::Column(column, "it is there twice; remove one of them".into()));
        }
        text_of(value, may_be_number).map_err(|why| RowError::Column(column, why))
    }

    /// The text of every field, by its name; a list or an object in it is empty.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, Cow<'t, str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), text_of(value.get(), true).unwrap_or_default()))
    }
}

fn text_of(value: &str, may_be_number: bool) -> Result<Cow<'_, str>, String> {
    match value.as_bytes()[0] {
        b'n' => Ok("".into()),
        b'"' => serde_json::from_str::<String>(value).map(Cow::from).map_err(|error| error.to_string()),
        b'-' | b'0'..=b'9' if may_be_number => Ok(value.into()),
        b'{' | b'[' => Err("it is not one value; write an array of objects, or one object a line".into()),
        _ => Err(format!("{value} is not text; put it in quotes")),
    }
}

impl<'de: 't, 't> Deserialize<'de> for Fields<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Pairs).map(Fields)
    }
}

/// How far a text has been counted through.
struct Place<'t> {
    text: &'t str,
    line: u64,
    bytes: usize,
}

impl Place<'_> {
    /// The line on which a part of the text begins. Parts must come in order.
    fn line_of(&mut self, part: &str) -> u64 {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        let passed = self.text.get(self.bytes..start).unwrap_or_default();
        self.line += lines(passed).count().saturating_sub(1) as u64;
        self.bytes = start.max(self.bytes);
        self.line
    }
}
