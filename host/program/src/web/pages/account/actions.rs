//! What users do with numbers: a question that shows what would happen, then the result number by number.
//!
//! The policy decides what would happen: the question shows its answer to the request without applying it. It may ask
//! sources and a provider for it, which may cost, so a question is submitted: no link or address leads to it.

mod question;
mod results;

pub use question::{asked_of_sources, proposal, screen_label, typed_count};
pub use results::{LISTED_MAX, unlisted};

use super::filter::{self, Filter};
use super::screen::ScreenedTable;
use crate::parse::{FieldError, List};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::pages::form::{Form, again};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::uploads::UploadedFile;
use crate::words::{Surface, is_count, request_in_words, subject, thousands};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard::contract::{Deletion, NUMBER_MAX, NUMBERS_PER_CALL_MAX, PhoneNumber, Request};
use dialguard_dialer::dialguard::{Summary, count_to_type};
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::phone::{self, NotAPhoneNumber};
use maud::{Markup, html};
use question::Question;
use results::{BulkResult, Changes};
use serde::Deserialize;
use std::time::Instant;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/ask", get(asked).post(ask))
        .route("/accounts/{account}/numbers/{number}/ask", get(asked).post(ask_of_one))
        .route("/accounts/{account}/act", get(asked).post(act))
        .route("/accounts/{account}/results/{upload}", get(result_file))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BulkAction {
    Monitor,
    Replace,
    Screen,
    Stop,
    Delete,
}

/// An action and its numbers: the selected ones, or all that match a filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkRequest {
    action: BulkAction,
    #[serde(default)]
    number: List<String, NUMBERS_PER_CALL_MAX>,
    #[serde(default, deserialize_with = "filter::tick")]
    all: String,
    #[serde(default)]
    q: String,
    #[serde(default, deserialize_with = "filter::show")]
    show: String,
    #[serde(default, deserialize_with = "filter::flagged")]
    flagged: String,
    #[serde(default, deserialize_with = "filter::tick")]
    replacing: String,
    /// How many numbers it is about, as the user typed it.
    #[serde(default)]
    confirm: String,
}

impl BulkRequest {
    fn about(action: BulkAction, number: String) -> Self {
        let [all, q, show, flagged, replacing, confirm] = Default::default();
        BulkRequest { action, number: List(vec![number]), all, q, show, flagged, replacing, confirm }
    }

    fn filter(&self) -> Filter {
        let BulkRequest { q, show, flagged, replacing, .. } = self;
        let [q, show, flagged, replacing] = [q, show, flagged, replacing].map(String::clone);
        Filter { q, show, flagged, replacing, ..Filter::default() }
    }

    /// In ascending order. Of all that match the filter, only those that the action applies to.
    fn numbers(&self, site: &Site, account: &AccountProfile) -> Result<Vec<PhoneNumber>, Failed> {
        if self.all.is_empty() {
            let selected = self.number.0.iter().map(|text| digits(text, account)).collect::<Result<Vec<_>, _>>()?;
            return if selected.is_empty() { Err(nothing_selected().into()) } else { Ok(selected) };
        }
        let filter = self.filter();
        let query = filter.query(now_of(site, account), 0, u32::MAX);
        let mut matching = site.dialguard().ledger().number_page(&account.id, &query)?.numbers;
        matching.retain(|known| {
            known.is_owned
                && match self.action {
                    BulkAction::Monitor => known.monitored.is_none(),
                    BulkAction::Stop | BulkAction::Replace => known.monitored.is_some(),
                    BulkAction::Screen | BulkAction::Delete => true,
                }
        });
        match matching.is_empty() {
            true => Err(nothing_selected().into()),
            false => Ok(matching.into_iter().map(|known| known.number).collect()),
        }
    }

