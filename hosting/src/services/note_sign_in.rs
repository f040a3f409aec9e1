//! The history of sign-ins, and the mail about one from a new place.

use super::ServiceError;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, SignInWay, place};
use crate::jobs::MailArgs;

/// Notes a sign-in (or a try) and orders the mail if it worked from a network the person was not seen in for 90 days.
///
/// # Errors
/// Database trouble.
pub(super) async fn note_sign_in(
    tx: &mut Tx,
    actor: &Actor,
    person: Person,
    user_agent: &str,
    (done, way): (bool, SignInWay),
) -> Result<Option<JobRef>, ServiceError> {
    let network = place::network(&actor.address);
    let new_place = done && tx.sign_ins().is_new_place(person, &network).await?;
    let id = tx.sign_ins().insert(person, (&actor.address, &network), user_agent, (done, way)).await?;
    if !new_place {
        return Ok(None);
    }
    let mail = MailArgs {
        template: "new_place".into(),
        customer_id: person.customer(),
        admin_id: person.admin(),
        about: Some(id),
        ..MailArgs::default()
    };
    Ok(Some(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?))
}
