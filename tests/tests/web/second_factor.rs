//! The second factor: set up, asked for, each code once, recovery, off, and required of staff.

use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;
use totp_rs::{Builder, Totp};

/// What an app on a phone knows.
pub struct Phone(Totp);

impl Phone {
    /// Reads the key off the page.
    fn scan(page: &Page) -> Self {
        let key = page.body.split("id=\"factor-key\">").nth(1).expect("a key").split('<').next().unwrap();
        let secret = totp_rs::Secret::try_from_base32(key.replace(' ', "")).unwrap();
        assert!(page.body.contains("<path d=\"M"), "and there is a picture");
        Self(Builder::new().with_secret(secret).with_account_name("x").build().unwrap())
    }
    /// The code of this step (0), the one before (-1) or the next (1): all three are taken, in order.
    pub fn code(&self, step: i64) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.0.generate(now.saturating_add_signed(step * 30)).to_string()
    }
}

fn codes(page: &Page) -> Vec<String> {
    let list = page.body.split("<ul class=\"list mono\">").nth(1).expect("codes").split("</ul>").next().unwrap();
    list.split("<li>").skip(1).map(|l| l.split('<').next().unwrap().to_owned()).collect()
}

/// Sets a factor up; returns the phone and the recovery codes.
pub async fn set_up(b: &Browser, base: &str) -> (Phone, Vec<String>) {
    let r = b.submit_at(base, &format!("{base}/begin"), &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, base), "{}", r.body);
    let phone = Phone::scan(&b.get(base).await);
    let r = b.submit_at(base, &format!("{base}/confirm"), &[("code", "000000")]).await;
    assert!(r.status == 422 && r.body.contains("This code is not right"), "{}", r.body);
    let r = b.submit_at(base, &format!("{base}/confirm"), &[("code", &phone.code(-1))]).await;
    assert_eq!((r.status, r.header("cache-control")), (200, "no-store"), "{}", r.body);
    let codes = codes(&r);
    assert_eq!(codes.len(), 10);
    (phone, codes)
}

async fn password(b: &Browser, login: &str, email: &str) -> Page {
    b.submit(login, &[("email", email), ("password", PASSWORD)]).await
}

async fn code(b: &Browser, login: &str, code: &str) -> Page {
    b.submit(&format!("{login}/2fa"), &[("code", code)]).await
}

#[actix_web::test]
async fn a_second_factor_is_set_up_asked_for_and_each_code_works_once() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let other = app.browser();
    assert_eq!(password(&other, "/login", "ana@example.com").await.location, "/dashboard");
    let (phone, recovery) = set_up(&ana, "/account/2fa").await;
    assert_eq!(ana.get("/dashboard").await.status, 200);
    assert_eq!(other.get("/dashboard").await.status, 303, "other devices are signed out");
    assert!(ana.get("/account/2fa").await.body.contains("10 of 10 are left"));
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("now asks for a second factor"));
    // The password alone opens nothing.
    let b = app.browser();
    let r = password(&b, "/login?next=%2Fdashboard%2Fnew", "ana@example.com").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login/2fa"), "{}", r.body);
    for path in ["/dashboard", "/account/2fa", "/reauthenticate"] {
        assert!(b.get(path).await.location.starts_with("/login"), "{path}");
    }
    assert_eq!(code(&b, "/login", "123456").await.status, 422);
    let now = phone.code(0);
    let r = code(&b, "/login", &format!("{} {}", &now[..3], &now[3..])).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"), "{}", r.body);
    assert_eq!(b.get("/dashboard").await.status, 200);
    // The same code again, and an older one, are refused; the next one works.
    let c = app.browser();
    password(&c, "/login", "ana@example.com").await;
    assert_eq!(code(&c, "/login", &now).await.status, 422, "used");
    assert_eq!(code(&c, "/login", &phone.code(-1)).await.status, 422, "older");
    assert_eq!(code(&c, "/login", &phone.code(1)).await.status, 303);
    // A recovery code, once, and its owner hears of it.
    let d = app.browser();
    password(&d, "/login", "ana@example.com").await;
    assert_eq!(code(&d, "/login", &recovery[3].to_uppercase()).await.status, 303);
    assert!(d.get("/dashboard").await.body.contains("You signed in with a recovery code"));
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("recovery code"));
    let e = app.browser();
    password(&e, "/login", "ana@example.com").await;
    assert_eq!(code(&e, "/login", &recovery[3]).await.status, 422);
    assert!(d.get("/account/2fa").await.body.contains("9 of 10 are left"));
    // Neither secret nor codes lie open.
    let key = phone.0.secret().to_base32();
    let rows = "SELECT GROUP_CONCAT(HEX(sealed)) FROM second_factors";
    assert!(!app.db.text(rows).await.contains(&hex::encode_upper(&key)));
    for place in ["SELECT GROUP_CONCAT(args) FROM jobs", "SELECT GROUP_CONCAT(details) FROM audit_events"] {
        let text = app.db.text(place).await;
        assert!(!text.contains(&key) && !text.contains(&recovery[0]), "{place}");
    }
}

