//! What a private instance chooses once and then remembers in `var/instance.json`: its server's name, its ports
//! and its port pools. Remembered, because store addresses carry the edge's port and people keep bookmarks.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use anyhow::{Context, Result, bail};
use hosting::services::seed_defaults::DEFAULT_SUBNET_COUNT;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files;
use crate::layout::Layout;

/// Where a second instance looks for ports: below the range the kernel uses for outgoing connections (32768 and
/// up), away from the default store pools (8001–11100).
const SEARCH: std::ops::Range<u16> = 20_000..31_000;

/// The loopback ports of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub web: u16,
    pub edge: u16,
    pub redis: u16,
    pub smtp: u16,
    pub worker_metrics: u16,
}

impl Ports {
    /// What the default instance takes when nothing else has it.
    const PREFERRED: Self = Self { web: 7080, edge: 7081, redis: 7379, smtp: 7025, worker_metrics: 7090 };

    fn each(&mut self) -> [(&'static str, &mut u16); 5] {
        [
            ("web", &mut self.web),
            ("edge", &mut self.edge),
            ("redis", &mut self.redis),
            ("smtp", &mut self.smtp),
            ("worker metrics", &mut self.worker_metrics),
        ]
    }
}

/// Networks of an instance that is not the default one: 64 `/28`s, which fill `BLOCK_OCTETS` third octets.
const SECOND_NETWORKS: u32 = 64;
const BLOCK_OCTETS: usize = 4;
/// Where their blocks begin: the default instance's 600 networks end at 10.213.37.127.
const SECOND_BLOCKS: std::ops::RangeInclusive<u8> = 40..=252;

/// First ports of the server's five pools of `POOL_SIZE` ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pools {
    pub store_web: u16,
    pub store_db_admin: u16,
    pub staging_web: u16,
    pub staging_db_admin: u16,
    pub store_sftp: u16,
}

/// Ports per pool.
pub const POOL_SIZE: u16 = 100;

impl Pools {
    /// design.md §4: 8001–8100, 9001–9100, 10001–10100, 11001–11100; file access 12001–12100.
    pub const DEFAULT: Self = Self {
        store_web: 8001,
        store_db_admin: 9001,
        staging_web: 10_001,
        staging_db_admin: 11_001,
        store_sftp: 12_001,
    };
}

/// The remembered choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub server: String,
    pub base_domain: String,
    pub admin_email: String,
    pub ports: Ports,
    pub pools: Pools,
    /// The stores' networks: `/28`s from `10.213.{n}.0` on. All instances stay inside 10.213.0.0/16, because the
    /// firewall rules that keep stores from each other go by that range.
    pub network_from: u8,
    /// How many of them.
    pub networks: u32,
}

impl Instance {
    /// Reads the choices of an earlier `up`.
    pub fn load(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.instance_json();
        let damaged =
            || format!("{} is damaged; restore it, or `./scripts/down --purge` to begin anew", path.display());
        let Some(text) = files::read_optional(&path)? else { return Ok(None) };
        let saved: Value = serde_json::from_str(&text).with_context(damaged)?;
        if let Ok(complete) = serde_json::from_value(saved.clone()) {
            return Ok(Some(complete));
        }
        // Written by an older release: what it did not know yet is chosen now, what it chose stays.
        let mut filled = serde_json::to_value(Self::choose(layout)?)?;
        keep(&mut filled, saved);
        serde_json::from_value(filled).map(Some).with_context(damaged)
    }

    /// Remembers the choices.
    pub fn save(&self, layout: &Layout) -> Result<()> {
        files::write_atomic(&layout.instance_json(), &serde_json::to_vec_pretty(self)?, 0o644, files::sudo_person())
    }

    /// First choices. Two instances on one Docker engine must not share a server name (the reconciler goes by it),
    /// ports or subnets, so only the default instance takes the well-known ones.
    pub fn choose(layout: &Layout) -> Result<Self> {
        let mut ports = Ports::PREFERRED;
        // Most of the well-known ports taken: another checkout's default instance is running.
        let first = layout.is_default() && ports.each().iter().filter(|(_, port)| !is_free(**port)).count() < 3;
        let mut taken = Vec::new();
        for (name, port) in ports.each() {
            if !first || !is_free(*port) {
                *port = find_free(1, &taken).with_context(|| format!("no free port for {name}"))?;
            }
            taken.push(*port);
        }
        let pools = if first { Pools::DEFAULT } else { choose_pools(&mut taken)? };
        let server = if first { "local-1".to_owned() } else { format!("local-{}", layout.fingerprint()) };
        let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
        let (network_from, networks) =
            if first { (0, DEFAULT_SUBNET_COUNT) } else { (choose_networks(&routes)?, SECOND_NETWORKS) };
        Ok(Self {
            server,
            base_domain: "shops.localhost".to_owned(),
            admin_email: "admin@shops.localhost".to_owned(),
            ports,
            pools,
            network_from,
            networks,
        })
    }

    /// Replaces remembered ports that some other program has taken meanwhile. Returns what changed, in words.
    pub fn repair_ports(&mut self) -> Result<Vec<String>> {
        let mut taken: Vec<u16> = self.ports.each().iter().map(|(_, port)| **port).collect();
        let mut notes = Vec::new();
        for (name, port) in self.ports.each() {
            if is_free(*port) {
                continue;
            }
            let new = find_free(1, &taken)?;
            notes.push(format!("port {port} ({name}) is used by another program now; taking {new}"));
            *port = new;
            taken.push(new);
        }
        Ok(notes)
    }
}

