//! The pages in a real Chromium: accessible in both themes on desktop and phone, no sideways
//! scroll, and a log that never moves what someone reads.
//!
//! `tests/data/axe.min.js` is axe-core 4.14.1 (MPL-2.0), used here only and never shipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    dead_code
)]

#[path = "web/support.rs"]
mod support;

use fantoccini::{Client, ClientBuilder, Locator};
use hosting::domain::Role;
use hosting::progress::{Message, WireLine};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{App, PASSWORD};

/// A chromedriver of this test's own.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    // Waited on when dropped.
    #[allow(clippy::zombie_processes)]
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not installed: run ./scripts/test");
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Self { child, port };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("chromedriver did not start");
    }

    async fn window(&self, width: u32) -> Client {
        let size = format!("--window-size={width},900");
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &size,
        ];
        let mut capabilities = serde_json::Map::new();
        let mut options = json!({ "args": args });
        if width < 500 {
            // A window has a least width; a phone is emulated.
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": 800, "pixelRatio": 1.0, "touch": false } });
        }
        capabilities.insert("goog:chromeOptions".into(), options);
        ClientBuilder::rustls()
            .unwrap()
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn sign_in(c: &Client, base: &str, path: &str, email: &str) {
    c.goto(&format!("{base}{path}")).await.unwrap();
    c.find(Locator::Id("email")).await.unwrap().send_keys(email).await.unwrap();
    c.find(Locator::Id("password")).await.unwrap().send_keys(PASSWORD).await.unwrap();
    c.find(Locator::Css("main form button.main")).await.unwrap().click().await.unwrap();
    c.wait().for_element(Locator::Css(".top form button")).await.unwrap();
}

/// axe's own words for each violation, and the width of what sticks out.
const CHECK: &str = "const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] }).then(r => done({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  found: r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join(' | '))
}));";

async fn check(c: &Client, at: &str) {
    c.execute(&format!("{};0", include_str!("../data/axe.min.js")), vec![]).await.unwrap();
    let result: Value = c.execute_async(CHECK, vec![]).await.unwrap();
    assert_eq!(result["found"], json!([]), "{at}");
    assert!(result["wide"].as_i64().unwrap() <= 0, "{at} scrolls sideways by {}", result["wide"]);
}

#[actix_web::test]
async fn pages_are_accessible_in_both_themes_on_desktop_and_phone() {
    let app = App::new().await;
    let base = app.base.as_str();
    let (_, live) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&live).await;
    let (_, failed) = app.customer("eva@example.com", "Eva").await;
    app.db
        .sql(&format!(
            "UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) WHERE uid = '{failed}'"
        ))
        .await;
    app.db.sql(&format!("INSERT INTO job_steps (job_id, attempt, name, position, title, state) SELECT id, 1, 'reserve', 1, 'Reserve a place', 'failed' FROM jobs WHERE uid = '{failed}'")).await;
    app.db.sql(&format!("INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) SELECT id, 1, 1, 'reserve', 3, 0, NOW(3), 'no free port' FROM jobs WHERE uid = '{failed}'")).await;
    app.db.sql(&format!("UPDATE jobs SET state = 'failed', last_seq = 1, finished_at = NOW(6), error_code = 'no_port', error_reason = 'No place was free' WHERE uid = '{failed}'")).await;
    app.admin("grace@example.com", Role::SuperAdmin, false).await;
    let driver = Driver::start();
    for (width, theme) in [(1280, "light"), (360, "dark"), (1280, "dark"), (320, "light")] {
        let c = driver.window(width).await;
        c.goto(&format!("{base}/pricing")).await.unwrap();
        c.find(Locator::Css(&format!(".theme button[value={theme}]"))).await.unwrap().click().await.unwrap();
        for path in ["/", "/pricing", "/signup", "/verify", "/login", "/admin/login", "/nothing"] {
            c.goto(&format!("{base}{path}")).await.unwrap();
            check(&c, &format!("{path} {width} {theme}")).await;
        }
        sign_in(&c, base, "/login", "ana@example.com").await;
        for path in
            ["/dashboard".to_owned(), "/dashboard/access".into(), "/dashboard/delete".into(), format!("/setup/{live}")]
        {
            c.goto(&format!("{base}{path}")).await.unwrap();
            check(&c, &format!("{path} {width} {theme}")).await;
        }
        sign_in(&c, base, "/admin/login", "grace@example.com").await;
        for path in [
            "/admin".to_owned(),
            "/admin/customers".into(),
            "/admin/customers/2/provisioning".into(),
            "/admin/customers/1".into(),
            "/admin/customers/1/audit".into(),
            "/admin/jobs".into(),
            format!("/admin/jobs/{failed}"),
            format!("/admin/jobs/{failed}/retry"),
            "/admin/system".into(),
        ] {
            c.goto(&format!("{base}{path}")).await.unwrap();
            check(&c, &format!("{path} {width} {theme}")).await;
        }
        c.close().await.unwrap();
    }
}

