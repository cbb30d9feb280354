//! What screening numbers would ask of which source, and what that would cost, before anybody is asked.

use super::{Dialguard, Result};
use crate::ledger::SourceProfile;
use crate::sources::lookups::{look_up_budget, unanswered};
use dialguard::contract::PhoneNumber;

/// What screening numbers would ask and cost, at most: a policy may leave sources out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreeningCost {
    /// How many numbers there are, each counted once.
    pub numbers: usize,
    /// What each source would be asked.
    pub sources: Vec<SourceCost>,
}

/// What one source would be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCost {
    /// The source.
    pub source: SourceProfile,
    /// Numbers that it would be asked about: it covers them, and has no fresh answer to them.
    pub asked: usize,
    /// Of those, the numbers that the rest of its budget of the day pays for.
    pub within_budget: usize,
    /// What it charges for a number, in millionths of a US dollar.
    pub price_micros: u64,
}

impl SourceCost {
    /// What it would charge, in millionths of a US dollar.
    pub fn micros(&self) -> u64 {
        self.within_budget as u64 * self.price_micros
    }
}

impl ScreeningCost {
    /// What all sources would charge, in millionths of a US dollar.
    pub fn micros(&self) -> u64 {
        self.sources.iter().map(SourceCost::micros).sum()
    }

    /// The same in US cents, of which a part counts as a whole one.
    pub fn cents(&self) -> u64 {
        self.micros().div_ceil(10_000)
    }
}

impl Dialguard {
    /// What [`Dialguard::screen_all`] would ask about these numbers and cost now, at most. It asks nobody.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let cost = dialguard.screening_cost("acme", &[13_105_550_123, 13_105_550_199, 13_105_550_123])?;
    /// assert_eq!((cost.numbers, cost.sources[0].asked, cost.micros()), (2, 2, 0)); // a file costs nothing
    /// # Ok(())
    /// # }
    /// ```
    pub fn screening_cost(&self, id: &str, numbers: &[PhoneNumber]) -> Result<ScreeningCost> {
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        account.ensure_open()?;
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let cost = |source: SourceProfile| {
            let asked = unanswered(&self.ledger, &source, &numbers, now)?;
            let budget = look_up_budget(&source).filter(|budget| budget.price_micros > 0);
            let price_micros = budget.map_or(0, |budget| budget.price_micros);
            let within_budget = match budget {
                Some(budget) => {
                    let spent = self.ledger.lookups_spent(&source.name, now)?.micros;
                    let left = budget.budget_micros.saturating_sub(spent) / budget.price_micros;
                    asked.min(left.try_into().unwrap_or(usize::MAX))
                }
                None => asked,
            };
            Ok(SourceCost { source, asked, within_budget, price_micros })
        };
        let sources = self.ledger.sources()?.into_iter().map(cost).collect::<Result<_>>()?;
        Ok(ScreeningCost { numbers: numbers.len(), sources })
    }
}
