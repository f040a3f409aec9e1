//! Many customers at once: ticked ones or all that match; and the list as a file.

use super::super::Answer;
use super::customers::STATES;
use super::job_action::first_use;
use crate::error::WebError;
use crate::export::{self, FileFormat};
use crate::extract::{Ctx, Form};
use crate::views::admin::Hidden;
use crate::views::admin::confirm::Confirm;
use hosting::db::customers::CustomerFilter;
use hosting::services::export_customers::matching;
use hosting::services::invite_customers::invite_customers;

const LIST: &str = "/admin/customers";
/// Customers at once.
const MOST: usize = 1000;

fn filter(form: &Form) -> Result<CustomerFilter, WebError> {
    let q: String = form.get("q")?.trim().chars().take(100).collect();
    let state = form.get("state")?;
    let state = STATES.iter().find(|(v, _)| *v == state && !v.is_empty()).map(|(v, _)| (*v).to_owned());
    Ok(CustomerFilter { q: (!q.is_empty()).then_some(q), store_state: state, ..CustomerFilter::default() })
}

/// A password link for many: without a one-use key the page that says how many, with one the act on exactly those.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let services = &ctx.state().services;
    let filter = filter(&form)?;
    let all = form.get("all")? == "yes";
    let ids: Vec<u64> = if all {
        let found = matching(services, &filter, MOST).await?;
        found.ok_or_else(|| {
            WebError::Conflict(format!("More than {MOST} customers match. Narrow the filter. Nothing was changed."))
        })?
    } else {
        form.all("customer").iter().filter_map(|id| id.parse().ok()).collect()
    };
    if ids.is_empty() {
        return Err(WebError::Unreadable("Choose at least one customer.".into()));
    }
    let mark = mark(&ids);
    let Some(key) = form.key_hash()? else {
        let mut hidden = vec![Hidden { name: "mark", value: mark }];
        let q = filter.q.clone().unwrap_or_default();
        let state = filter.store_state.clone().unwrap_or_default();
        let mut words = vec!["Each open account gets a mail with a link to choose a new password, good for 7 days. The password it has keeps working until then. Accounts that are closed or not confirmed are left out.".to_owned()];
        if all {
            if !q.is_empty() {
                words.push(format!("Chosen by search: {q}."));
            }
            if let Some((_, label)) = STATES.iter().find(|(v, _)| *v == state && !v.is_empty()) {
                words.push(format!("Chosen by store state: {label}."));
            }
            hidden.push(Hidden { name: "all", value: "yes".into() });
            hidden.push(Hidden { name: "q", value: q });
            hidden.push(Hidden { name: "state", value: state });
        } else {
            hidden.extend(ids.iter().map(|id| Hidden { name: "customer", value: id.to_string() }));
        }
        let many = if ids.len() == 1 { "1 customer".into() } else { format!("{} customers", ids.len()) };
        return ctx.ok(&Confirm {
            page: ctx.page("Send password links", "admin").await,
            parent: LIST.into(),
            parent_label: "Customers".into(),
            heading: format!("Send a password link to {many}?"),
            words,
            action: format!("{LIST}/bulk"),
            back: LIST.into(),
            hidden,
            ask_reason: false,
            ask_name: String::new(),
            ask_password: false,
            reason: String::new(),
            name: String::new(),
            reason_error: String::new(),
            name_error: String::new(),
            password_error: String::new(),
            errors: Vec::new(),
            button: format!("Send {} links", ids.len()),
            busy: "Sending…",
            class: "main",
            form_key: ctx.new_form_key(),
        });
    };
    if form.get("mark")? != mark {
        return Err(WebError::Conflict(
            "Other customers match now than you saw. Look again. Nothing was changed.".into(),
        ));
    }
    if first_use(&ctx, &key, "customer.invite").await? {
        invite_customers(services, &ctx.actor(), &ids).await?;
        ctx.flash("links_sent");
    }
    Ok(ctx.see_other(LIST))
}

/// Stands for exactly these customers.
fn mark(ids: &[u64]) -> String {
    let text: Vec<String> = ids.iter().map(u64::to_string).collect();
    hex::encode(&hosting::crypto::sha256(text.join(",").as_bytes())[..12])
}

/// The filtered list as CSV. It takes no one-use key: doing it twice makes two files.
pub async fn export(ctx: Ctx, form: Form) -> Answer {
    export::customers(&ctx, filter(&form)?, FileFormat::Csv).await
}
