//! A job as people see it: its steps, how far it is, what it waits for, its lines. Pages and streams
//! draw from the same picture.

use crate::views::line_html::{self, LogLine};
use crate::views::log::{Group, LogPart, OwnerStep};
use crate::views::{Badge, Link, When, ansi, duration_text, epoch_ms};
use hosting::clock::now_plain;
use hosting::db::jobs::{AttemptRow, JobRow, StepRow};
use hosting::db::{Db, DbResult, Queries};
use hosting::domain::{JobState, Level, Line};
use std::collections::HashMap;

/// Good runs before we promise anything.
const RUNS_FOR_ESTIMATE: u32 = 5;

/// Everything about a job but its lines.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The row.
    pub job: JobRow,
    /// Steps of all attempts.
    pub steps: Vec<StepRow>,
    /// Ended attempts.
    pub attempts: Vec<AttemptRow>,
    /// `step → (median ms, p90 ms, runs)`.
    pub usual: HashMap<String, (u32, u32, u32)>,
    /// Steps of the last good run: `(position, name, title)`.
    pub known: Vec<(u16, String, String)>,
    /// Jobs waiting before it.
    pub ahead: i64,
}

/// A step of the merged list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// From 1.
    pub position: u32,
    /// Name in code.
    pub name: String,
    /// Words.
    pub title: String,
    /// Stored state, `todo` when it has not begun.
    pub state: String,
    /// Start, ms since 1970.
    pub started_ms: Option<i64>,
    /// Duration once over.
    pub took_ms: Option<i64>,
}

