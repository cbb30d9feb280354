//! Changes of an account: its blocks, its switch and its settings in one transaction, charged once.

use super::scene::Scene;
use crate::harness::acme::{DAY, NOW};
use crate::harness::policies::reference::reference;
use dialguard::calendar::NaiveTime;
use dialguard::contract::{Answer, Outcome};
use dialguard_dialer::dialguard::ChangeOutcome;
use dialguard_dialer::ledger::AccountChange;

/// US cents of one block.
const BLOCK: u64 = 4_900;

fn refused(answer: Answer) -> ChangeOutcome {
    ChangeOutcome::BlocksRefused(Outcome { answer, until: None })
}

fn seven_thirty() -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(7, 30, 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_on_and_buying_blocks_is_one_change_and_charged_once() {
    // When the add-on is switched on again, and the cost of the whole change.
    let scenarios = [
        ("within the paid cycle: the second block", NOW + DAY, BLOCK),
        ("in a cycle that was not paid: both blocks", NOW + 40 * DAY, 2 * BLOCK),
    ];
    for (name, now, expected) in scenarios {
        let scene = Scene::new().await;
        let dialguard = scene.dialguard(reference());
        let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
        dialguard.change_account("acme", &off).await.expect("it is switched off");
        let dialguard = dialguard.at(now);
        let before = scene.charged_cents("acme");

        let blocks = AccountChange { blocks: Some(2), ..AccountChange::default() };
        let outcome = dialguard.change_account("acme", &blocks).await.expect("an answer");
        assert_eq!(outcome, refused(Answer::AddOnOff), "{name}");
        let both = AccountChange { enabled: Some(true), ..blocks };
        for repetition in ["first", "second"] {
            let outcome = dialguard.change_account("acme", &both).await.expect("an answer");
            assert_eq!(outcome, ChangeOutcome::Changed, "{name}, {repetition}");
            assert_eq!(scene.charged_cents("acme") - before, expected, "{name}, {repetition}");
        }
        let account = dialguard.ledger().account("acme").expect("an account");
        assert_eq!((account.enabled, account.blocks(), account.blocks_next()), (true, 2, 2), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_can_be_changed_together_with_switching_off() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let change = AccountChange { enabled: Some(false), blocks: Some(2), ..AccountChange::default() };
    assert_eq!(dialguard.change_account("acme", &change).await.expect("an answer"), ChangeOutcome::Changed);
    let account = dialguard.ledger().account("acme").expect("an account");
    assert_eq!((account.enabled, account.blocks()), (false, 2));
    assert_eq!(scene.charged_cents("acme"), 2 * BLOCK);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_blocks_leave_the_rest_of_the_change_undone() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let before = scene.snapshot();
    let change =
        AccountChange { blocks: Some(0), enabled: Some(false), review_at: seven_thirty(), ..AccountChange::default() };
    let outcome = dialguard.change_account("acme", &change).await.expect("an answer");
    assert_eq!(outcome, refused(Answer::SlotsInUse));
    assert_eq!(scene.snapshot(), before);
}

/// Each statement of the transaction fails in turn, as on a full disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_half_way_is_undone() {
    let statements = [
        "UPDATE OF review_at ON accounts",
        "UPDATE OF enabled ON accounts",
        "UPDATE OF slot_count ON accounts",
        "UPDATE OF revision ON accounts",
        "INSERT ON runs",
        "INSERT ON recordings",
        "INSERT ON events WHEN NEW.kind = 'account-changed'",
        "INSERT ON events WHEN NEW.kind = 'blocks-changed'",
        "INSERT ON events WHEN NEW.kind = 'charged'",
    ];
    for enabled in [true, false] {
        let scene = Scene::new().await;
        let dialguard = scene.dialguard(reference());
        let switch = AccountChange { enabled: Some(!enabled), ..AccountChange::default() };
        dialguard.change_account("acme", &switch).await.expect("a switch");
        let change = AccountChange {
            enabled: Some(enabled),
            blocks: Some(3),
            review_at: seven_thirty(),
            ..AccountChange::default()
        };
        let before = scene.snapshot();
        for statement in statements {
            let fault =
                format!("CREATE TRIGGER fault BEFORE {statement} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",);
            scene.execute(&fault);
            let error = dialguard.change_account("acme", &change).await.expect_err(statement);
            assert!(error.to_string().contains("the disk is full"), "{statement}: {error}");
            scene.execute("DROP TRIGGER fault");
            assert_eq!(scene.snapshot(), before, "{statement}");
        }
        assert_eq!(dialguard.change_account("acme", &change).await.expect("an answer"), ChangeOutcome::Changed);
        let account = dialguard.ledger().account("acme").expect("an account");
        assert_eq!((account.enabled, account.blocks(), Some(account.review_at)), (enabled, 3, seven_thirty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_at_the_same_time_charge_their_blocks_once() {
    let scene = Scene::new().await;
    let changes = (0..6).map(|minute| {
        let dialguard = scene.dialguard(reference());
        tokio::spawn(async move {
            let review_at = NaiveTime::from_hms_opt(7, minute, 0);
            let change = AccountChange { blocks: Some(3), review_at, ..AccountChange::default() };
            dialguard.change_account("acme", &change).await.expect("an answer")
        })
    });
    for change in changes.collect::<Vec<_>>() {
        assert_eq!(change.await.expect("a change"), ChangeOutcome::Changed);
    }
    assert_eq!(scene.charged_cents("acme"), 3 * BLOCK);
}
