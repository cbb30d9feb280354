//! Sources as the program adds, tests and asks them: `dialguard sources`, budgets, secrets, and what a review says of them.

use crate::harness::acme::DAY;
use crate::harness::desk::{Dialer, Outcome, e164, each};
use crate::harness::services::fault::Fault;
use crate::harness::services::source::FakeSource;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

const SECRET: &str = "hunter2hunter2";

/// A dialer at its desk whose carriers are one service; `price` of a cent a lookup.
struct Desk {
    fake: FakeSource,
    dialer: Dialer,
}

impl Desk {
    async fn new(options: &str) -> Self {
        let fake = FakeSource::new().await;
        let dialer = Dialer::with_ledger();
        dialer.run("account add acme --blocks 1 --time-zone UTC").exits(0);
        let served = Desk { fake, dialer };
        served.run(&format!("sources add hiya {options} --price-cents 1 --base-url {}", served.fake.address)).exits(0);
        served
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
    let desk = Desk::new(&format!("{TELNYX} --budget-cents 100")).await;
    desk.dialer.import(100..103, "");
    desk.run("monitor acme --all").exits(0);
    desk.run("review acme").exits(0);
    let asked = desk.fake.requests();
    assert_eq!((asked, desk.spent()), (3, 3));
    desk.dialer.pass(10 * 3_600);
    desk.run("review acme").exits(0);
    desk.run(&format!("screen acme{}", numbers(100..103))).exits(0).says(&["1 of 1 flag it"]);
    assert_eq!((desk.fake.requests(), desk.spent()), (3, 3));
    desk.dialer.pass(14 * 3_600);
    desk.run("review acme").exits(0);
    assert_eq!((desk.fake.requests(), desk.spent()), (6, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_day_holds_between_processes_and_when_one_is_killed() {
    let desk = Desk::new(&format!("{TELNYX} --budget-cents 20")).await;
    let mut both = [0, 30].map(|first| desk.spawn(&format!("screen acme{}", numbers(first..first + 30))));
    both.iter_mut().for_each(|process| assert!(process.wait().unwrap().success()));
    assert_eq!((desk.fake.requests(), desk.spent()), (20, 20));

    desk.dialer.pass(DAY);
    desk.fake.fails(Fault::NoAnswer);
    let mut killed = desk.spawn(&format!("screen acme{}", numbers(100..120)));
    while desk.fake.requests() == 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    desk.fake.fails(None);
    let asked = desk.fake.requests();
    assert_eq!(desk.spent(), 20, "what may have been asked for is counted");
    desk.run(&format!("screen acme{}", numbers(200..220))).exits(0).says(&["the budget of $0.20 a day"]);
    // Adding it anew gives no second budget.
    desk.run("sources remove hiya").exits(0);
    let add = format!("sources add hiya {TELNYX} --price-cents 1 --budget-cents 20 --base-url {}", desk.fake.address);
    desk.run(&add).exits(0);
    desk.run(&format!("screen acme{}", numbers(200..220))).exits(0);
    assert_eq!(desk.fake.requests(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_response_is_an_event_that_names_the_source() {
    let desk = Desk::new(&format!("{TELNYX} --budget-cents 1000")).await;
    desk.dialer.import(100..103, "");
    desk.run("monitor acme --all").exits(0);
    desk.fake.fails(Fault::Html);
    desk.run("review acme").exits(0);
    let told = each(&serde_json::Value::Array(desk.dialer.events("carrier-problem")), "text");
    let told = told.iter().filter_map(|text| text.as_str()).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].starts_with("hiya: invalid response: HTML instead of JSON"), "{told:?}");
    assert_eq!(desk.dialer.standing(101), "2 pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_says_whether_a_service_works_and_what_to_mend() {
    let desk = Desk::new(&format!("{TELNYX} --budget-cents 1000")).await;
    desk.run("sources test hiya +13105550101").exits(0).says(&["hiya works", "Hiya", "95", "Telemarketing"]);
    let answered = desk.run("sources test hiya 310-555-0100 --json").exits(0).json();
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
        desk.fake.fails(fault);
        desk.run("sources test hiya +13105550101").exits(1).says(words);
    }
    desk.fake.fails(None);
    let listed = desk.run("sources list --json").exits(0).json();
    assert_eq!(listed["sources"][0]["today"]["budget"], "$10.00");
    desk.run("sources list").says(&["of $10.00 spent"]);
    desk.run("sources test nobody +13105550101").exits(1).says(&["no source is named"]);
    let add = |url: &str| {
        desk.run("sources remove hiya");
        desk.run(&format!("sources add hiya {TELNYX} --price-cents 0.3 --budget-cents 10 --base-url {url}"))
    };
    add("https://nowhere.invalid/v2").exits(0);
    desk.run("sources test hiya +13105550101").exits(1).says(&["nowhere.invalid could not be reached"]);
    add(&desk.fake.address.replace("http:", "https:")).exits(0);
    desk.run("sources test hiya +13105550101").exits(1).says(&["could not be reached"]);
    add("http://example.com").exits(1).says(&["unencrypted"]);
    // What may have cost something: two answers, a redirect, an HTML page, and three attempts at an error of 500.
    assert_eq!(desk.spent(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_to_ask_a_service_is_said_when_it_is_added() {
    let desk = Dialer::new();
    let said = |options: &str, words: &[&str]| {
        desk.run(&format!("sources add them {options}")).says(words);
        assert!(!desk.path("ledger/dialguard.db").exists(), "{options}");
    };
    said("--telnyx --price-cents 1 --budget-cents 1", &["Telnyx takes --api-key env:NAME"]);
    said("--telnyx --login-id env:A --price-cents 1 --budget-cents 1", &["no other secrets"]);
    said("--nomorobo --account-sid env:A --price-cents 1 --budget-cents 1", &["--auth-token", "or --api-key"]);
    said("--telnyx --api-key env:A", &["--price-cents"]);
    said("--telnyx --api-key env:A --price-cents 1", &["--budget-cents"]);
    said("--telnyx --api-key env:A --price-cents 0.00001 --budget-cents 1", &["four decimals"]);
    said("--telnyx --api-key env:A --price-cents=-1 --budget-cents 1", &["cents from 0"]);
    said("--telnyx --api-key env:NOT_SET --price-cents 1 --budget-cents 1", &["its api key", "NOT_SET is not set"]);
    let refused = desk.run(&format!("sources add them --telnyx --api-key {SECRET} --price-cents 1 --budget-cents 1"));
    refused.exits(2).says(&["env:NAME or file:PATH"]);
    desk.file("verdicts.csv", "number,carrier,score,label,observed_at\n");
    said("--verdicts verdicts.csv --price-cents 1", &["require --trustcall"]);
    desk.file("secret", SECRET);
    std::fs::set_permissions(desk.path("secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    said("--telnyx --api-key file:secret --price-cents 1 --budget-cents 1", &["chmod o="]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_appear_nowhere() {
    // As Basic has it, of the secret as user and as password.
    let encoded = "aHVudGVyMmh1bnRlcjI6aHVudGVyMmh1bnRlcjI=";
    let twilio = "--nomorobo --account-sid env:THEIR_SECRET --auth-token env:THEIR_SECRET";
    for options in [TELNYX, "--trustcall --login-id env:THEIR_SECRET", twilio] {
        let desk = Desk::new(&format!("{options} --budget-cents 1000")).await;
        desk.dialer.import(100..103, "");
        let mut said = String::new();
        for (fault, line) in [
            (None, "monitor acme --all"),
            (None, "sources test hiya +13105550101 --json"),
            (Some(Fault::Status(401)), "sources test hiya +13105550101"),
            (Some(Fault::Status(400)), "sources test hiya +13105550101"),
            (Some(Fault::Status(500)), "sources test hiya +13105550101"),
            (Some(Fault::Status(422)), "review acme --json"),
            (None, "sources list --json"),
            (None, "events acme --json"),
            (Some(Fault::Status(422)), "serve --once"),
        ] {
            desk.fake.fails(fault);
            if line.starts_with("serve") {
                desk.dialer.pass(DAY);
            }
            let ran = desk.run(line);
            said += &(ran.stdout + &ran.stderr);
        }
        for there in ["20422", "env:THEIR_SECRET", "[secret]", "TRACE"] {
            assert!(said.contains(there), "{there}: {said}");
        }
        assert!(!said.contains(SECRET) && !said.contains(encoded), "{said}");
        let files = std::fs::read_dir(desk.dialer.path("ledger")).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
        let contents: Vec<_> = files.map(|file| std::fs::read(file).unwrap()).collect();
        let has =
            |text: &str| contents.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        assert!(has("THEIR_SECRET") && !has(SECRET) && !has(encoded));
    }
}
