//! The web front: pages, streams, forms. Thin: rules live in `hosting::services`, SQL in
//! `hosting::db`; nothing here touches Docker or the host.

pub mod api;
pub mod assets;
pub mod chart;
pub mod csv;
pub mod error;
pub mod export;
pub mod extract;
pub mod job_view;
mod kept;
pub mod pipeline;
pub mod rate_limit;
pub mod router;
pub mod routes;
pub mod startup;
pub mod state;
pub mod store_log_stream;
pub mod stream;
pub mod tries;
pub mod urls;
pub mod views;
