//! Chooses the verb, prints errors, turns outcomes into exit codes (`remote::exit_code`, and 2 for wrong usage by clap).

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::access::Access;
use crate::args::{Cli, Servers, Verb};
use crate::layout::Layout;
use crate::output::{self, Format};
use crate::remote::{self, Remote};
use crate::say;
use crate::supervisor::UpJson;
use crate::{commands, complete, doctor, down, up};

/// Runs one command line.
pub fn run(cli: Cli) -> ExitCode {
    let format = if cli.json { Format::Json } else { Format::Table };
    if format == Format::Json {
        output::documents_only();
    }
    let place = Place { local: cli.local, profile: cli.profile };
    match dispatch(cli.verb, &place, format) {
        Ok(code) => code,
        Err(error) => {
            if format == Format::Json {
                let _ = output::json(&serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("shopfleet: {}", output::clean(&format!("{error:#}")));
            ExitCode::from(remote::exit_code(&error))
        }
    }
}

/// Where a verb works.
struct Place {
    local: bool,
    profile: Option<String>,
}

impl Place {
    /// The panel; refused with `--local`, which promises that the panel is not asked.
    fn panel(&self, format: Format) -> Result<Remote> {
        if self.local {
            anyhow::bail!("only the panel does this: leave --local out");
        }
        Remote::find(self.profile.as_deref(), format)
    }
}

fn dispatch(verb: Verb, place: &Place, format: Format) -> Result<ExitCode> {
    match verb {
        Verb::Login(options) => block_on(remote::login::login(options, format)),
        Verb::Logout => block_on(remote::login::logout(place.profile.as_deref(), format)),
        Verb::Profiles(verb) => remote::login::profiles(verb, format),
        Verb::Whoami => asked(place, format, async |r| remote::login::whoami(r).await),
        Verb::Stores(verb) if place.local => block_on(commands::stores::run(&Access::find()?, verb, format)),
        Verb::Stores(verb) => asked(place, format, async |r| remote::stores::run(r, verb).await),
        Verb::Jobs(verb) if place.local => block_on(commands::jobs::run(&Access::find()?, verb, format)),
        Verb::Jobs(verb) => asked(place, format, async |r| remote::jobs::run(r, verb).await),
        Verb::Settings(verb) if place.local => block_on(commands::settings::run(&Access::find()?, verb, format)),
        Verb::Settings(verb) => asked(place, format, async |r| remote::settings::run(r, verb).await),
        // A server is made known on the machine it is on.
        Verb::Servers(verb) if place.local || matches!(verb, Servers::Add { .. }) => {
            block_on(commands::servers::run(&Access::find()?, verb, format))
        }
        Verb::Servers(_) => asked(place, format, async |r| remote::work::servers(r).await),
        Verb::Customers(verb) => asked(place, format, async |r| remote::customers::run(r, verb).await),
        Verb::Resellers(verb) => asked(place, format, async |r| remote::resellers::run(r, verb).await),
        Verb::Staff(verb) => asked(place, format, async |r| remote::people::staff(r, verb).await),
        Verb::Tickets(verb) => asked(place, format, async |r| remote::tickets::run(r, verb).await),
        Verb::Schedules(verb) => asked(place, format, async |r| remote::work::schedules(r, verb).await),
        Verb::Audit(verb) => asked(place, format, async |r| remote::work::audit(r, verb).await),
        Verb::Offers(verb) => asked(place, format, async |r| remote::inside::offers(r, verb).await),
        Verb::Tokens(verb) => asked(place, format, async |r| remote::people::tokens(r, verb).await),
        Verb::Mails(verb) => asked(place, format, async |r| remote::work::mails(r, verb).await),
        Verb::Ports(verb) => asked(place, format, async |r| remote::work::ports(r, verb).await),
        Verb::Account(verb) => asked(place, format, async |r| remote::account::run(r, verb).await),
        Verb::Answers(verb) => asked(place, format, async |r| remote::answers::run(r, verb).await),
        Verb::System(verb) => asked(place, format, async |r| remote::work::system(r, verb).await),
        Verb::Plans => asked(place, format, async |r| remote::stores::plans(r).await),
        Verb::Call(options) if options.operation.is_none() => remote::call::list(format),
        Verb::Call(options) => asked(place, format, async |r| remote::call::run(r, options).await),
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
            let script = complete::script(shell);
            match format {
                Format::Json => output::json(&serde_json::json!({ "shell": shell.to_string(), "script": script }))?,
                Format::Table => say!("{script}"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Man { dir } => {
            let pages = complete::manual(&dir)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "dir": dir, "pages": pages }))?,
                Format::Table => say!("{pages} pages are in {}", dir.display()),
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Doctor => {
            let sound = block_on(doctor::run(&Access::find()?, format))?;
            Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Verb::EdgeConfig(options) => commands::edge_config::run(&options, format),
        Verb::Migrate(options) => block_on(commands::migrate::run(&Access::find()?, options, format)),
        Verb::Admins(verb) => block_on(commands::admins::run(&Access::find()?, verb, format)),
        Verb::CreateAdmin(options) => block_on(commands::create_admin::run(&Access::find()?, options, format)),
        Verb::MailIn(options) => block_on(commands::mail_in::run(&Access::find()?, options, format)),
        Verb::Secrets(verb) => block_on(commands::secrets::run(&Access::find()?, verb, format)),
    }
}

/// A verb of the panel.
fn asked(place: &Place, format: Format, work: impl AsyncFnOnce(&Remote) -> Result<ExitCode>) -> Result<ExitCode> {
    let remote = place.panel(format)?;
    block_on(work(&remote))
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(work)
}
