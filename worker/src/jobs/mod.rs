//! Every job of the worker. The top of each file is its ordered list of steps.

pub mod admit_to_db_admin;
pub mod change_address;
pub mod change_plan;
pub mod deprovision_store;
pub mod end_maintenance;
pub mod export_data;
pub mod housekeeping;
pub mod noop;
pub mod provision_store;
pub mod read_mailbox;
pub mod reconcile_server;
pub mod rename_store;
pub mod repair_store;
pub mod reset_admin_password;
pub mod restart_store;
pub mod resume_store;
pub mod send_mail;
pub mod start_db_admin;
pub mod start_file_access;
pub mod start_maintenance;
pub mod stop_db_admin;
pub mod stop_file_access;
pub mod suspend_store;
pub mod transfer_store;
