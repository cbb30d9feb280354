//! Users' requests, and the questions that change nothing.

use super::inventory::PreviewInventory;
use super::run::{FinishedRun, Run, Task};
use super::{Dialguard, DialguardError, Result};
use crate::ledger::{CarrierAnswer, Order, OrderState, RunOutcome, offered_cents};
use dialguard::contract::{
    Action, Answer, Decision, Deletion, NUMBERS_PER_CALL_MAX, Notice, Outcome, PhoneNumber, Request, Screening, Usage,
};
use dialguard::dialer::Dialer;
use dialguard::policy::{PolicyAnswer, PolicyError};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Numbers that are replaced by one run. A policy finds a candidate for each, besides those it has taken already: for ten
/// times as many it looks through a hundred times as many candidates.
const REPLACED_AT_ONCE_MAX: usize = 500;

/// Replacements that a caller of [`Dialguard::decide_promptly`] waits for, at most.
const REPLACEMENTS_WAITED_FOR_MAX: usize = 50;

/// What came of a request.
#[derive(Debug)]
pub struct RequestOutcome {
    /// One answer for each number of the request.
    pub decision: Decision,
    /// Replacements that were carried out, of this request or an earlier one.
    pub replaced: Vec<Order>,
    /// The latest order of each number whose replacement this request planned: done, under way, or abandoned.
    pub orders: Vec<Order>,
    /// What its provider states as the price of a new number that must be bought, in US cents, as it was offered. Others
    /// cost what the provider's profile says.
    pub offered_cents: HashMap<PhoneNumber, u32>,
    /// What went wrong at sources and providers, in words.
    pub problems: Vec<String>,
}

/// How numbers rate right now.
#[derive(Debug, Default, PartialEq)]
pub struct Screened {
    /// The policy's rating of each number, in the order given.
    pub screenings: Vec<Screening>,
    /// What each carrier says about each number.
    pub answers: Vec<CarrierAnswer>,
    /// What went wrong at sources, in words.
    pub problems: Vec<String>,
}

/// What became of the request for one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// It is done.
    Done,
    /// It is not done and will not be: it was refused, or its order was abandoned.
    NotDone,
    /// It was accepted and is not complete: this order is under way.
    UnderWay(u64),
}

impl Completion {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Completion::Done => "done",
            Completion::NotDone => "not-done",
            Completion::UnderWay(_) => "under-way",
        }
    }
}

impl From<&Order> for Completion {
    fn from(order: &Order) -> Self {
        match order.state {
            OrderState::Swapped | OrderState::Done => Completion::Done,
            OrderState::Abandoned if !order.is_asked_again => Completion::NotDone,
            _ => Completion::UnderWay(order.id),
        }
    }
}

/// What became of an answer. A replacement is accepted before its order is carried out.
fn completion(number: PhoneNumber, outcome: &Outcome, orders: &HashMap<PhoneNumber, &Order>) -> Completion {
    match (outcome.answer, orders.get(&number)) {
        (Answer::Accepted, Some(order)) => Completion::from(*order),
        (Answer::Accepted, None) => Completion::Done,
        _ => Completion::NotDone,
    }
}

/// What came of a request of any number of numbers.
#[derive(Debug, Default)]
pub struct BulkOutcome {
    /// One answer for each number, in the order of the request. Fewer if a batch failed after others were done: a problem
    /// says why the rest was not asked about.
    pub outcomes: Vec<Outcome>,
    /// What was done, or would be; batch by batch.
    pub actions: Vec<Action>,
    /// What the policy remarks, batch by batch.
    pub notices: Vec<Notice>,
    /// Replacements that were carried out, of this request or an earlier one.
    pub replaced: Vec<Order>,
    /// The latest order of each number whose replacement this request planned: done, under way, or abandoned.
    pub orders: Vec<Order>,
    /// What its provider states as the price of a new number that must be bought, in US cents, as it was offered. Others
    /// cost what the provider's profile says.
    pub offered_cents: HashMap<PhoneNumber, u32>,
    /// What went wrong at sources and providers, in words.
    pub problems: Vec<String>,
}

