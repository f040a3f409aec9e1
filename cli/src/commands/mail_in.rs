//! `shopfleet mail-in`: one mail on standard input. Exit codes are those mail servers know (sysexits), so that a sender
//! is told why a mail was refused, and what failed on our side is tried again.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hosting::mail::incoming::MAIL_BYTES;
use hosting::services::ServiceError;
use hosting::services::take_mail::{Refusal, Taken, take_mail};

use crate::access::Access;
use crate::args::MailIn;
use crate::output::{self, Format};
use crate::say;

/// Malformed (EX_DATAERR).
const DATA: u8 = 65;
/// No such recipient (EX_NOUSER).
const NO_USER: u8 = 67;
/// Our trouble, for a while (EX_TEMPFAIL): the mail server keeps the mail and tries again.
const LATER: u8 = 75;
/// This sender may not (EX_NOPERM).
const NO_PERMISSION: u8 = 77;

/// Takes the mail in.
pub async fn run(access: &Access, verb: MailIn, format: Format) -> Result<ExitCode> {
    let mut raw = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAIL_BYTES as u64 + 1)
        .read_to_end(&mut raw)
        .context("cannot read the mail from standard input")?;
    let services = access.services()?;
    let taken = take_mail(&services, &raw, verb.recipient.as_deref()).await;
    services.db.close().await;
    let (outcome, words, code) = match taken {
        Ok(Taken::Added(ticket)) => ("added", ticket, 0),
        Ok(Taken::Known) => ("known", "it came before".into(), 0),
        Ok(Taken::Dropped(why)) => ("dropped", why.into(), 0),
        Ok(Taken::Refused(refusal)) => ("refused", refusal.words().into(), code(refusal)),
        Err(error @ ServiceError::Db(_)) => {
            eprintln!("cannot take the mail in now: {error}");
            return Ok(ExitCode::from(LATER));
        }
        Err(error) => return Err(super::words(error)),
    };
    match format {
        Format::Json => output::json(&serde_json::json!({ "outcome": outcome, "words": words }))?,
        Format::Table => say!("{}", output::clean(&words)),
    }
    Ok(ExitCode::from(code))
}

fn code(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Off | Refusal::Address => NO_USER,
        Refusal::Unreadable | Refusal::Empty => DATA,
        Refusal::Sender => NO_PERMISSION,
        Refusal::TooMany => LATER,
    }
}
