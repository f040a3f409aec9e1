//! The live log: nothing lost, doubled or out of order, and nobody's place moved.

use crate::stage::{LINES, Stage, assert_gapless};
use hosting::domain::Level;
use serde_json::json;
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::cutting_proxy::CuttingProxy;
use shopfleet_tests::eventually;
use shopfleet_tests::made_up::MadeUpJob;
use std::time::{Duration, Instant};

pub async fn live(browser: &Browser) {
    browser.until("the stream is live", "return document.querySelector('[data-conn]').dataset.kind === 'live'").await;
}

/// Waits until line `n` is in the page.
pub async fn shows(browser: &Browser, n: u32) {
    let script = format!(
        "return [...document.querySelectorAll('.logbox .l')].some(l => \
        +l.id.slice(1) <= {n} && +(l.dataset.to || l.id.slice(1)) >= {n})"
    );
    browser.until(&format!("line {n} is shown"), &script).await;
}

pub async fn reload_in_mid_job(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    let admin = stage.admin().await;
    job.numbered(30).await;
    admin.open(&stage.url(&job.path())).await;
    live(admin).await;
    for _ in 0..5 {
        job.numbered(7).await;
        // Lines go on between the page and its stream.
        let (_, reloaded) = tokio::join!(job.numbered(5), admin.client.refresh());
        reloaded.unwrap();
        job.numbered(3).await;
    }
    shows(admin, job.last).await;
    assert_gapless(admin, 1, job.last.into()).await;
    job.finish().await;
    admin.until("finished", "return document.querySelector('[data-conn]').textContent.startsWith('Finished')").await;
    assert_gapless(admin, 1, job.last.into()).await;
    assert_eq!(admin.text_of("[data-state-badge]").await, "Done");
}

pub async fn thirty_cuts_lose_double_and_swap_nothing(stage: &Stage) {
    let proxy = CuttingProxy::start(stage.instance.web_port()).await;
    let through = Options { no_script: false, through: Some((stage.instance.web_port(), proxy.port)) };
    let browser = stage.signed_in_admin("cut", &through).await;
    let mut job = MadeUpJob::start(&stage.instance).await;
    job.numbered(10).await;
    browser.open(&stage.url(&job.path())).await;
    live(&browser).await;
    for n in 0..30_u32 {
        // Lines before, during and after each cut; every third time Redis forgets to tell.
        job.numbered(1 + n % 4).await;
        proxy.cut();
        browser.until("the cut is seen", "return document.querySelector('[data-conn]').dataset.kind !== 'live'").await;
        let more: Vec<_> = (0..3).map(|k| (Level::Info, format!("during cut {n}, {k}"))).collect();
        job.write(&more, n % 3 != 0).await;
        // Every fifth waits for its own retry, the others press "Try now".
        if n % 5 != 0 {
            browser
                .until(
                    "asked to try now",
                    "const b = document.querySelector('[data-conn] button'); \
                     if (b) b.click(); return !!b || document.querySelector('[data-conn]').dataset.kind === 'live'",
                )
                .await;
        }
        live(&browser).await;
    }
    job.numbered(2).await;
    shows(&browser, job.last).await;
    assert_gapless(&browser, 1, job.last.into()).await;
    job.finish().await;
    browser.close().await;
}

