//! Verbs that ask the panel. One way of doing a thing: with a log-in (or a token of the environment) a verb goes
//! through the API, with the rights of the person and in their name; `--local` works on the database of the machine as
//! its operator, who may everything. Nobody is moved from one to the other silently, because the two differ in what
//! they may do and in whom the audit log names.

pub mod account;
pub mod answers;
pub mod call;
pub mod customers;
pub mod follow;
pub mod inside;
pub mod jobs;
pub mod login;
pub mod people;
pub mod profiles;
pub mod prompt;
pub mod resellers;
pub mod saved;
pub mod settings;
pub mod stores;
pub mod tickets;
pub mod work;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use shopfleet_client::types::{AccountKind, ProblemCode};
use shopfleet_client::{Client, Error, SecretString};

use crate::output::{self, Format};
use crate::say;
use profiles::{Profile, Profiles};

/// Nobody is logged in.
#[derive(Debug, thiserror::Error)]
#[error(
    "log in first: `shopfleet login URL`. For the database of this machine add --local (only some verbs can do without the panel)"
)]
pub struct NotLoggedIn;

/// A panel, and how to answer.
pub struct Remote {
    pub client: Client,
    pub format: Format,
    /// Name and content of the log-in in use; none for a token of the environment.
    pub login: Option<(String, Profile)>,
}

/// A file named by `NAME_FILE`, or the variable itself.
fn from_environment(name: &str) -> Result<Option<String>> {
    if let Some(path) = std::env::var_os(format!("{name}_FILE")).filter(|p| !p.is_empty()) {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}_FILE"))?;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(std::env::var(name).ok().filter(|v| !v.is_empty()))
}

impl Remote {
    /// The environment's token, or the log-in asked for, or the current one.
    pub fn find(asked: Option<&str>, format: Format) -> Result<Self> {
        if asked.is_none()
            && let Some(token) = from_environment("SHOPFLEET_TOKEN")?
        {
            let url = std::env::var("SHOPFLEET_URL").context("SHOPFLEET_TOKEN needs SHOPFLEET_URL beside it")?;
            return Ok(Self { client: Client::new(&url)?.with_token(token.into()), format, login: None });
        }
        let profiles = Profiles::find()?;
        let name = profiles.name(asked)?;
        let Some(profile) = profiles.load(&name)? else {
            return match asked {
                Some(name) => bail!("there is no log-in {name}; `shopfleet profiles list` shows them"),
                None => Err(NotLoggedIn.into()),
            };
        };
        let client = Client::new(&profile.url)?;
        let client = match (profile.token(), profile.log_in()) {
            (Some(token), _) => client.with_token(token.to_owned().into()),
            (None, Some(log_in)) => client.with_log_in(log_in, Arc::new(profiles.keep(&name)?)),
            (None, None) => return Err(NotLoggedIn.into()),
        };
        Ok(Self { client, format, login: Some((name, profile)) })
    }

