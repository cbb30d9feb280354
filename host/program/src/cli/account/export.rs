//! `dialguard account export`

use crate::cli::terminal::print_data;
use crate::cli::{CommandContext, Done};
use crate::export::{Export, Format, Table, TableFile};
use crate::words::count;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["table", "to"]))]
pub struct ExportOptions {
    /// The account
    id: String,
    /// Print this table
    table: Option<Table>,
    /// Write every table to this folder, which is made if it is missing; no file in it is overwritten
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// The format; a folder has both unless one is given, and a table is printed as CSV
    #[arg(long)]
    format: Option<Format>,
}

pub fn export(context: &CommandContext, ExportOptions { id, table, to, format }: ExportOptions) -> Result<Done> {
    let ledger = context.ledger()?;
    // An unknown account is an error before anything is written.
    ledger.account(&id)?;
    let live = context.policies(ledger.clone())?.live()?;
    let export = |file: TableFile| Export::new(&ledger, &live.declaration, &id, file, context.now());
    let Some(folder) = to else {
        let table = table.context("give a table or a folder")?;
        print(export(TableFile { table, format: format.unwrap_or(Format::Csv) }))?;
        return Ok(Done::say(""));
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let files: Vec<_> = TableFile::all().filter(|file| format.is_none_or(|format| format == file.format)).collect();
    for file in &files {
        write(&folder.join(file.name()), export(*file))?;
    }
    Ok(Done::show(
        context.json,
        || json!({"folder": folder, "files": files.iter().map(|file| file.name()).collect::<Vec<_>>()}),
        || format!("{} of account {id} written to {}", count(files.len() as u64, "file"), folder.display()),
    ))
}

/// A reader that has enough, such as `head`, is no failure.
fn print(export: Export) -> Result<()> {
    for part in export {
        match print_data(&part?) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("cannot write the table")?,
        }
    }
    Ok(())
}

/// The whole of a new file, or none.
fn write(path: &Path, mut export: Export) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = File::create_new(path).with_context(cannot)?;
    let written = export.try_for_each(|part| anyhow::Ok(file.write_all(&part?)?));
    written.with_context(cannot).inspect_err(|_| {
        // A part of it would be taken for the whole.
        let _ = std::fs::remove_file(path);
    })
}
