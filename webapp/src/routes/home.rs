//! `/`

use super::Answer;
use crate::extract::Ctx;
use crate::views::public::Home;
use crate::views::{Badge, money};

/// Works from cache, and without prices, when the database is away.
pub async fn get(ctx: Ctx) -> Answer {
    let price_from = match ctx.state().plans().await {
        Ok(plans) => plans
            .iter()
            .filter(|p| p.state == "offered" && p.price_cents > 0)
            .min_by_key(|p| p.price_cents)
            .map(|p| money(p.price_cents, &p.currency))
            .unwrap_or_default(),
        Err(_) => String::new(),
    };
    let mut page = ctx.page("", "home").await;
    page.title = page.product.clone();
    ctx.ok(&Home {
        page,
        price_from,
        demo_badge: Badge::new("good", "Live"),
        demo_steps: &[
            "Place reserved",
            "Shop put in place",
            "Started",
            "Named and branded",
            "Web address open",
            "Front page checked",
        ],
    })
}
