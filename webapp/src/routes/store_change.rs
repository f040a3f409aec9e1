//! Changes of a store as pages: their words, their fields, and what a posted form orders. Owners and
//! staff have their own addresses for them; which change is whose is decided here and, once more, by
//! the service.

use crate::error::WebError;
use crate::extract::{Ctx, Form, Who};
use crate::views::change::{Change, ChangeField};
use crate::views::{Choice, FieldError, Page};
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::store::SuspendCause;
use hosting::domain::{StoreState, Uid};
use hosting::services::ServiceError;
use hosting::services::change_store::{StoreChange, change_store};

/// A change by its last part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Stop and start.
    Restart,
    /// On or off, whichever it is not.
    Maintenance,
    /// New password of the store admin.
    Password,
    /// New name.
    Rename,
    /// New web address.
    Address,
    /// Stop, keep the data.
    Suspend,
    /// Start again.
    Resume,
    /// Other limits.
    Plan,
    /// Another owner.
    Transfer,
}

/// What owners may order.
pub const OWNERS: &[(&str, Verb)] = &[
    ("restart", Verb::Restart),
    ("maintenance", Verb::Maintenance),
    ("password", Verb::Password),
    ("rename", Verb::Rename),
    ("address", Verb::Address),
];

/// What resellers may order about stores of their customers.
pub const RESELLERS: &[(&str, Verb)] = &[
    ("restart", Verb::Restart),
    ("maintenance", Verb::Maintenance),
    ("rename", Verb::Rename),
    ("address", Verb::Address),
    ("suspend", Verb::Suspend),
    ("resume", Verb::Resume),
    ("plan", Verb::Plan),
];

/// What staff who operate may order.
pub const STAFFS: &[(&str, Verb)] = &[
    ("restart", Verb::Restart),
    ("suspend", Verb::Suspend),
    ("resume", Verb::Resume),
    ("plan", Verb::Plan),
    ("transfer", Verb::Transfer),
];

/// The change an address names.
///
/// # Errors
/// 404 for any other word and for a store that is no more; 409 with the reason for one in a state that this change does not
/// start from.
pub fn find(list: &[(&str, Verb)], name: &str, store: &Store) -> Result<Verb, WebError> {
    let verb = list.iter().find(|(n, _)| *n == name).map(|(_, v)| *v).ok_or(WebError::NotFound)?;
    if fits(verb, store) {
        return Ok(verb);
    }
    let why = match store.state {
        StoreState::Deleted => return Err(WebError::NotFound),
        StoreState::Requested | StoreState::Provisioning => {
            "The store is still being set up. Come back when it is live."
        }
        StoreState::Failed => "The store was not set up, so there is nothing to change yet.",
        StoreState::Deleting => "The store is being deleted.",
        StoreState::Suspended => "The store is suspended. This is possible again when it runs.",
        StoreState::Active => "The store runs already.",
    };
    Err(WebError::Conflict(format!("{why} Nothing was changed.")))
}

/// Whether a change starts from the store's state.
#[must_use]
pub fn fits(verb: Verb, store: &Store) -> bool {
    store.state == if verb == Verb::Resume { StoreState::Suspended } else { StoreState::Active }
}

/// Words of a link to the change.
#[must_use]
pub fn link(verb: Verb, store: &Store) -> &'static str {
    match verb {
        Verb::Restart => "Restart store",
        Verb::Maintenance if store.maintenance => "End maintenance",
        Verb::Maintenance => "Start maintenance",
        Verb::Password => "New store admin password",
        Verb::Rename => "Rename store",
        Verb::Address => "Change web address",
        Verb::Suspend => "Suspend store",
        Verb::Resume => "Resume store",
        Verb::Plan => "Change plan",
        Verb::Transfer => "Hand store over",
    }
}

/// The facts a page showed: when they changed, it is another page.
fn version(store: &Store) -> String {
    let facts = format!(
        "{}/{}/{}/{}/{}/{}/{}",
        store.uid,
        store.customer_id,
        store.name,
        store.slug,
        store.state.as_str(),
        store.maintenance,
        store.plan_id
    );
    hex::encode(&hosting::crypto::sha256(facts.as_bytes())[..8])
}

