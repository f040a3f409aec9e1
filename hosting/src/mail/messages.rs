//! Every mail we send, in words.

pub use super::ticket_messages::{answer as ticket_answer, message as ticket_message, received as ticket_received};
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
        "factors_removed" => (
            format!("The second factor and the passkeys of your {product} account were removed"),
            "From now on the password alone is enough to sign in. Every device was signed out.",
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

/// Somebody offers their store to the reader.
#[must_use]
pub fn store_offered(store: &str, from: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} is offered to you"),
        heading: format!("{store} is offered to you"),
        paragraphs: vec![
            format!("{from} wants to hand this store over to you. You have seven days to decide."),
            "When you take it, you get a new store admin password, and its former owner is shut out here.".into(),
        ],
        button: Some(Button { label: "Look at the offer".into(), url: dashboard.into() }),
        small: vec!["You do not know them? Then there is nothing to do: the offer ends by itself.".into()],
    }
}

/// A store is the reader's from now on.
#[must_use]
pub fn store_received(store: &str, dashboard: &str) -> Message {
    Message {
        subject: format!("{store} is yours now"),
        heading: format!("{store} is yours now"),
        paragraphs: vec![
            "Its store admin has a new password and your email address. You find both on the page with your sign-in details.".into(),
            "Files, orders and other users of the store admin are as they were. Look through the list of users there, and remove whom you do not know.".into(),
        ],
        button: Some(Button { label: "Open your dashboard".into(), url: dashboard.into() }),
        small: vec![],
    }
}

/// A store is somebody else's from now on.
#[must_use]
pub fn store_given(store: &str, support: &str) -> Message {
    Message {
        subject: format!("{store} has a new owner"),
        heading: format!("{store} has a new owner"),
        paragraphs: vec![
            "You no longer reach it from your account, and its store admin has another password.".into(),
            "You were signed out here everywhere, and your API tokens ended. Sign in again for whatever else you have."
                .into(),
        ],
        button: None,
        small: vec![format!("You did not want this? Write to {support} at once.")],
    }
}

/// Somebody signed in from a network the account was not used from lately.
#[must_use]
pub fn new_place(product: &str, at: &str, address: &str, browser: &str, devices: &str) -> Message {
    Message {
        subject: format!("A sign-in to your {product} account from a new place"),
        heading: "A sign-in from a new place".into(),
        paragraphs: vec![
            format!("{at} UTC, from {address}, with {browser}."),
            "Was it you? Then there is nothing to do.".into(),
        ],
        button: Some(Button { label: "Look at your account".into(), url: devices.into() }),
        small: vec!["Was it not you? Change your password now; that signs everybody else out.".into()],
    }
}

/// To the address an account has: go on with the new one, or stop.
#[must_use]
pub fn email_change_old(product: &str, new: &str, go: &str, stop: &str) -> Message {
    Message {
        subject: format!("Change the email of your {product} account?"),
        heading: "Change your email?".into(),
        paragraphs: vec![
            format!("Somebody, probably you, asked to change the email of your account to {new}."),
            "It is changed when both addresses confirm within 24 hours.".into(),
        ],
        button: Some(Button { label: "Confirm from this address".into(), url: go.into() }),
        small: vec![format!("Was it not you? Stop it here, then change your password: {stop}")],
    }
}

/// To the address somebody wants.
#[must_use]
pub fn email_change_new(product: &str, go: &str) -> Message {
    Message {
        subject: format!("Confirm your new email for {product}"),
        heading: "Confirm your new email".into(),
        paragraphs: vec![
            "Somebody, probably you, wants to use this address for an account. It is changed when the old address \
             confirms, too."
                .into(),
        ],
        button: Some(Button { label: "Confirm from this address".into(), url: go.into() }),
        small: vec!["The link works for 24 hours. Was it not you? Ignore this mail and nothing happens.".into()],
    }
}

