//! Prepares the database of a private instance.

use anyhow::Result;

use crate::instance::Instance;
use crate::layout::Layout;
use crate::secrets::Secrets;

/// Returns lines for the person who waits.
pub async fn prepare(
    _layout: &Layout,
    _instance: &Instance,
    _secrets: &Secrets,
) -> Result<Vec<String>> {
    Ok(Vec::new())
}
