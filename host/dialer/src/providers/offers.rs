//! The numbers on offer at an account's provider, for one run.

use crate::figures::count;
use crate::ledger::{Areas, ProviderProfile};
use crate::phone::area_code;
use crate::providers::{Offer, OfferPrice, Provider, ProviderError, SearchArea};
use dialguard::contract::PhoneNumber;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

/// Numbers requested in an area. Each may be looked up with every source for money.
const SEARCHED_MAX: u32 = 100;

/// How long one search may take, and all searches of a run together.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(10);
const SEARCHES_TIME_MAX: Duration = Duration::from_secs(30);

/// Numbers on offer, each with what it costs in US cents.
pub(crate) type PricedNumbers = BTreeMap<PhoneNumber, u32>;

/// A provider's offers to one account. Each area is searched once a run, so that the run sees the same offers. A failing
/// search is a problem and costs only its own offers.
pub(crate) struct Offers {
    profile: ProviderProfile,
    provider: Result<Arc<dyn Provider>, ProviderError>,
    areas: Areas,
    found: AsyncMutex<HashMap<SearchArea, PricedNumbers>>,
    problems: Mutex<Vec<String>>,
    started: Mutex<Option<Instant>>,
}

impl Offers {
    pub fn new(profile: ProviderProfile, provider: Result<Arc<dyn Provider>, ProviderError>, areas: Areas) -> Self {
        Offers {
            profile,
            provider,
            areas,
            found: AsyncMutex::default(),
            problems: Mutex::default(),
            started: Mutex::default(),
        }
    }

    /// The areas where a replacement for this number may come from, the best first.
    pub fn areas(&self, like: PhoneNumber) -> Vec<SearchArea> {
        let mut areas: Vec<_> = area_code(like).map(SearchArea::AreaCode).into_iter().collect();
        match &self.areas {
            Areas::Own => {}
            Areas::Also(codes) => areas.extend(codes.iter().copied().map(SearchArea::AreaCode)),
            Areas::Anywhere => areas.push(SearchArea::Anywhere),
        }
        let mut seen = HashSet::new();
        areas.retain(|area| seen.insert(*area));
        areas
    }

    /// The numbers on offer in an area; none if the search fails.
    pub async fn search(&self, area: SearchArea) -> PricedNumbers {
        let mut found = self.found.lock().await;
        if let Some(known) = found.get(&area) {
            return known.clone();
        }
        let numbers = self.search_provider(area).await.unwrap_or_else(|error| {
            let place = match area {
                SearchArea::AreaCode(code) => format!("in area code {code}"),
                SearchArea::Anywhere => "in any area".into(),
            };
            let problem = format!("{}: the search {place} failed: {error}", self.profile.name);
            self.problems.lock().push(problem);
            PricedNumbers::new()
        });
        found.insert(area, numbers.clone());
        numbers
    }

    async fn search_provider(&self, area: SearchArea) -> Result<PricedNumbers, ProviderError> {
        let provider = self.provider.clone()?;
        let started = *self.started.lock().get_or_insert_with(Instant::now);
        let until = (started + SEARCHES_TIME_MAX).min(Instant::now() + SEARCH_TIME_MAX);
        let offers = tokio::time::timeout_at(until, provider.search(area, SEARCHED_MAX))
            .await
            .map_err(|_| ProviderError::Lost("no response in time".into()))??;
        // Checked here too, because a provider may ignore the area.
        let fits = |offer: &Offer| match (area, area_code(offer.number)) {
            (SearchArea::AreaCode(wanted), Some(code)) => wanted == code,
            (SearchArea::Anywhere, code) => code.is_some(),
            (_, None) => false,
        };
        Ok(self.priced(offers.into_iter().filter(fits).take(SEARCHED_MAX as usize)))
    }

    /// The offers that may be bought. Why others may not is a problem, once for each reason.
    fn priced(&self, offers: impl Iterator<Item = Offer>) -> PricedNumbers {
        let (mut priced, mut refused) = (PricedNumbers::new(), BTreeMap::<String, u32>::new());
        for Offer { number, price } in offers {
            match price {
                OfferPrice::Flat => drop(priced.insert(number, self.profile.price_cents)),
                OfferPrice::Cents(cents) => drop(priced.insert(number, cents)),
                OfferPrice::Refused(why) => *refused.entry(why).or_default() += 1,
            }
        }
        let name = &self.profile.name;
        let problems = refused.into_iter().map(|(why, many)| match many {
            1 => format!("{name}: a number on offer is passed over: {why}"),
            many => format!("{name}: {} on offer are passed over: {why}", count(many.into(), "number")),
        });
        self.problems.lock().extend(problems);
        priced
    }

    /// The problems since the last call, as sentences.
    pub fn take_problems(&self) -> Vec<String> {
        std::mem::take(&mut *self.problems.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ProviderKind;

    #[test]
    fn the_numbers_own_area_comes_first_and_others_only_as_allowed() {
        use SearchArea::{Anywhere, AreaCode};
        let like = 13_105_550_100;
        let kind = ProviderKind::Telnyx;
        let shop = || ProviderProfile { name: "shop".into(), kind, price_cents: 115, settings: "{}".into() };
        let areas = |areas| Offers::new(shop(), Err(ProviderError::Refused(String::new())), areas).areas(like);
        assert_eq!(areas(Areas::Own), [AreaCode(310)]);
        assert_eq!(areas(Areas::Also(vec![213, 310, 424])), [310, 213, 424].map(AreaCode));
        assert_eq!(areas(Areas::Anywhere), [AreaCode(310), Anywhere]);
    }
}
