//! Operations of the document as methods of the client.

use super::{doc, ident, pascal, types};
use serde_json::Value;
use std::fmt::Write;

/// What comes back.
#[derive(Clone, PartialEq)]
pub enum Answer {
    Nothing,
    Json(String),
    Events,
    File,
}

/// What goes there.
#[derive(Clone, PartialEq)]
pub enum Sent {
    Nothing,
    Json(String),
    Form(String),
}

/// One operation.
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub tag: String,
    pub about: String,
    /// Names in the path, in order.
    pub names: Vec<String>,
    /// Name, schema, what for.
    pub query: Vec<(String, Value, String)>,
    pub sent: Sent,
    pub answer: Answer,
    /// Type of a row, when it comes in pages.
    pub row: Option<String>,
}

impl Operation {
    pub fn query_type(&self) -> String {
        format!("{}Query", pascal(&self.id))
    }
    fn arguments(&self) -> String {
        let mut out = String::new();
        for name in &self.names {
            write!(out, ", {}: impl std::fmt::Display", ident(name)).unwrap();
        }
        if !self.query.is_empty() {
            write!(out, ", query: &types::{}", self.query_type()).unwrap();
        }
        if let Sent::Json(kind) | Sent::Form(kind) = &self.sent {
            write!(out, ", body: &types::{kind}").unwrap();
        }
        out
    }
    fn call(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|n| format!("(\"{n}\", {}.to_string())", ident(n))).collect();
        let query = if self.query.is_empty() { "String::new()" } else { "encoded(query)?" };
        let sent = match &self.sent {
            Sent::Nothing => "Sent::Nothing".to_owned(),
            Sent::Json(_) => "Sent::json(body)?".into(),
            Sent::Form(_) => "Sent::form(body)?".into(),
        };
        format!(
            "Call {{ operation: \"{}\", method: reqwest::Method::{}, path: filled(\"{}\", &[{}]), query: {query}, sent: {sent} }}",
            self.id,
            self.method,
            self.path,
            names.join(", ")
        )
    }
}

/// Reads them from the document.
pub fn all(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path") {
            if !["get", "put", "post", "delete"].contains(&method.as_str()) {
                continue;
            }
            found.push(read(document, path, method, operation));
        }
    }
    found
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let (mut names, mut query) = (Vec::new(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("a name").to_owned();
        match parameter["in"].as_str() {
            Some("path") => names.push(name),
            Some("query") => {
                let about = parameter["description"].as_str().unwrap_or_default().to_owned();
                query.push((name, parameter["schema"].clone(), about));
            }
            other => panic!("the client cannot send a parameter in {other:?}"),
        }
    }
    names.sort_by_key(|n| path.find(&format!("{{{n}}}")));
    let content = &operation["requestBody"]["content"];
    let body = |media: &str| types::of(&content[media]["schema"]).0;
    let sent = if content["application/json"].is_object() {
        Sent::Json(body("application/json"))
    } else if content["application/x-www-form-urlencoded"].is_object() {
        Sent::Form(body("application/x-www-form-urlencoded"))
    } else {
        Sent::Nothing
    };
    let (mut answer, mut row) = (Answer::Nothing, None);
    let responses = operation["responses"].as_object().expect("answers");
    for (_, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
        if response["content"]["text/event-stream"].is_object() {
            answer = Answer::Events;
        } else if let Some(schema) = response["content"].get("application/json").map(|c| &c["schema"]) {
            answer = Answer::Json(types::of(schema).0);
            let name = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or_default();
            let items = &document["components"]["schemas"][name]["properties"]["items"]["items"];
            if query.iter().any(|(name, ..)| name == "after") && items.is_object() {
                row = Some(types::of(items).0);
            }
        } else if response["content"].is_object() {
            answer = Answer::File;
        }
    }
    let words = [operation["summary"].as_str(), operation["description"].as_str()];
    Operation {
        id: operation["operationId"].as_str().expect("a name").to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
        about: words.into_iter().flatten().collect::<Vec<_>>().join("\n\n"),
        names,
        query,
        sent,
        answer,
        row,
    }
}

