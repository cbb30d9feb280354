//! One run: the account is read at one revision, the policy decides, and the ledger checks and applies the plan.

use super::inventory::RunInventory;
use super::progress::ReviewGuard;
use super::review::Turned;
use super::{Dialguard, DialguardError, Result};
use crate::ledger::{
    AccountChange, AccountProfile, AccountView, AppliedRun, CarrierAnswer, EventKind, LedgerError, RunOutcome,
    RunRecord, looked_up, offered_cents,
};
use crate::policies::{Live, RunGuard};
use crate::providers::Offers;
use crate::sources::evidence::NewEvidence;
use crate::sources::inquiry::{Inquiry, Observations};
use dialguard::check::{Purpose, check_decision};
use dialguard::clock::FixedClock;
use dialguard::contract::{Action, Answer, Outcome, PhoneNumber, Plan, Request, Timestamp};
use dialguard::dialer::{CarrierLookup, Dialer};
use dialguard::policy::{PolicyAnswer, PolicyError, PolicyFault};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often a run is made before an account that keeps changing is an error.
const ATTEMPTS_MAX: u32 = 10;

/// What a run is for.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    purpose: Purpose<'a>,
    /// The change of the account that the run's request for blocks is part of.
    change: Option<&'a AccountChange>,
    review: ReviewKind,
    /// The replacements of its plan are proposed to a user, and not made.
    proposes: bool,
}

/// Why a review is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ReviewKind {
    /// A user wants it now.
    ByUser,
    /// The schedule, because a day's check is not done.
    Scheduled,
    /// Numbers have just been taken on.
    FirstCheck,
    /// Candidates of an earlier review were unavailable.
    AskAgain,
}

impl<'a> Task<'a> {
    pub fn review(review: ReviewKind) -> Self {
        Task { purpose: Purpose::Review, change: None, review, proposes: false }
    }

    /// A review that spends nothing.
    pub fn check(review: ReviewKind) -> Self {
        Task { proposes: true, ..Task::review(review) }
    }

    pub fn proposes(self) -> bool {
        self.proposes
    }

    pub fn request(request: &'a Request) -> Self {
        Task { purpose: Purpose::Request(request), change: None, review: ReviewKind::ByUser, proposes: false }
    }

    /// `request` asks for the change's blocks.
    pub fn change(change: &'a AccountChange, request: &'a Request) -> Self {
        Task { purpose: Purpose::Request(request), change: Some(change), review: ReviewKind::ByUser, proposes: false }
    }

    fn is_review(self) -> bool {
        matches!(self.purpose, Purpose::Review)
    }
}

/// One run: the policy that was live when it began, the account at one revision, one time, and the sources and the
/// provider as they answered it.
pub(super) struct Run {
    _guard: RunGuard,
    pub live: Arc<Live>,
    pub account: AccountProfile,
    pub now: Timestamp,
    /// A review rates numbers that have no rating for a day that began then or later.
    pub rates_since: Timestamp,
    pub inquiry: Arc<Inquiry>,
    /// None if the run is not a review.
    new_evidence: Option<Arc<NewEvidence>>,
    pub offers: Option<Arc<Offers>>,
    pub inventory: Arc<RunInventory>,
    pub dialer: Dialer,
}

/// A run that was made.
pub(super) struct FinishedRun {
    pub outcome: RunOutcome,
    pub observations: RunObservations,
    /// None if there was nothing to apply.
    pub applied: Option<AppliedRun>,
    /// Of a review: how many numbers it was to rate, and how many turned.
    pub due: u32,
    pub turned: Turned,
    /// What the plan's new numbers cost, as far as the provider stated it.
    pub offered_cents: HashMap<PhoneNumber, u32>,
}

impl FinishedRun {
    /// The run's id and the revision at which it left the account; none if nothing was applied.
    pub fn left_behind(&self) -> Option<(u64, u64)> {
        Some((self.applied?.run, self.outcome.plan().based_on + 1))
    }
}

/// What sources and the provider answered during a run.
pub(super) struct RunObservations {
    of_sources: Observations,
    provider_problems: Vec<String>,
    counted_before: usize,
}

