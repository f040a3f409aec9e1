//! Schedules, ports, search, and what needs somebody.

use crate::support::App;
use hosting::domain::Role;
use shopfleet_tests::wait::eventually;

#[actix_web::test]
async fn a_schedule_is_run_paused_and_resumed_each_recorded_once() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    app.db.sql("INSERT INTO schedules (name, title, kind, args, every_seconds, next_run_at) VALUES ('tidy', 'Tidy <b>', 'housekeeping', '{}', 300, NOW(6) + INTERVAL 1 HOUR)").await;
    let page = ada.get("/admin/schedules").await;
    assert!(page.body.contains("Tidy &lt;b&gt;") && page.body.contains("every 5 min"), "{}", page.body);
    let act = |verb: &'static str| {
        let ada = &ada;
        async move { ada.submit_at("/admin/schedules", &format!("/admin/schedules/tidy/{verb}"), &[]).await }
    };
    assert_eq!(act("run").await.location, "/admin/schedules");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM schedules WHERE name = 'tidy' AND next_run_at <= NOW(6)").await, 1);
    assert!(ada.get("/admin/schedules").await.body.contains("The schedule is due now."));
    act("pause").await;
    assert_eq!(app.db.number("SELECT CAST(paused AS SIGNED) FROM schedules WHERE name = 'tidy'").await, 1);
    let page = ada.get("/admin/schedules").await;
    assert!(page.body.contains("when resumed") && !page.body.contains("/tidy/run"));
    // A page from before the pause: refused in words.
    let token = page.hidden("csrf_token");
    let r =
        ada.post("/admin/schedules/tidy/run", &[("csrf_token", token.as_str()), ("form_key", &"s".repeat(40))]).await;
    assert_eq!(r.status, 409);
    assert!(r.body.contains("This schedule is paused. Resume it first"), "{}", r.body);
    act("resume").await;
    assert_eq!(app.db.number("SELECT CAST(paused AS SIGNED) FROM schedules WHERE name = 'tidy'").await, 0);
    for action in ["schedule.run", "schedule.pause", "schedule.resume"] {
        assert_eq!(
            app.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'")).await,
            1,
            "{action}"
        );
    }
    let r = ada
        .post("/admin/schedules/nothing/run", &[("csrf_token", token.as_str()), ("form_key", &"t".repeat(40))])
        .await;
    assert_eq!(r.status, 404);
    let support = app.staff("sam@example.com", Role::Support).await;
    assert!(!support.get("/admin/schedules").await.body.contains("Run now"));
}

