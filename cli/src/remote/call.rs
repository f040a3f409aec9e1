//! `shopfleet call`: any operation of the API, by its name.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use shopfleet_client::{Input, OPERATIONS};

use super::Remote;
use crate::args::remote::CallOperation;
use crate::output::{self, Format};
use crate::say;

/// No body of the API is longer.
const LONGEST: u64 = 64 * 1024;

/// All operations, for those who look for one.
pub fn list(format: Format) -> Result<ExitCode> {
    if format == Format::Json {
        let all: Vec<_> = OPERATIONS
            .iter()
            .map(|o| serde_json::json!({ "operation": o.id, "method": o.method, "path": o.path, "about": o.about }))
            .collect();
        output::json(&all)?;
    } else {
        let rows = OPERATIONS.iter().map(|o| {
            let query = o.query.iter().map(|q| format!("[{q}=…]"));
            let names: Vec<String> = o.names.iter().map(|n| format!("{n}=…")).chain(query).collect();
            let body = if o.body { " --stdin" } else { "" };
            [format!("{} {}{body}", o.id, names.join(" ")), o.about.to_owned()]
        });
        say!("{}", output::table(["OPERATION", "WHAT IT DOES"], rows));
    }
    Ok(ExitCode::SUCCESS)
}

/// Calls one and prints its answer.
pub async fn run(remote: &Remote, options: CallOperation) -> Result<ExitCode> {
    let operation = options.operation.as_deref().unwrap_or_default();
    let Some(known) = OPERATIONS.iter().find(|o| o.id == operation) else {
        bail!(shopfleet_client::Error::Use(format!("there is no operation {operation}; `shopfleet call` lists them")));
    };
    let mut input = Input { names: named(&options.values)?, body: None };
    for name in input.names.keys() {
        if !known.names.contains(&name.as_str()) && !known.query.contains(&name.as_str()) {
            bail!(shopfleet_client::Error::Use(format!("{operation} knows no {name}")));
        }
    }
    if options.stdin {
        let mut text = String::new();
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text).context("cannot read standard input")?;
        input.body = Some(serde_json::from_str(&text).context("standard input is not JSON")?);
    }
    let answer = remote.client.call(operation, &input).await?;
    match remote.format {
        Format::Json => output::json(&answer)?,
        Format::Table if answer.is_null() => say!("done"),
        // Escapes everything that could drive a terminal.
        Format::Table => say!("{}", serde_json::to_string_pretty(&answer)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn named(values: &[String]) -> Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for value in values {
        let (name, value) = value.split_once('=').with_context(|| format!("{value} is no name=value"))?;
        if names.insert(name.to_owned(), value.to_owned()).is_some() {
            bail!("{name} is given twice");
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_names() {
        assert_eq!(named(&["a=1".into(), "b=x=y".into()]).unwrap()["b"], "x=y");
        assert!(named(&["a".into()]).is_err() && named(&["a=1".into(), "a=2".into()]).is_err());
    }
}
