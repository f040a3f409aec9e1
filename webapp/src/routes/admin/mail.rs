//! `/admin/mail`: what was mailed to whom, what did not leave and why; sending again.

use super::super::{Answer, need_key};
use super::job_action::first_use;
use super::keyset::Keyset;
use crate::extract::{Ctx, Form, Query};
use crate::urls;
use crate::views::admin::mail::{Mail, MailLog};
use crate::views::{Badge, Choice, Link, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::mail_messages::MailFilter;
use hosting::services::resend_mail::{resend_mail, send_test_mail};

const PAGE: u32 = 50;
const HERE: &str = "/admin/mail";
const STATES: [(&str, &str); 4] =
    [("", "Any state"), ("sent", "Sent"), ("failed", "Not sent"), ("sending", "Being sent")];

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let to: String = query.get("to")?.trim().chars().take(254).collect();
    let state = query.get("state")?;
    let state = STATES.iter().find(|(v, _)| *v == state).map_or("", |(v, _)| *v);
    let keyset = Keyset::of(&query);
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = MailFilter {
        state: given(state),
        recipient: given(&to),
        before: keyset.below,
        after: keyset.above,
        limit: PAGE + 1,
    };
    let mut rows = ctx.state().services.db.read().await?.mail_messages().list(&filter).await?;
    let pager = keyset.pager(&mut rows, PAGE, |r| r.id, HERE, &[("to", &to), ("state", state)]);
    let mut chips = Vec::new();
    let mut chip = |rest: &[(&str, &str)], label: String| {
        chips.push(Link { href: format!("{HERE}{}", urls::query(rest)), label, current: false });
    };
    if !to.is_empty() {
        chip(&[("state", state)], format!("To: {to}"));
    }
    if let Some((_, label)) = STATES.iter().find(|(v, _)| *v == state && !v.is_empty()) {
        chip(&[("to", &to)], (*label).to_owned());
    }
    let now = now_plain();
    let may_act = ctx.staff()?.role.may_operate();
    let rows = rows
        .into_iter()
        .map(|m| {
            let over = m.job_state.as_deref().is_some_and(|s| matches!(s, "finished" | "failed" | "cancelled"));
            Mail {
                customer_href: m.customer_id.map(urls::admin_customer).unwrap_or_default(),
                badge: match (m.state.as_str(), m.job_state.as_deref()) {
                    ("sent", _) => Badge::new("good", "Sent"),
                    ("failed", Some("retrying" | "queued" | "started")) => Badge::new("warning", "Retrying"),
                    ("failed", _) => Badge::new("bad", "Not sent"),
                    _ => Badge::new("busy", "Being sent"),
                },
                tries: m.tries.map_or_else(|| "–".into(), |t| t.to_string()),
                at: When::relative(m.created_at, now),
                job: urls::short_job(&m.job_uid),
                job_href: if m.job_state.is_some() { urls::admin_job(&m.job_uid) } else { String::new() },
                resend: if over { format!("{HERE}/{}/resend", m.id) } else { String::new() },
                form_key: ctx.new_form_key(),
                recipient: m.recipient,
                subject: m.subject,
                error: m.error,
            }
        })
        .collect();
    ctx.ok(&MailLog {
        page: ctx.page("Mail log", "admin").await,
        states: STATES
            .iter()
            .map(|(v, l)| Choice { value: (*v).into(), label: (*l).into(), current: *v == state })
            .collect(),
        to,
        chips,
        rows,
        pager,
        may_act,
    })
}

/// The same mail once more.
pub async fn resend(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let id: u64 = id.parse().map_err(|_| crate::error::WebError::NotFound)?;
    if !first_use(&ctx, &key, "mail.resend").await? {
        return Ok(ctx.see_other(HERE));
    }
    let job = resend_mail(&ctx.state().services, &ctx.actor(), id).await?;
    Ok(ctx.see_other(&urls::admin_job(&job.uid.to_string())))
}

/// A mail to oneself; its job says in words what came of it.
pub async fn test(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    if !first_use(&ctx, &key, "mail.test").await? {
        return Ok(ctx.see_other("/admin/settings"));
    }
    let job = send_test_mail(&ctx.state().services, &ctx.actor()).await?;
    Ok(ctx.see_other(&urls::admin_job(&job.uid.to_string())))
}
