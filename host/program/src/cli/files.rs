//! New files that commands write.

use anyhow::{Context, Result};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file that does not exist yet: the whole of it, or nothing if the disk is full.
pub fn write_new(file: &Path, bytes: &[u8]) -> Result<()> {
    write(&mut OpenOptions::new(), file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// The same, readable by the owner only, from the first byte on.
pub fn write_secret(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    write(&mut options, file, bytes)
        .with_context(|| format!("cannot write {}; an existing key is never overwritten", file.display()))
}

/// Fails if there is a file of this name: before work whose result is to be written into it.
pub fn ensure_new(file: &Path) -> Result<()> {
    anyhow::ensure!(!file.exists(), "{} exists already; give the name of a new file", file.display());
    Ok(())
}

fn write(options: &mut OpenOptions, file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut opened = options.write(true).create_new(true).open(file)?;
    opened.write_all(bytes).inspect_err(|_| {
        // A part of it would be in the way of the next try.
        let _ = std::fs::remove_file(file);
    })
}
