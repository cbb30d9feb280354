//! Shell completions and man pages, made from the commands themselves.

use super::{CommandLine, Done};
use anyhow::{Context, Result};
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};
use std::path::PathBuf;

#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: SupportedShell,
}

#[derive(Clone, Copy, ValueEnum)]
enum SupportedShell {
    Bash,
    Zsh,
    Fish,
}

impl From<SupportedShell> for Shell {
    fn from(shell: SupportedShell) -> Self {
        match shell {
            SupportedShell::Bash => Shell::Bash,
            SupportedShell::Zsh => Shell::Zsh,
            SupportedShell::Fish => Shell::Fish,
        }
    }
}

#[derive(Args)]
pub struct ManPages {
    /// Folder for the pages, such as ~/.local/share/man/man1; created if missing
    folder: PathBuf,
}

pub fn completions(completions: &Completions) -> Result<Done> {
    let mut script = Vec::new();
    generate(Shell::from(completions.shell), &mut CommandLine::command(), "dialguard", &mut script);
    Ok(Done::say(String::from_utf8(script)?))
}

/// A page for the program and for each command.
pub fn man_pages(pages: &ManPages) -> Result<Done> {
    let folder = pages.folder.display();
    std::fs::create_dir_all(&pages.folder).with_context(|| format!("cannot create {folder}"))?;
    // The long version names the time zone data of this machine.
    clap_mangen::generate_to(CommandLine::command().long_version(clap::builder::Resettable::Reset), &pages.folder)
        .with_context(|| format!("cannot write the man pages to {folder}"))?;
    Ok(Done::say(format!("The man pages are in {folder}. Read them with `man -l {folder}/dialguard.1`.")))
}
