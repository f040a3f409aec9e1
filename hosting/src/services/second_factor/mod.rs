//! The second factor: time-based codes (RFC 6238, SHA-1, six digits, 30 s, one step of slack each way) and recovery codes.

pub mod check;
pub mod disable;
pub mod renew_codes;
pub mod set_up;
pub mod sign_in;
pub mod way_back;

use super::{ServiceError, Services};
use crate::crypto::{Secret, sha256};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::jobs::MailArgs;
use totp_rs::{Builder, Totp};

/// How many recovery codes there are.
pub const CODES: usize = 10;

/// The generator of a secret in base 32.
fn generator(secret: &Secret, issuer: &str, account: &str) -> Option<Totp> {
    let secret = totp_rs::Secret::try_from_base32(secret.expose()).ok()?;
    // A colon separates issuer and account in the address that apps read.
    let clean = |text: &str| text.replace(':', " ");
    Builder::new().with_secret(secret).with_issuer(Some(clean(issuer))).with_account_name(clean(account)).build().ok()
}

/// The step a code is right for at `now` (seconds since 1970). Spaces are what people type.
fn step_of(secret: &Secret, code: &str, now: i64) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    generator(secret, "x", "x")?.check(&code, u64::try_from(now).ok()?)
}

/// Fresh recovery codes with the hashes to keep. About 48 random bits each; guesses are limited.
fn fresh_codes() -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..CODES)
        .map(|_| {
            let text = Secret::random(10).expose().to_lowercase();
            format!("{}-{}", &text[..5], &text[5..])
        })
        .collect();
    let hashes = codes.iter().map(|code| code_hash(code)).collect();
    (codes, hashes)
}

/// What is kept of a recovery code: capitals, spaces and dashes do not matter.
fn code_hash(code: &str) -> [u8; 32] {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).take(64).map(|c| c.to_ascii_lowercase()).collect();
    sha256(plain.as_bytes())
}

/// Tells the owner what changed.
async fn notice(tx: &mut Tx, actor: &Actor, person: Person, template: &str) -> Result<JobRef, ServiceError> {
    let mail = MailArgs {
        template: template.into(),
        customer_id: person.customer(),
        admin_id: person.admin(),
        ..MailArgs::default()
    };
    Ok(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?)
}

/// Ends every session of a person but one, and what programs have of theirs.
pub(in crate::services) async fn end_others(tx: &mut Tx, person: Person, keep: u64) -> Result<u64, ServiceError> {
    Ok(match person {
        Person::Customer(id) => tx.login_sessions().revoke_all_of_customer(id, Some(keep)).await?,
        Person::Staff(id) => tx.login_sessions().revoke_others_of_admin(id, keep).await?,
    })
}

/// Takes everything away that a person signs in with beside their password: codes and passkeys. The mail that tells
/// them, by its name, and how many passkeys went; `None` when there was nothing.
async fn take_all(tx: &mut Tx, person: Person) -> Result<Option<(&'static str, u64)>, ServiceError> {
    let factor = tx.second_factors().remove(person).await?;
    Ok(match (factor, tx.passkeys().remove_all(person).await?) {
        (false, 0) => None,
        (true, 0) => Some(("second_factor_off", 0)),
        (_, passkeys) => Some(("factors_removed", passkeys)),
    })
}

/// The password hash and address of a person who may sign in.
pub(super) async fn password_of(services: &Services, person: Person) -> Result<(String, String), ServiceError> {
    let mut conn = services.db.read().await?;
    match person {
        Person::Customer(id) => conn.customers().get(id).await?.map(|c| (c.password_hash, c.email)),
        Person::Staff(id) => conn.admins().get(id).await?.map(|a| (a.password_hash, a.email)),
    }
    .ok_or(ServiceError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1, the last six of its eight digits.
        let secret = Secret::new(totp_rs::Secret::from(b"12345678901234567890".to_vec()).to_base32());
        for (now, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(step_of(&secret, code, now), Some(u64::try_from(now).unwrap() / 30));
        }
        assert_eq!(step_of(&secret, " 287 082 ", 59 + 30), Some(1), "one step late, with spaces");
        assert_eq!(step_of(&secret, "287082", 59 + 60), None, "two steps late");
        for bad in ["", "28708", "2870822", "abcdef", "２８７０８２"] {
            assert_eq!(step_of(&secret, bad, 59), None, "{bad}");
        }
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let (codes, hashes) = fresh_codes();
        assert_eq!((codes.len(), hashes.len()), (CODES, CODES));
        assert_eq!(code_hash(&format!(" {} ", codes[0].to_uppercase().replace('-', " "))), hashes[0]);
        assert_ne!(hashes[0], hashes[1]);
    }
}
