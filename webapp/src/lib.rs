//! The web front.
pub mod assets;
pub mod views;
