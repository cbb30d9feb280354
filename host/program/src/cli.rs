//! Commands, one file for each family, and what they share: the ledger, the time, and how results are printed.

mod access;
mod account;
mod alerts;
mod calls;
mod clock;
mod component;
mod conformance;
mod consent;
mod demo;
mod doctor;
mod files;
mod hint;
mod ledger;
mod manual;
mod numbers;
mod orders;
mod output;
mod policy;
mod providers;
mod reconcile;
mod refused;
mod requests;
mod review;
mod serve;
mod settings;
mod sources;
mod status;
mod terminal;

use crate::parse::{self, FieldError};
use anyhow::{Result, anyhow};
use clap::{Parser, Subcommand};
use dialguard::clock::{Clock, FixedClock, SystemClock};
use dialguard::contract::Timestamp;
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::Ledger;
use dialguard_dialer::policies::Policies;
use dialguard_dialer::zones;
pub use hint::hint;
pub use output::Done;
use std::borrow::Cow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use terminal::{printable, tell};

/// Keeps a dialer's phone numbers clean.
///
/// Checks monitored numbers daily, shows what each carrier says about them, and replaces those that most carriers call
/// spam. Start with `dialguard demo`, which needs no setup.
///
/// Exit codes: 0 done; 1 error, nothing was changed unless the message says how much; 2 invalid command line; 3 done except
/// for what the output lists; 4 accepted and under way, `dialguard orders` shows the progress; 5 `status` or `doctor` found
/// something that needs a person.
#[derive(Parser)]
#[command(name = "dialguard", version, long_version = long_version(), max_term_width = 120)]
pub struct CommandLine {
    /// Folder of the ledger
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "DIALGUARD_DATA",
        hide_env_values = true,
        default_value = "dialguard-data",
        help_heading = "Global options"
    )]
    data: PathBuf,
    /// Set the clock for this command, such as 2026-03-31T09:00:00Z
    #[arg(long, global = true, value_name = "RFC3339", value_parser = parse::clock, help_heading = "Global options")]
    at: Option<Timestamp>,
    /// Print JSON, in the shapes of the API
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play two weeks of a dialer's life in a temporary account and show the result
    Demo(demo::Demo),
    /// Manage accounts: add, change, show and list them
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Manage sources of verdicts, which say how carriers rate numbers
    #[command(subcommand)]
    Sources(sources::SourcesCommand),
    /// Manage providers, which numbers are bought from
    #[command(subcommand)]
    Providers(providers::ProvidersCommand),
    /// Compare the numbers a provider has with those in the ledger
    Reconcile(reconcile::Reconcile),
    /// Import and list an account's numbers
    #[command(subcommand)]
    Numbers(numbers::NumbersCommand),
    /// Import and list how calls from an account's numbers went
    #[command(subcommand)]
    Calls(calls::CallsCommand),
    /// Start checking numbers daily; they take free slots in the order given
    Monitor(requests::Monitor),
    /// Stop checking numbers but keep them; locks their slots until the billing cycle ends
    Unmonitor(requests::Change),
    /// Release numbers; a monitored number's slot stays locked for the rest of the cycle (`replace` keeps it)
    Delete(requests::Delete),
    /// Replace monitored numbers with clean ones; keeps their slots
    Replace(requests::Change),
    /// Ask the carriers about numbers right now, monitored or not
    Screen(requests::Numbers),
    /// Check numbers now, for some accounts or all
    ///
    /// On a terminal, replacements that automatic replacement would make are listed with their price, and made only after a
    /// yes. A script is not asked: there it is the daily review, and replaces what the account has replaced automatically.
    Review(review::ReviewOptions),
    /// List replacements: in progress, made or abandoned; retry or abandon those that are stuck
    Orders(orders::Orders),
    /// Say what needs a person, in one account or in all; exits with 5 if anything does
    ///
    /// It reads what the ledger knows, asks nobody and costs nothing. `dialguard doctor` looks further.
    Status(status::StatusOptions),
    /// Check what Dialguard depends on: folder, disk, ledger, clock, policy, sources, providers; exits with 5 if anything is wrong
    ///
    /// It looks up no number and buys nothing, so it costs nothing. A paid service is reached and its secrets are read;
    /// `dialguard sources test` looks a number up.
    Doctor,
    /// Count an account's slots and numbers
    Usage(review::OneAccount),
    /// Show when an account was checked, when it is next, and which sources answer
    Checks(review::OneAccount),
    /// Show how an account's numbers were rated on each of the past 30 days, and how many of them each source answered
    Days(review::OneAccount),
    /// Show an account's event log
    Events(review::EventOptions),
    /// Manage policies: write, install, compare, activate and roll back
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Write the built-in policy to a file for use in other dialers, or make a release of a policy
    Component(component::Component),
    /// Replay a recorded run and check that it makes the same plan
    Replay(policy::Replay),
    /// Test that another dialer, in any language, embeds a policy correctly
    ///
    /// Each built-in case is a line of JSON to its stdin, and the answer a line from its stdout, as tests/cases/README.md
    /// describes. The path of the policy component is added to the dialer's arguments: `dialguard conformance -- python3
    /// dialer.py` runs `python3 dialer.py POLICY.wasm`.
    Conformance(conformance::Conformance),
    /// Manage dashboard users
    #[command(subcommand)]
    Users(access::UsersCommand),
    /// Manage tokens for programs that call the API
    #[command(subcommand)]
    Tokens(access::TokensCommand),
    /// Manage alert webhooks
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Show how far time has come in the ledger; confirm a leap of more than 45 days
    ///
    /// A change far past the newest time in the ledger is refused, because it would charge every billing cycle in between.
    Clock(clock::Clock),
    /// Back up, check and restore the ledger
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Review accounts daily at their local times, and serve the dashboard and the API, until stopped
    Serve(serve::Serve),
    /// Print a shell's completions
    ///
    /// For example: `dialguard completions bash > ~/.local/share/bash-completion/completions/dialguard`.
    Completions(manual::Completions),
    /// Write the man pages to a folder
    Man(manual::ManPages),
}

