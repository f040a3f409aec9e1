//! Access tokens of the JSON API: JWTs of 15 minutes with one pinned algorithm. They say which
//! credential is meant and nothing about rights; the credential's row is looked at on each call.

use crate::error::WebError;
use hosting::domain::Uid;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// Seconds an access token lives.
pub const LIFE_SECONDS: i64 = 900;
const AUDIENCE: &str = "shopfleet-api";
const PURPOSE: &str = "access";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    /// Public id of the credential.
    sub: String,
    exp: i64,
    iat: i64,
    jti: String,
    purpose: String,
    /// Narrower scopes that a client asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Public id of the credential.
    pub credential: Uid,
    /// Narrower scopes, if it was made with such.
    pub scope: Option<String>,
}

/// Makes an access token.
///
/// # Errors
/// The library refuses, which it does not for this algorithm.
pub fn make(key: &[u8; 32], access: &Access) -> Result<String, WebError> {
    let now = hosting::clock::now().unix_timestamp();
    let claims = Claims {
        aud: AUDIENCE.into(),
        sub: access.credential.to_string(),
        exp: now + LIFE_SECONDS,
        iat: now,
        jti: Uid::new().to_string(),
        purpose: PURPOSE.into(),
        scope: access.scope.clone(),
    };
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(key))
        .map_err(|e| WebError::Internal(format!("cannot make an access token: {e}")))
}

/// Reads an access token; `None` for anything that is not one of ours, in force.
#[must_use]
pub fn read(key: &[u8; 32], token: &str) -> Option<Access> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "aud", "sub"]);
    rules.leeway = 0;
    let claims = decode::<Claims>(token, &DecodingKey::from_secret(key), &rules).ok()?.claims;
    let now = hosting::clock::now().unix_timestamp();
    // A token from the future, or that lives longer than ours do, was not made here.
    let ours = claims.purpose == PURPOSE
        && claims.iat <= now + 60
        && claims.exp - claims.iat == LIFE_SECONDS
        && Uid::parse(&claims.jti).is_ok();
    let credential = Uid::parse(&claims.sub).ok()?;
    ours.then_some(Access { credential, scope: claims.scope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

    const KEY: [u8; 32] = [7; 32];

    fn forged(header: &str, claims: &serde_json::Value, key: &[u8; 32]) -> String {
        let body = format!("{}.{}", B64.encode(header), B64.encode(claims.to_string()));
        format!("{body}.{}", B64.encode(hosting::crypto::mac(key, body.as_bytes())))
    }

    #[test]
    fn only_our_own_tokens_are_read() {
        let access = Access { credential: Uid::new(), scope: Some("stores:read".into()) };
        let token = make(&KEY, &access).unwrap();
        assert_eq!(read(&KEY, &token), Some(access.clone()));
        assert_eq!(read(&[8; 32], &token), None, "another key");
        let (head, rest) = token.split_once('.').unwrap();
        let (body, sign) = rest.split_once('.').unwrap();
        assert_eq!(read(&KEY, &format!("{head}.{body}.")), None, "no signature");
        assert_eq!(read(&KEY, &format!("{}.{body}.{sign}", B64.encode(r#"{"alg":"none","typ":"JWT"}"#))), None);
        let now = hosting::clock::now().unix_timestamp();
        let fine = serde_json::json!({ "aud": "shopfleet-api", "sub": access.credential.to_string(), "exp": now + 900, "iat": now,
            "jti": Uid::new().to_string(), "purpose": "access" });
        let hs256 = r#"{"alg":"HS256","typ":"JWT"}"#;
        assert!(read(&KEY, &forged(hs256, &fine, &KEY)).is_some(), "the forger of this test works");
        assert_eq!(read(&KEY, &forged(r#"{"alg":"HS512","typ":"JWT"}"#, &fine, &KEY)), None);
        for (name, value) in [
            ("aud", serde_json::json!("another")),
            ("aud", serde_json::json!(["another"])),
            ("sub", serde_json::json!(1)),
            ("sub", serde_json::json!("x")),
            ("exp", serde_json::json!(now - 1)),
            ("exp", serde_json::json!(now + 901)),
            ("exp", serde_json::json!("soon")),
            ("iat", serde_json::json!(now + 3600)),
            ("purpose", serde_json::json!("refresh")),
            ("jti", serde_json::json!("x")),
            ("role", serde_json::json!("super_admin")),
        ] {
            let mut claims = fine.clone();
            claims[name] = value.clone();
            assert_eq!(read(&KEY, &forged(hs256, &claims, &KEY)), None, "{name} = {value}");
        }
        for missing in ["aud", "sub", "exp", "iat", "jti", "purpose"] {
            let mut claims = fine.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert_eq!(read(&KEY, &forged(hs256, &claims, &KEY)), None, "without {missing}");
        }
    }
}
