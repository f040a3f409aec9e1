//! Who may come in: a bearer credential in the header, its owner's rights now, its scopes, its rate.
//! Cookies are not looked at, so no page elsewhere can make a browser call the API.

use super::jwt;
use crate::error::WebError;
use crate::extract::Who;
use crate::rate_limit::{API_ADDRESS, API_CALLER, Taken};
use crate::router::{Access, Area, Route};
use crate::state::AppState;
use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use hosting::crypto::sha256;
use hosting::db::Queries;
use hosting::db::api_credentials::{Caller, Kind};
use hosting::db::login_sessions::SessionOwner;
use hosting::domain::rights;
use hosting::domain::scope::Scopes;
use hosting::services::api_credentials::TOKEN_MARK;
use std::rc::Rc;

/// Who came in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The person behind it.
    pub who: Who,
    /// The credential.
    pub caller: Option<Rc<Caller>>,
    /// What is left of the rate.
    pub rate: Option<Taken>,
}

impl Entry {
    fn nobody() -> Self {
        Self { who: Who::Visitor, caller: None, rate: None }
    }
}

/// The scope an operation needs: its resource, and whether it changes something.
#[must_use]
pub fn scope_of(path: &str, method: &str) -> String {
    let resource = path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
    let act = if method == "GET" { "read" } else { "write" };
    match (resource, path.ends_with("/credentials")) {
        (_, true) => "credentials:write".into(),
        // Making and ending a log-in is nobody's scope: only a log-in itself gets here.
        ("auth", _) => "auth".into(),
        // Nor is changing staff: it asks for the password.
        ("staff", _) if act == "write" => "auth".into(),
        _ => format!("{resource}:{act}"),
    }
}

/// Finds the caller and what it may; the error comes with who it was, for the log.
///
/// # Errors
/// 401 without a valid credential, 403 without the right or the scope, 429 above the rate.
pub async fn admit(
    request: &ServiceRequest,
    state: &AppState,
    route: &Route,
    address: &str,
) -> Result<Entry, (Entry, WebError)> {
    let nobody = Entry::nobody();
    if route.access == Access::ApiOpen {
        return match state.limits.take_counted(API_ADDRESS, address).await {
            taken if taken.wait_ms == 0 => Ok(Entry { rate: Some(taken), ..nobody }),
            taken => Err((Entry { rate: Some(taken), ..nobody }, WebError::TooMany(taken.wait_ms.div_ceil(1000)))),
        };
    }
    let found = match find(request, state, address).await {
        Ok(found) => found,
        Err(error) => return Err((nobody, error)),
    };
    let Some(caller) = found else {
        // Guessing tokens is limited like everything a stranger does.
        let taken = state.limits.take_counted(API_ADDRESS, address).await;
        let error =
            if taken.wait_ms == 0 { WebError::SignedOut } else { WebError::TooMany(taken.wait_ms.div_ceil(1000)) };
        return Err((nobody, error));
    };
    let taken = state.limits.take_counted(API_CALLER, &caller.uid.to_string()).await;
    let who = match &caller.owner {
        SessionOwner::Customer(c) => Who::Customer(Rc::new(c.clone())),
        SessionOwner::Staff(s) => Who::Staff(Rc::new(s.clone())),
    };
    let entry = Entry { who, caller: Some(Rc::new(caller)), rate: Some(taken) };
    if taken.wait_ms > 0 {
        return Err((entry, WebError::TooMany(taken.wait_ms.div_ceil(1000))));
    }
    if crate::pipeline::factor_due(state, &entry.who).await {
        let words = "Set up your second factor in the panel first. Nothing was changed.";
        return Err((entry, WebError::Forbidden(words.into())));
    }
    match may(route, &entry) {
        Ok(()) => Ok(entry),
        Err(error) => Err((entry, error)),
    }
}

fn may(route: &Route, entry: &Entry) -> Result<(), WebError> {
    let role = match &entry.who {
        Who::Customer(c) => c.role,
        Who::Staff(_) if route.access == Access::ApiOwner => {
            return Err(WebError::Forbidden("Only the owner of a store may do this.".into()));
        }
        Who::Staff(_) if route.access == Access::ApiReseller => {
            return Err(WebError::Forbidden("Only resellers may do this.".into()));
        }
        Who::Staff(s) => s.role,
        Who::Visitor => return Err(WebError::SignedOut),
    };
    let Some((capability, reach)) = route.access.needs().filter(|_| route.access.area() == Area::Api) else {
        return Err(WebError::Internal("a page reached through the door of the API".into()));
    };
    if !rights::may(role, capability, reach) {
        let who = rights::who_may(capability, reach);
        return Err(WebError::Forbidden(format!(
            "Only {who} may do this. You are {}.",
            role.as_str().replace('_', " ")
        )));
    }
    let scope = scope_of(route.path, route.method);
    if entry.caller.as_ref().is_some_and(|c| c.scopes.allow(&scope)) {
        Ok(())
    } else {
        Err(WebError::Forbidden(format!("This credential lacks the scope {scope}.")))
    }
}

/// The live credential of the `Authorization` header.
async fn find(request: &ServiceRequest, state: &AppState, address: &str) -> Result<Option<Caller>, WebError> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (headers.next().and_then(|v| v.to_str().ok()), headers.next()) else { return Ok(None) };
    let Some((scheme, token)) = value.split_once(' ') else { return Ok(None) };
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > 2048 {
        return Ok(None);
    }
    if token.starts_with(TOKEN_MARK) {
        let hash = sha256(token.as_bytes());
        let mut conn = state.services.db.read().await?;
        return Ok(conn.api_credentials().find_by_secret(&hash, Kind::Token, address).await?);
    }
    let Some(access) = jwt::read(&state.api_key, token) else { return Ok(None) };
    let mut conn = state.services.db.read().await?;
    let Some(mut caller) = conn.api_credentials().find(&access.credential, address).await? else { return Ok(None) };
    // A token's own secret is not a JWT and the other way round: each opens only its door.
    if caller.kind == Kind::Token {
        return Ok(None);
    }
    if let Some(narrow) = access.scope {
        let Scopes::Some(narrow) = Scopes::stored(&narrow) else { return Ok(None) };
        let kept = narrow.into_iter().filter(|s| caller.scopes.allow(s)).collect();
        caller.scopes = Scopes::Some(kept);
    }
    Ok(Some(caller))
}
