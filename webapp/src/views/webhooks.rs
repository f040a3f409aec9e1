//! Receivers of events, for owners and staff alike: one content, two frames.

use super::{Badge, Field, FieldError, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// An event that can be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct EventChoice {
    /// `store.live`
    pub name: &'static str,
    /// For people.
    pub about: &'static str,
    /// Chosen.
    pub current: bool,
}

/// The form of a receiver.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HookForm {
    /// Where it posts.
    pub action: String,
    /// Where.
    pub url: Field,
    /// What it is for.
    pub note: Field,
    /// Kinds of events.
    pub events: Vec<EventChoice>,
    /// What is wrong with the choice, or empty.
    pub events_error: String,
    /// Summary.
    pub errors: Vec<FieldError>,
}

/// A receiver in the list.
#[derive(Debug, Clone, Serialize)]
pub struct HookRow {
    /// Its page.
    pub href: String,
    /// Its name, or its host.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Sends, fails, paused.
    pub badge: Badge,
    /// "3 events"
    pub events: String,
    /// Last time something arrived.
    pub last: Option<When>,
}

/// A receiver.
#[derive(Debug, Clone, Serialize)]
pub struct HookFacts {
    /// Its page.
    pub href: String,
    /// Its name, or its host.
    pub name: String,
    /// Where.
    pub url: String,
    /// Sends, fails, paused.
    pub badge: Badge,
    /// Nothing is sent.
    pub paused: bool,
    /// Why, or how it does.
    pub remark: String,
    /// Last time something arrived.
    pub last: Option<When>,
    /// The former secret signs as well until then.
    pub overlap: Option<When>,
    /// Something was given up.
    pub failed: bool,
}

/// A delivery in the list.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryLine {
    /// Its page.
    pub href: String,
    /// Kind of event.
    pub kind: String,
    /// State.
    pub badge: Badge,
    /// Tries.
    pub attempts: u32,
    /// Written.
    pub at: When,
}

/// A try.
#[derive(Debug, Clone, Serialize)]
pub struct TryLine {
    /// When.
    pub at: When,
    /// Worked or not.
    pub badge: Badge,
    /// Status, or "–".
    pub status: String,
    /// "120 ms"
    pub took: String,
    /// Why it failed, or empty.
    pub error: String,
    /// The beginning of the answer.
    pub answer: String,
}

/// A delivery.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryFacts {
    /// Its page.
    pub href: String,
    /// `evt_…`
    pub id: String,
    /// Kind of event.
    pub kind: String,
    /// State.
    pub badge: Badge,
    /// Next try, while it waits.
    pub next: Option<When>,
    /// It can be sent again.
    pub over: bool,
    /// What is posted.
    pub body: String,
    /// Newest first.
    pub tries: Vec<TryLine>,
}

/// The content of every page about receivers.
#[derive(Debug, Clone, Serialize)]
pub struct Hooks {
    /// list, secret, one, delivery
    pub kind: &'static str,
    /// The list's page.
    pub base: &'static str,
    /// Form token.
    pub csrf: OneUse,
    /// One-use key.
    pub form_key: OneUse,
    /// All of them.
    pub rows: Vec<HookRow>,
    /// The form of a new one, or of the one.
    pub form: HookForm,
    /// The one.
    pub one: Option<HookFacts>,
    /// Its secret, shown once.
    pub secret: String,
    /// Its deliveries, newest first.
    pub deliveries: Vec<DeliveryLine>,
    /// Pager.
    pub pager: Pager,
    /// The delivery.
    pub delivery: Option<DeliveryFacts>,
}

/// `/account/webhooks`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerHooks {
    /// Chrome.
    pub page: Page,
    /// Content.
    pub hooks: Hooks,
}
view!(OwnerHooks => "pages/account/webhooks.html");

/// `/admin/webhooks`
#[derive(Debug, Clone, Serialize)]
pub struct StaffHooks {
    /// Chrome.
    pub page: Page,
    /// Content.
    pub hooks: Hooks,
}
view!(StaffHooks => "pages/admin/webhooks.html");
