//! `/dashboard` and what hangs on it.

pub mod access;
pub mod change;
pub mod database;
pub mod delete;
pub mod files;
pub mod job;
pub mod logs;
pub mod new;
pub mod tickets;
pub mod transfer;
pub mod usage;

use super::store_change::{self, OWNERS};
use super::{Answer, plans};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::urls;
use crate::views::owner::{Dashboard, StoreCard, Todo};
use crate::views::{Badge, Labelled, Link, When};
use actix_web::HttpResponse;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::login_sessions::FRESH_SECONDS;
use hosting::db::stores::Store;
use hosting::domain::{Platform, StoreState};
use hosting::jobs::PROVISION_STORE;
use serde_json::json;

/// The customer's store: the newest that is more than a record.
///
/// # Errors
/// Database trouble.
pub async fn own_store(ctx: &Ctx) -> Result<Option<Store>, WebError> {
    let customer = ctx.customer()?.customer_id;
    Ok(ctx.state().services.db.read().await?.stores().list_of_customer(customer).await?.into_iter().next())
}

/// The customer's store, while it is in service.
///
/// # Errors
/// `NotFound` when it is not, database trouble.
async fn live_store(ctx: &Ctx) -> Result<Store, WebError> {
    own_store(ctx).await?.filter(|s| s.state == StoreState::Active).ok_or(WebError::NotFound)
}

/// Where to prove the password again before going on at `here`; `None` while the last proof is recent.
///
/// # Errors
/// Nobody is signed in as a customer.
fn stale(ctx: &Ctx, here: &str) -> Result<Option<HttpResponse>, WebError> {
    let old = ctx.customer()?.authenticated_seconds > FRESH_SECONDS;
    Ok(old.then(|| ctx.see_other(&format!("/reauthenticate{}", urls::query(&[("next", here)])))))
}

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let page = ctx.page("Your store", "dashboard").await;
    let support = super::account::support::open(&ctx).await?;
    let Some(store) = own_store(&ctx).await? else {
        let offers = transfer::offers(&ctx).await?;
        return ctx.ok(&Dashboard { page, store: None, checklist: Vec::new(), support, offers });
    };
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    let job = conn.jobs().newest_of_store(store.id, PROVISION_STORE).await?;
    let plan = conn.plans().get(store.plan_id).await?;
    drop(conn);
    let host = store.host.clone().unwrap_or_else(|| format!("{}.{}", store.slug, settings.text("base_domain")));
    let url = settings.store_url(&host);
    let live = store.state == StoreState::Active;
    let now = now_plain();
    let (waiting, problem) = match store.state {
        StoreState::Requested => {
            ("Confirm your email with the link we sent, then it starts.".to_owned(), String::new())
        }
        StoreState::Failed => (
            String::new(),
            job.as_ref()
                .map(|j| j.error_reason.clone())
                .filter(|r| !r.is_empty())
                .unwrap_or_else(|| "The setup could not be finished.".into()),
        ),
        StoreState::Suspended => {
            let why = store.suspend_reason.trim_end_matches('.');
            let why = if why.is_empty() { String::new() } else { format!(" {why}.") };
            (String::new(), format!("This store is paused.{why} Its data is kept. Contact us to start it again."))
        }
        StoreState::Deleting => ("It is being deleted.".to_owned(), String::new()),
        _ => (String::new(), String::new()),
    };
    let without_shop = live && runs_without_shop(&store);
    let card = StoreCard {
        name: store.name.clone(),
        state: store.state.as_str().into(),
        badge: if live && store.maintenance {
            Badge::new("upkeep", "Maintenance")
        } else {
            Badge::store(store.state.as_str())
        },
        maintenance: live && store.maintenance,
        changes: OWNERS
            .iter()
            .filter(|(_, verb)| store_change::fits(*verb, &store))
            .map(|(name, verb)| Link {
                href: urls::owner_change(name),
                label: store_change::link(*verb, &store).into(),
                current: false,
            })
            .chain(live.then(|| Link {
                href: "/dashboard/transfer".into(),
                label: "Hand store over".into(),
                current: false,
            }))
            .collect(),
        looks: looks(&store),
        admin_url: format!("{url}/wp-admin/"),
        live,
        setup_url: if live { String::new() } else { job.as_ref().map(|j| urls::setup(&j.uid)).unwrap_or_default() },
        waiting,
        problem,
        plan: plan.as_ref().map(|p| p.name.clone()).unwrap_or_default(),
        platform: if without_shop {
            format!("WordPress, without {}", store.platform.title())
        } else {
            store.platform.title().into()
        },
        without_shop,
        created: When::relative(store.created_at, now),
        live_since: store.active_at.map(|at| When::relative(at, now)),
        deletion: store.delete_after.map(When::exact),
        limits: plan
            .map(|p| {
                plans::limits(&p)
                    .into_iter()
                    .map(|(what, how)| Labelled::new(capital(what.trim_start_matches("of ")), how))
                    .collect()
            })
            .unwrap_or_default(),
        poll: if matches!(store.state, StoreState::Provisioning | StoreState::Deleting | StoreState::Requested) {
            "/dashboard/state".into()
        } else {
            String::new()
        },
        url: url.clone(),
        host,
    };
    let admin = |path: &str| format!("{url}/wp-admin/{path}");
    let todo = |icon, text: &str, href: String, link| Todo { icon, text: text.into(), href, link, outside: true };
    let details = Todo {
        icon: "key",
        text: "Look at your sign-in details".into(),
        href: "/dashboard/access".into(),
        link: "Sign-in details",
        outside: false,
    };
    let checklist = if without_shop {
        vec![todo("package", "Write your first page", admin("post-new.php?post_type=page"), "Add page"), details]
    } else if live {
        vec![
            todo("package", "Add your first product", admin("post-new.php?post_type=product"), "Add product"),
            todo(
                "credit-card",
                "Choose how customers pay",
                admin("admin.php?page=wc-settings&tab=checkout"),
                "Set up payments",
            ),
            details,
        ]
    } else {
        vec![
            todo("package", "Think of your first product: a photo, a price, a few lines", String::new(), ""),
            todo("credit-card", "Decide how customers pay: card, transfer, on delivery", String::new(), ""),
        ]
    };
    let offers = transfer::offers(&ctx).await?;
    ctx.ok(&Dashboard { page, store: Some(card), checklist, support, offers })
}

/// Pages that are about a running store.
fn looks(store: &Store) -> Vec<Link> {
    if !super::store_log::has_log(store) {
        return Vec::new();
    }
    [("/dashboard/usage", "Usage"), ("/dashboard/logs", "Logs"), ("/dashboard/files", "Files (SFTP)")]
        .into_iter()
        .map(|(href, label)| Link { href: href.into(), label: label.into(), current: false })
        .collect()
}

/// What the store was verified to be made of says that there is no WooCommerce; a store without such facts may have it.
fn runs_without_shop(store: &Store) -> bool {
    store.platform == Platform::WooCommerce
        && store.facts.as_ref().and_then(|f| f.get("woocommerce")).is_some_and(serde_json::Value::is_null)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// `/dashboard/state`: so that the page can renew itself.
pub async fn state(ctx: Ctx) -> Answer {
    let state = own_store(&ctx).await?.map(|s| s.state.as_str());
    Ok(HttpResponse::Ok().json(json!({ "state": state })))
}
