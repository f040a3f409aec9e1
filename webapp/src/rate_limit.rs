//! Limits per purpose and subject (an account, an address), kept in Redis by one script, and in
//! this process alone while Redis is away: then each web process counts for itself, which is looser
//! but never open and never shut.
//!
//! Two kinds: a token bucket for "how often", and growing delays for "how often wrong". A delay
//! grows with the failures of one account *from one address*, so a stranger cannot lock somebody out;
//! the account as a whole has a wide bucket of its own, which browsers that signed in before pass.

use hosting::crypto::sha256;
use hosting::queue::Queue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A token bucket: `burst` at once, one more every `every_ms`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Part of the key.
    pub purpose: &'static str,
    /// How many at once.
    pub burst: u64,
    /// Milliseconds until one more.
    pub every_ms: u64,
}

/// Sign-ups from one address.
pub const SIGN_UP_ADDRESS: Bucket = Bucket { purpose: "sign_up.address", burst: 20, every_ms: 60_000 };
/// Mails to one account that somebody asked for.
pub const MAIL_ACCOUNT: Bucket = Bucket { purpose: "mail.account", burst: 3, every_ms: 300_000 };
/// Mails asked for from one address.
pub const MAIL_ADDRESS: Bucket = Bucket { purpose: "mail.address", burst: 10, every_ms: 60_000 };
/// Sign-in tries from one address, any account.
pub const SIGN_IN_ADDRESS: Bucket = Bucket { purpose: "sign_in.address", burst: 40, every_ms: 3_000 };
/// Sign-in tries for one account from browsers that never signed in to it.
pub const SIGN_IN_ACCOUNT: Bucket = Bucket { purpose: "sign_in.account", burst: 50, every_ms: 20_000 };
/// Links tried from one address.
pub const VERIFY_ADDRESS: Bucket = Bucket { purpose: "verify.address", burst: 30, every_ms: 5_000 };
/// Resellers' links opened from one address.
pub const LINK_ADDRESS: Bucket = Bucket { purpose: "link.address", burst: 60, every_ms: 1_000 };
/// Codes of a second factor tried for one account.
pub const FACTOR_ACCOUNT: Bucket = Bucket { purpose: "factor.account", burst: 20, every_ms: 300_000 };
/// Challenges for passkeys from one address.
pub const PASSKEY_ADDRESS: Bucket = Bucket { purpose: "passkey.address", burst: 60, every_ms: 2_000 };
/// Exports of one account.
pub const EXPORT_ACCOUNT: Bucket = Bucket { purpose: "export.account", burst: 3, every_ms: 3_600_000 };
/// New tickets of one account.
pub const TICKET_ACCOUNT: Bucket = Bucket { purpose: "ticket.account", burst: 8, every_ms: 600_000 };
/// Messages in tickets of one account.
pub const MESSAGE_ACCOUNT: Bucket = Bucket { purpose: "ticket.message", burst: 30, every_ms: 30_000 };
/// Forms with files of one account, read or not.
pub const UPLOAD_ACCOUNT: Bucket = Bucket { purpose: "upload.account", burst: 40, every_ms: 10_000 };
/// Refusals of one person at one address that the audit log keeps.
pub const AUDIT_REFUSED: Bucket = Bucket { purpose: "audit.refused", burst: 1, every_ms: 60_000 };
/// Showing credentials.
pub const REVEAL_ACCOUNT: Bucket = Bucket { purpose: "reveal.account", burst: 20, every_ms: 30_000 };

/// Looks at a store's run-time log by one person.
pub const STORE_LOG: Bucket = Bucket { purpose: "store_log.person", burst: 40, every_ms: 1_500 };

/// Requests of one credential of the JSON API.
pub const API_CALLER: Bucket = Bucket { purpose: "api.caller", burst: 600, every_ms: 20 };
/// Requests to the JSON API without a credential that stands, from one address.
pub const API_ADDRESS: Bucket = Bucket { purpose: "api.address", burst: 240, every_ms: 500 };

/// What is left of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Milliseconds to wait; 0 = go.
    pub wait_ms: u64,
    /// How many more at once.
    pub remaining: u64,
    /// Milliseconds until it is full again.
    pub full_ms: u64,
    /// How many at once when it is full.
    pub limit: u64,
}

/// `KEYS[1]` bucket; `ARGV` now ms, burst, every ms. Answers ms to wait, 0 = go (generic cell rate),
/// and when the bucket is full again.
const TAKE: &str = "
local tat = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
local now, burst, every = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if tat < now then tat = now end
local next = tat + every
local wait = next - burst * every - now
if wait > 0 then return {wait, tat} end
redis.call('SET', KEYS[1], next, 'PX', math.max(next - now, 1))
return {0, next}";

/// `KEYS[1]` failures; `ARGV` now ms, 0 look or 1 fail. Answers ms to wait. From the fifth failure
/// on the wait doubles from 1 s to 15 min; an hour without failures forgets.
const DELAY: &str = "
local now = tonumber(ARGV[1])
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
local till = tonumber(redis.call('HGET', KEYS[1], 'till') or '0')
if ARGV[2] == '1' then
  n = n + 1
  if n >= 5 then till = now + math.min(1000 * 2 ^ (n - 5), 900000) end
  redis.call('HSET', KEYS[1], 'n', n, 'till', till)
  redis.call('PEXPIRE', KEYS[1], 3600000)
