//! Files of numbers: previewed, imported, and their refused rows corrected and imported again, in all three surfaces.

use crate::harness::cases::{all_hold, case};
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::repository::repository;
use crate::harness::server::{Server, Visitor};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ImportedAs::{Candidate, Owned};
use dialguard_dialer::number_file::{NumberFile, ReadOptions};
use dialguard_dialer::phone::Region;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// `acme` owns 0100 and has the candidate 0140, and `other` owns 0109.
fn two_accounts() -> Dialer {
    let dialer = Dialer::with_account("");
    dialer.import([100], "");
    dialer.import([140], "--candidates");
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    dialer.file("109.csv", e164(109));
    dialer.run("numbers import other 109.csv").exits(0);
    dialer
}

/// A file from the world.
fn input(name: &str) -> Vec<u8> {
    let path = repository("tests/inputs").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A new number, a known one, a repeated one, another account's, and three that leave doubt; a second column has numbers.
const MIXED: &str = "Name;Phone #;Fax\n\
    Ann;(310) 555-0101;310-555-0180\n\
    Ben;+13105550100;310-555-0181\n\
    Cem;310.555.0101;310-555-0182\n\
    Dee;13105550109;310-555-0183\n\
    Eve;310-555-O113;310-555-0184\n\
    Flo;1-800-FLOWERS;310-555-0185\n\
    Gus;310-555-0140 ext. 7;310-555-0186\n";

// The command line

#[test]
fn a_dry_run_says_how_a_file_is_read_and_changes_nothing() {
    let dialer = two_accounts();
    dialer.file("mixed.csv", MIXED);
    let before = dialer.everything();
    dialer.run("numbers import acme mixed.csv --dry-run").exits(3).says(&[
        "mixed.csv: UTF-8, separated by semicolons; numbers in column \"Phone #\"",
        "+13105550101 Ann | (310) 555-0101 | 310-555-0180",
        "dry run; nothing was changed",
        "1 number would be imported, 2 already known, 4 refused",
        "row 5: +13105550109 belongs to another account",
        "row 6: \"310-555-O113\" is not a possible phone number: it has letters",
        "row 8: \"310-555-0140 ext. 7\" is not a possible phone number: it has an extension",
        "column \"Fax\" has numbers too",
        "hint: --column reads another column",
        "hint: --vanity reads vanity numbers",
        "hint: --refused FILE",
    ]);
    let preview = dialer.run("numbers import acme mixed.csv --dry-run --json").exits(3).json();
    let recognized = &preview["recognized"];
    assert_eq!((&recognized["encoding"], &recognized["delimiter"]), (&json!("UTF-8"), &json!(";")));
    assert_eq!((&recognized["column"], &recognized["other-columns"]), (&json!("Phone #"), &json!(["Fax"])));
    assert_eq!(each(&recognized["first-rows"], "row"), [2, 3, 4, 5, 6]);
    assert_eq!(recognized["first-rows"][4]["number"], Value::Null);
    assert!(recognized["first-rows"][4]["why"].as_str().is_some_and(|why| why.contains("letters")), "{preview:#}");
    assert_eq!(
        (&preview["refused-count"], each(&preview["refused"], "row")),
        (&json!(4), [5, 6, 7, 8].map(Value::from).to_vec())
    );
    assert_eq!(dialer.everything(), before);
}

#[test]
fn column_and_vanity_are_chosen_by_the_user() {
    for (options, expected) in [
        ("--column fax", vec![180, 181, 182, 183, 184, 185, 186].into_iter().map(e164).collect()),
        ("--column 3", vec![180, 181, 182, 183, 184, 185, 186].into_iter().map(e164).collect()),
        ("--vanity", vec![e164(101), "+18003569377".to_owned()]),
        ("--candidates --vanity", vec![e164(101), "+18003569377".to_owned()]),
    ] {
        let dialer = two_accounts();
        dialer.file("mixed.csv", MIXED);
        let imported = dialer.run(&format!("numbers import acme mixed.csv {options} --json")).json();
        assert_eq!(imported["imported"], expected.len(), "{options}: {imported:#}");
        let list = if options.starts_with("--candidates") { "numbers candidates acme" } else { "numbers list acme" };
        let mut listed = dialer.field_of_each(list, "number");
        listed.retain(|number| *number != e164(100) && *number != e164(140));
        assert_eq!(listed, expected, "{options}");
    }
    let dialer = two_accounts();
    dialer.file("mixed.csv", MIXED);
    dialer.file("names.csv", "name,city\nLee,Clinton\n");
    let hint = "hint: name the column with --column";
    dialer
        .run("numbers import acme mixed.csv --column Mobile")
        .exits(1)
        .says(&["the file has no column \"Mobile\"; it has Name, Phone #, Fax", hint]);
    dialer.run("numbers import acme names.csv --dry-run").exits(1).says(&["no column of phone numbers", hint]);
}

/// Whatever the file and whatever the accounts have, an import does what its preview said, and the preview changes nothing.
#[test]
fn an_import_does_what_its_preview_said() {
    let long: String = (0..3_000).map(|row| format!("{},{}\n", row % 7, e164(100 + row % 900))).collect();
    let files: Vec<Vec<u8>> = vec![
        MIXED.into(),
        input("N16-mac-cr.csv"),
        input("N34-letters-for-digits.csv"),
        input("N17-quoted-newline.csv"),
        TYPOS.map(|(typo, _)| typo).join("\n").into(),
        b"+13105550120, +13105550121, 310-555-O122, +13105550109, +13105550120".to_vec(),
        b"number\n\"Zoe,+13105550103\n+13105550104,too,many\n\n12\n".to_vec(),
        long.into(),
    ];
    let dialer = two_accounts();
    dialer.run(&format!("delete acme {}", e164(100))).exits(0);
    let (ledger, now) = (dialer.ledger(), dialer.now());
    let accounts = || {
        ["acme", "other"].map(|id| {
            let revision = ledger.account(id).expect("the account").revision;
            (revision, ledger.numbers(id).expect("numbers"), ledger.candidates(id, 0, u32::MAX).expect("candidates"))
        })
    };
    let mut outcomes = [0; 3];
    let uses = ["acme", "other"].into_iter().flat_map(|id| [Candidate, Owned].map(|kind| (id, kind)));
    for ((id, imported_as), bytes) in uses.flat_map(|used| files.iter().map(move |bytes| (used, bytes))) {
        let file = NumberFile::read(bytes, &ReadOptions::new(Region::US), |_, _| true);
        let Ok(file) = file else { continue };
        let before = accounts();
        let preview = file.preview(&ledger, id, imported_as, now).expect("a preview");
        assert_eq!(accounts(), before);
        let imported = file.import(&ledger, id, imported_as, now).expect("an import");
        assert_eq!(imported, preview, "{id} {imported_as:?}");
        let again = file.preview(&ledger, id, imported_as, now).expect("a preview");
        assert_eq!((again.imported, again.known_before), (0, imported.imported + imported.known_before));
        assert_eq!(again.refused, imported.refused);
        let counts = [imported.imported, imported.known_before, imported.refused.len()];
        outcomes.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    assert!(outcomes.iter().all(|count| *count > 100), "{outcomes:?}");
}

#[test]
fn refused_rows_are_corrected_and_imported_again() {
    let dialer = two_accounts();
    dialer.file("mixed.csv", MIXED);
    dialer.run("numbers import acme mixed.csv --dry-run --refused tried.csv").exits(3);
    dialer
        .run("numbers import acme mixed.csv --refused refused.csv")
        .exits(3)
        .says(&["the refused rows are in refused.csv"]);
    let read = |name: &str| std::fs::read_to_string(dialer.path(name)).expect("the refused rows");
    let refused = read("refused.csv");
    assert_eq!(refused, read("tried.csv"), "and the dry run writes the same");
    let lines: Vec<&str> = refused.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5, "Name,Phone #,Fax,reason"));
    assert_eq!(lines[1], "Dee,13105550109,310-555-0183,'+13105550109 belongs to another account");
    assert!(lines[2].starts_with("Eve,310-555-O113,310-555-0184,"), "{refused}");
    dialer.run("numbers import acme mixed.csv --refused refused.csv").exits(1).says(&["refused.csv exists already"]);

    let corrected = refused.replace("O113", "0113").replace("0140 ext. 7", "0107").replace("FLOWERS", "356-9377");
    dialer.file("corrected.csv", corrected);
    let again = dialer.run("numbers import acme corrected.csv --refused rest.csv --json").exits(3).json();
    assert_eq!((&again["imported"], &again["refused-count"]), (&json!(3), &json!(1)));
    let rest = read("rest.csv");
    assert_eq!(rest.lines().next(), Some("Name,Phone #,Fax,reason"), "one reason a row: {rest}");
    dialer.file("rest-corrected.csv", rest.replace("0109", "0108"));
    dialer.run("numbers import acme rest-corrected.csv --refused none.csv").exits(0);
    assert!(!dialer.path("none.csv").exists(), "no row was refused");
    let owned = [100, 101, 107, 108, 113].map(e164).into_iter().chain(["+18003569377".to_owned()]);
    assert_eq!(dialer.field_of_each("numbers list acme", "number"), owned.collect::<Vec<_>>());
}

