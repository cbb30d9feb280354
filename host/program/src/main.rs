//! The program `dialguard`.

use clap::Parser;
use dialguard_program::cli;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long the end of the program waits for a thread that reads or writes. A disk that does not answer must not keep it.
const EXIT_TIME_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("the system can start threads");
    let exit_code = runtime.block_on(run());
    runtime.shutdown_timeout(EXIT_TIME_MAX);
    exit_code
}

async fn run() -> ExitCode {
    match cli::CommandLine::try_parse() {
        Ok(command_line) => cli::run(command_line).await.map_or_else(|error| cli::fail(&error), cli::Done::print),
        Err(error) => cli::misread(&error),
    }
}
