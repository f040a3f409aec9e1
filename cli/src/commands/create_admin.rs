//! `shopfleet create-admin`

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hosting::crypto::Secret;
use hosting::domain::{Actor, Role};
use hosting::services::create_admin::create_admin;

use super::words;
use crate::access::Access;
use crate::args::CreateAdmin;
use crate::output::{self, Format};
use crate::say;

/// Makes a staff account. The password is typed twice at a terminal, else it is the first line of standard input.
pub async fn run(access: &Access, options: CreateAdmin, format: Format) -> Result<ExitCode> {
    let role = Role::parse(&options.role).context("the role must be support, admin or super_admin")?;
    let password = if std::io::stdin().is_terminal() { ask_twice()? } else { first_line(std::io::stdin().lock())? };
    let services = access.services()?;
    let id = create_admin(&services, &Actor::operator(), &options.email, &options.name, role, &password)
        .await
        .map_err(words)?;
    services.db.close().await;
    if format == Format::Json {
        output::json(&serde_json::json!({ "id": id, "email": options.email, "role": role }))?;
    } else {
        say!("{} may sign in as {} at /admin/login", options.email, options.role);
    }
    Ok(ExitCode::SUCCESS)
}

fn ask_twice() -> Result<Secret> {
    let typed = dialoguer::Password::new()
        .with_prompt("Password")
        .with_confirmation("Again", "The two are not the same; try again")
        .interact()
        .context("cannot ask for the password")?;
    Ok(Secret::new(typed))
}

fn first_line(input: impl BufRead) -> Result<Secret> {
    let mut line = String::new();
    // No password is longer; whoever pipes a whole file in has made a mistake.
    input.take(4096).read_line(&mut line).context("cannot read the password from standard input")?;
    let line = line.trim_end_matches(['\n', '\r']);
    if line.is_empty() {
        bail!("no password on standard input; type it at a terminal or pipe it in: `… create-admin EMAIL NAME < file`");
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line_without_its_end() {
        assert_eq!(first_line(&b"s3cret words\r\nmore"[..]).unwrap().expose(), "s3cret words");
        assert!(first_line(&b"\n"[..]).is_err());
        assert!(first_line(&b""[..]).is_err());
    }
}
