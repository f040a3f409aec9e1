//! Verbs that work through the API of a panel.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Whose account logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// Support, admin, super admin
    Staff,
    /// A shop owner
    Owner,
}

#[derive(Debug, Args)]
pub struct Login {
    /// Address of the panel, e.g. https://panel.example.com
    pub url: String,
    /// Whose account
    #[arg(long = "as", value_enum, default_value_t = Who::Staff)]
    pub who: Who,
    /// E-mail of the account; asked for at a terminal when left out
    #[arg(long, conflicts_with = "token")]
    pub email: Option<String>,
    /// Use an API token: it is asked for at a terminal, or read from standard input
    #[arg(long)]
    pub token: bool,
    /// Name to keep this log-in under
    #[arg(long, default_value = "default")]
    pub name: String,
}

#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// Log-ins kept on this account
    List,
    /// Use this one from now on
    Use { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Customers {
    /// Customers, newest first
    List {
        /// Start of an e-mail, of a store's name or of its address
        #[arg(long)]
        search: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// All customers as a file
    Export {
        #[arg(long, value_parser = ["csv", "jsonl"], default_value = "csv")]
        format: String,
        /// Start of an e-mail, of a store's name or of its address
        #[arg(long)]
        search: Option<String>,
        /// Only whose newest store is in this state
        #[arg(long)]
        state: Option<String>,
        /// Write it there instead of to standard output; nothing is overwritten
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// One customer with their stores
    Show { customer: u64 },
    /// Make an account; its owner is mailed a link to choose a password
    Create { email: String },
    /// Give an account another address
    Email {
        customer: u64,
        /// The new address
        email: String,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
    /// Close an account; its stores are deleted after seven days. Asks for your password
    Close {
        customer: u64,
        /// The customer's address, exactly
        email: String,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
    /// Give a customer to a reseller, or take them back; they keep everything. Asks for your password
    Provider {
        customer: u64,
        /// Number of the reseller
        #[arg(long, conflicts_with = "ours", required_unless_present = "ours")]
        reseller: Option<u64>,
        /// A direct customer from now on
        #[arg(long)]
        ours: bool,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
    /// Open a closed account again
    Reopen { customer: u64 },
    /// Reset the second factor of an owner who lost phone and codes, in a day. Asks for your password
    ResetFactor {
        customer: u64,
        /// The customer's address, exactly
        email: String,
        /// How you made sure who asks; for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Take the reset of a second factor back
    KeepFactor { customer: u64 },
    /// Mail them a link to choose a password
    Invite {
        #[arg(required = true)]
        customers: Vec<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Resellers {
    /// What a reseller may sell and how much of it is used; without a number your own
    Show { customer: Option<u64> },
    /// Make a customer a reseller, or set the limits (staff)
    Set {
        customer: u64,
        /// Most customers
        #[arg(long)]
        customers: u32,
        /// Most stores of all of them together
        #[arg(long)]
        stores: u32,
        /// A plan they may sell; several are several of these
        #[arg(long = "plan", required = true)]
        plans: Vec<String>,
    },
    /// Make a reseller an ordinary customer again; whoever was theirs is ours (staff)
    End { customer: u64 },
    /// The name and address for help that your customers see; empty: ours (resellers)
    Brand {
        #[arg(long, default_value = "")]
        name: String,
        #[arg(long, default_value = "")]
        email: String,
    },
    /// Your customers, newest first (resellers)
    Customers {
        /// Start of an e-mail
        #[arg(long)]
        search: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One customer of yours with their stores (resellers)
    Customer { customer: u64 },
    /// Tickets of your customers, newest first; `tickets show` and `tickets write` read and answer one (resellers)
    Tickets {
        /// Only of this customer of yours
        #[arg(long)]
        customer: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// What was done to and by your customers, newest first (resellers)
    Events {
        /// Only about this customer of yours
        #[arg(long)]
        customer: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Make a customer of yours; its owner is mailed a link to choose a password (resellers)
    Create { email: String },
    /// Order a store for a customer of yours (resellers)
    Order {
        customer: u64,
        /// Title of the shop
        name: String,
        /// Slug of a plan you may sell
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
}

#[derive(Debug, Subcommand)]
pub enum Staff {
    /// All staff
    List,
    /// One staff member
    Show { id: u64 },
    /// Make an account with a temporary password, which is mailed and shown once
    Create {
        email: String,
        name: String,
        #[arg(long, value_parser = ["support", "admin", "super_admin"])]
        role: String,
    },
    /// Change name, role, or whether they may sign in
    Change {
        id: u64,
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_parser = ["support", "admin", "super_admin"])]
        role: Option<String>,
        /// May sign in
        #[arg(long)]
        active: Option<bool>,
    },
    /// Give them a temporary password; every session of theirs ends
    Reset { id: u64 },
    /// Take a lost second factor away
    RemoveFactor { id: u64 },
    /// Delete the account
    Delete { id: u64 },
}

#[derive(Debug, Subcommand)]
pub enum Tickets {
    /// Tickets, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One ticket and what was written
    Show { ticket: String },
    /// Ask something (shop owners)
    Open {
        /// In one line
        subject: String,
        message: String,
        #[arg(long, value_parser = ["store", "address", "billing", "account", "other"], default_value = "other")]
        category: String,
        #[arg(long, value_parser = ["low", "normal", "high", "urgent"])]
        priority: Option<String>,
        /// Full id of the store it is about
        #[arg(long)]
        store: Option<String>,
        /// A file to send along, at most 5 MB; several are several of these
        #[arg(long = "file")]
        files: Vec<PathBuf>,
    },
    /// Write in a ticket; what staff write is an answer
    Write {
        ticket: String,
        text: String,
        /// Number of the newest message you have read: refused when there are newer ones (staff)
        #[arg(long)]
        seen: Option<u32>,
        /// A file to send along, at most 5 MB; several are several of these
        #[arg(long = "file")]
        files: Vec<PathBuf>,
    },
    /// Download a file of a ticket
    File {
        ticket: String,
        /// Its id, as `show` says it
        file: String,
        /// Write it there instead of to standard output; nothing is overwritten
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Keep a note that only staff read (staff)
    Note { ticket: String, text: String },
    /// Say that it is solved
    Solve { ticket: String },
    /// Close it (staff)
    Close { ticket: String },
    /// Take it up again (staff)
    Reopen { ticket: String },
}

#[derive(Debug, Subcommand)]
pub enum Schedules {
    /// Recurring work
    List,
    /// Run one now
    Run { name: String },
    /// Stop running it by itself
    Pause { name: String },
    /// Run it by itself again
    Resume { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Events, newest first
    List {
        /// Only by this person
        #[arg(long)]
        actor: Option<String>,
        /// Only this action, noun.verb
        #[arg(long)]
        action: Option<String>,
        /// Only about this thing: its id
        #[arg(long)]
        target: Option<String>,
        /// Not before this day or moment
        #[arg(long)]
        from: Option<String>,
        /// Before this day or moment
        #[arg(long)]
        until: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// All events as a file
    Export {
        #[arg(long, value_parser = ["csv", "jsonl"], default_value = "csv")]
        format: String,
        /// Only by this person
        #[arg(long)]
        actor: Option<String>,
        /// Only this action, noun.verb
        #[arg(long)]
        action: Option<String>,
        /// Only about this thing: its id
        #[arg(long)]
        target: Option<String>,
        /// Not before this day or moment
        #[arg(long)]
        from: Option<String>,
        /// Before this day or moment
        #[arg(long)]
        until: Option<String>,
        /// Write it there instead of to standard output; nothing is overwritten
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Walk the whole chain; fails when it does not hold
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum Offers {
    /// What is offered to you
    List,
    /// Take a store. Asks for your password
    Accept { offer: String },
    /// Decline it
    Decline { offer: String },
}

#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Your live tokens, clients and log-ins
    List,
    /// Make a token; it is shown once
    Create {
        /// What it is for
        name: String,
        /// Scopes, space-separated
        #[arg(long)]
        scopes: String,
        /// Days it lives
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// An OAuth2 client instead of a token
        #[arg(long)]
        client: bool,
    },
    /// Refuse it from now on
    Revoke { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Mails {
    /// Mails, newest first
    List {
        /// sending, sent or failed
        #[arg(long)]
        state: Option<String>,
        /// Only to this address
        #[arg(long)]
        to: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Send one again, with new links
    Resend { id: u64 },
    /// Send a test mail to yourself
    Test,
}

#[derive(Debug, Subcommand)]
pub enum Ports {
    /// The ports of a server
    List {
        /// The first server when left out
        #[arg(long)]
        server: Option<String>,
        /// free, used, resting or left_over
        #[arg(long)]
        state: Option<String>,
    },
    /// Add ports to a pool
    Widen { server: String, pool: String, first: u32, last: u32 },
    /// Free a port that was left over
    Free { server: String, port: u32 },
}

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Browsers that are signed in (shop owners)
    Devices,
    /// Sign one browser out (shop owners)
    EndDevice { id: u64 },
    /// Sign out everywhere, this log-in included (shop owners)
    SignOutEverywhere,
    /// The newest sign-ins and tries
    SignIns,
    /// What was done to the account and its stores (shop owners)
    Events {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// What you chose about the account (shop owners)
    Show,
    /// Change name, time zone or theme; what is left out stays (shop owners)
    Change {
        #[arg(long)]
        name: Option<String>,
        /// E.g. Europe/Berlin
        #[arg(long)]
        time_zone: Option<String>,
        #[arg(long, value_parser = ["auto", "light", "dark"])]
        theme: Option<String>,
    },
    /// Choose which mails you get; what is left out stays (shop owners)
    Mails {
        /// Of sign-ins from new places
        #[arg(long)]
        new_place: Option<bool>,
        /// Of the stores
        #[arg(long)]
        store: Option<bool>,
        /// Of tickets of your customers (resellers)
        #[arg(long)]
        tickets: Option<bool>,
    },
    /// Change your address: both mailboxes get a link. Asks for your password (shop owners)
    Email { email: String },
    /// Exports of your data (shop owners)
    Exports,
    /// Order an export of your data; a mail says when it is ready (shop owners)
    Export,
    /// Download an export of your data (shop owners)
    Download {
        /// Its id, as `exports` says it
        export: String,
        /// Write it there instead of to standard output; nothing is overwritten
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Close the account in 30 days, with its stores and everything about you. Asks for your password (shop owners)
    Close {
        /// Your address, exactly
        email: String,
    },
    /// Keep an account whose closing is planned (shop owners)
    Keep,
    /// Whether support asks before it looks at your panel (shop owners)
    AskFirst {
        #[arg(action = clap::ArgAction::Set)]
        ask: bool,
    },
    /// Who of support looks at your panel, or wants to (shop owners)
    Views,
    /// Allow a look of support at your panel (shop owners)
    Allow { view: u64 },
    /// Refuse a look of support, or end it (shop owners)
    Refuse { view: u64 },
}

#[derive(Debug, Subcommand)]
pub enum Answers {
    /// All of them
    List,
    /// Keep one
    Keep {
        /// What it is for
        title: String,
        text: String,
    },
    /// Change one; what is left out stays
    Change {
        answer: String,
        #[arg(long)]
        title: Option<String>,
        #[arg(long)]
        text: Option<String>,
    },
    /// Delete one
    Delete { answer: String },
}

#[derive(Debug, Subcommand)]
pub enum System {
    /// The state of the installation
    Show,
    /// What needs a person; fails when something does
    Attention,
    /// Web and worker processes
    Processes,
    /// Restart a process. Asks for your password
    Restart {
        /// As `shopfleet system processes` names it
        process: String,
    },
    /// What web and worker processes log
    Log {
        #[arg(long, value_parser = ["web", "worker"])]
        service: Option<String>,
        /// Only lines of this level and worse
        #[arg(long, value_parser = ["warning", "error"])]
        level: Option<String>,
        /// Only lines with this in them
        #[arg(long)]
        find: Option<String>,
        /// Only of this request or job
        #[arg(long)]
        correlation: Option<String>,
        /// Not before, UTC: 2026-11-21 or "2026-11-21 09:00"
        #[arg(long)]
        from: Option<String>,
        /// Before, UTC
        #[arg(long)]
        to: Option<String>,
        /// The newest so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Go on with new lines until interrupted
        #[arg(long, short)]
        follow: bool,
    },
}

#[derive(Debug, Args)]
pub struct CallOperation {
    /// Name of the operation; without it all are listed
    pub operation: Option<String>,
    /// Names of the path and the query, as name=value
    pub values: Vec<String>,
    /// The body is JSON from standard input
    #[arg(long)]
    pub stdin: bool,
}
