//! Kinds of jobs and their arguments. The bodies are in the worker.
//!
//! Arguments hold ids and choices, never secrets: they are readable in the admin panel.

use crate::db::jobs::NewJob;
use crate::domain::{Actor, Priority};
use serde::{Deserialize, Serialize};

/// Sets up a store.
pub const PROVISION_STORE: &str = "provision_store";
/// Removes a store and everything that is its own.
pub const DEPROVISION_STORE: &str = "deprovision_store";
/// Makes and starts the missing parts of a store in service.
pub const REPAIR_STORE: &str = "repair_store";
/// Sends one mail.
pub const SEND_MAIL: &str = "send_mail";
/// Compares rows and labelled objects of a server.
pub const RECONCILE_SERVER: &str = "reconcile_server";
/// Starts deletions whose waiting time is over, forgets old rows.
pub const HOUSEKEEPING: &str = "housekeeping";
/// Starts a store's database page.
pub const START_DB_ADMIN: &str = "start_db_admin";
/// Stops a store's database page.
pub const STOP_DB_ADMIN: &str = "stop_db_admin";
/// Opens file access to a store.
pub const START_FILE_ACCESS: &str = "start_file_access";
/// Closes file access to a store.
pub const STOP_FILE_ACCESS: &str = "stop_file_access";
/// Stops a store and keeps its data.
pub const SUSPEND_STORE: &str = "suspend_store";
/// Starts a suspended store again.
pub const RESUME_STORE: &str = "resume_store";
/// Stops and starts a store's containers.
pub const RESTART_STORE: &str = "restart_store";
/// Shows visitors the maintenance page.
pub const START_MAINTENANCE: &str = "start_maintenance";
/// Lets visitors in again.
pub const END_MAINTENANCE: &str = "end_maintenance";
/// Gives a store's administrator a new password.
pub const RESET_ADMIN_PASSWORD: &str = "reset_admin_password";
/// Gives a store the limits of another plan.
pub const CHANGE_PLAN: &str = "change_plan";
/// Gives a store another name.
pub const RENAME_STORE: &str = "rename_store";
/// Gives a store another web address; the former one leads there for a while.
pub const CHANGE_ADDRESS: &str = "change_address";
/// Gives a store to another customer.
pub const TRANSFER_STORE: &str = "transfer_store";
/// Hands a one-time ticket to a running database page.
pub const ADMIT_TO_DB_ADMIN: &str = "admit_to_db_admin";
/// Makes the document with everything about a customer.
pub const EXPORT_DATA: &str = "export_data";
/// Takes in the mails of this server's mailbox folder.
pub const READ_MAILBOX: &str = "read_mailbox";
/// Does nothing; for the engine's own tests and benches.
pub const NOOP: &str = "noop";

/// Words for people: title of a kind of job.
#[must_use]
pub fn title(kind: &str) -> &'static str {
    match kind {
        PROVISION_STORE => "Set up store",
        DEPROVISION_STORE => "Delete store",
        REPAIR_STORE => "Repair store",
        SEND_MAIL => "Send mail",
        RECONCILE_SERVER => "Check server",
        HOUSEKEEPING => "Housekeeping",
        START_DB_ADMIN => "Start database page",
        STOP_DB_ADMIN => "Stop database page",
        ADMIT_TO_DB_ADMIN => "Open database page",
        START_FILE_ACCESS => "Open file access",
        STOP_FILE_ACCESS => "Close file access",
        SUSPEND_STORE => "Suspend store",
        RESUME_STORE => "Resume store",
        RESTART_STORE => "Restart store",
        START_MAINTENANCE => "Start maintenance",
        END_MAINTENANCE => "End maintenance",
        RESET_ADMIN_PASSWORD => "Reset store admin password",
        CHANGE_PLAN => "Change plan",
        RENAME_STORE => "Rename store",
        CHANGE_ADDRESS => "Change web address",
        TRANSFER_STORE => "Hand store over",
        EXPORT_DATA => "Export data",
        READ_MAILBOX => "Take in mail",
        NOOP => "Do nothing",
        _ => "Other job",
    }
}

/// Arguments of [`PROVISION_STORE`], [`DEPROVISION_STORE`] and the other jobs about one store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreArgs {
    /// Row id of the store.
    pub store_id: u64,
    /// Why placement chose this server, one line per candidate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement: Vec<String>,
}

