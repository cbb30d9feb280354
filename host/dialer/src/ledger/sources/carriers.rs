//! Carriers: one carrier is one vote, however its name is written.
//!
//! Names are the same if their letters and digits are, in upper or lower case: `AT&T`, `at&t` and `ATT`. Other names of a
//! carrier are aliases, which users can add. Carriers that an older version took for different ones, or that an alias joins,
//! keep their ids, which recordings have; readers get the lowest id of all names of the carrier.

use crate::ledger::program_events::{ProgramSubject, note};
use crate::ledger::runs::answers::CarrierAnswer;
use crate::ledger::{Ledger, LedgerError, Result, ensure_room};
use dialguard::contract::{Carrier, CarrierId, Timestamp};
use rusqlite::{Transaction, params};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The longest name of a carrier, in characters.
pub(crate) const CARRIER_CHARACTERS_MAX: usize = 64;

/// Other names of carriers, at most: each run reads them.
const ALIASES_MAX: u64 = 1_000;

/// Another name of a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierAlias {
    /// The name that sources may use.
    pub alias: String,
    /// The carrier that it means.
    pub carrier: String,
}

/// What makes two names the same: letters and digits in lower case. A name without any is itself.
pub(crate) fn carrier_key(name: &str) -> String {
    let key: String = name.chars().filter(|character| character.is_alphanumeric()).collect();
    if key.is_empty() { name.trim().to_owned() } else { key.to_lowercase() }
}

impl Ledger {
    /// Every carrier that a source has named, once each, in ascending order of id.
    pub fn carriers(&self) -> Result<Vec<Carrier>> {
        self.read(|transaction| Ok(Carriers::read(transaction)?.listed))
    }

    /// The carriers of these names, which may be new, in the same order.
    pub(crate) fn carriers_named(&self, names: &[Arc<str>]) -> Result<Vec<Carrier>> {
        let known = self.read(|transaction| Ok(Carriers::read(transaction)?.named(names)))?;
        match known {
            Some(known) => Ok(known),
            None => self.change(|transaction| {
                let (known, mut added) = (Carriers::read(transaction)?, HashSet::new());
                for name in names {
                    let key = known.key_of(name);
                    if !known.by_key.contains_key(&key) && added.insert(key) {
                        add(transaction, name)?;
                    }
                }
                Ok(Carriers::read(transaction)?.named(names).expect("each of them is known or has just been added"))
            }),
        }
    }

    /// Every alias, in the order of the names.
    pub fn carrier_aliases(&self) -> Result<Vec<CarrierAlias>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare("SELECT alias, carrier FROM carrier_aliases ORDER BY alias")?;
            let aliases =
                statement.query_map([], |row| Ok(CarrierAlias { alias: row.get(0)?, carrier: row.get(1)? }))?;
            Ok(aliases.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Makes a name an alias of a carrier from the next run on, in place of what it meant before. The votes of both names
    /// are one; what was recorded under them is shown together.
    pub fn set_carrier_alias(&self, CarrierAlias { alias, carrier }: &CarrierAlias, now: Timestamp) -> Result<()> {
        for name in [alias, carrier] {
            let is_name = !name.trim().is_empty()
                && name.chars().count() <= CARRIER_CHARACTERS_MAX
                && !name.contains(char::is_control);
            if !is_name {
                let message = format!("a carrier's name has 1 to {CARRIER_CHARACTERS_MAX} characters");
                return Err(LedgerError::Refused(message));
            }
        }
        self.change(|transaction| {
            let key = carrier_key(alias);
            if Carriers::read(transaction)?.key_of(carrier) == key {
                return Err(LedgerError::Refused(format!("{carrier:?} and {alias:?} are one carrier already")));
            }
            ensure_room(transaction, "carrier_aliases", ALIASES_MAX)?;
            transaction.execute(
                "INSERT INTO carrier_aliases (key, alias, carrier) VALUES (?1, ?2, ?3)
                     ON CONFLICT (key) DO UPDATE SET alias = ?2, carrier = ?3",
                params![key, alias.trim(), carrier.trim()],
            )?;
            let (alias, carrier) = (alias.trim(), carrier.trim());
            let text = format!("{alias:?} became another name of {carrier:?}.");
            note(transaction, now, (ProgramSubject::Carrier, alias), "joined", &text)
        })
    }

    /// Makes a name a carrier of its own again.
    pub fn remove_carrier_alias(&self, alias: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            match transaction.execute("DELETE FROM carrier_aliases WHERE key = ?1", [carrier_key(alias)])? {
                0 => Err(LedgerError::NoSuchAlias(alias.to_owned())),
                _ => {
                    let text = format!("{alias:?} became a carrier of its own.");
                    note(transaction, now, (ProgramSubject::Carrier, alias), "separated", &text)
                }
            }
        })
    }
}

