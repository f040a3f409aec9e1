//! Host names and the short names stores get under our own domain.

use super::text::Refused;

/// Names under the base domain that are never a store's: ours, the usual machine names, and what
/// mail and certificate protocols give a meaning.
const RESERVED: &[&str] = &[
    "www",
    "api",
    "admin",
    "panel",
    "app",
    "dashboard",
    "status",
    "mail",
    "smtp",
    "imap",
    "pop",
    "mx",
    "ns",
    "ns1",
    "ns2",
    "ns3",
    "dns",
    "ftp",
    "sftp",
    "ssh",
    "vpn",
    "cdn",
    "static",
    "assets",
    "edge",
    "origin",
    "login",
    "signup",
    "account",
    "accounts",
    "billing",
    "support",
    "help",
    "docs",
    "blog",
    "shop",
    "store",
    "stores",
    "root",
    "webmaster",
    "hostmaster",
    "postmaster",
    "abuse",
    "security",
    "autoconfig",
    "autodiscover",
    "localhost",
    "internal",
    "test",
    "staging",
    "dev",
    "demo",
    "example",
    "shopfleet",
    "wpad",
    "isatap",
    "broadcasthost",
    "metrics",
    "grafana",
    "registry",
    "worker",
    "workers",
    "server",
    "servers",
    "db",
    "database",
    "redis",
    "mysql",
    "mariadb",
];

/// The first label of a store's address under the base domain: 3 to 40 of `a-z`, `0-9`, `-`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Slug(String);

impl Slug {
    /// Parses what a person typed; capitals and white space around it are forgiven.
    ///
    /// # Errors
    /// Words for the form field: format, or reserved.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.trim().to_ascii_lowercase();
        let format_ok = (3..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if !format_ok {
            return Err(Refused::new(
                "Use 3 to 40 letters, digits and single hyphens, starting and ending with a letter or digit",
            ));
        }
        if is_reserved(&text) {
            return Err(Refused::new("This web address is reserved. Choose another"));
        }
        Ok(Self(text))
    }

    /// A slug made from a store's name: accents dropped, everything else to hyphens. `None` when
    /// nothing usable is left (then the person is asked for one).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut out = String::new();
        for c in name.to_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' => out.push(c),
                'ä' => out.push_str("ae"),
                'ö' | 'ø' => out.push_str("oe"),
                'ü' => out.push_str("ue"),
                'ß' => out.push_str("ss"),
                'à' | 'á' | 'â' | 'ã' | 'å' => out.push('a'),
                'è' | 'é' | 'ê' | 'ë' => out.push('e'),
                'ì' | 'í' | 'î' | 'ï' => out.push('i'),
                'ò' | 'ó' | 'ô' | 'õ' => out.push('o'),
                'ù' | 'ú' | 'û' => out.push('u'),
                'ñ' => out.push('n'),
                'ç' => out.push('c'),
                '\'' | '’' => {}
                _ if out.ends_with('-') || out.is_empty() => {}
                _ => out.push('-'),
            }
            if out.len() >= 40 {
                break;
            }
        }
        out.truncate(40);
        Self::parse(out.trim_matches('-')).ok()
    }

    /// The label itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The full host name under `base_domain`.
    #[must_use]
    pub fn under(&self, base_domain: &str) -> String {
        format!("{}.{base_domain}", self.0)
    }
    /// Look-alikes share a skeleton: `0`/`o`, `1`/`l`/`i`, `5`/`s`, `rn`/`m`, `vv`/`w`, hyphens.
    #[must_use]
    pub fn skeleton(&self) -> String {
        skeleton(&self.0)
    }
}

/// The confusable form of a label or host name.
#[must_use]
pub fn skeleton(text: &str) -> String {
    text.replace('-', "")
        .replace("rn", "m")
        .replace("vv", "w")
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'l' => 'i',
            '5' => 's',
            other => other,
        })
        .collect()
}

fn is_reserved(label: &str) -> bool {
    let bones = skeleton(label);
    RESERVED.iter().any(|r| *r == label || skeleton(r) == bones)
        // Staging hosts are custN-staging-M.
        || label.starts_with("cust") && label.contains("-staging-")
        || label.starts_with("xn--")
}

