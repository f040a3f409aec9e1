//! A store changes hands, from the pages: the offer, who finds it, and what each side has afterwards.

use crate::api::{log_in, log_in_at};
use crate::support::{App, Browser, PASSWORD, serve};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::domain::{Email, JobState, Role, Uid};
use hosting::services::file_access;
use hosting::services::passwords::Passwords;
use reqwest::{Client, redirect::Policy};
use serde_json::json;
use shopfleet_tests::shop_server::ShopServer;
use tokio_util::sync::CancellationToken;

const HERE: &str = "/dashboard/transfer";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ ana@laptop";

#[actix_web::test]
async fn a_store_goes_to_whom_it_was_offered_and_to_nobody_else() {
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let stop = CancellationToken::new();
    let base = serve(server.services(), &server.redis.url, &stop);
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    for name in ["eva", "mallory"] {
        let mut tx = server.db.db.begin().await.unwrap();
        tx.customers().insert(&Email::parse(&format!("{name}@example.com")).unwrap(), "x").await.unwrap();
        tx.commit().await.unwrap();
    }
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    server
        .db
        .sql(&format!("UPDATE customers SET password_hash = '{hash}', state = 'active', email_verified_at = NOW(6)"))
        .await;
    let sign_in = async |email: &str| {
        let b = Browser {
            base: base.as_str().to_owned(),
            client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
        };
        let r = b.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(r.status, 303, "{}", r.body);
        b
    };
    let (ana, eva) = (sign_in("ana-bikes@example.com").await, sign_in("eva@example.com").await);
    let mallory = sign_in("mallory@example.com").await;
    file_access::add_key(&server.services(), &hosting::domain::Actor::operator(), &store, "", KEY).await.unwrap();

    // The offer: bad addresses, one's own, an address without an account (the same answer), and the real one.
    assert_eq!(ana.submit(HERE, &[("email", "nonsense")]).await.status, 422);
    assert_eq!(ana.submit(HERE, &[("email", "Ana-Bikes@example.com")]).await.status, 422);
    for to in ["nobody@example.com", "EVA@example.com"] {
        let r = ana.submit(HERE, &[("email", to)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, HERE), "{}", r.body);
        assert!(ana.get(HERE).await.body.contains("Withdraw offer"));
        if to.starts_with("nobody") {
            let r = ana.submit_at(HERE, "/dashboard/transfer/withdraw", &[]).await;
            assert_eq!(r.status, 303, "{}", r.body);
        }
    }
    assert_eq!(server.db.number("SELECT COUNT(*) FROM jobs WHERE args LIKE '%store_offered%'").await, 1);
    let offer = server.db.text("SELECT uid FROM store_transfers WHERE state = 'offered'").await;
    let path = format!("/dashboard/offers/{offer}");
    assert!(eva.get("/dashboard").await.body.contains(&path));
    assert!(!mallory.get("/dashboard").await.body.contains("offers"));
    for (b, who) in [(&mallory, "a stranger"), (&ana, "its owner")] {
        assert_eq!(b.get(&path).await.status, 404, "{who}");
        let token = b.get("/account").await.hidden("csrf_token");
        for act in [path.clone(), format!("{path}/decline")] {
            let r = b.post(&act, &[("csrf_token", &token), ("form_key", &"k".repeat(40))]).await;
            assert_eq!(r.status, 404, "{who} {act}");
        }
    }
    // Taking it asks for the password once more when the proof is old.
    server.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = eva.submit(&path, &[]).await;
    assert!(r.location.starts_with("/reauthenticate"), "{}", r.location);
    server.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6)").await;
    let secret = async || {
        let mut conn = server.db.db.read().await.unwrap();
        conn.secrets().get(&server.db.keys, store.id, "admin_password").await.unwrap().unwrap().expose().to_owned()
    };
    let former = secret().await;
    let (program, _) = log_in_at(base.as_str(), "ana-bikes@example.com", "customer").await;
    assert_eq!(program.get(&format!("/api/v1/stores/{}", store.uid)).await.status, 200);
    let r = eva.submit(&path, &[]).await;
    let uid = r.location.strip_prefix("/dashboard/jobs/").expect("the job's page").to_owned();
    assert_eq!(ana.get(&format!("/dashboard/jobs/{uid}")).await.status, 404, "the job is the new owner's");
    let job = server.newest(&store, hosting::jobs::TRANSFER_STORE).await;
    assert_eq!(job.uid, Uid::parse(&uid).unwrap());
    server.reaches(&job, JobState::Finished).await;
    let done = eva.get(&format!("/dashboard/jobs/{uid}")).await;
    assert!(done.body.contains("Hand the store over") && done.body.contains("Done"), "{}", done.body);

    // Hers with everything that lets somebody in; the former owner is out.
    assert!(eva.get("/dashboard").await.body.contains("Bikes"));
    assert!(eva.get("/dashboard/access").await.body.contains("Never shown"));
    let shown = eva.submit_at("/dashboard/access", "/dashboard/access/reveal", &[("what", "admin")]).await;
    let now = secret().await;
    assert!(now != former && shown.body.contains(&now), "{}", shown.body);
    assert!(ana.get("/dashboard").await.location.starts_with("/login"), "signed out everywhere");
    assert_eq!(program.get("/api/v1/account").await.status, 401, "programs as well");
    let (program, _) = log_in_at(base.as_str(), "ana-bikes@example.com", "customer").await;
    for end in ["", "/log", "/usage", "/file-access", "/database-page", "/offer"] {
        let path = format!("/api/v1/stores/{}{end}", store.uid);
        assert_eq!(program.get(&path).await.status, 404, "{path}");
    }
    let ana = sign_in("ana-bikes@example.com").await;
    assert!(ana.get("/dashboard").await.body.contains("You have no store yet"));
    assert_eq!(ana.get("/dashboard/logs/stream").await.status, 404);
    let mut shop = server.shop(&store).await;
    assert_eq!(worker::shop::branding::administrator_email(&mut shop).await.unwrap(), "eva@example.com");
    assert_eq!(server.db.number("SELECT COUNT(*) FROM file_access_keys").await, 0);
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
    for action in ["store.offer_transfer", "store.withdraw_transfer", "store.accept_transfer", "store.transferred"] {
        let n = server.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'")).await;
        assert!(n > 0, "{action}");
    }
    // What happened before is not in the new owner's export.
    let eva_id = server.store(store.id).await.customer_id;
    let document = server.db.db.read().await.unwrap().data_exports().gather(eva_id).await.unwrap();
    assert!(!document["audit"].to_string().contains("store.offer_transfer"), "{document}");
    // An account has one store: nobody with one takes another.
    let other = server.live("Second", "second-shop").await;
    server.db.sql("UPDATE customers SET state = 'active', email_verified_at = NOW(6)").await;
    let actor = hosting::domain::Actor::operator();
    hosting::services::transfer_store::offer(&server.services(), &actor, &other, "eva@example.com").await.unwrap();
    let offer = server.db.text("SELECT uid FROM store_transfers WHERE state = 'offered'").await;
    let page = eva.get(&format!("/dashboard/offers/{offer}")).await.body;
    assert!(page.contains("You have a store already") && !page.contains("Take store over"));
    let r =
        eva.submit_at(&format!("/dashboard/offers/{offer}"), &format!("/dashboard/offers/{offer}/decline"), &[]).await;
    assert_eq!(r.status, 303);
    // Too late is too late.
    hosting::services::transfer_store::offer(&server.services(), &actor, &other, "mallory@example.com").await.unwrap();
    server.db.sql("UPDATE store_transfers SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE state = 'offered'").await;
    let late = server.db.text("SELECT uid FROM store_transfers WHERE state = 'offered'").await;
    assert_eq!(mallory.get(&format!("/dashboard/offers/{late}")).await.status, 404);
    stop.cancel();
}

