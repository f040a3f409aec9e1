//! Static files: embedded, named by content, compressed once.
//!
//! `/static/app.css` is written in pages as `/static/app.0f3a….css`. The name changes with the
//! content, so browsers keep a file for a year and never ask again.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "static"]
struct Files;

/// One file, ready to send.
#[derive(Debug)]
struct Asset {
    etag: String,
    mime: &'static str,
    plain: Bytes,
    /// Absent when compressing gains nothing.
    gzip: Option<Bytes>,
}

#[derive(Debug)]
struct Assets {
    /// By the name in the address, with hash.
    by_address: HashMap<String, Asset>,
    /// Plain name to full address.
    address: HashMap<String, String>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut by_address = HashMap::new();
    let mut address = HashMap::new();
    for name in Files::iter() {
        let Some(file) = Files::get(&name).filter(|_| !name.ends_with("README")) else { continue };
        let hash = hex::encode(&file.metadata.sha256_hash()[..8]);
        let (stem, ext) = name.rsplit_once('.').unwrap_or((&name, "bin"));
        let hashed = format!("{stem}.{hash}.{ext}");
        let plain = Bytes::from(file.data.into_owned());
        let gzip = compress(&plain).filter(|g| g.len() + 64 < plain.len());
        address.insert(name.to_string(), format!("/static/{hashed}"));
        by_address.insert(hashed, Asset { etag: format!("\"{hash}\""), mime: mime(ext), plain, gzip });
    }
    Assets { by_address, address }
});

/// The best gzip of `bytes`; `None` if the encoder refuses.
fn compress(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// A fixed list: a type is never guessed from content.
fn mime(ext: &str) -> &'static str {
    match ext {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The address of a static file by its plain name, e.g. `app.css`.
#[must_use]
pub fn address(name: &str) -> Option<&'static str> {
    ASSETS.address.get(name).map(String::as_str)
}

/// Bytes of a file as sent with gzip, for the weight tests.
#[must_use]
pub fn transferred(name: &str) -> Option<usize> {
    let full = ASSETS.address.get(name)?.strip_prefix("/static/")?;
    let asset = ASSETS.by_address.get(full)?;
    Some(asset.gzip.as_ref().map_or(asset.plain.len(), Bytes::len))
}

/// Whether the client takes gzip.
fn takes_gzip(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|p| p.trim().split(';').next() == Some("gzip") && !p.contains("q=0")))
}

/// `GET /static/{name}`: the file, or `None` when there is no such name and hash.
#[must_use]
pub fn respond(request: &HttpRequest, name: &str) -> Option<HttpResponse> {
    let asset = ASSETS.by_address.get(name)?;
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|e| e.trim() == asset.etag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, asset.etag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"));
    if known {
        return Some(response.finish());
    }
    response.insert_header((header::CONTENT_TYPE, asset.mime));
    Some(match &asset.gzip {
        Some(gzip) if takes_gzip(request) => {
            response.insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip.clone())
        }
        _ => response.insert_header((header::CONTENT_ENCODING, "identity")).body(asset.plain.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_within_their_budgets() {
        for (name, budget) in [
            ("app.css", 14 * 1024),
            ("app.js", 6 * 1024),
            ("log.js", 8 * 1024),
            ("tail.js", 2 * 1024),
            ("session.js", 4 * 1024),
        ] {
            let size = transferred(name).unwrap();
            assert!(size <= budget, "{name} is {size} bytes, budget {budget}");
        }
    }

    #[test]
    fn addresses_carry_the_content_hash() {
        let css = address("app.css").unwrap();
        assert!(css.starts_with("/static/app.") && css.ends_with(".css") && css.len() > 24, "{css}");
        assert!(address("nothing.css").is_none());
    }

    /// WCAG relative luminance contrast of two `#rrggbb` colours.
    fn contrast(a: &str, b: &str) -> f64 {
        fn luminance(hex: &str) -> f64 {
            let part = |i: usize| {
                let v = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
                if v <= 0.039_28 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
        }
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn tokens_have_enough_contrast_in_both_themes() {
        let css = String::from_utf8(Files::get("app.css").unwrap().data.into_owned()).unwrap();
        let block = |start: &str| {
            let from = css.find(start).unwrap() + start.len();
            let body = &css[from..from + css[from..].find('}').unwrap()];
            body.split(';')
                .filter_map(|d| d.trim().strip_prefix("--"))
                .filter_map(|d| d.split_once(':'))
                .map(|(k, v)| (k.to_owned(), v.trim().to_owned()))
                .collect::<HashMap<_, _>>()
        };
        let light = block(":root{color-scheme:light;");
        let dark = block(":root[data-theme=dark]{color-scheme:dark;");
        let auto = block(":root:not([data-theme=light]){color-scheme:dark;");
        assert_eq!(dark, auto, "the two dark blocks must say the same");
        for (theme, t) in [("light", light), ("dark", dark)] {
            let check = |ink: &str, paper: &str, least: f64| {
                let ratio = contrast(&t[ink], &t[paper]);
                assert!(ratio >= least, "{theme}: {ink} on {paper} is {ratio:.2}, needs {least}");
            };
            for paper in ["page", "raised"] {
                for ink in ["text", "muted", "link", "bad"] {
                    check(ink, paper, 4.5);
                }
                check("edge", paper, 3.0);
                check("focus", paper, 3.0);
            }
            for tone in ["good", "busy", "wait", "warn", "bad", "care"] {
                check(tone, &format!("{tone}-bg"), 4.5);
                check("text", &format!("{tone}-bg"), 4.5);
            }
            for ink in ["k", "r", "g", "y", "b", "m", "c"] {
                check(&format!("ink-{ink}"), "log", 4.5);
                check(&format!("ink-{ink}"), "bad-bg", 4.4);
            }
            for (ink, paper) in [
                ("log-dim", "log"),
                ("on-link", "link"),
                ("on-hit", "hit"),
                ("on-staff", "staff"),
                ("text", "hero"),
                ("muted", "hero"),
                ("text", "sel"),
                ("link", "sel"),
                ("muted", "sel"),
                ("link", "wait-bg"),
            ] {
                check(ink, paper, 4.5);
            }
        }
    }
}
