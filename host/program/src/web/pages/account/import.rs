//! Importing numbers from a file or pasted text: the form, the preview, the result, and the refused rows as a file.

use super::upload::{
    self, COLUMNS_MAX, Import, Kept, UploadForm, first_rows, import, preview, refused, refused_in_file, refused_list,
};
use crate::hints::import_steps;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::pages::layout::{Tab, shown};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{capital, count, other_columns, recognized, shortened, thousands};
use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use dialguard_dialer::ledger::{ImportedAs, Stop};
use dialguard_dialer::number_file::{ImportedFile, NumberFile, NumberFileError, ReadOptions, refused_rows};
use dialguard_dialer::phone::{Letters, PhoneNumber, Region};
use maud::{Markup, html};
use serde::Deserialize;

/// The name of a file that was pasted.
const PASTED: &str = "Pasted numbers";

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/import", get(form).post(upload))
        .route("/accounts/{account}/import/{upload}", get(preview::<Uploaded>).post(import::<Uploaded>))
        .route("/accounts/{account}/import/{upload}/refused.csv", get(refused::<Uploaded>))
}

/// How to read an upload. It is part of the preview's address, so that the import reads what the preview has shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reading {
    /// The name or place of the column; recognized if empty.
    column: String,
    /// If not empty, vanity numbers are read.
    vanity: String,
    /// `candidates`; the account's own numbers otherwise.
    #[serde(rename = "as")]
    kind: String,
}

impl Reading {
    fn options(&self, region: Region) -> ReadOptions {
        let column = Some(self.column.trim().to_owned()).filter(|column| !column.is_empty());
        ReadOptions { region, column, letters: Letters::vanity_if(!self.vanity.is_empty()) }
    }

    fn imported_as(&self) -> ImportedAs {
        if self.kind == "candidates" { ImportedAs::Candidate } else { ImportedAs::Owned }
    }

    /// `number` or `candidate`.
    fn noun(&self) -> &'static str {
        if self.imported_as() == ImportedAs::Candidate { "candidate" } else { "number" }
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Reading { column, vanity, kind } = self;
        [("column", column), ("vanity", vanity), ("as", kind)]
            .map(|(name, value)| (name, value.as_str()))
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
    }

    fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }
}

async fn form(of: OfAccount<Operate>) -> Markup {
    let id = &of.account.id;
    let content = html! {
        h1 { "Import numbers" }
        form.panel.import method="post" action={ (account_path(id)) "/import" } enctype="multipart/form-data" {
            p {
                "Upload a CSV file, or paste numbers. The next page shows how they are read; nothing is imported before. "
                "Write numbers in the national format of " (of.account.region.to_string()) " or in E.164, such as " code { "+13105550123" } "."
            }
            label { "CSV file" input type="file" name="file" accept=".csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values"; }
            label { "Or paste numbers" textarea name="text" rows="6" spellcheck="false" {} }
            (kinds(&Reading::default(), id))
            label { "Column with the numbers" input name="column" autocomplete="off" aria-describedby="column-help"; }
            p.quiet #column-help { "Its name or its place, such as 2. It is recognized if you leave this empty." }
            (vanity(&Reading::default()))
            p.choices { button.first { "Preview" } a.button href=(account_path(id)) { "Cancel" } }
        }
    };
    page(&of.caller, Some((&of.account, Tab::Numbers)), "Import numbers", content)
}

fn kinds(reading: &Reading, account: &str) -> Markup {
    let are_candidates = reading.imported_as() == ImportedAs::Candidate;
    html! {
        fieldset {
            legend { "Import as" }
            label.tick { input type="radio" name="as" value="owned" checked[!are_candidates]; span { "Numbers of this account. Monitoring starts only when you select them." } }
            label.tick { input type="radio" name="as" value="candidates" checked[are_candidates]; span { "Candidates: numbers on hand that can replace flagged ones. " a href={ (account_path(account)) "/candidates" } { "Show them" } "." } }
        }
    }
}

fn vanity(reading: &Reading) -> Markup {
    html! {
        label.tick { input type="checkbox" name="vanity" value="1" checked[!reading.vanity.is_empty()]; span { "Vanity numbers: read letters, as in 1-800-FLOWERS" } }
    }
}

/// Keeps the file and shows its preview.
async fn upload(State(site): State<Site>, of: OfAccount<Operate>, fields: Multipart) -> Result<Redirect, Failed> {
    let mut form = UploadForm::read(fields).await?;
    let reading = Reading { column: form.field("column"), vanity: form.field("vanity"), kind: form.field("as") };
    let query = reading.query();
    let id = form.keep(&site, &of, &query)?.ok_or_else(|| Problem::from(NumberFileError::Empty))?;
    Ok(Redirect::to(&format!("{}/import/{id}?{query}", account_path(&of.account.id))))
}

/// An upload, and how it is read.
struct Uploaded {
    kept: Kept,
    reading: Reading,
}

impl Import for Uploaded {
    type Reading = Reading;
    const FORM: &'static str = "import";

    fn of(kept: Kept, reading: Reading) -> Result<Self, Problem> {
        Ok(Uploaded { kept, reading })
    }

