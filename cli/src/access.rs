//! How the verbs reach the product: by the environment (`SHOPFLEET_DATABASE_URL` …, production) or, when that says
//! nothing, as the private instance under `var/`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::doctor::Places;
use crate::instance::{Instance, POOL_SIZE, Pools};
use crate::layout::Layout;
use crate::secrets::Secrets;

/// One of the two ways.
pub enum Access {
    /// Everything stands in the environment.
    Environment,
    /// The private instance.
    Private {
        layout: Layout,
        instance: Instance,
        secrets: Box<Secrets>,
    },
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
        let secrets = Box::new(Secrets::load_or_create(&layout).context("cannot read the instance's secrets (run as the user who ran ./scripts/up, or with sudo)")?);
        Ok(Self::Private {
            layout,
            instance,
            secrets,
        })
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
            Self::Private {
                layout, instance, ..
            } => Places {
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
            Self::Environment => [
                "SHOPFLEET_DATABASE_URL_FILE",
                "SHOPFLEET_REDIS_URL_FILE",
                "SHOPFLEET_MASTER_KEY_FILE",
            ]
            .iter()
            .filter_map(|name| std::env::var_os(name).map(PathBuf::from))
            .collect(),
            Self::Private { layout, .. } => {
                let names = [
                    "master-key",
                    "database-password",
                    "database-owner-password",
                    "redis-password",
                ];
                let mut files: Vec<PathBuf> = names
                    .iter()
                    .map(|name| layout.secrets().join(name))
                    .collect();
                files.push(layout.admin_password());
                files.push(layout.up_json());
                files.retain(|path| path.exists());
                files
            }
        }
    }
}

fn path_from(name: &str, default: &str) -> PathBuf {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map_or_else(|| PathBuf::from(default), PathBuf::from)
}

fn pools(pools: Pools) -> Vec<(&'static str, u16, u16)> {
    vec![
        ("store web", pools.store_web, POOL_SIZE),
        ("store db-admin", pools.store_db_admin, POOL_SIZE),
        ("staging web", pools.staging_web, POOL_SIZE),
        ("staging db-admin", pools.staging_db_admin, POOL_SIZE),
    ]
}
