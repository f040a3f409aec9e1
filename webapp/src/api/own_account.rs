//! What owners choose about their own account: `/api/v1/account/profile`, `…/mails`, `…/email`, their data as a file
//! (`…/exports`), leaving (`…/closing`), and who of support may look at their panel (`…/support`, `…/views`).
//!
//! How somebody signs in (password, second factor, passkeys) is changed in the panel only: a stolen credential of a
//! program must not be a way to keep the account.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Listing, ok};
use super::{at, idempotency, need_recent_log_in, number, one_use, renamed, uid};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::rate_limit::{EXPORT_ACCOUNT, MAIL_ACCOUNT};
use crate::routes::Answer;
use crate::tries::prove;
use actix_web::{HttpRequest, HttpResponse, web};
use hosting::db::Queries;
use hosting::db::data_exports::DataExport as ExportRow;
use hosting::services::change_profile::{Profile as Chosen, change_notices, change_profile};
use hosting::services::view_customer::answer::{answer, want_asking};
use hosting::services::{change_email, close_account, export_data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an owner chose.
#[derive(Serialize, ToSchema)]
pub struct Profile {
    email: String,
    /// Another address that waits for both mailboxes to confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted_email: Option<String>,
    name: String,
    time_zone: String,
    /// auto, light, dark
    theme: String,
    mails: WantedMails,
    /// Support asks before it looks at the panel.
    ask_before_view: bool,
    /// When the account will be closed, if that is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes_at: Option<String>,
}

/// Which mails are wanted. Those about the account's safety are always sent.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedMails {
    /// Of sign-ins from new places.
    new_place: bool,
    /// Of the stores.
    store: bool,
    /// Of tickets of one's customers; resellers only.
    #[serde(default)]
    tickets: bool,
}

/// Name, time zone and theme.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// May be empty.
    #[schema(max_length = 80)]
    name: String,
    /// IANA name, e.g. Europe/Berlin.
    #[schema(max_length = 60)]
    time_zone: String,
    /// auto, light, dark
    #[schema(max_length = 10)]
    theme: String,
}

/// Another address for oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnEmailChange {
    #[schema(max_length = 254)]
    email: String,
    /// Your password.
    #[schema(max_length = 256)]
    password: String,
}

/// Says that one means it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnClosing {
    /// Your address.
    #[schema(max_length = 254)]
    email: String,
    /// Your password.
    #[schema(max_length = 256)]
    password: String,
}

/// Everything held about an account, as a file.
#[derive(Serialize, ToSchema)]
pub struct DataExport {
    id: String,
    asked_at: String,
    /// Absent while it is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<String>,
    /// It is gone after this.
    expires_at: String,
    /// Bytes.
    size: u64,
}

/// Whether support asks first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskFirst {
    ask: bool,
}

/// Support looks at the panel, or wants to.
#[derive(Serialize, ToSchema)]
pub struct SupportView {
    id: u64,
    /// Who of support.
    name: String,
    reason: String,
    /// asked, allowed, running
    state: String,
    /// The question, the permission or the view holds until.
    expires_at: String,
}

/// The answer to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewAnswer {
    /// false also ends what was allowed.
    allow: bool,
}

/// See what you chose about your account
#[utoipa::path(get, path = "/api/v1/account/profile", tag = "account", operation_id = "get_profile",
    responses((status = 200, body = Profile)))]
pub async fn get(ctx: Ctx) -> Answer {
    let id = ctx.customer()?.customer_id;
    let mut conn = ctx.state().services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let wanted_email = conn.email_changes().open_of_customer(id).await?.map(|(new, _, _)| new);
    let reseller = conn.resellers().get(id).await?;
    Ok(ok(&Profile {
        email: customer.email,
        wanted_email,
        name: customer.name,
        time_zone: customer.time_zone,
        theme: if customer.theme.is_empty() { "auto".into() } else { customer.theme },
        mails: WantedMails {
            new_place: customer.notify_new_place,
            store: customer.notify_store,
            tickets: reseller.is_some_and(|r| r.notify_tickets),
        },
        ask_before_view: customer.ask_before_view,
        closes_at: customer.close_after.map(at),
    }))
}

