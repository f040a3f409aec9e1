//! Every job of the worker. The top of each file is its ordered list of steps.

pub mod deprovision_store;
pub mod export_data;
pub mod housekeeping;
pub mod noop;
pub mod provision_store;
pub mod reconcile_server;
pub mod repair_store;
pub mod send_mail;