/// Files without a header, of several numbers in a line, in another encoding, and with formulas.
#[test]
fn refused_rows_of_any_file_can_be_imported_again() {
    let latin: &[u8] = b"Nom;Num\xE9ro de t\xE9l\nZo\xE9;310-555-O101\n=1+1;310-555-0102\nJos\xE9;12\n";
    for (content, options, wrong, right, numbers) in [
        (&b"310-555-O101,Ann\n310-555-0102,Ben\n"[..], "", "O101", "0101", vec![101, 102]),
        (b"310-555-O101, 310-555-0102, 310-555-O103", "", "O10", "010", vec![101, 102, 103]),
        (latin, "--column 2", "O101", "0101", vec![101, 102]),
        (b"number\n310-555-0101,310-555-0102\n310-555-O103\n", "", "-O103", "-0103", vec![103]),
        (b"my list\n\nnumber,country\n310-555-O101,US\n310-555-0102,US", "", "O101", "0101", vec![101, 102]),
    ] {
        let dialer = Dialer::with_account("");
        dialer.file("file.csv", content);
        dialer.run(&format!("numbers import acme file.csv {options} --refused refused.csv")).exits(3);
        let refused = std::fs::read_to_string(dialer.path("refused.csv")).expect("UTF-8");
        dialer.file("corrected.csv", refused.replace(wrong, right));
        dialer.run(&format!("numbers import acme corrected.csv {options}"));
        let expected: Vec<String> = numbers.into_iter().map(e164).collect();
        assert_eq!(dialer.field_of_each("numbers list acme", "number"), expected, "{refused}");
    }
}

