//! Pages for everybody.

use super::{Badge, Field, FieldError, OneUse, Page, view};
use serde::Serialize;

/// `/`
#[derive(Debug, Clone, Serialize)]
pub struct Home {
    /// Chrome.
    pub page: Page,
    /// "€9", or empty when prices are not known.
    pub price_from: String,
    /// Badge of the picture beside the promise.
    pub demo_badge: Badge,
    /// Steps of the picture.
    pub demo_steps: &'static [&'static str],
}
view!(Home => "pages/home.html", remembered = true);

/// A plan as people compare it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// Posted value.
    pub slug: String,
    /// Name.
    pub name: String,
    /// "€9"
    pub price: String,
    /// "a month"
    pub price_unit: String,
    /// Tax note.
    pub price_note: String,
    /// One line.
    pub summary: String,
    /// Limits in plain numbers.
    pub limits: Vec<String>,
    /// The one we preselect.
    pub best: bool,
    /// Can be chosen now.
    pub available: bool,
}

/// `/pricing`
#[derive(Debug, Clone, Serialize)]
pub struct Pricing {
    /// Chrome.
    pub page: Page,
    /// Cheapest first.
    pub plans: Vec<Plan>,
    /// Magento can be chosen.
    pub magento_open: bool,
}
view!(Pricing => "pages/pricing.html", remembered = true);

/// State of the sign-up form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignUpForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// E-mail.
    pub email: Field,
    /// Password: never keeps a value.
    pub password: Field,
    /// Store name.
    pub store_name: Field,
    /// Platform.
    pub platform: Field,
    /// Plan slug.
    pub plan: Field,
    /// Wished address.
    pub address: Field,
}

/// `/signup`, also drawn for a second store of a signed-in customer.
#[derive(Debug, Clone, Serialize)]
pub struct SignUp {
    /// Chrome.
    pub page: Page,
    /// Values and errors.
    pub form: SignUpForm,
    /// One-use key.
    pub form_key: OneUse,
    /// Choices.
    pub plans: Vec<Plan>,
    /// `shops.example`
    pub base_domain: String,
    /// Magento can be chosen.
    pub magento_open: bool,
    /// No server has room.
    pub capacity_out: bool,
    /// The reseller they came by takes nobody.
    pub closed: bool,
}
view!(SignUp => "pages/signup.html", remembered = true);

/// A form of one e-mail field.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EmailForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// E-mail.
    pub email: Field,
}

/// `/verify`
#[derive(Debug, Clone, Serialize)]
pub struct Verify {
    /// Chrome.
    pub page: Page,
    /// `sent`, `confirm`, `password` (confirm in another browser) or `expired`.
    pub mode: &'static str,
    /// Address, or empty when this browser does not know it.
    pub email: String,
    /// The token of the link, in the modes `confirm` and `password`.
    pub token: String,
    /// Confirming starts a store.
    pub starts_store: bool,
    /// Seconds before "Send again" opens.
    pub wait: u32,
    /// One-use key.
    pub form_key: OneUse,
    /// Form for a new link, and the summary of errors.
    pub form: EmailForm,
    /// The sign-up's password, in mode `password`: never keeps a value.
    pub password: Field,
}
view!(Verify => "pages/auth/verify.html");

/// State of a sign-in form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignInForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// E-mail.
    pub email: Field,
    /// Password.
    pub password: Field,
}

/// `/login`
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
view!(Login => "pages/auth/login.html", remembered = true);

/// `/password/forgot`
#[derive(Debug, Clone, Serialize)]
pub struct ForgotPassword {
    /// Chrome.
    pub page: Page,
    /// The mail is on its way, if there is an account.
    pub sent: bool,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: EmailForm,
}
view!(ForgotPassword => "pages/auth/forgot.html");

/// State of the form for a new password.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewPasswordForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// New password: never keeps a value.
    pub new_password: Field,
}

/// `/password/reset`
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    /// Chrome.
    pub page: Page,
    /// The link may be used.
    pub usable: bool,
    /// For password managers.
    pub email: String,
    /// The token of the link.
    pub token: String,
    /// Errors.
    pub form: NewPasswordForm,
}
view!(ResetPassword => "pages/auth/reset.html");
