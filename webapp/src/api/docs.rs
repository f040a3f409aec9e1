//! `/api/docs`: the document as a page, drawn from the document itself. Works without scripts and
//! inside our content policy, which the usual viewers do not.

use super::openapi::DOCUMENT;
use crate::extract::Ctx;
use crate::routes::Answer;
use crate::views::api_docs::{Docs, Field, Group, Operation, Schema};
use serde_json::Value;
use std::sync::LazyLock;

static CONTENT: LazyLock<(Vec<Group>, Vec<Schema>)> = LazyLock::new(read);

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let (groups, schemas) = &*CONTENT;
    let page = ctx.page("API", "").await;
    ctx.ok(&Docs {
        page,
        groups,
        schemas,
        scopes: hosting::domain::scope::SCOPES.iter().map(|s| (s.name, s.about)).collect(),
    })
}

fn read() -> (Vec<Group>, Vec<Schema>) {
    let document = serde_json::to_value(&*DOCUMENT).unwrap_or_default();
    let mut groups: Vec<Group> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            let place = match groups.iter().position(|g| g.name == tag) {
                Some(n) => n,
                None => {
                    groups.push(Group { name: tag.to_owned(), operations: Vec::new() });
                    groups.len() - 1
                }
            };
            groups[place].operations.push(describe(path, method, id, operation));
        }
    }
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| Schema {
            name: name.clone(),
            about: text(&schema["description"]),
            fields: fields(schema),
        })
        .collect();
    (groups, schemas)
}

fn describe(path: &str, method: &str, id: &str, operation: &Value) -> Operation {
    let method = method.to_uppercase();
    let scope = crate::api::gate::scope_of(path, &method);
    let known = hosting::domain::scope::SCOPES.iter().any(|s| s.name == scope);
    let parameters = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|p| Field {
            name: text(&p["name"]),
            kind: kind(&p["schema"]),
            link: String::new(),
            required: p["required"] == true,
            about: text(&p["description"]),
        })
        .collect();
    let (body, body_link) = operation["requestBody"]["content"]
        .as_object()
        .and_then(|c| c.values().next())
        .map(|c| (kind(&c["schema"]), link(&c["schema"])))
        .unwrap_or_default();
    let (status, answer) = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .find(|(code, _)| code.starts_with('2'))
        .map(|(code, r)| (code.clone(), r.clone()))
        .unwrap_or_default();
    let schema =
        answer["content"].as_object().and_then(|c| c.values().next()).map(|c| c["schema"].clone()).unwrap_or_default();
    Operation {
        id: id.to_owned(),
        method,
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        about: text(&operation["description"]),
        scope: if known { scope } else { String::new() },
        parameters,
        body,
        body_link,
        status,
        answer: kind(&schema),
        answer_link: link(&schema),
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut all = Vec::new();
    // Flattened parts come as allOf.
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let about = link(part);
        if about.is_empty() {
            all.extend(fields(part));
        } else {
            all.push(Field {
                name: "…".into(),
                kind: about.clone(),
                link: about,
                required: true,
                about: "All of its fields".into(),
            });
        }
    }
    for value in schema["enum"].as_array().into_iter().flatten() {
        all.push(Field {
            name: text(value),
            kind: "value".into(),
            link: String::new(),
            required: false,
            about: String::new(),
        });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        all.push(Field {
            name: name.clone(),
            kind: kind(property),
            link: link(property),
            required: required.contains(&name.as_str()),
            about: text(&property["description"]),
        });
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Name of the schema that is meant, also inside a list or "or null".
fn link(schema: &Value) -> String {
    let own = schema["$ref"]
        .as_str()
        .or_else(|| schema["items"]["$ref"].as_str())
        .or_else(|| schema["oneOf"].as_array().into_iter().flatten().find_map(|s| s["$ref"].as_str()));
    own.and_then(|r| r.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn kind(schema: &Value) -> String {
    let name = link(schema);
    if schema["type"] == "array" {
        return format!("list of {}", if name.is_empty() { kind(&schema["items"]) } else { name });
    }
    if !name.is_empty() {
        return name;
    }
    match &schema["type"] {
        Value::String(t) => t.clone(),
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}
