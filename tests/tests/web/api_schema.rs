//! Schemathesis makes requests from the OpenAPI document, right ones and wrong ones, and compares every
//! answer with it: no failure of ours, nothing the document does not say.

use crate::api::{Program, log_in};
use crate::support::App;
use hosting::domain::Role;
use tokio::process::Command;

/// Below the rate of one credential, so that the limit does not answer in place of the operations.
const RATE: &str = "45/s";
const EXAMPLES: &str = "12";

/// What ends the log-in it is called with, or may: the ids that others answered are tried as well, the caller's own too.
const ENDING: &[&str] = &["log_out", "revoke_token", "end_device", "end_devices"];
const OWNERS: &[&str] = &["stores", "jobs", "tokens", "account", "tickets", "webhooks"];

#[actix_web::test]
async fn answers_to_staff_are_what_the_document_says() {
    check("root@example.com", "staff", &exclude()).await;
}

#[actix_web::test]
async fn answers_to_owners_are_what_the_document_says() {
    let tags = OWNERS.iter().flat_map(|tag| ["--include-tag", tag]);
    check("ana@example.com", "customer", &tags.chain(exclude()).collect::<Vec<_>>()).await;
}

#[actix_web::test]
async fn answers_to_who_ends_their_own_log_in_are_what_the_document_says() {
    let which: Vec<_> = ENDING.iter().flat_map(|id| ["--include-operation-id", id]).collect();
    run("ana@example.com", "customer", &which).await;
}

fn exclude() -> Vec<&'static str> {
    ENDING.iter().flat_map(|id| ["--exclude-operation-id", id]).collect()
}

/// As [`run`], and the caller was one to the end: what a stranger is answered says little about an operation.
async fn check(email: &str, account: &str, which: &[&str]) {
    let (_app, caller, text) = run(email, account, which).await;
    assert_eq!(caller.get("/api/v1/account").await.status, 200, "{text}");
    assert!(!text.contains("Rate limited"), "{text}");
}

async fn run(email: &str, account: &str, which: &[&str]) -> (App, Program, String) {
    let program = std::env::var("SHOPFLEET_SCHEMATHESIS")
        .expect("SHOPFLEET_SCHEMATHESIS names the program; ./scripts/test installs it from PyPI");
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    for _ in 0..5 {
        app.noop().await;
    }
    app.staff("root@example.com", Role::SuperAdmin).await;
    let (caller, _) = log_in(&app, email, account).await;
    let address = app.base.as_str();
    // Not a blocking wait: connections that this thread has opened live on its runtime.
    // Words that fit the document and not our rules (a plan that is not offered) are refused with 422; programs
    // cannot know: `positive_data_acceptance` would call that wrong.
    #[allow(clippy::disallowed_methods, reason = "a test starts a test program")]
    let output = Command::new(&program)
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/data/schemathesis.toml")])
        .args(["run", &format!("{address}/api/openapi.json"), "--url", address])
        .args(["--header", &format!("Authorization: Bearer {}", caller.bearer())])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", "1"])
        .args(["--rate-limit", RATE, "--no-color", "--continue-on-failure"])
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"])
        .args(which)
        .env("HOME", std::env::temp_dir())
        .current_dir(std::env::temp_dir())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    // Something was tried at all.
    assert!(text.contains("generated") && !text.contains(" 0 generated"), "{text}");
    (app, caller, text)
}
