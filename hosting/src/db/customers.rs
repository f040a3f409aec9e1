//! Customers.

use super::{DbError, DbResult};
use crate::domain::{Email, Role, Uid};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A customer row.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Row id; appears in staging host names.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// E-mail as it is written to.
    pub email: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    /// customer or reseller.
    pub role: Role,
    /// unverified, active, suspended, closed
    pub state: String,
    /// When the address was confirmed.
    pub email_verified_at: Option<PlainDateTime>,
    /// Signed up at.
    pub created_at: PlainDateTime,
    /// Name, may be empty.
    pub name: String,
    /// Time zone they read times in.
    pub time_zone: String,
    /// `auto`, `light`, `dark`, or empty for whatever the browser remembers.
    pub theme: String,
    /// Wants a mail about a sign-in from a new place.
    pub notify_new_place: bool,
    /// Wants mails about the store being ready or failing.
    pub notify_store: bool,
    /// The account is closed after this moment unless it is taken back.
    pub close_after: Option<PlainDateTime>,
    /// Support asks before it looks at the panel.
    pub ask_before_view: bool,
}

/// A row of the customers list.
#[derive(Debug, Clone)]
pub struct CustomerListRow {
    /// Row id.
    pub id: u64,
    /// E-mail.
    pub email: String,
    /// Signed up at.
    pub created_at: PlainDateTime,
    /// Name of the newest store.
    pub store_name: Option<String>,
    /// Its state.
    pub store_state: Option<String>,
    /// Its platform.
    pub platform: Option<String>,
    /// Its server.
    pub server_name: Option<String>,
    /// Its plan.
    pub plan_name: Option<String>,
    /// Public id of its newest job.
    pub job_uid: Option<String>,
}

/// Filter of the customers list; keyset by row id.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Start of an e-mail, of a store's name or of its address; or a customer's number.
    pub q: Option<String>,
    /// State of the newest store.
    pub store_state: Option<String>,
    /// Oldest first.
    pub ascending: bool,
    /// Rows beyond this id in the chosen order.
    pub beyond: Option<u64>,
    /// Rows on the other side of this id (for "Newer").
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// Queries on customers.
#[derive(Debug)]
pub struct Customers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

struct Raw {
    id: u64,
    uid: String,
    email: String,
    password_hash: String,
    role: String,
    state: String,
    email_verified_at: Option<PlainDateTime>,
    created_at: PlainDateTime,
    name: String,
    time_zone: String,
    theme: String,
    notify_new_place: bool,
    notify_store: bool,
    close_after: Option<PlainDateTime>,
    ask_before_view: bool,
}

impl TryFrom<Raw> for Customer {
    type Error = DbError;
    fn try_from(r: Raw) -> DbResult<Self> {
        Ok(Self {
            id: r.id,
            uid: r.uid,
            email: r.email,
            password_hash: r.password_hash,
            role: Role::parse(&r.role).ok_or_else(|| DbError::Row(format!("customer role {}", r.role)))?,
            state: r.state,
            email_verified_at: r.email_verified_at,
            created_at: r.created_at,
            name: r.name,
            time_zone: r.time_zone,
            theme: r.theme,
            notify_new_place: r.notify_new_place,
            notify_store: r.notify_store,
            close_after: r.close_after,
            ask_before_view: r.ask_before_view,
        })
    }
}

macro_rules! select_customers {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            Raw,
            "SELECT id, uid, email, password_hash, role, state, email_verified_at, created_at, name, time_zone, theme, \
             notify_new_place AS `notify_new_place: bool`, notify_store AS `notify_store: bool`, close_after, \
             ask_before_view AS `ask_before_view: bool` FROM customers " + $rest
            $(, $arg)*
        )
    };
}

