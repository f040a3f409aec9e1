//! Where a sign-in comes from, as coarse as people move between networks, and which browser it is, in words.

use std::net::IpAddr;

/// The network of an address: /24 for IPv4, /48 for IPv6; anything else is a place of its own.
#[must_use]
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|a| a.to_canonical()) {
        Ok(IpAddr::V4(a)) => {
            let [x, y, z, _] = a.octets();
            format!("{x}.{y}.{z}.0/24")
        }
        Ok(IpAddr::V6(a)) => {
            let [x, y, z, ..] = a.segments();
            format!("{x:x}:{y:x}:{z:x}::/48")
        }
        Err(_) => address.chars().take(45).collect(),
    }
}

/// "Firefox on Linux"; what a browser says of itself is only a hint.
#[must_use]
pub fn browser_words(user_agent: &str) -> String {
    // Order matters: most browsers also claim to be others.
    let named =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, n)| *n);
    let browser = named(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(b), Some(s)) => format!("{b} on {s}"),
        (Some(b), None) => b.to_owned(),
        (None, Some(s)) => format!("A browser on {s}"),
        (None, None) => "An unknown browser".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_place() {
        assert_eq!(network("192.0.2.7"), network("192.0.2.250"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::/48");
        assert_eq!(network("unknown"), "unknown");
    }

    #[test]
    fn browsers_have_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0";
        assert_eq!(browser_words(edge), "Edge on Windows");
        assert_eq!(browser_words("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko Firefox/120.0"), "Firefox on Linux");
        assert_eq!(browser_words("<script>"), "An unknown browser");
    }
}