#[actix_web::test]
async fn only_ports_left_over_are_freed() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let (_, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let store = app.make_live(&job).await;
    let server = app.db.number("SELECT CAST(id AS SIGNED) FROM servers").await;
    app.db.sql(&format!("UPDATE stores SET server_id = {server} WHERE id = {store}")).await;
    app.db
        .sql(&format!("UPDATE port_allocations SET store_id = {store}, allocated_at = NOW(6) WHERE port = 8005"))
        .await;
    let page = ada.get("/admin/ports").await;
    assert!(page.body.contains("1 used, 0 resting, 99 free") && page.body.contains("used by Ana"), "{}", page.body);
    assert!(!page.body.contains("Left over"));
    let free = format!("/admin/ports/{server}/8005/free");
    assert_eq!(ada.get(&free).await.status, 409);
    let token = page.hidden("csrf_token");
    let r = ada.post(&free, &[("csrf_token", token.as_str()), ("form_key", &"a".repeat(40))]).await;
    assert_eq!(r.status, 409);
    let held = || async {
        app.db.number("SELECT COUNT(*) FROM port_allocations WHERE port = 8005 AND store_id IS NOT NULL").await
    };
    assert_eq!(held().await, 1);
    // The store failed; while a job works on it the port is still its own.
    app.db.sql(&format!("UPDATE stores SET state = 'failed' WHERE id = {store}")).await;
    app.db.sql(&format!("INSERT INTO jobs (uid, kind, args, store_id, exclusive) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'repair_store', '{{}}', {store}, TRUE)")).await;
    assert_eq!(ada.get(&free).await.status, 409);
    app.db.sql("UPDATE jobs SET state = 'cancelled' WHERE uid = '01ARZ3NDEKTSV4RRFFQ69G5FAV'").await;
    let page = ada.get("/admin/ports").await;
    assert!(page.body.contains("Left over") && page.body.contains(&free), "{}", page.body);
    let r = ada.submit(&free, &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/ports"), "{}", r.body);
    assert_eq!(held().await, 0);
    assert!(ada.get("/admin/ports").await.body.contains("0 used, 1 resting, 99 free"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'port.free'").await, 1);
    assert_eq!(ada.get("/admin/ports/1/1/free").await.status, 404);
    assert_eq!(ada.get("/admin/ports?server=nowhere").await.status, 404);
}

#[actix_web::test]
async fn a_pool_nearly_full_says_so_and_is_widened() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    app.db
        .sql("UPDATE port_allocations SET cool_until = NOW(6) + INTERVAL 1 HOUR WHERE port BETWEEN 8001 AND 8089")
        .await;
    assert!(!ada.get("/admin/ports").await.body.contains("This pool is nearly full"));
    app.db.sql("UPDATE port_allocations SET cool_until = NOW(6) + INTERVAL 1 HOUR WHERE port = 8090").await;
    assert_eq!(ada.get("/admin/ports").await.body.matches("This pool is nearly full").count(), 1);
    let page = ada.get("/admin").await;
    assert!(page.body.contains("The pool Stores of local-1 is nearly full"), "{}", page.body);
    let widen = |first: &'static str, last: &'static str| {
        let ada = &ada;
        async move {
            let fields = [("server", "local-1"), ("pool", "store_web"), ("first", first), ("last", last)];
            ada.submit_at("/admin/ports", "/admin/ports/widen", &fields).await
        }
    };
    for (first, last, words) in [
        ("80", "90", "Enter a port from 1024 to 65535"),
        ("x", "9000", "Enter a port from 1024 to 65535"),
        ("20010", "20001", "Enter a last port at or above the first"),
        ("20000", "65000", "at most 1000 ports"),
        ("9050", "9300", "51 of these ports are in a pool of local-1 already"),
    ] {
        let r = widen(first, last).await;
        assert_eq!(r.status, 422, "{first} {last}");
        assert!(r.body.contains(words), "{first} {last}: {}", r.body);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM port_allocations").await, 500);
    let r = widen("8101", "8150").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/ports?server=local-1"), "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM port_allocations WHERE pool = 'store_web'").await, 150);
    assert!(!ada.get("/admin/ports").await.body.contains("This pool is nearly full"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'port.widen'").await, 1);
}

#[actix_web::test]
async fn search_finds_everything_and_an_exact_id_goes_straight_there() {
    let app = App::new().await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let (_, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&job).await;
    app.customer("eva@example.com", "Eva's Books").await;
    let customer = app.db.number("SELECT CAST(id AS SIGNED) FROM customers WHERE email = 'ana@example.com'").await;
    let store = app.db.text("SELECT uid FROM stores ORDER BY id LIMIT 1").await;
    let uid = job.to_string();
    let find = |q: String| {
        let sam = &sam;
        async move { sam.get(&format!("/admin/search?q={q}")).await }
    };
    assert_eq!(find(uid.clone()).await.location, format!("/admin/jobs/{uid}"));
    assert_eq!(find(format!("j-{}", uid[20..].to_lowercase())).await.location, format!("/admin/jobs/{uid}"));
    assert_eq!(find(store).await.location, format!("/admin/customers/{customer}"));
    for q in ["ana%40", "ANA%40example.com", "ana%27s+bi", "anas-bikes", &customer.to_string()] {
        let page = find(q.to_owned()).await;
        assert_eq!(page.status, 200, "{q}");
        assert!(
            page.body.contains(&format!("/admin/customers/{customer}\"")) && !page.body.contains("Books"),
            "{q}: {}",
            page.body
        );
    }
    let page = find("8001".into()).await;
    assert!(page.body.contains("Port 8001 on local-1"), "{}", page.body);
    let correlation = app.db.text(&format!("SELECT correlation_id FROM jobs WHERE uid = '{uid}'")).await;
    assert!(find(correlation).await.body.contains(&uid[20..]));
    for q in ["zzz", "%25", "_", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "J-ZZZZZZ", "%3Cscript%3E", "%E4%B8%AD"] {
        let page = find(q.to_owned()).await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("Nothing starts with") && page.body.contains("Searched is by the start of"),
            "{q}: {}",
            page.body
        );
        assert!(!page.body.contains("<script>"));
    }
    assert!(sam.get("/admin").await.body.contains("action=\"/admin/search\""), "the box is in every staff page");
}

#[actix_web::test]
async fn failed_jobs_are_cleared_from_the_list_and_nowhere_else() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let page = ada.get("/admin").await;
    assert!(page.body.contains("Nothing needs you") || page.body.contains("does not report"), "{}", page.body);
    assert_eq!(ada.get("/admin/jobs/dismiss").await.status, 409);
    let mut uids = Vec::new();
    for left_over in ["FALSE", "FALSE", "TRUE"] {
        let (id, uid) = app.noop().await;
        app.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE id = {id}")).await;
        app.db
            .sql(&format!(
                "UPDATE jobs SET state = 'failed', finished_at = NOW(6), cleanup_pending = {left_over} WHERE id = {id}"
            ))
            .await;
        uids.push(uid);
    }
    let form = ada.get("/admin/jobs/dismiss").await;
    assert!(form.body.contains("Clear 3 failed jobs?"), "{}", form.body);
    // One more fails while the person reads: it is not cleared unseen.
    let (id, late) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE id = {id}")).await;
    app.db.sql(&format!("UPDATE jobs SET state = 'failed' WHERE id = {id}")).await;
    let all = crate::support::with_tokens(&form, "/admin/jobs/dismiss", &[("newest", &uids[2].to_string())]);
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    for _ in 0..2 {
        let r = ada.post("/admin/jobs/dismiss", &all).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/admin"), "{}", r.body);
    }
    let open: Vec<String> =
        sqlx::query_scalar("SELECT uid FROM jobs WHERE state = 'failed' AND dismissed_at IS NULL ORDER BY id")
            .fetch_all(app.db.db.pool())
            .await
            .unwrap();
    assert_eq!(open, [uids[2].to_string(), late.to_string()], "what left something behind stays, and what came later");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE state = 'failed'").await, 4);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'job.dismiss_failed'").await, 1);
    // Tried again and failed again: it is back.
    let services = &app.services;
    hosting::services::retry_job::retry_job(
        services,
        &app.operator(),
        &uids[0],
        hosting::services::retry_job::Wish::Retry,
    )
    .await
    .unwrap();
    assert_eq!(
        app.db.number(&format!("SELECT COUNT(*) FROM jobs WHERE uid = '{}' AND dismissed_at IS NULL", uids[0])).await,
        1
    );
    // Support sees the list, and no button that it may not press.
    let support = app.staff("sam@example.com", Role::Support).await;
    assert!(!support.get("/admin").await.body.contains("Clear failed jobs"));
    eventually("a button for admins", || async {
        ada.get("/admin").await.body.contains("Clear failed jobs (2)").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn mails_that_do_not_leave_need_somebody() {
    let app = App::new().await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let add = |age: &'static str| {
        let app = &app;
        async move {
            app.db.sql(&format!("INSERT INTO mail_messages (unique_key, template, recipient, subject, state, error, created_at) VALUES (UUID(), 'x', 'a@example.com', 'Hi', 'failed', 'connection refused', NOW(6) - INTERVAL {age})")).await;
        }
    };
    add("25 HOUR").await;
    assert!(!sam.get("/admin").await.body.contains("did not leave"), "old news");
    add("2 HOUR").await;
    add("1 HOUR").await;
    // The overview is at most a second old.
    eventually("both mails on the list", || async {
        sam.get("/admin").await.body.contains("2 mails did not leave since yesterday").then_some(())
    })
    .await;
}
