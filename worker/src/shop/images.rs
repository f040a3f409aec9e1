//! The images this server may start, by digest: the list that `scripts/images` writes. Nothing else
//! is ever started.

use std::collections::BTreeMap;

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    ids: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    /// Version of WordPress.
    pub wordpress: String,
    /// Version of WooCommerce, `None`: stores are WordPress without it.
    pub woocommerce: Option<String>,
}

/// Why the list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ImagesError {
    /// `SHOPFLEET_IMAGES` is not set.
    #[error("no store images are configured: set SHOPFLEET_IMAGES_FILE to the images.json that scripts/images wrote")]
    NotConfigured,
    /// The file cannot be read.
    #[error(transparent)]
    Config(#[from] hosting::config::ConfigError),
    /// It holds something else.
    #[error("the list of store images is not usable ({0}): run scripts/images again")]
    Bad(String),
}

impl ImageSet {
    /// Reads the list again, so that rebuilt images are used without a restart.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn load() -> Result<Self, ImagesError> {
        Self::parse(&hosting::config::value("SHOPFLEET_IMAGES")?.ok_or(ImagesError::NotConfigured)?)
    }

    /// Parses `images.json`.
    ///
    /// # Errors
    /// `Bad`.
    pub fn parse(text: &str) -> Result<Self, ImagesError> {
        let bad = |words: &str| ImagesError::Bad(words.to_owned());
        let doc: serde_json::Value = serde_json::from_str(text).map_err(|e| ImagesError::Bad(e.to_string()))?;
        let table = doc.as_object().ok_or_else(|| bad("it is not a table"))?;
        let is_id = |id: &str| {
            id.strip_prefix("sha256:").is_some_and(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let ids: BTreeMap<String, String> = table
            .iter()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str().filter(|id| is_id(id))?.to_owned())))
            .collect();
        let tags = table
            .get("tags")
            .and_then(serde_json::Value::as_object)
            .map(|t| t.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect())
            .unwrap_or_default();
        for needed in ["store-web", "store-db", "store-redis", "template-woocommerce"] {
            if !ids.contains_key(needed) {
                return Err(ImagesError::Bad(format!("{needed} is missing")));
            }
        }
        let text_of = |k: &str| doc.get(k).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(Self {
            ids,
            tags,
            wordpress: text_of("wordpress").ok_or_else(|| bad("the version of WordPress is missing"))?,
            woocommerce: text_of("woocommerce"),
        })
    }

    /// The digest of an image.
    ///
    /// # Errors
    /// The list does not have it.
    pub fn id(&self, name: &str) -> Result<&str, ImagesError> {
        self.ids.get(name).map(String::as_str).ok_or_else(|| ImagesError::Bad(format!("{name} is missing")))
    }

    /// The name people see for it, else its digest.
    #[must_use]
    pub fn tag(&self, name: &str) -> &str {
        self.tags.get(name).or_else(|| self.ids.get(name)).map_or("", String::as_str)
    }

    /// The images a WooCommerce store needs.
    #[must_use]
    pub fn needed(&self) -> Vec<(&str, &str)> {
        ["store-web", "store-db", "store-redis", "template-woocommerce"]
            .into_iter()
            .filter_map(|n| Some((n, self.ids.get(n)?.as_str())))
            .collect()
    }
}

#[cfg(test)]
pub(crate) fn sample() -> ImageSet {
    let id = |c: &str| format!("sha256:{}", c.repeat(64));
    ImageSet::parse(
        &serde_json::json!({
            "store-web": id("a"), "store-db": id("b"), "store-redis": id("c"), "db-admin": id("e"), "sftp": id("f"),
            "template-woocommerce": id("d"), "wordpress": "6.1.9", "woocommerce": null,
            "tags": { "store-web": "shopfleet/store-web:1", "store-db": "shopfleet/store-db:1",
                "store-redis": "shopfleet/store-redis:1", "db-admin": "shopfleet/db-admin:1",
                "sftp": "shopfleet/sftp:1" },
        })
        .to_string(),
    )
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digests_count() {
        let set = sample();
        assert!(set.id("store-web").unwrap().starts_with("sha256:aa"));
        assert_eq!(set.tag("store-web"), "shopfleet/store-web:1");
        assert!(set.id("alpine").is_err());
        assert!(ImageSet::parse(r#"{"store-web":"alpine:latest","wordpress":"6"}"#).is_err());
        assert!(ImageSet::parse("[]").is_err());
    }
}
