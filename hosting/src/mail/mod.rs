//! Mail: what we say ([`messages`]), how it looks (two templates, text and HTML), and how it leaves
//! ([`Mailer`]). Mails are sent from a job after the commit, never from a request.

pub mod incoming;
pub mod messages;
pub mod quoted;
pub mod reply_address;
mod ticket_messages;
mod transport;

pub use transport::{MailError, Mailer, Sent};

use crate::render::{Output, render};
use crate::services::settings::Values;
use serde::Serialize;

/// The button of a mail.
#[derive(Debug, Clone, Serialize)]
pub struct Button {
    /// Verb and object.
    pub label: String,
    /// Absolute link under our own address.
    pub url: String,
}

/// A mail before it is drawn: one fact per subject.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// One fact.
    pub subject: String,
    /// The same as a heading.
    pub heading: String,
    /// Plain paragraphs.
    pub paragraphs: Vec<String>,
    /// The one thing to do.
    pub button: Option<Button>,
    /// Small print.
    pub small: Vec<String>,
}

/// A mail ready to leave.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Subject.
    pub subject: String,
    /// Plain text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// The conversation it belongs to.
    pub thread: Option<Thread>,
}

/// A conversation, as mail programs put it together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Names the conversation: the same in each of its mails.
    pub root: String,
    /// Message-ID of the mail that is answered, without brackets.
    pub answers: Option<String>,
    /// Where an answer goes; `None`: answers are not taken.
    pub reply_to: Option<String>,
}

#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    message: &'a Message,
    product: &'a str,
    panel_url: &'a str,
    support_email: &'a str,
}

/// Draws both parts.
///
/// # Errors
/// A template that asks for what is not there.
pub fn draw(message: &Message, settings: &Values, panel_url: &str) -> Result<Drawn, MailError> {
    let context = Context {
        message,
        product: settings.text("product_name"),
        panel_url,
        support_email: settings.text("support_email"),
    };
    let part =
        |name, source, output| render(name, source, output, &context).map_err(|e| MailError::Draw(e.to_string()));
    Ok(Drawn {
        subject: message.subject.clone(),
        text: part("message.txt", include_str!("../../../templates/email/message.txt.j2"), Output::Text)?,
        html: part("message.html", include_str!("../../../templates/email/message.html.j2"), Output::Html)?,
        thread: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_drawn_and_hostile_names_stay_text() {
        let settings = Values::default();
        for (_, message) in messages::samples("<b>Ana & Co</b>") {
            let drawn = draw(&message, &settings, "https://panel.example").unwrap();
            assert!(!drawn.html.contains("<b>Ana"), "{}", drawn.html);
            // The escaper may write a slash as a character reference; mail programs read it back.
            assert!(drawn.html.replace("&#x2f;", "/").contains("https://panel.example"));
            assert!(!drawn.subject.is_empty() && !drawn.subject.contains('\n'));
            assert!(drawn.text.contains(&message.heading));
            if let Some(button) = &message.button {
                assert!(drawn.text.contains(&button.url), "the link is in the text part");
            }
        }
    }
    /// `UPDATE_GOLDEN=1 cargo test --workspace --lib every_mail_is_as_agreed` writes the files anew.
    #[test]
    fn every_mail_is_as_agreed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mail");
        let mut agreed = std::collections::BTreeSet::new();
        for (name, message) in messages::samples("Ana & Co") {
            let drawn = draw(&message, &Values::default(), "https://panel.example").unwrap();
            for (extension, text) in
                [("txt", format!("Subject: {}\n\n{}", drawn.subject, drawn.text)), ("html", drawn.html)]
            {
                let file = folder.join(format!("{name}.{extension}"));
                if std::env::var_os("UPDATE_GOLDEN").is_some() {
                    std::fs::create_dir_all(&folder).unwrap();
                    std::fs::write(&file, &text).unwrap();
                }
                assert_eq!(text, std::fs::read_to_string(&file).unwrap(), "{}", file.display());
                agreed.insert(file);
            }
        }
        let there: std::collections::BTreeSet<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(there, agreed, "a file of a mail that is gone");
    }
}
