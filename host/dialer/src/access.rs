//! Who may see and do what on the dashboard and the API: users with passwords, programs with tokens.
//!
//! ```
//! use dialguard_dialer::access::{Accounts, Grant, Role, add_user, make_token, secret_hash, sign_in};
//! use dialguard_dialer::ledger::Ledger;
//!
//! let folder = tempfile::tempdir()?;
//! let ledger = Ledger::open_or_create(folder.path())?;
//! let now = 1_772_323_200; // 2026-03-01T00:00:00Z
//!
//! let operator = Grant { role: Role::Operate, accounts: Accounts::Only(["acme".to_owned()].into()) };
//! add_user(&ledger, "ann", "a password of some words", operator.clone(), now)?;
//! assert!(sign_in(&ledger, "ann", "a guess", now)?.is_none());
//! assert!(sign_in(&ledger, "ann", "a password of some words", now)?.is_some());
//!
//! let token = make_token(&ledger, "dialer", operator, now, None)?; // shown this once
//! let known = ledger.token(&secret_hash(&token), now)?.expect("it has not ended");
//! assert!(known.grant.covers("acme") && !known.grant.covers("other"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::ledger::{Accounts, Grant, Inviter, NAME_BYTES_MAX, Role};

use crate::ledger::{Invite, Ledger, LedgerError, SecretHash, Token, User};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use dialguard::contract::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// How long a session lasts, in seconds: 12 hours, a working day.
pub const SESSION_SECONDS: u64 = 12 * 60 * 60;

/// Characters of a password, at least (NIST SP 800-63B-4, 3.1.1.2).
pub const PASSWORD_CHARACTERS_MIN: usize = 15;

/// Bytes of a password, at most, so that no request makes the host hash megabytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// The prefix of every token, so that scanners for leaked secrets recognize it.
const TOKEN_PREFIX: &str = "dialguard_";

/// Why a user or token was not added, or a user not signed in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Too short or too long.
    #[error("a password has at least {PASSWORD_CHARACTERS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes")]
    Password,
    /// Not a name that is shown unambiguously.
    #[error("{0:?} is not a valid name; give 1 to {NAME_BYTES_MAX} letters, digits, `.`, `_`, `@` or `-`")]
    Name(String),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

/// How long an invite can be accepted, in seconds: 7 days.
pub const INVITE_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Adds a user.
pub fn add_user(ledger: &Ledger, name: &str, password: &str, grant: Grant, now: Timestamp) -> Result<(), AccessError> {
    let password = checked_hash(name, password)?;
    Ok(ledger.add_user(&User { name: name.into(), grant, added_at: now }, &password)?)
}

/// The secret of a new link that adds the first user; the one before ends.
pub fn make_first_user_link(ledger: &Ledger) -> Result<String, AccessError> {
    let secret = random_secret()?;
    ledger.set_first_user_link(&secret_hash(&secret))?;
    Ok(secret)
}

