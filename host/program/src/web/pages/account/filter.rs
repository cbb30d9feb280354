//! Which numbers a page shows, and in which order, as in its query string.

use crate::web::address::account_path;
use crate::words::status_of_name;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{MonitoringFilter, NumberOrder, NumberQuery};
use serde::Deserialize;

/// Rows per page.
pub const ROWS: u32 = 50;

/// The filter in a query string. Unknown values are ignored, so that old bookmarks keep working.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Digits to search for.
    pub q: String,
    /// `monitored`, `not-monitored` or a status.
    pub show: String,
    /// `day` or `week`: became flagged in the past 24 hours or 7 days.
    pub flagged: String,
    /// If not empty, only numbers that are being replaced.
    pub replacing: String,
    /// `number`, `status`, `slot` or `since`.
    pub sort: String,
    /// If not empty, descending.
    pub down: String,
    /// Counted from 1.
    pub page: String,
}

impl Filter {
    /// The ledger's query for the matching numbers as of `now`: `limit` of them after `skip`.
    pub fn query(&self, now: Timestamp, skip: u32, limit: u32) -> NumberQuery {
        NumberQuery {
            search: self.q.clone(),
            standing: match self.show.as_str() {
                "monitored" => Some(MonitoringFilter::Monitored),
                "not-monitored" => Some(MonitoringFilter::NotMonitored),
                status => status_of_name(status).map(MonitoringFilter::Status),
            },
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
        let nonsense = Filter { show: "x".into(), sort: "y".into(), page: "-3".into(), ..Filter::default() };
        assert_eq!(nonsense.query(9, 0, 1), NumberQuery { limit: 1, ..NumberQuery::default() });
        assert_eq!(nonsense.page(), 1);
    }
}
