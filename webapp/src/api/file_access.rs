//! `/api/v1/stores/{id}/file-access`: SFTP to a store's content, opened, closed and keyed by its owner. What lets
//! somebody in asks for the password in its body, as the page does.

use super::body::Body;
use super::database_page::Password;
use super::jobs::Nothing;
use super::list::ok;
use super::stores::{need_password, scoped};
use super::{at, idempotency, number};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::rate_limit::REVEAL_ACCOUNT;
use crate::routes::Answer;
use crate::routes::dashboard::files::Known;
use actix_web::{HttpRequest, web};
use hosting::db::stores::Store;
use hosting::domain::StoreState;
use hosting::domain::ssh_key::SshKey;
use hosting::services::file_access::{self, USER};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// SFTP to the content of a store.
#[derive(Serialize, ToSchema)]
pub struct FileAccess {
    /// not_ready, closed, starting, open, closing
    state: &'static str,
    /// While it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// While it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// Account to sign in with.
    user: &'static str,
    /// The server's own key, for a `known_hosts` file; the same each time.
    #[serde(skip_serializing_if = "String::is_empty")]
    host_key: String,
    /// Its fingerprint.
    #[serde(skip_serializing_if = "String::is_empty")]
    fingerprint: String,
    /// Why it could not be opened.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    /// It closes after so many minutes without use.
    idle_minutes: u32,
    /// A password was made.
    has_password: bool,
    keys: Vec<AccessKey>,
}

/// A public key that may sign in.
#[derive(Serialize, ToSchema)]
pub struct AccessKey {
    id: u64,
    name: String,
    /// SHA256:…
    fingerprint: String,
    added_at: String,
}

/// A public key to let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessKey {
    /// Your password.
    #[schema(max_length = 256)]
    password: String,
    /// The line of a file that ends in .pub.
    #[schema(max_length = 4096)]
    key: String,
    /// What you call it; made from the line when left out.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
}

/// The key that was added.
#[derive(Serialize, ToSchema)]
pub struct AddedAccessKey {
    /// SHA256:…
    fingerprint: String,
}

/// The password, in this answer only.
#[derive(Serialize, ToSchema)]
pub struct MadePassword {
    /// Of the account that `user` names.
    password: String,
}

/// The job that opens or closes it.
#[derive(Serialize, ToSchema)]
pub struct FileAccessOrder {
    /// Absent when there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
}

async fn live(ctx: &Ctx, id: &str) -> Result<Store, WebError> {
    let store = scoped(ctx, id).await?;
    if store.state == StoreState::Active {
        Ok(store)
    } else {
        Err(WebError::Conflict("File access opens while the store is live. It is not now.".into()))
    }
}

/// See the file access of a store
#[utoipa::path(get, path = "/api/v1/stores/{id}/file-access", tag = "stores", operation_id = "get_file_access",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = FileAccess)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let store = scoped(&ctx, &id).await?;
    let known = Known::of(&ctx, &store).await?;
    let settings = ctx.state().settings().await;
    let open = known.phase == "open";
    Ok(ok(&FileAccess {
        state: known.phase,
        host: store.host.clone().filter(|_| open),
        port: open.then_some(known.port),
        user: USER,
        fingerprint: known.fingerprint(),
        host_key: known.host_key,
        problem: known.problem,
        idle_minutes: settings.file_access_idle_minutes(),
        has_password: known.has_password,
        keys: known
            .keys
            .into_iter()
            .map(|k| AccessKey { id: k.id, name: k.name, fingerprint: k.fingerprint, added_at: at(k.created_at) })
            .collect(),
    }))
}

/// Open the file access of a store
#[utoipa::path(post, path = "/api/v1/stores/{id}/file-access/start", tag = "stores", operation_id = "start_file_access",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Password, responses((status = 202, body = FileAccessOrder)))]
pub async fn start(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Password>) -> Answer {
    let store = live(&ctx, &id).await?;
    need_password(&ctx, &body.value.password).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = file_access::start(&ctx.state().services, &ctx.actor(), &store).await?;
        Ok((202, FileAccessOrder { job: job.map(|j| j.uid.to_string()) }))
    })
    .await
}

/// Close the file access of a store
#[utoipa::path(post, path = "/api/v1/stores/{id}/file-access/stop", tag = "stores", operation_id = "stop_file_access",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = FileAccessOrder)))]
pub async fn stop(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    let store = live(&ctx, &id).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = file_access::stop(&ctx.state().services, &ctx.actor(), &store, "closed by its owner").await?;
        Ok((202, FileAccessOrder { job: Some(job.uid.to_string()) }))
    })
    .await
}

/// Let a public key in
///
/// Where file access is open it is opened anew: every connection of before ends. The same holds for the next three.
#[utoipa::path(post, path = "/api/v1/stores/{id}/file-access/keys", tag = "stores", operation_id = "add_file_access_key",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewAccessKey, responses((status = 201, body = AddedAccessKey)))]
pub async fn add_key(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<NewAccessKey>) -> Answer {
    let store = live(&ctx, &id).await?;
    need_password(&ctx, &body.value.password).await?;
    let wish = &body.value;
    let fingerprint = SshKey::parse(&wish.key).map_err(|e| WebError::field("key", e.0))?.fingerprint();
    idempotency::once(&ctx, &request, &body.hash, || async {
        file_access::add_key(&ctx.state().services, &ctx.actor(), &store, &wish.name, &wish.key).await?;
        Ok((201, AddedAccessKey { fingerprint }))
    })
    .await
}

/// Shut a public key out
#[utoipa::path(delete, path = "/api/v1/stores/{id}/file-access/keys/{key}", tag = "stores", operation_id = "remove_file_access_key",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("key" = u64, Path, description = "Number")),
    responses((status = 204, description = "It is shut out")))]
pub async fn remove_key(ctx: Ctx, path: web::Path<(String, String)>, request: HttpRequest) -> Answer {
    let (id, key) = path.into_inner();
    let store = live(&ctx, &id).await?;
    let key = number(&key)?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(file_access::remove_key(&ctx.state().services, &ctx.actor(), &store, key).await?)
    })
    .await
}

/// Make a password for file access
///
/// A password of before no longer works.
#[utoipa::path(post, path = "/api/v1/stores/{id}/file-access/password", tag = "stores", operation_id = "make_file_access_password",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Password, responses((status = 201, body = MadePassword)))]
pub async fn make_password(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Password>) -> Answer {
    let store = live(&ctx, &id).await?;
    need_password(&ctx, &body.value.password).await?;
    if let Err(wait) = ctx.state().limits.take(REVEAL_ACCOUNT, &store.customer_id.to_string()).await {
        return Err(WebError::TooMany(wait));
    }
    idempotency::once(&ctx, &request, &body.hash, || async {
        let password = file_access::new_password(&ctx.state().services, &ctx.actor(), &store).await?;
        Ok((201, MadePassword { password: password.expose().to_owned() }))
    })
    .await
}

/// Remove the password of file access
#[utoipa::path(delete, path = "/api/v1/stores/{id}/file-access/password", tag = "stores", operation_id = "remove_file_access_password",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "Keys only from here on")))]
pub async fn remove_password(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let store = live(&ctx, &id).await?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(file_access::remove_password(&ctx.state().services, &ctx.actor(), &store).await?)
    })
    .await
}
