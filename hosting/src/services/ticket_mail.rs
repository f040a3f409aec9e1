//! What a mail about a ticket says, read when it leaves.

use super::settings::Values;
use crate::config::url_like::BaseUrl;
use crate::crypto::KeyRing;
use crate::db::tickets::{Message as Row, Ticket};
use crate::db::{Conn, DbResult, Queries};
use crate::mail::{Message, Thread, messages, reply_address};

/// A ticket and the message that is told of.
#[derive(Debug)]
pub(super) struct TicketMail {
    ticket: Ticket,
    message: Row,
    files: usize,
    last_mail: Option<String>,
}

/// Reads it; `None` when it is gone.
pub(super) async fn read(conn: &mut Conn, message_id: u64) -> DbResult<Option<TicketMail>> {
    let Some((ticket_id, message)) = conn.tickets().message_by_id(message_id).await? else { return Ok(None) };
    let Some(ticket) = conn.tickets().get(ticket_id).await? else { return Ok(None) };
    let files = conn.tickets().files(ticket_id).await?.iter().filter(|f| f.seq == message.seq).count();
    let last_mail = conn.tickets().last_mail(ticket_id).await?;
    Ok(Some(TicketMail { ticket, message, files, last_mail }))
}

/// Where staff are told of tickets that are nobody's yet.
pub(super) fn staff_mailbox(settings: &Values) -> String {
    let own = settings.text("ticket_staff_email");
    if own.is_empty() { settings.text("support_email").to_owned() } else { own.to_owned() }
}

impl TicketMail {
    pub(super) fn message(&self, template: &str, settings: &Values, base: &BaseUrl) -> Message {
        let (short, subject, text) = (self.ticket.short(), &self.ticket.subject, &self.message.body);
        let by_mail = !settings.text("mail_in_address").is_empty();
        let uid = self.ticket.uid;
        let owners = base.join(&format!("/dashboard/tickets/{uid}"));
        match template {
            "ticket_received" => {
                messages::ticket_received(&short, subject, settings.number("ticket_answer_hours"), by_mail, &owners)
            }
            "ticket_answer" => {
                let who = if self.message.author_name.is_empty() {
                    settings.text("product_name")
                } else {
                    &self.message.author_name
                };
                messages::ticket_answer(&short, subject, who, text, self.files, by_mail, &owners)
            }
            _ => {
                let area = if template == "ticket_for_reseller" { "reseller" } else { "admin" };
                let link = base.join(&format!("/{area}/tickets/{uid}"));
                messages::ticket_message(&short, subject, &self.ticket.customer_email, text, self.files, &link)
            }
        }
    }

    /// Whether somebody is the reseller who reads it.
    pub(super) fn is_read_by(&self, reseller: Option<u64>) -> bool {
        reseller.is_some() && self.ticket.reseller_id == reseller
    }

    /// Mails to the customer carry an address to answer to; those to others do not: they sign in to
    /// answer.
    pub(super) fn thread(&self, keys: &KeyRing, settings: &Values, customer: Option<u64>) -> Thread {
        let to_customer = customer == Some(self.ticket.customer_id);
        let side = match (to_customer, customer) {
            (true, _) => "customer",
            (false, Some(_)) => "reseller",
            (false, None) => "staff",
        };
        Thread {
            root: format!("ticket-{}.{side}", self.ticket.uid),
            answers: self.last_mail.clone().filter(|_| to_customer),
            reply_to: to_customer
                .then(|| {
                    let mailbox = settings.text("mail_in_address");
                    reply_address::make(keys, mailbox, self.ticket.id, self.ticket.customer_id)
                })
                .flatten(),
        }
    }
}
