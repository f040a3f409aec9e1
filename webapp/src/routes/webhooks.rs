//! `/account/webhooks` and `/admin/webhooks`: receivers of events. The address says whose they are: an owner's, told of
//! their own stores, or the panel's, told of everything.

use super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::views::webhooks::{
    DeliveryFacts, DeliveryLine, EventChoice, HookFacts, HookForm, HookRow, Hooks, OwnerHooks, StaffHooks, TryLine,
};
use crate::views::{Badge, Field, Pager, View, When, duration_text};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::webhook_deliveries::DeliveryRow;
use hosting::db::webhooks::{Side, Webhook};
use hosting::domain::Uid;
use hosting::domain::webhook::EVENTS;
use hosting::services::ServiceError;
use hosting::services::webhooks::{self as service, HookWish, Switch, deliveries, secret};
use time::PlainDateTime;

const PAGE: u32 = 30;

/// Whose receivers an address is about.
fn side(ctx: &Ctx) -> Result<Side, WebError> {
    if ctx.here().starts_with("/admin") {
        ctx.staff()?;
        return Ok(Side::Panel);
    }
    Ok(Side::Owner(ctx.customer()?.customer_id))
}

fn base(side: Side) -> &'static str {
    if side == Side::Panel { "/admin/webhooks" } else { "/account/webhooks" }
}

/// The list and the form of a new one.
pub async fn list(ctx: Ctx) -> Answer {
    let hooks = list_part(&ctx, side(&ctx)?).await?;
    draw(&ctx, HttpResponse::Ok(), "Webhooks", false, hooks).await
}

/// Registers one and shows its secret, once.
pub async fn create(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let side = side(&ctx)?;
    let events = form.all("events");
    let wish = HookWish { url: form.get("url")?, note: form.get("note")?, events: &events };
    match service::create(&ctx.state().services, &ctx.actor(), side, &wish, Some(&key)).await {
        Ok((uid, secret)) => {
            let mut hooks = one_part(&ctx, side, &find(&ctx, side, &uid.to_string()).await?).await?;
            hooks.kind = "secret";
            secret.expose().clone_into(&mut hooks.secret);
            draw(&ctx, HttpResponse::Ok(), "Secret", false, hooks).await
        }
        Err(ServiceError::Invalid(wrong)) => {
            let mut hooks = list_part(&ctx, side).await?;
            fill_wrong(&mut hooks.form, &wish, &wrong);
            draw(&ctx, HttpResponse::UnprocessableEntity(), "Webhooks", true, hooks).await
        }
        Err(other) => Err(other.into()),
    }
}

