//! Password hashes as Unix programs verify them: SHA-512 crypt (`$6$`), by its published description. Only long random
//! passwords of ours are hashed with it; people's own are argon2's (services/passwords.rs).

use crate::crypto::Secret;
use rand::RngExt;
use sha2::{Digest, Sha512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The number that stands for itself when none is written.
const ROUNDS: usize = 5000;

/// The hash of a password under a salt of its own.
#[must_use]
pub fn sha512_crypt(password: &Secret) -> String {
    let mut rng = rand::rng();
    let salt: String = (0..16).map(|_| ALPHABET[rng.random_range(0..64)] as char).collect();
    hash(password.expose().as_bytes(), &salt)
}

fn hash(password: &[u8], salt: &str) -> String {
    let salt_bytes = salt.as_bytes();
    let second: [u8; 64] =
        Sha512::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize().into();
    let mut first = Sha512::new().chain_update(password).chain_update(salt_bytes);
    first.update(repeated(&second, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            first.update(second);
        } else {
            first.update(password);
        }
        bits >>= 1;
    }
    let mut state: [u8; 64] = first.finalize().into();
    let mut of_password = Sha512::new();
    for _ in 0..password.len() {
        of_password.update(password);
    }
    let p = repeated(&of_password.finalize(), password.len());
    let mut of_salt = Sha512::new();
    for _ in 0..16 + usize::from(state[0]) {
        of_salt.update(salt_bytes);
    }
    let s = repeated(&of_salt.finalize(), salt_bytes.len());
    for round in 0..ROUNDS {
        let mut next = Sha512::new();
        let odd = round % 2 == 1;
        next.update(if odd { p.as_slice() } else { &state });
        if round % 3 != 0 {
            next.update(&s);
        }
        if round % 7 != 0 {
            next.update(&p);
        }
        next.update(if odd { state.as_slice() } else { &p });
        state = next.finalize().into();
    }
    let mut out = format!("$6${salt}$");
    let (mut a, mut b, mut c) = (0usize, 21usize, 42usize);
    for _ in 0..21 {
        encode(&mut out, [state[a], state[b], state[c]], 4);
        // The three places wander: each becomes the next one's, one further.
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    encode(&mut out, [0, 0, state[63]], 2);
    out
}

/// The bytes again and again, `length` of them.
fn repeated(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

fn encode(out: &mut String, bytes: [u8; 3], characters: usize) {
    let mut value = u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2]);
    for _ in 0..characters {
        out.push(ALPHABET[(value & 0x3f) as usize] as char);
        value >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_and_other_programs_hashes() {
        assert_eq!(
            hash(b"Hello world!", "saltstring"),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
        let one = sha512_crypt(&Secret::new("abcdefghijklmnopqrstuvwx"));
        assert!(one.starts_with("$6$") && one.len() == 3 + 16 + 1 + 86, "{one}");
        assert_ne!(one, sha512_crypt(&Secret::new("abcdefghijklmnopqrstuvwx")));
    }
}
