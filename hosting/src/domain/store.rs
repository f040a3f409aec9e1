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

/// Why a store is suspended, as far as its visitors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuspendCause {
    /// A bill is open.
    Bill,
    /// Its content is being checked.
    Review,
    /// Its owner asked for it.
    Request,
    /// Anything else.
    Other,
}

impl SuspendCause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bill, Self::Review, Self::Request, Self::Other];
    /// As stored, and in the edge's routes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bill => "bill",
            Self::Review => "review",
            Self::Request => "request",
            Self::Other => "other",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
    /// What visitors read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Bill => "It opens again when its account is settled.",
            Self::Review => "It is being checked.",
            Self::Request => "Its owner has asked for this pause.",
            Self::Other => "It may open again later.",
        }
    }
}
