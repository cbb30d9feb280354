//! The program `dialguard`.

use clap::Parser;
use dialguard_program::cli;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::CommandLine::try_parse() {
        Ok(command_line) => cli::run(command_line).await.map_or_else(|error| cli::fail(&error), cli::Done::print),
        Err(error) => cli::misread(&error),
    }
}
