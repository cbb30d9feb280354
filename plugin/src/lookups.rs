//! Which numbers a review looks up, and with which sources. Lookups cost money, and sources have limits: where they are
//! short, the most urgent numbers come first, and a source whose answer no longer matters is not asked.

use crate::calls::{Calls, find};
use crate::contract::*;
use crate::dialer::{Dialer, Run};
use crate::numbers::{NumberMap, each_once, sort_by_key};
use crate::rating::{Rating, Scale};
use crate::table::{NO_ANSWER, SCORE_MAX};
use alloc::vec::Vec;

/// The lookups of one review.
pub struct LookUps<'a, D> {
    run: &'a Run<'a, D>,
    scale: Scale,
    /// The cheapest first. Empty if the host does not name its sources.
    sources: Vec<Source>,
    /// Each source's limit in numbers; if the host does not name its sources, that of all together.
    limits: Vec<u64>,
    /// The different limits but 0, in ascending order. The numbers from one limit to the next, in order of urgency, are a
    /// tier, and its sources are those with the higher of the two limits, or one above that.
    tiers: Vec<u64>,
    /// The tiers of the most urgent numbers.
    tier_of: NumberMap,
    /// The tier of all others, if a source can be asked about every number.
    tier_of_others: Option<u32>,
    /// Numbers that were looked up.
    pub asked: u64,
    /// Numbers that were due and not looked up.
    pub left_out: u64,
}

/// The ratings of a page's numbers.
pub struct Ratings<'a> {
    scale: &'a Scale,
    answers: Vec<Answer>,
}

struct Answer {
    verdicts: VerdictTable,
    /// The rows of the page that were asked about, in ascending order; none if all were.
    rows: Option<Vec<usize>>,
    /// The place of the next row.
    next: usize,
}

impl Ratings<'_> {
    /// The rating of a row; call this with one row after the other. A number that was not looked up has no opinions.
    #[inline]
    pub fn next_rating(&mut self, row: usize) -> Rating {
        for answer in &mut self.answers {
            if answer.rows.as_ref().is_none_or(|rows| rows.get(answer.next) == Some(&row)) {
                let (scores, observed_at) = answer.verdicts.row(answer.next);
                answer.next += 1;
                return self.scale.rating(scores, observed_at);
            }
        }
        Rating::default()
    }
}

/// No limit.
const ALL: u64 = u64::MAX;

impl<'a, D: Dialer> LookUps<'a, D> {
    /// Reads what sources there are, and chooses the numbers that they are asked about.
    pub fn new(run: &'a Run<'a, D>, calls: &Calls<D>) -> Result<Self, Error> {
        let mut sources = run.dialer.sources();
        sort_by_key(&mut sources, |source| (source.price, source.id));
        let mut limits = Vec::new();
        for source in &sources {
            limits.push(limit(run, source.look_ups_left));
        }
        if sources.is_empty() {
            limits.push(limit(run, None));
        }
        let mut tiers = each_once(limits.clone());
        tiers.retain(|limit| *limit > 0);
        let tier_of_others = (tiers.last() == Some(&ALL)).then(|| tiers.len() as u32 - 1);
        let scale = Scale::of(&run.settings, run.now);
        let tier_of = NumberMap::default();
        let mut look_ups =
            LookUps { run, scale, sources, limits, tiers, tier_of, tier_of_others, asked: 0, left_out: 0 };
        look_ups.choose(calls)?;
        Ok(look_ups)
    }

    /// Assigns the most urgent numbers to the tiers that have limits.
    fn choose(&mut self, calls: &Calls<D>) -> Result<(), Error> {
        let limited = self.tiers.iter().rfind(|limit| **limit != ALL);
        let Some(most) = limited.map(|limit| *limit as usize) else { return Ok(()) };
        let mut chosen = Vec::new();
        let mut pages = self.run.pages();
        while let Some(page) = pages.next_page()? {
            let suspects = calls.suspects(&page.numbers)?;
            for row in 0..page.numbers.len() {
                let number = page.row(row);
                if self.is_due(number.last_rated_at.unwrap_or_default()) {
                    chosen.push(urgency(&number, &suspects));
                }
            }
            if chosen.len() >= 2 * most {
                keep_first(&mut chosen, most);
            }
        }
        keep_first(&mut chosen, most);
        for (rank, (_, _, number)) in chosen.iter().enumerate() {
            self.tier_of.insert(*number, self.tiers.partition_point(|limit| *limit <= rank as u64) as u32);
        }
        Ok(())
    }

