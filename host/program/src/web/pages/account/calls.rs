//! Importing how calls went from a file or pasted text: the form, the preview, the result, and the refused rows as a file.

use super::upload::{
    self, Import, Kept, UploadForm, first_rows, import, preview, refused, refused_in_file, refused_list,
};
use crate::parse;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::pages::layout::{Tab, shown, told};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{
    WHOLE_HOURS, call_counts, calls_in_words, capital, count, incoming_calls, read_calls_in_words, recognized_calls,
};
use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use dialguard::calendar::utc;
use dialguard_dialer::call_file::{CallFile, CallFileError, ImportedCalls, ReadOptions, ReadRow, refused_rows};
use dialguard_dialer::dialguard::{CALL_DAYS_READ, DialguardError};
use dialguard_dialer::ledger::{AccountProfile, Stop};
use maud::{Markup, html};
use serde::Deserialize;

/// The name of a file that was pasted.
const PASTED: &str = "Pasted rows";

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/calls", get(form).post(upload))
        .route("/accounts/{account}/read-calls", post(read))
        .route("/accounts/{account}/calls/{upload}", get(preview::<Uploaded>).post(import::<Uploaded>))
        .route("/accounts/{account}/calls/{upload}/refused.csv", get(refused::<Uploaded>))
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

async fn form(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Markup, Failed> {
    let account = &of.account;
    let content = html! {
        h1 { "Import calls" }
        @if site.dialguard().reads_calls(account)? { (read_from_log(&site, account)?) }
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
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Import calls", content))
}

/// How far calls were read from the provider's log, and a button that reads them now.
fn read_from_log(site: &Site, account: &AccountProfile) -> Result<Markup, Failed> {
    let reading = site.dialguard().ledger().call_reading(&account.id)?;
    let provider = account.buying.provider.as_deref().unwrap_or_default();
    let local = |at| utc(at).with_timezone(&account.time_zone).format("%Y-%m-%d %H:%M").to_string();
    Ok(html! {
        form.panel method="post" action={ (account_path(&account.id)) "/read-calls" } {
            p {
                "Calls are read from " (provider) " before each daily review"
                @if let Some(until) = reading.read_until { "; they are known until " (local(until)) }
                "."
            }
            @if let Some(problem) = reading.problem { p.failed { (told(&capital(&problem))) "." } }
            p.choices { button { "Read now" } }
        }
    })
}

/// Finishes the reading even if the browser closes the connection.
async fn read(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Markup, Failed> {
    let (dialguard, id) = (site.dialguard().clone(), of.account.id.clone());
    let reading = tokio::spawn(async move { dialguard.read_calls(&id, CALL_DAYS_READ).await });
    let read = reading.await.map_err(|error| DialguardError::Internal(error.to_string())).map_err(Problem::from)??;
    let content = html! {
        h1 { "Calls read" }
        div.panel { ul { @for line in read_calls_in_words(&read) { li { (capital(&line)) "." } } } }
        p { a href=(account_path(&of.account.id)) { "Back to numbers" } }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Calls read", content))
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
    kept: Kept,
    reading: Reading,
    options: ReadOptions,
}

impl Import for Uploaded {
    type Reading = Reading;
    const FORM: &'static str = "calls";

    fn of(kept: Kept, reading: Reading) -> Result<Self, Problem> {
        let options = reading.options(&kept.account)?;
        Ok(Uploaded { kept, reading, options })
    }

    fn preview(&self, stop: &Stop) -> Result<(StatusCode, Markup), Problem> {
        Ok(match self.read(stop) {
            Ok(file) => (StatusCode::OK, previewed(self, &file, &self.outcome(&file)?)),
            Err(error) => {
                let unread = upload::unreadable::<Self, _>(&self.kept.account, self.kept.name(PASTED), &error);
                (StatusCode::UNPROCESSABLE_ENTITY, unread)
            }
        })
    }

    fn import(&self, stop: &Stop) -> Result<Markup, Problem> {
        let (file, dialguard) = (self.read(stop)?, &self.kept.dialguard);
        let go_on = |_| !stop.is_set();
        let outcome = file.import_while(dialguard.ledger(), &self.kept.account.id, dialguard.now(), go_on)?;
        Ok(imported(self, &outcome))
    }

    fn refused(&self, stop: &Stop) -> Result<Vec<u8>, Problem> {
        let outcome = self.outcome(&self.read(stop)?)?;
        Ok(refused_rows(&self.kept.file.bytes, refused_in_file(&outcome.refused))?)
    }
}

impl Uploaded {
    fn read(&self, stop: &Stop) -> Result<CallFile, CallFileError> {
        CallFile::read(&self.kept.file.bytes, &self.options, |_, _| !stop.is_set())
    }

    /// What an import would do.
    fn outcome(&self, file: &CallFile) -> Result<ImportedCalls, Problem> {
        let dialguard = &self.kept.dialguard;
        Ok(file.preview(dialguard.ledger(), &self.kept.account.id, dialguard.now())?)
    }

    fn refused_list(&self, outcome: &ImportedCalls) -> Markup {
        refused_list(&outcome.refused, &format!("{}/refused.csv?{}", self.kept.path, self.reading.query()))
    }
}

fn previewed(uploaded: &Uploaded, file: &CallFile, outcome: &ImportedCalls) -> Markup {
    let taken = (outcome.new + outcome.changed) as u64;
    html! {
        section.panel.results {
            p { strong { (uploaded.kept.name(PASTED)) } ": " (recognized_calls(file)) "." }
            (read_rows(uploaded, file))
            p { strong { (call_counts(outcome, true)) } ". " "Nothing is imported yet." }
            p.quiet { (capital(WHOLE_HOURS)) "." }
            @if let Some(incoming) = incoming_calls(file) { p.quiet { (incoming) "." } }
            form method="post" action=(uploaded.kept.path) {
                input type="hidden" name="time-zone" value=(uploaded.reading.time_zone);
                p.choices {
                    @if taken > 0 { button.first { "Import " (count(taken, "hour")) } }
                    a.button href=(form_path(&uploaded.kept.account)) { "Upload another file" }
                    a.button href=(account_path(&uploaded.kept.account.id)) { "Cancel" }
                }
            }
            (uploaded.refused_list(outcome))
        }
        form.panel.import method="get" action=(uploaded.kept.path) {
            (time_zone(&uploaded.reading, &uploaded.kept.account))
            p.choices { button { "Preview again" } }
        }
    }
}

/// The first rows, with the hour by the account's clock.
fn read_rows(uploaded: &Uploaded, file: &CallFile) -> Markup {
    let read = |read: &ReadRow| match &read.calls {
        Ok(Some(calls)) => html! {
            td { (shown(calls.number)) }
            td { (utc(calls.hour).with_timezone(&uploaded.kept.account.time_zone).format("%Y-%m-%d %H:%M")) }
            td { (calls_in_words(&calls.calls.into())) }
        },
        Ok(None) => html! { td {} td {} td { "incoming" } },
        Err(_) => html! { td {} td {} td.failed { "refused" } },
    };
    let rows = file.first_rows.iter().map(|row| (row.row, read(row), &row.fields[..]));
    first_rows(&["Number", "Hour", "Read as"], &file.columns, rows)
}

fn imported(uploaded: &Uploaded, outcome: &ImportedCalls) -> Markup {
    html! {
        section.panel.results {
            h1 { (count((outcome.new + outcome.changed) as u64, "hour")) " imported" }
            p { (call_counts(outcome, false)) "." }
            p.choices {
                a.button.first href=(account_path(&uploaded.kept.account.id)) { "Back to numbers" }
                a.button href=(form_path(&uploaded.kept.account)) { "Import more" }
            }
            (uploaded.refused_list(outcome))
        }
    }
}
