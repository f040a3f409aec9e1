//! Every job of the worker. The top of each file is its ordered list of steps.

pub mod admit_to_db_admin;
pub mod deprovision_store;
pub mod housekeeping;
pub mod noop;
pub mod provision_store;
pub mod reconcile_server;
pub mod repair_store;
pub mod send_mail;
pub mod start_db_admin;
pub mod stop_db_admin;
