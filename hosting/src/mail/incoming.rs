//! A mail that came in, read as what a stranger sent: nothing in it is believed.

use super::quoted::own_words;
use crate::crypto::sha256;
use crate::domain::upload::{FILE_BYTES, FILES};
use crate::domain::{Email, MessageText, Upload};
use mail_parser::{Address, Message, MessageParser, MimeHeaders};

/// Largest mail, bytes: five files of 5 MB in base64, and their words.
pub const MAIL_BYTES: usize = 36 * 1024 * 1024;

/// What a mail says.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Address it claims to be from; `None` when it names none or several.
    pub from: Option<Email>,
    /// Addresses it was sent to.
    pub recipients: Vec<String>,
    /// Its Message-ID, without brackets, as far as it can be repeated in a header; may be empty.
    pub id: String,
    /// Tells a mail that is delivered twice.
    pub hash: [u8; 32],
    /// What its writer wrote.
    pub text: Option<MessageText>,
    /// Files that keep to the limits.
    pub files: Vec<Upload>,
    /// Names of files that do not.
    pub left_out: Vec<String>,
    /// Why nobody reads an answer to it: it is an answer of a program, a bounce, a list.
    pub automatic: Option<&'static str>,
    /// What receiving servers wrote about its sender, newest first.
    pub checked: Vec<String>,
}

impl Incoming {
    /// Reads a mail.
    #[must_use]
    pub fn read(raw: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(raw)?;
        if message.headers().is_empty() {
            return None;
        }
        let mut senders = message.from().map(addresses).unwrap_or_default();
        senders.dedup();
        let from = match senders.as_slice() {
            [one] if count(&message, "From") == 1 => Email::parse(one).ok(),
            _ => None,
        };
        let mut recipients: Vec<String> = ["Delivered-To", "X-Original-To", "Envelope-To"]
            .into_iter()
            .filter_map(|name| message.header_raw(name).map(|v| v.trim().trim_matches(['<', '>']).to_owned()))
            .collect();
        recipients.extend(message.all_to().chain(message.all_cc()).flat_map(addresses));
        recipients.truncate(100);
        let id: String = message
            .message_id()
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'))
            .take(240)
            .collect();
        // Whoever chooses ids may choose another's: the sender is part of what tells mails apart.
        let hash = if id.is_empty() {
            sha256(raw)
        } else {
            sha256(format!("{}\n{id}", from.as_ref().map(Email::key).unwrap_or_default()).as_bytes())
        };
        let (files, left_out) = files(&message);
        let body = message.body_text(0).unwrap_or_default();
        Some(Self {
            automatic: automatic(&message),
            checked: message
                .headers_raw()
                .filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"))
                .map(|(_, value)| value.trim().to_owned())
                .collect(),
            text: MessageText::cut(&own_words(&body)),
            from,
            recipients,
            id,
            hash,
            files,
            left_out,
        })
    }

    /// Whether the server of this name found the sender forged. What other servers wrote is anybody's to write.
    #[must_use]
    pub fn is_forged_says(&self, server: &str) -> bool {
        let own = self.checked.iter().find(|line| {
            let named = line.split([';', ' ', '\t']).next().unwrap_or_default();
            named.eq_ignore_ascii_case(server)
        });
        own.is_some_and(|line| {
            line.to_ascii_lowercase().split([';', ' ', '\t', '\r', '\n']).any(|word| word == "dmarc=fail")
        })
    }
}

fn addresses(list: &Address<'_>) -> Vec<String> {
    list.iter().filter_map(|a| a.address.as_deref().map(str::to_owned)).take(100).collect()
}

fn count(message: &Message<'_>, name: &str) -> usize {
    message.headers_raw().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count()
}

