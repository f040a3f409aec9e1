//! `shopfleet`: see `shopfleet --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Two TLS providers could be compiled in one day; choosing here keeps rustls from having to guess.
    rustls::crypto::ring::default_provider().install_default().ok();
    shopfleet_cli::run::run(shopfleet_cli::args::Cli::parse())
}
