// A form body of any bytes: every field becomes a value of a closed type or a refusal.

use hosting::domain::network::Networks;
use hosting::domain::{Email, HumanText, Platform, Slug, Uid};

/// Panics when the promise is broken.
pub fn check(body: &[u8]) {
    for (_, value) in url::form_urlencoded::parse(body) {
        if let Ok(email) = Email::parse(&value) {
            // Nothing that could start a mail header or an option.
            assert!(email.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)) && !email.as_str().starts_with('-'));
        }
        if let Ok(name) = HumanText::parse("store name", &value) {
            assert!(!name.as_str().is_empty() && name.as_str().chars().count() <= 80);
            assert!(!name.as_str().chars().any(char::is_control));
        }
        if !value.contains(',')
            && !value.contains(' ')
            && Networks::parse(&value).is_ok_and(|n| n.contains([1, 1, 1, 1].into()))
        {
            // No one range covers everybody.
            assert!(!Networks::parse(&value).is_ok_and(|n| n.contains([254, 1, 1, 1].into())));
        }
        let _ = (Slug::parse(&value), Platform::parse(&value), Uid::parse(&value));
    }
}
