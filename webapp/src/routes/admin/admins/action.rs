//! `/admin/admins/{id}/reset` and `/delete`: a page that says what happens, then the act.

use super::super::super::{Answer, need_key, refuse};
use super::{HERE, find, need_fresh, show};
use crate::extract::{Ctx, Form};
use crate::views::Field;
use crate::views::staff::{AdminAction, ConfirmForm};
use actix_web::web;
use hosting::db::admins::Admin;
use hosting::services::delete_admin::delete_admin;
use hosting::services::reset_admin::reset_admin;
use hosting::services::second_factor::disable::remove_of_admin;

/// What a reset does.
pub async fn reset_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    page(ctx, &id, "reset").await
}

/// Resets and shows the temporary password, once.
pub async fn reset(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let admin = find(&ctx, &id).await?;
    need_fresh(&ctx, &format!("{HERE}/{}/reset", admin.id))?;
    let key = need_key(&form)?;
    let state = ctx.state();
    let password = reset_admin(&state.services, &state.passwords, &ctx.actor(), &key, admin.id).await?;
    show(&ctx, admin.id, &admin.email, &password).await
}

/// Takes a lost second factor away.
pub async fn remove_factor(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let admin = find(&ctx, &id).await?;
    let here = format!("{HERE}/{}", admin.id);
    need_fresh(&ctx, &here)?;
    let key = need_key(&form)?;
    remove_of_admin(&ctx.state().services, &ctx.actor(), &key, admin.id).await?;
    ctx.flash("factor_removed");
    Ok(ctx.see_other(&here))
}

/// What is lost and what is kept.
pub async fn delete_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    page(ctx, &id, "delete").await
}

/// Deletes; the address has to be typed.
pub async fn delete(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let admin = find(&ctx, &id).await?;
    need_fresh(&ctx, &format!("{HERE}/{}/delete", admin.id))?;
    let key = need_key(&form)?;
    let typed = form.get("confirm")?;
    if !typed.trim().eq_ignore_ascii_case(&admin.email) {
        let mut shown =
            ConfirmForm { confirm: Field::of(typed.chars().take(254).collect::<String>()), ..ConfirmForm::default() };
        let words = format!("Type the email, {}", admin.email);
        refuse(&mut shown.confirm, &mut shown.errors, "confirm", &words);
        let mut view = view(&ctx, &admin, "delete", shown).await;
        view.page.has_errors = true;
        return ctx.unprocessable(&view);
    }
    delete_admin(&ctx.state().services, &ctx.actor(), &key, admin.id).await?;
    ctx.flash("staff_deleted");
    Ok(ctx.see_other(HERE))
}

async fn page(ctx: Ctx, id: &str, verb: &'static str) -> Answer {
    let admin = find(&ctx, id).await?;
    need_fresh(&ctx, &format!("{HERE}/{}/{verb}", admin.id))?;
    let view = view(&ctx, &admin, verb, ConfirmForm::default()).await;
    ctx.ok(&view)
}

async fn view(ctx: &Ctx, admin: &Admin, verb: &'static str, form: ConfirmForm) -> AdminAction {
    let title = if verb == "reset" { "Reset password" } else { "Delete staff member" };
    AdminAction {
        page: ctx.page(format!("{title}: {}", admin.name), "admin").await,
        href: format!("{HERE}/{}", admin.id),
        name: admin.name.clone(),
        email: admin.email.clone(),
        verb,
        form_key: ctx.new_form_key(),
        form,
    }
}
