//! Crediting an account: a wrong charge is put right.

use crate::parse::FieldError;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount, now_of};
use crate::web::pages::form::{Form, TextField, again, not_done};
use crate::web::pages::layout::{Tab, no_default};
use crate::web::pages::{Failed, page};
use crate::words::bill_in_words;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::ledger::{REASON_BYTES_MAX, is_reason};
use dialguard_dialer::prices::cents;
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/credit", get(ask).post(credit))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditForm {
    dollars: String,
    reason: String,
}

async fn ask(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Markup, Failed> {
    credit_form(&site, &of, &CreditForm::default(), None)
}

fn credit_form(
    site: &Site,
    of: &OfAccount<Administer>,
    form: &CreditForm,
    error: Option<&FieldError>,
) -> Result<Markup, Failed> {
    let account = &of.account;
    let bill = site.dialguard().ledger().bill(&account.id, now_of(site, account))?;
    let dollars = TextField {
        name: "dollars",
        label: "Dollars",
        value: &form.dollars,
        placeholder: Some("4.00"),
        inputmode: Some("decimal"),
        ..TextField::default()
    };
    let reason = TextField {
        name: "reason",
        label: "Reason",
        value: &form.reason,
        bytes_max: Some(REASON_BYTES_MAX),
        ..TextField::default()
    };
    let content = html! {
        section.panel.question data-dialog {
            h1 { "Credit this account?" }
            p { "Charged in this billing cycle: " (bill_in_words(&bill)) "." }
            p { "A credit puts a wrong charge right. It is recorded with its reason; the charge stays in the history." }
            (not_done(error))
            form.import method="post" action={ (account_path(&account.id)) "/credit" } {
                (no_default())
                (dollars.render(error))
                (reason.render(error))
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
) -> Result<Response, Failed> {
    let (dialguard, id) = (site.acting_as(&of.caller), &of.account.id);
    let error = match cents(&form.dollars) {
        Err(why) => FieldError::new("dollars", why),
        Ok(cents) => {
            let credited = tokio::task::block_in_place(|| {
                dialguard.ledger().credit(id, cents.into(), &form.reason, dialguard.now())
            });
            match credited {
                Ok(_) => return Ok(Redirect::to(&account_path(id)).into_response()),
                Err(error) if error.is_refusal() => {
                    FieldError::new(if is_reason(form.reason.trim()) { "dollars" } else { "reason" }, error)
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok(again(credit_form(&site, &of, &form, Some(&error))?))
}
