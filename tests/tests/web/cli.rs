//! The command line against the live panel: the real program, a folder of its own for log-ins.

use crate::api::SSH_KEY;
use crate::support::{App, PASSWORD};
use hosting::domain::Role;
use serde_json::Value;
use shopfleet_tests::worker_process::program;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// An account on a machine: its home holds the log-ins.
pub struct Shell {
    home: PathBuf,
    env: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Output {
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(self.out.lines().next().expect("a document")).unwrap()
    }
}

impl Shell {
    pub fn new() -> Self {
        let home = std::env::temp_dir().join(format!("shopfleet-cli-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&home).unwrap();
        Self { home, env: Vec::new() }
    }
    fn with(&self, name: &str, value: &str) -> Self {
        let mut env = self.env.clone();
        env.push((name.into(), value.into()));
        Self { home: self.home.clone(), env }
    }
    fn profile(&self, name: &str) -> PathBuf {
        self.home.join(".config/shopfleet").join(format!("{name}.json"))
    }
    pub async fn run(&self, line: &[&str], input: &str) -> Output {
        let mut child = Command::new(program("shopfleet"))
            .args(line)
            .env_clear()
            .env("HOME", &self.home)
            .envs(self.env.iter().cloned())
            .current_dir(&self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // One that asks for nothing may be gone before it is written to.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let done = child.wait_with_output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Output { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
    }
    pub async fn log_in(&self, app: &App, email: &str, who: &str, name: &str) {
        let line = ["login", app.base.as_str(), "--as", who, "--email", email, "--name", name];
        let done = self.run(&line, &format!("{PASSWORD}\n")).await;
        assert_eq!(done.code, 0, "{done:?}");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if self.env.is_empty() {
            let _ = std::fs::remove_dir_all(&self.home);
        }
    }
}

#[actix_web::test]
async fn a_log_in_is_kept_for_its_owner_alone_and_ended_in_the_panel() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let shell = Shell::new();
    let nobody = shell.run(&["whoami"], "").await;
    assert!(nobody.code == 3 && nobody.err.contains("shopfleet login") && nobody.err.contains("--local"), "{nobody:?}");
    let wrong = shell.run(&["login", app.base.as_str(), "--email", "grace@example.com"], "not this one\n").await;
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(!shell.profile("default").exists());
    shell.log_in(&app, "grace@example.com", "staff", "default").await;
    assert_eq!(std::fs::metadata(shell.profile("default")).unwrap().mode() & 0o777, 0o600);
    let who = shell.run(&["whoami", "--json"], "").await.json();
    assert_eq!((&who["email"], &who["role"]), (&"grace@example.com".into(), &"admin".into()));
    // Others could read it: it is not used.
    std::fs::set_permissions(shell.profile("default"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = shell.run(&["whoami"], "").await;
    assert!(open.code == 1 && open.err.contains("by others"), "{open:?}");
    std::fs::set_permissions(shell.profile("default"), std::fs::Permissions::from_mode(0o600)).unwrap();
    // An access token that is over renews itself and is kept.
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(shell.profile("default")).unwrap()).unwrap();
    let mut stale = kept.clone();
    stale["access"] = "over".into();
    std::fs::write(shell.profile("default"), stale.to_string()).unwrap();
    let (one, two) = (shell.run(&["whoami"], ""), shell.run(&["whoami"], ""));
    let (one, two) = tokio::join!(one, two);
    assert_eq!((one.code, two.code), (0, 0), "two at once share one renewal: {one:?} {two:?}");
    let now: Value = serde_json::from_str(&std::fs::read_to_string(shell.profile("default")).unwrap()).unwrap();
    assert!(now["refresh"] != kept["refresh"] && now["access"] != "over");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'api.refresh_reused'").await, 0);
    assert_eq!(shell.run(&["logout"], "").await.code, 0);
    assert!(!shell.profile("default").exists());
    assert_eq!(app.db.number("SELECT COUNT(*) FROM api_credentials WHERE revoked_at IS NULL").await, 0);
    assert_eq!(shell.run(&["logout"], "").await.code, 3);
}

#[actix_web::test]
async fn tokens_come_from_standard_input_or_the_environment() {
    let app = App::new().await;
    app.staff("grace@example.com", Role::Admin).await;
    let shell = Shell::new();
    shell.log_in(&app, "grace@example.com", "staff", "default").await;
    let made = shell.run(&["tokens", "create", "ci", "--scopes", "jobs:read system:read", "--json"], "").await.json();
    let token = made["secret"].as_str().unwrap();
    let ci = Shell::new();
    let by_env = ci.with("SHOPFLEET_URL", app.base.as_str()).with("SHOPFLEET_TOKEN", token);
    assert_eq!(by_env.run(&["jobs", "list"], "").await.code, 0);
    // Outside of its scopes, and of its owner's rights.
    assert_eq!(by_env.run(&["stores", "list"], "").await.code, 4);
    assert_eq!(by_env.run(&["staff", "list"], "").await.code, 4);
    let file = ci.home.join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let by_file = ci.with("SHOPFLEET_URL", app.base.as_str()).with("SHOPFLEET_TOKEN_FILE", file.to_str().unwrap());
    assert_eq!(by_file.run(&["system", "show"], "").await.code, 0);
    let kept = ci.run(&["login", app.base.as_str(), "--token", "--name", "ci"], &format!("{token}\n")).await;
    assert_eq!(kept.code, 0, "{kept:?}");
    assert_eq!(ci.run(&["jobs", "list"], "").await.code, 0);
    let bad = ci.run(&["login", app.base.as_str(), "--token"], "sft_none\n").await;
    assert_eq!(bad.code, 3, "{bad:?}");
    // Never over an open line, never to nothing.
    assert_eq!(ci.run(&["login", "http://panel.example.com"], "x\n").await.code, 2);
    let away = ci.with("SHOPFLEET_URL", "http://127.0.0.1:1").with("SHOPFLEET_TOKEN", token);
    assert_eq!(away.run(&["whoami"], "").await.code, 8);
}

#[actix_web::test]
async fn several_log_ins_side_by_side() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    app.staff("grace@example.com", Role::Admin).await;
    let shell = Shell::new();
    shell.log_in(&app, "grace@example.com", "staff", "work").await;
    shell.log_in(&app, "ana@example.com", "owner", "shop").await;
    let role = async |line: &[&str]| shell.run(line, "").await.json()["role"].as_str().unwrap().to_owned();
    assert_eq!(role(&["whoami", "--json"]).await, "customer");
    assert_eq!(role(&["whoami", "--json", "--profile", "work"]).await, "admin");
    assert_eq!(shell.run(&["profiles", "use", "work"], "").await.code, 0);
    assert_eq!(role(&["whoami", "--json"]).await, "admin");
    let listed = shell.run(&["profiles", "list"], "").await;
    assert!(listed.out.contains("* work") && listed.out.contains("  shop"), "{}", listed.out);
    assert!(!listed.out.contains("ey"), "no token is shown: {}", listed.out);
    assert_eq!(shell.run(&["whoami", "--profile", "none"], "").await.code, 1);
}

#[actix_web::test]
async fn stores_and_jobs_are_worked_on() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    app.staff("grace@example.com", Role::Admin).await;
    let shell = Shell::new();
    shell.log_in(&app, "grace@example.com", "staff", "default").await;
    let stores = shell.run(&["stores", "list", "--json"], "").await.json();
    assert_eq!((&stores[0]["name"], &stores[0]["state"]), (&"Ana".into(), &"active".into()));
    let table = shell.run(&["stores", "list"], "").await;
    assert!(table.out.starts_with("STORE") && table.out.contains("Ana"), "{}", table.out);
    // By the first part of its address.
    let shown = shell.run(&["stores", "show", "ana"], "").await;
    assert!(shown.code == 0 && shown.out.contains("ana@example.com"), "{shown:?}");
    assert_eq!(shell.run(&["stores", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], "").await.code, 5);
    let ordered =
        shell.run(&["stores", "suspend", "ana", "--reason", "Bill 7", "--cause", "bill", "--json"], "").await.json();
    let uid = ordered["job"].as_str().unwrap().to_owned();
    assert_eq!(shell.run(&["stores", "restart", "ana"], "").await.code, 6, "one change at a time");
    assert_eq!(shell.run(&["stores", "rename", "ana", ""], "").await.code, 7);
    let short = format!("J-{}", &uid[20..]);
    let found = shell.run(&["jobs", "show", &short, "--json"], "").await.json();
    assert_eq!((&found["id"], &found["kind"]), (&uid.clone().into(), &"suspend_store".into()));
    assert_eq!(shell.run(&["jobs", "cancel", &short], "").await.code, 0);
    // A cancelled job did not do what was asked.
    let followed = shell.run(&["jobs", "follow", &short], "").await;
    assert!(followed.code == 1 && followed.out.contains("is cancelled"), "{followed:?}");
    let done = shell.run(&["jobs", "follow", &job.to_string(), "--json"], "").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        shell.run(&["jobs", "retry", &short, &format!("J-{}", &job.to_string()[20..])], "").await.code,
        1,
        "one stays"
    );
    assert_eq!(shell.run(&["jobs", "list", "--state", "nonsense"], "").await.code, 7);
    // A reader who leaves early does not hurt.
    assert_eq!(shell.run(&["plans"], "").await.code, 0);
}

