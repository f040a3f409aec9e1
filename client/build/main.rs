//! Makes types and methods from `openapi.json`, the document of the API. A unit test of the panel holds the file
//! against what the panel serves, so that the client knows every operation there is, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a build that cannot go on stops")]

mod operations;
mod types;

use serde_json::Value;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=openapi.json");
    println!("cargo:rerun-if-changed=build");
    let text = std::fs::read_to_string("openapi.json").expect("client/openapi.json");
    let document: Value = serde_json::from_str(&text).expect("client/openapi.json is JSON");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let operations = operations::all(&document);
    std::fs::write(out.join("types.rs"), types::write(&document, &operations)).expect("OUT_DIR takes files");
    std::fs::write(out.join("operations.rs"), operations::write(&operations)).expect("OUT_DIR takes files");
}

/// `list_stores` → `ListStores`; `Listing_Store` → `ListingStore`.
fn pascal(name: &str) -> String {
    let mut out = String::new();
    let mut up = true;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            up = true;
        } else if up {
            out.push(c.to_ascii_uppercase());
            up = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// A field or argument: words of the language get their mark.
fn ident(name: &str) -> String {
    let plain = name.replace('-', "_");
    if ["type", "ref", "move", "use", "in", "for", "match"].contains(&plain.as_str()) {
        format!("r#{plain}")
    } else {
        plain
    }
}

/// Doc comment lines.
fn doc(indent: &str, text: &str) -> String {
    text.lines().map(|l| format!("{indent}/// {}\n", l.trim()).replace("/// \n", "///\n")).collect()
}