impl Picture {
    /// Reads it.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn load(db: &Db, job: JobRow) -> DbResult<Self> {
        let mut conn = db.read().await?;
        let steps = conn.jobs().steps(job.id).await?;
        let attempts = conn.jobs().attempts(job.id).await?;
        let usual = conn.jobs().usual_durations(&job.kind).await?;
        let known = conn.jobs().known_steps(&job.kind).await?;
        let ahead =
            if job.state == JobState::Queued { conn.jobs().waiting_before(job.id, job.server_id).await? } else { 0 };
        Ok(Self {
            job,
            steps,
            attempts,
            usual: usual.into_iter().map(|(name, median, p90, runs)| (name, (median, p90, runs))).collect(),
            known,
            ahead,
        })
    }

    /// Reads the same job again; what is usual does not change while one looks.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn reload(&self, db: &Db) -> DbResult<Option<Self>> {
        let mut conn = db.read().await?;
        let Some(job) = conn.jobs().get(self.job.id).await? else { return Ok(None) };
        let steps = conn.jobs().steps(job.id).await?;
        let ahead =
            if job.state == JobState::Queued { conn.jobs().waiting_before(job.id, job.server_id).await? } else { 0 };
        Ok(Some(Self { job, steps, ahead, attempts: Vec::new(), usual: self.usual.clone(), known: self.known.clone() }))
    }

    /// Steps of one attempt; finished work of earlier attempts that still counts is among them.
    #[must_use]
    pub fn shown(&self, attempt: u32) -> Vec<Shown> {
        let mut by_name: HashMap<&str, &StepRow> = HashMap::new();
        for step in self.steps.iter().filter(|s| s.attempt <= attempt) {
            // Begun by an attempt that starts over and has not come to it yet.
            let to_come = step.state == "failed" && step.finished_at.is_none();
            // An earlier attempt's step counts only while its work stands.
            if to_come {
                by_name.remove(step.name.as_str());
            } else if step.attempt == attempt || step.state == "finished" || step.state == "skipped" {
                by_name.insert(&step.name, step);
            } else {
                by_name.remove(step.name.as_str());
            }
        }
        let mut list: Vec<Shown> = self
            .known
            .iter()
            .map(|(position, name, title)| Shown {
                position: u32::from(*position),
                name: name.clone(),
                title: title.clone(),
                state: "todo".into(),
                started_ms: None,
                took_ms: None,
            })
            .collect();
        for step in by_name.values() {
            let shown = Shown {
                position: u32::from(step.position),
                name: step.name.clone(),
                title: step.title.clone(),
                state: step.state.clone(),
                started_ms: Some(epoch_ms(step.started_at)),
                took_ms: step
                    .finished_at
                    .map(|end| i64::try_from((end - step.started_at).whole_milliseconds()).unwrap_or(0)),
            };
            match list.iter_mut().find(|s| s.name == shown.name) {
                Some(place) => *place = shown,
                None => list.push(shown),
            }
        }
        list.sort_by_key(|s| s.position);
        // Positions in the row start where the job likes; people count from one.
        for (n, step) in list.iter_mut().enumerate() {
            step.position = u32::try_from(n + 1).unwrap_or(u32::MAX);
        }
        list
    }

    /// Which step wrote a line, by position; 0 before the first.
    #[must_use]
    pub fn positions(&self, attempt: u32) -> HashMap<String, u32> {
        self.shown(attempt).into_iter().map(|s| (s.name, s.position)).collect()
    }

    fn estimates(&self, steps: &[Shown]) -> Option<(i64, i64, i64)> {
        let median = |s: &Shown| self.usual.get(&s.name).map(|u| i64::from(u.0.max(1)));
        let enough = !steps.is_empty()
            && steps.iter().all(|s| self.usual.get(&s.name).is_some_and(|u| u.2 >= RUNS_FOR_ESTIMATE));
        if !enough {
            return None;
        }
        let all: i64 = steps.iter().filter_map(median).sum();
        let done: i64 = steps.iter().filter(|s| is_done(&s.state)).filter_map(median).sum();
        let p90: i64 = steps.iter().filter_map(|s| self.usual.get(&s.name)).map(|u| i64::from(u.1)).sum();
        Some((all, done, p90))
    }

    /// Percent and words: "Step 4 of 8 · about 1 min left".
    #[must_use]
    pub fn progress(&self) -> (u8, String) {
        let job = &self.job;
        let steps = self.shown(job.attempt);
        match job.state {
            JobState::Finished => return (100, took_words(job)),
            JobState::Failed => return (job.progress.min(99), "Stopped".into()),
            JobState::Cancelled => return (job.progress.min(99), "Cancelled".into()),
            JobState::Queued => return (job.progress, self.queue_words()),
            JobState::Retrying => return (job.progress, "Trying again by itself in a moment".into()),
            JobState::Started => {}
        }
        let now = epoch_ms(now_plain());
        let current = steps.iter().find(|s| matches!(s.state.as_str(), "started" | "undoing"));
        if job.phase == hosting::domain::Phase::Undo {
            return (job.progress, "Taking back what was made".into());
        }
        let place = current.map_or_else(|| steps.iter().filter(|s| is_done(&s.state)).count(), |s| s.position as usize);
        let of = if self.known.is_empty() { String::new() } else { format!(" of {}", steps.len()) };
        let mut words = format!("Step {}{of}", place.max(1));
        let mut percent = job.progress;
        if let Some((all, done, p90)) = self.estimates(&steps) {
            percent = u8::try_from((done * 100 / all.max(1)).clamp(i64::from(job.progress), 99)).unwrap_or(99);
            let begun = job.attempt_started_at.map_or(now, epoch_ms);
            if now - begun > p90.max(1000) {
                words.push_str(&format!(" · Taking longer than usual (usually under {})", duration_text(p90)));
            } else {
                words.push_str(&format!(
                    " · about {} left",
                    rough((all - done - current.and_then(|s| s.started_ms).map_or(0, |s| now - s)).max(0))
                ));
            }
        }
        (percent, words)
    }

    fn queue_words(&self) -> String {
        match self.ahead {
            0 => "Next in line".into(),
            1 => "1 store before yours".into(),
            n => format!("{n} stores before yours"),
        }
    }

    /// For staff: what a queued job waits for, or that its worker is silent.
    #[must_use]
    pub fn waiting_words(&self) -> String {
        match self.job.state {
            JobState::Queued if self.job.run_at > now_plain() => format!("Due {}", When::exact(self.job.run_at).text),
            JobState::Queued => match self.ahead {
                0 => "Next in line for its server.".into(),
                n => format!("{n} jobs before it for the same server."),
            },
            JobState::Retrying => format!("Tries again at {}.", When::exact(self.job.run_at).text),
            _ => String::new(),
        }
    }

    /// "No sign of life …", or empty.
    #[must_use]
    pub fn quiet_words(&self) -> String {
        match self.job.silent_seconds {
            Some(s) if s > 60 => {
                format!(
                    "No sign of life from {} for {}",
                    self.job.lease_owner.as_deref().unwrap_or("its worker"),
                    duration_text(s * 1000)
                )
            }
            _ => String::new(),
        }
    }

    /// Steps in plain words for the owner.
    #[must_use]
    pub fn owner_steps(&self) -> Vec<OwnerStep> {
        self.shown(self.job.attempt)
            .into_iter()
            .map(|s| {
                let (state, icon) = owner_state(&s.state, self.job.state);
                OwnerStep { position: s.position, title: s.title.clone(), state, icon, status: owner_status(&s, state) }
            })
            .collect()
    }

    /// Attempts as tabs, newest last.
    #[must_use]
    pub fn attempt_links(&self, shown: u32) -> Vec<Link> {
        (1..=self.job.attempt)
            .map(|n| {
                let state = self.attempts.iter().find(|a| a.attempt == n).map_or_else(
                    || if n == self.job.attempt { self.job.state.as_str() } else { "failed" },
                    |a| a.state.as_str(),
                );
                let word = if state == "lost" { "Worker lost" } else { Badge::job(state).word };
                Link { href: format!("?attempt={n}"), label: format!("Attempt {n} · {word}"), current: n == shown }
            })
            .collect()
    }
}