// Typed and pasted numbers

fn in_runtime(check: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(check);
}

/// Situations from the world, in which a number was taken that was not meant, or one that was meant was lost.
#[test]
fn what_is_typed_or_pasted_is_never_another_number() {
    all_hold(&[
        case("X01c", "typos in a file, of numbers and of candidates", typos_in_a_file_are_refused_by_row),
        case("X02", "typos on the command line", typos_on_the_command_line_name_no_other_number),
        case("X03b", "typos in requests of the API", || in_runtime(typos_in_a_request_name_no_other_number())),
        case(
            "X04",
            "typos pasted and sent on the dashboard",
            || in_runtime(typos_on_the_page_are_refused_one_by_one()),
        ),
        case("X05", "lines that end with CR alone, uploaded", || in_runtime(uploaded_lines_may_end_with_cr())),
        case("X06", "numbers pasted in a line, with commas between", || {
            in_runtime(a_pasted_line_may_have_several_numbers())
        }),
        case("X07", "searches and queries that are no number", || in_runtime(a_search_finds_what_it_says_or_nothing())),
        case("X10", "lines that end with CR alone, as candidates", lines_of_a_file_may_end_with_cr),
    ]);
}

/// What people type for +13105550104 and the like, and what the parser says.
const TYPOS: [(&str, &str); 9] = [
    ("+1310S550104", "it has letters, which are never read as digits"),
    ("+1310555O104", "it has letters, which are never read as digits"),
    ("+13l05550104", "it has letters, which are never read as digits"),
    ("310555010", "9 digits after +1"),
    ("+131055501044", "11 digits after +1"),
    ("+3105550104", "it lacks the country code 1"),
    ("+11105550104", "the area code 110 cannot exist"),
    ("3105550104x7", "it has an extension"),
    ("+13105550104/+13105550105", "it has several numbers"),
];

