//! The rows of a file, whether it is a table or JSON.

use super::columns::{Layout, is_number};
use super::{CallFileError, FIELDS_MAX, ROWS_MAX};
use crate::table_file::json_rows::{self, Fields};
use crate::table_file::{HEADER_ROWS_MAX, RowError, Table, column_key};
use csv::StringRecord;
use std::collections::HashMap;

/// How the rows of a file are found.
pub(super) struct Source {
    /// The names of the columns; in JSON those of all fields, in the order in which they come.
    pub(super) columns: Vec<String>,
    pub(super) layout: Layout,
    /// None in JSON.
    pub(super) delimiter: Option<char>,
    /// How many rows there may be.
    pub(super) rows_max: usize,
    /// Rows of a table up to its header.
    rows_before: usize,
}

impl Source {
    pub(super) fn of(table: &Table) -> Result<Self, CallFileError> {
        match table.text().trim_start().starts_with(['{', '[']) {
            true => Source::of_json(table.text()),
            false => Source::of_table(table),
        }
    }

    /// The header is the first row that has all columns. If there is none, the error is about the row that comes closest.
    fn of_table(table: &Table) -> Result<Self, CallFileError> {
        if !table.is_within(ROWS_MAX, FIELDS_MAX) {
            return Err(CallFileError::TooLarge);
        }
        let rows = table.rows();
        let rows_max = rows.len_max();
        let mut problem = None;
        for (place, row) in rows.take(HEADER_ROWS_MAX).enumerate() {
            let columns: Vec<String> = row.fields.iter().map(str::to_owned).collect();
            match Layout::of(row.fields.iter()) {
                Ok(layout) => {
                    let delimiter = Some(table.format.delimiter);
                    return Ok(Source { columns, layout, delimiter, rows_max, rows_before: place + 1 });
                }
                Err(lacking) => problem = problem.or(Some(CallFileError::NoColumn { lacking, columns })),
            }
        }
        Err(problem.unwrap_or(CallFileError::Empty))
    }

    fn of_json(text: &str) -> Result<Self, CallFileError> {
        let (mut columns, mut known, mut rows_max) = (Vec::new(), HashMap::new(), 0);
        json_rows::each_row(text, is_number, |_, row| {
            rows_max += 1;
            for name in row.iter().flat_map(Fields::names) {
                known.entry(column_key(name)).or_insert_with(|| columns.push(name.to_owned()));
            }
        });
        match (rows_max, Layout::of(columns.iter().map(String::as_str))) {
            (0, _) => Err(CallFileError::Empty),
            (rows, _) if rows > ROWS_MAX || columns.len() > FIELDS_MAX => Err(CallFileError::TooLarge),
            (_, Ok(layout)) => Ok(Source { columns, layout, delimiter: None, rows_max, rows_before: 0 }),
            (_, Err(lacking)) => Err(CallFileError::NoColumn { lacking, columns }),
        }
    }

    /// Calls `take` with the line and the fields of each row, or why it has none, until that fails.
    pub(super) fn each_row(
        &self,
        table: &Table,
        mut take: impl FnMut(u64, Result<StringRecord, String>) -> Result<(), CallFileError>,
    ) -> Result<(), CallFileError> {
        if self.delimiter.is_none() {
            let mut result = Ok(());
            self.each_object(table.text(), |line, fields| {
                if result.is_ok() {
                    result = take(line, fields);
                }
            });
            return result;
        }
        for row in table.rows().skip(self.rows_before) {
            take(row.line, row.whole_of(self.columns.len()).cloned())?;
        }
        Ok(())
    }

    /// Calls `take` with the line and the fields of each row, also of those that are in doubt.
    pub(super) fn each_row_as_it_is(&self, table: &Table, mut take: impl FnMut(u64, StringRecord)) {
        match self.delimiter {
            None => self.each_object(table.text(), |line, fields| take(line, fields.unwrap_or_default())),
            Some(_) => table.rows().skip(self.rows_before).for_each(|row| take(row.line, row.fields)),
        }
    }

    fn each_object(&self, text: &str, mut take: impl FnMut(u64, Result<StringRecord, String>)) {
        let places: HashMap<String, usize> = self.columns.iter().map(|name| column_key(name)).zip(0..).collect();
        json_rows::each_row(text, is_number, |line, row| match row {
            Ok(row) => {
                let mut fields = vec![Default::default(); self.columns.len()];
                row.texts().for_each(|(name, text)| fields[places[&column_key(name)]] = text);
                take(line, Ok(fields.iter().collect::<Vec<_>>().into_iter().map(|field| field.as_ref()).collect()));
            }
            Err(RowError::Row(why) | RowError::Column(_, why)) => take(line, Err(why)),
        });
    }
}
