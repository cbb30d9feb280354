//! The options for an account's settings.
//!
//! The command line is read before a ledger is open, so that it cannot know what the active policy declares: the
//! settings of the built-in policy have options of their own, and `--setting` takes any. The active policy decides
//! about all of them.

use crate::parse;
use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use dialguard::contract::{ChoiceSetting, IntegerSetting, Setting, SettingKind, SwitchSetting};
use dialguard::settings::guard_rails;
use dialguard_dialer::ledger::AccountSettings;
use dialguard_dialer::settings::Declaration;
use dialguard_policy::contract::{self as built_in, Setting as BuiltIn};

const SETTING: &str = "setting";
const UNSET: &str = "unset";

/// What was given for settings: their names and values, and those that go back to their defaults.
pub struct SettingOptions {
    set: Vec<(String, String)>,
    unset: Vec<String>,
}

impl SettingOptions {
    /// Changes the settings; an error names the setting and what it may be under the active policy.
    pub fn apply(&self, declaration: &Declaration, settings: &mut AccountSettings) -> Result<()> {
        for name in &self.unset {
            declaration.unset(settings, name)?;
        }
        for (name, value) in &self.set {
            declaration.set(settings, name, value)?;
        }
        Ok(())
    }
}

/// The settings that have options of their own.
fn listed() -> impl Iterator<Item = Setting> {
    guard_rails().into_iter().chain(of_built_in_policy())
}

fn of_built_in_policy() -> impl Iterator<Item = Setting> {
    dialguard_policy::settings::declaration().into_iter().map(of_built_in)
}

/// The policy's crate has the contract's types too, made for components.
fn of_built_in(BuiltIn { name, meaning, kind }: BuiltIn) -> Setting {
    let kind = match kind {
        built_in::SettingKind::Switch(it) => SettingKind::Switch(SwitchSetting { default: it.default }),
        built_in::SettingKind::Integer(built_in::IntegerSetting { min, max, default, unit }) => {
            SettingKind::Integer(IntegerSetting { min, max, default, unit })
        }
        built_in::SettingKind::Choice(built_in::ChoiceSetting { names, default }) => {
            SettingKind::Choice(ChoiceSetting { names, default })
        }
    };
    Setting { name, meaning, kind }
}

impl Args for SettingOptions {
    fn augment_args(command: Command) -> Command {
        let set = Arg::new(SETTING)
            .long(SETTING)
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(parse::named_value)
            .help("Any setting of the active policy (see `dialguard account settings`); may be repeated");
        let unset = Arg::new(UNSET)
            .long(UNSET)
            .value_name("NAME")
            .action(ArgAction::Append)
            .help("Put a setting back to its default, or remove a stored one that no policy uses; may be repeated");
        // The guard rails are the same for every policy.
        let rails = guard_rails()
            .map(|rail| option(&rail).value_parser(move |text: &str| rail.parse(text).map(|value| rail.text(value))));
        let options = rails.into_iter().chain(of_built_in_policy().map(|setting| option(&setting)));
        command.next_help_heading("Settings").args(options).arg(set).arg(unset)
    }

    fn augment_args_for_update(command: Command) -> Command {
        SettingOptions::augment_args(command)
    }
}

fn option(setting: &Setting) -> Arg {
    let value_name = match &setting.kind {
        SettingKind::Switch(_) => "on|off".to_owned(),
        SettingKind::Integer(IntegerSetting { unit, .. }) => unit.to_uppercase(),
        SettingKind::Choice(ChoiceSetting { names, .. }) => names.join("|"),
    };
    Arg::new(setting.name.clone()).long(setting.name.clone()).value_name(value_name).help(format!(
        "{} [{}]",
        setting.meaning,
        setting.range_in_words()
    ))
}

impl FromArgMatches for SettingOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let of_its_own = listed().filter_map(|setting| {
            let value = matches.get_one::<String>(&setting.name)?.clone();
            Some((setting.name, value))
        });
        let named = matches.get_many::<(String, String)>(SETTING).into_iter().flatten().cloned();
        let unset = matches.get_many::<String>(UNSET).into_iter().flatten().cloned();
        Ok(SettingOptions { set: of_its_own.chain(named).collect(), unset: unset.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingOptions::from_arg_matches(matches)?;
        Ok(())
    }
}
