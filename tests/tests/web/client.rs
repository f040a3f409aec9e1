//! The Rust client against the live panel.

use crate::api::log_in;
use crate::log::{change, write};
use crate::support::{App, PASSWORD};
use futures_util::StreamExt;
use hosting::domain::{Audience, Role};
use serde_json::{Map, Value, json};
use shopfleet_client::types::{
    AccountKind, BulkAction, FollowJobQuery, ListJobsQuery, NewCredential, Nothing, ProblemCode,
};
use shopfleet_client::{Client, Error, Input, JobEvent, LogIn, Memory, OPERATIONS};
use std::collections::BTreeSet;
use std::sync::Arc;

fn client(app: &App) -> Client {
    Client::new(app.base.as_str()).unwrap()
}

async fn staff(app: &App, email: &str) -> (Client, LogIn) {
    client(app).logged_in(AccountKind::Staff, email, &PASSWORD.into(), None).await.unwrap()
}

/// The least a schema takes.
fn least(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return least(document, &document["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str().unwrap_or("object") {
        "string" => json!("x"),
        "integer" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(true),
        "array" => json!([]),
        _ => {
            let mut out = Map::new();
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                out.insert(name.to_owned(), least(document, &schema["properties"][name]));
            }
            Value::Object(out)
        }
    }
}

#[actix_web::test]
async fn every_operation_of_the_document_is_reachable() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    app.staff("root@example.com", Role::SuperAdmin).await;
    let document = serde_json::to_value(&*webapp::api::openapi::DOCUMENT).unwrap();
    let mut documented = BTreeSet::new();
    let mut bodies = std::collections::BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            documented.insert((id.to_owned(), method.to_uppercase(), path.clone()));
            for content in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                bodies.insert(id.to_owned(), least(&document, &content.1["schema"]));
            }
        }
    }
    let known: BTreeSet<_> =
        OPERATIONS.iter().map(|o| (o.id.to_owned(), o.method.to_owned(), o.path.to_owned())).collect();
    assert_eq!(known, documented);
    // Each is really sent, and its answer really read: an answer that does not fit its type is `Error::Answer`.
    let owner =
        client(&app).logged_in(AccountKind::Customer, "ana@example.com", &PASSWORD.into(), None).await.unwrap().0;
    let store = owner.list_stores(&Default::default()).await.unwrap().items.remove(0).id;
    let (root, _) = staff(&app, "root@example.com").await;
    let (root, owner) = (root.with_retries(1, Default::default()), owner.with_retries(1, Default::default()));
    let ends = ["log_out", "end_devices"];
    let mut answered = BTreeSet::new();
    for by in [&root, &owner] {
        for operation in OPERATIONS.iter().filter(|o| !ends.contains(&o.id)) {
            let mut input = Input { body: bodies.get(operation.id).cloned(), ..Input::default() };
            for name in operation.names {
                let value = match (*name, operation.tag) {
                    ("id", "stores") => store.clone(),
                    ("id", "jobs") => job.to_string(),
                    ("name", "settings") => "product_name".into(),
                    ("name", _) => "housekeeping".into(),
                    ("server", _) => "local-1".into(),
                    _ => "1".into(),
                };
                input.names.insert((*name).to_owned(), value);
            }
            match by.call(operation.id, &input).await {
                Ok(_) => {
                    answered.insert(operation.id);
                }
                Err(Error::Refused(r)) => {
                    assert_ne!(r.code, ProblemCode::MethodNotAllowed, "{}", operation.id);
                    assert!(r.status < 500, "{}: {r}", operation.id);
                }
                Err(other) => panic!("{}: {other}", operation.id),
            }
        }
    }
    // Most say yes, so that answers of every resource were read.
    assert!(answered.len() > 30, "{answered:?}");
    assert!(matches!(root.call("no_such", &Input::default()).await, Err(Error::Use(_))));
    owner.end_devices().await.unwrap();
    root.log_out().await.unwrap();
    let over = root.get_account().await.unwrap_err();
    assert!(matches!(over, Error::LogInAgain), "{over}");
}

#[actix_web::test]
async fn refusals_are_typed() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let wrong = client(&app).logged_in(AccountKind::Staff, "grace@example.com", &"no".into(), None).await.unwrap_err();
    assert_eq!(wrong.code(), Some(ProblemCode::WrongLogIn));
    let (grace, _) = staff(&app, "grace@example.com").await;
    assert_eq!(grace.get_store("01ARZ3NDEKTSV4RRFFQ69G5FAV").await.unwrap_err().code(), Some(ProblemCode::NotFound));
    assert_eq!(grace.list_staff().await.unwrap_err().code(), Some(ProblemCode::Forbidden));
    let body = NewCredential { kind: None, name: "x".into(), scopes: "no:such".into(), days: None };
    let Err(Error::Refused(refusal)) = grace.create_token(&body).await else { panic!("no such scope") };
    assert_eq!((refusal.code, refusal.fields[0].field.as_str(), refusal.status), (ProblemCode::Invalid, "scopes", 422));
    assert!(refusal.to_string().starts_with("scopes: ") && !refusal.request_id.is_empty());
    app.db.sql("UPDATE api_credentials SET created_at = NOW(6) - INTERVAL 11 MINUTE").await;
    assert_eq!(grace.create_token(&body).await.unwrap_err().code(), Some(ProblemCode::PasswordNeeded));
}

