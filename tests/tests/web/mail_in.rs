//! Answers by mail: real mails, taken in by reply address; strangers, programs and repeats.

use crate::support::App;
use crate::tickets::open;
use hosting::domain::Actor;
use hosting::services::settings::set;
use hosting::services::take_mail::{Refusal, Taken, take_mail};
use shopfleet_tests::worker_process::program;
use std::io::Write;
use std::process::{Command, Stdio};

/// A mail as somebody's program wrote it, to this address.
fn eml(name: &str, to: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/mail");
    let raw = std::fs::read_to_string(format!("{folder}/{name}.eml")).unwrap();
    raw.replace("REPLY@ADDRESS", to).replace('\n', "\r\n").into_bytes()
}

/// An installation that takes mails, Ana's ticket, and the address her mail can be answered to.
async fn stage() -> (App, String, String) {
    let app = App::new().await;
    set(&app.services, &Actor::operator(), "mail_in_address", "reply@help.example").await.unwrap();
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let mine = open(&ana, "Checkout fails", &[]).await;
    let mails = app.deliver_mail().await;
    let told = mails.iter().rev().find(|m| m.to == "ana@example.com" && m.subject.contains("Checkout")).unwrap();
    let raw = told.raw.replace("\r\n ", " ");
    let reply = raw.lines().find(|l| l.starts_with("Reply-To:")).expect("a reply address").to_owned();
    let address = reply.split('<').nth(1).unwrap().trim_end_matches(['>', '\r']).to_owned();
    assert!(address.starts_with("reply+1-") && address.ends_with("@help.example"), "{address}");
    // Staff are not given one: they sign in to answer.
    let staff = mails.iter().rev().find(|m| m.to == "support@localhost.example").unwrap();
    assert!(!staff.raw.contains("reply+"), "{}", staff.raw);
    (app, address, mine)
}

async fn bodies(app: &App) -> Vec<String> {
    sqlx::query_scalar("SELECT body FROM ticket_messages ORDER BY id").fetch_all(app.db.db.pool()).await.unwrap()
}

#[actix_web::test]
async fn an_answer_by_mail_is_in_the_ticket_without_what_it_quotes() {
    let (app, address, mine) = stage().await;
    app.db.sql("UPDATE tickets SET state = 'solved'").await;
    let taken = take_mail(&app.services, &eml("answer", &address), None).await.unwrap();
    assert!(matches!(&taken, Taken::Added(short) if short.starts_with("T-")), "{taken:?}");
    assert_eq!(
        bodies(&app).await.last().unwrap(),
        "It works again, thank you!\n\nOne more thing: the prices are wrong."
    );
    assert_eq!(app.db.number("SELECT COUNT(*) FROM tickets WHERE state = 'waiting_for_us'").await, 1, "open again");
    // Delivered again, it changes nothing.
    assert_eq!(take_mail(&app.services, &eml("answer", &address), None).await.unwrap(), Taken::Known);
    assert_eq!(bodies(&app).await.len(), 2);
    // Our next mail continues the thread of her program.
    let grace = app.staff("grace@example.com", hosting::domain::Role::Support).await;
    let theirs = mine.replace("/dashboard/", "/admin/");
    grace.submit(&theirs, &[("message", "Mended"), ("seen", "2")]).await;
    let mails = app.deliver_mail().await;
    let last = mails.iter().rev().find(|m| m.to == "ana@example.com").unwrap();
    let raw = last.raw.replace("\r\n ", " ");
    assert!(raw.contains("In-Reply-To: <CAF-answer-1@mail.example>"), "{raw}");
    assert!(
        raw.lines().any(|l| l.starts_with("References: <ticket-") && l.contains("<CAF-answer-1@mail.example>")),
        "{raw}"
    );
    assert!(last.text.contains("Write your answer above this line"));
}

#[actix_web::test]
async fn files_of_a_mail_come_along_by_content_and_within_limits() {
    let (app, address, mine) = stage().await;
    let taken = take_mail(&app.services, &eml("with_files", &address), Some(&address)).await.unwrap();
    assert!(matches!(taken, Taken::Added(_)), "{taken:?}");
    let files: Vec<(String, String)> =
        sqlx::query_as("SELECT name, media FROM ticket_files ORDER BY id").fetch_all(app.db.db.pool()).await.unwrap();
    assert_eq!(
        files,
        [("passwd.png".to_owned(), "text/plain".to_owned()), ("Bild März.png".to_owned(), "image/png".to_owned())]
    );
    assert_eq!(bodies(&app).await.last().unwrap(), "Schöne Grüße aus München");
    let _ = mine;
}

