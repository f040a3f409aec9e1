//! Tickets of a reseller's customers: read and answered under the reseller's name, and nobody else's; notes stay among staff.

use crate::api::log_in;
use crate::resellers::{news, stage, with_store};
use crate::support::{App, Browser};
use crate::tickets::{PNG, SECRET_NOTE, open, submit};
use hosting::domain::Role;
use serde_json::json;

fn theirs(owners: &str) -> String {
    owners.replace("/dashboard/", "/reseller/").split('#').next().unwrap().to_owned()
}

fn staffs(owners: &str) -> String {
    owners.replace("/dashboard/", "/admin/").split('#').next().unwrap().to_owned()
}

async fn note(b: &Browser, page: &str) {
    let action = format!("{page}/note");
    let r = submit(b, page, &action, &[("note", SECRET_NOTE)], &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
}

async fn state(app: &App) -> String {
    app.db.text("SELECT state FROM tickets ORDER BY id LIMIT 1").await
}

#[actix_web::test]
async fn a_reseller_answers_their_customers_under_their_own_name() {
    let (app, _, rob, ana) = stage().await;
    let mut read = 0;
    let (eva, _) = with_store(&app, &rob).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let brand = [("brand_name", "Rob <b>Hosting</b>"), ("brand_email", "")];
    assert_eq!(rob.submit_at("/reseller", "/reseller/branding", &brand).await.status, 303);
    assert!(rob.get("/reseller/tickets").await.body.contains("None of your customers waits"));
    news(&app, &mut read).await;
    let asked = open(&eva, "Cart <i>is</i> empty", &[("shot.png", PNG)]).await;
    let mine = theirs(&asked);
    // They are told, with a link to their own page; the customer's mail is not theirs.
    let mails = news(&app, &mut read).await;
    let told = mails.iter().find(|m| m.to == "rob@example.com").expect("the reseller is told");
    assert!(told.text.contains(&mine) && told.text.contains("It does not work."), "{}", told.text);
    assert!(!told.raw.contains("\nReply-To:") && !told.text.contains("/admin/"), "{}", told.raw);
    assert_eq!(mails.len(), 3, "the customer, staff, the reseller: {mails:?}");
    // In their queue, with filters; internal matters are not.
    note(&sam, &staffs(&asked)).await;
    let page = rob.get("/reseller/tickets").await;
    assert!(page.body.contains("Cart &lt;i&gt;is&lt;") && page.body.contains("eva@example.com"), "{}", page.body);
    for (query, found) in [
        ("?state=all", true),
        ("?state=open&category=store", true),
        ("?category=billing", false),
        ("?state=solved", false),
        ("?state=all&customer=3", true),
    ] {
        let page = rob.get(&format!("/reseller/tickets{query}")).await;
        assert_eq!(page.body.contains(&format!("href=\"{mine}\"")), found, "{query}");
    }
    for id in ["1", "2", "99", "x"] {
        assert_eq!(rob.get(&format!("/reseller/tickets?customer={id}")).await.status, 404, "{id}");
    }
    let page = rob.get(&mine).await;
    for words in ["It does not work.", "shot.png", "eva@example.com", "Send and solve", "Rob &lt;b&gt;Hosting"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    for never in [SECRET_NOTE, "Internal note", "Assigned", "sam@example.com"] {
        assert!(!page.body.contains(never), "{never}: {}", page.body);
    }
    let file = page.body.split(&format!("href=\"{mine}/files/")).nth(1).expect("a file").split('"').next().unwrap();
    let file = format!("{mine}/files/{file}");
    let r = rob.request(reqwest::Method::GET, &file).send().await.unwrap();
    assert_eq!(r.status().as_u16(), 200);
    assert!(r.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    assert_eq!(r.bytes().await.unwrap(), PNG);
    // Nothing of staff's is open to them.
    for end in ["note", "state", "sort"] {
        assert_eq!(rob.post(&format!("{mine}/{end}"), &[("to", "closed")]).await.status, 404, "{end}");
    }
    // What is wrong changes nothing.
    for (message, status) in [("", 422), ("  ", 422)] {
        assert_eq!(submit(&rob, &mine, &mine, &[("message", message)], &[]).await.status, status);
    }
    assert_eq!(submit(&rob, &mine, &mine, &[("message", "x"), ("seen", "0")], &[]).await.status, 409, "not read yet");
    assert_eq!(state(&app).await, "open");
    // The answer: the customer reads the name, by mail as well; staff see who it was; nobody is assigned.
    let r =
        submit(&rob, &mine, &mine, &[("message", "Try <b>again</b>."), ("solves", "no")], &[("a.txt", b"see")]).await;
    assert_eq!((r.status, theirs(&r.location)), (303, mine.clone()), "{}", r.body);
    assert_eq!(state(&app).await, "waiting_for_customer");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM tickets WHERE assigned_admin_id IS NOT NULL").await, 0);
    let mails = news(&app, &mut read).await;
    assert!(mails.len() == 1 && mails[0].to == "eva@example.com", "{mails:?}");
    assert!(mails[0].text.contains("Rob <b>Hosting</b> answered") && mails[0].text.contains("Try <b>again</b>."));
    let page = eva.get(&asked).await.body;
    assert!(page.contains("<b>Rob &lt;b&gt;Hosting&lt;") && page.contains("Try &lt;b&gt;again"), "{page}");
    assert!(!page.contains("rob@example.com") && !page.contains("(reseller)") && page.contains("a.txt"), "{page}");
    assert!(sam.get(&staffs(&asked)).await.body.contains("(reseller)"), "staff know who it was");
    // Staff who wrote on an old page see it first, and so do resellers.
    let old = [("message", "Late"), ("seen", "1"), ("solves", "no")];
    let r = submit(&sam, &staffs(&asked), &staffs(&asked), &old, &[]).await;
    assert!(r.status == 409 && r.body.contains("answered"), "{}", r.status);
    let r = submit(&sam, &staffs(&asked), &staffs(&asked), &[("message", "Staff too"), ("solves", "no")], &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let r = submit(&rob, &mine, &mine, &[("message", "Mine"), ("seen", "2"), ("solves", "no")], &[]).await;
    assert!(r.status == 409 && r.body.contains("Nothing was sent"), "{}: {}", r.status, r.body);
    // Sent twice is sent once.
    let page = rob.get(&mine).await;
    let fields = [
        ("csrf_token", page.hidden("csrf_token")),
        ("form_key", page.hidden("form_key")),
        ("seen", page.hidden("seen")),
        ("message", "Done".into()),
        ("solves", "yes".into()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let sent = [
        crate::tickets::upload(&rob, &mine, &fields, &[]).await.status,
        crate::tickets::upload(&rob, &mine, &fields, &[]).await.status,
    ];
    assert_eq!(sent, [303, 409]);
    assert_eq!(state(&app).await, "solved");
    // The customer writes again: it is open, and the reseller is told, unless they do not want to be.
    news(&app, &mut read).await;
    assert_eq!(submit(&eva, &asked, &asked, &[("message", "Again")], &[]).await.status, 303);
    assert!(news(&app, &mut read).await.iter().any(|m| m.to == "rob@example.com" && m.text.contains("Again")));
    assert!(rob.get("/account").await.body.contains("A customer of mine asks for help"));
    assert!(!eva.get("/account").await.body.contains("A customer of mine asks for help"));
    let r = rob.submit_at("/account", "/account/notices", &[("store", "yes")]).await;
    assert_eq!(r.status, 303);
    open(&eva, "Quiet please", &[]).await;
    assert!(!news(&app, &mut read).await.iter().any(|m| m.to == "rob@example.com"));
    let r = rob.submit_at(&mine, &format!("{mine}/solved"), &[]).await;
    assert_eq!((r.status, state(&app).await.as_str()), (303, "solved"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action IN ('ticket.answer', 'ticket.solve') AND role = 'reseller'").await, 3);
    let _ = ana;
}

#[actix_web::test]
async fn a_reseller_finds_no_ticket_of_anybody_else() {
    let (app, ada, rob, ana) = stage().await;
    let mut read = 0;
    let (eva, _) = with_store(&app, &rob).await;
    // A direct customer's, the reseller's own, and one of before they were theirs.
    let foreign = theirs(&open(&ana, "Ana's matter", &[("a.txt", b"x")]).await);
    let own = theirs(&open(&rob, "Rob's own", &[]).await);
    app.db.sql("UPDATE customers SET reseller_id = NULL WHERE id = 3").await;
    let before = theirs(&open(&eva, "Before their time", &[]).await);
    app.db.sql("UPDATE customers SET reseller_id = 1 WHERE id = 3").await;
    let good = theirs(&open(&eva, "Theirs to read", &[]).await);
    let list = rob.get("/reseller/tickets?state=all").await.body;
    assert!(list.contains("Theirs to read"), "{list}");
    for never in ["Ana&", "Rob&#", "Before their time"] {
        assert!(!list.contains(&format!(">{never}")), "{never}: {list}");
    }
    let form = rob.get(&good).await;
    let fields = [("csrf_token", form.hidden("csrf_token")), ("form_key", form.hidden("form_key"))];
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(a, b)| (*a, b.as_str())).chain([("message", "x"), ("seen", "9")]).collect();
    let messages = async || app.db.number("SELECT COUNT(*) FROM ticket_messages").await;
    let count = messages().await;
    let file = app.db.text("SELECT uid FROM ticket_files").await;
    for page in [
        &foreign,
        &own,
        &before,
        &"/reseller/tickets/01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        &"/reseller/tickets/x".to_owned(),
    ] {
        assert_eq!(rob.get(page).await.status, 404, "{page}");
        assert_eq!(crate::tickets::upload(&rob, page, &fields, &[]).await.status, 404, "{page}");
        assert_eq!(rob.post(&format!("{page}/solved"), &fields).await.status, 404, "{page}");
        assert_eq!(rob.get(&format!("{page}/files/{file}")).await.status, 404, "{page}");
    }
    // A file of one ticket is not reached through another.
    assert_eq!(rob.get(&format!("{good}/files/{file}")).await.status, 404);
    for b in [&eva, &ana] {
        assert_eq!(b.get("/reseller/tickets").await.status, 403);
        assert_eq!(b.get(&good).await.status, 403);
    }
    assert_eq!(messages().await, count);
    // The program reads and answers the same.
    let (program, _) = log_in(&app, "rob@example.com", "customer").await;
    let list = program.get("/api/v1/reseller/tickets").await.body;
    let items = list["items"].as_array().unwrap();
    assert_eq!(
        (items.len(), &items[0]["subject"], &items[0]["customer"]),
        (1, &json!("Theirs to read"), &json!(3)),
        "{list}"
    );
    assert!(items[0].get("assigned").is_none());
    assert_eq!(program.get("/api/v1/reseller/tickets?customer=2").await.status, 404);
    let api = |page: &str| page.replace("/reseller/", "/api/v1/");
    let r = program.post(&format!("{}/messages", api(&good)), &json!({ "text": "By program", "seen": 1 })).await;
    assert_eq!((r.status, &r.body["number"]), (201, &json!(2)), "{}", r.body);
    let r = program.get(&format!("{}/messages", api(&good))).await;
    assert_eq!(r.body["items"][0]["from"], "reseller", "{}", r.body);
    let (owner, _) = log_in(&app, "eva@example.com", "customer").await;
    let r = owner.get(&format!("{}/messages", api(&good))).await;
    assert_eq!(r.body["items"][0]["from"], "staff", "one voice for the customer: {}", r.body);
    assert_eq!(program.get(&format!("{}/notes", api(&good))).await.status, 403);
    assert_eq!(
        program
            .send(
                "PUT",
                &format!("{}/sorting", api(&good)),
                Some(&json!({ "category": "store", "priority": "low" })),
                &[]
            )
            .await
            .status,
        403
    );
    for page in [&foreign, &before] {
        assert_eq!(program.get(&api(page)).await.status, 404, "{page}");
        let r = program.post(&format!("{}/messages", api(page)), &json!({ "text": "x" })).await;
        assert_eq!(r.status, 404, "{page}");
    }
    // The customer leaves, or the role: nothing is there at the next request, and no mail that waits leaves.
    news(&app, &mut read).await;
    open(&eva, "While leaving", &[]).await;
    app.db.sql("UPDATE customers SET reseller_id = NULL WHERE id = 3").await;
    assert!(!news(&app, &mut read).await.iter().any(|m| m.to == "rob@example.com"));
    assert_eq!(rob.get(&good).await.status, 404);
    let r = program.post(&format!("{}/messages", api(&good)), &json!({ "text": "x" })).await;
    assert_eq!(r.status, 404);
    app.db.sql("UPDATE customers SET reseller_id = 1 WHERE id = 3").await;
    assert_eq!(rob.get(&good).await.status, 200);
    let token = ada.get("/admin/customers/1/reseller").await.hidden("csrf_token");
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 303);
    assert!(rob.get(&good).await.location.starts_with("/login"));
}