#[actix_web::test]
async fn two_requests_with_one_code_make_one_sign_in() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (phone, recovery) = set_up(&ana, "/account/2fa").await;
    for one in [phone.code(0), recovery[0].clone()] {
        let (a, b) = (app.browser(), app.browser());
        password(&a, "/login", "ana@example.com").await;
        password(&b, "/login", "ana@example.com").await;
        let (x, y) = tokio::join!(code(&a, "/login", &one), code(&b, "/login", &one));
        let mut statuses = [x.status, y.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422], "{one}");
    }
}

#[actix_web::test]
async fn wrong_codes_end_a_sign_in_and_lock_nobody_out() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (phone, _) = set_up(&ana, "/account/2fa").await;
    let thief = app.browser();
    password(&thief, "/login", "ana@example.com").await;
    for n in 1..=4 {
        assert_eq!(code(&thief, "/login", "000000").await.status, 422, "try {n}");
    }
    let r = code(&thief, "/login", "000000").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login"));
    assert!(thief.get("/login").await.body.contains("Begin again"));
    let r = thief.submit_at("/login", "/login/2fa", &[("code", &phone.code(0))]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login"), "the sign-in is over, even with the right code");
    // Going on with the password runs into the account's bucket …
    let mut last = 0;
    for _ in 0..8 {
        password(&thief, "/login", "ana@example.com").await;
        for _ in 0..3 {
            last = code(&thief, "/login", "000000").await.status;
        }
    }
    assert_eq!(last, 429);
    // … which the owner's own browser does not share.
    ana.submit_at("/dashboard", "/logout", &[]).await;
    assert_eq!(password(&ana, "/login", "ana@example.com").await.location, "/login/2fa");
    assert_eq!(code(&ana, "/login", &phone.code(0)).await.status, 303);
    // A changed password ends what waits.
    let b = app.browser();
    app.redis.flush().await;
    password(&b, "/login", "ana@example.com").await;
    app.db.sql("UPDATE customers SET password_hash = CONCAT(password_hash, 'x')").await;
    assert_eq!(code(&b, "/login", &phone.code(1)).await.location, "/login");
}

#[actix_web::test]
async fn setting_up_never_weakens_what_is_on_and_off_needs_both() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    // It asks for a fresh password, and for nothing else than a code it made itself.
    let form = ana.get("/account/2fa").await;
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = ana.post("/account/2fa/begin", &[("csrf_token", &form.hidden("csrf_token"))]).await;
    assert!(r.location.starts_with("/reauthenticate"), "{}", r.location);
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6)").await;
    let (phone, _) = set_up(&ana, "/account/2fa").await;
    let token = ana.get("/account/2fa").await.hidden("csrf_token");
    assert_eq!(ana.post("/account/2fa/begin", &[("csrf_token", &token)]).await.status, 409);
    assert_eq!(ana.post("/account/2fa/confirm", &[("csrf_token", &token), ("code", &phone.code(0))]).await.status, 409);
    let off = async |password: &str, code: &str| {
        let fields = [("csrf_token", token.as_str()), ("password", password), ("code", code)];
        ana.post("/account/2fa/off", &fields).await
    };
    let r = off("wrong password", &phone.code(0)).await;
    assert!(r.status == 422 && r.body.contains("This password is not right"), "{}", r.body);
    assert_eq!(off(PASSWORD, "000000").await.status, 422);
    assert_eq!(off(PASSWORD, "").await.status, 422);
    assert!(ana.get("/account/2fa").await.body.contains("On since"));
    let other = app.browser();
    password(&other, "/login", "ana@example.com").await;
    assert_eq!(code(&other, "/login", &phone.code(0)).await.status, 303);
    assert_eq!(off(PASSWORD, &phone.code(1)).await.status, 303);
    assert_eq!(other.get("/dashboard").await.status, 303, "other devices are signed out");
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("is off"));
    assert_eq!(password(&app.browser(), "/login", "ana@example.com").await.location, "/dashboard");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
}

