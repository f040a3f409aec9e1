//! Every page with made-up data: filled, empty and with errors. `SHOPFLEET_SAMPLES=dir` also
//! writes the pages out, for a look in a browser.

use super::admin;
use super::change::*;
use super::errors::{ErrorPage, OwnerError, StaffError};
use super::line_html::{self, LogLine};
use super::log::{Group, LogPart, OwnerStep};
use super::owner::*;
use super::public::*;
use super::*;
use time::macros::datetime;

pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'&{{ 7*7 }}";

fn page(title: &str) -> Page {
    Page {
        title: title.into(),
        product: "Shopfleet".into(),
        support_email: "help@shopfleet.example".into(),
        csrf: "token".into(),
        theme: "auto".into(),
        theme_url: "/theme",
        themes: ThemeChoice::all("auto"),
        here: "/".into(),
        ..Page::default()
    }
}

pub(super) fn owner(title: &str) -> Page {
    Page {
        user: Some(User { name: "ana@example.com".into(), role: String::new() }),
        menu: vec![
            MenuItem { href: "/dashboard", label: "Your store", icon: "home", current: true },
            MenuItem { href: "/dashboard/access", label: "Sign-in details", icon: "key", current: false },
        ],
        ..page(title)
    }
}

pub(super) fn staff(title: &str) -> Page {
    Page {
        user: Some(User { name: "Grace Hopper".into(), role: "Super admin".into() }),
        menu: vec![
            MenuItem { href: "/admin", label: "Overview", icon: "layout-dashboard", current: true },
            MenuItem { href: "/admin/customers", label: "Customers", icon: "users", current: false },
            MenuItem { href: "/admin/jobs", label: "Jobs", icon: "list-check", current: false },
            MenuItem { href: "/admin/system", label: "System", icon: "activity", current: false },
        ],
        ..page(title)
    }
}

pub(super) fn when() -> When {
    When::relative(datetime!(2026-11-21 09:57:00), datetime!(2026-11-21 10:00:00))
}

fn plans() -> Vec<Plan> {
    ["Start", "Grow", "Scale"]
        .iter()
        .enumerate()
        .map(|(i, name)| Plan {
            slug: name.to_lowercase(),
            name: (*name).into(),
            price: format!("€{}", [9, 29, 79][i]),
            price_unit: "a month".into(),
            price_note: "Tax is added where it applies.".into(),
            summary: format!("{} GB of space", [5, 20, 80][i]),
            limits: vec![
                format!("{} GB of space", [5, 20, 80][i]),
                "1 processor core".into(),
                "Daily backups kept 30 days".into(),
            ],
            best: i == 1,
            available: i != 2,
        })
        .collect()
}

fn form_with_errors() -> SignUpForm {
    let mut f = SignUpForm {
        email: Field::of(HOSTILE),
        store_name: Field::of(HOSTILE),
        platform: Field::of("woocommerce"),
        plan: Field::of("grow"),
        address: Field::of("admin"),
        ..SignUpForm::default()
    };
    f.email.error = "Enter an email address like name@example.com".into();
    f.password.error = "Enter a password of at least 10 characters".into();
    f.address.error = "This web address is reserved. Choose another".into();
    f.errors = vec![
        FieldError { field: "email", text: f.email.error.clone() },
        FieldError { field: "password", text: f.password.error.clone() },
        FieldError { field: "address", text: f.address.error.clone() },
    ];
    f
}

fn log_lines() -> Vec<LogLine> {
    let texts = [
        (1, 1, "Server \u{1b}[1mlocal-1\u{1b}[0m chosen: most free memory (12.1 GB), 3 of 500 stores"),
        (1, 1, "Web port 8004 reserved"),
        (2, 1, "Directory ready"),
        (3, 1, "Copying golden template shopfleet/template-woocommerce:3"),
        (3, 1, "\u{1b}[32mcopied 4,812 files in 412 ms\u{1b}[0m"),
        (4, 2, "db: not healthy yet"),
        (4, 2, "db: not healthy yet"),
        (4, 2, "db: not healthy yet"),
        (4, 3, "container store-1a2b3c4d-web exited with code 1 <script>alert(1)</script>"),
        (4, 1, "see https://docs.example/errors/E4 for what that means"),
    ];
    texts
        .iter()
        .zip(1u32..)
        .map(|((step, level, text), seq)| LogLine {
            seq,
            step: *step,
            level: *level,
            at: datetime!(2026-11-21 09:57:00.125),
            text: (*text).into(),
        })
        .collect()
}

fn log(state: &str) -> LogPart {
    let all = log_lines();
    let titles = ["Reserve a place", "Prepare the directory", "Place the shop", "Start the containers"];
    let groups = (1..=4u32)
        .map(|p| {
            let lines: Vec<LogLine> = all.iter().filter(|l| l.step == p).cloned().collect();
            let over = p < 4;
            Group {
                position: p,
                title: titles[p as usize - 1].into(),
                state: if over { "finished" } else { state }.into(),
                badge: Some(Badge::step(if over { "finished" } else { state })),
                started_ms: String::new(),
                took: "420 ms".into(),
                open: !over,
                blocks_html: line_html::blocks(&lines, "?"),
            }
        })
        .collect();
    LogPart {
        stream: "/admin/jobs/01J/log/stream".into(),
        lines: "/admin/jobs/01J/log".into(),
        find_url: "/admin/jobs/01J/log/find?attempt=1".into(),
        status: "/admin/jobs/01J/state".into(),
        login: "/admin/login".into(),
        here: "/admin/jobs/01J".into(),
        join: "?",
        last: 10,
        first: 1,
        start: 1,
        state: state.into(),
        live: false,
        conn: "Finished 09:57".into(),
        percent: 62,
        bar: if state == "failed" { "failed" } else { "" },
        progress_text: "Step 4 of 8 · about 2 s left".into(),
        warnings: 1,
        errors: 1,
        download: "/admin/jobs/01J/log.txt".into(),
        groups,
        ..LogPart::default()
    }
}

fn failure() -> admin::Failure {
    admin::Failure {
        badge: Badge::job("failed"),
        title: "Step 4, Start the containers, failed".into(),
        reason: "The shop's web container stopped right after it started.".into(),
        code: "container_exited".into(),
        reference: "J-1A2B3C4D".into(),
        first_error: 9,
        first_error_href: "?line=9#L9".into(),
        tail: log_lines().iter().rev().take(5).rev().map(|l| ansi::plain(&l.text)).collect(),
        cleanup: "Everything this attempt made was removed again. The port and the address are free.".into(),
        actions: vec![
            admin::Action {
                href: "/admin/jobs/01J/retry".into(),
                label: "Retry from step 4".into(),
                busy: "Starting…".into(),
                class: "main",
                value: "step".into(),
            },
            admin::Action {
                href: "/admin/jobs/01J/retry".into(),
                label: "Retry from start".into(),
                busy: "Starting…".into(),
                class: "",
                value: "start".into(),
            },
            admin::Action {
                href: "/admin/jobs/01J/cleanup".into(),
                label: "Clean up".into(),
                busy: "Cleaning…".into(),
                class: "danger",
                value: String::new(),
            },
        ],
    }
}

