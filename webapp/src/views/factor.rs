//! The second factor: setting it up, and asking for it.

use super::{Field, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// A QR code as the path of a drawing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Qr {
    /// Side in modules, border included.
    pub size: i32,
    /// The dark modules.
    pub path: String,
}

impl Qr {
    /// Draws a text; empty when it is too long for any code.
    #[must_use]
    pub fn of(text: &str) -> Self {
        use std::fmt::Write as _;
        const BORDER: i32 = 4;
        let Ok(code) = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium) else {
            return Self::default();
        };
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
                let run = i32::try_from(run).unwrap_or(0);
                if run > 0 {
                    // Writing to a text does not fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + BORDER, y + BORDER);
                }
                x += run.max(1);
            }
        }
        Self { size: code.size() + 2 * BORDER, path }
    }
}

/// State of the forms of the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FactorForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Code.
    pub code: Field,
    /// Password.
    pub password: Field,
}

/// What the page shows; the same for owners and staff.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Factor {
    /// `/account/2fa` or `/admin/2fa`.
    pub base: &'static str,
    /// Form token.
    pub csrf: OneUse,
    /// One-use key.
    pub form_key: OneUse,
    /// `off`, `pending`, `on` or `codes`.
    pub state: &'static str,
    /// Nothing else opens until it is set up.
    pub due: bool,
    /// Since when it is on.
    pub since: Option<When>,
    /// Recovery codes that are left.
    pub left: i64,
    /// The picture.
    pub qr: Qr,
    /// The key for typing.
    pub key: String,
    /// New recovery codes, shown once.
    pub codes: Vec<String>,
    /// Errors.
    pub form: FactorForm,
}

/// `/account/2fa`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerFactor {
    /// Chrome.
    pub page: Page,
    /// What it shows.
    pub factor: Factor,
}
view!(OwnerFactor => "pages/account/factor.html");

/// `/admin/2fa`
#[derive(Debug, Clone, Serialize)]
pub struct StaffFactor {
    /// Chrome.
    pub page: Page,
    /// What it shows.
    pub factor: Factor,
}
view!(StaffFactor => "pages/admin/factor.html");

/// State of the form for a code.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CodeForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Code.
    pub code: Field,
}

/// `/login/2fa`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerCode {
    /// Chrome.
    pub page: Page,
    /// Where to go afterwards, or empty.
    pub next: String,
    /// Errors.
    pub form: CodeForm,
}
view!(OwnerCode => "pages/auth/second.html");

/// `/admin/login/2fa`
#[derive(Debug, Clone, Serialize)]
pub struct StaffCode {
    /// Chrome.
    pub page: Page,
    /// Where to go afterwards, or empty.
    pub next: String,
    /// Errors.
    pub form: CodeForm,
}
view!(StaffCode => "pages/admin/second.html");

#[cfg(test)]
mod tests {
    use super::Qr;

    #[test]
    fn a_code_is_drawn_module_by_module() {
        let text =
            "otpauth://totp/Shopfleet:ana%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Shopfleet";
        let qr = Qr::of(text);
        let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).unwrap();
        assert_eq!(qr.size, code.size() + 8);
        let mut dark = std::collections::HashSet::new();
        for part in qr.path.split('M').skip(1) {
            let (at, rest) = part.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let run: i32 = rest.split('v').next().unwrap().parse().unwrap();
            let x: i32 = x.parse().unwrap();
            dark.extend((x..x + run).map(|x| (x - 4, y.parse::<i32>().unwrap() - 4)));
        }
        for y in 0..code.size() {
            for x in 0..code.size() {
                assert_eq!(dark.contains(&(x, y)), code.get_module(x, y), "{x} {y}");
            }
        }
        assert_eq!(Qr::of(&"x".repeat(5000)).size, 0);
    }
}

/// `/keep-factor`: the page behind the link of a mail.
#[derive(Debug, Clone, Serialize)]
pub struct KeepFactor {
    /// Chrome.
    pub page: Page,
    /// `ask`, `kept` or `over`.
    pub mode: &'static str,
    /// The token.
    pub token: String,
    /// When it is removed.
    pub due: Option<When>,
}
view!(KeepFactor => "pages/auth/keep_factor.html");
