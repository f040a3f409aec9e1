//! The table of contents of the site: every address, its verbs, who may, and the handler.
//! The pipeline reads rights from here, the tests read it too; nothing is registered elsewhere.

use crate::api;
use crate::error::WebError;
use crate::routes::{
    account, admin, dashboard, health, home, keep_factor, passkey_proof, passkeys, password, pricing, reseller,
    second_factor, session, setup, sign_up, staff_session, theme, verify, viewing, webhooks, with,
};
use actix_web::dev::{ResourceDef, ServiceRequest};
use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use hosting::domain::rights::{Capability, Reach};
use std::sync::LazyLock;

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
    /// A signed-in reseller; only own customers are found.
    Reseller,
    /// A signed-in shop owner with their own tickets.
    OwnerTickets,
    /// Any staff.
    Staff,
    /// Staff who answer tickets.
    Desk,
    /// Staff who may change things: admin and super admin.
    Operator,
    /// Staff who manage staff: super admin.
    StaffManager,
    /// Staff who create, change and close customers: admin and super admin.
    CustomerManager,
    /// Staff who keep the audit log and the settings: super admin.
    SuperAdmin,
    /// Staff who make customers resellers: admin and super admin.
    ResellerManager,
    /// Staff who may look at a customer's panel.
    Viewer,
    /// Any staff, also with a temporary password.
    StaffPassword,
    /// Any staff with a password of their own, also without the second factor they owe.
    StaffFactor,
    /// JSON API: everybody.
    ApiOpen,
    /// JSON API: customers and staff; customers find their own only.
    ApiAny,
    /// JSON API: customers.
    ApiOwner,
    /// JSON API: customers with their own tickets, staff with all.
    ApiTickets,
    /// JSON API: staff who answer tickets.
    ApiDesk,
    /// JSON API: customers with their own webhooks, admins with the panel's.
    ApiHooks,
    /// JSON API: customers, on their own stores, and staff who operate.
    ApiWork,
    /// JSON API: resellers; they find their own customers only.
    ApiReseller,
    /// JSON API: whoever looks after a store's owner: resellers, on stores of their customers, and staff who operate.
    ApiKeeper,
    /// JSON API: any staff.
    ApiStaff,
    /// JSON API: admin and super admin.
    ApiOperator,
    /// JSON API: staff who create, change and close customers: admin and super admin.
    ApiCustomerManager,
    /// JSON API: staff who make customers resellers: admin and super admin.
    ApiResellerManager,
    /// JSON API: staff who manage staff: super admin.
    ApiStaffManager,
    /// JSON API: super admin (settings, checking the audit log).
    ApiSuper,
}

/// Whose session an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// None is needed.
    Open,
    /// A shop owner's.
    Owner,
    /// A staff member's.
    Staff,
    /// A credential of the JSON API, which `api::gate` looks at.
    Api,
}

impl Access {
    /// Whose session it takes.
    #[must_use]
    pub fn area(self) -> Area {
        match self {
            Self::Operations | Self::Asset | Self::Everybody | Self::ApiOpen => Area::Open,
            Self::Owner | Self::OwnerTickets | Self::Reseller => Area::Owner,
            Self::Staff
            | Self::Desk
            | Self::Operator
            | Self::StaffManager
            | Self::CustomerManager
            | Self::SuperAdmin
            | Self::ResellerManager
            | Self::Viewer
            | Self::StaffPassword
            | Self::StaffFactor => Area::Staff,
            Self::ApiAny
            | Self::ApiOwner
            | Self::ApiWork
            | Self::ApiTickets
            | Self::ApiDesk
            | Self::ApiHooks
            | Self::ApiReseller
            | Self::ApiKeeper
            | Self::ApiStaff
            | Self::ApiOperator
            | Self::ApiCustomerManager
            | Self::ApiResellerManager
            | Self::ApiStaffManager
            | Self::ApiSuper => Area::Api,
        }
    }

