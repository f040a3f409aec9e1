//! Schemas of the document as Rust types.

use super::operations::Operation;
use super::{doc, ident, pascal};
use serde_json::{Map, Value};
use std::fmt::Write;

/// Fields that no debug output shows; a struct that has one shows no `code` either, which may be of a second factor.
const SECRET: &[&str] =
    &["password", "secret", "access_token", "refresh_token", "client_secret", "temporary_password", "values", "value"];

/// All types.
pub fn write(document: &Value, operations: &[Operation]) -> String {
    let mut out = String::new();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        out += &item(&pascal(name), schema);
    }
    for operation in operations.iter().filter(|o| !o.query.is_empty()) {
        let mut properties = Map::new();
        for (name, schema, about) in &operation.query {
            let mut schema = schema.clone();
            schema["description"] = Value::String(about.clone());
            properties.insert(name.clone(), schema);
        }
        let schema = serde_json::json!({
            "type": "object", "properties": properties, "description": format!("What `{}` may be asked.", operation.id),
        });
        out += &item(&operation.query_type(), &schema);
    }
    out
}

fn item(name: &str, schema: &Value) -> String {
    let about = schema["description"].as_str().unwrap_or("Of the API.");
    let mut out = doc("", about);
    if let Some(words) = schema["enum"].as_array() {
        out += "#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]\n";
        writeln!(out, "pub enum {name} {{").unwrap();
        for word in words.iter().filter_map(Value::as_str) {
            let variant = pascal(word);
            writeln!(out, "    /// `{word}`\n    #[serde(rename = \"{word}\")]\n    {variant},").unwrap();
        }
        // What a newer panel may say and this client does not know yet.
        if name == "ProblemCode" {
            out += "    /// One this client does not know.\n    #[serde(other)]\n    Unknown,\n";
        }
        return out + "}\n\n";
    }
    let mut fields = Vec::new();
    let parts: Vec<&Value> = match schema["allOf"].as_array() {
        Some(parts) => parts.iter().collect(),
        None => vec![schema],
    };
    for part in parts {
        if let Some(base) = reference(part) {
            fields.push((String::new(), format!("    /// All of it.\n    #[serde(flatten)]\n    pub base: {base},\n")));
        } else {
            fields.extend(of_object(part));
        }
    }
    let hidden = fields.iter().any(|(name, text)| SECRET.contains(&name.as_str()) && !text.contains(": bool"));
    let debug = if hidden { "" } else { "Debug, " };
    let default = if fields.iter().all(|(_, text)| text.contains(": Option<")) { "Default, " } else { "" };
    writeln!(out, "#[derive({debug}{default}Clone, PartialEq, serde::Serialize, serde::Deserialize)]").unwrap();
    writeln!(out, "pub struct {name} {{").unwrap();
    for (_, text) in &fields {
        out += text;
    }
    out += "}\n\n";
    if hidden {
        writeln!(out, "impl std::fmt::Debug for {name} {{").unwrap();
        out += "    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n";
        writeln!(out, "        f.debug_struct(\"{name}\")").unwrap();
        for (field, _) in fields
            .iter()
            .filter(|(field, _)| !["", "code"].contains(&field.as_str()) && !SECRET.contains(&field.as_str()))
        {
            writeln!(out, "            .field(\"{field}\", &self.{})", ident(field)).unwrap();
        }
        out += "            .finish_non_exhaustive()\n    }\n}\n\n";
    }
    out
}

fn of_object(schema: &Value) -> Vec<(String, String)> {
    let required: Vec<&str> =
        schema["required"].as_array().map(|r| r.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    properties
        .iter()
        .map(|(name, property)| {
            let (kind, nullable) = of(property);
            let about = property["description"].as_str().map_or_else(|| format!("`{name}`"), str::to_owned);
            let mut text = doc("    ", &about);
            let rust = ident(name);
            if nullable || !required.contains(&name.as_str()) {
                writeln!(text, "    #[serde(default, rename = \"{name}\", skip_serializing_if = \"Option::is_none\")]")
                    .unwrap();
                writeln!(text, "    pub {rust}: Option<{kind}>,").unwrap();
            } else {
                writeln!(text, "    #[serde(rename = \"{name}\")]\n    pub {rust}: {kind},").unwrap();
            }
            (name.clone(), text)
        })
        .collect()
}

fn reference(schema: &Value) -> Option<String> {
    schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()).map(pascal)
}

/// The type of a schema, and whether it may be null.
pub fn of(schema: &Value) -> (String, bool) {
    if let Some(name) = reference(schema) {
        return (name, false);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let null = choices.iter().any(|c| c["type"] == "null");
        let rest: Vec<&Value> = choices.iter().filter(|c| c["type"] != "null").collect();
        let [one] = rest.as_slice() else { panic!("a choice the client cannot read: {schema}") };
        return (of(one).0, null);
    }
    let (kind, null) = match &schema["type"] {
        Value::Array(kinds) => (
            kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("object"),
            kinds.iter().any(|k| k == "null"),
        ),
        kind => (kind.as_str().unwrap_or("object"), false),
    };
    let unsigned = schema["minimum"].as_f64().is_some_and(|m| m >= 0.0);
    let rust = match kind {
        "string" => "String".to_owned(),
        "boolean" => "bool".into(),
        "number" => "f64".into(),
        "integer" if schema["format"] == "int32" => if unsigned { "u32" } else { "i32" }.into(),
        "integer" => if unsigned { "u64" } else { "i64" }.into(),
        "array" => format!("Vec<{}>", of(&schema["items"]).0),
        _ if schema["additionalProperties"].is_object() => {
            format!("std::collections::BTreeMap<String, {}>", of(&schema["additionalProperties"]).0)
        }
        _ => "serde_json::Value".into(),
    };
    (rust, null)
}
