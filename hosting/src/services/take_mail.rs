//! Takes in a mail that answers a ticket. Who may write is shown by the reply address, which only the customer was
//! given; the sender has to be the customer besides, and programs are not answered to.

use super::settings::Values;
use super::write_ticket::{FromMail, customer_in};
use super::{ServiceError, Services, audited};
use crate::db::{DbError, Queries};
use crate::domain::{Actor, MessageText, Role};
use crate::mail::incoming::{Incoming, MAIL_BYTES};
use crate::mail::reply_address::Claimed;
use crate::transact;

/// Mails of one ticket within an hour.
const PER_HOUR: i64 = 30;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is in its ticket: `T-…`.
    Added(String),
    /// It came before; nothing was added.
    Known,
    /// It is of no person; it is dropped without a word, because a word would be answered by the program.
    Dropped(&'static str),
    /// It is refused; the words are for its sender.
    Refused(Refusal),
}

/// Why a mail is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No mailbox is set.
    Off,
    /// Not a mail, or too large.
    Unreadable,
    /// The address names no ticket, or its proof does not hold.
    Address,
    /// Not from the customer, or found forged.
    Sender,
    /// Nothing written, no file.
    Empty,
    /// Too many.
    TooMany,
}

impl Refusal {
    /// For the sender.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Off => "Answers by mail are not taken here. Sign in to the panel to write",
            Self::Unreadable => "This is not a mail we can read, or it is larger than 36 MB",
            Self::Address => {
                "There is no conversation at this address. Answer the newest mail, or sign in to the panel"
            }
            Self::Sender => {
                "Only the account's own email address may answer here. Write from that address, or sign in to the panel"
            }
            Self::Empty => "There is nothing in this mail besides what it quotes. Write your answer above it",
            Self::TooMany => "Too many mails came for this conversation within an hour. Sign in to the panel to write",
        }
    }
}

/// Takes a mail in. `recipient`: the address the mail server delivered it to, where it says so.
///
/// # Errors
/// Database trouble: the mail was not taken and may come again.
pub async fn take_mail(services: &Services, raw: &[u8], recipient: Option<&str>) -> Result<Taken, ServiceError> {
    let settings = Values::load(&services.db).await?;
    let mailbox = settings.text("mail_in_address");
    if mailbox.is_empty() {
        return Ok(Taken::Refused(Refusal::Off));
    }
    if raw.len() > MAIL_BYTES {
        return Ok(Taken::Refused(Refusal::Unreadable));
    }
    let Some(mail) = Incoming::read(raw) else { return Ok(Taken::Refused(Refusal::Unreadable)) };
    if let Some(why) = mail.automatic {
        return Ok(Taken::Dropped(why));
    }
    let claimed = match recipient {
        Some(address) => Claimed::read(mailbox, address),
        None => mail.recipients.iter().find_map(|r| Claimed::read(mailbox, r)),
    };
    let Some(claimed) = claimed else { return Ok(Taken::Refused(Refusal::Address)) };
    let mut conn = services.db.read().await?;
    let Some(ticket) = conn.tickets().get(claimed.ticket_id).await? else {
        return Ok(Taken::Refused(Refusal::Address));
    };
    if !claimed.holds(&services.keys, ticket.customer_id) {
        return Ok(Taken::Refused(Refusal::Address));
    }
    let customer = conn.customers().get(ticket.customer_id).await?.filter(|c| c.state == "active");
    let many = conn.tickets().mails_of_last_hour(ticket.id).await?;
    drop(conn);
    let checked_by = settings.text("mail_in_checked_by");
    let forged = !checked_by.is_empty() && mail.is_forged_says(checked_by);
    let own = customer.filter(|c| mail.from.as_ref().is_some_and(|f| f.key() == c.email.to_ascii_lowercase()));
    let Some(customer) = own.filter(|_| !forged) else {
        let actor = Actor::system("mail");
        let target = ticket.uid.to_string();
        let details = serde_json::json!({ "customer": ticket.customer_id, "forged": forged,
            "from": mail.from.as_ref().map_or("", |f| f.as_str()) });
        transact!(services.db, tx => audited(&mut tx, services, &actor, "ticket.mail", ("ticket", &target), "refused", details.clone()))?;
        return Ok(Taken::Refused(Refusal::Sender));
    };
    if many >= PER_HOUR {
        return Ok(Taken::Refused(Refusal::TooMany));
    }
    let Some(text) = words(&mail) else { return Ok(Taken::Refused(Refusal::Empty)) };
    let actor = Actor {
        role: Role::Customer,
        id: Some(customer.id),
        name: customer.email,
        address: "mail".into(),
        request_id: crate::domain::Uid::new().to_string(),
    };
    let from = FromMail { id: &mail.id, hash: mail.hash };
    let added = transact!(services.db, tx => customer_in(&mut tx, services, &actor, ticket.id, &text, &mail.files, "mail", Some(from)));
    match added {
        Ok((_, jobs)) => {
            services.queue.announce(&jobs).await;
            Ok(Taken::Added(ticket.short()))
        }
        Err(ServiceError::Db(e @ DbError::Duplicate { .. })) if e.is_duplicate("ticket_messages_mail") => {
            Ok(Taken::Known)
        }
        Err(other) => Err(other),
    }
}

/// What was written, and what of its files was left out.
fn words(mail: &Incoming) -> Option<MessageText> {
    let mut text = mail.text.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default();
    if text.is_empty() && !mail.files.is_empty() {
        text = "[only files]".into();
    }
    if !mail.left_out.is_empty() {
        let shown: Vec<&str> = mail.left_out.iter().take(10).map(String::as_str).collect();
        text.push_str(&format!("\n\n[left out, empty, larger than 5 MB or too many: {}]", shown.join(", ")));
    }
    MessageText::cut(&text)
}
