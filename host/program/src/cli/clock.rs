//! `dialguard clock`: the time, and leaps that a user confirms.

use super::{CommandContext, Done};
use crate::json;
use crate::words::time_in_words;
use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Clock {
    #[command(subcommand)]
    command: Option<ClockCommand>,
}

#[derive(Subcommand)]
enum ClockCommand {
    /// Confirm that the time is right, though it is a leap: changes are accepted again, and charge what `clock` shows
    Accept,
}

pub fn run(context: &CommandContext, Clock { command }: Clock) -> Result<Done> {
    let (ledger, now) = (context.ledger()?, context.now());
    if let Some(ClockCommand::Accept) = command {
        ledger.accept_time(now)?;
    }
    let time = ledger.time_at(now)?;
    Ok(Done::show(context.json, || json::Clock::from(&time), || time_in_words(&time)))
}
