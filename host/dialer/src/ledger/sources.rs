//! Sources of verdicts, and the carriers that they have named.

pub(in crate::ledger) mod carriers;
pub(in crate::ledger) mod lookups;

use crate::ledger::program_events::{ProgramSubject, note};
use crate::ledger::sources::carriers::Carriers;
use crate::ledger::{Ledger, LedgerError, Result, ensure_length, ensure_room};
use dialguard::contract::{CarrierId, SourceId, Timestamp};
use rusqlite::params;

/// Sources of a ledger, at most: each run asks all of them.
const SOURCES_MAX: u64 = 100;

/// Bytes of the name of a source or a provider, at most.
pub(in crate::ledger) const SERVICE_NAME_BYTES_MAX: usize = 64;

/// Bytes of its location or settings, at most. A path may have 4,096.
pub(in crate::ledger) const SERVICE_SETTINGS_BYTES_MAX: usize = 16 << 10;

/// A source of verdicts, as an operator set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProfile {
    /// Its name, each once.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// The folder, the file, or the seed; for a folder with other scores than the default ones, and for a service, its
    /// settings in JSON, which say where its secrets are, never what they are.
    pub location: String,
}

/// A source of verdicts, as the contract knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberedSource {
    /// Stands for it in recordings; no other source ever gets it.
    pub id: SourceId,
    /// As it was set up.
    pub profile: SourceProfile,
    /// The carriers that it has named so far, in ascending order.
    pub carriers: Vec<CarrierId>,
}

/// Ids of sources, those that were removed included, at most.
const SOURCE_IDS_MAX: u64 = 65_535;

/// What a source of verdicts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A folder of the FTC's daily complaint files.
    Ftc,
    /// A file that a dialer writes.
    Verdicts,
    /// Made up from a seed.
    Simulated,
    /// DNCScrub TrustCall.
    TrustCall,
    /// Telnyx number reputation.
    Telnyx,
    /// Nomorobo's spam score, through Twilio Lookup.
    Nomorobo,
}

impl SourceKind {
    /// Its name, as in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Ftc => "ftc",
            SourceKind::Verdicts => "verdicts",
            SourceKind::Simulated => "simulated",
            SourceKind::TrustCall => "trustcall",
            SourceKind::Telnyx => "telnyx",
            SourceKind::Nomorobo => "nomorobo",
        }
    }

    /// Every kind.
    pub const ALL: [SourceKind; 6] = [
        SourceKind::Verdicts,
        SourceKind::Ftc,
        SourceKind::TrustCall,
        SourceKind::Telnyx,
        SourceKind::Nomorobo,
        SourceKind::Simulated,
    ];

    /// The kind of that name; the schema has no other names.
    pub(in crate::ledger) fn named(name: &str) -> Self {
        match name {
            "ftc" => SourceKind::Ftc,
            "verdicts" => SourceKind::Verdicts,
            "trustcall" => SourceKind::TrustCall,
            "telnyx" => SourceKind::Telnyx,
            "nomorobo" => SourceKind::Nomorobo,
            _ => SourceKind::Simulated,
        }
    }
}

