//! `cargo fuzz run forms`
#![no_main]

#[path = "../checks/forms.rs"]
mod forms;

libfuzzer_sys::fuzz_target!(|data: &[u8]| forms::check(data));
