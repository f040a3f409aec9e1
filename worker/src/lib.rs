//! The worker: takes the jobs of its server and does them with Docker, the disk and the edge.
//!
//! Layers: `engine` (the job engine, knows no shop), `jobs` (what each kind of job does, step by
//! step) and `steps`, and below them `docker`, `shop`, `edge`, `files`, `host` and `render`. Only
//! `docker` talks to the Engine.

pub mod docker;
pub mod edge;
pub mod engine;
pub mod files;
pub mod host;
pub mod identity;
pub mod jobs;
pub mod machine;
pub mod metrics_page;
pub mod process;
pub mod registry;
pub mod render;
pub mod shop;
pub mod steps;
pub mod store_logs;
pub mod usage;
pub mod webhooks;
