//! What all pages share: the frame around their content, and how they show times, numbers and icons.

use crate::web::address::{account_path, number_path};
use crate::web::assets;
use crate::web::auth::Caller;
use crate::words::e164;
use dialguard::calendar::{rfc3339, utc};
use dialguard::contract::{PhoneNumber, Status, Timestamp};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::zones::Zone;
use maud::{DOCTYPE, Markup, html};

/// The tabs of an account.
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

    fn path(self, account: &str) -> String {
        let below = match self {
            Tab::Numbers => "",
            Tab::Orders => "/orders",
            Tab::Activity => "/activity",
            Tab::Policy => "/policy",
            Tab::Settings => "/settings",
        };
        account_path(account) + below
    }
}

/// A page for a signed-in user, in an account or outside any.
pub fn page(caller: &Caller, of: Option<(&AccountProfile, Tab)>, title: &str, content: Markup) -> Markup {
    let full_title = of.map_or(title.to_owned(), |(account, _)| format!("{title} · {}", account.id));
    document(
        &full_title,
        html! {
            header.top {
                a.brand href="/" { img src=(assets::address("/assets/mark.svg")) alt="" width="24" height="24"; "Dialguard" }
                @if let Some((account, here)) = of {
                    span.account { (account.id) @if account.closed_at.is_some() { " " strong { "Closed" } } }
                    nav aria-label="Account" {
                        @for tab in Tab::ALL {
                            a href=(tab.path(&account.id)) aria-current=[(tab == here).then_some("page")] { (tab.title()) }
                        }
                    }
                    (review_button(caller, account))
                }
                form.sign-out method="post" action="/sign-out" {
                    span.caller { (caller.name) }
                    button { "Sign out" }
                }
            }
            @if of.is_some() { (review_progress()) }
            main data-account=[of.map(|(account, _)| &account.id)] data-revision=[of.map(|(account, _)| account.revision)] {
                (content)
            }
        },
    )
}

/// A page for users who are not signed in.
pub fn bare(title: &str, content: Markup) -> Markup {
    document(title, html! { main.bare { (content) } })
}

/// A page that anybody may read, with wide content.
pub fn bare_wide(title: &str, content: Markup) -> Markup {
    document(
        title,
        html! {
            header.top { a.brand href="/" { img src=(assets::address("/assets/mark.svg")) alt="" width="24" height="24"; "Dialguard" } }
            main { (content) }
        },
    )
}

/// A local time to the minute, also readable by programs.
pub fn moment(at: Timestamp, zone: Zone) -> Markup {
    let local = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) { (local.format("%-d %b %Y, %H:%M")) } }
}

/// A number of this account, linked to its page.
pub fn number_link(account: &str, number: PhoneNumber) -> Markup {
    html! { a.number href=(number_path(account, number)) { (e164(number)) } }
}

/// A status as users read it: `at risk`.
pub fn status_label(status: Status) -> &'static str {
    if status == Status::AtRisk { "at risk" } else { status.name() }
}

/// A drawing from `assets/marks.svg`. It is decoration: the same is always said in words beside it.
pub fn icon(name: &str) -> Markup {
    html! {
        svg.icon aria-hidden="true" width="18" height="18" { use href={ (assets::address("/assets/marks.svg")) "#" (name) } {} }
    }
}

/// `Review now`, for users who may operate the account. While the add-on is off, there is nothing to review.
fn review_button(caller: &Caller, account: &AccountProfile) -> Markup {
    html! {
        @if caller.grant.role >= Role::Operate && account.enabled {
            form.review-now method="post" action={ (account_path(&account.id)) "/review" } {
                button title="Check numbers that have not been rated today" { "Review now" }
            }
        }
    }
}

/// Where the script shows a review's progress and its result.
fn review_progress() -> Markup {
    html! {
        div.review-progress hidden {
            progress aria-label="Numbers checked" {}
            p role="status" {}
        }
    }
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
