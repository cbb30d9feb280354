//! Uploading a file to import it: what the forms send, and what their previews and results show of any file.

use crate::hints::Hint;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::limits::READING_BYTES_MAX;
use crate::web::pages::form::Form;
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::web::uploads::UploadedFile;
use crate::words::{REFUSED_LISTED_MAX, capital, count, shortened, thousands};
use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{AccountProfile, Stop};
use dialguard_dialer::number_file::{BadRow, REFUSED_ROWS_MAX};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

/// Columns offered and fields of a row shown, at most: a file of commas has millions.
pub const COLUMNS_MAX: usize = 50;

/// Fields of a form, at most: more than any has.
const FIELDS_MAX: usize = 16;

/// Bytes of a field that says how to read the file, at most.
const FIELD_BYTES_MAX: usize = 256;

/// An upload that is kept: the file, and where its pages are.
pub struct Kept {
    /// Acts as the user who uploaded it.
    pub dialguard: Dialguard,
    pub account: AccountProfile,
    pub path: String,
    pub file: Arc<UploadedFile>,
}

impl Kept {
    /// The upload of the form at the account's path with this last part.
    pub fn find(site: &Site, of: &OfAccount<Operate>, form: &str, upload: &str) -> Result<Self, Problem> {
        let file = site.uploads().find(upload, &of.account.id, &of.caller, Instant::now())?;
        let path = format!("{}/{form}/{upload}", account_path(&of.account.id));
        Ok(Kept { dialguard: site.acting_as(&of.caller), account: of.account.clone(), path, file })
    }

    /// The file's name; `pasted` if it has none.
    pub fn name<'k>(&'k self, pasted: &'k str) -> &'k str {
        self.file.name.as_deref().unwrap_or(pasted)
    }
}

/// A kept upload of one kind, and how it is read. Reading it is heavy work, which ends when `stop` is set.
pub trait Import: Sized + Send + 'static {
    /// How it is read. It is part of the preview's address, so that the import reads what the preview has shown.
    type Reading: DeserializeOwned + Send + 'static;

    /// The last part of the form's path, which the upload's begins with.
    const FORM: &'static str;

    fn of(kept: Kept, reading: Self::Reading) -> Result<Self, Problem>;

    /// What an import would do, or why the file cannot be read.
    fn preview(&self, stop: &Stop) -> Result<(StatusCode, Markup), Problem>;

    fn import(&self, stop: &Stop) -> Result<Markup, Problem>;

    /// The refused rows as a file.
    fn refused(&self, stop: &Stop) -> Result<Vec<u8>, Problem>;

    fn find(site: &Site, of: &OfAccount<Operate>, upload: &str, reading: Self::Reading) -> Result<Self, Problem> {
        Self::of(Kept::find(site, of, Self::FORM, upload)?, reading)
    }
}

#[derive(Deserialize)]
pub struct UploadPath {
    upload: String,
}

pub async fn preview<I: Import>(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<I::Reading>,
) -> Result<Response, Failed> {
    let import = I::find(&site, &of, &upload, reading)?;
    let (status, content) = site.work().run(&of.caller, move |stop| import.preview(stop)).await??;
    let content = html! { h1 { "Preview of the import" } (content) };
    Ok((status, page(&of.caller, Some((&of.account, Tab::Numbers)), "Preview of the import", content)).into_response())
}

pub async fn import<I: Import>(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Form(reading): Form<I::Reading>,
) -> Result<Markup, Failed> {
    let import = I::find(&site, &of, &upload, reading)?;
    let content = site.work().run(&of.caller, move |stop| import.import(stop)).await??;
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Import finished", content))
}

/// The refused rows, before the import or after it.
pub async fn refused<I: Import>(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<I::Reading>,
) -> Result<impl IntoResponse, Failed> {
    let import = I::find(&site, &of, &upload, reading)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"refused.csv\""),
    ];
    Ok((headers, site.work().run(&of.caller, move |stop| import.refused(stop)).await??))
}

/// What a user submitted: a file or pasted text, and fields that say how to read it.
#[derive(Default)]
pub struct UploadForm {
    file: UploadedFile,
    text: Vec<u8>,
    fields: HashMap<String, String>,
}

