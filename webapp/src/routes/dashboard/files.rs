//! `/dashboard/files`: SFTP to a store's content. Opening it and changing who may sign in ask for a recent proof of the
//! password; a made password is in one answer only.

use super::super::admin::job_action::first_use;
use super::super::{Answer, need_key};
use super::{live_store, own_store, stale};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::REVEAL_ACCOUNT;
use crate::urls;
use crate::views::files::{Files, Key, KeyForm};
use crate::views::{Field, FieldError, When};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::file_access::AccessKey;
use hosting::db::stores::Store;
use hosting::domain::ssh_key::SshKey;
use hosting::domain::{JobState, PortPool, StoreState};
use hosting::jobs::START_FILE_ACCESS;
use hosting::services::ServiceError;
use hosting::services::file_access::{self, PASSWORD_HASH, USER};

const HERE: &str = "/dashboard/files";

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let Some(store) = own_store(&ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    let view = view(&ctx, &store, KeyForm::default()).await?;
    ctx.ok(&view)
}

/// Opens it.
pub async fn start(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    if first_use(&ctx, &key, "start_files").await? {
        file_access::start(&ctx.state().services, &ctx.actor(), &store).await?;
    }
    Ok(ctx.see_other(HERE))
}

/// Closes it.
pub async fn stop(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if first_use(&ctx, &key, "stop_files").await? {
        file_access::stop(&ctx.state().services, &ctx.actor(), &store, "closed by its owner").await?;
    }
    Ok(ctx.see_other(HERE))
}

