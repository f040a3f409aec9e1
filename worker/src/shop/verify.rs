//! The last look before a store is called active: real HTTP through the edge, as a visitor and as
//! the owner. Nothing here trusts what was configured; only what is served counts.

use hosting::crypto::Secret;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Public address without a slash at the end.
    pub url: String,
    /// Host name in it.
    pub host: String,
    /// Port of this server's edge.
    pub edge_port: u16,
    /// Title the front page must carry.
    pub title: String,
    /// Administrator's log-in name.
    pub login: String,
    /// Administrator's password.
    pub password: Secret,
    /// Whether WooCommerce is part of it.
    pub commerce: bool,
    /// Ask the store's own port instead of the edge: visitors are kept out, and the shop has to work.
    pub behind: Option<u16>,
}

impl Subject {
    /// A request to a path of the shop, by the way that was chosen.
    fn ask(&self, client: &reqwest::Client, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        match self.behind {
            None => client.request(method, format!("{}{path}", self.url)),
            Some(port) => {
                let (scheme, authority) = self.url.split_once("://").unwrap_or(("http", &self.host));
                client
                    .request(method, format!("http://127.0.0.1:{port}{path}"))
                    .header("host", authority)
                    .header("x-forwarded-proto", scheme)
            }
        }
    }
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    /// Title of the front page.
    pub title: String,
    /// Milliseconds until the front page was there.
    pub front_page_ms: u64,
    /// Pages looked at.
    pub pages: Vec<String>,
}

/// What was wrong.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No answer.
    #[error("{page} of {url} did not answer: {cause}")]
    NoAnswer { url: String, page: &'static str, cause: String },
    /// Another answer than it should.
    #[error("{page} of {url}: {what}")]
    Wrong { url: String, page: &'static str, what: String },
}

/// A client whose every name leads to this server's own edge.
fn client(subject: &Subject) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only when one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .resolve(&subject.host, SocketAddr::from((Ipv4Addr::LOCALHOST, subject.edge_port)))
        // The certificate is a later job's work and is checked there; this is our own machine.
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .user_agent("Shopfleet verification")
        .build()
}

/// Looks at the front page, the log-in page, a real log-in and, with WooCommerce, the shop page.
///
/// # Errors
/// The first thing that is not as it should be.
pub async fn verify(subject: &Subject) -> Result<Seen, VerifyError> {
    let wrong = |page, what: String| VerifyError::Wrong { url: subject.url.clone(), page, what };
    let client = client(subject).map_err(|e| wrong("the client", e.to_string()))?;
    let begun = std::time::Instant::now();
    let front = page(&client, subject, "the front page", "/").await?;
    let front_page_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let title = title_of(&front).unwrap_or_default();
    if !same_name(&title, &subject.title) {
        return Err(wrong("the front page", format!("its title is “{title}”, not the shop's own")));
    }
    let mut pages = vec!["/".to_owned()];
    let (login, log_in, shop) =
        tokio::join!(page(&client, subject, "the log-in page", "/wp-login.php"), log_in(&client, subject), async {
            if subject.commerce { page(&client, subject, "the shop page", "/shop/").await.map(Some) } else { Ok(None) }
        });
    if !login?.contains("id=\"loginform\"") {
        return Err(wrong("the log-in page", "it has no log-in form".into()));
    }
    let session = log_in?;
    pages.push("/wp-login.php".into());
    if let Some(shop) = shop? {
        if !shop.contains("woocommerce") || shop.contains("woocommerce-coming-soon") {
            return Err(wrong("the shop page", "it is not WooCommerce's, or says “coming soon”".into()));
        }
        pages.push("/shop/".into());
    }
    end_session(client, subject, session);
    Ok(Seen { title, front_page_ms, pages })
}

/// Ends a log-in's session. Nobody waits for this; should it fail, WordPress forgets the session after two days by itself.
fn end_session(client: reqwest::Client, subject: &Subject, session: Secret) {
    let url = subject.url.clone();
    tokio::spawn(async move {
        if let Err(error) = log_out(&client, &url, &session).await {
            tracing::debug!(error = %error.without_url(), "the session of a verification was not ended");
        }
    });
}

/// Ends the session that the log-in made, and no other: WordPress asks whether one is sure, and its question has
/// the address that does it.
async fn log_out(client: &reqwest::Client, url: &str, session: &Secret) -> Result<(), reqwest::Error> {
    let ask = format!("{url}/wp-login.php?action=logout");
    let question = client.get(&ask).header("cookie", session.expose()).send().await?.text().await?;
    let nonce: String = question
        .split_once("_wpnonce=")
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
        .unwrap_or_default();
    client.get(format!("{ask}&_wpnonce={nonce}")).header("cookie", session.expose()).send().await.map(|_| ())
}

