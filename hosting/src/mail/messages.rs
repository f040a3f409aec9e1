//! Every mail we send, in words.

use super::{Button, Message};
use crate::crypto::Secret;

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

/// A link to a new password; it holds the only copy of the token.
#[must_use]
pub fn password_reset(product: &str, link: &str) -> Message {
    Message {
        subject: format!("Choose a new password for {product}"),
        heading: "Choose a new password".into(),
        paragraphs: vec!["Somebody, probably you, asked for a new password for this address.".into()],
        button: Some(Button { label: "Choose a new password".into(), url: link.into() }),
        small: vec![
            "The link works once, for 30 minutes. If you asked for a newer one, only that one works.".into(),
            "Did you not ask for it? Ignore this mail and your password stays as it is.".into(),
        ],
    }
}

/// A customer's password was changed.
#[must_use]
pub fn password_changed(product: &str, reset: &str) -> Message {
    Message {
        subject: format!("Your {product} password was changed"),
        heading: "Your password was changed".into(),
        paragraphs: vec![
            "Every other device was signed out.".into(),
            "Was it not you? Choose a new password at once; that signs everybody out.".into(),
        ],
        button: Some(Button { label: "Choose a new password".into(), url: reset.into() }),
        small: vec![],
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

/// A temporary password; the one mail that has to carry one.
#[must_use]
pub fn admin_temporary_password(product: &str, password: &Secret, sign_in: &str) -> Message {
    Message {
        subject: format!("Your temporary {product} staff password"),
        heading: "Your temporary password".into(),
        paragraphs: vec![
            format!("Sign in with this password: {}", password.expose()),
            "It works for 24 hours. The first thing you are asked for is a password of your own.".into(),
        ],
        button: Some(Button { label: "Sign in".into(), url: sign_in.into() }),
        small: vec!["Did you not expect this? Tell a super admin.".into()],
    }
}

/// Something about the second factor changed; `what` is one of the mail's names.
#[must_use]
pub fn second_factor(product: &str, what: &str, account: &str) -> Message {
    let (subject, words) = match what {
        "second_factor_on" => (
            format!("Your {product} account now asks for a second factor"),
            "From now on signing in needs a code of your app. Every other device was signed out.",
        ),
        "second_factor_off" => (
            format!("The second factor of your {product} account is off"),
            "From now on the password alone is enough to sign in. Every other device was signed out.",
        ),
        "recovery_code_used" => (
            format!("A recovery code of your {product} account was used"),
            "Somebody, probably you, signed in with a recovery code. It does not work again.",
        ),
        _ => (
            format!("Your {product} account has new recovery codes"),
            "The old recovery codes stopped working. Keep the new ones where you find them without your phone.",
        ),
    };
    Message {
        heading: subject.clone(),
        subject,
        paragraphs: vec![words.into()],
        button: Some(Button { label: "Open your account".into(), url: account.into() }),
        small: vec!["Was it not you? Change your password now; that signs everybody else out.".into()],
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

/// One of each, for tests, with the name of its kind.
#[cfg(test)]
pub(super) fn samples(store: &str) -> Vec<(&'static str, Message)> {
    let url = "https://panel.example/x?token=abc&y=1";
    vec![
        ("verify_email", verify_email("Shopfleet", Some(store), url)),
        ("verify_email_again", verify_email("Shopfleet", None, url)),
        ("password_reset", password_reset("Shopfleet", url)),
        ("password_changed", password_changed("Shopfleet", url)),
        ("account_exists", account_exists("Shopfleet", url)),
        ("store_ready", store_ready(store, "https://ana.shops.example", url)),
        ("store_failed", store_failed(store, "The database did not start.", "J-1", url)),
        ("deletion_planned", deletion_planned(store, "28 Nov 2026", url)),
        ("deletion_cancelled", deletion_cancelled(store, url)),
        ("store_deleted", store_deleted(store)),
        ("admin_password_changed", admin_password_changed("Shopfleet", url)),
        ("second_factor_on", second_factor("Shopfleet", "second_factor_on", url)),
        ("second_factor_off", second_factor("Shopfleet", "second_factor_off", url)),
        ("recovery_code_used", second_factor("Shopfleet", "recovery_code_used", url)),
        ("recovery_codes_new", second_factor("Shopfleet", "recovery_codes_new", url)),
        (
            "admin_temporary_password",
            admin_temporary_password("Shopfleet", &Secret::new("abcdefgh12345678"), url),
        ),
        ("store_suspended", store_suspended(store, "The last bill is open.", url)),
        ("store_resumed", store_resumed(store, url)),
    ]
}
