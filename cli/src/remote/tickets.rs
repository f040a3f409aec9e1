//! `shopfleet tickets …`

use std::process::ExitCode;

use anyhow::Result;
use shopfleet_client::types::{ListTicketsQuery, NewMessage, NewNote, NewTicket, Nothing};

use super::{Remote, facts, first, moment, page, saved};
use crate::args::remote::Tickets;
use crate::{output, say};

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Tickets) -> Result<ExitCode> {
    let client = &remote.client;
    let done = |id: &str, words: &str| remote.done(&serde_json::json!({ "ticket": id }), words);
    match verb {
        Tickets::List { limit } => {
            let query = ListTicketsQuery { limit: page(limit), ..ListTicketsQuery::default() };
            let tickets = first(limit, client.list_tickets_all(query)).await?;
            remote.list(&tickets, ["TICKET", "REFERENCE", "STATE", "PRIORITY", "SUBJECT", "SINCE"], |t| {
                [
                    t.id.clone(),
                    t.reference.clone(),
                    t.state.replace('_', " "),
                    t.priority.clone(),
                    t.subject.clone(),
                    moment(Some(&t.since)),
                ]
            })
        }
        Tickets::Show { ticket } => show(remote, &ticket).await,
        Tickets::Open { subject, message, category, priority, store, files } => {
            let wish = NewTicket { subject, message, category, priority, store, files: saved::read(&files)? };
            let opened = client.open_ticket(&wish).await?;
            remote.answer(&opened, |opened| say!("Ticket {} is open", opened.id))
        }
        Tickets::Write { ticket, text, seen, files } => {
            let wish = NewMessage { text, seen, files: saved::read(&files)? };
            let written = client.write_in_ticket(&ticket, &wish).await?;
            remote.answer(&written, |written| say!("Message {} is written", written.number))
        }
        Tickets::File { ticket, file, to } => {
            let download = client.get_ticket_file(&ticket, &file).await?;
            saved::save(remote, download, to.as_deref()).await
        }
        Tickets::Note { ticket, text } => {
            client.add_ticket_note(&ticket, &NewNote { text }).await?;
            done(&ticket, "The note is kept; only staff read it")
        }
        Tickets::Solve { ticket } => {
            client.solve_ticket(&ticket, &Nothing {}).await?;
            done(&ticket, "The ticket is solved")
        }
        Tickets::Close { ticket } => {
            client.close_ticket(&ticket, &Nothing {}).await?;
            done(&ticket, "The ticket is closed")
        }
        Tickets::Reopen { ticket } => {
            client.reopen_ticket(&ticket, &Nothing {}).await?;
            done(&ticket, "The ticket is open again")
        }
    }
}

async fn show(remote: &Remote, id: &str) -> Result<ExitCode> {
    let ticket = remote.client.get_ticket(id).await?;
    let messages = remote.client.list_ticket_messages(id).await?.items;
    let document = serde_json::json!({ "ticket": ticket, "messages": messages });
    remote.answer(&document, |_| {
        facts(&[
            ("Ticket", ticket.id.clone()),
            ("Reference", ticket.reference.clone()),
            ("Subject", ticket.subject.clone()),
            ("State", ticket.state.replace('_', " ")),
            ("Priority", ticket.priority.clone()),
            ("Store", ticket.store_name.clone().unwrap_or_default()),
            ("Since", moment(Some(&ticket.since))),
        ]);
        for m in messages.iter().rev() {
            say!("");
            say!("#{} {} ({}) {}", m.number, output::clean(&m.name), m.from, moment(Some(&m.at)));
            for line in m.text.lines() {
                say!("    {}", output::clean(line));
            }
            for f in &m.files {
                say!("    [{}] {} {} {} bytes", f.id, output::clean(&f.name), f.media, f.bytes);
            }
        }
    })
}
