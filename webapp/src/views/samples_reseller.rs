//! Pages of a reseller about their customers with made-up data: what a store writes and uses, and what happened.

use super::reseller::{CustomerLogs, CustomerUsage, EventRow, Events, Provider, ProviderForm};
use super::samples::{HOSTILE, owner, staff, when};
use super::samples_staff::{store_log, usage};
use super::*;

fn logs(filled: bool) -> CustomerLogs {
    CustomerLogs {
        page: owner("Logs"),
        email: HOSTILE.into(),
        back: "/reseller/customers/3".into(),
        store_name: HOSTILE.into(),
        log: filled.then(|| store_log(40, "")),
    }
}

fn used(filled: bool) -> CustomerUsage {
    CustomerUsage {
        page: owner("Usage"),
        email: HOSTILE.into(),
        back: "/reseller/customers/3".into(),
        store_name: HOSTILE.into(),
        usage: filled.then(|| usage(true)),
    }
}

fn events(filled: bool, chip: &str) -> Events {
    Events {
        page: owner("What happened"),
        rows: if filled {
            vec![EventRow {
                at: when(),
                who: HOSTILE.into(),
                what: HOSTILE.into(),
                customer: HOSTILE.into(),
                customer_href: "/reseller/customers/3".into(),
                address: HOSTILE.into(),
                badge: Badge::new("warning", "Refused"),
            }]
        } else {
            vec![]
        },
        pager: Pager { text: "1 shown".into(), newer: "/reseller/events?before=2".into(), older: String::new() },
        chip: chip.into(),
    }
}

fn provider(theirs: bool, wrong: bool) -> Provider {
    let field = |value: &str| Field { value: value.into(), error: if wrong { HOSTILE.into() } else { String::new() } };
    Provider {
        page: Page { has_errors: wrong, ..staff("Provider") },
        back: "/admin/customers/3".into(),
        email: HOSTILE.into(),
        provider: if theirs { HOSTILE.into() } else { String::new() },
        before: if theirs { "1".into() } else { String::new() },
        form_key: "k".into(),
        form: ProviderForm {
            errors: if wrong { vec![FieldError { field: "reseller", text: HOSTILE.into() }] } else { vec![] },
            ours: false,
            reseller: field(HOSTILE),
            reason: field(HOSTILE),
            password: field(""),
        },
    }
}

pub(super) fn all() -> Vec<(&'static str, Result<String, RenderError>)> {
    vec![
        ("provider", provider(false, false).render()),
        ("provider-of-reseller", provider(true, false).render()),
        ("provider-wrong", provider(true, true).render()),
        ("reseller-logs", logs(true).render()),
        ("reseller-logs-none", logs(false).render()),
        ("reseller-usage", used(true).render()),
        ("reseller-usage-none", used(false).render()),
        ("reseller-events", events(true, HOSTILE).render()),
        ("reseller-events-none", events(false, "").render()),
        ("reseller-events-of-one-none", events(false, HOSTILE).render()),
    ]
}
