//! The numbers of an account, and what carriers say of them.

use super::input::{Asked, Body, InAccount, Limit, Named, Page};
use super::nouns::{E164, Status, Time};
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::caller::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard::contract;
use dialguard_dialer::ledger::{ImportOutcome, ImportedAs, KnownNumber, MonitoringFilter, NumberOrder, NumberQuery};
use dialguard_dialer::phone::PhoneNumber;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list, import)).routes(routes!(one)).routes(routes!(candidates))
}

/// A number that an account owns.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Number {
    number: E164,
    /// Its slot; none where it is not monitored.
    slot: Option<u32>,
    /// Where it stands; none where it is not monitored.
    status: Option<Status>,
    /// Since when it has that status.
    status_since: Option<Time>,
    /// Its replacement is under way.
    replacement_pending: bool,
}

impl From<&KnownNumber> for Number {
    fn from(known: &KnownNumber) -> Self {
        Number {
            number: known.number.into(),
            slot: known.monitored.map(|(slot, ..)| slot),
            status: known.monitored.map(|(_, status, _)| status.into()),
            status_since: known.monitored.map(|(.., since)| Time(since)),
            replacement_pending: known.replacement_pending,
        }
    }
}

/// A number with what each carrier last answered about it.
#[derive(Serialize, ToSchema)]
struct NumberInFull {
    #[serde(flatten)]
    number: Number,
    /// One of each carrier that was ever heard of.
    carriers: Vec<CarrierSays>,
}

/// What a carrier last answered about a number, as far as that is still kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct CarrierSays {
    /// The carrier's name.
    #[schema(example = "AT&T (Hiya)")]
    carrier: String,
    answer: CarrierAnswer,
    /// 0 (clean) to 100 (certain spam); none but where it has scored the number.
    #[schema(maximum = 100)]
    score: Option<u8>,
    /// What a handset shows.
    #[schema(example = "Scam Likely")]
    label: Option<String>,
    /// When the carrier formed this opinion, as far as that is known, else when it was asked.
    observed_at: Option<Time>,
}

/// What kind of answer a carrier gave.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CarrierAnswer {
    /// It has an opinion.
    Scored,
    /// It has none, and says so.
    NoData,
    /// It was not asked, or did not answer. No answer is not a verdict.
    NoAnswer,
}

/// Which of an account's numbers are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// What the part before called `next`; the start of the list where it is missing.
    after: Option<String>,
    /// Digits that are in the number; from its start where a `+` (in an address: `%2B`) stands before them.
    search: Option<String>,
    /// Whether they are monitored.
    monitored: Option<bool>,
    /// Only those of this status.
    status: Option<Status>,
    /// By the number where it is missing. Those alike are in the order of the number.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// The other way round. Numbers without a slot stay last.
    #[serde(default)]
    #[param(default = false)]
    descending: bool,
}

/// What numbers are sorted by.
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
    /// Since when it has its status.
    StatusSince,
}

impl Wanted {
    fn query(&self) -> Result<NumberQuery, Problem> {
        let standing = match (self.monitored, self.status) {
            (None, None) => None,
            (Some(false), None) => Some(MonitoringFilter::NotMonitored),
            (Some(true), None) => Some(MonitoringFilter::Monitored),
            (None | Some(true), Some(status)) => Some(MonitoringFilter::Status(status.into())),
            (Some(false), Some(_)) => {
                let detail = "a number that is not monitored has no status; leave `status` or `monitored` out";
                return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
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

    /// Where a part begins after a number, numbers that come and go between two parts move nothing.
    fn goes_by_number(&self) -> bool {
        self.sort == Sort::Number && !self.descending
    }
}

fn cursor<T: FromStr>(after: &str) -> Result<T, Problem> {
    let unknown = |_| Problem::new(StatusCode::BAD_REQUEST, "after: give what the part before called `next`");
    after.parse().map_err(unknown)
}

/// The account's numbers
///
/// Takes the role `read`. In the order of the number, a number that comes or goes while the parts are read moves no other.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers",
    operation_id = "list-numbers",
    tag = "numbers",
    params(InAccount, Wanted),
    responses((status = 200, description = "Part of them", body = Page<Number>), Refused)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Number>>, Problem> {
    let query = wanted.query()?;
    let page = site.dialguard().ledger().number_page(&of.account.id, &query)?;
    let read = query.skip.saturating_add(page.numbers.len() as u32);
    let next = page.numbers.last().filter(|_| read < page.total).map(|last| match wanted.goes_by_number() {
        true => last.number.to_string(),
        false => read.to_string(),
    });
    Ok(Json(Page { items: page.numbers.iter().map(Number::from).collect(), next }))
}

/// A number in the path, beside its account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InNumber {
    /// As E.164.
    #[param(example = "+13105550100")]
    number: E164,
}

/// One number, with what each carrier last answered about it
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers/{number}",
    operation_id = "get-number",
    tag = "numbers",
    params(InAccount, InNumber),
    responses((status = 200, description = "The number", body = NumberInFull), Refused)
)]
async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Named(InNumber { number }): Named<InNumber>,
) -> Result<Json<NumberInFull>, Problem> {
    let (ledger, id, digits) = (site.dialguard().ledger(), &of.account.id, number.digits());
    let query = NumberQuery { above: Some(digits - 1), limit: 1, ..NumberQuery::default() };
    let page = ledger.number_page(id, &query)?;
    let known = page.numbers.first().filter(|known| known.number == digits);
    let no_such = || {
        let detail = format!("account {id:?} owns no number +{digits}");
        Problem::of_kind(StatusCode::NOT_FOUND, "no-such-number", "No such number", detail)
    };
    let number = Number::from(known.ok_or_else(no_such)?);
    let answers = ledger.latest_answers(id, &[digits])?.remove(&digits).unwrap_or_default();
    let says = |carrier: contract::Carrier| {
        let answer = answers.iter().find(|answer| answer.carrier == carrier.id);
        CarrierSays {
            carrier: carrier.name,
            answer: match answer.map(|answer| answer.score) {
                None => CarrierAnswer::NoAnswer,
                Some(None) => CarrierAnswer::NoData,
                Some(Some(_)) => CarrierAnswer::Scored,
            },
            score: answer.and_then(|answer| answer.score),
            label: answer.and_then(|answer| answer.label.as_deref().map(str::to_owned)),
            observed_at: answer.map(|answer| Time(answer.observed_at)),
        }
    };
    Ok(Json(NumberInFull { number, carriers: ledger.carriers()?.into_iter().map(says).collect() }))
}

