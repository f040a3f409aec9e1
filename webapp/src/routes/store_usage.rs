//! What a store used, as owners and staff see it: meters against the plan, charts of a day or a week, tables. The caller
//! has looked the store up within the caller's scope.

use crate::chart::{Plot, Series, draw};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::usage::{Figure, UsageMeter, UsagePart};
use crate::views::{Badge, Link, Meter, exact_time};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::plans::Plan;
use hosting::db::store_usage::{LONG, SHORT, Usage};
use hosting::db::stores::Store;
use time::PlainDateTime;

/// What can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    key: &'static str,
    words: &'static str,
    /// Seconds of a row.
    pub span: u16,
    hours: u32,
}

const RANGES: [Range; 2] = [
    Range { key: "", words: "24 hours", span: SHORT, hours: 24 },
    Range { key: "7d", words: "7 days", span: LONG, hours: 168 },
];

/// From here on something is called nearly used up.
const NEARLY: f64 = 0.9;
const MB: f64 = 1_048_576.0;
const GB: f64 = 1_000_000_000.0;

/// A day in rows of five minutes, or a week in rows of an hour.
#[must_use]
pub fn range(week: bool) -> Range {
    RANGES[usize::from(week)]
}

/// What was measured of a store, and what its plan allows.
pub struct Numbers {
    /// In order of time, with gaps.
    pub rows: Vec<Usage>,
    /// The newest size of its directory.
    pub disk: Option<u64>,
    /// Bytes sent to visitors this month.
    pub served: u64,
    /// Its plan.
    pub plan: Plan,
}

/// Reads them.
///
/// # Errors
/// Database trouble.
pub async fn numbers(ctx: &Ctx, store: &Store, range: Range) -> Result<Numbers, WebError> {
    let mut conn = ctx.state().services.db.read().await?;
    let rows = conn.store_usage().of_store(store.id, range.span, range.hours).await?;
    let served = conn.store_usage().served_this_month(store.id).await?;
    // Space is measured once an hour, which a day of short rows may not show yet.
    let disk = conn.store_usage().of_store(store.id, LONG, 48).await?.iter().rev().find_map(|r| some(r.disk_bytes));
    let plan =
        conn.plans().get(store.plan_id).await?.ok_or_else(|| WebError::Internal("a store without a plan".into()))?;
    Ok(Numbers { rows, disk, served, plan })
}

/// The page's part.
///
/// # Errors
/// Database trouble.
pub async fn part(ctx: &Ctx, store: &Store, here: &str, query: &Query) -> Result<UsagePart, WebError> {
    let wished = query.get("range")?;
    let range = RANGES.into_iter().find(|r| r.key == wished).unwrap_or(RANGES[0]);
    let Numbers { rows, disk, served, plan } = numbers(ctx, store, range).await?;
    Ok(view(&rows, range, &plan, (disk, served), now_plain(), here))
}

/// 0 says that it was not measured.
#[must_use]
pub fn some(n: u64) -> Option<u64> {
    (n > 0).then_some(n)
}

