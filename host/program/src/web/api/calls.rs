//! How calls went: reports of a dialer, and what is known.

use super::failures::{ChangeFailures, Failures};
use super::input::{Body, InAccount, Limit, Page, PathParams, QueryParams};
use super::numbers::{InNumber, cursor};
use crate::json::{CallsByDay, NumberCalls, ReadCalls, RefusedHour, ReportedCalls, Time};
use crate::parse::List;
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard::contract::{self, Timestamp};
use dialguard_dialer::ledger::{CALLS_KEPT_DAYS, CALLS_OF_HOUR_MAX, CallCounts, CallHour, Stop};
use dialguard_dialer::phone::{PhoneNumber, Region};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list, report)).routes(routes!(read)).routes(routes!(of_number))
}

/// Hours in one request, at most.
const HOURS_MAX: usize = 10_000;

/// How calls went.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CallReport {
    /// Of each number and hour one; of several the last one counts.
    #[schema(value_type = Vec<HourReport>, max_items = 10000)]
    calls: List<HourReport, HOURS_MAX>,
}

/// All calls from a number in an hour.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct HourReport {
    /// In E.164, or in the national format of the account's region.
    #[schema(example = "+13105550100")]
    number: String,
    /// When the hour begins by the account's clock, which is on the hour in its time zone.
    hour: Time,
    /// Calls made.
    #[serde(deserialize_with = "calls_of_hour")]
    #[schema(maximum = 1_000_000, example = 40)]
    attempts: u32,
    /// Of those, the ones that somebody answered.
    #[serde(deserialize_with = "calls_of_hour")]
    #[schema(maximum = 1_000_000, example = 12)]
    answered: u32,
    /// Of the answered ones, those that were over within 6 seconds.
    #[serde(default, deserialize_with = "calls_of_hour")]
    #[schema(maximum = 1_000_000, default = 0)]
    short: u32,
    /// Of the attempts, those that an analytics engine refused on the way: SIP 603 'Network Blocked', 607 and 608.
    #[serde(default, deserialize_with = "calls_of_hour")]
    #[schema(maximum = 1_000_000, default = 0)]
    blocked: u32,
}

/// A number of calls that an hour can have.
fn calls_of_hour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let count = u32::deserialize(deserializer)?;
    match count <= CALLS_OF_HOUR_MAX {
        true => Ok(count),
        false => Err(D::Error::custom(format!("an hour has at most {CALLS_OF_HOUR_MAX} calls of a number"))),
    }
}

impl HourReport {
    fn read(&self, region: Region) -> Result<CallHour, String> {
        let number = PhoneNumber::parse(&self.number, region).map_err(|error| error.to_string())?.digits();
        let calls = CallCounts::new(self.attempts, self.answered, self.short, self.blocked);
        Ok(CallHour { number, hour: self.hour.0, calls: calls.map_err(|error| error.to_string())? })
    }
}

/// Report how calls went
///
/// Requires the role `operate`. Each report states all of a number's calls in an hour, and replaces what was known of it:
/// sending it again changes nothing. An hour that cannot be taken does not stop the rest, and `why` says what to do about
/// it. Of those that are refused, the first 100 are listed and all are counted. Calls are kept for 60 days.
#[utoipa::path(
    post,
    path = "/accounts/{account}/calls",
    operation_id = "report-calls",
    tag = "calls",
    params(InAccount),
    request_body = CallReport,
    responses((status = 200, description = "How many hours are new", body = ReportedCalls), ChangeFailures)
)]
async fn report(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(CallReport { calls: List(reports) }): Body<CallReport>,
) -> Result<Json<ReportedCalls>, Problem> {
    let (dialguard, account) = (site.acting_as(&of.caller), of.account);
    let import = move |stop: &Stop| {
        let mut reported = ReportedCalls::default();
        let mut hours: BTreeMap<(contract::PhoneNumber, Timestamp), CallHour> = BTreeMap::new();
        for report in reports.iter().take_while(|_| !stop.is_set()) {
            match report.read(account.region) {
                Ok(hour) => drop(hours.insert((hour.number, hour.hour), hour)),
                Err(why) => reported.refuse(RefusedHour::new(&report.number, report.hour, why)),
            }
        }
        let hours: Vec<CallHour> = hours.into_values().collect();
        let outcomes = dialguard.ledger().import_calls(&account.id, &hours, dialguard.now())?;
        reported.add(&hours, &outcomes);
        Ok::<_, Problem>(Json(reported))
    };
    site.lists().run(&of.caller, import).await?
}

