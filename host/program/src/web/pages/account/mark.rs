//! The mark of a monitored number: its shield, its status in words, and its age if it is stale.

use crate::web::pages::layout::{icon, status_label};
use crate::words::age_in_words;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{AccountProfile, Freshness, KnownNumber};
use maud::{Markup, html};

/// A number's mark.
pub struct Mark {
    /// For the style sheet.
    pub class: String,
    icon: &'static str,
    label: &'static str,
    /// How old it is; none unless it is stale.
    age: Option<String>,
}

impl Mark {
    /// None if the number is not monitored.
    pub fn of(account: &AccountProfile, known: &KnownNumber, now: Timestamp) -> Option<Self> {
        let (_, status, _) = known.monitored?;
        let (icon, label) = (status.name(), status_label(status));
        Some(match account.freshness(known, now)? {
            Freshness::Checking => Mark { class: format!("mark {icon} checking"), icon, label: "checking", age: None },
            Freshness::Stale => {
                let age = known.last_rated_at.map(|at| age_in_words(at, now));
                Mark { class: format!("mark {icon} stale"), icon, label, age }
            }
            Freshness::Current | Freshness::Unrated => Mark { class: format!("mark {icon}"), icon, label, age: None },
        })
    }

    /// In words: `clean, 3 days old`.
    pub fn words(&self) -> String {
        match &self.age {
            Some(age) => format!("{}, {age}", self.label),
            None => self.label.into(),
        }
    }

    /// What is drawn.
    pub fn content(&self) -> Markup {
        html! { (icon(self.icon)) span { (self.label) } @if let Some(age) = &self.age { " " small { (age) } } }
    }
}
