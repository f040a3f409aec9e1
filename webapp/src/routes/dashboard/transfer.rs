//! `/dashboard/transfer`: the owner offers the store to somebody; `/dashboard/offers/{offer}`: somebody takes it. Both ask
//! for a recent proof of the password.

use super::super::admin::job_action::first_use;
use super::super::{Answer, need_key};
use super::own_store;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::MAIL_ACCOUNT;
use crate::urls;
use crate::views::change::{Change, ChangeField, Offer, OwnerChange};
use crate::views::{FieldError, Link, When};
use actix_web::{HttpResponse, web};
use hosting::db::Queries;
use hosting::db::login_sessions::FRESH_SECONDS;
use hosting::db::store_transfers::Transfer;
use hosting::db::stores::Store;
use hosting::domain::{Email, StoreState, Uid};
use hosting::services::{ServiceError, transfer_store};

const HERE: &str = "/dashboard/transfer";

/// The proof of the password is too old: where to renew it.
fn stale(ctx: &Ctx, next: &str) -> Result<Option<HttpResponse>, WebError> {
    let old = ctx.customer()?.authenticated_seconds > FRESH_SECONDS;
    Ok(old.then(|| ctx.see_other(&format!("/reauthenticate{}", urls::query(&[("next", next)])))))
}

async fn live_store(ctx: &Ctx) -> Result<Store, WebError> {
    own_store(ctx).await?.filter(|s| s.state == StoreState::Active).ok_or(WebError::NotFound)
}

/// The page: an offer, or its end.
pub async fn get(ctx: Ctx) -> Answer {
    let Some(store) = own_store(&ctx).await?.filter(|s| s.state == StoreState::Active) else {
        return Ok(ctx.see_other("/dashboard"));
    };
    let view = draw(&ctx, &store, "", &[]).await?;
    ctx.ok(&view)
}

