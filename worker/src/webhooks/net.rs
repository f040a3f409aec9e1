//! The way out to receivers that others chose: https only, names looked up once, every address of a name on the public
//! internet, connected to as it was looked up, nothing followed, little read, and all of it within seconds.

use hosting::domain::public_address::is_public;
use hosting::domain::webhook::ReceiverUrl;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// All of a request: looking up, connecting, sending, reading.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// Until it is connected.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read and kept.
pub const ANSWER_BYTES: usize = 1024;

/// Why nothing is sent to a name.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the name {0} has no address")]
    Nowhere(String),
    #[error("the name {0} leads to {1}, which is not on the public internet")]
    NotPublic(String, std::net::IpAddr),
    #[error("the name {0} could not be looked up: {1}")]
    Lookup(String, std::io::Error),
}

/// What a test says a name leads to.
#[cfg(debug_assertions)]
type Told = dyn Fn(&str) -> Vec<SocketAddr> + Send + Sync;

/// How names become addresses.
#[derive(Clone)]
enum Lookup {
    System,
    /// What a test says, call by call.
    #[cfg(debug_assertions)]
    Told(Arc<Told>),
}

#[derive(Clone)]
struct Vetted {
    lookup: Lookup,
    allowed: Arc<[SocketAddr]>,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let (vetted, host) = (self.clone(), name.as_str().to_owned());
        Box::pin(async move {
            // Looked up once: the very addresses that were looked at are connected to.
            let found = match &vetted.lookup {
                Lookup::System => tokio::net::lookup_host((host.as_str(), 0))
                    .await
                    .map_err(|e| Refused::Lookup(host.clone(), e))?
                    .collect::<Vec<_>>(),
                #[cfg(debug_assertions)]
                Lookup::Told(told) => told(&host),
            };
            if found.is_empty() {
                return Err(Refused::Nowhere(host).into());
            }
            // One bad address refuses the name: a name that leads inside sometimes leads inside.
            let bad = found.iter().find(|a| !is_public(a.ip()) && !vetted.allowed.contains(a));
            match bad {
                Some(bad) => Err(Refused::NotPublic(host, bad.ip()).into()),
                None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// The client of every delivery of a process.
#[derive(Clone)]
pub struct Net {
    client: Client,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status, if there was an answer.
    pub status: Option<u16>,
    /// Why it counts as failed, in words for the owner.
    pub error: Option<String>,
    /// The beginning of the answer, as text.
    pub answer: String,
}

impl Net {
    /// To the public internet, with the system's authorities.
    ///
    /// # Errors
    /// No TLS.
    pub fn public() -> anyhow::Result<Self> {
        Self::build(Vetted { lookup: Lookup::System, allowed: Arc::new([]) }, None)
    }

    /// For tests, which have no public address: names as `told`, these addresses besides, this authority instead of the
    /// system's. Not in a release: there no configuration opens a way inside.
    ///
    /// # Errors
    /// Not a certificate.
    #[cfg(debug_assertions)]
    pub fn told(
        told: impl Fn(&str) -> Vec<SocketAddr> + Send + Sync + 'static,
        allowed: &[SocketAddr],
        authority: &[u8],
    ) -> anyhow::Result<Self> {
        let lookup = Lookup::Told(Arc::new(told));
        Self::build(Vetted { lookup, allowed: allowed.into() }, Some(reqwest::Certificate::from_pem(authority)?))
    }

    fn build(vetted: Vetted, authority: Option<reqwest::Certificate>) -> anyhow::Result<Self> {
        let mut builder = Client::builder()
            .https_only(true)
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            // A connection that is kept would be used without a look at the name.
            .pool_max_idle_per_host(0)
            .dns_resolver(vetted)
            .user_agent(concat!("Shopfleet-Webhooks/", env!("CARGO_PKG_VERSION")));
        if let Some(authority) = authority {
            builder = builder.tls_certs_only([authority]);
        }
        Ok(Self { client: builder.build()? })
    }

    /// Posts an event. Everything that goes wrong is an answer of its own, never an error of ours.
    pub async fn post(&self, url: &str, body: &str, headers: &[(&'static str, String)]) -> Reply {
        // Rules may have become stricter since it was registered; addresses in figures are not looked up.
        if let Err(refused) = ReceiverUrl::parse(url) {
            return failed(None, refused.0);
        }
        let mut request = self.client.post(url).header("content-type", "application/json").body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match tokio::time::timeout(DEADLINE, exchange(request)).await {
            Ok(reply) => reply,
            Err(_) => failed(None, "No answer within 10 s"),
        }
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> Reply {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(None, words(&error)),
    };
    let status = response.status();
    let mut answer = Vec::new();
    while answer.len() < ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES - answer.len())]),
            // The status has said what there was to say.
            Ok(None) | Err(_) => break,
        }
    }
    let error = match status {
        s if s.is_success() => None,
        s if s.is_redirection() => Some("It sent us elsewhere; redirects are not followed".to_owned()),
        StatusCode::GONE => Some("It answered that it is gone".to_owned()),
        s => Some(format!("It answered {}", s.as_u16())),
    };
    Reply { status: Some(status.as_u16()), error, answer: printable(&answer) }
}

fn failed(status: Option<u16>, words: impl Into<String>) -> Reply {
    Reply { status, error: Some(words.into()), answer: String::new() }
}

/// The innermost cause, which says most.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "No answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let what = if error.is_connect() { "Could not connect" } else { "The request failed" };
    format!("{what}: {cause}").chars().filter(|c| !c.is_control()).take(280).collect()
}

/// Foreign bytes as one text without control characters.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
