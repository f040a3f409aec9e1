//! How somebody signs in.

/// One of the ways in. Their names are in the database, the API and exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInWay {
    /// The password alone.
    Password,
    /// Password, then a code of the app.
    PasswordCode,
    /// Password, then a recovery code.
    RecoveryCode,
    /// A passkey.
    Passkey,
    /// A temporary password, with or without a code, which has to be replaced at once.
    Temporary,
    /// A log-in of a program over the JSON API.
    Api,
    /// The confirmation mail's link, opened in the browser that signed up.
    MailLink,
}

impl SignInWay {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Password,
        Self::PasswordCode,
        Self::RecoveryCode,
        Self::Passkey,
        Self::Temporary,
        Self::Api,
        Self::MailLink,
    ];

    /// Its name for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordCode => "password_code",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
            Self::Temporary => "temporary",
            Self::Api => "api",
            Self::MailLink => "mail_link",
        }
    }

    /// The way of a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.as_str() == text)
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Password => "Password",
            Self::PasswordCode => "Password and code",
            Self::RecoveryCode => "Password and recovery code",
            Self::Passkey => "Passkey",
            Self::Temporary => "Temporary password",
            Self::Api => "Log-in over the API",
            Self::MailLink => "Link in the confirmation mail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_column_and_come_back() {
        for way in SignInWay::ALL {
            assert!(way.as_str().len() <= 20, "{}", way.as_str());
            assert_eq!(SignInWay::parse(way.as_str()), Some(way));
        }
        assert_eq!(SignInWay::parse("Password"), None);
    }
}
