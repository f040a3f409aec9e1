//! Builds the server; shared with tests, so that they meet the same walls as the world.

use crate::pipeline::pipeline;
use crate::router;
use crate::state::AppState;
use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use std::net::TcpListener;
use std::time::Duration;
use tracing_actix_web::TracingLogger;

/// Streams are ended by the stop token; this is for what else is open.
const SHUTDOWN_SECONDS: u64 = 5;

/// The server on a listener; await it to run. It stops when the state's token is cancelled.
///
/// # Errors
/// The listener is not usable, or a template does not load.
pub fn build(state: AppState, listener: TcpListener) -> std::io::Result<Server> {
    crate::views::check().map_err(std::io::Error::other)?;
    let stop = state.stop.clone();
    let data = web::Data::new(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .wrap(Compress::default())
            .wrap(from_fn(pipeline))
            .wrap(TracingLogger::default())
            .configure(router::configure)
    })
    .workers(std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8))
    // A compressed page leaves in two parts: the second must not wait for the browser's word about the first (40 ms).
    .tcp_nodelay(true)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(async move {
        stop.cancelled().await;
        handle.stop(true).await;
    });
    Ok(server)
}
