//! What owners choose about their account, and what staff keep and undo, over the API and by the command line.

use crate::api::{Program, log_in};
use crate::cli::Shell;
use crate::second_factor::set_up;
use crate::support::{App, PASSWORD};
use hosting::domain::Role;
use hosting::services::export_data;
use serde_json::{Value, json};

const ACCOUNT: &str = "/api/v1/account";

async fn put(by: &Program, path: &str, body: &Value) -> (u16, Value) {
    let r = by.send("PUT", path, Some(body), &[]).await;
    (r.status, r.body)
}

fn wrong(body: &Value) -> Vec<&str> {
    body["errors"].as_array().into_iter().flatten().map(|e| e["field"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn owners_change_what_they_chose() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let profile = format!("{ACCOUNT}/profile");
    let before = ana.get(&profile).await.body;
    assert_eq!((&before["email"], &before["theme"]), (&json!("ana@example.com"), &json!("auto")));
    assert_eq!(before["mails"], json!({ "new_place": true, "store": true, "tickets": false }));
    let (status, body) =
        put(&ana, &profile, &json!({ "name": "A\u{202e}", "time_zone": "Moon/Base", "theme": "pink" })).await;
    assert_eq!((status, wrong(&body)), (422, vec!["name", "time_zone", "theme"]), "{body}");
    // Nobody makes themselves somebody else.
    for more in ["email", "role", "state", "reseller_id"] {
        let mut wish = json!({ "name": "Ana", "time_zone": "Europe/Berlin", "theme": "dark" });
        wish[more] = json!("super_admin");
        assert_eq!(put(&ana, &profile, &wish).await.0, 422, "{more}");
    }
    assert_eq!(ana.get(&profile).await.body, before);
    let wish = json!({ "name": " Ana  B. ", "time_zone": "Europe/Berlin", "theme": "dark" });
    assert_eq!(put(&ana, &profile, &wish).await.0, 204);
    assert_eq!(put(&ana, &format!("{ACCOUNT}/mails"), &json!({ "new_place": false, "store": true })).await.0, 204);
    assert_eq!(put(&ana, &format!("{ACCOUNT}/support"), &json!({ "ask": true })).await.0, 204);
    let after = ana.get(&profile).await.body;
    assert_eq!((&after["name"], &after["time_zone"]), (&json!("Ana B."), &json!("Europe/Berlin")));
    assert_eq!((&after["mails"]["new_place"], &after["ask_before_view"]), (&json!(false), &json!(true)));
    // Support asks now; the owner answers.
    let sam = app.staff("sam@example.com", Role::Support).await;
    let r = sam.submit("/admin/customers/1/view", &[("reason", "The cart does not load")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let views = format!("{ACCOUNT}/views");
    let asked = ana.get(&views).await.body;
    assert_eq!(
        (&asked["items"][0]["state"], &asked["items"][0]["reason"]),
        (&json!("asked"), &json!("The cart does not load"))
    );
    let view = format!("{views}/{}", asked["items"][0]["id"]);
    app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    assert_eq!(put(&eva, &view, &json!({ "allow": true })).await.0, 404, "another's");
    assert_eq!(put(&ana, &view, &json!({ "allow": true })).await.0, 204);
    assert_eq!(ana.get(&views).await.body["items"][0]["state"], "allowed");
    assert_eq!(put(&ana, &view, &json!({ "allow": false })).await.0, 204);
    assert_eq!(ana.get(&views).await.body["items"], json!([]));
    for action in ["customer.change_profile", "customer.change_notices", "customer.view_allow"] {
        let sql = format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND actor_id = 1");
        assert_eq!(app.db.number(&sql).await, 1, "{action}");
    }
}

#[actix_web::test]
async fn an_address_an_export_and_leaving_need_the_password() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    app.deliver_mail().await;
    let email = format!("{ACCOUNT}/email");
    let (status, body) = put(&ana, &email, &json!({ "email": "ana@new.example", "password": "wrong" })).await;
    assert_eq!((status, wrong(&body)), (422, vec!["password"]), "{body}");
    assert_eq!(put(&ana, &email, &json!({ "email": "ana@new.example", "password": PASSWORD })).await.0, 204);
    let links = app.deliver_mail().await.into_iter().filter(|m| m.text.contains("/email/change?token="));
    let mut to: Vec<String> = links.map(|m| m.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to, ["ana@example.com", "ana@new.example"], "both mailboxes");
    let profile = ana.get(&format!("{ACCOUNT}/profile")).await.body;
    assert_eq!((&profile["email"], &profile["wanted_email"]), (&json!("ana@example.com"), &json!("ana@new.example")));

    let exports = format!("{ACCOUNT}/exports");
    assert_eq!(ana.post(&exports, &json!({})).await.status, 204);
    assert_eq!(ana.post(&exports, &json!({})).await.status, 409, "one at a time");
    let listed = ana.get(&exports).await.body;
    assert!(listed["items"][0]["ready_at"].is_null());
    let path = format!("{exports}/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(ana.get(&path).await.status, 404, "not made yet");
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM data_exports").await;
    export_data::make(&app.services, u64::try_from(id).unwrap()).await.unwrap();
    let download = reqwest::Client::new().get(format!("{}{path}", app.base.as_str())).bearer_auth(ana.bearer());
    let document: Value = serde_json::from_slice(&download.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(document["account"]["email"], "ana@example.com", "{document}");
    app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    assert_eq!(eva.get(&path).await.status, 404, "another's");
    // A token is no proof of the password.
    let made = ana.post("/api/v1/tokens", &json!({ "name": "t", "scopes": "account:read account:write" })).await;
    let token = Program::new(&app, made.body["secret"].as_str());
    let r = token.get(&path).await;
    assert_eq!((r.status, &r.body["code"]), (403, &json!("password_needed")));

    let closing = format!("{ACCOUNT}/closing");
    let (status, body) = put(&token, &closing, &json!({ "email": "eva@example.com", "password": "wrong" })).await;
    assert_eq!((status, wrong(&body)), (422, vec!["email", "password"]), "{body}");
    assert_eq!(put(&ana, &closing, &json!({ "email": "Ana@example.com", "password": PASSWORD })).await.0, 204);
    assert!(ana.get(&format!("{ACCOUNT}/profile")).await.body["closes_at"].is_string());
    assert_eq!(ana.send("DELETE", &closing, None, &[]).await.status, 204);
    assert_eq!(ana.send("DELETE", &closing, None, &[]).await.status, 409);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE close_after IS NOT NULL").await, 0);
}

#[actix_web::test]
async fn staff_keep_answers_and_reset_lost_factors() {
    let app = App::new().await;
    let (browser, _) = app.customer("ana@example.com", "Ana").await;
    app.staff("sam@example.com", Role::Support).await;
    app.staff("ada@example.com", Role::Admin).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let (ada, _) = log_in(&app, "ada@example.com", "staff").await;
    let all = "/api/v1/answers";
    // As long as the document says, counted as it comes: what is taken out or trimmed counts.
    for (title, text, field) in [
        ("T".to_owned(), format!("{}\u{1e}", "x".repeat(20_000)), "text"),
        (format!("{} ", "t".repeat(80)), "x".to_owned(), "title"),
    ] {
        let r = sam.post(all, &json!({ "title": title, "text": text })).await;
        assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!(field)), "{}", r.body);
    }
    let bad = sam.post(all, &json!({ "title": "", "text": "" })).await;
    assert_eq!((bad.status, wrong(&bad.body)), (422, vec!["title", "text"]), "{}", bad.body);
    let kept = sam.post(all, &json!({ "title": "DNS", "text": "Wait an hour.\nThen look again." })).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    assert_eq!(ana.get(all).await.status, 403);
    assert_eq!(sam.get(all).await.body["items"], json!([kept.body]));
    let one = format!("{all}/{}", kept.body["id"].as_str().unwrap());
    let change = |version: &Value| json!({ "version": version, "title": "DNS", "text": "Wait." });
    let (status, changed) = put(&ada, &one, &change(&kept.body["version"])).await;
    assert_eq!((status, &changed["text"], &changed["changed_by"]), (200, &json!("Wait."), &json!("ada@example.com")));
    assert_eq!(put(&sam, &one, &change(&kept.body["version"])).await.0, 409, "over somebody else's change");
    assert_eq!(sam.send("DELETE", &one, None, &[]).await.status, 204);
    assert_eq!(sam.send("DELETE", &one, None, &[]).await.status, 404);

    let factor = "/api/v1/customers/1/factor";
    let wish = |email: &str, password: &str| json!({ "email": email, "reason": "Called back", "password": password });
    assert_eq!(put(&ada, factor, &wish("ana@example.com", PASSWORD)).await.0, 409, "there is none");
    set_up(&browser, "/account/2fa").await;
    assert_eq!(put(&sam, factor, &wish("ana@example.com", PASSWORD)).await.0, 403);
    let (status, body) = put(&ada, factor, &wish("eva@example.com", "wrong")).await;
    assert_eq!((status, wrong(&body)), (422, vec!["email", "password"]), "{body}");
    assert_eq!(put(&ada, factor, &wish("ana@example.com", PASSWORD)).await.0, 204);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM factor_resets WHERE ended_at IS NULL").await, 1);
    assert_eq!(ada.send("DELETE", factor, None, &[]).await.status, 204);
    assert_eq!(ada.send("DELETE", factor, None, &[]).await.status, 409);
}

#[actix_web::test]
async fn the_command_line_does_the_same() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.staff("sam@example.com", Role::Support).await;
    let shell = Shell::new();
    shell.log_in(&app, "ana@example.com", "owner", "shop").await;
    let fine = async |line: &[&str], input: &str| shell.run(&[&["--json"], line].concat(), input).await.json();
    fine(&["account", "change", "--time-zone", "Europe/Berlin"], "").await;
    fine(&["account", "mails", "--new-place", "false"], "").await;
    fine(&["account", "ask-first", "true"], "").await;
    let shown = fine(&["account", "show"], "").await;
    assert_eq!((&shown["time_zone"], &shown["theme"]), (&json!("Europe/Berlin"), &json!("auto")));
    assert_eq!((&shown["mails"]["new_place"], &shown["mails"]["store"]), (&json!(false), &json!(true)));
    fine(&["account", "export"], "").await;
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM data_exports").await;
    export_data::make(&app.services, u64::try_from(id).unwrap()).await.unwrap();
    let exports = fine(&["account", "exports"], "").await;
    let document = shell.run(&["account", "download", exports[0]["id"].as_str().unwrap()], "").await;
    let document: Value = serde_json::from_str(&document.out).unwrap();
    assert_eq!(document["account"]["email"], "ana@example.com");
    fine(&["account", "close", "ana@example.com"], &format!("{PASSWORD}\n")).await;
    fine(&["account", "keep"], "").await;
    let again = shell.run(&["account", "keep"], "").await;
    assert!(again.code != 0 && again.err.contains("No closing is planned"), "{again:?}");

    shell.log_in(&app, "sam@example.com", "staff", "work").await;
    let kept = fine(&["answers", "keep", "DNS", "Wait an hour"], "").await;
    let id = kept["id"].as_str().unwrap();
    fine(&["answers", "change", id, "--text", "Wait"], "").await;
    let listed = fine(&["answers", "list"], "").await;
    assert_eq!((&listed[0]["title"], &listed[0]["text"]), (&json!("DNS"), &json!("Wait")));
    fine(&["answers", "delete", id], "").await;
    assert_eq!(fine(&["answers", "list"], "").await, json!([]));
}
