//! The OpenAPI 3.1 document, put together from the attributes of the handlers.

use super::{
    account, account_security, answers, attention, audit, auth, customer_changes, customers, database_page,
    file_access, jobs, jobs_bulk, mails, oauth, own_account, plans, ports, reseller_limits, resellers, schedules,
    servers, settings, staff, store_changes, store_log, store_usage, stores, system, tickets, tokens, transfers,
    webhooks,
};
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

/// An error answer (RFC 9457), `application/problem+json`.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem.
    r#type: String,
    /// Stable.
    code: ProblemCode,
    /// In short.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do next.
    detail: String,
    /// Names the request in our logs.
    request_id: String,
    /// What is wrong field by field (code `invalid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldProblem>>,
}

/// The stable codes of errors. New ones may be added; treat one you do not know by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: the request cannot be read.
    BadRequest,
    /// 401: no valid credential.
    Unauthenticated,
    /// 401: name, password or code is wrong.
    WrongLogIn,
    /// 401: the password is right; send a code of the second factor along.
    SecondFactorRequired,
    /// 403: not open to this role or credential.
    Forbidden,
    /// 403: only a log-in of the last ten minutes may do this.
    PasswordNeeded,
    /// 404: not there, or not yours.
    NotFound,
    /// 405: the address does not take this verb.
    MethodNotAllowed,
    /// 409: the world is in another state.
    Conflict,
    /// 409: the first request with this idempotency key is not answered yet; ask again in a moment.
    StillAtWork,
    /// 409: the first request with this idempotency key broke off; look whether it happened.
    BrokenOff,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// 421: this is not the panel's address.
    Misdirected,
    /// 422: the body does not have the fields it should.
    Unreadable,
    /// 422: `errors` says what is wrong field by field.
    Invalid,
    /// 429: `Retry-After` says when.
    TooManyRequests,
    /// 503: the database does not answer; nothing was changed.
    Unavailable,
    /// 500: our fault.
    Internal,
}

/// One wrong field.
#[derive(Serialize, ToSchema)]
pub struct FieldProblem {
    field: String,
    message: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shopfleet API",
        description = "Everything the panel does, for programs. Send `Authorization: Bearer …` with a token, or with the access \
            token of a log-in or an OAuth2 client. Repeat a changing request safely with an `Idempotency-Key`. Lists come in pages: pass \
            `next` as `after`. Errors are problem+json with a stable `code`."
    ),
    paths(
        auth::log_in, auth::refresh, auth::log_out, oauth::token, account::get,
        account_security::devices, account_security::end_device, account_security::end_devices, account_security::sign_ins,
        account_security::events, own_account::get, own_account::change, own_account::mails, own_account::email,
        own_account::exports, own_account::ask_export, own_account::download, own_account::plan_closing, own_account::cancel_closing,
        own_account::support, own_account::views, own_account::answer_view, answers::list, answers::keep, answers::change,
        answers::delete, tokens::list, tokens::create, tokens::revoke,
        plans::list, stores::list, stores::create, stores::get, stores::plan_deletion, stores::cancel_deletion,
        stores::credentials, store_changes::restart, store_changes::suspend, store_changes::resume,
        store_changes::maintenance, store_changes::admin_password, store_changes::plan, store_changes::name,
        store_changes::address, database_page::get, database_page::start, database_page::stop,
        file_access::get, file_access::start, file_access::stop, file_access::add_key, file_access::remove_key,
        file_access::make_password, file_access::remove_password, store_log::get, store_usage::get, transfers::transfer, transfers::get, transfers::offer,
        transfers::withdraw, transfers::list, transfers::accept, transfers::decline, jobs::list, jobs::get, jobs::lines, jobs::events, jobs::retry, jobs::cancel, jobs::cleanup,
        jobs::release, jobs_bulk::bulk, jobs_bulk::dismiss, jobs_bulk::counts, customers::list, customers::get, customers::export,
        customer_changes::create, customer_changes::email, customer_changes::close, customer_changes::reopen,
        customer_changes::invite, reseller_limits::get, reseller_limits::set, reseller_limits::end, customer_changes::provider, customer_changes::reset_factor,
        customer_changes::keep_factor, resellers::get,
        resellers::set_brand, resellers::list, resellers::create, resellers::one, resellers::create_their_store, resellers::list_events, tickets::list_of_customers, staff::list, staff::get, staff::create, staff::change, staff::reset, staff::remove_factor,
        staff::delete, ports::list, ports::widen, ports::free, mails::list, mails::resend, mails::test,
        servers::list, schedules::list, schedules::run, schedules::pause,
        schedules::resume, audit::list, audit::export, audit::verify, settings::list, settings::set, settings::unset,
        system::get, system::processes, system::restart, system::log, attention::list,
        tickets::list, tickets::open, tickets::get, tickets::messages, tickets::write, tickets::file, tickets::notes,
        tickets::add_note, tickets::solve, tickets::close, tickets::reopen, tickets::sort,
        webhooks::list, webhooks::create, webhooks::get, webhooks::change, webhooks::delete, webhooks::pause,
        webhooks::resume, webhooks::rotate, webhooks::test, webhooks::deliveries, webhooks::delivery, webhooks::replay,
        webhooks::replay_failed,
    ),
    components(schemas(Problem, ProblemCode, FieldProblem)),
    security(("bearer" = []), ("client" = [])),
    modifiers(&Finish)
)]
struct Document;

struct Finish;

