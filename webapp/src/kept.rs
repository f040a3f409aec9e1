//! What many requests need and may be a moment old, read once for all of them.

use hosting::db::DbResult;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pages wait this long for what they can do without.
const PATIENCE: Duration = Duration::from_millis(300);
/// After the database did not answer, what is known is used for this long before it is asked again.
const REST: Duration = Duration::from_secs(2);

/// When the database last did not answer in time: pages do not wait for it again at once.
#[derive(Debug, Default)]
pub(crate) struct Away(Mutex<Option<Instant>>);

impl Away {
    fn lately(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < REST)
    }
    fn noted(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// What was read last, and when. However many ask at the same moment, one of them reads.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    value: Mutex<Option<(Instant, Arc<T>)>>,
    /// When the last read failed, if it did: who waited for it fails with it instead of waiting once more.
    reading: tokio::sync::Mutex<Option<Instant>>,
    fresh: Duration,
}

impl<T> Kept<T> {
    /// Read again when older than `fresh`.
    pub(crate) fn for_up_to(fresh: Duration) -> Self {
        Self { value: Mutex::default(), reading: tokio::sync::Mutex::default(), fresh }
    }

    /// The value, at most as old as it may be; the last one known while the database does not answer.
    pub(crate) async fn get(&self, away: &Away, read: impl Future<Output = DbResult<T>>) -> DbResult<Arc<T>> {
        let read = async {
            if away.lately() {
                return Err(too_slow());
            }
            let value = tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| Err(too_slow()));
            if let Err(error) = &value {
                away.noted();
                tracing::warn!(error = %error, "the database does not answer; using what was read last");
            }
            value
        };
        match self.now(read).await {
            Ok(value) => Ok(value),
            Err(error) => self.younger_than(Duration::MAX).ok_or(error),
        }
    }

    /// The value, at most as old as it may be, and never older: for what people act on.
    pub(crate) async fn now(&self, read: impl Future<Output = DbResult<T>>) -> DbResult<Arc<T>> {
        if let Some(value) = self.younger_than(self.fresh) {
            return Ok(value);
        }
        let came = Instant::now();
        let mut failed = self.reading.lock().await;
        if let Some(value) = self.younger_than(self.fresh) {
            return Ok(value);
        }
        if failed.is_some_and(|at| at > came) {
            return Err(too_slow());
        }
        // Its age counts from before the read: what changes during it is not in it.
        let at = Instant::now();
        let value = match read.await {
            Ok(value) => Arc::new(value),
            Err(error) => {
                *failed = Some(Instant::now());
                return Err(error);
            }
        };
        *self.lock() = Some((at, value.clone()));
        Ok(value)
    }

    fn younger_than(&self, age: Duration) -> Option<Arc<T>> {
        self.lock().as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, value)| value.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Arc<T>)>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_slow() -> hosting::DbError {
    hosting::DbError::Unavailable("no answer in time".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_stampede_reads_once() {
        let kept = Kept::for_up_to(Duration::from_secs(60));
        let reads = AtomicU32::new(0);
        let ask = || {
            kept.now(async {
                tokio::task::yield_now().await;
                Ok(reads.fetch_add(1, Ordering::SeqCst))
            })
        };
        let all = futures_util::future::join_all((0..100).map(|_| ask())).await;
        assert!(all.into_iter().all(|v| *v.unwrap() == 0));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn who_waits_for_a_read_that_fails_fails_with_it() {
        let kept: Kept<u32> = Kept::for_up_to(Duration::from_secs(60));
        let reads = AtomicU32::new(0);
        let ask = || {
            kept.now(async {
                tokio::task::yield_now().await;
                reads.fetch_add(1, Ordering::SeqCst);
                Err(too_slow())
            })
        };
        let all = futures_util::future::join_all((0..100).map(|_| ask())).await;
        assert!(all.into_iter().all(|v| v.is_err()));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
        assert_eq!(*kept.now(async { Ok(7) }).await.unwrap(), 7, "the next one asks again");
    }

    #[tokio::test]
    async fn what_is_known_outlives_the_database_and_is_not_asked_for_again_at_once() {
        let kept = Kept::for_up_to(Duration::ZERO);
        let away = Away::default();
        assert_eq!(*kept.get(&away, async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*kept.get(&away, async { Err(too_slow()) }).await.unwrap(), 1);
        let value = kept.get(&away, async { panic!("asked again at once") }).await.unwrap();
        assert_eq!(*value, 1);
        let nothing: Kept<u8> = Kept::for_up_to(Duration::ZERO);
        assert!(nothing.get(&away, async { Ok(1) }).await.is_err(), "nothing known and no database");
    }

    #[tokio::test]
    async fn what_people_act_on_is_never_older() {
        let kept = Kept::for_up_to(Duration::ZERO);
        assert_eq!(*kept.now(async { Ok(1) }).await.unwrap(), 1);
        assert!(kept.now(async { Err::<i32, _>(too_slow()) }).await.is_err());
        assert_eq!(*kept.now(async { Ok(2) }).await.unwrap(), 2);
    }
}