#[actix_web::test]
async fn strangers_programs_and_guesses_are_refused_clearly_or_dropped() {
    let (app, address, _) = stage().await;
    app.customer("eva@example.com", "Eva").await;
    let take = async |name: &str, to: &str| take_mail(&app.services, &eml(name, to), None).await.unwrap();
    // Another sender, even one with an account of their own; two senders; a made-up one.
    for name in ["stranger", "other_customer", "two_senders"] {
        assert_eq!(take(name, &address).await, Taken::Refused(Refusal::Sender), "{name}");
    }
    assert!(Refusal::Sender.words().contains("Only the account's own email address"));
    // Programs: no word back, because a program would answer it.
    for name in ["vacation", "bounce", "list"] {
        assert!(matches!(take(name, &address).await, Taken::Dropped(_)), "{name}");
    }
    // Guesses: another ticket, a wrong proof, none at all, another mailbox.
    let wrong = format!("reply+1-{}@help.example", "0".repeat(32));
    let next = address.replace("reply+1-", "reply+2-");
    for to in [wrong.as_str(), next.as_str(), "reply@help.example", "reply+1@help.example", "ana@example.com"] {
        assert_eq!(take("answer", to).await, Taken::Refused(Refusal::Address), "{to}");
    }
    // What the MTA says wins over what the mail says.
    let r = take_mail(&app.services, &eml("answer", &address), Some("reply@help.example")).await.unwrap();
    assert_eq!(r, Taken::Refused(Refusal::Address));
    assert_eq!(take("only_quotes", &address).await, Taken::Refused(Refusal::Empty));
    assert_eq!(take_mail(&app.services, b"", None).await.unwrap(), Taken::Refused(Refusal::Unreadable));
    // Found forged by our own mail server.
    set(&app.services, &Actor::operator(), "mail_in_checked_by", "mx.help.example").await.unwrap();
    assert_eq!(take("forged", &address).await, Taken::Refused(Refusal::Sender));
    assert_eq!(bodies(&app).await.len(), 1, "nothing was added by any of them");
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'ticket.mail' AND outcome = 'refused'").await,
        4
    );
    // An account that is closed writes no more; a mailbox that is not set takes nothing.
    app.db.sql("UPDATE customers SET state = 'closed' WHERE email = 'ana@example.com'").await;
    assert_eq!(take("answer", &address).await, Taken::Refused(Refusal::Sender));
    set(&app.services, &Actor::operator(), "mail_in_address", "").await.unwrap();
    assert_eq!(take("answer", &address).await, Taken::Refused(Refusal::Off));
}

#[actix_web::test]
async fn a_flood_of_mails_stops() {
    let (app, address, _) = stage().await;
    let mail =
        |n: usize| String::from_utf8(eml("answer", &address)).unwrap().replace("CAF-answer-1", &format!("id-{n}"));
    let mut outcomes = Vec::new();
    for n in 0..32 {
        outcomes.push(take_mail(&app.services, mail(n).as_bytes(), None).await.unwrap());
    }
    assert!(matches!(outcomes[29], Taken::Added(_)));
    assert_eq!(outcomes[31], Taken::Refused(Refusal::TooMany));
    assert_eq!(bodies(&app).await.len(), 31);
}

#[actix_web::test]
async fn the_command_for_mail_servers_answers_with_their_exit_codes() {
    let (app, address, _) = stage().await;
    let run = |mail: &[u8], recipient: &str| {
        let mut child = Command::new(program("shopfleet"))
            .args(["mail-in", "--recipient", recipient])
            .env("SHOPFLEET_DATABASE_URL", app.db.url.expose())
            .env("SHOPFLEET_REDIS_URL", app.redis.url.expose())
            .env("SHOPFLEET_MASTER_KEY", "ab".repeat(32))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(mail).unwrap();
        let out = child.wait_with_output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, words) = run(&eml("answer", &address), &address);
    assert!(code == 0 && words.starts_with("T-"), "{code} {words}");
    assert_eq!(run(&eml("vacation", &address), &address).0, 0, "dropped, not bounced");
    let (code, words) = run(&eml("stranger", &address), &address);
    assert!(code == 77 && words.contains("own email address"), "{code} {words}");
    assert_eq!(run(&eml("answer", &address), "reply+9-00@help.example").0, 67);
    assert_eq!(run(b"", &address).0, 65);
    assert_eq!(bodies(&app).await.len(), 2);
}
