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
