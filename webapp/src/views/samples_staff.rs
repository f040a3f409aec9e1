//! Staff pages with made-up data: the lists of the admin panel, filled, empty and with errors.

use super::admin::audit::{Audit, Event, Filter, Verified};
use super::admin::confirm::Confirm;
use super::admin::customer_forms::CustomerForm;
use super::admin::mail::{Mail, MailLog};
use super::admin::ports::{Orphan, Pool, Port, Ports};
use super::admin::schedules::{Schedule, Schedules};
use super::admin::search::{Hit, Hits, Search};
use super::admin::settings::{Group, Setting, Settings};
use super::samples::{HOSTILE, staff, when};
use super::*;

fn choices(words: &[&str]) -> Vec<Choice> {
    words.iter().enumerate().map(|(i, w)| Choice { value: (*w).into(), label: (*w).into(), current: i == 0 }).collect()
}

pub(super) fn store_log(rows: usize, problem: &str) -> store_log::StoreLog {
    use hosting::domain::{Level, LogSource, StoreLogLine};
    let levels = [Level::Info, Level::Warning, Level::Error];
    let lines: Vec<StoreLogLine> = (0..rows)
        .map(|i| StoreLogLine {
            at: 1_795_255_200_000_000_000 + i as i64 * 1_000_000,
            source: LogSource::ALL[i % 3],
            level: levels[i % 3],
            text: format!(
                "192.0.2.{i} \"GET /{HOSTILE} HTTP/1.1\" 200 5123 0.012 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\""
            ),
        })
        .collect();
    store_log::StoreLog {
        here: "/dashboard/logs".into(),
        again: "/dashboard/logs?find=x".into(),
        stream: if problem.is_empty() { "/dashboard/logs/stream".into() } else { String::new() },
        after: "1-2".into(),
        login: "/login".into(),
        sources: choices(&["Everything", "Web server"]),
        levels: choices(&["All levels", "Errors"]),
        counts: choices(&["100 lines", "200 lines"]),
        find: HOSTILE.into(),
        filtered: rows == 0,
        blocks_html: vec![line_html::store_lines(&lines) + &line_html::left_out(17, false)],
        shown: format!("The last {rows} lines"),
        problem: problem.into(),
        refresh: true,
    }
}

pub(super) fn usage(full: bool) -> usage::UsagePart {
    use usage::{Chart, ChartLine, Figure, Mark, UsageMeter, UsagePart};
    let mark = |at: &str, text: &str| Mark { at: at.into(), text: text.into() };
    let line = |name: &str, class, path: &str| ChartLine { name: name.into(), class, path: path.into() };
    UsagePart {
        ranges: chips(),
        meters: vec![UsageMeter {
            label: "Space",
            bar: Meter { id: "m-disk".into(), text: "950 MB of 1 GB".into(), value: 95, max: 100, low: 80, high: 90 },
        }],
        warnings: if full { vec!["95 % of the plan's space is used.".into()] } else { vec![] },
        badge: (!full).then(|| Badge::new("unknown", "No data now")),
        gaps: if full { "There is a gap.".into() } else { String::new() },
        figures: ["memory", "requests"]
            .into_iter()
            .filter(|_| full)
            .map(|key| Figure {
                chart: Chart {
                    key,
                    title: key.into(),
                    summary: "At most 300 MB of 1 GB in 24 hours.".into(),
                    lines: vec![
                        line("Average", "one", "M56 156L113.6 120M344 84h0M574.4 90L632 100"),
                        line("Highest", "two", "M56 150L113.6 110M344 80h0M574.4 70L632 60"),
                    ],
                    limit: Some(mark("12", "Plan: 1 GB")),
                    rows: vec![mark("156", "0 kB"), mark("84", "512 MB"), mark("12", "1 GB")],
                    times: vec![mark("128", "12:00"), mark("416", "00:00")],
                },
                columns: vec!["Average", "Highest"],
                rows: vec![vec!["21 Nov 2026, 09:00".into(), "100 MB".into(), "120 MB".into()]],
            })
            .collect(),
        empty: "Nothing was measured in this time.".into(),
    }
}

fn chips() -> Vec<Link> {
    vec![Link { href: "?".into(), label: HOSTILE.into(), current: false }]
}

