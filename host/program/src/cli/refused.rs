//! Rows of a file that an import refused: listed, and written into a file of their own.

use super::files;
use crate::words::{REFUSED_LISTED_MAX, thousands};
use anyhow::Result;
use clap::Args;
use dialguard_dialer::number_file::BadRow;
use std::path::PathBuf;

#[derive(Args)]
pub struct RefusedRows {
    /// Write the refused rows, each with its reason, into this new CSV file, to be corrected and imported again
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

impl RefusedRows {
    /// Fails if the file exists: before the import, whose refused rows would be lost.
    pub fn ensure_new(&self) -> Result<()> {
        self.refused.as_deref().map_or(Ok(()), files::ensure_new)
    }

    /// Writes the file if any row was refused.
    pub fn write<E>(&self, refused: &[BadRow], rows: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<()>
    where
        anyhow::Error: From<E>,
    {
        match &self.refused {
            Some(path) if !refused.is_empty() => files::write_new(path, &rows()?),
            _ => Ok(()),
        }
    }

    /// The first refused rows, a line each.
    pub fn list(refused: &[BadRow]) -> String {
        let mut text = String::new();
        for bad in refused.iter().take(REFUSED_LISTED_MAX) {
            text += &format!("  row {}: {}\n", bad.row, bad.why);
        }
        if let unlisted @ 1.. = refused.len().saturating_sub(REFUSED_LISTED_MAX) {
            text += &format!("  and {} more\n", thousands(unlisted as u64));
        }
        text
    }

    /// Where the refused rows are, and how many the user has no file of.
    pub fn in_file(&self, refused: &[BadRow]) -> (String, usize) {
        match &self.refused {
            Some(path) if !refused.is_empty() => (format!("the refused rows are in {}\n", path.display()), 0),
            _ => (String::new(), refused.len()),
        }
    }
}
