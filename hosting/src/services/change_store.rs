//! Changes of a store in service, each a job: suspend, resume, restart, maintenance, a new password
//! for its administrator, another plan, another name. One way for all of them: who may, in which
//! states, one changing job at a time, an audit row in the same transaction.

use super::resellers::{Whose, whose};
use super::settings::Values;
use super::store_wish::TAKEN;
use super::{ServiceError, Services, audited_store, transfer_store};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::stores::Store;
use crate::db::{Queries, Tx};
use crate::domain::rights::{Capability, Reach, may};
use crate::domain::store::SuspendCause;
use crate::domain::{Actor, HumanText, Role, Slug, StoreState};
use crate::jobs::{self, ChangeArgs};
use crate::transact;

/// Longest reason, characters.
const REASON_MAX: usize = 400;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChange {
    /// Stop it, keep its data. `reason` is what its owner reads.
    Suspend { cause: SuspendCause, reason: String },
    /// Start it again.
    Resume { reason: String },
    /// Stop and start its containers.
    Restart,
    /// Visitors see the maintenance page, or its end.
    Maintenance { on: bool },
    /// A new password for its administrator.
    ResetAdminPassword,
    /// The limits of another plan, by its slug.
    ChangePlan { plan: String, reason: String },
    /// Another name.
    Rename { name: String },
    /// Another first label of the web address.
    ChangeAddress { address: String },
    /// Another customer's, at once; owners offer it instead (`transfer_store`).
    Transfer { email: String, reason: String },
}

impl StoreChange {
    fn kind(&self) -> &'static str {
        match self {
            Self::Suspend { .. } => jobs::SUSPEND_STORE,
            Self::Resume { .. } => jobs::RESUME_STORE,
            Self::Restart => jobs::RESTART_STORE,
            Self::Maintenance { on: true } => jobs::START_MAINTENANCE,
            Self::Maintenance { on: false } => jobs::END_MAINTENANCE,
            Self::ResetAdminPassword => jobs::RESET_ADMIN_PASSWORD,
            Self::ChangePlan { .. } => jobs::CHANGE_PLAN,
            Self::Rename { .. } => jobs::RENAME_STORE,
            Self::ChangeAddress { .. } => jobs::CHANGE_ADDRESS,
            Self::Transfer { .. } => jobs::TRANSFER_STORE,
        }
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Suspend { .. } => "store.suspend",
            Self::Resume { .. } => "store.resume",
            Self::Restart => "store.restart",
            Self::Maintenance { on: true } => "store.start_maintenance",
            Self::Maintenance { on: false } => "store.end_maintenance",
            Self::ResetAdminPassword => "store.reset_admin_password",
            Self::ChangePlan { .. } => "store.change_plan",
            Self::Rename { .. } => "store.rename",
            Self::ChangeAddress { .. } => "store.change_address",
            Self::Transfer { .. } => "store.transfer",
        }
    }

    /// The rights table (threat-model §4.8): who works on stores changes those within reach. Whether a store runs and
    /// how large it is, is decided by whoever looks after its owner, not by the owner; a password is its owner's alone.
    #[must_use]
    pub fn allowed_to(&self, role: Role, whose: Whose) -> bool {
        let works = |reach| may(role, Capability::WorkOnStores, reach);
        match self {
            Self::Transfer { .. } => works(Reach::All),
            Self::Suspend { .. } | Self::Resume { .. } => works(whose.reach().max(Reach::OwnCustomers)),
            // What a reseller has themselves, they buy from us.
            Self::ChangePlan { .. } => works(if whose == Whose::Own { Reach::All } else { whose.reach() }),
            Self::Restart | Self::Maintenance { .. } | Self::Rename { .. } | Self::ChangeAddress { .. } => {
                works(whose.reach())
            }
            Self::ResetAdminPassword => match whose {
                Whose::Own => matches!(role, Role::Customer | Role::Reseller),
                Whose::Customers => false,
                Whose::Anybodys => role == Role::Operator,
            },
        }
    }

    fn wanted_state(&self) -> StoreState {
        if matches!(self, Self::Resume { .. }) { StoreState::Suspended } else { StoreState::Active }
    }
}

