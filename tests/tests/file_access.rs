//! File access on real Docker and OpenSSH: who gets in, what they reach, how it ends, and what is left when anything
//! fails. Attacked with the programs that people have: `sftp` and `ssh`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::db::Queries;
use hosting::db::jobs::JobRef;
use hosting::db::stores::Store;
use hosting::domain::store::SuspendCause;
use hosting::domain::{Actor, JobState, PortPool};
use hosting::jobs::{START_FILE_ACCESS, STOP_FILE_ACCESS};
use hosting::services::change_store::StoreChange;
use hosting::services::{ServiceError, delete_store::delete_now, file_access};
use shopfleet_tests::shop_server::{Census, ShopServer};
use shopfleet_tests::{changes, eventually};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use worker::engine::fail_point::{self, Action};

/// Fail points are process-wide, and two cores carry one set-up at a time best.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const START: [&str; 5] = ["reserve", "files", "container", "healthy", "open"];
const STOP: [&str; 3] = ["container", "files", "release"];

/// A person with keys, a place for files, and what they know of the server.
struct Person {
    dir: PathBuf,
}

impl Person {
    fn new(server: &ShopServer, name: &str) -> Self {
        let dir = server.top.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("photo.txt"), "a photo").unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(dir.join("key"))
            .output()
            .expect("openssh-client is not installed: run ./scripts/test");
        assert!(made.status.success(), "{made:?}");
        Self { dir }
    }
    fn public_key(&self) -> String {
        std::fs::read_to_string(self.dir.join("key.pub")).unwrap()
    }
    /// Trusts the host key that the panel shows, and no other.
    async fn trusts(&self, server: &ShopServer, store: &Store) -> u16 {
        let mut conn = server.db.db.read().await.unwrap();
        let key = conn.file_access().find(store.id).await.unwrap().unwrap().host_key;
        let port = conn.ports().find(store.id, PortPool::StoreSftp).await.unwrap().unwrap();
        std::fs::write(self.dir.join("known"), format!("[127.0.0.1]:{port} {key}\n")).unwrap();
        port
    }
    fn command(&self, program: &str, port: u16) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", &self.dir);
        let known = format!("UserKnownHostsFile={}", self.dir.join("known").display());
        for option in [
            known.as_str(),
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
            "ConnectTimeout=10",
            "NumberOfPasswordPrompts=1",
        ] {
            command.args(["-o", option]);
        }
        command.args([if program == "sftp" { "-P" } else { "-p" }, &port.to_string()]);
        command
    }
    /// sftp with the key and some commands; every one has to work.
    fn sftp(&self, port: u16, commands: &str) -> Output {
        let mut command = self.command("sftp", port);
        command.args(["-o", "BatchMode=yes", "-i", "key", "-b", "-", "shop@127.0.0.1"]);
        feed(command, commands)
    }
    fn sftp_with_password(&self, port: u16, password: &str, commands: &str) -> Output {
        let mut command = self.command("sftp", port);
        self.ask_pass(&mut command, password);
        std::fs::write(self.dir.join("batch"), commands).unwrap();
        command.args(["-o", "PubkeyAuthentication=no", "-o", "BatchMode=no", "-b", "batch", "shop@127.0.0.1"]);
        feed(command, "")
    }
    fn ask_pass(&self, command: &mut Command, password: &str) {
        let (program, secret) = (self.dir.join("ask"), self.dir.join("password"));
        std::fs::write(&secret, password).unwrap();
        std::fs::write(&program, format!("#!/bin/sh\nexec cat {}\n", secret.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        command.env("SSH_ASKPASS", program).env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", "none");
    }
    fn ssh(&self, port: u16, user: &str, args: &[&str]) -> Output {
        let mut command = self.command("ssh", port);
        command.args(["-o", "BatchMode=yes", "-i", "key"]).args(args.iter().filter(|a| **a != "id"));
        // A program to run comes after the place.
        command.arg(format!("{user}@127.0.0.1")).args(args.iter().filter(|a| **a == "id"));
        feed(command, "")
    }
}

fn feed(mut command: Command, text: &str) -> Output {
    use std::io::Write;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    child.wait_with_output().unwrap()
}

fn all(out: &Output) -> String {
    format!("{:?} {}{}", out.status.code(), String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn content(server: &ShopServer, store: &Store) -> PathBuf {
    server.machine.dir(store).path().join("web/wp-content")
}

async fn start(server: &ShopServer, store: &Store) -> JobRef {
    file_access::start(&server.services(), &Actor::operator(), store).await.unwrap().expect("a job")
}

async fn open(server: &ShopServer, store: &Store) {
    let job = start(server, store).await;
    server.reaches(&job, JobState::Finished).await;
}

async fn add_key(server: &ShopServer, store: &Store, person: &Person) {
    file_access::add_key(&server.services(), &Actor::operator(), store, "", &person.public_key()).await.unwrap();
}

/// Waits for the job that a change of keys or password ordered.
async fn opened_anew(server: &ShopServer, store: &Store) {
    let job = server.newest(store, START_FILE_ACCESS).await;
    server.reaches(&job, JobState::Finished).await;
}

/// Nothing of it is there, but what is kept for the next time.
async fn closed(server: &ShopServer, store: &Store, before: &Census, what: &str) {
    assert_eq!(server.census().await, *before, "{what}");
    let dir = server.machine.dir(store).path();
    let left: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.contains("file-access"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "{what}");
    assert!(!std::fs::read_to_string(dir.join("compose.yml")).unwrap().contains("sftp"), "{what}");
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{what}: the shop itself was not touched");
}

async fn stop(server: &ShopServer, store: &Store) {
    let job = file_access::stop(&server.services(), &Actor::operator(), store, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_reach_their_content_and_nobody_reaches_anything_else() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let services = server.services();
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    let other = server.live("Eva", "eva-shop").await;
    let (ana, eva) = (Person::new(&server, "ana"), Person::new(&server, "eva"));
    let none = file_access::start(&services, &Actor::operator(), &store).await;
    assert!(matches!(none, Err(ServiceError::Conflict(_))), "no way in, nothing to open: {none:?}");
    add_key(&server, &store, &ana).await;
    add_key(&server, &other, &eva).await;
    let twice = file_access::add_key(&services, &Actor::operator(), &store, "x", &ana.public_key()).await;
    assert!(matches!(twice, Err(ServiceError::Invalid(_))), "{twice:?}");
    let begun = std::time::Instant::now();
    open(&server, &store).await;
    println!("open after {} ms", begun.elapsed().as_millis());
    open(&server, &other).await;
    let port = ana.trusts(&server, &store).await;
    let theirs = eva.trusts(&server, &other).await;

    // What it is for: a file goes in as the shop's own, and comes out again.
    let out = ana.sftp(port, "pwd\nput photo.txt uploads/photo.txt\nmkdir uploads/new\nget uploads/photo.txt back.txt\nls -la /\nrm uploads/photo.txt\nput photo.txt\n");
    assert!(out.status.success(), "{}", all(&out));
    assert!(all(&out).contains("/wp-content"), "{}", all(&out));
    assert_eq!(std::fs::read_to_string(ana.dir.join("back.txt")).unwrap(), "a photo");
    let about = std::fs::metadata(content(&server, &store).join("photo.txt")).unwrap();
    assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (10033, 10033, 0o644));
    assert!(content(&server, &store).join("uploads/new").is_dir());
    let seen = server.get(store.host.as_deref().unwrap(), "/wp-content/photo.txt").await;
    assert_eq!(seen, (200, "a photo".to_owned()), "the shop serves it");

    // Out of the content: by names, by `..`, by links made on the way, by writing above it.
    for commands in [
        "get /etc/passwd",
        "get ../../../../etc/shadow",
        "cd ..\ncd ..\nget srv/file-access/config/host_key",
        "get /srv/file-access/config/shadow",
        "symlink /srv/file-access/config/host_key uploads/a\nget uploads/a",
        "symlink ../../../../../../proc/1/environ uploads/b\nget uploads/b",
        "ls /proc",
        "put photo.txt /photo.txt",
        "mkdir /wp-content/../x",
        "rename /wp-content /y",
        "chown 0 photo.txt",
    ] {
        let out = ana.sftp(port, &format!("{commands}\n"));
        assert!(!out.status.success(), "{commands}: {}", all(&out));
    }
    assert!(!ana.dir.join("host_key").exists() && !ana.dir.join("passwd").exists());
    // Links that were made point nowhere that this server's own programs would follow.
    assert!(worker::usage::disk::measure(server.machine.dir(&store)).await.unwrap() < 1 << 30);

    // Nothing but SFTP: no program, no terminal, no way through to anything behind it.
    let address = |place: u8| {
        let server = &server;
        let store = store.id;
        async move {
            let subnet = server.db.db.read().await.unwrap().subnets().find(store).await.unwrap().unwrap().0;
            std::net::Ipv4Addr::from(u32::from(subnet) + u32::from(place))
        }
    };
    let (database, web) = (format!("{}:3306", address(2).await), format!("{}:8080", address(4).await));
    for args in [
        &["id"][..],
        &["-tt"],
        &["-tt", "id"],
        &["-W", database.as_str()],
        &["-W", web.as_str()],
        &["-W", "127.0.0.1:2222"],
        &["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"],
        &["-N", "-o", "ExitOnForwardFailure=yes", "-w", "0:0"],
    ] {
        let out = ana.ssh(port, "shop", args);
        let text = all(&out);
        assert!(!out.status.success() && !text.contains("uid=") && !text.contains("MariaDB"), "{args:?}: {text}");
    }
    // Somebody else: another key, another account, another store's place.
    for (who, at, user) in [(&eva, port, "shop"), (&ana, port, "root"), (&ana, port, "sshd"), (&ana, theirs, "shop")] {
        std::fs::write(who.dir.join("known"), "").unwrap();
        let known =
            Command::new("ssh-keyscan").args(["-t", "ed25519", "-p", &at.to_string(), "127.0.0.1"]).output().unwrap();
        std::fs::write(who.dir.join("known"), known.stdout).unwrap();
        let text = all(&who.ssh(at, user, &["-N"]));
        assert!(text.contains("Permission denied"), "{user} at {at}: {text}");
    }
    ana.trusts(&server, &store).await;
    let none = ana.sftp_with_password(port, "", "ls\n");
    assert!(all(&none).contains("Permission denied"), "no password is no way in: {}", all(&none));

    // A made password works; a newer one ends it, and every connection that was made with it.
    let password = file_access::new_password(&services, &Actor::operator(), &store).await.unwrap();
    opened_anew(&server, &store).await;
    assert_eq!(ana.trusts(&server, &store).await, port, "the place stays");
    let out = ana.sftp_with_password(port, password.expose(), "ls uploads\n");
    assert!(out.status.success(), "{}", all(&out));
    // ssh itself: the sftp program stays at its prompt when its connection is gone.
    let mut held = ana.command("ssh", port);
    ana.ask_pass(&mut held, password.expose());
    held.args(["-o", "PubkeyAuthentication=no", "-o", "ServerAliveInterval=2", "-s", "shop@127.0.0.1", "sftp"]);
    let held = held.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let held = std::sync::Mutex::new(held);
    let name = format!("{}-sftp", store.object_name());
    eventually("somebody is in", async || {
        server.machine.docker.has_process_of(&name, 10033).await.unwrap().then_some(())
    })
    .await;
    let newer = file_access::new_password(&services, &Actor::operator(), &store).await.unwrap();
    opened_anew(&server, &store).await;
    eventually("the old connection is cut", async || held.lock().unwrap().try_wait().unwrap().map(|_| ())).await;
    assert!(all(&ana.sftp_with_password(port, password.expose(), "ls\n")).contains("Permission denied"));
    assert!(ana.sftp_with_password(port, newer.expose(), "ls\n").status.success());

    // Passwords and keys are in nothing that is read elsewhere, and the container is no more than it has to be.
    let inspected = Command::new("docker").args(["inspect", &name]).output().unwrap().stdout;
    let inspected = String::from_utf8(inspected).unwrap();
    for secret in [password.expose(), newer.expose(), "$6$", "PRIVATE KEY"] {
        assert!(!inspected.contains(secret), "{secret}");
        for (table, column) in [("jobs", "args"), ("job_lines", "text"), ("audit_events", "details")] {
            let n = server.db.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{secret}%'")).await;
            assert_eq!(n, 0, "{table} {secret}");
        }
    }
    for needed in
        ["\"ReadonlyRootfs\": true", "no-new-privileges", "\"Privileged\": false", "\"HostIp\": \"127.0.0.1\""]
    {
        assert!(inspected.contains(needed), "{needed}");
    }
    let config = server.machine.dir(&store).path().join("file-access");
    assert_eq!(std::fs::metadata(&config).unwrap().mode() & 0o7777, 0o700, "nobody else on the server looks in");
    assert_eq!(std::fs::metadata(config.join("config/shadow")).unwrap().mode() & 0o7777, 0o400);

    // A removed key is shut out; the last way in closes the door.
    let key = server.db.db.read().await.unwrap().file_access().keys(store.id).await.unwrap()[0].id;
    let foreign = file_access::remove_key(&services, &Actor::operator(), &other, key).await;
    assert!(matches!(foreign, Err(ServiceError::NotFound)), "another store's key: {foreign:?}");
    file_access::remove_key(&services, &Actor::operator(), &store, key).await.unwrap();
    opened_anew(&server, &store).await;
    assert!(all(&ana.sftp(port, "ls\n")).contains("Permission denied"));
    file_access::remove_password(&services, &Actor::operator(), &store).await.unwrap();
    let job = server.newest(&store, STOP_FILE_ACCESS).await;
    server.reaches(&job, JobState::Finished).await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is shut");

    // Opened again it is the same server to those who know it.
    let before = std::fs::read_to_string(ana.dir.join("known")).unwrap();
    add_key(&server, &store, &ana).await;
    open(&server, &store).await;
    let again = ana.trusts(&server, &store).await;
    let after = std::fs::read_to_string(ana.dir.join("known")).unwrap();
    assert_eq!(before.split(' ').next_back(), after.split(' ').next_back());
    assert!(ana.sftp(again, "ls\n").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_twice_failing_and_taken_back_twice_leaves_the_store_as_it_was() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Steps", "steps-shop").await;
    let ana = Person::new(&server, "ana");
    add_key(&server, &store, &ana).await;
    // The host key stays from the first time on.
    open(&server, &store).await;
    stop(&server, &store).await;
    let before = server.census().await;
    // Each step twice, two in a job: more would use up its attempts.
    for round in 0..START.len().max(STOP.len()).div_ceil(2) {
        for step in START.chunks(2).nth(round).unwrap_or_default() {
            fail_point::set(&format!("start_file_access.{step}.after"), Action::Passing, 1);
        }
        let job = start(&server, &store).await;
        server.hurry_until(&job, JobState::Finished).await;
        let port = ana.trusts(&server, &store).await;
        assert!(ana.sftp(port, "ls\n").status.success());
        assert_eq!(server.census().await.containers.len(), 4);
        for step in STOP.chunks(2).nth(round).unwrap_or_default() {
            fail_point::set(&format!("stop_file_access.{step}.after"), Action::Passing, 1);
        }
        let job = file_access::stop(&server.services(), &Actor::operator(), &store, "test").await.unwrap();
        server.hurry_until(&job, JobState::Finished).await;
        fail_point::clear();
        closed(&server, &store, &before, &format!("round {round}")).await;
    }
    stop(&server, &store).await;
    closed(&server, &store, &before, "closed twice").await;
    // Failure at each step, every undo twice.
    for step in START {
        fail_point::clear();
        fail_point::set(&format!("start_file_access.{step}.after"), Action::Fail, 1);
        for other in START {
            fail_point::set(&format!("start_file_access.{other}.undo.after"), Action::Passing, 1);
        }
        let job = start(&server, &store).await;
        server.hurry_until(&job, JobState::Failed).await;
        fail_point::clear();
        closed(&server, &store, &before, step).await;
        assert!(!server.job(&job).await.cleanup_pending, "{step}");
    }
    // A closing that fails for good is ordered anew by the reconciler.
    open(&server, &store).await;
    fail_point::set("stop_file_access.files.before", Action::Fail, 1);
    let job = file_access::stop(&server.services(), &Actor::operator(), &store, "test").await.unwrap();
    server.reaches(&job, JobState::Failed).await;
    fail_point::clear();
    server.db.sql("UPDATE file_access SET created_at = NOW(6) - INTERVAL 2 MINUTE").await;
    server.reconcile().await;
    let again = server.newest(&store, STOP_FILE_ACCESS).await;
    assert_ne!(again.id, job.id);
    server.reaches(&again, JobState::Finished).await;
    closed(&server, &store, &before, "after the reconciler").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_uses_is_closed_and_what_is_open_goes_with_its_store() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Idle", "idle-shop").await;
    let ana = Person::new(&server, "ana");
    add_key(&server, &store, &ana).await;
    open(&server, &store).await;
    let port = ana.trusts(&server, &store).await;
    let idle = "UPDATE file_access SET used_at = NOW(6) - INTERVAL 31 MINUTE";
    // Somebody is in it: left alone, and their presence counts as use.
    let mut held = ana.command("sftp", port);
    held.args(["-o", "BatchMode=yes", "-i", "key", "shop@127.0.0.1"]);
    let mut held = held.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let name = format!("{}-sftp", store.object_name());
    eventually("somebody is in", async || {
        server.machine.docker.has_process_of(&name, 10033).await.unwrap().then_some(())
    })
    .await;
    server.db.sql(idle).await;
    server.reconcile().await;
    assert_eq!(server.db.number(&format!("SELECT COUNT(*) FROM jobs WHERE kind = '{STOP_FILE_ACCESS}'")).await, 0);
    assert_eq!(
        server.db.number("SELECT COUNT(*) FROM file_access WHERE used_at > NOW(6) - INTERVAL 1 MINUTE").await,
        1
    );
    drop(held.stdin.take());
    held.wait().unwrap();
    eventually("nobody is in", async || {
        (!server.machine.docker.has_process_of(&name, 10033).await.unwrap()).then_some(())
    })
    .await;
    server.db.sql(idle).await;
    server.reconcile().await;
    let job = server.newest(&store, STOP_FILE_ACCESS).await;
    server.reaches(&job, JobState::Finished).await;
    let before = server.census().await;
    closed(&server, &store, &before, "idle").await;
    // A container nobody ordered, and one that was removed.
    open(&server, &store).await;
    server.machine.docker.remove_container(&name).await.unwrap();
    server.reconcile().await;
    let job = server.newest(&store, STOP_FILE_ACCESS).await;
    server.reaches(&job, JobState::Finished).await;
    closed(&server, &store, &before, "container gone").await;
    open(&server, &store).await;
    server.db.sql("DELETE FROM file_access").await;
    server.reconcile().await;
    let job = server.newest(&store, STOP_FILE_ACCESS).await;
    server.reaches(&job, JobState::Finished).await;
    closed(&server, &store, &before, "no record").await;
    // Suspending closes it; it does not open while the store rests.
    open(&server, &store).await;
    let port = ana.trusts(&server, &store).await;
    changes::do_it(&server, &store, &StoreChange::Suspend { cause: SuspendCause::Other, reason: "test".into() }).await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    let resting = file_access::start(&server.services(), &Actor::operator(), &store).await;
    assert!(matches!(resting, Err(ServiceError::Conflict(_))), "{resting:?}");
    changes::do_it(&server, &store, &StoreChange::Resume { reason: "test".into() }).await;
    // Deleting a store with it open leaves nothing, keys included.
    open(&server, &store).await;
    let job = delete_now(&server.services(), &Actor::operator(), store.id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.census().await, Census::default());
    assert_eq!(server.db.number("SELECT COUNT(*) FROM file_access_keys").await, 0);
}