fn view(
    rows: &[Usage],
    range: Range,
    plan: &Plan,
    (disk, served): (Option<u64>, u64),
    now: PlainDateTime,
    here: &str,
) -> UsagePart {
    let begin = now - time::Duration::hours(i64::from(range.hours));
    let memory_limit = f64::from(plan.web_memory_mb + plan.db_memory_mb + plan.redis_memory_mb) * MB;
    let cpu_limit = f64::from(plan.cpu_millis) / 1000.0;
    let disk_limit = f64::from(plan.disk_mb) * MB;
    let traffic_limit = f64::from(plan.bandwidth_gb) * GB;
    let newest = rows.last().filter(|r| (now - r.at).whole_seconds() < 2 * i64::from(range.span));
    let memory_now = newest.map(|r| r.memory_sum as f64 / f64::from(r.samples.max(1)));
    let cpu_now = newest.map(cores);
    let meters = vec![
        meter("m-disk", "Space", disk.map(|d| d as f64), disk_limit, bytes),
        meter("m-traffic", "Traffic this month", Some(served as f64), traffic_limit, decimal_bytes),
        meter("m-memory", "Memory now", memory_now, memory_limit, bytes),
        meter("m-cpu", "Processor now", cpu_now, cpu_limit, cores_text),
    ];
    let mut warnings = Vec::new();
    let peak = rows.iter().map(|r| r.memory_peak as f64).fold(0.0, f64::max);
    for (what, used, limit, words) in [
        (
            "space",
            disk.map(|d| d as f64),
            disk_limit,
            "When it is full, uploads and orders fail. Remove what you do not need, or ask for a larger plan.",
        ),
        ("traffic of this month", Some(served as f64), traffic_limit, "Ask for a larger plan if your shop grows."),
        (
            "memory",
            (peak > 0.0).then_some(peak),
            memory_limit,
            "A shop at its limit gets slow, and parts of it may be started again.",
        ),
    ] {
        match used.map(|u| u / limit.max(1.0)) {
            Some(part) if part >= 1.0 => warnings.push(format!("All {what} of the plan is used. {words}")),
            Some(part) if part >= NEARLY => {
                warnings.push(format!("{} % of the plan's {what} is used. {words}", (part * 100.0).floor()));
            }
            _ => {}
        }
    }
    let ranges = RANGES
        .into_iter()
        .map(|r| Link {
            href: format!("{here}{}", urls::query(&[("range", r.key)])),
            label: r.words.into(),
            current: r == range,
        })
        .collect();
    let badge = match (newest.is_some(), warnings.is_empty()) {
        (false, _) => Some(Badge::new("unknown", "No data now")),
        (true, false) => Some(Badge::new("warning", "Nearly full")),
        (true, true) => None,
    };
    UsagePart {
        ranges,
        meters,
        warnings,
        badge,
        gaps: gaps(rows, range),
        figures: if rows.is_empty() { Vec::new() } else { figures(rows, range, begin, (cpu_limit, memory_limit)) },
        empty: "Nothing was measured in this time. The first numbers come a few minutes after a store is live; while its server is away there are none.".into(),
    }
}

/// What is not in the charts, in words.
fn gaps(rows: &[Usage], range: Range) -> String {
    let span = i64::from(range.span);
    let gaps = rows.windows(2).filter(|w| (w[1].at - w[0].at).whole_seconds() > 2 * span).count();
    match gaps {
        0 => String::new(),
        1 => "There is a gap: for a while nothing was measured, because the store or its server was away.".into(),
        n => format!("There are {n} gaps: nothing was measured then, because the store or its server was away."),
    }
}