/// A step's work stands.
#[must_use]
pub fn is_done(state: &str) -> bool {
    matches!(state, "finished" | "skipped")
}

/// `(class, icon)` of an owner's step.
#[must_use]
pub fn owner_state(state: &str, job: JobState) -> (&'static str, &'static str) {
    match state {
        "finished" | "skipped" => ("done", "good"),
        "started" | "undoing" if job.is_over() => ("failed", "bad"),
        "started" => ("running", "busy"),
        "failed" => ("failed", "bad"),
        _ => ("todo", "unknown"),
    }
}

/// Words at the end of an owner's step.
#[must_use]
pub fn owner_status(step: &Shown, state: &str) -> String {
    match state {
        "done" => step.took_ms.map_or_else(|| "Done".into(), duration_text),
        "running" => "Running".into(),
        "failed" => "Failed".into(),
        _ => String::new(),
    }
}

fn rough(ms: i64) -> String {
    match ms {
        0..=9_999 => format!("{} s", (ms / 1000).max(1)),
        10_000..=54_999 => format!("{} s", (ms + 5000) / 10_000 * 10),
        _ => format!("{} min", (ms + 30_000) / 60_000),
    }
}

fn took_words(job: &JobRow) -> String {
    match (job.started_at, job.finished_at) {
        (Some(start), Some(end)) => {
            format!("Took {}", duration_text(i64::try_from((end - start).whole_milliseconds()).unwrap_or(0)))
        }
        _ => "Done".into(),
    }
}