fn audit(rows: usize, whole: Option<bool>, may_keep: bool) -> Audit {
    Audit {
        page: staff("Audit"),
        filter: Filter {
            who: HOSTILE.into(),
            actions: choices(&["Any action", "store.create"]),
            wrong_day: if rows == 0 { "Enter days like 2026-11-21." } else { "" },
            chips: chips(),
            ..Filter::default()
        },
        rows: (0..rows)
            .map(|i| Event {
                number: i as u64 + 1,
                at: when(),
                who: "ana@example.com".into(),
                role: "super admin".into(),
                action: "setting.set".into(),
                object: "setting smtp_port".into(),
                object_href: if i % 2 == 0 { "/admin/customers/1".into() } else { String::new() },
                address: "192.0.2.1".into(),
                badge: [Badge::new("good", "Done"), Badge::new("warning", "Refused"), Badge::new("bad", "Failed")]
                    [i % 3]
                    .clone(),
                change: format!("25 → 587 · reason: {HOSTILE}"),
            })
            .collect(),
        pager: Pager { text: "50 shown, there are more".into(), older: "?after=1".into(), newer: "?before=9".into() },
        verified: whole.map(|whole| Verified { whole, text: "The chain is whole: 12 events.".into(), at: when() }),
        may_keep,
        form_key: "k".into(),
    }
}

fn service_logs(rows: usize) -> admin::logs::ServiceLogs {
    use hosting::db::service_lines::ServiceLine;
    let lines: Vec<ServiceLine> = (0..rows)
        .map(|i| ServiceLine {
            id: i as u64,
            at: time::macros::datetime!(2026-11-21 09:57:00),
            service: ["web", "worker"][i % 2].into(),
            place: HOSTILE.into(),
            level: (i % 4) as u8,
            correlation: if i % 2 == 0 { "0199b1c0-aaaa".into() } else { String::new() },
            text: HOSTILE.into(),
        })
        .collect();
    admin::logs::ServiceLogs {
        page: staff("Service logs"),
        stream: if rows > 0 { "/admin/logs/stream".into() } else { String::new() },
        after: "7".into(),
        services: choices(&["All services", "web"]),
        levels: choices(&["All levels", "Errors"]),
        find: HOSTILE.into(),
        correlation: HOSTILE.into(),
        from: HOSTILE.into(),
        to: String::new(),
        wrong_time: if rows == 0 { "Enter times like 2026-11-21 09:00".into() } else { String::new() },
        chips: chips(),
        blocks_html: vec![line_html::service_lines(&lines)],
        shown: format!("{rows} lines"),
        pager: Pager { text: "100 shown, there are more".into(), older: "?after=1".into(), newer: String::new() },
    }
}

fn schedules(full: bool) -> Schedules {
    let row = |paused: bool| Schedule {
        name: format!("housekeeping{paused}"),
        title: "Housekeeping".into(),
        badge: if paused { Badge::new("waiting", "Paused") } else { Badge::new("good", "On") },
        every: "every 5 min, on each server".into(),
        last: (!paused).then(when),
        next: (!paused).then(when),
        jobs_href: "/admin/jobs?kind=housekeeping".into(),
        job: "J-1A2B3C".into(),
        job_href: if paused { String::new() } else { "/admin/jobs/01J".into() },
        job_badge: Some(Badge::job("finished")),
        paused,
        form_key: "k".into(),
    };
    Schedules { page: staff("Schedules"), rows: if full { vec![row(false), row(true)] } else { vec![] }, may_act: full }
}

fn ports(full: bool, wrong: bool) -> Ports {
    let port = |i: u16| Port {
        number: 8001 + i,
        state: ["used", "rest", "orphan", "free"][usize::from(i % 4)],
        words: format!("used by {HOSTILE}"),
        href: if i.is_multiple_of(4) { "/admin/customers/1".into() } else { String::new() },
    };
    let pool = |name: &'static str, title, nearly_full| Pool {
        name,
        title,
        meter: Meter::of(format!("meter-{name}"), if nearly_full { 92 } else { 12 }, 100, "12 of 100".into()),
        text: "12 used, 3 resting, 85 free".into(),
        nearly_full,
        ports: if nearly_full { (0..100).map(port).collect() } else { vec![] },
    };
    Ports {
        page: Page { has_errors: wrong, ..staff("Ports") },
        servers: choices(&["local-1", "local-2"]),
        server: if full { "local-1".into() } else { String::new() },
        pools: vec![pool("store_web", "Stores", true), pool("staging_web", "Staging", false)],
        orphans: vec![Orphan {
            number: 8004,
            words: HOSTILE.into(),
            href: "/admin/customers/1".into(),
            free_href: "/admin/ports/1/8004/free".into(),
        }],
        may_act: true,
        pool: String::new(),
        first: "80".into(),
        last: String::new(),
        errors: if wrong {
            vec![FieldError { field: "first", text: "Enter a port from 1024 to 65535".into() }]
        } else {
            vec![]
        },
        form_key: "k".into(),
    }
}

