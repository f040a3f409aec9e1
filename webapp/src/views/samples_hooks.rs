//! Receivers of events with made-up data: none, some, failing, paused, a secret, a delivery with its tries.

use super::samples::{HOSTILE, owner, staff, when};
use super::webhooks::{
    DeliveryFacts, DeliveryLine, EventChoice, HookFacts, HookForm, HookRow, Hooks, OwnerHooks, StaffHooks, TryLine,
};
use super::*;

fn form(wrong: bool) -> HookForm {
    let words = if wrong { "The address has to begin with https://" } else { "" };
    HookForm {
        action: "/account/webhooks".into(),
        url: Field { value: HOSTILE.into(), error: words.into() },
        note: Field::of(HOSTILE),
        events: vec![
            EventChoice { name: "store.live", about: "A store is set up and answers", current: true },
            EventChoice { name: "job.failed", about: "A job of a store failed", current: false },
        ],
        events_error: if wrong { "Choose at least one event".into() } else { String::new() },
        errors: if wrong { vec![FieldError { field: "url", text: words.into() }] } else { vec![] },
    }
}

fn one(paused: bool) -> HookFacts {
    HookFacts {
        href: "/account/webhooks/01J".into(),
        name: HOSTILE.into(),
        url: "https://hooks.example.com/a/very/long/path/that/has/to/break/somewhere/on/a/phone?x=1".into(),
        badge: if paused { Badge::new("bad", "Paused") } else { Badge::new("good", "Active") },
        paused,
        remark: if paused { HOSTILE.into() } else { String::new() },
        last: Some(when()),
        overlap: paused.then(when),
        failed: paused,
    }
}

fn part(kind: &'static str, full: bool, wrong: bool) -> Hooks {
    Hooks {
        kind,
        base: "/account/webhooks",
        csrf: "t".into(),
        form_key: "k".into(),
        rows: if full {
            vec![HookRow {
                href: "/account/webhooks/01J".into(),
                name: HOSTILE.into(),
                host: "hooks.example.com".into(),
                badge: Badge::new("warning", "Failing"),
                events: "3 events".into(),
                last: None,
            }]
        } else {
            vec![]
        },
        form: form(wrong),
        one: (kind != "list").then(|| one(full)),
        secret: "whsec_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=".into(),
        deliveries: if full {
            vec![DeliveryLine {
                href: "/account/webhooks/01J/deliveries/evt_1".into(),
                kind: "store.live".into(),
                badge: Badge::new("bad", "Given up"),
                attempts: 10,
                at: when(),
            }]
        } else {
            vec![]
        },
        pager: Pager { text: "30 shown, there are more".into(), older: "?after=1".into(), newer: String::new() },
        delivery: (kind == "delivery").then(|| DeliveryFacts {
            href: "/account/webhooks/01J/deliveries/evt_1".into(),
            id: "evt_01J".into(),
            kind: "store.live".into(),
            badge: Badge::new("warning", "Retrying"),
            next: full.then(when),
            over: !full,
            body: format!("{{ \"x\": \"{HOSTILE}\" }}"),
            tries: if full {
                vec![TryLine {
                    at: when(),
                    badge: Badge::new("bad", "Failed"),
                    status: "500".into(),
                    took: "120 ms".into(),
                    error: "It answered 500".into(),
                    answer: HOSTILE.into(),
                }]
            } else {
                vec![]
            },
        }),
    }
}

pub(super) fn all() -> Vec<(&'static str, Result<String, RenderError>)> {
    let mine = |hooks: Hooks, wrong| OwnerHooks { page: Page { has_errors: wrong, ..owner("Webhooks") }, hooks };
    vec![
        ("webhooks", mine(part("list", true, false), false).render()),
        ("webhooks-empty", mine(part("list", false, false), false).render()),
        ("webhooks-error", mine(part("list", true, true), true).render()),
        ("webhook-secret", mine(part("secret", true, false), false).render()),
        ("webhook", mine(part("one", false, false), false).render()),
        ("webhook-paused", mine(part("one", true, false), false).render()),
        ("webhook-delivery", mine(part("delivery", true, false), false).render()),
        ("webhook-delivery-new", mine(part("delivery", false, false), false).render()),
        ("admin-webhooks", StaffHooks { page: staff("Webhooks"), hooks: part("list", true, false) }.render()),
        ("admin-webhook", StaffHooks { page: staff("Webhooks"), hooks: part("one", true, false) }.render()),
    ]
}
