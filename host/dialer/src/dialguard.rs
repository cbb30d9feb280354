//! The reference dialer: gather, decide, apply.
//!
//! The CLI, the schedule and whatever else drives Dialguard go through here. A run reads the account at one revision,
//! the policy decides from what it is shown, and the ledger checks and applies the plan; where the account moved on
//! meanwhile, the run is made again.
//!
//! It blocks the thread for the ledger's disk, and so needs Tokio's runtime of several threads. A whole dialer, whose
//! `small_dialguard` is also what the examples of the modules around it go on from:
//!
//! ```
#![doc = include_str!("dialguard/example.rs")]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     use dialguard::contract::Status;
//!
//!     let folder = tempfile::tempdir()?;
//!     let dialguard = small_dialguard(folder.path()).await?;
//!
//!     let first = dialguard.review("acme").await?;
//!     assert_eq!(first.plan.reviews[1].status, Status::AtRisk);
//!
//!     let second = dialguard.at(NOW + DAY).review("acme").await?;
//!     assert_eq!(second.plan.reviews[1].status, Status::Flagged);
//!     assert_eq!(second.replaced[0].replacement, 13_105_550_199);
//!     Ok(())
//! }
//! ```

mod progress;

pub use progress::Progress;

use crate::fulfilment::fulfil;
use crate::ledger::{
    AccountChange, AccountProfile, AccountView, Applied, LEDGER_KINDS, Ledger, LedgerError, Made, NewAccount, Order,
    RunRecord,
};
use crate::metrics::Metrics;
use crate::policies::effect::{Effect, effect_of};
use crate::policies::{Live, Policies, PoliciesError, UnderWay};
use crate::providers::{Offers, Providers};
use crate::providers::{Provider, ProviderError};
use crate::sources::inquiry::{Heard, Inquiry, Sources};
use dialguard::check::{Purpose, check, check_decision};
use dialguard::clock::{Clock, FixedClock};
use dialguard::contract::*;
use dialguard::dialer::Dialer;
use dialguard::policy::{PolicyAnswer, PolicyError};
use progress::{Begun, Reviews};
use std::sync::Arc;
use std::time::Instant;

/// How often a run is made again because the account changed meanwhile.
const ATTEMPTS_MAX: u32 = 10;

/// How often the policy is asked again in one go where numbers could not be had.
const ASKED_AGAIN_MAX: u32 = 3;

/// How many numbers that could not be had are enough for one number and 24 hours.
const ABANDONED_A_DAY_MAX: u32 = 5;

/// A dialer with a ledger, carriers and a policy. Cheap to clone.
#[derive(Clone)]
pub struct Dialguard {
    ledger: Arc<Ledger>,
    policies: Policies,
    carriers: Sources,
    providers: Providers,
    clock: Arc<dyn Clock>,
    reviews: Reviews,
}

/// Why Dialguard did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DialguardError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The policy refused or failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The policy that decides could not be found out.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// An invariant was broken, and nothing of what was asked was done.
    #[error("Dialguard failed inside and did nothing; please report this: {0}")]
    Inside(String),
}

/// A daily review.
#[derive(Debug)]
pub struct Reviewed {
    /// What the policy planned.
    pub plan: Plan,
    /// How it was applied; none where it was only tried.
    pub applied: Option<Applied>,
    /// Replacements that were carried out.
    pub replaced: Vec<Order>,
    /// What went wrong at the carriers, in words.
    pub problems: Vec<String>,
}

/// What came of changing an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// All of it was done.
    Changed,
    /// The policy refused the number of blocks, and nothing was changed.
    BlocksRefused(Outcome),
}

/// A request that was answered.
#[derive(Debug)]
pub struct Decided {
    /// One answer for each number asked about.
    pub decision: Decision,
    /// Replacements that were carried out.
    pub replaced: Vec<Order>,
    /// What went wrong at the carriers, in words.
    pub problems: Vec<String>,
}

type Result<T> = std::result::Result<T, DialguardError>;

impl Dialguard {
    /// A dialer on this ledger, whose policies are the ledger's ([`Policies::open`]) or one that the program brings
    /// along, a [`Policy`](dialguard::policy::Policy).
    pub fn new(ledger: Arc<Ledger>, policies: impl Into<Policies>, clock: Arc<dyn Clock>) -> Self {
        let (carriers, policies) = (Sources::new(ledger.clone()), policies.into());
        Dialguard {
            carriers,
            providers: Providers::new(ledger.clone()),
            ledger,
            policies,
            clock,
            reviews: Reviews::default(),
        }
    }

