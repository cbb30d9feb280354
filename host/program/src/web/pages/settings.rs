//! How an account's numbers are treated: every setting with its meaning, and what a change would have done.

mod buying;
mod effect;
mod fields;

use super::account::address;
use super::layout::Tab;
use super::{Failed, alerts, page};
use crate::web::Site;
use crate::web::caller::{Administer, Caller, OfAccount, Read};
use crate::web::problem::Problem;
use crate::words::{capital, count, date, dollars, price};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::NaiveTime;
use dialguard::calendar::Tz;
use dialguard::contract::{BLOCKS_MAX, ErrorCode, Settings, Timestamp};
use dialguard::policy::PolicyError;
use dialguard_dialer::access::Role;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountChange, AccountProfile, SLOTS_PER_BLOCK, Webhook};
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use fields::{Field, RATING, REPLACING, Refused, Typed};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/settings", get(settings).post(change))
        .route("/accounts/{account}/settings/effect", post(see_effect))
        .merge(buying::routes())
}

/// The page as somebody is filling it in.
struct Filled<'a> {
    caller: &'a Caller,
    account: &'a AccountProfile,
    now: Timestamp,
    typed: &'a Typed,
    is_saved: bool,
    refused: Option<&'a Refused>,
    effect: Option<&'a Effect>,
    webhooks: &'a [Webhook],
}

#[derive(Deserialize)]
struct After {
    /// What was typed has just been saved.
    saved: Option<String>,
}

async fn settings(State(site): State<Site>, of: OfAccount<Read>, Query(after): Query<After>) -> Result<Markup, Failed> {
    let (typed, now) = (typed(&of.account), site.dialguard().now());
    let is_saved = after.saved.is_some();
    let webhooks = site.dialguard().ledger().webhooks(Some(&of.account.id))?;
    Ok(Filled { is_saved, ..Filled::new(&of, now, &typed, &webhooks) }.page())
}

/// The account as somebody would type it.
fn typed(account: &AccountProfile) -> Typed {
    let mut typed = fields::as_typed(&account.settings);
    typed.insert("time-zone".into(), account.time_zone.name().into());
    typed.insert("review-at".into(), account.review_at.format("%H:%M").to_string());
    typed.insert("region".into(), account.region.to_string());
    typed
}

/// Saves what was typed, or shows what it would have done.
async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(typed): Form<Typed>,
) -> Result<Response, Failed> {
    let now = site.dialguard().now();
    let webhooks = site.dialguard().ledger().webhooks(Some(&of.account.id))?;
    let filled = Filled::new(&of, now, &typed, &webhooks);
    let outcome = match typed.get("do").map(String::as_str) {
        Some("save") => save(&site, &of.account, &typed).await.map(|()| None),
        _ => effect_of(&site, &of.account, &typed).await.map(Some),
    };
    match outcome {
        Ok(None) => Ok(Redirect::to(&format!("{}/settings?saved", address(&of.account.id))).into_response()),
        Ok(Some(effect)) => Ok(Filled { effect: Some(&effect), ..filled }.page().into_response()),
        Err(Stopped::Refused(refused)) => {
            let told = Filled { refused: Some(&refused), ..filled }.page();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, told).into_response())
        }
        Err(Stopped::Failed(problem)) => Err(problem.into()),
    }
}

/// What was typed would have done this: for the script, which asks while somebody types.
async fn see_effect(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match effect_of(&site, &of.account, &typed).await {
        Ok(effect) => Ok(effect::inputs(&of.account, &effect, site.dialguard().now()).into_response()),
        Err(Stopped::Refused(refused)) => {
            // Half-typed settings are no mistake yet.
            Ok(html! { p.failed data-setting=(refused.name) { (refused.why) } }.into_response())
        }
        Err(Stopped::Failed(problem)) => Err(problem),
    }
}

/// Why nothing came of it.
enum Stopped {
    Refused(Refused),
    Failed(Problem),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Stopped::Refused(refused)
    }
}

/// A policy's refusal is shown at the setting that it is about.
impl From<DialguardError> for Stopped {
    fn from(error: DialguardError) -> Self {
        match error {
            DialguardError::Policy(PolicyError::Answered(error)) if error.code == ErrorCode::InvalidSettings => {
                Stopped::Refused(fields::refused_by_policy(error.message))
            }
            other => Stopped::Failed(other.into()),
        }
    }
}

async fn effect_of(site: &Site, account: &AccountProfile, typed: &Typed) -> Result<Effect, Stopped> {
    Ok(effect::effect_of(site, account, &fields::read(typed)?).await?)
}

