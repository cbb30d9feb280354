//! The messages that wait for webhooks: one a review, however many numbers it is about.
//! [`alerts`](crate::alerts) lists their types.

use crate::ledger::accounts::closing::Closing;
use crate::ledger::accounts::days::MissedDays;
use crate::ledger::runs::plans::rated_count;
use crate::ledger::runs::proposals::replacements;
use crate::ledger::time::Leap;
use crate::phone::e164;
use dialguard::calendar::{NaiveDate, rfc3339};
use dialguard::contract::*;
use dialguard::policy::Inputs;
use serde_json::{Map, Value, json};

/// Numbers of a kind that a message lists; the others are counted.
const NUMBERS_LISTED_MAX: usize = 50;

/// Dates that a message lists; the others are counted.
const DATES_LISTED_MAX: usize = 50;

/// Notices, and problems with sources, that a message quotes.
const TEXTS_LISTED_MAX: usize = 20;

/// Characters of a notice's kind or text, or of a problem, that a message quotes: a message waits for each webhook up to three
/// days, and is kept for 35.
const QUOTED_CHARACTERS_MAX: usize = 300;

/// A message, before it is known which webhooks it goes to.
pub(crate) struct Message {
    kind: String,
    data: Map<String, Value>,
    /// The tab of the account on the dashboard that shows more.
    tab: &'static str,
}

/// A review that was applied.
pub(crate) struct ReviewSummary<'a> {
    pub plan: &'a Plan,
    pub inputs: &'a Inputs,
    /// What went wrong at the sources, in words.
    pub problems: &'a [String],
    pub run: i64,
    pub daily: bool,
    /// Its replacements are left to a user.
    pub proposes: bool,
    pub local_date: String,
}

impl Message {
    pub const REVIEW_FAILED: &str = "review.failed";