impl Customers<'_> {
    /// Inserts an unverified customer.
    ///
    /// # Errors
    /// `Duplicate { key: "customers_email_key" }` when the address is known.
    pub async fn insert(&mut self, email: &Email, password_hash: &str) -> DbResult<u64> {
        let id = sqlx::query!(
            "INSERT INTO customers (uid, email, email_key, password_hash) VALUES (?, ?, ?, ?)",
            Uid::new().to_string(),
            email.as_str(),
            email.key(),
            password_hash
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        super::webhook_events::WebhookEvents { conn: &mut *self.conn }.customer(id).await?;
        Ok(id)
    }

    /// By e-mail, whatever its capitals.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_by_email(&mut self, key: &str) -> DbResult<Option<Customer>> {
        select_customers!("WHERE email_key = ?", key)
            .fetch_optional(&mut *self.conn)
            .await?
            .map(Customer::try_from)
            .transpose()
    }

    /// By row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Customer>> {
        select_customers!("WHERE id = ?", id).fetch_optional(&mut *self.conn).await?.map(Customer::try_from).transpose()
    }

    /// By row id, locked for the rest of the transaction.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, id: u64) -> DbResult<Option<Customer>> {
        select_customers!("WHERE id = ? FOR UPDATE", id)
            .fetch_optional(&mut *self.conn)
            .await?
            .map(Customer::try_from)
            .transpose()
    }

    /// Saves name, time zone and theme.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_profile(&mut self, id: u64, name: &str, time_zone: &str, theme: &str) -> DbResult<()> {
        sqlx::query!(
            "UPDATE customers SET name = ?, time_zone = ?, theme = ? WHERE id = ?",
            name,
            time_zone,
            theme,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Saves which mails are wanted.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_notices(&mut self, id: u64, new_place: bool, store: bool) -> DbResult<()> {
        sqlx::query!("UPDATE customers SET notify_new_place = ?, notify_store = ? WHERE id = ?", new_place, store, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Saves whether support asks before it looks.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_ask_before_view(&mut self, id: u64, ask: bool) -> DbResult<()> {
        sqlx::query!("UPDATE customers SET ask_before_view = ? WHERE id = ?", ask, id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Replaces the address, which its mailbox has confirmed.
    ///
    /// # Errors
    /// `Duplicate { key: "customers_email_key" }` when somebody has it.
    pub async fn set_email(&mut self, id: u64, email: &Email) -> DbResult<()> {
        sqlx::query!(
            "UPDATE customers SET email = ?, email_key = ?, email_verified_at = NOW(6) WHERE id = ?",
            email.as_str(),
            email.key(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Replaces the password, only if it is still the one that was read.
    ///
    /// # Errors
    /// `Stale` when it was changed meanwhile.
    pub async fn set_password(&mut self, id: u64, old_hash: &str, new_hash: &str) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE customers SET password_hash = ? WHERE id = ? AND password_hash = ?",
            new_hash,
            id,
            old_hash
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the password was changed meanwhile")) }
    }

    /// Marks the address as confirmed, with the password of the sign-up that was proven; `false` when
    /// it was confirmed already.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn confirm_email(&mut self, id: u64, password_hash: &str) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customers SET state = 'active', email_verified_at = NOW(6), password_hash = ? \
             WHERE id = ? AND state = 'unverified'",
            password_hash,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Replaces the password of an account whose address is not confirmed.
    ///
    /// # Errors
    /// `Stale` when it was confirmed meanwhile.
    pub async fn replace_unverified_password(&mut self, id: u64, password_hash: &str) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE customers SET password_hash = ?, created_at = NOW(6) WHERE id = ? AND state = 'unverified'",
            password_hash,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the address was confirmed meanwhile")) }
    }

    /// One page of customers with their newest store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, filter: &CustomerFilter) -> DbResult<Vec<CustomerListRow>> {
        let mut query = sqlx::QueryBuilder::new(
            "SELECT c.id, c.email, c.created_at, s.name AS store_name, s.state AS store_state, s.platform, \
             v.name AS server_name, p.name AS plan_name, \
             (SELECT j.uid FROM jobs j WHERE j.customer_id = c.id ORDER BY j.id DESC LIMIT 1) AS job_uid \
             FROM customers c \
             LEFT JOIN stores s ON s.id = (SELECT MAX(n.id) FROM stores n WHERE n.customer_id = c.id) \
             LEFT JOIN servers v ON v.id = s.server_id LEFT JOIN plans p ON p.id = s.plan_id ",
        );
        if let Some(q) = &filter.q {
            // Who matches is looked up in three indexes first, as a table of its own: within IN (…) the server would ask
            // all of it again for each customer.
            let start = format!("{}%", escape_like(&q.to_lowercase()));
            query.push("JOIN (SELECT id FROM customers WHERE email_key LIKE ").push_bind(start.clone());
            query
                .push(" UNION SELECT customer_id FROM stores WHERE name LIKE ")
                .push_bind(format!("{}%", escape_like(q)));
            if q.is_ascii() {
                query.push(" UNION SELECT t.customer_id FROM store_addresses a JOIN stores t ON t.id = a.store_id WHERE a.host LIKE ");
                query.push_bind(start);
            }
            if let Ok(id) = q.parse::<u64>() {
                query.push(" UNION SELECT ").push_bind(id);
            }
            query.push(") found ON found.id = c.id ");
        }
        query.push("WHERE 1 = 1");
        if let Some(state) = &filter.store_state {
            query.push(" AND s.state = ").push_bind(state.clone());
        }
        // "Newer" walks the other way and is turned round below.
        let backwards = filter.before.is_some();
        let ascending = filter.ascending != backwards;
        if let Some(id) = filter.beyond.or(filter.before) {
            query.push(if ascending { " AND c.id > " } else { " AND c.id < " }).push_bind(id);
        }
        query
            .push(if ascending { " ORDER BY c.id ASC LIMIT " } else { " ORDER BY c.id DESC LIMIT " })
            .push_bind(filter.limit);
        #[derive(sqlx::FromRow)]
        struct Row {
            id: u64,
            email: String,
            created_at: PlainDateTime,
            store_name: Option<String>,
            store_state: Option<String>,
            platform: Option<String>,
            server_name: Option<String>,
            plan_name: Option<String>,
            job_uid: Option<String>,
        }
        let rows: Vec<Row> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        let mut rows: Vec<CustomerListRow> = rows
            .into_iter()
            .map(|r| CustomerListRow {
                id: r.id,
                email: r.email,
                created_at: r.created_at,
                store_name: r.store_name,
                store_state: r.store_state,
                platform: r.platform,
                server_name: r.server_name,
                plan_name: r.plan_name,
                job_uid: r.job_uid,
            })
            .collect();
        if backwards {
            rows.reverse();
        }
        Ok(rows)
    }

    /// How many there are, counted up to `cap`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count(&mut self, cap: u32) -> DbResult<i64> {
        Ok(sqlx::query_scalar!("SELECT COUNT(*) FROM (SELECT id FROM customers LIMIT ?) t", cap)
            .fetch_one(&mut *self.conn)
            .await?)
    }
}

/// `%`, `_` and `\` as themselves.
pub(super) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