impl RequestOutcome {
    /// What became of each number of the request, in its order.
    pub fn completions(&self, numbers: &[PhoneNumber]) -> Vec<Completion> {
        completions(numbers, &self.decision.outcomes, &self.orders)
    }
}

/// Numbers without an answer were not asked about.
fn completions(numbers: &[PhoneNumber], outcomes: &[Outcome], orders: &[Order]) -> Vec<Completion> {
    let orders: HashMap<_, _> = orders.iter().map(|order| (order.number, order)).collect();
    let answered = numbers.iter().zip(outcomes).map(|(number, outcome)| completion(*number, outcome, &orders));
    let unasked = std::iter::repeat_n(Completion::NotDone, numbers.len().saturating_sub(outcomes.len()));
    answered.chain(unasked).collect()
}

impl BulkOutcome {
    /// What became of each number of the request, in its order.
    pub fn completions(&self, numbers: &[PhoneNumber]) -> Vec<Completion> {
        completions(numbers, &self.outcomes, &self.orders)
    }

    /// Whether a number got a slot, selected by a user or in the place of another: its first check is due.
    pub fn has_filled_slots(&self) -> bool {
        let occupies = |action: &Action| matches!(action, Action::OccupySlot(_));
        self.actions.iter().any(occupies) || !self.replaced.is_empty()
    }

    /// Adds what came of a batch. An error ends the request, and is one of the problems if batches before were done.
    fn take(&mut self, batch: Result<RequestOutcome>) -> Result<ControlFlow<()>> {
        match batch {
            Ok(decided) => {
                self.add(decided);
                Ok(ControlFlow::Continue(()))
            }
            Err(error) if self.outcomes.is_empty() => Err(error),
            Err(error) => {
                self.problems.push(unasked(&error));
                Ok(ControlFlow::Break(()))
            }
        }
    }

    fn add(&mut self, batch: RequestOutcome) {
        self.outcomes.extend(batch.decision.outcomes);
        self.actions.extend(batch.decision.plan.actions);
        self.notices.extend(batch.decision.plan.notices);
        self.replaced.extend(batch.replaced);
        self.orders.extend(batch.orders);
        self.offered_cents.extend(batch.offered_cents);
        self.problems.extend(batch.problems);
    }
}

impl Dialguard {
    /// Answers a user's request and does what is accepted of it. Errors are those of [`Dialguard::review`], and a request
    /// of more than 10,000 numbers or with one that is not E.164. A number that is refused is not an error but an answer.
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
    pub async fn decide(&self, id: &str, request: &Request) -> Result<RequestOutcome> {
        let run = self.run(id, Task::request(request)).await?;
        let mut fulfilment_problems = Vec::new();
        let replaced = self.carry_out(id, &run, &mut fulfilment_problems).await;
        let mut decided = self.decided(id, run)?;
        decided.replaced = replaced;
        decided.problems.append(&mut fulfilment_problems);
        Ok(decided)
    }

    /// What a run decided, and how far its orders are by now.
    fn decided(&self, id: &str, run: FinishedRun) -> Result<RequestOutcome> {
        let orders = self.orders_of(id, &run)?;
        let (problems, offered_cents) = (run.observations.problems(), run.offered_cents);
        Ok(RequestOutcome { decision: decision(run.outcome), replaced: Vec::new(), orders, offered_cents, problems })
    }

    /// The latest order of each number that this run planned to replace.
    pub(super) fn orders_of(&self, id: &str, run: &FinishedRun) -> Result<Vec<Order>> {
        let planned: HashSet<_> = run.outcome.plan().actions.iter().filter_map(replaced_number).collect();
        let (Some((run, _)), false) = (run.left_behind(), planned.is_empty()) else { return Ok(Vec::new()) };
        let mut orders = self.ledger.latest_orders_since(id, run)?;
        orders.retain(|order| planned.contains(&order.number));
        Ok(orders)
    }

