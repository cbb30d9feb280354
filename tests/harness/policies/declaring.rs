//! Policies that declare the settings of a test, and rate no number.

use super::hostile::{component_around, parse};
use dialguard::contract::{ChoiceSetting, IntegerSetting, Setting, SettingKind, SwitchSetting};
use dialguard::policy::{REFERENCE_POLICY, Wasi};
use dialguard::sha256;
use dialguard_dialer::ledger::{Ledger, NewPolicy, Revision};

const POLICY: &str = include_str!("../../policies/declaring/policy.wat");

/// Where its description lies in memory.
const DESCRIPTION: usize = 0x10000;

pub fn switch(name: &str, default: bool) -> Setting {
    setting(name, SettingKind::Switch(SwitchSetting { default }))
}

pub fn integer(name: &str, min: i64, max: i64, default: i64, unit: &str) -> Setting {
    setting(name, SettingKind::Integer(IntegerSetting { min, max, default, unit: unit.into() }))
}

pub fn choice(name: &str, names: &[&str], default: u32) -> Setting {
    let names = names.iter().map(|name| name.to_string()).collect();
    setting(name, SettingKind::Choice(ChoiceSetting { names, default }))
}

fn setting(name: &str, kind: SettingKind) -> Setting {
    Setting { name: name.into(), meaning: format!("What {name} is."), kind }
}

/// A real component whose `describe` lists these settings.
pub fn declaring(settings: &[Setting]) -> Vec<u8> {
    let data: String = Image::of(settings).bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = POLICY.replace("{description}", &DESCRIPTION.to_string()).replace("{data}", &data);
    component_around(REFERENCE_POLICY, &parse(&text))
}

/// Installs it without its smoke check, which it could not pass.
pub fn install(ledger: &Ledger, settings: &[Setting], now: u64) -> Revision {
    let component = declaring(settings);
    let policy = NewPolicy {
        sha256: &sha256(&component),
        component: &component,
        signature: None,
        name: "declaring",
        version: "1.0.0",
        summary: "Declares settings.",
        contract: "0.3.0",
        built_in: false,
        wasi: Wasi::None,
    };
    ledger.install_policy(&policy, now).expect("it is installed")
}

/// The record `description` as it lies in memory: its fields first, and then what they point to.
struct Image {
    bytes: Vec<u8>,
}

/// Bytes of a `setting`: its name, its meaning, and the tag and the fields of its kind.
const SETTING: usize = 56;

impl Image {
    fn of(settings: &[Setting]) -> Self {
        let mut image = Image { bytes: vec![0; 32] };
        for (place, text) in ["declaring", "1.0.0", "Declares settings."].into_iter().enumerate() {
            image.text(place * 8, text);
        }
        let first = image.room(settings.len() * SETTING);
        image.list(24, first, settings.len());
        for (place, setting) in settings.iter().enumerate() {
            image.setting(first + place * SETTING, setting);
        }
        image
    }

    fn setting(&mut self, at: usize, setting: &Setting) {
        self.text(at, &setting.name);
        self.text(at + 8, &setting.meaning);
        let (kind, fields) = (at + 16, at + 24);
        match &setting.kind {
            SettingKind::Switch(SwitchSetting { default }) => self.put(fields, &[u8::from(*default)]),
            SettingKind::Integer(IntegerSetting { min, max, default, unit }) => {
                self.put(kind, &[1]);
                for (place, value) in [min, max, default].into_iter().enumerate() {
                    self.put(fields + place * 8, &value.to_le_bytes());
                }
                self.text(fields + 24, unit);
            }
            SettingKind::Choice(ChoiceSetting { names, default }) => {
                self.put(kind, &[2]);
                let first = self.room(names.len() * 8);
                self.list(fields, first, names.len());
                self.put(fields + 8, &default.to_le_bytes());
                names.iter().enumerate().for_each(|(place, name)| self.text(first + place * 8, name));
            }
        }
    }

    /// Room at the end, aligned for any field.
    fn room(&mut self, bytes: usize) -> usize {
        let at = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(at + bytes, 0);
        at
    }

    fn text(&mut self, at: usize, text: &str) {
        let place = self.room(text.len());
        self.put(place, text.as_bytes());
        self.list(at, place, text.len());
    }

    fn list(&mut self, at: usize, first: usize, len: usize) {
        self.put(at, &((DESCRIPTION + first) as u32).to_le_bytes());
        self.put(at + 4, &(len as u32).to_le_bytes());
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
