//! The edge as in production: TLS on 443 with a (self-signed) certificate, redirect on 80, HTTP/2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::delete_store::delete_now;
use reqwest::{Certificate, Client, Version, redirect::Policy};
use shopfleet_tests::own_engine::{OwnEngine, in_own_network};
use shopfleet_tests::shop_server::{Census, ShopServer};

#[test]
fn a_store_answers_over_https_with_a_redirect_from_http() {
    // Ports 80 and 443 are free in a network of one's own.
    if !in_own_network("a_store_answers_over_https_with_a_redirect_from_http") {
        return;
    }
    let engine = OwnEngine::start(env!("CARGO_TARGET_TMPDIR"));
    tokio::runtime::Runtime::new().unwrap().block_on(go(&engine));
}

async fn go(engine: &OwnEngine) {
    let server = ShopServer::with_docker_and_tls(&engine.host()).await;
    let (_engine, _stop) = server.engine();
    let (id, job) = server.order("Ana's Bikes", "ana-bikes").await;
    server.reaches(&job, JobState::Finished).await;
    let store = server.store(id).await;
    assert_eq!(store.state, StoreState::Active);
    let host = store.host.unwrap();
    assert!(server.log(&job).await.contains(&format!("Your store will be at https://{host}\n")));

    let certificate = std::fs::read(server.top.join("fullchain.pem")).unwrap();
    let client = |name: &str| {
        Client::builder()
            .tls_certs_only([Certificate::from_pem(&certificate).unwrap()])
            .resolve(name, ([127, 0, 0, 1], 443).into())
            .redirect(Policy::none())
            .build()
            .unwrap()
    };
    let visitor = client(&host);
    let page = visitor.get(format!("https://{host}/")).send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.version()), (200, Version::HTTP_2));
    let body = page.text().await.unwrap();
    assert!(body.contains("<title>Ana&#039;s Bikes") && !body.contains(&format!("http://{host}")), "{}", &body[..500]);
    // WordPress knows that it is reached by TLS: no redirect loop, and cookies for TLS only.
    let login = visitor.get(format!("https://{host}/wp-login.php")).send().await.unwrap();
    assert_eq!(login.status().as_u16(), 200);
    let cookie = login.headers()["set-cookie"].to_str().unwrap().to_lowercase();
    assert!(cookie.contains("secure"), "{cookie}");

    // Plain http of a known name leads to https, to the same page; of an unknown one nowhere.
    let plain =
        |name: &str| Client::builder().resolve(name, ([127, 0, 0, 1], 80).into()).redirect(Policy::none()).build();
    let answer = plain(&host).unwrap().get(format!("http://{host}/shop/?a=b")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 301);
    assert_eq!(answer.headers()["location"], format!("https://{host}/shop/?a=b"));
    let nobody = "nobody.s0.localhost";
    assert_eq!(plain(nobody).unwrap().get(format!("http://{nobody}/")).send().await.unwrap().status().as_u16(), 421);
    assert_eq!(client(nobody).get(format!("https://{nobody}/")).send().await.unwrap().status().as_u16(), 421);

    let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.census().await, Census::default());
    assert_eq!(client(&host).get(format!("https://{host}/")).send().await.unwrap().status().as_u16(), 421);
}
