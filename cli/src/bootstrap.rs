//! Prepares the database of a private instance: schema, rights, defaults, server, base settings, first admin.
//! Everything looks first, so a later start changes only what is different.

use anyhow::{Context, Result, anyhow};
use hosting::Db;
use hosting::crypto::{KeyRing, Secret};
use hosting::db::Queries;
use hosting::domain::{Actor, PortPool, Role};
use hosting::queue::Queue;
use hosting::services::seed_defaults::{DEFAULT_SUBNET_BASE, DEFAULT_SUBNET_PREFIX, seed_defaults};
use hosting::services::settings::{Values, set};
use hosting::services::{Services, create_admin::create_admin};

use crate::commands::migrate;
use crate::instance::{Instance, POOL_SIZE};
use crate::layout::Layout;
use crate::secrets::Secrets;

/// Brings the database to where web and worker can start. Returns lines for the person who waits.
pub async fn prepare(layout: &Layout, instance: &Instance, secrets: &Secrets) -> Result<Vec<String>> {
    let owner = Db::connect(&Secret::new(secrets.database_owner_url(layout)?), 1)?;
    let pending = owner.pending_migrations().await.context("cannot look at the database")?;
    let mut lines = Vec::new();
    if pending > 0 {
        owner.migrate().await.context("the schema could not be brought up to date")?;
        lines.push(migrate::said(pending));
    }
    owner.grant_application("shopfleet", "localhost").await.context("cannot give the application its rights")?;
    owner.close().await;

    let services = Services {
        db: Db::connect(&Secret::new(secrets.database_url(layout)?), 2)?,
        queue: Queue::connect(&Secret::new(secrets.redis_url(instance.ports.redis)))?,
        keys: KeyRing::parse(&secrets.master_key).context("the master key in var/secrets is damaged")?,
    };
    seed_defaults(&services.db).await.context("cannot write the default plans and schedules")?;
    ensure_server(&services.db, instance).await.context("cannot write the server's row")?;
    base_settings(&services, instance).await?;
    if !services.db.read().await?.admins().any().await? {
        let actor = Actor::system("first start");
        let password = Secret::new(secrets.admin.as_str());
        create_admin(&services, &actor, &instance.admin_email, "Administrator", Role::SuperAdmin, &password)
            .await
            .map_err(|error| anyhow!("cannot make the first administrator: {error}"))?;
        lines.push(format!("Made the first administrator, {}", instance.admin_email));
    }
    services.db.close().await;
    Ok(lines)
}

/// The server with this instance's own ports and networks, so that two instances on one Docker engine never meet.
async fn ensure_server(db: &Db, instance: &Instance) -> Result<()> {
    let mut tx = db.begin().await?;
    let id = tx.servers().ensure(&instance.server).await?;
    let pools = &instance.pools;
    for (pool, first) in [
        (PortPool::StoreWeb, pools.store_web),
        (PortPool::StoreDbAdmin, pools.store_db_admin),
        (PortPool::StagingWeb, pools.staging_web),
        (PortPool::StagingDbAdmin, pools.staging_db_admin),
        (PortPool::StoreSftp, pools.store_sftp),
    ] {
        tx.ports().widen(id, pool, first, first + POOL_SIZE - 1).await?;
    }
    let [first, second, ..] = DEFAULT_SUBNET_BASE.octets();
    let base = std::net::Ipv4Addr::new(first, second, instance.network_from, 0);
    tx.subnets().widen(id, base, DEFAULT_SUBNET_PREFIX, instance.networks).await?;
    tx.commit().await?;
    Ok(())
}

/// What a private instance needs to differ from production's defaults. What an operator has set since stays, except
/// for the ports that are this instance's own.
async fn base_settings(services: &Services, instance: &Instance) -> Result<()> {
    let stored: Vec<(String, String)> = services.db.read().await?.settings().all().await?;
    let values = Values::load(&services.db).await?;
    for (name, value) in wanted_settings(&stored, instance) {
        if values.text(name) == value && stored.iter().any(|(known, _)| known == name) {
            continue;
        }
        set(services, &Actor::system("first start"), name, &value)
            .await
            .map_err(|error| anyhow!("cannot set {name}: {error}"))?;
    }
    Ok(())
}

/// Which settings to write, given those that are stored already.
fn wanted_settings(stored: &[(String, String)], instance: &Instance) -> Vec<(&'static str, String)> {
    let of = |name: &str| stored.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut wanted = vec![("edge_public_port", instance.ports.edge.to_string())];
    for (name, value) in [
        ("base_domain", instance.base_domain.as_str()),
        ("edge_public_scheme", "http"),
        // A private instance is not reached from outside.
        ("file_access_listen", "127.0.0.1"),
        ("smtp_host", "127.0.0.1"),
        ("smtp_security", "none"),
        ("mail_from", "shopfleet@shops.localhost"),
        ("support_email", "support@shops.localhost"),
    ] {
        if of(name).is_none() {
            wanted.push((name, value.to_owned()));
        }
    }
    // A mail server that somebody entered is left alone; the catcher's port follows the catcher.
    let catcher =
        of("smtp_host").is_none_or(|host| host == "127.0.0.1") && of("smtp_security").is_none_or(|how| how == "none");
    if catcher {
        wanted.push(("smtp_port", instance.ports.smtp.to_string()));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Instance {
        let layout = Layout { root: "/s".into(), var: crate::testing::scratch("bootstrap") };
        Instance::choose(&layout).unwrap()
    }

    fn names(stored: &[(&str, &str)]) -> Vec<&'static str> {
        let stored: Vec<(String, String)> =
            stored.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        wanted_settings(&stored, &instance()).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_first_start_writes_them_all() {
        let first = names(&[]);
        for name in [
            "base_domain",
            "edge_public_port",
            "edge_public_scheme",
            "smtp_host",
            "smtp_port",
            "smtp_security",
            "mail_from",
        ] {
            assert!(first.contains(&name), "{name}");
        }
    }

    #[test]
    fn what_an_operator_entered_stays_and_own_ports_follow() {
        let later =
            names(&[("base_domain", "shops.example.com"), ("smtp_host", "mail.example.com"), ("smtp_security", "tls")]);
        assert!(!later.contains(&"base_domain") && !later.contains(&"smtp_host") && !later.contains(&"smtp_port"));
        assert!(later.contains(&"edge_public_port"));
        let catcher = names(&[("smtp_host", "127.0.0.1"), ("smtp_security", "none"), ("smtp_port", "1")]);
        assert!(catcher.contains(&"smtp_port"));
    }
}
