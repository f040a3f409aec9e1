//! `/admin/admins/{id}`: name, role, whether they may sign in.

use super::super::super::{Answer, need_key, refuse};
use super::{HERE, badge, find, need_fresh, roles};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::staff::{Admin as View, AdminForm};
use crate::views::{Field, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::crypto::sha256;
use hosting::db::Queries;
use hosting::db::admins::Admin;
use hosting::domain::Person;
use hosting::services::ServiceError;
use hosting::services::change_admin::{AdminFacts, change_admin};

/// The facts a page showed.
fn version(admin: &Admin) -> String {
    let facts = format!("{}/{}/{}/{}", admin.id, admin.name, admin.role.as_str(), admin.active);
    hex::encode(&sha256(facts.as_bytes())[..8])
}

/// The page.
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let admin = find(&ctx, &id).await?;
    let form = AdminForm { name: Field::of(admin.name.clone()), ..AdminForm::default() };
    let view = view(&ctx, &admin, admin.role.as_str(), admin.active, form).await?;
    ctx.ok(&view)
}

/// Changes them.
pub async fn post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let admin = find(&ctx, &id).await?;
    let here = format!("{HERE}/{}", admin.id);
    need_fresh(&ctx, &here)?;
    let key = need_key(&form)?;
    if form.get("version")? != version(&admin) {
        return Err(WebError::Conflict(
            "Somebody changed this account since this page was opened. Look at it again. Nothing was changed.".into(),
        ));
    }
    let facts = AdminFacts { name: form.get("name")?, role: form.get("role")?, active: form.get("active")? == "yes" };
    match change_admin(&ctx.state().services, &ctx.actor(), &key, admin.id, facts).await {
        Ok(()) => {
            ctx.flash("staff_changed");
            Ok(ctx.see_other(&here))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown =
                AdminForm { name: Field::of(facts.name.chars().take(254).collect::<String>()), ..AdminForm::default() };
            for (name, words) in &fields {
                let field = if *name == "name" { &mut shown.name } else { &mut shown.role };
                refuse(field, &mut shown.errors, name, words);
            }
            let mut view = view(&ctx, &admin, facts.role, facts.active, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, admin: &Admin, role: &str, active: bool, form: AdminForm) -> Result<View, WebError> {
    let mut conn = ctx.state().services.db.read().await?;
    let until = conn.admins().list().await?.into_iter().find(|a| a.id == admin.id).and_then(|a| a.temporary_until);
    let person = Person::Staff(admin.id);
    let has_factor = conn.second_factors().find(person).await?.is_some_and(|f| f.confirmed_at.is_some());
    let has_passkeys = !conn.passkeys().list(person).await?.is_empty();
    drop(conn);
    let now = now_plain();
    Ok(View {
        page: ctx.page(admin.name.clone(), "admin").await,
        href: format!("{HERE}/{}", admin.id),
        email: admin.email.clone(),
        badge: badge(admin.active, admin.must_change_password, admin.temporary_over),
        temporary_until: until.filter(|t| *t > now).map(When::exact),
        has_factor,
        has_passkeys,
        own: ctx.staff()?.admin_id == admin.id,
        active,
        roles: roles(ctx, role)?,
        version: version(admin),
        form_key: ctx.new_form_key(),
        form,
    })
}
