//! The dashboard's activity, policy and settings pages and its live updates, for users with and without the role.

use crate::harness::acme::{DAY, number};
use crate::harness::dialer::{Dialer, e164};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::AccountSettings;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use std::time::Duration;

const HOUR: u64 = 60 * 60;

/// An account in which 101 became flagged on 3 March and 100 stayed clean.
async fn two_days() -> Server {
    let dialer = Dialer::monitoring(2, "");
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "xxo")]);
        dialer.run("review acme").exits(0);
    }
    Server::new(dialer).await
}

async fn text(response: Response) -> String {
    response.text().await.expect("a body")
}

/// The kinds of the events that the page shows, from top to bottom.
fn kinds(page: &str) -> Vec<&str> {
    page.split("<tr data-kind=\"").skip(1).filter_map(|row| row.split('"').next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_is_newest_first_and_filtered() {
    let server = two_days().await;
    let reader = server.user(Role::Read, &["acme"]);
    let everything = reader.page("/accounts/acme/activity").await;
    let kinds_seen = kinds(&everything);
    assert_eq!(kinds_seen.last(), Some(&"account-added"), "{kinds_seen:?}");
    assert_eq!(kinds(&reader.page("/accounts/acme/activity?kind=turned-flagged").await), ["turned-flagged"]);
    for (filter, wanted) in [
        ("kind=turned-flagged&number=%2B13105550101", 1),
        ("kind=turned-flagged&number=(310)+555-0101", 1),
        ("kind=turned-flagged&number=%2B13105550100", 0),
        ("kind=turned-flagged&since=2026-03-02", 1),
        ("kind=turned-flagged&since=2026-03-03", 0),
        ("kind=turned-flagged&until=2026-03-02", 1),
        ("kind=turned-flagged&until=2026-03-01", 0),
        ("kind=turned-flagged&run=2&revision=1", 1),
        ("kind=turned-flagged&run=3", 0),
        ("kind=turned-flagged&revision=2", 0),
    ] {
        let seen = reader.page(&format!("/accounts/acme/activity?{filter}")).await;
        assert_eq!(kinds(&seen).len(), wanted, "{filter}");
    }
    let mistaken = reader.get("/accounts/acme/activity?since=yesterday").await;
    assert_eq!(mistaken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(mistaken).await.contains("is not a date such as 2026-03-31"));
}

/// The question shows Dialguard's price and, if the number is bought, the provider's.
#[tokio::test(flavor = "multi_thread")]
async fn the_price_of_a_replacement_is_shown_before_the_click() {
    use dialguard_dialer::ledger::{AccountChange, Buying, ProviderKind, ProviderProfile};
    let dialer = Dialer::monitoring(2, "");
    dialer.import([150, 151], "--candidates");
    dialer.carriers_say(&[(150, "ooo"), (151, "ooo")]);
    let provider =
        ProviderProfile { name: "shop".into(), kind: ProviderKind::Twilio, price_cents: 115, settings: "{}".into() };
    dialer.ledger().add_provider(&provider, 0).expect("a provider");
    let (ledger, now) = (dialer.ledger(), dialer.now());
    let server = Server::new(dialer).await;
    let operator = server.user(Role::Operate, &["acme"]);
    let numbers = [e164(100), e164(101)];
    let form = [("action", "replace"), ("number", &numbers[0]), ("number", &numbers[1])];
    let question = async || text(operator.send("/accounts/acme/ask", &form).await).await;
    let on_hand = question().await;
    for words in ["$8.00 will be charged, $4.00 for each of 2 replacements", "The old numbers rest, at no fee."] {
        assert!(on_hand.contains(words), "{words}: {on_hand}");
    }
    let buying = Some(Buying { provider: Some("shop".into()), ..Buying::default() });
    ledger.change_account("acme", &AccountChange { buying, ..AccountChange::default() }, now).expect("it buys");
    let rests = question().await;
    for words in ["$8.00 will be charged", "The old numbers rest, at no fee, and shop goes on billing them."] {
        assert!(rests.contains(words), "{words}: {rests}");
    }
    assert!(!rests.contains("$1.15"), "the new numbers are on hand: {rests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_is_paginated_and_exported_as_one_file() {
    let dialer = Dialer::with_account("");
    for last in 100..160 {
        dialer
            .ledger()
            .import_numbers("acme", &[number(last)], dialguard_dialer::ledger::ImportedAs::Owned, dialer.now())
            .expect("a number");
    }
    let server = Server::new(dialer).await;
    let reader = server.user(Role::Read, &["acme"]);
    let newest = reader.page("/accounts/acme/activity?kind=numbers-imported").await;
    assert_eq!(kinds(&newest).len(), 50);
    let older = newest.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let older = reader.page(&older.replace("&amp;", "&")).await;
    assert_eq!(kinds(&older).len(), 10);
    assert!(!older.contains("rel=\"next\""));
    let file = reader.get("/accounts/acme/activity.csv?kind=numbers-imported").await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let rows = text(file).await;
    assert_eq!(rows.lines().count(), 61);
    assert!(
        rows.starts_with(
            "id,at,kind,number,cents,run,revision,policy,text,actor,actor-name,actor-id,for,for-name,for-id\n"
        ),
        "{rows}"
    );
    assert!(rows.lines().skip(1).all(|row| row.contains(",2026-03-01T09:00:00Z,numbers-imported,")), "{rows}");
}

/// Readers see no buttons, and requests that the buttons would send are denied.
#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_and_may_use_only_its_own_actions() {
    let server = two_days().await;
    let [reader, operator, owner] =
        [Role::Read, Role::Operate, Role::Administer].map(|role| server.user(role, &["acme"]));
    let keeper = server.user(Role::Administer, &[]);
    for (visitor, review, save, activate) in [
        (&reader, false, false, false),
        (&operator, true, false, false),
        (&owner, true, true, false),
        (&keeper, true, true, true),
    ] {
        let settings = visitor.page("/accounts/acme/settings").await;
        assert_eq!(settings.contains(">Check now<"), review);
        assert_eq!(settings.contains(">Save<"), save);
        let allowed = |may| if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let typed = form_of(&settings);
        let typed: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sent = visitor.send("/accounts/acme/settings/effect", &typed).await;
        assert_eq!(sent.status(), allowed(save));
        assert_eq!(visitor.send("/accounts/acme/review", &[]).await.status(), allowed(review));
        let stop = visitor.get("/accounts/acme/policy/stop").await.status();
        assert_eq!(stop, allowed(activate));
        let stopped = visitor.send("/accounts/acme/policy/stop", &[]).await.status();
        assert_eq!(stopped, if activate { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN });
        if !save {
            let refused = visitor.send("/accounts/acme/settings", &[("do", "save")]).await.status();
            assert_eq!(refused, StatusCode::FORBIDDEN);
        }
    }
    for path in ["activity", "activity.csv", "policy", "settings", "live"] {
        let foreign = server.user(Role::Administer, &["other"]).get(&format!("/accounts/acme/{path}")).await;
        assert_eq!(foreign.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// What a browser would submit for the settings form.
pub fn form_of(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input ").skip(1).filter_map(|input| {
        let input = input.split('>').next()?;
        let of = |name: &str| Some(input.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned());
        let is_off = input.contains("checkbox") && !input.contains(" checked");
        (!is_off).then_some((of(" name").or_else(|| of("name"))?, of("value").unwrap_or_default()))
    });
    inputs.filter(|(name, _)| name != "blocks").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_previewed_and_saved_and_a_refusal_is_shown_at_its_field() {
    let server = two_days().await;
    let owner = server.user(Role::Administer, &["acme"]);
    let typed = form_of(&owner.page("/accounts/acme/settings").await);
    let change = async |name: &str, value: &str, act: &str| {
        let mut form: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form.retain(|(known, _)| *known != name);
        form.extend([(name, value), ("do", act)]);
        owner.send("/accounts/acme/settings", &form).await
    };
    let settings = || server.dialguard.ledger().account("acme").expect("the account").settings;

    let effect = text(change("setting-checks-to-flag", "2", "effect").await).await;
    assert!(effect.contains("1 number would have had a different outcome, at the same cost."), "{effect}");
    assert!(effect.contains("flagged 3 March instead of 2 March"), "{effect}");
    assert_eq!(settings(), AccountSettings::default(), "it was only previewed");

    let refused = change("setting-checks-to-flag", "31", "save").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = text(refused).await;
    let field = refused.split("id=\"setting-checks-to-flag\"").nth(1).expect("the field");
    assert!(field.split('>').next().is_some_and(|field| field.contains("aria-invalid=\"true\"")), "{field}");
    assert!(field.contains("Give a whole number from 1 to 30"));
    assert_eq!(settings(), AccountSettings::default());

    assert_eq!(change("setting-checks-to-flag", "2", "save").await.status(), StatusCode::SEE_OTHER);
    let stored = [("checks-to-flag", "2")];
    assert_eq!(settings().values.iter().collect::<Vec<_>>(), stored, "defaults are not stored");
    assert_eq!(change("setting-auto-replace", "on", "save").await.status(), StatusCode::SEE_OTHER);
    assert!(settings().guard_rails.auto_replace);
    assert_eq!(change("review-at", "07:30", "save").await.status(), StatusCode::SEE_OTHER);
    let account = server.dialguard.ledger().account("acme").expect("the account");
    assert_eq!(account.review_at.to_string(), "07:30:00");
    assert_eq!(change("time-zone", "Mars/Olympus", "save").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_shadowed_activated_and_rolled_back_after_confirmation() {
    let server = two_days().await;
    // A session would expire during the day that passes.
    let keeper = server.program(Role::Administer, &[]);
    let mut candidate = dialguard_dialer::policies::Candidate::built_in();
    candidate.component.extend(b"\0\x05\x04note");
    let policies = server.dialguard.policies();
    let installed = policies.install(candidate, server.dialguard.now()).await.expect("another policy").revision;
    let live = || policies.live_revision().expect("a live policy").revision;
    let revision = installed.to_string();

    let post = async |act: &str| {
        let form: &[(&str, &str)] = &[("revision", &revision)];
        keeper.send(&format!("/accounts/acme/policy/{act}"), form).await.status()
    };
    let asked = keeper.page(&format!("/accounts/acme/policy/activate?revision={revision}")).await;
    assert!(asked.contains("every account") && asked.contains("not been compared with any review"), "{asked}");
    assert_eq!(live(), 1, "the question changes nothing");
    assert_eq!(post("shadow").await, StatusCode::SEE_OTHER);
    assert!(keeper.page("/accounts/acme/policy").await.contains("No review of this account has been compared yet."));
    server.pass(DAY);
    server.dialguard.review("acme").await.expect("a review");
    policies.follow_shadow().await.expect("a comparison");
    let compared = keeper.page("/accounts/acme/policy").await;
    assert!(compared.contains("1 review of this account compared, <strong>1</strong> identical"), "{compared}");
    assert_eq!(post("activate").await, StatusCode::SEE_OTHER);
    assert_eq!(live(), installed);
    assert_eq!(post("shadow").await, StatusCode::CONFLICT, "it is already active");
    assert_eq!(post("roll-back").await, StatusCode::SEE_OTHER);
    assert_eq!(live(), installed + 1);
    let page = keeper.page("/accounts/acme/policy").await;
    assert!(page.contains("rolled back to revision 1 by an operator"), "{page}");
    assert_eq!(
        keeper.send("/accounts/acme/policy/activate", &[("revision", "77")]).await.status(),
        StatusCode::NOT_FOUND
    );
}

/// The next event of a stream: its name and its data.
async fn next_event(stream: &mut Response, left: &mut String) -> (String, String) {
    loop {
        if let Some((event, rest)) = left.split_once("\n\n") {
            let field =
                |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().into());
            let fields = (field("event:"), field("data:"));
            *left = rest.to_owned();
            if let (Some(name), Some(data)) = fields {
                return (name, data);
            }
            continue;
        }
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("an event in time");
        *left += std::str::from_utf8(&chunk.expect("a stream").expect("it goes on")).expect("text");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_stream_reports_changes_by_another_process() {
    let server = two_days().await;
    let reader = server.user(Role::Read, &["acme"]);
    let account = || server.dialguard.ledger().account("acme").expect("the account");
    let mut stream = reader.get("/accounts/acme/live").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut left = String::new();
    let as_it_is = || {
        let (revision, day) = (account().revision, account().rated_if_since(server.dialguard.now()));
        ("changed".to_owned(), json!({"revision": revision, "policies": 1, "day": day}).to_string())
    };
    assert_eq!(next_event(&mut stream, &mut left).await, as_it_is());
    server.dialer.run("account set acme --checks-to-flag 1").exits(0);
    assert_eq!(next_event(&mut stream, &mut left).await, as_it_is());
    // Marks become stale without a change.
    server.pass(DAY);
    assert_eq!(next_event(&mut stream, &mut left).await, as_it_is());
}

/// A slow carrier: its file is a pipe that has not been written to yet.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_live_stream_reports_the_progress_of_a_review() {
    let server = two_days().await;
    server.pass(DAY);
    server.dialer.carriers_say(&[(100, "ooo"), (101, "xxo")]);
    let (file, verdicts) = (server.dialer.path("verdicts.csv"), server.dialer.path("kept.csv"));
    std::fs::rename(&file, &verdicts).expect("renamed");
    assert!(std::process::Command::new("mkfifo").arg(&file).status().expect("mkfifo").success());
    let operator = server.user(Role::Operate, &["acme"]);
    let mut stream = operator.get("/accounts/acme/live").await;
    let mut left = String::new();
    assert_eq!(next_event(&mut stream, &mut left).await.0, "changed");

    let asked = operator.request(Method::POST, "/accounts/acme/review").send();
    let listened = async {
        let begun = next_event(&mut stream, &mut left).await;
        assert_eq!(begun, ("review".into(), "{\"asked\":0,\"of\":2}".into()));
        std::fs::write(&file, std::fs::read(&verdicts).expect("verdicts")).expect("the carrier answers");
        let mut events = Vec::new();
        while events.last().is_none_or(|(name, data): &(String, String)| name != "review" || data != "null") {
            events.push(next_event(&mut stream, &mut left).await);
        }
    };
    let (answer, ()) = tokio::join!(asked, listened);
    let page = text(answer.expect("an answer")).await;
    assert!(page.contains("2 of 2 numbers rated"), "{page}");
    assert_eq!(server.dialguard.progress("acme"), None);
}

/// The answer does not wait for the check, whose carrier is slow, and pages show that it goes on.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_number_selected_on_the_page_or_by_the_api_is_checked_at_once() {
    let server = two_days().await;
    server.dialer.import(102..104, "");
    server.pass(DAY - 8 * HOUR); // at one in the morning: the others are checked at six
    server.dialer.carriers_say(&[(102, "ooo"), (103, "xxo")]);
    let (file, verdicts) = (server.dialer.path("verdicts.csv"), server.dialer.path("kept.csv"));
    let operator = server.user(Role::Operate, &["acme"]);
    let mut stream = operator.get("/accounts/acme/live").await;
    let mut left = String::new();
    for (last_digits, rated) in [(102, "3 clean"), (103, "4 flagged")] {
        std::fs::copy(&file, &verdicts).expect("copied");
        std::fs::remove_file(&file).expect("removed");
        assert!(std::process::Command::new("mkfifo").arg(&file).status().expect("mkfifo").success());
        match last_digits {
            102 => {
                let body = serde_json::json!({"request": "start-monitoring", "numbers": [e164(102)]});
                let program = server.program(Role::Operate, &["acme"]);
                let asked = program.request(Method::POST, "/api/v1/accounts/acme/requests").json(&body).send();
                assert_eq!(asked.await.expect("an answer").status(), StatusCode::OK);
            }
            _ => {
                let asked = operator.request(Method::POST, "/accounts/acme/act");
                let form = [("action", "monitor".to_owned()), ("number", e164(last_digits))];
                assert_eq!(asked.form(&form).send().await.expect("an answer").status(), StatusCode::OK);
            }
        }
        let mut progress = next_event(&mut stream, &mut left).await;
        while progress.0 != "review" || progress.1 == "null" {
            progress = next_event(&mut stream, &mut left).await;
        }
        assert_eq!(progress.1, "{\"asked\":0,\"of\":1}", "only the new number");
        std::fs::write(&file, std::fs::read(&verdicts).expect("verdicts")).expect("the carrier answers");
        while progress.1 != "null" {
            progress = next_event(&mut stream, &mut left).await;
        }
        std::fs::rename(&verdicts, &file).expect("renamed");
        assert_eq!(server.dialer.standing(last_digits), rated);
    }
}

/// A server that stops does not wait for open streams.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_closes_open_streams() {
    let server = two_days().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let site = dialguard_program::web::Site::new(server.dialguard.clone(), Default::default());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(dialguard_program::web::serve(listener, site, async {
        let _ = stopped.await;
    }));
    let cookie = format!("dialguard_session={}", server.session(Role::Read, &["acme"]));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let asked = client.get(format!("http://{address}/accounts/acme/live")).header("cookie", cookie).send();
    let mut stream = asked.await.expect("a stream");
    assert_eq!(next_event(&mut stream, &mut String::new()).await.0, "changed");
    stop.send(()).expect("it is served");
    tokio::time::timeout(Duration::from_secs(20), serving)
        .await
        .expect("it ends")
        .expect("no panic")
        .expect("no error");
}

/// What happened and where to go: no paths, methods, names of fields or commands.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_errors_speak_to_people() {
    let server = two_days().await;
    let reader = server.user(Role::Read, &["acme"]);
    for (path, title) in [
        ("/nothing-here", "Not found"),
        ("/accounts/none", "Not found"),
        ("/accounts/acme/numbers/+13105559999", "Not found"),
        ("/accounts/acme?serach=0101", "Not understood"),
        ("/accounts/acme/import", "Not allowed"),
    ] {
        let page = text(reader.get(path).await).await;
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{path}: {page}");
        assert!(page.contains("href=\"/\""), "{path}: {page}");
        for words in ["/api/v1", "GET ", "POST ", "`", "JSON"] {
            assert!(!page.contains(words), "{path} says {words}: {page}");
        }
    }
}
