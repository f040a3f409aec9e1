//! The caller: built once by the pipeline, handed to handlers.

use crate::api::gate::Entry;
use crate::error::WebError;
use crate::pipeline::AGAIN;
use crate::rate_limit::Taken;
use crate::state::AppState;
use crate::views::{Leave, MenuItem, Notice, OneUse, Page, ThemeChoice, User, View, Viewing, When};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, web};
use hosting::crypto::{mac, random_token, same, sha256};
use hosting::db::api_credentials::Caller;
use hosting::db::login_sessions::{AdminSession, CustomerSession, Ends};
use hosting::db::reseller_links::Provider;
use hosting::db::resellers::Brand;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{Actor, Role};
use hosting::services::resellers::link;
use std::cell::{Cell, RefCell};
use std::future::{Ready, ready};
use std::rc::Rc;

/// Who is calling.
#[derive(Debug, Clone)]
pub enum Who {
    /// Nobody we know.
    Visitor,
    /// A signed-in shop owner.
    Customer(Rc<CustomerSession>),
    /// A signed-in staff member.
    Staff(Rc<AdminSession>),
}

/// The request as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct Ctx(Rc<Inner>);

struct Inner {
    state: web::Data<AppState>,
    who: Who,
    caller: Option<Rc<Caller>>,
    rate: Option<Taken>,
    request_id: String,
    address: String,
    user_agent: String,
    here: String,
    path: String,
    theme: &'static str,
    visitor: String,
    new_visitor: bool,
    device: Option<String>,
    flash: Option<String>,
    again: bool,
    wants_json: bool,
    session: Option<[u8; 32]>,
    view: Option<[u8; 32]>,
    cookies: RefCell<Vec<Cookie<'static>>>,
    form_target: RefCell<Option<String>>,
    foreign: Cell<bool>,
    provider: RefCell<Option<Provider>>,
}

/// What the pipeline found out before anything else.
pub(crate) struct Arrival {
    pub(crate) state: web::Data<AppState>,
    pub(crate) request_id: String,
    pub(crate) address: String,
}

/// Names of cookies: `__Host-` where the panel has TLS, plain in development on loopback.
pub(crate) fn cookie_name(secure: bool, name: &str) -> String {
    if secure { format!("__Host-sf_{name}") } else { format!("sf_{name}") }
}

