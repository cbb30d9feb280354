//! Accounts: reading, adding and changing them.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, InAccount, Page, Part, QueryParams};
use crate::json::{Account, ChangePrice, Checks, Closing, RatedDays, SettingsChange, Spending, Usage};
use crate::parse;
use crate::schedule::REVIEW_AT_DEFAULT;
use crate::web::Site;
use crate::web::auth::{Administer, Administrator, Caller, OfAccount, Read, as_of_now, now_of};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use dialguard::calendar::NaiveTime;
use dialguard::contract::BLOCKS_MAX;
use dialguard_dialer::dialguard::{ChangeOutcome, ChangePreview};
use dialguard_dialer::ledger::{
    AccountChange, AccountProfile, AccountSettings, Areas, Buying, CAP_CENTS_MAX, NewAccount,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::settings::Declaration;
use dialguard_dialer::zones::Zone;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(one, change))
        .routes(routes!(try_change))
        .routes(routes!(credit))
        .routes(routes!(close))
        .routes(routes!(try_close))
        .routes(routes!(usage))
        .routes(routes!(checks))
        .routes(routes!(days))
        .routes(routes!(spending))
}

/// An account to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountRequest {
    /// The dialer's own name for it.
    #[schema(example = "acme", pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    id: String,
    /// Blocks of 15 slots, $49.00 a month each.
    #[schema(example = 1, maximum = 100000)]
    blocks: u32,
    /// Time zone of its dates and billing cycles: a name of the tz database, but for `EST`, `MST` and `HST`, which have no
    /// daylight saving time.
    #[schema(example = "America/New_York", value_type = String)]
    time_zone: TimeZone,
    /// Country whose national format its numbers may be written in: ISO 3166-1; `US` if missing.
    #[schema(example = "US", value_type = Option<String>, pattern = "^[A-Z]{2}$")]
    region: Option<Country>,
    /// Local time of its daily review; 06:00 if missing.
    #[schema(example = "06:00", value_type = Option<String>, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    review_at: Option<TimeOfDay>,
    /// Settings other than the defaults.
    #[serde(default)]
    settings: SettingsChange,
}

/// A change of an account; missing fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountPatch {
    /// Turns the reputation add-on on or off.
    #[schema(example = true)]
    enabled: Option<bool>,
    /// Blocks of 15 slots, $49.00 a month each. More take effect at once, fewer from the next cycle on.
    #[schema(example = 2, maximum = 100000)]
    blocks: Option<u32>,
    /// Time zone of its days and its billing cycles, from the next ones on: a name of the tz database. `EST`, `MST` and
    /// `HST`, which have no daylight saving time, are refused unless the account has them already.
    #[schema(example = "America/New_York")]
    time_zone: Option<String>,
    /// Country whose national format its numbers may be written in: ISO 3166-1.
    #[schema(example = "US", value_type = Option<String>, pattern = "^[A-Z]{2}$")]
    region: Option<Country>,
    /// Local time of its daily review.
    #[schema(example = "06:00", value_type = Option<String>, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    review_at: Option<TimeOfDay>,
    /// The provider to buy replacements from, or `none` to use only candidates on hand.
    #[schema(example = "none", max_length = 64)]
    provider: Option<String>,
    /// Area codes for a replacement if the number's own has too few: `none`, `anywhere`, or a list of up to 20.
    #[schema(example = "213,424", value_type = Option<String>, pattern = "^(none|anywhere|[2-9][0-9]{2}(,[2-9][0-9]{2}){0,19})$")]
    areas: Option<AreaCodes>,
    /// Most that may be spent on numbers in a local day, in US cents.
    #[schema(example = 1000, maximum = 100000000)]
    day_cap_cents: Option<u32>,
    /// Most that may be spent on numbers in a billing cycle, in US cents.
    #[schema(example = 5000, maximum = 100000000)]
    cycle_cap_cents: Option<u32>,
    /// Settings to change.
    #[serde(default)]
    settings: SettingsChange,
}

