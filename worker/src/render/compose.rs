//! The store's `compose.yml`: made from the same typed stack as the Engine's requests, so that
//! `docker compose ps`, `logs` and `down` in the store's directory agree with what runs.

use crate::docker::ContainerSpec;
use crate::shop::images::ImageSet;
use crate::shop::stack::Stack;
use hosting::render::{Output, render};
use serde::Serialize;
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("../../../templates/compose/woocommerce.yml.j2");

#[derive(Serialize)]
struct Context<'a> {
    project: &'a str,
    network: Network<'a>,
    services: Vec<Service<'a>>,
}

#[derive(Serialize)]
struct Network<'a> {
    bridge: &'a str,
    subnet: String,
    gateway: String,
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    container: &'a str,
    image: &'a str,
    image_tag: &'a str,
    user: String,
    args: &'a [String],
    env: &'a BTreeMap<&'static str, String>,
    mounts: Vec<Mount<'a>>,
    tmpfs: Vec<String>,
    address: String,
    publish: Option<String>,
    rights: &'a [&'static str],
    memory: String,
    cpus: String,
    pids: u32,
    stop: String,
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Mount<'a> {
    source: String,
    target: &'a str,
    read_only: bool,
}

/// Compose adds its own labels by itself.
fn own_labels(labels: &crate::docker::Labels) -> BTreeMap<&str, &str> {
    labels.iter().filter(|(k, _)| k.starts_with("io.shopfleet.")).map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

fn service<'a>(spec: &'a ContainerSpec, images: &'a ImageSet) -> Service<'a> {
    Service {
        name: spec.service,
        container: &spec.name,
        image: &spec.image,
        image_tag: images.tag(match spec.service {
            "web" => "store-web",
            "db" => "store-db",
            "redis" => "store-redis",
            other => other,
        }),
        user: format!("{0}:{0}", spec.uid),
        args: &spec.args,
        env: &spec.env,
        mounts: spec
            .mounts
            .iter()
            .map(|m| Mount {
                source: m.source.to_string_lossy().into_owned(),
                target: m.target,
                read_only: m.read_only,
            })
            .collect(),
        tmpfs: spec.tmpfs().iter().map(|(path, options)| format!("{path}:{options}")).collect(),
        address: spec.address.to_string(),
        publish: spec.publish.map(|(outside, inside)| format!("{}:{outside}:{inside}", spec.listen)),
        rights: spec.rights,
        memory: format!("{}m", spec.memory_mb),
        cpus: format!("{}.{:03}", spec.cpu_millis / 1000, spec.cpu_millis % 1000),
        pids: spec.pids,
        stop: format!("{}s", spec.stop_seconds),
        labels: own_labels(&spec.labels),
    }
}

/// The file's text.
///
/// # Errors
/// A defect of the template.
pub fn compose_file(stack: &Stack, images: &ImageSet) -> Result<String, String> {
    let context = Context {
        project: &stack.project,
        network: Network {
            bridge: &stack.network.bridge,
            subnet: stack.network.cidr(),
            gateway: stack.network.address(1).to_string(),
            labels: own_labels(&stack.network.labels),
        },
        services: stack
            .containers
            .iter()
            .chain(&stack.db_admin)
            .chain(&stack.file_access)
            .map(|c| service(c, images))
            .collect(),
    };
    render("templates/compose/woocommerce.yml.j2", TEMPLATE, Output::Json, &context)
        .map_err(|e| crate::engine::step::chain(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_GOLDEN=1 cargo test -p worker` writes the file anew.
    #[test]
    fn the_compose_file_is_as_agreed() {
        let text = compose_file(&crate::shop::woocommerce::sample_stack(), &crate::shop::images::sample()).unwrap();
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/woocommerce.yml");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(golden).unwrap());
        let doc: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(doc["networks"]["default"]["name"], "store-bcdefghj");
        for service in ["web", "db", "redis"] {
            let s = &doc["services"][service];
            assert_eq!(s["cap_drop"][0], "ALL");
            assert_eq!(s["read_only"], true);
            assert_eq!(s["container_name"], format!("store-bcdefghj-{service}"));
        }
        assert_eq!(doc["services"]["web"]["ports"][0], "127.0.0.1:8001:8080");
        assert!(doc["services"]["db"].get("ports").is_none());
        assert!(doc["services"].get("db-admin").is_none());
    }

    #[test]
    fn the_database_page_is_in_the_file_while_there_is_one() {
        let stack = crate::shop::woocommerce::sample_stack_with(Some(9001));
        let text = compose_file(&stack, &crate::shop::images::sample()).unwrap();
        let doc: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let page = &doc["services"]["db-admin"];
        assert_eq!(page["ports"][0], "127.0.0.1:9001:8080");
        assert_eq!((&page["read_only"], &page["cap_drop"][0]), (&true.into(), &"ALL".into()));
        assert_eq!(page["volumes"][0]["read_only"], true);
        assert!(text.contains("shopfleet/db-admin:1"));
        let sftp = &doc["services"]["sftp"];
        assert_eq!(sftp["ports"][0], "0.0.0.0:12001:2222");
        assert_eq!((&sftp["cap_drop"][0], &sftp["cap_add"][0]), (&"ALL".into(), &"SYS_CHROOT".into()));
        assert_eq!(sftp["volumes"][1]["target"], "/srv/file-access/jail/wp-content");
        assert!(doc["services"]["web"].get("cap_add").is_none());
    }
}
