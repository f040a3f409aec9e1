//! Makes a staff account. Only the command line calls this for the first one: there is no open set-up window.

use super::{ServiceError, Services};
use crate::crypto::Secret;
use crate::db::audit::NewEvent;
use crate::db::staff::NewAdmin;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, HumanText, Role, Uid};
use crate::transact;
use argon2::PasswordHasher;

/// Shortest password of a staff account, in characters.
pub const SHORTEST_PASSWORD: usize = 12;
/// Longest password, in bytes: hashing must not become a way to keep the machine busy.
const LONGEST_PASSWORD: usize = 256;

/// Makes a staff account with a password.
///
/// # Errors
/// `Invalid` with words for `email`, `name`, `password` or `role`; `Conflict` when the address has an account.
pub async fn create_admin(
    services: &Services,
    actor: &Actor,
    email: &str,
    name: &str,
    role: Role,
    password: &Secret,
) -> Result<Uid, ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let name = HumanText::parse("name", name).map_err(|e| ServiceError::field("name", e.0))?;
    if !role.is_staff() {
        return Err(ServiceError::field("role", "Enter support, admin or super_admin"));
    }
    check_password(password.expose()).map_err(|words| ServiceError::field("password", words))?;
    let hash = hash(password).await?;
    transact!(services.db, tx => insert(&mut tx, services, actor, &email, name.as_str(), role, &hash))
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    name: &str,
    role: Role,
    password_hash: &str,
) -> Result<Uid, ServiceError> {
    let uid = tx.staff().insert(&NewAdmin { email, name, password_hash, role }).await.map_err(|e| {
        if e.is_duplicate("admins_email_key") {
            ServiceError::Conflict(format!("{} has a staff account already", email.as_str()))
        } else {
            e.into()
        }
    })?;
    tx.audit()
        .append(
            &services.keys,
            actor,
            &NewEvent {
                action: "admin.create",
                target_kind: "admin",
                target_id: &uid.to_string(),
                outcome: "done",
                details: serde_json::json!({ "role": role.as_str() }),
            },
        )
        .await?;
    Ok(uid)
}

fn check_password(password: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(format!("Enter a password of at least {SHORTEST_PASSWORD} characters"));
    }
    if password.len() > LONGEST_PASSWORD {
        return Err(format!("Enter a password of at most {LONGEST_PASSWORD} characters"));
    }
    if password.chars().any(char::is_control) {
        return Err("The password has a character that cannot be typed. Enter another one".into());
    }
    Ok(())
}

/// Argon2id with the crate's defaults (19 MiB, two passes), away from the async threads: it takes 25 ms.
async fn hash(password: &Secret) -> Result<String, ServiceError> {
    let password = password.clone();
    let hashed = tokio::task::spawn_blocking(move || {
        argon2::Argon2::default().hash_password(password.expose().as_bytes()).map(|hash| hash.to_string())
    })
    .await;
    match hashed {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(ServiceError::Conflict("The password could not be hashed; try again".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::check_password;

    #[test]
    fn short_endless_and_unprintable_passwords_are_refused() {
        assert!(check_password("correct horse").is_ok());
        for bad in ["", "short", &"x".repeat(257), "line\nbreak in it"] {
            assert!(check_password(bad).is_err(), "{bad:?}");
        }
    }
}
