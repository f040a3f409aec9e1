//! Pages that owners and staff have alike, each at an address of their own: what concerns the reader's own sign-in.

use crate::error::WebError;
use crate::extract::{Ctx, Who};
use crate::urls::query;
use hosting::db::login_sessions::FRESH_SECONDS;
use hosting::domain::Person;

/// The signed-in person, their session, and where their page is.
pub struct Reader {
    /// Who.
    pub person: Person,
    /// Row id of the session.
    pub session: u64,
    /// Whether the last proof of the password is recent.
    pub fresh: bool,
    /// Their page.
    pub base: &'static str,
}

impl Reader {
    /// The caller, whose page is `owners` or `staff`.
    ///
    /// # Errors
    /// `Internal` for a visitor: the router leads none here.
    pub fn of(ctx: &Ctx, owners: &'static str, staff: &'static str) -> Result<Self, WebError> {
        Ok(match ctx.who() {
            Who::Customer(c) => Self {
                person: Person::Customer(c.customer_id),
                session: c.id,
                fresh: c.authenticated_seconds <= FRESH_SECONDS,
                base: owners,
            },
            Who::Staff(s) => Self {
                person: Person::Staff(s.admin_id),
                session: s.id,
                fresh: s.authenticated_seconds <= FRESH_SECONDS,
                base: staff,
            },
            Who::Visitor => return Err(WebError::Internal(format!("{owners} reached by a visitor"))),
        })
    }

    /// Where the password is proven again, and back.
    #[must_use]
    pub fn prove_at(&self) -> String {
        let at = if self.base.starts_with("/admin") { "/admin/reauthenticate" } else { "/reauthenticate" };
        format!("{at}{}", query(&[("next", self.base)]))
    }

    /// Refuses until the password was proven again.
    ///
    /// # Errors
    /// `SignIn`.
    pub fn need_fresh(&self) -> Result<(), WebError> {
        if self.fresh { Ok(()) } else { Err(WebError::SignIn(self.prove_at())) }
    }
}