/// Statuses any operation may answer besides its own, and what they mean.
const COMMON: &[(&str, &str)] = &[
    ("400", "The request cannot be read"),
    ("401", "No valid credential"),
    ("403", "Not open to this role or credential"),
    ("404", "Not there, or not yours"),
    ("409", "The world is in another state"),
    ("413", "Larger than this takes"),
    ("415", "Another media type is needed"),
    ("422", "Something in it is not right"),
    ("429", "Too many requests; Retry-After says when"),
    ("503", "The database does not answer; try again"),
];

impl Modify for Finish {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        api.info.version = env!("CARGO_PKG_VERSION").into();
        api.info.license = None;
        let components = api.components.get_or_insert_default();
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("A token, or the access token of a log-in"))
                    .build(),
            ),
        );
        let scopes = hosting::domain::scope::SCOPES.iter().map(|s| (s.name, s.about));
        components.add_security_scheme(
            "client",
            SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(ClientCredentials::new(
                "/api/v1/oauth/token",
                Scopes::from_iter(scopes),
            ))])),
        );
        name_rows(components);
        for item in api.paths.paths.values_mut() {
            let operations: [&mut Option<Operation>; 4] =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                for (status, words) in COMMON {
                    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                    let response =
                        ResponseBuilder::new().description(*words).content("application/problem+json", problem).build();
                    operation
                        .responses
                        .responses
                        .entry((*status).to_owned())
                        .and_modify(|there| {
                            if let (RefOr::T(there), Some(problem)) =
                                (there, response.content.get("application/problem+json"))
                            {
                                there.content.insert("application/problem+json".into(), problem.clone());
                            }
                        })
                        .or_insert_with(|| RefOr::T(response.clone()));
                }
            }
        }
    }
}

/// Rows of lists are named types, not copies of them.
fn name_rows(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let Some(row) = name.strip_prefix("Listing_").filter(|row| names.iter().any(|n| n == row)) else { continue };
        if let RefOr::T(Schema::Object(listing)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = listing.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(row))));
        }
    }
}

/// The document, made once.
pub static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Document::openapi);

static JSON: LazyLock<String> = LazyLock::new(|| serde_json::to_string(&*DOCUMENT).unwrap_or_default());

/// `/api/openapi.json`
pub async fn get(_: Ctx) -> Answer {
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(JSON.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::{Access, ROUTES};
    use std::collections::BTreeSet;

    #[test]
    fn the_document_and_the_route_table_agree() {
        let document = serde_json::to_value(&*DOCUMENT).unwrap();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in
                item.as_object().unwrap().keys().filter(|k| ["get", "put", "post", "delete"].contains(&k.as_str()))
            {
                documented.insert((path.clone(), method.to_uppercase()));
            }
        }
        let routed: BTreeSet<_> = ROUTES
            .iter()
            .filter(|r| r.path.starts_with("/api/v1/"))
            .map(|r| (r.path.to_owned(), r.method.to_owned()))
            .collect();
        assert_eq!(documented, routed);
    }

    /// `UPDATE_GOLDEN=1 cargo test --workspace --lib the_document_is_as_agreed` writes the file anew. The clients are
    /// made from it: look at the difference, and make the TypeScript types anew (clients/typescript/README.md).
    #[test]
    fn the_document_is_as_agreed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../client/openapi.json");
        let mut now = serde_json::to_string_pretty(&*DOCUMENT).unwrap();
        now.push('\n');
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        let agreed = std::fs::read_to_string(path).unwrap();
        assert!(agreed == now, "client/openapi.json is not what the panel serves; see this test's comment");
    }

    #[test]
    fn every_code_is_in_the_document() {
        use crate::error::WebError as E;
        let every = [
            E::BadRequest(""),
            E::SignIn(String::new()),
            E::SignedOut,
            E::Forbidden(String::new()),
            E::NotFound,
            E::MethodNotAllowed(String::new()),
            E::Conflict(String::new()),
            E::AtWork,
            E::BrokenOff,
            E::PasswordNeeded,
            E::TooLarge,
            E::MediaType,
            E::Misdirected,
            E::Unreadable(String::new()),
            E::Invalid(Vec::new()),
            E::WrongLogIn,
            E::CodeNeeded,
            E::TooMany(1),
            E::Unavailable(String::new()),
            E::Internal(String::new()),
        ];
        for error in every {
            let code = serde_json::Value::from(error.code());
            assert!(serde_json::from_value::<ProblemCode>(code).is_ok(), "{}", error.code());
        }
    }

    #[test]
    fn every_operation_has_words_a_name_and_a_scope() {
        let document = serde_json::to_value(&*DOCUMENT).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = BTreeSet::new();
        for route in ROUTES.iter().filter(|r| r.path.starts_with("/api/v1/")) {
            let operation = &document["paths"][route.path][route.method.to_lowercase()];
            assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{} {}", route.method, route.path);
            assert!(
                names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{} twice",
                operation["operationId"]
            );
            assert_eq!(
                operation["responses"]["422"]["content"]["application/problem+json"]["schema"]["$ref"],
                "#/components/schemas/Problem"
            );
            let scope = crate::api::gate::scope_of(route.path, route.method);
            let known = hosting::domain::scope::SCOPES.iter().any(|s| s.name == scope);
            assert!(
                known || route.access == Access::ApiOpen || scope == "auth",
                "{} needs the unknown scope {scope}",
                route.path
            );
        }
    }
}
