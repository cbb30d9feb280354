//! `dialguard account …`

mod bill;
mod close;
mod export;
mod settings;

use super::consent::{Consent, Question};
use super::output::{answer_in_words, dollars, table};
use super::settings::SettingOptions;
use super::{CommandContext, Done};
use crate::json::{Account, ChangePrice, SettingsPreview, Spending};
use crate::parse;
use crate::schedule::REVIEW_AT_DEFAULT;
use crate::words::{Surface, bill_in_words, checks_in_words, count, look_ups_in_words, monitored_are, thousands};
use anyhow::{Result, bail};
use chrono::NaiveTime;
use clap::{Args, Subcommand, ValueEnum};
use dialguard::calendar::{cycle_starts_on, day_starts_at, local_date, rfc3339};
use dialguard::contract::{Answer, BLOCKS_MAX, Outcome, Setting, Timestamp};
use dialguard_dialer::dialguard::{ChangeOutcome, ChangePreview, Dialguard, count_to_type};
use dialguard_dialer::ledger::{
    self, AccountChange, AccountProfile, AccountSettings, Areas, Buying, LedgerError, NewAccount,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect, Tally};
use dialguard_dialer::prices::{REPLACEMENT_PRICE_CENTS, cents, price_cents};
use dialguard_dialer::settings::Declaration;
use dialguard_dialer::sources::costs::LookUpCosts;
use dialguard_dialer::zones::Zone;

#[derive(Subcommand)]
pub enum AccountCommand {
    /// Add an account; its blocks are charged from the preceding local midnight
    Add {
        /// Your name for it: letters, digits, `.`, `_` and `-`
        #[arg(value_parser = parse::account_id)]
        id: String,
        /// Blocks of 15 slots, at $49.00 a cycle each
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(BLOCKS_MAX)))]
        blocks: u32,
        /// Time zone of its dates and billing cycles, such as America/New_York
        #[arg(long, value_name = "TZ", value_parser = parse::time_zone)]
        time_zone: Zone,
        /// Country whose national format its numbers may be written in
        #[arg(long, value_name = "CC", default_value = "US")]
        region: Region,
        /// Local time of its daily review
        #[arg(long, value_name = "HH:MM", default_value = REVIEW_AT_DEFAULT, value_parser = parse::time_of_day)]
        review_at: NaiveTime,
        #[command(flatten)]
        settings: SettingOptions,
        #[command(flatten)]
        consent: Consent,
    },
    /// Change an account
    Set {
        /// The account
        id: String,
        /// Blocks of 15 slots: more take effect at once, fewer from the next cycle on, or at once with `--add-on on` in a cycle
        /// that was not charged
        #[arg(long, value_name = "N")]
        blocks: Option<u32>,
        /// Time zone of its dates and billing cycles
        #[arg(long, value_name = "TZ", value_parser = parse::time_zone)]
        time_zone: Option<Zone>,
        /// Country whose national format its numbers may be written in
        #[arg(long, value_name = "CC")]
        region: Option<Region>,
        /// Local time of its daily review
        #[arg(long, value_name = "HH:MM", value_parser = parse::time_of_day)]
        review_at: Option<NaiveTime>,
        /// The reputation add-on; while it is off, nothing is checked, started or bought
        #[arg(long, value_name = "on|off")]
        add_on: Option<Switch>,
        /// Do it without asking. Only a terminal is asked
        #[arg(long)]
        yes: bool,
        /// Change nothing; show the price of the change, or what settings alone would have done in the past 30 days
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        #[command(flatten)]
        buying: BuyingOptions,
        #[command(flatten)]
        settings: SettingOptions,
    },
    /// List the settings of accounts: their names, ranges, defaults and meanings
    Settings {
        /// The account, to show its values too
        id: Option<String>,
    },
    /// Put a wrong charge right: credits dollars in the current cycle, at most what was charged in all
    Credit {
        /// The account
        id: String,
        /// What to credit
        #[arg(long, value_name = "DOLLARS", value_parser = cents)]
        dollars: u32,
        /// Why, for the account's history
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Show the bill of a billing cycle: blocks, replacements, credits, and numbers that were bought
    Bill(bill::BillOptions),
    /// Close an account for good: shows what becomes of its numbers, orders and bill, and asks
    Close(close::CloseOptions),
    /// Write an account's whole record as tables: numbers, history, events, money
    ///
    /// One table is printed, or all of them are written to a folder. In CSV, a text that a spreadsheet would compute as a
    /// formula begins with an apostrophe.
    Export(export::ExportOptions),
    /// Show an account's slots, settings, provider and spending
    Show {
        /// The account
        id: String,
    },
    /// List the accounts
    List,
}