    /// The right it asks for (`hosting::domain::rights`); `None` only where no session is needed. Which of the
    /// objects within that reach, the handler's query decides: what is not the caller's is not found.
    #[must_use]
    pub fn needs(self) -> Option<(Capability, Reach)> {
        match self {
            Self::Operations | Self::Asset | Self::Everybody | Self::ApiOpen => None,
            Self::Owner | Self::ApiAny | Self::ApiOwner => Some((Capability::ViewStores, Reach::Own)),
            Self::OwnerTickets | Self::ApiTickets => Some((Capability::AnswerTickets, Reach::Own)),
            Self::Desk | Self::ApiDesk => Some((Capability::AnswerTickets, Reach::All)),
            Self::Staff | Self::StaffPassword | Self::StaffFactor | Self::ApiStaff => {
                Some((Capability::ViewStores, Reach::All))
            }
            Self::ApiHooks => Some((Capability::WorkOnStores, Reach::Own)),
            Self::Operator | Self::ApiOperator => Some((Capability::WorkOnStores, Reach::All)),
            Self::ApiWork => Some((Capability::WorkOnStores, Reach::Own)),
            Self::CustomerManager | Self::ApiCustomerManager => Some((Capability::ManageCustomers, Reach::All)),
            Self::StaffManager | Self::ApiStaffManager => Some((Capability::ManageStaff, Reach::All)),
            Self::ApiKeeper => Some((Capability::WorkOnStores, Reach::OwnCustomers)),
            Self::Reseller | Self::ApiReseller => Some((Capability::ManageCustomers, Reach::OwnCustomers)),
            Self::ResellerManager | Self::ApiResellerManager => Some((Capability::ManageResellers, Reach::All)),
            Self::Viewer => Some((Capability::ViewAsCustomer, Reach::All)),
            Self::SuperAdmin | Self::ApiSuper => Some((Capability::ExportAudit, Reach::All)),
        }
    }
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
    "/admin/theme" { POST Everybody theme::post; }
    "/signup" { GET Everybody sign_up::get; POST Everybody sign_up::post; }
    "/with/{code}" { GET Everybody with::get; }
    "/verify" { GET Everybody verify::get; POST Everybody verify::post; }
    "/verify/resend" { POST Everybody verify::resend; }
    "/login" { GET Everybody account::sign_in::get; POST Everybody account::sign_in::post; }
    "/password/forgot" { GET Everybody password::forgot::get; POST Everybody password::forgot::post; }
    "/password/reset" { GET Everybody password::reset::get; POST Everybody password::reset::post; }
    "/login/2fa" { GET Everybody second_factor::sign_in::owner; POST Everybody second_factor::sign_in::owner_post; }
    "/login/passkey/begin" { POST Everybody passkeys::ask; }
    "/login/passkey" { POST Everybody passkeys::owner; }
    "/admin/login/passkey/begin" { POST Everybody passkeys::ask; }
    "/admin/login/passkey" { POST Everybody passkeys::staff; }
    "/account/security" { GET Owner passkeys::get; }
    "/account/security/begin" { POST Owner passkeys::begin; }
    "/account/security/add" { POST Owner passkeys::finish; }
    "/account/security/{id}/remove" { POST Owner passkeys::take_away; }
    "/admin/security" { GET Staff passkeys::get; }
    "/admin/security/begin" { POST Staff passkeys::begin; }
    "/admin/security/add" { POST Staff passkeys::finish; }
    "/admin/security/{id}/remove" { POST Staff passkeys::take_away; }
    "/reseller" { GET Reseller reseller::get; }
    "/reseller/branding" { POST Reseller reseller::brand_post; }
    "/reseller/customers/new" { GET Reseller reseller::customers::new_page; POST Reseller reseller::customers::create; }
    "/reseller/customers/{id}" { GET Reseller reseller::customers::show; }
    "/reseller/customers/{id}/store" { GET Reseller reseller::store::new_page; POST Reseller reseller::store::create; }
    "/reseller/customers/{id}/store/{change}" { GET Reseller reseller::store::change_page; POST Reseller reseller::store::change_post; }
    "/reseller/customers/{id}/delete" { GET Reseller reseller::store::delete_page; POST Reseller reseller::store::delete_post; }
    "/reseller/customers/{id}/delete/cancel" { POST Reseller reseller::store::delete_cancel; }
    "/reseller/customers/{id}/logs" { GET Reseller reseller::watch::logs; }
    "/reseller/customers/{id}/logs/stream" { GET Reseller reseller::watch::stream; }
    "/reseller/customers/{id}/usage" { GET Reseller reseller::watch::usage; }
    "/reseller/tickets" { GET Reseller reseller::tickets::get; }
    "/reseller/tickets/{ticket}" { GET Reseller reseller::tickets::show; POST Reseller reseller::tickets::post; }
    "/reseller/tickets/{ticket}/solved" { POST Reseller reseller::tickets::solved; }
    "/reseller/tickets/{ticket}/files/{file}" { GET Reseller reseller::tickets::file; }
    "/reseller/events" { GET Reseller reseller::events::get; }
    "/reseller/jobs/{job}" { GET Reseller reseller::jobs::get; }
    "/reseller/jobs/{job}/retry" { POST Reseller reseller::jobs::retry; }
    "/reseller/jobs/{job}/state" { GET Reseller reseller::jobs::state; }
    "/reseller/jobs/{job}/log" { GET Reseller reseller::jobs::lines; }
    "/reseller/jobs/{job}/log/stream" { GET Reseller reseller::jobs::stream; }
    "/logout" { POST Owner account::sign_out; }
    "/session/state" { GET Owner session::state; }
    "/session/stay" { POST Owner session::stay; }
    "/session/again" { GET Owner session::again; }
    "/reauthenticate" { GET Owner account::reauthenticate::get; POST Owner account::reauthenticate::post; }
    "/reauthenticate/passkey/begin" { POST Owner passkey_proof::begin; }
    "/reauthenticate/passkey" { POST Owner passkey_proof::finish; }
    "/account" { GET Owner account::profile::get; POST Owner account::profile::post; }
    "/account/notices" { POST Owner account::profile::notices; }
    "/account/password" { GET Owner account::password::get; POST Owner account::password::post; }
    "/account/email" { GET Owner account::email::get; POST Owner account::email::post; }
    "/email/change" { GET Everybody account::email::link; POST Everybody account::email::press_link; }
    "/account/data" { GET Owner account::data::get; POST Owner account::data::post; }
    "/account/data/{export}" { GET Owner account::data::download; }
    "/account/close" { GET Owner account::data::close_page; POST Owner account::data::close; }
    "/account/close/cancel" { POST Owner account::data::close_cancel; }
    "/account/devices" { GET Owner account::devices::get; }
    "/account/devices/end" { POST Owner account::devices::end; }
    "/account/webhooks" { GET Owner webhooks::list; POST Owner webhooks::create; }
    "/account/webhooks/{hook}" { GET Owner webhooks::one; POST Owner webhooks::change; }
    "/account/webhooks/{hook}/secret" { POST Owner webhooks::rotate; }
    "/account/webhooks/{hook}/deliveries/{event}" { GET Owner webhooks::delivery; }
    "/account/webhooks/{hook}/deliveries/{event}/replay" { POST Owner webhooks::replay; }
    "/account/webhooks/{hook}/{verb}" { POST Owner webhooks::act; }
    "/account/2fa" { GET Owner second_factor::owner::get; }
    "/account/2fa/begin" { POST Owner second_factor::owner::begin; }
    "/account/2fa/confirm" { POST Owner second_factor::owner::confirm; }
    "/account/2fa/codes" { POST Owner second_factor::owner::codes; }
    "/account/2fa/off" { POST Owner second_factor::owner::off; }
    "/account/support" { POST Owner account::support::want; }
    "/account/support/{view}" { POST Owner account::support::answer; }
    "/keep-factor" { GET Everybody keep_factor::get; POST Everybody keep_factor::post; }
    "/view/consent" { GET Everybody viewing::consent_page; POST Everybody viewing::consent; }
    "/stop-viewing" { GET Everybody viewing::over; POST Everybody viewing::stop; }
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
    "/dashboard/transfer" { GET Owner dashboard::transfer::get; POST Owner dashboard::transfer::post; }
    "/dashboard/transfer/withdraw" { POST Owner dashboard::transfer::withdraw; }
    "/dashboard/offers/{offer}" { GET Owner dashboard::transfer::offer; POST Owner dashboard::transfer::accept; }
    "/dashboard/offers/{offer}/decline" { POST Owner dashboard::transfer::decline; }
    "/dashboard/files" { GET Owner dashboard::files::get; POST Owner dashboard::files::start; }
    "/dashboard/files/stop" { POST Owner dashboard::files::stop; }
    "/dashboard/files/state" { GET Owner dashboard::files::state; }
    "/dashboard/files/keys" { POST Owner dashboard::files::add_key; }
    "/dashboard/files/keys/{id}/remove" { POST Owner dashboard::files::remove_key; }
    "/dashboard/files/password" { POST Owner dashboard::files::password; }
    "/dashboard/files/password/remove" { POST Owner dashboard::files::remove_password; }
    "/dashboard/usage" { GET Owner dashboard::usage::get; }
    "/dashboard/logs" { GET Owner dashboard::logs::get; }
    "/dashboard/logs/stream" { GET Owner dashboard::logs::stream; }
    "/dashboard/delete" { GET Owner dashboard::delete::get; POST Owner dashboard::delete::post; }
    "/dashboard/delete/cancel" { POST Owner dashboard::delete::cancel; }
    "/dashboard/tickets" { GET OwnerTickets dashboard::tickets::get; }
    "/dashboard/tickets/new" { GET OwnerTickets dashboard::tickets::new_page; POST OwnerTickets dashboard::tickets::create; }
    "/dashboard/tickets/{ticket}" { GET OwnerTickets dashboard::tickets::show; POST OwnerTickets dashboard::tickets::write; }
    "/dashboard/tickets/{ticket}/solved" { POST OwnerTickets dashboard::tickets::solved; }
    "/dashboard/tickets/{ticket}/files/{file}" { GET OwnerTickets dashboard::tickets::file; }
    "/admin/login" { GET Everybody staff_session::get; POST Everybody staff_session::post; }
    "/admin/login/2fa" { GET Everybody second_factor::sign_in::staff; POST Everybody second_factor::sign_in::staff_post; }
    "/admin/2fa" { GET StaffFactor second_factor::staff::get; }
    "/admin/2fa/begin" { POST StaffFactor second_factor::staff::begin; }
    "/admin/2fa/confirm" { POST StaffFactor second_factor::staff::confirm; }
    "/admin/2fa/codes" { POST StaffFactor second_factor::staff::codes; }
    "/admin/2fa/off" { POST StaffFactor second_factor::staff::off; }
    "/admin/logout" { POST StaffPassword staff_session::sign_out; }
    "/admin/session/state" { GET StaffPassword session::state; }
    "/admin/session/stay" { POST StaffPassword session::stay; }
    "/admin/session/again" { GET StaffPassword session::again; }
    "/admin/password" { GET StaffPassword staff_session::password::get; POST StaffPassword staff_session::password::post; }
    "/admin" { GET Staff admin::overview::get; }
    "/admin/devices" { GET Staff account::devices::staff; }
    "/admin/devices/end" { POST Staff account::devices::end_staff; }
    "/admin/customers" { GET Staff admin::customers::get; }
    "/admin/customers/new" { GET CustomerManager admin::customer_forms::new_page; POST CustomerManager admin::customer_forms::create; }
    "/admin/customers/bulk" { POST CustomerManager admin::customers_bulk::post; }
    "/admin/customers/export" { POST CustomerManager admin::customers_bulk::export; }
    "/admin/customers/{id}/edit" { GET CustomerManager admin::customer_forms::edit_page; POST CustomerManager admin::customer_forms::edit; }
    "/admin/customers/{id}/close" { GET CustomerManager admin::customer_forms::close_page; POST CustomerManager admin::customer_forms::close; }
    "/admin/customers/{id}/reopen" { POST CustomerManager admin::customer_forms::reopen; }
    "/admin/customers/{id}" { GET Staff admin::customer::overview; }
    "/admin/customers/{id}/provisioning" { GET Staff admin::customer::provisioning; }
    "/admin/customers/{id}/tickets" { GET Desk admin::customer::tickets; }
    "/admin/customers/{id}/audit" { GET Staff admin::customer::audit; }
    "/admin/customers/{id}/usage" { GET Staff admin::customer::usage; }
    "/admin/customers/{id}/logs" { GET Staff admin::customer::logs; }
    "/admin/customers/{id}/logs/stream" { GET Staff admin::customer::logs_stream; }
    "/admin/customers/{id}/provider" { GET ResellerManager admin::provider::get; POST ResellerManager admin::provider::post; }
    "/admin/customers/{id}/reseller" { GET ResellerManager admin::reseller::get; POST ResellerManager admin::reseller::post; }
    "/admin/customers/{id}/reseller/end" { POST ResellerManager admin::reseller::end; }
    "/admin/customers/{id}/factor" { GET CustomerManager admin::lost_factor::get; POST CustomerManager admin::lost_factor::post; }
    "/admin/customers/{id}/factor/cancel" { POST CustomerManager admin::lost_factor::cancel; }
    "/admin/customers/{id}/view" { GET Viewer admin::view_customer::get; POST Viewer admin::view_customer::post; }
    "/admin/customers/{id}/store/{change}" { GET Operator admin::store_change::get; POST Operator admin::store_change::post; }
    "/admin/jobs" { GET Staff admin::jobs::get; }
    "/admin/jobs/dismiss" { GET Operator admin::dismiss::get; POST Operator admin::dismiss::post; }
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
    "/admin/tickets" { GET Desk admin::tickets::get; }
    "/admin/tickets/answers" { GET Desk admin::tickets::answers::get; POST Desk admin::tickets::answers::post; }
    "/admin/tickets/answers/{answer}" { GET Desk admin::tickets::answers::one; POST Desk admin::tickets::answers::change; }
    "/admin/tickets/answers/{answer}/delete" { POST Desk admin::tickets::answers::delete; }
    "/admin/tickets/{ticket}" { GET Desk admin::tickets::show::get; POST Desk admin::tickets::show::post; }
    "/admin/tickets/{ticket}/note" { POST Desk admin::tickets::show::add_note; }
    "/admin/tickets/{ticket}/state" { POST Desk admin::tickets::show::change_state; }
    "/admin/tickets/{ticket}/sort" { POST Desk admin::tickets::show::sort; }
    "/admin/tickets/{ticket}/files/{file}" { GET Desk admin::tickets::show::file; }
    "/admin/search" { GET Staff admin::search::get; }
    "/admin/schedules" { GET Staff admin::schedules::get; }
    "/admin/schedules/{name}/run" { POST Operator admin::schedules::run; }
    "/admin/schedules/{name}/pause" { POST Operator admin::schedules::pause; }
    "/admin/schedules/{name}/resume" { POST Operator admin::schedules::resume; }
    "/admin/ports" { GET Staff admin::ports::get; }
    "/admin/ports/widen" { POST Operator admin::ports::widen; }
    "/admin/ports/{server}/{port}/free" { GET Operator admin::ports::free_page; POST Operator admin::ports::free; }
    "/admin/logs" { GET Operator admin::logs::get; }
    "/admin/logs/stream" { GET Operator admin::logs::stream; }
    "/admin/mail" { GET Staff admin::mail::get; }
    "/admin/mail/test" { POST SuperAdmin admin::mail::test; }
    "/admin/mail/{id}/resend" { POST Operator admin::mail::resend; }
    "/admin/audit" { GET Staff admin::audit::get; }
    "/admin/audit/verify" { POST SuperAdmin admin::audit::verify; }
    "/admin/audit/export" { POST SuperAdmin admin::audit::export; }
    "/admin/webhooks" { GET Operator webhooks::list; POST Operator webhooks::create; }
    "/admin/webhooks/{hook}" { GET Operator webhooks::one; POST Operator webhooks::change; }
    "/admin/webhooks/{hook}/secret" { POST Operator webhooks::rotate; }
    "/admin/webhooks/{hook}/deliveries/{event}" { GET Operator webhooks::delivery; }
    "/admin/webhooks/{hook}/deliveries/{event}/replay" { POST Operator webhooks::replay; }
    "/admin/webhooks/{hook}/{verb}" { POST Operator webhooks::act; }
    "/admin/settings" { GET SuperAdmin admin::settings::get; }
    "/admin/settings/{group}" { POST SuperAdmin admin::settings::save; }
    "/admin/system" { GET Staff admin::system::get; }
    "/admin/system/restart" { GET SuperAdmin admin::system::restart_page; POST SuperAdmin admin::system::restart; }
    "/admin/reauthenticate" { GET StaffFactor admin::reauthenticate::get; POST StaffFactor admin::reauthenticate::post; }
    "/admin/reauthenticate/passkey/begin" { POST StaffFactor passkey_proof::begin; }
    "/admin/reauthenticate/passkey" { POST StaffFactor passkey_proof::finish; }
    "/admin/admins" { GET StaffManager admin::admins::get; }
    "/admin/admins/new" { GET StaffManager admin::admins::new::get; POST StaffManager admin::admins::new::post; }
    "/admin/admins/{id}" { GET StaffManager admin::admins::edit::get; POST StaffManager admin::admins::edit::post; }
    "/admin/admins/{id}/reset" { GET StaffManager admin::admins::action::reset_page; POST StaffManager admin::admins::action::reset; }
    "/admin/admins/{id}/factor" { POST StaffManager admin::admins::action::remove_factor; }
    "/admin/admins/{id}/delete" { GET StaffManager admin::admins::action::delete_page; POST StaffManager admin::admins::action::delete; }
    "/api/openapi.json" { GET Everybody api::openapi::get; }
    "/api/docs" { GET Everybody api::docs::get; }
    "/api/v1/auth/login" { POST ApiOpen api::auth::log_in; }
    "/api/v1/auth/refresh" { POST ApiOpen api::auth::refresh; }
    "/api/v1/auth/logout" { POST ApiAny api::auth::log_out; }
    "/api/v1/oauth/token" { POST ApiOpen api::oauth::token; }
    "/api/v1/account" { GET ApiAny api::account::get; }
    "/api/v1/account/devices" { GET ApiOwner api::account_security::devices; DELETE ApiOwner api::account_security::end_devices; }
    "/api/v1/account/devices/{id}" { DELETE ApiOwner api::account_security::end_device; }
    "/api/v1/account/sign-ins" { GET ApiAny api::account_security::sign_ins; }
    "/api/v1/account/events" { GET ApiOwner api::account_security::events; }
    "/api/v1/account/profile" { GET ApiOwner api::own_account::get; PUT ApiOwner api::own_account::change; }
    "/api/v1/account/mails" { PUT ApiOwner api::own_account::mails; }
    "/api/v1/account/email" { PUT ApiOwner api::own_account::email; }
    "/api/v1/account/exports" { GET ApiOwner api::own_account::exports; POST ApiOwner api::own_account::ask_export; }
    "/api/v1/account/exports/{id}" { GET ApiOwner api::own_account::download; }
    "/api/v1/account/closing" { PUT ApiOwner api::own_account::plan_closing; DELETE ApiOwner api::own_account::cancel_closing; }
    "/api/v1/account/support" { PUT ApiOwner api::own_account::support; }
    "/api/v1/account/views" { GET ApiOwner api::own_account::views; }
    "/api/v1/account/views/{id}" { PUT ApiOwner api::own_account::answer_view; }
    "/api/v1/tokens" { GET ApiAny api::tokens::list; POST ApiAny api::tokens::create; }
    "/api/v1/tokens/{id}" { DELETE ApiAny api::tokens::revoke; }
    "/api/v1/plans" { GET ApiOpen api::plans::list; }
    "/api/v1/stores" { GET ApiAny api::stores::list; POST ApiOwner api::stores::create; }
    "/api/v1/stores/{id}" { GET ApiAny api::stores::get; }
    "/api/v1/stores/{id}/deletion" { PUT ApiOwner api::stores::plan_deletion; DELETE ApiOwner api::stores::cancel_deletion; }
    "/api/v1/stores/{id}/credentials" { POST ApiOwner api::stores::credentials; }
    "/api/v1/stores/{id}/restart" { POST ApiWork api::store_changes::restart; }
    "/api/v1/stores/{id}/suspend" { POST ApiKeeper api::store_changes::suspend; }
    "/api/v1/stores/{id}/resume" { POST ApiKeeper api::store_changes::resume; }
    "/api/v1/stores/{id}/maintenance" { PUT ApiWork api::store_changes::maintenance; }
    "/api/v1/stores/{id}/admin-password" { POST ApiOwner api::store_changes::admin_password; }
    "/api/v1/stores/{id}/plan" { PUT ApiKeeper api::store_changes::plan; }
    "/api/v1/stores/{id}/name" { PUT ApiWork api::store_changes::name; }
    "/api/v1/stores/{id}/address" { PUT ApiWork api::store_changes::address; }
    "/api/v1/stores/{id}/database-page" { GET ApiOwner api::database_page::get; }
    "/api/v1/stores/{id}/database-page/start" { POST ApiOwner api::database_page::start; }
    "/api/v1/stores/{id}/database-page/stop" { POST ApiOwner api::database_page::stop; }
    "/api/v1/stores/{id}/file-access" { GET ApiOwner api::file_access::get; }
    "/api/v1/stores/{id}/file-access/start" { POST ApiOwner api::file_access::start; }
    "/api/v1/stores/{id}/file-access/stop" { POST ApiOwner api::file_access::stop; }
    "/api/v1/stores/{id}/file-access/keys" { POST ApiOwner api::file_access::add_key; }
    "/api/v1/stores/{id}/file-access/keys/{key}" { DELETE ApiOwner api::file_access::remove_key; }
    "/api/v1/stores/{id}/file-access/password" { POST ApiOwner api::file_access::make_password; DELETE ApiOwner api::file_access::remove_password; }
    "/api/v1/stores/{id}/log" { GET ApiAny api::store_log::get; }
    "/api/v1/stores/{id}/usage" { GET ApiAny api::store_usage::get; }
    "/api/v1/stores/{id}/transfer" { POST ApiOperator api::transfers::transfer; }
    "/api/v1/stores/{id}/offer" { GET ApiOwner api::transfers::get; POST ApiOwner api::transfers::offer; DELETE ApiOwner api::transfers::withdraw; }
    "/api/v1/offers" { GET ApiOwner api::transfers::list; }
    "/api/v1/offers/{id}/accept" { POST ApiOwner api::transfers::accept; }
    "/api/v1/offers/{id}/decline" { POST ApiOwner api::transfers::decline; }
    "/api/v1/jobs" { GET ApiAny api::jobs::list; }
    "/api/v1/jobs/bulk" { POST ApiOperator api::jobs_bulk::bulk; }
    "/api/v1/jobs/dismiss" { POST ApiOperator api::jobs_bulk::dismiss; }
    "/api/v1/jobs/counts" { GET ApiStaff api::jobs_bulk::counts; }
    "/api/v1/jobs/{id}" { GET ApiAny api::jobs::get; }
    "/api/v1/jobs/{id}/lines" { GET ApiAny api::jobs::lines; }
    "/api/v1/jobs/{id}/events" { GET ApiAny api::jobs::events; }
    "/api/v1/jobs/{id}/retry" { POST ApiAny api::jobs::retry; }
    "/api/v1/jobs/{id}/cancel" { POST ApiOperator api::jobs::cancel; }
    "/api/v1/jobs/{id}/cleanup" { POST ApiOperator api::jobs::cleanup; }
    "/api/v1/jobs/{id}/release" { POST ApiOperator api::jobs::release; }
    "/api/v1/customers" { GET ApiStaff api::customers::list; POST ApiCustomerManager api::customer_changes::create; }
    "/api/v1/customers/invite" { POST ApiCustomerManager api::customer_changes::invite; }
    "/api/v1/customers/export" { POST ApiCustomerManager api::customers::export; }
    "/api/v1/customers/{id}" { GET ApiStaff api::customers::get; }
    "/api/v1/customers/{id}/email" { PUT ApiCustomerManager api::customer_changes::email; }
    "/api/v1/customers/{id}/close" { POST ApiCustomerManager api::customer_changes::close; }
    "/api/v1/customers/{id}/reopen" { POST ApiCustomerManager api::customer_changes::reopen; }
    "/api/v1/customers/{id}/provider" { PUT ApiResellerManager api::customer_changes::provider; }
    "/api/v1/customers/{id}/factor" { PUT ApiCustomerManager api::customer_changes::reset_factor; DELETE ApiCustomerManager api::customer_changes::keep_factor; }
    "/api/v1/customers/{id}/reseller" { GET ApiStaff api::reseller_limits::get; PUT ApiResellerManager api::reseller_limits::set; DELETE ApiResellerManager api::reseller_limits::end; }
    "/api/v1/reseller" { GET ApiReseller api::resellers::get; }
    "/api/v1/reseller/brand" { PUT ApiReseller api::resellers::set_brand; }
    "/api/v1/reseller/customers" { GET ApiReseller api::resellers::list; POST ApiReseller api::resellers::create; }
    "/api/v1/reseller/customers/{id}" { GET ApiReseller api::resellers::one; }
    "/api/v1/reseller/customers/{id}/stores" { POST ApiReseller api::resellers::create_their_store; }
    "/api/v1/reseller/tickets" { GET ApiReseller api::tickets::list_of_customers; }
    "/api/v1/reseller/events" { GET ApiReseller api::resellers::list_events; }
    "/api/v1/staff" { GET ApiStaffManager api::staff::list; POST ApiStaffManager api::staff::create; }
    "/api/v1/staff/{id}" { GET ApiStaffManager api::staff::get; PUT ApiStaffManager api::staff::change; DELETE ApiStaffManager api::staff::delete; }
    "/api/v1/staff/{id}/reset" { POST ApiStaffManager api::staff::reset; }
    "/api/v1/staff/{id}/factor" { DELETE ApiStaffManager api::staff::remove_factor; }
    "/api/v1/ports" { GET ApiStaff api::ports::list; POST ApiOperator api::ports::widen; }
    "/api/v1/ports/{server}/{port}/free" { POST ApiOperator api::ports::free; }
    "/api/v1/mails" { GET ApiStaff api::mails::list; }
    "/api/v1/mails/test" { POST ApiSuper api::mails::test; }
    "/api/v1/mails/{id}/resend" { POST ApiOperator api::mails::resend; }
    "/api/v1/answers" { GET ApiDesk api::answers::list; POST ApiDesk api::answers::keep; }
    "/api/v1/answers/{id}" { PUT ApiDesk api::answers::change; DELETE ApiDesk api::answers::delete; }
    "/api/v1/tickets" { GET ApiTickets api::tickets::list; POST ApiOwner api::tickets::open; }
    "/api/v1/tickets/{id}" { GET ApiTickets api::tickets::get; }
    "/api/v1/tickets/{id}/messages" { GET ApiTickets api::tickets::messages; POST ApiTickets api::tickets::write; }
    "/api/v1/tickets/{id}/files/{file}" { GET ApiTickets api::tickets::file; }
    "/api/v1/tickets/{id}/notes" { GET ApiDesk api::tickets::notes; POST ApiDesk api::tickets::add_note; }
    "/api/v1/tickets/{id}/solved" { POST ApiTickets api::tickets::solve; }
    "/api/v1/tickets/{id}/closed" { POST ApiDesk api::tickets::close; }
    "/api/v1/tickets/{id}/reopened" { POST ApiDesk api::tickets::reopen; }
    "/api/v1/tickets/{id}/sorting" { PUT ApiDesk api::tickets::sort; }
    "/api/v1/webhooks" { GET ApiHooks api::webhooks::list; POST ApiHooks api::webhooks::create; }
    "/api/v1/webhooks/{id}" { GET ApiHooks api::webhooks::get; PUT ApiHooks api::webhooks::change; DELETE ApiHooks api::webhooks::delete; }
    "/api/v1/webhooks/{id}/pause" { POST ApiHooks api::webhooks::pause; }
    "/api/v1/webhooks/{id}/resume" { POST ApiHooks api::webhooks::resume; }
    "/api/v1/webhooks/{id}/secret" { POST ApiHooks api::webhooks::rotate; }
    "/api/v1/webhooks/{id}/test" { POST ApiHooks api::webhooks::test; }
    "/api/v1/webhooks/{id}/replay" { POST ApiHooks api::webhooks::replay_failed; }
    "/api/v1/webhooks/{id}/deliveries" { GET ApiHooks api::webhooks::deliveries; }
    "/api/v1/webhooks/{id}/deliveries/{event}" { GET ApiHooks api::webhooks::delivery; }
    "/api/v1/webhooks/{id}/deliveries/{event}/replay" { POST ApiHooks api::webhooks::replay; }
    "/api/v1/servers" { GET ApiStaff api::servers::list; }
    "/api/v1/schedules" { GET ApiStaff api::schedules::list; }
    "/api/v1/schedules/{name}/run" { POST ApiOperator api::schedules::run; }
    "/api/v1/schedules/{name}/pause" { POST ApiOperator api::schedules::pause; }
    "/api/v1/schedules/{name}/resume" { POST ApiOperator api::schedules::resume; }
    "/api/v1/audit" { GET ApiStaff api::audit::list; }
    "/api/v1/audit/export" { POST ApiSuper api::audit::export; }
    "/api/v1/audit/verification" { POST ApiSuper api::audit::verify; }
    "/api/v1/settings" { GET ApiOperator api::settings::list; }
    "/api/v1/settings/{name}" { PUT ApiSuper api::settings::set; DELETE ApiSuper api::settings::unset; }
    "/api/v1/system" { GET ApiStaff api::system::get; }
    "/api/v1/system/processes" { GET ApiStaff api::system::processes; }
    "/api/v1/system/processes/restart" { POST ApiSuper api::system::restart; }
    "/api/v1/system/log" { GET ApiOperator api::system::log; }
    "/api/v1/system/attention" { GET ApiStaff api::attention::list; }
}

