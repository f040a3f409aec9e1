//! `shopfleet servers list|add`

use std::process::ExitCode;

use anyhow::{Context, Result};
use hosting::db::Queries;
use hosting::domain::Actor;
use hosting::services::add_server::add_server;

use super::{maybe, words};
use crate::access::Access;
use crate::args::Servers;
use crate::output::{self, Format};
use crate::say;

/// Runs one verb.
pub async fn run(access: &Access, verb: Servers, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    match verb {
        Servers::Add { name } => {
            let id = add_server(&services, &Actor::operator(), &name).await.map_err(words)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "id": id, "name": name }))?,
                Format::Table => {
                    say!("{name} is known now; start its worker: systemctl enable --now shopfleet-worker@{name}");
                }
            }
        }
        Servers::List => {
            let servers = services.db.read().await.context("cannot reach the database")?.servers().list().await?;
            if format == Format::Json {
                let list: Vec<_> = servers
                    .iter()
                    .map(|one| {
                        serde_json::json!({
                            "name": one.name, "state": one.state, "platforms": one.platforms, "stores": one.stores,
                            "store_limit": one.store_limit, "heartbeat_age_seconds": one.heartbeat_age,
                            "unfit_reason": one.unfit_reason, "facts": one.facts,
                        })
                    })
                    .collect();
                output::json(&list)?;
            } else {
                let rows = servers.iter().map(|one| {
                    [
                        one.name.clone(),
                        one.state.clone(),
                        format!("{}/{}", one.stores, one.store_limit),
                        maybe(one.heartbeat_at),
                        one.unfit_reason.clone(),
                    ]
                });
                say!(
                    "{}",
                    output::table(["SERVER", "STATE", "STORES", "LAST SIGN OF LIFE", "CANNOT TAKE WORK BECAUSE"], rows)
                );
            }
        }
    }
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}
