//! The OpenAPI 3.1 document, put together from the attributes of the handlers.

use super::{
    account, audit, auth, customers, jobs, oauth, plans, schedules, servers, settings, stores, system, tickets, tokens,
    webhooks,
};
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;
use std::sync::LazyLock;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

/// An error answer (RFC 9457), `application/problem+json`.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem.
    r#type: String,
    /// Stable code: unauthenticated, forbidden, not_found, conflict, invalid, too_many_requests, …
    code: String,
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
        auth::log_in, auth::refresh, auth::log_out, oauth::token, account::get, tokens::list, tokens::create, tokens::revoke,
        plans::list, stores::list, stores::create, stores::get, stores::plan_deletion, stores::cancel_deletion,
        stores::credentials, jobs::list, jobs::get, jobs::lines, jobs::events, jobs::retry, jobs::cancel, jobs::cleanup,
        jobs::release, customers::list, customers::get, servers::list, schedules::list, schedules::run, schedules::pause,
        schedules::resume, audit::list, audit::verify, settings::list, settings::set, system::get,
        tickets::list, tickets::open, tickets::get, tickets::messages, tickets::write, tickets::file, tickets::notes,
        tickets::add_note, tickets::solve, tickets::close, tickets::reopen, tickets::sort,
        webhooks::list, webhooks::create, webhooks::get, webhooks::change, webhooks::delete, webhooks::pause,
        webhooks::resume, webhooks::rotate, webhooks::test, webhooks::deliveries, webhooks::delivery, webhooks::replay,
        webhooks::replay_failed,
    ),
    components(schemas(Problem, FieldProblem)),
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
