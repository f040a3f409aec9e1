//! Entries of the edge's routing table: typed, so that nothing a person typed can become nginx
//! syntax (nginx has no escaping).

use hosting::domain::HostName;
use hosting::domain::store::SuspendCause;
use std::fmt;

/// Where requests for a host name go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To the store's web container on this loopback port.
    Port(u16),
    /// "Being set up" page.
    Setup,
    /// "Suspended" page of a cause.
    Suspended(SuspendCause),
    /// "Maintenance" page; the shop's own staff pages still go to the store's port.
    Maintenance(u16),
    /// On to another address of the same store, for good: host name and, where visitors see one, port.
    Moved(HostName, Option<u16>),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => port.fmt(f),
            Self::Setup => f.write_str("@setup"),
            Self::Suspended(cause) => write!(f, "@suspended-{}", cause.as_str()),
            Self::Moved(host, None) => write!(f, "@to:{}", host.as_str()),
            Self::Moved(host, Some(port)) => write!(f, "@to:{}:{port}", host.as_str()),
            Self::Maintenance(port) => write!(f, "@maintenance:{port}"),
        }
    }
}

/// One host name of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub host: HostName,
    /// Where it leads.
    pub target: Target,
}

/// A store's file in `routes/`.
#[must_use]
pub fn file_text(entries: &[Entry]) -> String {
    entries.iter().map(|e| format!("{} \"{}\";\n", e.host.as_str(), e.target)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_line_per_name() {
        let host = |h| HostName::parse(h).unwrap();
        let entries = [
            Entry { host: host("ana.shops.localhost"), target: Target::Port(8001) },
            Entry { host: host("ana.example.com"), target: Target::Maintenance(8001) },
            Entry { host: host("eva.example.com"), target: Target::Suspended(SuspendCause::Bill) },
        ];
        assert_eq!(
            file_text(&entries),
            "ana.shops.localhost \"8001\";\nana.example.com \"@maintenance:8001\";\n\
             eva.example.com \"@suspended-bill\";\n"
        );
    }

    /// `UPDATE_GOLDEN=1 cargo test --workspace --lib the_routes_file_is_as_agreed` writes the file anew.
    #[test]
    fn the_routes_file_is_as_agreed() {
        let host = |n: usize| HostName::parse(&format!("shop-{n}.shops.example")).unwrap();
        let targets =
            [Target::Port(8001), Target::Setup, Target::Suspended(SuspendCause::Bill), Target::Maintenance(8001)];
        let entries: Vec<Entry> =
            targets.into_iter().enumerate().map(|(n, target)| Entry { host: host(n), target }).collect();
        let text = file_text(&entries);
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/routes.map");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn no_name_can_carry_syntax() {
        for bad in ["a.b;include /etc/passwd", "a b.c", "a.b{", "*.example.com", "~x.y", "a.b\nc.d", "$host.x"] {
            assert!(HostName::parse(bad).is_err(), "{bad}");
        }
    }
}
