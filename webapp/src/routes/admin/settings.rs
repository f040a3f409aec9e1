//! `/admin/settings`: everything that is not needed to start, typed and checked. Secrets go in and never come out.

use super::super::{Answer, need_key};
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::admin::settings::{Group, Setting, Settings};
use crate::views::{Choice, FieldError, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::services::ServiceError;
use hosting::services::settings::{KNOWN, Kind, Known, NewValue, Values, set_many, version_of};

const HERE: &str = "/admin/settings";
/// Key, heading, and how the names of its settings begin. The last takes what is left.
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("name", "Name and contact", &["product_", "support_"]),
    ("addresses", "Store addresses", &["base_domain", "edge_"]),
    ("mail", "Mail", &["smtp_", "mail_"]),
    ("tickets", "Tickets", &["ticket_"]),
    ("webhooks", "Webhooks", &["webhook_"]),
    ("stores", "Stores", &["default_", "magento_", "db_admin_", "file_access_"]),
    ("other", "Other settings", &[]),
];

fn group_of(name: &str) -> &'static str {
    GROUPS.iter().find(|(.., starts)| starts.iter().any(|s| name.starts_with(s))).map_or("other", |(key, ..)| key)
}

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let view = view(&ctx, &[]).await?;
    ctx.ok(&view)
}

/// Saves one group.
pub async fn save(ctx: Ctx, group: web::Path<String>, form: Form) -> Answer {
    let known: Vec<&'static Known> = KNOWN.iter().filter(|k| group_of(k.name) == group.as_str()).collect();
    if known.is_empty() {
        return Err(WebError::NotFound);
    }
    let key = need_key(&form)?;
    let watched: Vec<&str> = known.iter().map(|k| k.name).collect();
    let mut wishes = Vec::new();
    for k in known {
        let value = form.get(k.name)?;
        if k.kind == Kind::Secret {
            let remove = form.get(&format!("{}.remove", k.name))? == "yes";
            match (value.is_empty(), remove) {
                (true, true) => wishes.push((k, NewValue::Remove)),
                // Left empty: it stays as it is.
                (true, false) => {}
                (false, _) => wishes.push((k, NewValue::Set(value))),
            }
        } else {
            wishes.push((k, NewValue::Set(value)));
        }
    }
    if !first_use(&ctx, &key, "setting.set").await? {
        return Ok(ctx.see_other(HERE));
    }
    match set_many(&ctx.state().services, &ctx.actor(), form.get("version")?, &watched, &wishes).await {
        Ok(changed) => {
            ctx.flash(if changed == 0 { "settings_same" } else { "settings_saved" });
            Ok(ctx.see_other(HERE))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut view = view(&ctx, &fields).await?;
            // What was typed stays, except for secrets.
            for setting in view.groups.iter_mut().filter(|g| g.key == group.as_str()).flat_map(|g| &mut g.settings) {
                if setting.kind != "secret" {
                    form.get(setting.name)?.clone_into(&mut setting.value);
                    for choice in &mut setting.choices {
                        choice.current = choice.value == setting.value;
                    }
                }
            }
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, wrong: &[(&'static str, String)]) -> Result<Settings, WebError> {
    let db = &ctx.state().services.db;
    let now = now_plain();
    // What is in force, not what this process remembers.
    let values = Values::load(db).await?;
    let stored = db.read().await?.settings().stored().await?;
    let groups = GROUPS
        .iter()
        .map(|(key, title, _)| Group {
            key,
            title,
            version: version_of(
                stored
                    .iter()
                    .filter(|s| is_known(&s.name) && group_of(&s.name) == *key)
                    .map(|s| (s.name.as_str(), s.version)),
            ),
            settings: KNOWN
                .iter()
                .filter(|k| group_of(k.name) == *key)
                .map(|k| {
                    let last = stored.iter().find(|s| s.name == k.name);
                    Setting {
                        name: k.name,
                        about: k.about,
                        kind: kind_of(k.kind),
                        value: if k.kind == Kind::Secret { String::new() } else { values.text(k.name).to_owned() },
                        hint: hint(k),
                        choices: choices(k.kind, values.text(k.name)),
                        is_set: last.is_some_and(|s| s.sealed),
                        error: wrong.iter().find(|(n, _)| *n == k.name).map(|(_, w)| w.clone()).unwrap_or_default(),
                        changed_by: last.map(|s| s.updated_by.clone()).unwrap_or_default(),
                        changed_at: last.map(|s| When::relative(s.updated_at, now)),
                    }
                })
                .collect(),
            form_key: ctx.new_form_key(),
        })
        .filter(|g: &Group| !g.settings.is_empty())
        .collect();
    let mut page = ctx.page("Settings", "admin").await;
    page.has_errors = !wrong.is_empty();
    Ok(Settings {
        page,
        groups,
        errors: wrong.iter().map(|(field, text)| FieldError { field, text: text.clone() }).collect(),
        own_email: ctx.staff()?.email.clone(),
        form_key: ctx.new_form_key(),
    })
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|k| k.name == name)
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Number(..) => "number",
        Kind::Choice(_) => "choice",
        Kind::Email | Kind::Mailbox => "email",
        Kind::Secret => "secret",
        _ => "text",
    }
}

fn hint(known: &Known) -> String {
    let default = if known.default.is_empty() { String::new() } else { format!("Default: {}.", known.default) };
    match known.kind {
        Kind::Number(low, high) => format!("A whole number from {low} to {high}. {default}"),
        Kind::Secret => String::new(),
        _ => default,
    }
}

fn choices(kind: Kind, value: &str) -> Vec<Choice> {
    let Kind::Choice(words) = kind else { return Vec::new() };
    words.iter().map(|w| Choice { value: (*w).into(), label: (*w).into(), current: *w == value }).collect()
}
