//! Files made from templates.

pub mod compose;
