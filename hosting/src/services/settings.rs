//! Typed settings with defaults; values live in MariaDB and take effect without restart.

use super::{ServiceError, Services};
use crate::crypto::Secret;
use crate::db::{Db, DbResult, Queries, Tx};
use crate::domain::Actor;
use crate::transact;
use std::collections::BTreeMap;

/// How a setting is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// A whole number within bounds.
    Number(u32, u32),
    /// A host name (or loopback address).
    Host,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An e-mail address.
    Email,
    /// An e-mail address, or nothing.
    Mailbox,
    /// An IPv4 address.
    Ipv4,
    /// Addresses and ranges, separated by commas.
    Networks,
    /// Write-only, stored sealed.
    Secret,
}

/// One known setting.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Value until somebody sets one.
    pub default: &'static str,
    /// How it is checked.
    pub kind: Kind,
}

/// All settings there are.
pub const KNOWN: &[Known] = &[
    Known { name: "product_name", about: "Name shown to customers", default: "Shopfleet", kind: Kind::Text },
    Known {
        name: "support_email",
        about: "Where customers reach support",
        default: "support@localhost.example",
        kind: Kind::Email,
    },
    Known {
        name: "base_domain",
        about: "Stores get an address under this domain",
        default: "shops.localhost",
        kind: Kind::Host,
    },
    Known {
        name: "edge_public_scheme",
        about: "Scheme of store addresses",
        default: "https",
        kind: Kind::Choice(&["http", "https"]),
    },
    Known {
        name: "edge_public_port",
        about: "Port of store addresses (443 and 80 are not shown)",
        default: "443",
        kind: Kind::Number(1, 65535),
    },
    Known {
        name: "edge_probe_port",
        about: "Loopback port where each server's edge answers plain http, for the worker's checks (0: as visitors' port, with https 80)",
        default: "0",
        kind: Kind::Number(0, 65535),
    },
    Known { name: "smtp_host", about: "Mail server", default: "127.0.0.1", kind: Kind::Host },
    Known { name: "smtp_port", about: "Its port", default: "25", kind: Kind::Number(1, 65535) },
    Known {
        name: "smtp_security",
        about: "How the connection is protected",
        default: "starttls",
        kind: Kind::Choice(&["none", "starttls", "tls"]),
    },
    Known { name: "smtp_username", about: "Mail account, empty for none", default: "", kind: Kind::Text },
    Known { name: "smtp_password", about: "Its password", default: "", kind: Kind::Secret },
    Known {
        name: "mail_from",
        about: "Sender of our mails",
        default: "shopfleet@localhost.example",
        kind: Kind::Email,
    },
    Known {
        name: "mail_in_address",
        about: "Mailbox that takes answers to tickets, like reply@example.com; ours end in +…@ (empty: answers by mail are not taken)",
        default: "",
        kind: Kind::Mailbox,
    },
    Known {
        name: "mail_in_checked_by",
        about: "Name under which your mail server writes what it found about a sender (Authentication-Results); what it finds forged is refused",
        default: "",
        kind: Kind::Text,
    },
    Known {
        name: "ticket_answer_hours",
        about: "Hours within which customers are promised an answer",
        default: "24",
        kind: Kind::Number(1, 720),
    },
    Known {
        name: "ticket_attention_hours",
        about: "Hours after which an unanswered ticket is on the list of what needs somebody",
        default: "12",
        kind: Kind::Number(1, 720),
    },
    Known {
        name: "ticket_close_days",
        about: "Days after which a solved ticket is closed",
        default: "14",
        kind: Kind::Number(1, 365),
    },
    Known {
        name: "ticket_staff_email",
        about: "Where staff are told of tickets that are nobody's yet (empty: the address customers reach support at)",
        default: "",
        kind: Kind::Mailbox,
    },
    Known {
        name: "webhook_pause_days",
        about: "Days without a success after which a webhook is paused and its owner told",
        default: "3",
        kind: Kind::Number(1, 30),
    },
    Known {
        name: "trusted_proxies",
        about: "Addresses of TLS proxies on other machines in front of the panel, like 10.0.0.5, 10.1.0.0/16 (this machine's own is known)",
        default: "",
        kind: Kind::Networks,
    },
    Known {
        name: "magento_offered",
        about: "Whether Magento stores can be ordered",
        default: "no",
        kind: Kind::Choice(&["yes", "no"]),
    },
    Known {
        name: "db_admin_idle_minutes",
        about: "Minutes without use after which a store's database page is stopped",
        default: "30",
        kind: Kind::Number(1, 1440),
    },
    Known {
        name: "file_access_idle_minutes",
        about: "Minutes without use after which a store's file access (SFTP) is closed",
        default: "30",
        kind: Kind::Number(1, 1440),
    },
    Known {
        name: "file_access_listen",
        about: "IPv4 address of each server on which file access (SFTP) is reached, 0.0.0.0 for all",
        default: "0.0.0.0",
        kind: Kind::Ipv4,
    },
    Known {
        name: "service_log_days",
        about: "Days that log lines of web and worker processes are kept for the panel",
        default: "14",
        kind: Kind::Number(1, 365),
    },
    Known {
        name: "customer_idle_minutes",
        about: "Minutes without a visit after which owners are signed out",
        default: "10080",
        kind: Kind::Number(5, 43_200),
    },
    Known {
        name: "customer_life_hours",
        about: "Hours after which owners sign in again in any case",
        default: "720",
        kind: Kind::Number(1, 8_760),
    },
    Known {
        name: "staff_idle_minutes",
        about: "Minutes without a visit after which staff are signed out",
        default: "120",
        kind: Kind::Number(5, 1_440),
    },
    Known {
        name: "staff_life_hours",
        about: "Hours after which staff sign in again in any case",
        default: "12",
        kind: Kind::Number(1, 168),
    },
    Known {
        name: "staff_mfa_required",
        about: "Whether staff have to set up a second factor",
        default: "yes",
        kind: Kind::Choice(&["yes", "no"]),
    },
    Known {
        name: "staff_mfa_grace_hours",
        about: "Hours new staff have for setting it up",
        default: "168",
        kind: Kind::Number(0, 720),
    },
    Known { name: "default_currency", about: "Currency of new stores", default: "EUR", kind: Kind::Text },
    Known { name: "default_country", about: "Country of new stores", default: "DE", kind: Kind::Text },
];

