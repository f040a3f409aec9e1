//! Every page: axe-core in both themes at three widths, no sideways scroll, a quiet console. And the README's pictures.

use crate::stage::Stage;
use hosting::domain::Level;
use shopfleet_tests::axe;
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::made_up::MadeUpJob;
use std::path::Path;

/// Opens a page and looks at it.
pub async fn look(browser: &Browser, stage: &Stage, path: &str, name: &str, faults: &mut Vec<String>) {
    browser.open(&stage.url(path)).await;
    look_here(browser, name, faults).await;
}

pub async fn look_here(browser: &Browser, name: &str, faults: &mut Vec<String>) {
    faults.extend(axe::faults(browser, name).await);
    // With SHOPFLEET_PICTURES set: a picture of everything, to be looked at by a person.
    if let Some(folder) = std::env::var_os("SHOPFLEET_PICTURES") {
        for (width, dark) in [(1280, false), (360, true), (1280, true), (360, false)] {
            browser.width(width).await;
            browser.dark(dark).await;
            let file = format!("{}-{width}-{}.png", name.replace(['/', ' '], "_"), if dark { "dark" } else { "light" });
            browser.picture(true, &Path::new(&folder).join(file)).await;
        }
        browser.width(1280).await;
        browser.dark(false).await;
    }
}

/// What the console said, but for the answers that this test asked for.
pub async fn console(browser: &Browser, expected: &[&str], faults: &mut Vec<String>) {
    let said = browser.console().await;
    faults.extend(
        said.into_iter()
            .filter(|line| !expected.iter().any(|e| line.contains(e)))
            .map(|line| format!("console: {line}")),
    );
}

