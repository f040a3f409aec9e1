//! Plans as people compare them.

use crate::views::money;
use crate::views::public::Plan as Shown;
use hosting::db::plans::Plan;

/// For cards and the pricing page. The second plan on offer is the one we preselect.
#[must_use]
pub fn shown(plans: &[Plan]) -> Vec<Shown> {
    let best = plans
        .iter()
        .filter(|p| p.state == "offered")
        .nth(1)
        .or_else(|| plans.iter().find(|p| p.state == "offered"))
        .map(|p| p.id);
    plans
        .iter()
        .map(|p| Shown {
            slug: p.slug.clone(),
            name: p.name.clone(),
            price: if p.price_cents == 0 { "Free".into() } else { money(p.price_cents, &p.currency) },
            price_unit: if p.price_cents == 0 { String::new() } else { "a month".into() },
            price_note: if p.price_cents == 0 {
                "No card needed.".into()
            } else {
                "Tax is added where it applies.".into()
            },
            summary: p.summary.clone(),
            limits: limits(p).into_iter().map(|(what, how)| format!("{how} {what}")).collect(),
            best: Some(p.id) == best,
            available: p.state == "offered",
        })
        .collect()
}

/// `(what, how much)` in plain numbers.
#[must_use]
pub fn limits(p: &Plan) -> Vec<(&'static str, String)> {
    vec![
        ("of space", size(p.disk_mb)),
        ("of traffic a month", format!("{} GB", p.bandwidth_gb)),
        ("of memory", size(p.web_memory_mb + p.db_memory_mb + p.redis_memory_mb)),
        (
            if p.cpu_millis == 1000 { "processor core" } else { "processor cores" },
            format!("{}", f64::from(p.cpu_millis) / 1000.0),
        ),
    ]
}

fn size(mb: u32) -> String {
    if mb >= 1024 { format!("{} GB", (f64::from(mb) / 102.4).round() / 10.0) } else { format!("{mb} MB") }
}
