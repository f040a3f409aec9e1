//! Bad days on the real thing: what people are told, that nothing is lost or left behind, and that it heals by
//! itself or by one click.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod disk;
mod engine_restart;
mod places;
mod quota;

/// Fail points and `DOCKER_HOST` are process-wide, and two cores carry one set-up at a time best.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
