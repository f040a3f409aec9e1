//! Pages of staff.

pub mod audit;
pub mod confirm;
pub mod customer_forms;
pub mod logs;
pub mod mail;
pub mod ports;
pub mod schedules;
pub mod search;
pub mod settings;

use super::log::LogPart;
use super::public::SignInForm;
use super::{Badge, Choice, Field, FieldError, Head, Labelled, Link, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// `/admin/login`
#[derive(Debug, Clone, Serialize)]
pub struct Login {
    /// Chrome.
    pub page: Page,
    /// Values and errors.
    pub form: SignInForm,
    /// Path to go to afterwards, or empty.
    pub next: String,
    /// The panel has a host name, so there may be passkeys.
    pub passkeys: bool,
}
view!(Login => "pages/admin/login.html");

/// State of the password form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Current password.
    pub current_password: Field,
    /// New password.
    pub new_password: Field,
}

/// `/admin/password`
#[derive(Debug, Clone, Serialize)]
pub struct Password {
    /// Chrome.
    pub page: Page,
    /// The current one is temporary.
    pub forced: bool,
    /// For password managers.
    pub email: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Errors.
    pub form: PasswordForm,
}
view!(Password => "pages/admin/password.html");

/// Something that needs a person.
#[derive(Debug, Clone, Serialize)]
pub struct Attention {
    /// Stable name of the kind of trouble, for programs.
    pub kind: &'static str,
    /// State.
    pub badge: Badge,
    /// Where to act.
    pub href: String,
    /// What.
    pub title: String,
    /// Why.
    pub detail: String,
    /// Since when.
    pub since: Option<When>,
}

/// A figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// "1,000+"
    pub value: String,
    /// What is counted.
    pub label: String,
    /// Link, or empty.
    pub href: String,
}

/// A running job on the overview.
#[derive(Debug, Clone, Serialize)]
pub struct RunningJob {
    /// Its page.
    pub href: String,
    /// "J-1A2B3C4D"
    pub short: String,
    /// Kind in words.
    pub kind: String,
    /// Customer.
    pub customer: String,
    /// Customer's page, or empty.
    pub customer_href: String,
    /// Step in words.
    pub step: String,
    /// 0 to 100.
    pub percent: u8,
    /// "4.2 s"
    pub ran: String,
}

/// `/admin`
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Chrome.
    pub page: Page,
    /// When this was looked up.
    pub checked: When,
    /// What could not be looked up, or empty.
    pub unavailable: String,
    /// What needs a person.
    pub attention: Vec<Attention>,
    /// Counts.
    pub counts: Vec<Figure>,
    /// Running jobs.
    pub running: Vec<RunningJob>,
    /// What the role may do from here.
    pub quick: Vec<Link>,
}
view!(Overview => "pages/admin/overview.html", remembered = true);

/// Filter of the customers list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CustomersFilter {
    /// Search.
    pub q: String,
    /// Store states.
    pub states: Vec<Choice>,
    /// Sort key, or empty.
    pub sort: String,
    /// Active filters, each with the link that removes it.
    pub chips: Vec<Link>,
}

/// A row of the customers list.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerRow {
    /// Its page.
    pub href: String,
    /// Row id, for ticking.
    pub id: u64,
    /// Store name, or the e-mail's first part.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Store state.
    pub badge: Badge,
    /// Platform.
    pub platform: String,
    /// Server.
    pub server: String,
    /// Plan.
    pub plan: String,
    /// Signed up.
    pub created: When,
    /// Last job, or empty.
    pub job: String,
    /// Its page, or empty.
    pub job_href: String,
}

/// `/admin/customers`
#[derive(Debug, Clone, Serialize)]
pub struct Customers {
    /// Chrome.
    pub page: Page,
    /// Filter.
    pub filter: CustomersFilter,
    /// Columns.
    pub heads: Vec<Head>,
    /// May create, edit, close and export.
    pub may_act: bool,
    /// Chosen store state, or empty.
    pub state: String,
    /// Rows.
    pub rows: Vec<CustomerRow>,
    /// Pager.
    pub pager: Pager,
}
view!(Customers => "pages/admin/customers.html", remembered = true);

/// The customer on the detail page.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerFacts {
    /// Number.
    pub id: u64,
    /// Heading.
    pub title: String,
    /// E-mail.
    pub email: String,
    /// The account is closed.
    pub closed: bool,
    /// Confirmed or not.
    pub verified: Badge,
    /// Signed up.
    pub created: When,
    /// Last sign-in.
    pub last_sign_in: Option<When>,
}

