//! What stores may reach (threat-model §4.5): the internet yes; other stores, this server, private
//! networks and cloud metadata no. Two chains of ours hold the rules; they are written whole in one
//! `iptables-restore` call, so writing them again is harmless and there is never half a rule set.
//!
//! * `SHOPFLEET` hangs in Docker's `DOCKER-USER`, which the Engine looks at before its own rules and
//!   leaves alone when it restarts.
//! * `SHOPFLEET-IN` hangs in `INPUT`: the server's own addresses, the bridges' included.
//!
//! Name resolution keeps working: the Engine's resolver lives inside the container's own network
//! namespace and asks the server's name servers from there, so those are allowed on port 53.

use super::command::{self, CommandError};
use crate::shop::file_access::PORT as FILE_ACCESS;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

/// A range of IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range(pub Ipv4Addr, pub u8);

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

/// Everything that is not the public internet.
const NOT_PUBLIC: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// The rules as text for `iptables-restore --noflush`. Naming a chain empties it first.
#[must_use]
pub fn rules(pool: Range, resolvers: &[Ipv4Addr], own: &[Ipv4Addr], bridged: bool) -> String {
    let mut text = String::from("*filter\n:SHOPFLEET - [0:0]\n:SHOPFLEET-IN - [0:0]\n");
    let mut rule = |line: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    };
    rule(format_args!("-A SHOPFLEET -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"));
    if bridged {
        // Containers of one store among themselves, where bridged packets pass here at all.
        rule(format_args!("-A SHOPFLEET -m physdev --physdev-is-bridged -j RETURN"));
    }
    for resolver in resolvers {
        for protocol in ["udp", "tcp"] {
            rule(format_args!("-A SHOPFLEET -s {pool} -d {resolver} -p {protocol} --dport 53 -j RETURN"));
        }
    }
    for address in own {
        rule(format_args!("-A SHOPFLEET -s {pool} -d {address} -j DROP"));
    }
    for (net, prefix) in NOT_PUBLIC {
        rule(format_args!("-A SHOPFLEET -s {pool} -d {net}/{prefix} -j DROP"));
    }
    // File access is the one thing that is reached from outside: by a port that the Engine leads to it, never directly.
    rule(format_args!("-A SHOPFLEET -d {pool} -p tcp --dport {FILE_ACCESS} -m conntrack --ctstate DNAT -j RETURN"));
    // Nobody else opens a connection to a store's container but this server itself, which does not pass here.
    rule(format_args!("-A SHOPFLEET -d {pool} -j DROP"));
    rule(format_args!("-A SHOPFLEET -j RETURN"));
    rule(format_args!("-A SHOPFLEET-IN -s {pool} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"));
    for resolver in resolvers.iter().filter(|r| own.contains(r)) {
        for protocol in ["udp", "tcp"] {
            rule(format_args!("-A SHOPFLEET-IN -s {pool} -d {resolver} -p {protocol} --dport 53 -j RETURN"));
        }
    }
    rule(format_args!("-A SHOPFLEET-IN -s {pool} -j DROP"));
    rule(format_args!("-A SHOPFLEET-IN -j RETURN"));
    rule(format_args!("COMMIT"));
    text
}

/// Why the rules are not in force.
#[derive(Debug, thiserror::Error)]
pub enum FirewallError {
    /// A program could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It refused.
    #[error("{0} refused: {1}")]
    Refused(&'static str, String),
}

const LIMIT: Duration = Duration::from_secs(20);

/// Puts the rules in force; running it again changes nothing.
///
/// # Errors
/// iptables missing or refusing; stores must then not be started.
pub async fn ensure(pool: Range) -> Result<(), FirewallError> {
    let resolvers = resolvers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default());
    let own = own_addresses(pool);
    // The physdev match exists only where bridged packets can reach iptables.
    let bridged = std::path::Path::new("/proc/sys/net/bridge/bridge-nf-call-iptables").exists();
    let text = rules(pool, &resolvers, &own, bridged);
    let mut answer = command::run("iptables-restore", &["--noflush", "--wait", "10"], text.as_bytes(), LIMIT).await?;
    if !answer.ok() && bridged {
        let text = rules(pool, &resolvers, &own, false);
        answer = command::run("iptables-restore", &["--noflush", "--wait", "10"], text.as_bytes(), LIMIT).await?;
    }
    if !answer.ok() {
        return Err(FirewallError::Refused("iptables-restore", answer.err.trim().to_owned()));
    }
    // Docker makes DOCKER-USER when it starts; before that the chain may be missing.
    let _ = command::run("iptables", &["-w", "10", "-N", "DOCKER-USER"], b"", LIMIT).await?;
    jump("DOCKER-USER", "SHOPFLEET").await?;
    jump("INPUT", "SHOPFLEET-IN").await
}

