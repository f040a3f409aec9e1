//! Signed-in browsers. The cookie holds 256 random bits; the row holds their SHA-256.

use super::resellers::Brand;
use super::{DbError, DbResult};
use crate::domain::{Person, Role};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A sensitive page asks for the password again after this time.
pub const FRESH_SECONDS: i64 = 600;

/// Who asks: somebody at the keyboard, or a page by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// A person: the session is not idle.
    Person,
    /// A stream, a poll, a page that renews itself: keeps nobody signed in.
    Background,
}

/// How long a session lasts from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// Seconds until it ends because nobody came.
    pub idle: i64,
    /// Seconds until it ends in any case.
    pub life: i64,
}

/// A signed-in customer.
#[derive(Debug, Clone)]
pub struct CustomerSession {
    /// Row id of the session.
    pub id: u64,
    /// Who.
    pub customer_id: u64,
    /// Their e-mail.
    pub email: String,
    /// Time zone they read times in.
    pub time_zone: String,
    /// Rights, read at each request.
    pub role: Role,
    /// Secret of the form tokens.
    pub csrf_secret: [u8; 32],
    /// Seconds since the password was last proven.
    pub authenticated_seconds: i64,
    /// When it ends.
    pub ends: Ends,
    /// Under which name their provider appears; empty for ours.
    pub brand: Brand,
    /// A staff member looks at this customer's panel: nothing may be changed.
    pub viewer: Option<Viewer>,
}

/// Who looks at a customer's panel.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Row id of the view.
    pub view_id: u64,
    /// The staff member.
    pub admin_id: u64,
    /// Their e-mail.
    pub admin_email: String,
    /// Their role.
    pub role: Role,
    /// Their own session, which the view ends with.
    pub session_id: u64,
    /// When it ends by itself.
    pub until: PlainDateTime,
}

/// A signed-in staff member.
#[derive(Debug, Clone)]
pub struct AdminSession {
    /// Row id of the session.
    pub id: u64,
    /// Who.
    pub admin_id: u64,
    /// Their e-mail.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Rights, read at each request.
    pub role: Role,
    /// Nothing but "change password" is open.
    pub must_change_password: bool,
    /// A second factor is asked for at their sign-in.
    pub has_factor: bool,
    /// Seconds since they were first told to set one up.
    pub factor_seconds: i64,
    /// Secret of the form tokens.
    pub csrf_secret: [u8; 32],
    /// Seconds since the password was last proven.
    pub authenticated_seconds: i64,
    /// When it ends.
    pub ends: Ends,
}

/// Whose session it is.
#[derive(Debug, Clone)]
pub enum SessionOwner {
    /// A shop owner.
    Customer(CustomerSession),
    /// A staff member.
    Staff(AdminSession),
}

/// A session to insert.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// SHA-256 of the cookie.
    pub token_hash: &'a [u8; 32],
    /// For a customer, or …
    pub customer_id: Option<u64>,
    /// … a staff member, or neither: a visitor who filled in the sign-up form.
    pub admin_id: Option<u64>,
    /// Client address.
    pub address: &'a str,
    /// The browser's name for itself.
    pub user_agent: &'a str,
}

/// A signed-in browser, for its owner.
#[derive(Debug, Clone)]
pub struct Device {
    /// Row id of the session.
    pub id: u64,
    /// Client address at the sign-in.
    pub address: String,
    /// The browser's name for itself.
    pub user_agent: String,
    /// Signed in at.
    pub created_at: PlainDateTime,
    /// Last visit, by the minute.
    pub seen_at: PlainDateTime,
}

