//! `shopfleet stores list|show`

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::{StoreState, Uid};
use hosting::services::settings::Values;

use super::{maybe, moment};
use crate::access::Access;
use crate::args::Stores;
use crate::output::{self, Format};
use crate::say;

/// Runs one verb.
pub async fn run(access: &Access, verb: Stores, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    let values = Values::load(&services.db).await.context("cannot read the settings")?;
    match verb {
        Stores::List { state, limit } => {
            let state = state
                .map(|text| StoreState::parse(&text).with_context(|| format!("there is no store state called {text}")))
                .transpose()?;
            let stores = services.db.read().await?.stores().list(state, None, limit.min(1000)).await?;
            if format == Format::Json {
                let list: Vec<_> = stores.iter().map(|store| as_json(store, &values)).collect();
                output::json(&list)?;
            } else {
                let rows = stores.iter().map(|store| {
                    [
                        store.uid.to_string(),
                        store.name.clone(),
                        store.state.as_str().to_owned(),
                        store.host.clone().unwrap_or_else(|| "–".to_owned()),
                        store.server_name.clone().unwrap_or_else(|| "–".to_owned()),
                        store.customer_email.clone(),
                        moment(store.created_at),
                    ]
                });
                say!("{}", output::table(["STORE", "NAME", "STATE", "ADDRESS", "SERVER", "CUSTOMER", "CREATED"], rows));
            }
        }
        Stores::Show { store } => {
            let mut conn = services.db.read().await?;
            let found = match Uid::parse(&store) {
                Ok(uid) => conn.stores().find(&uid).await?,
                // People know a store by what they see in paths and container names, too.
                Err(_) => {
                    let wanted = store.trim_start_matches("store-").to_ascii_lowercase();
                    let all = conn.stores().list(None, None, 1000).await?;
                    all.into_iter().find(|one| one.uid.uid8() == wanted || one.slug == wanted)
                }
            };
            let Some(found) = found else { bail!("there is no store {store}; `shopfleet stores list` shows them") };
            if format == Format::Json {
                output::json(&as_json(&found, &values))?;
            } else {
                print_one(&found, &values);
            }
        }
    }
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

fn print_one(store: &Store, values: &Values) {
    let address = store.host.as_deref().map_or_else(|| "–".to_owned(), |host| values.store_url(host));
    for (label, value) in [
        ("Store", store.uid.to_string()),
        ("Name", store.name.clone()),
        ("State", store.state.as_str().to_owned()),
        ("Address", address),
        ("Platform", store.platform.as_str().to_owned()),
        ("Customer", store.customer_email.clone()),
        ("Server", store.server_name.clone().unwrap_or_else(|| "–".to_owned())),
        ("Objects", store.object_name()),
        ("Created", moment(store.created_at)),
        ("Live since", maybe(store.active_at)),
        ("Deletion on", maybe(store.delete_after)),
    ] {
        say!("{label:<12} {}", output::clean(&value));
    }
}

fn as_json(store: &Store, values: &Values) -> serde_json::Value {
    serde_json::json!({
        "id": store.uid,
        "name": store.name,
        "state": store.state.as_str(),
        "platform": store.platform.as_str(),
        "slug": store.slug,
        "host": store.host,
        "url": store.host.as_deref().map(|host| values.store_url(host)),
        "server": store.server_name,
        "customer": store.customer_email,
        "object_name": store.object_name(),
        "created_at": moment(store.created_at),
        "active_at": store.active_at.map(moment),
        "delete_after": store.delete_after.map(moment),
        "facts": store.facts,
    })
}
