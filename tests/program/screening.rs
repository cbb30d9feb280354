//! Screening a list of numbers that need not be the account's: what it would ask and cost, then how each rates.

use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::{Server, Visitor};
use crate::harness::services::source::FakeSource;
use dialguard_dialer::access::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Two monitored numbers; the carriers know four that are not the account's.
fn dialer() -> Dialer {
    let dialer = Dialer::monitoring(2, "");
    dialer.carriers_say(&[(500, "ooo"), (501, "xoo"), (502, "xxo"), (503, "ooo")]);
    dialer
}

const LIST: &str =
    "name;phone\nAnn;(310) 555-0500\nBen;310-555-0501\nCy;+13105550502\nDi;310.555.0503\nEd;3105550504\nFy;12\n";

async fn submit(user: &Visitor<'_>, text: &str) -> (StatusCode, String) {
    let body = format!("--edge\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n--edge--\r\n");
    let asked = user.request(Method::POST, "/accounts/acme/screen");
    let asked = asked.header("content-type", "multipart/form-data; boundary=edge").body(body);
    let answer = asked.send().await.expect("an answer");
    let to = answer.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
    let status = answer.status();
    (
        status,
        match to {
            Some(to) => to,
            None => answer.text().await.expect("a page"),
        },
    )
}

fn text(page: &str) -> String {
    let main = page.split_once("<main").map_or(page, |(_, main)| main);
    let words = main.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    words.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_list_is_screened_in_groups_and_changes_nothing() {
    let server = Server::new(dialer()).await;
    let account = || [server.dialer.json("account show acme"), server.dialer.json("events acme --last 1000")];
    let before = account();
    let user = server.user(Role::Operate, &["acme"]);
    assert!(user.page("/accounts/acme").await.contains("/accounts/acme/screen"), "the numbers page links to it");
    let (status, path) = submit(&user, LIST).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
    let told = text(&user.page(&path).await);
    for words in [
        "Screen 5 numbers?",
        "numbers in column &quot;phone&quot;",
        "carriers : 5 numbers, at no charge",
        "1 refused row",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let screened = user.send(path.split('?').next().expect("a path"), &[]).await;
    assert_eq!(screened.status(), StatusCode::OK);
    let page = screened.text().await.expect("a page");
    let told = text(&page);
    for words in [
        "2 clean, 1 at risk, 1 flagged, 1 unknown",
        "2 numbers clean",
        "1 number at risk",
        "2 of 3 95 Scam Likely 95 Scam Likely 5",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let file = page.split("href=\"").find_map(|part| part.split_once("\" download>Download as CSV"));
    let file = user.page(file.expect("a file").0).await;
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("number,status,flagging,answering,A score,A label,B score,B label,C score,C label"));
    assert_eq!(lines.nth(1), Some("+13105550501,at-risk,1,3,95,Scam Likely,5,,5,"));
    assert_eq!(account(), before, "nothing changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_comes_again_as_it_was_pasted() {
    let server = Server::new(dialer()).await;
    let user = server.user(Role::Operate, &["acme"]);
    assert_eq!(submit(&user, "").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, path) = submit(&user, "name\nAnn\nBen\n").await;
    let answer = user.get(&path).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.expect("a page");
    assert!(page.contains("Ann\nBen") && page.matches("aria-invalid=\"true\"").count() == 1, "{page}");
    let many: String = (0..10_001).map(|last| format!("+1310{:07}\n", 5_550_000 + last)).collect();
    let (_, path) = submit(&user, &many).await;
    let answer = user.get(&path).await.text().await.expect("a page");
    assert!(text(&answer).contains("the list has 10,001 numbers; give at most 10,000"), "{}", &text(&answer)[..500]);
}

/// A paid source is not asked before the user has seen what it costs, and what it has answered costs nothing again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_paid_source_charges_is_told_before_it_is_asked() {
    let (dialer, source) = (dialer(), FakeSource::new().await);
    dialer.run("sources remove carriers").exits(0);
    dialer.file("key", "secret");
    let key = dialer.path("key");
    #[cfg(unix)]
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("the file is the test's");
    let telnyx = format!("--telnyx --api-key file:{} --price-cents 1 --budget-cents 70", key.display());
    dialer.run(&format!("sources add paid {telnyx} --base-url {}", source.address)).exits(0);
    let server = Server::new(dialer).await;
    let (user, program) = (server.user(Role::Operate, &["acme"]), server.program(Role::Operate, &["acme"]));
    let list: String = (500..580).map(|last| e164(last) + "\n").collect();
    server.dialer.file("list.csv", &list);
    let (_, path) = submit(&user, &list).await;
    let page = user.page(&path).await;
    let told = text(&page);
    for words in [
        "80 numbers are looked up, for at most $0.70.",
        "paid : 70 numbers at $0.01, $0.70; its budget of the day does not cover 10 more",
        "Screen for $0.70",
        "Type 80 to go on",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let post = path.split('?').next().expect("a path");
    let wrong = user.send(post, &[("confirm", "8")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.expect("a page").contains("name=\"confirm\" value=\"8\""));
    let numbers: Vec<String> = (500..580).map(e164).collect();
    let tried = program.post("/api/v1/accounts/acme/screen/try", json!({"numbers": numbers})).await;
    let tried: Value = tried.json().await.expect("JSON");
    assert_eq!((&tried["numbers"], &tried["cents"]), (&json!(80), &json!(70.0)));
    assert_eq!(tried["sources"][0]["beyond-budget"], 10);
    assert_eq!(server.dialer.run("screen acme --file list.csv --dry-run --json").exits(0).json(), tried);
    assert_eq!(source.requests(), 0, "nobody was asked");

    assert_eq!(user.send(post, &[("confirm", "80")]).await.status(), StatusCode::OK);
    assert!(source.requests() > 0);
    let spent = server.dialguard.ledger().lookups_spent("paid", server.dialer.now()).expect("the ledger").micros;
    assert!(spent > 0 && spent <= 700_000, "it counts in the budget: {spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_screened_by_command_as_by_the_api() {
    let server = Server::new(dialer()).await;
    server.dialer.file("list.csv", LIST);
    server.dialer.run("screen acme --file list.csv --csv screened.csv").exits(3).says(&[
        "2 clean, 1 at risk, 1 flagged, 1 unknown",
        "1 row refused",
        "✖ flagged",
    ]);
    let written = std::fs::read_to_string(server.dialer.path("screened.csv")).expect("the file");
    assert_eq!(written.lines().count(), 6);
    let numbers: Vec<String> = (500..505).map(e164).collect();
    let program = server.program(Role::Operate, &["acme"]);
    let screened = program.post("/api/v1/accounts/acme/screen", json!({"numbers": numbers})).await;
    let screened: Value = screened.json().await.expect("JSON");
    assert_eq!(each(&screened["screenings"], "status"), ["clean", "at-risk", "flagged", "clean", "pending"]);
    assert_eq!(screened["screenings"][1]["verdicts"][0]["label"], "Scam Likely");
    assert_eq!(server.dialer.run("screen acme --file list.csv --json").exits(3).json(), screened);
}
