//! The TypeScript client: its types are those of the document, and it works under Node against the live panel.

use crate::log::{change, write};
use crate::support::{App, PASSWORD};
use hosting::domain::{Audience, Role};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The folder that `./scripts/test` sets up: the client and what it is made with, built.
fn place() -> PathBuf {
    let place = std::env::var_os("SHOPFLEET_TYPESCRIPT");
    PathBuf::from(place.expect("SHOPFLEET_TYPESCRIPT names the built client; ./scripts/test sets it up with npm"))
}

async fn node(dir: &Path, script: &str, arguments: &[&str], env: &[(&str, &str)]) -> String {
    let done = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(dir)
        .envs(env.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{script}: {}{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}

#[actix_web::test]
async fn the_types_are_those_of_the_document() {
    let place = place();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let document = root.join("client/openapi.json");
    let drawn = std::env::temp_dir().join(format!("shopfleet-schema-{:016x}.d.ts", rand::random::<u64>()));
    let arguments = [document.to_str().unwrap(), "--output", drawn.to_str().unwrap()];
    node(&place, "node_modules/openapi-typescript/bin/cli.js", &arguments, &[]).await;
    let now = std::fs::read_to_string(&drawn).unwrap();
    std::fs::remove_file(&drawn).unwrap();
    let kept = std::fs::read_to_string(root.join("clients/typescript/src/schema.d.ts")).unwrap();
    assert!(now == kept, "src/schema.d.ts is old: npm run generate (clients/typescript/README.md)");
}

#[actix_web::test]
async fn a_program_logs_in_lists_follows_and_gets_typed_errors() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    app.staff("grace@example.com", Role::Admin).await;
    let (id, uid) = app.noop().await;
    for _ in 0..4 {
        app.noop().await;
    }
    app.db
        .sql(&format!(
            "UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}"
        ))
        .await;
    let place = place();
    let uid = uid.to_string();
    let env = [
        ("WALK_URL", app.base.as_str()),
        ("WALK_EMAIL", "grace@example.com"),
        ("WALK_PASSWORD", PASSWORD),
        ("WALK_JOB", uid.as_str()),
    ];
    let writing = async {
        for part in 0..10 {
            let texts: Vec<String> = (1..=5).map(|n| format!("line {}", part * 5 + n)).collect();
            write(&app, id, part * 5 + 1, &texts, Audience::Staff).await;
        }
        change(&app, id, &format!("UPDATE jobs SET state = 'finished', finished_at = NOW(6) WHERE id = {id}")).await;
    };
    let ((), said) = tokio::join!(writing, node(&place, "dist/walk.js", &[], &env));
    let said: Value = serde_json::from_str(said.trim()).unwrap();
    let expected = json!({
        "store": "Ana", "lines": 50, "end": "finished", "code": "not_found", "email": "grace@example.com", "jobs": 5,
    });
    assert_eq!(said, expected);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'api.refresh_reused'").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM api_credentials WHERE revoked_at IS NULL").await, 0);
}
