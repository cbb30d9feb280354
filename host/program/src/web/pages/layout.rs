//! What all pages share: the frame around their content, and how they show times, numbers and icons.

use super::attention::Shown;
use super::demo;
use crate::web::address::{account_path, number_path};
use crate::web::assets;
use crate::web::auth::Caller;
use crate::words::{e164, readable};
use dialguard::calendar::{rfc3339, utc};
use dialguard::contract::{PhoneNumber, Status, Timestamp};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::phone::{Part, split_at_numbers};
use dialguard_dialer::zones::Zone;
use maud::{DOCTYPE, Markup, html};

/// The tabs of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Numbers,
    Orders,
    Candidates,
    Activity,
    Billing,
    Policy,
    Settings,
}

impl Tab {
    const ALL: [Tab; 7] =
        [Tab::Numbers, Tab::Orders, Tab::Candidates, Tab::Activity, Tab::Billing, Tab::Policy, Tab::Settings];

    fn title(self) -> &'static str {
        match self {
            Tab::Numbers => "Numbers",
            Tab::Orders => "Replacements",
            Tab::Candidates => "Candidates",
            Tab::Activity => "Activity",
            Tab::Billing => "Billing",
            Tab::Policy => "Policy",
            Tab::Settings => "Settings",
        }
    }

    fn path(self, account: &str) -> String {
        let below = match self {
            Tab::Numbers => "",
            Tab::Orders => "/orders",
            Tab::Candidates => "/candidates",
            Tab::Activity => "/activity",
            Tab::Billing => "/billing",
            Tab::Policy => "/policy",
            Tab::Settings => "/settings",
        };
        account_path(account) + below
    }
}

/// The pages outside any account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Accounts,
    Sources,
    Providers,
    Users,
    Tokens,
    Activity,
    You,
}

impl Place {
    /// Those that administrators of every account see.
    const ALL: [Place; 6] =
        [Place::Accounts, Place::Sources, Place::Providers, Place::Users, Place::Tokens, Place::Activity];

    fn link(self) -> (&'static str, &'static str) {
        match self {
            Place::Accounts => ("/", "Accounts"),
            Place::Sources => ("/sources", "Sources"),
            Place::Providers => ("/providers", "Providers"),
            Place::Users => ("/users", "Users"),
            Place::Tokens => ("/tokens", "Tokens"),
            Place::Activity => ("/activity", "Activity"),
            Place::You => ("/you", "You"),
        }
    }
}