impl RunObservations {
    /// How many numbers were not rated because an earlier check has counted their observations.
    pub fn counted_before(&self) -> usize {
        self.counted_before
    }

    /// What went wrong, in words.
    pub fn problems(self) -> Vec<String> {
        self.answers_and_problems().1
    }

    /// What carriers said, and what went wrong, in words.
    pub fn answers_and_problems(mut self) -> (Vec<CarrierAnswer>, Vec<String>) {
        self.of_sources.problems.append(&mut self.provider_problems);
        (self.of_sources.answers, self.of_sources.problems)
    }
}

impl Run {
    pub fn take_observations(&self) -> RunObservations {
        let provider_problems = self.offers.as_ref().map(|offers| offers.take_problems()).unwrap_or_default();
        let counted_before = self.new_evidence.as_ref().map_or(0, |evidence| evidence.counted_before());
        RunObservations { of_sources: self.inquiry.take_observations(), provider_problems, counted_before }
    }

    /// Asks the policy. The ledger checks the plan of a review when it applies it.
    pub async fn ask(&self, task: Task<'_>) -> Result<PolicyAnswer<RunOutcome>> {
        match task.purpose {
            Purpose::Review => {
                let answered = self.live.policy.review_account(&self.dialer, &self.account.id).await?;
                Ok(answered.map(RunOutcome::Review))
            }
            Purpose::Request(request) => self.decide(&self.dialer, request).await,
            _ => unreachable!("a run is a review or a request"),
        }
    }

    /// Asks the policy about a request, of this dialer.
    pub async fn decide(&self, dialer: &Dialer, request: &Request) -> Result<PolicyAnswer<RunOutcome>> {
        let answered = self.live.policy.decide(dialer, &self.account.id, request).await?;
        check_decision(&self.account.id, request, &answered.answer, &answered.inputs, &EventKind::NAMES)
            .map_err(LedgerError::from)?;
        Ok(answered.map(|decision| RunOutcome::Request(request.clone(), decision)))
    }

    pub fn record<'a>(
        &'a self,
        answered: &'a PolicyAnswer<RunOutcome>,
        observations: &'a RunObservations,
    ) -> RunRecord<'a> {
        let policy = &self.live.policy;
        RunRecord {
            policy: policy.sha256(),
            revision: self.live.revision,
            contract: policy.contract_version(),
            limits: policy.limits(),
            kept: self.live.kept(),
            outcome: &answered.answer,
            inputs: &answered.inputs,
            recording: &answered.recording,
            answers: &observations.of_sources.answers,
            by_source: &observations.of_sources.by_source,
            problems: &observations.of_sources.problems,
            provider_problems: &observations.provider_problems,
            counted_before: observations.counted_before,
        }
    }
}

/// Whether numbers were asked about again, or for the first time, without an answer. That is not a run, or each try
/// would be one more run, event and message about the same numbers, for good, and a user may try any number of times.
fn is_in_vain(task: Task<'_>, run: &Run, answered: &PolicyAnswer<RunOutcome>) -> bool {
    let is_repeated = match task.review {
        ReviewKind::Scheduled | ReviewKind::ByUser => run.account.check_tries(run.rates_since) > 0,
        ReviewKind::FirstCheck => true,
        ReviewKind::AskAgain => false,
    };
    let plan = answered.answer.plan();
    let is_done = |action: &Action| !(task.proposes && matches!(action, Action::ReplaceNumber(_)));
    let acts = plan.actions.iter().any(is_done);
    let says_nothing = plan.reviews.is_empty() && !acts && !has_other_suspects(answered);
    task.is_review() && is_repeated && says_nothing
}

/// Whether other numbers are suspect than before.
fn has_other_suspects(answered: &PolicyAnswer<RunOutcome>) -> bool {
    let Some(suspects) = &answered.answer.plan().suspects else { return false };
    let before = answered.inputs.monitored().filter(|number| number.suspect_since.is_some());
    !before.map(|number| number.number).eq(suspects.numbers.iter().copied())
}

/// Why a request with one answer was refused; none if it was accepted.
pub(super) fn refusal(outcome: &RunOutcome) -> Option<Outcome> {
    let RunOutcome::Request(_, decision) = outcome else { return None };
    decision.outcomes.iter().find(|outcome| outcome.answer != Answer::Accepted).copied()
}