#[actix_web::test]
async fn people_settings_and_the_rest_are_worked_on() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    app.staff("root@example.com", Role::SuperAdmin).await;
    let shell = Shell::new();
    shell.log_in(&app, "root@example.com", "staff", "default").await;
    let made =
        shell.run(&["staff", "create", "sam@example.com", "Sam", "--role", "support", "--json"], "").await.json();
    let id = made["id"].to_string();
    // The log-in grew old: the password is asked for again, and the thing is done with the new one.
    app.db.sql("UPDATE api_credentials SET created_at = NOW(6) - INTERVAL 11 MINUTE").await;
    assert_eq!(shell.run(&["staff", "reset", &id], "not this one\n").await.code, 3);
    let reset = shell.run(&["staff", "reset", &id, "--json"], &format!("{PASSWORD}\n")).await.json();
    assert_eq!(reset["temporary_password"].as_str().unwrap().len(), 16);
    let changed =
        shell.run(&["staff", "change", &id, "--role", "admin", "--active", "false", "--json"], "").await.json();
    assert_eq!(
        (&changed["role"], &changed["active"], &changed["name"]),
        (&"admin".into(), &false.into(), &"Sam".into())
    );
    assert_eq!(shell.run(&["staff", "delete", &id], "").await.code, 0);
    let customer = shell.run(&["customers", "create", "eva@example.com", "--json"], "").await.json()["id"].to_string();
    assert_eq!(shell.run(&["customers", "email", &customer, "eve@example.com", "--reason", "Asked"], "").await.code, 0);
    let close = ["customers", "close", &customer, "eve@example.com", "--reason", "Left"];
    assert_eq!(shell.run(&close, "not this one\n").await.code, 7);
    assert_eq!(shell.run(&close, &format!("{PASSWORD}\n")).await.code, 0);
    assert_eq!(shell.run(&["customers", "reopen", &customer], "").await.code, 0);
    assert_eq!(shell.run(&["customers", "invite", &customer], "").await.code, 0);
    assert_eq!(shell.run(&["settings", "set", "product_name", "Mine"], "").await.code, 0);
    assert_eq!(shell.run(&["settings", "get", "product_name"], "").await.out.trim(), "Mine");
    assert_eq!(shell.run(&["settings", "set", "smtp_password", "-"], "hush\n").await.code, 0);
    let all = shell.run(&["settings", "list"], "").await;
    assert!(all.out.contains("[set]") && !all.out.contains("hush"));
    assert_eq!(shell.run(&["settings", "unset", "smtp_password"], "").await.code, 0);
    for line in [
        &["schedules", "list"][..],
        &["schedules", "pause", "housekeeping"],
        &["schedules", "resume", "housekeeping"],
        &["schedules", "run", "housekeeping"],
        &["servers", "list"],
        &["ports", "list", "--state", "free"],
        &["ports", "widen", "local-1", "store_web", "60000", "60001"],
        &["mails", "list", "--to", "root@example.com"],
        &["mails", "test"],
        &["audit", "list", "--action", "setting.set"],
        &["audit", "verify"],
        &["tokens", "list"],
        &["account", "sign-ins"],
        &["system", "show"],
        &["system", "processes"],
        &["system", "log", "--level", "error"],
        &["call"],
        &["call", "get_system"],
        &["call", "list_jobs", "limit=2"],
    ] {
        let done = shell.run(line, "").await;
        assert_eq!(done.code, 0, "{line:?}: {done:?}");
        let document = shell.run(&[line, &["--json"]].concat(), "").await;
        assert!(matches!(document.code, 0 | 6 | 7), "{line:?}: {document:?}");
        assert!(
            serde_json::from_str::<Value>(document.out.lines().next().unwrap_or_default()).is_ok(),
            "{line:?}: {document:?}"
        );
    }
    let set = shell
        .run(&["call", "set_setting", "name=product_name", "--stdin", "--json"], r#"{"value":"Ours"}"#)
        .await
        .json();
    assert_eq!(set["value"], "Ours");
    assert_eq!(shell.run(&["call", "no_such"], "").await.code, 2);
    assert_eq!(shell.run(&["call", "get_job"], "").await.code, 2);
}

