//! File access to a store: what its sshd reads. Container and mounts are in [`super::woocommerce`].

pub mod files;
pub mod host_key;

/// Port inside the container.
pub const PORT: u16 = 2222;
