//! The checks of fuzz/ with bytes changed at random, on stable Rust: two seconds each, from a fixed corpus. A failure
//! prints its input; put it into fuzz/corpus and mend. For longer: `SHOPFLEET_FUZZ_SECONDS=60 cargo test --test fuzz`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../fuzz/checks/forms.rs"]
mod forms;
#[path = "../../fuzz/checks/host_names.rs"]
mod host_names;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// What parsers stumble over.
const WORDS: &[&[u8]] = &[
    b"xn--",
    b"--",
    b"..",
    b".",
    b"-",
    b"@",
    b"%",
    b"%00",
    b"%0d%0a",
    b"&",
    b"=",
    b"+",
    b"\0",
    b"\r\n",
    b" ",
    b"/",
    b"\\",
    b"'",
    b"\"",
    b"<",
    b"{{",
    b"${",
    b"localhost",
    b"127.0.0.1",
    b"[::1]",
    b":",
    b";",
    b"admin",
    b"\xff",
    b"\xc3\x28",
    "\u{0}".as_bytes(),
    "\u{200d}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{ff0e}".as_bytes(),
    "\u{130}".as_bytes(),
    "\u{df}".as_bytes(),
    "\u{1f338}".as_bytes(),
    "e\u{301}".as_bytes(),
    b"/0",
    b"/33",
    b"10.0.0.0/8",
];

/// One change: a byte flipped, put in, taken out or doubled, a word put in, or two inputs joined.
fn change(data: &mut Vec<u8>, rng: &mut StdRng, others: &[Vec<u8>]) {
    let at = rng.random_range(0..=data.len());
    match rng.random_range(0..7u8) {
        0 if at < data.len() => data[at] ^= 1 << rng.random_range(0..8u8),
        1 if at < data.len() => data[at] = rng.random(),
        2 if at < data.len() => drop(data.remove(at)),
        3 => data.insert(at, rng.random()),
        4 => {
            let end = rng.random_range(at..=data.len());
            let part = data[at..end].to_vec();
            data.splice(at..at, part);
        }
        5 => {
            let other = &others[rng.random_range(0..others.len())];
            data.truncate(at);
            data.extend_from_slice(&other[rng.random_range(0..=other.len())..]);
        }
        _ => {
            let word = WORDS[rng.random_range(0..WORDS.len())];
            data.splice(at..at, word.iter().copied());
        }
    }
    data.truncate(2_000);
}

fn run(name: &str, check: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut inputs: Vec<Vec<u8>> =
        std::fs::read_dir(&folder).unwrap().map(|e| std::fs::read(e.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() > 10, "the corpus in {} is gone", folder.display());
    inputs.push(Vec::new());
    let tried = |data: &[u8]| {
        let done = catch_unwind(AssertUnwindSafe(|| check(data)));
        assert!(done.is_ok(), "{name} fails on {:?} (as hex: {})", String::from_utf8_lossy(data), hex::encode(data));
    };
    inputs.iter().for_each(|data| tried(data));
    let seconds = std::env::var("SHOPFLEET_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let seed = rand::random();
    let (mut rng, begun, mut count) = (StdRng::seed_from_u64(seed), Instant::now(), 0u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut data = inputs[rng.random_range(0..inputs.len())].clone();
        for _ in 0..rng.random_range(1..12u8) {
            change(&mut data, &mut rng, &inputs);
        }
        tried(&data);
        count += 1;
    }
    println!("{name}: {count} inputs in {seconds} s, seed {seed}");
}

#[test]
fn host_names_hold_what_they_promise() {
    run("host_names", host_names::check);
}

#[test]
fn forms_hold_what_they_promise() {
    run("forms", forms::check);
}
