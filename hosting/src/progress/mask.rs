//! Masking of secrets in log lines, by value: every secret a job has opened is replaced wherever it
//! appears. (Types keep secrets out in the first place; this is the second wall.)

use crate::crypto::Secret;

/// The secrets one job has touched.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    secrets: Vec<Secret>,
}

impl Mask {
    /// Remembers a secret. Values under 6 characters are not masked by value (they would tear words
    /// apart); our own secrets are all longer.
    pub fn add(&mut self, secret: &Secret) {
        if secret.expose().len() >= 6 && !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
            // Longest first, so that a secret inside another one leaves nothing behind.
            self.secrets.sort_by_key(|s| std::cmp::Reverse(s.expose().len()));
        }
    }

    /// The text with every known secret replaced by dots.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.secrets {
            if out.contains(secret.expose()) {
                out = out.replace(secret.expose(), "••••••");
            }
        }
        out
    }
}

/// Parameters whose values let somebody in: one-time keys of WordPress and WooCommerce, tokens of payment services.
const TELLING: &[&str] = &[
    "key",
    "token",
    "password",
    "pwd",
    "pass",
    "secret",
    "nonce",
    "wpnonce",
    "code",
    "sig",
    "signature",
    "auth",
    "session",
    "apikey",
];

/// Replaces values of telling parameters: `…?action=rp&key=abc&login=x` keeps its names only.
#[must_use]
pub fn mask_by_name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let name_at = before[..at]
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let name = before[name_at..at].to_ascii_lowercase();
        let telling = name.split(['_', '-']).any(|part| TELLING.contains(&part)) || name.ends_with("key");
        let end = after.find(|c: char| c.is_whitespace() || "&\"';,)>".contains(c)).unwrap_or(after.len());
        // What is not telling itself may hold what is: `path=/x?token=abc`.
        rest = if telling && end > 0 {
            out.push_str("••••••");
            &after[end..]
        } else {
            after
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn every_occurrence_goes() {
        let mut mask = Mask::default();
        mask.add(&Secret::new("hunter22"));
        mask.add(&Secret::new("hunter22-and-more"));
        assert_eq!(mask.apply("pw=hunter22 hunter22-and-more!"), "pw=•••••• ••••••!");
    }
}
