//! Secrets of receivers, and the signature they check: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, with
//! the bytes behind `whsec_` as the key.

use super::locked;
use crate::crypto::{Secret, mac};
use crate::db::Queries;
use crate::db::webhooks::Side;
use crate::domain::{Actor, Uid};
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;

/// Hours in which the former secret signs as well, so that a receiver can be changed without a gap.
pub const OVERLAP_HOURS: u32 = 24;
const MARK: &str = "whsec_";

/// 256 random bits.
#[must_use]
pub(super) fn fresh() -> Secret {
    let mut bytes = [0u8; 32];
    rand::rng().fill(&mut bytes);
    Secret::new(format!("{MARK}{}", STANDARD.encode(bytes)))
}

/// The value of `webhook-signature`: one signature for each secret, separated by spaces.
#[must_use]
pub fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let text = format!("{id}.{timestamp}.{body}");
    let each = secrets.iter().map(|secret| {
        let key = secret.expose().strip_prefix(MARK).and_then(|t| STANDARD.decode(t).ok()).unwrap_or_default();
        format!("v1,{}", STANDARD.encode(mac(&key, text.as_bytes())))
    });
    each.collect::<Vec<_>>().join(" ")
}

/// A new secret, shown now and never again; the former one signs as well for a day.
///
/// # Errors
/// `NotFound`; `Conflict` when the form was sent before.
pub async fn rotate(
    services: &Services,
    actor: &Actor,
    side: Side,
    uid: &Uid,
    form_key: Option<&[u8; 32]>,
) -> Result<Secret, ServiceError> {
    let secret = fresh();
    transact!(services.db, tx => async {
        if let Some(key) = form_key {
            once(&mut tx, key, "webhook.rotate").await?;
        }
        let hook = locked(&mut tx, side, uid).await?;
        tx.webhooks().rotate(&services.keys, &hook, &secret, OVERLAP_HOURS).await?;
        let details = serde_json::json!({ "customer": side.customer() });
        audited(&mut tx, services, actor, "webhook.rotate_secret", ("webhook", &uid.to_string()), "done", details).await
    })?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_comes_out() {
        // The example of the Standard Webhooks specification's reference libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(std::slice::from_ref(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(&[secret, fresh()], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert!(both.starts_with(&format!("{signed} v1,")));
    }
}
