//! Installed policies: their revisions, which one is live, which keys are trusted, and what went wrong.

pub(in crate::ledger) mod comparisons;

use crate::ledger::accounts::profile;
use crate::ledger::actors::{ACTOR_COLUMNS, Actor, Change, actor_from_row, join_actors};
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::{EventKind, NewEvent};
use crate::ledger::runs::records::RecordLimits;
use crate::ledger::{
    Ledger, LedgerError, NAME_BYTES_MAX, Result, asked_to_sql, ensure_length, ensure_room, from_sql, to_sql,
};
use dialguard::contract::{Severity, Timestamp};
use dialguard::policy::{Limits, Wasi};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A policy as it was installed, counted from 1. Going back to an older policy is a new revision.
pub type Revision = u64;

/// A policy that is to be installed.
#[derive(Debug, Clone)]
pub struct NewPolicy<'a> {
    /// SHA-256 of the component, in hexadecimal.
    pub sha256: &'a str,
    /// The component.
    pub component: &'a [u8],
    /// Ed25519 over the component.
    pub signature: Option<&'a [u8]>,
    /// What the policy calls itself.
    pub name: &'a str,
    /// Its own version.
    pub version: &'a str,
    /// What it does, in a sentence.
    pub summary: &'a str,
    /// The version of the contract that it speaks.
    pub contract: &'a str,
    /// It came with this program.
    pub built_in: bool,
    /// What it may import in addition to the contract.
    pub wasi: Wasi,
}

/// A revision of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRevision {
    /// Its number.
    pub revision: Revision,
    /// SHA-256 of the component, in hexadecimal.
    pub sha256: String,
    /// What the policy calls itself.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// The version of the contract that it speaks.
    pub contract: String,
    /// Bytes of the component.
    pub bytes: u64,
    /// It came with this program, or with an earlier one.
    pub built_in: bool,
    /// What it may import in addition to the contract.
    pub wasi: Wasi,
    /// When the revision was made.
    pub made_at: Timestamp,
    /// The earlier revision whose policy this is again.
    pub restores: Option<Revision>,
    /// When it was activated; none if it never was.
    pub activated_at: Option<Timestamp>,
    /// Why it was activated.
    pub cause: Option<Cause>,
}

impl PolicyRevision {
    /// Why it was activated, in words; empty if it never was.
    pub fn because(&self) -> String {
        let restores = self.restores.map(|earlier| format!(" to revision {earlier}")).unwrap_or_default();
        match self.cause {
            None => String::new(),
            Some(Cause::First) => "built in".into(),
            Some(Cause::Operator) if restores.is_empty() => "activated by an operator".into(),
            Some(Cause::Operator | Cause::Rollback) => format!("rolled back{restores} by an operator"),
            Some(Cause::Faults) => format!("rolled back{restores}: the previous policy kept failing"),
        }
    }
}

/// Why a revision was activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There was none before.
    First,
    /// An operator activated it.
    Operator,
    /// An operator rolled back to it.
    Rollback,
    /// The revision before failed several times in a row.
    Faults,
}

/// A candidate that is compared with every review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shadow {
    /// The candidate.
    pub revision: Revision,
    /// The last run before shadowing began.
    pub since_run: u64,
}

/// The live policy and its limits. Every process reads it again before a run if `change` has risen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    /// Rises with every change to what follows.
    pub change: u64,
    /// The live revision; none before the first one.
    pub live: Option<Revision>,
    /// The candidate.
    pub shadow: Option<Shadow>,
    /// What policies may use.
    pub settings: PolicySettings,
}

/// What policies may use, and when a failing one is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicySettings {
    /// What one run may use.
    pub limits: Limits,
    /// Bytes of a component, at most.
    pub component_bytes_max: u64,
    /// Time that compiling one may take.
    pub compile_time_max: Duration,
    /// A new policy that fails this often in a row is rolled back, if it fails for more than one account or there is only
    /// one. 1 and up.
    pub faults_in_a_row_max: u32,
    /// Days for which recordings of runs and carriers' answers are kept. 1 and up.
    pub recordings_kept_days: u32,
    /// Bytes of one recording, packed; a larger one is not kept.
    pub recording_bytes_max: u64,
    /// Bytes of the recordings and answers of an account, packed; the oldest make room for newer ones.
    pub recordings_bytes_max: u64,
}

