//! The program, killed while it sends a message.

use crate::harness::dialer::{Dialer, e164};
use crate::harness::receiver::{Answers, Receiver};
use dialguard_dialer::ledger::{DeliveryState, Ledger};
use serde_json::json;
use std::process::{Child, Stdio};

/// A program that is killed while it sends a message loses none. The receiver may get one twice, with the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_between_reviewing_and_delivering_loses_nothing() {
    let dialer = Dialer::with_ledger();
    let now = chrono::Utc::now().timestamp() as u64;
    dialer.it_is(&dialguard::calendar::rfc3339(now));
    dialer.run("account add acme --blocks 1 --time-zone UTC --review-at 00:00 --checks-to-flag 1").exits(0);
    dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (102, "ooo")]);
    dialer.run("sources add carriers --verdicts verdicts.csv").exits(0);
    dialer.import(100..103, "");
    dialer.run("monitor acme --all --no-check").exits(0);
    let receiver = Receiver::new().await;
    let added = dialer.json(&format!("alerts add --account acme --allow-private {}", receiver.url()));
    receiver.answer(Answers::Nothing);

    let serving =
        KillOnDrop(dialer.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::null()).spawn().unwrap());
    let first = receiver.first_message().await;
    drop(serving);
    let delivered = |ledger: &Ledger| ledger.deliveries(None, false, 10).unwrap()[0].state;
    assert!(matches!(delivered(&dialer.ledger()), DeliveryState::Waiting(_)));

    receiver.answer(Answers::Status(204));
    receiver.take_messages();
    // The killed program held the webhook for a minute.
    dialer.pass(chrono::Utc::now().timestamp() as u64 - now + 61);
    dialer.run("alerts deliver --once").exits(0).says(&["1 message delivered"]);
    let again = receiver.first_message().await;
    assert_eq!((&again.id, &again.body), (&first.id, &first.body));
    assert_ne!(again.timestamp, first.timestamp, "the time is that of the try");
    again.is_signed_with(added["secret"].as_str().unwrap());
    assert!(matches!(delivered(&dialer.ledger()), DeliveryState::Delivered(_)));

    // The next program sends what one left that was killed before its try, by the real time.
    dialer.it_is(&dialguard::calendar::rfc3339(chrono::Utc::now().timestamp() as u64));
    receiver.take_messages();
    dialer.import([103], "");
    dialer.run(&format!("monitor acme {} --no-check", e164(103))).exits(0);
    dialer.carriers_say(&[(103, "xxx")]);
    dialer.run("review acme").exits(0);
    let serving = KillOnDrop(dialer.command(&["serve", "--no-page"]).stderr(Stdio::null()).spawn().unwrap());
    let message = receiver.first_message().await;
    drop(serving);
    assert_eq!(message.json()["data"]["turned-flagged"]["first"], json!([e164(103)]));
    let headers = [("webhook-id", message.id.clone()), ("webhook-timestamp", message.timestamp.to_string())];
    let headers = headers.into_iter().chain([("webhook-signature", message.signature.clone())]);
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let webhook = standardwebhooks::Webhook::new(added["secret"].as_str().unwrap()).unwrap();
    webhook.verify(message.body.as_bytes(), &headers).expect("the specification's library takes it");
}

/// A program that is killed when this is dropped.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // SIGKILL: the program cannot clean up.
        self.0.kill().expect("the program is killed");
        self.0.wait().expect("the program has ended");
    }
}
