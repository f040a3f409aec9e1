//! Money is whole cents with a currency; never a float.

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Whole cents.
    pub cents: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.cents < 0 { "-" } else { "" };
        let (whole, part) = (self.cents.unsigned_abs() / 100, self.cents.unsigned_abs() % 100);
        let symbol = match self.currency.as_str() {
            "EUR" => "€",
            "USD" => "$",
            "GBP" => "£",
            other => return write!(f, "{sign}{whole}.{part:02} {other}"),
        };
        write!(f, "{sign}{symbol}{whole}.{part:02}")
    }
}
