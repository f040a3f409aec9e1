//! The steps of a store's file access: how it is opened and closed. Every undo takes back what belongs to it only, so it
//! may run while the store is in service; file access that could not be changed is closed.

pub mod container;
pub mod files;
pub mod healthy;
pub mod idle;
pub mod open;
pub mod release;
pub mod reserve;
