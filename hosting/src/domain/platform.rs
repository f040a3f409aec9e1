//! Shop software we run.

/// A platform a store is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// WordPress with WooCommerce.
    WooCommerce,
    /// Magento Open Source.
    Magento,
}

impl Platform {
    /// As stored and as posted by the sign-up form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WooCommerce => "woocommerce",
            Self::Magento => "magento",
        }
    }
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::WooCommerce => "WooCommerce",
            Self::Magento => "Magento",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "woocommerce" => Some(Self::WooCommerce),
            "magento" => Some(Self::Magento),
            _ => None,
        }
    }
}