/// How replacements are bought. The dialer keeps these; the policy does not see them.
#[derive(Args)]
#[command(next_help_heading = "Buying options")]
pub struct BuyingOptions {
    /// Buy replacements from this provider (see `dialguard providers list`); `none` uses candidates on hand only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Area codes for a replacement if the number's own has too few: none, anywhere or a list such as 213,424 (default
    /// none)
    #[arg(long, value_name = "none|anywhere|CODES", value_parser = |text: &str| text.parse::<Areas>())]
    areas: Option<Areas>,
    /// Most dollars to spend on numbers in a local day (default 10)
    #[arg(long, value_name = "DOLLARS", value_parser = cents)]
    day_cap: Option<u32>,
    /// Most dollars to spend on numbers in a billing cycle (default 50)
    #[arg(long, value_name = "DOLLARS", value_parser = cents)]
    cycle_cap: Option<u32>,
}

impl BuyingOptions {
    /// How numbers are bought after the change; none if that stays as it is.
    fn changed(&self, before: &Buying) -> Option<Buying> {
        let mut buying = before.clone();
        self.apply(&mut buying);
        (buying != *before).then_some(buying)
    }

    fn apply(&self, buying: &mut Buying) {
        if let Some(name) = &self.provider {
            buying.provider = Buying::provider_named(name);
        }
        buying.areas = self.areas.clone().unwrap_or(buying.areas.clone());
        buying.day_cents_max = self.day_cap.unwrap_or(buying.day_cents_max);
        buying.cycle_cents_max = self.cycle_cap.unwrap_or(buying.cycle_cents_max);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

pub async fn run(context: &CommandContext, command: AccountCommand) -> Result<Done> {
    match command {
        AccountCommand::Add { id, blocks, time_zone, region, review_at, settings, consent } => {
            let new = NewAccount { id, blocks, time_zone, region, review_at, settings: AccountSettings::default() };
            add(context, new, &settings, consent).await
        }
        AccountCommand::Set {
            id,
            blocks,
            time_zone,
            region,
            review_at,
            add_on,
            yes,
            dry_run,
            buying,
            settings: options,
        } => {
            let dialguard = context.dialguard()?;
            let before = dialguard.ledger().account(&id)?;
            let mut settings = before.settings.clone();
            options.apply(&dialguard.policies().live()?.declaration, &mut settings)?;
            let change = AccountChange {
                time_zone,
                region,
                review_at,
                enabled: add_on.map(|switch| switch == Switch::On),
                blocks,
                buying: buying.changed(&before.buying),
                settings: (settings != before.settings).then(|| settings.clone()),
                ..AccountChange::default()
            };
            match dry_run {
                false => set(context, &dialguard, &id, &change, Consent { yes, dry_run }).await,
                true if change.is_of_settings_alone() => effect(context, &dialguard, &id, &settings).await,
                true => preview(context, &dialguard, &id, &change).await,
            }
        }
        AccountCommand::Settings { id } => settings::list(context, id.as_deref()),
        AccountCommand::Credit { id, dollars, reason, consent } => credit(context, &id, (dollars, &reason), consent),
        AccountCommand::Bill(options) => bill::bill(context, options),
        AccountCommand::Close(options) => close::close(context, options),
        AccountCommand::Export(options) => export::export(context, options),
        AccountCommand::Show { id } => show(context, &id),
        AccountCommand::List => list(context),
    }
}

async fn add(
    context: &CommandContext,
    mut new: NewAccount,
    settings: &SettingOptions,
    consent: Consent,
) -> Result<Done> {
    let price = price_of_new(&new, context.now());
    let cents = dollars(price.now_cents);
    let told = format!("{cents} is charged now and every month for {}.", count(new.blocks.into(), "block"));
    if consent.dry_run {
        if context.has_ledger() && context.ledger()?.account(&new.id).is_ok() {
            bail!(LedgerError::AccountExists(new.id));
        }
        return Ok(Done::show(context.json, || ChangePrice::from(&price), || told + " Nothing was changed."));
    }
    if price.now_cents > 0 {
        let count = block_count(&price);
        consent.ask(|| Question { told: told + "\n", act: format!("add account {}", new.id), count })?;
    }
    let dialguard = context.dialguard_on(context.new_ledger()?)?;
    let live = dialguard.policies().live()?;
    settings.apply(&live.declaration, &mut new.settings)?;
    dialguard.add_account(&new).await?;
    let account = dialguard.ledger().account(&new.id)?;
    let shape = Account::read(dialguard.ledger(), &account, &live.declaration, dialguard.now())?;
    Ok(Done::show(
        context.json,
        || shape,
        || {
            format!(
                "Account {} has {} for {} a month; its cycle ends at {}.\nNext: dialguard numbers import {} FILE.csv",
                account.id,
                count(account.slot_count.into(), "slot"),
                dollars(price_cents(new.blocks)),
                rfc3339(account.cycle_ends_at),
                account.id,
            )
        },
    ))
}

/// What the blocks of an account that is added now cost.
fn price_of_new(new: &NewAccount, now: Timestamp) -> ledger::ChangePrice {
    let cents = price_cents(new.blocks);
    let next_cycle_on = cycle_starts_on(local_date(now, new.time_zone), 1);
    ledger::ChangePrice {
        now_cents: cents,
        next_cents: cents,
        enabled: true,
        blocks: new.blocks,
        blocks_next: new.blocks,
        cycle_ends_at: day_starts_at(next_cycle_on, new.time_zone),
    }
}

/// How many blocks a user types before they cost so much; none if a yes is enough.
fn block_count(price: &ledger::ChangePrice) -> Option<usize> {
    count_to_type(0, price.now_cents).map(|_| price.blocks as usize)
}

async fn set(
    context: &CommandContext,
    dialguard: &Dialguard,
    id: &str,
    change: &AccountChange,
    consent: Consent,
) -> Result<Done> {
    if consent.asks() {
        let (before, price) = (dialguard.ledger().account(id)?, price_of(dialguard, id, change).await?);
        let is_switched_off = before.enabled && !price.enabled;
        if price.now_cents > 0 || is_switched_off || price.blocks_next < before.blocks() {
            let told = format!("{}\n", account_change_in_words(&before, change, &price));
            consent.ask(|| Question { told, act: format!("change account {id}"), count: block_count(&price) })?;
        }
    }
    if let ChangeOutcome::BlocksRefused(outcome) = dialguard.change_account(id, change).await? {
        bail!(blocks_refused(change, &outcome));
    }
    let account = dialguard.ledger().account(id)?;
    let live = dialguard.policies().live()?;
    let shape = Account::read(dialguard.ledger(), &account, &live.declaration, dialguard.now())?;
    let spending = shape.spending();
    let text = || describe(&account, &live.declaration) + &buying_in_words(&account.buying, &spending);
    Ok(Done::show(context.json, || shape, text))
}

/// What the change would cost; changes nothing.
async fn preview(context: &CommandContext, dialguard: &Dialguard, id: &str, change: &AccountChange) -> Result<Done> {
    let price = price_of(dialguard, id, change).await?;
    let account = dialguard.ledger().account(id)?;
    let text = || account_change_in_words(&account, change, &price) + "; nothing was changed\n";
    Ok(Done::show(context.json, || ChangePrice::from(&price), text))
}

async fn price_of(dialguard: &Dialguard, id: &str, change: &AccountChange) -> Result<ledger::ChangePrice> {
    match dialguard.try_change_account(id, change).await? {
        ChangePreview::Price(price) => Ok(price),
        ChangePreview::BlocksRefused(outcome) => bail!(blocks_refused(change, &outcome)),
    }
}

/// What a change of the add-on or of blocks costs, and what ends with it.
fn account_change_in_words(account: &AccountProfile, change: &AccountChange, price: &ledger::ChangePrice) -> String {
    let ends = match change.enabled {
        Some(false) if account.occupied > 0 => {
            format!("{} no longer checked or replaced, and nothing is refunded; ", monitored_are(account.occupied))
        }
        _ => String::new(),
    };
    format!(
        "{ends}{} would be charged now, and {} a month from {} on",
        dollars(price.now_cents),
        dollars(price.next_cents),
        rfc3339(price.cycle_ends_at)
    )
}

fn blocks_refused(change: &AccountChange, outcome: &Outcome) -> String {
    let blocks = count(change.blocks.unwrap_or_default().into(), "block");
    match outcome.answer {
        Answer::AddOnOff => format!("{blocks}: the reputation add-on is off; add `--add-on on` to change both at once"),
        _ => format!("{blocks}: {}", answer_in_words(outcome)),
    }
}

fn credit(context: &CommandContext, id: &str, (cents, reason): (u32, &str), consent: Consent) -> Result<Done> {
    let ledger = context.ledger()?;
    if consent.dry_run || consent.asks() {
        let bill = ledger.try_credit(id, cents.into(), reason, context.now())?;
        let told = format!("{} credited leaves {} for this cycle.", dollars(cents.into()), bill_in_words(&bill));
        if consent.dry_run {
            let account = ledger.account(id)?;
            let shape = Spending::after(&ledger, &account, account.changed_at.max(context.now()), &bill)?;
            return Ok(Done::show(context.json, || shape, || told + " Nothing was changed."));
        }
        let act = format!("credit {}", dollars(cents.into()));
        consent.ask(|| Question { told: told + "\n", act, count: None })?;
    }
    ledger.credit(id, cents.into(), reason, context.now())?;
    let account = ledger.account(id)?;
    let bill = ledger.bill(id, account.changed_at)?;
    let shape = Spending::read(&ledger, &account, account.changed_at)?;
    Ok(Done::show(
        context.json,
        || shape,
        || format!("{} credited. Charged in this cycle: {}\n", dollars(cents.into()), bill_in_words(&bill)),
    ))
}

fn show(context: &CommandContext, id: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let account = ledger.account(id)?;
    let now = context.now().max(account.changed_at);
    let account = account.as_of(now);
    let live = context.policies(ledger.clone())?.live()?;
    let shape = Account::read(&ledger, &account, &live.declaration, now)?;
    let (spending, bill) = (shape.spending(), ledger.bill(id, now)?);
    let look_ups = look_ups_in_words(&LookUpCosts::of(&ledger, id, now)?, Surface::CommandLine);
    let checks = checks_in_words(&ledger.checks(id, now)?, now);
    Ok(Done::show(
        context.json,
        || shape,
        || {
            format!(
                "{}Charged in this cycle, with replacements at {} each: {}\n{}{}{checks}",
                describe(&account, &live.declaration),
                dollars(REPLACEMENT_PRICE_CENTS),
                bill_in_words(&bill),
                buying_in_words(&account.buying, &spending),
                look_ups.iter().map(|sentence| format!("{sentence}\n")).collect::<String>(),
            )
        },
    ))
}

fn buying_in_words(buying: &Buying, spending: &Spending) -> String {
    let Some(provider) = &buying.provider else {
        return "Replacements come from candidates on hand; `dialguard account set ID --provider NAME` buys them\n"
            .into();
    };
    format!(
        "Replacements are bought from {provider}; other areas: {}\n\
         Spent on numbers: {} of {} today, {} of {} in this cycle\n",
        buying.areas,
        dollars(spending.spent_today_cents),
        dollars(buying.day_cents_max.into()),
        dollars(spending.spent_in_cycle_cents),
        dollars(buying.cycle_cents_max.into()),
    )
}

/// What the settings would have done; changes nothing.
async fn effect(context: &CommandContext, dialguard: &Dialguard, id: &str, settings: &AccountSettings) -> Result<Done> {
    let since = dialguard.now().saturating_sub(EFFECT_DAYS * 86_400);
    let effect = dialguard.effect_of_settings(id, settings, since).await?;
    Ok(Done::show(context.json, || SettingsPreview::from(&effect), || effect_in_words(&effect)))
}

fn effect_in_words(effect: &Effect) -> String {
    let (Some(since), Some(until)) = (effect.since, effect.until) else {
        return format!("No review of the past {EFFECT_DAYS} days is on record, so there is nothing to compare.");
    };
    let row = |what: &str, tally: &Tally| {
        [
            what.to_owned(),
            thousands(tally.as_it_was.into()),
            thousands(tally.with_these.into()),
            thousands(tally.sooner.into()),
            thousands(tally.later.into()),
        ]
    };
    let rows = [("flagged", &effect.flagged), ("cleared", &effect.cleared), ("replaced", &effect.replaced)];
    let cents = effect.cents(REPLACEMENT_PRICE_CENTS);
    let mut text = format!(
        "{} of {} from {} to {}, repeated with these settings; nothing was changed\n{}{} {} for \
         replacements at {} each\n",
        count(effect.reviews.into(), "review"),
        count(effect.numbers.into(), "number"),
        rfc3339(since),
        rfc3339(until),
        table(
            ["NUMBERS", "AS IT WAS", "WITH THESE", "SOONER", "LATER"].map(str::to_owned),
            rows.map(|(what, tally)| row(what, tally))
        ),
        dollars(cents.unsigned_abs()),
        if cents < 0 { "less" } else { "more" },
        dollars(REPLACEMENT_PRICE_CENTS),
    );
    if !effect.is_whole {
        text += "! some recorded reviews were skipped: time limit reached\n";
    }
    for (run, why) in effect.failures.iter().take(10) {
        text += &format!("! run {run} would have failed: {why}\n");
    }
    text
}

fn list(context: &CommandContext) -> Result<Done> {
    let (ledger, now) = (context.ledger()?, context.clock().now());
    // At a time before the latest change, the list shows the latest state rather than an error.
    let accounts: Vec<_> = ledger.accounts()?.into_iter().map(|account| account.as_of(now)).collect();
    let live = context.policies(ledger.clone())?.live()?;
    let shape =
        |account: &AccountProfile| Account::read(&ledger, account, &live.declaration, now.max(account.changed_at));
    let shapes: Vec<_> = accounts.iter().map(shape).collect::<Result<_, _>>()?;
    Ok(Done::show(
        context.json,
        || shapes,
        || {
            let rows = accounts.iter().map(|account| {
                [
                    account.id.clone(),
                    add_on_in_words(account).into(),
                    format!("{} of {}", thousands(account.occupied.into()), thousands(account.slot_count.into())),
                    thousands(account.locked.into()),
                    account.time_zone.to_string(),
                    account.review_at.format("%H:%M").to_string(),
                    rfc3339(account.cycle_ends_at),
                ]
            });
            table(
                ["ACCOUNT", "ADD-ON", "SLOTS", "LOCKED", "TIME ZONE", "REVIEW AT", "CYCLE ENDS AT"].map(str::to_owned),
                rows,
            )
        },
    ))
}

fn add_on_in_words(account: &AccountProfile) -> &'static str {
    match (account.closed_at, account.enabled) {
        (Some(_), _) => "closed",
        (None, true) => "on",
        (None, false) => "off",
    }
}

fn describe(account: &AccountProfile, declaration: &Declaration) -> String {
    let value = |setting: &Setting| declaration.value(&setting.name, &account.settings).unwrap_or_default();
    let settings = declaration.settings().iter().map(|it| format!("  {}: {}\n", it.name, it.text(value(it))));
    let other = declaration.unused(&account.settings).map(|(name, value)| format!("  {name}={value}\n"));
    let next = if account.slot_count_next < account.slot_count {
        format!(" (then {})", thousands(account.slot_count_next.into()))
    } else {
        String::new()
    };
    let closed =
        account.closed_on().map_or(String::new(), |on| format!("Account {} was closed on {on}.\n", account.id));
    format!(
        "{closed}Account {}: add-on {}, {} of {} slots occupied, {} locked, cycle ends at {}{next}, review at {} {}\n{}",
        account.id,
        add_on_in_words(account),
        thousands(account.occupied.into()),
        thousands(account.slot_count.into()),
        thousands(account.locked.into()),
        rfc3339(account.cycle_ends_at),
        account.review_at.format("%H:%M"),
        account.time_zone,
        settings.chain(other).collect::<String>(),
    )
}