/// Growing pauses: an import of many numbers changes the account again and again.
async fn pause(attempt: u32) -> Result<()> {
    tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
    Ok(())
}

impl Dialguard {
    /// Makes a run, again if the account changed meanwhile, and applies its plan. None if it was held back: that is
    /// looked at after the account's revision was read, so that a later change makes the run stale.
    pub(super) async fn run_unless(
        &self,
        id: &str,
        task: Task<'_>,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<FinishedRun>> {
        let mut attempt = 1;
        loop {
            let run = self.begin(id, Some(task))?;
            // Before sources are asked, which costs; the ledger checks it again.
            self.ledger.check_time(run.now)?;
            if held_back(&run)? {
                return Ok(None);
            }
            let (_guard, due) = self.show_progress(task, &run)?;
            let error = match self.unless_stopped(run.ask(task)).await {
                Ok(answered) => {
                    let observations = run.take_observations();
                    match tokio::task::block_in_place(|| self.apply(task, &run, &answered, &observations)) {
                        Ok(applied) => {
                            let turned = Turned::of(answered.answer.plan(), &answered.inputs);
                            let offered_cents = offered_cents(answered.answer.plan(), &answered.recording);
                            return Ok(Some(FinishedRun {
                                outcome: answered.answer,
                                observations,
                                applied,
                                due,
                                turned,
                                offered_cents,
                            }));
                        }
                        Err(error) => error.into(),
                    }
                }
                Err(error) => error,
            };
            if attempt == ATTEMPTS_MAX || !self.is_outdated(&run, &error)? {
                return self.blame(&run, Err(error));
            }
            self.unless_stopped(pause(attempt)).await?;
            attempt += 1;
        }
    }

    /// Makes a run that nothing holds back.
    pub(super) async fn run(&self, id: &str, task: Task<'_>) -> Result<FinishedRun> {
        let finished = self.run_unless(id, task, |_| Ok(false)).await?;
        Ok(finished.expect("nothing held the run back"))
    }

