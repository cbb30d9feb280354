//! Importing how calls went from a file or pasted text: the form, the preview, the result, and the refused rows as a file.

use super::upload::{REFUSED_FILE, UploadForm, UploadPath, first_rows, refused_in_file, refused_list, unreadable};
use crate::hints::Hint;
use crate::parse;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::web::uploads::UploadedFile;
use crate::words::{WHOLE_HOURS, call_counts, calls_in_words, capital, count, e164, incoming_calls, recognized_calls};
use axum::Router;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum_extra::extract::Form;
use dialguard::calendar::utc;
use dialguard_dialer::call_file::{CallFile, CallFileError, ImportedCalls, ReadOptions, ReadRow, refused_rows};
use dialguard_dialer::ledger::{AccountProfile, Stop};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/calls", get(form).post(upload))
        .route("/accounts/{account}/calls/{upload}", get(preview).post(import))
        .route("/accounts/{account}/calls/{upload}/refused.csv", get(refused))
}

/// How to read an upload. It is part of the preview's address, so that the import reads what the preview has shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Reading {
    /// Of times that name no zone; the account's if empty.
    time_zone: String,
}

impl Reading {
    fn options(&self, account: &AccountProfile) -> Result<ReadOptions, Problem> {
        let options = ReadOptions::of(account);
        match self.time_zone.trim() {
            "" => Ok(options),
            name => match parse::time_zone(name) {
                Ok(file_zone) => Ok(ReadOptions { file_zone, ..options }),
                Err(why) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Time zone: {why}"))),
            },
        }
    }

    fn query(&self) -> String {
        let zone = Some(&self.time_zone).filter(|zone| !zone.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(zone.map(|zone| ("time-zone", zone))).finish()
    }
}

fn form_path(account: &AccountProfile) -> String {
    account_path(&account.id) + "/calls"
}

async fn form(of: OfAccount<Operate>) -> Markup {
    let account = &of.account;
    let content = html! {
        h1 { "Import calls" }
        form.panel.import method="post" action=(form_path(account)) enctype="multipart/form-data" {
            p {
                "Upload call detail records of your dialer or of your provider, or a report with number, hour, attempts and "
                "answered. The next page shows how they are read; nothing is imported before."
            }
            label { "CSV or JSON file" input type="file" name="file" accept=".csv,.tsv,.txt,.json,.jsonl,text/csv,text/plain,text/tab-separated-values,application/json"; }
            label { "Or paste its rows, with the names of the columns" textarea name="text" rows="6" spellcheck="false" {} }
            (time_zone(&Reading::default(), account))
            p.choices { button.first { "Preview" } a.button href=(account_path(&account.id)) { "Cancel" } }
        }
    };
    page(&of.caller, Some((account, Tab::Numbers)), "Import calls", content)
}

fn time_zone(reading: &Reading, account: &AccountProfile) -> Markup {
    html! {
        label { "Time zone of times that name none" input name="time-zone" value=(reading.time_zone) placeholder=(account.time_zone.to_string()) autocomplete="off"; }
    }
}

/// Keeps the file and shows its preview.
async fn upload(State(site): State<Site>, of: OfAccount<Operate>, fields: Multipart) -> Result<Redirect, Failed> {
    let mut form = UploadForm::read(fields).await?;
    let reading = Reading { time_zone: form.field("time-zone") };
    let query = reading.query();
    let id = form.keep(&site, &of, &query)?.ok_or_else(|| Problem::from(CallFileError::Empty))?;
    Ok(Redirect::to(&format!("{}/{id}?{query}", form_path(&of.account))))
}

/// An upload, and how it is read.
struct Uploaded {
    site: Site,
    account: AccountProfile,
    path: String,
    file: Arc<UploadedFile>,
    reading: Reading,
    options: ReadOptions,
}

impl Uploaded {
    fn find(site: &Site, of: &OfAccount<Operate>, upload: &str, reading: Reading) -> Result<Self, Problem> {
        let file = site.uploads().find(upload, &of.account.id, &of.caller, Instant::now())?;
        let path = format!("{}/{upload}", form_path(&of.account));
        let options = reading.options(&of.account)?;
        Ok(Uploaded { site: site.clone(), account: of.account.clone(), path, file, reading, options })
    }

    fn read(&self, stop: &Stop) -> Result<CallFile, CallFileError> {
        CallFile::read(&self.file.bytes, &self.options, |_, _| !stop.is_set())
    }

    fn preview(&self, file: &CallFile) -> Result<ImportedCalls, Problem> {
        let dialguard = self.site.dialguard();
        Ok(file.preview(dialguard.ledger(), &self.account.id, dialguard.now())?)
    }

    fn name(&self) -> &str {
        self.file.name.as_deref().unwrap_or("Pasted rows")
    }

