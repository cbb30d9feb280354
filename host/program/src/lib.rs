//! The program `dialguard`: command line, dashboard, API and schedule, all of them views of one reference dialer.
//!
//! ```no_run
//! use clap::Parser;
//! use dialguard_program::cli::{CommandLine, run};
//!
//! # #[tokio::main]
//! # async fn main() -> anyhow::Result<()> {
//! run(CommandLine::parse_from(["dialguard", "account", "list"])).await?.print();
//! # Ok(())
//! # }
//! ```
//!
//! The guides to the program are in its folder [`docs`]; [Architecture] shows where everything is.
//!
//! [`docs`]: https://github.com/dialguard/dialguard/tree/main/host/program/docs
//! [Architecture]: https://github.com/dialguard/dialguard/blob/main/host/ARCHITECTURE.md

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod bill_file;
mod candidates;
pub mod cli;
mod export;
mod hints;
mod json;
mod parse;
pub mod schedule;
mod screened;
pub mod web;
mod words;
