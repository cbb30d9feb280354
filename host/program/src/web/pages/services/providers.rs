//! Providers of numbers: listed, added, changed, tested, removed.

use super::fields::{KindQuery, removal, render, secrets};
use crate::parse::{FieldError, WrittenService};
use crate::web::Site;
use crate::web::address::{account_path, path_of};
use crate::web::auth::{Administrator, Caller};
use crate::web::pages::form::{Form, TextField, again, choice, not_done};
use crate::web::pages::layout::Place;
use crate::web::pages::{Failed, page_at};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{count, dollars};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::ledger::{AccountProfile, LedgerError, ProviderKind, ProviderProfile};
use dialguard_dialer::providers::{ProviderSettings, open_provider, try_out};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/providers", get(list))
        .route("/add-provider", get(new).post(add))
        .route("/providers/{provider}", get(one).post(change))
        .route("/providers/{provider}/test", get(to_provider).post(test))
        .route("/providers/{provider}/remove", get(ask_to_remove).post(remove))
}

const KINDS: [ProviderKind; 2] = [ProviderKind::Twilio, ProviderKind::Telnyx];

fn provider_path(name: &str) -> String {
    path_of(&["providers", name])
}

/// The open accounts that buy from a provider.
fn buyers<'a>(accounts: &'a [AccountProfile], name: &str) -> Vec<&'a AccountProfile> {
    let buys =
        |account: &&AccountProfile| account.closed_at.is_none() && account.buying.provider.as_deref() == Some(name);
    accounts.iter().filter(buys).collect()
}

async fn list(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let (providers, accounts) = (ledger.providers()?, ledger.accounts()?);
    let content = html! {
        h1 { "Providers" }
        p { "Replacements are bought from a provider if no clean number is on hand. Each account chooses one, and how much it may spend." }
        @if !providers.is_empty() { div.wide { table {
            thead { tr { th { "Provider" } th { "Company" } th.figure { "Price of a number" } th { "Budget of accounts" } } }
            tbody {
                @for provider in &providers {
                    tr data-row=(provider.name) {
                        td { a href=(provider_path(&provider.name)) { (provider.name) } }
                        td { (provider.kind.provider()) }
                        td.figure { (dollars(provider.price_cents.into())) }
                        td { (budgets(&buyers(&accounts, &provider.name))) }
                    }
                }
            }
        } } }
        p data-commands="Providers" { a.button.first href="/add-provider" { "Add a provider" } }
    };
    Ok(page_at(&caller, Place::Providers, "Providers", content))
}

/// What accounts may spend with a provider, each linked to where that is changed.
fn budgets(buyers: &[&AccountProfile]) -> Markup {
    html! {
        @if buyers.is_empty() { "no account buys from it" }
        @for account in buyers {
            div {
                a href={ (account_path(&account.id)) "/buying" } { (account.id) } ": "
                (dollars(account.buying.day_cents_max.into())) " a day, "
                (dollars(account.buying.cycle_cents_max.into())) " per billing cycle"
            }
        }
    }
}

async fn new(
    Administrator(caller): Administrator,
    Query(KindQuery { kind }): Query<KindQuery>,
) -> Result<Markup, Failed> {
    if kind.is_empty() {
        let content = html! {
            h1 { "Add a provider" }
            ul.kinds { @for kind in KINDS { li { a.button href={ "/add-provider?kind=" (kind.name()) } { (kind.provider()) } } } }
        };
        return Ok(page_at(&caller, Place::Providers, "Add a provider", content));
    }
    let written = WrittenService { kind, ..WrittenService::default() };
    let kind = written.provider_kind().map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.why))?;
    Ok(new_form(&caller, kind, &written, None))
}

/// The fields of a provider, as they were written or are stored.
fn fields(
    kind: ProviderKind,
    written: &WrittenService,
    stored: Option<&ProviderProfile>,
    error: Option<&FieldError>,
) -> Markup {
    let settings = stored.and_then(|provider| ProviderSettings::from_json(&provider.settings).ok());
    let text = |field: &str| match field {
        "price-cents" => stored.map_or_else(String::new, |provider| provider.price_cents.to_string()),
        name => settings.as_ref().and_then(|it| it.secrets.get(name)).map_or_else(String::new, ToString::to_string),
    };
    let mut described = secrets(ProviderSettings::secrets_of(kind));
    let price = "In whole US cents, such as 115. Spending is counted with it.";
    described.push(("price-cents", "Price of a number".into(), price));
    let texts = if settings.as_ref().is_some_and(|settings| settings.texts) { "on" } else { "off" };
    let texts = if written.texts.is_empty() { texts } else { &written.texts };
    let calls = if settings.as_ref().is_some_and(|settings| settings.calls) { "on" } else { "off" };
    let calls = if written.calls.is_empty() { calls } else { &written.calls };
    let read = [("off", "from files or the API"), ("on", "also from its log, before each daily review")]
        .map(|(value, label)| (value.into(), label.into()));
    let choices = [("off", "calls"), ("on", "calls and texts")].map(|(value, label)| (value.into(), label.into()));
    html! {
        div.fields {
            (render(&described, written, text, error))
            (choice("texts", "Numbers that support", &choices, texts, "", error))
            (choice("calls", "How calls went is known", &read, calls, "", error))
        }
    }
}

