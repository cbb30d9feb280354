//! Accounts: how they stand, and changing that.

use super::created;
use super::input::{Asked, Body, InAccount, Page, Part};
use super::nouns::{Settings, SettingsChange, Time};
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::caller::{Administer, Administrator, Caller, OfAccount, Read, as_of_now, now_of};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use dialguard::calendar::{NaiveTime, Tz};
use dialguard::contract::{self, BLOCKS_MAX};
use dialguard::settings::default_settings;
use dialguard_dialer::dialguard::ChangeOutcome;
use dialguard_dialer::ledger::{
    AccountChange, AccountProfile, Areas, Buying, CAP_CENTS_MAX, NewAccount, REST_DAYS_MAX, SLOTS_PER_BLOCK,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS, price_cents};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(one, change))
        .routes(routes!(usage))
        .routes(routes!(spending))
}

/// An account as it stands in its present billing cycle.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Account {
    /// The dialer's own name for it.
    #[schema(example = "acme")]
    id: String,
    /// Whether the reputation add-on is on. While it is off nothing is checked, started or bought.
    enabled: bool,
    /// Rises with every change.
    revision: u64,
    /// Whose dates and billing cycles it keeps, as the tz database names it.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// In whose national format its numbers may be written where people write them: ISO 3166-1.
    #[schema(example = "US")]
    region: String,
    /// Local time of its daily review.
    #[schema(example = "06:00")]
    review_at: String,
    /// Blocks bought for the present cycle.
    blocks: u32,
    /// Slots bought for the present cycle: `blocks` times `slots-per-block`.
    slot_count: u32,
    /// Slots from the next cycle on.
    slot_count_next: u32,
    /// Slots in a block.
    #[schema(example = 15)]
    slots_per_block: u32,
    /// What a block costs a month, in US cents.
    #[schema(example = 4900)]
    block_price_cents: u32,
    /// What the account's blocks cost a month, in US cents.
    #[schema(example = 4900)]
    price_cents: u64,
    /// Slots with a number.
    occupied: u32,
    /// Slots locked until the cycle ends.
    locked: u32,
    /// When the present cycle began.
    cycle_starts_at: Time,
    /// When it ends: locked slots become free, and fewer blocks take effect.
    cycle_ends_at: Time,
    /// The provider from which replacements are bought, by the name that it has here; none where they are numbers on hand.
    provider: Option<String>,
    /// Where else a replacement may come from where its number's own area code has too few: `none`, `anywhere`, or area
    /// codes.
    #[schema(example = "213,424")]
    areas: String,
    /// Days for which a replaced number is kept before it is given back to the provider.
    rest_days: u16,
    /// What may be spent on numbers in a local day, in US cents.
    day_cap_cents: u32,
    /// What may be spent on numbers in a billing cycle, in US cents.
    cycle_cap_cents: u32,
    /// What a replacement costs besides the number, in US cents.
    #[schema(example = 400)]
    replacement_price_cents: u64,
    settings: Settings,
}

impl From<&AccountProfile> for Account {
    fn from(account: &AccountProfile) -> Self {
        Account {
            id: account.id.clone(),
            enabled: account.enabled,
            revision: account.revision,
            time_zone: account.time_zone.name().into(),
            region: account.region.to_string(),
            review_at: account.review_at.format("%H:%M").to_string(),
            blocks: account.blocks(),
            slot_count: account.slot_count,
            slot_count_next: account.slot_count_next,
            slots_per_block: SLOTS_PER_BLOCK,
            block_price_cents: BLOCK_PRICE_CENTS,
            price_cents: price_cents(account.blocks()),
            occupied: account.occupied,
            locked: account.locked,
            cycle_starts_at: Time(account.cycle_starts_at),
            cycle_ends_at: Time(account.cycle_ends_at),
            provider: account.buying.provider.clone(),
            areas: account.buying.areas.to_string(),
            rest_days: account.buying.rest_days,
            day_cap_cents: account.buying.day_cents_max,
            cycle_cap_cents: account.buying.cycle_cents_max,
            replacement_price_cents: REPLACEMENT_PRICE_CENTS,
            settings: Settings::from(&account.settings),
        }
    }
}