/// To an address that has an account of its own.
#[must_use]
pub fn email_change_taken(product: &str, sign_in: &str) -> Message {
    Message {
        subject: format!("You already have an account at {product}"),
        heading: "You already have an account".into(),
        paragraphs: vec![
            "Somebody, probably you, wanted to use this address for another account. It has one already, so nothing \
             was changed."
                .into(),
        ],
        button: Some(Button { label: "Sign in".into(), url: sign_in.into() }),
        small: vec!["Was it not you? Then there is nothing to do.".into()],
    }
}

/// The address was changed; to both of them.
#[must_use]
pub fn email_changed(product: &str, new: &str, support: &str, sign_in: &str) -> Message {
    Message {
        subject: format!("The email of your {product} account was changed"),
        heading: "Your email was changed".into(),
        paragraphs: vec![format!("Your account is now {new}. Every device was signed out.")],
        button: Some(Button { label: "Sign in".into(), url: sign_in.into() }),
        small: vec![format!("Was it not you? Write to {support} now.")],
    }
}

/// An export waits for its owner.
#[must_use]
pub fn export_ready(product: &str, page: &str) -> Message {
    Message {
        subject: format!("Your {product} data is ready"),
        heading: "Your data is ready".into(),
        paragraphs: vec!["You can download it for a week. We ask for your password first.".into()],
        button: Some(Button { label: "Download your data".into(), url: page.into() }),
        small: vec!["Did you not ask for it? Change your password now; that signs everybody else out.".into()],
    }
}

/// The account will be closed.
#[must_use]
pub fn closing_planned(product: &str, date: &str, page: &str) -> Message {
    Message {
        subject: format!("Your {product} account will be closed on {date}"),
        heading: format!("Your account will be closed on {date}"),
        paragraphs: vec![
            "Until then everything keeps running, and you can take it back. After that your stores and your account \
             cannot be brought back."
                .into(),
        ],
        button: Some(Button { label: "Keep my account".into(), url: page.into() }),
        small: vec!["Did you not ask for this? Keep the account, then change your password.".into()],
    }
}

