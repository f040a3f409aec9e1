//! What handlers ask for: who is calling, and what was posted.

mod ctx;
mod form;
pub(crate) mod upload;

pub(crate) use ctx::{Arrival, cookie_name, html, notice_named};
pub use ctx::{Ctx, Who, role_words};
pub use form::{Form, Query, pairs};
pub use upload::UploadForm;