impl PolicySettings {
    /// How much of an account's runs stays on record.
    pub(crate) fn kept(&self) -> RecordLimits {
        RecordLimits {
            days: self.recordings_kept_days,
            recording_bytes_max: self.recording_bytes_max,
            account_bytes_max: self.recordings_bytes_max,
        }
    }
}

impl Default for PolicySettings {
    fn default() -> Self {
        let kept = RecordLimits::default();
        PolicySettings {
            limits: Limits::default(),
            component_bytes_max: 64 << 20,
            compile_time_max: Duration::from_secs(120),
            faults_in_a_row_max: 3,
            recordings_kept_days: kept.days,
            recording_bytes_max: kept.recording_bytes_max,
            recordings_bytes_max: kept.account_bytes_max,
        }
    }
}

/// Trusted keys of a ledger, at most.
const TRUSTED_KEYS_MAX: u64 = 100;

/// A trusted key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// Follows from the key.
    pub id: String,
    /// The operator's name for it.
    pub name: String,
    /// The public key in PEM.
    pub pem: String,
    /// Since when it is trusted.
    pub trusted_at: Timestamp,
}

/// Something that happened to policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEvent {
    /// Rises with every event.
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The revision it happened to.
    pub revision: Option<Revision>,
    /// How much it matters.
    pub severity: Severity,
    /// Kebab-case name of the kind.
    pub kind: String,
    /// The event in words.
    pub text: String,
    /// Who did it; none for an event of an earlier version, which recorded no actors.
    pub actor: Option<Actor>,
}

/// Faults of the live policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultCount {
    /// Its faults since its last good run, this one included.
    pub in_a_row: u32,
    /// How many accounts these are faults of.
    pub accounts: u32,
    /// How many accounts it decides about: open ones with the add-on on, and this one.
    pub accounts_on: u32,
    /// Good runs that it had made before.
    pub good_runs: u64,
    /// Whether it is still live.
    pub live: bool,
}

impl FaultCount {
    /// Whether the policy keeps failing: this often in a row, and for more than one account if it decides about more. What
    /// is wrong with a single account must not take the policy away from all others.
    pub fn is_persistent(&self, in_a_row_max: u32) -> bool {
        self.in_a_row >= in_a_row_max && self.accounts >= self.accounts_on.min(2)
    }
}

impl Ledger {
    /// The live policy and its limits.
    pub fn policy_state(&self) -> Result<PolicyState> {
        self.read(state)
    }

