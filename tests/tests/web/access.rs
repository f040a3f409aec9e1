//! Credentials and deletion: what an owner may do with the store, and what it takes.

use crate::support::{App, PASSWORD};

#[actix_web::test]
async fn credentials_show_after_a_fresh_proof_and_are_recorded() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    let page = b.get("/dashboard/access").await;
    assert!(page.body.contains("exist after setup"), "{}", page.body);
    app.make_live(&job).await;
    let page = b.get("/dashboard/access").await;
    assert!(
        page.body.contains("••••") && !page.body.contains("store-admin-secret") && page.body.contains("Never shown"),
        "{}",
        page.body
    );
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = b.submit_at("/dashboard/access", "/dashboard/access/reveal", &[("what", "admin")]).await;
    assert_eq!(r.location, "/reauthenticate?next=%2Fdashboard%2Faccess");
    let r = b.submit("/reauthenticate", &[("password", "wrong password"), ("next", "/dashboard/access")]).await;
    assert_eq!(r.status, 422);
    let r = b.submit("/reauthenticate", &[("password", PASSWORD), ("next", "/dashboard/access")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard/access"));
    assert!(
        r.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().starts_with("sf_session=")),
        "a new session id"
    );
    let r = b.submit_at("/dashboard/access", "/dashboard/access/reveal", &[("what", "admin")]).await;
    assert_eq!(r.status, 200);
    assert!(
        r.body.contains("store-admin-secret") && !r.body.contains("store-db-secret") && !r.body.contains("never-shown"),
        "{}",
        r.body
    );
    assert_eq!(r.header("cache-control"), "no-store");
    assert!(b.get("/dashboard/access").await.body.contains("Last shown"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'store.reveal_credentials'").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE details LIKE '%secret%'").await, 0);
    for what in ["", "key_seed", "admin' OR 1=1", "../admin"] {
        let r = b.submit_at("/dashboard/access", "/dashboard/access/reveal", &[("what", what)]).await;
        assert_eq!(r.status, 422, "{what}");
    }
}

