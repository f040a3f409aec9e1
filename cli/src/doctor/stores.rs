//! The services the product stands on: MariaDB, Redis, mail.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hosting::services::settings::Values;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::Check;
use crate::access::Access;

const LIMIT: Duration = Duration::from_secs(8);
const START_DB: &str =
    "start it (`systemctl start mariadb`, private instance: ./scripts/up) and check SHOPFLEET_DATABASE_URL";
const START_REDIS: &str = "start it (`systemctl start redis-server`, private instance: ./scripts/up) and check SHOPFLEET_REDIS_URL; jobs wait meanwhile and are not lost";

/// Reachable, new enough, durable, migrated, and its clock.
pub async fn mariadb(access: &Access) -> Vec<Check> {
    match tokio::time::timeout(LIMIT, look_at_mariadb(access)).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![Check::fail("mariadb", format!("{error:#}"), START_DB)],
        Err(_) => vec![Check::fail("mariadb", "no answer within 8 s", START_DB)],
    }
}

async fn look_at_mariadb(access: &Access) -> Result<Vec<Check>> {
    let db = access.services()?.db;
    let version = db.version().await?;
    let mut checks = vec![judge_database(&version)];
    let durability = db.durability().await?;
    checks.push(judge_durability(durability.flush_log, durability.sync_binlog));
    checks.push(judge_skew(durability.clock - hosting::clock::now().unix_timestamp()));
    checks.push(match db.pending_migrations().await? {
        0 => Check::ok("schema", "up to date"),
        pending => Check::fail("schema", format!("{pending} migrations have not run"), "shopfleet migrate"),
    });
    db.close().await;
    Ok(checks)
}

fn judge_database(version: &str) -> Check {
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let maria = version.contains("MariaDB");
    let (name, enough) = if maria { ("MariaDB", number >= (10, 6)) } else { ("MySQL", number >= (8, 0)) };
    if enough {
        Check::ok("mariadb", format!("{name} {version}"))
    } else {
        Check::fail("mariadb", format!("{name} {version} is too old"), "install MariaDB 10.6 or MySQL 8.0, or newer")
    }
}

fn judge_durability(flush_log: u64, sync_binlog: Option<u64>) -> Check {
    let mut loose = Vec::new();
    if flush_log != 1 {
        loose.push(format!("innodb_flush_log_at_trx_commit = {flush_log}"));
    }
    if let Some(value) = sync_binlog.filter(|value| *value != 1) {
        loose.push(format!("sync_binlog = {value}"));
    }
    if loose.is_empty() {
        return Check::ok("durability", "an acknowledged commit is on disk");
    }
    Check::fail(
        "durability",
        format!("a power cut can lose acknowledged jobs ({})", loose.join(", ")),
        "set innodb_flush_log_at_trx_commit = 1 and sync_binlog = 1 in the server's configuration and restart it",
    )
}

fn judge_skew(seconds: i64) -> Check {
    if seconds.abs() <= 2 {
        return Check::ok("db clock", "agrees with this machine's");
    }
    Check::warn(
        "db clock",
        format!("the database's clock is {seconds} s from this machine's"),
        "switch on time synchronisation on both; leases go by the database's clock, log lines by this machine's",
    )
}

/// Reachable, new enough, keeping what it was told.
pub async fn redis(access: &Access) -> Vec<Check> {
    match tokio::time::timeout(LIMIT, look_at_redis(access)).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![Check::fail("redis", format!("{error:#}"), START_REDIS)],
        Err(_) => vec![Check::fail("redis", "no answer within 8 s", START_REDIS)],
    }
}

async fn look_at_redis(access: &Access) -> Result<Vec<Check>> {
    let queue = access.services()?.queue;
    let version = queue.version().await?;
    let mut conn = queue.conn().await?;
    let read = |name: &'static str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        command
    };
    // A managed Redis may forbid CONFIG; that is no reason to fail.
    let append: Vec<String> = read("appendonly").query_async(&mut conn).await.unwrap_or_default();
    let policy: Vec<String> = read("maxmemory-policy").query_async(&mut conn).await.unwrap_or_default();
    Ok(vec![judge_redis(&version), judge_keeping(append.get(1).map(String::as_str), policy.get(1).map(String::as_str))])
}

