//! Changes of a store from the pages of owners and staff: what they say, what they order, who may.
//! That the work is done is another test's (tests/lifecycle.rs).

use crate::support::{App, PASSWORD};
use hosting::domain::Role;

const OWNERS: [(&str, &str); 5] = [
    ("restart", "restart_store"),
    ("maintenance", "start_maintenance"),
    ("password", "reset_admin_password"),
    ("rename", "rename_store"),
    ("address", "change_address"),
];

/// Ends the job that is changing the store, as a worker would.
async fn end_job(app: &App) {
    app.db.sql("UPDATE jobs SET state = 'started' WHERE state = 'queued' AND exclusive").await;
    app.db.sql("UPDATE jobs SET state = 'finished', finished_at = NOW(6) WHERE state = 'started' AND exclusive").await;
}

#[actix_web::test]
async fn owners_change_their_store_from_pages_that_say_what_happens() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    for (name, _) in OWNERS {
        let page = b.get(&format!("/dashboard/store/{name}")).await;
        assert!(page.status == 409 && page.body.contains("still being set up"), "{name}: {}", page.body);
    }
    app.make_live(&job).await;
    end_job(&app).await;
    let home = b.get("/dashboard").await;
    for (name, kind) in OWNERS {
        let path = format!("/dashboard/store/{name}");
        assert!(home.body.contains(&path), "{name} is not on the dashboard");
        let r = b.submit(&path, &[("name", "Ana & Sons"), ("address", "ana-and-sons")]).await;
        assert_eq!(r.status, 303, "{name}: {}", r.body);
        assert!(r.location.starts_with("/dashboard/jobs/"), "{name}: {}", r.location);
        assert_eq!(
            app.db.number(&format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}' AND state = 'queued'")).await,
            1
        );
        let page = b.get(&r.location).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Ana&#x27;s Bikes") || page.body.contains("Ana&#39;s Bikes"), "{}", page.body);
        // Another customer's is not there, for every address of it.
        for end in ["", "/state", "/log?from=1&to=2", "/log/stream"] {
            assert_eq!(eva.get(&format!("{}{end}", r.location)).await.status, 404, "{end}");
        }
        // One change at a time, in words.
        let again = b.submit("/dashboard/store/restart", &[]).await;
        assert_eq!(again.status, 409);
        assert!(again.body.contains("Another job is changing this store"), "{}", again.body);
        end_job(&app).await;
    }
    for bad in ["suspend", "resume", "plan", "none", "..%2fdelete", "Restart"] {
        assert_eq!(b.get(&format!("/dashboard/store/{bad}")).await.status, 404, "{bad}");
    }
    // Wrong values, changed facts, a form sent twice.
    for name in ["", "<script>\u{7}", &"x".repeat(300)] {
        let r = b.submit("/dashboard/store/rename", &[("name", name)]).await;
        assert_eq!(r.status, 422, "{name}");
        assert!(r.body.contains("There is a problem") && !r.body.contains("<script>\u{7}"));
    }
    let r = b.submit("/dashboard/store/restart", &[("version", "0000000000000000")]).await;
    assert_eq!(r.status, 409);
    let form = b.get("/dashboard/store/restart").await;
    let fields = [
        ("csrf_token", form.hidden("csrf_token")),
        ("form_key", form.hidden("form_key")),
        ("version", form.hidden("version")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let before = app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'restart_store'").await;
    assert_eq!(b.post("/dashboard/store/restart", &fields).await.status, 303);
    end_job(&app).await;
    assert_eq!(b.post("/dashboard/store/restart", &fields).await.location, "/dashboard");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'restart_store'").await, before + 1);
    // A new password is behind the old one.
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = b.get("/dashboard/store/password").await;
    assert_eq!(r.location, "/reauthenticate?next=%2Fdashboard%2Fstore%2Fpassword");
    let r = b.submit("/reauthenticate", &[("password", PASSWORD), ("next", "/dashboard/store/password")]).await;
    assert_eq!(r.location, "/dashboard/store/password");
    assert_eq!(b.get("/dashboard/store/password").await.status, 200);
    // During maintenance the dashboard says so and offers its end.
    app.db.sql("UPDATE stores SET maintenance = TRUE").await;
    let home = b.get("/dashboard").await;
    assert!(home.body.contains("Maintenance is on.") && home.body.contains("End maintenance"), "{}", home.body);
}

#[actix_web::test]
async fn staff_suspend_resume_and_change_plans_with_a_reason() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&job).await;
    end_job(&app).await;
    let admin = app.staff("grace@example.com", Role::Admin).await;
    let support = app.staff("sam@example.com", Role::Support).await;
    let base = "/admin/customers/1/store";
    for name in ["suspend", "restart", "plan"] {
        let path = format!("{base}/{name}");
        assert!(admin.get("/admin/customers/1").await.body.contains(&path), "{name}");
        assert!(!support.get("/admin/customers/1").await.body.contains(&path), "{name}");
        assert_eq!(support.get(&path).await.status, 403, "{name}");
    }
    let page = admin.get(&format!("{base}/resume")).await;
    assert!(page.status == 409 && page.body.contains("The store runs already"), "{}", page.body);
    assert!(
        page.body.contains("href=\"/admin/jobs\"") && !page.body.contains("/signup"),
        "the menu stays: {}",
        page.body
    );
    for (path, status) in [("/admin/customers/999/store/suspend", 404), ("/admin/customers/1/store/password", 404)] {
        assert_eq!(admin.get(path).await.status, status, "{path}");
    }
    let suspend = format!("{base}/suspend");
    let before = app.census().await;
    for fields in [
        vec![("cause", "bill"), ("reason", "")],
        vec![("cause", ""), ("reason", "Bill 7")],
        vec![("cause", "../../etc"), ("reason", "Bill 7")],
        vec![("cause", "bill"), ("reason", "a\nb")],
    ] {
        let r = admin.submit(&suspend, &fields).await;
        assert_eq!(r.status, 422, "{fields:?}");
    }
    for fields in [
        vec![("plan", "none"), ("reason", "x")],
        vec![("plan", "starter"), ("reason", "x")],
        vec![("plan", "business"), ("reason", " ")],
    ] {
        assert_eq!(admin.submit(&format!("{base}/plan"), &fields).await.status, 422, "{fields:?}");
    }
    assert_eq!(app.census().await, before);
    // No plan that is smaller than what the store takes.
    let measured = |mb: u32| {
        format!(
            "INSERT INTO store_usage (store_id, span, at, seconds, samples, cpu_ms, memory_sum, memory_peak, bytes_in, bytes_out, \
             requests, errors, bytes_served, disk_bytes) SELECT 1, 3600, NOW() - INTERVAL 1 HOUR, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, \
             (disk_mb + {mb}) * 1048576 FROM plans WHERE slug = 'business' ON DUPLICATE KEY UPDATE disk_bytes = VALUES(disk_bytes)"
        )
    };
    app.db.sql(&measured(1)).await;
    let before = app.census().await;
    let r = admin.submit(&format!("{base}/plan"), &[("plan", "business"), ("reason", "They grew")]).await;
    assert!(r.status == 422 && r.body.contains("Delete files first, or choose a larger plan"), "{}", r.body);
    assert_eq!(app.census().await, before);
    app.db.sql("DELETE FROM store_usage").await;
    app.db.sql(&measured(0)).await;
    let r = admin.submit(&format!("{base}/plan"), &[("plan", "business"), ("reason", "They grew")]).await;
    assert!(r.status == 303 && r.location.starts_with("/admin/jobs/"), "{}", r.body);
    end_job(&app).await;
    let r = admin.submit(&suspend, &[("cause", "bill"), ("reason", "Bill 7 is open")]).await;
    assert!(r.status == 303 && r.location.starts_with("/admin/jobs/"), "{}", r.body);
    assert!(admin.get(&r.location).await.body.contains("Suspend store"));
    assert_eq!(
        app.db
            .number(
                "SELECT COUNT(*) FROM audit_events WHERE action = 'store.suspend' AND details LIKE '%Bill 7 is open%'"
            )
            .await,
        1
    );
    end_job(&app).await;
    app.db.sql("UPDATE stores SET state = 'suspended'").await;
    let home = b.get("/dashboard").await;
    assert!(home.body.contains("This store is paused. Bill 7 is open."), "{}", home.body);
    let page = b.get("/dashboard/store/restart").await;
    assert!(page.status == 409 && page.body.contains("The store is suspended"), "{}", page.body);
    assert!(admin.get("/admin/customers/1").await.body.contains("Suspended (bill): Bill 7 is open"));
    let r = admin.submit(&format!("{base}/resume"), &[("reason", "Paid")]).await;
    assert!(r.status == 303, "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'resume_store' AND state = 'queued'").await, 1);
}