/// A shop in service answers. Title, log-in and pages are its owner's by now, so only this counts: the
/// shop's own software serves the front page, or leads on from it.
///
/// # Errors
/// No answer, or one of an error.
pub async fn verify_alive(subject: &Subject) -> Result<Seen, VerifyError> {
    const PAGE: &str = "the front page";
    let wrong = |what: String| VerifyError::Wrong { url: subject.url.clone(), page: PAGE, what };
    let client = client(subject).map_err(|e| wrong(e.to_string()))?;
    let begun = std::time::Instant::now();
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let last = tokio::time::Instant::now() > end;
        match subject.ask(&client, reqwest::Method::GET, "/").send().await {
            Ok(answer) if answer.status().as_u16() < 400 => {
                let front_page_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let title = title_of(&answer.text().await.unwrap_or_default()).unwrap_or_default();
                return Ok(Seen { title: decode(&title), front_page_ms, pages: vec!["/".into()] });
            }
            Ok(answer) if last => return Err(wrong(format!("it answered {}", answer.status().as_u16()))),
            Err(e) if last => {
                let cause = crate::engine::step::chain(&e);
                return Err(VerifyError::NoAnswer { url: subject.url.clone(), page: PAGE, cause });
            }
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Only a real log-in of the administrator.
///
/// # Errors
/// No answer, or a refusal.
pub async fn verify_log_in(subject: &Subject) -> Result<(), VerifyError> {
    let client = client(subject).map_err(|e| VerifyError::Wrong {
        url: subject.url.clone(),
        page: "the client",
        what: e.to_string(),
    })?;
    let session = log_in(&client, subject).await?;
    end_session(client, subject, session);
    Ok(())
}

async fn page(
    client: &reqwest::Client,
    subject: &Subject,
    page: &'static str,
    path: &str,
) -> Result<String, VerifyError> {
    let no_answer = |e: reqwest::Error| VerifyError::NoAnswer {
        url: subject.url.clone(),
        page,
        cause: crate::engine::step::chain(&e),
    };
    // Right after a reload nginx may still answer by the old table, and php may be starting: the
    // first answers are asked for again for a moment.
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let last = tokio::time::Instant::now() > end;
        match subject.ask(client, reqwest::Method::GET, path).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                if status == 200 {
                    return answer.text().await.map_err(no_answer);
                }
                if last || !matches!(status, 421 | 502 | 503 | 504) {
                    let to = answer.headers().get("location").and_then(|l| l.to_str().ok()).unwrap_or_default();
                    let what = format!("it answered {status} {to}");
                    return Err(VerifyError::Wrong { url: subject.url.clone(), page, what });
                }
            }
            Err(e) if last => return Err(no_answer(e)),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Logs in as the administrator; the session's cookies.
async fn log_in(client: &reqwest::Client, subject: &Subject) -> Result<Secret, VerifyError> {
    const PAGE: &str = "the log-in";
    let fields = [
        ("log", subject.login.as_str()),
        ("pwd", subject.password.expose()),
        ("wp-submit", "Log In"),
        ("testcookie", "1"),
    ];
    let answer = subject
        .ask(client, reqwest::Method::POST, "/wp-login.php")
        .header("cookie", "wordpress_test_cookie=WP+Cookie+check")
        .form(&fields)
        .send()
        .await
        .map_err(|e| VerifyError::NoAnswer {
            url: subject.url.clone(),
            page: PAGE,
            cause: crate::engine::step::chain(&e.without_url()),
        })?;
    let cookies: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|c| c.to_str().ok()?.split(';').next())
        .filter(|c| !c.ends_with("=deleted"))
        .collect();
    if answer.status().as_u16() == 302 && cookies.iter().any(|c| c.starts_with("wordpress_logged_in_")) {
        return Ok(Secret::new(cookies.join("; ")));
    }
    let what = format!("the administrator could not log in (answer {})", answer.status().as_u16());
    Err(VerifyError::Wrong { url: subject.url.clone(), page: PAGE, what })
}

fn title_of(html: &str) -> Option<String> {
    let rest = html.split_once("<title>")?.1;
    Some(rest.split_once("</title>")?.0.trim().to_owned())
}

/// Whether a page's title carries the name. WordPress prettifies quotes, dashes and multiplication
/// signs, so only letters and digits are compared.
fn same_name(title: &str, name: &str) -> bool {
    let (title, bare) = (decode(title), bones(name));
    if bare.is_empty() { title.contains(name.trim()) } else { bones(&title).starts_with(&bare) }
}

fn bones(text: &str) -> String {
    text.chars()
        .map(|c| if c == '×' { 'x' } else { c })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Resolves the character references WordPress writes.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((reference, tail)) = after.split_once(';').filter(|(r, _)| r.len() <= 8) else {
            out.push('&');
            rest = after;
            continue;
        };
        let code = reference
            .strip_prefix("#x")
            .and_then(|h| u32::from_str_radix(h, 16).ok())
            .or_else(|| reference.strip_prefix('#').and_then(|d| d.parse().ok()));
        match (code.and_then(char::from_u32), reference) {
            (Some(c), _) => out.push(c),
            (None, "amp") => out.push('&'),
            (None, "times") => out.push('×'),
            (None, _) => {}
        }
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_recognised_through_wordpress_typography() {
        for (title, name) in [
            ("Ana&#8217;s Bikes &#8211; shop", "Ana's Bikes"),
            ("Tom &amp; Ana", "Tom & Ana"),
            ("4&#215;4 parts", "4x4 parts"),
            ("Käse &#038; Wein", "Käse & Wein"),
        ] {
            assert!(same_name(title, name), "{title}");
        }
        assert!(!same_name("Template", "Ana's Bikes"));
        assert!(!same_name("", "Ana"));
        assert!(same_name("🌸 – shop", "🌸") && !same_name("Template", "🌸"));
        assert_eq!(title_of("<head><title>x</title>").as_deref(), Some("x"));
    }
}