pub async fn a_restart_of_the_web_process_and_503s_are_survived(stage: &Stage) {
    let proxy = CuttingProxy::start(stage.instance.web_port()).await;
    let through = Options { no_script: false, through: Some((stage.instance.web_port(), proxy.port)) };
    let browser = stage.signed_in_admin("restart", &through).await;
    let mut job = MadeUpJob::start(&stage.instance).await;
    job.numbered(5).await;
    browser.open(&stage.url(&job.path())).await;
    live(&browser).await;

    proxy.refuse(true);
    proxy.cut();
    browser
        .until(
            "it says that it waits",
            "return document.querySelector('[data-conn]').textContent.includes('Reconnecting')",
        )
        .await;
    job.numbered(4).await;
    proxy.refuse(false);
    live(&browser).await;
    shows(&browser, job.last).await;

    let before = stage.instance.pid("web").unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(before), nix::sys::signal::Signal::SIGKILL).unwrap();
    job.numbered(6).await;
    eventually("another web process", async || stage.instance.pid("web").filter(|pid| *pid != before)).await;
    browser
        .until(
            "live again",
            "const c = document.querySelector('[data-conn]'), b = c.querySelector('button'); \
        if (b) b.click(); return c.dataset.kind === 'live' && document.getElementById('L15')",
        )
        .await;
    job.numbered(3).await;
    shows(&browser, job.last).await;
    assert_gapless(&browser, 1, job.last.into()).await;
    job.finish().await;
    browser.close().await;
}

pub async fn hostile_text_stays_text(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    let admin = stage.admin().await;
    // One line before the page is drawn, the same again through the stream.
    let hostile = [
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
        "\u{1b}[31mred\u{1b}[0m \u{1b}[2J\u{1b}[Hcursor \u{1b}]0;owned title\u{7}after",
        "\u{1b}]8;;javascript:document.title='owned'\u{1b}\\a link\u{1b}]8;;\u{1b}\\ end",
        "\" onmouseover=\"document.title='owned'\" '--></div></details>",
        "\u{202e}gnp.exe\u{0}\u{8}\u{9b}31m javascript:alert(1)",
    ];
    let lines: Vec<_> = hostile.iter().map(|t| (Level::Info, (*t).to_owned())).collect();
    job.write(&lines, true).await;
    admin.open(&stage.url(&job.path())).await;
    live(admin).await;
    job.write(&lines, true).await;
    shows(admin, job.last).await;
    let shown = admin.script(LINES, Vec::new()).await;
    let texts: Vec<&str> = shown.as_array().unwrap().iter().map(|l| l[2].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 2 * hostile.len());
    assert_eq!(texts[..hostile.len()], texts[hostile.len()..], "page and stream draw the same");
    assert_eq!(texts[0], hostile[0]);
    assert_eq!(texts[1], "red cursor after");
    assert_eq!(texts[2], "a link end");
    assert_eq!(texts[3], hostile[3]);
    let inside = "return document.querySelectorAll('.logbox script, .logbox img, .logbox [onmouseover], \
        .logbox a[href^=\"javascript:\"]').length";
    assert_eq!(admin.script(inside, Vec::new()).await, json!(0));
    assert!(!admin.title().await.contains("owned"));
    assert_gapless(admin, 1, job.last.into()).await;
    job.finish().await;
}

pub async fn a_reader_scrolled_up_stays_put(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    let admin = stage.admin().await;
    job.numbered(300).await;
    admin.open(&stage.url(&job.path())).await;
    live(admin).await;
    admin
        .until(
            "it follows",
            "const b = document.querySelector('.logbox'); \
        return b.scrollHeight - b.clientHeight - b.scrollTop < 2",
        )
        .await;
    // Up as a person does it: with the wheel.
    let at = admin
        .script("const r = document.querySelector('.logbox').getBoundingClientRect(); \
            document.querySelector('.logbox').scrollIntoView(); const s = document.querySelector('.logbox').getBoundingClientRect(); \
            return [s.x + s.width / 2, s.y + s.height / 2, r.y];", Vec::new())
        .await;
    let wheel = json!({ "type": "mouseWheel", "x": at[0], "y": at[1], "deltaX": 0, "deltaY": -2000 });
    admin.devtools("Input.dispatchMouseEvent", wheel).await;
    admin
        .until(
            "it stopped following",
            "const b = document.querySelector('.logbox'); \
        if (b.__t !== b.scrollTop) { b.__t = b.scrollTop; return false; } \
        return document.querySelector('[data-act=follow]').getAttribute('aria-pressed') === 'false'",
        )
        .await;
    // A selected word, and where the line in the middle of the box is.
    let place = "const b = document.querySelector('.logbox'), r = b.getBoundingClientRect(); \
        const l = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).closest('.l'); ";
    admin
        .script(
            &format!("{place} getSelection().selectAllChildren(l.querySelector('span')); window.__line = l.id;"),
            Vec::new(),
        )
        .await;
    let measure = "return [document.getElementById(window.__line).getBoundingClientRect().y, \
        document.querySelector('.logbox').scrollTop, getSelection().toString(), window.__line]";
    let before = admin.script(measure, Vec::new()).await;
    for _ in 0..5 {
        job.numbered(120).await;
        shows(admin, job.last).await;
        assert_eq!(admin.script(measure, Vec::new()).await, before, "0 px, and the selection is kept");
    }
    assert_eq!(admin.text_of(".jump").await, "600 new lines ↓");
    admin.script("getSelection().removeAllRanges()", Vec::new()).await;
    admin.click(".jump").await;
    admin
        .until(
            "at the end",
            "const b = document.querySelector('.logbox'); \
        return b.scrollHeight - b.clientHeight - b.scrollTop < 2 && document.querySelector('.jump').hidden",
        )
        .await;
    assert_gapless(admin, 1, job.last.into()).await;
    job.finish().await;
}