    /// The current [`PolicyState::change`]: all that a run must read to notice a change.
    pub fn policy_change(&self) -> Result<u64> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT ifnull(max(change), 0) FROM policy_state")?;
            Ok(statement.query_row([], |row| Ok(from_sql(row.get(0)?)))?)
        })
    }

    /// Every revision, oldest first.
    pub fn revisions(&self) -> Result<Vec<PolicyRevision>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{SELECT_REVISION} ORDER BY revision"))?;
            let revisions = statement.query_map([], revision_from_row)?;
            Ok(revisions.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One revision.
    pub fn revision(&self, revision: Revision) -> Result<PolicyRevision> {
        self.read(|transaction| find(transaction, revision))
    }

    /// The component of a policy, and the signature that it was installed with.
    pub fn component(&self, sha256: &str) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT component, signature FROM policies WHERE digest = ?1")?;
            Ok(statement.query_row([sha256], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
    }

    /// The version of the contract that a policy was made for, and what it may import in addition.
    pub(crate) fn contract_and_wasi(&self, sha256: &str) -> Result<(String, Wasi)> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT contract, stubbed_wasi FROM policies WHERE digest = ?1")?;
            Ok(statement.query_row([sha256], |row| Ok((row.get(0)?, wasi_from_sql(row.get(1)?))))?)
        })
    }

    /// Installs a policy as a new revision, which is not live yet. The same policy again is the same revision,
    /// until that one has been activated; the latest signature and WASI count.
    pub fn install_policy(&self, new: &NewPolicy, now: Timestamp) -> Result<Revision> {
        self.change(|transaction| install(transaction, new, now))
    }

    /// Installs the built-in policy and activates it, if there is none yet.
    pub(crate) fn install_first_policy(&self, new: &NewPolicy, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            if state(transaction)?.live.is_some() {
                return Ok(());
            }
            let revision = install(transaction, new, now)?;
            put_live(transaction, revision, Cause::First, now)?;
            tell(transaction, now, Some(revision), Severity::Info, "activated", "The built-in policy is live.")
        })
    }

    /// Activates this revision's policy. One that was live before, or is older than the live one, comes back as a new
    /// revision; returns the live revision.
    pub(crate) fn activate(&self, revision: Revision, cause: Cause, now: Timestamp, why: &str) -> Result<Revision> {
        self.change(|transaction| activate(transaction, revision, cause, now, why))
    }

    /// Goes back to an earlier revision's policy because the live one keeps failing. Nothing is done if another one is
    /// live by now.
    pub(crate) fn abandon(&self, failed: Revision, good: Revision, now: Timestamp, why: &str) -> Result<()> {
        self.change(|transaction| {
            if state(transaction)?.live == Some(failed) {
                activate(transaction, good, Cause::Faults, now, why)?;
            }
            Ok(())
        })
    }

    /// Policies to go back to, latest first: each that was live before, is not the live policy, and was not itself
    /// rolled back for its faults.
    pub fn last_good_revisions(&self) -> Result<Vec<PolicyRevision>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!(
                "{SELECT_REVISION}
                  WHERE at IS NOT NULL
                    AND digest <> (SELECT policy FROM revisions
                                    WHERE revision = (SELECT max(revision) FROM activations))
                    AND digest NOT IN (SELECT failed.policy FROM activations
                                         JOIN revisions AS failed ON failed.revision = replaces
                                        WHERE cause = 'faults')
                  ORDER BY revision DESC"
            ))?;
            let revisions = statement.query_map([], revision_from_row)?;
            Ok(revisions.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Compares this candidate with every review from now on, or none.
    pub(crate) fn set_shadow(&self, revision: Option<Revision>, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            if let Some(revision) = revision {
                find(transaction, revision)?;
            }
            let before = state(transaction)?.shadow.map(|shadow| shadow.revision);
            transaction.execute(
                "UPDATE policy_state
                    SET shadow = ?1, shadow_from = (SELECT ifnull(max(id), 0) FROM runs), change = change + 1",
                [revision.map(to_sql)],
            )?;
            match revision.or(before) {
                Some(about) if revision.is_some() => {
                    let text = "Every review is compared with what this revision would do.";
                    tell(transaction, now, Some(about), Severity::Info, "shadowing", text)
                }
                Some(about) => {
                    tell(transaction, now, Some(about), Severity::Info, "shadowing-ended", "By an operator.")
                }
                None => Ok(()),
            }
        })
    }

    /// Changes what policies may use.
    pub fn set_policy_settings(&self, settings: &PolicySettings, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let settings = serde_json::to_string(settings).expect("settings are plain values");
            transaction.execute("UPDATE policy_state SET settings = ?1, change = change + 1", [&settings])?;
            tell(transaction, now, None, Severity::Info, "limits-changed", "The limits of policies were changed.")
        })
    }

    /// Records that the policy failed in a run, for the account and for the count.
    pub(crate) fn note_fault(
        &self,
        revision: Option<Revision>,
        id: &str,
        now: Timestamp,
        text: &str,
    ) -> Result<FaultCount> {
        self.change(|transaction| {
            let account = profile(transaction, id)?;
            let policy = transaction.by(Actor::policy(revision).acting_for(transaction.actor()?));
            let event = NewEvent::new(account.key, now, EventKind::PolicyFailed, text);
            NewEvent { revision, ..event }.append(&policy)?;
            let accounts_on = transaction
                .prepare_cached("SELECT count(*) FROM accounts WHERE (enabled AND closed_at IS NULL) OR key = ?1")?
                .query_row([account.key], |row| row.get(0))?;
            let Some(revision) = revision else {
                return Ok(FaultCount { in_a_row: 1, accounts: 1, accounts_on, good_runs: 0, live: true });
            };
            let (after_run, good_runs): (i64, i64) = transaction
                .prepare_cached("SELECT ifnull(max(id), 0), count(*) FROM runs WHERE revision = ?1")?
                .query_row([to_sql(revision)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            transaction
                .prepare_cached(
                    "INSERT INTO policy_faults (revision, account, at, after_run, text) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![to_sql(revision), account.key, to_sql(now), after_run, text])?;
            let (in_a_row, accounts) = transaction
                .prepare_cached(
                    "SELECT count(*), count(DISTINCT account) FROM policy_faults WHERE revision = ?1 AND after_run = ?2",
                )?
                .query_row(params![to_sql(revision), after_run], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let live = state(transaction)?.live == Some(revision);
            Ok(FaultCount { in_a_row, accounts, accounts_on, good_runs: from_sql(good_runs), live })
        })
    }

    /// What happened to policies, oldest first; the latest `last`.
    pub fn policy_events(&self, last: u32) -> Result<Vec<PolicyEvent>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT program_events.id, at, revision, severity, program_events.kind, text, {ACTOR_COLUMNS}
                   FROM program_events {} WHERE subject = 'policy' ORDER BY program_events.id DESC LIMIT ?1",
                join_actors("program_events")
            ))?;
            let events = statement.query_map([last], |row| {
                let severity: String = row.get(3)?;
                Ok(PolicyEvent {
                    id: from_sql(row.get(0)?),
                    at: from_sql(row.get(1)?),
                    revision: row.get::<_, Option<i64>>(2)?.map(from_sql),
                    severity: severity_from_sql(&severity),
                    kind: row.get(4)?,
                    text: row.get(5)?,
                    actor: actor_from_row(row, 6)?,
                })
            })?;
            let mut events: Vec<PolicyEvent> = events.collect::<rusqlite::Result<_>>()?;
            events.reverse();
            Ok(events)
        })
    }

    /// Records what happened to policies.
    pub(crate) fn tell_of_policy(
        &self,
        now: Timestamp,
        revision: Option<Revision>,
        severity: Severity,
        kind: &str,
        text: &str,
    ) -> Result<()> {
        self.change(|transaction| tell(transaction, now, revision, severity, kind, text))
    }

    /// Trusted keys, by name.
    pub fn trusted_keys(&self) -> Result<Vec<TrustedKey>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT id, name, pem, trusted_at FROM trusted_keys ORDER BY name")?;
            let keys = statement.query_map([], |row| {
                Ok(TrustedKey {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    pem: row.get(2)?,
                    trusted_at: from_sql(row.get(3)?),
                })
            })?;
            Ok(keys.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Trusts a key.
    pub fn trust(&self, key: &TrustedKey) -> Result<()> {
        ensure_length("a key's name", &key.name, NAME_BYTES_MAX)?;
        self.change(|transaction| {
            ensure_room(transaction, "trusted_keys", TRUSTED_KEYS_MAX)?;
            let known: Option<String> = transaction
                .query_row("SELECT name FROM trusted_keys WHERE id = ?1 OR name = ?2", [&key.id, &key.name], |row| {
                    row.get(0)
                })
                .optional()?;
            if let Some(name) = known {
                return Err(LedgerError::KeyExists(name));
            }
            transaction.execute(
                "INSERT INTO trusted_keys (id, name, pem, trusted_at) VALUES (?1, ?2, ?3, ?4)",
                params![key.id, key.name, key.pem, to_sql(key.trusted_at)],
            )?;
            let text = format!("The key {:?} ({}) is trusted; unsigned policies are refused.", key.name, key.id);
            tell(transaction, key.trusted_at, None, Severity::Info, "key-trusted", &text)
        })
    }

    /// Removes a trusted key.
    pub fn distrust(&self, name: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            if transaction.execute("DELETE FROM trusted_keys WHERE name = ?1", [name])? == 0 {
                return Err(LedgerError::NoSuchKey(name.to_owned()));
            }
            let text = format!("The key {name:?} is no longer trusted.");
            tell(transaction, now, None, Severity::Warning, "key-distrusted", &text)
        })
    }

    /// SHA-256 of the compiled code that this host wrote for a policy and an engine.
    pub(crate) fn compiled_code(&self, policy: &str, engine: &str) -> Result<Option<String>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT sha256 FROM compiled_code WHERE policy = ?1 AND engine = ?2")?;
            Ok(statement.query_row([policy, engine], |row| row.get(0)).optional()?)
        })
    }

    /// Records compiled code that is about to be written.
    pub(crate) fn set_compiled_code(&self, policy: &str, engine: &str, sha256: &str) -> Result<()> {
        self.change(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO compiled_code (policy, engine, sha256) VALUES (?1, ?2, ?3)",
                [policy, engine, sha256],
            )?;
            Ok(())
        })
    }
}

