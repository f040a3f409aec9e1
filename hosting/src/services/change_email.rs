//! Changing an owner's address: both mailboxes confirm, the old one can stop it. Links are made when their mails are sent.

use super::prove_password::{Proven, need};
use super::{ServiceError, Services, audited, once};
use crate::crypto::sha256;
use crate::db::email_changes::{ChangeLink, EmailChange};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, Person, Role};
use crate::jobs::MailArgs;
use crate::transact;

/// What a press did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// The other mailbox still has to say yes.
    Waiting,
    /// The address is changed; every session ended.
    Changed,
    /// Nothing will be changed.
    Stopped,
}

/// Records the wish and writes to both addresses. The answer is the same when the new address has an account; the mail
/// to it explains.
///
/// # Errors
/// `Invalid` on `email` or `password`; `Conflict` when the form was sent before.
pub async fn ask(
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    customer_id: u64,
    (new, proven): (&str, Option<&Proven>),
) -> Result<(), ServiceError> {
    let customer = services.db.read().await?.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let mut wrong = Vec::new();
    let new = Email::parse(new).map_err(|e| wrong.push(("email", e.0))).ok();
    if new.as_ref().is_some_and(|e| e.as_str() == customer.email) {
        wrong.push(("email", "This is your address already".into()));
    }
    need(proven, Person::Customer(customer_id), &mut wrong);
    let (Some(new), true) = (new, wrong.is_empty()) else { return Err(ServiceError::Invalid(wrong)) };
    let mails =
        transact!(services.db, tx => ask_in(&mut tx, services, actor, form_key, (customer_id, &customer.email), &new))?;
    services.queue.announce(&mails).await;
    Ok(())
}

async fn ask_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    (customer_id, old): (u64, &str),
    new: &Email,
) -> Result<[JobRef; 2], ServiceError> {
    once(tx, form_key, "change_email").await?;
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let id = tx.email_changes().insert(customer_id, old, new.as_str()).await?;
    let mails = [
        mail(tx, actor, customer_id, id, "email_change_old").await?,
        mail(tx, actor, customer_id, id, "email_change_new").await?,
    ];
    let details = serde_json::json!({ "change": id });
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.ask_email_change", ("customer", &target), "done", details).await?;
    Ok(mails)
}

async fn mail(
    tx: &mut Tx,
    actor: &Actor,
    customer_id: u64,
    change: u64,
    template: &str,
) -> Result<JobRef, ServiceError> {
    let args = MailArgs {
        template: template.into(),
        customer_id: Some(customer_id),
        about: Some(change),
        ..MailArgs::default()
    };
    Ok(tx.jobs().insert(&NewJob::mail(&args, None, actor)).await?)
}

/// The open change behind a link; changes nothing.
///
/// # Errors
/// Database trouble.
pub async fn look(services: &Services, token: &str) -> Result<Option<EmailChange>, ServiceError> {
    Ok(services.db.read().await?.email_changes().find_open(&sha256(token.as_bytes())).await?)
}

/// Does what a link says. Nobody is signed in by it.
///
/// # Errors
/// `NotFound` when the change ended, is over, or the address is another by now; `Conflict` when somebody has taken the
/// new address meanwhile.
pub async fn press(services: &Services, actor: &Actor, token: &str) -> Result<Pressed, ServiceError> {
    let (pressed, mails) = transact!(services.db, tx => press_in(&mut tx, services, actor, token))?;
    services.queue.announce(&mails).await;
    Ok(pressed)
}

async fn press_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    token: &str,
) -> Result<(Pressed, Vec<JobRef>), ServiceError> {
    let hash = sha256(token.as_bytes());
    let found = tx.email_changes().find_open(&hash).await?.ok_or(ServiceError::NotFound)?;
    let customer = tx.customers().lock(found.customer_id).await?.ok_or(ServiceError::NotFound)?;
    // Again under the lock: of two presses at once, the second sees what the first did.
    let change = tx.email_changes().find_open(&hash).await?.ok_or(ServiceError::NotFound)?;
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email.clone(), ..actor.clone() };
    let link = change.link();
    let mut mails = Vec::new();
    let (pressed, action) = if link == ChangeLink::Stop {
        tx.email_changes().end_all(customer.id).await?;
        (Pressed::Stopped, "customer.stop_email_change")
    } else {
        tx.email_changes().confirm(change.id, link).await?;
        let both = if link == ChangeLink::Old { change.new_confirmed } else { change.old_confirmed };
        if both {
            let new = Email::parse(&change.new_email).map_err(|e| ServiceError::field("email", e.0))?;
            tx.customers().set_email(customer.id, &new).await.map_err(|e| {
                if e.is_duplicate("customers_email_key") {
                    ServiceError::Conflict("This address cannot be used for your account".into())
                } else {
                    e.into()
                }
            })?;
            tx.email_changes().end_all(customer.id).await?;
            tx.password_resets().consume_all(customer.id).await?;
            tx.login_sessions().revoke_all_of_customer(customer.id, None).await?;
            mails.push(mail(tx, &by, customer.id, change.id, "email_changed_old").await?);
            mails.push(mail(tx, &by, customer.id, change.id, "email_changed").await?);
            (Pressed::Changed, "customer.change_email")
        } else {
            (Pressed::Waiting, "customer.confirm_email_change")
        }
    };
    let details = serde_json::json!({ "change": change.id });
    audited(tx, services, &by, action, ("customer", &customer.id.to_string()), "done", details).await?;
    Ok((pressed, mails))
}
