//! The audit chain shows every kind of tampering; secrets can be rotated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::crypto::{KeyRing, Secret};
use hosting::db::Queries;
use hosting::db::audit::NewEvent;
use hosting::domain::Actor;
use shopfleet_tests::TestDb;

async fn chain() -> TestDb {
    let test = TestDb::new().await;
    let actor = Actor {
        role: hosting::domain::Role::Admin,
        id: Some(7),
        name: "ana@example.com".into(),
        address: "192.0.2.1".into(),
        request_id: "r".into(),
    };
    for n in 0..5 {
        let mut tx = test.db.begin().await.unwrap();
        let details = serde_json::json!({ "b": n, "a": "ü \" 'x'" });
        let event = NewEvent { action: "store.test", target_kind: "store", target_id: "S", outcome: "done", details };
        tx.audit().append(&test.keys, &actor, &event).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(verify(&test).await, Ok(5));
    test
}

async fn verify(test: &TestDb) -> Result<u64, u64> {
    test.db.read().await.unwrap().audit().verify(&test.keys).await.unwrap().map_err(|b| b.number)
}

#[tokio::test]
async fn a_changed_event_shows() {
    let test = chain().await;
    test.tamper("UPDATE audit_events SET actor_name = 'bob@example.com' WHERE number = 3").await;
    assert_eq!(verify(&test).await, Err(3));
}

#[tokio::test]
async fn changed_details_show() {
    let test = chain().await;
    test.tamper("UPDATE audit_events SET details = '{\"a\":1}' WHERE number = 2").await;
    assert_eq!(verify(&test).await, Err(2));
}

#[tokio::test]
async fn a_deleted_event_shows() {
    let test = chain().await;
    test.sql("DELETE FROM audit_events WHERE number = 2").await;
    assert_eq!(verify(&test).await, Err(2));
}

#[tokio::test]
async fn an_inserted_event_shows() {
    let test = chain().await;
    test.sql("INSERT INTO audit_events SELECT 6, at, actor_kind, actor_id, actor_name, role, address, action, target_kind, target_id, outcome, details, request_id, prev_hash, hash, erased_at, seal FROM audit_events WHERE number = 5").await;
    assert_eq!(verify(&test).await, Err(6));
}

#[tokio::test]
async fn reordered_events_show() {
    let test = chain().await;
    test.tamper("UPDATE audit_events SET number = 99 WHERE number = 2").await;
    test.tamper("UPDATE audit_events SET number = 2 WHERE number = 3").await;
    test.tamper("UPDATE audit_events SET number = 3 WHERE number = 99").await;
    assert_eq!(verify(&test).await, Err(2));
}

#[tokio::test]
async fn a_cut_tail_shows() {
    let test = chain().await;
    test.sql("DELETE FROM audit_events WHERE number = 5").await;
    assert_eq!(verify(&test).await, Err(5));
}

/// Two customers, one of whom is forgotten; what they did and what was done with them, and what concerns nobody.
async fn erased() -> TestDb {
    let test = TestDb::new().await;
    for (id, email) in [(1, "ana@example.com"), (2, "eva@example.com")] {
        test.sql(&format!(
            "INSERT INTO customers (id, uid, email, email_key, password_hash) VALUES ({id}, '{id:026}', '{email}', '{email}', '!')"
        ))
        .await;
    }
    let by = |role, id, name: &str| Actor {
        role,
        id: Some(id),
        name: name.into(),
        address: "192.0.2.1".into(),
        request_id: "r".into(),
    };
    use hosting::domain::Role::{Admin, Customer};
    for (actor, target, details) in [
        (by(Customer, 1, "ana@old.example"), ("store", "S1"), serde_json::json!({ "name": "Ana's" })),
        (by(Admin, 1, "sam@staff.example"), ("customer", "1"), serde_json::json!({ "reason": "moved", "days": 3 })),
        (by(Customer, 2, "eva@example.com"), ("store", "S2"), serde_json::json!({ "to": "ANA@example.com" })),
        (by(Customer, 2, "eva@example.com"), ("customer", "2"), serde_json::json!({ "name": "Eva" })),
        (by(Admin, 1, "sam@staff.example"), ("ticket", "T"), serde_json::json!({ "from": "ana@old.example" })),
    ] {
        let mut tx = test.db.begin().await.unwrap();
        let event = NewEvent { action: "x.test", target_kind: target.0, target_id: target.1, outcome: "done", details };
        tx.audit().append(&test.keys, &actor, &event).await.unwrap();
        tx.commit().await.unwrap();
    }
    for expected in [4, 0] {
        let mut tx = test.db.begin().await.unwrap();
        assert_eq!(tx.audit().erase_customer(&test.keys, 1).await.unwrap(), expected);
        tx.commit().await.unwrap();
    }
    assert_eq!(verify(&test).await, Ok(5));
    test
}

#[tokio::test]
async fn an_erased_person_is_in_no_event_and_the_chain_holds() {
    let test = erased().await;
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT actor_name, address, details FROM audit_events ORDER BY number")
            .fetch_all(test.db.pool())
            .await
            .unwrap();
    let row = |name: &str, address: &str, details: &str| (name.to_owned(), address.to_owned(), details.to_owned());
    assert_eq!(
        rows,
        [
            row("erased", "", r#"{"name":"erased"}"#),
            row("sam@staff.example", "192.0.2.1", r#"{"days":3,"reason":"erased"}"#),
            row("eva@example.com", "192.0.2.1", r#"{"to":"erased"}"#),
            row("eva@example.com", "192.0.2.1", r#"{"name":"Eva"}"#),
            row("sam@staff.example", "192.0.2.1", r#"{"from":"erased"}"#),
        ]
    );
}

#[tokio::test]
async fn what_was_erased_cannot_be_changed_unseen() {
    let test = erased().await;
    test.sql("CREATE TABLE kept AS SELECT * FROM audit_events").await;
    for (change, number) in [
        ("UPDATE audit_events SET action = 'y.test' WHERE number = 1", 1),
        ("UPDATE audit_events SET details = '{}' WHERE number = 1", 1),
        ("UPDATE audit_events SET details = '{\"name\":\"Eva\"}' WHERE number = 1", 1),
        ("UPDATE audit_events SET hash = REPEAT('x', 32) WHERE number = 1", 1),
        ("UPDATE audit_events SET erased_at = erased_at - INTERVAL 1 SECOND WHERE number = 2", 2),
        ("UPDATE audit_events SET seal = NULL WHERE number = 2", 2),
        ("UPDATE audit_events SET seal = NULL, erased_at = NULL WHERE number = 2", 2),
        ("DELETE FROM audit_events WHERE number = 1", 1),
        // Made to look erased: without the key there is no seal for it.
        (
            "UPDATE audit_events SET actor_name = 'erased', erased_at = NOW(6), seal = REPEAT('x', 32) WHERE number = 4",
            4,
        ),
        (
            "UPDATE audit_events e JOIN audit_events o ON o.number = 1 SET e.erased_at = o.erased_at, e.seal = o.seal, \
             e.details = o.details, e.actor_name = o.actor_name WHERE e.number = 4",
            4,
        ),
    ] {
        test.tamper(change).await;
        assert_eq!(verify(&test).await, Err(number), "{change}");
        test.sql("DELETE FROM audit_events").await;
        test.sql("INSERT INTO audit_events SELECT * FROM kept").await;
        assert_eq!(verify(&test).await, Ok(5));
    }
}

#[tokio::test]
async fn the_database_lets_nothing_be_changed_but_by_an_erasure() {
    let test = erased().await;
    for change in [
        "action = 'y.test'",
        "at = at + INTERVAL 1 SECOND",
        "actor_name = 'bob@example.com', erased_at = NOW(6)",
        "actor_name = 'Sam@staff.example', erased_at = NOW(6)",
        "address = '192.0.2.9', erased_at = NOW(6)",
        "hash = REPEAT('x', 32), erased_at = NOW(6)",
        "details = '{}'",
    ] {
        let changed =
            sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE audit_events SET {change} WHERE number IN (2, 4)")))
                .execute(test.db.pool())
                .await;
        let said = changed.map(|done| done.rows_affected()).unwrap_err().to_string();
        assert!(said.contains("the audit log is only added to"), "{change}: {said}");
    }
    assert_eq!(verify(&test).await, Ok(5));
}

#[tokio::test]
async fn an_erasure_hides_no_tampering() {
    let test = erased().await;
    test.tamper("UPDATE audit_events SET outcome = 'refused' WHERE number = 4").await;
    let mut tx = test.db.begin().await.unwrap();
    assert_eq!(tx.audit().erase_customer(&test.keys, 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM audit_events WHERE actor_name LIKE 'eva%'").await, 0);
    assert_eq!(verify(&test).await, Err(4));
}

#[tokio::test]
async fn an_aborted_change_leaves_no_event() {
    let test = chain().await;
    let mut tx = test.db.begin().await.unwrap();
    let event =
        NewEvent { action: "x", target_kind: "x", target_id: "x", outcome: "done", details: serde_json::Value::Null };
    tx.audit().append(&test.keys, &Actor::system("t"), &event).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(verify(&test).await, Ok(5));
}

#[tokio::test]
async fn a_new_key_opens_and_seals_everything_after_rotation() {
    let test = TestDb::new().await;
    let mut tx = test.db.begin().await.unwrap();
    tx.settings().set_secret(&test.keys, "smtp_password", &Secret::new("hunter2"), "t").await.unwrap();
    tx.commit().await.unwrap();
    let both = KeyRing::parse(&format!("k2:{},k1:{}", "cd".repeat(32), "ab".repeat(32))).unwrap();
    let mut tx = test.db.begin().await.unwrap();
    assert_eq!(tx.settings().rotate(&both).await.unwrap(), 1);
    assert_eq!(tx.settings().rotate(&both).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let newer = KeyRing::parse(&format!("k2:{}", "cd".repeat(32))).unwrap();
    let opened = test.db.read().await.unwrap().settings().secret(&newer, "smtp_password").await.unwrap().unwrap();
    assert_eq!(opened.expose(), "hunter2");
    // Nothing of the plain value is in the row.
    assert_eq!(
        test.number("SELECT COUNT(*) FROM settings WHERE sealed LIKE '%hunter2%' OR value IS NOT NULL").await,
        0
    );
}
