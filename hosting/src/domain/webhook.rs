//! What receivers are told, and where they may be.

use super::public_address::is_public;
use super::text::Refused;

/// A kind of event: the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// As written in events and forms.
    pub name: &'static str,
    /// For people.
    pub about: &'static str,
    /// Whether owners are told of their own.
    pub owners: bool,
}

const fn kind(name: &'static str, about: &'static str, owners: bool) -> EventKind {
    EventKind { name, about, owners }
}

/// All kinds that can be chosen.
pub const EVENTS: &[EventKind] = &[
    kind("store.live", "A store is set up and answers", true),
    kind("store.failed", "A store could not be set up", true),
    kind("store.suspended", "A store is suspended", true),
    kind("store.resumed", "A suspended store runs again", true),
    kind("store.deleted", "A store is deleted", true),
    kind("job.finished", "A job of a store is done", true),
    kind("job.failed", "A job of a store failed", true),
    kind("ticket.created", "A ticket was opened", true),
    kind("ticket.answered", "A ticket was answered by staff", true),
    kind("customer.created", "A customer signed up or was created", false),
];

/// Sent when somebody asks for a test; nobody chooses it.
pub const TEST: &str = "webhook.test";

/// Longest address.
const URL_MAX: usize = 500;

/// Where a receiver answers: https, the usual port, a name (or a public address), no name and password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverUrl(String);

impl ReceiverUrl {
    /// Parses what a person typed. Where the name leads is looked at when something is sent, each time.
    ///
    /// # Errors
    /// Words for the form field.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if text.is_empty() || text.len() > URL_MAX || text.chars().any(|c| c.is_control() || c == ' ') {
            return Err(Refused::new("Enter an address like https://example.com/hook"));
        }
        let url = url::Url::parse(text).map_err(|_| Refused::new("Enter an address like https://example.com/hook"))?;
        if url.scheme() != "https" {
            return Err(Refused::new("The address has to begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::new("The address must not hold a name or password. The signature shows who sends"));
        }
        if url.port().is_some() {
            return Err(Refused::new("Leave the port out: receivers answer at the usual one, 443"));
        }
        if url.fragment().is_some() {
            return Err(Refused::new("Leave the part after # out: it is never sent"));
        }
        let fine = match url.host() {
            Some(url::Host::Domain(name)) => public_name(name),
            Some(url::Host::Ipv4(a)) => is_public(a.into()),
            Some(url::Host::Ipv6(a)) => is_public(a.into()),
            None => false,
        };
        let written = url.as_str();
        if !fine || !written.is_ascii() || written.len() > URL_MAX {
            return Err(Refused::new("This host is not on the public internet, so nothing can be sent there"));
        }
        Ok(Self(written.to_owned()))
    }
    /// The address, as it is requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name with a dot that is not one of those that never leave a network.
fn public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && !["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "invalid"]
            .contains(&last)
}

/// Which events somebody asked for, as stored: known ones, each once, in the order of the list.
///
/// # Errors
/// Words for the form field: none, or one that is not open to owners.
pub fn chosen<'a>(names: impl Iterator<Item = &'a str>, owner: bool) -> Result<String, Refused> {
    let asked: Vec<&str> = names.collect();
    let open = || EVENTS.iter().filter(|e| e.owners || !owner);
    if let Some(bad) = asked.iter().find(|n| !open().any(|e| e.name == **n)) {
        let shown: String = bad.chars().filter(char::is_ascii_graphic).take(30).collect();
        return Err(Refused::new(format!("There is no event called {shown}")));
    }
    let kept: Vec<&str> = open().map(|e| e.name).filter(|n| asked.contains(n)).collect();
    if kept.is_empty() {
        return Err(Refused::new("Choose at least one event"));
    }
    Ok(kept.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn receivers_are_on_the_public_internet_and_nothing_else() {
        for good in [
            "https://example.com/hook?x=1",
            " https://hooks.example.com ",
            "https://1.1.1.1/x",
            "https://bücher.example/",
        ] {
            assert!(ReceiverUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://example.com:8443/",
            "https://example.com:22/",
            "https://localhost/",
            "https://shop/",
            "https://x.localhost/",
            "https://db.internal/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/latest",
            "https://10.0.0.1/",
            "https://example.com/#x",
            "https://exa mple.com/",
            "https://example.com/\r\nX: y",
            "javascript:alert(1)",
            "https://localhost./",
        ] {
            assert!(ReceiverUrl::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            ReceiverUrl::parse("https://EXAMPLE.com:443/a b".replace(' ', "%20").as_str()).unwrap().as_str(),
            "https://example.com/a%20b"
        );
    }

    #[test]
    fn events_come_from_the_list() {
        assert_eq!(
            chosen(["job.failed", "store.live", "job.failed"].into_iter(), true).unwrap(),
            "store.live,job.failed"
        );
        assert!(chosen(["customer.created"].into_iter(), true).is_err());
        assert!(chosen(["customer.created"].into_iter(), false).is_ok());
        assert!(chosen(["webhook.test"].into_iter(), false).is_err());
        assert!(chosen(std::iter::empty(), false).is_err());
        let all = chosen(EVENTS.iter().map(|e| e.name), false).unwrap();
        assert!(all.len() <= 300, "the column holds all of them");
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,120}") {
            if let Ok(url) = ReceiverUrl::parse(&text) {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert_eq!(ReceiverUrl::parse(url.as_str()).unwrap(), url);
            }
        }
    }
}