    /// Asks a question that changes nothing, and again if the account changed meanwhile: an answer is of one revision. A
    /// fault of the policy is the asker's error and does not count against the policy; otherwise anyone who may read
    /// could have it rolled back.
    pub(super) async fn question<T, Asked: Future<Output = Result<T>>>(
        &self,
        begin: impl Fn() -> Result<Run>,
        ask: impl Fn(Arc<Run>) -> Asked,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            let run = Arc::new(begin()?);
            let answer = self.unless_stopped(ask(run.clone())).await;
            let Err(error) = &answer else { return answer };
            if attempt == ATTEMPTS_MAX || !self.is_outdated(&run, error)? {
                return answer;
            }
            self.unless_stopped(pause(attempt)).await?;
            attempt += 1;
        }
    }

    /// Whether a run failed because the account changed meanwhile.
    fn is_outdated(&self, run: &Run, error: &DialguardError) -> Result<bool> {
        match error {
            // Whatever changed, another run may take as long.
            DialguardError::Stopped
            | DialguardError::Policy(
                PolicyError::SourcesTooSlow(_)
                | PolicyError::Fault(PolicyFault::TooSlow(_) | PolicyFault::OutOfTime(_)),
            ) => Ok(false),
            // Another account's plan may have been quicker to take a number on offer.
            DialguardError::Ledger(LedgerError::Stale(_)) => Ok(true),
            _ => Ok(self.ledger.account(&run.account.id)?.revision != run.account.revision),
        }
    }

    fn apply(
        &self,
        task: Task<'_>,
        run: &Run,
        answered: &PolicyAnswer<RunOutcome>,
        observations: &RunObservations,
    ) -> std::result::Result<Option<AppliedRun>, LedgerError> {
        let (id, plan, record) = (&run.account.id, answered.answer.plan(), run.record(answered, observations));
        if let Some(change) = task.change {
            return match refusal(&answered.answer) {
                Some(_) => Ok(None),
                None => self.ledger.change_account_and_blocks(id, change, record),
            };
        }
        if is_in_vain(task, run, answered) && !self.is_to_be_recorded(task, run, plan)? {
            let asked = (looked_up(&answered.recording), &observations.of_sources.by_source[..]);
            self.ledger.note_try(id, run.rates_since, asked, run.now)?;
            return Ok(None);
        }
        // A request of which nothing was accepted changes nothing, and no run is recorded for it.
        if !task.is_review() && plan.actions.is_empty() && plan.notices.is_empty() {
            return Ok(None);
        }
        let applied = if task.proposes { self.ledger.apply_check(id, record) } else { self.ledger.apply(id, record) };
        applied.map(Some)
    }

    /// Whether a review that changes nothing goes on record all the same: it is the first to propose replacements, or the
    /// day's review, which a check left them to.
    fn is_to_be_recorded(&self, task: Task<'_>, run: &Run, plan: &Plan) -> std::result::Result<bool, LedgerError> {
        match task.proposes {
            true => Ok(!self.ledger.are_proposed(&run.account, plan, run.now)?),
            false => Ok(task.review == ReviewKind::Scheduled && self.ledger.replacements_wait(&run.account, run.now)?),
        }
    }

    /// Records a fault of the policy if it is to blame for a run that failed.
    pub(super) fn blame<T>(&self, run: &Run, outcome: Result<T>) -> Result<T> {
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

    /// Opens the account for one run, by the live policy; without a task, for a question that changes nothing. A closed
    /// account is refused before anything is asked about it.
    pub(super) fn begin(&self, id: &str, task: Option<Task<'_>>) -> Result<Run> {
        let run = self.begin_even_closed(id, task)?;
        run.account.ensure_open()?;
        Ok(run)
    }

    pub(super) fn begin_even_closed(&self, id: &str, task: Option<Task<'_>>) -> Result<Run> {
        let guard = self.policies.begin_run();
        let live = self.policies.live()?;
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        let account = match task.and_then(|task| task.change) {
            Some(change) => {
                let is_charged = self.ledger.is_charged(&account)?;
                account.when_blocks_change(change, is_charged, now)
            }
            None => account,
        };
        let review = task.filter(|task| task.is_review());
        let rates_since = match review {
            Some(task) => self.ledger.rates_since(&account, now, task.review == ReviewKind::ByUser)?,
            None => account.day(now).starts_at,
        };
        let inquiry = self.sources.inquiry(now);
        let offers = match &account.buying.provider {
            Some(name) => Some(Arc::new(Offers::new(
                self.ledger.provider(name)?,
                self.providers.named(name),
                account.buying.areas.clone(),
            ))),
            None => None,
        };
        let view = AccountView::new(self.ledger.clone(), account.clone(), now).with_day(rates_since);
        let inventory = Arc::new(RunInventory::new(view, offers.clone()));
        let dialer =
            Dialer { clock: Arc::new(FixedClock(now)), carriers: inquiry.clone(), inventory: inventory.clone() };
        let run = Run {
            _guard: guard,
            live,
            account,
            now,
            rates_since,
            inquiry,
            new_evidence: None,
            offers,
            inventory,
            dialer,
        };
        Ok(if review.is_some() { self.count_evidence_once(run) } else { run })
    }

    /// In a review, evidence counts once.
    fn count_evidence_once(&self, run: Run) -> Run {
        let evidence = NewEvidence::new(run.inquiry.clone(), self.ledger.clone(), run.account.clone(), run.rates_since);
        let new_evidence = Arc::new(evidence);
        let carriers: Arc<dyn CarrierLookup> = new_evidence.clone();
        let dialer = Dialer { carriers, ..run.dialer };
        Run { new_evidence: Some(new_evidence), dialer, ..run }
    }

    /// Users can follow a review while it is made. Also how many numbers it is to rate.
    fn show_progress(&self, task: Task<'_>, run: &Run) -> Result<(Option<ReviewGuard>, u32)> {
        if !task.is_review() {
            return Ok((None, 0));
        }
        let unrated = self.ledger.unrated_since(&run.account, run.rates_since)?;
        Ok((Some(self.reviews.begin(&run.account.id, unrated, run.inquiry.clone())), unrated))
    }
}