impl UploadForm {
    pub async fn read(mut fields: Multipart) -> Result<Self, Problem> {
        let unreadable = |error: axum::extract::multipart::MultipartError| {
            Problem::new(error.status(), "the form could not be read")
        };
        let (mut form, mut read) = (UploadForm::default(), 0);
        while let Some(field) = fields.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let content = field.bytes().await.map_err(unreadable)?;
            read += 1;
            if read > FIELDS_MAX {
                return Err(refuse(format!("the form has more than {FIELDS_MAX} fields")));
            }
            if !matches!(name.as_str(), "file" | "text") && content.len() > FIELD_BYTES_MAX {
                return Err(refuse(format!("{}: give at most {FIELD_BYTES_MAX} bytes", shortened(&name))));
            }
            match name.as_str() {
                "file" => form.file = UploadedFile { name: file_name, bytes: content.into() },
                "text" => form.text = content.into(),
                _ => drop(form.fields.insert(name, String::from_utf8_lossy(&content).into_owned())),
            }
        }
        Ok(form)
    }

    /// A field that says how to read the file; empty if it was not sent.
    pub fn field(&mut self, name: &str) -> String {
        self.fields.remove(name).unwrap_or_default()
    }

    /// What was pasted.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// Keeps the file for its preview, whose address has `query`; none if there is no file.
    pub fn keep(self, site: &Site, of: &OfAccount<Operate>, query: &str) -> Result<Option<String>, Problem> {
        // It becomes part of an address.
        if query.len() > READING_BYTES_MAX {
            return Err(refuse("The column's name is too long; give its place, such as 2.".into()));
        }
        let UploadForm { file, text, .. } = self;
        let file = if file.bytes.is_empty() { UploadedFile { name: None, bytes: text } } else { file };
        if file.bytes.is_empty() {
            return Ok(None);
        }
        site.uploads().keep(&of.account.id, &of.caller, file, Instant::now()).map(Some)
    }
}

fn refuse(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

/// The first rows of a file, each with its line, what was read from it in cells of their own, and its fields.
pub fn first_rows<'r>(
    read_as: &[&str],
    columns: &[String],
    rows: impl Iterator<Item = (u64, Markup, &'r [String])> + Clone,
) -> Markup {
    let shown = rows.clone().map(|(_, _, fields)| fields.len()).max().unwrap_or(0).min(COLUMNS_MAX);
    html! {
        div.wide tabindex="0" role="region" aria-label="The first rows" { table.read-rows {
            caption { "The first rows" }
            thead { tr {
                th.figure scope="col" { "Row" }
                @for title in read_as { th scope="col" { (title) } }
                @for place in 0..shown { th scope="col" { (columns.get(place).map_or(String::new(), |name| shortened(name))) } }
            } }
            tbody { @for (row, read, fields) in rows {
                tr {
                    td.figure { (row) }
                    (read)
                    @for place in 0..shown { td { (fields.get(place).map_or(String::new(), |field| shortened(field))) } }
                }
            } }
        } }
    }
}

/// The refused rows: the first as a table, and `file` with all of them.
pub fn refused_list(refused: &[BadRow], file: &str) -> Markup {
    html! {
        @if !refused.is_empty() {
            h2 { (count(refused.len() as u64, "refused row")) }
            p {
                a href=(file) { "Download the refused rows" } ", correct them and import them again."
                @if refused.len() > REFUSED_ROWS_MAX { " The file has the first " (thousands(REFUSED_ROWS_MAX as u64)) "." }
            }
            div.wide { table {
                thead { tr { th.figure scope="col" { "Row" } th scope="col" { "Reason" } } }
                tbody { @for bad in refused.iter().take(REFUSED_LISTED_MAX) { tr { td.figure { (bad.row) } td.failed { (bad.why) } } } }
            } }
            @if refused.len() > REFUSED_LISTED_MAX {
                p.quiet { "And " (thousands((refused.len() - REFUSED_LISTED_MAX) as u64)) " more, which are in the file." }
            }
        }
    }
}

/// As many of them as the file of refused rows has.
pub fn refused_in_file(refused: &[BadRow]) -> &[BadRow] {
    &refused[..refused.len().min(REFUSED_ROWS_MAX)]
}

/// A file that cannot be read, and the way back to the form.
pub fn unreadable<I: Import, E: Hint + Display>(account: &AccountProfile, name: &str, error: &E) -> Markup {
    html! {
        section.panel.results {
            p.failed role="alert" { (name) ": " (error) "." }
            @if let Some(step) = error.steps().dashboard { p { (capital(step)) "." } }
            p.choices { a.button href={ (account_path(&account.id)) "/" (I::FORM) } { "Upload another file" } }
        }
    }
}
