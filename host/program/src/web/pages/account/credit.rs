//! Crediting an account: a wrong charge is put right.

use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount, now_of};
use crate::web::pages::layout::{Tab, no_default};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::bill_in_words;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use dialguard_dialer::ledger::REASON_BYTES_MAX;
use dialguard_dialer::prices::cents;
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/credit", get(ask).post(credit))
}

#[derive(Deserialize)]
struct CreditForm {
    dollars: String,
    reason: String,
}

async fn ask(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Markup, Failed> {
    let account = &of.account;
    let bill = site.dialguard().ledger().bill(&account.id, now_of(&site, account))?;
    let content = html! {
        section.panel.question data-dialog {
            h1 { "Credit this account?" }
            p { "Charged in this billing cycle: " (bill_in_words(&bill)) "." }
            p { "A credit puts a wrong charge right. It is recorded with its reason; the charge stays in the history." }
            form.import method="post" action={ (account_path(&account.id)) "/credit" } {
                (no_default())
                label { "Dollars " input name="dollars" inputmode="decimal" required placeholder="4.00"; }
                label { "Reason " input name="reason" maxlength=(REASON_BYTES_MAX) required; }
                p.choices {
                    button.first { "Credit" }
                    a.button.back href=(account_path(&account.id)) data-close { "Cancel" }
                }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Credit", content))
}

async fn credit(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(form): Form<CreditForm>,
) -> Result<Redirect, Failed> {
    let (dialguard, id) = (site.acting_as(&of.caller), &of.account.id);
    let cents = cents(&form.dollars).map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    tokio::task::block_in_place(|| dialguard.ledger().credit(id, cents.into(), &form.reason, dialguard.now()))?;
    Ok(Redirect::to(&account_path(id)))
}
