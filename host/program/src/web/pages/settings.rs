//! An account's settings: what each one means, and what a change would have done.

mod buying;
mod effect;
mod fields;

use super::form::{Form, again, beside, not_done, wrong};
use super::layout::Tab;
use super::{Failed, alerts, close, export, page};
use crate::parse::{self, Entries, FieldError};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, Caller, OfAccount, Read};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{capital, count, date, dollars, price, shortened};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use dialguard::contract::{BLOCKS_MAX, ChoiceSetting, ErrorCode, IntegerSetting, Setting, SettingKind, Timestamp};
use dialguard::policy::PolicyError;
use dialguard::settings::{AUTO_REPLACE, REPLACEMENTS_PER_DAY_MAX, guard_rails};
use dialguard_dialer::access::Role;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountChange, AccountProfile, AccountSettings, LedgerError, SLOTS_PER_BLOCK, Webhook};
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use dialguard_dialer::settings::Declaration;
use dialguard_dialer::zones;
use fields::{FormValues, OTHER, SWITCHES, SubmittedForm};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/settings", get(show).post(submit))
        .route("/accounts/{account}/settings/effect", post(preview))
        .merge(buying::routes())
}

/// The settings page with the values in its form.
struct SettingsPage<'a> {
    caller: &'a Caller,
    account: &'a AccountProfile,
    declaration: &'a Declaration,
    now: Timestamp,
    values: &'a FormValues,
    is_saved: bool,
    error: Option<&'a FieldError>,
    effect: Option<&'a Effect>,
    webhooks: &'a [Webhook],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsQuery {
    /// Present after the form has been saved.
    saved: Option<String>,
}

async fn show(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(query): Query<SettingsQuery>,
) -> Result<Markup, Failed> {
    let live = site.dialguard().policies().live()?;
    let (values, now) = (values_of(&of.account, &live.declaration), site.dialguard().now());
    let is_saved = query.saved.is_some();
    let webhooks = site.dialguard().ledger().webhooks(Some(&of.account.id))?;
    Ok(SettingsPage { is_saved, ..SettingsPage::new(&of, &live.declaration, now, &values, &webhooks) }.render())
}

/// The account's settings as form values.
fn values_of(account: &AccountProfile, declaration: &Declaration) -> FormValues {
    let mut values = fields::values_of(declaration, &account.settings);
    values.insert("time-zone".into(), account.time_zone.name().into());
    values.insert("review-at".into(), account.review_at.format("%H:%M").to_string());
    values.insert("region".into(), account.region.to_string());
    values
}

/// Saves the settings or shows what they would have done.
async fn submit(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(Entries(values)): Form<SubmittedForm>,
) -> Result<Response, Failed> {
    let now = site.dialguard().now();
    let webhooks = site.dialguard().ledger().webhooks(Some(&of.account.id))?;
    let live = site.dialguard().policies().live()?;
    let page = SettingsPage::new(&of, &live.declaration, now, &values, &webhooks);
    let outcome = match values.get("do").map(String::as_str) {
        Some("save") => save(&site, &of, &live.declaration, &values).await.map(|()| None),
        _ => effect_of(&site, &of, &live.declaration, &values).await.map(Some),
    };
    match outcome {
        Ok(None) => Ok(Redirect::to(&format!("{}/settings?saved=1", account_path(&of.account.id))).into_response()),
        Ok(Some(effect)) => Ok(SettingsPage { effect: Some(&effect), ..page }.render().into_response()),
        Err(SettingsError::Field(error)) => Ok(again(SettingsPage { error: Some(&error), ..page }.render())),
        Err(SettingsError::Other(problem)) => Err(problem.into()),
    }
}

/// What the settings would have done, for the script that previews them while a user edits.
async fn preview(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(Entries(values)): Form<SubmittedForm>,
) -> Result<Response, Problem> {
    let live = site.dialguard().policies().live()?;
    match effect_of(&site, &of, &live.declaration, &values).await {
        Ok(effect) => Ok(effect::result(&of.account, &effect, site.dialguard().now()).into_response()),
        Err(SettingsError::Field(error)) => {
            // The user is still typing, so this is not a failed request.
            Ok(html! { p.failed data-setting=(error.field) { (error.why) } }.into_response())
        }
        Err(SettingsError::Other(problem)) => Err(problem),
    }
}