/// One receiver with its deliveries.
pub async fn one(ctx: Ctx, hook: web::Path<String>, query: Query) -> Answer {
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    let mut hooks = one_part(&ctx, side, &hook).await?;
    let before: Option<u64> = query.number("after");
    let mut rows = ctx.state().services.db.read().await?.webhooks().deliveries(hook.id, None, before, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let here = format!("{}/{}", base(side), hook.uid);
    hooks.pager = Pager {
        text: format!("{} shown{}", rows.len(), if more { ", there are more" } else { "" }),
        newer: if before.is_some() { here.clone() } else { String::new() },
        older: if more {
            rows.last().map(|r| format!("{here}?after={}", r.id)).unwrap_or_default()
        } else {
            String::new()
        },
    };
    let now = now_plain();
    hooks.deliveries = rows
        .into_iter()
        .map(|r| DeliveryLine {
            href: format!("{here}/deliveries/{}", r.event_id),
            badge: delivery_badge(&r),
            attempts: r.attempts,
            at: When::relative(r.created_at, now),
            kind: r.kind,
        })
        .collect();
    let title = hooks.one.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    draw(&ctx, HttpResponse::Ok(), &title, false, hooks).await
}

/// Changes it.
pub async fn change(ctx: Ctx, hook: web::Path<String>, form: Form) -> Answer {
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    let events = form.all("events");
    let wish = HookWish { url: form.get("url")?, note: form.get("note")?, events: &events };
    match service::change(&ctx.state().services, &ctx.actor(), side, &hook.uid, &wish).await {
        Ok(()) => Ok(back(&ctx, side, &hook, "hook_saved")),
        Err(ServiceError::Invalid(wrong)) => {
            let mut hooks = one_part(&ctx, side, &hook).await?;
            fill_wrong(&mut hooks.form, &wish, &wrong);
            let title = hooks.one.as_ref().map(|o| o.name.clone()).unwrap_or_default();
            draw(&ctx, HttpResponse::UnprocessableEntity(), &title, true, hooks).await
        }
        Err(other) => Err(other.into()),
    }
}

/// A new secret, shown once.
pub async fn rotate(ctx: Ctx, hook: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    let fresh = secret::rotate(&ctx.state().services, &ctx.actor(), side, &hook.uid, Some(&key)).await?;
    let mut hooks = one_part(&ctx, side, &find(&ctx, side, &hook.uid.to_string()).await?).await?;
    hooks.kind = "secret";
    fresh.expose().clone_into(&mut hooks.secret);
    draw(&ctx, HttpResponse::Ok(), "Secret", false, hooks).await
}

/// Pauses, resumes, deletes; sends a test or what was given up.
pub async fn act(ctx: Ctx, path: web::Path<(String, String)>, form: Form) -> Answer {
    need_key(&form)?;
    let (hook, verb) = path.into_inner();
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    let (services, actor) = (&ctx.state().services, ctx.actor());
    let switch = |what| service::switch(services, &actor, side, &hook.uid, what);
    match verb.as_str() {
        "pause" => {
            switch(Switch::Pause).await?;
            Ok(back(&ctx, side, &hook, "hook_paused"))
        }
        "resume" => {
            switch(Switch::Resume).await?;
            Ok(back(&ctx, side, &hook, "hook_resumed"))
        }
        "delete" => {
            switch(Switch::Delete).await?;
            ctx.flash("hook_deleted");
            Ok(ctx.see_other(base(side)))
        }
        "test" => {
            let event = deliveries::send_test(services, &actor, side, &hook.uid).await?;
            Ok(ctx.see_other(&format!("{}/{}/deliveries/{event}", base(side), hook.uid)))
        }
        "replay" => {
            deliveries::replay_failed(services, &actor, side, &hook.uid).await?;
            Ok(back(&ctx, side, &hook, "hook_replayed"))
        }
        _ => Err(WebError::NotFound),
    }
}

/// One delivery with its tries.
pub async fn delivery(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (hook, event) = path.into_inner();
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let row = conn.webhooks().delivery(hook.id, &event).await?.ok_or(WebError::NotFound)?;
    let tries = conn.webhooks().tries(row.id).await?;
    drop(conn);
    let mut hooks = one_part(&ctx, side, &hook).await?;
    hooks.kind = "delivery";
    hooks.delivery = Some(DeliveryFacts {
        href: format!("{}/{}/deliveries/{}", base(side), hook.uid, row.event_id),
        badge: delivery_badge(&row),
        next: (row.state == "pending").then(|| When::exact(row.next_at)),
        over: row.state != "pending",
        body: pretty(&row.body),
        id: row.event_id,
        kind: row.kind,
        tries: tries
            .into_iter()
            .map(|t| TryLine {
                at: When::exact(t.at),
                badge: if t.error.is_empty() { Badge::new("good", "Delivered") } else { Badge::new("bad", "Failed") },
                status: t.status.map_or_else(|| "–".into(), |s| s.to_string()),
                took: duration_text(t.took_ms.into()),
                error: t.error,
                answer: t.answer,
            })
            .collect(),
    });
    draw(&ctx, HttpResponse::Ok(), "Delivery", false, hooks).await
}

/// Sends it again.
pub async fn replay(ctx: Ctx, path: web::Path<(String, String)>, form: Form) -> Answer {
    need_key(&form)?;
    let (hook, event) = path.into_inner();
    let side = side(&ctx)?;
    let hook = find(&ctx, side, &hook).await?;
    deliveries::replay(&ctx.state().services, &ctx.actor(), side, &hook.uid, &event).await?;
    ctx.flash("hook_replayed");
    Ok(ctx.see_other(&format!("{}/{}/deliveries/{event}", base(side), hook.uid)))
}

fn back(ctx: &Ctx, side: Side, hook: &Webhook, notice: &'static str) -> HttpResponse {
    ctx.flash(notice);
    ctx.see_other(&format!("{}/{}", base(side), hook.uid))
}

async fn find(ctx: &Ctx, side: Side, hook: &str) -> Result<Webhook, WebError> {
    let uid = Uid::parse(hook).map_err(|_| WebError::NotFound)?;
    ctx.state().services.db.read().await?.webhooks().find(side, &uid).await?.ok_or(WebError::NotFound)
}

async fn draw(
    ctx: &Ctx,
    builder: actix_web::HttpResponseBuilder,
    title: &str,
    wrong: bool,
    mut hooks: Hooks,
) -> Answer {
    let mut page = ctx.page(title, if hooks.base.starts_with("/admin") { "admin" } else { "account" }).await;
    page.has_errors = wrong;
    hooks.csrf = page.csrf.clone();
    let html = if hooks.base.starts_with("/admin") {
        StaffHooks { page, hooks }.render()?
    } else {
        OwnerHooks { page, hooks }.render()?
    };
    Ok(crate::extract::html(builder, html))
}

fn part(ctx: &Ctx, side: Side, kind: &'static str) -> Hooks {
    Hooks {
        kind,
        base: base(side),
        csrf: "".into(),
        form_key: ctx.new_form_key(),
        rows: Vec::new(),
        form: HookForm::default(),
        one: None,
        secret: String::new(),
        deliveries: Vec::new(),
        pager: Pager::default(),
        delivery: None,
    }
}

fn choices(side: Side, chosen: &[&str]) -> Vec<EventChoice> {
    EVENTS
        .iter()
        .filter(|e| e.owners || side == Side::Panel)
        .map(|e| EventChoice { name: e.name, about: e.about, current: chosen.contains(&e.name) })
        .collect()
}

async fn list_part(ctx: &Ctx, side: Side) -> Result<Hooks, WebError> {
    let rows = ctx.state().services.db.read().await?.webhooks().list(side).await?;
    let now = now_plain();
    let mut hooks = part(ctx, side, "list");
    hooks.rows = rows
        .iter()
        .map(|h| {
            let facts = facts(side, h, now);
            let count = h.events.split(',').count();
            HookRow {
                href: facts.href,
                host: service::host(&h.url),
                name: facts.name,
                badge: facts.badge,
                events: format!("{count} event{}", if count == 1 { "" } else { "s" }),
                last: facts.last,
            }
        })
        .collect();
    hooks.form = HookForm { action: base(side).into(), events: choices(side, &[]), ..HookForm::default() };
    Ok(hooks)
}

async fn one_part(ctx: &Ctx, side: Side, hook: &Webhook) -> Result<Hooks, WebError> {
    let given_up =
        ctx.state().services.db.read().await?.webhooks().deliveries(hook.id, Some("failed"), None, 1).await?;
    let mut hooks = part(ctx, side, "one");
    let mut facts = facts(side, hook, now_plain());
    facts.failed = !given_up.is_empty();
    let chosen: Vec<&str> = hook.events.split(',').collect();
    hooks.form = HookForm {
        action: facts.href.clone(),
        url: Field::of(hook.url.clone()),
        note: Field::of(hook.note.clone()),
        events: choices(side, &chosen),
        ..HookForm::default()
    };
    hooks.one = Some(facts);
    Ok(hooks)
}

fn facts(side: Side, hook: &Webhook, now: PlainDateTime) -> HookFacts {
    let (badge, remark) = if hook.paused {
        (
            Badge::new("bad", "Paused"),
            format!("{}. Events are kept for 30 days and sent when it is resumed.", hook.paused_reason),
        )
    } else if hook.failures > 0 {
        let since = hook.failing_since.map(|at| When::relative(at, now).text).unwrap_or_default();
        (Badge::new("warning", "Failing"), format!("{} failed in a row, first {since}. We keep trying.", hook.failures))
    } else {
        (Badge::new("good", "Active"), String::new())
    };
    HookFacts {
        href: format!("{}/{}", base(side), hook.uid),
        name: if hook.note.is_empty() { service::host(&hook.url) } else { hook.note.clone() },
        url: hook.url.clone(),
        badge,
        paused: hook.paused,
        remark,
        last: hook.last_success_at.map(|at| When::relative(at, now)),
        overlap: hook.old_until.map(When::exact),
        failed: false,
    }
}

fn delivery_badge(row: &DeliveryRow) -> Badge {
    match (row.state.as_str(), row.attempts) {
        ("delivered", _) => Badge::new("good", "Delivered"),
        ("failed", _) => Badge::new("bad", "Given up"),
        (_, 0) => Badge::new("waiting", "Waiting"),
        _ => Badge::new("warning", "Retrying"),
    }
}

fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body).map_or_else(|_| body.to_owned(), |v| format!("{v:#}"))
}

fn fill_wrong(form: &mut HookForm, wish: &HookWish<'_>, wrong: &[(&'static str, String)]) {
    let cut = |text: &str| Field::of(text.chars().take(600).collect::<String>());
    form.url = cut(wish.url);
    form.note = cut(wish.note);
    for choice in &mut form.events {
        choice.current = wish.events.contains(&choice.name);
    }
    for (name, words) in wrong {
        match *name {
            "url" => refuse(&mut form.url, &mut form.errors, name, words),
            "note" => refuse(&mut form.note, &mut form.errors, name, words),
            _ => {
                form.events_error.clone_from(words);
                refuse(&mut Field::default(), &mut form.errors, name, words);
            }
        }
    }
}
