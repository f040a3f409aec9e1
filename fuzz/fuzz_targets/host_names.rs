//! `cargo fuzz run host_names`
#![no_main]

#[path = "../checks/host_names.rs"]
mod host_names;

libfuzzer_sys::fuzz_target!(|data: &[u8]| host_names::check(data));