impl AccountPatch {
    /// What the patch changes.
    fn change(self, account: &AccountProfile, declaration: &Declaration) -> Result<AccountChange, Problem> {
        let buying = self.buying(&account.buying);
        ensure_buyable(&buying)?;
        self.blocks.map_or(Ok(()), ensure_blocks)?;
        let settings = self.settings.applied_to(declaration, &account.settings)?;
        let time_zone = self.time_zone.map(|zone| parse::new_time_zone(&zone, account.time_zone)).transpose();
        let time_zone = time_zone.map_err(|why| Problem::in_field("time-zone", why))?.flatten();
        Ok(AccountChange {
            time_zone,
            region: self.region.map(|region| region.0),
            review_at: self.review_at.map(|time| time.0),
            enabled: self.enabled,
            blocks: self.blocks,
            settings: (settings != account.settings).then_some(settings),
            buying: (buying != account.buying).then_some(buying),
            ..AccountChange::default()
        })
    }

    /// How numbers are bought after this change.
    fn buying(&self, before: &Buying) -> Buying {
        Buying {
            provider: self.provider.as_deref().map_or(before.provider.clone(), Buying::provider_named),
            areas: self.areas.as_ref().map_or(&before.areas, |areas| &areas.0).clone(),
            day_cents_max: self.day_cap_cents.unwrap_or(before.day_cents_max),
            cycle_cents_max: self.cycle_cap_cents.unwrap_or(before.cycle_cents_max),
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct AreaCodes(Areas);

impl TryFrom<String> for AreaCodes {
    type Error = String;

    /// The API takes areas in one spelling only.
    fn try_from(text: String) -> Result<Self, String> {
        let areas: Areas = text.parse()?;
        if areas.to_string() != text {
            return Err(format!("{text:?} is not the API's spelling of areas; write {:?}", areas.to_string()));
        }
        Ok(AreaCodes(areas))
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct TimeZone(Zone);

impl TryFrom<String> for TimeZone {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse::time_zone(&text).map(TimeZone)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Country(Region);

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{text:?} is not a country code; give two letters, such as US or GB"));
        }
        text.parse().map(Country)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct TimeOfDay(NaiveTime);

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match parse::time_of_day(&text) {
            Ok(time) if text.len() == "06:00".len() => Ok(TimeOfDay(time)),
            Ok(_) => Err(format!("{text:?} is not a time of day; give one from 00:00 to 23:59")),
            Err(why) => Err(format!("{text:?} is not a time of day; {why}")),
        }
    }
}

/// List the accounts that the caller may see, by id
///
/// Requires any role.
#[utoipa::path(
    get,
    path = "/accounts",
    operation_id = "list-accounts",
    tag = "accounts",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<Account>), Failures)
)]
async fn list(
    State(site): State<Site>,
    caller: Caller,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Account>>, Problem> {
    let known = site.dialguard().ledger().accounts()?;
    let follows = |id: &str| after.as_deref().is_none_or(|after| id > after);
    let seen = known.into_iter().filter(|account| caller.grant.covers(&account.id) && follows(&account.id));
    let Page { items, next } = Page::of(seen, limit, |account| account.id.clone());
    let items = items.iter().map(|account| read(&site, account)).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, next }))
}

/// The account as of now; if the clock went back, as of its last change.
fn read(site: &Site, account: &AccountProfile) -> Result<Account, Problem> {
    let now = now_of(site, account);
    let live = site.dialguard().policies().live()?;
    Ok(Account::read(site.dialguard().ledger(), &account.clone().as_of(now), &live.declaration, now)?)
}

/// Add an account and charge its first month
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    post,
    path = "/accounts",
    operation_id = "add-account",
    tag = "accounts",
    request_body = AccountRequest,
    responses(
        (status = 201, description = "The account", body = Account,
         headers(("Location" = String, description = "Its address"))),
        ChangeFailures
    )
)]
async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(request): Body<AccountRequest>,
) -> Result<impl IntoResponse, Problem> {
    let id = parse::account_id(&request.id).map_err(|why| Problem::in_field("id", why))?;
    ensure_blocks(request.blocks)?;
    let review_at_default = parse::time_of_day(REVIEW_AT_DEFAULT).expect("the default is a time");
    let live = site.dialguard().policies().live()?;
    let new = NewAccount {
        id,
        blocks: request.blocks,
        time_zone: request.time_zone.0,
        region: request.region.map_or(Region::US, |region| region.0),
        review_at: request.review_at.map_or(review_at_default, |time| time.0),
        settings: request.settings.applied_to(&live.declaration, &AccountSettings::default())?,
    };
    site.acting_as(&caller).add_account(&new).await?;
    let account = read(&site, &as_of_now(&site, &new.id)?)?;
    Ok(created(format!("/api/v1/accounts/{}", new.id), account))
}