fn figures(rows: &[Usage], range: Range, begin: PlainDateTime, (cpu_limit, memory_limit): (f64, f64)) -> Vec<Figure> {
    let seconds = f64::from(range.hours) * 3600.0;
    let at = |r: &Usage| (r.at - begin).as_seconds_f64() + f64::from(range.span) / 2.0;
    let points = |value: &dyn Fn(&Usage) -> f64| rows.iter().map(|r| (at(r), value(r))).collect::<Vec<_>>();
    let highest = |points: &[(f64, f64)]| points.iter().map(|p| p.1).fold(0.0, f64::max);
    let times = times(begin, range);
    let table = |values: &[&dyn Fn(&Usage) -> String]| {
        // A day of five minutes would be 288 rows: the table has one of each half hour.
        let step = if range.span == SHORT { 6 } else { 1 };
        let mut rows: Vec<Vec<String>> = rows
            .iter()
            .step_by(step)
            .map(|r| std::iter::once(exact_time(r.at).replace(" UTC", "")).chain(values.iter().map(|v| v(r))).collect())
            .collect();
        rows.reverse();
        rows
    };
    let plot = |key, title, summary, series, limit, words, base| {
        draw(&Plot {
            key,
            title,
            summary,
            series,
            seconds,
            span: f64::from(range.span),
            limit,
            times: times.clone(),
            words,
            base,
        })
    };
    let cpu = points(&cores);
    let average = points(&|r| r.memory_sum as f64 / f64::from(r.samples.max(1)));
    let peak = points(&|r| r.memory_peak as f64);
    let requests = points(&|r| per_minute(r.requests, r));
    let errors = points(&|r| per_minute(r.errors, r));
    let (inward, outward) = (points(&|r| per_second(r.bytes_in, r)), points(&|r| per_second(r.bytes_out, r)));
    let disk: Vec<(f64, f64)> =
        rows.iter().filter(|r| r.disk_bytes > 0).map(|r| (at(r), r.disk_bytes as f64)).collect();
    let all = |which: fn(&Usage) -> u64| rows.iter().map(which).sum::<u64>();
    let mut figures = vec![
        Figure {
            chart: plot(
                "cpu",
                "Processor",
                format!("At most {} of {} in {}.", cores_text(highest(&cpu)), cores_text(cpu_limit), range.words),
                &[Series { name: "Cores in use", points: &cpu }],
                Some((cpu_limit, format!("Plan: {}", cores_text(cpu_limit)))),
                cores_text,
                10.0,
            ),
            columns: vec!["Cores"],
            rows: table(&[&|r| cores_text(cores(r))]),
        },
        Figure {
            chart: plot(
                "memory",
                "Memory",
                format!("At most {} of {} in {}.", bytes(highest(&peak)), bytes(memory_limit), range.words),
                &[Series { name: "Average", points: &average }, Series { name: "Highest", points: &peak }],
                Some((memory_limit, format!("Plan: {}", bytes(memory_limit)))),
                bytes,
                1024.0,
            ),
            columns: vec!["Average", "Highest"],
            rows: table(&[&|r| bytes(r.memory_sum as f64 / f64::from(r.samples.max(1))), &|r| {
                bytes(r.memory_peak as f64)
            }]),
        },
        Figure {
            chart: plot(
                "requests",
                "Requests a minute",
                format!("{} requests in {}, {} of them failed.", all(|r| r.requests), range.words, all(|r| r.errors)),
                &[Series { name: "All", points: &requests }, Series { name: "Failed", points: &errors }],
                None,
                number,
                10.0,
            ),
            columns: vec!["Requests", "Failed"],
            rows: table(&[&|r| r.requests.to_string(), &|r| r.errors.to_string()]),
        },
        Figure {
            chart: plot(
                "network",
                "Network a second",
                format!(
                    "{} to the store and {} from it in {}.",
                    decimal_bytes(all(|r| r.bytes_in) as f64),
                    decimal_bytes(all(|r| r.bytes_out) as f64),
                    range.words
                ),
                &[
                    Series { name: "To the store", points: &inward },
                    Series { name: "From the store", points: &outward },
                ],
                None,
                decimal_bytes,
                10.0,
            ),
            columns: vec!["To the store", "From the store"],
            rows: table(&[&|r| decimal_bytes(r.bytes_in as f64), &|r| decimal_bytes(r.bytes_out as f64)]),
        },
    ];
    if let Some((_, newest)) = disk.last().copied() {
        figures.push(Figure {
            // Measured once an hour: its points are as far apart.
            chart: draw(&Plot {
                key: "disk",
                title: "Space",
                summary: format!("{} now.", bytes(newest)),
                series: &[Series { name: "On disk", points: &disk }],
                seconds,
                span: f64::from(LONG) * 1.2,
                limit: None,
                times: times.clone(),
                words: bytes,
                base: 1024.0,
            }),
            columns: vec!["On disk"],
            rows: table(&[&|r| some(r.disk_bytes).map_or_else(|| "–".into(), |d| bytes(d as f64))]),
        });
    }
    figures
}

/// Words below the drawing: five moments of the time shown.
fn times(begin: PlainDateTime, range: Range) -> Vec<(f64, String)> {
    let length = f64::from(range.hours) * 3600.0;
    (1..=4u32)
        .map(|i| {
            let part = (f64::from(i) * 2.0 - 1.0) / 8.0;
            let at = begin + time::Duration::seconds_f64(length * part);
            let words = if range.span == SHORT {
                format!("{:02}:{:02}", at.hour(), at.minute())
            } else {
                let month = format!("{}", at.month());
                format!("{} {}", at.day(), &month[..3])
            };
            (length * part, words)
        })
        .collect()
}

fn meter(id: &str, label: &'static str, used: Option<f64>, limit: f64, words: fn(f64) -> String) -> UsageMeter {
    let scaled = |v: f64| v.max(0.0).round() as u64;
    // Whole numbers on the bar: thousandths, so that half a core is not nothing.
    let (value, max) = (scaled(used.unwrap_or(0.0) * 1000.0), scaled(limit * 1000.0).max(1));
    let text = used.map_or_else(
        || format!("not measured yet, of {}", words(limit)),
        |u| format!("{} of {}", words(u), words(limit)),
    );
    let bar = Meter { id: id.into(), text, value: value.min(max), max, low: max / 10 * 8, high: max / 10 * 9 };
    UsageMeter { label, bar }
}

fn cores(r: &Usage) -> f64 {
    r.cpu_ms as f64 / 1000.0 / f64::from(r.seconds.max(1))
}

fn per_minute(n: u64, r: &Usage) -> f64 {
    n as f64 * 60.0 / f64::from(r.seconds.max(1))
}

fn per_second(n: u64, r: &Usage) -> f64 {
    n as f64 / f64::from(r.seconds.max(1))
}

