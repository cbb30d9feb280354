//! An account's provider of numbers, and what may be spent.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::orders::try_at_once;
use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use crate::prices::dollars;
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};
use std::fmt;
use std::str::FromStr;

/// What a cap may be, at most, in US cents: a million dollars.
pub const CAP_CENTS_MAX: u32 = 100_000_000;

/// Where an account's numbers are bought, and what may be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buying {
    /// The provider's name; none if replacements are numbers on hand only.
    pub provider: Option<String>,
    /// Where else a replacement may come from, if its number's own area code has too few.
    pub areas: Areas,
    /// US cents that may be spent on numbers in a local day.
    pub day_cents_max: u32,
    /// US cents that may be spent on numbers in a billing cycle.
    pub cycle_cents_max: u32,
}

impl Default for Buying {
    /// No provider, $10.00 a day and $50.00 a billing cycle.
    fn default() -> Self {
        Buying { provider: None, areas: Areas::Own, day_cents_max: 1_000, cycle_cents_max: 5_000 }
    }
}

/// Areas in addition to a number's own area code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Areas {
    /// None.
    Own,
    /// These area codes, in the order of preference.
    Also(Vec<u16>),
    /// Anywhere in the United States.
    Anywhere,
}

/// Area codes of an account, at most: each may be searched.
const AREAS_MAX: usize = 20;

impl FromStr for Areas {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let code = |text: &str| {
            let code = text.trim().parse().ok().filter(|code| (200..=999).contains(code));
            code.ok_or_else(|| {
                format!("{text:?} is not an area code; give `none`, `anywhere`, or codes such as 212,646")
            })
        };
        match text {
            "" | "none" => Ok(Areas::Own),
            "anywhere" => Ok(Areas::Anywhere),
            codes => {
                let codes = codes.split(',').map(code).collect::<std::result::Result<Vec<_>, _>>()?;
                match codes.len() {
                    ..=AREAS_MAX => Ok(Areas::Also(codes)),
                    _ => Err(format!("give at most {AREAS_MAX} area codes, or `anywhere`")),
                }
            }
        }
    }
}

impl fmt::Display for Areas {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Areas::Own => f.write_str("none"),
            Areas::Anywhere => f.write_str("anywhere"),
            Areas::Also(codes) => f.write_str(&codes.iter().map(u16::to_string).collect::<Vec<_>>().join(",")),
        }
    }
}

/// What numbers have cost, in US cents: those bought, and those for which the order has been sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// In the account's local day.
    pub day_cents: u64,
    /// In its billing cycle.
    pub cycle_cents: u64,
}

impl Spending {
    /// Why the account may not spend this much now, in words; none if it may.
    pub(crate) fn forbids(&self, price_cents: u32, account: &AccountProfile) -> Option<String> {
        if !account.enabled {
            return Some("the add-on is off, and nothing is bought until it is switched on".to_owned());
        }
        let buying = &account.buying;
        let caps = [
            ("a day", self.day_cents, buying.day_cents_max),
            ("a billing cycle", self.cycle_cents, buying.cycle_cents_max),
        ];
        caps.into_iter().find_map(|(of, spent, cap)| {
            (spent + u64::from(price_cents) > u64::from(cap)).then(|| {
                format!(
                    "{} would be spent on numbers in {of}, which is above the cap of {}",
                    dollars(spent + u64::from(price_cents)),
                    dollars(cap.into()),
                )
            })
        })
    }
}

/// The word for no provider, which no provider may have as its name.
pub const NO_PROVIDER: &str = "none";

impl Buying {
    /// The provider of that name, or none for [`NO_PROVIDER`].
    pub fn provider_named(name: &str) -> Option<String> {
        (name != NO_PROVIDER).then(|| name.to_owned())
    }