fn judge_redis(version: &str) -> Check {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if number >= (6, 2) {
        Check::ok("redis", format!("Redis {version}"))
    } else if number >= (6, 0) {
        // Ubuntu 22.04 has 6.0: it lacks XAUTOCLAIM, and the sweep over the rows does that part a little later.
        Check::warn(
            "redis",
            format!("Redis {version} works, but wake-ups a dead worker had taken wait for the next sweep"),
            "install Redis 6.2 or newer for production",
        )
    } else {
        Check::fail("redis", format!("Redis {version} is too old"), "install Redis 6.2 or newer")
    }
}

fn judge_keeping(append: Option<&str>, policy: Option<&str>) -> Check {
    let mut remarks = Vec::new();
    if append.is_some_and(|value| value != "yes") {
        remarks.push("appendonly is off: a restart delays jobs until the next sweep".to_owned());
    }
    if let Some(policy) = policy.filter(|policy| *policy != "noeviction") {
        remarks.push(format!("maxmemory-policy is {policy}: wake-ups may be thrown away"));
    }
    if remarks.is_empty() {
        return Check::ok("redis data", "append-only file, nothing is evicted");
    }
    Check::warn("redis data", remarks.join("; "), "set appendonly yes and maxmemory-policy noeviction")
}

/// The mail server of the settings greets us.
pub async fn mail(access: &Access) -> Check {
    let mend = "check smtp_host, smtp_port and smtp_security (`shopfleet settings list`); mails wait and are sent when it answers";
    let answer = async {
        let services = access.services()?;
        let values = Values::load(&services.db).await.context("cannot read the settings")?;
        services.db.close().await;
        let (host, port) = (values.text("smtp_host").to_owned(), values.number("smtp_port"));
        let port = u16::try_from(port).context("smtp_port is no port")?;
        greet(&host, port, values.text("smtp_security") == "tls").await.with_context(|| format!("{host}:{port}"))
    };
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(Ok(finding)) => Check::ok("mail", finding),
        Ok(Err(error)) => Check::fail("mail", format!("{error:#}"), mend),
        Err(_) => Check::fail("mail", "the mail server does not answer within 8 s", mend),
    }
}

async fn greet(host: &str, port: u16, tls: bool) -> Result<String> {
    let mut stream = TcpStream::connect((host, port)).await.context("does not answer")?;
    if tls {
        // It speaks only after the TLS handshake, which the first mail will do.
        return Ok(format!("{host}:{port} listens (TLS)"));
    }
    let mut greeting = [0_u8; 512];
    let size = stream.read(&mut greeting).await.context("does not greet")?;
    let text = String::from_utf8_lossy(&greeting[..size]).trim().to_owned();
    if !text.starts_with("220") {
        bail!("greets with \"{text}\"");
    }
    Ok(format!("{host}:{port} greets"))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn old_servers_are_refused() {
        assert_eq!(judge_database("10.11.6-MariaDB-0+deb12u1").state, State::Ok);
        assert_eq!(judge_database("10.5.23-MariaDB").state, State::Fail);
        assert_eq!(judge_database("8.0.36").state, State::Ok);
        assert_eq!(judge_database("5.7.44").state, State::Fail);
        assert_eq!(judge_redis("7.0.15").state, State::Ok);
        assert_eq!(judge_redis("6.0.16").state, State::Warn);
        assert_eq!(judge_redis("5.0.14").state, State::Fail);
        assert_eq!(judge_redis("odd").state, State::Fail);
    }

    #[test]
    fn commits_must_reach_the_disk() {
        assert_eq!(judge_durability(1, None).state, State::Ok);
        assert_eq!(judge_durability(2, None).state, State::Fail);
        assert_eq!(judge_durability(1, Some(0)).state, State::Fail);
        assert_eq!(judge_durability(1, Some(1)).state, State::Ok);
    }

    #[test]
    fn a_forgetful_redis_is_told() {
        assert_eq!(judge_keeping(Some("yes"), Some("noeviction")).state, State::Ok);
        assert_eq!(judge_keeping(None, None).state, State::Ok);
        assert_eq!(judge_keeping(Some("no"), Some("allkeys-lru")).state, State::Warn);
        assert_eq!(judge_skew(-40).state, State::Warn);
    }
}