    /// The same dialer at another time, in seconds since 1970, at which its clock stands still.
    pub fn at(&self, now: Timestamp) -> Self {
        Dialguard { clock: Arc::new(FixedClock(now)), ..self.clone() }
    }

    /// The same dialer, which asks this provider where the ledger names one of that name; for tests, and for providers that
    /// this library does not know.
    pub fn with_provider(&self, name: &str, provider: Arc<dyn Provider>) -> Self {
        Dialguard { providers: self.providers.with(name, provider), ..self.clone() }
    }

    /// The provider of that name. [`ProviderError::Refused`] where there is none, or it cannot be used as it is set up.
    pub fn provider(&self, name: &str) -> std::result::Result<Arc<dyn Provider>, ProviderError> {
        self.providers.named(name)
    }

    /// The ledger, to read from.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Its policies: to install others, compare and activate them.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What this process did and how the ledger stands, in figures as Prometheus reads them (text format 0.0.4).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// dialguard.review("acme").await?;
    /// let figures = dialguard.figures()?;
    /// assert!(figures.contains("dialguard_reviews_total{outcome=\"made\"} 1\n"));
    /// assert!(figures.contains("dialguard_monitored_numbers{status=\"at-risk\"} 1\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn figures(&self) -> Result<String> {
        let totals = tokio::task::block_in_place(|| self.ledger.totals(self.metrics().totals()))?;
        Ok(self.metrics().encode(totals))
    }

    /// What this process counts.
    pub fn metrics(&self) -> &Metrics {
        self.carriers.metrics()
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Adds an account whose settings the policy agrees with, and charges its blocks.
    ///
    /// Errors: settings out of range; an account of that id; too many blocks.
    pub async fn add_account(&self, new: &NewAccount) -> Result<()> {
        self.check_settings(&new.settings).await?;
        Ok(self.ledger.add_account(new, self.clock.now())?)
    }

    /// Whether the policy would take these settings; an error says which is out of range.
    pub async fn check_settings(&self, settings: &Settings) -> Result<()> {
        Ok(self.policies.live()?.policy.check_settings(settings).await?)
    }

    async fn check_account_change(&self, id: &str, change: &AccountChange) -> Result<()> {
        if let Some(settings) = &change.settings {
            self.check_settings(settings).await?;
        }
        if let Some(buying) = &change.buying {
            self.ledger.check_buying(id, buying)?;
            let before = self.ledger.account(id)?.buying.provider;
            if let Some(name) = buying.provider.as_ref().filter(|name| before.as_ref() != Some(name)) {
                self.provider(name).map_err(|error| LedgerError::Refused(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Changes an account, all of it in one transaction. A number of blocks is the policy's to decide, which sees the
    /// account as the rest of the change makes it: an add-on that is off is switched on first, and one that is on is
    /// switched off last. If the policy refuses the blocks, nothing is changed.
    ///
    /// Errors, and then nothing was changed either: no such account; settings out of range; an unknown provider, or one
    /// that cannot be changed while replacements are under way; a clock that went back; and with blocks those of
    /// [`Dialguard::decide`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Answer;
    /// use dialguard_dialer::dialguard::ChangeOutcome;
    /// use dialguard_dialer::ledger::AccountChange;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
    /// assert_eq!(dialguard.change_account("acme", &off).await?, ChangeOutcome::Changed);
    ///
    /// let more = AccountChange { blocks: Some(2), ..AccountChange::default() };
    /// let ChangeOutcome::BlocksRefused(why) = dialguard.change_account("acme", &more).await? else {
    ///     return Err("blocks were changed while the add-on was off".into());
    /// };
    /// assert_eq!(why.answer, Answer::AddOnOff);
    ///
    /// let more_and_on = AccountChange { enabled: Some(true), ..more };
    /// assert_eq!(dialguard.change_account("acme", &more_and_on).await?, ChangeOutcome::Changed);
    /// assert_eq!(dialguard.ledger().account("acme")?.blocks(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn change_account(&self, id: &str, change: &AccountChange) -> Result<ChangeOutcome> {
        self.check_account_change(id, change).await?;
        let Some(blocks) = change.blocks else {
            self.ledger.change_account(id, change, self.clock.now())?;
            return Ok(ChangeOutcome::Changed);
        };
        let wish = Wish::Change(change, &Request::SetBlocks(blocks));
        let (_, made, ..) = self.run(id, wish, |_| Ok(false)).await?.expect("nothing held the change back");
        Ok(match refusal(&made) {
            Some(outcome) => ChangeOutcome::BlocksRefused(outcome),
            None => ChangeOutcome::Changed,
        })
    }

    /// What these settings would have done in the account's reviews since then that are on record, at most 100, beside what
    /// was done. It takes 20 seconds at most, and says how far it came. Nothing is changed.
    ///
    /// Errors: no such account; settings out of range, whose message says which.
    pub async fn effect_of_settings(&self, id: &str, settings: &Settings, since: Timestamp) -> Result<Effect> {
        self.ledger.account(id)?;
        self.check_settings(settings).await?;
        effect_of(&self.ledger, &self.policies.live()?.policy, id, settings, since).await
    }

    /// Reviews an account: rates its numbers, and replaces flagged ones where it has that turned on. Another review on
    /// the same local date rates only numbers that were not rated on it yet.
    ///
    /// A carrier that fails is no error but one of the [`Reviewed::problems`]. Errors: no such account; a clock that went
    /// back; an account that changed ten times while it was reviewed; a fault of the policy, or a plan that breaks the
    /// ledger. Nothing was changed then.
    pub async fn review(&self, id: &str) -> Result<Reviewed> {
        let reviewed = self.review_unless(id, |_| Ok(false)).await?;
        Ok(reviewed.expect("nothing held the review back"))
    }

    /// Reviews an account unless it has had the review of its local date, from another process perhaps; none then.
    /// Errors are those of [`Dialguard::review`].
    pub async fn review_once(&self, id: &str) -> Result<Option<Reviewed>> {
        self.review_unless(id, |run| self.ledger.is_reviewed(&run.account, run.now)).await
    }

    async fn review_unless(
        &self,
        id: &str,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<Reviewed>> {
        let begun = Instant::now();
        let run = self.run(id, Wish::Review, held_back).await;
        let Some((_, made, heard, applied)) = run.inspect_err(|error| self.tell_of_failure(id, error))? else {
            return Ok(None);
        };
        self.policies.note_review();
        let Made::Review(plan) = made else { unreachable!("a review was asked for") };
        self.metrics().review_made(plan.reviews.len(), begun.elapsed());
        let mut problems = heard.problems();
        let replaced = self.carry_out(id, &mut problems).await?;
        Ok(Some(Reviewed { plan, applied, replaced, problems }))
    }

    /// How far this account's review is that is being made right now, by this or by a clone; none where none is.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        self.reviews.progress(id)
    }

    /// Plans a review and applies nothing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let tried = dialguard.try_review("acme").await?;
    /// assert_eq!(tried.plan.reviews.len(), 2);
    /// assert!(tried.applied.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_review(&self, id: &str) -> Result<Reviewed> {
        let run = self.begin(id)?;
        let answered = run.live.policy.review_account(&run.dialer, id).await;
        let plan = self.blame(
            &run,
            answered.map_err(DialguardError::from).and_then(|answered| {
                check(id, Purpose::Review, &answered.answer, &answered.inputs, &LEDGER_KINDS)
                    .map_err(LedgerError::from)?;
                Ok(answered.answer)
            }),
        )?;
        Ok(Reviewed { plan, applied: None, replaced: Vec::new(), problems: run.told().problems() })
    }

    /// Answers a person's request and does what is accepted of it. Errors are those of [`Dialguard::review`], and a
    /// request of more than 10,000 numbers or with one that is no E.164; that a number is refused is an answer.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Answer;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let request = Request::ReplaceNumbers(vec![13_105_550_100, 442_079_460_958]);
    /// let decided = dialguard.decide("acme", &request).await?;
    /// assert_eq!(decided.decision.outcomes[0].answer, Answer::Accepted);
    /// assert_eq!(decided.decision.outcomes[1].answer, Answer::NotOwned);
    /// assert_eq!(decided.replaced[0].replacement, 13_105_550_199);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn decide(&self, id: &str, request: &Request) -> Result<Decided> {
        let made = self.run(id, Wish::Request(request), |_| Ok(false)).await?;
        let (_, made, heard, _) = made.expect("nothing held the request back");
        let Made::Request(_, decision) = made else { unreachable!("a request was made") };
        let mut problems = heard.problems();
        let replaced = self.carry_out(id, &mut problems).await?;
        Ok(Decided { decision, replaced, problems })
    }

    /// Answers a person's request and applies nothing: what [`Dialguard::decide`] would do now. Errors are the same, but
    /// that an account that changes meanwhile is not asked about again.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Action;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let request = Request::StopMonitoring(vec![13_105_550_100]);
    /// let tried = dialguard.try_decide("acme", &request).await?;
    /// let Action::LockSlot(closing) = &tried.decision.plan.actions[0] else { return Err("no lock".into()) };
    /// assert_eq!(closing.slot, 1);
    /// assert_eq!(dialguard.ledger().account("acme")?.locked, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_decide(&self, id: &str, request: &Request) -> Result<Decided> {
        let run = self.begin(id)?;
        let answered = run.ask(Wish::Request(request)).await;
        let Made::Request(_, decision) = self.blame(&run, answered)?.answer else { unreachable!("a request was made") };
        Ok(Decided { decision, replaced: Vec::new(), problems: run.told().problems() })
    }

    /// Says how numbers, at most 10,000, stand with the carriers right now, one answer for each in the order asked; and
    /// what went wrong at the carriers, in words.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Status;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let (screenings, problems) = dialguard.screen("acme", &[13_105_550_123, 13_105_550_199]).await?;
    /// assert_eq!((screenings[0].status, screenings[1].status), (Status::Flagged, Status::Clean));
    /// assert!(problems.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn screen(&self, id: &str, numbers: &[PhoneNumber]) -> Result<(Vec<Screening>, Vec<String>)> {
        let mut attempt = 1;
        loop {
            let run = self.begin(id)?;
            let screenings = run.live.policy.screen(&run.dialer, id, numbers).await;
            let is_stale = screenings.is_err() && self.ledger.account(id)?.revision != run.account.revision;
            if !is_stale || attempt == ATTEMPTS_MAX {
                let screenings = self.blame(&run, screenings.map_err(DialguardError::from))?;
                return Ok((screenings, run.told().problems()));
            }
            attempt += 1;
        }
    }

    /// Counts the account's slots and numbers.
    pub async fn usage(&self, id: &str) -> Result<Usage> {
        let run = self.begin(id)?;
        let usage = run.live.policy.usage(&run.dialer, id).await;
        self.blame(&run, usage.map_err(DialguardError::from))
    }

    /// Takes the account's open orders further: those that a crash interrupted, that were held up, or whose old number has
    /// rested. Answers those whose slot has moved.
    pub async fn resume(&self, id: &str) -> Result<Vec<Order>> {
        self.carry_out(id, &mut Vec::new()).await
    }

    /// Takes the account's open orders further. Where a number could not be had the policy is asked again, a few times;
    /// what it decides is carried out as well.
    async fn carry_out(&self, id: &str, problems: &mut Vec<String>) -> Result<Vec<Order>> {
        let mut replaced = fulfil(self, id).await?;
        for _ in 0..ASKED_AGAIN_MAX {
            let abandoned = self.ledger.orders_to_ask_again(id)?;
            if abandoned.is_empty() {
                break;
            }
            if let Err(error) = self.ask_again(id, &abandoned, problems).await {
                // They stay to be asked about, by whoever resumes.
                problems
                    .push(format!("The policy could not be asked again about numbers that could not be had: {error}"));
                break;
            }
            replaced.extend(fulfil(self, id).await?);
        }
        self.metrics().replaced(replaced.len());
        Ok(replaced)
    }

    /// Asks the policy again about the numbers of orders that were given up, as it was asked the first time.
    async fn ask_again(&self, id: &str, abandoned: &[Order], problems: &mut Vec<String>) -> Result<()> {
        let (_, now) = self.ledger.account_at(id, self.clock.now())?;
        let mut again = Vec::with_capacity(abandoned.len());
        for order in abandoned {
            let times = self.ledger.abandoned_since(order, now.saturating_sub(24 * 60 * 60))?;
            if times < ABANDONED_A_DAY_MAX {
                again.push(order);
                continue;
            }
            let words = format!(
                "+{} keeps its slot for now: {times} numbers that were to replace it could not be had.",
                order.number
            );
            self.ledger.asked_again(order, Some(&words), now)?;
        }
        let (flagged, requested): (Vec<_>, Vec<_>) =
            again.into_iter().partition(|order| order.why == ReplacementReason::Flagged);
        if !flagged.is_empty()
            && let Some((_, _, told, _)) = self.run(id, Wish::Review, |_| Ok(false)).await?
        {
            problems.extend(told.problems());
        }
        for order in flagged {
            self.ledger.asked_again(order, None, now)?;
        }
        for orders in requested.chunks(NUMBERS_PER_CALL_MAX) {
            let request = Request::ReplaceNumbers(orders.iter().map(|order| order.number).collect());
            let Some((_, made, told, _)) = self.run(id, Wish::Request(&request), |_| Ok(false)).await? else {
                continue;
            };
            problems.extend(told.problems());
            let Made::Request(_, decision) = made else { unreachable!("a request was made") };
            for (order, outcome) in orders.iter().zip(decision.outcomes) {
                let words = match outcome.answer {
                    Answer::Accepted => None,
                    Answer::NoCleanCandidate => Some("no other number on offer is rated clean"),
                    _ => Some("it cannot be replaced any more"),
                };
                let words = words.map(|why| format!("+{} is not replaced: {why}.", order.number));
                self.ledger.asked_again(order, words.as_deref(), now)?;
            }
        }
        Ok(())
    }

    /// Makes a run, again where the account changed meanwhile, and applies what comes of it. None where it was held
    /// back; that is looked at after the account's revision was read, so what changes later makes the run stale.
    async fn run(
        &self,
        id: &str,
        wish: Wish<'_>,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<(Run, Made, Told, Option<Applied>)>> {
        let mut attempt = 1;
        loop {
            let run = self.begin_for(id, wish)?;
            if held_back(&run)? {
                return Ok(None);
            }
            let _begun = self.told_as(wish, &run);
            let outcome = match run.ask(wish).await {
                Ok(answered) => {
                    let heard = run.told();
                    match tokio::task::block_in_place(|| self.apply(wish, &run, &answered, &heard)) {
                        Ok(applied) => return Ok(Some((run, answered.answer, heard, applied))),
                        Err(error) => error.into(),
                    }
                }
                Err(error) => error,
            };
            // Another account's plan may have been quicker to take a number on offer.
            let is_stale = matches!(outcome, DialguardError::Ledger(LedgerError::Stale(_)));
            let moved_on = is_stale || self.ledger.account(id)?.revision != run.account.revision;
            if !moved_on || attempt == ATTEMPTS_MAX {
                return self.blame(&run, Err(outcome));
            }
            attempt += 1;
        }
    }

    /// A request of which nothing was accepted changes nothing, and no run is recorded for it.
    fn apply(
        &self,
        wish: Wish<'_>,
        run: &Run,
        answered: &PolicyAnswer<Made>,
        heard: &Told,
    ) -> std::result::Result<Option<Applied>, LedgerError> {
        let (id, plan) = (&run.account.id, answered.answer.plan());
        if let Wish::Change(change, _) = wish {
            return match refusal(&answered.answer) {
                Some(_) => Ok(None),
                None => self.ledger.change_account_and_blocks(id, change, run.record(answered, heard)),
            };
        }
        if matches!(answered.answer, Made::Request(..)) && plan.actions.is_empty() && plan.notices.is_empty() {
            return Ok(None);
        }
        self.ledger.apply(id, run.record(answered, heard)).map(Some)
    }

    /// Notes where the policy is to blame for a run that came to nothing.
    fn blame<T>(&self, run: &Run, outcome: Result<T>) -> Result<T> {
        let fault = match &outcome {
            Err(DialguardError::Policy(PolicyError::Fault(fault))) => fault.to_string(),
            Err(DialguardError::Ledger(LedgerError::Plan(fault))) => fault.to_string(),
            _ => return outcome,
        };
        self.metrics().policy_fault();
        let noted = tokio::task::block_in_place(|| {
            self.policies.note_fault(&self.ledger, &run.live, &run.account.id, run.now, &fault)
        });
        if let Err(error) = noted {
            tracing::error!(account = run.account.id, "a fault of the policy was not recorded: {error}");
        }
        outcome
    }

    /// Tells those who want to hear of it that a review came to nothing.
    fn tell_of_failure(&self, id: &str, error: &DialguardError) {
        if matches!(error, DialguardError::Ledger(LedgerError::NoSuchAccount(_))) {
            return;
        }
        self.metrics().review_failed();
        let why = error.to_string();
        let told = tokio::task::block_in_place(|| self.ledger.tell_review_failed(id, self.now(), &why));
        if let Err(error) = told {
            tracing::error!(account = id, "nobody was told that its review failed: {error}");
        }
    }

    /// Opens the account for one run, by the policy that decides now.
    fn begin(&self, id: &str) -> Result<Run> {
        self.begin_as(id, |account| account)
    }

    /// A change of blocks is decided as if the rest of it had been done.
    fn begin_for(&self, id: &str, wish: Wish<'_>) -> Result<Run> {
        match wish {
            Wish::Change(change, _) => self.begin_as(id, |account| account.when_blocks_change(change)),
            Wish::Review | Wish::Request(_) => self.begin(id),
        }
    }

    fn begin_as(&self, id: &str, form: impl FnOnce(AccountProfile) -> AccountProfile) -> Result<Run> {
        let under_way = self.policies.begin_run();
        let live = self.policies.live()?;
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        let account = form(account);
        let asking = self.carriers.ask(now);
        let offers = account
            .buying
            .provider
            .as_deref()
            .map(|name| Arc::new(Offers::new(name, self.providers.named(name), account.buying.areas.clone())));
        let view = AccountView::new(self.ledger.clone(), account.clone(), now).with_offers(offers.clone());
        let dialer = Dialer { clock: Arc::new(FixedClock(now)), carriers: asking.clone(), inventory: Arc::new(view) };
        Ok(Run { _under_way: under_way, live, account, now, asking, offers, dialer })
    }

    /// People follow a review while it is made.
    fn told_as(&self, wish: Wish, run: &Run) -> Option<Begun> {
        matches!(wish, Wish::Review).then(|| self.reviews.begin(&run.account, run.asking.clone()))
    }
}

