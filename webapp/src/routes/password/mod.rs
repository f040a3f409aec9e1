//! `/password/*`: a way back in for owners who forgot their password.

pub mod forgot;
pub mod reset;
