//! A reseller's own link: their name where nobody is signed in, customers of theirs by sign-up, and nothing else to be had by it.

use crate::api::log_in;
use crate::resellers::{limits, news, stage};
use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;

const NAME: &str = "Rob <b>Hosting</b>";
const SHOWN: &str = "Rob &lt;b&gt;Hosting";

async fn branded(rob: &Browser) -> String {
    let brand = [("brand_name", NAME), ("brand_email", "help@rob.example")];
    assert_eq!(rob.submit_at("/reseller", "/reseller/branding", &brand).await.status, 303);
    let page = rob.get("/reseller").await.body;
    let link = page.split("/with/").nth(1).expect("their link is shown");
    link.split(['"', '<']).next().unwrap().to_owned()
}

/// Fills in the sign-up of a link.
async fn sign_up(b: &Browser, code: &str, email: &str, plan: &str) -> Page {
    let fields = [
        ("email", email),
        ("store_name", "Eva's Tea"),
        ("password", PASSWORD),
        ("platform", "woocommerce"),
        ("plan", plan),
        ("address", ""),
        ("with", code),
    ];
    b.submit_at(&format!("/signup?with={code}"), "/signup", &fields).await
}

fn has_both_names(page: &Page, what: &str) {
    assert_eq!(page.status, 200, "{what}");
    assert!(page.body.contains(SHOWN) && !page.body.contains(NAME), "{what}: {}", page.body);
    assert!(page.body.contains("on Shopfleet"), "{what}: whose service it is stays visible: {}", page.body);
    assert!(page.body.contains("help@rob.example"), "{what}");
}

async fn confirm(b: &Browser, app: &App) -> Page {
    let token = app.newest_token().await;
    let page = format!("/verify?token={token}");
    has_both_names(&b.get(&page).await, "the page behind the link");
    b.submit_at(&page, "/verify", &[("token", &token)]).await
}

async fn of_rob(app: &App) -> i64 {
    app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id = 1").await
}

