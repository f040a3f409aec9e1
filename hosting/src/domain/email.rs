//! E-mail addresses of accounts.

use super::text::Refused;

/// An address we can send to: unquoted local part, a dotted ASCII (or punycode) domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Parses what a person typed; white space around it is forgiven, the domain is lower-cased.
    ///
    /// # Errors
    /// Words for the form field.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = || Refused::new("Enter an email address like name@example.com");
        let text = text.trim();
        if text.len() > 254 {
            return Err(refused());
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
        let local_ok = (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b))
            && !local.starts_with(['.', '-'])
            && !local.ends_with('.')
            && !local.contains("..");
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| refused())?;
        let labels_ok = domain.len() <= 253
            && domain.contains('.')
            && domain.split('.').all(|l| {
                (1..=63).contains(&l.len())
                    && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !l.starts_with('-')
                    && !l.ends_with('-')
            })
            && !domain.rsplit('.').next().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit()));
        if !local_ok || !labels_ok {
            return Err(refused());
        }
        Ok(Self(format!("{local}@{domain}")))
    }
    /// The address as it is written to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// What "the same address" means: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::Email;
    use proptest::prelude::*;

    #[test]
    fn good_and_bad() {
        assert_eq!(Email::parse(" Ana@Example.COM ").unwrap().as_str(), "Ana@example.com");
        assert_eq!(Email::parse("Ana@Example.COM").unwrap().key(), "ana@example.com");
        assert_eq!(Email::parse("a@bücher.example").unwrap().as_str(), "a@xn--bcher-kva.example");
        for bad in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.d",
            "\"a\"@c.d",
            "a@c.d\r\nBcc: x@y.z",
            "-a@c.d",
            "a..b@c.d",
            "a@1.2.3.4",
            "a@[1.2.3.4]",
            "a@-c.d",
            "a\0@c.d",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_addresses_carry_nothing_that_could_start_a_header(text in ".{0,300}") {
            if let Ok(e) = Email::parse(&text) {
                prop_assert!(e.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)));
                prop_assert_eq!(e.as_str().matches('@').count(), 1);
                prop_assert_eq!(Email::parse(e.as_str()).unwrap(), e);
            }
        }
    }
}