fn typos_on_the_command_line_name_no_other_number() {
    let dialer = Dialer::monitoring(2, "");
    let before = dialer.everything();
    for (typo, why) in TYPOS {
        for command in [
            "monitor acme",
            "screen acme",
            "replace acme",
            "unmonitor acme",
            "delete acme",
            "numbers withdraw acme",
            "events acme --number",
        ] {
            let ran = dialer.run_arguments(&command.split(' ').chain([typo]).collect::<Vec<_>>());
            ran.exits(1).says(&[&format!("{typo:?} is not a possible phone number"), why]);
        }
    }
    assert_eq!(dialer.everything(), before);
}

fn typos_in_a_file_are_refused_by_row() {
    for options in ["", "--candidates"] {
        let dialer = Dialer::with_account("");
        dialer.file("typos.csv", format!("number\n{}", TYPOS.map(|(typo, _)| typo).join("\n")));
        let imported = dialer.run(&format!("numbers import acme typos.csv {options} --json")).exits(3).json();
        let whys = each(&imported["refused"], "why");
        assert_eq!((&imported["imported"], whys.len()), (&json!(0), TYPOS.len()));
        for (why, (typo, expected)) in whys.iter().zip(TYPOS) {
            assert!(why.as_str().is_some_and(|why| why.contains(expected)), "{typo}: {why}");
        }
    }
}

fn lines_of_a_file_may_end_with_cr() {
    for options in ["", "--candidates"] {
        let dialer = Dialer::with_account("");
        dialer.file("cr.csv", input("N16-mac-cr.csv"));
        let imported = dialer.json(&format!("numbers import acme cr.csv {options}"));
        assert_eq!((&imported["imported"], &imported["refused"]), (&json!(3), &json!([])));
    }
}

async fn uploaded_lines_may_end_with_cr() {
    let server = Server::new(Dialer::with_account("")).await;
    let user = server.user(Role::Operate, &["acme"]);
    let preview = upload(&user, input("N16-mac-cr.csv"), &[]).await;
    assert!(preview.page.contains("3 new numbers") && preview.page.contains("Import 3 numbers"), "{}", preview.page);
    let program = server.program(Role::Operate, &["acme"]);
    let imported = program.import("", input("N16-mac-cr.csv")).await;
    assert_eq!(imported.json::<Value>().await.expect("JSON")["imported"], 3);
}

async fn typos_in_a_request_name_no_other_number() {
    let server = Server::new(Dialer::monitoring(2, "")).await;
    let before = server.dialer.everything();
    let program = server.program(Role::Operate, &["acme"]);
    for (typo, why) in TYPOS {
        for request in ["start-monitoring", "stop-monitoring", "delete-numbers", "replace-numbers"] {
            let body = json!({"request": request, "numbers": [typo]});
            let answer = program.post("/api/v1/accounts/acme/requests", body).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{request} {typo}");
            let problem: Value = answer.json().await.expect("a problem");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{typo}: {problem}");
        }
        let screened = program.post("/api/v1/accounts/acme/screen", json!({"numbers": [typo]})).await;
        assert_eq!(screened.status(), StatusCode::UNPROCESSABLE_ENTITY, "{typo}");
        for path in ["numbers/", "events?number="] {
            let encoded: String = url_encoded(typo);
            let answer = program.get(&format!("/api/v1/accounts/acme/{path}{encoded}")).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}{typo}");
            assert!(answer.text().await.expect("a problem").contains(why), "{path}{typo}");
        }
    }
    let given = TYPOS.map(|(typo, _)| typo);
    let answer = program.post("/api/v1/accounts/acme/numbers", json!({"numbers": given, "as": "candidate"})).await;
    let imported: Value = answer.json().await.expect("the outcomes");
    assert_eq!(
        (&imported["imported"], each(&imported["outcomes"], "outcome")),
        (&json!(0), vec![json!("no-phone-number"); TYPOS.len()])
    );
    for (outcome, (typo, why)) in imported["outcomes"].as_array().expect("a list").iter().zip(TYPOS) {
        assert!(outcome["why"].as_str().is_some_and(|text| text.contains(why)), "{typo}: {outcome}");
    }
    assert_eq!(server.dialer.everything(), before);
}

