//! What all pages look alike in.

use super::account::address;
use super::review;
use crate::web::assets;
use crate::web::caller::Caller;
use dialguard::calendar::{Tz, rfc3339, utc};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::AccountProfile;
use maud::{DOCTYPE, Markup, html};

/// Where in an account a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Numbers,
    Orders,
    Activity,
    Policy,
    Settings,
}

impl Tab {
    const ALL: [Tab; 5] = [Tab::Numbers, Tab::Orders, Tab::Activity, Tab::Policy, Tab::Settings];

    fn title(self) -> &'static str {
        match self {
            Tab::Numbers => "Numbers",
            Tab::Orders => "Replacements",
            Tab::Activity => "Activity",
            Tab::Policy => "Policy",
            Tab::Settings => "Settings",
        }
    }

    fn address(self, account: &str) -> String {
        let below = match self {
            Tab::Numbers => "",
            Tab::Orders => "/orders",
            Tab::Activity => "/activity",
            Tab::Policy => "/policy",
            Tab::Settings => "/settings",
        };
        address(account) + below
    }
}

/// A page of an account, or of none.
pub fn page(caller: &Caller, of: Option<(&AccountProfile, Tab)>, title: &str, content: Markup) -> Markup {
    let place = of.map_or(title.to_owned(), |(account, _)| format!("{title} · {}", account.id));
    document(
        &place,
        html! {
            header.top {
                a.brand href="/" { img src=(assets::address("/assets/mark.svg")) alt="" width="24" height="24"; "Dialguard" }
                @if let Some((account, here)) = of {
                    span.account { (account.id) }
                    nav aria-label="Account" {
                        @for tab in Tab::ALL {
                            a href=(tab.address(&account.id)) aria-current=[(tab == here).then_some("page")] { (tab.title()) }
                        }
                    }
                }
                @if let Some((account, _)) = of { (review::button(caller, account)) }
                form.sign-out method="post" action="/sign-out" {
                    span.caller { (caller.name) }
                    button { "Sign out" }
                }
            }
            @if of.is_some() { (review::told_here()) }
            main data-account=[of.map(|(account, _)| &account.id)] data-revision=[of.map(|(account, _)| account.revision)] {
                (content)
            }
        },
    )
}

/// A page for somebody who is not signed in.
pub fn bare(title: &str, content: Markup) -> Markup {
    document(title, html! { main.bare { (content) } })
}

fn document(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Dialguard" }
                link rel="icon" href=(assets::address("/assets/mark.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("/assets/page.css"));
                script type="module" src=(assets::address("/assets/page.js")) {}
                script type="module" src=(assets::address("/assets/live.js")) {}
            }
            body { (body) }
        }
    }
}

/// The local time to the minute, readable for programs too.
pub fn moment(at: Timestamp, zone: Tz) -> Markup {
    let local = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) { (local.format("%-d %b %Y, %H:%M")) } }
}
