//! `dialguard account …`

use super::output::{answer_in_words, dollars, e164, settings_json, table};
use super::{CommandContext, Done};
use anyhow::{Context, Result, bail, ensure};
use chrono::NaiveTime;
use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};
use dialguard::calendar::rfc3339;
use dialguard::contract::{BLOCKS_MAX, Settings};
use dialguard::settings::default_settings;
use dialguard_dialer::dialguard::ChangeOutcome;
use dialguard_dialer::ledger::{AccountChange, AccountProfile, Areas, Buying, NewAccount, SLOTS_PER_BLOCK, Spending};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect, Fate, Tally};
use dialguard_dialer::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS, cents, price_cents};
use serde_json::{Value, json};
use std::str::FromStr;

#[derive(Subcommand)]
pub enum AccountCommand {
    /// Add an account; its first block is charged from the local midnight before
    Add {
        /// The dialer's own name for it: letters, digits, `.`, `_` and `-`
        #[arg(value_parser = account_id)]
        id: String,
        /// Blocks of 15 slots, $49.00 a cycle each
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(BLOCKS_MAX)))]
        blocks: u32,
        /// Whose dates and billing cycles it keeps, such as America/New_York
        #[arg(long, value_name = "TZ", value_parser = time_zone)]
        time_zone: Tz,
        /// In whose national format its numbers may be written
        #[arg(long, value_name = "CC", default_value = "US")]
        region: Region,
        /// Local time of its daily review
        #[arg(long, value_name = "HH:MM", default_value = "06:00", value_parser = time_of_day)]
        review_at: NaiveTime,
        #[command(flatten)]
        settings: SettingOptions,
    },
    /// Change an account
    Set {
        /// The account
        id: String,
        /// Blocks of 15 slots: more count at once, fewer from the next cycle on
        #[arg(long, value_name = "N")]
        blocks: Option<u32>,
        /// Whose dates and billing cycles it keeps
        #[arg(long, value_name = "TZ", value_parser = time_zone)]
        time_zone: Option<Tz>,
        /// In whose national format its numbers may be written
        #[arg(long, value_name = "CC")]
        region: Option<Region>,
        /// Local time of its daily review
        #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
        review_at: Option<NaiveTime>,
        /// The reputation add-on; while it is off nothing is checked, started or bought
        #[arg(long, value_name = "on|off")]
        add_on: Option<Switch>,
        /// Change nothing, and show what these settings would have done in the past 30 days
        #[arg(long, conflicts_with_all = [
            "blocks", "time_zone", "region", "review_at", "add_on", "provider", "areas", "rest_days", "day_cap",
            "cycle_cap",
        ])]
        dry_run: bool,
        #[command(flatten)]
        buying: BuyingOptions,
        #[command(flatten)]
        settings: SettingOptions,
    },
    /// Show one account: its slots, settings, what it buys from whom, and what that has cost
    Show {
        /// The account
        id: String,
    },
    /// List the accounts
    List,
}

/// Where replacements are bought, and for how much. These are the dialer's own, and the policy does not see them.
#[derive(Args)]
#[command(next_help_heading = "Where its numbers are bought")]
pub struct BuyingOptions {
    /// Buy replacements from this provider (`dialguard providers list` shows them), or `none`: numbers on hand only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Where else a replacement may come from where its number's own area code has too few: none, anywhere, or area codes
    /// (default none)
    #[arg(long, value_name = "none|anywhere|CODES", value_parser = |text: &str| text.parse::<Areas>())]
    areas: Option<Areas>,
    /// Days for which a replaced number is kept before it is given back to the provider, 0 (at once) to 365 (default 30)
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(0..=365))]
    rest_days: Option<u16>,
    /// Dollars that may be spent on numbers in a local day (default 10)
    #[arg(long, value_name = "DOLLARS", value_parser = cents)]
    day_cap: Option<u32>,
    /// Dollars that may be spent on numbers in a billing cycle (default 50)
    #[arg(long, value_name = "DOLLARS", value_parser = cents)]
    cycle_cap: Option<u32>,
}

impl BuyingOptions {
    fn apply(&self, buying: &mut Buying) {
        if let Some(name) = &self.provider {
            buying.provider = Buying::provider_named(name);
        }
        buying.areas = self.areas.clone().unwrap_or(buying.areas.clone());
        buying.rest_days = self.rest_days.unwrap_or(buying.rest_days);
        buying.day_cents_max = self.day_cap.unwrap_or(buying.day_cents_max);
        buying.cycle_cents_max = self.cycle_cap.unwrap_or(buying.cycle_cents_max);
    }
}

