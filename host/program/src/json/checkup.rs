//! What `dialguard doctor` found.

use serde::Serialize;

/// Everything that was checked.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checkup {
    /// Whether all is well.
    pub healthy: bool,
    /// In the order of checking.
    pub checks: Vec<Finding>,
}

/// What was checked, and what was found.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// What was checked: the folder, a source, a provider …
    pub check: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// In words.
    pub text: String,
    /// What to do about it; null if all is well.
    pub remedy: Option<String>,
}
