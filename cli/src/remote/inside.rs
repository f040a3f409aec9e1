//! What is inside of a store in service: its log, what it uses, its files.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use secrecy::ExposeSecret;
use shopfleet_client::types::{
    GetStoreLogQuery, GetStoreUsageQuery, NewAccessKey, Nothing, Password, StoreLogLine, UsageRow,
};

use super::{Remote, facts, moment};
use crate::args::remote::Offers;
use crate::output::{self, Format};
use crate::say;

/// A followed log is asked for new lines this often; the panel counts who asks.
const EVERY: Duration = Duration::from_secs(2);
/// No key file is longer.
const LONGEST_KEY: u64 = 8192;

/// The newest lines, and with `follow` those that come.
pub async fn log(remote: &Remote, id: &str, mut query: GetStoreLogQuery, follow: bool) -> Result<ExitCode> {
    loop {
        let read = remote.client.get_store_log(id, &query).await?;
        let problem = read.problem.clone().unwrap_or_default();
        match remote.format {
            Format::Json if follow => read.lines.iter().try_for_each(output::json)?,
            Format::Json => output::json(&read)?,
            Format::Table => read.lines.iter().try_for_each(print)?,
        }
        if !problem.is_empty() {
            eprintln!("{}", output::clean(&problem));
        }
        if !follow {
            return Ok(if problem.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        query.after = Some(read.after);
        query.limit = Some(1000);
        tokio::time::sleep(EVERY).await;
    }
}

fn print(line: &StoreLogLine) -> Result<()> {
    let mark = match line.level.as_str() {
        "error" => "ERROR ",
        "warning" => "warning ",
        _ => "",
    };
    output::try_line(format_args!("{} {:<8} {mark}{}", moment(Some(&line.at)), line.source, output::clean(&line.text)))
}

/// The numbers of a day or a week.
pub async fn usage(remote: &Remote, id: &str, range: String) -> Result<ExitCode> {
    let used = remote.client.get_store_usage(id, &GetStoreUsageQuery { range: Some(range) }).await?;
    remote.answer(&used, |used| {
        let limits = &used.limits;
        facts(&[
            ("Space", of(used.disk_bytes, limits.disk_bytes)),
            ("Traffic", format!("{} this month", of(Some(used.traffic_bytes), limits.traffic_bytes))),
            ("Memory", of(used.rows.last().map(|r| r.memory_bytes), limits.memory_bytes)),
            ("Processor", format!("{} of {} cores", cores(used.rows.last()), thousandths(limits.cpu_millis.into()))),
        ]);
        let rows = used.rows.iter().rev().map(|r| {
            [
                moment(Some(&r.at)),
                cores(Some(r)),
                mebibytes(r.memory_bytes),
                r.requests.to_string(),
                r.failed_requests.to_string(),
                mebibytes(r.bytes_in),
                mebibytes(r.bytes_out),
            ]
        });
        let head = ["FROM", "CORES", "MEMORY MiB", "REQUESTS", "FAILED", "IN MiB", "OUT MiB"];
        say!("\n{}", output::table(head, rows));
    })
}

fn of(used: Option<u64>, limit: u64) -> String {
    let used = used.map_or_else(|| "not measured yet".to_owned(), |used| format!("{} MiB", mebibytes(used)));
    format!("{used}, of {} MiB", mebibytes(limit))
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() }
}

fn thousandths(n: u64) -> String {
    format!("{}.{:03}", n / 1000, n % 1000)
}

fn cores(row: Option<&UsageRow>) -> String {
    row.map_or_else(|| "–".to_owned(), |r| thousandths(r.cpu_ms / u64::from(r.seconds.max(1))))
}

/// File access: how it stands, or a change of it.
pub async fn files(remote: &Remote, id: &str, act: &str) -> Result<ExitCode> {
    let client = &remote.client;
    let order = match act {
        "start" => {
            let body = Password { password: remote.password()?.expose_secret().to_owned() };
            client.start_file_access(id, &body).await?
        }
        "stop" => client.stop_file_access(id, &Nothing {}).await?,
        _ => {
            let access = client.get_file_access(id).await?;
            return remote.answer(&access, |access| {
                let ways = if access.has_password { "keys and a password" } else { "keys" };
                facts(&[
                    ("State", access.state.replace('_', " ")),
                    ("Host", access.host.clone().unwrap_or_default()),
                    ("Port", access.port.map(|p| p.to_string()).unwrap_or_default()),
                    ("User", access.user.clone()),
                    ("Sign in with", ways.to_owned()),
                    ("Fingerprint", access.fingerprint.clone().unwrap_or_default()),
                    ("Problem", access.problem.clone().unwrap_or_default()),
                ]);
                let rows = access
                    .keys
                    .iter()
                    .map(|k| [k.id.to_string(), k.name.clone(), k.fingerprint.clone(), moment(Some(&k.added_at))]);
                say!("\n{}", output::table(["KEY", "NAME", "FINGERPRINT", "ADDED"], rows));
            });
        }
    };
    match order.job {
        Some(job) => remote.ordered(&job),
        None => remote.done(&serde_json::json!({ "job": null }), "It is open already"),
    }
}

/// Lets the key of a file in.
pub async fn add_key(remote: &Remote, id: &str, file: &Path, name: String) -> Result<ExitCode> {
    let about = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    if about.len() > LONGEST_KEY {
        bail!("{} is no public key: it is too long", file.display());
    }
    let key = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    // A private key must not travel, not even to be refused.
    if key.contains("PRIVATE KEY") {
        bail!("{} is a private key: give the file that ends in .pub", file.display());
    }
    let password = remote.password()?.expose_secret().to_owned();
    let name = Some(name).filter(|n| !n.is_empty());
    let added =
        remote.client.add_file_access_key(id, &NewAccessKey { key: key.trim().to_owned(), name, password }).await?;
    remote.answer(&added, |added| say!("{} may sign in", added.fingerprint))
}

/// Stores that others offer to the caller.
pub async fn offers(remote: &Remote, verb: Offers) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Offers::List => {
            let offers = client.list_offers().await?.items;
            remote.list(&offers, ["OFFER", "STORE", "FROM", "UNTIL"], |o| {
                [o.id.clone(), o.store_name.clone(), o.from.clone(), moment(Some(&o.expires_at))]
            })
        }
        Offers::Accept { offer } => {
            let body = Password { password: remote.password()?.expose_secret().to_owned() };
            remote.ordered(&client.accept_offer(&offer, &body).await?.job)
        }
        Offers::Decline { offer } => {
            client.decline_offer(&offer, &Nothing {}).await?;
            remote.done(&serde_json::json!({ "offer": offer, "declined": true }), "It is declined")
        }
    }
}
