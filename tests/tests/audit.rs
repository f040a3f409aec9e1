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
    test.sql("UPDATE audit_events SET actor_name = 'bob@example.com' WHERE number = 3").await;
    assert_eq!(verify(&test).await, Err(3));
}

#[tokio::test]
async fn changed_details_show() {
    let test = chain().await;
    test.sql("UPDATE audit_events SET details = '{\"a\":1}' WHERE number = 2").await;
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
    test.sql("INSERT INTO audit_events SELECT 6, at, actor_kind, actor_id, actor_name, role, address, action, target_kind, target_id, outcome, details, request_id, prev_hash, hash FROM audit_events WHERE number = 5").await;
    assert_eq!(verify(&test).await, Err(6));
}

#[tokio::test]
async fn reordered_events_show() {
    let test = chain().await;
    test.sql("UPDATE audit_events SET number = 99 WHERE number = 2").await;
    test.sql("UPDATE audit_events SET number = 2 WHERE number = 3").await;
    test.sql("UPDATE audit_events SET number = 3 WHERE number = 99").await;
    assert_eq!(verify(&test).await, Err(2));
}

#[tokio::test]
async fn a_cut_tail_shows() {
    let test = chain().await;
    test.sql("DELETE FROM audit_events WHERE number = 5").await;
    assert_eq!(verify(&test).await, Err(5));
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
