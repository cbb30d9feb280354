//! What a demo's pages have beside the others: a band on each, and the story on its account's.

use crate::web::Site;
use crate::web::address::account_path;
use crate::web::pages::layout::told;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use maud::{Markup, html};

tokio::task_local! {
    /// Whether the page that is made in this task is a demo's. Pages of errors and for strangers know no site.
    static IS_DEMO: bool;
}

/// Marks the pages of a demo.
pub async fn in_demo(State(site): State<Site>, request: Request, next: Next) -> Response {
    IS_DEMO.scope(site.is_demo(), next.run(request)).await
}

/// On top of every page of a demo.
pub fn band() -> Markup {
    html! {
        @if IS_DEMO.try_with(|is_demo| *is_demo).unwrap_or_default() {
            aside.demo aria-label="Demo" {
                strong { "Demo" } ": made-up numbers and carriers on this machine. Nothing is bought, and all is gone when it stops."
            }
        }
    }
}

/// What happened before the visitor came, and what to look at.
pub fn story(site: &Site, account: Option<&str>) -> Markup {
    let demo = site.0.demo.as_ref().map(|running| &running.demo);
    let demo = demo.filter(|demo| account.is_none_or(|account| account == demo.account));
    html! {
        @if let Some(demo) = demo {
            details.panel.story open {
                summary { "What happened in these two weeks" }
                p { (told(&demo.summary)) }
                ul {
                    @for line in &demo.story {
                        li { (told(&line.text)) " " a href={ (account_path(&demo.account)) (line.path) } { (line.link) } "." }
                    }
                }
            }
        }
    }
}
