//! The JSON API: log-ins, tokens, OAuth2 clients, scopes, keys, pages, and every operation × every
//! kind of caller × own and other people's things.

use crate::support::{App, PASSWORD};
use hosting::domain::{Role, Uid};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use webapp::router::{Access, ROUTES};

const NOBODYS: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
/// A public key as people paste it.
pub const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ ana@laptop";

/// A program that holds a bearer credential.
pub struct Program {
    base: String,
    client: Client,
    bearer: Option<String>,
}

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Program {
    pub fn new(app: &App, bearer: Option<&str>) -> Self {
        Self::at(app.base.as_str(), bearer)
    }

    pub fn at(base: &str, bearer: Option<&str>) -> Self {
        Self { base: base.to_owned(), client: Client::new(), bearer: bearer.map(str::to_owned) }
    }

    pub fn bearer(&self) -> &str {
        self.bearer.as_deref().unwrap_or_default()
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.client.request(method.parse::<Method>().unwrap(), format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let stream = headers.get("content-type").is_some_and(|v| v == "text/event-stream");
        let body = if stream {
            Value::Null
        } else {
            serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null)
        };
        if status >= 400 && !path.contains("/oauth/") {
            assert_eq!(headers["content-type"], "application/problem+json", "{method} {path}: {body}");
            assert_eq!(body["status"], status);
            assert!(body["code"].is_string() && body["detail"].is_string(), "{body}");
        }
        Reply { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body), &[]).await
    }
}

/// Logs in and returns a program with the access token, and the refresh token.
pub async fn log_in(app: &App, email: &str, account: &str) -> (Program, String) {
    log_in_at(app.base.as_str(), email, account).await
}

/// The same at a panel of this address.
pub async fn log_in_at(base: &str, email: &str, account: &str) -> (Program, String) {
    let r = Program::at(base, None)
        .post("/api/v1/auth/login", &json!({ "email": email, "password": PASSWORD, "account": account }))
        .await;
    assert_eq!(r.status, 200, "{}", r.body);
    assert_eq!(r.body["expires_in"], 900);
    (Program::at(base, r.body["access_token"].as_str()), r.body["refresh_token"].as_str().unwrap().to_owned())
}

async fn token(app: &App, by: &Program, scopes: &str) -> (Program, String, String) {
    let r = by.post("/api/v1/tokens", &json!({ "name": "deploy", "scopes": scopes })).await;
    assert_eq!(r.status, 201, "{}", r.body);
    let secret = r.body["secret"].as_str().unwrap().to_owned();
    (Program::new(app, Some(&secret)), secret, r.body["id"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_log_in_is_renewed_once_per_token_and_ends_when_one_comes_twice() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, refresh) = log_in(&app, "ana@example.com", "customer").await;
    let me = ana.get("/api/v1/account").await;
    assert_eq!((me.status, &me.body["email"], &me.body["role"]), (200, &json!("ana@example.com"), &json!("customer")));
    let nobody = Program::new(&app, None);
    let renewed = nobody.post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh })).await;
    assert_eq!(renewed.status, 200);
    let again = Program::new(&app, renewed.body["access_token"].as_str());
    assert_eq!(again.get("/api/v1/account").await.status, 200);
    // The first refresh token comes back: two hold it, so the whole log-in ends.
    assert_eq!(nobody.post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh })).await.status, 401);
    assert_eq!(again.get("/api/v1/account").await.status, 401);
    assert_eq!(ana.get("/api/v1/account").await.status, 401);
    let newest = renewed.body["refresh_token"].as_str().unwrap();
    assert_eq!(nobody.post("/api/v1/auth/refresh", &json!({ "refresh_token": newest })).await.status, 401);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'api.refresh_reused'").await, 1);
}

#[actix_web::test]
async fn logging_out_and_disabling_take_effect_at_the_next_request() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.staff("grace@example.com", Role::Admin).await;
    let (ana, refresh) = log_in(&app, "ana@example.com", "customer").await;
    assert_eq!(ana.post("/api/v1/auth/logout", &json!({})).await.status, 204);
    assert_eq!(ana.get("/api/v1/account").await.status, 401);
    let r = Program::new(&app, None).post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh })).await;
    assert_eq!(r.status, 401);
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    assert_eq!(grace.get("/api/v1/customers").await.status, 200);
    app.db.sql("UPDATE admins SET role = 'support' WHERE email = 'grace@example.com'").await;
    assert_eq!(grace.get("/api/v1/settings").await.status, 403);
    app.db.sql("UPDATE admins SET active = FALSE WHERE email = 'grace@example.com'").await;
    assert_eq!(grace.get("/api/v1/customers").await.status, 401);
}