async fn typos_on_the_page_are_refused_one_by_one() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let before = server.dialer.everything();
    let user = server.user(Role::Operate, &["acme"]);
    let pasted = user.paste(&TYPOS.map(|(typo, _)| typo).join("\n"), &[("column", "1")]).await;
    assert!(pasted.page.contains("0 new numbers") && pasted.page.contains("9 refused"), "{}", pasted.page);
    for (typo, why) in TYPOS {
        assert!(pasted.page.contains(why), "{typo}: {}", pasted.page);
        for action in ["monitor", "stop", "replace", "screen", "delete"] {
            let is_e164 = typo.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            if !is_e164 && typo != "310555010" {
                let asked = user.send("/accounts/acme/ask", &[("action", action), ("number", typo)]).await;
                assert_eq!(asked.status(), StatusCode::UNPROCESSABLE_ENTITY, "{action} {typo}");
                assert!(asked.text().await.expect("a page").contains(why), "{action} {typo}");
            }
        }
        let activity = user.get(&format!("/accounts/acme/activity?number={}", url_encoded(typo))).await;
        assert_eq!(activity.status(), StatusCode::UNPROCESSABLE_ENTITY, "{typo}");
        assert!(activity.text().await.expect("a page").contains(why), "{typo}");
    }
    assert_eq!(server.dialer.everything(), before);
}

async fn a_pasted_line_may_have_several_numbers() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let user = server.user(Role::Operate, &["acme"]);
    let line = user.paste("+13105550120, +13105550121, +13105550122", &[]).await;
    assert!(line.page.contains("a number in every field") && line.page.contains("3 new numbers"), "{}", line.page);
    let done = line.import().await;
    assert!(done.contains("3 numbers imported"), "{done}");
    assert_eq!(server.dialer.field_of_each("numbers list acme", "number"), [100, 120, 121, 122].map(e164));
}

