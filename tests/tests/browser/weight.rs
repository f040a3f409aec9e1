//! What a page costs: bytes over the wire and requests, with a cold cache.

use crate::stage::Stage;
use hosting::domain::Level;
use serde_json::json;
use shopfleet_tests::browser::Browser;
use shopfleet_tests::made_up::MadeUpJob;

/// Opens a page with an empty cache; `(bytes, requests, ms until the DOM was ready, layout shift)`.
async fn cost(browser: &Browser, url: &str) -> (u64, u64, f64, f64) {
    browser.devtools("Network.clearBrowserCache", json!({})).await;
    browser.open("about:blank").await;
    browser.open(url).await;
    let measured = browser
        .script_async(
            "const done = arguments[0]; let shift = 0; \
             new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shift += e.value; }) \
             .observe({ type: 'layout-shift', buffered: true }); \
             requestAnimationFrame(() => setTimeout(() => { \
             const n = performance.getEntriesByType('navigation')[0], r = performance.getEntriesByType('resource'); \
             const foreign = r.filter(e => !e.name.startsWith(location.origin + '/')).map(e => e.name); \
             done([n.transferSize + r.reduce((s, e) => s + e.transferSize, 0), 1 + r.length, \
             n.domContentLoadedEventEnd, shift, foreign, r.map(e => e.name)]); }, 0));",
            Vec::new(),
        )
        .await;
    assert_eq!(measured[4], json!([]), "{url} asks other hosts");
    if std::env::var_os("SHOPFLEET_PICTURES").is_some() {
        println!("    {}", measured[5]);
    }
    (
        measured[0].as_u64().unwrap(),
        measured[1].as_u64().unwrap(),
        measured[2].as_f64().unwrap(),
        measured[3].as_f64().unwrap(),
    )
}

pub async fn pages_stay_light(stage: &Stage) {
    let owner = stage.owner().await;
    let admin = stage.admin().await;
    let visitor = stage.driver.browser("visitor-weight", &shopfleet_tests::browser::Options::default()).await;
    let mut job = MadeUpJob::start(&stage.instance).await;
    let lines: Vec<_> =
        (1..=1000).map(|n| (Level::Info, format!("Checked part {n} of the shop, nothing to do"))).collect();
    job.write(&lines, false).await;
    let log = job.path();
    let pages: &[(&Browser, &str, u64, u64)] = &[
        (&visitor, "/", 40, 4),
        (&visitor, "/pricing", 40, 4),
        (&visitor, "/signup", 30, 4),
        (&visitor, "/login", 30, 4),
        (&visitor, "/verify", 30, 4),
        (owner, "/dashboard", 60, 6),
        (owner, "/dashboard/access", 60, 6),
        (admin, "/admin", 70, 6),
        (admin, "/admin/customers", 70, 6),
        (admin, "/admin/jobs", 70, 6),
        (admin, &log, 110, 7),
    ];
    let mut over = Vec::new();
    println!();
    for (browser, path, most_kb, most_requests) in pages {
        let (bytes, requests, ready, shift) = cost(browser, &stage.url(path)).await;
        println!(
            "    {path:<40} {:>6.1} KB {requests} requests, DOM ready {ready:>4.0} ms, shift {shift:.3}",
            bytes as f64 / 1000.0
        );
        if bytes > most_kb * 1000 || requests > *most_requests || shift > 0.02 {
            over.push(format!(
                "{path}: {bytes} bytes (of {most_kb} KB), {requests} requests (of {most_requests}), shift {shift}"
            ));
        }
    }
    job.finish().await;
    visitor.close().await;
    assert!(over.is_empty(), "{over:#?}");
}

/// When a page may be used: the DOM is ready and no task runs longer than 50 ms any more; and how long its server took.
async fn interactive(browser: &Browser, url: &str) -> (f64, f64) {
    browser.devtools("Network.clearBrowserCache", json!({})).await;
    browser.open("about:blank").await;
    browser.open(url).await;
    let measured = browser
        .script_async(
            "const done = arguments[0]; let last = 0; \
             new PerformanceObserver(l => { for (const e of l.getEntries()) last = Math.max(last, e.startTime + e.duration); }) \
             .observe({ type: 'longtask', buffered: true }); \
             setTimeout(() => { const n = performance.getEntriesByType('navigation')[0]; \
             done([Math.max(n.domContentLoadedEventEnd, last), n.responseStart - n.requestStart]); }, 250);",
            Vec::new(),
        )
        .await;
    (measured[0].as_f64().unwrap(), measured[1].as_f64().unwrap())
}

