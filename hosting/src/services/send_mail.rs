//! Sends the mail of a job: looks the people up, makes one-time links, draws, sends, notes it.

use super::resellers;
use super::settings::Values;
use super::{ServiceError, Services};
use crate::config::url_like::BaseUrl;
use crate::crypto::{random_token, sha256};
use crate::db::Queries;
use crate::db::email_changes::ChangeLink;
use crate::domain::Uid;
use crate::jobs::MailArgs;
use crate::mail::{self, MailError, Mailer, Message, messages};

/// What happened to a mail.
#[derive(Debug)]
pub enum Outcome {
    /// It left, to this address.
    Sent(String),
    /// It had left before, or there is nobody to send it to any more.
    Nothing(&'static str),
}

/// Why it did not leave.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Our own side.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The mail system.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// A template nobody knows.
    #[error("there is no mail called {0}")]
    Unknown(String),
}

impl From<crate::db::DbError> for SendError {
    fn from(e: crate::db::DbError) -> Self {
        Self::Service(e.into())
    }
}

/// Sends one mail, once per `key` (the job's public id).
///
/// # Errors
/// See [`SendError`]; `MailError::Away` and passing database trouble are worth another try.
pub async fn send_mail(
    services: &Services,
    mailer: &Mailer,
    base: &BaseUrl,
    key: &str,
    args: &MailArgs,
) -> Result<Outcome, SendError> {
    let settings = Values::load(&services.db).await?;
    let mut conn = services.db.read().await?;
    let customer = match args.customer_id {
        Some(id) => conn.customers().get(id).await?.filter(|c| {
            // Whose account staff closed is told so, unless they are forgotten already.
            let last = matches!(args.template.as_str(), "staff_closed_account" | "account_closed");
            c.state != "closed" || last && c.password_hash != "!"
        }),
        None => None,
    };
    let wanted = customer.as_ref().is_none_or(|c| match args.template.as_str() {
        "new_place" => c.notify_new_place,
        "store_ready" | "store_failed" => c.notify_store,
        _ => true,
    });
    if !wanted {
        return Ok(Outcome::Nothing("they do not want this mail"));
    }
    let to = match (args.customer_id, args.admin_id) {
        (Some(_), _) => customer.map(|c| c.email),
        (None, Some(id)) => conn.admins().get(id).await?.filter(|a| a.active).map(|a| a.email),
        (None, None) => None,
    };
    // Two mails go to an address that is not the account's, or no longer.
    let change = match (args.about, args.template.starts_with("email_change")) {
        (Some(id), true) => conn.email_changes().addresses(id).await?,
        _ => None,
    };
    let to = match (&change, args.template.as_str()) {
        (Some((_, new, _)), "email_change_new") => to.map(|_| new.clone()),
        (Some((old, _, _)), "email_changed_old") => to.map(|_| old.clone()),
        _ => to,
    };
    let ticket = match (args.about, args.template.starts_with("ticket_")) {
        (Some(id), true) => super::ticket_mail::read(&mut conn, id).await?,
        _ => None,
    };
    // Tickets that are nobody's are told to a mailbox; so are those of somebody who may not sign in any more.
    let to = match (to, args.template.as_str(), args.admin_id) {
        (None, "ticket_message", _) | (None, "webhook_paused", None) if args.customer_id.is_none() => {
            Some(super::ticket_mail::staff_mailbox(&settings))
        }
        (to, ..) => to,
    };
    let Some(to) = to else { return Ok(Outcome::Nothing("the account is gone")) };
    let settings = match args.customer_id {
        Some(id) => {
            // Who signs up by a reseller's link is theirs with the confirmation, and knows their name before.
            let brand = match (args.template.as_str(), args.visitor_session_id) {
                ("verify_email", Some(visitor)) => conn.resellers().brand_of_sign_up(id, visitor).await?,
                _ => conn.resellers().brand_of(id).await?,
            };
            resellers::branded(settings, &brand)
        }
        None => settings,
    };
    let store = match args.store_id {
        Some(id) => conn.stores().get(id).await?,
        None => None,
    };
    let wants_tickets = match (args.customer_id, args.template.as_str()) {
        (Some(id), "ticket_for_reseller") => conn.resellers().get(id).await?.is_some_and(|r| r.notify_tickets),
        _ => false,
    };
    let moved = match (args.about, args.template.as_str()) {
        (Some(id), "customer_arrived" | "customer_left") => {
            conn.customers().get(id).await?.filter(|c| c.state != "closed")
        }
        _ => None,
    };
    let password = conn.settings().secret(&services.keys, "smtp_password").await?;
    drop(conn);
    let store_name = store.as_ref().map(|s| s.name.clone());
    let named = || store_name.clone().unwrap_or_else(|| "your store".into());
    let product = settings.text("product_name").to_owned();
    let message: Message = match args.template.as_str() {
        what @ ("ticket_received" | "ticket_answer" | "ticket_message" | "ticket_for_reseller") => {
            let Some(ticket) = &ticket else { return Ok(Outcome::Nothing("the ticket is gone")) };
            if what == "ticket_for_reseller" && !(wants_tickets && ticket.is_read_by(args.customer_id)) {
                return Ok(Outcome::Nothing("they do not want this mail, or it is not theirs to read any more"));
            }
            ticket.message(what, &settings, base)
        }
        "verify_email" => {
            let token = random_token();
            let customer_id = args.customer_id.unwrap_or_default();
            let mut tx = services.db.begin().await?;
            tx.email_verifications()
                .insert(customer_id, &to, &sha256(token.expose().as_bytes()), args.visitor_session_id)
                .await?;
            tx.commit().await?;
            messages::verify_email(
                &product,
                store_name.as_deref(),
                &base.join(&format!("/verify?token={}", token.expose())),
            )
        }
        "password_reset" => {
            let token = random_token();
            let mut tx = services.db.begin().await?;
            tx.password_resets()
                .insert(args.customer_id.unwrap_or_default(), &to, &sha256(token.expose().as_bytes()))
                .await?;
            tx.commit().await?;
            messages::password_reset(&product, &base.join(&format!("/password/reset?token={}", token.expose())))
        }
        "factor_reset_planned" => {
            let token = random_token();
            let mut tx = services.db.begin().await?;
            let open = tx.factor_resets().open(args.customer_id.unwrap_or_default()).await?;
            let Some(open) = open.filter(|o| Some(o.id) == args.about) else {
                return Ok(Outcome::Nothing("the reset was stopped or is done"));
            };
            tx.factor_resets().set_stop(open.id, &sha256(token.expose().as_bytes())).await?;
            tx.commit().await?;
            let (date, time) = (open.due_at.date(), open.due_at.time());
            let when = format!("{date} {:02}:{:02} UTC", time.hour(), time.minute());
            let link = base.join(&format!("/keep-factor?token={}", token.expose()));
            messages::factor_reset_planned(&product, &when, &link)
        }
        "view_request" => {
            let id = args.about.unwrap_or_default();
            let token = random_token();
            let mut tx = services.db.begin().await?;
            let Some(view) = tx.customer_views().waiting(id).await? else {
                return Ok(Outcome::Nothing("the question is over"));
            };
            tx.customer_views().set_consent(id, &sha256(token.expose().as_bytes())).await?;
            tx.commit().await?;
            let link = base.join(&format!("/view/consent?token={}", token.expose()));
            messages::view_request(&product, &view.admin_name, &view.reason, &link)
        }
        "export_ready" => messages::export_ready(&product, &base.join("/account/data")),
        "closing_planned" => {
            let customer = services.db.read().await?.customers().get(args.customer_id.unwrap_or_default()).await?;
            let Some(at) = customer.and_then(|c| c.close_after) else {
                return Ok(Outcome::Nothing("the closing was taken back"));
            };
            messages::closing_planned(&product, &at.date().to_string(), &base.join("/account/close"))
        }
        "closing_cancelled" => messages::closing_cancelled(&product, &base.join("/account")),
        "account_closed" => messages::account_closed(&product),
        "new_place" => {
            let found = match args.about {
                Some(id) => services.db.read().await?.sign_ins().get(id).await?,
                None => None,
            };
            let Some(found) = found else { return Ok(Outcome::Nothing("the sign-in is forgotten")) };
            let page = if args.admin_id.is_some() { "/admin/devices" } else { "/account/devices" };
            let browser = crate::domain::place::browser_words(&found.user_agent);
            messages::new_place(&product, &found.at.to_string(), &found.address, &browser, &base.join(page))
        }
        what @ ("email_change_old" | "email_change_new") => {
            let Some((_, new, true)) = &change else { return Ok(Outcome::Nothing("the change has ended")) };
            let id = args.about.unwrap_or_default();
            let mut tx = services.db.begin().await?;
            let taken = crate::domain::Email::parse(new).map(|e| e.key()).unwrap_or_default();
            let other = tx.customers().find_by_email(&taken).await?.filter(|c| Some(c.id) != args.customer_id);
            let mut link = async |which| -> Result<String, SendError> {
                let token = random_token();
                tx.email_changes().set_token(id, which, &sha256(token.expose().as_bytes())).await?;
                Ok(base.join(&format!("/email/change?token={}", token.expose())))
            };
            let message = if what == "email_change_old" {
                let (go, stop) = (link(ChangeLink::Old).await?, link(ChangeLink::Stop).await?);
                messages::email_change_old(&product, new, &go, &stop)
            } else if other.is_some() {
                messages::email_change_taken(&product, &base.join("/login"))
            } else {
                messages::email_change_new(&product, &link(ChangeLink::New).await?)
            };
            tx.commit().await?;
            message
        }
        "email_changed_old" | "email_changed" => {
            let new = change.map(|(_, new, _)| new).unwrap_or_default();
            messages::email_changed(&product, &new, settings.text("support_email"), &base.join("/login"))
        }
        "invitation" => {
            let token = random_token();
            let mut tx = services.db.begin().await?;
            tx.password_resets()
                .insert_invitation(args.customer_id.unwrap_or_default(), &to, &sha256(token.expose().as_bytes()))
                .await?;
            tx.commit().await?;
            messages::invitation(&product, &base.join(&format!("/password/reset?token={}", token.expose())))
        }
        "provider_changed" => {
            messages::provider_changed(&product, settings.text("support_email"), &base.join("/account"))
        }
        what @ ("customer_arrived" | "customer_left") => {
            let Some(customer) = &moved else { return Ok(Outcome::Nothing("the customer is gone")) };
            if what == "customer_left" {
                messages::customer_left(&customer.email, settings.text("support_email"), &base.join("/reseller"))
            } else {
                let link = base.join(&format!("/reseller/customers/{}", customer.id));
                messages::customer_arrived(&customer.email, &link)
            }
        }
        "staff_closed_account" => messages::staff_closed_account(&product, settings.text("support_email")),
        "password_changed" => messages::password_changed(&product, &base.join("/password/forgot")),
        "account_exists" => messages::account_exists(&product, &base.join("/login")),
        "store_ready" => {
            let url = store.as_ref().and_then(|s| s.host.as_deref()).map(|h| settings.store_url(h)).unwrap_or_default();
            messages::store_ready(&named(), &url, &base.join("/dashboard"))
        }
        "store_failed" => {
            let uid = args.job.clone().unwrap_or_default();
            let job = match Uid::parse(&uid) {
                Ok(uid) => services.db.read().await?.jobs().find(&uid).await?,
                Err(_) => None,
            };
            let reason = job.map(|j| j.error_reason).filter(|r| !r.is_empty());
            let reference = format!("J-{}", uid.get(20..).unwrap_or_default());
            messages::store_failed(
                &named(),
                reason.as_deref().unwrap_or("Something failed on our side."),
                &reference,
                &base.join(&format!("/setup/{uid}")),
            )
        }
        "deletion_planned" => {
            let date = store.as_ref().and_then(|s| s.delete_after).map(|d| d.date().to_string()).unwrap_or_default();
            messages::deletion_planned(&named(), &date, &base.join("/dashboard/delete"))
        }
        "deletion_cancelled" => messages::deletion_cancelled(&named(), &base.join("/dashboard")),
        "store_suspended" => {
            let reason = store.as_ref().map(|s| s.suspend_reason.clone()).unwrap_or_default();
            messages::store_suspended(&named(), &reason, &base.join("/dashboard"))
        }
        "store_resumed" => messages::store_resumed(&named(), &base.join("/dashboard")),
        "store_deleted" => messages::store_deleted(&named()),
        "store_offered" => {
            let from = store.as_ref().map(|s| s.customer_email.clone()).unwrap_or_default();
            messages::store_offered(&named(), &from, &base.join("/dashboard"))
        }
        "store_received" => messages::store_received(&named(), &base.join("/dashboard")),
        "store_given" => messages::store_given(&named(), settings.text("support_email")),
        what @ ("second_factor_on" | "second_factor_off" | "factors_removed" | "recovery_code_used"
        | "recovery_codes_new") => {
            let page = if args.admin_id.is_some() { "/admin/2fa" } else { "/account/2fa" };
            messages::second_factor(&product, what, &base.join(page))
        }
        what @ ("passkey_added" | "passkey_removed" | "passkey_blocked") => {
            let page = if args.admin_id.is_some() { "/admin/security" } else { "/account/security" };
            messages::passkey(&product, what, &base.join(page))
        }
        "admin_temporary_password" => {
            let id = args.admin_id.unwrap_or_default();
            let Some(password) = services.db.read().await?.admins().temporary(&services.keys, id).await? else {
                return Ok(Outcome::Nothing("the temporary password is over, replaced, or left before"));
            };
            messages::admin_temporary_password(&product, &password, &base.join("/admin/login"))
        }
        "admin_password_changed" => messages::admin_password_changed(&product, &base.join("/admin/login")),
        "webhook_paused" => {
            let id = args.about.unwrap_or_default();
            let Some(hook) = services.db.read().await?.webhooks().get(id).await?.filter(|h| h.paused) else {
                return Ok(Outcome::Nothing("it runs again, or is gone"));
            };
            let side = if hook.customer_id.is_some() { "account" } else { "admin" };
            let page = base.join(&format!("/{side}/webhooks/{}", hook.uid));
            messages::webhook_paused(&super::webhooks::host(&hook.url), &hook.paused_reason, &page)
        }
        "test_mail" => messages::test_mail(&product, &base.join("/admin/settings")),
        other => return Err(SendError::Unknown(other.to_owned())),
    };
    let mut drawn = mail::draw(&message, &settings, base.as_str())?;
    drawn.thread = ticket.map(|t| t.thread(&services.keys, &settings, args.customer_id));
    let mut tx = services.db.begin().await?;
    let fresh = tx.mail_messages().begin(key, args.customer_id, &args.template, &to, &drawn.subject).await?;
    tx.commit().await?;
    if !fresh {
        return Ok(Outcome::Nothing("it left before"));
    }
    let sent = mailer.send(&settings, password.as_ref(), &to, key, &drawn).await;
    let mut tx = services.db.begin().await?;
    match &sent {
        Ok(()) => {
            tx.mail_messages().sent(key).await?;
            if let ("admin_temporary_password", Some(id)) = (args.template.as_str(), args.admin_id) {
                tx.admins().forget_temporary(id).await?;
            }
        }
        Err(error) => tx.mail_messages().failed(key, &error.to_string()).await?,
    }
    tx.commit().await?;
    sent?;
    Ok(Outcome::Sent(to))
}