/// Queries on login sessions.
#[derive(Debug)]
pub struct LoginSessions<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl LoginSessions<'_> {
    /// Inserts a session; the password was just proven (for visitors: not).
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, new: &NewSession<'_>) -> DbResult<u64> {
        let kind = match (new.customer_id, new.admin_id) {
            (Some(_), _) => "customer",
            (None, Some(_)) => "admin",
            (None, None) => "visitor",
        };
        let mut secret = [0u8; 32];
        rand::Fill::fill_slice(&mut secret, &mut rand::rng());
        Ok(sqlx::query!(
            "INSERT INTO login_sessions (token_hash, kind, customer_id, admin_id, csrf_secret, address, user_agent, \
             authenticated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, IF(? = 'visitor', NULL, NOW(6)), \
             NOW(6) + INTERVAL CASE ? WHEN 'visitor' THEN 48 \
             WHEN 'admin' THEN COALESCE((SELECT t.value FROM settings t WHERE t.name = 'staff_life_hours'), 12) \
             ELSE COALESCE((SELECT t.value FROM settings t WHERE t.name = 'customer_life_hours'), 720) END HOUR) \
             ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)",
            new.token_hash.as_slice(),
            kind,
            new.customer_id,
            new.admin_id,
            secret.as_slice(),
            new.address,
            new.user_agent,
            kind,
            kind
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// The live session of a cookie, with the rights its owner has now; notes the visit of a person at most
    /// once a minute. Disabled owners have no session.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, token_hash: &[u8; 32], visit: Visit) -> DbResult<Option<SessionOwner>> {
        let Some(row) = sqlx::query!(
            r#"SELECT s.id, s.kind, s.csrf_secret, s.customer_id, s.admin_id,
               COALESCE(TIMESTAMPDIFF(SECOND, s.authenticated_at, NOW(6)), 2147483647) AS "authenticated_seconds!: i64",
               TIMESTAMPDIFF(SECOND, s.seen_at, NOW(6)) AS "seen_seconds!: i64",
               c.email AS "customer_email?", c.role AS "customer_role?", c.state AS "customer_state?",
               a.email AS "admin_email?", a.name AS "admin_name?", a.role AS "admin_role?", a.active AS "active?: bool",
               a.must_change_password AS "must_change?: bool",
               COALESCE(a.temporary_until < NOW(6), FALSE) AS "temporary_over!: bool",
               COALESCE(TIMESTAMPDIFF(SECOND, a.factor_grace_from, NOW(6)), 0) AS "factor_seconds!: i64",
               COALESCE((SELECT CAST(t.value AS SIGNED) FROM settings t
                 WHERE t.name = IF(s.kind = 'admin', 'staff_idle_minutes', 'customer_idle_minutes')),
                 IF(s.kind = 'admin', 120, 10080)) * 60 AS "idle_seconds!: i64",
               COALESCE((SELECT CAST(t.value AS SIGNED) FROM settings t
                 WHERE t.name = IF(s.kind = 'admin', 'staff_life_hours', 'customer_life_hours')),
                 IF(s.kind = 'admin', 12, 720)) * 3600 AS "life_seconds!: i64",
               TIMESTAMPDIFF(SECOND, s.created_at, NOW(6)) AS "age_seconds!: i64",
               TIMESTAMPDIFF(SECOND, NOW(6), s.expires_at) AS "expires_seconds!: i64", c.time_zone AS "time_zone?",
               r.brand_name AS "brand_name?", r.brand_email AS "brand_email?",
               EXISTS(SELECT 1 FROM second_factors f WHERE f.admin_id = s.admin_id AND f.confirmed_at IS NOT NULL) AS "has_factor!: bool"
               FROM login_sessions s LEFT JOIN customers c ON c.id = s.customer_id LEFT JOIN admins a ON a.id = s.admin_id
               LEFT JOIN resellers r ON r.customer_id = c.reseller_id
               WHERE s.token_hash = ? AND s.revoked_at IS NULL AND s.expires_at > NOW(6)"#,
            token_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?
        else {
            return Ok(None);
        };
        let csrf_secret: [u8; 32] =
            row.csrf_secret.as_slice().try_into().map_err(|_| DbError::Row("form secret".into()))?;
        // Both limits are settings: a shorter one holds for sessions that began before it, too.
        if row.seen_seconds > row.idle_seconds || row.age_seconds > row.life_seconds {
            return Ok(None);
        }
        let noted = visit == Visit::Person && row.seen_seconds >= 60;
        let ends = Ends {
            idle: row.idle_seconds - if noted { 0 } else { row.seen_seconds },
            life: row.expires_seconds.min(row.life_seconds - row.age_seconds),
        };
        let owner = match (row.kind.as_str(), row.customer_id, row.admin_id) {
            ("customer", Some(customer_id), _)
                if matches!(row.customer_state.as_deref(), Some("active" | "suspended")) =>
            {
                SessionOwner::Customer(CustomerSession {
                    id: row.id,
                    customer_id,
                    email: row.customer_email.unwrap_or_default(),
                    time_zone: row.time_zone.unwrap_or_default(),
                    role: row.customer_role.as_deref().and_then(Role::parse).unwrap_or(Role::Visitor),
                    csrf_secret,
                    authenticated_seconds: row.authenticated_seconds,
                    ends,
                    brand: Brand {
                        name: row.brand_name.unwrap_or_default(),
                        email: row.brand_email.unwrap_or_default(),
                    },
                    viewer: None,
                })
            }
            ("admin", _, Some(admin_id)) if row.active == Some(true) && !row.temporary_over => {
                SessionOwner::Staff(AdminSession {
                    id: row.id,
                    admin_id,
                    email: row.admin_email.unwrap_or_default(),
                    name: row.admin_name.unwrap_or_default(),
                    role: row.admin_role.as_deref().and_then(Role::parse).unwrap_or(Role::Visitor),
                    must_change_password: row.must_change == Some(true),
                    has_factor: row.has_factor,
                    factor_seconds: row.factor_seconds,
                    csrf_secret,
                    authenticated_seconds: row.authenticated_seconds,
                    ends,
                })
            }
            _ => return Ok(None),
        };
        if noted {
            self.renew(row.id).await?;
        }
        Ok(Some(owner))
    }

    /// Somebody is there: the idle time begins anew. The absolute end stays.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn renew(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE login_sessions SET seen_at = NOW(6) WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE login_sessions SET revoked_at = NOW(6) WHERE id = ? AND revoked_at IS NULL", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Ends the session of a cookie that another one takes the place of, if it stands.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke_replaced(&mut self, token_hash: &[u8; 32]) -> DbResult<()> {
        sqlx::query!(
            "UPDATE login_sessions SET revoked_at = NOW(6) WHERE token_hash = ? AND revoked_at IS NULL",
            token_hash.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Ends all sessions of a staff member but one, and every credential of the JSON API: whoever held
    /// the account before holds nothing now. Returns how many sessions.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke_others_of_admin(&mut self, admin_id: u64, keep: u64) -> DbResult<u64> {
        sqlx::query!(
            "UPDATE api_credentials SET revoked_at = NOW(6), revoked_reason = 'account secured' \
             WHERE admin_id = ? AND revoked_at IS NULL",
            admin_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(sqlx::query!(
            "UPDATE login_sessions SET revoked_at = NOW(6) WHERE admin_id = ? AND id <> ? AND revoked_at IS NULL",
            admin_id,
            keep
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }

    /// The signed-in browsers of a person, last seen first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, person: Person) -> DbResult<Vec<Device>> {
        Ok(match person {
            Person::Customer(id) => {
                sqlx::query_as!(
                    Device,
                    "SELECT id, address, user_agent, created_at, seen_at FROM login_sessions \
                     WHERE customer_id = ? AND revoked_at IS NULL AND expires_at > NOW(6) ORDER BY seen_at DESC, id DESC LIMIT 100",
                    id
                )
                .fetch_all(&mut *self.conn)
                .await?
            }
            Person::Staff(id) => {
                sqlx::query_as!(
                    Device,
                    "SELECT id, address, user_agent, created_at, seen_at FROM login_sessions \
                     WHERE admin_id = ? AND revoked_at IS NULL AND expires_at > NOW(6) ORDER BY seen_at DESC, id DESC LIMIT 100",
                    id
                )
                .fetch_all(&mut *self.conn)
                .await?
            }
        })
    }

    /// Ends one session of a person; `false` when it is not theirs, or over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke_of(&mut self, person: Person, id: u64) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE login_sessions SET revoked_at = NOW(6) WHERE id = ? AND customer_id <=> ? AND admin_id <=> ? \
             AND revoked_at IS NULL",
            id,
            person.customer(),
            person.admin()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all sessions of a staff member; returns how many.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke_all_of_admin(&mut self, admin_id: u64) -> DbResult<u64> {
        self.revoke_others_of_admin(admin_id, 0).await
    }

    /// Ends all sessions of a customer but `keep`, and every credential of the JSON API; returns how many
    /// sessions.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke_all_of_customer(&mut self, customer_id: u64, keep: Option<u64>) -> DbResult<u64> {
        sqlx::query!(
            "UPDATE api_credentials SET revoked_at = NOW(6), revoked_reason = 'account secured' \
             WHERE customer_id = ? AND revoked_at IS NULL",
            customer_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(sqlx::query!(
            "UPDATE login_sessions SET revoked_at = NOW(6) WHERE customer_id = ? AND id <> COALESCE(?, 0) \
             AND revoked_at IS NULL",
            customer_id,
            keep
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }

    /// Notes that the password was proven again, and gives the session a new cookie.
    ///
    /// # Errors
    /// `Stale` when the session ended meanwhile.
    pub async fn authenticated_again(&mut self, id: u64, token_hash: &[u8; 32]) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE login_sessions SET authenticated_at = NOW(6), token_hash = ? WHERE id = ? AND revoked_at IS NULL",
            token_hash.as_slice(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the session ended meanwhile")) }
    }

    /// When somebody of this account last signed in.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn last_of_customer(&mut self, customer_id: u64) -> DbResult<Option<PlainDateTime>> {
        Ok(sqlx::query_scalar!(
            r#"SELECT MAX(created_at) AS "at: PlainDateTime" FROM login_sessions WHERE customer_id = ?"#,
            customer_id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }
}
