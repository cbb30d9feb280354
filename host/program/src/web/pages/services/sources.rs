//! Sources of verdicts: listed, added, changed, tested, removed.

use super::fields::{Described, KindQuery, removal, render, secrets};
use crate::json::{Source, ftc_settings, lookup_settings};
use crate::parse::{FieldError, SourceSpec, WrittenService};
use crate::web::Site;
use crate::web::address::path_of;
use crate::web::auth::{Administrator, Caller};
use crate::web::pages::account::answered_lately;
use crate::web::pages::form::{Form, TextField, again, not_done};
use crate::web::pages::layout::{Place, shown, told};
use crate::web::pages::{Failed, page_at, setup};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::capital;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::Days;
use dialguard::calendar::{rfc3339, utc};
use dialguard_dialer::ledger::{LedgerError, RATED_DAYS, SourceKind, SourceProfile};
use dialguard_dialer::phone::{PhoneNumber, Region};
use dialguard_dialer::prices::dollars_of_micros;
use dialguard_dialer::sources::SourceError;
use dialguard_dialer::sources::inquiry::{Sources, inspect};
use dialguard_dialer::sources::lookups::{LookupService, LookupSettings};
use dialguard_dialer::sources::nomorobo::Nomorobo;
use dialguard_dialer::sources::telnyx::Telnyx;
use dialguard_dialer::sources::trustcall::TrustCall;
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/sources", get(list))
        .route("/add-source", get(new).post(add))
        .route("/sources/{source}", get(one).post(change))
        .route("/sources/{source}/test", get(to_source).post(test))
        .route("/sources/{source}/remove", get(ask_to_remove).post(remove))
}

/// What a kind is called, and what it is.
fn described(kind: SourceKind) -> (&'static str, &'static str) {
    match kind {
        SourceKind::Verdicts => ("Verdict file", "a file that your dialer writes: what carriers say of each number"),
        SourceKind::Ftc => {
            ("FTC", "the complaints that the US Federal Trade Commission publishes, free; a folder with its files")
        }
        SourceKind::TrustCall => {
            ("TrustCall", "DNCScrub's service: what Verizon, AT&T and T-Mobile show; charges for lookups")
        }
        SourceKind::Telnyx => {
            ("Telnyx", "number reputation, for numbers that are registered there; charges for lookups")
        }
        SourceKind::Nomorobo => ("Nomorobo", "a spam score through Twilio Lookup; charges for lookups"),
        SourceKind::Simulated => {
            ("Simulated, to try", "made-up verdicts of three carriers, which cost nothing and mean nothing")
        }
    }
}

/// The fields that a kind has.
fn fields_of(kind: SourceKind) -> Vec<Described> {
    let field = |name, label: &str, hint| (name, label.to_owned(), hint);
    let service = |sets| {
        let mut fields = secrets(sets);
        fields.push(field("price-cents", "Price of a lookup", "In US cents, such as 0.3; 0 if it is free."));
        fields.push(field("budget-cents", "Budget of a day", "The most that a day's lookups may cost, in US cents, such as 500 for $5.00. Beyond it nothing is looked up."));
        fields.push(field(
            "fresh-hours",
            "Hours an answer counts",
            "Before a number is looked up again; 23 if you leave this empty.",
        ));
        fields
    };
    match kind {
        SourceKind::Verdicts => vec![field(
            "path",
            "File",
            "Its full path on the server, such as /var/lib/dialer/verdicts.csv. CSV with number,carrier,score,label,observed_at, or the same as JSON.",
        )],
        SourceKind::Ftc => vec![
            field("path", "Folder", "Its full path on the server. It has the FTC's daily files of complaints."),
            field(
                "complaint-scores",
                "Scores",
                "Of 1, 2, 3 and more complaints in 7 days; 40,60,80,90,100 if you leave this empty.",
            ),
        ],
        SourceKind::Simulated => vec![field(
            "seed",
            "Seed",
            "A whole number: the same one makes up the same verdicts. 1 if you leave this empty.",
        )],
        SourceKind::TrustCall => service(TrustCall::SECRETS),
        SourceKind::Telnyx => service(Telnyx::SECRETS),
        SourceKind::Nomorobo => service(Nomorobo::SECRETS),
    }
}

