//! Passkeys (WebAuthn): keys that devices keep, made for this panel's host name, unlocked by finger, face or PIN. A sign-in
//! with one proves both that the person has the device and that it is them, so no code is asked for.
//!
//! Challenges wait in the database, one for each form, are bound to the browser and the purpose and are used once. The library checks origin,
//! host name, signature, user verification and counter; here is who may, what is kept and what is told.

pub mod add;
pub mod prove;
pub mod remove;
pub mod sign_in;

use super::{ServiceError, Services, audited};
use crate::config::url_like::BaseUrl;
use crate::crypto::{mac, sha256};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::jobs::MailArgs;
use webauthn_rs::prelude::{Url, Uuid, Webauthn, WebauthnBuilder};

/// More than anybody needs; each costs a line on a page.
pub const MOST: usize = 20;

const BROKEN: &str = "Your browser's answer could not be read. Try again";

/// Whether the panel's own address can have passkeys: browsers keep none for an IP address.
#[must_use]
pub fn available(base: &BaseUrl) -> bool {
    Url::parse(base.as_str()).is_ok_and(|origin| origin.domain().is_some())
}

/// The checker for the panel's own address, and for no other origin; `None` where there is none.
fn checker(base: &BaseUrl, product: &str) -> Option<Webauthn> {
    let origin = Url::parse(base.as_str()).ok()?;
    let host = origin.domain()?;
    WebauthnBuilder::new(host, &origin).ok()?.rp_name(product).build().ok()
}

fn unavailable() -> ServiceError {
    ServiceError::Conflict("Passkeys need the panel to have a host name, not an IP address".into())
}

/// The handle a passkey keeps of its person: says nothing to whoever reads it, and is the same each time.
fn handle(services: &Services, person: Person) -> Uuid {
    let key = services.keys.derive("passkeys/handles");
    let tag = mac(&key, format!("{}/{}", person.kind(), person.id()).as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&tag[..16]);
    Uuid::from_bytes(bytes)
}

fn credential_hash(id: &[u8]) -> [u8; 32] {
    sha256(id)
}

/// Tells the owner what changed.
async fn notice(tx: &mut Tx, actor: &Actor, person: Person, template: &str) -> Result<JobRef, ServiceError> {
    let mail = MailArgs {
        template: template.into(),
        customer_id: person.customer(),
        admin_id: person.admin(),
        ..MailArgs::default()
    };
    Ok(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?)
}

/// A key whose counter went back opens nothing any more: there may be two of it. Its owner is told.
async fn block_key(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    id: u64,
) -> Result<JobRef, ServiceError> {
    tx.passkeys().block(id).await?;
    let mail = notice(tx, actor, person, "passkey_blocked").await?;
    let (action, target) = (format!("{}.block_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": id, "cause": "its counter went back" });
    audited(tx, services, actor, &action, (person.kind(), &target), "refused", details).await?;
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_name_has_no_passkeys() {
        for (text, has) in [
            ("https://panel.example", true),
            ("https://panel.example:8443", true),
            ("http://localhost:8090", true),
            ("http://127.0.0.1:8090", false),
            ("https://192.0.2.7", false),
            ("https://[2001:db8::7]", false),
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!((available(&base), checker(&base, "Shopfleet").is_some()), (has, has), "{text}");
        }
    }
}