fn new_form(caller: &Caller, kind: ProviderKind, written: &WrittenService, error: Option<&FieldError>) -> Markup {
    let name = TextField {
        name: "name",
        label: "Name",
        value: if written.name.is_empty() && error.is_none() { kind.name() } else { &written.name },
        hint: "As pages show it.",
        ..TextField::default()
    };
    let content = html! {
        h1 { "Add a provider: " (kind.provider()) }
        (not_done(error))
        form.panel method="post" action="/add-provider" {
            input type="hidden" name="kind" value=(kind.name());
            div.fields { (name.render(error)) }
            (fields(kind, written, None, error))
            p.buttons { button.first { "Add" } a.button href="/add-provider" { "Another company" } }
            p.quiet { "Nothing is bought there until an account is set to use it." }
        }
    };
    page_at(caller, Place::Providers, "Add a provider", content)
}

/// The provider, if its secrets can be read now. Nothing is asked.
fn usable(profile: Result<ProviderProfile, FieldError>) -> Result<ProviderProfile, FieldError> {
    let profile = profile?;
    open_provider(&profile).map_err(|error| FieldError::new("name", error))?;
    Ok(profile)
}

async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(written): Form<WrittenService>,
) -> Result<Response, Failed> {
    let kind = written.provider_kind().map_err(Problem::from)?;
    let error = match usable(written.provider().and_then(|spec| spec.profile(written.name.trim(), kind))) {
        Err(error) => error,
        Ok(profile) => match site.acting_as(&caller).ledger().add_provider(&profile, site.dialguard().now()) {
            Ok(()) => return Ok(Redirect::to(&provider_path(&profile.name)).into_response()),
            Err(error @ LedgerError::ProviderExists(_)) => FieldError::new("name", error),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(again(new_form(&caller, kind, &written, Some(&error))))
}

async fn one(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let provider = site.dialguard().ledger().provider(&name)?;
    provider_page(&site, &caller, &provider, &WrittenService::default(), None, html! {})
}

async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    Form(written): Form<WrittenService>,
) -> Result<Response, Failed> {
    let provider = site.dialguard().ledger().provider(&name)?;
    match usable(written.provider().and_then(|spec| spec.onto(&provider))) {
        Ok(profile) => {
            site.acting_as(&caller).ledger().change_provider(&profile, site.dialguard().now())?;
            let saved = html! { p.saved role="status" { "Saved. Takes effect now." } };
            Ok(provider_page(&site, &caller, &profile, &WrittenService::default(), None, saved)?.into_response())
        }
        Err(error) => {
            let page = provider_page(&site, &caller, &provider, &written, Some(&error), html! {})?;
            Ok(again(page))
        }
    }
}

/// After a test, the address is that of its form.
async fn to_provider(_: Administrator, Path(name): Path<String>) -> Redirect {
    Redirect::to(&provider_path(&name))
}

async fn test(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let provider = site.dialguard().ledger().provider(&name)?;
    let result = match try_out(&provider, site.dialguard().now()).await {
        Err(error) => html! { p.failed role="alert" { (name) " does not work: " (error) "." } },
        Ok(found) => html! {
            p.saved role="status" { (name) " works; you own " (count(found.owned as u64, "number")) " there." }
            @for limit in &found.limits { p.warning { (limit) "." } }
        },
    };
    provider_page(&site, &caller, &provider, &WrittenService::default(), None, result)
}

fn provider_page(
    site: &Site,
    caller: &Caller,
    provider: &ProviderProfile,
    written: &WrittenService,
    error: Option<&FieldError>,
    result: Markup,
) -> Result<Markup, Failed> {
    let (path, accounts) = (provider_path(&provider.name), site.dialguard().ledger().accounts()?);
    let content = html! {
        h1 { (provider.name) }
        (result)
        (not_done(error))
        section.panel {
            p { strong { (provider.kind.provider()) } ", " (dollars(provider.price_cents.into())) " a number." }
            (budgets(&buyers(&accounts, &provider.name)))
            form.buttons method="post" action={ (path) "/test" } {
                button { "Test" } span.quiet { "Asks with these credentials; costs nothing." }
            }
        }
        form.panel method="post" action=(path) {
            (fields(provider.kind, written, Some(provider), error))
            p.buttons {
                button.first { "Save" }
                a.button href={ (path) "/remove" } { "Remove…" }
                a.button href="/providers" { "Back to providers" }
            }
        }
    };
    Ok(page_at(caller, Place::Providers, &provider.name, content))
}

async fn ask_to_remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let provider = site.dialguard().ledger().provider(&name)?;
    let content = html! {
        p { "One that an account buys from, or that numbers were bought from, stays." }
    };
    let content = removal(&provider.name, &provider_path(&provider.name), content);
    Ok(page_at(&caller, Place::Providers, "Providers", content))
}

async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Redirect, Failed> {
    site.acting_as(&caller).ledger().remove_provider(&name, site.dialguard().now())?;
    Ok(Redirect::to("/providers"))
}