    /// Its type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub fn review_completed(review: &ReviewSummary) -> Self {
        let turned = |status| numbers(review.turned(status).collect());
        let replacements: Vec<_> = review.replacements().collect();
        let notices: Vec<_> = review.notices().collect();
        let problems = review.problems.iter().take(TEXTS_LISTED_MAX).map(|problem| quoted(problem));
        let data = json!({
            "local-date": review.local_date,
            "run": review.run,
            "daily": review.daily,
            "rated": rated_count(review.plan),
            "turned-flagged": turned(Status::Flagged),
            "turned-at-risk": turned(Status::AtRisk),
            "turned-clean": turned(Status::Clean),
            "planned-replacements": list(&replacements, NUMBERS_LISTED_MAX, |replacement| json!({
                "number": e164(replacement.number),
                "replacement": e164(replacement.replacement),
                "slot": replacement.slot,
                "because": replacement.because,
            })),
            "notices": list(&notices, TEXTS_LISTED_MAX, |notice| json!({
                "severity": notice.severity.name(),
                "kind": quoted(&notice.kind),
                "number": notice.number.map(e164),
                "text": quoted(&notice.text),
            })),
            "carrier-problems": problems.collect::<Vec<_>>(),
        });
        Message::new("review.completed", data, "activity")
    }

    /// Numbers that are suspect since this review.
    pub fn number_suspect(local_date: &str, run: i64, suspects: &[Suspect]) -> Self {
        let data = json!({
            "local-date": local_date,
            "run": run,
            "suspects": list(suspects, NUMBERS_LISTED_MAX, |suspect| json!({
                "number": e164(suspect.number),
                "attempts": suspect.attempts,
                "answered": suspect.answered,
                "blocked": suspect.blocked,
            })),
        });
        Message::new("number.suspect", data, "")
    }

    pub fn review_failed(account: &str, local_date: &str, why: &str) -> Self {
        let text = format!("The review of account {account} failed and will be tried again: {}", quoted(why));
        Message::new(Self::REVIEW_FAILED, json!({"local-date": local_date, "text": text}), "activity")
    }

    /// Numbers were not rated for days that have closed.
    pub(in crate::ledger) fn reviews_missed(missed: &MissedDays) -> Self {
        let date = |day: Option<&(NaiveDate, u32)>| day.map(|(date, _)| date.to_string());
        let cycles = missed.cycles.iter().map(|(starts_on, cents)| json!({"starts-on": starts_on, "cents": cents}));
        let data = json!({
            "first-date": date(missed.days.first()),
            "last-date": date(missed.days.last()),
            "dates": list(&missed.days, DATES_LISTED_MAX, |(date, numbers)| json!({
                "local-date": date,
                "not-rated": numbers,
            })),
            "charged-cents": missed.cents(),
            "cycles": cycles.collect::<Vec<_>>(),
            "text": missed.text(),
        });
        Message::new("reviews.missed", data, "activity")
    }

    /// The dialer is to use a monitored number again, or not to use it for now.
    pub(in crate::ledger) fn number_in_use(number: PhoneNumber, slot: SlotId, is_in_use: bool, text: &str) -> Self {
        let kind = if is_in_use { "number.in-use" } else { "number.resting" };
        Message::new(kind, json!({"number": e164(number), "slot": slot, "text": text}), "activity")
    }

    /// The account was closed.
    pub(in crate::ledger) fn account_closed(closing: &Closing) -> Self {
        let data = json!({
            "closed-at": rfc3339(closing.at),
            "numbers": closing.owned,
            "abandoned-orders": closing.abandoned.len(),
            "charged-in-cycle-cents": closing.bill.charged_cents,
            "cycle-ends-at": rfc3339(closing.cycle_ends_at),
            "text": closing.text(),
        });
        Message::new("account.closed", data, "activity")
    }

    /// Time is held: nothing is reviewed until a user accepts it.
    pub fn clock_held(leap: &Leap) -> Self {
        let text = format!("Reviews and replacements are on hold until a user confirms the time: {leap}.");
        let data = json!({
            "now": rfc3339(leap.now),
            "newest": rfc3339(leap.newest_at),
            "accounts": leap.accounts,
            "charges": leap.charges,
            "cents": leap.cents,
            "text": text,
        });
        Message::new("clock.held", data, "")
    }

    pub fn policy(kind: &str, revision: Option<u64>, text: &str) -> Self {
        Message::new(&format!("policy.{kind}"), json!({"revision": revision, "text": text}), "policy")
    }

    pub fn test() -> Self {
        let text = "This is a test. Alerts about reviews arrive the same way.";
        Message::new("webhook.test", json!({"text": text}), "")
    }

    /// `data` is an object.
    pub fn new(kind: &str, data: Value, tab: &'static str) -> Self {
        let Value::Object(data) = data else { unreachable!("a message's data is an object") };
        Message { kind: kind.into(), data, tab }
    }

    /// The message as it is signed and sent. `page_address` is the dashboard's address.
    pub fn body(&self, made_at: &str, page_address: Option<&str>, account: Option<&str>) -> String {
        let mut data = Map::new();
        data.insert("account".into(), json!(account));
        data.extend(self.data.clone());
        if let (Some(address), Some(account)) = (page_address, account) {
            let page = format!("{}/accounts/{account}/{}", address.trim_end_matches('/'), self.tab);
            data.insert("page".into(), json!(page));
        }
        json!({"type": self.kind, "timestamp": made_at, "data": data}).to_string()
    }
}

impl<'a> ReviewSummary<'a> {
    /// Whether it is worth an alert.
    pub fn is_news(&self) -> bool {
        self.notices().next().is_some()
            || self.replacements().next().is_some()
            || self.turned(Status::Flagged).next().is_some()
            || self.turned(Status::Clean).next().is_some()
    }

    /// Numbers that have this status since this review. A first check that finds nothing is not news.
    fn turned(&self, status: Status) -> impl Iterator<Item = PhoneNumber> {
        let mut monitored = self.inputs.monitored();
        let reviews = self.plan.reviews.rows().expect("the plan was checked");
        reviews.filter_map(move |review| {
            let before = monitored.find(|number| number.number == review.number)?.status;
            let is_news = before != review.status && (before, review.status) != (Status::Pending, Status::Clean);
            (is_news && review.status == status).then_some(review.number)
        })
    }

    /// Those that were planned, not those that were only proposed.
    fn replacements(&self) -> impl Iterator<Item = &'a Replacement> {
        replacements(self.plan).filter(|_| !self.proposes)
    }

    fn notices(&self) -> impl Iterator<Item = &'a Notice> {
        self.plan.notices.iter().filter(|notice| notice.severity != Severity::Info)
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS_MAX).collect()
}

fn numbers(numbers: Vec<PhoneNumber>) -> Value {
    list(&numbers, NUMBERS_LISTED_MAX, |number| json!(e164(*number)))
}

/// How many there are, the first of them, and how many more.
fn list<T>(all: &[T], shown_max: usize, show: impl Fn(&T) -> Value) -> Value {
    let first: Vec<_> = all.iter().take(shown_max).map(show).collect();
    json!({"count": all.len(), "more": all.len() - first.len(), "first": first})
}
