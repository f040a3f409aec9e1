//! A form body of any bytes: every field becomes a value of a closed type or a refusal.
#![no_main]

use hosting::domain::{Email, HumanText, Platform, Slug, Uid};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(fields) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(body) else { return };
    for (_, value) in fields {
        if let Ok(email) = Email::parse(&value) {
            // Nothing that could start a mail header or an option.
            assert!(email.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)) && !email.as_str().starts_with('-'));
        }
        if let Ok(name) = HumanText::parse("store name", &value) {
            assert!(!name.as_str().is_empty() && name.as_str().chars().count() <= 80);
            assert!(!name.as_str().chars().any(char::is_control));
        }
        let _ = (Slug::parse(&value), Platform::parse(&value), Uid::parse(&value));
    }
});
