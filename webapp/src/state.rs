//! What every request reaches: services, limits, the progress hub, cached settings.

use crate::rate_limit::RateLimits;
use crate::stream::StreamCaps;
use hosting::config::WebConfig;
use hosting::db::plans::Plan;
use hosting::db::{DbResult, Queries};
use hosting::progress::Hub;
use hosting::services::Services;
use hosting::services::passwords::Passwords;
use hosting::services::settings::Values;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
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
    cache: Arc<Mutex<Cache>>,
}

#[derive(Default)]
struct Cache {
    settings: Option<(Instant, Arc<Values>)>,
    plans: Option<(Instant, Arc<Vec<Plan>>)>,
    /// When the database last did not answer: pages do not wait for it again at once.
    away: Option<Instant>,
}

/// Settings take effect within this time; no restart.
const FRESH: Duration = Duration::from_secs(2);

/// Pages wait this long for what they can do without.
const PATIENCE: Duration = Duration::from_millis(300);

fn too_slow() -> hosting::DbError {
    hosting::DbError::Unavailable("no answer in time".into())
}

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
        let old = self.lock().settings.clone();
        if let Some((at, values)) = &old
            && at.elapsed() < FRESH
        {
            return values.clone();
        }
        if self.lock().away.is_some_and(|at| at.elapsed() < FRESH) {
            return old.map_or_else(Arc::default, |(_, v)| v);
        }
        match tokio::time::timeout(PATIENCE, Values::load(&self.services.db)).await.unwrap_or(Err(too_slow())) {
            Ok(values) => {
                let values = Arc::new(values);
                self.lock().settings = Some((Instant::now(), values.clone()));
                values
            }
            Err(error) => {
                self.lock().away = Some(Instant::now());
                tracing::warn!(error = %error, "settings cannot be read; using the last ones known");
                old.map_or_else(Arc::default, |(_, v)| v)
            }
        }
    }

    /// Plans on offer, at most two seconds old; older ones while the database is away.
    ///
    /// # Errors
    /// The database is away and was never reached before.
    pub async fn plans(&self) -> DbResult<Arc<Vec<Plan>>> {
        let old = self.lock().plans.clone();
        if let Some((at, plans)) = &old
            && at.elapsed() < FRESH
        {
            return Ok(plans.clone());
        }
        let read = async { self.services.db.read().await?.plans().list_public().await };
        let away = self.lock().away.is_some_and(|at| at.elapsed() < FRESH);
        let fresh =
            if away { Err(too_slow()) } else { tokio::time::timeout(PATIENCE, read).await.unwrap_or(Err(too_slow())) };
        match fresh {
            Ok(plans) => {
                let plans = Arc::new(plans);
                self.lock().plans = Some((Instant::now(), plans.clone()));
                Ok(plans)
            }
            Err(error) => old.map(|(_, p)| p).ok_or(error),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
