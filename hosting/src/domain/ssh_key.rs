//! A person's public SSH key: parsed strictly and written anew, so that nothing but a key reaches a server's file.

use super::text::Refused;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Longest line that is looked at.
const LONGEST: usize = 4096;
/// RSA keys below this are too weak.
const RSA_BITS: usize = 2048;

/// A public key without options and comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKey {
    kind: &'static str,
    blob: Vec<u8>,
    comment: String,
}

const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
];

impl SshKey {
    /// Reads a line of an `id_….pub` file.
    ///
    /// # Errors
    /// Words that say what is wrong: a private key, options, an old type, damage.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |words: &str| Refused(words.to_owned());
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(refused("This is a private key: keep it to yourself. Paste the file that ends in .pub"));
        }
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(refused("Paste one public key, in one line, like ssh-ed25519 AAAA… name"));
        }
        let mut words = text.splitn(3, ' ').filter(|w| !w.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(kind) = KINDS.into_iter().find(|k| *k == first) else {
            return Err(refused(if first == "ssh-dss" {
                "This type of key is too old. Make a new one with ssh-keygen -t ed25519"
            } else {
                "Paste a public key that begins with its type, like ssh-ed25519 AAAA… Options before it are not taken"
            }));
        };
        let damaged = || refused("This key is damaged or not whole. Copy the whole line of the .pub file");
        let blob = STANDARD.decode(second).map_err(|_| damaged())?;
        let parts = parts(&blob).ok_or_else(damaged)?;
        let whole = match (kind, parts.as_slice()) {
            (k, [name, ..]) if *name != k.as_bytes() => false,
            ("ssh-ed25519", [_, key]) => key.len() == 32,
            ("sk-ssh-ed25519@openssh.com", [_, key, _application]) => key.len() == 32,
            ("sk-ecdsa-sha2-nistp256@openssh.com", [_, curve, point, _application]) => {
                *curve == b"nistp256" && point.len() == 65
            }
            ("ssh-rsa", [_, exponent, modulus]) => {
                if bits(modulus) < RSA_BITS {
                    return Err(refused("This RSA key is too short. Use one of at least 2048 bits, or ssh-ed25519"));
                }
                (1..=8).contains(&exponent.len()) && bits(modulus) <= 16_384
            }
            (k, [_, curve, point]) if k.starts_with("ecdsa-") => {
                let (name, length) = match k {
                    "ecdsa-sha2-nistp256" => ("nistp256", 65),
                    "ecdsa-sha2-nistp384" => ("nistp384", 97),
                    _ => ("nistp521", 133),
                };
                *curve == name.as_bytes() && point.len() == length
            }
            _ => false,
        };
        if !whole {
            return Err(damaged());
        }
        let comment = words.next().unwrap_or_default().trim().chars().take(60).collect();
        Ok(Self { kind, blob, comment })
    }

    /// `ssh-ed25519 AAAA…`
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.kind, STANDARD.encode(&self.blob))
    }

    /// `SHA256:…`, as every SSH program shows it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.blob)
    }

    /// What its owner wrote behind it.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

/// `SHA256:…` of a key's wire form.
#[must_use]
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(crate::crypto::sha256(blob)))
}

/// The strings a wire form is made of; `None` when lengths do not fit.
fn parts(mut blob: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !blob.is_empty() {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if length > rest.len() || parts.len() == 8 {
            return None;
        }
        let (part, rest) = rest.split_at(length);
        parts.push(part);
        blob = rest;
    }
    Some(parts)
}

/// Bits of a number as SSH writes it: big-endian, a leading zero byte where the highest bit is set.
fn bits(number: &[u8]) -> usize {
    let number = number.strip_prefix(&[0]).unwrap_or(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ ana@laptop";

    fn made(kind: &str, parts: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        for part in std::iter::once(&kind.as_bytes()).chain(parts) {
            blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend_from_slice(part);
        }
        format!("{kind} {}", STANDARD.encode(blob))
    }

    #[test]
    fn keys_are_taken_whole_and_without_options() {
        let key = SshKey::parse(&format!("  {GOOD}\n")).unwrap();
        assert_eq!(key.line(), GOOD.rsplit_once(' ').unwrap().0);
        assert_eq!(key.fingerprint(), "SHA256:T7SvZ2cslqpPj6nKzitCBHHlpVF3r3MvLwmFL0fk0IE");
        assert_eq!(key.comment(), "ana@laptop");
        assert!(SshKey::parse(&made("ssh-rsa", &[&[1, 0, 1], &[0xff; 256]])).is_ok());
        assert!(SshKey::parse(&made("ecdsa-sha2-nistp256", &[b"nistp256", &[4; 65]])).is_ok());
        assert!(SshKey::parse(&made("sk-ssh-ed25519@openssh.com", &[&[1; 32], b"ssh:"])).is_ok());
        for bad in [
            "",
            "hello",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            &format!("command=\"/bin/sh\" {GOOD}"),
            &format!("{GOOD}\nssh-ed25519 AAAA"),
            &GOOD[..40],
            &GOOD.replace("ssh-ed25519 ", "ssh-rsa "),
            &made("ssh-rsa", &[&[1, 0, 1], &[0xff; 128]]),
            &made("ssh-ed25519", &[&[1; 31]]),
            &made("ssh-ed25519", &[&[1; 32], b"more"]),
            &made("ecdsa-sha2-nistp256", &[b"nistp521", &[4; 65]]),
            &made("ssh-dss", &[&[1; 32]]),
            &"x".repeat(5000),
        ] {
            assert!(SshKey::parse(bad).is_err(), "{bad:.80}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_refused_and_never_more_than_one_line(text in "(ssh-ed25519|ssh-rsa| |\\PC){0,6}[A-Za-z0-9+/=]{0,80}\\PC{0,20}") {
            if let Ok(key) = SshKey::parse(&text) {
                prop_assert_eq!(key.line().split(' ').count(), 2);
                prop_assert!(key.line().is_ascii());
            }
        }
    }
}
