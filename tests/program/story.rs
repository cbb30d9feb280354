//! Who did what, and what an account's history tells: on the page, in the API, on the command line and in files.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::Actor;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The number 101 turned flagged on 2 March and was replaced on 3 March, both by the schedule.
async fn three_days() -> Server {
    let dialer = Dialer::monitoring(3, "--auto-replace on");
    dialer.import([190, 191], "--candidates");
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "xxo"), (102, "ooo"), (190, "ooo"), (191, "ooo")]);
        dialer.run("serve --once").exits(0);
    }
    assert_eq!(dialer.standing(190), "2 clean");
    Server::new(dialer).await
}

/// Kind, name, and for which kind of actor.
fn actor(event: &Value) -> [&Value; 3] {
    ["kind", "name", "for-kind"].map(|field| &event["actor"][field])
}

/// The newest event of this kind.
fn newest(server: &Server, kind: &str) -> Value {
    server.dialer.events(kind).pop().unwrap_or_else(|| panic!("no event {kind}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_happened_names_who_did_it_and_still_does_when_they_are_gone() {
    let server = three_days().await;
    let ledger = server.dialguard.ledger();
    let user = server.user(Role::Operate, &["acme"]);
    let program = server.program(Role::Operate, &["acme"]);
    let ann = ledger.users().expect("users").pop().expect("a user").name;
    let token = ledger.tokens().expect("tokens").pop().expect("a token").name;

    // A user deletes a number on the page.
    let form = [("action", "delete"), ("number", &e164(102))];
    assert_eq!(user.send("/accounts/acme/act", &form).await.status(), StatusCode::OK);
    // A program has another replaced. It cannot say that it is somebody else.
    let mut request = json!({"request": "replace-numbers", "numbers": [e164(100)]});
    request["actor"] = json!({"kind": "user", "name": ann});
    let forged = program.post("/api/v1/accounts/acme/requests", request.clone()).await;
    assert!(forged.status().is_client_error(), "{}", forged.status());
    request.as_object_mut().expect("an object").remove("actor");
    assert_eq!(program.post("/api/v1/accounts/acme/requests", request).await.status(), StatusCode::OK);
    // Somebody changes the account with a command.
    let mut command = server.dialer.command(&["account", "set", "acme", "--review-at", "07:00"]);
    command
        .stdout(std::process::Stdio::null())
        .env("USER", &ann)
        .args(["--at", &dialguard::calendar::rfc3339(server.dialer.now())]);
    assert!(command.status().expect("the program starts").success());

    let names = |server: &Server| {
        let of = |kind: &str| actor(&newest(server, kind)).map(Value::clone);
        let first_replaced = server.dialer.events("replaced").remove(0);
        let system_user = newest(server, "account-changed");
        assert_eq!(of("turned-flagged"), [json!("policy"), json!("revision 1"), json!("schedule")]);
        assert_eq!(actor(&first_replaced), [&json!("policy"), &json!("revision 1"), &json!("schedule")]);
        assert_eq!(of("slot-locked"), [json!("user"), json!(ann), Value::Null], "who deleted this?");
        assert_eq!(of("replaced"), [json!("token"), json!(token), Value::Null]);
        assert_eq!(of("replacement-charged"), [json!("token"), json!(token), Value::Null]);
        let this_user = Actor::system_user().party;
        assert_eq!(actor(&system_user), [&json!("system-user"), &json!(this_user.name), &Value::Null]);
        assert_eq!(system_user["actor"]["id"], json!(this_user.id));
        let events = server.dialer.json("events acme --last 100000");
        assert!(events.as_array().expect("a list").iter().all(|event| event["actor"]["kind"] != "unknown"), "{events}");
    };
    names(&server);
    ledger.remove_user(&ann, 0).expect("the user is removed");
    ledger.withdraw_token(&token, 0).expect("the token is withdrawn");
    names(&server);

    let reader = server.user(Role::Read, &["acme"]);
    let page = reader.page(&format!("/accounts/acme/activity?number={}", e164(102).replace('+', "%2B"))).await;
    assert!(page.contains(&format!("by {ann}<")), "{page}");
    assert!(page.contains("(310) 555-0102</data>: left the account, slot locked"), "{page}");
    let rows = reader.get("/accounts/acme/activity.csv?kind=slot-locked").await.text().await.expect("rows");
    assert!(rows.contains(&format!(",user,{ann},")), "{rows}");
    let exported = reader.get("/api/v1/accounts/acme/export/events.csv").await.text().await.expect("rows");
    assert!(
        exported.lines().any(|row| row.contains("slot-locked") && row.contains(&format!("user,{ann},"))),
        "{exported}"
    );
    server.dialer.run("events acme").exits(0).says(&[&format!("by {ann}"), &format!("by token {token}")]);
}

/// Who removed a user, a token or a source has an answer, on each surface, as who deleted a number has one.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_outside_accounts_names_who_did_it_too() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let dialer = &server.dialer;
    let ann = server.user(Role::Administer, &[]);
    let name = server.dialguard.ledger().users().expect("users").pop().expect("a user").name;
    let program = server.program(Role::Administer, &[]);
    let token = server.dialguard.ledger().tokens().expect("tokens").pop().expect("a token").name;

    dialer.run("tokens make old --role read").exits(0);
    assert_eq!(ann.send("/tokens/old/withdraw", &[]).await.status(), StatusCode::SEE_OTHER);
    let invite = json!({"role": "read"});
    assert_eq!(program.post("/api/v1/invites", invite).await.status(), StatusCode::CREATED);
    assert!(
        program
            .request(reqwest::Method::DELETE, "/api/v1/sources/carriers")
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    dialer.run("alerts add https://localhost:1/alerts").exits(0);

    let events = dialer.json("events --last 1000");
    let by = |kind: &str| {
        let mut of_kind = events.as_array().expect("a list").iter().filter(|event| event["kind"] == kind);
        of_kind.next_back().map(actor).unwrap_or_else(|| panic!("no {kind}: {events:#}"))
    };
    let this_user = Actor::system_user().party.name;
    assert_eq!(by("token-withdrawn"), [&json!("user"), &json!(name), &Value::Null]);
    assert_eq!(by("source-removed"), [&json!("token"), &json!(token), &Value::Null]);
    assert_eq!(by("invite-made"), [&json!("token"), &json!(token), &Value::Null]);
    for kind in ["token-made", "webhook-added", "source-added", "installed"] {
        assert_eq!(by(kind)[..2], [&json!("system-user"), &json!(this_user)], "{kind}");
    }
    // The newest first, a page at a time, each with its actor.
    let part = program.json("/api/v1/events?newest-first=true&limit=1").await;
    assert_eq!((&part["items"][0]["kind"], part["next"].is_string()), (&json!("webhook-added"), true));
    let hers = program.json(&format!("/api/v1/events?subject=token&actor={name}")).await;
    assert_eq!(hers["items"].as_array().map(Vec::len), Some(1), "{hers}");
    dialer.run("events").exits(0).says(&[&format!("Token old was withdrawn, by {name}")]);
    let page = ann.page("/activity?name=carriers").await;
    assert!(page.contains("Source carriers was removed.") && page.contains(&format!("by token {token}")), "{page}");
    assert!(!page.contains("Token old"), "{page}");
    assert!(ann.page("/activity?subject=token").await.contains("Token old was withdrawn."));
    let reader = server.user(Role::Administer, &["acme"]);
    assert_eq!(reader.get("/activity").await.status(), StatusCode::FORBIDDEN);
}

/// Every line of the page, without its markup.
fn lines(page: &str) -> Vec<String> {
    let lines = page.split("<summary>").skip(1).filter_map(|line| line.split("</summary>").next());
    lines.map(|line| line.split('<').filter_map(|part| part.split('>').nth(1)).collect::<String>()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_and_a_review_are_one_line_each_that_opens() {
    let server = three_days().await;
    let user = server.user(Role::Read, &["acme"]);
    let page = user.page("/accounts/acme/activity").await;
    let told = lines(&page);
    let replaced = "(310) 555-0101 replaced by (310) 555-0190 in slot 2: flagged → ordered → swapped";
    let check = "Daily check: 3 of 3 rated, 1 turned flagged";
    assert!(page.contains("Daily check: 3 of 3 rated, 1 replacement ordered"), "{page}");
    assert_eq!(told.iter().filter(|line| line.contains(replaced)).count(), 1, "{told:?}");
    let line = told.iter().find(|line| line.contains(replaced)).expect("it was found");
    assert!(line.contains("$4.00") && line.contains("by policy revision 1"), "{line}");
    assert_eq!(told.iter().filter(|line| line.contains(check)).count(), 1, "{told:?}");
    assert!(told.iter().any(|line| line.contains("3 numbers monitored")), "{told:?}");
    let [second, third] = ["Monday, 2 March 2026", "Tuesday, 3 March 2026"].map(|day| page.find(day).expect(day));
    assert!(third < second, "the newest day comes first");
    // It opens into its steps, from the check that flagged the number to the charge.
    let entry =
        page.split("<details").find(|entry| lines(entry).iter().any(|line| line.contains(replaced))).expect("an entry");
    let steps: Vec<&str> = entry.split("<tr data-kind=\"").skip(1).filter_map(|row| row.split('"').next()).collect();
    let wanted = ["turned-flagged", "replacement-intended", "replaced", "replacement-charged", "resting"];
    assert_eq!(steps, wanted);
    // Local times in sentences; what identifies a policy only where a line is opened.
    assert!(told.iter().all(|line| !line.contains("T09:00") && !line.contains("sha256")), "{told:?}");

    // A filter finds the lines that have a matching event.
    let charged = lines(&user.page("/accounts/acme/activity?kind=replacement-charged").await);
    assert!(charged.len() == 1 && charged[0].contains(replaced), "{charged:?}");
    // The command tells the same; as JSON every event is one.
    let said = server.dialer.run("events acme").exits(0).stdout;
    let replaced = format!("{} replaced by {} in slot 2: flagged → ordered → swapped", e164(101), e164(190));
    assert!(said.contains(&format!("{replaced} ($4.00), by policy revision 1")) && said.contains(check), "{said}");
    assert!(server.dialer.events("replaced")[0]["text"].as_str().is_some_and(|text| text.contains("replaced by")));
}

/// Each entry is on one page, whatever the number of entries on a page.
#[tokio::test(flavor = "multi_thread")]
async fn entries_are_on_one_page_each() {
    use dialguard_dialer::ledger::{EventQuery, StoryEntry};
    let server = three_days().await;
    let ledger = server.dialguard.ledger();
    let read = |limit: u32| {
        let (mut all, mut before): (Vec<StoryEntry>, _) = (Vec::new(), None);
        loop {
            let query = EventQuery { before, ..EventQuery::default() };
            let page = ledger.story_page("acme", &query, limit).expect("a page");
            all.extend(page.entries);
            match page.next {
                Some(next) => before = Some(next),
                None => return all,
            }
        }
    };
    let steps = |all: &[StoryEntry]| {
        let mut steps: Vec<Vec<u64>> =
            all.iter().map(|entry| entry.steps.iter().map(|step| step.id).collect()).collect();
        steps.sort();
        steps
    };
    let whole = steps(&read(1_000));
    for limit in 1..=6 {
        assert_eq!(steps(&read(limit)), whole, "{limit} entries a page");
    }
}
