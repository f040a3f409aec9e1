//! Questions at a terminal; without one, the lines of standard input, one after the other.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, bail};
use shopfleet_client::SecretString;

/// No line that is asked for is longer.
const LONGEST: u64 = 4096;

/// Whether a person can be asked.
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal()
}

/// Something that may be seen.
pub fn text(question: &str) -> Result<String> {
    if somebody_is_there() {
        return dialoguer::Input::new().with_prompt(question).interact_text().context("cannot ask");
    }
    line(question)
}

/// Something that is not shown while it is typed.
pub fn secret(question: &str) -> Result<SecretString> {
    if somebody_is_there() {
        return Ok(dialoguer::Password::new().with_prompt(question).interact().context("cannot ask")?.into());
    }
    line(question).map(Into::into)
}

fn line(question: &str) -> Result<String> {
    read(std::io::stdin().lock(), question)
}

fn read(input: impl BufRead, question: &str) -> Result<String> {
    let mut line = String::new();
    input.take(LONGEST).read_line(&mut line).context("cannot read standard input")?;
    let line = line.trim_end_matches(['\n', '\r']);
    if line.is_empty() {
        bail!("{question}: there is no terminal to ask at, and nothing (more) on standard input");
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_one_by_one() {
        let mut input = std::io::BufReader::new(&b"pass word\r\n123456\n"[..]);
        assert_eq!(read(&mut input, "Password").unwrap(), "pass word");
        assert_eq!(read(&mut input, "Code").unwrap(), "123456");
        assert!(read(&mut input, "More").unwrap_err().to_string().starts_with("More: "));
    }
}
