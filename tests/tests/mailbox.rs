//! The mailbox folder: mails are taken in by a job of the server that has it, once, and what is refused is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::db::Queries;
use hosting::db::jobs::NewJob;
use hosting::domain::{Actor, JobState};
use hosting::jobs::READ_MAILBOX;
use hosting::mail::reply_address;
use hosting::services::Services;
use hosting::services::settings::set;
use shopfleet_tests::engine::Bench;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig, Job};
use worker::jobs::read_mailbox::ReadMailbox;

#[tokio::test]
async fn mails_of_the_folder_are_taken_in_once() {
    let bench = Bench::new().await;
    let services = Services { db: bench.db.db.clone(), queue: bench.redis.queue(), keys: bench.db.keys.clone() };
    set(&services, &Actor::operator(), "mail_in_address", "reply@help.example").await.unwrap();
    bench.db.sql("INSERT INTO customers (uid, email, email_key, password_hash, state) VALUES ('01CAAAAAAAAAAAAAAAAAAAAAAA', 'ana@example.com', 'ana@example.com', 'x', 'active')").await;
    bench.db.sql("INSERT INTO tickets (uid, customer_id, subject, category, priority, evidence) SELECT '01TAAAAAAAAAAAAAAAAAAAAAAA', id, 'x', 'other', 'low', '{}' FROM customers").await;
    let address = reply_address::make(&services.keys, "reply@help.example", 1, 1).unwrap();
    let folder = std::env::temp_dir().join(format!("sft-maildir-{}", std::process::id()));
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    let mail = |name: &str| {
        let raw = std::fs::read_to_string(format!("{}/data/mail/{name}.eml", env!("CARGO_MANIFEST_DIR"))).unwrap();
        raw.replace("REPLY@ADDRESS", &address)
    };
    for (file, name) in [("1.a", "answer"), ("2.b", "answer"), ("3.c", "stranger"), ("4.d", "vacation")] {
        std::fs::write(folder.join("new").join(file), mail(name)).unwrap();
    }
    // Not followed, whatever it leads to.
    std::fs::write(folder.join("outside"), mail("with_files")).unwrap();
    let job: Arc<dyn Job> = Arc::new(ReadMailbox::new(services.clone(), Some(folder.clone())));
    let stop = CancellationToken::new();
    let mut config = EngineConfig::new("local-1/mailbox".into(), bench.server_id, None);
    config.schedules = false;
    let _engine = Engine::start(bench.db.db.clone(), bench.redis.queue(), vec![job], config, stop.clone());
    let run = async |key: &str| {
        let mut tx = bench.db.db.begin().await.unwrap();
        let job = NewJob::scheduled(READ_MAILBOX, serde_json::json!({}), Some(bench.server_id), key.to_owned());
        let job = tx.jobs().insert(&job).await.unwrap();
        tx.commit().await.unwrap();
        services.queue.announce(&[job]).await;
        job
    };
    let job = run("one").await;
    bench.reaches(&job, JobState::Finished).await;
    assert_eq!(bench.db.number("SELECT COUNT(*) FROM ticket_messages").await, 1, "the same mail twice is one message");
    let names = |part: &str| {
        let mut names: Vec<String> = std::fs::read_dir(folder.join(part))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!((names("new"), names("cur")), (vec![], vec!["3.c:2,F".to_owned()]), "the refused one is kept");
    // A link is trouble that is said, not read.
    std::os::unix::fs::symlink(folder.join("outside"), folder.join("new/5.e")).unwrap();
    let job = run("two").await;
    bench.reaches(&job, JobState::Retrying).await;
    assert_eq!(bench.db.number("SELECT COUNT(*) FROM ticket_messages").await, 1);
    stop.cancel();
    std::fs::remove_dir_all(&folder).unwrap();
}