    /// One document, or what `show` prints.
    pub fn answer<T: Serialize>(&self, value: &T, show: impl FnOnce(&T)) -> Result<ExitCode> {
        match self.format {
            Format::Json => output::json(value)?,
            Format::Table => show(value),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A list: one document, or a table.
    pub fn list<T: Serialize, const N: usize>(
        &self,
        items: &[T],
        head: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<ExitCode> {
        match self.format {
            Format::Json => output::json(&items)?,
            Format::Table if items.is_empty() => say!("none"),
            Format::Table => say!("{}", output::table(head, items.iter().map(row))),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Says that something was done.
    pub fn done(&self, document: &serde_json::Value, words: &str) -> Result<ExitCode> {
        match self.format {
            Format::Json => output::json(document)?,
            Format::Table => say!("{words}"),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Says which job does it.
    pub fn ordered(&self, job: &str) -> Result<ExitCode> {
        let words = format!("Job {job} does it; `shopfleet jobs follow {job}` shows how it goes");
        self.done(&serde_json::json!({ "job": job }), &words)
    }

    /// Runs `act`; when the panel wants a log-in of the last ten minutes, asks for the password, logs in again and runs
    /// it once more.
    pub async fn recently<T, F: Future<Output = Result<T, Error>>>(&self, act: impl Fn(Client) -> F) -> Result<T> {
        let error = match act(self.client.clone()).await {
            Err(error) if error.code() == Some(ProblemCode::PasswordNeeded) => error,
            other => return Ok(other?),
        };
        let Some((name, profile)) = &self.login else { return Err(error.into()) };
        let account = match profile.account.as_str() {
            "staff" => AccountKind::Staff,
            "owner" => AccountKind::Customer,
            _ => return Err(error.into()),
        };
        let password = prompt::secret(&format!("Password of {}", profile.email))?;
        let (client, log_in) = login::prove(&self.client, account, &profile.email, &password).await?;
        let kept = Profile::of_log_in(&profile.url, &profile.account, &profile.email, &log_in);
        // The one before ends: nobody would ever log it out.
        let _ = self.client.log_out().await;
        let profiles = Profiles::find()?;
        profiles.save(name, &kept)?;
        Ok(act(client.with_log_in(log_in, Arc::new(profiles.keep(name)?))).await?)
    }

    /// The caller's password, for what asks for it in the same request.
    pub fn password(&self) -> Result<SecretString> {
        match &self.login {
            Some((_, profile)) if !profile.email.is_empty() => {
                prompt::secret(&format!("Password of {}", profile.email))
            }
            _ => prompt::secret("Your password"),
        }
    }
}

/// The first rows of all pages together.
pub async fn first<T>(limit: u32, rows: impl Stream<Item = Result<T, Error>>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    let mut rows = std::pin::pin!(rows.take(limit as usize));
    while let Some(row) = rows.next().await {
        found.push(row?);
    }
    Ok(found)
}

/// Rows of one page that bring `limit` rows with few requests.
pub fn page(limit: u32) -> Option<u32> {
    Some(limit.clamp(1, 200))
}

/// `2026-11-21 16:20:00` out of what the API says; `–` for nothing.
pub fn moment(at: Option<&str>) -> String {
    at.map_or_else(|| "–".to_owned(), |at| at.get(..19).unwrap_or(at).replace('T', " "))
}

/// Label and value, one a line; empty ones are left out.
pub fn facts(all: &[(&str, String)]) {
    for (label, value) in all.iter().filter(|(_, value)| !value.is_empty()) {
        say!("{label:<14} {}", output::clean(value));
    }
}

/// The number of a failure, for scripts.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<NotLoggedIn>() {
        return 3;
    }
    match error.downcast_ref::<Error>() {
        Some(Error::LogInAgain) => 3,
        Some(Error::Transport(_) | Error::Answer(_)) => 8,
        Some(Error::Use(_) | Error::Address(_)) => 2,
        Some(Error::Refused(refusal)) => match refusal.status {
            401 => 3,
            403 => 4,
            404 => 5,
            409 => 6,
            400 | 413 | 415 | 422 => 7,
            429 | 500.. => 8,
            _ => 1,
        },
        Some(Error::Keep(_)) | None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_their_numbers() {
        assert_eq!(exit_code(&NotLoggedIn.into()), 3);
        assert_eq!(exit_code(&Error::LogInAgain.into()), 3);
        assert_eq!(exit_code(&Error::Transport(String::new()).into()), 8);
        assert_eq!(exit_code(&anyhow::anyhow!("else")), 1);
        let wrapped = anyhow::Error::from(Error::LogInAgain).context("cannot list");
        assert_eq!(exit_code(&wrapped), 3);
    }

    #[test]
    fn moments_are_short() {
        assert_eq!(moment(Some("2026-11-21T16:20:00.123Z")), "2026-11-21 16:20:00");
        assert_eq!(moment(None), "–");
    }
}
