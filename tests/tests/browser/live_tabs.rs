//! Many logs side by side, and logs nobody looks at.

use crate::live_log::{live, shows};
use crate::stage::{Stage, assert_gapless};
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::eventually;
use shopfleet_tests::made_up::MadeUpJob;
use shopfleet_tests::tls_edge::TlsEdge;
use std::time::{Duration, Instant};

/// As a browser has it with HTTP/2 in front (the guide's own nginx block): over HTTP/1.1 six streams use up all
/// connections and the seventh page could not load at all.
pub async fn seven_tabs_at_once_are_all_live(stage: &Stage) {
    let edge = TlsEdge::start(stage.instance.web_port());
    let browser = stage.driver.browser("tabs", &Options::default()).await;
    stage.sign_in_admin_at(&browser, &edge.url).await;
    let mut jobs = Vec::new();
    let mut tabs = Vec::new();
    for n in 0..7 {
        let mut job = MadeUpJob::start(&stage.instance).await;
        job.numbered(3).await;
        let tab = if n == 0 {
            browser.client.window().await.unwrap()
        } else {
            browser.client.new_window(true).await.unwrap().handle
        };
        browser.client.switch_to_window(tab.clone()).await.unwrap();
        let began = Instant::now();
        browser.open(&format!("{}{}", edge.url, job.path())).await;
        assert!(began.elapsed() < Duration::from_secs(5), "tab {n} opened after {:?}", began.elapsed());
        live(&browser).await;
        let protocol =
            browser.script("return performance.getEntriesByType('navigation')[0].nextHopProtocol", Vec::new()).await;
        assert_eq!(protocol, "h2");
        jobs.push(job);
        tabs.push(tab);
    }
    for job in &mut jobs {
        job.numbered(40).await;
    }
    for (tab, job) in tabs.iter().zip(&mut jobs) {
        browser.client.switch_to_window(tab.clone()).await.unwrap();
        shows(&browser, job.last).await;
        assert_gapless(&browser, 1, job.last.into()).await;
        assert_eq!(kind(&browser).await, "live");
        // Stored to shown through proxy and compression, in a tab that was in the background until now.
        let began = Instant::now();
        job.numbered(1).await;
        shows(&browser, job.last).await;
        assert!(began.elapsed() < Duration::from_secs(2), "a line took {:?}", began.elapsed());
        job.finish().await;
    }
    browser.close().await;
}

async fn kind(browser: &Browser) -> String {
    browser
        .script("return document.querySelector('[data-conn]').dataset.kind", Vec::new())
        .await
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Before the page's own scripts: lets the test say whether the tab is hidden, runs the page's 15 s clock thirty times
/// faster (a hidden minute takes two seconds), and remembers the streams.
const STAND_IN: &str = "(() => { let hidden = false; const streams = [], ES = window.EventSource; \
    Object.defineProperty(Document.prototype, 'hidden', { get: () => hidden }); \
    Object.defineProperty(Document.prototype, 'visibilityState', { get: () => hidden ? 'hidden' : 'visible' }); \
    window.__hide = h => { hidden = h; document.dispatchEvent(new Event('visibilitychange')); }; \
    for (const name of ['setTimeout', 'setInterval']) { const own = window[name]; \
        window[name] = (f, ms, ...more) => own(f, ms === 15000 ? 500 : ms, ...more); } \
    window.EventSource = function (url) { const s = new ES(url); streams.push(s); return s; }; \
    window.__open = () => streams.filter(s => s.readyState !== 2).length; })();";

pub async fn hidden_for_a_minute_closes_the_stream_and_comes_back_without_loss(stage: &Stage) {
    let browser = stage.signed_in_admin("hidden", &Options::default()).await;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": STAND_IN })).await;
    let mut job = MadeUpJob::start(&stage.instance).await;
    job.numbered(20).await;
    browser.open(&stage.url(&job.path())).await;
    live(&browser).await;
    let title = browser.title().await;
    for round in 0..2 {
        assert_eq!(browser.script("return window.__open()", Vec::new()).await, 1);
        browser.script("window.__hide(true)", Vec::new()).await;
        // A glance away keeps the stream.
        if round == 0 {
            browser.script("window.__hide(false)", Vec::new()).await;
            assert_eq!(browser.script("return window.__open()", Vec::new()).await, 1);
            browser.script("window.__hide(true)", Vec::new()).await;
        }
        browser.until("the stream is given back", "return window.__open() === 0").await;
        let before = job.last;
        job.numbered(50).await;
        // A minute of the page's clock.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(browser.script("return window.__open()", Vec::new()).await, 0, "it stays closed");
        assert_gapless(&browser, 1, before.into()).await;
        browser.script("window.__hide(false)", Vec::new()).await;
        live(&browser).await;
        shows(&browser, job.last).await;
        assert_gapless(&browser, 1, job.last.into()).await;
        assert_eq!(browser.title().await, title);
    }
    // The end comes while nobody looks: the title says it.
    browser.script("window.__hide(true)", Vec::new()).await;
    browser.until("the stream is given back", "return window.__open() === 0").await;
    job.numbered(30).await;
    job.finish().await;
    eventually("the title says the result", async || browser.title().await.starts_with("✓ Ready – ").then_some(()))
        .await;
    browser.script("window.__hide(false)", Vec::new()).await;
    browser.until("finished", "return document.querySelector('[data-conn]').dataset.kind === 'done'").await;
    shows(&browser, job.last).await;
    assert_gapless(&browser, 1, job.last.into()).await;
    assert!(browser.title().await.starts_with("Done – "), "{}", browser.title().await);
    // A failure says so, too.
    let mut job = MadeUpJob::start(&stage.instance).await;
    browser.open(&stage.url(&job.path())).await;
    live(&browser).await;
    browser.script("window.__hide(true)", Vec::new()).await;
    browser.until("the stream is given back", "return window.__open() === 0").await;
    job.fail("image_missing", "We could not start your store").await;
    eventually("the title says the result", async || browser.title().await.starts_with("Failed – ").then_some(()))
        .await;
    browser.close().await;
}