/// Arguments of jobs that change a store in service, as far as the kind needs them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeArgs {
    /// Row id of the store.
    pub store_id: u64,
    /// The plan it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<u64>,
    /// The name it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first label of the address it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Row id of the customer it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_customer: Option<u64>,
    /// Row id of the offer that was taken; `None`: staff did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<u64>,
}

/// Arguments of [`ADMIT_TO_DB_ADMIN`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketArgs {
    /// Row id of the store.
    pub store_id: u64,
    /// Row id of the ticket; its hash is in the row, itself nowhere.
    pub ticket_id: u64,
}

/// Arguments of [`SEND_MAIL`]. The body is rendered when it is sent; one-time links are made then.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailArgs {
    /// Template in `templates/email`.
    pub template: String,
    /// Whom it is for.
    pub customer_id: Option<u64>,
    /// Staff member it is for.
    pub admin_id: Option<u64>,
    /// Store it is about.
    pub store_id: Option<u64>,
    /// Job it is about (a public id).
    pub job: Option<String>,
    /// The pre-sign-in session that asked, so that the same browser can be signed in.
    pub visitor_session_id: Option<u64>,
    /// Row the mail is about: a sign-in, a change of address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
}

/// Arguments of [`EXPORT_DATA`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportArgs {
    /// Row id of the export.
    pub export_id: u64,
}

/// Builds [`NewJob`]s with the defaults of their kind.
impl NewJob {
    /// A job about a store that changes it (exclusive), urgent because a person waits.
    #[must_use]
    pub fn for_store(
        kind: &'static str,
        store_id: u64,
        customer_id: u64,
        server_id: Option<u64>,
        actor: &Actor,
    ) -> Self {
        Self {
            kind,
            schema_version: 1,
            args: serde_json::json!({ "store_id": store_id }),
            server_id,
            store_id: Some(store_id),
            customer_id: Some(customer_id),
            priority: Priority::High,
            max_attempts: 4,
            delay_seconds: 0,
            deadline_seconds: Some(3600),
            exclusive: true,
            unique_key: None,
            correlation_id: actor.request_id.clone(),
            requested_by: actor.name.clone(),
        }
    }

    /// A mail; `unique_key` keeps the same notice from leaving twice.
    #[must_use]
    pub fn mail(args: &MailArgs, unique_key: Option<String>, actor: &Actor) -> Self {
        Self {
            kind: SEND_MAIL,
            schema_version: 1,
            args: serde_json::to_value(args).unwrap_or_default(),
            server_id: None,
            store_id: args.store_id,
            customer_id: args.customer_id,
            priority: Priority::High,
            // A mail server may be away for long: about a day with the capped back-off.
            max_attempts: 30,
            delay_seconds: 0,
            deadline_seconds: Some(2 * 24 * 3600),
            exclusive: false,
            unique_key,
            correlation_id: actor.request_id.clone(),
            requested_by: actor.name.clone(),
        }
    }

    /// An export of everything about a customer.
    #[must_use]
    pub fn export(customer_id: u64, export_id: u64, actor: &Actor) -> Self {
        Self {
            kind: EXPORT_DATA,
            schema_version: 1,
            args: serde_json::json!({ "export_id": export_id }),
            server_id: None,
            store_id: None,
            customer_id: Some(customer_id),
            priority: Priority::Normal,
            max_attempts: 5,
            delay_seconds: 0,
            deadline_seconds: Some(24 * 3600),
            exclusive: false,
            unique_key: None,
            correlation_id: actor.request_id.clone(),
            requested_by: actor.name.clone(),
        }
    }

    /// Housekeeping made by a schedule.
    #[must_use]
    pub fn scheduled(kind: &'static str, args: serde_json::Value, server_id: Option<u64>, unique_key: String) -> Self {
        Self {
            kind,
            schema_version: 1,
            args,
            server_id,
            store_id: None,
            customer_id: None,
            priority: Priority::Low,
            max_attempts: 3,
            delay_seconds: 0,
            deadline_seconds: Some(3600),
            exclusive: false,
            unique_key: Some(unique_key),
            correlation_id: String::new(),
            requested_by: "schedule".into(),
        }
    }

    /// A job that does nothing, for tests and benches.
    #[must_use]
    pub fn noop(args: serde_json::Value) -> Self {
        Self {
            kind: NOOP,
            schema_version: 1,
            args,
            server_id: None,
            store_id: None,
            customer_id: None,
            priority: Priority::Normal,
            max_attempts: 3,
            delay_seconds: 0,
            deadline_seconds: None,
            exclusive: false,
            unique_key: None,
            correlation_id: String::new(),
            requested_by: "bench".into(),
        }
    }
}
