//! The contract's texts, as they lie in `wit/`: the program brings them along.

use anyhow::{Context, Result, anyhow};
use wit_parser::{PackageId, Resolve, SourceMap};

/// A file of a WIT package: its name and its text.
pub type WitFile = (&'static str, &'static str);

macro_rules! published {
    ($version:literal) => {
        published!($version: "world.wit", "policy.wit", "clock.wit", "carrier-lookup.wit", "number-inventory.wit",
            "types.wit")
    };
    ($version:literal: $($file:literal),*) => {
        [$(($file, include_str!(concat!("../../../../../wit/", $version, "/", $file)))),*]
    };
}

/// The published versions, oldest first.
const PUBLISHED: [(&str, [WitFile; 6]); 3] =
    [("0.1.0", published!("0.1.0")), ("0.2.0", published!("0.2.0")), ("0.3.0", published!("0.3.0"))];

/// The files of a published version.
pub fn files(version: &str) -> Result<&'static [WitFile]> {
    let found = PUBLISHED.iter().find(|(published, _)| *published == version);
    found.map(|(_, files)| &files[..]).with_context(|| format!("this program does not include contract {version}"))
}

/// A published version, parsed and resolved.
pub fn package(version: &str) -> Result<(Resolve, PackageId)> {
    let mut texts = SourceMap::default();
    for (file, text) in files(version)? {
        texts.push_str(file, *text);
    }
    let parsed = texts.parse().map_err(|(texts, error)| anyhow!("{}", error.render(&texts)))?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(parsed)?;
    Ok((resolve, package))
}