/// Orders the change. The caller had the password proven where the change asks for it.
///
/// # Errors
/// `NotFound` for a store of others, `Denied`, `Invalid` with fields (`reason`, `plan`, `name`), `Conflict` when the store is in another
/// state, is so already, or another job is changing it.
pub async fn change_store(
    services: &Services,
    actor: &Actor,
    store_id: u64,
    change: &StoreChange,
) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => order(&mut tx, services, actor, store_id, change))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn order(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store_id: u64,
    change: &StoreChange,
) -> Result<JobRef, ServiceError> {
    let state = tx.stores().lock(store_id).await?.ok_or(ServiceError::NotFound)?;
    let store = tx.stores().get(store_id).await?.ok_or(ServiceError::NotFound)?;
    let whose = whose(tx, actor, store.customer_id).await?;
    if !change.allowed_to(actor.role, whose) {
        return Err(ServiceError::Denied("admin or super admin"));
    }
    if state != change.wanted_state() {
        return Err(ServiceError::Conflict(format!("The store is {} now", state.as_str())));
    }
    let mut args = ChangeArgs { store_id, ..ChangeArgs::default() };
    let mut details = serde_json::json!({ "name": store.name });
    match change {
        StoreChange::Suspend { cause, reason } => {
            let reason = need_reason(reason)?;
            details["reason"] = reason.into();
            details["cause"] = cause.as_str().into();
        }
        StoreChange::Resume { .. } if actor.role == Role::Reseller && store.suspended_by != actor.role.as_str() => {
            return Err(ServiceError::Conflict("We have suspended this store ourselves. Ask us to resume it".into()));
        }
        StoreChange::Resume { reason } => details["reason"] = need_reason(reason)?.into(),
        StoreChange::Maintenance { on } if store.maintenance == *on => {
            let words = if *on { "Maintenance is on already" } else { "Maintenance is off already" };
            return Err(ServiceError::Conflict(words.into()));
        }
        StoreChange::ChangePlan { plan, reason } => {
            let reason = need_reason(reason)?;
            let is_slug = plan.len() <= 40 && plan.bytes().all(|b| b.is_ascii_graphic());
            let found = if is_slug { tx.plans().find(plan).await? } else { None };
            let plan = found.ok_or_else(|| ServiceError::field("plan", "Choose a plan"))?;
            if let (Whose::Customers, Some(me)) = (whose, actor.id)
                && !tx.resellers().plans(me).await?.contains(&plan.id)
            {
                return Err(ServiceError::field("plan", "You may not sell this plan. Choose one of yours"));
            }
            if plan.id == store.plan_id {
                return Err(ServiceError::field("plan", format!("The store has {} already", plan.name)));
            }
            // Said here as far as it was measured; the job measures again.
            let used = tx.store_usage().last_disk_bytes(store_id).await?.unwrap_or_default();
            if let Some(why) = plan.too_small_for(used) {
                return Err(ServiceError::field("plan", why));
            }
            args.plan_id = Some(plan.id);
            details["reason"] = reason.into();
            details["plan"] = plan.slug.into();
        }
        StoreChange::Rename { name } => {
            let name = HumanText::parse("store name", name).map_err(|e| ServiceError::field("name", e.0))?;
            if name.as_str() == store.name {
                return Err(ServiceError::field("name", "This is its name already"));
            }
            args.name = Some(name.as_str().to_owned());
            details["new_name"] = name.as_str().into();
        }
        StoreChange::ChangeAddress { address } => {
            let slug = Slug::parse(address).map_err(|e| ServiceError::field("address", e.0))?;
            if slug.as_str() == store.slug {
                return Err(ServiceError::field("address", "This is its web address already"));
            }
            let base = Values::load(&services.db).await?.text("base_domain").to_owned();
            let host = slug.under(&base);
            // Taken for good by the job; said here already, where the person can choose another.
            let own = tx.stores().former_addresses(store_id).await?.contains(&host);
            if !own && tx.stores().address_taken(&host, None).await? {
                return Err(ServiceError::field("address", TAKEN));
            }
            args.slug = Some(slug.as_str().to_owned());
            details["host"] = host.into();
        }
        StoreChange::Transfer { email, reason } => {
            details["reason"] = need_reason(reason)?.into();
            if store.delete_after.is_some() {
                return Err(ServiceError::Conflict("This store will be deleted. Cancel that first".into()));
            }
            // An offer that stands says something else: what staff decide ends it.
            if let Some(open) = tx.store_transfers().open_of_store(store_id).await? {
                tx.store_transfers().move_on(open.id, &open.state, "withdrawn").await?;
            }
            let to = transfer_store::named(tx, &store, email).await?;
            details["to"] = to.email.clone().into();
            args.to_customer = Some(to.id);
        }
        StoreChange::Restart | StoreChange::Maintenance { .. } | StoreChange::ResetAdminPassword => {}
    }
    // The job before any change: its unique key refuses while another job is changing the store.
    let job = match change {
        StoreChange::Transfer { .. } => transfer_store::order(tx, actor, &store, &args).await?,
        _ => insert(tx, actor, &store, change, &args).await?,
    };
    if let StoreChange::Suspend { cause, reason } = change {
        tx.stores().set_suspension(store_id, *cause, need_reason(reason)?, actor.role).await?;
    }
    details["job"] = job.uid.to_string().into();
    audited_store(tx, services, actor, &store, change.action(), details).await?;
    Ok(job)
}