/// Get an account and what it has cost in this billing cycle
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}",
    operation_id = "get-account",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The account", body = Account), Failures)
)]
async fn one(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Account>, Problem> {
    Ok(Json(read(&site, &of.account)?))
}

/// Change an account: the add-on, its blocks, where its numbers are bought, its settings
///
/// Requires the role `administer`. Blocks cost money: more are charged at once. Either all of it is done or nothing.
/// Blocks can be changed while the add-on is on, or together with turning it on or off. If it is turned on in a cycle that
/// was not charged, only the blocks of the change are charged, even if they are fewer than before.
#[utoipa::path(
    patch,
    path = "/accounts/{account}",
    operation_id = "change-account",
    tag = "accounts",
    params(InAccount),
    request_body = AccountPatch,
    responses((status = 200, description = "The changed account", body = Account), ChangeFailures)
)]
async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Body(patch): Body<AccountPatch>,
) -> Result<Json<Account>, Problem> {
    let id = &of.account.id;
    let live = site.dialguard().policies().live()?;
    match site.acting_as(&of.caller).change_account(id, &patch.change(&of.account, &live.declaration)?).await? {
        ChangeOutcome::Changed => Ok(Json(read(&site, &as_of_now(&site, id)?)?)),
        ChangeOutcome::BlocksRefused(outcome) => Err(Problem::refused(&outcome)),
    }
}

/// Preview what a change of an account would cost
///
/// Requires the role `administer`. Changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/try",
    operation_id = "try-account-change",
    tag = "accounts",
    params(InAccount),
    request_body = AccountPatch,
    responses((status = 200, description = "The price", body = ChangePrice), ChangeFailures)
)]
async fn try_change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Body(patch): Body<AccountPatch>,
) -> Result<Json<ChangePrice>, Problem> {
    let live = site.dialguard().policies().live()?;
    let change = patch.change(&of.account, &live.declaration)?;
    match site.dialguard().try_change_account(&of.account.id, &change).await? {
        ChangePreview::Price(price) => Ok(Json(ChangePrice::from(&price))),
        ChangePreview::BlocksRefused(outcome) => Err(Problem::refused(&outcome)),
    }
}

/// A credit, which puts a wrong charge right.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Credit {
    /// What to credit, in US cents.
    #[schema(example = 400, minimum = 1)]
    cents: u64,
    /// Why, for the account's history.
    #[schema(example = "The replacement was not needed", min_length = 1, max_length = 500)]
    reason: String,
}

/// Credit an account: put a wrong charge right
///
/// Requires the role `administer`. All credits together are at most what was charged. The credit is an event of the current
/// billing cycle; what was charged stays on record.
#[utoipa::path(
    post,
    path = "/accounts/{account}/credits",
    operation_id = "credit-account",
    tag = "accounts",
    params(InAccount),
    request_body = Credit,
    responses((status = 200, description = "The figures after the credit", body = Spending), ChangeFailures)
)]
async fn credit(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Body(Credit { cents, reason }): Body<Credit>,
) -> Result<Json<Spending>, Problem> {
    let (dialguard, id) = (site.acting_as(&of.caller), &of.account.id);
    tokio::task::block_in_place(|| dialguard.ledger().credit(id, cents, &reason, dialguard.now()))?;
    let account = as_of_now(&site, id)?;
    Ok(Json(Spending::read(dialguard.ledger(), &account, now_of(&site, &account))?))
}