#[actix_web::test]
async fn a_log_in_renews_itself_once_however_many_want_it() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let (_, log_in) = staff(&app, "grace@example.com").await;
    // Access tokens that are over, in two clients that share what is kept, as two programs do.
    let stale = LogIn { access: "over".into(), refresh: log_in.refresh.clone() };
    let keep = Arc::new(Memory::of(stale.clone()));
    let two =
        [client(&app).with_log_in(stale.clone(), keep.clone()), client(&app).with_log_in(stale.clone(), keep.clone())];
    let all = futures_util::future::join_all((0..12).map(|n| {
        let one = two[n % 2].clone();
        async move { one.get_account().await.map(|a| a.email) }
    }));
    for found in all.await {
        assert_eq!(found.unwrap(), "grace@example.com");
    }
    let used = "SELECT COUNT(*) FROM api_refresh_tokens WHERE used_at IS NOT NULL";
    assert_eq!(app.db.number(used).await, 1, "one renewal for all of them");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'api.refresh_reused'").await, 0);
}

#[actix_web::test]
async fn rows_of_all_pages_come_as_one_stream() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    for _ in 0..7 {
        app.noop().await;
    }
    let (grace, _) = staff(&app, "grace@example.com").await;
    let query = |limit| ListJobsQuery { kind: Some("noop".into()), limit, ..ListJobsQuery::default() };
    let whole = grace.list_jobs(&query(None)).await.unwrap();
    let ids = |jobs: Vec<shopfleet_client::types::Job>| jobs.into_iter().map(|j| j.id).collect::<Vec<_>>();
    let rows: Vec<_> = grace.list_jobs_all(query(Some(3))).map(Result::unwrap).collect().await;
    assert_eq!(ids(rows), ids(whole.items));
    let few: Vec<_> = grace.list_jobs_all(query(Some(3))).take(4).map(Result::unwrap).collect().await;
    assert_eq!(few.len(), 4);
    // An error ends it.
    let wrong: Vec<_> = grace.list_jobs_all(query(Some(0))).collect().await;
    assert!(wrong.len() == 1 && wrong[0].is_err());
}

#[actix_web::test]
async fn a_job_is_followed_to_its_end() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db
        .sql(&format!(
            "UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}"
        ))
        .await;
    let (grace, _) = staff(&app, "grace@example.com").await;
    let mut events = grace.follow_job(uid, &FollowJobQuery::default()).unwrap();
    let writing = async {
        for part in 0..20 {
            let texts: Vec<String> = (1..=10).map(|n| format!("line {}", part * 10 + n)).collect();
            write(&app, id, part * 10 + 1, &texts, Audience::Staff).await;
        }
        let over = format!("UPDATE jobs SET state = 'finished', finished_at = NOW(6) WHERE id = {id}");
        change(&app, id, &over).await;
    };
    let reading = async {
        let (mut numbers, mut end) = (Vec::new(), None);
        while let Some(event) = events.next().await {
            match event.unwrap() {
                JobEvent::Lines(lines) => numbers.extend(lines.lines.iter().map(|l| l.number)),
                JobEvent::End(state) => end = Some(state),
                _ => {}
            }
        }
        (numbers, end.unwrap(), events.after())
    };
    let ((), (numbers, end, after)) = tokio::join!(writing, reading);
    assert_eq!(numbers, (1..=200).collect::<Vec<u32>>());
    assert_eq!((end.state.as_str(), end.over, end.last, after), ("finished", true, 200, 200));
    // From a number on: only what is above it; all seen: nothing.
    let mut rest = grace.follow_job(uid, &FollowJobQuery { after: Some(195) }).unwrap();
    let Some(Ok(JobEvent::Lines(lines))) = ({
        let mut found = None;
        while let Some(event) = rest.next().await {
            if matches!(event, Ok(JobEvent::Lines(_))) {
                found = Some(event);
                break;
            }
        }
        found
    }) else {
        panic!("lines")
    };
    assert_eq!((lines.from, lines.to), (196, 200));
    assert!(grace.follow_job(uid, &FollowJobQuery { after: Some(200) }).unwrap().next().await.is_none());
    // Somebody else's job is not there.
    app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let eva = client(&app).with_token(eva.bearer().into());
    let gone = eva.follow_job(uid, &FollowJobQuery::default()).unwrap().next().await;
    assert_eq!(gone.unwrap().unwrap_err().code(), Some(ProblemCode::NotFound));
}

#[actix_web::test]
async fn ones_own_key_does_a_thing_once() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let (_, uid) = app.noop().await;
    let (grace, _) = staff(&app, "grace@example.com").await;
    let body = NewCredential { kind: None, name: "deploy".into(), scopes: "stores:read".into(), days: Some(1) };
    let first = grace.with_key("order-0001").create_token(&body).await.unwrap();
    let second = grace.with_key("order-0001").create_token(&body).await.unwrap();
    assert_eq!((first.id, first.secret), (second.id, second.secret));
    // Without one every call is a thing of its own.
    assert_ne!(grace.create_token(&body).await.unwrap().id, grace.create_token(&body).await.unwrap().id);
    let cancelled = grace.cancel_job(uid, &Nothing {}).await.unwrap();
    assert_eq!(cancelled.state, "cancelled");
    let bulk = shopfleet_client::types::Bulk { action: BulkAction::Cancel, jobs: vec![uid.to_string()] };
    assert_eq!(grace.bulk_jobs(&bulk).await.unwrap().left.len(), 1);
}