    fn is_due(&self, last_rated_at: Timestamp) -> bool {
        last_rated_at < self.run.account.day_starts_at
    }

    /// Looks up the numbers of the page that are due.
    pub fn ask(&mut self, page: &MonitoredTable) -> Result<Ratings<'_>, Error> {
        let mut answers = Vec::new();
        if self.is_unlimited() && page.last_rated_at.iter().all(|at| self.is_due(*at)) {
            self.asked += page.numbers.len() as u64;
            answers.push(Answer { verdicts: self.ask_tier(ALL, &page.numbers)?, rows: None, next: 0 });
            return Ok(Ratings { scale: &self.scale, answers });
        }
        for (tier, limit) in (0..).zip(&self.tiers) {
            let (rows, numbers) = self.due(page, Some(tier));
            if !numbers.is_empty() {
                self.asked += numbers.len() as u64;
                answers.push(Answer { verdicts: self.ask_tier(*limit, &numbers)?, rows: Some(rows), next: 0 });
            }
        }
        if self.tier_of_others.is_none() {
            self.left_out += self.due(page, None).1.len() as u64;
        }
        Ok(Ratings { scale: &self.scale, answers })
    }

    /// Whether the sources that can be asked at all can be asked about every number.
    fn is_unlimited(&self) -> bool {
        self.tier_of_others == Some(0) && self.tier_of.is_empty()
    }

    /// The numbers of the page that are due and in this tier, with their rows.
    fn due(&self, page: &MonitoredTable, tier: Option<u32>) -> (Vec<usize>, Vec<PhoneNumber>) {
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for (row, (number, last_rated_at)) in page.numbers.iter().zip(&page.last_rated_at).enumerate() {
            if self.is_due(*last_rated_at) && self.tier(*number) == tier {
                rows.push(row);
                numbers.push(*number);
            }
        }
        (rows, numbers)
    }

    fn tier(&self, number: PhoneNumber) -> Option<u32> {
        self.tier_of.get(number).or(self.tier_of_others)
    }

    /// Asks the sources whose limit is at least that.
    fn ask_tier(&self, limit: u64, numbers: &[PhoneNumber]) -> Result<VerdictTable, Error> {
        let mut sources = Vec::new();
        for (source, its_limit) in self.sources.iter().zip(&self.limits) {
            if *its_limit >= limit {
                sources.push(source);
            }
        }
        if self.run.settings.cheapest_first {
            return self.ask_cheapest_first(numbers, &sources);
        }
        let verdicts = self.run.dialer.look_up(numbers, &ids(&sources))?;
        verdicts.check(numbers.len())?;
        Ok(verdicts)
    }

    /// Asks all free sources, then one after another about the numbers whose rating they can still change.
    fn ask_cheapest_first(&self, numbers: &[PhoneNumber], sources: &[&Source]) -> Result<VerdictTable, Error> {
        let mut known = Known { rows: numbers.len(), table: VerdictTable::of(Vec::new()) };
        let mut open: Vec<usize> = (0..numbers.len()).collect();
        let mut rest = sources;
        loop {
            let free = rest.iter().take_while(|source| source.price == 0).count();
            let (now, later) = rest.split_at_checked(free.max(1)).unwrap_or((rest, &[]));
            let mut asked = Vec::new();
            for row in &open {
                asked.extend(numbers.get(*row));
            }
            let answer = self.run.dialer.look_up(&asked, &ids(now))?;
            answer.check(asked.len())?;
            known.learn(&answer, &open);
            rest = later;
            let carriers = carriers_of(rest);
            open.retain(|row| !self.is_settled(&known.table, *row, carriers.as_deref()));
            if rest.is_empty() || open.is_empty() {
                return Ok(known.table);
            }
        }
    }

    /// Whether a number is rated, and these carriers cannot change whether most flag it, whatever they say.
    fn is_settled(&self, known: &VerdictTable, row: usize, still_to_ask: Option<&[u64]>) -> bool {
        let Some(still_to_ask) = still_to_ask else { return false };
        let (scores, observed_at) = known.row(row);
        let is_rated = self.scale.rating(scores, observed_at).is_rated(&self.run.settings);
        let mut certain = Vec::new();
        for (score, carrier) in scores.iter().zip(&known.carriers) {
            let is_certain = !still_to_ask.contains(&u64::from(*carrier));
            certain.push(if is_certain { *score } else { NO_ANSWER });
        }
        let certain = self.scale.rating(&certain, observed_at);
        let majority = 2 * i64::from(certain.flagging) - i64::from(certain.answering);
        let open = still_to_ask.len() as i64;
        is_rated && (majority > open || majority + open <= 0)
    }
}