/// How far back to read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CallSpan {
    /// The days up to now; the time since the latest reading is read too.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 60, default = 3)]
    days: Days,
}

/// Read calls from the provider's log
///
/// Requires the role `operate`, and an account whose provider is set up with `--calls on`. It is read before each daily review
/// too. Only whole hours are taken, and reading them again changes nothing. It may take ten minutes; the hours that were read
/// by then stay.
#[utoipa::path(
    post,
    path = "/accounts/{account}/calls/read",
    operation_id = "read-calls",
    tag = "calls",
    params(InAccount, CallSpan),
    responses((status = 200, description = "How many hours are new", body = ReadCalls), ChangeFailures)
)]
async fn read(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    QueryParams(CallSpan { days: Days(days) }): QueryParams<CallSpan>,
) -> Result<Json<ReadCalls>, Problem> {
    Ok(Json(ReadCalls::from(&site.dialguard().read_calls(&of.account.id, days).await?)))
}

/// Which numbers' calls to list, and of how many days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CallFilter {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    after: Option<String>,
    /// The days up to now.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 60, default = 3)]
    days: Days,
}

/// 1 to 60 days, default 3.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct Days(u64);

impl Default for Days {
    fn default() -> Self {
        Days(3)
    }
}

impl TryFrom<u64> for Days {
    type Error = String;

    fn try_from(days: u64) -> Result<Self, String> {
        match (1..=CALLS_KEPT_DAYS).contains(&days) {
            true => Ok(Days(days)),
            false => Err(format!("give 1 to {CALLS_KEPT_DAYS} days")),
        }
    }
}

/// List how calls from each number went
///
/// Requires the role `read`. Of the numbers that made calls, those included that have left the account, in the order of
/// the number.
#[utoipa::path(
    get,
    path = "/accounts/{account}/calls",
    operation_id = "list-calls",
    tag = "calls",
    params(InAccount, CallFilter),
    responses((status = 200, description = "Part of the list", body = Page<NumberCalls>), Failures)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(CallFilter { limit, after, days: Days(days) }): QueryParams<CallFilter>,
) -> Result<Json<Page<NumberCalls>>, Problem> {
    let after = after.as_deref().map(cursor).transpose()?.unwrap_or_default();
    let (dialguard, id) = (site.dialguard().clone(), of.account.id);
    let since = dialguard.now().saturating_sub(days * 86_400);
    let read = move |_: &Stop| dialguard.ledger().calls_by_number(&id, since, after, limit.0 + 1);
    let numbers = site.lists().run(&of.caller, read).await??;
    let page = Page::of(numbers, limit, |last| last.number.to_string());
    Ok(Json(page.map(|totals| NumberCalls::from(&totals))))
}

/// Get how calls from a number went, by date
///
/// Requires the role `read`. Empty where nothing is known of the number.
#[utoipa::path(
    get,
    path = "/accounts/{account}/numbers/{number}/calls",
    operation_id = "get-number-calls",
    tag = "calls",
    params(InAccount, InNumber),
    responses((status = 200, description = "The calls of each date", body = CallsByDay), Failures)
)]
async fn of_number(
    State(site): State<Site>,
    of: OfAccount<Read>,
    PathParams(InNumber { number }): PathParams<InNumber>,
) -> Result<Json<CallsByDay>, Problem> {
    let days = site.dialguard().ledger().calls_by_day(&of.account.id, number.digits())?;
    Ok(Json(CallsByDay::new(number.digits(), &days)))
}