/// Why settings were neither saved nor previewed.
enum SettingsError {
    Field(FieldError),
    Other(Problem),
}

impl From<FieldError> for SettingsError {
    fn from(error: FieldError) -> Self {
        SettingsError::Field(error)
    }
}

impl SettingsError {
    /// A policy's refusal is shown at the setting it is about.
    fn new(error: DialguardError, declaration: &Declaration) -> Self {
        match error {
            DialguardError::Policy(PolicyError::Answered(error)) if error.code == ErrorCode::InvalidSettings => {
                SettingsError::Field(fields::refused_by_policy(declaration, error.message))
            }
            DialguardError::Ledger(too_large @ LedgerError::SettingsTooLarge) => {
                SettingsError::Field(fields::too_large(&too_large))
            }
            other => SettingsError::Other(other.into()),
        }
    }
}

async fn effect_of(
    site: &Site,
    of: &OfAccount<Administer>,
    declaration: &Declaration,
    values: &FormValues,
) -> Result<Effect, SettingsError> {
    let settings = fields::read(values, declaration, &of.account.settings)?;
    let effect = effect::effect_of(site, of, settings).await.map_err(SettingsError::Other)?;
    effect.map_err(|error| SettingsError::new(error, declaration))
}

async fn save(
    site: &Site,
    of: &OfAccount<Administer>,
    declaration: &Declaration,
    values: &FormValues,
) -> Result<(), SettingsError> {
    let account = &of.account;
    let settings = fields::read(values, declaration, &account.settings)?;
    let changed = site.acting_as(&of.caller).change_account(&account.id, &changes(account, values, settings)?).await;
    changed.map_err(|error| SettingsError::new(error, declaration))?;
    Ok(())
}

/// What differs from the account's current settings.
fn changes(
    account: &AccountProfile,
    values: &FormValues,
    settings: AccountSettings,
) -> Result<AccountChange, FieldError> {
    let invalid = |name: &'static str, why: &str| FieldError::new(name, why);
    let text = |name: &str| values.get(name).map_or("", |text| text.trim());
    let time_zone = parse::new_time_zone(text("time-zone"), account.time_zone);
    let review_at = parse::time_of_day(text("review-at")).map_err(|why| invalid("review-at", &why))?;
    let region = text("region").parse().map_err(|why: String| invalid("region", &why))?;
    Ok(AccountChange {
        time_zone: time_zone.map_err(|why| invalid("time-zone", &why))?,
        region: (region != account.region).then_some(region),
        review_at: (review_at != account.review_at).then_some(review_at),
        settings: (settings != account.settings).then_some(settings),
        ..AccountChange::default()
    })
}

impl<'a> SettingsPage<'a> {
    fn new<R>(
        of: &'a OfAccount<R>,
        declaration: &'a Declaration,
        now: Timestamp,
        values: &'a FormValues,
        webhooks: &'a [Webhook],
    ) -> Self {
        let (caller, account) = (&of.caller, &of.account);
        SettingsPage { caller, account, declaration, now, values, is_saved: false, error: None, effect: None, webhooks }
    }