fn state(transaction: &Transaction) -> Result<PolicyState> {
    let mut statement = transaction.prepare_cached(
        "SELECT change, (SELECT max(revision) FROM activations), shadow, shadow_from, settings FROM policy_state",
    )?;
    let state = statement.query_row([], |row| {
        let shadow: Option<i64> = row.get(2)?;
        let since_run = from_sql(row.get(3)?);
        let settings: String = row.get(4)?;
        Ok(PolicyState {
            change: from_sql(row.get(0)?),
            live: row.get::<_, Option<i64>>(1)?.map(from_sql),
            shadow: shadow.map(|revision| Shadow { revision: from_sql(revision), since_run }),
            settings: serde_json::from_str(&settings)
                .map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(error)))?,
        })
    });
    // Nothing has been changed yet.
    Ok(state.optional()?.unwrap_or_else(|| PolicyState {
        change: 0,
        live: None,
        shadow: None,
        settings: PolicySettings::default(),
    }))
}

fn install(transaction: &Change, new: &NewPolicy, now: Timestamp) -> Result<Revision> {
    let settings = serde_json::to_string(&PolicySettings::default()).expect("settings are plain values");
    transaction.execute(
        "INSERT OR IGNORE INTO policy_state (only_row, change, shadow_from, settings) VALUES (1, 0, 0, ?1)",
        [settings],
    )?;
    transaction.execute(
        "INSERT INTO policies (digest, name, version, summary, contract, built_in, stubbed_wasi, signature, component)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (digest) DO UPDATE SET stubbed_wasi = excluded.stubbed_wasi,
             signature = ifnull(excluded.signature, signature), built_in = max(built_in, excluded.built_in)",
        params![
            new.sha256,
            new.name,
            new.version,
            new.summary,
            new.contract,
            new.built_in,
            new.wasi == Wasi::Stubbed,
            new.signature,
            new.component
        ],
    )?;
    let waiting: Option<i64> = transaction
        .query_row(
            "SELECT revision FROM revisions WHERE policy = ?1 AND revision > ifnull((SELECT max(revision) FROM activations), 0)
              ORDER BY revision DESC LIMIT 1",
            [new.sha256],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(revision) = waiting {
        return Ok(from_sql(revision));
    }
    transaction.execute("INSERT INTO revisions (policy, made_at) VALUES (?1, ?2)", params![new.sha256, to_sql(now)])?;
    let revision = from_sql(transaction.last_insert_rowid());
    let text = format!("{} {} was installed.", new.name, new.version);
    tell(transaction, now, Some(revision), Severity::Info, "installed", &text)?;
    Ok(revision)
}

fn activate(transaction: &Change, revision: Revision, cause: Cause, now: Timestamp, why: &str) -> Result<Revision> {
    let wanted = find(transaction, revision)?;
    let live = state(transaction)?.live.unwrap_or_default();
    let activated = match wanted.activated_at {
        None if revision > live => revision,
        _ => again(transaction, &wanted, now)?,
    };
    put_live(transaction, activated, cause, now)?;
    let severity = if cause == Cause::Faults { Severity::Alert } else { Severity::Info };
    let kind = if cause == Cause::Operator { "activated" } else { "rolled-back" };
    tell(transaction, now, Some(activated), severity, kind, why)?;
    // A candidate that is live is no longer compared.
    transaction.execute(
        "UPDATE policy_state SET shadow = NULL WHERE (SELECT policy FROM revisions WHERE revision = shadow) = ?1",
        [&wanted.sha256],
    )?;
    Ok(activated)
}

/// The policy of an earlier revision as a new one.
fn again(transaction: &Transaction, earlier: &PolicyRevision, now: Timestamp) -> Result<Revision> {
    transaction.execute(
        "INSERT INTO revisions (policy, made_at, restores) VALUES (?1, ?2, ?3)",
        params![earlier.sha256, to_sql(now), to_sql(earlier.revision)],
    )?;
    Ok(from_sql(transaction.last_insert_rowid()))
}

fn put_live(transaction: &Transaction, revision: Revision, cause: Cause, now: Timestamp) -> Result<()> {
    transaction.execute(
        "INSERT INTO activations (revision, replaces, at, cause)
         VALUES (?1, (SELECT max(revision) FROM activations), ?2, ?3)",
        params![to_sql(revision), to_sql(now), cause_to_sql(cause)],
    )?;
    transaction.execute("UPDATE policy_state SET change = change + 1", [])?;
    Ok(())
}

fn tell(
    transaction: &Change,
    now: Timestamp,
    revision: Option<Revision>,
    severity: Severity,
    kind: &str,
    text: &str,
) -> Result<()> {
    if severity == Severity::Alert {
        // It is about every account.
        enqueue(transaction, None, None, now, || Message::policy(kind, revision, text))?;
    }
    let severity = match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Alert => "alert",
    };
    transaction.execute(
        "INSERT INTO program_events (at, revision, severity, kind, text, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![to_sql(now), revision.map(to_sql), severity, kind, text, transaction.actor_key()?],
    )?;
    Ok(())
}

