//! Terminal text to styled spans: colours, bold and underline are kept, everything else a program
//! can say to a terminal (cursor moves, titles, links, bells) is dropped.

/// One of the eight inks of the log; the letter is the CSS class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink(pub char);

const INKS: [char; 8] = ['k', 'r', 'g', 'y', 'b', 'm', 'c', 'w'];

/// How a span looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Foreground; background colours are dropped, they would break contrast.
    pub ink: Option<Ink>,
    /// Heavier.
    pub bold: bool,
    /// Underlined.
    pub underline: bool,
}

/// Text of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// How it looks.
    pub style: Style,
    /// Printable text: no control characters but tab.
    pub text: String,
}

/// Splits terminal text into spans. A carriage return starts the line over, so a progress line
/// keeps its last form; a trailing one is ignored (see [`ends_open`]).
#[must_use]
pub fn parse(text: &str) -> Vec<Span> {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.rsplit('\r').next().unwrap_or_default();
    let mut spans: Vec<Span> = Vec::new();
    let mut style = Style::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => control_sequence(&mut chars, &mut style),
                // OSC, DCS, SOS, PM, APC: everything up to BEL or the string terminator.
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                // Character set and other intermediate bytes take one more character.
                Some(' '..='/') => {
                    chars.next();
                }
                _ => {}
            },
            '\u{9b}' => control_sequence(&mut chars, &mut style),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            c if is_dropped(c) => {}
            c => match spans.last_mut() {
                Some(last) if last.style == style => last.text.push(c),
                _ => spans.push(Span { style, text: c.to_string() }),
            },
        }
    }
    spans
}

/// The line is a progress line that the next one replaces.
#[must_use]
pub fn ends_open(text: &str) -> bool {
    text.trim_end_matches('\n').ends_with('\r')
}

/// The text without any style.
#[must_use]
pub fn plain(text: &str) -> String {
    parse(text).into_iter().map(|s| s.text).collect()
}

/// Control characters, and those that turn the direction of what follows.
fn is_dropped(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{07}' | '\u{9c}' => return,
            '\u{1b}' => {
                if chars.peek() == Some(&'\\') {
                    chars.next();
                }
                return;
            }
            _ => {}
        }
    }
}

/// Reads `parameters intermediate* final`; only `m` means something to us.
fn control_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, style: &mut Style) {
    let mut parameters = String::new();
    while let Some(&c) = chars.peek() {
        match c {
            '0'..='?' => {
                parameters.push(c);
                chars.next();
            }
            ' '..='/' => {
                chars.next();
                parameters.push('!');
            }
            '@'..='~' => {
                chars.next();
                if c == 'm' && parameters.len() <= 64 {
                    apply(&parameters, style);
                }
                return;
            }
            // Malformed: leave the character to the text.
            _ => return,
        }
    }
}

fn apply(parameters: &str, style: &mut Style) {
    let mut codes = parameters.split([';', ':']).map(|p| if p.is_empty() { Some(0) } else { p.parse::<u16>().ok() });
    while let Some(code) = codes.next() {
        match code {
            Some(0) => *style = Style::default(),
            Some(1) => style.bold = true,
            Some(4) => style.underline = true,
            Some(22) => style.bold = false,
            Some(24) => style.underline = false,
            Some(39) => style.ink = None,
            Some(n @ 30..=37) => style.ink = Some(Ink(INKS[usize::from(n - 30)])),
            Some(n @ 90..=97) => style.ink = Some(Ink(INKS[usize::from(n - 90)])),
            Some(n @ (38 | 48)) => {
                let ink = match codes.next() {
                    Some(Some(5)) => codes.next().flatten().map(indexed),
                    Some(Some(2)) => match (codes.next().flatten(), codes.next().flatten(), codes.next().flatten()) {
                        (Some(r), Some(g), Some(b)) => Some(nearest(r, g, b)),
                        _ => None,
                    },
                    _ => None,
                };
                if n == 38 {
                    style.ink = ink;
                }
            }
            _ => {}
        }
    }
}

/// A colour of the 256 palette as one of ours.
fn indexed(n: u16) -> Ink {
    match n {
        0..=15 => Ink(INKS[usize::from(n % 8)]),
        16..=231 => {
            let n = n - 16;
            let level = |v: u16| if v == 0 { 0 } else { 55 + 40 * v };
            nearest(level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        _ => nearest((n.min(255) - 232) * 10 + 8, (n.min(255) - 232) * 10 + 8, (n.min(255) - 232) * 10 + 8),
    }
}

/// The ink whose pure colour is closest.
fn nearest(r: u16, g: u16, b: u16) -> Ink {
    const PURE: [(char, [i32; 3]); 8] = [
        ('k', [60, 60, 60]),
        ('r', [205, 30, 30]),
        ('g', [20, 180, 20]),
        ('y', [205, 190, 20]),
        ('b', [40, 60, 230]),
        ('m', [200, 30, 200]),
        ('c', [20, 190, 190]),
        ('w', [230, 230, 230]),
    ];
    let distance =
        |p: &[i32; 3]| [r, g, b].iter().zip(p).map(|(v, q)| (i32::from((*v).min(255)) - q).pow(2)).sum::<i32>();
    Ink(PURE.iter().min_by_key(|(_, p)| distance(p)).map_or('w', |(c, _)| *c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<(Option<char>, bool, String)> {
        parse(text).into_iter().map(|s| (s.style.ink.map(|i| i.0), s.style.bold, s.text)).collect()
    }

    #[test]
    fn colours_become_inks_and_the_rest_goes() {
        assert_eq!(
            shown("a\u{1b}[31mb\u{1b}[0mc"),
            [(None, false, "a".into()), (Some('r'), false, "b".into()), (None, false, "c".into())]
        );
        assert_eq!(shown("\u{1b}[1;92mok"), [(Some('g'), true, "ok".into())]);
        assert_eq!(
            shown("\u{1b}[38;5;196mx\u{1b}[38;2;0;0;255my"),
            [(Some('r'), false, "x".into()), (Some('b'), false, "y".into())]
        );
        assert_eq!(
            plain("\u{1b}]0;title\u{7}a\u{1b}]8;;http://evil\u{1b}\\b\u{1b}[2Kc\u{1b}[10;5Hd\u{1b}(Be"),
            "abcde"
        );
        assert_eq!(plain("10 %\r50 %\r100 %"), "100 %");
        assert_eq!(plain("50 %\r"), "50 %");
        assert!(ends_open("50 %\r") && !ends_open("50 %"));
        assert_eq!(plain("a\u{202e}b\u{0}c\u{7}\td"), "abc\td");
        assert_eq!(plain("\u{1b}["), "");
        assert_eq!(plain("\u{1b}[31"), "");
    }

    proptest! {
        #[test]
        fn any_bytes_give_printable_text(text in "(\\x1b\\[|\\x1b\\]|\\x1b|[\\x00-\\x7f]|\\PC){0,200}") {
            for span in parse(&text) {
                prop_assert!(!span.text.is_empty());
                prop_assert!(!span.text.chars().any(is_dropped), "a control character is left");
            }
        }

        #[test]
        fn text_without_controls_is_kept_whole(text in "[^\\p{C}\\u{2028}\\u{2029}]{0,200}") {
            prop_assert_eq!(plain(&text), text);
        }
    }
}