/// Offers it.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if let Some(away) = stale(&ctx, HERE)? {
        return Ok(away);
    }
    let email = form.get("email")?;
    // Looked at before the form counts as sent, so that it can be mended and sent again.
    if let Err(e) = Email::parse(email) {
        let view = draw(&ctx, &store, email, &[("email", e.0)]).await?;
        return ctx.unprocessable(&view);
    }
    if let Err(wait) = ctx.state().limits.take(MAIL_ACCOUNT, &format!("transfer/{}", store.customer_id)).await {
        return Err(WebError::TooMany(wait));
    }
    if !first_use(&ctx, &key, "offer_store").await? {
        return Ok(ctx.see_other(HERE));
    }
    match transfer_store::offer(&ctx.state().services, &ctx.actor(), &store, email).await {
        Ok(()) => {
            ctx.flash("store_offered");
            Ok(ctx.see_other(HERE))
        }
        Err(ServiceError::Invalid(wrong)) => {
            let view = draw(&ctx, &store, email, &wrong).await?;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Withdraws the offer.
pub async fn withdraw(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let store = live_store(&ctx).await?;
    if first_use(&ctx, &key, "withdraw_store").await? {
        transfer_store::withdraw(&ctx.state().services, &ctx.actor(), &store).await?;
        ctx.flash("offer_withdrawn");
    }
    Ok(ctx.see_other("/dashboard"))
}

async fn draw(
    ctx: &Ctx,
    store: &Store,
    email: &str,
    wrong: &[(&'static str, String)],
) -> Result<OwnerChange, WebError> {
    let open = ctx.state().services.db.read().await?.store_transfers().open_of_store(store.id).await?;
    let change = match open {
        Some(open) => offered(ctx, store, &open),
        None => Change {
            heading: format!("Hand {} over", store.name),
            words: [
                "Somebody else gets your store, with everything in it. They need an account here with this email address and without a store, and have seven days to take it.",
                "When they do, you are signed out everywhere and your API tokens end. The store admin gets their email address and a new password; your database page and file access close.",
                "Until then nothing changes, and you can withdraw the offer. Afterwards only they can give it back.",
            ]
            .map(str::to_owned)
            .into(),
            action: HERE.into(),
            back: "/dashboard".into(),
            fields: vec![ChangeField {
                name: "email",
                label: "Email of the new owner".into(),
                hint: "If there is such an account, it gets a mail about your offer.".into(),
                value: email.into(),
                error: wrong.iter().find(|(n, _)| *n == "email").map(|(_, w)| w.clone()).unwrap_or_default(),
                choices: Vec::new(),
            }],
            button: "Offer store",
            busy: "Offering…",
            class: "danger",
            version: String::new(),
            form_key: ctx.new_form_key(),
            errors: wrong.iter().map(|(field, text)| FieldError { field, text: text.clone() }).collect(),
        },
    };
    let mut page = ctx.page("Hand store over", "dashboard").await;
    page.has_errors = !wrong.is_empty();
    Ok(OwnerChange { page, change })
}

fn offered(ctx: &Ctx, store: &Store, open: &Transfer) -> Change {
    let (words, button) = if open.state == "accepted" {
        (format!("{} has taken the offer; the store is being handed over now.", open.to_email), "Withdraw offer")
    } else {
        let until = When::exact(open.expires_at).text;
        (format!("It is offered to {} until {until}. Nothing has changed so far.", open.to_email), "Withdraw offer")
    };
    Change {
        heading: format!("{} is offered", store.name),
        words: vec![words],
        action: format!("{HERE}/withdraw"),
        back: "/dashboard".into(),
        fields: Vec::new(),
        button,
        busy: "Withdrawing…",
        class: "main",
        version: String::new(),
        form_key: ctx.new_form_key(),
        errors: Vec::new(),
    }
}

/// Offers to the reader's own address, for the dashboard.
///
/// # Errors
/// Database trouble.
pub async fn offers(ctx: &Ctx) -> Result<Vec<Link>, WebError> {
    let me = ctx.customer()?;
    let Ok(email) = Email::parse(&me.email) else { return Ok(Vec::new()) };
    let open = ctx.state().services.db.read().await?.store_transfers().open_to(&email.key()).await?;
    Ok(open
        .into_iter()
        .map(|t| Link { href: format!("/dashboard/offers/{}", t.uid), label: t.store_name, current: false })
        .collect())
}

/// One of the reader's own offers; nobody else's is found.
async fn mine(ctx: &Ctx, uid: &str) -> Result<(Uid, Transfer), WebError> {
    let uid = Uid::parse(uid).map_err(|_| WebError::NotFound)?;
    let email = Email::parse(&ctx.customer()?.email).map_err(|_| WebError::NotFound)?;
    let open = ctx.state().services.db.read().await?.store_transfers().open_to(&email.key()).await?;
    let found = open.into_iter().find(|t| t.uid == uid.to_string()).ok_or(WebError::NotFound)?;
    Ok((uid, found))
}

/// The page of an offer.
pub async fn offer(ctx: Ctx, uid: web::Path<String>) -> Answer {
    let (uid, found) = mine(&ctx, &uid).await?;
    let hindrance = if own_store(&ctx).await?.is_some() {
        "You have a store already, and an account has one. Take it with another account, or delete yours first."
    } else {
        ""
    };
    ctx.ok(&Offer {
        page: ctx.page("A store is offered to you", "dashboard").await,
        here: format!("/dashboard/offers/{uid}"),
        store_name: found.store_name,
        from: found.from_email,
        until: When::exact(found.expires_at),
        hindrance: hindrance.into(),
        form_key: ctx.new_form_key(),
        other_key: ctx.new_form_key(),
    })
}

/// Takes it.
pub async fn accept(ctx: Ctx, uid: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (uid, _) = mine(&ctx, &uid).await?;
    if let Some(away) = stale(&ctx, &format!("/dashboard/offers/{uid}"))? {
        return Ok(away);
    }
    if !first_use(&ctx, &key, "accept_store").await? {
        return Ok(ctx.see_other("/dashboard"));
    }
    let customer = ctx.customer()?.customer_id;
    let job = transfer_store::accept(&ctx.state().services, &ctx.actor(), customer, &uid).await?;
    Ok(ctx.see_other(&urls::owner_job(&job.uid.to_string())))
}

/// Declines it.
pub async fn decline(ctx: Ctx, uid: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (uid, _) = mine(&ctx, &uid).await?;
    if first_use(&ctx, &key, "decline_store").await? {
        let customer = ctx.customer()?.customer_id;
        transfer_store::decline(&ctx.state().services, &ctx.actor(), customer, &uid).await?;
        ctx.flash("offer_declined");
    }
    Ok(ctx.see_other("/dashboard"))
}
