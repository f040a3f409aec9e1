//! A list as one stream of rows, page after page.

use crate::Error;
use futures_util::stream::{self, Stream};
use std::collections::VecDeque;
use std::future::Future;

/// Rows of all pages; a page is asked for when the rows before it are used up. Ends after an error.
pub(crate) fn all_pages<Q, T, F, Page>(first: Q, ask: F) -> impl Stream<Item = Result<T, Error>> + Send
where
    Q: Send,
    T: Send,
    F: Fn(Q) -> Page + Send,
    Page: Future<Output = Result<(Vec<T>, Option<Q>), Error>> + Send,
{
    stream::unfold((Some(first), VecDeque::new(), ask), |(mut next, mut rows, ask)| async move {
        while rows.is_empty() {
            match ask(next.take()?).await {
                Ok((page, after)) => {
                    rows.extend(page);
                    next = after;
                }
                Err(error) => return Some((Err(error), (None, rows, ask))),
            }
        }
        let row = rows.pop_front()?;
        Some((Ok(row), (next, rows, ask)))
    })
}