fn number(v: f64) -> String {
    if v >= 100.0 || v.fract() == 0.0 { format!("{v:.0}") } else { format!("{v:.1}") }
}

fn cores_text(v: f64) -> String {
    let text = if v < 0.1 && v > 0.0 { format!("{v:.3}") } else { format!("{v:.2}") };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} {}", if text == "1" { "core" } else { "cores" })
}

/// As plans write memory and space.
fn bytes(v: f64) -> String {
    match v {
        v if v >= 1024.0 * MB => format!("{} GB", number((v / MB / 102.4).round() / 10.0)),
        v if v >= MB => format!("{} MB", (v / MB).round()),
        v => format!("{} kB", (v / 1024.0).round()),
    }
}

/// As plans write traffic.
fn decimal_bytes(v: f64) -> String {
    match v {
        v if v >= GB => format!("{} GB", number((v / GB * 10.0).round() / 10.0)),
        v if v >= 1e6 => format!("{} MB", number((v / 1e5).round() / 10.0)),
        v if v >= 1e3 => format!("{} kB", number((v / 100.0).round() / 10.0)),
        v => format!("{v:.0} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn plan() -> Plan {
        Plan {
            id: 1,
            slug: "start".into(),
            name: "Start".into(),
            summary: String::new(),
            price_cents: 0,
            currency: "EUR".into(),
            state: "offered".into(),
            cpu_millis: 1000,
            web_memory_mb: 512,
            db_memory_mb: 448,
            redis_memory_mb: 64,
            pids: 100,
            disk_mb: 1000,
            bandwidth_gb: 100,
            staging_limit: 0,
            backups_kept: 0,
        }
    }

    fn row(minutes: i64, memory_mb: u64) -> Usage {
        Usage {
            at: datetime!(2026-11-21 10:00) - time::Duration::minutes(minutes),
            seconds: 300,
            samples: 5,
            cpu_ms: 75_000,
            memory_sum: (memory_mb * 5) << 20,
            memory_peak: memory_mb << 20,
            bytes_in: 300_000,
            bytes_out: 600_000,
            requests: 50,
            errors: 5,
            bytes_served: 1,
            disk_bytes: 0,
        }
    }

    #[test]
    fn numbers_of_the_store_become_meters_charts_and_tables() {
        let now = datetime!(2026-11-21 10:02);
        let rows = [row(60, 100), row(5, 200), row(0, 300)];
        let part = view(&rows, RANGES[0], &plan(), (Some(500 << 20), 25_000_000_000), now, "/u");
        let text: Vec<&str> = part.meters.iter().map(|m| m.bar.text.as_str()).collect();
        assert_eq!(text, ["500 MB of 1000 MB", "25 GB of 100 GB", "300 MB of 1 GB", "0.25 cores of 1 core"]);
        assert!(part.warnings.is_empty() && part.badge.is_none());
        assert!(part.gaps.starts_with("There is a gap"));
        assert_eq!(part.figures[0].chart.summary, "At most 0.25 cores of 1 core in 24 hours.");
        assert_eq!(part.figures[2].chart.summary, "150 requests in 24 hours, 15 of them failed.");
        assert_eq!(part.figures[1].chart.lines[1].path.matches('M').count(), 2, "a gap stays a gap");
        assert_eq!(part.figures[1].rows[0], ["21 Nov 2026, 09:00", "100 MB", "100 MB"]);
        assert_eq!(part.figures.len(), 4, "no chart of a space that was not measured in this time");
    }

    #[test]
    fn what_is_used_up_is_said_and_nothing_is_made_up() {
        let now = datetime!(2026-11-21 10:02);
        let part = view(&[row(0, 1024)], RANGES[0], &plan(), (Some(950 << 20), 0), now, "/u");
        assert!(part.warnings[0].starts_with("95 % of the plan's space"), "{:?}", part.warnings);
        assert!(part.warnings[1].starts_with("All memory of the plan is used"), "{:?}", part.warnings);
        assert_eq!(part.badge.unwrap().word, "Nearly full");
        let part = view(&[], RANGES[1], &plan(), (None, 0), now, "/u");
        assert!(part.figures.is_empty() && part.meters[0].bar.text.starts_with("not measured yet"));
        assert_eq!(part.badge.unwrap().word, "No data now");
        let old = view(&[row(120, 10)], RANGES[0], &plan(), (None, 0), now, "/u");
        assert_eq!(old.badge.unwrap().word, "No data now", "what was measured two hours ago is not now");
    }
}
