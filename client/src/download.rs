//! A file that is read while it arrives.

use crate::error::Error;
use crate::send::cause;
use reqwest::{Response, header};

/// No file is kept in memory that is longer.
const LONGEST: usize = 256 * 1024 * 1024;

/// A file of the panel. What breaks off is an error, never a shorter file.
#[derive(Debug)]
pub struct Download {
    response: Response,
}

impl Download {
    pub(crate) fn new(response: Response) -> Self {
        Self { response }
    }

    /// What it says of itself; it is untrusted.
    #[must_use]
    pub fn media(&self) -> &str {
        self.response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The next part; `None` at its end.
    ///
    /// # Errors
    /// It broke off.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.response.chunk().await {
            Ok(part) => Ok(part.map(|bytes| bytes.to_vec())),
            Err(e) => Err(Error::Transport(format!("the file broke off: {}", cause(&e)))),
        }
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// It broke off, or is too long to be kept.
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(part) = self.next().await? {
            if bytes.len() + part.len() > LONGEST {
                return Err(Error::Answer("the file is too long to be kept in memory".into()));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    /// As text in a document, for calls by name.
    pub(crate) async fn into_value(self) -> Result<serde_json::Value, Error> {
        let text = String::from_utf8(self.bytes().await?);
        text.map(Into::into).map_err(|_| Error::Use("this file is no text: download it with its own method".into()))
    }
}