    fn preview(&self, stop: &Stop) -> Result<(StatusCode, Markup), Problem> {
        Ok(match self.read(stop) {
            Ok(file) => (StatusCode::OK, previewed(self, &file, &self.outcome(&file)?)),
            Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, unreadable(self, &error)),
        })
    }

    fn import(&self, stop: &Stop) -> Result<Markup, Problem> {
        let (file, dialguard) = (self.read(stop)?, &self.kept.dialguard);
        let (id, imported_as) = (&self.kept.account.id, self.reading.imported_as());
        let outcome = file.import_while(dialguard.ledger(), id, imported_as, dialguard.now(), |_| !stop.is_set())?;
        Ok(imported(self, &outcome))
    }

    fn refused(&self, stop: &Stop) -> Result<Vec<u8>, Problem> {
        let outcome = self.outcome(&self.read(stop)?)?;
        Ok(refused_rows(&self.kept.file.bytes, &self.options(), refused_in_file(&outcome.refused))?)
    }
}

impl Uploaded {
    fn options(&self) -> ReadOptions {
        self.reading.options(self.kept.account.region)
    }

    fn read(&self, stop: &Stop) -> Result<NumberFile, NumberFileError> {
        NumberFile::read(&self.kept.file.bytes, &self.options(), |_, _| !stop.is_set())
    }

    /// What an import would do.
    fn outcome(&self, file: &NumberFile) -> Result<ImportedFile, Problem> {
        let dialguard = &self.kept.dialguard;
        Ok(file.preview(dialguard.ledger(), &self.kept.account.id, self.reading.imported_as(), dialguard.now())?)
    }

    /// Another reading of the same upload.
    fn choices(&self, file: Option<&NumberFile>) -> Markup {
        let is_chosen = |place: usize| file.and_then(|file| file.place) == Some(place);
        html! {
            form.panel.import method="get" action=(self.kept.path) {
                @match file {
                    Some(file) if file.place.is_some() && file.columns.len() > 1 => label { "Column with the numbers"
                        select name="column" {
                            @for (place, name) in (1..).zip(&file.columns).filter(|(place, _)| *place <= COLUMNS_MAX || is_chosen(*place)) {
                                option value={ "column " (place) } selected[is_chosen(place)] { (shortened(name)) }
                            }
                        }
                    },
                    _ => label { "Column with the numbers" input name="column" value=(self.reading.column) autocomplete="off"; },
                }
                (kinds(&self.reading, &self.kept.account.id))
                (vanity(&self.reading))
                p.choices { button { "Preview again" } }
            }
        }
    }

    fn refused_list(&self, outcome: &ImportedFile) -> Markup {
        refused_list(&outcome.refused, &format!("{}/refused.csv?{}", self.kept.path, self.reading.query()))
    }
}

fn previewed(uploaded: &Uploaded, file: &NumberFile, outcome: &ImportedFile) -> Markup {
    let import_path = format!("{}/import", account_path(&uploaded.kept.account.id));
    let imported = outcome.imported as u64;
    html! {
        section.panel.results {
            p { strong { (uploaded.kept.name(PASTED)) } ": " (recognized(file)) "." }
            @if let Some(others) = other_columns(file) { p.warning { (capital(&others)) "." } }
            (read_rows(file))
            p {
                strong { (count(imported, &format!("new {}", uploaded.reading.noun()))) } ", "
                (thousands(outcome.known_before as u64)) " already known, " (thousands(outcome.refused.len() as u64)) " refused. "
                "Nothing is imported yet."
            }
            @for step in import_steps(file, 0).into_iter().filter_map(|steps| steps.dashboard) { p.quiet { (capital(step)) "." } }
            form method="post" action=(uploaded.kept.path) {
                @for (name, value) in uploaded.reading.fields() { input type="hidden" name=(name) value=(value); }
                p.choices {
                    @if imported > 0 { button.first { "Import " (count(imported, uploaded.reading.noun())) } }
                    a.button href=(import_path) { "Upload another file" }
                    a.button href=(account_path(&uploaded.kept.account.id)) { "Cancel" }
                }
            }
            (uploaded.refused_list(outcome))
        }
        (uploaded.choices(Some(file)))
    }
}

/// The first rows of the file and what was read from them.
fn read_rows(file: &NumberFile) -> Markup {
    let read = |number: &Result<PhoneNumber, String>| match number {
        Ok(number) => html! { td { (shown(number.digits())) } },
        Err(_) => html! { td.failed { "refused" } },
    };
    let rows = file.first_rows.iter().map(|row| (row.row, read(&row.number), &row.fields[..]));
    first_rows(&["Read as"], &file.columns, rows)
}

fn unreadable(uploaded: &Uploaded, error: &NumberFileError) -> Markup {
    html! {
        (upload::unreadable::<Uploaded, _>(&uploaded.kept.account, uploaded.kept.name(PASTED), error))
        @if matches!(error, NumberFileError::NoColumn(_) | NumberFileError::NoSuchColumn { .. }) { (uploaded.choices(None)) }
    }
}

fn imported(uploaded: &Uploaded, outcome: &ImportedFile) -> Markup {
    let path = account_path(&uploaded.kept.account.id);
    html! {
        section.panel.results {
            h1 { (count(outcome.imported as u64, uploaded.reading.noun())) " imported" }
            p { (thousands(outcome.known_before as u64)) " already known, " (thousands(outcome.refused.len() as u64)) " refused." }
            p.choices { a.button.first href=(path) { "Back to numbers" } a.button href={ (path) "/import" } { "Import more" } }
            (uploaded.refused_list(outcome))
        }
    }
}
