//! Pages and operations of webhooks: registered, changed, paused, resumed, deleted; the secret once; nobody else's.

use crate::api::log_in;
use crate::support::{App, Browser};
use hosting::domain::Role;
use serde_json::json;

const HERE: &str = "/account/webhooks";

async fn add(b: &Browser, at: &str, url: &str, events: &[&str]) -> crate::support::Page {
    let form = b.get(at).await;
    let (csrf, key) = (form.hidden("csrf_token"), form.hidden_of(at, "form_key"));
    let mut fields = vec![("csrf_token", csrf.as_str()), ("form_key", key.as_str()), ("url", url), ("note", "Stock")];
    fields.extend(events.iter().map(|e| ("events", *e)));
    b.post(at, &fields).await
}

/// The address of the newest receiver's page.
async fn newest(b: &Browser, at: &str) -> String {
    let page = b.get(at).await;
    let id = page.body.rsplit(&format!("href=\"{at}/")).next().unwrap().split('"').next().unwrap().to_owned();
    format!("{at}/{id}")
}

#[actix_web::test]
async fn an_owner_adds_tests_pauses_and_deletes_a_webhook() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    assert!(ana.get(HERE).await.body.contains("No webhook yet"));
    assert!(ana.get("/account").await.body.contains(HERE), "reached from the account");
    for (url, events, words) in [
        ("http://example.com/x", &["store.live"][..], "has to begin with https://"),
        ("https://127.0.0.1/x", &["store.live"], "not on the public internet"),
        ("https://user:pass@example.com/", &["store.live"], "must not hold a name or password"),
        ("https://example.com/x", &[], "Choose at least one event"),
        ("https://example.com/x", &["customer.created"], "There is no event called customer.created"),
        ("https://example.com/x", &["<script>"], "There is no event called"),
    ] {
        let r = add(&ana, HERE, url, events).await;
        assert!(r.status == 422 && r.body.contains(words), "{url}: {} {}", r.status, r.body);
    }
    let r = add(&ana, HERE, "https://example.com/hook?token=abc", &["store.live", "job.failed"]).await;
    assert_eq!(r.status, 200, "{}", r.body);
    let secret = r.body.split("whsec_").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(r.header("cache-control"), "no-store");
    let one = newest(&ana, HERE).await;
    for path in [HERE, one.as_str()] {
        assert!(!ana.get(path).await.body.contains(&secret), "shown once");
    }
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM audit_events WHERE details LIKE '%token=abc%'").await,
        0,
        "addresses may hold tokens"
    );
    let r = ana.submit_at(&one, &format!("{one}/test"), &[]).await;
    assert!(r.status == 303 && r.location.starts_with(&format!("{one}/deliveries/evt_")), "{}", r.location);
    let page = ana.get(&r.location).await;
    assert!(page.body.contains("webhook.test") && page.body.contains("Waiting"), "{}", page.body);
    let delivery = r.location.clone();
    assert_eq!(ana.submit_at(&one, &format!("{delivery}/replay"), &[]).await.status, 409, "it waits anyway");
    app.db.sql("INSERT INTO webhook_attempts (delivery_id, number, took_ms, status, error, answer) SELECT id, 1, 12, 500, 'It answered 500', '<script>alert(1)</script>' FROM webhook_deliveries").await;
    app.db.sql("UPDATE webhook_deliveries SET state = 'failed', attempts = 10").await;
    let page = ana.get(&delivery).await;
    assert!(page.body.contains("It answered 500") && !page.body.contains("<script>alert"), "{}", page.body);
    assert!(ana.get(&one).await.body.contains("Send again what was given up"));
    assert_eq!(ana.submit_at(&one, &format!("{one}/replay"), &[]).await.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'").await, 1);
    for (verb, status) in
        [("pause", 303), ("pause", 409), ("test", 409), ("resume", 303), ("resume", 409), ("nonsense", 404)]
    {
        assert_eq!(ana.submit_at(&one, &format!("{one}/{verb}"), &[]).await.status, status, "{verb}");
    }
    let r = ana.submit_at(&one, &format!("{one}/secret"), &[]).await;
    assert!(
        r.status == 200
            && r.body.contains("whsec_")
            && !r.body.contains(&secret)
            && r.body.contains("signs as well until")
    );
    // Nobody else's.
    let token = eva.get(HERE).await.hidden("csrf_token");
    let fields = [
        ("csrf_token", token.as_str()),
        ("form_key", &"k".repeat(40)),
        ("url", "https://evil.example/"),
        ("events", "store.live"),
    ];
    for path in [one.clone(), delivery.clone()] {
        assert_eq!(eva.get(&path).await.status, 404, "{path}");
    }
    for path in [one.clone(), format!("{one}/secret"), format!("{one}/delete"), format!("{delivery}/replay")] {
        assert_eq!(eva.post(&path, &fields).await.status, 404, "{path}");
    }
    let staff = app.staff("grace@example.com", Role::Admin).await;
    assert_eq!(staff.get(&one.replace("/account/", "/admin/")).await.status, 404, "the panel's are others");
    assert_eq!(ana.submit_at(&one, &format!("{one}/delete"), &[]).await.location, HERE);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM webhook_deliveries").await, 0);
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT action FROM audit_events WHERE target_kind = 'webhook' ORDER BY action")
            .fetch_all(app.db.db.pool())
            .await
            .unwrap();
    assert_eq!(
        actions,
        [
            "webhook.create",
            "webhook.delete",
            "webhook.pause",
            "webhook.replay",
            "webhook.resume",
            "webhook.rotate_secret",
            "webhook.test"
        ]
    );
}

