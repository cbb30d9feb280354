//! The program `dialguard`.

use clap::Parser;
use dialguard_program::cli;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let command_line = cli::CommandLine::parse();
    match cli::run(command_line).await {
        Ok(done) => done.print(),
        Err(error) => {
            eprintln!("error: {error:#}");
            if let Some(hint) = cli::hint(&error) {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}
