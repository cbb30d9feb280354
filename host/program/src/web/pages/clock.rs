//! The time: a leap that is on hold until an administrator confirms it.

use super::{Failed, page};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::words::time_in_words;
use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::get;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/clock", get(show).post(accept))
}

async fn show(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    let dialguard = site.dialguard();
    let time = dialguard.ledger().time_at(dialguard.now())?;
    let content = html! {
        h1 { "Clock" }
        section.panel {
            @match &time.leap {
                Some(leap) => {
                    p.warning { "Reviews and changes are on hold: " (leap) "." }
                    p { "If the time is wrong, correct the clock of the server. If it is right, confirm it: each account is then charged with its next change." }
                    form.buttons method="post" action="/clock" { button.first { "Confirm the time" } }
                }
                None => p { (time_in_words(&time)) },
            }
        }
    };
    Ok(page(&caller, None, "Clock", content))
}

async fn accept(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Redirect, Failed> {
    let dialguard = site.acting_as(&caller);
    tokio::task::block_in_place(|| dialguard.ledger().accept_time(dialguard.now()))?;
    Ok(Redirect::to("/clock"))
}