fn words(verb: Verb, store: &Store) -> (String, Vec<String>, &'static str, &'static str) {
    let name = &store.name;
    let (heading, words, button, busy): (String, &[&str], _, _) = match verb {
        Verb::Restart => (
            format!("Restart {name}?"),
            &[
                "The shop is away for about 10 s. Orders that are being placed at that moment may have to be sent again.",
            ],
            "Restart store",
            "Restarting…",
        ),
        Verb::Maintenance if store.maintenance => (
            format!("End the maintenance of {name}?"),
            &["We look whether the shop works, then visitors see it again."],
            "End maintenance",
            "Ending…",
        ),
        Verb::Maintenance => (
            format!("Start maintenance of {name}?"),
            &[
                "Visitors see a page that says that the shop is being worked on. Nobody can order.",
                "Whoever is signed in to the store admin still gets in, and sees the shop.",
            ],
            "Start maintenance",
            "Starting…",
        ),
        Verb::Password => (
            format!("New store admin password for {name}?"),
            &[
                "The first administrator of your store gets a new password, and is signed out everywhere.",
                "You find it on the page with your sign-in details.",
            ],
            "Make a new password",
            "Working…",
        ),
        Verb::Rename => (
            format!("Rename {name}"),
            &["The name is changed in the store and here. The web address stays."],
            "Rename store",
            "Renaming…",
        ),
        Verb::Address => (
            format!("Change the web address of {name}"),
            &[
                "The store moves to the new address at once. Links in its pages are changed.",
                "The former address leads to the new one for 30 days. After that it is free for others.",
                "Payment services and search engines may have to be told the new address.",
            ],
            "Change web address",
            "Changing…",
        ),
        Verb::Suspend => (
            format!("Suspend {name}?"),
            &[
                "Visitors see a page that says that the shop is paused. Its containers stop; files, database and address are kept.",
                "The owner is told by email and on the dashboard, with your reason.",
            ],
            "Suspend store",
            "Suspending…",
        ),
        Verb::Resume => (
            format!("Resume {name}?"),
            &["The containers start, the shop is looked at, then visitors see it again. The owner is told by email."],
            "Resume store",
            "Resuming…",
        ),
        Verb::Plan => (
            format!("Change the plan of {name}?"),
            &["The limits change at once, while the shop runs. Prices and invoices are not touched by this."],
            "Change plan",
            "Changing…",
        ),
        Verb::Transfer => (
            format!("Hand {name} over to another customer?"),
            &[
                "The new owner has it at once, with a new store admin password. The former owner is signed out everywhere, their API tokens end, and their database page and file access close.",
                "Files, orders and other users of the store admin stay. Both are told by email.",
            ],
            "Hand store over",
            "Handing over…",
        ),
    };
    (heading, words.iter().map(|w| (*w).to_owned()).collect(), button, busy)
}

