//! The rows of a JSON file: one array, objects one a line or one after the other, or an object around an array.
//!
//! Numbers are taken as they are written, so that no digit is lost in a floating-point value.

use super::{COLUMNS, VerdictRow};
use crate::table_file::{RowError, column_key, lines};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Lists and objects around the rows, at most: what is nested more deeply is no table, and would exhaust the stack.
const DEPTH_MAX: u8 = 8;

/// Calls `take` with each row and the line that it begins on.
pub(super) fn each_row<'t>(text: &'t str, mut take: impl FnMut(u64, Result<VerdictRow<'t>, RowError>)) {
    match documents(text) {
        Some(documents) => {
            let mut place = Place { text, line: 1, bytes: 0 };
            documents
                .into_iter()
                .for_each(|document| rows_in(document, 0, &mut |at, row| take(place.line_of(at), row)));
        }
        None => {
            for (line, text) in
                lines(text).filter(|(_, line)| !line.trim_matches([' ', '\t', '[', ']', ',']).is_empty())
            {
                match document_in(text) {
                    Ok(document) => rows_in(document, 0, &mut |_, row| take(line, row)),
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

type Take<'f, 't> = &'f mut dyn FnMut(&'t str, Result<VerdictRow<'t>, RowError>);

/// Calls `take` with each row of a value and the row's text.
fn rows_in<'t>(value: &'t RawValue, depth: u8, take: Take<'_, 't>) {
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
                elements.into_iter().for_each(|element| rows_in(element, depth + 1, take));
            }
            Ok(_) => {
                take(text, Err(RowError::Row("a list without names; write objects, such as {\"number\": …}".into())))
            }
            Err(error) => take(text, Err(broken(error))),
        },
        b'{' => match serde_json::from_str::<Fields>(text) {
            Ok(fields) => match fields.wrapped() {
                Some(rows) => rows_in(rows, depth + 1, take),
                None => take(text, fields.row()),
            },
            Err(error) => take(text, Err(broken(error))),
        },
        _ => take(text, Err(RowError::Row(format!("{text} is not an object; write one such as {{\"number\": …}}")))),
    }
}

/// The fields of an object in their order; unlike a map it keeps two of one name.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Fields<'t> {
    /// The rows, if this is an object around them, such as `{"verdicts": […]}`: its only list.
    fn wrapped(&self) -> Option<&'t RawValue> {
        let is_column = |name: &str| COLUMNS.iter().any(|column| column_key(column) == column_key(name));
        let mut lists = self.0.iter().filter(|(_, value)| value.get().starts_with('['));
        let only = lists.next().filter(|_| lists.next().is_none());
        only.filter(|_| !self.0.iter().any(|(name, _)| is_column(name))).map(|(_, value)| *value)
    }

    fn row(&self) -> Result<VerdictRow<'t>, RowError> {
        let label = self.text("label").map_err(|error| match error {
            RowError::Column(_, why) | RowError::Row(why) => why,
        });
        let (number, carrier, observed_at) = (self.text("number")?, self.text("carrier")?, self.text("observed_at")?);
        Ok(VerdictRow { number, carrier, score: self.text("score")?, label, observed_at })
    }

    /// The text of a field; empty if it is null or missing. A number is its digits as they are written.
    fn text(&self, column: &'static str) -> Result<Cow<'t, str>, RowError> {
        let key = column_key(column);
        let mut found = self.0.iter().filter(|(name, _)| column_key(name) == key).map(|(_, value)| value.get());
        let Some(value) = found.next() else { return Ok("".into()) };
        let refused = |why: String| Err(RowError::Column(column, why));
        if found.next().is_some() {
            return refused("it is there twice; remove one of them".into());
        }
        let may_be_number = matches!(column, "number" | "score" | "observed_at");
        match value.as_bytes()[0] {
            b'n' => Ok("".into()),
            b'"' => serde_json::from_str::<String>(value)
                .map_or_else(|error| refused(error.to_string()), |it| Ok(it.into())),
            b'-' | b'0'..=b'9' if may_be_number => Ok(value.into()),
            b'{' | b'[' => refused("it is not one value; write an array of objects, or one object a line".into()),
            _ => refused(format!("{value} is not text; put it in quotes")),
        }
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
                let mut fields = Vec::with_capacity(COLUMNS.len());
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
