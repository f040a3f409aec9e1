//! Secrets at rest: envelope encryption with key ids, and the `Secret` type.
//!
//! A sealed value is `nonce (24 bytes) ‖ XChaCha20-Poly1305 ciphertext`; the associated data names
//! table, row and column, so that a value cannot be moved to another row. The key that sealed it is
//! recorded beside it by id; rotation seals again under the newest key.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit as _, Mac};
use rand::RngExt;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroize;

/// A value that must never be printed, logged or serialized by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    /// Wraps a secret value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself; call it only where the value leaves for its one purpose.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A random secret of `length` characters from letters and digits without look-alikes.
    #[must_use]
    pub fn random(length: usize) -> Self {
        const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
        let mut rng = rand::rng();
        Self((0..length).map(|_| ALPHABET[rng.random_range(0..ALPHABET.len())] as char).collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The master key text is not `hex` or `id:hex[,id:hex…]` with 32 bytes each.
    #[error("the master key must be 64 hexadecimal characters, or a list of id:hex")]
    BadMasterKey,
    /// The value was sealed under a key that is not configured.
    #[error("sealed under key {0}, which is not configured")]
    UnknownKey(String),
    /// Wrong key, wrong row, or damaged bytes.
    #[error("the sealed value does not open: wrong key, moved row or damaged bytes")]
    DoesNotOpen,
}

/// A sealed value as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key sealed it.
    pub key_id: String,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

/// The configured master keys; the first seals, all open.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<(String, zeroize::Zeroizing<[u8; 32]>)>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|k| &k.0)).finish()
    }
}

impl KeyRing {
    /// Reads `hex` (key id `k1`) or `id:hex,id:hex…`, the first being current.
    ///
    /// # Errors
    /// `BadMasterKey` for anything else.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut keys = Vec::new();
        for part in text.trim().split(',') {
            let (id, hex_key) = part.trim().split_once(':').unwrap_or(("k1", part.trim()));
            let mut key = zeroize::Zeroizing::new([0u8; 32]);
            hex::decode_to_slice(hex_key, key.as_mut_slice()).map_err(|_| CryptoError::BadMasterKey)?;
            let good_id = (1..=16).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !good_id || keys.iter().any(|(known, _): &(String, _)| known == id) {
                return Err(CryptoError::BadMasterKey);
            }
            keys.push((id.to_owned(), key));
        }
        Ok(Self { keys })
    }

    /// The id of the key that seals new values.
    #[must_use]
    pub fn current_id(&self) -> &str {
        &self.keys[0].0
    }

    /// Seals `plain` for the place named by `context` (for example `store_secrets/42/db_password`).
    ///
    /// # Errors
    /// Only if the cipher refuses, which it does for values over 256 GiB.
    pub fn seal(&self, plain: &[u8], context: &str) -> Result<Sealed, CryptoError> {
        let (id, key) = &self.keys[0];
        let mut nonce = [0u8; 24];
        rand::rng().fill(&mut nonce);
        let cipher = XChaCha20Poly1305::new(key.as_slice().try_into().map_err(|_| CryptoError::BadMasterKey)?);
        let body = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context.as_bytes() })
            .map_err(|_| CryptoError::DoesNotOpen)?;
        let mut bytes = nonce.to_vec();
        bytes.extend(body);
        Ok(Sealed { key_id: id.clone(), bytes })
    }

    /// Opens a value sealed for the same `context`.
    ///
    /// # Errors
    /// `UnknownKey`, or `DoesNotOpen` when context, key or bytes don't match.
    pub fn open(&self, sealed: &Sealed, context: &str) -> Result<Secret, CryptoError> {
        let plain = self.open_bytes(sealed, context)?;
        String::from_utf8(plain).map(Secret).map_err(|_| CryptoError::DoesNotOpen)
    }

    /// As [`KeyRing::open`], for what is not text.
    ///
    /// # Errors
    /// As [`KeyRing::open`].
    pub fn open_bytes(&self, sealed: &Sealed, context: &str) -> Result<Vec<u8>, CryptoError> {
        let (_, key) = self
            .keys
            .iter()
            .find(|(id, _)| *id == sealed.key_id)
            .ok_or_else(|| CryptoError::UnknownKey(sealed.key_id.clone()))?;
        if sealed.bytes.len() < 24 {
            return Err(CryptoError::DoesNotOpen);
        }
        let (nonce, body) = sealed.bytes.split_at(24);
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| CryptoError::DoesNotOpen)?;
        let cipher = XChaCha20Poly1305::new(key.as_slice().try_into().map_err(|_| CryptoError::BadMasterKey)?);
        cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: body, aad: context.as_bytes() })
            .map_err(|_| CryptoError::DoesNotOpen)
    }

    /// A key for one purpose, derived from the *oldest* configured key (the last of the list), so
    /// that rotating the sealing key does not break chains and tokens made before.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let key = &self.keys[self.keys.len() - 1].1;
        mac(key.as_slice(), purpose.as_bytes())
    }
}

/// HMAC-SHA256.
#[must_use]
pub fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so construction cannot fail.
    #[allow(clippy::expect_used)]
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    hmac.update(message);
    hmac.finalize().into_bytes().into()
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// 256 random bits as 64 hexadecimal characters: session ids, one-time tokens, form keys.
#[must_use]
pub fn random_token() -> Secret {
    let mut bytes = [0u8; 32];
    rand::rng().fill(&mut bytes);
    Secret(hex::encode(bytes))
}

/// Equality without a timing hint.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq;
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place() {
        let keys = ring(&"ab".repeat(32));
        let sealed = keys.seal(b"hunter2", "store_secrets/1/admin").unwrap();
        assert_eq!(keys.open(&sealed, "store_secrets/1/admin").unwrap().expose(), "hunter2");
        assert!(matches!(keys.open(&sealed, "store_secrets/2/admin"), Err(CryptoError::DoesNotOpen)));
    }

    #[test]
    fn an_old_key_still_opens_after_rotation_and_the_new_one_seals() {
        let old = ring(&format!("k1:{}", "ab".repeat(32)));
        let sealed = old.seal(b"x", "c").unwrap();
        let both = ring(&format!("k2:{},k1:{}", "cd".repeat(32), "ab".repeat(32)));
        assert_eq!(both.open(&sealed, "c").unwrap().expose(), "x");
        assert_eq!(both.seal(b"x", "c").unwrap().key_id, "k2");
        assert_eq!(both.derive("audit"), old.derive("audit"));
        let newer = ring(&format!("k2:{}", "cd".repeat(32)));
        assert!(matches!(newer.open(&sealed, "c"), Err(CryptoError::UnknownKey(id)) if id == "k1"));
    }

    #[test]
    fn bad_master_keys_are_refused() {
        for bad in ["", "zz", &"ab".repeat(31), "k1:", &format!("k1:{0},k1:{0}", "ab".repeat(32))] {
            assert!(matches!(KeyRing::parse(bad), Err(CryptoError::BadMasterKey)), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
