//! `shopfleet stores …`, `shopfleet plans`

use std::process::ExitCode;

use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use shopfleet_client::types::{
    AddressChange, Cause, Confirm, GetStoreLogQuery, Group, Handover, ListStoresQuery, Maintenance, NameChange,
    NewOffer, NewStore, Nothing, Password, PlanChange, Reason, Reveal, Store, Suspension,
};

use super::{Remote, facts, first, inside, moment, page};
use crate::args::Stores;
use crate::say;

/// How far back a store is looked for by its address.
const DEPTH: u32 = 1000;

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Stores) -> Result<ExitCode> {
    let client = &remote.client;
    let job = match verb {
        Stores::List { state, limit } => {
            let query = ListStoresQuery { state, limit: page(limit), ..ListStoresQuery::default() };
            let stores = first(limit, client.list_stores_all(query)).await?;
            return remote.list(&stores, ["STORE", "NAME", "STATE", "ADDRESS", "SERVER", "CREATED"], |s| {
                [
                    s.id.clone(),
                    s.name.clone(),
                    state_of(s),
                    s.url.clone().unwrap_or_else(|| "–".into()),
                    s.server.clone().unwrap_or_else(|| "–".into()),
                    moment(Some(&s.created_at)),
                ]
            });
        }
        Stores::Show { store } => return show(remote, &client.get_store(find(remote, &store).await?).await?),
        Stores::Create { name, plan, address, platform, follow } => {
            let wish = NewStore { name, plan, platform, address: Some(address).filter(|a| !a.is_empty()) };
            let job = client.create_store(&wish).await?.job;
            if follow {
                return super::follow::follow(remote, &job, 0).await;
            }
            job
        }
        Stores::Restart { store } => client.restart_store(find(remote, &store).await?, &Nothing {}).await?.job,
        Stores::Suspend { store, reason, cause } => {
            let cause = match cause.as_str() {
                "bill" => Cause::Bill,
                "review" => Cause::Review,
                "request" => Cause::Request,
                "other" => Cause::Other,
                _ => anyhow::bail!("the cause must be bill, review, request or other"),
            };
            let body = Suspension { cause: Some(cause), reason };
            client.suspend_store(find(remote, &store).await?, &body).await?.job
        }
        Stores::Resume { store, reason } => {
            client.resume_store(find(remote, &store).await?, &Reason { reason }).await?.job
        }
        Stores::Maintenance { store, state } => {
            let body = Maintenance { on: state == "on" };
            client.set_maintenance(find(remote, &store).await?, &body).await?.job
        }
        Stores::ResetPassword { store } => {
            client.reset_store_password(find(remote, &store).await?, &Nothing {}).await?.job
        }
        Stores::Plan { store, plan, reason } => {
            client.change_store_plan(find(remote, &store).await?, &PlanChange { plan, reason }).await?.job
        }
        Stores::Address { store, address } => {
            client.change_store_address(find(remote, &store).await?, &AddressChange { address }).await?.job
        }
        Stores::Rename { store, name } => {
            client.rename_store(find(remote, &store).await?, &NameChange { name }).await?.job
        }
        Stores::Delete { store, name } => {
            let id = find(remote, &store).await?;
            let body = Confirm { name, password: remote.password()?.expose_secret().to_owned() };
            let store = client.plan_deletion(id, &body).await?;
            return remote.answer(&store, |s| {
                say!(
                    "{} is deleted on {}; `shopfleet stores keep` takes that back",
                    s.name,
                    moment(s.delete_after.as_deref())
                );
            });
        }
        Stores::Keep { store } => {
            let id = find(remote, &store).await?;
            client.cancel_deletion(&id).await?;
            return remote.done(&serde_json::json!({ "store": id, "kept": true }), "The store stays");
        }
        Stores::Credentials { store, group } => {
            let id = find(remote, &store).await?;
            let group = if group == "database" { Group::Database } else { Group::Admin };
            let body = Reveal { group, password: remote.password()?.expose_secret().to_owned() };
            let shown = client.reveal_credentials(id, &body).await?;
            return remote.answer(&shown, |shown| {
                for (name, value) in &shown.values {
                    say!("{name:<16} {value}");
                }
            });
        }
        Stores::Database { store, act } => return database(remote, &find(remote, &store).await?, &act).await,
        Stores::Log { store, source, level, find: words, limit, follow } => {
            let query = GetStoreLogQuery { source, level, find: words, limit: Some(limit), after: None };
            return inside::log(remote, &find(remote, &store).await?, query, follow).await;
        }
        Stores::Usage { store, range } => return inside::usage(remote, &find(remote, &store).await?, range).await,
        Stores::Files { store, act } => return inside::files(remote, &find(remote, &store).await?, &act).await,
        Stores::AddKey { store, file, name } => {
            return inside::add_key(remote, &find(remote, &store).await?, &file, name).await;
        }
        Stores::RemoveKey { store, key } => {
            client.remove_file_access_key(find(remote, &store).await?, key.to_string()).await?;
            return remote.done(&serde_json::json!({ "key": key, "removed": true }), "The key is shut out");
        }
        Stores::MakeFilePassword { store } => {
            let body = Password { password: remote.password()?.expose_secret().to_owned() };
            let made = client.make_file_access_password(find(remote, &store).await?, &body).await?;
            return remote.answer(&made, |made| say!("{}", made.password));
        }
        Stores::Transfer { store, email, reason } => {
            client.transfer_store(find(remote, &store).await?, &Handover { email, reason }).await?.job
        }
        Stores::Offer { store, email } => {
            let body = NewOffer { email, password: remote.password()?.expose_secret().to_owned() };
            let offer = client.offer_store(find(remote, &store).await?, &body).await?;
            return remote.answer(&offer, |o| {
                say!("{} is offered to {} until {}", o.store_name, o.to, moment(Some(&o.expires_at)));
            });
        }
        Stores::Withdraw { store } => {
            client.withdraw_offer(find(remote, &store).await?).await?;
            return remote.done(&serde_json::json!({ "withdrawn": true }), "The store stays yours");
        }
        Stores::RemoveFilePassword { store } => {
            client.remove_file_access_password(find(remote, &store).await?).await?;
            return remote.done(&serde_json::json!({ "removed": true }), "There is no password any more: keys only");
        }
    };
    remote.ordered(&job)
}

