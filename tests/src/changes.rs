//! The changes of a store in service, as tests order them, and everything they may touch.

use crate::shop_server::{Census, ShopServer};
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::store::SuspendCause;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::change_store::{StoreChange, change_store};

/// Who gets a store that is handed over.
pub const RECIPIENT: &str = "recipient@example.com";

/// Each change with its kind and steps.
pub fn changes() -> Vec<(&'static str, StoreChange, &'static [&'static str])> {
    let reason = || "Bill 7 is open".to_owned();
    vec![
        (
            "suspend_store",
            StoreChange::Suspend { cause: SuspendCause::Bill, reason: reason() },
            &["close_database", "door", "stop", "record"],
        ),
        ("resume_store", StoreChange::Resume { reason: reason() }, &["start", "healthy", "door", "verify", "record"]),
        ("restart_store", StoreChange::Restart, &["restart", "healthy", "verify"]),
        ("start_maintenance", StoreChange::Maintenance { on: true }, &["door", "record"]),
        ("end_maintenance", StoreChange::Maintenance { on: false }, &["verify", "door", "verify_open", "record"]),
        ("reset_admin_password", StoreChange::ResetAdminPassword, &["choose", "set", "log_in", "record"]),
        (
            "change_plan",
            StoreChange::ChangePlan { plan: "business".into(), reason: reason() },
            &["limits", "verify", "record"],
        ),
        (
            "change_address",
            StoreChange::ChangeAddress { address: "moved-here".into() },
            &["close_database", "hold", "rewrite", "door", "verify", "record"],
        ),
        (
            "transfer_store",
            StoreChange::Transfer { email: RECIPIENT.into(), reason: reason() },
            &["agree", "close_database", "choose", "set", "email", "log_in", "record"],
        ),
        ("rename_store", StoreChange::Rename { name: "Ana & Söhne".into() }, &["note", "title", "record"]),
    ]
}

/// Everything about a store that a change may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub state: StoreState,
    pub maintenance: bool,
    pub plan: u64,
    pub name: String,
    pub front: u16,
    pub staff: u16,
    pub title: String,
    /// Hash of the administrator's password in the shop, and the one its owner is shown.
    pub hash: String,
    pub password: String,
    /// Owner, and where a link to a new password would go.
    pub owner: u64,
    pub admin_email: String,
    pub running: usize,
    pub web_memory: i64,
    pub census: Census,
}

pub async fn facts(server: &ShopServer, store: &Store) -> Facts {
    let row = server.store(store.id).await;
    let mut conn = server.db.db.read().await.unwrap();
    let password = conn.secrets().get(&server.db.keys, store.id, "admin_password").await.unwrap().unwrap();
    drop(conn);
    let host = row.host.as_deref().unwrap();
    let containers = server.machine.docker.containers_by_label(&worker::machine::Machine::label(store)).await.unwrap();
    let running = containers.iter().filter(|c| c.state == "running").count();
    let (mut title, mut hash, mut admin_email) = (String::new(), String::new(), String::new());
    if row.state == StoreState::Active {
        let mut shop = server.shop(store).await;
        title = worker::shop::branding::title(&mut shop).await.unwrap();
        admin_email = worker::shop::branding::administrator_email(&mut shop).await.unwrap();
        hash = worker::shop::branding::administrator(&mut shop).await.unwrap().unwrap().1;
    }
    let web = format!("{}-web", store.object_name());
    let memory = std::process::Command::new("docker").args(["inspect", "-f", "{{.HostConfig.Memory}}", &web]).output();
    Facts {
        state: row.state,
        maintenance: row.maintenance,
        plan: row.plan_id,
        name: row.name,
        front: server.get(host, "/").await.0,
        staff: server.get(host, "/wp-login.php").await.0,
        title,
        hash,
        password: password.expose().to_owned(),
        owner: row.customer_id,
        admin_email,
        running,
        web_memory: String::from_utf8(memory.unwrap().stdout).unwrap().trim().parse().unwrap(),
        census: server.census().await,
    }
}

pub async fn do_it(server: &ShopServer, store: &Store, change: &StoreChange) {
    let job = change_store(&server.services(), &Actor::operator(), store.id, change).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
}

/// Brings the store into the state a change starts from.
pub async fn ready_for(server: &ShopServer, store: &Store, change: &StoreChange) {
    match change {
        StoreChange::Resume { .. } => {
            let suspend = StoreChange::Suspend { cause: SuspendCause::Other, reason: "test".into() };
            do_it(server, store, &suspend).await;
        }
        StoreChange::Maintenance { on: false } => do_it(server, store, &StoreChange::Maintenance { on: true }).await,
        StoreChange::Transfer { .. } => {
            server
                .db
                .sql(&format!(
                    "INSERT IGNORE INTO customers (uid, email, email_key, password_hash) VALUES ('{}', '{RECIPIENT}', '{RECIPIENT}', 'x')",
                    hosting::domain::Uid::new()
                ))
                .await;
            server.db.sql("UPDATE customers SET state = 'active', email_verified_at = NOW(6)").await;
        }
        _ => {}
    }
}

/// Undoes a change that was done, so that the next one finds an ordinary store.
pub async fn take_back(server: &ShopServer, store: &Store, change: &StoreChange) {
    match change {
        StoreChange::Suspend { .. } => do_it(server, store, &StoreChange::Resume { reason: "test".into() }).await,
        StoreChange::Maintenance { on: true } => do_it(server, store, &StoreChange::Maintenance { on: false }).await,
        StoreChange::ChangePlan { reason, .. } => {
            do_it(server, store, &StoreChange::ChangePlan { plan: "trial".into(), reason: reason.clone() }).await;
        }
        StoreChange::ChangeAddress { .. } => {
            do_it(server, store, &StoreChange::ChangeAddress { address: store.slug.clone() }).await;
        }
        StoreChange::Transfer { reason, .. } => {
            let back = StoreChange::Transfer { email: store.customer_email.clone(), reason: reason.clone() };
            do_it(server, store, &back).await;
        }
        StoreChange::Rename { .. } => do_it(server, store, &StoreChange::Rename { name: "Shop".into() }).await,
        _ => {}
    }
}
