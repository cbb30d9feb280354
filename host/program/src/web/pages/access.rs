//! Who may do what: users and those who are invited, programs' tokens, and what users change about themselves.

mod grant;
mod tokens;
mod users;
mod you;

use crate::web::Site;
use axum::Router;
use dialguard::calendar::{rfc3339, utc};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{LedgerError, Session};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().merge(tokens::routes()).merge(users::routes()).merge(you::routes())
}

/// The ids of the accounts that a grant may name.
fn account_ids(site: &Site) -> Result<Vec<String>, LedgerError> {
    Ok(site.dialguard().ledger().accounts()?.into_iter().map(|account| account.id).collect())
}

/// A time in no account's zone.
fn utc_moment(at: Timestamp) -> Markup {
    html! { time datetime=(rfc3339(at)) { (utc(at).format("%-d %b %Y, %H:%M UTC")) } }
}

/// A user's sessions, each with a form at `end` with its id that ends it; `own` is the one that looks.
fn session_table(sessions: &[Session], own: Option<&str>, end: impl Fn(&str) -> String) -> Markup {
    html! {
        div.wide { table {
            thead { tr { th { "Browser" } th { "Signed in" } th { "Ends" } th { "Action" } } }
            tbody {
                @for session in sessions {
                    @let browser = crate::words::browser_in_words(&session.browser);
                    tr data-row={ "session-" (session.id) } {
                        td { (browser) @if own == Some(&session.id) { " " strong { "(this one)" } } }
                        td { (utc_moment(session.began_at)) }
                        td { (utc_moment(session.ends_at)) }
                        td {
                            form method="post" action=(end(&session.id)) {
                                button aria-label={ "End the session in " (browser) " of " (rfc3339(session.began_at)) } { "End" }
                            }
                        }
                    }
                }
            }
        } }
    }
}