/// What the ledger has for a field.
fn stored(source: &SourceProfile, field: &str) -> String {
    let cents = |micros: u64| (micros as f64 / 10_000.0).to_string();
    match (lookup_settings(source), ftc_settings(source)) {
        (Some(settings), _) => match field {
            "price-cents" => cents(settings.price_micros),
            "budget-cents" => cents(settings.budget_micros),
            "fresh-hours" => settings.fresh_hours.to_string(),
            // Also its secrets, of which it has the places.
            name => settings.secrets.get(name).map_or_else(String::new, ToString::to_string),
        },
        (None, Some(ftc)) if field == "complaint-scores" => ftc.complaint_scores.to_string(),
        (None, Some(ftc)) => ftc.folder.to_string_lossy().into_owned(),
        (None, None) => source.location.clone(),
    }
}

fn source_path(name: &str) -> String {
    path_of(&["sources", name])
}

async fn list(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let sources = ledger.sources()?;
    let today_is = utc(now).date_naive();
    let answered = {
        let (ledger, since) = (ledger.clone(), today_is - Days::new(u64::from(RATED_DAYS)));
        site.work().run(&caller, move |_| ledger.source_days(since)).await??
    };
    let shapes = sources.iter().map(|source| Source::read(ledger, source, now)).collect::<Result<Vec<_>, _>>()?;
    let content = html! {
        h1 { "Sources" }
        (setup::checklist(&site, &caller, None)?)
        p { "Sources say what carriers show for a number. All of them are asked, and a number is flagged when most carriers flag it." }
        (setup::Carriers::of(&site, None)?.notice())
        @if sources.is_empty() { p.warning { "There is no source yet, so numbers are not checked." } }
        @else { div.wide { table {
            thead { tr { th { "Source" } th { "Kind" } th { "Answered" } th { "Verdicts from" } th { "Today" } } }
            tbody {
                @for (source, shape) in sources.iter().zip(&shapes) {
                    tr data-row=(source.name) {
                        td { a href=(source_path(&source.name)) { (source.name) } }
                        td { (described(source.kind).0) }
                        td { (answered_lately(answered.iter().find(|days| days.source == source.name), today_is)) }
                        td { (origin(source)) }
                        td { (today(shape)) }
                    }
                }
            }
        } } }
        p data-commands="Sources" { a.button.first href="/add-source" { "Add a source" } }
    };
    Ok(page_at(&caller, Place::Sources, "Sources", content))
}

fn origin(source: &SourceProfile) -> String {
    match lookup_settings(source) {
        Some(settings) => format!("{} a lookup", dollars_of_micros(settings.price_micros)),
        None => stored(source, "path"),
    }
}

fn today(shape: &Source) -> Markup {
    html! {
        @match shape.today() {
            None => "–",
            Some(today) => {
                (today.spent) " of " (today.budget) " spent"
                @if let Some(until) = &today.circuit_open_until {
                    "; " span.failed { "not asked until " (rfc3339(until.0)) ", after repeated failures" }
                }
            }
        }
    }
}

async fn new(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Query(KindQuery { kind }): Query<KindQuery>,
) -> Result<Markup, Failed> {
    if kind.is_empty() {
        return kinds(&site, &caller);
    }
    let written = WrittenService { kind, ..WrittenService::default() };
    let kind = written.source_kind().map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.why))?;
    new_form(&site, &caller, kind, &written, None)
}

fn kinds(site: &Site, caller: &Caller) -> Result<Markup, Failed> {
    let content = html! {
        h1 { "Add a source" }
        (setup::checklist(site, caller, None)?)
        p { "Where do verdicts come from?" }
        ul.kinds {
            @for kind in SourceKind::ALL {
                @let (title, meaning) = described(kind);
                li { a.button href={ "/add-source?kind=" (kind.name()) } { (title) } span.quiet { (capital(meaning)) "." } }
            }
        }
    };
    Ok(page_at(caller, Place::Sources, "Add a source", content))
}

