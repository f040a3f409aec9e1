//! Shell completion. `shopfleet completion bash` prints a few lines that ask `shopfleet complete-words` at each
//! tab, so completion always knows the verbs of the program that is installed.

use anyhow::{Result, bail};
use clap::CommandFactory;

use crate::args::Cli;

/// Candidates for the last of `words`; `words` are those after the program's name.
pub fn candidates(words: &[String]) -> Vec<String> {
    let mut command = Cli::command();
    command.build();
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", &[][..]),
    };
    let mut at = &command;
    for word in before {
        if let Some(next) = at.find_subcommand(word) {
            at = next;
        }
    }
    let verbs = at.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| verb.get_name().to_owned());
    let options = at
        .get_arguments()
        .filter(|option| !option.is_hide_set())
        .filter_map(|option| option.get_long().map(|long| format!("--{long}")));
    let mut found: Vec<String> = if last.starts_with('-') { options.collect() } else { verbs.collect() };
    found.retain(|candidate| candidate.starts_with(last));
    found.sort();
    found.dedup();
    found
}

/// The lines to load in a shell.
pub fn script(shell: &str) -> Result<&'static str> {
    match shell {
        "bash" => Ok(BASH),
        "zsh" => Ok(ZSH),
        "fish" => Ok(FISH),
        other => bail!("there is no completion for {other}; choose bash, zsh or fish"),
    }
}

const BASH: &str = r#"_shopfleet() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _shopfleet shopfleet"#;

const ZSH: &str = r#"#compdef shopfleet
_shopfleet() {
    local -a found
    found=("${(@f)$("${words[1]}" complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -a found
}
compdef _shopfleet shopfleet"#;

const FISH: &str =
    r#"complete -c shopfleet -f -a '(shopfleet complete-words -- (commandline -opc)[2..] (commandline -ct))'"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Vec<String> {
        candidates(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn verbs_and_options_are_offered_and_hidden_ones_are_not() {
        assert!(of(&[""]).contains(&"doctor".to_owned()));
        assert!(!of(&[""]).contains(&"exec-child".to_owned()));
        assert_eq!(of(&["jobs", "f"]), ["follow"]);
        assert!(of(&["jobs", "list", "--js"]).contains(&"--json".to_owned()));
        assert!(of(&["nonsense", "x"]).is_empty());
    }

    #[test]
    fn every_shell_has_a_script_and_others_are_refused() {
        assert!(["bash", "zsh", "fish"].iter().all(|shell| script(shell).is_ok()));
        assert!(script("tcsh").is_err());
    }
}