impl Ctx {
    pub(crate) fn new(request: &HttpRequest, arrival: Arrival, entry: Entry) -> Self {
        let Entry { who, caller, rate } = entry;
        let secure = arrival.state.config.base_url.is_https();
        let cookie = |name: &str| request.cookie(&cookie_name(secure, name)).map(|c| c.value().to_owned());
        let known = cookie("visitor").filter(|v| v.len() == 64 && v.bytes().all(|b| b.is_ascii_hexdigit()));
        let theme = match cookie("theme").as_deref() {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "auto",
        };
        let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let path = request.path().to_owned();
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Self(Rc::new(Inner {
            who,
            caller,
            rate,
            request_id: arrival.request_id,
            address: arrival.address,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(255).collect(),
            here: request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string),
            theme,
            new_visitor: known.is_none(),
            visitor: known.unwrap_or_else(|| random_token().expose().to_owned()),
            device: cookie("device"),
            flash: cookie("flash"),
            again: cookie(AGAIN).is_some(),
            wants_json: path.starts_with("/api/")
                || !accept.contains("text/html") && (accept.contains("json") || accept.contains("event-stream")),
            session: cookie(if path.starts_with("/admin") { "staff" } else { "session" }).map(|t| sha256(t.as_bytes())),
            view: cookie("view").map(|t| sha256(t.as_bytes())),
            path,
            cookies: RefCell::default(),
            form_target: RefCell::default(),
            foreign: Cell::default(),
            provider: RefCell::default(),
            state: arrival.state,
        }))
    }

    /// Services, settings, limits.
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.0.state
    }
    /// Who is calling.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.0.who
    }
    /// The signed-in customer; the route table makes sure there is one.
    ///
    /// # Errors
    /// The table and the handler disagree: our fault.
    pub fn customer(&self) -> Result<Rc<CustomerSession>, WebError> {
        match &self.0.who {
            Who::Customer(c) => Ok(c.clone()),
            _ => Err(WebError::Internal("handler of owners reached without one".into())),
        }
    }
    /// The signed-in staff member; the route table makes sure there is one.
    ///
    /// # Errors
    /// The table and the handler disagree: our fault.
    pub fn staff(&self) -> Result<Rc<AdminSession>, WebError> {
        match &self.0.who {
            Who::Staff(s) => Ok(s.clone()),
            _ => Err(WebError::Internal("handler of staff reached without one".into())),
        }
    }
    /// The credential of a call of the JSON API; its gate makes sure there is one.
    ///
    /// # Errors
    /// The gate and the handler disagree: our fault.
    pub fn caller(&self) -> Result<Rc<Caller>, WebError> {
        self.0.caller.clone().ok_or_else(|| WebError::Internal("handler of the API reached without a caller".into()))
    }
    /// What is left of the caller's rate (JSON API).
    pub(crate) fn rate(&self) -> Option<Taken> {
        self.0.rate
    }
    /// The client's address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0.address
    }
    /// The browser's name for itself, shortened.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.0.user_agent
    }
    /// Joins click, log and work.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }
    /// Path and query of this request.
    #[must_use]
    pub fn here(&self) -> &str {
        &self.0.here
    }
    /// The caller reads JSON, not pages.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.0.wants_json
    }
    /// SHA-256 of the session cookie, to look again whether it still stands.
    #[must_use]
    pub fn session_hash(&self) -> Option<[u8; 32]> {
        self.0.session
    }
    /// SHA-256 of the cookie of a view, the same way.
    #[must_use]
    pub fn view_hash(&self) -> Option<[u8; 32]> {
        self.0.view
    }
    /// The caller as the audit chain records it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let (role, id, name) = match &self.0.who {
            Who::Visitor => (Role::Visitor, None, "visitor".to_owned()),
            // Whoever looks at somebody's panel is still themselves.
            Who::Customer(c) => c.viewer.as_ref().map_or_else(
                || (c.role, Some(c.customer_id), c.email.clone()),
                |v| (v.role, Some(v.admin_id), v.admin_email.clone()),
            ),
            Who::Staff(s) => (s.role, Some(s.admin_id), s.email.clone()),
        };
        Actor { role, id, name, address: self.0.address.clone(), request_id: self.0.request_id.clone() }
    }

    /// How long the caller stays signed in; `None` for visitors.
    #[must_use]
    pub fn ends(&self) -> Option<Ends> {
        match &self.0.who {
            Who::Visitor => None,
            Who::Customer(c) => Some(c.ends),
            Who::Staff(s) => Some(s.ends),
        }
    }

    /// Tells a page whether the person of a later sign-in is the one it was drawn for, and nobody who that is.
    #[must_use]
    pub fn who_mark(&self) -> String {
        let whose = match &self.0.who {
            Who::Visitor => return String::new(),
            Who::Customer(c) => {
                format!("{}/{}", c.customer_id, c.viewer.as_ref().map_or(0, |v| v.admin_id))
            }
            Who::Staff(s) => format!("staff/{}", s.admin_id),
        };
        hex::encode(&mac(&self.0.state.form_key, format!("who/{whose}").as_bytes())[..12])
    }

    /// The warning before the sign-out, for the page to show in time.
    fn leave(&self) -> Option<Leave> {
        let ends = self.ends()?;
        let staff = self.0.path.starts_with("/admin");
        Some(Leave {
            idle: ends.idle,
            life: ends.life,
            who: self.who_mark(),
            viewing: matches!(&self.0.who, Who::Customer(c) if c.viewer.is_some()),
            state: if staff { "/admin/session/state" } else { "/session/state" },
            stay: if staff { "/admin/session/stay" } else { crate::router::STAY },
            again: if staff { "/admin/login?next=/admin/session/again" } else { "/login?next=/session/again" },
        })
    }

    // ---- form tokens ---------------------------------------------------------------------------

    /// The secret that this browser's form tokens prove knowledge of.
    fn form_secret(&self) -> [u8; 32] {
        let key = &self.0.state.form_key;
        match &self.0.who {
            Who::Visitor => mac(key, format!("visitor/{}", self.0.visitor).as_bytes()),
            Who::Customer(c) => mac(key, &c.csrf_secret),
            Who::Staff(s) => mac(key, &s.csrf_secret),
        }
    }

    /// A form token; looks different each time, so that compression gives nothing away.
    #[must_use]
    pub fn form_token(&self) -> String {
        let pad = sha256(random_token().expose().as_bytes());
        let masked: Vec<u8> = self.form_secret().iter().zip(pad).map(|(s, p)| s ^ p).collect();
        format!("{}{}", hex::encode(pad), hex::encode(masked))
    }

    /// Whether a posted token is ours.
    #[must_use]
    pub fn is_form_token(&self, token: &str) -> bool {
        let mut bytes = [0u8; 64];
        if hex::decode_to_slice(token, &mut bytes).is_err() {
            return false;
        }
        let (pad, masked) = bytes.split_at(32);
        let secret: Vec<u8> = pad.iter().zip(masked).map(|(p, m)| p ^ m).collect();
        same(&secret, &self.form_secret())
    }

    /// Ties something that waits for an answer to this browser (its session, or before a sign-in its visitor's cookie), to
    /// the side of the panel and to what it was asked for.
    #[must_use]
    pub fn bound_to(&self, purpose: &str) -> [u8; 32] {
        let side = if self.0.path.starts_with("/admin") { "staff" } else { "owner" };
        mac(&self.form_secret(), format!("bound/{side}/{purpose}").as_bytes())
    }

    /// A fresh one-use key for a form.
    #[must_use]
    pub fn new_form_key(&self) -> OneUse {
        (&random_token().expose()[..40]).into()
    }

    /// SHA-256 of this browser's pre-sign-in id.
    #[must_use]
    pub fn visitor_hash(&self) -> [u8; 32] {
        sha256(self.0.visitor.as_bytes())
    }

    // ---- cookies -------------------------------------------------------------------------------

    /// Sets a cookie on the answer; `seconds` = `None` ends with the browser, 0 removes it.
    pub fn set_cookie(&self, name: &str, value: &str, seconds: Option<i64>) {
        let secure = self.0.state.config.base_url.is_https();
        let mut cookie = Cookie::build(cookie_name(secure, name), value.to_owned())
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax);
        if let Some(seconds) = seconds {
            cookie = cookie.max_age(Duration::seconds(seconds));
        }
        self.0.cookies.borrow_mut().push(cookie.finish());
    }

    /// Cookies for the answer, the pre-sign-in one included when it is new.
    pub(crate) fn take_cookies(&self) -> Vec<Cookie<'static>> {
        if self.0.again {
            self.set_cookie(AGAIN, "", Some(0));
        }
        if self.0.new_visitor && matches!(self.0.who, Who::Visitor) {
            self.set_cookie("visitor", &self.0.visitor.clone(), Some(86_400 * 2));
        }
        self.0.cookies.take()
    }

    /// Whether this browser signed in to the account before.
    #[must_use]
    pub fn knows_device(&self, account: &str) -> bool {
        self.0.device.as_deref().is_some_and(|d| same(d.as_bytes(), self.device_mark(account).as_bytes()))
    }

    /// Remembers that this browser signed in to the account.
    pub fn remember_device(&self, account: &str) {
        self.set_cookie("device", &self.device_mark(account), Some(86_400 * 365));
    }

    fn device_mark(&self, account: &str) -> String {
        hex::encode(&mac(&self.0.state.form_key, format!("device/{account}").as_bytes())[..20])
    }

    /// Lets a form of this one answer post to another origin of ours (`scheme://host[:port]`), besides
    /// the panel itself.
    pub fn allow_form_to(&self, origin: &str) {
        *self.0.form_target.borrow_mut() = Some(origin.to_owned());
    }

    /// This answer is somebody's file: nothing in it may run, should a browser show it after all.
    pub fn answers_with_a_file(&self) {
        self.0.foreign.set(true);
    }

    /// What [`Ctx::answers_with_a_file`] was told.
    pub(crate) fn is_a_file(&self) -> bool {
        self.0.foreign.get()
    }

    /// What [`Ctx::allow_form_to`] was told.
    pub(crate) fn form_target(&self) -> Option<String> {
        self.0.form_target.borrow().clone()
    }

    // ---- answers -------------------------------------------------------------------------------

    /// Shows `notice` on the page after the redirect. Only words of ours, by name.
    pub fn flash(&self, name: &'static str) {
        self.set_cookie("flash", name, Some(60));
    }

    /// Chrome of a page.
    pub async fn page(&self, title: impl Into<String>, nav: &str) -> Page {
        let settings = self.0.state.settings().await;
        let (user, menu) = match &self.0.who {
            Who::Visitor => (None, Vec::new()),
            Who::Customer(c) => {
                (Some(User { name: c.email.clone(), role: String::new() }), owner_menu(&self.0.path, c.role))
            }
            Who::Staff(s) => {
                (Some(User { name: s.name.clone(), role: role_words(s.role).into() }), staff_menu(&self.0.path, s.role))
            }
        };
        // A reseller's customers see their provider's name, and so does who came by the provider's link.
        let provider = self.0.provider.borrow().clone().filter(|_| matches!(self.0.who, Who::Visitor));
        let seen = match &self.0.who {
            Who::Customer(c) => Some(c.brand.clone()),
            _ => provider.as_ref().map(Provider::brand),
        };
        let brand =
            |part: fn(&Brand) -> &String| seen.as_ref().map(|b| part(b).clone()).filter(|text| !text.is_empty());
        let notice = self.0.flash.as_deref().and_then(notice_named);
        if self.0.flash.is_some() {
            self.set_cookie("flash", "", Some(0));
        }
        Page {
            title: title.into(),
            product: brand(|b| &b.name).unwrap_or_else(|| settings.text("product_name").to_owned()),
            support_email: brand(|b| &b.email).unwrap_or_else(|| settings.text("support_email").to_owned()),
            host: match &provider {
                Some(p) if !p.name.is_empty() => settings.text("product_name").to_owned(),
                _ => String::new(),
            },
            with: provider.map(|p| p.code).unwrap_or_default(),
            csrf: self.form_token().into(),
            theme: self.0.theme.to_owned(),
            theme_url: if self.0.path.starts_with("/admin") { "/admin/theme" } else { "/theme" },
            zone: match &self.0.who {
                Who::Customer(c) if c.time_zone != "UTC" => c.time_zone.clone(),
                _ => String::new(),
            },
            themes: ThemeChoice::all(self.0.theme),
            here: self.0.path.clone(),
            again: again_at(&self.0.here),
            nav: nav.to_owned(),
            user,
            menu,
            notice,
            viewing: match &self.0.who {
                Who::Customer(c) => {
                    c.viewer.as_ref().map(|v| Viewing { name: c.email.clone(), until: When::exact(v.until) })
                }
                _ => None,
            },
            leave: self.leave(),
            has_errors: false,
        }
    }

    /// Whom a visitor came by, as the address or the form says: their name stands on the page, beside ours. A code that
    /// leads nowhere is none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn with(&self, code: &str) -> Result<(), WebError> {
        if !code.is_empty() {
            self.comes_by(link::find(&self.state().services, code).await?);
        }
        Ok(())
    }

    /// As [`Ctx::with`], where it is known otherwise.
    pub fn comes_by(&self, provider: Option<Provider>) {
        *self.0.provider.borrow_mut() = provider;
    }

    /// Row id of the reseller a visitor came by.
    #[must_use]
    pub fn provider(&self) -> Option<u64> {
        self.0.provider.borrow().as_ref().map(|p| p.id)
    }

    /// A path of ours that keeps whom a visitor came by.
    #[must_use]
    pub fn keeping(&self, path: &str) -> String {
        match self.0.provider.borrow().as_ref().filter(|p| !p.code.is_empty()) {
            Some(p) => format!("{path}{}with={}", if path.contains('?') { '&' } else { '?' }, p.code),
            None => path.to_owned(),
        }
    }

    /// A page, 200.
    ///
    /// # Errors
    /// The template fails.
    pub fn ok(&self, view: &impl View) -> Result<HttpResponse, WebError> {
        Ok(html(HttpResponse::Ok(), view.render()?))
    }

    /// A form with errors, 422.
    ///
    /// # Errors
    /// The template fails.
    pub fn unprocessable(&self, view: &impl View) -> Result<HttpResponse, WebError> {
        Ok(html(HttpResponse::UnprocessableEntity(), view.render()?))
    }

    /// On to another page after a change.
    #[must_use]
    pub fn see_other(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
    }
}

