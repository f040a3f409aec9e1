//! The steps of a store's database page: how it is started, entered and stopped. Every undo takes
//! back what belongs to the page only, so it may run while the store is in service.

pub mod account;
pub mod admit;
pub mod container;
pub mod files;
pub mod healthy;
pub mod idle;
pub mod open;
pub mod release;
pub mod reserve;
pub mod route;
pub mod verify;

use super::Subject;
use crate::engine::{StepError, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::PageAddress;
use hosting::domain::HostName;
use hosting::services::settings::Values;

/// Where a store's page is reached.
///
/// # Errors
/// The store's address is gone.
pub async fn address(machine: &Machine, subject: &Subject) -> StepResult<PageAddress> {
    let store = subject.address(machine).await?;
    let host: HostName = store
        .host
        .database_page()
        .map_err(|e| StepError::last("bad_address", "The database page cannot get a web address", e.0))?;
    let url = Values::load(&machine.services.db).await?.store_url(host.as_str());
    Ok(PageAddress { url, host, port: store.port, probe_port: store.probe_port })
}
