//! Which numbers a page shows, and in which order, as in its query string.

use crate::web::address::account_path;
use crate::words::status_of_name;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{MonitoringFilter, NumberOrder, NumberQuery};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Rows per page.
pub const ROWS: u32 = 50;

/// The filter in a query string. Values that it does not know are refused: ignored, they would show every number, and
/// let users act on all of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Digits to search for.
    pub q: String,
    /// `monitored`, `not-monitored`, `resting`, `ready`, `suspect` or a status.
    #[serde(deserialize_with = "show")]
    pub show: String,
    /// `day` or `week`: became flagged in the past 24 hours or 7 days.
    #[serde(deserialize_with = "flagged")]
    pub flagged: String,
    /// `1`: only numbers that are being replaced.
    #[serde(deserialize_with = "tick")]
    pub replacing: String,
    /// `number`, `status`, `slot` or `since`.
    #[serde(deserialize_with = "sort")]
    pub sort: String,
    /// `1`: descending.
    #[serde(deserialize_with = "tick")]
    pub down: String,
    /// Counted from 1.
    #[serde(deserialize_with = "page")]
    pub page: String,
}

pub fn show<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    const SHOWN: [&str; 9] =
        ["monitored", "not-monitored", "resting", "ready", "suspect", "pending", "clean", "at-risk", "flagged"];
    one_of(deserializer, &SHOWN)
}

pub fn flagged<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    one_of(deserializer, &["day", "week"])
}

/// A box that is ticked or not.
pub fn tick<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    one_of(deserializer, &["1"])
}

fn sort<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    one_of(deserializer, &["number", "status", "slot", "since"])
}

/// One of these, or nothing, as forms send what was not filled in.
fn one_of<'de, D: Deserializer<'de>>(deserializer: D, known: &[&str]) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.is_empty() || known.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(D::Error::custom(format!("{text:?} is none of {}", known.join(", ")))),
    }
}

fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.is_empty() || text.parse().is_ok_and(|page: u32| page > 0) {
        true => Ok(text),
        false => Err(D::Error::custom(format!("{text:?} is not a page, counted from 1"))),
    }
}

impl Filter {
    /// The ledger's query for the matching numbers as of `now`: `limit` of them after `skip`.
    pub fn query(&self, now: Timestamp, skip: u32, limit: u32) -> NumberQuery {
        NumberQuery {
            search: self.q.clone(),
            standing: match self.show.as_str() {
                "monitored" | "suspect" => Some(MonitoringFilter::Monitored),
                "not-monitored" => Some(MonitoringFilter::NotMonitored),
                "resting" => Some(MonitoringFilter::OutOfUse),
                "ready" => Some(MonitoringFilter::Ready),
                status => status_of_name(status).map(MonitoringFilter::Status),
            },
            suspect: self.show == "suspect",
            // The same periods as in the policy's usage figures.
            flagged_since: match self.flagged.as_str() {
                "day" => Some(now.saturating_sub(86_400)),
                "week" => Some(now.saturating_sub(7 * 86_400)),
                _ => None,
            },
            replacement_pending: !self.replacing.is_empty(),
            above: None,
            order: match self.sort.as_str() {
                "status" => NumberOrder::Status,
                "slot" => NumberOrder::Slot,
                "since" => NumberOrder::Since,
                _ => NumberOrder::Number,
            },
            descending: !self.down.is_empty(),
            skip,
            limit,
        }
    }

    /// The page, counted from 1.
    pub fn page(&self) -> u32 {
        self.page.parse().unwrap_or(1).clamp(1, u32::MAX / ROWS)
    }

    /// Whether it excludes any number.
    pub fn is_any(&self) -> bool {
        [&self.q, &self.show, &self.flagged, &self.replacing].iter().any(|field| !field.is_empty())
    }

