//! `shopfleet customers …`

use std::process::ExitCode;

use anyhow::Result;
use secrecy::ExposeSecret;
use shopfleet_client::types::{
    Chosen, Closure, CustomerExport, EmailChange, FactorReset, ListCustomersQuery, NewCustomer, Nothing, ProviderChange,
};

use super::{Remote, facts, first, moment, page, saved};
use crate::args::remote::Customers;
use crate::say;

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Customers) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Customers::List { search, limit } => {
            let query = ListCustomersQuery { q: search, limit: page(limit), ..ListCustomersQuery::default() };
            let customers = first(limit, client.list_customers_all(query)).await?;
            remote.list(&customers, ["CUSTOMER", "EMAIL", "STORE", "STATE", "PLAN", "SERVER", "SINCE"], |c| {
                let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
                [
                    c.id.to_string(),
                    c.email.clone(),
                    text(&c.store_name),
                    text(&c.store_state),
                    text(&c.plan),
                    text(&c.server),
                    moment(Some(&c.created_at)),
                ]
            })
        }
        Customers::Export { format, search, state, to } => {
            let wish = CustomerExport { format: saved::format(&format), q: search, state };
            saved::save(remote, client.export_customers(&wish).await?, to.as_deref()).await
        }
        Customers::Show { customer } => {
            let found = client.get_customer(customer).await?;
            remote.answer(&found, |c| {
                facts(&[
                    ("Customer", c.id.to_string()),
                    ("Email", c.email.clone()),
                    ("Role", c.role.clone()),
                    ("State", c.state.clone()),
                    ("Since", moment(Some(&c.created_at))),
                    ("Confirmed", moment(c.email_verified_at.as_deref())),
                    ("Stores", c.stores.join(", ")),
                    ("Provider", c.provider.map_or_else(|| "us".into(), |id| format!("customer {id}"))),
                ]);
            })
        }
        Customers::Create { email } => {
            let made = client.create_customer(&NewCustomer { email }).await?;
            remote.answer(&made, |made| say!("Customer {} is made; a mail with a link is on its way", made.id))
        }
        Customers::Email { customer, email, reason } => {
            let before = client.get_customer(customer).await?.email;
            client.change_customer_email(customer, &EmailChange { before, email: email.clone(), reason }).await?;
            remote.done(&serde_json::json!({ "customer": customer, "email": email }), "The address is changed")
        }
        Customers::Close { customer, email, reason } => {
            let password = remote.password()?.expose_secret().to_owned();
            client.close_customer(customer, &Closure { email, reason, password }).await?;
            let words = "The account is closed; its stores are deleted in seven days";
            remote.done(&serde_json::json!({ "customer": customer, "closed": true }), words)
        }
        Customers::Provider { customer, reseller, ours: _, reason } => {
            let password = remote.password()?.expose_secret().to_owned();
            client.change_provider(customer, &ProviderChange { reseller, reason, password }).await?;
            let words =
                if reseller.is_some() { "They are the reseller's customer now" } else { "They are our customer now" };
            remote.done(&serde_json::json!({ "customer": customer, "provider": reseller }), words)
        }
        Customers::Reopen { customer } => {
            client.reopen_customer(customer, &Nothing {}).await?;
            remote.done(&serde_json::json!({ "customer": customer, "closed": false }), "The account is open again")
        }
        Customers::ResetFactor { customer, email, reason } => {
            let password = remote.password()?.expose_secret().to_owned();
            client.plan_factor_reset(customer, &FactorReset { email, reason, password }).await?;
            let words = "The second factor goes in a day unless its owner stops it; they are told";
            remote.done(&serde_json::json!({ "customer": customer, "factor_reset": true }), words)
        }
        Customers::KeepFactor { customer } => {
            client.stop_factor_reset(customer).await?;
            remote.done(&serde_json::json!({ "customer": customer, "factor_reset": false }), "The second factor stays")
        }
        Customers::Invite { customers } => {
            let done = client.invite_customers(&Chosen { customers }).await?;
            remote.answer(&done, |done| say!("{} mails are on their way", done.sent))
        }
    }
}
