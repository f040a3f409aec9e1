//! What becomes of a ticket besides words: solved, closed, taken up again, given to somebody, sorted.

use super::write_ticket::step;
use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::rights::{self, Capability, Reach};
use crate::domain::{Actor, Category, TicketEvent, Urgency};
use crate::transact;

/// Moves a ticket by its table of moves. The caller has looked it up within the actor's reach; a customer may only say
/// that it is solved.
///
/// # Errors
/// `Denied`; `NotFound`; `Conflict` when it is so already.
pub async fn move_ticket(
    services: &Services,
    actor: &Actor,
    ticket: u64,
    event: TicketEvent,
) -> Result<(), ServiceError> {
    if !rights::may(actor.role, Capability::AnswerTickets, Reach::All) && event != TicketEvent::Solve {
        return Err(ServiceError::Denied("staff"));
    }
    transact!(services.db, tx => move_in(&mut tx, services, actor, ticket, event))
}

async fn move_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    ticket: u64,
    event: TicketEvent,
) -> Result<(), ServiceError> {
    let ticket = tx.tickets().lock(ticket).await?.ok_or(ServiceError::NotFound)?;
    step(tx, &ticket, event).await?;
    let action = match event {
        TicketEvent::Solve => "ticket.solve",
        TicketEvent::Close => "ticket.close",
        TicketEvent::Reopen => "ticket.reopen",
        TicketEvent::CustomerWrote | TicketEvent::StaffAnswered => "ticket.move",
    };
    let details = serde_json::json!({ "before": ticket.state.as_str(), "customer": ticket.customer_id });
    audited(tx, services, actor, action, ("ticket", &ticket.uid.to_string()), "done", details).await
}

/// Who looks after it, what it is about and how much it presses, as staff see it.
#[derive(Debug, Clone, Copy)]
pub struct Sorting<'a> {
    /// Row id of a staff member, or empty for nobody.
    pub assigned: &'a str,
    /// A category's name.
    pub category: &'a str,
    /// An urgency's name.
    pub priority: &'a str,
}

/// Sorts a ticket.
///
/// # Errors
/// `NotFound`; `Invalid` on `assigned`, `category` or `priority`.
pub async fn sort_ticket(
    services: &Services,
    actor: &Actor,
    ticket: u64,
    sorting: Sorting<'_>,
) -> Result<(), ServiceError> {
    let category =
        Category::parse(sorting.category).ok_or_else(|| ServiceError::field("category", "Choose what it is about"))?;
    let priority = Urgency::parse(sorting.priority)
        .ok_or_else(|| ServiceError::field("priority", "Choose how much it presses"))?;
    let unknown = || ServiceError::field("assigned", "Choose somebody of the staff");
    let to = match sorting.assigned {
        "" => None,
        id => Some(id.parse::<u64>().map_err(|_| unknown())?),
    };
    transact!(services.db, tx => async {
        let ticket = tx.tickets().lock(ticket).await?.ok_or(ServiceError::NotFound)?;
        if let Some(id) = to
            && ticket.assigned_admin_id != to
            && !tx.admins().get(id).await?.is_some_and(|a| a.active)
        {
            return Err(unknown());
        }
        if (ticket.assigned_admin_id, ticket.category, ticket.priority) == (to, category, priority) {
            return Ok(());
        }
        tx.tickets().sort(ticket.id, to, category, priority).await?;
        let details = serde_json::json!({
            "customer": ticket.customer_id,
            "before": format!("{} {} {}", ticket.assigned_admin_id.unwrap_or(0), ticket.category.as_str(), ticket.priority.as_str()),
            "after": format!("{} {} {}", to.unwrap_or(0), category.as_str(), priority.as_str()),
        });
        audited(&mut tx, services, actor, "ticket.sort", ("ticket", &ticket.uid.to_string()), "done", details).await
    })
}

/// Closes those that were solved some days ago; returns how many.
///
/// # Errors
/// Database trouble.
pub async fn close_solved(services: &Services, days: u32) -> Result<usize, ServiceError> {
    let due = services.db.read().await?.tickets().long_solved(days, 200).await?;
    let actor = Actor::system("schedule");
    let mut closed = 0;
    for ticket in due {
        match move_ticket(services, &actor, ticket, TicketEvent::Close).await {
            Ok(()) => closed += 1,
            // Somebody wrote meanwhile.
            Err(ServiceError::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(closed)
}