/// Puts what was saved over what was chosen, field by field.
fn keep(chosen: &mut Value, saved: Value) {
    match (chosen, saved) {
        (Value::Object(chosen), Value::Object(saved)) => {
            for (name, value) in saved {
                keep(chosen.entry(name).or_insert(Value::Null), value);
            }
        }
        (chosen, saved) => *chosen = saved,
    }
}

/// Third octet of a free block of `SECOND_NETWORKS` networks beyond the default instance's, at a random place.
/// `routes` is `/proc/net/route`, where every living network of a store shows.
fn choose_networks(routes: &str) -> Result<u8> {
    let used: Vec<u8> = routes.lines().filter_map(third_octet).collect();
    let mut free: Vec<u8> = SECOND_BLOCKS
        .step_by(BLOCK_OCTETS)
        .filter(|start| !used.iter().any(|octet| (*start..=start + (BLOCK_OCTETS as u8 - 1)).contains(octet)))
        .collect();
    if free.is_empty() {
        bail!(
            "all networks between 10.213.40.0 and 10.213.255.255 are in use; `./scripts/down --purge` instances you no longer need"
        );
    }
    let chosen = rand::rng().random_range(0..free.len());
    Ok(free.swap_remove(chosen))
}

/// The third octet of a route to 10.213.x.0. The destination is the second field, hex in the machine's byte order.
fn third_octet(line: &str) -> Option<u8> {
    let octets = u32::from_str_radix(line.split_ascii_whitespace().nth(1)?, 16).ok()?.to_ne_bytes();
    (octets[0] == 10 && octets[1] == 213).then_some(octets[2])
}

fn choose_pools(taken: &mut Vec<u16>) -> Result<Pools> {
    let mut next = || -> Result<u16> {
        let start = find_free(POOL_SIZE, taken)?;
        taken.extend(start..start + POOL_SIZE);
        Ok(start)
    };
    Ok(Pools {
        store_web: next()?,
        store_db_admin: next()?,
        staging_web: next()?,
        staging_db_admin: next()?,
        store_sftp: next()?,
    })
}

/// A port is free when we can listen on it.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The start of `size` free ports in a row, at a random place: two instances that start at the same moment then
/// hardly ever pick the same.
fn find_free(size: u16, taken: &[u16]) -> Result<u16> {
    let mut rng = rand::rng();
    for _ in 0..400 {
        let start = rng.random_range(SEARCH.start..SEARCH.end - size);
        if (start..start + size).all(|port| !taken.contains(&port) && is_free(port)) {
            return Ok(start);
        }
    }
    bail!("no {size} free ports in a row between {} and {}; stop what holds them (`ss -ltn`)", SEARCH.start, SEARCH.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn other() -> Layout {
        Layout { root: PathBuf::from("/srv/shopfleet"), var: crate::testing::scratch("instance") }
    }

    #[test]
    fn choices_are_remembered() {
        let layout = other();
        assert_eq!(Instance::load(&layout).unwrap(), None);
        let chosen = Instance::choose(&layout).unwrap();
        chosen.save(&layout).unwrap();
        assert_eq!(Instance::load(&layout).unwrap(), Some(chosen.clone()));
        // A file of an older release that knew fewer fields, and one of a newer that knows more.
        let mut old = serde_json::to_value(&chosen).unwrap();
        old["ports"].as_object_mut().unwrap().remove("worker_metrics");
        old.as_object_mut().unwrap().remove("networks");
        old["added_later"] = true.into();
        std::fs::write(layout.instance_json(), old.to_string()).unwrap();
        let filled = Instance::load(&layout).unwrap().unwrap();
        assert_eq!((&filled.server, filled.ports.web, filled.pools), (&chosen.server, chosen.ports.web, chosen.pools));
        assert!(filled.ports.worker_metrics > 0 && filled.networks > 0);
        std::fs::write(layout.instance_json(), "{").unwrap();
        assert!(Instance::load(&layout).unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn a_second_instance_shares_nothing_with_the_default_one() {
        let second = Instance::choose(&other()).unwrap();
        assert_ne!(second.server, "local-1");
        assert!(second.network_from >= 40 && second.networks == 64);
        let pools = second.pools;
        let starts =
            [pools.store_web, pools.store_db_admin, pools.staging_web, pools.staging_db_admin, pools.store_sftp];
        for (index, one) in starts.iter().enumerate() {
            assert!(SEARCH.contains(one));
            assert!(starts[..index].iter().all(|other| one.abs_diff(*other) >= POOL_SIZE));
        }
    }

    #[test]
    fn networks_in_use_are_left_alone() {
        let route = |third: u8| format!("br0\t{:08X}\t00000000\t0001", u32::from_ne_bytes([10, 213, third, 16]));
        let all_but_one: Vec<String> = (40..=255).filter(|third| !(100..104).contains(third)).map(route).collect();
        assert_eq!(choose_networks(&all_but_one.join("\n")).unwrap(), 100);
        let all: Vec<String> = (40..=255).map(route).collect();
        assert!(choose_networks(&all.join("\n")).unwrap_err().to_string().contains("--purge"));
        assert!(choose_networks("Iface\tDestination\n").unwrap() >= 40);
    }

    #[test]
    fn a_port_taken_by_a_stranger_is_replaced_and_said() {
        let mut instance = Instance::choose(&other()).unwrap();
        let before = instance.clone();
        assert!(instance.repair_ports().unwrap().is_empty());
        let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, before.ports.redis)).unwrap();
        let notes = instance.repair_ports().unwrap();
        drop(stranger);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("redis"));
        assert_ne!(instance.ports.redis, before.ports.redis);
        assert_eq!(instance.ports.web, before.ports.web);
    }
}
