//! Signatures of policies: Ed25519 over the exact bytes of the component, 64 bytes in a file beside it.
//!
//! Keys are PEM files (PKCS#8 and SPKI), so other tools make, read and check the same: `openssl pkeyutl -verify -rawin
//! -pubin -inkey release.pub.pem -sigfile policy.wasm.sig -in policy.wasm`.
//!
//! ```
//! use dialguard::policy::REFERENCE_POLICY;
//! use dialguard_dialer::policies::signature::{PublicKey, SecretKey, SignatureError, verify};
//!
//! let secret = SecretKey::generate()?;
//! let signature = secret.sign(REFERENCE_POLICY);
//!
//! let public = PublicKey::from_pem(&secret.public().to_pem())?; // all a dialer needs
//! let trusted = [("release".to_owned(), public)];
//! assert_eq!(verify(&trusted, REFERENCE_POLICY, Some(&signature))?.as_deref(), Some("release"));
//!
//! let refused = verify(&trusted, b"another policy", Some(&signature)).unwrap_err();
//! assert_eq!(refused, SignatureError::Wrong("release".into()));
//! # Ok::<(), SignatureError>(())
//! ```

use dialguard::sha256;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Bytes in a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// What is wrong with a key or a signature, and what to do about it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    /// The file is not a secret key.
    #[error("not a secret key (Ed25519, PKCS#8 in PEM)")]
    NoSecretKey,
    /// The file is not a public key.
    #[error("not a public key (Ed25519, PEM)")]
    NoPublicKey,
    /// The signature is not 64 bytes long.
    #[error("the signature is damaged: {0} bytes instead of 64")]
    Damaged(usize),
    /// There is none, and keys are trusted.
    #[error("it is not signed, and {0} are trusted; sign it with `dialguard policy sign`")]
    Missing(String),
    /// No trusted key made it over these bytes.
    #[error("its signature is of none of the trusted keys, or the file was changed since; trusted are {0}")]
    Wrong(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers to make a key from: {0}")]
    NoRandomness(String),
}

/// A key that signs. Keep it away from the hosts that run a dialer.
pub struct SecretKey(SigningKey);

/// A key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl SecretKey {
    /// A new key. Errors if the system has no random numbers.
    pub fn generate() -> Result<Self, SignatureError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| SignatureError::NoRandomness(error.to_string()))?;
        Ok(SecretKey(SigningKey::from_bytes(&seed)))
    }

    /// Reads a key in PEM.
    pub fn from_pem(pem: &str) -> Result<Self, SignatureError> {
        SigningKey::from_pkcs8_pem(pem).map(SecretKey).map_err(|_| SignatureError::NoSecretKey)
    }

    /// The key in PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_pkcs8_pem(LineEnding::LF).expect("a key can be written").to_string()
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs these bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(bytes).to_bytes()
    }
}

impl PublicKey {
    /// Reads a key in PEM.
    pub fn from_pem(pem: &str) -> Result<Self, SignatureError> {
        VerifyingKey::from_public_key_pem(pem).map(PublicKey).map_err(|_| SignatureError::NoPublicKey)
    }

    /// The key in PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("a key can be written")
    }

    /// A short name that follows from the key: 16 hexadecimal digits.
    pub fn id(&self) -> String {
        sha256(self.0.as_bytes())[..16].to_owned()
    }

    /// Whether this key's owner signed these bytes.
    pub fn signed(&self, bytes: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        self.0.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }
}

/// The name of the trusted key that signed it; none if no key is trusted. With trusted keys anything else is an error:
/// a missing signature, a damaged one, and one of another key.
pub fn verify(
    trusted: &[(String, PublicKey)],
    bytes: &[u8],
    signature: Option<&[u8]>,
) -> Result<Option<String>, SignatureError> {
    let signature = signature
        .map(|bytes| <&[u8; SIGNATURE_BYTES]>::try_from(bytes).map_err(|_| SignatureError::Damaged(bytes.len())))
        .transpose()?;
    if trusted.is_empty() {
        return Ok(None);
    }
    let names = || trusted.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let signature = signature.ok_or_else(|| SignatureError::Missing(names()))?;
    match trusted.iter().find(|(_, key)| key.signed(bytes, signature)) {
        Some((name, _)) => Ok(Some(name.clone())),
        None => Err(SignatureError::Wrong(names())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey(SigningKey::from_bytes(&[seed; 32]))
    }

    #[test]
    fn only_a_trusted_signature_over_the_very_bytes_counts() {
        let bytes = b"a policy";
        let trusted = vec![("anna".to_owned(), key(1).public()), ("ben".to_owned(), key(2).public())];
        let (annas, bens, carls) = (key(1).sign(bytes), key(2).sign(bytes), key(3).sign(bytes));
        let names = || "anna, ben".to_owned();
        type Verdict = Result<Option<String>, SignatureError>;
        type Signed<'a> = (&'a str, &'a [u8], Option<&'a [u8]>, Verdict);
        let scenarios: Vec<Signed> = vec![
            ("signed by anna", bytes, Some(&annas), Ok(Some("anna".into()))),
            ("signed by ben", bytes, Some(&bens), Ok(Some("ben".into()))),
            ("signed by a stranger", bytes, Some(&carls), Err(SignatureError::Wrong(names()))),
            ("one byte changed", b"a pol1cy", Some(&annas), Err(SignatureError::Wrong(names()))),
            ("one byte more", b"a policy ", Some(&annas), Err(SignatureError::Wrong(names()))),
            ("a signature of zeros", bytes, Some(&[0; 64]), Err(SignatureError::Wrong(names()))),
            ("half a signature", bytes, Some(&annas[..32]), Err(SignatureError::Damaged(32))),
            ("an empty signature", bytes, Some(&[]), Err(SignatureError::Damaged(0))),
            ("no signature", bytes, None, Err(SignatureError::Missing(names()))),
        ];
        for (what, bytes, signature, expected) in scenarios {
            assert_eq!(verify(&trusted, bytes, signature), expected, "{what}");
        }
        assert_eq!(verify(&[], bytes, None), Ok(None), "no key is trusted yet");
        assert_eq!(verify(&[], bytes, Some(&[1])), Err(SignatureError::Damaged(1)), "damaged is damaged");
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        let secret = SecretKey::generate().expect("random numbers");
        let read = SecretKey::from_pem(&secret.to_pem()).expect("a secret key");
        assert_eq!(read.public(), secret.public());
        assert_eq!(PublicKey::from_pem(&secret.public().to_pem()), Ok(secret.public()));
        assert_eq!(PublicKey::from_pem(&secret.to_pem()), Err(SignatureError::NoPublicKey));
        assert_eq!(SecretKey::from_pem("-----").err(), Some(SignatureError::NoSecretKey));
        assert_ne!(SecretKey::generate().expect("random numbers").public(), secret.public());
    }
}
