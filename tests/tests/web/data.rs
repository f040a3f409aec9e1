//! Getting one's data, and leaving: the export is complete, the wait can be taken back, and nothing of the person is left.

use crate::support::{App, PASSWORD};
use hosting::db::Queries;
use hosting::db::erasure::{ANONYMISED, DELETED};
use hosting::jobs::ExportArgs;
use hosting::services::close_account::{Closing, proceed};
use hosting::services::export_data;

/// Makes waiting exports, as the worker would; twice, as after a crash.
async fn make_exports(app: &App) {
    let waiting: Vec<String> =
        sqlx::query_scalar("SELECT CAST(args AS CHAR) FROM jobs WHERE kind = 'export_data' AND state = 'queued'")
            .fetch_all(app.db.db.pool())
            .await
            .unwrap();
    for args in waiting {
        let args: ExportArgs = serde_json::from_str(&args).unwrap();
        assert!(export_data::make(&app.services, args.export_id).await.unwrap().is_some());
        assert!(export_data::make(&app.services, args.export_id).await.unwrap().is_none(), "twice");
    }
    app.db.sql("UPDATE jobs SET state = 'started' WHERE kind = 'export_data' AND state = 'queued'").await;
    app.db.sql("UPDATE jobs SET state = 'finished' WHERE kind = 'export_data' AND state = 'started'").await;
}

#[actix_web::test]
async fn an_export_is_made_told_and_downloaded_by_its_owner_only() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    app.make_live(&job).await;
    let r = ana.submit("/account/data", &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account/data"), "{}", r.body);
    assert!(ana.get("/account/data").await.body.contains("We write to you when it is ready"));
    make_exports(&app).await;
    let told = app.deliver_mail().await;
    assert_eq!(told.iter().filter(|m| m.subject.contains("data is ready") && m.to == "ana@example.com").count(), 1);
    let page = ana.get("/account/data").await;
    let href = page.body.split("href=\"/account/data/").nth(1).expect("a link").split('"').next().unwrap().to_owned();
    let path = format!("/account/data/{href}");
    assert_eq!(eva.get(&path).await.status, 404, "not hers");
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    assert!(ana.get(&path).await.location.starts_with("/reauthenticate"));
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6)").await;
    let file = ana.get(&path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/json"));
    assert!(file.header("content-disposition").starts_with("attachment"));
    let data: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(data["account"]["email"], "ana@example.com");
    assert_eq!(data["stores"][0]["name"], "Ana's Bikes");
    assert_eq!(data["sign_ins"][0]["way"], "mail_link");
    for part in ["sessions", "sign_ins", "email_confirmations", "mails", "jobs", "audit", "store_addresses"] {
        assert!(!data[part].as_array().unwrap().is_empty(), "{part} is empty");
    }
    // Nothing of others, and no secret.
    for bad in ["eva@example.com", "store-admin-secret", "never-shown", "$argon2", "grace@example.com"] {
        assert!(!file.body.contains(bad), "{bad}");
    }
    // Sealed where it lies, and gone in a week.
    assert_eq!(app.db.number("SELECT COUNT(*) FROM data_exports WHERE INSTR(sealed, 'ana@example.com') > 0").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.download_export'").await, 1);
    app.db.sql("UPDATE data_exports SET expires_at = NOW(6)").await;
    assert_eq!(ana.get(&path).await.status, 404);
}

#[actix_web::test]
async fn every_table_about_customers_is_exported_and_erased() {
    let app = App::new().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND column_name = 'customer_id' ORDER BY table_name",
    )
    .fetch_all(app.db.db.pool())
    .await
    .unwrap();
    let source = include_str!("../../../hosting/src/db/data_exports.rs");
    for table in tables {
        assert!(
            DELETED.contains(&table.as_str()) || ANONYMISED.contains(&table.as_str()),
            "{table} has a customer_id: name it in hosting/src/db/erasure.rs and delete or anonymise it there"
        );
        assert!(
            source.contains(&format!("FROM {table} ")) || source.contains(&format!("JOIN {table} ")),
            "{table} has a customer_id: add it to the export in hosting/src/db/data_exports.rs"
        );
    }
}

