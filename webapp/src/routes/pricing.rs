//! `/pricing`

use super::{Answer, plans};
use crate::extract::Ctx;
use crate::views::public::Pricing;

/// Plans side by side; empty words when they cannot be read.
pub async fn get(ctx: Ctx) -> Answer {
    let list = ctx.state().plans().await.map(|p| plans::shown(&p)).unwrap_or_default();
    let magento_open = ctx.state().settings().await.text("magento_offered") == "yes";
    ctx.ok(&Pricing { page: ctx.page("Plans and prices", "pricing").await, plans: list, magento_open })
}