    fn render(&self) -> Markup {
        let is_administrator = self.caller.grant.role >= Role::Administer;
        let may_change = is_administrator && self.account.closed_at.is_none();
        let content = html! {
            h1 { "Settings" }
            @if self.is_saved { p.saved role="status" { "Saved. Takes effect at the next review." } }
            (not_done(self.error))
            div.settings {
                form #settings method="post" action={ (account_path(&self.account.id)) "/settings" } data-effect=[may_change.then_some(true)] {
                    fieldset.plain disabled[!may_change] {
                        legend.unseen { "Settings" }
                        input type="hidden" name=(SWITCHES) value=(fields::switches(self.declaration));
                        (self.group("Automatic replacement", &guard_rails()))
                        (self.group("Policy", self.of_policy()))
                        (self.time_and_region())
                        (self.other())
                    }
                    @if may_change {
                        p.buttons.save {
                            button name="do" value="effect" formaction={ (account_path(&self.account.id)) "/settings#effect" } { "Preview effect" }
                            button.first name="do" value="save" { "Save" }
                            output #effect-short for="settings" {}
                        }
                    } @else {
                        p.quiet {
                            @if self.account.closed_at.is_some() { "The account is closed: its settings no longer change." }
                            @else { "Only administrators can change these settings." }
                        }
                    }
                }
                @if may_change { (self.effect()) }
            }
            (blocks(self.account, may_change, self.now))
            (buying::section(&self.account.id, &self.account.buying, may_change))
            @if is_administrator { (alerts::section(&self.account.id, self.webhooks)) }
            (export::section(&self.account.id))
            @if may_change { (close::section(self.account)) }
        };
        page(self.caller, Some((self.account, Tab::Settings)), "Settings", content)
    }

    fn effect(&self) -> Markup {
        html! {
            aside.panel.effect aria-label="Effect" {
                h2 { "Effect on the past " (EFFECT_DAYS) " days" }
                div #effect role="status" {
                    @match self.effect {
                        Some(effect) => (effect::result(self.account, effect, self.now)),
                        None => p.quiet { "Change a setting to see what it would have done: the policy replays the recorded reviews." },
                    }
                }
            }
        }
    }

    /// What the policy declares, in its order.
    fn of_policy(&self) -> &[Setting] {
        self.declaration.settings().split_at(guard_rails().len()).1
    }

    fn group(&self, title: &str, settings: &[Setting]) -> Markup {
        html! {
            section.panel {
                h2 { (title) }
                div.fields { @for setting in settings { (self.field(setting)) } }
            }
        }
    }

    fn field(&self, setting: &Setting) -> Markup {
        let name = fields::field(&setting.name);
        let (title, hint) = (fields::title(&setting.name), format!("{name}-means"));
        let (value, invalid) = (self.text(&name), self.is_invalid(&name));
        html! {
            @match &setting.kind {
                SettingKind::Switch(_) => div.field.switch {
                    input type="checkbox" role="switch" id=(name) name=(name) value="on" checked[value == "on"]
                        aria-describedby=(hint) aria-invalid=[invalid] autofocus[invalid.is_some()];
                    label for=(name) { (title) }
                    (self.hint(setting, &name, &hint))
                },
                SettingKind::Integer(IntegerSetting { min, max, unit, .. }) => div.field {
                    label for=(name) { (title) }
                    span.value {
                        input type="number" id=(name) name=(name) value=(value) step="1" min=(min) max=(max)
                            placeholder=(setting.default_value()) aria-describedby=(hint) aria-invalid=[invalid] autofocus[invalid.is_some()];
                        span { (unit) }
                    }
                    (self.hint(setting, &name, &hint))
                },
                SettingKind::Choice(ChoiceSetting { names, .. }) => div.field {
                    label for=(name) { (title) }
                    select id=(name) name=(name) aria-describedby=(hint) aria-invalid=[invalid] autofocus[invalid.is_some()] {
                        @for choice in names { option value=(choice) selected[choice == value] { (choice) } }
                    }
                    (self.hint(setting, &name, &hint))
                },
            }
        }
    }

    /// What is wrong with the field, what the setting means, and what it may be.
    fn hint(&self, setting: &Setting, field: &str, id: &str) -> Markup {
        html! {
            p.hint id=(id) {
                (self.error(field)) (setting.meaning) " "
                @if setting.name == AUTO_REPLACE { (self.cost()) " " }
                span.quiet { (capital(&setting.range_in_words())) "." }
                @if let Some(stored) = self.declaration.unfit(setting, &self.account.settings) {
                    " The stored value " strong { (shortened(stored)) } " is not one of these, so the default counts."
                }
            }
        }
    }

    /// The maximum cost of automatic replacement.
    fn cost(&self) -> Markup {
        let cap: u64 = self.text(&fields::field(REPLACEMENTS_PER_DAY_MAX)).parse().unwrap_or_default();
        let cost = dollars(cap.saturating_mul(REPLACEMENT_PRICE_CENTS));
        html! {
            "Each replacement costs " (dollars(REPLACEMENT_PRICE_CENTS)) ": at most "
            strong #cost-a-day data-cents=(REPLACEMENT_PRICE_CENTS) { (cost) } " a day."
        }
    }

    fn time_and_region(&self) -> Markup {
        html! {
            section.panel {
                h2 { "Time and region" }
                div.fields {
                    div.field {
                        label for="time-zone" { "Time zone" }
                        input id="time-zone" name="time-zone" value=(self.text("time-zone")) list="time-zones" required autocomplete="off"
                            aria-describedby="time-zone-means" aria-invalid=[self.is_invalid("time-zone")] autofocus[self.is_invalid("time-zone").is_some()];
                        datalist #time-zones { @for zone in zones::names() { option value=(zone) {} } }
                        p.hint #time-zone-means { (self.error("time-zone")) "Applies to the account's dates now, and to its billing cycles from the next one. " (zone_data(&zones::database())) }
                    }
                    div.field {
                        label for="review-at" { "Daily review" }
                        input type="time" id="review-at" name="review-at" value=(self.text("review-at")) required
                            aria-describedby="review-at-means" aria-invalid=[self.is_invalid("review-at")] autofocus[self.is_invalid("review-at").is_some()];
                        p.hint #review-at-means { (self.error("review-at")) "Local time, ideally before the day's first calls." }
                    }
                    div.field {
                        label for="region" { "Country" }
                        input.short id="region" name="region" value=(self.text("region")) maxlength="2" required autocomplete="off"
                            aria-describedby="region-means" aria-invalid=[self.is_invalid("region")] autofocus[self.is_invalid("region").is_some()];
                        p.hint #region-means { (self.error("region")) "Two-letter code. Numbers may be written in its national format, such as (310) 555-0123 for US." }
                    }
                }
            }
        }
    }

    /// Values that no setting of the active policy uses; a policy that declares none may read them.
    fn other(&self) -> Markup {
        let (text, takes_others) = (self.text(OTHER), self.declaration.takes_others());
        html! {
            @if takes_others || !text.is_empty() || self.is_invalid(OTHER).is_some() {
                details.panel open {
                    summary { @if takes_others { "Additional policy settings" } @else { "Stored for other policies" } }
                    div.field {
                        label for=(OTHER) { "One per line, as name=value" }
                        textarea id=(OTHER) name=(OTHER) rows="3" spellcheck="false" aria-describedby="other-means"
                            aria-invalid=[self.is_invalid(OTHER)] autofocus[self.is_invalid(OTHER).is_some()] { (text) }
                        p.hint #other-means {
                            (self.error(OTHER))
                            @if takes_others { "Policies ignore settings they don't recognize." }
                            @else { "The active policy uses none of these. Remove a line to forget its value." }
                        }
                    }
                }
            }
        }
    }

    fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    fn is_invalid(&self, name: &str) -> Option<&'static str> {
        wrong(self.error, name).map(|_| "true")
    }

    fn error(&self, name: &str) -> Markup {
        beside(wrong(self.error, name))
    }
}

fn zone_data(database: &zones::Database) -> String {
    let whose = if database.folder.is_some() { "the system's" } else { "included in Dialguard" };
    format!("Time zone data: {}, {whose}.", database.version)
}

/// The account's blocks, and a form to change them; the question that follows shows the cost.
fn blocks(account: &AccountProfile, may_change: bool, now: Timestamp) -> Markup {
    let (current, next) = (account.blocks(), account.blocks_next());
    html! {
        section.panel aria-label="Blocks" data-live="blocks" {
            h2 { "Blocks" }
            p {
                strong { (count(current.into(), "block")) } " of " (SLOTS_PER_BLOCK) " slots, " strong { (price(current)) }
                " a month. The billing cycle ends on " (date(account.cycle_ends_at, account.time_zone, now)) "."
                @if next != current { " After that: " (count(next.into(), "block")) ", " (price(next)) " a month." }
            }
            @if may_change {
                form.inline method="get" action={ (account_path(&account.id)) "/add-on" } data-ask {
                    label { "Number of blocks" input type="number" name="blocks" min="0" max=(BLOCKS_MAX) value=(next) required; }
                    button name="change" value="blocks" { "Preview cost…" }
                }
            }
        }
    }
}
