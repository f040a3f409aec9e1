//! The host key of a store's file access: Ed25519, made from a sealed seed, written as OpenSSH reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use hosting::crypto::Secret;

const KIND: &[u8] = b"ssh-ed25519";

/// A fresh seed, as sealed.
#[must_use]
pub fn new_seed() -> Secret {
    use rand::RngExt;
    let seed: [u8; 32] = rand::rng().random();
    Secret::new(hex::encode(seed))
}

/// Both halves in OpenSSH's forms.
#[derive(Debug)]
pub struct HostKey {
    /// The file sshd reads.
    pub private: Secret,
    /// `ssh-ed25519 AAAA…`
    pub public: String,
}

/// From a seed; `None`: it is not one of ours.
#[must_use]
pub fn from_seed(seed: &Secret) -> Option<HostKey> {
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(seed.expose(), &mut bytes).ok()?;
    let key = SigningKey::from_bytes(&bytes);
    let public = key.verifying_key().to_bytes();
    let mut blob = Vec::new();
    string(&mut blob, KIND);
    string(&mut blob, &public);
    Some(HostKey {
        private: Secret::new(private_file(&key, &blob)),
        public: format!("ssh-ed25519 {}", STANDARD.encode(&blob)),
    })
}

/// `openssh-key-v1`, not encrypted: the file is root's alone.
fn private_file(key: &SigningKey, public_blob: &[u8]) -> String {
    let mut inner = Vec::new();
    // Two equal numbers tell a reader that decryption worked; nothing is encrypted here.
    inner.extend([0x5f, 0x0f, 0x1e, 0x37, 0x5f, 0x0f, 0x1e, 0x37]);
    inner.extend_from_slice(public_blob);
    string(&mut inner, &key.to_keypair_bytes());
    string(&mut inner, b"");
    let padding = (8 - inner.len() % 8) % 8;
    inner.extend((1u8..).take(padding));
    let mut out = b"openssh-key-v1\0".to_vec();
    string(&mut out, b"none");
    string(&mut out, b"none");
    string(&mut out, b"");
    out.extend(1u32.to_be_bytes());
    string(&mut out, public_blob);
    string(&mut out, &inner);
    let text = STANDARD.encode(out);
    let lines: Vec<&str> = text.as_bytes().chunks(70).filter_map(|l| std::str::from_utf8(l).ok()).collect();
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n"))
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_key_whose_public_half_is_a_key() {
        let seed = new_seed();
        let (one, two) = (from_seed(&seed).unwrap(), from_seed(&seed).unwrap());
        assert_eq!(one.public, two.public);
        assert!(hosting::domain::ssh_key::SshKey::parse(&one.public).is_ok());
        assert_ne!(from_seed(&new_seed()).unwrap().public, one.public);
        assert!(from_seed(&Secret::new("nonsense")).is_none());
        // 9d61…: the first test vector of RFC 8032.
        let known = Secret::new("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = STANDARD.decode(&from_seed(&known).unwrap().public[12..]).unwrap();
        assert_eq!(hex::encode(&public[19..]), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    }
}