#[actix_web::test]
async fn closing_waits_can_be_taken_back_and_then_forgets() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let store = app.make_live(&job).await;
    app.customer("eva@example.com", "Eva").await;
    // What staff were told of a ticket has its subject in the mail log.
    app.db.sql("REPLACE INTO settings (name, value) VALUES ('ticket_staff_email', 'desk@example.com')").await;
    crate::tickets::open(&ana, "Where is anas-bikes", &[]).await;
    app.deliver_mail().await;
    let told = "SELECT COUNT(*) FROM mail_messages WHERE recipient = 'desk@example.com' AND subject LIKE";
    assert_eq!(app.db.number(&format!("{told} '%anas-bikes%'")).await, 1);
    for (confirm, password, words) in
        [("wrong", PASSWORD, "Type your email"), ("ana@example.com", "wrong", "This password is not right")]
    {
        let r = ana.submit("/account/close", &[("confirm", confirm), ("password", password)]).await;
        assert!(r.status == 422 && r.body.contains(words), "{}", r.body);
    }
    let close = async || {
        let r = ana.submit("/account/close", &[("confirm", "ANA@example.com"), ("password", PASSWORD)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/account/close"), "{}", r.body);
    };
    close().await;
    assert_eq!(
        app.db
            .number("SELECT TIMESTAMPDIFF(DAY, NOW(6), close_after) FROM customers WHERE close_after IS NOT NULL")
            .await,
        29
    );
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("will be closed on"));
    assert_eq!(ana.get("/dashboard").await.status, 200, "everything keeps running");
    assert!(app.services.db.read().await.unwrap().erasure().due(10).await.unwrap().is_empty());
    let r = ana.submit_at("/account/close", "/account/close/cancel", &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("stays"));
    let token = ana.get("/account").await.hidden("csrf_token");
    assert_eq!(ana.post("/account/close/cancel", &[("csrf_token", &token)]).await.status, 409, "twice");

    // The time has come: stores first, by the ordinary deletion.
    close().await;
    app.deliver_mail().await;
    app.db.sql("UPDATE customers SET close_after = NOW(6) - INTERVAL 1 SECOND WHERE close_after IS NOT NULL").await;
    assert_eq!(ana.post("/account/close/cancel", &[("csrf_token", &token)]).await.status, 409, "too late");
    let id = app.services.db.read().await.unwrap().erasure().due(10).await.unwrap()[0];
    for _ in 0..2 {
        assert_eq!(proceed(&app.services, id).await.unwrap(), Closing::Stores);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'deprovision_store'").await, 1);
    app.db.sql("UPDATE jobs SET state = 'started' WHERE kind = 'deprovision_store'").await;
    app.db.sql("UPDATE jobs SET state = 'finished' WHERE kind = 'deprovision_store'").await;
    app.db.sql(&format!("UPDATE stores SET state = 'deleted', deleted_at = NOW(6) WHERE id = {store}")).await;
    // Then the last mail, once, and only when it has left the person is forgotten.
    for _ in 0..2 {
        assert_eq!(proceed(&app.services, id).await.unwrap(), Closing::Jobs);
    }
    let sent = app.deliver_mail().await;
    assert_eq!(sent.iter().filter(|m| m.subject.contains("is closed") && m.to == "ana@example.com").count(), 1);
    assert_eq!(proceed(&app.services, id).await.unwrap(), Closing::Erased);
    assert!(app.services.db.read().await.unwrap().erasure().due(10).await.unwrap().is_empty());
    assert!(ana.get("/dashboard").await.location.starts_with("/login"));

    // No table knows the person; the neighbour is untouched.
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND data_type IN ('varchar', 'char', 'text', 'mediumtext', 'longtext', 'json')",
    )
    .fetch_all(app.db.db.pool())
    .await
    .unwrap();
    assert!(columns.len() > 60);
    for (table, column) in columns {
        for trace in ["ana@example.com", "Ana's Bikes", "ana-s-bikes", "anas-bikes"] {
            let trace = trace.replace('\'', "''");
            let found = app
                .db
                .number(&format!("SELECT COUNT(*) FROM `{table}` WHERE LOWER(`{column}`) LIKE LOWER('%{trace}%')"))
                .await;
            assert_eq!(found, 0, "{table}.{column} still knows {trace}");
        }
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE name = 'erased'").await, 1, "the record stays");
    assert_eq!(
        app.db.number(&format!("{told} 'About a customer who is forgotten'")).await,
        1,
        "that a mail left stays"
    );
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM customers WHERE email = 'eva@example.com' AND state = 'active'").await,
        1
    );
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.erase'").await, 1);
    // The audit log still says what happened, and holds.
    let read =
        "SELECT COUNT(*) FROM audit_events WHERE actor_name = 'erased' AND address = '' AND seal IS NOT NULL AND ";
    assert_eq!(app.db.number(&format!("{read} action = 'customer.plan_closing'")).await, 2);
    // The neighbour's sign-up and confirmation stand as they were.
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE actor_name = 'eva@example.com'").await, 2);
    assert!(app.services.db.read().await.unwrap().audit().verify(&app.services.keys).await.unwrap().is_ok());
    // The address is free again.
    let (again, _) = app.customer("ana@example.com", "Ana's Bikes").await;
    assert_eq!(again.get("/dashboard").await.status, 200);
}
