//! Outside services: where verdicts come from, and where numbers are bought.

mod fields;
mod providers;
mod sources;

use crate::web::Site;
use axum::Router;

pub fn routes() -> Router<Site> {
    Router::new().merge(providers::routes()).merge(sources::routes())
}
