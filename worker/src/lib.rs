//! The worker: takes the jobs of its server and does them with Docker, the disk and the edge.
//!
//! Layers: `engine` (the job engine, knows no shop), `jobs` (what each kind of job does, step by
//! step), and below them `docker`, `shop`, `edge` and `render`. Only `docker` talks to the Engine.

pub mod engine;
pub mod identity;
pub mod jobs;
pub mod metrics_page;
pub mod process;
pub mod registry;