/// A search that matches nothing finds nothing, and a query that is not understood is refused.
async fn a_search_finds_what_it_says_or_nothing() {
    let server = Server::new(Dialer::monitoring(3, "")).await;
    let (user, program) = (server.user(Role::Operate, &["acme"]), server.program(Role::Read, &["acme"]));
    for (search, found) in [
        ("", 3),
        ("0101", 1),
        ("%2B1310", 3),
        ("%2B", 3),
        ("(310)+555", 3),
        ("zzz", 0),
        ("0101x", 0),
        ("310S550101", 0),
        ("-", 0),
    ] {
        let listed = program.json(&format!("/api/v1/accounts/acme/numbers?search={search}")).await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(found), "{search}");
        let page = user.page(&format!("/accounts/acme?q={search}")).await;
        assert_eq!(page.matches("<td><a href=\"/accounts/acme/numbers/").count(), found, "{search}");
        let typed = search.replace("%2B", "+").replace(")+", ") ");
        let asked = user.send("/accounts/acme/ask", &[("action", "delete"), ("all", "1"), ("q", &typed)]).await;
        assert_eq!(asked.status() == StatusCode::OK, found > 0, "{search}");
    }
    for path in ["?q=%FF", "?serach=0101", "?show=zzz", "/numbers.csv?serach=0101", "/activity?numbr=1"] {
        assert_eq!(user.get(&format!("/accounts/acme{path}")).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
    for field in [("flagged", "month"), ("serach", "0101")] {
        let asked = user.send("/accounts/acme/ask", &[("action", "delete"), ("all", "1"), field]).await;
        assert_eq!(asked.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field:?}");
    }
    for path in ["?search=%FF", "?serach=0101"] {
        let answer = program.get(&format!("/api/v1/accounts/acme/numbers{path}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

// The dashboard

/// The preview of an upload.
pub(super) struct Preview<'v> {
    visitor: &'v Visitor<'v>,
    /// Its address.
    pub(super) path: String,
    pub(super) page: String,
}

/// Uploads a file with the form's fields, and follows to the preview.
async fn upload<'v>(visitor: &'v Visitor<'v>, file: Vec<u8>, fields: &[(&str, &str)]) -> Preview<'v> {
    previewed(visitor, visitor.submit(("file\"; filename=\"numbers.csv", &file), fields).await).await
}

pub(super) async fn previewed<'v>(visitor: &'v Visitor<'v>, sent: Response) -> Preview<'v> {
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{:?}", sent.text().await);
    let path = sent.headers()["location"].to_str().expect("a path").to_owned();
    Preview { visitor, page: visitor.get(&path).await.text().await.expect("a page"), path }
}

impl Visitor<'_> {
    async fn paste(&self, text: &str, fields: &[(&str, &str)]) -> Preview<'_> {
        previewed(self, self.submit(("text", text.as_bytes()), fields).await).await
    }

    async fn submit(&self, content: (&str, &[u8]), fields: &[(&str, &str)]) -> Response {
        self.submit_to("/accounts/acme/import", content, fields).await
    }

    /// Sends the form as a browser does: the content first, then the other fields.
    pub(super) async fn submit_to(
        &self,
        path: &str,
        (name, content): (&str, &[u8]),
        fields: &[(&str, &str)],
    ) -> Response {
        let mut body = Vec::new();
        let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        for (name, value) in std::iter::once((name, content)).chain(fields) {
            body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes());
            body.extend(value);
            body.extend(b"\r\n");
        }
        body.extend(b"--edge--\r\n");
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", "multipart/form-data; boundary=edge").body(body);
        request.send().await.expect("an answer")
    }

    /// Sends a file to the API.
    async fn import(&self, path: &str, file: impl Into<reqwest::Body>) -> Response {
        let request = self.request(Method::POST, &format!("/api/v1/accounts/acme/numbers/import{path}"));
        request.header("content-type", "text/csv").body(file).send().await.expect("an answer")
    }
}

impl Preview<'_> {
    /// Presses the button: the form's hidden fields are those of the address.
    pub(super) async fn import(&self) -> String {
        let (path, query) = self.path.split_once('?').expect("a query");
        let fields: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (name, value) in &fields {
            assert!(
                self.page.contains(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")),
                "{name}"
            );
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.visitor.send(path, &fields).await.text().await.expect("a page")
    }

    /// The refused rows as a file.
    pub(super) async fn refused(&self) -> String {
        let (path, query) = self.path.split_once('?').expect("a query");
        let file = format!("{path}/refused.csv?{query}");
        assert!(self.page.contains(&file.replace('&', "&amp;")), "{}", self.page);
        let answer = self.visitor.get(&file).await;
        assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"refused.csv\"");
        answer.text().await.expect("a file")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_previewed_imported_and_corrected_on_the_dashboard() {
    let server = Server::new(two_accounts()).await;
    let before = server.dialer.everything();
    let user = server.user(Role::Operate, &["acme"]);
    let preview = upload(&user, MIXED.into(), &[("as", "owned")]).await;
    for words in [
        "numbers.csv",
        "UTF-8, separated by semicolons; numbers in column &quot;Phone #&quot;",
        "Column &quot;Fax&quot; has numbers too.",
        "(310) 555-0101",
        "1 new number",
        "2 already known, 4 refused",
        "Nothing is imported yet",
        "4 refused rows",
        "+13105550109 belongs to another account",
        "it has letters",
        "Import 1 number",
        "Tick Vanity numbers",
    ] {
        assert!(preview.page.contains(words), "{words}: {}", preview.page);
    }
    let refused = preview.refused().await;
    assert!(refused.starts_with("Name,Phone #,Fax,reason\nDee,13105550109,"), "{refused}");
    assert_eq!(server.dialer.everything(), before);

    let (path, _) = preview.path.split_once('?').expect("a query");
    let fax = user.page(&format!("{path}?column=3&as=owned")).await;
    assert!(fax.contains("numbers in column &quot;Fax&quot;") && fax.contains("7 new numbers"), "{fax}");
    assert!(fax.contains("<option value=\"column 3\" selected>Fax</option>"), "{fax}");
    let phone = user.page(&format!("{path}?column=column+2&as=owned")).await;
    assert!(phone.contains("numbers in column &quot;Phone #&quot;"), "{phone}");
    let unknown = user.get(&format!("{path}?column=Mobile")).await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = unknown.text().await.expect("a page");
    assert!(unknown.contains("no column &quot;Mobile&quot;") && unknown.contains("Name the column"), "{unknown}");

    let done = preview.import().await;
    assert!(done.contains("1 number imported") && done.contains("2 already known, 4 refused"), "{done}");
    assert_eq!(server.dialer.field_of_each("numbers list acme", "number"), [100, 101].map(e164));
    assert_eq!(preview.refused().await, refused, "the refused rows can be downloaded after the import too");
    let corrected = refused.replace("O113", "0113").into_bytes();
    let done = upload(&user, corrected, &[("vanity", "1"), ("as", "candidates")]).await.import().await;
    assert!(done.contains("2 candidates imported") && done.contains("0 already known, 2 refused"), "{done}");
    assert_eq!(
        server.dialer.field_of_each("numbers candidates acme", "number"),
        [e164(113), e164(140), "+18003569377".into()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_its_users_own_and_ends_with_the_server() {
    let dialer = two_accounts();
    let mut server = Server::new(dialer).await;
    let path = {
        let (user, colleague) = (server.user(Role::Operate, &["acme", "other"]), server.user(Role::Operate, &["acme"]));
        let preview = upload(&user, MIXED.into(), &[]).await;
        let (path, _) = preview.path.split_once('?').expect("a query");
        for (visitor, path) in [(&colleague, path.to_owned()), (&user, path.replace("/acme/", "/other/"))] {
            let answer = visitor.get(&path).await;
            assert_eq!(answer.status(), StatusCode::GONE, "{path}");
            let page = answer.text().await.expect("a page");
            assert!(page.contains("kept for 15 minutes") && page.contains("Upload it again."), "{page}");
            assert_eq!(visitor.send(&path, &[]).await.status(), StatusCode::GONE);
        }
        let reader = server.user(Role::Read, &["acme"]);
        assert_eq!(reader.get(path).await.status(), StatusCode::FORBIDDEN);
        let nothing = user.submit(("text", b""), &[]).await;
        assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(nothing.text().await.expect("a page").contains("choose a file, or paste the numbers"));
        path.to_owned()
    };
    server.restart().await;
    let user = server.user(Role::Operate, &["acme"]);
    assert_eq!(user.get(&path).await.status(), StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_upload_says_what_to_do() {
    let server = Server::new(Dialer::with_account("")).await;
    let user = server.user(Role::Operate, &["acme"]);
    for (content, words) in [
        (&b"PK\x03\x04\x14"[..], "save it as CSV"),
        (b"<html><body>404", "is a web page"),
        (b"name,city\nLee,Clinton\n", "no column of phone numbers"),
        (b"\n \n", "the file is empty"),
    ] {
        let preview = upload(&user, content.to_vec(), &[]).await;
        assert!(preview.page.contains(words), "{words}: {}", preview.page);
        assert_eq!(user.get(&preview.path).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    // A row of many fields is shown in part, and one of more than a million is refused.
    let wide = async |fields: usize| {
        upload(&user, format!("+13105550101{}", ",x".repeat(fields)).into_bytes(), &[]).await.page
    };
    let shown = wide(999_999).await;
    assert!(shown.contains("1 new number") && shown.len() < 100_000, "{}", shown.len());
    let refused = wide(1_000_000).await;
    assert!(
        refused.contains("more than 1000000 fields in one row") && refused.contains("Divide the file"),
        "{refused}"
    );
}

// The API

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_previewed_and_imported_by_the_api_as_by_the_command() {
    let server = Server::new(two_accounts()).await;
    server.dialer.file("mixed.csv", MIXED);
    let program = server.program(Role::Operate, &["acme"]);
    for (query, options) in [
        ("", ""),
        ("&column=Fax", " --column Fax"),
        ("&column=Phone%20%23&vanity=true", " --vanity"),
        ("&as=candidate", " --candidates"),
    ] {
        let answer = program.import(&format!("?dry-run=true{query}"), MIXED).await;
        let preview: Value = answer.json().await.expect("JSON");
        let ran = server.dialer.run(&format!("numbers import acme mixed.csv --dry-run --json{options}"));
        assert_eq!(ran.json(), preview, "{query}");
    }
    assert_eq!(server.dialer.field_of_each("numbers list acme", "number"), [e164(100)]);
    let imported: Value = program.import("?vanity=true", MIXED).await.json().await.expect("JSON");
    assert_eq!((&imported["imported"], &imported["refused-count"]), (&json!(2), &json!(3)));
    assert_eq!(
        server.dialer.field_of_each("numbers list acme", "number"),
        [e164(100), e164(101), "+18003569377".into()]
    );
    let refused = program.import("/refused?vanity=true", MIXED).await;
    assert_eq!(refused.headers()["content-type"], "text/csv; charset=utf-8");
    let refused = refused.text().await.expect("a file");
    assert!(refused.starts_with("Name,Phone #,Fax,reason\nDee,") && refused.lines().count() == 4, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_by_the_api_is_refused_where_it_is_no_file() {
    let server = Server::new(two_accounts()).await;
    let program = server.program(Role::Operate, &["acme"]);
    for (query, kind, body, status, words) in [
        ("", "application/json", "[\"+13105550101\"]", 415, "POST /api/v1/accounts/{account}/numbers"),
        ("", "multipart/form-data; boundary=x", "--x--", 415, "--data-binary"),
        ("", "text/csv", "", 422, "the file is empty"),
        ("", "text/csv", "name,city\nLee,Clinton\n", 422, "query parameter `column`"),
        ("?column=Mobile", "text/csv", MIXED, 422, "it has Name, Phone #, Fax"),
        ("?colum=Fax", "text/csv", MIXED, 400, "colum"),
        ("?dry-run=perhaps", "text/csv", MIXED, 400, "dry-run"),
        ("?as=strangers", "text/csv", MIXED, 400, "strangers"),
    ] {
        let request = program.request(Method::POST, &format!("/api/v1/accounts/acme/numbers/import{query}"));
        let answer = request.header("content-type", kind).body(body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{query} {kind}");
        let problem = answer.text().await.expect("a problem");
        assert!(problem.contains(words), "{query} {kind}: {problem}");
    }
    let many = "12\n".repeat(250);
    let preview: Value = program.import("?column=1&dry-run=true", many).await.json().await.expect("JSON");
    assert_eq!((&preview["refused-count"], preview["refused"].as_array().map(Vec::len)), (&json!(250), Some(100)));
    let reader = server.program(Role::Read, &["acme"]);
    assert_eq!(reader.import("?dry-run=true", MIXED).await.status(), StatusCode::FORBIDDEN);
}

/// A preview repeated with its key is made again: the account may have changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_repeated_with_its_key_is_made_once_and_a_preview_each_time() {
    let server = Server::new(two_accounts()).await;
    let program = server.program(Role::Operate, &["acme"]);
    let send = async |path: &str, key: &str| {
        let request = program.request(Method::POST, &format!("/api/v1/accounts/acme/numbers/import{path}"));
        let request = request.header("content-type", "text/csv").header("idempotency-key", key);
        let answer = request.body(MIXED).send().await.expect("an answer");
        (answer.headers().contains_key("idempotency-replayed"), answer.text().await.expect("a body"))
    };
    let (_, preview) = send("?dry-run=true", "preview").await;
    let (_, refused) = send("/refused", "refused").await;
    let (is_replayed, imported) = send("", "import").await;
    assert!(!is_replayed);
    assert_eq!(send("", "import").await, (true, imported));
    let again: Value = serde_json::from_str(&send("?dry-run=true", "preview").await.1).expect("JSON");
    assert!(preview.contains("\"imported\":1") && again["imported"] == 0, "{preview} {again}");
    assert_eq!(send("/refused", "refused").await, (false, refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_that_the_api_refuses_says_why() {
    let server = Server::new(two_accounts()).await;
    let program = server.program(Role::Operate, &["acme"]);
    let import = async |body: Value| -> Vec<Value> {
        let answer = program.post("/api/v1/accounts/acme/numbers", body).await;
        each(&answer.json::<Value>().await.expect("the outcomes")["outcomes"], "why")
    };
    let given = json!({"numbers": [e164(101), e164(100), e164(109), "1-800-FLOWERS", "310-555-O113"]});
    let whys = import(given.clone()).await;
    assert_eq!(whys[..3], [Value::Null, Value::Null, json!("belongs to another account")]);
    let says =
        |why: &Value, words: &str| assert!(why.as_str().is_some_and(|why| why.contains(words)), "{words}: {why}");
    says(&whys[3], "`vanity` reads vanity numbers");
    says(&whys[4], "it has letters");
    let mut with_vanity = given;
    with_vanity["vanity"] = json!(true);
    let whys = import(with_vanity).await;
    assert_eq!(whys[3], Value::Null);
    says(&whys[4], "it has letters");
}
