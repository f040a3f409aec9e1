//! The mails about a ticket. They name the row of the message; its text is read when they leave.

use crate::db::jobs::{JobRef, NewJob};
use crate::db::{DbResult, Queries, Tx};
use crate::domain::Actor;
use crate::jobs::MailArgs;

/// Who is told what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The customer: we have it.
    CustomerTheirTicket,
    /// The customer: an answer.
    CustomerAnswer,
    /// Staff: a message of the customer. Nobody in particular: the mailbox of the settings.
    Staff(Option<u64>),
    /// The reseller whose customer wrote.
    Reseller(u64),
}

/// Orders the mail, once per message.
pub(super) async fn tell(
    tx: &mut Tx,
    actor: &Actor,
    customer_id: u64,
    message_id: u64,
    told: Told,
) -> DbResult<JobRef> {
    let template = match told {
        Told::CustomerTheirTicket => "ticket_received",
        Told::CustomerAnswer => "ticket_answer",
        Told::Staff(_) => "ticket_message",
        Told::Reseller(_) => "ticket_for_reseller",
    };
    let args = MailArgs {
        template: template.into(),
        customer_id: match told {
            Told::Staff(_) => None,
            Told::Reseller(reseller) => Some(reseller),
            Told::CustomerTheirTicket | Told::CustomerAnswer => Some(customer_id),
        },
        admin_id: match told {
            Told::Staff(admin) => admin,
            _ => None,
        },
        about: Some(message_id),
        ..MailArgs::default()
    };
    let mut job = NewJob::mail(&args, Some(format!("{template}:{message_id}")), actor);
    // The job is about this customer, whoever reads the mail: their closing waits for it and forgets it.
    job.customer_id = Some(customer_id);
    tx.jobs().insert(&job).await
}
