//! The table of contents of the site: every address, its verbs, who may, and the handler.
//! The pipeline reads rights from here, the tests read it too; nothing is registered elsewhere.

use crate::error::WebError;
use crate::routes::{account, admin, dashboard, health, home, pricing, setup, sign_up, staff_session, theme, verify};
use actix_web::dev::ServiceRequest;
use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Health and metrics: no session, no host check.
    Operations,
    /// Static files.
    Asset,
    /// Everybody.
    Everybody,
    /// A signed-in shop owner; only own things are found.
    Owner,
    /// Any staff.
    Staff,
    /// Staff who may change things: admin and super admin.
    Operator,
    /// Any staff, also with a temporary password.
    StaffPassword,
}

/// One verb of one address.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Pattern, e.g. `/admin/jobs/{job}`.
    pub path: &'static str,
    /// Verb; GET includes HEAD.
    pub method: &'static str,
    /// Who may.
    pub access: Access,
}

macro_rules! routes {
    ($($path:literal { $($method:ident $access:ident $handler:path;)+ })+) => {
        /// Every route.
        pub const ROUTES: &[Route] = &[$($(Route { path: $path, method: stringify!($method), access: Access::$access },)+)+];

        /// Registers every route.
        pub fn configure(config: &mut web::ServiceConfig) {
            $(config.service(
                web::resource($path)
                    $(.route(web::route().guard(guard::fn_guard(|c| verb(c, stringify!($method)))).to($handler)))+,
            );)+
            config.default_service(web::to(nowhere));
        }
    };
}

routes! {
    "/healthz" { GET Operations health::alive; }
    "/readyz" { GET Operations health::ready; }
    "/metrics" { GET Operations health::metrics; }
    "/static/{name}" { GET Asset health::asset; }
    "/" { GET Everybody home::get; }
    "/pricing" { GET Everybody pricing::get; }
    "/theme" { POST Everybody theme::post; }
    "/signup" { GET Everybody sign_up::get; POST Everybody sign_up::post; }
    "/verify" { GET Everybody verify::get; POST Everybody verify::post; }
    "/verify/resend" { POST Everybody verify::resend; }
    "/login" { GET Everybody account::sign_in::get; POST Everybody account::sign_in::post; }
    "/logout" { POST Owner account::sign_out; }
    "/reauthenticate" { GET Owner account::reauthenticate::get; POST Owner account::reauthenticate::post; }
    "/setup/{job}" { GET Owner setup::get; }
    "/setup/{job}/retry" { POST Owner setup::retry; }
    "/setup/{job}/state" { GET Owner setup::state; }
    "/setup/{job}/log" { GET Owner setup::lines; }
    "/setup/{job}/log/stream" { GET Owner setup::stream; }
    "/dashboard" { GET Owner dashboard::get; }
    "/dashboard/state" { GET Owner dashboard::state; }
    "/dashboard/new" { GET Owner dashboard::new::get; POST Owner dashboard::new::post; }
    "/dashboard/access" { GET Owner dashboard::access::get; }
    "/dashboard/access/reveal" { POST Owner dashboard::access::reveal; }
    "/dashboard/store/{change}" { GET Owner dashboard::change::get; POST Owner dashboard::change::post; }
    "/dashboard/jobs/{job}" { GET Owner dashboard::job::get; }
    "/dashboard/jobs/{job}/state" { GET Owner dashboard::job::state; }
    "/dashboard/jobs/{job}/log" { GET Owner dashboard::job::lines; }
    "/dashboard/jobs/{job}/log/stream" { GET Owner dashboard::job::stream; }
    "/dashboard/database" { GET Owner dashboard::database::get; POST Owner dashboard::database::start; }
    "/dashboard/database/open" { POST Owner dashboard::database::open; }
    "/dashboard/database/stop" { POST Owner dashboard::database::stop; }
    "/dashboard/database/state" { GET Owner dashboard::database::state; }
    "/dashboard/delete" { GET Owner dashboard::delete::get; POST Owner dashboard::delete::post; }
    "/dashboard/delete/cancel" { POST Owner dashboard::delete::cancel; }
    "/admin/login" { GET Everybody staff_session::get; POST Everybody staff_session::post; }
    "/admin/logout" { POST StaffPassword staff_session::sign_out; }
    "/admin/password" { GET StaffPassword staff_session::password::get; POST StaffPassword staff_session::password::post; }
    "/admin" { GET Staff admin::overview::get; }
    "/admin/customers" { GET Staff admin::customers::get; }
    "/admin/customers/{id}" { GET Staff admin::customer::overview; }
    "/admin/customers/{id}/provisioning" { GET Staff admin::customer::provisioning; }
    "/admin/customers/{id}/audit" { GET Staff admin::customer::audit; }
    "/admin/customers/{id}/store/{change}" { GET Operator admin::store_change::get; POST Operator admin::store_change::post; }
    "/admin/jobs" { GET Staff admin::jobs::get; }
    "/admin/jobs/bulk" { POST Operator admin::jobs::bulk; }
    "/admin/jobs/{job}" { GET Staff admin::job::get; }
    "/admin/jobs/{job}/state" { GET Staff admin::job::state; }
    "/admin/jobs/{job}/log" { GET Staff admin::job::lines; }
    "/admin/jobs/{job}/log/stream" { GET Staff admin::job::stream; }
    "/admin/jobs/{job}/log/find" { GET Staff admin::job::find; }
    "/admin/jobs/{job}/log.txt" { GET Staff admin::job::text; }
    "/admin/jobs/{job}/log.jsonl" { GET Staff admin::job::jsonl; }
    "/admin/jobs/{job}/retry" { GET Operator admin::job_action::retry_page; POST Operator admin::job_action::retry; }
    "/admin/jobs/{job}/cancel" { GET Operator admin::job_action::cancel_page; POST Operator admin::job_action::cancel; }
    "/admin/jobs/{job}/cleanup" { GET Operator admin::job_action::cleanup_page; POST Operator admin::job_action::cleanup; }
    "/admin/jobs/{job}/release" { POST Operator admin::job_action::release; }
    "/admin/system" { GET Staff admin::system::get; }
}

/// The routes of the address a request asks for, empty when there is none.
#[must_use]
pub fn find(request: &ServiceRequest) -> Vec<&'static Route> {
    let Some(pattern) = request.match_pattern() else { return Vec::new() };
    ROUTES.iter().filter(|r| r.path == pattern).collect()
}

/// Whether a route takes a verb.
#[must_use]
pub fn takes(route: &Route, method: &Method) -> bool {
    route.method == method.as_str() || route.method == "GET" && *method == Method::HEAD
}

fn verb(context: &GuardContext<'_>, listed: &str) -> bool {
    let method = &context.head().method;
    method.as_str() == listed || listed == "GET" && *method == Method::HEAD
}

/// What the pipeline refused cannot get here; this is the second wall.
async fn nowhere() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}