/// A full host name, lower-case ASCII, at least one dot, no IP literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct HostName(String);

impl HostName {
    /// Parses a host name; capitals, white space around it, one trailing dot and a pasted
    /// `https://…/path` are forgiven.
    ///
    /// # Errors
    /// Words for the form field.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = || Refused::new("Enter a web address like shop.example.com");
        let text = text.trim();
        if text.len() > 2048 {
            return Err(refused());
        }
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let text = text.split(['/', '?', '#']).next().unwrap_or_default();
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| refused())?;
        let ok = (1..=253).contains(&ascii.len())
            && ascii.contains('.')
            && ascii.split('.').all(|l| {
                (1..=63).contains(&l.len())
                    && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !l.starts_with('-')
                    && !l.ends_with('-')
            })
            && !ascii.rsplit('.').next().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit()));
        if ok { Ok(Self(ascii)) } else { Err(refused()) }
    }
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a store's database page answers: the store's own name with `--db` at its first label.
    /// No store can take such a name, because a [`Slug`] has no two hyphens in a row, and the one
    /// certificate of the base domain covers it, because it is still one label.
    ///
    /// # Errors
    /// The label would be too long.
    pub fn database_page(&self) -> Result<Self, Refused> {
        let (label, rest) = self.0.split_once('.').ok_or_else(|| Refused::new("A host name has a dot"))?;
        Self::parse(&format!("{label}--db.{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs() {
        assert_eq!(Slug::parse(" Ana-Bikes ").unwrap().as_str(), "ana-bikes");
        for bad in [
            "",
            "ab",
            "-ana",
            "ana-",
            "a--b",
            "a_b",
            "a.b",
            "ümlaut",
            "admin",
            "adm1n",
            "www",
            "cust9-staging-1",
            "xn--abc",
            &"x".repeat(41),
            "a b",
            "a\0b",
            "a\nb",
        ] {
            assert!(Slug::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Slug::from_name("Ana's Bücher & Räder").unwrap().as_str(), "anas-buecher-raeder");
        assert!(Slug::from_name("日本").is_none());
        assert_eq!(Slug::parse("modern").unwrap().skeleton(), Slug::parse("modem").unwrap().skeleton());
        assert_eq!(Slug::parse("sh0es").unwrap().skeleton(), Slug::parse("shoes").unwrap().skeleton());
    }

    #[test]
    fn host_names() {
        assert_eq!(HostName::parse("https://Shop.Example.com/x?y").unwrap().as_str(), "shop.example.com");
        assert_eq!(HostName::parse("bücher.example.").unwrap().as_str(), "xn--bcher-kva.example");
        for bad in ["", "localhost", "1.2.3.4", "[::1]", "a..b", "-a.b", "a.b:80", "a_b.c", "a.b\n", "a.\0b"] {
            let parsed = HostName::parse(bad);
            assert!(parsed.is_err() || bad.ends_with('\n'), "{bad:?} {parsed:?}");
        }
    }

    #[test]
    fn a_database_page_has_a_name_no_store_can_take() {
        let page = HostName::parse("ana-bikes.shops.example").unwrap().database_page().unwrap();
        assert_eq!(page.as_str(), "ana-bikes--db.shops.example");
        assert!(Slug::parse("ana-bikes--db").is_err());
        let longest = format!("{}.shops.example", "x".repeat(40));
        assert!(HostName::parse(&longest).unwrap().database_page().is_ok());
        assert!(HostName::parse("abc.shops.example").unwrap().database_page().is_ok());
    }

    proptest! {
        #[test]
        fn any_text_gives_a_safe_host_or_a_refusal(text in ".{0,300}") {
            if let Ok(h) = HostName::parse(&text) {
                prop_assert!(h.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
                prop_assert_eq!(HostName::parse(h.as_str()).unwrap(), h);
            }
            if let Some(s) = Slug::from_name(&text) {
                prop_assert_eq!(Slug::parse(s.as_str()).unwrap(), s);
            }
        }
    }
}
