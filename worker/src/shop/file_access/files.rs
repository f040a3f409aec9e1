//! The one folder that a store's sshd reads, root's alone: configuration, keys, the password's hash, the host key.

use crate::files::root::Owner;
use crate::files::{FileError, FileResult, remove};
use crate::shop::layout::StoreDir;
use hosting::crypto::Secret;
use hosting::domain::Uid;
use hosting::services::file_access::USER;

const FOLDER: &str = "file-access";
const CONFIG: &str = "file-access/config";
const MINE: Owner = Owner { uid: 0, gid: 0, mode: 0o400 };

/// What one may sign in with.
pub struct Access<'a> {
    /// Public keys, type and key.
    pub keys: &'a [String],
    /// Hash of the password, if there is one.
    pub password_hash: Option<&'a Secret>,
    /// Private host key.
    pub host_key: &'a Secret,
    /// A session without traffic ends after so much time.
    pub idle_minutes: u32,
}

/// sshd's configuration: one account, internal-sftp in its own root, and nothing else that SSH can do.
fn config(idle_minutes: u32) -> String {
    format!(
        "# Written by Shopfleet; edits are lost.
Port 2222
AddressFamily inet
HostKey /srv/file-access/config/host_key
AuthorizedKeysFile /srv/file-access/config/authorized_keys
AllowUsers {USER}
PermitRootLogin no
AuthenticationMethods any
PubkeyAuthentication yes
PasswordAuthentication yes
PermitEmptyPasswords no
KbdInteractiveAuthentication no
HostbasedAuthentication no
UsePAM no
MaxAuthTries 4
MaxSessions 4
MaxStartups 6:30:20
LoginGraceTime 20
ChrootDirectory /srv/file-access/jail
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d /wp-content -u 0022
DisableForwarding yes
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
GatewayPorts no
X11Forwarding no
PermitTunnel no
PermitTTY no
PermitUserEnvironment no
PermitUserRC no
PrintMotd no
PrintLastLog no
UseDNS no
Compression no
ClientAliveInterval 30
ClientAliveCountMax 4
ChannelTimeout session:*={idle_minutes}m
UnusedConnectionTimeout 1m
PidFile none
LogLevel INFO
"
    )
}

/// Writes the folder anew; what is there stays in use until each file is replaced. Blocking.
///
/// # Errors
/// The store's directory is missing or full.
pub fn write(dir: &StoreDir, access: &Access<'_>) -> FileResult<()> {
    let missing = || FileError::new("open", dir.path(), nix::errno::Errno::ENOENT);
    let root = dir.open()?.ok_or_else(missing)?;
    root.ensure_dir(FOLDER, Owner { uid: 0, gid: 0, mode: 0o700 })?;
    // Whoever signs in is asked by sshd under their own number whether the key file is theirs to use.
    let config_dir = root.ensure_dir(CONFIG, Owner { uid: 0, gid: 0, mode: 0o755 })?;
    let keys: String = access.keys.iter().map(|k| format!("restrict {k}\n")).collect();
    // `*`: no password fits; unlike `!` it does not lock the account for keys.
    let hash = access.password_hash.map_or("*", Secret::expose);
    config_dir.write("sshd_config", config(access.idle_minutes).as_bytes(), MINE)?;
    config_dir.write("authorized_keys", keys.as_bytes(), Owner { uid: 0, gid: 0, mode: 0o444 })?;
    config_dir.write(
        "shadow",
        format!("root:*:::::::\nsshd:*:::::::\n{USER}:{hash}:19000::::::\n").as_bytes(),
        MINE,
    )?;
    config_dir.write("host_key", access.host_key.expose().as_bytes(), MINE)
}

/// Removes the folder; gone is fine. Blocking.
///
/// # Errors
/// A file system error.
pub fn remove(dir: &StoreDir) -> FileResult<()> {
    let Some(root) = dir.open()? else { return Ok(()) };
    if root.sub(FOLDER)?.is_none() {
        return Ok(());
    }
    // Out of the way in one step, so that no half of it is ever mounted.
    let waiting = format!(".{FOLDER}.{}", Uid::new());
    root.move_to(FOLDER, &root, &waiting)?;
    remove::remove_tree(&root, &waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_allows_sftp_and_nothing_else() {
        let text = config(30);
        for line in [
            "ForceCommand internal-sftp -d /wp-content -u 0022",
            "ChrootDirectory /srv/file-access/jail",
            "DisableForwarding yes",
            "PermitTTY no",
            "PermitRootLogin no",
            "AllowUsers shop",
            "ChannelTimeout session:*=30m",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}");
        }
    }
}
