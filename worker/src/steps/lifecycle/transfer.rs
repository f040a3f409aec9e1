//! A store changes hands. Its administrator's address is the way to a forgotten password, so it changes with the owner.

use super::admin_password::{FORMER_HASH, NEW, administrator, chosen, shop};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::{branding, woocommerce};
use crate::steps::Subject;
use crate::steps::open::{notice, worker_actor};
use crate::steps::subject::{audit_state, fenced, secret};
use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::customers::Customer;
use hosting::jobs::ChangeArgs;
use hosting::services::file_access::PASSWORD_HASH;
use std::sync::Arc;

/// Sealed while the job runs: the former address of the administrator.
const FORMER_EMAIL: &str = "admin_email_former";

/// Looks once more whether it is still agreed.
pub struct Agree(pub Arc<Machine>);

#[async_trait]
impl Step for Agree {
    fn name(&self) -> &'static str {
        "agree"
    }
    fn title(&self) -> &'static str {
        "Look whether both sides still agree"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let to = new_owner(machine, cx).await?;
        if subject.store.customer_id == to.id {
            return Ok(serde_json::Value::Null);
        }
        let others = machine.services.db.read().await?.stores().list_of_customer(to.id).await?;
        can_receive(&to, others.len())?;
        Ok(serde_json::Value::Null)
    }
    /// The offer stands again, for as long as it did.
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let args: ChangeArgs = cx.args()?;
        if let Some(id) = args.transfer_id {
            let mut tx = fenced(&self.0, cx).await?;
            if tx.store_transfers().state(id).await?.as_deref() == Some("accepted") {
                tx.store_transfers().move_on(id, "accepted", "offered").await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Gives the shop's administrator the new owner's address.
pub struct SetEmail(pub Arc<Machine>);

#[async_trait]
impl Step for SetEmail {
    fn name(&self) -> &'static str {
        "email"
    }
    fn title(&self) -> &'static str {
        "Give the store admin its new email address"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let to = new_owner(machine, cx).await?;
        if subject.store.customer_id == to.id {
            return Ok(serde_json::Value::Null);
        }
        let mut db = shop(machine, cx).await?;
        let former = branding::administrator_email(&mut db).await?;
        let mut tx = fenced(machine, cx).await?;
        let keys = &machine.services.keys;
        tx.secrets().choose(keys, subject.store.id, FORMER_EMAIL, || Secret::new(former.clone())).await?;
        tx.commit().await?;
        branding::set_administrator_email(&mut db, &to.email).await?;
        cx.fail_point("committed").await?;
        flush(machine, &subject).await
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (store, keys) = (subject.store.id, &machine.services.keys);
        let former = machine.services.db.read().await?.secrets().get(keys, store, FORMER_EMAIL).await?;
        // Recorded already: the new one stays.
        let Some(former) = former else { return Ok(()) };
        let mut db = shop(machine, cx).await?;
        branding::set_administrator_email(&mut db, former.expose()).await?;
        flush::<()>(machine, &subject).await?;
        let mut tx = fenced(machine, cx).await?;
        tx.secrets().delete(store, FORMER_EMAIL).await?;
        Ok(tx.commit().await?)
    }
}

async fn flush<T: Default>(machine: &Machine, subject: &Subject) -> StepResult<T> {
    branding::flush_cache(woocommerce::redis_address(subject.reserved(machine).await?.subnet)).await?;
    Ok(T::default())
}

/// From here on it is the new owner's, with everything that lets somebody in.
pub struct HandOver(pub Arc<Machine>);

#[async_trait]
impl Step for HandOver {
    fn name(&self) -> &'static str {
        "record"
    }
    fn title(&self) -> &'static str {
        "Hand the store over"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        let args: ChangeArgs = cx.args()?;
        let to = new_owner(machine, cx).await?;
        let mut db = shop(machine, cx).await?;
        if store.customer_id != to.id {
            let missing =
                || StepError::passing("password_gone", "We are trying again", "the new password is not there");
            let password = chosen(machine, cx, &subject, NEW).await?.ok_or_else(missing)?;
            let login = administrator(&mut db).await?.0;
            let actor = worker_actor(machine, cx);
            let keys = &machine.services.keys;
            let from = store.customer_id;
            let mut tx = fenced(machine, cx).await?;
            // Held from here on: they may have ordered a store of their own since the first step looked.
            let held = tx.customers().lock(to.id).await?.unwrap_or(to.clone());
            can_receive(&held, tx.stores().list_of_customer(to.id).await?.len())?;
            tx.stores().lock(store.id).await?;
            tx.secrets().set(keys, store.id, secret::ADMIN_PASSWORD, &password).await?;
            tx.secrets().set(keys, store.id, secret::ADMIN_LOGIN, &Secret::new(login)).await?;
            for name in [NEW, FORMER_HASH, FORMER_EMAIL, PASSWORD_HASH] {
                tx.secrets().delete(store.id, name).await?;
            }
            tx.file_access().remove_keys(store.id).await?;
            tx.store_transfers().hand_over(store.id, from, to.id).await?;
            if let Some(id) = args.transfer_id {
                tx.store_transfers().move_on(id, "accepted", "done").await?;
            }
            tx.login_sessions().revoke_all_of_customer(from, None).await?;
            let key = |what: &str| format!("{what}:{}", cx.job().uid);
            let mails = [
                notice(&mut tx, "store_received", to.id, store.id, &actor, &key("store_received")).await?,
                notice(&mut tx, "store_given", from, store.id, &actor, &key("store_given")).await?,
            ];
            audit_state(machine, cx, &mut tx, store, "store.transferred").await?;
            tx.commit().await?;
            let mails: Vec<_> = mails.into_iter().flatten().collect();
            machine.services.queue.announce(&mails).await;
            cx.fail_point("committed").await?;
        }
        // Passwords of programs that the former owner made for the same administrator.
        branding::forget_application_passwords(&mut db).await?;
        cx.say("The store is yours. Your sign-in details are on the page for them");
        flush(machine, &subject).await
    }
}

/// An account has one store, and only one that is open takes it.
fn can_receive(to: &Customer, stores: usize) -> StepResult<()> {
    if to.state == "active" && stores == 0 {
        return Ok(());
    }
    Err(StepError::last(
        "cannot_receive",
        "The store stays with its owner: the new one cannot take it now",
        format!("customer {} is {} and has {stores} stores", to.id, to.state),
    ))
}

async fn new_owner(machine: &Machine, cx: &StepContext) -> StepResult<Customer> {
    let args: ChangeArgs = cx.args()?;
    let to = machine.services.db.read().await?.customers().get(args.to_customer.unwrap_or_default()).await?;
    to.ok_or_else(|| {
        StepError::last(
            "no_customer",
            "The store stays with its owner: the new one's account is gone",
            format!("customer {:?}", args.to_customer),
        )
    })
}
