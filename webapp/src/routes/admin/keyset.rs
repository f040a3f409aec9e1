//! Pages of a list by the id of a row: "Older" and "Newer", never a number of a page, never a full count.

use crate::extract::Query;
use crate::urls;
use crate::views::Pager;

/// Where a page starts, from `?after=` (older than this row) or `?before=` (newer than this row).
#[derive(Debug, Clone, Copy)]
pub struct Keyset {
    /// Rows with ids below this.
    pub below: Option<u64>,
    /// Rows with ids above this.
    pub above: Option<u64>,
}

impl Keyset {
    /// From the address.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        let below = query.number("after");
        Self { below, above: if below.is_some() { None } else { query.number("before") } }
    }

    /// Takes the one row too many off that was asked for, and makes the links. `here` is the list's path, `filter`
    /// what its links keep.
    pub fn pager<R>(
        self,
        rows: &mut Vec<R>,
        page: u32,
        id: impl Fn(&R) -> u64,
        here: &str,
        filter: &[(&str, &str)],
    ) -> Pager {
        let more = rows.len() > page as usize;
        if more && self.above.is_some() {
            rows.remove(0);
        } else if more {
            rows.pop();
        }
        let older = self.above.is_some() || more;
        let newer = if self.above.is_some() { more } else { self.below.is_some() };
        let link = |name: &str, row: Option<&R>| {
            let id = row.map(|r| id(r).to_string()).unwrap_or_default();
            let mut pairs = filter.to_vec();
            pairs.push((name, &id));
            format!("{here}{}", urls::query(&pairs))
        };
        Pager {
            text: format!("{} shown{}", rows.len(), if older { ", there are more" } else { "" }),
            newer: if newer { link("before", rows.first()) } else { String::new() },
            older: if older { link("after", rows.last()) } else { String::new() },
        }
    }
}