    /// What changes, in words.
    pub(in crate::ledger) fn differences(&self, after: &Buying) -> Vec<String> {
        let said = |buying: &Buying| {
            [
                format!("provider {}", buying.provider.as_deref().unwrap_or(NO_PROVIDER)),
                format!("areas {}", buying.areas),
                format!("day-cap {}", dollars(buying.day_cents_max.into())),
                format!("cycle-cap {}", dollars(buying.cycle_cents_max.into())),
            ]
        };
        said(self)
            .iter()
            .zip(said(after))
            .filter(|(before, after)| **before != *after)
            .map(|(_, after)| after)
            .collect()
    }
}

impl Ledger {
    /// What the account's numbers have cost by `now`, in its local day and its billing cycle.
    pub fn spending(&self, id: &str, now: Timestamp) -> Result<Spending> {
        let (account, now) = self.account_at(id, now)?;
        self.read(|transaction| spending(transaction, &account, now))
    }

    /// Whether the account may buy like this; an error says why not.
    pub fn check_buying(&self, id: &str, buying: &Buying) -> Result<()> {
        self.read(|transaction| check(transaction, &profile(transaction, id)?, buying))
    }

    /// What the account was charged since then, in US cents: blocks and replacements, whatever was credited.
    pub fn charged_cents(&self, id: &str, since: Timestamp) -> Result<u64> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT ifnull(sum(cents), 0) FROM events WHERE account = ?1 AND at >= ?2 AND cents > 0",
            )?;
            Ok(statement.query_row([account.key, to_sql(since)], |row| Ok(from_sql(row.get(0)?)))?)
        })
    }
}

/// What counts against the account's caps at `now`.
pub(in crate::ledger) fn spending(
    transaction: &Transaction,
    account: &AccountProfile,
    now: Timestamp,
) -> Result<Spending> {
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull(sum(price_cents) FILTER (WHERE spent_day >= ?2), 0),
                ifnull(sum(price_cents) FILTER (WHERE spent_cycle = ?3), 0)
           FROM orders WHERE account = ?1 AND spent_on IS NOT NULL",
    )?;
    let today = to_sql(account.day(now).starts_at);
    Ok(statement.query_row(params![account.key, today, to_sql(account.cycle_starts_at)], |row| {
        Ok(Spending { day_cents: from_sql(row.get(0)?), cycle_cents: from_sql(row.get(1)?) })
    })?)
}

/// Sets the account's provider and limits. Orders that wait for room under a cap become due.
pub(in crate::ledger) fn change(transaction: &Transaction, account: &AccountProfile, buying: &Buying) -> Result<()> {
    check(transaction, account, buying)?;
    let areas = if buying.areas == Areas::Own { String::new() } else { buying.areas.to_string() };
    transaction.execute(
        "UPDATE accounts SET provider = ?2, areas = ?3, day_cents_max = ?4, cycle_cents_max = ?5 WHERE key = ?1",
        params![account.key, buying.provider, areas, buying.day_cents_max, buying.cycle_cents_max],
    )?;
    try_at_once(transaction, account.key)
}

fn check(transaction: &Transaction, account: &AccountProfile, buying: &Buying) -> Result<()> {
    if buying.day_cents_max.max(buying.cycle_cents_max) > CAP_CENTS_MAX {
        return Err(LedgerError::Refused("a cap is $1,000,000 at most".into()));
    }
    let under_way: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM replacements_under_way WHERE account = ?1 AND provider IS NOT NULL)",
        [account.key],
        |row| row.get(0),
    )?;
    if under_way && buying.provider != account.buying.provider {
        return Err(LedgerError::ReplacementsInProgress {
            account: account.id.clone(),
            provider: account.buying.provider.clone().unwrap_or_default(),
        });
    }
    let Some(provider) = &buying.provider else { return Ok(()) };
    let is_known: bool =
        transaction
            .query_row("SELECT EXISTS (SELECT 1 FROM providers WHERE name = ?1)", [provider], |row| row.get(0))?;
    if is_known { Ok(()) } else { Err(LedgerError::NoSuchProvider(provider.clone())) }
}
