//! Sources of verdicts, and the carriers that they have named.

pub(in crate::ledger) mod carriers;
pub(in crate::ledger) mod lookups;

use crate::ledger::{Ledger, LedgerError, Result, ensure_length, ensure_room};
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

    /// The kind of that name; the schema has no other names.
    fn named(name: &str) -> Self {
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
    pub fn add_source(&self, source: &SourceProfile) -> Result<()> {
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
            Ok(())
        })
    }

    /// Removes a source of verdicts. What it said before stays on record.
    pub fn remove_source(&self, name: &str) -> Result<()> {
        self.change(|transaction| {
            if transaction.execute("DELETE FROM sources WHERE name = ?1", [name])? == 0 {
                return Err(LedgerError::NoSuchSource(name.to_owned()));
            }
            Ok(())
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
}
