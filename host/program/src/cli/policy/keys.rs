//! Keys and signatures of policies.

use super::super::files::{write_new, write_secret};
use super::super::output::table;
use super::super::{CommandContext, Done};
use super::{read, signature_file};
use crate::json::TrustedKey;
use anyhow::{Context, Result, ensure};
use dialguard::calendar::rfc3339;
use dialguard_dialer::policies::signature::{PublicKey, SecretKey};
use serde_json::json;
use std::path::{Path, PathBuf};

pub fn keygen(context: &CommandContext, file: &Path) -> Result<Done> {
    let key = SecretKey::generate()?;
    let public_file = PathBuf::from(format!("{}.pub", file.display()));
    ensure!(!public_file.exists(), "{} already exists; name another file", public_file.display());
    write_secret(file, key.to_pem().as_bytes())?;
    write_new(&public_file, key.public().to_pem().as_bytes())?;
    let id = key.public().id();
    Ok(Done::show(
        context.json,
        || json!({"id": id, "secret-key": file, "public-key": public_file}),
        || {
            format!(
                "Key {id}: keep {} secret. Operators trust {} with `dialguard policy trust`.",
                file.display(),
                public_file.display()
            )
        },
    ))
}

pub fn sign(context: &CommandContext, file: &Path, key: &Path) -> Result<Done> {
    let component = read(file)?;
    let pem = String::from_utf8(read(key)?).unwrap_or_default();
    let key = SecretKey::from_pem(&pem).with_context(|| format!("cannot read {}", key.display()))?;
    let signature_file = signature_file(file);
    std::fs::write(&signature_file, key.sign(&component))
        .with_context(|| format!("cannot write {}", signature_file.display()))?;
    let id = key.public().id();
    Ok(Done::show(
        context.json,
        || json!({"signature": signature_file, "key": id}),
        || format!("Signed with key {id}; keep {} beside the policy.", signature_file.display()),
    ))
}

pub fn trust(context: &CommandContext, file: &Path, name: Option<String>) -> Result<Done> {
    let pem = String::from_utf8(read(file)?).unwrap_or_default();
    let key = PublicKey::from_pem(&pem).with_context(|| format!("cannot read {}", file.display()))?;
    let name = match name {
        Some(name) => name,
        None => file.file_stem().context("name the key with --name")?.to_string_lossy().into_owned(),
    };
    let named_well = !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    ensure!(named_well, "give the key a name of 1 to 64 characters with --name");
    let policies = context.policies(context.new_ledger()?)?;
    let key = policies.trust(&name, &key, context.now())?;
    let live = policies.live_revision()?;
    let live_is_trusted = policies.is_trusted(&live)?;
    Ok(Done::show(
        context.json,
        || json!({"name": name, "id": key.id, "live-is-trusted": live_is_trusted}),
        || {
            let mut text = format!("{name} ({}) is trusted. Policies not signed by a trusted key are refused.", key.id);
            if !live_is_trusted {
                text += &format!(
                    "\nThe active revision {} is not signed by a trusted key; it stays active until another is activated.",
                    live.revision
                );
            }
            text
        },
    ))
}

pub fn distrust(context: &CommandContext, name: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    ledger.distrust(name, context.now())?;
    Ok(Done::say(match ledger.trusted_keys()?.len() {
        0 => format!("{name} is no longer trusted. No trusted keys are left, so unsigned policies are accepted again."),
        _ => format!("{name} is no longer trusted."),
    }))
}

pub fn list(context: &CommandContext) -> Result<Done> {
    let keys = context.ledger()?.trusted_keys()?;
    Ok(Done::show(
        context.json,
        || keys.iter().map(TrustedKey::from).collect::<Vec<_>>(),
        || match &keys[..] {
            [] => "No trusted keys, so policies need no signature. Add one with `dialguard policy trust`.".into(),
            keys => {
                let rows = keys.iter().map(|key| [key.name.clone(), key.id.clone(), rfc3339(key.trusted_at)]);
                table(["NAME", "KEY", "TRUSTED SINCE"].map(str::to_owned), rows)
            }
        },
    ))
}
