//! Exported tables as downloads, for the API and the dashboard.

use crate::export::{Export, TableFile};
use crate::web::Site;
use crate::web::auth::now_of;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use dialguard_dialer::ledger::AccountProfile;
use serde::Deserialize;

/// The file in a path.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct FileName(pub TableFile);

impl TryFrom<String> for FileName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse().map(FileName)
    }
}

/// The account's table. It is read as fast as the client takes it; if reading fails midway, the connection breaks off, so
/// that a part is not taken for the whole.
pub fn download(site: &Site, account: &AccountProfile, file: TableFile) -> impl IntoResponse + use<> {
    let mut export = Export::new(site.dialguard().ledger(), &account.id, file, now_of(site, account));
    let parts = std::iter::from_fn(move || tokio::task::block_in_place(|| export.next()));
    let id = account.id.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{id}-{}\"", file.name());
    let headers =
        [(header::CONTENT_TYPE, file.format.media_type().to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, Body::from_stream(tokio_stream::iter(parts)))
}
