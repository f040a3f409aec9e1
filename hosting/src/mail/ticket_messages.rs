//! The mails about tickets, in words. Notes among staff are in none of them.

use super::quoted::ABOVE;
use super::{Button, Message};

/// The text of a message as paragraphs; a mail is no place for all of a long one.
fn paragraphs(text: &str) -> Vec<String> {
    const LONGEST: usize = 4000;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push_str(" …");
    }
    short.split("\n\n").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

fn how_to_answer(by_mail: bool) -> Vec<String> {
    if by_mail {
        vec!["Answer this mail from your account's own address, or open the conversation.".into()]
    } else {
        vec!["Answers to this mail are not read. Open the conversation to write back.".into()]
    }
}

/// What stands above the text when answers are taken.
fn line(by_mail: bool) -> Option<String> {
    by_mail.then(|| format!("– {ABOVE} –"))
}

/// We have the customer's ticket.
#[must_use]
pub fn received(reference: &str, subject: &str, hours: u32, by_mail: bool, link: &str) -> Message {
    let hours = if hours == 1 { "an hour".to_owned() } else { format!("{hours} hours") };
    Message {
        subject: format!("{subject} ({reference})"),
        heading: "We have your message".into(),
        paragraphs: line(by_mail)
            .into_iter()
            .chain([format!("“{subject}” is {reference}. We answer within {hours}.")])
            .collect(),
        button: Some(Button { label: "Open the conversation".into(), url: link.into() }),
        small: how_to_answer(by_mail),
    }
}

/// An answer of ours.
#[must_use]
pub fn answer(
    reference: &str,
    subject: &str,
    who: &str,
    text: &str,
    files: usize,
    by_mail: bool,
    link: &str,
) -> Message {
    let mut small = how_to_answer(by_mail);
    if files > 0 {
        small.insert(0, format!("With {files} file{}, in the conversation.", if files == 1 { "" } else { "s" }));
    }
    Message {
        subject: format!("Re: {subject} ({reference})"),
        heading: format!("{who} answered"),
        paragraphs: line(by_mail).into_iter().chain(paragraphs(text)).collect(),
        button: Some(Button { label: "Open the conversation".into(), url: link.into() }),
        small,
    }
}

/// A customer wrote; for staff.
#[must_use]
pub fn message(reference: &str, subject: &str, who: &str, text: &str, files: usize, link: &str) -> Message {
    let mut small = vec!["Answer in the panel: answers to this mail are not read.".into()];
    if files > 0 {
        small.insert(0, format!("With {files} file{}.", if files == 1 { "" } else { "s" }));
    }
    Message {
        subject: format!("{subject} ({reference})"),
        heading: format!("{who} wrote"),
        paragraphs: paragraphs(text),
        button: Some(Button { label: "Open the ticket".into(), url: link.into() }),
        small,
    }
}
