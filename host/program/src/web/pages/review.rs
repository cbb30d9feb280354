//! Checks an account now: what was found, and what automatic replacement would do, for a user to decide.

use super::account::proposal;
use super::layout::{Tab, told};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::problem::Problem;
use crate::words::check_in_words;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use dialguard_dialer::dialguard::{DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::ledger::counted_before_in_words;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/review", post(check))
}

/// Finishes the check even if the browser closes the connection.
async fn check(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Markup, Failed> {
    let (dialguard, id) = (site.acting_as(&of.caller), of.account.id.clone());
    let checking = tokio::spawn(async move { dialguard.check(&id).await });
    let checked =
        checking.await.map_err(|error| DialguardError::Internal(error.to_string())).map_err(Problem::from)??;
    site.dialguard().policies().note_review();
    let proposal = proposal(&site, &of.account, &checked.proposed)?;
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Check", result(&of.account, &checked, &proposal)))
}

fn result(account: &AccountProfile, checked: &ReviewOutcome, proposal: &Markup) -> Markup {
    let notices = checked.plan.notices.iter().map(|notice| notice.text.clone());
    let not_rated = counted_before_in_words(checked.counted_before);
    let run = checked.applied.map(|applied| applied.run);
    html! {
        h1 { "Check finished" }
        div.panel {
            p #review-result { strong { (told(&check_in_words(checked))) } }
            ul { @for line in notices.chain(not_rated) { li { (told(&line)) } } }
            @if !checked.problems.is_empty() {
                h2 { "Source errors" }
                ul { @for problem in &checked.problems { li { (told(problem)) } } }
            }
        }
        @if !checked.proposed.is_empty() { section.panel.question data-dialog { (proposal) } }
        p {
            a href=(account_path(&account.id)) { "Back to numbers" }
            @if let Some(run) = run {
                " · " a href={ (account_path(&account.id)) "/activity?run=" (run) } { "All events of this check" }
            }
        }
    }
}