async fn jump(from: &'static str, to: &'static str) -> Result<(), FirewallError> {
    let there = command::run("iptables", &["-w", "10", "-C", from, "-j", to], b"", LIMIT).await?;
    if there.ok() {
        return Ok(());
    }
    let made = command::run("iptables", &["-w", "10", "-I", from, "1", "-j", to], b"", LIMIT).await?;
    if made.ok() { Ok(()) } else { Err(FirewallError::Refused("iptables", made.err.trim().to_owned())) }
}

/// IPv4 name servers of `resolv.conf`; loopback ones are asked by the Engine from the host itself.
fn resolvers(text: &str) -> Vec<Ipv4Addr> {
    text.lines()
        .filter_map(|l| l.trim().strip_prefix("nameserver")?.split_whitespace().next()?.parse().ok())
        .filter(|a: &Ipv4Addr| !a.is_loopback())
        .collect()
}

/// The server's own addresses outside loopback and outside the stores' pool.
fn own_addresses(pool: Range) -> Vec<Ipv4Addr> {
    let mask = u32::MAX.checked_shl(32 - u32::from(pool.1)).unwrap_or(0);
    let in_pool = |a: Ipv4Addr| u32::from(a) & mask == u32::from(pool.0) & mask;
    let mut found: Vec<Ipv4Addr> = nix::ifaddrs::getifaddrs()
        .map(|all| all.filter_map(|i| Some(i.address?.as_sockaddr_in()?.ip())).collect())
        .unwrap_or_default();
    found.retain(|a| !a.is_loopback() && !in_pool(*a));
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_reach_the_internet_and_name_servers_only() {
        let pool = Range(Ipv4Addr::new(10, 213, 0, 0), 16);
        let text = rules(pool, &[Ipv4Addr::new(10, 0, 0, 53)], &[Ipv4Addr::new(203, 0, 113, 9)], true);
        let at = |line: &str| text.find(line).unwrap_or_else(|| panic!("no rule {line} in\n{text}"));
        let dns = at("-A SHOPFLEET -s 10.213.0.0/16 -d 10.0.0.53 -p udp --dport 53 -j RETURN");
        let private = at("-A SHOPFLEET -s 10.213.0.0/16 -d 10.0.0.0/8 -j DROP");
        let metadata = at("-A SHOPFLEET -s 10.213.0.0/16 -d 169.254.0.0/16 -j DROP");
        at("-A SHOPFLEET -s 10.213.0.0/16 -d 203.0.113.9 -j DROP");
        let files = at("-A SHOPFLEET -d 10.213.0.0/16 -p tcp --dport 2222 -m conntrack --ctstate DNAT -j RETURN");
        // Other stores are kept away before, everybody else after it.
        assert!(private < files && files < at("-A SHOPFLEET -d 10.213.0.0/16 -j DROP"));
        assert!(dns < private && private < metadata);
        let established = at("-A SHOPFLEET-IN -s 10.213.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN");
        assert!(established < at("-A SHOPFLEET-IN -s 10.213.0.0/16 -j DROP"));
        assert!(text.ends_with("COMMIT\n"));
    }

    #[test]
    fn name_servers_are_read() {
        let text = "# x\nnameserver 10.0.0.2\nnameserver 127.0.0.53\nnameserver ::1\noptions ndots:2\n";
        assert_eq!(resolvers(text), [Ipv4Addr::new(10, 0, 0, 2)]);
    }
}