/// Draws the page. `form`: what was posted, to be shown again.
///
/// # Errors
/// Database trouble.
pub async fn draw(
    ctx: &Ctx,
    verb: Verb,
    store: &Store,
    (action, back, nav): (String, String, &str),
    form: Option<&Form>,
    wrong: &[(&'static str, String)],
) -> Result<(Page, Change), WebError> {
    let (heading, words, button, busy) = words(verb, store);
    let posted = |name: &str| form.and_then(|f| f.get(name).ok()).unwrap_or_default().to_owned();
    let text = |name: &'static str, label: &str, hint: &str, value: String| ChangeField {
        name,
        label: label.into(),
        hint: hint.into(),
        value,
        ..ChangeField::default()
    };
    let reason = |hint: &str| text("reason", "Reason", hint, posted("reason"));
    let mut fields = match verb {
        Verb::Restart | Verb::Maintenance | Verb::Password => Vec::new(),
        Verb::Rename => {
            let value = if form.is_some() { posted("name") } else { store.name.clone() };
            vec![text("name", "Store name", "Shown to your customers.", value)]
        }
        Verb::Address => {
            let value = if form.is_some() { posted("address") } else { store.slug.clone() };
            let base = ctx.state().settings().await.text("base_domain").to_owned();
            let hint = format!("Small letters, digits and hyphens. The address is this, then .{base}");
            vec![text("address", "First part of the web address", &hint, value)]
        }
        Verb::Transfer => {
            let email = text(
                "email",
                "Email of the new owner",
                "Of an account that is confirmed and has no store.",
                posted("email"),
            );
            vec![email, reason("Recorded in the audit log.")]
        }
        Verb::Resume => vec![reason("Recorded in the audit log.")],
        Verb::Suspend => {
            let value = if form.is_some() { posted("cause") } else { SuspendCause::Other.as_str().into() };
            let choices = SuspendCause::ALL
                .into_iter()
                .map(|c| Choice { value: c.as_str().into(), label: c.words().into(), current: c.as_str() == value })
                .collect();
            let cause = ChangeField { choices, value, ..text("cause", "What visitors read", "", String::new()) };
            vec![cause, reason("The owner reads it, and it is recorded in the audit log.")]
        }
        Verb::Plan => {
            let mut conn = ctx.state().services.db.read().await?;
            let mut plans = conn.plans().list_public().await?;
            if let Who::Customer(me) = ctx.who() {
                let sold = conn.resellers().plans(me.customer_id).await?;
                plans.retain(|p| sold.contains(&p.id));
            }
            drop(conn);
            let now = plans.iter().find(|p| p.id == store.plan_id).map(|p| p.slug.clone()).unwrap_or_default();
            let value = if form.is_some() { posted("plan") } else { now };
            let choices = plans
                .into_iter()
                .map(|p| Choice {
                    current: p.slug == value,
                    label: format!(
                        "{}: {} MiB web, {} MiB database, {} MiB disk",
                        p.name, p.web_memory_mb, p.db_memory_mb, p.disk_mb
                    ),
                    value: p.slug,
                })
                .collect();
            let plan = ChangeField { choices, value, ..text("plan", "Plan", "", String::new()) };
            vec![plan, reason("Recorded in the audit log.")]
        }
    };
    let mut errors = Vec::new();
    for (name, words) in wrong {
        if let Some(field) = fields.iter_mut().find(|f| f.name == *name) {
            field.error.clone_from(words);
        }
        errors.push(FieldError { field: name, text: words.clone() });
    }
    let mut page = ctx.page(link(verb, store), nav).await;
    page.has_errors = !errors.is_empty();
    let change = Change {
        heading,
        words,
        action,
        back,
        fields,
        button,
        busy,
        class: if matches!(verb, Verb::Suspend | Verb::Transfer) { "danger" } else { "main" },
        version: version(store),
        form_key: ctx.new_form_key(),
        errors,
    };
    Ok((page, change))
}

/// Orders what a form asks for; `Err` inside: fields that are wrong.
///
/// # Errors
/// 409 when the facts have changed since the page, or another job is changing the store.
pub async fn order(
    ctx: &Ctx,
    verb: Verb,
    store: &Store,
    form: &Form,
) -> Result<Result<Uid, Vec<(&'static str, String)>>, WebError> {
    if form.get("version")? != version(store) {
        return Err(WebError::Conflict(
            "The store is not as this page showed it. Look at it again. Nothing was changed.".into(),
        ));
    }
    let text = |name: &str| form.get(name).map(str::to_owned);
    let change = match verb {
        Verb::Restart => StoreChange::Restart,
        Verb::Maintenance => StoreChange::Maintenance { on: !store.maintenance },
        Verb::Password => StoreChange::ResetAdminPassword,
        Verb::Rename => StoreChange::Rename { name: text("name")? },
        Verb::Address => StoreChange::ChangeAddress { address: text("address")? },
        Verb::Transfer => StoreChange::Transfer { email: text("email")?, reason: text("reason")? },
        Verb::Resume => StoreChange::Resume { reason: text("reason")? },
        Verb::Plan => StoreChange::ChangePlan { plan: text("plan")?, reason: text("reason")? },
        Verb::Suspend => match SuspendCause::parse(&text("cause")?) {
            Some(cause) => StoreChange::Suspend { cause, reason: text("reason")? },
            None => return Ok(Err(vec![("cause", "Choose what visitors read".into())])),
        },
    };
    match change_store(&ctx.state().services, &ctx.actor(), store.id, &change).await {
        Ok(job) => Ok(Ok(job.uid)),
        Err(ServiceError::Invalid(fields)) => Ok(Err(fields)),
        Err(other) => Err(other.into()),
    }
}