async fn database(remote: &Remote, id: &str, act: &str) -> Result<ExitCode> {
    let client = &remote.client;
    let order = match act {
        "start" => {
            let body = Password { password: remote.password()?.expose_secret().to_owned() };
            client.start_database_page(id, &body).await?
        }
        "stop" => client.stop_database_page(id, &Nothing {}).await?,
        _ => {
            let page = client.get_database_page(id).await?;
            return remote.answer(&page, |page| {
                facts(&[
                    ("State", page.state.replace('_', " ")),
                    ("Address", page.url.clone().unwrap_or_default()),
                    ("Problem", page.problem.clone().unwrap_or_default()),
                ]);
            });
        }
    };
    match order.job {
        Some(job) => remote.ordered(&job),
        None => remote.done(&serde_json::json!({ "job": null }), "It is open already"),
    }
}

/// The plans on offer.
pub async fn plans(remote: &Remote) -> Result<ExitCode> {
    let plans = remote.client.list_plans().await?.items;
    remote.list(&plans, ["PLAN", "NAME", "PER MONTH", "DISK", "STATE"], |p| {
        [
            p.slug.clone(),
            p.name.clone(),
            format!("{}.{:02} {}", p.price_cents / 100, p.price_cents % 100, p.currency),
            format!("{} MiB", p.disk_mb),
            p.state.clone(),
        ]
    })
}

fn state_of(store: &Store) -> String {
    if store.maintenance { format!("{} (maintenance)", store.state) } else { store.state.clone() }
}

fn show(remote: &Remote, store: &Store) -> Result<ExitCode> {
    remote.answer(store, |s| {
        facts(&[
            ("Store", s.id.clone()),
            ("Name", s.name.clone()),
            ("State", state_of(s)),
            ("Suspended", s.suspend_reason.clone().unwrap_or_default()),
            ("Address", s.url.clone().unwrap_or_default()),
            ("Platform", s.platform.clone()),
            ("Customer", s.customer_email.clone().unwrap_or_default()),
            ("Server", s.server.clone().unwrap_or_default()),
            ("Created", moment(Some(&s.created_at))),
            ("Live since", moment(s.active_at.as_deref())),
            ("Deletion on", s.delete_after.as_deref().map(|at| moment(Some(at))).unwrap_or_default()),
        ]);
    })
}

/// A full id, or the first part of a store's web address.
async fn find(remote: &Remote, text: &str) -> Result<String> {
    let text = text.trim();
    if text.len() == 26 && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(text.to_ascii_uppercase());
    }
    let wanted = text.to_ascii_lowercase();
    let query = ListStoresQuery { limit: page(200), ..ListStoresQuery::default() };
    let all = first(DEPTH, remote.client.list_stores_all(query)).await?;
    let here = |s: &Store| {
        s.url.as_deref().and_then(|u| u.split("://").nth(1)).is_some_and(|host| host.split('.').next() == Some(&wanted))
    };
    let found = all.into_iter().find(here).map(|s| s.id);
    found.with_context(|| format!("there is no store {text} among the latest {DEPTH}; give its full id"))
}