/// What is still allowed of a source with so many lookups left; [`ALL`] if that is enough for every number.
fn limit(run: &Run<impl Dialer>, look_ups_left: Option<u32>) -> u64 {
    let budget = match run.settings.look_ups_per_day_max {
        0 => u32::MAX,
        most => most.saturating_sub(run.account.look_ups_today),
    };
    let limit = look_ups_left.unwrap_or(u32::MAX).min(budget);
    if limit >= run.account.monitored_count { ALL } else { limit.into() }
}

/// Never rated numbers come first, then suspect ones, then flagged and at-risk ones, then all others; among those, the ones
/// that were not rated for longest.
type Urgency = (u8, Timestamp, PhoneNumber);

fn urgency(number: &MonitoredNumber, suspects: &[Suspect]) -> Urgency {
    let class = match number.status {
        _ if number.last_rated_at.is_none() => 0,
        _ if find(suspects, number.number).is_some() => 1,
        Status::AtRisk | Status::Flagged => 2,
        _ => 3,
    };
    (class, number.last_rated_at.unwrap_or_default(), number.number)
}

fn keep_first(chosen: &mut Vec<Urgency>, most: usize) {
    sort_by_key(chosen, |urgency| *urgency);
    chosen.truncate(most);
}

fn ids(sources: &[&Source]) -> Vec<SourceId> {
    let mut ids = Vec::new();
    for source in sources {
        ids.push(source.id);
    }
    ids
}

/// The carriers that these sources speak for; none if that is not known of one of them.
fn carriers_of(sources: &[&Source]) -> Option<Vec<u64>> {
    let mut carriers = Vec::new();
    for source in sources {
        if source.carriers.is_empty() {
            return None;
        }
        for carrier in &source.carriers {
            carriers.push(u64::from(*carrier));
        }
    }
    Some(each_once(carriers))
}

/// What several sources said about the same numbers.
struct Known {
    rows: usize,
    table: VerdictTable,
}

impl Known {
    /// Adds an answer about some of the rows. If a carrier has several opinions about a number, the newest counts.
    fn learn(&mut self, answer: &VerdictTable, rows: &[usize]) {
        let mut carriers = Vec::new();
        for carrier in self.table.carriers.iter().chain(&answer.carriers) {
            carriers.push(u64::from(*carrier));
        }
        let carriers = each_once(carriers);
        let mut table = VerdictTable::of(Vec::new());
        for carrier in &carriers {
            table.carriers.push(*carrier as CarrierId);
        }
        let mut answered = rows.iter().enumerate().peekable();
        for row in 0..self.rows {
            let place = answered.next_if(|(_, answered)| **answered == row).map(|(place, _)| place);
            for carrier in &table.carriers {
                let before = self.table.cell(row, *carrier);
                let opinion = place.map_or(before, |place| newest(before, answer.cell(place, *carrier)));
                table.scores.push(opinion.0);
                table.observed_at.push(opinion.1);
            }
        }
        self.table = table;
    }
}

/// The newer of two opinions of a carrier.
fn newest(one: (u8, Timestamp), other: (u8, Timestamp)) -> (u8, Timestamp) {
    let replaces = other.0 <= SCORE_MAX && (one.0 > SCORE_MAX || other.1 > one.1);
    if replaces || one.0 == NO_ANSWER { other } else { one }
}

#[cfg(test)]
mod tests;