pub async fn empty_pages(stage: &Stage) {
    let mut faults = Vec::new();
    let visitor = stage.driver.browser("visitor", &Options::default()).await;
    for path in [
        "/",
        "/pricing",
        "/signup",
        "/verify",
        "/verify?token=0000",
        "/login",
        "/password/forgot",
        "/password/reset?token=0000",
        "/login/2fa",
        "/email/change?token=0000",
        "/view/consent?token=0000",
        "/keep-factor?token=0000",
        "/admin/login",
        "/no-such-page",
    ] {
        look(&visitor, stage, path, &format!("visitor {path}"), &mut faults).await;
    }
    console(&visitor, &["404 (Not Found)"], &mut faults).await;
    visitor.close().await;
    let admin = stage.admin().await;
    admin.console().await;
    for path in [
        "/admin",
        "/admin/customers",
        "/admin/jobs?state=failed",
        "/admin/jobs?q=nothing",
        "/admin/system",
        "/admin/schedules",
        "/admin/ports",
        "/admin/logs",
        "/admin/logs?find=nothing-like-this",
        "/admin/mail",
        "/admin/audit?who=nobody",
        "/admin/settings",
        "/admin/search?q=nothing",
        "/admin/password",
        "/admin/devices",
        "/admin/2fa",
        "/admin/security",
        "/admin/reauthenticate",
        "/admin/admins",
        "/admin/admins/new",
        "/admin/admins/1",
        "/admin/admins/1/reset",
        "/admin/admins/1/delete",
        "/admin/tickets",
        "/admin/tickets?whose=mine",
        "/admin/tickets/answers",
        "/admin/webhooks",
        "/admin/no-such-page",
    ] {
        look(admin, stage, path, &format!("empty {path}"), &mut faults).await;
    }
    console(admin, &["404 (Not Found)"], &mut faults).await;
    // The menu is one line on a phone; the entry of the page that is open is in sight.
    admin.width(360).await;
    admin.open(&stage.url("/admin/admins")).await;
    let seen = admin
        .script(
            "const a = document.querySelector('.side [aria-current]').getBoundingClientRect(); \
             return [a.left >= 0, a.right <= innerWidth, a.top < 250];",
            Vec::new(),
        )
        .await;
    admin.width(1280).await;
    assert_eq!(seen, serde_json::json!([true, true, true]));
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn filled_pages(stage: &Stage) {
    let mut faults = Vec::new();
    let owner = stage.owner().await;
    owner.console().await;
    let setup = format!("/setup/{}", stage.setup_job("ana@example.com").await);
    look(owner, stage, "/dashboard/tickets", "owner without tickets", &mut faults).await;
    owner.open(&stage.url("/dashboard/tickets/new")).await;
    owner.press("Send message").await;
    owner.says("There is a problem").await;
    look_here(owner, "owner new ticket with errors", &mut faults).await;
    console(owner, &["422 (Unprocessable"], &mut faults).await;
    owner.fill("#subject", "The checkout fails").await;
    owner.fill("#message", "It says error 500 since this morning.").await;
    owner.press("Send message").await;
    owner.says("We have your message").await;
    let ticket: String = sqlx::query_scalar("SELECT uid FROM tickets ORDER BY id DESC LIMIT 1")
        .fetch_one(&stage.instance.pool)
        .await
        .unwrap();
    let own_ticket = format!("/dashboard/tickets/{ticket}");
    owner.open(&stage.url("/account/webhooks")).await;
    owner.fill("#url", "https://example.com/hook").await;
    owner.click("input[value='store.suspended']").await;
    owner.press("Add webhook").await;
    owner.says("This page shows it once").await;
    look_here(owner, "owner webhook secret", &mut faults).await;
    owner.press("I kept it").await;
    owner.says("Deliveries").await;
    look_here(owner, "owner webhook", &mut faults).await;
    for path in [
        &own_ticket,
        "/dashboard/tickets",
        "/dashboard/tickets/new",
        "/account/webhooks",
        &setup,
        "/dashboard",
        "/dashboard/access",
        "/dashboard/database",
        "/dashboard/logs",
        "/dashboard/files",
        "/dashboard/transfer",
        "/dashboard/usage",
        "/dashboard/usage?range=7d",
        "/dashboard/store/restart",
        "/dashboard/store/rename",
        "/dashboard/delete",
        "/account",
        "/account/email",
        "/account/password",
        "/account/devices",
        "/account/data",
        "/account/close",
        "/account/2fa",
        "/account/security",
        "/reauthenticate?next=%2Fdashboard%2Faccess",
        "/dashboard/no-such-page",
    ] {
        look(owner, stage, path, &format!("owner {path}"), &mut faults).await;
    }
    console(owner, &["404 (Not Found)"], &mut faults).await;

    let admin = stage.admin().await;
    admin.console().await;
    let customer = format!("/admin/customers/{}", stage.customer_id("ana@example.com").await);
    let provisioning = format!("{customer}/provisioning");
    let audit = format!("{customer}/audit");
    let (logs, usage) = (format!("{customer}/logs"), format!("{customer}/usage"));
    let suspend = format!("{customer}/store/suspend");
    let (edit, close) = (format!("{customer}/edit"), format!("{customer}/close"));
    let (their_ticket, tickets) = (format!("/admin/tickets/{ticket}"), format!("{customer}/tickets"));
    admin.open(&stage.url(&their_ticket)).await;
    admin.fill("#note", "Asked the host about it").await;
    admin.press("Keep note").await;
    admin.says("Only staff read it.").await;
    let (view, factor) = (format!("{customer}/view"), format!("{customer}/factor"));
    let live = format!("/admin/jobs/{}", stage.setup_job("ana@example.com").await);
    for path in [
        "/admin",
        "/admin/customers",
        &customer,
        "/admin/tickets",
        &their_ticket,
        &tickets,
        &provisioning,
        &audit,
        &logs,
        &usage,
        &suspend,
        "/admin/jobs",
        &live,
        "/admin/system",
        "/admin/schedules",
        "/admin/ports",
        "/admin/mail",
        "/admin/audit",
        "/admin/search?q=ana",
        "/admin/customers/new",
        &edit,
        &close,
        &view,
        &factor,
    ] {
        look(admin, stage, path, &format!("staff {path}"), &mut faults).await;
    }
    // An owner's pages under the banner.
    admin.open(&stage.url(&view)).await;
    admin.fill("#reason", "The cart does not load").await;
    admin.press("Start viewing").await;
    admin.arrives("/dashboard").await;
    look_here(admin, "viewing /dashboard", &mut faults).await;
    look(admin, stage, "/account/devices", "viewing /account/devices", &mut faults).await;
    admin.press("Stop viewing").await;
    admin.arrives(&customer).await;
    // What a theme button chooses holds against what the system prefers.
    admin.open(&stage.url("/admin")).await;
    admin.click(".theme button[value=dark]").await;
    admin.until("the theme is dark", "return document.documentElement.dataset.theme === 'dark'").await;
    look_here(admin, "staff /admin, dark chosen", &mut faults).await;
    admin.click(".theme button[value=auto]").await;
    admin.until("the theme is automatic", "return document.documentElement.dataset.theme === 'auto'").await;
    // A running job with every kind of line, and one that failed.
    let mut job = MadeUpJob::start(&stage.instance).await;
    let lines = [
        (Level::Debug, "a detail"),
        (
            Level::Info,
            "\u{1b}[32mgreen\u{1b}[0m \u{1b}[33myellow\u{1b}[0m \u{1b}[34mblue\u{1b}[0m \u{1b}[35mmagenta\u{1b}[0m \
            \u{1b}[36mcyan\u{1b}[0m \u{1b}[30mblack\u{1b}[0m \u{1b}[31mred\u{1b}[0m \u{1b}[1mbold\u{1b}[0m \u{1b}[4munder\u{1b}[0m",
        ),
        (
            Level::Warning,
            "a warning with https://example.com/a/very/long/address/that/has/to/break/somewhere/on/a/phone",
        ),
        (Level::Error, "an \u{1b}[31merror\u{1b}[0m \u{1b}[32mwith\u{1b}[0m \u{1b}[33mcolours\u{1b}[0m"),
        (Level::Info, "the same"),
        (Level::Info, "the same"),
    ];
    job.write(&lines.map(|(level, text)| (level, text.to_owned())), false).await;
    let path = job.path();
    look(admin, stage, &path, "running job", &mut faults).await;
    look(admin, stage, &format!("{path}?line=2-3#L2"), "job with marked lines", &mut faults).await;
    look(admin, stage, &format!("{path}?find=the&level=warn"), "job with a search", &mut faults).await;
    look(admin, stage, &format!("{path}/cancel"), "cancel job", &mut faults).await;
    job.fail("image_missing", "We could not start your store").await;
    look(admin, stage, &path, "failed job", &mut faults).await;
    look(admin, stage, &format!("{path}/retry"), "retry job", &mut faults).await;
    look(admin, stage, &format!("{path}/cleanup"), "clean up job", &mut faults).await;
    console(admin, &[], &mut faults).await;
    assert!(faults.is_empty(), "{faults:#?}");
}

/// An owner's pages in the states between: they come from rows that no worker touches.
pub async fn owner_in_between(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    let made = stage.made_up_owner("dora@example.com", "Dora's Dolls").await;
    let owner = stage.driver.browser("between", &Options::default()).await;
    owner.open(&stage.url("/login")).await;
    owner.fill("#email", "dora@example.com").await;
    owner.fill("#password", crate::stage::PASSWORD).await;
    owner.click("form[action='/login'] button.main").await;
    owner.says("Dora's Dolls").await;
    owner.console().await;
    let setup = format!("/setup/{}", made.job);
    look(&owner, stage, "/dashboard", "owner setting up", &mut faults).await;
    // On a phone the header takes two rows, not more.
    for width in [360, 320] {
        owner.width(width).await;
        let rows = owner
            .script(
                "return new Set([...document.querySelectorAll('.top a, .top button')].map(e => { \
                 const r = e.getBoundingClientRect(); return Math.round((r.top + r.bottom) / 2 / 12); })).size",
                Vec::new(),
            )
            .await
            .as_u64()
            .unwrap();
        let high = owner.script("return document.querySelector('.top').offsetHeight", Vec::new()).await;
        if rows > 2 || high.as_u64().unwrap() > 120 {
            faults.push(format!("the header has {rows} rows and {high} px at {width} px"));
        }
    }
    owner.width(1280).await;
    look(&owner, stage, &setup, "setup running", &mut faults).await;
    made.sql(
        "UPDATE jobs SET state = 'failed', error_code = 'image_missing', finished_at = NOW(6), lease_owner = NULL, \
        lease_until = NULL, error_reason = 'We could not start your store' WHERE uid = ?",
    )
    .await;
    made.sql("UPDATE stores SET state = 'failed' WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)").await;
    look(&owner, stage, &setup, "setup failed", &mut faults).await;
    look(&owner, stage, "/dashboard", "owner failed", &mut faults).await;
    made.sql(
        "UPDATE stores SET state = 'active', active_at = NOW(6), delete_after = NOW(6) + INTERVAL 7 DAY \
        WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)",
    )
    .await;
    look(&owner, stage, "/dashboard", "owner deletion planned", &mut faults).await;
    look(&owner, stage, "/dashboard/delete", "owner cancel deletion", &mut faults).await;
    made.sql(
        "UPDATE stores SET state = 'deleted', deleted_at = NOW(6) WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)",
    )
    .await;
    look(&owner, stage, "/dashboard", "owner without a store", &mut faults).await;
    look(&owner, stage, "/dashboard/new", "owner new store", &mut faults).await;
    console(&owner, &[], &mut faults).await;
    owner.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The link of the mail in another browser than the one that signed up.
pub async fn confirm_with_the_password(stage: &Stage) {
    let mut faults = Vec::new();
    let first = stage.driver.browser("first", &Options::default()).await;
    stage.sign_up(&first, "emil@example.com", "Emil's Eggs").await;
    first.close().await;
    let link = stage.link("emil@example.com").await;
    let other = stage.driver.browser("second", &Options::default()).await;
    other.open(&link).await;
    other.says("Password of your sign-up").await;
    look_here(&other, "verify with password", &mut faults).await;
    console(&other, &[], &mut faults).await;
    other.fill("#password", "not the password").await;
    other.press("Confirm and start my store").await;
    other.says("This is not the password of this sign-up").await;
    look_here(&other, "verify with a wrong password", &mut faults).await;
    console(&other, &["422 (Unprocessable"], &mut faults).await;
    other.fill("#password", crate::stage::PASSWORD).await;
    other.press("Confirm and start my store").await;
    other.arrives("/setup/").await;
    other.says("Open store").await;
    other.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn forms_with_errors(stage: &Stage) {
    let mut faults = Vec::new();
    let visitor = stage.driver.browser("visitor-errors", &Options::default()).await;
    for (path, button) in [("/signup", "Create store"), ("/login", "Sign in"), ("/admin/login", "Sign in")] {
        visitor.open(&stage.url(path)).await;
        visitor.click(&format!("form[action='{path}'] button.main")).await;
        visitor.says("There is a problem").await;
        assert!(visitor.title().await.starts_with("Error: "), "{path} {button}");
        let focused = visitor.script("return document.activeElement.className", Vec::new()).await;
        assert_eq!(focused, "summary", "{path}: the summary has the focus");
        look_here(&visitor, &format!("errors {path}"), &mut faults).await;
    }
    console(&visitor, &["422 (Unprocessable"], &mut faults).await;
    visitor.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn screenshots_for_the_readme(stage: &Stage) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
    // The pictures in the tree change only when somebody asks for it.
    let into =
        if std::env::var_os("SHOPFLEET_SCREENSHOTS").is_some() { folder } else { stage.instance.var.join("pictures") };
    std::fs::create_dir_all(&into).unwrap();
    let (owner, admin) = (stage.owner().await, stage.admin().await);
    let setup = format!("/setup/{}", stage.setup_job("ana@example.com").await);
    let job = format!("/admin/jobs/{}", stage.setup_job("ana@example.com").await);
    let pictures: &[(&Browser, &str, &str, u32, bool)] = &[
        (owner, &setup, "setup", 1280, false),
        (owner, "/dashboard", "dashboard", 1280, false),
        (owner, "/dashboard", "dashboard-phone-dark", 360, true),
        (admin, "/admin", "staff-overview", 1280, false),
        (admin, &job, "staff-job", 1280, false),
        (admin, &job, "staff-job-dark", 1280, true),
    ];
    for (browser, path, name, width, dark) in pictures {
        browser.width(*width).await;
        browser.dark(*dark).await;
        browser.open(&stage.url(path)).await;
        let file = into.join(format!("{name}.png"));
        browser.picture(false, &file).await;
        let bytes = std::fs::metadata(&file).unwrap().len();
        assert!((5_000..150_000).contains(&bytes), "{name}.png has {bytes} bytes");
        browser.width(1280).await;
        browser.dark(false).await;
    }
}
