//! The program `dialguard`.

use clap::Parser;
use dialguard_program::cli;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long the end of the program waits for a thread that reads or writes. A disk that does not answer must not keep it.
const EXIT_TIME_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command_line = cli::CommandLine::parse();
    let runtime = Runtime::new().expect("the system can start threads");
    let exit_code = runtime.block_on(run(command_line));
    runtime.shutdown_timeout(EXIT_TIME_MAX);
    exit_code
}

async fn run(command_line: cli::CommandLine) -> ExitCode {
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