#[actix_web::test]
async fn new_recovery_codes_replace_the_old_ones() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (_, old) = set_up(&ana, "/account/2fa").await;
    let r = ana.submit_at("/account/2fa", "/account/2fa/codes", &[]).await;
    let new = codes(&r);
    assert!(new.len() == 10 && new.iter().all(|c| !old.contains(c)));
    let b = app.browser();
    password(&b, "/login", "ana@example.com").await;
    assert_eq!(code(&b, "/login", &old[0]).await.status, 422);
    assert_eq!(code(&b, "/login", &new[0]).await.status, 303);
}

#[actix_web::test]
async fn staff_owe_a_second_factor_after_their_grace() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(grace.get("/admin/jobs").await.status, 200, "within the grace");
    app.db.sql("UPDATE admins SET factor_grace_from = NOW(6) - INTERVAL 8 DAY").await;
    for path in ["/admin", "/admin/jobs", "/admin/admins", "/admin/system"] {
        assert_eq!(grace.get(path).await.location, "/admin/2fa", "{path}");
    }
    assert!(grace.get("/admin/2fa").await.body.contains("Staff need a second factor"));
    let (phone, _) = set_up(&grace, "/admin/2fa").await;
    assert_eq!(grace.get("/admin/jobs").await.status, 200);
    assert_eq!(sam.get("/admin/jobs").await.location, "/admin/2fa");
    // Asked for at the staff sign-in; a customer's page does not take it.
    let b = app.browser();
    let r = password(&b, "/admin/login?next=%2Fadmin%2Fsystem", "grace@example.com").await;
    assert_eq!(r.location, "/admin/login/2fa");
    assert_eq!(b.get("/admin").await.status, 303);
    assert_eq!(b.get("/login/2fa").await.location, "/login");
    assert_eq!(code(&b, "/admin/login", &phone.code(0)).await.location, "/admin");
    // Turned off by its owner, it is owed again at once.
    let token = grace.get("/admin/2fa").await.hidden("csrf_token");
    let fields = [("csrf_token", token.as_str()), ("password", PASSWORD), ("code", &phone.code(1))];
    assert_eq!(grace.post("/admin/2fa/off", &fields).await.status, 303);
    assert_eq!(grace.get("/admin").await.location, "/admin/2fa");
    // The setting turns it off for everybody, within its two seconds.
    app.db.sql("INSERT INTO settings (name, value, updated_by) VALUES ('staff_mfa_required', 'no', 'test')").await;
    shopfleet_tests::eventually("the setting", async || (sam.get("/admin/jobs").await.status == 200).then_some(()))
        .await;
}

#[actix_web::test]
async fn a_super_admin_helps_who_lost_the_phone_and_a_reset_does_not() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let sam = app.staff("sam@example.com", Role::Admin).await;
    set_up(&sam, "/admin/2fa").await;
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM admins WHERE email = 'sam@example.com'").await;
    let page = format!("/admin/admins/{id}");
    let shown = grace.submit(&format!("{page}/reset"), &[]).await;
    let temporary = shown.body.split("id=\"temporary\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let b = app.browser();
    let r = b.submit("/admin/login", &[("email", "sam@example.com"), ("password", &temporary)]).await;
    assert_eq!(r.location, "/admin/login/2fa", "a reset password does not pass by the factor");
    let r = grace.submit_at(&page, &format!("{page}/factor"), &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, page.as_str()), "{}", r.body);
    let r = b.submit("/admin/login", &[("email", "sam@example.com"), ("password", &temporary)]).await;
    assert_eq!(r.location, "/admin/password");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'admin.remove_second_factor'").await, 1);
}
