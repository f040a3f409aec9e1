//! The command line.

pub mod remote;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::child::ExecChild;
use crate::down::Down;
use crate::up::Up;

/// Where things are done, and what the numbers at the end mean.
const AFTER: &str = "\
Most verbs work through the API of the panel you are logged in to. `--local` does those that can be done without it on \
the database of this machine, for when the panel is down; \"This machine:\" verbs always do.

Instead of a log-in, SHOPFLEET_URL and SHOPFLEET_TOKEN (or SHOPFLEET_TOKEN_FILE) name a panel and an API token.

Exit codes: 0 done, 1 failed (also: the job that was followed failed), 2 wrong usage, 3 log in first, 4 not allowed, \
5 not there, 6 the world is in another state, 7 something is not right, 8 no answer.";

/// Shopfleet's command line
#[derive(Debug, Parser)]
#[command(name = "shopfleet", version, arg_required_else_help = true, disable_help_subcommand = true, after_help = AFTER)]
pub struct Cli {
    /// Answer in JSON, one document per line
    #[arg(long, global = true)]
    pub json: bool,
    /// Work on the database of this machine instead of asking the panel
    #[arg(long, global = true, conflicts_with = "profile")]
    pub local: bool,
    /// Use the log-in of this name
    #[arg(long, global = true, env = "SHOPFLEET_LOGIN")]
    pub profile: Option<String>,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Log in to a panel; the password is asked for, or read from standard input
    Login(remote::Login),
    /// End the log-in, here and in the panel
    Logout,
    /// Who is logged in, and where
    Whoami,
    /// Log-ins of several panels or accounts
    #[command(subcommand)]
    Profiles(remote::Profiles),
    /// Look at stores, order and change them
    #[command(subcommand)]
    Stores(Stores),
    /// Look at jobs, follow, retry, clean up, release or cancel them
    #[command(subcommand)]
    Jobs(Jobs),
    /// Look at customers, make, move, close and invite them
    #[command(subcommand)]
    Customers(remote::Customers),
    /// Resellers: their limits (staff); their customers and these' stores (resellers)
    #[command(subcommand)]
    Resellers(remote::Resellers),
    /// Look at staff, make, change, reset and delete them
    #[command(subcommand)]
    Staff(remote::Staff),
    /// Look at servers and add one
    #[command(subcommand)]
    Servers(Servers),
    /// Tickets: look, ask, answer, files
    #[command(subcommand)]
    Tickets(remote::Tickets),
    /// Answers that staff keep for questions that come again
    #[command(subcommand)]
    Answers(remote::Answers),
    /// Recurring work: look, run, pause
    #[command(subcommand)]
    Schedules(remote::Schedules),
    /// Read and verify the audit log
    #[command(subcommand)]
    Audit(remote::Audit),
    /// Read and change settings
    #[command(subcommand)]
    Settings(Settings),
    /// Stores that others offer to you
    #[command(subcommand)]
    Offers(remote::Offers),
    /// Your API tokens
    #[command(subcommand)]
    Tokens(remote::Tokens),
    /// The mail log
    #[command(subcommand)]
    Mails(remote::Mails),
    /// Port pools of a server
    #[command(subcommand)]
    Ports(remote::Ports),
    /// Your sign-ins and what was done to your account
    #[command(subcommand)]
    Account(remote::Account),
    /// The state of the installation, and what needs a person
    #[command(subcommand)]
    System(remote::System),
    /// The plans on offer
    Plans,
    /// Call any operation of the API by its name
    Call(remote::CallOperation),
    /// This machine: start a private instance under var/ (./scripts/up calls this)
    Up(Up),
    /// This machine: stop the private instance; --purge removes its stores and data
    Down(Down),
    /// This machine: bring the database schema up to date
    Migrate(Migrate),
    /// This machine: make a staff account; the password is asked for, or read from standard input
    CreateAdmin(CreateAdmin),
    /// This machine: help staff who cannot sign in
    #[command(subcommand)]
    Admins(Admins),
    /// This machine: check everything Shopfleet depends on, with the mend for each finding
    Doctor,
    /// This machine: take in a mail that answers a ticket, from standard input (for a pipe of the mail server)
    MailIn(MailIn),
    /// This machine: change how secrets are kept
    #[command(subcommand)]
    Secrets(Secrets),
    /// This machine: write the edge's nginx configuration and pages (production; see docs/install.md)
    EdgeConfig(EdgeConfig),
    /// Print completion for a shell: `source <(shopfleet completion bash)`
    Completion {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder: `shopfleet man /usr/local/share/man/man1`
    Man { dir: PathBuf },
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
    /// Take a setting back to its default; a secret is forgotten
    Unset { key: String },
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
        /// Only jobs of this kind
        #[arg(long)]
        kind: Option<String>,
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
    /// Try failed jobs again
    Retry {
        #[arg(required = true)]
        jobs: Vec<String>,
        /// Do all of it again, also what is done and stands (one job)
        #[arg(long)]
        start_over: bool,
    },
    /// Only take back what a failed job left behind
    Cleanup { job: String },
    /// Take a job from a worker that is silent; another one goes on with it
    Release { job: String },
    /// Stop jobs at their next step
    Cancel {
        #[arg(required = true)]
        jobs: Vec<String>,
    },
    /// Take failed jobs, up to this one, off the list of what needs somebody
    Dismiss { newest: String },
}

#[derive(Debug, Subcommand)]
pub enum Admins {
    /// Take the second factor of a staff member away who lost phone and recovery codes; the audit log keeps it
    ResetFactor { email: String },
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
    /// Order a store
    Create {
        /// Title of the shop
        name: String,
        /// Slug of a plan; `shopfleet plans` lists them
        #[arg(long)]
        plan: String,
        /// First part of its web address; made from the name when left out
        #[arg(long, default_value = "")]
        address: String,
        #[arg(long, default_value = "woocommerce")]
        platform: String,
        /// Follow its set-up
        #[arg(long)]
        follow: bool,
    },
    /// Plan its deletion in seven days. Asks for your password
    Delete {
        store: String,
        /// Its name, exactly
        name: String,
    },
    /// Take a planned deletion back
    Keep { store: String },
    /// Show its sign-in details. Asks for your password
    Credentials {
        store: String,
        #[arg(value_parser = ["admin", "database"], default_value = "admin")]
        group: String,
    },
    /// Its database page: status, start, stop
    Database {
        store: String,
        #[arg(value_parser = ["status", "start", "stop"], default_value = "status")]
        act: String,
    },
    /// What its web server, PHP and its database write
    Log {
        store: String,
        /// Only lines from there
        #[arg(long, value_parser = ["web", "php", "database"])]
        source: Option<String>,
        /// Only lines of this level and worse
        #[arg(long, value_parser = ["warning", "error"])]
        level: Option<String>,
        /// Only lines with this in them
        #[arg(long)]
        find: Option<String>,
        /// The newest so many
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Go on with new lines until interrupted
        #[arg(long, short)]
        follow: bool,
    },
    /// What it used of its plan
    Usage {
        store: String,
        #[arg(long, value_parser = ["24h", "7d"], default_value = "24h")]
        range: String,
    },
    /// Its files by SFTP: status, start, stop
    Files {
        store: String,
        #[arg(value_parser = ["status", "start", "stop"], default_value = "status")]
        act: String,
    },
    /// Let a public key in by SFTP. Asks for your password
    AddKey {
        store: String,
        /// A file that ends in .pub
        file: PathBuf,
        /// What you call it; made from the file's line when left out
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Shut a public key out; `shopfleet stores files` shows the numbers
    RemoveKey { store: String, key: u64 },
    /// Make a password for SFTP and show it once. Asks for your password
    MakeFilePassword { store: String },
    /// Remove the password of SFTP: keys only
    RemoveFilePassword { store: String },
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
    /// Offer a store to somebody, who has seven days to take it. Asks for your password
    Offer {
        store: String,
        /// Address of the account that may take it
        email: String,
    },
    /// Take the offer of a store back
    Withdraw { store: String },
    /// Give a store to another customer, at once
    Transfer {
        store: String,
        /// Address of the new owner's account
        email: String,
        #[arg(long)]
        reason: String,
    },
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

    #[test]
    fn verbs_of_the_machine_say_so() {
        let machine =
            ["up", "down", "migrate", "create-admin", "admins", "doctor", "mail-in", "secrets", "edge-config"];
        for verb in Cli::command().get_subcommands().filter(|v| !v.is_hide_set()) {
            let says = verb.get_about().is_some_and(|a| a.to_string().starts_with("This machine: "));
            assert_eq!(says, machine.contains(&verb.get_name()), "{}", verb.get_name());
        }
    }

    #[test]
    fn no_credential_is_an_argument() {
        fn look(command: &clap::Command) {
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let secret = id.contains("password") || id.contains("secret") || id == "code" || id == "token";
                let takes = argument.get_action().takes_values();
                assert!(!(secret && takes), "{} takes {id}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        let mut command = Cli::command();
        command.build();
        look(&command);
    }
}
