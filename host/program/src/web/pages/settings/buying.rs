//! The number provider: where an account's replacements are bought, and for how much.

use super::SettingsQuery;
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount};
use crate::web::pages::form::{Form, TextField, again, choice, not_done};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::dollars;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::ledger::{AccountChange, Areas, Buying, NO_PROVIDER, ProviderProfile};
use dialguard_dialer::prices::{REPLACEMENT_PRICE_CENTS, cents};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/buying", get(show).post(submit))
}

fn buying_path(account: &str) -> String {
    account_path(account) + "/buying"
}

/// The number provider section of the settings page.
pub fn section(account: &str, buying: &Buying, may_change: bool) -> Markup {
    html! {
        section.panel aria-labelledby="buying" {
            h2 #buying { "Number provider" }
            @match &buying.provider {
                None => p { "None. Replacements come from the numbers on hand." },
                Some(provider) => p {
                    "If no clean number is on hand, one is bought from " strong { (provider) } ", for at most "
                    strong { (dollars(buying.day_cents_max.into())) } " a day and "
                    strong { (dollars(buying.cycle_cents_max.into())) } " per billing cycle. "
                    (areas_text(&buying.areas))
                },
            }
            @if may_change { p { a.button href=(buying_path(account)) { "Change number provider" } } }
        }
    }
}

fn areas_text(areas: &Areas) -> String {
    match areas {
        Areas::Own => "Area code: the replaced number's.".into(),
        Areas::Anywhere => "Area code: the replaced number's, or else any in the United States.".into(),
        codes => format!("Area code: the replaced number's, or else {}.", codes.to_string().replace(',', ", ")),
    }
}

/// Submitted values, by the names of the command line and the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct BuyingForm {
    provider: String,
    areas: String,
    day_cap: String,
    cycle_cap: String,
}

impl BuyingForm {
    fn of(buying: &Buying) -> Self {
        let plain = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
        BuyingForm {
            provider: buying.provider.clone().unwrap_or_else(|| NO_PROVIDER.into()),
            areas: buying.areas.to_string(),
            day_cap: plain(buying.day_cents_max),
            cycle_cap: plain(buying.cycle_cents_max),
        }
    }

    fn read(&self) -> Result<Buying, FieldError> {
        let in_field = |name: &'static str| move |why: String| FieldError::new(name, why);
        Ok(Buying {
            provider: Buying::provider_named(&self.provider),
            areas: self.areas.trim().replace(' ', "").parse().map_err(in_field("areas"))?,
            day_cents_max: cents(&self.day_cap).map_err(in_field("day-cap"))?,
            cycle_cents_max: cents(&self.cycle_cap).map_err(in_field("cycle-cap"))?,
        })
    }
}

async fn show(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Query(query): Query<SettingsQuery>,
) -> Result<Markup, Failed> {
    let result = html! { @if query.saved.is_some() { p.saved role="status" { "Saved. Takes effect now." } } };
    buying_page(&site, &of, &BuyingForm::of(&of.account.buying), None, result)
}

async fn submit(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(form): Form<BuyingForm>,
) -> Result<Response, Failed> {
    let error = match form.read() {
        Err(error) => error,
        Ok(buying) => match save(&site, &of, buying).await {
            Ok(()) => return Ok(Redirect::to(&format!("{}?saved=1", buying_path(&of.account.id))).into_response()),
            // Keep the user's input if the provider cannot be used.
            Err(problem) if problem.status() == StatusCode::CONFLICT => FieldError::new("provider", problem.detail),
            Err(problem) => return Err(problem.into()),
        },
    };
    Ok(again(buying_page(&site, &of, &form, Some(&error), html! {})?))
}

async fn save(site: &Site, of: &OfAccount<Administer>, buying: Buying) -> Result<(), Problem> {
    let buying = (buying != of.account.buying).then_some(buying);
    site.acting_as(&of.caller)
        .change_account(&of.account.id, &AccountChange { buying, ..AccountChange::default() })
        .await?;
    Ok(())
}

fn buying_page(
    site: &Site,
    of: &OfAccount<Administer>,
    form: &BuyingForm,
    error: Option<&FieldError>,
    result: Markup,
) -> Result<Markup, Failed> {
    let providers = site.dialguard().ledger().providers()?;
    let content = html! {
        h1 { "Number provider" }
        (result)
        (not_done(error))
        form.panel method="post" action=(buying_path(&of.account.id)) {
            div.fields.buying {
                (provider_field(&providers, &form.provider, error))
                @for field in text_fields(form) { (field.render(error)) }
            }
            p.buttons {
                button.first { "Save" }
                a.button href={ (account_path(&of.account.id)) "/settings" } { "Back to settings" }
            }
        }
        p.quiet {
            "The caps cover what the provider charges for numbers. Each replacement also costs "
            (dollars(REPLACEMENT_PRICE_CENTS)) "."
        }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Settings)), "Number provider", content))
}

fn provider_field(providers: &[ProviderProfile], chosen: &str, error: Option<&FieldError>) -> Markup {
    let provider = |it: &ProviderProfile| {
        let label = format!(
            "{} ({kind}, {} per number unless {kind} states another price)",
            it.name,
            dollars(it.price_cents.into()),
            kind = it.kind.provider()
        );
        (it.name.clone(), label)
    };
    let none = (NO_PROVIDER.to_owned(), "None: numbers on hand only".to_owned());
    let options: Vec<_> = std::iter::once(none).chain(providers.iter().map(provider)).collect();
    let hint = "Numbers on hand are used first. An administrator of every account adds providers in Providers.";
    choice("provider", "Provider", &options, chosen, hint, error)
}

fn text_fields(form: &BuyingForm) -> [TextField<'_>; 3] {
    [
        TextField {
            name: "areas",
            label: "Other area codes",
            value: &form.areas,
            hint: "Where to look if the replaced number's area code has too few numbers: none, anywhere, or area codes \
                   such as 213,424.",
            ..TextField::default()
        },
        TextField {
            name: "day-cap",
            label: "Daily cap",
            value: &form.day_cap,
            prefix: "$",
            unit: "per local day",
            hint: "An order that would exceed the cap waits, and an alert says so.",
            ..TextField::default()
        },
        TextField {
            name: "cycle-cap",
            label: "Cycle cap",
            value: &form.cycle_cap,
            prefix: "$",
            unit: "per billing cycle",
            hint: "A billing cycle runs from one charge for blocks to the next.",
            ..TextField::default()
        },
    ]
}
