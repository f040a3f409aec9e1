//! `/dashboard/access`: sign-in details, hidden until asked for; each showing is recorded.

use super::super::Answer;
use super::{own_store, stale};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::REVEAL_ACCOUNT;
use crate::urls;
use crate::views::date_text;
use crate::views::owner::{Access, Credential, CredentialGroup};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::StoreState;
use hosting::jobs::PROVISION_STORE;
use hosting::services::reveal_credentials::reveal_credentials;

/// A group: key, title, and its values as `(secret's name, label, is a password)`.
type GroupDef = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Names are those of `store_secrets`.
const GROUPS: &[GroupDef] = &[
    ("admin", "Store admin", &[("admin_login", "User name"), ("admin_password", "Password")]),
    ("database", "Database", &[("db_password", "Password")]),
];

const MASK: &str = "••••••••••••";

/// The page, everything hidden.
pub async fn get(ctx: Ctx) -> Answer {
    draw(&ctx, None).await
}

/// Shows one group, once, after a recent proof of the password.
pub async fn reveal(ctx: Ctx, form: Form) -> Answer {
    if let Some(away) = stale(&ctx, "/dashboard/access")? {
        return Ok(away);
    }
    let customer = ctx.customer()?.customer_id;
    if let Err(wait) = ctx.state().limits.take(REVEAL_ACCOUNT, &customer.to_string()).await {
        return Err(WebError::TooMany(wait));
    }
    let what = form.get("what")?;
    let group =
        GROUPS.iter().find(|g| g.0 == what).ok_or_else(|| WebError::Unreadable("Choose what to show.".into()))?;
    let store = own_store(&ctx).await?.filter(ready).ok_or(WebError::NotFound)?;
    let names: Vec<&'static str> = group.2.iter().map(|(name, _)| *name).collect();
    let values = reveal_credentials(&ctx.state().services, &ctx.actor(), &store, &names).await?;
    draw(&ctx, Some((group.0, values))).await
}

fn ready(store: &Store) -> bool {
    matches!(store.state, StoreState::Active | StoreState::Suspended)
}

async fn draw(ctx: &Ctx, shown: Option<(&'static str, Vec<(&'static str, Secret)>)>) -> Answer {
    let page = ctx.page("Sign-in details", "access").await;
    let Some(store) = own_store(ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    if !ready(&store) {
        let job = conn.jobs().newest_of_store(store.id, PROVISION_STORE).await?;
        let setup_url = job.map(|j| urls::setup(&j.uid)).unwrap_or_default();
        return ctx.ok(&Access { page, store_name: store.name, ready: false, setup_url, groups: Vec::new() });
    }
    let known = conn.secrets().list(store.id).await?;
    drop(conn);
    let url = store.host.as_deref().map(|h| settings.store_url(h)).unwrap_or_default();
    let groups = GROUPS
        .iter()
        .filter_map(|(key, title, values)| {
            let here: Vec<_> = values.iter().filter(|(name, _)| known.iter().any(|(k, _)| k == name)).collect();
            if here.is_empty() {
                return None;
            }
            let last = known.iter().filter(|(k, _)| here.iter().any(|(n, _)| n == k)).filter_map(|(_, at)| *at).max();
            let revealed = shown.as_ref().is_some_and(|(k, _)| k == key);
            let value_of = |name: &str| {
                shown
                    .as_ref()
                    .filter(|_| revealed)
                    .and_then(|(_, v)| v.iter().find(|(n, _)| *n == name))
                    .map(|(_, s)| s.expose().to_owned())
            };
            Some(CredentialGroup {
                key,
                title,
                values: here
                    .iter()
                    .map(|(name, label)| {
                        let value = value_of(name);
                        Credential {
                            label: (*label).into(),
                            copy: value.is_some(),
                            value: value.unwrap_or_else(|| MASK.into()),
                        }
                    })
                    .collect(),
                revealed,
                shown: last.map_or_else(|| "Never shown".into(), |at| format!("Last shown {}", date_text(at))),
                href: if *key == "admin" { format!("{url}/wp-admin/") } else { String::new() },
                link: if *key == "admin" { "Open store admin" } else { "" },
            })
        })
        .collect();
    ctx.ok(&Access { page, store_name: store.name, ready: true, setup_url: String::new(), groups })
}
