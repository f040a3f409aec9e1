//! The last lines of a log, once.

use super::{Desk, Subject, parse};
use crate::docker::logs::Part;
use futures_util::StreamExt;
use futures_util::future::join_all;
use hosting::domain::{LogFilter, StoreLogLine};
use hosting::store_logs::{Answer, MOST_LINES, WireLine};
use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

/// How long one look may take; what was found by then is the answer.
const LIMIT: Duration = Duration::from_secs(4);
/// The Engine keeps less than this of a container's log.
const MOST_BYTES: usize = 16 << 20;

impl Desk {
    /// The last lines that pass the filter, from all sources, in order of time.
    pub(super) async fn look(&self, store: u64, filter: &LogFilter, lines: u32, after: i64) -> Result<Answer, String> {
        let subject = self.subject(store).await?;
        let wanted = lines.min(MOST_LINES);
        let found = join_all(subject.containers.iter().map(|(service, name)| {
            let part =
                if filter.takes_all() && after == 0 { Part::Last(wanted) } else { Part::Since(after / 1_000_000_000) };
            self.last_of(&subject, *service, name, part, (filter, wanted as usize, after))
        }))
        .await;
        let partial = found.iter().any(|(_, partial)| *partial);
        let mut lines: Vec<StoreLogLine> = found.into_iter().flat_map(|(lines, _)| lines).collect();
        lines.sort_by_key(|l| l.at);
        let skip = lines.len().saturating_sub(wanted as usize);
        Ok(Answer { lines: lines.iter().skip(skip).map(WireLine::from).collect(), partial, problem: String::new() })
    }

    /// The newest lines of one container, and whether the time ran out.
    async fn last_of(
        &self,
        subject: &Subject,
        service: parse::Service,
        name: &str,
        part: Part,
        (filter, wanted, after): (&LogFilter, usize, i64),
    ) -> (VecDeque<StoreLogLine>, bool) {
        let mut kept = VecDeque::with_capacity(wanted.min(256));
        let mut bytes = 0;
        let reading = async {
            let mut entries = pin!(self.machine.docker.log(name, part));
            while let Some(entry) = entries.next().await {
                let raw = match entry {
                    Ok(raw) => raw,
                    Err(error) => {
                        tracing::warn!(error = %error, "a store's log was not read to its end");
                        return true;
                    }
                };
                bytes += raw.text.len();
                if bytes > MOST_BYTES {
                    return true;
                }
                if raw.at <= after {
                    continue;
                }
                if let Some(line) = parse::line(service, &raw, &subject.mask).filter(|l| filter.takes(l)) {
                    if kept.len() == wanted {
                        kept.pop_front();
                    }
                    kept.push_back(line);
                }
            }
            false
        };
        let partial = tokio::time::timeout(LIMIT, reading).await.unwrap_or(true);
        (kept, partial)
    }
}
