//! Log set-up for every binary: JSON lines on standard error (or plain with `SHOPFLEET_LOG_FORMAT=text`), and the same
//! events for the panel (`service_log`).

use crate::service_log::PanelLayer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Installs the global subscriber. `SHOPFLEET_LOG` filters (default `info`, sqlx at `warn`, because
/// it would log every statement).
pub fn init() {
    let filter = EnvFilter::try_from_env("SHOPFLEET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,tracing_actix_web=warn"));
    let all = tracing_subscriber::registry().with(filter).with(PanelLayer);
    let text = std::env::var("SHOPFLEET_LOG_FORMAT").is_ok_and(|f| f == "text");
    // A second initialisation (tests) keeps the first subscriber.
    let _ = if text {
        all.with(fmt::layer().with_writer(std::io::stderr).with_ansi(false)).try_init()
    } else {
        all.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    };
}
