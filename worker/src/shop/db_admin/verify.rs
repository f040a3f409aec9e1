//! The last look before the page is called open: real HTTP through the edge, as a stranger and as
//! somebody with a ticket.

use super::PageAddress;
use crate::shop::verify::VerifyError;
use hosting::crypto::Secret;
use reqwest::{Client, RequestBuilder, Response};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A table every shop has.
const KNOWN_TABLE: &str = "wp_options";

/// A client whose every name leads to this server's own edge.
fn client(page: &PageAddress) -> Result<Client, reqwest::Error> {
    // Fails only when one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .resolve(page.host.as_str(), SocketAddr::from((Ipv4Addr::LOCALHOST, page.port)))
        // The certificate is a later job's work and is checked there; this is our own machine.
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .user_agent("Shopfleet verification")
        .cookie_store(true)
        .build()
}

/// Shut for strangers and for a ticket that was used; with a ticket the shop's tables are there.
/// The worker's own session is ended at the end.
///
/// # Errors
/// The first thing that is not as it should be.
pub async fn verify(page: &PageAddress, ticket: &Secret) -> Result<(), VerifyError> {
    let wrong = |page_name, what: String| VerifyError::Wrong { url: page.url.clone(), page: page_name, what };
    let fresh = || client(page).map_err(|e| wrong("the client", e.to_string()));
    let (stranger, guest) = (fresh()?, fresh()?);
    let status = |r: &Response| r.status().as_u16();
    let shut = ask(page, "the page without a ticket", || stranger.get(&page.url)).await?;
    if status(&shut) != 403 {
        return Err(wrong("the page without a ticket", format!("it answered {}", status(&shut))));
    }
    let enter = || guest.post(format!("{}/enter", page.url)).form(&[("ticket", ticket.expose())]);
    let entered = ask(page, "the way in", enter).await?;
    if status(&entered) != 303 {
        return Err(wrong("the way in", format!("it answered {}", status(&entered))));
    }
    let tables = || guest.get(format!("{}/index.php?route=/database/structure&db=shop", page.url));
    let tables = ask(page, "the list of tables", tables).await?;
    let code = status(&tables);
    let text = tables.text().await.map_err(|e| no_answer(page, "the list of tables", e))?;
    if code != 200 || !text.contains(KNOWN_TABLE) {
        return Err(wrong("the list of tables", format!("it answered {code} without the shop's tables")));
    }
    let again = || stranger.post(format!("{}/enter", page.url)).form(&[("ticket", ticket.expose())]);
    let again = ask(page, "a used ticket", again).await?;
    if status(&again) != 403 {
        return Err(wrong("a used ticket", format!("it answered {}", status(&again))));
    }
    ask(page, "the way out", || guest.get(format!("{}/leave", page.url))).await?;
    Ok(())
}

fn no_answer(page: &PageAddress, name: &'static str, e: reqwest::Error) -> VerifyError {
    VerifyError::NoAnswer { url: page.url.clone(), page: name, cause: crate::engine::step::chain(&e.without_url()) }
}

/// Right after a reload nginx may still answer by the old table: asked again for a moment.
async fn ask(
    page: &PageAddress,
    name: &'static str,
    request: impl Fn() -> RequestBuilder,
) -> Result<Response, VerifyError> {
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let last = tokio::time::Instant::now() > end;
        match request().send().await {
            Ok(answer) if last || !matches!(answer.status().as_u16(), 421 | 502 | 503 | 504) => return Ok(answer),
            Ok(_) => {}
            Err(e) if last => return Err(no_answer(page, name, e)),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
