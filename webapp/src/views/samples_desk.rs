//! Tickets with made-up data: filled, empty, over, with errors, and with somebody who was quicker.

use super::samples::{HOSTILE, owner, staff, when};
use super::tickets::{
    CannedAnswers, CannedRow, CustomerPanel, Entry, FileLink, NewTicket, OwnerTicket, OwnerTickets, Queue, QueueRow,
    ResellerTicket, ResellerTickets, StaffTicket, StoreNow, TicketFacts, TicketRow,
};
use super::*;
use hosting::domain::upload::LIMITS;

fn choices(words: &[&str]) -> Vec<Choice> {
    words.iter().enumerate().map(|(i, w)| Choice { value: (*w).into(), label: (*w).into(), current: i == 0 }).collect()
}

fn pager() -> Pager {
    Pager { text: "50 shown, there are more".into(), older: "?after=1-1".into(), newer: "?before=9-9".into() }
}

fn errors(field: &'static str, wrong: bool) -> Vec<FieldError> {
    if wrong { vec![FieldError { field, text: "Enter a message".into() }] } else { vec![] }
}

/// Tickets in a list.
pub(super) fn rows() -> Vec<TicketRow> {
    [Badge::new("waiting", "Waiting for our answer"), Badge::new("busy", "We answered"), Badge::new("good", "Solved")]
        .into_iter()
        .map(|badge| TicketRow {
            href: "/dashboard/tickets/01J".into(),
            subject: HOSTILE.into(),
            short: "T-ABC123".into(),
            badge,
            moved: when(),
            store: HOSTILE.into(),
        })
        .collect()
}

fn entries(notes: bool) -> Vec<Entry> {
    ["customer", "staff", "note"]
        .into_iter()
        .filter(|kind| notes || *kind != "note")
        .enumerate()
        .map(|(i, kind)| Entry {
            id: format!("m{i}"),
            who: HOSTILE.into(),
            kind,
            at: when(),
            source: if i == 0 { "by email" } else { "" },
            text: format!("{HOSTILE}\n\n{}", "long ".repeat(40)),
            files: vec![FileLink { href: "/x/files/01J".into(), name: HOSTILE.into(), size: "120 KB".into() }],
        })
        .collect()
}

fn facts(over: bool) -> TicketFacts {
    TicketFacts {
        href: "/dashboard/tickets/01J".into(),
        short: "T-ABC123".into(),
        subject: HOSTILE.into(),
        badge: if over { Badge::new("good", "Solved") } else { Badge::new("waiting", "Waiting for our answer") },
        category: "My store",
        priority: "Urgent",
        opened: when(),
        over,
        attached: vec![Labelled::new("Store", HOSTILE), Labelled::new("Last job", "Set up store, done")],
    }
}

fn owner_ticket(over: bool, wrong: bool) -> OwnerTicket {
    OwnerTicket {
        page: Page { has_errors: wrong, ..owner("Checkout fails") },
        ticket: facts(over),
        entries: entries(false),
        message: Field { value: HOSTILE.into(), error: if wrong { "Enter a message".into() } else { String::new() } },
        files_error: if wrong { format!("{HOSTILE} is larger than 5 MB") } else { String::new() },
        limits: LIMITS,
        errors: errors("message", wrong),
        promise: if over { String::new() } else { "24 hours".into() },
        form_key: "k".into(),
    }
}

fn new_ticket(wrong: bool, stores: bool) -> NewTicket {
    NewTicket {
        page: Page { has_errors: wrong, ..owner("Ask for help") },
        subject: Field { value: HOSTILE.into(), error: if wrong { "Enter a subject".into() } else { String::new() } },
        message: Field::of(HOSTILE),
        categories: choices(&["My store", "Web address"]),
        priorities: choices(&["Normal", "Urgent: my store cannot sell"]),
        stores: if stores { choices(&[HOSTILE, "None of them"]) } else { vec![] },
        files_error: if wrong { "Choose at most 5 files".into() } else { String::new() },
        limits: LIMITS,
        errors: errors("subject", wrong),
        promise: "24 hours".into(),
        form_key: "k".into(),
    }
}

fn queue(full: bool, filtered: bool) -> Queue {
    Queue {
        page: staff("Tickets"),
        which: choices(&["Waiting for us", "Solved"]),
        whose: choices(&["Anybody's", "Mine"]),
        categories: choices(&["Anything", "My store"]),
        chips: if filtered {
            vec![Link { href: "/admin/tickets".into(), label: "Mine".into(), current: false }]
        } else {
            vec![]
        },
        rows: if full {
            vec![QueueRow {
                href: "/admin/tickets/01J".into(),
                subject: HOSTILE.into(),
                short: "T-ABC123".into(),
                customer: "ana@example.com".into(),
                customer_href: "/admin/customers/1".into(),
                badge: Badge::new("warning", "New"),
                priority: Badge::new("bad", "Urgent"),
                category: "My store",
                assigned: String::new(),
                moved: when(),
            }]
        } else {
            vec![]
        },
        pager: pager(),
    }
}

