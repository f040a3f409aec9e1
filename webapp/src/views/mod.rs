//! Pages: a typed context and a render function per template.
//!
//! A template sees only what its context struct has; handlers never name a template. All
//! templates are loaded in one call at start ([`check`] refuses to start otherwise), are embedded in
//! the binary, and escape everything. The only values printed unescaped come from [`line_html`].

pub mod account;
pub mod admin;
pub mod ansi;
pub mod api_docs;
pub mod change;
pub mod common;
pub mod errors;
pub mod factor;
pub mod files;
pub mod line_html;
pub mod log;
pub mod memory;
pub mod owner;
pub mod passkeys;
pub mod public;
pub mod reseller;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod samples_desk;
#[cfg(test)]
mod samples_hooks;
#[cfg(test)]
mod samples_reseller;
#[cfg(test)]
mod samples_staff;
pub mod staff;
pub mod store_log;
pub mod tickets;
pub mod usage;
pub mod webhooks;

pub use common::*;
pub use memory::OneUse;

use rust_embed::RustEmbed;
use serde::Serialize;
use std::sync::LazyLock;
use tera::{Context, Kwargs, State, Tera};

#[derive(RustEmbed)]
#[folder = "../templates/web"]
struct Templates;

/// Every page template; the start-up check and the sample test go through this list.
pub const PAGES: &[&str] = &[
    public::Home::TEMPLATE,
    public::Pricing::TEMPLATE,
    public::SignUp::TEMPLATE,
    public::Verify::TEMPLATE,
    public::Login::TEMPLATE,
    public::ForgotPassword::TEMPLATE,
    public::ResetPassword::TEMPLATE,
    owner::Reauthenticate::TEMPLATE,
    owner::Setup::TEMPLATE,
    owner::Dashboard::TEMPLATE,
    owner::NewStore::TEMPLATE,
    owner::Access::TEMPLATE,
    owner::DeleteStore::TEMPLATE,
    owner::Database::TEMPLATE,
    files::Files::TEMPLATE,
    store_log::OwnerLogs::TEMPLATE,
    usage::OwnerUsage::TEMPLATE,
    change::OwnerChange::TEMPLATE,
    change::Offer::TEMPLATE,
    change::OwnerJob::TEMPLATE,
    change::StaffChange::TEMPLATE,
    admin::Login::TEMPLATE,
    admin::Password::TEMPLATE,
    admin::Overview::TEMPLATE,
    admin::Customers::TEMPLATE,
    admin::Customer::TEMPLATE,
    admin::Jobs::TEMPLATE,
    admin::Job::TEMPLATE,
    admin::JobAction::TEMPLATE,
    admin::System::TEMPLATE,
    admin::audit::Audit::TEMPLATE,
    admin::confirm::Confirm::TEMPLATE,
    admin::customer_forms::CustomerForm::TEMPLATE,
    admin::logs::ServiceLogs::TEMPLATE,
    admin::mail::MailLog::TEMPLATE,
    admin::ports::Ports::TEMPLATE,
    admin::schedules::Schedules::TEMPLATE,
    admin::search::Search::TEMPLATE,
    admin::settings::Settings::TEMPLATE,
    api_docs::Docs::TEMPLATE,
    account::Account::TEMPLATE,
    account::ChangePassword::TEMPLATE,
    account::ChangeEmail::TEMPLATE,
    account::EmailChange::TEMPLATE,
    account::Devices::TEMPLATE,
    account::ViewConsent::TEMPLATE,
    account::StaffDevices::TEMPLATE,
    account::Data::TEMPLATE,
    account::CloseAccount::TEMPLATE,
    factor::OwnerFactor::TEMPLATE,
    factor::StaffFactor::TEMPLATE,
    factor::OwnerCode::TEMPLATE,
    factor::StaffCode::TEMPLATE,
    factor::KeepFactor::TEMPLATE,
    passkeys::OwnerPasskeys::TEMPLATE,
    passkeys::StaffPasskeys::TEMPLATE,
    reseller::Reseller::TEMPLATE,
    reseller::NewCustomer::TEMPLATE,
    reseller::ResellerCustomer::TEMPLATE,
    reseller::NewStore::TEMPLATE,
    reseller::Limits::TEMPLATE,
    reseller::Provider::TEMPLATE,
    reseller::CustomerLogs::TEMPLATE,
    reseller::CustomerUsage::TEMPLATE,
    reseller::Events::TEMPLATE,
    staff::Admins::TEMPLATE,
    staff::NewAdmin::TEMPLATE,
    staff::Admin::TEMPLATE,
    staff::AdminAction::TEMPLATE,
    staff::TemporaryPassword::TEMPLATE,
    staff::StaffReauthenticate::TEMPLATE,
    webhooks::OwnerHooks::TEMPLATE,
    webhooks::StaffHooks::TEMPLATE,
    tickets::OwnerTickets::TEMPLATE,
    tickets::NewTicket::TEMPLATE,
    tickets::OwnerTicket::TEMPLATE,
    tickets::Queue::TEMPLATE,
    tickets::StaffTicket::TEMPLATE,
    tickets::CannedAnswers::TEMPLATE,
    tickets::ResellerTickets::TEMPLATE,
    tickets::ResellerTicket::TEMPLATE,
    errors::ErrorPage::TEMPLATE,
    errors::OwnerError::TEMPLATE,
    errors::StaffError::TEMPLATE,
];

