//! The repository's path, whichever package a suite belongs to.

use std::path::{Path, PathBuf};

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    let is_root = |folder: &&Path| folder.join("Cargo.lock").is_file();
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(is_root).expect("the workspace has a lock file").join(path)
}
