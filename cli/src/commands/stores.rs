//! `shopfleet stores list|show`, and the changes of a store in service

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::store::SuspendCause;
use hosting::domain::{Actor, StoreState, Uid};
use hosting::services::change_store::{StoreChange, change_store};
use hosting::services::settings::Values;
use hosting::services::{ServiceError, Services};

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
            let found = find(&services, &store).await?;
            if format == Format::Json {
                output::json(&as_json(&found, &values))?;
            } else {
                print_one(&found, &values);
            }
        }
        Stores::Suspend { store, reason, cause } => {
            let cause = SuspendCause::parse(&cause)
                .with_context(|| format!("there is no cause {cause}: bill, review, request or other"))?;
            order(&services, &store, StoreChange::Suspend { cause, reason }, format).await?;
        }
        Stores::Resume { store, reason } => order(&services, &store, StoreChange::Resume { reason }, format).await?,
        Stores::Restart { store } => order(&services, &store, StoreChange::Restart, format).await?,
        Stores::Maintenance { store, state } => {
            order(&services, &store, StoreChange::Maintenance { on: state == "on" }, format).await?;
        }
        Stores::ResetPassword { store } => order(&services, &store, StoreChange::ResetAdminPassword, format).await?,
        Stores::Plan { store, plan, reason } => {
            order(&services, &store, StoreChange::ChangePlan { plan, reason }, format).await?;
        }
        Stores::Create { .. }
        | Stores::Delete { .. }
        | Stores::Keep { .. }
        | Stores::Credentials { .. }
        | Stores::Database { .. }
        | Stores::Files { .. }
        | Stores::Offer { .. }
        | Stores::Withdraw { .. }
        | Stores::AddKey { .. }
        | Stores::RemoveKey { .. }
        | Stores::MakeFilePassword { .. }
        | Stores::RemoveFilePassword { .. } => {
            bail!("this belongs to the store's owner, whom only the panel knows: leave --local out and log in as them")
        }
        Stores::Log { .. } | Stores::Usage { .. } => {
            bail!("the panel shows this: leave --local out and log in")
        }
        Stores::Address { store, address } => {
            order(&services, &store, StoreChange::ChangeAddress { address }, format).await?;
        }
        Stores::Transfer { store, email, reason } => {
            order(&services, &store, StoreChange::Transfer { email, reason }, format).await?;
        }
        Stores::Rename { store, name } => order(&services, &store, StoreChange::Rename { name }, format).await?,
    }
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The store people mean: by id, or by what they see in paths, container names and addresses.
async fn find(services: &Services, store: &str) -> Result<Store> {
    let mut conn = services.db.read().await?;
    let found = match Uid::parse(store) {
        Ok(uid) => conn.stores().find(&uid).await?,
        Err(_) => {
            let wanted = store.trim_start_matches("store-").to_ascii_lowercase();
            let all = conn.stores().list(None, None, 1000).await?;
            all.into_iter().find(|one| one.uid.uid8() == wanted || one.slug == wanted)
        }
    };
    found.with_context(|| format!("there is no store {store}; `shopfleet stores list` shows them"))
}

/// Orders a change and says which job does it.
async fn order(services: &Services, store: &str, change: StoreChange, format: Format) -> Result<()> {
    let store = find(services, store).await?;
    let job = match change_store(services, &Actor::operator(), store.id, &change).await {
        Ok(job) => job.uid.to_string(),
        Err(ServiceError::Invalid(fields)) => {
            bail!(
                "{}",
                fields.into_iter().map(|(name, words)| format!("{name}: {words}")).collect::<Vec<_>>().join("; ")
            )
        }
        Err(other) => return Err(other.into()),
    };
    if format == Format::Json {
        return output::json(&serde_json::json!({ "store": store.uid, "job": job }));
    }
    say!("Job {job} does it; `shopfleet jobs follow {job}` shows how it goes");
    Ok(())
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
