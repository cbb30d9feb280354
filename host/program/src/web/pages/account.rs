//! An account's page: its figures, its numbers, and what can be done with them.

mod actions;
mod add_on;
mod figures;
mod files;
mod filter;
mod head;
mod number;
mod picture;
mod table;

use filter::Filter;

pub use figures::Figures;
pub use table::link;

use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::{OfAccount, Read};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use axum_extra::extract::Query;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}", get(numbers))
        .merge(actions::routes())
        .merge(add_on::routes())
        .merge(files::routes())
        .merge(number::routes())
}

/// The address of an account's page, whatever is in its id.
pub fn address(id: &str) -> String {
    let mut url = url::Url::parse("http://page/").expect("an address");
    url.path_segments_mut().expect("it has a path").extend(["accounts", id]);
    url.path().to_owned()
}

async fn numbers(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Failed> {
    let head = head::head(&site, &of).await?;
    let table = tokio::task::block_in_place(|| table::table(&site, &of, &filter))?;
    let content = html! { (head) (table) };
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Numbers", content))
}