/// The closing was taken back.
#[must_use]
pub fn closing_cancelled(product: &str, page: &str) -> Message {
    Message {
        subject: format!("Your {product} account stays"),
        heading: "Your account stays".into(),
        paragraphs: vec!["The planned closing is cancelled. Nothing was changed.".into()],
        button: Some(Button { label: "Open your account".into(), url: page.into() }),
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

/// The last mail.
#[must_use]
pub fn account_closed(product: &str) -> Message {
    Message {
        subject: format!("Your {product} account is closed"),
        heading: "Your account is closed".into(),
        paragraphs: vec!["Your stores are deleted, and we are forgetting you now. This was our last mail.".into()],
        button: None,
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

/// Staff made an account for somebody; the link holds the only copy of the token.
#[must_use]
pub fn invitation(product: &str, link: &str) -> Message {
    Message {
        subject: format!("Your account at {product}"),
        heading: format!("Your account at {product}"),
        paragraphs: vec!["We made an account for this address. Choose a password, and it is yours.".into()],
        button: Some(Button { label: "Choose a password".into(), url: link.into() }),
        small: vec![
            "The link works once, for 7 days.".into(),
            "Did you not expect this? Ignore this mail: nobody can sign in without the link.".into(),
        ],
    }
}

/// Our staff closed an account.
#[must_use]
pub fn staff_closed_account(product: &str, support: &str) -> Message {
    Message {
        subject: format!("Your {product} account is closed"),
        heading: "Your account is closed".into(),
        paragraphs: vec![
            "Your stores keep running for seven days and are then deleted, and we forget your account. Until then we \
             can open it again."
                .into(),
        ],
        button: None,
        small: vec![format!("Did you not ask for this? Write to {support} now.")],
    }
}

/// Nothing could be delivered to a webhook.
#[must_use]
pub fn webhook_paused(host: &str, reason: &str, page: &str) -> Message {
    Message {
        subject: format!("Your webhook to {host} is paused"),
        heading: format!("Your webhook to {host} is paused"),
        paragraphs: vec![
            format!("{reason}, so we stopped trying."),
            "Events are kept for 30 days. When your receiver answers again, resume the webhook and they are sent."
                .into(),
        ],
        button: Some(Button { label: "Look at the webhook".into(), url: page.into() }),
        small: vec![],
    }
}

/// Support asks whether it may look at a panel; the link holds the only copy of the token.
#[must_use]
pub fn view_request(product: &str, who: &str, reason: &str, link: &str) -> Message {
    Message {
        subject: format!("May {product} support look at your panel?"),
        heading: "May support look at your panel?".into(),
        paragraphs: vec![
            format!("{who} from support would like to see your pages as you see them, for half an hour."),
            format!("Reason: {reason}"),
            "They can look and change nothing. They see no passwords, and open neither your files nor your database."
                .into(),
        ],
        button: Some(Button { label: "Answer".into(), url: link.into() }),
        small: vec![
            "The link works once, for 24 hours. Your dashboard asks the same.".into(),
            "Without an answer nobody looks.".into(),
        ],
    }
}

/// A passkey was added, removed or blocked.
#[must_use]
pub fn passkey(product: &str, what: &str, page: &str) -> Message {
    let (subject, words, small) = match what {
        "passkey_added" => (
            "A passkey was added",
            "It signs in to your account without your password. Every other device was signed out.",
            "Was it not you? Remove it there and change your password now.",
        ),
        "passkey_removed" => (
            "A passkey was removed",
            "It does not sign in to your account any more. Every other device was signed out.",
            "Was it not you? Change your password now; that signs everybody else out.",
        ),
        _ => (
            "A passkey is blocked",
            "Somebody signed in with it, and its counter went back: there may be a copy of it. They were kept out, and it \
             does not sign in to your account any more.",
            "Remove it there, and add a new one on a device you trust.",
        ),
    };
    Message {
        subject: format!("{subject}: your {product} account"),
        heading: subject.into(),
        paragraphs: vec![words.into()],
        button: Some(Button { label: "Look at your passkeys".into(), url: page.into() }),
        small: vec![small.into()],
    }
}

/// Support will take a lost second factor away; the link, which stops it, holds the only copy of the token.
#[must_use]
pub fn factor_reset_planned(product: &str, when: &str, link: &str) -> Message {
    Message {
        subject: format!("Your {product} second factor will be removed"),
        heading: "Your second factor will be removed".into(),
        paragraphs: vec![
            "Somebody, probably you, told support that phone and recovery codes are lost.".into(),
            format!(
                "On {when} the second factor and all passkeys are removed and every device is signed out. Your password \
                 stays."
            ),
            "Was it not you? Stop it now, and choose a new password.".into(),
        ],
        button: Some(Button { label: "Keep my second factor".into(), url: link.into() }),
        small: vec!["Signing in with a code or a passkey stops it as well.".into()],
    }
}

/// Somebody else looks after the account from now on; for its owner.
#[must_use]
pub fn provider_changed(product: &str, support: &str, link: &str) -> Message {
    Message {
        subject: format!("{product} looks after your account now"),
        heading: "Somebody else looks after your account".into(),
        paragraphs: vec![
            format!(
                "From today on it is {product}. You see this name on your pages and in our mails, and whoever you ask for help there answers."
            ),
            "Nothing else changes: your stores run as before, and your email and password are the same.".into(),
        ],
        button: Some(Button { label: "Open your account".into(), url: link.into() }),
        small: vec![format!("Questions? Write to {support}.")],
    }
}

/// A customer was given to a reseller.
#[must_use]
pub fn customer_arrived(customer: &str, link: &str) -> Message {
    Message {
        // Without the address: the mail log keeps subjects, also of whoever is forgotten.
        subject: "A customer was given to you".into(),
        heading: "A customer was given to you".into(),
        paragraphs: vec![format!("{customer} is your customer from today on, with all their stores.")],
        button: Some(Button { label: "Open the customer".into(), url: link.into() }),
        small: vec!["They see your name on their pages and in their mails.".into()],
    }
}

/// A customer was taken from a reseller.
#[must_use]
pub fn customer_left(customer: &str, support: &str, link: &str) -> Message {
    Message {
        subject: "A customer is not yours any more".into(),
        heading: "A customer has left you".into(),
        paragraphs: vec![format!(
            "Somebody else looks after {customer} from today on. You do not see them or their stores any more."
        )],
        button: Some(Button { label: "Open your customers".into(), url: link.into() }),
        small: vec![format!("Questions? Write to {support}.")],
    }
}

/// Shows that mail leaves.
#[must_use]
pub fn test_mail(product: &str, settings: &str) -> Message {
    Message {
        subject: format!("Test mail from {product}"),
        heading: "Mail works".into(),
        paragraphs: vec!["You asked for a test mail. It left with the mail settings that are in force now.".into()],
        button: Some(Button { label: "Open the settings".into(), url: settings.into() }),
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
        ("factors_removed", second_factor("Shopfleet", "factors_removed", url)),
        ("recovery_code_used", second_factor("Shopfleet", "recovery_code_used", url)),
        ("recovery_codes_new", second_factor("Shopfleet", "recovery_codes_new", url)),
        ("admin_temporary_password", admin_temporary_password("Shopfleet", &Secret::new("abcdefgh12345678"), url)),
        ("store_suspended", store_suspended(store, "The last bill is open.", url)),
        ("store_resumed", store_resumed(store, url)),
        ("store_offered", store_offered(store, "ana@other.example", url)),
        ("store_received", store_received(store, url)),
        ("store_given", store_given(store, "help@shopfleet.example")),
        ("new_place", new_place("Shopfleet", "2026-11-21 10:00", "192.0.2.7", "Firefox on Linux", url)),
        ("email_change_old", email_change_old("Shopfleet", "ana@other.example", url, url)),
        ("email_change_new", email_change_new("Shopfleet", url)),
        ("email_change_taken", email_change_taken("Shopfleet", url)),
        ("email_changed", email_changed("Shopfleet", "ana@other.example", "help@shopfleet.example", url)),
        ("export_ready", export_ready("Shopfleet", url)),
        ("closing_planned", closing_planned("Shopfleet", "2026-12-21", url)),
        ("closing_cancelled", closing_cancelled("Shopfleet", url)),
        ("account_closed", account_closed("Shopfleet")),
        ("factor_reset_planned", factor_reset_planned("Shopfleet", "2026-11-22 10:00 UTC", url)),
        ("passkey_added", passkey("Shopfleet", "passkey_added", url)),
        ("passkey_removed", passkey("Shopfleet", "passkey_removed", url)),
        ("passkey_blocked", passkey("Shopfleet", "passkey_blocked", url)),
        ("view_request", view_request("Shopfleet", "Grace Hopper", "The cart does not load", url)),
        ("test_mail", test_mail("Shopfleet", url)),
        ("ticket_received", ticket_received("T-ABC123", store, 24, true, url)),
        ("ticket_received_no_mail", ticket_received("T-ABC123", store, 1, false, url)),
        ("ticket_answer", ticket_answer("T-ABC123", store, "Grace", "Hello,\n\nis it better now?", 1, true, url)),
        ("ticket_message", ticket_message("T-ABC123", store, "ana@example.com", "It is down", 2, url)),
        ("webhook_paused", webhook_paused("hooks.example.com", "Nothing could be delivered for 3 days", url)),
        ("invitation", invitation("Shopfleet", url)),
        ("staff_closed_account", staff_closed_account("Shopfleet", "help@example.com")),
        ("provider_changed", provider_changed("Rob's Shops", "help@example.com", url)),
        ("customer_arrived", customer_arrived("ana@example.com", url)),
        ("customer_left", customer_left("ana@example.com", "help@example.com", url)),
    ]
}
