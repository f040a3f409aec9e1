//! Pure types without I/O. Each external value becomes one of these or is refused.

pub mod actor;
pub mod email;
pub mod host_name;
pub mod ids;
pub mod job;
pub mod money;
pub mod network;
pub mod person;
pub mod place;
pub mod platform;
pub mod port;
pub mod progress;
pub mod public_address;
pub mod rights;
pub mod scope;
pub mod store;
pub mod text;
pub mod ticket;
pub mod time_zone;
pub mod upload;
pub mod webhook;

pub use actor::{Actor, Role};
pub use email::Email;
pub use host_name::{HostName, Slug};
pub use ids::Uid;
pub use job::{JobKind, JobState, Phase, Priority};
pub use person::Person;
pub use platform::Platform;
pub use port::PortPool;
pub use progress::{Audience, Level, Line};
pub use store::StoreState;
pub use text::{HumanText, MessageText, Refused};
pub use ticket::{Category, TicketEvent, TicketState, Urgency};
pub use upload::Upload;
