//! A whole private instance under the real supervisor, on real MariaDB, Redis, nginx and mail catcher. Web and worker
//! are stand-ins that only answer their readiness address: what is tested here is starting, restarting, stopping,
//! secrets, rights and the command line, not pages and jobs.
// Starts the program under test; helpers of tests may panic as tests do.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hosting::crypto::{KeyRing, Secret};
use hosting::db::audit::NewEvent;
use hosting::db::{Db, Queries};
use hosting::domain::{Actor, Role};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const SERVICES: [&str; 6] = ["mariadb", "redis", "edge", "mail", "web", "worker"];

/// Answers 200 to everything on the address the environment names, and refuses to live without its secrets.
const STAND_IN: &str = r#"#!/usr/bin/python3
import os, http.server
for name in ("DATABASE_URL", "REDIS_URL", "MASTER_KEY"):
    assert open(os.environ[f"SHOPFLEET_{name}_FILE"]).read()
host, port = (os.environ.get("SHOPFLEET_METRICS_LISTEN") or os.environ["SHOPFLEET_LISTEN"]).split(":")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
http.server.ThreadingHTTPServer((host, int(port)), Answer).serve_forever()
"#;

/// Held while programs are written and while one is started: a process that is just being forked by another test would
/// keep a program open for writing, and it could not be started ("text file busy").
static PROGRAMS: Mutex<()> = Mutex::new(());

struct Private {
    folder: PathBuf,
}