#[actix_web::test]
async fn the_machine_itself_is_worked_on_only_when_asked_for() {
    let app = App::new().await;
    app.noop().await;
    let account = Shell::new();
    let shell = account
        .with("SHOPFLEET_DATABASE_URL", app.db.url.expose())
        .with("SHOPFLEET_REDIS_URL", app.redis.url.expose())
        .with("SHOPFLEET_MASTER_KEY", &"ab".repeat(32));
    // Not silently: the operator of the machine may everything, and the audit log says who it was.
    assert_eq!(shell.run(&["jobs", "list"], "").await.code, 3);
    let local = shell.run(&["--local", "jobs", "list", "--json"], "").await;
    assert_eq!(local.json().as_array().unwrap().len(), 1);
    assert_eq!(shell.run(&["--local", "stores", "list"], "").await.code, 0);
    assert_eq!(shell.run(&["--local", "settings", "list"], "").await.code, 0);
    let panel_only = shell.run(&["--local", "customers", "list"], "").await;
    assert!(panel_only.code == 1 && panel_only.err.contains("only the panel"), "{panel_only:?}");
}

#[actix_web::test]
async fn an_owner_orders_reveals_and_plans_by_the_command_line() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let shell = Shell::new();
    shell.log_in(&app, "ana@example.com", "owner", "default").await;
    let revealed = shell.run(&["stores", "credentials", "ana"], &format!("{PASSWORD}\n")).await;
    assert!(revealed.code == 0 && revealed.out.contains("store-admin-secret"), "{revealed:?}");
    assert_eq!(shell.run(&["stores", "database", "ana"], "").await.code, 0);
    assert_eq!(shell.run(&["stores", "database", "ana", "start"], &format!("{PASSWORD}\n")).await.code, 0);
    assert_eq!(shell.run(&["stores", "delete", "ana", "Ana"], "not this one\n").await.code, 7);
    app.db.sql("UPDATE jobs SET state = 'cancelled' WHERE kind = 'start_db_admin'").await;
    // Who gets in by SFTP; a private key stays where it is.
    std::fs::write(shell.home.join("id.pub"), SSH_KEY).unwrap();
    std::fs::write(shell.home.join("id"), "-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap();
    let secret = shell.run(&["stores", "add-key", "ana", "id"], &format!("{PASSWORD}\n")).await;
    assert!(secret.code == 1 && secret.err.contains("private key"), "{secret:?}");
    let added = shell.run(&["stores", "add-key", "ana", "id.pub"], &format!("{PASSWORD}\n")).await;
    assert!(added.code == 0 && added.out.contains("SHA256:T7SvZ2cslqpPj6nKzitCBHHlpVF3r3MvLwmFL0fk0IE"), "{added:?}");
    assert_eq!(shell.run(&["stores", "add-key", "ana", "id.pub"], &format!("{PASSWORD}\n")).await.code, 7, "twice");
    let made = shell.run(&["stores", "make-file-password", "ana", "--json"], &format!("{PASSWORD}\n")).await.json();
    assert_eq!(made["password"].as_str().unwrap().len(), 24);
    let shown = shell.run(&["stores", "files", "ana"], "").await;
    assert!(shown.code == 0 && shown.out.contains("ana@laptop") && shown.out.contains("and a password"), "{shown:?}");
    let shown = shell.run(&["stores", "files", "ana", "--json"], "").await.json();
    let key = shown["keys"][0]["id"].to_string();
    assert_eq!(shell.run(&["stores", "files", "ana", "start"], "not this one\n").await.code, 7);
    assert_eq!(shell.run(&["stores", "remove-key", "ana", &key], "").await.code, 0);
    assert_eq!(shell.run(&["stores", "remove-key", "ana", &key], "").await.code, 5);
    assert_eq!(shell.run(&["stores", "remove-file-password", "ana"], "").await.code, 0);
    assert_eq!(shell.run(&["stores", "files", "ana", "start"], &format!("{PASSWORD}\n")).await.code, 6, "no way in");
    let offered = shell.run(&["stores", "offer", "ana", "eva@example.com"], &format!("{PASSWORD}\n")).await;
    assert!(offered.code == 0 && offered.out.contains("is offered to eva@example.com"), "{offered:?}");
    assert_eq!(shell.run(&["stores", "withdraw", "ana"], "").await.code, 0);
    assert_eq!(shell.run(&["offers", "list"], "").await.out, "none\n");
    assert_eq!(shell.run(&["offers", "accept", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], &format!("{PASSWORD}\n")).await.code, 5);
    let used = shell.run(&["stores", "usage", "ana", "--range", "7d"], "").await;
    assert!(used.code == 0 && used.out.contains("not measured yet"), "{used:?}");
    assert_eq!(shell.run(&["stores", "log", "ana"], "").await.code, 6, "it has no server");
    assert_eq!(shell.run(&["stores", "delete", "ana", "Ana"], &format!("{PASSWORD}\n")).await.code, 0);
    assert_eq!(shell.run(&["stores", "keep", "ana"], "").await.code, 0);
    let second = shell.run(&["stores", "create", "Two", "--plan", "starter"], "").await;
    assert_eq!(second.code, 6, "one store an owner: {second:?}");
    for line in [&["account", "devices"][..], &["account", "events"]] {
        assert_eq!(shell.run(line, "").await.code, 0, "{line:?}");
    }
    assert_eq!(shell.run(&["customers", "list"], "").await.code, 4);
    assert_eq!(shell.run(&["account", "sign-out-everywhere"], "").await.code, 0);
    assert_eq!(shell.run(&["whoami"], "").await.code, 3);
}