/// The contract's settings, each by its name.
#[derive(Args)]
#[command(next_help_heading = "How its numbers are treated")]
pub struct SettingOptions {
    /// A carrier flags a number from this spam score up, 1 to 100 (default 80)
    #[arg(long, value_name = "SCORE", value_parser = setting_value::<u8>)]
    spam_score_min: Option<u8>,
    /// A check counts only where this many carriers have an opinion, 1 to 255 (default 2)
    #[arg(long, value_name = "N", value_parser = setting_value::<u8>)]
    rating_carriers_min: Option<u8>,
    /// Daily checks in a row that must call a number spam before it is flagged, 1 to 30 (default 2)
    #[arg(long, value_name = "N", value_parser = setting_value::<u8>)]
    checks_to_flag: Option<u8>,
    /// Daily checks in a row that must not before it is cleared, 1 to 30 (default 2)
    #[arg(long, value_name = "N", value_parser = setting_value::<u8>)]
    checks_to_clear: Option<u8>,
    /// Older observations do not count, 1 to 8760 (default 48)
    #[arg(long, value_name = "HOURS", value_parser = setting_value::<u16>)]
    observation_age_max_hours: Option<u16>,
    /// Replace flagged numbers without asking (default off)
    #[arg(long, value_name = "on|off")]
    auto_replace: Option<Switch>,
    /// Automatic replacements in a local date, at most, 0 to 1000 (default 3)
    #[arg(long, value_name = "N", value_parser = setting_value::<u16>)]
    replacements_per_day_max: Option<u16>,
    /// Never replace a number monitored for fewer days automatically, 0 to 365 (default 0)
    #[arg(long, value_name = "DAYS", value_parser = setting_value::<u16>)]
    new_number_grace_days: Option<u16>,
    /// Where this share of ten or more numbers turns on one date, replace none, 1 to 100 (default 30)
    #[arg(long, value_name = "PERCENT", value_parser = setting_value::<u8>)]
    mass_flag_percent: Option<u8>,
    /// A setting of a policy that has more than these
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    other: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

pub async fn run(context: &CommandContext, command: AccountCommand) -> Result<Done> {
    match command {
        AccountCommand::Add { id, blocks, time_zone, region, review_at, settings } => {
            let mut new = NewAccount { id, blocks, time_zone, region, review_at, settings: default_settings() };
            settings.apply(&mut new.settings);
            add(context, new).await
        }
        AccountCommand::Set { id, dry_run: true, settings, .. } => effect(context, &id, &settings).await,
        AccountCommand::Set { id, blocks, time_zone, region, review_at, add_on, buying, settings, .. } => {
            let enabled = add_on.map(|switch| switch == Switch::On);
            let change = AccountChange { time_zone, region, review_at, enabled, blocks, settings: None, buying: None };
            set(context, &id, change, (&buying, &settings)).await
        }
        AccountCommand::Show { id } => show(context, &id),
        AccountCommand::List => list(context),
    }
}

async fn add(context: &CommandContext, new: NewAccount) -> Result<Done> {
    let dialguard = context.dialguard_on(context.new_ledger()?)?;
    dialguard.add_account(&new).await?;
    let account = dialguard.ledger().account(&new.id)?;
    Ok(Done::show(
        context.json,
        || account_json(&account),
        || {
            format!(
                "Account {} has {} slots for {} a month; its cycle ends at {}.\nNext: dialguard numbers import {} FILE.csv",
                account.id,
                account.slot_count,
                dollars(price_cents(new.blocks)),
                rfc3339(account.cycle_ends_at),
                account.id,
            )
        },
    ))
}

async fn set(
    context: &CommandContext,
    id: &str,
    mut change: AccountChange,
    (buying_options, options): (&BuyingOptions, &SettingOptions),
) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let before = dialguard.ledger().account(id)?;
    let (mut settings, mut buying) = (before.settings.clone(), before.buying.clone());
    options.apply(&mut settings);
    buying_options.apply(&mut buying);
    change.settings = (settings != before.settings).then_some(settings);
    change.buying = (buying != before.buying).then_some(buying);
    if let ChangeOutcome::BlocksRefused(outcome) = dialguard.change_account(id, &change).await? {
        bail!("{} blocks: {}", change.blocks.unwrap_or_default(), answer_in_words(&outcome));
    }
    let account = dialguard.ledger().account(id)?;
    let spending = dialguard.ledger().spending(id, dialguard.now())?;
    Ok(Done::show(
        context.json,
        || account_json(&account),
        || describe(&account) + &buying_in_words(&account.buying, &spending),
    ))
}

