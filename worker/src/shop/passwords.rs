//! Password hashes in the forms the shop's own software verifies.

use md5::{Digest as _, Md5};
use rand::RngExt;
use sha1::Sha1;

/// MariaDB's `mysql_native_password`: `*` and the doubled SHA-1. Only long random passwords are
/// hashed with it; it has no salt.
#[must_use]
pub fn mysql_native(password: &str) -> String {
    let once = Sha1::digest(password.as_bytes());
    format!("*{}", hex::encode_upper(Sha1::digest(once)))
}

const ITOA64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 2^13 rounds, WordPress' own number.
const ROUNDS_LOG2: usize = 13;

/// WordPress' portable hash (`$P$`), salted: every version of WordPress verifies it, and newer ones
/// replace it by bcrypt at the first log-in.
#[must_use]
pub fn wordpress(password: &str) -> String {
    let mut rng = rand::rng();
    let salt: String = (0..8).map(|_| ITOA64[rng.random_range(0..64)] as char).collect();
    portable(password, ROUNDS_LOG2, &salt)
}

fn portable(password: &str, rounds_log2: usize, salt: &str) -> String {
    let password = password.as_bytes();
    let mut hash = Md5::new().chain_update(salt.as_bytes()).chain_update(password).finalize();
    for _ in 0..1u32 << rounds_log2 {
        hash = Md5::new().chain_update(hash).chain_update(password).finalize();
    }
    let mut out = format!("$P${}{salt}", ITOA64[rounds_log2] as char);
    // Three bytes become four characters, least significant bits first.
    for part in hash.chunks(3) {
        let value = part.iter().enumerate().fold(0u32, |v, (i, b)| v | u32::from(*b) << (8 * i));
        for i in 0..=part.len() {
            out.push(ITOA64[(value >> (6 * i) & 0x3f) as usize] as char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        assert_eq!(mysql_native("password"), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
        assert_eq!(portable("test12345", 11, "IQRaTwmf"), "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0");
        assert_ne!(wordpress("x"), wordpress("x"));
        assert_eq!(wordpress("x").len(), 34);
    }
}