/// RFC 3834, bounces, lists, and what older programs write.
fn automatic(message: &Message<'_>) -> Option<&'static str> {
    let header = |name: &'static str| message.header_raw(name).map(|v| v.trim().to_ascii_lowercase());
    let submitted = header("Auto-Submitted");
    if submitted.is_some_and(|v| v.split([';', ' ']).next() != Some("no")) {
        return Some("it was written by a program (Auto-Submitted)");
    }
    if header("Return-Path").is_some_and(|v| v == "<>") {
        return Some("it is a bounce (empty sender)");
    }
    let kind = message.content_type().map(|c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or_default()));
    if kind.is_some_and(|k| k.eq_ignore_ascii_case("multipart/report")) {
        return Some("it is a report of a mail server");
    }
    if header("Precedence").is_some_and(|v| matches!(v.as_str(), "bulk" | "junk" | "list" | "auto_reply")) {
        return Some("it was sent to many (Precedence)");
    }
    if ["List-Id", "List-Unsubscribe"].into_iter().any(|n| header(n).is_some()) {
        return Some("it comes from a mailing list");
    }
    if ["X-Autoreply", "X-Autorespond", "X-Auto-Reply"].into_iter().any(|n| header(n).is_some()) {
        return Some("it was written by a program");
    }
    let sender = message.from().and_then(|a| a.first()).and_then(|a| a.address.as_deref()).unwrap_or_default();
    let local = sender.split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(local.as_str(), "mailer-daemon" | "postmaster" | "no-reply" | "noreply")
        .then_some("nobody reads its sender")
}

fn files(message: &Message<'_>) -> (Vec<Upload>, Vec<String>) {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for part in message.attachments().take(100) {
        let bytes = part.contents();
        let file = Upload::new(part.attachment_name().unwrap_or("file"), Vec::new());
        if bytes.is_empty() || bytes.len() > FILE_BYTES || kept.len() == FILES {
            left_out.push(file.name().to_owned());
        } else {
            kept.push(Upload::new(file.name(), bytes.to_vec()));
        }
    }
    (kept, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "From: Ana <ana@Example.com>\r\nTo: reply+1-00@help.example\r\nMessage-ID: <a1@mail.example>\r\n\
        Subject: Re: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt works.\r\n\r\n> quoted\r\n";

    #[test]
    fn a_mail_is_read() {
        let mail = Incoming::read(PLAIN.as_bytes()).unwrap();
        assert_eq!(mail.from.as_ref().map(Email::key).as_deref(), Some("ana@example.com"));
        assert_eq!(mail.recipients, ["reply+1-00@help.example"]);
        assert_eq!((mail.id.as_str(), mail.text.unwrap().as_str()), ("a1@mail.example", "It works."));
        assert_eq!(mail.automatic, None);
    }

    #[test]
    fn what_programs_write_is_known() {
        for header in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: auto-generated; x=y",
            "Return-Path: <>",
            "Precedence: bulk",
            "List-Id: <x.example>",
            "X-Autoreply: yes",
        ] {
            let mail = Incoming::read(format!("{header}\r\n{PLAIN}").as_bytes()).unwrap();
            assert!(mail.automatic.is_some(), "{header}");
        }
        let person = Incoming::read(format!("Auto-Submitted: no\r\n{PLAIN}").as_bytes()).unwrap();
        assert_eq!(person.automatic, None);
        let daemon = PLAIN.replace("ana@Example.com", "MAILER-DAEMON@mail.example");
        assert!(Incoming::read(daemon.as_bytes()).unwrap().automatic.is_some());
    }

    #[test]
    fn two_senders_are_none() {
        let two = PLAIN.replace("Ana <ana@Example.com>", "ana@example.com, eva@example.com");
        assert!(Incoming::read(two.as_bytes()).unwrap().from.is_none());
        let twice = format!("From: eva@example.com\r\n{PLAIN}");
        assert!(Incoming::read(twice.as_bytes()).unwrap().from.is_none());
    }

    #[test]
    fn only_our_own_server_says_what_is_forged() {
        let said = |by: &str, what: &str| {
            let mail = format!("Authentication-Results: {by};\r\n spf=pass; dmarc={what}\r\n{PLAIN}");
            Incoming::read(mail.as_bytes()).unwrap().is_forged_says("mx.help.example")
        };
        assert!(said("mx.help.example", "fail"));
        assert!(!said("mx.help.example", "pass"));
        assert!(!said("mx.elsewhere.example", "fail"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Incoming::read(&bytes);
        }
        #[test]
        fn any_header_and_body(name in "[A-Za-z-]{1,20}", value in "\\PC{0,80}", body in "(\\PC{0,40}\r\n){0,6}") {
            let mail = format!("{name}: {value}\r\n{PLAIN}{body}");
            if let Some(mail) = Incoming::read(mail.as_bytes()) {
                prop_assert!(mail.id.bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