#[actix_web::test]
async fn who_signs_up_by_a_resellers_link_is_their_customer() {
    let (app, ada, rob, ana) = stage().await;
    assert_eq!(limits(&ada, 1, "2", "2", &["starter"]).await.status, 303);
    let code = branded(&rob).await;
    let mut read = 0;
    news(&app, &mut read).await;
    let eva = app.browser();
    let r = eva.get(&format!("/with/{code}")).await;
    assert_eq!((r.status, r.location.as_str()), (303, format!("/signup?with={code}").as_str()));
    assert!(
        !r.headers.iter().any(|(n, v)| n == "set-cookie" && v.to_str().unwrap().contains(&code)),
        "nothing is kept"
    );
    let page = eva.get(&r.location).await;
    has_both_names(&page, "sign-up");
    assert!(page.body.contains("value=\"starter\"") && !page.body.contains("value=\"business\""), "plans they sell");
    // The name goes along to every page of the way, and only by the address.
    for path in ["/login", "/password/forgot", "/password/forgot?sent=yes", "/verify"] {
        let joined = if path.contains('?') { '&' } else { '?' };
        let page = eva.get(&format!("{path}{joined}with={code}")).await;
        has_both_names(&page, path);
        for link in page.body.split("href=\"").skip(1).map(|l| l.split('"').next().unwrap()) {
            let kept = ["/login", "/signup", "/password/forgot"].iter().any(|p| link.starts_with(p));
            assert!(!kept || link.contains(&format!("with={code}")), "{path} leads to {link}");
        }
        assert!(!eva.get(path).await.body.contains(SHOWN), "{path} without the code is ours");
    }
    // What is refused is shown under the name, too.
    let r = sign_up(&eva, &code, "not an address", "starter").await;
    assert!(r.status == 422 && r.body.contains(SHOWN) && r.body.contains(&format!("name=\"with\" value=\"{code}\"")));
    let r = sign_up(&eva, &code, "eva@example.com", "business").await;
    assert!(r.status == 422 && r.body.contains("Choose a plan your provider offers"), "{}: {}", r.status, r.body);
    let fields = [("email", "x"), ("with", code.as_str())];
    let r = eva.submit_at(&format!("/password/forgot?with={code}"), "/password/forgot", &fields).await;
    assert!(r.status == 422 && r.body.contains(SHOWN));
    let fields = [("email", "eva@example.com"), ("password", "wrong"), ("with", code.as_str())];
    let r = eva.submit_at(&format!("/login?with={code}"), "/login", &fields).await;
    assert!(r.status == 422 && r.body.contains(SHOWN));
    // From the form to a live customer of theirs.
    let r = sign_up(&eva, &code, "eva@example.com", "starter").await;
    assert_eq!((r.status, r.location.as_str()), (303, format!("/verify?with={code}").as_str()), "{}", r.body);
    assert_eq!(of_rob(&app).await, 0, "a place is taken by who confirms");
    let mails = news(&app, &mut read).await;
    assert!(mails[0].subject.contains("Rob") && mails[0].text.contains("help@rob.example"), "{:?}", mails[0]);
    let r = confirm(&eva, &app).await;
    assert!(r.status == 303 && r.location.starts_with("/setup/"), "{}", r.body);
    assert_eq!(of_rob(&app).await, 1);
    assert!(eva.get("/dashboard").await.body.contains(SHOWN));
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM customers WHERE email = 'eva@example.com'").await;
    assert!(rob.get(&format!("/reseller/customers/{id}")).await.body.contains("eva@example.com"));
    assert!(rob.get("/reseller/events").await.body.contains("Customer: confirm email"));
    // A new password under the name, whoever asks for it where.
    let kim = app.browser();
    kim.submit("/password/forgot", &[("email", "eva@example.com")]).await;
    let mails = news(&app, &mut read).await;
    let token = mails.last().unwrap().text.split("/password/reset?token=").nth(1).unwrap();
    let token = token.split_whitespace().next().unwrap().to_owned();
    let page = format!("/password/reset?token={token}");
    has_both_names(&kim.get(&page).await, "reset");
    let r = kim.submit_at(&page, "/password/reset", &[("token", &token), ("new_password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, format!("/login?with={code}").as_str()), "{}", r.body);
    // Whoever is signed in sees their own provider, whatever the address says.
    assert_eq!(ana.get(&format!("/signup?with={code}")).await.location, "/dashboard");
    assert!(!ana.get(&format!("/pricing?with={code}")).await.body.contains(SHOWN));
    let (program, _) = log_in(&app, "rob@example.com", "customer").await;
    let link = program.get("/api/v1/reseller").await.body["sign_up_link"].as_str().unwrap().to_owned();
    assert!(link.ends_with(&format!("/with/{code}")) && link.starts_with("http"), "{link}");
    // Other limits keep the link.
    assert_eq!(limits(&ada, 1, "3", "3", &["starter"]).await.status, 303);
    assert!(rob.get("/reseller").await.body.contains(&format!("/with/{code}")));
}

#[actix_web::test]
async fn a_link_gives_no_more_than_the_reseller_may_sell() {
    let (app, ada, rob, _) = stage().await;
    assert_eq!(limits(&ada, 1, "1", "1", &["starter"]).await.status, 303);
    let code = branded(&rob).await;
    // Two sign up while there is one place; the first who confirms has it, the other keeps a link that works later.
    let (eva, tom) = (app.browser(), app.browser());
    assert_eq!(sign_up(&eva, &code, "eva@example.com", "starter").await.status, 303);
    let evas = app.newest_token().await;
    assert_eq!(sign_up(&tom, &code, "tom@example.com", "starter").await.status, 303);
    assert_eq!(confirm(&tom, &app).await.status, 303);
    let page = format!("/verify?token={evas}");
    let r = eva.submit_at(&page, "/verify", &[("token", &evas)]).await;
    assert!(r.status == 409 && r.body.contains("takes no new customers"), "{}: {}", r.status, r.body);
    assert_eq!(app.db.text("SELECT state FROM customers WHERE email = 'eva@example.com'").await, "unverified");
    // Full: said on the page, and the same for known and unknown addresses.
    let form = app.browser().get(&format!("/signup?with={code}")).await;
    assert!(form.body.contains("takes no new customers at the moment"), "{}", form.body);
    let before = app.census().await;
    for email in ["new@example.com", "rob@example.com", "tom@example.com"] {
        let r = sign_up(&app.browser(), &code, email, "starter").await;
        assert!(r.status == 409 && r.body.contains("takes no new customers"), "{email}: {}", r.status);
    }
    assert_eq!(app.census().await, before);
    assert_eq!(limits(&ada, 1, "2", "1", &["starter"]).await.status, 303);
    assert_eq!(eva.submit_at(&page, "/verify", &[("token", &evas)]).await.status, 409, "and no store is left");
    assert_eq!(limits(&ada, 1, "2", "2", &["starter"]).await.status, 303);
    assert_eq!(eva.submit_at(&page, "/verify", &[("token", &evas)]).await.status, 303);
    assert_eq!(of_rob(&app).await, 2);
    // The role ends between sign-up and confirmation: the customer is ours.
    assert_eq!(limits(&ada, 1, "5", "5", &["starter"]).await.status, 303);
    let uma = app.browser();
    assert_eq!(sign_up(&uma, &code, "uma@example.com", "starter").await.status, 303);
    let umas = app.newest_token().await;
    let token = ada.get("/admin/customers/1/reseller").await.hidden("csrf_token");
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 303);
    let r = uma.submit_at(&format!("/verify?token={umas}"), "/verify", &[("token", &umas)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL").await, 0);
    assert_eq!(app.browser().get(&format!("/with/{code}")).await.status, 404);
}

#[actix_web::test]
async fn a_link_names_nobody_falsely_and_leads_nowhere_else() {
    let (app, ada, rob, _) = stage().await;
    let code = branded(&rob).await;
    let b = app.browser();
    for odd in ["x", "zzzzzzzzzz", "ABCDEFGHIJ", "..%2Fadmin", "%3Cb%3E", "https:%2F%2Fevil.example", &"a".repeat(5000)]
    {
        let r = b.get(&format!("/with/{odd}")).await;
        assert!(matches!(r.status, 404 | 414) && r.location.is_empty(), "{odd}: {} {}", r.status, r.location);
        let r = b.get(&format!("/signup?with={odd}")).await;
        assert!(r.status == 200 && !r.body.contains("with=") && r.body.contains("Shopfleet"), "{odd}: {}", r.status);
    }
    // Case and spaces make no second name for a code.
    assert_eq!(b.get(&format!("/with/{}", code.to_uppercase())).await.status, 404);
    // A form with a code that is none makes nobody's customer: it is refused, not ours by accident.
    let before = app.census().await;
    for odd in ["zzzzzzzzzz", "<b>", "1"] {
        let r = sign_up(&b, odd, "new@example.com", "starter").await;
        assert!(r.status == 409 && r.body.contains("This link does not work any more"), "{odd}: {}", r.status);
    }
    assert_eq!(app.census().await, before);
    // Where one goes after signing in is not the link's to say.
    let r = b.get(&format!("/login?with={code}&next=https%3A%2F%2Fevil.example")).await;
    assert!(!r.body.contains("evil.example"), "{}", r.body);
    let r = b.get(&format!("/with/{code}?next=//evil.example")).await;
    assert_eq!(r.location, format!("/signup?with={code}"));
    assert_eq!(b.get(&format!("/login?with={code}&with={code}")).await.status, 400, "one code");
    // A closed or paused reseller names nobody; staff's sign-in names nobody at all.
    assert!(!b.get(&format!("/admin/login?with={code}")).await.body.contains(SHOWN));
    app.db.sql("UPDATE customers SET state = 'suspended' WHERE id = 1").await;
    assert_eq!(b.get(&format!("/with/{code}")).await.status, 404);
    assert!(!b.get(&format!("/signup?with={code}")).await.body.contains(SHOWN));
    app.db.sql("UPDATE customers SET state = 'active' WHERE id = 1").await;
    // Without a name of their own the pages are ours, and the sign-up is theirs all the same.
    let empty = [("brand_name", ""), ("brand_email", "")];
    assert_eq!(rob.submit_at("/reseller", "/reseller/branding", &empty).await.status, 303);
    let page = b.get(&format!("/signup?with={code}")).await;
    assert!(page.body.contains(&format!("value=\"{code}\"")) && !page.body.contains("on Shopfleet"), "{}", page.body);
    let _ = (ada, Role::Admin);
}