/// An account that is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountToAdd {
    /// The dialer's own name for it.
    #[schema(example = "acme", pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    id: String,
    /// Blocks of 15 slots, $49.00 a month each.
    #[schema(example = 1, maximum = 100000)]
    blocks: u32,
    /// Whose dates and billing cycles it keeps, as the tz database names it.
    #[schema(example = "America/New_York", value_type = String)]
    time_zone: TimeZone,
    /// In whose national format its numbers may be written where people write them: ISO 3166-1; `US` where it is missing.
    #[schema(example = "US", value_type = Option<String>, pattern = "^[A-Z]{2}$")]
    region: Option<Country>,
    /// Local time of its daily review; 06:00 where it is missing.
    #[schema(example = "06:00", value_type = Option<String>, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    review_at: Option<TimeOfDay>,
    /// Where they differ from the defaults.
    #[serde(default)]
    settings: SettingsChange,
}

/// What is to change of an account; what is missing stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountToChange {
    /// Switches the reputation add-on on or off.
    #[schema(example = true)]
    enabled: Option<bool>,
    /// Blocks of 15 slots, $49.00 a month each: more count at once, fewer from the next cycle on.
    #[schema(example = 2, maximum = 100000)]
    blocks: Option<u32>,
    /// Whose dates it keeps from now on, and whose billing cycles from the next one on.
    #[schema(example = "America/New_York", value_type = Option<String>)]
    time_zone: Option<TimeZone>,
    /// In whose national format its numbers may be written where people write them: ISO 3166-1.
    #[schema(example = "US", value_type = Option<String>, pattern = "^[A-Z]{2}$")]
    region: Option<Country>,
    /// Local time of its daily review.
    #[schema(example = "06:00", value_type = Option<String>, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    review_at: Option<TimeOfDay>,
    /// Buys replacements from this provider, which `dialguard providers add` has added; `none` for numbers on hand only.
    #[schema(example = "none", max_length = 64)]
    provider: Option<String>,
    /// Where else a replacement may come from where its number's own area code has too few: `none`, `anywhere`, or up to
    /// 20 area codes.
    #[schema(example = "213,424", value_type = Option<String>, pattern = "^(none|anywhere|[2-9][0-9]{2}(,[2-9][0-9]{2}){0,19})$")]
    areas: Option<AreaCodes>,
    /// Days for which a replaced number is kept before it is given back to the provider; 0 gives it back at once.
    #[schema(example = 30, maximum = 365)]
    rest_days: Option<u16>,
    /// What may be spent on numbers in a local day, in US cents.
    #[schema(example = 1000, maximum = 100000000)]
    day_cap_cents: Option<u32>,
    /// What may be spent on numbers in a billing cycle, in US cents.
    #[schema(example = 5000, maximum = 100000000)]
    cycle_cap_cents: Option<u32>,
    /// Settings that are to change.
    #[serde(default)]
    settings: SettingsChange,
}

