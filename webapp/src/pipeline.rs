//! What every request passes, in this order: request id and address, host, route and rights, origin,
//! the handler inside a net for panics; on the way back error pages, headers, cookies.
//! Rights come from the route table: an address that is not in it does not exist.

use crate::api::gate::{self, Entry};
use crate::error::{Failure, WebError};
use crate::extract::{Arrival, cookie_name, html};
use crate::extract::{Ctx, Who, role_words};
use crate::rate_limit::AUDIT_REFUSED;
use crate::router::{self, Access, Area, Route};
use crate::state::AppState;
use crate::views::View;
use crate::views::errors::{ErrorPage, OwnerError, StaffError};
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use hosting::crypto::sha256;
use hosting::db::Queries;
use hosting::db::login_sessions::{SessionOwner, Visit};
use hosting::domain::network::Networks;
use hosting::domain::rights;
use hosting::services::{refuse_access, view_customer};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Instant;

/// The content policy of every page: nothing inline, nothing from elsewhere.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Of files that people sent: should a browser show one after all, nothing in it runs or reaches anything.
pub const FILE_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// The middleware.
///
/// # Errors
/// None of its own: failures become answers.
pub async fn pipeline<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let began = Instant::now();
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        return Err(WebError::Internal("no state".into()).into());
    };
    let request_id = request
        .extensions()
        .get::<tracing_actix_web::RequestId>()
        .map_or_else(|| hosting::domain::Uid::new().to_string(), ToString::to_string);
    let route = router::find(&request);
    let pattern = route.first().map_or("", |r| r.path);
    let method = request.method().clone();
    let proxies = Networks::parse(state.settings().await.text("trusted_proxies")).unwrap_or_default();
    let address = client_address(&request, state.config.base_url.is_https(), &proxies);

    let (entry, refusal) = match admit(&request, &state, &route, &address).await {
        Ok(entry) => (entry, None),
        Err((entry, error)) => (entry, Some(error)),
    };
    let ctx = Ctx::new(request.request(), Arrival { state: state.clone(), request_id, address }, entry);
    request.extensions_mut().insert(ctx.clone());

    let mut response = if let Some(error) = refusal {
        answer_failure(request, &ctx, error).await
    } else {
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => match failure_of(&response) {
                None => response.map_into_left_body(),
                Some(error) => {
                    let page = draw(&ctx, &error).await;
                    response.into_response(page.map_into_right_body())
                }
            },
            // The request is gone with the handler: the answer travels as an error.
            Ok(Err(error)) => return Err(lone_answer(&ctx, &route, &from_actix(&error)).await),
            Err(_) => return Err(lone_answer(&ctx, &route, &WebError::Internal("a handler panicked".into())).await),
        }
    };
    let status = response.status().as_u16();
    if status == 403 {
        note_refusal(&ctx, &method, pattern).await;
    }
    finish(response.response_mut(), &ctx, &route);
    // Routes, not addresses: labels stay few.
    metrics::histogram!("shopfleet_http_seconds", "route" => pattern, "method" => method_label(&method))
        .record(began.elapsed().as_secs_f64());
    metrics::counter!("shopfleet_http_requests", "route" => pattern, "status" => status_label(status)).increment(1);
    Ok(response)
}

/// Keeps in the audit log that somebody was refused: of a person and a route at most one row a minute, so that nobody fills
/// it. The answer does not wait for a database that is away.
async fn note_refusal(ctx: &Ctx, method: &Method, pattern: &'static str) {
    let person = match ctx.who() {
        Who::Visitor => return,
        Who::Customer(c) => format!("c{}", c.customer_id),
        Who::Staff(s) => format!("s{}", s.admin_id),
    };
    let route = format!("{} {pattern}", method_label(method));
    let state = ctx.state();
    if state.limits.take(AUDIT_REFUSED, &format!("{person} {route}")).await.is_ok()
        && let Err(error) = refuse_access::note(&state.services, &ctx.actor(), &route).await
    {
        tracing::warn!(request.id = ctx.request_id(), error = %error, "a refusal is not in the audit log");
    }
}

