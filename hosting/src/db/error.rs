//! Database errors by what a caller can do about them.

/// Result of a query.
pub type DbResult<T> = Result<T, DbError>;

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL does not parse (its text may hold a password and is not repeated).
    #[error("the database URL is not usable: expected mysql://user:password@host/database")]
    BadUrl,
    /// No connection, or it was lost: the outcome of a change is unknown.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A unique key is taken; `key` is its name in the schema.
    #[error("already exists ({key})")]
    Duplicate { key: String },
    /// A guarded update met another state, epoch or version than expected.
    #[error("changed meanwhile: {0}")]
    Stale(&'static str),
    /// Deadlock or lock timeout: everything was rolled back, do it again.
    #[error("the database asked to try again")]
    Conflict(#[source] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(String),
    /// A row holds something this version does not know.
    #[error("row not understood: {0}")]
    Row(String),
    /// A secret could not be sealed or opened.
    #[error(transparent)]
    Crypto(#[from] crate::crypto::CryptoError),
    /// Everything else.
    #[error("query failed")]
    Query(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the unique key `name` is the one that was taken.
    #[must_use]
    pub fn is_duplicate(&self, name: &str) -> bool {
        matches!(self, Self::Duplicate { key } if key == name)
    }
    /// Whether waiting may help: no connection, or a conflict.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }
}

/// Errors that may say "everything was rolled back, do it again".
pub trait Conflict {
    /// Whether the transaction should be run again.
    fn is_conflict(&self) -> bool;
}

impl Conflict for DbError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(e) => Self::Unavailable(e.to_string()),
            E::PoolTimedOut => Self::Unavailable("no free connection within 5 s".into()),
            E::PoolClosed | E::WorkerCrashed => Self::Unavailable("the pool is closed".into()),
            E::Tls(e) => Self::Unavailable(e.to_string()),
            E::Database(db) => {
                let number = db
                    .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                    .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
                match number {
                    1062 => Self::Duplicate { key: duplicate_key_name(db.message()) },
                    1020 | 1205 | 1213 => Self::Conflict(error),
                    // Too many connections, shutting down, killed, access or host trouble at connect.
                    1040 | 1053 | 1077 | 1129 | 1159 | 1161 | 1927 => Self::Unavailable(db.message().to_owned()),
                    _ => Self::Query(error),
                }
            }
            _ => Self::Query(error),
        }
    }
}

/// `Duplicate entry 'x' for key 'customers_email_key'` (MariaDB) or `'customers.customers_email_key'`
/// (MySQL 8) → `customers_email_key`. The driver tells only that a key is taken, not which.
fn duplicate_key_name(message: &str) -> String {
    message
        .rsplit_once("for key '")
        .map(|(_, rest)| rest.trim_end_matches('\''))
        .map(|key| key.rsplit('.').next().unwrap_or(key))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_key_name_is_read_from_both_engines() {
        use super::duplicate_key_name as name;
        assert_eq!(name("Duplicate entry 'for key 'x' for key 'customers_email_key'"), "customers_email_key");
        assert_eq!(name("Duplicate entry 'a' for key 'customers.customers_email_key'"), "customers_email_key");
    }
}
