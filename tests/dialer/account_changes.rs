//! Changes of an account: its blocks, its switch and its settings in one transaction, charged once.

use super::scene::{ACME, Scene};
use crate::harness::acme::{DAY, NOW};
use crate::harness::policies::reference::reference;
use dialguard::calendar::NaiveTime;
use dialguard::contract::{Answer, Outcome, Request};
use dialguard_dialer::dialguard::{ChangeOutcome, ChangePreview};
use dialguard_dialer::ledger::{AccountChange, ImportedAs};

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

/// Ten blocks, switched off, and in a later cycle switched on with another number of blocks.
struct BackFromAPause {
    name: &'static str,
    /// Numbers monitored before the pause, and how many of them the user stops monitoring in the uncharged cycle.
    monitored: u64,
    stopped: u64,
    on_at: u64,
    blocks: u32,
    /// Blocks charged by the change; slots now, and from the next cycle on.
    charged: u64,
    slots: (u32, u32),
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pause_only_the_blocks_asked_for_are_charged() {
    let unpaid = NOW + 40 * DAY;
    let pause = |name, monitored, blocks, charged, slots| BackFromAPause {
        name,
        monitored,
        stopped: 0,
        on_at: unpaid,
        blocks,
        charged,
        slots,
    };
    let scenarios = [
        pause("one block is enough", 4, 1, 1, (15, 15)),
        pause("some, but fewer than before", 4, 2, 2, (30, 30)),
        pause("as many as before", 4, 10, 10, (150, 150)),
        pause("more than before", 4, 12, 12, (180, 180)),
        pause("as many as its numbers need", 16, 2, 2, (30, 30)),
        BackFromAPause { on_at: NOW + DAY, ..pause("a cycle that was paid", 4, 1, 0, (150, 15)) },
        // 12 numbers and 4 locks take 16 slots until this cycle ends.
        BackFromAPause { stopped: 4, ..pause("locked slots are kept, and paid for", 16, 1, 2, (30, 15)) },
        BackFromAPause { stopped: 4, on_at: NOW + DAY, ..pause("locks in a paid cycle", 16, 1, 0, (150, 15)) },
    ];
    for scenario in scenarios {
        let BackFromAPause { name, monitored, stopped, on_at, blocks, charged, slots } = scenario;
        let scene = Scene::new().await;
        let dialguard = scene.dialguard(reference());
        let change = |enabled, blocks| AccountChange { enabled, blocks, ..AccountChange::default() };
        dialguard.change_account("acme", &change(None, Some(10))).await.expect("ten blocks");
        let more: Vec<_> = (ACME + 10..ACME + 10 + monitored - 4).collect();
        dialguard.ledger().import_numbers("acme", &more, ImportedAs::Owned, NOW).expect("numbers");
        dialguard.decide("acme", &Request::StartMonitoring(more.clone())).await.expect("they are monitored");
        dialguard.change_account("acme", &change(Some(false), None)).await.expect("it is switched off");
        let dialguard = dialguard.at(on_at);
        let some = more.into_iter().take(stopped as usize).collect();
        dialguard.decide("acme", &Request::StopMonitoring(some)).await.expect("some are stopped");

        let before = scene.charged_cents("acme");
        let back = AccountChange { review_at: seven_thirty(), ..change(Some(true), Some(blocks)) };
        let previewed = dialguard.try_change_account("acme", &back).await.expect("a price");
        let ChangePreview::Price(price) = previewed else { panic!("{name}: {previewed:?}") };
        assert_eq!(scene.charged_cents("acme"), before, "{name}: a preview charges nothing");
        assert_eq!((price.now_cents, price.next_cents), (charged * BLOCK, u64::from(blocks) * BLOCK), "{name}");

        assert_eq!(dialguard.change_account("acme", &back).await.expect("an answer"), ChangeOutcome::Changed, "{name}");
        assert_eq!(scene.charged_cents("acme") - before, charged * BLOCK, "{name}");
        let account = dialguard.ledger().account("acme").expect("an account");
        assert_eq!((account.slot_count, account.slot_count_next), slots, "{name}");
        assert_eq!((account.enabled, Some(account.review_at)), (true, seven_thirty()), "{name}");
        // Switched off and on again in the cycle that is paid now.
        for enabled in [false, true] {
            dialguard.change_account("acme", &change(Some(enabled), None)).await.expect("a switch");
        }
        assert_eq!(scene.charged_cents("acme") - before, charged * BLOCK, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_blocks_than_monitored_numbers_need_are_refused_after_a_pause_too() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
    dialguard.change_account("acme", &off).await.expect("it is switched off");
    let before = scene.snapshot();
    let dialguard = dialguard.at(NOW + 40 * DAY);
    let none = AccountChange { enabled: Some(true), blocks: Some(0), ..AccountChange::default() };
    let outcome = dialguard.change_account("acme", &none).await.expect("an answer");
    assert_eq!(outcome, refused(Answer::SlotsInUse));
    let previewed = dialguard.try_change_account("acme", &none).await.expect("an answer");
    assert!(matches!(previewed, ChangePreview::BlocksRefused(_)), "{previewed:?}");
    assert_eq!(scene.snapshot(), before);
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