pub async fn fifty_thousand_lines(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    let admin = stage.admin().await;
    let lines: Vec<_> = (1..=50_000).map(|n| (Level::Info, format!("line number {n} of a long job"))).collect();
    job.write(&lines, false).await;
    let began = Instant::now();
    admin.open(&stage.url(&job.path())).await;
    let opened = began.elapsed();
    live(admin).await;
    assert_gapless(admin, 49_001, 50_000).await;
    assert!(opened < Duration::from_secs(3), "the newest 1,000 lines opened after {opened:?}");
    // Everything into the page, a thousand at a time.
    for n in 1..=49 {
        admin.click("[data-act=older]").await;
        let first = 50_000 - 999 - n * 1000;
        admin.until("older lines", &format!("return !!document.getElementById('L{first}')")).await;
    }
    assert_gapless(admin, 1, 50_000).await;
    let rows = "return document.querySelectorAll('.logbox .l').length";
    assert_eq!(admin.script(rows, Vec::new()).await, 50_000);
    // A hundred more, measured in the page: from the frame that gets them to the end of its layout.
    admin
        .script(
            "window.__slow = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) \
            window.__slow = Math.max(window.__slow, e.duration); }).observe({ entryTypes: ['longtask'] });",
            Vec::new(),
        )
        .await;
    let began = Instant::now();
    job.numbered(100).await;
    admin.until("the new lines", "return !!document.getElementById('L50100')").await;
    let took = began.elapsed();
    let slow = admin.script("return window.__slow", Vec::new()).await;
    println!("(opened after {opened:?}; 100 lines shown after {took:?} at 50,000; longest task {slow} ms) ");
    assert!(took < Duration::from_secs(3), "100 lines took {took:?}");
    let shown = admin.script(rows, Vec::new()).await.as_u64().unwrap();
    assert!(shown <= 50_000, "{shown} lines are kept");
    assert_gapless(admin, 50_100 - shown + 1, 50_100).await;
    job.finish().await;
}

pub async fn a_link_to_a_line_that_is_not_loaded(stage: &Stage) {
    let mut job = MadeUpJob::start(&stage.instance).await;
    let admin = stage.admin().await;
    job.numbered(5_000).await;
    job.finish().await;
    admin.open(&stage.url(&format!("{}?line=214-220#L214", job.path()))).await;
    admin.until("the lines are marked", "return document.querySelectorAll('.l.on').length === 7").await;
    let seen = "const b = document.querySelector('.logbox').getBoundingClientRect(), \
        l = document.getElementById('L214').getBoundingClientRect(); \
        return l.top >= b.top && l.bottom <= b.bottom && l.top >= 0 && l.bottom <= innerHeight";
    admin.until("line 214 is in sight", seen).await;
    assert_gapless(admin, 14, 1_014).await;
}
