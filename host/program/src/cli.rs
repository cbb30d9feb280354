//! Commands, one file for each family, and what they have in common: where the ledger is, what time it is, and how
//! their answers are printed.

mod access;
mod account;
mod alerts;
mod component;
mod conformance;
mod demo;
mod numbers;
mod orders;
mod output;
mod policy;
mod providers;
mod reconcile;
mod requests;
mod review;
mod secrets;
mod serve;
mod sources;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use dialguard::clock::{Clock, FixedClock, SystemClock};
use dialguard::contract::Timestamp;
use dialguard::inspection::InvalidPolicy;
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::Ledger;
use dialguard_dialer::policies::{Policies, PoliciesError};
pub use output::Done;
use std::path::PathBuf;
use std::sync::Arc;

/// Keeps a dialer's phone numbers clean.
///
/// Watches monitored numbers every day, says what each carrier shows for them, and replaces those that most carriers
/// call spam. Start with `dialguard demo`, which needs nothing.
///
/// Exit codes: 0 done, 1 failed and nothing changed, 2 the command line could not be understood, 3 done except for the
/// numbers that the answer names.
#[derive(Parser)]
#[command(name = "dialguard", version, max_term_width = 120)]
pub struct CommandLine {
    /// The folder of the ledger
    #[arg(long, global = true, value_name = "DIR", env = "DIALGUARD_DATA", default_value = "dialguard-data")]
    data: PathBuf,
    /// What time it is for this command, such as 2026-03-31T09:00:00Z
    #[arg(long, global = true, value_name = "RFC3339", value_parser = timestamp)]
    at: Option<Timestamp>,
    /// Print JSON, with the contract's names for fields
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play two weeks of a dialer's days in a throw-away account, and show what the page would
    Demo(demo::Demo),
    /// Add, change and list accounts
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Add, remove and list where verdicts come from
    #[command(subcommand)]
    Sources(sources::SourcesCommand),
    /// Add, change, remove and list the providers that numbers are bought from
    #[command(subcommand)]
    Providers(providers::ProvidersCommand),
    /// Compare what a provider has with what the database says; changes nothing unless told to
    Reconcile(reconcile::Reconcile),
    /// Import and list an account's numbers
    #[command(subcommand)]
    Numbers(numbers::NumbersCommand),
    /// Start to check numbers daily; they take free slots in the order given
    Monitor(requests::Monitor),
    /// Stop checking numbers and keep them; locks their slots until the billing cycle ends
    Unmonitor(requests::Numbers),
    /// Give numbers up; of monitored ones that costs the slot for the rest of the cycle, which replacing does not
    Delete(requests::Delete),
    /// Swap monitored numbers for clean ones; keeps their slots
    Replace(requests::Numbers),
    /// Ask the carriers how numbers stand right now, monitored or not
    Screen(requests::Numbers),
    /// Make the daily review now, of these accounts or of all
    Review(review::Review),
    /// List replacements that are under way, rest or are stuck, and see to them
    Orders(orders::Orders),
    /// Count an account's slots and numbers
    Usage(review::OneAccount),
    /// Say what happened to an account, and why
    Events(review::Events),
    /// Install, compare, activate and roll back the policy that decides
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Write the built-in policy's component into a file for dialers in other languages, or release a policy
    Component(component::Component),
    /// Make a run on record again, and see that it comes to the same plan
    Replay(policy::Replay),
    /// Ask a dialer in any language every built-in case, to see that it embeds a policy rightly
    ///
    /// Each case is a line of JSON to its stdin, and its answer a line from its stdout, as the README beside the cases
    /// describes (tests/cases/). The path of the policy component is added to the dialer's arguments, so
    /// that `dialguard conformance -- python3 dialer.py` runs `python3 dialer.py POLICY.wasm`.
    Conformance(conformance::Conformance),
    /// Say who may sign in at the page
    #[command(subcommand)]
    Users(access::UsersCommand),
    /// Make and withdraw tokens for programs that call the API
    #[command(subcommand)]
    Tokens(access::TokensCommand),
    /// Have webhooks told what reviews find
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Review each account daily at its own local time, and serve the page and the API, until stopped
    Serve(serve::Serve),
}

/// Does what the command line says.
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
        Command::Monitor(monitor) => requests::monitor(&context, monitor).await,
        Command::Unmonitor(numbers) => requests::unmonitor(&context, numbers).await,
        Command::Delete(deletion) => requests::delete(&context, deletion).await,
        Command::Replace(numbers) => requests::replace(&context, numbers).await,
        Command::Screen(numbers) => requests::screen(&context, numbers).await,
        Command::Review(review) => review::review(&context, review).await,
        Command::Orders(orders) => orders::run(&context, orders).await,
        Command::Usage(account) => review::usage(&context, account).await,
        Command::Events(events) => review::events(&context, events).await,
        Command::Policy(command) => policy::run(&context, command).await,
        Command::Component(component) => component::write(&context, component).await,
        Command::Replay(run) => policy::replay(&context, run).await,
        Command::Conformance(conformance) => conformance::check(&context, conformance),
        Command::Users(command) => access::users(&context, command),
        Command::Tokens(command) => access::tokens(&context, command),
        Command::Alerts(command) => alerts::run(&context, command).await,
        Command::Serve(serve) => serve::serve(&context, serve).await,
    }
}

/// What to do about an error, if the command line offers something.
pub fn hint(error: &anyhow::Error) -> Option<&'static str> {
    let invalid = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(PoliciesError::InvalidPolicy(invalid)) => Some(invalid),
        _ => cause.downcast_ref::<InvalidPolicy>(),
    })?;
    invalid
        .needs_stubbed_wasi()
        .then_some("allow it with --allow-stubbed-wasi if you trust this policy with stubbed WASI")
}

/// Where the commands find what they work with.
pub struct CommandContext {
    data: PathBuf,
    at: Option<Timestamp>,
    json: bool,
}

impl CommandContext {
    /// The ledger, which has to be there.
    fn ledger(&self) -> Result<Arc<Ledger>> {
        Ok(Arc::new(Ledger::open(&self.data)?))
    }

    fn has_ledger(&self) -> bool {
        Ledger::is_in(&self.data)
    }

    /// The ledger, made where it is missing.
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

fn timestamp(text: &str) -> Result<Timestamp> {
    let time = chrono::DateTime::parse_from_rfc3339(text)
        .context("give a time with its zone, such as 2026-03-31T09:00:00Z or 2026-03-31T09:00:00-05:00")?;
    u64::try_from(time.timestamp()).context("give a time after 1970")
}
