//! What every step about a store starts with: its row, and what was reserved for it.

use crate::engine::{StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::config_files::ShopSecrets;
use crate::shop::images::ImageSet;
use crate::shop::stack::{Identity, Stack};
use crate::shop::woocommerce::{self, FileAccess, Limits, Reserved};
use hosting::crypto::Secret;
use hosting::db::audit::NewEvent;
use hosting::db::plans::Plan;
use hosting::db::stores::Store;
use hosting::db::{DbError, Queries, Tx};
use hosting::domain::{HostName, PortPool, StoreState};
use hosting::services::settings::Values;
use std::net::Ipv4Addr;

/// The store a job is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its row.
    pub store: Store,
}

/// Names of a store's sealed values.
pub mod secret {
    /// Log-in name of the shop's administrator.
    pub const ADMIN_LOGIN: &str = "admin_login";
    /// Password of the shop's administrator.
    pub const ADMIN_PASSWORD: &str = "admin_password";
    /// WordPress' database password.
    pub const DB_PASSWORD: &str = "db_password";
    /// The worker's own database password.
    pub const PANEL_PASSWORD: &str = "panel_password";
    /// Seed of keys and salts.
    pub const KEY_SEED: &str = "key_seed";
    /// Password of the database page's account; there is one while there is a page.
    pub const DB_ADMIN_PASSWORD: &str = "db_admin_password";
    /// Seed of the host key of file access; the same for the store's whole life.
    pub const FILE_ACCESS_HOST_KEY: &str = "file_access_host_key";
}

impl Subject {
    /// Reads the store of the job's arguments.
    ///
    /// # Errors
    /// A store that is not there fails the job.
    pub async fn load(machine: &Machine, cx: &StepContext) -> StepResult<Self> {
        // Every kind of job about a store has this among its arguments.
        #[derive(serde::Deserialize)]
        struct About {
            store_id: u64,
        }
        let args: About = cx.args()?;
        let store = machine.services.db.read().await?.stores().get(args.store_id).await?;
        store.map(|store| Self { store }).ok_or_else(|| {
            StepError::last("no_store", "This store is not in our records", format!("store {}", args.store_id))
        })
    }

    /// Whether a failed set-up may take things back: never from a store that is in service.
    #[must_use]
    pub fn may_undo(&self) -> bool {
        matches!(self.store.state, StoreState::Provisioning | StoreState::Failed)
    }

    /// For undo: the store, unless it is in service (then the undo does nothing and says so).
    ///
    /// # Errors
    /// As [`Subject::load`].
    pub async fn to_undo(machine: &Machine, cx: &mut StepContext) -> StepResult<Option<Self>> {
        let subject = Self::load(machine, cx).await?;
        if subject.may_undo() {
            return Ok(Some(subject));
        }
        cx.warn(format!("The store is {}; nothing of it is taken back", subject.store.state.as_str()));
        Ok(None)
    }

    /// Its host name.
    ///
    /// # Errors
    /// The reservation is gone.
    pub fn host(&self) -> StepResult<HostName> {
        let text = self.store.host.clone().unwrap_or_default();
        HostName::parse(&text).map_err(|e| gone(format!("host name “{text}”: {}", e.0)))
    }

    /// Its plan.
    ///
    /// # Errors
    /// The plan is gone.
    pub async fn plan(&self, machine: &Machine) -> StepResult<Plan> {
        let plan = machine.services.db.read().await?.plans().get(self.store.plan_id).await?;
        plan.ok_or_else(|| gone(format!("plan {}", self.store.plan_id)))
    }

    /// What is reserved: port and subnet.
    ///
    /// # Errors
    /// The reservation is gone.
    pub async fn reserved(&self, machine: &Machine) -> StepResult<Reserved> {
        let mut conn = machine.services.db.read().await?;
        let web_port =
            conn.ports().find(self.store.id, PortPool::StoreWeb).await?.ok_or_else(|| gone("the port".into()))?;
        let (subnet, prefix): (Ipv4Addr, u8) =
            conn.subnets().find(self.store.id).await?.ok_or_else(|| gone("the subnet".into()))?;
        let db_admin_port = conn.ports().find(self.store.id, PortPool::StoreDbAdmin).await?;
        let sftp_port = conn.ports().find(self.store.id, PortPool::StoreSftp).await?;
        let open = conn.file_access().find(self.store.id).await?;
        drop(conn);
        let file_access = match sftp_port.zip(open) {
            None => None,
            Some((port, open)) => {
                let listen = Values::load(&machine.services.db).await?.file_access_listen();
                Some(FileAccess { listen, port, version: open.version })
            }
        };
        Ok(Reserved { web_port, db_admin_port, file_access, subnet, prefix })
    }

