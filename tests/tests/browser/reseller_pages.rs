//! A reseller's pages, and the admin's page about one.

use crate::accessible::{console, look, look_here};
use crate::stage::{PASSWORD, Stage};
use shopfleet_tests::browser::Options;

/// A reseller makes a customer through the forms, and looks at one whose store is being set up, at one whose store is
/// live, and at what is refused.
pub async fn a_reseller_and_their_customers(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("rita@example.com", "Rita's Rugs").await;
    let theirs = stage.made_up_owner("sven@example.com", "Sven's Soap").await;
    let rita = stage.customer_id("rita@example.com").await;
    // The limits come from staff.
    let admin = stage.admin().await;
    admin.console().await;
    let limits = format!("/admin/customers/{rita}/reseller");
    look(admin, stage, &limits, "staff make reseller", &mut faults).await;
    admin.fill("#customers", "many").await;
    admin.press("Make reseller").await;
    admin.says("There is a problem").await;
    look_here(admin, "staff make reseller with errors", &mut faults).await;
    console(admin, &["422 (Unprocessable"], &mut faults).await;
    admin.fill("#customers", "2").await;
    admin.click("input[name='plans'][value='starter']").await;
    admin.press("Make reseller").await;
    admin.says("The limits are set").await;
    look_here(admin, "staff customer who is a reseller", &mut faults).await;
    look(admin, stage, &limits, "staff reseller limits", &mut faults).await;
    let provider = format!("/admin/customers/{}/provider", stage.customer_id("sven@example.com").await);
    look(admin, stage, &provider, "staff change provider", &mut faults).await;
    admin.fill("#reseller", "nobody@example.com").await;
    admin.press("Move customer").await;
    admin.says("There is a problem").await;
    look_here(admin, "staff change provider with errors", &mut faults).await;
    console(admin, &["422 (Unprocessable"], &mut faults).await;

    let reseller = stage.driver.browser("reseller", &Options::default()).await;
    reseller.open(&stage.url("/login")).await;
    reseller.fill("#email", "rita@example.com").await;
    reseller.fill("#password", PASSWORD).await;
    reseller.click("form[action='/login'] button.main").await;
    reseller.says("Rita's Rugs").await;
    reseller.console().await;
    look(&reseller, stage, "/reseller", "reseller without customers", &mut faults).await;
    look(&reseller, stage, "/reseller/customers/new", "reseller new customer", &mut faults).await;
    reseller.fill("#email", "tove").await;
    reseller.press("Create customer").await;
    reseller.says("There is a problem").await;
    look_here(&reseller, "reseller new customer with errors", &mut faults).await;
    console(&reseller, &["422 (Unprocessable"], &mut faults).await;
    reseller.fill("#email", "tove@example.com").await;
    reseller.press("Create customer").await;
    reseller.says("No store yet").await;
    look_here(&reseller, "reseller customer without a store", &mut faults).await;
    reseller.press("Create a store").await;
    reseller.says("It belongs to tove@example.com").await;
    look_here(&reseller, "reseller new store", &mut faults).await;
    reseller.press("Create store").await;
    reseller.says("There is a problem").await;
    look_here(&reseller, "reseller new store with errors", &mut faults).await;
    console(&reseller, &["422 (Unprocessable"], &mut faults).await;

    theirs
        .sql(
            "UPDATE customers SET reseller_id = (SELECT MAX(customer_id) FROM resellers) WHERE id = (SELECT customer_id FROM jobs WHERE uid = ?)",
        )
        .await;
    let sven = stage.customer_id("sven@example.com").await;
    let customer = format!("/reseller/customers/{sven}");
    let job = format!("/reseller/jobs/{}", theirs.job);
    look(&reseller, stage, &job, "reseller job running", &mut faults).await;
    theirs
        .sql(
            "UPDATE jobs SET state = 'failed', error_code = 'image_missing', finished_at = NOW(6), lease_owner = NULL, \
             lease_until = NULL, error_reason = 'We could not start the store' WHERE uid = ?",
        )
        .await;
    look(&reseller, stage, &job, "reseller job failed", &mut faults).await;
    theirs
        .sql("UPDATE stores SET state = 'active', active_at = NOW(6) WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)")
        .await;
    look(&reseller, stage, "/reseller", "reseller with all customers they may have", &mut faults).await;
    look(&reseller, stage, "/reseller?q=nobody", "reseller finds nobody", &mut faults).await;
    look(&reseller, stage, &customer, "reseller customer with a store", &mut faults).await;
    look(&reseller, stage, &format!("{customer}/logs"), "reseller customer's log, none yet", &mut faults).await;
    look(&reseller, stage, &format!("{customer}/usage"), "reseller customer's use, none yet", &mut faults).await;
    look(&reseller, stage, "/reseller/tickets", "reseller without tickets", &mut faults).await;
    look(&reseller, stage, "/reseller/tickets?category=billing", "reseller no ticket matches", &mut faults).await;
    let ticket = "01TTTTTTTTTTTTTTTTTTTTTTTT";
    theirs
        .sql(
            "INSERT INTO tickets (uid, customer_id, reseller_id, subject, category, priority, last_seq, evidence) \
             SELECT '01TTTTTTTTTTTTTTTTTTTTTTTT', customer_id, (SELECT MAX(customer_id) FROM resellers), \
             'The cart <b>is</b> empty, and so is the list of all products in it', 'store', 'urgent', 1, '{}' FROM jobs WHERE uid = ?",
        )
        .await;
    theirs
        .sql(
            "INSERT INTO ticket_messages (uid, ticket_id, seq, author, body) SELECT '01TTTTTTTTTTTTTTTTTTTTTTTM', t.id, 1, 'customer', \
             'It was full this morning.' FROM tickets t JOIN jobs j ON j.customer_id = t.customer_id WHERE j.uid = ?",
        )
        .await;
    look(&reseller, stage, "/reseller/tickets", "reseller tickets", &mut faults).await;
    let ticket = format!("/reseller/tickets/{ticket}");
    look(&reseller, stage, &ticket, "reseller ticket", &mut faults).await;
    reseller.press("Send answer").await;
    reseller.says("There is a problem").await;
    look_here(&reseller, "reseller ticket with errors", &mut faults).await;
    console(&reseller, &["422 (Unprocessable"], &mut faults).await;
    reseller.fill("#message", "Try it once more.").await;
    reseller.press("Send and solve").await;
    reseller.says("Try it once more.").await;
    look_here(&reseller, "reseller ticket solved", &mut faults).await;
    look(&reseller, stage, "/reseller/events", "reseller what happened", &mut faults).await;
    look(&reseller, stage, &format!("/reseller/events?customer={sven}"), "reseller nothing happened", &mut faults)
        .await;
    for change in ["restart", "suspend", "plan"] {
        let path = format!("{customer}/store/{change}");
        look(&reseller, stage, &path, &format!("reseller change {change}"), &mut faults).await;
    }
    look(&reseller, stage, &format!("{customer}/delete"), "reseller delete store", &mut faults).await;
    theirs
        .sql(
            "UPDATE stores SET state = 'suspended', suspend_cause = 'bill', suspend_reason = 'Bill 7', suspended_by = 'reseller', \
             delete_after = NOW(6) + INTERVAL 7 DAY WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)",
        )
        .await;
    look(&reseller, stage, &customer, "reseller customer with a suspended store", &mut faults).await;
    look(&reseller, stage, &format!("{customer}/delete"), "reseller keep store", &mut faults).await;
    // As if it was on a server: it has a log and is measured.
    theirs
        .sql("UPDATE stores SET server_id = (SELECT MIN(id) FROM servers) WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)")
        .await;
    look(&reseller, stage, &customer, "reseller customer with a store on a server", &mut faults).await;
    look(&reseller, stage, &format!("{customer}/logs"), "reseller customer's log", &mut faults).await;
    look(&reseller, stage, &format!("{customer}/usage"), "reseller customer's use", &mut faults).await;
    theirs.sql("UPDATE stores SET server_id = NULL WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)").await;
    reseller.open(&stage.url("/reseller")).await;
    reseller.fill("#brand_name", "Rita <b>Hosting</b>").await;
    reseller.press("Save").await;
    reseller.says("Your customers see it from now on").await;
    look_here(&reseller, "reseller with a name and a link", &mut faults).await;
    console(&reseller, &[], &mut faults).await;
    let link = reseller.text_of("#link").await;
    reseller.close().await;
    // Their link, as strangers see it: full, and with room.
    let with = link.rsplit('/').next().expect("a code").to_owned();
    let stranger = stage.driver.browser("stranger", &Options::default()).await;
    stranger.open(&stage.url(&format!("/with/{with}"))).await;
    stranger.says("takes no new customers at the moment").await;
    look_here(&stranger, "sign-up with a reseller who is full", &mut faults).await;
    theirs.sql("UPDATE resellers SET max_customers = 50, max_stores = 50 WHERE ? <> ''").await;
    for (path, name) in [
        ("/signup", "sign-up with a reseller"),
        ("/login", "sign-in with a reseller"),
        ("/password/forgot", "forgotten password with a reseller"),
        ("/verify", "confirmation with a reseller"),
    ] {
        look(&stranger, stage, &format!("{path}?with={with}"), name, &mut faults).await;
    }
    console(&stranger, &[], &mut faults).await;
    stranger.close().await;
    theirs.sql("DELETE t FROM tickets t JOIN jobs j ON j.customer_id = t.customer_id WHERE j.uid = ?").await;
    // Nothing that a worker or another test would come across.
    theirs
        .sql("UPDATE stores SET state = 'deleted', delete_after = NULL WHERE id = (SELECT store_id FROM jobs WHERE uid = ?)")
        .await;
    assert!(faults.is_empty(), "{faults:#?}");
}
