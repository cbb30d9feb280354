//! Settings as policies declare them, on every surface: what each may be, what it is, and what becomes of it when
//! another policy is activated.

use crate::harness::dialer::{Dialer, each};
use crate::harness::policies::declaring::{choice, install, integer, switch};
use crate::harness::server::{Server, Visitor};
use crate::program::dashboard::form_of;
use dialguard::contract::Setting;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::Revision;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// Three settings of different kinds, two of them called like fields that the forms have besides.
fn three_kinds() -> [Setting; 3] {
    [switch("region", true), integer("offset", -10, 10, -2, "degrees"), choice("do", &["near", "far", "nowhere"], 1)]
}

/// A dialer with an account `acme` whose active policy, revision 2, declares these.
fn dialer_with(settings: &[Setting]) -> Dialer {
    let dialer = Dialer::with_account("");
    let revision = install(&dialer.ledger(), settings, dialer.now());
    dialer.run(&format!("policy activate {revision}")).exits(0);
    dialer
}

fn values(dialer: &Dialer) -> Value {
    dialer.json("account show acme")["settings"].clone()
}

#[test]
fn commands_take_and_list_what_the_active_policy_declares() {
    let dialer = dialer_with(&three_kinds());
    let rails = json!({"auto-replace": false, "replacements-per-day-max": 3});
    let with = |settings: Value| {
        let mut all = rails.clone();
        all.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
        all
    };
    assert_eq!(values(&dialer), with(json!({"region": true, "offset": -2, "do": "far"})));

    dialer.run("account set acme --setting offset=-10 --setting do=nowhere --setting region=off").exits(0);
    assert_eq!(values(&dialer), with(json!({"region": false, "offset": -10, "do": "nowhere"})));
    dialer.run("account set acme --unset do --unset region --auto-replace on").exits(0);
    assert_eq!(values(&dialer)["do"], "far");
    dialer.run("account set acme --unset auto-replace").exits(0);
    assert_eq!(values(&dialer), with(json!({"region": true, "offset": -10, "do": "far"})));

    for (options, refusal) in [
        ("--setting offset=-11", "offset: give a whole number from -10 to 10"),
        ("--setting offset=many", "offset: give a whole number from -10 to 10"),
        ("--setting do=there", "do: give near, far or nowhere"),
        ("--setting region=1", "region: give on or off"),
        ("--setting auto-replace=maybe", "auto-replace: give on or off"),
        ("--setting reach=near", "the active policy has no setting \"reach\""),
        ("--unset reach", "the active policy has no setting \"reach\""),
        ("--spam-score-min 70", "the active policy has no setting \"spam-score-min\""),
    ] {
        let hint = "`dialguard account settings` lists the settings";
        dialer.run(&format!("account set acme {options}")).exits(1).says(&[refusal, hint]);
    }
    dialer.run("account settings").exits(0).says(&["offset -10 to 10, default -2", "What offset is."]);
    dialer.run("account settings acme").exits(0).says(&["offset -10 -10 to 10, default -2"]);
    let listed = dialer.json("account settings acme");
    let reach = json!({"name": "do", "meaning": "What do is.", "of": "policy", "kind": "choice", "default": "far",
                       "min": null, "max": null, "unit": null, "choices": ["near", "far", "nowhere"], "value": "far",
                       "stored": null});
    assert_eq!(listed["settings"][4], reach);
    assert_eq!(listed["settings"][3]["stored"], "-10");
}

