//! The providers that numbers are bought from.

use crate::ledger::events::{EventKind, append};
use crate::ledger::program_events::{ProgramSubject, note};
use crate::ledger::sources::{SERVICE_NAME_BYTES_MAX, SERVICE_SETTINGS_BYTES_MAX};
use crate::ledger::{Ledger, LedgerError, Result, asked_to_sql, ensure_length, ensure_room, from_sql, to_sql};
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::{ErrorCode, OptionalExtension, Row, Transaction, params};

/// Providers of a ledger, at most.
const PROVIDERS_MAX: u64 = 100;

/// A provider of numbers, as an operator set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderProfile {
    /// Its name, each once.
    pub name: String,
    /// Whose service it is.
    pub kind: ProviderKind,
    /// What a number costs when it is bought, in US cents: 1 to 10,000.
    pub price_cents: u32,
    /// How it is called, in JSON: says where its secrets are, never what they are.
    pub settings: String,
}

/// Whose service it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// Twilio.
    Twilio,
    /// Telnyx.
    Telnyx,
}

impl ProviderKind {
    /// Its name, as in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ProviderKind::Twilio => "twilio",
            ProviderKind::Telnyx => "telnyx",
        }
    }

    /// The provider's own name, for display.
    pub fn provider(self) -> &'static str {
        match self {
            ProviderKind::Twilio => "Twilio",
            ProviderKind::Telnyx => "Telnyx",
        }
    }

    /// The kind of that name; the schema has no other names.
    fn named(name: &str) -> Self {
        match name {
            "telnyx" => ProviderKind::Telnyx,
            _ => ProviderKind::Twilio,
        }
    }
}

/// A number in the ledger, from a provider's point of view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldNumber {
    /// The number.
    pub number: PhoneNumber,
    /// The account that has it, or had it last.
    pub account: String,
    /// Its state.
    pub state: NumberState,
    /// Whether it is in a slot.
    pub is_monitored: bool,
    /// Whether its purchase, replacement or release is in progress.
    pub is_under_way: bool,
    /// Whether it was bought from that provider.
    pub is_bought_there: bool,
    /// Whether it was given back to its provider.
    pub is_given_back: bool,
}

/// The state of a number in its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberState {
    /// It could take another's place.
    Candidate,
    /// It is to be bought.
    Ordered,
    /// The account owns it.
    Owned,
    /// The account has released it.
    Released,
}

impl NumberState {
    /// Its name, as in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            NumberState::Candidate => "candidate",
            NumberState::Ordered => "ordered",
            NumberState::Owned => "owned",
            NumberState::Released => "released",
        }
    }

    /// The state of that name; the schema has no other names.
    pub(in crate::ledger) fn named(name: &str) -> Self {
        match name {
            "candidate" => NumberState::Candidate,
            "ordered" => NumberState::Ordered,
            "owned" => NumberState::Owned,
            _ => NumberState::Released,
        }
    }
}