/// A snapshot of all plain settings.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// Reads all plain settings.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn load(db: &Db) -> DbResult<Self> {
        Ok(Self(db.read().await?.settings().all().await?.into_iter().collect()))
    }
    /// A value, or its default; '' for an unknown name.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or_else(|| KNOWN.iter().find(|k| k.name == name).map_or("", |k| k.default), String::as_str)
    }
    /// The same with another value in one place, for drawing.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
    /// A number, or 0 when it does not parse (values are checked before they are stored).
    #[must_use]
    pub fn number(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or(0)
    }
    /// Seconds without use after which a database page is stopped.
    #[must_use]
    pub fn db_admin_idle_seconds(&self) -> u32 {
        self.number("db_admin_idle_minutes").max(1) * 60
    }
    /// Minutes without use after which file access is closed.
    #[must_use]
    pub fn file_access_idle_minutes(&self) -> u32 {
        self.number("file_access_idle_minutes").max(1)
    }
    /// Where file access listens.
    #[must_use]
    pub fn file_access_listen(&self) -> std::net::Ipv4Addr {
        self.text("file_access_listen").parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED)
    }
    /// The loopback port on which an edge answers plain http: how the worker asks whether a route is in force.
    #[must_use]
    pub fn edge_probe_port(&self) -> u16 {
        let port = |name| u16::try_from(self.number(name)).unwrap_or_default();
        match (port("edge_probe_port"), self.text("edge_public_scheme")) {
            (0, "https") => 80,
            (0, _) => port("edge_public_port"),
            (own, _) => own,
        }
    }
    /// The public address of a host on the edge, e.g. `http://ana.shops.localhost:8080`.
    #[must_use]
    pub fn store_url(&self, host: &str) -> String {
        let scheme = self.text("edge_public_scheme");
        match (scheme, self.number("edge_public_port")) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
            (_, port) => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// Sets one setting, checked and audited. Secrets are sealed and never shown again.
///
/// # Errors
/// `Invalid` with words for an unknown name or a value that doesn't fit.
pub async fn set(services: &Services, actor: &Actor, name: &str, value: &str) -> Result<(), ServiceError> {
    let known = KNOWN
        .iter()
        .find(|k| k.name == name)
        .ok_or_else(|| ServiceError::field("name", format!("There is no setting called {name}")))?;
    let value = check(known.kind, value).map_err(|words| ServiceError::field("value", words))?;
    transact!(services.db, tx => set_in(&mut tx, services, actor, known, &value))
}

/// What becomes of one setting.
#[derive(Debug, Clone, Copy)]
pub enum NewValue<'a> {
    /// This value.
    Set(&'a str),
    /// The default holds again; a secret is forgotten.
    Remove,
}

/// A mark of what was stored when a form was drawn.
#[must_use]
pub fn version_of<'a>(stored: impl Iterator<Item = (&'a str, u32)>) -> String {
    let text: Vec<String> = stored.map(|(name, version)| format!("{name}={version}")).collect();
    hex::encode(&crate::crypto::sha256(text.join(",").as_bytes())[..8])
}

/// Takes one setting back to its default; whether there was anything to take back.
///
/// # Errors
/// Database trouble.
pub async fn unset(services: &Services, actor: &Actor, known: &'static Known) -> Result<bool, ServiceError> {
    transact!(services.db, tx => unset_in(&mut tx, services, actor, known))
}