/// The store on the customer's page.
#[derive(Debug, Clone, Serialize)]
pub struct StoreFacts {
    /// Public id.
    pub uid: String,
    /// Name.
    pub name: String,
    /// State.
    pub badge: Badge,
    /// Full address.
    pub url: String,
    /// Host.
    pub host: String,
    /// Platform.
    pub platform: String,
    /// Plan.
    pub plan: String,
    /// Server, or empty.
    pub server: String,
    /// Port, or empty.
    pub port: String,
    /// Created.
    pub created: When,
    /// Live since.
    pub live_since: Option<When>,
    /// Deletion planned at.
    pub deletion: Option<When>,
    /// Maintenance, or why it is suspended; or empty.
    pub remark: String,
    /// What the reader may change.
    pub changes: Vec<Link>,
}

/// An audit event.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRow {
    /// When.
    pub at: When,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On what.
    pub target: String,
    /// From where.
    pub address: String,
    /// Result.
    pub outcome: String,
}

/// A button of the failure summary.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    /// Where it posts or leads.
    pub href: String,
    /// Words: verb and object.
    pub label: String,
    /// Words while sending.
    pub busy: String,
    /// `main`, `danger` or empty.
    pub class: &'static str,
    /// Extra value, or empty.
    pub value: String,
}

/// Why a job failed.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// State.
    pub badge: Badge,
    /// "Step 3, Network and containers, failed"
    pub title: String,
    /// Plain reason.
    pub reason: String,
    /// Stable code.
    pub code: String,
    /// What people quote.
    pub reference: String,
    /// Line number of the first error, or 0.
    pub first_error: u32,
    /// Its link, or empty.
    pub first_error_href: String,
    /// The last five lines, plain.
    pub tail: Vec<String>,
    /// What was cleaned up or left.
    pub cleanup: String,
    /// Buttons.
    pub actions: Vec<Action>,
}

/// `/admin/customers/{id}` and its tabs.
#[derive(Debug, Clone, Serialize)]
pub struct Customer {
    /// Chrome.
    pub page: Page,
    /// Who.
    pub customer: CustomerFacts,
    /// Their store.
    pub store: Option<StoreFacts>,
    /// Tabs as links.
    pub tabs: Vec<Link>,
    /// `overview`, `provisioning`, `audit`.
    pub tab: &'static str,
    /// May edit and close.
    pub may_act: bool,
    /// May look at the panel as this customer.
    pub may_view: bool,
    /// They look after customers of their own.
    pub is_reseller: bool,
    /// Row id of the reseller whose customer they are, or 0.
    pub provider: u64,
    /// They have a second factor.
    pub has_factor: bool,
    /// When it is removed, if that is planned.
    pub factor_due: Option<When>,
    /// Masked values.
    pub credentials: Vec<Labelled>,
    /// Their newest sign-ins and tries.
    pub sign_ins: Vec<super::account::SignInLine>,
    /// Live log of the newest set-up.
    pub log: Option<LogPart>,
    /// Run-time log of the store.
    pub store_log: Option<super::store_log::StoreLog>,
    /// What the store used.
    pub usage: Option<super::usage::UsagePart>,
    /// Attempts.
    pub attempts: Vec<Link>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Its job.
    pub job_href: String,
    /// Its short id.
    pub job_short: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Events.
    pub audit: Vec<AuditRow>,
    /// Tickets tab, newest first.
    pub tickets: Vec<super::tickets::TicketRow>,
}
view!(Customer => "pages/admin/customer.html");

/// Filter of the jobs list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobsFilter {
    /// Search.
    pub q: String,
    /// Chosen state, or empty.
    pub state: String,
    /// Chosen kind, or empty.
    pub kind: String,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// Active filters, each with the link that removes it.
    pub chips: Vec<Link>,
}

/// A state with its count.
#[derive(Debug, Clone, Serialize)]
pub struct StateCount {
    /// Filter link.
    pub href: String,
    /// State in words.
    pub label: &'static str,
    /// "12" or "1,000+".
    pub count: String,
    /// Chosen.
    pub current: bool,
}

/// A row of the jobs list.
#[derive(Debug, Clone, Serialize)]
pub struct JobRow {
    /// Public id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Short id.
    pub short: String,
    /// Kind in words.
    pub kind: String,
    /// Customer.
    pub customer: String,
    /// Customer's page, or empty.
    pub customer_href: String,
    /// State.
    pub badge: Badge,
    /// Attempt.
    pub attempt: u32,
    /// Step.
    pub step: String,
    /// Created.
    pub created: When,
    /// Queue time.
    pub waited: String,
    /// Run time.
    pub ran: String,
    /// Worker.
    pub worker: String,
}