impl Ledger {
    /// Adds a provider.
    pub fn add_provider(&self, provider: &ProviderProfile, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let ProviderProfile { name, kind, price_cents, settings } = checked(provider)?;
            ensure_room(transaction, "providers", PROVIDERS_MAX)?;
            let added = transaction.execute(
                "INSERT INTO providers (name, kind, price_cents, settings) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO NOTHING",
                params![name, kind.name(), price_cents, settings],
            )?;
            if added == 0 {
                return Err(LedgerError::ProviderExists(name.clone()));
            }
            let text = format!("Provider {name} ({}) was added.", kind.provider());
            note(transaction, now, (ProgramSubject::Provider, name), "added", &text)
        })
    }

    /// Changes a provider's price and settings. Its kind stays, because numbers were bought there.
    pub fn change_provider(&self, provider: &ProviderProfile, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let ProviderProfile { name, kind, price_cents, settings } = checked(provider)?;
            let changed = transaction.execute(
                "UPDATE providers SET price_cents = ?3, settings = ?4 WHERE name = ?1 AND kind = ?2",
                params![name, kind.name(), price_cents, settings],
            )?;
            if changed == 0 {
                return Err(LedgerError::NoSuchProvider(name.to_owned()));
            }
            let text = format!("Provider {name} was changed.");
            note(transaction, now, (ProgramSubject::Provider, name), "changed", &text)
        })
    }

    /// Removes a provider. One that an account buys from, or that a number was bought from, stays.
    pub fn remove_provider(&self, name: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let removed = transaction.execute("DELETE FROM providers WHERE name = ?1", [name]);
            match removed.map_err(|error| (error.sqlite_error_code(), error)) {
                Ok(0) => Err(LedgerError::NoSuchProvider(name.to_owned())),
                Ok(_) => {
                    let text = format!("Provider {name} was removed.");
                    note(transaction, now, (ProgramSubject::Provider, name), "removed", &text)
                }
                Err((Some(ErrorCode::ConstraintViolation), _)) => Err(LedgerError::ProviderInUse(name.to_owned())),
                Err((_, error)) => Err(error.into()),
            }
        })
    }

    /// Every provider, in the order of their names.
    pub fn providers(&self) -> Result<Vec<ProviderProfile>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare("SELECT name, kind, price_cents, settings FROM providers ORDER BY name")?;
            let providers = statement.query_map([], profile)?;
            Ok(providers.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The provider of that name; [`LedgerError::NoSuchProvider`] if there is none.
    pub fn provider(&self, name: &str) -> Result<ProviderProfile> {
        self.read(|transaction| {
            let provider = "SELECT name, kind, price_cents, settings FROM providers WHERE name = ?1";
            transaction
                .query_row(provider, [name], profile)
                .optional()?
                .ok_or_else(|| LedgerError::NoSuchProvider(name.to_owned()))
        })
    }

    /// Every number of every account, from a provider's point of view, in ascending order.
    pub fn held_numbers(&self, provider: &str) -> Result<Vec<HeldNumber>> {
        self.read(|transaction| held(transaction, provider, None))
    }

    /// The same for one number; none if it is not in the ledger.
    pub(crate) fn held_number(&self, provider: &str, number: PhoneNumber) -> Result<Option<HeldNumber>> {
        self.read(|transaction| Ok(held(transaction, provider, Some(number))?.pop()))
    }

    /// Records that a released number was given back to its provider after all.
    pub(crate) fn given_back(&self, number: PhoneNumber, provider: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let account: i64 =
                transaction
                    .query_row("SELECT account FROM numbers WHERE number = ?1", [to_sql(number)], |row| row.get(0))?;
            // From now on it counts as released.
            transaction.execute(
                "UPDATE numbers SET since = ?2, given_back_at = ?2 WHERE number = ?1 AND state = 'released'",
                params![to_sql(number), to_sql(now)],
            )?;
            let text = format!("{}, which had left the account before, was given back to {provider}.", e164(number));
            append(transaction, account, now, None, EventKind::Released, Some(number), &text)
        })
    }
}

fn held(transaction: &Transaction, provider: &str, number: Option<PhoneNumber>) -> Result<Vec<HeldNumber>> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT number, accounts.id, state,
                EXISTS (SELECT 1 FROM monitored WHERE monitored.number = numbers.number),
                -- Once it has the slot, a replacement is a number like any other; the old one still rests.
                state = 'ordered'
                OR EXISTS (
                    SELECT 1 FROM orders
                     WHERE orders.number = numbers.number AND orders.state NOT IN ('done', 'abandoned'))
                OR EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.replacement = numbers.number),
                EXISTS (
                    SELECT 1 FROM orders
                     WHERE orders.replacement = numbers.number AND orders.account = numbers.account
                       AND orders.provider = ?1
                       AND orders.price_cents IS NOT NULL
                       AND (orders.state <> 'abandoned' OR orders.spent_on IS NOT NULL)),
                state = 'released' AND given_back_at IS since
           FROM numbers JOIN accounts ON accounts.key = numbers.account {} ORDER BY number",
        if number.is_some() { "WHERE number = ?2" } else { "WHERE ?2 IS NULL" }
    ))?;
    let numbers = statement.query_map(params![provider, number.map(asked_to_sql)], |row| {
        Ok(HeldNumber {
            number: from_sql(row.get(0)?),
            account: row.get(1)?,
            state: NumberState::named(row.get_ref(2)?.as_str()?),
            is_monitored: row.get(3)?,
            is_under_way: row.get(4)?,
            is_bought_there: row.get(5)?,
            is_given_back: row.get(6)?,
        })
    })?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

fn profile(row: &Row) -> rusqlite::Result<ProviderProfile> {
    let kind = ProviderKind::named(row.get_ref(1)?.as_str()?);
    Ok(ProviderProfile { name: row.get(0)?, kind, price_cents: row.get(2)?, settings: row.get(3)? })
}

fn checked(provider: &ProviderProfile) -> Result<&ProviderProfile> {
    ensure_length("a provider's name", &provider.name, SERVICE_NAME_BYTES_MAX)?;
    ensure_length("a provider's settings", &provider.settings, SERVICE_SETTINGS_BYTES_MAX)?;
    match provider.price_cents {
        1..=10_000 => Ok(provider),
        _ => Err(LedgerError::Refused("the price of a number is 1 to 10,000 US cents".into())),
    }
}
