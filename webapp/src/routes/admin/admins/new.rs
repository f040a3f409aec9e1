//! `/admin/admins/new`

use super::super::super::{Answer, need_key, refuse};
use super::{HERE, need_fresh, roles, show};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::Field;
use crate::views::staff::{AdminForm, NewAdmin};
use hosting::services::ServiceError;
use hosting::services::create_admin::invite_admin;

/// The form.
pub async fn get(ctx: Ctx) -> Answer {
    need_fresh(&ctx, &format!("{HERE}/new"))?;
    let view = view(&ctx, AdminForm::default()).await?;
    ctx.ok(&view)
}

/// Makes the account and shows its temporary password.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    need_fresh(&ctx, &format!("{HERE}/new"))?;
    let key = need_key(&form)?;
    let posted = (form.get("email")?, form.get("name")?, form.get("role")?);
    let state = ctx.state();
    let made = invite_admin(&state.services, &state.passwords, &ctx.actor(), &key, posted).await;
    let cut = |text: &str| text.chars().take(254).collect::<String>();
    let mut shown = AdminForm {
        email: Field::of(cut(posted.0)),
        name: Field::of(cut(posted.1)),
        role: Field::of(cut(posted.2)),
        ..AdminForm::default()
    };
    match made {
        Ok((id, password)) => return show(&ctx, id, posted.0.trim(), &password).await,
        Err(ServiceError::Invalid(fields)) => {
            for (name, words) in &fields {
                let field = match *name {
                    "email" => &mut shown.email,
                    "name" => &mut shown.name,
                    _ => &mut shown.role,
                };
                refuse(field, &mut shown.errors, name, words);
            }
        }
        Err(ServiceError::Conflict(words)) if words.contains("staff account already") => {
            refuse(&mut shown.email, &mut shown.errors, "email", &words);
        }
        Err(other) => return Err(other.into()),
    }
    let mut view = view(&ctx, shown).await?;
    view.page.has_errors = true;
    ctx.unprocessable(&view)
}

async fn view(ctx: &Ctx, form: AdminForm) -> Result<NewAdmin, WebError> {
    Ok(NewAdmin {
        page: ctx.page("New staff member", "admin").await,
        roles: roles(ctx, if form.role.value.is_empty() { "support" } else { &form.role.value })?,
        form_key: ctx.new_form_key(),
        form,
    })
}
