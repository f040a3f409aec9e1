//! What handlers ask for: who is calling, and what was posted.

mod ctx;
mod form;

pub use ctx::{Ctx, Who};
pub use form::{Form, Query};
