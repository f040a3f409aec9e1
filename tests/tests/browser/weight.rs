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
