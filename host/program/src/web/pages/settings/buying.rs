//! Where an account's numbers are bought, and for how much.

use super::fields::Refused;
use super::{After, nothing_saved, why};
use crate::web::Site;
use crate::web::caller::{Administer, OfAccount};
use crate::web::pages::account::address;
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{count, dollars};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::ledger::{AccountChange, Areas, Buying, NO_PROVIDER, ProviderProfile, REST_DAYS_MAX};
use dialguard_dialer::prices::{REPLACEMENT_PRICE_CENTS, cents};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/buying", get(show).post(change))
}

/// Where this is changed.
fn buying_of(account: &str) -> String {
    address(account) + "/buying"
}

/// What the settings page has about it.
pub fn section(account: &str, buying: &Buying, may_change: bool) -> Markup {
    html! {
        section.panel aria-labelledby="buying" {
            h2 #buying { "Where numbers are bought" }
            @match &buying.provider {
                None => p { "Nowhere: replacements are the numbers on hand." },
                Some(provider) => p {
                    "From " strong { (provider) } " where none on hand is clean, for at most "
                    strong { (dollars(buying.day_cents_max.into())) } " a day and "
                    strong { (dollars(buying.cycle_cents_max.into())) } " a billing cycle. "
                    (areas_in_words(&buying.areas)) " A replaced number "
                    @match buying.rest_days {
                        0 => "is given back at once.",
                        days => { "rests for " (count(days.into(), "day")) " before it is given back." },
                    }
                },
            }
            @if may_change { p { a.button href=(buying_of(account)) { "Change where numbers are bought" } } }
        }
    }
}

fn areas_in_words(areas: &Areas) -> String {
    match areas {
        Areas::Own => "Each has its predecessor's area code.".into(),
        Areas::Anywhere => "Its area code first, then anywhere in the United States.".into(),
        codes => format!("Its area code first, then {}.", codes.to_string().replace(',', ", ")),
    }
}

/// What was typed, by the names that the command line and the API have for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Typed {
    provider: String,
    areas: String,
    rest_days: String,
    day_cap: String,
    cycle_cap: String,
}

impl Typed {
    /// How it stands, as somebody would type it.
    fn of(buying: &Buying) -> Self {
        let plain = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
        Typed {
            provider: buying.provider.clone().unwrap_or_else(|| NO_PROVIDER.into()),
            areas: buying.areas.to_string(),
            rest_days: buying.rest_days.to_string(),
            day_cap: plain(buying.day_cents_max),
            cycle_cap: plain(buying.cycle_cents_max),
        }
    }

    /// What it says; the error has the field, and why it cannot be taken.
    fn read(&self) -> Result<Buying, Refused> {
        let days = self.rest_days.trim().parse().ok().filter(|days| *days <= REST_DAYS_MAX);
        let in_field = |name: &'static str| move |why: String| Refused { name: name.into(), why };
        Ok(Buying {
            provider: Buying::provider_named(&self.provider),
            areas: self.areas.trim().replace(' ', "").parse().map_err(in_field("areas"))?,
            rest_days: days
                .ok_or_else(|| in_field("rest-days")(format!("give whole days from 0 to {REST_DAYS_MAX}")))?,
            day_cents_max: cents(&self.day_cap).map_err(in_field("day-cap"))?,
            cycle_cents_max: cents(&self.cycle_cap).map_err(in_field("cycle-cap"))?,
        })
    }
}

async fn show(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Query(after): Query<After>,
) -> Result<Markup, Failed> {
    let told = html! { @if after.saved.is_some() { p.saved role="status" { "Saved. It holds from now on." } } };
    form(&site, &of, &Typed::of(&of.account.buying), None, told)
}

async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(typed): Form<Typed>,
) -> Result<Response, Failed> {
    let refused = match typed.read() {
        Err(refused) => refused,
        Ok(buying) => match save(&site, &of, buying).await {
            Ok(()) => return Ok(Redirect::to(&format!("{}?saved", buying_of(&of.account.id))).into_response()),
            // Nobody is to type it again because the provider cannot be used.
            Err(problem) if problem.status() == StatusCode::CONFLICT => {
                Refused { name: "provider".into(), why: problem.detail }
            }
            Err(problem) => return Err(problem.into()),
        },
    };
    let told = nothing_saved(&refused);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&site, &of, &typed, Some(&refused), told)?).into_response())
}

async fn save(site: &Site, of: &OfAccount<Administer>, buying: Buying) -> Result<(), Problem> {
    let buying = (buying != of.account.buying).then_some(buying);
    site.dialguard().change_account(&of.account.id, &AccountChange { buying, ..AccountChange::default() }).await?;
    Ok(())
}

fn form(
    site: &Site,
    of: &OfAccount<Administer>,
    typed: &Typed,
    refused: Option<&Refused>,
    told: Markup,
) -> Result<Markup, Failed> {
    let providers = site.dialguard().ledger().providers()?;
    let field = |name: &'static str, title: &str, value: &str, before: &str, after: &str, means: &str| {
        let hint = format!("{name}-means");
        let is_refused = refused.is_some_and(|refused| refused.name == name);
        html! {
            div.field {
                label for=(name) { (title) }
                span.value {
                    @if !before.is_empty() { span { (before) } }
                    input id=(name) name=(name) value=(value) required autocomplete="off" aria-describedby=(hint)
                        aria-invalid=[is_refused.then_some("true")];
                    @if !after.is_empty() { span { (after) } }
                }
                p.hint id=(hint) { (why(refused, name)) (means) }
            }
        }
    };
    let content = html! {
        h1 { "Where numbers are bought" }
        (told)
        form.panel method="post" action=(buying_of(&of.account.id)) {
            div.fields.buying {
                (provider_field(&providers, &typed.provider))
                (field("areas", "Other areas", &typed.areas, "", "",
                    "Where else a replacement may come from where its number's own area code has too few: none, anywhere, \
                     or area codes such as 213,424."))
                (field("rest-days", "Rest", &typed.rest_days, "", "days",
                    "For so long a replaced number is kept before it is given back to the provider; 0 gives it back at once."))
                (field("day-cap", "Cap a day", &typed.day_cap, "$", "a local day",
                    "What may be spent on numbers. An order that would pass it waits, and a message says so."))
                (field("cycle-cap", "Cap a cycle", &typed.cycle_cap, "$", "a billing cycle",
                    "The same from one charge of the blocks to the next."))
            }
            p.buttons {
                button.first { "Save" }
                " "
                a.button href={ (address(&of.account.id)) "/settings" } { "Back to the settings" }
            }
        }
        p.quiet {
            "Each replacement costs " (dollars(REPLACEMENT_PRICE_CENTS)) " besides the number, which the provider charges. Caps are \
             about what the provider charges."
        }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Settings)), "Where numbers are bought", content))
}

fn provider_field(providers: &[ProviderProfile], chosen: &str) -> Markup {
    html! {
        div.field {
            label for="provider" { "Provider" }
            select id="provider" name="provider" aria-describedby="provider-means" {
                option value=(NO_PROVIDER) selected[chosen == NO_PROVIDER] { "None: numbers on hand only" }
                @for provider in providers {
                    option value=(provider.name) selected[chosen == provider.name] {
                        (provider.name) " (" (provider.kind.provider()) ", " (dollars(provider.price_cents.into())) " a number)"
                    }
                }
            }
            p.hint #provider-means {
                "Numbers on hand come first. Providers are added where Dialguard runs, for their credentials stay there: "
                code { "dialguard providers add" }
            }
        }
    }
}
