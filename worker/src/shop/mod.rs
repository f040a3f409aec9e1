//! Shops: what a store is made of on a server, and what differs between platforms.

pub mod branding;
pub mod config_files;
pub mod db_admin;
pub mod file_access;
pub mod images;
pub mod layout;
pub mod links;
pub mod passwords;
pub mod stack;
pub mod template;
pub mod verify;
pub mod woocommerce;
