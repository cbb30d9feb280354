//! The reference of the API and the pages of its problems, which anybody may read.

use crate::harness::dialer::Dialer;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_shows_every_call_and_message_of_the_document() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let document = server.stranger().json("/api/openapi.json").await;
    assert_eq!(document["servers"][0]["url"], "/");
    let page = server.stranger().get("/api").await.text().await.expect("a page");
    assert!(!page.contains("<script>") && !page.contains("src=\"http"), "nothing comes from elsewhere");
    let mut shown = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for operation in item.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(page.contains(&format!("<section class=\"call panel\" id=\"{id}\"")), "{path} {id}");
            shown += 1;
        }
    }
    assert_eq!(page.matches("curl --fail").count(), shown, "a command for each call");
    for kind in document["webhooks"].as_object().expect("messages").keys() {
        assert!(page.contains(&format!("<code>{kind}</code>")), "{kind}");
    }
    assert!(shown > 40, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_reference_that_only_read_work_as_printed() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let page = server.stranger().get("/api").await.text().await.expect("a page");
    let program = server.program(Role::Administer, &[]);
    let mut read = 0;
    for command in page.split("curl --fail '").skip(1) {
        let (address, _) = command.split_once('\'').expect("an address");
        let path = address.strip_prefix(&server.address).expect("the address of this server");
        let status = program.get(path).await.status();
        // What the examples name may not exist in this ledger.
        assert!(matches!(status, StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::CONFLICT), "{path}: {status}");
        read += usize::from(status == StatusCode::OK);
    }
    assert!(read >= 20, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_type_of_problem_has_a_page() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let all = server.stranger().get("/problems").await.text().await.expect("a page");
    let pages: Vec<_> = all.split("href=\"").skip(1).filter_map(|link| link.split('"').next()).collect();
    let pages: Vec<_> = pages.into_iter().filter(|page| page.starts_with("/problems/")).collect();
    assert!(pages.len() > 45, "{pages:?}");
    for page in pages {
        let answer = server.stranger().get(page).await;
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
    }
    assert_eq!(server.stranger().get("/problems/unheard-of").await.status(), StatusCode::NOT_FOUND);

    let program = server.program(Role::Read, &["acme"]);
    for path in [
        "/api/v1/accounts/other",
        "/api/v1/accounts/acme/numbers?limit=0",
        "/api/v1/accounts/acme/orders/9",
        "/api/v1/tokens",
    ] {
        let problem = program.get(path).await;
        assert!(problem.status().is_client_error(), "{path}");
        let problem: serde_json::Value = problem.json().await.expect("JSON");
        let page = server.stranger().get(problem["type"].as_str().expect("a type")).await;
        assert_eq!(page.status(), StatusCode::OK, "{problem}");
    }
}
