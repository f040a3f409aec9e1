//! New lines of a store's log as server-sent events. Watch first, then read what came since the reader's last line,
//! then send what is new: a cut connection loses nothing that the store's log still keeps. Rights are looked at again
//! every ten seconds; the reader who leaves ends the lease.

use crate::error::WebError;
use crate::extract::{Ctx, Who};
use crate::state::AppState;
use crate::views::line_html;
use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use hosting::db::Queries;
use hosting::db::login_sessions::{SessionOwner, Visit};
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{LogFilter, LogSource, StoreLogLine, StoreState};
use hosting::store_logs::{self, Update};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

/// Events a reader may be behind before it is cut off.
const BUFFER: usize = 64;
/// Lines fetched for a reader who comes back.
const CATCH_UP: u32 = 500;
const PING: Duration = Duration::from_secs(15);
const RIGHTS: Duration = Duration::from_secs(10);

/// Whose log, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Row id of the server.
    pub server: u64,
    /// Row id of the store.
    pub store: u64,
}

/// The newest line a reader has, per container: the clocks of two are one, but their lines arrive apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Last {
    web: i64,
    database: i64,
}

impl Last {
    /// Reads [`Last::text`]; `None`: it is none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (web, database) = text.split_once('-')?;
        let number = |t: &str| t.parse().ok().filter(|n: &i64| *n >= 0);
        Some(Self { web: number(web)?, database: number(database)? })
    }
    /// `web-database`, as sent with every event.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}-{}", self.web, self.database)
    }
    /// From where on the log has to be read for whoever has these, 0: from its beginning.
    #[must_use]
    pub fn oldest(self) -> i64 {
        match self.web.min(self.database) {
            0 => self.web.max(self.database),
            oldest => oldest,
        }
    }
    /// Whether a line came after these.
    #[must_use]
    pub fn is_before(self, line: &StoreLogLine) -> bool {
        line.at > if line.source == LogSource::Database { self.database } else { self.web }
    }
    /// Notes a line.
    pub fn note(&mut self, line: &StoreLogLine) {
        let last = if line.source == LogSource::Database { &mut self.database } else { &mut self.web };
        *last = (*last).max(line.at);
    }
}

/// The mark of the newest of some lines, for a stream that goes on after them; empty without lines.
#[must_use]
pub fn newest(lines: &[StoreLogLine]) -> String {
    let mut last = Last::default();
    for line in lines {
        last.note(line);
    }
    if lines.is_empty() { String::new() } else { last.text() }
}