#[actix_web::test]
async fn wrong_names_and_wrong_passwords_get_one_answer_and_growing_waits() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let nobody = Program::new(&app, None);
    let wish = |email: &str, account: &str| json!({ "email": email, "password": "not this one", "account": account });
    let wrong = nobody.post("/api/v1/auth/login", &wish("ana@example.com", "customer")).await;
    let unknown = nobody.post("/api/v1/auth/login", &wish("eva@example.com", "customer")).await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body["detail"], unknown.body["detail"]);
    assert_eq!(wrong.body["code"], "wrong_log_in");
    // Neither an empty name nor one no mail address looks like is anything else.
    for email in ["", "ana", "ana@example.com\n", &"a".repeat(254)] {
        let r = nobody.post("/api/v1/auth/login", &wish(email, "staff")).await;
        assert_eq!((r.status, &r.body["code"]), (401, &json!("wrong_log_in")), "{email:?}");
    }
    // What the document calls too long is so for everybody, whoever they are.
    let r = nobody.post("/api/v1/auth/login", &wish(&"a".repeat(300), "staff")).await;
    assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!("email")), "{}", r.body);
    // A customer's name is nobody among staff.
    let r = nobody
        .post("/api/v1/auth/login", &json!({ "email": "ana@example.com", "password": PASSWORD, "account": "staff" }))
        .await;
    assert_eq!(r.status, 401);
    let mut last = 0;
    for _ in 0..6 {
        last = nobody.post("/api/v1/auth/login", &wish("ana@example.com", "customer")).await.status;
    }
    assert_eq!(last, 429);
}

#[actix_web::test]
async fn tokens_are_limited_to_their_scopes_and_to_their_owner() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (reader, secret, id) = token(&app, &ana, "stores:read jobs:read").await;
    assert!(secret.starts_with("sft_") && secret.len() == 47, "{secret}");
    // Only a hash is kept.
    let kept = app.db.number("SELECT COUNT(*) FROM api_credentials WHERE secret_hash IS NOT NULL").await;
    assert_eq!(kept, 1);
    let stores = reader.get("/api/v1/stores").await;
    assert_eq!(stores.body["items"][0]["name"], "Ana");
    assert!(stores.body["items"][0].get("server").is_none(), "what is for staff is not there");
    let refused = reader.get("/api/v1/account").await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("forbidden")));
    assert!(refused.body["detail"].as_str().unwrap().contains("account:read"));
    let store = stores.body["items"][0]["id"].as_str().unwrap();
    // A reading scope changes nothing, on any verb.
    let before = app.census().await;
    for method in ["PUT", "DELETE"] {
        let r = reader
            .send(
                method,
                &format!("/api/v1/stores/{store}/deletion"),
                Some(&json!({ "name": "Ana", "password": PASSWORD })),
                &[],
            )
            .await;
        assert_eq!(r.status, 403, "{method}");
    }
    let r = reader
        .post(&format!("/api/v1/stores/{store}/credentials"), &json!({ "group": "admin", "password": PASSWORD }))
        .await;
    assert_eq!(r.status, 403);
    assert_eq!(app.census().await, before);
    // No token makes another one, whatever its scopes.
    let (writer, ..) = token(&app, &ana, "tokens:write tokens:read").await;
    let r = writer.post("/api/v1/tokens", &json!({ "name": "more", "scopes": "stores:write" })).await;
    assert_eq!(r.status, 403, "{}", r.body);
    // Scopes of staff are not a customer's to give.
    let r = ana.post("/api/v1/tokens", &json!({ "name": "more", "scopes": "customers:read" })).await;
    assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!("scopes")));
    // In a URL, or with another scheme, it opens nothing.
    let nobody = Program::new(&app, None);
    assert_eq!(nobody.get(&format!("/api/v1/stores?access_token={secret}")).await.status, 401);
    assert_eq!(
        nobody.send("GET", "/api/v1/stores", None, &[("authorization", &format!("Basic {secret}"))]).await.status,
        401
    );
    // Revoked: refused at once. Others' tokens are not there.
    app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    assert_eq!(eva.send("DELETE", &format!("/api/v1/tokens/{id}"), None, &[]).await.status, 404);
    assert_eq!(ana.send("DELETE", &format!("/api/v1/tokens/{id}"), None, &[]).await.status, 204);
    assert_eq!(ana.send("DELETE", &format!("/api/v1/tokens/{id}"), None, &[]).await.status, 404);
    assert_eq!(reader.get("/api/v1/stores").await.status, 401);
    // Over: the same.
    app.db.sql("UPDATE api_credentials SET expires_at = NOW(6) WHERE kind = 'token'").await;
    assert_eq!(writer.get("/api/v1/tokens").await.status, 401);
}

