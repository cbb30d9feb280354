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

pub mod cli;
pub mod schedule;
pub mod web;
mod words;