impl AccountToChange {
    /// Where numbers are bought after this, and for how much.
    fn buying(&self, before: &Buying) -> Buying {
        Buying {
            provider: self.provider.as_deref().map_or(before.provider.clone(), Buying::provider_named),
            areas: self.areas.as_ref().map_or(&before.areas, |areas| &areas.0).clone(),
            rest_days: self.rest_days.unwrap_or(before.rest_days),
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

    /// Programs write them in one way.
    fn try_from(text: String) -> Result<Self, String> {
        let areas: Areas = text.parse()?;
        if areas.to_string() != text {
            return Err(format!("{text:?} are no areas; write them like {:?}", areas.to_string()));
        }
        Ok(AreaCodes(areas))
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct TimeZone(Tz);

impl TryFrom<String> for TimeZone {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unknown = |_| format!("{text:?} is no time zone; give a name of the tz database, such as America/New_York");
        text.parse().map(TimeZone).map_err(unknown)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Country(Region);

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{text:?} is no country code; give two letters, such as US or GB"));
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
        match NaiveTime::parse_from_str(&text, "%H:%M") {
            Ok(time) if text.len() == "06:00".len() => Ok(TimeOfDay(time)),
            _ => Err(format!("{text:?} is no time of day; give one from 00:00 to 23:59")),
        }
    }
}

/// The figures at the top of an account's page, counted by the policy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Usage {
    /// Slots bought for the present cycle.
    slots: u32,
    /// Slots with a number: the sum of the four statuses.
    occupied: u32,
    /// Slots that nobody may take until the cycle ends.
    locked: u32,
    /// Monitored numbers not rated yet.
    pending: u32,
    /// Monitored numbers that no carrier flags.
    clean: u32,
    /// Monitored numbers that some carrier flags.
    at_risk: u32,
    /// Monitored numbers that most carriers flag.
    flagged: u32,
    /// Numbers that turned flagged in the past 24 hours, those replaced or deleted since included.
    flagged_past_day: u32,
    /// The same for the past 7 days.
    flagged_past_week: u32,
}

impl From<contract::Usage> for Usage {
    fn from(usage: contract::Usage) -> Self {
        Usage {
            slots: usage.slots,
            occupied: usage.occupied,
            locked: usage.locked,
            pending: usage.pending,
            clean: usage.clean,
            at_risk: usage.at_risk,
            flagged: usage.flagged,
            flagged_past_day: usage.flagged_past_day,
            flagged_past_week: usage.flagged_past_week,
        }
    }
}

/// The accounts that the caller may see, by their ids
///
/// Any role.
#[utoipa::path(
    get,
    path = "/accounts",
    operation_id = "list-accounts",
    tag = "accounts",
    params(Part),
    responses((status = 200, description = "Part of them", body = Page<Account>), Refused)
)]
async fn list(
    State(site): State<Site>,
    caller: Caller,
    Asked(Part { limit, after }): Asked<Part>,
) -> Result<Json<Page<Account>>, Problem> {
    let known = site.dialguard().ledger().accounts()?;
    let follows = |id: &str| after.as_deref().is_none_or(|after| id > after);
    let seen = known.into_iter().filter(|account| caller.grant.covers(&account.id) && follows(&account.id));
    let page = Page::of(seen, limit, |account| account.id.clone());
    let now = site.dialguard().now();
    Ok(Json(page.map(|account| Account::from(&account.as_of(now)))))
}

/// Add an account and charge its first month
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    post,
    path = "/accounts",
    operation_id = "add-account",
    tag = "accounts",
    request_body = AccountToAdd,
    responses(
        (status = 201, description = "The account", body = Account,
         headers(("Location" = String, description = "Where it is found"))),
        ChangeRefused
    )
)]
async fn add(
    State(site): State<Site>,
    _: Administrator,
    Body(wanted): Body<AccountToAdd>,
) -> Result<impl IntoResponse, Problem> {
    if !NewAccount::is_id(&wanted.id) {
        let detail = "id: give 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    ensure_blocks(wanted.blocks)?;
    let six = NaiveTime::from_hms_opt(6, 0, 0).expect("six o'clock is a time");
    let new = NewAccount {
        id: wanted.id,
        blocks: wanted.blocks,
        time_zone: wanted.time_zone.0,
        region: wanted.region.map_or(Region::US, |region| region.0),
        review_at: wanted.review_at.map_or(six, |time| time.0),
        settings: wanted.settings.applied_to(&default_settings()),
    };
    site.dialguard().add_account(&new).await?;
    let account = Account::from(&as_of_now(&site, &new.id)?);
    Ok(created(format!("/api/v1/accounts/{}", new.id), account))
}

/// One account
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}",
    operation_id = "get-account",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The account", body = Account), Refused)
)]
async fn one(of: OfAccount<Read>) -> Json<Account> {
    Json(Account::from(&of.account))
}

