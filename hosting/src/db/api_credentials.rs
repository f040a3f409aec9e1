//! What programs sign in with: log-ins of the JSON API, tokens, OAuth2 clients.

use super::login_sessions::{AdminSession, CustomerSession, Ends, SessionOwner};
use super::{DbError, DbResult};
use crate::domain::scope::Scopes;
use crate::domain::{Person, Role, Uid};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// What kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A log-in with name and password: access by short JWTs, renewed by refresh tokens.
    Session,
    /// A long random token sent with each request.
    Token,
    /// An OAuth2 client (client credentials).
    Client,
}

impl Kind {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Client => "client",
        }
    }
    fn parse(text: &str) -> Option<Self> {
        [Self::Session, Self::Token, Self::Client].into_iter().find(|k| k.as_str() == text)
    }
}

/// A live credential and the rights its owner has now.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Row id of the credential.
    pub id: u64,
    /// Public id.
    pub uid: Uid,
    /// Kind.
    pub kind: Kind,
    /// What it is limited to.
    pub scopes: Scopes,
    /// Who it acts for. The form secret is zero: no form is ever answered to a program.
    pub owner: SessionOwner,
}

/// A credential to insert.
#[derive(Debug, Clone, Copy)]
pub struct NewCredential<'a> {
    /// Kind.
    pub kind: Kind,
    /// Whose.
    pub owner: Person,
    /// For people.
    pub name: &'a str,
    /// First characters of the secret.
    pub prefix: &'a str,
    /// SHA-256 of the secret; `None` for sessions.
    pub secret_hash: Option<&'a [u8; 32]>,
    /// Scopes.
    pub scopes: &'a Scopes,
    /// Where it was made from.
    pub address: &'a str,
    /// Program that made it.
    pub user_agent: &'a str,
    /// Seconds it lives.
    pub life_seconds: u32,
}

/// A row of the list of credentials.
#[derive(Debug, Clone)]
pub struct CredentialRow {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// session, token, client
    pub kind: String,
    /// For people.
    pub name: String,
    /// First characters of the secret.
    pub prefix: String,
    /// Space-separated scopes.
    pub scopes: String,
    /// Made at.
    pub created_at: PlainDateTime,
    /// Last used at, to the minute.
    pub last_used_at: Option<PlainDateTime>,
    /// From where.
    pub last_used_address: String,
    /// Ends at.
    pub expires_at: PlainDateTime,
}

/// What came of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Fine: the public id of its credential.
    Fine(Uid),
    /// It was used before; its whole log-in has been ended.
    Reused(Uid),
    /// Not known, over or revoked.
    Unknown,
}

/// Queries on credentials.
#[derive(Debug)]
pub struct ApiCredentials<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

struct Raw {
    id: u64,
    uid: String,
    kind: String,
    scopes: String,
    customer_id: Option<u64>,
    admin_id: Option<u64>,
    age: i64,
    unused_seconds: Option<i64>,
    customer_email: Option<String>,
    customer_role: Option<String>,
    customer_state: Option<String>,
    time_zone: Option<String>,
    admin_email: Option<String>,
    admin_name: Option<String>,
    admin_role: Option<String>,
    active: Option<bool>,
    must_change: Option<bool>,
    factor_seconds: i64,
    has_factor: bool,
}

macro_rules! select_callers {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            Raw,
            r#"SELECT k.id, k.uid, k.kind, k.scopes, k.customer_id, k.admin_id,
               TIMESTAMPDIFF(SECOND, k.created_at, NOW(6)) AS "age!: i64",
               TIMESTAMPDIFF(SECOND, k.last_used_at, NOW(6)) AS "unused_seconds: i64",
               c.email AS "customer_email?", c.role AS "customer_role?", c.state AS "customer_state?",
               c.time_zone AS "time_zone?",
               a.email AS "admin_email?", a.name AS "admin_name?", a.role AS "admin_role?", a.active AS "active?: bool",
               a.must_change_password AS "must_change?: bool",
               COALESCE(TIMESTAMPDIFF(SECOND, a.factor_grace_from, NOW(6)), 0) AS "factor_seconds!: i64",
               EXISTS(SELECT 1 FROM second_factors f WHERE f.admin_id = k.admin_id AND f.confirmed_at IS NOT NULL) AS "has_factor!: bool"
               FROM api_credentials k LEFT JOIN customers c ON c.id = k.customer_id LEFT JOIN admins a ON a.id = k.admin_id
               WHERE k.revoked_at IS NULL AND k.expires_at > NOW(6) AND "# + $rest
            $(, $arg)*
        )
    };
}

