//! `shopfleet edge-config`

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::EdgeConfig;
use crate::files::Owner;
use crate::output::{self, Format};
use crate::say;
use crate::supervisor::edge::{EdgeOptions, write};

/// Writes nginx.conf and the pages. Routes (the worker's) and sites (the operator's) stay as they are. Nothing is
/// reloaded: test and reload are said as the next steps.
pub fn run(options: &EdgeConfig, format: Format) -> Result<ExitCode> {
    let user = nix::unistd::User::from_name(&options.user)
        .ok()
        .flatten()
        .with_context(|| format!("there is no account {}; give nginx' with --user", options.user))?;
    let edge = EdgeOptions {
        dir: &options.dir,
        port: options.port,
        user: Some(&options.user),
        tls: options.certificate.as_deref().zip(options.key.as_deref()),
    };
    let path = write(&edge, Some(Owner { uid: user.uid.as_raw(), gid: user.gid.as_raw() }))?;
    match format {
        Format::Json => output::json(&serde_json::json!({ "path": path }))?,
        Format::Table => {
            say!("Wrote {}", path.display());
            say!("Once: shopfleet settings set edge_probe_port {}", options.port);
            say!(
                "Next: nginx -t -p {dir} -c {} && systemctl reload-or-restart shopfleet-edge",
                path.display(),
                dir = options.dir.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