fn store_card(state: &str) -> StoreCard {
    StoreCard {
        name: "Ana's Bikes".into(),
        state: state.into(),
        badge: Badge::store(state),
        url: "http://anas-bikes.shops.localhost:8080/".into(),
        host: "anas-bikes.shops.localhost".into(),
        admin_url: "http://anas-bikes.shops.localhost:8080/wp-admin/".into(),
        live: state == "active",
        setup_url: if state == "active" { String::new() } else { "/setup/01J".into() },
        waiting: String::new(),
        problem: if state == "failed" { "We could not start your store's database.".into() } else { String::new() },
        plan: "Grow".into(),
        platform: "WooCommerce".into(),
        created: when(),
        live_since: Some(when()),
        deletion: (state == "active").then(when),
        limits: vec![Labelled::new("Space", "20 GB"), Labelled::new("Traffic", "500 GB a month")],
        poll: String::new(),
        without_shop: false,
        maintenance: state == "active",
        looks: vec![Link { href: "/dashboard/logs".into(), label: "Logs".into(), current: false }],
        changes: vec![Link { href: "/dashboard/store/restart".into(), label: "Restart store".into(), current: false }],
    }
}

fn setup(phase: &'static str) -> Setup {
    let steps = [
        "Reserve a place",
        "Prepare the directory",
        "Place your shop",
        "Start it",
        "Give it your name",
        "Open the web address",
        "Check it works",
    ];
    Setup {
        page: owner("Setting up Ana's Bikes"),
        heading: match phase {
            "done" => "Your store is ready",
            "failed" => "We could not finish",
            _ => "Setting up Ana's Bikes",
        }
        .into(),
        phase,
        badge: match phase {
            "done" => Badge::new("good", "Live"),
            "failed" => Badge::new("bad", "Failed"),
            _ => Badge::new("busy", "Setting up"),
        },
        store_name: "Ana's Bikes".into(),
        store_url: "http://anas-bikes.shops.localhost:8080/".into(),
        store_host: "anas-bikes.shops.localhost".into(),
        reason: "We could not start your store's database.".into(),
        safe_words: "Nothing was charged. We have been told and will email you.".into(),
        reference: "J-1A2B3C4D".into(),
        can_retry: true,
        retry_url: "/setup/01J/retry".into(),
        form_key: "key".into(),
        log: LogPart {
            percent: if phase == "done" { 100 } else { 48 },
            bar: match phase {
                "done" => "done",
                "failed" => "failed",
                _ => "",
            },
            live: false,
            ..log("started")
        },
        steps: steps
            .iter()
            .zip(1u32..)
            .map(|(t, p)| {
                let state = match (phase, p) {
                    ("done", _) | (_, 1..=3) => "done",
                    ("failed", 4) => "failed",
                    (_, 4) => "running",
                    _ => "todo",
                };
                OwnerStep {
                    position: p,
                    title: (*t).into(),
                    state,
                    icon: match state {
                        "done" => "good",
                        "running" => "busy",
                        "failed" => "bad",
                        _ => "unknown",
                    },
                    status: match state {
                        "done" => "120 ms",
                        "running" => "Running",
                        "failed" => "Failed",
                        _ => "",
                    }
                    .into(),
                }
            })
            .collect(),
    }
}