#[actix_web::test]
async fn making_a_token_needs_a_log_in_of_the_last_ten_minutes() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    app.db.sql("UPDATE api_credentials SET created_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = ana.post("/api/v1/tokens", &json!({ "name": "late", "scopes": "stores:read" })).await;
    assert_eq!(r.status, 403, "{}", r.body);
}

#[actix_web::test]
async fn clients_get_access_tokens_no_wider_than_they_are() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let r = grace
        .post("/api/v1/tokens", &json!({ "kind": "client", "name": "monitor", "scopes": "servers:read system:read" }))
        .await;
    let (id, secret) = (r.body["id"].as_str().unwrap().to_owned(), r.body["secret"].as_str().unwrap().to_owned());
    let ask = async |fields: &[(&str, &str)], basic: Option<(&str, &str)>| {
        let mut request = Client::new().post(format!("{}/api/v1/oauth/token", app.base.as_str())).form(fields);
        if let Some((user, password)) = basic {
            request = request.basic_auth(user, Some(password));
        }
        let r = request.send().await.unwrap();
        (r.status(), r.json::<Value>().await.unwrap())
    };
    let grant = ("grant_type", "client_credentials");
    let (status, body) = ask(&[grant], Some((&id, &secret))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&body["scope"], &body["token_type"]), (&json!("servers:read system:read"), &json!("Bearer")));
    let monitor = Program::new(&app, body["access_token"].as_str());
    assert_eq!(monitor.get("/api/v1/servers").await.status, 200);
    assert_eq!(monitor.get("/api/v1/customers").await.status, 403);
    // Narrower on request.
    let (_, body) = ask(&[grant, ("client_id", &id), ("client_secret", &secret), ("scope", "system:read")], None).await;
    let narrow = Program::new(&app, body["access_token"].as_str());
    assert_eq!(narrow.get("/api/v1/system").await.status, 200);
    assert_eq!(narrow.get("/api/v1/servers").await.status, 403);
    for (fields, basic, status, error) in [
        (vec![grant, ("scope", "customers:read")], Some((id.as_str(), secret.as_str())), 400, "invalid_scope"),
        (vec![grant], Some((id.as_str(), "wrong")), 401, "invalid_client"),
        (vec![grant], Some((NOBODYS, secret.as_str())), 401, "invalid_client"),
        (vec![grant], None, 401, "invalid_client"),
        (vec![("grant_type", "password")], None, 400, "unsupported_grant_type"),
        (vec![], None, 400, "invalid_request"),
        (vec![grant, grant], None, 400, "invalid_request"),
    ] {
        let (got, body) = ask(&fields, basic).await;
        assert_eq!((got.as_u16(), &body["error"]), (status, &json!(error)), "{fields:?}");
    }
    // The secret itself is no bearer token, and a bearer token is no client secret.
    assert_eq!(Program::new(&app, Some(&secret)).get("/api/v1/servers").await.status, 401);
    // Revoked: its access tokens end with it.
    assert_eq!(grace.send("DELETE", &format!("/api/v1/tokens/{id}"), None, &[]).await.status, 204);
    assert_eq!(monitor.get("/api/v1/servers").await.status, 401);
}

