//! What can go wrong with the Engine, by what a caller can do about it.

use bollard::errors::Error as Raw;

/// Result of an Engine call.
pub type DockerResult<T> = Result<T, DockerError>;

/// Why an Engine call failed. `what` says what was attempted on what.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// The Engine does not answer (down, restarting, overloaded): wait, the server is unfit.
    #[error("{what}: the Docker Engine does not answer: {cause}")]
    Unreachable { what: String, cause: String },
    /// The object is not there.
    #[error("{what}: not found: {cause}")]
    NotFound { what: String, cause: String },
    /// A name is taken, or the object is in another state than asked for.
    #[error("{what}: conflict: {cause}")]
    Conflict { what: String, cause: String },
    /// The image is not on this server.
    #[error("{what}: image {image} is not on this server")]
    ImageMissing { what: String, image: String },
    /// Another process listens on the published port.
    #[error("{what}: port taken: {cause}")]
    PortInUse { what: String, cause: String },
    /// Another network uses the subnet.
    #[error("{what}: subnet taken: {cause}")]
    SubnetTaken { what: String, cause: String },
    /// The disk is full.
    #[error("{what}: no space left: {cause}")]
    NoSpace { what: String, cause: String },
    /// Everything else, also answers that could not be understood.
    #[error("{what}: {cause}")]
    Other { what: String, cause: String },
}

impl DockerError {
    /// Classes a raw error.
    #[must_use]
    pub fn from_raw(what: impl Into<String>, raw: Raw) -> Self {
        let what = what.into();
        match raw {
            Raw::DockerResponseServerError { status_code, message } => Self::from_answer(what, status_code, message),
            Raw::RequestTimeoutError => Self::Unreachable { what, cause: "no answer in time".into() },
            Raw::JsonDataError { message, .. } => {
                Self::Other { what, cause: format!("answer not understood: {message}") }
            }
            Raw::JsonSerdeError { err } => Self::Other { what, cause: format!("answer not understood: {err}") },
            Raw::SocketNotFoundError(path) => Self::Unreachable { what, cause: format!("{path} does not exist") },
            other => Self::Unreachable { what, cause: other.to_string() },
        }
    }

    /// Classes an answer of the Engine. The Engine has no error codes beyond the HTTP status, so
    /// the words of its messages decide; they have been stable since 17.x.
    #[must_use]
    pub fn from_answer(what: String, status: u16, message: String) -> Self {
        let text = message.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
        let cause = message;
        if has(&["no space left on device", "disk quota exceeded"]) {
            Self::NoSpace { what, cause }
        } else if has(&["port is already allocated", "address already in use", "ports are not available"]) {
            Self::PortInUse { what, cause }
        } else if has(&["pool overlaps", "networks have overlapping", "overlaps with other one"])
            || (has(&["conflicts with network"]) && has(&["bridge", "ip"]))
        {
            Self::SubnetTaken { what, cause }
        } else if status == 404 && has(&["no such image"]) {
            let image = cause.rsplit("image:").next().unwrap_or_default().trim().to_owned();
            Self::ImageMissing { what, image }
        } else if status == 404 || has(&["no such container", "no such network"]) {
            Self::NotFound { what, cause }
        } else if status == 409
            || has(&["already exists", "already in use", "has active endpoints", "already in progress"])
        {
            Self::Conflict { what, cause }
        } else if status == 503 || has(&["context canceled", "context deadline exceeded", "shutting down"]) {
            Self::Unreachable { what, cause }
        } else {
            Self::Other { what, cause }
        }
    }

    /// Whether "it is not there" was the answer.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_engine_have_classes() {
        let class = |status, text: &str| DockerError::from_answer("w".into(), status, text.into());
        assert!(
            matches!(class(404, "No such image: sha256:ab"), DockerError::ImageMissing { image, .. } if image == "sha256:ab")
        );
        assert!(class(404, "No such container: x").is_not_found());
        assert!(class(404, "network x not found").is_not_found());
        let port = "driver failed programming external connectivity on endpoint x: Error starting userland proxy: \
                    listen tcp4 127.0.0.1:8001: bind: address already in use";
        assert!(matches!(class(500, port), DockerError::PortInUse { .. }));
        assert!(matches!(
            class(500, "Bind for 127.0.0.1:8001 failed: port is already allocated"),
            DockerError::PortInUse { .. }
        ));
        let pool = "Pool overlaps with other one on this address space";
        assert!(matches!(class(403, pool), DockerError::SubnetTaken { .. }));
        assert!(matches!(
            class(409, "Conflict. The container name \"/x\" is already in use"),
            DockerError::Conflict { .. }
        ));
        assert!(matches!(class(500, "write /x: no space left on device"), DockerError::NoSpace { .. }));
        assert!(matches!(class(403, "network x has active endpoints"), DockerError::Conflict { .. }));
        assert!(matches!(class(500, "boom"), DockerError::Other { .. }));
    }
}
