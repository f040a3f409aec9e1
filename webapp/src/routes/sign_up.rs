//! `/signup`

use super::{Answer, need_key, plans, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, Who};
use crate::rate_limit::{MAIL_ACCOUNT, SIGN_UP_ADDRESS};
use crate::views::Field;
use crate::views::public::{Plan, SignUp, SignUpForm};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::services::ServiceError;
use hosting::services::sign_up;
use hosting::services::store_wish::StoreWish;

/// The form, with the plan of the link chosen.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    if let Who::Customer(_) = ctx.who() {
        return Ok(ctx.see_other("/dashboard"));
    }
    ctx.with(query.get("with")?).await?;
    let mut form = SignUpForm { platform: Field::of("woocommerce"), ..SignUpForm::default() };
    form.plan.value = query.get("plan")?.chars().take(40).collect();
    let view = view(&ctx, form).await?;
    ctx.ok(&view)
}

/// Signs up; the same answer whether the address is known or not.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    if let Err(wait) = ctx.state().limits.take(SIGN_UP_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let form_key = need_key(&form)?;
    ctx.with(form.get("with")?).await?;
    let wish = wish(&form)?;
    let posted = sign_up::SignUp {
        email: form.get("email")?.to_owned(),
        password: Secret::new(form.get("password")?),
        wish,
        visitor_hash: ctx.visitor_hash(),
        user_agent: ctx.user_agent().to_owned(),
        form_key,
        with: form.get("with")?.to_owned(),
    };
    let settings = ctx.state().settings().await;
    let services = &ctx.state().services;
    let done = match sign_up::check(services, &settings, &posted).await {
        // Somebody floods this mailbox: no more mail for now, and nothing to learn from it.
        Ok(checked) if ctx.state().limits.take(MAIL_ACCOUNT, &checked.email.key()).await.is_err() => Ok(checked.email),
        Ok(checked) => sign_up::sign_up(services, &ctx.state().passwords, &settings, &ctx.actor(), &posted, &checked)
            .await
            .map(|()| checked.email),
        Err(error) => Err(error),
    };
    match done {
        Ok(email) => Ok(sent(&ctx, email.as_str())),
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = SignUpForm {
                email: Field::of(&posted.email),
                store_name: Field::of(&posted.wish.store_name),
                platform: Field::of(&posted.wish.platform),
                plan: Field::of(&posted.wish.plan),
                address: Field::of(&posted.wish.address),
                ..SignUpForm::default()
            };
            show_errors(&mut shown, &fields);
            let mut view = view(&ctx, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

fn sent(ctx: &Ctx, email: &str) -> actix_web::HttpResponse {
    ctx.set_cookie("pending", &hex::encode(email.chars().take(254).collect::<String>()), Some(86_400));
    ctx.see_other(&ctx.keeping("/verify"))
}

/// The fields about the store.
///
/// # Errors
/// A field that was sent twice.
pub(super) fn wish(form: &Form) -> Result<StoreWish, WebError> {
    Ok(StoreWish {
        store_name: form.get("store_name")?.to_owned(),
        platform: form.get("platform")?.to_owned(),
        plan: form.get("plan")?.to_owned(),
        address: form.get("address")?.to_owned(),
    })
}

/// Puts words at their fields, in the order of the form.
pub(super) fn show_errors(form: &mut SignUpForm, fields: &[(&'static str, String)]) {
    for name in ["store_name", "email", "password", "platform", "plan", "address"] {
        for (field, words) in fields.iter().filter(|(f, _)| *f == name) {
            let place = match *field {
                "store_name" => &mut form.store_name,
                "email" => &mut form.email,
                "password" => &mut form.password,
                "platform" => &mut form.platform,
                "plan" => &mut form.plan,
                _ => &mut form.address,
            };
            refuse(place, &mut form.errors, name, words);
        }
    }
}

async fn view(ctx: &Ctx, mut form: SignUpForm) -> Result<SignUp, WebError> {
    let settings = ctx.state().settings().await;
    let (plans, closed) = offered(ctx).await?;
    if !plans.iter().any(|p| p.available && p.slug == form.plan.value) && form.plan.error.is_empty() {
        form.plan.value = plans.iter().find(|p| p.best).map(|p| p.slug.clone()).unwrap_or_default();
    }
    let full = *ctx.state().no_place_left().await?;
    Ok(SignUp {
        page: ctx.page("Create your store", "signup").await,
        form,
        form_key: ctx.new_form_key(),
        plans,
        base_domain: settings.text("base_domain").to_owned(),
        magento_open: settings.text("magento_offered") == "yes",
        capacity_out: full,
        closed,
    })
}

/// The plans to choose from, and whether the reseller they came by takes nobody.
async fn offered(ctx: &Ctx) -> Result<(Vec<Plan>, bool), WebError> {
    let all = ctx.state().plans().await?;
    let Some(reseller) = ctx.provider() else { return Ok((plans::shown(&all), false)) };
    let mut conn = ctx.state().services.db.read().await?;
    let limits = conn.resellers().get(reseller).await?;
    let used = conn.resellers().used(reseller).await?;
    let sold = conn.resellers().plans(reseller).await?;
    drop(conn);
    let room =
        limits.is_some_and(|l| used.customers < i64::from(l.max_customers) && used.stores < i64::from(l.max_stores));
    let theirs: Vec<_> = all.iter().filter(|p| sold.contains(&p.id)).cloned().collect();
    Ok((plans::shown(&theirs), !room || theirs.is_empty()))
}