async fn save(site: &Site, account: &AccountProfile, typed: &Typed) -> Result<(), Stopped> {
    let settings = fields::read(typed)?;
    site.dialguard().change_account(&account.id, &changed(account, typed, settings)?).await?;
    Ok(())
}

/// What differs from how the account stands.
fn changed(account: &AccountProfile, typed: &Typed, settings: Settings) -> Result<AccountChange, Refused> {
    let refused = |name: &str, why: &str| Refused { name: name.into(), why: why.into() };
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let time_zone: Tz = text("time-zone")
        .parse()
        .map_err(|_| refused("time-zone", "give a name of the tz database, such as America/New_York or UTC"))?;
    let review_at = NaiveTime::parse_from_str(text("review-at"), "%H:%M")
        .map_err(|_| refused("review-at", "give a time of day from 00:00 to 23:59"))?;
    let region = text("region").parse().map_err(|why: String| refused("region", &why))?;
    Ok(AccountChange {
        time_zone: (time_zone != account.time_zone).then_some(time_zone),
        region: (region != account.region).then_some(region),
        review_at: (review_at != account.review_at).then_some(review_at),
        enabled: None,
        blocks: None,
        settings: (settings != account.settings).then_some(settings),
        buying: None,
    })
}

impl<'a> Filled<'a> {
    fn new<R>(of: &'a OfAccount<R>, now: Timestamp, typed: &'a Typed, webhooks: &'a [Webhook]) -> Self {
        let (caller, account) = (&of.caller, &of.account);
        Filled { caller, account, now, typed, is_saved: false, refused: None, effect: None, webhooks }
    }

    fn page(&self) -> Markup {
        let may_change = self.caller.grant.role >= Role::Administer;
        let content = html! {
            h1 { "Settings" }
            @if self.is_saved { p.saved role="status" { "Saved. They hold from the next review on." } }
            @if let Some(refused) = self.refused { (nothing_saved(refused)) }
            div.settings {
                form #settings method="post" action={ (address(&self.account.id)) "/settings" } data-effect=[may_change.then_some(true)] {
                    fieldset.plain disabled[!may_change] {
                        legend.unseen { "Settings" }
                        (self.group("When a number counts as spam", &RATING, &html! {}))
                        (self.group("Automatic replacement", &REPLACING, &self.auto_replace()))
                        (self.times())
                        (self.other())
                    }
                    @if may_change {
                        p.buttons.save {
                            button name="do" value="effect" formaction={ (address(&self.account.id)) "/settings#effect" } { "See the effect" }
                            button.first name="do" value="save" { "Save" }
                            output #effect-short for="settings" {}
                        }
                    } @else {
                        p.quiet { "Whoever has the role " code { "administer" } " may change these." }
                    }
                }
                @if may_change { (self.effect()) }
            }
            (blocks(self.account, may_change, self.now))
            (buying::section(&self.account.id, &self.account.buying, may_change))
            @if may_change { (alerts::section(&self.account.id, self.webhooks)) }
        };
        page(self.caller, Some((self.account, Tab::Settings)), "Settings", content)
    }

    fn effect(&self) -> Markup {
        html! {
            aside.panel.effect aria-label="The effect of what is typed" {
                h2 { "In the past " (EFFECT_DAYS) " days" }
                div #effect role="status" {
                    @match self.effect {
                        Some(effect) => (effect::inputs(self.account, effect, self.now)),
                        None => p.quiet { "Change a setting and see what it would have done: the policy makes the reviews on record again." },
                    }
                }
            }
        }
    }

    fn group(&self, title: &str, group: &[Field], before: &Markup) -> Markup {
        html! {
            section.panel {
                h2 { (title) }
                (before)
                div.fields { @for field in group { (self.field(field)) } }
            }
        }
    }

    fn field(&self, field: &Field) -> Markup {
        let hint = format!("{}-means", field.name);
        html! {
            div.field {
                label for=(field.name) { (field.title) }
                span.value {
                    input type="number" id=(field.name) name=(field.name) value=(self.text(field.name)) step="1" required
                        aria-describedby=(hint) aria-invalid=[self.is_refused(field.name)];
                    span { (field.unit) }
                }
                p.hint id=(hint) {
                    (self.why(field.name)) (field.meaning) " "
                    span.quiet { (capital(field.range)) "; " (field.default) " unless told otherwise." }
                }
            }
        }
    }

    /// What it may cost a day stands beside the switch.
    fn auto_replace(&self) -> Markup {
        let cap: u64 = self.text("replacements-per-day-max").parse().unwrap_or_default();
        let is_on = self.typed.contains_key("auto-replace");
        html! {
            div.field.switch {
                input type="checkbox" role="switch" id="auto-replace" name="auto-replace" value="on" checked[is_on]
                    aria-describedby="auto-replace-means";
                label for="auto-replace" { "Replace flagged numbers without asking" }
                p.hint #auto-replace-means {
                    "Off unless you turn it on. Each replacement costs " (dollars(REPLACEMENT_PRICE_CENTS))
                    " besides the block: at most " strong #cost-a-day data-cents=(REPLACEMENT_PRICE_CENTS) { (dollars(cap * REPLACEMENT_PRICE_CENTS)) }
                    " a day with the cap below."
                }
            }
        }
    }

    fn times(&self) -> Markup {
        html! {
            section.panel {
                h2 { "Place and time" }
                div.fields {
                    div.field {
                        label for="time-zone" { "Time zone" }
                        input id="time-zone" name="time-zone" value=(self.text("time-zone")) list="time-zones" required autocomplete="off"
                            aria-describedby="time-zone-means" aria-invalid=[self.is_refused("time-zone")];
                        datalist #time-zones { @for zone in chrono_tz::TZ_VARIANTS { option value=(zone.name()) {} } }
                        p.hint #time-zone-means { (self.why("time-zone")) "Whose dates the account keeps from now on, and whose billing cycles from the next one on." }
                    }
                    div.field {
                        label for="review-at" { "Daily review at" }
                        input type="time" id="review-at" name="review-at" value=(self.text("review-at")) required
                            aria-describedby="review-at-means" aria-invalid=[self.is_refused("review-at")];
                        p.hint #review-at-means { (self.why("review-at")) "Local time. Before the day's calls is best." }
                    }
                    div.field {
                        label for="region" { "Country" }
                        input.short id="region" name="region" value=(self.text("region")) maxlength="2" required autocomplete="off"
                            aria-describedby="region-means" aria-invalid=[self.is_refused("region")];
                        p.hint #region-means { (self.why("region")) "Two letters: in whose national format numbers may be written, such as (310) 555-0123 for US." }
                    }
                }
            }
        }
    }

    fn other(&self) -> Markup {
        html! {
            details.panel open[!self.text("other").is_empty() || self.is_refused("other").is_some()] {
                summary { "Settings that only some policies know" }
                div.field {
                    label for="other" { "One a line, as name=value" }
                    textarea id="other" name="other" rows="3" spellcheck="false" aria-describedby="other-means"
                        aria-invalid=[self.is_refused("other")] { (self.text("other")) }
                    p.hint #other-means { (self.why("other")) "A policy leaves out of account what it does not know." }
                }
            }
        }
    }

    fn text(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn is_refused(&self, name: &str) -> Option<&'static str> {
        self.refused.is_some_and(|refused| refused.name == name).then_some("true")
    }

    fn why(&self, name: &str) -> Markup {
        why(self.refused, name)
    }
}