fn show(context: &CommandContext, id: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let account = ledger.account(id)?;
    let now = context.now().max(account.changed_at);
    let account = account.as_of(now);
    let spending = ledger.spending(id, now)?;
    let charged = ledger.charged_cents(id, account.cycle_starts_at)?;
    let mut inputs = account_json(&account);
    inputs["spent-today-cents"] = json!(spending.day_cents);
    inputs["spent-in-cycle-cents"] = json!(spending.cycle_cents);
    inputs["charged-in-cycle-cents"] = json!(charged);
    Ok(Done::show(
        context.json,
        || inputs,
        || {
            format!(
                "{}Charged in this cycle: {}, replacements at {} each included\n{}",
                describe(&account),
                dollars(charged),
                dollars(REPLACEMENT_PRICE_CENTS),
                buying_in_words(&account.buying, &spending)
            )
        },
    ))
}

fn buying_in_words(buying: &Buying, spending: &Spending) -> String {
    let Some(provider) = &buying.provider else {
        return "Replacements are numbers on hand; `--provider NAME` has them bought\n".into();
    };
    format!(
        "Replacements are bought from {provider}: areas besides their own: {}; old numbers rest {}\n\
         Spent on numbers: {} of {} today, {} of {} in this cycle\n",
        buying.areas,
        if buying.rest_days == 1 { "1 day".into() } else { format!("{} days", buying.rest_days) },
        dollars(spending.day_cents),
        dollars(buying.day_cents_max.into()),
        dollars(spending.cycle_cents),
        dollars(buying.cycle_cents_max.into()),
    )
}

/// What the settings would have done, and nothing done.
async fn effect(context: &CommandContext, id: &str, options: &SettingOptions) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let mut settings = dialguard.ledger().account(id)?.settings;
    options.apply(&mut settings);
    let since = dialguard.now().saturating_sub(EFFECT_DAYS * 86_400);
    let effect = dialguard.effect_of_settings(id, &settings, since).await?;
    Ok(Done::show(context.json, || effect_json(&effect), || effect_in_words(&effect)))
}

fn effect_json(effect: &Effect) -> Value {
    let tally = |tally: &Tally| {
        json!({
            "as-it-was": tally.as_it_was,
            "with-these": tally.with_these,
            "sooner": tally.sooner,
            "later": tally.later,
        })
    };
    let at = |time: Option<u64>| time.map(rfc3339);
    let fate = |fate: &Fate| {
        json!({
            "flagged-at": at(fate.flagged_at),
            "cleared-at": at(fate.cleared_at),
            "replaced-at": at(fate.replaced_at),
        })
    };
    let differences = effect.differences.iter().map(|fared| {
        json!({
            "number": e164(fared.number),
            "as-it-was": fate(&fared.as_it_was),
            "with-these": fate(&fared.with_these),
        })
    });
    json!({
        "reviews": effect.reviews,
        "since": at(effect.since),
        "until": at(effect.until),
        "whole": effect.is_whole,
        "numbers": effect.numbers,
        "flagged": tally(&effect.flagged),
        "cleared": tally(&effect.cleared),
        "replaced": tally(&effect.replaced),
        "cents": effect.cents(REPLACEMENT_PRICE_CENTS),
        "unknown": effect.unknown,
        "failures": effect.failures.iter().map(|(run, why)| json!({"run": run, "why": why})).collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
    })
}

fn effect_in_words(effect: &Effect) -> String {
    let (Some(since), Some(until)) = (effect.since, effect.until) else {
        return format!("No review of the past {EFFECT_DAYS} days is on record, so nothing can be said.");
    };
    let row = |what: &str, tally: &Tally| {
        [
            what.to_owned(),
            tally.as_it_was.to_string(),
            tally.with_these.to_string(),
            tally.sooner.to_string(),
            tally.later.to_string(),
        ]
    };
    let rows = [("flagged", &effect.flagged), ("cleared", &effect.cleared), ("replaced", &effect.replaced)];
    let cents = effect.cents(REPLACEMENT_PRICE_CENTS);
    let mut text = format!(
        "{} reviews of {} numbers from {} to {}, made again with these settings; nothing was changed\n{}{} {} for \
         replacements at {} each\n",
        effect.reviews,
        effect.numbers,
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
        text += "! there was more on record than could be made again in time\n";
    }
    for (run, why) in effect.failures.iter().take(10) {
        text += &format!("! run {run}: nothing would have been done: {why}\n");
    }
    text
}

