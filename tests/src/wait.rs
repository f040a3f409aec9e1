//! Waiting for a state, never for time.

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks every 20 ms until `look` answers `Some`, at most 90 s (two busy cores); then panics with `what`.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    eventually_within(Duration::from_secs(90), what, look).await
}

/// Asks every 20 ms until `look` answers `Some`, at most `limit`; then panics with `what`.
pub async fn eventually_within<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
