//! Rows of a file that were not imported: why, and a file of them, to be corrected and imported again.

use super::{csv_writer, inert};
use std::collections::HashSet;
use std::sync::Arc;

/// Refused rows in a file that is made for a request, at most: each is far longer than in its file.
pub const REFUSED_ROWS_MAX: usize = 100_000;

/// The column that the file of refused rows adds.
const REASON: &str = "reason";

/// A row of a file that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The row's line in the file, from 1.
    pub row: u64,
    /// Why it was not imported. Shared, because files can have millions of such rows.
    pub why: Arc<str>,
}

/// Reasons of refused rows, each kept once: a file of millions of short rows has few different ones, and each is far
/// longer than its row.
#[derive(Default)]
pub(crate) struct Reasons(HashSet<Arc<str>>);

impl Reasons {
    /// More different ones come from rows that are themselves long enough.
    const KEPT_MAX: usize = 1 << 16;

    pub(crate) fn shared(&mut self, why: String) -> Arc<str> {
        if let Some(known) = self.0.get(why.as_str()) {
            return known.clone();
        }
        let why: Arc<str> = why.into();
        if self.0.len() < Reasons::KEPT_MAX {
            self.0.insert(why.clone());
        }
        why
    }
}

/// How many fields of a row are its own, if an earlier import has added a reason as the last one.
pub(crate) fn fields_without_reason(names: &[String], fields: usize) -> usize {
    let has_reason = names.last().is_some_and(|last| last == REASON) && fields >= names.len();
    fields - usize::from(has_reason)
}

/// Refused rows as a CSV file of their own: all fields, and the reason as the last one.
pub(crate) struct RefusedRows {
    width: usize,
    /// Short rows are padded so that reasons stand in their column, unless one very wide row would multiply all others.
    padding_left: usize,
    csv: csv::Writer<Vec<u8>>,
}

impl RefusedRows {
    /// Of a file of so many bytes; `names` are those of its columns.
    pub(crate) fn of(bytes: usize, mut names: Vec<String>) -> Self {
        let width = names.len();
        names.push(REASON.to_owned());
        let mut rows = RefusedRows { width, padding_left: bytes, csv: csv_writer() };
        rows.write(&names);
        rows
    }

    pub(crate) fn push<'f>(&mut self, fields: impl Iterator<Item = &'f str>, reason: &str) {
        let mut line: Vec<String> = fields.map(|field| inert(field).into_owned()).collect();
        let lacking = self.width.saturating_sub(line.len());
        if lacking <= self.padding_left {
            self.padding_left -= lacking;
            line.resize(line.len() + lacking, String::new());
        }
        line.push(inert(reason).into_owned());
        self.write(&line);
    }

    fn write(&mut self, line: &[String]) {
        self.csv.write_record(line).expect("a vector takes every row");
    }

    pub(crate) fn into_csv(self) -> Vec<u8> {
        self.csv.into_inner().expect("a vector takes every row")
    }
}