/// The program's version, and that of the time zone data it uses.
fn long_version() -> String {
    format!("{}\ntime zone data {}", env!("CARGO_PKG_VERSION"), zones::database())
}

/// Runs a command line.
pub async fn run(command_line: CommandLine) -> Result<Done> {
    let CommandLine { data, at, json, command } = command_line;
    let context = CommandContext { data, at, json };
    match command {
        Command::Demo(demo) => demo::play(&context, demo).await,
        Command::Account(command) => account::run(&context, command).await,
        Command::Sources(command) => sources::run(&context, command).await,
        Command::Providers(command) => providers::run(&context, command).await,
        Command::Reconcile(reconcile) => reconcile::reconcile(&context, reconcile).await,
        Command::Numbers(command) => numbers::run(&context, command).await,
        Command::Calls(command) => calls::run(&context, command).await,
        Command::Monitor(monitor) => requests::monitor(&context, monitor).await,
        Command::Unmonitor(change) => requests::unmonitor(&context, change).await,
        Command::Delete(deletion) => requests::delete(&context, deletion).await,
        Command::Replace(change) => requests::replace(&context, change).await,
        Command::Screen(numbers) => requests::screen(&context, numbers).await,
        Command::Review(review) => review::review(&context, review).await,
        Command::Orders(orders) => orders::run(&context, orders).await,
        Command::Status(options) => status::status(&context, options),
        Command::Doctor => doctor::doctor(&context).await,
        Command::Usage(account) => review::usage(&context, account).await,
        Command::Checks(account) => review::checks(&context, &account),
        Command::Days(account) => review::days(&context, &account),
        Command::Events(events) => review::events(&context, events).await,
        Command::Policy(command) => policy::run(&context, command).await,
        Command::Component(component) => component::write(&context, component).await,
        Command::Replay(run) => policy::replay(&context, run).await,
        Command::Conformance(conformance) => conformance::check(&context, conformance),
        Command::Users(command) => access::users(&context, command),
        Command::Tokens(command) => access::tokens(&context, command),
        Command::Alerts(command) => alerts::run(&context, command).await,
        Command::Clock(clock) => clock::run(&context, clock),
        Command::Ledger(command) => ledger::run(&context, command),
        Command::Serve(serve) => serve::serve(&context, serve).await,
        Command::Completions(completions) => manual::completions(&completions),
        Command::Man(pages) => manual::man_pages(&pages),
    }
}

/// An option that was given wrongly, in words.
fn misgiven(error: FieldError) -> anyhow::Error {
    let FieldError { field, why } = error;
    if ["kind", "name", "path"].contains(&field) { anyhow!(why) } else { anyhow!("--{field}: {why}") }
}

/// Prints why a command failed, and what to do next.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    tell(format_args!("error: {error:#}\n"));
    if let Some(hint) = hint(error) {
        tell(format_args!("hint: {hint}\n"));
    }
    ExitCode::FAILURE
}

/// Prints what is wrong with a command line, or the help that it asks for.
pub fn misread(error: &clap::Error) -> ExitCode {
    match printable(&error.render().to_string()) {
        // In colors.
        Cow::Borrowed(_) => error.exit(),
        Cow::Owned(text) => {
            tell(text);
            ExitCode::from(2)
        }
    }
}

/// What every command works with.
pub struct CommandContext {
    data: PathBuf,
    at: Option<Timestamp>,
    json: bool,
}

impl CommandContext {
    /// The ledger, which must exist.
    fn ledger(&self) -> Result<Arc<Ledger>> {
        Ok(Arc::new(Ledger::open(&self.data)?))
    }

    fn has_ledger(&self) -> bool {
        Ledger::is_in(&self.data)
    }

    /// The ledger, created if it is missing.
    fn new_ledger(&self) -> Result<Arc<Ledger>> {
        Ok(Arc::new(Ledger::open_or_create(&self.data)?))
    }

    fn dialguard(&self) -> Result<Dialguard> {
        self.dialguard_on(self.ledger()?)
    }

    fn dialguard_on(&self, ledger: Arc<Ledger>) -> Result<Dialguard> {
        Ok(Dialguard::new(ledger.clone(), self.policies(ledger)?, self.clock()))
    }

    fn policies(&self, ledger: Arc<Ledger>) -> Result<Policies> {
        Ok(Policies::open(ledger, self.now())?)
    }

    fn now(&self) -> Timestamp {
        self.clock().now()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        match self.at {
            Some(at) => Arc::new(FixedClock(at)),
            None => Arc::new(SystemClock),
        }
    }
}
