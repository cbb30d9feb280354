//! `Review now`, on every page of an account.

use super::account::address;
use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::{Caller, OfAccount, Operate};
use crate::web::problem::Problem;
use crate::words::{count, e164};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use dialguard::contract::Action;
use dialguard_dialer::access::Role;
use dialguard_dialer::dialguard::{DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::AccountProfile;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/review", post(review))
}

/// For those who may; while the add-on is off there is nothing to review.
pub fn button(caller: &Caller, account: &AccountProfile) -> Markup {
    html! {
        @if caller.grant.role >= Role::Operate && account.enabled {
            form.review-now method="post" action={ (address(&account.id)) "/review" } {
                button title="Ask the carriers about numbers that were not rated today" { "Review now" }
            }
        }
    }
}

/// Where the script shows how far a review is and what came of it.
pub fn told_here() -> Markup {
    html! {
        div.under-way hidden {
            progress aria-label="Numbers that carriers were asked about" {}
            p role="status" {}
        }
    }
}

/// A review that was begun is finished, whether or not anybody waits for the answer.
async fn review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Markup, Failed> {
    let (dialguard, id) = (site.dialguard().clone(), of.account.id.clone());
    let reviewing = tokio::spawn(async move { dialguard.review(&id).await });
    let reviewed =
        reviewing.await.map_err(|error| DialguardError::Internal(error.to_string())).map_err(Problem::from)??;
    site.dialguard().policies().note_review();
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Reviewed", outcome(&of.account, &reviewed)))
}

fn outcome(account: &AccountProfile, reviewed: &ReviewOutcome) -> Markup {
    let notices = reviewed.plan.notices.iter().map(|notice| notice.text.clone());
    let replaced = reviewed.plan.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some(format!(
            "{} is replaced by {} in slot {}: {}",
            e164(replacement.number),
            e164(replacement.replacement),
            replacement.slot,
            replacement.because
        )),
        _ => None,
    });
    let run = reviewed.applied.map(|applied| applied.run);
    html! {
        h1 { "Reviewed" }
        div.panel {
            p #told { strong { (in_short(reviewed)) } }
            ul { @for line in replaced.chain(notices) { li { (line) } } }
            @if !reviewed.problems.is_empty() {
                h2 { "What went wrong at the carriers" }
                ul { @for problem in &reviewed.problems { li { (problem) } } }
            }
        }
        p {
            a href=(address(&account.id)) { "Back to the numbers" }
            @if let Some(run) = run {
                " · " a href={ (address(&account.id)) "/activity?run=" (run) } { "Everything that it did" }
            }
        }
    }
}

/// What a status line has room for.
fn in_short(reviewed: &ReviewOutcome) -> String {
    let rated = match reviewed.plan.reviews.len() as u64 {
        0 => "No number was due: all that could be rated today are".to_owned(),
        numbers => format!("{} rated", count(numbers, "number")),
    };
    let replaced = match reviewed.replaced.len() as u64 {
        0 => String::new(),
        numbers => format!(", {} replaced", count(numbers, "number")),
    };
    let problems = match reviewed.problems.len() as u64 {
        0 => String::new(),
        problems => format!(" {} with the carriers; the activity page has them.", count(problems, "problem")),
    };
    format!("{rated}{replaced}.{problems}")
}