/// Close an account for good
///
/// Requires the role `administer`. Its numbers leave it and can be imported into any account, nothing is released at a
/// provider, replacements in progress are abandoned, and nothing more is charged. Afterwards it can only be read and
/// credited; other changes are refused (409, `account-closed`). 409 also while a number may be bought or given back for
/// one of its orders. Closing a closed account changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/close",
    operation_id = "close-account",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The closed account", body = Account), ChangeFailures)
)]
async fn close(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Json<Account>, Problem> {
    let (dialguard, id) = (site.acting_as(&of.caller), &of.account.id);
    tokio::task::block_in_place(|| dialguard.ledger().close_account(id, dialguard.now()))?;
    Ok(Json(read(&site, &as_of_now(&site, id)?)?))
}

/// Preview what closing an account would do
///
/// Requires the role `administer`. Changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/close/try",
    operation_id = "try-close-account",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "What would happen", body = Closing), ChangeFailures)
)]
async fn try_close(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Json<Closing>, Problem> {
    let (dialguard, id) = (site.dialguard(), &of.account.id);
    let closing = tokio::task::block_in_place(|| dialguard.ledger().try_close_account(id, dialguard.now()))?;
    Ok(Json(Closing::from(&closing)))
}

/// What no account can have; the rest is the ledger's to refuse.
fn ensure_buyable(buying: &Buying) -> Result<(), Problem> {
    let caps = [("day-cap-cents", buying.day_cents_max), ("cycle-cap-cents", buying.cycle_cents_max)];
    match caps.into_iter().find(|(_, cents)| *cents > CAP_CENTS_MAX) {
        Some((field, _)) => Err(Problem::in_field(field, format!("give 0 to {CAP_CENTS_MAX}"))),
        None => Ok(()),
    }
}

fn ensure_blocks(blocks: u32) -> Result<(), Problem> {
    if blocks <= BLOCKS_MAX {
        return Ok(());
    }
    Err(Problem::in_field("blocks", format!("give 0 to {BLOCKS_MAX}")))
}

/// Count the account's slots and numbers
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/usage",
    operation_id = "get-usage",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The figures", body = Usage), Failures)
)]
async fn usage(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Usage>, Problem> {
    let usage = site.dialguard().usage(&of.account.id).await?;
    let marks = site.dialguard().ledger().mark_counts(&of.account.id, now_of(&site, &of.account))?;
    Ok(Json(Usage::new(&usage, &marks)))
}

/// Get when the account was checked, when it is next, and which sources answer
///
/// Requires the role `read`. A number is stale two hours after a daily check was due that has not rated it.
#[utoipa::path(
    get,
    path = "/accounts/{account}/checks",
    operation_id = "get-checks",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The checks", body = Checks), Failures)
)]
async fn checks(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Checks>, Problem> {
    let (ledger, id, now) = (site.dialguard().ledger().clone(), of.account.id.clone(), now_of(&site, &of.account));
    let checks = site.lists().run(&of.caller, move |_| ledger.checks(&id, now)).await??;
    Ok(Json(Checks::from(&checks)))
}

/// Get how the account's numbers were rated on each of the past 30 local dates, and what its sources answered
///
/// Requires the role `read`. A number counts as it was rated that day, even if it was replaced afterwards.
#[utoipa::path(
    get,
    path = "/accounts/{account}/days",
    operation_id = "get-days",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The days", body = RatedDays), Failures)
)]
async fn days(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<RatedDays>, Problem> {
    let rated = site.dialguard().ledger().rated_days(&of.account.id, now_of(&site, &of.account))?;
    Ok(Json(RatedDays::from(&rated)))
}

/// Get what the account was charged and credited in this billing cycle, and what was spent on numbers
///
/// Requires the role `read`. The price of a number counts as spent when its order is sent, and no longer if the order
/// is abandoned.
#[utoipa::path(
    get,
    path = "/accounts/{account}/spending",
    operation_id = "get-spending",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The figures", body = Spending), Failures)
)]
async fn spending(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Spending>, Problem> {
    Ok(Json(Spending::read(site.dialguard().ledger(), &of.account, now_of(&site, &of.account))?))
}