#[actix_web::test]
async fn the_same_key_does_one_thing_and_gives_the_same_answer() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let wish = json!({ "name": "deploy", "scopes": "stores:read" });
    let key = [("idempotency-key", "order-0001")];
    let first = ana.send("POST", "/api/v1/tokens", Some(&wish), &key).await;
    let second = ana.send("POST", "/api/v1/tokens", Some(&wish), &key).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert!(first.headers.get("idempotency-replayed").is_none());
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM api_credentials WHERE kind = 'token'").await, 1);
    // What was shown once does not lie readable in the table.
    let secret = first.body["secret"].as_str().unwrap();
    assert_eq!(app.db.number(&format!("SELECT COUNT(*) FROM api_requests WHERE answer LIKE '%{secret}%'")).await, 0);
    // Another request under the key is refused; another caller has keys of its own.
    let other =
        ana.send("POST", "/api/v1/tokens", Some(&json!({ "name": "other", "scopes": "stores:read" })), &key).await;
    assert_eq!((other.status, &other.body["errors"][0]["field"]), (422, &json!("Idempotency-Key")));
    app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    assert_ne!(eva.send("POST", "/api/v1/tokens", Some(&wish), &key).await.body["id"], first.body["id"]);
    // A refused request frees its key for the mended one.
    let key = [("idempotency-key", "order-0002")];
    let bad = ana.send("POST", "/api/v1/tokens", Some(&json!({ "name": "", "scopes": "stores:read" })), &key).await;
    assert_eq!(bad.status, 422);
    assert_eq!(ana.send("POST", "/api/v1/tokens", Some(&wish), &key).await.status, 201);
    // Two at once: one does it, the other is told, or gets the same answer.
    let key = [("idempotency-key", "order-0003")];
    let (a, b) = tokio::join!(
        ana.send("POST", "/api/v1/tokens", Some(&wish), &key),
        ana.send("POST", "/api/v1/tokens", Some(&wish), &key)
    );
    assert!([(201, 201), (201, 409), (409, 201)].contains(&(a.status, b.status)), "{} {}", a.status, b.status);
    // A first request that broke off is not done again blindly.
    app.db.sql("UPDATE api_requests SET status = 0, created_at = NOW(6) - INTERVAL 2 MINUTE").await;
    let r = ana.send("POST", "/api/v1/tokens", Some(&wish), &key).await;
    assert_eq!(r.status, 409);
    assert!(r.body["detail"].as_str().unwrap().contains("Look whether it happened"), "{}", r.body);
    for bad in ["short", &"x".repeat(101), "with space 1"] {
        let r = ana.send("POST", "/api/v1/tokens", Some(&wish), &[("idempotency-key", bad)]).await;
        assert_eq!(r.status, 422, "{bad}");
    }
}

