//! Whole walks by keyboard alone: Tab, Enter, Space and typed text. At every stop the focus can be seen and nothing
//! lies over it.

use crate::stage::{PASSWORD, Stage};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::eventually;
use shopfleet_tests::made_up::MadeUpJob;

/// More stops than any page has.
const STOPS: usize = 150;

/// Presses a key as a keyboard does.
async fn key(browser: &Browser, value: char) {
    let press = KeyActions::new("keys".into()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
    browser.client.perform_actions(press).await.unwrap();
}

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const SPACE: char = ' ';

async fn type_in(browser: &Browser, text: &str) {
    browser.client.active_element().await.unwrap().send_keys(text).await.unwrap();
}

/// What has the focus: its name for people, and what is wrong with how it shows. A radio or box that is drawn by its
/// label is judged by the label.
const FOCUS: &str = "const e = document.activeElement; if (!e || e === document.body) return ['', '', '']; \
    const name = (e.getAttribute('aria-label') || e.textContent.trim() || \
        (e.labels && e.labels[0] && e.labels[0].textContent.trim()) || '').replace(/\\s+/g, ' '); \
    const seen = n => { const s = getComputedStyle(n); \
        return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'; }; \
    const box = n => n.getBoundingClientRect(), around = e.closest('label') || (e.labels && e.labels[0]); \
    const drawn = box(e).width > 2 && getComputedStyle(e).opacity !== '0' || !around ? e : around; \
    const r = box(drawn), wrong = []; \
    if (!seen(e) && !seen(drawn) && !(around && seen(around))) wrong.push('the focus cannot be seen'); \
    if (r.bottom > innerHeight + 1 && r.height < innerHeight || r.top < -1 && r.height < innerHeight || r.width < 1) \
        wrong.push('it is out of sight: ' + [r.top, r.bottom, innerHeight]); \
    else if (r.height < innerHeight) { const x = r.x + Math.min(r.width, 40) / 2, y = r.y + r.height / 2, \
        top = document.elementFromPoint(x, y); \
        if (top && top !== drawn && !drawn.contains(top) && !top.contains(drawn)) \
            wrong.push('something lies over it: ' + top.outerHTML.slice(0, 80)); } \
    return [e.id ? '#' + e.id : '', name, wrong.join(', ')];";

/// Tabs until `wanted` (an id with `#`, or the beginning of the words) has the focus; every stop on the way must show.
async fn tab_to(browser: &Browser, wanted: &str) {
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        key(browser, TAB).await;
        let focus = browser.script(FOCUS, Vec::new()).await;
        let [id, name, wrong] = [0, 1, 2].map(|n| focus[n].as_str().unwrap_or_default().to_owned());
        assert!(wrong.is_empty(), "{} on {}: {wrong}", if name.is_empty() { &id } else { &name }, browser.url().await);
        if id == wanted || name.starts_with(wanted) {
            return;
        }
        stops.push(if name.is_empty() { id } else { name });
    }
    panic!("Tab never gets to {wanted:?} on {}: {stops:?}", browser.url().await);
}

async fn fill(browser: &Browser, field: &str, text: &str) {
    tab_to(browser, field).await;
    type_in(browser, text).await;
}

pub async fn from_sign_up_to_the_dashboard(stage: &Stage) {
    let browser = stage.driver.browser("keys", &Options::default()).await;
    browser.open(&stage.url("/")).await;
    // The first stop leads past the header.
    key(&browser, TAB).await;
    assert_eq!(browser.script(FOCUS, Vec::new()).await[1], "Skip to content");
    tab_to(&browser, "Create your store").await;
    key(&browser, ENTER).await;
    browser.arrives("/signup").await;
    // Sent empty first: the summary has the focus and its first entry leads to its field.
    tab_to(&browser, "#store_name").await;
    key(&browser, ENTER).await;
    browser.says("There is a problem").await;
    assert_eq!(browser.script("return document.activeElement.className", Vec::new()).await, "summary");
    key(&browser, TAB).await;
    key(&browser, ENTER).await;
    browser.until("the field has the focus", "return document.activeElement.id === 'store_name'").await;
    type_in(&browser, "Finn's Fishing").await;
    fill(&browser, "#email", "finn@example.com").await;
    fill(&browser, "#password", PASSWORD).await;
    tab_to(&browser, "Create store").await;
    key(&browser, SPACE).await;
    browser.arrives("/verify").await;
    browser.open(&stage.link("finn@example.com").await).await;
    tab_to(&browser, "Confirm and start my store").await;
    key(&browser, ENTER).await;
    browser.arrives("/setup/").await;
    browser.says("Open store").await;
    tab_to(&browser, "Go to your dashboard").await;
    key(&browser, ENTER).await;
    browser.arrives("/dashboard").await;
    browser.says("Finn's Fishing").await;
    tab_to(&browser, "Sign out").await;
    key(&browser, ENTER).await;
    browser.arrives("/login").await;
    browser.close().await;
}

pub async fn from_staff_sign_in_to_a_retry(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    job.numbered(40).await;
    job.fail("image_missing", "We could not start your store").await;
    let browser = stage.driver.browser("staff-keys", &Options::default()).await;
    browser.open(&stage.url("/admin/login")).await;
    fill(&browser, "#email", &stage.instance.admin_email).await;
    fill(&browser, "#password", &stage.instance.admin_password()).await;
    key(&browser, ENTER).await;
    browser.says("What needs you").await;
    tab_to(&browser, "Do nothing failed").await;
    key(&browser, ENTER).await;
    browser.arrives(&job.path()).await;
    assert_eq!(browser.text_of("[data-state-badge]").await, "Failed");
    tab_to(&browser, "Retry").await;
    key(&browser, SPACE).await;
    browser.says("A new attempt is on its way").await;
    eventually("the job waits again", async || {
        let state: String = sqlx::query_scalar("SELECT state FROM jobs WHERE uid = ?")
            .bind(&job.uid)
            .fetch_one(&stage.instance.pool)
            .await
            .unwrap();
        (state != "failed").then_some(())
    })
    .await;
    // Every stop of the page with the log shows, too: all the way round.
    tab_to(&browser, "Log lines").await;
    tab_to(&browser, "Auto").await;
    browser.close().await;
}