/// Change an account: the add-on, its blocks, where its numbers are bought, its settings
///
/// Takes the role `administer`. Blocks cost money: more are charged at once. Either all of it is done or nothing. Blocks
/// can be changed while the add-on is on, or together with switching it on or off.
#[utoipa::path(
    patch,
    path = "/accounts/{account}",
    operation_id = "change-account",
    tag = "accounts",
    params(InAccount),
    request_body = AccountToChange,
    responses((status = 200, description = "The account after that", body = Account), ChangeRefused)
)]
async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Body(wanted): Body<AccountToChange>,
) -> Result<Json<Account>, Problem> {
    let id = &of.account.id;
    let buying = wanted.buying(&of.account.buying);
    ensure_buyable(&buying)?;
    wanted.blocks.map_or(Ok(()), ensure_blocks)?;
    let settings = wanted.settings.applied_to(&of.account.settings);
    let change = AccountChange {
        time_zone: wanted.time_zone.map(|zone| zone.0),
        region: wanted.region.map(|region| region.0),
        review_at: wanted.review_at.map(|time| time.0),
        enabled: wanted.enabled,
        blocks: wanted.blocks,
        settings: (settings != of.account.settings).then_some(settings),
        buying: (buying != of.account.buying).then_some(buying),
    };
    match site.dialguard().change_account(id, &change).await? {
        ChangeOutcome::Changed => Ok(Json(Account::from(&as_of_now(&site, id)?))),
        ChangeOutcome::BlocksRefused(outcome) => Err(Problem::refused(&outcome)),
    }
}

/// What no account can have; the rest is the ledger's to refuse.
fn ensure_buyable(buying: &Buying) -> Result<(), Problem> {
    let caps = buying.day_cents_max.max(buying.cycle_cents_max);
    let wrong = match (buying.rest_days, caps) {
        (..=REST_DAYS_MAX, ..=CAP_CENTS_MAX) => return Ok(()),
        (..=REST_DAYS_MAX, _) => format!("day-cap-cents and cycle-cap-cents: give 0 to {CAP_CENTS_MAX}"),
        _ => format!("rest-days: give 0 to {REST_DAYS_MAX}"),
    };
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, wrong))
}

fn ensure_blocks(blocks: u32) -> Result<(), Problem> {
    if blocks <= BLOCKS_MAX {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("blocks: give 0 to {BLOCKS_MAX}")))
}

/// The account's slots and numbers, counted by the policy
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/usage",
    operation_id = "get-usage",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The figures", body = Usage), Refused)
)]
async fn usage(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Usage>, Problem> {
    Ok(Json(site.dialguard().usage(&of.account.id).await?.into()))
}

/// What the account has cost, as of now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Spending {
    /// Charged in this billing cycle, in US cents: blocks, and replacements at `replacement-price-cents` each.
    charged_in_cycle_cents: u64,
    /// Spent on numbers in the local day, in US cents; `day-cap-cents` is the most.
    spent_today_cents: u64,
    /// Spent on numbers in this billing cycle, in US cents; `cycle-cap-cents` is the most.
    spent_in_cycle_cents: u64,
}

/// What the account was charged in this billing cycle, and what was spent on numbers
///
/// Takes the role `read`. What numbers cost is counted when an order is sent, and free again where it is given up.
#[utoipa::path(
    get,
    path = "/accounts/{account}/spending",
    operation_id = "get-spending",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The figures", body = Spending), Refused)
)]
async fn spending(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<Spending>, Problem> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let spent = ledger.spending(&account.id, now_of(&site, account))?;
    Ok(Json(Spending {
        charged_in_cycle_cents: ledger.charged_cents(&account.id, account.cycle_starts_at)?,
        spent_today_cents: spent.day_cents,
        spent_in_cycle_cents: spent.cycle_cents,
    }))
}