    /// Form fields that select the same numbers.
    fn hidden_fields(&self) -> Markup {
        html! {
            @if self.all.is_empty() {
                @for number in &self.number.0 { input type="hidden" name="number" value=(number); }
            } @else {
                input type="hidden" name="all" value="1";
                @for (name, value) in self.filter().selection() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

/// A number as the page's forms send it: E.164, with or without its `+`. A number of the ledger is not parsed again.
fn digits(text: &str, account: &AccountProfile) -> Result<PhoneNumber, Problem> {
    let sent = text.trim().trim_start_matches('+').parse().ok();
    let sent = sent.filter(|number| (1..=NUMBER_MAX).contains(number)).map(Ok);
    let typed = || phone::PhoneNumber::parse(text, account.region).map(phone::PhoneNumber::digits);
    let refused = |error: NotAPhoneNumber| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    sent.unwrap_or_else(typed).map_err(refused)
}

/// What is wrong with the count that the user has typed, if the act is on many numbers or costs much.
fn unconfirmed(
    site: &Site,
    account: &AccountProfile,
    (action, numbers): (BulkAction, &[PhoneNumber]),
    typed: &str,
) -> Result<Option<FieldError>, Problem> {
    let (count, what) = match action.request(numbers.to_vec()) {
        Some(request) => (site.dialguard().count_to_type(account, &request)?, request_in_words(&request)),
        None => (count_to_type(numbers.len(), 0), format!("screen {}", subject(numbers))),
    };
    let count = count.filter(|count| !is_count(typed, *count));
    Ok(count.map(|count| FieldError::new("confirm", format!("type {} to {what}", thousands(count as u64)))))
}

fn nothing_selected() -> Problem {
    let detail = "This action applies to none of the selected numbers. Go back and select others.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

impl BulkAction {
    /// The request to the policy; screening changes nothing and has none. The question has shown which slots are lost.
    fn request(self, numbers: Vec<PhoneNumber>) -> Option<Request> {
        match self {
            BulkAction::Monitor => Some(Request::StartMonitoring(numbers)),
            BulkAction::Stop => Some(Request::StopMonitoring(numbers)),
            BulkAction::Replace => Some(Request::ReplaceNumbers(numbers)),
            BulkAction::Delete => Some(Request::DeleteNumbers(Deletion { numbers, accept_slot_loss: true })),
            BulkAction::Screen => None,
        }
    }
}

/// Opening the address of a question or a result, which is not submitted again, shows the numbers.
async fn asked(of: OfAccount<Read>) -> Redirect {
    Redirect::to(&account_path(&of.account.id))
}

async fn ask(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Form(request): Form<BulkRequest>,
) -> Result<Markup, Failed> {
    question(&site, &of, &request, None).await
}

#[derive(Deserialize)]
struct NumberPath {
    number: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionForm {
    action: BulkAction,
}

/// The question about one number.
async fn ask_of_one(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(NumberPath { number }): Path<NumberPath>,
    Form(ActionForm { action }): Form<ActionForm>,
) -> Result<Markup, Failed> {
    question(&site, &of, &BulkRequest::about(action, number), None).await
}

async fn question(
    site: &Site,
    of: &OfAccount<Operate>,
    request: &BulkRequest,
    error: Option<&FieldError>,
) -> Result<Markup, Failed> {
    let numbers = tokio::task::block_in_place(|| request.numbers(site, &of.account))?;
    let question = Question { site, account: &of.account, request, numbers: &numbers, error };
    let (title, content) = match request.action {
        BulkAction::Monitor => question.monitor().await?,
        BulkAction::Replace => question.replace().await?,
        BulkAction::Screen => question.screen()?,
        BulkAction::Stop | BulkAction::Delete => question.stop_or_delete().await?,
    };
    Ok(page(
        &of.caller,
        Some((&of.account, Tab::Numbers)),
        &title,
        html! { section.panel.question data-dialog { (content) } },
    ))
}

async fn act(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Form(request): Form<BulkRequest>,
) -> Result<Response, Failed> {
    let (account, action) = (&of.account, request.action);
    let numbers = tokio::task::block_in_place(|| request.numbers(&site, account))?;
    if let Some(error) = unconfirmed(&site, account, (action, &numbers), &request.confirm)? {
        return Ok(again(question(&site, &of, &request, Some(&error)).await?));
    }
    let (title, content) = match action.request(numbers.clone()) {
        Some(made) => ("Result", made_by(&site, &of, &request, (&numbers, &made)).await?),
        None => ("Screened", screened_by(&site, &of, &request, &numbers).await?),
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), title, content).into_response())
}

/// Makes the request and shows what came of it.
async fn made_by(
    site: &Site,
    of: &OfAccount<Operate>,
    request: &BulkRequest,
    (numbers, made): (&[PhoneNumber], &Request),
) -> Result<Markup, Failed> {
    let account = &of.account;
    let bulk = site.acting_as(&of.caller).decide_promptly(&account.id, made).await?;
    if bulk.has_filled_slots() {
        site.check_added(&of.caller, &account.id);
    }
    let (summary, changes) = (Summary::of(numbers, &bulk), Changes::of(&bulk.actions, &bulk.orders));
    let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(site, account) };
    let problems = &bulk.problems[..];
    let result = BulkResult { account, request, summary: &summary, changes: &changes, problems, surface };
    let file = if result.is_long() { Some(keep_file(site, of, "results.csv", result.file())?) } else { None };
    Ok(result.render(file.as_deref()))
}

/// Screens numbers of the table and shows how they rate.
async fn screened_by(
    site: &Site,
    of: &OfAccount<Operate>,
    request: &BulkRequest,
    numbers: &[PhoneNumber],
) -> Result<Markup, Failed> {
    let screened = site.dialguard().screen_all(&of.account.id, numbers).await?;
    let table = ScreenedTable::new(site, &of.account, &screened)?;
    let file = keep_file(site, of, "screened.csv", table.file())?;
    let back = request.filter().path(&of.account.id, "");
    Ok(html! {
        section.panel.results data-dialog {
            (table.render(&file))
            p.choices { a.button.first href=(back) data-close { "Back to numbers" } }
        }
    })
}

/// Keeps a file for a while, and returns its address.
pub fn keep_file(site: &Site, of: &OfAccount<Operate>, name: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    let file = UploadedFile { name: Some(name.into()), bytes };
    let id = site.uploads().keep(&of.account.id, &of.caller, file, Instant::now())?;
    Ok(format!("{}/results/{id}", account_path(&of.account.id)))
}

#[derive(Deserialize)]
struct ResultPath {
    upload: String,
}

/// A result as a file.
async fn result_file(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(ResultPath { upload }): Path<ResultPath>,
) -> Result<impl IntoResponse, Failed> {
    let file = site.uploads().find(&upload, &of.account.id, &of.caller, Instant::now())?;
    let name =
        file.name.as_deref().unwrap_or("file.csv").replace(|it: char| !it.is_ascii_alphanumeric() && it != '.', "-");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, file.bytes.clone()))
}
