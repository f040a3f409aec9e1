//! The panel in a test: real MariaDB and Redis, the same `build` as the binary, mail in memory.

use hosting::config::{WebConfig, url_like::BaseUrl};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::jobs::NewJob;
use hosting::domain::{Actor, Email, Role, Uid};
use hosting::jobs::MailArgs;
use hosting::mail::{Mailer, Sent};
use hosting::progress::Hub;
use hosting::services::Services;
use hosting::services::passwords::Passwords;
use hosting::services::send_mail::send_mail;
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use shopfleet_tests::{TestDb, TestRedis};
use std::net::TcpListener;
use tokio_util::sync::CancellationToken;
use webapp::state::AppState;

pub const PASSWORD: &str = "correct horse battery";

pub struct App {
    pub db: TestDb,
    pub redis: TestRedis,
    pub services: Services,
    pub base: BaseUrl,
    pub mailer: Mailer,
    pub stop: CancellationToken,
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts a web process on a free port with the given services.
pub fn serve(services: Services, redis_url: &Secret, stop: &CancellationToken) -> BaseUrl {
    serve_as(services, redis_url, stop, "127.0.0.1")
}

/// The same, where the panel is reached by a name.
pub fn serve_as(services: Services, redis_url: &Secret, stop: &CancellationToken, host: &str) -> BaseUrl {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let base = BaseUrl::parse(&format!("http://{host}:{}", address.port())).unwrap();
    let config = WebConfig { base_url: base.clone(), listen: address };
    let (stop, redis_url) = (stop.clone(), redis_url.clone());
    let (ready, wait) = std::sync::mpsc::channel();
    // A system of its own, as in the binary.
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let hub = Hub::start(redis_url, stop.clone());
            let state = AppState::new(services, config, hub, None, stop);
            let server = webapp::startup::build(state, listener).unwrap();
            ready.send(()).unwrap();
            server.await.unwrap();
        });
    });
    wait.recv().unwrap();
    base
}

impl App {
    pub async fn new() -> Self {
        Self::at("127.0.0.1").await
    }

    /// A panel that is reached by a name, as passkeys need.
    pub async fn at(host: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let db = TestDb::new().await;
        hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
        let redis = TestRedis::start();
        let services = Services { db: db.db.clone(), queue: redis.queue(), keys: db.keys.clone() };
        let stop = CancellationToken::new();
        let base = serve_as(services.clone(), &redis.url, &stop, host);
        Self { db, redis, services, base, mailer: Mailer::memory(), stop }
    }

    pub fn browser(&self) -> Browser {
        Browser {
            base: self.base.as_str().to_owned(),
            client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
        }
    }

    /// Sends all waiting mail, as the worker would.
    pub async fn deliver_mail(&self) -> Vec<Sent> {
        let waiting: Vec<(u64, String, String)> = sqlx::query_as(
            "SELECT id, uid, CAST(args AS CHAR) FROM jobs WHERE kind = 'send_mail' AND state = 'queued' ORDER BY id",
        )
        .fetch_all(self.db.db.pool())
        .await
        .unwrap();
        for (id, uid, args) in waiting {
            let args: MailArgs = serde_json::from_str(&args).unwrap();
            send_mail(&self.services, &self.mailer, &self.base, &uid, &args).await.unwrap();
            self.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE id = {id}")).await;
            self.db.sql(&format!("UPDATE jobs SET state = 'finished' WHERE id = {id}")).await;
        }
        self.mailer.sent()
    }