async fn unset_in(tx: &mut Tx, services: &Services, actor: &Actor, known: &Known) -> Result<bool, ServiceError> {
    let stored = tx.settings().lock_all().await?;
    if !tx.settings().remove(known.name).await? {
        return Ok(false);
    }
    let old = stored.iter().find(|(name, ..)| name == known.name);
    let before = old.and_then(|o| o.1.as_deref()).unwrap_or("[secret]");
    let details = serde_json::json!({ "before": before, "after": known.default });
    super::audited(tx, services, actor, "setting.remove", ("setting", known.name), "done", details).await?;
    Ok(true)
}

/// Sets several settings at once, all or none; only what differs is changed and recorded. `version` is the mark
/// ([`version_of`]) of the settings `watched` when the form was drawn.
///
/// # Errors
/// `Invalid` naming each field that doesn't fit; `Conflict` when somebody changed one of them since.
pub async fn set_many(
    services: &Services,
    actor: &Actor,
    version: &str,
    watched: &[&str],
    wishes: &[(&'static Known, NewValue<'_>)],
) -> Result<usize, ServiceError> {
    let (mut wrong, mut checked) = (Vec::new(), Vec::new());
    for (known, wish) in wishes {
        match wish {
            NewValue::Remove => checked.push((*known, None)),
            NewValue::Set(value) => match check(known.kind, value) {
                Ok(value) => checked.push((*known, Some(value))),
                Err(words) => wrong.push((known.name, words)),
            },
        }
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    transact!(services.db, tx => set_many_in(&mut tx, services, actor, version, watched, &checked))
}

async fn set_many_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    version: &str,
    watched: &[&str],
    wishes: &[(&'static Known, Option<String>)],
) -> Result<usize, ServiceError> {
    let stored = tx.settings().lock_all().await?;
    let ours = stored.iter().filter(|(name, ..)| watched.contains(&name.as_str()));
    if version_of(ours.map(|(name, _, version)| (name.as_str(), *version))) != version {
        return Err(ServiceError::Conflict(
            "Somebody changed these settings since you opened the page. Look at them and try again".into(),
        ));
    }
    let mut changed = 0;
    for (known, wish) in wishes {
        let old = stored.iter().find(|(name, ..)| name == known.name);
        match wish {
            None => {
                if !unset_in(tx, services, actor, known).await? {
                    continue;
                }
            }
            Some(value)
                if known.kind != Kind::Secret && old.and_then(|o| o.1.as_deref()).unwrap_or(known.default) == value =>
            {
                continue;
            }
            Some(value) => set_in(tx, services, actor, known, value).await?,
        }
        changed += 1;
    }
    Ok(changed)
}

async fn set_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    known: &Known,
    value: &str,
) -> Result<(), ServiceError> {
    let details = if known.kind == Kind::Secret {
        tx.settings().set_secret(&services.keys, known.name, &Secret::new(value), &actor.name).await?;
        serde_json::json!({ "value": "[secret]" })
    } else {
        let stored = tx.settings().all().await?;
        let before =
            stored.iter().find(|(name, _)| name == known.name).map_or(known.default, |(_, value)| value.as_str());
        tx.settings().set(known.name, value, &actor.name).await?;
        serde_json::json!({ "value": value, "before": before, "after": value })
    };
    super::audited(tx, services, actor, "setting.set", ("setting", known.name), "done", details).await
}

fn check(kind: Kind, value: &str) -> Result<String, String> {
    let value = value.trim();
    if value.len() > 2000 || value.chars().any(char::is_control) {
        return Err("Enter one line of text".into());
    }
    match kind {
        Kind::Text | Kind::Secret => Ok(value.to_owned()),
        Kind::Number(low, high) => match value.parse::<u32>() {
            Ok(n) if (low..=high).contains(&n) => Ok(n.to_string()),
            _ => Err(format!("Enter a whole number from {low} to {high}")),
        },
        Kind::Host => {
            let plain = value.to_ascii_lowercase();
            let fine = !plain.is_empty()
                && plain.len() <= 253
                && plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:".contains(&b))
                && !plain.starts_with(['-', '.']);
            if fine { Ok(plain) } else { Err("Enter a host name like mail.example.com".into()) }
        }
        Kind::Choice(words) if words.contains(&value) => Ok(value.to_owned()),
        Kind::Choice(words) => Err(format!("Enter one of: {}", words.join(", "))),
        Kind::Ipv4 => match value.parse::<std::net::Ipv4Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err("Enter an IPv4 address like 203.0.113.9, or 0.0.0.0".into()),
        },
        Kind::Networks => crate::domain::network::Networks::parse(value).map(|_| value.to_owned()),
        Kind::Mailbox if value.is_empty() => Ok(String::new()),
        Kind::Email | Kind::Mailbox => {
            crate::domain::Email::parse(value).map(|e| e.as_str().to_owned()).map_err(|e| e.0)
        }
    }
}
