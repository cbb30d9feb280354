//! `dialguard account settings`

use crate::cli::output::table;
use crate::cli::{CommandContext, Done};
use crate::json::{AccountSettings, DeclaredSetting};
use crate::words::shortened;
use anyhow::Result;
use dialguard::contract::Setting;
use dialguard_dialer::ledger;
use dialguard_dialer::settings::Declaration;

pub fn list(context: &CommandContext, id: Option<&str>) -> Result<Done> {
    let ledger = context.ledger()?;
    let live = context.policies(ledger.clone())?.live()?;
    let declaration = &live.declaration;
    let Some(id) = id else {
        let text = || in_words(declaration, None);
        return Ok(Done::show(context.json, || DeclaredSetting::all(declaration), text));
    };
    let settings = ledger.account(id)?.settings;
    Ok(Done::show(
        context.json,
        || AccountSettings::new(declaration, &settings),
        || in_words(declaration, Some(&settings)) + &unused_in_words(declaration, &settings),
    ))
}

/// The settings with their ranges and, of an account, their values. What each means is below the table.
fn in_words(declaration: &Declaration, settings: Option<&ledger::AccountSettings>) -> String {
    let rows = declaration.settings().iter().map(|setting| {
        let value = settings.map(|settings| value_in_words(declaration, setting, settings));
        [setting.name.clone()].into_iter().chain(value).chain([setting.range_in_words(), setting.meaning.clone()])
    });
    let header = ["SETTING"].into_iter().chain(settings.map(|_| "VALUE")).chain(["RANGE", "MEANING"]);
    table(header.map(str::to_owned), rows)
}

fn value_in_words(declaration: &Declaration, setting: &Setting, settings: &ledger::AccountSettings) -> String {
    let value = setting.text(declaration.value(&setting.name, settings).unwrap_or_default());
    match declaration.unfit(setting, settings) {
        Some(stored) => format!("{value} ({} does not fit)", shortened(stored)),
        None => value,
    }
}

fn unused_in_words(declaration: &Declaration, settings: &ledger::AccountSettings) -> String {
    let unused: Vec<_> = declaration
        .unused(settings)
        .map(|(name, value)| format!("  {}={}\n", shortened(name), shortened(value)))
        .collect();
    if unused.is_empty() {
        return String::new();
    }
    let why = match declaration.takes_others() {
        true => "Settings that the active policy may know:",
        false => "Stored for other policies, and unused; `dialguard account set ID --unset NAME` removes one:",
    };
    format!("\n{why}\n{}", unused.concat())
}
