//! Becoming a user by a link, and what users and administrators see and end of sessions. The browser lives through the
//! same in `tests/browser/first_day.rs`.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, each};
use crate::harness::server::{PASSWORD, Server, Visitor};
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, make_first_user_link};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// Submits a form with a name and a password.
async fn join(server: &Server, page: &str, secret: &str, name: &str, password: &str) -> Response {
    let form = [("secret", secret), ("name", name), ("password", password), ("again", password)];
    server.stranger().send(page, &form).await
}

/// The secret at the end of a link.
fn secret(link: &str) -> String {
    link.split('=').nth(1).expect("a link").split_whitespace().next().expect("a secret").to_owned()
}

/// One who is signed in by an answer.
async fn status_with(server: &Server, answer: &Response, path: &str) -> StatusCode {
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a value").to_owned();
    let asked = server.stranger().request(Method::GET, path).header("cookie", cookie);
    asked.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_first_user_is_the_newest_and_ends_with_the_first_user() {
    let server = Server::new(Dialer::with_ledger()).await;
    let ledger = server.dialguard.ledger();
    assert!(server.stranger().page("/sign-in").await.contains("There are no users yet"));
    let lost = make_first_user_link(ledger).expect("a link");
    let link = make_first_user_link(ledger).expect("a link");
    let shown = async |secret: &str| server.stranger().get(&format!("/welcome?link={secret}")).await.status();
    assert_eq!((shown(&lost).await, shown("").await), (StatusCode::GONE, StatusCode::GONE));
    assert_eq!(
        (shown(&link).await, shown(&link).await),
        (StatusCode::OK, StatusCode::OK),
        "opening it changes nothing"
    );

    // What is wrong is said, and what was typed stays, but for the password.
    for (name, password, why) in
        [("kim kim", PASSWORD, "is not a valid name"), ("kim", "short", "at least 15 characters")]
    {
        let refused = join(&server, "/welcome", &link, name, password).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let page = refused.text().await.expect("a page");
        assert!(page.contains(why) && page.contains(&format!("value=\"{name}\"")), "{page}");
        assert!(!page.contains(password), "{page}");
    }
    assert_eq!(join(&server, "/welcome", &lost, "eve", PASSWORD).await.status(), StatusCode::GONE);
    let added = join(&server, "/welcome", &link, "kim", PASSWORD).await;
    assert_eq!(
        (added.status(), &added.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/add-account".parse().unwrap())
    );
    assert_eq!(status_with(&server, &added, "/users").await, StatusCode::OK, "kim administers everything");
    assert_eq!(join(&server, "/welcome", &link, "eve", PASSWORD).await.status(), StatusCode::GONE);
    assert!(matches!(make_first_user_link(ledger), Err(error) if error.to_string().contains("no longer works")));
    assert_eq!(each(&server.dialer.json("users list"), "name"), ["kim"]);
}

/// Also if the first user is added elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_added_on_the_command_line_ends_the_link() {
    let server = Server::new(Dialer::with_ledger()).await;
    let link = make_first_user_link(server.dialguard.ledger()).expect("a link");
    let grant = Grant { role: Role::Read, accounts: Accounts::All };
    add_user(&server.dialer.ledger(), "ann", PASSWORD, grant, server.dialer.now()).expect("a user");
    assert_eq!(join(&server, "/welcome", &link, "eve", PASSWORD).await.status(), StatusCode::GONE);
    assert_eq!(each(&server.dialer.json("users list"), "name"), ["ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_works_once_for_a_week_and_gives_what_the_inviter_said() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let run = |line: &str| tokio::task::block_in_place(|| server.dialer.run(line).exits(0).stdout.clone());
    let shown = async |secret: &str| server.stranger().get(&format!("/join?invite={secret}")).await.status();
    let by_command = secret(&run("users invite --role operate --account acme"));
    let api = server.program(Role::Administer, &[]);
    let made: Value = api.post("/api/v1/invites", json!({"role": "read"})).await.json().await.expect("JSON");
    let by_api = secret(made["path"].as_str().expect("a path"));
    let listed = api.json("/api/v1/invites").await;
    assert!(!listed.to_string().contains(&by_api), "a secret is shown once: {listed}");
    let form = [("role", "administer"), ("covers", "only"), ("account", "acme")];
    let page = server.user(Role::Administer, &[]).send("/invites", &form).await.text().await.expect("a page");
    let by_page = page.split("/join?invite=").nth(1).expect("a link")[..64].to_owned();

    let joined = join(&server, "/join", &by_command, "lee", PASSWORD).await;
    assert_eq!(joined.status(), StatusCode::SEE_OTHER);
    assert_eq!(status_with(&server, &joined, "/accounts/acme").await, StatusCode::OK);
    assert_eq!(status_with(&server, &joined, "/users").await, StatusCode::FORBIDDEN);
    assert_eq!(join(&server, "/join", &by_command, "eve", PASSWORD).await.status(), StatusCode::GONE);

    // A name that is taken ends nothing.
    assert_eq!(join(&server, "/join", &by_page, "lee", PASSWORD).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown(&by_page).await, StatusCode::OK);
    let id = &made["id"];
    let revoked = api.request(Method::DELETE, &format!("/api/v1/invites/{id}")).send().await.expect("an answer");
    assert_eq!((revoked.status(), shown(&by_api).await), (StatusCode::NO_CONTENT, StatusCode::GONE));
    server.pass(7 * DAY);
    assert_eq!(shown(&by_page).await, StatusCode::GONE);
    assert_eq!(join(&server, "/join", &by_page, "eve", PASSWORD).await.status(), StatusCode::GONE);
}

/// What an administrator promised ends with the administrator.
#[tokio::test(flavor = "multi_thread")]
async fn an_invite_ends_with_its_inviter() {
    let server = Server::new(Dialer::with_ledger()).await;
    let ledger = server.dialguard.ledger();
    for (name, ends) in [("ann", "users remove ann"), ("ben", "users change ben --role operate")] {
        let grant = Grant { role: Role::Administer, accounts: Accounts::All };
        add_user(ledger, name, PASSWORD, grant.clone(), server.dialguard.now()).expect("a user");
        let inviter = dialguard_dialer::access::Inviter::User(name.into());
        let (_, secret) =
            dialguard_dialer::access::invite(ledger, grant, inviter, server.dialguard.now()).expect("one");
        let path = format!("/join?invite={secret}");
        assert_eq!(server.stranger().get(&path).await.status(), StatusCode::OK);
        tokio::task::block_in_place(|| server.dialer.run(ends).exits(0));
        assert_eq!(server.stranger().get(&path).await.status(), StatusCode::GONE, "{ends}");
    }
}

/// Signs in and returns the session's visitor.
async fn signed_in(server: &Server, name: &str, password: &str) -> Option<String> {
    let answer = server.stranger().send("/sign-in", &[("name", name), ("password", password)]).await;
    let cookie = answer.headers().get("set-cookie")?.to_str().ok()?.split(';').next()?;
    Some(cookie.to_owned())
}

async fn ask(server: &Server, cookie: &str, method: Method, path: &str, form: &[(&str, &str)]) -> Response {
    let request = server.stranger().request(method, path).header("cookie", cookie);
    request.form(form).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn users_change_their_own_password_and_end_their_own_sessions() {
    const OTHER: &str = "another password of words";
    let server = Server::new(Dialer::with_ledger()).await;
    for name in ["ann", "ben"] {
        let grant = Grant { role: Role::Read, accounts: Accounts::All };
        add_user(server.dialguard.ledger(), name, PASSWORD, grant, server.dialguard.now()).expect("a user");
    }
    let [here, there] =
        [signed_in(&server, "ann", PASSWORD).await, signed_in(&server, "ann", PASSWORD).await].map(Option::unwrap);
    let ben = signed_in(&server, "ben", PASSWORD).await.expect("ben is known");
    let you = async |cookie: &str| ask(&server, cookie, Method::GET, "/you", &[]).await.status();

    // Another user's session is nobody else's to end.
    let bens = &server.dialer.json("users sessions ben")[0]["id"];
    let end = format!("/you/sessions/{}/end", bens.as_str().expect("an id"));
    assert_eq!(ask(&server, &here, Method::POST, &end, &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(you(&ben).await, StatusCode::OK);

    let change = |current, new| [("current", current), ("password", new), ("again", new)];
    for (form, why) in [
        (change("a wrong password of words", OTHER), "this is not your password"),
        (change(PASSWORD, "short"), "at least 15 characters"),
        ([("current", PASSWORD), ("password", OTHER), ("again", PASSWORD)], "the passwords differ"),
    ] {
        let refused = ask(&server, &here, Method::POST, "/you/password", &form).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().await.expect("a page").contains(why), "{why}");
    }
    let changed = ask(&server, &here, Method::POST, "/you/password", &change(PASSWORD, OTHER)).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!((you(&here).await, you(&there).await), (StatusCode::OK, StatusCode::SEE_OTHER));
    assert_eq!(signed_in(&server, "ann", PASSWORD).await, None);
    let again = signed_in(&server, "ann", OTHER).await.expect("the new password");
    ask(&server, &again, Method::POST, "/you/sessions/end-others", &[]).await;
    assert_eq!((you(&here).await, you(&again).await), (StatusCode::SEE_OTHER, StatusCode::OK));

    // Programs have neither.
    assert_eq!(server.program(Role::Administer, &[]).get("/you").await.status(), StatusCode::FORBIDDEN);
}

/// Nobody locks themselves out: not on the page, not by the API with a session.
#[tokio::test(flavor = "multi_thread")]
async fn administrators_change_and_remove_others_and_not_themselves() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let grant = Grant { role: Role::Administer, accounts: Accounts::All };
    for name in ["ann", "ben"] {
        add_user(server.dialguard.ledger(), name, PASSWORD, grant.clone(), server.dialguard.now()).expect("a user");
    }
    let ann = signed_in(&server, "ann", PASSWORD).await.expect("ann is known");
    let less = [("role", "read"), ("covers", "only"), ("account", "acme")];
    for name in ["ann", "ben"] {
        let expected = if name == "ann" { StatusCode::CONFLICT } else { StatusCode::SEE_OTHER };
        let path = format!("/users/{name}");
        assert_eq!(ask(&server, &ann, Method::POST, &path, &less).await.status(), expected, "{name}");
    }
    let ben = server.dialguard.ledger().user("ben").expect("a ledger").expect("ben").0;
    assert_eq!((ben.grant.role, ben.grant.covers("other")), (Role::Read, false));
    let nobody = ask(&server, &ann, Method::POST, "/users/nobody", &less).await;
    assert_eq!(nobody.status(), StatusCode::NOT_FOUND);
    let none = [("role", "read"), ("covers", "only")];
    assert_eq!(ask(&server, &ann, Method::POST, "/users/ben", &none).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for name in ["ann", "ben"] {
        let own = ask(&server, &ann, Method::DELETE, &format!("/api/v1/users/{name}"), &[]).await.status();
        assert_eq!(own, if name == "ann" { StatusCode::CONFLICT } else { StatusCode::NO_CONTENT }, "{name}");
    }
    assert_eq!(each(&server.dialer.json("users list"), "name"), ["ann"]);
}

/// The page, the command line and the API read one and the same.
#[tokio::test(flavor = "multi_thread")]
async fn sources_are_added_changed_and_removed_alike_on_every_surface() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let (user, api) = (server.user(Role::Administer, &[]), server.program(Role::Administer, &[]));
    let services = |key: &'static str| {
        [("kind", "telnyx"), ("name", "hiya"), ("api-key", key), ("price-cents", "0.3"), ("budget-cents", "500")]
    };
    for (key, why) in
        [("env:NOT_SET", "NOT_SET is not set"), ("hunter2hunter2", "not the secret"), ("", "Telnyx takes api-key")]
    {
        let refused = user.send("/add-source", &services(key)).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        let page = refused.text().await.expect("a page");
        assert!(page.contains(why) && page.contains("value=\"0.3\"") && !page.contains("hunter2"), "{page}");
        let body = json!({"name": "hiya", "kind": "telnyx", "settings": {"secrets": {"api-key": key}, "price-cents": 0.3, "budget-cents": 500}});
        let refused = api.post("/api/v1/sources", body).await.text().await.expect("a body");
        assert!(refused.contains(why) && !refused.contains("hunter2"), "{refused}");
    }
    // Nobody has a secret sent elsewhere by the page or the API.
    let elsewhere = [&services("env:PATH")[..], &[("base-url", "https://evil.example")]].concat();
    assert!(user.send("/add-source", &elsewhere).await.status().is_client_error());
    let body = json!({"name": "x", "kind": "telnyx", "settings": {"base-url": "https://evil.example"}});
    assert_eq!(api.post("/api/v1/sources", body).await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // The file of the other source, under another name.
    let file = server.dialer.path("verdicts.csv").display().to_string();
    let added = user.send("/add-source", &[("kind", "verdicts"), ("name", "a/b"), ("path", &file)]).await;
    assert_eq!(
        (added.status(), &added.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/sources/a%2Fb".parse().unwrap())
    );
    let page = user.page("/sources/a%2Fb").await;
    assert!(page.contains("It can be read: 0 verdicts"), "{page}");
    server.dialer.carriers_say(&[(100, "x")]);
    let tested = user.send("/sources/a%2Fb/test", &[("number", "(310) 555-0100")]).await.text().await.expect("a page");
    assert!(tested.contains("A: score 95, “Scam Likely”"), "{tested}");
    let changed = user.send("/sources/a%2Fb", &[("path", "/nowhere.csv")]).await;
    assert_eq!(changed.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(changed.text().await.expect("a page").contains("value=\"/nowhere.csv\""));
    assert_eq!(user.send("/sources/a%2Fb/remove", &[]).await.status(), StatusCode::SEE_OTHER);

    let simulated = json!({"name": "made-up", "kind": "simulated", "settings": {"seed": 7}});
    assert_eq!(api.post("/api/v1/sources", simulated).await.status(), StatusCode::CREATED);
    let one =
        api.request(Method::PATCH, "/api/v1/sources/made-up").json(&json!({"seed": 8})).send().await.expect("one");
    let one: Value = one.json().await.expect("JSON");
    assert_eq!(one, server.dialer.json("sources list")["sources"][1]);
    server.dialer.run("sources change made-up --seed 9").exits(0).says(&["made-up is changed"]);
    assert_eq!(api.json("/api/v1/sources/made-up").await["location"], "9");
    let tested = api.post("/api/v1/sources/made-up/test", json!({"number": "+13105550100"})).await;
    let tested: Value = tested.json().await.expect("JSON");
    assert_eq!(tested, server.dialer.json("sources test made-up +13105550100"));
    let removed = api.request(Method::DELETE, "/api/v1/sources/made-up").send().await.expect("an answer");
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(each(&server.dialer.json("sources list")["sources"], "name"), ["carriers"]);
}

/// What is asked of a visitor before the first check, at each point.
#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_says_what_comes_next_and_goes_when_all_is_done() {
    let dialer = Dialer::with_ledger();
    let server = Server::new(dialer).await;
    let run = |line: &str| tokio::task::block_in_place(|| server.dialer.run(line).exits(0));
    let user = server.user(Role::Administer, &[]);
    let says = async |visitor: &Visitor<'_>, path: &str, done: &str| {
        let page = visitor.page(path).await;
        assert!(page.contains(&format!("Set up: {done} of 6")), "{done}: {page}");
    };
    says(&user, "/", "1").await;
    let new = |zone: &'static str| [("id", "acme"), ("time-zone", zone), ("blocks", "1")];
    let refused = user.send("/add-account", &new("Eastern")).await.text().await.expect("a page");
    assert!(refused.contains("did you mean America/New_York?") && refused.contains("value=\"acme\""), "{refused}");
    assert_eq!(user.send("/add-account", &new("UTC")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(user.send("/add-account", &new("UTC")).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "it exists");
    says(&user, "/", "2").await;
    // One carrier is not enough for the policy to rate a number.
    run("sources add made-up --simulated 1");
    says(&user, "/accounts/acme", "2").await;
    assert!(user.page("/sources").await.contains("a number is rated only if 2 have an opinion"));
    server.dialer.carriers_say(&[(100, "ooo")]);
    run("sources add carriers --verdicts verdicts.csv");
    says(&user, "/accounts/acme", "3").await;
    server.dialer.import([100], "");
    says(&user, "/", "4").await;
    run("monitor acme --all --no-check");
    says(&user, "/accounts/acme", "5").await;
    assert!(!server.user(Role::Operate, &[]).page("/accounts/acme").await.contains("Set up:"));
    run("review acme");
    for path in ["/", "/accounts/acme"] {
        assert!(!user.page(path).await.contains("Set up:"), "{path}");
    }
}
