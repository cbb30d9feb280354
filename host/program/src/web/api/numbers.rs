//! The numbers of an account, and what carriers say about them.

use super::failures::{ChangeFailures, Failures};
use super::input::{Body, InAccount, Limit, NumberedPart, Page, Part, PathParams, QueryParams, SerialNumber};
use crate::candidates;
use crate::json::{Candidate, E164, Import, ImportedNumbers, Number, NumberCheck, NumberInFull, Pool, Status};
use crate::parse::List;
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::problem::{Kind, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard::contract::{self, NUMBERS_PER_CALL_MAX};
use dialguard_dialer::ledger::{ImportedAs, LedgerError, MonitoringFilter, NumberOrder, NumberQuery, Stop};
use dialguard_dialer::phone::{Letters, NotAPhoneNumber, PhoneNumber, e164};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, import))
        .routes(routes!(one))
        .routes(routes!(history))
        .routes(routes!(list_candidates))
        .routes(routes!(withdraw))
        .routes(routes!(pool))
}

/// Which of an account's numbers to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NumberFilter {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    after: Option<String>,
    /// Digits in the number; from its start if they begin with a `+` (in an address: `%2B`). Blanks, brackets and dashes
    /// between them do not count. A text with letters finds no number.
    search: Option<String>,
    /// Only those that are, or are not, monitored.
    monitored: Option<bool>,
    /// Only those that are suspect for how their calls went.
    #[serde(default)]
    #[param(default = false)]
    suspect: bool,
    /// Only those with this status.
    status: Option<Status>,
    /// Only monitored ones that the dialer does not use for now, or only those that it uses.
    resting: Option<bool>,
    /// Ties are in the order of the number.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// In descending order. Numbers without a slot stay last.
    #[serde(default)]
    #[param(default = false)]
    descending: bool,
}

/// The sort key of numbers.
#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Sort {
    /// The number.
    #[default]
    Number,
    /// The status: pending, clean, at-risk, flagged.
    Status,
    /// The slot.
    Slot,
    /// When it got its status.
    StatusSince,
}

impl NumberFilter {
    fn query(&self) -> Result<NumberQuery, Problem> {
        let standing = match (self.monitored, self.status, self.resting) {
            (None, None, None) => None,
            (Some(false), None, None) => Some(MonitoringFilter::NotMonitored),
            (Some(true), None, None) => Some(MonitoringFilter::Monitored),
            (None | Some(true), Some(status), None) => Some(MonitoringFilter::Status(status.into())),
            (None | Some(true), None, Some(true)) => Some(MonitoringFilter::OutOfUse),
            (None | Some(true), None, Some(false)) => Some(MonitoringFilter::InUse),
            (_, _, Some(_)) => {
                let detail = "only monitored numbers are in use or not; give `resting` without `status`";
                return Err(Problem::of(Kind::InvalidParameter, detail).at("status"));
            }
            (Some(false), Some(_), None) => {
                let detail = "a number that is not monitored has no status; give either `status` or `monitored`";
                return Err(Problem::of(Kind::InvalidParameter, detail).at("status"));
            }
        };
        let order = match self.sort {
            Sort::Number => NumberOrder::Number,
            Sort::Status => NumberOrder::Status,
            Sort::Slot => NumberOrder::Slot,
            Sort::StatusSince => NumberOrder::Since,
        };
        let mut query = NumberQuery {
            search: self.search.clone().unwrap_or_default(),
            standing,
            suspect: self.suspect,
            order,
            descending: self.descending,
            limit: self.limit.0,
            ..NumberQuery::default()
        };
        match &self.after {
            Some(after) if self.goes_by_number() => query.above = Some(cursor(after)?),
            Some(after) => query.skip = cursor(after)?,
            None => {}
        }
        Ok(query)
    }

    /// Parts begin after a number, so that numbers added or removed between two parts move no others.
    fn goes_by_number(&self) -> bool {
        self.sort == Sort::Number && !self.descending
    }
}

pub(super) fn cursor<T: FromStr>(after: &str) -> Result<T, Problem> {
    let unknown = |_| Problem::in_parameter("after", "give `next` of the part before");
    after.parse().map_err(unknown)
}