/// A page for a signed-in user at one of these places.
pub fn page_at(caller: &Caller, place: Place, title: &str, content: Markup) -> Markup {
    let strip = attention_strip(caller, &Shown::of(caller, None), None);
    framed(caller, title, places(caller, Some(place)), html! { main #main tabindex="-1" { (strip) (content) } })
}

/// What needs a person, above everything else.
fn attention_strip(caller: &Caller, attention: &Shown, account: Option<&str>) -> Markup {
    html! { div data-live="attention" { (attention.strip(caller, account)) } }
}

/// The places that the caller may see.
fn places(caller: &Caller, here: Option<Place>) -> Markup {
    let link = |place: Place| {
        let (path, title) = place.link();
        html! { a href=(path) aria-current=[(here == Some(place)).then_some("page")] { (title) } }
    };
    html! {
        @if caller.grant.is_over_everything() { nav aria-label="Dialguard" data-commands="Go to" { @for place in Place::ALL { (link(place)) } } }
        @else { nav aria-label="Dialguard" data-commands="Go to" { (link(Place::Accounts)) } }
    }
}

/// A page for a signed-in user, in an account or outside any.
pub fn page(caller: &Caller, of: Option<(&AccountProfile, Tab)>, title: &str, content: Markup) -> Markup {
    let attention = Shown::of(caller, of);
    let title = told_plainly(title);
    let full_title = of.map_or(title.clone(), |(account, _)| format!("{title} · {}", account.id));
    let navigation = html! {
        @match of {
            Some((account, here)) => {
                span.account { (account.id) @if account.closed_at.is_some() { " " strong { "Closed" } } }
                nav aria-label="Account" data-live="tabs" data-commands=(account.id) {
                    @for tab in Tab::ALL {
                        a href=(tab.path(&account.id)) aria-current=[(tab == here).then_some("page")] {
                            (tab.title()) (attention.badges(tab))
                        }
                    }
                }
                (review_button(caller, account))
            }
            None => (places(caller, None)),
        }
    };
    let strip = attention_strip(caller, &attention, of.map(|(account, _)| account.id.as_str()));
    let content = html! {
        @if of.is_some() { (review_progress()) }
        main #main tabindex="-1" data-account=[of.map(|(account, _)| &account.id)] data-revision=[of.map(|(account, _)| account.revision)] {
            (strip)
            (content)
        }
    };
    framed(caller, &full_title, navigation, content)
}

/// The header that all pages of signed-in users have, and what is below it.
fn framed(caller: &Caller, title: &str, navigation: Markup, below: Markup) -> Markup {
    document(
        title,
        html! {
            header.top {
                a.brand href="/" { img src=(assets::address("/assets/mark.svg")) alt="" width="24" height="24"; "Dialguard" }
                (navigation)
                (commands_button())
                form.sign-out data-commands="You" method="post" action="/sign-out" {
                    @if caller.is_program { span.caller { (caller.name) } } @else { a.caller href="/you" { (caller.name) } }
                    button { "Sign out" }
                }
            }
            (below)
        },
    )
}

/// A page for users who are not signed in.
pub fn bare(title: &str, content: Markup) -> Markup {
    document(title, html! { main #main.bare tabindex="-1" { (content) } })
}

/// A page to read, for visitors who are not signed in.
pub fn reading(title: &str, content: &Markup) -> Markup {
    document(
        title,
        html! {
            header.top {
                a.brand href="/" { img src=(assets::address("/assets/mark.svg")) alt="" width="24" height="24"; "Dialguard" }
                p.sign-out { a href="/sign-in" { "Sign in" } }
            }
            main #main tabindex="-1" { (content) }
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
    html! { a href=(number_path(account, number)) { (shown(number)) } }
}

/// A number as people read it, and E.164 for programs: what is copied, too, by the script.
pub fn shown(number: PhoneNumber) -> Markup {
    html! { data.number value=(e164(number)) { (readable(number)) } }
}

/// Words, such as those of an event, with their numbers as people read them.
pub fn told(words: &str) -> Markup {
    html! {
        @for part in split_at_numbers(words) {
            @match part { Part::Words(words) => (words), Part::Number(number) => (shown(number)) }
        }
    }
}

/// The same without markup, for a page's title and for attributes.
pub fn told_plainly(words: &str) -> String {
    let part = |part| match part {
        Part::Words(words) => words.to_owned(),
        Part::Number(number) => readable(number),
    };
    split_at_numbers(words).map(part).collect()
}

/// A status as users read it: `at risk`.
pub fn status_label(status: Status) -> &'static str {
    if status == Status::AtRisk { "at risk" } else { status.name() }
}

/// The first button of a form that spends or loses something: Enter in a field presses it, and it is off.
pub fn no_default() -> Markup {
    html! { button disabled hidden { "Choose below" } }
}

/// A drawing from `assets/marks.svg`. It is decoration: the same is always said in words beside it.
pub fn icon(name: &str) -> Markup {
    html! {
        svg.icon aria-hidden="true" width="18" height="18" { use href={ (assets::address("/assets/marks.svg")) "#" (name) } {} }
    }
}

/// `Check now`, for users who may operate the account. While the add-on is off, there is nothing to check.
fn review_button(caller: &Caller, account: &AccountProfile) -> Markup {
    html! {
        @if caller.grant.role >= Role::Operate && account.enabled {
            form.review-now data-commands="Account" method="post" action={ (account_path(&account.id)) "/review" } {
                button title="Ask the sources about numbers not rated today. Nothing is replaced or charged." { "Check now" }
            }
        }
    }
}

/// Opens the command bar, which offers the links and buttons that a page marks with `data-commands`, for those who have
/// no keyboard. The style hides it where scripts are off.
fn commands_button() -> Markup {
    html! {
        button.open-commands type="button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K" title="Commands (Ctrl K)" {
            (icon("search")) span { "Commands" } kbd aria-hidden="true" { "Ctrl K" }
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
                link rel="stylesheet" href=(assets::address("/assets/pictures.css"));
                link rel="stylesheet" href=(assets::address("/assets/account.css"));
                link rel="stylesheet" href=(assets::address("/assets/keys.css"));
                script type="module" src=(assets::address("/assets/page.js")) {}
                script type="module" src=(assets::address("/assets/live.js")) {}
                script type="module" src=(assets::address("/assets/keys.js")) {}
            }
            body {
                a.skip href="#main" { "Skip to content" }
                (demo::band())
                (body)
                footer.bottom data-commands="Help" { a href="/guide" { "Guide" } " · " a href="/api" { "API" } }
            }
        }
    }
}
