//! A store's run-time log from the panel: real containers, the worker's desk, Redis between them.

use crate::api::{Reply, log_in_at};
use crate::support::{App, Browser, PASSWORD, serve};
use futures_util::StreamExt;
use hosting::crypto::Secret;
use hosting::db::stores::Store;
use hosting::domain::Email;
use hosting::services::passwords::Passwords;
use hosting::store_logs::LINES_PER_SECOND;
use reqwest::{Client, Method, redirect::Policy};
use shopfleet_tests::eventually;
use shopfleet_tests::shop_server::ShopServer;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::store_logs::Desk;

const HERE: &str = "/dashboard/logs";

/// What a stream has brought so far; dropping it closes the stream.
struct Followed {
    text: Arc<Mutex<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl Followed {
    async fn open(b: &Browser, path: &str) -> Self {
        let answer = b.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let text = Arc::new(Mutex::new(String::new()));
        let into = text.clone();
        let task = tokio::spawn(async move {
            let mut bytes = answer.bytes_stream();
            while let Some(Ok(part)) = bytes.next().await {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&part));
            }
        });
        let followed = Self { text, task };
        followed.says("\"Live\"").await;
        followed
    }
    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
    async fn says(&self, what: &str) -> String {
        eventually(what, async || Some(self.text()).filter(|t| t.contains(what))).await
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A program among the shop's own files, as a plugin is: what PHP says of it is a line as shops write them.
fn plugin(server: &ShopServer, store: &Store, name: &str, code: &str) -> String {
    let dir = server.machine.dir(store).path().join("web/wp-content");
    std::fs::write(dir.join(name), format!("<?php {code}\n")).unwrap();
    format!("/wp-content/{name}")
}

#[actix_web::test]
async fn owners_read_and_follow_their_own_stores_log_and_no_other() {
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let desk_stop = CancellationToken::new();
    let desk = Desk::open(server.machine.clone(), desk_stop.clone());
    let stop = CancellationToken::new();
    let base = serve(server.services(), &server.redis.url, &stop);
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    let other = server.live("Eva", "eva-shop").await;
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    server
        .db
        .sql(&format!("UPDATE customers SET password_hash = '{hash}', state = 'active', email_verified_at = NOW(6)"))
        .await;
    let sign_in = async |slug: &str| {
        let b = Browser {
            base: base.as_str().to_owned(),
            client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
        };
        let email = Email::parse(&format!("{slug}@example.com")).unwrap();
        let r = b.submit("/login", &[("email", email.as_str()), ("password", PASSWORD)]).await;
        assert_eq!(r.status, 303, "{}", r.body);
        b
    };
    let (ana, eva) = (sign_in("ana-bikes").await, sign_in("eva-shop").await);
    let (host, theirs) = (store.host.clone().unwrap(), other.host.clone().unwrap());

    // A visit, with what nobody should read later; PHP and the database have something to say as well.
    let password = {
        use hosting::db::Queries;
        let mut conn = server.db.db.read().await.unwrap();
        conn.secrets().get(&server.db.keys, store.id, "db_password").await.unwrap().unwrap()
    };
    assert_eq!(server.get(&host, "/?visit=one&key=letmein").await.0, 200);
    server.get(&theirs, "/?visit=theirs").await;
    server.get(&host, "/no-such-file.css").await;
    let code = format!("trigger_error('<script>alert(1)</script> {}', E_USER_ERROR);", password.expose());
    let broken = plugin(&server, &store, "broken.php", &code);
    assert_eq!(server.get(&host, &broken).await.0, 500);
    let page = eventually("the visit is in the log", async || {
        // A person may ask now and then only; the lines come within a second or two.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let page = ana.get(HERE).await;
        assert_eq!(page.status, 200, "{}", page.body);
        ["visit=one", "no-such-file", "PHP Fatal"].iter().all(|t| page.body.contains(t)).then_some(page)
    })
    .await;
    assert!(page.body.contains("&quot;GET /?visit=one&amp;key=••••••&quot; 200"), "{}", page.body);
    assert!(!page.body.contains("letmein") && !page.body.contains(password.expose()));
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt; ••••••"), "{}", page.body);
    assert!(page.body.contains("ready for connections"), "the database is there");
    assert!(!page.body.contains("visit=theirs") && !page.body.contains(".edge-probe"));

    // Filters: source, level, words, and an absurd one.
    let page = ana.get("/dashboard/logs?source=php").await.body;
    assert!(page.contains("PHP Fatal") && !page.contains("visit=one") && !page.contains("ready for connections"));
    let page = ana.get("/dashboard/logs?source=web&level=warn").await.body;
    assert!(page.contains("no-such-file") && !page.contains("visit=one"));
    let page = ana.get("/dashboard/logs?find=VISIT%3DONE&lines=100").await.body;
    assert!(page.contains("visit=one") && !page.contains("no-such-file") && page.contains("Clear filters"));
    let page = ana.get("/dashboard/logs?find=never-written-anywhere").await.body;
    assert!(page.contains("No line of the kept log fits"));
    assert_eq!(ana.get("/dashboard/logs?source=..%2Fetc%2Fpasswd&lines=99999999&level=x").await.status, 200);
    let page = eva.get("/dashboard/logs?store=1&lines=1000").await.body;
    assert!(page.contains("visit=theirs") && !page.contains("visit=one") && !page.contains("no-such-file"));

    // A program reads the same, and goes on after what it has.
    let (api, _) = log_in_at(base.as_str(), "ana-bikes@example.com", "customer").await;
    let log = format!("/api/v1/stores/{}/log", store.uid);
    let texts = |reply: &Reply| -> Vec<String> {
        let lines = reply.body["lines"].as_array().unwrap();
        lines.iter().map(|l| format!("{} {} {}", l["source"], l["level"], l["text"])).collect()
    };
    let read = api.get(&format!("{log}?source=web&find=visit")).await;
    assert_eq!(read.status, 200, "{}", read.body);
    let [line] = texts(&read).try_into().unwrap();
    assert!(line.starts_with("\"web\" \"info\"") && line.contains("visit=one&key=••••••"), "{line}");
    assert!(read.body.get("problem").is_none(), "{}", read.body);
    let after = read.body["after"].as_str().unwrap().to_owned();
    server.get(&host, "/?visit=zero").await;
    let more = eventually("what came since is read", async || {
        let more = api.get(&format!("{log}?find=visit&after={after}")).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(more.status, 200, "{}", more.body);
        Some(texts(&more)).filter(|t| !t.is_empty())
    })
    .await;
    assert!(more.len() == 1 && more[0].contains("visit=zero"), "{more:?}");
    for wrong in ["source=redis", "level=x", "limit=0", "limit=1001", "after=x", "find=a%0Ab"] {
        assert_eq!(api.get(&format!("{log}?{wrong}")).await.status, 422, "{wrong}");
    }
    assert_eq!(api.get(&format!("/api/v1/stores/{}/log", other.uid)).await.status, 404);

    // Live: only one's own, by filter, and what was written while the connection was cut.
    let page = ana.get(HERE).await.body;
    let mark = page.split("data-after=\"").nth(1).unwrap().split('"').next().unwrap();
    let live = Followed::open(&ana, &format!("/dashboard/logs/stream?after={mark}")).await;
    let errors = Followed::open(&ana, "/dashboard/logs/stream?source=php&level=error").await;
    let eyes = Followed::open(&eva, "/dashboard/logs/stream").await;
    eventually("one reading per store, however many watch", async || (desk.following() == 2).then_some(())).await;
    let begun = Instant::now();
    server.get(&host, "/?visit=two").await;
    server.get(&theirs, "/?visit=hidden").await;
    let seen = live.says("visit=two").await;
    println!("a line was seen after {} ms", begun.elapsed().as_millis());
    eyes.says("visit=hidden").await;
    assert!(!eyes.text().contains("visit=two") && !seen.contains("visit=one"), "only what is new");
    let boom = plugin(&server, &store, "boom.php", "trigger_error('boom', E_USER_ERROR);");
    server.get(&host, &boom).await;
    errors.says("boom").await;
    assert!(!errors.text().contains("visit=two"));
    let last = live.text().rsplit("id: ").next().unwrap().split('\n').next().unwrap().to_owned();
    drop(live);
    server.get(&host, "/?visit=three").await;
    let again = Followed::open(&ana, &format!("/dashboard/logs/stream?after={last}")).await;
    again.says("visit=three").await;
    assert!(!again.text().contains("visit=two"), "nothing twice: {}", again.text());

    // A worker that is started anew goes on by itself.
    desk_stop.cancel();
    eventually("the old desk is shut", async || (desk.following() == 0).then_some(())).await;
    let desk = Desk::open(server.machine.clone(), CancellationToken::new());
    eventually("the new desk follows", async || (desk.following() == 2).then_some(())).await;
    eventually("lines come again", async || {
        server.get(&host, "/?visit=four").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        again.text().contains("visit=four").then_some(())
    })
    .await;

    // A flood: what is shown and what is left out is all there was, and it stays within the cap.
    let flood = Followed::open(&ana, "/dashboard/logs/stream?source=php").await;
    let begun = Instant::now();
    let code = "for ($i = 1; $i <= 6000; $i++) error_log(\"flood $i\"); error_log('the end');";
    let path = plugin(&server, &store, "many-lines.php", code);
    assert_eq!(server.get(&host, &path).await.0, 200);
    let counted = eventually("the whole flood is accounted for", async || {
        let text = flood.text();
        let shown = text.matches("flood ").count();
        let left: usize = text
            .split("Left out</i><span>")
            .skip(1)
            .filter_map(|t| t.trim_start_matches("more than ").split(' ').next()?.parse::<usize>().ok())
            .sum();
        (shown + left >= 6000 || text.contains("more than")).then_some((shown, left))
    })
    .await;
    let seconds = begun.elapsed().as_secs() as usize + 2;
    println!("flood: {} shown, {} left out in {} s", counted.0, counted.1, seconds);
    assert!(counted.1 > 0 && counted.0 <= LINES_PER_SECOND as usize * seconds, "{counted:?}");
    assert_eq!(server.get(&host, "/").await.0, 200, "the shop does not notice");
    assert!(ana.get("/dashboard/logs?find=the+end").await.body.contains("the end"), "searching still finds it");

    // Who looks after the owner reads and follows the same, until the customer is somebody else's.
    let (anas, robs) = (store.customer_id, other.customer_id);
    server.db.sql(&format!("UPDATE customers SET role = 'reseller' WHERE id = {robs}")).await;
    server.db.sql(&format!("UPDATE customers SET reseller_id = {robs} WHERE id = {anas}")).await;
    let page = eva.get(&format!("/reseller/customers/{anas}/logs?find=VISIT%3DONE")).await.body;
    assert!(page.contains("visit=one&amp;key=••••••") && !page.contains("letmein"), "{page}");
    let theirs_now = Followed::open(&eva, &format!("/reseller/customers/{anas}/logs/stream")).await;
    server.get(&host, "/?visit=five").await;
    theirs_now.says("visit=five").await;
    server.db.sql(&format!("UPDATE customers SET reseller_id = NULL WHERE id = {anas}")).await;
    eventually("their stream ends", async || theirs_now.task.is_finished().then_some(())).await;
    assert_eq!(eva.get(&format!("/reseller/customers/{anas}/logs/stream")).await.status, 404);

    // Another owner from now on: the stream of the former one ends by itself. Nobody watches: nothing is read.
    server.db.sql(&format!("UPDATE stores SET customer_id = {} WHERE id = {}", other.customer_id, store.id)).await;
    for s in [&again, &errors, &flood] {
        eventually("the stream ends", async || s.task.is_finished().then_some(())).await;
    }
    drop(eyes);
    eventually("nobody is followed", async || (desk.following() == 0).then_some(())).await;
    stop.cancel();
}

#[actix_web::test]
async fn a_log_that_cannot_be_fetched_says_so() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    let page = b.get(HERE).await;
    assert!(page.status == 200 && page.body.contains("as soon as it is live"), "{}", page.body);
    assert_eq!(b.get("/dashboard/logs/stream").await.status, 204, "nothing to follow");
    app.make_live(&job).await;
    app.db.sql("UPDATE stores SET server_id = (SELECT MIN(id) FROM servers)").await;
    let begun = Instant::now();
    let page = b.get(HERE).await;
    assert!(page.body.contains("does not answer right now"), "{}", page.body);
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody listens: nobody is waited for");
    let (api, _) = log_in_at(app.base.as_str(), "ana@example.com", "customer").await;
    let store = api.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let read = api.get(&format!("/api/v1/stores/{store}/log")).await;
    assert_eq!((read.status, &read.body["lines"]), (200, &serde_json::json!([])));
    assert!(read.body["problem"].as_str().unwrap().contains("does not answer right now"), "{}", read.body);
    let support = app.staff("sam@example.com", hosting::domain::Role::Support).await;
    assert!(support.get("/admin/customers/1/logs").await.body.contains("does not answer right now"));
}
