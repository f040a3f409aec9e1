//! `shopfleet settings get|set|list`

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hosting::db::Queries;
use hosting::domain::Actor;
use hosting::services::Services;
use hosting::services::settings::{KNOWN, Kind, Known, Values, set, unset};

use super::words;
use crate::access::Access;
use crate::args::Settings;
use crate::output::{self, Format};
use crate::remote::settings::standard_input;
use crate::say;

/// Runs one verb. Changes are checked and audited.
pub async fn run(access: &Access, verb: Settings, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    match verb {
        Settings::Get { key } => {
            let known = KNOWN.iter().find(|known| known.name == key);
            let Some(known) = known else {
                bail!("there is no setting called {key}; `shopfleet settings list` shows them all");
            };
            let value = shown(&services, &[*known]).await?.remove(0).1;
            match format {
                Format::Json => output::json(&serde_json::json!({ "name": key, "value": value }))?,
                Format::Table => say!("{}", output::clean(&value)),
            }
        }
        Settings::Set { key, value } => {
            let value = if value == "-" { standard_input()? } else { value };
            set(&services, &Actor::operator(), &key, &value).await.map_err(words)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "name": key, "set": true }))?,
                Format::Table => say!("{key} is set"),
            }
        }
        Settings::Unset { key } => {
            let known = KNOWN.iter().find(|known| known.name == key);
            let known = known.with_context(|| {
                format!("there is no setting called {key}; `shopfleet settings list` shows them all")
            })?;
            unset(&services, &Actor::operator(), known).await.map_err(words)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "name": key, "set": false }))?,
                Format::Table => say!("{key} has its default"),
            }
        }
        Settings::List => {
            let all = shown(&services, KNOWN).await?;
            match format {
                Format::Json => {
                    let list: Vec<_> = all
                        .iter()
                        .map(|(known, value)| serde_json::json!({ "name": known.name, "value": value, "about": known.about }))
                        .collect();
                    output::json(&list)?;
                }
                Format::Table => say!(
                    "{}",
                    output::table(
                        ["NAME", "VALUE", "WHAT IT IS FOR"],
                        all.iter().map(|(known, value)| [known.name.to_owned(), value.clone(), known.about.to_owned()])
                    )
                ),
            }
        }
    }
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Values for people: a secret only shows whether it is set.
async fn shown(services: &Services, list: &[Known]) -> Result<Vec<(Known, String)>> {
    let values = Values::load(&services.db).await.context("cannot read the settings")?;
    let secrets = services.db.read().await?.settings().secret_names().await?;
    Ok(list
        .iter()
        .map(|known| {
            let value = match known.kind {
                Kind::Secret if secrets.iter().any(|name| name == known.name) => "[set]".to_owned(),
                Kind::Secret => "[not set]".to_owned(),
                _ => values.text(known.name).to_owned(),
            };
            (*known, value)
        })
        .collect())
}
