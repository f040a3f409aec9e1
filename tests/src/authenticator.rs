//! A passkey as a browser and a device answer with it together, with each part open to a test: a wrong origin, a counter
//! that goes back, a user nobody looked at. ES256, no attestation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

/// One key of one device.
pub struct Authenticator {
    /// Where the browser says it is.
    pub origin: String,
    /// Host name the key is made for.
    pub host: String,
    /// How often it signed; 0 means that it does not count.
    pub counter: u32,
    /// The device looked at its user: finger, face, PIN.
    pub verified: bool,
    /// The id of the person it was made for.
    pub user: Vec<u8>,
    id: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl Authenticator {
    /// A fresh key for the panel at `origin`.
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self {
            origin: origin.to_owned(),
            host: origin.parse::<url::Url>().unwrap().host_str().unwrap().to_owned(),
            counter: 1,
            verified: true,
            user: Vec::new(),
            id: rand::random::<[u8; 32]>().to_vec(),
            pair,
        }
    }

    /// Answers what `navigator.credentials.create` is asked, as the form sends it.
    pub fn create(&mut self, options: &Value) -> String {
        let asked = &options["publicKey"];
        self.user = URL_SAFE_NO_PAD.decode(asked["user"]["id"].as_str().unwrap()).unwrap();
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]);
        data.extend([0, u8::try_from(self.id.len()).unwrap()]);
        data.extend(&self.id);
        // The public key: kty EC2, alg ES256, crv P-256, x, y.
        let point = self.pair.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        self.count();
        self.answer(json!({
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client("webauthn.create", asked)),
        }))
    }

    /// Answers what `navigator.credentials.get` is asked, and counts on.
    pub fn get(&mut self, options: &Value) -> String {
        let client = self.client("webauthn.get", &options["publicKey"]);
        let data = self.data(0);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client));
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        self.count();
        self.answer(json!({
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": URL_SAFE_NO_PAD.encode(&self.user),
        }))
    }

    fn count(&mut self) {
        if self.counter > 0 {
            self.counter += 1;
        }
    }

    fn answer(&self, response: Value) -> String {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "extensions": {}, "response": response }).to_string()
    }

    fn client(&self, kind: &str, asked: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(PRESENT | if self.verified { VERIFIED } else { 0 } | more);
        data.extend(self.counter.to_be_bytes());
        data
    }
}
