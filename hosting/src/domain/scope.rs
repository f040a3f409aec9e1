//! What a program may do with a credential of the JSON API.
//!
//! A scope is `resource:read`, `resource:write`, or one of the few named acts. Reading scopes change
//! nothing, on any verb. The owner's rights still apply: a scope only ever takes away.

use super::actor::{Role, Role as R};
use super::text::Refused;

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// As written in tokens and documents.
    pub name: &'static str,
    /// For people.
    pub about: &'static str,
    /// The weakest staff role that can have it; `None`: it is for customers only.
    pub staff: Option<Role>,
    /// The weakest role of customers that can have it; `None`: it is for staff only.
    pub customers: Option<Role>,
}

const fn scope(name: &'static str, about: &'static str, customers: bool, staff: Option<Role>) -> Scope {
    Scope { name, about, staff, customers: if customers { Some(R::Customer) } else { None } }
}

const fn of_resellers(name: &'static str, about: &'static str) -> Scope {
    Scope { name, about, staff: None, customers: Some(R::Reseller) }
}

/// All scopes.
pub const SCOPES: &[Scope] = &[
    scope("account:read", "See who the credential belongs to", true, Some(R::Support)),
    scope("account:write", "Sign browsers out, change what you chose about your account", true, None),
    scope("tokens:read", "List credentials", true, Some(R::Support)),
    scope("tokens:write", "Revoke credentials", true, Some(R::Support)),
    scope("stores:read", "List and read stores", true, Some(R::Support)),
    scope("stores:write", "Order, change and delete stores", true, Some(R::Admin)),
    scope("offers:read", "See stores that are offered to you", true, None),
    scope("offers:write", "Take or decline stores that are offered to you", true, None),
    scope("credentials:write", "Reveal the credentials of a store", true, None),
    scope("jobs:read", "Read jobs and their logs", true, Some(R::Support)),
    scope("jobs:write", "Retry, cancel and clean up jobs", true, Some(R::Admin)),
    scope("webhooks:read", "List webhooks and their deliveries", true, Some(R::Admin)),
    scope("webhooks:write", "Change webhooks, send deliveries again", true, Some(R::Admin)),
    scope("tickets:read", "List and read tickets", true, Some(R::Support)),
    scope("tickets:write", "Open, answer and change tickets", true, Some(R::Support)),
    scope("answers:read", "List the answers that staff keep", false, Some(R::Support)),
    scope("answers:write", "Change the answers that staff keep", false, Some(R::Support)),
    of_resellers("reseller:read", "See your customers and what you may sell"),
    of_resellers("reseller:write", "Make customers, order their stores, change the name they see"),
    scope("customers:read", "List and read customers", false, Some(R::Support)),
    scope("customers:write", "Make, change, close and invite customers", false, Some(R::Admin)),
    scope("staff:read", "List and read staff", false, Some(R::SuperAdmin)),
    scope("ports:read", "List ports", false, Some(R::Support)),
    scope("ports:write", "Widen pools, free ports", false, Some(R::Admin)),
    scope("mails:read", "Read the mail log", false, Some(R::Support)),
    scope("mails:write", "Send mails again", false, Some(R::Admin)),
    scope("servers:read", "List servers", false, Some(R::Support)),
    scope("schedules:read", "List schedules", false, Some(R::Support)),
    scope("schedules:write", "Run and pause schedules", false, Some(R::Admin)),
    scope("audit:read", "Read the audit log", false, Some(R::Support)),
    scope("audit:write", "Verify the audit log", false, Some(R::SuperAdmin)),
    scope("settings:read", "Read settings", false, Some(R::Admin)),
    scope("settings:write", "Change settings", false, Some(R::SuperAdmin)),
    scope("system:read", "Read the state of the installation", false, Some(R::Support)),
    scope("system:write", "Restart processes", false, Some(R::SuperAdmin)),
];

/// The scopes of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scopes {
    /// Whatever the owner may do (a log-in).
    All,
    /// These.
    Some(Vec<&'static str>),
}

impl Scopes {
    /// Reads space-separated names, as a person or program asks for them; each must be open to `role`.
    ///
    /// # Errors
    /// Words naming the first scope that does not exist or is not open to the role.
    pub fn ask(text: &str, role: Role) -> Result<Self, Refused> {
        let mut chosen = Vec::new();
        for name in text.split_whitespace() {
            let scope = open_to(role)
                .find(|s| s.name == name)
                .ok_or_else(|| Refused::new(format!("{} is not a scope you can give", shown(name))))?;
            if !chosen.contains(&scope.name) {
                chosen.push(scope.name);
            }
        }
        if chosen.is_empty() {
            return Err(Refused::new("Choose at least one scope"));
        }
        Ok(Self::Some(chosen))
    }

    /// Reads the stored form; unknown names (of a newer release) give no right.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        if text == "*" {
            return Self::All;
        }
        Self::Some(text.split(' ').filter_map(|name| SCOPES.iter().find(|s| s.name == name)).map(|s| s.name).collect())
    }

    /// Whether `name` is among them.
    #[must_use]
    pub fn allow(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(list) => list.contains(&name),
        }
    }

    /// For storing, and for the `scope` field of OAuth2.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::All => "*".into(),
            Self::Some(list) => list.join(" "),
        }
    }
}

/// The scopes a role can give to its credentials.
pub fn open_to(role: Role) -> impl Iterator<Item = &'static Scope> {
    SCOPES.iter().filter(move |s| match role {
        Role::Customer | Role::Reseller => s.customers.is_some_and(|least| role >= least),
        Role::Support | Role::Admin | Role::SuperAdmin => s.staff.is_some_and(|least| role >= least),
        _ => false,
    })
}

fn shown(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nobody_gives_what_their_role_lacks() {
        assert!(Scopes::ask("settings:write", Role::Admin).is_err());
        assert!(Scopes::ask("settings:write", Role::SuperAdmin).is_ok());
        assert!(Scopes::ask("customers:read", Role::Customer).is_err());
        assert!(
            Scopes::ask("reseller:read", Role::Customer).is_err()
                && Scopes::ask("reseller:read", Role::Reseller).is_ok()
        );
        assert!(Scopes::ask("customers:read", Role::Reseller).is_err());
        assert!(Scopes::ask("jobs:write", Role::Support).is_err());
        assert!(Scopes::ask("stores:read", Role::Visitor).is_err());
        assert!(Scopes::ask("credentials:write", Role::SuperAdmin).is_err());
        assert!(Scopes::ask("*", Role::SuperAdmin).is_err());
        assert!(Scopes::ask("", Role::Customer).is_err());
        let asked = Scopes::ask("stores:read  jobs:read stores:read", Role::Customer).unwrap();
        assert_eq!(asked.text(), "stores:read jobs:read");
        assert_eq!(Scopes::stored(&asked.text()), asked);
        assert!(asked.allow("stores:read") && !asked.allow("stores:write"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            if let Ok(scopes) = Scopes::ask(&text, Role::SuperAdmin) {
                prop_assert_eq!(Scopes::stored(&scopes.text()), scopes);
            }
            let _ = Scopes::stored(&text);
        }
    }
}
