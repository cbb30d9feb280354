//! Links to an account's exported tables.

use super::Failed;
use crate::export::{Format, Table, TableFile};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Read};
use crate::web::download::{FileName, download};
use crate::words::capital;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/export/{file}", get(export))
}

/// The export section of the settings page.
pub fn section(account: &str) -> Markup {
    let path = |file: TableFile| format!("{}/export/{}", account_path(account), file.name());
    html! {
        section.panel aria-labelledby="export" {
            h2 #export { "Export" }
            p { "The account's whole record, a table in each file: CSV for spreadsheets, JSON lines for programs." }
            table {
                thead { tr { th { "Table" } th { "Rows" } th { "Files" } } }
                tbody {
                    @for table in Table::ALL {
                        tr {
                            td { (capital(table.name())) }
                            td { (capital(table.about())) }
                            td {
                                a href=(path(TableFile { table, format: Format::Csv })) download aria-label={ (capital(table.name())) " as CSV" } { "CSV" } " "
                                a href=(path(TableFile { table, format: Format::Jsonl })) download aria-label={ (capital(table.name())) " as JSON lines" } { "JSON lines" }
                            }
                        }
                    }
                }
            }
        }
    }
}

async fn export(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Path((_, FileName(file))): Path<(String, FileName)>,
) -> Result<impl IntoResponse, Failed> {
    Ok(download(&site, &of, file)?)
}
