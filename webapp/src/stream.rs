//! A job's progress as server-sent events. Watch first, read rows second, drop what was sent: no
//! line is lost or doubled. A reader who is too slow is cut off and resumes by number; rights are
//! looked at again every ten seconds; each person has a limited number of streams.

use crate::error::WebError;
use crate::extract::{Ctx, Who};
use crate::job_view::{Picture, clock_text, owner_state, owner_status, to_log_lines};
use crate::state::AppState;
use crate::views::{Badge, line_html};
use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use futures_util::FutureExt;
use hosting::db::login_sessions::{SessionOwner, Visit};
use hosting::db::{DbResult, Queries};
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{Audience, JobState, Line, Uid};
use hosting::progress::Update;
use hosting::services::view_customer;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

/// Streams per person: seven tabs and some more.
const PER_PERSON: u32 = 12;
/// Streams per process.
const PER_PROCESS: u32 = 5000;
/// Events a reader may be behind before it is cut off.
const BUFFER: usize = 64;
/// A waiting job's place in the queue is looked at this often.
const QUEUE: Duration = Duration::from_secs(2);
/// Lines in one event.
const BATCH: u32 = 200;
const PING: Duration = Duration::from_secs(15);
const RIGHTS: Duration = Duration::from_secs(10);
/// Changes of steps are gathered for this long, so that a burst is one look at the rows.
const GATHER: Duration = Duration::from_millis(30);

/// How many streams each person has open.
#[derive(Clone, Default)]
pub struct StreamCaps(Arc<Mutex<HashMap<String, u32>>>);

/// A place among the open streams; dropping it frees it.
pub struct Seat {
    caps: StreamCaps,
    person: String,
}

impl StreamCaps {
    /// Takes a place; `None`: the person, or the process, has too many.
    pub(crate) fn sit(&self, person: String) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<u32>() >= PER_PROCESS {
            return None;
        }
        let count = open.entry(person.clone()).or_insert(0);
        if *count >= PER_PERSON {
            return None;
        }
        *count += 1;
        Some(Seat { caps: self.clone(), person })
    }
    /// Streams open now.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.caps.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.person);
            }
        }
    }
}

/// Who reads: staff get raw lines, owners steps and plain messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Everything.
    Staff,
    /// Steps and what is meant for them.
    Owner,
}

