//! Pages of shop owners.

use super::log::{LogPart, OwnerStep};
use super::public::{Plan, SignUpForm};
use super::{Badge, Field, FieldError, Labelled, Link, OneUse, Page, When, view};
use serde::Serialize;

/// A form of one password field.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Password.
    pub password: Field,
}

/// `/reauthenticate`
#[derive(Debug, Clone, Serialize)]
pub struct Reauthenticate {
    /// Chrome.
    pub page: Page,
    /// Why we ask.
    pub reason: String,
    /// For password managers.
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
    /// Where "Not now" leads.
    pub back: String,
    /// They have a passkey that would do.
    pub passkeys: bool,
    /// Errors.
    pub form: PasswordForm,
}
view!(Reauthenticate => "pages/auth/reauthenticate.html");

/// `/setup/{job}`
#[derive(Debug, Clone, Serialize)]
pub struct Setup {
    /// Chrome.
    pub page: Page,
    /// "Setting up Ana's Bikes"
    pub heading: String,
    /// `waiting`, `running`, `failed`, `done`.
    pub phase: &'static str,
    /// State.
    pub badge: Badge,
    /// Store name.
    pub store_name: String,
    /// Full address.
    pub store_url: String,
    /// Host name.
    pub store_host: String,
    /// Plain reason of a failure.
    pub reason: String,
    /// What is safe.
    pub safe_words: String,
    /// Code staff can search.
    pub reference: String,
    /// One try is open to the owner.
    pub can_retry: bool,
    /// Where Retry posts.
    pub retry_url: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Stream and progress.
    pub log: LogPart,
    /// Steps in plain words.
    pub steps: Vec<OwnerStep>,
}
view!(Setup => "pages/setup/show.html");

/// The store on the dashboard.
#[derive(Debug, Clone, Serialize)]
pub struct StoreCard {
    /// Name.
    pub name: String,
    /// State for scripts.
    pub state: String,
    /// State for people.
    pub badge: Badge,
    /// Full address.
    pub url: String,
    /// Host name.
    pub host: String,
    /// Store admin address.
    pub admin_url: String,
    /// It answers.
    pub live: bool,
    /// Its set-up page, or empty.
    pub setup_url: String,
    /// What it waits for, or empty.
    pub waiting: String,
    /// What is wrong, or empty.
    pub problem: String,
    /// Plan name.
    pub plan: String,
    /// Platform.
    pub platform: String,
    /// Created.
    pub created: When,
    /// Live since.
    pub live_since: Option<When>,
    /// Deletion date, when planned.
    pub deletion: Option<When>,
    /// Limits of the plan.
    pub limits: Vec<Labelled>,
    /// Address to ask for a changed state, or empty.
    pub poll: String,
    /// It is WordPress alone: our images were made without WooCommerce.
    pub without_shop: bool,
    /// Visitors see the maintenance page.
    pub maintenance: bool,
    /// What can be changed.
    pub changes: Vec<Link>,
    /// Pages about what it does and how much it uses.
    pub looks: Vec<Link>,
}

/// An entry of the checklist.
#[derive(Debug, Clone, Serialize)]
pub struct Todo {
    /// Icon.
    pub icon: &'static str,
    /// Words.
    pub text: String,
    /// Link, or empty.
    pub href: String,
    /// Its words.
    pub link: &'static str,
    /// Leads out of the panel.
    pub outside: bool,
}

/// `/dashboard`
#[derive(Debug, Clone, Serialize)]
pub struct Dashboard {
    /// Chrome.
    pub page: Page,
    /// The store, if there is one.
    pub store: Option<StoreCard>,
    /// Next things.
    pub checklist: Vec<Todo>,
    /// Support asks to look, may look, or looks.
    pub support: Vec<super::account::SupportAsk>,
    /// Stores that others offer.
    pub offers: Vec<Link>,
}
view!(Dashboard => "pages/dashboard/index.html");

/// `/dashboard/new`: a store for a customer who has none.
#[derive(Debug, Clone, Serialize)]
pub struct NewStore {
    /// Chrome.
    pub page: Page,
    /// Values and errors; e-mail and password are not used.
    pub form: SignUpForm,
    /// One-use key.
    pub form_key: OneUse,
    /// Choices.
    pub plans: Vec<Plan>,
    /// `shops.example`
    pub base_domain: String,
    /// Magento can be chosen.
    pub magento_open: bool,
}
view!(NewStore => "pages/dashboard/new.html");

/// A value with its label; masked unless revealed.
#[derive(Debug, Clone, Serialize)]
pub struct Credential {
    /// Label.
    pub label: String,
    /// Value or dots.
    pub value: String,
    /// Offer Copy.
    pub copy: bool,
}

/// Values shown together.
#[derive(Debug, Clone, Serialize)]
pub struct CredentialGroup {
    /// Posted value: `admin`, `database`.
    pub key: &'static str,
    /// Title.
    pub title: &'static str,
    /// Values.
    pub values: Vec<Credential>,
    /// They are shown now.
    pub revealed: bool,
    /// "Last shown 3 Nov", or "Never shown".
    pub shown: String,
    /// Where they are used, or empty.
    pub href: String,
    /// The link's words.
    pub link: &'static str,
}

/// `/dashboard/access`
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    /// Chrome.
    pub page: Page,
    /// Store name.
    pub store_name: String,
    /// The store is set up.
    pub ready: bool,
    /// Set-up page while it is not.
    pub setup_url: String,
    /// Credentials.
    pub groups: Vec<CredentialGroup>,
}
view!(Access => "pages/dashboard/access.html");

/// State of the deletion form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeleteForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// The typed name.
    pub confirm: Field,
    /// Password.
    pub password: Field,
}

/// `/dashboard/delete`, and the same page of a reseller.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteStore {
    /// Chrome.
    pub page: Page,
    /// Its own address, where it posts.
    pub here: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What stays: "Your account and your sign-in".
    pub kept: &'static str,
    /// Store name.
    pub store_name: String,
    /// Host name.
    pub store_host: String,
    /// Planned deletion.
    pub planned: Option<When>,
    /// When it would happen.
    pub when: When,
    /// "Type … to confirm"
    pub confirm_label: String,
    /// The facts this page showed.
    pub version: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: DeleteForm,
}
view!(DeleteStore => "pages/dashboard/delete.html");

/// `/dashboard/database`
#[derive(Clone, Serialize)]
pub struct Database {
    /// Chrome.
    pub page: Page,
    /// Store name.
    pub store_name: String,
    /// `not_ready`, `closed`, `starting`, `open`, `closing`, `enter`.
    pub phase: &'static str,
    /// The page renews itself.
    pub waits: bool,
    /// Why it could not be opened, or empty.
    pub problem: String,
    /// Address of the database page.
    pub url: String,
    /// The way in, once.
    pub ticket: String,
    /// How long it is good for.
    pub ticket_seconds: u32,
    /// Minutes without use until it closes.
    pub idle_minutes: u32,
    /// One-use key.
    pub form_key: OneUse,
    /// One-use key of the second form.
    pub other_key: OneUse,
}
view!(Database => "pages/dashboard/database.html");
