//! The history of sign-ins says how: to its owner, to staff, over the API.

use crate::api::{Program, log_in};
use crate::passkeys::{add, enter};
use crate::second_factor::set_up;
use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use serde_json::json;
use shopfleet_tests::authenticator::Authenticator;

/// `way` and whether it worked, oldest first.
async fn history(app: &App, column: &str) -> String {
    app.db
        .text(&format!(
            "SELECT GROUP_CONCAT(CONCAT(COALESCE(way, 'unknown'), IF(done, '', ' refused')) ORDER BY id SEPARATOR ', ') \
             FROM sign_ins WHERE {column} IS NOT NULL"
        ))
        .await
}

async fn by_password(app: &App, login: &str, email: &str, password: &str) -> Browser {
    let b = app.browser();
    b.submit(login, &[("email", email), ("password", password)]).await;
    b
}

/// The cells "How" of a page, top to bottom.
fn shown(page: &str) -> Vec<String> {
    let cells = page.split("<td data-l=\"How\">").skip(1);
    cells.map(|c| c.split("</td>").next().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn each_way_in_is_named_as_it_was() {
    let app = App::at("localhost").await;
    let email = "ana@example.com";
    let (ana, job) = app.customer(email, "Ana").await;
    app.make_live(&job).await;
    by_password(&app, "/login", email, "wrong").await;
    by_password(&app, "/login", email, PASSWORD).await;
    log_in(&app, email, "customer").await;
    let body = json!({ "email": email, "password": "wrong", "account": "customer" });
    assert_eq!(Program::new(&app, None).post("/api/v1/auth/login", &body).await.status, 401);
    let (phone, recovery) = set_up(&ana, "/account/2fa").await;
    for (code, status) in [("000000", 422), (phone.code(0).as_str(), 303)] {
        let b = by_password(&app, "/login", email, PASSWORD).await;
        assert_eq!(b.submit("/login/2fa", &[("code", code)]).await.status, status);
    }
    let b = by_password(&app, "/login", email, PASSWORD).await;
    assert_eq!(b.submit("/login/2fa", &[("code", &recovery[0])]).await.status, 303);
    let mut key = Authenticator::new(app.base.as_str());
    assert_eq!(add(&ana, "/account/security", &mut key, "Phone").await.status, 303);
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/dashboard");
    key.origin = "https://evil.example".into();
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/login");
    assert_eq!(
        history(&app, "customer_id").await,
        "mail_link, password refused, password, api, api refused, password_code refused, password_code, recovery_code, \
         passkey, passkey refused"
    );
    // From before it was kept.
    app.db.sql("UPDATE sign_ins SET way = NULL WHERE id = 1").await;
    let words = [
        "Passkey",
        "Passkey",
        "Password and recovery code",
        "Password and code",
        "Password and code",
        "Log-in over the API",
        "Log-in over the API",
        "Password",
        "Password",
        "–",
    ];
    assert_eq!(shown(&ana.get("/account/devices").await.body), words);
    let sam = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(shown(&sam.get("/admin/customers/1").await.body), words);
    assert!(shown(&sam.get("/admin/customers/1/audit").await.body).is_empty());
    // Somebody who never signed in.
    app.browser().sign_up(&[("email", "eva@example.com"), ("store_name", "Eva")]).await;
    assert!(sam.get("/admin/customers/2").await.body.contains("Nobody has signed in yet"));
    // Staff: a temporary password says so.
    app.admin("new@example.com", Role::Support, true).await;
    by_password(&app, "/admin/login", "new@example.com", PASSWORD).await;
    assert_eq!(history(&app, "admin_id").await, "password, temporary");
    assert_eq!(shown(&sam.get("/admin/devices").await.body), ["Password"]);
}

#[actix_web::test]
async fn the_api_says_it_too() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    by_password(&app, "/login", "ana@example.com", PASSWORD).await;
    app.db.sql("UPDATE sign_ins SET way = NULL WHERE id = 1").await;
    let (program, _) = log_in(&app, "ana@example.com", "customer").await;
    let list = program.get("/api/v1/account/sign-ins").await.body;
    let ways: Vec<_> = list["items"].as_array().unwrap().iter().map(|i| i["way"].clone()).collect();
    assert_eq!(ways, [json!("api"), json!("password"), json!(null)], "{list}");
}
