//! Address ranges, as people write them in settings.

use std::net::IpAddr;

/// A list of addresses and ranges: `192.0.2.7, 10.0.0.0/8, 2001:db8::/32`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// Parses a list; empty is fine.
    ///
    /// # Errors
    /// Words that name the entry that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split([',', ' ']).map(str::trim).filter(|e| !e.is_empty());
        entries
            .map(|e| one(e).ok_or_else(|| format!("“{e}” is not an address or a range like 10.0.0.0/8")))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether an address is in one of the ranges.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let (wanted, family) = bits(address.to_canonical());
        self.0.iter().any(|(net, prefix)| {
            let (net, own) = bits(*net);
            let mask = u128::MAX.checked_shl(128 - u32::from(*prefix)).unwrap_or(0);
            family == own && wanted & mask == net & mask
        })
    }
}

/// `address` or `address/prefix`.
fn one(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => longest,
        Some(p) => p.parse().ok().filter(|p| (1..=longest).contains(p) && !text.ends_with("/+"))?,
    };
    Some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_their_ranges() {
        let list = Networks::parse("192.0.2.7, 10.1.0.0/16,2001:db8::/32").unwrap();
        let has = |ip: &str| list.contains(ip.parse().unwrap());
        assert!(has("192.0.2.7") && has("10.1.255.1") && has("2001:db8:1::1") && has("::ffff:10.1.0.1"));
        assert!(!has("192.0.2.8") && !has("10.2.0.1") && !has("2001:db9::1") && !has("::1"));
        assert!(!Networks::parse("").unwrap().contains("127.0.0.1".parse().unwrap()));
        for bad in ["x", "10.0.0.0/33", "10.0.0.0/", "1.2.3", "0.0.0.0/0", "::/0", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert!(Networks::parse(bad).is_err(), "{bad}");
        }
    }
}
