//! Stores and the host names they hold.

use super::webhook_events::WebhookEvents;
use super::{DbError, DbResult};
use crate::domain::host_name::skeleton;
use crate::domain::store::SuspendCause;
use crate::domain::{Platform, Role, StoreState, Uid};
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// A store row.
#[derive(Debug, Clone)]
pub struct Store {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: Uid,
    /// Owner.
    pub customer_id: u64,
    /// Owner's e-mail.
    pub customer_email: String,
    /// Plan.
    pub plan_id: u64,
    /// Server, once placed.
    pub server_id: Option<u64>,
    /// Its name.
    pub server_name: Option<String>,
    /// Shop software.
    pub platform: Platform,
    /// Title of the shop.
    pub name: String,
    /// First label of the address.
    pub slug: String,
    /// Full host name it holds now, `None` when released.
    pub host: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Where it is in its life.
    pub state: StoreState,
    /// Visitors see the maintenance page.
    pub maintenance: bool,
    /// What visitors of a suspended store are told.
    pub suspend_cause: SuspendCause,
    /// What its owner is told.
    pub suspend_reason: String,
    /// Role of who ordered it; empty when that was not kept.
    pub suspended_by: String,
    /// Raised by every claim of a job of this store.
    pub epoch: u64,
    /// What the verified shop is made of.
    pub facts: Option<serde_json::Value>,
    /// Signed up at.
    pub created_at: PlainDateTime,
    /// First verified at.
    pub active_at: Option<PlainDateTime>,
    /// Will be deleted at.
    pub delete_after: Option<PlainDateTime>,
    /// Deleted at.
    pub deleted_at: Option<PlainDateTime>,
}

impl Store {
    /// Directory, network and container prefix: `store-{uid8}`.
    #[must_use]
    pub fn object_name(&self) -> String {
        format!("store-{}", self.uid.uid8())
    }
}

/// A store to insert.
#[derive(Debug, Clone)]
pub struct NewStore<'a> {
    /// Owner.
    pub customer_id: u64,
    /// Plan.
    pub plan_id: u64,
    /// Shop software.
    pub platform: Platform,
    /// Title.
    pub name: &'a str,
    /// First label of the address.
    pub slug: &'a str,
    /// ISO 4217.
    pub currency: &'a str,
    /// ISO 3166 alpha-2.
    pub country: &'a str,
}

#[derive(sqlx::FromRow)]
struct RawStore {
    id: u64,
    uid: String,
    customer_id: u64,
    customer_email: String,
    plan_id: u64,
    server_id: Option<u64>,
    server_name: Option<String>,
    platform: String,
    name: String,
    slug: String,
    host: Option<String>,
    currency: String,
    country: String,
    state: String,
    maintenance: bool,
    suspend_cause: String,
    suspend_reason: String,
    suspended_by: String,
    epoch: u64,
    facts: Option<Json<serde_json::Value>>,
    created_at: PlainDateTime,
    active_at: Option<PlainDateTime>,
    delete_after: Option<PlainDateTime>,
    deleted_at: Option<PlainDateTime>,
}

impl TryFrom<RawStore> for Store {
    type Error = DbError;
    fn try_from(r: RawStore) -> DbResult<Self> {
        Ok(Self {
            id: r.id,
            uid: Uid::parse(&r.uid).map_err(|e| DbError::Row(e.0))?,
            customer_id: r.customer_id,
            customer_email: r.customer_email,
            plan_id: r.plan_id,
            server_id: r.server_id,
            server_name: r.server_name,
            platform: Platform::parse(&r.platform).ok_or_else(|| DbError::Row(format!("platform {}", r.platform)))?,
            name: r.name,
            slug: r.slug,
            host: r.host,
            currency: r.currency,
            country: r.country,
            state: StoreState::parse(&r.state).ok_or_else(|| DbError::Row(format!("store state {}", r.state)))?,
            maintenance: r.maintenance,
            suspend_cause: SuspendCause::parse(&r.suspend_cause).unwrap_or(SuspendCause::Other),
            suspend_reason: r.suspend_reason,
            suspended_by: r.suspended_by,
            epoch: r.epoch,
            facts: r.facts.map(|j| j.0),
            created_at: r.created_at,
            active_at: r.active_at,
            delete_after: r.delete_after,
            deleted_at: r.deleted_at,
        })
    }
}

const SELECT: &str = "SELECT s.id, s.uid, s.customer_id, c.email AS customer_email, s.plan_id, s.server_id, \
 v.name AS server_name, s.platform, s.name, s.slug, a.host, s.currency, s.country, s.state, s.maintenance, s.suspend_cause, s.suspend_reason, s.suspended_by, s.epoch, s.facts, \
 s.created_at, s.active_at, s.delete_after, s.deleted_at FROM stores s JOIN customers c ON c.id = s.customer_id \
 LEFT JOIN servers v ON v.id = s.server_id LEFT JOIN store_addresses a ON a.store_id = s.id AND a.kind = 'platform' ";