/// Change your name, time zone and theme
#[utoipa::path(put, path = "/api/v1/account/profile", tag = "account", operation_id = "change_profile",
    request_body = ProfileChange, responses((status = 204, description = "Saved")))]
pub async fn change(ctx: Ctx, request: HttpRequest, body: Body<ProfileChange>) -> Answer {
    let id = ctx.customer()?.customer_id;
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let chosen = Chosen { name: &asked.name, time_zone: &asked.time_zone, theme: &asked.theme };
        change_profile(&ctx.state().services, &ctx.actor(), id, chosen).await?;
        Ok((204, ()))
    })
    .await
}

/// Choose which mails you get
#[utoipa::path(put, path = "/api/v1/account/mails", tag = "account", operation_id = "choose_mails",
    request_body = WantedMails, responses((status = 204, description = "Saved")))]
pub async fn mails(ctx: Ctx, request: HttpRequest, body: Body<WantedMails>) -> Answer {
    let id = ctx.customer()?.customer_id;
    let WantedMails { new_place, store, tickets } = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        change_notices(&ctx.state().services, &ctx.actor(), id, (new_place, store, tickets)).await?;
        Ok((204, ()))
    })
    .await
}

/// Change your address
///
/// Both mailboxes get a link; when both were pressed it is changed.
#[utoipa::path(put, path = "/api/v1/account/email", tag = "account", operation_id = "change_own_email",
    request_body = OwnEmailChange, responses((status = 204, description = "Two mails are on their way")))]
pub async fn email(ctx: Ctx, request: HttpRequest, body: Body<OwnEmailChange>) -> Answer {
    let id = ctx.customer()?.customer_id;
    let proven = prove(&ctx, &body.value.password).await?;
    let email = body.value.email;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let state = ctx.state();
        if proven.is_some() {
            state.limits.take(MAIL_ACCOUNT, &format!("email_change/{id}")).await.map_err(WebError::TooMany)?;
        }
        change_email::ask(&state.services, &ctx.actor(), &one_use(&ctx), id, (&email, proven.as_ref())).await?;
        Ok((204, ()))
    })
    .await
}

fn export(row: &ExportRow) -> DataExport {
    DataExport {
        id: row.uid.clone(),
        asked_at: at(row.created_at),
        ready_at: row.ready_at.map(at),
        expires_at: at(row.expires_at),
        size: row.size,
    }
}

async fn exports_of(ctx: &Ctx, customer: u64) -> Result<Vec<ExportRow>, WebError> {
    Ok(ctx.state().services.db.read().await?.data_exports().list(customer).await?)
}

/// List the exports of your data
#[utoipa::path(get, path = "/api/v1/account/exports", tag = "account", operation_id = "list_exports",
    responses((status = 200, body = Listing<DataExport>)))]
pub async fn exports(ctx: Ctx) -> Answer {
    let rows = exports_of(&ctx, ctx.customer()?.customer_id).await?;
    Ok(ok(&Listing { items: rows.iter().map(export).collect(), next: None }))
}

/// Order an export of your data
///
/// Everything held about the account, as JSON. A mail says when it is ready.
#[utoipa::path(post, path = "/api/v1/account/exports", tag = "account", operation_id = "ask_export",
    request_body = Nothing, responses((status = 204, description = "It is being made")))]
pub async fn ask_export(ctx: Ctx, request: HttpRequest, _: Body<Nothing>) -> Answer {
    let id = ctx.customer()?.customer_id;
    idempotency::once_silent(&ctx, &request, || async {
        // What the service would refuse anyway uses nothing up.
        if exports_of(&ctx, id).await?.iter().all(|e| e.ready_at.is_some()) {
            ctx.state().limits.take(EXPORT_ACCOUNT, &id.to_string()).await.map_err(WebError::TooMany)?;
        }
        Ok(export_data::ask(&ctx.state().services, &ctx.actor(), id, &one_use(&ctx)).await?)
    })
    .await
}

