//! Log set-up for every binary: JSON lines on standard error (or plain with `SHOPFLEET_LOG_FORMAT=text`).

use tracing_subscriber::EnvFilter;

/// Installs the global subscriber. `SHOPFLEET_LOG` filters (default `info`, sqlx at `warn`, because
/// it would log every statement).
pub fn init() {
    let filter = EnvFilter::try_from_env("SHOPFLEET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,tracing_actix_web=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let text = std::env::var("SHOPFLEET_LOG_FORMAT").is_ok_and(|f| f == "text");
    // A second initialisation (tests) keeps the first subscriber.
    let _ = if text { builder.with_ansi(false).try_init() } else { builder.json().flatten_event(true).try_init() };
}