/// `/admin/jobs`
#[derive(Debug, Clone, Serialize)]
pub struct Jobs {
    /// Chrome.
    pub page: Page,
    /// Queue wait now.
    pub queue_text: String,
    /// Redis does not answer.
    pub queue_down: bool,
    /// Counters as filters.
    pub states: Vec<StateCount>,
    /// Filter.
    pub filter: JobsFilter,
    /// May retry and cancel.
    pub may_act: bool,
    /// "Select all 37 matching (Failed)", or empty.
    pub all: String,
    /// Columns.
    pub heads: Vec<Head>,
    /// Rows.
    pub rows: Vec<JobRow>,
    /// Pager.
    pub pager: Pager,
    /// Words when there is no job at all.
    pub empty_text: String,
}
view!(Jobs => "pages/admin/jobs.html", remembered = true);

/// Facts of one job.
#[derive(Debug, Clone, Serialize)]
pub struct JobFacts {
    /// Public id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Short id.
    pub short: String,
    /// Kind in words.
    pub kind: String,
    /// State.
    pub badge: Badge,
    /// "No sign of life from …", or empty.
    pub quiet: String,
    /// Position in the queue and why, or empty.
    pub waiting: String,
    /// Pages that act on it.
    pub actions: Vec<Action>,
    /// Customer.
    pub customer: String,
    /// Customer's page, or empty.
    pub customer_href: String,
    /// Store.
    pub store: String,
    /// Server.
    pub server: String,
    /// Worker process.
    pub worker: String,
    /// "2 of 5"
    pub attempt: String,
    /// Who asked.
    pub requested_by: String,
    /// Correlation id.
    pub correlation: String,
}

/// A moment in a job's life.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// "Queued"
    pub label: &'static str,
    /// When.
    pub at: Option<When>,
    /// "waited 4 ms"
    pub note: String,
}

/// `/admin/jobs/{id}`
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// Chrome.
    pub page: Page,
    /// Facts.
    pub job: JobFacts,
    /// May act.
    pub may_act: bool,
    /// One-use key.
    pub form_key: OneUse,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Attempts.
    pub attempts: Vec<Link>,
    /// Live log.
    pub log: LogPart,
    /// Queued → started → ended.
    pub timeline: Vec<Moment>,
    /// Arguments.
    pub inputs: Vec<Labelled>,
}
view!(Job => "pages/admin/job.html");

/// A job named on an action page.
#[derive(Debug, Clone, Serialize)]
pub struct NamedJob {
    /// State.
    pub badge: Badge,
    /// Words.
    pub text: String,
}

/// A hidden field.
#[derive(Debug, Clone, Serialize)]
pub struct Hidden {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: String,
}

/// A form without visible fields.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlainForm {
    /// Summary.
    pub errors: Vec<FieldError>,
}

/// Level 1 pages: retry, cancel, clean up; one job or many.
#[derive(Debug, Clone, Serialize)]
pub struct JobAction {
    /// Chrome.
    pub page: Page,
    /// "Retry J-1A2B?"
    pub heading: String,
    /// Effect.
    pub words: Vec<String>,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Short id.
    pub short: String,
    /// Jobs it acts on, when many.
    pub jobs: Vec<NamedJob>,
    /// Values to send along.
    pub hidden: Vec<Hidden>,
    /// Button words.
    pub button: &'static str,
    /// Words while sending.
    pub busy: &'static str,
    /// `main` or `danger`.
    pub class: &'static str,
    /// One-use key.
    pub form_key: OneUse,
    /// Errors.
    pub form: PlainForm,
}
view!(JobAction => "pages/admin/job_action.html");

/// A health check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Part.
    pub name: String,
    /// State; a check that cannot run is unknown, never good.
    pub badge: Badge,
    /// What was seen.
    pub seen: String,
    /// What to do, or empty.
    pub mend: String,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerRow {
    /// Name.
    pub name: String,
    /// State.
    pub badge: Badge,
    /// Last heartbeat.
    pub heartbeat: Option<When>,
    /// Used of limit.
    pub stores: String,
    /// Worker version.
    pub version: String,
}

/// A process of the product.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessRow {
    /// "Worker on local-1"
    pub name: String,
    /// State.
    pub badge: Badge,
    /// Version.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Start.
    pub started: When,
    /// Who asked for a restart, or empty.
    pub note: String,
    /// Address of the page before a restart, or empty.
    pub restart: String,
}

/// `/admin/system`
#[derive(Debug, Clone, Serialize)]
pub struct System {
    /// Chrome.
    pub page: Page,
    /// When.
    pub checked: When,
    /// Checks.
    pub checks: Vec<Check>,
    /// Servers.
    pub servers: Vec<ServerRow>,
    /// Processes.
    pub processes: Vec<ProcessRow>,
    /// One of them restarts: look again soon.
    pub again: bool,
    /// The reader may restart them.
    pub may_restart: bool,
    /// Quick actions.
    pub actions: Vec<Link>,
    /// Versions.
    pub versions: Vec<Labelled>,
}
view!(System => "pages/admin/system.html");
