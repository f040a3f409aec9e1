//! `/account`: oneself in one place.

use super::super::{Answer, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::account::{Account, ProfileForm};
use crate::views::{Choice, Field};
use hosting::db::Queries;
use hosting::domain::{Person, time_zone};
use hosting::services::ServiceError;
use hosting::services::change_profile::{Profile, change_notices, change_profile};

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let view = view(&ctx, None).await?;
    ctx.ok(&view)
}

/// Saves name, time zone and theme.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let profile = Profile { name: form.get("name")?, time_zone: form.get("time_zone")?, theme: form.get("theme")? };
    match change_profile(&ctx.state().services, &ctx.actor(), customer, profile).await {
        Ok(()) => {
            ctx.set_cookie("theme", profile.theme, Some(86_400 * 365));
            ctx.flash("account_saved");
            Ok(ctx.see_other("/account"))
        }
        Err(ServiceError::Invalid(fields)) => {
            let cut = |text: &str| Field::of(text.chars().take(254).collect::<String>());
            let mut shown = ProfileForm {
                name: cut(profile.name),
                time_zone: cut(profile.time_zone),
                theme: cut(profile.theme),
                ..ProfileForm::default()
            };
            for (name, words) in &fields {
                let field = match *name {
                    "name" => &mut shown.name,
                    "time_zone" => &mut shown.time_zone,
                    _ => &mut shown.theme,
                };
                refuse(field, &mut shown.errors, name, words);
            }
            let mut view = view(&ctx, Some(shown)).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Saves which mails are wanted.
pub async fn notices(ctx: Ctx, form: Form) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let on = |name: &str| Ok::<_, WebError>(form.get(name)? == "yes");
    let wanted = (on("new_place")?, on("store")?, on("tickets")?);
    change_notices(&ctx.state().services, &ctx.actor(), customer, wanted).await?;
    ctx.flash("account_saved");
    Ok(ctx.see_other("/account"))
}

async fn view(ctx: &Ctx, form: Option<ProfileForm>) -> Result<Account, WebError> {
    let id = ctx.customer()?.customer_id;
    let mut conn = ctx.state().services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let wanted = conn.email_changes().open_of_customer(id).await?.map(|(new, _, _)| new);
    let factor = conn.second_factors().find(Person::Customer(id)).await?;
    let reseller = conn.resellers().get(id).await?;
    let devices = conn.login_sessions().list(Person::Customer(id)).await?.len();
    drop(conn);
    let form = form.unwrap_or_else(|| ProfileForm {
        name: Field::of(customer.name.clone()),
        time_zone: Field::of(customer.time_zone.clone()),
        theme: Field::of(if customer.theme.is_empty() { "auto" } else { &customer.theme }),
        ..ProfileForm::default()
    });
    let choice =
        |value: &str, label: String, chosen: &str| Choice { value: value.to_owned(), label, current: value == chosen };
    Ok(Account {
        page: ctx.page("Account", "account").await,
        email: customer.email,
        wanted_email: wanted.unwrap_or_default(),
        has_factor: factor.is_some_and(|f| f.confirmed_at.is_some()),
        devices,
        zones: time_zone::ZONES.iter().map(|z| choice(z, z.replace('_', " "), &form.time_zone.value)).collect(),
        themes: [("auto", "Like the device"), ("light", "Light"), ("dark", "Dark")]
            .map(|(v, l)| choice(v, l.into(), &form.theme.value))
            .to_vec(),
        closing: customer.close_after.is_some(),
        notify_new_place: customer.notify_new_place,
        notify_store: customer.notify_store,
        is_reseller: reseller.is_some(),
        notify_tickets: reseller.is_some_and(|r| r.notify_tickets),
        ask_before_view: customer.ask_before_view,
        form,
    })
}