    /// The stack as it should be now.
    ///
    /// # Errors
    /// Reservation or images gone.
    pub async fn stack(&self, machine: &Machine, images: &ImageSet) -> StepResult<Stack> {
        let plan = self.plan(machine).await?;
        self.stack_with(machine, images, &Limits::from(&plan)).await
    }

    /// As [`Subject::stack`], with the limits of another plan.
    ///
    /// # Errors
    /// Reservation or images gone.
    pub async fn stack_with(&self, machine: &Machine, images: &ImageSet, limits: &Limits) -> StepResult<Stack> {
        let reserved = self.reserved(machine).await?;
        let id = Identity {
            store: self.store.uid,
            owner: self.store.customer_id,
            epoch: self.store.epoch,
            server: machine.server.clone(),
            dir: machine.dir(&self.store).path(),
        };
        Ok(woocommerce::stack(&id, &reserved, limits, images)?)
    }

    /// A sealed value; masked in every later line.
    ///
    /// # Errors
    /// It was never chosen.
    pub async fn secret(&self, machine: &Machine, cx: &mut StepContext, name: &str) -> StepResult<Secret> {
        let mut conn = machine.services.db.read().await?;
        let value = conn.secrets().get(&machine.services.keys, self.store.id, name).await?;
        let value = value.ok_or_else(|| gone(format!("the secret {name}")))?;
        // A log-in name is no secret and a common word would black out the log.
        if name != secret::ADMIN_LOGIN {
            cx.hide(&value);
        }
        Ok(value)
    }

    /// What `secrets.php` and `init.sql` are made from.
    ///
    /// # Errors
    /// As [`Subject::secret`].
    pub async fn shop_secrets(&self, machine: &Machine, cx: &mut StepContext) -> StepResult<ShopSecrets> {
        Ok(ShopSecrets {
            db_password: self.secret(machine, cx, secret::DB_PASSWORD).await?,
            panel_password: self.secret(machine, cx, secret::PANEL_PASSWORD).await?,
            key_seed: self.secret(machine, cx, secret::KEY_SEED).await?,
        })
    }

    /// The public address, and the edge's ports on this server: for probes (plain http) and for
    /// visitors.
    ///
    /// # Errors
    /// The address is gone.
    pub async fn address(&self, machine: &Machine) -> StepResult<Address> {
        self.address_at(machine, self.host()?).await
    }

    /// As [`Subject::address`], at another host name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn address_at(&self, machine: &Machine, host: HostName) -> StepResult<Address> {
        let settings = Values::load(&machine.services.db).await?;
        let port = u16::try_from(settings.number("edge_public_port")).unwrap_or(443);
        Ok(Address { url: settings.store_url(host.as_str()), probe_port: settings.edge_probe_port(), port, host })
    }
}

/// Where a store is reached.
#[derive(Debug, Clone)]
pub struct Address {
    /// Public address without a slash at the end.
    pub url: String,
    /// Host name in it.
    pub host: HostName,
    /// Port visitors use.
    pub port: u16,
    /// Port on which the edge answers plain http.
    pub probe_port: u16,
}

fn gone(what: String) -> StepError {
    StepError::last(
        "reservation_gone",
        "This store's reservation is gone. We have been told",
        format!("not there any more: {what}"),
    )
}

/// The audit row of a store's change of state that the worker makes; append it last.
///
/// # Errors
/// Database trouble; then the change must not happen either.
pub async fn audit_state(
    machine: &Machine,
    cx: &StepContext,
    tx: &mut Tx,
    store: &Store,
    action: &str,
) -> StepResult<()> {
    let event = NewEvent {
        action,
        target_kind: "store",
        target_id: &store.uid.to_string(),
        outcome: "done",
        details: serde_json::json!({ "name": store.name, "job": cx.job().uid }),
    };
    tx.audit().append(&machine.services.keys, &super::open::worker_actor(machine, cx), &event).await?;
    Ok(())
}

/// A transaction that this job may write in: it holds the job's row and has checked that no other
/// worker has claimed it since (I-05).
///
/// # Errors
/// Database trouble, or the job was taken over.
pub async fn fenced(machine: &Machine, cx: &StepContext) -> StepResult<Tx> {
    let mut tx = machine.services.db.begin().await?;
    match tx.jobs().hold(cx.job().id, cx.job().epoch).await {
        Ok(()) => Ok(tx),
        Err(DbError::Stale(words)) => Err(StepError::passing("fenced", "Another worker goes on with this", words)),
        Err(e) => Err(e.into()),
    }
}
