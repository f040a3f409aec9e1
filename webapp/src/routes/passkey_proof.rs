//! `/reauthenticate/passkey` and `/admin/reauthenticate/passkey`: a passkey where the page would take the password again.

use super::passkeys::{ceremony, challenge};
use super::{Answer, account, staff_session};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Who};
use crate::rate_limit::PASSKEY_ADDRESS;
use crate::tries::Tries;
use crate::urls::{query, safe_next};
use hosting::domain::Person;
use hosting::services::passkeys::prove::{self, Proved};
use hosting::services::passkeys::sign_in;
use hosting::services::re_authenticate::re_authenticate;

const PROVE: &str = "prove";

/// The signed-in person and the row id of their session.
fn whose(ctx: &Ctx) -> Result<(Person, u64), WebError> {
    match ctx.who() {
        Who::Customer(c) => Ok((Person::Customer(c.customer_id), c.id)),
        Who::Staff(s) => Ok((Person::Staff(s.admin_id), s.id)),
        Who::Visitor => Err(WebError::SignedOut),
    }
}

/// Whether the page offers it.
pub(super) async fn offered(ctx: &Ctx) -> Result<bool, WebError> {
    let (person, _) = whose(ctx)?;
    Ok(prove::possible(&ctx.state().services, &ctx.state().config.base_url, person).await?)
}

/// A challenge.
pub async fn begin(ctx: Ctx, _form: Form) -> Answer {
    let (person, _) = whose(&ctx)?;
    ctx.state().limits.take(PASSKEY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let bound_to = ctx.bound_to(PROVE);
    let begun = prove::begin(&ctx.state().services, &ctx.state().config.base_url, person, &bound_to).await?;
    Ok(challenge(&begun))
}

/// Its answer.
pub async fn finish(ctx: Ctx, form: Form) -> Answer {
    let tries = Tries::of_passkeys(&ctx);
    tries.begin(&ctx, true).await.map_err(WebError::TooMany)?;
    let (person, session) = whose(&ctx)?;
    let (page, home, next) = match person {
        Person::Customer(_) => ("/reauthenticate", "/dashboard", safe_next(form.get("next")?).unwrap_or_default()),
        Person::Staff(_) => ("/admin/reauthenticate", "/admin", staff_session::next_of(form.get("next")?)),
    };
    let (services, base) = (&ctx.state().services, &ctx.state().config.base_url);
    let answer = sign_in::Answer {
        token: ceremony(&form)?,
        bound_to: &ctx.bound_to(PROVE),
        text: form.get("answer")?,
        user_agent: ctx.user_agent(),
    };
    let refused = match prove::finish(services, base, &ctx.actor(), person, answer).await? {
        Proved::Done(proven) => {
            tries.right(&ctx).await;
            let token = re_authenticate(services, &ctx.actor(), session, &proven).await?;
            match ctx.who() {
                Who::Staff(s) => staff_session::start(&ctx, &token, &s.email.to_lowercase()).await?,
                _ => account::start_session(&ctx, &token, &person.id().to_string()).await?,
            }
            return Ok(ctx.see_other(if next.is_empty() { home } else { next }));
        }
        Proved::Over => "passkey_over",
        Proved::Refused => {
            tries.wrong(&ctx).await;
            "passkey_unproven"
        }
    };
    ctx.flash(refused);
    Ok(ctx.see_other(&format!("{page}{}", query(&[("next", next)]))))
}
