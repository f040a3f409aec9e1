//! Use cases: a verb per file. A service checks the rules, changes state, inserts jobs and the audit
//! row in one transaction; it announces jobs after the commit. No HTTP types in or out.

pub mod add_server;
pub mod admin_sign_in;
pub mod api_credentials;
pub mod api_log_in;
pub mod audit_log;
pub mod cancel_job;
pub mod canned_answers;
pub mod change_admin;
pub mod change_admin_password;
pub mod change_customer_email;
pub mod change_email;
pub mod change_password;
pub mod change_ports;
pub mod change_profile;
pub mod change_schedule;
pub mod change_store;
pub mod change_ticket;
pub mod close_account;
pub mod close_customer;
pub mod create_admin;
pub mod create_customer;
pub mod create_store;
pub mod db_admin;
pub mod delete_admin;
pub mod delete_store;
pub mod dismiss_failed;
pub mod end_sessions;
pub mod export_customers;
pub mod export_data;
pub mod file_access;
pub mod invite_customers;
pub mod note_sign_in;
pub mod open_ticket;
pub mod passkeys;
pub mod passwords;
pub mod place_store;
pub mod prove_password;
pub mod re_authenticate;
pub mod refuse_access;
pub mod replace_session;
pub mod request_password_reset;
pub mod resellers;
pub mod resend_mail;
pub mod resend_verification;
pub mod reset_admin;
pub mod reset_password;
pub mod restart_process;
pub mod retry_job;
pub mod reveal_credentials;
pub mod rotate_secrets;
pub mod second_factor;
pub mod seed_defaults;
pub mod send_mail;
pub mod settings;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod stay_signed_in;
pub mod store_wish;
pub mod take_mail;
mod tell_ticket;
mod ticket_mail;
pub mod transfer_store;
pub mod verify_email;
pub mod view_customer;
pub mod webhooks;
pub mod write_ticket;

use crate::crypto::KeyRing;
use crate::db::audit::NewEvent;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::stores::Store;
use crate::db::{Conflict, Db, DbError, Queries, Tx};
use crate::domain::Actor;
use crate::queue::Queue;

/// What every service needs.
#[derive(Clone, Debug)]
pub struct Services {
    /// The truth.
    pub db: Db,
    /// Wake-ups.
    pub queue: Queue,
    /// Keys for secrets and the audit chain.
    pub keys: KeyRing,
}

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A field of the form is not right: `(field name, words)`.
    #[error("{0:?}")]
    Invalid(Vec<(&'static str, String)>),
    /// Not there, or not the caller's: the same answer.
    #[error("not found")]
    NotFound,
    /// The caller may not; names the role that may.
    #[error("not allowed: {0}")]
    Denied(&'static str),
    /// The world is in another state than the caller thinks; words say which.
    #[error("{0}")]
    Conflict(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ServiceError {
    /// One wrong field.
    #[must_use]
    pub fn field(name: &'static str, words: impl Into<String>) -> Self {
        Self::Invalid(vec![(name, words.into())])
    }
}

impl Conflict for ServiceError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(e) if e.is_conflict())
    }
}

/// Appends an audit row about `(kind, id)`; holds the head of the chain until the transaction ends, so it comes last.
async fn audited(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    action: &str,
    (target_kind, target_id): (&str, &str),
    outcome: &str,
    details: serde_json::Value,
) -> Result<(), ServiceError> {
    let event = NewEvent { action, target_kind, target_id, outcome, details };
    tx.audit().append(&services.keys, actor, &event).await?;
    Ok(())
}

/// Appends an audit row about something that was done to a store; last in its transaction, as [`audited`].
async fn audited_store(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    action: &str,
    details: serde_json::Value,
) -> Result<(), ServiceError> {
    audited(tx, services, actor, action, ("store", &store.uid.to_string()), "done", details).await
}

/// Orders a job that changes a store, for its owner to wait for.
///
/// # Errors
/// `Conflict` while another job is changing the store: its unique key refuses.
async fn changing_job(tx: &mut Tx, kind: &'static str, actor: &Actor, store: &Store) -> Result<JobRef, ServiceError> {
    tx.jobs().insert(&NewJob::for_store(kind, store.id, store.customer_id, store.server_id, actor)).await.map_err(|e| {
        if e.is_duplicate("jobs_one_change_per_store") {
            ServiceError::Conflict("Your store is being changed right now. Wait until that has ended".into())
        } else {
            e.into()
        }
    })
}

/// Uses a form's one-use key up.
///
/// # Errors
/// `Conflict` when the form was sent before.
async fn once(tx: &mut Tx, form_key: &[u8; 32], action: &str) -> Result<(), ServiceError> {
    if tx.form_keys().take(form_key, action).await? {
        Ok(())
    } else {
        Err(ServiceError::Conflict("This form was sent before. Look whether it did what you wanted".into()))
    }
}
