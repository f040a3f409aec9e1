//! Lists come in keyset pages: `limit` rows, newest first, and a cursor for the rows after them.

use crate::error::WebError;
use crate::extract::Query;
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Rows when nothing is said.
const USUAL: u32 = 50;
/// Most rows of one page.
const MOST: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// Rows, newest first.
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Where a page starts and how long it is.
#[derive(Debug, Clone, Copy)]
pub struct Cursor {
    /// Rows older than this row id.
    pub before: Option<u64>,
    /// How many.
    pub limit: u32,
}

impl Cursor {
    /// From `after` and `limit` of the address.
    ///
    /// # Errors
    /// 422 for anything that is not a cursor of ours or not a number from 1 to 200.
    pub fn of(query: &Query) -> Result<Self, WebError> {
        let limit = match query.get("limit")? {
            "" => USUAL,
            text => text
                .parse()
                .ok()
                .filter(|n| (1..=MOST).contains(n))
                .ok_or_else(|| WebError::field("limit", format!("Give a whole number from 1 to {MOST}")))?,
        };
        let before = match query.get("after")? {
            "" => None,
            text => Some(
                text.strip_prefix('c')
                    .and_then(|t| u64::from_str_radix(t, 16).ok())
                    .ok_or_else(|| WebError::field("after", "Pass `next` of the page before, as it is"))?,
            ),
        };
        Ok(Self { before, limit })
    }

    /// One more than asked for, to know whether there is a next page.
    #[must_use]
    pub fn fetch(self) -> u32 {
        self.limit + 1
    }

    /// Makes the page of `fetch` rows.
    #[must_use]
    pub fn page<R, T>(self, mut rows: Vec<R>, id: impl Fn(&R) -> u64, show: impl Fn(&R) -> T) -> Listing<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = if more { rows.last().map(|r| format!("c{:x}", id(r))) } else { None };
        Listing { items: rows.iter().map(show).collect(), next }
    }
}

/// 200 with JSON.
pub(super) fn ok(value: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(value)
}
