//! Runs a review now and shows its result.

use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::problem::Problem;
use crate::words::{count, e164};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use dialguard::contract::{Action, PhoneNumber};
use dialguard_dialer::dialguard::{Completion, DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::{AccountProfile, Order};
use dialguard_dialer::ledger::{counted_before_in_words, rated_count};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/review", post(review))
}

/// Finishes the review even if the browser closes the connection.
async fn review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Markup, Failed> {
    let (dialguard, id) = (site.acting_as(&of.caller), of.account.id.clone());
    let reviewing = tokio::spawn(async move { dialguard.review(&id).await });
    let reviewed =
        reviewing.await.map_err(|error| DialguardError::Internal(error.to_string())).map_err(Problem::from)??;
    site.dialguard().policies().note_review();
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Review", result(&of.account, &reviewed)))
}

fn result(account: &AccountProfile, reviewed: &ReviewOutcome) -> Markup {
    let notices = reviewed.plan.notices.iter().map(|notice| notice.text.clone());
    let replaced = reviewed.plan.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some(format!(
            "Slot {}: {} {} {}. {}",
            replacement.slot,
            e164(replacement.replacement),
            became(reviewed, replacement.number),
            e164(replacement.number),
            replacement.because
        )),
        _ => None,
    });
    let not_rated = counted_before_in_words(reviewed.counted_before);
    let run = reviewed.applied.map(|applied| applied.run);
    html! {
        h1 { "Review finished" }
        div.panel {
            p #review-result { strong { (summary(reviewed)) } }
            ul { @for line in replaced.chain(notices).chain(not_rated) { li { (line) } } }
            @if !reviewed.problems.is_empty() {
                h2 { "Source errors" }
                ul { @for problem in &reviewed.problems { li { (problem) } } }
            }
        }
        p {
            a href=(account_path(&account.id)) { "Back to numbers" }
            @if let Some(run) = run {
                " · " a href={ (account_path(&account.id)) "/activity?run=" (run) } { "All events of this review" }
            }
        }
    }
}

/// What became of a planned replacement.
fn became(reviewed: &ReviewOutcome, number: PhoneNumber) -> &'static str {
    let order = reviewed.orders.iter().find(|order| order.number == number);
    match order.map(Completion::from) {
        Some(Completion::Done) => "replaced",
        Some(Completion::NotDone) => "did not replace",
        Some(Completion::UnderWay(_)) | None => "is to replace",
    }
}

/// One line, for the status bar.
fn summary(reviewed: &ReviewOutcome) -> String {
    let rated = match u64::from(rated_count(&reviewed.plan)) {
        0 => "No numbers were due for a check".to_owned(),
        numbers => format!("{} rated", count(numbers, "number")),
    };
    let replaced = match reviewed.replaced.len() as u64 {
        0 => String::new(),
        numbers => format!(", {} replaced", count(numbers, "number")),
    };
    let is_under_way = |order: &&Order| matches!(Completion::from(*order), Completion::UnderWay(_));
    let under_way = match reviewed.orders.iter().filter(is_under_way).count() as u64 {
        0 => String::new(),
        orders => format!(", {} under way", count(orders, "replacement")),
    };
    let problems = match reviewed.problems.len() as u64 {
        0 => String::new(),
        problems => format!(" {}; see Activity.", count(problems, "source error")),
    };
    format!("{rated}{replaced}{under_way}.{problems}")
}