/// A page as an answer.
pub(crate) fn html(mut response: actix_web::HttpResponseBuilder, body: String) -> HttpResponse {
    response.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(body)
}

/// The same address, marked as asked for by the page itself.
fn again_at(here: &str) -> String {
    if here.contains("again=1") {
        return here.to_owned();
    }
    format!("{here}{}again=1", if here.contains('?') { '&' } else { '?' })
}

fn owner_menu(path: &str, role: Role) -> Vec<MenuItem> {
    [
        ("/dashboard", "Your store", "home"),
        ("/dashboard/access", "Sign-in", "key"),
        ("/dashboard/database", "Database", "database"),
        ("/reseller", "Customers", "users"),
        ("/account", "Account", "user"),
    ]
    .into_iter()
    .filter(|(href, _, _)| *href != "/reseller" || may(role, Capability::ManageCustomers, Reach::OwnCustomers))
    .map(|(href, label, icon)| MenuItem {
        href,
        label,
        icon,
        current: path == href || href != "/dashboard" && path.starts_with(&format!("{href}/")),
    })
    .collect()
}

/// Only pages that exist, and only those the role may open.
fn staff_menu(path: &str, role: Role) -> Vec<MenuItem> {
    [
        ("/admin", "Overview", "layout-dashboard"),
        ("/admin/customers", "Customers", "users"),
        ("/admin/tickets", "Tickets", "help-circle"),
        ("/admin/jobs", "Jobs", "list-check"),
        ("/admin/schedules", "Schedules", "refresh"),
        ("/admin/ports", "Ports", "plug-connected"),
        ("/admin/mail", "Mail log", "mail"),
        ("/admin/webhooks", "Webhooks", "external-link"),
        ("/admin/logs", "Service logs", "device-desktop"),
        ("/admin/audit", "Audit", "history"),
        ("/admin/settings", "Settings", "settings"),
        ("/admin/system", "System", "activity"),
        ("/admin/admins", "Staff", "shield-check"),
    ]
    .into_iter()
    .filter(|(href, _, _)| match *href {
        "/admin/admins" => may(role, Capability::ManageStaff, Reach::All),
        "/admin/webhooks" => may(role, Capability::WorkOnStores, Reach::All),
        "/admin/logs" => may(role, Capability::ReadLogs, Reach::All),
        "/admin/settings" => may(role, Capability::ExportAudit, Reach::All),
        _ => true,
    })
    .map(|(href, label, icon)| MenuItem {
        href,
        label,
        icon,
        current: path == href || href != "/admin" && path.starts_with(&format!("{href}/")),
    })
    .collect()
}

