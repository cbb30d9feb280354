//! An account's numbers: how many are in use, their status, and what users can do with them.

mod actions;
mod add_on;
mod chart;
mod credit;
mod export;
mod figures;
mod filter;
mod head;
mod import;
mod number;
mod table;

use filter::Filter;

pub use figures::Figures;

use super::layout::Tab;
use super::{Failed, clock, page};
use crate::web::Site;
use crate::web::auth::{OfAccount, Read};
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
        .merge(credit::routes())
        .merge(export::routes())
        .merge(import::routes())
        .merge(number::routes())
}

async fn numbers(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Failed> {
    let head = head::head(&site, &of).await?;
    let table = tokio::task::block_in_place(|| table::table(&site, &of, &filter))?;
    let content = html! { (clock::notice(&site, &of.caller)?) (head) (table) };
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Numbers", content))
}
