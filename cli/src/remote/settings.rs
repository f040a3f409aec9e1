//! `shopfleet settings …` through the panel.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result};
use shopfleet_client::types::{NewValue, Setting};

use super::Remote;
use crate::args::Settings;
use crate::{output, say};

/// Longest value read from standard input.
const LONGEST: u64 = 64 * 1024;

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Settings) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Settings::Get { key } => {
            let all = client.list_settings().await?.items;
            let found = all.iter().find(|s| s.name == key);
            let found = found.with_context(|| {
                format!("there is no setting called {key}; `shopfleet settings list` shows them all")
            })?;
            remote.answer(found, |s| say!("{}", output::clean(&shown(s))))
        }
        Settings::Set { key, value } => {
            let value = if value == "-" { standard_input()? } else { value };
            let set = client.set_setting(&key, &NewValue { value }).await?;
            remote.answer(&set, |_| say!("{key} is set"))
        }
        Settings::Unset { key } => {
            client.unset_setting(&key).await?;
            remote.done(&serde_json::json!({ "name": key, "set": false }), &format!("{key} has its default"))
        }
        Settings::List => {
            let all = client.list_settings().await?.items;
            remote.list(&all, ["NAME", "VALUE", "WHAT IT IS FOR"], |s| [s.name.clone(), shown(s), s.about.clone()])
        }
    }
}

fn shown(setting: &Setting) -> String {
    match (setting.secret, setting.is_set) {
        (true, Some(true)) => "[set]".into(),
        (true, _) => "[not set]".into(),
        (false, _) => setting.value.clone().unwrap_or_default(),
    }
}

/// A value from standard input, without its last line end.
pub fn standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut text)
        .context("cannot read the value from standard input")?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
