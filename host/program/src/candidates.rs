//! Candidates on hand, and what carriers said last about each: nobody is asked for it.

use dialguard::contract::Timestamp;
use dialguard_dialer::dialguard::{Dialguard, DialguardError};
use dialguard_dialer::ledger::{AccountProfile, Candidate, CarrierAnswer};
use dialguard_dialer::policies::Live;

/// How far back answers count: a candidate is screened when it may replace a number, which can be days ago.
const ANSWERS_KEPT_SECONDS: u64 = 7 * 86_400;

/// A candidate with what carriers said last.
pub struct RatedCandidate {
    pub candidate: Candidate,
    /// Carriers that flag it.
    pub flagging: usize,
    /// Carriers that have an opinion.
    pub answering: usize,
    /// Opinions that it takes, as the account's settings say.
    answering_min: usize,
}

/// What carriers said last about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateRating {
    Clean,
    Flagged,
    Unrated,
}

impl RatedCandidate {
    /// In the policies that Dialguard knows, a single carrier that flags a candidate is enough to refuse it.
    pub fn rating(&self) -> CandidateRating {
        match (self.flagging, self.answering) {
            (1.., _) => CandidateRating::Flagged,
            (0, answering) if answering < self.answering_min.max(1) => CandidateRating::Unrated,
            _ => CandidateRating::Clean,
        }
    }
}

/// The account's candidates above `after` (0: from the start), in ascending order, at most `limit`.
pub fn rated(
    dialguard: &Dialguard,
    account: &AccountProfile,
    after: u64,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<RatedCandidate>, DialguardError> {
    let (ledger, live) = (dialguard.ledger(), dialguard.policies().live()?);
    let candidates = ledger.candidates(&account.id, after, limit)?;
    let numbers: Vec<_> = candidates.iter().map(|candidate| candidate.number).collect();
    let since = now.saturating_sub(ANSWERS_KEPT_SECONDS);
    let answers = ledger.latest_answers_since(&account.id, &numbers, since)?;
    let thresholds = Thresholds::of(&live, account);
    let rated = candidates.into_iter().map(|candidate| {
        let said = answers.get(&candidate.number).map_or(&[][..], Vec::as_slice);
        thresholds.rate(candidate, said)
    });
    Ok(rated.collect())
}

/// What the account's settings say about opinions, as far as the policy has such settings.
struct Thresholds {
    spam_score_min: u64,
    answering_min: usize,
}

impl Thresholds {
    fn of(live: &Live, account: &AccountProfile) -> Self {
        let value = |name: &str| live.declaration.value(name, &account.settings);
        let figure = |name: &str, unless: u64| value(name).and_then(|value| value.try_into().ok()).unwrap_or(unless);
        Thresholds {
            spam_score_min: figure("spam-score-min", 80),
            answering_min: figure("rating-carriers-min", 1) as usize,
        }
    }

    fn rate(&self, candidate: Candidate, said: &[CarrierAnswer]) -> RatedCandidate {
        let scores = said.iter().filter_map(|answer| answer.score);
        let flags = |score: &u8| u64::from(*score) >= self.spam_score_min;
        RatedCandidate {
            candidate,
            flagging: scores.clone().filter(flags).count(),
            answering: scores.count(),
            answering_min: self.answering_min,
        }
    }
}