impl ApiCredentials<'_> {
    /// Inserts a credential.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, new: &NewCredential<'_>) -> DbResult<(u64, Uid)> {
        let uid = Uid::new();
        let (customer, admin) = (new.owner.customer(), new.owner.admin());
        let id = sqlx::query!(
            "INSERT INTO api_credentials (uid, kind, customer_id, admin_id, name, prefix, secret_hash, scopes, address, \
             user_agent, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(6) + INTERVAL ? SECOND)",
            uid.to_string(),
            new.kind.as_str(),
            customer,
            admin,
            new.name,
            new.prefix,
            new.secret_hash.map(|h| h.to_vec()),
            new.scopes.text(),
            new.address,
            new.user_agent,
            new.life_seconds
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        Ok((id, uid))
    }

    /// The live credential behind a token or client secret; notes the use at most once a minute.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_by_secret(&mut self, hash: &[u8; 32], kind: Kind, address: &str) -> DbResult<Option<Caller>> {
        let row = select_callers!("k.secret_hash = ? AND k.kind = ?", hash.as_slice(), kind.as_str())
            .fetch_optional(&mut *self.conn)
            .await?;
        self.caller(row, address).await
    }

    /// The live credential a JWT names.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, uid: &Uid, address: &str) -> DbResult<Option<Caller>> {
        let row = select_callers!("k.uid = ?", uid.to_string()).fetch_optional(&mut *self.conn).await?;
        self.caller(row, address).await
    }

    async fn caller(&mut self, row: Option<Raw>, address: &str) -> DbResult<Option<Caller>> {
        let Some(row) = row else { return Ok(None) };
        let role = |text: Option<&str>| text.and_then(Role::parse).unwrap_or(Role::Visitor);
        let kind = Kind::parse(&row.kind).ok_or_else(|| DbError::Row(format!("credential kind {}", row.kind)))?;
        // A log-in proves the password when it is made; tokens never do.
        let authenticated_seconds = if kind == Kind::Session { row.age } else { i64::MAX };
        let owner = match (row.customer_id, row.admin_id) {
            (Some(customer_id), _) if matches!(row.customer_state.as_deref(), Some("active" | "suspended")) => {
                SessionOwner::Customer(CustomerSession {
                    id: row.id,
                    customer_id,
                    email: row.customer_email.unwrap_or_default(),
                    role: role(row.customer_role.as_deref()),
                    time_zone: row.time_zone.unwrap_or_default(),
                    csrf_secret: [0; 32],
                    authenticated_seconds,
                    // A credential has an end of its own.
                    ends: Ends::default(),
                    brand: super::resellers::Brand::default(),
                    viewer: None,
                })
            }
            (_, Some(admin_id)) if row.active == Some(true) && row.must_change == Some(false) => {
                SessionOwner::Staff(AdminSession {
                    id: row.id,
                    admin_id,
                    email: row.admin_email.unwrap_or_default(),
                    name: row.admin_name.unwrap_or_default(),
                    role: role(row.admin_role.as_deref()),
                    must_change_password: false,
                    has_factor: row.has_factor,
                    factor_seconds: row.factor_seconds,
                    csrf_secret: [0; 32],
                    authenticated_seconds,
                    ends: Ends::default(),
                })
            }
            _ => return Ok(None),
        };
        if row.unused_seconds.is_none_or(|s| s >= 60) {
            sqlx::query!(
                "UPDATE api_credentials SET last_used_at = NOW(6), last_used_address = ? WHERE id = ?",
                address,
                row.id
            )
            .execute(&mut *self.conn)
            .await?;
        }
        let uid = Uid::parse(&row.uid).map_err(|e| DbError::Row(e.0))?;
        Ok(Some(Caller { id: row.id, uid, kind, scopes: Scopes::stored(&row.scopes), owner }))
    }

    /// Stores a refresh token of a log-in.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn add_refresh(&mut self, credential: &Uid, hash: &[u8; 32]) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO api_refresh_tokens (token_hash, credential_id) SELECT ?, id FROM api_credentials WHERE uid = ?",
            hash.as_slice(),
            credential.to_string()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Uses up a refresh token. One that was used before ends its log-in.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn use_refresh(&mut self, hash: &[u8; 32]) -> DbResult<Refresh> {
        let Some(row) = sqlx::query!(
            r#"SELECT r.used_at IS NOT NULL AS "used!: bool", k.id, k.uid FROM api_refresh_tokens r
               JOIN api_credentials k ON k.id = r.credential_id
               WHERE r.token_hash = ? AND k.kind = 'session' AND k.revoked_at IS NULL AND k.expires_at > NOW(6) FOR UPDATE"#,
            hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?
        else {
            return Ok(Refresh::Unknown);
        };
        let uid = Uid::parse(&row.uid).map_err(|e| DbError::Row(e.0))?;
        if row.used {
            self.end(row.id, "refresh token used twice").await?;
            return Ok(Refresh::Reused(uid));
        }
        sqlx::query!("UPDATE api_refresh_tokens SET used_at = NOW(6) WHERE token_hash = ?", hash.as_slice())
            .execute(&mut *self.conn)
            .await?;
        Ok(Refresh::Fine(uid))
    }

    /// Ends a credential.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn end(&mut self, id: u64, reason: &str) -> DbResult<()> {
        sqlx::query!(
            "UPDATE api_credentials SET revoked_at = NOW(6), revoked_reason = ? WHERE id = ? AND revoked_at IS NULL",
            reason,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Ends one of the owner's credentials; `false` when there is none of that id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn revoke(&mut self, owner: Person, uid: &Uid) -> DbResult<bool> {
        let (customer, admin) = (owner.customer(), owner.admin());
        let done = sqlx::query!(
            "UPDATE api_credentials SET revoked_at = NOW(6), revoked_reason = 'person' \
             WHERE uid = ? AND customer_id <=> ? AND admin_id <=> ? AND revoked_at IS NULL",
            uid.to_string(),
            customer,
            admin
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Live credentials of an owner, newest first, at most 200.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, owner: Person) -> DbResult<Vec<CredentialRow>> {
        let (customer, admin) = (owner.customer(), owner.admin());
        Ok(sqlx::query_as!(
            CredentialRow,
            "SELECT id, uid, kind, name, prefix, scopes, created_at, last_used_at, last_used_address, expires_at \
             FROM api_credentials WHERE customer_id <=> ? AND admin_id <=> ? AND revoked_at IS NULL AND expires_at > NOW(6) \
             ORDER BY id DESC LIMIT 200",
            customer,
            admin
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
