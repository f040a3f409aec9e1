//! Adds a server: its row, port pools and networks. Its worker finds itself by the name.

use super::seed_defaults::{DEFAULT_SUBNET_BASE, DEFAULT_SUBNET_COUNT, DEFAULT_SUBNET_PREFIX};
use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, PortPool};
use crate::transact;

/// Adds a server with the default pools. Returns its row id.
///
/// # Errors
/// `Invalid` for an odd name, `Conflict` when there is a server of that name.
pub async fn add_server(services: &Services, actor: &Actor, name: &str) -> Result<u64, ServiceError> {
    check_name(name).map_err(|words| ServiceError::field("name", words))?;
    transact!(services.db, tx => add_in(&mut tx, services, actor, name))
}

async fn add_in(tx: &mut Tx, services: &Services, actor: &Actor, name: &str) -> Result<u64, ServiceError> {
    if tx.servers().id_of(name).await?.is_some() {
        return Err(ServiceError::Conflict(format!("There is a server called {name} already")));
    }
    let id = tx.servers().ensure(name).await?;
    for pool in PortPool::ALL {
        let (first, last) = pool.default_range();
        tx.ports().widen(id, pool, first, last).await?;
    }
    tx.subnets().widen(id, DEFAULT_SUBNET_BASE, DEFAULT_SUBNET_PREFIX, DEFAULT_SUBNET_COUNT).await?;
    let details = serde_json::json!({});
    audited(tx, services, actor, "server.add", ("server", name), "done", details).await?;
    Ok(id)
}

/// The name stands in container labels, unit names and log lines.
fn check_name(name: &str) -> Result<(), String> {
    let fine = (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fine { Ok(()) } else { Err("Enter a name of small letters, digits and hyphens, like fra-1".into()) }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_can_be_unit_names_and_labels() {
        assert!(check_name("fra-1").is_ok());
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "a.b", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