/// Opens a stream of lines with a number above `after`.
///
/// # Errors
/// 429 when the person has too many open.
pub fn open(ctx: &Ctx, reader: Reader, picture: Picture, after: u32) -> Result<HttpResponse, WebError> {
    if picture.job.state.is_over() && after >= picture.job.last_seq {
        return Ok(HttpResponse::NoContent().finish());
    }
    let person = match ctx.who() {
        // Whoever only looks takes no seat from the owner.
        Who::Customer(c) => {
            c.viewer.as_ref().map_or_else(|| format!("c{}", c.customer_id), |v| format!("s{}", v.admin_id))
        }
        Who::Staff(s) => format!("s{}", s.admin_id),
        Who::Visitor => return Err(WebError::SignedOut),
    };
    let seat = ctx.state().streams.sit(person).ok_or(WebError::TooMany(15))?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, actix_web::Error>>(BUFFER);
    let proof = match ctx.caller() {
        Ok(caller) => Proof::Credential(caller.uid),
        Err(_) if matches!(ctx.who(), Who::Customer(c) if c.viewer.is_some()) => Proof::View(ctx.view_hash()),
        Err(_) => Proof::Cookie(ctx.session_hash()),
    };
    let state = ctx.state().clone();
    actix_web::rt::spawn(async move {
        let _seat = seat;
        let mut stream = Stream { state, reader, picture, last: after, sender, sent: HashMap::new(), proof };
        // The reader is gone, or the database: either way it comes back by number.
        let _ = stream.run().await;
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(tokio_stream::wrappers::ReceiverStream::new(receiver)))
}

struct Stream {
    state: AppState,
    reader: Reader,
    picture: Picture,
    last: u32,
    sender: mpsc::Sender<Result<Bytes, actix_web::Error>>,
    /// Last form of each event that replaces itself, so that nothing is said twice.
    sent: HashMap<String, String>,
    proof: Proof,
}

/// What the reader came in with, to be looked at again.
enum Proof {
    /// A browser's session.
    Cookie(Option<[u8; 32]>),
    /// A staff member's look at a customer's panel.
    View(Option<[u8; 32]>),
    /// A credential of the JSON API: lines go out as data, not drawn.
    Credential(Uid),
}

/// The stream is over.
struct Gone;

impl From<hosting::DbError> for Gone {
    fn from(_: hosting::DbError) -> Self {
        Self
    }
}

impl Stream {
    async fn run(&mut self) -> Result<(), Gone> {
        let mut watcher = self.state.hub.watch(self.picture.job.id);
        self.send(Bytes::from_static(b"retry: 2000\n\n"))?;
        self.look().await?;
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut rights = tokio::time::interval_at(Instant::now() + RIGHTS, RIGHTS);
        let mut queue = tokio::time::interval_at(Instant::now() + QUEUE, QUEUE);
        queue.set_missed_tick_behavior(MissedTickBehavior::Delay);
        rights.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look_at: Option<Instant> = None;
        let stop = self.state.stop.clone();
        loop {
            let due = look_at.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.sender.closed() => return Err(Gone),
                _ = ping.tick() => self.send(Bytes::from_static(b"event: ping\ndata: {}\n\n"))?,
                _ = rights.tick() => if !self.may_still().await { return Ok(()) },
                // Nobody tells a waiting job that the ones before it are done.
                _ = queue.tick(), if self.picture.job.state == JobState::Queued => { look_at.get_or_insert(Instant::now()); }
                () = tokio::time::sleep_until(due), if look_at.is_some() => {
                    look_at = None;
                    if self.look().await? {
                        return Ok(());
                    }
                }
                update = watcher.next() => {
                    let mut lines: Vec<Line> = Vec::new();
                    let mut next = Some(update);
                    // What is there already goes into the same event.
                    while let Some(update) = next {
                        match update {
                            Update::Lines(more) => lines.extend(more.iter().filter(|l| l.seq > self.last).cloned()),
                            Update::Changed | Update::Behind => { look_at.get_or_insert(Instant::now() + GATHER); }
                        }
                        next = if lines.len() < BATCH as usize { watcher.next().now_or_never() } else { None };
                    }
                    lines.sort_by_key(|l| l.seq);
                    lines.dedup_by_key(|l| l.seq);
                    // A hole, or a step we have not heard of: the rows know.
                    let hole = lines.first().is_some_and(|l| l.seq > self.last.saturating_add(1));
                    if !lines.is_empty() && (hole || self.unknown_step(&lines)) {
                        if self.look().await? {
                            return Ok(());
                        }
                        lines.retain(|l| l.seq > self.last);
                    }
                    let whole = lines.iter().zip(self.last.saturating_add(1)..).take_while(|(l, n)| l.seq == *n).count();
                    lines.truncate(whole);
                    self.lines(&lines)?;
                }
            }
        }
    }

    /// Reads the rows: missing lines, steps, progress, state; `true` when the job is over and all
    /// is said.
    async fn look(&mut self) -> Result<bool, Gone> {
        let Some(picture) = self.picture.reload(&self.state.services.db).await? else { return Err(Gone) };
        self.picture = picture;
        self.steps()?;
        self.catch_up().await?;
        let (percent, text) = self.picture.progress();
        self.once("progress", "progress", &json!({ "percent": percent, "text": text }))?;
        let facts = self.facts();
        if self.picture.job.state.is_over() {
            let mut end = facts;
            end["last"] = json!(self.last);
            end["progress"] = json!({ "percent": percent, "text": text });
            self.event("end", None, &end)?;
            // Time for the last bytes to leave before the connection closes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Ok(true);
        }
        self.once("state", "state", &facts)?;
        Ok(false)
    }

    fn facts(&self) -> Value {
        state_facts(&self.picture, self.reader)
    }

    async fn catch_up(&mut self) -> Result<(), Gone> {
        loop {
            let lines = self.rows().await?;
            if lines.is_empty() {
                return Ok(());
            }
            let full = lines.len() as u32 == BATCH;
            self.lines(&lines)?;
            if !full {
                return Ok(());
            }
        }
    }

    async fn rows(&self) -> DbResult<Vec<Line>> {
        let mut conn = self.state.services.db.read().await?;
        conn.progress().range(self.picture.job.id, self.last.saturating_add(1), u32::MAX, BATCH).await
    }

    fn lines(&mut self, lines: &[Line]) -> Result<(), Gone> {
        let Some(to) = lines.last().map(|l| l.seq) else { return Ok(()) };
        let from = self.last.saturating_add(1);
        let body = match self.reader {
            _ if matches!(self.proof, Proof::Credential(_)) => {
                let mine = |l: &&Line| self.reader == Reader::Staff || l.audience == Audience::Owner;
                let shown: Vec<Value> = lines.iter().filter(mine).map(crate::api::jobs::line).collect();
                json!({ "from": from, "to": to, "lines": shown })
            }
            Reader::Staff => {
                let attempt = self.picture.job.attempt;
                let positions = self.picture.positions(attempt);
                json!({ "from": from, "to": to, "html": line_html::lines(&to_log_lines(lines, &positions), "?") })
            }
            Reader::Owner => {
                let say = lines
                    .iter()
                    .rev()
                    .find(|l| l.audience == Audience::Owner)
                    .map(|l| crate::views::ansi::plain(&l.text));
                json!({ "from": from, "to": to, "say": say })
            }
        };
        self.last = to;
        self.event("lines", Some(to), &body)
    }

    fn unknown_step(&self, lines: &[Line]) -> bool {
        let positions = self.picture.positions(self.picture.job.attempt);
        lines.iter().any(|l| !l.step.is_empty() && !positions.contains_key(&l.step))
    }

    fn steps(&mut self) -> Result<(), Gone> {
        let job = self.picture.job.state;
        for step in self.picture.shown(self.picture.job.attempt) {
            if step.state == "todo" {
                continue;
            }
            let badge = Badge::step(&step.state);
            let body = match self.reader {
                Reader::Owner => {
                    let (state, icon) = owner_state(&step.state, job);
                    json!({ "position": step.position, "title": step.title, "state": state, "icon": icon, "word": badge.word,
                            "status": owner_status(&step, state), "lines": false })
                }
                Reader::Staff => json!({
                    "position": step.position, "title": step.title, "word": badge.word, "tone": badge.tone, "icon": badge.icon,
                    "state": match step.state.as_str() { "started" | "undoing" => "running", "finished" | "skipped" => "done", other => other },
                    "started": step.started_ms, "took": step.took_ms.map(crate::views::duration_text),
                }),
            };
            self.once(&format!("step{}", step.position), "step", &body)?;
        }
        Ok(())
    }

    /// Whether the session and the right to this job still stand.
    async fn may_still(&self) -> bool {
        let look = async {
            let mut conn = self.state.services.db.read().await?;
            let owner = match &self.proof {
                Proof::Cookie(Some(hash)) => conn.login_sessions().find(hash, Visit::Background).await?,
                Proof::View(Some(hash)) => {
                    view_customer::look::look(&mut conn, hash, Visit::Background).await?.map(SessionOwner::Customer)
                }
                Proof::Cookie(None) | Proof::View(None) => None,
                Proof::Credential(uid) => {
                    conn.api_credentials().find(uid, "").await?.filter(|c| c.scopes.allow("jobs:read")).map(|c| c.owner)
                }
            };
            Ok::<bool, hosting::DbError>(match owner {
                Some(SessionOwner::Customer(c)) => {
                    let whose = self.picture.job.customer_id;
                    let own = whose == Some(c.customer_id);
                    // The customer may be another's by now, or the role gone.
                    let theirs = match whose {
                        Some(id) if !own && may(c.role, Capability::ViewStores, Reach::OwnCustomers) => {
                            conn.resellers().of_customer(id).await? == Some(c.customer_id)
                        }
                        _ => false,
                    };
                    self.reader == Reader::Owner && (own || theirs)
                }
                Some(SessionOwner::Staff(s)) => {
                    self.reader == Reader::Staff && s.role.is_staff() && !s.must_change_password
                }
                None => false,
            })
        };
        // While the database is away nobody loses a stream, and nobody learns anything new either.
        look.await.unwrap_or(true)
    }

    fn once(&mut self, slot: &str, name: &str, body: &Value) -> Result<(), Gone> {
        let text = body.to_string();
        if self.sent.get(slot) == Some(&text) {
            return Ok(());
        }
        self.event(name, None, body)?;
        self.sent.insert(slot.to_owned(), text);
        Ok(())
    }

    fn event(&self, name: &str, id: Option<u32>, body: &Value) -> Result<(), Gone> {
        let id = id.map(|n| format!("id: {n}\n")).unwrap_or_default();
        self.send(Bytes::from(format!("{id}event: {name}\ndata: {body}\n\n")))
    }

    /// A full buffer means a reader who does not read: it is cut off and resumes by number.
    fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.sender.try_send(Ok(bytes)).map_err(|_| Gone)
    }
}

/// The state of a job for scripts, also answered by `…/state`.
#[must_use]
pub fn state_facts(picture: &Picture, reader: Reader) -> Value {
    let job = &picture.job;
    let badge = match (reader, job.state) {
        (Reader::Owner, JobState::Finished) => Badge::new("good", "Live"),
        (Reader::Owner, JobState::Started | JobState::Retrying) => Badge::new("busy", "Setting up"),
        _ => Badge::job(job.state.as_str()),
    };
    json!({
        "state": job.state.as_str(),
        "word": badge.word,
        "tone": badge.tone,
        "icon": badge.icon,
        "over": job.state.is_over(),
        "last": job.last_seq,
        "attempt": job.attempt,
        "at": job.finished_at.map(clock_text),
        "reload": job.state.is_over() && reader == Reader::Staff && job.state != JobState::Finished,
    })
}
