//! What each number on offer costs: which one is chosen, what the caps count, and a price that rises before the purchase.

use super::*;
use dialguard_dialer::ledger::ProviderProfile;
use dialguard_dialer::providers::OfferPrice::{self, Cents, Flat, Refused};

impl Fixture {
    /// 0100 is to be replaced, and the provider offers these numbers at these prices.
    async fn offering(offers: &[(u64, OfferPrice)], change: impl FnOnce(&mut Buying)) -> Self {
        let fixture = Fixture::with(1, offers.iter().map(|(last, _)| number(*last)), change).await;
        offers.iter().for_each(|(last, price)| fixture.fake.states(number(*last), price.clone()));
        fixture
    }

    fn day_cents(&self) -> u64 {
        self.ledger().spending("acme", self.now).unwrap().day_cents
    }
}

/// Offers, spare numbers, the one that replaces 0100, and what it costs. 0150 to 0199 are equally close to 0100, 0101 to 0109
/// are closer.
#[tokio::test(flavor = "multi_thread")]
async fn the_closest_comes_first_then_the_accounts_own_then_the_cheaper() {
    let euros = || Refused("the price is in EUR, not in US dollars".into());
    let scenarios = [
        ("the cheaper", vec![(150, Cents(300)), (151, Cents(90))], None, 151, Some(90)),
        ("the cheaper, by the profile", vec![(150, Cents(116)), (151, Flat)], None, 151, Some(PRICE)),
        ("the lower, at the same price", vec![(151, Cents(100)), (150, Cents(100))], None, 150, Some(100)),
        ("the closer, though it is dearer", vec![(105, Cents(300)), (151, Cents(90))], None, 105, Some(300)),
        ("its own, before the cheapest", vec![(150, Cents(1))], Some(160), 160, None),
        ("the closer, before its own", vec![(105, Cents(300))], Some(160), 105, Some(300)),
        ("none at a price in euros", vec![(150, euros()), (151, Cents(400))], None, 151, Some(400)),
    ];
    for (words, offers, spare, chosen, cents) in scenarios {
        let fixture = Fixture::offering(&offers, |_| {}).await;
        let spare: Vec<_> = spare.into_iter().map(number).collect();
        fixture.ledger().import_numbers("acme", &spare, ImportedAs::Candidate, NOW).unwrap();
        let preview = fixture.dialguard.preview("acme", Request::ReplaceNumbers(vec![number(100)])).await.unwrap();
        assert_eq!(preview.replacements[0].number_cents, cents, "{words}: what a user is shown before");
        let replaced = fixture.replace(&[100]).await.replaced;
        assert_eq!((replaced[0].replacement, replaced[0].price_cents), (number(chosen), cents), "{words}");
        assert_eq!(fixture.day_cents(), cents.map_or(0, u64::from), "{words}");
        fixture.assert_sound();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_over_for_its_price_is_said_once() {
    let euros = || Refused("the price is in EUR, not in US dollars".into());
    let fixture = Fixture::offering(&[(150, euros()), (151, euros())], |_| {}).await;
    let decided = fixture.replace(&[100]).await;
    assert_eq!(decided.decision.outcomes[0].answer, Answer::NoCleanCandidate);
    assert_eq!(decided.problems, ["them: 2 numbers on offer are passed over: the price is in EUR, not in US dollars"]);
}

/// The price of the number, the day's cap, and whether it is bought.
#[tokio::test(flavor = "multi_thread")]
async fn caps_count_the_price_of_the_number_itself() {
    for (cents, cap, is_bought) in [(90, 90, true), (91, 90, false), (300, PRICE, false), (1, 1, true)] {
        let fixture = Fixture::offering(&[(150, Cents(cents))], |buying| buying.day_cents_max = cap).await;
        fixture.replace(&[100]).await;
        assert_eq!(fixture.bought().len(), usize::from(is_bought), "{cents} of {cap}");
        if is_bought {
            assert_eq!(fixture.day_cents(), u64::from(cents));
            continue;
        }
        let hold = fixture.orders().remove(0).hold.expect("it is held up");
        assert!(hold.problem.contains("which is above the cap of"), "{}", hold.problem);
    }
}

/// The price when it was planned, the price now, and whether the number is still bought; if not, the next one is.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_whose_price_rose_since_the_plan_is_not_bought() {
    for (planned, now, why) in [
        (Cents(100), Cents(100), None),
        (Cents(100), Cents(99), None),
        (Cents(100), Cents(101), Some("its price rose from $1.00 to $1.01")),
        (Cents(100), Flat, Some("its price rose from $1.00 to $1.15")),
        (Cents(100), Refused("the price is in EUR, not in US dollars".into()), Some("the price is in EUR")),
    ] {
        let words = format!("{planned:?} {now:?}");
        let fixture = Fixture::offering(&[(150, Flat), (151, Cents(500))], |_| {}).await;
        fixture.fake.changes_its_price(number(150), planned, now);
        let replaced = fixture.replace(&[100]).await.replaced;
        let (bought, cents) = if why.is_some() { (151, 500) } else { (150, 100) };
        assert_eq!((replaced[0].replacement, fixture.day_cents()), (number(bought), cents), "{words}");
        assert_eq!(fixture.bought(), [number(bought)], "{words}");
        let abandoned = fixture.texts("order-abandoned");
        assert_eq!(abandoned.len(), usize::from(why.is_some()), "{words}");
        assert!(abandoned.iter().zip(why).all(|(text, why)| text.contains(why)), "{abandoned:?}");
        fixture.assert_sound();
    }
}

/// The provider is down when the order is made. The operator raises the price in the profile meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waited_is_not_sent_at_a_higher_price_of_the_profile() {
    let mut fixture = Fixture::new(1, [150, 151]).await;
    fixture.intend(&[100]).await;
    let profile = ProviderProfile { price_cents: 200, ..fixture.ledger().provider("them").unwrap() };
    fixture.ledger().change_provider(&profile, 0).unwrap();
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.bought(), [number(151)]);
    assert_eq!(fixture.day_cents(), 200);
    assert!(fixture.texts("order-abandoned")[0].contains("its price rose from $1.15 to $2.00"));
}

/// Whether the price is known when the number is reserved, and when the order is sent.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_price_nothing_is_reserved_and_it_is_asked_for_again() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.fake.fails_once("price", Fault::Later);
    fixture.replace(&[100]).await;
    let order = fixture.orders().remove(0);
    assert_eq!((order.state, fixture.fake.calls("reserve")), (OrderState::Intended, 0));
    fixture.pass(2 * MINUTE);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.bought(), [number(150)]);
}
