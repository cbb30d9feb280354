//! `dialguard policy new`: a crate that builds to a policy.
//!
//! It is the reference policy under another name, made from the reference policy's own files: a new policy starts with
//! every obligation met and tested, and there is no second policy to maintain.

use super::super::Done;
use anyhow::{Context, Result, ensure};
use std::path::Path;

const NAME_BYTES_MAX: usize = 64;

pub fn new(name: &str) -> Result<Done> {
    ensure!(
        is_kebab_case(name) && name.len() <= NAME_BYTES_MAX,
        "{name:?} cannot name a policy; use lowercase letters and digits, with hyphens between words, such as \
         my-policy"
    );
    ensure!(Path::new(name).symlink_metadata().is_err(), "{name} already exists; choose another name");
    write(name).with_context(|| format!("cannot create {name}"))?;
    Ok(Done::say(format!(
        "{name} is a copy of Dialguard's reference policy for you to change; see {name}/README.md.\n\
         Next: cd {name} && cargo test"
    )))
}

/// A name for both a crate and a policy.
fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(is_word)
}

/// Written elsewhere and then moved, so that the folder appears whole or not at all.
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

/// A file of the reference policy with its name and its paths changed to the new folder's.
fn under_its_name(name: &str, text: &str) -> String {
    text.replace("dialguard-reference", name)
        .replace("dialguard_reference", &name.replace('-', "_"))
        .replace("\"../wit/", "\"wit/")
        .replace("any(test, feature = \"model\")", "test")
}

/// The files of the reference policy, by path in the new folder.
const FILES: [(&str, &str); 42] = [
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
    ("src/calls.rs", include_str!("../../../../../plugin/src/calls.rs")),
    ("src/calls/tests.rs", include_str!("../../../../../plugin/src/calls/tests.rs")),
    ("src/component.rs", include_str!("../../../../../plugin/src/component.rs")),
    ("src/component/bindings.rs", include_str!("../../../../../plugin/src/component/bindings.rs")),
    ("src/dialer.rs", include_str!("../../../../../plugin/src/dialer.rs")),
    ("src/lookups.rs", include_str!("../../../../../plugin/src/lookups.rs")),
    ("src/lookups/tests.rs", include_str!("../../../../../plugin/src/lookups/tests.rs")),
    ("src/model.rs", include_str!("../../../../../plugin/src/model.rs")),
    ("src/model/imports.rs", include_str!("../../../../../plugin/src/model/imports.rs")),
    ("src/notices.rs", include_str!("../../../../../plugin/src/notices.rs")),
    ("src/numbers.rs", include_str!("../../../../../plugin/src/numbers.rs")),
    ("src/rating.rs", include_str!("../../../../../plugin/src/rating.rs")),
    ("src/replacement.rs", include_str!("../../../../../plugin/src/replacement.rs")),
    ("src/replacing.rs", include_str!("../../../../../plugin/src/replacing.rs")),
    ("src/replacing/tests.rs", include_str!("../../../../../plugin/src/replacing/tests.rs")),
    ("src/request.rs", include_str!("../../../../../plugin/src/request.rs")),
    ("src/request/tests.rs", include_str!("../../../../../plugin/src/request/tests.rs")),
    ("src/request/tests/histories.rs", include_str!("../../../../../plugin/src/request/tests/histories.rs")),
    ("src/rest.rs", include_str!("../../../../../plugin/src/rest.rs")),
    ("src/rest/tests.rs", include_str!("../../../../../plugin/src/rest/tests.rs")),
    ("src/review.rs", include_str!("../../../../../plugin/src/review.rs")),
    ("src/review/tests.rs", include_str!("../../../../../plugin/src/review/tests.rs")),
    ("src/screening.rs", include_str!("../../../../../plugin/src/screening.rs")),
    ("src/settings.rs", include_str!("../../../../../plugin/src/settings.rs")),
    ("src/table.rs", include_str!("../../../../../plugin/src/table.rs")),
    ("src/text.rs", include_str!("../../../../../plugin/src/text.rs")),
    ("src/usage.rs", include_str!("../../../../../plugin/src/usage.rs")),
    ("wit/0.3.0/world.wit", include_str!("../../../../../wit/0.3.0/world.wit")),
    ("wit/0.3.0/types.wit", include_str!("../../../../../wit/0.3.0/types.wit")),
    ("wit/0.3.0/policy.wit", include_str!("../../../../../wit/0.3.0/policy.wit")),
    ("wit/0.3.0/clock.wit", include_str!("../../../../../wit/0.3.0/clock.wit")),
    ("wit/0.3.0/carrier-lookup.wit", include_str!("../../../../../wit/0.3.0/carrier-lookup.wit")),
    ("wit/0.3.0/number-inventory.wit", include_str!("../../../../../wit/0.3.0/number-inventory.wit")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    #[test]
    fn no_file_of_the_reference_policy_is_left_out() {
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin");
        let (mut found, mut folders) = (BTreeSet::new(), vec![PathBuf::from("src")]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(plugin.join(&folder)).expect("a folder") {
                let path = folder.join(entry.expect("an entry").file_name());
                if plugin.join(&path).is_dir() {
                    folders.push(path);
                } else {
                    found.extend(path.to_str().map(String::from));
                }
            }
        }
        let copied = FILES.iter().map(|(path, _)| path.to_string()).filter(|path| path.starts_with("src/"));
        assert_eq!(copied.collect::<BTreeSet<_>>(), found);
    }
}
