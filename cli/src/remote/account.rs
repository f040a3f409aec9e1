//! `shopfleet account …`

use std::process::ExitCode;

use anyhow::Result;
use secrecy::ExposeSecret;
use shopfleet_client::types::{
    AskFirst, ListOwnEventsQuery, Nothing, OwnClosing, OwnEmailChange, ProfileChange, ViewAnswer, WantedMails,
};

use super::{Remote, facts, first, moment, page, saved};
use crate::args::remote::Account;

/// Runs one verb on the caller's own account.
pub async fn run(remote: &Remote, verb: Account) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Account::Devices => {
            let devices = client.list_devices().await?.items;
            remote.list(&devices, ["ID", "BROWSER", "ADDRESS", "SINCE", "LAST SEEN"], |d| {
                [
                    d.id.to_string(),
                    d.browser.clone(),
                    d.address.clone(),
                    moment(Some(&d.signed_in_at)),
                    moment(Some(&d.seen_at)),
                ]
            })
        }
        Account::EndDevice { id } => {
            client.end_device(id).await?;
            remote.done(&serde_json::json!({ "id": id, "signed_in": false }), "That browser is signed out")
        }
        Account::SignOutEverywhere => {
            client.end_devices().await?;
            remote.done(&serde_json::json!({ "signed_in": false }), "Nobody is signed in any more; log in again")
        }
        Account::SignIns => {
            let tries = client.list_sign_ins().await?.items;
            remote.list(&tries, ["AT", "RESULT", "HOW", "BROWSER", "ADDRESS"], |s| {
                let result = if s.done { "signed in" } else { "refused" };
                let way = s.way.clone().unwrap_or_else(|| "–".into()).replace('_', " ");
                [moment(Some(&s.at)), result.into(), way, s.browser.clone(), s.address.clone()]
            })
        }
        Account::Events { limit } => {
            let query = ListOwnEventsQuery { limit: page(limit), ..ListOwnEventsQuery::default() };
            let events = first(limit, client.list_own_events_all(query)).await?;
            remote.list(&events, ["AT", "BY", "ACTION", "ABOUT", "RESULT", "ADDRESS"], |e| {
                [
                    moment(Some(&e.at)),
                    e.by.clone(),
                    e.action.clone(),
                    format!("{} {}", e.target_kind, e.target_id),
                    e.outcome.clone(),
                    e.address.clone().unwrap_or_default(),
                ]
            })
        }
        Account::Show => {
            let profile = client.get_profile().await?;
            remote.answer(&profile, |p| {
                let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
                facts(&[
                    ("Email", p.email.clone()),
                    ("Wanted email", p.wanted_email.clone().unwrap_or_else(|| "–".into())),
                    ("Name", p.name.clone()),
                    ("Time zone", p.time_zone.clone()),
                    ("Theme", p.theme.clone()),
                    ("Mails of new places", yes(p.mails.new_place)),
                    ("Mails of the stores", yes(p.mails.store)),
                    ("Support asks first", yes(p.ask_before_view)),
                    ("Closes at", moment(p.closes_at.as_deref())),
                ]);
            })
        }
        Account::Change { name, time_zone, theme } => {
            let now = client.get_profile().await?;
            let wish = ProfileChange {
                name: name.unwrap_or(now.name),
                time_zone: time_zone.unwrap_or(now.time_zone),
                theme: theme.unwrap_or(now.theme),
            };
            client.change_profile(&wish).await?;
            remote.done(&serde_json::to_value(&wish)?, "Saved")
        }
        Account::Mails { new_place, store, tickets } => {
            let now = client.get_profile().await?.mails;
            let wish = WantedMails {
                new_place: new_place.unwrap_or(now.new_place),
                store: store.unwrap_or(now.store),
                tickets: tickets.or(now.tickets),
            };
            client.choose_mails(&wish).await?;
            remote.done(&serde_json::to_value(&wish)?, "Saved")
        }
        Account::Email { email } => {
            let password = remote.password()?.expose_secret().to_owned();
            client.change_own_email(&OwnEmailChange { email: email.clone(), password }).await?;
            remote.done(&serde_json::json!({ "wanted_email": email }), "Press the links in both mailboxes")
        }
        Account::Exports => {
            let exports = client.list_exports().await?.items;
            remote.list(&exports, ["ID", "ASKED", "READY", "UNTIL", "BYTES"], |e| {
                [
                    e.id.clone(),
                    moment(Some(&e.asked_at)),
                    moment(e.ready_at.as_deref()),
                    moment(Some(&e.expires_at)),
                    e.size.to_string(),
                ]
            })
        }
        Account::Export => {
            client.ask_export(&Nothing {}).await?;
            remote.done(&serde_json::json!({ "asked": true }), "It is being made; a mail says when it is ready")
        }
        Account::Download { export, to } => {
            let download = remote.recently(|client| {
                let export = export.clone();
                async move { client.get_export(&export).await }
            });
            saved::save(remote, download.await?, to.as_deref()).await
        }
        Account::Close { email } => {
            let password = remote.password()?.expose_secret().to_owned();
            client.plan_closing(&OwnClosing { email, password }).await?;
            let words = "The account is closed in 30 days; `shopfleet account keep` takes it back until then";
            remote.done(&serde_json::json!({ "closing": true }), words)
        }
        Account::Keep => {
            client.cancel_closing().await?;
            remote.done(&serde_json::json!({ "closing": false }), "The account stays")
        }
        Account::AskFirst { ask } => {
            client.choose_support(&AskFirst { ask }).await?;
            remote.done(&serde_json::json!({ "ask": ask }), "Saved")
        }
        Account::Views => {
            let views = client.list_views().await?.items;
            remote.list(&views, ["VIEW", "WHO", "STATE", "UNTIL", "WHY"], |v| {
                [v.id.to_string(), v.name.clone(), v.state.clone(), moment(Some(&v.expires_at)), v.reason.clone()]
            })
        }
        Account::Allow { view } => {
            client.answer_view(view, &ViewAnswer { allow: true }).await?;
            remote.done(&serde_json::json!({ "view": view, "allowed": true }), "They may look; nothing can be changed")
        }
        Account::Refuse { view } => {
            client.answer_view(view, &ViewAnswer { allow: false }).await?;
            remote.done(&serde_json::json!({ "view": view, "allowed": false }), "They do not look at your panel")
        }
    }
}
