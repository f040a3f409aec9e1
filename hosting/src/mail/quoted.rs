//! What a person wrote in a mail, without the mail they answered below it.

/// Stands above the text of our mails: whatever is below it in an answer is ours.
pub const ABOVE: &str = "Write your answer above this line";

/// Longest distance, in lines, between "On … wrote:" and its colon.
const WRAPPED: usize = 3;

/// Cuts off quoted text, the lines that introduce it, and the signature. What is left may be empty.
#[must_use]
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let end = lines.iter().position(|l| l.contains(ABOVE)).unwrap_or(lines.len());
    let end = lines[..end].iter().position(|l| begins_original(l)).unwrap_or(end);
    let end = lines[..end].iter().position(|l| *l == "--").unwrap_or(end);
    let mut kept = &lines[..end];
    // From the end: quotes, blank lines, and the line that names whom they are from.
    loop {
        match kept.split_last() {
            Some((last, rest)) if last.is_empty() || last.starts_with('>') => kept = rest,
            _ => break,
        }
    }
    if kept.len() < lines.len() {
        kept = without_introduction(kept);
    }
    kept.join("\n").trim().to_owned()
}

/// "-----Original Message-----" in a few of its forms: a line of dashes or underscores that mail programs draw.
fn begins_original(line: &str) -> bool {
    let dashes = line.trim();
    let drawn = dashes.len() >= 20 && dashes.bytes().all(|b| b == b'_');
    let words = dashes.starts_with("-----") && dashes.ends_with("-----") && dashes.len() > 12;
    drawn || words
}

/// Drops "On 21 Nov 2026, Support wrote:" (in any language: a short paragraph that ends in a colon and names an address
/// or a date) where a quote followed.
fn without_introduction<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let Some(last) = lines.last() else { return lines };
    if !last.ends_with(':') {
        return lines;
    }
    let from = (lines.len().saturating_sub(WRAPPED)..lines.len())
        .rev()
        .take_while(|i| !lines[*i].is_empty())
        .last()
        .unwrap_or(lines.len() - 1);
    let paragraph = lines[from..].join(" ");
    let names_somebody = paragraph.contains('@') || paragraph.contains('<');
    let dated = paragraph.bytes().filter(u8::is_ascii_digit).count() >= 4;
    if names_somebody || dated { &lines[..from] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_signatures_and_introductions_go() {
        for (mail, words) in [
            ("Thank you, it works.\n", "Thank you, it works."),
            (
                "It still fails.\n\nOn Sat, 21 Nov 2026 at 10:00, Shopfleet <reply@x.example> wrote:\n> Write your answer above this line\n>\n> Try again\n",
                "It still fails.",
            ),
            (
                "Geht wieder.\n\nAm 21.11.2026 um 10:00 schrieb\nShopfleet Support <reply@x.example>:\n> Hallo\n",
                "Geht wieder.",
            ),
            ("Yes\n\n-----Original Message-----\nFrom: Shopfleet\n\nDid it work?", "Yes"),
            ("Yes\n\n________________________________\nFrom: Shopfleet\nSent: today", "Yes"),
            ("Line one\n\nLine two\n-- \nAna\nAna's Bikes", "Line one\n\nLine two"),
            // What answers between the lines stays, quotes included.
            ("> Did it work?\nNo\n> Since when?\nToday", "> Did it work?\nNo\n> Since when?\nToday"),
            // A colon of one's own is no introduction.
            ("The steps:\n1. open\n2. fails", "The steps:\n1. open\n2. fails"),
            ("I see:\n\n> quoted", "I see:"),
            ("Write your answer above this line\nours", ""),
            ("", ""),
        ] {
            assert_eq!(own_words(mail), words, "{mail:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_trimmed(text in "(\\PC{0,30}\n?){0,20}") {
            let own = own_words(&text);
            prop_assert!(own.len() <= text.len());
            prop_assert!(!own.contains(ABOVE));
        }
    }
}
