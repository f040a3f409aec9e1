//! `POST /theme`, and `/admin/theme` for the staff area: auto, light or dark, in a cookie.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls::safe_next;

/// Changes nothing but this browser's cookie.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let theme = match form.get("theme")? {
        "light" => "light",
        "dark" => "dark",
        "auto" => "auto",
        _ => return Err(WebError::Unreadable("Choose auto, light or dark.".into())),
    };
    ctx.set_cookie("theme", theme, Some(86_400 * 365));
    Ok(ctx.see_other(safe_next(form.get("back")?).unwrap_or("/")))
}
