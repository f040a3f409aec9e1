//! What every request reaches: services, limits, the progress hub, cached settings.

use crate::kept::{Away, Kept};
use crate::rate_limit::RateLimits;
use crate::routes::admin::overview::Facts;
use crate::stream::StreamCaps;
use hosting::config::WebConfig;
use hosting::db::plans::Plan;
use hosting::db::servers::Server;
use hosting::db::{DbResult, Queries};
use hosting::progress::Hub;
use hosting::services::passwords::Passwords;
use hosting::services::settings::Values;
use hosting::services::{Services, place_store};
use hosting::store_logs::LogHub;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Shared by all workers of the process.
#[derive(Clone)]
pub struct AppState {
    /// Database, queue, keys.
    pub services: Services,
    /// Own address and cookie rules.
    pub config: WebConfig,
    /// One follower of progress for all watchers.
    pub hub: Hub,
    /// One follower of store logs for all watchers.
    pub logs: LogHub,
    /// Hashing with a cap on how many run at once.
    pub passwords: Passwords,
    /// Counters per purpose.
    pub limits: RateLimits,
    /// How many streams are open.
    pub streams: StreamCaps,
    /// Renders `/metrics`.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the process is told to stop; ends streams.
    pub stop: CancellationToken,
    /// Key of the JSON API's access tokens.
    pub api_key: [u8; 32],
    /// Key of form tokens and pre-sign-in cookies.
    pub form_key: [u8; 32],
    cache: Arc<Cache>,
}

struct Cache {
    settings: Kept<Values>,
    plans: Kept<Vec<Plan>>,
    servers: Kept<Vec<Server>>,
    full: Kept<bool>,
    overview: Kept<Facts>,
    away: Away,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            settings: Kept::for_up_to(FRESH),
            plans: Kept::for_up_to(FRESH),
            servers: Kept::for_up_to(FRESH),
            full: Kept::for_up_to(FRESH),
            overview: Kept::for_up_to(OVERVIEW_FRESH),
            away: Away::default(),
        }
    }
}

/// Settings take effect within this time; no restart.
const FRESH: Duration = Duration::from_secs(2);
/// The overview is the same for all staff, who reload it; it says when it was looked at.
const OVERVIEW_FRESH: Duration = Duration::from_secs(1);

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("config", &self.config).finish_non_exhaustive()
    }
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        services: Services,
        config: WebConfig,
        hub: Hub,
        metrics: Option<PrometheusHandle>,
        stop: CancellationToken,
    ) -> Self {
        let form_key = services.keys.derive("web/forms");
        let api_key = services.keys.derive("api/access-tokens");
        Self {
            limits: RateLimits::new(services.queue.clone()),
            passwords: Passwords::new(),
            streams: StreamCaps::default(),
            logs: LogHub::start(services.queue.clone(), stop.clone()),
            services,
            config,
            hub,
            metrics,
            stop,
            api_key,
            form_key,
            cache: Arc::default(),
        }
    }

    /// Settings, at most two seconds old; older ones (or defaults) while the database is away.
    pub async fn settings(&self) -> Arc<Values> {
        self.cache.settings.get(&self.cache.away, Values::load(&self.services.db)).await.unwrap_or_default()
    }

    /// Plans on offer, at most two seconds old; older ones while the database is away.
    ///
    /// # Errors
    /// The database is away and was never reached before.
    pub async fn plans(&self) -> DbResult<Arc<Vec<Plan>>> {
        let read = async { self.services.db.read().await?.plans().list_public().await };
        self.cache.plans.get(&self.cache.away, read).await
    }

    /// Servers with the number of their stores, at most two seconds old, for showing only: counting the stores takes
    /// longer the more there are. Older ones while the database is away.
    ///
    /// # Errors
    /// The database is away and was never reached before.
    pub async fn servers(&self) -> DbResult<Arc<Vec<Server>>> {
        let read = async { self.services.db.read().await?.servers().list().await };
        self.cache.servers.get(&self.cache.away, read).await
    }

    /// Whether a store ordered now would wait for a place, kept as the servers are.
    ///
    /// # Errors
    /// The database is away and was never reached before.
    pub async fn no_place_left(&self) -> DbResult<Arc<bool>> {
        let read = place_store::no_place_left(&self.services.db);
        self.cache.full.get(&self.cache.away, read).await
    }

    /// What the overview shows, at most a second old; never older, because staff act on it.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn overview(&self) -> DbResult<Arc<Facts>> {
        self.cache.overview.now(Facts::read(&self.services)).await
    }
}