/// A role in words.
#[must_use]
pub fn role_words(role: Role) -> &'static str {
    match role {
        Role::Support => "Support",
        Role::Admin => "Admin",
        Role::SuperAdmin => "Super admin",
        Role::Customer => "Store owner",
        Role::Reseller => "Reseller",
        _ => "",
    }
}

/// Results of actions, by name; the cookie carries the name, never words.
pub(crate) fn notice_named(name: &str) -> Option<Notice> {
    let (tone, text) = match name {
        "signed_out" => ("good", "You are signed out."),
        "signed_in_again" => {
            ("good", "You are signed in again. Go on in the other tab; what you typed is still there.")
        }
        "not_sent" => ("warn", "You were signed out before this was sent, so nothing was changed. Sign in to go on."),
        "mail_sent" => ("good", "A new link is on its way. Only the newest one works."),
        "password_reset" => ("good", "Your new password is set and every device is signed out. Sign in with it."),
        "store_offered" => ("good", "The store is offered. If there is such an account, it gets a mail."),
        "offer_withdrawn" => ("good", "The offer is withdrawn. Your store stays yours."),
        "offer_declined" => ("good", "The offer is declined."),
        "deletion_planned" => ("warn", "The deletion is planned. Until then you can cancel it."),
        "deletion_cancelled" => ("good", "The deletion is cancelled. Your store stays."),
        "retry_started" => ("good", "A new attempt is on its way."),
        "clean_up_started" => ("good", "The clean-up is on its way."),
        "job_cancelled" => ("good", "The job is cancelled."),
        "cancel_asked" => ("good", "The job stops at its next step and takes back what it did."),
        "job_released" => ("good", "The job is free again and starts over from its last good step."),
        "bulk_done" => ("good", "Done for all chosen jobs."),
        "bulk_partly" => ("warn", "Some of the chosen jobs had moved on meanwhile and were left alone."),
        "factor_off" => ("warn", "The second factor is off. Other devices are signed out."),
        "factor_removed" => ("good", "The second factor is removed. They set up a new one at their next sign-in."),
        "recovery_code_used" => ("warn", "You signed in with a recovery code. It does not work again."),
        "second_over" => ("warn", "This sign-in took too long, or had too many wrong codes. Begin again."),
        "account_saved" => ("good", "Saved."),
        "devices_ended" => ("good", "Signed out there."),
        "export_asked" => ("good", "Your data is being gathered. We write when it is ready."),
        "closing_planned" => ("warn", "The closing is planned. Until then you can take it back."),
        "closing_cancelled" => ("good", "The closing is cancelled. Your account stays."),
        "email_asked" => ("good", "Two mails are on their way. Both addresses have to confirm."),
        "email_changed" => ("good", "Your email is changed. Sign in with the new one."),
        "staff_changed" => ("good", "The changes are saved."),
        "staff_deleted" => ("good", "The account is deleted. What it did stays in the audit log."),
        "restart_asked" => (
            "good",
            "The process finishes what it has in hand and is started again. The list below shows when it is back.",
        ),
        "schedule_runs" => ("good", "The schedule is due now. Its job appears within a few seconds."),
        "schedule_paused" => ("good", "The schedule is paused. It does not run until it is resumed."),
        "schedule_resumed" => ("good", "The schedule runs again."),
        "port_freed" => ("good", "The port is free. It rests for a minute first."),
        "pool_widened" => ("good", "The pool has the new ports."),
        "settings_saved" => ("good", "Saved. In force within two seconds."),
        "settings_same" => ("good", "Nothing was different, so nothing was changed."),
        "failed_cleared" => ("good", "The failed jobs are off the list. They are still under Jobs."),
        "customer_created" => ("good", "The account is made. Its owner gets a mail with a link to choose a password."),
        "staff_changed_email" => {
            ("good", "The email is changed. Both addresses are told, and every device is signed out.")
        }
        "customer_closed" => {
            ("warn", "The account is closed. Its stores are deleted in seven days unless it is opened again.")
        }
        "customer_reopened" => ("good", "The account is open again, and its stores stay."),
        "ticket_opened" => ("good", "We have your message. You find our answer here, and by mail."),
        "ticket_written" => ("good", "Your message is sent."),
        "ticket_solved" => ("good", "Solved. Write again whenever it comes back."),
        "ticket_answered" => ("good", "Your answer is sent."),
        "ticket_noted" => ("good", "The note is kept. Only staff read it."),
        "ticket_changed" => ("good", "The ticket is changed."),
        "canned_saved" => ("good", "The answer is kept."),
        "canned_deleted" => ("good", "The answer is deleted."),
        "hook_saved" => ("good", "Saved."),
        "hook_paused" => ("warn", "Paused. Events are kept for 30 days and sent when it is resumed."),
        "hook_resumed" => ("good", "Resumed. What waited is on its way."),
        "hook_deleted" => ("good", "The webhook is deleted."),
        "hook_replayed" => ("good", "On its way again."),
        "factor_reset_planned" => ("warn", "The reset is planned. Its owner has a mail and can stop it."),
        "factor_reset_stopped" => ("good", "The reset is cancelled. The second factor stays."),
        "passkey_added" => ("good", "The passkey is added. You can sign in with it; other devices were signed out."),
        "passkey_removed" => ("good", "The passkey is removed, and other devices were signed out."),
        "passkey_over" => ("warn", "This took longer than five minutes, or was sent before. Try the passkey again."),
        "passkey_refused" => ("warn", "That passkey did not sign you in. Try again, or use your password."),
        "passkey_unproven" => ("warn", "That passkey did not work here. Try again, or enter your password."),
        "brand_saved" => ("good", "Saved. Your customers see it from now on."),
        "store_ordered" => ("good", "The store is on its way. Its owner gets a mail when it is ready."),
        "reseller_saved" => ("good", "The limits are set."),
        "customer_moved" => ("good", "They are moved. Everybody concerned is told by mail."),
        "reseller_ended" => ("good", "They are an ordinary customer now, and sign in again."),
        "view_asked" => {
            ("good", "The customer is asked by mail and on their dashboard. Come back when they have answered.")
        }
        "view_withdrawn" => ("good", "The question is taken back."),
        "view_stopped" => ("good", "You stopped viewing. The customer sees in their history that you looked."),
        "view_over" => ("warn", "The view is over: half an hour has passed, it was ended, or you signed out."),
        "view_allowed" => ("good", "Support may look at your panel for half an hour."),
        "view_refused" => ("good", "Support does not look at your panel."),
        "links_sent" => ("good", "The links are on their way."),
        "password_changed" => ("good", "Your password is changed. Other devices are signed out."),
        _ => return None,
    };
    Some(Notice { tone, text: text.into(), ..Notice::default() })
}

impl FromRequest for Ctx {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Ctx>().cloned().ok_or_else(|| WebError::Internal("no context".into())))
    }
}
