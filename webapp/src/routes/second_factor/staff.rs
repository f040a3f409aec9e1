//! `/admin/2fa` and what its forms post to.

use super::Answer;
use crate::extract::{Ctx, Form};

/// Whether it is on, or the picture for the app.
pub async fn get(ctx: Ctx) -> Answer {
    super::page(&ctx).await
}

/// Begins to set it up.
pub async fn begin(ctx: Ctx, _form: Form) -> Answer {
    super::begin(&ctx).await
}

/// Proves that the app has it.
pub async fn confirm(ctx: Ctx, form: Form) -> Answer {
    super::confirm(&ctx, &form).await
}

/// New recovery codes.
pub async fn codes(ctx: Ctx, form: Form) -> Answer {
    super::codes(&ctx, &form).await
}

/// Turns it off.
pub async fn off(ctx: Ctx, form: Form) -> Answer {
    super::off(&ctx, &form).await
}
