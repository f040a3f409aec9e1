//! A store's life.
//!
//! ```text
//! requested ──► provisioning ──► active ◄──► suspended
//!                 │   ▲             │            │
//!                 ▼   │             ▼            ▼
//!               failed ┘         deleting ──► deleted
//!                 └──────────────────────────────▲
//! ```

/// Where a store is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreState {
    /// Signed up, e-mail not confirmed yet.
    Requested,
    /// Being set up.
    Provisioning,
    /// Verified with its own content.
    Active,
    /// Switched off, data kept.
    Suspended,
    /// Set-up failed and left nothing behind.
    Failed,
    /// Being removed.
    Deleting,
    /// Only the record is left.
    Deleted,
}

impl StoreState {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Requested,
            Self::Provisioning,
            Self::Active,
            Self::Suspended,
            Self::Failed,
            Self::Deleting,
            Self::Deleted,
        ]
        .into_iter()
        .find(|s| s.as_str() == text)
    }
    /// The table of legal moves; every state change goes through `db::stores::Stores::move_state`,
    /// which refuses the others.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use StoreState as S;
        matches!(
            (self, next),
            (S::Requested, S::Provisioning | S::Deleted)
                | (S::Provisioning, S::Active | S::Failed)
                | (S::Active, S::Suspended | S::Deleting)
                | (S::Suspended, S::Active | S::Deleting)
                | (S::Failed, S::Provisioning | S::Deleting | S::Deleted)
                | (S::Deleting, S::Deleted)
        )
    }
}
