//! The server itself: its programs, firewall and file system.

pub mod command;
pub mod firewall;
pub mod quota;
