//! What the tests share: the instance, the browsers, and the people in them.

use hosting::domain::Uid;
use shopfleet_tests::browser::{Browser, Driver, Options};
use shopfleet_tests::eventually;
use shopfleet_tests::instance::Instance;
use tokio::sync::OnceCell;

/// Password of every shop owner here.
pub const PASSWORD: &str = "correct horse battery staple";

/// One instance with its people. Browsers end before the instance.
pub struct Stage {
    admin: OnceCell<Browser>,
    owner: OnceCell<Browser>,
    pub driver: Driver,
    pub instance: Instance,
}

impl Stage {
    pub async fn set() -> Self {
        let instance = Instance::start().await;
        let driver = Driver::start();
        Self { admin: OnceCell::new(), owner: OnceCell::new(), driver, instance }
    }

    /// Address of a page of the panel.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.instance.web_url)
    }

    /// The super admin, signed in.
    pub async fn admin(&self) -> &Browser {
        self.admin.get_or_init(async || self.signed_in_admin("admin", &Options::default()).await).await
    }

    /// Another browser of the super admin.
    pub async fn signed_in_admin(&self, name: &str, options: &Options) -> Browser {
        let browser = self.driver.browser(name, options).await;
        self.sign_in_admin_at(&browser, &self.instance.web_url).await;
        browser
    }

    /// Signs the super admin in where the panel answers at `url`.
    pub async fn sign_in_admin_at(&self, browser: &Browser, url: &str) {
        browser.open(&format!("{url}/admin/login")).await;
        browser.fill("#email", &self.instance.admin_email).await;
        browser.fill("#password", &self.instance.admin_password()).await;
        browser.press("Sign in").await;
        browser.says("What needs you").await;
    }

    /// Ana, whose store Alpine Honey is live.
    pub async fn owner(&self) -> &Browser {
        self.owner
            .get_or_init(async || {
                let browser = self.driver.browser("owner", &Options::default()).await;
                self.sign_up(&browser, "ana@example.com", "Alpine Honey").await;
                self.verify(&browser, "ana@example.com").await;
                browser.says("Open store").await;
                browser
            })
            .await
    }

    /// Fills in the form and sends it.
    pub async fn sign_up(&self, browser: &Browser, email: &str, store: &str) {
        browser.open(&self.url("/signup")).await;
        browser.fill("#store_name", store).await;
        browser.fill("#email", email).await;
        browser.fill("#password", PASSWORD).await;
        browser.click("input[name=plan]:not(:disabled)").await;
        browser.press("Create store").await;
        browser.arrives("/verify").await;
        browser.says("Check your email").await;
        browser.says(email).await;
    }

    /// Opens the link of the mail and presses its button.
    pub async fn verify(&self, browser: &Browser, email: &str) {
        browser.open(&self.link(email).await).await;
        browser.says("One press confirms").await;
        browser.press("Confirm and start my store").await;
        browser.arrives("/setup/").await;
    }

    /// The link in the newest confirmation mail.
    pub async fn link(&self, email: &str) -> String {
        let mail = eventually("the mail", async || self.instance.mail(email, "/verify?token=")).await;
        mail.split_whitespace().find(|w| w.contains("/verify?token=")).unwrap().to_owned()
    }

    /// A confirmed owner with Ana's password whose set-up runs for as long as the test likes: no worker knows of it.
    pub async fn made_up_owner(&self, email: &str, store: &str) -> MadeUpOwner {
        let pool = self.instance.pool.clone();
        let (uid, store_uid, job) = (Uid::new().to_string(), Uid::new().to_string(), Uid::new().to_string());
        let slug = store.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
        for (statement, values) in [
            ("INSERT IGNORE INTO servers (name) VALUES (?)", vec!["nowhere"]),
            (
                "INSERT INTO customers (uid, email, email_key, password_hash, state, email_verified_at) \
                 SELECT ?, ?, ?, password_hash, 'active', NOW(6) FROM customers WHERE email = 'ana@example.com'",
                vec![&uid, email, email],
            ),
            (
                "INSERT INTO stores (uid, customer_id, plan_id, platform, name, slug, state) SELECT ?, c.id, \
                 (SELECT MIN(id) FROM plans), 'woocommerce', ?, ?, 'provisioning' FROM customers c WHERE c.email = ?",
                vec![&store_uid, store, &slug, email],
            ),
            (
                "INSERT INTO jobs (uid, kind, server_id, store_id, customer_id, args, state, attempt, lease_owner, lease_until, \
                 epoch, current_step, progress, started_at, attempt_started_at) SELECT ?, 'provision_store', v.id, s.id, \
                 s.customer_id, '{}', 'started', 1, 'nowhere/1', NOW(6) + INTERVAL 1 DAY, 1, 'containers', 40, NOW(6), NOW(6) \
                 FROM stores s, servers v WHERE s.uid = ? AND v.name = 'nowhere'",
                vec![&job, &store_uid],
            ),
            (
                "INSERT INTO job_steps (job_id, attempt, name, position, title, state) SELECT id, 1, 'reserve', 1, \
                 'Reserve a place', 'finished' FROM jobs WHERE uid = ?",
                vec![&job],
            ),
            (
                "INSERT INTO job_steps (job_id, attempt, name, position, title, state, started_at) SELECT id, 1, 'containers', 2, \
                 'Start your store', 'started', NOW(6) FROM jobs WHERE uid = ?",
                vec![&job],
            ),
        ] {
            let mut query = sqlx::query(statement);
            for value in values {
                query = query.bind(value.to_owned());
            }
            query.execute(&pool).await.unwrap_or_else(|e| panic!("{e}\nin {statement}"));
        }
        MadeUpOwner { job, pool }
    }

    /// Row of a customer.
    pub async fn customer_id(&self, email: &str) -> u64 {
        sqlx::query_scalar("SELECT id FROM customers WHERE email = ?")
            .bind(email)
            .fetch_one(&self.instance.pool)
            .await
            .unwrap()
    }

    /// Name in addresses of the newest set-up job of a customer.
    pub async fn setup_job(&self, email: &str) -> String {
        let customer = self.customer_id(email).await;
        sqlx::query_scalar(
            "SELECT uid FROM jobs WHERE customer_id = ? AND kind = 'provision_store' ORDER BY id DESC LIMIT 1",
        )
        .bind(customer)
        .fetch_one(&self.instance.pool)
        .await
        .unwrap()
    }
}

