//! `/dashboard/database`: the database page of a store. It is started on demand; a recent proof of
//! the password gets a ticket, which the browser carries to the page itself, once, within a minute.

use super::super::admin::job_action::first_use;
use super::super::{Answer, need_key};
use super::{live_store, own_store, stale};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::REVEAL_ACCOUNT;
use crate::urls;
use crate::views::owner::Database;
use actix_web::HttpResponse;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::{HostName, JobState, StoreState};
use hosting::jobs::START_DB_ADMIN;
use hosting::services::db_admin;
use hosting::services::settings::Values;
use std::time::{Duration, Instant};

const HERE: &str = "/dashboard/database";

/// How long a browser waits for its ticket to be handed over; it takes some hundredths of a second.
const HAND_OVER: Duration = Duration::from_secs(5);

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let Some(store) = own_store(&ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    let view = view(&ctx, &store).await?;
    ctx.ok(&view)
}

/// Starts it.
pub async fn start(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    if first_use(&ctx, &key, "start_database").await? {
        db_admin::start(&ctx.state().services, &ctx.actor(), &store).await?;
    }
    Ok(ctx.see_other(HERE))
}

/// Makes a ticket and the form that carries it to the page.
pub async fn open(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    let customer = ctx.customer()?.customer_id;
    if let Err(wait) = ctx.state().limits.take(REVEAL_ACCOUNT, &customer.to_string()).await {
        return Err(WebError::TooMany(wait));
    }
    if !first_use(&ctx, &key, "open_database").await? {
        return Ok(ctx.see_other(HERE));
    }
    let (ticket, job) = db_admin::ticket(&ctx.state().services, &ctx.actor(), &store).await?;
    if !handed_over(&ctx, job.id).await? {
        return Err(WebError::Conflict(
            "The database page did not take you in just now. Your store is not affected. Open it once more.".into(),
        ));
    }
    let mut view = view(&ctx, &store).await?;
    ctx.allow_form_to(&view.url);
    view.phase = "enter";
    // Shown once, to this browser, in a field of a form: never in an address, never in a log.
    view.ticket = Secret::expose(&ticket).to_owned();
    ctx.ok(&view)
}

/// Closes it.
pub async fn stop(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if first_use(&ctx, &key, "stop_database").await? {
        db_admin::stop(&ctx.state().services, &ctx.actor(), &store, "closed by its owner").await?;
    }
    Ok(ctx.see_other(HERE))
}

/// `/dashboard/database/state`: so that the page can renew itself.
pub async fn state(ctx: Ctx) -> Answer {
    let state = match own_store(&ctx).await? {
        None => "none".to_owned(),
        Some(store) => page_state(&ctx, &store).await?.0.to_owned(),
    };
    Ok(HttpResponse::Ok().json(serde_json::json!({ "state": state })))
}

async fn handed_over(ctx: &Ctx, job: u64) -> Result<bool, WebError> {
    let begun = Instant::now();
    loop {
        let state = ctx.state().services.db.read().await?.jobs().get(job).await?.map(|j| j.state);
        match state {
            Some(JobState::Finished) => return Ok(true),
            None | Some(JobState::Failed | JobState::Cancelled) => return Ok(false),
            _ if begun.elapsed() > HAND_OVER => return Ok(false),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// `not_ready`, `closed`, `starting`, `open`, `closing`; and why the last start failed, if it did.
pub(crate) async fn page_state(ctx: &Ctx, store: &Store) -> Result<(&'static str, String), WebError> {
    if store.state != StoreState::Active {
        return Ok(("not_ready", String::new()));
    }
    let mut conn = ctx.state().services.db.read().await?;
    let page = conn.db_admin().find(store.id).await?;
    if let Some(page) = page {
        return Ok(match page.state.as_str() {
            "running" => ("open", String::new()),
            "stopping" => ("closing", String::new()),
            _ => ("starting", String::new()),
        });
    }
    let last = conn.jobs().newest_of_store(store.id, START_DB_ADMIN).await?;
    let failed = last
        .filter(|j| j.state == JobState::Failed)
        .map(|j| format!("{}. Reference {}", j.error_reason.trim_end_matches('.'), urls::short_job(&j.uid)));
    Ok(("closed", failed.unwrap_or_default()))
}

/// Where the page of a store answers; empty while the store has no address.
pub(crate) fn page_url(settings: &Values, store: &Store) -> String {
    let host = store.host.as_deref().and_then(|h| HostName::parse(h).ok()).and_then(|h| h.database_page().ok());
    host.map(|h| settings.store_url(h.as_str())).unwrap_or_default()
}

async fn view(ctx: &Ctx, store: &Store) -> Result<Database, WebError> {
    let (phase, problem) = page_state(ctx, store).await?;
    let settings = ctx.state().settings().await;
    let url = page_url(&settings, store);
    Ok(Database {
        page: ctx.page("Database", "database").await,
        store_name: store.name.clone(),
        phase,
        waits: matches!(phase, "starting" | "closing"),
        problem,
        url,
        ticket: String::new(),
        ticket_seconds: hosting::db::db_admin::TICKET_SECONDS,
        idle_minutes: settings.number("db_admin_idle_minutes"),
        form_key: ctx.new_form_key(),
        other_key: ctx.new_form_key(),
    })
}
