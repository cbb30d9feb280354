//! Exporting an account's whole record.

use super::failures::Failures;
use super::input::{InAccount, PathParams};
use crate::web::Site;
use crate::web::auth::{OfAccount, Read};
use crate::web::download::{FileName, download};
use crate::web::problem::Problem;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(export))
}

/// A file in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InFile {
    /// A table and a format.
    #[param(
        example = "events.csv",
        value_type = String,
        pattern = r"^(account|numbers|events|money|orders|runs|ratings|answers)\.(csv|jsonl)$"
    )]
    file: FileName,
}

/// Export a table of the account's record, whole
///
/// Requires the role `read`. `account` has one row; `numbers` has those that the account has or had last, `money` the charges
/// and credits among the `events`, `orders` the replacements with what their numbers cost, `runs` the reviews and requests,
/// `ratings` and `answers` what reviews on record rated and what carriers answered. A closed account can be exported too.
#[utoipa::path(
    get,
    path = "/accounts/{account}/export/{file}",
    operation_id = "export-account",
    tag = "accounts",
    params(InAccount, InFile),
    responses(
        (status = 200, description = "The table, with a row for each element", content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Failures
    )
)]
async fn export(
    State(site): State<Site>,
    of: OfAccount<Read>,
    PathParams(InFile { file: FileName(file) }): PathParams<InFile>,
) -> Result<impl IntoResponse, Problem> {
    Ok(download(&site, &of, file)?)
}