    /// The token of the newest confirmation mail.
    pub async fn newest_token(&self) -> String {
        let sent = self.deliver_mail().await;
        let mail = sent.iter().rev().find(|m| m.text.contains("/verify?token=")).expect("a confirmation mail");
        mail.text.split("/verify?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    }

    /// A staff account.
    pub async fn admin(&self, email: &str, role: Role, temporary: bool) {
        let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
        let mut tx = self.services.db.begin().await.unwrap();
        tx.admins().insert(&Email::parse(email).unwrap(), "Grace Hopper", &hash, role, temporary).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A signed-in staff browser.
    pub async fn staff(&self, email: &str, role: Role) -> Browser {
        self.admin(email, role, false).await;
        let b = self.browser();
        let r = b.submit("/admin/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/admin"), "{}", r.body);
        b
    }

    /// A confirmed customer in their browser, with the job that sets the store up.
    pub async fn customer(&self, email: &str, store: &str) -> (Browser, Uid) {
        let b = self.browser();
        let r = b.sign_up(&[("email", email), ("store_name", store)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/verify"), "{}", r.body);
        let token = self.newest_token().await;
        let r = b.submit_at(&format!("/verify?token={token}"), "/verify", &[("token", &token)]).await;
        assert_eq!(r.status, 303, "{}", r.body);
        let uid = r.location.strip_prefix("/setup/").expect("the set-up page");
        (b, Uid::parse(uid).unwrap())
    }

    /// Makes a customer's store live without a worker, with its secrets.
    pub async fn make_live(&self, job: &Uid) -> u64 {
        let store: i64 =
            self.db.number(&format!("SELECT CAST(store_id AS SIGNED) FROM jobs WHERE uid = '{job}'")).await;
        let store = u64::try_from(store).unwrap();
        self.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE uid = '{job}'")).await;
        self.db
            .sql(&format!(
                "UPDATE jobs SET state = 'finished', finished_at = NOW(6), progress = 100 WHERE uid = '{job}'"
            ))
            .await;
        self.db.sql(&format!("UPDATE stores SET state = 'active', active_at = NOW(6) WHERE id = {store}")).await;
        let mut tx = self.services.db.begin().await.unwrap();
        for (name, value) in [
            ("admin_login", "ana"),
            ("admin_password", "store-admin-secret"),
            ("db_password", "store-db-secret"),
            ("key_seed", "never-shown"),
        ] {
            tx.secrets().set(&self.services.keys, store, name, &Secret::new(value)).await.unwrap();
        }
        tx.commit().await.unwrap();
        store
    }

    /// A job without a store, for logs.
    pub async fn noop(&self) -> (u64, Uid) {
        let mut tx = self.services.db.begin().await.unwrap();
        let job = tx.jobs().insert(&NewJob::noop(serde_json::json!({}))).await.unwrap();
        tx.commit().await.unwrap();
        (job.id, job.uid)
    }

    /// Everything that a refused request must not change.
    pub async fn census(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in ["customers", "stores", "store_addresses", "jobs", "email_verifications"] {
            counts.push(self.db.number(&format!("SELECT COUNT(*) FROM {table}")).await);
        }
        // That somebody was refused is written down.
        counts.push(self.db.number("SELECT COUNT(*) FROM audit_events WHERE outcome <> 'refused'").await);
        counts.push(
            self.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind <> 'visitor' AND revoked_at IS NULL").await,
        );
        counts.push(self.db.number("SELECT COUNT(*) FROM stores WHERE delete_after IS NOT NULL").await);
        counts
    }

    pub fn operator(&self) -> Actor {
        Actor::operator()
    }
}

#[derive(Clone)]
pub struct Browser {
    pub base: String,
    pub client: Client,
}

/// An answer that has been read.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: String,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Page {
    pub async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let location = headers.get("location").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        Self { status, location, headers, body: response.text().await.unwrap() }
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    /// Value of a hidden field, of the last form that has it.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        self.body
            .rsplit(&mark)
            .next()
            .filter(|r| r.len() < self.body.len())
            .map_or_else(String::new, |r| r.split('"').next().unwrap().to_owned())
    }
    /// Value of a hidden field of the form that posts to `action`.
    pub fn hidden_of(&self, action: &str, name: &str) -> String {
        let Some(form) = self.body.split(&format!("action=\"{action}\"")).nth(1) else { return self.hidden(name) };
        let form = form.split("</form>").next().unwrap();
        let mark = format!("name=\"{name}\" value=\"");
        form.split(&mark).nth(1).map_or_else(String::new, |r| r.split('"').next().unwrap().to_owned())
    }
}

impl Browser {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("accept", "text/html,*/*;q=0.8")
    }
    pub async fn get(&self, path: &str) -> Page {
        Page::of(self.request(Method::GET, path).send().await.unwrap()).await
    }
    pub async fn json(&self, path: &str) -> Page {
        let r =
            self.client.get(format!("{}{path}", self.base)).header("accept", "application/json").send().await.unwrap();
        Page::of(r).await
    }
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        Page::of(self.request(Method::POST, path).form(fields).send().await.unwrap()).await
    }
    /// Fills in the form of a page and sends it to the same address.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.submit_at(path, path, fields).await
    }
    /// Fills in the form of `page` that posts to `action`.
    pub async fn submit_at(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.get(page).await;
        let all = with_tokens(&form, action, fields);
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        self.post(action, &all).await
    }
    /// The sign-up form with good values, some replaced.
    pub async fn sign_up(&self, fields: &[(&str, &str)]) -> Page {
        let all = sign_up_fields(fields);
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        self.submit("/signup", &all).await
    }
}

/// Good values of the sign-up form, some replaced.
pub fn sign_up_fields(replaced: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("email", "ana@example.com"),
        ("password", PASSWORD),
        ("store_name", "Ana's Bikes"),
        ("platform", "woocommerce"),
        ("plan", "starter"),
        ("address", ""),
    ]
    .map(|(a, b)| (a.to_owned(), b.to_owned()))
    .to_vec();
    for (name, value) in replaced {
        match all.iter_mut().find(|(n, _)| n == name) {
            Some(field) => (*value).clone_into(&mut field.1),
            None => all.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    all
}

/// Adds the tokens of a page's form unless they are given.
pub fn with_tokens(page: &Page, action: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    for name in ["csrf_token", "form_key", "version"] {
        if !fields.iter().any(|(n, _)| *n == name) {
            let value = match page.hidden_of(action, name) {
                v if v.is_empty() && name == "csrf_token" => page.hidden(name),
                v => v,
            };
            if !value.is_empty() {
                all.push((name.to_owned(), value));
            }
        }
    }
    all
}