fn reseller_tickets(full: bool, filtered: bool) -> ResellerTickets {
    let Queue { which, categories, chips, rows, pager, .. } = queue(full, filtered);
    let customer = if filtered { "3".into() } else { String::new() };
    ResellerTickets { page: owner("Tickets"), which, categories, customer, chips, rows, pager }
}

fn reseller_ticket(over: bool, since: bool) -> ResellerTicket {
    ResellerTicket {
        page: Page { has_errors: over, ..owner("Checkout fails") },
        ticket: facts(over),
        customer: HOSTILE.into(),
        customer_href: "/reseller/customers/3".into(),
        entries: entries(false),
        signed: if over { String::new() } else { HOSTILE.into() },
        message: Field { value: HOSTILE.into(), error: if over { "Enter a message".into() } else { String::new() } },
        files_error: if over { format!("{HOSTILE} is larger than 5 MB") } else { String::new() },
        limits: LIMITS,
        errors: errors("message", over),
        since: if since { format!("{HOSTILE} answered 10 s ago. Nothing was sent.") } else { String::new() },
        seen: 3,
        form_key: "k".into(),
    }
}

fn staff_ticket(over: bool, since: bool) -> StaffTicket {
    StaffTicket {
        page: staff("Checkout fails"),
        ticket: facts(over),
        job_href: "/admin/jobs/01J".into(),
        job: "J-ABC123".into(),
        entries: entries(true),
        message: Field::of(HOSTILE),
        files_error: String::new(),
        limits: LIMITS,
        note: Field { value: HOSTILE.into(), error: if over { "Enter a message".into() } else { String::new() } },
        errors: errors("note", over),
        since: if since { format!("{HOSTILE} answered 10 s ago. Nothing was sent.") } else { String::new() },
        seen: 3,
        canned: if over { vec![] } else { choices(&[HOSTILE]) },
        staff: choices(&["Nobody", HOSTILE]),
        categories: choices(&["My store"]),
        priorities: choices(&["Normal"]),
        customer: CustomerPanel {
            email: "ana@example.com".into(),
            name: HOSTILE.into(),
            href: "/admin/customers/1".into(),
            store: (!over).then(|| StoreNow {
                name: HOSTILE.into(),
                badge: Badge::store("active"),
                url: "http://x/".into(),
                host: "anas-bikes.shops.localhost".into(),
                plan: "Grow".into(),
                server: "local-1".into(),
            }),
            others: rows(),
        },
        form_key: "k".into(),
        note_key: "k".into(),
    }
}

fn canned(one: bool, full: bool) -> CannedAnswers {
    CannedAnswers {
        page: staff("Kept answers"),
        rows: if full {
            vec![CannedRow {
                href: "/admin/tickets/answers/01J".into(),
                title: HOSTILE.into(),
                start: HOSTILE.into(),
                by: "grace@example.com".into(),
                at: when(),
            }]
        } else {
            vec![]
        },
        action: "/admin/tickets/answers".into(),
        one: if one { "/admin/tickets/answers/01J".into() } else { String::new() },
        title: Field { value: HOSTILE.into(), error: if one { "Enter a title".into() } else { String::new() } },
        body: Field::of(HOSTILE),
        version: 2,
        errors: if one { vec![FieldError { field: "title", text: "Enter a title".into() }] } else { vec![] },
        form_key: "k".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Result<String, RenderError>)> {
    let list = |rows| OwnerTickets { page: owner("Help"), rows, pager: pager(), promise: "24 hours".into() };
    vec![
        ("reseller-tickets", reseller_tickets(true, false).render()),
        ("reseller-tickets-none", reseller_tickets(false, false).render()),
        ("reseller-tickets-no-match", reseller_tickets(false, true).render()),
        ("reseller-ticket", reseller_ticket(false, true).render()),
        ("reseller-ticket-wrong", reseller_ticket(true, false).render()),
        ("tickets", list(rows()).render()),
        ("tickets-empty", list(vec![]).render()),
        ("ticket-new", new_ticket(false, true).render()),
        ("ticket-new-error", new_ticket(true, false).render()),
        ("ticket", owner_ticket(false, false).render()),
        ("ticket-over", owner_ticket(true, false).render()),
        ("ticket-error", owner_ticket(false, true).render()),
        ("admin-tickets", queue(true, false).render()),
        ("admin-tickets-empty", queue(false, false).render()),
        ("admin-tickets-filtered", queue(false, true).render()),
        ("admin-ticket", staff_ticket(false, false).render()),
        ("admin-ticket-since", staff_ticket(false, true).render()),
        ("admin-ticket-over", staff_ticket(true, false).render()),
        ("admin-ticket-answers", canned(false, true).render()),
        ("admin-ticket-answers-empty", canned(false, false).render()),
        ("admin-ticket-answer", canned(true, false).render()),
    ]
}