#[actix_web::test]
async fn admins_have_the_panels_and_support_has_none() {
    let app = App::new().await;
    let admin = app.staff("grace@example.com", Role::Admin).await;
    let support = app.staff("sam@example.com", Role::Support).await;
    let r = add(&admin, "/admin/webhooks", "https://example.com/hook", &["customer.created"]).await;
    assert_eq!(r.status, 200, "{}", r.body);
    assert_eq!(support.get("/admin/webhooks").await.status, 403);
    assert!(!support.get("/admin").await.body.contains("/admin/webhooks"), "not in the menu either");
    app.customer("ana@example.com", "Ana").await;
    let body: String =
        sqlx::query_scalar("SELECT body FROM webhook_deliveries").fetch_one(app.db.db.pool()).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["type"], &body["data"]["email"]), (&json!("customer.created"), &json!("ana@example.com")));
}

#[actix_web::test]
async fn programs_manage_webhooks_within_their_reach() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    app.staff("root@example.com", Role::Admin).await;
    app.staff("sam@example.com", Role::Support).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let (root, _) = log_in(&app, "root@example.com", "staff").await;
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let wish = json!({ "url": "https://example.com/hook", "events": ["store.live"] });
    let made = ana.post("/api/v1/webhooks", &wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(made.body["secret"].as_str().unwrap().starts_with("whsec_"));
    let at = format!("/api/v1/webhooks/{}", made.body["id"].as_str().unwrap());
    assert_eq!(ana.get(&at).await.body["events"], json!(["store.live"]));
    assert!(ana.get(&at).await.body["secret"].is_null());
    for other in [&eva, &root] {
        assert_eq!(other.get(&at).await.status, 404);
        assert_eq!(other.send("DELETE", &at, None, &[]).await.status, 404);
    }
    assert_eq!(sam.get("/api/v1/webhooks").await.status, 403);
    let sent = ana.post(&format!("{at}/test"), &json!({})).await;
    assert_eq!(sent.status, 202);
    let event = sent.body["id"].as_str().unwrap();
    let found = ana.get(&format!("{at}/deliveries/{event}")).await;
    assert_eq!((&found.body["state"], &found.body["event"]), (&json!("pending"), &json!("webhook.test")));
    assert_eq!(ana.get(&format!("{at}/deliveries?state=failed")).await.body["items"], json!([]));
    assert_eq!(ana.get(&format!("{at}/deliveries?state=odd")).await.status, 422);
    assert_eq!(ana.post(&format!("{at}/replay"), &json!({})).await.body["events"], 0);
    for (path, status) in [("pause", 204), ("pause", 409), ("resume", 204)] {
        assert_eq!(ana.post(&format!("{at}/{path}"), &json!({})).await.status, status, "{path}");
    }
    let bad = json!({ "url": "https://10.0.0.1/", "events": ["store.live"] });
    assert_eq!(ana.send("PUT", &at, Some(&bad), &[]).await.status, 422);
    assert_eq!(ana.send("PUT", &at, Some(&wish), &[]).await.status, 204);
    // No more than ten.
    for _ in 0..9 {
        assert_eq!(ana.post("/api/v1/webhooks", &wish).await.status, 201);
    }
    assert_eq!(ana.post("/api/v1/webhooks", &wish).await.status, 409);
    assert_eq!(ana.send("DELETE", &at, None, &[]).await.status, 204);
}
