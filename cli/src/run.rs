//! Chooses the verb, prints errors, turns outcomes into exit codes: 0 done, 1 failed, 2 wrong usage (clap).

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::access::Access;
use crate::args::{Cli, Verb};
use crate::layout::Layout;
use crate::output::{self, Format};
use crate::say;
use crate::supervisor::UpJson;
use crate::{commands, complete, doctor, down, up};

/// Runs one command line.
pub fn run(cli: Cli) -> ExitCode {
    let format = if cli.json { Format::Json } else { Format::Table };
    if format == Format::Json {
        output::documents_only();
    }
    match dispatch(cli.verb, format) {
        Ok(code) => code,
        Err(error) => {
            if format == Format::Json {
                let _ = output::json(&serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("shopfleet: {}", output::clean(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: Verb, format: Format) -> Result<ExitCode> {
    match verb {
        Verb::ExecChild(child) => child.run().map(|()| ExitCode::SUCCESS),
        Verb::Up(options) => {
            let layout = Layout::discover()?;
            up::run(&layout, options)?;
            // In the foreground it has been stopped by now, and there is nothing to say where it is.
            match UpJson::read(&layout) {
                Some(up) if format == Format::Json => output::json(&up)?,
                _ => {}
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Down(options) => {
            let purged = options.purge;
            block_on(down::run(&Layout::discover()?, options))?;
            if format == Format::Json {
                output::json(&serde_json::json!({ "running": false, "purged": purged }))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Completion { shell } => {
            let script = complete::script(&shell)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "shell": shell, "script": script }))?,
                Format::Table => say!("{script}"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::CompleteWords { words } => {
            for word in complete::candidates(&words) {
                say!("{word}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Doctor => {
            let sound = block_on(doctor::run(&Access::find()?, format))?;
            Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Verb::EdgeConfig(options) => commands::edge_config::run(&options, format),
        Verb::Migrate(options) => block_on(commands::migrate::run(&Access::find()?, options, format)),
        Verb::CreateAdmin(options) => block_on(commands::create_admin::run(&Access::find()?, options, format)),
        Verb::Settings(verb) => block_on(commands::settings::run(&Access::find()?, verb, format)),
        Verb::Jobs(verb) => block_on(commands::jobs::run(&Access::find()?, verb, format)),
        Verb::MailIn(options) => block_on(commands::mail_in::run(&Access::find()?, options, format)),
        Verb::Servers(verb) => block_on(commands::servers::run(&Access::find()?, verb, format)),
        Verb::Secrets(verb) => block_on(commands::secrets::run(&Access::find()?, verb, format)),
        Verb::Stores(verb) => block_on(commands::stores::run(&Access::find()?, verb, format)),
    }
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(work)
}