/// All methods, the list of operations, and the way to them by name.
pub fn write(operations: &[Operation]) -> String {
    let mut out = String::from("/// Every operation of the API.\npub const OPERATIONS: &[Operation] = &[\n");
    for o in operations {
        let names: Vec<String> = o.names.iter().map(|n| format!("\"{n}\"")).collect();
        let query: Vec<String> = o.query.iter().map(|(n, ..)| format!("\"{n}\"")).collect();
        writeln!(
            out,
            "    Operation {{ id: \"{}\", method: \"{}\", path: \"{}\", tag: \"{}\", about: {:?}, names: &[{}], query: &[{}], body: {} }},",
            o.id, o.method, o.path, o.tag, o.about.lines().next().unwrap_or_default(), names.join(", "), query.join(", "), o.sent != Sent::Nothing
        )
        .unwrap();
    }
    out += "];\n\nimpl Client {\n";
    for o in operations {
        out += &method(o);
    }
    out += "    /// Calls an operation by its name, with untyped values.\n    ///\n    /// # Errors\n    /// [`Error::Use`] for an unknown name, a missing part or a body that does not fit; else the operation's own.\n";
    out += "    pub async fn call(&self, operation: &str, input: &Input) -> Result<serde_json::Value, Error> {\n        match operation {\n";
    for o in operations {
        let mut arguments: Vec<String> = o.names.iter().map(|n| format!("input.name(\"{n}\")?")).collect();
        if !o.query.is_empty() {
            arguments.push("&input.query()?".into());
        }
        if o.sent != Sent::Nothing {
            arguments.push("&input.body()?".into());
        }
        let call = format!("self.{}({})", o.id, arguments.join(", "));
        match o.answer {
            Answer::Events => writeln!(out, "            \"{}\" => gathered({call}?).await,", o.id).unwrap(),
            Answer::File => writeln!(out, "            \"{}\" => {call}.await?.into_value().await,", o.id).unwrap(),
            _ => writeln!(out, "            \"{}\" => as_value(&{call}.await?),", o.id).unwrap(),
        }
    }
    out += "            other => Err(Error::Use(format!(\"there is no operation {other}\"))),\n        }\n    }\n}\n";
    out
}

fn method(o: &Operation) -> String {
    let mut out = doc("    ", &o.about);
    out += "    ///\n    /// # Errors\n    /// What the panel refuses, or no answer.\n";
    let (arguments, call) = (o.arguments(), o.call());
    match &o.answer {
        Answer::Nothing => {
            writeln!(out, "    pub async fn {}(&self{arguments}) -> Result<(), Error> {{\n        self.tell({call}).await\n    }}\n", o.id).unwrap();
        }
        Answer::Json(kind) => {
            writeln!(out, "    pub async fn {}(&self{arguments}) -> Result<types::{kind}, Error> {{\n        self.ask({call}).await\n    }}\n", o.id).unwrap();
        }
        Answer::File => {
            writeln!(out, "    pub async fn {}(&self{arguments}) -> Result<Download, Error> {{\n        self.download({call}).await\n    }}\n", o.id).unwrap();
        }
        Answer::Events => {
            writeln!(out, "    pub fn {}(&self{arguments}) -> Result<Events, Error> {{\n        Ok(Events::new(self.clone(), {call}, query.after))\n    }}\n", o.id).unwrap();
        }
    }
    if let Some(row) = &o.row {
        let kind = o.query_type();
        out +=
            &doc("    ", &format!("{} (all pages, one after the other)", o.about.lines().next().unwrap_or_default()));
        // What is in the path stays the same from page to page.
        let each = |form: fn(String) -> String| o.names.iter().map(|n| form(ident(n))).collect::<String>();
        let asked = each(|n| format!("{n}: &str, "));
        let kept = each(|n| format!("let {n} = {n}.to_owned();\n        "));
        let again = each(|n| format!("let {n} = {n}.clone();\n            "));
        let given = each(|n| format!("&{n}, "));
        writeln!(
            out,
            "    pub fn {id}_all(&self, {asked}query: types::{kind}) -> impl Stream<Item = Result<types::{row}, Error>> + Send + use<> {{\n        \
             let client = self.clone();\n        {kept}\
             all_pages(query, move |query| {{\n            let client = client.clone();\n            {again}async move {{\n                \
             let page = client.{id}({given}&query).await?;\n                \
             let next = page.next.map(|after| types::{kind} {{ after: Some(after), ..query }});\n                \
             Ok((page.items, next))\n            }}\n        }})\n    }}\n",
            id = o.id
        )
        .unwrap();
    }
    out
}
