//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::child::ExecChild;
use crate::down::Down;
use crate::up::Up;

/// Shopfleet's command line for operators
#[derive(Debug, Parser)]
#[command(name = "shopfleet", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Answer in JSON, one document per line
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start a private instance under var/ (./scripts/up calls this)
    Up(Up),
    /// Stop the private instance; --purge removes its stores and data
    Down(Down),
    /// Bring the database schema up to date
    Migrate(Migrate),
    /// Make a staff account; the password is asked for, or read from standard input
    CreateAdmin(CreateAdmin),
    /// Check everything Shopfleet depends on, with the mend for each finding
    Doctor,
    /// Read and change settings
    #[command(subcommand)]
    Settings(Settings),
    /// Look at jobs, follow, retry, clean up, release or cancel them
    #[command(subcommand)]
    Jobs(Jobs),
    /// Look at servers and add one
    #[command(subcommand)]
    Servers(Servers),
    /// Look at stores
    #[command(subcommand)]
    Stores(Stores),
    /// Take in a mail that answers a ticket, from standard input: for a pipe of the mail server
    MailIn(MailIn),
    /// Change how secrets are kept
    #[command(subcommand)]
    Secrets(Secrets),
    /// Write the edge's nginx configuration and pages (production; see docs/install.md)
    EdgeConfig(EdgeConfig),
    /// Print completion for bash, zsh or fish: `source <(shopfleet completion bash)`
    Completion { shell: String },
    #[command(hide = true)]
    CompleteWords {
        #[arg(last = true)]
        words: Vec<String>,
    },
    #[command(hide = true)]
    ExecChild(ExecChild),
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Also give this database account (user@host) the application's rights on every table
    #[arg(long)]
    pub grant_to: Option<String>,
}

#[derive(Debug, Args)]
pub struct CreateAdmin {
    /// E-mail address, used to sign in
    pub email: String,
    /// Name shown in the panel
    pub name: String,
    /// What the account may do
    #[arg(long, default_value = "admin", value_parser = ["support", "admin", "super_admin"])]
    pub role: String,
}

#[derive(Debug, Args)]
pub struct MailIn {
    /// The address the mail server delivers to; without it the mail's own headers are read
    #[arg(long)]
    pub recipient: Option<String>,
}

#[derive(Debug, Args)]
pub struct EdgeConfig {
    /// The edge's folder (SHOPFLEET_EDGE_DIR of the worker)
    #[arg(long, default_value = "/etc/shopfleet/edge")]
    pub dir: PathBuf,
    /// Loopback port for plain http
    #[arg(long, default_value_t = 8081)]
    pub port: u16,
    /// Account of nginx' workers
    #[arg(long, default_value = "www-data")]
    pub user: String,
    /// Certificate for the stores' addresses, with its chain
    #[arg(long, requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Its key
    #[arg(long, requires = "certificate")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Show one setting
    Get { key: String },
    /// Change one setting; the value `-` reads it from standard input (use that for secrets)
    Set { key: String, value: String },
    /// Show all settings; secrets are masked
    List,
}

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// The latest jobs
    List {
        /// Only jobs in this state
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 30)]
        limit: u32,
    },
    /// One job with its steps and attempts
    Show { job: String },
    /// Print a job's log as it is written, until the job ends
    Follow {
        job: String,
        /// Begin after this line number
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Try a failed job again
    Retry { job: String },
    /// Only take back what a failed job left behind
    Cleanup { job: String },
    /// Take a job from a worker that is silent; another one goes on with it
    Release { job: String },
    /// Stop a job at its next step
    Cancel { job: String },
}

#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Seal every secret again under the first key of SHOPFLEET_MASTER_KEY
    Rotate,
}

#[derive(Debug, Subcommand)]
pub enum Servers {
    /// All servers with their state
    List,
    /// Make a server known, with the default port pools and networks
    Add { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Stores {
    /// The latest stores
    List {
        /// Only stores in this state
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One store
    Show { store: String },
    /// Stop a store and keep its data; visitors see a page that says it is paused
    Suspend {
        store: String,
        /// What its owner is told
        #[arg(long)]
        reason: String,
        /// What visitors read: bill, review, request, other
        #[arg(long, default_value = "other")]
        cause: String,
    },
    /// Start a suspended store again
    Resume {
        store: String,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
    /// Stop and start a store; it is away for some seconds
    Restart { store: String },
    /// Show visitors the maintenance page (on), or the store again (off)
    Maintenance {
        store: String,
        #[arg(value_parser = ["on", "off"])]
        state: String,
    },
    /// Give the store's administrator a new password, which its owner finds on the panel
    ResetPassword { store: String },
    /// Give a store the limits of another plan, at once
    Plan {
        store: String,
        plan: String,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
    /// Give a store another web address (its first part); the former one leads there for 30 days
    Address { store: String, address: String },
    /// Give a store another name
    Rename { store: String, name: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn json_is_understood_everywhere() {
        for line in
            ["doctor --json", "--json jobs list", "jobs show J-1 --json", "settings list --json", "stores list --json"]
        {
            let words = std::iter::once("shopfleet").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).unwrap().json, "{line}");
        }
    }

    #[test]
    fn purging_without_words_needs_purge() {
        assert!(Cli::try_parse_from(["shopfleet", "down", "--yes"]).is_err());
        assert!(Cli::try_parse_from(["shopfleet", "create-admin", "a@b.c", "A", "--role", "owner"]).is_err());
    }
}
