//! What a container's programs wrote, as the Engine kept it.

use super::{Docker, DockerError, DockerResult};
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::{Stream, StreamExt};

/// One entry of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// Unix nanoseconds.
    pub at: i64,
    /// Written to standard error.
    pub stderr: bool,
    /// As written, without the line's end; at most 16 KiB, because the Engine cuts there.
    pub text: String,
}

/// Which part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The last so many entries.
    Last(u32),
    /// What was kept since this second (Unix time); 0: everything.
    Since(i64),
    /// What comes from this second on (Unix time), and what is still to come.
    Follow(i64),
}

impl Docker {
    /// Reads a container's log. Dropping the stream ends the request; a stream that is not polled makes the Engine
    /// wait, never the container.
    pub fn log(&self, name: &str, part: Part) -> impl Stream<Item = DockerResult<RawLine>> + Send + use<> {
        let second = |from: i64| i32::try_from(from).unwrap_or(i32::MAX);
        let (tail, since, follow) = match part {
            Part::Last(n) => (n.to_string(), 0, false),
            Part::Since(from) => ("all".to_owned(), second(from), false),
            Part::Follow(from) => ("all".to_owned(), second(from), true),
        };
        let options =
            LogsOptions { stdout: true, stderr: true, timestamps: true, tail, since, follow, ..Default::default() };
        let what = format!("read the log of {name}");
        self.raw.logs(name, Some(options)).map(move |part| match part {
            Ok(output) => Ok(raw_line(output)),
            Err(e) => Err(DockerError::from_raw(&what, e)),
        })
    }
}

fn raw_line(output: LogOutput) -> RawLine {
    let stderr = matches!(output, LogOutput::StdErr { .. });
    let bytes = output.into_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let (at, text) = text.split_once(' ').map_or((None, text.as_ref()), |(stamp, rest)| match nanoseconds(stamp) {
        Some(at) => (Some(at), rest),
        None => (None, text.as_ref()),
    });
    RawLine { at: at.unwrap_or(0), stderr, text: text.trim_end_matches(['\n', '\r']).to_owned() }
}

/// `2026-11-21T10:00:00.123456789Z`
fn nanoseconds(stamp: &str) -> Option<i64> {
    let at = time::OffsetDateTime::parse(stamp, &time::format_description::well_known::Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_its_time_and_its_text() {
        let entry = |text: &str| raw_line(LogOutput::StdErr { message: text.to_owned().into() });
        let line = entry("2026-11-21T10:00:00.123456789Z [error] a b\n");
        assert_eq!((line.at, line.stderr), (1_795_255_200_123_456_789, true));
        assert_eq!(line.text, "[error] a b");
        assert_eq!(entry("no time here\n").text, "no time here");
        assert_eq!(entry("").text, "");
    }
}