    /// Answers a request of any number of numbers, batch by batch: each is done before the next is decided. Errors
    /// are those of [`Dialguard::decide`], and then nothing was changed. A batch that fails after others were done ends
    /// the request, and is one of the problems.
    pub async fn decide_all(&self, id: &str, request: &Request) -> Result<BulkOutcome> {
        let mut bulk = BulkOutcome::default();
        for batch in batches(request) {
            if bulk.take(self.decide(id, &batch).await)?.is_break() {
                break;
            }
        }
        Ok(bulk)
    }

    /// The same as [`Dialguard::decide_all`], for a caller who waits for the answer: more than 50 replacements are under
    /// way when it returns, and carried out in the background.
    pub async fn decide_promptly(&self, id: &str, request: &Request) -> Result<BulkOutcome> {
        let replaces_many =
            matches!(request, Request::ReplaceNumbers(numbers) if numbers.len() > REPLACEMENTS_WAITED_FOR_MAX);
        if !replaces_many {
            return self.decide_all(id, request).await;
        }
        let (mut bulk, mut left_behind) = (BulkOutcome::default(), None);
        for batch in batches(request) {
            let decided = match self.run(id, Task::request(&batch)).await {
                Ok(run) => {
                    left_behind = run.left_behind().or(left_behind);
                    self.decided(id, run)
                }
                Err(error) => Err(error),
            };
            if bulk.take(decided)?.is_break() {
                break;
            }
        }
        // Not before: each swap changes the account, and the next batch would be asked about again.
        if !bulk.orders.is_empty() {
            self.carry_out_later(id, left_behind);
        }
        Ok(bulk)
    }

    /// Answers a user's request and applies nothing: what [`Dialguard::decide`] would do now. Errors are the same.
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
    /// let preview = dialguard.try_decide("acme", &request).await?;
    /// let Action::LockSlot(closing) = &preview.decision.plan.actions[0] else { return Err("no lock".into()) };
    /// assert_eq!(closing.slot, 1);
    /// assert_eq!(dialguard.ledger().account("acme")?.locked, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_decide(&self, id: &str, request: &Request) -> Result<RequestOutcome> {
        self.question(
            || self.begin(id, None),
            |run| async move { Ok(undone(run.decide(&run.dialer, request).await?, &run)) },
        )
        .await
    }

    /// What [`Dialguard::decide_all`] would do now. Each batch is decided as if those before it had been done, so that no
    /// slot and no candidate is promised twice. Errors are those of [`Dialguard::try_decide`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let numbers: Vec<PhoneNumber> = (13_105_560_000..13_105_572_000).collect();
    /// dialguard.ledger().import_numbers("acme", &numbers, ImportedAs::Owned, NOW)?;
    ///
    /// let preview = dialguard.try_decide_all("acme", &Request::StartMonitoring(numbers)).await?;
    /// assert_eq!(preview.outcomes.len(), 12_000);
    /// assert_eq!(preview.actions.len(), 13, "the account has 15 slots, of which two are in use");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_decide_all(&self, id: &str, request: &Request) -> Result<BulkOutcome> {
        let batches = &batches(request)[..];
        if let [batch] = batches {
            let mut bulk = BulkOutcome::default();
            bulk.add(self.try_decide(id, batch).await?);
            return Ok(bulk);
        }
        self.question(
            || self.begin(id, None),
            |run| async move {
                let inventory = PreviewInventory::new(run.inventory.clone(), id, run.now).await;
                let inventory = Arc::new(inventory.map_err(PolicyError::Answered)?);
                let dialer = Dialer { inventory: inventory.clone(), ..run.dialer.clone() };
                let mut bulk = BulkOutcome::default();
                for batch in batches {
                    let undone = undone(run.decide(&dialer, batch).await?, &run);
                    inventory.take(&undone.decision.plan.actions);
                    bulk.add(undone);
                }
                Ok(bulk)
            },
        )
        .await
    }

    /// Rates numbers, at most 10,000, by what sources say right now: one answer for each in the order given, what each carrier
    /// says, and what went wrong at the sources, in words. The numbers need not be the account's, and nothing changes in it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Status;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let screened = dialguard.screen("acme", &[13_105_550_123, 13_105_550_199]).await?;
    /// let statuses: Vec<_> = screened.screenings.iter().map(|it| it.status).collect();
    /// assert_eq!(statuses, [Status::Flagged, Status::Clean]);
    /// assert_eq!((screened.answers.len(), screened.problems.len()), (4, 0)); // two carriers
    /// # Ok(())
    /// # }
    /// ```
    pub async fn screen(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Screened> {
        self.question(
            || self.begin(id, None),
            |run| async move {
                let screenings = run.live.policy.screen(&run.dialer, id, numbers).await?;
                let (answers, problems) = run.take_observations().answers_and_problems();
                Ok(Screened { screenings, answers, problems })
            },
        )
        .await
    }

    /// Rates any number of numbers, 10,000 at a time, as [`Dialguard::screen`] does.
    pub async fn screen_all(&self, id: &str, numbers: &[PhoneNumber]) -> Result<Screened> {
        let mut all = Screened::default();
        for batch in numbers.chunks(NUMBERS_PER_CALL_MAX) {
            let Screened { screenings, answers, problems } = self.screen(id, batch).await?;
            all.screenings.extend(screenings);
            all.answers.extend(answers);
            all.problems.extend(problems);
        }
        Ok(all)
    }

    /// Counts the account's slots and numbers. Costs nothing: no source is asked, whatever the policy wants.
    pub async fn usage(&self, id: &str) -> Result<Usage> {
        self.question(
            || self.begin_even_closed(id, None).map(Run::asking_nobody),
            |run| async move { Ok(run.live.policy.usage(&run.dialer, id).await?) },
        )
        .await
    }
}