async fn insert(
    tx: &mut Tx,
    actor: &Actor,
    store: &Store,
    change: &StoreChange,
    args: &ChangeArgs,
) -> Result<JobRef, ServiceError> {
    let mut job = NewJob::for_store(change.kind(), store.id, store.customer_id, store.server_id, actor);
    job.args = serde_json::to_value(args).unwrap_or_default();
    tx.jobs().insert(&job).await.map_err(|e| {
        if e.is_duplicate("jobs_one_change_per_store") {
            ServiceError::Conflict("Another job is changing this store. Wait until it has ended".into())
        } else {
            e.into()
        }
    })
}

fn need_reason(text: &str) -> Result<&str, ServiceError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ServiceError::field("reason", "Give a reason"));
    }
    if text.chars().count() > REASON_MAX || text.chars().any(char::is_control) {
        return Err(ServiceError::field("reason", format!("Use one line of at most {REASON_MAX} characters")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_of_every_change() {
        let staff_only = [
            StoreChange::Suspend { cause: SuspendCause::Other, reason: String::new() },
            StoreChange::Resume { reason: String::new() },
            StoreChange::ChangePlan { plan: String::new(), reason: String::new() },
        ];
        // Between anybody's customers: staff alone.
        let transfer = StoreChange::Transfer { email: String::new(), reason: String::new() };
        for (role, whose) in
            [(Role::Reseller, Whose::Customers), (Role::Customer, Whose::Own), (Role::Support, Whose::Anybodys)]
        {
            assert!(!transfer.allowed_to(role, whose), "{role:?}");
        }
        assert!(transfer.allowed_to(Role::Admin, Whose::Anybodys));
        let owners = [
            StoreChange::Restart,
            StoreChange::Maintenance { on: true },
            StoreChange::Rename { name: String::new() },
            StoreChange::ResetAdminPassword,
        ];
        for change in staff_only.iter().chain(&owners) {
            for nobody in [Role::Visitor, Role::Support, Role::Customer, Role::Reseller] {
                assert!(!change.allowed_to(nobody, Whose::Anybodys), "{change:?} {nobody:?}");
            }
            assert!(!change.allowed_to(Role::Customer, Whose::Customers), "{change:?}");
        }
        for change in &staff_only {
            assert!(!change.allowed_to(Role::Customer, Whose::Own), "{change:?}");
            assert!(change.allowed_to(Role::Admin, Whose::Anybodys), "{change:?}");
            assert!(change.allowed_to(Role::Reseller, Whose::Customers), "{change:?}");
        }
        for change in &owners {
            for owner in [Role::Customer, Role::Reseller] {
                assert!(change.allowed_to(owner, Whose::Own), "{change:?} {owner:?}");
            }
            // A password shows its owner's things to whoever has it.
            let password = *change == StoreChange::ResetAdminPassword;
            assert_eq!(change.allowed_to(Role::Reseller, Whose::Customers), !password, "{change:?}");
        }
        let larger = StoreChange::ChangePlan { plan: String::new(), reason: String::new() };
        assert!(!larger.allowed_to(Role::Reseller, Whose::Own));
        assert!(!StoreChange::ResetAdminPassword.allowed_to(Role::SuperAdmin, Whose::Anybodys));
    }

    #[test]
    fn a_reason_is_one_line() {
        assert!(need_reason("  ").is_err() && need_reason("a\nb").is_err() && need_reason(&"x".repeat(401)).is_err());
        assert_eq!(need_reason(" Bill 7 is open ").unwrap(), "Bill 7 is open");
    }
}
