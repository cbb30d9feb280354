//! Screening a list of numbers that need not be the account's, before they are bought: the list, what asking about it
//! costs, and how each number rates.

use super::actions::{LISTED_MAX, asked_of_sources, keep_file, screen_label, typed_count, unlisted};
use super::upload::{Kept, UploadForm, refused_list};
use crate::parse::FieldError;
use crate::screened::ScreenedNumbers;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate};
use crate::web::pages::form::{Form, TextField, again, beside, not_done, wrong};
use crate::web::pages::layout::{Tab, no_default, shown, told};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{count, is_count, recognized, thousands};
use axum::Router;
use axum::extract::{Multipart, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard::contract::{NUMBERS_PER_CALL_MAX, PhoneNumber};
use dialguard_dialer::dialguard::{Screened, ScreeningCost, count_to_type};
use dialguard_dialer::ledger::{AccountProfile, CarrierAnswer, LedgerError};
use dialguard_dialer::number_file::{NumberFile, NumberFileError, ReadOptions, refused_rows};
use dialguard_dialer::phone::Letters;
use maud::{Markup, html};
use serde::Deserialize;

/// The name of a list that was pasted.
const PASTED: &str = "Pasted numbers";

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/screen", get(form).post(upload))
        .route("/accounts/{account}/screen/{upload}", get(preview).post(screen))
        .route("/accounts/{account}/screen/{upload}/refused.csv", get(refused))
}

/// How to read a list. It is part of the preview's address, so that what it has shown is screened.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reading {
    /// The name or place of the column; recognized if empty.
    column: String,
    /// If not empty, vanity numbers are read.
    vanity: String,
    /// How many numbers it is about, as the user typed it.
    confirm: String,
}

impl Reading {
    fn options(&self, account: &AccountProfile) -> ReadOptions {
        let column = Some(self.column.trim().to_owned()).filter(|column| !column.is_empty());
        ReadOptions { region: account.region, column, letters: Letters::vanity_if(!self.vanity.is_empty()) }
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("column", self.column.as_str()), ("vanity", self.vanity.as_str())];
        fields.into_iter().filter(|(_, value)| !value.is_empty())
    }

    fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }
}

/// What was written into the form for a list.
#[derive(Default)]
struct WrittenList {
    text: String,
    reading: Reading,
}

fn form_path(account: &AccountProfile) -> String {
    account_path(&account.id) + "/screen"
}

async fn form(of: OfAccount<Operate>) -> Markup {
    list_form(&of, &WrittenList::default(), None)
}

fn list_form(of: &OfAccount<Operate>, written: &WrittenList, error: Option<&FieldError>) -> Markup {
    let (account, why) = (&of.account, wrong(error, "text"));
    let column = TextField {
        name: "column",
        label: "Column with the numbers",
        value: &written.reading.column,
        hint: "Its name or its place, such as 2. It is recognized if you leave this empty.",
        required: false,
        ..TextField::default()
    };
    let content = html! {
        h1 { "Screen numbers" }
        (not_done(error))
        form.panel.import method="post" action=(form_path(account)) enctype="multipart/form-data" {
            p {
                "See how numbers stand with the carriers before you buy them. They need not be in the account, which does not \
                 change. The next page says what asking about them costs; nobody is asked before."
            }
            label for="text" { "Paste numbers" }
            textarea #text name="text" rows="6" spellcheck="false" aria-describedby="text-means"
                aria-invalid=[why.map(|_| "true")] autofocus[why.is_some()] { (written.text) }
            p.hint #text-means {
                (beside(why))
                "In the national format of " (account.region.to_string()) " or in E.164; " (thousands(NUMBERS_PER_CALL_MAX as u64)) " at most."
            }
            label { "Or a CSV file" input type="file" name="file" accept=".csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values"; }
            (column.render(error))
            label.tick { input type="checkbox" name="vanity" value="1" checked[!written.reading.vanity.is_empty()]; span { "Vanity numbers: read letters, as in 1-800-FLOWERS" } }
            p.choices { button.first { "Show what it costs" } a.button href=(account_path(&account.id)) { "Cancel" } }
        }
    };
    page(&of.caller, Some((account, Tab::Numbers)), "Screen numbers", content)
}

