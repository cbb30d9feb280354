//! Importing and exporting numbers as CSV.

use super::filter::Filter;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{count, e164, thousands};
use axum::Router;
use axum::extract::{Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use dialguard::calendar::rfc3339;
use dialguard::contract::{Carrier, PhoneNumber};
use dialguard_dialer::ledger::{ImportedAs, KnownNumber, LatestAnswers};
use dialguard_dialer::number_file::{ImportedFile, NumberFile, ReadOptions};
use dialguard_dialer::table_file::{csv_of, inert};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/import", get(form).post(import))
        .route("/accounts/{account}/numbers.csv", get(export))
}

async fn form(of: OfAccount<Operate>) -> Markup {
    let id = &of.account.id;
    let content = html! {
        h1 { "Import numbers" }
        form.panel.import method="post" action={ (account_path(id)) "/import" } enctype="multipart/form-data" {
            p {
                "Upload a CSV file with a column " code { "number" } " or " code { "phone" } ". Without a header row, the first column is used. "
                "Write numbers in the national format of " (of.account.region.to_string()) " or in E.164, such as " code { "+13105550123" } "."
            }
            label { "CSV file" input type="file" name="file" accept=".csv,.txt,text/csv,text/plain"; }
            label { "Or paste numbers, one per line" textarea name="text" rows="6" spellcheck="false" {} }
            fieldset {
                legend { "Import as" }
                label.tick { input type="radio" name="as" value="owned" checked; span { "Numbers of this account. Monitoring starts only when you select them." } }
                label.tick { input type="radio" name="as" value="candidates"; span { "Candidates: numbers on hand that can replace flagged ones. " a href={ (account_path(id)) "/candidates" } { "Show them" } "." } }
            }
            p.choices { button.first { "Import" } a.button href=(account_path(id)) { "Cancel" } }
        }
    };
    page(&of.caller, Some((&of.account, Tab::Numbers)), "Import numbers", content)
}

/// What a user submitted.
#[derive(Default)]
struct ImportForm {
    file: Vec<u8>,
    text: Vec<u8>,
    are_candidates: bool,
}

async fn read_form(mut fields: Multipart) -> Result<ImportForm, Problem> {
    let unreadable = |error: axum::extract::multipart::MultipartError| Problem::new(error.status(), error.body_text());
    let mut form = ImportForm::default();
    while let Some(field) = fields.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(unreadable)?;
        match name.as_str() {
            "file" => form.file = content.into(),
            "text" => form.text = content.into(),
            "as" => form.are_candidates = &content[..] == b"candidates",
            _ => {}
        }
    }
    Ok(form)
}

async fn import(State(site): State<Site>, of: OfAccount<Operate>, fields: Multipart) -> Result<Markup, Failed> {
    let (account, dialguard) = (&of.account, site.dialguard());
    let ImportForm { file, text, are_candidates } = read_form(fields).await?;
    let content = if file.is_empty() { text } else { file };
    let imported_as = if are_candidates { ImportedAs::Candidate } else { ImportedAs::Owned };
    let imported = tokio::task::block_in_place(|| {
        let read = NumberFile::read(&content, &ReadOptions::new(account.region), |_, _| {});
        let read = read.map_err(|error| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Nothing was imported: {error}."))
        })?;
        Ok::<_, Problem>(read.import(dialguard.ledger(), &account.id, imported_as, dialguard.now())?)
    })?;
    let content = result(&account_path(&account.id), &imported, if are_candidates { "candidate" } else { "number" });
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Import finished", content))
}

fn result(account_path: &str, imported: &ImportedFile, what: &str) -> Markup {
    let ImportedFile { imported, known_before, refused, .. } = imported;
    html! {
        section.panel.results {
            h1 { (count(*imported as u64, what)) " imported" }
            p { (thousands(*known_before as u64)) " already known, " (thousands(refused.len() as u64)) " rejected." }
            @if !refused.is_empty() {
                div.wide { table {
                    thead { tr { th.figure { "Row" } th { "Reason" } } }
                    tbody { @for bad in refused { tr { td.figure { (bad.row) } td.failed { (bad.why) } } } }
                } }
            }
            p.choices { a.button.first href=(account_path) { "Back to numbers" } a.button href={ (account_path) "/import" } { "Import more" } }
        }
    }
}

async fn export(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let file = tokio::task::block_in_place(|| {
        let numbers = ledger.number_page(&account.id, &filter.query(now_of(&site, account), 0, u32::MAX))?.numbers;
        let digits: Vec<PhoneNumber> = numbers.iter().map(|known| known.number).collect();
        let answers = ledger.latest_answers(&account.id, &digits)?;
        Ok::<_, Problem>(numbers_csv(&numbers, &ledger.carriers()?, &answers))
    })?;
    let name = account.id.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{name}-numbers.csv\"");
    Ok((
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)],
        file,
    ))
}

/// One row per number: its slot and status, then each carrier's score and label.
fn numbers_csv(numbers: &[KnownNumber], carriers: &[Carrier], answers: &LatestAnswers) -> Vec<u8> {
    let heading = |of: &str, carrier: &Carrier| inert(&format!("{} {of}", carrier.name)).into_owned();
    let header = ["number", "slot", "status", "status-since", "replacement-pending"].map(str::to_owned).into_iter();
    let header =
        header.chain(carriers.iter().flat_map(|carrier| [heading("score", carrier), heading("label", carrier)]));
    let rows = numbers.iter().map(|known| {
        let (slot, status, since) = match known.monitored {
            Some((slot, status, since)) => (slot.to_string(), status.name().to_owned(), rfc3339(since)),
            None => Default::default(),
        };
        let own = [e164(known.number), slot, status, since, known.replacement_pending.to_string()].into_iter();
        let answers = answers.get(&known.number).map_or(&[][..], Vec::as_slice);
        let row = own.chain(carriers.iter().flat_map(|carrier| {
            let answer = answers.iter().find(|answer| answer.carrier == carrier.id);
            let score = answer.and_then(|answer| answer.score).map(|score| score.to_string());
            let label = answer.and_then(|answer| answer.label.as_deref()).map(|label| inert(label).into_owned());
            [score.unwrap_or_default(), label.unwrap_or_default()]
        }));
        row.collect::<Vec<String>>()
    });
    csv_of(std::iter::once(header.collect()).chain(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::contract::Status;
    use dialguard_dialer::ledger::CarrierAnswer;

    #[test]
    fn labels_cannot_become_formulas() {
        let known = KnownNumber {
            number: 13_105_550_100,
            monitored: Some((3, Status::Flagged, 0)),
            replacement_pending: false,
            is_owned: true,
        };
        let carriers = [Carrier { id: 1, name: "=A".into() }, Carrier { id: 2, name: "B".into() }];
        let label = Some("=HYPERLINK(\"http://evil.example\",\"Spam, likely\")".into());
        let answer = CarrierAnswer { number: known.number, carrier: 1, score: Some(95), label, observed_at: 0 };
        let answers = LatestAnswers::from([(known.number, vec![answer])]);
        let file = String::from_utf8(numbers_csv(&[known], &carriers, &answers)).unwrap();
        let expected = "number,slot,status,status-since,replacement-pending,'=A score,'=A label,B score,B label\n\
            +13105550100,3,flagged,1970-01-01T00:00:00Z,false,95,\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"Spam, likely\"\")\",,\n";
        assert_eq!(file, expected);
    }
}
