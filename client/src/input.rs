//! Untyped values for calls by name.

use crate::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an operation is called with, by name.
#[derive(Clone, Default)]
pub struct Input {
    /// Names of the path, and the query.
    pub names: BTreeMap<String, String>,
    /// The body; `{}` when there is none.
    pub body: Option<Value>,
}

impl Input {
    /// A name of the path.
    pub(crate) fn name(&self, name: &str) -> Result<&str, Error> {
        self.names.get(name).map(String::as_str).ok_or_else(|| Error::Use(format!("{name} is missing")))
    }

    /// The query, typed; names of the path are not part of it.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = serde_urlencoded::to_string(&self.names).map_err(|e| Error::Use(e.to_string()))?;
        serde_urlencoded::from_str(&text).map_err(|e| Error::Use(e.to_string()))
    }

    /// The body, typed.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = self.body.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        serde_json::from_value(body).map_err(|e| Error::Use(e.to_string()))
    }
}

/// A typed answer as an untyped one.
pub(crate) fn as_value<T: Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|e| Error::Answer(e.to_string()))
}
