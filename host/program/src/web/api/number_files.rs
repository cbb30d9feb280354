//! Importing files of numbers as they are, and the rows that were refused.

use super::failures::ChangeFailures;
use super::input::{FileBody, InAccount, QueryParams};
use super::keyed::ChangedNothing;
use super::numbers::ImportKind;
use crate::json::ImportedFile;
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate};
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use dialguard_dialer::ledger::Stop;
use dialguard_dialer::number_file::{NumberFile, REFUSED_ROWS_MAX, ReadOptions, refused_rows};
use dialguard_dialer::phone::{Letters, Region};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(refused))
}

/// A file of numbers as it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
struct FileContent(Vec<u8>);

/// How to read the file, and whether to import it.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Importing {
    /// The column with the numbers, by its name in the header or its place from 1. Recognized if missing.
    #[param(example = "Phone #")]
    column: Option<String>,
    /// Read vanity numbers such as `1-800-FLOWERS`, which are refused otherwise.
    #[serde(default)]
    #[param(default = false)]
    vanity: bool,
    /// What to import them as.
    #[serde(rename = "as", default)]
    #[param(inline)]
    kind: ImportKind,
    /// Change nothing: the answer says what an import would do.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

impl Importing {
    fn options(&self, region: Region) -> ReadOptions {
        ReadOptions { region, column: self.column.clone(), letters: Letters::vanity_if(self.vanity) }
    }
}

/// Import a file of numbers, or preview that
///
/// Requires the role `operate`. The body is the file itself: CSV with commas, semicolons, tabs or bars, in UTF-8, UTF-16 or
/// Windows-1252. The column with the numbers is recognized by its name or its content. Rows that leave doubt about their
/// number are refused, each with its reason, and do not stop the rest.
#[utoipa::path(
    post,
    path = "/accounts/{account}/numbers/import",
    operation_id = "import-number-file",
    tag = "numbers",
    params(InAccount, Importing),
    request_body(
        content = FileContent,
        content_type = "application/octet-stream",
        description = "The file, of at most 8 MiB, 1,000,000 rows, and as many fields in a row. Any media type but JSON and forms is taken, such as `text/csv`"
    ),
    responses((status = 200, description = "How the file was read, and the result", body = ImportedFile), ChangeFailures)
)]
async fn import(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    QueryParams(importing): QueryParams<Importing>,
    FileBody(bytes): FileBody,
) -> Result<Response, Problem> {
    let (dialguard, account, dry_run) = (site.acting_as(&of.caller), of.account, importing.dry_run);
    let import = move |stop: &Stop| {
        let file = NumberFile::read(&bytes, &importing.options(account.region), |_, _| !stop.is_set())?;
        let (ledger, imported_as, now) = (dialguard.ledger(), importing.kind.into(), dialguard.now());
        let outcome = match dry_run {
            true => file.preview(ledger, &account.id, imported_as, now),
            false => file.import_while(ledger, &account.id, imported_as, now, |_| !stop.is_set()),
        }?;
        Ok::<_, Problem>(ImportedFile::new(&file, &outcome, dry_run))
    };
    let answer = Json(site.work().run(&of.caller, import).await??);
    Ok(if dry_run { (Extension(ChangedNothing), answer).into_response() } else { answer.into_response() })
}

/// Get the refused rows of a file of numbers as a file
///
/// Requires the role `operate`. Send the file and the parameters of the import, before it or after it. The answer is a CSV
/// file of the first 100,000 refused rows with the column `reason`, to be corrected and imported. Changes nothing,
/// whatever `dry-run` is.
#[utoipa::path(
    post,
    path = "/accounts/{account}/numbers/import/refused",
    operation_id = "get-refused-rows",
    tag = "numbers",
    params(InAccount, Importing),
    request_body(
        content = FileContent,
        content_type = "application/octet-stream",
        description = "The file, of at most 8 MiB, 1,000,000 rows, and as many fields in a row. Any media type but JSON and forms is taken, such as `text/csv`"
    ),
    responses(
        (status = 200, description = "The refused rows", body = String, content_type = "text/csv"),
        ChangeFailures
    )
)]
async fn refused(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    QueryParams(importing): QueryParams<Importing>,
    FileBody(bytes): FileBody,
) -> Result<impl IntoResponse, Problem> {
    let (dialguard, account) = (site.dialguard().clone(), of.account);
    let options = importing.options(account.region);
    let refused = move |stop: &Stop| {
        let file = NumberFile::read(&bytes, &options, |_, _| !stop.is_set())?;
        let outcome = file.preview(dialguard.ledger(), &account.id, importing.kind.into(), dialguard.now())?;
        let refused = &outcome.refused[..outcome.refused.len().min(REFUSED_ROWS_MAX)];
        Ok::<_, Problem>(refused_rows(&bytes, &options, refused)?)
    };
    let rows = site.work().run(&of.caller, refused).await??;
    Ok((Extension(ChangedNothing), [(header::CONTENT_TYPE, "text/csv; charset=utf-8")], rows))
}