/// What a run is for.
#[derive(Clone, Copy)]
enum Wish<'a> {
    Review,
    Request(&'a Request),
    /// The request for the change's blocks.
    Change(&'a AccountChange, &'a Request),
}

/// Why a request of one question was refused; none where it was accepted.
fn refusal(made: &Made) -> Option<Outcome> {
    let Made::Request(_, decision) = made else { unreachable!("a request was made") };
    decision.outcomes.iter().find(|outcome| outcome.answer != Answer::Accepted).copied()
}

/// One run: the policy that decided when it began, the account at one revision, one time, and the carriers as asked
/// for it.
struct Run {
    _under_way: UnderWay,
    live: Arc<Live>,
    account: AccountProfile,
    now: Timestamp,
    asking: Arc<Inquiry>,
    offers: Option<Arc<Offers>>,
    dialer: Dialer,
}

/// What carriers and the provider said during a run.
struct Told {
    heard: Heard,
    /// What went wrong where numbers on offer were searched for.
    of_provider: Vec<String>,
}

impl Told {
    /// What went wrong, in words.
    fn problems(mut self) -> Vec<String> {
        self.heard.problems.append(&mut self.of_provider);
        self.heard.problems
    }
}

impl Run {
    fn told(&self) -> Told {
        let of_provider = self.offers.as_ref().map(|offers| offers.take_problems()).unwrap_or_default();
        Told { heard: self.asking.take_heard(), of_provider }
    }

    async fn ask(&self, wish: Wish<'_>) -> Result<PolicyAnswer<Made>> {
        let (policy, id) = (&self.live.policy, &self.account.id);
        match wish {
            Wish::Review => Ok(policy.review_account(&self.dialer, id).await?.map(Made::Review)),
            Wish::Request(request) | Wish::Change(_, request) => {
                let answered = policy.decide(&self.dialer, id, request).await?;
                check_decision(id, request, &answered.answer, &answered.inputs, &LEDGER_KINDS)
                    .map_err(LedgerError::from)?;
                Ok(answered.map(|decision| Made::Request(request.clone(), decision)))
            }
        }
    }

    fn record<'a>(&'a self, answered: &'a PolicyAnswer<Made>, told: &'a Told) -> RunRecord<'a> {
        let policy = &self.live.policy;
        RunRecord {
            policy: policy.sha256(),
            revision: self.live.revision,
            contract: policy.contract_version(),
            limits: policy.limits(),
            kept_days: self.live.recordings_kept_days(),
            made: &answered.answer,
            inputs: &answered.inputs,
            recording: &answered.recording,
            answers: &told.heard.answers,
            problems: &told.heard.problems,
            provider_problems: &told.of_provider,
        }
    }
}
