//! Starts deletions whose waiting time is over, frees addresses nobody confirmed, forgets old rows.

use crate::engine::{Job, Step, StepContext, StepError, StepResult, Weight};
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::domain::{Actor, StoreState};
use hosting::services::change_ticket::close_solved;
use hosting::services::close_account::{self, Closing};
use hosting::services::second_factor::way_back;
use hosting::services::settings::Values;
use hosting::services::{ServiceError, Services, delete_store, view_customer};
use serde_json::json;
use std::sync::Arc;

/// Hours a sign-up holds its address without confirmation; the link lives as long.
const CONFIRM_HOURS: u32 = 24;

/// The job.
pub struct Housekeeping {
    steps: Vec<Arc<dyn Step>>,
}

impl Housekeeping {
    /// With what its steps need.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self {
            steps: vec![
                Arc::new(StartDeletions { services: services.clone() }),
                Arc::new(CloseAccounts { services: services.clone() }),
                Arc::new(FreeAddresses { services: services.clone() }),
                Arc::new(CloseTickets { services: services.clone() }),
                Arc::new(Forget { services }),
            ],
        }
    }
}

impl Job for Housekeeping {
    fn kind(&self) -> &'static str {
        hosting::jobs::HOUSEKEEPING
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

struct StartDeletions {
    services: Services,
}

#[async_trait]
impl Step for StartDeletions {
    fn name(&self) -> &'static str {
        "start_deletions"
    }
    fn title(&self) -> &'static str {
        "Start deletions that are due"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let due = self.services.db.read().await?.stores().due_for_deletion(50).await?;
        let mut started = 0;
        for store in due {
            match delete_store::delete_now(
                &self.services,
                &Actor::system("schedule"),
                store,
                "the waiting time is over",
            )
            .await
            {
                Ok(job) => {
                    started += 1;
                    cx.detail(format!("Deletion started: job {}", job.uid));
                }
                // Another job is changing it: next minute.
                Err(ServiceError::Conflict(words)) => cx.detail(format!("Store {store} waits: {words}")),
                Err(ServiceError::Db(e)) => return Err(e.into()),
                Err(other) => {
                    return Err(StepError::last("deletion_refused", "A deletion could not be started", other));
                }
            }
        }
        Ok(json!({ "started": started }))
    }
}

struct CloseAccounts {
    services: Services,
}

#[async_trait]
impl Step for CloseAccounts {
    fn name(&self) -> &'static str {
        "close_accounts"
    }
    fn title(&self) -> &'static str {
        "Close accounts that are due"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let due = self.services.db.read().await?.erasure().due(20).await?;
        let mut erased = 0;
        for customer in due {
            match close_account::proceed(&self.services, customer).await {
                Ok(Closing::Erased) => {
                    erased += 1;
                    cx.detail(format!("Customer {customer} is forgotten"));
                }
                Ok(Closing::Stores) => cx.detail(format!("Customer {customer} waits for the end of their stores")),
                Ok(Closing::Jobs) => cx.detail(format!("Customer {customer} waits for their last mail and jobs")),
                Err(ServiceError::Db(e)) => return Err(e.into()),
                Err(other) => return Err(StepError::last("closing_refused", "An account could not be closed", other)),
            }
        }
        Ok(json!({ "erased": erased }))
    }
}

struct FreeAddresses {
    services: Services,
}

#[async_trait]
impl Step for FreeAddresses {
    fn name(&self) -> &'static str {
        "free_addresses"
    }
    fn title(&self) -> &'static str {
        "Free addresses nobody confirmed"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let mut tx = self.services.db.begin().await?;
        let abandoned = tx.stores().abandoned(CONFIRM_HOURS, 100).await?;
        for store in &abandoned {
            tx.stores().release_addresses(*store).await?;
            tx.stores().move_state(*store, StoreState::Requested, StoreState::Deleted).await?;
        }
        tx.commit().await?;
        if !abandoned.is_empty() {
            cx.detail(format!(
                "{} sign-ups were not confirmed within {CONFIRM_HOURS} h; their addresses are free again",
                abandoned.len()
            ));
        }
        Ok(json!({ "freed": abandoned.len() }))
    }
}

struct CloseTickets {
    services: Services,
}

#[async_trait]
impl Step for CloseTickets {
    fn name(&self) -> &'static str {
        "close_tickets"
    }
    fn title(&self) -> &'static str {
        "Close tickets that were solved"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let days = Values::load(&self.services.db).await?.number("ticket_close_days").max(1);
        match close_solved(&self.services, days).await {
            Ok(0) => Ok(json!({ "closed": 0 })),
            Ok(closed) => {
                cx.detail(format!("{closed} tickets were solved {days} days ago and are closed"));
                Ok(json!({ "closed": closed }))
            }
            Err(ServiceError::Db(e)) => Err(e.into()),
            Err(other) => Err(StepError::last("tickets_refused", "Solved tickets could not be closed", other)),
        }
    }
}

struct Forget {
    services: Services,
}

#[async_trait]
impl Step for Forget {
    fn name(&self) -> &'static str {
        "forget"
    }
    fn title(&self) -> &'static str {
        "Forget what is old"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let mut conn = self.services.db.read().await?;
        let sign_in = conn.expiry().sign_in().await?;
        let lines = conn.expiry().lines().await?;
        let jobs = conn.expiry().scheduled_jobs().await?;
        let deliveries = conn.expiry().deliveries().await?;
        let mails = conn.expiry().mails().await?;
        let usage = conn.store_usage().forget_old().await?;
        conn.service_processes().forget_old().await?;
        let days = Values::load(&self.services.db).await?.number("service_log_days").max(1);
        let logged = conn.service_lines().forget_old(days).await?;
        if sign_in + lines + jobs + deliveries + mails + usage + logged > 0 {
            cx.detail(format!(
                "Forgot {sign_in} sign-in rows, {lines} log lines, {jobs} housekeeping jobs, {deliveries} deliveries, \
                 {mails} mails of the log, {usage} rows of usage, {logged} lines of services"
            ));
        }
        drop(conn);
        let views = view_customer::end::sweep(&self.services)
            .await
            .map_err(|e| StepError::last("views_refused", "Views that are over could not be ended", e))?;
        let factors = way_back::proceed(&self.services)
            .await
            .map_err(|e| StepError::last("factors_refused", "Lost second factors could not be removed", e))?;
        if factors > 0 {
            cx.detail(format!("Removed {factors} lost second factors whose wait was over"));
        }
        Ok(json!({ "sign_in": sign_in, "lines": lines, "jobs": jobs, "deliveries": deliveries, "usage": usage,
            "views": views, "factors": factors }))
    }
}
