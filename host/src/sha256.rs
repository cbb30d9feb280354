//! The hash that identifies policies.

use sha2::{Digest, Sha256};

/// SHA-256 of these bytes, as 64 lowercase hexadecimal digits. Policies are identified by the SHA-256 of their component.
///
/// ```
/// use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};
/// use dialguard::sha256;
///
/// assert_eq!(Policy::reference(Limits::default()).sha256(), sha256(REFERENCE_POLICY));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