/// A template failed: always our fault, never the reader's.
#[derive(Debug, thiserror::Error)]
#[error("cannot render {template}: {reason}")]
pub struct RenderError {
    template: &'static str,
    reason: String,
}

/// A page context that knows its template.
pub trait View: Serialize {
    /// Path below `templates/web`.
    const TEMPLATE: &'static str;
    /// Asked for often with the same facts, and shows no secret: see [`memory`].
    const REMEMBERED: bool = false;
    /// The page as HTML.
    ///
    /// # Errors
    /// A template that asks for what the context lacks.
    fn render(&self) -> Result<String, RenderError> {
        if Self::REMEMBERED {
            return memory::remembered(Self::TEMPLATE, self, || render(Self::TEMPLATE, self));
        }
        render(Self::TEMPLATE, self)
    }
}

/// Ties a context to its template, and says whether its pages are remembered.
macro_rules! view {
    ($context:ty => $template:literal) => {
        view!($context => $template, remembered = false);
    };
    ($context:ty => $template:literal, remembered = $remembered:literal) => {
        impl $context {
            /// Path below `templates/web`.
            pub const TEMPLATE: &'static str = $template;
        }
        impl $crate::views::View for $context {
            const TEMPLATE: &'static str = $template;
            const REMEMBERED: bool = $remembered;
        }
    };
}
pub(crate) use view;

static ENGINE: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.autoescape_on(vec![".html"]);
    tera.register_function("asset", |args: Kwargs, _: &State| -> tera::TeraResult<String> {
        let path: &str = args.must_get("path")?;
        crate::assets::address(path)
            .map(str::to_owned)
            .ok_or_else(|| tera::Error::message(format!("no static file {path}")))
    });
    let mut sources = Vec::new();
    for name in Templates::iter() {
        let file = Templates::get(&name).ok_or_else(|| format!("template {name} vanished"))?;
        let text = String::from_utf8(file.data.into_owned()).map_err(|_| format!("{name} is not UTF-8"))?;
        sources.push((name.to_string(), text));
    }
    tera.add_raw_templates(sources).map_err(|e| e.to_string())?;
    Ok(tera)
});

/// Loads all templates and looks for each page's; for start-up.
///
/// # Errors
/// The first template that does not parse or is missing.
pub fn check() -> Result<(), String> {
    let engine = ENGINE.as_ref().map_err(Clone::clone)?;
    for page in PAGES {
        if !engine.contains_template(page) {
            return Err(format!("template {page} is missing"));
        }
    }
    Ok(())
}

fn render<T: Serialize + ?Sized>(template: &'static str, context: &T) -> Result<String, RenderError> {
    let engine = ENGINE.as_ref().map_err(|reason| RenderError { template, reason: reason.clone() })?;
    Context::from_serialize(context)
        .and_then(|c| engine.render(template, &c))
        .map_err(|e| RenderError { template, reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_loads_and_every_page_is_listed() {
        check().unwrap();
        for name in Templates::iter() {
            let known = !name.starts_with("pages/") || PAGES.contains(&name.as_ref());
            assert!(known, "{name} has no context: add it to PAGES");
        }
    }

    #[test]
    fn nothing_is_printed_unescaped_but_log_lines() {
        for name in Templates::iter() {
            let text = String::from_utf8(Templates::get(&name).unwrap().data.into_owned()).unwrap();
            for (at, _) in text.match_indices("| safe") {
                let part = ["components/log.html", "components/store_log.html", "components/service_log.html"]
                    .contains(&name.as_ref());
                let allowed = part && text[..at].ends_with("{{ b ");
                assert!(allowed, "{name} prints something unescaped");
            }
            for bad in [" style=", "<style", " onclick", " onload", "javascript:", "<script>"] {
                assert!(!text.contains(bad), "{name} has {bad}, which the content policy refuses");
            }
        }
    }
}