/// Adds a key.
pub async fn add_key(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    let (text, name) = (form.get("key")?, form.get("name")?);
    let refused = |fields: Vec<(&'static str, String)>| {
        let mut shown = KeyForm { key: Field::of(text), name: Field::of(name), ..KeyForm::default() };
        for (field, words) in fields {
            let at = if field == "name" { &mut shown.name } else { &mut shown.key };
            at.error.clone_from(&words);
            shown.errors.push(FieldError { field, text: words });
        }
        // What looked like a private key is not sent back into a page.
        if text.contains("PRIVATE KEY") {
            shown.key.value.clear();
        }
        shown
    };
    // Looked at before the form counts as sent, so that it can be mended and sent again.
    let shown = match SshKey::parse(text) {
        Err(e) => Some(refused(vec![("key", e.0)])),
        Ok(_) if !first_use(&ctx, &key, "add_file_key").await? => None,
        Ok(_) => match file_access::add_key(&ctx.state().services, &ctx.actor(), &store, name, text).await {
            Ok(()) => None,
            Err(ServiceError::Invalid(fields)) => Some(refused(fields)),
            Err(other) => return Err(other.into()),
        },
    };
    match shown {
        None => Ok(ctx.see_other(HERE)),
        Some(form) => {
            let mut view = view(&ctx, &store, form).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
    }
}

/// Removes a key.
pub async fn remove_key(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let store = live_store(&ctx).await?;
    if first_use(&ctx, &key, "remove_file_key").await? {
        file_access::remove_key(&ctx.state().services, &ctx.actor(), &store, id).await?;
    }
    Ok(ctx.see_other(HERE))
}

/// Makes a password and shows it, once.
pub async fn password(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    let customer = ctx.customer()?.customer_id;
    if let Err(wait) = ctx.state().limits.take(REVEAL_ACCOUNT, &customer.to_string()).await {
        return Err(WebError::TooMany(wait));
    }
    if !first_use(&ctx, &key, "make_file_password").await? {
        return Ok(ctx.see_other(HERE));
    }
    let password = file_access::new_password(&ctx.state().services, &ctx.actor(), &store).await?;
    let mut view = view(&ctx, &store, KeyForm::default()).await?;
    // A page that renews itself would take the password away before it is read.
    view.waits = false;
    password.expose().clone_into(&mut view.password);
    ctx.ok(&view)
}

/// Removes the password.
pub async fn remove_password(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if first_use(&ctx, &key, "remove_file_password").await? {
        file_access::remove_password(&ctx.state().services, &ctx.actor(), &store).await?;
    }
    Ok(ctx.see_other(HERE))
}

/// `/dashboard/files/state`: so that the page can renew itself.
pub async fn state(ctx: Ctx) -> Answer {
    let state = match own_store(&ctx).await? {
        None => "none".to_owned(),
        Some(store) => phase(&ctx, &store).await?.0.to_owned(),
    };
    Ok(HttpResponse::Ok().json(serde_json::json!({ "state": state })))
}

/// Where it is, why the last opening failed if it did, and the host key.
async fn phase(ctx: &Ctx, store: &Store) -> Result<(&'static str, String, String), WebError> {
    if store.state != StoreState::Active {
        return Ok(("not_ready", String::new(), String::new()));
    }
    let mut conn = ctx.state().services.db.read().await?;
    if let Some(access) = conn.file_access().find(store.id).await? {
        let phase = match access.state.as_str() {
            "running" => "open",
            "stopping" => "closing",
            _ => "starting",
        };
        return Ok((phase, String::new(), access.host_key));
    }
    let last = conn.jobs().newest_of_store(store.id, START_FILE_ACCESS).await?;
    let failed = last
        .filter(|j| j.state == JobState::Failed)
        .map(|j| format!("{}. Reference {}", j.error_reason.trim_end_matches('.'), urls::short_job(&j.uid)));
    Ok(("closed", failed.unwrap_or_default(), String::new()))
}

/// What there is to know of a store's file access.
pub(crate) struct Known {
    /// `not_ready`, `closed`, `starting`, `open`, `closing`.
    pub(crate) phase: &'static str,
    /// Why it could not be opened, or empty.
    pub(crate) problem: String,
    /// `ssh-ed25519 …`, empty while there is none.
    pub(crate) host_key: String,
    /// 0 while there is none.
    pub(crate) port: u16,
    /// Who may sign in.
    pub(crate) keys: Vec<AccessKey>,
    /// There is a password.
    pub(crate) has_password: bool,
}

impl Known {
    /// Reads it.
    pub(crate) async fn of(ctx: &Ctx, store: &Store) -> Result<Self, WebError> {
        let (phase, problem, host_key) = phase(ctx, store).await?;
        let mut conn = ctx.state().services.db.read().await?;
        let keys = conn.file_access().keys(store.id).await?;
        let has_password = conn.secrets().list(store.id).await?.iter().any(|(name, _)| name == PASSWORD_HASH);
        let port = conn.ports().find(store.id, PortPool::StoreSftp).await?.unwrap_or_default();
        Ok(Self { phase, problem, host_key, port, keys, has_password })
    }
    /// `SHA256:…`, empty while there is no host key.
    pub(crate) fn fingerprint(&self) -> String {
        SshKey::parse(&self.host_key).map(|k| k.fingerprint()).unwrap_or_default()
    }
}

async fn view(ctx: &Ctx, store: &Store, form: KeyForm) -> Result<Files, WebError> {
    let known = Known::of(ctx, store).await?;
    let settings = ctx.state().settings().await;
    let fingerprint = known.fingerprint();
    let Known { phase, problem, host_key, port, keys, has_password } = known;
    let now = now_plain();
    Ok(Files {
        page: ctx.page("Files", "dashboard").await,
        store_name: store.name.clone(),
        phase,
        waits: matches!(phase, "starting" | "closing"),
        problem,
        host: store.host.clone().unwrap_or_default(),
        port,
        user: USER,
        fingerprint,
        host_key,
        idle_minutes: settings.file_access_idle_minutes(),
        can_start: has_password || !keys.is_empty(),
        keys: keys
            .into_iter()
            .map(|k| Key {
                id: k.id,
                name: k.name,
                fingerprint: k.fingerprint,
                added: When::relative(k.created_at, now),
                form_key: ctx.new_form_key(),
            })
            .collect(),
        has_password,
        password: String::new(),
        form_key: ctx.new_form_key(),
        password_key: ctx.new_form_key(),
        remove_key: ctx.new_form_key(),
        add_key: ctx.new_form_key(),
        form,
    })
}
