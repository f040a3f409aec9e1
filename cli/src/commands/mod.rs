//! The verbs that work on the database, a file each.

pub mod admins;
pub mod create_admin;
pub mod edge_config;
pub mod jobs;
pub mod mail_in;
pub mod migrate;
pub mod secrets;
pub mod servers;
pub mod settings;
pub mod stores;

use anyhow::anyhow;
use hosting::services::ServiceError;

/// A service's refusal in words for the command line.
fn words(error: ServiceError) -> anyhow::Error {
    match error {
        ServiceError::Invalid(fields) => {
            let text: Vec<String> = fields.into_iter().map(|(field, words)| format!("{field}: {words}")).collect();
            anyhow!(text.join("; "))
        }
        ServiceError::NotFound => anyhow!("there is no such thing; check the id (`list` shows them)"),
        other => anyhow::Error::new(other),
    }
}

/// `2026-11-21 10:14:24`, UTC.
fn moment(at: time::PlainDateTime) -> String {
    format!("{} {:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
}

/// As `moment`; a dash for "not yet".
fn maybe(at: Option<time::PlainDateTime>) -> String {
    at.map_or_else(|| "–".to_owned(), moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_field() {
        let error = words(ServiceError::field("password", "Enter more"));
        assert_eq!(error.to_string(), "password: Enter more");
    }
}