/// Writes lines as a worker does.
async fn write(app: &App, job: u64, from: u32, count: u32) {
    let values: Vec<String> =
        (from..from + count).map(|n| format!("({job}, {n}, 1, 'a', 1, 0, NOW(3), 'line {n}')")).collect();
    app.db
        .sql(&format!(
            "INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) VALUES {}",
            values.join(",")
        ))
        .await;
    app.db.sql(&format!("UPDATE jobs SET last_seq = {} WHERE id = {job}", from + count - 1)).await;
    let lines = (from..from + count)
        .map(|n| WireLine { n, a: 1, s: "a".into(), l: 1, o: false, t: 1_700_000_000_000, x: format!("line {n}") })
        .collect();
    let message = Message { job, lines, changed: false };
    app.services.queue.publish(&[serde_json::to_string(&message).unwrap()]).await.unwrap();
}

const LOOK: &str = "const b = document.querySelector('.logbox'), l = [...b.querySelectorAll('.l')];
return { lines: l.length, last: l.length ? l[l.length - 1].id : '', top: Math.round(b.scrollTop), below: Math.round(b.scrollHeight - b.clientHeight - b.scrollTop),
  ordered: l.every((e, i) => !i || +e.id.slice(1) > +l[i - 1].id.slice(1)), words: document.querySelector('[data-conn]').textContent,
  button: document.querySelector('.jump').hidden ? '' : document.querySelector('.jump').textContent, picked: getSelection().toString() };";

async fn look_until(c: &Client, what: &str, fine: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..300 {
        seen = c.execute(LOOK, vec![]).await.unwrap();
        if fine(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: {seen}");
}

#[actix_web::test]
async fn the_log_follows_until_a_person_scrolls_and_then_does_not_move() {
    let app = App::new().await;
    app.admin("grace@example.com", Role::Support, false).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), attempt_started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    app.db.sql(&format!("INSERT INTO job_steps (job_id, attempt, name, position, title, state) VALUES ({id}, 1, 'a', 1, 'Start', 'started')")).await;
    write(&app, id, 1, 300).await;
    let driver = Driver::start();
    let c = driver.window(1280).await;
    sign_in(&c, app.base.as_str(), "/admin/login", "grace@example.com").await;
    c.goto(&format!("{}/admin/jobs/{uid}", app.base.as_str())).await.unwrap();
    look_until(&c, "live", |v| v["words"] == "Live" && v["below"] == 0).await;
    write(&app, id, 301, 100).await;
    let seen = look_until(&c, "follows", |v| v["last"] == "L400" && v["below"] == 0).await;
    assert_eq!((&seen["lines"], &seen["ordered"]), (&json!(400), &json!(true)));
    // A person scrolls up and selects; 200 lines come; nothing moves.
    c.execute(
        "const b = document.querySelector('.logbox'); b.dispatchEvent(new WheelEvent('wheel')); b.scrollTop -= 900;
         const r = document.createRange(); r.selectNodeContents(document.querySelector('#L200 > span')); getSelection().removeAllRanges(); getSelection().addRange(r);",
        vec![],
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = look_until(&c, "settled", |_| true).await;
    write(&app, id, 401, 200).await;
    let after = look_until(&c, "the button", |v| v["button"] == "200 new lines ↓").await;
    assert_eq!((&after["top"], &after["picked"]), (&before["top"], &json!("line 200")), "{after}");
    c.find(Locator::Css(".jump")).await.unwrap().click().await.unwrap();
    look_until(&c, "follows again", |v| v["below"] == 0 && v["button"] == "" && v["last"] == "L600").await;
    c.close().await.unwrap();
}