#[actix_web::test]
async fn deleting_asks_for_name_and_password_waits_and_can_be_cancelled() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&job).await;
    let before = app.census().await;
    for fields in [
        vec![("confirm", ""), ("password", PASSWORD)],
        vec![("confirm", "Anas Bikes"), ("password", PASSWORD)],
        vec![("confirm", "Ana's Bikes"), ("password", "")],
        vec![("confirm", "Ana's Bikes"), ("password", "wrong password")],
        vec![("confirm", "<script>alert(1)</script>"), ("password", "x")],
    ] {
        let r = b.submit("/dashboard/delete", &fields).await;
        assert_eq!(r.status, 422, "{fields:?}");
        assert!(!r.body.contains("<script>alert"));
    }
    // Facts changed since the page was drawn.
    let r = b
        .submit(
            "/dashboard/delete",
            &[("confirm", "Ana's Bikes"), ("password", PASSWORD), ("version", "0000000000000000")],
        )
        .await;
    assert_eq!(r.status, 409);
    assert_eq!(app.census().await, before);
    let r = b.submit("/dashboard/delete", &[("confirm", "Ana's Bikes"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"), "{}", r.body);
    let days = app.db.number("SELECT DATEDIFF(delete_after, NOW(6)) FROM stores").await;
    assert_eq!(days, 7);
    assert_eq!(app.db.text("SELECT state FROM stores").await, "active", "it keeps running");
    assert!(b.get("/dashboard").await.body.contains("will be deleted on"));
    let r = b.submit_at("/dashboard/delete", "/dashboard/delete/cancel", &[]).await;
    assert_eq!(r.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE delete_after IS NULL").await, 1);
    let subjects: Vec<String> = app.deliver_mail().await.into_iter().map(|m| m.subject).collect();
    assert!(
        subjects.iter().any(|s| s.contains("will be deleted")) && subjects.iter().any(|s| s.contains("stays")),
        "{subjects:?}"
    );
}

#[actix_web::test]
async fn a_failed_set_up_says_why_and_can_be_tried_again() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE uid = '{job}'")).await;
    app.db.sql(&format!("UPDATE jobs SET state = 'failed', finished_at = NOW(6), error_code = 'image_missing', error_reason = 'We could not start your store''s database' WHERE uid = '{job}'")).await;
    app.db.sql("UPDATE stores SET state = 'failed'").await;
    let page = b.get(&format!("/setup/{job}")).await;
    assert!(page.body.contains("We could not finish") && page.body.contains("Nothing was charged"), "{}", page.body);
    assert!(page.body.contains(&webapp::urls::short_job(&job.to_string())), "a reference");
    assert!(b.get("/dashboard").await.body.contains("We could not start your store"));
    let r = b.submit_at(&format!("/setup/{job}"), &format!("/setup/{job}/retry"), &[]).await;
    assert_eq!((r.status, r.location), (303, format!("/setup/{job}")), "{}", r.body);
    assert_eq!(
        app.db.text(&format!("SELECT CONCAT(state, '/', attempt) FROM jobs WHERE uid = '{job}'")).await,
        "queued/2"
    );
    assert_eq!(app.db.text("SELECT state FROM stores").await, "provisioning");
}

#[actix_web::test]
async fn a_failed_job_goes_on_where_it_stopped_or_starts_over() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", hosting::domain::Role::Admin).await;
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let (id, uid) = app.noop().await;
        app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE id = {id}")).await;
        app.db
            .sql(&format!(
                "UPDATE jobs SET state = 'failed', attempt = 1, error_code = 'x', finished_at = NOW(6) WHERE id = {id}"
            ))
            .await;
        for (at, name, state) in [(1, "one", "finished"), (2, "two", "finished"), (3, "three", "failed")] {
            app.db.sql(&format!("INSERT INTO job_steps (job_id, attempt, name, position, title, state, output, finished_at) VALUES ({id}, 1, '{name}', {at}, '{name}', '{state}', '{{}}', NOW(6))")).await;
        }
        jobs.push((id, uid));
    }
    let states = async |id: u64| {
        app.db.text(&format!("SELECT COALESCE(GROUP_CONCAT(CONCAT(name, ' ', state, IF(finished_at IS NULL, ' to come', '')) ORDER BY position SEPARATOR ', '), '') FROM job_steps WHERE job_id = {id} AND attempt = 2")).await
    };
    let path = |uid: &hosting::domain::Uid| format!("/admin/jobs/{uid}");
    let page = staff.get(&path(&jobs[0].1)).await;
    assert!(page.body.contains("Retry from step 3") && page.body.contains("Retry from start"), "{}", page.body);
    let retry = |uid: &hosting::domain::Uid| format!("/admin/jobs/{uid}/retry");
    let r = staff.submit_at(&path(&jobs[0].1), &retry(&jobs[0].1), &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(states(jobs[0].0).await, "", "what is done stands");
    let r = staff.submit_at(&path(&jobs[1].1), &retry(&jobs[1].1), &[("from", "elsewhere")]).await;
    assert_eq!(r.status, 422);
    let r = staff.submit_at(&path(&jobs[1].1), &retry(&jobs[1].1), &[("from", "start")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    // Done again, and taken back if this attempt fails before it comes to them.
    assert_eq!(states(jobs[1].0).await, "one failed to come, two failed to come");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'job.start_over'").await, 1);
    assert!(!staff.get(&path(&jobs[1].1)).await.body.contains("badge s-bad"), "no step has failed yet");
    // After a clean-up nothing stands: there is only the start.
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE id = {id}")).await;
    app.db.sql(&format!("UPDATE jobs SET state = 'failed', attempt = 1, finished_at = NOW(6) WHERE id = {id}")).await;
    app.db.sql(&format!("INSERT INTO job_steps (job_id, attempt, name, position, title, state, finished_at) VALUES ({id}, 1, 'one', 1, 'one', 'undone', NOW(6))")).await;
    let page = staff.get(&path(&uid)).await;
    assert!(page.body.contains("Retry from start") && !page.body.contains("Retry from step"), "{}", page.body);
}

#[actix_web::test]
async fn select_all_acts_on_exactly_what_the_filter_matched() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", hosting::domain::Role::Admin).await;
    let mut waiting = Vec::new();
    for _ in 0..60 {
        waiting.push(app.noop().await.0);
    }
    let (running, _) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE id = {running}")).await;
    assert!(!staff.get("/admin/jobs").await.body.contains("Select all"), "nothing to match without a filter");
    let page = staff.get("/admin/jobs?state=queued").await;
    assert!(page.body.contains("Select all 60 matching (Queued)"), "{}", page.body);
    let fields = [("all", "1"), ("state", "queued"), ("kind", ""), ("q", ""), ("action", "cancel")];
    let mut ask = vec![("csrf_token", page.hidden("csrf_token"))];
    ask.extend(fields.iter().map(|(n, v)| (*n, (*v).to_owned())));
    let ask: Vec<(&str, &str)> = ask.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let named = staff.post("/admin/jobs/bulk", &ask).await;
    assert_eq!(named.status, 200, "{}", named.body);
    assert!(named.body.contains("Cancel 60 jobs?") && named.body.contains("All 60 jobs that match now: Queued."));
    // One more comes, one moves on: neither changes what was asked for.
    let (late, _) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE id = {}", waiting[0])).await;
    let mut act = vec![
        ("csrf_token".to_owned(), named.hidden("csrf_token")),
        ("form_key".to_owned(), named.hidden("form_key")),
        ("action".to_owned(), "cancel".to_owned()),
    ];
    act.extend(
        named
            .body
            .split("name=\"job\" value=\"")
            .skip(1)
            .map(|p| ("job".to_owned(), p.split('"').next().unwrap().to_owned())),
    );
    assert_eq!(act.len(), 63);
    let act: Vec<(&str, &str)> = act.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(staff.post("/admin/jobs/bulk", &act).await.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE state = 'cancelled'").await, 59);
    assert_eq!(app.db.text(&format!("SELECT state FROM jobs WHERE id = {late}")).await, "queued");
    assert_eq!(
        app.db
            .number(&format!("SELECT COUNT(*) FROM jobs WHERE id = {running} AND cancel_requested_at IS NOT NULL"))
            .await,
        0
    );
}

#[actix_web::test]
async fn a_store_without_woocommerce_says_so() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    let store = app.make_live(&job).await;
    assert!(!b.get("/dashboard").await.body.contains("no WooCommerce"), "nothing is known: nothing is said");
    app.db.sql(&format!("UPDATE stores SET facts = '{{\"woocommerce\": \"10.3\"}}' WHERE id = {store}")).await;
    assert!(b.get("/dashboard").await.body.contains("Add your first product"));
    app.db.sql(&format!("UPDATE stores SET facts = '{{\"woocommerce\": null}}' WHERE id = {store}")).await;
    let page = b.get("/dashboard").await.body;
    assert!(
        page.contains("This store has no WooCommerce yet") && page.contains("WordPress, without WooCommerce"),
        "{page}"
    );
    assert!(!page.contains("post_type=product") && !page.contains("wc-settings"), "no links to what is not there");
}

#[actix_web::test]
async fn staff_retry_and_cancel_one_and_many() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", hosting::domain::Role::Admin).await;
    let (_, one) = app.noop().await;
    let (_, two) = app.noop().await;
    let page = staff.get(&format!("/admin/jobs/{one}/cancel")).await;
    assert!(page.body.contains("stops at once"), "{}", page.body);
    let r = staff.submit(&format!("/admin/jobs/{one}/cancel"), &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.text(&format!("SELECT state FROM jobs WHERE uid = '{one}'")).await, "cancelled");
    let r = staff.submit(&format!("/admin/jobs/{one}/cancel"), &[]).await;
    assert_eq!(r.status, 409, "it is over");
    let r = staff.submit(&format!("/admin/jobs/{one}/retry"), &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.text(&format!("SELECT state FROM jobs WHERE uid = '{one}'")).await, "queued");
    // Many: first a page that names them, then the act on exactly those.
    let token = staff.get("/admin/jobs").await.hidden("csrf_token");
    let (a, b) = (one.to_string(), two.to_string());
    let named =
        staff.post("/admin/jobs/bulk", &[("csrf_token", &token), ("job", &a), ("job", &b), ("action", "cancel")]).await;
    assert_eq!(named.status, 200, "{}", named.body);
    assert!(named.body.contains("Cancel 2 jobs?"));
    let key = named.hidden("form_key");
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("job", &a), ("job", &b), ("action", "cancel")];
    assert_eq!(staff.post("/admin/jobs/bulk", &fields).await.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE state = 'cancelled'").await, 2);
    for bad in [vec![("action", "cancel")], vec![("action", "drop"), ("job", a.as_str())]] {
        let mut f = vec![("csrf_token", token.as_str())];
        f.extend(bad);
        assert_eq!(staff.post("/admin/jobs/bulk", &f).await.status, 422);
    }
}