    fn refused(&self, outcome: &ImportedCalls) -> Markup {
        refused_list(&outcome.refused, &format!("{}/refused.csv?{}", self.path, self.reading.query()))
    }
}

async fn preview(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<Reading>,
) -> Result<Response, Failed> {
    let uploaded = Uploaded::find(&site, &of, &upload, reading)?;
    let preview = move |stop: &Stop| {
        Ok::<_, Problem>(match uploaded.read(stop) {
            Ok(file) => (StatusCode::OK, previewed(&uploaded, &file, &uploaded.preview(&file)?)),
            Err(error) => {
                let form = form_path(&uploaded.account);
                (StatusCode::UNPROCESSABLE_ENTITY, unreadable(uploaded.name(), &error, error.steps(), &form))
            }
        })
    };
    let (status, content) = site.work().run(&of.caller, preview).await??;
    let content = html! { h1 { "Preview of the import" } (content) };
    Ok((status, page(&of.caller, Some((&of.account, Tab::Numbers)), "Preview of the import", content)).into_response())
}

fn previewed(uploaded: &Uploaded, file: &CallFile, outcome: &ImportedCalls) -> Markup {
    let taken = (outcome.new + outcome.changed) as u64;
    html! {
        section.panel.results {
            p { strong { (uploaded.name()) } ": " (recognized_calls(file)) "." }
            (read_rows(uploaded, file))
            p { strong { (call_counts(outcome, true)) } ". " "Nothing is imported yet." }
            p.quiet { (capital(WHOLE_HOURS)) "." }
            @if let Some(incoming) = incoming_calls(file) { p.quiet { (incoming) "." } }
            form method="post" action=(uploaded.path) {
                input type="hidden" name="time-zone" value=(uploaded.reading.time_zone);
                p.choices {
                    @if taken > 0 { button.first { "Import " (count(taken, "hour")) } }
                    a.button href=(form_path(&uploaded.account)) { "Upload another file" }
                    a.button href=(account_path(&uploaded.account.id)) { "Cancel" }
                }
            }
            (uploaded.refused(outcome))
        }
        form.panel.import method="get" action=(uploaded.path) {
            (time_zone(&uploaded.reading, &uploaded.account))
            p.choices { button { "Preview again" } }
        }
    }
}

/// The first rows, with the hour by the account's clock.
fn read_rows(uploaded: &Uploaded, file: &CallFile) -> Markup {
    let read = |read: &ReadRow| match &read.calls {
        Ok(Some(calls)) => html! {
            td.number { (e164(calls.number)) }
            td { (utc(calls.hour).with_timezone(&uploaded.account.time_zone).format("%Y-%m-%d %H:%M")) }
            td { (calls_in_words(&calls.calls.into())) }
        },
        Ok(None) => html! { td {} td {} td { "incoming" } },
        Err(_) => html! { td {} td {} td.failed { "refused" } },
    };
    let rows = file.first_rows.iter().map(|row| (row.row, read(row), &row.fields[..]));
    first_rows(&["Number", "Hour", "Read as"], &file.columns, rows)
}

async fn import(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Form(reading): Form<Reading>,
) -> Result<Markup, Failed> {
    let uploaded = Uploaded::find(&site, &of, &upload, reading)?;
    let import = move |stop: &Stop| {
        let (file, dialguard) = (uploaded.read(stop)?, uploaded.site.dialguard());
        let go_on = |_| !stop.is_set();
        let outcome = file.import_while(dialguard.ledger(), &uploaded.account.id, dialguard.now(), go_on)?;
        Ok::<_, Problem>(imported(&uploaded, &outcome))
    };
    let content = site.work().run(&of.caller, import).await??;
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Import finished", content))
}

fn imported(uploaded: &Uploaded, outcome: &ImportedCalls) -> Markup {
    html! {
        section.panel.results {
            h1 { "Calls imported" }
            p { (call_counts(outcome, false)) "." }
            p.choices {
                a.button.first href=(account_path(&uploaded.account.id)) { "Back to numbers" }
                a.button href=(form_path(&uploaded.account)) { "Import more" }
            }
            (uploaded.refused(outcome))
        }
    }
}

/// The refused rows, before the import or after it.
async fn refused(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<Reading>,
) -> Result<impl IntoResponse, Failed> {
    let uploaded = Uploaded::find(&site, &of, &upload, reading)?;
    let refused = move |stop: &Stop| {
        let outcome = uploaded.preview(&uploaded.read(stop)?)?;
        Ok::<_, Problem>(refused_rows(&uploaded.file.bytes, refused_in_file(&outcome.refused))?)
    };
    Ok((REFUSED_FILE, site.work().run(&of.caller, refused).await??))
}