/// Measured up to so often: a machine of two cores that does something else as well spoils runs, and a page that is too
/// slow is too slow every time.
const TRIES: u32 = 3;
/// Runs whose median counts.
const RUNS: usize = 5;
/// Answers whose slowest but one counts as the 95th of a hundred.
const ANSWERS: usize = 20;

pub async fn pages_can_be_used_at_once(stage: &Stage) {
    let owner = stage.owner().await;
    let admin = stage.admin().await;
    let visitor = stage.driver.browser("visitor-speed", &shopfleet_tests::browser::Options::default()).await;
    let mut job = MadeUpJob::start(&stage.instance).await;
    let lines: Vec<_> =
        (1..=1000).map(|n| (Level::Info, format!("Checked part {n} of the shop, nothing to do"))).collect();
    job.write(&lines, false).await;
    let log = job.path();
    let setup = format!("/setup/{}", stage.setup_job("ana@example.com").await);
    // Path, interactive after ms, 95 of 100 answers of the server within ms.
    let pages: &[(&Browser, &str, f64, f64)] = &[
        (&visitor, "/", 300.0, 50.0),
        (&visitor, "/pricing", 300.0, 50.0),
        (&visitor, "/signup", 300.0, 50.0),
        (&visitor, "/login", 300.0, 50.0),
        (&visitor, "/verify", 300.0, 50.0),
        (owner, &setup, 400.0, 50.0),
        (owner, "/dashboard", 400.0, 50.0),
        (owner, "/dashboard/access", 400.0, 50.0),
        (admin, "/admin", 500.0, 150.0),
        (admin, "/admin/customers", 500.0, 150.0),
        (admin, "/admin/jobs", 500.0, 150.0),
        (admin, &log, 600.0, 150.0),
    ];
    let mut over = Vec::new();
    println!();
    for (browser, path, most, most_server) in pages {
        let url = stage.url(path);
        let mut seen = Vec::new();
        for _ in 0..TRIES {
            let mut ready = Vec::new();
            for _ in 0..RUNS {
                ready.push(interactive(browser, &url).await.0);
            }
            ready.sort_by(f64::total_cmp);
            let server = browser
                .script_async(
                    "const [n, done] = arguments; (async () => { const took = []; for (let i = 0; i < n; i++) { \
                     const at = performance.now(); await (await fetch(location.pathname)).text(); took.push(performance.now() - at); } \
                     took.sort((a, b) => a - b); done(took); })();",
                    vec![json!(ANSWERS)],
                )
                .await;
            let p95 = server[ANSWERS - 2].as_f64().unwrap();
            let median = ready[RUNS / 2];
            seen.push((median, p95));
            let best = seen.iter().fold((f64::INFINITY, f64::INFINITY), |b, s| (b.0.min(s.0), b.1.min(s.1)));
            if best.0 <= *most && best.1 <= *most_server {
                break;
            }
        }
        let (median, p95) = seen.iter().fold((f64::INFINITY, f64::INFINITY), |b, s| (b.0.min(s.0), b.1.min(s.1)));
        println!("    {path:<40} interactive {median:>4.0} ms of {most}, server p95 {p95:>4.0} ms of {most_server}");
        if median > *most || p95 > *most_server {
            over.push(format!("{path}: {seen:?} (interactive, server p95), not {most} and {most_server}"));
        }
    }
    // A telephone is about four times slower.
    for (browser, path) in [(&visitor, "/signup"), (owner, "/dashboard"), (admin, log.as_str())] {
        browser.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })).await;
        let mut best = f64::INFINITY;
        for _ in 0..TRIES {
            best = best.min(interactive(browser, &stage.url(path)).await.0);
            if best <= 1500.0 {
                break;
            }
        }
        browser.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 1 })).await;
        println!("    {path:<40} interactive {best:>4.0} ms on a CPU four times slower");
        if best > 1500.0 {
            over.push(format!("{path}: {best} ms on a slower CPU, not 1500"));
        }
    }
    job.finish().await;
    visitor.close().await;
    assert!(over.is_empty(), "{over:#?}");
}
