//! Accounts without a provider: their candidates are imported by hand, and their replaced numbers rest as others do.

use super::*;
use dialguard_dialer::ledger::ImportOutcome;

impl Fixture {
    /// Without a provider: these candidates are on hand.
    async fn on_hand(monitored: u64, candidates: impl IntoIterator<Item = u64>) -> Self {
        let fixture = Fixture::with(monitored, [], |buying| buying.provider = None).await;
        let candidates: Vec<_> = candidates.into_iter().map(number).collect();
        fixture.import(&candidates, ImportedAs::Candidate);
        fixture
    }

    fn import(&self, numbers: &[PhoneNumber], imported_as: ImportedAs) -> Vec<ImportOutcome> {
        self.ledger().import_numbers("acme", numbers, imported_as, self.now).unwrap()
    }
}

/// 0100 is replaced by 0150, comes back after 30 days, and replaces 0101. Nothing is bought and no provider is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_number_rests_and_then_replaces_another_for_nothing() {
    let mut fixture = Fixture::on_hand(2, [150]).await;
    fixture.add_webhook();
    let replaced = fixture.replace(&[100]).await.replaced;
    assert_eq!((replaced[0].provider.as_deref(), replaced[0].is_resting()), (None, true));
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]]);
    let until = rfc3339(fixture.now + 30 * DAY);
    assert_eq!(fixture.texts("resting"), [format!("+13105550100 left the account, and rests until {until}.")]);
    assert_eq!(fixture.messages("number.replaced")[0]["number-stops-at"], until, "it takes calls back until then");
    assert_eq!(fixture.texts("released"), Vec::<String>::new());

    fixture.pass(30 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]], "the policy decides, in the next review");
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);

    let replaced = fixture.replace(&[101]).await.replaced;
    assert_eq!((replaced[0].replacement, replaced[0].price_cents), (number(100), None));
    assert!(replaced[0].has_rested);
    assert_eq!(fixture.slots(), [(1, number(150)), (2, number(100))]);
    assert_eq!(fixture.bought(), Vec::<u64>::new());
    let saving = Saving { by_own: 1, ..Saving::default() };
    assert_eq!(fixture.pool(), Pool { in_use: 2, out_of_use: 0, resting: 1, ready: 0, saving });
    fixture.assert_sound();
}

/// Carriers flag it after each of its three rests: it leaves the account, and any account can have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_stays_flagged_leaves_the_account_and_a_person_releases_it() {
    let mut fixture = Fixture::on_hand(1, [150]).await;
    fixture.replace(&[100]).await;
    fixture.carriers_flag(&[100]);
    for rests in 1..=2 {
        fixture.pass(30 * DAY);
        fixture.review().await;
        assert_eq!(fixture.orders()[0].rests, rests);
    }
    fixture.pass(30 * DAY);
    fixture.review().await;
    assert_eq!((fixture.orders(), fixture.pooled()), (vec![], NOBODY));
    assert_eq!(fixture.texts("rest-ended"), ["+13105550100 has rested 30 days, and leaves the account."]);
    let text = "+13105550100 has left the account, replaced by +13105550150. Release it where you rent it.";
    assert_eq!(fixture.texts("released"), [text]);
    assert_eq!(fixture.fake.released(), Vec::<u64>::new(), "there is no provider to give it back to");
    assert_eq!(fixture.import(&[number(100)], ImportedAs::Candidate), [ImportOutcome::NoCandidate]);
    fixture.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_policy_that_knows_no_rests_a_number_leaves_when_its_rest_is_over() {
    for (days, leaves_at_once) in [("30", false), ("0", true)] {
        let mut fixture = Fixture::on_hand(1, [150]).await;
        fixture.of_the_second_contract();
        fixture.set(|settings| settings.values.set("rest-days", days)).await;
        fixture.replace(&[100]).await;
        assert_eq!(fixture.orders().is_empty(), leaves_at_once, "{days} days");
        fixture.pass(30 * DAY);
        fixture.dialguard.resume("acme").await.unwrap();
        assert_eq!((fixture.orders(), fixture.pooled()), (vec![], NOBODY));
        assert_eq!(fixture.texts("released").len(), 1, "{days} days");
        fixture.assert_sound();
    }
}

/// A file of candidates that is imported again ends no rest; importing the number as one's own does.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_a_number_back_before_its_rest_is_over() {
    let mut fixture = Fixture::on_hand(1, [150, 151]).await;
    fixture.replace(&[100]).await;
    fixture.replace(&[150]).await;
    assert_eq!(fixture.pooled(), [vec![100, 150], vec![], vec![]]);
    let outcomes = fixture.import(&[number(150), number(151)], ImportedAs::Candidate);
    assert_eq!(outcomes, [ImportOutcome::Resting, ImportOutcome::NoCandidate], "0150 rests, 0151 has a slot");
    assert_eq!(fixture.import(&[number(100)], ImportedAs::Owned), [ImportOutcome::Imported]);
    assert_eq!(fixture.pooled(), [vec![150], vec![], vec![]]);
    assert_eq!(fixture.texts("number-kept"), ["+13105550100 was imported again and does not leave the account."]);
    fixture.pass(31 * DAY);
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![150]]);
    fixture.assert_sound();
}

/// The order is without a provider, whatever the account has by the time the rest is over.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_gets_a_provider_meanwhile_gives_nothing_back_to_it() {
    let mut fixture = Fixture::on_hand(1, [150]).await;
    fixture.set(|settings| settings.values.set("rests-max", "0")).await;
    fixture.replace(&[100]).await;
    fixture.buys(Buying { provider: Some("them".into()), ..fixture.buying() });
    fixture.carriers_flag(&[100]);
    fixture.pass(30 * DAY);
    fixture.review().await;
    assert_eq!((fixture.pooled(), fixture.fake.released()), (NOBODY, vec![]));
    fixture.ledger().close_account("acme", fixture.now).unwrap().expect("it was open");
    fixture.assert_sound();
}
