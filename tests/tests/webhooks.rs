//! Outgoing webhooks against a real receiver with TLS: signed, once, retried, and never anywhere inside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hosting::crypto::{Secret, mac};
use hosting::db::Queries;
use hosting::db::webhooks::Side;
use hosting::domain::{Actor, StoreState, Uid};
use hosting::services::Services;
use hosting::services::webhooks::{HookWish, Switch, create, deliveries, secret, switch};
use shopfleet_tests::receiver::{Hit, Receiver};
use shopfleet_tests::{TestDb, TestRedis, eventually};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::webhooks::Sender;
use worker::webhooks::net::Net;

struct Stage {
    db: TestDb,
    _redis: TestRedis,
    services: Services,
    receiver: Receiver,
    stop: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const ANA: Side = Side::Owner(1);
const ALL: &[&str] =
    &["store.live", "store.failed", "store.suspended", "store.resumed", "store.deleted", "job.finished", "job.failed"];

impl Stage {
    async fn set() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let db = TestDb::new().await;
        hosting::services::seed_defaults::seed_defaults(&db.db).await.unwrap();
        let redis = TestRedis::start();
        let services = Services { db: db.db.clone(), queue: redis.queue(), keys: db.keys.clone() };
        for (id, name) in [(1, "ana"), (2, "eva")] {
            db.sql(&format!("INSERT INTO customers (id, uid, email, email_key, password_hash, state) VALUES ({id}, '{}', '{name}@example.com', '{name}@example.com', 'x', 'active')", Uid::new())).await;
            db.sql(&format!("INSERT INTO stores (id, uid, customer_id, plan_id, platform, name, slug, state) SELECT {id}, '{}', {id}, MIN(id), 'woocommerce', '{name}', '{name}', 'provisioning' FROM plans", Uid::new())).await;
        }
        Self { db, _redis: redis, services, receiver: Receiver::start().await, stop: CancellationToken::new() }
    }

    /// The way out: every name is the receiver.
    fn net(&self) -> Net {
        let at = self.receiver.address;
        Net::told(move |_| vec![at], &[at], &self.receiver.authority).unwrap()
    }

    fn run(&self, net: Net) {
        tokio::spawn(Sender::new(self.services.clone(), net).run(self.stop.clone()));
    }

    async fn hook(&self, side: Side, path: &str, events: &[&str]) -> (Uid, Secret) {
        let url = format!("https://hooks.example.com{path}");
        let wish = HookWish { url: &url, note: "", events };
        create(&self.services, &Actor::operator(), side, &wish, None).await.unwrap()
    }

