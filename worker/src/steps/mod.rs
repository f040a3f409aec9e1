//! The steps that jobs about stores are made of, a file each. Every `apply` looks, acts if needed,
//! verifies and may run twice; every `undo` removes exactly what belongs to this store and may run
//! twice.

pub mod brand;
pub mod containers;
pub mod db_admin;
pub mod errors;
pub mod file_access;
pub mod healthy;
pub mod lifecycle;
pub mod on_demand;
pub mod open;
pub mod place_template;
pub mod prepare;
pub mod release;
pub mod remove_containers;
pub mod remove_data;
pub mod render_stack;
pub mod reserve;
pub mod route;
pub mod subject;
pub mod unroute;
pub mod verify;

pub use subject::Subject;