/// Adds the first user by that link, which ends it. The first user administers every account.
pub fn add_first_user(
    ledger: &Ledger,
    secret: &str,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<(), AccessError> {
    let secret = secret_hash(secret);
    // Nobody makes this program hash passwords without the link.
    if !ledger.is_first_user_link(&secret)? {
        return Err(LedgerError::LinkGone.into());
    }
    let password = checked_hash(name, password)?;
    let grant = Grant { role: Role::Administer, accounts: Accounts::All };
    Ok(ledger.add_first_user(&secret, &User { name: name.into(), grant, added_at: now }, &password)?)
}

/// Makes an invite, which one person can accept within 7 days. The secret of its link is not stored, and cannot be shown
/// again.
pub fn invite(
    ledger: &Ledger,
    grant: Grant,
    inviter: Inviter,
    now: Timestamp,
) -> Result<(Invite, String), AccessError> {
    let secret = random_secret()?;
    let mut invite = Invite { id: 0, grant, inviter, made_at: now, ends_at: now + INVITE_SECONDS };
    invite.id = ledger.add_invite(&invite, &secret_hash(&secret))?;
    Ok((invite, secret))
}

/// Adds the user who accepts an invite, which ends it.
pub fn accept_invite(
    ledger: &Ledger,
    secret: &str,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<(), AccessError> {
    let secret = secret_hash(secret);
    if ledger.invite(&secret, now)?.is_none() {
        return Err(LedgerError::LinkGone.into());
    }
    let password = checked_hash(name, password)?;
    Ok(ledger.accept_invite(&secret, name, &password, now)?)
}

/// Changes a user's password, and ends the user's sessions but `kept`.
pub fn change_password(
    ledger: &Ledger,
    name: &str,
    password: &str,
    kept: Option<&SecretHash>,
    now: Timestamp,
) -> Result<(), AccessError> {
    ensure_password(password)?;
    Ok(ledger.change_password(name, &hashed(password), kept, now)?)
}

/// The user with this name and password; none if they are wrong. An unknown name takes the same time.
pub fn user_with_password(ledger: &Ledger, name: &str, password: &str) -> Result<Option<User>, AccessError> {
    let known = ledger.user(name)?;
    let hash = known.as_ref().map_or(NO_PASSWORD.as_str(), |(_, hash)| hash);
    let is_right = password.len() <= PASSWORD_BYTES_MAX
        && PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    Ok(known.map(|(user, _)| user).filter(|_| is_right))
}

/// The secret of a new session if name and password are right; none if not.
pub fn sign_in(ledger: &Ledger, name: &str, password: &str, now: Timestamp) -> Result<Option<String>, AccessError> {
    let user = user_with_password(ledger, name, password)?;
    user.map(|user| begin_session(ledger, &user.name, now)).transpose()
}

/// The secret of a new session for a user who was authenticated by other means.
pub fn begin_session(ledger: &Ledger, user: &str, now: Timestamp) -> Result<String, AccessError> {
    begin_session_in(ledger, user, "", now)
}

/// The same, in the browser that says this of itself.
pub fn begin_session_in(ledger: &Ledger, user: &str, browser: &str, now: Timestamp) -> Result<String, AccessError> {
    let secret = random_secret()?;
    ledger.begin_session(&secret_hash(&secret), user, browser, now, now + SESSION_SECONDS)?;
    Ok(secret)
}

/// Makes a token for a program. Its text is not stored, and cannot be shown again.
pub fn make_token(
    ledger: &Ledger,
    name: &str,
    grant: Grant,
    now: Timestamp,
    ends_at: Option<Timestamp>,
) -> Result<String, AccessError> {
    ensure_name(name)?;
    let text = format!("{TOKEN_PREFIX}{}", random_secret()?);
    ledger.add_token(&Token { name: name.into(), grant, made_at: now, ends_at }, &secret_hash(&text))?;
    Ok(text)
}

/// What the ledger stores of a session's secret or a token. These are random, so a plain hash is enough.
pub fn secret_hash(secret: &str) -> SecretHash {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 random bits, in hexadecimal.
pub fn random_secret() -> Result<String, AccessError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Random(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The hash of a new user's password, if both name and password can be used.
fn checked_hash(name: &str, password: &str) -> Result<String, AccessError> {
    ensure_name(name)?;
    ensure_password(password)?;
    Ok(hashed(password))
}

fn ensure_name(name: &str) -> Result<(), AccessError> {
    let fits = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
    if fits { Ok(()) } else { Err(AccessError::Name(name.into())) }
}

fn ensure_password(password: &str) -> Result<(), AccessError> {
    let fits = password.chars().count() >= PASSWORD_CHARACTERS_MIN && password.len() <= PASSWORD_BYTES_MAX;
    if fits { Ok(()) } else { Err(AccessError::Password) }
}

fn hashed(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the default parameters fit every password").to_string()
}

/// What is compared with if no user has the name.
static NO_PASSWORD: LazyLock<String> = LazyLock::new(|| hashed("no user has this password"));