/// List the account's numbers
///
/// Requires the role `read`. In the order of the number, a number added or removed while the parts are read moves no
/// other.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers",
    operation_id = "list-numbers",
    tag = "numbers",
    params(InAccount, NumberFilter),
    responses((status = 200, description = "Part of the list", body = Page<Number>), Failures)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(filter): QueryParams<NumberFilter>,
) -> Result<Json<Page<Number>>, Problem> {
    let query = filter.query()?;
    let (ledger, id, asked) = (site.dialguard().ledger().clone(), of.account.id.clone(), query.clone());
    let page = site.lists().run(&of.caller, move |_| ledger.number_page(&id, &asked)).await??;
    let now = now_of(&site, &of.account);
    let read = query.skip.saturating_add(page.numbers.len() as u32);
    let next = page.numbers.last().filter(|_| read < page.total).map(|last| match filter.goes_by_number() {
        true => last.number.to_string(),
        false => read.to_string(),
    });
    Ok(Json(Page { items: page.numbers.iter().map(|known| Number::new(known, &of.account, now)).collect(), next }))
}

/// A number in the path, beside its account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InNumber {
    /// As E.164.
    #[param(example = "+13105550100")]
    pub(super) number: E164,
}

/// Get a number and what each carrier last answered about it
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers/{number}",
    operation_id = "get-number",
    tag = "numbers",
    params(InAccount, InNumber),
    responses((status = 200, description = "The number", body = NumberInFull), Failures)
)]
async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    PathParams(InNumber { number }): PathParams<InNumber>,
) -> Result<Json<NumberInFull>, Problem> {
    let (ledger, id, digits) = (site.dialguard().ledger(), &of.account.id, number.digits());
    let query = NumberQuery { above: Some(digits - 1), limit: 1, ..NumberQuery::default() };
    let page = ledger.number_page(id, &query)?;
    let known = page.numbers.first().filter(|known| known.number == digits);
    let known = known.ok_or_else(|| no_such_number(id, digits))?;
    let answers = ledger.latest_answers(id, &[digits])?.remove(&digits).unwrap_or_default();
    let number = Number::new(known, &of.account, now_of(&site, &of.account));
    Ok(Json(NumberInFull::new(number, known, &ledger.carriers()?, &answers)))
}

/// List the checks of a number, oldest first: what carriers answered, and how the policy rated it
///
/// Requires the role `read`. Of the runs whose answers are kept; also of a number that the account owned once.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers/{number}/history",
    operation_id = "list-number-checks",
    tag = "numbers",
    params(InAccount, InNumber, NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<NumberCheck>), Failures)
)]
async fn history(
    State(site): State<Site>,
    of: OfAccount<Read>,
    PathParams(InNumber { number }): PathParams<InNumber>,
    QueryParams(NumberedPart { limit, after: SerialNumber(after) }): QueryParams<NumberedPart>,
) -> Result<Json<Page<NumberCheck>>, Problem> {
    let (ledger, id, digits) = (site.dialguard().ledger().clone(), of.account.id.clone(), number.digits());
    let read = move |_: &Stop| Ok::<_, LedgerError>((ledger.number_history(&id, digits)?, ledger.carriers()?));
    let (history, carriers) = site.lists().run(&of.caller, read).await??;
    let mut checks = history.ok_or_else(|| no_such_number(&of.account.id, digits))?.checks;
    checks.sort_by_key(|check| check.run);
    let later = checks.into_iter().filter(|check| check.run > after);
    let page = Page::of(later, limit, |check| check.run.to_string());
    Ok(Json(page.map(|check| NumberCheck::new(&check, &carriers))))
}

fn no_such_number(account: &str, number: contract::PhoneNumber) -> Problem {
    Problem::of(Kind::NoSuchNumber, format!("account {account:?} does not own {}", e164(number)))
}

/// Numbers to import.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ImportRequest {
    /// In E.164, or in the national format of the account's region: `+13105550100` or `(310) 555-0100`.
    /// More of them are imported as a file.
    #[schema(value_type = Vec<String>, max_items = 10000, example = json!(["+13105550100"]))]
    numbers: List<String, NUMBERS_PER_CALL_MAX>,
    /// What to import them as.
    #[serde(rename = "as", default)]
    kind: ImportKind,
    /// Read vanity numbers such as `1-800-FLOWERS`, which are refused otherwise.
    #[serde(default)]
    vanity: bool,
}

/// What numbers are imported as.
#[derive(Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ImportKind {
    /// Numbers the account uses.
    #[default]
    Owned,
    /// Candidates on hand to replace others.
    #[serde(alias = "candidates")]
    Candidate,
}

impl From<ImportKind> for ImportedAs {
    fn from(kind: ImportKind) -> Self {
        match kind {
            ImportKind::Owned => ImportedAs::Owned,
            ImportKind::Candidate => ImportedAs::Candidate,
        }
    }
}