/// Opens the stream.
///
/// # Errors
/// 429 when the person has too many open.
pub fn open(ctx: &Ctx, place: Place, filter: LogFilter, after: &str) -> Result<HttpResponse, WebError> {
    let (person, staff) = match ctx.who() {
        Who::Customer(c) => (format!("c{}", c.customer_id), false),
        Who::Staff(s) => (format!("s{}", s.admin_id), true),
        Who::Visitor => return Err(WebError::SignedOut),
    };
    let seat = ctx.state().streams.sit(person).ok_or(WebError::TooMany(15))?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, actix_web::Error>>(BUFFER);
    let (state, session, last) = (ctx.state().clone(), ctx.session_hash(), Last::parse(after).unwrap_or_default());
    actix_web::rt::spawn(async move {
        let _seat = seat;
        let mut stream =
            Stream { state, place, filter, last, floor: last, sender, session, staff, said: String::new() };
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
    place: Place,
    filter: LogFilter,
    /// The newest line sent.
    last: Last,
    /// What was read and not followed: lines up to here were sent. It does not move with live lines, which may come a
    /// little out of their order.
    floor: Last,
    sender: mpsc::Sender<Result<Bytes, actix_web::Error>>,
    session: Option<[u8; 32]>,
    staff: bool,
    said: String,
}

/// The stream is over.
struct Gone;

impl Stream {
    async fn run(&mut self) -> Result<(), Gone> {
        let mut watcher = self.state.logs.watch(self.place.server, self.place.store).await;
        self.send(Bytes::from_static(b"retry: 2000\n\n"))?;
        self.catch_up().await?;
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut rights = tokio::time::interval_at(Instant::now() + RIGHTS, RIGHTS);
        rights.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = self.state.stop.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.sender.closed() => return Err(Gone),
                _ = ping.tick() => self.send(Bytes::from_static(b"event: ping\ndata: {}\n\n"))?,
                _ = rights.tick() => if !self.may_still().await { return Ok(()) },
                update = watcher.next() => match update {
                    Update::Lines { lines, left_out, or_more } => self.lines(&lines, left_out, or_more)?,
                    Update::Begun => self.floor = self.last,
                    Update::Heard { alive: true, problem } if problem.is_empty() => self.say("Live")?,
                    Update::Heard { alive: true, problem } => self.say(&problem)?,
                    Update::Heard { .. } => self.say("Waiting for the server")?,
                    Update::Behind => self.catch_up().await?,
                },
            }
        }
    }

    /// What came since the reader's last line, or the newest lines for one who has none: the page may be older than the
    /// stream.
    async fn catch_up(&mut self) -> Result<(), Gone> {
        let after = self.last.oldest();
        if after == 0 {
            return Ok(());
        }
        let queue = &self.state.services.queue;
        let found = store_logs::read(queue, self.place.server, self.place.store, &self.filter, CATCH_UP, after).await;
        if let Ok(answer) = found {
            let lines: Vec<StoreLogLine> = answer.lines.into_iter().map(StoreLogLine::from).collect();
            self.lines(&lines, 0, false)?;
            self.floor = self.last;
        }
        Ok(())
    }

    fn lines(&mut self, lines: &[StoreLogLine], left_out: u64, or_more: bool) -> Result<(), Gone> {
        let fresh: Vec<StoreLogLine> =
            lines.iter().filter(|l| self.floor.is_before(l) && self.filter.takes(l)).cloned().collect();
        for line in lines {
            self.last.note(line);
        }
        let mut html = line_html::store_lines(&fresh);
        if left_out > 0 || or_more {
            html.push_str(&line_html::left_out(left_out, or_more));
        }
        if html.is_empty() {
            return Ok(());
        }
        let body = json!({ "html": html, "count": fresh.len() });
        self.event("lines", Some(&self.last.text()), &body)
    }

    /// Whether the session and the right to this store still stand.
    async fn may_still(&self) -> bool {
        let look = async {
            let mut conn = self.state.services.db.read().await?;
            let owner = match &self.session {
                Some(hash) => conn.login_sessions().find(hash, Visit::Background).await?,
                None => None,
            };
            let store = conn.stores().get(self.place.store).await?.filter(|s| s.state == StoreState::Active);
            Ok::<bool, hosting::DbError>(match (owner, store) {
                (Some(SessionOwner::Customer(c)), Some(s)) => {
                    let own = s.customer_id == c.customer_id;
                    // The customer may be another's by now, or the role gone.
                    let theirs = !own
                        && may(c.role, Capability::ReadLogs, Reach::OwnCustomers)
                        && conn.resellers().of_customer(s.customer_id).await? == Some(c.customer_id);
                    !self.staff && (own || theirs)
                }
                (Some(SessionOwner::Staff(s)), Some(_)) => self.staff && s.role.is_staff() && !s.must_change_password,
                _ => false,
            })
        };
        // Unlike a job's log, this is news: while nobody can say who may read it, nobody does.
        look.await.unwrap_or(false)
    }

    fn say(&mut self, word: &str) -> Result<(), Gone> {
        if self.said == word {
            return Ok(());
        }
        word.clone_into(&mut self.said);
        self.event("state", None, &json!({ "word": word }))
    }

    fn event(&self, name: &str, id: Option<&str>, body: &Value) -> Result<(), Gone> {
        let id = id.map(|n| format!("id: {n}\n")).unwrap_or_default();
        self.send(Bytes::from(format!("{id}event: {name}\ndata: {body}\n\n")))
    }

    /// A full buffer means a reader who does not read: it is cut off and comes back by its last line.
    fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.sender.try_send(Ok(bytes)).map_err(|_| Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hosting::domain::Level;

    #[test]
    fn what_is_news_is_known_per_container() {
        let line = |at, source| StoreLogLine { at, source, level: Level::Info, text: "x".into() };
        let mut last = Last::parse("10-5").unwrap();
        assert!(!last.is_before(&line(10, LogSource::Web)) && last.is_before(&line(6, LogSource::Database)));
        assert!(last.is_before(&line(11, LogSource::Php)));
        for l in [line(11, LogSource::Php), line(6, LogSource::Database), line(9, LogSource::Web)] {
            last.note(&l);
        }
        assert_eq!(last.text(), "11-6");
        for odd in ["", "x", "1", "1-", "-1-2", "9999999999999999999999-1", "1-2\r\nevent: x"] {
            assert_eq!(Last::parse(odd), None, "{odd}");
        }
        assert_eq!((last.oldest(), Last { web: 7, database: 0 }.oldest(), Last::default().oldest()), (6, 7, 0));
    }
}
