//! What needs a person, above the head of an account's page, each with its remedy.

use crate::web::address::account_path;
use crate::web::pages::layout::told;
use crate::words::{Surface, trouble_in_words, trouble_steps};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{AccountProfile, Checks, Trouble};
use maud::{Markup, html};

/// Something that needs a person.
pub struct Item {
    /// What it is, in a sentence.
    pub text: String,
    /// Where its remedy is, and what the link says.
    pub remedy: (String, &'static str),
}

/// What keeps the account's numbers from being rated, if anything does.
pub fn trouble(account: &AccountProfile, checks: &Checks, now: Timestamp) -> Option<Item> {
    let trouble = checks.trouble?;
    let surface = Surface::Dashboard { zone: account.time_zone, now };
    let path = match trouble {
        Trouble::NoSource => "/guide/operating#sources".into(),
        Trouble::NotMade => "/guide/operating#running-it".into(),
        Trouble::NoAnswer { .. } | Trouble::PartlyRated => account_path(&account.id) + "/activity?kind=carrier-problem",
        Trouble::TooFewOpinions => account_path(&account.id) + "/settings",
    };
    let label = trouble_steps(trouble).on(surface).unwrap_or_default();
    Some(Item { text: trouble_in_words(trouble, &checks.marks, surface), remedy: (path, label) })
}

/// The items, one below the other; nothing without any.
pub fn banner(items: &[Item]) -> Markup {
    html! {
        @for Item { text, remedy: (path, label) } in items {
            p.panel.warning.banner role="status" { (told(text)) " " a href=(path) { (label) } }
        }
    }
}