/// Above a form: what was typed is there still, and which field it is about.
fn nothing_saved(refused: &Refused) -> Markup {
    html! {
        p.panel.failed role="alert" {
            "Nothing was saved: "
            @if refused.name.is_empty() { (refused.why) } @else { a href={ "#" (refused.name) } { (refused.why) } }
        }
    }
}

/// Beside a field: why what was typed there cannot be taken.
fn why(refused: Option<&Refused>, name: &str) -> Markup {
    html! {
        @if let Some(refused) = refused.filter(|refused| refused.name == name) { strong.failed { (refused.why) } " " }
    }
}

/// What the account has, and the way to more or fewer: the question that follows has the figures.
fn blocks(account: &AccountProfile, may_change: bool, now: Timestamp) -> Markup {
    let (now_has, next) = (account.blocks(), account.blocks_next());
    html! {
        section.panel aria-label="Blocks" data-live="blocks" {
            h2 { "Blocks" }
            p {
                strong { (count(now_has.into(), "block")) } " of " (SLOTS_PER_BLOCK) " slots, " strong { (price(now_has)) }
                " a month; the cycle ends on " (date(account.cycle_ends_at, account.time_zone, now)) "."
                @if next != now_has { " From then on " (count(next.into(), "block")) ", " (price(next)) " a month." }
            }
            @if may_change {
                form.inline method="get" action={ (address(&account.id)) "/add-on" } data-ask {
                    label { "Blocks wanted" input type="number" name="blocks" min="0" max=(BLOCKS_MAX) value=(next) required; }
                    button name="change" value="blocks" { "See what it comes to…" }
                }
            }
        }
    }
}
