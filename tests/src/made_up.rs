//! Made-up jobs in the database of a running instance, whose lines a test writes one by one, stored and then
//! published as a worker does it. No worker touches them: they belong to a server that has none.

use crate::instance::Instance;
use hosting::domain::{Audience, Level, Line};
use hosting::progress::Message;
use hosting::queue::PROGRESS_CHANNEL;
use redis::AsyncCommands;

/// A job that runs for as long as the test likes.
pub struct MadeUpJob {
    /// Row.
    pub id: u64,
    /// Name in addresses.
    pub uid: String,
    /// Number of the last line.
    pub last: u32,
    pool: sqlx::MySqlPool,
    redis: redis::aio::MultiplexedConnection,
}

/// Lines in one statement.
const BATCH: usize = 1000;

impl MadeUpJob {
    /// A running job with one running step, "work".
    pub async fn start(instance: &Instance) -> Self {
        let pool = instance.pool.clone();
        sqlx::query("INSERT IGNORE INTO servers (name) VALUES ('nowhere')").execute(&pool).await.unwrap();
        let uid = hosting::domain::Uid::new().to_string();
        let id = sqlx::query(
            "INSERT INTO jobs (uid, kind, server_id, args, state, attempt, lease_owner, lease_until, epoch, current_step, \
             started_at, attempt_started_at) SELECT ?, 'noop', id, '{}', 'started', 1, 'nowhere/1', \
             NOW(6) + INTERVAL 1 DAY, 1, 'work', NOW(6), NOW(6) FROM servers WHERE name = 'nowhere'",
        )
        .bind(&uid)
        .execute(&pool)
        .await
        .unwrap()
        .last_insert_id();
        sqlx::query(
            "INSERT INTO job_steps (job_id, attempt, name, position, title, state) VALUES (?, 1, 'work', 1, 'Work', 'started')",
        )
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
        let client = redis::Client::open(instance.redis_url.as_str()).unwrap();
        let redis = client.get_multiplexed_async_connection().await.unwrap();
        Self { id, uid, last: 0, pool, redis }
    }

    /// Path of its page for staff.
    pub fn path(&self) -> String {
        format!("/admin/jobs/{}", self.uid)
    }

    /// Stores lines, then publishes them; `announce` false: as if Redis had lost the message.
    pub async fn write(&mut self, lines: &[(Level, String)], announce: bool) {
        let at = hosting::clock::now_plain();
        let lines: Vec<Line> = lines
            .iter()
            .zip(self.last + 1..)
            .map(|((level, text), seq)| Line {
                seq,
                attempt: 1,
                step: "work".into(),
                level: *level,
                audience: Audience::Staff,
                at,
                text: text.clone(),
            })
            .collect();
        for part in lines.chunks(BATCH) {
            let mut tx = self.pool.begin().await.unwrap();
            let mut insert = sqlx::QueryBuilder::new(
                "INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) ",
            );
            insert.push_values(part, |mut row, line| {
                row.push_bind(self.id)
                    .push_bind(line.seq)
                    .push_bind(line.attempt)
                    .push_bind(line.step.clone())
                    .push_bind(line.level.as_u8())
                    .push_bind(0_u8)
                    .push_bind(line.at)
                    .push_bind(line.text.clone());
            });
            insert.build().execute(&mut *tx).await.unwrap();
            self.last = part.last().unwrap().seq;
            sqlx::query("UPDATE jobs SET last_seq = ? WHERE id = ?")
                .bind(self.last)
                .bind(self.id)
                .execute(&mut *tx)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        if announce {
            let message = Message { job: self.id, lines: lines.iter().map(Into::into).collect(), changed: false };
            self.publish(&message).await;
        }
    }

    /// `count` numbered lines of text.
    pub async fn numbered(&mut self, count: u32) {
        let lines: Vec<_> =
            (self.last + 1..=self.last + count).map(|n| (Level::Info, format!("line number {n}"))).collect();
        self.write(&lines, true).await;
    }

    /// Ends it well.
    pub async fn finish(&mut self) {
        for statement in [
            "UPDATE job_steps SET state = 'finished', finished_at = NOW(6) WHERE job_id = ?",
            "UPDATE jobs SET state = 'finished', progress = 100, finished_at = NOW(6), lease_owner = NULL, lease_until = NULL WHERE id = ?",
        ] {
            sqlx::query(statement).bind(self.id).execute(&self.pool).await.unwrap();
        }
        self.publish(&Message { job: self.id, lines: Vec::new(), changed: true }).await;
    }

    /// Ends it badly.
    pub async fn fail(&mut self, code: &str, reason: &str) {
        sqlx::query("UPDATE job_steps SET state = 'failed', finished_at = NOW(6) WHERE job_id = ?")
            .bind(self.id)
            .execute(&self.pool)
            .await
            .unwrap();
        sqlx::query(
            "UPDATE jobs SET state = 'failed', error_code = ?, error_reason = ?, finished_at = NOW(6), \
             lease_owner = NULL, lease_until = NULL WHERE id = ?",
        )
        .bind(code)
        .bind(reason)
        .bind(self.id)
        .execute(&self.pool)
        .await
        .unwrap();
        self.publish(&Message { job: self.id, lines: Vec::new(), changed: true }).await;
    }

    async fn publish(&mut self, message: &Message) {
        let text = serde_json::to_string(message).unwrap();
        let _: i64 = self.redis.publish(PROGRESS_CHANNEL, text).await.unwrap();
    }
}