#[actix_web::test]
async fn resellers_are_made_and_work_by_verbs() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    app.customer("rob@example.com", "Rob").await;
    app.staff("grace@example.com", Role::Admin).await;
    let shell = Shell::new();
    shell.log_in(&app, "grace@example.com", "staff", "grace").await;
    let set = ["resellers", "set", "1", "--customers", "2", "--stores", "1", "--plan", "starter", "--json"];
    assert_eq!(shell.run(&set, "").await.json()["max_customers"], 2);
    assert!(shell.run(&["resellers", "show", "1"], "").await.out.contains("0 of 2"));
    assert_eq!(shell.run(&["resellers", "show", "99"], "").await.code, 5);
    assert_eq!(shell.run(&["resellers", "customers"], "").await.code, 4, "staff have none of their own");
    shell.log_in(&app, "rob@example.com", "owner", "rob").await;
    assert_eq!(
        shell.run(&["resellers", "set", "1", "--customers", "9", "--stores", "9", "--plan", "starter"], "").await.code,
        4
    );
    let made = shell.run(&["resellers", "create", "eva@example.com", "--json"], "").await.json();
    let id = made["id"].to_string();
    assert!(shell.run(&["resellers", "customers"], "").await.out.contains("eva@example.com"));
    let order = ["resellers", "order", &id, "Eva's Tea", "--plan", "business"];
    assert_eq!(shell.run(&order, "").await.code, 7, "they may not sell it");
    let order = ["resellers", "order", &id, "Eva's Tea", "--plan", "starter", "--json"];
    let job = shell.run(&order, "").await.json()["job"].as_str().unwrap().to_owned();
    assert_eq!(shell.run(&["jobs", "show", &job, "--json"], "").await.json()["kind"], "provision_store");
    let shown = shell.run(&["resellers", "customer", &id, "--json"], "").await.json();
    let store = shown["stores"][0].as_str().unwrap().to_owned();
    assert_eq!(shell.run(&["stores", "show", &store, "--json"], "").await.json()["name"], "Eva's Tea");
    assert_eq!(shell.run(&["stores", "credentials", &store, "admin"], &format!("{PASSWORD}\n")).await.code, 5);
    assert_eq!(shell.run(&["resellers", "brand", "--name", "Rob's", "--json"], "").await.json()["brand_name"], "Rob's");
    assert!(shell.run(&["resellers", "show"], "").await.out.contains("1 of 1"));
    shell.log_in(&app, "grace@example.com", "staff", "again").await;
    assert_eq!(shell.run(&["resellers", "end", "1"], "").await.code, 0);
    assert_eq!(shell.run(&["resellers", "end", "1"], "").await.code, 6);
}
