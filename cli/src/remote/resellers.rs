//! `shopfleet resellers …`

use std::process::ExitCode;

use anyhow::Result;
use shopfleet_client::types::{
    Brand, ListCustomerEventsQuery, ListCustomerTicketsQuery, ListOwnCustomersQuery, NewCustomer, NewStore, Reseller,
    ResellerLimits,
};

use super::{Remote, facts, first, moment, page};
use crate::args::remote::Resellers;
use crate::say;

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Resellers) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Resellers::Show { customer: Some(customer) } => show(remote, &client.get_reseller(customer).await?),
        Resellers::Show { customer: None } => show(remote, &client.get_own_reseller().await?),
        Resellers::Set { customer, customers, stores, plans } => {
            let limits = ResellerLimits { max_customers: customers, max_stores: stores, plans };
            show(remote, &client.set_reseller(customer, &limits).await?)
        }
        Resellers::End { customer } => {
            client.end_reseller(customer).await?;
            let document = serde_json::json!({ "customer": customer, "reseller": false });
            remote.done(&document, "An ordinary customer now; whoever was theirs is ours")
        }
        Resellers::Brand { name, email } => show(remote, &client.set_brand(&Brand { name, email }).await?),
        Resellers::Customers { search, limit } => {
            let query = ListOwnCustomersQuery { q: search, limit: page(limit), ..ListOwnCustomersQuery::default() };
            let customers = first(limit, client.list_own_customers_all(query)).await?;
            remote.list(&customers, ["CUSTOMER", "EMAIL", "ACCOUNT", "STORE", "STATE", "SINCE"], |c| {
                let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
                [
                    c.id.to_string(),
                    c.email.clone(),
                    c.state.clone(),
                    text(&c.store_name),
                    text(&c.store_state),
                    moment(Some(&c.created_at)),
                ]
            })
        }
        Resellers::Customer { customer } => {
            let found = client.get_own_customer(customer).await?;
            remote.answer(&found, |c| {
                facts(&[
                    ("Customer", c.base.id.to_string()),
                    ("Email", c.base.email.clone()),
                    ("State", c.base.state.clone()),
                    ("Since", moment(Some(&c.base.created_at))),
                    ("Confirmed", moment(c.base.email_verified_at.as_deref())),
                    ("Stores", c.stores.join(", ")),
                ]);
            })
        }
        Resellers::Tickets { customer, limit } => {
            let query =
                ListCustomerTicketsQuery { customer, limit: page(limit), ..ListCustomerTicketsQuery::default() };
            let tickets = first(limit, client.list_customer_tickets_all(query)).await?;
            remote.list(&tickets, ["TICKET", "REFERENCE", "CUSTOMER", "STATE", "PRIORITY", "SUBJECT", "SINCE"], |t| {
                [
                    t.id.clone(),
                    t.reference.clone(),
                    t.customer.map(|id| id.to_string()).unwrap_or_default(),
                    t.state.replace('_', " "),
                    t.priority.clone(),
                    t.subject.clone(),
                    moment(Some(&t.since)),
                ]
            })
        }
        Resellers::Events { customer, limit } => {
            let query = ListCustomerEventsQuery { customer, limit: page(limit), ..ListCustomerEventsQuery::default() };
            let events = first(limit, client.list_customer_events_all(query)).await?;
            remote.list(&events, ["AT", "BY", "ACTION", "CUSTOMER", "TARGET", "OUTCOME"], |e| {
                [
                    moment(Some(&e.at)),
                    e.by.clone(),
                    e.action.clone(),
                    e.customer.to_string(),
                    e.target_id.clone(),
                    e.outcome.clone(),
                ]
            })
        }
        Resellers::Create { email } => {
            let made = client.create_own_customer(&NewCustomer { email }).await?;
            remote.answer(&made, |made| say!("Customer {} is made; a mail with a link is on its way", made.id))
        }
        Resellers::Order { customer, name, plan, address, platform, follow } => {
            let wish = NewStore { name, plan, platform, address: Some(address).filter(|a| !a.is_empty()) };
            let job = client.create_own_customer_store(customer, &wish).await?.job;
            if follow { super::follow::follow(remote, &job, 0).await } else { remote.ordered(&job) }
        }
    }
}

fn show(remote: &Remote, reseller: &Reseller) -> Result<ExitCode> {
    remote.answer(reseller, |r| {
        facts(&[
            ("Customers", format!("{} of {}", r.customers, r.max_customers)),
            ("Stores", format!("{} of {}", r.stores, r.max_stores)),
            ("Plans", r.plans.join(", ")),
            ("Name shown", r.brand_name.clone()),
            ("Help", r.brand_email.clone()),
            ("Link", r.sign_up_link.clone().unwrap_or_default()),
        ]);
    })
}