impl Ledger {
    /// Adds a source of verdicts, one of at most 100.
    pub fn add_source(&self, source: &SourceProfile, now: Timestamp) -> Result<()> {
        ensure_length("a source's name", &source.name, SERVICE_NAME_BYTES_MAX)?;
        ensure_length("a source's location", &source.location, SERVICE_SETTINGS_BYTES_MAX)?;
        self.change(|transaction| {
            let known: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM sources WHERE name = ?1)",
                [&source.name],
                |row| row.get(0),
            )?;
            if known {
                return Err(LedgerError::SourceExists(source.name.clone()));
            }
            ensure_room(transaction, "sources", SOURCES_MAX)?;
            transaction.execute(
                "INSERT INTO sources (name, kind, location) VALUES (?1, ?2, ?3)",
                params![source.name, source.kind.name(), source.location],
            )?;
            let text = format!("Source {} ({}) was added.", source.name, source.kind.name());
            note(transaction, now, (ProgramSubject::Source, &source.name), "added", &text)?;
            let is_new = "SELECT NOT EXISTS (SELECT 1 FROM source_ids WHERE name = ?1)";
            if transaction.query_row(is_new, [&source.name], |row| row.get(0))? {
                ensure_room(transaction, "source_ids", SOURCE_IDS_MAX)?;
                transaction.execute("INSERT INTO source_ids (name) VALUES (?1)", [&source.name])?;
            }
            Ok(())
        })
    }

    /// Changes where a source has its verdicts from. Its kind stays, because its past verdicts are of that kind.
    pub fn change_source(&self, source: &SourceProfile, now: Timestamp) -> Result<()> {
        ensure_length("a source's location", &source.location, SERVICE_SETTINGS_BYTES_MAX)?;
        self.change(|transaction| {
            let changed = transaction.execute(
                "UPDATE sources SET location = ?3 WHERE name = ?1 AND kind = ?2",
                params![source.name, source.kind.name(), source.location],
            )?;
            if changed == 0 {
                return Err(LedgerError::NoSuchSource(source.name.clone()));
            }
            let text = format!("Source {} was changed.", source.name);
            note(transaction, now, (ProgramSubject::Source, &source.name), "changed", &text)
        })
    }

    /// The source of that name; [`LedgerError::NoSuchSource`] if there is none.
    pub fn source(&self, name: &str) -> Result<SourceProfile> {
        let found = self.sources()?.into_iter().find(|source| source.name == name);
        found.ok_or_else(|| LedgerError::NoSuchSource(name.to_owned()))
    }

    /// Removes a source of verdicts. What it said before stays on record.
    pub fn remove_source(&self, name: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            if transaction.execute("DELETE FROM sources WHERE name = ?1", [name])? == 0 {
                return Err(LedgerError::NoSuchSource(name.to_owned()));
            }
            let text = format!("Source {name} was removed.");
            note(transaction, now, (ProgramSubject::Source, name), "removed", &text)
        })
    }

    /// Every source of verdicts, in the order of their names.
    pub fn sources(&self) -> Result<Vec<SourceProfile>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare("SELECT name, kind, location FROM sources ORDER BY name")?;
            let sources = statement.query_map([], |row| {
                let kind = SourceKind::named(row.get_ref(1)?.as_str()?);
                Ok(SourceProfile { name: row.get(0)?, kind, location: row.get(2)? })
            })?;
            Ok(sources.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every source of verdicts with its id, in ascending order of id.
    pub(crate) fn numbered_sources(&self) -> Result<Vec<NumberedSource>> {
        self.read(|transaction| {
            let carriers = Carriers::read(transaction)?;
            let mut named = transaction.prepare_cached("SELECT carrier FROM source_carriers WHERE source = ?1")?;
            let mut statement = transaction.prepare_cached(
                "SELECT id, sources.name, kind, location FROM sources JOIN source_ids ON source_ids.name = sources.name
                  ORDER BY id",
            )?;
            let mut rows = statement.query([])?;
            let mut sources = Vec::new();
            while let Some(row) = rows.next()? {
                let profile = SourceProfile {
                    name: row.get(1)?,
                    kind: SourceKind::named(&row.get::<_, String>(2)?),
                    location: row.get(3)?,
                };
                let ids = named.query_map([&profile.name], |row| row.get(0))?;
                let carriers = carriers.in_use(ids.collect::<rusqlite::Result<Vec<_>>>()?);
                sources.push(NumberedSource { id: row.get(0)?, profile, carriers });
            }
            Ok(sources)
        })
    }

    /// Notes that a source speaks for these carriers, unless that is known or the source was removed meanwhile.
    pub(crate) fn note_carriers_of(&self, source: &str, carriers: &[CarrierId]) -> Result<()> {
        let is_known = "SELECT EXISTS (SELECT 1 FROM source_carriers WHERE source = ?1 AND carrier = ?2)";
        let unknown = self.read(|transaction| {
            let mut statement = transaction.prepare_cached(is_known)?;
            let mut unknown = Vec::new();
            for carrier in carriers {
                if !statement.query_row(params![source, carrier], |row| row.get(0))? {
                    unknown.push(*carrier);
                }
            }
            Ok(unknown)
        })?;
        if unknown.is_empty() {
            return Ok(());
        }
        self.change(|transaction| {
            let mut note = transaction.prepare_cached(
                "INSERT OR IGNORE INTO source_carriers (source, carrier)
                 SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM sources WHERE name = ?1)",
            )?;
            for carrier in &unknown {
                note.execute(params![source, carrier])?;
            }
            Ok(())
        })
    }
}
