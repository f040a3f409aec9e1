//! How often a customer's password may be tried: at sign-in, and when another browser than the one that
//! signed up confirms the address. Both count together.

use crate::extract::Ctx;
use crate::rate_limit::{SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS};

const DELAY: &str = "sign_in.delay";

/// Tries on one account (by its compared e-mail) from the address of this request.
#[derive(Debug)]
pub struct Tries {
    key: String,
    subject: String,
}

impl Tries {
    /// Of an account.
    #[must_use]
    pub fn of(ctx: &Ctx, key: &str) -> Self {
        Self { key: key.to_owned(), subject: format!("{key}/{}", ctx.address()) }
    }

    /// Counts a try. A browser that signed in to this account before does not share the account's
    /// bucket with strangers.
    ///
    /// # Errors
    /// Seconds to wait.
    pub async fn begin(&self, ctx: &Ctx, known_device: bool) -> Result<(), u64> {
        let limits = &ctx.state().limits;
        let mut waits =
            vec![limits.take(SIGN_IN_ADDRESS, ctx.address()).await, limits.look(DELAY, &self.subject).await];
        if !known_device {
            waits.push(limits.take(SIGN_IN_ACCOUNT, &self.key).await);
        }
        waits.into_iter().filter_map(Result::err).max().map_or(Ok(()), Err)
    }

    /// The password was wrong: the wait grows from the fifth time on.
    pub async fn wrong(&self, ctx: &Ctx) {
        ctx.state().limits.fail(DELAY, &self.subject).await;
    }

    /// The password was right: failures are forgotten.
    pub async fn right(&self, ctx: &Ctx) {
        ctx.state().limits.clear(DELAY, &self.subject).await;
    }
}