fn all() -> Vec<(&'static str, String)> {
    let demo = Home {
        page: page("Shopfleet"),
        price_from: "€9".into(),
        demo_badge: Badge::new("good", "Live"),
        demo_steps: &["Place reserved", "Shop put in place", "Started", "Named and checked", "Web address open"],
    };
    let sign_up = |form: SignUpForm, errors: bool| SignUp {
        page: Page { nav: "signup".into(), has_errors: errors, ..page("Create your store") },
        form,
        form_key: "key".into(),
        plans: plans(),
        base_domain: "shops.localhost".into(),
        magento_open: false,
        capacity_out: errors,
        closed: false,
    };
    let clean = SignUpForm { platform: Field::of("woocommerce"), plan: Field::of("grow"), ..SignUpForm::default() };
    let verify = |mode| Verify {
        page: page("Check your email"),
        mode,
        email: "ana@example.com".into(),
        token: "t".into(),
        starts_store: true,
        wait: 60,
        form_key: "k".into(),
        form: EmailForm::default(),
        password: Field::default(),
    };
    let sign_in_errors = SignInForm {
        errors: vec![FieldError { field: "email", text: "The email or the password is not right".into() }],
        email: Field { value: "ana@example.com".into(), error: "The email or the password is not right".into() },
        password: Field::default(),
    };
    let wrong_password = || {
        let text = "Enter a password of at least 10 characters".to_owned();
        NewPasswordForm {
            errors: vec![FieldError { field: "new_password", text: text.clone() }],
            new_password: Field { value: String::new(), error: text },
        }
    };
    let forgot =
        |sent| ForgotPassword { page: page("Password"), sent, form_key: "k".into(), form: EmailForm::default() };
    let reset =
        |usable, form| ResetPassword { page: page("Password"), usable, email: HOSTILE.into(), token: "t".into(), form };
    let account = |errors: bool| {
        let mut form = account::ProfileForm { name: Field::of(HOSTILE), ..account::ProfileForm::default() };
        if errors {
            form.name.error = "Enter a name of at most 80 characters".into();
            form.errors = vec![FieldError { field: "name", text: form.name.error.clone() }];
        }
        account::Account {
            page: Page { has_errors: errors, zone: "Europe/Berlin".into(), ..owner("Account") },
            email: HOSTILE.into(),
            wanted_email: if errors { HOSTILE.into() } else { String::new() },
            has_factor: errors,
            devices: 2,
            zones: vec![Choice { value: "UTC".into(), label: "UTC".into(), current: true }],
            themes: vec![Choice { value: "auto".into(), label: "Auto".into(), current: true }],
            closing: errors,
            notify_new_place: true,
            notify_store: false,
            is_reseller: true,
            notify_tickets: true,
            ask_before_view: errors,
            form,
        }
    };
    let data = |filled: bool| account::Data {
        page: owner("Your data"),
        exports: if filled {
            ["/account/data/x", ""]
                .map(|href| account::ExportRow {
                    href: href.into(),
                    asked: when(),
                    until: when(),
                    size: "12 KB".into(),
                })
                .to_vec()
        } else {
            Vec::new()
        },
        waiting: filled,
        form_key: "k".into(),
    };
    let close = |planned: bool| account::CloseAccount {
        page: owner("Close your account"),
        email: HOSTILE.into(),
        planned: planned.then(when),
        when: when(),
        stores: vec![HOSTILE.into()],
        form_key: "k".into(),
        form: account::CloseForm::default(),
    };
    let email_change = |mode| account::EmailChange {
        page: page("Email"),
        mode,
        token: "t".into(),
        old: HOSTILE.into(),
        new: HOSTILE.into(),
    };
    let devices = |filled: bool| account::Devices {
        page: owner("Devices"),
        devices: vec![account::DeviceRow {
            id: 1,
            browser: HOSTILE.into(),
            address: "192.0.2.7".into(),
            since: when(),
            seen: when(),
            current: true,
        }],
        others: filled,
        history: if filled {
            vec![account::SignInLine {
                at: when(),
                browser: HOSTILE.into(),
                address: "::1".into(),
                done: false,
                way: "Passkey",
            }]
        } else {
            Vec::new()
        },
        views: if filled {
            [Some(when()), None]
                .map(|to| account::ViewLine { who: HOSTILE.into(), reason: HOSTILE.into(), from: when(), to })
                .to_vec()
        } else {
            Vec::new()
        },
    };
    let staff_devices = account::StaffDevices {
        page: staff("Your sign-in"),
        email: HOSTILE.into(),
        has_factor: true,
        devices: devices(true).devices,
        others: true,
        history: devices(true).history,
    };
    let keep_factor = |mode| factor::KeepFactor {
        page: page("Keep your second factor?"),
        mode,
        token: "t".into(),
        due: Some(when()),
    };
    let keys = |filled: bool, available: bool| passkeys::Passkeys {
        base: "/account/security",
        csrf: "t".into(),
        available,
        fresh: filled,
        prove: "/reauthenticate".into(),
        rows: if filled {
            [(1, false), (2, true)]
                .map(|(id, blocked)| passkeys::PasskeyLine {
                    id,
                    name: HOSTILE.into(),
                    added: when(),
                    used: (!blocked).then(when),
                    blocked,
                })
                .to_vec()
        } else {
            vec![]
        },
        form: passkeys::PasskeyForm { removing: 2, ..passkeys::PasskeyForm::default() },
    };
    let reseller_page = |filled: bool| reseller::Reseller {
        page: owner("Customers"),
        rows: if filled {
            vec![reseller::CustomerRow {
                href: "/reseller/customers/3".into(),
                email: HOSTILE.into(),
                account: Badge::new("good", "Confirmed"),
                store: HOSTILE.into(),
                badge: Some(Badge::store("active")),
                since: when(),
            }]
        } else {
            vec![]
        },
        older: if filled { "/reseller?before=3".into() } else { String::new() },
        newest: if filled { "/reseller".into() } else { String::new() },
        q: if filled { HOSTILE.into() } else { String::new() },
        customers: "1 of 10".into(),
        stores: "1 of 10".into(),
        full: filled,
        plans: "Starter".into(),
        link: if filled { "https://panel.example/with/0123456789".into() } else { String::new() },
        form: reseller::BrandForm { name: Field::of(HOSTILE), ..reseller::BrandForm::default() },
    };
    let reseller_customer = |filled: bool| reseller::ResellerCustomer {
        page: owner("Customer"),
        email: HOSTILE.into(),
        account: Badge::new("good", "Confirmed"),
        since: when(),
        stores: if filled {
            vec![reseller::StoreRow {
                name: HOSTILE.into(),
                badge: Badge::store("active"),
                url: "http://x/".into(),
                host: "x".into(),
                plan: "Starter".into(),
                reason: HOSTILE.into(),
                deletion: Some(when()),
                looks: vec![Link { href: "/reseller/customers/3/logs".into(), label: "Logs".into(), current: false }],
                changes: vec![Link {
                    href: "/reseller/customers/3/store/restart".into(),
                    label: "Restart store".into(),
                    current: false,
                }],
                delete: "/reseller/customers/3/delete".into(),
            }]
        } else {
            vec![]
        },
        jobs: if filled {
            vec![reseller::JobRow {
                href: "/reseller/jobs/J".into(),
                title: "Restart store".into(),
                badge: Badge::job("failed"),
                at: when(),
            }]
        } else {
            vec![]
        },
        new_store: if filled { String::new() } else { "/reseller/customers/3/store".into() },
        events: "/reseller/events?customer=3".into(),
        tickets: "/reseller/tickets?state=all&customer=3".into(),
    };
    let reseller_limits = |is_reseller: bool| reseller::Limits {
        page: staff("Reseller"),
        back: "/admin/customers/3".into(),
        email: HOSTILE.into(),
        is_reseller,
        used: "1 customers, 1 stores".into(),
        plans: vec![Choice { value: "starter".into(), label: HOSTILE.into(), current: true }],
        form_key: "k".into(),
        form: reseller::LimitsForm::default(),
    };
    let consent = |mode| account::ViewConsent {
        page: page("May support look?"),
        mode,
        token: "t".into(),
        who: HOSTILE.into(),
        reason: HOSTILE.into(),
    };
    let factor_part = |state| factor::Factor {
        base: "/account/2fa",
        csrf: "t".into(),
        form_key: "k".into(),
        state,
        due: true,
        since: Some(when()),
        left: 9,
        qr: factor::Qr::of("otpauth://totp/x"),
        key: "ABCD EFGH".into(),
        codes: vec!["abcde-fghij".into()],
        form: factor::FactorForm::default(),
    };
    let admins = staff::Admins {
        page: staff("Staff"),
        rows: vec![staff::AdminRow {
            href: "/admin/admins/2".into(),
            name: HOSTILE.into(),
            email: HOSTILE.into(),
            role: "Admin",
            badge: Badge::new("good", "Active"),
            seen: Some(when()),
            created: when(),
        }],
    };
    let roles = || {
        ["Support", "Admin"]
            .map(|r| Choice { value: r.to_lowercase(), label: r.into(), current: r == "Admin" })
            .to_vec()
    };
    let admin_form = |errors: bool| {
        let mut form = staff::AdminForm { name: Field::of(HOSTILE), email: Field::of(HOSTILE), ..Default::default() };
        if errors {
            form.email.error = "Enter an email address like name@example.com".into();
            form.role.error = "Choose a role".into();
            form.errors = vec![
                FieldError { field: "email", text: form.email.error.clone() },
                FieldError { field: "role", text: form.role.error.clone() },
            ];
        }
        form
    };
    let new_admin = |errors| staff::NewAdmin {
        page: Page { has_errors: errors, ..staff("New staff member") },
        roles: roles(),
        form_key: "k".into(),
        form: admin_form(errors),
    };
    let one_admin = staff::Admin {
        page: staff(HOSTILE),
        href: "/admin/admins/2".into(),
        email: HOSTILE.into(),
        badge: Badge::new("waiting", "Temporary password"),
        temporary_until: Some(when()),
        own: false,
        has_factor: true,
        has_passkeys: true,
        active: true,
        roles: roles(),
        version: "v".into(),
        form_key: "k".into(),
        form: admin_form(false),
    };
    let admin_action = |verb| staff::AdminAction {
        page: staff("Reset password"),
        href: "/admin/admins/2".into(),
        name: HOSTILE.into(),
        email: HOSTILE.into(),
        verb,
        form_key: "k".into(),
        form: staff::ConfirmForm::default(),
    };
    let groups = |revealed: bool| {
        vec![
            CredentialGroup {
                key: "admin",
                title: "Store admin",
                revealed,
                shown: "Last shown 3 Nov 2026".into(),
                href: "http://x/wp-admin/".into(),
                link: "Open store admin",
                values: vec![
                    Credential { label: "User name".into(), value: "ana".into(), copy: true },
                    Credential {
                        label: "Password".into(),
                        value: if revealed { "kT9-vvQ2-88ab-xyz1" } else { "••••••••••••" }.into(),
                        copy: revealed,
                    },
                ],
            },
            CredentialGroup {
                key: "database",
                title: "Database",
                revealed: false,
                shown: "Never shown".into(),
                href: String::new(),
                link: "",
                values: vec![
                    Credential { label: "User".into(), value: "shop".into(), copy: true },
                    Credential {
                        label: "Password".into(), value: "••••••••••••".into(), copy: false
                    },
                ],
            },
        ]
    };
    let change = |fields: bool, wrong: bool| {
        let error = if wrong { "Choose what visitors read".to_owned() } else { String::new() };
        let choices = vec![
            Choice {
                value: "bill".into(),
                label: "It opens again when its account is settled.".into(),
                current: false,
            },
            Choice { value: "other".into(), label: HOSTILE.into(), current: true },
        ];
        let (label, value) = ("What visitors read".to_owned(), "other".to_owned());
        let cause =
            ChangeField { name: "cause", label, value, error: error.clone(), choices, ..ChangeField::default() };
        let (label, hint) = ("Reason".to_owned(), "The owner reads it.".to_owned());
        let reason = ChangeField { name: "reason", label, hint, value: HOSTILE.into(), ..ChangeField::default() };
        Change {
            heading: format!("Restart {HOSTILE}?"),
            words: vec!["The shop is away for about 10 s.".into()],
            action: "/dashboard/store/restart".into(),
            back: "/dashboard".into(),
            fields: if fields { vec![cause, reason] } else { vec![] },
            button: "Restart store",
            busy: "Restarting…",
            class: "main",
            version: "0123".into(),
            form_key: "k".into(),
            errors: if wrong { vec![FieldError { field: "cause", text: error }] } else { vec![] },
        }
    };
    let database = |phase: &'static str, problem: &str| Database {
        page: owner("Database"),
        store_name: HOSTILE.into(),
        phase,
        waits: phase == "starting",
        problem: problem.into(),
        url: "https://ana--db.shops.example".into(),
        ticket: "0123456789abcdef".into(),
        ticket_seconds: 60,
        idle_minutes: 30,
        form_key: "k".into(),
        other_key: "k2".into(),
    };
    let files = |phase: &'static str, full: bool| files::Files {
        page: Page { has_errors: full, ..owner("Files") },
        store_name: HOSTILE.into(),
        phase,
        waits: phase == "starting",
        problem: if full { "It does not answer. Reference J-1".into() } else { String::new() },
        host: "anas-bikes.shops.localhost".into(),
        port: 12001,
        user: "shop",
        fingerprint: "SHA256:abcdefghijklmnopqrstuvwxyz0123456789abcdefg".into(),
        host_key: "ssh-ed25519 AAAA".into(),
        idle_minutes: 30,
        keys: (0..if full { 2 } else { 0 })
            .map(|id| files::Key {
                id,
                name: HOSTILE.into(),
                fingerprint: "SHA256:abcdefghijklmnopqrstuvwxyz0123456789abcdefg".into(),
                added: when(),
                form_key: "k".into(),
            })
            .collect(),
        has_password: full,
        password: if full { "0123456789abcdefghijklmn".into() } else { String::new() },
        can_start: full,
        form_key: "k".into(),
        password_key: "k2".into(),
        remove_key: "k3".into(),
        add_key: "k4".into(),
        form: if full {
            files::KeyForm {
                errors: vec![FieldError { field: "key", text: "This key is damaged".into() }],
                key: Field { value: HOSTILE.into(), error: "This key is damaged".into() },
                name: Field::of(HOSTILE),
            }
        } else {
            files::KeyForm::default()
        },
    };
    let offer = |hindrance: &str| Offer {
        page: owner("An offer"),
        here: "/dashboard/offers/01J".into(),
        store_name: HOSTILE.into(),
        from: "eva@example.com".into(),
        until: when(),
        hindrance: hindrance.into(),
        form_key: "k".into(),
        other_key: "k2".into(),
    };
    let usage = |usage| usage::OwnerUsage { page: owner("Usage"), store_name: HOSTILE.into(), usage };
    let logs = |log| store_log::OwnerLogs { page: owner("Logs"), store_name: HOSTILE.into(), log };
    let delete = |planned: bool, errors: bool| DeleteStore {
        page: Page { has_errors: errors, ..owner("Delete Ana's Bikes") },
        here: "/dashboard/delete".into(),
        back: "/dashboard".into(),
        kept: "Your account and your sign-in",
        store_name: "Ana's Bikes".into(),
        store_host: "anas-bikes.shops.localhost".into(),
        planned: planned.then(when),
        when: when(),
        confirm_label: "Type Ana's Bikes to confirm".into(),
        version: "1".into(),
        form_key: "k".into(),
        form: if errors {
            DeleteForm {
                errors: vec![FieldError { field: "confirm", text: "Type the store's name, Ana's Bikes".into() }],
                confirm: Field { value: HOSTILE.into(), error: "Type the store's name, Ana's Bikes".into() },
                password: Field::default(),
            }
        } else {
            DeleteForm::default()
        },
    };
    let customer = |tab: &'static str, full: bool| admin::Customer {
        page: staff("Ana's Bikes"),
        customer: admin::CustomerFacts {
            id: 12,
            title: if full { "Ana's Bikes" } else { HOSTILE }.into(),
            email: "ana@example.com".into(),
            closed: false,
            verified: Badge::new("good", "Confirmed"),
            created: when(),
            last_sign_in: full.then(when),
        },
        store: full.then(|| admin::StoreFacts {
            uid: "01JDA2B3C4D5E6F7G8H9J0K1M2".into(),
            name: "Ana's Bikes".into(),
            badge: Badge::store("active"),
            url: "http://x/".into(),
            host: "anas-bikes.shops.localhost".into(),
            platform: "WooCommerce".into(),
            plan: "Grow".into(),
            server: "local-1".into(),
            port: "8004".into(),
            created: when(),
            live_since: Some(when()),
            deletion: None,
            remark: HOSTILE.into(),
            changes: vec![Link {
                href: "/admin/customers/1/store/suspend".into(),
                label: "Suspend store".into(),
                current: false,
            }],
        }),
        tabs: [("Overview", "overview"), ("Provisioning", "provisioning"), ("Tickets", "tickets"), ("Audit", "audit")]
            .into_iter()
            .map(|(l, t)| Link { href: format!("/admin/customers/12/{t}"), label: l.into(), current: t == tab })
            .collect(),
        tab,
        may_act: true,
        may_view: true,
        is_reseller: true,
        provider: 4,
        has_factor: true,
        factor_due: Some(when()),
        sign_ins: vec![account::SignInLine {
            at: when(),
            browser: HOSTILE.into(),
            address: "::1".into(),
            done: true,
            way: "Password and code",
        }],
        credentials: vec![Labelled::new("Store admin", "••••••••"), Labelled::new("Database", "••••••••")],
        log: full.then(|| log("failed")),
        store_log: full.then(|| samples_staff::store_log(3, "")),
        usage: full.then(|| samples_staff::usage(true)),
        attempts: vec![
            Link { href: "?attempt=1".into(), label: "Attempt 1 · Failed".into(), current: true },
            Link { href: "?attempt=2".into(), label: "Attempt 2 · Running".into(), current: false },
        ],
        failure: full.then(failure),
        job_href: "/admin/jobs/01J".into(),
        job_short: "J-1A2B3C4D".into(),
        form_key: "k".into(),
        tickets: if full { samples_desk::rows() } else { vec![] },
        audit: if full {
            vec![admin::AuditRow {
                at: when(),
                actor: "ana@example.com".into(),
                action: "customer.signed_up".into(),
                target: "customer 12".into(),
                address: "203.0.113.9".into(),
                outcome: "done".into(),
            }]
        } else {
            vec![]
        },
    };
    let customers = |rows: usize, filtered: bool| admin::Customers {
        page: staff("Customers"),
        filter: admin::CustomersFilter {
            q: if filtered { HOSTILE.into() } else { String::new() },
            states: vec![
                Choice { value: String::new(), label: "Any".into(), current: true },
                Choice { value: "failed".into(), label: "Failed".into(), current: false },
            ],
            sort: String::new(),
            chips: if filtered {
                vec![Link { href: "/admin/customers".into(), label: HOSTILE.into(), current: false }]
            } else {
                vec![]
            },
        },
        heads: ["Name", "Email", "Store state", "Platform", "Server", "Plan", "Signed up", "Last job"]
            .into_iter()
            .map(Head::text)
            .collect(),
        may_act: true,
        state: String::new(),
        rows: (0..rows)
            .map(|i| admin::CustomerRow {
                id: i as u64,
                href: format!("/admin/customers/{i}"),
                name: ["Ana's Bikes", "Alpine Honey", HOSTILE][i % 3].into(),
                email: format!("person{i}@example.com"),
                badge: Badge::store(["active", "provisioning", "failed", "suspended", "requested", "deleting"][i % 6]),
                platform: "WooCommerce".into(),
                server: "local-1".into(),
                plan: "Grow".into(),
                created: when(),
                job: "J-1A2B3C4D".into(),
                job_href: "/admin/jobs/01J".into(),
            })
            .collect(),
        pager: Pager { text: "1–50 of 1,000+".into(), newer: String::new(), older: "?after=12".into() },
    };
    let jobs = |rows: usize| admin::Jobs {
        page: staff("Jobs"),
        queue_text: "Nothing waits. Last job 3 min ago.".into(),
        queue_down: rows == 0,
        states: ["Queued", "Running", "Retrying", "Done", "Failed", "Cancelled"]
            .into_iter()
            .enumerate()
            .map(|(i, l)| admin::StateCount {
                href: "?state=failed".into(),
                label: l,
                count: ["0", "2", "0", "1,000+", "3", "1"][i].into(),
                current: i == 4,
            })
            .collect(),
        filter: admin::JobsFilter {
            kinds: vec![Choice { value: String::new(), label: "All kinds".into(), current: true }],
            ..Default::default()
        },
        may_act: true,
        all: if rows > 1 { "Select all 37 matching (Failed)".into() } else { String::new() },
        heads: vec![
            Head::text("Job"),
            Head::text("Kind"),
            Head::text("Customer"),
            Head::text("State"),
            Head::num("Attempt"),
            Head::text("Step"),
            Head::text("Created"),
            Head::num("Waited"),
            Head::num("Ran"),
            Head::text("Worker"),
        ],
        rows: (0..rows)
            .map(|i| admin::JobRow {
                id: "01J".into(),
                href: "/admin/jobs/01J".into(),
                short: format!("J-{i:08}"),
                kind: "Set up store".into(),
                customer: "ana@example.com".into(),
                customer_href: "/admin/customers/1".into(),
                badge: Badge::job(["started", "finished", "failed", "queued", "retrying", "cancelled"][i % 6]),
                attempt: 1,
                step: "Start the containers".into(),
                created: when(),
                waited: "3 ms".into(),
                ran: "1.2 s".into(),
                worker: "local-1".into(),
            })
            .collect(),
        pager: Pager { text: "50 shown".into(), ..Pager::default() },
        empty_text: "No job has run yet. The first sign-up makes one.".into(),
    };
    let job = |failed: bool| admin::Job {
        page: staff("Failed – J-1A2B3C4D – Jobs"),
        job: admin::JobFacts {
            id: "01JDA2B3C4D5E6F7G8H9J0K1M2".into(),
            href: "/admin/jobs/01J".into(),
            short: "J-1A2B3C4D".into(),
            kind: "Set up store".into(),
            badge: Badge::job(if failed { "failed" } else { "started" }),
            quiet: if failed { String::new() } else { "No sign of life from worker local-1 for 1 min 20 s".into() },
            waiting: String::new(),
            actions: vec![admin::Action {
                href: "/admin/jobs/01J/cancel".into(),
                label: "Cancel job".into(),
                busy: String::new(),
                class: "danger",
                value: String::new(),
            }],
            customer: "ana@example.com".into(),
            customer_href: "/admin/customers/12".into(),
            store: "Ana's Bikes".into(),
            server: "local-1".into(),
            worker: "local-1:4711".into(),
            attempt: "1 of 5".into(),
            requested_by: "ana@example.com".into(),
            correlation: "0192f0c1".into(),
        },
        may_act: true,
        form_key: "k".into(),
        failure: failed.then(failure),
        attempts: vec![Link { href: "?attempt=1".into(), label: "Attempt 1 · Failed".into(), current: true }],
        log: log(if failed { "failed" } else { "started" }),
        timeline: vec![
            admin::Moment { label: "Queued", at: Some(when()), note: String::new() },
            admin::Moment { label: "Started", at: Some(when()), note: "waited 3 ms".into() },
            admin::Moment { label: "Ended", at: None, note: String::new() },
        ],
        inputs: vec![Labelled::new("store", "01JDA2")],
    };
    let overview = |full: bool| admin::Overview {
        page: staff("Overview"),
        checked: when(),
        unavailable: if full { String::new() } else { "The queue cannot be reached.".into() },
        attention: if full {
            vec![
                admin::Attention {
                    kind: "job_failed",
                    badge: Badge::job("failed"),
                    href: "/admin/jobs/01J".into(),
                    title: "Set up Ana's Bikes failed".into(),
                    detail: "The shop's web container stopped right after it started. J-1A2B3C4D".into(),
                    since: Some(when()),
                },
                admin::Attention {
                    kind: "server_silent",
                    badge: Badge::new("warning", "Late"),
                    href: "/admin/system".into(),
                    title: "Server local-2 has not reported".into(),
                    detail: "Last sign of life 4 min ago; 12 stores".into(),
                    since: None,
                },
            ]
        } else {
            vec![]
        },
        counts: [
            ("128", "Stores live"),
            ("2", "Being set up"),
            ("1,000+", "Customers"),
            ("3", "Failed jobs"),
            ("0", "Waiting jobs"),
        ]
        .into_iter()
        .map(|(v, l)| admin::Figure { value: v.into(), label: l.into(), href: "/admin/jobs".into() })
        .collect(),
        running: if full {
            vec![admin::RunningJob {
                href: "/admin/jobs/01J".into(),
                short: "J-1A2B3C4D".into(),
                kind: "Set up store".into(),
                customer: "ana@example.com".into(),
                customer_href: "/admin/customers/1".into(),
                step: "Start the containers".into(),
                percent: 48,
                ran: "0.6 s".into(),
            }]
        } else {
            vec![]
        },
        quick: vec![Link { href: "/admin/jobs/dismiss".into(), label: "Clear failed jobs (3)".into(), current: false }],
    };
    let system = |full: bool| admin::System {
        page: staff("System"),
        processes: (0..if full { 2 } else { 0 })
            .map(|pid| admin::ProcessRow {
                name: HOSTILE.into(),
                badge: Badge::new("good", "Running"),
                version: "0.1.0".into(),
                pid,
                started: when(),
                note: if pid == 0 { HOSTILE.into() } else { String::new() },
                restart: if pid == 0 { String::new() } else { "/admin/system/restart?process=web%2F1".into() },
            })
            .collect(),
        again: full,
        may_restart: full,
        actions: vec![Link { href: "/admin/logs".into(), label: "Service logs".into(), current: false }],
        checked: when(),
        checks: vec![
            admin::Check {
                name: "Database".into(),
                badge: Badge::new("good", "Healthy"),
                seen: "MariaDB 10.11, answers in 1 ms".into(),
                mend: String::new(),
            },
            admin::Check {
                name: "Queue".into(),
                badge: Badge::new("bad", "Offline"),
                seen: "Redis does not answer".into(),
                mend: "Start Redis. Jobs are kept and go on by themselves.".into(),
            },
        ],
        servers: if full {
            vec![admin::ServerRow {
                name: "local-1".into(),
                badge: Badge::new("good", "Healthy"),
                heartbeat: Some(when()),
                stores: "3 of 500".into(),
                version: "0.1.0".into(),
            }]
        } else {
            vec![]
        },
        versions: vec![Labelled::new("Shopfleet", "0.1.0")],
    };
    let error = ErrorPage {
        page: page("Not found"),
        status: 404,
        heading: "This page does not exist".into(),
        words: vec!["The address may be mistyped, or what it showed is gone.".into()],
        home: true,
        reference: "0192f0c1".into(),
        ..ErrorPage::default()
    };
    let new_store = |form: SignUpForm| NewStore {
        page: owner("Create a store"),
        form,
        form_key: "k".into(),
        plans: plans(),
        base_domain: "shops.localhost".into(),
        magento_open: true,
    };
    let mut with_notice = owner("Your store");
    with_notice.notice = Some(Notice {
        tone: "good",
        text: "Your store is ready.".into(),
        href: "/x".into(),
        link: "Open store".into(),
    });
    [
        ("home", demo.render()),
        ("pricing", Pricing { page: page("Plans and prices"), plans: plans(), magento_open: false }.render()),
        ("pricing-empty", Pricing { page: page("Plans and prices"), plans: vec![], magento_open: true }.render()),
        ("signup", sign_up(clean, false).render()),
        ("signup-error", sign_up(form_with_errors(), true).render()),
        ("verify-sent", verify("sent").render()),
        ("verify-confirm", verify("confirm").render()),
        ("verify-password", verify("password").render()),
        ("verify-expired", verify("expired").render()),
        ("forgot", forgot(false).render()),
        ("forgot-sent", forgot(true).render()),
        ("reset", reset(true, NewPasswordForm::default()).render()),
        ("reset-error", reset(true, wrong_password()).render()),
        ("reset-over", reset(false, NewPasswordForm::default()).render()),
        (
            "login",
            Login {
                page: Page { nav: "login".into(), ..page("Sign in") },
                form: SignInForm::default(),
                next: String::new(),
                passkeys: true,
            }
            .render(),
        ),
        ("login-with-reseller", {
            let page =
                Page { host: "Shopfleet".into(), with: HOSTILE.into(), product: HOSTILE.into(), ..page("Sign in") };
            Login { page, form: sign_in_errors.clone(), next: String::new(), passkeys: true }.render()
        }),
        (
            "login-error",
            Login { page: page("Sign in"), form: sign_in_errors.clone(), next: "/setup/01J".into(), passkeys: false }
                .render(),
        ),
        (
            "reauthenticate",
            Reauthenticate {
                page: owner("Enter your password again"),
                reason: "The sign-in details of your store are behind it.".into(),
                email: "ana@example.com".into(),
                next: "/dashboard/access".into(),
                back: "/dashboard".into(),
                passkeys: true,
                form: PasswordForm::default(),
            }
            .render(),
        ),
        ("setup-running", setup("running").render()),
        ("setup-failed", setup("failed").render()),
        ("setup-done", setup("done").render()),
        (
            "dashboard",
            Dashboard {
                page: with_notice,
                store: Some(store_card("active")),
                offers: vec![],
                checklist: vec![
                    Todo {
                        icon: "package",
                        text: "Add your first product".into(),
                        href: "http://x/".into(),
                        link: "Open store admin",
                        outside: true,
                    },
                    Todo {
                        icon: "credit-card",
                        text: "Choose how customers pay".into(),
                        href: "http://x/".into(),
                        link: "Open payments",
                        outside: true,
                    },
                ],
                support: ["asked", "allowed", "running"]
                    .map(|state| account::SupportAsk {
                        id: 3,
                        who: HOSTILE.into(),
                        reason: HOSTILE.into(),
                        state: state.into(),
                        until: when(),
                    })
                    .to_vec(),
            }
            .render(),
        ),
        (
            "dashboard-empty",
            Dashboard {
                page: Page { viewing: Some(Viewing { name: HOSTILE.into(), until: when() }), ..owner("Your store") },
                store: None,
                checklist: vec![],
                support: vec![],
                offers: vec![Link { href: "/dashboard/offers/01J".into(), label: HOSTILE.into(), current: false }],
            }
            .render(),
        ),
        (
            "dashboard-failed",
            Dashboard {
                page: owner("Your store"),
                store: Some(store_card("failed")),
                checklist: vec![],
                support: vec![],
                offers: vec![],
            }
            .render(),
        ),
        ("new-store", new_store(SignUpForm::default()).render()),
        ("new-store-error", new_store(form_with_errors()).render()),
        (
            "access",
            Access {
                page: owner("Sign-in details"),
                store_name: "Ana's Bikes".into(),
                ready: true,
                setup_url: String::new(),
                groups: groups(true),
            }
            .render(),
        ),
        (
            "access-empty",
            Access {
                page: owner("Sign-in details"),
                store_name: HOSTILE.into(),
                ready: false,
                setup_url: "/setup/01J".into(),
                groups: vec![],
            }
            .render(),
        ),
        ("database-closed", database("closed", "").render()),
        ("database-failed", database("closed", HOSTILE).render()),
        ("database-starting", database("starting", "").render()),
        ("database-open", database("open", "").render()),
        ("database-enter", database("enter", "").render()),
        ("database-empty", database("not_ready", "").render()),
        ("change", OwnerChange { page: owner("Restart store"), change: change(false, false) }.render()),
        ("change-error", OwnerChange { page: owner("Rename store"), change: change(true, true) }.render()),
        ("admin-change", StaffChange { page: staff("Suspend store"), change: change(true, false) }.render()),
        (
            "owner-job",
            OwnerJob {
                page: owner("Restart store"),
                heading: "Restart store".into(),
                badge: Badge::job("failed"),
                store_name: HOSTILE.into(),
                reason: HOSTILE.into(),
                kept: "Your store is as it was before.",
                reference: "J-1".into(),
                next: "/dashboard/access".into(),
                next_text: "Show sign-in details",
                retry: "/reseller/jobs/J/retry".into(),
                form_key: "k".into(),
                back: "/dashboard".into(),
                back_text: "Your store",
                log: LogPart::default(),
                steps: vec![],
            }
            .render(),
        ),
        ("delete", delete(false, false).render()),
        ("delete-error", delete(false, true).render()),
        ("delete-planned", delete(true, false).render()),
        (
            "admin-login",
            admin::Login {
                page: page("Staff sign-in"),
                form: SignInForm::default(),
                next: String::new(),
                passkeys: true,
            }
            .render(),
        ),
        (
            "admin-password",
            admin::Password {
                page: page("Choose your own password"),
                forced: true,
                email: "g@example.com".into(),
                form_key: "k".into(),
                form: admin::PasswordForm::default(),
            }
            .render(),
        ),
        ("admin-overview", overview(true).render()),
        ("admin-overview-empty", overview(false).render()),
        ("admin-customers", customers(12, false).render()),
        ("admin-customers-empty", customers(0, true).render()),
        ("admin-customer", customer("overview", true).render()),
        ("admin-customer-none", customer("overview", false).render()),
        ("admin-customer-provisioning", customer("provisioning", true).render()),
        ("admin-customer-provisioning-none", customer("provisioning", false).render()),
        ("admin-customer-tickets", customer("tickets", true).render()),
        ("admin-customer-tickets-none", customer("tickets", false).render()),
        ("admin-customer-audit", customer("audit", true).render()),
        ("admin-customer-logs", customer("logs", true).render()),
        ("admin-customer-logs-none", customer("logs", false).render()),
        ("logs", logs(Some(samples_staff::store_log(40, ""))).render()),
        ("logs-away", logs(Some(samples_staff::store_log(0, "The server does not answer."))).render()),
        ("logs-none", logs(None).render()),
        ("offer", offer("").render()),
        ("offer-hindered", offer("You have a store already, and an account has one.").render()),
        ("files", files("open", true).render()),
        ("files-closed", files("closed", false).render()),
        ("files-starting", files("starting", false).render()),
        ("files-none", files("not_ready", false).render()),
        ("admin-customer-usage", customer("usage", true).render()),
        ("usage", usage(Some(samples_staff::usage(true))).render()),
        ("usage-no-data", usage(Some(samples_staff::usage(false))).render()),
        ("usage-none", usage(None).render()),
        ("admin-jobs", jobs(12).render()),
        ("admin-jobs-empty", jobs(0).render()),
        ("admin-job-running", job(false).render()),
        ("admin-job-failed", job(true).render()),
        (
            "admin-job-action",
            admin::JobAction {
                page: staff("Retry J-1A2B3C4D"),
                heading: "Retry J-1A2B3C4D?".into(),
                words: vec!["A new attempt starts. Finished work that is still valid is not repeated.".into()],
                action: "/admin/jobs/01J/retry".into(),
                back: "/admin/jobs/01J".into(),
                short: "J-1A2B3C4D".into(),
                jobs: vec![admin::NamedJob { badge: Badge::job("failed"), text: "J-1A2B3C4D".into() }],
                hidden: vec![admin::Hidden { name: "from", value: "start".into() }],
                button: "Retry job",
                busy: "Starting…",
                class: "main",
                form_key: "k".into(),
                form: admin::PlainForm::default(),
            }
            .render(),
        ),
        ("admin-system", system(true).render()),
        ("admin-system-empty", system(false).render()),
        ("account", account(false).render()),
        ("account-error", account(true).render()),
        (
            "account-password",
            account::ChangePassword {
                page: owner("Password"),
                email: HOSTILE.into(),
                form: account::ChangePasswordForm::default(),
            }
            .render(),
        ),
        (
            "account-email",
            account::ChangeEmail {
                page: owner("Email"),
                email: HOSTILE.into(),
                wanted: HOSTILE.into(),
                old_confirmed: true,
                new_confirmed: false,
                form_key: "k".into(),
                form: account::ChangeEmailForm::default(),
            }
            .render(),
        ),
        ("keep-factor", keep_factor("ask").render()),
        ("keep-factor-kept", keep_factor("kept").render()),
        ("keep-factor-over", keep_factor("over").render()),
        ("passkeys", passkeys::OwnerPasskeys { page: owner("Passkeys"), passkeys: keys(true, true) }.render()),
        ("passkeys-empty", passkeys::OwnerPasskeys { page: owner("Passkeys"), passkeys: keys(false, false) }.render()),
        ("passkeys-staff", passkeys::StaffPasskeys { page: staff("Passkeys"), passkeys: keys(true, false) }.render()),
        ("reseller", reseller_page(true).render()),
        ("reseller-empty", reseller_page(false).render()),
        (
            "reseller-new",
            reseller::NewCustomer {
                page: owner("New customer"),
                email: Field::of(HOSTILE),
                errors: vec![],
                form_key: "k".into(),
            }
            .render(),
        ),
        ("reseller-customer", reseller_customer(true).render()),
        ("reseller-customer-empty", reseller_customer(false).render()),
        (
            "reseller-store",
            reseller::NewStore {
                page: owner("New store"),
                email: HOSTILE.into(),
                back: "/reseller/customers/3".into(),
                plans: new_store(SignUpForm::default()).plans,
                full: true,
                base_domain: "shops.localhost".into(),
                form_key: "k".into(),
                form: form_with_errors(),
            }
            .render(),
        ),
        ("reseller-limits", reseller_limits(true).render()),
        ("reseller-limits-new", reseller_limits(false).render()),
        ("staff-devices", staff_devices.render()),
        ("view-consent", consent("ask").render()),
        ("view-consent-allowed", consent("allowed").render()),
        ("view-consent-refused", consent("refused").render()),
        ("view-consent-over", consent("over").render()),
        ("email-change", email_change("confirm").render()),
        ("email-change-stop", email_change("stop").render()),
        ("email-change-waiting", email_change("waiting").render()),
        ("email-change-stopped", email_change("stopped").render()),
        ("email-change-over", email_change("over").render()),
        ("account-data", data(true).render()),
        ("account-data-empty", data(false).render()),
        ("account-close", close(false).render()),
        ("account-close-planned", close(true).render()),
        ("account-devices", devices(true).render()),
        ("account-devices-empty", devices(false).render()),
        ("factor-off", factor::OwnerFactor { page: owner("Second factor"), factor: factor_part("off") }.render()),
        (
            "factor-pending",
            factor::OwnerFactor { page: owner("Second factor"), factor: factor_part("pending") }.render(),
        ),
        ("factor-on", factor::OwnerFactor { page: owner("Second factor"), factor: factor_part("on") }.render()),
        ("factor-codes", factor::StaffFactor { page: staff("Codes"), factor: factor_part("codes") }.render()),
        ("factor-due", factor::StaffFactor { page: staff("Second factor"), factor: factor_part("off") }.render()),
        (
            "code",
            factor::OwnerCode { page: page("Code"), next: HOSTILE.into(), form: factor::CodeForm::default() }.render(),
        ),
        (
            "admin-code",
            factor::StaffCode { page: page("Code"), next: HOSTILE.into(), form: factor::CodeForm::default() }.render(),
        ),
        ("admin-admins", admins.render()),
        ("admin-admin-new", new_admin(false).render()),
        ("admin-admin-new-error", new_admin(true).render()),
        ("admin-admin", one_admin.render()),
        ("admin-admin-reset", admin_action("reset").render()),
        ("admin-admin-delete", admin_action("delete").render()),
        (
            "admin-temporary-password",
            staff::TemporaryPassword {
                page: staff("Temporary password"),
                href: "/admin/admins/2".into(),
                email: HOSTILE.into(),
                password: "abcdefgh12345678".into(),
            }
            .render(),
        ),
        (
            "admin-reauthenticate",
            staff::StaffReauthenticate {
                page: staff("Enter your password again"),
                email: HOSTILE.into(),
                next: "/admin/admins".into(),
                passkeys: true,
                form: staff::PasswordOnlyForm::default(),
            }
            .render(),
        ),
        ("error-404-owner", OwnerError(ErrorPage { page: owner("Not found"), ..error.clone() }).render()),
        ("error-404-staff", StaffError(ErrorPage { page: staff("Not found"), ..error.clone() }).render()),
        ("error-404", error.render()),
    ]
    .into_iter()
    .chain(samples_staff::all())
    .chain(samples_desk::all())
    .chain(samples_hooks::all())
    .chain(samples_reseller::all())
    .map(|(name, html)| (name, html.unwrap_or_else(|e| panic!("{name}: {e}"))))
    .collect()
}

