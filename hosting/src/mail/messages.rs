//! Every mail we send, in words.

use super::{Button, Message};

/// Confirm the address; the link holds the only copy of the token.
#[must_use]
pub fn verify_email(product: &str, store: Option<&str>, link: &str) -> Message {
    let start = store.map_or_else(String::new, |s| format!(" and start {s}"));
    Message {
        subject: format!("Confirm your email for {product}"),
        heading: "Confirm your email".into(),
        paragraphs: vec![format!("One press confirms this address{start}.")],
        button: Some(Button {
            label: if store.is_some() { "Confirm and start my store" } else { "Confirm email" }.into(),
            url: link.into(),
        }),
        small: vec![
            "The link works once, for 24 hours. If you asked for a newer one, only that one works.".into(),
            "Did you not sign up? Ignore this mail and nothing happens.".into(),
        ],
    }
}

/// Somebody signed up with an address that has an account.
#[must_use]
pub fn account_exists(product: &str, sign_in: &str) -> Message {
    Message {
        subject: format!("You already have an account at {product}"),
        heading: "You already have an account".into(),
        paragraphs: vec!["Somebody, probably you, tried to sign up with this address. It has an account already, so nothing was changed.".into()],
        button: Some(Button { label: "Sign in".into(), url: sign_in.into() }),
        small: vec!["Was it not you? Then there is nothing to do.".into()],
    }
}

/// The store answers. Never carries a password.
#[must_use]
pub fn store_ready(store: &str, store_url: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} is ready"),
        heading: format!("{store} is ready"),
        paragraphs: vec![
            format!("Your store answers at {store_url}"),
            "Your sign-in details for the store's admin are on your dashboard.".into(),
        ],
        button: Some(Button { label: "Open your dashboard".into(), url: dashboard.into() }),
        small: vec![],
    }
}

/// Setting up did not work.
#[must_use]
pub fn store_failed(store: &str, reason: &str, reference: &str, setup: &str) -> Message {
    Message {
        subject: format!("We could not finish setting up {store}"),
        heading: format!("We could not finish setting up {store}"),
        paragraphs: vec![reason.to_owned(), "Nothing was charged. We have been told and look into it.".into()],
        button: Some(Button { label: "See what happened".into(), url: setup.into() }),
        small: vec![format!("Reference {reference}")],
    }
}

/// Deletion is planned.
#[must_use]
pub fn deletion_planned(store: &str, date: &str, cancel: &str) -> Message {
    Message {
        subject: format!("{store} will be deleted on {date}"),
        heading: format!("{store} will be deleted on {date}"),
        paragraphs: vec![
            "Until then it keeps running, and you can cancel the deletion. After that it cannot be brought back."
                .into(),
        ],
        button: Some(Button { label: "Keep my store".into(), url: cancel.into() }),
        small: vec!["Did you not ask for this? Keep the store, then change your password.".into()],
    }
}

/// Deletion was taken back.
#[must_use]
pub fn deletion_cancelled(store: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} stays"),
        heading: format!("{store} stays"),
        paragraphs: vec!["The planned deletion is cancelled. Nothing was changed.".into()],
        button: Some(Button { label: "Open your dashboard".into(), url: dashboard.into() }),
        small: vec![],
    }
}

/// It is gone.
#[must_use]
pub fn store_deleted(store: &str) -> Message {
    Message {
        subject: format!("{store} is deleted"),
        heading: format!("{store} is deleted"),
        paragraphs: vec!["The store, its files and its database are gone. Your account stays.".into()],
        button: None,
        small: vec![],
    }
}

/// The store is suspended.
#[must_use]
pub fn store_suspended(store: &str, reason: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} is paused"),
        heading: format!("{store} is paused"),
        paragraphs: vec![reason.to_owned(), "Its data is kept. Visitors see a page that says it is paused.".into()],
        button: Some(Button { label: "Open your dashboard".into(), url: dashboard.into() }),
        small: vec![],
    }
}

/// The store runs again.
#[must_use]
pub fn store_resumed(store: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} is open again"),
        heading: format!("{store} is open again"),
        paragraphs: vec!["The pause is over, and your store answers as before.".into()],
        button: Some(Button { label: "Open your dashboard".into(), url: dashboard.into() }),
        small: vec![],
    }
}

/// A staff password was changed.
#[must_use]
pub fn admin_password_changed(product: &str, sign_in: &str) -> Message {
    Message {
        subject: format!("Your {product} staff password was changed"),
        heading: "Your password was changed".into(),
        paragraphs: vec![
            "You are signed out on every other device.".into(),
            "Was it not you? Tell a super admin now.".into(),
        ],
        button: Some(Button { label: "Sign in".into(), url: sign_in.into() }),
        small: vec![],
    }
}

/// One of each, for tests.
#[cfg(test)]
pub(super) fn samples(store: &str) -> Vec<Message> {
    let url = "https://panel.example/x?token=abc&y=1";
    vec![
        verify_email("Shopfleet", Some(store), url),
        verify_email("Shopfleet", None, url),
        account_exists("Shopfleet", url),
        store_ready(store, "https://ana.shops.example", url),
        store_failed(store, "The database did not start.", "J-1", url),
        deletion_planned(store, "28 Nov 2026", url),
        deletion_cancelled(store, url),
        store_deleted(store),
        store_suspended(store, "The last bill is open.", url),
        store_resumed(store, url),
        admin_password_changed("Shopfleet", url),
    ]
}
