//! The steps of jobs that change a store in service. Their undo makes what runs agree with what is
//! recorded; the record changes last, so until then that is the former, working state.

pub mod address;
pub mod admin_password;
pub mod close_database;
pub mod door;
pub mod limits;
pub mod name;
pub mod power;
pub mod record;
pub mod settle;
pub mod transfer;