/// Download an export of your data
///
/// A log-in of the last ten minutes only. Each download is recorded.
#[utoipa::path(get, path = "/api/v1/account/exports/{id}", tag = "account", operation_id = "get_export",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, description = "The JSON document", content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn download(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = ctx.customer()?.customer_id;
    need_recent_log_in(&ctx)?;
    let export = uid(&id)?.to_string();
    let document = export_data::download(&ctx.state().services, &ctx.actor(), customer, &export).await?;
    Ok(HttpResponse::Ok().content_type("application/octet-stream").body(document.expose().to_owned()))
}

/// Plan the closing of your account
///
/// In 30 days: then the stores are deleted and everything about you is forgotten but what the law asks for.
#[utoipa::path(put, path = "/api/v1/account/closing", tag = "account", operation_id = "plan_closing",
    request_body = OwnClosing, responses((status = 204, description = "Planned")))]
pub async fn plan_closing(ctx: Ctx, request: HttpRequest, body: Body<OwnClosing>) -> Answer {
    let id = ctx.customer()?.customer_id;
    let proven = prove(&ctx, &body.value.password).await?;
    let email = body.value.email;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let given = (email.as_str(), proven.as_ref());
        let planned = close_account::plan(&ctx.state().services, &ctx.actor(), id, &one_use(&ctx), given).await;
        planned.map_err(|e| renamed(e, "confirm", "email"))?;
        Ok((204, ()))
    })
    .await
}

/// Keep your account
#[utoipa::path(delete, path = "/api/v1/account/closing", tag = "account", operation_id = "cancel_closing",
    responses((status = 204, description = "It stays")))]
pub async fn cancel_closing(ctx: Ctx, request: HttpRequest) -> Answer {
    let id = ctx.customer()?.customer_id;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(close_account::cancel(&ctx.state().services, &ctx.actor(), id).await?)
    })
    .await
}

/// Choose whether support asks before it looks at your panel
#[utoipa::path(put, path = "/api/v1/account/support", tag = "account", operation_id = "choose_support",
    request_body = AskFirst, responses((status = 204, description = "Saved")))]
pub async fn support(ctx: Ctx, request: HttpRequest, body: Body<AskFirst>) -> Answer {
    let id = ctx.customer()?.customer_id;
    let ask = body.value.ask;
    idempotency::once(&ctx, &request, &body.hash, || async {
        want_asking(&ctx.state().services, &ctx.actor(), id, ask).await?;
        Ok((204, ()))
    })
    .await
}

/// See who of support looks at your panel, or wants to
#[utoipa::path(get, path = "/api/v1/account/views", tag = "account", operation_id = "list_views",
    responses((status = 200, body = Listing<SupportView>)))]
pub async fn views(ctx: Ctx) -> Answer {
    let id = ctx.customer()?.customer_id;
    let rows = ctx.state().services.db.read().await?.customer_views().open_of_customer(id).await?;
    let items = rows
        .into_iter()
        .map(|v| SupportView {
            id: v.id,
            name: v.admin_name,
            reason: v.reason,
            state: v.state,
            expires_at: at(v.expires_at),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Allow, refuse or end a look of support at your panel
#[utoipa::path(put, path = "/api/v1/account/views/{id}", tag = "account", operation_id = "answer_view",
    params(("id" = u64, Path, description = "Number")),
    request_body = ViewAnswer, responses((status = 204, description = "Answered")))]
pub async fn answer_view(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<ViewAnswer>) -> Answer {
    let (customer, view) = (ctx.customer()?.customer_id, number(&id)?);
    let allow = body.value.allow;
    idempotency::once(&ctx, &request, &body.hash, || async {
        answer(&ctx.state().services, &ctx.actor(), customer, view, allow).await?;
        Ok((204, ()))
    })
    .await
}