    async fn moved(&self, store: u64, from: StoreState, to: StoreState) {
        let mut tx = self.services.db.begin().await.unwrap();
        tx.stores().move_state(store, from, to).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// `n` tests, written at once.
    async fn many(&self, hook: &Uid, n: u32) {
        self.db
            .sql(&format!(
                "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) SELECT w.id, CONCAT('evt_MANY', seq), 'webhook.test', '{{\"n\":1}}' \
                 FROM webhooks w JOIN seq_1_to_{n} WHERE w.uid = '{hook}'"
            ))
            .await;
    }

    async fn count(&self, state: &str) -> i64 {
        self.db.number(&format!("SELECT COUNT(*) FROM webhook_deliveries WHERE state = '{state}'")).await
    }

    async fn all_delivered(&self, n: i64) {
        eventually(&format!("{n} deliveries"), async || (self.count("delivered").await == n).then_some(())).await;
    }

    async fn last_error(&self) -> String {
        sqlx::query_scalar("SELECT error FROM webhook_attempts ORDER BY id DESC LIMIT 1")
            .fetch_one(self.db.db.pool())
            .await
            .unwrap()
    }

    async fn tried(&self, n: i64) -> String {
        eventually(&format!("{n} attempts"), async || {
            (self.db.number("SELECT COUNT(*) FROM webhook_attempts").await >= n).then_some(())
        })
        .await;
        self.last_error().await
    }
}

/// What a receiver does with a request, written by itself from the published description.
fn is_signed(hit: &Hit, secret: &Secret) -> bool {
    let key = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let text = format!("{}.{}.{}", hit.header("webhook-id"), hit.header("webhook-timestamp"), hit.body);
    let wanted = format!("v1,{}", STANDARD.encode(mac(&key, text.as_bytes())));
    let stamp: i64 = hit.header("webhook-timestamp").parse().unwrap();
    assert!((hosting::clock::now().unix_timestamp() - stamp).abs() < 60);
    hit.header("webhook-signature").split(' ').any(|s| s == wanted)
}

#[tokio::test]
async fn what_happens_is_told_once_to_whoever_asked_and_signed() {
    let stage = Stage::set().await;
    let (_, ana) = stage.hook(ANA, "/ana", ALL).await;
    stage.hook(Side::Owner(2), "/eva", ALL).await;
    let (_, panel) = stage.hook(Side::Panel, "/panel", &["store.live", "customer.created"]).await;
    stage.hook(ANA, "/other-events", &["job.failed"]).await;
    // What is taken back was never told.
    let mut tx = stage.services.db.begin().await.unwrap();
    tx.stores().move_state(1, StoreState::Provisioning, StoreState::Failed).await.unwrap();
    tx.rollback().await.unwrap();
    stage.moved(1, StoreState::Provisioning, StoreState::Active).await;
    stage.run(stage.net());
    stage.all_delivered(2).await;
    let hits = stage.receiver.hits();
    let to = |path: &str| hits.iter().filter(|h| h.path == path).collect::<Vec<_>>();
    assert_eq!((to("/ana").len(), to("/panel").len(), to("/eva").len(), to("/other-events").len()), (1, 1, 0, 0));
    let told = to("/ana")[0];
    assert!(is_signed(told, &ana) && !is_signed(told, &panel) && is_signed(to("/panel")[0], &panel));
    assert_eq!(told.header("webhook-id"), to("/panel")[0].header("webhook-id"), "one event, one id");
    assert_eq!(told.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["state"], &body["data"]["customer"]),
        (&"store.live".into(), &"active".into(), &1.into())
    );
    // The rest of a store's life.
    for (from, to) in [
        (StoreState::Active, StoreState::Suspended),
        (StoreState::Suspended, StoreState::Active),
        (StoreState::Active, StoreState::Deleting),
        (StoreState::Deleting, StoreState::Deleted),
    ] {
        stage.moved(1, from, to).await;
    }
    stage.all_delivered(5).await;
    let kinds: Vec<String> = sqlx::query_scalar(
        "SELECT kind FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE w.url LIKE '%/ana' ORDER BY d.id",
    )
    .fetch_all(stage.db.db.pool())
    .await
    .unwrap();
    assert_eq!(kinds, ["store.live", "store.suspended", "store.resumed", "store.deleted"]);
}

#[tokio::test]
async fn jobs_tell_of_their_end_and_only_those_of_stores() {
    let stage = Stage::set().await;
    stage.hook(ANA, "/ana", &["job.finished", "job.failed"]).await;
    for (id, kind, store, state) in [
        (1, "restart_store", "1", "started"),
        (2, "send_mail", "1", "started"),
        (3, "restart_store", "2", "started"),
        (4, "noop", "NULL", "started"),
        (5, "suspend_store", "1", "started"),
    ] {
        stage.db.sql(&format!("INSERT INTO jobs (id, uid, kind, args, state, store_id, customer_id, epoch, run_at) VALUES ({id}, '{}', '{kind}', '{{}}', '{state}', {store}, {store}, 1, NOW(6))", Uid::new())).await;
    }
    use hosting::db::job_records::{End, Event, Failure, Record, write};
    let end = |job_id, end| Record { job_id, epoch: 1, attempt: 1, event: Event::End(end) };
    let failure =
        Failure { code: "image_missing".into(), reason: "It did not start".into(), detail: "secret detail".into() };
    let mut records: Vec<Record> = (1..=4).map(|id| end(id, End::Finished)).collect();
    records.push(end(5, End::Failed { failure, left_over: false }));
    write(&stage.services.db, &records).await.unwrap();
    // The same batch again, as after a lost answer: nothing is told twice.
    write(&stage.services.db, &records).await.unwrap();
    stage.run(stage.net());
    stage.all_delivered(2).await;
    let mut told: Vec<serde_json::Value> =
        stage.receiver.hits().iter().map(|h| serde_json::from_str(&h.body).unwrap()).collect();
    told.sort_by_key(|b| b["type"].to_string());
    assert_eq!((&told[0]["type"], &told[0]["data"]["reason"]), (&"job.failed".into(), &"It did not start".into()));
    assert_eq!((&told[1]["type"], &told[1]["data"]["kind"]), (&"job.finished".into(), &"restart_store".into()));
    assert!(!told[0].to_string().contains("secret detail"), "what is for staff stays with them");
}