/// Queries on stores.
#[derive(Debug)]
pub struct Stores<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Stores<'_> {
    /// Inserts a store in state `requested`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, store: &NewStore<'_>) -> DbResult<(u64, Uid)> {
        let uid = Uid::new();
        let id = sqlx::query!(
            "INSERT INTO stores (uid, customer_id, plan_id, platform, name, slug, currency, country) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            uid.to_string(), store.customer_id, store.plan_id, store.platform.as_str(), store.name, store.slug,
            store.currency, store.country
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        Ok((id, uid))
    }

    /// Takes a host name for a store; taking one it already holds is fine.
    ///
    /// # Errors
    /// `Duplicate` (`PRIMARY` = taken, `store_addresses_skeleton` = a look-alike is taken).
    pub async fn hold_address(&mut self, store_id: u64, host: &str) -> DbResult<()> {
        let held = sqlx::query_scalar!("SELECT store_id FROM store_addresses WHERE host = ?", host)
            .fetch_optional(&mut *self.conn)
            .await?;
        if held == Some(store_id) {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO store_addresses (host, store_id, kind, skeleton) VALUES (?, ?, 'platform', ?)",
            host,
            store_id,
            skeleton(host)
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Takes a host name as the store's next one; one of its former ones is taken back.
    ///
    /// # Errors
    /// `Duplicate` when somebody has it, or a look-alike.
    pub async fn hold_next(&mut self, store_id: u64, host: &str) -> DbResult<()> {
        let own = sqlx::query!(
            "UPDATE store_addresses SET kind = 'next' WHERE host = ? AND store_id = ? AND kind IN ('next', 'former')",
            host,
            store_id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        let held = own > 0
            || sqlx::query_scalar!("SELECT kind FROM store_addresses WHERE host = ? AND store_id = ?", host, store_id)
                .fetch_optional(&mut *self.conn)
                .await?
                .is_some_and(|kind| kind == "next");
        if held {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO store_addresses (host, store_id, kind, skeleton) VALUES (?, ?, 'next', ?)",
            host,
            store_id,
            skeleton(host)
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Gives the store's next host name up; one that was a former one is that again.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn drop_next(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!(
            "DELETE FROM store_addresses WHERE store_id = ? AND kind = 'next' AND redirect_until IS NULL",
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("UPDATE store_addresses SET kind = 'former' WHERE store_id = ? AND kind = 'next'", store_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// The next host name is the store's own from now on; the one it had leads there for `days` days.
    /// Safe to repeat.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn settle_next(&mut self, store_id: u64, slug: &str, days: u32) -> DbResult<()> {
        let next =
            sqlx::query_scalar!("SELECT host FROM store_addresses WHERE store_id = ? AND kind = 'next'", store_id)
                .fetch_optional(&mut *self.conn)
                .await?;
        let Some(next) = next else { return Ok(()) };
        sqlx::query!(
            "UPDATE store_addresses SET kind = 'former', redirect_until = NOW(6) + INTERVAL ? DAY              WHERE store_id = ? AND kind = 'platform'",
            days,
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("UPDATE store_addresses SET kind = 'platform', redirect_until = NULL WHERE host = ?", next)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("UPDATE stores SET slug = ? WHERE id = ?", slug, store_id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Former host names that still lead to the store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn former_addresses(&mut self, store_id: u64) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "SELECT host FROM store_addresses WHERE store_id = ? AND kind = 'former' AND redirect_until > NOW(6) ORDER BY host",
            store_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Whether the store has former host names whose time is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn has_expired_addresses(&mut self, store_id: u64) -> DbResult<bool> {
        let n = sqlx::query_scalar!(
            "SELECT COUNT(*) FROM store_addresses WHERE store_id = ? AND kind = 'former' AND redirect_until <= NOW(6)",
            store_id
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(n > 0)
    }

    /// Frees former host names whose time is over; call when they lead nowhere any more.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn release_expired_addresses(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!(
            "DELETE FROM store_addresses WHERE store_id = ? AND kind = 'former' AND redirect_until <= NOW(6)",
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Frees every host name a store holds.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn release_addresses(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM store_addresses WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Whether a store holds an address.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn holds_address(&mut self, store_id: u64) -> DbResult<bool> {
        let n = sqlx::query_scalar!("SELECT COUNT(*) FROM store_addresses WHERE store_id = ?", store_id)
            .fetch_one(&mut *self.conn)
            .await?;
        Ok(n > 0)
    }

    /// Whether a host name or a look-alike of it is held by a store. What unconfirmed sign-ups of the
    /// address `pending_of` hold does not count: only one of them becomes a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn address_taken(&mut self, host: &str, pending_of: Option<u64>) -> DbResult<bool> {
        let n = sqlx::query_scalar!(
            "SELECT COUNT(*) FROM store_addresses a JOIN stores s ON s.id = a.store_id \
             WHERE (a.host = ? OR a.skeleton = ?) AND NOT (s.state = 'requested' AND s.customer_id <=> ?)",
            host,
            skeleton(host),
            pending_of
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(n > 0)
    }

    /// A store by row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE s.id = ").push_bind(id);
        self.one(query).await
    }

    /// A store by public id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, uid: &Uid) -> DbResult<Option<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE s.uid = ").push_bind(uid.to_string());
        self.one(query).await
    }

    /// A store of a customer of theirs, or of their own, by public id: looked up together with its provider.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_of_reseller(&mut self, uid: &Uid, reseller_id: u64) -> DbResult<Option<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query
            .push("WHERE s.uid = ")
            .push_bind(uid.to_string())
            .push(" AND (c.reseller_id = ")
            .push_bind(reseller_id)
            .push(" OR c.id = ")
            .push_bind(reseller_id)
            .push(")");
        self.one(query).await
    }

    async fn one(&mut self, mut query: sqlx::QueryBuilder<sqlx::MySql>) -> DbResult<Option<Store>> {
        let row: Option<RawStore> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(Store::try_from).transpose()
    }

    /// A customer's stores, newest first, without those that are only a record.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_of_customer(&mut self, customer_id: u64) -> DbResult<Vec<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query
            .push("WHERE s.customer_id = ")
            .push_bind(customer_id)
            .push(" AND s.state <> 'deleted' ORDER BY s.id DESC LIMIT 100");
        let rows: Vec<RawStore> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Store::try_from).collect()
    }

    /// A customer's newest store, also when only its record is left.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest_of_customer(&mut self, customer_id: u64) -> DbResult<Option<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE s.customer_id = ").push_bind(customer_id).push(" ORDER BY s.id DESC LIMIT 1");
        self.one(query).await
    }

    /// Stores newest first; a keyset page of rows with `id < before`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, state: Option<StoreState>, before: Option<u64>, limit: u32) -> DbResult<Vec<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE 1 = 1");
        if let Some(state) = state {
            query.push(" AND s.state = ").push_bind(state.as_str());
        }
        if let Some(before) = before {
            query.push(" AND s.id < ").push_bind(before);
        }
        query.push(" ORDER BY s.id DESC LIMIT ").push_bind(limit);
        let rows: Vec<RawStore> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Store::try_from).collect()
    }

    /// Stores that should have parts on a server, for its reconciler.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_on_server(&mut self, server_id: u64) -> DbResult<Vec<Store>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query
            .push("WHERE s.server_id = ")
            .push_bind(server_id)
            .push(" AND s.state NOT IN ('requested', 'deleted') ORDER BY s.id");
        let rows: Vec<RawStore> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Store::try_from).collect()
    }

    /// How many stores of a customer are on a server.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count_on(&mut self, server_id: u64, customer_id: u64) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            "SELECT COUNT(*) FROM stores WHERE server_id = ? AND customer_id = ? AND state <> 'deleted'",
            server_id,
            customer_id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Seconds since a store's row was last changed.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn seconds_since_change(&mut self, id: u64) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            r#"SELECT TIMESTAMPDIFF(SECOND, updated_at, NOW(6)) AS "age!: i64" FROM stores WHERE id = ?"#,
            id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Stores nobody confirmed for `hours` hours.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn abandoned(&mut self, hours: u32, limit: u32) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM stores WHERE state = 'requested' AND created_at < NOW(6) - INTERVAL ? HOUR LIMIT ?",
            hours,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Stores whose waiting time before deletion is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn due_for_deletion(&mut self, limit: u32) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM stores WHERE delete_after <= NOW(6) AND state IN ('active', 'suspended', 'failed') LIMIT ?",
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Gives a store that waits another first label.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_slug(&mut self, id: u64, slug: &str) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET slug = ? WHERE id = ? AND state = 'requested'", slug, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Moves a store along the table of legal moves, only if it is in `from` now.
    ///
    /// # Errors
    /// `Stale` when it is not, or when the move is not legal.
    pub async fn move_state(&mut self, id: u64, from: StoreState, to: StoreState) -> DbResult<()> {
        if !from.may_become(to) {
            return Err(DbError::Stale("this change of a store's state is not allowed"));
        }
        let done = sqlx::query!(
            "UPDATE stores SET state = ?, active_at = IF(? = 'active', COALESCE(active_at, NOW(6)), active_at), \
             deleted_at = IF(? = 'deleted', NOW(6), deleted_at), delete_after = IF(? = 'deleted', NULL, delete_after) \
             WHERE id = ? AND state = ?",
            to.as_str(),
            to.as_str(),
            to.as_str(),
            to.as_str(),
            id,
            from.as_str()
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done != 1 {
            return Err(DbError::Stale("the store is in another state now"));
        }
        let event = match (from, to) {
            (StoreState::Provisioning, StoreState::Active) => "store.live",
            (StoreState::Suspended, StoreState::Active) => "store.resumed",
            (_, StoreState::Suspended) => "store.suspended",
            (_, StoreState::Failed) => "store.failed",
            (StoreState::Deleting, StoreState::Deleted) => "store.deleted",
            _ => return Ok(()),
        };
        WebhookEvents { conn: &mut *self.conn }.store(id, event).await
    }

    /// Places a store on a server; placing it again on the same one is fine.
    ///
    /// # Errors
    /// `Stale` when it is on another server.
    pub async fn place(&mut self, id: u64, server_id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET server_id = ? WHERE id = ? AND server_id IS NULL", server_id, id)
            .execute(&mut *self.conn)
            .await?;
        let now = sqlx::query_scalar!("SELECT server_id FROM stores WHERE id = ?", id)
            .fetch_optional(&mut *self.conn)
            .await?;
        if now.flatten() == Some(server_id) { Ok(()) } else { Err(DbError::Stale("the store is on another server")) }
    }

    /// Takes a store off its server (nothing of it is there any more).
    ///
    /// # Errors
    /// Database trouble.
    pub async fn unplace(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET server_id = NULL WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Records what the verified shop is made of (versions, page title seen).
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_facts(&mut self, id: u64, facts: &serde_json::Value) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET facts = ? WHERE id = ?", Json(facts) as _, id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Notes why a store is about to be suspended.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_suspension(&mut self, id: u64, cause: SuspendCause, reason: &str, by: Role) -> DbResult<()> {
        sqlx::query!(
            "UPDATE stores SET suspend_cause = ?, suspend_reason = ?, suspended_by = ? WHERE id = ?",
            cause.as_str(),
            reason,
            by.as_str(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Records whether visitors see the maintenance page.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_maintenance(&mut self, id: u64, on: bool) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET maintenance = ? WHERE id = ?", on, id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Records a store's plan.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_plan(&mut self, id: u64, plan_id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET plan_id = ? WHERE id = ?", plan_id, id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Records a store's name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_name(&mut self, id: u64, name: &str) -> DbResult<()> {
        sqlx::query!("UPDATE stores SET name = ? WHERE id = ?", name, id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Asks for deletion after `days` days.
    ///
    /// # Errors
    /// `Stale` when the store can't be deleted in its present state, or deletion is already planned.
    pub async fn schedule_deletion(&mut self, id: u64, days: u32) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE stores SET delete_after = NOW(6) + INTERVAL ? DAY WHERE id = ? AND delete_after IS NULL \
             AND state IN ('active', 'suspended', 'failed')",
            days,
            id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done == 1 { Ok(()) } else { Err(DbError::Stale("the store cannot be deleted now")) }
    }

    /// Takes the request for deletion back.
    ///
    /// # Errors
    /// `Stale` when there is none, or the deletion has begun.
    pub async fn cancel_deletion(&mut self, id: u64) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE stores SET delete_after = NULL WHERE id = ? AND delete_after IS NOT NULL AND state NOT IN ('deleting', 'deleted')",
            id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done == 1 { Ok(()) } else { Err(DbError::Stale("no deletion is planned any more")) }
    }

    /// How many stores are in each state that people look for, counted up to `cap` each.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count_by_state(&mut self, cap: u32) -> DbResult<Vec<(StoreState, i64)>> {
        let mut counts = Vec::new();
        for state in [StoreState::Active, StoreState::Provisioning, StoreState::Failed, StoreState::Suspended] {
            let n = sqlx::query_scalar!(
                "SELECT COUNT(*) FROM (SELECT id FROM stores WHERE state = ? LIMIT ?) t",
                state.as_str(),
                cap
            )
            .fetch_one(&mut *self.conn)
            .await?;
            counts.push((state, n));
        }
        Ok(counts)
    }

    /// Locks the row for the rest of the transaction.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, id: u64) -> DbResult<Option<StoreState>> {
        let state = sqlx::query_scalar!("SELECT state FROM stores WHERE id = ? FOR UPDATE", id)
            .fetch_optional(&mut *self.conn)
            .await?;
        state.map(|s| StoreState::parse(&s).ok_or_else(|| DbError::Row(s))).transpose()
    }
}
