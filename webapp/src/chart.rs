//! Lines over time as SVG paths: drawn here, styled by the stylesheet, no script. A time without data breaks the line:
//! gaps stay gaps.

use crate::views::usage::{Chart, ChartLine, Mark};

/// Size of the drawing; it scales with the page.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 180.0;
/// Room for the numbers at the left, the times below, the words at the right.
const LEFT: f64 = 84.0;
const BOTTOM: f64 = 24.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 12.0;

/// One line to draw: its name, and values by seconds since the beginning.
pub struct Series<'a> {
    /// For people.
    pub name: &'a str,
    /// `(seconds since the beginning, value)`, in order of time.
    pub points: &'a [(f64, f64)],
}

/// What a chart is made from.
pub struct Plot<'a> {
    /// Part of ids.
    pub key: &'static str,
    /// "Memory"
    pub title: &'a str,
    /// One sentence.
    pub summary: String,
    /// At most four.
    pub series: &'a [Series<'a>],
    /// Length of the time axis, seconds.
    pub seconds: f64,
    /// Seconds a point stands for: points further apart than two of these are not joined.
    pub span: f64,
    /// The plan's limit and its words.
    pub limit: Option<(f64, String)>,
    /// Times below: `(seconds since the beginning, words)`.
    pub times: Vec<(f64, String)>,
    /// How a value is written.
    pub words: fn(f64) -> String,
    /// Steps of the axis are made of powers of this: 1024 for bytes, 10 for counts.
    pub base: f64,
}

/// Draws it.
#[must_use]
pub fn draw(plot: &Plot<'_>) -> Chart {
    let highest = plot
        .series
        .iter()
        .flat_map(|s| s.points.iter().map(|p| p.1))
        .chain(plot.limit.iter().map(|l| l.0))
        .fold(0.0, f64::max);
    let top = nice(highest, plot.base);
    let x = |t: f64| LEFT + (t / plot.seconds).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
    let y = |v: f64| TOP + (1.0 - (v / top).clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM);
    let lines = plot
        .series
        .iter()
        .zip(["one", "two", "three", "four"])
        .map(|(s, class)| ChartLine { name: s.name.to_owned(), class, path: path(s.points, plot.span, x, y) })
        .collect();
    let mark = |at: f64, text: String| Mark { at: rounded(at), text };
    Chart {
        key: plot.key,
        title: plot.title.to_owned(),
        summary: plot.summary.clone(),
        lines,
        limit: plot.limit.as_ref().map(|(v, words)| mark(y(*v), words.clone())),
        rows: [0.0, 0.5, 1.0].map(|part| mark(y(top * part), (plot.words)(top * part))).into(),
        times: plot.times.iter().map(|(t, words)| mark(x(*t), words.clone())).collect(),
    }
}

fn path(points: &[(f64, f64)], span: f64, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut out = String::new();
    let mut before: Option<f64> = None;
    for (i, (t, v)) in points.iter().enumerate() {
        let joined = before.is_some_and(|b| t - b <= span * 2.0);
        out.push_str(&format!("{}{} {}", if joined { "L" } else { "M" }, rounded(x(*t)), rounded(y(*v))));
        // A point without neighbours is a dot: a line of no length with round ends.
        let alone = !joined && points.get(i + 1).is_none_or(|n| n.0 - t > span * 2.0);
        if alone {
            out.push_str("h0");
        }
        before = Some(*t);
    }
    out
}

fn rounded(n: f64) -> String {
    let text = format!("{n:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The next round number: 1, 2, 4, 5 or 8 times a power, so that the half of it is one as well.
fn nice(highest: f64, base: f64) -> f64 {
    if highest <= 0.0 || !highest.is_finite() {
        // Whole numbers on the axis of what is nothing so far.
        return 10.0;
    }
    let mut power = 1.0;
    while power * base <= highest {
        power *= base;
    }
    while power > highest {
        power /= if base > 100.0 { 2.0 } else { base };
    }
    let steps: &[f64] = if base > 100.0 {
        &[1.0, 2.0, 4.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0, 600.0, 800.0, 1024.0]
    } else {
        &[1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    };
    power * steps.iter().find(|s| **s * power >= highest).unwrap_or(&base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plot<'a>(series: &'a [Series<'a>], limit: Option<f64>) -> Plot<'a> {
        Plot {
            key: "k",
            title: "T",
            summary: "S".into(),
            series,
            seconds: 1000.0,
            span: 100.0,
            limit: limit.map(|l| (l, "Limit".into())),
            times: vec![(0.0, "09:00".into()), (1000.0, "10:00".into())],
            words: |v| format!("{v}"),
            base: 10.0,
        }
    }

    #[test]
    fn lines_break_where_nothing_was_seen_and_a_lone_point_is_a_dot() {
        let points = [(0.0, 0.0), (100.0, 10.0), (500.0, 5.0), (900.0, 10.0), (1000.0, 0.0)];
        let chart = draw(&plot(&[Series { name: "a", points: &points }], None));
        assert_eq!(chart.lines[0].path, "M84 156L138.8 12M358 84h0M577.2 12L632 156");
        assert_eq!(chart.rows.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["0", "5", "10"]);
        assert!(draw(&plot(&[Series { name: "a", points: &[] }], None)).lines[0].path.is_empty());
    }

    #[test]
    fn a_limit_is_always_on_the_drawing() {
        let chart = draw(&plot(&[Series { name: "a", points: &[(0.0, 1.0)] }], Some(400.0)));
        assert_eq!(chart.limit.unwrap().at, "12");
        assert_eq!(chart.rows[2].text, "400");
        assert_eq!(nice(1536.0, 1024.0), 2048.0);
        assert_eq!(nice(700.0 * 1024.0, 1024.0), 800.0 * 1024.0);
        assert_eq!((nice(0.0, 10.0), nice(0.35, 10.0)), (10.0, 0.4));
    }

    proptest! {
        #[test]
        fn every_number_is_on_the_drawing(values in proptest::collection::vec(0.0f64..1e15, 1..50), base in prop_oneof![Just(10.0), Just(1024.0)]) {
            let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(i, v)| (i as f64 * 20.0, *v)).collect();
            let series = [Series { name: "a", points: &points }];
            let chart = draw(&Plot { base, ..plot(&series, None) });
            for part in chart.lines[0].path.replace("h0", "").split(['M', 'L']).filter(|p| !p.is_empty()) {
                let (x, y) = part.split_once(' ').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                prop_assert!((0.0..=WIDTH).contains(&x) && (TOP..=HEIGHT).contains(&y), "{}", part);
            }
        }
    }
}
