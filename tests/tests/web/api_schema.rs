//! Schemathesis makes requests from the OpenAPI document, right ones and wrong ones, and compares every
//! answer with it: no failure of ours, nothing the document does not say.

use crate::api::log_in;
use crate::support::App;
use hosting::domain::Role;
use tokio::process::Command;

/// Below the rate of one credential, so that the limit does not answer in place of the operations.
const RATE: &str = "45/s";
const EXAMPLES: &str = "12";

#[actix_web::test]
async fn answers_to_staff_are_what_the_document_says() {
    // Logging out in the middle would leave the rest without a caller.
    check("root@example.com", "staff", &["--exclude-operation-id", "log_out"]).await;
}

#[actix_web::test]
async fn answers_to_owners_are_what_the_document_says() {
    let tags = [
        "--include-tag",
        "stores",
        "--include-tag",
        "jobs",
        "--include-tag",
        "tokens",
        "--include-tag",
        "account",
        "--include-tag",
        "tickets",
        "--include-tag",
        "webhooks",
    ];
    // Signing out everywhere ends the caller's own log-in as well.
    let which = [&tags[..], &["--exclude-operation-id", "end_devices"]].concat();
    check("ana@example.com", "customer", &which).await;
}

async fn check(email: &str, account: &str, which: &[&str]) {
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
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    // Something was tried at all.
    assert!(text.contains("generated") && !text.contains(" 0 generated"), "{text}");
}