async fn lone_answer(ctx: &Ctx, route: &[&'static Route], error: &WebError) -> Error {
    let mut response = draw(ctx, error).await;
    finish(&mut response, ctx, route);
    actix_web::error::InternalError::from_response(error.to_string(), response).into()
}

async fn answer_failure<B>(
    request: ServiceRequest,
    ctx: &Ctx,
    error: WebError,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let response = draw(ctx, &error).await;
    request.into_response(response.map_into_right_body())
}

/// Host, route, rights, origin: everything that can be refused before the handler runs.
async fn admit(
    request: &ServiceRequest,
    state: &AppState,
    route: &[&'static Route],
    address: &str,
) -> Result<Entry, (Entry, WebError)> {
    let person = |who| Entry { who, caller: None, rate: None };
    let stranger = |error| (person(Who::Visitor), error);
    let listed = route.iter().find(|r| router::takes(r, request.method())).copied();
    let open = route.first().is_some_and(|r| r.access == Access::Operations);
    if open {
        let local = address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
            && !request.headers().contains_key("x-forwarded-for");
        if route.first().is_some_and(|r| r.path == "/metrics") && !local {
            return Err(stranger(WebError::NotFound));
        }
    } else if !host_is_ours(request, state) {
        return Err(stranger(WebError::Misdirected));
    }
    let Some(first) = route.first() else { return Err(stranger(WebError::NotFound)) };
    if matches!(first.access, Access::Operations | Access::Asset) {
        return listed.map_or_else(|| Err(stranger(not_allowed(route))), |_| Ok(person(Who::Visitor)));
    }
    if first.path.starts_with("/api/v1/") {
        let entry = gate::admit(request, state, listed.unwrap_or(first), address).await?;
        return if listed.is_some() { Ok(entry) } else { Err((entry, not_allowed(route))) };
    }
    let secure = state.config.base_url.is_https();
    let area = if first.path.starts_with("/admin") { "staff" } else { "session" };
    let cookie =
        |name| request.cookie(&cookie_name(secure, name)).map(|c| c.value().to_owned()).filter(|t| t.len() == 64);
    let view = if area == "session" { cookie("view") } else { None };
    let visit = visit(request, first, &cookie_name(secure, AGAIN));
    let found = match (&view, cookie(area)) {
        (Some(view), _) => find_view(state, view, visit).await,
        (None, Some(token)) => find_session(state, &token, visit).await,
        (None, None) => Ok(Who::Visitor),
    };
    let who = match found {
        // A script that asks learns it; its cookie goes away when a person is told.
        Ok(Who::Visitor) if view.is_some() && visit == Visit::Background && !wants_a_page(request) => {
            return Err(stranger(WebError::SignedOut));
        }
        // Over: never on as somebody else. Its cookie goes away there.
        Ok(Who::Visitor) if view.is_some() && first.path != router::STOP_VIEWING => {
            return Err(stranger(WebError::SignIn(router::STOP_VIEWING.into())));
        }
        Ok(who) => who,
        // Public pages work without the database.
        Err(_) if first.access == Access::Everybody && request.method() == Method::GET => Who::Visitor,
        Err(error) => return Err(stranger(error)),
    };
    let access = listed.map_or(first.access, |r| r.access);
    let due = area == "staff" && factor_due(state, &who).await;
    if let Err(error) = allowed(access, &who, due, request, first, state.config.base_url.as_str()) {
        return Err((person(who), error));
    }
    let Some(listed) = listed else { return Err((person(who), not_allowed(route))) };
    if matches!(&who, Who::Customer(c) if c.viewer.is_some()) && !router::viewable(listed) {
        return Err((person(who), WebError::Forbidden(ONLY_LOOKING.into())));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) && !same_origin(request, state) {
        return Err((
            person(who),
            WebError::Forbidden(
                "This was sent from another page. Open the panel itself and do it there. Nothing was changed.".into(),
            ),
        ));
    }
    Ok(person(who))
}

/// Words for staff who look at a customer's panel and want more than to look.
pub const ONLY_LOOKING: &str = "You are looking at this customer's panel as support. Nothing can be changed from here, and \
    credentials, database, files, exports and tokens stay closed. Stop viewing first. Nothing was changed.";

/// A page that is about to renew itself says so in a cookie of this name, or in a parameter where scripts are off.
pub(crate) const AGAIN: &str = "again";

/// Whether somebody is there: a poll, a stream and a page that renews itself keep nobody signed in.
fn visit(request: &ServiceRequest, route: &Route, again: &str) -> Visit {
    let by_itself = *request.method() == Method::GET
        && (router::asks_by_itself(route)
            || request.cookie(again).is_some()
            || request.query_string().split('&').any(|pair| pair == "again=1"));
    if by_itself { Visit::Background } else { Visit::Person }
}

fn wants_a_page(request: &ServiceRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_none_or(|a| a.contains("text/html"))
}

async fn find_view(state: &AppState, token: &str, visit: Visit) -> Result<Who, WebError> {
    let mut conn = state.services.db.read().await?;
    let found = view_customer::look::look(&mut conn, &sha256(token.as_bytes()), visit).await?;
    Ok(found.map_or(Who::Visitor, |c| Who::Customer(Rc::new(c))))
}

async fn find_session(state: &AppState, token: &str, visit: Visit) -> Result<Who, WebError> {
    let mut conn = state.services.db.read().await?;
    let found = conn.login_sessions().find(&sha256(token.as_bytes()), visit).await?;
    Ok(match found {
        None => Who::Visitor,
        Some(SessionOwner::Customer(c)) => Who::Customer(Rc::new(c)),
        Some(SessionOwner::Staff(s)) => Who::Staff(Rc::new(s)),
    })
}

/// Whether a staff member owes a second factor: required by the settings, not set up, and the grace is over.
pub(crate) async fn factor_due(state: &AppState, who: &Who) -> bool {
    let Who::Staff(s) = who else { return false };
    if s.has_factor {
        return false;
    }
    let settings = state.settings().await;
    settings.text("staff_mfa_required") == "yes"
        && s.factor_seconds >= i64::from(settings.number("staff_mfa_grace_hours")) * 3600
}

/// What a form that came too late leaves in the address of the sign-in page: that it was not sent, and the page it stood
/// on, if that can be opened again. What was typed stays in the browser; nothing is sent a second time by itself.
fn unsent(request: &ServiceRequest, ours: &str) -> String {
    let referer = request.headers().get(header::REFERER).and_then(|v| v.to_str().ok());
    let Some(page) = referer.and_then(|r| r.strip_prefix(ours)).and_then(crate::urls::safe_next) else {
        return String::new();
    };
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let same_side = path.starts_with("/admin") == request.path().starts_with("/admin");
    let page = if same_side && router::is_a_page(path) { page } else { "" };
    crate::urls::query(&[("next", page), ("unsent", "1")])
}

fn allowed(
    access: Access,
    who: &Who,
    factor_due: bool,
    request: &ServiceRequest,
    route: &Route,
    ours: &str,
) -> Result<(), WebError> {
    let sign_in = |at: &str| {
        if !wants_a_page(request) && (route.path.contains("/log") || route.path.ends_with("/state"))
            || route.path.starts_with("/api/")
        {
            return WebError::SignedOut;
        }
        let here = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let back = if request.method() == Method::GET {
            crate::urls::query(&[("next", crate::urls::safe_next(here).unwrap_or_default())])
        } else {
            unsent(request, ours)
        };
        WebError::SignIn(format!("{at}{back}"))
    };
    let role = match (access.area(), who) {
        (Area::Open, _) => return Ok(()),
        (Area::Owner, Who::Customer(c)) => c.role,
        (Area::Owner, _) => return Err(sign_in("/login")),
        (Area::Staff, Who::Staff(s)) => {
            if s.must_change_password && access != Access::StaffPassword {
                return Err(WebError::SignIn("/admin/password".into()));
            }
            if factor_due && !matches!(access, Access::StaffPassword | Access::StaffFactor) {
                return Err(WebError::SignIn("/admin/2fa".into()));
            }
            s.role
        }
        // It has a gate of its own.
        (Area::Api, _) => return Err(WebError::SignedOut),
        (Area::Staff, _) => return Err(sign_in("/admin/login")),
    };
    match access.needs() {
        Some((capability, reach)) if rights::may(role, capability, reach) => Ok(()),
        Some((capability, reach)) => Err(WebError::Forbidden(format!(
            "Only {} may do this. You are signed in as {}.",
            rights::who_may(capability, reach),
            role_words(role).to_lowercase()
        ))),
        None => Ok(()),
    }
}

fn not_allowed(route: &[&'static Route]) -> WebError {
    let mut verbs: Vec<&str> = route.iter().map(|r| r.method).collect();
    if verbs.contains(&"GET") {
        verbs.push("HEAD");
    }
    WebError::MethodNotAllowed(verbs.join(", "))
}

/// The Host header (or the authority of the request line) must be our own.
fn host_is_ours(request: &ServiceRequest, state: &AppState) -> bool {
    let ours = state.config.base_url.authority();
    let mut hosts = request.headers().get_all(header::HOST);
    let (Some(host), None) = (hosts.next().and_then(|h| h.to_str().ok()), hosts.next()) else { return false };
    let host = host.to_ascii_lowercase();
    let default_port = if state.config.base_url.is_https() { ":443" } else { ":80" };
    let in_line = request.uri().authority().is_none_or(|a| a.as_str().eq_ignore_ascii_case(&host));
    in_line && (host == ours || host.strip_suffix(default_port) == Some(ours))
}

/// A change must come from our own pages: `Origin` (or `Referer`) is ours where the browser says
/// it, and `Sec-Fetch-Site` is not another site. Programs that send neither still need the token.
fn same_origin(request: &ServiceRequest, state: &AppState) -> bool {
    let ours = state.config.base_url.as_str();
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let site_ok = text("sec-fetch-site").is_none_or(|s| matches!(s, "same-origin" | "none"));
    let origin_ok = match (text("origin"), text("referer")) {
        (Some(origin), _) => origin.eq_ignore_ascii_case(ours),
        (None, Some(referer)) => {
            referer.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (None, None) => true,
    };
    site_ok && origin_ok
}

/// The peer, or, when that is a proxy of ours, the right-most hop that is not (threat-model §4.6). What a stranger
/// writes into the header stands left of what our proxies added, and is never reached.
fn client_address(request: &ServiceRequest, behind_proxy: bool, proxies: &Networks) -> String {
    let Some(peer) = request.peer_addr().map(|a| a.ip().to_canonical()) else { return "unknown".into() };
    let hops = request.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
    right_most_untrusted(peer, hops, |ip| (behind_proxy && ip.is_loopback()) || proxies.contains(ip)).to_string()
}

fn right_most_untrusted<'a>(
    peer: IpAddr,
    headers: impl Iterator<Item = &'a str>,
    trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let hops: Vec<&str> = headers.flat_map(|h| h.split(',')).collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted(client) {
            break;
        }
        // Something that is no address was not written by a proxy of ours: the last one known is as far as we see.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        client = hop.to_canonical();
    }
    client
}

fn failure_of<B>(response: &ServiceResponse<B>) -> Option<WebError> {
    response.response().extensions().get::<Failure>().map(|f| f.0.clone())
}

fn from_actix(error: &Error) -> WebError {
    if let Some(own) = error.as_error::<WebError>() {
        return own.clone();
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => WebError::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => WebError::TooLarge,
        s if s.is_client_error() => WebError::BadRequest("It is not complete, or not well formed."),
        _ => WebError::Internal(error.to_string()),
    }
}

/// The page (or problem+json) of a failure, logged once, here.
async fn draw(ctx: &Ctx, error: &WebError) -> HttpResponse {
    let status = actix_web::ResponseError::status_code(error);
    if status.is_server_error() {
        tracing::error!(request.id = ctx.request_id(), error = %error, "request failed");
    }
    let mut response = actix_web::ResponseError::error_response(error);
    response.extensions_mut().clear();
    if matches!(error, WebError::SignIn(_)) {
        return response;
    }
    let (heading, words) = error.words();
    let mut builder = HttpResponse::build(status);
    for (name, value) in response.headers() {
        builder.insert_header((name.clone(), value.clone()));
    }
    if ctx.wants_json() {
        let mut problem = serde_json::json!({
            "type": format!("about:blank#{}", error.code()),
            "code": error.code(),
            "title": heading,
            "status": status.as_u16(),
            "detail": words.join(" "),
            "request_id": ctx.request_id(),
        });
        if let WebError::Invalid(fields) = error {
            problem["errors"] =
                fields.iter().map(|(name, words)| serde_json::json!({ "field": name, "message": words })).collect();
        }
        return builder.insert_header((header::CONTENT_TYPE, "application/problem+json")).body(problem.to_string());
    }
    // Whoever is signed in keeps their menu: an error is no reason to look like a stranger.
    let staff = ctx.here().starts_with("/admin");
    let (back, back_text) = match (error, ctx.who()) {
        (WebError::SignedOut, _) => ("/login", "Sign in"),
        (_, Who::Staff(_)) => ("/admin", "Overview"),
        (_, Who::Customer(_)) => ("/dashboard", "Your store"),
        (WebError::NotFound | WebError::Forbidden(_), Who::Visitor) if staff => ("/admin", "Overview"),
        _ => ("", ""),
    };
    let retry = matches!(error, WebError::Unavailable(_) | WebError::TooMany(_))
        .then(|| ctx.here().to_owned())
        .unwrap_or_default();
    let view = ErrorPage {
        page: ctx.page(heading, "").await,
        status: status.as_u16(),
        heading: heading.to_owned(),
        words,
        back: back.into(),
        back_text: back_text.into(),
        retry,
        home: matches!(ctx.who(), Who::Visitor),
        reference: ctx.request_id().to_owned(),
    };
    let drawn = match ctx.who() {
        Who::Staff(_) => StaffError(view).render(),
        Who::Customer(_) => OwnerError(view).render(),
        Who::Visitor => view.render(),
    };
    match drawn {
        Ok(body) => html(builder, body),
        Err(error) => {
            tracing::error!(request.id = ctx.request_id(), error = %error, "cannot draw the error page");
            builder.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(heading)
        }
    }
}

/// Headers and cookies of every answer.
fn finish<B>(response: &mut HttpResponse<B>, ctx: &Ctx, route: &[&'static Route]) {
    let asset = route.first().is_some_and(|r| r.access == Access::Asset) && response.status().is_success();
    if !asset {
        for cookie in ctx.take_cookies() {
            // A cookie we built ourselves always fits a header.
            let _ = response.add_cookie(&cookie);
        }
    }
    let https = ctx.state().config.base_url.is_https();
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    set("x-frame-options", "DENY");
    if https {
        set("strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    // Every page carries a token of this browser: none is kept.
    if !asset {
        set("cache-control", "no-store");
    }
    // An origin that is no header value is none of ours either: then the policy stays as it is.
    let policy = ctx
        .form_target()
        .map(|origin| POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}")))
        .and_then(|text| header::HeaderValue::from_str(&text).ok())
        .unwrap_or(header::HeaderValue::from_static(POLICY));
    let policy = if ctx.is_a_file() { header::HeaderValue::from_static(FILE_POLICY) } else { policy };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if let Some(rate) = ctx.rate() {
        for (name, value) in [
            ("ratelimit-limit", rate.limit),
            ("ratelimit-remaining", rate.remaining),
            ("ratelimit-reset", rate.full_ms.div_ceil(1000)),
        ] {
            headers.insert(header::HeaderName::from_static(name), header::HeaderValue::from(value));
        }
    }
    if let Ok(id) = header::HeaderValue::from_str(ctx.request_id()) {
        headers.insert(header::HeaderName::from_static("x-request-id"), id);
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}

fn status_label(status: u16) -> &'static str {
    match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ours = Networks::parse("10.0.0.0/24").unwrap();
        let of = |peer: &str, headers: &[&str]| {
            let peer = peer.parse().unwrap();
            right_most_untrusted(peer, headers.iter().copied(), |ip| ip.is_loopback() || ours.contains(ip)).to_string()
        };
        // A stranger who talks to us directly may write what they like.
        assert_eq!(of("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        // One proxy, two in a row, and headers that came in several lines.
        assert_eq!(of("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.7"]), "198.51.100.1");
        assert_eq!(of("10.0.0.7", &["6.6.6.6", "198.51.100.1", "10.0.0.8"]), "198.51.100.1");
        // What is no address, or missing, leaves the last hop known.
        assert_eq!(of("10.0.0.7", &["198.51.100.1, nonsense"]), "10.0.0.7");
        assert_eq!(of("10.0.0.7", &[]), "10.0.0.7");
        assert_eq!(of("10.0.0.7", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(of("10.0.0.7", &["10.0.0.9"]), "10.0.0.9");
    }
}
