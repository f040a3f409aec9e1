//! The operator's command line, and the supervisor of private instances.
//!
//! Most verbs ask the panel through its API (`remote`). Those of the machine itself, and others with `--local`, work on
//! the database directly (`commands`), with the addresses from the environment (`SHOPFLEET_DATABASE_URL` …) or, without
//! those, of the private instance under `var/`. `up` and `down` need nothing but the source folder.

mod access;
pub mod args;
mod bootstrap;
mod child;
mod commands;
mod complete;
mod doctor;
mod down;
mod files;
mod instance;
mod layout;
pub mod output;
mod process;
mod remote;
mod report;
pub mod run;
mod secrets;
mod supervisor;

pub use supervisor::edge;
#[cfg(test)]
mod testing;
mod up;