/// See [`Stage::made_up_owner`].
pub struct MadeUpOwner {
    /// The set-up job's name in addresses.
    pub job: String,
    pool: sqlx::MySqlPool,
}

impl MadeUpOwner {
    /// A statement about the job.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::query(statement)
            .bind(&self.job)
            .execute(&self.pool)
            .await
            .unwrap_or_else(|e| panic!("{e}\nin {statement}"));
    }
}

/// All lines the log box shows: `[first number, last number, text]`; more than one number where equal lines fold.
pub const LINES: &str = "return [...document.querySelectorAll('.logbox .l')].map(l => \
    [+l.id.slice(1), +(l.dataset.to || l.id.slice(1)), l.querySelector('span').textContent]);";

/// The same where several steps wrote: each group is in order, and together nothing is missing or doubled.
pub async fn assert_complete(browser: &Browser, first: u64, last: u64) {
    let shown = browser.script(LINES, Vec::new()).await;
    let mut spans: Vec<(u64, u64)> =
        shown.as_array().unwrap().iter().map(|l| (l[0].as_u64().unwrap(), l[1].as_u64().unwrap())).collect();
    spans.sort_unstable();
    let mut next = first;
    for (from, to) in spans {
        assert_eq!(from, next, "line {next} is missing or line {from} doubled");
        next = to + 1;
    }
    assert_eq!(next, last + 1, "the last line shown");
}

/// Asserts that the lines shown count from `first` to `last` without a hole, a double or a swap.
pub async fn assert_gapless(browser: &Browser, first: u64, last: u64) {
    let shown = browser.script(LINES, Vec::new()).await;
    let mut next = first;
    for line in shown.as_array().unwrap() {
        assert_eq!(line[0].as_u64(), Some(next), "line {next} is missing, doubled or out of order");
        next = line[1].as_u64().unwrap() + 1;
    }
    assert_eq!(next, last + 1, "the last line shown");
}
