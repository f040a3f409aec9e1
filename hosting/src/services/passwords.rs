//! Hashing passwords: Argon2id off the request threads, with a cap on how many run at once, and
//! the same time spent for names nobody has.

use super::ServiceError;
use crate::crypto::Secret;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// Shortest password of a customer.
pub const CUSTOMER_LENGTH: usize = 10;
/// Shortest password of a staff member.
pub const STAFF_LENGTH: usize = 12;
/// Longer ones only cost time.
pub const LONGEST_BYTES: usize = 256;

/// Passwords everybody tries first; long enough to pass the length rule.
const COMMON: &[&str] = &[
    "1234567890",
    "12345678910",
    "123456789012",
    "0123456789",
    "0987654321",
    "qwertyuiop",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "password12",
    "password123",
    "password1234",
    "passwort123",
    "iloveyou12",
    "iloveyou123",
    "letmein123",
    "welcome123",
    "administrator",
    "changeme123",
    "qwerty12345",
    "qwerty123456",
    "shopfleet123",
    "woocommerce",
    "wordpress123",
    "wordpress1",
];

/// A hash of nothing anybody knows, verified against when the name is unknown.
static DECOY: LazyLock<String> = LazyLock::new(|| hash_now(&Secret::random(32)).unwrap_or_default());

/// The hasher of one process. Clones share the cap.
#[derive(Clone, Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// At most as many at once as there are cores: each takes 19 MiB and a core.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { running: Arc::new(Semaphore::new(cores)) }
    }

    /// The PHC string of a password; `None` when the hasher fails.
    pub async fn hash(&self, password: &Secret) -> Option<String> {
        let password = password.clone();
        self.run(move || hash_now(&password)).await.flatten()
    }

    /// Whether `password` is the one behind `hash`. Without a hash (unknown name) it takes the same
    /// time and says no.
    pub async fn verify(&self, password: &Secret, hash: Option<&str>) -> bool {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| DECOY.clone(), str::to_owned);
        let password = password.clone();
        let right = self
            .run(move || Argon2::default().verify_password(password.expose().as_bytes(), hash.as_str()).is_ok())
            .await
            .unwrap_or(false);
        known && right
    }

    /// The hash of a new password for somebody who proves the current one (`hash`). `shortest` and `about` are those
    /// of [`check_new`].
    ///
    /// # Errors
    /// `Invalid` on `current_password` or `new_password`, with everything that is wrong; `Conflict` when the hasher fails.
    pub async fn replace(
        &self,
        current: &Secret,
        hash: &str,
        new: &str,
        shortest: usize,
        about: &str,
    ) -> Result<String, ServiceError> {
        let mut wrong = Vec::new();
        if !self.verify(current, Some(hash)).await {
            wrong.push(("current_password", "This is not your current password".to_owned()));
        }
        let checked = check_new(new, shortest, about).map_err(|e| wrong.push(("new_password", e))).ok();
        if checked.as_ref().is_some_and(|n| n.expose() == current.expose()) {
            wrong.push(("new_password", "Choose a password that differs from the current one".into()));
        }
        let (Some(checked), true) = (checked, wrong.is_empty()) else { return Err(ServiceError::Invalid(wrong)) };
        self.hash(&checked)
            .await
            .ok_or_else(|| ServiceError::Conflict("We could not store your password. Try again".into()))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _turn = self.running.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

fn hash_now(password: &Secret) -> Option<String> {
    Argon2::default().hash_password(password.expose().as_bytes()).ok().map(|h| h.to_string())
}

/// The rules of a new password; `about` is what it must not be (the e-mail).
///
/// # Errors
/// Words for the form field.
pub fn check_new(password: &str, shortest: usize, about: &str) -> Result<Secret, String> {
    if password.chars().count() < shortest {
        return Err(format!("Enter a password of at least {shortest} characters"));
    }
    if password.len() > LONGEST_BYTES {
        return Err("Enter a password of at most 256 characters".into());
    }
    let plain = password.to_lowercase();
    let mut letters = plain.chars();
    let first = letters.next();
    let same_all = letters.all(|c| Some(c) == first);
    if COMMON.contains(&plain.as_str()) || same_all || plain == about.to_lowercase() {
        return Err("This password is one of the first that others would try. Choose another".into());
    }
    Ok(Secret::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        for bad in ["", "short", "password123", "PassWord123", "aaaaaaaaaaaa", "ana@example.com", &"x".repeat(300)] {
            assert!(check_new(bad, CUSTOMER_LENGTH, "Ana@Example.com").is_err(), "{bad}");
        }
        assert!(check_new("correct horse battery", CUSTOMER_LENGTH, "ana@example.com").is_ok());
        assert!(check_new("überländisch", STAFF_LENGTH, "x").is_ok());
    }

    #[tokio::test]
    async fn a_hash_is_of_one_password_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash(&Secret::new("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify(&Secret::new("correct horse"), Some(&hash)).await);
        assert!(!passwords.verify(&Secret::new("wrong"), Some(&hash)).await);
        assert!(!passwords.verify(&Secret::new("correct horse"), None).await);
    }
}
