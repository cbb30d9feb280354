//! What users do with numbers: a question that shows what would happen, then the result number by number.
//!
//! The policy decides what would happen: the question shows its answer to the request without applying it. It may ask
//! sources and a provider for it, which may cost, so a question is submitted: no link or address leads to it.

mod question;
mod results;

pub use question::{proposal, typed_count};

use super::filter::{self, Filter};
use crate::parse::List;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::pages::layout::{Tab, status_label};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{Surface, is_count, refusal, request_in_words, subject, thousands};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use axum_extra::extract::Form;
use dialguard::contract::{Answer, Deletion, NUMBER_MAX, NUMBERS_PER_CALL_MAX, PhoneNumber, Request};
use dialguard_dialer::dialguard::{Completion, count_to_type};
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::phone::{self, NotAPhoneNumber};
use maud::{Markup, html};
use question::Question;
use results::{Changes, NumberResult, result_table};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/ask", get(asked).post(ask))
        .route("/accounts/{account}/numbers/{number}/ask", get(asked).post(ask_of_one))
        .route("/accounts/{account}/act", get(asked).post(act))
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

/// Refuses an act on many numbers, or one that costs much, unless the user has typed how many it is about.
fn ensure_confirmed(
    site: &Site,
    account: &AccountProfile,
    (action, numbers): (BulkAction, &[PhoneNumber]),
    typed: &str,
) -> Result<(), Problem> {
    let (count, what) = match action.request(numbers.to_vec()) {
        Some(request) => (site.dialguard().count_to_type(account, &request)?, request_in_words(&request)),
        None => (count_to_type(numbers.len(), 0), format!("screen {}", subject(numbers))),
    };
    match count {
        Some(count) if !is_count(typed, count) => {
            let count = thousands(count as u64);
            let detail = format!("Nothing was changed: go back and type {count} to {what}.");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
        _ => Ok(()),
    }
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
    question(&site, &of, &request).await
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
    question(&site, &of, &BulkRequest::about(action, number)).await
}

async fn question(site: &Site, of: &OfAccount<Operate>, request: &BulkRequest) -> Result<Markup, Failed> {
    let numbers = tokio::task::block_in_place(|| request.numbers(site, &of.account))?;
    let question = Question { site, account: &of.account, request, numbers: &numbers };
    let (title, content) = match request.action {
        BulkAction::Monitor => question.monitor().await?,
        BulkAction::Replace => question.replace().await?,
        BulkAction::Screen => question.screen(),
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
) -> Result<Markup, Failed> {
    let (account, action) = (&of.account, request.action);
    let numbers = tokio::task::block_in_place(|| request.numbers(&site, account))?;
    ensure_confirmed(&site, account, (action, &numbers), &request.confirm)?;
    let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) };
    let (results, problems) = match action.request(numbers.clone()) {
        Some(request) => {
            let bulk = site.acting_as(&of.caller).decide_all(&account.id, &request).await?;
            let has_added = action == BulkAction::Monitor && !bulk.actions.is_empty();
            if has_added || !bulk.replaced.is_empty() {
                site.check_added(&of.caller, &account.id);
            }
            let changes = Changes::of(&bulk.actions, &bulk.orders);
            let results = numbers.iter().zip(bulk.completions(&numbers)).enumerate();
            let results = results.map(|(place, (number, completion))| {
                let text = match (bulk.outcomes.get(place), completion) {
                    (None, _) => "not asked about".into(),
                    (Some(outcome), Completion::NotDone) if outcome.answer != Answer::Accepted => {
                        refusal(outcome, surface)
                    }
                    (Some(_), completion) => changes.of_number(action, *number, completion),
                };
                NumberResult { number: *number, completion, text }
            });
            (results.collect(), bulk.problems)
        }
        None => {
            let (screened, problems) = site.dialguard().screen_all(&account.id, &numbers).await?;
            let results = screened.iter().map(|it| NumberResult {
                number: it.number,
                completion: Completion::Done,
                text: format!("{}: {} of {} carriers flag it", status_label(it.status), it.flagging, it.answering),
            });
            (results.collect(), problems)
        }
    };
    let content = result_table(account, &request, results, &problems);
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Result", content))
}
