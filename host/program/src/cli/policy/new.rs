//! `dialguard policy new`: a crate that builds to a policy.
//!
//! It is the reference policy under another name, and its files are the reference policy's own. So whoever begins with
//! it begins with every obligation met and tested, and there is no second policy to keep up.

use super::super::Done;
use anyhow::{Context, Result, ensure};
use std::path::Path;

const NAME_BYTES_MAX: usize = 64;

pub fn new(name: &str) -> Result<Done> {
    ensure!(
        is_kebab_case(name) && name.len() <= NAME_BYTES_MAX,
        "{name:?} cannot name a policy; take small letters and digits, with hyphens between words, such as \
         my-policy"
    );
    ensure!(Path::new(name).symlink_metadata().is_err(), "{name} is there already; take another name");
    write(name).with_context(|| format!("{name} was not made"))?;
    Ok(Done::say(format!(
        "{name} is Dialguard's reference policy under your name, yours to change; {name}/README.md says how.\n\
         Next: cd {name} && cargo test"
    )))
}

/// What crates and policies may both be called.
fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(is_word)
}

/// Written beside and then moved, so that the folder is there as a whole or not at all.
fn write(name: &str) -> std::io::Result<()> {
    let beside = tempfile::tempdir_in(".")?;
    let folder = beside.path().join(name);
    for (path, text) in FILES {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        std::fs::write(file, under_its_name(name, text))?;
    }
    std::fs::rename(folder, name)
}

/// What the reference policy's files say of themselves and of where they lie, as it is in the new folder.
fn under_its_name(name: &str, text: &str) -> String {
    text.replace("dialguard-reference", name)
        .replace("dialguard_reference", &name.replace('-', "_"))
        .replace("\"../wit/", "\"wit/")
        .replace("any(test, feature = \"model\")", "test")
}

/// Of what the reference policy is made, by path in the new folder.
const FILES: [(&str, &str); 28] = [
    ("README.md", include_str!("new/README.md")),
    ("Cargo.toml", include_str!("new/Cargo.toml")),
    // The versions that this program was tested with. Cargo leaves out what a policy does not need.
    ("Cargo.lock", include_str!("../../../../../Cargo.lock")),
    ("LICENSE", include_str!("../../../../../LICENSE")),
    (".gitignore", include_str!("../../../../../.gitignore")),
    ("rust-toolchain.toml", include_str!("../../../../../rust-toolchain.toml")),
    ("rustfmt.toml", include_str!("../../../../../rustfmt.toml")),
    ("build.rs", include_str!("../../../../../plugin/build.rs")),
    ("src/lib.rs", include_str!("../../../../../plugin/src/lib.rs")),
    ("src/component.rs", include_str!("../../../../../plugin/src/component.rs")),
    ("src/component/bindings.rs", include_str!("../../../../../plugin/src/component/bindings.rs")),
    ("src/dialer.rs", include_str!("../../../../../plugin/src/dialer.rs")),
    ("src/model.rs", include_str!("../../../../../plugin/src/model.rs")),
    ("src/rating.rs", include_str!("../../../../../plugin/src/rating.rs")),
    ("src/replacement.rs", include_str!("../../../../../plugin/src/replacement.rs")),
    ("src/request.rs", include_str!("../../../../../plugin/src/request.rs")),
    ("src/request/tests.rs", include_str!("../../../../../plugin/src/request/tests.rs")),
    ("src/review.rs", include_str!("../../../../../plugin/src/review.rs")),
    ("src/review/tests.rs", include_str!("../../../../../plugin/src/review/tests.rs")),
    ("src/screening.rs", include_str!("../../../../../plugin/src/screening.rs")),
    ("src/settings.rs", include_str!("../../../../../plugin/src/settings.rs")),
    ("src/usage.rs", include_str!("../../../../../plugin/src/usage.rs")),
    ("wit/0.2.0/world.wit", include_str!("../../../../../wit/0.2.0/world.wit")),
    ("wit/0.2.0/types.wit", include_str!("../../../../../wit/0.2.0/types.wit")),
    ("wit/0.2.0/policy.wit", include_str!("../../../../../wit/0.2.0/policy.wit")),
    ("wit/0.2.0/clock.wit", include_str!("../../../../../wit/0.2.0/clock.wit")),
    ("wit/0.2.0/carrier-lookup.wit", include_str!("../../../../../wit/0.2.0/carrier-lookup.wit")),
    ("wit/0.2.0/number-inventory.wit", include_str!("../../../../../wit/0.2.0/number-inventory.wit")),
];
