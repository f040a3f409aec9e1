//! Files that people send: hostile names, types by content, limits.

/// Largest file, bytes.
pub const FILE_BYTES: usize = 5 * 1024 * 1024;
/// Most files of one message.
pub const FILES: usize = 5;
/// The limits in words, said before anybody chooses.
pub const LIMITS: &str = "Up to 5 files of at most 5 MB each.";
/// Longest name, characters.
const NAME_MAX: usize = 100;

/// A file as it came.
#[derive(Debug, Clone)]
pub struct Upload {
    name: String,
    bytes: Vec<u8>,
}

impl Upload {
    /// Cleans the name; it never becomes a path.
    #[must_use]
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: clean_name(name), bytes }
    }
    /// What it is called when it is shown or saved.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// Its type, by its content.
    #[must_use]
    pub fn media(&self) -> &'static str {
        media_of(&self.bytes)
    }
}

/// The last part of a path of any system, without what cannot be shown or could end a header, shortened before its
/// extension.
#[must_use]
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !super::text::is_unsafe(*c) && !matches!(c, '"' | ';' | '<' | '>' | '|' | ':' | '*' | '?' | '%'))
        .take(1000)
        .collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = kept.trim_matches(['.', ' ']);
    if kept.is_empty() {
        return "file".into();
    }
    if kept.chars().count() <= NAME_MAX {
        return kept.to_owned();
    }
    let extension = kept.rsplit_once('.').map(|(_, e)| e).filter(|e| (1..=8).contains(&e.chars().count()));
    let room = NAME_MAX - extension.map_or(0, |e| e.chars().count() + 1);
    let start: String = kept.chars().take(room).collect();
    match extension {
        Some(e) => format!("{start}.{e}"),
        None => start.trim_end_matches(['.', ' ']).to_owned(),
    }
}

/// What bytes are, as far as their beginning tells. Text is plain text whatever it says of itself, so that a page or a
/// drawing with scripts never is one here.
#[must_use]
pub fn media_of(bytes: &[u8]) -> &'static str {
    const MARKS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
    ];
    if let Some((_, media)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return media;
    }
    if bytes.len() > 12 && bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WEBP" {
        return "image/webp";
    }
    let text = std::str::from_utf8(bytes).is_ok_and(|t| !t.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)));
    if text { "text/plain" } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lose_their_teeth() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ana\\log.txt", "log.txt"),
            ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie x=1.png"),
            ("\"; filename=\"evil.html", "filename=evil.html"),
            ("invoice\u{202e}gnp.exe", "invoicegnp.exe"),
            ("...", "file"),
            ("", "file"),
            ("\0", "file"),
            ("Rechnung März.pdf", "Rechnung März.pdf"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
        assert_eq!(clean_name(&format!("{}.png", "x".repeat(300))), format!("{}.png", "x".repeat(96)));
    }

    #[test]
    fn the_content_decides() {
        for (bytes, media) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], "image/png"),
            (b"<svg onload=alert(1)>", "text/plain"),
            (b"<!doctype html><script>", "text/plain"),
            (b"%PDF-1.7", "application/pdf"),
            (b"MZ\x90\0\x03", "application/octet-stream"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"", "text/plain"),
        ] {
            assert_eq!(media_of(bytes), media, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_harmless_one(name in ".{0,400}") {
            let clean = clean_name(&name);
            prop_assert!(!clean.is_empty() && clean.chars().count() <= 100);
            prop_assert!(!clean.contains(['/', '\\', '"', ';', '\r', '\n', '\0']));
            prop_assert_eq!(clean_name(&clean), clean);
        }
    }
}