/// Numbers that the account is to have.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ToImport {
    /// As people write them: `+13105550100`, or `(310) 555-0100` where that is the account's region.
    #[schema(example = json!(["+13105550100"]))]
    numbers: Vec<String>,
    /// What they are taken as.
    #[serde(rename = "as", default)]
    taken_as: TakenAs,
}

/// What numbers are imported as.
#[derive(Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum TakenAs {
    /// Numbers that the account uses.
    #[default]
    Owned,
    /// Numbers on hand to replace others with.
    Candidate,
}

/// What became of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Imports {
    /// How many the account has now and had not before.
    imported: usize,
    /// One for each number, in the order given.
    outcomes: Vec<Import>,
}

/// What became of one number of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Import {
    /// As it was given.
    given: String,
    /// As E.164; none where it is no phone number.
    number: Option<E164>,
    outcome: ImportResult,
}

/// What became of a number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ImportResult {
    /// The account has it from now on.
    Imported,
    /// The account had it before.
    KnownBefore,
    /// Another account has it.
    OtherAccounts,
    /// It cannot be a candidate: the account owns it, has ordered it, or has given it up.
    NoCandidate,
    /// It is no possible phone number.
    NoPhoneNumber,
}

impl From<ImportOutcome> for ImportResult {
    fn from(outcome: ImportOutcome) -> Self {
        match outcome {
            ImportOutcome::Imported => ImportResult::Imported,
            ImportOutcome::KnownBefore => ImportResult::KnownBefore,
            ImportOutcome::OtherAccounts => ImportResult::OtherAccounts,
            ImportOutcome::NoCandidate => ImportResult::NoCandidate,
        }
    }
}

/// Take numbers into the account, or candidates to replace others with
///
/// Takes the role `operate`. Each number is answered for itself: one that cannot be taken holds up no other.
#[utoipa::path(
    post,
    path = "/accounts/{account}/numbers",
    operation_id = "import-numbers",
    tag = "numbers",
    params(InAccount),
    request_body = ToImport,
    responses((status = 200, description = "What became of each", body = Imports), ChangeRefused)
)]
async fn import(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(ToImport { numbers, taken_as }): Body<ToImport>,
) -> Result<Json<Imports>, Problem> {
    let read = |text: &String| PhoneNumber::parse(text, of.account.region).ok().map(PhoneNumber::digits);
    let parsed: Vec<Option<contract::PhoneNumber>> = numbers.iter().map(read).collect();
    let known: Vec<contract::PhoneNumber> = parsed.iter().flatten().copied().collect();
    let imported_as = match taken_as {
        TakenAs::Owned => ImportedAs::Owned,
        TakenAs::Candidate => ImportedAs::Candidate,
    };
    let dialguard = site.dialguard();
    let outcomes = dialguard.ledger().import_numbers(&of.account.id, &known, imported_as, dialguard.now())?;
    let mut outcomes = outcomes.into_iter();
    let told = numbers.into_iter().zip(parsed).map(|(given, number)| {
        let outcome = number.and_then(|_| outcomes.next()).map_or(ImportResult::NoPhoneNumber, ImportResult::from);
        Import { given, number: number.map(E164::from), outcome }
    });
    let outcomes: Vec<Import> = told.collect();
    let imported = outcomes.iter().filter(|import| import.outcome == ImportResult::Imported).count();
    Ok(Json(Imports { imported, outcomes }))
}

/// Numbers on hand to replace others with.
#[derive(Serialize, ToSchema)]
struct Candidates {
    /// How many there are.
    count: u32,
}

/// How many numbers are on hand to replace others with
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/candidates",
    operation_id = "count-candidates",
    tag = "numbers",
    params(InAccount),
    responses((status = 200, description = "How many", body = Candidates), Refused)
)]
async fn candidates(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Candidates>, Problem> {
    Ok(Json(Candidates { count: site.dialguard().ledger().candidate_count(&of.account.id)? }))
}
