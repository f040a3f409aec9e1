//! What a store uses: measured on a real one, shown to its owner and to staff.

use crate::api::log_in_at;
use crate::support::{App, Browser, PASSWORD, serve};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::store_usage::{LONG, SHORT};
use hosting::domain::Email;
use hosting::services::passwords::Passwords;
use reqwest::{Client, redirect::Policy};
use shopfleet_tests::eventually;
use shopfleet_tests::shop_server::ShopServer;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::usage::{Sampler, cgroup, disk};

const HERE: &str = "/dashboard/usage";

#[actix_web::test]
async fn a_real_stores_use_is_measured_and_shown() {
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let stop = CancellationToken::new();
    let base = serve(server.services(), &server.redis.url, &stop);
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    let other = server.live("Eva", "eva-shop").await;
    // What the set-ups asked for is written late as well; it is not what is counted here.
    let log = server.machine.edge.access_log();
    eventually("the edge's log is quiet", async || {
        let quiet = std::fs::metadata(&log).unwrap().modified().unwrap().elapsed().unwrap_or_default();
        (quiet > Duration::from_millis(2500)).then_some(())
    })
    .await;
    // Both looks are to fall into one row: not when five minutes are about to end, and so no hour either.
    eventually("a row with room for two looks", async || {
        let seconds = hosting::clock::now().unix_timestamp() % i64::from(SHORT);
        (seconds < i64::from(SHORT) - 20).then_some(())
    })
    .await;
    let mut sampler = Sampler::new(server.machine.clone());
    assert_eq!(sampler.look().await.unwrap(), 0, "the first look only remembers");
    let host = store.host.clone().unwrap();
    for _ in 0..5 {
        assert_eq!(server.get(&host, "/").await.0, 200);
    }
    assert_eq!(server.get(&host, "/none.css").await.0, 404);
    // The edge writes its log in pieces of at most two seconds.
    eventually("the edge wrote its log", async || {
        std::fs::read_to_string(&log).unwrap().contains("\"status\":404").then_some(())
    })
    .await;
    let begun = Instant::now();
    assert_eq!(sampler.look().await.unwrap(), 2);
    let look = begun.elapsed();
    let rows = async |store: u64, span: u16| {
        server.db.db.read().await.unwrap().store_usage().of_store(store, span, 1).await.unwrap()
    };
    let (short, long) = (rows(store.id, SHORT).await, rows(store.id, LONG).await);
    assert_eq!((short.len(), long.len()), (1, 1));
    let row = &short[0];
    println!("{row:?}");
    assert!(row.requests == 6, "five visits and one miss: {row:?}");
    assert_eq!(row.errors, 0);
    assert!(row.cpu_ms > 0 && row.memory_peak > 20 << 20 && row.memory_peak < 2 << 30, "{row:?}");
    assert!(row.bytes_out > 10_000 && row.bytes_served > 10_000 && row.bytes_in > 0, "{row:?}");
    assert!(row.disk_bytes > 5 << 20, "{row:?}");
    assert_eq!(rows(other.id, SHORT).await[0].requests, 0, "a neighbour's visitors are the neighbour's");
    // A second look adds to the same rows; space is measured once an hour.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    server.get(&host, "/?again").await;
    assert_eq!(sampler.look().await.unwrap(), 2);
    let again = rows(store.id, LONG).await;
    assert_eq!(again.len(), 1);
    assert!(
        again[0].samples == 2 && again[0].seconds > row.seconds && again[0].disk_bytes == row.disk_bytes,
        "{again:?}"
    );

    // Cost: a store is one entry of the listing, three groups of counters, one bridge.
    let containers = server.machine.docker.containers_by_label(&worker::machine::Machine::label(&store)).await.unwrap();
    let begun = Instant::now();
    for _ in 0..50 {
        for c in &containers {
            assert!(cgroup::read(&c.id).is_some(), "{}", c.name);
        }
    }
    let groups = begun.elapsed();
    let begun = Instant::now();
    let bytes = disk::measure(server.machine.dir(&store)).await.unwrap();
    println!(
        "a look at 2 stores with their directories took {look:?}; counters of 50 stores {groups:?}; one directory of {bytes} bytes {:?}",
        begun.elapsed()
    );
    assert!(groups < Duration::from_secs(1), "{groups:?}");

    // The owner sees it, nobody else's, with and without data; the plan's limits are drawn.
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    server
        .db
        .sql(&format!("UPDATE customers SET password_hash = '{hash}', state = 'active', email_verified_at = NOW(6)"))
        .await;
    let b = Browser {
        base: base.as_str().to_owned(),
        client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
    };
    let email = Email::parse("ana-bikes@example.com").unwrap();
    assert_eq!(b.submit("/login", &[("email", email.as_str()), ("password", PASSWORD)]).await.status, 303);
    let page = b.get(HERE).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for part in [
        "role=\"img\"",
        "Plan: ",
        "Show Memory as table",
        "requests in 24 hours, 0 of them failed",
        "class=\"line one\"",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    // A program reads the same numbers, and nobody else's.
    let (api, _) = log_in_at(base.as_str(), "ana-bikes@example.com", "customer").await;
    let read = api.get(&format!("/api/v1/stores/{}/usage", store.uid)).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!((&read.body["range"], &read.body["row_seconds"]), (&"24h".into(), &300.into()));
    assert_eq!(read.body["rows"][0]["memory_peak_bytes"].as_u64().unwrap(), again[0].memory_peak);
    assert!(read.body["limits"]["memory_bytes"].as_u64().unwrap() > 256 << 20, "{}", read.body);
    assert_eq!(read.body["disk_bytes"].as_u64().unwrap(), row.disk_bytes);
    let week = api.get(&format!("/api/v1/stores/{}/usage?range=7d", store.uid)).await;
    assert_eq!((week.status, &week.body["row_seconds"]), (200, &3600.into()));
    assert_eq!(api.get(&format!("/api/v1/stores/{}/usage?range=1y", store.uid)).await.status, 422);
    assert_eq!(api.get(&format!("/api/v1/stores/{}/usage", other.uid)).await.status, 404);
    // Over the limit: said in words.
    server.db.sql(&format!("UPDATE store_usage SET memory_peak = 99999999999 WHERE store_id = {}", store.id)).await;
    assert!(b.get("/dashboard/usage?range=7d").await.body.contains("All memory of the plan is used"));
    // A gap, and rows that are forgotten by their age.
    server
        .db
        .sql(
            "INSERT INTO store_usage SELECT store_id, span, at - INTERVAL 3 HOUR, seconds, samples, cpu_ms, memory_sum, \
             memory_peak, bytes_in, bytes_out, requests, errors, bytes_served, disk_bytes FROM store_usage WHERE span = 300",
        )
        .await;
    assert!(b.get(HERE).await.body.contains("There is a gap"));
    server.db.sql("UPDATE store_usage SET at = at - INTERVAL 4 DAY WHERE span = 300").await;
    assert_eq!(server.db.db.read().await.unwrap().store_usage().forget_old().await.unwrap(), 4);
    assert_eq!(server.db.number("SELECT COUNT(*) FROM store_usage").await, 2, "hours are kept for longer");
    let page = b.get(HERE).await.body;
    assert!(page.contains("Nothing was measured in this time") && page.contains("No data now"), "{page}");
    stop.cancel();
}

#[actix_web::test]
async fn a_store_that_does_not_run_yet_has_no_use() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    assert!(b.get(HERE).await.body.contains("Measuring begins when your store is live"));
    app.make_live(&job).await;
    app.db.sql("UPDATE stores SET server_id = (SELECT MIN(id) FROM servers)").await;
    let page = b.get(HERE).await;
    assert!(page.status == 200 && page.body.contains("not measured yet, of"), "{}", page.body);
    assert_eq!(b.get("/dashboard/usage?range=%3Cscript%3E").await.status, 200);
    assert_eq!(b.get("/dashboard/usage?range=7d&range=x").await.status, 400);
}
