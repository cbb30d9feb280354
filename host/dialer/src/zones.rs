//! Time zones, by the newer of two databases: the system's, and the one that the program brings along.
//!
//! Governments change their clocks at short notice, and systems update their database within weeks. So the system's is
//! used where it is newer; where there is none, or an older one, the program's own is. [`refresh`] looks again, for a
//! server that runs on while the system is updated.
//!
//! ```
//! use dialguard::calendar::{NaiveDate, NaiveTime, day_starts_at, instant, rfc3339};
//! use dialguard_dialer::zones::Zone;
//!
//! let zone: Zone = "America/New_York".parse()?;
//! let springs_forward: NaiveDate = "2026-03-08".parse()?; // from 2:00 to 3:00
//! let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
//! assert_eq!(rfc3339(instant(springs_forward, half_past_two, zone)), "2026-03-08T07:00:00Z");
//! assert_eq!(rfc3339(day_starts_at(springs_forward, zone)), "2026-03-08T05:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod database;

pub use crate::zones::database::Database;
use parking_lot::RwLock;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A time zone: a name of the tz database, with the rules that the database in use had when the name was read. Zones
/// are equal if their names are.
// Rules are read once for each database, of which a few come in a year, and live as long as the process. So a zone can
// be passed around like a number, and what is computed from it follows one set of rules.
#[derive(Clone, Copy)]
pub struct Zone(&'static Named);

struct Named {
    name: String,
    rules: jiff::tz::TimeZone,
}

/// The databases have no zone of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the time zone database has no {0:?}")]
pub struct UnknownZone(String);

/// The database in use, and the zones read from it.
static ZONES: LazyLock<RwLock<Zones>> = LazyLock::new(|| RwLock::new(Zones::of(Database::newest())));

struct Zones {
    database: Database,
    read: HashMap<String, Zone>,
}

impl Zones {
    fn of(database: Database) -> Self {
        Zones { database, read: HashMap::new() }
    }

    fn zone(&mut self, name: &str) -> Option<Zone> {
        if let Some(zone) = self.read.get(name) {
            return Some(*zone);
        }
        let zone = self.database.zone(name)?;
        self.read.insert(name.to_owned(), zone);
        Some(zone)
    }

    /// Takes this database, and reads again what was read. Returns whether something is different.
    fn turn_to(&mut self, database: Database) -> bool {
        let mut is_changed = self.database != database;
        for (name, zone) in &mut self.read {
            let rules = database.rules(name).filter(|rules| *rules != zone.0.rules);
            if let Some(rules) = rules {
                *zone = Zone::leak(name, rules);
                is_changed = true;
            }
        }
        self.database = database;
        is_changed
    }
}

/// The database in use.
pub fn database() -> Database {
    ZONES.read().database.clone()
}

/// The name of every zone, in alphabetical order.
pub fn names() -> Vec<String> {
    database().names()
}

/// Looks whether the system has another database now, or has other files in it, as while it is being updated. Zones
/// that are read from here on have the new rules. Returns the database if something is different.
pub fn refresh() -> Option<Database> {
    let database = Database::newest();
    let mut zones = ZONES.write();
    zones.turn_to(database).then(|| zones.database.clone())
}

/// From here on there is a zone of this name, with these rules of POSIX.
#[cfg(test)]
pub(crate) fn pretend(name: &str, rules: &str) {
    let rules = jiff::tz::TimeZone::posix(rules).expect("rules of POSIX");
    ZONES.write().read.insert(name.to_owned(), Zone::leak(name, rules));
}

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        static UTC: LazyLock<Zone> = LazyLock::new(|| Zone::leak("UTC", jiff::tz::TimeZone::UTC));
        *UTC
    }

    /// Its name in the tz database.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    fn leak(name: &str, rules: jiff::tz::TimeZone) -> Self {
        Zone(Box::leak(Box::new(Named { name: name.to_owned(), rules })))
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if let Some(zone) = ZONES.read().read.get(name) {
            return Ok(*zone);
        }
        ZONES.write().zone(name).ok_or_else(|| UnknownZone(name.to_owned()))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
