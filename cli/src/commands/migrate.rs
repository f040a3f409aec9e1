//! `shopfleet migrate`

use std::process::ExitCode;

use anyhow::{Context, Result};
use hosting::services::seed_defaults::seed_defaults;

use crate::access::Access;
use crate::args::Migrate;
use crate::output::{self, Format};
use crate::say;

/// Brings the schema up to date. Safe to repeat and to run beside the previous release.
pub async fn run(access: &Access, options: Migrate, format: Format) -> Result<ExitCode> {
    let db = access.owner_database()?;
    let pending = db.pending_migrations().await.context("cannot look at the database")?;
    db.migrate().await.context("the schema could not be brought up to date")?;
    seed_defaults(&db).await.context("cannot write the default plans and schedules")?;
    // A private instance's application account never owns the schema, so new tables need its rights at once.
    let grant_to = match (options.grant_to, access) {
        (None, Access::Private { .. }) => Some("shopfleet@localhost".to_owned()),
        (given, _) => given,
    };
    let granted = match &grant_to {
        Some(account) => {
            let (user, host) = account.split_once('@').unwrap_or((account, "localhost"));
            Some(db.grant_application(user, host).await.with_context(|| format!("cannot give {account} its rights"))?)
        }
        None => None,
    };
    db.close().await;
    if format == Format::Json {
        output::json(&serde_json::json!({ "migrations": pending, "tables_granted": granted }))?;
    } else {
        say!("{}", said(pending));
        if let (Some(tables), Some(account)) = (granted, grant_to) {
            say!("{account} has the application's rights on {tables} tables");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What happened, in words.
pub fn said(pending: usize) -> String {
    match pending {
        0 => "The database schema is up to date".to_owned(),
        1 => "The database schema is up to date after 1 migration".to_owned(),
        many => format!("The database schema is up to date after {many} migrations"),
    }
}
