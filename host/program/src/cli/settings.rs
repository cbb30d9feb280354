//! The options for an account's settings, from the table in [`dialguard::settings`].

use crate::parse;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use dialguard::contract::Settings;
use dialguard::settings::{SETTINGS, Setting, SettingKind, SettingValue, change_other};

const OTHER: &str = "other";

/// What was given for the contract's settings, and for those that only some policies know.
pub struct SettingOptions {
    values: Vec<(&'static Setting, SettingValue)>,
    other: Vec<(String, String)>,
}

impl SettingOptions {
    pub fn apply(&self, settings: &mut Settings) {
        self.values.iter().for_each(|(setting, value)| setting.set(settings, *value));
        change_other(settings, self.other.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    }
}

impl Args for SettingOptions {
    fn augment_args(command: Command) -> Command {
        let other = Arg::new(OTHER)
            .long(OTHER)
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(parse::other_setting)
            .help("A setting that only some policies know; may be repeated");
        command.next_help_heading("Settings").args(SETTINGS.iter().map(option)).arg(other)
    }

    fn augment_args_for_update(command: Command) -> Command {
        SettingOptions::augment_args(command)
    }
}

fn option(setting: &'static Setting) -> Arg {
    let value_name = match setting.kind {
        SettingKind::Switch { .. } => "on|off".to_owned(),
        SettingKind::Integer { unit, .. } => unit.to_uppercase(),
    };
    Arg::new(setting.name)
        .long(setting.name)
        .value_name(value_name)
        .value_parser(ValueParser::from(|text: &str| setting.parse(text)))
        .help(format!("{} [{}]", setting.meaning, setting.range_in_words()))
}

impl FromArgMatches for SettingOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |setting: &'static Setting| Some((setting, *matches.get_one::<SettingValue>(setting.name)?));
        let other = matches.get_many::<(String, String)>(OTHER).into_iter().flatten().cloned();
        Ok(SettingOptions { values: SETTINGS.iter().filter_map(value).collect(), other: other.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingOptions::from_arg_matches(matches)?;
        Ok(())
    }
}
