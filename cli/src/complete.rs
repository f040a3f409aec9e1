//! Shell completion and manual pages, drawn from the command line itself.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;

/// The lines to load in a shell.
pub fn script(shell: Shell) -> String {
    let mut lines = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "shopfleet", &mut lines);
    String::from_utf8_lossy(&lines).into_owned()
}

/// Writes a page for each verb (`shopfleet-stores-list.1`); returns how many.
pub fn manual(dir: &Path) -> Result<usize> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let mut command = Cli::command();
    command.build();
    pages(&command, "shopfleet", dir)
}

fn pages(command: &clap::Command, name: &str, dir: &Path) -> Result<usize> {
    let mut page = Vec::new();
    let about = command.clone().display_name(name.to_owned());
    clap_mangen::Man::new(about).title(name.to_uppercase()).render(&mut page).context("cannot draw a page")?;
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    let mut written = 1;
    for verb in command.get_subcommands().filter(|v| !v.is_hide_set() && v.get_name() != "help") {
        written += pages(verb, &format!("{name}-{}", verb.get_name()), dir)?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_every_verb() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            for verb in Cli::command().get_subcommands().filter(|v| !v.is_hide_set()) {
                assert!(script.contains(verb.get_name()), "{shell}: {}", verb.get_name());
            }
        }
    }

    #[test]
    fn every_verb_has_a_page() {
        let dir = crate::testing::scratch("manual");
        let written = manual(&dir).unwrap();
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), written);
        let page = std::fs::read_to_string(dir.join("shopfleet-stores-suspend.1")).unwrap();
        assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
        assert!(page.contains("reason") && page.contains("paused"));
    }
}
