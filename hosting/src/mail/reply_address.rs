//! The address a mail about a ticket is answered to: `reply+{ticket}-{proof}@example.com`. The proof is 128 bits of a
//! keyed hash over ticket and customer, so nobody makes one up, and another customer's is of no use.

use crate::crypto::{KeyRing, mac, same};

/// The address for answers of a customer, or `None` when the mailbox of the settings is empty.
#[must_use]
pub fn make(keys: &KeyRing, mailbox: &str, ticket_id: u64, customer_id: u64) -> Option<String> {
    let (local, domain) = mailbox.rsplit_once('@')?;
    Some(format!("{local}+{ticket_id:x}-{}@{domain}", proof(keys, ticket_id, customer_id)))
}

/// A reply address as it was read: which ticket it names, and what it offers as proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Row id of the ticket.
    pub ticket_id: u64,
    proof: String,
}

impl Claimed {
    /// Reads an address; `None` when it is not one of the mailbox's.
    #[must_use]
    pub fn read(mailbox: &str, address: &str) -> Option<Self> {
        let (local, domain) = mailbox.rsplit_once('@')?;
        let (there, at) = address.rsplit_once('@')?;
        if !at.eq_ignore_ascii_case(domain) {
            return None;
        }
        let there = there.to_ascii_lowercase();
        let (ticket, proof) = there.strip_prefix(&local.to_ascii_lowercase())?.strip_prefix('+')?.split_once('-')?;
        let fine = (1..=16).contains(&ticket.len()) && proof.len() == 32;
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let ticket_id = (fine && hex(ticket) && hex(proof)).then(|| u64::from_str_radix(ticket, 16).ok())??;
        Some(Self { ticket_id, proof: proof.to_owned() })
    }

    /// Whether the proof is the one of this ticket and customer.
    #[must_use]
    pub fn holds(&self, keys: &KeyRing, customer_id: u64) -> bool {
        same(self.proof.as_bytes(), proof(keys, self.ticket_id, customer_id).as_bytes())
    }
}

fn proof(keys: &KeyRing, ticket_id: u64, customer_id: u64) -> String {
    let key = keys.derive("ticket reply address");
    hex::encode(&mac(&key, format!("{ticket_id}/{customer_id}").as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> KeyRing {
        KeyRing::parse(&"ab".repeat(32)).unwrap()
    }

    #[test]
    fn only_the_address_we_made_opens_the_ticket() {
        let mine = make(&keys(), "reply@help.example", 77, 5).unwrap();
        let claimed = Claimed::read("reply@help.example", &mine.to_uppercase()).unwrap();
        assert_eq!(claimed.ticket_id, 77);
        assert!(claimed.holds(&keys(), 5) && !claimed.holds(&keys(), 6));
        // The proof of one ticket is none for another.
        let other = mine.replace("+4d-", "+4e-");
        assert!(!Claimed::read("reply@help.example", &other).unwrap().holds(&keys(), 5));
        let elsewhere = KeyRing::parse(&"cd".repeat(32)).unwrap();
        assert!(!claimed.holds(&elsewhere, 5));
        for bad in
            ["reply@help.example", "reply+4d@help.example", "reply+4d-00@help.example", "x+4d-0@other.example", ""]
        {
            assert_eq!(Claimed::read("reply@help.example", bad), None, "{bad}");
        }
        assert_eq!(make(&keys(), "", 77, 5), None);
        assert!(crate::domain::Email::parse(&make(&keys(), "reply@help.example", u64::MAX, 5).unwrap()).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,120}") {
            if let Some(claimed) = Claimed::read("reply@help.example", &text) {
                prop_assert!(!claimed.holds(&keys(), 5));
            }
        }
    }
}
