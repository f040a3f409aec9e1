//! Tickets: asked, answered, solved, opened again; files; notes that nobody else reads; two people at once; strangers.

use crate::api::{Program, log_in};
use crate::support::{App, Browser, Page, with_tokens};
use hosting::db::Queries;
use hosting::domain::Role;
use hosting::services::change_ticket::close_solved;
use serde_json::json;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";
pub const SECRET_NOTE: &str = "between-us-only-7731";

/// A form with files, as a browser sends it.
pub async fn upload(b: &Browser, action: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
    let line = "----a-line-that-is-in-no-file";
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--{line}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    for (name, bytes) in files {
        let name = name.replace('"', "%22");
        body.extend(
            format!("--{line}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n")
                .bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{line}--\r\n").bytes());
    let request = b.request(reqwest::Method::POST, action);
    let request = request.header("content-type", format!("multipart/form-data; boundary={line}")).body(body);
    Page::of(request.send().await.unwrap()).await
}

/// Fills in the form of `page` that posts to `action`, with files.
pub async fn submit(b: &Browser, page: &str, action: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
    let form = b.get(page).await;
    let mut all = with_tokens(&form, action, fields);
    if !fields.iter().any(|(n, _)| *n == "seen") {
        all.push(("seen".into(), form.hidden("seen")));
    }
    // The token comes first, as in the form.
    all.sort_by_key(|(name, _)| name != "csrf_token");
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    upload(b, action, &all, files).await
}

/// Opens a ticket; returns its page's address.
pub async fn open(b: &Browser, subject: &str, files: &[(&str, &[u8])]) -> String {
    let fields = [
        ("subject", subject),
        ("message", "It does not work.\nSince today."),
        ("category", "store"),
        ("priority", "urgent"),
        ("store", ""),
    ];
    let r = submit(b, "/dashboard/tickets/new", "/dashboard/tickets/new", &fields, files).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert!(r.location.starts_with("/dashboard/tickets/01"), "{}", r.location);
    r.location
}

fn staff_side(owners: &str) -> String {
    owners.replace("/dashboard/", "/admin/").split('#').next().unwrap().to_owned()
}

async fn state(app: &App) -> String {
    sqlx::query_scalar("SELECT state FROM tickets ORDER BY id DESC LIMIT 1").fetch_one(app.db.db.pool()).await.unwrap()
}

#[actix_web::test]
async fn a_ticket_goes_from_question_to_solved_and_opens_again_by_a_reply() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&job).await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    app.deliver_mail().await;
    let empty = ana.get("/dashboard/tickets").await;
    assert!(empty.body.contains("We answer within 24 hours") && empty.body.contains("State of your store"));
    // The store is chosen by itself, and attached.
    let form = ana.get("/dashboard/tickets/new").await;
    assert!(form.body.contains("Up to 5 files of at most 5 MB each"), "limits come before choosing");
    let store = form.body.split("<select class=\"in\" id=\"store\"").nth(1).unwrap();
    let store = store.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [
        ("subject", "Checkout fails"),
        ("message", "It says error 500."),
        ("category", "store"),
        ("priority", "urgent"),
        ("store", &store),
    ];
    let r = submit(&ana, "/dashboard/tickets/new", "/dashboard/tickets/new", &fields, &[("shot.png", PNG)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let (mine, theirs) = (r.location.clone(), staff_side(&r.location));
    let page = ana.get(&mine).await;
    for words in
        ["We have your message", "Checkout fails", "It says error 500.", "shot.png", "Live", "Set up store, done"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let mails = app.deliver_mail().await;
    let told = |to: &str| mails.iter().filter(|m| m.to == to && m.subject.contains("Checkout fails")).count();
    assert_eq!((told("ana@example.com"), told("support@localhost.example")), (1, 1), "both sides, once");
    // In the queue, with everything beside it.
    let queue = grace.get("/admin/tickets").await;
    assert!(queue.body.contains("Checkout fails") && queue.body.contains("Urgent"));
    let page = grace.get(&theirs).await;
    for words in ["Ana&#39;s Bikes", "ana@example.com", "J-", "Internal note", "Nobody"] {
        assert!(page.body.replace("&#x27;", "&#39;").contains(words), "{words}");
    }
    let r = submit(&grace, &theirs, &theirs, &[("message", "Which product was it?"), ("solves", "no")], &[]).await;
    assert_eq!((r.status, staff_side(&r.location)), (303, theirs.clone()), "{}", r.body);
    assert_eq!(state(&app).await, "waiting_for_customer");
    assert!(!grace.get("/admin/tickets").await.body.contains("Checkout fails"), "it is not our turn");
    assert!(
        grace.get("/admin/tickets?state=all&whose=mine").await.body.contains("Checkout fails"),
        "hers by answering"
    );
    let mails = app.deliver_mail().await;
    let answer = mails.last().unwrap();
    assert!(answer.to == "ana@example.com" && answer.text.contains("Which product was it?"), "{answer:?}");
    assert!(answer.raw.contains("Auto-Submitted: auto-generated"));
    let raw = answer.raw.replace("\r\n ", " ");
    assert!(raw.contains("References: <ticket-"), "{raw}");
    assert!(!answer.raw.contains("\nReply-To:"), "no mailbox is set");
    let page = ana.get(&mine).await;
    assert!(
        page.body.contains("Grace Hopper")
            && page.body.contains("We answered")
            && !page.body.contains("grace@example.com")
    );
    // Solved by the customer, and opened again by writing.
    let r = ana.submit_at(&mine, &format!("{mine}/solved"), &[]).await;
    assert_eq!(r.status, 303);
    assert_eq!(state(&app).await, "solved");
    let r = submit(&ana, &mine, &mine, &[("message", "It is back.")], &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(state(&app).await, "waiting_for_us");
    let mails = app.deliver_mail().await;
    assert_eq!(mails.last().unwrap().to, "grace@example.com", "whoever looks after it is told");
    // Staff solve it with an answer; after the days of the setting it closes by itself, and not before.
    let r = submit(&grace, &theirs, &theirs, &[("message", "Mended."), ("solves", "yes")], &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(state(&app).await, "solved");
    assert_eq!(close_solved(&app.services, 14).await.unwrap(), 0);
    app.db.sql("UPDATE tickets SET moved_at = NOW(6) - INTERVAL 15 DAY").await;
    assert_eq!(close_solved(&app.services, 14).await.unwrap(), 1);
    assert_eq!(close_solved(&app.services, 14).await.unwrap(), 0);
    assert_eq!(state(&app).await, "closed");
    // Search and the customer's tab find it.
    let short = page.body.split("T-").nth(1).unwrap()[..6].to_owned();
    assert_eq!(grace.get(&format!("/admin/search?q=t-{short}")).await.location, theirs);
    assert!(grace.get("/admin/search?q=Checkout").await.body.contains("Checkout fails"));
    assert!(grace.get("/admin/customers/1/tickets").await.body.contains("Checkout fails"));
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_events WHERE target_kind = 'ticket' ORDER BY number")
            .fetch_all(app.db.db.pool())
            .await
            .unwrap();
    assert_eq!(
        actions,
        ["ticket.open", "ticket.answer", "ticket.solve", "ticket.write", "ticket.answer", "ticket.close"]
    );
}

#[actix_web::test]
async fn notes_of_staff_are_nowhere_for_the_customer() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::Admin).await;
    let mine = open(&ana, "Slow", &[]).await;
    let theirs = staff_side(&mine);
    let r = submit(&grace, &theirs, &format!("{theirs}/note"), &[("note", SECRET_NOTE)], &[]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert!(grace.get(&theirs).await.body.contains(SECRET_NOTE));
    let uid = mine.rsplit('/').next().unwrap().to_owned();
    let (program, _) = log_in(&app, "ana@example.com", "customer").await;
    for path in [format!("/api/v1/tickets/{uid}"), format!("/api/v1/tickets/{uid}/messages"), "/api/v1/tickets".into()]
    {
        let r = program.get(&path).await;
        assert_eq!(r.status, 200, "{path}");
        assert!(!r.body.to_string().contains(SECRET_NOTE), "{path}");
    }
    assert_eq!(program.get(&format!("/api/v1/tickets/{uid}/notes")).await.status, 403);
    for path in [mine.as_str(), "/dashboard/tickets", "/dashboard"] {
        assert!(!ana.get(path).await.body.contains(SECRET_NOTE), "{path}");
    }
    assert!(app.deliver_mail().await.iter().all(|m| !m.raw.contains(SECRET_NOTE)));
    let export = app.services.db.read().await.unwrap().data_exports().gather(1).await.unwrap();
    assert_eq!(export["tickets"][0]["subject"], "Slow");
    assert_eq!(export["ticket_messages"][0]["text"], "It does not work.\nSince today.");
    assert!(!export.to_string().contains(SECRET_NOTE), "the export");
    // Forgetting takes everything along, notes too.
    let mut tx = app.services.db.begin().await.unwrap();
    tx.erasure().erase(1).await.unwrap();
    tx.commit().await.unwrap();
    for table in ["tickets", "ticket_messages", "ticket_notes", "ticket_files"] {
        assert_eq!(app.db.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

#[actix_web::test]
async fn files_are_sealed_named_harmlessly_and_only_ever_saved() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    let page = b"<!doctype html><script>alert(document.cookie)</script>";
    let mine = open(&ana, "Files", &[("../../evil\u{202e}.html", page), ("shot.exe", PNG), ("", b"")]).await;
    let shown = ana.get(&mine).await;
    let files: Vec<String> = shown
        .body
        .split(&format!("href=\"{mine}/files/"))
        .skip(1)
        .map(|f| f.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(files.len(), 2, "{}", shown.body);
    let got = ana.get(&format!("{mine}/files/{}", files[0])).await;
    assert_eq!((got.status, got.body.as_bytes()), (200, &page[..]));
    assert_eq!(got.header("content-type"), "text/plain; charset=utf-8", "by content, and never a page");
    assert_eq!(got.header("content-disposition"), "attachment; filename=\"evil.html\"; filename*=UTF-8''evil.html");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert!(got.header("content-security-policy").contains("sandbox"), "{}", got.header("content-security-policy"));
    let got = ana.get(&format!("{mine}/files/{}", files[1])).await;
    assert_eq!((got.status, got.header("content-type")), (200, "image/png"));
    // Sealed where it lies; nobody else's.
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_files WHERE INSTR(sealed, 'alert') > 0").await, 0);
    assert_eq!(eva.get(&format!("{mine}/files/{}", files[0])).await.status, 404);
    let hers = open(&eva, "Hers", &[]).await;
    assert_eq!(eva.get(&format!("{hers}/files/{}", files[0])).await.status, 404, "not through a ticket of one's own");
    assert_eq!(grace.get(&format!("{}/files/{}", staff_side(&mine), files[0])).await.status, 200);
    // Limits: words at the field, nothing kept, what was typed stays.
    let before = app.db.number("SELECT COUNT(*) FROM ticket_files").await;
    let large = vec![b'x'; 5 * 1024 * 1024 + 1];
    let r = submit(&ana, &mine, &mine, &[("message", "typed words")], &[("large.bin", &large)]).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("large.bin is larger than 5 MB") && r.body.contains("typed words"), "{}", r.body);
    let many: Vec<(&str, &[u8])> = (0..6).map(|_| ("a.txt", &b"x"[..])).collect();
    let r = submit(&ana, &mine, &mine, &[("message", "typed words")], &many).await;
    assert!(r.status == 422 && r.body.contains("Choose at most 5 files"), "{}", r.body);
    let fit = vec![b'x'; 5 * 1024 * 1024];
    let r = submit(&ana, &mine, &mine, &[("message", "one that fits")], &[("fits.bin", &fit)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_files").await, before + 1);
    // Without our token, nothing is read.
    let r = upload(&ana, &mine, &[("message", "x"), ("form_key", &"k".repeat(40))], &[("a.txt", b"x")]).await;
    assert_eq!(r.status, 403);
    let r = upload(&ana, &mine, &[("csrf_token", "00"), ("message", "x")], &[]).await;
    assert_eq!(r.status, 403);
}

#[actix_web::test]
async fn two_people_who_answer_at_once_are_told_of_each_other() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    let hedy = app.staff("hedy@example.com", Role::Support).await;
    app.db.sql("UPDATE admins SET name = 'Hedy Lamarr' WHERE email = 'hedy@example.com'").await;
    let mine = open(&ana, "Two", &[]).await;
    let theirs = staff_side(&mine);
    // Both have the page open; Hedy is quicker.
    let seen = grace.get(&theirs).await.hidden("seen");
    let r = submit(&hedy, &theirs, &theirs, &[("message", "Hedy's answer")], &[]).await;
    assert_eq!(r.status, 303);
    let r = submit(&grace, &theirs, &theirs, &[("message", "Grace's answer"), ("seen", &seen)], &[]).await;
    assert_eq!(r.status, 409);
    let body = r.body.replace("&#x27;", "'").replace("&#39;", "'");
    assert!(body.contains("Hedy Lamarr answered") && body.contains("Nothing was sent"), "{body}");
    assert!(body.contains("Hedy's answer") && body.contains("Grace's answer"), "both are there to read");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_messages").await, 2);
    // Sent again from that page it goes out, once however often it is sent.
    let key = r.hidden_of(&theirs, "form_key");
    let token = r.hidden("csrf_token");
    let seen = r.hidden("seen");
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("seen", &seen), ("message", "Grace's answer")];
    assert_eq!(upload(&grace, &theirs, &fields, &[]).await.status, 303);
    assert_eq!(upload(&grace, &theirs, &fields, &[]).await.status, 409, "the same form twice");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_messages").await, 3);
    // The customer's own word counts as well.
    let seen = hedy.get(&theirs).await.hidden("seen");
    submit(&ana, &mine, &mine, &[("message", "Never mind")], &[]).await;
    let r = submit(&hedy, &theirs, &theirs, &[("message", "More"), ("seen", &seen)], &[]).await;
    assert!(r.status == 409 && r.body.contains("The customer wrote"), "{}", r.body);
}

#[actix_web::test]
async fn the_queue_goes_by_how_long_people_wait() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    for subject in ["first", "second", "third"] {
        open(&ana, subject, &[]).await;
    }
    let order = |page: &Page| {
        let mut found: Vec<(usize, &str)> = ["first", "second", "third"]
            .into_iter()
            .filter_map(|s| Some((page.body.find(&format!(">{s}<"))?, s)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, s)| s).collect::<Vec<_>>()
    };
    assert_eq!(order(&grace.get("/admin/tickets").await), ["first", "second", "third"]);
    // Who writes again keeps their place; who was answered and writes again stands at the end.
    let page = |n: u64| format!("SELECT uid FROM tickets WHERE id = {n}");
    let uid: String = sqlx::query_scalar(sqlx::AssertSqlSafe(page(1))).fetch_one(app.db.db.pool()).await.unwrap();
    let (mine, theirs) = (format!("/dashboard/tickets/{uid}"), format!("/admin/tickets/{uid}"));
    submit(&ana, &mine, &mine, &[("message", "Still there?")], &[]).await;
    assert_eq!(order(&grace.get("/admin/tickets").await), ["first", "second", "third"]);
    submit(&grace, &theirs, &theirs, &[("message", "Yes")], &[]).await;
    submit(&ana, &mine, &mine, &[("message", "Good")], &[]).await;
    assert_eq!(order(&grace.get("/admin/tickets").await), ["second", "third", "first"]);
    assert_eq!(order(&grace.get("/admin/tickets?whose=mine").await), ["first"]);
    assert_eq!(order(&grace.get("/admin/tickets?whose=nobody").await), ["second", "third"]);
    assert_eq!(order(&grace.get("/admin/tickets?category=billing").await), [""; 0]);
    assert_eq!(
        order(&grace.get("/admin/tickets?state=all").await),
        ["first", "third", "second"],
        "others newest first"
    );
    // Sorted, closed, taken up again.
    let token = grace.get(&theirs).await.hidden("csrf_token");
    let sort = [("csrf_token", token.as_str()), ("assigned", ""), ("category", "billing"), ("priority", "low")];
    assert_eq!(grace.post(&format!("{theirs}/sort"), &sort).await.status, 303);
    assert_eq!(order(&grace.get("/admin/tickets?category=billing").await), ["first"]);
    let wrong = [("csrf_token", token.as_str()), ("assigned", "999"), ("category", "billing"), ("priority", "low")];
    assert_eq!(grace.post(&format!("{theirs}/sort"), &wrong).await.status, 422);
    let to = |to| [("csrf_token", token.clone()), ("to", String::from(to))];
    for (what, status) in [("closed", 303), ("closed", 409), ("reopened", 303), ("nonsense", 422)] {
        let fields = to(what);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(grace.post(&format!("{theirs}/state"), &fields).await.status, status, "{what}");
    }
    // Pages of the queue, there and back.
    app.db
        .sql(
            "INSERT INTO tickets (uid, customer_id, subject, category, priority, evidence, moved_at) SELECT \
             CONCAT('01Q', LPAD(seq, 23, '0')), 1, CONCAT('bulk-', LPAD(seq, 3, '0')), 'other', 'low', '{}', '2020-01-01' + INTERVAL seq DIV 3 SECOND \
             FROM seq_1_to_120",
        )
        .await;
    let (mut path, mut seen) = ("/admin/tickets?category=other".to_owned(), Vec::new());
    let numbers = |page: &Page| page.body.split(">bulk-").skip(1).map(|t| t[..3].to_owned()).collect::<Vec<_>>();
    let link = |page: &Page, rel: &str| {
        page.body
            .split("<a class=\"btn sm\" href=\"")
            .skip(1)
            .find(|l| l.split('>').next().unwrap().contains(rel))
            .map(|l| l.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2F;", "/"))
    };
    loop {
        let page = grace.get(&path).await;
        seen.extend(numbers(&page));
        match link(&page, "rel=\"next\"") {
            Some(next) => path = next,
            None => break,
        }
    }
    let all: Vec<String> = (1..=120).map(|n| format!("{n:03}")).collect();
    assert_eq!(seen, all, "each once, in order");
    let back = link(&grace.get(&path).await, "rel=\"prev\"").expect("a way back");
    assert_eq!(numbers(&grace.get(&back).await), all[50..100]);
    // What waits too long needs somebody.
    app.db.sql("UPDATE tickets SET moved_at = NOW(6) WHERE subject LIKE 'bulk%'").await;
    assert!(!grace.get("/admin").await.body.contains("waits for an answer"));
    app.db.sql("UPDATE tickets SET moved_at = NOW(6) - INTERVAL 13 HOUR WHERE subject = 'second'").await;
    shopfleet_tests::eventually("the overview", async || {
        let page = grace.get("/admin").await;
        page.body.contains("waits for an answer").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn kept_answers_are_filled_in_and_never_overwritten_blindly() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    let here = "/admin/tickets/answers";
    let r = grace.submit(here, &[("title", "Reset"), ("body", "Press \"Reset\" & wait.")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let r = grace.submit(here, &[("title", "Reset"), ("body", "again")]).await;
    assert!(r.status == 422 && r.body.contains("with this title already"), "{}", r.body);
    let list = grace.get(here).await;
    let one =
        format!("{here}/{}", list.body.split(&format!("href=\"{here}/")).nth(1).unwrap().split('"').next().unwrap());
    let theirs = staff_side(&open(&ana, "How", &[]).await);
    let uid = one.rsplit('/').next().unwrap();
    let filled = grace.get(&format!("{theirs}?answer={uid}")).await;
    assert!(filled.body.contains("Press &quot;Reset&quot; &amp; wait."), "{}", filled.body);
    let version = grace.get(&one).await.hidden("version");
    let r = grace.submit(&one, &[("title", "Reset"), ("body", "Newer"), ("version", &version)]).await;
    assert_eq!(r.status, 303);
    let r = grace.submit(&one, &[("title", "Reset"), ("body", "Older"), ("version", &version)]).await;
    assert_eq!(r.status, 409, "somebody changed it since");
    let r = grace.submit_at(&one, &format!("{one}/delete"), &[]).await;
    assert_eq!(r.status, 303);
    assert_eq!(grace.get(&one).await.status, 404);
    // No customer gets there.
    assert!(ana.get(here).await.location.starts_with("/admin/login"));
}

#[actix_web::test]
async fn strangers_and_hostile_words_get_nowhere() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    let mine = open(&ana, "<script>alert(1)</script>", &[]).await;
    let theirs = staff_side(&mine);
    for b in [&ana, &grace] {
        let page = b.get(if std::ptr::eq(b, &ana) { &mine } else { &theirs }).await;
        assert!(
            !page.body.contains("<script>alert") && page.body.contains("&lt;script&gt;alert(1)"),
            "text stays text"
        );
    }
    let token = eva.get("/dashboard/tickets").await.hidden("csrf_token");
    let fields = [("csrf_token", token.as_str()), ("form_key", &"k".repeat(40)), ("message", "mine now")];
    assert_eq!(eva.get(&mine).await.status, 404);
    assert_eq!(eva.post(&mine, &fields).await.status, 404);
    assert_eq!(eva.post(&format!("{mine}/solved"), &fields).await.status, 404);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_messages").await, 1);
    // Another's store is none of one's own.
    let store: String =
        sqlx::query_scalar("SELECT uid FROM stores WHERE customer_id = 1").fetch_one(app.db.db.pool()).await.unwrap();
    let wish = [("subject", "x"), ("message", "x"), ("category", "store"), ("priority", "low"), ("store", &store)];
    let r = submit(&eva, "/dashboard/tickets/new", "/dashboard/tickets/new", &wish, &[]).await;
    assert!(r.status == 422 && r.body.contains("Choose one of your stores"), "{}", r.body);
    for (field, value) in [("category", "nonsense"), ("priority", ""), ("subject", "\u{202e}x"), ("message", " ")] {
        let mut wish =
            vec![("subject", "x"), ("message", "x"), ("category", "store"), ("priority", "low"), ("store", "")];
        wish.iter_mut().find(|(n, _)| *n == field).unwrap().1 = value;
        let r = submit(&eva, "/dashboard/tickets/new", "/dashboard/tickets/new", &wish, &[]).await;
        assert_eq!(r.status, 422, "{field}");
    }
    // A double press is one ticket; too many in a row have to wait.
    let form = eva.get("/dashboard/tickets/new").await;
    let wish = [("subject", "once"), ("message", "x"), ("category", "store"), ("priority", "low"), ("store", "")];
    let all = with_tokens(&form, "/dashboard/tickets/new", &wish);
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let first = eva.post("/dashboard/tickets/new", &all).await.status;
    let second = eva.post("/dashboard/tickets/new", &all).await.status;
    assert_eq!((first, second), (303, 409));
    let mut last = 0;
    for _ in 0..10 {
        last = submit(&eva, "/dashboard/tickets/new", "/dashboard/tickets/new", &wish, &[]).await.status;
    }
    assert_eq!(last, 429);
    assert!(app.db.number("SELECT COUNT(*) FROM tickets WHERE customer_id = 2").await <= 8);
}

#[actix_web::test]
async fn tickets_of_staff_who_left_are_everybodys_again() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    app.staff("sam@example.com", Role::Support).await;
    let sam = app.db.number("SELECT CAST(id AS SIGNED) FROM admins WHERE email = 'sam@example.com'").await;
    app.db.sql("REPLACE INTO settings (name, value) VALUES ('ticket_staff_email', 'desk@example.com')").await;
    let mut at = Vec::new();
    for subject in ["open", "solved", "late"] {
        at.push(open(&ana, subject, &[]).await);
    }
    app.deliver_mail().await;
    app.db.sql(&format!("UPDATE tickets SET assigned_admin_id = {sam}")).await;
    app.db.sql("UPDATE tickets SET state = 'solved' WHERE subject = 'solved'").await;
    // Written before they left, sent after.
    assert_eq!(submit(&ana, &at[2], &at[2], &[("message", "Hello?")], &[]).await.status, 303);
    let form = format!("/admin/admins/{sam}");
    let r = grace.submit(&form, &[("name", "Sam"), ("role", "support")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let whose = async |subject: &str| {
        app.db
            .number(&format!(
                "SELECT CAST(COALESCE(assigned_admin_id, 0) AS SIGNED) FROM tickets WHERE subject = '{subject}'"
            ))
            .await
    };
    assert_eq!((whose("open").await, whose("solved").await, whose("late").await), (0, sam, 0));
    for (subject, at) in [("open", &at[0]), ("solved", &at[1])] {
        assert_eq!(submit(&ana, at, at, &[("message", "Still there?")], &[]).await.status, 303);
        assert_eq!(whose(subject).await, 0);
    }
    let sent = app.deliver_mail().await;
    let told: Vec<_> = sent.iter().filter(|m| m.text.contains("Still there?") || m.text.contains("Hello?")).collect();
    assert_eq!(told.len(), 3, "{sent:?}");
    assert!(told.iter().all(|m| m.to == "desk@example.com"), "{told:?}");
}

#[actix_web::test]
async fn programs_open_read_and_answer_tickets_within_their_reach() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    app.staff("sam@example.com", Role::Support).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let wish = json!({ "subject": "From a program", "message": "Hello", "category": "other" });
    let key = [("idempotency-key", "ticket-one")];
    let made = ana.send("POST", "/api/v1/tickets", Some(&wish), &key).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(ana.send("POST", "/api/v1/tickets", Some(&wish), &key).await.body["id"], made.body["id"], "once");
    let at = format!("/api/v1/tickets/{}", made.body["id"].as_str().unwrap());
    assert_eq!(ana.get(&at).await.body["state"], "open");
    assert!(ana.get(&at).await.body["customer"].is_null());
    for path in [at.clone(), format!("{at}/messages")] {
        assert_eq!(eva.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(eva.post(&format!("{at}/messages"), &json!({ "text": "x" })).await.status, 404);
    assert_eq!(eva.get("/api/v1/tickets").await.body["items"], json!([]));
    assert_eq!(sam.get("/api/v1/tickets").await.body["items"][0]["customer"], 1);
    let r = sam.post(&format!("{at}/messages"), &json!({ "text": "Hello yourself", "seen": 0 })).await;
    assert_eq!(r.status, 409, "something was not read");
    let r = sam.post(&format!("{at}/messages"), &json!({ "text": "Hello yourself", "seen": 1 })).await;
    assert_eq!((r.status, &r.body["number"]), (201, &json!(2)));
    assert_eq!(ana.get(&format!("{at}/messages")).await.body["items"][0]["text"], "Hello yourself");
    assert_eq!(ana.post(&format!("{at}/closed"), &json!({})).await.status, 403);
    assert_eq!(ana.post(&format!("{at}/solved"), &json!({})).await.status, 204);
    assert_eq!(ana.post(&format!("{at}/solved"), &json!({})).await.status, 409);
    let sorting = json!({ "category": "billing", "priority": "high" });
    assert_eq!(sam.send("PUT", &format!("{at}/sorting"), Some(&sorting), &[]).await.status, 204);
    assert_eq!(sam.get(&at).await.body["category"], "billing");
    let _ = Program::new(&app, None);
}
