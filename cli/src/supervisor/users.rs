//! Which user each process runs as. Root starts everything, and nothing but nginx's master and the worker (which
//! drives Docker and is root for that reason) stays root.

use anyhow::Result;
use nix::unistd::User;

use crate::files::{self, Owner};
use crate::layout::Layout;

/// A user a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    pub name: String,
    pub owner: Owner,
}

/// The choice for each process; `None` means the supervisor's own user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    pub mariadb: Option<RunAs>,
    pub redis: Option<RunAs>,
    pub edge: Option<RunAs>,
    pub mail: Option<RunAs>,
    pub web: Option<RunAs>,
}

impl Users {
    /// Picks the distribution's own accounts where the instance's folder lets them in (a checkout under a closed
    /// home folder does not), else stays with the supervisor's user and says so in `notes`.
    pub fn choose(layout: &Layout, notes: &mut Vec<String>) -> Result<Self> {
        if !files::is_root() {
            return Ok(Self::default());
        }
        let program = std::env::current_exe()?;
        let mut closed = Vec::new();
        let mut pick = |name: &str, needs_program: bool| -> Option<RunAs> {
            let user = User::from_name(name).ok().flatten()?;
            let owner = Owner { uid: user.uid.as_raw(), gid: user.gid.as_raw() };
            let open = files::reachable_by(&layout.var, owner)
                && (!needs_program || files::reachable_by(&program, owner) && files::reachable_by(&layout.root, owner));
            if open {
                return Some(RunAs { name: name.to_owned(), owner });
            }
            closed.push(name.to_owned());
            None
        };
        let users = Self {
            mariadb: pick("mysql", false),
            redis: pick("redis", false),
            edge: pick("www-data", false).or_else(|| pick("nobody", false)),
            mail: files::sudo_person().and_then(by_uid).or_else(|| pick("mail", false)),
            web: pick("nobody", true),
        };
        if !closed.is_empty() {
            closed.sort();
            closed.dedup();
            notes.push(format!(
                "the users {} cannot enter {}; their processes run as root here. Fine for trying out; put the folder \
                 outside of a closed home folder to have them run without rights",
                closed.join(", "),
                layout.var.display()
            ));
        }
        Ok(users)
    }
}

fn by_uid(owner: Owner) -> Option<RunAs> {
    let user = User::from_uid(nix::unistd::Uid::from_raw(owner.uid)).ok().flatten()?;
    Some(RunAs { name: user.name, owner })
}