/// Keeps the list and shows what screening it costs.
async fn upload(State(site): State<Site>, of: OfAccount<Operate>, fields: Multipart) -> Result<Response, Failed> {
    let mut form = UploadForm::read(fields).await?;
    let reading = Reading { column: form.field("column"), vanity: form.field("vanity"), ..Reading::default() };
    let (query, text) = (reading.query(), form.text());
    match form.keep(&site, &of, &query)? {
        Some(id) => Ok(Redirect::to(&format!("{}/{id}?{query}", form_path(&of.account))).into_response()),
        None => {
            let error = FieldError::new("text", "choose a file, or paste the numbers");
            Ok(again(list_form(&of, &WrittenList { text, reading }, Some(&error))))
        }
    }
}

#[derive(Deserialize)]
struct UploadPath {
    upload: String,
}

/// A list that was read.
struct List {
    kept: Kept,
    reading: Reading,
    file: NumberFile,
}

impl List {
    /// The list, or the form again with what is wrong with it.
    async fn read(
        site: &Site,
        of: &OfAccount<Operate>,
        upload: &str,
        reading: Reading,
    ) -> Result<Result<Self, Response>, Failed> {
        let kept = Kept::find(site, of, "screen", upload)?;
        let (options, bytes) = (reading.options(&of.account), kept.file.clone());
        let read = move |stop: &dialguard_dialer::ledger::Stop| {
            NumberFile::read(&bytes.bytes, &options, |_, _| !stop.is_set())
        };
        let error = match site.work().run(&of.caller, read).await? {
            Ok(file) if file.numbers.len() > NUMBERS_PER_CALL_MAX => {
                let (given, most) = (thousands(file.numbers.len() as u64), thousands(NUMBERS_PER_CALL_MAX as u64));
                FieldError::new("text", format!("the list has {given} numbers; give at most {most}"))
            }
            Ok(file) => return Ok(Ok(List { kept, reading, file })),
            Err(error @ (NumberFileError::NoColumn(_) | NumberFileError::NoSuchColumn { .. })) => {
                FieldError::new("column", error)
            }
            Err(error) => FieldError::new("text", error),
        };
        // What was pasted stays in the form; a file is chosen again.
        let is_pasted = kept.file.name.is_none();
        let text = if is_pasted { String::from_utf8_lossy(&kept.file.bytes).into_owned() } else { String::new() };
        Ok(Err(again(list_form(of, &WrittenList { text, reading }, Some(&error)))))
    }

    fn numbers(&self) -> Vec<PhoneNumber> {
        self.file.numbers.iter().map(|(_, number)| number.digits()).collect()
    }

    fn cost(&self) -> Result<ScreeningCost, Failed> {
        let cost = || self.kept.dialguard.screening_cost(&self.kept.account.id, &self.numbers());
        Ok(tokio::task::block_in_place(cost)?)
    }

    fn page(&self, of: &OfAccount<Operate>, cost: &ScreeningCost, error: Option<&FieldError>) -> Markup {
        let (kept, path) = (&self.kept, form_path(&self.kept.account));
        let content = html! {
            h1 { "Screen " (count(cost.numbers as u64, "number")) "?" }
            section.panel.results {
                p { strong { (kept.name(PASTED)) } ": " (recognized(&self.file)) "." }
                @if cost.numbers > 0 { (asked_of_sources(cost)) p { "The account does not change." } }
                @else { p.warning { "No number was read." } }
                form method="post" action=(kept.path) {
                    (no_default())
                    @for (name, value) in self.reading.fields() { input type="hidden" name=(name) value=(value); }
                    @if let Some(count) = count_of(cost) { (typed_count(count, (&self.reading.confirm, error))) }
                    p.choices {
                        @if cost.numbers > 0 { button.costs { (screen_label(cost)) } }
                        a.button.back href=(path) autofocus[error.is_none()] { "Another list" }
                        a.button href=(account_path(&kept.account.id)) { "Cancel" }
                    }
                }
                (refused_list(&self.file.bad_rows, &format!("{}/refused.csv?{}", kept.path, self.reading.query())))
            }
        };
        page(&of.caller, Some((&kept.account, Tab::Numbers)), "Screen numbers", content)
    }
}

/// The count to type before many numbers are screened for money.
fn count_of(cost: &ScreeningCost) -> Option<usize> {
    count_to_type(cost.numbers, cost.cents()).filter(|_| cost.micros() > 0)
}