fn unasked(error: &DialguardError) -> String {
    format!("The numbers after these were not asked about: {error}")
}

/// What came of a request that was only a question.
fn undone(answered: PolicyAnswer<RunOutcome>, run: &Run) -> RequestOutcome {
    let offered_cents = offered_cents(answered.answer.plan(), &answered.recording);
    let (decision, problems) = (decision(answered.answer), run.take_observations().problems());
    RequestOutcome { decision, replaced: Vec::new(), orders: Vec::new(), offered_cents, problems }
}

fn replaced_number(action: &Action) -> Option<PhoneNumber> {
    match action {
        Action::ReplaceNumber(replacement) => Some(replacement.number),
        _ => None,
    }
}

pub(super) fn decision(outcome: RunOutcome) -> Decision {
    match outcome {
        RunOutcome::Request(_, decision) => decision,
        RunOutcome::Review(_) => unreachable!("a request was made"),
    }
}

/// The same request in parts that a policy takes at once; none if it names no number.
pub(super) fn batches(request: &Request) -> Vec<Request> {
    let cut_at = |numbers: &[PhoneNumber], max, of: &dyn Fn(Vec<PhoneNumber>) -> Request| {
        numbers.chunks(max).map(|batch| of(batch.to_vec())).collect()
    };
    let cut = |numbers: &[PhoneNumber], of: &dyn Fn(_) -> _| cut_at(numbers, NUMBERS_PER_CALL_MAX, of);
    match request {
        Request::StartMonitoring(numbers) => cut(numbers, &Request::StartMonitoring),
        Request::StopMonitoring(numbers) => cut(numbers, &Request::StopMonitoring),
        Request::ReplaceNumbers(numbers) => cut_at(numbers, REPLACED_AT_ONCE_MAX, &Request::ReplaceNumbers),
        Request::DeleteNumbers(Deletion { numbers, accept_slot_loss }) => {
            cut(numbers, &|numbers| Request::DeleteNumbers(Deletion { numbers, accept_slot_loss: *accept_slot_loss }))
        }
        Request::SetBlocks(blocks) => vec![Request::SetBlocks(*blocks)],
    }
}
