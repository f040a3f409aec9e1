// Any text becomes a safe host name, a safe slug, or a refusal; parsing twice changes nothing.

use hosting::domain::{HostName, Slug};

/// Panics when the promise is broken.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(host) = HostName::parse(text) {
        assert!(host.as_str().len() <= 253);
        assert!(host.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
        assert_eq!(HostName::parse(host.as_str()).expect("its own form"), host);
    }
    for slug in [Slug::parse(text).ok(), Slug::from_name(text)].into_iter().flatten() {
        assert!((3..=40).contains(&slug.as_str().len()));
        assert_eq!(Slug::parse(slug.as_str()).expect("its own form"), slug);
    }
}
