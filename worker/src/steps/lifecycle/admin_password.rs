//! A new password for the store's first administrator. The new one and the hash of the former one
//! are sealed before the first use, so that whoever takes the job over knows both.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::{branding, passwords, verify, woocommerce};
use crate::steps::Subject;
use crate::steps::subject::{fenced, secret};
use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::Queries;
use std::sync::Arc;
use std::time::Duration;

/// Sealed while a job runs: the password that is set.
pub const NEW: &str = "admin_password_new";
/// Sealed while a job runs: the hash of the one before.
pub const FORMER_HASH: &str = "admin_hash_former";

/// Chooses it.
pub struct Choose(pub Arc<Machine>);

#[async_trait]
impl Step for Choose {
    fn name(&self) -> &'static str {
        "choose"
    }
    fn title(&self) -> &'static str {
        "Choose a new password"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (store, keys) = (subject.store.id, &machine.services.keys);
        let mut shop = shop(machine, cx).await?;
        let (_, hash) = administrator(&mut shop).await?;
        let mut tx = fenced(machine, cx).await?;
        tx.secrets().choose(keys, store, FORMER_HASH, || Secret::new(hash.clone())).await?;
        tx.secrets().choose(keys, store, NEW, || Secret::random(20)).await?;
        tx.commit().await?;
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        let mut tx = fenced(&self.0, cx).await?;
        for name in [NEW, FORMER_HASH] {
            tx.secrets().delete(subject.store.id, name).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Sets it in the shop and signs everybody out who used the former one.
pub struct Set(pub Arc<Machine>);

#[async_trait]
impl Step for Set {
    fn name(&self) -> &'static str {
        "set"
    }
    fn title(&self) -> &'static str {
        "Change the password in your store"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let Some(password) = chosen(machine, cx, &subject, NEW).await? else {
            return Ok(serde_json::Value::Null);
        };
        put(machine, cx, &subject, &passwords::wordpress(password.expose())).await?;
        cx.detail("The new password is set; other sessions of the administrator are over");
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        match chosen(machine, cx, &subject, FORMER_HASH).await? {
            Some(hash) => put(machine, cx, &subject, hash.expose()).await,
            // Recorded already: the new one stays.
            None => Ok(()),
        }
    }
}

/// Logs in with it, as its owner will.
pub struct LogIn(pub Arc<Machine>);

#[async_trait]
impl Step for LogIn {
    fn name(&self) -> &'static str {
        "log_in"
    }
    fn title(&self) -> &'static str {
        "Check that it works"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let Some(password) = chosen(machine, cx, &subject, NEW).await? else {
            return Ok(serde_json::Value::Null);
        };
        let mut target = crate::steps::verify::subject_of(machine, cx, &subject, false).await?;
        let mut shop = shop(machine, cx).await?;
        target.login = administrator(&mut shop).await?.0;
        target.password = password;
        verify::verify_log_in(&target).await?;
        Ok(serde_json::Value::Null)
    }
}

/// From here on it is the store's password, shown to its owner on the page for that.
pub struct Keep(pub Arc<Machine>);

#[async_trait]
impl Step for Keep {
    fn name(&self) -> &'static str {
        "record"
    }
    fn title(&self) -> &'static str {
        "Keep it for you"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (store, keys) = (subject.store.id, &machine.services.keys);
        if let Some(password) = chosen(machine, cx, &subject, NEW).await? {
            let mut shop = shop(machine, cx).await?;
            let login = administrator(&mut shop).await?.0;
            let mut tx = fenced(machine, cx).await?;
            tx.secrets().set(keys, store, secret::ADMIN_PASSWORD, &password).await?;
            tx.secrets().set(keys, store, secret::ADMIN_LOGIN, &Secret::new(login)).await?;
            for name in [NEW, FORMER_HASH] {
                tx.secrets().delete(store, name).await?;
            }
            tx.commit().await?;
        }
        cx.say("Your store admin has a new password. It is on the page with your sign-in details");
        Ok(serde_json::Value::Null)
    }
}

/// What was chosen in this job, if anything; masked in every later line.
///
/// # Errors
/// Database trouble.
pub async fn chosen(
    machine: &Machine,
    cx: &mut StepContext,
    subject: &Subject,
    name: &str,
) -> StepResult<Option<Secret>> {
    let value = machine.services.db.read().await?.secrets().get(&machine.services.keys, subject.store.id, name).await?;
    if let Some(value) = &value {
        cx.hide(value);
    }
    Ok(value)
}

/// A connection to the store's own database.
///
/// # Errors
/// It does not answer.
pub async fn shop(machine: &Machine, cx: &mut StepContext) -> StepResult<sqlx::MySqlConnection> {
    let subject = Subject::load(machine, cx).await?;
    let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
    Ok(branding::connect(&machine.dir(&subject.store), &panel, Duration::from_secs(20)).await?)
}

/// Log-in name and hash of the shop's first administrator.
///
/// # Errors
/// There is none any more.
pub async fn administrator(shop: &mut sqlx::MySqlConnection) -> StepResult<(String, String)> {
    branding::administrator(shop).await?.ok_or_else(|| {
        StepError::last(
            "no_administrator",
            "The store's first administrator is not there any more. Use the administrator you made in your store",
            "wp_users has no row 1",
        )
    })
}

async fn put(machine: &Machine, cx: &mut StepContext, subject: &Subject, hash: &str) -> StepResult<()> {
    let mut shop = shop(machine, cx).await?;
    branding::set_administrator_hash(&mut shop, hash).await?;
    cx.fail_point("committed").await?;
    Ok(branding::flush_cache(woocommerce::redis_address(subject.reserved(machine).await?.subnet)).await?)
}
