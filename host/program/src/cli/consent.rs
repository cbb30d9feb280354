//! Questions before a command spends or loses something.
//!
//! They are asked on a terminal only. A script is asked nothing: it runs with what it was given, as it always has, and
//! `--dry-run` tells it before.

use super::terminal::tell;
use crate::words::{capital, is_count};
use anyhow::{Result, bail};
use clap::Args;
use std::io::{BufRead, IsTerminal};

#[derive(Args, Clone, Copy)]
pub struct Consent {
    /// Do it without asking. Only a terminal is asked
    #[arg(long)]
    pub yes: bool,
    /// Change nothing; show what would be done, what it costs and what is lost
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// What a user agrees to.
pub struct Question {
    /// What would happen.
    pub told: String,
    /// What is done, such as `replace 134 numbers`.
    pub act: String,
    /// The count to type; none if a yes is enough.
    pub count: Option<usize>,
}

impl Consent {
    /// Whether a user is to be asked.
    pub fn asks(self) -> bool {
        !self.yes && !self.dry_run && is_terminal()
    }

    /// Asks a user, if one is to be asked. An error if that is not what the user wants.
    pub fn ask(self, question: impl FnOnce() -> Question) -> Result<()> {
        if self.asks() && !agrees(&question())? {
            bail!("nothing was changed");
        }
        Ok(())
    }
}

/// Whether somebody can read a question and answer it.
pub fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Shows the question and reads the answer. Without one, the answer is no.
pub fn agrees(Question { told, act, count }: &Question) -> Result<bool> {
    tell(told);
    match count {
        Some(count) => tell(format_args!("Type {count} to {act}: ")),
        None => tell(format_args!("{}? [y/N] ", capital(act))),
    }
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    let typed = typed.trim();
    Ok(match count {
        Some(count) => is_count(typed, *count),
        None => matches!(typed.to_lowercase().as_str(), "y" | "yes"),
    })
}
