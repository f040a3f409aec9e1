//! axe-core on a page, at every width and in both themes.

use crate::browser::Browser;
use serde_json::{Value, json};

const AXE: &str = include_str!("../data/axe-core/axe.min.js");
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/// CSS pixels: a desk, a phone, and the narrowest screen (or 400 % zoom).
pub const WIDTHS: [u32; 3] = [1280, 360, 320];

/// Looks at the page that is open, in all widths and themes; returns what is wrong, in words.
pub async fn faults(browser: &Browser, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    browser.script(&format!("{AXE}\n;window.axe || (window.axe = axe); return 1;"), Vec::new()).await;
    for width in WIDTHS {
        browser.width(width).await;
        let wide = browser
            .script("const d = document.documentElement; return [d.scrollWidth, d.clientWidth];", Vec::new())
            .await;
        if wide[0].as_u64() > wide[1].as_u64() {
            faults.push(format!("{name}, {width} px: scrolls sideways ({} px wide)", wide[0]));
        }
        for dark in [false, true] {
            browser.dark(dark).await;
            let found = browser
                .script_async(
                    "const [tags, done] = arguments;\
                     Promise.all(document.getAnimations().map(a => a.finished)).then(() => axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }))\
                     .then(r => done(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.target.join(' ') + ': ' + \
                     n.failureSummary.split('\\n').slice(1).join(' ')).slice(0, 4)])), e => done([['axe', String(e), []]]));",
                    vec![json!(TAGS)],
                )
                .await;
            for fault in found.as_array().into_iter().flatten() {
                let nodes: Vec<&str> = fault[2].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let theme = if dark { "dark" } else { "light" };
                faults.push(format!("{name}, {width} px, {theme}: {} – {} {nodes:#?}", fault[0], fault[1]));
            }
        }
    }
    browser.dark(false).await;
    browser.width(1280).await;
    faults
}
