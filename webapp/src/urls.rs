//! Links, in one place: a page names a place, never spells an address.

/// The set-up page of a job.
#[must_use]
pub fn setup(job: &str) -> String {
    format!("/setup/{job}")
}

/// A job's page for staff.
#[must_use]
pub fn admin_job(job: &str) -> String {
    format!("/admin/jobs/{job}")
}

/// A customer's page for staff.
#[must_use]
pub fn admin_customer(id: u64) -> String {
    format!("/admin/customers/{id}")
}

/// A job's page for the owner of its store.
#[must_use]
pub fn owner_job(job: &str) -> String {
    format!("/dashboard/jobs/{job}")
}

/// A ticket's page for its customer.
#[must_use]
pub fn owner_ticket(uid: &str) -> String {
    format!("/dashboard/tickets/{uid}")
}

/// A ticket's page for staff.
#[must_use]
pub fn admin_ticket(uid: &str) -> String {
    format!("/admin/tickets/{uid}")
}

/// The page before a change of the owner's store.
#[must_use]
pub fn owner_change(change: &str) -> String {
    format!("/dashboard/store/{change}")
}

/// The page before a change that staff make.
#[must_use]
pub fn staff_change(customer: u64, change: &str) -> String {
    format!("/admin/customers/{customer}/store/{change}")
}

/// Short form of a job's id for people.
#[must_use]
pub fn short_job(uid: &str) -> String {
    format!("J-{}", uid.get(20..).unwrap_or(uid))
}

/// A query string from pairs; empty values are left out. Starts with `?`, or is empty.
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    let given: Vec<_> = pairs.iter().filter(|(_, v)| !v.is_empty()).collect();
    if given.is_empty() {
        return String::new();
    }
    format!("?{}", serde_urlencoded::to_string(given).unwrap_or_default())
}

/// A path to come back to after signing in: ours, path-only, starting with exactly one slash.
#[must_use]
pub fn safe_next(next: &str) -> Option<&str> {
    let fine = next.len() <= 512
        && next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\')
        && !next.split(['?', '#']).next().unwrap_or_default().contains("//");
    fine.then_some(next)
}

/// Whether a text has the form of our one-time tokens.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_come_back_to() {
        for good in ["/", "/dashboard", "/setup/01J?x=1", "/admin/jobs?state=failed#x"] {
            assert_eq!(safe_next(good), Some(good));
        }
        for bad in [
            "",
            "dashboard",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a//b",
            "/a b",
            "/a\r\nX: y",
            "/%0d%0a\u{e9}",
            "\\/evil",
        ] {
            assert_eq!(safe_next(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(query(&[("q", "a&b"), ("state", "")]), "?q=a%26b");
        assert_eq!(query(&[("q", "")]), "");
    }
}
