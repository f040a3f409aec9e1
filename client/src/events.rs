//! The events of a job, followed until it ends, however often the connection does not hold.

use crate::send::{Call, Client};
use crate::types::Line;
use crate::{Error, types::ProblemCode};
use bytes::BytesMut;
use futures_util::stream::{self, Stream};
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Connections in a row that brought nothing, before following gives up.
const TRIES: u32 = 8;
/// No event is longer.
const LONGEST: usize = 8 * 1024 * 1024;

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum JobEvent {
    /// Lines of its log.
    Lines(Lines),
    /// A step began, ended or changed.
    Step(Step),
    /// How far it is.
    Progress(Progress),
    /// Its state.
    State(State),
    /// It is over.
    End(State),
}

/// Lines `from` to `to`; those that are not the reader's to see are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// Number of the first.
    pub from: u32,
    /// Number of the last: go on after this one.
    pub to: u32,
    /// They.
    pub lines: Vec<Line>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub position: u32,
    /// In words.
    pub title: String,
    /// running, done, failed, …
    pub state: String,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// 0 to 100
    pub percent: u32,
    /// In words.
    pub text: String,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// queued, started, retrying, finished, failed, cancelled
    pub state: String,
    /// It has ended.
    pub over: bool,
    /// From 1.
    pub attempt: u32,
    /// Number of the last line.
    pub last: u32,
}

/// Follows one job. Call [`Events::next`], or make it a [`Stream`] with [`Events::stream`].
pub struct Events {
    client: Client,
    call: Call,
    after: u32,
    open: Option<Response>,
    buffer: BytesMut,
    failures: u32,
    pause: Duration,
    over: bool,
}

impl Events {
    pub(crate) fn new(client: Client, call: Call, after: Option<u32>) -> Self {
        Self {
            client,
            call,
            after: after.unwrap_or(0),
            open: None,
            buffer: BytesMut::new(),
            failures: 0,
            pause: Duration::from_secs(2),
            over: false,
        }
    }

    /// Number of the last line seen: give it as `after` to go on from here with another client.
    #[must_use]
    pub fn after(&self) -> u32 {
        self.after
    }

    /// The next event; `None` when the job is over and everything was seen. After an error there is no more.
    pub async fn next(&mut self) -> Option<Result<JobEvent, Error>> {
        while !self.over {
            match self.step().await {
                Ok(Some(event)) => {
                    self.over = matches!(event, JobEvent::End(_));
                    return Some(Ok(event));
                }
                Ok(None) => {}
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// As a stream.
    pub fn stream(self) -> impl Stream<Item = Result<JobEvent, Error>> + Send {
        stream::unfold(self, |mut events| async move { events.next().await.map(|event| (event, events)) })
    }

    async fn step(&mut self) -> Result<Option<JobEvent>, Error> {
        if let Some(event) = self.whole_event()? {
            return Ok(Some(event));
        }
        if self.over {
            return Ok(None);
        }
        let Some(open) = &mut self.open else {
            return self.connect().await.map(|()| None);
        };
        match open.chunk().await {
            Ok(Some(chunk)) => {
                if self.buffer.len() + chunk.len() > LONGEST {
                    return Err(Error::Answer("an event without end".into()));
                }
                self.buffer.extend_from_slice(&chunk);
            }
            // Cut off, by the panel or on the way: what is half is sent again, the rest is not.
            Ok(None) | Err(_) => {
                self.open = None;
                self.buffer.clear();
                tokio::time::sleep(self.pause).await;
            }
        }
        Ok(None)
    }

    async fn connect(&mut self) -> Result<(), Error> {
        // The number goes along in the header; what stood in the address was the beginning.
        self.call.query = String::new();
        match self.client.send(&self.call, Some(self.after)).await {
            Ok(response) if response.status() == StatusCode::NO_CONTENT => self.over = true,
            Ok(response) => self.open = Some(response),
            Err(error) => {
                self.failures += 1;
                let passing = match &error {
                    Error::Transport(_) => true,
                    Error::Answer(words) => words.starts_with("50"),
                    other => {
                        matches!(other.code(), Some(ProblemCode::Unavailable | ProblemCode::TooManyRequests))
                    }
                };
                if !passing || self.failures >= TRIES {
                    return Err(error);
                }
                let asked = match &error {
                    Error::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
                    _ => Duration::ZERO,
                };
                tokio::time::sleep(asked.min(Duration::from_secs(30)).max(Duration::from_millis(200 << self.failures)))
                    .await;
            }
        }
        Ok(())
    }

    /// Takes the next whole event out of what has come; what this client does not know is passed over.
    fn whole_event(&mut self) -> Result<Option<JobEvent>, Error> {
        while let Some(end) = self.buffer.windows(2).position(|w| w == b"\n\n") {
            let block = self.buffer.split_to(end + 2);
            let text = String::from_utf8_lossy(&block);
            let (mut name, mut data) = (String::new(), String::new());
            for line in text.lines() {
                match line.split_once(':').map(|(field, value)| (field, value.strip_prefix(' ').unwrap_or(value))) {
                    Some(("event", value)) => value.clone_into(&mut name),
                    Some(("data", value)) => data.push_str(value),
                    Some(("retry", value)) => {
                        self.pause = Duration::from_millis(value.parse::<u64>().unwrap_or(2000).min(30_000));
                    }
                    _ => {}
                }
            }
            self.failures = 0;
            if let Some(event) = read(&name, &data)? {
                if let JobEvent::Lines(lines) = &event {
                    self.after = self.after.max(lines.to);
                }
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
}

fn read(name: &str, data: &str) -> Result<Option<JobEvent>, Error> {
    fn of<T: serde::de::DeserializeOwned>(data: &str) -> Result<T, Error> {
        serde_json::from_str(data).map_err(|e| Error::Answer(format!("an event: {e}")))
    }
    Ok(match name {
        "lines" => Some(JobEvent::Lines(of(data)?)),
        "step" => Some(JobEvent::Step(of(data)?)),
        "progress" => Some(JobEvent::Progress(of(data)?)),
        "state" => Some(JobEvent::State(of(data)?)),
        "end" => Some(JobEvent::End(of(data)?)),
        _ => None,
    })
}

/// All events until the job ends.
pub(crate) async fn gathered(mut events: Events) -> Result<serde_json::Value, Error> {
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push(crate::input::as_value(&event?)?);
    }
    Ok(serde_json::Value::Array(all))
}
