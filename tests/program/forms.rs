//! A form that is refused comes again: with status 422, everything as it was typed but for passwords, what is wrong beside
//! its field, and the focus there.

use crate::harness::buying::buying_dialer;
use crate::harness::dialer::Dialer;
use crate::harness::page_routes::page_routes;
use crate::harness::server::{PASSWORD, Server, Visitor};
use dialguard_dialer::access::{Accounts, Grant, Role, add_user};
use dialguard_dialer::ledger::ProviderKind;
use reqwest::{Method, StatusCode};

/// A form: its route, what is typed, the field that is wrong, and its id on the page if that is another.
struct Case {
    route: &'static str,
    typed: &'static [(&'static str, &'static str)],
    wrong: &'static str,
}

const SHORT: &str = "too short";

const fn case(route: &'static str, typed: &'static [(&'static str, &'static str)], wrong: &'static str) -> Case {
    Case { route, typed, wrong }
}

/// Every form into which something is typed.
const CASES: &[Case] = &[
    case("/add-account", &[("id", "a b"), ("time-zone", "Europe/Berlin"), ("blocks", "2")], "id"),
    case("/add-account", &[("id", "ab"), ("time-zone", "Nowhere"), ("blocks", "2")], "time-zone"),
    case("/add-source", &[("kind", "verdicts"), ("name", "other"), ("path", "no/full/path.csv")], "path"),
    case("/sources/{source}", &[("path", "no/full/path.csv")], "path"),
    case("/sources/{source}/test", &[("number", "12")], "number"),
    case(
        "/add-provider",
        &[("kind", "twilio"), ("name", "other"), ("price-cents", "many"), ("texts", "on"), ("calls", "off")],
        "price-cents",
    ),
    case("/providers/{provider}", &[("price-cents", "many")], "price-cents"),
    case(
        "/users",
        &[("name", "a b"), ("password", PASSWORD), ("again", PASSWORD), ("role", "read"), ("covers", "all")],
        "name",
    ),
    case(
        "/users",
        &[("name", "ab"), ("password", SHORT), ("again", SHORT), ("role", "read"), ("covers", "all")],
        "password",
    ),
    case(
        "/users",
        &[("name", "ab"), ("password", PASSWORD), ("again", SHORT), ("role", "read"), ("covers", "all")],
        "again",
    ),
    case("/users/{user}", &[("role", "read"), ("covers", "only")], "accounts"),
    case("/invites", &[("role", "read"), ("covers", "only")], "accounts"),
    case("/tokens", &[("name", "a b"), ("days", "30"), ("role", "read"), ("covers", "all")], "name"),
    case("/you/password", &[("current", SHORT), ("password", PASSWORD), ("again", PASSWORD)], "current"),
    case(
        "/accounts/{account}/settings",
        &[("do", "save"), ("time-zone", "UTC"), ("review-at", "25:00"), ("region", "US")],
        "review-at",
    ),
    case(
        "/accounts/{account}/settings",
        &[
            ("do", "save"),
            ("setting-spam-score-min", "300"),
            ("time-zone", "UTC"),
            ("review-at", "06:00"),
            ("region", "US"),
        ],
        "setting-spam-score-min",
    ),
    case(
        "/accounts/{account}/buying",
        &[("provider", "none"), ("areas", "12"), ("day-cap", "7.00"), ("cycle-cap", "8.00")],
        "areas",
    ),
    case("/accounts/{account}/credit", &[("dollars", "much"), ("reason", "a typo")], "dollars"),
    case("/accounts/{account}/credit", &[("dollars", "1.00"), ("reason", " ")], "reason"),
    case("/accounts/{account}/credit", &[("dollars", "999.00"), ("reason", "a typo")], "dollars"),
    case("/accounts/{account}/close", &[("id", "other")], "id"),
    case("/accounts/{account}/alerts", &[("url", "http://10.0.0.1/")], "url"),
    case("/accounts/{account}/add-on", &[("change", "blocks"), ("blocks", "many")], "blocks"),
    case("/accounts/{account}/add-on", &[("change", "blocks"), ("blocks", "9"), ("confirm", "8")], "confirm"),
    case("/accounts/{account}/act", &[("action", "screen"), ("all", "1"), ("confirm", "59")], "confirm"),
    case("/accounts/{account}/import", &[("column", "2")], "text"),
    case("/accounts/{account}/screen", &[("column", "2")], "text"),
    case("/accounts/{account}/calls", &[("time-zone", "Nowhere")], "time-zone"),
];