fn list(context: &CommandContext) -> Result<Done> {
    let (ledger, now) = (context.ledger()?, context.clock().now());
    // A list is no place to quarrel about the clock: at an earlier time it shows what is latest.
    let accounts: Vec<_> = ledger.accounts()?.into_iter().map(|account| account.as_of(now)).collect();
    Ok(Done::show(
        context.json,
        || accounts.iter().map(account_json).collect(),
        || {
            let rows = accounts.iter().map(|account| {
                [
                    account.id.clone(),
                    if account.enabled { "on" } else { "off" }.into(),
                    format!("{} of {}", account.occupied, account.slot_count),
                    account.locked.to_string(),
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

impl SettingOptions {
    fn apply(&self, settings: &mut Settings) {
        fn set<T: Copy>(setting: &mut T, option: Option<T>) {
            *setting = option.unwrap_or(*setting);
        }
        set(&mut settings.spam_score_min, self.spam_score_min);
        set(&mut settings.rating_carriers_min, self.rating_carriers_min);
        set(&mut settings.checks_to_flag, self.checks_to_flag);
        set(&mut settings.checks_to_clear, self.checks_to_clear);
        set(&mut settings.observation_age_max_hours, self.observation_age_max_hours);
        set(&mut settings.auto_replace, self.auto_replace.map(|switch| switch == Switch::On));
        set(&mut settings.replacements_per_day_max, self.replacements_per_day_max);
        set(&mut settings.new_number_grace_days, self.new_number_grace_days);
        set(&mut settings.mass_flag_percent, self.mass_flag_percent);
        for (name, value) in &self.other {
            settings.other.retain(|(known, _)| known != name);
            settings.other.push((name.clone(), value.clone()));
        }
    }
}

fn account_json(account: &AccountProfile) -> Value {
    json!({
        "id": account.id,
        "enabled": account.enabled,
        "time-zone": account.time_zone.name(),
        "region": account.region.to_string(),
        "review-at": account.review_at.format("%H:%M").to_string(),
        "slot-count": account.slot_count,
        "slot-count-next": account.slot_count_next,
        "slots-per-block": SLOTS_PER_BLOCK,
        "block-price-cents": BLOCK_PRICE_CENTS,
        "occupied": account.occupied,
        "locked": account.locked,
        "cycle-starts-at": rfc3339(account.cycle_starts_at),
        "cycle-ends-at": rfc3339(account.cycle_ends_at),
        "provider": account.buying.provider,
        "areas": account.buying.areas.to_string(),
        "rest-days": account.buying.rest_days,
        "day-cap-cents": account.buying.day_cents_max,
        "cycle-cap-cents": account.buying.cycle_cents_max,
        "replacement-price-cents": REPLACEMENT_PRICE_CENTS,
        "settings": settings_json(&account.settings),
    })
}

fn describe(account: &AccountProfile) -> String {
    let settings = settings_json(&account.settings);
    let settings = settings.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::Bool(on) => format!("  {name}: {}\n", if *on { "on" } else { "off" }),
        Value::Object(none) if none.is_empty() => String::new(),
        value => format!("  {name}: {value}\n"),
    });
    let next = if account.slot_count_next < account.slot_count {
        format!(" ({} from then on)", account.slot_count_next)
    } else {
        String::new()
    };
    format!(
        "Account {}: add-on {}, {} of {} slots occupied, {} locked, cycle ends at {}{next}, review at {} {}\n{}",
        account.id,
        if account.enabled { "on" } else { "off" },
        account.occupied,
        account.slot_count,
        account.locked,
        rfc3339(account.cycle_ends_at),
        account.review_at.format("%H:%M"),
        account.time_zone,
        settings.collect::<String>(),
    )
}

fn account_id(text: &str) -> Result<String> {
    if !NewAccount::is_id(text) {
        bail!("give 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first");
    }
    Ok(text.to_owned())
}

fn time_zone(text: &str) -> Result<Tz> {
    text.parse().ok().context("give a name of the tz database, such as America/New_York or UTC")
}

fn time_of_day(text: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").context("give a time of day from 00:00 to 23:59")
}

/// The range is the policy's to check. What no policy could take is not refused with the range of a byte.
fn setting_value<T: FromStr>(text: &str) -> Result<T> {
    text.parse().ok().context("give a whole number of the range that --help names")
}

fn name_and_value(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("give NAME=VALUE")?;
    ensure!(!name.is_empty() && name.len() <= 100 && value.len() <= 1_000, "give a short NAME=VALUE");
    Ok((name.to_owned(), value.to_owned()))
}