/// "09:14"
#[must_use]
pub fn clock_text(at: time::PlainDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// Lines to draw.
#[must_use]
pub fn to_log_lines(lines: &[Line], positions: &HashMap<String, u32>) -> Vec<LogLine> {
    lines
        .iter()
        .map(|l| LogLine {
            seq: l.seq,
            step: positions.get(&l.step).copied().unwrap_or(0),
            level: l.level.as_u8(),
            at: l.at,
            text: l.text.clone(),
        })
        .collect()
}

/// What the address asks of the log.
#[derive(Debug, Clone, Default)]
pub struct LogWish {
    /// Attempt; 0 = newest.
    pub attempt: u32,
    /// First line of the selection.
    pub line: Option<u32>,
    /// Last line of the page, for going back without scripts.
    pub upto: Option<u32>,
    /// Search text.
    pub find: String,
    /// "", "warn", "error".
    pub level: String,
    /// `live=0`: no refresh without scripts.
    pub still: bool,
}

/// Lines drawn first.
const FIRST_LINES: u32 = 1000;

/// The log part of an owner's page: steps and progress, no lines.
#[must_use]
pub fn owner_part(picture: &Picture, still: bool, here: &str) -> LogPart {
    let job = &picture.job;
    let (percent, progress_text) = picture.progress();
    let live = !job.state.is_over();
    LogPart {
        stream: format!("{here}/log/stream"),
        lines: format!("{here}/log"),
        status: format!("{here}/state"),
        login: "/login".into(),
        here: here.to_owned(),
        join: "?",
        last: job.last_seq,
        first: 1,
        start: 1,
        state: job.state.as_str().into(),
        live,
        name: job.store_name.clone().unwrap_or_default(),
        percent,
        bar: match job.state {
            JobState::Finished => "done",
            JobState::Failed => "failed",
            _ => "",
        },
        progress_text,
        refresh: live && !still,
        ..LogPart::default()
    }
}

/// The whole live-log part of a job page. `here` is the page, `base` the job's address for streams.
///
/// # Errors
/// Database trouble.
pub async fn log_part(db: &Db, picture: &Picture, wish: &LogWish, here: &str, base: &str) -> DbResult<LogPart> {
    let job = &picture.job;
    let attempt = if wish.attempt == 0 || wish.attempt > job.attempt { job.attempt } else { wish.attempt };
    let newest = attempt == job.attempt;
    let mut conn = db.read().await?;
    let bounds = conn.progress().bounds(job.id, attempt).await?;
    // A new attempt without lines starts after the last line of the one before.
    let (start, end) = bounds.unwrap_or((job.last_seq + 1, job.last_seq));
    let first_error = conn.progress().first_at_level(job.id, attempt, Level::Error).await?.map(|l| l.seq);
    let failed = job.state == JobState::Failed || !newest;
    let (from, to) = match (wish.line, wish.upto, first_error) {
        (Some(line), _, _) => (line.saturating_sub(200), line.saturating_add(800)),
        (None, Some(upto), _) => (upto.saturating_sub(FIRST_LINES - 1), upto),
        (None, None, Some(error)) if failed && end.saturating_sub(error) >= FIRST_LINES => {
            (error.saturating_sub(200), error.saturating_add(800))
        }
        _ => (end.saturating_sub(FIRST_LINES - 1), end),
    };
    let (from, to) = (from.max(start), to.min(end));
    let raw = if from <= to { conn.progress().range(job.id, from, to, FIRST_LINES + 200).await? } else { Vec::new() };
    let raw: Vec<Line> = raw.into_iter().filter(|l| l.attempt == attempt).collect();
    let matches =
        if wish.find.is_empty() { None } else { Some(conn.progress().search(job.id, &wish.find, 2000).await?) };
    drop(conn);
    let prefix = if newest { "?".to_owned() } else { format!("?attempt={attempt}&") };
    let positions = picture.positions(attempt);
    let mut lines = to_log_lines(&raw, &positions);
    match wish.level.as_str() {
        "warn" => lines.retain(|l| l.level >= 2),
        "error" => lines.retain(|l| l.level >= 3),
        _ => {}
    }
    let over = job.state.is_over();
    let live = newest && !over && to == end;
    let mut groups: Vec<Group> = Vec::new();
    let of = |p: u32| -> Vec<LogLine> { lines.iter().filter(|l| l.step == p).cloned().collect() };
    let before = of(0);
    if !before.is_empty() {
        groups.push(Group {
            position: 0,
            title: "Between steps".into(),
            state: String::new(),
            badge: None,
            started_ms: String::new(),
            took: String::new(),
            open: true,
            blocks_html: line_html::blocks(&before, &prefix),
        });
    }
    for step in picture.shown(attempt).iter().filter(|s| s.state != "todo") {
        let own = of(step.position);
        let running = matches!(step.state.as_str(), "started" | "undoing") && live;
        let usual = picture
            .usual
            .get(&step.name)
            .filter(|u| u.2 >= RUNS_FOR_ESTIMATE)
            .map(|u| format!(", usually {}", duration_text(i64::from(u.0))));
        let has_target = wish.line.is_some_and(|n| own.iter().any(|l| l.seq == n));
        groups.push(Group {
            position: step.position,
            title: step.title.clone(),
            state: if running { "running".into() } else { step.state.clone() },
            badge: Some(Badge::step(if !live && step.state == "started" { "failed" } else { &step.state })),
            started_ms: if running {
                step.started_ms.map(|m| m.to_string()).unwrap_or_default()
            } else {
                String::new()
            },
            took: step
                .took_ms
                .map(|ms| format!("{}{}", duration_text(ms), usual.unwrap_or_default()))
                .unwrap_or_default(),
            open: running
                || has_target
                || !is_done(&step.state)
                || own.iter().any(|l| l.level >= 3)
                || !wish.find.is_empty()
                || !wish.level.is_empty(),
            blocks_html: line_html::blocks(&own, &prefix),
        });
    }
    // All done and nothing wrong: show the last step rather than a row of shut lids.
    if !groups.iter().any(|g| g.open)
        && let Some(last) = groups.last_mut()
    {
        last.open = true;
    }
    let (percent, progress_text) = if newest { picture.progress() } else { (job.progress, String::new()) };
    let finished = job.finished_at.filter(|_| over).map(clock_text).unwrap_or_default();
    let join =
        |extra: &str| format!("{here}?{}{extra}", if newest { String::new() } else { format!("attempt={attempt}&") });
    Ok(LogPart {
        stream: format!("{base}/log/stream"),
        lines: format!("{base}/log"),
        find_url: format!("{base}/log/find?attempt={attempt}"),
        status: format!("{base}/state"),
        login: if base.starts_with("/admin") { "/admin/login".into() } else { "/login".into() },
        here: here.to_owned(),
        join: "?",
        attempt: if newest { 0 } else { attempt },
        last: to.max(start.saturating_sub(1)),
        first: from,
        start,
        state: job.state.as_str().into(),
        live,
        pinned: wish.line.is_some(),
        begun_ms: job.attempt_started_at.or(job.started_at).map(epoch_ms).unwrap_or_default(),
        conn: if over { format!("Finished {finished}") } else { "As of this page's loading".into() },
        finished,
        name: job.store_name.clone().unwrap_or_default(),
        percent,
        bar: match job.state {
            JobState::Finished => "done",
            JobState::Failed => "failed",
            _ => "",
        },
        progress_text,
        find: wish.find.clone(),
        find_text: matches
            .map(|m| match m.len() {
                0 => "No match".into(),
                2000 => "2,000 matches or more".into(),
                n => format!("{n} matches, first in line {}", m[0].seq),
            })
            .unwrap_or_default(),
        level: wish.level.clone(),
        warnings: raw.iter().filter(|l| l.level == Level::Warning).count(),
        errors: raw.iter().filter(|l| l.level == Level::Error).count(),
        download: format!("{base}/log.txt?attempt={attempt}"),
        older: join(&format!("upto={}", from.saturating_sub(1))),
        newer: if to < end { join(&format!("upto={}", (to + FIRST_LINES).min(end))) } else { String::new() },
        groups,
        empty: if over {
            "This attempt wrote no lines.".into()
        } else {
            "No lines yet. They appear here as soon as a worker starts.".into()
        },
        refresh: live && !wish.still,
    })
}

/// Plain text of a line for downloads.
#[must_use]
pub fn plain_line(line: &Line, raw: bool) -> String {
    let text = if raw { line.text.replace(['\n'], " ") } else { ansi::plain(&line.text) };
    let level = match line.level {
        Level::Debug => "debug",
        Level::Info => "info ",
        Level::Warning => "WARN ",
        Level::Error => "ERROR",
    };
    format!("{} {level} {:<20} {text}\n", crate::views::iso_time(line.at), line.step)
}