fn new_form(
    site: &Site,
    caller: &Caller,
    kind: SourceKind,
    written: &WrittenService,
    error: Option<&FieldError>,
) -> Result<Markup, Failed> {
    let (title, meaning) = described(kind);
    let name = TextField {
        name: "name",
        label: "Name",
        value: if written.name.is_empty() && error.is_none() { kind.name() } else { &written.name },
        hint: match kind {
            SourceKind::Ftc => "Also the carrier's, as pages show it.",
            _ => "As pages show it.",
        },
        ..TextField::default()
    };
    let content = html! {
        h1 { "Add a source: " (title) }
        (setup::checklist(site, caller, None)?)
        (not_done(error))
        form.panel method="post" action="/add-source" {
            p { (capital(meaning)) "." }
            input type="hidden" name="kind" value=(kind.name());
            div.fields { @if kind != SourceKind::Simulated { (name.render(error)) } (render(&fields_of(kind), written, |_| String::new(), error)) }
            p.buttons { button.first { "Add and check" } a.button href="/add-source" { "Another kind" } }
        }
    };
    Ok(page_at(caller, Place::Sources, "Add a source", content))
}

async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(written): Form<WrittenService>,
) -> Result<Response, Failed> {
    let kind = written.source_kind().map_err(Problem::from)?;
    if kind == SourceKind::Simulated {
        return add_simulated(&site, &caller, &written);
    }
    let profile = written.source().and_then(|spec| spec.profile(written.name.trim(), kind));
    let error = match usable(&site, &caller, profile).await? {
        Err(error) => error,
        Ok(profile) => match site.acting_as(&caller).ledger().add_source(&profile, site.dialguard().now()) {
            Ok(()) => return Ok(Redirect::to(&source_path(&profile.name)).into_response()),
            Err(error @ LedgerError::SourceExists(_)) => FieldError::new("name", error),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(again(new_form(&site, &caller, kind, &written, Some(&error))?))
}

/// As many carriers as there are in the US: a number is rated only if several have an opinion. Those that are there stay.
const SIMULATED: [&str; 3] = ["AT&T (simulated)", "T-Mobile (simulated)", "Verizon (simulated)"];

fn add_simulated(site: &Site, caller: &Caller, written: &WrittenService) -> Result<Response, Failed> {
    let refused = |error: &FieldError| {
        let form = new_form(site, caller, SourceKind::Simulated, written, Some(error))?;
        Ok(again(form))
    };
    let seed = match written.source() {
        Ok(spec) => spec.seed.unwrap_or(1),
        Err(error) => return refused(&error),
    };
    for (name, place) in SIMULATED.into_iter().zip(0_u64..) {
        let spec = SourceSpec { seed: Some(seed.wrapping_add(place)), ..SourceSpec::default() };
        let profile = spec.profile(name, SourceKind::Simulated).map_err(Problem::from)?;
        match site.acting_as(caller).ledger().add_source(&profile, site.dialguard().now()) {
            Ok(()) | Err(LedgerError::SourceExists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Redirect::to("/sources").into_response())
}

/// The source, if what it has can be read now: nothing is asked that charges.
async fn usable(
    site: &Site,
    caller: &Caller,
    profile: Result<SourceProfile, FieldError>,
) -> Result<Result<SourceProfile, FieldError>, Failed> {
    let Ok(profile) = profile else { return Ok(profile) };
    let found = inspected(site, caller, &profile).await?;
    let field = fields_of(profile.kind).first().map_or("name", |(name, ..)| name);
    Ok(found.map(|_| profile).map_err(|error| FieldError::new(field, error)))
}

/// What a source has now, in words. Files are read; a service is not asked.
async fn inspected(
    site: &Site,
    caller: &Caller,
    profile: &SourceProfile,
) -> Result<Result<String, SourceError>, Failed> {
    let (profile, now) = (profile.clone(), site.dialguard().now());
    Ok(site.work().run(caller, move |_| inspect(&profile, now)).await?)
}

async fn one(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let source = site.dialguard().ledger().source(&name)?;
    source_page(&site, &caller, &source, &WrittenService::default(), None, html! {}).await
}

async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    Form(written): Form<WrittenService>,
) -> Result<Response, Failed> {
    let source = site.dialguard().ledger().source(&name)?;
    let profile = written.source().and_then(|spec| spec.onto(&source));
    match usable(&site, &caller, profile).await? {
        Ok(profile) => {
            site.acting_as(&caller).ledger().change_source(&profile, site.dialguard().now())?;
            let saved = html! { p.saved role="status" { "Saved. The next review asks it like this." } };
            let written = WrittenService::default();
            Ok(source_page(&site, &caller, &profile, &written, None, saved).await?.into_response())
        }
        Err(error) => {
            let page = source_page(&site, &caller, &source, &written, Some(&error), html! {}).await?;
            Ok(again(page))
        }
    }
}

/// After a test, the address is that of its form.
async fn to_source(_: Administrator, Path(name): Path<String>) -> Redirect {
    Redirect::to(&source_path(&name))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestForm {
    number: String,
}

async fn test(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    Form(TestForm { number }): Form<TestForm>,
) -> Result<Response, Failed> {
    let ledger = site.dialguard().ledger().clone();
    let source = ledger.source(&name)?;
    let tested = match PhoneNumber::parse(&number, Region::US).map(PhoneNumber::digits) {
        Ok(tested) => tested,
        Err(error) => {
            let (written, error) = (WrittenService::default(), FieldError::new("number", error));
            return Ok(again(tested_page(&site, &caller, &source, &written, (&number, Some(&error)), html! {}).await?));
        }
    };
    let result = match Sources::new(ledger).test(&name, tested, site.dialguard().now()).await {
        Err(error) => html! { p.failed role="alert" { (name) " does not work: " (told(&error.to_string())) "." } },
        Ok(report) => html! {
            section.panel role="status" {
                @if report.answers.is_empty() { p.saved { (name) " works. It has no opinion about " (shown(tested)) "." } }
                @else {
                    p.saved { (name) " works. About " (shown(tested)) ":" }
                    ul { @for answer in &report.answers {
                        li {
                            (report.carriers[usize::from(answer.carrier)]) ": "
                            @match answer.score { Some(score) => { "score " (score) }, None => "no data" }
                            @if let Some(label) = answer.label.as_deref().filter(|label| !label.is_empty()) { ", “" (label) "”" }
                        }
                    } }
                }
                @for problem in &report.problems { p.failed { (told(problem)) } }
            }
        },
    };
    Ok(tested_page(&site, &caller, &source, &WrittenService::default(), (&number, None), result).await?.into_response())
}

async fn source_page(
    site: &Site,
    caller: &Caller,
    source: &SourceProfile,
    written: &WrittenService,
    error: Option<&FieldError>,
    result: Markup,
) -> Result<Markup, Failed> {
    tested_page(site, caller, source, written, ("", error), result).await
}

/// The page with the number that the source was, or is to be, asked about.
async fn tested_page(
    site: &Site,
    caller: &Caller,
    source: &SourceProfile,
    written: &WrittenService,
    (number, error): (&str, Option<&FieldError>),
    result: Markup,
) -> Result<Markup, Failed> {
    let number = TextField {
        name: "number",
        label: "Ask it about a number",
        value: number,
        kind: "tel",
        placeholder: Some("+13105550123"),
        ..TextField::default()
    };
    let (path, (title, _)) = (source_path(&source.name), described(source.kind));
    let found = inspected(site, caller, source).await?;
    let price = lookup_settings(source).map(|LookupSettings { price_micros, .. }| dollars_of_micros(price_micros));
    let content = html! {
        h1 { (source.name) }
        (setup::checklist(site, caller, None)?)
        (setup::Carriers::of(site, None)?.notice())
        (result)
        (not_done(error))
        section.panel {
            p { strong { (title) } ". "
                @match &found {
                    Ok(holds) => span.clean { "It can be read: " (holds) "." },
                    Err(error) => span.failed { "It does not work: " (told(&error.to_string())) "." },
                }
            }
            form.inline method="post" action={ (path) "/test" } {
                (number.render(error))
                button { "Test" @if let Some(price) = &price { " for " (price) } }
            }
        }
        form.panel method="post" action=(path) {
            div.fields { (render(&fields_of(source.kind), written, |field| stored(source, field), error)) }
            p.buttons {
                button.first { "Save" }
                a.button href={ (path) "/remove" } { "Remove…" }
                a.button href="/sources" { "Back to sources" }
            }
        }
    };
    Ok(page_at(caller, Place::Sources, &source.name, content))
}

async fn ask_to_remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let source = ledger.source(&name)?;
    let is_last = ledger.sources()?.len() == 1;
    let content = html! {
        p { "Reviews no longer ask it. What it said stays on record." }
        @if is_last { p.failed { "It is the only source: without it numbers are not checked." } }
    };
    let content = removal(&source.name, &source_path(&source.name), content);
    Ok(page_at(&caller, Place::Sources, "Sources", content))
}

async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Redirect, Failed> {
    site.acting_as(&caller).ledger().remove_source(&name, site.dialguard().now())?;
    Ok(Redirect::to("/sources"))
}
