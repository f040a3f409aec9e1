//! Pages drawn once for the same facts.
//!
//! Drawing a template costs far more than writing down what it is drawn from. So what a page is drawn from is written
//! down with holes where its one-use values go ([`OneUse`]); when the same was drawn before, only the holes are filled.
//! The whole of the facts is the key, so a page that is remembered cannot be an old one or somebody else's. Only views
//! that say so are remembered; none that shows a secret does.

use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Facts longer than this are drawn each time.
const LONGEST_FACTS: usize = 64 * 1024;
/// All that is remembered, in bytes; then it starts over.
const ROOM: usize = 4 * 1024 * 1024;

/// A form token or one-use key: new in every answer, and never part of what is remembered. Letters and digits only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneUse(String);

impl<T: AsRef<str>> From<T> for OneUse {
    fn from(value: T) -> Self {
        Self(value.as_ref().chars().filter(char::is_ascii_alphanumeric).collect())
    }
}

/// Stands where a one-use value goes, with two digits after it. Made anew by each process, so that no text of a person
/// can hold it.
static MARK: LazyLock<String> = LazyLock::new(|| hosting::crypto::random_token().expose()[..40].to_owned());

thread_local! {
    /// The one-use values met while facts are written down; `None`: they are written as they are.
    static MET: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Serialize for OneUse {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let place = MET.with_borrow_mut(|met| {
            let met = met.as_mut().filter(|m| !self.0.is_empty() && m.len() < 100)?;
            Some(met.iter().position(|v| *v == self.0).unwrap_or_else(|| {
                met.push(self.0.clone());
                met.len() - 1
            }))
        });
        match place {
            Some(n) => to.serialize_str(&format!("{}{n:02}", *MARK)),
            None => to.serialize_str(&self.0),
        }
    }
}

/// Does `work` with holes in place of one-use values, and tells which values were met.
fn with_holes<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    MET.set(Some(Vec::new()));
    let done = work();
    (done, MET.take().unwrap_or_default())
}

/// A page with holes: text, the number of the value after it, text, …
#[derive(Debug)]
struct Drawn {
    parts: Vec<(String, Option<usize>)>,
    length: usize,
}

impl Drawn {
    fn of(page: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = page;
        while let Some((before, after)) = rest.split_once(MARK.as_str()) {
            let number = after.get(..2).and_then(|n| n.parse().ok());
            parts.push((before.to_owned(), number));
            rest = after.get(2..).unwrap_or_default();
        }
        parts.push((rest.to_owned(), None));
        Self { parts, length: page.len() + 256 }
    }

    fn fill(&self, values: &[String]) -> String {
        let mut page = String::with_capacity(self.length);
        for (text, number) in &self.parts {
            page.push_str(text);
            if let Some(value) = number.and_then(|n| values.get(n)) {
                page.push_str(value);
            }
        }
        page
    }
}

#[derive(Default)]
struct Memory {
    pages: HashMap<Vec<u8>, Arc<Drawn>>,
    bytes: usize,
}

static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);

/// The page of `facts`, drawn by `draw` unless the same was drawn before.
pub(super) fn remembered<T: Serialize + ?Sized, E>(
    template: &'static str,
    facts: &T,
    draw: impl FnOnce() -> Result<String, E>,
) -> Result<String, E> {
    let (written, values) = with_holes(|| {
        let mut key = Vec::with_capacity(4096);
        key.extend_from_slice(template.as_bytes());
        serde_json::to_writer(&mut key, facts).map(|()| key)
    });
    let Some(key) = written.ok().filter(|k| k.len() <= LONGEST_FACTS) else { return draw() };
    let known = lock().pages.get(&key).cloned();
    if let Some(drawn) = known {
        return Ok(drawn.fill(&values));
    }
    let (page, values) = with_holes(draw);
    let drawn = Arc::new(Drawn::of(&page?));
    let page = drawn.fill(&values);
    let size = key.len() + drawn.length;
    let mut memory = lock();
    if memory.bytes + size > ROOM {
        *memory = Memory::default();
    }
    memory.bytes += size;
    memory.pages.insert(key, drawn);
    Ok(page)
}

fn lock() -> std::sync::MutexGuard<'static, Memory> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[derive(Serialize)]
    struct Facts {
        name: &'static str,
        token: OneUse,
        key: OneUse,
    }

    fn page(name: &'static str, token: &str, key: &str, drawn: &Cell<u32>) -> String {
        let facts = Facts { name, token: token.into(), key: key.into() };
        remembered("test.html", &facts, || {
            drawn.set(drawn.get() + 1);
            let v = serde_json::to_value(&facts).map_err(|e| e.to_string())?;
            let text = |n: &str| v[n].as_str().unwrap_or_default().to_owned();
            Ok::<_, String>(format!("{}|{}|{}-1|{}", text("name"), text("token"), text("key"), text("token")))
        })
        .unwrap()
    }

    #[test]
    fn the_same_facts_are_drawn_once_and_one_use_values_are_never_kept() {
        let drawn = Cell::new(0);
        assert_eq!(page("ana", "t1", "k1", &drawn), "ana|t1|k1-1|t1");
        assert_eq!(page("ana", "t2", "k2", &drawn), "ana|t2|k2-1|t2");
        assert_eq!(drawn.get(), 1);
        assert_eq!(page("eva", "t3", "k3", &drawn), "eva|t3|k3-1|t3");
        assert_eq!(page("ana", "", "k4", &drawn), "ana||k4-1|", "no token is another fact than a token");
        assert_eq!(page("ana", "same", "same", &drawn), "ana|same|same-1|same");
        assert_eq!(page("ana", "t5", "k5", &drawn), "ana|t5|k5-1|t5");
        assert_eq!(drawn.get(), 4);
        let kept = format!(
            "{:?}",
            lock().pages.iter().map(|(k, d)| (String::from_utf8_lossy(k).into_owned(), d.clone())).collect::<Vec<_>>()
        );
        assert!(!kept.contains("t2") && !kept.contains("k5"), "{kept}");
    }

    #[test]
    fn one_use_values_are_letters_and_digits() {
        assert_eq!(OneUse::from("a1\"><script>"), OneUse("a1script".into()));
        assert_eq!(serde_json::to_string(&OneUse::from("abc")).unwrap(), "\"abc\"");
    }
}