impl Private {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("shopfleet-up-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let _writing = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_shopfleet"), folder.join("bin/shopfleet")).unwrap();
        for program in ["shopfleet-web", "shopfleet-worker"] {
            let path = folder.join("bin").join(program);
            fs::write(&path, STAND_IN).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { folder }
    }

    fn var(&self, name: &str) -> PathBuf {
        self.folder.join("var").join(name)
    }

    fn shopfleet(&self, words: &[&str], input: &str) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let starting = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = Command::new(self.folder.join("bin/shopfleet"))
            .args(words)
            .env("SHOPFLEET_VAR", self.folder.join("var"))
            .env("SHOPFLEET_ROOT", root)
            .env_remove("SHOPFLEET_DATABASE_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(starting);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a verb that must succeed and returns what it printed.
    fn done(&self, words: &[&str], input: &str) -> String {
        let output = self.shopfleet(words, input);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{words:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn refused(&self, words: &[&str], input: &str) -> String {
        let output = self.shopfleet(words, input);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn up(&self) -> Value {
        self.done(&["up", "--detach"], "");
        serde_json::from_str(&fs::read_to_string(self.var("up.json")).unwrap()).unwrap()
    }

    fn pid(&self, service: &str) -> Option<i32> {
        let record: Value =
            serde_json::from_str(&fs::read_to_string(self.var(&format!("run/{service}.json"))).ok()?).ok()?;
        i32::try_from(record["pid"].as_i64()?).ok()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let output = self.shopfleet(&["down", "--purge", "--yes"], "");
        if !std::thread::panicking() {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
}

fn wait_until(what: &str, mut state: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !state() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn get(url: &str, host: &str) -> String {
    let authority = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn starts_restarts_survives_and_stops() {
    let private = Private::new("life");
    let up = private.up();
    for name in ["up.json", "admin-password", "secrets/master-key", "secrets/web/shopfleet_master_key"] {
        assert_eq!(fs::metadata(private.var(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(up["admin_password_file"].as_str().unwrap(), private.var("admin-password").to_str().unwrap());

    no_secret_is_public(&private, &up);
    the_edge_tells_hosts_apart(&private, &up);

    // Whatever is killed comes back as another process.
    for service in SERVICES {
        let before = private.pid(service).unwrap();
        kill(Pid::from_raw(before), Signal::SIGKILL).unwrap();
        wait_until(&format!("{service} is back"), || {
            private.pid(service).is_some_and(|now| now != before && alive(now))
        });
    }
    wait_until("everything answers again", || private.shopfleet(&["--local", "settings", "list"], "").status.success());
    private.done(&["--local", "settings", "set", "product_name", "Kept"], "");

    // A second `up` finds it running.
    let started = Instant::now();
    assert!(private.done(&["up", "--detach"], "").contains("already running"));
    assert!(started.elapsed() < Duration::from_secs(3));

    // A killed supervisor takes everything with it, a new one begins with the same data and ports.
    let pids: Vec<i32> = SERVICES.iter().filter_map(|service| private.pid(service)).collect();
    kill(Pid::from_raw(private.pid("supervisor").unwrap()), Signal::SIGKILL).unwrap();
    wait_until("all processes are gone", || pids.iter().all(|pid| !alive(*pid)));
    assert_eq!(private.up(), up);
    assert_eq!(private.done(&["--local", "settings", "get", "product_name"], "").trim(), "Kept");

    // Supervisor, nginx and MariaDB killed at the same moment: nginx's children are left over and hold the port.
    for service in ["supervisor", "edge", "mariadb"] {
        kill(Pid::from_raw(private.pid(service).unwrap()), Signal::SIGKILL).unwrap();
    }
    assert_eq!(private.up(), up);

    let pids: Vec<i32> = SERVICES.iter().filter_map(|service| private.pid(service)).collect();
    private.done(&["down"], "");
    assert!(pids.iter().all(|pid| !alive(*pid)), "down left processes behind");
    assert!(!private.var("up.json").exists());
    private.done(&["down"], "");
    assert!(private.refused(&["down", "--purge"], "").contains("--yes"));
    assert!(private.var("mariadb").exists());
}

/// No secret in an argument or in the environment of any process.
fn no_secret_is_public(private: &Private, up: &Value) {
    let mut secrets: Vec<String> = ["master-key", "database-password", "database-owner-password", "redis-password"]
        .iter()
        .map(|name| fs::read_to_string(private.var(&format!("secrets/{name}"))).unwrap())
        .collect();
    secrets.push(fs::read_to_string(private.var("admin-password")).unwrap().trim().to_owned());
    assert!(secrets.iter().all(|secret| secret.len() >= 24));
    assert!(up["redis_url"].as_str().unwrap().contains(&secrets[3]));
    for service in SERVICES.iter().chain(&["supervisor"]) {
        let pid = private.pid(service).unwrap();
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!secrets.iter().any(|secret| text.contains(secret.as_str())), "{file} of {service}");
        }
    }
    for entry in fs::read_dir(private.var("log")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!secrets.iter().any(|secret| text.contains(secret.as_str())), "a log holds a secret");
    }
}

fn the_edge_tells_hosts_apart(private: &Private, up: &Value) {
    let edge = up["edge_url"].as_str().unwrap();
    fs::write(
        private.var("edge/routes/store-a.map"),
        "a.shops.localhost \"@setup\";\nb.shops.localhost \"@suspended-bill\";\n",
    )
    .unwrap();
    kill(Pid::from_raw(private.pid("edge").unwrap()), Signal::SIGHUP).unwrap();
    // While it reloads, old and new nginx workers both answer for a moment: each state is waited for by itself.
    wait_until("the page for a store that is being set up", || {
        let answer = get(edge, "a.shops.localhost");
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 5") && answer.contains("being set up")
    });
    wait_until("the page of a paused store", || get(edge, "b.shops.localhost").contains("paused"));
    assert!(get(edge, "stranger.example").starts_with("HTTP/1.1 421 "));
    assert!(get(edge, "bad host").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_command_line_works_on_the_database() {
    let private = Private::new("verbs");
    let up = private.up();

    let doctor: Value = serde_json::from_slice(&private.shopfleet(&["doctor", "--json"], "").stdout).unwrap();
    for check in doctor["checks"].as_array().unwrap() {
        let name = check["name"].as_str().unwrap();
        assert!(check["state"] == "ok" || check["mend"].is_string(), "{name} has no mend");
        if ["mariadb", "durability", "schema", "redis", "redis data", "edge", "mail", "secrets", "data dir"]
            .contains(&name)
        {
            assert_eq!(check["state"], "ok", "{check}");
        }
    }

    let words = ["create-admin", "ana@example.com", "Ana", "--role", "support"];
    private.done(&words, "a long enough password\n");
    assert!(private.refused(&words, "a long enough password\n").contains("already"));
    assert!(private.refused(&["create-admin", "b@example.com", "B"], "short\n").contains("at least 12"));
    assert!(private.refused(&["create-admin", "nonsense", "B"], "a long enough password\n").contains("email"));

    private.done(&["--local", "settings", "set", "smtp_password", "-"], "very secret\n");
    let settings = private.done(&["--local", "settings", "list", "--json"], "");
    assert!(!settings.contains("very secret") && settings.contains("[set]"));
    assert!(private.refused(&["--local", "settings", "set", "smtp_port", "99999"], "").contains("whole number"));
    assert!(private.refused(&["--local", "settings", "get", "nonsense"], "").contains("nonsense"));

    assert_eq!(private.done(&["--local", "jobs", "list", "--json", "--state", "failed"], "").trim(), "[]");
    assert!(private.refused(&["--local", "jobs", "list", "--state", "nonsense"], "").contains("queued"));
    assert!(private.refused(&["--local", "jobs", "follow", "J-AAAAAA"], "").contains("no job"));
    assert_eq!(private.done(&["--local", "stores", "list", "--json"], "").trim(), "[]");
    assert!(private.refused(&["--local", "stores", "show", "x"], "").contains("no store"));
    private.done(&["servers", "add", "fra-1"], "");
    assert!(private.refused(&["servers", "add", "fra-1"], "").contains("already"));
    assert!(private.refused(&["servers", "add", "Fra 1"], "").contains("small letters"));
    assert!(private.done(&["--local", "servers", "list", "--json"], "").contains("fra-1"));
    let migrated: Value = serde_json::from_str(&private.done(&["migrate", "--json"], "")).unwrap();
    assert_eq!(migrated["migrations"], 0);

    the_application_may_only_add_to_the_audit_log(&private, &up);
    jobs_are_cleaned_up_and_released(&private);
    secrets_get_a_new_key(&private);
    every_verb_answers_in_json(&private, &up);
}

/// The database with the application's rights.
fn database<T>(private: &Private, work: impl AsyncFnOnce(sqlx::MySqlPool) -> T) -> T {
    let url = fs::read_to_string(private.var("secrets/web/shopfleet_database_url")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { work(sqlx::MySqlPool::connect(&url).await.unwrap()).await })
}

fn jobs_are_cleaned_up_and_released(private: &Private) {
    let uid = |last: char| format!("01JD000000000000000000000{last}");
    database(private, async |pool| {
        for (last, state) in [('1', "failed"), ('2', "started"), ('3', "queued")] {
            let mut steps = vec![state];
            if state == "failed" {
                steps.insert(0, "started");
            }
            sqlx::query("INSERT INTO jobs (uid, kind, args, max_attempts) VALUES (?, 'noop', '{}', 3)")
                .bind(uid(last))
                .execute(&pool)
                .await
                .unwrap();
            for state in steps.into_iter().filter(|s| *s != "queued") {
                sqlx::query("UPDATE jobs SET state = ?, lease_owner = 'x', lease_until = NOW(6) + INTERVAL 1 HOUR WHERE uid = ?")
                    .bind(state)
                    .bind(uid(last))
                    .execute(&pool)
                    .await
                    .unwrap();
            }
        }
    });
    let answer: Value =
        serde_json::from_str(&private.done(&["--local", "jobs", "cleanup", &uid('1'), "--json"], "")).unwrap();
    assert_eq!(answer["job"], uid('1'));
    assert!(private.done(&["--local", "jobs", "release", &uid('2')], "").contains("free for another worker"));
    // Only where it makes sense.
    for (verb, last) in [("cleanup", '3'), ("release", '3'), ("cleanup", '2')] {
        assert!(private.refused(&["--local", "jobs", verb, &uid(last)], "").contains("This job is"), "{verb} {last}");
    }
    assert!(private.refused(&["--local", "jobs", "cleanup", "J-AAAAAA"], "").contains("no job"));
    let (phase, lease): (String, bool) = database(private, async |pool| {
        sqlx::query_as(
            "SELECT (SELECT CAST(phase AS CHAR) FROM jobs WHERE uid = ?), \
             (SELECT lease_until <= NOW(6) OR lease_until IS NULL FROM jobs WHERE uid = ?)",
        )
        .bind(uid('1'))
        .bind(uid('2'))
        .fetch_one(&pool)
        .await
        .unwrap()
    });
    assert_eq!((phase.as_str(), lease), ("undo", true));
    let audited: i64 = database(private, async |pool| {
        let query = "SELECT COUNT(*) FROM audit_events WHERE action IN ('job.clean_up', 'job.release')";
        sqlx::query_scalar(query).fetch_one(&pool).await.unwrap()
    });
    assert_eq!(audited, 2);
}

fn secrets_get_a_new_key(private: &Private) {
    let path = private.var("secrets/master-key");
    let old = fs::read_to_string(&path).unwrap();
    let new = format!("k2:{},k1:{}", "cd".repeat(32), old.trim());
    assert!(private.done(&["secrets", "rotate"], "").contains("already"));
    fs::write(&path, new).unwrap();
    let answer: Value = serde_json::from_str(&private.done(&["secrets", "rotate", "--json"], "")).unwrap();
    assert_eq!(answer, serde_json::json!({ "rotated": 1, "key": "k2" }));
    let answer: Value = serde_json::from_str(&private.done(&["secrets", "rotate", "--json"], "")).unwrap();
    assert_eq!(answer["rotated"], 0);
    // The old key is not needed for any secret any more.
    fs::write(&path, format!("k2:{}", "cd".repeat(32))).unwrap();
    assert!(private.done(&["--local", "settings", "get", "smtp_password"], "").contains("[set]"));
    fs::write(&path, format!("k3:{}", "ef".repeat(32))).unwrap();
    assert!(private.refused(&["secrets", "rotate"], "").contains("k2"));
    fs::write(&path, old).unwrap();
}

fn every_verb_answers_in_json(private: &Private, up: &Value) {
    let verbs: [&[&str]; 10] = [
        &["up", "--detach"],
        &["migrate"],
        &["--local", "settings", "list"],
        &["--local", "settings", "get", "product_name"],
        &["--local", "settings", "set", "product_name", "Shopfleet"],
        &["--local", "jobs", "list"],
        &["--local", "jobs", "show", "01JD0000000000000000000001"],
        &["--local", "servers", "list"],
        &["--local", "stores", "list"],
        &["completion", "bash"],
    ];
    for verb in verbs {
        let mut words = verb.to_vec();
        words.push("--json");
        let text = private.done(&words, "");
        for line in text.lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{words:?}: {line}");
        }
        assert!(!text.is_empty(), "{words:?}");
    }
    assert_eq!(serde_json::from_str::<Value>(&private.done(&["--json", "up", "--detach"], "")).unwrap(), *up);
    // A refusal is a document, too.
    let answer = private.shopfleet(&["--local", "--json", "jobs", "show", "J-AAAAAA"], "");
    let document: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert!(document["error"].as_str().unwrap().contains("no job"));
    let down: Value = serde_json::from_str(&private.done(&["down", "--json"], "")).unwrap();
    assert_eq!(down["running"], false);
}

fn the_application_may_only_add_to_the_audit_log(private: &Private, up: &Value) {
    let url = fs::read_to_string(private.var("secrets/web/shopfleet_database_url")).unwrap();
    assert!(up["mariadb_socket"].as_str().unwrap().ends_with("mysqld.sock"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::MySqlPool::connect(&url).await.unwrap();
        let events: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM audit_events").fetch_one(&pool).await.unwrap();
        assert!(events >= 9, "the first settings and administrators are audited");
        for statement in [
            "UPDATE audit_events SET action = 'x'",
            "DELETE FROM audit_events",
            "DROP TABLE jobs",
            "CREATE TABLE x (y INT)",
        ] {
            let error = sqlx::query(statement).execute(&pool).await.unwrap_err().to_string();
            assert!(error.contains("denied"), "{statement}: {error}");
        }
        let error =
            sqlx::query("UPDATE audit_events SET actor_name = 'x'").execute(&pool).await.unwrap_err().to_string();
        assert!(error.contains("the audit log is only added to"), "{error}");
        // What it may: take a person out.
        let keys = fs::read_to_string(private.var("secrets/web/shopfleet_master_key")).unwrap();
        let (keys, db) = (KeyRing::parse(keys.trim()).unwrap(), Db::connect(&Secret::new(url.clone()), 2).unwrap());
        let actor = Actor {
            role: Role::Customer,
            id: Some(4_000_000),
            name: "gone@example.com".into(),
            address: "192.0.2.1".into(),
            request_id: "r".into(),
        };
        let details = serde_json::json!({ "name": "Gone" });
        let event = NewEvent { action: "x.test", target_kind: "x", target_id: "x", outcome: "done", details };
        let mut tx = db.begin().await.unwrap();
        tx.audit().append(&keys, &actor, &event).await.unwrap();
        assert_eq!(tx.audit().erase_customer(&keys, 4_000_000).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM audit_events WHERE actor_name LIKE 'gone%'")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(known, 0);
        assert!(db.read().await.unwrap().audit().verify(&keys).await.unwrap().is_ok());
    });
}