async fn patch(visitor: &Visitor<'_>, settings: Value) -> (StatusCode, Value) {
    let body = json!({"settings": settings});
    let answer = visitor.request(Method::PATCH, "/api/v1/accounts/acme").json(&body).send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_and_takes_what_the_active_policy_declares() {
    let server = Server::new(dialer_with(&three_kinds())).await;
    let program = server.program(Role::Administer, &["acme"]);
    let listed = program.json("/api/v1/settings").await;
    assert_eq!(
        each(&listed, "name"),
        ["auto-replace", "replacements-per-day-max", "region", "offset", "do"].map(|name| json!(name))
    );
    let offset = json!({"name": "offset", "meaning": "What offset is.", "of": "policy", "kind": "integer",
                        "default": -2, "min": -10, "max": 10, "unit": "degrees", "choices": null});
    assert_eq!(listed[3], offset);
    assert_eq!(listed, tokio::task::block_in_place(|| server.dialer.json("account settings")));

    let document = server.stranger().json("/api/openapi.json").await;
    let change = &document["components"]["schemas"]["SettingsChange"]["properties"];
    assert_eq!((&change["offset"]["minimum"], &change["offset"]["maximum"]), (&json!(-10), &json!(10)));
    assert_eq!(change["do"]["enum"], json!(["near", "far", "nowhere", null]));
    assert_eq!(change["region"]["type"], json!(["boolean", "null"]));
    assert!(change["spam-score-min"].is_null(), "the active policy has no such setting");

    let (status, account) = patch(&program, json!({"offset": -10, "do": "near", "region": false})).await;
    assert_eq!(status, StatusCode::OK, "{account}");
    let (status, account) = patch(&program, json!({"do": null, "replacements-per-day-max": null})).await;
    assert_eq!(status, StatusCode::OK, "{account}");
    assert_eq!((&account["settings"]["offset"], &account["settings"]["do"]), (&json!(-10), &json!("far")));
    for (change, refusal) in [
        (json!({"offset": -11}), "offset: give a whole number from -10 to 10"),
        (json!({"offset": "1"}), "offset: give a whole number from -10 to 10"),
        (json!({"do": "there"}), "do: give near, far or nowhere"),
        (json!({"region": "off"}), "region: give on or off"),
        (json!({"spam-score-min": 70}), "no setting \"spam-score-min\""),
        (json!({"spam-score-min": null}), "no setting \"spam-score-min\""),
    ] {
        let (status, problem) = patch(&program, change).await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("/problems/invalid-settings"))
        );
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(refusal)), "{problem}");
    }
    let events = program.json("/api/v1/accounts/acme/events?kind=account-changed").await;
    let expected = [
        "Changed: do from its default (far) to near, offset from its default (-2) to -10, region from its default (on) \
         to off.",
        "Changed: do from near back to its default (far).",
    ];
    assert_eq!(each(&events["items"], "text"), expected.map(|text| json!(text)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboards_form_is_what_the_active_policy_declares() {
    let server = Server::new(dialer_with(&three_kinds())).await;
    let owner = server.user(Role::Administer, &["acme"]);
    let page = owner.page("/accounts/acme/settings").await;
    let after = |text: &str| page.split_once(text).unwrap_or_else(|| panic!("{text} is not in {page}")).1;
    assert!(after("name=\"setting-offset\"").starts_with(" value=\"-2\" step=\"1\" min=\"-10\" max=\"10\""));
    assert!(after("<select id=\"setting-do\"").contains("<option value=\"far\" selected>far</option>"));
    assert!(after("name=\"setting-region\"").starts_with(" value=\"on\" checked"));
    assert!(!page.contains("setting-spam-score-min"));

    let typed = form_of(&page);
    let send = async |edits: &[(&str, &str)], act: &str| -> Response {
        let mut form: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form.retain(|(known, _)| edits.iter().all(|(name, _)| name != known));
        form.extend(edits.iter().filter(|(_, value)| *value != "unchecked"));
        form.push(("do", act));
        owner.send("/accounts/acme/settings", &form).await
    };
    let stored = || {
        let settings = server.dialguard.ledger().account("acme").expect("the account").settings;
        settings.values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    let edits = [("setting-offset", "-7"), ("setting-do", "nowhere"), ("setting-region", "unchecked")];
    let effect = send(&edits, "effect").await;
    assert_eq!(effect.status(), StatusCode::OK);
    assert!(effect.text().await.expect("a page").contains("No reviews recorded"), "it was previewed");
    assert_eq!(send(&edits, "save").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(stored(), ["do=nowhere", "offset=-7", "region=off"]);
    assert_eq!(send(&[("setting-offset", "")], "save").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(stored(), ["do=nowhere"], "the form from before has the others at their defaults");

    for (field, value, why) in [
        ("setting-offset", "11", "Give a whole number from -10 to 10"),
        ("setting-do", "there", "Give near, far or nowhere"),
    ] {
        let refused = send(&[(field, value)], "save").await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text().await.expect("a page");
        let shown = page.split(&format!("id=\"{field}\"")).nth(1).expect("the field");
        assert!(shown.split('>').next().is_some_and(|field| field.contains("aria-invalid=\"true\"")), "{shown}");
        assert!(shown.contains(why), "{shown}");
    }
}

/// Policies with other ideas: the second has a smaller range, another default, one setting more and one less.
fn before_and_after() -> [Vec<Setting>; 2] {
    let before =
        vec![integer("offset", -10, 10, -2, "degrees"), integer("pace", 0, 9, 3, "steps"), switch("loud", false)];
    let after = vec![integer("offset", -5, 5, 0, "degrees"), integer("pace", 0, 9, 3, "steps"), switch("quick", true)];
    [before, after]
}

fn two_policies() -> (Dialer, Revision) {
    let [before, after] = before_and_after();
    let dialer = dialer_with(&before);
    for account in ["beta", "gamma"] {
        dialer.run(&format!("account add {account} --blocks 0 --time-zone UTC --setting offset=4")).exits(0);
    }
    dialer.run("account set acme --setting offset=-10 --setting loud=on --setting pace=4").exits(0);
    let revision = install(&dialer.ledger(), &after, dialer.now());
    (dialer, revision)
}

#[test]
fn what_activating_a_policy_does_to_settings_is_shown_before_and_undone_by_a_rollback() {
    let (dialer, revision) = two_policies();
    let before = values(&dialer);
    assert_eq!((&before["offset"], &before["loud"], &before["pace"]), (&json!(-10), &json!(true), &json!(4)));

    let told = [
        "quick is new (default on): What quick is.",
        "loud is dropped. 1 account has a value, which stays stored and unused: acme (on).",
        "offset changes from -10 to 10, default -2 to -5 to 5, default 0.",
        "1 account has a value that no longer fits, so that the default (0) counts",
        "acme (-10)",
        "No stored value is changed",
    ];
    for command in [format!("policy diff {revision}"), format!("policy activate {revision} --dry-run")] {
        dialer.run(&command).exits(0).says(&told);
        assert_eq!(values(&dialer), before, "{command} changes nothing");
    }
    let preview = dialer.json(&format!("policy activate {revision} --dry-run"));
    assert_eq!(preview["changed"][0]["unfit"], json!({"count": 1, "first": [{"account": "acme", "value": "-10"}]}));
    assert_eq!(preview["changed"][0]["unset"], 0);
    assert_eq!(preview, dialer.json(&format!("policy diff {revision}"))["settings"]);

    dialer.run(&format!("policy activate {revision}")).exits(0).says(&told);
    let after = values(&dialer);
    assert_eq!((&after["offset"], &after["quick"], &after["pace"]), (&json!(0), &json!(true), &json!(4)));
    assert_eq!(after["loud"], "on", "what is stored for other policies is text");
    assert_eq!(dialer.json("account show beta")["settings"]["offset"], 4);
    dialer.run("account settings acme").exits(0).says(&["offset 0 (-10 does not fit)", "loud=on", "unused"]);
    dialer.run("account set acme --setting loud=off").exits(1).says(&["can only be removed", "--unset NAME"]);

    // Setting something else leaves alone what does not fit.
    dialer.run("account set acme --setting pace=5 --setting quick=off").exits(0);
    let told = ["quick is dropped", "loud is new", "has a value that fits again and counts: acme (-10)"];
    dialer.run("policy rollback --dry-run").exits(0).says(&told);
    dialer.run("policy rollback").exits(0).says(&told);
    let mut expected = before;
    (expected["pace"], expected["quick"]) = (json!(5), json!("off"));
    assert_eq!(values(&dialer), expected);
    dialer.run("account set acme --unset quick").exits(0);
    assert_eq!(values(&dialer).get("quick"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_the_api_show_it_too() {
    let (dialer, revision) = two_policies();
    let preview = dialer.json(&format!("policy activate {revision} --dry-run"));
    let server = Server::new(dialer).await;
    let operator = server.program(Role::Administer, &[]);
    assert_eq!(operator.json(&format!("/api/v1/policies/{revision}/settings")).await, preview);
    let owner = server.user(Role::Administer, &[]);
    let question = owner.page(&format!("/accounts/acme/policy/activate?revision={revision}")).await;
    for told in ["quick is new (default on)", "so that the default (0) counts", "No stored value is changed"] {
        assert!(question.contains(told), "{told}: {question}");
    }
    let activated = owner.send("/accounts/acme/policy/activate", &[("revision", &revision.to_string())]).await;
    assert_eq!(activated.status(), StatusCode::SEE_OTHER);
    let page = owner.page("/accounts/acme/settings").await;
    assert!(
        page.contains("The stored value <strong>-10</strong> is not one of these, so the default counts."),
        "{page}"
    );
    assert!(page.contains("Stored for other policies") && page.contains("loud=on"), "{page}");
    let typed = form_of(&page);
    let mut form: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.extend([("other", ""), ("do", "save")]);
    assert_eq!(owner.send("/accounts/acme/settings", &form).await.status(), StatusCode::SEE_OTHER);
    let settings = server.dialguard.ledger().account("acme").expect("the account").settings;
    let stored: Vec<_> = settings.values.iter().collect();
    assert_eq!(stored, [("offset", "-10"), ("pace", "4")], "the line of `loud` was removed, and nothing else");
}
