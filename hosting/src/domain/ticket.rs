//! A conversation with a customer.
//!
//! ```text
//!            answer                      customer writes
//! open ──────────────► waiting for customer ◄──────────► waiting for us
//!   │                        │      ▲ answer                  │
//!   ▼                        ▼      │                         ▼
//! solved ◄── solve ──────────┴──────┴─────────────────────────┘
//!   │  ▲
//!   ▼  └── closed: by staff, or some days after it was solved
//! closed      solved and closed: opened again (waiting for us) when the customer writes
//! ```

/// Where a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketState {
    /// New; nobody has answered yet.
    Open,
    /// The customer wrote; our answer is due.
    WaitingForUs,
    /// We answered.
    WaitingForCustomer,
    /// One of both says that it is done.
    Solved,
    /// Done for good, as far as nobody writes again.
    Closed,
}

/// What happens to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketEvent {
    /// Its customer wrote.
    CustomerWrote,
    /// Staff answered.
    StaffAnswered,
    /// Somebody says that it is solved.
    Solve,
    /// Staff close it, or its time is over.
    Close,
    /// Staff take it up again.
    Reopen,
}

impl TicketState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::WaitingForUs, Self::WaitingForCustomer, Self::Solved, Self::Closed];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::WaitingForUs => "waiting_for_us",
            Self::WaitingForCustomer => "waiting_for_customer",
            Self::Solved => "solved",
            Self::Closed => "closed",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
    /// The table of moves; `None` is refused.
    #[must_use]
    pub fn after(self, event: TicketEvent) -> Option<Self> {
        use TicketEvent as E;
        use TicketState as S;
        match (event, self) {
            (E::CustomerWrote, S::Open) => Some(S::Open),
            (E::CustomerWrote, _) => Some(S::WaitingForUs),
            (E::StaffAnswered, _) => Some(S::WaitingForCustomer),
            (E::Solve, S::Open | S::WaitingForUs | S::WaitingForCustomer) => Some(S::Solved),
            (E::Close, S::Open | S::WaitingForUs | S::WaitingForCustomer | S::Solved) => Some(S::Closed),
            (E::Reopen, S::Solved | S::Closed) => Some(S::WaitingForUs),
            (E::Solve, S::Solved | S::Closed)
            | (E::Close, S::Closed)
            | (E::Reopen, S::Open | S::WaitingForUs | S::WaitingForCustomer) => None,
        }
    }
    /// An answer of ours is due.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::WaitingForUs)
    }
    /// Done, unless somebody writes again.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Solved | Self::Closed)
    }
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// The shop itself.
    Store,
    /// Web address, DNS, certificate.
    Address,
    /// Plan and money.
    Billing,
    /// Signing in, the account.
    Account,
    /// Anything else.
    Other,
}

impl Category {
    /// All of them, as forms list them.
    pub const ALL: [Self; 5] = [Self::Store, Self::Address, Self::Billing, Self::Account, Self::Other];
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Address => "address",
            Self::Billing => "billing",
            Self::Account => "account",
            Self::Other => "other",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Store => "My store",
            Self::Address => "Web address",
            Self::Billing => "Plan and payment",
            Self::Account => "Signing in and account",
            Self::Other => "Something else",
        }
    }
}

/// How much it presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Whenever there is time.
    Low,
    /// As usual.
    Normal,
    /// Something important does not work.
    High,
    /// The store cannot sell.
    Urgent,
}

impl Urgency {
    /// All of them, as forms list them.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.as_str() == text)
    }
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Low => "Low: a question",
            Self::Normal => "Normal",
            Self::High => "High: something important does not work",
            Self::Urgent => "Urgent: my store cannot sell",
        }
    }
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Normal => "Normal",
            Self::High => "High",
            Self::Urgent => "Urgent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_moves_is_as_agreed() {
        use TicketEvent as E;
        let table: Vec<String> = TicketState::ALL
            .into_iter()
            .map(|state| {
                let to = [E::CustomerWrote, E::StaffAnswered, E::Solve, E::Close, E::Reopen]
                    .map(|event| state.after(event).map_or("-", TicketState::as_str));
                format!("{}: {}", state.as_str(), to.join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "open: open waiting_for_customer solved closed -",
                "waiting_for_us: waiting_for_us waiting_for_customer solved closed -",
                "waiting_for_customer: waiting_for_us waiting_for_customer solved closed -",
                "solved: waiting_for_us waiting_for_customer - closed waiting_for_us",
                "closed: waiting_for_us waiting_for_customer - - waiting_for_us",
            ]
        );
    }

    #[test]
    fn stored_forms_come_back() {
        for state in TicketState::ALL {
            assert_eq!(TicketState::parse(state.as_str()), Some(state));
        }
        for category in Category::ALL {
            assert_eq!(Category::parse(category.as_str()), Some(category));
        }
        for urgency in Urgency::ALL {
            assert_eq!(Urgency::parse(urgency.as_str()), Some(urgency));
        }
        assert_eq!(TicketState::parse("OPEN"), None);
    }
}
