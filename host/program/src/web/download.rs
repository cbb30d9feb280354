//! Exported tables as downloads, for the API and the dashboard.

use crate::export::{Export, TableFile};
use crate::web::Site;
use crate::web::auth::{Caller, OfAccount, now_of};
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use dialguard_dialer::policies::PoliciesError;
use serde::Deserialize;
use std::error::Error;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

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
pub fn download<R>(
    site: &Site,
    of: &OfAccount<R>,
    file: TableFile,
) -> Result<impl IntoResponse + use<R>, PoliciesError> {
    let (account, live) = (&of.account, site.dialguard().policies().live()?);
    let export = Export::new(site.dialguard().ledger(), &live.declaration, &account.id, file, now_of(site, account));
    let id = account.id.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{id}-{}\"", file.name());
    let headers =
        [(header::CONTENT_TYPE, file.format.media_type().to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, body(site, &of.caller, export)))
}

/// A body of these parts. Each is read when the client has taken the one before, until there are no more or the client is
/// gone.
pub fn body<P, E>(site: &Site, caller: &Caller, parts: P) -> Body
where
    P: Iterator<Item = Result<Vec<u8>, E>> + Send + 'static,
    E: Error + Send + Sync + 'static,
{
    let (site, caller) = (site.clone(), caller.clone());
    let (send, taken) = mpsc::channel(1);
    tokio::spawn(async move {
        tokio::select! {
            () = send_all(&site, &caller, parts, &send) => {}
            () = send.closed() => {}
        }
    });
    Body::from_stream(ReceiverStream::new(taken))
}

async fn send_all<P, E>(site: &Site, caller: &Caller, mut parts: P, send: &mpsc::Sender<Result<Vec<u8>, E>>)
where
    P: Iterator<Item = Result<Vec<u8>, E>> + Send + 'static,
    E: Error + Send + Sync + 'static,
{
    while let Ok(room) = send.reserve().await {
        let part;
        (part, parts) = site.work().run_in_turn(caller, move |_| (parts.next(), parts)).await;
        let Some(part) = part else { return };
        if let Err(error) = &part {
            tracing::warn!("an export was cut short: {error}");
        }
        room.send(part);
    }
}