#[test]
fn every_page_renders_filled_empty_and_with_errors() {
    let out = std::env::var("SHOPFLEET_SAMPLES").ok();
    for (name, html) in all() {
        assert!(html.contains("<title>") && html.contains("</html>"), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name} needs one h1");
        assert!(!html.contains("<script>"), "{name} lets hostile text through");
        assert!(!html.contains("{{") || html.contains("{{ 7*7 }}"), "{name}");
        assert_eq!(
            html.matches(" id=\"").count(),
            {
                let ids: std::collections::HashSet<&str> =
                    html.match_indices(" id=\"").map(|(i, _)| html[i + 5..].split('"').next().unwrap()).collect();
                ids.len()
            },
            "{name} has an id twice"
        );
        if let Some(dir) = &out {
            std::fs::write(format!("{dir}/{name}.html"), html).unwrap();
        }
    }
}

#[test]
fn a_thousand_lines_stay_light() {
    use flate2::write::GzEncoder;
    use std::io::Write as _;
    let lines: Vec<LogLine> = (1..=1000u32)
        .map(|i| LogLine {
            seq: i,
            step: 1,
            level: 1,
            at: datetime!(2026-11-21 09:57:00) + time::Duration::milliseconds(i64::from(i) * 7),
            text: format!("copied wp-content/plugins/woocommerce/file-{}.php in {} ms", i * 7919 % 1000, i % 17),
        })
        .collect();
    let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(line_html::lines(&lines, "?").as_bytes()).unwrap();
    let size = gz.finish().unwrap().len();
    assert!(size < 60 * 1024, "1,000 lines are {size} bytes");
}