#[tokio::test]
async fn both_secrets_sign_while_they_overlap() {
    let stage = Stage::set().await;
    let (hook, old) = stage.hook(ANA, "/ok", ALL).await;
    let new = secret::rotate(&stage.services, &Actor::operator(), ANA, &hook, None).await.unwrap();
    stage.run(stage.net());
    deliveries::send_test(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap();
    stage.all_delivered(1).await;
    let hit = stage.receiver.hits().pop().unwrap();
    assert!(is_signed(&hit, &old) && is_signed(&hit, &new));
    stage.db.sql("UPDATE webhooks SET old_until = NOW(6)").await;
    deliveries::send_test(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap();
    stage.all_delivered(2).await;
    let hit = stage.receiver.hits().pop().unwrap();
    assert!(!is_signed(&hit, &old) && is_signed(&hit, &new), "the day is over");
    // Nowhere in the clear.
    let rows: String = sqlx::query_scalar("SELECT GROUP_CONCAT(HEX(sealed), HEX(old_sealed)) FROM webhooks")
        .fetch_one(stage.db.db.pool())
        .await
        .unwrap();
    assert!(!rows.contains(&hex::encode_upper(new.expose())));
}

#[tokio::test]
async fn receivers_that_misbehave_are_cut_short_and_said_so() {
    let stage = Stage::set().await;
    stage.run(stage.net());
    let mut n = 0;
    for (path, status, words) in [
        ("/status/500", Some(500), "It answered 500"),
        ("/redirect", Some(302), "redirects are not followed"),
        ("/die", None, "The request failed"),
        ("/huge", None, ""),
        ("/huge-head", None, ""),
    ] {
        let (hook, _) = stage.hook(ANA, path, ALL).await;
        let began = Instant::now();
        deliveries::send_test(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap();
        n += 1;
        let error = stage.tried(n).await;
        assert!(error.contains(words), "{path}: {error}");
        assert!(began.elapsed() < Duration::from_secs(12), "{path}: {:?}", began.elapsed());
        let got: Option<u16> = sqlx::query_scalar("SELECT status FROM webhook_attempts ORDER BY id DESC LIMIT 1")
            .fetch_one(stage.db.db.pool())
            .await
            .unwrap();
        if status.is_some() {
            assert_eq!(got, status, "{path}");
        }
        let kept: i64 = stage.db.number("SELECT COALESCE(MAX(LENGTH(answer)), 0) FROM webhook_attempts").await;
        assert!(kept <= 4 * 1024, "{path}: {kept} bytes are kept");
    }
    assert!(stage.receiver.hits().iter().all(|h| h.path != "/ok"), "the redirect led nowhere");
    // A body without end is read no further than its first bytes.
    assert!(stage.receiver.sent() < 64 * 1024 * 1024, "{} bytes were taken", stage.receiver.sent());
}

#[tokio::test]
async fn a_slow_receiver_delays_only_itself() {
    let stage = Stage::set().await;
    let (slow, _) = stage.hook(ANA, "/slow", ALL).await;
    let (quick, _) = stage.hook(ANA, "/ok", ALL).await;
    stage.many(&slow, 300).await;
    stage.run(stage.net());
    eventually("the slow one is asked", async || stage.receiver.hits().iter().any(|h| h.path == "/slow").then_some(()))
        .await;
    let began = Instant::now();
    stage.many(&quick, 100).await;
    stage.all_delivered(100).await;
    let took = began.elapsed();
    println!("100 deliveries beside a slow receiver: {took:?}");
    assert!(took < Duration::from_secs(9), "{took:?}");
    let asked = stage.receiver.hits().iter().filter(|h| h.path == "/slow").count();
    assert!(asked <= 4, "{asked} requests at once to the slow one");
}

#[tokio::test]
async fn nothing_is_sent_to_addresses_that_are_not_public() {
    let stage = Stage::set().await;
    let at = stage.receiver.address;
    let (hook, _) = stage.hook(ANA, "/ok", ALL).await;
    for inside in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
    ] {
        let bad = SocketAddr::new(inside.parse().unwrap(), at.port());
        // One bad address among good ones is enough.
        let good: SocketAddr = "1.1.1.1:443".parse().unwrap();
        let net = Net::told(move |_| vec![good, bad], &[], &stage.receiver.authority).unwrap();
        let reply = net.post("https://hooks.example.com/ok", "{}", &[]).await;
        let error = reply.error.unwrap();
        assert!(error.contains("not on the public internet"), "{inside}: {error}");
    }
    // Rows from before a stricter rule, or from somebody with the database: the rules hold when it is sent.
    let net = stage.net();
    for url in [
        "http://hooks.example.com/ok",
        "https://127.0.0.1/ok",
        "https://[::1]/ok",
        "https://u:p@hooks.example.com/ok",
        "https://hooks.example.com:8443/ok",
        "https://localhost/ok",
        "file:///etc/passwd",
    ] {
        assert!(net.post(url, "{}", &[]).await.error.is_some(), "{url}");
    }
    assert!(stage.receiver.hits().is_empty(), "nothing arrived anywhere");
    // A certificate of somebody else is none.
    let other = Receiver::start().await;
    let net = Net::told(move |_| vec![at], &[at], &other.authority).unwrap();
    let error = net.post("https://hooks.example.com/ok", "{}", &[]).await.error.unwrap();
    assert!(error.contains("certificate"), "{error}");
    let net = Net::told(move |_| vec![at], &[at], &stage.receiver.authority).unwrap();
    let error = net.post("https://other.example.com/ok", "{}", &[]).await.error.unwrap();
    assert!(error.contains("certificate"), "not of this name: {error}");
    assert!(stage.receiver.hits().is_empty());
    let _ = hook;
}

#[tokio::test]
async fn a_name_that_answers_differently_the_second_time_gains_nothing() {
    let stage = Stage::set().await;
    let at = stage.receiver.address;
    let asked = Arc::new(AtomicU32::new(0));
    let counter = asked.clone();
    // First a good address, then one inside: what was looked at is what is connected to, and each request looks anew.
    let inside: SocketAddr = "127.0.0.2:1".parse().unwrap();
    let net = Net::told(
        move |_| if counter.fetch_add(1, Ordering::SeqCst) == 0 { vec![at] } else { vec![inside] },
        &[at],
        &stage.receiver.authority,
    )
    .unwrap();
    assert_eq!(net.post("https://hooks.example.com/ok", "{}", &[]).await.status, Some(200));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "looked up once for one request");
    let reply = net.post("https://hooks.example.com/ok", "{}", &[]).await;
    assert!(reply.status.is_none() && reply.error.unwrap().contains("127.0.0.2, which is not on the public internet"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(stage.receiver.hits().len(), 1);
}

#[tokio::test]
async fn failures_are_tried_again_then_given_up_paused_and_sent_again_on_request() {
    let stage = Stage::set().await;
    let (hook, _) = stage.hook(ANA, "/flaky/2", ALL).await;
    stage.run(stage.net());
    let event = deliveries::send_test(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap();
    // Tried again by itself; we only turn the clock.
    for n in 1..=2 {
        stage.tried(n).await;
        eventually("it waits", async || (stage.count("pending").await == 1).then_some(())).await;
        let wait = stage.db.number("SELECT TIMESTAMPDIFF(SECOND, NOW(6), next_at) FROM webhook_deliveries").await;
        assert!((if n == 1 { 7..=12 } else { 55..=72 }).contains(&wait), "try {n}: next in {wait} s");
        stage.db.sql("UPDATE webhook_deliveries SET next_at = NOW(6)").await;
        stage.db.sql("UPDATE webhooks SET hold_until = NULL").await;
    }
    stage.all_delivered(1).await;
    assert_eq!(stage.db.number("SELECT CAST(failures AS SIGNED) FROM webhooks").await, 0);
    assert_eq!(
        stage.receiver.hits().iter().filter(|h| h.header("webhook-id") == event).count(),
        3,
        "the same id each time"
    );
    // The last try of one that keeps failing gives it up; days of failures pause the receiver and tell its owner, once.
    stage.db.sql("UPDATE webhooks SET url = 'https://hooks.example.com/status/503', failures = 9, failing_since = NOW(6) - INTERVAL 4 DAY").await;
    stage
        .db
        .sql("UPDATE webhook_deliveries SET state = 'pending', attempts = 9, next_at = NOW(6), finished_at = NULL")
        .await;
    eventually("it is paused", async || {
        (stage.db.number("SELECT COUNT(*) FROM webhooks WHERE state = 'paused'").await == 1).then_some(())
    })
    .await;
    assert_eq!(stage.count("failed").await, 1);
    assert_eq!(
        stage.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail' AND args LIKE '%webhook_paused%'").await,
        1
    );
    assert_eq!(stage.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'webhook.pause'").await, 1);
    // While it is paused events are kept; resuming and sending again delivers all of them.
    stage.db.sql("UPDATE webhooks SET url = 'https://hooks.example.com/ok'").await;
    stage.moved(1, StoreState::Provisioning, StoreState::Active).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(
        (stage.count("pending").await, stage.receiver.hits().iter().filter(|h| h.path == "/ok").count()),
        (1, 0)
    );
    switch(&stage.services, &Actor::operator(), ANA, &hook, Switch::Resume).await.unwrap();
    assert_eq!(deliveries::replay_failed(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap(), 1);
    stage.all_delivered(2).await;
    // One of them once more, and not while it waits.
    deliveries::replay(&stage.services, &Actor::operator(), ANA, &hook, &event).await.unwrap();
    stage.all_delivered(2).await;
    // One that says that it is gone is paused at once.
    stage.db.sql("UPDATE webhooks SET url = 'https://hooks.example.com/status/410'").await;
    deliveries::send_test(&stage.services, &Actor::operator(), ANA, &hook).await.unwrap();
    eventually("it is paused", async || {
        (stage.db.number("SELECT COUNT(*) FROM webhooks WHERE state = 'paused' AND paused_reason LIKE '%410%'").await
            == 1)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_worker_had_claimed_is_sent_by_another() {
    let stage = Stage::set().await;
    let (hook, _) = stage.hook(ANA, "/ok", ALL).await;
    stage.many(&hook, 10).await;
    let mut tx = stage.services.db.begin().await.unwrap();
    let id = tx.webhooks().find(ANA, &hook).await.unwrap().unwrap().id;
    assert_eq!(tx.webhooks().claim(id, 4).await.unwrap().len(), 4);
    tx.commit().await.unwrap();
    stage.run(stage.net());
    stage.run(stage.net());
    stage.all_delivered(6).await;
    stage
        .db
        .sql("UPDATE webhook_deliveries SET lease_until = NOW(6) - INTERVAL 1 SECOND WHERE lease_until IS NOT NULL")
        .await;
    stage.all_delivered(10).await;
    assert_eq!(stage.receiver.hits().len(), 10, "two senders, each event once");
}

#[tokio::test]
async fn thousands_of_events_reach_many_receivers() {
    let stage = Stage::set().await;
    for n in 0..10 {
        let (hook, _) = stage.hook(if n % 2 == 0 { ANA } else { Side::Panel }, &format!("/ok/{n}"), ALL).await;
        stage.many(&hook, 200).await;
    }
    let began = Instant::now();
    stage.run(stage.net());
    stage.all_delivered(2_000).await;
    let took = began.elapsed();
    println!("2,000 events to 10 receivers: {took:?}, {:.0} a second", 2_000.0 / took.as_secs_f64());
    assert_eq!(stage.receiver.hits().len(), 2_000, "each once");
    assert_eq!(stage.db.number("SELECT COUNT(*) FROM webhook_attempts").await, 2_000);
}
