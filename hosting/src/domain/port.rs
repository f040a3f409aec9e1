//! Port pools of a server.

/// A pool of ports, on loopback but for file access; the defaults of design.md §4 are in `default_range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortPool {
    /// A store's web container.
    StoreWeb,
    /// A store's database page, while it runs.
    StoreDbAdmin,
    /// A store's file access, while it is open; reached from outside.
    StoreSftp,
    /// A staging copy's web container.
    StagingWeb,
    /// A staging copy's database page.
    StagingDbAdmin,
}

impl PortPool {
    /// All pools.
    pub const ALL: [Self; 5] =
        [Self::StoreWeb, Self::StoreDbAdmin, Self::StoreSftp, Self::StagingWeb, Self::StagingDbAdmin];
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StoreWeb => "store_web",
            Self::StoreDbAdmin => "store_db_admin",
            Self::StoreSftp => "store_sftp",
            Self::StagingWeb => "staging_web",
            Self::StagingDbAdmin => "staging_db_admin",
        }
    }
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::StoreWeb => "Stores",
            Self::StoreDbAdmin => "Database pages",
            Self::StoreSftp => "File access",
            Self::StagingWeb => "Staging",
            Self::StagingDbAdmin => "Staging database pages",
        }
    }
    /// First and last port of a new server's pool.
    #[must_use]
    pub fn default_range(self) -> (u16, u16) {
        match self {
            Self::StoreWeb => (8001, 8100),
            Self::StoreDbAdmin => (9001, 9100),
            Self::StoreSftp => (12_001, 12_100),
            Self::StagingWeb => (10001, 10100),
            Self::StagingDbAdmin => (11001, 11100),
        }
    }
}
