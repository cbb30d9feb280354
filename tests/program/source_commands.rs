//! Sources on the command line: `dialguard sources`, budgets, secrets, and what a review reports about them.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use crate::harness::services::fault::Fault;
use crate::harness::services::source::FakeSource;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

const SECRET: &str = "hunter2hunter2";

/// A dialer with one paid source, whose lookups cost one cent.
struct Fixture {
    fake: FakeSource,
    dialer: Dialer,
}

impl Fixture {
    async fn new(options: &str) -> Self {
        let fake = FakeSource::new().await;
        let dialer = Dialer::with_ledger();
        dialer.run("account add acme --blocks 1 --time-zone UTC").exits(0);
        let fixture = Fixture { fake, dialer };
        fixture
            .run(&format!("sources add hiya {options} --price-cents 1 --base-url {}", fixture.fake.address))
            .exits(0);
        fixture
    }

    fn run(&self, line: &str) -> Outcome {
        let (line, mut command) = self.command(line);
        Outcome::new(line, command.output().expect("the program starts"))
    }

    fn spawn(&self, line: &str) -> Child {
        self.command(line).1.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    fn command(&self, line: &str) -> (String, std::process::Command) {
        let line = format!("{line} --at {}", dialguard::calendar::rfc3339(self.dialer.now()));
        let mut command = self.dialer.command(&line.split_whitespace().collect::<Vec<_>>());
        command.env("THEIR_SECRET", SECRET).env("RUST_LOG", "trace");
        (line, command)
    }

    fn spent(&self) -> u64 {
        self.dialer.ledger().lookups_spent("hiya", self.dialer.now()).unwrap().count
    }
}

const TELNYX: &str = "--telnyx --api-key env:THEIR_SECRET";

fn numbers(range: std::ops::Range<u64>) -> String {
    range.map(|last| format!(" {}", e164(last))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_on_the_same_day_makes_no_request() {
    let fixture = Fixture::new(&format!("{TELNYX} --budget-cents 100")).await;
    fixture.dialer.import(100..103, "");
    fixture.run("monitor acme --all").exits(0);
    fixture.run("review acme").exits(0);
    let asked = fixture.fake.requests();
    assert_eq!((asked, fixture.spent()), (3, 3));
    fixture.dialer.pass(10 * 3_600);
    fixture.run("review acme").exits(0);
    fixture.run(&format!("screen acme{}", numbers(100..103))).exits(0).says(&["1 of 1 flag it"]);
    assert_eq!((fixture.fake.requests(), fixture.spent()), (3, 3));
    fixture.dialer.pass(14 * 3_600);
    fixture.run("review acme").exits(0);
    assert_eq!((fixture.fake.requests(), fixture.spent()), (6, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_day_holds_between_processes_and_when_one_is_killed() {
    let fixture = Fixture::new(&format!("{TELNYX} --budget-cents 20")).await;
    let mut both = [0, 30].map(|first| fixture.spawn(&format!("screen acme{}", numbers(first..first + 30))));
    both.iter_mut().for_each(|process| assert!(process.wait().unwrap().success()));
    assert_eq!((fixture.fake.requests(), fixture.spent()), (20, 20));

    fixture.dialer.pass(DAY);
    fixture.fake.fails(Fault::NoAnswer);
    let mut killed = fixture.spawn(&format!("screen acme{}", numbers(100..120)));
    while fixture.fake.requests() == 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    fixture.fake.fails(None);
    let asked = fixture.fake.requests();
    assert_eq!(fixture.spent(), 20, "what may have been asked for is counted");
    fixture.run(&format!("screen acme{}", numbers(200..220))).exits(0).says(&["the budget of $0.20 a day"]);
    // Adding it again gives no second budget.
    fixture.run("sources remove hiya").exits(0);
    let add =
        format!("sources add hiya {TELNYX} --price-cents 1 --budget-cents 20 --base-url {}", fixture.fake.address);
    fixture.run(&add).exits(0);
    fixture.run(&format!("screen acme{}", numbers(200..220))).exits(0);
    assert_eq!(fixture.fake.requests(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_response_is_an_event_that_names_the_source() {
    let fixture = Fixture::new(&format!("{TELNYX} --budget-cents 1000")).await;
    fixture.dialer.import(100..103, "");
    fixture.run("monitor acme --all --no-check").exits(0);
    fixture.fake.fails(Fault::Html);
    fixture.run("review acme").exits(0);
    let problems = each(&serde_json::Value::Array(fixture.dialer.events("carrier-problem")), "text");
    let problems = problems.iter().filter_map(|text| text.as_str()).collect::<Vec<_>>();
    assert!(
        problems.len() == 1 && problems[0].starts_with("hiya: invalid response: HTML instead of JSON"),
        "{problems:?}"
    );
    assert_eq!(fixture.dialer.standing(101), "2 pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_test_says_whether_a_source_works_and_what_to_fix() {
    let fixture = Fixture::new(&format!("{TELNYX} --budget-cents 1000")).await;
    fixture.run("sources test hiya +13105550101").exits(0).says(&["hiya works", "Hiya", "95", "Telemarketing"]);
    let answered = fixture.run("sources test hiya 310-555-0100 --json").exits(0).json();
    assert_eq!(answered["answers"][0]["score"], 10);
    let scenarios: [(Fault, &[&str]); 7] = [
        (Fault::Status(401), &["hiya does not work", "error 20401", "api key (env:THEIR_SECRET)"]),
        (Fault::Status(402), &["add funds to the account"]),
        (Fault::Status(403), &["number reputation", "lacks permission"]),
        (Fault::TooManyFor(600), &["next attempt in 600 seconds"]),
        (Fault::Redirect, &["redirect to elsewhere.example", "base URL"]),
        (Fault::Html, &["HTML instead of JSON", "proxy"]),
        (Fault::ServerError, &["HTTP 500"]),
    ];
    for (fault, words) in scenarios {
        fixture.fake.fails(fault);
        fixture.run("sources test hiya +13105550101").exits(1).says(words);
    }
    fixture.fake.fails(None);
    let listed = fixture.run("sources list --json").exits(0).json();
    assert_eq!(listed["sources"][0]["today"]["budget"], "$10.00");
    fixture.run("sources list").says(&["of $10.00 spent"]);
    fixture.run("sources test nobody +13105550101").exits(1).says(&["no source is named"]);
    let add = |url: &str| {
        fixture.run("sources remove hiya");
        fixture.run(&format!("sources add hiya {TELNYX} --price-cents 0.3 --budget-cents 10 --base-url {url}"))
    };
    add("https://nowhere.invalid/v2").exits(0);
    fixture.run("sources test hiya +13105550101").exits(1).says(&["nowhere.invalid could not be reached"]);
    add(&fixture.fake.address.replace("http:", "https:")).exits(0);
    fixture.run("sources test hiya +13105550101").exits(1).says(&["could not be reached"]);
    add("http://example.com").exits(1).says(&["unencrypted"]);
    // Possibly charged: two answers, a redirect, an HTML page, and three attempts that ended with status 500.
    assert_eq!(fixture.spent(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_a_source_names_missing_settings() {
    let fixture = Dialer::new();
    let is_refused = |options: &str, words: &[&str]| {
        fixture.run(&format!("sources add them {options}")).says(words);
        assert!(!fixture.path("ledger/dialguard.db").exists(), "{options}");
    };
    is_refused("--telnyx --price-cents 1 --budget-cents 1", &["--api-key", "Telnyx takes api-key"]);
    is_refused("--telnyx --login-id env:A --price-cents 1 --budget-cents 1", &["no other secrets"]);
    is_refused(
        "--nomorobo --account-sid env:A --price-cents 1 --budget-cents 1",
        &["--auth-token", "account-sid and auth-token, or api-key"],
    );
    is_refused("--telnyx --api-key env:A", &["--price-cents"]);
    is_refused("--telnyx --api-key env:A --price-cents 1", &["--budget-cents"]);
    is_refused("--telnyx --api-key env:A --price-cents 0.00001 --budget-cents 1", &["four decimals"]);
    is_refused("--telnyx --api-key env:A --price-cents=-1 --budget-cents 1", &["cents from 0"]);
    is_refused(
        "--telnyx --api-key env:NOT_SET --price-cents 1 --budget-cents 1",
        &["its api key", "NOT_SET is not set"],
    );
    let refused =
        fixture.run(&format!("sources add them --telnyx --api-key {SECRET} --price-cents 1 --budget-cents 1"));
    refused.exits(2).says(&["env:NAME or file:PATH"]);
    fixture.file("verdicts.csv", "number,carrier,score,label,observed_at\n");
    is_refused("--verdicts verdicts.csv --price-cents 1", &["are for trustcall"]);
    fixture.file("secret", SECRET);
    std::fs::set_permissions(fixture.path("secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    is_refused("--telnyx --api-key file:secret --price-cents 1 --budget-cents 1", &["chmod o="]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_appear_nowhere() {
    // The secret as user and as password in Basic authentication.
    let encoded = "aHVudGVyMmh1bnRlcjI6aHVudGVyMmh1bnRlcjI=";
    let twilio = "--nomorobo --account-sid env:THEIR_SECRET --auth-token env:THEIR_SECRET";
    for options in [TELNYX, "--trustcall --login-id env:THEIR_SECRET", twilio] {
        let fixture = Fixture::new(&format!("{options} --budget-cents 1000")).await;
        fixture.dialer.import(100..103, "");
        let mut output = String::new();
        for (fault, line) in [
            (None, "monitor acme --all --no-check"),
            (None, "sources test hiya +13105550101 --json"),
            (Some(Fault::Status(401)), "sources test hiya +13105550101"),
            (Some(Fault::Status(400)), "sources test hiya +13105550101"),
            (Some(Fault::Status(500)), "sources test hiya +13105550101"),
            (Some(Fault::Status(422)), "review acme --json"),
            (None, "sources list --json"),
            (None, "events acme --json"),
            (Some(Fault::Status(422)), "serve --once"),
        ] {
            fixture.fake.fails(fault);
            if line.starts_with("serve") {
                fixture.dialer.pass(DAY);
            }
            let ran = fixture.run(line);
            output += &(ran.stdout + &ran.stderr);
        }
        for there in ["20422", "env:THEIR_SECRET", "[secret]", "TRACE"] {
            assert!(output.contains(there), "{there}: {output}");
        }
        assert!(!output.contains(SECRET) && !output.contains(encoded), "{output}");
        let files = std::fs::read_dir(fixture.dialer.path("ledger")).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
        let contents: Vec<_> = files.map(|file| std::fs::read(file).unwrap()).collect();
        let has =
            |text: &str| contents.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        assert!(has("THEIR_SECRET") && !has(SECRET) && !has(encoded));
    }
}
