//! `shopfleet login|logout|whoami|profiles`

use std::process::ExitCode;

use anyhow::{Result, bail};
use shopfleet_client::types::{AccountKind, ProblemCode};
use shopfleet_client::{Client, LogIn, SecretString};

use super::profiles::{Profile, Profiles};
use super::{NotLoggedIn, Remote, prompt};
use crate::args::remote::{Login, Profiles as Verb, Who};
use crate::output::{self, Format};
use crate::say;

/// Logs in and keeps it.
pub async fn login(options: Login, format: Format) -> Result<ExitCode> {
    let client = Client::new(&options.url)?;
    let url = client.base().as_str().trim_end_matches('/').to_owned();
    let (client, profile) = if options.token {
        let token = prompt::secret("API token")?;
        use secrecy::ExposeSecret;
        let kept = Profile::of_token(&url, token.expose_secret());
        (client.with_token(token), kept)
    } else {
        let (account, name) = match options.who {
            Who::Staff => (AccountKind::Staff, "staff"),
            Who::Owner => (AccountKind::Customer, "owner"),
        };
        let email = match options.email {
            Some(email) => email,
            None => prompt::text("Email")?,
        };
        let password = prompt::secret("Password")?;
        let (client, log_in) = prove(&client, account, &email, &password).await?;
        (client, Profile::of_log_in(&url, name, &email, &log_in))
    };
    // A token that opens nothing is not kept. One without the scope for this is fine: it opens other things.
    let who = match client.get_account().await {
        Ok(account) => format!("{} ({})", account.email, account.role.replace('_', " ")),
        Err(error) if error.code() == Some(ProblemCode::Forbidden) => "a token".into(),
        Err(error) => return Err(error.into()),
    };
    Profiles::find()?.save(&options.name, &profile)?;
    match format {
        Format::Json => output::json(&serde_json::json!({ "url": url, "profile": options.name, "who": who }))?,
        Format::Table => say!("Logged in to {url} as {}", output::clean(&who)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Name and password, and a code where the account has a second factor.
pub async fn prove(
    client: &Client,
    account: AccountKind,
    email: &str,
    password: &SecretString,
) -> Result<(Client, LogIn)> {
    match client.logged_in(account, email, password, None).await {
        Err(error) if error.code() == Some(ProblemCode::SecondFactorRequired) => {
            let code = prompt::text("Code of your second factor")?;
            Ok(client.logged_in(account, email, password, Some(code.trim())).await?)
        }
        other => Ok(other?),
    }
}

/// Ends the log-in in the panel and forgets it here; a token is only forgotten.
pub async fn logout(asked: Option<&str>, format: Format) -> Result<ExitCode> {
    let profiles = Profiles::find()?;
    let name = profiles.name(asked)?;
    let Some(profile) = profiles.load(&name)? else { return Err(NotLoggedIn.into()) };
    let mut words = "Logged out";
    if profile.token().is_some() {
        words = "The token is forgotten here; `tokens revoke` ends it in the panel";
    } else {
        let remote = Remote::find(Some(&name), format)?;
        match remote.client.log_out().await {
            Ok(()) => {}
            Err(shopfleet_client::Error::LogInAgain) => {}
            Err(error) if error.code() == Some(ProblemCode::Unauthenticated) => {}
            // It would live on in the panel while nobody could end it from here.
            Err(error) => return Err(error.into()),
        }
    }
    profiles.remove(&name)?;
    match format {
        Format::Json => output::json(&serde_json::json!({ "profile": name, "logged_in": false }))?,
        Format::Table => say!("{words}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Who the panel takes us for.
pub async fn whoami(remote: &Remote) -> Result<ExitCode> {
    let account = remote.client.get_account().await?;
    remote.answer(&account, |a| {
        super::facts(&[
            ("Panel", remote.client.base().to_string()),
            ("Log-in", remote.login.as_ref().map(|(name, _)| name.clone()).unwrap_or_default()),
            ("Email", a.email.clone()),
            ("Name", a.name.clone().unwrap_or_default()),
            ("Role", a.role.replace('_', " ")),
            ("By", a.credential_kind.clone()),
            ("Scopes", if a.scopes == "*" { "all the role may do".into() } else { a.scopes.clone() }),
        ]);
    })
}

/// Log-ins kept here.
pub fn profiles(verb: Verb, format: Format) -> Result<ExitCode> {
    let profiles = Profiles::find()?;
    match verb {
        Verb::Use { name } => {
            profiles.choose(&name)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "profile": name }))?,
                Format::Table => say!("{name} is used from now on"),
            }
        }
        Verb::List => {
            let current = profiles.name(None)?;
            let mut rows = Vec::new();
            for name in profiles.names()? {
                let Some(profile) = profiles.load(&name)? else { continue };
                let by = if profile.token().is_some() { "token".into() } else { profile.account.clone() };
                rows.push([
                    name.clone(),
                    profile.url.clone(),
                    by,
                    profile.email.clone(),
                    (name == current).to_string(),
                ]);
            }
            if format == Format::Json {
                let list: Vec<_> = rows
                    .iter()
                    .map(|[name, url, by, email, current]| {
                        serde_json::json!({ "profile": name, "url": url, "by": by, "email": email, "current": current == "true" })
                    })
                    .collect();
                output::json(&list)?;
            } else if rows.is_empty() {
                bail!(NotLoggedIn);
            } else {
                let shown = rows.into_iter().map(|[name, url, by, email, current]| {
                    [if current == "true" { format!("* {name}") } else { format!("  {name}") }, url, by, email]
                });
                say!("{}", output::table(["LOG-IN", "PANEL", "BY", "EMAIL"], shown));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
