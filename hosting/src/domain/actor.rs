//! Who does something, for rights and for the audit chain.

use super::rights::{self, Capability, Reach};

/// Roles of threat-model §4.8, weakest first. `System` is the product itself (schedules, workers),
/// `Visitor` nobody yet, `Operator` the command line on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Not signed in.
    Visitor,
    /// Owns stores.
    Customer,
    /// Looks after own customers.
    Reseller,
    /// Answers tickets; sees everything with secrets masked.
    Support,
    /// Runs the product.
    Admin,
    /// Also manages staff.
    SuperAdmin,
    /// A person at the command line of a machine that holds the bootstrap secrets.
    Operator,
    /// The product itself.
    System,
}

impl Role {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Customer => "customer",
            Self::Reseller => "reseller",
            Self::Support => "support",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
    /// Reads the stored form; `None` for anything else (which then has no rights).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Visitor,
            Self::Customer,
            Self::Reseller,
            Self::Support,
            Self::Admin,
            Self::SuperAdmin,
            Self::Operator,
            Self::System,
        ]
        .into_iter()
        .find(|r| r.as_str() == text)
    }
    /// Support, admin or super admin.
    #[must_use]
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Support | Self::Admin | Self::SuperAdmin)
    }
    /// May retry, cancel, clean up and force-delete (threat-model §4.8: not support).
    #[must_use]
    pub fn may_operate(self) -> bool {
        rights::may(self, Capability::WorkOnStores, Reach::All)
    }
}

/// The acting person or process, as the audit row records it.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Rights at the moment of the act.
    pub role: Role,
    /// Row id in `customers` or `admins`.
    pub id: Option<u64>,
    /// E-mail or program name.
    pub name: String,
    /// Client address, empty for the system.
    pub address: String,
    /// Request or correlation id.
    pub request_id: String,
}

impl Actor {
    /// The product itself acting, e.g. a schedule.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { role: Role::System, id: None, name: name.into(), address: String::new(), request_id: String::new() }
    }
    /// A person at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            role: Role::Operator,
            id: None,
            name: "command line".into(),
            address: String::new(),
            request_id: String::new(),
        }
    }
}
