//! Somebody with an account.

/// A customer or a staff member, by row id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Row in `customers`.
    Customer(u64),
    /// Row in `admins`.
    Staff(u64),
}

impl Person {
    /// Row id when it is a customer.
    #[must_use]
    pub fn customer(self) -> Option<u64> {
        match self {
            Self::Customer(id) => Some(id),
            Self::Staff(_) => None,
        }
    }
    /// Row id when it is a staff member.
    #[must_use]
    pub fn admin(self) -> Option<u64> {
        match self {
            Self::Staff(id) => Some(id),
            Self::Customer(_) => None,
        }
    }
    /// `customer` or `admin`: kind of a target in the audit log.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Staff(_) => "admin",
        }
    }
    /// Row id.
    #[must_use]
    pub fn id(self) -> u64 {
        match self {
            Self::Customer(id) | Self::Staff(id) => id,
        }
    }
}