end
if till > now then return {math.floor(till - now), till} end
return {0, 0}";

/// Subjects this process remembers while Redis is away.
const LOCAL_SUBJECTS: usize = 50_000;

#[derive(Default)]
struct Local {
    buckets: HashMap<String, u64>,
    failures: HashMap<String, (u32, u64)>,
}

/// The limits of one process.
#[derive(Clone)]
pub struct RateLimits {
    queue: Queue,
    take: Arc<redis::Script>,
    delay: Arc<redis::Script>,
    local: Arc<Mutex<Local>>,
}

impl RateLimits {
    /// Limits on the Redis behind `queue`.
    #[must_use]
    pub fn new(queue: Queue) -> Self {
        Self {
            queue,
            take: Arc::new(redis::Script::new(TAKE)),
            delay: Arc::new(redis::Script::new(DELAY)),
            local: Arc::default(),
        }
    }

    /// Takes one from the bucket of a subject.
    ///
    /// # Errors
    /// Seconds to wait when it is empty.
    pub async fn take(&self, bucket: Bucket, subject: &str) -> Result<(), u64> {
        let taken = self.take_counted(bucket, subject).await;
        if taken.wait_ms == 0 { Ok(()) } else { Err(taken.wait_ms.div_ceil(1000)) }
    }

    /// Takes one from the bucket of a subject and says what is left.
    pub async fn take_counted(&self, bucket: Bucket, subject: &str) -> Taken {
        let key = key(bucket.purpose, subject);
        let now = now_ms();
        let (wait_ms, full_at) = match self.run(&self.take, &key, &[now, bucket.burst, bucket.every_ms]).await {
            Some(answer) => answer,
            None => self.take_local(&key, now, bucket),
        };
        let full_ms = full_at.saturating_sub(now);
        let remaining = bucket.burst.saturating_sub(full_ms.div_ceil(bucket.every_ms.max(1)));
        Taken { wait_ms, remaining, full_ms, limit: bucket.burst }
    }

    /// Whether a subject has to wait after failures.
    ///
    /// # Errors
    /// Seconds to wait.
    pub async fn look(&self, purpose: &str, subject: &str) -> Result<(), u64> {
        let wait = self.delayed(&key(purpose, subject), false).await;
        if wait == 0 { Ok(()) } else { Err(wait.div_ceil(1000)) }
    }

    /// Notes a failure of a subject.
    pub async fn fail(&self, purpose: &str, subject: &str) {
        self.delayed(&key(purpose, subject), true).await;
    }

    /// Forgets a subject's failures.
    pub async fn clear(&self, purpose: &str, subject: &str) {
        let key = key(purpose, subject);
        self.lock().failures.remove(&key);
        if let Ok(mut conn) = self.queue.conn().await {
            let _: Result<(), _> = redis::cmd("DEL").arg(&key).query_async(&mut conn).await;
        }
    }

    async fn delayed(&self, key: &str, failed: bool) -> u64 {
        let now = now_ms();
        if let Some((wait, _)) = self.run(&self.delay, key, &[now, u64::from(failed)]).await {
            return wait;
        }
        let mut local = self.lock();
        if local.failures.len() > LOCAL_SUBJECTS {
            local.failures.retain(|_, (_, till)| *till > now);
        }
        let (n, till) = local.failures.get(key).copied().unwrap_or_default();
        let (n, till) = if failed {
            let n = n + 1;
            (n, if n >= 5 { now + (1000u64 << (n - 5).min(10)).min(900_000) } else { till })
        } else {
            (n, till)
        };
        if failed {
            local.failures.insert(key.to_owned(), (n, till));
        }
        till.saturating_sub(now)
    }

    fn take_local(&self, key: &str, now: u64, bucket: Bucket) -> (u64, u64) {
        let mut local = self.lock();
        if local.buckets.len() > LOCAL_SUBJECTS {
            local.buckets.retain(|_, tat| *tat > now);
        }
        let next = local.buckets.get(key).copied().unwrap_or(now).max(now) + bucket.every_ms;
        let wait = next.saturating_sub(bucket.burst * bucket.every_ms).saturating_sub(now);
        if wait == 0 {
            local.buckets.insert(key.to_owned(), next);
        }
        (wait, next)
    }

    async fn run(&self, script: &redis::Script, key: &str, args: &[u64]) -> Option<(u64, u64)> {
        let mut conn = self.queue.conn().await.ok()?;
        let mut call = script.key(key);
        for arg in args {
            call.arg(*arg);
        }
        let answer = tokio::time::timeout(Duration::from_millis(500), call.invoke_async::<(u64, u64)>(&mut conn)).await;
        match answer {
            Ok(Ok(wait)) => Some(wait),
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "limits cannot reach Redis; this process counts alone");
                None
            }
            Err(_) => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Subjects are hashed: neither e-mails nor addresses stand in Redis.
fn key(purpose: &str, subject: &str) -> String {
    format!("sf:1:rate:{purpose}:{}", hex::encode(&sha256(subject.as_bytes())[..12]))
}

fn now_ms() -> u64 {
    u64::try_from(hosting::clock::now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}
