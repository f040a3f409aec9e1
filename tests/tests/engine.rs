//! The job engine on real MariaDB and Redis, with a made-up three-step job.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::db::job_records::{self, End, Event, Outcome, Record};
use hosting::db::{Queries, job_claims};
use hosting::domain::{Actor, JobState};
use hosting::services::retry_job::{Wish, retry_job};
use hosting::services::{Services, cancel_job::cancel_job};
use shopfleet_tests::engine::{Bench, KIND};
use shopfleet_tests::eventually;
use worker::engine::fail_point::{self, Action};

/// Fail points are process-wide: a test that sets them runs alone, the others run beside each other.
static FAIL_POINTS: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

fn services(bench: &Bench) -> Services {
    Services { db: bench.db.db.clone(), queue: bench.redis.queue(), keys: bench.db.keys.clone() }
}

fn limits() -> job_claims::Limits {
    job_claims::Limits { heavy_kinds: vec![], heavy: 10, light: 10 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_its_steps_in_order_and_every_line_is_there() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    let row = bench.reaches(&job, JobState::Finished).await;
    assert_eq!(row.progress, 100);
    assert_eq!(row.attempt, 1);
    let id = job.id;
    assert_eq!(bench.world.history(), [format!("apply {id}/a"), format!("apply {id}/b"), format!("apply {id}/c")]);
    assert_eq!(bench.assert_gapless(&job).await, 9);
    let steps = bench.db.db.read().await.unwrap().jobs().steps(id).await.unwrap();
    let seen: Vec<(String, String, u16)> = steps.into_iter().map(|s| (s.name, s.state, s.position)).collect();
    assert_eq!(
        seen,
        [("a".into(), "finished".into(), 0), ("b".into(), "finished".into(), 1), ("c".into(), "finished".into(), 2)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_twice_ends_the_same() {
    let _one = FAIL_POINTS.write().await;
    for step in ["a", "b", "c"] {
        let bench = Bench::new().await;
        // Applied but not recorded: the step runs again.
        fail_point::set(&format!("{KIND}.{step}.after"), Action::Passing, 1);
        let (_engine, _stop) = bench.engine("one");
        let job = bench.submit().await;
        let row = bench.reaches(&job, JobState::Finished).await;
        assert_eq!(row.attempt, 2, "{step}");
        assert_eq!(bench.world.history().iter().filter(|h| h.ends_with(&format!("/{step}"))).count(), 2);
        assert_eq!(bench.world.objects().len(), 3);
        bench.assert_gapless(&job).await;
        fail_point::clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_at_each_step_leaves_a_clean_slate_and_retry_succeeds() {
    let _one = FAIL_POINTS.write().await;
    for step in ["a", "b", "c"] {
        for point in ["before", "after"] {
            let bench = Bench::new().await;
            fail_point::set(&format!("{KIND}.{step}.{point}"), Action::Fail, 1);
            let (_engine, _stop) = bench.engine("one");
            let job = bench.submit().await;
            let row = bench.reaches(&job, JobState::Failed).await;
            assert_eq!(bench.world.objects(), Vec::<String>::new(), "{step}.{point}");
            assert_eq!(row.error_code, "fail_point");
            assert_eq!(row.error_reason, "A test made this step fail");
            assert!(!row.cleanup_pending);
            retry_job(&services(&bench), &Actor::operator(), &job.uid, Wish::Retry).await.unwrap();
            let row = bench.reaches(&job, JobState::Finished).await;
            assert_eq!(row.attempt, 2);
            assert_eq!(bench.world.objects().len(), 3);
            bench.assert_gapless(&job).await;
            fail_point::clear();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_undo_twice_ends_the_same() {
    let _one = FAIL_POINTS.write().await;
    for step in ["a", "b", "c"] {
        let bench = Bench::new().await;
        fail_point::set(&format!("{KIND}.c.after"), Action::Fail, 1);
        // Undone but not recorded: it is undone again.
        fail_point::set(&format!("{KIND}.{step}.undo.after"), Action::Passing, 1);
        let (_engine, _stop) = bench.engine("one");
        let job = bench.submit().await;
        bench.reaches(&job, JobState::Failed).await;
        let undone = format!("undo {}/{step}", job.id);
        assert_eq!(bench.world.history().iter().filter(|h| **h == undone).count(), 2);
        assert_eq!(bench.world.objects(), Vec::<String>::new());
        fail_point::clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_cannot_be_done_is_reported_and_cleaned_up_later() {
    let _one = FAIL_POINTS.write().await;
    let bench = Bench::new().await;
    fail_point::set(&format!("{KIND}.c.before"), Action::Fail, 1);
    fail_point::set(&format!("{KIND}.b.undo.before"), Action::Fail, 1);
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    let row = bench.reaches(&job, JobState::Failed).await;
    assert!(row.cleanup_pending);
    // Only b is left; a was still undone.
    assert_eq!(bench.world.objects(), [format!("{}/b", job.id)]);
    retry_job(&services(&bench), &Actor::operator(), &job.uid, Wish::CleanUp).await.unwrap();
    eventually("clean", async || {
        (!bench.job(&job).await.cleanup_pending && bench.world.objects().is_empty()).then_some(())
    })
    .await;
    fail_point::clear();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_contained_and_undone() {
    let _one = FAIL_POINTS.write().await;
    let bench = Bench::new().await;
    fail_point::set(&format!("{KIND}.b.after"), Action::Panic, 1);
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    let row = bench.reaches(&job, JobState::Failed).await;
    assert_eq!(row.error_code, "panic");
    assert_eq!(bench.world.objects(), Vec::<String>::new());
    let other = bench.submit().await;
    bench.reaches(&other, JobState::Finished).await;
    fail_point::clear();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_deliveries_and_two_workers_of_one_name_give_one_result() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let (_one, _s1) = bench.engine("one");
    let (_two, _s2) = bench.engine("two");
    let job = bench.insert().await;
    for _ in 0..10 {
        bench.redis.queue().announce(&[job]).await;
    }
    bench.reaches(&job, JobState::Finished).await;
    for _ in 0..10 {
        bench.redis.queue().announce(&[job]).await;
    }
    // A later job proves that the repeated messages have been read.
    let marker = bench.submit().await;
    bench.reaches(&marker, JobState::Finished).await;
    let applied = bench.world.history().iter().filter(|h| h.starts_with(&format!("apply {}/", job.id))).count();
    assert_eq!(applied, 3);
    assert_eq!(bench.assert_gapless(&job).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_without_redis_and_after_a_flush() {
    let _beside = FAIL_POINTS.read().await;
    let mut bench = Bench::new().await;
    let (_engine, _stop) = bench.engine("one");
    bench.redis.down();
    let job = bench.insert().await;
    bench.reaches(&job, JobState::Finished).await;
    bench.redis.up();
    let job = bench.submit().await;
    bench.reaches(&job, JobState::Finished).await;
    bench.redis.flush().await;
    let job = bench.submit().await;
    bench.reaches(&job, JobState::Finished).await;
}

/// Announced or not: with two slots, forty jobs would take twenty seconds if only the sweep of each
/// second found the ones that had to wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_engine_takes_the_next_job_as_soon_as_a_slot_is_free() {
    let _beside = FAIL_POINTS.read().await;
    for announced in [true, false] {
        let bench = Bench::new().await;
        let mut jobs = Vec::new();
        for _ in 0..40 {
            jobs.push(bench.insert().await);
        }
        if announced {
            bench.redis.queue().announce(&jobs).await;
        }
        let began = std::time::Instant::now();
        let (_engine, _stop) = bench.engine_of_size("one", 2);
        eventually("all finished", async || {
            (bench.db.number("SELECT COUNT(*) FROM jobs WHERE state = 'finished'").await == 40).then_some(())
        })
        .await;
        let took = began.elapsed();
        assert!(took.as_secs() < 8, "announced: {announced}: {took:?}");
        assert_eq!(bench.world.history().len(), 120, "each job's steps ran once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_full_of_what_cannot_run_now_hides_nothing() {
    let bench = Bench::new().await;
    for _ in 0..20 {
        bench.insert().await;
    }
    bench.db.sql("UPDATE jobs SET kind = 'from_the_future'").await;
    let wanted = bench.insert().await;
    let due = job_claims::claim_due(&bench.db.db, 10, bench.server_id, "one", &[(KIND, 1)], &limits()).await.unwrap();
    assert_eq!(due.claims.iter().map(|c| c.id).collect::<Vec<_>>(), [wanted.id]);
    assert!(!due.more);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_before_it_starts_and_at_a_step_boundary() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let waiting = bench.insert().await;
    assert!(cancel_job(&services(&bench), &Actor::operator(), &waiting.uid).await.unwrap());
    *bench.world.slow_ms.lock().unwrap() = 400;
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    eventually("step b", async || (bench.job(&job).await.current_step == "b").then_some(())).await;
    assert!(!cancel_job(&services(&bench), &Actor::operator(), &job.uid).await.unwrap());
    bench.reaches(&job, JobState::Cancelled).await;
    assert_eq!(bench.world.objects(), Vec::<String>::new());
    assert_eq!(bench.job(&waiting).await.state, JobState::Cancelled);
    assert!(!bench.world.history().iter().any(|h| h.contains(&format!(" {}/", waiting.id))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfit_server_waits_without_spending_attempts() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    *bench.world.unfit.lock().unwrap() = 2;
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    let row = bench.reaches(&job, JobState::Retrying).await;
    assert_eq!(row.error_code, "docker_down");
    let row = bench.reaches(&job, JobState::Finished).await;
    assert_eq!(row.attempt, 1);
    assert_eq!(row.error_code, "");
    // Step a was finished the first time and is not done again.
    assert_eq!(bench.world.history().iter().filter(|h| h.ends_with("/a")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_happens_under_an_old_epoch() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let job = bench.insert().await;
    let known = [(hosting::jobs::NOOP, 1)];
    let mine = job_claims::claim(&bench.db.db, &[job.id], bench.server_id, "local-1/x/1/1", &known, &limits())
        .await
        .unwrap()
        .remove(0);
    // Claimed once is claimed: the same ids give nothing.
    assert!(
        job_claims::claim(&bench.db.db, &[job.id], bench.server_id, "other", &known, &limits())
            .await
            .unwrap()
            .is_empty()
    );
    bench.db.sql("UPDATE jobs SET lease_until = NOW(6) - INTERVAL 1 SECOND").await;
    let theirs = job_claims::claim_lost(&bench.db.db, 10, bench.server_id, "other", &[], &known, &limits())
        .await
        .unwrap()
        .remove(0);
    assert_eq!((theirs.epoch, theirs.crashes), (mine.epoch + 1, 1));
    let old = Record { job_id: job.id, epoch: mine.epoch, attempt: 1, event: Event::End(End::Finished) };
    let new = Record { job_id: job.id, epoch: theirs.epoch, attempt: 1, event: Event::End(End::Finished) };
    assert_eq!(job_records::write(&bench.db.db, std::slice::from_ref(&old)).await.unwrap(), [Outcome::Fenced]);
    assert_eq!(bench.job(&job).await.state, JobState::Started);
    assert_eq!(
        job_records::write(&bench.db.db, std::slice::from_ref(&new)).await.unwrap(),
        [Outcome::Written { cancel_requested: false }]
    );
    // An end happens once.
    assert_eq!(job_records::write(&bench.db.db, &[new]).await.unwrap(), [Outcome::Fenced]);
    assert_eq!(bench.job(&job).await.state, JobState::Finished);
    assert_eq!(job_records::write(&bench.db.db, &[old]).await.unwrap(), [Outcome::Fenced]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_goes_on_where_it_was_and_a_poisonous_one_is_stopped() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    *bench.world.slow_ms.lock().unwrap() = 60_000;
    let job = bench.insert().await;
    {
        // A "process" that dies in step b: its whole runtime goes away, as with kill -9.
        let (db_url, redis_url, server, world) =
            (bench.db.url.clone(), bench.redis.url.clone(), bench.server_id, bench.world.clone());
        let queue = bench.redis.queue();
        let runtime = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.spawn(async move {
                let stop = tokio_util::sync::CancellationToken::new();
                let config = worker::engine::EngineConfig::new("local-1/dying".into(), server, None);
                let _engine = worker::engine::Engine::start(
                    hosting::Db::connect(&db_url, 5).unwrap(),
                    hosting::queue::Queue::connect(&redis_url).unwrap(),
                    vec![shopfleet_tests::engine::ThreeSteps::job(&world)],
                    config,
                    stop,
                );
                std::future::pending::<()>().await;
            });
            runtime
        })
        .join()
        .unwrap();
        queue.announce(&[job]).await;
        eventually("step b", async || (bench.job(&job).await.current_step == "b").then_some(())).await;
        runtime.shutdown_background();
    }
    *bench.world.slow_ms.lock().unwrap() = 0;
    let (_engine, _stop) = bench.engine("two");
    let started = std::time::Instant::now();
    bench.reaches(&job, JobState::Finished).await;
    assert!(started.elapsed().as_secs() <= 15, "take-over took {:?}", started.elapsed());
    assert_eq!(bench.job(&job).await.crashes, 1);
    assert_eq!(bench.world.history().iter().filter(|h| h.ends_with("/a")).count(), 1);
    bench.assert_gapless(&job).await;

    let poison = bench.insert().await;
    bench.db.sql(&format!(
        "UPDATE jobs SET state = 'started', crashes = 2, lease_owner = 'gone', lease_until = NOW(6) - INTERVAL 1 SECOND, started_at = NOW(6) WHERE id = {}",
        poison.id
    )).await;
    let row = bench.reaches(&poison, JobState::Failed).await;
    assert_eq!(row.error_code, "worker_died");
    assert!(!bench.world.history().iter().any(|h| h.contains(&format!(" {}/", poison.id))));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_hands_back_at_a_step_boundary() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    *bench.world.slow_ms.lock().unwrap() = 500;
    let (engine, stop) = bench.engine("one");
    let job = bench.submit().await;
    eventually("step b", async || (bench.job(&job).await.current_step == "b").then_some(())).await;
    stop.cancel();
    assert!(engine.drained(std::time::Duration::from_secs(10)).await);
    let row = bench.job(&job).await;
    assert_eq!((row.state, row.attempt), (JobState::Queued, 1));
    *bench.world.slow_ms.lock().unwrap() = 0;
    let (_engine, _stop) = bench.engine("two");
    bench.reaches(&job, JobState::Finished).await;
    // a and b were not done again.
    assert_eq!(bench.world.history().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_kinds_and_newer_schemas_are_left_for_a_newer_worker() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let (_engine, _stop) = bench.engine("one");
    let newer = bench.insert().await;
    bench.db.sql(&format!("UPDATE jobs SET schema_version = 2 WHERE id = {}", newer.id)).await;
    let unknown = bench.insert().await;
    bench.db.sql(&format!("UPDATE jobs SET kind = 'from_the_future' WHERE id = {}", unknown.id)).await;
    let marker = bench.submit().await;
    bench.reaches(&marker, JobState::Finished).await;
    let known = bench.job(&newer).await;
    // The first may have been claimed before its row was changed; the second cannot be finished.
    assert!(matches!(known.state, JobState::Queued | JobState::Finished));
    assert_ne!(bench.job(&unknown).await.state, JobState::Failed);
}

#[tokio::test]
async fn the_database_refuses_illegal_moves_and_a_second_change_of_a_store() {
    let _beside = FAIL_POINTS.read().await;
    let bench = Bench::new().await;
    let job = bench.insert().await;
    bench.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE id = {}", job.id)).await;
    bench.db.sql(&format!("UPDATE jobs SET state = 'finished' WHERE id = {}", job.id)).await;
    let illegal =
        sqlx::query("UPDATE jobs SET state = 'queued' WHERE id = ?").bind(job.id).execute(bench.db.db.pool()).await;
    assert!(illegal.unwrap_err().to_string().contains("illegal job state change"));

    bench.db.sql("INSERT INTO customers (uid, email, email_key, password_hash) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a@b.c', 'a@b.c', 'x')").await;
    let mut tx = bench.db.db.begin().await.unwrap();
    let plan = tx.plans().find("starter").await.unwrap().unwrap();
    let (store, _) = tx
        .stores()
        .insert(&hosting::db::stores::NewStore {
            customer_id: 1,
            plan_id: plan.id,
            platform: hosting::domain::Platform::WooCommerce,
            name: "A",
            slug: "aaa",
            currency: "EUR",
            country: "DE",
        })
        .await
        .unwrap();
    let new =
        hosting::db::jobs::NewJob::for_store(hosting::jobs::PROVISION_STORE, store, 1, None, &Actor::system("test"));
    tx.jobs().insert(&new).await.unwrap();
    let second = tx.jobs().insert(&new).await.unwrap_err();
    assert!(second.is_duplicate("jobs_one_change_per_store"), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_killed_in_mid_job_delays_the_job_and_loses_nothing() {
    let _beside = FAIL_POINTS.read().await;
    let mut mariadb = shopfleet_tests::database::TestMariadb::start();
    let bench = Bench::on(mariadb.database().await).await;
    *bench.world.slow_ms.lock().unwrap() = 1_000;
    let (_engine, _stop) = bench.engine("one");
    let job = bench.submit().await;
    eventually("step b", async || (bench.job(&job).await.current_step == "b").then_some(())).await;
    mariadb.down();
    // Step b ends while there is nobody to record it.
    eventually("step b applied", async || (bench.world.objects().len() == 2).then_some(())).await;
    mariadb.up();
    bench.reaches(&job, JobState::Finished).await;
    assert_eq!(bench.world.history().iter().filter(|h| h.starts_with("apply")).count(), 3, "no step ran twice");
    assert_eq!(bench.assert_gapless(&job).await, 9);
}
