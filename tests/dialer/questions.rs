//! Questions that change nothing, asked while the account changes or of a policy that fails.

use super::scene::{ACME, Scene};
use crate::harness::acme::NOW;
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::limits::{LIMITS, compiled};
use crate::harness::policies::reference::reference;
use dialguard::contract::{PhoneNumber, Request};
use dialguard::policy::{Policy, PolicyError};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountChange, Buying, ImportedAs, Ledger, ProviderKind, ProviderProfile};
use dialguard_dialer::providers::{Offer, Provider, ProviderError, PurchaseStatus, Reservation, SearchArea};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A provider that is asked for numbers in the middle of a run, and meanwhile another task changes the account: once.
struct MeddlingProvider {
    ledger: Arc<Ledger>,
    searches: AtomicU64,
}

#[dialguard::async_trait]
impl Provider for MeddlingProvider {
    async fn search(&self, _: SearchArea, _: u32) -> Result<Vec<Offer>, ProviderError> {
        if self.searches.fetch_add(1, SeqCst) == 0 {
            self.ledger.import_numbers("acme", &[ACME + 20], ImportedAs::Owned, NOW).expect("the account changes");
        }
        Ok(Vec::new())
    }

    async fn reserve(&self, _: PhoneNumber) -> Result<Reservation, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn has(&self, _: PhoneNumber) -> Result<bool, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn order(&self, _: PhoneNumber, _: &str) -> Result<PurchaseStatus, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn purchase_status(&self, _: PhoneNumber, _: &str) -> Result<PurchaseStatus, ProviderError> {
        unreachable!("nothing is bought")
    }

    async fn carry_over(&self, _: PhoneNumber, _: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        unreachable!("nothing is bought")
    }

    async fn release(&self, _: PhoneNumber) -> Result<(), ProviderError> {
        unreachable!("nothing is released")
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        unreachable!("nobody asks")
    }

    async fn test(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Usage,
    Decide,
    DecideAll,
    Change,
    Review,
    Screen,
}

impl Question {
    const ALL: [Question; 6] =
        [Question::Usage, Question::Decide, Question::DecideAll, Question::Change, Question::Review, Question::Screen];

    async fn ask(self, dialguard: &Dialguard) -> Result<(), DialguardError> {
        match self {
            Question::Usage => dialguard.usage("acme").await.map(|_| ()),
            Question::Decide => {
                dialguard.try_decide("acme", &Request::ReplaceNumbers(vec![ACME + 1])).await.map(|_| ())
            }
            Question::DecideAll => {
                let numbers = (ACME..ACME + 10_001).collect();
                dialguard.try_decide_all("acme", &Request::ReplaceNumbers(numbers)).await.map(|_| ())
            }
            Question::Change => {
                let two_blocks = AccountChange { blocks: Some(2), ..AccountChange::default() };
                dialguard.try_change_account("acme", &two_blocks).await.map(|_| ())
            }
            Question::Review => dialguard.try_review("acme").await.map(|_| ()),
            Question::Screen => dialguard.screen("acme", &[ACME]).await.map(|_| ()),
        }
    }
}

/// The policy asks for candidates, so that the provider is searched, and fails if it gets an error.
fn asks_for_candidates() -> Policy {
    const ASK: &str = "(call $candidates
          (local.get $id) (local.get $id-len) (i64.const 13105550100) (i32.const 9) (global.get $asked))
        (if (i32.load8_u (global.get $asked)) (then (unreachable)))";
    compiled(Hostile { review: ASK, ..Hostile::default() }, LIMITS)
}

/// The account `acme` buys from a provider of that name.
async fn buys_from_them(dialguard: &Dialguard) {
    let (name, kind) = ("them".to_owned(), ProviderKind::Telnyx);
    let profile = ProviderProfile { name, kind, price_cents: 115, settings: "{}".into() };
    dialguard.ledger().add_provider(&profile, 0).expect("a provider");
    let buying = Buying { provider: Some("them".into()), ..Buying::default() };
    let change = AccountChange { buying: Some(buying), ..AccountChange::default() };
    dialguard.change_account("acme", &change).await.expect("it buys from them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_again_if_the_account_changes_meanwhile() {
    use Question::{Decide, Review};
    let scenarios = [(Decide, reference()), (Review, reference()), (Review, asks_for_candidates())];
    for (question, policy) in scenarios {
        let scene = Scene::new().await;
        let dialguard = scene.dialguard(policy);
        let provider = Arc::new(MeddlingProvider { ledger: dialguard.ledger().clone(), searches: AtomicU64::new(0) });
        let dialguard = dialguard.with_provider("them", provider.clone());
        buys_from_them(&dialguard).await;
        question.ask(&dialguard).await.unwrap_or_else(|error| panic!("{question:?}: {error}"));
        assert!(provider.searches.load(SeqCst) > 1, "{question:?} was asked at one revision only");
    }
}

/// The figures and prices of a page ask nobody whose answer could change the account, so that another task does.
#[tokio::test(flavor = "multi_thread")]
async fn figures_and_prices_are_answered_while_the_account_changes() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let ledger = dialguard.ledger().clone();
    let changing = tokio::task::spawn_blocking(move || {
        for number in ACME + 20..ACME + 60 {
            ledger.import_numbers("acme", &[number], ImportedAs::Owned, NOW).expect("the account changes");
        }
    });
    while !changing.is_finished() {
        for question in [Question::Usage, Question::Change] {
            question.ask(&dialguard).await.unwrap_or_else(|error| panic!("{question:?}: {error}"));
        }
    }
    changing.await.expect("all numbers are imported");
}

/// Anyone who may read an account may ask, as often as they like.
#[tokio::test(flavor = "multi_thread")]
async fn questions_that_fail_are_no_faults_of_the_policy() {
    // It fails as soon as it is given the account's id.
    let policy = compiled(Hostile { alloc: "(unreachable)", ..Hostile::default() }, LIMITS);
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(policy);
    for question in Question::ALL {
        let failed = question.ask(&dialguard).await;
        let is_fault = matches!(failed, Err(DialguardError::Policy(PolicyError::Fault(_))));
        assert!(is_fault, "{question:?}: {failed:?}");
    }
    assert_eq!(scene.faults(), Vec::<String>::new());
    dialguard.review("acme").await.expect_err("a run that was to be applied");
    assert_eq!(scene.faults().len(), 1);
}