fn add(transaction: &Transaction, name: &str) -> Result<()> {
    transaction.execute("INSERT INTO carriers (name) VALUES (?1)", [name])?;
    CarrierId::try_from(transaction.last_insert_rowid())
        .map(drop)
        .map_err(|_| LedgerError::Refused("there are 65,535 carriers, which is the maximum".into()))
}

/// All carriers, and which of the recorded ids are the same one.
pub(in crate::ledger) struct Carriers {
    listed: Vec<Carrier>,
    /// Each carrier by its key.
    by_key: HashMap<String, Carrier>,
    /// The key and the name that the key of an alias means.
    aliases: BTreeMap<String, (String, String)>,
    /// The id in use of each that is no longer used.
    merged: HashMap<CarrierId, CarrierId>,
}

impl Carriers {
    pub fn read(transaction: &Transaction) -> Result<Self> {
        let mut carriers = Carriers {
            listed: Vec::new(),
            by_key: HashMap::new(),
            aliases: aliases(transaction)?,
            merged: HashMap::new(),
        };
        let mut statement = transaction.prepare_cached("SELECT id, name FROM carriers ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            carriers.take(Carrier { id: row.get(0)?, name: row.get(1)? });
        }
        carriers.listed = carriers.by_key.values().cloned().collect();
        carriers.listed.sort_unstable_by_key(|carrier| carrier.id);
        Ok(carriers)
    }

    /// In ascending order of id.
    fn take(&mut self, Carrier { id, name }: Carrier) {
        let key = self.key_of(&name);
        if let Some(known) = self.by_key.get(&key) {
            self.merged.insert(id, known.id);
            return;
        }
        let is_alias = key != carrier_key(&name);
        let meant = if is_alias { self.name_of(&key) } else { None };
        self.by_key.insert(key, Carrier { id, name: meant.unwrap_or(name) });
    }

    /// The key of the carrier that a name means.
    fn key_of(&self, name: &str) -> String {
        let mut key = carrier_key(name);
        // No alias leads back to itself; the bound holds even so.
        for _ in 0..self.aliases.len() {
            match self.aliases.get(&key) {
                Some((meant, _)) => key.clone_from(meant),
                None => break,
            }
        }
        key
    }

    /// The name by which aliases call the carrier of this key.
    fn name_of(&self, key: &str) -> Option<String> {
        self.aliases.values().find(|(meant, _)| meant == key).map(|(_, name)| name.clone())
    }

    /// None if one of them is new.
    fn named(&self, names: &[Arc<str>]) -> Option<Vec<Carrier>> {
        names.iter().map(|name| self.by_key.get(&self.key_of(name)).cloned()).collect()
    }

    /// The same carriers by the ids in use, in ascending order, each once.
    pub fn in_use(&self, mut ids: Vec<CarrierId>) -> Vec<CarrierId> {
        for id in &mut ids {
            *id = self.merged.get(id).copied().unwrap_or(*id);
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The same answers with the ids in use, in ascending order of number and carrier if ids were merged: of several by one
    /// carrier about one number in one run, the newest.
    pub fn merge(&self, mut answers: Vec<CarrierAnswer>) -> Vec<CarrierAnswer> {
        if answers.iter().any(|answer| self.merged.contains_key(&answer.carrier)) {
            for answer in &mut answers {
                answer.carrier = self.merged.get(&answer.carrier).copied().unwrap_or(answer.carrier);
            }
            answers.sort_by_key(|answer| (answer.number, answer.carrier, Reverse(answer.observed_at)));
            answers.dedup_by_key(|answer| (answer.number, answer.carrier));
        }
        answers
    }
}

fn aliases(transaction: &Transaction) -> Result<BTreeMap<String, (String, String)>> {
    let mut statement = transaction.prepare_cached("SELECT key, carrier FROM carrier_aliases")?;
    let aliases = statement.query_map([], |row| {
        let carrier: String = row.get(1)?;
        Ok((row.get(0)?, (carrier_key(&carrier), carrier)))
    })?;
    Ok(aliases.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_if_their_letters_and_digits_are() {
        let same = [
            ["AT&T", "at&t", "ATT", " A.T.T. "].as_slice(),
            &["T-Mobile", "t mobile", "TMOBILE"],
            &["First Orion", "first-orion", "FirstOrion"],
            &["Télé 2", "TÉLÉ2"],
            &["***", " *** "],
        ];
        for (place, names) in same.iter().enumerate() {
            let keys: Vec<_> = names.iter().map(|name| carrier_key(name)).collect();
            assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}: {keys:?}");
            let others = same.iter().enumerate().filter(|(other, _)| *other != place);
            assert!(others.flat_map(|(_, names)| *names).all(|name| carrier_key(name) != keys[0]), "{names:?}");
        }
    }
}