/// Where staff stop looking at a customer's panel.
pub const STOP_VIEWING: &str = "/stop-viewing";

/// Owners' pages that staff may look at as the customer sees them. What is not in here stays closed to them: credentials,
/// the database, files, exports, tokens, and everything that changes something.
const VIEWABLE: &[&str] = &[
    "/account",
    "/account/devices",
    "/setup/{job}",
    "/setup/{job}/state",
    "/setup/{job}/log",
    "/setup/{job}/log/stream",
    "/dashboard",
    "/dashboard/state",
    "/dashboard/new",
    "/dashboard/store/{change}",
    "/dashboard/usage",
    "/dashboard/jobs/{job}",
    "/dashboard/jobs/{job}/state",
    "/dashboard/jobs/{job}/log",
    "/dashboard/jobs/{job}/log/stream",
    "/dashboard/delete",
    "/session/state",
];

/// Where whoever is warned says that they are still there.
pub const STAY: &str = "/session/stay";

/// Whether staff who look at a customer's panel get through.
#[must_use]
pub fn viewable(route: &Route) -> bool {
    let looks = route.method == "GET" && (route.access == Access::Everybody || VIEWABLE.contains(&route.path));
    looks || [STOP_VIEWING, STAY].contains(&route.path)
}

/// Whether scripts ask this address for as long as a page is open: nobody has to be there.
#[must_use]
pub fn asks_by_itself(route: &Route) -> bool {
    ["/state", "/log", "/stream"].iter().any(|end| route.path.ends_with(end))
}

/// Patterns in the order of the table, and whether a person can open what they lead to; made once, because making one costs.
static PAGES: LazyLock<Vec<(ResourceDef, bool)>> = LazyLock::new(|| {
    let mut pages: Vec<(ResourceDef, bool)> = Vec::new();
    for route in ROUTES {
        let opens = route.method == "GET" && !asks_by_itself(route);
        match pages.last_mut() {
            Some((pattern, page)) if pattern.pattern() == Some(route.path) => *page |= opens,
            _ => pages.push((ResourceDef::new(route.path), opens)),
        }
    }
    pages
});

/// Whether a path is a page that can be opened.
#[must_use]
pub fn is_a_page(path: &str) -> bool {
    PAGES.iter().find(|(pattern, _)| pattern.is_match(path)).is_some_and(|(_, page)| *page)
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
