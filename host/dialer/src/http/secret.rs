//! Secrets of providers and sources. The ledger stores where each secret is, never the secret.
//!
//! ```
//! use dialguard_dialer::http::secret::SecretPlace;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("token");
//! std::fs::write(&path, "KEY0123\n")?;
//! # #[cfg(unix)]
//! # std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
//!
//! let place: SecretPlace = format!("file:{}", path.display()).parse()?;
//! let secret = place.read()?;
//! assert_eq!(secret.expose(), "KEY0123"); // for the one header it goes into
//! assert_eq!(format!("{secret:?}"), "Secret"); // and nowhere else
//!
//! let unset: SecretPlace = "env:NOT_SET".parse()?;
//! assert!(unset.read().unwrap_err().to_string().contains("NOT_SET"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};
use zeroize::Zeroizing;

/// A secret's text. Never printed; overwritten in memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Where a secret is: `env:NAME`, an environment variable, or `file:PATH`, a file that only its owner and group may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SecretPlace {
    /// The environment variable of that name.
    Env(String),
    /// The file at that full path.
    File(PathBuf),
}

/// Why a secret could not be read. Never contains the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

impl Secret {
    /// A secret from memory.
    pub fn new(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }

    /// The text, for use in a request.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl SecretPlace {
    /// Reads the secret as it is now, without blanks and line ends around it.
    ///
    /// Errors: it is missing, empty or not one word of visible ASCII, or all users of this machine may read its file.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = Zeroizing::new(match self {
            SecretPlace::Env(name) => env::var(name).map_err(|error| match error {
                env::VarError::NotPresent => SecretError(format!("the environment variable {name} is not set")),
                env::VarError::NotUnicode(_) => SecretError(format!("the environment variable {name} is not text")),
            })?,
            SecretPlace::File(path) => read_private(path).map_err(SecretError)?,
        });
        let secret = text.trim();
        if secret.is_empty() {
            return Err(SecretError(format!("{self} is empty")));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretError(format!("{self} must contain the secret alone: visible ASCII without spaces")));
        }
        Ok(Secret::new(secret.to_owned()))
    }
}

fn read_private(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("the secret's file {} cannot be read: {error}", path.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o007 != 0 {
            let path = path.display();
            return Err(format!(
                "all users of this machine may access the secret's file {path}; run `chmod o= {path}`"
            ));
        }
    }
    fs::read_to_string(path).map_err(unreadable)
}

impl std::str::FromStr for SecretPlace {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(SecretPlace::Env(name.into())),
            Some(("file", path)) if !path.is_empty() => Ok(SecretPlace::File(path.into())),
            // Not quoted, because it may be the secret itself.
            _ => Err(SecretError("expected where the secret is, not the secret: env:NAME or file:PATH".into())),
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretPlace::Env(name) => write!(f, "env:{name}"),
            SecretPlace::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl TryFrom<String> for SecretPlace {
    type Error = SecretError;

    fn try_from(text: String) -> Result<Self, SecretError> {
        text.parse()
    }
}

impl From<SecretPlace> for String {
    fn from(place: SecretPlace) -> String {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_given_instead_of_its_place_is_not_quoted() {
        for text in ["hunter2", "env:", "file:", "http:hunter2", ""] {
            let error = text.parse::<SecretPlace>().unwrap_err().to_string();
            assert!(error.contains("env:NAME") && !error.contains("hunter2"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secrets_file_must_be_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let read = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            SecretPlace::File(path.clone()).read().map(|secret| secret.expose().to_owned())
        };
        assert_eq!(read(" hunter2\r\n", 0o640).unwrap(), "hunter2");
        assert!(read("hunter2", 0o644).unwrap_err().to_string().contains("chmod"));
        for text in ["", "\n", "two words", "two\nlines", "schlüssel"] {
            let error = read(text, 0o600).unwrap_err().to_string();
            assert!(!error.contains("words") && !error.contains("schl"), "{error}");
        }
    }
}
