//! An account's numbers: how many are in use, their status, and what users can do with them.

mod actions;
mod add_on;
mod banner;
mod call_chart;
mod calls;
mod chart;
mod credit;
mod figures;
mod filter;
mod head;
mod import;
mod legend;
mod mark;
mod number;
mod numbers_file;
mod screen;
mod table;
mod upload;
mod watched;

use filter::Filter;

pub use actions::proposal;
pub use figures::Figures;
pub use watched::answered_lately;

use super::layout::Tab;
use super::{Failed, page, setup};
use crate::web::Site;
use crate::web::auth::{OfAccount, Read};
use crate::web::query::Query;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}", get(numbers))
        .merge(actions::routes())
        .merge(add_on::routes())
        .merge(credit::routes())
        .merge(numbers_file::routes())
        .merge(import::routes())
        .merge(screen::routes())
        .merge(calls::routes())
        .merge(number::routes())
}

async fn numbers(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Failed> {
    let head = head::head(&site, &of, &filter).await?;
    let (of, table) = site
        .lists()
        .run(&of.caller.clone(), {
            let site = site.clone();
            move |_| {
                let table = table::table(&site, &of, &filter);
                (of, table)
            }
        })
        .await?;
    let table = table?;
    let content = html! {
        (setup::checklist(&site, &of.caller, Some(&of.account))?)
        (head.top)
        div.of-account {
            (table)
            (head.beside)
        }
    };
    Ok(page(&of.caller, Some((&of.account, Tab::Numbers)), "Numbers", content))
}
