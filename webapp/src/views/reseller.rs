//! A reseller's pages, and the admin's page about one.

use super::public::{Plan, SignUpForm};
use super::store_log::StoreLog;
use super::usage::UsagePart;
use super::{Badge, Choice, Field, FieldError, Link, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// State of the form for the name their customers see.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BrandForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Name.
    pub name: Field,
    /// Address for help.
    pub email: Field,
}

/// A row of the list.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerRow {
    /// Their page.
    pub href: String,
    /// E-mail.
    pub email: String,
    /// State of the account.
    pub account: Badge,
    /// Name of the store, or empty.
    pub store: String,
    /// Its state.
    pub badge: Option<Badge>,
    /// Made.
    pub since: When,
}

/// `/reseller`
#[derive(Debug, Clone, Serialize)]
pub struct Reseller {
    /// Chrome.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<CustomerRow>,
    /// Link to older ones, or empty.
    pub older: String,
    /// Link to the newest ones, or empty.
    pub newest: String,
    /// Start of an address that was asked for, or empty.
    pub q: String,
    /// "3 of 10"
    pub customers: String,
    /// "2 of 10"
    pub stores: String,
    /// No more customers.
    pub full: bool,
    /// Names of the plans they may sell.
    pub plans: String,
    /// Their own link for new customers, or empty.
    pub link: String,
    /// Values and errors.
    pub form: BrandForm,
}
view!(Reseller => "pages/reseller/index.html");

/// `/reseller/customers/new`
#[derive(Debug, Clone, Serialize)]
pub struct NewCustomer {
    /// Chrome.
    pub page: Page,
    /// E-mail.
    pub email: Field,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// One-use key.
    pub form_key: OneUse,
}
view!(NewCustomer => "pages/reseller/new.html");

/// A store of one of their customers.
#[derive(Debug, Clone, Serialize)]
pub struct StoreRow {
    /// Name.
    pub name: String,
    /// State.
    pub badge: Badge,
    /// Where it answers.
    pub url: String,
    /// Host name.
    pub host: String,
    /// Plan.
    pub plan: String,
    /// Why it is suspended, or empty.
    pub reason: String,
    /// Planned deletion.
    pub deletion: Option<When>,
    /// What it writes and uses; none before it was live.
    pub looks: Vec<Link>,
    /// What can be changed about it.
    pub changes: Vec<Link>,
    /// Where its deletion is planned or taken back, or empty.
    pub delete: String,
}

/// Work on their store.
#[derive(Debug, Clone, Serialize)]
pub struct JobRow {
    /// Its page.
    pub href: String,
    /// "Restart store"
    pub title: String,
    /// State.
    pub badge: Badge,
    /// Ordered.
    pub at: When,
}

/// `/reseller/customers/{id}`
#[derive(Debug, Clone, Serialize)]
pub struct ResellerCustomer {
    /// Chrome.
    pub page: Page,
    /// E-mail.
    pub email: String,
    /// State of the account.
    pub account: Badge,
    /// Made.
    pub since: When,
    /// Their stores.
    pub stores: Vec<StoreRow>,
    /// What was done about them, newest first.
    pub jobs: Vec<JobRow>,
    /// Where one is ordered, or empty.
    pub new_store: String,
    /// What happened to them.
    pub events: String,
    /// What they asked.
    pub tickets: String,
}
view!(ResellerCustomer => "pages/reseller/customer.html");

/// `/reseller/customers/{id}/store`
#[derive(Debug, Clone, Serialize)]
pub struct NewStore {
    /// Chrome.
    pub page: Page,
    /// Whose.
    pub email: String,
    /// Their page.
    pub back: String,
    /// Plans they may sell.
    pub plans: Vec<Plan>,
    /// They have as many stores as they may.
    pub full: bool,
    /// Shown behind the address.
    pub base_domain: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: SignUpForm,
}
view!(NewStore => "pages/reseller/store.html");

/// `/reseller/customers/{id}/logs`
#[derive(Debug, Clone, Serialize)]
pub struct CustomerLogs {
    /// Chrome.
    pub page: Page,
    /// Whose.
    pub email: String,
    /// Their page.
    pub back: String,
    /// Store name.
    pub store_name: String,
    /// The log; `None`: the store has none yet.
    pub log: Option<StoreLog>,
}
view!(CustomerLogs => "pages/reseller/logs.html");

/// `/reseller/customers/{id}/usage`
#[derive(Debug, Clone, Serialize)]
pub struct CustomerUsage {
    /// Chrome.
    pub page: Page,
    /// Whose.
    pub email: String,
    /// Their page.
    pub back: String,
    /// Store name.
    pub store_name: String,
    /// Its use; `None`: it does not run yet.
    pub usage: Option<UsagePart>,
}
view!(CustomerUsage => "pages/reseller/usage.html");

/// Something that was done, as a reseller reads it.
#[derive(Debug, Clone, Serialize)]
pub struct EventRow {
    /// When.
    pub at: When,
    /// "You", a customer of theirs, "Support" …
    pub who: String,
    /// "Store: suspend"
    pub what: String,
    /// About whom.
    pub customer: String,
    /// Their page.
    pub customer_href: String,
    /// From where, when it was the reseller or the customer; else empty.
    pub address: String,
    /// Result.
    pub badge: Badge,
}

/// `/reseller/events`
#[derive(Debug, Clone, Serialize)]
pub struct Events {
    /// Chrome.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<EventRow>,
    /// Pager.
    pub pager: Pager,
    /// Of one customer only: their address; else empty.
    pub chip: String,
}
view!(Events => "pages/reseller/events.html");

/// State of the form that moves a customer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProviderForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// To us.
    pub ours: bool,
    /// Address or number.
    pub reseller: Field,
    /// Reason.
    pub reason: Field,
    /// Own password; never given back.
    pub password: Field,
}

/// `/admin/customers/{id}/provider`
#[derive(Debug, Clone, Serialize)]
pub struct Provider {
    /// Chrome.
    pub page: Page,
    /// Their page.
    pub back: String,
    /// E-mail.
    pub email: String,
    /// Address of the reseller now, or empty: ours.
    pub provider: String,
    /// Row id of that reseller, or empty.
    pub before: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: ProviderForm,
}
view!(Provider => "pages/admin/provider.html");

/// State of the form of the limits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LimitsForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Most customers.
    pub customers: Field,
    /// Most stores.
    pub stores: Field,
    /// Words about the plans.
    pub plans_error: String,
}

/// `/admin/customers/{id}/reseller`
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    /// Chrome.
    pub page: Page,
    /// Their page.
    pub back: String,
    /// E-mail.
    pub email: String,
    /// They are one already.
    pub is_reseller: bool,
    /// "3 customers, 2 stores"
    pub used: String,
    /// Plans to tick.
    pub plans: Vec<Choice>,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: LimitsForm,
}
view!(Limits => "pages/admin/reseller.html");