#[actix_web::test]
async fn programs_offer_take_and_decline_and_staff_decide() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    for name in ["eva", "mallory"] {
        let mut tx = app.services.db.begin().await.unwrap();
        tx.customers().insert(&Email::parse(&format!("{name}@example.com")).unwrap(), &hash).await.unwrap();
        tx.commit().await.unwrap();
    }
    app.db.sql("UPDATE customers SET state = 'active', email_verified_at = NOW(6)").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let (mallory, _) = log_in(&app, "mallory@example.com", "customer").await;
    let store = ana.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let at = format!("/api/v1/stores/{store}/offer");
    let proof = json!({ "password": PASSWORD });
    assert_eq!(ana.get(&at).await.status, 404, "none yet");
    for (body, field) in [
        (json!({ "email": "eva@example.com", "password": "not this one" }), "password"),
        (json!({ "email": "nonsense", "password": PASSWORD }), "email"),
    ] {
        let r = ana.post(&at, &body).await;
        assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!(field)), "{}", r.body);
    }
    let wish = json!({ "email": "Eva@example.com", "password": PASSWORD });
    let offered = ana.post(&at, &wish).await;
    assert_eq!((offered.status, &offered.body["state"]), (201, &json!("offered")), "{}", offered.body);
    assert_eq!(ana.get(&at).await.body["id"], offered.body["id"]);
    let id = offered.body["id"].as_str().unwrap();
    let (accept, decline) = (format!("/api/v1/offers/{id}/accept"), format!("/api/v1/offers/{id}/decline"));
    assert_eq!(eva.get("/api/v1/offers").await.body["items"][0]["from"], "ana@example.com");
    assert_eq!(mallory.get("/api/v1/offers").await.body["items"], json!([]));
    for by in [&mallory, &ana] {
        assert_eq!(by.post(&accept, &proof).await.status, 404);
        assert_eq!(by.post(&decline, &json!({})).await.status, 404);
    }
    assert_eq!(mallory.send("DELETE", &at, None, &[]).await.status, 404);
    assert_eq!(eva.post(&accept, &json!({ "password": "not this one" })).await.status, 422);
    assert_eq!(eva.post(&decline, &json!({})).await.status, 204);
    assert_eq!(eva.post(&accept, &proof).await.status, 404, "declined is declined");
    // Offered anew, withdrawn, and not without end.
    for _ in 0..5 {
        let r = ana.post(&at, &wish).await;
        if r.status == 429 {
            break;
        }
        assert_eq!(r.status, 201, "{}", r.body);
        assert_eq!(ana.send("DELETE", &at, None, &[]).await.status, 204);
        assert_eq!(ana.send("DELETE", &at, None, &[]).await.status, 409, "there is none");
    }
    assert_eq!(ana.post(&at, &wish).await.status, 429);
    // Staff decide at once, with a reason; support does not.
    app.staff("grace@example.com", Role::Admin).await;
    app.staff("sam@example.com", Role::Support).await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let transfer = format!("/api/v1/stores/{store}/transfer");
    let good = json!({ "email": "eva@example.com", "reason": "Sold, ticket 7" });
    assert_eq!(sam.post(&transfer, &good).await.status, 403);
    assert_eq!(ana.post(&transfer, &good).await.status, 403);
    for (body, field) in [
        (json!({ "email": "nobody@example.com", "reason": "x" }), "email"),
        (json!({ "email": "ana@example.com", "reason": "x" }), "email"),
        (json!({ "email": "eva@example.com", "reason": " " }), "reason"),
    ] {
        let r = grace.post(&transfer, &body).await;
        assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!(field)), "{}", r.body);
    }
    let ordered = grace.post(&transfer, &good).await;
    assert_eq!(ordered.status, 202, "{}", ordered.body);
    let job = format!("/api/v1/jobs/{}", ordered.body["job"].as_str().unwrap());
    assert_eq!((ana.get(&job).await.status, eva.get(&job).await.status), (404, 200), "the new owner watches it");
    assert_eq!(grace.post(&transfer, &good).await.status, 409, "one at a time");
}