    /// The parameters that select numbers, by name.
    pub fn selection(&self) -> [(&'static str, &str); 4] {
        [("q", &self.q), ("show", &self.show), ("flagged", &self.flagged), ("replacing", &self.replacing)]
    }

    /// The same selection in the usual order, from its first page.
    pub fn unsorted(&self) -> Self {
        let [sort, down, page] = Default::default();
        Filter { sort, down, page, ..self.clone() }
    }

    /// Without the filter of this name in [`Filter::selection`], from the first page.
    pub fn without(&self, name: &str) -> Self {
        let mut rest = Filter { page: String::new(), ..self.clone() };
        let fields = [&mut rest.q, &mut rest.show, &mut rest.flagged, &mut rest.replacing];
        let named = self.selection().into_iter().zip(fields).find(|((field, _), _)| *field == name);
        if let Some((_, field)) = named {
            field.clear();
        }
        rest
    }

    /// Every number, in the same order.
    pub fn cleared(&self) -> Self {
        Filter { sort: self.sort.clone(), down: self.down.clone(), ..Filter::default() }
    }

    /// The same selection on another page.
    pub fn at_page(&self, id: &str, page: u32) -> String {
        let page = if page == 1 { String::new() } else { page.to_string() };
        Filter { page, ..self.clone() }.path(id, "")
    }

    /// The same selection sorted by this column. Sorting by it again reverses the order.
    pub fn sorted_by(&self, id: &str, sort: &str) -> String {
        let down = if self.sorts_by(sort) && self.down.is_empty() { "1" } else { "" };
        Filter { sort: sort.into(), down: down.into(), page: String::new(), ..self.clone() }.path(id, "")
    }

    /// Whether it sorts by this column.
    pub fn sorts_by(&self, sort: &str) -> bool {
        self.sort == sort || sort == "number" && !["status", "slot", "since"].contains(&self.sort.as_str())
    }

    /// The account's page with this filter, or a page `below` it.
    pub fn path(&self, id: &str, below: &str) -> String {
        let rest = [("sort", self.sort.as_str()), ("down", &self.down), ("page", &self.page)];
        let given = self.selection().into_iter().chain(rest).filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{below}{mark}{query}", account_path(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_selection_and_its_order() {
        let filter =
            Filter { q: "+1 310&page=9".into(), show: "flagged".into(), page: "3".into(), ..Filter::default() };
        assert_eq!(filter.at_page("acme", 4), "/accounts/acme?q=%2B1+310%26page%3D9&show=flagged&page=4");
        assert_eq!(filter.sorted_by("a/b", "slot"), "/accounts/a%2Fb?q=%2B1+310%26page%3D9&show=flagged&sort=slot");
        let down = Filter { sort: "slot".into(), ..Filter::default() };
        assert_eq!(down.sorted_by("acme", "slot"), "/accounts/acme?sort=slot&down=1");
        assert_eq!(Filter::default().path("acme", "/numbers.csv"), "/accounts/acme/numbers.csv");
        let unfilled = serde_json::json!({"q": "", "show": "", "sort": "", "page": "", "replacing": ""});
        let unfilled: Filter = serde_json::from_value(unfilled).unwrap();
        assert_eq!(unfilled.query(9, 0, 1), NumberQuery { limit: 1, ..NumberQuery::default() });
        assert_eq!(unfilled.page(), 1);
    }

    #[test]
    fn filters_are_taken_away_one_by_one_or_all_and_the_order_stays() {
        let [q, show, sort, page] = ["0107", "flagged", "slot", "3"].map(String::from);
        let filter = Filter { q, show, sort, page, ..Filter::default() };
        assert_eq!(filter.without("q").path("acme", ""), "/accounts/acme?show=flagged&sort=slot");
        assert_eq!(filter.without("show").path("acme", ""), "/accounts/acme?q=0107&sort=slot");
        assert_eq!(filter.cleared().path("acme", ""), "/accounts/acme?sort=slot");
        assert_eq!(filter.unsorted().path("acme", ""), "/accounts/acme?q=0107&show=flagged");
    }

    #[test]
    fn a_value_that_it_does_not_know_is_refused() {
        for (name, value) in [("show", "x"), ("flagged", "year"), ("replacing", "0"), ("sort", "y"), ("page", "-3")] {
            let read = serde_json::from_value::<Filter>(serde_json::json!({name: value}));
            assert!(read.unwrap_err().to_string().contains(value), "{name}");
        }
    }
}