async fn preview(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<Reading>,
) -> Result<Response, Failed> {
    Ok(match List::read(&site, &of, &upload, reading).await? {
        Ok(list) => list.page(&of, &list.cost()?, None).into_response(),
        Err(form) => form,
    })
}

async fn screen(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Form(reading): Form<Reading>,
) -> Result<Response, Failed> {
    let list = match List::read(&site, &of, &upload, reading).await? {
        Ok(list) => list,
        Err(form) => return Ok(form),
    };
    let cost = list.cost()?;
    if let Some(count) = count_of(&cost).filter(|count| !is_count(&list.reading.confirm, *count)) {
        let error = FieldError::new("confirm", format!("type {} to screen them", thousands(count as u64)));
        return Ok(again(list.page(&of, &cost, Some(&error))));
    }
    let account = &of.account;
    let screened = site.dialguard().screen_all(&account.id, &list.numbers()).await?;
    let table = ScreenedTable::new(&site, account, &screened)?;
    let file = keep_file(&site, &of, "screened.csv", table.file())?;
    let content = html! {
        section.panel.results {
            (table.render(&file))
            p.choices {
                a.button.first href=(form_path(account)) { "Screen another list" }
                a.button href={ (account_path(&account.id)) "/import" } { "Import numbers" }
                a.button href=(account_path(&account.id)) { "Back to numbers" }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Screened numbers", content).into_response())
}

/// The rows of which no number was read.
async fn refused(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path(UploadPath { upload }): Path<UploadPath>,
    Query(reading): Query<Reading>,
) -> Result<Response, Failed> {
    let list = match List::read(&site, &of, &upload, reading).await? {
        Ok(list) => list,
        Err(form) => return Ok(form),
    };
    let options = list.reading.options(&of.account);
    let rows = refused_rows(&list.kept.file.bytes, &options, super::upload::refused_in_file(&list.file.bad_rows));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"refused.csv\""),
    ];
    Ok((headers, rows.map_err(Problem::from)?).into_response())
}

/// How numbers rate right now, and what each carrier says.
pub struct ScreenedTable<'a> {
    numbers: ScreenedNumbers<'a>,
    problems: &'a [String],
    account: &'a AccountProfile,
}

impl<'a> ScreenedTable<'a> {
    pub fn new(site: &Site, account: &'a AccountProfile, screened: &'a Screened) -> Result<Self, LedgerError> {
        let numbers = ScreenedNumbers::new(screened, site.dialguard().ledger().carriers()?);
        Ok(ScreenedTable { numbers, problems: &screened.problems, account })
    }

    pub fn file(&self) -> Vec<u8> {
        self.numbers.file()
    }

    /// `file` has all of it.
    pub fn render(&self, file: &str) -> Markup {
        html! {
            h1 { (self.numbers.in_words()) }
            p {
                "As the sources say now and the policy rates it with the settings of " (self.account.id) ". "
                a href=(file) download { "Download as CSV" }
            }
            @for problem in self.problems { p.warning { (told(problem)) } }
            @for (place, (status, name, screenings)) in self.numbers.groups().into_iter().enumerate() {
                details.group open[place == 0] {
                    summary { (count(screenings.len() as u64, "number")) " " span class=(status.name()) { (name) } }
                    div.listed tabindex="0" role="region" aria-label={ (name) " numbers" } { table.screened {
                        thead { tr {
                            th scope="col" { "Number" } th scope="col" { "Flagged by" }
                            @for carrier in &self.numbers.carriers { th scope="col" { (carrier.name) } }
                        } }
                        tbody { @for it in screenings.iter().take(LISTED_MAX) { tr {
                            td.number { (shown(it.number)) }
                            td { (it.flagging) " of " (it.answering) }
                            @for carrier in &self.numbers.carriers { td { (said(self.numbers.answer(it.number, carrier))) } }
                        } } }
                    } }
                    (unlisted(screenings.len()))
                }
            }
        }
    }
}

/// What a carrier says: its score, and the label that a handset shows.
fn said(answer: Option<&CarrierAnswer>) -> Markup {
    html! {
        @match answer.map(|answer| (answer.score, answer.label.as_deref())) {
            None => span.quiet { "no answer" },
            Some((None, _)) => span.quiet { "no data" },
            Some((Some(score), label)) => { (score) @if let Some(label) = label.filter(|label| !label.is_empty()) { " " (label) } },
        }
    }
}