fn settings(wrong: bool) -> Settings {
    let setting = |name, kind, error: &str| Setting {
        name,
        about: "What it is for",
        kind,
        value: HOSTILE.into(),
        hint: "Default: 25.".into(),
        choices: choices(&["none", "starttls"]),
        is_set: true,
        error: error.into(),
        changed_by: "grace@example.com".into(),
        changed_at: Some(when()),
    };
    let error = if wrong { "Enter a whole number from 1 to 65535" } else { "" };
    Settings {
        page: Page { has_errors: wrong, ..staff("Settings") },
        groups: vec![Group {
            key: "mail",
            title: "Mail",
            settings: vec![
                setting("smtp_host", "text", ""),
                setting("smtp_port", "number", error),
                setting("smtp_security", "choice", ""),
                setting("smtp_password", "secret", ""),
                setting("mail_from", "email", ""),
            ],
            version: "v".into(),
            form_key: "k".into(),
        }],
        errors: if wrong { vec![FieldError { field: "smtp_port", text: error.into() }] } else { vec![] },
        own_email: "grace@example.com".into(),
        form_key: "k".into(),
    }
}

fn mail(full: bool) -> MailLog {
    let row = |i: usize| Mail {
        recipient: "ana@example.com".into(),
        customer_href: "/admin/customers/1".into(),
        subject: HOSTILE.into(),
        badge: [Badge::new("good", "Sent"), Badge::new("bad", "Not sent"), Badge::new("warning", "Retrying")][i % 3]
            .clone(),
        tries: "3".into(),
        error: if i == 1 { "the mail server refused the mail: 550".into() } else { String::new() },
        at: when(),
        job: "J-1A2B3C".into(),
        job_href: "/admin/jobs/01J".into(),
        resend: format!("/admin/mail/{i}/resend"),
        form_key: "k".into(),
    };
    MailLog {
        page: staff("Mail log"),
        to: String::new(),
        states: choices(&["Any state", "Sent"]),
        chips: if full { chips() } else { vec![] },
        rows: if full { (0..3).map(row).collect() } else { vec![] },
        pager: Pager { text: "3 shown".into(), ..Pager::default() },
        may_act: true,
    }
}

fn search(full: bool) -> Search {
    Search {
        page: staff("Search"),
        q: HOSTILE.into(),
        groups: if full {
            vec![Hits {
                key: "stores",
                title: "Stores",
                rows: vec![Hit {
                    href: "/admin/customers/1".into(),
                    title: HOSTILE.into(),
                    detail: "ana@example.com".into(),
                    badge: Some(Badge::store("active")),
                }],
                more_href: "/admin/customers?q=a".into(),
            }]
        } else {
            vec![]
        },
    }
}

fn confirm(wrong: bool) -> Confirm {
    let view = Confirm {
        page: staff("Close account"),
        parent: "/admin/customers".into(),
        parent_label: "Customers".into(),
        heading: "Close ana@example.com?".into(),
        words: vec!["Nothing is removed yet.".into()],
        action: "/admin/customers/1/close".into(),
        back: "/admin/customers/1".into(),
        hidden: vec![admin::Hidden { name: "version", value: "v".into() }],
        ask_reason: true,
        ask_name: "ana@example.com".into(),
        ask_password: true,
        reason: HOSTILE.into(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: vec![],
        button: "Close account".into(),
        busy: "Closing…",
        class: "danger",
        form_key: "k".into(),
    };
    if wrong { view.wrong("reason", "Say why") } else { view }
}

fn customer_form(id: u64, wrong: bool) -> CustomerForm {
    let words = if wrong { "Enter an email address like name@example.com" } else { "" };
    CustomerForm {
        page: Page { has_errors: wrong, ..staff("New customer") },
        id,
        action: "/admin/customers/new".into(),
        back: "/admin/customers".into(),
        before: "ana@example.com".into(),
        email: Field { value: HOSTILE.into(), error: words.into() },
        reason: Field::default(),
        errors: if wrong { vec![FieldError { field: "email", text: words.into() }] } else { vec![] },
        form_key: "k".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Result<String, RenderError>)> {
    vec![
        ("admin-audit", audit(12, Some(true), true).render()),
        ("admin-audit-broken", audit(3, Some(false), false).render()),
        ("admin-audit-empty", audit(0, None, true).render()),
        ("admin-logs", service_logs(5).render()),
        ("admin-logs-none", service_logs(0).render()),
        ("admin-schedules", schedules(true).render()),
        ("admin-schedules-empty", schedules(false).render()),
        ("admin-ports", ports(true, false).render()),
        ("admin-ports-error", ports(true, true).render()),
        ("admin-ports-empty", ports(false, false).render()),
        ("admin-settings", settings(false).render()),
        ("admin-settings-error", settings(true).render()),
        ("admin-mail", mail(true).render()),
        ("admin-mail-empty", mail(false).render()),
        ("admin-search", search(true).render()),
        ("admin-search-empty", search(false).render()),
        ("admin-customer-new", customer_form(0, false).render()),
        ("admin-customer-new-error", customer_form(0, true).render()),
        ("admin-customer-edit", customer_form(12, false).render()),
        ("admin-confirm", confirm(false).render()),
        ("admin-confirm-error", confirm(true).render()),
    ]
}