fn severity_from_sql(severity: &str) -> Severity {
    match severity {
        "alert" => Severity::Alert,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    }
}

fn wasi_from_sql(empty: bool) -> Wasi {
    if empty { Wasi::Stubbed } else { Wasi::None }
}

fn cause_to_sql(cause: Cause) -> &'static str {
    match cause {
        Cause::First => "first",
        Cause::Operator => "operator",
        Cause::Rollback => "rollback",
        Cause::Faults => "faults",
    }
}

fn cause_from_sql(cause: &str) -> Cause {
    match cause {
        "first" => Cause::First,
        "operator" => Cause::Operator,
        "rollback" => Cause::Rollback,
        "faults" => Cause::Faults,
        other => unreachable!("the schema keeps no cause {other}"),
    }
}

const SELECT_REVISION: &str = "SELECT * FROM (SELECT revisions.revision, digest, name, version, summary, contract, \
     length(component), built_in, stubbed_wasi, made_at, restores, at, cause FROM revisions \
     JOIN policies ON digest = policy LEFT JOIN activations ON activations.revision = revisions.revision)";

fn find(transaction: &Transaction, revision: Revision) -> Result<PolicyRevision> {
    let mut statement = transaction.prepare_cached(&format!("{SELECT_REVISION} WHERE revision = ?1"))?;
    let number = asked_to_sql(revision);
    statement.query_row([number], revision_from_row).optional()?.ok_or(LedgerError::NoSuchRevision(revision))
}

fn revision_from_row(row: &Row) -> rusqlite::Result<PolicyRevision> {
    Ok(PolicyRevision {
        revision: from_sql(row.get(0)?),
        sha256: row.get(1)?,
        name: row.get(2)?,
        version: row.get(3)?,
        summary: row.get(4)?,
        contract: row.get(5)?,
        bytes: from_sql(row.get(6)?),
        built_in: row.get(7)?,
        wasi: wasi_from_sql(row.get(8)?),
        made_at: from_sql(row.get(9)?),
        restores: row.get::<_, Option<i64>>(10)?.map(from_sql),
        activated_at: row.get::<_, Option<i64>>(11)?.map(from_sql),
        cause: row.get::<_, Option<String>>(12)?.map(|cause| cause_from_sql(&cause)),
    })
}
