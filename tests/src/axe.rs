//! axe-core on a page, at every width and in both themes.

use crate::browser::Browser;
use serde_json::{Value, json};

const AXE: &str = include_str!("../data/axe-core/axe.min.js");
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/// CSS pixels: a desk, a phone, and the narrowest screen (or 400 % zoom).
pub const WIDTHS: [u32; 3] = [1280, 360, 320];

/// What people decided where axe cannot: rule, and part of the element's markup or `*`.
fn decided() -> Vec<[&'static str; 2]> {
    include_str!("../data/axe-incomplete.md")
        .lines()
        .filter_map(|l| l.strip_prefix("| `"))
        .map(|l| {
            let mut cells = l.split('|').map(|c| c.trim().trim_matches('`'));
            let row = [cells.next().unwrap_or_default(), cells.next().unwrap_or_default()];
            assert!(cells.next().is_some_and(|why| why.len() > 20), "a row of axe-incomplete.md without a reason: {l}");
            row
        })
        .collect()
}

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
                    "const [tags, fine, done] = arguments;\
                     Promise.all(document.getAnimations().map(a => a.finished)).then(() => axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations', 'incomplete'] }))\
                     .then(r => done(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.target.join(' ') + ': ' + \
                     n.failureSummary.split('\\n').slice(1).join(' ')).slice(0, 4)]).concat(r.incomplete.map(v => \
                     [v.id, 'cannot be decided: ' + v.help, v.nodes.filter(n => !fine.some(f => f[0] === v.id && (f[1] === '*' || \
                     n.html.includes(f[1])))).map(n => n.target.join(' ') + ': ' + n.html.slice(0, 200) + ' ' + \
                     n.any.concat(n.all, n.none).map(c => c.message).join('; ')).slice(0, 4)]).filter(v => v[2].length))), \
                     e => done([['axe', String(e), []]]));",
                    vec![json!(TAGS), json!(decided())],
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
