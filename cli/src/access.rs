//! How the verbs reach the product: by the environment (`SHOPFLEET_DATABASE_URL` …, production) or, when that says
//! nothing, as the private instance under `var/`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use hosting::config::Bootstrap;
use hosting::crypto::{KeyRing, Secret};
use hosting::queue::Queue;
use hosting::services::Services;
use hosting::{Db, config};

use crate::doctor::Places;
use crate::instance::{Instance, POOL_SIZE, Pools};
use crate::layout::Layout;
use crate::secrets::Secrets;

/// One of the two ways.
pub enum Access {
    /// Everything stands in the environment.
    Environment,
    /// The private instance.
    Private { layout: Layout, instance: Instance, secrets: Box<Secrets> },
}

impl Access {
    /// The environment wins; then the private instance; neither is an error that says both mends.
    pub fn find() -> Result<Self> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if set("SHOPFLEET_DATABASE_URL") || set("SHOPFLEET_DATABASE_URL_FILE") {
            return Ok(Self::Environment);
        }
        let layout = Layout::discover().ok();
        let instance = layout.as_ref().map(Instance::load).transpose()?.flatten();
        let (Some(layout), Some(instance)) = (layout, instance) else {
            bail!(
                "no Shopfleet to work on: set SHOPFLEET_DATABASE_URL_FILE, SHOPFLEET_REDIS_URL_FILE and \
                 SHOPFLEET_MASTER_KEY_FILE, or start a private instance with ./scripts/up"
            );
        };
        let secrets = Box::new(
            Secrets::load_or_create(&layout)
                .context("cannot read the instance's secrets (run as the user who ran ./scripts/up, or with sudo)")?,
        );
        Ok(Self::Private { layout, instance, secrets })
    }

    /// The addresses and keys the verbs work with.
    pub fn bootstrap(&self) -> Result<Bootstrap> {
        match self {
            Self::Environment => Ok(Bootstrap::from_env()?),
            Self::Private { layout, instance, secrets } => Ok(Bootstrap {
                database_url: Secret::new(secrets.database_url(layout)?),
                redis_url: Secret::new(secrets.redis_url(instance.ports.redis)),
                keys: KeyRing::parse(&secrets.master_key).context("the master key in var/secrets is damaged")?,
            }),
        }
    }

    /// Database, queue and keys for services. Connections are made when first used.
    pub fn services(&self) -> Result<Services> {
        let bootstrap = self.bootstrap()?;
        Ok(Services {
            db: Db::connect(&bootstrap.database_url, 4)?,
            queue: Queue::connect(&bootstrap.redis_url)?,
            keys: bootstrap.keys,
        })
    }

    /// The database with the account that may change the schema: `SHOPFLEET_OWNER_DATABASE_URL`, or the ordinary one
    /// where there is no other.
    pub fn owner_database(&self) -> Result<Db> {
        let url = match self {
            Self::Environment => match config::value("SHOPFLEET_OWNER_DATABASE_URL")? {
                Some(url) => Secret::new(url),
                None => self.bootstrap()?.database_url,
            },
            Self::Private { layout, secrets, .. } => Secret::new(secrets.database_owner_url(layout)?),
        };
        Ok(Db::connect(&url, 2)?)
    }

    /// Folders and port pools of this machine.
    pub fn places(&self) -> Places {
        match self {
            Self::Environment => Places {
                data_dir: path_from("SHOPFLEET_DATA_DIR", "/var/customers"),
                edge_dir: path_from("SHOPFLEET_EDGE_DIR", "/etc/shopfleet/edge"),
                images_json: std::env::var_os("SHOPFLEET_IMAGES_FILE").map(PathBuf::from),
                pools: pools(Pools::DEFAULT),
            },
            Self::Private { layout, instance, .. } => Places {
                data_dir: layout.stores(),
                edge_dir: layout.edge(),
                images_json: Some(layout.images_json()),
                pools: pools(instance.pools),
            },
        }
    }

    /// Files that hold secrets, for the check of their rights.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        match self {
            Self::Environment => {
                ["SHOPFLEET_DATABASE_URL_FILE", "SHOPFLEET_REDIS_URL_FILE", "SHOPFLEET_MASTER_KEY_FILE"]
                    .iter()
                    .filter_map(|name| std::env::var_os(name).map(PathBuf::from))
                    .collect()
            }
            Self::Private { layout, .. } => {
                let names = ["master-key", "database-password", "database-owner-password", "redis-password"];
                let mut files: Vec<PathBuf> = names.iter().map(|name| layout.secrets().join(name)).collect();
                files.push(layout.admin_password());
                files.push(layout.up_json());
                files.retain(|path| path.exists());
                files
            }
        }
    }
}

fn path_from(name: &str, default: &str) -> PathBuf {
    std::env::var_os(name).filter(|value| !value.is_empty()).map_or_else(|| PathBuf::from(default), PathBuf::from)
}

fn pools(pools: Pools) -> Vec<(&'static str, u16, u16)> {
    vec![
        ("store web", pools.store_web, POOL_SIZE),
        ("store db-admin", pools.store_db_admin, POOL_SIZE),
        ("staging web", pools.staging_web, POOL_SIZE),
        ("store file access", pools.store_sftp, POOL_SIZE),
        ("staging db-admin", pools.staging_db_admin, POOL_SIZE),
    ]
}