#[actix_web::test]
async fn lists_come_in_pages_without_gaps() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    for _ in 0..7 {
        app.noop().await;
    }
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let whole = grace.get("/api/v1/jobs?kind=noop").await;
    assert!(whole.body.get("next").is_none());
    let all: Vec<&str> = whole.body["items"].as_array().unwrap().iter().map(|j| j["id"].as_str().unwrap()).collect();
    assert_eq!(all.len(), 7);
    let mut pages: Vec<String> = Vec::new();
    let mut next = String::new();
    loop {
        let page = grace.get(&format!("/api/v1/jobs?kind=noop&limit=3{next}")).await;
        pages.extend(page.body["items"].as_array().unwrap().iter().map(|j| j["id"].as_str().unwrap().to_owned()));
        // New rows at the top don't move what comes after.
        app.db.sql("UPDATE jobs SET state = 'started' WHERE kind = 'noop' AND state = 'queued' LIMIT 1").await;
        match page.body["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(pages, all);
    for bad in ["limit=0", "limit=201", "limit=x", "after=x", "after=cx", "state=none", "limit=1&limit=2"] {
        let status = grace.get(&format!("/api/v1/jobs?{bad}")).await.status;
        assert!([400, 422].contains(&status), "{bad}: {status}");
    }
}

#[actix_web::test]
async fn bodies_are_read_strictly() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let before = app.census().await;
    let raw = async |media: &str, body: &str| {
        let request = Client::new().post(format!("{}/api/v1/tokens", app.base.as_str())).header("content-type", media);
        request.bearer_auth(ana.bearer.as_ref().unwrap()).body(body.to_owned()).send().await.unwrap().status().as_u16()
    };
    let json = "application/json";
    for (media, body, status) in [
        ("text/plain", "{}", 415),
        ("application/x-www-form-urlencoded", "name=a", 415),
        (json, "", 400),
        (json, "{", 400),
        (json, "[1", 400),
        (json, "nul", 400),
        (json, "[]", 422),
        (json, "{}", 422),
        (json, r#"{"name":1,"scopes":"stores:read"}"#, 422),
        (json, r#"{"name":"a","scopes":"stores:read","role":"admin"}"#, 422),
        (json, r#"{"name":"a","name":"b","scopes":"stores:read"}"#, 422),
        (json, r#"{"name":"a\u0000b","scopes":"stores:read"}"#, 422),
        (json, r#"{"name":"a","scopes":"stores:read","days":0}"#, 422),
        (json, r#"{"name":"a","scopes":"stores:read","days":-1}"#, 422),
        (json, r#"{"name":"a","scopes":"stores:read","days":1e9}"#, 422),
        (json, r#"{"name":"a","scopes":"*"}"#, 422),
        (json, &format!(r#"{{"name":"{}","scopes":"stores:read"}}"#, "x".repeat(70_000)), 413),
        (json, &"[".repeat(60_000), 400),
    ] {
        assert_eq!(raw(media, body).await, status, "{media} {}", &body[..body.len().min(80)]);
    }
    assert_eq!(app.census().await, before);
}

#[actix_web::test]
async fn a_store_is_ordered_followed_and_deleted_by_a_program() {
    let app = App::new().await;
    let (_, first) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&first).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let stores = ana.get("/api/v1/stores").await;
    let store = stores.body["items"][0]["id"].as_str().unwrap().to_owned();
    let taken =
        ana.post("/api/v1/stores", &json!({ "name": "Two", "platform": "woocommerce", "plan": "starter" })).await;
    assert_eq!(taken.status, 409, "{}", taken.body);
    let bad = ana.post("/api/v1/stores", &json!({ "name": "", "platform": "x", "plan": "y" })).await;
    let wrong: Vec<_> = bad.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!((bad.status, wrong), (422, vec!["name", "platform", "plan"]));
    let jobs = ana.get(&format!("/api/v1/jobs?store={store}&kind=provision_store")).await;
    let job = jobs.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(job, first.to_string());
    let detail = ana.get(&format!("/api/v1/jobs/{job}")).await;
    assert_eq!((&detail.body["state"], &detail.body["progress"]), (&json!("finished"), &json!(100)));
    assert!(detail.body.get("worker").is_none() && detail.body.get("server").is_none(), "{}", detail.body);
    let lines = ana.get(&format!("/api/v1/jobs/{job}/lines")).await;
    assert_eq!((lines.status, &lines.body["complete"]), (200, &json!(true)));
    assert_eq!(ana.get(&format!("/api/v1/jobs/{job}/events")).await.status, 204);
    // Credentials: the password again, recorded.
    let path = format!("/api/v1/stores/{store}/credentials");
    let r = ana.post(&path, &json!({ "group": "admin", "password": "not this one" })).await;
    assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!("password")));
    let r = ana.post(&path, &json!({ "group": "admin", "password": PASSWORD })).await;
    assert_eq!(r.body["values"], json!({ "admin_login": "ana", "admin_password": "store-admin-secret" }));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'store.reveal_credentials'").await, 1);
    // Deletion: name and password, planned, taken back.
    let path = format!("/api/v1/stores/{store}/deletion");
    let put = async |name: &str, password: &str| {
        ana.send("PUT", &path, Some(&json!({ "name": name, "password": password })), &[]).await
    };
    assert_eq!(put("Other", PASSWORD).await.status, 422);
    assert_eq!(put("Ana", "not this one").await.status, 422);
    let planned = put("Ana", PASSWORD).await;
    assert!(planned.status == 200 && planned.body["delete_after"].is_string(), "{}", planned.body);
    assert_eq!(ana.send("DELETE", &path, None, &[]).await.status, 204);
    assert_eq!(ana.send("DELETE", &path, None, &[]).await.status, 409);
    assert!(ana.get(&format!("/api/v1/stores/{store}")).await.body.get("delete_after").is_none());
}

#[actix_web::test]
async fn settings_and_schedules_are_changed_by_those_who_may() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    app.staff("root@example.com", Role::SuperAdmin).await;
    app.staff("grace@example.com", Role::Admin).await;
    let (root, _) = log_in(&app, "root@example.com", "staff").await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let put = async |by: &Program, name: &str, value: &str| {
        by.send("PUT", &format!("/api/v1/settings/{name}"), Some(&json!({ "value": value })), &[]).await
    };
    assert_eq!(put(&grace, "product_name", "Mine").await.status, 403);
    assert_eq!(put(&root, "product_name", "Mine").await.body["value"], "Mine");
    assert_eq!(put(&root, "smtp_port", "none").await.status, 422);
    assert_eq!(put(&root, "no_such", "x").await.status, 404);
    let secret = put(&root, "smtp_password", "very-secret").await;
    assert!(secret.body.get("value").is_none() && secret.body["is_set"] == true, "{}", secret.body);
    assert!(!root.get("/api/v1/settings").await.body.to_string().contains("very-secret"));
    assert!(!root.get("/api/v1/audit").await.body.to_string().contains("very-secret"));
    let schedules = grace.get("/api/v1/schedules").await;
    let name = schedules.body["items"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(grace.post(&format!("/api/v1/schedules/{name}/pause"), &json!({})).await.status, 204);
    assert_eq!(grace.post(&format!("/api/v1/schedules/{name}/run"), &json!({})).await.status, 409);
    assert_eq!(grace.post(&format!("/api/v1/schedules/{name}/resume"), &json!({})).await.status, 204);
    assert_eq!(grace.post(&format!("/api/v1/schedules/{name}/run"), &json!({})).await.status, 204);
    assert_eq!(grace.post("/api/v1/schedules/none/run", &json!({})).await.status, 404);
    let verified = root.post("/api/v1/audit/verification", &json!({})).await;
    assert_eq!(verified.body["whole"], true);
    app.db.tamper("UPDATE audit_events SET actor_name = 'nobody' WHERE number = 1").await;
    assert_eq!(root.post("/api/v1/audit/verification", &json!({})).await.body["whole"], false);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'audit.verify'").await, 2);
}

/// What each kind of caller is answered, for each operation on a thing of its own kind.
#[actix_web::test]
async fn every_operation_for_every_role() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    let store_row = app.make_live(&job).await;
    let store: String = sqlx::query_scalar("SELECT uid FROM stores WHERE id = ?")
        .bind(store_row)
        .fetch_one(app.db.db.pool())
        .await
        .unwrap();
    app.customer("eva@example.com", "Eva").await;
    // Two resellers: one who looks after the store's owner, and one who does not.
    for (email, store) in [("rob@example.com", "Rob"), ("kim@example.com", "Kim")] {
        app.customer(email, store).await;
        app.db.sql(&format!("INSERT INTO resellers (customer_id, max_customers, max_stores) SELECT id, 5, 5 FROM customers WHERE email = '{email}'")).await;
        app.db.sql(&format!("UPDATE customers SET role = 'reseller' WHERE email = '{email}'")).await;
    }
    app.db.sql("UPDATE customers SET reseller_id = (SELECT customer_id FROM (SELECT MIN(customer_id) AS customer_id FROM resellers) r) WHERE email = 'ana@example.com'").await;
    let mut callers: BTreeMap<&str, Program> = BTreeMap::new();
    for (name, email, role) in [
        ("support", "sam@example.com", Role::Support),
        ("admin", "grace@example.com", Role::Admin),
        ("super", "root@example.com", Role::SuperAdmin),
    ] {
        app.staff(email, role).await;
        callers.insert(name, log_in(&app, email, "staff").await.0);
    }
    callers.insert("owner", log_in(&app, "ana@example.com", "customer").await.0);
    callers.insert("other", log_in(&app, "eva@example.com", "customer").await.0);
    callers.insert("reseller", log_in(&app, "rob@example.com", "customer").await.0);
    callers.insert("other reseller", log_in(&app, "kim@example.com", "customer").await.0);
    callers.insert("stranger", Program::new(&app, None));
    // From another address than the stranger: who has no token that stands is counted by it.
    let client = Client::builder().local_address(std::net::IpAddr::from([127, 0, 0, 2])).build().unwrap();
    let bearer = Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.".to_owned());
    callers.insert("forged", Program { base: app.base.as_str().to_owned(), client, bearer });
    let before = app.census().await;
    for route in ROUTES.iter().filter(|r| r.path.starts_with("/api/v1/")) {
        // Some end the log-in they are called with.
        let ends =
            route.path.ends_with("/logout") || (route.method, route.path) == ("DELETE", "/api/v1/account/devices");
        if route.access == Access::ApiOpen || ends {
            continue;
        }
        let path = route
            .path
            .replace("/stores/{id}", &format!("/stores/{store}"))
            .replace("/jobs/{id}", &format!("/jobs/{job}"))
            .replace("/tokens/{id}", &format!("/tokens/{NOBODYS}"))
            .replace("/webhooks/{id}", &format!("/webhooks/{NOBODYS}"))
            .replace("{event}", "evt_none")
            .replace("/tickets/{id}", &format!("/tickets/{NOBODYS}"))
            .replace("/offers/{id}", &format!("/offers/{NOBODYS}"))
            .replace("{file}", NOBODYS)
            .replace("{key}", "999")
            .replace("{server}/{port}", "none/1")
            .replace("{id}", "999")
            .replace("{name}", "none");
        for (name, program) in &callers {
            // A body that passes no check: what is refused is refused before it is read.
            let body = json!({ "unknown_field": 1 });
            let body = (route.method != "GET").then_some(&body);
            let got = program.send(route.method, &path, body, &[]).await.status;
            let about_one = route.path.contains("/stores/{id}") || route.path.contains("/jobs/{id}");
            let allowed = match (*name, route.access) {
                ("stranger" | "forged", _) => Some(401),
                ("owner" | "other" | "support" | "admin" | "super", Access::ApiReseller) => Some(403),
                ("owner" | "other" | "support", Access::ApiKeeper) => Some(403),
                (
                    "owner" | "other" | "reseller" | "other reseller",
                    Access::ApiDesk
                    | Access::ApiStaff
                    | Access::ApiOperator
                    | Access::ApiCustomerManager
                    | Access::ApiResellerManager
                    | Access::ApiStaffManager
                    | Access::ApiSuper,
                ) => Some(403),
                (
                    "support",
                    Access::ApiHooks
                    | Access::ApiOperator
                    | Access::ApiCustomerManager
                    | Access::ApiResellerManager
                    | Access::ApiWork,
                ) => Some(403),
                ("support" | "admin", Access::ApiStaffManager | Access::ApiSuper) => Some(403),
                ("support" | "admin" | "super", Access::ApiOwner) => Some(403),
                // Not yours and not there: the same answer.
                ("other" | "other reseller", _) if about_one && route.method == "GET" => Some(404),
                // What is in a store is its owner's alone.
                ("reseller", _)
                    if route.method == "GET"
                        && (route.path.ends_with("/database-page") || route.path.ends_with("/file-access")) =>
                {
                    Some(404)
                }
                _ => None,
            };
            match allowed {
                Some(status) => assert_eq!(got, status, "{name}: {} {path}", route.method),
                None => assert!([200, 204, 404, 409, 422].contains(&got), "{name}: {} {path}: {got}", route.method),
            }
        }
    }
    // With a right body another customer still finds nothing, and neither does a reseller of others.
    let bodies = [
        ("PUT", format!("/api/v1/stores/{store}/deletion"), json!({ "name": "Ana", "password": PASSWORD })),
        ("DELETE", format!("/api/v1/stores/{store}/deletion"), json!({})),
        ("POST", format!("/api/v1/stores/{store}/credentials"), json!({ "group": "admin", "password": PASSWORD })),
        ("POST", format!("/api/v1/jobs/{job}/retry"), json!({})),
        ("POST", format!("/api/v1/stores/{store}/restart"), json!({})),
        ("PUT", format!("/api/v1/stores/{store}/maintenance"), json!({ "on": true })),
        ("PUT", format!("/api/v1/stores/{store}/name"), json!({ "name": "Mine now" })),
        ("PUT", format!("/api/v1/stores/{store}/address"), json!({ "address": "mine-now" })),
        ("POST", format!("/api/v1/stores/{store}/admin-password"), json!({})),
        ("GET", format!("/api/v1/stores/{store}/database-page"), json!(null)),
        ("POST", format!("/api/v1/stores/{store}/database-page/start"), json!({ "password": PASSWORD })),
        ("POST", format!("/api/v1/stores/{store}/database-page/stop"), json!({})),
        ("GET", format!("/api/v1/stores/{store}/file-access"), json!(null)),
        ("POST", format!("/api/v1/stores/{store}/file-access/start"), json!({ "password": PASSWORD })),
        ("POST", format!("/api/v1/stores/{store}/file-access/stop"), json!({})),
        ("POST", format!("/api/v1/stores/{store}/file-access/keys"), json!({ "password": PASSWORD, "key": SSH_KEY })),
        ("DELETE", format!("/api/v1/stores/{store}/file-access/keys/1"), json!(null)),
        ("POST", format!("/api/v1/stores/{store}/file-access/password"), json!({ "password": PASSWORD })),
        ("DELETE", format!("/api/v1/stores/{store}/file-access/password"), json!(null)),
        ("GET", format!("/api/v1/stores/{store}/log"), json!(null)),
        ("GET", format!("/api/v1/stores/{store}/offer"), json!(null)),
        ("POST", format!("/api/v1/stores/{store}/offer"), json!({ "password": PASSWORD, "email": "eva@example.com" })),
        ("DELETE", format!("/api/v1/stores/{store}/offer"), json!(null)),
        ("POST", format!("/api/v1/offers/{NOBODYS}/accept"), json!({ "password": PASSWORD })),
        ("POST", format!("/api/v1/offers/{NOBODYS}/decline"), json!({})),
        ("GET", format!("/api/v1/stores/{store}/usage"), json!(null)),
        ("GET", format!("/api/v1/jobs?store={store}"), json!(null)),
    ];
    for (method, path, body) in bodies {
        let body = (!body.is_null()).then_some(&body);
        for name in ["other", "other reseller"] {
            let other = &callers[name];
            assert_eq!(other.send(method, &path, body, &[]).await.status, 404, "{name}: {method} {path}");
            let unknown = path.replace(&store, NOBODYS).replace(&job.to_string(), NOBODYS);
            assert_eq!(other.send(method, &unknown, body, &[]).await.status, 404, "{name}: {method} {unknown}");
        }
    }
    for (method, path, body) in [
        ("POST", format!("/api/v1/stores/{store}/suspend"), json!({ "reason": "x" })),
        ("POST", format!("/api/v1/stores/{store}/resume"), json!({ "reason": "x" })),
        ("PUT", format!("/api/v1/stores/{store}/plan"), json!({ "plan": "business", "reason": "x" })),
        ("GET", "/api/v1/reseller/customers/1".into(), json!(null)),
        ("GET", "/api/v1/reseller/events?customer=1".into(), json!(null)),
        (
            "POST",
            "/api/v1/reseller/customers/1/stores".into(),
            json!({ "name": "Mine", "platform": "woocommerce", "plan": "starter" }),
        ),
    ] {
        let body = (!body.is_null()).then_some(&body);
        let got = callers["other reseller"].send(method, &path, body, &[]).await.status;
        assert_eq!(got, 404, "{method} {path}");
    }
    // Whoever looks after the owner works on the store and sees nothing of what is in it.
    for (method, path, body) in [
        ("POST", format!("/api/v1/stores/{store}/credentials"), json!({ "group": "admin", "password": PASSWORD })),
        ("POST", format!("/api/v1/stores/{store}/database-page/start"), json!({ "password": PASSWORD })),
        ("POST", format!("/api/v1/stores/{store}/database-page/stop"), json!({})),
        ("POST", format!("/api/v1/stores/{store}/file-access/start"), json!({ "password": PASSWORD })),
        ("POST", format!("/api/v1/stores/{store}/file-access/password"), json!({ "password": PASSWORD })),
        ("DELETE", format!("/api/v1/stores/{store}/file-access/password"), json!({})),
        ("GET", format!("/api/v1/stores/{store}/file-access"), json!(null)),
    ] {
        let body = (!body.is_null()).then_some(&body);
        let got = callers["reseller"].send(method, &path, body, &[]).await.status;
        assert_eq!(got, 404, "{method} {path}");
    }
    let r = callers["reseller"].post(&format!("/api/v1/stores/{store}/admin-password"), &json!({})).await;
    assert_eq!(r.status, 403, "{}", r.body);
    assert_eq!(app.census().await, before);
    let _ = Uid::new();
}

#[actix_web::test]
async fn unlisted_verbs_are_refused_with_the_listed_ones() {
    let app = App::new().await;
    app.staff("root@example.com", Role::SuperAdmin).await;
    app.customer("ana@example.com", "Ana").await;
    let (root, _) = log_in(&app, "root@example.com", "staff").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    app.customer("rob@example.com", "Rob").await;
    app.db.sql("UPDATE customers SET role = 'reseller' WHERE email = 'rob@example.com'").await;
    let (rob, _) = log_in(&app, "rob@example.com", "customer").await;
    for path in
        ROUTES.iter().map(|r| r.path).filter(|p| p.starts_with("/api/v1/")).collect::<std::collections::BTreeSet<_>>()
    {
        let routes: Vec<_> = ROUTES.iter().filter(|r| r.path == path).collect();
        let by = match routes[0].access {
            Access::ApiOwner => &ana,
            Access::ApiReseller => &rob,
            _ => &root,
        };
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"] {
            if routes.iter().any(|r| r.method == method) {
                continue;
            }
            let r = by
                .send(
                    method,
                    &path
                        .replace("{id}", NOBODYS)
                        .replace("{name}", "none")
                        .replace("{port}", "1")
                        .replace("{file}", NOBODYS)
                        .replace("{key}", "1")
                        .replace("{event}", "evt_none"),
                    None,
                    &[],
                )
                .await;
            assert_eq!(r.status, 405, "{method} {path}");
            let allow = r.headers["allow"].to_str().unwrap();
            assert!(routes.iter().all(|r| allow.contains(r.method)), "{method} {path}: {allow}");
        }
    }
    // No method override.
    let r = root.send("POST", "/api/v1/system", None, &[("x-http-method-override", "GET")]).await;
    assert_eq!(r.status, 405);
}

#[actix_web::test]
async fn requests_above_the_rate_are_told_when() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let first = ana.get("/api/v1/account").await;
    assert_eq!(first.headers["ratelimit-limit"], "600");
    assert_eq!(first.headers["ratelimit-remaining"], "599");
    // Guessing without a credential that stands is limited by address.
    let guess = Program::new(&app, Some("sft_guess"));
    let mut statuses = Vec::new();
    for _ in 0..270 {
        statuses.push(guess.get("/api/v1/account").await.status);
    }
    assert_eq!(statuses[0], 401);
    let last = guess.get("/api/v1/account").await;
    assert!(statuses.contains(&429) && last.status == 429, "{statuses:?}");
    assert!(last.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    // That does not hold up those who have one.
    assert_eq!(ana.get("/api/v1/account").await.status, 200);
}
