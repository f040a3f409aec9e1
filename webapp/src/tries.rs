//! How often a password may be tried, wherever it is asked for: on the sign-in pages, in the JSON API, behind the link
//! of a sign-up, and again before something that hurts. One account has one count, so no door gives a guesser more.
//! Wrong passkeys are counted here as well, by address.

use crate::error::{WebError, wait_words};
use crate::extract::{Ctx, Who};
use crate::rate_limit::{SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS};
use hosting::crypto::Secret;
use hosting::domain::Person;
use hosting::services::prove_password::{Proven, prove_password};

const DELAY: &str = "sign_in.delay";
/// Nobody's password is longer; more would only cost time.
const LONGEST: usize = 1024;

/// Shop owners and staff are separate accounts, also where they share an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Shop owners and resellers.
    Owner,
    /// Support, admins, super admins.
    Staff,
}

/// Tries on one account (by its compared e-mail) from the address of this request.
#[derive(Debug)]
pub struct Tries {
    account: String,
    subject: String,
}

impl Tries {
    /// Of an account, whether it exists or not.
    #[must_use]
    pub fn of(ctx: &Ctx, area: Area, email: &str) -> Self {
        let area = if area == Area::Owner { "owner" } else { "staff" };
        let account = format!("{area}/{}", email_key(email));
        Self { subject: format!("{account}/{}", ctx.address()), account }
    }

    /// Of the account that is signed in.
    ///
    /// # Errors
    /// Nobody is: our fault.
    pub fn of_caller(ctx: &Ctx) -> Result<Self, WebError> {
        match ctx.who() {
            Who::Customer(c) => Ok(Self::of(ctx, Area::Owner, &c.email)),
            Who::Staff(s) => Ok(Self::of(ctx, Area::Staff, &s.email)),
            Who::Visitor => Err(WebError::Internal("a visitor was asked for the password of an account".into())),
        }
    }

    /// With passkeys from the address of this request. They cannot be guessed and say only afterwards whose they are, so
    /// no account has a count of them, which strangers could fill: whoever keeps sending wrong ones waits, nobody else.
    #[must_use]
    pub fn of_passkeys(ctx: &Ctx) -> Self {
        Self { account: String::new(), subject: format!("passkey/{}", ctx.address()) }
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
            waits.push(limits.take(SIGN_IN_ACCOUNT, &self.account).await);
        }
        waits.into_iter().filter_map(Result::err).max().map_or(Ok(()), Err)
    }

    /// The password (or passkey) was wrong: the wait grows from the fifth time on.
    pub async fn wrong(&self, ctx: &Ctx) {
        ctx.state().limits.fail(DELAY, &self.subject).await;
    }

    /// The password was right: failures are forgotten.
    pub async fn right(&self, ctx: &Ctx) {
        ctx.state().limits.clear(DELAY, &self.subject).await;
    }
}

/// What "the same address" means where it may be none.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase().chars().take(254).collect()
}

/// Words for somebody who has to wait before the next sign-in.
#[must_use]
pub fn too_many_words(wait: u64) -> String {
    format!("Too many tries. Sign-in opens again in {}.", wait_words(wait))
}

/// Proves the password of whoever is signed in, on a page or by a credential of the API. `None` when it is wrong or
/// empty; the form's service then says so beside everything else that is wrong.
///
/// # Errors
/// Too many wrong ones before; the database.
pub async fn prove(ctx: &Ctx, password: &str) -> Result<Option<Proven>, WebError> {
    let person = match ctx.who() {
        Who::Customer(c) => Person::Customer(c.customer_id),
        Who::Staff(s) => Person::Staff(s.admin_id),
        Who::Visitor => return Err(WebError::Internal("a visitor was asked for the password again".into())),
    };
    let tries = Tries::of_caller(ctx)?;
    tries.begin(ctx, true).await.map_err(WebError::TooMany)?;
    if password.is_empty() {
        return Ok(None);
    }
    let state = ctx.state();
    let (password, long) = (Secret::new(password), password.len() > LONGEST);
    let proven = if long {
        None
    } else {
        prove_password(&state.services, &state.passwords, &ctx.actor(), person, &password).await?
    };
    match &proven {
        Some(_) => tries.right(ctx).await,
        None => tries.wrong(ctx).await,
    }
    Ok(proven)
}
