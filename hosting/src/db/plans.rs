//! Plans.

use super::DbResult;
use crate::domain::money::Money;
use sqlx::mysql::MySqlConnection;

/// A plan row.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Row id.
    pub id: u64,
    /// Name in URLs and forms.
    pub slug: String,
    /// For people.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Price per month, whole cents.
    pub price_cents: i64,
    /// ISO 4217.
    pub currency: String,
    /// offered, full, retired
    pub state: String,
    /// 1000 = one core, for the whole store.
    pub cpu_millis: u32,
    /// MiB.
    pub web_memory_mb: u32,
    /// MiB.
    pub db_memory_mb: u32,
    /// MiB.
    pub redis_memory_mb: u32,
    /// Processes and threads of the whole store.
    pub pids: u32,
    /// MiB.
    pub disk_mb: u32,
    /// GB per month.
    pub bandwidth_gb: u32,
    /// Staging copies.
    pub staging_limit: u32,
    /// Nightly backups kept.
    pub backups_kept: u32,
}

impl Plan {
    /// Why a store that takes so many bytes on disk cannot have this plan; `None`: it can.
    #[must_use]
    pub fn too_small_for(&self, disk_bytes: u64) -> Option<String> {
        let used = disk_bytes.div_ceil(1 << 20);
        (used > u64::from(self.disk_mb)).then(|| {
            format!(
                "The store takes {used} MB on disk and {} has room for {} MB. Delete files first, or choose a larger plan",
                self.name, self.disk_mb
            )
        })
    }

    /// Price per month.
    #[must_use]
    pub fn price(&self) -> Money {
        Money { cents: self.price_cents, currency: self.currency.clone() }
    }
}

/// Queries on plans.
#[derive(Debug)]
pub struct Plans<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

macro_rules! select_plans {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            Plan,
            "SELECT id, slug, name, summary, price_cents, currency, state, cpu_millis, web_memory_mb, db_memory_mb, \
             redis_memory_mb, pids, disk_mb, bandwidth_gb, staging_limit, backups_kept FROM plans " + $rest
            $(, $arg)*
        )
    };
}

impl Plans<'_> {
    /// Plans on offer (also those full for now), cheapest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_public(&mut self) -> DbResult<Vec<Plan>> {
        Ok(select_plans!("WHERE state <> 'retired' ORDER BY position, id").fetch_all(&mut *self.conn).await?)
    }
    /// By name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, slug: &str) -> DbResult<Option<Plan>> {
        Ok(select_plans!("WHERE slug = ?", slug).fetch_optional(&mut *self.conn).await?)
    }
    /// By row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Plan>> {
        Ok(select_plans!("WHERE id = ?", id).fetch_optional(&mut *self.conn).await?)
    }
    /// Inserts the plans every installation starts with, unless there is any plan.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn seed(&mut self) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO plans (slug, name, summary, price_cents, position, cpu_millis, web_memory_mb, db_memory_mb, \
             redis_memory_mb, pids, disk_mb, bandwidth_gb, staging_limit, backups_kept) \
             SELECT * FROM ( \
              SELECT 'trial' a, 'Trial' b, 'Try everything for 14 days' c, 0 d, 0 e, 1000 f, 512 g, 512 h, 64 i, 256 j, 2048 k, 20 l, 1 m, 7 n \
              UNION ALL SELECT 'starter', 'Starter', 'A first shop', 1900, 1, 1000, 512, 512, 64, 256, 10240, 100, 1, 30 \
              UNION ALL SELECT 'business', 'Business', 'A busy shop', 4900, 2, 2000, 1024, 1024, 128, 512, 40960, 500, 3, 30 \
             ) p WHERE NOT EXISTS (SELECT 1 FROM plans)"
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}