/// Import numbers, or candidates to replace others
///
/// Requires the role `operate`. Each number has its own result: one that cannot be imported does not stop the rest, and
/// `why` says what to do about it. Of those that are refused, the first 100 are listed and all are counted. `POST
/// /accounts/{account}/numbers/import` takes a file.
#[utoipa::path(
    post,
    path = "/accounts/{account}/numbers",
    operation_id = "import-numbers",
    tag = "numbers",
    params(InAccount),
    request_body = ImportRequest,
    responses((status = 200, description = "The result for each number", body = ImportedNumbers), ChangeFailures)
)]
async fn import(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(ImportRequest { numbers: List(numbers), kind, vanity }): Body<ImportRequest>,
) -> Result<Json<ImportedNumbers>, Problem> {
    let (dialguard, account) = (site.acting_as(&of.caller), of.account);
    let import = move |stop: &Stop| {
        let letters = Letters::vanity_if(vanity);
        let read = |text: &String| PhoneNumber::parse_with(text, account.region, letters).map(PhoneNumber::digits);
        let parsed: Vec<Result<contract::PhoneNumber, NotAPhoneNumber>> =
            numbers.iter().take_while(|_| !stop.is_set()).map(read).collect();
        let known: Vec<contract::PhoneNumber> = parsed.iter().flatten().copied().collect();
        let outcomes = dialguard.ledger().import_numbers(&account.id, &known, kind.into(), dialguard.now())?;
        let mut outcomes = outcomes.into_iter();
        let outcomes = numbers.iter().zip(parsed).map(|(given, parsed)| match parsed {
            Ok(number) => Import::of(given, number, outcomes.next().expect("an outcome for each number")),
            Err(error) => Import::unreadable(given, &error),
        });
        Ok::<_, Problem>(Json(outcomes.collect()))
    };
    site.lists().run(&of.caller, import).await?
}

/// List the candidates on hand to replace others
///
/// Requires the role `read`. In the order of the number, with what carriers said last: nobody is asked. Numbers that a
/// provider offers are not among them.
#[utoipa::path(
    get,
    path = "/accounts/{account}/candidates",
    operation_id = "list-candidates",
    tag = "numbers",
    params(InAccount, Part),
    responses((status = 200, description = "Part of the list", body = Page<Candidate>), Failures)
)]
async fn list_candidates(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Candidate>>, Problem> {
    let after = after.as_deref().map(cursor).transpose()?.unwrap_or_default();
    let (dialguard, account, now) = (site.dialguard().clone(), of.account.clone(), now_of(&site, &of.account));
    let read = move |_: &_| candidates::rated(&dialguard, &account, after, limit.0 + 1, now);
    let rated = site.lists().run(&of.caller, read).await??;
    Ok(Json(Page::of(rated, limit, |one| one.candidate.number.to_string()).map(|one| Candidate::from(&one))))
}

/// Get the account's pool: how many numbers are in use, those that rest, and those that are ready to replace others
///
/// Requires the role `read`. Numbers in use are only counted.
#[utoipa::path(
    get,
    path = "/accounts/{account}/pool",
    operation_id = "get-pool",
    tag = "numbers",
    params(InAccount, Part),
    responses((status = 200, description = "The figures, and part of the list", body = Pool), Failures)
)]
async fn pool(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Pool>, Problem> {
    let after = after.as_deref().map(cursor).transpose()?.unwrap_or_default();
    let (ledger, id) = (site.dialguard().ledger(), &of.account.id);
    let mut numbers = ledger.pooled_numbers(id, after, limit.0 + 1)?;
    let has_more = numbers.len() > limit.0 as usize;
    numbers.truncate(limit.0 as usize);
    let next = numbers.last().filter(|_| has_more).map(|last| last.number.to_string());
    Ok(Json(Pool::new(&ledger.pool(id, now_of(&site, &of.account))?, &numbers, next)))
}

/// Withdraw a candidate
///
/// Requires the role `operate`. Any account can import the number from then on. 404 if it is not a candidate, or is on
/// order.
#[utoipa::path(
    delete,
    path = "/accounts/{account}/candidates/{number}",
    operation_id = "withdraw-candidate",
    tag = "numbers",
    params(InAccount, InNumber),
    responses((status = 204, description = "It is withdrawn"), ChangeFailures)
)]
async fn withdraw(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    PathParams(InNumber { number }): PathParams<InNumber>,
) -> Result<StatusCode, Problem> {
    let (dialguard, id, digits) = (site.acting_as(&of.caller), &of.account.id, number.digits());
    match dialguard.ledger().withdraw_candidates(id, &[digits], dialguard.now())?[..] {
        [true] => Ok(StatusCode::NO_CONTENT),
        _ => {
            let detail = format!("{} is not a candidate of account {id:?}", e164(digits));
            Err(Problem::of(Kind::NoSuchCandidate, detail))
        }
    }
}