/// Forms in which nothing is typed: a press of a button, or a choice from what the page offers; and those of strangers, which
/// are tested with the links that lead to them.
const UNTYPED: &[&str] = &[
    "/accounts/{account}/alerts/{webhook}/remove",
    "/accounts/{account}/alerts/{webhook}/test",
    "/accounts/{account}/ask",
    "/accounts/{account}/calls/{upload}",
    "/accounts/{account}/candidates/{number}/withdraw",
    "/accounts/{account}/import/{upload}",
    "/accounts/{account}/numbers/{number}/ask",
    "/accounts/{account}/orders/{order}/abandon",
    "/accounts/{account}/orders/{order}/retry",
    "/accounts/{account}/policy/{act}",
    "/accounts/{account}/read-calls",
    "/accounts/{account}/review",
    // Shown beside the fields as they are typed.
    "/accounts/{account}/settings/effect",
    // Its count is in `screening.rs`.
    "/accounts/{account}/screen/{upload}",
    "/clock",
    "/invites/{invite}/revoke",
    "/join",
    "/providers/{provider}/remove",
    "/providers/{provider}/test",
    "/sign-in",
    "/sign-out",
    "/sources/{source}/remove",
    "/tokens/{token}/withdraw",
    "/users/{user}/remove",
    "/users/{user}/sessions/{session}/end",
    "/welcome",
    "/you/sessions/end-others",
    "/you/sessions/{session}/end",
];

/// Files are sent in parts.
const IN_PARTS: [&str; 3] = ["import", "screen", "calls"];

async fn submit(user: &Visitor<'_>, path: &str, typed: &[(&str, &str)]) -> (StatusCode, String) {
    let request = user.request(Method::POST, path);
    let request = match IN_PARTS.iter().any(|form| path.ends_with(form)) {
        false => request.form(typed),
        true => {
            let part = |(name, value): &(&str, &str)| {
                format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let body: String = typed.iter().map(part).collect();
            request.header("content-type", "multipart/form-data; boundary=edge").body(body + "--edge--\r\n")
        }
    };
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

/// The start tags of this element.
fn tags<'a>(page: &'a str, with: &str) -> Vec<&'a str> {
    page.split('<').filter_map(|part| Some(part.split_once('>')?.0)).filter(|tag| tag.contains(with)).collect()
}

/// Whether the page still has what was typed into a field, or chosen in it.
fn keeps(page: &str, name: &str, value: &str) -> bool {
    let named = tags(page, &format!("name=\"{name}\""));
    let is_chosen = |tag: &str| tag.contains(&format!("value=\"{value}\""));
    named.iter().any(|tag| is_chosen(tag)) || tags(page, " selected").iter().any(|tag| is_chosen(tag))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_comes_again_as_it_was_typed_with_what_is_wrong_at_its_field() {
    let (dialer, _shop) = buying_dialer(ProviderKind::Twilio, 2, "").await;
    dialer.import(110..170, "");
    let server = Server::new(dialer).await;
    let (ledger, now) = (server.dialguard.ledger(), server.dialguard.now());
    let grant = Grant { role: Role::Operate, accounts: Accounts::All };
    add_user(ledger, "ann", PASSWORD, grant, now).expect("a user");
    for Case { route, typed, wrong } in CASES {
        // Each case has its own: the third wrong password within a minute waits.
        let user = server.user(Role::Administer, &[]);
        let routes = page_routes();
        let route = routes.iter().find(|known| known.pattern == *route).unwrap_or_else(|| panic!("{route}"));
        let before = server.dialer.json("account list");
        let (status, page) = submit(&user, &route.path(), typed).await;
        let what = format!("{} {wrong}: {page}", route.pattern);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        let invalid = tags(&page, "aria-invalid=\"true\"");
        let [field] = invalid[..] else { panic!("{} fields are wrong: {what}", invalid.len()) };
        let is_it = field.contains(&format!("name=\"{wrong}\"")) || field.contains(&format!("id=\"{wrong}\""));
        assert!(is_it, "{field}: {what}");
        let described = field.split_once("aria-describedby=\"").and_then(|(_, rest)| rest.split_once('"'));
        let described = format!("id=\"{}\"", described.expect("a description").0);
        let description = page.split_once(&described).unwrap_or_else(|| panic!("{described}: {what}")).1;
        assert!(
            description.split("</p>").next().is_some_and(|text| text.contains("failed") || text.len() > 10),
            "{what}"
        );
        assert_eq!(tags(&page, " autofocus").len(), 1, "{what}");
        for (name, value) in typed.iter().filter(|(name, _)| !["do", "kind", "change", "action", "all"].contains(name))
        {
            match ["current", "password", "again"].contains(name) {
                true => assert!(!page.contains(value), "a password is shown: {what}"),
                false => assert!(keeps(&page, name, value), "{name}={value} is lost: {what}"),
            }
        }
        assert_eq!(server.dialer.json("account list"), before, "{what}");
    }
}

/// A new form is either here or tested elsewhere.
#[test]
fn no_form_is_forgotten() {
    for route in page_routes().iter().filter(|route| route.has_post) {
        let is_known = CASES.iter().any(|case| case.route == route.pattern) || UNTYPED.contains(&&*route.pattern);
        assert!(is_known, "{}: add what a user may type wrongly into it", route.pattern);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sign_in_keeps_the_name_and_forms_speak_to_people() {
    let server = Server::new(Dialer::with_account("")).await;
    let stranger = server.stranger();
    let (status, page) = submit(&stranger, "/sign-in", &[("name", "ann"), ("password", SHORT), ("next", "/you")]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(keeps(&page, "name", "ann") && !page.contains(SHORT), "{page}");
    let (status, page) = submit(&server.user(Role::Administer, &[]), "/add-account", &[("id", "ab")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("it is missing") && !page.contains("deserialize"), "{page}");
}
